#include "wire/cluster.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

int cluster_new(const char *name, size_t n_nodes, size_t n_sites, struct cluster **ret,
                struct err *e)
{
    struct cluster *c;

    if (name[0] == '\0' || strlen(name) > CLUSTER_NAME_BYTES_MAX)
        return err_set(e, -E_INVAL, "cluster name: expected 1 to %d bytes", CLUSTER_NAME_BYTES_MAX);
    if (n_nodes > CLUSTER_NODES_MAX || n_sites > CLUSTER_SITES_MAX)
        return err_set(e, -E_INVAL, "cluster '%s': %zu nodes and %zu sites, at most %d and %d",
                       name, n_nodes, n_sites, CLUSTER_NODES_MAX, CLUSTER_SITES_MAX);
    c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(e, -E_NOMEM, "cluster '%s'", name);
    c->key = hash_bytes(name, strlen(name), 0);
    c->n_nodes = n_nodes;
    c->n_sites = n_sites;
    c->name = strdup(name);
    c->nodes = calloc(n_nodes + 1, sizeof *c->nodes);
    c->sites = calloc(n_sites + 1, sizeof *c->sites);
    if (c->name == NULL || c->nodes == NULL || c->sites == NULL) {
        cluster_free(&c);
        return err_set(e, -E_NOMEM, "cluster '%s'", name);
    }
    *ret = c;
    return 0;
}

void cluster_free(struct cluster **cluster)
{
    struct cluster *c = *cluster;

    if (c == NULL)
        return;
    for (size_t i = 0; c->nodes != NULL && i < c->n_nodes; i++) {
        free(c->nodes[i].data);
        free(c->nodes[i].dial);
    }
    for (size_t i = 0; c->sites != NULL && i < c->n_sites; i++)
        free(c->sites[i].dial);
    for (size_t i = 0; i < c->n_families; i++)
        free(c->families[i]);
    free(c->families);
    free(c->nodes);
    free(c->sites);
    free(c->name);
    free(c);
    *cluster = NULL;
}

const struct cluster_node *cluster_find_node(const struct cluster *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_nodes; i++) {
        if (c->nodes[i].id == id)
            return &c->nodes[i];
    }
    return NULL;
}

const struct cluster_site *cluster_find_site(const struct cluster *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_sites; i++) {
        if (c->sites[i].id == id)
            return &c->sites[i];
    }
    return NULL;
}

static const char *find_dial(const struct cluster_dial *dial, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++) {
        if (dial[i].id == id)
            return dial[i].address;
    }
    return NULL;
}

const char *cluster_peer_address(const struct cluster *c, const struct cluster_node *from,
                                 uint64_t to)
{
    const struct cluster_node *node = cluster_find_node(c, to);
    const char *proxy = find_dial(from->dial, from->n_dial, to);

    if (node == NULL)
        return NULL;
    return proxy != NULL ? proxy : node->peer;
}

const char *cluster_client_address(const struct cluster *c, const struct cluster_site *site,
                                   uint64_t to)
{
    const struct cluster_node *node = cluster_find_node(c, to);
    const char *proxy = site == NULL ? NULL : find_dial(site->dial, site->n_dial, to);

    if (node == NULL)
        return NULL;
    return proxy != NULL ? proxy : node->client;
}
