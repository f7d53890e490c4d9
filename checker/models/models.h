#ifndef RIFT_CHECKER_MODELS_MODELS_H
#define RIFT_CHECKER_MODELS_MODELS_H

#include "checker/model.h"

/* One value that may be absent, absent at the start. */
extern const struct model model_register;     /* get, put */
extern const struct model model_cas_register; /* and cas */
extern const struct model model_kv;           /* and append, delete: one key of a store */

extern const struct model model_multi_register;
extern const struct model model_list_append;
extern const struct model model_set;
extern const struct model model_queue;
extern const struct model model_priority_queue;
extern const struct model model_stack;
extern const struct model model_counter;
extern const struct model model_bank;
extern const struct model model_mutex;

/* What a set is made of; found by no name, but as that model's `element`. */
extern const struct model model_element;

/* The order of a priority queue: decimal integers by their value, below everything else, which goes
 * by its bytes. Below 0, 0 or above 0; 0 for equal bytes only. */
int priority_compare(struct slice a, struct slice b);

/* Whether a value is a decimal integer as programs print it: so equal numbers have equal bytes. */
bool priority_is_number(struct slice s);

/* Many keys at once: env->part says what each is like, and the state holds env->n_keys of its
 * states. Checking by key gives the same verdicts and is much faster (Herlihy & Wing, theorem 1:
 * linearizability is local); this is for those who want to see that. A violation is told key by
 * key, so it describes no state. */
extern const struct model model_whole;

/* The state of one of the keys. */
uint32_t whole_part(const struct model_env *env, uint32_t state, uint32_t key);

#endif
