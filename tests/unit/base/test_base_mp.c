#include "base/err.h"
#include "base/mp.h"
#include "base/rng.h"

#include <criterion/criterion.h>
#include <msgpack.h>
#include <stdlib.h>

/* The cursor against msgpack-c's own unpacker, on random values and on damaged ones. */

enum { VALUES = 3000, DEPTH_MAX = 4, CHILDREN_MAX = 5 };

static uint64_t any_uint(struct rng *r)
{
    unsigned shift = (unsigned)rng_below(r, 64);

    return rng_next(r) >> shift;
}

static void write_bytes(struct mp_writer *w, struct rng *r, unsigned what)
{
    static const uint8_t zeros[70000];
    size_t len = (size_t)(any_uint(r) % sizeof zeros) >> rng_below(r, 17);

    if (what == 0) {
        mp_write_bin(w, slice_of(zeros, len));
    } else if (what == 1) {
        msgpack_pack_str(&w->pk, len);
        msgpack_pack_str_body(&w->pk, zeros, len);
    } else {
        msgpack_pack_ext(&w->pk, len, 7);
        msgpack_pack_ext_body(&w->pk, zeros, len);
    }
}

static void write_value(struct mp_writer *w, struct rng *r, unsigned depth)
{
    uint64_t children = rng_below(r, CHILDREN_MAX + 1);
    uint64_t kind = rng_below(r, depth == DEPTH_MAX ? 9 : 11);

    switch (kind) {
    case 0: mp_write_nil(w); return;
    case 1: mp_write_bool(w, rng_chance(r, 500000)); return;
    case 2: mp_write_uint(w, any_uint(r)); return;
    case 3: mp_write_int(w, -(int64_t)(any_uint(r) >> 1)); return;
    case 4: msgpack_pack_double(&w->pk, (double)any_uint(r)); return;
    case 5: msgpack_pack_float(&w->pk, (float)any_uint(r)); return;
    case 6:
    case 7:
    case 8: write_bytes(w, r, (unsigned)kind - 6); return;
    case 9: mp_write_array(w, children); break;
    default:
        mp_write_map(w, children);
        children *= 2;
        break;
    }
    for (uint64_t i = 0; i < children; i++)
        write_value(w, r, depth + 1);
}

static bool same_scalar(struct mp_reader *r, const msgpack_object *o)
{
    uint64_t unsigned_value;
    int64_t signed_value;
    bool flag;

    switch (o->type) {
    case MSGPACK_OBJECT_NIL: return mp_read_nil(r) == 0;
    case MSGPACK_OBJECT_BOOLEAN: return mp_read_bool(r, &flag) == 0 && flag == o->via.boolean;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        return mp_read_uint(r, UINT64_MAX, &unsigned_value) == 0 && unsigned_value == o->via.u64;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        return mp_read_int(r, &signed_value) == 0 && signed_value == o->via.i64;
    default: return mp_skip(r) == 0; /* floats and extensions are passed over */
    }
}

static bool same(struct mp_reader *r, const msgpack_object *o)
{
    struct slice bytes;
    size_t n;

    switch (o->type) {
    case MSGPACK_OBJECT_STR:
        return mp_read_str(r, SIZE_MAX, &bytes) == 0 &&
               slice_equal(bytes, slice_of(o->via.str.ptr, o->via.str.size));
    case MSGPACK_OBJECT_BIN:
        return mp_read_bin(r, SIZE_MAX, &bytes) == 0 &&
               slice_equal(bytes, slice_of(o->via.bin.ptr, o->via.bin.size));
    case MSGPACK_OBJECT_ARRAY:
        if (mp_read_array(r, SIZE_MAX, &n) < 0 || n != o->via.array.size)
            return false;
        for (size_t i = 0; i < n; i++) {
            if (!same(r, &o->via.array.ptr[i]))
                return false;
        }
        return true;
    case MSGPACK_OBJECT_MAP:
        if (mp_read_map(r, SIZE_MAX, &n) < 0 || n != o->via.map.size)
            return false;
        for (size_t i = 0; i < n; i++) {
            if (!same(r, &o->via.map.ptr[i].key) || !same(r, &o->via.map.ptr[i].val))
                return false;
        }
        return true;
    default: return same_scalar(r, o);
    }
}

static void write_random(uint64_t seed, struct buf *out)
{
    struct rng r = rng_make(seed, 0);
    struct mp_writer w;

    mp_writer_init(&w, out);
    write_value(&w, &r, 0);
    cr_assert(mp_writer_error(&w) == 0);
}

Test(mp, reads_what_msgpack_c_reads)
{
    for (uint64_t seed = 0; seed < VALUES; seed++) {
        struct buf out = {0};
        struct mp_reader r;
        msgpack_unpacked theirs;

        write_random(seed, &out);
        msgpack_unpacked_init(&theirs);
        cr_assert(msgpack_unpack_next(&theirs, (char *)out.data, out.len, NULL) ==
                  MSGPACK_UNPACK_SUCCESS);
        r = mp_reader_of(buf_slice(&out));
        cr_assert(same(&r, &theirs.data), "value %d", (int)seed);
        cr_assert(mp_at_end(&r) && mp_offset(&r) == out.len);
        r = mp_reader_of(buf_slice(&out));
        cr_assert(mp_skip(&r) == 0 && mp_at_end(&r), "value %d is not passed over", (int)seed);
        msgpack_unpacked_destroy(&theirs);
        buf_free(&out);
    }
}

Test(mp, a_value_cut_anywhere_is_a_gap_and_nothing_moves)
{
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct buf out = {0};

        write_random(seed, &out);
        for (size_t len = 0; len < out.len && len < 2000; len++) {
            uint8_t *copy = slice_dup(slice_of(out.data, len));
            struct mp_reader r = mp_reader_of(slice_of(copy, len));

            cr_assert(mp_skip(&r) == -E_GAP, "value %d cut at %zu", (int)seed, len);
            cr_assert(mp_offset(&r) == 0);
            free(copy);
        }
        buf_free(&out);
    }
}

/* msgpack-c is no help here: it takes memory for what a header claims. */
Test(mp, damaged_bytes_do_no_harm)
{
    struct rng dice = rng_make(1, 1);

    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct buf out = {0};
        uint8_t *copy;
        struct mp_reader r;
        size_t at;

        write_random(seed, &out);
        copy = slice_dup(buf_slice(&out));
        at = (size_t)rng_below(&dice, out.len);
        copy[at] = (uint8_t)rng_below(&dice, 256);
        r = mp_reader_of(slice_of(copy, out.len));
        while (mp_skip(&r) == 0 && !mp_at_end(&r))
            continue;
        free(copy);
        buf_free(&out);
    }
}

static int skip_bytes(const char *bytes, size_t len)
{
    struct mp_reader r = mp_reader_of(slice_of(bytes, len));

    return mp_skip(&r);
}

Test(mp, claims_are_held_against_what_is_there)
{
    char nested[MP_DEPTH_MAX + 2];

    cr_assert(skip_bytes("\xdd\xff\xff\xff\xff", 5) == -E_GAP, "an array of 2^32 - 1");
    cr_assert(skip_bytes("\xdf\xff\xff\xff\xff", 5) == -E_GAP, "a map of 2^32 - 1");
    cr_assert(skip_bytes("\xc6\xff\xff\xff\xff", 5) == -E_GAP, "4 GiB of bytes");
    cr_assert(skip_bytes("\xc1", 1) == -E_PARSE, "a type that msgpack does not have");
    memset(nested, '\x91', sizeof nested);
    nested[MP_DEPTH_MAX] = 1;
    cr_assert(skip_bytes(nested, MP_DEPTH_MAX + 1) == 0);
    nested[MP_DEPTH_MAX] = '\x91';
    nested[MP_DEPTH_MAX + 1] = 1;
    cr_assert(skip_bytes(nested, MP_DEPTH_MAX + 2) == -E_LIMIT, "too deep");
}

Test(mp, a_refused_read_leaves_the_cursor_where_it_was)
{
    const uint8_t bytes[] = {0xcd, 0x01, 0x00, 0xff, 0xa3, 'a', 'b', 'c', 0x93};
    struct mp_reader r = mp_reader_of(slice_of(bytes, sizeof bytes));
    struct slice s;
    uint64_t u;
    int64_t i;
    size_t n;
    bool flag;

    cr_assert(mp_read_uint(&r, 255, &u) == -E_LIMIT && mp_offset(&r) == 0);
    cr_assert(mp_read_bin(&r, 9, &s) == -E_PARSE && mp_offset(&r) == 0);
    cr_assert(mp_read_uint(&r, 256, &u) == 0 && u == 256);
    cr_assert(mp_read_uint(&r, UINT64_MAX, &u) == -E_LIMIT, "-1 is no unsigned number");
    cr_assert(mp_read_int(&r, &i) == 0 && i == -1);
    cr_assert(mp_read_str(&r, 2, &s) == -E_LIMIT && mp_offset(&r) == 4);
    cr_assert(mp_read_bool(&r, &flag) == -E_PARSE && mp_read_nil(&r) == -E_PARSE);
    cr_assert(mp_read_bin(&r, 3, &s) == 0 && slice_equal(s, slice_str("abc")));
    cr_assert(mp_read_array(&r, 2, &n) == -E_LIMIT && mp_offset(&r) == 8);
    cr_assert(mp_read_map(&r, 9, &n) == -E_PARSE);
    cr_assert(mp_read_array(&r, 3, &n) == 0 && n == 3 && mp_at_end(&r));
    cr_assert(mp_read_nil(&r) == -E_GAP);
}

Test(mp, the_largest_unsigned_number_is_no_signed_one)
{
    struct buf out = {0};
    struct mp_writer w;
    struct mp_reader r;
    uint64_t u;
    int64_t i;

    mp_writer_init(&w, &out);
    mp_write_uint(&w, UINT64_MAX);
    r = mp_reader_of(buf_slice(&out));
    cr_assert(mp_read_int(&r, &i) == -E_LIMIT);
    cr_assert(mp_read_uint(&r, UINT64_MAX, &u) == 0 && u == UINT64_MAX);
    buf_free(&out);
}

Test(mp, nil_stands_for_no_bytes)
{
    const uint8_t bytes[] = {0xc0, 0xc4, 0x00, 0x01};
    struct mp_reader r = mp_reader_of(slice_of(bytes, sizeof bytes));
    struct slice s;
    bool present;
    enum mp_type type;

    cr_assert(mp_read_bin_or_nil(&r, 9, &s, &present) == 0 && !present);
    cr_assert(mp_read_bin_or_nil(&r, 9, &s, &present) == 0 && present && s.len == 0);
    cr_assert(mp_peek(&r, &type) == 0 && type == MP_INT);
    cr_assert(mp_read_bin_or_nil(&r, 9, &s, &present) == -E_PARSE);
}
