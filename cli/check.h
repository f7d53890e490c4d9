#ifndef RIFT_CLI_CHECK_H
#define RIFT_CLI_CHECK_H

#include "cli/args.h"

/* The command line of `rift check`, for others who put one together: its table, and whether what
 * it says can be meant. Errors: -E_INVAL. */
const struct arg_command *check_command(void);
int check_try(int argc, char **argv, struct err *e);

#endif
