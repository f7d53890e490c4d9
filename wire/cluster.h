#ifndef RIFT_WIRE_CLUSTER_H
#define RIFT_WIRE_CLUSTER_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The cluster file: one JSON document that nodes, clerks and the nemesis all read.
 *
 *     {
 *       "cluster": "demo",
 *       "families": ["users"],                 optional; besides "default"
 *       "nodes": [
 *         { "id": 1,
 *           "peer": "127.0.0.1:7001",          where it listens to the other nodes
 *           "client": "127.0.0.1:7101",        where it listens to clerks
 *           "data": "data/1",                  relative to the file's folder
 *           "dial": { "2": "127.0.0.1:9012" }  optional: where it reaches a peer instead of
 *         }, ...                               the peer's own address (a proxy)
 *       ],
 *       "sites": [                             optional: places where clerks run
 *         { "id": 1, "dial": { "1": "127.0.0.1:9901", ... } }, ...
 *       ]
 *     }
 *
 * A mistake is reported as `cluster.json:12: nodes[2].peer: expected host:port`. */

enum {
    CLUSTER_NODES_MAX = 63,
    CLUSTER_SITES_MAX = 63,
    CLUSTER_ADDRESS_MAX = 128,
    CLUSTER_NAME_BYTES_MAX = 128,
    CLUSTER_FAMILIES_MAX = 14, /* besides "default" and the internal "sessions" */
    CLUSTER_FILE_BYTES_MAX = 1 << 20,
};

struct cluster_dial {
    uint64_t id;                       /* of the node that is dialled */
    char address[CLUSTER_ADDRESS_MAX]; /* host:port */
};

struct cluster_node {
    uint64_t id; /* 1 to 2^32 - 1 */
    char peer[CLUSTER_ADDRESS_MAX];
    char client[CLUSTER_ADDRESS_MAX];
    char *data; /* absolute, or relative to the working directory */
    struct cluster_dial *dial;
    size_t n_dial;
};

struct cluster_site {
    uint64_t id;
    struct cluster_dial *dial;
    size_t n_dial;
};

struct cluster {
    char *name;
    uint64_t key; /* hash of the name: marks every message of this cluster */
    char **families;
    size_t n_families;
    struct cluster_node *nodes; /* in the file's order; ids are distinct */
    size_t n_nodes;
    struct cluster_site *sites;
    size_t n_sites;
};

/* Errors: -E_NOT_FOUND, -E_IO, -E_PARSE (with file, line and what was expected), -E_LIMIT (larger
 * than CLUSTER_FILE_BYTES_MAX), -E_NOMEM. cluster_parse takes the text itself, with `name` in the
 * place of the path, and leaves relative `data` as it stands. */
int cluster_load(const char *path, struct cluster **ret, struct err *e);
int cluster_parse(const char *name, const char *text, size_t len, struct cluster **ret,
                  struct err *e);
void cluster_free(struct cluster **c);

/* An empty one to be filled in by a program, with arrays of that many nodes and sites; strings and
 * arrays put into it come from malloc. Errors: -E_INVAL (the name, or too many), -E_NOMEM. */
int cluster_new(const char *name, size_t n_nodes, size_t n_sites, struct cluster **ret,
                struct err *e);

/* Writes it as JSON that cluster_load takes back, `data` made absolute. A reader sees the old
 * file or the new one, never half of it. Errors: -E_IO, -E_NOMEM. */
int cluster_save(const struct cluster *c, const char *path, struct err *e);

/* NULL when there is none of that id. */
const struct cluster_node *cluster_find_node(const struct cluster *c, uint64_t id);
const struct cluster_site *cluster_find_site(const struct cluster *c, uint64_t id);

/* The address at which `from` reaches the peer socket of node `to`; NULL when there is no `to`. */
const char *cluster_peer_address(const struct cluster *c, const struct cluster_node *from,
                                 uint64_t to);

/* The address at which clerks of a site (NULL: of no site) reach node `to`. */
const char *cluster_client_address(const struct cluster *c, const struct cluster_site *site,
                                   uint64_t to);

#endif
