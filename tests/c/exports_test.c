/* What the shared library shows to the world, and what loading it does. */
#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>

#include "shell.h"

static const char *const in_header[] = {
#include "function_list.h"
};
static const size_t in_header_count = sizeof in_header / sizeof in_header[0];

static void the_functions_of_the_header_are_exported_and_nothing_else_is(void **state)
{
    char output[1 << 16], name[128], *line;
    size_t exported = 0, index;
    (void)state;
    assert_int_equal(0, shell("nm -D --defined-only " LIBRARY, output, sizeof output));
    for (line = strtok(output, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_int_equal(1, sscanf(line, "%*x T %127s", name));
        for (index = 0; index < in_header_count; index++) {
            if (strcmp(in_header[index], name) == 0) {
                break;
            }
        }
        if (index == in_header_count) {
            fail_msg("%s is exported and not in zroute.h", name);
        }
        exported++;
    }
    /* Each name once, so as many means the same ones. */
    assert_int_equal(exported, in_header_count);
}

static void the_php_header_has_the_same_functions(void **state)
{
    char output[1 << 16];
    size_t index, count = 0;
    const char *line = output;
    (void)state;
    assert_int_equal(0, shell("grep -oE '\\bzroute_[a-z0-9_]+\\(' " ROOT "/include/zroute-php.h"
                              " | tr -d '(' | sort -u", output, sizeof output));
    for (index = 0; index < in_header_count; index++) {
        assert_memory_equal(line, in_header[index], strlen(in_header[index]));
        line = strchr(line, '\n') + 1;
        count++;
    }
    assert_string_equal(line, "");
    assert_int_equal(count, in_header_count);
}

static void the_library_has_its_soname_and_stays_loaded(void **state)
{
    char output[1 << 14];
    (void)state;
    assert_int_equal(0, shell("readelf -dW " LIBRARY, output, sizeof output));
    assert_non_null(strstr(output, "Library soname: [libzroute.so.0]"));
    assert_non_null(strstr(output, "NODELETE"));
    assert_non_null(strstr(output, "[libzmq.so."));
    assert_null(strstr(output, "TEXTREL"));
    assert_null(strstr(output, "RPATH"));
    assert_null(strstr(output, "RUNPATH"));
}

static int entries(const char *folder)
{
    DIR *open = opendir(folder);
    int count = 0;
    assert_non_null(open);
    while (readdir(open) != NULL) {
        count++;
    }
    closedir(open);
    return count;
}

static void loading_the_library_makes_nothing(void **state)
{
    int threads = entries("/proc/self/task"), descriptors = entries("/proc/self/fd"), number;
    struct sigaction action;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    (void)state;
    assert_non_null(library);
    assert_int_equal(entries("/proc/self/task"), threads);
    assert_int_equal(entries("/proc/self/fd"), descriptors);
    for (number = 1; number < 32; number++) {
        if (number != SIGKILL && number != SIGSTOP) {
            assert_int_equal(0, sigaction(number, NULL, &action));
            /* cmocka has its own for some of these while a test runs. */
            if (number != SIGSEGV && number != SIGBUS && number != SIGFPE && number != SIGILL
                && number != SIGSYS) {
                assert_true(action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
            }
        }
    }
    assert_int_equal(0, dlclose(library));
    assert_non_null(dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_functions_of_the_header_are_exported_and_nothing_else_is),
        cmocka_unit_test(the_php_header_has_the_same_functions),
        cmocka_unit_test(the_library_has_its_soname_and_stays_loaded),
        cmocka_unit_test(loading_the_library_makes_nothing),
    };
    return cmocka_run_group_tests_name("exports", tests, NULL, NULL);
}
