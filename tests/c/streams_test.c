/* Calls that are answered with many values. */
#include <pthread.h>
#include <string.h>

#include <zmq.h>

#include "raw_socket.h"
#include "running.h"

#define ITEMS 1000

/* A zerorpc call of `f` on the channel "ch", and what is said on it later. */
#define CHANNEL_CALL "\x93\x82\xaamessage_id\xa2" "ch\xa1v\x03\xa1" "f\x90"
#define CHANNEL_MORE(credit)                                                   \
    "\x93\x83\xaamessage_id\xa2" "m2\xa1v\x03\xabresponse_to\xa2" "ch\xa9_zpc_more" \
    "\x91\xcd" credit

/* Whether the message is an event of that name; its last byte is `last`. */
static int is_event(const struct message *message, const char *name, unsigned char last)
{
    const unsigned char *body = message->frames[message->count - 1].data;
    size_t size = message->frames[message->count - 1].size;
    return memmem(body, size, name, strlen(name)) != NULL && body[size - 1] == last;
}

static void three(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_stream(call, PACKED("\x01"), 0));
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_stream(call, PACKED("\xc1"), 0));
    assert_status(ZROUTE_OK, zroute_call_stream(call, PACKED("\x02"), 0));
    assert_status(ZROUTE_BAD_STATE, zroute_call_answer(call, PACKED("\x09")));
    assert_status(ZROUTE_OK, zroute_call_stream(call, PACKED("\x03"), 0));
    assert_status(ZROUTE_OK, zroute_call_end_stream(call));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_call_stream(call, PACKED("\x04"), 0));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_call_end_stream(call));
}

static void nothing(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_end_stream(call));
}

static void one_and_a_fault(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_stream(call, PACKED("\x01"), 0));
    assert_status(ZROUTE_OK, zroute_call_fail(call, 7, "Broken", "as asked"));
}

static void one_and_no_end(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_stream(call, PACKED("\x01"), 0));
}

static void a_plain_caller_gets_the_list(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "three", three, NULL, NULL);
    zroute_server_register(pair->server, "nothing", nothing, NULL, NULL);
    assert_answer("\x93\x01\x02\x03", called(pair, "three", PACKED("\xc0")));
    assert_answer("\x90", called(pair, "nothing", PACKED("\xc0")));
    assert_answer("\x93\x01\x02\x03", called(pair, "three", PACKED("\xc0")));
}

static void a_stream_that_fails_is_a_fault(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "f", one_and_a_fault, NULL, NULL);
    zroute_server_register(pair->server, "g", one_and_no_end, NULL, NULL);
    assert_fault(7, "as asked", called(pair, "f", PACKED("\xc0")));
    assert_fault(-32603, "no answer", called(pair, "g", PACKED("\xc0")));
}

static void a_zerorpc_caller_gets_items_as_it_takes_them(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message event;
    unsigned char item;
    zroute_server_register(pair->server, "f", three, NULL, NULL);
    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);
    raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_CALL));
    raw_served(&peer, pair, &event);
    assert_true(is_event(&event, "STREAM", 1));
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    assert_false(raw_take(&peer, &event));
    raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_MORE("\x00\x09")));
    for (item = 2; item <= 3; item++) {
        raw_served(&peer, pair, &event);
        assert_true(is_event(&event, "STREAM", item));
    }
    raw_served(&peer, pair, &event);
    assert_true(is_event(&event, "STREAM_DONE", 0xc0));
    raw_close(&peer);
}

/* Streams from another thread, waiting for room. */
static void *produce(void *userdata)
{
    zroute_call *call = userdata;
    int item;
    for (item = 0; item < ITEMS; item++) {
        char packed[3] = {(char)0xcd, (char)(item >> 8), (char)item};
        assert_status(ZROUTE_OK, zroute_call_stream(call, packed, sizeof packed, -1));
    }
    assert_status(ZROUTE_OK, zroute_call_end_stream(call));
    return NULL;
}

static zroute_call *kept;

static void hand_over(zroute_call *call, void *userdata)
{
    pthread_t *thread = userdata;
    assert_status(ZROUTE_OK, zroute_call_keep(call));
    assert_int_equal(0, pthread_create(thread, NULL, produce, call));
}

static void another_thread_streams_no_faster_than_its_caller_reads(void **state)
{
    struct running running;
    struct raw_socket peer;
    struct message event;
    pthread_t thread;
    int item;
    (void)state;
    make_running(&running);
    zroute_server_register(running.server, "f", hand_over, &thread, NULL);
    run(&running);
    raw_connect(&peer, ZMQ_DEALER, running.endpoint);
    raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_CALL));
    for (item = 0; item < ITEMS; item++) {
        raw_awaited(&peer, &event);
        assert_true(is_event(&event, "STREAM", (unsigned char)item));
        if (item % 100 == 0) {
            raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_MORE("\x00\x64")));
        }
    }
    raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_MORE("\x00\x01")));
    raw_awaited(&peer, &event);
    assert_true(is_event(&event, "STREAM_DONE", 0xc0));
    assert_int_equal(0, pthread_join(thread, NULL));
    raw_close(&peer);
    free_running(&running);
}

struct producer {
    zroute_call *call;
    pthread_t thread;
    int given;
    zroute_status ended;
};

/* Streams until that fails, waiting for room. */
static void *produce_for_ever(void *userdata)
{
    struct producer *producer = userdata;
    do {
        producer->ended = zroute_call_stream(producer->call, PACKED("\x05"), -1);
        __atomic_add_fetch(&producer->given, 1, __ATOMIC_SEQ_CST);
    } while (producer->ended == ZROUTE_OK);
    return NULL;
}

/* Returns when the thread has begun: it streams while this callback ends. */
static void hand_to_two(zroute_call *call, void *userdata)
{
    struct producer *producers = userdata;
    int index;
    assert_status(ZROUTE_OK, zroute_call_keep(call));
    for (index = 0; index < 2; index++) {
        producers[index].call = call;
        assert_int_equal(0, pthread_create(&producers[index].thread, NULL, produce_for_ever,
                                           &producers[index]));
    }
    __atomic_store_n(&kept, call, __ATOMIC_SEQ_CST);
}

/* A thread that waits for room is nowhere inside the call. */
static void a_kept_call_is_ended_while_other_threads_stream_on_it(void **state)
{
    int turn;
    (void)state;
    for (turn = 0; turn < 20; turn++) {
        struct producer producers[2] = {{NULL, 0, 0, ZROUTE_OK}, {NULL, 0, 0, ZROUTE_OK}};
        struct running running;
        struct raw_socket peer;
        struct message event;
        int64_t since = now_ms();
        int index;
        make_running(&running);
        kept = NULL;
        zroute_server_register(running.server, "f", hand_to_two, producers, NULL);
        run(&running);
        raw_connect(&peer, ZMQ_DEALER, running.endpoint);
        raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_CALL));
        raw_awaited(&peer, &event);
        assert_true(is_event(&event, "STREAM", 5));
        while ((__atomic_load_n(&kept, __ATOMIC_SEQ_CST) == NULL
                || __atomic_load_n(&producers[0].given, __ATOMIC_SEQ_CST)
                       + __atomic_load_n(&producers[1].given, __ATOMIC_SEQ_CST) < 64)
               && within_patience(since)) {
        }
        assert_status(ZROUTE_OK, zroute_call_fail(kept, 7, "Enough", "for today"));
        for (index = 0; index < 2; index++) {
            assert_int_equal(0, pthread_join(producers[index].thread, NULL));
            /* The latter if it was about to give its next item. */
            assert_true(producers[index].ended == ZROUTE_UNKNOWN_CALL
                        || producers[index].ended == ZROUTE_BAD_HANDLE);
        }
        raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_MORE("\x00\xff")));
        do {
            raw_awaited(&peer, &event);
        } while (is_event(&event, "STREAM", 5));
        assert_true(is_event(&event, "ERR", 0xc0));
        raw_close(&peer);
        free_running(&running);
    }
}

static void a_caller_that_takes_nothing_is_let_go(void **state)
{
    struct running running;
    struct raw_socket peer;
    struct message event;
    struct producer producers[2] = {{NULL, 0, 0, ZROUTE_OK}, {NULL, 0, 0, ZROUTE_OK}};
    zroute_options *options;
    int index;
    (void)state;
    assert_status(ZROUTE_OK, zroute_options_new(&options));
    assert_status(ZROUTE_OK, zroute_options_set_integer(options, "stream_stall_ms", 200));
    make_running_with(&running, options);
    assert_status(ZROUTE_OK, zroute_options_free(options));
    kept = NULL;
    zroute_server_register(running.server, "f", hand_to_two, producers, NULL);
    run(&running);
    raw_connect(&peer, ZMQ_DEALER, running.endpoint);
    raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_CALL));
    raw_awaited(&peer, &event);
    assert_true(is_event(&event, "STREAM", 5));
    raw_awaited(&peer, &event);
    assert_true(is_event(&event, "ERR", 0xc0));
    for (index = 0; index < 2; index++) {
        assert_int_equal(0, pthread_join(producers[index].thread, NULL));
        assert_status(ZROUTE_UNKNOWN_CALL, producers[index].ended);
    }
    assert_status(ZROUTE_OK, zroute_call_free(kept));
    raw_close(&peer);
    free_running(&running);
}

static void there_is_an_end_to_what_waits(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message event;
    int given = 0;
    zroute_status status;
    zroute_server_register(pair->server, "f", keep, &kept, NULL);
    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);
    raw_send_frames(&peer, FRAME(""), FRAME(CHANNEL_CALL));
    kept = NULL;
    while (kept == NULL) {
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 10, NULL));
    }
    while ((status = zroute_call_stream(kept, PACKED("\x05"), 0)) == ZROUTE_OK) {
        assert_true(++given < 1000);
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, NULL));
    }
    assert_status(ZROUTE_WOULD_BLOCK, status);
    assert_true(given > 1);
    raw_take(&peer, &event);
    assert_status(ZROUTE_OK, zroute_call_fail(kept, 7, NULL, "enough"));
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, NULL));
    raw_close(&peer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pair, free_pair)
    const struct CMUnitTest tests[] = {
        TEST(a_plain_caller_gets_the_list),
        TEST(a_stream_that_fails_is_a_fault),
        TEST(a_zerorpc_caller_gets_items_as_it_takes_them),
        cmocka_unit_test(another_thread_streams_no_faster_than_its_caller_reads),
        cmocka_unit_test(a_kept_call_is_ended_while_other_threads_stream_on_it),
        cmocka_unit_test(a_caller_that_takes_nothing_is_let_go),
        TEST(there_is_an_end_to_what_waits),
    };
    return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
