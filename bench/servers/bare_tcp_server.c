/* Answers every 46 bytes with 1, over plain TCP, one connection after the other: what a
 * round trip costs without any protocol. Prints its endpoint, then serves until killed. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare_tcp.h"

enum { MOST_REQUESTS = 4096 };

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void serve(int peer)
{
    static char requests[MOST_REQUESTS * BARE_TCP_REQUEST_SIZE];
    static char answers[MOST_REQUESTS];
    size_t rest = 0;
    ssize_t got;

    memset(answers, BARE_TCP_ANSWER, sizeof answers);
    while ((got = read(peer, requests, sizeof requests - rest)) > 0) {
        size_t count = (rest + (size_t)got) / BARE_TCP_REQUEST_SIZE;
        rest = (rest + (size_t)got) % BARE_TCP_REQUEST_SIZE;
        if (count > 0 && write(peer, answers, count) != (ssize_t)count) {
            break;
        }
    }
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0
        || listen(listener, 8) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        fail("bare_tcp_server: bind");
    }
    printf("tcp://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int peer = accept(listener, NULL, NULL);
        if (peer < 0 || setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
            fail("bare_tcp_server: accept");
        }
        serve(peer);
        close(peer);
    }
}
