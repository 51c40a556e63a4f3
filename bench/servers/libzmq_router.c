/* Answers plus() on a libzmq ROUTER socket, as zroute does: the frames before the
 * body go back as they came. Prints its endpoint, then serves until killed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "plus_call.h"

static void fail(const char *what)
{
    fprintf(stderr, "libzmq_router: %s: %s\n", what, zmq_strerror(zmq_errno()));
    exit(EXIT_FAILURE);
}

static void receive(void *socket, zmq_msg_t *frame)
{
    while (zmq_msg_recv(frame, socket, 0) < 0) {
        if (zmq_errno() != EINTR) {
            fail("receive");
        }
    }
}

int main(void)
{
    void *context = zmq_ctx_new();
    void *socket = zmq_socket(context, ZMQ_ROUTER);
    char endpoint[64];
    size_t endpoint_size = sizeof endpoint;
    int no_limit = 0;
    zmq_msg_t frame;

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

    zmq_msg_init(&frame);
    for (;;) {
        uint8_t answer[PLUS_CALL_ANSWER_MAX];
        size_t answer_size;

        /* A message reaches this side whole, so handing each frame of the
         * envelope back at once waits for nothing. */
        receive(socket, &frame);
        while (zmq_msg_more(&frame)) {
            while (zmq_msg_send(&frame, socket, ZMQ_SNDMORE) < 0) {
                if (zmq_errno() != EINTR) {
                    fail("send");
                }
            }
            receive(socket, &frame);
        }
        answer_size = plus_call_answer(zmq_msg_data(&frame), zmq_msg_size(&frame), answer);
        while (zmq_send(socket, answer, answer_size, 0) < 0) {
            if (zmq_errno() != EINTR) {
                fail("send");
            }
        }
    }
}
