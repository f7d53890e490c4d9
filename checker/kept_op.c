#include "checker/kept_op.h"

#include <stdlib.h>

static void move_in(struct slice *s, uint8_t **to)
{
    if (s->len > 0)
        memcpy(*to, s->data, s->len);
    s->data = *to;
    *to += s->len;
}

int kept_op_create(const struct history_op *op, struct kept_op **ret)
{
    size_t n = op->family.len + op->key.len + op->value.len + op->expected.len + op->result.len;
    struct kept_op *k = malloc(sizeof *k + n);
    uint8_t *to;

    if (k == NULL)
        return -E_NOMEM;
    k->op = *op;
    k->n_bytes = n;
    to = k->bytes;
    move_in(&k->op.family, &to);
    move_in(&k->op.key, &to);
    move_in(&k->op.value, &to);
    move_in(&k->op.expected, &to);
    move_in(&k->op.result, &to);
    *ret = k;
    return 0;
}

void kept_op_destroy(struct kept_op *k)
{
    free(k);
}

/* What is in the table already is not lent a second time. */
int kept_op_make(const struct kept_op *k, const struct model *m, const struct model_env *env,
                 struct model_op *ret)
{
    const struct slice *strings[] = {&k->op.value, &k->op.expected, &k->op.result};

    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        uint32_t ignored;
        int rc = strings_copy(env->strings, *strings[i], &ignored);

        if (rc < 0)
            return rc;
    }
    return model_op_make(m, env, &k->op, 0, ret);
}
