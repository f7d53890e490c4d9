#ifndef RIFT_BASE_CLOCK_H
#define RIFT_BASE_CLOCK_H

#include <stdint.h>

/* The only readers of real clocks. The pure parts take the time as an argument. */
int64_t clock_monotonic_ns(void);
int64_t clock_wall_ns(void); /* since 1970-01-01 UTC */

/* What the calling thread has computed: the same on a busy machine as on an idle one. */
int64_t clock_thread_ns(void);

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

#endif
