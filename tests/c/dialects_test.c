/* A client that speaks MessagePack-RPC or zerorpc, against a bare ROUTER. */
#include <string.h>
#include <zmq.h>

#include "raw_socket.h"

struct foreign {
    struct raw_socket router;
    zroute_client *client;
};

static void begin_with(struct foreign *here, const char *dialect)
{
    zroute_options *options;
    assert_status(ZROUTE_OK, zroute_options_new(&options));
    assert_status(ZROUTE_OK, zroute_options_set_text(options, "dialect", dialect));
    raw_bind(&here->router, ZMQ_ROUTER);
    assert_status(ZROUTE_OK, zroute_client_new(options, &here->client));
    assert_status(ZROUTE_OK, zroute_options_free(options));
    assert_status(ZROUTE_OK, zroute_client_connect(here->client, here->router.endpoint));
}

static void end_of(struct foreign *here)
{
    assert_status(ZROUTE_OK, zroute_client_free(here->client));
    raw_close(&here->router);
}

/* Lets the client send until the router has got a message. It may have no call that is to be
 * collected. */
static void requested(struct foreign *here, struct message *message)
{
    int64_t since = now_ms();
    zroute_answer *answer;
    while (!raw_take(&here->router, message) && within_patience(since)) {
        int status = zroute_client_collect(here->client, 1, &answer);
        assert_true(status == ZROUTE_TIMEOUT || status == ZROUTE_END);
    }
}

/* A request of zerorpc begins so; then comes its id, a str of 24 bytes. */
#define HEADER "\x93\x82\xaa" "message_id"
#define ID_SIZE 25

/* Sends an event on the channel of a call: what follows its header. */
static void send_event(struct foreign *here, const struct message *call, const char *rest,
                       size_t size)
{
    static const char before[] = "\x93\x83\xaa" "message_id\xa1s\xa1v\x03\xab" "response_to";
    char body[256];
    struct frame frames[] = {{call->frames[0].data, call->frames[0].size}, FRAME(""), {body, 0}};
    const size_t start = sizeof before - 1;
    assert_int_equal(call->count, 3);
    assert_memory_equal(call->frames[2].data, HEADER, sizeof HEADER - 1);
    memcpy(body, before, start);
    memcpy(body + start, call->frames[2].data + sizeof HEADER - 1, ID_SIZE);
    memcpy(body + start + ID_SIZE, rest, size);
    frames[2].size = start + ID_SIZE + size;
    raw_send(&here->router, frames, 3);
}

#define send_event_of(here, call, literal) send_event((here), (call), (literal), sizeof(literal) - 1)

static uint64_t begun_stream(struct foreign *here, struct message *call)
{
    uint64_t id;
    assert_status(ZROUTE_OK, zroute_client_submit_with(here->client, "f", PACKED("\x90"), 20000,
                                                       ZROUTE_STREAM, &id));
    requested(here, call);
    return id;
}

static zroute_answer *next_of(struct foreign *here, uint64_t id)
{
    zroute_answer *answer = NULL;
    assert_status(ZROUTE_OK, zroute_client_stream_next(here->client, id, -1, &answer));
    return answer;
}

static void messagepack_rpc_is_spoken(void **state)
{
    struct foreign here;
    static struct message call;
    unsigned char body[32];
    struct frame frames[4];
    zroute_answer *answer;
    uint64_t id;
    size_t index, size;
    (void)state;
    begin_with(&here, "msgpack-rpc");
    assert_status(ZROUTE_OK, zroute_client_notify(here.client, "n", PACKED("\x90")));
    requested(&here, &call);
    assert_body("\x93\x02\xa1n\x90", &call);
    assert_status(ZROUTE_INVALID_VALUE, zroute_client_call(here.client, "f", PACKED("\x80"), -1,
                                                           &answer));
    assert_status(ZROUTE_OK, zroute_client_submit(here.client, "f", PACKED("\x90"), -1, &id));
    requested(&here, &call);
    size = call.frames[3].size;
    /* [0, id, "f", []] becomes [1, id, nil, 7]. */
    assert_true(size > 5 && size < sizeof body);
    memcpy(body, call.frames[3].data, size);
    body[1] = 1;
    body[size - 3] = 0xc0;
    body[size - 2] = 7;
    for (index = 0; index < 4; index++) {
        frames[index].data = index < 3 ? call.frames[index].data : body;
        frames[index].size = index < 3 ? call.frames[index].size : size - 1;
    }
    raw_send(&here.router, frames, 4);
    assert_status(ZROUTE_OK, zroute_client_wait(here.client, id, &answer));
    assert_answer("\x07", answer);
    end_of(&here);
}

static void a_stream_gives_its_items_and_its_end(void **state)
{
    struct foreign here;
    static struct message call, more;
    zroute_answer *answer = NULL;
    uint64_t id;
    (void)state;
    begin_with(&here, "zerorpc");
    id = begun_stream(&here, &call);
    assert_status(ZROUTE_TIMEOUT, zroute_client_stream_next(here.client, id, 0, &answer));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_client_wait(here.client, id, &answer));
    send_event_of(&here, &call, "\xa6STREAM\x01");
    assert_answer("\x01", next_of(&here, id));
    requested(&here, &more);
    send_event_of(&here, &call, "\xa6STREAM\xa1x");
    send_event_of(&here, &call, "\xabSTREAM_DONE\xc0");
    assert_answer("\xa1x", next_of(&here, id));
    assert_status(ZROUTE_END, zroute_client_stream_next(here.client, id, -1, &answer));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_client_stream_next(here.client, id, -1, &answer));
    assert_null(answer);
    end_of(&here);
}

static void a_fault_ends_a_stream_behind_its_items(void **state)
{
    struct foreign here;
    static struct message call;
    zroute_answer *answer = NULL;
    uint64_t id;
    (void)state;
    begin_with(&here, "zerorpc");
    id = begun_stream(&here, &call);
    send_event_of(&here, &call, "\xa6STREAM\x01");
    send_event_of(&here, &call, "\xa3" "ERR\x93\xa4Oops\xa3odd\xc0");
    assert_answer("\x01", next_of(&here, id));
    assert_fault(0, "odd", next_of(&here, id));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_client_stream_next(here.client, id, -1, &answer));
    assert_null(answer);
    end_of(&here);
}

static void a_stream_can_be_left(void **state)
{
    struct foreign here;
    static struct message call;
    zroute_answer *answer = NULL;
    zroute_client_counters counters;
    uint64_t id;
    (void)state;
    begin_with(&here, "zerorpc");
    id = begun_stream(&here, &call);
    assert_status(ZROUTE_OK, zroute_client_cancel(here.client, id));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_client_cancel(here.client, id));
    send_event_of(&here, &call, "\xa6STREAM\x01");
    do {
        assert_status(ZROUTE_END, zroute_client_collect(here.client, 10, &answer));
        assert_status(ZROUTE_OK, zroute_client_count(here.client, &counters));
    } while (counters.unmatched == 0);
    assert_int_equal(counters.in_flight, 0);
    end_of(&here);
}

static void a_stream_is_not_for_every_function_and_dialect(void **state)
{
    struct foreign here;
    zroute_answer *answer = NULL;
    const void *data;
    size_t size;
    uint64_t id;
    (void)state;
    begin_with(&here, "plain");
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_client_call_with(here.client, "f", PACKED("\x90"), -1,
                                                               ZROUTE_STREAM, &answer));
    assert_status(ZROUTE_BAD_ARGUMENT,
                  zroute_client_submit_with(here.client, "f", PACKED("\x90"), -1,
                                            ZROUTE_STREAM | ZROUTE_ONE_WAY, &id));
    assert_status(ZROUTE_OK, zroute_client_submit_with(here.client, "f", PACKED("\x90"), -1,
                                                       ZROUTE_STREAM, &id));
    answer = next_of(&here, id);
    assert_status(ZROUTE_INVALID_VALUE, zroute_answer_value(answer, &data, &size));
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
    end_of(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messagepack_rpc_is_spoken),
        cmocka_unit_test(a_stream_gives_its_items_and_its_end),
        cmocka_unit_test(a_fault_ends_a_stream_behind_its_items),
        cmocka_unit_test(a_stream_can_be_left),
        cmocka_unit_test(a_stream_is_not_for_every_function_and_dialect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
