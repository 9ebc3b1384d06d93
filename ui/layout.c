/* From 120 columns on, the machines stand at the left, what is known of the selected one and the
 * jobs at the right. Below, they are stacked, and as the height shrinks the jobs go, then the live
 * panel, then the foot, then the header: at one row the machine under the cursor is what is left.
 */
#include "config.h"

#include "ui/layout.h"

enum { WIDE = 120, LEFT_LEAST = 80 };

static VdRect take_bottom(VdRect *rest, int height)
{
    VdRect taken = {rest->x, rest->y + rest->h - height, rest->w, height};
    rest->h -= height;
    return taken;
}

static void stacked(VdLayout *layout, VdRect rest)
{
    if (rest.h >= 15)
        layout->panes[VD_PANE_JOBS] = take_bottom(&rest, rest.h >= 30 ? 6 : rest.h >= 20 ? 3 : 2);
    if (rest.h >= 11)
        layout->panes[VD_PANE_LIVE] = take_bottom(&rest, rest.h >= 26 ? 9 : rest.h >= 17 ? 5 : 3);
    layout->panes[VD_PANE_FLEET] = rest;
}

static void side_by_side(VdLayout *layout, VdRect rest)
{
    int right = CLAMP(rest.w * 36 / 100, WIDE - LEFT_LEAST - 1, 90);
    VdRect side = {rest.x + rest.w - right, rest.y, right, rest.h};
    rest.w -= right + 1;
    layout->divider_x = rest.x + rest.w;
    if (side.h >= 12)
        layout->panes[VD_PANE_JOBS] = take_bottom(&side, MAX(4, side.h * 2 / 5));
    layout->panes[VD_PANE_LIVE] = side;
    layout->panes[VD_PANE_FLEET] = rest;
}

void vd_layout(VdLayout *layout, int width, int height, VdView view, VdPaneId focus,
               gboolean zoomed)
{
    static const VdPaneId only[VD_VIEW_COUNT] = {VD_PANE_FLEET, VD_PANE_JOBS, VD_PANE_IMAGES,
                                                 VD_PANE_LOG};
    *layout = (VdLayout){.divider_x = -1};
    VdRect rest = {0, 0, width, height};
    if (height >= 3) {
        layout->header = (VdRect){0, 0, width, 1};
        rest.y++;
        rest.h--;
    }
    if (height >= 2)
        layout->foot = take_bottom(&rest, 1);
    if (view != VD_VIEW_MACHINES)
        layout->panes[only[view]] = rest;
    else if (zoomed)
        layout->panes[focus] = rest;
    else if (width >= WIDE && rest.h >= 4)
        side_by_side(layout, rest);
    else
        stacked(layout, rest);
}
