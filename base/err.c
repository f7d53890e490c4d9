#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int err_set(struct err *e, int rc, const char *format, ...)
{
    va_list args;

    if (e == NULL)
        return rc;
    e->code = rc;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return rc;
}

static int code_of_errno(int error)
{
    switch (error) {
    case ENOENT: return -E_NOT_FOUND;
    case ENOMEM: return -E_NOMEM;
    case EEXIST: return -E_EXISTS;
    case EINTR: return -E_INTERRUPTED;
    default: return -E_IO;
    }
}

int err_sys(struct err *e, const char *format, ...)
{
    int saved = errno;
    int rc = code_of_errno(saved);
    va_list args;
    int used;

    if (e == NULL)
        return rc;
    e->code = rc;
    va_start(args, format);
    used = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof e->text)
        snprintf(e->text + used, sizeof e->text - (size_t)used, ": %s", strerror(saved));
    return rc;
}

int err_prefix(struct err *e, int rc, const char *format, ...)
{
    char old[ERR_TEXT_MAX];
    va_list args;
    int used;

    if (e == NULL)
        return rc;
    memcpy(old, e->text, sizeof old);
    va_start(args, format);
    used = vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    if (used >= 0 && (size_t)used < sizeof e->text)
        snprintf(e->text + used, sizeof e->text - (size_t)used, ": %s", old);
    return rc;
}

static const char *const names[E_COUNT] = {[E_OK] = "E_OK",
#define X(name, text) [E_##name] = "E_" #name,
                                           ERR_CODES(X)
#undef X
};

static const char *const texts[E_COUNT] = {[E_OK] = "ok",
#define X(name, text) [E_##name] = text,
                                           ERR_CODES(X)
#undef X
};

const char *err_name(int rc)
{
    int code = abs(rc);

    return code < E_COUNT ? names[code] : "E_UNKNOWN";
}

const char *err_text(int rc)
{
    int code = abs(rc);

    return code < E_COUNT ? texts[code] : "unknown error";
}
