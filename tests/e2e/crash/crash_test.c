/* Every acknowledged write survives crashes, exactly once.
 *
 *     crash_test RIFT kill N             kill -9 of a random node N times under load, each second
 *                                        time the leader
 *     crash_test RIFT power N SHIM       N times: kill -9 of all nodes at once, and every byte
 *                                        that was not synced is gone (see power_shim.c)
 *     crash_test RIFT power-nosync N SHIM  the same with syncs left out on purpose: passes when
 *                                        acknowledged writes were lost, as they must be
 *
 * Three real nodes with RocksDB; 32 clerks append distinct elements to many keys. At the end every
 * key is read: an acknowledged element has to be there once, one of unknown outcome at most once,
 * and nothing else may be there. */
#include "base/clock.h"
#include "base/rng.h"
#include "workloads/drive.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum { NODES = 3, CLERKS = 32, KEYS = 64, ELEMENTS_MAX = 1 << 20 };

static const int64_t settle_ns = 60 * NS_PER_S; /* for anything that has to come true */

struct element {
    char key[24];
    char text[32];
    enum op_outcome outcome;
    uint32_t seen;
};

struct world {
    const char *rift;
    const char *shim; /* NULL: no power loss */
    bool nosync;
    char dir[64];
    char cluster_path[96];
    struct cluster *cluster;
    pid_t pids[NODES];
    void *context;
    struct links *links;
    struct workload *workload;
    struct fleet *fleet;
    int64_t start_ns;
    struct rng rng;
    struct element *elements;
    size_t n_elements;
    size_t open_of[CLERKS]; /* the element that a slot's clerk is at */
};

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "crash_test: %s%s%s\n", what, e != NULL ? ": " : "", e != NULL ? e->text : "");
    exit(1);
}

static int64_t now_ns(const struct world *w)
{
    return clock_monotonic_ns() - w->start_ns;
}

/* --- the nodes ------------------------------------------------------------------------------ */

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        die("no free port", NULL);
    close(fd);
    return ntohs(address.sin_port);
}

static void make_cluster(struct world *w)
{
    struct err e;
    char path[160];

    if (cluster_new("crash", NODES, 0, &w->cluster, &e) < 0)
        die("cluster", &e);
    for (size_t i = 0; i < NODES; i++) {
        struct cluster_node *node = &w->cluster->nodes[i];

        node->id = i + 1;
        snprintf(node->peer, sizeof node->peer, "127.0.0.1:%d", free_port());
        snprintf(node->client, sizeof node->client, "127.0.0.1:%d", free_port());
        snprintf(path, sizeof path, "%s/data-%zu", w->dir, i + 1);
        free(node->data);
        node->data = strdup(path);
        mkdir(path, 0755);
        snprintf(path, sizeof path, "%s/shadow-%zu", w->dir, i + 1);
        mkdir(path, 0755);
    }
    if (cluster_save(w->cluster, w->cluster_path, &e) < 0)
        die("cluster file", &e);
}

static void start_node(struct world *w, size_t i)
{
    char id[16], log[160], data[160], shadow[160];
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid < 0)
        die("fork", NULL);
    w->pids[i] = pid;
    if (pid > 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    snprintf(id, sizeof id, "%zu", i + 1);
    snprintf(log, sizeof log, "%s/node-%zu.log", w->dir, i + 1);
    if (freopen(log, "a", stdout) == NULL || dup2(fileno(stdout), 2) < 0)
        _exit(1);
    if (w->shim != NULL) {
        snprintf(data, sizeof data, "%s/data-%zu", w->dir, i + 1);
        snprintf(shadow, sizeof shadow, "%s/shadow-%zu", w->dir, i + 1);
        setenv("POWER_ROOT", data, 1);
        setenv("POWER_SHADOW", shadow, 1);
        setenv("LD_PRELOAD", w->shim, 1);
        if (w->nosync)
            setenv("POWER_NOSYNC", "1", 1);
    }
    execl(w->rift, w->rift, "node", "--cluster", w->cluster_path, "--id", id, (char *)NULL);
    _exit(127);
}

static void kill_node(struct world *w, size_t i)
{
    int status;

    if (waitpid(w->pids[i], &status, WNOHANG) != 0) {
        fprintf(stderr, "crash_test: node %zu died by itself, see %s/node-%zu.log\n", i + 1, w->dir,
                i + 1);
        exit(1);
    }
    kill(w->pids[i], SIGKILL);
    waitpid(w->pids[i], &status, 0);
}

/* The power comes back: what a disk would hold takes the place of the data folders. */
static void lose_unsynced(struct world *w)
{
    char command[512];

    for (size_t i = 1; i <= NODES; i++) {
        snprintf(command, sizeof command, "cd '%s' && rm -rf data-%zu && cp -a shadow-%zu data-%zu",
                 w->dir, i, i, i);
        if (system(command) != 0)
            die("replacing a data folder", NULL);
    }
}

/* --- the load ------------------------------------------------------------------------------- */

static void on_invoked(void *context, int64_t now, uint32_t process, const struct op *op)
{
    struct world *w = context;
    struct element *element = &w->elements[w->n_elements];

    (void)now;
    if (w->n_elements == ELEMENTS_MAX || op->kind != OP_APPEND ||
        op->key.len >= sizeof element->key || op->value.len >= sizeof element->text)
        die("the workload draws what the test does not know", NULL);
    memcpy(element->key, op->key.data, op->key.len);
    memcpy(element->text, op->value.data, op->value.len);
    w->open_of[process % CLERKS] = w->n_elements++;
}

static void on_asked(void *context, int64_t now, uint32_t process, const struct op *op,
                     uint64_t node)
{
    (void)context, (void)now, (void)process, (void)op, (void)node;
}

static void on_completed(void *context, int64_t now, uint32_t process, const struct op *op,
                         const struct clerk_end *end)
{
    struct world *w = context;
    enum op_outcome outcome = end->outcome;

    (void)now, (void)op;
    if (outcome == OUTCOME_OK && end->status != STATUS_OK)
        die("an append was answered with something else than ok", NULL);
    w->elements[w->open_of[process % CLERKS]].outcome = outcome;
}

static void drive_for(struct world *w, int64_t ns)
{
    struct err e;

    if (drive_fleet(w->fleet, w->links, w->start_ns, now_ns(w) + ns, NULL, 0, NULL, &e) < 0)
        die("driving the clerks", &e);
}

static uint64_t acknowledged(const struct world *w)
{
    struct fleet_totals totals;

    fleet_totals(w->fleet, &totals);
    return totals.ok;
}

/* Works until `more` further writes were acknowledged: the cluster is alive. */
static void drive_until_acknowledged(struct world *w, uint64_t more)
{
    uint64_t goal = acknowledged(w) + more;
    int64_t end = now_ns(w) + settle_ns;

    while (acknowledged(w) < goal) {
        if (now_ns(w) > end)
            die("the cluster does not come back after a crash", NULL);
        drive_for(w, 20 * NS_PER_MS);
    }
}

static void start_load(struct world *w)
{
    static const uint64_t ids[NODES] = {1, 2, 3};
    struct workload_options workload = {
        .name = "append", .seed = 1, .clerks = CLERKS, .keys = KEYS, .value_range = 1};
    struct fleet_options fleet = {.clerks = CLERKS, .sites = 1, .seed = 1};
    struct fleet_observer observer = {w, on_invoked, on_asked, on_completed};
    struct err e;

    fleet.clerk = (struct clerk_options){.nodes = ids,
                                         .n_nodes = NODES,
                                         .attempt_timeout_ns = 300 * NS_PER_MS,
                                         .op_timeout_ns = 5 * NS_PER_S,
                                         .backoff_ns = 10 * NS_PER_MS};
    if (workload_create(&workload, &w->workload, &e) < 0)
        die("workload", &e);
    fleet.workload = w->workload;
    if (fleet_create(&fleet, &observer, &w->fleet, &e) < 0)
        die("fleet", &e);
    if (links_create(w->context, w->cluster, &w->links, &e) < 0)
        die("links", &e);
}

/* --- crashes -------------------------------------------------------------------------------- */

static size_t leader_or_random(struct world *w, bool leader)
{
    size_t random = (size_t)rng_below(&w->rng, NODES);
    struct wire_request ask = {.request = UINT64_MAX, .kind = WIRE_REQUEST_STATUS};
    struct wire_reply reply;
    struct err e;
    size_t site;
    uint64_t node;
    int64_t end = now_ns(w) + NS_PER_S;

    if (!leader)
        return random;
    for (uint64_t id = 1; id <= NODES; id++)
        links_send(w->links, 0, id, &ask);
    while (now_ns(w) < end) {
        if (links_wait(w->links, 50, NULL, 0, NULL, &e) < 0)
            die("asking for the leader", &e);
        while (links_next_reply(w->links, &site, &node, &reply)) {
            if (reply.kind == WIRE_REQUEST_STATUS && reply.from_leader)
                return (size_t)reply.node - 1;
            if (reply.kind == WIRE_REQUEST_COMMAND &&
                fleet_reply(w->fleet, now_ns(w), &reply, &e) < 0)
                die("reply", &e);
        }
    }
    return random;
}

static void crash_one(struct world *w, int round)
{
    size_t victim = leader_or_random(w, round % 2 == 0);

    kill_node(w, victim);
    drive_for(w, (int64_t)rng_between(&w->rng, 0, 150) * NS_PER_MS);
    start_node(w, victim);
}

static void crash_all(struct world *w)
{
    for (size_t i = 0; i < NODES; i++)
        kill(w->pids[i], SIGKILL); /* all at once, then reap */
    for (size_t i = 0; i < NODES; i++)
        waitpid(w->pids[i], NULL, 0);
    lose_unsynced(w);
    for (size_t i = 0; i < NODES; i++)
        start_node(w, i);
}

/* --- the reckoning -------------------------------------------------------------------------- */

/* Reads one key through a clerk of its own; the value lives until the next call. */
static struct slice read_key(struct world *w, struct clerk *clerk, const char *key)
{
    struct op op = {.kind = OP_GET, .key = slice_str(key)};
    struct clerk_end end;
    struct clerk_send send;
    struct wire_reply reply;
    struct err e;
    size_t site;
    uint64_t node;

    for (int64_t give_up = now_ns(w) + settle_ns; now_ns(w) < give_up;) {
        if (clerk_idle(clerk) && clerk_begin(clerk, now_ns(w), &op, &e) < 0)
            die("reading back", &e);
        clerk_tick(clerk, now_ns(w));
        while (clerk_next_send(clerk, now_ns(w), &send))
            if (!links_send(w->links, 0, send.node, &send.request))
                clerk_unsent(clerk, now_ns(w));
        if (links_wait(w->links, 10, NULL, 0, NULL, &e) < 0)
            die("reading back", &e);
        while (links_next_reply(w->links, &site, &node, &reply))
            clerk_reply(clerk, now_ns(w), &reply);
        if (clerk_ended(clerk, &end) && end.outcome == OUTCOME_OK)
            return end.status == STATUS_OK ? end.value : slice_of(NULL, 0);
    }
    die("a key cannot be read back", NULL);
    return slice_of(NULL, 0);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct element *)a)->text, ((const struct element *)b)->text);
}

/* Elements begin with 'c' and hold no other: counts each of them in a key's value. The elements
 * are sorted by their text. */
static void count_elements(struct world *w, const char *key, struct slice value)
{
    for (size_t at = 0, len; at < value.len; at += len) {
        struct element wanted = {.seen = 0};
        struct element *found;

        for (len = 1; at + len < value.len && value.data[at + len] != 'c'; len++)
            continue;
        memcpy(wanted.text, value.data + at,
               len < sizeof wanted.text ? len : sizeof wanted.text - 1);
        found = bsearch(&wanted, w->elements, w->n_elements, sizeof wanted, by_text);
        if (found == NULL || strcmp(found->key, key) != 0)
            die("a value holds what nobody wrote there", NULL);
        found->seen++;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The keys that were written to, each once; to be freed. */
static const char **distinct_keys(const struct world *w, size_t *ret_n)
{
    const char **keys = calloc(w->n_elements + 1, sizeof *keys);
    size_t n = 0;

    if (keys == NULL)
        die("out of memory", NULL);
    for (size_t i = 0; i < w->n_elements; i++)
        keys[i] = w->elements[i].key;
    qsort(keys, w->n_elements, sizeof *keys, by_name);
    for (size_t i = 0; i < w->n_elements; i++)
        if (n == 0 || strcmp(keys[n - 1], keys[i]) != 0)
            keys[n++] = keys[i];
    *ret_n = n;
    return keys;
}

static void read_everything(struct world *w)
{
    static const uint64_t ids[NODES] = {1, 2, 3};
    struct clerk_options options = {.nodes = ids,
                                    .n_nodes = NODES,
                                    .attempt_timeout_ns = NS_PER_S,
                                    .op_timeout_ns = 5 * NS_PER_S,
                                    .backoff_ns = 10 * NS_PER_MS,
                                    .seed = 2,
                                    .stream = 1};
    const char **keys;
    size_t n_keys;
    struct clerk *clerk;
    struct err e;

    if (clerk_create(&options, &clerk, &e) < 0)
        die("clerk", &e);
    qsort(w->elements, w->n_elements, sizeof *w->elements, by_text);
    keys = distinct_keys(w, &n_keys);
    for (size_t i = 0; i < n_keys; i++)
        count_elements(w, keys[i], read_key(w, clerk, keys[i]));
    free(keys);
    clerk_destroy(clerk);
}

/* Returns how many acknowledged writes are lost; anything else that is wrong ends the test. */
static uint64_t reckon(struct world *w)
{
    uint64_t ok = 0, unknown = 0, lost = 0;

    for (size_t i = 0; i < w->n_elements; i++) {
        const struct element *element = &w->elements[i];

        if (element->seen > 1)
            die("a write took effect twice", NULL);
        if (element->outcome == OUTCOME_FAIL && element->seen > 0)
            die("a write that was refused took effect", NULL);
        ok += element->outcome == OUTCOME_OK;
        unknown += element->outcome == OUTCOME_INFO;
        lost += element->outcome == OUTCOME_OK && element->seen == 0;
    }
    printf("%llu writes acknowledged, %llu of unknown outcome, %llu acknowledged ones lost\n",
           (unsigned long long)ok, (unsigned long long)unknown, (unsigned long long)lost);
    return lost;
}

static void open_world(struct world *w)
{
    char template[] = "/tmp/rift-crash-XXXXXX";

    if (mkdtemp(template) == NULL)
        die("no temporary folder", NULL);
    snprintf(w->dir, sizeof w->dir, "%s", template);
    snprintf(w->cluster_path, sizeof w->cluster_path, "%s/cluster.json", w->dir);
    w->elements = calloc(ELEMENTS_MAX, sizeof *w->elements);
    w->context = zmq_ctx_new();
    w->start_ns = clock_monotonic_ns();
    w->rng = rng_make((uint64_t)w->start_ns, rng_stream("crash", 0));
    if (w->elements == NULL || w->context == NULL)
        die("out of memory", NULL);
    make_cluster(w);
    for (size_t i = 0; i < NODES; i++)
        start_node(w, i);
    start_load(w);
}

static void close_world(struct world *w, bool keep)
{
    char command[128];

    for (size_t i = 0; i < NODES; i++)
        kill_node(w, i);
    fleet_destroy(w->fleet);
    workload_destroy(w->workload);
    links_destroy(w->links);
    zmq_ctx_term(w->context);
    cluster_free(&w->cluster);
    free(w->elements);
    snprintf(command, sizeof command, "rm -rf '%s'", w->dir);
    if (keep)
        printf("kept: %s\n", w->dir);
    else if (system(command) != 0)
        die("cleaning up", NULL);
}

int main(int argc, char **argv)
{
    struct world w = {0};
    bool power, pass;
    int rounds;
    uint64_t lost;

    if (argc < 4 || (strcmp(argv[2], "kill") != 0 && argc < 5)) {
        fprintf(stderr, "usage: crash_test RIFT kill|power|power-nosync ROUNDS [SHIM]\n");
        return 64;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    w.rift = argv[1];
    power = strcmp(argv[2], "kill") != 0;
    w.nosync = strcmp(argv[2], "power-nosync") == 0;
    rounds = atoi(argv[3]);
    w.shim = power ? argv[4] : NULL;
    open_world(&w);
    for (int round = 0; round < rounds; round++) {
        drive_until_acknowledged(&w, 20 + rng_below(&w.rng, 200));
        if (power)
            crash_all(&w);
        else
            crash_one(&w, round);
    }
    if (!w.nosync)
        drive_until_acknowledged(&w, 20);
    fleet_stop(w.fleet);
    drive_for(&w, 6 * NS_PER_S);
    read_everything(&w);
    lost = reckon(&w);
    pass = w.nosync ? lost > 0 : lost == 0;
    close_world(&w, !pass);
    printf("%s: %d crashes\n", pass ? "pass" : "FAIL", rounds);
    return pass ? 0 : 1;
}
