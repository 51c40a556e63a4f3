/* Answers plus() on zroute's C ABI, as its documentation shows. Prints its
 * endpoint, then serves until killed. */
#include <stdio.h>
#include <stdlib.h>
#include <zroute.h>

#include "../check.h"

struct tools {
    zroute_reader *reader;
    zroute_writer *writer;
};

static void plus(zroute_call *call, void *userdata)
{
    struct tools *tools = userdata;
    int64_t numbers[1000];
    size_t count;
    int64_t sum = 0;

    if (zroute_call_read(call, tools->reader) != ZROUTE_OK
        || zroute_reader_integers(tools->reader, numbers, 1000, &count) != ZROUTE_OK) {
        zroute_call_fail(call, -32602, NULL, "expected a list of at most 1000 integers");
        return;
    }
    while (count > 0) {
        sum += numbers[--count];
    }
    zroute_writer_integer(tools->writer, sum);
    zroute_call_answer_with(call, tools->writer);
}

int main(void)
{
    zroute_server *server;
    struct tools tools;
    const char *endpoint;

    check(zroute_server_new(NULL, &server));
    check(zroute_reader_new("\xc0", 1, &tools.reader));
    check(zroute_writer_new(&tools.writer));
    check(zroute_server_register(server, "plus", plus, &tools, NULL));
    check(zroute_server_bind(server, "tcp://127.0.0.1:0"));
    check(zroute_server_endpoint(server, 0, &endpoint));
    printf("%s\n", endpoint);
    fflush(stdout);
    check(zroute_server_run(server));
    return EXIT_SUCCESS;
}
