/* How a form looks: fields in one column, or in two from 76 cells on; below them the words that
 * belong to the field with the focus, the summary, the buttons. When there is less room than that,
 * the fields scroll, and the lines below give way from the least needed on, the words last. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/form.h"

enum { TWO_FROM = 76, WIDE = 100, NARROW = 72, GAP = 2, WORDS = 2, SUMMARY = 2 };

typedef struct {
    int columns, rows;                                     /* of fields */
    int label_w[2], column_w;                              /* column_w: label, field and mark */
    VdRect body;                                           /* where fields are */
    int words_y, words_h, summary_y, summary_h, buttons_y; /* -1: no room */
} Layout;

static int label_width(const VdField *field)
{
    return vd_text_width(_(field->spec->label)) + 1;
}

/* ---- words ---- */

/* What is wrong with a field or good to know of it, and the way out. The caller frees. */
static char *message_of(const VdField *field)
{
    if (field->state != VD_FIELD_BAD || !field->way_out)
        return g_strdup(field->message);
    return g_strdup_printf("%s %s", field->message, _(field->way_out));
}

/* The words for the field with the focus: what is wrong, a hint, or what it is. */
static char *field_words(const VdField *field, VdRole *ret_role)
{
    *ret_role = field->state == VD_FIELD_BAD ? VD_ROLE_FIELD_BAD : VD_ROLE_HINT;
    if (field->message && *field->message)
        return message_of(field);
    const char *help = field->help ? field->help : field->spec->help;
    return g_strdup(help ? _(help) : "");
}

/* What there is to say of another field: the first that is wrong, else the last hint that came. The
 * caller frees; NULL: nothing. */
static char *other_words(VdForm *form, VdRole *ret_role)
{
    const VdField *focused = vd_form_focused(form);
    const VdField *told = form->told && form->told != focused ? form->told : NULL;
    for (guint i = 0; i < form->fields->len; i++) {
        const VdField *field = g_ptr_array_index(form->fields, i);
        if (field == focused || field->off || field->state != VD_FIELD_BAD)
            continue;
        g_autofree char *message = message_of(field);
        *ret_role = VD_ROLE_FIELD_BAD;
        return g_strdup_printf("%s: %s", _(field->spec->label), message);
    }
    *ret_role = VD_ROLE_HINT;
    if (!told || told->off || !told->message || !*told->message)
        return NULL;
    return g_strdup_printf("%s: %s", _(told->spec->label), told->message);
}

static char *own_words(VdForm *form, VdRole *ret_role)
{
    const VdField *focused = vd_form_focused(form);
    *ret_role = form->note_bad ? VD_ROLE_FIELD_BAD : VD_ROLE_HINT;
    if (form->note && *form->note)
        return g_strdup(form->note);
    *ret_role = VD_ROLE_HINT;
    if (form->submitting || form->sent)
        return g_strdup(_("Checking…"));
    return focused ? field_words(focused, ret_role) : NULL;
}

/* ---- the zone between the fields and the buttons: words, then the summary ---- */

static int lines_of(const char *text, int width)
{
    return text ? vd_canvas_wrap(NULL, (VdRect){0, 0, width, 99}, VD_ROLE_HINT, text) : 0;
}

/* How many lines all the words want that there are. */
static int words_lines(VdForm *form, int width)
{
    VdRole role = VD_ROLE_HINT;
    g_autofree char *other = other_words(form, &role);
    g_autofree char *own = own_words(form, &role);
    return MAX(lines_of(own, width) + lines_of(other, width), 1);
}

/* All that the fields leave. Where they must scroll: what the words need, if that is not too much,
 * and a line for the summary. */
static int zone_height(VdForm *form, int width, int left, int rows)
{
    int summary = form->summary ? 1 : 0;
    /* A row of fields that scrolls costs less than words that are cut. */
    if (left - rows >= WORDS + (summary ? SUMMARY : 0))
        return left - rows;
    if (left >= 14)
        return WORDS + (summary ? SUMMARY : 0);
    if (left < 2)
        return 0;
    if (left < 5)
        return 1;
    return CLAMP(words_lines(form, width), 1, MAX(WORDS, left / 2 - 1)) + summary +
           (left >= 10 ? 1 : 0);
}

/* Blank lines above and below the two are the first to go, then the summary's second line. */
static void share_zone(VdForm *form, int width, VdRect zone, Layout *lay)
{
    int summary = form->summary && zone.h >= 2 ? 1 : 0, words = words_lines(form, width);
    if (summary && (zone.h >= WORDS + SUMMARY + 1 ||
                    (lines_of(form->summary, width) > 1 && zone.h >= MIN(words, WORDS) + SUMMARY)))
        summary = SUMMARY;
    words = CLAMP(words, 1, zone.h - summary);
    int blanks = zone.h - summary - words;
    if (words < WORDS && blanks > 1) { /* the place of the words stays the same */
        words++;
        blanks--;
    }
    int y = zone.y + (blanks > 0 ? 1 : 0);
    lay->words_y = y;
    lay->words_h = words;
    lay->summary_h = summary;
    lay->summary_y = summary ? zone.y + zone.h - summary - (blanks > 1 ? 1 : 0) : -1;
    lay->words_h = MIN(words, (summary ? lay->summary_y : zone.y + zone.h) - y);
}

static Layout layout_make(VdForm *form, VdRect in)
{
    Layout lay = {.columns = form->two_columns && in.w >= TWO_FROM - 2 ? 2 : 1};
    int n = (int)form->fields->len;
    lay.rows = (n + lay.columns - 1) / lay.columns;
    lay.column_w = (in.w - GAP * (lay.columns - 1)) / lay.columns;
    for (int i = 0; i < n; i++) {
        int *width = &lay.label_w[i % lay.columns];
        *width = MAX(*width, label_width(g_ptr_array_index(form->fields, (guint)i)));
    }
    for (int i = 0; i < 2; i++)
        lay.label_w[i] = MIN(lay.label_w[i], lay.column_w / 2);

    int left = in.h;
    lay.words_y = lay.summary_y = lay.buttons_y = -1;
    if (left == lay.rows + WORDS + (form->summary ? SUMMARY : 0)) {
        /* The frame's own line for them, and no row has to scroll. */
        lay.buttons_y = in.y + in.h;
    } else if (left >= 4) {
        lay.buttons_y = in.y + in.h - 1;
        left--;
    }
    int zone = zone_height(form, in.w, left, lay.rows);
    lay.body = (VdRect){in.x, in.y, in.w, MAX(1, left - zone)};
    if (zone > 0)
        share_zone(form, in.w, (VdRect){in.x, in.y + left - zone, in.w, zone}, &lay);
    return lay;
}

void vd_form_measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    VdForm *form = (VdForm *)dialog;
    gboolean two = form->two_columns && max_w >= TWO_FROM;
    int n = (int)form->fields->len;
    (void)max_h;
    *ret_w = MIN(max_w, two ? WIDE : NARROW);
    /* frame, fields, blank, words, summary, blank, buttons */
    *ret_h = 2 + (two ? (n + 1) / 2 : n) + 1 + WORDS + (form->summary ? SUMMARY : 0) + 2;
}

/* ---- a field ---- */

static int field_width(const VdField *field, int room)
{
    int width = room - 2; /* for the mark */
    if (field->spec->type == VD_ARG_INT)
        width = MIN(width, 7);
    else if (field->spec->type == VD_ARG_SIZE)
        width = MIN(width, field->empty ? 13 : 9);
    else
        width = MIN(width, 44);
    return MAX(1, width);
}

static void draw_flag(VdField *field, VdCanvas *canvas, int x, int y, int width, gboolean focused)
{
    VdRole role = field->off ? VD_ROLE_DIM : focused ? VD_ROLE_FIELD_FOCUS : VD_ROLE_DIALOG;
    int used = 0;
    if (field->yes)
        used = vd_canvas_printf(canvas, x, y, width, role, "(%s) %s (%s) %s", field->on ? " " : "•",
                                _(field->no), field->on ? "•" : " ", _(field->yes));
    else
        used = vd_canvas_printf(canvas, x, y, width, role, "[%s]", field->on ? "x" : " ");
    field->place = (VdRect){x, y, used, 1};
    if (focused)
        vd_canvas_set_cursor(canvas, x + 1, y);
}

static void draw_edit(VdField *field, VdCanvas *canvas, int x, int y, int width, gboolean focused)
{
    gboolean list = vd_field_has_list(field) && width > 4;
    const char *text = vd_edit_text(&field->edit);
    VdRole role = field->off                     ? VD_ROLE_DIM
                  : focused                      ? VD_ROLE_FIELD_FOCUS
                  : field->state == VD_FIELD_BAD ? VD_ROLE_FIELD_BAD
                                                 : VD_ROLE_FIELD;
    field->place = (VdRect){x, y, width, 1};
    vd_canvas_fill(canvas, field->place, role);
    if (list)
        vd_canvas_text(canvas, x + width - 1, y, 1, role, "▾");
    if (field->off)
        vd_canvas_text(canvas, x, y, width, role, "–");
    else
        vd_edit_draw(&field->edit, canvas, x, y, width - (list ? 1 : 0), role, focused);
    if (!*text && field->empty && !focused && !field->off) {
        vd_canvas_text(canvas, x, y, width - (list ? 1 : 0), role, _(field->empty));
        vd_canvas_tint(canvas, (VdRect){x, y, width - (list ? 1 : 0), 1}, VD_ROLE_HINT);
    }
}

/* The mark and, where the field leaves room, its words. */
static void draw_state(const VdField *field, VdCanvas *canvas, int x, int y, int room)
{
    const char *text = vd_edit_text(&field->edit);
    gboolean filled = *text || field->state == VD_FIELD_BAD;
    if (field->off || field->spec->type == VD_ARG_FLAG || !filled)
        return;
    if (field->state == VD_FIELD_GOOD)
        vd_canvas_text(canvas, x, y, 1, VD_ROLE_STATE_GOOD, "✓");
    else if (field->state == VD_FIELD_BAD)
        vd_canvas_text(canvas, x, y, 1, VD_ROLE_STATE_BAD, "✗");
    else if (field->state == VD_FIELD_CHECKING)
        vd_canvas_text(canvas, x, y, 1, VD_ROLE_STATE_BUSY, "…");
    /* Cut words tell nothing; they stand whole below. */
    if (field->message && vd_text_width(field->message) <= room - 2)
        vd_canvas_text(canvas, x + 2, y, room - 2,
                       field->state == VD_FIELD_BAD ? VD_ROLE_FIELD_BAD : VD_ROLE_HINT,
                       field->message);
}

static void draw_field(VdField *field, VdCanvas *canvas, VdRect cell, int label_w, gboolean focused)
{
    int x = cell.x + label_w, room = cell.w - label_w;
    field->label = (VdRect){cell.x, cell.y, label_w, 1};
    vd_canvas_text(canvas, cell.x, cell.y, label_w - 1, field->off ? VD_ROLE_DIM : VD_ROLE_LABEL,
                   _(field->spec->label));
    if (field->spec->type == VD_ARG_FLAG) {
        draw_flag(field, canvas, x, cell.y, room, focused);
        return;
    }
    int width = field_width(field, room);
    draw_edit(field, canvas, x, cell.y, width, focused);
    draw_state(field, canvas, x + width + 1, cell.y, room - width - 1);
}

static void draw_fields(VdForm *form, VdCanvas *canvas, const Layout *lay)
{
    int focus_row = (int)MIN(form->focus, form->fields->len - 1) / lay->columns;
    form->scroll = CLAMP(form->scroll, MAX(0, focus_row - lay->body.h + 1), focus_row);
    form->scroll = MIN(form->scroll, MAX(0, lay->rows - lay->body.h));
    for (guint i = 0; i < form->fields->len; i++) {
        VdField *field = g_ptr_array_index(form->fields, i);
        int column = (int)i % lay->columns, row = (int)i / lay->columns - form->scroll;
        field->place = field->label = (VdRect){0, 0, 0, 0};
        if (row < 0 || row >= lay->body.h)
            continue;
        VdRect cell = {lay->body.x + column * (lay->column_w + GAP), lay->body.y + row,
                       lay->column_w, 1};
        draw_field(field, canvas, cell, lay->label_w[column], i == form->focus);
    }
}

/* That there are rows above and below: in words on the frame's lower side; where they have no room,
 * by arrows at its right, which would else be taken for a field's list. */
static void draw_more(const VdForm *form, VdCanvas *canvas, const Layout *lay, VdRect frame)
{
    int above = form->scroll, below = MAX(0, lay->rows - lay->body.h - form->scroll);
    int edge = frame.x + frame.w - 1;
    g_autoptr(GString) words = g_string_new(" ");
    if (above > 0) {
        g_string_append_printf(words, ngettext("▴ %d row above", "▴ %d rows above", (gulong)above),
                               above);
        g_string_append_c(words, ' ');
    }
    if (below > 0) {
        g_string_append_printf(words, ngettext("▾ %d row below", "▾ %d rows below", (gulong)below),
                               below);
        g_string_append_c(words, ' ');
    }
    int width = vd_text_width(words->str);
    if (width > 1 && width <= frame.w - 4 && frame.h >= 3) {
        vd_canvas_text(canvas, frame.x + 2, frame.y + frame.h - 1, width, VD_ROLE_DIALOG,
                       words->str);
        return;
    }
    if (above > 0)
        vd_canvas_text(canvas, edge, lay->body.y, 1, VD_ROLE_DIALOG, "▴");
    if (below > 0)
        vd_canvas_text(canvas, edge, lay->body.y + lay->body.h - 1, 1, VD_ROLE_DIALOG, "▾");
}

/* ---- what stands below ---- */

static void draw_words(VdForm *form, VdCanvas *canvas, VdRect place)
{
    VdRole role = VD_ROLE_HINT, other_role = VD_ROLE_HINT;
    g_autofree char *other = other_words(form, &other_role);
    g_autofree char *own = own_words(form, &role);
    gboolean urgent = role == VD_ROLE_FIELD_BAD || !other || (form->note && *form->note);
    VdRect endless = {0, 0, place.w, 99};
    int lines = own ? vd_canvas_wrap(NULL, endless, role, own) : 0;
    /* What is wrong elsewhere is worth more than what this field is for. */
    if (!urgent && other_role == VD_ROLE_FIELD_BAD &&
        lines + vd_canvas_wrap(NULL, endless, role, other) > place.h)
        lines = 0;
    if (urgent || lines < place.h) {
        vd_canvas_wrap(canvas, place, role, own && lines ? own : "");
        place.y += lines;
        place.h -= lines;
    } else if (place.h > 1) { /* a long help text gives way to one line of what matters more */
        vd_canvas_text(canvas, place.x, place.y++, place.w, role, own);
        place.h--;
    }
    if (other && place.h > 0)
        vd_canvas_wrap(canvas, place, other_role, other);
}

static char *button_label(const VdFormButton *button, gboolean keys)
{
    g_autofree char *key = keys && button->key ? vd_key_name(button->key) : NULL;
    return key ? g_strdup_printf("[ %s %s ]", key, _(button->label))
               : g_strdup_printf("[ %s ]", _(button->label));
}

static int buttons_width(const VdForm *form, gboolean keys, int gap)
{
    int width = -gap;
    for (guint i = 0; i < form->n_buttons; i++) {
        g_autofree char *label = button_label(&form->buttons[i], keys);
        width += vd_text_width(label) + gap;
    }
    return width;
}

/* With the names of their keys, where there is room. */
static void draw_buttons(VdForm *form, VdCanvas *canvas, VdRect in, int y)
{
    gboolean keys = buttons_width(form, TRUE, 2) <= in.w;
    int gap = keys || buttons_width(form, FALSE, 2) <= in.w ? 2 : 1;
    int x = in.x + MAX(0, in.w - buttons_width(form, keys, gap));
    for (guint i = 0; i < form->n_buttons; i++) {
        g_autofree char *label = button_label(&form->buttons[i], keys);
        gboolean focused = form->focus == form->fields->len + i;
        int used = vd_canvas_text(canvas, x, y, in.x + in.w - x,
                                  focused ? VD_ROLE_BUTTON_FOCUS : VD_ROLE_BUTTON, label);
        form->button_rects[i] = (VdRect){x, y, MAX(0, used), 1};
        if (focused)
            vd_canvas_set_cursor(canvas, x, y);
        x += used + gap;
    }
}

void vd_form_draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    VdForm *form = (VdForm *)dialog;
    VdRect in = vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, form->title);
    if (in.w > 20) { /* a margin, where there is room */
        in.x++;
        in.w -= 2;
    }
    Layout lay = layout_make(form, in);
    memset(form->button_rects, 0, sizeof(form->button_rects));
    if (form->fields->len) {
        draw_fields(form, canvas, &lay);
        draw_more(form, canvas, &lay, rect);
    }
    if (lay.words_y >= 0)
        draw_words(form, canvas, (VdRect){in.x, lay.words_y, in.w, lay.words_h});
    if (lay.summary_y >= 0)
        vd_canvas_wrap(canvas, (VdRect){in.x, lay.summary_y, in.w, lay.summary_h},
                       form->summary_bad ? VD_ROLE_FIELD_BAD : VD_ROLE_DIALOG, form->summary);
    if (lay.buttons_y >= 0)
        draw_buttons(form, canvas, in, lay.buttons_y);
    vd_form_list_draw(form, canvas, rect);
}
