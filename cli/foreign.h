#ifndef RIFT_CLI_FOREIGN_H
#define RIFT_CLI_FOREIGN_H

#include "histories/history.h"

/* How histories that other tools wrote are to be read: options that check and convert share. */
struct foreign_values {
    const char *from;
    const char *keys;
    const char *failed_cas;
    const char *accounts;
};

const char *const *foreign_keys_names(void);
const char *const *foreign_failed_cas_names(void);

#define FOREIGN_OPTIONS(type, member)                                                              \
    {.name = "from",                                                                               \
     .kind = ARG_CHOICE,                                                                           \
     .offset = offsetof(type, member.from),                                                        \
     .value = "FORMAT",                                                                            \
     .help = "what the history is written in",                                                     \
     .choices = history_format_names,                                                              \
     .when_absent = "told by what it holds"},                                                      \
        {.name = "keys",                                                                           \
         .kind = ARG_CHOICE,                                                                       \
         .offset = offsetof(type, member.keys),                                                    \
         .value = "YES|NO",                                                                        \
         .help = "whether the values of an EDN history are [key value]",                           \
         .choices = foreign_keys_names,                                                            \
         .when_absent = "told by their shape"},                                                    \
        {.name = "failed-cas",                                                                     \
         .kind = ARG_CHOICE,                                                                       \
         .offset = offsetof(type, member.failed_cas),                                              \
         .value = "WHAT",                                                                          \
         .help = "what an EDN history says with :fail of a :cas",                                  \
         .choices = foreign_failed_cas_names,                                                      \
         .when_absent = "mismatch, where no :error is named"},                                     \
    {                                                                                              \
        .name = "accounts", .kind = ARG_TEXT, .offset = offsetof(type, member.accounts),           \
        .value = "MAP", .help = "what a bank's accounts hold at the start: '{0 10, 1 10}'",        \
        .when_absent = "what the file says"                                                        \
    }

/* Strings are lent. `model` may be NULL. */
struct history_load_options foreign_options(const struct foreign_values *v, const char *model);

#endif
