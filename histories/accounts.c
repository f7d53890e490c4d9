#include "histories/accounts.h"

#include "histories/edn_forms.h"

static const char OPTION[] = "accounts";

bool accounts_matter(const struct history_header *header)
{
    return header->model != NULL && strcmp(header->model, "bank") == 0;
}

bool accounts_known(const struct history_header *header)
{
    for (size_t i = 0; i < header->n_options; i++) {
        if (strcmp(header->options[i].name, OPTION) == 0)
            return true;
    }
    return false;
}

/* All options but this one, and this one. */
static int replace(struct history_header *header, struct slice row, struct arena *arena)
{
    struct history_option *options = arena_take(arena, (header->n_options + 1) * sizeof *options);
    const char *value = arena_string(arena, row);
    size_t n = 0;

    if (options == NULL || value == NULL)
        return -E_NOMEM;
    for (size_t i = 0; i < header->n_options; i++) {
        if (strcmp(header->options[i].name, OPTION) != 0)
            options[n++] = header->options[i];
    }
    options[n++] = (struct history_option){OPTION, value};
    header->options = options;
    header->n_options = n;
    return 0;
}

int accounts_set(struct history_header *header, const char *map, struct arena *arena, struct err *e)
{
    struct edn_forms forms = {.r = {.name = "the accounts", .text = slice_str(map)}};
    struct op op = {.kind = OP_GET};
    struct edn_token t;
    int rc = edn_next(&forms.r, &t, e);

    if (rc == 0)
        rc = edn_forms_question(&forms, EDN_FORM_MAP, t, &op, e);
    if (rc == 0)
        rc = edn_next(&forms.r, &t, e);
    if (rc == 0 && t.kind != EDN_END)
        rc = edn_expected(&forms.r, t.at, "nothing behind the map", e);
    if (rc == 0) {
        rc = replace(header, op.value, arena);
        rc = rc < 0 ? err_set(e, rc, "the accounts: %s", err_text(rc)) : 0;
    }
    edn_forms_free(&forms);
    return rc;
}

int accounts_missing(const char *name, struct err *e)
{
    return err_set(e, -E_PARSE,
                   "%s: a bank's balances at the start are not in the history: --accounts says "
                   "them, such as '{0 10, 1 10}'",
                   name);
}
