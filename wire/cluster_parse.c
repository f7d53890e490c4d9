#include "wire/cluster.h"

#include "base/json_line.h"
#include "base/op.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The cluster file is written by people: whatever is wrong in it is said with its line, with the
 * path of the value, and with what was expected there. */

enum { PATH_MAX_BYTES = 160, SHOWN_MAX = 64 };

#define ID_MAX UINT32_MAX

struct parse {
    const char *name; /* of the file */
    struct slice text;
    struct err *e;
};

struct path {
    char text[PATH_MAX_BYTES];
};

static struct path path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct path path_of(const char *format, ...)
{
    struct path path;
    va_list args;

    va_start(args, format);
    vsnprintf(path.text, sizeof path.text, format, args);
    va_end(args);
    return path;
}

/* `cluster.json:12: nodes[2].peer: expected host:port` */
static int mistake(const struct parse *p, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int mistake(const struct parse *p, const char *path, const char *format, ...)
{
    char reason[ERR_TEXT_MAX / 2];
    size_t line = json_line_of(p->text, path);
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return err_set(p->e, -E_PARSE, "%s:%zu: %s%s%s", p->name, line, path,
                   path[0] == '\0' ? "" : ": ", reason);
}

static int no_memory(const struct parse *p)
{
    return err_set(p->e, -E_NOMEM, "%s", p->name);
}

/* `known` ends with NULL. */
static int expect_keys(const struct parse *p, json_t *object, const char *path,
                       const char *const *known)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return mistake(p, path, "expected an object");
    json_object_foreach(object, key, value)
    {
        const char *const *k = known;

        while (*k != NULL && strcmp(*k, key) != 0)
            k++;
        if (*k == NULL)
            return mistake(
                p, path_of("%s%s%.*s", path, path[0] == '\0' ? "" : ".", SHOWN_MAX, key).text,
                "unknown field");
    }
    return 0;
}

/* --- single values ------------------------------------------------------------------------ */

static int take_string(const struct parse *p, json_t *value, const char *path, const char *expected,
                       const char **ret)
{
    if (value == NULL)
        return mistake(p, path, "missing; expected %s", expected);
    if (!json_is_string(value) || json_string_length(value) == 0)
        return mistake(p, path, "expected %s", expected);
    *ret = json_string_value(value);
    return 0;
}

static int take_id(const struct parse *p, json_t *value, const char *path, uint64_t *ret)
{
    if (value == NULL)
        return mistake(p, path, "missing; expected a whole number from 1 to %u", ID_MAX);
    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > (json_int_t)ID_MAX)
        return mistake(p, path, "expected a whole number from 1 to %u", ID_MAX);
    *ret = (uint64_t)json_integer_value(value);
    return 0;
}

/* Decimal digits only, no leading zero. */
static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;

    if (*text < '1' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > max)
            return false;
    }
    *ret = value;
    return *text == '\0';
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static bool is_host(const char *host, size_t len)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char ipv6[] = "0123456789abcdefABCDEF:.";

    if (len > 2 && host[0] == '[' && host[len - 1] == ']')
        return strspn(host + 1, ipv6) == len - 2;
    return len > 0 && strspn(host, name) == len;
}

static int take_address(const struct parse *p, json_t *value, const char *path,
                        char ret[CLUSTER_ADDRESS_MAX])
{
    const char *address;
    const char *colon;
    uint64_t port;
    int rc = take_string(p, value, path, "host:port", &address);

    if (rc < 0)
        return rc;
    colon = strrchr(address, ':');
    if (colon == NULL || !is_host(address, (size_t)(colon - address)))
        return mistake(p, path, "expected host:port");
    if (!parse_number(colon + 1, UINT16_MAX, &port))
        return mistake(p, path, "expected host:port with a port from 1 to 65535");
    if (strlen(address) >= CLUSTER_ADDRESS_MAX)
        return mistake(p, path, "expected host:port of less than %d bytes", CLUSTER_ADDRESS_MAX);
    strcpy(ret, address);
    return 0;
}

static int take_copy(const struct parse *p, json_t *value, const char *path, const char *expected,
                     char **ret)
{
    const char *text;
    int rc = take_string(p, value, path, expected, &text);

    if (rc < 0)
        return rc;
    *ret = strdup(text);
    return *ret == NULL ? no_memory(p) : 0;
}

/* An absent value is an empty array. */
static int take_array(const struct parse *p, json_t *value, const char *path, const char *of,
                      size_t max, size_t *ret)
{
    if (value != NULL && !json_is_array(value))
        return mistake(p, path, "expected an array of %s", of);
    if (json_array_size(value) > max)
        return mistake(p, path, "%zu %s, at most %zu", json_array_size(value), of, max);
    *ret = json_array_size(value);
    return 0;
}

/* --- nodes and sites ---------------------------------------------------------------------- */

static int take_dial(const struct parse *p, json_t *value, const char *path,
                     struct cluster_dial **ret, size_t *ret_n)
{
    const char *key;
    json_t *address;

    if (value == NULL)
        return 0;
    if (!json_is_object(value))
        return mistake(p, path, "expected an object of node ids and host:port");
    *ret = calloc(json_object_size(value) + 1, sizeof **ret);
    if (*ret == NULL)
        return no_memory(p);
    json_object_foreach(value, key, address)
    {
        struct path at = path_of("%s.%.*s", path, SHOWN_MAX, key);
        struct cluster_dial *dial = &(*ret)[*ret_n];
        int rc;

        if (!parse_number(key, ID_MAX, &dial->id))
            return mistake(p, at.text, "expected the id of a node");
        rc = take_address(p, address, at.text, dial->address);
        if (rc < 0)
            return rc;
        ++*ret_n;
    }
    return 0;
}

static int take_node(const struct parse *p, json_t *value, size_t i, struct cluster_node *ret)
{
    static const char *const known[] = {"id", "peer", "client", "data", "dial", NULL};
    struct path at = path_of("nodes[%zu]", i);
    int rc = expect_keys(p, value, at.text, known);

    if (rc == 0)
        rc = take_id(p, json_object_get(value, "id"), path_of("%s.id", at.text).text, &ret->id);
    if (rc == 0)
        rc = take_address(p, json_object_get(value, "peer"), path_of("%s.peer", at.text).text,
                          ret->peer);
    if (rc == 0)
        rc = take_address(p, json_object_get(value, "client"), path_of("%s.client", at.text).text,
                          ret->client);
    if (rc == 0)
        rc = take_copy(p, json_object_get(value, "data"), path_of("%s.data", at.text).text,
                       "a folder", &ret->data);
    if (rc == 0)
        rc = take_dial(p, json_object_get(value, "dial"), path_of("%s.dial", at.text).text,
                       &ret->dial, &ret->n_dial);
    return rc;
}

static int take_site(const struct parse *p, json_t *value, size_t i, struct cluster_site *ret)
{
    static const char *const known[] = {"id", "dial", NULL};
    struct path at = path_of("sites[%zu]", i);
    int rc = expect_keys(p, value, at.text, known);

    if (rc == 0)
        rc = take_id(p, json_object_get(value, "id"), path_of("%s.id", at.text).text, &ret->id);
    if (rc == 0)
        rc = take_dial(p, json_object_get(value, "dial"), path_of("%s.dial", at.text).text,
                       &ret->dial, &ret->n_dial);
    return rc;
}

/* --- families ----------------------------------------------------------------------------- */

static bool is_family(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t len = strlen(name);

    return len <= OP_FAMILY_BYTES_MAX && strspn(name, letters) == len;
}

static int take_family(const struct parse *p, json_t *value, size_t i, struct cluster *c)
{
    struct path at = path_of("families[%zu]", i);
    char *name;
    int rc = take_copy(p, value, at.text, "the name of a family", &name);

    if (rc < 0)
        return rc;
    c->families[c->n_families++] = name;
    if (!is_family(name))
        return mistake(p, at.text, "expected 1 to %d letters, digits, '-' or '_'",
                       OP_FAMILY_BYTES_MAX);
    if (strcmp(name, "default") == 0 || strcmp(name, "sessions") == 0)
        return mistake(p, at.text, "'%s' is there in any case", name);
    for (size_t k = 0; k < i; k++) {
        if (strcmp(c->families[k], name) == 0)
            return mistake(p, at.text, "'%s' is families[%zu] already", name, k);
    }
    return 0;
}

static int take_families(const struct parse *p, json_t *value, struct cluster *c)
{
    size_t n = 0;
    int rc = take_array(p, value, "families", "names", CLUSTER_FAMILIES_MAX, &n);

    if (rc < 0)
        return rc;
    c->families = calloc(n + 1, sizeof *c->families);
    if (c->families == NULL)
        return no_memory(p);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = take_family(p, json_array_get(value, i), i, c);
    return rc;
}

/* --- what holds between values ------------------------------------------------------------ */

static int check_dial(const struct parse *p, const struct cluster *c, const char *path,
                      const struct cluster_dial *dial, size_t n, uint64_t self)
{
    for (size_t i = 0; i < n; i++) {
        struct path at = path_of("%s.dial.%llu", path, (unsigned long long)dial[i].id);

        if (cluster_find_node(c, dial[i].id) == NULL)
            return mistake(p, at.text, "there is no node %llu", (unsigned long long)dial[i].id);
        if (dial[i].id == self)
            return mistake(p, at.text, "a node does not dial itself");
    }
    return 0;
}

static int check_address(const struct parse *p, const struct cluster *c, size_t i,
                         const char *field, const char *address)
{
    struct path at = path_of("nodes[%zu].%s", i, field);

    for (size_t k = 0; k < i; k++) {
        if (strcmp(c->nodes[k].peer, address) == 0)
            return mistake(p, at.text, "%s is nodes[%zu].peer already", address, k);
        if (strcmp(c->nodes[k].client, address) == 0)
            return mistake(p, at.text, "%s is nodes[%zu].client already", address, k);
    }
    return 0;
}

static int check_node(const struct parse *p, const struct cluster *c, size_t i)
{
    const struct cluster_node *node = &c->nodes[i];
    struct path at = path_of("nodes[%zu]", i);
    int rc = 0;

    for (size_t k = 0; k < i; k++) {
        if (c->nodes[k].id == node->id)
            return mistake(p, path_of("%s.id", at.text).text,
                           "%llu is the id of nodes[%zu] already", (unsigned long long)node->id, k);
        if (strcmp(c->nodes[k].data, node->data) == 0)
            return mistake(p, path_of("%s.data", at.text).text, "'%.*s' is nodes[%zu].data already",
                           SHOWN_MAX, node->data, k);
    }
    if (strcmp(node->peer, node->client) == 0)
        return mistake(p, path_of("%s.client", at.text).text, "%s is nodes[%zu].peer already",
                       node->client, i);
    rc = check_address(p, c, i, "peer", node->peer);
    if (rc == 0)
        rc = check_address(p, c, i, "client", node->client);
    return rc;
}

static int check_site(const struct parse *p, const struct cluster *c, size_t i)
{
    const struct cluster_site *site = &c->sites[i];

    for (size_t k = 0; k < i; k++) {
        if (c->sites[k].id == site->id)
            return mistake(p, path_of("sites[%zu].id", i).text,
                           "%llu is the id of sites[%zu] already", (unsigned long long)site->id, k);
    }
    return 0;
}

/* Once the ids are known to be sound. */
static int check_dials(const struct parse *p, const struct cluster *c)
{
    int rc = 0;

    for (size_t i = 0; i < c->n_nodes && rc == 0; i++)
        rc = check_dial(p, c, path_of("nodes[%zu]", i).text, c->nodes[i].dial, c->nodes[i].n_dial,
                        c->nodes[i].id);
    for (size_t i = 0; i < c->n_sites && rc == 0; i++)
        rc = check_dial(p, c, path_of("sites[%zu]", i).text, c->sites[i].dial, c->sites[i].n_dial,
                        0);
    return rc;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int take_root(const struct parse *p, json_t *root, struct cluster **ret)
{
    static const char *const known[] = {"cluster", "families", "nodes", "sites", NULL};
    const char *name = NULL;
    size_t n_nodes = 0;
    size_t n_sites = 0;
    int rc = expect_keys(p, root, "", known);

    if (rc == 0)
        rc = take_string(p, json_object_get(root, "cluster"), "cluster", "the cluster's name",
                         &name);
    if (rc == 0 && strlen(name) > CLUSTER_NAME_BYTES_MAX)
        rc = mistake(p, "cluster", "expected at most %d bytes", CLUSTER_NAME_BYTES_MAX);
    if (rc == 0 && json_object_get(root, "nodes") == NULL)
        rc = mistake(p, "nodes", "missing; expected an array of nodes");
    if (rc == 0)
        rc = take_array(p, json_object_get(root, "nodes"), "nodes", "nodes", CLUSTER_NODES_MAX,
                        &n_nodes);
    if (rc == 0 && n_nodes == 0)
        rc = mistake(p, "nodes", "expected at least one node");
    if (rc == 0)
        rc = take_array(p, json_object_get(root, "sites"), "sites", "sites", CLUSTER_SITES_MAX,
                        &n_sites);
    return rc < 0 ? rc : cluster_new(name, n_nodes, n_sites, ret, p->e);
}

static int fill(const struct parse *p, json_t *root, struct cluster *c)
{
    int rc = take_families(p, json_object_get(root, "families"), c);

    for (size_t i = 0; i < c->n_nodes && rc == 0; i++)
        rc = take_node(p, json_array_get(json_object_get(root, "nodes"), i), i, &c->nodes[i]);
    for (size_t i = 0; i < c->n_sites && rc == 0; i++)
        rc = take_site(p, json_array_get(json_object_get(root, "sites"), i), i, &c->sites[i]);
    for (size_t i = 0; i < c->n_nodes && rc == 0; i++)
        rc = check_node(p, c, i);
    for (size_t i = 0; i < c->n_sites && rc == 0; i++)
        rc = check_site(p, c, i);
    if (rc == 0)
        rc = check_dials(p, c);
    return rc;
}

int cluster_parse(const char *name, const char *text, size_t len, struct cluster **ret,
                  struct err *e)
{
    struct parse p = {.name = name, .text = slice_of(text, len), .e = e};
    struct cluster *c = NULL;
    json_error_t reason;
    json_t *root;
    int rc;

    if (len > CLUSTER_FILE_BYTES_MAX)
        return err_set(e, -E_LIMIT, "%s: larger than %d bytes", name, CLUSTER_FILE_BYTES_MAX);
    root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &reason);
    if (root == NULL)
        return err_set(e, -E_PARSE, "%s:%d: %s", name, reason.line, reason.text);
    rc = take_root(&p, root, &c);
    if (rc == 0)
        rc = fill(&p, root, c);
    json_decref(root);
    if (rc < 0) {
        cluster_free(&c);
        return rc;
    }
    *ret = c;
    return 0;
}
