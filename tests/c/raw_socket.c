#include "raw_socket.h"

#include <errno.h>
#include <zmq.h>

static void open_socket(struct raw_socket *raw, int type)
{
    int linger = 0;
    raw->context = zmq_ctx_new();
    assert_non_null(raw->context);
    raw->socket = zmq_socket(raw->context, type);
    assert_non_null(raw->socket);
    assert_int_equal(0, zmq_setsockopt(raw->socket, ZMQ_LINGER, &linger, sizeof linger));
}

void raw_bind(struct raw_socket *raw, int type)
{
    size_t size = sizeof raw->endpoint;
    open_socket(raw, type);
    assert_int_equal(0, zmq_bind(raw->socket, "tcp://127.0.0.1:*"));
    assert_int_equal(0, zmq_getsockopt(raw->socket, ZMQ_LAST_ENDPOINT, raw->endpoint, &size));
}

void raw_connect(struct raw_socket *raw, int type, const char *endpoint)
{
    open_socket(raw, type);
    assert_int_equal(0, zmq_connect(raw->socket, endpoint));
}

void raw_close(struct raw_socket *raw)
{
    assert_int_equal(0, zmq_close(raw->socket));
    assert_int_equal(0, zmq_ctx_term(raw->context));
}

void raw_send(struct raw_socket *raw, const struct frame *frames, size_t count)
{
    size_t index;
    for (index = 0; index < count; index++) {
        int more = index + 1 < count ? ZMQ_SNDMORE : 0;
        assert_int_equal(frames[index].size,
                         zmq_send(raw->socket, frames[index].data, frames[index].size, more));
    }
}

int raw_take(struct raw_socket *raw, struct message *message)
{
    int more = 1;
    size_t more_size = sizeof more;
    message->count = 0;
    while (more) {
        int size;
        assert_true(message->count < MOST_FRAMES);
        size = zmq_recv(raw->socket, message->frames[message->count].data, LARGEST_FRAME,
                        ZMQ_DONTWAIT);
        if (size < 0) {
            assert_int_equal(EAGAIN, zmq_errno());
            assert_int_equal(0, message->count);
            return 0;
        }
        assert_true(size <= LARGEST_FRAME);
        message->frames[message->count].size = (size_t)size;
        message->count++;
        assert_int_equal(0, zmq_getsockopt(raw->socket, ZMQ_RCVMORE, &more, &more_size));
    }
    return 1;
}

void raw_awaited(struct raw_socket *raw, struct message *message)
{
    zmq_pollitem_t item = {NULL, 0, ZMQ_POLLIN, 0};
    item.socket = raw->socket;
    assert_int_equal(1, zmq_poll(&item, 1, PATIENCE_MS));
    assert_true(raw_take(raw, message));
}

void raw_served(struct raw_socket *raw, struct pair *pair, struct message *message)
{
    int64_t since = now_ms();
    while (!raw_take(raw, message) && within_patience(since)) {
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    }
}

void raw_requested(struct raw_socket *raw, zroute_client *client, struct message *message)
{
    int64_t since = now_ms();
    zroute_answer *answer;
    while (!raw_take(raw, message) && within_patience(since)) {
        assert_status(ZROUTE_TIMEOUT, zroute_client_collect(client, 1, &answer));
    }
}

int64_t fault_code(const struct message *message)
{
    zroute_reader *reader;
    int64_t code;
    size_t last = message->count - 1;
    assert_status(ZROUTE_OK, zroute_reader_new(message->frames[last].data,
                                               message->frames[last].size, &reader));
    assert_status(ZROUTE_OK, zroute_reader_find(reader, "__error__"));
    assert_status(ZROUTE_OK, zroute_reader_find(reader, "code"));
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &code));
    assert_status(ZROUTE_OK, zroute_reader_free(reader));
    return code;
}
