/* Taking values apart. */
#include <math.h>
#include <stdlib.h>

#include "pair.h"

static int set_up(void **state)
{
    zroute_reader *reader;
    assert_status(ZROUTE_OK, zroute_reader_new(PACKED("\xc0"), &reader));
    *state = reader;
    return 0;
}

static int tear_down(void **state)
{
    assert_status(ZROUTE_OK, zroute_reader_free(*state));
    return 0;
}

#define READ(literal) assert_status(ZROUTE_OK, zroute_reader_reset(reader, PACKED(literal)))

/* The fields of an item, in their order; those that do not count are 0. */
static void assert_item(const zroute_item *item, zroute_type type, int boolean, int extension,
                        int64_t integer, uint64_t unsigned_integer, double number, size_t size)
{
    assert_int_equal(item->type, type);
    assert_int_equal(item->boolean, boolean);
    assert_int_equal(item->extension, extension);
    assert_int_equal(item->integer, integer);
    assert_int_equal(item->unsigned_integer, unsigned_integer);
    assert_true(item->number == number);
    assert_int_equal(item->size, size);
}

static void every_type_is_told_with_its_fields(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        zroute_type type;
        int boolean, extension;
        int64_t integer;
        uint64_t unsigned_integer;
        double number;
        size_t size;
    } cases[] = {
        {PACKED("\xc0"), ZROUTE_TYPE_NIL, 0, 0, 0, 0, 0, 0},
        {PACKED("\xc2"), ZROUTE_TYPE_BOOLEAN, 0, 0, 0, 0, 0, 0},
        {PACKED("\xc3"), ZROUTE_TYPE_BOOLEAN, 1, 0, 0, 0, 0, 0},
        {PACKED("\x7f"), ZROUTE_TYPE_INTEGER, 0, 0, 127, 127, 0, 0},
        {PACKED("\xff"), ZROUTE_TYPE_INTEGER, 0, 0, -1, 0, 0, 0},
        {PACKED("\xcc\xff"), ZROUTE_TYPE_INTEGER, 0, 0, 255, 255, 0, 0},
        {PACKED("\xcd\xff\xff"), ZROUTE_TYPE_INTEGER, 0, 0, 65535, 65535, 0, 0},
        {PACKED("\xce\xff\xff\xff\xff"), ZROUTE_TYPE_INTEGER, 0, 0, 4294967295, 4294967295, 0, 0},
        {PACKED("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), ZROUTE_TYPE_INTEGER, 0, 0, INT64_MAX,
         INT64_MAX, 0, 0},
        {PACKED("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), ZROUTE_TYPE_UNSIGNED, 0, 0, 0,
         (uint64_t)INT64_MAX + 1, 0, 0},
        {PACKED("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), ZROUTE_TYPE_UNSIGNED, 0, 0, 0, UINT64_MAX,
         0, 0},
        {PACKED("\xd0\x80"), ZROUTE_TYPE_INTEGER, 0, 0, -128, 0, 0, 0},
        {PACKED("\xd1\x80\x00"), ZROUTE_TYPE_INTEGER, 0, 0, -32768, 0, 0, 0},
        {PACKED("\xd2\x80\x00\x00\x00"), ZROUTE_TYPE_INTEGER, 0, 0, INT32_MIN, 0, 0, 0},
        {PACKED("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), ZROUTE_TYPE_INTEGER, 0, 0, INT64_MIN, 0,
         0, 0},
        {PACKED("\xd3\x00\x00\x00\x00\x00\x00\x00\x05"), ZROUTE_TYPE_INTEGER, 0, 0, 5, 5, 0, 0},
        {PACKED("\xca\x3f\xc0\x00\x00"), ZROUTE_TYPE_FLOAT, 0, 0, 0, 0, 1.5, 0},
        {PACKED("\xcb\xc0\x00\x00\x00\x00\x00\x00\x00"), ZROUTE_TYPE_FLOAT, 0, 0, 0, 0, -2.0, 0},
        {PACKED("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), ZROUTE_TYPE_FLOAT, 0, 0, 0, 0, HUGE_VAL,
         0},
        {PACKED("\xa0"), ZROUTE_TYPE_TEXT, 0, 0, 0, 0, 0, 0},
        {PACKED("\xa2\xff\x00"), ZROUTE_TYPE_TEXT, 0, 0, 0, 0, 0, 2},
        {PACKED("\xd9\x01x"), ZROUTE_TYPE_TEXT, 0, 0, 0, 0, 0, 1},
        {PACKED("\xda\x00\x01x"), ZROUTE_TYPE_TEXT, 0, 0, 0, 0, 0, 1},
        {PACKED("\xdb\x00\x00\x00\x01x"), ZROUTE_TYPE_TEXT, 0, 0, 0, 0, 0, 1},
        {PACKED("\xc4\x01x"), ZROUTE_TYPE_BINARY, 0, 0, 0, 0, 0, 1},
        {PACKED("\xc5\x00\x00"), ZROUTE_TYPE_BINARY, 0, 0, 0, 0, 0, 0},
        {PACKED("\xc6\x00\x00\x00\x01x"), ZROUTE_TYPE_BINARY, 0, 0, 0, 0, 0, 1},
        {PACKED("\x90"), ZROUTE_TYPE_ARRAY, 0, 0, 0, 0, 0, 0},
        {PACKED("\xdc\x00\x01\xc0"), ZROUTE_TYPE_ARRAY, 0, 0, 0, 0, 0, 1},
        {PACKED("\xdd\x00\x00\x00\x01\xc0"), ZROUTE_TYPE_ARRAY, 0, 0, 0, 0, 0, 1},
        {PACKED("\x81\xc0\xc0"), ZROUTE_TYPE_MAP, 0, 0, 0, 0, 0, 1},
        {PACKED("\xde\x00\x01\xc0\xc0"), ZROUTE_TYPE_MAP, 0, 0, 0, 0, 0, 1},
        {PACKED("\xdf\x00\x00\x00\x01\xc0\xc0"), ZROUTE_TYPE_MAP, 0, 0, 0, 0, 0, 1},
        {PACKED("\xd4\x80x"), ZROUTE_TYPE_EXTENSION, 0, -128, 0, 0, 0, 1},
        {PACKED("\xd8\x7f" "0123456789abcdef"), ZROUTE_TYPE_EXTENSION, 0, 127, 0, 0, 0, 16},
        {PACKED("\xc7\x00\x01"), ZROUTE_TYPE_EXTENSION, 0, 1, 0, 0, 0, 0},
        {PACKED("\xc9\x00\x00\x00\x01\xffx"), ZROUTE_TYPE_EXTENSION, 0, -1, 0, 0, 0, 1},
    };
    zroute_reader *reader = *state;
    size_t index;
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        zroute_item peeked, item;
        const char *end = cases[index].bytes + cases[index].length;
        assert_status(ZROUTE_OK,
                      zroute_reader_reset(reader, cases[index].bytes, cases[index].length));
        assert_status(ZROUTE_OK, zroute_reader_peek(reader, &peeked));
        assert_status(ZROUTE_OK, zroute_reader_next(reader, &item));
        assert_item(&item, cases[index].type, cases[index].boolean, cases[index].extension,
                    cases[index].integer, cases[index].unsigned_integer, cases[index].number,
                    cases[index].size);
        assert_int_equal(peeked.type, item.type);
        assert_ptr_equal(peeked.data, item.data);
        if (item.type == ZROUTE_TYPE_TEXT || item.type == ZROUTE_TYPE_BINARY
            || item.type == ZROUTE_TYPE_EXTENSION) {
            assert_ptr_equal((const char *)item.data + item.size, end);
        } else {
            assert_null(item.data);
        }
        if (item.size == 0 || item.data != NULL) {
            assert_status(ZROUTE_END, zroute_reader_next(reader, &item));
        }
    }
}

static void only_one_whole_value_within_the_limits_is_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {PACKED("")},
        {PACKED("\xc1")},
        {PACKED("\x01\x02")},
        {PACKED("\x92\x01")},
        {PACKED("\x81\x01")},
        {PACKED("\xa5" "abc")},
        {PACKED("\xdd\xff\xff\xff\xff")},
        {PACKED("\xdf\xff\xff\xff\xff")},
        {PACKED("\xc6\xff\xff\xff\xff")},
        {PACKED("\x91\x92\x01\xc1")},
    };
    zroute_reader *reader = *state, *none = NULL;
    char deep[130];
    size_t index;
    int64_t value;
    READ("\x07");
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_status(ZROUTE_INVALID_VALUE,
                      zroute_reader_new(cases[index].bytes, cases[index].size, &none));
        assert_null(none);
        assert_status(ZROUTE_INVALID_VALUE,
                      zroute_reader_reset(reader, cases[index].bytes, cases[index].size));
    }
    memset(deep, 0x91, sizeof deep);
    deep[129] = 1;
    assert_status(ZROUTE_INVALID_VALUE, zroute_reader_reset(reader, deep, 130));
    assert_last_error("more than 128 levels deep");
    /* After all that it is where it was. */
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_int_equal(value, 7);
    assert_status(ZROUTE_OK, zroute_reader_reset(reader, deep + 1, 129));
}

static void a_read_of_the_wrong_type_reads_nothing_and_writes_nothing(void **state)
{
    zroute_reader *reader = *state;
    int64_t integer = 77, integers[4] = {77, 77, 77, 77};
    double number = 77;
    uint32_t count = 77;
    const void *data = state;
    size_t size = 77;
    zroute_item item;
    static const char *const values[] = {"\xc0", "\xa1x", "\x90", "\x80", "\xc3"};
    size_t index;
    for (index = 0; index < sizeof values / sizeof values[0]; index++) {
        const char *value = values[index];
        size_t length = value[0] == '\xa1' ? 2 : 1;
        assert_status(ZROUTE_OK, zroute_reader_reset(reader, value, length));
        assert_status(ZROUTE_WRONG_TYPE, zroute_reader_integer(reader, &integer));
        assert_status(ZROUTE_WRONG_TYPE, zroute_reader_number(reader, &number));
        if (value[0] != '\x90') {
            assert_status(ZROUTE_WRONG_TYPE, zroute_reader_array(reader, &count));
            assert_status(ZROUTE_WRONG_TYPE, zroute_reader_integers(reader, integers, 4, &size));
        }
        if (value[0] != '\x80') {
            assert_status(ZROUTE_WRONG_TYPE, zroute_reader_map(reader, &count));
            assert_status(ZROUTE_WRONG_TYPE, zroute_reader_find(reader, "key"));
        }
        if (value[0] != '\xa1') {
            assert_status(ZROUTE_WRONG_TYPE, zroute_reader_bytes(reader, &data, &size));
        }
        assert_last_error("at byte 0, found");
        assert_status(ZROUTE_OK, zroute_reader_next(reader, &item));
    }
    READ("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_status(ZROUTE_WRONG_TYPE, zroute_reader_integer(reader, &integer));
    READ("\xd4\x01x");
    assert_status(ZROUTE_WRONG_TYPE, zroute_reader_bytes(reader, &data, &size));
    assert_int_equal(integer, 77);
    assert_true(number == 77);
    assert_int_equal(count, 77);
    assert_ptr_equal(data, state);
    assert_int_equal(size, 77);
    assert_int_equal(integers[0], 77);
}

static void at_the_end_every_read_says_so(void **state)
{
    zroute_reader *reader = *state;
    int64_t integer;
    double number;
    uint32_t count;
    const void *data;
    size_t size;
    zroute_item item;
    READ("\xc0");
    assert_status(ZROUTE_OK, zroute_reader_skip(reader));
    assert_status(ZROUTE_END, zroute_reader_next(reader, &item));
    assert_status(ZROUTE_END, zroute_reader_peek(reader, &item));
    assert_status(ZROUTE_END, zroute_reader_integer(reader, &integer));
    assert_status(ZROUTE_END, zroute_reader_integers(reader, &integer, 1, &size));
    assert_status(ZROUTE_END, zroute_reader_number(reader, &number));
    assert_status(ZROUTE_END, zroute_reader_array(reader, &count));
    assert_status(ZROUTE_END, zroute_reader_map(reader, &count));
    assert_status(ZROUTE_END, zroute_reader_bytes(reader, &data, &size));
    assert_status(ZROUTE_END, zroute_reader_find(reader, "key"));
    assert_status(ZROUTE_END, zroute_reader_skip(reader));
    assert_status(ZROUTE_END, zroute_reader_slice(reader, &data, &size));
}

static void a_number_is_a_float_or_an_integer_that_a_double_holds(void **state)
{
    zroute_reader *reader = *state;
    double number = 77;
    int64_t integer;
    READ("\xca\x3f\xc0\x00\x00");
    assert_status(ZROUTE_OK, zroute_reader_number(reader, &number));
    assert_true(number == 1.5);
    READ("\xff");
    assert_status(ZROUTE_OK, zroute_reader_number(reader, &number));
    assert_true(number == -1.0);
    READ("\xcf\x00\x20\x00\x00\x00\x00\x00\x00"); /* 2^53 */
    assert_status(ZROUTE_OK, zroute_reader_number(reader, &number));
    assert_true(number == 9007199254740992.0);
    READ("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"); /* 2^63 */
    assert_status(ZROUTE_OK, zroute_reader_number(reader, &number));
    assert_true(number == 9223372036854775808.0);
    READ("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"); /* -2^63 */
    assert_status(ZROUTE_OK, zroute_reader_number(reader, &number));
    assert_true(number == -9223372036854775808.0);
    number = 77;
    READ("\xcf\xff\xff\xff\xff\xff\xff\xff\xff");
    assert_status(ZROUTE_WRONG_TYPE, zroute_reader_number(reader, &number));
    READ("\xcf\x00\x20\x00\x00\x00\x00\x00\x01"); /* 2^53 + 1 */
    assert_status(ZROUTE_WRONG_TYPE, zroute_reader_number(reader, &number));
    assert_true(number == 77);
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &integer));
    assert_int_equal(integer, 9007199254740993);
}

static void an_array_of_integers_is_read_at_once_or_not_at_all(void **state)
{
    zroute_reader *reader = *state;
    int64_t values[4] = {77, 77, 77, 77};
    size_t count = 77;
    uint32_t length;
    READ("\x92\x93\x01\xff\xcd\x01\x00\xc0");
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &length));
    assert_status(ZROUTE_OK, zroute_reader_integers(reader, values, 3, &count));
    assert_int_equal(count, 3);
    assert_int_equal(values[0], 1);
    assert_int_equal(values[1], -1);
    assert_int_equal(values[2], 256);
    assert_int_equal(values[3], 77);
    assert_status(ZROUTE_OK, zroute_reader_skip(reader));
    READ("\x90");
    assert_status(ZROUTE_OK, zroute_reader_integers(reader, NULL, 0, &count));
    assert_int_equal(count, 0);

    count = 77;
    memset(values, 0, sizeof values);
    READ("\x93\x01\x02\x03");
    assert_status(ZROUTE_TOO_LARGE, zroute_reader_integers(reader, values, 2, &count));
    READ("\x93\x01\x02\xa1x");
    assert_status(ZROUTE_WRONG_TYPE, zroute_reader_integers(reader, values, 4, &count));
    assert_int_equal(count, 77);
    assert_int_equal(values[0], 0); /* outputs are written on success alone */
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &length));
    assert_int_equal(length, 3);
}

static void nested_values_are_read_in_order(void **state)
{
    zroute_reader *reader = *state;
    uint32_t count;
    int64_t value;
    const void *data;
    size_t size;
    READ("\x93\x01\x82\xa1" "a\x92\x02\x03\xa1" "b\xc4\x01z\x04");
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &count));
    assert_int_equal(count, 3);
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_status(ZROUTE_OK, zroute_reader_map(reader, &count));
    assert_int_equal(count, 2);
    assert_status(ZROUTE_OK, zroute_reader_bytes(reader, &data, &size));
    assert_packed(data, size, "a");
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &count));
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_int_equal(value, 3);
    assert_status(ZROUTE_OK, zroute_reader_bytes(reader, &data, &size));
    assert_packed(data, size, "b");
    assert_status(ZROUTE_OK, zroute_reader_bytes(reader, &data, &size));
    assert_packed(data, size, "z");
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_int_equal(value, 4);
    assert_status(ZROUTE_END, zroute_reader_integer(reader, &value));
}

static void a_key_is_found_wherever_it_stands(void **state)
{
    static const char map[] = "\x84\x01\xc0\xa3" "one\x91\xa3two\xc4\x03two\x07\xa3two\x08";
    zroute_reader *reader = *state;
    int64_t value;
    uint32_t count;
    const void *data;
    size_t size;
    READ(map);
    assert_status(ZROUTE_OK, zroute_reader_find(reader, "two"));
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_int_equal(value, 7); /* the first, and in an array or as a bin key */
    READ(map);
    assert_status(ZROUTE_OK, zroute_reader_find(reader, "one"));
    assert_status(ZROUTE_OK, zroute_reader_slice(reader, &data, &size));
    assert_packed(data, size, "\x91\xa3two");
    READ(map);
    assert_status(ZROUTE_END, zroute_reader_find(reader, "three"));
    assert_last_error("the map has no key 'three'");
    assert_status(ZROUTE_OK, zroute_reader_map(reader, &count));
    assert_int_equal(count, 4);
    READ("\x81\xa0\x05");
    assert_status(ZROUTE_OK, zroute_reader_find(reader, ""));
    READ("\x80");
    assert_status(ZROUTE_END, zroute_reader_find(reader, ""));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_reader_find(reader, "\xff"));
}

static void a_slice_is_a_value_that_can_be_passed_on(void **state)
{
    zroute_reader *reader = *state;
    zroute_writer *writer;
    uint32_t count;
    const void *data;
    size_t size;
    READ("\x93\x01\x82\xa1" "a\x92\x02\x03\x04\x05\xc3");
    assert_status(ZROUTE_OK, zroute_reader_array(reader, &count));
    assert_status(ZROUTE_OK, zroute_reader_skip(reader));
    assert_status(ZROUTE_OK, zroute_reader_slice(reader, &data, &size));
    assert_packed(data, size, "\x82\xa1" "a\x92\x02\x03\x04\x05");
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    assert_status(ZROUTE_OK, zroute_writer_packed(writer, data, size));
    assert_status(ZROUTE_OK, zroute_reader_skip(reader));
    assert_status(ZROUTE_END, zroute_reader_skip(reader));
    assert_status(ZROUTE_OK, zroute_writer_free(writer));
}

/* --- Of a call and of an answer --- */

static void reads_its_parameters(zroute_call *call, void *userdata)
{
    int64_t values[3];
    size_t count;
    assert_status(ZROUTE_OK, zroute_call_read(call, userdata));
    assert_status(ZROUTE_OK, zroute_reader_integers(userdata, values, 3, &count));
    assert_int_equal(count, 2);
    assert_status(ZROUTE_OK, zroute_call_answer(call, PACKED("\x05")));
}

static void a_reader_is_pointed_at_parameters_and_answers(void **state)
{
    zroute_reader *reader = *state;
    struct pair *pair = make_pair_with(NULL, NULL);
    void *made = pair;
    zroute_answer *answer;
    int64_t value;
    zroute_server_register(pair->server, "f", reads_its_parameters, reader, NULL);
    answer = called(pair, "f", PACKED("\x92\x02\x03"));
    assert_status(ZROUTE_OK, zroute_answer_read(answer, reader));
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_int_equal(value, 5);
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
    READ("\x07");
    answer = called(pair, "nobody", PACKED("\xc0"));
    assert_status(ZROUTE_FAULT, zroute_answer_read(answer, reader));
    assert_status(ZROUTE_OK, zroute_reader_integer(reader, &value));
    assert_int_equal(value, 7); /* it stays where it was */
    assert_status(ZROUTE_OK, zroute_answer_free(answer));
    free_pair(&made);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_type_is_told_with_its_fields),
        TEST(only_one_whole_value_within_the_limits_is_read),
        TEST(a_read_of_the_wrong_type_reads_nothing_and_writes_nothing),
        TEST(at_the_end_every_read_says_so),
        TEST(a_number_is_a_float_or_an_integer_that_a_double_holds),
        TEST(an_array_of_integers_is_read_at_once_or_not_at_all),
        TEST(nested_values_are_read_in_order),
        TEST(a_key_is_found_wherever_it_stands),
        TEST(a_slice_is_a_value_that_can_be_passed_on),
        TEST(a_reader_is_pointed_at_parameters_and_answers),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
