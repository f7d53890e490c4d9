#include "base/bug.h"

#include "base/check.h"

#include <string.h>

static const struct bug_info infos[BUG_COUNT] = {
#define X(NAME, name, what, rule) [BUG_##NAME] = {name, what, rule},
    BUGS(X)
#undef X
};

const struct bug_info *bug_info(enum bug bug)
{
    CHECK_THAT(bug > BUG_NONE && bug < BUG_COUNT, "%d", (int)bug);
    return &infos[bug];
}

const char *const *bug_names(void)
{
    static const char *const names[] = {
#define X(NAME, name, what, rule) name,
        BUGS(X)
#undef X
            NULL};

    return names;
}

static int find(const char *name, enum bug *ret, struct err *e)
{
    for (int i = BUG_NONE + 1; i < BUG_COUNT; i++) {
        if (strcmp(infos[i].name, name) == 0) {
            *ret = (enum bug)i;
            return 0;
        }
    }
    return err_set(e, -E_NOT_FOUND, "there is no planted bug '%s'", name);
}

#ifdef RIFT_NO_BUGS

int bug_select(const char *name, struct err *e)
{
    enum bug bug = BUG_NONE;
    int rc = name == NULL ? 0 : find(name, &bug, e);

    return rc < 0 || bug == BUG_NONE ? rc
                                     : err_set(e, -E_UNSUPPORTED, "built without planted bugs");
}

#else

enum bug bug_selected = BUG_NONE;

int bug_select(const char *name, struct err *e)
{
    enum bug bug = BUG_NONE;
    int rc = name == NULL ? 0 : find(name, &bug, e);

    if (rc == 0)
        bug_selected = bug;
    return rc;
}

#endif
