/* Many machines in one request: a job that holds the jobs of the machines and starts them, some at
 * a time. Inside the deploy room. */
#pragma once

#include "src/deploy/deploy-private.h"

/* How many machines are made at the same time unless told. */
#define VD_PARALLEL 4

/* plans (VdPlan, each with the id of the request as its parent): reserves them all and starts the
 * job. label: what was asked for, for people ("web-{01..20}"). host ids, one for each plan. ids:
 * of their jobs. */
typedef struct {
    const GPtrArray *plans; /* VdPlan */
    char *const *ids;       /* of their jobs */
    char *const *hosts;     /* host ids, one for each; borrowed */
    const char *label;
    const char *secrets; /* of each of them, or NULL */
    int parallel;
} VdMany;
gboolean vd_many_start(VdJournal *journal, const char *request, const char *author,
                       const VdMany *many, GError **error);
extern const VdStepSpec vd_many_steps[];
extern const VdUndoSpec vd_many_undos[];
extern const VdAgain vd_many_again[];
