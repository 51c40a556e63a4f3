/* Calls plus() over and over on zroute's C ABI and checks every answer: one call after
 * the other, or a window of calls in flight. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zroute.h>

#include "measured_run.h"

/* [1, 2, 2, 3, 3, 4, 2, 3, -1], as demo 6 has it, and its sum. */
static const char PARAMETERS[] = "\x99\x01\x02\x02\x03\x03\x04\x02\x03\xff";
enum { PARAMETERS_SIZE = sizeof PARAMETERS - 1, SUM = 19 };

static void check(zroute_status status)
{
    if (status != ZROUTE_OK) {
        char text[512];
        zroute_last_error(text, sizeof text);
        fprintf(stderr, "zroute_client: %s\n", text);
        exit(EXIT_FAILURE);
    }
}

static void check_sum(zroute_answer *answer)
{
    const void *data;
    size_t size;

    check(zroute_answer_value(answer, &data, &size));
    if (size != 1 || *(const unsigned char *)data != SUM) {
        fprintf(stderr, "zroute_client: wrong answer, expected %d\n", SUM);
        exit(EXIT_FAILURE);
    }
    check(zroute_answer_free(answer));
}

static void call_in_lockstep(zroute_client *client, struct measured_run *run)
{
    zroute_answer *answer;

    measured_run_start(run);
    do {
        check(zroute_client_call(client, "plus", PARAMETERS, PARAMETERS_SIZE, PATIENCE_MS,
                                 &answer));
        check_sum(answer);
    } while (measured_run_answered(run, 1));
}

static void submit(zroute_client *client)
{
    uint64_t id;
    check(zroute_client_submit(client, "plus", PARAMETERS, PARAMETERS_SIZE, PATIENCE_MS, &id));
}

static void call_with_a_window(zroute_client *client, struct measured_run *run)
{
    zroute_answer *answer;
    size_t calls;

    measured_run_start(run);
    for (calls = 0; calls < run->window; calls++) {
        submit(client);
    }
    for (;;) {
        check(zroute_client_collect(client, PATIENCE_MS, &answer));
        check_sum(answer);
        if (!measured_run_answered(run, 1)) {
            return;
        }
        submit(client);
    }
}

int main(int argc, char **argv)
{
    struct measured_run run;
    zroute_client *client;

    measured_run_read(&run, argc, argv);
    check(zroute_client_new(NULL, &client));
    check(zroute_client_connect(client, run.endpoint));
    if (run.window == 1) {
        call_in_lockstep(client, &run);
    } else {
        call_with_a_window(client, &run);
    }
    measured_run_report(&run);
    check(zroute_client_free(client));
    return EXIT_SUCCESS;
}
