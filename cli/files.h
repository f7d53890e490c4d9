#ifndef RIFT_CLI_FILES_H
#define RIFT_CLI_FILES_H

#include "base/buf.h"
#include "base/err.h"

#include <limits.h>

/* The few things the commands do to files. Paths are cut at PATH_MAX, which the calls that use
 * them then refuse. */

/* "folder/name" into `ret`. */
void files_join(char ret[PATH_MAX], const char *folder, const char *name);

/* The folder a file is in, "." where its path names none. */
void files_folder_of(char ret[PATH_MAX], const char *path);

/* mkdir -p. Errors: -E_IO and what errno says. */
int files_make_folder(const char *path, struct err *e);

/* Where a run puts its files: `out` where it is not NULL, else runs/<time>-<name>, with a number
 * behind it when that is there already. Makes nothing. */
void files_run_folder(char ret[PATH_MAX], const char *out, const char *name);

bool files_exists(const char *path);

/* Whether it is there and is no plain file: a device, a pipe. Such a place is written to, and never
 * replaced. */
bool files_is_special(const char *path);

/* Appends a whole file to `out`; one of more than `max` bytes is refused. Errors: -E_NOT_FOUND,
 * -E_IO, -E_LIMIT, -E_NOMEM. */
int files_read(const char *path, size_t max, struct buf *out, struct err *e);

/* Writes a whole file; what stood there is replaced at once or not at all, but for what is
 * special. */
int files_write(const char *path, struct slice content, struct err *e);

/* Appends the last lines of a file, at most `max` bytes. Errors: as files_read, without -E_LIMIT.
 */
int files_read_end(const char *path, size_t max, struct buf *out, struct err *e);

/* Copies a file of any size; what stood there is overwritten. Errors: -E_NOT_FOUND, -E_IO. */
int files_copy(const char *from, const char *to, struct err *e);

/* rm -r of a folder that is our own, into which no link leads out. Errors: -E_IO. */
int files_remove_folder(const char *path, struct err *e);

/* The last lines of a log, as many as an error has room for, cleared of half a line at the front.
 * Nothing when the file cannot be read. */
enum { FILES_TAIL_BYTES = 320 };
void files_tail(const char *path, char ret[FILES_TAIL_BYTES + 1]);

/* Two names of one regular file. */
bool files_are_one(const char *a, const char *b);

#endif
