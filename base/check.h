#ifndef RIFT_BASE_CHECK_H
#define RIFT_BASE_CHECK_H

/* An invariant of the program. Stays on in release builds; a broken one stops the process
 * after saying what it saw. Bad input is never a CHECK: it is an error. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            check_failed(__FILE__, __LINE__, #condition, " ");                                     \
    } while (0)

/* The same, with the values that were seen: CHECK_THAT(a <= b, "a=%d b=%d", a, b). */
#define CHECK_THAT(condition, ...)                                                                 \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            check_failed(__FILE__, __LINE__, #condition, __VA_ARGS__);                             \
    } while (0)

void check_failed(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 4, 5)));

/* Called with the whole text before the process aborts. A hook may leave by longjmp: the
 * simulator turns a broken invariant of one node into a finding that way. Per thread; NULL
 * restores abort. */
typedef void check_hook(void *context, const char *text);
void check_set_hook(check_hook *hook, void *context);

#endif
