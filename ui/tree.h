/* The fleet as a list of rows: hosts with their machines under them (the tree), or machines alone
 * (flat); filtered, sorted, folded, with marks and a cursor. The cursor and the marks stay with
 * their machines, by identity, however the rows move. Only what is asked for by vd_tree_at() is
 * ever drawn, and a new snapshot costs by what changed in it, so that a large fleet costs as a
 * small one. Pure; loop thread only. */
#pragma once

#include "src/model/fleet.h"
#include "ui/targets.h"

typedef struct {
    VdHost *host; /* borrowed from the fleet that is held */
    VdVm *vm;     /* NULL: the host's own row */
} VdTreeRow;

typedef enum {
    VD_SORT_NAME,
    VD_SORT_STATE,
    VD_SORT_CPU,
    VD_SORT_MEM,
    VD_SORT_DISK,
    VD_SORT_NET,
    VD_SORT_ADDRESS,
    VD_SORT_HOST, /* of use where machines do not stand under their hosts */
    VD_SORT_COUNT
} VdSort;

typedef struct _VdTree VdTree;

VdTree *vd_tree_new(void);
void vd_tree_free(VdTree *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdTree, vd_tree_free)
/* A new snapshot (referenced). Marks of machines that are gone are dropped. */
void vd_tree_set_fleet(VdTree *rows, VdFleet *fleet);
void vd_tree_set_filter(VdTree *rows, const char *text);
const char *vd_tree_filter(const VdTree *rows); /* "" without one */
/* What of it was not understood (vd_filter_problem()), or NULL. Borrowed. */
const char *vd_tree_filter_problem(const VdTree *rows);
void vd_tree_set_flat(VdTree *rows, gboolean flat);
gboolean vd_tree_flat(const VdTree *rows);
/* Figures sort from the largest down, unless inverted; what is not known comes last either way. */
void vd_tree_set_sort(VdTree *rows, VdSort sort, gboolean inverted);
VdSort vd_tree_sort(const VdTree *rows);
gboolean vd_tree_inverted(const VdTree *rows);
/* Folds the host or unfolds it. */
void vd_tree_toggle_fold(VdTree *rows, const char *host);
gboolean vd_tree_folded(const VdTree *rows, const char *host);

/* VD_GROUP_*: the figures that it is sorted and filtered by, so that they are wanted of all. */
guint vd_tree_groups(const VdTree *rows);

guint vd_tree_count(const VdTree *rows);
const VdTreeRow *vd_tree_at(const VdTree *rows, guint i); /* borrowed until the next change */
/* How many machines fit the filter, folded ones included. */
guint vd_tree_matched(const VdTree *rows);

guint vd_tree_cursor(const VdTree *rows);
void vd_tree_set_cursor(VdTree *rows, guint i); /* cut to the rows there are */
void vd_tree_move(VdTree *rows, int by);
const VdTreeRow *vd_tree_selected(const VdTree *rows); /* NULL: no rows */
/* The first row to draw so that the cursor is among `height` rows, moving as little as possible. */
guint vd_tree_top(VdTree *rows, guint height);
void vd_tree_scroll(VdTree *rows, int by, guint height); /* by wheel: the cursor follows the edge */

gboolean vd_tree_marked(const VdTree *rows, const VdTreeRow *row);
void vd_tree_toggle_mark(VdTree *rows,
                         const VdTreeRow *row); /* a host's row marks all its machines */
/* Every machine shown gets the other of the two: marked or not. */
void vd_tree_invert_marks(VdTree *rows);
void vd_tree_clear_marks(VdTree *rows);
guint vd_tree_marks(const VdTree *rows);
/* The marked machines (those hidden by a filter as well), else the machine under the cursor; for
 * VD_TARGET_HOST the host of the cursor. The caller frees. */
VdTargets *vd_tree_targets(const VdTree *rows, VdTargetKind kind);
