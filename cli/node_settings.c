#include "cli/node_settings.h"

#include "base/check.h"
#include "base/op.h"

#include <inttypes.h>

const char *const *node_settings_stores(void)
{
    static const char *const names[] = {"rocks", "memory", NULL};

    return names;
}

const char *const *node_settings_reads(void)
{
    static const char *const names[] = {
#define X(name, text) text,
        READ_MODES(X)
#undef X
            NULL};

    return names;
}

int node_settings_check(const struct node_settings *s, struct err *e)
{
    if (s->tick_ms > s->heartbeat_ms)
        return err_set(e, -E_INVAL, "--tick-ms %" PRIu64 " is longer than --heartbeat-ms %" PRIu64,
                       s->tick_ms, s->heartbeat_ms);
    if (2 * s->heartbeat_ms > s->election_ms)
        return err_set(e, -E_INVAL,
                       "--election-ms has to be at least twice --heartbeat-ms (%" PRIu64
                       "), not %" PRIu64,
                       s->heartbeat_ms, s->election_ms);
    return 0;
}

struct argv_writer {
    struct node_argv *out;
    size_t n;
    size_t n_texts;
};

static void add(struct argv_writer *w, const char *name, const char *value)
{
    CHECK(w->n + 2 < NODE_ARGV_MAX);
    w->out->items[w->n++] = name;
    w->out->items[w->n++] = value;
    w->out->items[w->n] = NULL;
}

static void add_number(struct argv_writer *w, const char *name, uint64_t value)
{
    char *text = w->out->texts[w->n_texts++];

    snprintf(text, sizeof w->out->texts[0], "%" PRIu64, value);
    add(w, name, text);
}

void node_settings_argv(const struct node_settings *s, const char *cluster_path, uint64_t id,
                        uint64_t seed, const char *events, struct node_argv *ret)
{
    struct argv_writer w = {.out = ret};

    add(&w, "rift", "node");
    add(&w, "--cluster", cluster_path);
    add_number(&w, "--id", id);
    add_number(&w, "--seed", seed);
    add(&w, "--store", s->store);
    add(&w, "--reads", s->reads);
    add(&w, "--check-quorum", s->check_quorum ? "on" : "off");
    add(&w, "--pre-vote", s->pre_vote ? "on" : "off");
    add(&w, "--sync", s->sync ? "on" : "off");
    add_number(&w, "--tick-ms", s->tick_ms);
    add_number(&w, "--heartbeat-ms", s->heartbeat_ms);
    add_number(&w, "--election-ms", s->election_ms);
    if (s->bug != NULL)
        add(&w, "--bug", s->bug);
    if (events != NULL)
        add(&w, "--events", events);
}
