/* Calls that outlive their callback. */
#include <pthread.h>

#include <zmq.h>

#include "raw_socket.h"
#include "running.h"

static zroute_call *kept;

static int set_up(void **state)
{
    struct pair *pair;
    make_pair(state);
    pair = *state;
    kept = NULL;
    assert_status(ZROUTE_OK, zroute_server_register(pair->server, "f", keep, &kept, NULL));
    return 0;
}

/* Begins a call of `f` and serves until it is kept. */
static uint64_t begin(struct pair *pair, const void *parameters, size_t size)
{
    uint64_t id = submit(pair, "f", parameters, size);
    int64_t since = now_ms();
    zroute_answer *answer;
    kept = NULL;
    while (kept == NULL && within_patience(since)) {
        assert_status(ZROUTE_TIMEOUT, zroute_client_collect(pair->client, 1, &answer));
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    }
    return id;
}

static void a_kept_call_is_answered_later(void **state)
{
    struct pair *pair = *state;
    uint64_t id = begin(pair, PACKED("\x91\x07"));
    const char *function;
    const void *data;
    size_t size;
    assert_status(ZROUTE_OK, zroute_call_function(kept, &function));
    assert_string_equal(function, "f");
    assert_status(ZROUTE_OK, zroute_call_parameters(kept, &data, &size));
    assert_packed(data, size, "\x91\x07");
    assert_status(ZROUTE_OK, zroute_call_answer(kept, PACKED("\x08")));
    assert_answer("\x08", served(pair, id));
}

static void its_handle_is_gone_once_it_is_answered_failed_or_freed(void **state)
{
    struct pair *pair = *state;
    uint64_t id = begin(pair, PACKED("\xc0"));
    assert_status(ZROUTE_OK, zroute_call_answer(kept, PACKED("\x01")));
    assert_status(ZROUTE_BAD_HANDLE, zroute_call_answer(kept, PACKED("\x01")));
    assert_answer("\x01", served(pair, id));

    id = begin(pair, PACKED("\xc0"));
    assert_status(ZROUTE_OK, zroute_call_fail(kept, 9, "Nine", "failed later"));
    assert_status(ZROUTE_BAD_HANDLE, zroute_call_fail(kept, 9, "Nine", "failed later"));
    assert_fault(9, "failed later", served(pair, id));

    id = begin(pair, PACKED("\xc0"));
    assert_status(ZROUTE_OK, zroute_call_free(kept));
    assert_status(ZROUTE_BAD_HANDLE, zroute_call_free(kept));
    assert_fault(-32603, "the handler gave no answer", served(pair, id));
}

static void a_refused_answer_leaves_a_kept_call_open(void **state)
{
    struct pair *pair = *state;
    uint64_t id = begin(pair, PACKED("\xc0"));
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_answer(kept, PACKED("\xc1")));
    assert_status(ZROUTE_OK, zroute_call_answer(kept, PACKED("\x01")));
    assert_answer("\x01", served(pair, id));

    id = begin(pair, PACKED("\xc0"));
    assert_status(ZROUTE_RESERVED_VALUE,
                  zroute_call_answer(kept, PACKED("\x81\xa9__error__\xc0")));
    assert_status(ZROUTE_OK, zroute_call_free(kept));
    assert_fault(-32603, "reserved for faults", served(pair, id));
}

static void other_calls_are_served_while_some_are_kept(void **state)
{
    struct pair *pair = *state;
    zroute_server_counters counters;
    zroute_call *calls[50];
    uint64_t ids[50];
    int index;
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    for (index = 0; index < 50; index++) {
        ids[index] = begin(pair, PACKED("\xc0"));
        calls[index] = kept;
    }
    assert_answer("\x05", called(pair, "echo", PACKED("\x05")));
    assert_status(ZROUTE_OK, zroute_server_count(pair->server, &counters));
    assert_int_equal(counters.open, 50);
    for (index = 49; index >= 0; index--) {
        char value = (char)index;
        zroute_answer *answer;
        const void *data;
        size_t size;
        assert_status(ZROUTE_OK, zroute_call_answer(calls[index], &value, 1));
        answer = served(pair, ids[index]);
        assert_status(ZROUTE_OK, zroute_answer_value(answer, &data, &size));
        assert_memory_equal(data, &value, 1);
        assert_status(ZROUTE_OK, zroute_answer_free(answer));
    }
    assert_status(ZROUTE_OK, zroute_server_count(pair->server, &counters));
    assert_int_equal(counters.open, 0);
}

static void keeps_and_answers(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_keep(call));
    assert_status(ZROUTE_OK, zroute_call_keep(call));
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\x03")));
    assert_status(ZROUTE_BAD_HANDLE, zroute_call_answer(call, PACKED("\x04")));
}

static void a_call_may_be_kept_and_answered_within_its_callback(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "now", keeps_and_answers, NULL, NULL);
    assert_answer("\x03", called(pair, "now", PACKED("\xc0")));
}

static void frees_unkept(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_free(call));
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\x06")));
}

static void freeing_a_call_that_is_not_kept_leaves_it_as_it_is(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "unkept", frees_unkept, NULL, NULL);
    assert_answer("\x06", called(pair, "unkept", PACKED("\xc0")));
}

static void a_raw_body_may_be_kept(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    int64_t since = now_ms();
    zroute_server_register_raw(pair->server, keep, &kept, NULL);
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME("hello"));
    while (kept == NULL && within_patience(since)) {
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    }
    assert_status(ZROUTE_OK, zroute_call_answer(kept, "any \xc1 bytes", 11));
    raw_served(&peer, pair, &answer);
    assert_body("any \xc1 bytes", &answer);
    raw_close(&peer);
}

static void the_servers_end_is_the_end_of_its_kept_calls(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    int64_t since = now_ms();
    const void *data;
    size_t size;
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME(CALL_OF_F));
    while (kept == NULL && within_patience(since)) {
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    }
    assert_status(ZROUTE_OK, zroute_server_free(pair->server));
    pair->server = NULL;
    raw_awaited(&peer, &answer);
    assert_int_equal(fault_code(&answer), -32603);
    raw_close(&peer);
    /* The handle and what was borrowed from it stay good. */
    assert_status(ZROUTE_OK, zroute_call_parameters(kept, &data, &size));
    assert_packed(data, size, "\xc0");
    assert_status(ZROUTE_OK, zroute_call_free(kept));
}

static void an_answer_that_is_given_before_the_servers_end_is_sent(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    int64_t since = now_ms();
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME(CALL_OF_F));
    while (kept == NULL && within_patience(since)) {
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    }
    assert_status(ZROUTE_OK, zroute_call_answer(kept, PACKED("\x11")));
    assert_status(ZROUTE_OK, zroute_server_free(pair->server));
    pair->server = NULL;
    raw_awaited(&peer, &answer);
    assert_body("\x11", &answer);
    raw_close(&peer);
}

/* --- Threads --- */

struct hand_over {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    zroute_call *call;
    zroute_status answered;
};

static void hands_over(zroute_call *call, void *userdata)
{
    struct hand_over *hand_over = userdata;
    zroute_call_keep(call);
    pthread_mutex_lock(&hand_over->mutex);
    hand_over->call = call;
    pthread_cond_signal(&hand_over->changed);
    pthread_mutex_unlock(&hand_over->mutex);
}

static void *answers_each(void *argument)
{
    struct hand_over *hand_over = argument;
    int left = 200;
    pthread_mutex_lock(&hand_over->mutex);
    hand_over->answered = ZROUTE_OK;
    while (left > 0 && hand_over->answered == ZROUTE_OK) {
        const void *data;
        size_t size;
        while (hand_over->call == NULL) {
            pthread_cond_wait(&hand_over->changed, &hand_over->mutex);
        }
        hand_over->answered = zroute_call_parameters(hand_over->call, &data, &size);
        if (hand_over->answered == ZROUTE_OK) {
            hand_over->answered = zroute_call_answer(hand_over->call, data, size);
        }
        hand_over->call = NULL;
        left--;
    }
    pthread_mutex_unlock(&hand_over->mutex);
    return NULL;
}

static void another_thread_answers_while_the_server_waits(void **state)
{
    static struct hand_over hand_over = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
                                         NULL, ZROUTE_OK};
    struct running running;
    pthread_t thread;
    zroute_client *client;
    int index;
    (void)state;
    make_running(&running);
    zroute_server_register(running.server, "f", hands_over, &hand_over, NULL);
    run(&running);
    assert_int_equal(0, pthread_create(&thread, NULL, answers_each, &hand_over));
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    for (index = 0; index < 200; index++) {
        zroute_answer *answer;
        assert_status(ZROUTE_OK, zroute_client_call(client, "f", PACKED("\x92\x01\x02"),
                                                    PATIENCE_MS, &answer));
        assert_answer("\x92\x01\x02", answer);
    }
    assert_int_equal(0, pthread_join(thread, NULL));
    assert_status(ZROUTE_OK, hand_over.answered);
    assert_status(ZROUTE_OK, zroute_client_free(client));
    free_running(&running);
}

static void a_run_that_ends_waits_for_kept_calls_and_begins_no_others(void **state)
{
    struct running running;
    struct raw_socket first, second;
    struct message answer;
    int64_t since = now_ms();
    int64_t code = 0;
    (void)state;
    kept = NULL;
    make_running(&running);
    assert_status(ZROUTE_OK, zroute_server_register(running.server, "f", keep, &kept, NULL));
    run(&running);
    raw_connect(&first, ZMQ_REQ, running.endpoint);
    raw_connect(&second, ZMQ_REQ, running.endpoint);
    /* It is connected before the server listens no more. */
    raw_send_frames(&second, FRAME("\x82\xad" "function_name\xa4" "echo\xaaparameters\x01"));
    raw_awaited(&second, &answer);
    assert_body("\x01", &answer);
    raw_send_frames(&first, FRAME(CALL_OF_F));
    while (*(zroute_call *volatile *)&kept == NULL && within_patience(since)) {
    }
    assert_status(ZROUTE_OK, zroute_server_stop(running.server));
    while (code != -32005 && within_patience(since)) {
        raw_send_frames(&second,
                        FRAME("\x82\xad" "function_name\xa4" "echo\xaaparameters\xc0"));
        raw_awaited(&second, &answer);
        code = answer.frames[answer.count - 1].size == 1 ? 0 : fault_code(&answer);
    }
    assert_status(ZROUTE_OK, zroute_call_answer(kept, PACKED("\x07")));
    raw_awaited(&first, &answer);
    assert_body("\x07", &answer);
    assert_int_equal(0, pthread_join(running.thread, NULL));
    assert_status(ZROUTE_OK, running.ended);
    assert_status(ZROUTE_OK, zroute_server_free(running.server));
    raw_close(&first);
    raw_close(&second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, free_pair)
    const struct CMUnitTest tests[] = {
        TEST(a_kept_call_is_answered_later),
        TEST(its_handle_is_gone_once_it_is_answered_failed_or_freed),
        TEST(a_refused_answer_leaves_a_kept_call_open),
        TEST(other_calls_are_served_while_some_are_kept),
        TEST(a_call_may_be_kept_and_answered_within_its_callback),
        TEST(freeing_a_call_that_is_not_kept_leaves_it_as_it_is),
        TEST(a_raw_body_may_be_kept),
        TEST(the_servers_end_is_the_end_of_its_kept_calls),
        TEST(an_answer_that_is_given_before_the_servers_end_is_sent),
        cmocka_unit_test(another_thread_answers_while_the_server_waits),
        cmocka_unit_test(a_run_that_ends_waits_for_kept_calls_and_begins_no_others),
    };
    return cmocka_run_group_tests_name("kept calls", tests, NULL, NULL);
}
