#ifndef RIFT_BASE_MP_H
#define RIFT_BASE_MP_H

#include "base/buf.h"

#include <msgpack/pack.h>

/* msgpack both ways. Writing is msgpack-c's packer over a struct buf. Reading is a cursor of our
 * own: msgpack-c's object tree takes memory for what a header claims (five bytes can claim
 * 4 GiB), while the cursor never allocates, never reads behind the end, and lends slices of the
 * input. */

/* --- writing ---------------------------------------------------------------------------------
 * The packer appends to `b`; after the last call ask mp_writer_error, once. */
struct mp_writer {
    msgpack_packer pk; /* for msgpack_pack_* of msgpack-c */
    struct buf *out;
    int error;
};

void mp_writer_init(struct mp_writer *w, struct buf *out);
int mp_writer_error(const struct mp_writer *w); /* 0, -E_NOMEM or -E_LIMIT */

void mp_write_array(struct mp_writer *w, size_t n);
void mp_write_map(struct mp_writer *w, size_t n);
void mp_write_uint(struct mp_writer *w, uint64_t value);
void mp_write_int(struct mp_writer *w, int64_t value);
void mp_write_bool(struct mp_writer *w, bool value);
void mp_write_nil(struct mp_writer *w);
void mp_write_str(struct mp_writer *w, const char *text);
void mp_write_bin(struct mp_writer *w, struct slice bytes);

/* --- reading ---------------------------------------------------------------------------------
 * Every call returns 0 and moves on, or a negative code and the cursor stays where it was:
 * -E_PARSE (another type, or a type msgpack does not have), -E_GAP (the input ends inside the
 * value: with more bytes it might do), -E_LIMIT (a number or length above `max`). */
struct mp_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
};

enum mp_type { MP_NIL, MP_BOOL, MP_INT, MP_FLOAT, MP_STR, MP_BIN, MP_ARRAY, MP_MAP, MP_EXT };

enum { MP_DEPTH_MAX = 32 }; /* of what mp_skip passes over */

struct mp_reader mp_reader_of(struct slice s);
bool mp_at_end(const struct mp_reader *r);
size_t mp_offset(const struct mp_reader *r);

int mp_peek(const struct mp_reader *r, enum mp_type *ret);
int mp_read_uint(struct mp_reader *r, uint64_t max, uint64_t *ret);
int mp_read_int(struct mp_reader *r, int64_t *ret);
int mp_read_bool(struct mp_reader *r, bool *ret);
int mp_read_nil(struct mp_reader *r);
int mp_read_array(struct mp_reader *r, size_t max, size_t *ret);     /* elements follow */
int mp_read_map(struct mp_reader *r, size_t max, size_t *ret);       /* pairs follow */
int mp_read_str(struct mp_reader *r, size_t max, struct slice *ret); /* str only */
int mp_read_bin(struct mp_reader *r, size_t max, struct slice *ret); /* bin or str */
int mp_skip(struct mp_reader *r); /* one whole value; bounded by the input, not by its claims */

/* As mp_read_bin, but nil gives *present = false. */
int mp_read_bin_or_nil(struct mp_reader *r, size_t max, struct slice *ret, bool *present);

#endif
