/* A client process that does what it is told, a line at a time, and answers each with one:
 *
 *   until SERVERS        waits until exactly so many servers are known and connected:
 *                        "until NANOSECONDS"
 *   servers              "servers KNOWN CONNECTED"
 *   calls COUNT WINDOW   calls plus() with so many in flight: "calls NANOSECONDS CPU FAILED",
 *                        CPU in nanoseconds of this process
 *   steady RATE          calls plus() so many times a second until the next line comes:
 *                        "steady CALLS FAILED LONGEST", in nanoseconds
 *
 * Arguments: endpoints. It ends with its input. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zroute.h>

#include "../check.h"

static const char PARAMETERS[] = "\x93\x01\x02\x03";
enum { PARAMETERS_SIZE = sizeof PARAMETERS - 1, PATIENCE_MS = 30000, LOOK_MS = 20 };

static int64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int is_told(int milliseconds)
{
    struct pollfd input = {0, POLLIN, 0};
    return poll(&input, 1, milliseconds) > 0;
}

static void count_servers(zroute_client *client, size_t *known, size_t *connected)
{
    zroute_server_health health;

    *connected = 0;
    for (*known = 0; zroute_client_server(client, *known, &health) == ZROUTE_OK; ++*known) {
        *connected += health.state == ZROUTE_UP;
    }
}

static int end_call(zroute_client *client)
{
    zroute_answer *answer;
    const void *data;
    size_t size;
    int is_failed;

    check(zroute_client_collect(client, PATIENCE_MS, &answer));
    is_failed = zroute_answer_value(answer, &data, &size) != ZROUTE_OK;
    if (is_failed) {
        char text[512];
        zroute_last_error(text, sizeof text);
        fprintf(stderr, "caller: %s\n", text);
    }
    check(zroute_answer_free(answer));
    return is_failed;
}

static void begin_call(zroute_client *client)
{
    uint64_t id;
    check(zroute_client_submit(client, "plus", PARAMETERS, PARAMETERS_SIZE, PATIENCE_MS, &id));
}

static void until(zroute_client *client, size_t wanted)
{
    int64_t began = now(CLOCK_MONOTONIC);
    size_t known, connected;
    zroute_answer *answer;

    for (;;) {
        /* With no call in flight there is nothing to collect; but it takes in the lists. */
        (void)zroute_client_collect(client, 0, &answer);
        count_servers(client, &known, &connected);
        if (known == wanted && connected == wanted) {
            break;
        }
        poll(NULL, 0, LOOK_MS);
    }
    printf("until %lld\n", (long long)(now(CLOCK_MONOTONIC) - began));
}

static void call(zroute_client *client, long count, long window)
{
    int64_t began = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    long begun, ended, failed = 0;

    for (begun = 0; begun < window && begun < count; begun++) {
        begin_call(client);
    }
    for (ended = 0; ended < count; ended++) {
        failed += end_call(client);
        if (begun < count) {
            begin_call(client);
            begun++;
        }
    }
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("calls %lld %lld %ld\n", (long long)(now(CLOCK_MONOTONIC) - began), (long long)cpu,
           failed);
}

static void call_steadily(zroute_client *client, long rate)
{
    char line[100];
    long calls = 0, failed = 0;
    int64_t longest = 0;

    do {
        int64_t began = now(CLOCK_MONOTONIC), took;
        begin_call(client);
        failed += end_call(client);
        calls++;
        took = now(CLOCK_MONOTONIC) - began;
        longest = took > longest ? took : longest;
    } while (!is_told((int)(1000 / rate)));
    if (!fgets(line, sizeof line, stdin)) {
        exit(EXIT_FAILURE);
    }
    printf("steady %ld %ld %lld\n", calls, failed, (long long)longest);
}

int main(int argc, char **argv)
{
    zroute_client *client;
    char line[100];
    int place;

    check(zroute_client_new(NULL, &client));
    for (place = 1; place < argc; place++) {
        check(zroute_client_connect(client, argv[place]));
    }
    /* poll() and stdio look at the same input, so nothing may wait in a buffer. */
    setvbuf(stdin, NULL, _IONBF, 0);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    while (fgets(line, sizeof line, stdin)) {
        long first, second;
        size_t known, connected;

        if (sscanf(line, "calls %ld %ld", &first, &second) == 2) {
            call(client, first, second);
        } else if (sscanf(line, "until %ld", &first) == 1) {
            until(client, (size_t)first);
        } else if (sscanf(line, "steady %ld", &first) == 1) {
            call_steadily(client, first);
        } else {
            count_servers(client, &known, &connected);
            printf("servers %zu %zu\n", known, connected);
        }
    }
    check(zroute_client_free(client));
    return EXIT_SUCCESS;
}
