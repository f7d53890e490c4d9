#include "node/read_table.h"

#include "base/check.h"

#include <stdlib.h>

struct place {
    struct read_waiting read;
    uint8_t *bytes; /* family, then key; NULL: the place is free */
    size_t next_free;
};

struct read_table {
    struct place *places;
    size_t max;
    size_t count;
    size_t first_free; /* `max`: none */
};

int read_table_create(size_t max, struct read_table **ret)
{
    struct read_table *r = calloc(1, sizeof *r);

    if (r == NULL)
        return -E_NOMEM;
    r->max = max;
    r->places = calloc(max, sizeof *r->places);
    if (r->places == NULL) {
        free(r);
        return -E_NOMEM;
    }
    for (size_t i = 0; i < max; i++)
        r->places[i].next_free = i + 1;
    *ret = r;
    return 0;
}

void read_table_destroy(struct read_table *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->max; i++)
        free(r->places[i].bytes);
    free(r->places);
    free(r);
}

size_t read_table_count(const struct read_table *r)
{
    return r->count;
}

static void copy_op(struct place *p, const struct op *op)
{
    uint8_t *key = p->bytes + op->family.len;

    if (op->family.len > 0)
        memcpy(p->bytes, op->family.data, op->family.len);
    if (op->key.len > 0)
        memcpy(key, op->key.data, op->key.len);
    p->read.op = (struct op){.kind = op->kind,
                             .family = slice_of(p->bytes, op->family.len),
                             .key = slice_of(key, op->key.len)};
}

int read_table_add(struct read_table *r, const struct server_client *client, const struct op *op,
                   uint64_t *ret_token)
{
    struct place *p = &r->places[r->first_free];

    if (r->first_free == r->max)
        return -E_BUSY;
    p->bytes = malloc(op->family.len + op->key.len + 1);
    if (p->bytes == NULL)
        return -E_NOMEM;
    p->read.client = *client;
    copy_op(p, op);
    *ret_token = r->first_free;
    r->first_free = p->next_free;
    r->count++;
    return 0;
}

static struct place *find_place(const struct read_table *r, uint64_t token)
{
    CHECK_THAT(token < r->max && r->places[token].bytes != NULL, "read %ju", (uintmax_t)token);
    return &r->places[token];
}

const struct read_waiting *read_table_find(const struct read_table *r, uint64_t token)
{
    return &find_place(r, token)->read;
}

void read_table_remove(struct read_table *r, uint64_t token)
{
    struct place *p = find_place(r, token);

    free(p->bytes);
    p->bytes = NULL;
    p->next_free = r->first_free;
    r->first_free = (size_t)token;
    r->count--;
}
