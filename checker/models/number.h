#ifndef RIFT_CHECKER_MODELS_NUMBER_H
#define RIFT_CHECKER_MODELS_NUMBER_H

#include "checker/strings.h"

/* Whole numbers in states: as many digits as PROBLEM_OPS_MAX sums of what is read fit easily. */
typedef __int128 number;

enum {
    NUMBER_STEP_DIGITS_MAX = 18, /* of what one operation adds or moves */
    NUMBER_SUM_DIGITS_MAX = 30,  /* of what is there */
};

/* Reads decimal digits, perhaps behind a minus. False: it is something else, or too long. */
bool number_parse(struct slice text, size_t digits_max, number *ret);

/* Numbers as strings: equal ones have the same. Errors: -E_NOMEM, -E_LIMIT. */
int number_intern(struct strings *s, number n, uint32_t *ret);
number number_of(const struct strings *s, uint32_t id);

/* The same from the text of a string; 0 where number_parse says false.
 * Errors: -E_NOMEM, -E_LIMIT. */
int number_of_text(struct strings *s, uint32_t text, uint32_t *ret);

/* Appends the digits. Errors: -E_NOMEM, -E_LIMIT. */
int number_write(number n, struct buf *out);

#endif
