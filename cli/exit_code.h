#ifndef RIFT_CLI_EXIT_CODE_H
#define RIFT_CLI_EXIT_CODE_H

/* What the program ends with, the same for every command. 64 and 65 are those of sysexits.h;
 * 130 is what shells give a process that SIGINT ended. */
enum exit_code {
    EXIT_GOOD = 0,          /* linearizable, or done */
    EXIT_VIOLATION = 1,     /* not linearizable, or the system did not come back after the faults */
    EXIT_UNKNOWN = 2,       /* budget spent, or the faults never bit */
    EXIT_HARNESS = 3,       /* the harness itself could not run */
    EXIT_USAGE = 64,        /* options that make no sense */
    EXIT_DATA = 65,         /* a file that cannot be taken for what it should be */
    EXIT_INTERRUPTED = 130, /* Ctrl-C or SIGTERM */
};

/* The worse of two, so that a violation is never masked: 1, 3, 65, 2, 0. An interruption yields
 * to a violation only; a mistake in the usage ends the program before anything can be combined. */
enum exit_code exit_worse(enum exit_code a, enum exit_code b);

#endif
