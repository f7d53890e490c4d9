#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8;

    if (locale == (locale_t)0)
        return false;
    utf8 = strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    freelocale(locale);
    return utf8;
}

struct terminal terminal_of(int fd)
{
    const char *term = getenv("TERM");
    const char *no_color = getenv("NO_COLOR");
    struct terminal t = {.width = TERMINAL_WIDTH_DEFAULT, .utf8 = locale_is_utf8()};
    struct winsize size;

    t.live = isatty(fd) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
    t.color = t.live && (no_color == NULL || no_color[0] == '\0');
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        t.width = size.ws_col;
    return t;
}

const char *terminal_color(const struct terminal *t, enum terminal_color color)
{
    static const char *const codes[] = {[COLOR_NONE] = "\033[0m",
                                        [COLOR_RED] = "\033[31m",
                                        [COLOR_GREEN] = "\033[32m",
                                        [COLOR_YELLOW] = "\033[33m",
                                        [COLOR_DIM] = "\033[2m"};

    return t->color ? codes[color] : "";
}
