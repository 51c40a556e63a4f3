/* The call that the clients in C make, and how they check what comes of it: a client that
 * gets a wrong answer ends instead of being measured. */
#ifndef CHECKED_CALL_H
#define CHECKED_CALL_H

#include <stdio.h>
#include <stdlib.h>
#include <zroute.h>

#include "../check.h"

/* [1, 2, 2, 3, 3, 4, 2, 3, -1], as demo 6 has it, and its sum. */
static const char PARAMETERS[] = "\x99\x01\x02\x02\x03\x03\x04\x02\x03\xff";
enum { PARAMETERS_SIZE = sizeof PARAMETERS - 1, SUM = 19 };

static void check_sum(zroute_answer *answer)
{
    const void *data;
    size_t size;

    check(zroute_answer_value(answer, &data, &size));
    if (size != 1 || *(const unsigned char *)data != SUM) {
        fprintf(stderr, "client: wrong answer, expected %d\n", SUM);
        exit(EXIT_FAILURE);
    }
    check(zroute_answer_free(answer));
}

#endif
