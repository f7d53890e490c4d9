#include "base/mp.h"

#include "base/err.h"

static int write_bytes(void *context, const char *data, size_t len)
{
    struct mp_writer *w = context;

    if (w->error == 0)
        w->error = buf_append(w->out, data, len);
    return w->error;
}

void mp_writer_init(struct mp_writer *w, struct buf *out)
{
    *w = (struct mp_writer){.out = out};
    msgpack_packer_init(&w->pk, w, write_bytes);
}

int mp_writer_error(const struct mp_writer *w)
{
    return w->error;
}

void mp_write_array(struct mp_writer *w, size_t n)
{
    msgpack_pack_array(&w->pk, n);
}

void mp_write_map(struct mp_writer *w, size_t n)
{
    msgpack_pack_map(&w->pk, n);
}

void mp_write_uint(struct mp_writer *w, uint64_t value)
{
    msgpack_pack_uint64(&w->pk, value);
}

void mp_write_int(struct mp_writer *w, int64_t value)
{
    msgpack_pack_int64(&w->pk, value);
}

void mp_write_bool(struct mp_writer *w, bool value)
{
    if (value)
        msgpack_pack_true(&w->pk);
    else
        msgpack_pack_false(&w->pk);
}

void mp_write_nil(struct mp_writer *w)
{
    msgpack_pack_nil(&w->pk);
}

void mp_write_str(struct mp_writer *w, const char *text)
{
    size_t len = strlen(text);

    msgpack_pack_str(&w->pk, len);
    msgpack_pack_str_body(&w->pk, text, len);
}

void mp_write_bin(struct mp_writer *w, struct slice bytes)
{
    msgpack_pack_bin(&w->pk, bytes.len);
    msgpack_pack_bin_body(&w->pk, bytes.data, bytes.len);
}

/* What stands at the cursor: its type, the bytes of its head, and a number: the value of an
 * integer or boolean, the body length of str, bin, ext and float, the count of array and map. */
struct head {
    enum mp_type type;
    size_t bytes;
    uint64_t number;
    bool negative; /* MP_INT: `number` is a two's complement int64_t below zero */
};

static uint64_t load_be(const uint8_t *p, size_t n)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

static int head_sized(const struct mp_reader *r, enum mp_type type, size_t width, uint64_t extra,
                      struct head *ret)
{
    if ((size_t)(r->end - r->at) < 1 + width)
        return -E_GAP;
    *ret = (struct head){
        .type = type, .bytes = 1 + width, .number = load_be(r->at + 1, width) + extra};
    return 0;
}

static int head_signed(const struct mp_reader *r, size_t width, struct head *ret)
{
    unsigned shift = 64 - 8 * (unsigned)width;
    int rc = head_sized(r, MP_INT, width, 0, ret);
    int64_t value;

    if (rc < 0)
        return rc;
    value = (int64_t)(ret->number << shift) >> shift;
    ret->number = (uint64_t)value;
    ret->negative = value < 0;
    return 0;
}

static int head_fixed(enum mp_type type, uint64_t number, struct head *ret)
{
    *ret = (struct head){.type = type, .bytes = 1, .number = number};
    return 0;
}

static int read_head(const struct mp_reader *r, struct head *ret)
{
    uint8_t b;

    if (r->at == r->end)
        return -E_GAP;
    b = *r->at;
    if (b <= 0x7f)
        return head_fixed(MP_INT, b, ret);
    if (b <= 0x8f)
        return head_fixed(MP_MAP, b & 0x0f, ret);
    if (b <= 0x9f)
        return head_fixed(MP_ARRAY, b & 0x0f, ret);
    if (b <= 0xbf)
        return head_fixed(MP_STR, b & 0x1f, ret);
    if (b >= 0xe0) {
        *ret = (struct head){MP_INT, 1, (uint64_t)(int64_t)(int8_t)b, true};
        return 0;
    }
    switch (b) {
    case 0xc0: return head_fixed(MP_NIL, 0, ret);
    case 0xc2: return head_fixed(MP_BOOL, 0, ret);
    case 0xc3: return head_fixed(MP_BOOL, 1, ret);
    case 0xc4: return head_sized(r, MP_BIN, 1, 0, ret);
    case 0xc5: return head_sized(r, MP_BIN, 2, 0, ret);
    case 0xc6: return head_sized(r, MP_BIN, 4, 0, ret);
    case 0xc7: return head_sized(r, MP_EXT, 1, 1, ret); /* the type byte counts as body */
    case 0xc8: return head_sized(r, MP_EXT, 2, 1, ret);
    case 0xc9: return head_sized(r, MP_EXT, 4, 1, ret);
    case 0xca: return head_fixed(MP_FLOAT, 4, ret);
    case 0xcb: return head_fixed(MP_FLOAT, 8, ret);
    case 0xcc: return head_sized(r, MP_INT, 1, 0, ret);
    case 0xcd: return head_sized(r, MP_INT, 2, 0, ret);
    case 0xce: return head_sized(r, MP_INT, 4, 0, ret);
    case 0xcf: return head_sized(r, MP_INT, 8, 0, ret);
    case 0xd0: return head_signed(r, 1, ret);
    case 0xd1: return head_signed(r, 2, ret);
    case 0xd2: return head_signed(r, 4, ret);
    case 0xd3: return head_signed(r, 8, ret);
    case 0xd4: return head_fixed(MP_EXT, 2, ret);
    case 0xd5: return head_fixed(MP_EXT, 3, ret);
    case 0xd6: return head_fixed(MP_EXT, 5, ret);
    case 0xd7: return head_fixed(MP_EXT, 9, ret);
    case 0xd8: return head_fixed(MP_EXT, 17, ret);
    case 0xd9: return head_sized(r, MP_STR, 1, 0, ret);
    case 0xda: return head_sized(r, MP_STR, 2, 0, ret);
    case 0xdb: return head_sized(r, MP_STR, 4, 0, ret);
    case 0xdc: return head_sized(r, MP_ARRAY, 2, 0, ret);
    case 0xdd: return head_sized(r, MP_ARRAY, 4, 0, ret);
    case 0xde: return head_sized(r, MP_MAP, 2, 0, ret);
    case 0xdf: return head_sized(r, MP_MAP, 4, 0, ret);
    default: return -E_PARSE; /* 0xc1 is not used by msgpack */
    }
}

struct mp_reader mp_reader_of(struct slice s)
{
    return (struct mp_reader){.start = s.data, .at = s.data, .end = s.data + s.len};
}

bool mp_at_end(const struct mp_reader *r)
{
    return r->at == r->end;
}

size_t mp_offset(const struct mp_reader *r)
{
    return (size_t)(r->at - r->start);
}

int mp_peek(const struct mp_reader *r, enum mp_type *ret)
{
    struct head h;
    int rc = read_head(r, &h);

    if (rc == 0)
        *ret = h.type;
    return rc;
}

static int expect(const struct mp_reader *r, enum mp_type type, struct head *ret)
{
    int rc = read_head(r, ret);

    if (rc < 0)
        return rc;
    return ret->type == type ? 0 : -E_PARSE;
}

int mp_read_uint(struct mp_reader *r, uint64_t max, uint64_t *ret)
{
    struct head h;
    int rc = expect(r, MP_INT, &h);

    if (rc < 0)
        return rc;
    if (h.negative || h.number > max)
        return -E_LIMIT;
    r->at += h.bytes;
    *ret = h.number;
    return 0;
}

int mp_read_int(struct mp_reader *r, int64_t *ret)
{
    struct head h;
    int rc = expect(r, MP_INT, &h);

    if (rc < 0)
        return rc;
    if (!h.negative && h.number > INT64_MAX)
        return -E_LIMIT;
    r->at += h.bytes;
    *ret = (int64_t)h.number;
    return 0;
}

int mp_read_bool(struct mp_reader *r, bool *ret)
{
    struct head h;
    int rc = expect(r, MP_BOOL, &h);

    if (rc < 0)
        return rc;
    r->at += h.bytes;
    *ret = h.number != 0;
    return 0;
}

int mp_read_nil(struct mp_reader *r)
{
    struct head h;
    int rc = expect(r, MP_NIL, &h);

    if (rc == 0)
        r->at += h.bytes;
    return rc;
}

static int read_count(struct mp_reader *r, enum mp_type type, size_t max, size_t *ret)
{
    struct head h;
    int rc = expect(r, type, &h);

    if (rc < 0)
        return rc;
    if (h.number > max)
        return -E_LIMIT;
    r->at += h.bytes;
    *ret = (size_t)h.number;
    return 0;
}

int mp_read_array(struct mp_reader *r, size_t max, size_t *ret)
{
    return read_count(r, MP_ARRAY, max, ret);
}

int mp_read_map(struct mp_reader *r, size_t max, size_t *ret)
{
    return read_count(r, MP_MAP, max, ret);
}

static int take_body(struct mp_reader *r, const struct head *h, size_t max, struct slice *ret)
{
    if (h->number > max)
        return -E_LIMIT;
    if ((uint64_t)(r->end - r->at) - h->bytes < h->number)
        return -E_GAP;
    *ret = slice_of(r->at + h->bytes, (size_t)h->number);
    r->at += h->bytes + (size_t)h->number;
    return 0;
}

int mp_read_str(struct mp_reader *r, size_t max, struct slice *ret)
{
    struct head h;
    int rc = expect(r, MP_STR, &h);

    return rc < 0 ? rc : take_body(r, &h, max, ret);
}

int mp_read_bin(struct mp_reader *r, size_t max, struct slice *ret)
{
    struct head h;
    int rc = read_head(r, &h);

    if (rc < 0)
        return rc;
    if (h.type != MP_BIN && h.type != MP_STR)
        return -E_PARSE;
    return take_body(r, &h, max, ret);
}

int mp_read_bin_or_nil(struct mp_reader *r, size_t max, struct slice *ret, bool *present)
{
    int rc;

    if (mp_read_nil(r) == 0) {
        *present = false;
        return 0;
    }
    rc = mp_read_bin(r, max, ret);
    if (rc == 0)
        *present = true;
    return rc;
}

/* Elements still to pass over, for each array or map that is open. Every element takes at least
 * one byte, so a claim larger than what is left ends at once. */
static int skip_nested(struct mp_reader *r, unsigned depth)
{
    struct head h;
    struct slice body;
    uint64_t elements;
    int rc = read_head(r, &h);

    if (rc < 0)
        return rc;
    switch (h.type) {
    case MP_STR:
    case MP_BIN:
    case MP_EXT:
    case MP_FLOAT: return take_body(r, &h, SIZE_MAX, &body);
    case MP_ARRAY:
    case MP_MAP: break;
    default: r->at += h.bytes; return 0;
    }
    elements = h.type == MP_MAP ? h.number * 2 : h.number;
    if (depth == MP_DEPTH_MAX)
        return -E_LIMIT;
    if (elements > (uint64_t)(r->end - r->at))
        return -E_GAP;
    r->at += h.bytes;
    for (uint64_t i = 0; i < elements; i++) {
        rc = skip_nested(r, depth + 1);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int mp_skip(struct mp_reader *r)
{
    const uint8_t *before = r->at;
    int rc = skip_nested(r, 0);

    if (rc < 0)
        r->at = before;
    return rc;
}
