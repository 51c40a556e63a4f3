/* Endpoints, stepping, stopping and counting. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <zmq.h>

#include "folder.h"
#include "raw_socket.h"
#include "running.h"

/* --- Endpoints --- */

static void port_0_becomes_a_port(void **state)
{
    struct pair *pair = *state;
    int port;
    assert_int_equal(1, sscanf(pair->endpoint, "tcp://127.0.0.1:%d", &port));
    assert_in_range(port, 1, 65535);
}

static void every_endpoint_is_served_and_told(void **state)
{
    struct pair *pair = *state;
    char folder[FOLDER_SIZE];
    char ipc[64];
    const char *endpoint, *before = pair->endpoint;
    size_t index;
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    make_folder(folder);
    snprintf(ipc, sizeof ipc, "ipc://%s/socket", folder);
    assert_status(ZROUTE_OK, zroute_server_bind(pair->server, "tcp://127.0.0.1:*"));
    assert_status(ZROUTE_OK, zroute_server_bind(pair->server, ipc));
    for (index = 0; index < 3; index++) {
        struct pair other = *pair;
        assert_status(ZROUTE_OK, zroute_server_endpoint(pair->server, index, &endpoint));
        assert_status(ZROUTE_OK, zroute_client_new(NULL, &other.client));
        assert_status(ZROUTE_OK, zroute_client_connect(other.client, endpoint));
        assert_answer("\x01", called(&other, "echo", PACKED("\x01")));
        assert_status(ZROUTE_OK, zroute_client_free(other.client));
    }
    assert_string_equal(endpoint, ipc);
    assert_status(ZROUTE_END, zroute_server_endpoint(pair->server, 3, &endpoint));
    assert_status(ZROUTE_OK, zroute_server_endpoint(pair->server, 0, &endpoint));
    assert_ptr_equal(endpoint, before);
    assert_status(ZROUTE_OK, zroute_server_free(pair->server));
    pair->server = NULL;
    unlink(ipc + strlen("ipc://")); /* libzmq leaves it behind */
    assert_int_equal(0, rmdir(folder));
}

static void a_bind_that_fails_says_what_and_why(void **state)
{
    static const struct {
        const char *endpoint;
        zroute_status status;
        const char *words;
    } cases[] = {
        {"", ZROUTE_BAD_ENDPOINT, "expected tcp://host:port"},
        {"127.0.0.1:5555", ZROUTE_BAD_ENDPOINT, "expected tcp://host:port"},
        {"tcp://127.0.0.1", ZROUTE_BAD_ENDPOINT, "a port is missing"},
        {"tcp://127.0.0.1:http", ZROUTE_BAD_ENDPOINT, "number from 0 to 65535"},
        {"tcp://127.0.0.1:65536", ZROUTE_BAD_ENDPOINT, "number from 0 to 65535"},
        {"udp://127.0.0.1:5555", ZROUTE_BAD_ENDPOINT, "unknown kind"},
        {"ipc://", ZROUTE_BAD_ENDPOINT, "nothing follows"},
        {"tcp://192.0.2.1:5555", ZROUTE_UNREACHABLE, "cannot bind tcp://192.0.2.1:5555"},
        {"ipc:///tmp/zroute-no-such-folder/socket", ZROUTE_UNREACHABLE,
         "cannot bind ipc:///tmp/zroute-no-such-folder/socket"},
        {"\xff", ZROUTE_BAD_ARGUMENT, "UTF-8"},
    };
    struct pair *pair = *state;
    const char *endpoint;
    size_t index;
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_status(cases[index].status,
                      zroute_server_bind(pair->server, cases[index].endpoint));
        assert_last_error(cases[index].words);
    }
    assert_status(ZROUTE_UNREACHABLE, zroute_server_bind(pair->server, pair->endpoint));
    assert_last_error("Address already in use");
    assert_status(ZROUTE_END, zroute_server_endpoint(pair->server, 1, &endpoint));
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_answer("\x01", called(pair, "echo", PACKED("\x01")));
}

/* --- Steps --- */

static void a_step_waits_no_longer_than_it_may(void **state)
{
    struct pair *pair = *state;
    size_t calls = 77;
    int64_t since;
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, &calls));
    assert_int_equal(calls, 0);
    since = now_ms();
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 50, &calls));
    assert_in_range(now_ms() - since, 50, PATIENCE_MS);
    assert_int_equal(calls, 0);
}

static void a_step_tells_how_many_callbacks_ran(void **state)
{
    struct pair *pair = *state;
    size_t calls, sum = 0;
    int64_t since = now_ms();
    int index;
    zroute_answer *answer;
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_answer("\x01", called(pair, "echo", PACKED("\x01")));
    for (index = 0; index < 10; index++) {
        submit(pair, "echo", PACKED("\x01"));
        submit(pair, "nobody", PACKED("\x01"));
    }
    while (sum < 10 && within_patience(since)) {
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, &calls));
        sum += calls;
    }
    assert_int_equal(sum, 10);
    for (index = 0; index < 20; index++) {
        answer = collected(pair->client);
        assert_status(ZROUTE_OK, zroute_answer_free(answer));
    }
}

static void a_wait_for_ever_with_nothing_bound_is_refused_at_once(void **state)
{
    zroute_server *server;
    const void *batch;
    size_t size;
    (void)state;
    assert_status(ZROUTE_OK, zroute_server_new(NULL, &server));
    assert_status(ZROUTE_BAD_STATE, zroute_server_run(server));
    assert_last_error("call zroute_server_bind first");
    assert_status(ZROUTE_BAD_STATE, zroute_server_step(server, -1, NULL));
    assert_status(ZROUTE_BAD_STATE, zroute_server_exchange(server, NULL, 0, 1, -1, &batch, &size));
    assert_status(ZROUTE_OK, zroute_server_step(server, 1, NULL));
    assert_status(ZROUTE_OK, zroute_server_exchange(server, NULL, 0, 1, 1, &batch, &size));
    assert_int_equal(size, 0);
    assert_status(ZROUTE_OK, zroute_server_stop(server));
    assert_status(ZROUTE_OK, zroute_server_run(server));
    assert_status(ZROUTE_OK, zroute_server_free(server));
}

/* --- Stops --- */

static void a_stop_before_the_run_ends_it_and_is_used_up(void **state)
{
    struct pair *pair = *state;
    size_t calls = 77;
    assert_status(ZROUTE_OK, zroute_server_stop(pair->server));
    assert_status(ZROUTE_OK, zroute_server_stop(pair->server));
    assert_status(ZROUTE_OK, zroute_server_run(pair->server));
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, &calls));
    assert_status(ZROUTE_OK, zroute_server_stop(pair->server));
    calls = 77;
    assert_status(ZROUTE_STOPPED, zroute_server_step(pair->server, -1, &calls));
    assert_int_equal(calls, 77);
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, &calls));
}

static void a_stop_reaches_its_own_server_alone(void **state)
{
    struct pair *pair = *state;
    zroute_server *other;
    assert_status(ZROUTE_OK, zroute_server_new(NULL, &other));
    assert_status(ZROUTE_OK, zroute_server_stop(other));
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, NULL));
    assert_status(ZROUTE_STOPPED, zroute_server_step(other, 0, NULL));
    assert_status(ZROUTE_OK, zroute_server_free(other));
    assert_status(ZROUTE_BAD_HANDLE, zroute_server_stop(other));
}

static void another_thread_stops_a_run_again_and_again(void **state)
{
    struct running running;
    int index;
    (void)state;
    make_running(&running);
    for (index = 0; index < 100; index++) {
        run(&running);
        stop_running(&running);
    }
    assert_status(ZROUTE_OK, zroute_server_free(running.server));
}

static void stops(zroute_call *call, void *userdata)
{
    zroute_call_answer(call, PACKED("\x01"));
    zroute_server_stop(userdata);
}

static void a_callback_stops_its_run_and_its_answer_is_sent(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    zroute_server_register(pair->server, "f", stops, pair->server, NULL);
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME(CALL_OF_F));
    assert_status(ZROUTE_OK, zroute_server_run(pair->server));
    raw_awaited(&peer, &answer);
    assert_body("\x01", &answer);
    raw_close(&peer);
}

static void a_busy_server_is_stopped_too(void **state)
{
    struct pair *pair = *state;
    zroute_server_counters counters;
    zroute_answer *answer;
    int index;
    zroute_server_register(pair->server, "f", stops, pair->server, NULL);
    assert_fault(-32601, "nobody", called(pair, "nobody", PACKED("\xc0"))); /* connected now */
    for (index = 0; index < 50; index++) {
        submit(pair, "f", PACKED("\xc0"));
    }
    /* All are there when it runs. */
    assert_status(ZROUTE_TIMEOUT, zroute_client_collect(pair->client, 500, &answer));
    assert_status(ZROUTE_OK, zroute_server_run(pair->server));
    assert_status(ZROUTE_OK, zroute_server_count(pair->server, &counters));
    assert_int_equal(counters.calls, 1);
    assert_int_equal(counters.faults_shutting_down, 49);
}

static zroute_server *volatile to_stop;
static volatile sig_atomic_t signals;

static void stops_it(int signal)
{
    (void)signal;
    signals++;
    zroute_server_stop(to_stop);
}

static void only_counts(int signal)
{
    (void)signal;
    signals++;
}

/* SIGALRM every few milliseconds until `every_ms` is 0. */
static void alarm_every(int every_ms, void (*handler)(int), int flags)
{
    struct sigaction action;
    struct itimerval timer;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    action.sa_flags = flags;
    assert_int_equal(0, sigaction(SIGALRM, &action, NULL));
    timer.it_interval.tv_sec = 0;
    timer.it_interval.tv_usec = every_ms * 1000;
    timer.it_value = timer.it_interval;
    assert_int_equal(0, setitimer(ITIMER_REAL, &timer, NULL));
}

static void a_signal_handler_stops_a_run(void **state)
{
    struct pair *pair = *state;
    zroute_status status;
    to_stop = pair->server;
    signals = 0;
    alarm_every(5, stops_it, 0);
    do {
        status = zroute_server_run(pair->server);
    } while (status == ZROUTE_INTERRUPTED);
    alarm_every(0, SIG_IGN, 0);
    assert_status(ZROUTE_OK, status);
    assert_true(signals > 0);
}

static void a_stop_keeps_errno(void **state)
{
    struct pair *pair = *state;
    errno = 77;
    assert_status(ZROUTE_OK, zroute_server_stop(pair->server));
    assert_int_equal(errno, 77);
    assert_status(ZROUTE_BAD_HANDLE, zroute_server_stop(NULL));
    assert_int_equal(errno, 77);
}

static void a_signal_interrupts_a_run_and_a_step(void **state)
{
    struct pair *pair = *state;
    int flags[] = {0, SA_RESTART}, index;
    size_t calls = 77;
    for (index = 0; index < 2; index++) {
        alarm_every(5, only_counts, flags[index]);
        assert_status(ZROUTE_INTERRUPTED, zroute_server_run(pair->server));
        assert_last_error("signal");
        assert_status(ZROUTE_INTERRUPTED, zroute_server_step(pair->server, -1, &calls));
        alarm_every(0, SIG_IGN, 0);
    }
    assert_int_equal(calls, 77);
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_answer("\x01", called(pair, "echo", PACKED("\x01")));
}

/* --- Counters --- */

static void answers_by_parameter(zroute_call *call, void *userdata)
{
    const void *data;
    size_t size;
    zroute_reader *reader;
    int64_t code;
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_parameters(call, &data, &size));
    assert_status(ZROUTE_OK, zroute_reader_new(data, size, &reader));
    if (zroute_reader_integer(reader, &code) == ZROUTE_OK) {
        assert_status(ZROUTE_OK, zroute_call_fail(call, code, NULL, "as asked"));
    } else {
        assert_status(ZROUTE_OK, zroute_call_answer(call, data, size));
    }
    assert_status(ZROUTE_OK, zroute_reader_free(reader));
}

static zroute_server_counters counted(struct pair *pair)
{
    zroute_server_counters counters;
    assert_status(ZROUTE_OK, zroute_server_count(pair->server, &counters));
    return counters;
}

static void everything_that_happens_is_counted(void **state)
{
    zroute_options *options = with_integer(NULL, "max_message", 200);
    struct pair *pair;
    struct raw_socket peer;
    struct message answer;
    zroute_server_counters now, expected;
    static const char too_large[300];
    (void)state;
    options = with_integer(options, "max_open_calls", 1);
    pair = make_pair_with(options, NULL);
    zroute_options_free(options);
    zroute_server_register(pair->server, "f", answers_by_parameter, NULL, NULL);
    memset(&expected, 0, sizeof expected);
    now = counted(pair);
    assert_memory_equal(&now, &expected, sizeof now);

    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);
#define SEND(...)                                                                   \
    do {                                                                            \
        const struct frame frames[] = {FRAME(""), __VA_ARGS__};                     \
        raw_send(&peer, frames, sizeof frames / sizeof frames[0]);                  \
        raw_served(&peer, pair, &answer);                                           \
        expected.requests++;                                                        \
        expected.bytes_sent += answer.frames[answer.count - 1].size;                \
        expected.bytes_received += frames[1].size;                                  \
        now = counted(pair);                                                        \
    } while (0)
#define CALL_WITH(parameters) FRAME("\x82\xad" "function_name\xa1" "f\xaaparameters" parameters)

    SEND(CALL_WITH("\xa3" "yes"));
    expected.calls++;
    expected.answers++;
    assert_memory_equal(&now, &expected, sizeof now);

#define REFUSED(field, frame)                                \
    SEND(frame);                                             \
    expected.refused++;                                      \
    expected.field++;                                        \
    assert_memory_equal(&now, &expected, sizeof now)
    REFUSED(faults_parse, FRAME("\xc1"));
    REFUSED(faults_request, FRAME("\x90"));
    REFUSED(faults_unknown_function, FRAME("\x82\xad" "function_name\xa1" "g\xaaparameters\xc0"));
    REFUSED(faults_deadline, FRAME("\x83\xad" "function_name\xa1" "f\xaaparameters\xc0"
                                   "\xab" "deadline_ms\x00"));
    {
        struct frame frame = {too_large, sizeof too_large};
        REFUSED(faults_too_large, frame);
        assert_int_equal(fault_code(&answer), -32004);
    }

#define FAILED(field, parameters)                            \
    SEND(CALL_WITH(parameters));                             \
    expected.calls++;                                        \
    expected.field++;                                        \
    assert_memory_equal(&now, &expected, sizeof now)
    FAILED(faults_parse, "\xd1\x80\x44");
    FAILED(faults_request, "\xd1\x80\xa8");
    FAILED(faults_unknown_function, "\xd1\x80\xa7");
    FAILED(faults_parameters, "\xd1\x80\xa6");
    FAILED(faults_handler, "\xd1\x80\xa5");
    FAILED(faults_deadline, "\xd1\x82\xff");
    FAILED(faults_overloaded, "\xd1\x82\xfe");
    FAILED(faults_forbidden, "\xd1\x82\xfd");
    FAILED(faults_too_large, "\xd1\x82\xfc");
    FAILED(faults_cancelled, "\xd1\x82\xfa");
    FAILED(faults_application, "\x01");

    {
        zroute_call *kept = NULL;
        int64_t since = now_ms();
        zroute_server_register(pair->server, "f", keep, &kept, NULL);
        raw_send_frames(&peer, FRAME(""), CALL_WITH("\xc0"));
        while (kept == NULL && within_patience(since)) {
            assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
        }
        assert_int_equal(counted(pair).open, 1);
        SEND(CALL_WITH("\xc0"));
        assert_int_equal(now.refused, expected.refused + 1);
        assert_int_equal(now.faults_overloaded, expected.faults_overloaded + 1);
        assert_int_equal(fault_code(&answer), -32002);
        assert_status(ZROUTE_OK, zroute_call_answer(kept, PACKED("\xc0")));
        raw_served(&peer, pair, &answer);
        now = counted(pair);
        assert_int_equal(now.open, 0);
        assert_int_equal(now.answers, 2);
    }
    raw_close(&peer);
    state = (void **)&pair;
    free_pair(state);
}

static void an_answer_to_a_peer_that_has_left_is_counted(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    zroute_call *kept = NULL, *calls[100];
    int64_t since = now_ms();
    int index;
    zroute_server_register(pair->server, "f", keep, &kept, NULL);
    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);
    for (index = 0; index < 100; index++) {
        kept = NULL;
        raw_send_frames(&peer, FRAME(""), FRAME(CALL_OF_F));
        while (kept == NULL && within_patience(since)) {
            assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
        }
        calls[index] = kept;
    }
    raw_close(&peer);
    /* When the server learns that it has left is the network's matter. */
    for (index = 0; index < 100; index++) {
        if (counted(pair).undeliverable == 0) {
            assert_status(ZROUTE_OK, zroute_server_step(pair->server, 10, NULL));
        }
        assert_status(ZROUTE_OK, zroute_call_answer(calls[index], PACKED("\xc0")));
    }
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, NULL));
    assert_true(counted(pair).undeliverable > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pair, free_pair)
    const struct CMUnitTest tests[] = {
        TEST(port_0_becomes_a_port),
        TEST(every_endpoint_is_served_and_told),
        TEST(a_bind_that_fails_says_what_and_why),
        TEST(a_step_waits_no_longer_than_it_may),
        TEST(a_step_tells_how_many_callbacks_ran),
        cmocka_unit_test(a_wait_for_ever_with_nothing_bound_is_refused_at_once),
        TEST(a_stop_before_the_run_ends_it_and_is_used_up),
        TEST(a_stop_reaches_its_own_server_alone),
        cmocka_unit_test(another_thread_stops_a_run_again_and_again),
        TEST(a_callback_stops_its_run_and_its_answer_is_sent),
        TEST(a_busy_server_is_stopped_too),
        TEST(a_signal_handler_stops_a_run),
        TEST(a_stop_keeps_errno),
        TEST(a_signal_interrupts_a_run_and_a_step),
        cmocka_unit_test(everything_that_happens_is_counted),
        TEST(an_answer_to_a_peer_that_has_left_is_counted),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
