/* The options, as docs/c.md lists them. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pair.h"

/* Made from the table in docs/c.md when this is built. */
static const struct {
    const char *name;
    const char *takers;
    const char *default_value;
    const char *range; /* "least to most", or the texts that it takes */
} documented[] = {
#include "option_rows.h"
};
static const size_t documented_count = sizeof documented / sizeof documented[0];

static zroute_options *options_new(void)
{
    zroute_options *options;
    assert_status(ZROUTE_OK, zroute_options_new(&options));
    return options;
}

static int range_of(size_t row, long long *least, long long *most)
{
    return sscanf(documented[row].range, "%lld to %lld", least, most) == 2;
}

/* Whether that one, "server" or "client", takes the option of a row. */
static int takes(size_t row, const char *who)
{
    return strcmp(documented[row].takers, "both") == 0 || strcmp(documented[row].takers, who) == 0;
}

static void every_option_is_documented_once_and_there_are_no_others(void **state)
{
    static const char *const both[] = {"server", "client"};
    zroute_options *options = options_new();
    char text[4096], head[32], *name, *names, *end;
    size_t who, row;
    (void)state;
    assert_status(ZROUTE_BAD_OPTION, zroute_options_set_integer(options, "nonsense", 1));
    for (who = 0; who < 2; who++) {
        size_t count = 0, expected = 0;
        assert_true(zroute_last_error(text, sizeof text) < sizeof text);
        sprintf(head, "; a %s has ", both[who]);
        names = strstr(text, head);
        assert_non_null(names);
        names += strlen(head);
        end = strchr(names, ';');
        if (end) {
            *end = '\0';
        }
        for (name = strtok(names, ", "); name; name = strtok(NULL, ", ")) {
            int times = 0;
            for (row = 0; row < documented_count; row++) {
                times += strcmp(documented[row].name, name) == 0 && takes(row, both[who]);
            }
            if (times != 1) {
                fail_msg("%s is documented %d times for a %s", name, times, both[who]);
            }
            count++;
        }
        for (row = 0; row < documented_count; row++) {
            expected += takes(row, both[who]);
        }
        assert_int_equal(count, expected);
    }
    assert_status(ZROUTE_OK, zroute_options_free(options));
}

static void a_number_is_taken_within_its_documented_range_alone(void **state)
{
    size_t row, numbers = 0;
    (void)state;
    for (row = 0; row < documented_count; row++) {
        zroute_options *options = options_new();
        const char *name = documented[row].name;
        long long least, most, standard;
        if (!range_of(row, &least, &most)) {
            assert_status(ZROUTE_BAD_OPTION, zroute_options_set_integer(options, name, 1));
            assert_last_error("expected to be a text");
        } else {
            numbers++;
            assert_status(ZROUTE_OK, zroute_options_set_integer(options, name, least));
            assert_status(ZROUTE_OK, zroute_options_set_integer(options, name, most));
            assert_status(ZROUTE_BAD_OPTION, zroute_options_set_integer(options, name, least - 1));
            assert_last_error(name);
            if (most < INT64_MAX) {
                assert_status(ZROUTE_BAD_OPTION,
                              zroute_options_set_integer(options, name, most + 1));
            }
            assert_status(ZROUTE_BAD_OPTION, zroute_options_set_text(options, name, "1"));
            assert_last_error("expected to be an integer");
            assert_int_equal(1, sscanf(documented[row].default_value, "%lld", &standard));
            assert_true(least <= standard && standard <= most);
        }
        assert_status(ZROUTE_OK, zroute_options_free(options));
    }
    assert_true(numbers > 10 && numbers < documented_count);
}

/* A text that the option takes. */
static const char *good_text(const char *name, const char *key)
{
    if (strcmp(name, "values") == 0) {
        return "msgpack";
    }
    if (strcmp(name, "transport") == 0) {
        return "zmtp";
    }
    if (strlen(name) > 5 && strcmp(name + strlen(name) - 5, "_file") == 0) {
        FILE *file = fopen(BUILD "/key", "w");
        assert_non_null(file);
        assert_true(fprintf(file, "%s\n", key) > 0);
        assert_int_equal(fclose(file), 0);
        return BUILD "/key";
    }
    if (strcmp(name, "balance") == 0) {
        return "round-robin";
    }
    if (strcmp(name, "dialect") == 0) {
        return "zerorpc";
    }
    return key;
}

static void an_option_is_taken_by_whom_it_is_documented_for(void **state)
{
    char public_key[41], secret_key[41];
    size_t row;
    (void)state;
    assert_status(ZROUTE_OK, zroute_curve_keypair(public_key, secret_key));
    for (row = 0; row < documented_count; row++) {
        zroute_options *options = options_new();
        const char *name = documented[row].name;
        long long least, most;
        zroute_server *server = NULL;
        zroute_client *client = NULL;
        int servers = takes(row, "server"), clients = takes(row, "client");
        if (range_of(row, &least, &most)) {
            assert_status(ZROUTE_OK, zroute_options_set_integer(options, name, least));
        } else {
            assert_status(ZROUTE_OK,
                          zroute_options_set_text(options, name, good_text(name, secret_key)));
        }
        if (strncmp(name, "plain_", 6) == 0) {
            /* They go together, and a server has them on this transport. */
            zroute_options_set_text(options, "plain_username", "name");
            zroute_options_set_text(options, "plain_password", "secret");
            zroute_options_set_text(options, "transport", "zmtp");
        }
        if (strncmp(name, "curve_allowed_keys", 18) == 0) {
            zroute_options_set_text(options, "curve_secret_key", secret_key);
        }
        if (strcmp(name, "curve_public_key") == 0) {
            /* Goes with two others. */
            zroute_options_set_text(options, "curve_secret_key", secret_key);
            zroute_options_set_text(options, "curve_server_key", public_key);
        }
        assert_status(servers ? ZROUTE_OK : ZROUTE_BAD_OPTION,
                      zroute_server_new(options, &server));
        if (clients && strncmp(name, "curve_secret_key", 16) == 0) {
            zroute_options_set_text(options, "curve_server_key", public_key);
        }
        assert_status(clients ? ZROUTE_OK : ZROUTE_BAD_OPTION,
                      zroute_client_new(options, &client));
        assert_status(ZROUTE_OK, zroute_client_free(client));
        assert_status(ZROUTE_OK, zroute_server_free(server));
        assert_status(ZROUTE_OK, zroute_options_free(options));
    }
}

static void options_may_be_used_twice_and_freed_before_what_was_made_with_them(void **state)
{
    zroute_options *options = with_integer(NULL, "max_message", 100);
    struct pair *pair = make_pair_with(options, NULL);
    void *made = pair;
    zroute_server *other;
    static char large[120] = {(char)0xc4, 118};
    (void)state;
    assert_status(ZROUTE_OK, zroute_server_new(options, &other));
    assert_status(ZROUTE_OK, zroute_options_free(options));
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_fault(-32004, "100 allowed", called(pair, "echo", large, sizeof large));
    assert_answer("\x01", called(pair, "echo", PACKED("\x01")));
    assert_status(ZROUTE_OK, zroute_server_free(other));
    free_pair(&made);
}

static void transports_and_passwords_are_checked(void **state)
{
    static const struct {
        const char *name, *value, *error;
    } bad[] = {{"transport", "carrier pigeon", "'zmtp' or 'libzmq', got 'carrier pigeon'"},
               {"plain_username", "name", "go together"},
               {"plain_password", "secret", "go together"}};
    char public_key[41], secret_key[41], large[300];
    zroute_options *options;
    zroute_server *server;
    zroute_client *client;
    size_t row;
    (void)state;
    for (row = 0; row < sizeof bad / sizeof bad[0]; row++) {
        options = options_new();
        assert_status(ZROUTE_OK, zroute_options_set_text(options, bad[row].name, bad[row].value));
        assert_status(ZROUTE_BAD_OPTION, zroute_server_new(options, &server));
        assert_last_error(bad[row].error);
        assert_status(ZROUTE_BAD_OPTION, zroute_client_new(options, &client));
        assert_status(ZROUTE_OK, zroute_options_free(options));
    }
    options = options_new();
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = 0;
    zroute_options_set_text(options, "plain_username", large);
    zroute_options_set_text(options, "plain_password", "");
    assert_status(ZROUTE_BAD_OPTION, zroute_server_new(options, &server));
    assert_last_error("255 bytes at most");
    zroute_options_set_text(options, "plain_username", "");
    zroute_options_set_text(options, "transport", "libzmq");
    assert_status(ZROUTE_BAD_OPTION, zroute_server_new(options, &server));
    assert_last_error("take 'zmtp'");
    assert_status(ZROUTE_OK, zroute_options_free(options));

    options = options_new();
    assert_status(ZROUTE_OK, zroute_curve_keypair(public_key, secret_key));
    zroute_options_set_text(options, "curve_secret_key", secret_key);
    zroute_options_set_text(options, "transport", "zmtp");
    assert_status(ZROUTE_BAD_OPTION, zroute_server_new(options, &server));
    assert_last_error("CURVE needs 'libzmq'");
    assert_status(ZROUTE_OK, zroute_options_free(options));
}

static void a_password_is_asked_for(void **state)
{
    static const char *const passwords[] = {"secret", "secreT", "", "secret and more"};
    zroute_options *options = options_new();
    zroute_answer *answer;
    struct pair *pair;
    void *made;
    size_t row;
    (void)state;
    zroute_options_set_text(options, "plain_username", "name");
    zroute_options_set_text(options, "plain_password", passwords[0]);
    zroute_options_set_text(options, "transport", "zmtp");
    pair = make_pair_with(options, options);
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_answer("\x07", called(pair, "echo", PACKED("\x07")));
    for (row = 1; row < sizeof passwords / sizeof passwords[0]; row++) {
        zroute_client *stranger;
        uint64_t id;
        zroute_options_set_text(options, "plain_password", passwords[row]);
        assert_status(ZROUTE_OK, zroute_client_new(options, &stranger));
        assert_status(ZROUTE_OK, zroute_client_connect(stranger, pair->endpoint));
        assert_status(ZROUTE_OK,
                      zroute_client_submit(stranger, "echo", PACKED("\x07"), 1000, &id));
        do {
            assert_status(ZROUTE_OK, zroute_server_step(pair->server, 1, NULL));
        } while (zroute_client_collect(stranger, 1, &answer) != ZROUTE_OK);
        assert_status(ZROUTE_NOT_CONNECTED, zroute_answer_value(answer, &(const void *){0},
                                                                &(size_t){0}));
        assert_last_error("the peer refused the handshake");
        assert_status(ZROUTE_OK, zroute_answer_free(answer));
        assert_status(ZROUTE_OK, zroute_client_free(stranger));
    }
    assert_status(ZROUTE_OK, zroute_options_free(options));
    made = pair;
    free_pair(&made);
}

static void the_latest_value_counts(void **state)
{
    zroute_options *options = with_integer(NULL, "timeout_ms", 5000);
    zroute_client *client;
    zroute_answer *answer;
    (void)state;
    with_integer(options, "timeout_ms", 20);
    assert_status(ZROUTE_OK, zroute_client_new(options, &client));
    assert_status(ZROUTE_NOT_CONNECTED, zroute_client_call(client, "f", PACKED("\xc0"), -1, &answer));
    assert_last_error("within 20 ms");
    assert_status(ZROUTE_OK, zroute_client_free(client));
    assert_status(ZROUTE_OK, zroute_options_free(options));
}

static void depth_and_nodes_are_bounded(void **state)
{
    zroute_options *options = with_integer(NULL, "max_depth", 2);
    struct pair *pair;
    void *made;
    (void)state;
    with_integer(options, "max_nodes", 10);
    pair = make_pair_with(options, NULL);
    zroute_options_free(options);
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    assert_answer("\x91\x01", called(pair, "echo", PACKED("\x91\x01")));
    assert_fault(-32700, "deep", called(pair, "echo", PACKED("\x91\x91\x01")));
    assert_fault(-32700, "more than 10 values", called(pair, "echo", PACKED("\x95\1\2\3\4\5")));
    made = pair;
    free_pair(&made);
}

static void the_values_are_in_one_of_two_formats(void **state)
{
    zroute_options *options = options_new();
    zroute_server *server;
    zroute_client *client;
    (void)state;
    assert_status(ZROUTE_OK, zroute_options_set_text(options, "values", "json"));
    assert_status(ZROUTE_BAD_OPTION, zroute_server_new(options, &server));
    assert_last_error("'msgpack' or 'php', got 'json'");
    assert_status(ZROUTE_BAD_OPTION, zroute_client_new(options, &client));
    assert_status(ZROUTE_OK, zroute_options_set_text(options, "values", "php"));
    assert_status(ZROUTE_OK, zroute_server_new(options, &server));
    assert_status(ZROUTE_OK, zroute_server_free(server));
    assert_status(ZROUTE_OK, zroute_options_free(options));
}

/* --- What goes to stderr --- */

/* Binds in a process of its own, where no warning was given before. */
static size_t warning_of(const zroute_options *options, const char *endpoint, char *text,
                         size_t capacity)
{
    int ends[2];
    size_t size = 0;
    ssize_t more;
    pid_t pid;
    (void)options;
    fflush(NULL);
    assert_int_equal(0, pipe(ends));
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        zroute_options *own = NULL;
        zroute_server *server;
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        if (options != NULL) {
            zroute_options_new(&own);
            zroute_options_set_integer(own, "allow_public", 1);
        }
        zroute_server_new(own, &server);
        zroute_server_bind(server, endpoint);
        zroute_server_bind(server, endpoint);
        zroute_server_free(server);
        zroute_options_free(own);
        _exit(0);
    }
    close(ends[1]);
    while ((more = read(ends[0], text + size, capacity - 1 - size)) > 0) {
        size += (size_t)more;
    }
    close(ends[0]);
    text[size] = 0;
    return size;
}

static void a_public_bind_without_encryption_is_warned_of_once(void **state)
{
    char text[1024];
    zroute_options *any = options_new();
    const char *line;
    (void)state;
    assert_int_equal(0, warning_of(NULL, "tcp://127.0.0.1:0", text, sizeof text));
    assert_true(warning_of(NULL, "tcp://*:0", text, sizeof text) > 0);
    assert_non_null(strstr(text, "zroute: tcp://*:0 can be reached from other machines"));
    line = strchr(text, '\n');
    assert_non_null(line);
    assert_string_equal(line, "\n");
    assert_int_equal(0, warning_of(any, "tcp://*:0", text, sizeof text));
    assert_status(ZROUTE_OK, zroute_options_free(any));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_is_documented_once_and_there_are_no_others),
        cmocka_unit_test(a_number_is_taken_within_its_documented_range_alone),
        cmocka_unit_test(an_option_is_taken_by_whom_it_is_documented_for),
        cmocka_unit_test(options_may_be_used_twice_and_freed_before_what_was_made_with_them),
        cmocka_unit_test(transports_and_passwords_are_checked),
        cmocka_unit_test(a_password_is_asked_for),
        cmocka_unit_test(the_latest_value_counts),
        cmocka_unit_test(depth_and_nodes_are_bounded),
        cmocka_unit_test(the_values_are_in_one_of_two_formats),
        cmocka_unit_test(a_public_bind_without_encryption_is_warned_of_once),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
