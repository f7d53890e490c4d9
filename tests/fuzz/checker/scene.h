#ifndef RIFT_TESTS_CHECKER_SCENE_H
#define RIFT_TESTS_CHECKER_SCENE_H

#include "histories/history.h"

/* A history from text, a line an operation, by invocation:
 *
 *     process call return kind key [arguments] [= answer]
 *     1 1 4 put x a
 *     2 2 - put x b              "-": outcome unknown
 *     3 5 6 get x = b            an answer: a value, or no-key, mismatch, fail
 *     4 7 8 cas x a b = mismatch
 *     5 9 9 cas x ~ b            "~": expects the key to be absent; '' is the empty value
 *     6 10 11 get x = [a,b]      a row of items (base/items.h); [] has none
 *
 * `call` and `return` are sequence numbers, and milliseconds for the reader. A mistake in the text
 * ends the program. Free with scene_free; the text stays the caller's and has to last. */
struct history *scene(const char *model, uint32_t dialect, const char *text);
void scene_free(struct history *h);

#endif
