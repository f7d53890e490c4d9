#ifndef RIFT_CHECKER_CONFIGS_H
#define RIFT_CHECKER_CONFIGS_H

#include <stddef.h>
#include <stdint.h>

/* A set of configurations that wait for the same return, for the frontier (checker/frontier.h). One
 * that does no better than another one that is there is not taken: the same state, of each class of
 * unknown outcome at least as many used, and each open operation free in the other one or as it is
 * there. Found by hash, compared whole. */

/* Before `state` an operation of unknown outcome was placed last, and this was the state before it.
 */
#define CONFIG_NO_BEFORE UINT32_MAX

/* Bits are those of open operations, by slot. */
struct config {
    uint32_t state;
    uint32_t before;
    uint64_t *done;
    uint64_t *free; /* not done, and may count as done without an effect (checker/placement.h) */
    uint32_t *used; /* of each class of unknown outcome */
};

/* How many words and numbers a configuration has. */
struct config_shape {
    uint32_t window_words;
    uint32_t n_classes;
};

int config_init(struct config *c, struct config_shape shape); /* all zeros. Errors: -E_NOMEM */
void config_free(struct config *c);

/* `shape` is that of `from`; `to` may be larger, and keeps what is beyond. */
void config_copy(struct config *to, const struct config *from, struct config_shape shape);

/* All zeros is none; configs_init before anything else. */
struct configs {
    struct config_shape shape;
    uint64_t *rows;
    size_t row_words;
    size_t n;
    size_t cap;
    uint32_t *heads; /* of chains of rows, by hash; a row's number + 1 */
    size_t n_heads;  /* a power of two */
};

int configs_init(struct configs *s, struct config_shape shape);
void configs_free(struct configs *s);
void configs_clear(struct configs *s); /* and gives memory back that is more than a few rows need */

/* Fills *ret, which has the shape of the set or a larger one. */
void configs_get(const struct configs *s, size_t i, struct config *ret);
/* `blind`: slots of operations that are legal in every state. 1: it is in the set now. 0: another
 * one there does as well. Errors: -E_NOMEM, -E_LIMIT (2^32 of them). */
int configs_add(struct configs *s, const struct config *c, const uint64_t *blind);

size_t configs_memory_bytes(const struct configs *s);

#endif
