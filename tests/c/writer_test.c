/* Building values. */
#include <stdlib.h>

#include "pair.h"

static int set_up(void **state)
{
    zroute_writer *writer;
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    *state = writer;
    return 0;
}

static int tear_down(void **state)
{
    assert_status(ZROUTE_OK, zroute_writer_free(*state));
    return 0;
}

/* What was written is the literal; the writer is cleared for the next. */
#define assert_written(literal, writer)                                          \
    do {                                                                         \
        const void *data_;                                                       \
        size_t size_;                                                            \
        assert_status(ZROUTE_OK, zroute_writer_bytes((writer), &data_, &size_)); \
        assert_packed(data_, size_, literal);                                    \
        assert_status(ZROUTE_OK, zroute_writer_clear(writer));                   \
    } while (0)

static void integers_are_written_in_their_shortest_form(void **state)
{
    static const struct {
        int64_t value;
        const char *bytes;
        size_t size;
    } cases[] = {
        {0, PACKED("\x00")},
        {127, PACKED("\x7f")},
        {128, PACKED("\xcc\x80")},
        {255, PACKED("\xcc\xff")},
        {256, PACKED("\xcd\x01\x00")},
        {65535, PACKED("\xcd\xff\xff")},
        {65536, PACKED("\xce\x00\x01\x00\x00")},
        {4294967295, PACKED("\xce\xff\xff\xff\xff")},
        {4294967296, PACKED("\xcf\x00\x00\x00\x01\x00\x00\x00\x00")},
        {INT64_MAX, PACKED("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff")},
        {-1, PACKED("\xff")},
        {-32, PACKED("\xe0")},
        {-33, PACKED("\xd0\xdf")},
        {-128, PACKED("\xd0\x80")},
        {-129, PACKED("\xd1\xff\x7f")},
        {-32768, PACKED("\xd1\x80\x00")},
        {-32769, PACKED("\xd2\xff\xff\x7f\xff")},
        {INT32_MIN, PACKED("\xd2\x80\x00\x00\x00")},
        {(int64_t)INT32_MIN - 1, PACKED("\xd3\xff\xff\xff\xff\x7f\xff\xff\xff")},
        {INT64_MIN, PACKED("\xd3\x80\x00\x00\x00\x00\x00\x00\x00")},
    };
    const void *data;
    size_t size, index;
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_status(ZROUTE_OK, zroute_writer_integer(*state, cases[index].value));
        assert_status(ZROUTE_OK, zroute_writer_bytes(*state, &data, &size));
        assert_int_equal(size, cases[index].size);
        assert_memory_equal(data, cases[index].bytes, size);
        assert_status(ZROUTE_OK, zroute_writer_clear(*state));
    }
    assert_status(ZROUTE_OK, zroute_writer_unsigned(*state, UINT64_MAX));
    assert_written("\xcf\xff\xff\xff\xff\xff\xff\xff\xff", *state);
    assert_status(ZROUTE_OK, zroute_writer_unsigned(*state, 5));
    assert_written("\x05", *state);
}

static void scalars_have_their_bytes(void **state)
{
    zroute_writer_nil(*state);
    assert_written("\xc0", *state);
    zroute_writer_boolean(*state, 0);
    assert_written("\xc2", *state);
    zroute_writer_boolean(*state, 1);
    assert_written("\xc3", *state);
    zroute_writer_boolean(*state, -7);
    assert_written("\xc3", *state);
    zroute_writer_number(*state, 0.0);
    assert_written("\xcb\x00\x00\x00\x00\x00\x00\x00\x00", *state);
    zroute_writer_number(*state, -0.0);
    assert_written("\xcb\x80\x00\x00\x00\x00\x00\x00\x00", *state);
    zroute_writer_number(*state, 1.5);
    assert_written("\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", *state);
}

/* The header of a text or binary of a size, and that its bytes follow. */
static void assert_long(zroute_writer *writer, size_t length, const char *header,
                        size_t header_size, int binary)
{
    char *bytes = malloc(length + 1);
    const void *data;
    size_t size;
    assert_non_null(bytes);
    memset(bytes, 'a', length);
    bytes[length] = 0;
    assert_status(ZROUTE_OK, binary ? zroute_writer_binary(writer, bytes, length)
                                    : zroute_writer_text(writer, bytes));
    assert_status(ZROUTE_OK, zroute_writer_bytes(writer, &data, &size));
    assert_int_equal(size, header_size + length);
    assert_memory_equal(data, header, header_size);
    assert_memory_equal((const char *)data + header_size, bytes, length);
    assert_status(ZROUTE_OK, zroute_writer_clear(writer));
    free(bytes);
}

static void texts_and_binaries_have_the_shortest_header(void **state)
{
    assert_long(*state, 0, PACKED("\xa0"), 0);
    assert_long(*state, 31, PACKED("\xbf"), 0);
    assert_long(*state, 32, PACKED("\xd9\x20"), 0);
    assert_long(*state, 255, PACKED("\xd9\xff"), 0);
    assert_long(*state, 256, PACKED("\xda\x01\x00"), 0);
    assert_long(*state, 65536, PACKED("\xdb\x00\x01\x00\x00"), 0);
    assert_long(*state, 0, PACKED("\xc4\x00"), 1);
    assert_long(*state, 255, PACKED("\xc4\xff"), 1);
    assert_long(*state, 256, PACKED("\xc5\x01\x00"), 1);
    assert_long(*state, 65536, PACKED("\xc6\x00\x01\x00\x00"), 1);
    assert_status(ZROUTE_OK, zroute_writer_binary(*state, NULL, 0));
    assert_written("\xc4\x00", *state);
    assert_status(ZROUTE_OK, zroute_writer_binary(*state, "\0\xff", 2));
    assert_written("\xc4\x02\x00\xff", *state);
}

static void a_text_that_is_not_utf8_is_refused(void **state)
{
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_text(*state, "\xff"));
    assert_last_error("UTF-8");
    assert_status(ZROUTE_OK, zroute_writer_text(*state, "grün"));
    assert_written("\xa5gr\xc3\xbcn", *state);
}

static void extensions_carry_their_number(void **state)
{
    assert_status(ZROUTE_OK, zroute_writer_extension(*state, -128, "x", 1));
    assert_written("\xd4\x80x", *state);
    assert_status(ZROUTE_OK, zroute_writer_extension(*state, 127, "xyz", 3));
    assert_written("\xc7\x03\x7fxyz", *state);
    assert_status(ZROUTE_OK, zroute_writer_extension(*state, 1, NULL, 0));
    assert_written("\xc7\x00\x01", *state);
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_extension(*state, 128, "x", 1));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_extension(*state, -129, "x", 1));
}

static void containers_hold_what_follows(void **state)
{
    assert_status(ZROUTE_OK, zroute_writer_array(*state, 0));
    assert_written("\x90", *state);
    assert_status(ZROUTE_OK, zroute_writer_map(*state, 0));
    assert_written("\x80", *state);
    zroute_writer_map(*state, 2);
    zroute_writer_text(*state, "a");
    zroute_writer_array(*state, 3);
    zroute_writer_integer(*state, 1);
    zroute_writer_map(*state, 0);
    zroute_writer_nil(*state);
    zroute_writer_integer(*state, 7);
    zroute_writer_packed(*state, PACKED("\x91\xc3"));
    assert_written("\x82\xa1" "a\x93\x01\x80\xc0\x07\x91\xc3", *state);
}

static void long_containers_have_long_headers(void **state)
{
    const void *data;
    size_t size;
    int index;
    zroute_writer_array(*state, 16);
    for (index = 0; index < 16; index++) {
        zroute_writer_nil(*state);
    }
    assert_written("\xdc\x00\x10\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0\xc0",
                   *state);
    zroute_writer_map(*state, 65536);
    for (index = 0; index < 65536; index++) {
        zroute_writer_integer(*state, index);
        zroute_writer_nil(*state);
    }
    assert_status(ZROUTE_OK, zroute_writer_bytes(*state, &data, &size));
    assert_memory_equal(data, "\xdf\x00\x01\x00\x00\x00\xc0\x01\xc0", 9);
}

static void only_one_whole_value_is_handed_out(void **state)
{
    const void *data = state;
    size_t size = 77;
#define assert_unfinished(words)                                                        \
    do {                                                                                \
        assert_status(ZROUTE_INVALID_VALUE, zroute_writer_bytes(*state, &data, &size)); \
        assert_last_error(words);                                                       \
        assert_ptr_equal(data, state);                                                  \
        assert_int_equal(size, 77);                                                     \
    } while (0)
    assert_unfinished("none was written");
    zroute_writer_array(*state, 2);
    assert_unfinished("array of 2 has 0 values");
    zroute_writer_map(*state, 1);
    zroute_writer_text(*state, "key");
    assert_unfinished("map of 1 has 0 pairs and a key without a value");
    zroute_writer_integer(*state, 1);
    assert_unfinished("array of 2 has 1 value");
    zroute_writer_nil(*state);
    assert_status(ZROUTE_OK, zroute_writer_bytes(*state, &data, &size));
    assert_packed(data, size, "\x92\x81\xa3key\x01\xc0");
    zroute_writer_nil(*state);
    data = state;
    size = 77;
    assert_unfinished("2 were written");
    zroute_writer_clear(*state);
    assert_unfinished("none was written");
}

static void what_cannot_be_added_adds_nothing(void **state)
{
    zroute_writer_array(*state, 1);
    assert_status(ZROUTE_INVALID_VALUE, zroute_writer_packed(*state, PACKED("\xc1")));
    assert_status(ZROUTE_INVALID_VALUE, zroute_writer_packed(*state, PACKED("\x92\x01")));
    assert_status(ZROUTE_INVALID_VALUE, zroute_writer_packed(*state, PACKED("\x01\x02")));
    assert_status(ZROUTE_INVALID_VALUE, zroute_writer_packed(*state, NULL, 0));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_text(*state, NULL));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_binary(*state, NULL, 3));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_binary(*state, "x", SIZE_MAX));
    zroute_writer_integer(*state, 1);
    assert_written("\x91\x01", *state);
}

static void nesting_has_an_end(void **state)
{
    int depth = 0;
    while (zroute_writer_array(*state, 1) == ZROUTE_OK) {
        depth++;
        assert_true(depth <= 128);
    }
    assert_int_equal(depth, 128);
    assert_status(ZROUTE_INVALID_VALUE, zroute_writer_map(*state, 1));
    assert_last_error("more than 128 levels deep");
    assert_status(ZROUTE_INVALID_VALUE, zroute_writer_packed(*state, PACKED("\x90")));
    zroute_writer_nil(*state);
    assert_status(ZROUTE_OK, zroute_writer_clear(*state));
}

static void the_borrowed_value_stays_until_more_is_written(void **state)
{
    const void *first, *second;
    size_t size;
    zroute_writer_text(*state, "abc");
    assert_status(ZROUTE_OK, zroute_writer_bytes(*state, &first, &size));
    assert_status(ZROUTE_OK, zroute_writer_bytes(*state, &second, &size));
    assert_ptr_equal(first, second);
    assert_packed(first, size, "\xa3" "abc");
}

/* --- As an answer --- */

static void answers_with(zroute_call *call, void *userdata)
{
    zroute_writer *writer = userdata;
    const void *data;
    size_t size;
    zroute_writer_array(writer, 2);
    zroute_writer_integer(writer, 1);
    assert_status(ZROUTE_INVALID_VALUE, zroute_call_answer_with(call, writer));
    assert_last_error("array of 2 has 1 value");
    zroute_writer_integer(writer, 2);
    assert_status(ZROUTE_OK, zroute_call_answer_with(call, writer));
    assert_status(ZROUTE_INVALID_VALUE, zroute_writer_bytes(writer, &data, &size));
    assert_last_error("none was written");
    zroute_writer_integer(writer, 3);
    assert_status(ZROUTE_UNKNOWN_CALL, zroute_call_answer_with(call, writer));
    assert_written("\x03", writer);
}

static void a_call_is_answered_with_a_writer_which_is_cleared(void **state)
{
    struct pair *pair = make_pair_with(NULL, NULL);
    void *made = pair;
    assert_status(ZROUTE_OK,
                  zroute_server_register(pair->server, "f", answers_with, *state, NULL));
    assert_answer("\x92\x01\x02", called(pair, "f", PACKED("\xc0")));
    free_pair(&made);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(integers_are_written_in_their_shortest_form),
        TEST(scalars_have_their_bytes),
        TEST(texts_and_binaries_have_the_shortest_header),
        TEST(a_text_that_is_not_utf8_is_refused),
        TEST(extensions_carry_their_number),
        TEST(containers_hold_what_follows),
        TEST(long_containers_have_long_headers),
        TEST(only_one_whole_value_is_handed_out),
        TEST(what_cannot_be_added_adds_nothing),
        TEST(nesting_has_an_end),
        TEST(the_borrowed_value_stays_until_more_is_written),
        TEST(a_call_is_answered_with_a_writer_which_is_cleared),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
