/* CURVE: encryption, and the server's proof of who it is. */
#include <stdlib.h>

#include "pair.h"

struct keys {
    char public_key[41];
    char secret_key[41];
};

static zroute_options *text_option(zroute_options *options, const char *name, const char *value)
{
    if (options == NULL) {
        assert_status(ZROUTE_OK, zroute_options_new(&options));
    }
    assert_status(ZROUTE_OK, zroute_options_set_text(options, name, value));
    return options;
}

static struct keys new_keys(void)
{
    struct keys keys;
    assert_status(ZROUTE_OK, zroute_curve_keypair(keys.public_key, keys.secret_key));
    return keys;
}

/* A pair in which both sides have these options; the options are freed. */
static struct pair *pair_of(zroute_options *server, zroute_options *client)
{
    struct pair *pair = make_pair_with(server, client);
    zroute_options_free(server);
    zroute_options_free(client);
    zroute_server_register(pair->server, "echo", echo, NULL, NULL);
    return pair;
}

static void assert_not_connected(struct pair *pair)
{
    zroute_answer *answer;
    void *made = pair;
    assert_status(ZROUTE_NOT_CONNECTED,
                  zroute_client_call(pair->client, "echo", PACKED("\x01"), 300, &answer));
    free_pair(&made);
}

static void a_key_is_40_characters_and_a_nul(void **state)
{
    struct keys one = new_keys(), other = new_keys();
    (void)state;
    assert_int_equal(strlen(one.public_key), 40);
    assert_int_equal(strlen(one.secret_key), 40);
    assert_string_not_equal(one.public_key, other.public_key);
    assert_string_not_equal(one.secret_key, one.public_key);
}

static void a_client_that_knows_the_servers_key_is_served(void **state)
{
    struct keys server = new_keys(), client = new_keys();
    zroute_options *options = text_option(NULL, "curve_server_key", server.public_key);
    void *pair = pair_of(text_option(NULL, "curve_secret_key", server.secret_key), options);
    (void)state;
    assert_answer("\x07", called(pair, "echo", PACKED("\x07")));
    free_pair(&pair);
    /* With a pair of its own too: any is let in. */
    options = text_option(NULL, "curve_server_key", server.public_key);
    text_option(options, "curve_public_key", client.public_key);
    text_option(options, "curve_secret_key", client.secret_key);
    pair = pair_of(text_option(NULL, "curve_secret_key", server.secret_key), options);
    assert_answer("\x07", called(pair, "echo", PACKED("\x07")));
    free_pair(&pair);
}

static void nobody_else_gets_a_connection(void **state)
{
    struct keys server = new_keys(), other = new_keys();
    (void)state;
    /* The client expects another server. */
    assert_not_connected(pair_of(text_option(NULL, "curve_secret_key", server.secret_key),
                                 text_option(NULL, "curve_server_key", other.public_key)));
    /* The client does not speak CURVE. */
    assert_not_connected(pair_of(text_option(NULL, "curve_secret_key", server.secret_key), NULL));
    /* The server does not. */
    assert_not_connected(pair_of(NULL, text_option(NULL, "curve_server_key", server.public_key)));
}

static void a_bad_key_is_told_without_showing_it(void **state)
{
    struct keys keys = new_keys();
    zroute_options *options = text_option(NULL, "curve_secret_key", "too short");
    zroute_server *server;
    zroute_client *client;
    char text[256];
    (void)state;
    assert_status(ZROUTE_BAD_OPTION, zroute_server_new(options, &server));
    assert_last_error("curve_secret_key");
    zroute_last_error(text, sizeof text);
    assert_null(strstr(text, "too short"));
    assert_status(ZROUTE_BAD_OPTION, zroute_client_new(options, &client));
    assert_last_error("40 characters of Z85");
    zroute_options_free(options);
    /* A pair is told by its secret half, and needs the server's key. */
    options = text_option(NULL, "curve_public_key", keys.public_key);
    assert_status(ZROUTE_BAD_OPTION, zroute_client_new(options, &client));
    assert_last_error("needs its 'curve_secret_key'");
    text_option(options, "curve_secret_key", keys.secret_key);
    assert_status(ZROUTE_BAD_OPTION, zroute_client_new(options, &client));
    assert_last_error("curve_server_key");
    zroute_options_free(options);
    options = text_option(NULL, "curve_server_key", "too short");
    assert_status(ZROUTE_OK, zroute_client_new(options, &client));
    assert_status(ZROUTE_BAD_OPTION, zroute_client_connect(client, "tcp://127.0.0.1:1"));
    assert_last_error("40 characters of Z85");
    zroute_client_free(client);
    zroute_options_free(options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_40_characters_and_a_nul),
        cmocka_unit_test(a_client_that_knows_the_servers_key_is_served),
        cmocka_unit_test(nobody_else_gets_a_connection),
        cmocka_unit_test(a_bad_key_is_told_without_showing_it),
    };
    return cmocka_run_group_tests_name("curve", tests, NULL, NULL);
}
