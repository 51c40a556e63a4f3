/* Calls a function with integers and prints its answer.
 *
 *     client [endpoint [function [integer...]]]
 *
 * Ends with 0 after an answer, 1 when the function failed, 2 when there was no
 * answer, 64 when it was called wrongly.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zroute.h>

enum { ANSWERED = 0, FAULT = 1, NO_ANSWER = 2, USAGE = 64 };

static int no_answer(void)
{
    char text[512];
    zroute_last_error(text, sizeof text);
    fprintf(stderr, "no answer: %s\n", text);
    return NO_ANSWER;
}

static int print_answer(const zroute_answer *answer)
{
    zroute_reader *reader;
    zroute_item item;
    int64_t code;
    const char *name, *message;

    if (zroute_answer_fault(answer, &code, &name, &message) == ZROUTE_OK) {
        fprintf(stderr, "%s (%" PRId64 "): %s\n", name, code, message);
        return FAULT;
    }
    if (zroute_reader_new("\xc0", 1, &reader) != ZROUTE_OK
        || zroute_answer_read(answer, reader) != ZROUTE_OK
        || zroute_reader_next(reader, &item) != ZROUTE_OK) {
        return no_answer();
    }
    switch (item.type) {
    case ZROUTE_TYPE_INTEGER: printf("%" PRId64 "\n", item.integer); break;
    case ZROUTE_TYPE_FLOAT: printf("%.17g\n", item.number); break;
    case ZROUTE_TYPE_TEXT: printf("%.*s\n", (int)item.size, (const char *)item.data); break;
    default: printf("a value of MessagePack type %d\n", (int)item.type);
    }
    zroute_reader_free(reader);
    return ANSWERED;
}

int main(int argc, char **argv)
{
    static char *demo[] = {"1", "2", "2", "3", "3", "4", "2", "3", "-1"};
    const char *endpoint = argc > 1 ? argv[1] : "tcp://127.0.0.1:5555";
    const char *function = argc > 2 ? argv[2] : "plus";
    char **numbers = argc > 3 ? argv + 3 : demo;
    int count = argc > 3 ? argc - 3 : 9, index, result;
    zroute_client *client;
    zroute_answer *answer;
    zroute_writer *writer;
    const void *parameters;
    size_t size;

    if (zroute_writer_new(&writer) != ZROUTE_OK) {
        return no_answer();
    }
    zroute_writer_array(writer, (uint32_t)count);
    for (index = 0; index < count; index++) {
        char *end;
        errno = 0;
        zroute_writer_integer(writer, strtoll(numbers[index], &end, 10));
        if (errno != 0 || end == numbers[index] || *end != 0) {
            fprintf(stderr, "'%s' is no integer\nusage: client [endpoint [function [integer...]]]\n",
                    numbers[index]);
            return USAGE;
        }
    }

    if (zroute_writer_bytes(writer, &parameters, &size) != ZROUTE_OK
        || zroute_client_new(NULL, &client) != ZROUTE_OK
        || zroute_client_connect(client, endpoint) != ZROUTE_OK
        || zroute_client_call(client, function, parameters, size, 2000, &answer) != ZROUTE_OK) {
        return no_answer();
    }
    result = print_answer(answer);

    zroute_answer_free(answer);
    zroute_client_free(client);
    zroute_writer_free(writer);
    return result;
}
