#include "histories/convert.h"
#include "checker/checker.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/files.h"
#include "cli/foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* `rift convert`: a history in another format. */
struct convert_values {
    const char *to;
    const char *model;
    struct foreign_values foreign;
    bool force;
};

static const struct arg_option options[] = {
    {.name = "to",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct convert_values, to),
     .value = "FORMAT",
     .help = "what OUT is written in",
     .choices = history_format_names,
     .when_absent = "told by the end of OUT's name"},
    FOREIGN_OPTIONS(struct convert_values, foreign),
    {.name = "model",
     .kind = ARG_CHOICE,
     .offset = offsetof(struct convert_values, model),
     .value = "NAME",
     .help = "what the operations are of",
     .choices = check_model_names,
     .when_absent = "what IN names, or its functions tell"},
    {.name = "force",
     .kind = ARG_FLAG,
     .offset = offsetof(struct convert_values, force),
     .help = "replace OUT when it is there already"},
};

static const struct arg_command command = {
    .name = "rift convert",
    .usage = "[options] IN OUT",
    .purpose =
        "Writes the history IN, of any format, as OUT in another one: rift (.msgpack), edn\n"
        "(Jepsen's history.edn), jsonl (JSON lines), etcd (.log) or porcupine (.txt). OUT may be\n"
        "- for standard output. What the format cannot hold and no verdict depends on is left out\n"
        "and said; what a verdict depends on is never dropped: then nothing is written.",
    .options = options,
    .n_options = ARGS_COUNT(options),
    .exits = "  0   done\n"
             "  3   OUT cannot be written, or out of memory\n"
             "  64  usage; or OUT is there already\n"
             "  65  IN is no history or cannot be read, or OUT's format cannot hold it\n",
    .operands_min = 2,
    .operands_max = 2,
};

/* --- the input ------------------------------------------------------------------------------ */

/* All of a file: mapped when it is one, read when it is a pipe. */
struct input {
    void *map;
    size_t map_len;
    struct buf read;
    struct slice bytes;
};

enum { READ_BYTES = 1 << 20 };

static int read_all(const char *path, int fd, struct buf *out, struct err *e)
{
    ssize_t n = 1;

    while (n > 0) {
        int rc = buf_reserve(out, READ_BYTES);

        if (rc < 0)
            return err_set(e, rc, "%s: %s", path, err_text(rc));
        n = TEMP_FAILURE_RETRY(read(fd, out->data + out->len, READ_BYTES));
        if (n < 0)
            return err_sys(e, "%s", path);
        out->len += (size_t)n;
    }
    return 0;
}

static int input_open(const char *path, struct input *ret, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    int rc = 0;

    *ret = (struct input){.map = NULL};
    if (fd < 0)
        return err_sys(e, "%s", path);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        ret->map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        ret->map_len = (size_t)st.st_size;
        ret->bytes = slice_of(ret->map, ret->map_len);
        if (ret->map == MAP_FAILED) {
            ret->map = NULL;
            rc = err_sys(e, "%s", path);
        }
    } else {
        rc = read_all(path, fd, &ret->read, e);
        ret->bytes = buf_slice(&ret->read);
    }
    close(fd);
    return rc;
}

static void input_close(struct input *in)
{
    if (in->map != NULL)
        munmap(in->map, in->map_len);
    buf_free(&in->read);
}

/* --- the output ----------------------------------------------------------------------------- */

/* Written beside its place and moved there when it is whole, so that a failure leaves nothing. A
 * device or pipe is written to as it is. */
struct output {
    char aside[PATH_MAX];
    const char *path; /* NULL: standard output */
    bool special;
    FILE *file;
};

static int write_piece(void *context, struct slice bytes)
{
    struct output *out = context;

    return fwrite(bytes.data, bytes.len, 1, out->file) == 1 ? 0 : -E_IO;
}

static int output_open(const char *path, bool force, struct output *ret, struct err *e)
{
    ret->path = strcmp(path, "-") == 0 ? NULL : path;
    ret->special = ret->path != NULL && files_is_special(path);
    ret->file = stdout;
    if (ret->path == NULL)
        return 0;
    if (!force && !ret->special && files_exists(path))
        return err_set(e, -E_EXISTS, "%s is there already; --force replaces it", path);
    snprintf(ret->aside, sizeof ret->aside, ret->special ? "%s" : "%s.new", path);
    ret->file = fopen(ret->aside, "we");
    return ret->file == NULL ? err_sys(e, "cannot write '%s'", path) : 0;
}

/* Returns rc, or what went wrong at the end. */
static int output_close(struct output *out, int rc, struct err *e)
{
    if (out->path == NULL)
        return fflush(stdout) == 0 || rc < 0 ? rc : err_sys(e, "standard output");
    if (fclose(out->file) != 0 && rc == 0)
        rc = err_sys(e, "cannot write '%s'", out->path);
    if (rc == 0 && !out->special && rename(out->aside, out->path) < 0)
        rc = err_sys(e, "cannot write '%s'", out->path);
    if (rc < 0 && !out->special)
        unlink(out->aside);
    return rc;
}

/* --- what is said --------------------------------------------------------------------------- */

static void tell(uint64_t n, const char *what)
{
    if (n > 0)
        fprintf(stderr, "rift convert: %" PRIu64 " %s\n", n, what);
}

static void tell_left_out(const struct history_left_out *left)
{
    if (left->times)
        fputs("rift convert: left out: the times; the order of events stays\n", stderr);
    if (left->header)
        fputs("rift convert: left out: of the header, how the run came about\n", stderr);
    tell(left->asks, "left out: requests to nodes");
    tell(left->answerers, "left out: which node answered");
    tell(left->faults_and_nodes, "left out: faults and changes of nodes");
    tell(left->notes, "left out: notes");
    tell(left->reasons, "left out: why an operation failed or has no known outcome");
    tell(left->faults_as_notes, "faults and changes of nodes kept as sentences");
    tell(left->less_exact, "answers say less there (absent and empty, or why a cas failed): "
                           "a history that is wrong may pass in that format");
}

static void tell_loss(const char *path, const struct history_loss *loss)
{
    if (loss->damaged)
        fprintf(stderr,
                "rift convert: %s is damaged at byte %" PRIu64 ": nothing behind it was taken\n",
                path, loss->damaged_at);
    if (loss->tail_bytes > 0)
        fprintf(stderr, "rift convert: %s ends inside a record; %" PRIu64 " bytes are lost\n", path,
                loss->tail_bytes);
}

/* --- whole ---------------------------------------------------------------------------------- */

static enum exit_code code_of(int rc)
{
    switch (rc) {
    case 0: return EXIT_GOOD;
    case -E_EXISTS:
    case -E_INVAL: return EXIT_USAGE;
    case -E_NOMEM: return EXIT_HARNESS;
    default: return EXIT_DATA;
    }
}

static int convert(const char *from, struct slice bytes, const struct convert_values *v,
                   enum history_format to, struct output *out, struct err *e)
{
    struct history_load_options load = foreign_options(&v->foreign, v->model);
    struct history_sink sink = {write_piece, out};
    struct history_left_out left;
    struct history *h;
    int rc = history_convert(from, bytes, &load, to, &sink, &left, &h, e);

    if (rc < 0)
        return rc;
    tell_loss(from, &h->loss);
    tell_left_out(&left);
    history_free(&h);
    return 0;
}

static enum exit_code convert_file(const char *from, const char *to, const struct convert_values *v,
                                   enum history_format format)
{
    struct input in;
    struct output out;
    struct err e = {.code = 0};
    enum exit_code code;
    int rc = input_open(from, &in, &e);

    code = code_of(rc);
    if (rc == 0) {
        rc = output_open(to, v->force, &out, &e);
        code = rc == -E_EXISTS ? EXIT_USAGE : EXIT_HARNESS;
    }
    if (rc == 0) {
        rc = convert(from, in.bytes, v, format, &out, &e);
        code = code_of(rc);
        if (ferror(out.file))
            code = EXIT_HARNESS;
        if (output_close(&out, rc, &e) < 0 && rc == 0) {
            rc = e.code;
            code = EXIT_HARNESS;
        }
    }
    if (rc < 0)
        fprintf(stderr, "rift convert: %s\n", e.text);
    input_close(&in);
    return code;
}

int command_convert(int argc, char **argv)
{
    struct convert_values v = {.force = false};
    struct arg_operands files;
    enum history_format format;
    struct err e;
    int code = args_enter(&command, argc, argv, &v, &files);

    if (code >= 0)
        return code;
    format = v.to != NULL ? history_format_parse(v.to) : history_format_of_path(files.items[1]);
    if (format == HISTORY_ANY_FORMAT) {
        err_set(&e, -E_INVAL, "the name '%s' tells no format: --to says which", files.items[1]);
        return args_complain(&command, &e);
    }
    return convert_file(files.items[0], files.items[1], &v, format);
}
