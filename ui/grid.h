/* The columns of the table of machines: which of them fit, where they stand, how a cell of them is
 * drawn. Widths depend on the terminal's width and the configuration alone, so columns never jump.
 * Pure but for the history, which the caller hands in; loop thread only. */
#pragma once

#include "ui/app.h"
#include "ui/tree.h"

typedef enum {
    VD_GRID_NAME,
    VD_GRID_STATE,
    VD_GRID_CPU,
    VD_GRID_MEM,
    VD_GRID_DISK,
    VD_GRID_NET,
    VD_GRID_IP,
    VD_GRID_HOST, /* only where machines do not stand under their hosts */
    VD_GRID_COUNT
} VdGridColumn;

typedef struct {
    VdGridColumn column[VD_GRID_COUNT]; /* from left to right */
    int x[VD_GRID_COUNT], width[VD_GRID_COUNT];
    guint n;
    gboolean flat; /* no hosts among the rows */
} VdGridLayout;

/* "name", "cpu" …: as in the configuration's `columns`. FALSE: there is no such column. */
gboolean vd_grid_parse(const char *name, VdGridColumn *ret_column);
/* Chooses from wanted (NULL-terminated names, NULL: all) what fits; the name always does. flat: the
 * host has a column of its own. */
void vd_grid_layout(VdGridLayout *layout, int width, char *const *wanted, gboolean flat);
/* The headings; the sorted one shows an arrow. */
void vd_grid_draw_head(const VdGridLayout *layout, VdCanvas *canvas, int x, int y, VdSort sort,
                       gboolean inverted);
/* VD_GROUP_*: the figures that these columns show. */
guint vd_grid_groups(const VdGridLayout *layout);
/* Which column's heading stands at x, counted from the table's left; VD_SORT_COUNT: none. */
VdSort vd_grid_sort_at(const VdGridLayout *layout, int x);

/* The memory that a row has, in bytes, whether or not it is known how much of it is used. VD_NONE:
 * not even that. */
double vd_grid_memory(const VdTreeRow *row);

typedef struct {
    const VdTreeRow *row;
    gboolean marked, folded, flat;
    const float *cpu; /* VD_HISTORY_BUCKETS values, or NULL */
    const char *age;  /* of a state that lasts: "2m", or NULL */
    const char *note; /* of a host: what stands in place of its figures, or NULL */
    const char
        *after; /* what follows the note, which is cut for its sake where there is room, or NULL */
} VdGridRow;
void vd_grid_draw_row(const VdGridLayout *layout, VdCanvas *canvas, int x, int y,
                      const VdGridRow *row);
