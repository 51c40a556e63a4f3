/* The examples do what their first lines say. */
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "shell.h"

static pid_t server;
static char endpoint[128];

static int start_server(void **state)
{
    int ends[2];
    struct pollfd told = {-1, POLLIN, 0};
    ssize_t size;
    (void)state;
    assert_int_equal(0, pipe(ends));
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execl(EXAMPLES "/server", "server", "tcp://127.0.0.1:0", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    told.fd = ends[0];
    assert_int_equal(1, poll(&told, 1, 20000));
    size = read(ends[0], endpoint, sizeof endpoint - 1);
    assert_true(size > 1);
    endpoint[size - 1] = 0; /* the line's end */
    close(ends[0]);
    return 0;
}

static void stop_server_by(int signal)
{
    int status;
    assert_int_equal(0, kill(server, signal));
    assert_int_equal(server, waitpid(server, &status, 0));
    assert_true(WIFEXITED(status));
    assert_int_equal(0, WEXITSTATUS(status));
}

static int stop_server(void **state)
{
    (void)state;
    stop_server_by(SIGTERM);
    return 0;
}

/* Runs the client at the server: its exit code, and both outputs. */
static int client(const char *arguments, char *output, size_t capacity)
{
    char command[512];
    snprintf(command, sizeof command, EXAMPLES "/client %s %s 2>&1", endpoint, arguments);
    return shell(command, output, capacity);
}

static void the_sum_of_the_demo_is_19(void **state)
{
    char output[512];
    (void)state;
    assert_int_equal(0, client("plus 1 2 2 3 3 4 2 3 -1", output, sizeof output));
    assert_string_equal(output, "19\n");
    assert_int_equal(0, client("", output, sizeof output));
    assert_string_equal(output, "19\n");
}

static void a_fault_is_printed_and_ends_with_1(void **state)
{
    char output[512];
    (void)state;
    assert_int_equal(1, client("minus 1", output, sizeof output));
    assert_string_equal(output,
                        "UnknownFunction (-32601): no function is called 'minus' here\n");
    assert_int_equal(1, client("plus 9223372036854775807 1", output, sizeof output));
    assert_string_equal(output, "InvalidParameters (-32602): the sum does not fit 64 bits\n");
    assert_int_equal(1, client("plus -9223372036854775808 -1", output, sizeof output));
    assert_int_equal(0, client("plus -9223372036854775808 9223372036854775807", output,
                               sizeof output));
    assert_string_equal(output, "-1\n");
}

static void no_answer_is_explained_and_ends_with_2(void **state)
{
    char output[512];
    (void)state;
    assert_int_equal(2, shell(EXAMPLES "/client nowhere 2>&1", output, sizeof output));
    assert_non_null(strstr(output, "no answer: zroute_client_connect: endpoint 'nowhere': expected"));
}

static void a_wrong_call_ends_with_64(void **state)
{
    char output[512];
    (void)state;
    assert_int_equal(64, client("plus one", output, sizeof output));
    assert_non_null(strstr(output, "'one' is no integer"));
    assert_int_equal(64, client("plus 9223372036854775808", output, sizeof output));
}

static void the_server_ends_well_on_both_signals(void **state)
{
    (void)state;
    stop_server_by(SIGINT);
    start_server(state);
    stop_server_by(SIGTERM);
    start_server(state);
}

static void the_static_server_needs_no_shared_library_of_ours(void **state)
{
    char output[2048], command[256];
    (void)state;
    assert_int_equal(0, shell("ldd " EXAMPLES "/server-static", output, sizeof output));
    assert_null(strstr(output, "libzroute"));
    assert_non_null(strstr(output, "libzmq"));
    snprintf(command, sizeof command, EXAMPLES "/server-static %s 2>&1", endpoint);
    assert_int_equal(1, shell(command, output, sizeof output));
    assert_non_null(strstr(output, "Address already in use"));
}

static void a_server_that_cannot_start_says_why(void **state)
{
    char output[512], command[256];
    (void)state;
    snprintf(command, sizeof command, EXAMPLES "/server %s 2>&1", endpoint);
    assert_int_equal(1, shell(command, output, sizeof output));
    assert_non_null(strstr(output, "the server cannot start: zroute_server_bind: cannot bind"));
    assert_non_null(strstr(output, endpoint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sum_of_the_demo_is_19),
        cmocka_unit_test(a_fault_is_printed_and_ends_with_1),
        cmocka_unit_test(no_answer_is_explained_and_ends_with_2),
        cmocka_unit_test(a_wrong_call_ends_with_64),
        cmocka_unit_test(the_server_ends_well_on_both_signals),
        cmocka_unit_test(a_server_that_cannot_start_says_why),
        cmocka_unit_test(the_static_server_needs_no_shared_library_of_ours),
    };
    return cmocka_run_group_tests_name("examples", tests, start_server, stop_server);
}
