#include "workloads/workload.h"

#include "base/check.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    KEYS_MAX = 1 << 20,
    VALUE_BYTES_MAX = 64 << 10, /* so that a run of appends stays within OP_VALUE_BYTES_MAX */
    KEY_TEXT_MAX = 48,
    VALUE_TEXT_MAX = 48,
    DRAWS_PER_OP = 8, /* counters set aside for one operation: it may draw less, never more */

    /* Appends only ever grow a value: a clerk that has come this far moves on to fresh keys, and
     * with it the others, about as far. */
    APPENDS_PER_KEY = 256,
};

static const char *const names[] = {"register", "cas-register", "append", "kv", NULL};

/* How the kinds of writes share what reads leave over, by workload in the order of names. */
struct mix {
    const char *model;
    bool distinct_values;
    bool fresh_keys;
    bool absent; /* a cas may expect that the key is absent */
    enum op_kind writes[4];
    uint32_t n_writes;
};

static const struct mix mixes[] = {
    {.model = "register", .distinct_values = true, .writes = {OP_PUT}, .n_writes = 1},
    {.model = "cas-register", .writes = {OP_PUT, OP_CAS}, .n_writes = 2},
    {.model = "kv",
     .distinct_values = true,
     .fresh_keys = true,
     .writes = {OP_APPEND},
     .n_writes = 1},
    {.model = "kv",
     .absent = true,
     .writes = {OP_PUT, OP_APPEND, OP_CAS, OP_DELETE},
     .n_writes = 4},
};

_Static_assert(sizeof names / sizeof names[0] == sizeof mixes / sizeof mixes[0] + 1,
               "a mix for each name");

struct workload {
    struct workload_options o;
    const struct mix *mix;
    double *cumulative; /* of Zipf's weights, up to 1; NULL: uniform */
    char key[KEY_TEXT_MAX];
    char *value; /* VALUE_TEXT_MAX or value_bytes, whichever is more */
    char *expected;
};

const char *const *workload_names(void)
{
    return names;
}

const char *workload_model(const struct workload *w)
{
    return w->mix->model;
}

static const struct mix *find_mix(const char *name)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0)
            return &mixes[i];
    }
    return NULL;
}

const char *workload_model_of(const char *name)
{
    const struct mix *mix = find_mix(name);

    return mix == NULL ? NULL : mix->model;
}

static int check_options(const struct workload_options *o, struct err *e)
{
    if (find_mix(o->name) == NULL)
        return err_set(e, -E_INVAL, "workload '%s': there is none of that name", o->name);
    if (o->clerks < 1 || o->keys < 1 || o->keys > KEYS_MAX)
        return err_set(e, -E_INVAL, "workload '%s': at least one clerk, and 1 to %d keys", o->name,
                       KEYS_MAX);
    if (o->read_percent > 100 || o->value_bytes > VALUE_BYTES_MAX || o->value_range < 1)
        return err_set(e, -E_INVAL,
                       "workload '%s': reads up to 100 percent, values up to %d bytes and of a "
                       "range of at least 1",
                       o->name, VALUE_BYTES_MAX);
    if (!isfinite(o->key_skew) || o->key_skew < 0)
        return err_set(e, -E_INVAL, "workload '%s': the skew of keys is 0 or above", o->name);
    return 0;
}

/* The k-th key gets a share of 1/k^skew. */
static int weigh_keys(struct workload *w)
{
    double sum = 0;

    if (w->o.key_skew == 0)
        return 0;
    w->cumulative = malloc(w->o.keys * sizeof *w->cumulative);
    if (w->cumulative == NULL)
        return -E_NOMEM;
    for (uint32_t i = 0; i < w->o.keys; i++) {
        sum += pow(i + 1.0, -w->o.key_skew);
        w->cumulative[i] = sum;
    }
    for (uint32_t i = 0; i < w->o.keys; i++)
        w->cumulative[i] /= sum;
    return 0;
}

int workload_create(const struct workload_options *o, struct workload **ret, struct err *e)
{
    size_t room = VALUE_TEXT_MAX > o->value_bytes + 1 ? VALUE_TEXT_MAX : o->value_bytes + 1;
    struct workload *w;
    int rc = check_options(o, e);

    if (rc < 0)
        return rc;
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return err_set(e, -E_NOMEM, "workload '%s'", o->name);
    w->o = *o;
    w->mix = find_mix(o->name);
    w->o.name = NULL; /* the caller's text may go */
    w->value = malloc(room);
    w->expected = malloc(room);
    if (w->value == NULL || w->expected == NULL || weigh_keys(w) < 0) {
        workload_destroy(w);
        return err_set(e, -E_NOMEM, "workload '%s'", o->name);
    }
    *ret = w;
    return 0;
}

void workload_destroy(struct workload *w)
{
    if (w == NULL)
        return;
    free(w->cumulative);
    free(w->value);
    free(w->expected);
    free(w);
}

/* --- drawing ------------------------------------------------------------------------------ */

static uint32_t draw_key(const struct workload *w, struct rng *r)
{
    double point = (double)(rng_next(r) >> 11) * 0x1p-53;
    uint32_t low = 0;
    uint32_t high = w->o.keys - 1;

    if (w->cumulative == NULL)
        return (uint32_t)(point * w->o.keys);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (w->cumulative[middle] > point)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static struct slice name_key(struct workload *w, uint32_t key, uint64_t k)
{
    int len = w->mix->fresh_keys ? snprintf(w->key, sizeof w->key, "k%u.%llu", key,
                                            (unsigned long long)(k / APPENDS_PER_KEY))
                                 : snprintf(w->key, sizeof w->key, "k%u", key);

    return slice_of(w->key, (size_t)len);
}

/* Fills up with dots: no value that is drawn holds one, so distinct values stay distinct. */
static struct slice pad(const struct workload *w, char *text, int len)
{
    size_t used = (size_t)len;

    if (used < w->o.value_bytes) {
        memset(text + used, '.', w->o.value_bytes - used);
        used = w->o.value_bytes;
    }
    return slice_of(text, used);
}

static struct slice draw_small(const struct workload *w, struct rng *r, char *text)
{
    uint64_t value = rng_below(r, w->o.value_range);

    return pad(w, text, snprintf(text, VALUE_TEXT_MAX, "%llu", (unsigned long long)value));
}

static void draw_write(struct workload *w, struct rng *r, uint32_t clerk, uint64_t k,
                       struct op *ret)
{
    ret->kind = w->mix->writes[rng_below(r, w->mix->n_writes)];
    if (ret->kind == OP_DELETE)
        return;
    if (w->mix->distinct_values)
        ret->value =
            pad(w, w->value,
                snprintf(w->value, VALUE_TEXT_MAX, "c%u-%llu", clerk, (unsigned long long)k));
    else
        ret->value = draw_small(w, r, w->value);
    if (ret->kind != OP_CAS)
        return;
    ret->expects_absent = w->mix->absent && rng_below(r, w->o.value_range + UINT64_C(1)) == 0;
    if (!ret->expects_absent)
        ret->expected = draw_small(w, r, w->expected);
}

void workload_next(struct workload *w, uint32_t clerk, uint64_t k, struct op *ret)
{
    struct rng r = rng_make(w->o.seed, rng_stream("workload", clerk));
    uint64_t first = k * DRAWS_PER_OP;
    uint32_t key;

    r.counter = first;
    *ret = (struct op){.kind = OP_GET};
    key = draw_key(w, &r);
    ret->key = name_key(w, key, k);
    if (rng_below(&r, 100) >= w->o.read_percent)
        draw_write(w, &r, clerk, k, ret);
    CHECK(r.counter - first <= DRAWS_PER_OP);
}
