#include "histories/import.h"

#include "histories/accounts.h"
#include "histories/build.h"
#include "histories/format.h"
#include "histories/lines.h"

/* --- which one it is ------------------------------------------------------------------------ */

static bool begins_with(struct slice s, const char *text)
{
    size_t len = strlen(text);

    return s.len >= len && memcmp(s.data, text, len) == 0;
}

/* Behind blanks, and behind what stands in front of the first op map: comments, the bracket of a
 * vector. */
static struct slice first_thing(struct slice s, const char *brackets)
{
    while (s.len > 0 && s.data[0] != 0 &&
           (strchr(" ,\t\r\n", s.data[0]) != NULL || strchr(brackets, s.data[0]) != NULL ||
            s.data[0] == ';')) {
        const uint8_t *nl = s.data[0] == ';' ? memchr(s.data, '\n', s.len) : s.data;
        size_t n = nl == NULL ? s.len : (size_t)(nl - s.data) + 1;

        s = slice_of(s.data + n, s.len - n);
    }
    return s;
}

/* Porcupine's logs are op maps too, with the key in a field of its own. */
static bool is_porcupine(struct slice start)
{
    struct line l = lines_of("", start);

    while (line_next(&l)) {
        if (!line_end(&l))
            return line_literal(&l, "{:process ") && line_find(&l, ", :key ");
    }
    return false;
}

/* An object on the first line that has a field which headers, events or operations have. */
static bool is_jsonl(struct slice start)
{
    static const char *const fields[] = {"\"rift\"", "\"process\"", "\"type\""};
    struct line l = lines_of("", first_thing(start, ""));

    if (!line_next(&l) || !line_literal(&l, "{"))
        return false;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct line ahead = l;

        if (line_find(&ahead, fields[i]))
            return true;
    }
    return false;
}

enum history_format import_sniff(struct slice start)
{
    static const char logger[] = "jepsen.util - ";
    struct slice edn = first_thing(start, "[(");

    if (format_is_header(start))
        return HISTORY_RIFT;
    if (is_porcupine(start))
        return HISTORY_PORCUPINE;
    if (begins_with(edn, "{:") || begins_with(edn, "#jepsen.") || begins_with(edn, "#_") ||
        begins_with(edn, "{ :"))
        return HISTORY_EDN;
    if (is_jsonl(start))
        return HISTORY_JSONL;
    if (start.len > 0 && memmem(start.data, start.len, logger, sizeof logger - 1) != NULL)
        return HISTORY_ETCD;
    return HISTORY_ANY_FORMAT;
}

/* --- what the importers share --------------------------------------------------------------- */

int import_new(const char *name, const struct history_header *header,
               const struct history_load_options *o, struct history **ret, struct err *e)
{
    struct history_header own = *header;
    struct arena arena = {.blocks = NULL};
    struct history *h = NULL;
    int rc = 0;

    if (o->model != NULL)
        own.model = o->model;
    if (o->accounts != NULL && accounts_matter(&own))
        rc = accounts_set(&own, o->accounts, &arena, e);
    if (rc == 0)
        rc = history_new(&own, &h, e);
    arena_free(&arena);
    if (rc < 0)
        return err_prefix(e, rc, "%s", name);
    if (o->visitor != NULL) {
        build_visit(h, o->visitor);
        rc = o->visitor->header(o->visitor->context, &h->header, e);
    }
    if (rc < 0) {
        history_free(&h);
        return rc;
    }
    *ret = h;
    return 0;
}

int import_event(struct history *h, const struct history_event *event, const struct line *l,
                 struct err *e)
{
    int rc = history_add_event(h, event, e);

    return rc < 0 ? err_prefix(e, rc, "%s:%u", l->name, l->number) : 0;
}

int import_lines(const char *name, struct slice text, const struct history_header *header,
                 const struct history_load_options *o, import_add *add, struct history **ret,
                 struct err *e)
{
    struct line l = lines_of(name, text);
    struct history *h;
    int rc = import_new(name, header, o, &h, e);

    if (rc < 0)
        return rc;
    while (rc == 0 && line_next(&l))
        rc = add(h, &l, e);
    if (rc < 0) {
        history_free(&h);
        return rc;
    }
    *ret = h;
    return 0;
}
