/* Where the parts of the main view stand, for any size of the screen. Pure. */
#pragma once

#include "ui/pane.h"

typedef enum { VD_VIEW_MACHINES, VD_VIEW_JOBS, VD_VIEW_IMAGES, VD_VIEW_LOG, VD_VIEW_COUNT } VdView;

typedef struct {
    VdRect header;               /* w 0: no room for it */
    VdRect panes[VD_PANE_COUNT]; /* w 0: not shown */
    VdRect foot;                 /* function keys, messages, what is typed */
    int divider_x;               /* of a vertical line between left and right; -1: none */
} VdLayout;

/* zoomed: the pane with the focus has all the room. */
void vd_layout(VdLayout *layout, int width, int height, VdView view, VdPaneId focus,
               gboolean zoomed);
