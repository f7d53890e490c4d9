/* The nemesis process end to end. */
#include "proxy_world.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct wire_link_rule nothing;
static const struct wire_end site_1 = {true, 1};
static const struct wire_end node_1 = {false, 1};

/* What the nemesis has read counts; so waiting for a count stands in for waiting for time. */
#define AWAIT_COUNT(w, counter, wanted)                                                            \
    do {                                                                                           \
        int64_t deadline_ns = clock_monotonic_ns() + WAIT_MS * NS_PER_MS;                          \
                                                                                                   \
        while (world_counters(w).counter < (wanted))                                               \
            REQUIRE(clock_monotonic_ns() < deadline_ns);                                           \
        REQUIRE(world_counters(w).counter == (wanted));                                            \
    } while (0)

static void passes_messages_both_ways_and_counts_them(struct world *w)
{
    struct wire_nemesis_counters before = world_counters(w);

    send_text(w->push[1][2], "from 1 to 2");
    send_text(w->push[2][1], "from 2 to 1");
    send_text(w->dealer[1], "request");
    expect_text(w->pull[2], "from 1 to 2");
    expect_text(w->pull[1], "from 2 to 1");
    expect_text(w->at_node[1], "request");
    send_text(w->at_node[1], "reply");
    expect_text(w->dealer[1], "reply");
    REQUIRE(world_counters(w).passed == before.passed + 4);
}

static void a_cut_is_one_way_and_heals(struct world *w)
{
    uint64_t before = world_counters(w).cut;

    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.cut = true});
    send_text(w->push[1][2], "lost");
    send_text(w->push[2][1], "heard");
    send_text(w->push[1][3], "elsewhere");
    expect_text(w->pull[1], "heard");
    expect_text(w->pull[3], "elsewhere");
    AWAIT_COUNT(w, cut, before + 1);
    world_command(w, (struct wire_nemesis_command){.kind = WIRE_NEMESIS_HEAL});
    send_text(w->push[1][2], "after");
    expect_text(w->pull[2], "after");
}

static void clerks_are_cut_from_nodes_in_either_direction(struct world *w)
{
    uint64_t before = world_counters(w).cut;

    world_rule(w, node_1, site_1, (struct wire_link_rule){.cut = true});
    send_text(w->dealer[1], "request");
    expect_text(w->at_node[1], "request");
    send_text(w->at_node[1], "lost reply");
    AWAIT_COUNT(w, cut, before + 1);
    world_rule(w, node_1, site_1, nothing);
    world_rule(w, site_1, node_1, (struct wire_link_rule){.cut = true});
    send_text(w->dealer[1], "lost request");
    AWAIT_COUNT(w, cut, before + 2);
    world_rule(w, site_1, node_1, nothing);
    send_text(w->dealer[1], "again");
    expect_text(w->at_node[1], "again");
    send_text(w->at_node[1], "reply");
    expect_text(w->dealer[1], "reply");
}

static void drops_and_duplicates(struct world *w)
{
    uint64_t before = world_counters(w).dropped;

    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.drop_ppm = 1000000});
    send_text(w->push[1][2], "dropped");
    AWAIT_COUNT(w, dropped, before + 1);
    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.duplicate_ppm = 1000000});
    send_text(w->push[1][2], "twice");
    expect_text(w->pull[2], "twice");
    expect_text(w->pull[2], "twice");
    world_rule_nodes(w, 1, 2, nothing);
    send_text(w->push[1][2], "once");
    expect_text(w->pull[2], "once");
}

static void a_delay_is_at_least_as_long_as_it_says(struct world *w)
{
    int64_t start_ns;

    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.delay_ms = 100});
    start_ns = clock_monotonic_ns();
    send_text(w->push[1][2], "late");
    expect_text(w->pull[2], "late");
    REQUIRE(clock_monotonic_ns() - start_ns >= 100 * NS_PER_MS);
    world_rule_nodes(w, 1, 2, nothing);
}

/* On a busy machine the second of a pair may come too late to pass the first; not every time. */
static void reorder_changes_the_order(struct world *w)
{
    char first[16];
    int tries = 0;

    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.reorder_ppm = 1000000});
    do {
        char second[16];

        REQUIRE(tries++ < 100);
        send_text(w->push[1][2], "a");
        send_text(w->push[1][2], "b");
        REQUIRE(next_text(w->pull[2], first, sizeof first, WAIT_MS));
        REQUIRE(next_text(w->pull[2], second, sizeof second, WAIT_MS));
        REQUIRE(strcmp(first, second) != 0);
    } while (strcmp(first, "b") != 0);
    world_rule_nodes(w, 1, 2, nothing);
}

static void send_peer(struct world *w, enum raft_message_type type)
{
    const struct raft_message m = {.type = type, .from = 1, .to = 2, .term = 1};
    struct buf bytes = {0};

    REQUIRE(wire_encode_peer(w->cluster->key, &m, &bytes) == 0);
    send_bytes(w->push[1][2], bytes.data, bytes.len);
    buf_free(&bytes);
}

static void only_appends_are_cut_by_a_rule_for_appends(struct world *w)
{
    uint64_t before = world_counters(w).cut;
    char bytes[256];
    int len;
    enum raft_message_type type;

    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.cut = true, .types = 1u << RAFT_APPEND});
    send_peer(w, RAFT_APPEND);
    send_peer(w, RAFT_HEARTBEAT);
    len = zmq_recv(w->pull[2], bytes, sizeof bytes, 0);
    REQUIRE(len > 0 && wire_peek_peer_type(slice_of(bytes, (size_t)len), &type) == 0);
    REQUIRE(type == RAFT_HEARTBEAT);
    REQUIRE(world_counters(w).cut == before + 1);
    world_rule_nodes(w, 1, 2, nothing);
}

static void garbage_on_links_passes_unharmed(struct world *w)
{
    const size_t size = 1 << 20;
    char *big = malloc(size);
    zmq_msg_t got;

    memset(big, 0xc1, size);
    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.cut = true, .types = 1u << RAFT_APPEND});
    send_bytes(w->push[1][2], big, size);
    zmq_msg_init(&got);
    REQUIRE(zmq_msg_recv(&got, w->pull[2], 0) == (int)size);
    REQUIRE(memcmp(zmq_msg_data(&got), big, size) == 0);
    zmq_msg_close(&got);
    send_text(w->push[1][2], "");
    expect_text(w->pull[2], "");
    REQUIRE(zmq_send(w->push[1][2], "of two", 6, ZMQ_SNDMORE) == 6);
    send_text(w->push[1][2], "parts");
    expect_text(w->pull[2], "of two");
    expect_text(w->pull[2], "parts");
    world_rule_nodes(w, 1, 2, nothing);
    free(big);
}

static void a_frame_that_is_too_long_breaks_its_connection_only(struct world *w)
{
    const size_t size = (size_t)WIRE_MESSAGE_BYTES_MAX + 1;
    char *huge = calloc(1, size);
    char text[16] = "";

    send_bytes(w->push[3][1], huge, size);
    while (strcmp(text, "back") != 0) {
        zmq_send(w->push[3][1], "back", 4, ZMQ_DONTWAIT);
        next_text(w->pull[1], text, sizeof text, 20);
    }
    free(huge);
}

static void expect_refusal(struct world *w, struct wire_nemesis_command m, const char *reason)
{
    struct wire_nemesis_reply reply;
    struct err e = {0};

    REQUIRE(nemesis_remote_call(w->remote, &m, WAIT_MS, &reply, &e) == -E_IO);
    if (strcmp(e.text, reason) != 0)
        fprintf(stderr, "'%s', not '%s'\n", e.text, reason);
    REQUIRE(strcmp(e.text, reason) == 0);
}

static void rules_for_links_without_a_proxy_are_refused_as_a_whole(struct world *w)
{
    const struct wire_nemesis_link links[] = {
        {.link = {{false, 1}, {false, 2}}, .rule = {.cut = true}},
        {.link = {{false, 1}, {false, 9}}, .rule = {.cut = true}},
    };

    expect_refusal(
        w, (struct wire_nemesis_command){.kind = WIRE_NEMESIS_RULES, .links = links, .n_links = 2},
        "nemesis: no proxy on the link from node 1 to node 9");
    send_text(w->push[1][2], "still here");
    expect_text(w->pull[2], "still here");
}

static void signal_process(struct world *w, pid_t pid, int number)
{
    world_command(w, (struct wire_nemesis_command){
                         .kind = WIRE_NEMESIS_SIGNAL, .node = 1, .pid = pid, .signal = number});
}

static void stops_continues_and_kills_a_process(struct world *w)
{
    pid_t pid;
    int status;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    signal_process(w, pid, SIGSTOP);
    REQUIRE(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    signal_process(w, pid, SIGCONT);
    REQUIRE(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
    signal_process(w, pid, SIGKILL);
    REQUIRE(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
}

static void signals_nobody_but_nodes(struct world *w)
{
    struct wire_nemesis_command m = {
        .kind = WIRE_NEMESIS_SIGNAL, .node = 1, .pid = 1, .signal = SIGCONT};

    expect_refusal(w, m, "nemesis: signal: process 1 cannot be a node");
    m.pid = -1;
    expect_refusal(w, m, "nemesis: signal: process -1 cannot be a node");
    m.pid = 0;
    expect_refusal(w, m, "nemesis: signal: process 0 cannot be a node");
    m.pid = 4000000;
    m.node = 8;
    expect_refusal(w, m, "nemesis: signal: no node 8");
    m.node = 1;
    m.signal = SIGHUP;
    expect_refusal(w, m, "nemesis: signal: 1 is none of KILL, STOP, CONT, TERM");
}

static void reset_node(struct world *w, uint64_t node)
{
    world_command(w, (struct wire_nemesis_command){.kind = WIRE_NEMESIS_RESET, .node = node});
}

static void holds_a_bounded_number_of_messages_and_reset_drops_them(struct world *w)
{
    struct wire_nemesis_counters before = world_counters(w);

    world_rule_nodes(w, 1, 2, (struct wire_link_rule){.delay_ms = 600000});
    for (int i = 0; i < NEMESIS_LINK_QUEUE_MAX + 100; i++)
        send_text(w->push[1][2], "held");
    AWAIT_COUNT(w, overflow, before.overflow + 100);
    reset_node(w, 2);
    AWAIT_COUNT(w, reset, before.reset + NEMESIS_LINK_QUEUE_MAX);
    world_rule_nodes(w, 1, 2, nothing);
}

/* Messages to a dead node are wherever they can be when the links are reset: held by the proxy, in
 * its sockets, and in the sender's. The first that the new process hears is one sent after. */
static void nothing_sent_to_a_dead_node_reaches_its_successor(struct world *w)
{
    const char *address = cluster_find_node(w->cluster, 2)->peer;

    for (int round = 0; round < 20; round++) {
        char text[16] = "";

        world_rule_nodes(w, 3, 2, (struct wire_link_rule){.delay_ms = 20});
        for (int i = 0; i < 50; i++) {
            zmq_send(w->push[1][2], "old", 3, ZMQ_DONTWAIT);
            zmq_send(w->push[3][2], "old", 3, ZMQ_DONTWAIT);
        }
        zmq_close(w->pull[2]);
        for (int i = 0; i < 500; i++)
            zmq_send(w->push[1][2], "old", 3, ZMQ_DONTWAIT);
        reset_node(w, 2);
        w->pull[2] = world_socket(w, ZMQ_PULL, address, true);
        while (strcmp(text, "new") != 0) {
            zmq_send(w->push[1][2], "new", 3, ZMQ_DONTWAIT);
            if (next_text(w->pull[2], text, sizeof text, 5))
                REQUIRE(strcmp(text, "new") == 0);
        }
        world_rule_nodes(w, 3, 2, nothing);
    }
}

/* --- tests that need a nemesis of their own ------------------------------------------------- */

struct raw {
    struct cluster *cluster;
    pid_t nemesis;
    void *context;
    void *control;
};

static void open_raw(struct raw *r)
{
    char address[64];
    size_t size = sizeof address;
    int pipe;

    r->cluster = world_cluster();
    r->nemesis = world_fork(r->cluster, &pipe);
    r->context = zmq_ctx_new();
    r->control = zmq_socket(r->context, ZMQ_PAIR);
    REQUIRE(zmq_bind(r->control, "tcp://127.0.0.1:*") == 0);
    REQUIRE(zmq_getsockopt(r->control, ZMQ_LAST_ENDPOINT, address, &size) == 0);
    world_tell(pipe, address);
}

static void expect_answer(void *control, bool ok, uint64_t request)
{
    struct wire_nemesis_reply reply;
    zmq_msg_t message;

    zmq_msg_init(&message);
    REQUIRE(zmq_msg_recv(&message, control, 0) >= 0);
    REQUIRE(wire_decode_nemesis_reply(slice_of(zmq_msg_data(&message), zmq_msg_size(&message)),
                                      &reply, NULL) == 0);
    REQUIRE(reply.ok == ok && reply.request == request && (ok || reply.reason.len > 0));
    zmq_msg_close(&message);
}

static void garbage_on_the_control_socket_is_answered(void)
{
    const struct wire_nemesis_command m = {.request = 5, .kind = WIRE_NEMESIS_COUNTERS};
    struct buf bytes = {0};
    struct raw r;

    open_raw(&r);
    REQUIRE(wire_encode_nemesis_command(&m, &bytes) == 0);
    send_text(r.control, "");
    send_text(r.control, "garbage");
    send_bytes(r.control, "\xdd\xff\xff\xff\xff", 5);
    send_bytes(r.control, bytes.data, bytes.len - 1);
    for (int i = 0; i < 4; i++)
        expect_answer(r.control, false, 0);
    send_bytes(r.control, bytes.data, bytes.len);
    expect_answer(r.control, true, 5);
    zmq_close(r.control);
    zmq_ctx_term(r.context);
    REQUIRE(world_reap(r.nemesis) == 0); /* it ends when the harness is gone */
    buf_free(&bytes);
    cluster_free(&r.cluster);
}

static void an_address_in_use_is_said(void)
{
    struct cluster *c = world_cluster();
    const struct nemesis_options o = {.cluster = c, .control = "tcp://127.0.0.1:1", .seed = 1};
    void *context;
    void *taken;
    char url[CLUSTER_ADDRESS_MAX + 8];
    struct err e = {0};

    snprintf(url, sizeof url, "tcp://%s", c->nodes[1].dial[0].address);
    context = zmq_ctx_new();
    taken = zmq_socket(context, ZMQ_PULL);
    REQUIRE(zmq_bind(taken, url) == 0);
    REQUIRE(nemesis_main(&o, &e) == -E_EXISTS);
    REQUIRE(strstr(e.text, c->nodes[1].dial[0].address) != NULL);
    zmq_close(taken);
    zmq_ctx_term(context);
    cluster_free(&c);
}

static void a_nemesis_that_does_not_answer_is_a_timeout(void)
{
    void *context = zmq_ctx_new();
    struct nemesis_remote *remote = NULL;
    struct wire_nemesis_command m = {.kind = WIRE_NEMESIS_COUNTERS};
    struct wire_nemesis_reply reply;
    const char *address;

    REQUIRE(nemesis_remote_create(context, &remote, &address, NULL) == 0);
    REQUIRE(nemesis_remote_call(remote, &m, 10, &reply, NULL) == -E_TIMEOUT);
    nemesis_remote_destroy(remote);
    zmq_ctx_term(context);
}

#define RUN(test, ...)                                                                             \
    do {                                                                                           \
        printf("%s\n", #test);                                                                     \
        test(__VA_ARGS__);                                                                         \
    } while (0)

int main(void)
{
    struct world w;

    RUN(garbage_on_the_control_socket_is_answered);
    RUN(an_address_in_use_is_said);
    RUN(a_nemesis_that_does_not_answer_is_a_timeout);
    world_open(&w);
    RUN(passes_messages_both_ways_and_counts_them, &w);
    RUN(a_cut_is_one_way_and_heals, &w);
    RUN(clerks_are_cut_from_nodes_in_either_direction, &w);
    RUN(drops_and_duplicates, &w);
    RUN(a_delay_is_at_least_as_long_as_it_says, &w);
    RUN(reorder_changes_the_order, &w);
    RUN(only_appends_are_cut_by_a_rule_for_appends, &w);
    RUN(garbage_on_links_passes_unharmed, &w);
    RUN(rules_for_links_without_a_proxy_are_refused_as_a_whole, &w);
    RUN(stops_continues_and_kills_a_process, &w);
    RUN(signals_nobody_but_nodes, &w);
    RUN(nothing_sent_to_a_dead_node_reaches_its_successor, &w);
    RUN(holds_a_bounded_number_of_messages_and_reset_drops_them, &w);
    RUN(a_frame_that_is_too_long_breaks_its_connection_only, &w);
    world_close(&w);
    return 0;
}
