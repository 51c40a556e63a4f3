/* Whatever a caller hands in as a handle, he is told; nothing breaks. */
#include "function_table.h"

/* Made from the header when this is built: "zroute_answer_id", … */
static const char *const in_header[] = {
#include "function_list.h"
};
static const size_t in_header_count = sizeof in_header / sizeof in_header[0];

static struct handles handles;

static int set_up(void **state)
{
    (void)state;
    handles = make_handles();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free_handles(&handles);
    return 0;
}

static void every_function_of_the_header_is_in_the_table(void **state)
{
    size_t index, row;
    (void)state;
    for (index = 0; index < in_header_count; index++) {
        for (row = 0; row < function_count; row++) {
            if (strcmp(functions[row].name, in_header[index]) == 0) {
                break;
            }
        }
        if (row == function_count) {
            fail_msg("%s is in the header and not in function_table.c", in_header[index]);
        }
    }
    for (row = 0; row < function_count; row++) {
        for (index = 0; index < in_header_count; index++) {
            if (strcmp(functions[row].name, in_header[index]) == 0) {
                break;
            }
        }
        if (index == in_header_count) {
            fail_msg("%s is in function_table.c and not in the header", functions[row].name);
        }
    }
    assert_true(in_header_count > 60);
}

static void refuses(const struct function *function, void *handle, const char *what)
{
    zroute_status status = attempted(function, &handles, handle, -1);
    if (status != ZROUTE_BAD_HANDLE) {
        fail_msg("%s with %s: expected ZROUTE_BAD_HANDLE, got %s", function->name, what,
                 zroute_status_name(status));
    }
}

static void null_is_no_handle(void **state)
{
    size_t row;
    (void)state;
    for (row = 0; row < function_count; row++) {
        if (functions[row].kind != NO_HANDLE && functions[row].null_handle == NULL_IS_BAD) {
            refuses(&functions[row], NULL, "NULL");
        }
    }
}

static void every_free_accepts_null(void **state)
{
    size_t row, frees = 0;
    (void)state;
    for (row = 0; row < function_count; row++) {
        const char *end = strrchr(functions[row].name, '_');
        if (strcmp(end, "_free") == 0) {
            assert_status(ZROUTE_OK, attempted(&functions[row], &handles, NULL, -1));
            frees++;
        }
    }
    assert_int_equal(frees, KINDS - 1);
}

static void a_handle_of_another_type_is_refused(void **state)
{
    size_t row;
    int kind;
    (void)state;
    for (row = 0; row < function_count; row++) {
        for (kind = NO_HANDLE + 1; kind < KINDS; kind++) {
            if (functions[row].kind != NO_HANDLE && kind != (int)functions[row].kind) {
                refuses(&functions[row], handles.of[kind], "a handle of another type");
            }
        }
    }
}

static void bits_that_never_were_a_handle_are_refused(void **state)
{
    uint64_t local = 0;
    char text[32] = "some text";
    uintptr_t odd[] = {1, 2, 10, 0x1a, 0xff, 0xdeadbeef, UINTPTR_MAX, UINTPTR_MAX - 5,
                       (uintptr_t)1 << 63, 0};
    size_t row, index;
    (void)state;
    for (row = 0; row < function_count; row++) {
        const struct function *function = &functions[row];
        if (function->kind == NO_HANDLE) {
            continue;
        }
        refuses(function, &local, "the address of a local");
        refuses(function, text + 1, "an odd address");
        for (index = 0; odd[index] != 0; index++) {
            refuses(function, (void *)odd[index], "odd bits");
        }
        for (index = 0; index < 64; index++) {
            uintptr_t flipped = (uintptr_t)handles.of[function->kind] ^ ((uintptr_t)1 << index);
            refuses(function, (void *)flipped, "a handle with one bit flipped");
        }
    }
}

/* One handle of each kind, freed. */
static void a_stale_handle_is_refused_also_when_its_place_is_taken_again(void **state)
{
    struct handles stale = make_handles(), fresh;
    void *of[KINDS];
    size_t row;
    (void)state;
    memcpy(of, stale.of, sizeof of);
    free_handles(&stale);
    for (row = 0; row < function_count; row++) {
        if (functions[row].kind != NO_HANDLE) {
            refuses(&functions[row], of[functions[row].kind], "a stale handle");
        }
    }
    fresh = make_handles();
    for (row = 0; row < function_count; row++) {
        if (functions[row].kind != NO_HANDLE) {
            refuses(&functions[row], of[functions[row].kind], "a stale handle");
        }
    }
    free_handles(&fresh);
}

static void freeing_twice_is_told(void **state)
{
    zroute_writer *writer;
    (void)state;
    assert_status(ZROUTE_OK, zroute_writer_new(&writer));
    assert_status(ZROUTE_OK, zroute_writer_free(writer));
    assert_status(ZROUTE_BAD_HANDLE, zroute_writer_free(writer));
    assert_last_error("zroute_writer_free: expected a handle of a zroute_writer, got one that "
                      "was freed");
}

static void a_null_argument_is_told_and_nothing_is_written(void **state)
{
    size_t row;
    int missing;
    (void)state;
    for (row = 0; row < function_count; row++) {
        const struct function *function = &functions[row];
        for (missing = 0; missing < function->arguments; missing++) {
            zroute_status status = attempted(function, &handles, handles.of[function->kind],
                                             missing);
            if (status != ZROUTE_BAD_ARGUMENT) {
                fail_msg("%s with NULL as argument %d: expected ZROUTE_BAD_ARGUMENT, got %s",
                         function->name, missing, zroute_status_name(status));
            }
            assert_last_error("NULL");
            assert_last_error(function->name);
        }
    }
}

static void what_is_for_php_alone_says_so(void **state)
{
    size_t row, count = 0;
    (void)state;
    for (row = 0; row < function_count; row++) {
        if (strncmp(functions[row].name, "zroute_zend_", strlen("zroute_zend_")) == 0) {
            assert_status(ZROUTE_UNSUPPORTED, attempted(&functions[row], &handles, NULL, -1));
            assert_last_error(functions[row].name);
            count++;
        }
    }
    assert_int_equal(count, 8);
}

static void nothing_above_has_harmed_the_good_handles(void **state)
{
    int64_t value;
    uint64_t id;
    zroute_answer *answer;
    (void)state;
    assert_status(ZROUTE_OK, zroute_answer_id(handles.of[ANSWER], &id));
    assert_status(ZROUTE_OK, zroute_writer_integer(handles.of[WRITER], 7));
    assert_status(ZROUTE_OK, zroute_reader_find(handles.of[READER], "key"));
    assert_status(ZROUTE_OK, zroute_reader_integer(handles.of[READER], &value));
    assert_int_equal(value, 1);
    assert_status(ZROUTE_OK, zroute_call_answer(handles.of[CALL], PACKED("\x05")));
    assert_status(ZROUTE_OK, zroute_server_step(handles.of[SERVER], 0, NULL));
    answer = collected(handles.of[CLIENT]);
    assert_answer("\x05", answer);
    handles.of[CALL] = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_of_the_header_is_in_the_table),
        cmocka_unit_test(null_is_no_handle),
        cmocka_unit_test(every_free_accepts_null),
        cmocka_unit_test(a_handle_of_another_type_is_refused),
        cmocka_unit_test(bits_that_never_were_a_handle_are_refused),
        cmocka_unit_test(a_stale_handle_is_refused_also_when_its_place_is_taken_again),
        cmocka_unit_test(freeing_twice_is_told),
        cmocka_unit_test(a_null_argument_is_told_and_nothing_is_written),
        cmocka_unit_test(what_is_for_php_alone_says_so),
        cmocka_unit_test(nothing_above_has_harmed_the_good_handles),
    };
    return cmocka_run_group_tests_name("handles", tests, set_up, tear_down);
}
