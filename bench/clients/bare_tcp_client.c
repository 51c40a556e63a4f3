/* Sends 46 bytes and waits for 1, over a plain TCP socket: what a round trip costs without
 * any protocol. With a window, that many requests are in flight, and what has become free
 * leaves in one write. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../servers/bare_tcp.h"
#include "measured_run.h"

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static int connected(const char *endpoint)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    int on = 1, peer, port;

    if (sscanf(endpoint, "tcp://127.0.0.1:%d", &port) != 1) {
        fprintf(stderr, "expected tcp://127.0.0.1:port, got '%s'\n", endpoint);
        exit(EXIT_FAILURE);
    }
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer = socket(AF_INET, SOCK_STREAM, 0);
    if (peer < 0 || connect(peer, (struct sockaddr *)&address, sizeof address) != 0
        || setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
        || setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0
        || setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
        fail("bare_tcp_client: connect");
    }
    return peer;
}

static bool all_right(const char *answers, size_t count)
{
    while (count > 0 && answers[count - 1] == BARE_TCP_ANSWER) {
        count--;
    }
    return count == 0;
}

int main(int argc, char **argv)
{
    struct measured_run run;
    size_t free_calls;
    char *requests, *answers;
    int peer;

    measured_run_read(&run, argc, argv);
    requests = calloc(run.window, BARE_TCP_REQUEST_SIZE);
    answers = malloc(run.window);
    if (requests == NULL || answers == NULL) {
        fail("bare_tcp_client");
    }
    peer = connected(run.endpoint);
    free_calls = run.window;
    measured_run_start(&run);
    do {
        size_t size = free_calls * BARE_TCP_REQUEST_SIZE;
        ssize_t got;
        if (write(peer, requests, size) != (ssize_t)size) {
            fail("bare_tcp_client: write");
        }
        got = read(peer, answers, run.window);
        if (got <= 0 || !all_right(answers, (size_t)got)) {
            fail("bare_tcp_client: read");
        }
        free_calls = (size_t)got;
    } while (measured_run_answered(&run, free_calls));
    measured_run_report(&run);
    close(peer);
    free(requests);
    free(answers);
    return EXIT_SUCCESS;
}
