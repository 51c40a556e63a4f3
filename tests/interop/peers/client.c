/* A client in C for the tests: `client ENDPOINT [OPTION=VALUE]...`.
 *
 * stdin and stdout carry messages: a length of four bytes, big-endian, then one
 * MessagePack value. In: a list of calls [function, parameters, timeout_ms], and a
 * 1 if it is idempotent, which all begin before the first is waited for. Out:
 * [results, unmatched], each result [kind, value]. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zroute.h"

static void complain(zroute_status status)
{
    char text[1024];
    zroute_last_error(text, sizeof text);
    fprintf(stderr, "%s: %s\n", zroute_status_name((int32_t)status), text);
    exit(1);
}

static void demand(zroute_status status)
{
    if (status != ZROUTE_OK) {
        complain(status);
    }
}

static void *allocate(size_t size)
{
    void *memory = malloc(size > 0 ? size : 1);
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* NULL at the end of stdin. */
static void *read_message(size_t *size)
{
    unsigned char head[4];
    void *message;
    if (fread(head, 1, sizeof head, stdin) != sizeof head) {
        return NULL;
    }
    *size = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    message = allocate(*size);
    if (fread(message, 1, *size, stdin) != *size) {
        free(message);
        return NULL;
    }
    return message;
}

static void write_message(const void *message, size_t size)
{
    unsigned char head[4];
    head[0] = (unsigned char)(size >> 24);
    head[1] = (unsigned char)(size >> 16);
    head[2] = (unsigned char)(size >> 8);
    head[3] = (unsigned char)size;
    if (fwrite(head, 1, sizeof head, stdout) != sizeof head
        || fwrite(message, 1, size, stdout) != size
        || fflush(stdout) != 0) {
        exit(1);
    }
}

static uint64_t submit(zroute_client *client, zroute_reader *calls)
{
    char function[256];
    const void *name;
    const void *parameters;
    size_t name_size;
    size_t size;
    uint32_t parts;
    int64_t timeout;
    int64_t idempotent = 0;
    uint64_t id;
    demand(zroute_reader_array(calls, &parts));
    demand(zroute_reader_bytes(calls, &name, &name_size));
    if ((parts != 3 && parts != 4) || name_size >= sizeof function) {
        abort();
    }
    memcpy(function, name, name_size);
    function[name_size] = '\0';
    demand(zroute_reader_slice(calls, &parameters, &size));
    demand(zroute_reader_integer(calls, &timeout));
    if (parts == 4) {
        demand(zroute_reader_integer(calls, &idempotent));
    }
    demand(zroute_client_submit_with(client, function, parameters, size, (int)timeout,
                                     idempotent == 1 ? ZROUTE_IDEMPOTENT : 0, &id));
    return id;
}

static void write_result(zroute_writer *writer, const zroute_answer *answer)
{
    const void *value;
    const char *name;
    const char *message;
    int64_t code;
    size_t size;
    char text[1024];
    zroute_status status = zroute_answer_value(answer, &value, &size);
    demand(zroute_writer_array(writer, 2));
    switch (status) {
    case ZROUTE_OK:
        demand(zroute_writer_text(writer, "answer"));
        demand(zroute_writer_packed(writer, value, size));
        return;
    case ZROUTE_FAULT:
        demand(zroute_answer_fault(answer, &code, &name, &message));
        demand(zroute_writer_text(writer, "fault"));
        demand(zroute_writer_array(writer, 3));
        demand(zroute_writer_integer(writer, code));
        demand(zroute_writer_text(writer, name));
        demand(zroute_writer_text(writer, message));
        return;
    case ZROUTE_TIMEOUT:
        demand(zroute_writer_text(writer, "timeout"));
        break;
    case ZROUTE_OUTCOME_UNKNOWN:
        demand(zroute_writer_text(writer, "outcome unknown"));
        break;
    case ZROUTE_NOT_CONNECTED:
        demand(zroute_writer_text(writer, "not connected"));
        break;
    case ZROUTE_INVALID_ANSWER:
        demand(zroute_writer_text(writer, "invalid"));
        break;
    default:
        complain(status);
    }
    zroute_last_error(text, sizeof text);
    demand(zroute_writer_text(writer, text));
}

static void serve_message(zroute_client *client, const void *message, size_t message_size)
{
    zroute_client_counters counters;
    zroute_reader *calls;
    zroute_writer *writer;
    zroute_answer *answer;
    const void *data;
    size_t size;
    uint64_t *ids;
    uint32_t count;
    uint32_t i;
    demand(zroute_reader_new(message, message_size, &calls));
    demand(zroute_reader_array(calls, &count));
    ids = allocate(count * sizeof *ids);
    for (i = 0; i < count; i++) {
        ids[i] = submit(client, calls);
    }
    demand(zroute_reader_free(calls));

    demand(zroute_writer_new(&writer));
    demand(zroute_writer_array(writer, 2));
    demand(zroute_writer_array(writer, count));
    for (i = 0; i < count; i++) {
        demand(zroute_client_wait(client, ids[i], &answer));
        write_result(writer, answer);
        demand(zroute_answer_free(answer));
    }
    free(ids);
    demand(zroute_client_count(client, &counters));
    demand(zroute_writer_unsigned(writer, counters.unmatched));
    demand(zroute_writer_bytes(writer, &data, &size));
    write_message(data, size);
    demand(zroute_writer_free(writer));
}

static void set_option(zroute_options *options, char *setting)
{
    char *value = strchr(setting, '=');
    char *end;
    long long number;
    if (value == NULL) {
        abort();
    }
    *value++ = '\0';
    number = strtoll(value, &end, 10);
    demand(*end == '\0' ? zroute_options_set_integer(options, setting, number)
                        : zroute_options_set_text(options, setting, value));
}

int main(int argc, char **argv)
{
    zroute_options *options;
    zroute_client *client;
    void *message;
    size_t size;
    int argument;

    demand(zroute_options_new(&options));
    for (argument = 2; argument < argc; argument++) {
        set_option(options, argv[argument]);
    }
    demand(zroute_client_new(options, &client));
    demand(zroute_options_free(options));
    demand(zroute_client_connect(client, argc > 1 ? argv[1] : ""));
    while ((message = read_message(&size)) != NULL) {
        serve_message(client, message, size);
        free(message);
    }
    demand(zroute_client_free(client));
    return 0;
}
