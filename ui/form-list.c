/* The drop-down list. It narrows as one types: what begins with the text comes first, then what
 * holds it anywhere. It is part of the form, not a dialog, since typing goes on in the field. */
#include "config.h"

#include <string.h>

#include "src/base/text.h"
#include "ui/form.h"

enum { LIST_ROWS = 8 };

void vd_form_list_close(VdForm *form)
{
    form->list.open = FALSE;
    form->list.rect = (VdRect){0, 0, 0, 0};
}

static void add_matching(GPtrArray *shown, const GPtrArray *choices, const char *needle,
                         gboolean at_start)
{
    for (guint i = 0; i < choices->len; i++) {
        char *choice = g_ptr_array_index(choices, i);
        g_autofree char *folded = g_utf8_casefold(choice, -1);
        const char *at = strstr(folded, needle);
        if (at && (at == folded) == at_start)
            g_ptr_array_add(shown, choice);
    }
}

/* Where what is being typed begins: after the last comma of a field that takes several. */
static const char *typed_part(const VdField *field)
{
    const char *text = vd_edit_text(&field->edit);
    const char *comma = field->spec->many ? strrchr(text, ',') : NULL;
    for (text = comma ? comma + 1 : text; *text == ' ';)
        text++;
    return text;
}

void vd_form_list_fill(VdForm *form)
{
    VdFormList *list = &form->list;
    VdField *field = vd_form_focused(form);
    if (!list->shown)
        list->shown = g_ptr_array_new();
    g_ptr_array_set_size(list->shown, 0);
    list->at = list->first = 0;
    if (!field || !field->choices)
        return;
    const char *text = typed_part(field);
    g_autofree char *needle = g_utf8_casefold(list->typed ? text : "", -1);
    add_matching(list->shown, field->choices, needle, TRUE);
    if (*needle)
        add_matching(list->shown, field->choices, needle, FALSE);
    for (guint i = 0; i < list->shown->len; i++)
        if (strcmp(g_ptr_array_index(list->shown, i), text) == 0)
            list->at = i;
}

void vd_form_list_complete(VdForm *form, VdField *field)
{
    g_autoptr(GPtrArray) fitting = g_ptr_array_new();
    g_autofree char *needle = g_utf8_casefold(vd_edit_text(&field->edit), -1);
    if (!*needle)
        return;
    add_matching(fitting, field->choices, needle, TRUE);
    add_matching(fitting, field->choices, needle, FALSE);
    if (fitting->len != 1)
        return;
    vd_form_set(form, field, g_ptr_array_index(fitting, 0));
    vd_form_check(form, field);
}

void vd_form_list_open(VdForm *form, gboolean typed)
{
    VdField *field = vd_form_focused(form);
    if (!field)
        return;
    vd_form_ask_choices(form, field);
    form->list.open = TRUE;
    form->list.typed = typed;
    vd_form_list_fill(form);
}

void vd_form_list_take(VdForm *form)
{
    VdFormList *list = &form->list;
    VdField *field = vd_form_focused(form);
    if (field && list->open && list->at < list->shown->len) {
        const char *whole = vd_edit_text(&field->edit);
        g_autofree char *before = g_strndup(whole, (gsize)(typed_part(field) - whole));
        g_autofree char *text = g_strconcat(before, g_ptr_array_index(list->shown, list->at), NULL);
        vd_form_list_close(form);
        if (strcmp(text, vd_edit_text(&field->edit)) != 0)
            vd_form_set(form, field, text);
    }
    vd_form_list_close(form);
}

/* The frame, below the field where there is room, else above it. *ret_framed: FALSE in a window so
 * low that the lines are needed for the list itself. */
static VdRect list_place(const VdFormList *list, const VdField *field, VdRect rect,
                         gboolean *ret_framed)
{
    int width = field->place.w;
    for (guint i = 0; i < list->shown->len; i++)
        width = MAX(width, vd_text_width(g_ptr_array_index(list->shown, i)) + 2);
    int below = rect.y + rect.h - (field->place.y + 1), above = field->place.y - rect.y;
    int edges = MAX(below, above) >= 4 && field->place.x > rect.x ? 2 : 0;
    int rows = MAX(1, MIN(LIST_ROWS, (int)list->shown->len)) + edges;
    gboolean down = below >= rows || below >= above;
    *ret_framed = edges > 0;
    rows = MIN(rows, down ? below : above);
    VdRect place = {field->place.x - edges / 2, field->place.y + 1, width + edges, rows};
    place.y = down ? place.y : field->place.y - rows;
    place.w = MIN(place.w, rect.x + rect.w - place.x);
    return place;
}

void vd_form_list_draw(VdForm *form, VdCanvas *canvas, VdRect rect)
{
    VdFormList *list = &form->list;
    const VdField *field = vd_form_focused(form);
    gboolean framed = FALSE;
    if (!list->open || !field || field->place.w <= 0)
        return;
    VdRect place = list_place(list, field, rect, &framed);
    if (framed)
        place = vd_canvas_box(canvas, place, VD_ROLE_DIALOG_FRAME, VD_ROLE_FIELD, NULL);
    list->rect = place;
    if (place.h <= 0)
        return;
    guint rows = (guint)place.h;
    if (list->at < list->first)
        list->first = list->at;
    if (list->at >= list->first + rows)
        list->first = list->at - rows + 1;
    vd_canvas_fill(canvas, place, VD_ROLE_FIELD);
    if (list->shown->len == 0)
        vd_canvas_text(canvas, place.x, place.y, place.w, VD_ROLE_HINT, field->asked ? "…" : "–");
    for (guint i = 0; i < rows && list->first + i < list->shown->len; i++) {
        VdRole role = list->first + i == list->at ? VD_ROLE_SELECTED : VD_ROLE_FIELD;
        int y = place.y + (int)i;
        vd_canvas_fill(canvas, (VdRect){place.x, y, place.w, 1}, role);
        vd_canvas_text(canvas, place.x, y, place.w - 1, role,
                       g_ptr_array_index(list->shown, list->first + i));
    }
    if (list->first > 0)
        vd_canvas_text(canvas, place.x + place.w - 1, place.y, 1, VD_ROLE_HINT, "▴");
    if (list->first + rows < list->shown->len)
        vd_canvas_text(canvas, place.x + place.w - 1, place.y + place.h - 1, 1, VD_ROLE_HINT, "▾");
}

static void list_move(VdFormList *list, int by)
{
    int last = (int)list->shown->len - 1;
    list->at = (guint)CLAMP((int)list->at + by, 0, MAX(0, last));
}

static gboolean list_key(VdForm *form, guint32 key)
{
    VdFormList *list = &form->list;
    int page = MAX(1, list->rect.h);
    switch (key) {
    case VD_KEY_UP:
        list_move(list, -1);
        return TRUE;
    case VD_KEY_DOWN:
        list_move(list, 1);
        return TRUE;
    case VD_KEY_PGUP:
        list_move(list, -page);
        return TRUE;
    case VD_KEY_PGDN:
        list_move(list, page);
        return TRUE;
    case VD_KEY_ENTER:
        vd_form_list_take(form);
        return TRUE;
    case VD_KEY_ESC:
        vd_form_list_close(form);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vd_form_list_event(VdForm *form, const VdEvent *event)
{
    VdFormList *list = &form->list;
    VdRect r = list->rect;
    if (event->kind == VD_EVENT_KEY)
        return list_key(form, event->key);
    if (!vd_event_inside(event, r.x, r.y, r.w, r.h)) {
        vd_form_list_close(form);
        return FALSE;
    }
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        list_move(list, event->kind == VD_EVENT_WHEEL_UP ? -1 : 1);
        return TRUE;
    }
    list->at = list->first + (guint)(event->y - r.y);
    vd_form_list_take(form);
    return TRUE;
}
