/* The least that a server can do: it takes ZMTP's frames apart on one thread, hands each
 * envelope back with 19, and never looks at a request. No server answers faster, so one that
 * comes near this has reached what the load generator can do. Prints its endpoint, then serves
 * until killed.
 *
 * https://rfc.zeromq.org/spec/23/ (ZMTP 3.0), mechanism NULL; messages of short frames only. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_EVENTS = 64,
    BACKLOG = 256,
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
    int descriptor;
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
static bool answer(struct peer *peer)
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
        if (!send_all(peer->descriptor, READY, sizeof READY - 1)) {
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
    return written == 0 || send_all(peer->descriptor, output, written);
}

static bool serve(struct peer *peer)
{
    ssize_t got = read(peer->descriptor, peer->input + peer->held, BUFFER_SIZE - peer->held);
    if (got <= 0) {
        return false;
    }
    peer->held += (size_t)got;
    return answer(peer);
}

static int listening(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0
        || listen(listener, BACKLOG) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        fail("null_zmtp: bind");
    }
    printf("tcp://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

static void welcome(int epoll, int listener)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    int on = 1;

    if (peer == NULL || (peer->descriptor = accept(listener, NULL, NULL)) < 0
        || setsockopt(peer->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
        || !send_all(peer->descriptor, GREETING, GREETING_SIZE)
        || epoll_ctl(epoll, EPOLL_CTL_ADD, peer->descriptor, &event) != 0) {
        fail("null_zmtp: accept");
    }
}

int main(void)
{
    struct epoll_event events[MOST_EVENTS];
    /* The listener is the one without a peer. */
    struct epoll_event listening_event = {.events = EPOLLIN, .data.ptr = NULL};
    int epoll = epoll_create1(0), listener = listening();

    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening_event) != 0) {
        fail("null_zmtp: epoll");
    }
    for (;;) {
        int count = epoll_wait(epoll, events, MOST_EVENTS, -1), index;
        if (count < 0) {
            fail("null_zmtp: wait");
        }
        for (index = 0; index < count; index++) {
            struct peer *peer = events[index].data.ptr;
            if (peer == NULL) {
                welcome(epoll, listener);
            } else if (!serve(peer)) {
                close(peer->descriptor);
                free(peer);
            }
        }
    }
}
