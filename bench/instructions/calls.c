/* Makes so many calls of plus() on zroute's C ABI and checks every answer: arguments are
 * the endpoint, the number of calls, and how many begin before the first is collected. */
#include <stdio.h>
#include <stdlib.h>
#include <zroute.h>

#include "../clients/checked_call.h"

enum { PATIENCE_MS = 60000 };

int main(int argc, char **argv)
{
    zroute_options *options;
    zroute_client *client;
    zroute_answer *answer;
    uint64_t id;
    long calls, together, begun;

    if (argc != 4) {
        fprintf(stderr, "usage: %s endpoint calls together\n", argv[0]);
        return EXIT_FAILURE;
    }
    together = atol(argv[3]);
    check(zroute_options_new(&options));
    /* They come by the clock, and what is counted is a call. */
    check(zroute_options_set_integer(options, "heartbeat_ms", 0));
    check(zroute_client_new(options, &client));
    check(zroute_options_free(options));
    check(zroute_client_connect(client, argv[1]));
    for (calls = atol(argv[2]); calls > 0; calls -= together) {
        if (together == 1) {
            check(zroute_client_call(client, "plus", PARAMETERS, PARAMETERS_SIZE, PATIENCE_MS,
                                     &answer));
            check_sum(answer);
            continue;
        }
        for (begun = 0; begun < together; begun++) {
            check(zroute_client_submit(client, "plus", PARAMETERS, PARAMETERS_SIZE, PATIENCE_MS,
                                       &id));
        }
        for (begun = 0; begun < together; begun++) {
            check(zroute_client_collect(client, PATIENCE_MS, &answer));
            check_sum(answer);
        }
    }
    check(zroute_client_free(client));
    return EXIT_SUCCESS;
}
