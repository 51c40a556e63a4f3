/* The least that a server can do: it takes ZMTP's frames apart on one thread, hands each
 * envelope back with 19, and never looks at a request. No server answers faster, so one that
 * comes near this has reached what the load generator can do. Prints its endpoint, then serves
 * until killed.
 *
 * https://rfc.zeromq.org/spec/23/ (ZMTP 3.0), mechanism NULL; messages of short frames only. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_PEERS = 256,
    BUFFER_SIZE = 65536,
    GREETING_SIZE = 64,
    HEADER_SIZE = 2,
    FLAG_MORE = 1,
    FLAG_LONG = 2,
    FLAG_COMMAND = 4
};

/* Signature, version 3.0, mechanism, not as server, filler. */
static const char GREETING[GREETING_SIZE] = "\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL";
static const char READY[] = "\4\x1c\5READY\x0bSocket-Type\0\0\0\6ROUTER";
static const char ANSWER[] = {0, 1, 19};

struct peer {
    bool greeted;
    size_t held;
    uint8_t input[BUFFER_SIZE];
};

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static bool send_all(int descriptor, const void *data, size_t size)
{
    /* The generator reads whatever it writes, so waiting here ends. */
    return send(descriptor, data, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* Answers the whole frames of the input. False when the peer is to be given up. */
static bool answer(int descriptor, struct peer *peer)
{
    /* An answer is never longer than its request. */
    static uint8_t output[BUFFER_SIZE];
    size_t at = 0, written = 0;

    if (!peer->greeted) {
        if (peer->held < GREETING_SIZE) {
            return true;
        }
        peer->greeted = true;
        at = GREETING_SIZE;
        if (!send_all(descriptor, READY, sizeof READY - 1)) {
            return false;
        }
    }
    while (peer->held - at >= HEADER_SIZE) {
        const uint8_t *frame = peer->input + at;
        size_t size = HEADER_SIZE + (size_t)frame[1];
        if ((frame[0] & FLAG_LONG) != 0) {
            return false;
        }
        if (peer->held - at < size) {
            break;
        }
        if ((frame[0] & FLAG_MORE) != 0) {
            memcpy(output + written, frame, size);
            written += size;
        } else if ((frame[0] & FLAG_COMMAND) == 0) {
            memcpy(output + written, ANSWER, sizeof ANSWER);
            written += sizeof ANSWER;
        }
        at += size;
    }
    peer->held -= at;
    memmove(peer->input, peer->input + at, peer->held);
    return written == 0 || send_all(descriptor, output, written);
}

static bool serve(int descriptor, struct peer *peer)
{
    ssize_t got = read(descriptor, peer->input + peer->held, BUFFER_SIZE - peer->held);
    if (got <= 0) {
        return false;
    }
    peer->held += (size_t)got;
    return answer(descriptor, peer);
}

static int listening(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0
        || listen(listener, MOST_PEERS) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        fail("null_zmtp: bind");
    }
    printf("tcp://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(void)
{
    /* Entry 0 is the listener's. */
    static struct pollfd watched[MOST_PEERS + 1];
    static struct peer *peers[MOST_PEERS + 1];
    nfds_t count = 1, index;
    int on = 1;

    watched[0] = (struct pollfd){.fd = listening(), .events = POLLIN};
    for (;;) {
        if (poll(watched, count, -1) < 0) {
            fail("null_zmtp: poll");
        }
        for (index = count - 1; index > 0; index--) {
            if (watched[index].revents != 0 && !serve(watched[index].fd, peers[index])) {
                close(watched[index].fd);
                free(peers[index]);
                watched[index] = watched[--count];
                peers[index] = peers[count];
            }
        }
        if (watched[0].revents != 0 && count <= MOST_PEERS) {
            int descriptor = accept(watched[0].fd, NULL, NULL);
            peers[count] = calloc(1, sizeof **peers);
            if (descriptor < 0 || peers[count] == NULL
                || setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
                || !send_all(descriptor, GREETING, GREETING_SIZE)) {
                fail("null_zmtp: accept");
            }
            watched[count++] = (struct pollfd){.fd = descriptor, .events = POLLIN};
        }
    }
}
