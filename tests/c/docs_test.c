/* What docs/c.md shows works, and its tables are complete. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pair.h"
#include "running.h"

/* From the page's first program. */
struct tools {
    zroute_reader *reader;
    zroute_writer *writer;
};

/* Every block of the page but the programs, made when this is built. */
#include "snippets.h"

static struct tools new_tools(void)
{
    struct tools tools;
    assert_status(ZROUTE_OK, zroute_reader_new(PACKED("\xc0"), &tools.reader));
    assert_status(ZROUTE_OK, zroute_writer_new(&tools.writer));
    return tools;
}

static void free_tools(struct tools *tools)
{
    assert_status(ZROUTE_OK, zroute_reader_free(tools->reader));
    assert_status(ZROUTE_OK, zroute_writer_free(tools->writer));
}

/* --- Snippets --- */

static void the_functions_of_the_page_are_served(void **state)
{
    struct pair *pair = *state;
    struct tools tools = new_tools();
    assert_status(ZROUTE_OK, register_greeting(pair->server, "hello"));
    assert_answer("\xa5hello", called(pair, "greet", PACKED("\xc0")));
    assert_status(ZROUTE_OK, register_greeting(pair->server, "bye"));
    assert_answer("\xa3" "bye", called(pair, "greet", PACKED("\xc0")));
    assert_status(ZROUTE_OK,
                  zroute_server_register(pair->server, "divide", divide, &tools, NULL));
    assert_answer("\xcb\x40\x04\0\0\0\0\0\0", called(pair, "divide", PACKED("\x92\x05\x02")));
    assert_fault(1, "the divisor is 0", called(pair, "divide", PACKED("\x92\x05\x00")));
    assert_fault(-32602, "two integers", called(pair, "divide", PACKED("\x91\x05")));
    assert_status(ZROUTE_OK,
                  zroute_server_register(pair->server, "slow", slow_echo, NULL, NULL));
    assert_answer("\x91\x05", called(pair, "slow", PACKED("\x91\x05")));
    assert_status(ZROUTE_OK,
                  zroute_server_register(pair->server, "three", count_to_three, NULL, NULL));
    assert_answer("\x93\x01\x02\x03", called(pair, "three", PACKED("\xc0")));
    print_counters(pair->server);
    assert_status(ZROUTE_OK, zroute_server_free(pair->server));
    pair->server = NULL;
    free_tools(&tools);
}

static void the_loops_of_the_page_serve_and_stop(void **state)
{
    struct pair *pair = *state;
    struct itimerval soon = {{0, 0}, {0, 20000}};
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_status(ZROUTE_OK, serve_for_a_while(pair->server, 3));
    assert_status(ZROUTE_OK, zroute_server_stop(pair->server));
    assert_status(ZROUTE_STOPPED, serve_for_a_while(pair->server, 3));
    /* The signal comes while it runs, or just before. */
    stoppable = pair->server;
    signal(SIGALRM, on_signal);
    assert_int_equal(0, setitimer(ITIMER_REAL, &soon, NULL));
    assert_status(ZROUTE_OK, run_until_signal(pair->server));
    signal(SIGALRM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

static void the_pull_form_of_the_page_echoes(void **state)
{
    struct pair *pair = *state;
    struct tools tools = new_tools();
    uint32_t route;
    uint64_t id;
    int64_t since = now_ms();
    zroute_status status;
    zroute_answer *answer;
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "f", &route));
    assert_status(ZROUTE_OK, echo_batch(pair->server, tools.reader, tools.writer));
    id = submit(pair, "f", PACKED("\x92\x01\x02"));
    (void)id;
    do {
        assert_status(ZROUTE_OK, echo_batch(pair->server, tools.reader, tools.writer));
        status = zroute_client_collect(pair->client, 1, &answer);
    } while (status == ZROUTE_TIMEOUT && within_patience(since));
    assert_answer("\x92\x01\x02", answer);
    free_tools(&tools);
}

static void the_clients_of_the_page_call(void **state)
{
    struct running running;
    struct tools tools = new_tools();
    zroute_client *client;
    zroute_answer *read;
    int64_t answer, sum = 0;
    (void)state;
    make_running(&running);
    run(&running);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    print_sum(client, PACKED("\x92\x01\x02"));
    print_sum(client, PACKED("\xc1"));
    assert_int_equal(1000, echo_all(client, 1000, tools.writer));
    print_servers(client);
    /* This client's dialect has no streams. */
    assert_status(ZROUTE_INVALID_VALUE, add_up(client, tools.reader, &sum));
    assert_status(ZROUTE_OK, read_twice_if_need_be(client, &read));
    assert_status(ZROUTE_OK, zroute_answer_free(read));
    assert_status(ZROUTE_OK, echo_in_a_batch(client, tools.reader, &answer));
    assert_int_equal(answer, 42);
    assert_status(ZROUTE_OK, zroute_client_free(client));
    free_running(&running);
    free_tools(&tools);
}

/* The numbers from 0 on, as many as its caller says. */
static void count(zroute_call *call, void *userdata)
{
    struct tools *tools = userdata;
    int64_t number, end;
    size_t size;
    if (zroute_call_read(call, tools->reader) != ZROUTE_OK
        || zroute_reader_integers(tools->reader, &end, 1, &size) != ZROUTE_OK || size != 1) {
        zroute_call_fail(call, -32602, NULL, "expected a number");
        return;
    }
    for (number = 0; number < end; number++) {
        const void *data;
        zroute_writer_clear(tools->writer);
        zroute_writer_integer(tools->writer, number);
        zroute_writer_bytes(tools->writer, &data, &size);
        zroute_call_stream(call, data, size, 0);
    }
    zroute_call_end_stream(call);
}

static void two_and_a_fault(zroute_call *call, void *userdata)
{
    (void)userdata;
    zroute_call_stream(call, PACKED("\x01"), 0);
    zroute_call_stream(call, PACKED("\x02"), 0);
    zroute_call_fail(call, 7, "Broken", "as asked");
}

/* What add_up() returns, of a server in which `function` is its `count`. */
static zroute_status added_up(zroute_callback function, int64_t *sum)
{
    struct running running;
    struct tools here = new_tools(), there = new_tools();
    zroute_options *options;
    zroute_client *client;
    zroute_status status;
    make_running(&running);
    zroute_server_register(running.server, "count", function, &there, NULL);
    run(&running);
    assert_status(ZROUTE_OK, zroute_options_new(&options));
    assert_status(ZROUTE_OK, zroute_options_set_text(options, "dialect", "zerorpc"));
    assert_status(ZROUTE_OK, zroute_client_new(options, &client));
    assert_status(ZROUTE_OK, zroute_options_free(options));
    assert_status(ZROUTE_OK, zroute_client_connect(client, running.endpoint));
    *sum = 0;
    status = add_up(client, here.reader, sum);
    assert_status(ZROUTE_OK, zroute_client_free(client));
    free_running(&running);
    free_tools(&here);
    free_tools(&there);
    return status;
}

static void the_stream_of_the_page_is_read_to_its_end(void **state)
{
    int64_t sum;
    (void)state;
    assert_status(ZROUTE_OK, added_up(count, &sum));
    assert_int_equal(45, sum);
    assert_status(ZROUTE_OK, added_up(count_to_three, &sum));
    assert_int_equal(6, sum);
    /* A fault comes behind the items that came before it. */
    assert_status(ZROUTE_FAULT, added_up(two_and_a_fault, &sum));
    assert_int_equal(3, sum);
}

static void the_values_of_the_page_are_written_and_read(void **state)
{
    struct tools tools = new_tools();
    const void *data;
    size_t size;
    uint64_t id;
    double first;
    (void)state;
    assert_status(ZROUTE_OK, write_order(tools.writer));
    assert_status(ZROUTE_OK, zroute_writer_bytes(tools.writer, &data, &size));
    assert_status(ZROUTE_OK, read_order(tools.reader, data, size, &id, &first));
    assert_true(id == UINT64_MAX);
    assert_true(first == 12.5);
    assert_status(ZROUTE_WRONG_TYPE, read_order(tools.reader, "\x90", 1, &id, &first));
    free_tools(&tools);
}

static void the_options_and_keys_of_the_page_work(void **state)
{
    struct pair pair = {NULL, NULL, NULL};
    (void)state;
    assert_status(ZROUTE_OK, small_server(&pair.server));
    assert_status(ZROUTE_OK, zroute_server_free(pair.server));
    /* A path, because the snippet takes one endpoint for both sides. */
    assert_status(ZROUTE_OK,
                  with_curve("ipc://" BUILD "/docs-curve", &pair.server, &pair.client));
    zroute_server_register(pair.server, "echo", echo, NULL, NULL);
    assert_answer("\x01", called(&pair, "echo", PACKED("\x01")));
    assert_status(ZROUTE_OK, zroute_client_free(pair.client));
    assert_status(ZROUTE_OK, zroute_server_free(pair.server));
    unlink(BUILD "/docs-curve");
}

static void an_explanation_names_the_status(void **state)
{
    (void)state;
    explain("this is meant", zroute_reader_skip(NULL));
}

/* --- Programs --- */

static void the_quick_start_adds_up(void **state)
{
    char output[256];
    FILE *client;
    size_t size;
    int status;
    pid_t server = fork();
    (void)state;
    assert_true(server >= 0);
    if (server == 0) {
        execl(BUILD "/quick-server", "quick-server", (char *)NULL);
        _exit(127);
    }
    /* The client waits for its server. */
    client = popen(BUILD "/quick-client 2>&1", "r");
    assert_non_null(client);
    size = fread(output, 1, sizeof output - 1, client);
    output[size] = 0;
    status = pclose(client);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    unlink(BUILD "/quick.sock");
    assert_string_equal(output, "6\n");
    assert_int_equal(status, 0);
}

/* --- Tables --- */

static char page[1 << 17];

static int read_page(void **state)
{
    FILE *file = fopen(ROOT "/docs/c.md", "r");
    (void)state;
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = 0;
    fclose(file);
    return 0;
}

static void every_status_has_its_row(void **state)
{
    char row[128];
    int number, rows = 0;
    (void)state;
    for (number = 0; number < 1000; number++) {
        if (strcmp(zroute_status_name(number), "unknown status") != 0) {
            snprintf(row, sizeof row, "\n| %d | `%s` |", number, zroute_status_name(number));
            if (strstr(page, row) == NULL) {
                fail_msg("docs/c.md has no row%s", row);
            }
            rows++;
        }
    }
    assert_true(rows > 20);
}

static void every_function_is_named(void **state)
{
    static const char *const in_header[] = {
#include "function_list.h"
    };
    size_t index;
    (void)state;
    for (index = 0; index < sizeof in_header / sizeof in_header[0]; index++) {
        const char *found = page;
        size_t length = strlen(in_header[index]);
        while ((found = strstr(found, in_header[index])) != NULL
               && (found[length] == '_' || (found[length] >= 'a' && found[length] <= 'z'))) {
            found += length;
        }
        if (found == NULL) {
            fail_msg("docs/c.md does not name %s", in_header[index]);
        }
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pair, free_pair)
    const struct CMUnitTest tests[] = {
        TEST(the_functions_of_the_page_are_served),
        TEST(the_loops_of_the_page_serve_and_stop),
        TEST(the_pull_form_of_the_page_echoes),
        cmocka_unit_test(the_clients_of_the_page_call),
        cmocka_unit_test(the_stream_of_the_page_is_read_to_its_end),
        cmocka_unit_test(the_values_of_the_page_are_written_and_read),
        cmocka_unit_test(the_options_and_keys_of_the_page_work),
        cmocka_unit_test(an_explanation_names_the_status),
        cmocka_unit_test(the_quick_start_adds_up),
        cmocka_unit_test(every_status_has_its_row),
        cmocka_unit_test(every_function_is_named),
    };
    return cmocka_run_group_tests_name("docs", tests, read_page, NULL);
}
