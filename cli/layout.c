#include "cli/layout.h"

#include "base/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int take_address(struct ports *ports, char ret[CLUSTER_ADDRESS_MAX], struct err *e)
{
    uint16_t port;
    int rc = ports_take(ports, &port, e);

    if (rc == 0)
        snprintf(ret, CLUSTER_ADDRESS_MAX, "127.0.0.1:%u", port);
    return rc;
}

static int lay_node(struct cluster_node *node, const char *folder, uint64_t id, struct ports *ports,
                    struct err *e)
{
    int rc;

    node->id = id;
    if (asprintf(&node->data, "%s/data/%" PRIu64, folder, id) < 0) {
        node->data = NULL;
        return err_set(e, -E_NOMEM, "cluster");
    }
    rc = take_address(ports, node->peer, e);
    return rc < 0 ? rc : take_address(ports, node->client, e);
}

/* An address of its own for each node in `c` but `except` (0: for each). */
static int lay_dial(const struct cluster *c, uint64_t except, struct ports *ports,
                    struct cluster_dial **ret, size_t *ret_n, struct err *e)
{
    int rc = 0;

    *ret = calloc(c->n_nodes, sizeof **ret);
    if (*ret == NULL)
        return err_set(e, -E_NOMEM, "cluster");
    for (size_t i = 0; rc == 0 && i < c->n_nodes; i++) {
        if (c->nodes[i].id == except)
            continue;
        (*ret)[*ret_n].id = c->nodes[i].id;
        rc = take_address(ports, (*ret)[*ret_n].address, e);
        (*ret_n)++;
    }
    return rc;
}

static int lay_proxied_links(struct cluster *c, struct ports *ports, struct err *e)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < c->n_nodes; i++) {
        struct cluster_node *node = &c->nodes[i];

        rc = lay_dial(c, node->id, ports, &node->dial, &node->n_dial, e);
    }
    for (size_t i = 0; rc == 0 && i < c->n_sites; i++) {
        struct cluster_site *site = &c->sites[i];

        site->id = i + 1;
        rc = lay_dial(c, 0, ports, &site->dial, &site->n_dial, e);
    }
    return rc;
}

int layout_create(const struct layout_options *o, struct ports *ports, struct cluster **ret,
                  struct err *e)
{
    struct cluster *c = NULL;
    int rc;

    CHECK_THAT(o->nodes > 0 && o->nodes <= LAYOUT_NODES_MAX && o->sites <= LAYOUT_NODES_MAX,
               "%zu nodes, %zu sites", o->nodes, o->sites);
    rc = cluster_new(o->name, o->nodes, o->sites, &c, e);
    for (size_t i = 0; rc == 0 && i < o->nodes; i++)
        rc = lay_node(&c->nodes[i], o->folder, i + 1, ports, e);
    if (rc == 0 && o->sites > 0)
        rc = lay_proxied_links(c, ports, e);
    if (rc < 0)
        cluster_free(&c);
    else
        *ret = c;
    return rc;
}
