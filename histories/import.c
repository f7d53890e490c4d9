#include "histories/import.h"

#include "histories/lines.h"

int import_event(struct history *h, const struct history_event *event, const struct line *l,
                 struct err *e)
{
    int rc = history_add_event(h, event, e);

    return rc < 0 ? err_prefix(e, rc, "%s:%u", l->name, l->number) : 0;
}

int import_lines(const char *name, struct slice text, const struct history_header *header,
                 import_add *add, struct history **ret, struct err *e)
{
    struct line l = lines_of(name, text);
    struct history *h;
    int rc = history_new(header, &h, e);

    if (rc < 0)
        return err_prefix(e, rc, "%s", name);
    while (rc == 0 && line_next(&l))
        rc = add(h, &l, e);
    if (rc < 0) {
        history_free(&h);
        return rc;
    }
    *ret = h;
    return 0;
}
