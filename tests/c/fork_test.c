/* After fork: the child is told, new handles work there, and the parent goes
 * on as if nothing had happened. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "function_table.h"
#include "running.h"

/* What a child does; it returns 0, or says on stderr what is wrong. */
typedef int (*child_body)(void *argument);

#define child_requires(condition)                                                  \
    do {                                                                           \
        if (!(condition)) {                                                        \
            fprintf(stderr, "child, %s:%d: %s\n", __FILE__, __LINE__, #condition); \
            return 1;                                                              \
        }                                                                          \
    } while (0)

enum ending { BY_EXIT, BY_UNDERSCORE_EXIT };

struct child {
    pid_t pid;
    int alive; /* at its end when the child's is */
};

static struct child fork_child(child_body body, void *argument, enum ending ending)
{
    struct child child;
    int ends[2];
    fflush(NULL);
    assert_int_equal(0, pipe(ends));
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        int failed = body(argument);
        if (ending == BY_EXIT) {
            exit(failed);
        }
        _exit(failed);
    }
    close(ends[1]);
    child.alive = ends[0];
    return child;
}

static void assert_child_ends_well(struct child child)
{
    struct pollfd end = {-1, POLLIN, 0};
    int status, ready;
    end.fd = child.alive;
    do {
        ready = poll(&end, 1, PATIENCE_MS);
    } while (ready < 0 && errno == EINTR);
    if (ready != 1) {
        kill(child.pid, SIGKILL);
        waitpid(child.pid, &status, 0);
        fail_msg("the child did not end");
    }
    close(child.alive);
    assert_int_equal(child.pid, waitpid(child.pid, &status, 0));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* A new client, in whatever process, reaches the server. */
static int calls_anew(const char *endpoint)
{
    zroute_client *client;
    zroute_answer *answer;
    const void *data;
    size_t size;
    child_requires(zroute_client_new(NULL, &client) == ZROUTE_OK);
    child_requires(zroute_client_connect(client, endpoint) == ZROUTE_OK);
    child_requires(zroute_client_call(client, "echo", PACKED("\x92\x01\x02"), PATIENCE_MS, &answer)
                   == ZROUTE_OK);
    child_requires(zroute_answer_value(answer, &data, &size) == ZROUTE_OK);
    child_requires(size == 3 && memcmp(data, "\x92\x01\x02", 3) == 0);
    child_requires(zroute_answer_free(answer) == ZROUTE_OK);
    child_requires(zroute_client_free(client) == ZROUTE_OK);
    return 0;
}

static void assert_answered(zroute_client *client)
{
    zroute_answer *answer;
    assert_status(ZROUTE_OK,
                  zroute_client_call(client, "echo", PACKED("\x05"), PATIENCE_MS, &answer));
    assert_answer("\x05", answer);
}

/* --- Handles --- */

static int is_told_by_every_function(void *argument)
{
    struct handles *handles = argument;
    char text[256];
    size_t row;
    for (row = 0; row < function_count; row++) {
        zroute_status status;
        if (functions[row].kind == NO_HANDLE) {
            continue;
        }
        status = attempted(&functions[row], handles, handles->of[functions[row].kind], -1);
        if (status != ZROUTE_FORKED) {
            fprintf(stderr, "child: %s gave %s\n", functions[row].name,
                    zroute_status_name(status));
            return 1;
        }
    }
    child_requires(zroute_client_free(handles->of[CLIENT]) == ZROUTE_FORKED);
    zroute_last_error(text, sizeof text);
    child_requires(strstr(text, "make a new one here") != NULL);
    return 0;
}

static void a_child_is_told_by_every_function_and_the_parents_handles_stay_good(void **state)
{
    struct handles handles = make_handles();
    enum ending ending;
    (void)state;
    for (ending = BY_EXIT; ending <= BY_UNDERSCORE_EXIT; ending++) {
        assert_child_ends_well(fork_child(is_told_by_every_function, &handles, ending));
    }
    assert_status(ZROUTE_OK, zroute_call_answer(handles.of[CALL], PACKED("\x07")));
    assert_status(ZROUTE_OK, zroute_server_step(handles.of[SERVER], 0, NULL));
    assert_answer("\x07", collected(handles.of[CLIENT]));
    handles.of[CALL] = NULL;
    assert_answer("\x08", called(handles.pair, "echo", PACKED("\x08")));
    free_handles(&handles);
}

/* --- A process with a server and a client --- */

struct both {
    struct running running;
    zroute_client *client;
};

static int is_told_and_calls_anew(void *argument)
{
    struct both *both = argument;
    zroute_answer *answer;
    child_requires(zroute_server_stop(both->running.server) == ZROUTE_FORKED);
    child_requires(zroute_server_free(both->running.server) == ZROUTE_FORKED);
    child_requires(zroute_client_call(both->client, "echo", PACKED("\x01"), 100, &answer)
                   == ZROUTE_FORKED);
    child_requires(zroute_client_free(both->client) == ZROUTE_FORKED);
    return calls_anew(both->running.endpoint);
}

static int serves_anew(void *argument)
{
    struct both *both = argument;
    struct running running;
    int failed;
    (void)both;
    child_requires(zroute_server_new(NULL, &running.server) == ZROUTE_OK);
    child_requires(zroute_server_register(running.server, "echo", echo, NULL, NULL) == ZROUTE_OK);
    child_requires(zroute_server_bind(running.server, "tcp://127.0.0.1:0") == ZROUTE_OK);
    child_requires(zroute_server_endpoint(running.server, 0, &running.endpoint) == ZROUTE_OK);
    run(&running);
    failed = calls_anew(running.endpoint);
    child_requires(zroute_server_stop(running.server) == ZROUTE_OK);
    child_requires(pthread_join(running.thread, NULL) == 0);
    child_requires(zroute_server_free(running.server) == ZROUTE_OK);
    return failed;
}

/* Ends with handles of its own that nobody frees. */
static int leaves_new_handles_behind(void *argument)
{
    struct both *both = argument;
    zroute_server *server;
    zroute_client *client;
    uint64_t id;
    (void)both;
    child_requires(zroute_server_new(NULL, &server) == ZROUTE_OK);
    child_requires(zroute_server_bind(server, "tcp://127.0.0.1:0") == ZROUTE_OK);
    child_requires(zroute_client_new(NULL, &client) == ZROUTE_OK);
    child_requires(zroute_client_connect(client, both->running.endpoint) == ZROUTE_OK);
    child_requires(zroute_client_submit(client, "echo", PACKED("\x01"), 1000, &id) == ZROUTE_OK);
    return 0;
}

static int has_a_child_of_its_own(void *argument)
{
    struct child child;
    int status, failed = is_told_and_calls_anew(argument);
    child.pid = fork();
    if (child.pid == 0) {
        exit(is_told_and_calls_anew(argument));
    }
    child_requires(waitpid(child.pid, &status, 0) == child.pid);
    child_requires(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return failed;
}

static void a_process_with_a_server_and_a_client_forks_and_goes_on(void **state)
{
    static const child_body bodies[] = {is_told_and_calls_anew, serves_anew,
                                        leaves_new_handles_behind, has_a_child_of_its_own};
    struct both both;
    size_t index;
    enum ending ending;
    (void)state;
    make_running(&both.running);
    run(&both.running);
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &both.client));
    assert_status(ZROUTE_OK, zroute_client_connect(both.client, both.running.endpoint));
    assert_answered(both.client);
    for (index = 0; index < sizeof bodies / sizeof bodies[0]; index++) {
        for (ending = BY_EXIT; ending <= BY_UNDERSCORE_EXIT; ending++) {
            struct child child = fork_child(bodies[index], &both, ending);
            assert_answered(both.client); /* meanwhile */
            assert_child_ends_well(child);
            assert_answered(both.client); /* and afterwards */
        }
    }
    assert_status(ZROUTE_OK, zroute_client_free(both.client));
    free_running(&both.running);
}

/* --- Each in its own process --- */

static void forks(zroute_call *call, void *userdata)
{
    pid_t pid;
    (void)userdata;
    pid = fork();
    if (pid == 0) {
        /* In the callback's child everything is the parent's. */
        exit(zroute_call_answer(call, PACKED("\x01")) == ZROUTE_FORKED
                     && zroute_call_keep(call) == ZROUTE_FORKED
                 ? 0
                 : 1);
    }
    {
        int status = 1;
        zroute_writer *writer;
        waitpid(pid, &status, 0);
        zroute_writer_new(&writer);
        zroute_writer_integer(writer, WIFEXITED(status) ? WEXITSTATUS(status) : 99);
        zroute_call_answer_with(call, writer);
        zroute_writer_free(writer);
    }
}

/* A server process: tells its endpoint, serves until its input ends. */
static int serve_process(void *argument)
{
    int *pipes = argument;
    struct running running;
    char end;
    close(pipes[1]);
    close(pipes[2]);
    child_requires(zroute_server_new(NULL, &running.server) == ZROUTE_OK);
    child_requires(zroute_server_register(running.server, "echo", echo, NULL, NULL) == ZROUTE_OK);
    child_requires(zroute_server_register(running.server, "fork", forks, NULL, NULL) == ZROUTE_OK);
    child_requires(zroute_server_bind(running.server, "tcp://127.0.0.1:0") == ZROUTE_OK);
    child_requires(zroute_server_endpoint(running.server, 0, &running.endpoint) == ZROUTE_OK);
    run(&running);
    child_requires(write(pipes[3], running.endpoint, strlen(running.endpoint) + 1) > 0);
    while (read(pipes[0], &end, 1) < 0 && errno == EINTR) {
    }
    child_requires(zroute_server_stop(running.server) == ZROUTE_OK);
    child_requires(pthread_join(running.thread, NULL) == 0);
    child_requires(zroute_server_free(running.server) == ZROUTE_OK);
    return 0;
}

static int is_told_of_the_client_and_calls_anew(void *argument)
{
    struct both *both = argument;
    uint64_t id;
    child_requires(zroute_client_submit(both->client, "echo", PACKED("\x01"), 100, &id)
                   == ZROUTE_FORKED);
    return calls_anew(both->running.endpoint);
}

static void a_server_process_and_a_client_process_fork_and_go_on(void **state)
{
    int pipes[4], round;
    char endpoint[128] = "";
    struct child server;
    struct both both;
    struct pollfd told = {-1, POLLIN, 0};
    enum ending ending;
    (void)state;
    assert_int_equal(0, pipe(pipes));
    assert_int_equal(0, pipe(pipes + 2));
    server = fork_child(serve_process, pipes, BY_EXIT);
    close(pipes[0]);
    close(pipes[3]);
    told.fd = pipes[2];
    assert_int_equal(1, poll(&told, 1, PATIENCE_MS));
    assert_true(read(pipes[2], endpoint, sizeof endpoint) > 0);
    both.running.endpoint = endpoint;
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &both.client));
    assert_status(ZROUTE_OK, zroute_client_connect(both.client, endpoint));
    assert_answered(both.client);
    for (round = 0; round < 3; round++) {
        zroute_answer *answer;
        assert_status(ZROUTE_OK, zroute_client_call(both.client, "fork", PACKED("\xc0"),
                                                    PATIENCE_MS, &answer));
        assert_answer("\x00", answer);
        for (ending = BY_EXIT; ending <= BY_UNDERSCORE_EXIT; ending++) {
            uint64_t id;
            struct child child;
            /* In flight across the fork. */
            assert_status(ZROUTE_OK, zroute_client_submit(both.client, "echo", PACKED("\x06"),
                                                          PATIENCE_MS, &id));
            child = fork_child(is_told_of_the_client_and_calls_anew, &both, ending);
            assert_status(ZROUTE_OK, zroute_client_wait(both.client, id, &answer));
            assert_answer("\x06", answer);
            assert_child_ends_well(child);
            assert_answered(both.client);
        }
    }
    assert_status(ZROUTE_OK, zroute_client_free(both.client));
    close(pipes[1]);
    close(pipes[2]);
    assert_child_ends_well(server);
}

static int uses_what_was_made_before(void *argument)
{
    /* Nothing was made before in this process, so nothing is foreign. */
    (void)argument;
    return serves_anew(NULL);
}

static void a_fork_before_the_first_handle_is_no_matter(void **state)
{
    (void)state;
    assert_child_ends_well(fork_child(uses_what_was_made_before, NULL, BY_EXIT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_before_the_first_handle_is_no_matter),
        cmocka_unit_test(a_server_process_and_a_client_process_fork_and_go_on),
        cmocka_unit_test(a_process_with_a_server_and_a_client_forks_and_goes_on),
        cmocka_unit_test(a_child_is_told_by_every_function_and_the_parents_handles_stay_good),
    };
    return cmocka_run_group_tests_name("fork", tests, NULL, NULL);
}
