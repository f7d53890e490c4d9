#ifndef RIFT_CLI_BENCH_CHECK_H
#define RIFT_CLI_BENCH_CHECK_H

/* `rift bench check`; argv from "check" on. Returns an exit code. */
int bench_check(int argc, char **argv);

#endif
