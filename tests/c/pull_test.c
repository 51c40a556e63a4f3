/* The pull form: batches of calls out, batches of answers in. */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include <zmq.h>

#include "raw_socket.h"

/* One call of a batch. */
struct pulled {
    uint64_t token;
    int64_t route;
    const void *data;
    size_t size;
    int64_t time_left;
};

static zroute_status exchange(struct pair *pair, const void *answers, size_t size, size_t most,
                              int timeout_ms, const void **batch, size_t *batch_size)
{
    return zroute_server_exchange(pair->server, answers, size, most, timeout_ms, batch,
                                  batch_size);
}

/* Takes a batch apart; returns how many calls it has. */
static size_t unpack(const void *batch, size_t size, struct pulled *calls, size_t most)
{
    zroute_reader *reader;
    uint32_t values, pairs;
    size_t count = 0;
    int64_t route, time_left, token;
    if (size == 0) {
        return 0;
    }
    assert_status(ZROUTE_OK, zroute_reader_new(batch, size, &reader));
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &values));
    assert_int_equal(values % 3, 0);
    for (; values > 0; values -= 3) {
        assert_status(ZROUTE_OK, zroute_reader_integer(reader, &route));
        assert_status(ZROUTE_OK, zroute_reader_integer(reader, &time_left));
        assert_status(ZROUTE_OK, zroute_reader_map(reader, &pairs));
        assert_true(pairs > 0);
        for (; pairs > 0; pairs--) {
            struct pulled *call = &calls[count++];
            assert_true(count <= most);
            call->route = route;
            call->time_left = time_left;
            assert_status(ZROUTE_OK, zroute_reader_integer(reader, &token));
            call->token = (uint64_t)token;
            assert_status(ZROUTE_OK, zroute_reader_slice(reader, &call->data, &call->size));
        }
    }
    assert_status(ZROUTE_END, zroute_reader_skip(reader));
    assert_status(ZROUTE_OK, zroute_reader_free(reader));
    return count;
}

/* Pulls until this many calls are here, and hands answers in first. */
static void pull(struct pair *pair, struct pulled *calls, size_t count)
{
    size_t have = 0;
    int64_t since = now_ms();
    zroute_answer *answer;
    const void *batch;
    size_t size;
    /* Batches are borrowed: what is kept of each lies here. */
    static char kept[1 << 16];
    size_t used = 0;
    while (have < count && within_patience(since)) {
        size_t more, index;
        assert_int_not_equal(ZROUTE_OK, zroute_client_collect(pair->client, 1, &answer));
        assert_status(ZROUTE_OK, exchange(pair, NULL, 0, count - have, 1, &batch, &size));
        more = unpack(batch, size, calls + have, count - have);
        for (index = have; index < have + more; index++) {
            assert_true(used + calls[index].size <= sizeof kept);
            memcpy(kept + used, calls[index].data, calls[index].size);
            calls[index].data = kept + used;
            used += calls[index].size;
        }
        have += more;
    }
}

/* Answers on a writer: a map of one or more tokens. */
static zroute_writer *answers_for(uint32_t count)
{
    zroute_writer *writer;
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    assert_status(ZROUTE_OK, zroute_writer_map(writer, count));
    return writer;
}

static void add(zroute_writer *writer, uint64_t token, const void *value, size_t size)
{
    assert_status(ZROUTE_OK, zroute_writer_unsigned(writer, token));
    assert_status(ZROUTE_OK, zroute_writer_packed(writer, value, size));
}

/* Hands the answers in, and frees the writer. */
static zroute_status hand_in(struct pair *pair, zroute_writer *writer)
{
    const void *answers, *batch;
    size_t size, batch_size;
    zroute_status status;
    assert_status(ZROUTE_OK, zroute_writer_bytes(writer, &answers, &size));
    status = exchange(pair, answers, size, 0, 0, &batch, &batch_size);
    if (status == ZROUTE_OK) {
        assert_int_equal(batch_size, 0);
    }
    assert_status(ZROUTE_OK, zroute_writer_free(writer));
    return status;
}

static int set_up(void **state)
{
    struct pair *pair;
    uint32_t route;
    make_pair(state);
    pair = *state;
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "f", &route));
    assert_int_equal(route, 0);
    return 0;
}

static void routes_count_up_in_the_order_of_first_naming(void **state)
{
    struct pair *pair = *state;
    uint32_t route;
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "g", &route));
    assert_int_equal(route, 1);
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "f", &route));
    assert_int_equal(route, 0);
    assert_status(ZROUTE_OK, zroute_server_register(pair->server, "h", echo, NULL, NULL));
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "i", &route));
    assert_int_equal(route, 3);
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_server_declare(pair->server, "", &route));
}

static void a_call_comes_with_token_route_parameters_and_time(void **state)
{
    struct pair *pair = *state;
    struct pulled call;
    uint32_t route;
    uint64_t id;
    zroute_writer *answers;
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "g", &route));
    id = submit(pair, "g", PACKED("\x92\x01\xa1x"));
    pull(pair, &call, 1);
    assert_int_equal(call.route, 1);
    assert_packed(call.data, call.size, "\x92\x01\xa1x");
    assert_in_range(call.time_left, 1, PATIENCE_MS);
    answers = answers_for(1);
    add(answers, call.token, PACKED("\x2a"));
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    assert_answer("\x2a", served(pair, id));
}

static void nothing_comes_when_the_time_is_over(void **state)
{
    struct pair *pair = *state;
    const void *batch = &pair;
    size_t size = 77;
    int64_t since;
    assert_status(ZROUTE_OK, exchange(pair, NULL, 0, 10, 0, &batch, &size));
    assert_int_equal(size, 0);
    since = now_ms();
    assert_status(ZROUTE_OK, exchange(pair, NULL, 0, 10, 40, &batch, &size));
    assert_int_equal(size, 0);
    assert_in_range(now_ms() - since, 40, PATIENCE_MS);
}

static void a_batch_holds_no_more_than_asked_for(void **state)
{
    struct pair *pair = *state;
    struct pulled calls[10];
    const void *batch;
    size_t size, have = 0;
    zroute_answer *answer;
    int index;
    int64_t since = now_ms();
    for (index = 0; index < 10; index++) {
        submit(pair, "f", PACKED("\xc0"));
    }
    while (have < 10 && within_patience(since)) {
        assert_status(ZROUTE_TIMEOUT, zroute_client_collect(pair->client, 1, &answer));
        assert_status(ZROUTE_OK, exchange(pair, NULL, 0, 3, 1, &batch, &size));
        have += unpack(batch, size, calls, 3);
    }
    assert_int_equal(have, 10);
}

static void answers_may_come_for_a_part_and_in_any_order(void **state)
{
    struct pair *pair = *state;
    struct pulled calls[6];
    uint64_t ids[6];
    zroute_writer *answers;
    zroute_server_counters counters;
    int index;
    for (index = 0; index < 6; index++) {
        char parameters = (char)index;
        ids[index] = submit(pair, "f", &parameters, 1);
    }
    pull(pair, calls, 6);
    answers = answers_for(2);
    add(answers, calls[4].token, calls[4].data, calls[4].size);
    add(answers, calls[1].token, calls[1].data, calls[1].size);
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    assert_answer("\x04", collected(pair->client));
    assert_answer("\x01", collected(pair->client));
    assert_status(ZROUTE_OK, zroute_server_count(pair->server, &counters));
    assert_int_equal(counters.open, 4);
    answers = answers_for(4);
    add(answers, calls[5].token, calls[5].data, calls[5].size);
    add(answers, calls[0].token, calls[0].data, calls[0].size);
    add(answers, calls[3].token, calls[3].data, calls[3].size);
    add(answers, calls[2].token, calls[2].data, calls[2].size);
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    for (index = 0; index < 4; index++) {
        zroute_answer *answer = collected(pair->client);
        uint64_t id;
        const void *data;
        size_t size;
        assert_status(ZROUTE_OK, zroute_answer_id(answer, &id));
        assert_status(ZROUTE_OK, zroute_answer_value(answer, &data, &size));
        assert_true(*(const char *)data >= 0 && *(const char *)data < 6);
        assert_int_equal(id, ids[(int)*(const char *)data]);
        assert_status(ZROUTE_OK, zroute_answer_free(answer));
    }
}

static void tokens_that_name_nothing_are_passed_over(void **state)
{
    struct pair *pair = *state;
    struct pulled call;
    uint64_t id = submit(pair, "f", PACKED("\xc0"));
    zroute_writer *answers = answers_for(4);
    zroute_server_counters counters;
    pull(pair, &call, 1);
    add(answers, 0, PACKED("\x01"));
    add(answers, call.token + 1, PACKED("\x02"));
    add(answers, UINT64_MAX, PACKED("\x03"));
    add(answers, call.token, PACKED("\x04"));
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    assert_answer("\x04", served(pair, id));
    /* Used up, it names nothing any more. */
    answers = answers_for(1);
    add(answers, call.token, PACKED("\x05"));
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    assert_status(ZROUTE_UNKNOWN_CALL,
                  zroute_server_answer(pair->server, call.token, PACKED("\x05")));
    assert_status(ZROUTE_UNKNOWN_CALL,
                  zroute_server_fail(pair->server, call.token, 1, NULL, "text"));
    assert_status(ZROUTE_OK, zroute_server_count(pair->server, &counters));
    assert_int_equal(counters.answers, 1);
}

static void an_answer_that_cannot_be_sent_fails_its_own_call_alone(void **state)
{
    zroute_options *options = with_integer(NULL, "max_depth", 2);
    struct pair *pair;
    struct pulled calls[4];
    uint64_t ids[4];
    static char large[600];
    uint32_t route;
    zroute_writer *answers;
    int index;
    options = with_integer(options, "max_message", 500);
    pair = make_pair_with(options, NULL);
    zroute_options_free(options);
    zroute_server_declare(pair->server, "f", &route);
    for (index = 0; index < 4; index++) {
        ids[index] = submit(pair, "f", PACKED("\xc0"));
    }
    pull(pair, calls, 4);
    answers = answers_for(4);
    add(answers, calls[0].token, PACKED("\x81\xa9__error__\xc0"));
    add(answers, calls[1].token, PACKED("\x91\x91\x91\x01"));
    assert_status(ZROUTE_OK, zroute_writer_unsigned(answers, calls[2].token));
    assert_status(ZROUTE_OK, zroute_writer_binary(answers, large, sizeof large));
    add(answers, calls[3].token, PACKED("\x01"));
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    for (index = 0; index < 4; index++) {
        zroute_answer *answer;
        assert_status(ZROUTE_OK, zroute_client_wait(pair->client, ids[index], &answer));
        switch (index) {
        case 0: assert_fault(-32603, "reserved", answer); break;
        case 1: assert_fault(-32603, "deep", answer); break;
        case 2: assert_fault(-32004, "603 bytes are more than the 500", answer); break;
        default: assert_answer("\x01", answer);
        }
    }
    state = (void **)&pair;
    free_pair(state);
}

static void answers_that_are_no_map_are_refused_and_their_calls_stay_open(void **state)
{
    static const struct {
        const char *answers;
        size_t size;
        zroute_status status;
    } cases[] = {
        {PACKED("\xc1"), ZROUTE_INVALID_VALUE},
        {PACKED("\x90"), ZROUTE_WRONG_TYPE},
        {PACKED("\x81"), ZROUTE_INVALID_VALUE},
        {PACKED("\xdf\xff\xff\xff\xff"), ZROUTE_INVALID_VALUE},
        {PACKED("\x81\xa1x\xc0"), ZROUTE_WRONG_TYPE},
        {PACKED("\x81\xff\xc0"), ZROUTE_WRONG_TYPE},
        {PACKED("\x80\x80"), ZROUTE_INVALID_VALUE},
    };
    struct pair *pair = *state;
    struct pulled call;
    uint64_t id = submit(pair, "f", PACKED("\xc0"));
    const void *batch;
    size_t size, index;
    pull(pair, &call, 1);
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        zroute_status status = exchange(pair, cases[index].answers, cases[index].size, 0, 0,
                                        &batch, &size);
        if (status != cases[index].status) {
            fail_msg("case %zu: %s", index, zroute_status_name(status));
        }
    }
    assert_status(ZROUTE_OK, zroute_server_answer(pair->server, call.token, PACKED("\x01")));
    assert_answer("\x01", served(pair, id));
}

static void single_answers_and_faults_go_by_token(void **state)
{
    struct pair *pair = *state;
    struct pulled calls[2];
    uint64_t ids[2];
    zroute_answer *answer;
    ids[0] = submit(pair, "f", PACKED("\xc0"));
    ids[1] = submit(pair, "f", PACKED("\xc0"));
    pull(pair, calls, 2);
    assert_status(ZROUTE_INVALID_VALUE,
                  zroute_server_answer(pair->server, calls[0].token, PACKED("\x92\x01")));
    assert_status(ZROUTE_RESERVED_VALUE,
                  zroute_server_answer(pair->server, calls[0].token,
                                       PACKED("\x81\xa9__error__\xc0")));
    assert_status(ZROUTE_BAD_ARGUMENT,
                  zroute_server_fail(pair->server, calls[1].token, 0, NULL, "text"));
    assert_status(ZROUTE_OK, zroute_server_answer(pair->server, calls[0].token, PACKED("\x01")));
    assert_status(ZROUTE_OK,
                  zroute_server_fail(pair->server, calls[1].token, 3, "Three", "as I say"));
    assert_status(ZROUTE_OK, zroute_client_wait(pair->client, ids[0], &answer));
    assert_answer("\x01", answer);
    assert_status(ZROUTE_OK, zroute_client_wait(pair->client, ids[1], &answer));
    assert_fault(3, "as I say", answer);
}

static void raw_bodies_come_under_route_minus_1_and_are_answered_with_bytes(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    struct pulled call;
    zroute_writer *answers;
    assert_status(ZROUTE_OK, zroute_server_declare_raw(pair->server));
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME("hello"));
    pull(pair, &call, 1);
    assert_int_equal(call.route, -1);
    assert_int_equal(call.time_left, -1);
    assert_packed(call.data, call.size, "\xc4\x05hello");
    answers = answers_for(1);
    add(answers, call.token, PACKED("\xc4\x03\xc1yz"));
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    raw_awaited(&peer, &answer);
    assert_body("\xc1yz", &answer);

    raw_send_frames(&peer, FRAME("hello"));
    pull(pair, &call, 1);
    answers = answers_for(1);
    add(answers, call.token, PACKED("\x05"));
    assert_status(ZROUTE_OK, hand_in(pair, answers));
    raw_awaited(&peer, &answer);
    assert_int_equal(fault_code(&answer), -32603);
    raw_close(&peer);
}

static void a_stop_is_told_and_the_answers_were_sent(void **state)
{
    struct pair *pair = *state;
    struct pulled call;
    uint64_t id = submit(pair, "f", PACKED("\xc0"));
    zroute_writer *answers = answers_for(1);
    const void *data, *batch = pair;
    size_t size, batch_size = 77;
    pull(pair, &call, 1);
    add(answers, call.token, PACKED("\x01"));
    assert_status(ZROUTE_OK, zroute_writer_bytes(answers, &data, &size));
    assert_status(ZROUTE_OK, zroute_server_stop(pair->server));
    assert_status(ZROUTE_STOPPED, exchange(pair, data, size, 10, -1, &batch, &batch_size));
    assert_ptr_equal(batch, pair);
    assert_int_equal(batch_size, 77);
    assert_answer("\x01", served(pair, id));
    assert_status(ZROUTE_OK, exchange(pair, NULL, 0, 10, 0, &batch, &batch_size));
    assert_status(ZROUTE_OK, zroute_writer_free(answers));
}

static void a_stop_is_told_although_more_calls_wait(void **state)
{
    struct pair *pair = *state;
    const void *batch;
    size_t size = 0;
    zroute_answer *answer;
    int index;
    int64_t since = now_ms();
    for (index = 0; index < 20; index++) {
        submit(pair, "f", PACKED("\xc0"));
    }
    while (size == 0 && within_patience(since)) {
        assert_status(ZROUTE_TIMEOUT, zroute_client_collect(pair->client, 1, &answer));
        assert_status(ZROUTE_OK, exchange(pair, NULL, 0, 1, 1, &batch, &size));
    }
    assert_status(ZROUTE_OK, zroute_server_stop(pair->server));
    assert_status(ZROUTE_STOPPED, exchange(pair, NULL, 0, 1, -1, &batch, &size));
    assert_status(ZROUTE_OK, exchange(pair, NULL, 0, 1, 0, &batch, &size));
}

static void on_alarm(int signal)
{
    (void)signal;
}

static void a_signal_interrupts_the_wait_and_the_answers_were_sent(void **state)
{
    struct pair *pair = *state;
    struct pulled call;
    uint64_t id = submit(pair, "f", PACKED("\xc0"));
    zroute_writer *answers = answers_for(1);
    const void *data, *batch = pair;
    size_t size, batch_size = 77;
    struct sigaction action;
    struct itimerval timer = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}};
    pull(pair, &call, 1);
    add(answers, call.token, PACKED("\x01"));
    assert_status(ZROUTE_OK, zroute_writer_bytes(answers, &data, &size));
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    assert_int_equal(0, sigaction(SIGALRM, &action, NULL));
    assert_int_equal(0, setitimer(ITIMER_REAL, &timer, NULL));
    assert_status(ZROUTE_INTERRUPTED, exchange(pair, data, size, 10, -1, &batch, &batch_size));
    assert_int_equal(0, setitimer(ITIMER_REAL, &off, NULL));
    assert_ptr_equal(batch, pair);
    assert_int_equal(batch_size, 77);
    assert_answer("\x01", served(pair, id));
    assert_status(ZROUTE_OK, zroute_writer_free(answers));
}

static void a_call_comes_with_its_context_if_that_is_wanted(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    struct pulled calls[2];
    zroute_writer *writer;
    zroute_reader *reader;
    const void *data;
    uint32_t route, count;
    size_t size;
    const char *transport = getenv("ZROUTE_TRANSPORT");
    /* A text of less than 32 bytes has one byte before it. */
    const char *address = transport && strcmp(transport, "libzmq") == 0 ? "" : "127.0.0.1:";
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "f", &route));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_server_want_context(pair->server, "nobody"));
    assert_status(ZROUTE_OK, zroute_server_want_context(pair->server, "f"));
    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);
    raw_send_frames(&peer, FRAME(""), FRAME(CALL_OF_F));
    raw_send_frames(&peer, FRAME(""),
                    FRAME("\x83\xad" "function_name\xa1" "f\xaaparameters\x05\xa4meta\x81\x01\x02"));
    pull(pair, calls, 2);
    assert_status(ZROUTE_OK, zroute_reader_new(calls[0].data, calls[0].size, &reader));
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &count));
    assert_int_equal(count, 4);
    assert_status(ZROUTE_OK, zroute_reader_slice(reader, &data, &size));
    assert_packed(data, size, "\xc0");
    assert_status(ZROUTE_OK, zroute_reader_slice(reader, &data, &size));
    assert_packed(data, size, "\xc0");
    assert_status(ZROUTE_OK, zroute_reader_slice(reader, &data, &size));
    assert_true(size > strlen(address));
    assert_memory_equal((const char *)data + 1, address, strlen(address));
    assert_status(ZROUTE_OK, zroute_reader_slice(reader, &data, &size));
    assert_packed(data, size, "\xa5plain");

    assert_status(ZROUTE_OK, zroute_reader_reset(reader, calls[1].data, calls[1].size));
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &count));
    assert_status(ZROUTE_OK, zroute_reader_skip(reader));
    assert_status(ZROUTE_OK, zroute_reader_slice(reader, &data, &size));
    assert_packed(data, size, "\x81\x01\x02");
    assert_status(ZROUTE_OK, zroute_reader_free(reader));

    writer = answers_for(2);
    add(writer, calls[0].token, PACKED("\x01"));
    add(writer, calls[1].token, PACKED("\x02"));
    assert_status(ZROUTE_OK, hand_in(pair, writer));
    raw_awaited(&peer, &answer);
    assert_body("\x01", &answer);
    raw_close(&peer);
}

static void calls_that_were_not_begun_are_given_back(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    struct pulled call;
    uint32_t route;
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "f", &route));
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME(CALL_OF_F));
    pull(pair, &call, 1);
    assert_status(ZROUTE_OK, zroute_server_refuse_open(pair->server));
    raw_awaited(&peer, &answer);
    assert_int_equal(fault_code(&answer), -32005);
    assert_status(ZROUTE_UNKNOWN_CALL,
                  zroute_server_answer(pair->server, call.token, PACKED("\xc0")));
    raw_close(&peer);
}

static void a_supervisors_numbers_are_the_tokens_and_it_says_who_called(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    struct pulled call;
    uint32_t route;
    assert_status(ZROUTE_OK, zroute_server_serve_supervisor(pair->server));
    assert_status(ZROUTE_OK, zroute_server_want_context(pair->server, NULL));
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "f", &route));
    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);
    raw_send_frames(&peer, FRAME("\0\0\0\0\0\0\0\x2a"), FRAME(""),
                    FRAME("\x84\xad" "function_name\xa1" "f\xaaparameters\x05\xa4peer\xa2me"
                          "\xa7" "dialect\xa3old"));
    pull(pair, &call, 1);
    assert_int_equal(call.token, 42);
    assert_packed(call.data, call.size, "\x94\x05\xc0\xa2me\xa3old");
    assert_status(ZROUTE_OK, zroute_server_answer(pair->server, call.token, PACKED("\x07")));
    raw_awaited(&peer, &answer);
    assert_body("\x07", &answer);
    raw_close(&peer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, free_pair)
    const struct CMUnitTest tests[] = {
        TEST(routes_count_up_in_the_order_of_first_naming),
        TEST(a_call_comes_with_token_route_parameters_and_time),
        TEST(nothing_comes_when_the_time_is_over),
        TEST(a_batch_holds_no_more_than_asked_for),
        TEST(answers_may_come_for_a_part_and_in_any_order),
        TEST(tokens_that_name_nothing_are_passed_over),
        cmocka_unit_test(an_answer_that_cannot_be_sent_fails_its_own_call_alone),
        TEST(answers_that_are_no_map_are_refused_and_their_calls_stay_open),
        TEST(single_answers_and_faults_go_by_token),
        TEST(raw_bodies_come_under_route_minus_1_and_are_answered_with_bytes),
        TEST(a_call_comes_with_its_context_if_that_is_wanted),
        TEST(calls_that_were_not_begun_are_given_back),
        TEST(a_supervisors_numbers_are_the_tokens_and_it_says_who_called),
        TEST(a_stop_is_told_and_the_answers_were_sent),
        TEST(a_stop_is_told_although_more_calls_wait),
        TEST(a_signal_interrupts_the_wait_and_the_answers_were_sent),
    };
    return cmocka_run_group_tests_name("pull form", tests, NULL, NULL);
}
