/* A program in C of the bench ends when a call of the library fails: what it measured would
 * be worth nothing. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <zroute.h>

static void check(zroute_status status)
{
    if (status != ZROUTE_OK) {
        char text[512];
        zroute_last_error(text, sizeof text);
        fprintf(stderr, "%s\n", text);
        exit(EXIT_FAILURE);
    }
}

#endif
