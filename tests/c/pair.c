#include "pair.h"

#include <stdlib.h>

struct pair *make_pair_with(const zroute_options *server_options,
                            const zroute_options *client_options)
{
    struct pair *pair = calloc(1, sizeof *pair);
    assert_non_null(pair);
    assert_status(ZROUTE_OK, zroute_server_new(server_options, &pair->server));
    assert_status(ZROUTE_OK, zroute_server_bind(pair->server, "tcp://127.0.0.1:0"));
    assert_status(ZROUTE_OK, zroute_server_endpoint(pair->server, 0, &pair->endpoint));
    assert_status(ZROUTE_OK, zroute_client_new(client_options, &pair->client));
    assert_status(ZROUTE_OK, zroute_client_connect(pair->client, pair->endpoint));
    return pair;
}

int make_pair(void **state)
{
    *state = make_pair_with(NULL, NULL);
    return 0;
}

int free_pair(void **state)
{
    struct pair *pair = *state;
    assert_status(ZROUTE_OK, zroute_client_free(pair->client));
    assert_status(ZROUTE_OK, zroute_server_free(pair->server));
    free(pair);
    return 0;
}

zroute_options *with_integer(zroute_options *options, const char *name, int64_t value)
{
    if (options == NULL) {
        assert_status(ZROUTE_OK, zroute_options_new(&options));
    }
    assert_status(ZROUTE_OK, zroute_options_set_integer(options, name, value));
    return options;
}

uint64_t submit(struct pair *pair, const char *function, const void *parameters, size_t size)
{
    uint64_t id;
    assert_status(ZROUTE_OK, zroute_client_submit(pair->client, function, parameters, size,
                                                  PATIENCE_MS, &id));
    return id;
}

zroute_answer *served(struct pair *pair, uint64_t id)
{
    int64_t since = now_ms();
    while (within_patience(since)) {
        zroute_answer *answer;
        uint64_t ended;
        zroute_status status = zroute_client_collect(pair->client, 1, &answer);
        if (status == ZROUTE_OK) {
            assert_status(ZROUTE_OK, zroute_answer_id(answer, &ended));
            assert_int_equal(id, ended);
            return answer;
        }
        assert_status(ZROUTE_TIMEOUT, status);
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    }
    return NULL;
}

zroute_answer *called(struct pair *pair, const char *function, const void *parameters,
                      size_t size)
{
    return served(pair, submit(pair, function, parameters, size));
}

void serve_calls(struct pair *pair, uint64_t calls)
{
    int64_t since = now_ms();
    zroute_server_counters counters;
    zroute_answer *answer;
    do {
        /* Lets the client send. */
        assert_status(ZROUTE_TIMEOUT, zroute_client_collect(pair->client, 1, &answer));
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
        assert_status(ZROUTE_OK, zroute_server_count(pair->server, &counters));
    } while (counters.calls < calls && within_patience(since));
}

zroute_answer *collected(zroute_client *client)
{
    zroute_answer *answer;
    assert_status(ZROUTE_OK, zroute_client_collect(client, PATIENCE_MS, &answer));
    return answer;
}

void echo(zroute_call *call, void *userdata)
{
    const void *data;
    size_t size;
    (void)userdata;
    if (zroute_call_parameters(call, &data, &size) == ZROUTE_OK) {
        zroute_call_answer(call, data, size);
    }
}

void keep(zroute_call *call, void *userdata)
{
    if (zroute_call_keep(call) == ZROUTE_OK) {
        *(zroute_call **)userdata = call;
    }
}
