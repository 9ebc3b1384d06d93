/* A question with two buttons. No is the default, so that a hasty Enter harms nobody; where many
 * objects are meant, their number has to be typed, which no habit does by itself. */
#include "config.h"

#include "ui/ask.h"

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/edit.h"

enum { MANY = 10, BEST_WIDTH = 64 };

typedef struct {
    VdDialog dialog;
    char *text, *detail;
    guint count;
    VdAnswered answered;
    gpointer data;
    GDestroyNotify free_data;
    gboolean yes; /* the button with the focus */
    VdEdit number;
    VdRect yes_rect, no_rect;
} Ask;

static gboolean must_type(const Ask *self)
{
    return self->count > MANY;
}

/* Whether Yes may be said. */
static gboolean armed(const Ask *self)
{
    g_autofree char *wanted = g_strdup_printf("%u", self->count);
    return !must_type(self) || g_strcmp0(vd_edit_text(&self->number), wanted) == 0;
}

static int text_lines(const char *text, int width)
{
    return text ? vd_canvas_wrap(NULL, (VdRect){0, 0, width, 0}, VD_ROLE_DIALOG, text) : 0;
}

static void measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    const Ask *self = (const Ask *)dialog;
    (void)max_h;
    g_auto(GStrv) lines = g_strsplit(self->detail ? self->detail : "", "\n", -1);
    int widest = BEST_WIDTH - 4;
    for (guint i = 0; lines[i]; i++)
        widest = MAX(widest, vd_text_width(lines[i]));
    *ret_w = MIN(max_w, widest + 4);
    int inner = MAX(1, *ret_w - 4);
    *ret_h = 2 + text_lines(self->text, inner) + text_lines(self->detail, inner) +
             (self->detail ? 1 : 0) + (must_type(self) ? 2 : 0) + 2;
}

static void draw_buttons(Ask *self, VdCanvas *canvas, VdRect in)
{
    const char *no = _("No"), *yes = _("Yes");
    int y = in.y + in.h - 1;
    int no_width = vd_text_width(no) + 4, yes_width = vd_text_width(yes) + 4;
    int x = in.x + in.w - no_width - yes_width - 1;
    self->no_rect = (VdRect){x, y, no_width, 1};
    self->yes_rect = (VdRect){x + no_width + 1, y, yes_width, 1};
    vd_canvas_printf(canvas, x, y, no_width, self->yes ? VD_ROLE_BUTTON : VD_ROLE_BUTTON_FOCUS,
                     "[ %s ]", no);
    VdRole role = self->yes ? VD_ROLE_BUTTON_FOCUS : VD_ROLE_BUTTON;
    vd_canvas_printf(canvas, x + no_width + 1, y, yes_width, armed(self) ? role : VD_ROLE_DIM,
                     "[ %s ]", yes);
}

/* What does not fit is at least counted. */
static void draw_detail(const Ask *self, VdCanvas *canvas, VdRect rest)
{
    int lines = text_lines(self->detail, rest.w);
    int more = lines - rest.h + 1;
    if (lines > rest.h)
        rest.h--;
    vd_canvas_wrap(canvas, rest, VD_ROLE_HINT, self->detail);
    if (more > 1)
        vd_canvas_printf(canvas, rest.x, rest.y + rest.h, rest.w, VD_ROLE_STATE_WARN,
                         ngettext("… and %d more line", "… and %d more lines", (gulong)more), more);
}

/* In a low window the frame goes before the names do. */
static VdRect draw_ground(const Ask *self, VdCanvas *canvas, VdRect rect)
{
    int needed = text_lines(self->text, MAX(1, rect.w - 4)) + (must_type(self) ? 1 : 0) + 1;
    if (needed > rect.h - 2) {
        vd_canvas_fill(canvas, rect, VD_ROLE_DIALOG);
        return rect;
    }
    VdRect in = vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, _("Sure?"));
    if (in.w > 8) {
        in.x++;
        in.w -= 2;
    }
    return in;
}

static void draw_number(Ask *self, VdCanvas *canvas, VdRect line)
{
    g_autofree char *prompt = g_strdup_printf(
        ngettext("To go on, type how many: %u", "To go on, type how many: %u", self->count),
        self->count);
    int x = line.x + vd_canvas_text(canvas, line.x, line.y, line.w, VD_ROLE_DIALOG, prompt);
    vd_edit_draw(&self->number, canvas, x + 1, line.y, 8, VD_ROLE_FIELD_FOCUS, TRUE);
}

static void draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    Ask *self = (Ask *)dialog;
    VdRect in = draw_ground(self, canvas, rect);
    VdRect rest = {in.x, in.y, in.w, in.h - 1};
    int gap = text_lines(self->text, in.w) + 3 <= in.h ? 1 : 0; /* above the buttons */
    if (must_type(self)) {
        draw_number(self, canvas, (VdRect){in.x, in.y + in.h - 2 - gap, in.w, 1});
        rest.h -= 1 + gap;
    }
    int lines = vd_canvas_wrap(canvas, rest, VD_ROLE_DIALOG, self->text);
    if (lines > rest.h && rest.h > 0)
        vd_canvas_put(canvas, rest.x + rest.w - 1, rest.y + rest.h - 1, VD_ROLE_DIALOG, 0x2026);
    rest.y += lines + 1;
    rest.h -= lines + 1;
    if (self->detail && rest.h > 0)
        draw_detail(self, canvas, rest);
    draw_buttons(self, canvas, in);
}

static VdDialogResult finish(Ask *self, gboolean yes)
{
    VdAnswered answered = self->answered;
    self->answered = NULL;
    if (answered)
        answered(self->dialog.app, yes, self->data);
    return VD_DIALOG_CLOSE;
}

static VdDialogResult mouse(Ask *self, const VdEvent *event)
{
    if (event->kind != VD_EVENT_CLICK)
        return VD_DIALOG_IGNORED;
    const VdRect *no = &self->no_rect, *yes = &self->yes_rect;
    if (vd_event_inside(event, no->x, no->y, no->w, no->h))
        return finish(self, FALSE);
    if (vd_event_inside(event, yes->x, yes->y, yes->w, yes->h) && armed(self))
        return finish(self, TRUE);
    return VD_DIALOG_IGNORED;
}

/* A pasted text never says yes, nor does what was typed before the question was seen. */
static VdDialogResult event(VdDialog *dialog, const VdEvent *event)
{
    Ask *self = (Ask *)dialog;
    if (event->kind != VD_EVENT_KEY)
        return mouse(self, event);
    if (event->pasted)
        return VD_DIALOG_IGNORED;
    if (!dialog->shown && event->key != VD_KEY_ESC)
        return VD_DIALOG_HANDLED;
    switch (event->key) {
    case VD_KEY_LEFT:
    case VD_KEY_RIGHT:
    case VD_KEY_TAB:
    case VD_KEY_BACKTAB:
        self->yes = !self->yes && armed(self);
        return VD_DIALOG_HANDLED;
    case VD_KEY_ENTER:
        return finish(self, (self->yes || must_type(self)) && armed(self));
    case 'y':
    case 'Y':
        return armed(self) && !must_type(self) ? finish(self, TRUE) : VD_DIALOG_HANDLED;
    case 'n':
    case 'N':
    case 'q':
    case VD_KEY_ESC:
        return finish(self, FALSE);
    default:
        break;
    }
    if (must_type(self) && vd_edit_key(&self->number, event->key))
        return VD_DIALOG_HANDLED;
    return VD_DIALOG_IGNORED;
}

static char *hint(VdDialog *dialog)
{
    if (must_type((const Ask *)dialog))
        return g_strdup(_("Type the number and press Enter · Esc: no"));
    return g_strdup(_("y: yes · n, Esc, Enter: no · Tab changes the button"));
}

static void free_ask(VdDialog *dialog)
{
    Ask *self = (Ask *)dialog;
    if (self->free_data)
        self->free_data(self->data);
    g_free(self->text);
    g_free(self->detail);
    vd_edit_clear(&self->number);
    g_free(self);
}

static const VdDialogClass ask_class = {.name = "ask",
                                        .measure = measure,
                                        .draw = draw,
                                        .event = event,
                                        .hint = hint,
                                        .free = free_ask};

VdDialog *vd_ask_new(const char *text, const char *detail, guint count, VdAnswered answered,
                     gpointer data, GDestroyNotify free_data)
{
    Ask *self = g_new0(Ask, 1);
    vd_dialog_init(&self->dialog, &ask_class);
    self->text = g_strdup(text);
    self->detail = g_strdup(detail);
    self->count = count;
    self->answered = answered;
    self->data = data;
    self->free_data = free_data;
    vd_edit_init(&self->number, "", FALSE);
    self->number.max_bytes = 8;
    return &self->dialog;
}
