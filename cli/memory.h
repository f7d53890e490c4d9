#ifndef RIFT_CLI_MEMORY_H
#define RIFT_CLI_MEMORY_H

/* For commands that take and free large arrays one after the other: what is freed is kept for the
 * next one instead of going back to the kernel, which would clear every page again. The process
 * does not get any larger at its peak. */
void memory_keep(void);

#endif
