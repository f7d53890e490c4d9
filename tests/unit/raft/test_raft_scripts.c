#include "base/check.h"
#include "tests/unit/raft/cluster.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs the interaction scripts of tests/scripts, whose language is described there, and compares
 * what happens with what they say.
 *
 *     test_raft_scripts [--rewrite] [FILE...]
 *
 * --rewrite puts what happens into the files instead; the diff is to be read. */

enum { WORDS_MAX = 40, SCRIPT_BYTES_MAX = 1 << 20, SCRIPTS_MAX = 256 };

typedef unsigned long long ull;

struct command {
    const char *words[WORDS_MAX];
    size_t n;
};

struct script {
    struct cluster *cluster;
    struct raft_options options;
    struct buf output; /* of the command that runs */
};

/* --- words -----------------------------------------------------------------------------------*/

static void split(char *line, struct command *ret)
{
    char *state;

    ret->n = 0;
    for (char *word = strtok_r(line, " ", &state); word != NULL && ret->n < WORDS_MAX;
         word = strtok_r(NULL, " ", &state))
        ret->words[ret->n++] = word;
}

static const char *word(const struct command *cmd, size_t at)
{
    return at < cmd->n ? cmd->words[at] : "";
}

static uint64_t number(const struct command *cmd, size_t at)
{
    return strtoull(word(cmd, at), NULL, 10);
}

/* The node that word `at` names; 0: none of them. */
static uint64_t node_of(const struct script *s, const struct command *cmd, size_t at)
{
    uint64_t id = number(cmd, at);

    return id <= s->cluster->n ? id : 0;
}

static bool is_up(struct script *s, uint64_t id)
{
    if (id != 0 && s->cluster->nodes[id].raft != NULL)
        return true;
    buf_printf(&s->output, "error: no such node is up\n");
    return false;
}

/* --- commands: setting up --------------------------------------------------------------------*/

static void set_option(struct raft_options *o, const char *name, uint64_t value)
{
    if (strcmp(name, "pre-vote") == 0)
        o->pre_vote = value != 0;
    else if (strcmp(name, "check-quorum") == 0)
        o->check_quorum = value != 0;
    else if (strcmp(name, "heartbeat") == 0)
        o->heartbeat_ticks = (uint32_t)value;
    else if (strcmp(name, "append-entries") == 0)
        o->append_entries_max = value;
    else if (strcmp(name, "inflight") == 0)
        o->inflight_max = value;
    else if (strcmp(name, "cache-bytes") == 0)
        o->cache_bytes_max = value;
    else if (strcmp(name, "uncommitted-bytes") == 0)
        o->uncommitted_bytes_max = value;
    else
        CHECK_THAT(false, "option '%s'", name);
}

/* cluster N [option=value]... */
static void do_cluster(struct script *s, const struct command *cmd)
{
    s->options = cluster_options();
    for (size_t i = 2; i < cmd->n; i++) {
        char name[32];
        ull value;

        CHECK(sscanf(cmd->words[i], "%31[a-z-]=%llu", name, &value) == 2);
        set_option(&s->options, name, value);
    }
    if (s->cluster != NULL)
        cluster_destroy(s->cluster);
    s->cluster = cluster_create(number(cmd, 1), &s->options);
    s->cluster->trace = &s->output;
}

/* log ID TERM... */
static void do_log(struct script *s, const struct command *cmd)
{
    uint64_t terms[WORDS_MAX];

    for (size_t i = 2; i < cmd->n; i++)
        terms[i - 2] = number(cmd, i);
    cluster_set_log(s->cluster, node_of(s, cmd, 1), terms, cmd->n - 2);
}

static void do_term(struct script *s, const struct command *cmd)
{
    cluster_set_term(s->cluster, node_of(s, cmd, 1), number(cmd, 2));
}

static void do_quiet(struct script *s, const struct command *cmd)
{
    s->cluster->quiet = strcmp(word(cmd, 1), "off") != 0;
}

/* --- commands: nodes -------------------------------------------------------------------------*/

/* tick ID|all [N] */
static void do_tick(struct script *s, const struct command *cmd)
{
    uint64_t n = cmd->n > 2 ? number(cmd, 2) : 1;

    if (strcmp(word(cmd, 1), "all") != 0) {
        if (is_up(s, node_of(s, cmd, 1)))
            cluster_tick(s->cluster, node_of(s, cmd, 1), n);
        return;
    }
    for (; n > 0; n--) {
        for (uint64_t id = 1; id <= s->cluster->n; id++)
            cluster_tick(s->cluster, id, 1);
    }
}

static void do_campaign(struct script *s, const struct command *cmd)
{
    if (is_up(s, node_of(s, cmd, 1)))
        cluster_campaign(s->cluster, node_of(s, cmd, 1));
}

/* elect ID: without the words in between */
static void do_elect(struct script *s, const struct command *cmd)
{
    bool quiet = s->cluster->quiet;

    if (!is_up(s, node_of(s, cmd, 1)))
        return;
    s->cluster->quiet = true;
    cluster_elect(s->cluster, node_of(s, cmd, 1));
    cluster_settle(s->cluster);
    s->cluster->quiet = quiet;
}

/* propose ID TEXT...: all of them at once */
static void do_propose(struct script *s, const struct command *cmd)
{
    if (!is_up(s, node_of(s, cmd, 1)))
        return;
    for (size_t i = 2; i < cmd->n; i++)
        cluster_propose(s->cluster, node_of(s, cmd, 1), cmd->words[i]);
    cluster_pump(s->cluster, node_of(s, cmd, 1));
}

/* read ID TOKEN */
static void do_read(struct script *s, const struct command *cmd)
{
    if (!is_up(s, node_of(s, cmd, 1)))
        return;
    if (cluster_read(s->cluster, node_of(s, cmd, 1), number(cmd, 2)) == 0 &&
        !cluster_find_read(s->cluster, number(cmd, 2))->done)
        buf_printf(&s->output, "pending\n");
}

/* disk ID slow|fast */
static void do_disk(struct script *s, const struct command *cmd)
{
    bool slow = strcmp(word(cmd, 2), "slow") == 0;

    if (!is_up(s, node_of(s, cmd, 1)))
        return;
    s->cluster->nodes[node_of(s, cmd, 1)].slow_disk = slow;
    s->cluster->nodes[node_of(s, cmd, 1)].slow_reads = slow;
    cluster_pump(s->cluster, node_of(s, cmd, 1));
}

static void do_sync(struct script *s, const struct command *cmd)
{
    if (is_up(s, node_of(s, cmd, 1)))
        cluster_sync(s->cluster, node_of(s, cmd, 1));
}

static void do_load(struct script *s, const struct command *cmd)
{
    if (is_up(s, node_of(s, cmd, 1)))
        cluster_load(s->cluster, node_of(s, cmd, 1));
}

/* crash ID: what is not synced is gone */
static void do_crash(struct script *s, const struct command *cmd)
{
    if (is_up(s, node_of(s, cmd, 1)))
        cluster_crash(s->cluster, node_of(s, cmd, 1), 0);
}

static void do_restart(struct script *s, const struct command *cmd)
{
    cluster_restart(s->cluster, node_of(s, cmd, 1));
    cluster_pump(s->cluster, node_of(s, cmd, 1));
}

static void do_status(struct script *s, const struct command *cmd)
{
    uint64_t only = node_of(s, cmd, 1);

    for (uint64_t id = 1; id <= s->cluster->n; id++) {
        const struct disk_image *image = &s->cluster->nodes[id].disk.newest;
        struct raft_status status;

        if ((only != 0 && id != only) || s->cluster->nodes[id].raft == NULL)
            continue;
        status = cluster_status(s->cluster, id);
        buf_printf(&s->output, "%llu %s t%llu leader %llu commit %llu durable %llu log", (ull)id,
                   raft_role_name(status.role), (ull)status.term, (ull)status.leader,
                   (ull)status.commit_index, (ull)status.durable_index);
        for (uint64_t i = 1; i <= image->last; i++)
            buf_printf(&s->output, " %llu", (ull)image->log[i].term);
        buf_printf(&s->output, "\n");
    }
}

/* --- commands: the network -------------------------------------------------------------------*/

/* [FROM>TO] [type]; 0 and COUNT stand for any */
struct selection {
    uint64_t from;
    uint64_t to;
    enum raft_message_type type;
};

static struct selection select_messages(const struct command *cmd)
{
    struct selection ret = {.type = RAFT_MESSAGE_TYPE_COUNT};

    for (size_t i = 1; i < cmd->n; i++) {
        ull from;
        ull to;

        if (sscanf(cmd->words[i], "%llu>%llu", &from, &to) == 2) {
            ret.from = from;
            ret.to = to;
            continue;
        }
        for (int type = 0; type < RAFT_MESSAGE_TYPE_COUNT; type++) {
            if (strcmp(cmd->words[i], raft_message_type_name((enum raft_message_type)type)) == 0)
                ret.type = (enum raft_message_type)type;
        }
    }
    return ret;
}

/* The oldest message of the selection, if there is one. */
static void deliver_first(struct cluster *c, struct selection which)
{
    for (size_t at = 0; at < c->net.n; at++) {
        const struct raft_message *m = &c->net.items[at].message;

        if (m->from == which.from && m->to == which.to) {
            cluster_deliver_at(c, at);
            return;
        }
    }
}

/* deliver: until nothing is left. deliver FROM>TO [type], deliver round: what is there now.
 * deliver first FROM>TO: one message. */
static void do_deliver(struct script *s, const struct command *cmd)
{
    struct selection which = select_messages(cmd);

    if (cmd->n == 1)
        cluster_deliver_all(s->cluster);
    else if (strcmp(word(cmd, 1), "first") == 0)
        deliver_first(s->cluster, which);
    else
        cluster_deliver(s->cluster, which.from, which.to, which.type);
}

static void do_drop(struct script *s, const struct command *cmd)
{
    struct selection which = select_messages(cmd);

    cluster_drop(s->cluster, which.from, which.to, which.type);
}

/* repeat: the oldest message is there twice */
static void do_repeat(struct script *s, const struct command *cmd)
{
    (void)cmd;
    if (s->cluster->net.n > 0)
        cluster_repeat_at(s->cluster, 0);
}

static void do_settle(struct script *s, const struct command *cmd)
{
    (void)cmd;
    cluster_settle(s->cluster);
}

/* cut A B, both ways; cut A>B one way */
static void do_cut(struct script *s, const struct command *cmd)
{
    struct selection one_way = select_messages(cmd);

    if (one_way.from != 0)
        s->cluster->cut[one_way.from][one_way.to] = true;
    else
        cluster_cut(s->cluster, node_of(s, cmd, 1), node_of(s, cmd, 2));
}

static void do_isolate(struct script *s, const struct command *cmd)
{
    cluster_isolate(s->cluster, node_of(s, cmd, 1));
}

static void do_heal(struct script *s, const struct command *cmd)
{
    (void)cmd;
    cluster_heal(s->cluster);
}

static const struct {
    const char *name;
    void (*run)(struct script *s, const struct command *cmd);
} commands[] = {
    {"cluster", do_cluster}, {"log", do_log},         {"term", do_term},
    {"quiet", do_quiet},     {"tick", do_tick},       {"campaign", do_campaign},
    {"elect", do_elect},     {"propose", do_propose}, {"read", do_read},
    {"disk", do_disk},       {"sync", do_sync},       {"load", do_load},
    {"crash", do_crash},     {"restart", do_restart}, {"status", do_status},
    {"deliver", do_deliver}, {"drop", do_drop},       {"repeat", do_repeat},
    {"settle", do_settle},   {"cut", do_cut},         {"isolate", do_isolate},
    {"heal", do_heal},
};

static void run_command(struct script *s, const char *line, struct buf *out)
{
    char copy[1024];
    struct command cmd;
    bool known = false;

    snprintf(copy, sizeof copy, "%s", line);
    split(copy, &cmd);
    buf_clear(&s->output);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(word(&cmd, 0), commands[i].name) != 0)
            continue;
        known = true;
        commands[i].run(s, &cmd);
    }
    if (!known)
        buf_printf(&s->output, "error: unknown command '%s'\n", word(&cmd, 0));
    for (size_t at = 0; at < s->output.len;) {
        const char *start = (const char *)s->output.data + at;
        size_t len = (size_t)((const char *)memchr(start, '\n', s->output.len - at) - start);

        buf_printf(out, "= %.*s\n", (int)len, start);
        at += len + 1;
    }
}

/* --- files -----------------------------------------------------------------------------------*/

/* The script with what really happens in place of the lines that start with '='. */
static void replay(char *text, struct buf *out)
{
    struct script s = {0};
    char *state;

    /* strtok_r would swallow empty lines: they separate paragraphs and are kept. */
    for (char *line = text; line != NULL; line = state) {
        state = strchr(line, '\n');
        if (state != NULL)
            *state++ = '\0';
        if (line[0] == '=' || (state == NULL && line[0] == '\0'))
            continue;
        buf_printf(out, "%s\n", line);
        if (line[0] == '>')
            run_command(&s, line + 1, out);
    }
    if (s.cluster != NULL)
        cluster_destroy(s.cluster);
    buf_free(&s.output);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, SCRIPT_BYTES_MAX + 1);
    size_t len;

    CHECK_THAT(file != NULL && text != NULL, "cannot read '%s'", path);
    len = fread(text, 1, SCRIPT_BYTES_MAX, file);
    CHECK_THAT(len < SCRIPT_BYTES_MAX, "'%s' is too long", path);
    fclose(file);
    return text;
}

static void show_difference(const char *path, const char *expected, const char *got)
{
    size_t line = 1;
    const char *a = expected;
    const char *b = got;

    for (; *a != '\0' && *a == *b; a++, b++)
        line += *a == '\n';
    while (a > expected && a[-1] != '\n') {
        a--;
        b--;
    }
    fprintf(stderr, "%s:%zu:\n  expected: %.*s\n  happened: %.*s\n", path, line,
            (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

static bool run_file(const char *path, bool rewrite)
{
    char *expected = read_file(path);
    char *text = strdup(expected);
    struct buf out = {0};
    bool same;

    CHECK(text != NULL);
    replay(text, &out);
    CHECK(buf_append_byte(&out, '\0') == 0);
    same = strcmp(expected, (const char *)out.data) == 0;
    if (!same && !rewrite)
        show_difference(path, expected, (const char *)out.data);
    if (!same && rewrite) {
        FILE *file = fopen(path, "wb");

        CHECK(file != NULL);
        fwrite(out.data, 1, out.len - 1, file);
        CHECK(fclose(file) == 0);
        printf("rewrote %s\n", path);
    }
    buf_free(&out);
    free(text);
    free(expected);
    return same || rewrite;
}

static int is_script(const struct dirent *d)
{
    size_t len = strlen(d->d_name);

    return len > 4 && strcmp(d->d_name + len - 4, ".txt") == 0;
}

static int run_folder(const char *folder, bool rewrite)
{
    struct dirent **names;
    int n = scandir(folder, &names, is_script, alphasort);
    int failed = 0;

    CHECK_THAT(n > 0 && n < SCRIPTS_MAX, "%d scripts in '%s'", n, folder);
    for (int i = 0; i < n; i++) {
        char path[4096];

        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        failed += !run_file(path, rewrite);
        free(names[i]);
    }
    free(names);
    printf("%d scripts, %d failed\n", n, failed);
    return failed;
}

int main(int argc, char **argv)
{
    int first = 1;
    bool rewrite = argc > 1 && strcmp(argv[1], "--rewrite") == 0;
    int failed = 0;

    first += rewrite;
    if (first == argc)
        return run_folder(RIFT_SOURCE_DIR "/tests/scripts", rewrite) > 0;
    for (int i = first; i < argc; i++)
        failed += !run_file(argv[i], rewrite);
    return failed > 0;
}
