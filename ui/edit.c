/* A line editor on a GString. The cursor is a byte offset that always stands before a base
 * character, so that a letter and its accents are passed and removed together. */
#include "config.h"

#include "ui/edit.h"

#include <string.h>

#include "src/base/text.h"

void vd_edit_init(VdEdit *edit, const char *text, gboolean hidden)
{
    *edit = (VdEdit){.text = g_string_sized_new(hidden ? 1024 : 32), .hidden = hidden};
    vd_edit_set(edit, text);
}

static void wipe(VdEdit *edit)
{
    if (edit->hidden && edit->text)
        explicit_bzero(edit->text->str, edit->text->allocated_len);
}

void vd_edit_clear(VdEdit *edit)
{
    if (!edit->text)
        return;
    wipe(edit);
    g_string_free(edit->text, TRUE);
    edit->text = NULL;
}

void vd_edit_set(VdEdit *edit, const char *text)
{
    wipe(edit);
    g_string_assign(edit->text, text ? text : "");
    edit->at = edit->text->len;
    edit->first = 0;
}

const char *vd_edit_text(const VdEdit *edit)
{
    return edit->text->str;
}

static gboolean combining_at(const VdEdit *edit, gsize at)
{
    return edit->text->str[at] && g_unichar_iszerowidth(g_utf8_get_char(edit->text->str + at));
}

static gsize after(const VdEdit *edit, gsize at)
{
    if (at >= edit->text->len)
        return edit->text->len;
    do
        at = (gsize)(g_utf8_next_char(edit->text->str + at) - edit->text->str);
    while (combining_at(edit, at));
    return at;
}

static gsize before(const VdEdit *edit, gsize at)
{
    while (at > 0) {
        at = (gsize)(g_utf8_prev_char(edit->text->str + at) - edit->text->str);
        if (!combining_at(edit, at))
            break;
    }
    return at;
}

/* The start of the word before the cursor. */
static gsize word_start(const VdEdit *edit)
{
    gsize at = edit->at;
    while (at > 0 && edit->text->str[at - 1] == ' ')
        at--;
    while (at > 0 && edit->text->str[at - 1] != ' ')
        at--;
    return at;
}

static void cut(VdEdit *edit, gsize from, gsize to)
{
    gsize tail = edit->text->len - to;
    memmove(edit->text->str + from, edit->text->str + to, tail);
    if (edit->hidden)
        explicit_bzero(edit->text->str + from + tail, to - from);
    g_string_truncate(edit->text, from + tail);
    edit->at = from;
}

/* Growing by GString would leave a copy of a secret behind: a hidden line has its room from the
 * start, and no more. */
static void insert(VdEdit *edit, guint32 key)
{
    char bytes[6];
    gsize n = (gsize)g_unichar_to_utf8(key, bytes);
    gsize max = edit->max_bytes ? edit->max_bytes : 4096;
    if (edit->hidden)
        max = MIN(max, edit->text->allocated_len - 8);
    if (edit->text->len + n > max)
        return;
    g_string_insert_len(edit->text, (gssize)edit->at, bytes, (gssize)n);
    edit->at += n;
}

static gboolean move(VdEdit *edit, guint32 key)
{
    switch (key) {
    case VD_KEY_LEFT:
        edit->at = before(edit, edit->at);
        return TRUE;
    case VD_KEY_RIGHT:
        edit->at = after(edit, edit->at);
        return TRUE;
    case VD_KEY_HOME:
        edit->at = 0;
        return TRUE;
    case VD_KEY_END:
    case VD_KEY_CTRL('E'):
        edit->at = edit->text->len;
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean vd_edit_key(VdEdit *edit, guint32 key)
{
    if (move(edit, key))
        return TRUE;
    switch (key) {
    case VD_KEY_BACKSPACE:
        cut(edit, before(edit, edit->at), edit->at);
        return TRUE;
    case VD_KEY_DELETE:
    case VD_KEY_CTRL('D'):
        cut(edit, edit->at, after(edit, edit->at));
        return TRUE;
    case VD_KEY_CTRL('U'):
        cut(edit, 0, edit->text->len);
        return TRUE;
    case VD_KEY_CTRL('W'):
        cut(edit, word_start(edit), edit->at);
        return TRUE;
    case VD_KEY_CTRL('K'):
        cut(edit, edit->at, edit->text->len);
        return TRUE;
    default:
        break;
    }
    if (!vd_key_printable(key) && !g_unichar_iszerowidth(key))
        return FALSE;
    insert(edit, key);
    return TRUE;
}

/* The text as it is drawn: bullets for a secret, one for each character. The caller frees. */
static char *shown(const VdEdit *edit, int *ret_cursor)
{
    if (!edit->hidden) {
        g_autofree char *head = g_strndup(edit->text->str, edit->at);
        *ret_cursor = vd_text_width(head);
        return g_strdup(edit->text->str);
    }
    GString *dots = g_string_new(NULL);
    *ret_cursor = 0;
    for (gsize at = 0; at < edit->text->len; at = after(edit, at)) {
        g_string_append(dots, "•");
        if (at < edit->at)
            (*ret_cursor)++;
    }
    return g_string_free(dots, FALSE);
}

void vd_edit_draw(VdEdit *edit, VdCanvas *canvas, int x, int y, int width, VdRole role,
                  gboolean focused)
{
    if (width <= 0)
        return;
    int cursor = 0;
    g_autofree char *text = shown(edit, &cursor);
    if (!focused)
        edit->first = 0;
    if (cursor < edit->first)
        edit->first = cursor;
    if (focused && cursor >= edit->first + width)
        edit->first = cursor - width + 1;
    vd_canvas_fill(canvas, (VdRect){x, y, width, 1}, role);
    if (focused || vd_text_width(text) <= width)
        vd_canvas_text_from(canvas, x, y, width, role, text, edit->first);
    else
        vd_canvas_text(canvas, x, y, width, role, text);
    if (focused)
        vd_canvas_set_cursor(canvas, x + cursor - edit->first, y);
}
