/* The headers stand alone in every language that they are meant for. */
#include "shell.h"

static const char *const languages[] = {
    CC " -x c -std=c99",
    CC " -x c -std=c11",
    CXX " -x c++ -std=c++11",
};
static const size_t language_count = sizeof languages / sizeof languages[0];

#define STRICT " -Wall -Wextra -Werror -pedantic -fsyntax-only -I " ROOT "/include - 2>&1"

/* The compiler's exit code for a source that a command prints. */
static int compiled(const char *source, const char *language, char *output, size_t capacity)
{
    char command[1024];
    snprintf(command, sizeof command, "%s | %s" STRICT, source, language);
    return shell(command, output, capacity);
}

static void assert_compiles(const char *source)
{
    char output[4096];
    size_t index;
    for (index = 0; index < language_count; index++) {
        if (compiled(source, languages[index], output, sizeof output) != 0) {
            fail_msg("%s: %s", languages[index], output);
        }
    }
}

static void the_header_compiles_alone(void **state)
{
    (void)state;
    assert_compiles("printf '#include <zroute.h>\\n'");
}

static void the_header_compiles_twice(void **state)
{
    (void)state;
    assert_compiles("printf '#include <zroute.h>\\n#include <zroute.h>\\n'");
}

static void the_header_leaves_standard_names_to_others(void **state)
{
    (void)state;
    assert_compiles("printf '#include <zroute.h>\\n#include <stdio.h>\\n#include <stdlib.h>\\n"
                    "#include <string.h>\\n#include <zroute.h>\\n'");
}

/* PHP's parser has no preprocessor, and is told types by itself. */
static void the_php_header_compiles_after_its_two_lines_for_php(void **state)
{
    (void)state;
    assert_compiles("(printf '#include <stddef.h>\\n#include <stdint.h>\\n';"
                    " tail -n +3 " ROOT "/include/zroute-php.h)");
}

static void the_php_header_begins_with_its_two_lines_and_has_no_other(void **state)
{
    char output[256];
    (void)state;
    assert_int_equal(0, shell("grep -n '^#' " ROOT "/include/zroute-php.h", output, sizeof output));
    assert_string_equal(output, "1:#define FFI_SCOPE \"ZROUTE\"\n"
                                "2:#define FFI_LIB \"libzroute.so.0\"\n");
}

static void a_mistake_would_be_noticed(void **state)
{
    char output[4096];
    size_t index;
    (void)state;
    for (index = 0; index < language_count; index++) {
        assert_int_not_equal(0, compiled("printf '#include <zroute.h>\\nint x = zroute_nonsense;'",
                                         languages[index], output, sizeof output));
        assert_non_null(strstr(output, "zroute_nonsense"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_compiles_alone),
        cmocka_unit_test(the_header_compiles_twice),
        cmocka_unit_test(the_header_leaves_standard_names_to_others),
        cmocka_unit_test(the_php_header_compiles_after_its_two_lines_for_php),
        cmocka_unit_test(the_php_header_begins_with_its_two_lines_and_has_no_other),
        cmocka_unit_test(a_mistake_would_be_noticed),
    };
    return cmocka_run_group_tests_name("headers", tests, NULL, NULL);
}
