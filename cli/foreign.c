#include "cli/foreign.h"

#include "histories/convert.h"

static const char *const keys_names[] = {"yes", "no", NULL};
static const char *const failed_cas_names[] = {"mismatch", "never-ran", NULL};

const char *const *foreign_keys_names(void)
{
    return keys_names;
}

const char *const *foreign_failed_cas_names(void)
{
    return failed_cas_names;
}

struct history_load_options foreign_options(const struct foreign_values *v, const char *model)
{
    struct history_load_options o = {.model = model, .accounts = v->accounts};

    if (v->from != NULL)
        o.format = history_format_parse(v->from);
    if (v->keys != NULL)
        o.keys = strcmp(v->keys, "yes") == 0 ? HISTORY_KEYS : HISTORY_NO_KEYS;
    if (v->failed_cas != NULL)
        o.failed_cas = strcmp(v->failed_cas, "mismatch") == 0 ? HISTORY_FAILED_CAS_MISMATCH
                                                              : HISTORY_FAILED_CAS_NEVER_RAN;
    return o;
}
