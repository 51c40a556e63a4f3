/* Calls, from the caller's side. */
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include <zmq.h>

#include "folder.h"
#include "raw_socket.h"
#include "running.h"

static void fails(zroute_call *call, void *userdata)
{
    (void)userdata;
    zroute_call_fail(call, 12, "OutOfStock", "nothing is left");
}

#define MOST_SILENT 50
static zroute_call *silent[MOST_SILENT];
static size_t silent_count;

static void never_answers(zroute_call *call, void *userdata)
{
    (void)userdata;
    if (silent_count < MOST_SILENT && zroute_call_keep(call) == ZROUTE_OK) {
        silent[silent_count++] = call;
    }
}

static struct running running;

static int start_server(void **state)
{
    (void)state;
    make_running(&running);
    zroute_server_register(running.server, "fail", fails, NULL, NULL);
    zroute_server_register(running.server, "silent", never_answers, NULL, NULL);
    run(&running);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    stop_running(&running);
    while (silent_count > 0) {
        assert_status(ZROUTE_OK, zroute_call_free(silent[--silent_count]));
    }
    assert_status(ZROUTE_OK, zroute_server_free(running.server));
    return 0;
}

static int set_up(void **state)
{
    zroute_client *client;
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    *state = client;
    return 0;
}

static int tear_down(void **state)
{
    assert_status(ZROUTE_OK, zroute_client_free(*state));
    return 0;
}

static zroute_answer *call_it(zroute_client *client, const char *function, const void *parameters,
                              size_t size)
{
    zroute_answer *answer;
    assert_status(ZROUTE_OK, zroute_client_call(client, function, parameters, size, PATIENCE_MS,
                                                &answer));
    return answer;
}

static uint64_t submitted(zroute_client *client, const char *function, const void *parameters,
                          size_t size)
{
    uint64_t id;
    assert_status(ZROUTE_OK, zroute_client_submit(client, function, parameters, size, PATIENCE_MS,
                                                  &id));
    return id;
}

static zroute_client_counters counted(zroute_client *client)
{
    zroute_client_counters counters;
    assert_status(ZROUTE_OK, zroute_client_count(client, &counters));
    return counters;
}

/* --- One call --- */

static void a_call_gets_its_answer(void **state)
{
    zroute_answer *answer = call_it(*state, "echo", PACKED("\x92\x01\xcb\x7f\xf8\0\0\0\0\0\0"));
    int64_t code = 77;
    const char *name = NULL, *message = NULL;
    assert_status(ZROUTE_END, zroute_answer_fault(answer, &code, &name, &message));
    assert_int_equal(code, 77);
    assert_answer("\x92\x01\xcb\x7f\xf8\0\0\0\0\0\0", answer);
}

static void a_fault_comes_with_code_name_and_message(void **state)
{
    zroute_answer *answer = call_it(*state, "fail", PACKED("\xc0"));
    const void *data = state;
    size_t size = 77;
    int64_t code;
    const char *name, *message;
    assert_status(ZROUTE_FAULT, zroute_answer_value(answer, &data, &size));
    assert_last_error("12 OutOfStock: nothing is left");
    assert_ptr_equal(data, state);
    assert_int_equal(size, 77);
    assert_status(ZROUTE_OK, zroute_answer_fault(answer, &code, &name, &message));
    assert_int_equal(code, 12);
    assert_string_equal(name, "OutOfStock");
    assert_string_equal(message, "nothing is left");
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
}

static void parameters_are_one_whole_value(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {{PACKED("")}, {PACKED("\xc1")}, {PACKED("\x92\x01")}, {PACKED("\x01\x02")}};
    zroute_answer *answer = NULL;
    uint64_t id = 77;
    size_t index;
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_status(ZROUTE_INVALID_VALUE,
                      zroute_client_call(*state, "echo", cases[index].bytes, cases[index].size,
                                         PATIENCE_MS, &answer));
        assert_status(ZROUTE_INVALID_VALUE,
                      zroute_client_submit(*state, "echo", cases[index].bytes, cases[index].size,
                                           PATIENCE_MS, &id));
    }
    assert_null(answer);
    assert_int_equal(id, 77);
    assert_status(ZROUTE_BAD_ARGUMENT,
                  zroute_client_submit(*state, "\xff", PACKED("\xc0"), PATIENCE_MS, &id));
    assert_int_equal(counted(*state).calls, 0);
}

static void a_request_over_the_limit_is_not_sent(void **state)
{
    zroute_options *options = with_integer(NULL, "max_message", 500);
    zroute_client *client;
    zroute_answer *answer;
    char bytes[480] = {(char)0xc5, 1, (char)0xdd};
    uint64_t id;
    const void *data;
    size_t size;
    (void)state;
    assert_status(ZROUTE_OK, zroute_client_new(options, &client));
    zroute_options_free(options);
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    assert_status(ZROUTE_TOO_LARGE, zroute_client_call(client, "echo", bytes, sizeof bytes,
                                                       PATIENCE_MS, &answer));
    assert_last_error("the limit (max_message) is 500");
    assert_status(ZROUTE_OK, zroute_client_submit(client, "echo", bytes, sizeof bytes,
                                                  PATIENCE_MS, &id));
    assert_status(ZROUTE_OK, zroute_client_wait(client, id, &answer));
    assert_status(ZROUTE_TOO_LARGE, zroute_answer_value(answer, &data, &size));
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
    assert_int_equal(counted(client).bytes_sent, 0);
    assert_status(ZROUTE_OK, zroute_client_free(client));
}

/* --- Time --- */

static void a_call_without_an_answer_ends_in_time_and_says_where(void **state)
{
    zroute_answer *answer = NULL;
    int64_t since;
    assert_answer("\x01", call_it(*state, "echo", PACKED("\x01"))); /* connected now */
    since = now_ms();
    assert_status(ZROUTE_TIMEOUT,
                  zroute_client_call(*state, "silent", PACKED("\xc0"), 60, &answer));
    assert_in_range(now_ms() - since, 60, PATIENCE_MS);
    assert_null(answer);
    assert_last_error("silent at tcp://127.0.0.1:");
    assert_last_error("within 60 ms");
    assert_answer("\x01", call_it(*state, "echo", PACKED("\x01")));
    assert_int_equal(counted(*state).timeouts, 1);
}

static void a_call_to_nobody_ends_in_time_and_was_not_sent(void **state)
{
    struct raw_socket gone;
    zroute_client *client;
    zroute_answer *answer = NULL;
    zroute_client_counters counters;
    int64_t since;
    (void)state;
    raw_bind(&gone, ZMQ_ROUTER);
    raw_close(&gone);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    since = now_ms();
    assert_status(ZROUTE_NOT_CONNECTED,
                  zroute_client_call(client, "f", PACKED("\xc0"), 30, &answer));
    assert_in_range(now_ms() - since, 30, PATIENCE_MS);
    assert_last_error("connected to nothing");
    assert_status(ZROUTE_OK, zroute_client_connect(client, gone.endpoint));
    since = now_ms();
    assert_status(ZROUTE_NOT_CONNECTED,
                  zroute_client_call(client, "f", PACKED("\xc0"), 50, &answer));
    assert_in_range(now_ms() - since, 50, PATIENCE_MS);
    assert_last_error(gone.endpoint);
    assert_null(answer);
    counters = counted(client);
    assert_int_equal(counters.not_connected, 2);
    assert_int_equal(counters.bytes_sent, 0);
    assert_status(ZROUTE_OK, zroute_client_free(client));
}

static void minus_1_is_the_clients_own_timeout(void **state)
{
    zroute_options *options = with_integer(NULL, "timeout_ms", 70);
    zroute_client *client;
    zroute_answer *answer;
    int64_t since;
    (void)state;
    assert_status(ZROUTE_OK, zroute_client_new(options, &client));
    zroute_options_free(options);
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    assert_answer("\x01", call_it(client, "echo", PACKED("\x01"))); /* connected now */
    since = now_ms();
    assert_status(ZROUTE_TIMEOUT,
                  zroute_client_call(client, "silent", PACKED("\xc0"), -1, &answer));
    assert_in_range(now_ms() - since, 70, PATIENCE_MS);
    assert_last_error("within 70 ms");
    assert_status(ZROUTE_OK, zroute_client_free(client));
}

static void calls_end_in_the_order_of_their_deadlines(void **state)
{
    uint64_t late, early, ended;
    zroute_answer *answer;
    assert_status(ZROUTE_OK, zroute_client_submit(*state, "silent", PACKED("\xc0"), 2000, &late));
    assert_status(ZROUTE_OK, zroute_client_submit(*state, "silent", PACKED("\xc0"), 30, &early));
    assert_status(ZROUTE_OK, zroute_client_collect(*state, -1, &answer));
    assert_status(ZROUTE_OK, zroute_answer_id(answer, &ended));
    assert_int_equal(ended, early);
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
    assert_status(ZROUTE_OK, zroute_client_collect(*state, -1, &answer));
    assert_status(ZROUTE_OK, zroute_answer_id(answer, &ended));
    assert_int_equal(ended, late);
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
}

static void a_server_may_come_later_than_its_client_and_come_back(void **state)
{
    char folder[FOLDER_SIZE], endpoint[64];
    struct pair pair;
    int round;
    (void)state;
    make_folder(folder);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/socket", folder);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &pair.client));
    assert_status(ZROUTE_OK, zroute_client_connect(pair.client, endpoint));
    for (round = 0; round < 3; round++) {
        uint64_t id = submitted(pair.client, "echo", PACKED("\x07"));
        assert_status(ZROUTE_OK, zroute_server_new(NULL, &pair.server));
        zroute_server_register(pair.server, "echo", echo, NULL, NULL);
        assert_status(ZROUTE_OK, zroute_server_bind(pair.server, endpoint));
        assert_answer("\x07", served(&pair, id));
        assert_status(ZROUTE_OK, zroute_server_free(pair.server));
    }
    assert_status(ZROUTE_OK, zroute_client_free(pair.client));
    unlink(endpoint + strlen("ipc://"));
    assert_int_equal(0, rmdir(folder));
}

/* --- Many calls --- */

static void in_flight(zroute_client *client, int count)
{
    uint64_t *ids = calloc((size_t)count, sizeof *ids);
    int index;
    assert_non_null(ids);
    for (index = 0; index < count; index++) {
        unsigned char packed[3] = {0xcd};
        packed[1] = (unsigned char)(index >> 8);
        packed[2] = (unsigned char)index;
        ids[index] = submitted(client, "echo", packed, 3);
    }
    assert_int_equal(counted(client).calls, count);
    for (index = count - 1; index >= 0; index--) {
        zroute_answer *answer;
        const void *data;
        size_t size;
        uint64_t id;
        assert_status(ZROUTE_OK, zroute_client_wait(client, ids[index], &answer));
        assert_status(ZROUTE_OK, zroute_answer_id(answer, &id));
        assert_int_equal(id, ids[index]);
        assert_status(ZROUTE_OK, zroute_answer_value(answer, &data, &size));
        assert_int_equal(((const unsigned char *)data)[1], (unsigned char)(index >> 8));
        assert_int_equal(((const unsigned char *)data)[2], (unsigned char)index);
        assert_status(ZROUTE_OK, zroute_answer_free(answer));
    }
    assert_int_equal(counted(client).answers, count);
    assert_int_equal(counted(client).unmatched, 0);
    free(ids);
}

static void calls_64_in_flight_each_get_their_own_answer(void **state)
{
    in_flight(*state, 64);
}

static void calls_5000_in_flight_each_get_their_own_answer(void **state)
{
    in_flight(*state, 5000);
}

static void calls_are_collected_as_they_end_and_each_once(void **state)
{
    zroute_answer *answer;
    uint64_t slow = submitted(*state, "silent", PACKED("\xc0")), id;
    int index;
    for (index = 0; index < 20; index++) {
        submitted(*state, "echo", PACKED("\x01"));
    }
    for (index = 0; index < 20; index++) {
        answer = collected(*state);
        assert_status(ZROUTE_OK, zroute_answer_id(answer, &id));
        assert_int_not_equal(id, slow);
        assert_status(ZROUTE_UNKNOWN_CALL, zroute_client_wait(*state, id, &answer));
        assert_answer("\x01", answer);
    }
    assert_status(ZROUTE_TIMEOUT, zroute_client_collect(*state, 0, &answer));
    assert_status(ZROUTE_TIMEOUT, zroute_client_collect(*state, 20, &answer));
    assert_int_equal(counted(*state).in_flight, 1);
    assert_status(ZROUTE_OK, zroute_client_cancel(*state, slow));
    assert_status(ZROUTE_END, zroute_client_collect(*state, -1, &answer));
    assert_int_equal(counted(*state).in_flight, 0);
}

static void looking_without_waiting_is_enough(void **state)
{
    zroute_answer *answer;
    zroute_status status;
    uint64_t id;
    int64_t since = now_ms();
    assert_status(ZROUTE_OK, zroute_client_submit(*state, "echo", PACKED("\x01"), PATIENCE_MS,
                                                  &id));
    do {
        status = zroute_client_collect(*state, 0, &answer);
    } while (status == ZROUTE_TIMEOUT && within_patience(since));
    assert_status(ZROUTE_OK, status);
    assert_answer("\x01", answer);
}

static void a_call_while_others_are_in_flight_does_not_mix_them_up(void **state)
{
    zroute_answer *answer;
    uint64_t first = submitted(*state, "echo", PACKED("\x01"));
    assert_answer("\x02", call_it(*state, "echo", PACKED("\x02")));
    assert_status(ZROUTE_OK, zroute_client_wait(*state, first, &answer));
    assert_answer("\x01", answer);
}

static void an_answer_outlives_its_client(void **state)
{
    zroute_client *client;
    zroute_answer *answer;
    (void)state;
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    answer = call_it(client, "echo", PACKED("\xa5hello"));
    assert_status(ZROUTE_OK, zroute_client_free(client));
    assert_answer("\xa5hello", answer);
}

static void a_client_is_freed_with_calls_in_flight(void **state)
{
    zroute_client *client;
    int index;
    (void)state;
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    for (index = 0; index < 100; index++) {
        submitted(client, index % 2 ? "echo" : "nobody", PACKED("\xc0"));
    }
    assert_status(ZROUTE_OK, zroute_client_free(client));
}

/* --- Several servers --- */

static void calls_are_shared_out_and_a_server_that_is_away_is_passed_over(void **state)
{
    struct running other;
    struct raw_socket gone;
    zroute_client *client;
    zroute_server_counters counters;
    int64_t since = now_ms();
    (void)state;
    raw_bind(&gone, ZMQ_ROUTER);
    raw_close(&gone);
    make_running(&other);
    run(&other);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, gone.endpoint));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    assert_status(ZROUTE_OK, zroute_client_connect(client, other.endpoint));
    for (;;) {
        int index;
        for (index = 0; index < 10; index++) {
            assert_answer("\x01", call_it(client, "echo", PACKED("\x01")));
        }
        stop_running(&other);
        assert_status(ZROUTE_OK, zroute_server_count(other.server, &counters));
        if (counters.calls > 0 && counted(client).answers > counters.calls) {
            break; /* both had some */
        }
        assert_true(within_patience(since));
        run(&other);
    }
    assert_int_equal(counted(client).not_connected, 0);
    assert_status(ZROUTE_OK, zroute_server_free(other.server));
    assert_status(ZROUTE_OK, zroute_client_free(client));
}

static void an_endpoint_that_cannot_be_used_is_told(void **state)
{
    assert_status(ZROUTE_BAD_ENDPOINT, zroute_client_connect(*state, "127.0.0.1:5555"));
    assert_last_error("expected tcp://host:port");
    assert_status(ZROUTE_BAD_ENDPOINT, zroute_client_connect(*state, "tcp://127.0.0.1"));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_client_connect(*state, "\xff"));
    assert_status(ZROUTE_UNREACHABLE, zroute_client_connect(*state, "tcp://127.0.0.1:*"));
    assert_answer("\x01", call_it(*state, "echo", PACKED("\x01")));
}

/* --- Counters --- */

static void everything_that_happens_is_counted(void **state)
{
    zroute_client_counters now, expected;
    zroute_answer *answer;
    uint64_t id;
    memset(&expected, 0, sizeof expected);
    now = counted(*state);
    assert_memory_equal(&now, &expected, sizeof now);
    assert_answer("\xa5hello", call_it(*state, "echo", PACKED("\xa5hello")));
    now = counted(*state);
    expected.calls = expected.answers = 1;
    expected.bytes_received = 6;
    expected.bytes_sent = now.bytes_sent;
    assert_true(now.bytes_sent > 6);
    assert_memory_equal(&now, &expected, sizeof now);
    assert_fault(12, "nothing", call_it(*state, "fail", PACKED("\xc0")));
    assert_status(ZROUTE_TIMEOUT,
                  zroute_client_call(*state, "silent", PACKED("\xc0"), 20, &answer));
    id = submitted(*state, "silent", PACKED("\xc0"));
    now = counted(*state);
    assert_int_equal(now.calls, 4);
    assert_int_equal(now.answers, 1);
    assert_int_equal(now.faults, 1);
    assert_int_equal(now.timeouts, 1);
    assert_int_equal(now.in_flight, 1);
    assert_status(ZROUTE_OK, zroute_client_cancel(*state, id));
    assert_int_equal(counted(*state).in_flight, 0);
}

/* --- Signals --- */

static void on_alarm(int signal)
{
    (void)signal;
}

static void alarm_every(int every_ms)
{
    struct sigaction action;
    struct itimerval timer;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    assert_int_equal(0, sigaction(SIGALRM, &action, NULL));
    timer.it_interval.tv_sec = 0;
    timer.it_interval.tv_usec = every_ms * 1000;
    timer.it_value = timer.it_interval;
    assert_int_equal(0, setitimer(ITIMER_REAL, &timer, NULL));
}

static void a_signal_gives_a_call_up_and_only_interrupts_a_wait(void **state)
{
    zroute_answer *answer = NULL;
    uint64_t id;
    const void *results;
    size_t size;
    alarm_every(5);
    assert_status(ZROUTE_INTERRUPTED, zroute_client_call(*state, "silent", PACKED("\xc0"),
                                                         PATIENCE_MS, &answer));
    assert_int_equal(counted(*state).in_flight, 0);
    id = submitted(*state, "silent", PACKED("\xc0"));
    assert_status(ZROUTE_INTERRUPTED, zroute_client_wait(*state, id, &answer));
    assert_status(ZROUTE_INTERRUPTED, zroute_client_collect(*state, -1, &answer));
    assert_status(ZROUTE_INTERRUPTED,
                  zroute_client_exchange(*state, NULL, 0, 0, -1, -1, &results, &size));
    alarm_every(0);
    assert_null(answer);
    assert_int_equal(counted(*state).in_flight, 1);
    assert_status(ZROUTE_OK, zroute_client_cancel(*state, id));
    id = submitted(*state, "echo", PACKED("\x01"));
    assert_status(ZROUTE_OK, zroute_client_wait(*state, id, &answer));
    assert_answer("\x01", answer);
}

/* --- Declared --- */

static void a_call_that_is_declared_idempotent_is_answered_as_any(void **state)
{
    zroute_answer *answer;
    uint64_t id;
    assert_status(ZROUTE_OK, zroute_client_call_with(*state, "echo", PACKED("\x07"), PATIENCE_MS,
                                                     ZROUTE_IDEMPOTENT, &answer));
    assert_answer("\x07", answer);
    assert_status(ZROUTE_OK, zroute_client_submit_with(*state, "echo", PACKED("\x08"), PATIENCE_MS,
                                                       ZROUTE_IDEMPOTENT, &id));
    assert_status(ZROUTE_OK, zroute_client_wait(*state, id, &answer));
    assert_answer("\x08", answer);
}

static void what_is_declared_is_a_sum_of_flags(void **state)
{
    zroute_answer *answer;
    uint64_t id;
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_client_call_with(*state, "echo", PACKED("\x07"), -1, 4,
                                                               &answer));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_client_call_with(*state, "echo", PACKED("\x07"), -1,
                                                               ZROUTE_ONE_WAY, &answer));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_client_submit_with(*state, "echo", PACKED("\x07"), -1,
                                                                 -1, &id));
    assert_int_equal(counted(*state).calls, 0);
}

static void a_notification_leaves_nothing_to_collect(void **state)
{
    zroute_answer *answer;
    zroute_server_health health;
    int64_t since = now_ms();
    assert_status(ZROUTE_OK, zroute_client_notify(*state, "echo", PACKED("\x07")));
    assert_status(ZROUTE_END, zroute_client_collect(*state, -1, &answer));
    while (counted(*state).in_flight > 0 && within_patience(since)) {
        assert_status(ZROUTE_OK, zroute_client_server(*state, 0, &health));
    }
    assert_int_equal(counted(*state).answers, 1);
    assert_int_equal(counted(*state).unmatched, 0);
}

static void a_clients_servers_tell_how_they_are(void **state)
{
    zroute_server_health health;
    zroute_answer *answer;
    assert_status(ZROUTE_OK, zroute_client_call(*state, "echo", PACKED("\x07"), PATIENCE_MS, &answer));
    assert_answer("\x07", answer);
    assert_status(ZROUTE_OK, zroute_client_server(*state, 0, &health));
    assert_memory_equal(health.endpoint, "tcp://", 6);
    assert_int_equal(health.state, ZROUTE_UP);
    assert_int_equal(health.in_flight + health.failures, 0);
    assert_string_equal(health.trouble, "");
    assert_status(ZROUTE_END, zroute_client_server(*state, 1, &health));
}

static void a_shared_client_is_the_same_until_it_is_freed(void **state)
{
    zroute_client *first, *second;
    uint64_t id;
    int made;
    (void)state;
    assert_status(ZROUTE_OK, zroute_client_shared("a", NULL, &made, &first));
    assert_int_equal(made, 1);
    assert_status(ZROUTE_OK, zroute_client_submit(first, "echo", PACKED("\x07"), -1, &id));
    assert_status(ZROUTE_OK, zroute_client_shared("a", NULL, &made, &second));
    assert_int_equal(made, 0);
    assert_ptr_equal(first, second);
    assert_int_equal(counted(first).in_flight, 0); /* given up */
    assert_status(ZROUTE_OK, zroute_client_shared("b", NULL, &made, &second));
    assert_int_equal(made, 1);
    assert_status(ZROUTE_OK, zroute_client_free(second));
    assert_status(ZROUTE_OK, zroute_client_free(first));
    assert_status(ZROUTE_OK, zroute_client_shared("a", NULL, &made, &second));
    assert_int_equal(made, 1);
    assert_ptr_not_equal(first, second);
    assert_status(ZROUTE_OK, zroute_client_free(second));
}

/* --- Exchange --- */

static zroute_status exchange(zroute_client *client, const void *calls, size_t size,
                              int64_t wait_for, int timeout_ms, const void **results,
                              size_t *results_size)
{
    return zroute_client_exchange(client, calls, size, 0, wait_for, timeout_ms, results,
                                  results_size);
}

static void an_exchange_begins_calls_and_brings_what_ended(void **state)
{
    const void *results;
    size_t size;
    assert_status(ZROUTE_OK, exchange(*state, PACKED("\x95\x07\xa4" "echo\x91\x05\xff\x00"), 7,
                                      PATIENCE_MS, &results, &size));
    assert_packed(results, size, "\x93\x07\x00\x91\x05");
    assert_status(ZROUTE_OK, exchange(*state, PACKED("\x95\x01\xa4" "fail\xc0\xff\x01"), -1,
                                      PATIENCE_MS, &results, &size));
    assert_packed(results, size, "\x93\x01\x28\x93\x0c\xaaOutOfStock\xafnothing is left");
}

static void an_exchange_waits_for_the_call_that_is_named(void **state)
{
    const void *results;
    size_t size;
    zroute_reader *reader;
    int64_t since = now_ms(), number, status, value, ended = 0;
    assert_status(ZROUTE_OK, zroute_reader_new(PACKED("\xc0"), &reader));
    /* The function may be bin, and there may be several calls. */
    assert_status(ZROUTE_OK,
                  exchange(*state, PACKED("\x9a\x01\xc4\x04" "echo\x08\xff\x00\x02\xa4" "echo\x09\xff\x00"),
                           2, PATIENCE_MS, &results, &size));
    for (;;) {
        uint32_t values = 0;
        if (size > 0) {
            assert_status(ZROUTE_OK, zroute_reader_reset(reader, results, size));
            assert_status(ZROUTE_OK, zroute_reader_array(reader, &values));
        }
        for (; values > 0; values -= 3) {
            assert_status(ZROUTE_OK, zroute_reader_integer(reader, &number));
            assert_status(ZROUTE_OK, zroute_reader_integer(reader, &status));
            assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
            assert_int_equal(status, ZROUTE_OK);
            assert_int_equal(value, number + 7);
            ended += number; /* 1 and 2 */
        }
        assert_true(ended >= 2); /* the second came, the first perhaps */
        if (ended == 3) {
            break;
        }
        assert_true(within_patience(since));
        assert_status(ZROUTE_OK, exchange(*state, NULL, 0, 1, PATIENCE_MS, &results, &size));
    }
    assert_status(ZROUTE_OK, zroute_reader_free(reader));
}

static void an_exchange_tells_how_each_call_failed(void **state)
{
    const void *results;
    size_t size;
    zroute_reader *reader;
    uint32_t count;
    int64_t number, status;
    const void *text;
    size_t length;
    assert_answer("\x01", call_it(*state, "echo", PACKED("\x01"))); /* connected now */
    assert_status(ZROUTE_OK, exchange(*state, PACKED("\x95\x03\xa6silent\xc0\x14\x00"), 3, PATIENCE_MS,
                                      &results, &size));
    assert_status(ZROUTE_OK, zroute_reader_new(results, size, &reader));
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &count));
    assert_int_equal(count, 3);
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &number));
    assert_int_equal(number, 3);
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &status));
    assert_int_equal(status, ZROUTE_TIMEOUT);
    assert_status(ZROUTE_OK, zroute_reader_bytes(reader, &text, &length));
    assert_true(length > 20);
    assert_memory_equal(text, "silent at tcp://", 16);
    assert_status(ZROUTE_OK, zroute_reader_free(reader));
    /* One that cannot be begun has ended; the other goes on. */
    assert_status(ZROUTE_OK, exchange(*state, PACKED("\x9a\x01\xa1\xff\xc0\xff\x00\x02\xa4" "echo\x05\xff\x00"),
                                      -1, PATIENCE_MS, &results, &size));
    assert_memory_equal(results, "\x93\x01\x0a", 3);
    assert_status(ZROUTE_OK, exchange(*state, NULL, 0, 2, PATIENCE_MS, &results, &size));
    assert_packed(results, size, "\x93\x02\x00\x05");
}

static void an_exchange_waits_no_longer_than_it_may(void **state)
{
    const void *results = state;
    size_t size = 77;
    int64_t since = now_ms();
    assert_status(ZROUTE_OK, exchange(*state, PACKED("\x95\x03\xa6silent\xc0\xff\x00"), -1, 40, &results,
                                      &size));
    assert_in_range(now_ms() - since, 40, PATIENCE_MS);
    assert_int_equal(size, 0);
    assert_status(ZROUTE_OK, exchange(*state, NULL, 0, -2, -1, &results, &size));
    assert_int_equal(size, 0);
    /* Waiting for a number that is not in flight is no wait. */
    assert_status(ZROUTE_OK, exchange(*state, NULL, 0, 99, -1, &results, &size));
    assert_int_equal(size, 0);
}

static void an_exchange_refuses_what_is_no_list_of_calls(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        zroute_status status;
    } cases[] = {
        {PACKED("\xc1"), ZROUTE_INVALID_VALUE},
        {PACKED("\x80"), ZROUTE_WRONG_TYPE},
        {PACKED("\x93\x01\xa4" "echo\xc0"), ZROUTE_BAD_ARGUMENT},
        {PACKED("\x94\x01\xa4" "echo\xc0\xff"), ZROUTE_BAD_ARGUMENT},
        {PACKED("\x95\x01\xa4" "echo\xc0\xff"), ZROUTE_INVALID_VALUE},
        {PACKED("\x95\xa1x\xa4" "echo\xc0\xff\x00"), ZROUTE_WRONG_TYPE},
        {PACKED("\x95\x01\x05\xc0\xff\x00"), ZROUTE_WRONG_TYPE},
        {PACKED("\x95\x01\xa4" "echo\xc0\xc0\x00"), ZROUTE_WRONG_TYPE},
        {PACKED("\x95\x01\xa4" "echo\xc0\xff\xc0"), ZROUTE_WRONG_TYPE},
        {PACKED("\x90\x90"), ZROUTE_INVALID_VALUE},
    };
    const void *results = state;
    size_t size = 77, index;
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        zroute_status status = exchange(*state, cases[index].bytes, cases[index].size, -2, 0,
                                        &results, &size);
        if (status != cases[index].status) {
            fail_msg("case %zu: %s", index, zroute_status_name(status));
        }
    }
    assert_ptr_equal(results, state);
    assert_int_equal(size, 77);
    assert_int_equal(counted(*state).calls, 0);
}

static void an_exchange_that_only_looks_is_enough(void **state)
{
    const void *results;
    size_t size;
    int64_t since = now_ms();
    assert_status(ZROUTE_OK, exchange(*state, PACKED("\x95\x07\xa4" "echo\x05\xcd\xea\x60\x00"), -2, 0,
                                      &results, &size));
    while (size == 0 && within_patience(since)) {
        assert_status(ZROUTE_OK, exchange(*state, NULL, 0, -2, 0, &results, &size));
    }
    assert_packed(results, size, "\x93\x07\x00\x05");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_call_gets_its_answer),
        TEST(a_fault_comes_with_code_name_and_message),
        TEST(parameters_are_one_whole_value),
        TEST(a_request_over_the_limit_is_not_sent),
        TEST(a_call_without_an_answer_ends_in_time_and_says_where),
        TEST(a_call_to_nobody_ends_in_time_and_was_not_sent),
        TEST(minus_1_is_the_clients_own_timeout),
        TEST(calls_end_in_the_order_of_their_deadlines),
        TEST(a_server_may_come_later_than_its_client_and_come_back),
        TEST(calls_64_in_flight_each_get_their_own_answer),
        TEST(calls_5000_in_flight_each_get_their_own_answer),
        TEST(calls_are_collected_as_they_end_and_each_once),
        TEST(looking_without_waiting_is_enough),
        TEST(a_call_while_others_are_in_flight_does_not_mix_them_up),
        TEST(an_answer_outlives_its_client),
        TEST(a_client_is_freed_with_calls_in_flight),
        TEST(calls_are_shared_out_and_a_server_that_is_away_is_passed_over),
        TEST(an_endpoint_that_cannot_be_used_is_told),
        TEST(everything_that_happens_is_counted),
        TEST(a_signal_gives_a_call_up_and_only_interrupts_a_wait),
        TEST(a_call_that_is_declared_idempotent_is_answered_as_any),
        TEST(what_is_declared_is_a_sum_of_flags),
        TEST(a_notification_leaves_nothing_to_collect),
        TEST(a_clients_servers_tell_how_they_are),
        TEST(a_shared_client_is_the_same_until_it_is_freed),
        TEST(an_exchange_begins_calls_and_brings_what_ended),
        TEST(an_exchange_waits_for_the_call_that_is_named),
        TEST(an_exchange_tells_how_each_call_failed),
        TEST(an_exchange_waits_no_longer_than_it_may),
        TEST(an_exchange_refuses_what_is_no_list_of_calls),
        TEST(an_exchange_that_only_looks_is_enough),
    };
    return cmocka_run_group_tests_name("client", tests, start_server, stop_server);
}
