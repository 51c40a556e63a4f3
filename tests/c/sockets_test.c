/* Plain sockets: what their functions promise. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "pair.h"

static zroute_context *context;

static int make_context(void **state)
{
    (void)state;
    return zroute_context_new(&context) == ZROUTE_OK ? 0 : -1;
}

static int free_context(void **state)
{
    (void)state;
    return zroute_context_free(context) == ZROUTE_OK ? 0 : -1;
}

static zroute_socket *made(const char *type)
{
    zroute_socket *socket;
    assert_status(ZROUTE_OK, zroute_socket_new(context, type, &socket));
    assert_status(ZROUTE_OK, zroute_socket_set_integer(socket, "ZMQ_LINGER", 0));
    /* Nothing here waits for ever when it fails. */
    assert_status(ZROUTE_OK, zroute_socket_set_integer(socket, "ZMQ_RCVTIMEO", PATIENCE_MS));
    assert_status(ZROUTE_OK, zroute_socket_set_integer(socket, "ZMQ_SNDTIMEO", PATIENCE_MS));
    return socket;
}

static zroute_socket *bound(const char *type, const char *endpoint)
{
    zroute_socket *socket = made(type);
    assert_status(ZROUTE_OK, zroute_socket_bind(socket, endpoint));
    return socket;
}

static zroute_socket *connected(const char *type, const char *endpoint)
{
    zroute_socket *socket = made(type);
    assert_status(ZROUTE_OK, zroute_socket_connect(socket, endpoint));
    return socket;
}

static void close_both(zroute_socket *one, zroute_socket *other)
{
    assert_status(ZROUTE_OK, zroute_socket_free(one));
    assert_status(ZROUTE_OK, zroute_socket_free(other));
}

static void assert_received(zroute_socket *socket, const char *text, int more)
{
    const void *data;
    size_t size;
    int follows;
    assert_status(ZROUTE_OK, zroute_socket_receive(socket, 0, &data, &size, &follows));
    assert_int_equal(strlen(text), size);
    assert_memory_equal(text, data, size);
    assert_int_equal(more, follows);
}

static void a_request_and_its_reply_cross(void **state)
{
    zroute_socket *reply = bound("ZMQ_REP", "tcp://127.0.0.1:*");
    zroute_socket *request = made("ZMQ_REQ");
    const void *endpoint;
    size_t size;
    char text[64];
    (void)state;
    assert_status(ZROUTE_OK,
                  zroute_socket_get_bytes(reply, "ZMQ_LAST_ENDPOINT", &endpoint, &size));
    assert_true(size < sizeof text);
    memcpy(text, endpoint, size);
    text[size] = '\0';
    assert_status(ZROUTE_OK, zroute_socket_connect(request, text));
    assert_status(ZROUTE_OK, zroute_socket_send(request, "hello", 5, 0));
    assert_received(reply, "hello", 0);
    assert_status(ZROUTE_OK, zroute_socket_send(reply, NULL, 0, 0));
    assert_received(request, "", 0);
    close_both(request, reply);
}

static void a_request_out_of_turn_is_told_so(void **state)
{
    zroute_socket *request = connected("ZMQ_REQ", "inproc://nobody");
    const void *data;
    size_t size;
    int more;
    (void)state;
    assert_status(ZROUTE_BAD_STATE, zroute_socket_receive(request, 0, &data, &size, &more));
    assert_int_equal(156384763, zroute_last_error_number());
    assert_non_null(strstr(zroute_error_number_text(156384763), "current state"));
    assert_status(ZROUTE_OK, zroute_socket_free(request));
}

static void a_message_of_several_frames_stays_whole(void **state)
{
    zroute_socket *pull = bound("ZMQ_PULL", "inproc://frames");
    zroute_socket *push = connected("ZMQ_PUSH", "inproc://frames");
    const zroute_frame sent[] = {{"a", 1}, {NULL, 0}, {"ccc", 3}};
    const zroute_frame *frames;
    size_t count;
    (void)state;
    assert_status(ZROUTE_OK, zroute_socket_send_all(push, sent, 3, 0));
    assert_status(ZROUTE_OK, zroute_socket_send(push, "x", 1, ZROUTE_MORE));
    assert_status(ZROUTE_OK, zroute_socket_send(push, "y", 1, 0));
    assert_status(ZROUTE_OK, zroute_socket_receive_all(pull, 0, &frames, &count));
    assert_int_equal(3, count);
    assert_int_equal(0, frames[1].size);
    assert_memory_equal("ccc", frames[2].data, 3);
    assert_received(pull, "x", 1);
    assert_received(pull, "y", 0);
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_socket_send_all(push, sent, 0, 0));
    close_both(push, pull);
}

static void nothing_to_receive_is_no_wait_when_so_asked(void **state)
{
    zroute_socket *pull = bound("ZMQ_PULL", "inproc://empty");
    const void *data = &data;
    size_t size = 7;
    int more = 7;
    (void)state;
    assert_status(ZROUTE_TIMEOUT,
                  zroute_socket_receive(pull, ZROUTE_DONTWAIT, &data, &size, &more));
    assert_ptr_equal(&data, data);
    assert_int_equal(7, size);
    assert_status(ZROUTE_UNSUPPORTED, zroute_socket_send(pull, "x", 1, ZROUTE_DONTWAIT));
    assert_status(ZROUTE_OK, zroute_socket_free(pull));
}

static void count_release(void *data, void *userdata)
{
    free(data);
    __atomic_fetch_add((int *)userdata, 1, __ATOMIC_SEQ_CST);
}

static void bytes_handed_over_are_released_once(void **state)
{
    zroute_socket *pull = bound("ZMQ_PULL", "inproc://owned");
    zroute_socket *push = connected("ZMQ_PUSH", "inproc://owned");
    const size_t size = 100000;
    char *data = calloc(1, size);
    const void *received;
    size_t received_size;
    int released = 0, more;
    (void)state;
    assert_non_null(data);
    assert_status(ZROUTE_OK,
                  zroute_socket_send_owned(push, data, size, count_release, &released, 0));
    assert_status(ZROUTE_OK, zroute_socket_receive(pull, 0, &received, &received_size, &more));
    assert_int_equal(size, received_size);
    assert_ptr_equal(data, received); /* not one copy */
    assert_int_equal(0, released);
    assert_status(ZROUTE_TIMEOUT, zroute_socket_receive(pull, ZROUTE_DONTWAIT, &received,
                                                        &received_size, &more));
    assert_int_equal(1, released);
    /* A send that fails releases too. */
    data = calloc(1, size);
    assert_non_null(data);
    assert_status(ZROUTE_UNSUPPORTED,
                  zroute_socket_send_owned(pull, data, size, count_release, &released, 0));
    assert_int_equal(2, released);
    close_both(push, pull);
    assert_int_equal(2, released);
}

static void options_have_libzmqs_names_and_types(void **state)
{
    zroute_socket *socket = made("ZMQ_ROUTER");
    int64_t value;
    const void *data;
    size_t size;
    (void)state;
    assert_status(ZROUTE_OK, zroute_socket_set_integer(socket, "ZMQ_RCVHWM", 7));
    assert_status(ZROUTE_OK, zroute_socket_get_integer(socket, "ZMQ_RCVHWM", &value));
    assert_int_equal(7, value);
    assert_status(ZROUTE_OK, zroute_socket_set_integer(socket, "ZMQ_MAXMSGSIZE", 1LL << 40));
    assert_status(ZROUTE_OK, zroute_socket_get_integer(socket, "ZMQ_MAXMSGSIZE", &value));
    assert_true(value == 1LL << 40);
    assert_status(ZROUTE_OK, zroute_socket_set_bytes(socket, "ZMQ_ROUTING_ID", "a\0b", 3));
    assert_status(ZROUTE_OK, zroute_socket_get_bytes(socket, "ZMQ_ROUTING_ID", &data, &size));
    assert_int_equal(3, size);
    assert_memory_equal("a\0b", data, 3);
    assert_status(ZROUTE_BAD_OPTION, zroute_socket_set_integer(socket, "RCVHWM", 7));
    assert_status(ZROUTE_BAD_OPTION, zroute_socket_set_integer(socket, "ZMQ_RCVHWM", -7));
    assert_status(ZROUTE_BAD_OPTION, zroute_socket_set_integer(socket, "ZMQ_RCVHWM", 1LL << 32));
    assert_status(ZROUTE_BAD_OPTION, zroute_socket_set_integer(socket, "ZMQ_ROUTING_ID", 1));
    assert_status(ZROUTE_BAD_OPTION, zroute_socket_set_bytes(socket, "ZMQ_RCVHWM", "7", 1));
    assert_status(ZROUTE_BAD_OPTION, zroute_socket_set_integer(socket, "ZMQ_CONFLATE", 7));
    assert_last_error("Invalid argument; zmq_setsockopt(3)");
    assert_status(ZROUTE_BAD_OPTION, zroute_socket_subscribe(socket, "", 0));
    assert_last_error("; expected a ZMQ_SUB");
    assert_status(ZROUTE_OK, zroute_socket_free(socket));
}

static void a_subscriber_gets_what_it_asked_for(void **state)
{
    zroute_socket *publisher = bound("ZMQ_XPUB", "inproc://topics");
    zroute_socket *subscriber = connected("ZMQ_SUB", "inproc://topics");
    const void *data;
    size_t size;
    int more;
    (void)state;
    assert_status(ZROUTE_OK, zroute_socket_subscribe(subscriber, "news", 4));
    assert_received(publisher, "\x01news", 0);
    assert_status(ZROUTE_OK, zroute_socket_send(publisher, "weather", 7, 0));
    assert_status(ZROUTE_OK, zroute_socket_send(publisher, "news of today", 13, 0));
    assert_received(subscriber, "news of today", 0);
    assert_status(ZROUTE_OK, zroute_socket_unsubscribe(subscriber, "news", 4));
    assert_status(ZROUTE_OK, zroute_socket_receive(publisher, 0, &data, &size, &more));
    assert_int_equal(5, size);
    assert_memory_equal("\0news", data, 5);
    close_both(subscriber, publisher);
}

static void a_poll_finds_sockets_and_descriptors(void **state)
{
    zroute_socket *pull = bound("ZMQ_PULL", "inproc://poll");
    zroute_socket *push = connected("ZMQ_PUSH", "inproc://poll");
    int pipe_ends[2];
    size_t ready;
    zroute_poll_item items[4];
    (void)state;
    assert_int_equal(0, pipe(pipe_ends));
    memset(items, 0, sizeof items);
    items[0].socket = pull;
    items[0].events = ZROUTE_POLL_IN;
    items[1].descriptor = pipe_ends[0];
    items[1].events = ZROUTE_POLL_IN;
    items[2].socket = push;
    items[2].events = ZROUTE_POLL_OUT;
    items[3] = items[0];
    assert_status(ZROUTE_OK, zroute_socket_poll(items, 2, 0, &ready));
    assert_int_equal(0, ready);
    assert_status(ZROUTE_OK, zroute_socket_poll(items, 3, PATIENCE_MS, &ready));
    assert_int_equal(1, ready);
    assert_int_equal(ZROUTE_POLL_OUT, items[2].ready);
    assert_status(ZROUTE_OK, zroute_socket_send(push, "x", 1, 0));
    assert_int_equal(1, write(pipe_ends[1], "y", 1));
    assert_status(ZROUTE_OK, zroute_socket_poll(items, 4, PATIENCE_MS, &ready));
    assert_int_equal(4, ready);
    assert_int_equal(ZROUTE_POLL_IN, items[0].ready);
    assert_int_equal(ZROUTE_POLL_IN, items[1].ready);
    assert_int_equal(ZROUTE_POLL_IN, items[3].ready);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    close_both(push, pull);
    assert_status(ZROUTE_BAD_HANDLE, zroute_socket_poll(items, 1, 0, &ready));
}

static void *run_proxy(void *sockets)
{
    zroute_socket **of = sockets;
    return (void *)(intptr_t)zroute_socket_proxy(of[0], of[1], of[2], of[3],
                                                PATIENCE_MS);
}

static void a_proxy_joins_captures_counts_and_ends(void **state)
{
    zroute_socket *inside[4], *outside[4];
    const char *outer[] = {"inproc://front", "inproc://back", "inproc://capture", "inproc://control"};
    const zroute_frame *frames;
    pthread_t thread;
    void *status;
    size_t count, index;
    uint64_t messages;
    (void)state;
    inside[0] = bound("ZMQ_PULL", outer[0]);
    inside[1] = bound("ZMQ_PUSH", outer[1]);
    inside[2] = bound("ZMQ_PUSH", outer[2]);
    inside[3] = bound("ZMQ_REP", outer[3]);
    outside[0] = connected("ZMQ_PUSH", outer[0]);
    outside[1] = connected("ZMQ_PULL", outer[1]);
    outside[2] = connected("ZMQ_PULL", outer[2]);
    outside[3] = connected("ZMQ_REQ", outer[3]);
    assert_int_equal(0, pthread_create(&thread, NULL, run_proxy, inside));
    assert_status(ZROUTE_OK, zroute_socket_send(outside[0], "one", 3, ZROUTE_MORE));
    assert_status(ZROUTE_OK, zroute_socket_send(outside[0], "two", 3, 0));
    for (index = 1; index < 3; index++) {
        assert_received(outside[index], "one", 1);
        assert_received(outside[index], "two", 0);
    }
    assert_status(ZROUTE_OK, zroute_socket_send(outside[3], "PAUSE", 5, 0));
    assert_received(outside[3], "", 0);
    assert_status(ZROUTE_OK, zroute_socket_send(outside[0], "three", 5, 0));
    assert_status(ZROUTE_OK, zroute_socket_send(outside[3], "STATISTICS", 10, 0));
    assert_status(ZROUTE_OK, zroute_socket_receive_all(outside[3], 0, &frames, &count));
    assert_int_equal(8, count);
    memcpy(&messages, frames[0].data, sizeof messages);
    assert_int_equal(1, messages);
    assert_status(ZROUTE_OK, zroute_socket_send(outside[3], "RESUME", 6, 0));
    assert_received(outside[3], "", 0);
    assert_received(outside[1], "three", 0);
    assert_status(ZROUTE_OK, zroute_socket_send(outside[3], "TERMINATE", 9, 0));
    assert_received(outside[3], "", 0);
    assert_int_equal(0, pthread_join(thread, &status));
    assert_int_equal(ZROUTE_STOPPED, (intptr_t)status);
    assert_status(ZROUTE_TIMEOUT, zroute_socket_proxy(inside[0], inside[1], NULL, NULL, 1));
    for (index = 0; index < 4; index++) {
        close_both(outside[index], inside[index]);
    }
}

static void a_monitor_tells_of_connections(void **state)
{
    zroute_socket *reply = made("ZMQ_REP"), *watcher = made("ZMQ_PAIR");
    zroute_socket_event event;
    (void)state;
    assert_status(ZROUTE_OK, zroute_socket_monitor(reply, "inproc://events", 65535));
    assert_status(ZROUTE_OK, zroute_socket_connect(watcher, "inproc://events"));
    assert_status(ZROUTE_OK, zroute_socket_bind(reply, "tcp://127.0.0.1:*"));
    assert_status(ZROUTE_OK, zroute_socket_receive_event(watcher, 0, &event));
    assert_int_equal(8, event.event); /* ZMQ_EVENT_LISTENING */
    assert_non_null(strstr(event.endpoint, "tcp://127.0.0.1:"));
    assert_status(ZROUTE_OK, zroute_socket_monitor(reply, NULL, 0));
    close_both(reply, watcher);
}

static void *receive_until_the_end(void *socket)
{
    const void *data;
    size_t size;
    int more;
    return (void *)(intptr_t)zroute_socket_receive(socket, 0, &data, &size, &more);
}

static void a_shutdown_ends_a_wait_in_another_thread(void **state)
{
    zroute_socket *pull = bound("ZMQ_PULL", "inproc://shutdown");
    pthread_t thread;
    void *status;
    (void)state;
    assert_status(ZROUTE_OK, zroute_socket_set_integer(pull, "ZMQ_RCVTIMEO", -1));
    assert_int_equal(0, pthread_create(&thread, NULL, receive_until_the_end, pull));
    assert_status(ZROUTE_OK, zroute_context_shutdown(context));
    assert_int_equal(0, pthread_join(thread, &status));
    assert_int_equal(ZROUTE_STOPPED, (intptr_t)status);
    assert_status(ZROUTE_OK, zroute_socket_free(pull));
}

static void the_end_waits_no_longer_than_it_may(void **state)
{
    zroute_context *own;
    zroute_socket *push;
    (void)state;
    assert_status(ZROUTE_OK, zroute_context_new(&own));
    assert_status(ZROUTE_OK, zroute_context_set(own, "wait_ms", 30));
    assert_status(ZROUTE_BAD_OPTION, zroute_context_set(own, "wait_ms", -2));
    assert_status(ZROUTE_BAD_OPTION, zroute_context_set(own, "IO_THREADS", 2));
    assert_status(ZROUTE_OK, zroute_socket_new(own, "ZMQ_PUSH", &push));
    assert_status(ZROUTE_OK, zroute_socket_set_integer(push, "ZMQ_LINGER", 60000));
    assert_status(ZROUTE_OK, zroute_socket_connect(push, "tcp://127.0.0.1:1"));
    assert_status(ZROUTE_OK, zroute_socket_send(push, "nobody takes it", 15, 0));
    /* Not before its last socket. */
    assert_status(ZROUTE_OK, zroute_context_free(own));
    assert_status(ZROUTE_TIMEOUT, zroute_socket_free(push));
    assert_status(ZROUTE_BAD_HANDLE, zroute_socket_free(push));
}

static void a_file_is_not_bound_away(void **state)
{
    char folder[FOLDER_SIZE], endpoint[64];
    const char *path = endpoint + strlen("ipc://");
    zroute_socket *reply = made("ZMQ_REP");
    FILE *file;
    (void)state;
    make_folder(folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/file", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_status(ZROUTE_UNREACHABLE, zroute_socket_bind(reply, endpoint));
    assert_int_equal(0, access(path, F_OK));
    fclose(file);
    unlink(path);
    assert_int_equal(0, rmdir(folder));
    assert_status(ZROUTE_OK, zroute_socket_free(reply));
}

static void an_endpoint_that_is_none_is_told_what_one_is(void **state)
{
    zroute_socket *request = made("ZMQ_REQ");
    (void)state;
    assert_status(ZROUTE_BAD_ENDPOINT, zroute_socket_bind(request, "foo"));
    assert_last_error("cannot bind foo: Invalid argument; expected tcp://address:port");
    assert_status(ZROUTE_BAD_ENDPOINT, zroute_socket_connect(request, ""));
    assert_last_error("cannot connect '': Invalid argument; expected tcp://host:port");
    assert_status(ZROUTE_BAD_ENDPOINT, zroute_socket_unbind(request, "foo"));
    assert_last_error("expected the endpoint really bound");
    assert_status(ZROUTE_BAD_ENDPOINT, zroute_socket_disconnect(request, "foo"));
    assert_last_error("expected the endpoint as it was given");
    assert_status(ZROUTE_UNSUPPORTED, zroute_socket_bind(request, "smoke://signal"));
    assert_last_error("smoke://signal: Protocol not supported; expected tcp://");
    /* Transports of other types of socket. */
    assert_status(ZROUTE_UNSUPPORTED, zroute_socket_bind(request, "udp://127.0.0.1:5555"));
    assert_last_error("; expected tcp://");
    assert_status(ZROUTE_UNSUPPORTED, zroute_socket_connect(request, "pgm://lo;239.1.1.1:5555"));
    assert_last_error("; expected tcp://");
    assert_status(ZROUTE_OK, zroute_socket_free(request));
}

static void flags_that_do_not_exist_are_refused(void **state)
{
    zroute_socket *pair = made("ZMQ_PAIR");
    const zroute_frame frame = {"x", 1}, *frames;
    zroute_socket_event event;
    const void *data;
    size_t size;
    int more;
    (void)state;
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_socket_send(pair, "x", 1, 64));
    assert_last_error("ZROUTE_MORE (2) or their sum, got 64");
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_socket_send_all(pair, &frame, 1, 64));
    assert_status(ZROUTE_BAD_ARGUMENT,
                  zroute_socket_send_owned(pair, NULL, 0, count_release, NULL, 64));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_socket_receive(pair, 64, &data, &size, &more));
    assert_status(ZROUTE_BAD_ARGUMENT,
                  zroute_socket_receive_all(pair, ZROUTE_MORE, &frames, &size));
    assert_last_error("0 or ZROUTE_DONTWAIT (1), got 2");
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_socket_receive_event(pair, 64, &event));
    assert_status(ZROUTE_OK, zroute_socket_free(pair));
}

static void a_peer_that_is_not_there_is_named(void **state)
{
    zroute_socket *router = made("ZMQ_ROUTER");
    const zroute_frame message[] = {{"\0k\x8b", 3}, {"hello", 5}};
    char longest[255], shown[65];
    (void)state;
    assert_status(ZROUTE_OK, zroute_socket_set_integer(router, "ZMQ_ROUTER_MANDATORY", 1));
    assert_status(ZROUTE_UNREACHABLE, zroute_socket_send(router, "stranger", 8, ZROUTE_MORE));
    assert_last_error("no peer with the routing id 'stranger' is connected");
    assert_status(ZROUTE_UNREACHABLE, zroute_socket_send_all(router, message, 2, 0));
    assert_last_error("'\\x00k\\x8b'");
    memset(longest, 'l', sizeof longest);
    memset(shown, 'l', sizeof shown);
    shown[64] = '\0';
    assert_status(ZROUTE_UNREACHABLE,
                  zroute_socket_send(router, longest, sizeof longest, ZROUTE_MORE));
    assert_last_error(strcat(strcpy(longest, shown), "\u2026'"));
    assert_status(ZROUTE_OK, zroute_socket_free(router));
}

static void keys_and_z85_are_libzmqs(void **state)
{
    char public_key[41], secret_key[41], derived[41], text[11];
    unsigned char bytes[32];
    size_t size;
    (void)state;
    assert_status(ZROUTE_OK, zroute_curve_keypair(public_key, secret_key));
    assert_status(ZROUTE_OK, zroute_curve_public_key(secret_key, derived));
    assert_string_equal(public_key, derived);
    assert_status(ZROUTE_OK, zroute_z85_decode(public_key, bytes, sizeof bytes, &size));
    assert_int_equal(32, size);
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_z85_decode("abc", bytes, sizeof bytes, &size));
    assert_status(ZROUTE_OK, zroute_z85_encode("\x86\x4f\xd2\x6f\xb5\x59\xf7\x5b", 8, text, 11));
    assert_string_equal("HelloWorld", text);
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_z85_encode("12345678", 8, text, 10));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_z85_encode("123", 3, text, 11));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_curve_public_key("short", derived));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_and_its_reply_cross),
        cmocka_unit_test(a_request_out_of_turn_is_told_so),
        cmocka_unit_test(a_message_of_several_frames_stays_whole),
        cmocka_unit_test(nothing_to_receive_is_no_wait_when_so_asked),
        cmocka_unit_test(bytes_handed_over_are_released_once),
        cmocka_unit_test(options_have_libzmqs_names_and_types),
        cmocka_unit_test(a_subscriber_gets_what_it_asked_for),
        cmocka_unit_test(a_poll_finds_sockets_and_descriptors),
        cmocka_unit_test(a_proxy_joins_captures_counts_and_ends),
        cmocka_unit_test(a_monitor_tells_of_connections),
        cmocka_unit_test(the_end_waits_no_longer_than_it_may),
        cmocka_unit_test(a_file_is_not_bound_away),
        cmocka_unit_test(an_endpoint_that_is_none_is_told_what_one_is),
        cmocka_unit_test(flags_that_do_not_exist_are_refused),
        cmocka_unit_test(a_peer_that_is_not_there_is_named),
        cmocka_unit_test(keys_and_z85_are_libzmqs),
        cmocka_unit_test(a_shutdown_ends_a_wait_in_another_thread),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
