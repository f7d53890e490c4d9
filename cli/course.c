#include "cli/course.h"

#include "base/clock.h"
#include "cli/latencies.h"

#include <stdlib.h>
#include <string.h>

struct course {
    struct course_slot slots[COURSE_SLOTS_MAX];
    size_t n;
    int64_t width_ns;
    uint32_t faults; /* that are on */

    struct latencies latencies; /* of the window */
    uint32_t clerks;
    int64_t called_ns[]; /* of the operation that each clerk has open */
};

int course_create(uint32_t clerks, struct course **ret, struct err *e)
{
    struct course *c = calloc(1, sizeof *c + clerks * sizeof c->called_ns[0]);

    if (c == NULL)
        return err_set(e, -E_NOMEM, "course");
    c->clerks = clerks;
    c->width_ns = COURSE_SLOT_FIRST_MS * NS_PER_MS;
    *ret = c;
    return 0;
}

void course_destroy(struct course *c)
{
    free(c);
}

static void halve(struct course *c)
{
    size_t kept = (c->n + 1) / 2;

    for (size_t i = 0; i < kept; i++) {
        struct course_slot sum = c->slots[2 * i];

        if (2 * i + 1 < c->n) {
            sum.answered += c->slots[2 * i + 1].answered;
            sum.faults |= c->slots[2 * i + 1].faults;
            sum.new_leaders += c->slots[2 * i + 1].new_leaders;
        }
        c->slots[i] = sum;
    }
    c->n = kept;
    c->width_ns *= 2;
}

/* The slot of this time; those that were passed over had the faults that are on. */
static struct course_slot *slot_at(struct course *c, int64_t now_ns)
{
    size_t i;

    if (now_ns < 0)
        now_ns = 0;
    while (now_ns / c->width_ns >= COURSE_SLOTS_MAX)
        halve(c);
    i = (size_t)(now_ns / c->width_ns);
    while (c->n <= i)
        c->slots[c->n++] = (struct course_slot){.faults = c->faults};
    return &c->slots[i];
}

void course_invoked(struct course *c, uint32_t process, int64_t now_ns)
{
    c->called_ns[process % c->clerks] = now_ns;
}

void course_completed(struct course *c, uint32_t process, int64_t now_ns, bool answered)
{
    int64_t took_ns = now_ns - c->called_ns[process % c->clerks];

    if (!answered)
        return;
    slot_at(c, now_ns)->answered++;
    latencies_add(&c->latencies, took_ns < 0 ? 0 : (uint64_t)took_ns);
}

void course_led(struct course *c, int64_t now_ns)
{
    slot_at(c, now_ns)->new_leaders++;
}

void course_faults(struct course *c, int64_t now_ns, uint32_t on)
{
    struct course_slot *slot = slot_at(c, now_ns); /* fills the time up to now with the old ones */

    c->faults = on;
    slot->faults |= on;
}

struct course_window course_take_window(struct course *c)
{
    struct course_window w = {.answered = c->latencies.total,
                              .p99_ns = (int64_t)latencies_quantile(&c->latencies, 0.99)};

    memset(&c->latencies, 0, sizeof c->latencies);
    return w;
}

const struct course_slot *course_slots(const struct course *c, size_t *ret_n, int64_t *ret_width_ns)
{
    *ret_n = c->n;
    *ret_width_ns = c->width_ns;
    return c->slots;
}
