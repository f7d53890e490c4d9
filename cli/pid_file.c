#include "cli/pid_file.h"

#include "cli/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Field 22 of /proc/PID/stat: clock ticks since boot. The second field, the program's name, may
 * hold spaces and parentheses; what follows its last ')' does not. False for a zombie as well. */
static bool began_at(pid_t pid, uint64_t *ret)
{
    char path[64];
    char text[1024];
    char state;
    const char *rest;
    FILE *file;
    size_t got;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    got = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[got] = '\0';
    rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1,
                               " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                               "%*s %*s %*s %" SCNu64,
                               &state, ret) != 2)
        return false;
    return state != 'Z';
}

int pid_file_write(const char *path, pid_t pid, struct err *e)
{
    char text[64];
    uint64_t began;

    if (!began_at(pid, &began))
        return err_set(e, -E_NOT_FOUND, "process %d is gone already", (int)pid);
    snprintf(text, sizeof text, "%d %" PRIu64 "\n", (int)pid, began);
    return files_write(path, slice_str(text), e);
}

pid_t pid_file_running(const char *path)
{
    FILE *file = fopen(path, "re");
    uint64_t began;
    uint64_t now;
    int pid;
    bool same;

    if (file == NULL)
        return 0;
    same = fscanf(file, "%d %" SCNu64, &pid, &began) == 2 && pid > 0 && began_at(pid, &now) &&
           now == began;
    fclose(file);
    return same ? pid : 0;
}
