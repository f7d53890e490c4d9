#include "wire/cluster.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- reading ------------------------------------------------------------------------------ */

static int read_all(int fd, const char *path, struct buf *ret, struct err *e)
{
    for (;;) {
        ssize_t n;
        int rc = buf_reserve(ret, 4096);

        if (rc < 0)
            return err_set(e, rc, "%s", path);
        n = read(fd, ret->data + ret->len, ret->cap - ret->len);
        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return err_sys(e, "%s", path);
        if (n > 0)
            ret->len += (size_t)n;
        if (ret->len > CLUSTER_FILE_BYTES_MAX)
            return err_set(e, -E_LIMIT, "%s: larger than %d bytes", path, CLUSTER_FILE_BYTES_MAX);
    }
}

/* "data/1" in "etc/cluster.json" is "etc/data/1". */
static int resolve(const char *path, char **data)
{
    const char *slash = strrchr(path, '/');
    char *joined;

    if (slash == NULL || **data == '/')
        return 0;
    if (asprintf(&joined, "%.*s/%s", (int)(slash - path), path, *data) < 0)
        return -E_NOMEM;
    free(*data);
    *data = joined;
    return 0;
}

int cluster_load(const char *path, struct cluster **ret, struct err *e)
{
    struct cluster *c = NULL;
    struct buf text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return err_sys(e, "%s", path);
    rc = read_all(fd, path, &text, e);
    close(fd);
    if (rc == 0)
        rc = cluster_parse(path, (const char *)text.data, text.len, &c, e);
    buf_free(&text);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < c->n_nodes; i++) {
        rc = resolve(path, &c->nodes[i].data);
        if (rc < 0) {
            cluster_free(&c);
            return err_set(e, rc, "%s", path);
        }
    }
    *ret = c;
    return 0;
}

/* --- writing ------------------------------------------------------------------------------ */

static json_t *dial_json(const struct cluster_dial *dial, size_t n)
{
    json_t *object = json_object();
    char key[24];

    for (size_t i = 0; i < n; i++) {
        snprintf(key, sizeof key, "%llu", (unsigned long long)dial[i].id);
        json_object_set_new(object, key, json_string(dial[i].address));
    }
    return object;
}

/* Relative to the working directory here, relative to its folder in the file: absolute is both. */
static json_t *data_json(const char *data)
{
    char *folder;
    json_t *value;

    if (data[0] == '/')
        return json_string(data);
    folder = getcwd(NULL, 0);
    if (folder == NULL)
        return NULL;
    value = json_sprintf("%s/%s", folder, data);
    free(folder);
    return value;
}

static json_t *node_json(const struct cluster_node *node)
{
    json_t *object = json_object();

    json_object_set_new(object, "id", json_integer((json_int_t)node->id));
    json_object_set_new(object, "peer", json_string(node->peer));
    json_object_set_new(object, "client", json_string(node->client));
    json_object_set_new(object, "data", data_json(node->data));
    if (node->n_dial > 0)
        json_object_set_new(object, "dial", dial_json(node->dial, node->n_dial));
    return object;
}

static json_t *cluster_json(const struct cluster *c)
{
    json_t *root = json_object();
    json_t *families = json_array();
    json_t *nodes = json_array();
    json_t *sites = json_array();

    for (size_t i = 0; i < c->n_families; i++)
        json_array_append_new(families, json_string(c->families[i]));
    for (size_t i = 0; i < c->n_nodes; i++)
        json_array_append_new(nodes, node_json(&c->nodes[i]));
    for (size_t i = 0; i < c->n_sites; i++) {
        json_t *site = json_object();

        json_object_set_new(site, "id", json_integer((json_int_t)c->sites[i].id));
        json_object_set_new(site, "dial", dial_json(c->sites[i].dial, c->sites[i].n_dial));
        json_array_append_new(sites, site);
    }
    json_object_set_new(root, "cluster", json_string(c->name));
    json_object_set_new(root, "families", families);
    json_object_set_new(root, "nodes", nodes);
    json_object_set_new(root, "sites", sites);
    return root;
}

static int write_text(const char *path, const char *text, struct err *e)
{
    FILE *file = fopen(path, "we");
    bool written;

    if (file == NULL)
        return err_sys(e, "%s", path);
    written = fprintf(file, "%s\n", text) >= 0;
    if (fclose(file) != 0 || !written)
        return err_sys(e, "%s", path);
    return 0;
}

int cluster_save(const struct cluster *c, const char *path, struct err *e)
{
    json_t *root = cluster_json(c);
    char *text = json_dumps(root, JSON_INDENT(2));
    char *aside = NULL;
    int rc;

    json_decref(root);
    if (text == NULL || asprintf(&aside, "%s.new", path) < 0) {
        free(text);
        return err_set(e, -E_NOMEM, "%s", path);
    }
    rc = write_text(aside, text, e);
    if (rc == 0 && rename(aside, path) < 0)
        rc = err_sys(e, "%s", path);
    if (rc < 0)
        unlink(aside);
    free(aside);
    free(text);
    return rc;
}
