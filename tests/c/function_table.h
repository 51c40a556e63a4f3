/* Every function of the header in one table, with a way to call it wrongly. */
#ifndef FUNCTION_TABLE_H
#define FUNCTION_TABLE_H

#include "pair.h"

enum kind { NO_HANDLE, OPTIONS, SERVER, CLIENT, CALL, ANSWER, READER, WRITER, CONTEXT, SOCKET, KINDS };

/* What a function makes of NULL where its handle belongs. */
enum null_handle { NULL_IS_BAD, NULL_IS_FINE };

#define MOST_ARGUMENTS 3

/* One good handle of each kind. */
struct handles {
    struct pair *pair;
    void *of[KINDS];
};

struct handles make_handles(void);
void free_handles(struct handles *handles);

/* One call of a function: right in everything but the handle and, perhaps,
 * one argument that is NULL and must not be. */
struct attempt {
    void *handle;
    const struct handles *good; /* for a function that takes two handles */
    int missing; /* that argument, counted from 0; -1 for none */
    unsigned char outputs[MOST_ARGUMENTS][256];
};

struct function {
    const char *name; /* in two rows if it takes two handles */
    enum kind kind;
    enum null_handle null_handle;
    int arguments; /* how many of its arguments must not be NULL, besides the handle */
    zroute_status (*attempt)(struct attempt *attempt);
};

extern const struct function functions[];
extern const size_t function_count;

/* Calls it with its outputs filled, and fails the test if they were written to. */
zroute_status attempted(const struct function *function, const struct handles *good,
                        void *handle, int missing);

#endif
