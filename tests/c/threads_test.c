/* Many threads: each with its own handles, or all at the same one. */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>

#include "function_table.h"
#include "running.h"

#define THREADS 8

/* What a thread brings back; it must not assert itself. */
struct work {
    pthread_t thread;
    const struct running *running;
    zroute_client *client;
    int number;
    int failures;
    int busy;
    int done;
};

static void start(struct work *work, int count, void *(*body)(void *), const struct running *running,
                  zroute_client *client)
{
    int index;
    memset(work, 0, sizeof *work * (size_t)count);
    for (index = 0; index < count; index++) {
        work[index].running = running;
        work[index].client = client;
        work[index].number = index;
        assert_int_equal(0, pthread_create(&work[index].thread, NULL, body, &work[index]));
    }
}

static void join(struct work *work, int count)
{
    int index;
    for (index = 0; index < count; index++) {
        assert_int_equal(0, pthread_join(work[index].thread, NULL));
    }
}

static void *calls_with_its_own_client(void *argument)
{
    struct work *work = argument;
    zroute_client *client = NULL;
    int index;
    if (zroute_client_new(NULL, &client) != ZROUTE_OK
        || zroute_client_connect(client, work->running->endpoint) != ZROUTE_OK) {
        work->failures++;
    }
    for (index = 0; index < 200; index++) {
        zroute_answer *answer = NULL;
        const void *data;
        size_t size;
        unsigned char packed[3] = {0x92};
        packed[1] = (unsigned char)work->number;
        packed[2] = (unsigned char)(index & 0x7f);
        if (zroute_client_call(client, "echo", packed, 3, PATIENCE_MS, &answer) != ZROUTE_OK
            || zroute_answer_value(answer, &data, &size) != ZROUTE_OK || size != 3
            || memcmp(data, packed, 3) != 0) {
            work->failures++;
        }
        work->done++;
        zroute_answer_free(answer);
    }
    zroute_client_free(client);
    return NULL;
}

static void threads_with_a_client_each_call_one_server(void **state)
{
    struct running running;
    struct work work[THREADS];
    zroute_server_counters counters;
    int index;
    (void)state;
    make_running(&running);
    run(&running);
    start(work, THREADS, calls_with_its_own_client, &running, NULL);
    join(work, THREADS);
    for (index = 0; index < THREADS; index++) {
        assert_int_equal(work[index].failures, 0);
        assert_int_equal(work[index].done, 200);
    }
    stop_running(&running);
    assert_status(ZROUTE_OK, zroute_server_count(running.server, &counters));
    assert_int_equal(counters.answers, THREADS * 200);
    assert_status(ZROUTE_OK, zroute_server_free(running.server));
}

static void *hammers_a_client(void *argument)
{
    struct work *work = argument;
    int index;
    for (index = 0; index < 1000; index++) {
        zroute_answer *answer = NULL;
        zroute_client_counters counters;
        zroute_status status = index % 2
                                   ? zroute_client_count(work->client, &counters)
                                   : zroute_client_call(work->client, "echo", PACKED("\x91\x05"),
                                                        PATIENCE_MS, &answer);
        if (status == ZROUTE_BUSY) {
            work->busy++;
        } else if (status != ZROUTE_OK) {
            work->failures++;
        } else if (index % 2 == 0) {
            const void *data;
            size_t size;
            if (zroute_answer_value(answer, &data, &size) != ZROUTE_OK || size != 2
                || memcmp(data, "\x91\x05", 2) != 0) {
                work->failures++;
            }
            zroute_answer_free(answer);
            work->done++;
        }
    }
    return NULL;
}

static void threads_at_one_client_are_served_or_told_that_it_is_busy(void **state)
{
    struct running running;
    struct work work[2];
    zroute_client *client;
    zroute_client_counters counters;
    (void)state;
    make_running(&running);
    run(&running);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    start(work, 2, hammers_a_client, NULL, client);
    join(work, 2);
    assert_int_equal(work[0].failures + work[1].failures, 0);
    assert_true(work[0].done + work[1].done > 0);
    assert_status(ZROUTE_OK, zroute_client_count(client, &counters));
    assert_int_equal(counters.answers, work[0].done + work[1].done);
    assert_status(ZROUTE_OK, zroute_client_free(client));
    free_running(&running);
}

/* --- A server that runs --- */

static void *tries_every_function(void *argument)
{
    struct work *work = argument;
    struct handles none;
    size_t row;
    memset(&none, 0, sizeof none);
    for (row = 0; row < function_count; row++) {
        if (functions[row].kind != SERVER || strcmp(functions[row].name, "zroute_server_stop") == 0) {
            continue;
        }
        work->done++;
        if (attempted(&functions[row], &none, work->running->server, -1) != ZROUTE_BUSY) {
            print_error("%s is not busy\n", functions[row].name);
            work->failures++;
        }
    }
    return NULL;
}

/* Runs in a callback, so that the server runs for sure. */
static void lets_another_thread_try(zroute_call *call, void *userdata)
{
    struct work *work = userdata;
    zroute_server_counters counters;
    pthread_create(&work->thread, NULL, tries_every_function, work);
    pthread_join(work->thread, NULL);
    if (zroute_server_count(work->running->server, &counters) != ZROUTE_OK) {
        work->failures++;
    }
    zroute_call_answer(call, PACKED("\xc0"));
}

static void every_function_but_stop_is_busy_while_another_thread_runs_the_server(void **state)
{
    struct running running;
    struct work work;
    zroute_client *client;
    zroute_answer *answer;
    (void)state;
    memset(&work, 0, sizeof work);
    make_running(&running);
    work.running = &running;
    zroute_server_register(running.server, "try", lets_another_thread_try, &work, NULL);
    run(&running);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    assert_status(ZROUTE_OK, zroute_client_call(client, "try", PACKED("\xc0"), PATIENCE_MS,
                                                &answer));
    assert_answer("\xc0", answer);
    assert_int_equal(work.failures, 0);
    assert_true(work.done > 10);
    assert_status(ZROUTE_OK, zroute_client_free(client));
    free_running(&running);
}

static void *asks_for_counters(void *argument)
{
    struct work *work = argument;
    zroute_server_counters counters;
    /* It is told BUSY, or, before and after the run, the counters. */
    while (!__atomic_load_n(&work->done, __ATOMIC_RELAXED)) {
        zroute_status status = zroute_server_count(work->running->server, &counters);
        work->failures += status != ZROUTE_BUSY && status != ZROUTE_OK;
        sched_yield();
    }
    return NULL;
}

static void others_that_ask_do_not_disturb_a_run(void **state)
{
    struct running running;
    struct work work[2];
    zroute_client *client;
    zroute_answer *answer;
    int index;
    (void)state;
    make_running(&running);
    run(&running);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    for (index = 0; index < 300; index++) {
        if (index == 1) {
            start(work, 2, asks_for_counters, &running, NULL);
        }
        assert_status(ZROUTE_OK, zroute_client_call(client, "echo", PACKED("\x05"), PATIENCE_MS,
                                                    &answer));
        assert_answer("\x05", answer);
    }
    assert_status(ZROUTE_OK, zroute_server_stop(running.server));
    assert_int_equal(0, pthread_join(running.thread, NULL));
    assert_status(ZROUTE_OK, running.ended);
    for (index = 0; index < 2; index++) {
        __atomic_store_n(&work[index].done, 1, __ATOMIC_RELAXED);
    }
    join(work, 2);
    assert_int_equal(work[0].failures + work[1].failures, 0);
    assert_status(ZROUTE_OK, zroute_client_free(client));
    assert_status(ZROUTE_OK, zroute_server_free(running.server));
}

static void *frees_a_server(void *argument)
{
    struct work *work = argument;
    work->failures = zroute_server_free(work->running->server);
    return NULL;
}

static void a_server_may_be_freed_by_another_thread_than_the_one_that_ran_it(void **state)
{
    struct running running;
    struct work work[1];
    (void)state;
    make_running(&running);
    run(&running);
    stop_running(&running);
    assert_status(ZROUTE_OK, zroute_server_step(running.server, 0, NULL));
    start(work, 1, frees_a_server, &running, NULL);
    join(work, 1);
    assert_status(ZROUTE_OK, (zroute_status)work[0].failures);
}

static jmp_buf escape;

static void leaves(zroute_call *call, void *userdata)
{
    (void)userdata;
    zroute_call_keep(call);
    *(zroute_call **)userdata = call;
    longjmp(escape, 1);
}

static void a_server_that_was_left_by_longjmp_stays_with_the_thread_that_ran_it(void **state)
{
    struct pair *pair = make_pair_with(NULL, NULL);
    void *made = pair;
    struct running running;
    struct work work[1];
    zroute_call *kept = NULL;
    volatile uint64_t id = submit(pair, "leave", PACKED("\xc0"));
    (void)state;
    assert_status(ZROUTE_OK,
                  zroute_server_register(pair->server, "leave", leaves, &kept, NULL));
    if (setjmp(escape) == 0) {
        served(pair, id);
        fail_msg("the callback came back");
    }
    assert_status(ZROUTE_OK, zroute_call_answer(kept, PACKED("\x01")));
    assert_answer("\x01", served(pair, id));
    running.server = pair->server;
    start(work, 1, frees_a_server, &running, NULL);
    join(work, 1);
    assert_status(ZROUTE_BUSY, (zroute_status)work[0].failures);
    free_pair(&made);
}

/* --- Errors --- */

static void *fails_in_its_own_words(void *argument)
{
    struct work *work = argument;
    int index;
    char text[256], expected[64];
    if (zroute_last_error(text, sizeof text) != 0 || text[0] != 0) {
        work->failures++;
    }
    for (index = 0; index < 50; index++) {
        snprintf(expected, sizeof expected, "zroute_server_bind: endpoint 'thread-%d-%d'",
                 work->number, index);
        zroute_server *server = NULL;
        if (zroute_server_new(NULL, &server) != ZROUTE_OK
            || zroute_server_bind(server, expected + strlen("zroute_server_bind: endpoint '"))
                   != ZROUTE_BAD_ENDPOINT) {
            work->failures++;
        }
        zroute_last_error(text, sizeof text);
        expected[strlen(expected) - 1] = 0;
        if (strncmp(text, expected, strlen(expected)) != 0) {
            work->failures++;
        }
        zroute_server_free(server);
    }
    return NULL;
}

static void each_thread_has_its_own_last_error(void **state)
{
    struct work work[4];
    int index;
    (void)state;
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_new(NULL));
    start(work, 4, fails_in_its_own_words, NULL, NULL);
    join(work, 4);
    for (index = 0; index < 4; index++) {
        assert_int_equal(work[index].failures, 0);
    }
    assert_last_error("zroute_writer_new: writer is NULL");
}

static void *makes_and_frees(void *argument)
{
    struct work *work = argument;
    int index;
    for (index = 0; index < 1000; index++) {
        zroute_writer *writer;
        zroute_reader *reader;
        zroute_options *options;
        int64_t value;
        work->failures += zroute_writer_new(&writer) != ZROUTE_OK;
        work->failures += zroute_reader_new(PACKED("\x05"), &reader) != ZROUTE_OK;
        work->failures += zroute_options_new(&options) != ZROUTE_OK;
        work->failures += zroute_reader_integer(reader, &value) != ZROUTE_OK || value != 5;
        work->failures += zroute_writer_free(writer) != ZROUTE_OK;
        work->failures += zroute_writer_nil(writer) != ZROUTE_BAD_HANDLE;
        work->failures += zroute_reader_free(reader) != ZROUTE_OK;
        work->failures += zroute_options_free(options) != ZROUTE_OK;
    }
    return NULL;
}

static void handles_are_made_and_freed_by_many_threads(void **state)
{
    struct work work[THREADS];
    int index;
    (void)state;
    start(work, THREADS, makes_and_frees, NULL, NULL);
    join(work, THREADS);
    for (index = 0; index < THREADS; index++) {
        assert_int_equal(work[index].failures, 0);
    }
}

static int descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;
    assert_non_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static void *makes_and_frees_servers(void *argument)
{
    struct work *work = argument;
    int index;
    for (index = 0; index < 100; index++) {
        zroute_server *server;
        work->failures += zroute_server_new(NULL, &server) != ZROUTE_OK;
        work->failures += zroute_server_free(server) != ZROUTE_OK;
    }
    return NULL;
}

static void servers_leave_no_descriptors_behind(void **state)
{
    struct work work[THREADS];
    int before, index;
    (void)state;
    before = descriptors();
    start(work, THREADS, makes_and_frees_servers, NULL, NULL);
    join(work, THREADS);
    for (index = 0; index < THREADS; index++) {
        assert_int_equal(work[index].failures, 0);
    }
    /* One eventfd for each of the most servers that lived at once is kept. */
    assert_in_range(descriptors(), before, before + THREADS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_leave_no_descriptors_behind),
        cmocka_unit_test(threads_with_a_client_each_call_one_server),
        cmocka_unit_test(threads_at_one_client_are_served_or_told_that_it_is_busy),
        cmocka_unit_test(every_function_but_stop_is_busy_while_another_thread_runs_the_server),
        cmocka_unit_test(others_that_ask_do_not_disturb_a_run),
        cmocka_unit_test(a_server_may_be_freed_by_another_thread_than_the_one_that_ran_it),
        cmocka_unit_test(a_server_that_was_left_by_longjmp_stays_with_the_thread_that_ran_it),
        cmocka_unit_test(each_thread_has_its_own_last_error),
        cmocka_unit_test(handles_are_made_and_freed_by_many_threads),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
