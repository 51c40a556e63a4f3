/* Answers plus() on a libzmq REP socket: what a C program reaches without zroute
 * when it takes one request at a time. Prints its endpoint, then serves until killed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "plus_call.h"

static void fail(const char *what)
{
    fprintf(stderr, "libzmq_rep: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(EXIT_FAILURE);
}

int main(void)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_REP);
    char endpoint[64];
    size_t endpoint_size = sizeof endpoint;
    int no_limit = 0;
    zmq_msg_t request;

    /* Above 1000 waiting answers, the default, libzmq drops them without a word. */
    if (socket == NULL
        || zmq_setsockopt(socket, ZMQ_SNDHWM, &no_limit, sizeof no_limit) != 0
        || zmq_bind(socket, "tcp://127.0.0.1:*") != 0) {
        fail("bind");
    }
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &endpoint_size) != 0) {
        fail("last endpoint");
    }
    printf("%s\n", endpoint);
    fflush(stdout);

    zmq_msg_init(&request);
    for (;;) {
        uint8_t answer[PLUS_CALL_ANSWER_MAX];
        size_t answer_size;

        if (zmq_msg_recv(&request, socket, 0) < 0) {
            if (zmq_errno() == EINTR) {
                continue;
            }
            fail("receive");
        }
        answer_size = plus_call_answer(zmq_msg_data(&request), zmq_msg_size(&request), answer);
        while (zmq_send(socket, answer, answer_size, 0) < 0) {
            if (zmq_errno() != EINTR) {
                fail("send");
            }
        }
    }
}
