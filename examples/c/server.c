/* A server with one function: plus, which sums the integers of a list.
 *
 *     server [endpoint]        SIGINT or SIGTERM ends it
 */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>

#include <zroute.h>

static zroute_server *server;

static void on_signal(int signal)
{
    (void)signal;
    zroute_server_stop(server); /* allowed in a handler */
}

struct tools {
    zroute_reader *reader;
    zroute_writer *writer;
};

static void plus(zroute_call *call, void *userdata)
{
    struct tools *tools = userdata;
    uint32_t count;
    int64_t number, sum = 0;

    zroute_call_read(call, tools->reader);
    if (zroute_reader_array(tools->reader, &count) != ZROUTE_OK) {
        zroute_call_fail(call, -32602, NULL, "plus expects a list of integers");
        return;
    }
    while (count-- > 0) {
        if (zroute_reader_integer(tools->reader, &number) != ZROUTE_OK) {
            zroute_call_fail(call, -32602, NULL, "plus expects integers and nothing else");
            return;
        }
        if (number > 0 ? sum > INT64_MAX - number : sum < INT64_MIN - number) {
            zroute_call_fail(call, -32602, NULL, "the sum does not fit 64 bits");
            return;
        }
        sum += number;
    }
    zroute_writer_integer(tools->writer, sum);
    zroute_call_answer_with(call, tools->writer);
}

static int explain(const char *what)
{
    char text[512];
    zroute_last_error(text, sizeof text);
    fprintf(stderr, "%s: %s\n", what, text);
    return 1;
}

int main(int argc, char **argv)
{
    const char *endpoint = argc > 1 ? argv[1] : "tcp://127.0.0.1:5555";
    struct sigaction action = {0};
    struct tools tools;
    zroute_status status;

    if (zroute_reader_new("\xc0", 1, &tools.reader) != ZROUTE_OK
        || zroute_writer_new(&tools.writer) != ZROUTE_OK
        || zroute_server_new(NULL, &server) != ZROUTE_OK
        || zroute_server_register(server, "plus", plus, &tools, NULL) != ZROUTE_OK
        || zroute_server_bind(server, endpoint) != ZROUTE_OK
        || zroute_server_endpoint(server, 0, &endpoint) != ZROUTE_OK) {
        return explain("the server cannot start");
    }

    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    printf("%s\n", endpoint);
    fflush(stdout);
    do {
        status = zroute_server_run(server);
    } while (status == ZROUTE_INTERRUPTED);
    if (status != ZROUTE_OK) {
        return explain("the server failed");
    }

    zroute_server_free(server);
    zroute_writer_free(tools.writer);
    zroute_reader_free(tools.reader);
    return 0;
}
