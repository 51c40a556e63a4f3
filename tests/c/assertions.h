/* What every test needs: cmocka, a status that explains itself, MessagePack
 * literals and one measure of patience. */
#ifndef ASSERTIONS_H
#define ASSERTIONS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <zroute.h>

/* A wait this long has failed. Nothing passes by being slower or faster. */
#define PATIENCE_MS 60000

/* A MessagePack literal as two arguments. */
#define PACKED(literal) (literal), (sizeof(literal) - 1)

static inline int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* For the condition of a loop: fails the test when its time is over. */
#define within_patience(since) within_patience_at((since), __FILE__, __LINE__)

static inline int within_patience_at(int64_t since, const char *file, int line)
{
    if (now_ms() - since > PATIENCE_MS) {
        print_error("%s:%d: nothing happened for %d ms\n", file, line, PATIENCE_MS);
        _fail(file, line);
    }
    return 1;
}

#define assert_status(expected, call) \
    assert_status_at((expected), (call), #call, __FILE__, __LINE__)

static inline void assert_status_at(zroute_status expected, zroute_status got,
                                    const char *call, const char *file, int line)
{
    char text[512];
    if (got == expected) {
        return;
    }
    zroute_last_error(text, sizeof text);
    print_error("%s:%d: %s\n  expected %s, got %s; last error: %s\n", file, line, call,
                zroute_status_name(expected), zroute_status_name(got), text);
    _fail(file, line);
}

/* The latest error has these words in it. */
#define assert_last_error(words) assert_last_error_at((words), __FILE__, __LINE__)

static inline void assert_last_error_at(const char *words, const char *file, int line)
{
    char text[1024];
    zroute_last_error(text, sizeof text);
    if (strstr(text, words) == NULL) {
        print_error("%s:%d: expected '%s' in: %s\n", file, line, words, text);
        _fail(file, line);
    }
}

/* Bytes as two arguments are the literal. */
#define assert_packed(data, size, literal) \
    assert_packed_at((data), (size), (literal), sizeof(literal) - 1, __FILE__, __LINE__)

static inline void assert_packed_at(const void *data, size_t size, const char *literal,
                                    size_t length, const char *file, int line)
{
    const unsigned char *bytes = data;
    size_t index;
    if (size == length && memcmp(data, literal, size) == 0) {
        return;
    }
    print_error("%s:%d: expected %zu bytes, got %zu:", file, line, length, size);
    for (index = 0; index < size && index < 64; index++) {
        print_error(" %02x", bytes[index]);
    }
    print_error("\n");
    _fail(file, line);
}

/* A value of an answer is the literal. Frees the answer. */
#define assert_answer(literal, answer) \
    assert_answer_at((answer), (literal), sizeof(literal) - 1, __FILE__, __LINE__)

static inline void assert_answer_at(zroute_answer *answer, const char *literal, size_t length,
                                    const char *file, int line)
{
    const void *data;
    size_t size;
    assert_status_at(ZROUTE_OK, zroute_answer_value(answer, &data, &size),
                     "zroute_answer_value", file, line);
    assert_packed_at(data, size, literal, length, file, line);
    assert_status_at(ZROUTE_OK, zroute_answer_free(answer), "zroute_answer_free", file, line);
}

/* The call failed at the server with this code, and these words are in the
 * message. Frees the answer. */
#define assert_fault(code, words, answer) \
    assert_fault_at((code), (words), (answer), __FILE__, __LINE__)

static inline void assert_fault_at(int64_t expected, const char *words, zroute_answer *answer,
                                   const char *file, int line)
{
    const void *data;
    size_t size;
    int64_t code;
    const char *name, *message;
    assert_status_at(ZROUTE_FAULT, zroute_answer_value(answer, &data, &size),
                     "zroute_answer_value", file, line);
    assert_status_at(ZROUTE_OK, zroute_answer_fault(answer, &code, &name, &message),
                     "zroute_answer_fault", file, line);
    if (code != expected || strstr(message, words) == NULL) {
        print_error("%s:%d: expected a fault %lld with '%s', got %lld %s: %s\n", file, line,
                    (long long)expected, words, (long long)code, name, message);
        _fail(file, line);
    }
    assert_status_at(ZROUTE_OK, zroute_answer_free(answer), "zroute_answer_free", file, line);
}

#endif
