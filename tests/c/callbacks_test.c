/* Functions that are served by callback. */
#include <stdlib.h>

#include <zmq.h>

#include "raw_socket.h"

/* What a callback does, and what it saw. */
struct script {
    struct pair *pair;
    int64_t code;
    const char *name;
    zroute_call *last;
    int calls;
    int finalized;
    jmp_buf *escape;
};

/* The callbacks' userdata: it outlives each test, as the server does. */
static struct script here;

static int set_up(void **state)
{
    memset(&here, 0, sizeof here);
    return make_pair(state);
}

static void count_finalized(void *userdata)
{
    ((struct script *)userdata)->finalized++;
}

static void do_register(struct pair *pair, const char *function, zroute_callback callback,
                        struct script *script)
{
    assert_status(ZROUTE_OK, zroute_server_register(pair->server, function, callback, script,
                                                    count_finalized));
}

/* --- Calls --- */

static void looks_at_everything(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    const char *function;
    const void *data;
    size_t size;
    int64_t milliseconds;
    script->calls++;
    assert_status(ZROUTE_OK, zroute_call_function(call, &function));
    assert_string_equal(function, "grüße");
    assert_status(ZROUTE_OK, zroute_call_parameters(call, &data, &size));
    assert_packed(data, size, "\x92\x01\xa1x");
    assert_status(ZROUTE_OK, zroute_call_time_left(call, &milliseconds));
    assert_in_range(milliseconds, 1, PATIENCE_MS);
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\xc3")));
}

static void a_callback_gets_its_function_parameters_time_and_userdata(void **state)
{
    struct pair *pair = *state;
    do_register(pair, "grüße", looks_at_everything, &here);
    assert_answer("\xc3", called(pair, "grüße", PACKED("\x92\x01\xa1x")));
    assert_int_equal(here.calls, 1);
}

static void remembers_its_call(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    script->last = call;
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\xc0")));
}

static void a_calls_handle_ends_with_its_callback(void **state)
{
    struct pair *pair = *state;
    zroute_call *first;
    do_register(pair, "f", remembers_its_call, &here);
    assert_answer("\xc0", called(pair, "f", PACKED("\xc0")));
    first = here.last;
    assert_status(ZROUTE_BAD_HANDLE, zroute_call_answer(first, PACKED("\xc0")));
    assert_status(ZROUTE_BAD_HANDLE, zroute_call_keep(first));
    assert_answer("\xc0", called(pair, "f", PACKED("\xc0")));
    assert_ptr_not_equal(first, here.last);
    assert_status(ZROUTE_BAD_HANDLE, zroute_call_free(first));
}

static void answers_1_if_userdata_is_null(zroute_call *call, void *userdata)
{
    zroute_call_answer(call, userdata == NULL ? "\x01" : "\x02", 1);
}

static void userdata_and_finalizer_may_be_null(void **state)
{
    struct pair *pair = *state;
    assert_status(ZROUTE_OK, zroute_server_register(pair->server, "f",
                                                    answers_1_if_userdata_is_null, NULL, NULL));
    assert_answer("\x01", called(pair, "f", PACKED("\xc0")));
    assert_status(ZROUTE_OK, zroute_server_register(pair->server, "f", echo, NULL, NULL));
    assert_answer("\x07", called(pair, "f", PACKED("\x07")));
}

static void a_call_without_a_deadline_says_so(zroute_call *call, void *userdata)
{
    int64_t milliseconds;
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_time_left(call, &milliseconds));
    assert_int_equal(milliseconds, -1);
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\x13")));
}

static void a_demo_client_is_served(void **state)
{
    struct pair *pair = *state;
    struct raw_socket client;
    struct message answer;
    assert_status(ZROUTE_OK, zroute_server_register(pair->server, "plus",
                                                    a_call_without_a_deadline_says_so, NULL, NULL));
    raw_connect(&client, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&client, FRAME("\x82\xad" "function_name\xa4plus\xaaparameters\x91\x13"));
    raw_served(&client, pair, &answer);
    assert_int_equal(answer.count, 1);
    assert_body("\x13", &answer);
    raw_close(&client);
}

static void an_unknown_function_is_a_fault(void **state)
{
    struct pair *pair = *state;
    assert_fault(-32601, "no function is called 'nobody' here",
                 called(pair, "nobody", PACKED("\xc0")));
}

/* --- Answers --- */

static void gives_no_answer(zroute_call *call, void *userdata)
{
    (void)call;
    (void)userdata;
}

static void silence_is_told_to_the_caller(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "f", gives_no_answer, NULL, NULL);
    assert_fault(-32603, "the handler gave no answer", called(pair, "f", PACKED("\xc0")));
}

static void tries_bad_answers_first(zroute_call *call, void *userdata)
{
    char large[200] = {(char)0xc4, (char)198};
    (void)userdata;
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_answer(call, NULL, 0));
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_answer(call, PACKED("\xc1")));
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_answer(call, PACKED("\x92\x01")));
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_answer(call, PACKED("\x01\x02")));
    assert_status(ZROUTE_TOO_LARGE, zroute_call_answer(call, large, sizeof large));
    assert_status(ZROUTE_RESERVED_VALUE,
                  zroute_call_answer(call, PACKED("\x81\xa9__error__\xc0")));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_call_fail(call, 0, NULL, "no code of ours"));
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\x2a")));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_call_answer(call, PACKED("\x2b")));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_call_fail(call, 1, NULL, "late"));
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_call_keep(call));
}

static void a_refused_answer_leaves_the_call_open_and_a_second_changes_nothing(void **state)
{
    zroute_options *options = with_integer(NULL, "max_message", 150);
    struct pair *pair = make_pair_with(options, NULL);
    (void)state;
    zroute_options_free(options);
    zroute_server_register(pair->server, "f", tries_bad_answers_first, NULL, NULL);
    assert_answer("\x2a", called(pair, "f", PACKED("\xc0")));
    state = (void **)&pair;
    free_pair(state);
}

static void answers_badly(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_answer(call, PACKED("\x92\x01")));
}

static void a_refused_answer_with_none_after_it_is_told_with_its_reason(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "f", answers_badly, NULL, NULL);
    assert_fault(-32603, "the handler's answer was refused", called(pair, "f", PACKED("\xc0")));
}

static void answers_a_map_with_two_keys(zroute_call *call, void *userdata)
{
    (void)userdata;
    assert_status(ZROUTE_OK,
                  zroute_call_answer(call, PACKED("\x82\xa9__error__\xc0\xa1x\xc0")));
}

static void only_a_map_with_the_reserved_key_alone_is_reserved(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "f", answers_a_map_with_two_keys, NULL, NULL);
    assert_answer("\x82\xa9__error__\xc0\xa1x\xc0", called(pair, "f", PACKED("\xc0")));
}

static void fails(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    assert_status(ZROUTE_OK,
                  zroute_call_fail(call, script->code, script->name, "because I say so"));
}

static void a_failure_carries_code_name_and_message(void **state)
{
    static const struct {
        int64_t code;
        const char *name;
        const char *expected;
    } cases[] = {
        {-32700, NULL, "ParseError"},
        {-32600, NULL, "InvalidRequest"},
        {-32601, NULL, "UnknownFunction"},
        {-32602, NULL, "InvalidParameters"},
        {-32603, NULL, "HandlerFailed"},
        {-32001, NULL, "DeadlineExceeded"},
        {-32002, NULL, "Overloaded"},
        {-32003, NULL, "Forbidden"},
        {-32004, NULL, "TooLarge"},
        {-32006, NULL, "Cancelled"},
        {1, NULL, "ApplicationError"},
        {1, "OutOfStock", "OutOfStock"},
        {INT64_MAX, "", ""},
        {-32602, "Größe", "Größe"},
    };
    struct pair *pair = *state;
    size_t index;
    do_register(pair, "f", fails, &here);
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        zroute_answer *answer;
        int64_t code;
        const char *name, *message;
        here.code = cases[index].code;
        here.name = cases[index].name;
        answer = called(pair, "f", PACKED("\xc0"));
        assert_status(ZROUTE_OK, zroute_answer_fault(answer, &code, &name, &message));
        assert_int_equal(code, cases[index].code);
        assert_string_equal(name, cases[index].expected);
        assert_string_equal(message, "because I say so");
        assert_status(ZROUTE_OK, zroute_answer_free(answer));
    }
}

static void tries_codes_that_are_nobodys(zroute_call *call, void *userdata)
{
    static const int64_t codes[] = {0, -1, -32000, -32005, -32604, INT64_MIN};
    size_t index;
    (void)userdata;
    for (index = 0; index < sizeof codes / sizeof codes[0]; index++) {
        assert_status(ZROUTE_BAD_ARGUMENT, zroute_call_fail(call, codes[index], NULL, "text"));
    }
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_call_fail(call, 1, "\xff", "text"));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_call_fail(call, 1, NULL, "\xff"));
    assert_status(ZROUTE_OK, zroute_call_fail(call, 1, NULL, ""));
}

static void a_code_is_the_protocols_or_the_applications(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "f", tries_codes_that_are_nobodys, NULL, NULL);
    assert_fault(1, "", called(pair, "f", PACKED("\xc0")));
}

static void tells_its_context(zroute_call *call, void *userdata)
{
    const char *peer = NULL, *dialect = NULL;
    const void *meta;
    size_t size;
    zroute_writer *writer;
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_peer(call, &peer));
    assert_status(ZROUTE_OK, zroute_call_dialect(call, &dialect));
    assert_status(ZROUTE_OK, zroute_call_meta(call, &meta, &size));
    assert_int_equal(size, 0);
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    assert_status(ZROUTE_OK, zroute_writer_array(writer, 2));
    assert_status(ZROUTE_OK, zroute_writer_boolean(writer, strncmp(peer, "127.0.0.1:", 10) == 0));
    assert_status(ZROUTE_OK, zroute_writer_text(writer, dialect));
    assert_status(ZROUTE_OK, zroute_call_answer_with(call, writer));
    assert_status(ZROUTE_OK, zroute_writer_free(writer));
}

static void a_call_tells_who_called_if_that_was_asked_for(void **state)
{
    struct pair *pair = *state;
    const char *transport = getenv("ZROUTE_TRANSPORT");
    zroute_server_register(pair->server, "f", tells_its_context, NULL, NULL);
    assert_answer("\x92\xc2\xa0", called(pair, "f", PACKED("\xc0")));
    assert_status(ZROUTE_OK, zroute_server_want_context(pair->server, "f"));
    if (transport && strcmp(transport, "libzmq") == 0) {
        assert_answer("\x92\xc2\xa5plain", called(pair, "f", PACKED("\xc0")));
    } else {
        assert_answer("\x92\xc3\xa5plain", called(pair, "f", PACKED("\xc0")));
    }
}

static void a_function_describes_itself(void **state)
{
    struct pair *pair = *state;
    zroute_server_register(pair->server, "f", echo, NULL, NULL);
    assert_answer("\x91\x81\xa4name\xa1" "f", called(pair, "zroute.list", PACKED("\xc0")));
    assert_status(ZROUTE_BAD_ARGUMENT,
                  zroute_server_describe(pair->server, "nobody", PACKED("\x80")));
    assert_status(ZROUTE_WRONG_TYPE, zroute_server_describe(pair->server, "f", PACKED("\x90")));
    assert_status(ZROUTE_OK,
                  zroute_server_describe(pair->server, "f", PACKED("\x81\xa3" "doc\xa4says")));
    assert_answer("\x91\x82\xa4name\xa1" "f\xa3" "doc\xa4says",
                  called(pair, "zroute.list", PACKED("\x91\xa1?")));
}

/* --- Userdata --- */

static void a_replaced_callbacks_userdata_is_finalized_once_and_at_once(void **state)
{
    struct pair *pair = *state;
    static struct script first, second;
    do_register(pair, "f", remembers_its_call, &first);
    do_register(pair, "f", remembers_its_call, &second);
    assert_int_equal(first.finalized, 1);
    assert_int_equal(second.finalized, 0);
    assert_answer("\xc0", called(pair, "f", PACKED("\xc0")));
    assert_null(first.last);
    assert_non_null(second.last);
    free_pair(state);
    assert_int_equal(first.finalized, 1);
    assert_int_equal(second.finalized, 1);
    make_pair(state);
}

static void every_userdata_is_finalized_once_before_the_server_is_gone(void **state)
{
    struct pair *pair = *state;
    static struct script scripts[20];
    char name[16];
    int index;
    for (index = 0; index < 19; index++) {
        snprintf(name, sizeof name, "f%d", index);
        do_register(pair, name, fails, &scripts[index]);
    }
    assert_status(ZROUTE_OK, zroute_server_register_raw(pair->server, fails, &scripts[19],
                                                        count_finalized));
    assert_status(ZROUTE_OK, zroute_server_free(pair->server));
    for (index = 0; index < 20; index++) {
        assert_int_equal(scripts[index].finalized, 1);
    }
    assert_status(ZROUTE_BAD_HANDLE, zroute_server_free(pair->server));
    pair->server = NULL;
}

static void a_refused_registration_leaves_the_userdata_alone(void **state)
{
    struct pair *pair = *state;
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_server_register(pair->server, "f", NULL, &here,
                                                              count_finalized));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_server_register(pair->server, "\xff", fails,
                                                              &here, count_finalized));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_server_register(pair->server, "", fails, &here,
                                                              count_finalized));
    assert_status(ZROUTE_BAD_HANDLE,
                  zroute_server_register(NULL, "f", fails, &here, count_finalized));
    free_pair(state);
    assert_int_equal(here.finalized, 0);
    make_pair(state);
}

static void frees_another_server(void *userdata)
{
    assert_status(ZROUTE_OK, zroute_server_free(userdata));
}

static void a_finalizer_may_call_the_library(void **state)
{
    zroute_server *inner, *outer;
    (void)state;
    assert_status(ZROUTE_OK, zroute_server_new(NULL, &inner));
    assert_status(ZROUTE_OK, zroute_server_new(NULL, &outer));
    assert_status(ZROUTE_OK,
                  zroute_server_register(outer, "f", fails, inner, frees_another_server));
    assert_status(ZROUTE_OK, zroute_server_free(outer));
    assert_status(ZROUTE_BAD_HANDLE, zroute_server_free(inner));
}

/* --- Raw bodies --- */

static void answers_raw(zroute_call *call, void *userdata)
{
    const char *function;
    const void *data;
    size_t size;
    char answer[64] = "got ";
    (void)userdata;
    assert_status(ZROUTE_OK, zroute_call_function(call, &function));
    assert_string_equal(function, "");
    assert_status(ZROUTE_OK, zroute_call_parameters(call, &data, &size));
    assert_true(size < 60);
    memcpy(answer + 4, data, size);
    assert_status(ZROUTE_OK, zroute_call_answer(call, answer, 4 + size));
}

static void a_raw_handler_gets_every_body_that_is_no_call_and_answers_any_bytes(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    assert_status(ZROUTE_OK, zroute_server_register_raw(pair->server, answers_raw, NULL, NULL));
    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);

    raw_send_frames(&peer, FRAME(""), FRAME("hello"));
    raw_served(&peer, pair, &answer);
    assert_int_equal(answer.count, 2);
    assert_body("got hello", &answer);

    raw_send_frames(&peer, FRAME("no delimiter"));
    raw_served(&peer, pair, &answer);
    assert_int_equal(answer.count, 1);
    assert_body("got no delimiter", &answer);

    raw_send_frames(&peer, FRAME("a"), FRAME("b"), FRAME(""), FRAME("\xc1\xff"));
    raw_served(&peer, pair, &answer);
    assert_int_equal(answer.count, 4);
    assert_packed(answer.frames[0].data, answer.frames[0].size, "a");
    assert_packed(answer.frames[1].data, answer.frames[1].size, "b");
    assert_body("got \xc1\xff", &answer);

    raw_send_frames(&peer, FRAME(""), FRAME(""));
    raw_served(&peer, pair, &answer);
    assert_body("got ", &answer);
    raw_close(&peer);
}

static void a_call_goes_to_its_function_beside_a_raw_handler(void **state)
{
    struct pair *pair = *state;
    zroute_server_register_raw(pair->server, answers_raw, NULL, NULL);
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_answer("\x05", called(pair, "echo", PACKED("\x05")));
    assert_fault(-32601, "nobody", called(pair, "nobody", PACKED("\x05")));
}

static void without_a_raw_handler_such_bodies_are_answered_with_a_fault(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    raw_connect(&peer, ZMQ_DEALER, pair->endpoint);
    raw_send_frames(&peer, FRAME(""), FRAME("hello"));
    raw_served(&peer, pair, &answer);
    assert_int_equal(answer.count, 2);
    assert_int_equal(fault_code(&answer), -32700);
    raw_send_frames(&peer, FRAME(""), FRAME("\x93\x01\x02\x03"));
    raw_served(&peer, pair, &answer);
    assert_int_equal(fault_code(&answer), -32600);
    raw_send_frames(&peer, FRAME(""));
    raw_served(&peer, pair, &answer);
    assert_int_equal(fault_code(&answer), -32600);
    raw_send_frames(&peer, FRAME(""), FRAME("one"), FRAME("two"));
    raw_served(&peer, pair, &answer);
    assert_int_equal(answer.count, 2);
    assert_int_equal(fault_code(&answer), -32600);
    raw_close(&peer);
}

/* --- Inside a callback --- */

static void uses_the_library(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    zroute_server *server = script->pair->server;
    zroute_server_counters counters;
    const char *endpoint;
    zroute_writer *writer;
    zroute_client *client;
    zroute_answer *answer;
    const void *data;
    size_t size;
    script->calls++;
    assert_status(ZROUTE_OK, zroute_server_count(server, &counters));
    assert_int_equal(counters.open, script->calls);
    assert_status(ZROUTE_OK, zroute_server_endpoint(server, 0, &endpoint));
    assert_status(ZROUTE_OK, zroute_server_bind(server, "tcp://127.0.0.1:0"));
    assert_status(ZROUTE_OK, zroute_server_register(server, "echo", echo, NULL, NULL));
    /* Calls its own server, and serves that call meanwhile. */
    assert_status(ZROUTE_OK, zroute_client_new(NULL, &client));
    assert_status(ZROUTE_OK, zroute_client_connect(client, endpoint));
    {
        struct pair inner = {server, client, endpoint};
        answer = called(&inner, "echo", PACKED("\x09"));
    }
    assert_status(ZROUTE_OK, zroute_answer_value(answer, &data, &size));
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    assert_status(ZROUTE_OK, zroute_writer_array(writer, 2));
    assert_status(ZROUTE_OK, zroute_writer_packed(writer, data, size));
    assert_status(ZROUTE_OK, zroute_writer_text(writer, "x"));
    assert_status(ZROUTE_OK, zroute_writer_bytes(writer, &data, &size));
    assert_status(ZROUTE_OK, zroute_call_answer(call, data, size));
    assert_status(ZROUTE_OK, zroute_writer_free(writer));
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
    assert_status(ZROUTE_OK, zroute_client_free(client));
}

static void a_callback_may_call_the_library_and_serve_its_own_server(void **state)
{
    struct pair *pair = *state;
    here.pair = pair;
    do_register(pair, "f", uses_the_library, &here);
    assert_answer("\x92\x09\xa1x", called(pair, "f", PACKED("\xc0")));
    assert_int_equal(here.calls, 1);
}

static void replaces_itself(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    script->calls++;
    assert_status(ZROUTE_OK,
                  zroute_server_register(script->pair->server, "f", echo, NULL, NULL));
    assert_int_equal(script->finalized, 1);
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\x01")));
}

static void a_callback_may_replace_itself(void **state)
{
    struct pair *pair = *state;
    here.pair = pair;
    do_register(pair, "f", replaces_itself, &here);
    assert_answer("\x01", called(pair, "f", PACKED("\xc0")));
    assert_answer("\x07", called(pair, "f", PACKED("\x07")));
    assert_int_equal(here.calls, 1);
}

static void frees_its_server(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    (void)call;
    script->calls++;
    assert_status(ZROUTE_OK, zroute_server_free(script->pair->server));
    assert_int_equal(script->finalized, 1);
}

static void a_callback_may_free_its_own_server_and_its_caller_is_told(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    int64_t since = now_ms();
    here.pair = pair;
    do_register(pair, "f", frees_its_server, &here);
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME(CALL_OF_F));
    while (here.calls == 0 && within_patience(since)) {
        assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
    }
    assert_int_equal(here.calls, 1);
    assert_int_equal(here.finalized, 1);
    assert_status(ZROUTE_BAD_HANDLE, zroute_server_free(pair->server));
    pair->server = NULL;
    raw_awaited(&peer, &answer);
    assert_int_equal(fault_code(&answer), -32603);
    raw_close(&peer);
}

static void leaves_by_longjmp(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    script->last = call;
    assert_status(ZROUTE_OK, zroute_call_keep(call));
    longjmp(*script->escape, 1);
}

static void a_callback_may_leave_by_longjmp_and_the_server_goes_on(void **state)
{
    struct pair *pair = *state;
    jmp_buf escape;
    /* More than fit into one wait or one table of anything. */
    volatile int left = 0;
    here.escape = &escape;
    do_register(pair, "leave", leaves_by_longjmp, &here);
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    while (left < 500) {
        volatile uint64_t id = submit(pair, "leave", PACKED("\xc0"));
        if (setjmp(escape) == 0) {
            served(pair, id);
            fail_msg("the callback came back");
        }
        left++;
        assert_status(ZROUTE_OK, zroute_call_fail(here.last, 1, "Left", "by longjmp"));
        assert_fault(1, "by longjmp", served(pair, id));
    }
    assert_answer("\x01", called(pair, "echo", PACKED("\x01")));
}

static void leaves_by_longjmp_without_keeping(zroute_call *call, void *userdata)
{
    struct script *script = userdata;
    script->last = call;
    longjmp(*script->escape, 1);
}

static void a_call_that_was_left_by_longjmp_is_told_when_the_server_ends(void **state)
{
    struct pair *pair = *state;
    struct raw_socket peer;
    struct message answer;
    jmp_buf escape;
    here.escape = &escape;
    do_register(pair, "f", leaves_by_longjmp_without_keeping, &here);
    raw_connect(&peer, ZMQ_REQ, pair->endpoint);
    raw_send_frames(&peer, FRAME(CALL_OF_F));
    if (setjmp(escape) == 0) {
        raw_served(&peer, pair, &answer);
        fail_msg("the callback came back");
    }
    assert_status(ZROUTE_OK, zroute_server_step(pair->server, 0, NULL));
    assert_status(ZROUTE_OK, zroute_server_free(pair->server));
    pair->server = NULL;
    raw_awaited(&peer, &answer);
    assert_int_equal(fault_code(&answer), -32603);
    raw_close(&peer);
}

static void a_function_declared_for_the_pull_form_is_a_fault_here(void **state)
{
    struct pair *pair = *state;
    uint32_t route;
    assert_status(ZROUTE_OK, zroute_server_declare(pair->server, "f", &route));
    assert_fault(-32603, "declared for the pull form", called(pair, "f", PACKED("\xc0")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, free_pair)
    const struct CMUnitTest tests[] = {
        TEST(a_callback_gets_its_function_parameters_time_and_userdata),
        TEST(a_calls_handle_ends_with_its_callback),
        TEST(userdata_and_finalizer_may_be_null),
        TEST(a_demo_client_is_served),
        TEST(an_unknown_function_is_a_fault),
        TEST(silence_is_told_to_the_caller),
        cmocka_unit_test(a_refused_answer_leaves_the_call_open_and_a_second_changes_nothing),
        TEST(a_refused_answer_with_none_after_it_is_told_with_its_reason),
        TEST(only_a_map_with_the_reserved_key_alone_is_reserved),
        TEST(a_failure_carries_code_name_and_message),
        TEST(a_code_is_the_protocols_or_the_applications),
        TEST(a_call_tells_who_called_if_that_was_asked_for),
        TEST(a_function_describes_itself),
        TEST(a_replaced_callbacks_userdata_is_finalized_once_and_at_once),
        TEST(every_userdata_is_finalized_once_before_the_server_is_gone),
        TEST(a_refused_registration_leaves_the_userdata_alone),
        cmocka_unit_test(a_finalizer_may_call_the_library),
        TEST(a_raw_handler_gets_every_body_that_is_no_call_and_answers_any_bytes),
        TEST(a_call_goes_to_its_function_beside_a_raw_handler),
        TEST(without_a_raw_handler_such_bodies_are_answered_with_a_fault),
        TEST(a_callback_may_call_the_library_and_serve_its_own_server),
        TEST(a_callback_may_replace_itself),
        TEST(a_callback_may_free_its_own_server_and_its_caller_is_told),
        TEST(a_callback_may_leave_by_longjmp_and_the_server_goes_on),
        TEST(a_call_that_was_left_by_longjmp_is_told_when_the_server_ends),
        TEST(a_function_declared_for_the_pull_form_is_a_fault_here),
    };
    return cmocka_run_group_tests_name("callbacks", tests, NULL, NULL);
}
