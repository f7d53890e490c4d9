#include "checker/pieces.h"

#include "base/err.h"
#include "base/pages.h"

#include <stdlib.h>

/* Each length costs a look at every state. */
enum { LENGTHS_MAX = 64 };

struct pieces {
    const struct strings *strings;
    uint32_t *ops; /* of each string */
    uint32_t n_strings;
    size_t lengths[LENGTHS_MAX];
    size_t n_lengths;
    bool begins[256]; /* some piece begins with that byte */
    bool before[256]; /* that byte may stand right before a piece */
};

int pieces_create(const struct strings *strings, struct pieces **ret)
{
    struct pieces *p = calloc(1, sizeof *p);

    if (p == NULL)
        return -E_NOMEM;
    p->strings = strings;
    p->n_strings = (uint32_t)strings_count(strings);
    p->ops = pages_calloc(p->n_strings, sizeof *p->ops);
    if (p->ops == NULL) {
        pieces_destroy(p);
        return -E_NOMEM;
    }
    for (uint32_t i = 0; i < p->n_strings; i++)
        p->ops[i] = PIECES_NONE;
    *ret = p;
    return 0;
}

void pieces_destroy(struct pieces *p)
{
    if (p == NULL)
        return;
    free(p->ops);
    free(p);
}

static bool add_length(struct pieces *p, size_t length)
{
    for (size_t i = 0; i < p->n_lengths; i++) {
        if (p->lengths[i] == length)
            return true;
    }
    if (p->n_lengths == LENGTHS_MAX)
        return false;
    p->lengths[p->n_lengths++] = length;
    return true;
}

bool pieces_add(struct pieces *p, uint32_t op, uint32_t string)
{
    struct slice bytes = strings_last_piece(p->strings, string);

    if (bytes.len == 0 || bytes.len != strings_length(p->strings, string) ||
        !add_length(p, bytes.len))
        return false;
    p->ops[string] = p->ops[string] == PIECES_NONE ? op : PIECES_SEVERAL;
    p->begins[bytes.data[0]] = true;
    pieces_add_base(p, string);
    return true;
}

void pieces_add_base(struct pieces *p, uint32_t string)
{
    struct slice bytes = strings_last_piece(p->strings, string);

    if (bytes.len > 0)
        p->before[bytes.data[bytes.len - 1]] = true;
}

size_t pieces_endings(const struct pieces *p, struct slice bytes, uint32_t *ret, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_lengths && n < max; i++) {
        size_t length = p->lengths[i];
        size_t front = bytes.len - length;
        uint32_t string;

        if (length > bytes.len || !p->begins[bytes.data[front]] ||
            (front > 0 && !p->before[bytes.data[front - 1]]))
            continue;
        if (strings_find(p->strings, slice_of(bytes.data + front, length), &string) &&
            pieces_op(p, string) != PIECES_NONE)
            ret[n++] = string;
    }
    return n;
}

uint32_t pieces_op(const struct pieces *p, uint32_t string)
{
    return string < p->n_strings ? p->ops[string] : PIECES_NONE;
}

size_t pieces_memory_bytes(const struct pieces *p)
{
    return p == NULL ? 0 : sizeof *p + p->n_strings * sizeof *p->ops;
}
