#ifndef RIFT_LIBRARY_MODEL_H
#define RIFT_LIBRARY_MODEL_H

#include "checker/model.h"
#include "library/library.h"
#include "rift/model.h"

/* A caller's model and what the checker sees of it. It stays where it is: the one points to the
 * other. */
struct library_model {
    struct rift_model user;
    struct model model;
};

/* Fills *ret. NULL, or why that is no model. */
const char *library_model(const struct rift_model *from, struct library_model *ret);

#endif
