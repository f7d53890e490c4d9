#include "wire/codec.h"

void wire_encode_begin(struct wire_encoder *c, struct buf *out)
{
    c->out = out;
    c->start = out->len;
    mp_writer_init(&c->w, out);
}

void wire_encode_head(struct wire_encoder *c, uint64_t cluster, enum wire_kind kind, size_t fields)
{
    mp_write_array(&c->w, WIRE_HEAD_FIELDS + fields);
    mp_write_uint(&c->w, WIRE_VERSION);
    mp_write_uint(&c->w, cluster);
    mp_write_uint(&c->w, kind);
}

int wire_encode_end(struct wire_encoder *c)
{
    int rc = mp_writer_error(&c->w);

    if (rc == 0 && c->out->len - c->start > (size_t)WIRE_MESSAGE_BYTES_MAX)
        rc = -E_LIMIT;
    if (rc < 0)
        c->out->len = c->start;
    return rc;
}

struct wire_decoder wire_decoder_of(struct slice bytes, const char *message, struct err *e)
{
    return (struct wire_decoder){.r = mp_reader_of(bytes), .message = message, .e = e};
}

/* Errors of the cursor become one code: whoever gets a message it cannot read drops it. */
static void note(struct wire_decoder *d, const char *field, int rc)
{
    if (rc < 0 && d->rc == 0)
        d->rc = err_set(d->e, -E_PARSE, "%s: %s: %s at byte %zu", d->message, field,
                        rc == -E_GAP ? "the bytes end" : err_text(rc), mp_offset(&d->r));
}

void wire_fail(struct wire_decoder *d, const char *field, const char *reason)
{
    if (d->rc == 0)
        d->rc = err_set(d->e, -E_PARSE, "%s: %s: %s", d->message, field, reason);
}

static void expect_same(struct wire_decoder *d, const char *field, uint64_t wanted)
{
    uint64_t found = wire_take_uint(d, field, UINT64_MAX);

    if (d->rc == 0 && found != wanted)
        d->rc = err_set(d->e, -E_FOREIGN, "%s: %s: %llu instead of %llu", d->message, field,
                        (unsigned long long)found, (unsigned long long)wanted);
}

void wire_decode_head(struct wire_decoder *d, uint64_t cluster, enum wire_kind kind, size_t fields)
{
    size_t n = 0;

    note(d, "head", mp_read_array(&d->r, SIZE_MAX, &n));
    expect_same(d, "version", WIRE_VERSION);
    expect_same(d, "cluster", cluster);
    if (wire_take_uint(d, "kind", UINT64_MAX) != kind)
        wire_fail(d, "kind", "another one was expected");
    if (n != WIRE_HEAD_FIELDS + fields)
        wire_fail(d, "head", "wrong number of fields");
}

int wire_decode_end(struct wire_decoder *d)
{
    if (!mp_at_end(&d->r))
        wire_fail(d, "end", "bytes are left over");
    return d->rc;
}

void wire_take_array(struct wire_decoder *d, const char *field, size_t n)
{
    size_t found = n;

    if (d->rc == 0)
        note(d, field, mp_read_array(&d->r, n, &found));
    if (found != n)
        wire_fail(d, field, "too few elements");
}

uint64_t wire_take_uint(struct wire_decoder *d, const char *field, uint64_t max)
{
    uint64_t value = 0;

    if (d->rc == 0)
        note(d, field, mp_read_uint(&d->r, max, &value));
    return value;
}

int64_t wire_take_int(struct wire_decoder *d, const char *field, int64_t min, int64_t max)
{
    int64_t value = 0;

    if (d->rc < 0)
        return 0;
    note(d, field, mp_read_int(&d->r, &value));
    if (d->rc == 0 && (value < min || value > max))
        wire_fail(d, field, err_text(-E_LIMIT));
    return d->rc == 0 ? value : 0;
}

bool wire_take_bool(struct wire_decoder *d, const char *field)
{
    bool value = false;

    if (d->rc == 0)
        note(d, field, mp_read_bool(&d->r, &value));
    return value;
}

struct slice wire_take_bin(struct wire_decoder *d, const char *field)
{
    struct slice value = {0};

    if (d->rc == 0)
        note(d, field, mp_read_bin(&d->r, SIZE_MAX, &value));
    return value;
}

unsigned wire_take_enum(struct wire_decoder *d, const char *field, unsigned count)
{
    return (unsigned)wire_take_uint(d, field, count - 1);
}
