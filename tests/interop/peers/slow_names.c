/* Loaded before libc (LD_PRELOAD): a getaddrinfo() that takes SLOW_NAMES_SECONDS. */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int resolve(
    const char *, const char *, const struct addrinfo *, struct addrinfo **);

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
    /* C99 has no cast from an object's address to a function's. */
    memcpy(&real, &symbol, sizeof real);
    left.tv_sec = seconds != NULL ? atoi(seconds) : 0;
    while (nanosleep(&left, &left) != 0) {
        continue;
    }
    return real(node, service, hints, result);
}
