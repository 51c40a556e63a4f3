/* An answer reaches the call it belongs to and no other, whatever a server
 * sends: here it is a bare ROUTER that misbehaves. */
#include <zmq.h>

#include "raw_socket.h"

struct misbehaving {
    struct raw_socket router;
    zroute_client *client;
};

static int set_up(void **state)
{
    static struct misbehaving here;
    raw_bind(&here.router, ZMQ_ROUTER);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &here.client));
    assert_status(ZROUTE_OK, zroute_client_connect(here.client, here.router.endpoint));
    *state = &here;
    return 0;
}

static int tear_down(void **state)
{
    struct misbehaving *here = *state;
    assert_status(ZROUTE_OK, zroute_client_free(here->client));
    raw_close(&here->router);
    return 0;
}

/* Begins a call and lets the router get it: routing id, id, delimiter, body. */
static uint64_t begin(struct misbehaving *here, int timeout_ms, struct message *request)
{
    uint64_t id, sent = 0;
    size_t index;
    assert_status(ZROUTE_OK, zroute_client_submit(here->client, "f", PACKED("\xc0"), timeout_ms,
                                                  &id));
    raw_requested(&here->router, here->client, request);
    assert_int_equal(request->count, 4);
    assert_int_equal(request->frames[1].size, 8);
    assert_int_equal(request->frames[2].size, 0);
    for (index = 0; index < 8; index++) {
        sent = sent << 8 | request->frames[1].data[index];
    }
    assert_int_equal(sent, id);
    return id;
}

#define FRAME_OF(message, index) {(message).frames[index].data, (message).frames[index].size}

/* Answers as a server should. */
static void answer(struct misbehaving *here, const struct message *to, const void *value,
                   size_t size)
{
    struct frame frames[] = {FRAME_OF(*to, 0), FRAME_OF(*to, 1), FRAME(""), {NULL, 0}};
    frames[3].data = value;
    frames[3].size = size;
    raw_send(&here->router, frames, 4);
}

static zroute_answer *waited(struct misbehaving *here, uint64_t id)
{
    zroute_answer *ended;
    assert_status(ZROUTE_OK, zroute_client_wait(here->client, id, &ended));
    return ended;
}

static void assert_unmatched(struct misbehaving *here, uint64_t expected)
{
    zroute_client_counters counters;
    int64_t since = now_ms();
    zroute_answer *none;
    do {
        assert_int_not_equal(ZROUTE_OK, zroute_client_collect(here->client, 1, &none));
        assert_status(ZROUTE_OK, zroute_client_count(here->client, &counters));
    } while (counters.unmatched < expected && within_patience(since));
    assert_int_equal(counters.unmatched, expected);
}

/* The next call gets its own answer. */
static void assert_unharmed(struct misbehaving *here)
{
    struct message request;
    uint64_t id = begin(here, PATIENCE_MS, &request);
    answer(here, &request, PACKED("\x2a"));
    assert_answer("\x2a", waited(here, id));
}

static void answers_in_any_order_reach_their_calls(void **state)
{
    struct misbehaving *here = *state;
    struct message requests[3];
    uint64_t ids[3];
    int index;
    for (index = 0; index < 3; index++) {
        ids[index] = begin(here, PATIENCE_MS, &requests[index]);
    }
    answer(here, &requests[2], PACKED("\x02"));
    answer(here, &requests[0], PACKED("\x00"));
    answer(here, &requests[1], PACKED("\x01"));
    assert_answer("\x00", waited(here, ids[0]));
    assert_answer("\x01", waited(here, ids[1]));
    assert_answer("\x02", waited(here, ids[2]));
}

static void a_late_answer_reaches_nobody(void **state)
{
    struct misbehaving *here = *state;
    struct message late, request;
    const void *data;
    size_t size;
    zroute_answer *ended;
    uint64_t id;
    assert_unharmed(here); /* connected now */
    id = begin(here, 1000, &late);
    ended = waited(here, id);
    assert_status(ZROUTE_TIMEOUT, zroute_answer_value(ended, &data, &size));
    assert_last_error("f at tcp://127.0.0.1:");
    assert_last_error("gave no answer within 1000 ms");
    assert_status(ZROUTE_OK, zroute_answer_free(ended));
    id = begin(here, PATIENCE_MS, &request);
    answer(here, &late, PACKED("\x01"));
    answer(here, &request, PACKED("\x02"));
    assert_answer("\x02", waited(here, id));
    assert_unmatched(here, 1);
}

static void a_second_answer_reaches_nobody(void **state)
{
    struct misbehaving *here = *state;
    struct message first, second;
    uint64_t id = begin(here, PATIENCE_MS, &first);
    answer(here, &first, PACKED("\x01"));
    answer(here, &first, PACKED("\x02"));
    assert_answer("\x01", waited(here, id));
    id = begin(here, PATIENCE_MS, &second);
    answer(here, &first, PACKED("\x03"));
    answer(here, &second, PACKED("\x04"));
    assert_answer("\x04", waited(here, id));
    assert_unmatched(here, 2);
}

static void an_answer_to_a_cancelled_call_reaches_nobody(void **state)
{
    struct misbehaving *here = *state;
    struct message request;
    zroute_answer *none;
    uint64_t id = begin(here, PATIENCE_MS, &request);
    assert_status(ZROUTE_OK, zroute_client_cancel(here->client, id));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_client_cancel(here->client, id));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_client_wait(here->client, id, &none));
    answer(here, &request, PACKED("\x01"));
    assert_unmatched(here, 1);
    assert_unharmed(here);
}

static void ids_of_nobody_reach_nobody(void **state)
{
    struct misbehaving *here = *state;
    struct message request;
    uint64_t id = begin(here, PATIENCE_MS, &request);
    struct frame peer = FRAME_OF(request, 0);
    raw_send_frames(&here->router, peer, FRAME("\0\0\0\0\0\0\0\0"), FRAME(""), FRAME("\x01"));
    raw_send_frames(&here->router, peer, FRAME("\xff\xff\xff\xff\xff\xff\xff\xff"), FRAME(""),
                    FRAME("\x01"));
    raw_send_frames(&here->router, peer, FRAME("four"), FRAME(""), FRAME("\x01"));
    raw_send_frames(&here->router, peer, FRAME("123456789"), FRAME(""), FRAME("\x01"));
    raw_send_frames(&here->router, peer, FRAME(""), FRAME("\x01"));
    raw_send_frames(&here->router, peer, FRAME("\x01"));
    raw_send_frames(&here->router, peer, FRAME(""));
    {
        /* The right id, and no delimiter; the right id behind another frame. */
        struct frame right = FRAME_OF(request, 1);
        raw_send_frames(&here->router, peer, right, FRAME("\x01"));
        raw_send_frames(&here->router, peer, right);
        raw_send_frames(&here->router, peer, FRAME("x"), right, FRAME(""), FRAME("\x01"));
    }
    answer(here, &request, PACKED("\x05"));
    assert_answer("\x05", waited(here, id));
    assert_unmatched(here, 10);
    assert_unharmed(here);
}

static void what_is_no_answer_ends_its_own_call_at_once(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } cases[] = {
        {PACKED("\xc1"), "0xc1"},
        {PACKED(""), "found no bytes"},
        {PACKED("\x92\x01"), "continues past the end"},
        {PACKED("\x01\x02"), "found 1 more byte"},
        {PACKED("hello"), "found 4 more bytes"},
    };
    struct misbehaving *here = *state;
    struct message request;
    zroute_client_counters counters;
    const void *data;
    size_t size, index;
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        uint64_t id = begin(here, PATIENCE_MS, &request);
        zroute_answer *ended;
        answer(here, &request, cases[index].bytes, cases[index].size);
        ended = waited(here, id);
        assert_status(ZROUTE_INVALID_ANSWER, zroute_answer_value(ended, &data, &size));
        assert_last_error(cases[index].words);
        assert_status(ZROUTE_OK, zroute_answer_free(ended));
    }
    assert_status(ZROUTE_OK, zroute_client_count(here->client, &counters));
    assert_int_equal(counters.invalid, index);
    assert_unharmed(here);
}

static void several_frames_and_none_end_their_own_call(void **state)
{
    struct misbehaving *here = *state;
    struct message request;
    const void *data;
    size_t size;
    zroute_answer *ended;
    uint64_t id = begin(here, PATIENCE_MS, &request);
    struct frame several[] = {FRAME_OF(request, 0), FRAME_OF(request, 1), FRAME(""),
                              FRAME("\x01"), FRAME("\x02"), FRAME("\x03")};
    raw_send(&here->router, several, 6);
    ended = waited(here, id);
    assert_status(ZROUTE_INVALID_ANSWER, zroute_answer_value(ended, &data, &size));
    assert_last_error("the answer has 3 frames");
    assert_status(ZROUTE_OK, zroute_answer_free(ended));

    id = begin(here, PATIENCE_MS, &request);
    {
        struct frame none[] = {FRAME_OF(request, 0), FRAME_OF(request, 1), FRAME("")};
        raw_send(&here->router, none, 3);
    }
    ended = waited(here, id);
    assert_status(ZROUTE_INVALID_ANSWER, zroute_answer_value(ended, &data, &size));
    assert_last_error("the answer has no body");
    assert_status(ZROUTE_OK, zroute_answer_free(ended));
    assert_unharmed(here);
}

static void an_odd_fault_is_a_fault_all_the_same(void **state)
{
    struct misbehaving *here = *state;
    struct message request;
    uint64_t id = begin(here, PATIENCE_MS, &request);
    answer(here, &request, PACKED("\x81\xa9__error__\x81\xa4" "code\x07"));
    assert_fault(7, "", waited(here, id));
    id = begin(here, PATIENCE_MS, &request);
    answer(here, &request, PACKED("\x81\xa9__error__\xa5" "wrong"));
    assert_fault(0, "", waited(here, id));
    id = begin(here, PATIENCE_MS, &request);
    answer(here, &request,
           PACKED("\x81\xa9__error__\x83\xa4" "code\xff\xa4name\xa3" "a\0b\xa7message\xa1\xff"));
    assert_fault(-1, "\xef\xbf\xbd", waited(here, id));
    assert_unharmed(here);
}

static void only_the_server_that_has_the_call_may_answer_it(void **state)
{
    struct misbehaving *here = *state;
    struct raw_socket other;
    struct message requests[2];
    uint64_t id;
    zroute_server_health health;
    int64_t since = now_ms();
    size_t index;
    raw_bind(&other, ZMQ_ROUTER);
    assert_status(ZROUTE_OK, zroute_client_connect(here->client, other.endpoint));
    for (index = 0; index < 2; index++) {
        do {
            assert_status(ZROUTE_OK, zroute_client_server(here->client, index, &health));
        } while (health.state != ZROUTE_UP && within_patience(since));
    }
    /* One call for each. */
    for (index = 0; index < 2; index++) {
        assert_status(ZROUTE_OK, zroute_client_submit(here->client, "f", PACKED("\xc0"),
                                                      PATIENCE_MS, &id));
    }
    raw_requested(&here->router, here->client, &requests[0]);
    raw_requested(&other, here->client, &requests[1]);
    {
        /* The other one answers under the first one's id. */
        struct frame frames[] = {FRAME_OF(requests[1], 0), FRAME_OF(requests[0], 1), FRAME(""),
                                 FRAME("\x07")};
        raw_send(&other, frames, 4);
    }
    assert_unmatched(here, 1);
    answer(here, &requests[0], PACKED("\x08"));
    assert_answer("\x08", collected(here->client));
    raw_close(&other);
}

static void ids_do_not_begin_alike_in_two_clients(void **state)
{
    struct misbehaving *here = *state;
    struct message request;
    zroute_client *other;
    uint64_t id = begin(here, PATIENCE_MS, &request), others;
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &other));
    assert_status(ZROUTE_OK, zroute_client_submit(other, "f", PACKED("\xc0"), 0, &others));
    assert_int_not_equal(id, others);
    assert_status(ZROUTE_OK, zroute_client_free(other));
}

static void an_answer_that_came_before_its_server_left_is_not_lost(void **state)
{
    struct misbehaving *here = *state;
    struct message request;
    struct raw_socket leaves;
    zroute_client *client;
    zroute_answer *ended;
    uint64_t id;
    int linger = PATIENCE_MS, round;
    for (round = 0; round < 20; round++) {
        raw_bind(&leaves, ZMQ_ROUTER);
        assert_int_equal(0, zmq_setsockopt(leaves.socket, ZMQ_LINGER, &linger, sizeof linger));
        assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
        assert_status(ZROUTE_OK, zroute_client_connect(client, leaves.endpoint));
        assert_status(ZROUTE_OK, zroute_client_submit(client, "f", PACKED("\xc0"), PATIENCE_MS,
                                                      &id));
        raw_requested(&leaves, client, &request);
        {
            struct frame frames[] = {FRAME_OF(request, 0), FRAME_OF(request, 1), FRAME(""),
                                     FRAME("\x07")};
            raw_send(&leaves, frames, 4);
        }
        raw_close(&leaves);
        assert_status(ZROUTE_OK, zroute_client_wait(client, id, &ended));
        assert_answer("\x07", ended);
        assert_status(ZROUTE_OK, zroute_client_free(client));
    }
    assert_unharmed(here);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_in_any_order_reach_their_calls),
        TEST(a_late_answer_reaches_nobody),
        TEST(a_second_answer_reaches_nobody),
        TEST(an_answer_to_a_cancelled_call_reaches_nobody),
        TEST(ids_of_nobody_reach_nobody),
        TEST(what_is_no_answer_ends_its_own_call_at_once),
        TEST(several_frames_and_none_end_their_own_call),
        TEST(an_odd_fault_is_a_fault_all_the_same),
        TEST(only_the_server_that_has_the_call_may_answer_it),
        TEST(ids_do_not_begin_alike_in_two_clients),
        TEST(an_answer_that_came_before_its_server_left_is_not_lost),
    };
    return cmocka_run_group_tests_name("correlation", tests, NULL, NULL);
}
