#ifndef RIFT_NEMESIS_NAMES_H
#define RIFT_NEMESIS_NAMES_H

#include "nemesis/plan.h"

/* The words of plans as they stand in files and on the terminal. */
const char *fault_shape_name(enum fault_shape shape);
const char *fault_target_name(enum fault_target target);
const char *fault_clients_name(enum fault_clients clients);
const char *message_type_name(uint32_t type); /* enum raft_message_type */

enum { PLAN_STEP_TEXT_MAX = 1024 }; /* bytes of one step, as JSON or in words, at the most */

/* Of the story of a fault; the longest is a ring of 63 nodes, which names half of them 63 times. */
enum { FAULT_TEXT_MAX = 64 << 10 };

#endif
