/* A cursor that moves in a list and a window that follows it: for panes and dialogs whose rows are
 * plain arrays. */
#include "config.h"

#include "ui/pane.h"

static void move_to(VdList *list, gint64 to)
{
    gint64 last = list->count ? (gint64)list->count - 1 : 0;
    list->cursor = (guint)CLAMP(to, 0, last);
}

gboolean vd_list_act(VdList *list, VdAction action, int count, gboolean counted)
{
    int page = (int)MAX(1, list->height);
    switch (action) {
    case VD_DO_UP:
        move_to(list, (gint64)list->cursor - count);
        return TRUE;
    case VD_DO_DOWN:
        move_to(list, (gint64)list->cursor + count);
        return TRUE;
    case VD_DO_PAGE_UP:
        move_to(list, (gint64)list->cursor - (gint64)page * count);
        return TRUE;
    case VD_DO_PAGE_DOWN:
        move_to(list, (gint64)list->cursor + (gint64)page * count);
        return TRUE;
    case VD_DO_TOP:
        move_to(list, counted ? count - 1 : 0);
        return TRUE;
    case VD_DO_BOTTOM:
        move_to(list, counted ? count - 1 : G_MAXINT);
        return TRUE;
    default:
        return FALSE;
    }
}

guint vd_list_top(VdList *list, guint count, guint height)
{
    list->count = count;
    list->height = MAX(height, 1);
    move_to(list, list->cursor);
    if (list->cursor < list->top)
        list->top = list->cursor;
    if (list->cursor >= list->top + list->height)
        list->top = list->cursor - list->height + 1;
    if (list->top + list->height > count)
        list->top = count > list->height ? count - list->height : 0;
    return list->top;
}

void vd_list_scroll(VdList *list, int by)
{
    gint64 last = list->count > list->height ? list->count - list->height : 0;
    list->top = (guint)CLAMP((gint64)list->top + by, 0, last);
    if (list->cursor < list->top)
        move_to(list, list->top);
    if (list->cursor >= list->top + list->height)
        move_to(list, (gint64)list->top + list->height - 1);
}
