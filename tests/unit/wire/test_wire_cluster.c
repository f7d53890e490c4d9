#include "wire/cluster.h"

#include "base/buf.h"
#include "base/hash.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char good[] = "{\n"
                           "  \"cluster\": \"demo\",\n"
                           "  \"families\": [\"users\", \"a-b_1\"],\n"
                           "  \"nodes\": [\n"
                           "    { \"id\": 1, \"peer\": \"127.0.0.1:7001\",\n"
                           "      \"client\": \"localhost:7101\", \"data\": \"data/1\",\n"
                           "      \"dial\": { \"2\": \"[::1]:9012\" } },\n"
                           "    { \"id\": 2, \"peer\": \"127.0.0.1:7002\",\n"
                           "      \"client\": \"127.0.0.1:7102\", \"data\": \"/var/2\" }\n"
                           "  ],\n"
                           "  \"sites\": [ { \"id\": 7, \"dial\": { \"1\": \"h:9901\" } } ]\n"
                           "}\n";

static struct cluster *parse(const char *text)
{
    struct cluster *c = NULL;
    struct err e = {0};

    cr_assert(cluster_parse("c.json", text, strlen(text), &c, &e) == 0, "%s", e.text);
    return c;
}

static void expect_good(const struct cluster *c, const char *data_1)
{
    cr_assert_str_eq(c->name, "demo");
    cr_assert(c->key == hash_bytes("demo", 4, 0));
    cr_assert(c->n_families == 2 && c->n_nodes == 2 && c->n_sites == 1);
    cr_assert_str_eq(c->families[0], "users");
    cr_assert_str_eq(c->families[1], "a-b_1");
    cr_assert(c->nodes[0].id == 1 && c->nodes[1].id == 2 && c->sites[0].id == 7);
    cr_assert_str_eq(c->nodes[0].peer, "127.0.0.1:7001");
    cr_assert_str_eq(c->nodes[0].client, "localhost:7101");
    cr_assert_str_eq(c->nodes[0].data, data_1);
    cr_assert_str_eq(c->nodes[1].data, "/var/2");
    cr_assert(c->nodes[0].n_dial == 1 && c->nodes[1].n_dial == 0 && c->sites[0].n_dial == 1);
}

Test(cluster, everything_in_the_file_is_taken)
{
    struct cluster *c = parse(good);

    expect_good(c, "data/1");
    cluster_free(&c);
    cr_assert(c == NULL);
}

Test(cluster, addresses_go_through_the_proxy_where_one_is_named)
{
    struct cluster *c = parse(good);
    const struct cluster_site *site = cluster_find_site(c, 7);

    cr_assert_str_eq(cluster_peer_address(c, cluster_find_node(c, 1), 2), "[::1]:9012");
    cr_assert_str_eq(cluster_peer_address(c, cluster_find_node(c, 2), 1), "127.0.0.1:7001");
    cr_assert(cluster_peer_address(c, cluster_find_node(c, 2), 3) == NULL);
    cr_assert_str_eq(cluster_client_address(c, site, 1), "h:9901");
    cr_assert_str_eq(cluster_client_address(c, site, 2), "127.0.0.1:7102");
    cr_assert_str_eq(cluster_client_address(c, NULL, 1), "localhost:7101");
    cr_assert(cluster_client_address(c, site, 3) == NULL);
    cr_assert(cluster_find_site(c, 1) == NULL);
    cluster_free(&c);
}

/* Each row is the good file with one text put in the place of another (the first), and what is
 * said about it. */
static const struct {
    const char *instead_of;
    const char *put;
    const char *said;
} mistakes[] = {
    {"\"cluster\": \"demo\",", "", "c.json:1: cluster: missing; expected the cluster's name"},
    {"\"demo\"", "17", "c.json:2: cluster: expected the cluster's name"},
    {"\"demo\"", "\"\"", "c.json:2: cluster: expected the cluster's name"},
    {"\"cluster\"", "\"cloister\"", "c.json:2: cloister: unknown field"},
    {"\"id\": 1, ", "",
     "c.json:5: nodes[0].id: missing; expected a whole number from 1 to "
     "4294967295"},
    {"\"id\": 1,", "\"id\": \"1\",",
     "c.json:5: nodes[0].id: expected a whole number from 1 to "
     "4294967295"},
    {"\"id\": 1,", "\"id\": 0,",
     "c.json:5: nodes[0].id: expected a whole number from 1 to "
     "4294967295"},
    {"\"id\": 1,", "\"id\": 4294967296,",
     "c.json:5: nodes[0].id: expected a whole number from 1 "
     "to 4294967295"},
    {"\"id\": 1,", "\"id\": 1.5,",
     "c.json:5: nodes[0].id: expected a whole number from 1 to "
     "4294967295"},
    {"\"id\": 2,", "\"id\": 1,", "c.json:8: nodes[1].id: 1 is the id of nodes[0] already"},
    {"\"peer\": \"127.0.0.1:7002\",", "", "c.json:8: nodes[1].peer: missing; expected host:port"},
    {"127.0.0.1:7002", "127.0.0.1", "c.json:8: nodes[1].peer: expected host:port"},
    {"127.0.0.1:7002", ":7002", "c.json:8: nodes[1].peer: expected host:port"},
    {"127.0.0.1:7002", "tcp://127.0.0.1:7002", "c.json:8: nodes[1].peer: expected host:port"},
    {"127.0.0.1:7002", "::1:7002", "c.json:8: nodes[1].peer: expected host:port"},
    {"127.0.0.1:7102", "127.0.0.1:0",
     "c.json:9: nodes[1].client: expected host:port with a port "
     "from 1 to 65535"},
    {"127.0.0.1:7102", "127.0.0.1:65536",
     "c.json:9: nodes[1].client: expected host:port with a "
     "port from 1 to 65535"},
    {"127.0.0.1:7102", "127.0.0.1:+1",
     "c.json:9: nodes[1].client: expected host:port with a port "
     "from 1 to 65535"},
    {"127.0.0.1:7102", "127.0.0.1:71 2",
     "c.json:9: nodes[1].client: expected host:port with a "
     "port from 1 to 65535"},
    {"\"127.0.0.1:7102\"", "null", "c.json:9: nodes[1].client: expected host:port"},
    {"127.0.0.1:7102", "127.0.0.1:7002",
     "c.json:9: nodes[1].client: 127.0.0.1:7002 is "
     "nodes[1].peer already"},
    {"127.0.0.1:7002", "127.0.0.1:7001",
     "c.json:8: nodes[1].peer: 127.0.0.1:7001 is "
     "nodes[0].peer already"},
    {"127.0.0.1:7102", "localhost:7101",
     "c.json:9: nodes[1].client: localhost:7101 is "
     "nodes[0].client already"},
    {", \"data\": \"/var/2\"", "", "c.json:8: nodes[1].data: missing; expected a folder"},
    {"\"/var/2\"", "[]", "c.json:9: nodes[1].data: expected a folder"},
    {"\"/var/2\"", "\"data/1\"", "c.json:9: nodes[1].data: 'data/1' is nodes[0].data already"},
    {"\"/var/2\"", "\"/var/2\", \"dada\": 1", "c.json:9: nodes[1].dada: unknown field"},
    {"{ \"2\": \"[::1]:9012\" }", "[]",
     "c.json:7: nodes[0].dial: expected an object of node ids "
     "and host:port"},
    {"\"2\": \"[::1]", "\"3\": \"[::1]", "c.json:7: nodes[0].dial.3: there is no node 3"},
    {"\"2\": \"[::1]", "\"1\": \"[::1]", "c.json:7: nodes[0].dial.1: a node does not dial itself"},
    {"\"2\": \"[::1]", "\"two\": \"[::1]",
     "c.json:7: nodes[0].dial.two: expected the id of a "
     "node"},
    {"\"2\": \"[::1]", "\"02\": \"[::1]", "c.json:7: nodes[0].dial.02: expected the id of a node"},
    {"[::1]:9012", "[::1]", "c.json:7: nodes[0].dial.2: expected host:port"},
    {"{ \"id\": 7, ", "{ ",
     "c.json:11: sites[0].id: missing; expected a whole number from 1 to "
     "4294967295"},
    {"h:9901", "h:", "c.json:11: sites[0].dial.1: expected host:port with a port from 1 to 65535"},
    {"\"1\": \"h:9901\"", "\"9\": \"h:9901\"", "c.json:11: sites[0].dial.9: there is no node 9"},
    {"\"id\": 7, ", "\"id\": 7, \"at\": 1, ", "c.json:11: sites[0].at: unknown field"},
    {"{ \"id\": 7, ", "{ \"id\": 7 }, { \"id\": 7, ",
     "c.json:11: sites[1].id: 7 is the id of "
     "sites[0] already"},
    {"\"sites\": [", "\"sites\": [ 5, ", "c.json:11: sites[0]: expected an object"},
    {"[\"users\", \"a-b_1\"]", "\"users\"", "c.json:3: families: expected an array of names"},
    {"\"users\"", "7", "c.json:3: families[0]: expected the name of a family"},
    {"\"users\"", "\"us ers\"",
     "c.json:3: families[0]: expected 1 to 64 letters, digits, '-' or "
     "'_'"},
    {"\"users\"", "\"default\"", "c.json:3: families[0]: 'default' is there in any case"},
    {"\"users\"", "\"sessions\"", "c.json:3: families[0]: 'sessions' is there in any case"},
    {"\"users\"", "\"a-b_1\"", "c.json:3: families[1]: 'a-b_1' is families[0] already"},
    {"\"demo\",", "\"demo\", \"nodes\": 1,", "c.json:4: duplicate object key near '\"nodes\"'"},
    {"\"demo\",", "\"demo\"", "c.json:3: '}' expected near '\"families\"'"},
};

/* `good` with the first `instead_of` replaced. */
static char *damaged(const char *instead_of, const char *put)
{
    const char *at = strstr(good, instead_of);
    char *text;

    cr_assert(at != NULL, "'%s' is not in the good file", instead_of);
    cr_assert(asprintf(&text, "%.*s%s%s", (int)(at - good), good, put, at + strlen(instead_of)) >
              0);
    return text;
}

Test(cluster, each_mistake_is_named_with_its_line)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        char *text = damaged(mistakes[i].instead_of, mistakes[i].put);
        struct cluster *c = NULL;
        struct err e = {0};

        cr_expect(cluster_parse("c.json", text, strlen(text), &c, &e) == -E_PARSE, "row %zu", i);
        cr_expect_str_eq(e.text, mistakes[i].said, "row %zu: %s\n   expected: %s", i, e.text,
                         mistakes[i].said);
        cluster_free(&c);
        free(text);
    }
}

static const struct {
    const char *text;
    const char *said;
} wholes[] = {
    {"", "c.json:1: '[' or '{' expected near end of file"},
    {"[]", "c.json:1: expected an object"},
    {"\n{\"cluster\": \"c\"}", "c.json:2: nodes: missing; expected an array of nodes"},
    {"{\"cluster\": \"c\",\n\"nodes\": []}", "c.json:2: nodes: expected at least one node"},
    {"{\"cluster\": \"c\",\n\"nodes\": {}}", "c.json:2: nodes: expected an array of nodes"},
    {"{\"cluster\": \"c\", \"nodes\": [\n\n1]}", "c.json:3: nodes[0]: expected an object"},
};

Test(cluster, files_that_are_wrong_as_a_whole)
{
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
        struct cluster *c = NULL;
        struct err e = {0};

        cr_expect(cluster_parse("c.json", wholes[i].text, strlen(wholes[i].text), &c, &e) ==
                  -E_PARSE);
        cr_expect_str_eq(e.text, wholes[i].said, "row %zu: %s", i, e.text);
    }
}

Test(cluster, a_file_cut_anywhere_is_refused_with_a_line)
{
    for (size_t len = 0; len + 2 < sizeof good; len++) {
        struct cluster *c = NULL;
        struct err e = {0};

        cr_assert(cluster_parse("c.json", good, len, &c, &e) == -E_PARSE, "cut at %zu", len);
        cr_assert(strncmp(e.text, "c.json:", 7) == 0 && e.text[7] >= '1' && e.text[7] <= '9', "%s",
                  e.text);
    }
}

static void expect_too_many(const char *field, const char *element, int n, const char *said)
{
    struct cluster *c = NULL;
    struct buf text = {0};
    struct err e = {0};

    buf_printf(&text, "{\"cluster\": \"c\", \"%s\": [", field);
    for (int i = 0; i < n; i++)
        buf_printf(&text, "%s%s", i == 0 ? "" : ",", element);
    buf_printf(&text, "]%s}", strcmp(field, "nodes") == 0 ? "" : ", \"nodes\": [{}]");
    cr_assert(cluster_parse("c.json", (char *)text.data, text.len, &c, &e) == -E_PARSE);
    cr_assert_str_eq(e.text, said);
    buf_free(&text);
}

Test(cluster, there_is_a_most_of_everything)
{
    static char large[CLUSTER_FILE_BYTES_MAX + 1];
    struct cluster *c = NULL;
    struct err e = {0};

    expect_too_many("nodes", "{}", 64, "c.json:1: nodes: 64 nodes, at most 63");
    expect_too_many("sites", "{}", 64, "c.json:1: sites: 64 sites, at most 63");
    expect_too_many("families", "\"f\"", 15, "c.json:1: families: 15 names, at most 14");
    memset(large, ' ', sizeof large);
    cr_assert(cluster_parse("c.json", large, sizeof large, &c, &e) == -E_LIMIT);
    cr_assert_str_eq(e.text, "c.json: larger than 1048576 bytes");
    cr_assert(cluster_new("", 1, 1, &c, &e) == -E_INVAL);
    cr_assert(cluster_new("c", CLUSTER_NODES_MAX + 1, 1, &c, &e) == -E_INVAL);
}

/* --- files -------------------------------------------------------------------------------- */

static char folder[] = "/tmp/rift-test-cluster-XXXXXX";
static char path[sizeof folder + 32];

static void make_folder(void)
{
    cr_assert(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/cluster.json", folder);
}

static void remove_folder(void)
{
    unlink(path);
    rmdir(folder);
}

TestSuite(cluster_file, .init = make_folder, .fini = remove_folder);

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    cr_assert(file != NULL);
    fputs(text, file);
    fclose(file);
}

Test(cluster_file, relative_data_is_beside_the_file)
{
    struct cluster *c = NULL;
    char data[sizeof folder + 32];
    struct err e = {0};

    write_file(good);
    cr_assert(cluster_load(path, &c, &e) == 0, "%s", e.text);
    snprintf(data, sizeof data, "%s/data/1", folder);
    expect_good(c, data);
    cluster_free(&c);
}

Test(cluster_file, what_is_saved_loads_as_it_was)
{
    struct cluster *c = parse(good);
    struct cluster *back = NULL;
    struct err e = {0};
    char here[512];
    char *data;

    cr_assert(cluster_save(c, path, &e) == 0, "%s", e.text);
    cluster_free(&c);
    cr_assert(cluster_load(path, &back, &e) == 0, "%s", e.text);
    cr_assert(getcwd(here, sizeof here) != NULL);
    cr_assert(asprintf(&data, "%s/data/1", here) > 0);
    expect_good(back, data);
    cr_assert_str_eq(cluster_client_address(back, &back->sites[0], 1), "h:9901");
    free(data);
    cluster_free(&back);
}

Test(cluster_file, files_that_cannot_be_had)
{
    struct cluster *c = parse(good);
    struct err e = {0};

    cr_assert(cluster_load("/nonexistent/cluster.json", &c, &e) == -E_NOT_FOUND);
    cr_assert_str_eq(e.text, "/nonexistent/cluster.json: No such file or directory");
    cr_assert(cluster_load(folder, &c, &e) == -E_IO);
    cr_assert(cluster_save(c, "/nonexistent/cluster.json", &e) == -E_NOT_FOUND);
    write_file("{\n\n");
    cluster_free(&c);
    cr_assert(cluster_load(path, &c, &e) == -E_PARSE);
    cr_assert(strstr(e.text, "/cluster.json:3: ") != NULL, "%s", e.text);
}
