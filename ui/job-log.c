/* A job's log. It is asked for piece by piece from the deck, at most one question at a time, and
 * only the last lines are kept, so that a runaway guest cannot fill the memory. It follows the end
 * until one scrolls up, and again once one is back at the end. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/job-window.h"

enum { LINES_MAX = 5000, LINE_CHARS = 500 };

typedef struct {
    VdDialog dialog; /* must be first */
    char *job;
    GQueue lines;  /* char *, clean */
    GString *rest; /* the last line, not ended yet */
    gint64 offset;
    gboolean asked, follow;
    int top, height; /* first line shown; lines that fit */
    int skip;        /* columns scrolled sideways */
} Log;

static void log_add(Log *log, const char *line)
{
    g_queue_push_tail(&log->lines, vd_text_clean(line, LINE_CHARS, FALSE));
    if (log->lines.length > LINES_MAX) {
        g_free(g_queue_pop_head(&log->lines));
        log->top = MAX(0, log->top - 1);
    }
}

static void log_take(Log *log, const char *text)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        g_string_append_len(log->rest, text, end - text);
        log_add(log, log->rest->str);
        g_string_truncate(log->rest, 0);
    }
    if (log->rest->len < 65536)
        g_string_append(log->rest, text);
}

static void log_ask(Log *log);

static void on_log(VdDeck *deck, const char *text, gint64 offset, gpointer data)
{
    Log *log = data;
    VdApp *app = log->dialog.app;
    (void)deck;
    vd_app_expected(app);
    log->asked = FALSE;
    if (!log->dialog.closed) {
        gboolean more = offset > log->offset && *text;
        log_take(log, text);
        log->offset = offset;
        if (more)
            log_ask(log); /* until nothing more is there */
        vd_app_dirty(app);
    }
    vd_dialog_unref(&log->dialog);
}

static void log_ask(Log *log)
{
    if (log->asked)
        return;
    log->asked = TRUE;
    vd_app_expect(log->dialog.app);
    vd_dialog_ref(&log->dialog);
    vd_deck_job_log(vd_app_deck(log->dialog.app), log->job, log->offset, on_log, log);
}

static int log_length(const Log *log)
{
    return (int)log->lines.length + (log->rest->len ? 1 : 0);
}

static void log_measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    (void)dialog;
    *ret_w = max_w;
    *ret_h = max_h;
}

static void log_draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    Log *log = (Log *)dialog;
    const VdJob *job = vd_job_find(dialog->app, log->job);
    g_autofree char *what = job ? vd_job_shown_title(job) : g_strdup(log->job);
    g_autofree char *title = g_strdup_printf(_("Log of %s · %s"), what, log->job);
    g_autofree char *rest = vd_text_clean(log->rest->str, LINE_CHARS, FALSE);
    VdRect in = vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, title);
    int last = MAX(0, log_length(log) - in.h);
    log->height = in.h;
    log->top = log->follow ? last : CLAMP(log->top, 0, last);
    const GList *line = g_queue_peek_nth_link(&log->lines, (guint)log->top);
    for (int i = 0; i < in.h && log->top + i < log_length(log); i++) {
        vd_canvas_text_from(canvas, in.x, in.y + i, in.w, VD_ROLE_DIALOG, line ? line->data : rest,
                            log->skip);
        line = line ? line->next : NULL;
    }
    if (log_length(log) == 0)
        vd_canvas_text(canvas, in.x, in.y, in.w, VD_ROLE_DIM, _("Nothing was written yet."));
}

static void log_move(Log *log, int by)
{
    int last = MAX(0, log_length(log) - log->height);
    log->top = CLAMP(log->top + by, 0, last);
    log->follow = log->top == last;
}

static gboolean log_key(Log *log, guint32 key)
{
    int page = MAX(1, log->height - 1);
    switch (key) {
    case VD_KEY_UP:
    case 'k':
        log_move(log, -1);
        return TRUE;
    case VD_KEY_DOWN:
    case 'j':
        log_move(log, 1);
        return TRUE;
    case VD_KEY_PGUP:
        log_move(log, -page);
        return TRUE;
    case VD_KEY_PGDN:
    case ' ':
        log_move(log, page);
        return TRUE;
    case VD_KEY_HOME:
    case 'g':
        log_move(log, -log_length(log));
        return TRUE;
    case VD_KEY_END:
    case 'G':
        log_move(log, log_length(log));
        return TRUE;
    case VD_KEY_LEFT:
        log->skip = MAX(0, log->skip - 8);
        return TRUE;
    case VD_KEY_RIGHT:
        log->skip = MIN(LINE_CHARS, log->skip + 8);
        return TRUE;
    default:
        return FALSE;
    }
}

static VdDialogResult log_event(VdDialog *dialog, const VdEvent *event)
{
    Log *log = (Log *)dialog;
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        log_move(log, event->kind == VD_EVENT_WHEEL_UP ? -3 : 3);
        return VD_DIALOG_HANDLED;
    }
    if (event->kind != VD_EVENT_KEY)
        return VD_DIALOG_HANDLED;
    return log_key(log, event->key) ? VD_DIALOG_HANDLED : VD_DIALOG_IGNORED;
}

/* The file grows without an event: while the job runs it is looked at once a second. */
static gboolean log_tick(VdDialog *dialog)
{
    Log *log = (Log *)dialog;
    const VdJob *job = vd_job_find(dialog->app, log->job);
    if (job && !vd_job_state_ended(job->state))
        log_ask(log);
    return FALSE;
}

static gboolean log_changed(VdDialog *dialog, guint changed)
{
    if (changed & VD_CHANGED_JOBS)
        log_ask((Log *)dialog);
    return FALSE;
}

static char *log_hint(VdDialog *dialog)
{
    const Log *log = (Log *)dialog;
    return g_strdup(log->follow ? _("Esc closes · Up, PgUp: back · follows the end")
                                : _("Esc closes · End: follow the end again"));
}

static void log_free(VdDialog *dialog)
{
    Log *log = (Log *)dialog;
    g_queue_clear_full(&log->lines, g_free);
    g_string_free(log->rest, TRUE);
    g_free(log->job);
    g_free(log);
}

static const VdDialogClass log_class = {
    .name = "job-log",
    .measure = log_measure,
    .draw = log_draw,
    .event = log_event,
    .changed = log_changed,
    .tick = log_tick,
    .free = log_free,
    .hint = log_hint,
};

VdDialog *vd_job_log_new(VdApp *app, const char *job)
{
    Log *log = g_new0(Log, 1);
    vd_dialog_init(&log->dialog, &log_class);
    log->dialog.app = app;
    log->job = g_strdup(job);
    log->rest = g_string_new(NULL);
    log->follow = TRUE;
    g_queue_init(&log->lines);
    log_ask(log);
    return &log->dialog;
}
