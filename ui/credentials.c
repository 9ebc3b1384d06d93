/* What a host asks while it is being connected to: words, some of them secret, or whether its key
 * is the right one. Nothing is kept here longer than the dialog stands. */
#include "config.h"

#include "ui/credentials.h"

#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/edit.h"

enum { BEST_WIDTH = 66, MAX_FIELDS = 8 };

typedef struct {
    VdDialog dialog;
    VdQuestion *question;
    VdEdit edits[MAX_FIELDS];
    guint n, focus;
    VdRect places[MAX_FIELDS];
} Credentials;

static int text_lines(const Credentials *self, int width)
{
    return vd_canvas_wrap(NULL, (VdRect){0, 0, width, 0}, VD_ROLE_DIALOG,
                          vd_question_text(self->question));
}

static void measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    const Credentials *self = (const Credentials *)dialog;
    (void)max_h;
    *ret_w = MIN(max_w, BEST_WIDTH);
    *ret_h = 2 + text_lines(self, MAX(1, *ret_w - 4)) + (self->n ? 2 * (int)self->n : 1) + 1;
}

static void draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    Credentials *self = (Credentials *)dialog;
    /* TRANSLATORS: a host's name: "kvm1 asks" */
    g_autofree char *title = g_strdup_printf(_("%s asks"), vd_question_host(self->question));
    VdRect in = vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, title);
    if (in.w > 8) {
        in.x++;
        in.w -= 2;
    }
    VdRect text = {in.x, in.y, in.w, MAX(0, in.h - (self->n ? 2 * (int)self->n : 1))};
    int y = in.y + vd_canvas_wrap(canvas, text, VD_ROLE_DIALOG, vd_question_text(self->question));
    if (self->n == 0)
        vd_canvas_text(canvas, in.x, in.y + in.h - 1, in.w, VD_ROLE_DIALOG,
                       _("Go on with it? y: yes, and remember the key · n: no"));
    for (guint i = 0; i < self->n && y + 1 < in.y + in.h; i++, y += 2) {
        gboolean focused = i == self->focus;
        self->places[i] = (VdRect){in.x, y + 1, in.w, 1};
        vd_canvas_text(canvas, in.x, y, in.w, VD_ROLE_DIALOG,
                       vd_question_field(self->question, i)->prompt);
        vd_edit_draw(&self->edits[i], canvas, in.x, y + 1, in.w,
                     focused ? VD_ROLE_FIELD_FOCUS : VD_ROLE_FIELD, focused);
    }
}

static VdDialogResult give(Credentials *self)
{
    const char *answers[MAX_FIELDS + 1] = {NULL};
    for (guint i = 0; i < self->n; i++)
        answers[i] = vd_edit_text(&self->edits[i]);
    vd_question_give(self->question, answers);
    return VD_DIALOG_CLOSE;
}

static VdDialogResult refuse(Credentials *self)
{
    vd_question_give(self->question, NULL);
    return VD_DIALOG_CLOSE;
}

static VdDialogResult key_event(Credentials *self, guint32 key, gboolean pasted)
{
    if (key == VD_KEY_ESC)
        return refuse(self);
    if (self->n == 0) {
        if (pasted)
            return VD_DIALOG_HANDLED;
        if (key == 'y' || key == 'Y')
            return give(self);
        return key == 'n' || key == 'N' ? refuse(self) : VD_DIALOG_HANDLED;
    }
    switch (key) {
    case VD_KEY_ENTER:
        if (pasted) /* the end of a pasted password is not the person's word */
            return VD_DIALOG_HANDLED;
        if (self->focus + 1 >= self->n)
            return give(self);
        self->focus++;
        break;
    case VD_KEY_TAB:
    case VD_KEY_DOWN:
        self->focus = (self->focus + 1) % self->n;
        break;
    case VD_KEY_BACKTAB:
    case VD_KEY_UP:
        self->focus = (self->focus + self->n - 1) % self->n;
        break;
    default:
        (void)vd_edit_key(&self->edits[self->focus], key);
    }
    return VD_DIALOG_HANDLED;
}

static VdDialogResult event(VdDialog *dialog, const VdEvent *event)
{
    Credentials *self = (Credentials *)dialog;
    if (event->kind == VD_EVENT_KEY)
        return key_event(self, event->key, event->pasted);
    for (guint i = 0; event->kind == VD_EVENT_CLICK && i < self->n; i++) {
        const VdRect *at = &self->places[i];
        if (vd_event_inside(event, at->x, at->y, at->w, at->h))
            self->focus = i;
    }
    return VD_DIALOG_HANDLED;
}

/* The host gave up, or was let go: there is nobody left to answer. */
static gboolean changed(VdDialog *dialog, guint what)
{
    Credentials *self = (Credentials *)dialog;
    if (!(what & VD_CHANGED_QUESTION) || vd_question_open(self->question))
        return FALSE;
    vd_app_close(dialog->app, dialog);
    return TRUE;
}

static char *hint(VdDialog *dialog)
{
    const Credentials *self = (const Credentials *)dialog;
    if (self->n == 0)
        return g_strdup(_("y: yes · n, Esc: no"));
    return g_strdup(_("Enter answers · Esc refuses · nothing of it is kept"));
}

static void free_credentials(VdDialog *dialog)
{
    Credentials *self = (Credentials *)dialog;
    vd_question_give(self->question, NULL); /* if it was not answered */
    for (guint i = 0; i < self->n; i++)
        vd_edit_clear(&self->edits[i]);
    vd_question_unref(self->question);
    g_free(self);
}

static const VdDialogClass credentials_class = {.name = "credentials",
                                                .measure = measure,
                                                .draw = draw,
                                                .event = event,
                                                .changed = changed,
                                                .hint = hint,
                                                .free = free_credentials};

VdDialog *vd_credentials_new(VdQuestion *question)
{
    Credentials *self = g_new0(Credentials, 1);
    vd_dialog_init(&self->dialog, &credentials_class);
    self->question = vd_question_ref(question);
    self->n = MIN(vd_question_fields(question), (guint)MAX_FIELDS);
    for (guint i = 0; i < self->n; i++) {
        const VdQuestionField *field = vd_question_field(question, i);
        vd_edit_init(&self->edits[i], field->given ? field->given : "", field->secret);
    }
    return &self->dialog;
}
