/* A folder of a test's own, for what has a place in the file system. */
#ifndef FOLDER_H
#define FOLDER_H

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assertions.h"

#define FOLDER_SIZE 48

/* Makes one that nobody has, and writes its path there; the test removes it. */
static inline void make_folder(char path[FOLDER_SIZE])
{
    int number, made = -1;
    for (number = 0; made != 0; number++) {
        snprintf(path, FOLDER_SIZE, "/tmp/zroute-test-%ld-%d", (long)getpid(), number);
        made = mkdir(path, 0700);
        /* One may be left of a process that was killed. */
        assert_true(made == 0 || (errno == EEXIST && number < 1000));
    }
}

#endif
