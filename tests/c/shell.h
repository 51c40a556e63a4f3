/* Commands of the toolchain, for tests of files rather than of functions.
 * Included by programs that are not linked to the library. */
#ifndef SHELL_H
#define SHELL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

/* Runs a command; returns its exit code and what it printed, cut to the room. */
static int shell(const char *command, char *output, size_t capacity)
{
    FILE *pipe = popen(command, "r");
    size_t size;
    int status;
    assert_non_null(pipe);
    size = fread(output, 1, capacity - 1, pipe);
    output[size] = 0;
    status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#endif
