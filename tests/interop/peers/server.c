/* A server in C for the tests: `server ENDPOINT [OPTION=VALUE]...` prints
 * "listening on ENDPOINT" and serves until SIGTERM. `raw=echo` sends a message
 * that is no call back as it came. */

#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "zroute.h"

static zroute_server *server;

static void stop(int signal_number)
{
    (void)signal_number;
    zroute_server_stop(server);
}

static void demand(zroute_status status)
{
    if (status != ZROUTE_OK) {
        char text[1024];
        zroute_last_error(text, sizeof text);
        fprintf(stderr, "%s: %s\n", zroute_status_name((int32_t)status), text);
        exit(1);
    }
}

static void answer_integer(zroute_call *call, int64_t value)
{
    zroute_writer *writer;
    const void *data;
    size_t size;
    demand(zroute_writer_new(&writer));
    demand(zroute_writer_integer(writer, value));
    demand(zroute_writer_bytes(writer, &data, &size));
    demand(zroute_call_answer(call, data, size));
    demand(zroute_writer_free(writer));
}

static void plus(zroute_call *call, void *userdata)
{
    zroute_reader *reader;
    const void *data;
    size_t size;
    uint32_t count = 0;
    int64_t sum = 0;
    int64_t value;
    zroute_status status;
    (void)userdata;
    demand(zroute_call_parameters(call, &data, &size));
    demand(zroute_reader_new(data, size, &reader));
    status = zroute_reader_array(reader, &count);
    for (; status == ZROUTE_OK && count > 0; count--) {
        status = zroute_reader_integer(reader, &value);
        sum += status == ZROUTE_OK ? value : 0;
    }
    demand(zroute_reader_free(reader));
    if (status == ZROUTE_OK) {
        answer_integer(call, sum);
    } else {
        demand(zroute_call_fail(call, -32602, NULL, "expected a list of integers"));
    }
}

static void each(zroute_call *call, void *userdata)
{
    zroute_reader *reader;
    const void *data;
    size_t size;
    uint32_t count = 0;
    (void)userdata;
    demand(zroute_reader_new("\xc0", 1, &reader));
    demand(zroute_call_read(call, reader));
    demand(zroute_reader_array(reader, &count));
    for (; count > 0; count--) {
        demand(zroute_reader_slice(reader, &data, &size));
        demand(zroute_call_stream(call, data, size, 0));
    }
    demand(zroute_reader_free(reader));
    demand(zroute_call_end_stream(call));
}

static void echo(zroute_call *call, void *userdata)
{
    const void *data;
    size_t size;
    (void)userdata;
    demand(zroute_call_parameters(call, &data, &size));
    demand(zroute_call_answer(call, data, size));
}

/* Says that it runs, and answers when it is told to on stdin. */
static void hold(zroute_call *call, void *userdata)
{
    char line[64];
    (void)userdata;
    puts("holding");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) == NULL && !feof(stdin)) {
        clearerr(stdin);
    }
    answer_integer(call, 1);
}

static int64_t milliseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Works for so many milliseconds: it waits for the first half, and computes in
 * the second. */
static void toil(zroute_call *call, void *userdata)
{
    static const struct timespec pause = {0, 10000000};
    zroute_reader *reader;
    const void *data;
    size_t size;
    uint32_t count;
    int64_t milliseconds;
    int64_t end;
    (void)userdata;
    demand(zroute_call_parameters(call, &data, &size));
    demand(zroute_reader_new(data, size, &reader));
    demand(zroute_reader_array(reader, &count));
    demand(zroute_reader_integer(reader, &milliseconds));
    demand(zroute_reader_free(reader));
    end = milliseconds_now() + milliseconds;
    while (milliseconds_now() < end - milliseconds / 2) {
        nanosleep(&pause, NULL);
    }
    while (milliseconds_now() < end) {
        continue;
    }
    answer_integer(call, milliseconds);
}

static void fork_and_exit(zroute_call *call, void *userdata)
{
    int status = 1;
    pid_t child = fork();
    (void)userdata;
    if (child == 0) {
        _exit(0);
    }
    while (waitpid(child, &status, 0) < 0) {
        continue;
    }
    answer_integer(call, WEXITSTATUS(status));
}

static void fork_and_stay(zroute_call *call, void *userdata)
{
    pid_t child = fork();
    (void)userdata;
    while (child == 0) {
        pause();
    }
    answer_integer(call, child);
}

/* A stream that a thread of its own makes, as fast as its caller takes it. */
struct stream {
    zroute_call *call;
    int64_t items;
    int is_endless;
    int fails;
    char note[512];
};

static void append(const char *file, const char *line)
{
    FILE *stream = fopen(file, "a");
    if (stream == NULL || fputs(line, stream) == EOF || fclose(stream) != 0) {
        perror(file);
        exit(1);
    }
}

static void *produce(void *userdata)
{
    struct stream *stream = userdata;
    zroute_status status = ZROUTE_OK;
    zroute_writer *writer;
    int64_t number;
    for (number = 0; status == ZROUTE_OK && (stream->is_endless || number < stream->items); number++) {
        const void *data;
        size_t size;
        demand(zroute_writer_new(&writer));
        demand(zroute_writer_integer(writer, number));
        demand(zroute_writer_bytes(writer, &data, &size));
        status = zroute_call_stream(stream->call, data, size, -1);
        demand(zroute_writer_free(writer));
    }
    if (stream->is_endless) {
        append(stream->note, "ended\n");
    }
    if (status != ZROUTE_OK) {
        if (status != ZROUTE_UNKNOWN_CALL) {
            demand(status);
        }
        demand(zroute_call_free(stream->call));
    } else if (stream->fails) {
        demand(zroute_call_fail(stream->call, 7, "NoMoney", "the account holds 3 \xE2\x82\xAC"));
    } else {
        demand(zroute_call_end_stream(stream->call));
    }
    free(stream);
    return NULL;
}

/* The one parameter is the name of a file for an endless stream, else a number. */
static void begin_stream(zroute_call *call, int is_endless, int fails)
{
    struct stream *stream = calloc(1, sizeof *stream);
    zroute_reader *reader;
    const void *data;
    size_t size;
    uint32_t count;
    pthread_t thread;
    if (stream == NULL) {
        abort();
    }
    demand(zroute_call_parameters(call, &data, &size));
    demand(zroute_reader_new(data, size, &reader));
    demand(zroute_reader_array(reader, &count));
    if (is_endless) {
        const void *name;
        demand(zroute_reader_bytes(reader, &name, &size));
        if (size >= sizeof stream->note) {
            abort();
        }
        memcpy(stream->note, name, size);
    } else {
        demand(zroute_reader_integer(reader, &stream->items));
    }
    demand(zroute_reader_free(reader));
    stream->call = call;
    stream->is_endless = is_endless;
    stream->fails = fails;
    demand(zroute_call_keep(call));
    if (pthread_create(&thread, NULL, produce, stream) != 0 || pthread_detach(thread) != 0) {
        abort();
    }
}

static void count_up(zroute_call *call, void *userdata)
{
    (void)userdata;
    begin_stream(call, 0, 0);
}

static void stumble(zroute_call *call, void *userdata)
{
    (void)userdata;
    begin_stream(call, 0, 1);
}

/* Notes in a file that it was ended. */
static void endless(zroute_call *call, void *userdata)
{
    (void)userdata;
    begin_stream(call, 1, 0);
}

static void time_left(zroute_call *call, void *userdata)
{
    int64_t milliseconds;
    (void)userdata;
    demand(zroute_call_time_left(call, &milliseconds));
    answer_integer(call, milliseconds);
}

static void fail(zroute_call *call, void *userdata)
{
    (void)userdata;
    demand(zroute_call_fail(call, 7, "NoMoney", "the account holds 3 \xE2\x82\xAC"));
}

static void silent(zroute_call *call, void *userdata)
{
    (void)call;
    (void)userdata;
}

/* Tries to answer with what only a fault may look like. */
static void reserved(zroute_call *call, void *userdata)
{
    static const char fault[] = "\x81\xA9__error__\x01";
    (void)userdata;
    if (zroute_call_answer(call, fault, sizeof fault - 1) != ZROUTE_RESERVED_VALUE) {
        abort();
    }
}

static void set_option(zroute_options *options, char *setting)
{
    char *value = strchr(setting, '=');
    char *end;
    long long number;
    if (value == NULL) {
        fprintf(stderr, "expected OPTION=VALUE, got %s\n", setting);
        exit(1);
    }
    *value++ = '\0';
    number = strtoll(value, &end, 10);
    demand(*end == '\0' ? zroute_options_set_integer(options, setting, number)
                        : zroute_options_set_text(options, setting, value));
}

int main(int argc, char **argv)
{
    static const struct {
        const void *name;
        zroute_callback callback;
    } functions[] = {
        {"plus", plus},
        {"each", each},
        {"echo", echo},
        {"hold", hold},
        {"toil", toil},
        {"nap", toil},
        {"count", count_up},
        {"stumble", stumble},
        {"endless", endless},
        {"fork_and_exit", fork_and_exit},
        {"fork_and_stay", fork_and_stay},
        {"time_left", time_left},
        {"fail", fail},
        {"silent", silent},
        {"reserved", reserved},
        {"gr\xC3\xB6\xC3\x9F" "e", echo},
        {"\xE5\x8A\x9F\xE8\x83\xBD", echo},
    };
    struct sigaction action;
    zroute_options *options;
    const char *endpoint;
    zroute_status status;
    size_t i;
    int argument;
    int raw = 0;

    demand(zroute_options_new(&options));
    for (argument = 2; argument < argc; argument++) {
        if (strcmp(argv[argument], "raw=echo") == 0) {
            raw = 1;
        } else {
            set_option(options, argv[argument]);
        }
    }
    demand(zroute_server_new(options, &server));
    demand(zroute_options_free(options));
    if (raw) {
        demand(zroute_server_register_raw(server, echo, NULL, NULL));
    }
    for (i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        demand(zroute_server_register(
            server, functions[i].name, functions[i].callback, NULL, NULL));
    }
    demand(zroute_server_bind(server, argc > 1 ? argv[1] : "tcp://127.0.0.1:0"));
    demand(zroute_server_endpoint(server, 0, &endpoint));

    memset(&action, 0, sizeof action);
    action.sa_handler = stop;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);

    printf("listening on %s\n", endpoint);
    fflush(stdout);
    do {
        status = zroute_server_run(server);
    } while (status == ZROUTE_INTERRUPTED);
    demand(status);
    demand(zroute_server_free(server));
    return 0;
}
