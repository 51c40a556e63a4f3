/* Loaded before libc (LD_PRELOAD): while the file FULL_DISK is there, half of what
 * is written to a file whose name ends in .staged has room, and then nothing. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef ssize_t put(int, const void *, size_t);

static int is_staged(int descriptor)
{
    static const char END[] = ".staged";
    const size_t end = sizeof END - 1;
    char link[64];
    char name[4096];
    ssize_t size;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    size = readlink(link, name, sizeof name);
    return size >= (ssize_t)end && memcmp(name + size - end, END, end) == 0;
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    const char *full = getenv("FULL_DISK");
    void *symbol = dlsym(RTLD_NEXT, "write");
    put *real;
    /* C99 has no cast from an object's address to a function's. */
    memcpy(&real, &symbol, sizeof real);
    if (full != NULL && access(full, F_OK) == 0 && is_staged(descriptor)) {
        if (lseek(descriptor, 0, SEEK_CUR) > 0 || size < 2) {
            errno = ENOSPC;
            return -1;
        }
        size /= 2;
    }
    return real(descriptor, data, size);
}
