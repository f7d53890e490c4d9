#ifndef RIFT_CLI_DEMO_SIM_H
#define RIFT_CLI_DEMO_SIM_H

#include "cli/demo.h"
#include "sim/sim.h"

#include <stddef.h>

/* The stories of `rift demo` that happen in the simulator: a replay file of cli/stories, compiled
 * in, played with the planted bug that it names and once more without any. demo_sim.c plays and
 * judges, demo_narrator.c puts into sentences what happens. */

/* X(name, identifier) */
#define DEMO_STORIES(X)                                                                            \
    X("lost-update", lost_update)                                                                  \
    X("split-vote", split_vote)                                                                    \
    X("figure-8", figure_8)

#define X(name, identifier)                                                                        \
    extern const unsigned char story_##identifier[];                                               \
    extern const size_t story_##identifier##_bytes;
DEMO_STORIES(X)
#undef X

/* Whether there is one of that name. */
bool demo_sim_has(const char *name);

/* Appends a line for each story. */
int demo_sim_list(struct buf *out);

/* Tells it; `folder` gets a history and a page of both tellings. Returns the exit code. */
int demo_sim_tell(const char *name, const char *folder, bool json);

/* --- the narrator (demo_narrator.c) --------------------------------------------------------- */

/* Copies a history, with a sentence (HISTORY_NOTE) behind each event that carries the story; what
 * happens after `until_ns` is copied and not told, nor are requests for what has been asked for
 * before, unless `retries` and somebody has been elected. The sentences are said by `voice`, too.
 * Errors: of histories; -E_NOMEM. */
int demo_narrate(struct slice bytes, int64_t until_ns, bool retries, struct history_writer *to,
                 struct demo *voice, struct err *e);

#endif
