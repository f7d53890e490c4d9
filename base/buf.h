#ifndef RIFT_BASE_BUF_H
#define RIFT_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns. Not terminated by NUL. */
struct slice {
    const uint8_t *data;
    size_t len;
};

static inline struct slice slice_of(const void *data, size_t len)
{
    return (struct slice){.data = data, .len = len};
}

static inline struct slice slice_str(const char *text)
{
    return slice_of(text, strlen(text));
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* memcmp order, a prefix before what it is a prefix of. */
int slice_compare(struct slice a, struct slice b);

/* malloc'd copy of the bytes (at least one byte is allocated); NULL when out of memory. */
uint8_t *slice_dup(struct slice s);

/* A growing byte array. All zeros is a valid empty one; buf_free returns it to that. */
struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
};

/* What one buffer may hold at the most; past it appends fail with -E_LIMIT. */
#define BUF_BYTES_MAX ((size_t)1 << 30)

/* Makes room for `more` bytes behind `len`. Errors: -E_NOMEM, -E_LIMIT; nothing changes then. */
int buf_reserve(struct buf *b, size_t more);
int buf_append(struct buf *b, const void *data, size_t len);
int buf_append_slice(struct buf *b, struct slice s);
int buf_append_byte(struct buf *b, uint8_t byte);
int buf_append_u32be(struct buf *b, uint32_t value);
int buf_append_u64be(struct buf *b, uint64_t value);

/* printf into the buffer, without a terminating NUL in `len` (there is one behind it). */
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

void buf_clear(struct buf *b); /* keeps the memory */
void buf_free(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
    return slice_of(b->data, b->len);
}

static inline uint32_t load_u32be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t load_u64be(const uint8_t *p)
{
    return (uint64_t)load_u32be(p) << 32 | load_u32be(p + 4);
}

#endif
