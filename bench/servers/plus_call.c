#include "plus_call.h"

#include <stdbool.h>
#include <string.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static bool read_byte(struct reader *in, uint8_t *byte)
{
    if (in->at == in->end) {
        return false;
    }
    *byte = *in->at++;
    return true;
}

static bool read_big_endian(struct reader *in, size_t width, uint64_t *value)
{
    if ((size_t)(in->end - in->at) < width) {
        return false;
    }
    *value = 0;
    for (size_t i = 0; i < width; i++) {
        *value = *value << 8 | *in->at++;
    }
    return true;
}

/* Maps and arrays: the short form keeps the count in the low 4 bits of its
 * tag, the 16 and 32 bit forms follow each other. */
static bool read_count(struct reader *in, uint8_t short_tag, uint8_t tag_16, uint64_t *count)
{
    uint8_t tag;
    if (!read_byte(in, &tag)) {
        return false;
    }
    if ((tag & 0xf0) == short_tag) {
        *count = tag & 0x0f;
        return true;
    }
    if (tag == tag_16) {
        return read_big_endian(in, 2, count);
    }
    return tag == tag_16 + 1 && read_big_endian(in, 4, count);
}

static bool read_map(struct reader *in, uint64_t *entries)
{
    return read_count(in, 0x80, 0xde, entries);
}

static bool read_array(struct reader *in, uint64_t *items)
{
    return read_count(in, 0x90, 0xdc, items);
}

/* A str or a bin: Python 2 packs its strings as either. */
static bool read_text(struct reader *in, const uint8_t **text, size_t *size)
{
    uint8_t tag;
    uint64_t length;
    if (!read_byte(in, &tag)) {
        return false;
    }
    if ((tag & 0xe0) == 0xa0) {
        length = tag & 0x1f;
    } else if (tag == 0xd9 || tag == 0xc4) {
        if (!read_big_endian(in, 1, &length)) {
            return false;
        }
    } else if (tag == 0xda || tag == 0xc5) {
        if (!read_big_endian(in, 2, &length)) {
            return false;
        }
    } else if (tag == 0xdb || tag == 0xc6) {
        if (!read_big_endian(in, 4, &length)) {
            return false;
        }
    } else {
        return false;
    }
    if ((uint64_t)(in->end - in->at) < length) {
        return false;
    }
    *text = in->at;
    *size = (size_t)length;
    in->at += length;
    return true;
}

static bool read_integer(struct reader *in, int64_t *value)
{
    uint8_t tag;
    uint64_t bits;
    if (!read_byte(in, &tag)) {
        return false;
    }
    if (tag <= 0x7f) {
        *value = tag;
        return true;
    }
    if (tag >= 0xe0) {
        *value = (int64_t)tag - 256;
        return true;
    }
    if (tag < 0xcc || tag > 0xd3 || !read_big_endian(in, (size_t)1 << (tag & 3), &bits)) {
        return false;
    }
    switch (tag) {
    case 0xd0:
        *value = (int8_t)bits;
        break;
    case 0xd1:
        *value = (int16_t)bits;
        break;
    case 0xd2:
        *value = (int32_t)bits;
        break;
    default:
        if (tag == 0xcf && bits > INT64_MAX) {
            return false;
        }
        *value = (int64_t)bits;
    }
    return true;
}

static bool read_sum(struct reader *in, int64_t *sum)
{
    uint64_t items;
    if (!read_array(in, &items)) {
        return false;
    }
    *sum = 0;
    for (; items > 0; items--) {
        int64_t item;
        if (!read_integer(in, &item)) {
            return false;
        }
        if (item > 0 ? *sum > INT64_MAX - item : *sum < INT64_MIN - item) {
            return false;
        }
        *sum += item;
    }
    return true;
}

static bool equals(const uint8_t *text, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

static bool read_call(struct reader *in, int64_t *sum)
{
    uint64_t entries;
    bool named = false;
    bool summed = false;
    *sum = 0;
    if (!read_map(in, &entries)) {
        return false;
    }
    for (; entries > 0; entries--) {
        const uint8_t *text;
        size_t size;
        if (!read_text(in, &text, &size)) {
            return false;
        }
        if (equals(text, size, "function_name")) {
            named = read_text(in, &text, &size) && equals(text, size, "plus");
            if (!named) {
                return false;
            }
        } else if (equals(text, size, "parameters")) {
            summed = read_sum(in, sum);
            if (!summed) {
                return false;
            }
        } else {
            return false;
        }
    }
    return named && summed && in->at == in->end;
}

static size_t write_integer(int64_t value, uint8_t *out)
{
    if (value >= -32 && value <= 127) {
        out[0] = (uint8_t)value;
        return 1;
    }
    out[0] = 0xd3;
    for (int i = 0; i < 8; i++) {
        out[1 + i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
    }
    return 9;
}

size_t plus_call_answer(const uint8_t *request, size_t size,
                        uint8_t answer[PLUS_CALL_ANSWER_MAX])
{
    struct reader in = {request, request + size};
    int64_t sum;
    if (!read_call(&in, &sum)) {
        answer[0] = 0xc0;
        return 1;
    }
    return write_integer(sum, answer);
}
