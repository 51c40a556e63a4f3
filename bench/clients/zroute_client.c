/* Calls plus() over and over on zroute's C ABI and checks every answer: one call after
 * the other, or a window of calls in flight. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zroute.h>

#include "checked_call.h"
#include "measured_run.h"

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
