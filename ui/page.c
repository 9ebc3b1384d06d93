/* A page keeps its lines as an array and draws the ones in view. Search marks what it finds and
 * moves by n and N, as in every pager. */
#include "config.h"

#include "ui/page.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/edit.h"

typedef struct {
    VdDialog dialog;
    char *title;
    char **lines;     /* of text */
    GPtrArray *drawn; /* char *: lines as drawn at wrap_width */
    gboolean wrap;
    int wrap_width; /* -1: not broken yet */
    guint top, height;
    int left, widest;
    gboolean searching; /* keys go to the search */
    VdEdit search;
    char *(*make)(gpointer data); /* of a live page, or NULL */
    gpointer data;
    GDestroyNotify data_free;
} Page;

/* How far what stands below a row is indented. */
enum { BELOW = 4 };

/* Where the last column of a line begins, in cells, so that what is broken off it goes on below it;
 * 0 if that would leave too little, and then *ret_first bytes make the first line: the columns
 * before it, if it is broken off whole. */
static int hang(const char *line, int width, gsize *ret_first)
{
    const char *column = NULL;
    *ret_first = 0;
    for (const char *at = strstr(line, "  "); at; at = strstr(at + 1, "  "))
        column = at + 2;
    if (!column || !*column)
        return 0;
    g_autofree char *before = g_strndup(line, (gsize)(column - line));
    int cells = vd_text_width(before);
    if (cells <= width * 2 / 3)
        return cells;
    *ret_first = cells <= width ? (gsize)(column - line) : 0;
    return *ret_first && width > 4 * BELOW ? BELOW : 0;
}

/* How many bytes of line make a piece of at most width cells, at least one character. */
static gsize piece(const char *line, int width, int least)
{
    gsize bytes = vd_text_fit(line, width, NULL);
    gsize end = bytes;
    while (line[bytes] && end > (gsize)least && line[end] != ' ')
        end--;
    if (line[bytes] && end <= (gsize)least)
        end = bytes;
    return end || !line[0] ? end : (gsize)(g_utf8_next_char(line) - line);
}

/* One long line into pieces of at most width cells, between words where it can. */
static void break_line(GPtrArray *out, const char *line, int width)
{
    gsize first = 0;
    int indent = hang(line, width, &first);
    gboolean fits = vd_text_width(line) <= width;
    gsize end = first && !fits ? first : piece(line, width, indent);
    g_ptr_array_add(out, g_strndup(line, end));
    for (line += end; *line; line += end) {
        while (*line == ' ')
            line++;
        end = piece(line, width - indent, 0);
        g_autofree char *rest = g_strndup(line, end);
        if (*rest)
            g_ptr_array_add(out, g_strdup_printf("%*s%s", indent, "", rest));
    }
}

static void lay_out(Page *self, int width)
{
    if (self->wrap_width == width || (!self->wrap && self->wrap_width != -1))
        return;
    self->wrap_width = width;
    g_ptr_array_set_size(self->drawn, 0);
    self->widest = 0;
    for (guint i = 0; self->lines[i]; i++) {
        if (self->wrap)
            break_line(self->drawn, self->lines[i], MAX(1, width));
        else
            g_ptr_array_add(self->drawn, g_strdup(self->lines[i]));
        self->widest = MAX(self->widest, vd_text_width(self->lines[i]));
    }
}

static void measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    Page *self = (Page *)dialog;
    lay_out(self, max_w - 4);
    /* A page that nearly fills the screen has all of it. */
    int width = MAX(self->widest + 4, vd_text_width(self->title) + 8);
    *ret_w = width > max_w * 3 / 4 ? max_w : MAX(width, MIN(50, max_w));
    *ret_h = MIN(max_h, (int)self->drawn->len + 2);
}

static void clamp(Page *self)
{
    guint last = self->drawn->len > self->height ? self->drawn->len - self->height : 0;
    self->top = MIN(self->top, last);
    self->left = CLAMP(self->left, 0, MAX(0, self->widest - 10));
}

static void draw_matches(Page *self, VdCanvas *canvas, int x, int y, int width, const char *line)
{
    const char *needle = vd_edit_text(&self->search);
    gsize length = strlen(needle);
    if (length == 0)
        return;
    for (const char *at = strcasestr(line, needle); at; at = strcasestr(at + length, needle)) {
        g_autofree char *before = g_strndup(line, (gsize)(at - line));
        g_autofree char *match = g_strndup(at, length);
        int from = vd_text_width(before) - self->left;
        int cells = vd_text_width(match);
        if (from + cells > 0 && from < width)
            vd_canvas_tint(canvas, (VdRect){x + MAX(0, from), y, MIN(cells, width - from), 1},
                           VD_ROLE_MATCH);
    }
}

static void draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    Page *self = (Page *)dialog;
    VdRect in = vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, self->title);
    if (in.w > 8) {
        in.x++;
        in.w -= 2;
    }
    lay_out(self, in.w);
    self->height = (guint)MAX(1, in.h);
    clamp(self);
    for (guint i = 0; i < self->height && self->top + i < self->drawn->len; i++) {
        const char *line = g_ptr_array_index(self->drawn, self->top + i);
        int y = in.y + (int)i;
        vd_canvas_text_from(canvas, in.x, y, in.w, VD_ROLE_DIALOG, line, self->left);
        draw_matches(self, canvas, in.x, y, in.w, line);
    }
    if (self->drawn->len > self->height && rect.h >= 3 && rect.w > 12)
        vd_canvas_printf(canvas, rect.x + rect.w - 8, rect.y + rect.h - 1, 6, VD_ROLE_DIALOG_FRAME,
                         " %u%% ", MIN(100, (self->top + self->height) * 100 / self->drawn->len));
    if (self->searching && rect.h >= 3) {
        vd_canvas_put(canvas, rect.x + 1, rect.y + rect.h - 1, VD_ROLE_KEY, '/');
        vd_edit_draw(&self->search, canvas, rect.x + 2, rect.y + rect.h - 1, MIN(30, rect.w - 4),
                     VD_ROLE_FIELD_FOCUS, TRUE);
    }
}

/* To the next line with what is searched for; from: where to begin. */
static void find(Page *self, gint64 from, int by)
{
    const char *needle = vd_edit_text(&self->search);
    for (gint64 i = from; *needle && i >= 0 && i < (gint64)self->drawn->len; i += by)
        if (strcasestr(g_ptr_array_index(self->drawn, (guint)i), needle)) {
            self->top = (guint)i;
            return;
        }
}

static void search_key(Page *self, guint32 key)
{
    if (key == VD_KEY_ENTER || key == VD_KEY_ESC) {
        self->searching = FALSE;
        if (key == VD_KEY_ESC)
            vd_edit_set(&self->search, "");
        return;
    }
    if (vd_edit_key(&self->search, key))
        find(self, self->top, 1);
}

static gboolean scroll(Page *self, guint32 key)
{
    guint page = MAX(1, self->height - 1);
    guint top = self->top;
    switch (key) {
    case VD_KEY_UP:
    case 'k':
        top -= MIN(top, 1);
        break;
    case VD_KEY_DOWN:
    case 'j':
    case VD_KEY_ENTER:
        top++;
        break;
    case VD_KEY_PGUP:
    case VD_KEY_CTRL('U'):
        top -= MIN(top, page);
        break;
    case VD_KEY_PGDN:
    case VD_KEY_CTRL('D'):
    case ' ':
        top += page;
        break;
    case VD_KEY_HOME:
    case 'g':
        top = 0;
        break;
    case VD_KEY_END:
    case 'G':
        top = self->drawn->len;
        break;
    default:
        return FALSE;
    }
    self->top = top;
    return TRUE;
}

static VdDialogResult event(VdDialog *dialog, const VdEvent *event)
{
    Page *self = (Page *)dialog;
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        self->top =
            event->kind == VD_EVENT_WHEEL_DOWN ? self->top + 3 : self->top - MIN(self->top, 3);
        return VD_DIALOG_HANDLED;
    }
    if (event->kind != VD_EVENT_KEY)
        return VD_DIALOG_IGNORED;
    if (self->searching) {
        search_key(self, event->key);
        return VD_DIALOG_HANDLED;
    }
    if (event->key == VD_KEY_ENTER && self->drawn->len <= self->height)
        return VD_DIALOG_CLOSE; /* there is nothing more to scroll to */
    if (scroll(self, event->key))
        return VD_DIALOG_HANDLED;
    switch (event->key) {
    case 'q':
    case VD_KEY_F(10):
        return VD_DIALOG_CLOSE;
    case '/':
        self->searching = TRUE;
        return VD_DIALOG_HANDLED;
    case 'n':
        find(self, (gint64)self->top + 1, 1);
        return VD_DIALOG_HANDLED;
    case 'N':
        find(self, (gint64)self->top - 1, -1);
        return VD_DIALOG_HANDLED;
    case VD_KEY_LEFT:
    case VD_KEY_RIGHT:
        self->left = self->wrap ? 0 : self->left + (event->key == VD_KEY_LEFT ? -8 : 8);
        return VD_DIALOG_HANDLED;
    default:
        return VD_DIALOG_IGNORED;
    }
}

static char *hint(VdDialog *dialog)
{
    Page *self = (Page *)dialog;
    if (self->searching)
        return g_strdup(_("Enter keeps the search · Esc ends it"));
    return g_strdup(_("Esc closes this · / searches · n next · N before · arrows scroll"));
}

static void set_text(Page *self, const char *text)
{
    g_autofree char *ended = g_strdup(text);
    g_strchomp(ended);
    g_strfreev(self->lines);
    self->lines = g_strsplit(ended, "\n", -1);
    /* Tabs would be one cell wide. */
    for (guint i = 0; self->lines[i]; i++)
        g_strdelimit(self->lines[i], "\t\r", ' ');
    self->wrap_width = -1;
}

static gboolean tick(VdDialog *dialog)
{
    Page *self = (Page *)dialog;
    if (!self->make)
        return FALSE;
    g_autofree char *text = self->make(self->data);
    set_text(self, text);
    return TRUE;
}

static void free_page(VdDialog *dialog)
{
    Page *self = (Page *)dialog;
    if (self->data_free)
        self->data_free(self->data);
    g_free(self->title);
    g_strfreev(self->lines);
    g_ptr_array_unref(self->drawn);
    vd_edit_clear(&self->search);
    g_free(self);
}

static const VdDialogClass page_class = {.name = "page",
                                         .measure = measure,
                                         .draw = draw,
                                         .event = event,
                                         .tick = tick,
                                         .hint = hint,
                                         .free = free_page};

VdDialog *vd_page_new_text(const char *title, const char *text, gboolean wrap)
{
    Page *self = g_new0(Page, 1);
    vd_dialog_init(&self->dialog, &page_class);
    self->title = g_strdup(title);
    set_text(self, text);
    self->drawn = g_ptr_array_new_with_free_func(g_free);
    self->wrap = wrap;
    vd_edit_init(&self->search, "", FALSE);
    return &self->dialog;
}

VdDialog *vd_page_new_live(const char *title, char *(*make)(gpointer data), gpointer data,
                           GDestroyNotify release)
{
    g_autofree char *text = make(data);
    VdDialog *dialog = vd_page_new_text(title, text, FALSE);
    Page *self = (Page *)dialog;
    self->make = make;
    self->data = data;
    self->data_free = release;
    return dialog;
}

VdDialog *vd_page_new_doc(const char *title, VdDoc *doc)
{
    g_autofree char *text = vd_page_doc_text(doc);
    guint tables = 0; /* one table can be broken below its last column; several and XML are not */
    for (guint i = 0; i < doc->sections->len; i++) {
        VdSectionKind kind = ((VdSection *)g_ptr_array_index(doc->sections, i))->kind;
        tables += kind == VD_SECTION_TEXT ? 2 : kind == VD_SECTION_TABLE ? 1 : 0;
    }
    return vd_page_new_text(title, text, tables < 2);
}
