#include "nemesis/names.h"

#include "base/check.h"

#define X(id, text) text,

static const char *const kinds[] = {FAULT_KINDS(X)};
static const char *const shapes[] = {FAULT_SHAPES(X)};
static const char *const targets[] = {FAULT_TARGETS(X)};
static const char *const clients_words[] = {FAULT_CLIENTS(X)};
static const char *const message_types[] = {RAFT_MESSAGE_TYPES(X)};

#undef X

const char *fault_kind_name(enum fault_kind kind)
{
    CHECK(kind < FAULT_KIND_COUNT);
    return kinds[kind];
}

const char *fault_shape_name(enum fault_shape shape)
{
    CHECK(shape < FAULT_SHAPE_COUNT);
    return shapes[shape];
}

const char *fault_target_name(enum fault_target target)
{
    CHECK(target < FAULT_TARGET_COUNT);
    return targets[target];
}

const char *fault_clients_name(enum fault_clients clients)
{
    CHECK(clients < FAULT_CLIENTS_COUNT);
    return clients_words[clients];
}

const char *message_type_name(uint32_t type)
{
    CHECK(type < RAFT_MESSAGE_TYPE_COUNT);
    return message_types[type];
}
