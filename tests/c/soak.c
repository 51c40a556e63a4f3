/* Many calls, many in flight; the memory stops growing: `soak [CALLS]`, a million if it is not said.
 *
 * Resident memory is compared after a quarter of the calls, when every buffer,
 * table and arena has its size, and after all of them. What may lie between is
 * the allocator's noise, of some hundred KiB. The smallest piece of memory that
 * a call could leak is 32 bytes with malloc's own share: of a million calls, 24 MB. The
 * tolerance of 2 MiB is far from both.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zroute.h>

#define IN_FLIGHT 64
#define TOLERANCE_KIB 2048

static void stop_here(const char *what)
{
    char text[500];
    zroute_last_error(text, sizeof text);
    fprintf(stderr, "soak: %s: %s\n", what, text);
    exit(1);
}

#define require(call)             \
    do {                          \
        if ((call) != ZROUTE_OK) { \
            stop_here(#call);     \
        }                         \
    } while (0)

static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && kib < 0 && fgets(line, sizeof line, status) != NULL) {
        sscanf(line, "VmRSS: %ld kB", &kib);
    }
    if (status == NULL || kib < 0) {
        stop_here("/proc/self/status has no VmRSS");
    }
    fclose(status);
    return kib;
}

static void plus(zroute_call *call, void *userdata)
{
    int64_t numbers[16], sum = 0;
    size_t count;
    zroute_writer *writer;
    (void)userdata;
    /* Made and freed for each call, so that these are watched too. */
    require(zroute_writer_new(&writer));
    {
        zroute_reader *reader;
        require(zroute_reader_new("\xc0", 1, &reader));
        require(zroute_call_read(call, reader));
        require(zroute_reader_integers(reader, numbers, 16, &count));
        require(zroute_reader_free(reader));
    }
    while (count > 0) {
        sum += numbers[--count];
    }
    require(zroute_writer_integer(writer, sum));
    /* Some are kept, some fail. */
    if (sum % 10 == 0) {
        require(zroute_call_keep(call));
    }
    if (sum % 7 == 0) {
        require(zroute_call_fail(call, 7, "Seven", "a multiple of seven"));
    } else {
        require(zroute_call_answer_with(call, writer));
    }
    require(zroute_writer_free(writer));
}

static void *serve(void *server)
{
    require(zroute_server_run(server));
    return NULL;
}

int main(int argc, char **argv)
{
    const long calls = argc > 1 ? atol(argv[1]) : 1000000;
    zroute_server *server;
    zroute_client *client;
    zroute_server_counters served;
    zroute_client_counters counted;
    pthread_t thread;
    const char *endpoint;
    long begun = 0, ended = 0, wrong = 0, early = 0, late;

    require(zroute_server_new(NULL, &server));
    require(zroute_server_register(server, "plus", plus, NULL, NULL));
    require(zroute_server_bind(server, "tcp://127.0.0.1:0"));
    require(zroute_server_endpoint(server, 0, &endpoint));
    require(zroute_client_new(NULL, &client));
    require(zroute_client_connect(client, endpoint));
    if (pthread_create(&thread, NULL, serve, server) != 0) {
        stop_here("no thread");
    }

    while (ended < calls) {
        zroute_answer *answer;
        zroute_status status;
        const void *data;
        size_t size;
        while (begun < calls && begun - ended < IN_FLIGHT) {
            unsigned char parameters[3] = {0x92, 0, 1};
            uint64_t id;
            parameters[1] = (unsigned char)(begun % 127);
            require(zroute_client_submit(client, "plus", parameters, 3, 60000, &id));
            begun++;
        }
        require(zroute_client_collect(client, -1, &answer));
        status = zroute_answer_value(answer, &data, &size);
        wrong += status != ZROUTE_OK && status != ZROUTE_FAULT;
        require(zroute_answer_free(answer));
        ended++;
        if (ended == calls / 4) {
            early = resident_kib();
        }
    }
    late = resident_kib();

    require(zroute_server_stop(server));
    pthread_join(thread, NULL);
    require(zroute_server_count(server, &served));
    require(zroute_client_count(client, &counted));
    require(zroute_client_free(client));
    require(zroute_server_free(server));

    printf("soak: %ld calls, %ld wrong; resident %ld KiB after a quarter, %ld KiB at the end\n",
           calls, wrong, early, late);
    if (wrong > 0 || served.calls != (uint64_t)calls
        || counted.answers + counted.faults != (uint64_t)calls) {
        fprintf(stderr, "soak: calls were lost\n");
        return 1;
    }
    if (late - early > TOLERANCE_KIB) {
        fprintf(stderr, "soak: the memory grew by more than %d KiB\n", TOLERANCE_KIB);
        return 1;
    }
    return 0;
}
