/* A server and its client on one thread, which serves and collects in turns.
 * Callbacks run on the test's own thread, so they may assert. */
#ifndef PAIR_H
#define PAIR_H

#include "assertions.h"

struct pair {
    zroute_server *server;
    zroute_client *client;
    const char *endpoint;
};

/* cmocka's fixture; the state is a struct pair with default options. */
int make_pair(void **state);
int free_pair(void **state);

/* The same with options, which may be NULL; freed with free_pair. */
struct pair *make_pair_with(const zroute_options *server_options,
                            const zroute_options *client_options);

/* One integer option; `options` is made if it is NULL. */
zroute_options *with_integer(zroute_options *options, const char *name, int64_t value);

/* Begins a call. */
uint64_t submit(struct pair *pair, const char *function, const void *parameters, size_t size);

/* Serves until the call has ended. */
zroute_answer *served(struct pair *pair, uint64_t id);

/* Begins a call and serves until it has ended. */
zroute_answer *called(struct pair *pair, const char *function, const void *parameters,
                      size_t size);

/* Serves until the server has counted this many calls. */
void serve_calls(struct pair *pair, uint64_t calls);

/* Collects one answer, without serving. */
zroute_answer *collected(zroute_client *client);

/* Callbacks. */
void echo(zroute_call *call, void *userdata);
/* `userdata` is a zroute_call *, which gets the kept call. */
void keep(zroute_call *call, void *userdata);

#endif
