#include "base/buf.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);

    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

uint8_t *slice_dup(struct slice s)
{
    uint8_t *copy = malloc(s.len == 0 ? 1 : s.len);

    if (copy != NULL && s.len > 0)
        memcpy(copy, s.data, s.len);
    return copy;
}

int buf_reserve(struct buf *b, size_t more)
{
    size_t need;
    size_t cap = b->cap == 0 ? 64 : b->cap;
    uint8_t *grown;

    if (more > BUF_BYTES_MAX - b->len)
        return -E_LIMIT;
    need = b->len + more;
    if (need <= b->cap)
        return 0;
    while (cap < need)
        cap *= 2;
    grown = realloc(b->data, cap);
    if (grown == NULL)
        return -E_NOMEM;
    b->data = grown;
    b->cap = cap;
    return 0;
}

int buf_append(struct buf *b, const void *data, size_t len)
{
    int rc = buf_reserve(b, len);

    if (rc < 0)
        return rc;
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    return 0;
}

int buf_append_slice(struct buf *b, struct slice s)
{
    return buf_append(b, s.data, s.len);
}

int buf_append_byte(struct buf *b, uint8_t byte)
{
    return buf_append(b, &byte, 1);
}

int buf_append_u32be(struct buf *b, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                        (uint8_t)value};

    return buf_append(b, bytes, sizeof bytes);
}

int buf_append_u64be(struct buf *b, uint64_t value)
{
    int rc = buf_reserve(b, 8);

    if (rc < 0)
        return rc;
    buf_append_u32be(b, (uint32_t)(value >> 32));
    return buf_append_u32be(b, (uint32_t)value);
}

int buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_list again;
    int need;
    int rc;

    va_start(args, format);
    va_copy(again, args);
    need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    rc = need < 0 ? -E_INVAL : buf_reserve(b, (size_t)need + 1);
    if (rc == 0) {
        vsnprintf((char *)b->data + b->len, (size_t)need + 1, format, again);
        b->len += (size_t)need;
    }
    va_end(again);
    return rc;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}
