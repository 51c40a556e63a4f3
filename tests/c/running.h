/* A server that runs on a thread of its own. */
#ifndef RUNNING_H
#define RUNNING_H

#include <pthread.h>

#include "assertions.h"

struct running {
    zroute_server *server;
    const char *endpoint;
    pthread_t thread;
    zroute_status ended;
};

/* A server with `echo`, bound to a free port; register more before it runs. */
void make_running(struct running *running);
void make_running_with(struct running *running, const zroute_options *options);
void run(struct running *running);

/* Stops it and waits for its thread; the server is this thread's again. */
void stop_running(struct running *running);

/* The same, and frees it. */
void free_running(struct running *running);

#endif
