#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local check_hook *current_hook;
static _Thread_local void *current_context;

void check_set_hook(check_hook *hook, void *context)
{
    current_hook = hook;
    current_context = context;
}

void check_failed(const char *file, int line, const char *condition, const char *format, ...)
{
    char text[1024];
    va_list args;
    int used;

    used = snprintf(text, sizeof text, "%s:%d: broken invariant: %s: ", file, line, condition);
    va_start(args, format);
    if (used >= 0 && (size_t)used < sizeof text)
        vsnprintf(text + used, sizeof text - (size_t)used, format, args);
    va_end(args);
    if (current_hook != NULL)
        current_hook(current_context, text);
    fprintf(stderr, "%s\n", text);
    abort();
}
