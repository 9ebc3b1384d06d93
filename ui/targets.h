/* A list of things that a verb goes to, with names to show. Owns copies of all strings. */
#pragma once

#include "src/deck/deck.h"

typedef struct {
    VdTarget target; /* its strings are owned by this entry */
    char *name;      /* clean, for people */
} VdTargetItem;

typedef struct {
    VdTargetKind kind;
    GPtrArray *items; /* VdTargetItem */
    char *without;    /* how many marked ones are not among them and why: a sentence; or NULL */
} VdTargets;

VdTargets *vd_targets_new(VdTargetKind kind);
VdTargets *vd_targets_copy(const VdTargets *targets); /* NULL: NULL */
void vd_targets_free(VdTargets *targets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdTargets, vd_targets_free)
/* host and id may be NULL, as in VdTarget. All are copied. */
void vd_targets_add(VdTargets *targets, const char *host, const char *id, const char *name);
guint vd_targets_count(const VdTargets *targets); /* 0 for NULL */
const VdTargetItem *vd_targets_at(const VdTargets *targets, guint i);
/* For questions: "web-01", "web-01 and web-02", "a, b, c"; with their hosts if these are several,
 * and ten at most: "…, j and 5 more". The caller frees. */
char *vd_targets_names(const VdTargets *targets);
