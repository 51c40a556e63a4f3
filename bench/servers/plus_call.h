/* The one call that the C servers answer: demo 6's
 * {"function_name": "plus", "parameters": [integers]}. */
#ifndef PLUS_CALL_H
#define PLUS_CALL_H

#include <stddef.h>
#include <stdint.h>

enum { PLUS_CALL_ANSWER_MAX = 9 };

/* Writes the sum as MessagePack, or nil when the request is anything else.
 * Returns the number of bytes written. Reads nothing outside the request and
 * keeps no pointer into it. */
size_t plus_call_answer(const uint8_t *request, size_t size,
                        uint8_t answer[PLUS_CALL_ANSWER_MAX]);

#endif
