#include "base/check.h"
#include "wire/cluster.h"

#include <string.h>

/* A cluster file is taken or refused with a reason; nothing else. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cluster *c = NULL;
    struct err e = {0};
    int rc = cluster_parse("c.json", (const char *)data, size, &c, &e);

    CHECK(rc == 0 || (c == NULL && e.code == rc && e.text[0] != '\0'));
    if (rc == 0) {
        CHECK(c->n_nodes >= 1 && c->n_nodes <= CLUSTER_NODES_MAX);
        for (size_t i = 0; i < c->n_nodes; i++)
            CHECK(cluster_find_node(c, c->nodes[i].id) == &c->nodes[i]);
    }
    cluster_free(&c);
    return 0;
}
