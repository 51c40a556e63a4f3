/* Statuses, the last error's text, versions. */
#include "pair.h"

static void every_status_has_its_own_name(void **state)
{
    static const struct {
        zroute_status status;
        int number;
        const char *name;
    } cases[] = {
#define STATUS(name, number) {name, number, #name}
        STATUS(ZROUTE_OK, 0),
        STATUS(ZROUTE_TIMEOUT, 1),
        STATUS(ZROUTE_INTERRUPTED, 2),
        STATUS(ZROUTE_STOPPED, 3),
        STATUS(ZROUTE_END, 4),
        STATUS(ZROUTE_WOULD_BLOCK, 5),
        STATUS(ZROUTE_BAD_ARGUMENT, 10),
        STATUS(ZROUTE_BAD_HANDLE, 11),
        STATUS(ZROUTE_BUSY, 12),
        STATUS(ZROUTE_FORKED, 13),
        STATUS(ZROUTE_PANIC, 14),
        STATUS(ZROUTE_TOO_MANY_HANDLES, 15),
        STATUS(ZROUTE_UNSUPPORTED, 16),
        STATUS(ZROUTE_BAD_ENDPOINT, 20),
        STATUS(ZROUTE_UNREACHABLE, 21),
        STATUS(ZROUTE_BAD_OPTION, 22),
        STATUS(ZROUTE_OUTDATED_LIBZMQ, 23),
        STATUS(ZROUTE_SYSTEM, 24),
        STATUS(ZROUTE_BAD_STATE, 25),
        STATUS(ZROUTE_OUTCOME_UNKNOWN, 26),
        STATUS(ZROUTE_INVALID_VALUE, 30),
        STATUS(ZROUTE_WRONG_TYPE, 31),
        STATUS(ZROUTE_TOO_LARGE, 32),
        STATUS(ZROUTE_UNKNOWN_CALL, 33),
        STATUS(ZROUTE_RESERVED_VALUE, 34),
        STATUS(ZROUTE_NOT_PLAIN, 35),
        STATUS(ZROUTE_FAULT, 40),
        STATUS(ZROUTE_NOT_CONNECTED, 41),
        STATUS(ZROUTE_INVALID_ANSWER, 42),
    };
    size_t index, count = 0;
    int number;
    (void)state;
    for (index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_int_equal(cases[index].status, cases[index].number);
        assert_string_equal(zroute_status_name(cases[index].status), cases[index].name);
    }
    for (number = -1000; number < 1000; number++) {
        count += strcmp(zroute_status_name(number), "unknown status") != 0;
    }
    assert_int_equal(count, sizeof cases / sizeof cases[0]);
    assert_string_equal(zroute_status_name(INT32_MIN), "unknown status");
}

static void the_text_is_cut_where_it_does_not_fit_and_always_ended(void **state)
{
    char text[256], cut[8];
    size_t length;
    (void)state;
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_writer_new(NULL));
    length = zroute_last_error(text, sizeof text);
    assert_string_equal(text, "zroute_writer_new: writer is NULL");
    assert_int_equal(length, strlen(text));
    memset(cut, 'x', sizeof cut);
    assert_int_equal(length, zroute_last_error(cut, 5));
    assert_memory_equal(cut, "zrou\0xxx", 8);
    assert_int_equal(length, zroute_last_error(cut, 1));
    assert_memory_equal(cut, "\0rou\0xxx", 8);
    memset(cut, 'x', sizeof cut);
    assert_int_equal(length, zroute_last_error(cut, 0));
    assert_memory_equal(cut, "xxxxxxxx", 8);
    assert_int_equal(length, zroute_last_error(NULL, 0));
    assert_int_equal(length, zroute_last_error(text, length + 1));
    assert_string_equal(text, "zroute_writer_new: writer is NULL");
}

static void a_text_is_never_cut_within_a_character(void **state)
{
    char text[256], whole[256];
    size_t length, capacity;
    zroute_server *server;
    (void)state;
    assert_status(ZROUTE_OK, zroute_server_new(NULL, &server));
    assert_status(ZROUTE_BAD_ENDPOINT, zroute_server_bind(server, "ä€ä€ä€ä€"));
    length = zroute_last_error(whole, sizeof whole);
    assert_true(length < sizeof whole);
    for (capacity = 1; capacity <= length; capacity++) {
        size_t end;
        zroute_last_error(text, capacity);
        end = strlen(text);
        assert_true(end < capacity && end + 4 > capacity);
        assert_memory_equal(text, whole, end);
        assert_int_not_equal((unsigned char)whole[end] & 0xc0, 0x80);
    }
    assert_status(ZROUTE_OK, zroute_server_free(server));
}

static void a_success_leaves_the_text_of_the_failure_before_it(void **state)
{
    zroute_writer *writer;
    (void)state;
    assert_status(ZROUTE_BAD_HANDLE, zroute_reader_skip(NULL));
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    assert_status(ZROUTE_OK, zroute_writer_free(writer));
    assert_last_error("zroute_reader_skip: expected a handle of a zroute_reader, got NULL");
}

static void the_header_and_the_library_are_of_one_version(void **state)
{
    unsigned major, minor, patch;
    (void)state;
    assert_string_equal(zroute_version(), ZROUTE_VERSION);
    assert_int_equal(zroute_version_number(), ZROUTE_VERSION_NUMBER);
    assert_int_equal(3, sscanf(zroute_version(), "%u.%u.%u", &major, &minor, &patch));
    assert_int_equal(zroute_version_number(), major * 10000 + minor * 100 + patch);
}

static void php_values_are_turned_both_ways(void **state)
{
    const void *data;
    size_t size;
    (void)state;
    assert_status(ZROUTE_OK, zroute_php_pack(PACKED("a:2:{i:0;i:1;i:1;s:1:\"x\";}"), 0, &data,
                                             &size));
    assert_packed(data, size, "\x92\x01\xa1x");
    assert_status(ZROUTE_OK, zroute_php_unpack(PACKED("\x92\x01\xa1x"), &data, &size));
    assert_packed(data, size, "a:2:{i:0;i:1;i:1;s:1:\"x\";}");
    assert_status(ZROUTE_NOT_PLAIN, zroute_php_pack(PACKED("a:1:{i:0;i:0;}"), 0, &data, &size));
    assert_status(ZROUTE_OK, zroute_php_pack(PACKED("a:1:{i:0;i:0;}"), 1, &data, &size));
    assert_packed(data, size, "\x91\x00");
    assert_status(ZROUTE_NOT_PLAIN, zroute_php_pack(PACKED("O:1:\"A\":0:{}"), 1, &data, &size));
    assert_status(ZROUTE_INVALID_VALUE, zroute_php_pack(PACKED("nonsense"), 1, &data, &size));
    assert_status(ZROUTE_INVALID_VALUE, zroute_php_unpack(PACKED("\xd4\x01x"), &data, &size));
}

static void php_objects_are_turned_both_ways(void **state)
{
    static const char packed[] = "\x82\xc0\xa1\x41\xa1x\x01";
    zroute_php_text text;
    (void)state;
    assert_status(ZROUTE_OK, zroute_php_pack_objects(PACKED("O:1:\"A\":1:{s:1:\"x\";i:1;}"), 11,
                                                     NULL, 0, &text));
    assert_int_equal(text.remarks, 1);
    assert_packed((const char *)text.data + text.size, text.names_size, "A");
    assert_status(ZROUTE_OK, zroute_php_pack_objects(PACKED("O:1:\"A\":1:{s:1:\"x\";i:1;}"), 11,
                                                     PACKED("s:1:\"A\";i:0;"), &text));
    assert_int_equal(text.remarks, 0);
    assert_memory_equal(text.data, packed, sizeof packed - 1);
    assert_status(ZROUTE_OK, zroute_php_unpack_objects(PACKED(packed), 11, PACKED("\0a\0"), NULL,
                                                       0, 100000, &text));
    assert_int_equal(text.remarks, 32 | 512);
    assert_packed(text.data, text.size, "O:1:\"A\":1:{s:1:\"x\";i:1;}");
    assert_status(ZROUTE_OK, zroute_php_unpack_objects(PACKED(packed), 11, "", 0, NULL, 0, 100000,
                                                       &text));
    assert_int_equal(text.remarks, 128 | 512);
    assert_packed((const char *)text.data + text.size, text.names_size, "A");
    assert_status(ZROUTE_OK, zroute_php_unpack_objects(PACKED("\xc1"), 11, NULL, 0, NULL, 0, 100000,
                                                       &text));
    assert_int_equal(text.remarks, 1);
    assert_status(ZROUTE_INVALID_VALUE, zroute_php_pack_objects(PACKED("nonsense"), 11, NULL, 0,
                                                                &text));
}

static void a_value_in_parts_is_passed_over_once(void **state)
{
    uint64_t left = 1;
    size_t read;
    (void)state;
    assert_status(ZROUTE_OK, zroute_msgpack_skim(PACKED("\x92\x01\xcd\x01"), 0, &left, &read));
    assert_int_equal(read, 2);
    assert_int_equal(left, 1);
    assert_status(ZROUTE_OK,
                  zroute_msgpack_skim(PACKED("\x92\x01\xcd\x01\x02\x03"), 2, &left, &read));
    assert_int_equal(read, 3);
    assert_int_equal(left, 0);
    left = 1;
    assert_status(ZROUTE_INVALID_VALUE, zroute_msgpack_skim(PACKED("\xc1"), 0, &left, &read));
    assert_status(ZROUTE_BAD_ARGUMENT, zroute_msgpack_skim(PACKED("\xc0"), 2, &left, &read));
    assert_int_equal(left, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(the_text_is_cut_where_it_does_not_fit_and_always_ended),
        cmocka_unit_test(a_text_is_never_cut_within_a_character),
        cmocka_unit_test(a_success_leaves_the_text_of_the_failure_before_it),
        cmocka_unit_test(the_header_and_the_library_are_of_one_version),
        cmocka_unit_test(php_values_are_turned_both_ways),
        cmocka_unit_test(php_objects_are_turned_both_ways),
        cmocka_unit_test(a_value_in_parts_is_passed_over_once),
    };
    return cmocka_run_group_tests_name("errors", tests, NULL, NULL);
}
