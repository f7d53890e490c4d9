#include "library/library.h"

#include <stdio.h>
#include <string.h>

static enum rift_code code_of(int rc)
{
    switch (-rc) {
    case E_NOMEM: return RIFT_OUT_OF_MEMORY;
    case E_NOT_FOUND: return RIFT_NOT_FOUND;
    case E_IO: return RIFT_INPUT_OUTPUT;
    case E_PARSE:
    case E_CORRUPT:
    case E_UNSUPPORTED: return RIFT_MALFORMED;
    case E_INVAL: return RIFT_INVALID;
    case E_LIMIT: return RIFT_LIMIT;
    case E_EXISTS: return RIFT_EXISTS;
    default: return RIFT_FAILED;
    }
}

int library_refuse(enum rift_code code, struct rift_error *to, const char *text)
{
    if (to != NULL) {
        to->code = code;
        snprintf(to->text, sizeof to->text, "%s", text);
    }
    return code;
}

int library_error(int rc, const struct err *from, struct rift_error *to)
{
    if (rc >= 0)
        return 0;
    return library_refuse(code_of(rc), to,
                          from != NULL && from->text[0] != 0 ? from->text : err_text(rc));
}

bool library_take(void *to, size_t to_size, const void *from)
{
    size_t size;

    memcpy(&size, from, sizeof size);
    if (size < sizeof size)
        return false;
    memset(to, 0, to_size);
    memcpy(to, from, size < to_size ? size : to_size);
    return true;
}

bool library_give(void *to, const void *from, size_t from_size)
{
    size_t size;

    memcpy(&size, to, sizeof size);
    if (size < sizeof size)
        return false;
    memcpy((char *)to + sizeof size, (const char *)from + sizeof size,
           (size < from_size ? size : from_size) - sizeof size);
    return true;
}
