/* A request as a command line, to be copied into a script. It is broken before options, with the
 * backslash that a shell wants there, and never inside a quoted word. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/form.h"

typedef struct {
    VdDialog dialog;  /* must be first */
    GPtrArray *words; /* char *: each with what belongs to it: "--disk 20G" */
    int scroll;
} Box;

/* Words end at blanks outside quotes; an option takes the words up to the next one along. */
static GPtrArray *split_words(const char *command)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    GString *word = g_string_new(NULL);
    gboolean quoted = FALSE;
    for (const char *p = command; *p; p++) {
        if (*p == '\'' && (p == command || p[-1] != '\\'))
            quoted = !quoted;
        if (!quoted && *p == ' ' && p[1] == '-' && p[2] == '-') {
            g_ptr_array_add(words, g_strdup(word->str));
            g_string_truncate(word, 0);
            continue;
        }
        g_string_append_c(word, *p);
    }
    g_ptr_array_add(words, g_string_free(word, FALSE));
    return words;
}

/* The lines for a width. */
static GPtrArray *break_lines(const Box *box, int width)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    GString *line = g_string_new(NULL);
    for (guint i = 0; i < box->words->len; i++) {
        const char *word = g_ptr_array_index(box->words, i);
        int more = i + 1 < box->words->len ? 3 : 1; /* a blank, and " \\" if more follows */
        if (line->len && vd_text_width(line->str) + vd_text_width(word) + more > width) {
            g_string_append(line, " \\");
            g_ptr_array_add(lines, g_strdup(line->str));
            g_string_assign(line, " ");
        }
        g_string_append_printf(line, "%s%s", line->len ? " " : "", word);
    }
    g_ptr_array_add(lines, g_string_free(line, FALSE));
    return lines;
}

static void box_measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    g_autoptr(GPtrArray) lines = break_lines((Box *)dialog, MIN(max_w, 100) - 4);
    int width = 30;
    (void)max_h;
    for (guint i = 0; i < lines->len; i++)
        width = MAX(width, vd_text_width(g_ptr_array_index(lines, i)));
    *ret_w = width + 4;
    *ret_h = (int)lines->len + 2;
}

static void box_draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    Box *box = (Box *)dialog;
    VdRect in =
        vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, _("As a command"));
    if (in.w > 4) {
        in.x++;
        in.w -= 2;
    }
    g_autoptr(GPtrArray) lines = break_lines(box, in.w);
    box->scroll = CLAMP(box->scroll, 0, MAX(0, (int)lines->len - in.h));
    for (int i = 0; i < in.h && i + box->scroll < (int)lines->len; i++)
        vd_canvas_text(canvas, in.x, in.y + i, in.w, VD_ROLE_DIALOG,
                       g_ptr_array_index(lines, (guint)(i + box->scroll)));
}

static VdDialogResult box_event(VdDialog *dialog, const VdEvent *event)
{
    Box *box = (Box *)dialog;
    gboolean up = event->kind == VD_EVENT_WHEEL_UP || event->key == VD_KEY_UP;
    gboolean down = event->kind == VD_EVENT_WHEEL_DOWN || event->key == VD_KEY_DOWN;
    if (up || down) {
        box->scroll += up ? -1 : 1;
        return VD_DIALOG_HANDLED;
    }
    return event->kind == VD_EVENT_KEY ? VD_DIALOG_CLOSE : VD_DIALOG_HANDLED;
}

static char *box_hint(VdDialog *dialog)
{
    (void)dialog;
    return g_strdup(_("Esc closes"));
}

static void box_free(VdDialog *dialog)
{
    Box *box = (Box *)dialog;
    g_ptr_array_unref(box->words);
    g_free(box);
}

static const VdDialogClass box_class = {
    .name = "command",
    .measure = box_measure,
    .draw = box_draw,
    .event = box_event,
    .free = box_free,
    .hint = box_hint,
};

VdDialog *vd_form_command_new(const char *command)
{
    Box *box = g_new0(Box, 1);
    g_autofree char *clean = vd_text_clean(command, 16000, FALSE);
    vd_dialog_init(&box->dialog, &box_class);
    box->words = split_words(clean);
    return &box->dialog;
}
