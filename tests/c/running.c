#include "running.h"

#include <signal.h>

#include "pair.h"

static void *serve(void *argument)
{
    struct running *running = argument;
    do {
        running->ended = zroute_server_run(running->server);
    } while (running->ended == ZROUTE_INTERRUPTED);
    return NULL;
}

void make_running(struct running *running)
{
    make_running_with(running, NULL);
}

void make_running_with(struct running *running, const zroute_options *options)
{
    assert_status(ZROUTE_OK, zroute_server_new(options, &running->server));
    assert_status(ZROUTE_OK, zroute_server_register(running->server, "echo", echo, NULL, NULL));
    assert_status(ZROUTE_OK, zroute_server_bind(running->server, "tcp://127.0.0.1:0"));
    assert_status(ZROUTE_OK, zroute_server_endpoint(running->server, 0, &running->endpoint));
}

void run(struct running *running)
{
    /* The tests' signals are for the tests' own thread. */
    sigset_t all, before;
    sigfillset(&all);
    assert_int_equal(0, pthread_sigmask(SIG_SETMASK, &all, &before));
    assert_int_equal(0, pthread_create(&running->thread, NULL, serve, running));
    assert_int_equal(0, pthread_sigmask(SIG_SETMASK, &before, NULL));
}

void stop_running(struct running *running)
{
    assert_status(ZROUTE_OK, zroute_server_stop(running->server));
    assert_int_equal(0, pthread_join(running->thread, NULL));
    assert_status(ZROUTE_OK, running->ended);
}

void free_running(struct running *running)
{
    stop_running(running);
    assert_status(ZROUTE_OK, zroute_server_free(running->server));
}
