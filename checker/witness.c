#include "checker/witness.h"

#include "base/hash.h"
#include "base/pages.h"
#include "checker/keyed.h"

#include <stdlib.h>

static const char MAGIC[] = "rift-witness";

enum { HEADER_NAMES_MAX = 16, RECORD_ELEMENTS = 4, SKIPPED_MAX = 64 };

/* --- which history -------------------------------------------------------------------------- */

static int digest_slice(struct slice s, struct buf *out)
{
    int rc = buf_append_u32be(out, (uint32_t)s.len);

    return rc == 0 ? buf_append_slice(out, s) : rc;
}

static int digest_op(const struct history_op *op, struct buf *out)
{
    const uint8_t codes[] = {(uint8_t)op->kind, (uint8_t)op->outcome, (uint8_t)op->status,
                             op->expects_absent};
    const struct slice slices[] = {op->family, op->key, op->value, op->expected, op->result};
    int rc = buf_append_u32be(out, op->process);

    if (rc == 0)
        rc = buf_append(out, codes, sizeof codes);
    if (rc == 0)
        rc = buf_append_u64be(out, op->call_seq);
    if (rc == 0)
        rc = buf_append_u64be(out, op->return_seq);
    for (size_t i = 0; rc == 0 && i < sizeof slices / sizeof slices[0]; i++)
        rc = digest_slice(slices[i], out);
    return rc;
}

int witness_digest(const struct history *h, uint64_t *ret)
{
    struct buf bytes = {0};
    uint64_t digest = h->header.dialect;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < h->n_ops; i++) {
        buf_clear(&bytes);
        rc = digest_op(&h->ops[i], &bytes);
        digest = hash_bytes(bytes.data, bytes.len, digest);
    }
    buf_free(&bytes);
    if (rc == 0)
        *ret = digest;
    return rc;
}

/* --- what is written ------------------------------------------------------------------------ */

/* One key of the witness; `order` is lent. */
struct part {
    struct slice family;
    struct slice key;
    const size_t *order;
    size_t n;
};

struct parts {
    struct part *items;
    size_t n;
    size_t *sorted; /* of what was checked as one object, or element by element */
};

static struct slice family_of(const struct history_op *op)
{
    return op->family.len > 0 ? op->family : slice_str("default");
}

static int compare_keys(struct slice family_a, struct slice key_a, struct slice family_b,
                        struct slice key_b)
{
    int c = slice_compare(family_a, family_b);

    return c != 0 ? c : slice_compare(key_a, key_b);
}

static int by_key(const void *a, const void *b)
{
    const struct part *x = a;
    const struct part *y = b;

    return compare_keys(x->family, x->key, y->family, y->key);
}

/* An operation of an order of all keys. */
struct placed {
    const struct history_op *op;
    size_t index;
    size_t place;
};

static int by_key_and_place(const void *a, const void *b)
{
    const struct placed *x = a;
    const struct placed *y = b;
    int c = compare_keys(family_of(x->op), x->op->key, family_of(y->op), y->op->key);

    if (c != 0)
        return c;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Cuts sorted operations into keys. */
static void gather(const struct placed *placed, size_t n, struct parts *ret)
{
    for (size_t i = 0; i < n; i++) {
        struct slice family = family_of(placed[i].op);
        struct part *last = ret->n == 0 ? NULL : &ret->items[ret->n - 1];

        ret->sorted[i] = placed[i].index;
        if (last == NULL || compare_keys(last->family, last->key, family, placed[i].op->key) != 0) {
            last = &ret->items[ret->n++];
            *last =
                (struct part){.family = family, .key = placed[i].op->key, .order = &ret->sorted[i]};
        }
        last->n++;
    }
}

static int split(const struct history *h, const struct check_partition *whole, struct parts *ret)
{
    struct placed *placed = calloc(whole->n_order + 1, sizeof *placed);

    ret->items = calloc(whole->n_order + 1, sizeof *ret->items);
    ret->sorted = calloc(whole->n_order + 1, sizeof *ret->sorted);
    if (placed == NULL || ret->items == NULL || ret->sorted == NULL) {
        free(placed);
        return -E_NOMEM;
    }
    for (size_t i = 0; i < whole->n_order; i++)
        placed[i] =
            (struct placed){.op = &h->ops[whole->order[i]], .index = whole->order[i], .place = i};
    qsort(placed, whole->n_order, sizeof *placed, by_key_and_place);
    gather(placed, whole->n_order, ret);
    free(placed);
    return 0;
}

/* Makes one order of those of a key's elements. An operation of an order can have happened at the
 * latest invocation of all up to it there: that is in its own interval, since none of these
 * returned before another one in front of it was invoked. So sorted by these moments all elements
 * together are in an order (this is the proof of Herlihy & Wing, theorem 1, by moments). */
static int merge(const struct history *h, const struct part *elements, size_t n_elements,
                 size_t *to, struct part *ret)
{
    struct part all = {.family = elements[0].family, .key = elements[0].key, .order = to};
    struct keyed *moments;
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < n_elements; i++)
        all.n += elements[i].n;
    moments = pages_calloc(all.n + 1, sizeof *moments);
    if (moments == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < n_elements; i++) {
        uint64_t latest = 0;

        for (size_t k = 0; k < elements[i].n; k++) {
            size_t op = elements[i].order[k];

            latest = h->ops[op].call_seq > latest ? h->ops[op].call_seq : latest;
            moments[n++] = (struct keyed){.key = latest, .value = (uint32_t)op};
        }
    }
    rc = keyed_sort(&moments, n);
    for (size_t i = 0; rc == 0 && i < n; i++)
        to[i] = moments[i].value;
    free(moments);
    *ret = all;
    return rc;
}

/* Elements of one key stand together. */
static int merge_elements(const struct history *h, struct parts *ret)
{
    size_t n = ret->n;
    size_t n_sorted = 0;

    if (h->n_ops > UINT32_MAX)
        return -E_LIMIT;
    for (size_t i = 0; i < n; i++)
        n_sorted += ret->items[i].n;
    ret->sorted = pages_calloc(n_sorted + 1, sizeof *ret->sorted);
    n_sorted = 0;
    if (ret->sorted == NULL)
        return -E_NOMEM;
    ret->n = 0;
    for (size_t i = 0; i < n;) {
        struct part *part = &ret->items[ret->n++];
        size_t end = i + 1;
        int rc;

        while (end < n && by_key(&ret->items[i], &ret->items[end]) == 0)
            end++;
        rc = merge(h, &ret->items[i], end - i, ret->sorted + n_sorted, part);
        if (rc < 0)
            return rc;
        n_sorted += part->n;
        i = end;
    }
    return 0;
}

/* A partition of a key names its family, that of all keys names none. */
static int make_parts(const struct history *h, const struct check_result *r, struct parts *ret)
{
    bool of_elements = false;

    if (r->n_partitions == 1 && r->partitions[0].family.len == 0)
        return split(h, &r->partitions[0], ret);
    ret->items = calloc(r->n_partitions + 1, sizeof *ret->items);
    if (ret->items == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < r->n_partitions; i++) {
        const struct check_partition *p = &r->partitions[i];

        ret->items[ret->n++] = (struct part){p->family, p->key, p->order, p->n_order};
        of_elements |= p->of_element;
    }
    qsort(ret->items, ret->n, sizeof *ret->items, by_key);
    return of_elements ? merge_elements(h, ret) : 0;
}

/* Closes the record that began at `start`. */
static int seal(struct buf *out, size_t start, const struct mp_writer *w)
{
    int rc = mp_writer_error(w);

    if (rc == 0)
        rc = buf_append_byte(out, 0xce);
    if (rc == 0)
        rc = buf_append_u32be(out, hash_crc32(0, out->data + start, out->len - 1 - start));
    return rc;
}

static int encode_header(const struct history *h, const struct check_result *r, uint64_t digest,
                         size_t n_parts, struct buf *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {{"operations", h->n_ops}, {"digest", digest}, {"partitions", n_parts}};
    size_t start = out->len;
    struct mp_writer w;

    mp_writer_init(&w, out);
    mp_write_array(&w, RECORD_ELEMENTS);
    mp_write_str(&w, MAGIC);
    mp_write_uint(&w, WITNESS_VERSION);
    mp_write_map(&w, 4);
    mp_write_str(&w, "model");
    mp_write_str(&w, r->model);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        mp_write_str(&w, numbers[i].name);
        mp_write_uint(&w, numbers[i].value);
    }
    return seal(out, start, &w);
}

static int encode_part(const struct part *p, struct buf *out)
{
    size_t start = out->len;
    struct mp_writer w;

    mp_writer_init(&w, out);
    mp_write_array(&w, RECORD_ELEMENTS);
    mp_write_bin(&w, p->family);
    mp_write_bin(&w, p->key);
    mp_write_array(&w, p->n);
    for (size_t i = 0; i < p->n; i++)
        mp_write_uint(&w, p->order[i]);
    return seal(out, start, &w);
}

int witness_encode(const struct history *h, const struct check_result *r, struct buf *out)
{
    struct parts parts = {0};
    uint64_t digest;
    int rc;

    if (r->verdict != VERDICT_LINEARIZABLE)
        return -E_INVAL;
    rc = witness_digest(h, &digest);
    if (rc == 0)
        rc = make_parts(h, r, &parts);
    if (rc == 0)
        rc = encode_header(h, r, digest, parts.n, out);
    for (size_t i = 0; rc == 0 && i < parts.n; i++)
        rc = encode_part(&parts.items[i], out);
    free(parts.items);
    free(parts.sorted);
    return rc;
}

/* --- reading -------------------------------------------------------------------------------- */

static int broken(const struct witness *w, struct err *e)
{
    return err_set(e, -E_PARSE, "no whole witness: stopped at byte %zu", mp_offset(&w->at));
}

/* The checksum that ends the record that began at `start`. */
static int check_seal(struct witness *w, const uint8_t *start, struct err *e)
{
    uint32_t sum = hash_crc32(0, start, (size_t)(w->at.at - start));
    uint64_t stored;

    if (mp_read_uint(&w->at, UINT32_MAX, &stored) < 0)
        return broken(w, e);
    if (stored != sum)
        return err_set(e, -E_CORRUPT, "damaged before byte %zu: the checksum does not fit",
                       mp_offset(&w->at));
    return 0;
}

static int read_begin(struct witness *w)
{
    size_t n = 0;

    return mp_read_array(&w->at, RECORD_ELEMENTS, &n) < 0 || n != RECORD_ELEMENTS ? -E_PARSE : 0;
}

static int read_model(struct witness *w)
{
    struct slice model;
    int rc = mp_read_str(&w->at, WITNESS_MODEL_BYTES_MAX, &model);

    if (rc < 0 || memchr(model.data, '\0', model.len) != NULL)
        return -E_PARSE;
    memcpy(w->model, model.data, model.len);
    w->model[model.len] = '\0';
    return 0;
}

static int read_field(struct witness *w)
{
    struct slice name;
    int rc = mp_read_str(&w->at, SKIPPED_MAX, &name);

    if (rc < 0)
        return rc;
    if (slice_equal(name, slice_str("model")))
        return read_model(w);
    if (slice_equal(name, slice_str("operations")))
        return mp_read_uint(&w->at, UINT64_MAX, &w->n_ops);
    if (slice_equal(name, slice_str("digest")))
        return mp_read_uint(&w->at, UINT64_MAX, &w->digest);
    if (slice_equal(name, slice_str("partitions")))
        return mp_read_uint(&w->at, UINT64_MAX, &w->n_parts);
    return mp_skip(&w->at);
}

static int read_map(struct witness *w)
{
    size_t n;
    int rc = mp_read_map(&w->at, HEADER_NAMES_MAX, &n);

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = read_field(w);
    return rc;
}

int witness_open(struct slice bytes, struct witness *ret, struct err *e)
{
    struct witness w = {.at = mp_reader_of(bytes)};
    struct slice magic;
    uint64_t version;

    if (read_begin(&w) < 0 || mp_read_str(&w.at, SKIPPED_MAX, &magic) < 0 ||
        !slice_equal(magic, slice_str(MAGIC)) || mp_read_uint(&w.at, UINT32_MAX, &version) < 0)
        return err_set(e, -E_PARSE, "no witness of a history");
    if (version != WITNESS_VERSION)
        return err_set(e, -E_UNSUPPORTED, "a witness of version %llu; this program knows %d",
                       (unsigned long long)version, WITNESS_VERSION);
    if (read_map(&w) < 0)
        return broken(&w, e);
    *ret = w;
    return check_seal(ret, bytes.data, e);
}

static int read_part(struct witness *w, struct witness_part *p)
{
    size_t left = (size_t)(w->at.end - w->at.at);

    if (read_begin(w) < 0 || mp_read_bin(&w->at, OP_FAMILY_BYTES_MAX, &p->family) < 0 ||
        mp_read_bin(&w->at, OP_KEY_BYTES_MAX, &p->key) < 0 ||
        mp_read_array(&w->at, left, &p->n_order) < 0)
        return -E_PARSE;
    p->order = w->at;
    for (size_t i = 0; i < p->n_order; i++) {
        uint64_t ignored;

        if (mp_read_uint(&w->at, UINT64_MAX, &ignored) < 0)
            return -E_PARSE;
    }
    return 0;
}

int witness_next(struct witness *w, struct witness_part *ret, struct err *e)
{
    const uint8_t *start = w->at.at;
    int rc;

    if (w->n_read == w->n_parts)
        return mp_at_end(&w->at) ? 0 : broken(w, e);
    if (read_part(w, ret) < 0)
        return broken(w, e);
    rc = check_seal(w, start, e);
    if (rc < 0)
        return rc;
    w->n_read++;
    return 1;
}
