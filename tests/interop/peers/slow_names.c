/* Loaded before libc (LD_PRELOAD): a getaddrinfo() that takes SLOW_NAMES_SECONDS,
 * and knows late.example as 127.0.0.1.
 * PHP's FFI loads libraries so that they would find libc's own first
 * (RTLD_DEEPBIND); that is turned off here. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int resolve(
    const char *, const char *, const struct addrinfo *, struct addrinfo **);
typedef void *load(const char *, int);

void *dlopen(const char *file, int flags)
{
    void *symbol = dlsym(RTLD_NEXT, "dlopen");
    load *real;
    /* C99 has no cast from an object's address to a function's. */
    memcpy(&real, &symbol, sizeof real);
    return real(file, flags & ~RTLD_DEEPBIND);
}

int getaddrinfo(
    const char *node,
    const char *service,
    const struct addrinfo *hints,
    struct addrinfo **result)
{
    const char *seconds = getenv("SLOW_NAMES_SECONDS");
    struct timespec left = {0, 0};
    void *symbol = dlsym(RTLD_NEXT, "getaddrinfo");
    resolve *real;
    memcpy(&real, &symbol, sizeof real);
    left.tv_sec = seconds != NULL ? atoi(seconds) : 0;
    while (nanosleep(&left, &left) != 0) {
        continue;
    }
    if (node != NULL && strcmp(node, "late.example") == 0) {
        node = "127.0.0.1";
    }
    return real(node, service, hints, result);
}
