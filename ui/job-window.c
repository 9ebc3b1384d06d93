/* The steps of a job. The window holds no more than the job's id: what it draws is read from the
 * deck's list each time, so that it shows the jobs of other consoles just as well. */
#include "config.h"

#include "ui/job-window.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/forms.h"

enum { BAR = 20, TIME = 6, GLYPH = 2, WANTED = 78 };

typedef struct {
    VdDialog dialog; /* must be first */
    char *id;
    int scroll;
    gboolean asked; /* what it was asked for, to try it again */
} Window;

const VdJob *vd_job_find(VdApp *app, const char *id)
{
    const GPtrArray *jobs = vd_deck_jobs(vd_app_deck(app));
    for (guint i = 0; jobs && i < jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(jobs, i);
        if (strcmp(job->id, id) == 0)
            return job;
    }
    return NULL;
}

char *vd_job_left_text(VdApp *app, const VdJob *job)
{
    gint64 now = g_get_real_time();
    gint64 left = vd_pace_left(vd_app_pace(app, job->id), vd_job_remaining(job, now), now);
    return left < 0 || vd_app_span(app, 0, left) == 0 ? NULL : vd_left_text(left);
}

double vd_job_done(VdApp *app, const VdJob *job)
{
    gint64 now = g_get_real_time();
    return vd_job_fraction(job, vd_app_span(app, 0, now) ? now : 0);
}

/* ---- what it says ---- */

/* The dots and dashes of waiting and skipped steps would be one sign in ASCII. */
static const char *step_glyph(VdStepState state, gboolean ascii, VdRole *ret_role)
{
    switch (state) {
    case VD_STEP_RUNNING:
        *ret_role = VD_ROLE_STATE_BUSY;
        return "▸";
    case VD_STEP_DONE:
        *ret_role = VD_ROLE_STATE_GOOD;
        return "✓";
    case VD_STEP_SKIPPED:
        *ret_role = VD_ROLE_DIM;
        return "–";
    case VD_STEP_FAILED:
        *ret_role = VD_ROLE_STATE_BAD;
        return "✗";
    case VD_STEP_UNDONE:
        *ret_role = VD_ROLE_STATE_WARN;
        return "←";
    default:
        *ret_role = VD_ROLE_DIM;
        return ascii ? "." : "·";
    }
}

static char *span_text(VdApp *app, gint64 from, gint64 to)
{
    if (!from)
        return g_strdup("");
    return vd_format_duration(vd_app_span(app, from, to ? to : g_get_real_time()));
}

/* "00:41" since the start. */
static char *clock_text(VdApp *app, const VdJob *job)
{
    gint64 from = job->started ? job->started : job->created;
    gint64 to = job->ended ? job->ended : g_get_real_time();
    gint64 seconds = MAX(0, vd_app_span(app, from, to) / G_USEC_PER_SEC);
    return g_strdup_printf("%02d:%02d", (int)(seconds / 60), (int)(seconds % 60));
}

static const char *state_text(const VdJob *job, VdRole *ret_role)
{
    switch (job->state) {
    case VD_JOB_DONE:
        *ret_role = VD_ROLE_STATE_GOOD;
        return _("Done.");
    case VD_JOB_FAILED:
        *ret_role = VD_ROLE_STATE_BAD;
        return _("Failed.");
    case VD_JOB_UNKNOWN:
        *ret_role = VD_ROLE_STATE_WARN;
        return _("Its outcome is not known; what it made stays.");
    case VD_JOB_CANCELLED:
        *ret_role = VD_ROLE_STATE_WARN;
        return _("Cancelled; what it made was removed.");
    case VD_JOB_CANCELLING:
        *ret_role = VD_ROLE_STATE_WARN;
        return _("Cancelling: what it made is being removed.");
    case VD_JOB_INTERRUPTED:
        *ret_role = VD_ROLE_STATE_BAD;
        return _("Interrupted: its process is gone. It can go on, or be taken back.");
    case VD_JOB_QUEUED:
        *ret_role = VD_ROLE_STATE_BUSY;
        return _("Waiting to start.");
    default:
        *ret_role = VD_ROLE_STATE_BUSY;
        return NULL;
    }
}

/* Step, reason, what was undone, what to do: sentences, one after the other. */
static char *failure_text(const VdJob *job)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(job->steps, i);
        if (step->state == VD_STEP_FAILED)
            g_string_append_printf(text, "%s: ", _(step->label));
    }
    g_string_append_printf(text, "%s\n", job->error ? job->error : _("no reason was given"));
    g_autofree char *more = vd_text_more(job->error, job->detail);
    if (more)
        g_string_append_printf(text, "%s\n", more);
    if (job->undone && *job->undone)
        g_string_append_printf(text, _("Taken back: %s\n"), job->undone);
    g_string_append_printf(text, _("Request %s. r tries again, l shows the log."), job->id);
    return g_string_free(text, FALSE);
}

static int percent(double fraction)
{
    return (int)(CLAMP(fraction, 0.0, 1.0) * 100 + 0.5);
}

/* ---- drawing ---- */

/* Everything is drawn in lines counted from the window's scroll position; this is where line n
 * goes, or -1. */
static int line_y(const Window *window, VdRect in, int line)
{
    int y = in.y + line - window->scroll;
    return line >= window->scroll && y < in.y + in.h ? y : -1;
}

/* still: nobody is at it, so that neither its time nor its bar goes on. */
static void draw_step(VdApp *app, VdCanvas *canvas, VdRect row, const VdStep *step, int label_w,
                      gboolean still)
{
    VdRole role = VD_ROLE_DIM;
    const char *glyph = step_glyph(step->state, vd_app_ascii(app), &role);
    gboolean waiting = step->state == VD_STEP_WAITING || step->state == VD_STEP_SKIPPED;
    VdRole words = waiting ? VD_ROLE_DIM : VD_ROLE_DIALOG;
    int x = row.x, right = row.x + row.w;
    vd_canvas_text(canvas, x, row.y, 1, role, glyph);
    x += GLYPH;
    vd_canvas_text(canvas, x, row.y, MIN(label_w, right - x), words, _(step->label));
    x += label_w + 1;
    still = still && step->state == VD_STEP_RUNNING;
    if (right - x > TIME + 4 && !still) {
        g_autofree char *time = span_text(app, step->started, step->ended);
        vd_canvas_text_right(canvas, right - TIME, row.y, TIME, words, time);
        right -= TIME + 1;
    }
    if (step->state == VD_STEP_RUNNING && right - x > BAR + 12 && !still) {
        int bar = step->fraction >= 0 ? BAR - 5 : BAR;
        vd_canvas_bar(canvas, right - BAR, row.y, bar, step->fraction, vd_app_phase(app));
        if (step->fraction >= 0)
            vd_canvas_printf(canvas, right - 4, row.y, 4, words, "%3d%%", percent(step->fraction));
        right -= BAR + 1;
    }
    vd_canvas_text(canvas, x, row.y, right - x, words, step->text);
}

static void draw_total(VdApp *app, VdCanvas *canvas, VdRect row, const VdJob *job)
{
    VdRole role = VD_ROLE_DIALOG;
    const char *state = state_text(job, &role);
    if (vd_job_state_ended(job->state) || job->state == VD_JOB_QUEUED) {
        vd_canvas_text(canvas, row.x, row.y, row.w, role, state);
        return;
    }
    double fraction = vd_job_done(app, job);
    g_autofree char *time = vd_job_left_text(app, job);
    g_autofree char *text =
        time ? g_strdup_printf(_("%3d%%, about %s left"), percent(fraction), time)
             : g_strdup_printf("%3d%%", percent(fraction));
    int used = vd_canvas_text(canvas, row.x, row.y, row.w, VD_ROLE_LABEL, _("Total")) + 1;
    int words = vd_text_width(text) + 1;
    int bar = MIN(40, row.w - used - words);
    if (bar > 4) {
        vd_canvas_bar(canvas, row.x + used, row.y, bar, fraction, vd_app_phase(app));
        used += bar + 1;
    }
    vd_canvas_text(canvas, row.x + used, row.y, row.w - used, VD_ROLE_DIALOG, text);
}

static int steps_label_width(const VdJob *job)
{
    int width = 4;
    for (guint i = 0; i < job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(job->steps, i);
        width = MAX(width, vd_text_width(_(step->label)));
    }
    return MIN(width, 18);
}

/* What goes on, and what it waits for. The caller frees. */
static char *undoing_text(const VdJob *job, VdRole *ret_role)
{
    *ret_role = VD_ROLE_STATE_WARN;
    const char *what = job->state == VD_JOB_CANCELLING
                           ? state_text(job, ret_role)
                           : _("Failed: what it made is being removed.");
    return g_strdup_printf("%s%s%s%s%s", what, job->error ? "\n" : "", job->error ? job->error : "",
                           job->note ? "\n" : "", job->note ? job->note : "");
}

/* The words under the bars: a note, the state while it is cancelled, or the failure. The caller
 * frees; NULL: none. */
static char *words_text(const VdJob *job, VdRole *ret_role)
{
    *ret_role = VD_ROLE_HINT;
    if (job->state == VD_JOB_INTERRUPTED && !job->error)
        return g_strdup(state_text(job, ret_role));
    if (job->state == VD_JOB_FAILED || job->state == VD_JOB_INTERRUPTED) {
        *ret_role = VD_ROLE_DIALOG;
        return failure_text(job);
    }
    if (vd_job_undoing(job))
        return undoing_text(job, ret_role);
    if (job->state == VD_JOB_UNKNOWN && job->error) {
        *ret_role = VD_ROLE_DIALOG;
        return g_strdup(job->error);
    }
    return job->note ? g_strdup(job->note) : NULL;
}

static int wrapped_height(const char *text, int width)
{
    int height = 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        height += MAX(1, vd_canvas_wrap(NULL, (VdRect){0, 0, MAX(1, width), 1000}, 0, *line));
    return height;
}

static void draw_words(const Window *window, VdCanvas *canvas, VdRect in, int line,
                       const char *text, VdRole role)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **words = lines; *words; words++) {
        int y = in.y + line - window->scroll;
        int height = MAX(1, vd_canvas_wrap(NULL, (VdRect){0, 0, MAX(1, in.w), 1000}, 0, *words));
        if (y + height > in.y && y < in.y + in.h)
            vd_canvas_wrap(canvas, (VdRect){in.x, y, in.w, height}, role, *words);
        line += height;
    }
}

/* Steps, a blank, the total, and the words if there are any. */
static int content_height(const VdJob *job, int width)
{
    VdRole role = VD_ROLE_HINT;
    g_autofree char *words = words_text(job, &role);
    return (int)job->steps->len + 2 + (words ? wrapped_height(words, width) : 0);
}

static void window_measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h)
{
    const Window *window = (Window *)dialog;
    const VdJob *job = vd_job_find(dialog->app, window->id);
    (void)max_h;
    *ret_w = MIN(max_w, WANTED);
    *ret_h = (job ? content_height(job, *ret_w - 4) : 1) + 2;
}

static void draw_content(Window *window, VdCanvas *canvas, VdRect in, const VdJob *job)
{
    VdRole role = VD_ROLE_HINT;
    g_autofree char *words = words_text(job, &role);
    int steps = (int)job->steps->len, label_w = steps_label_width(job), y;
    window->scroll = CLAMP(window->scroll, 0, MAX(0, content_height(job, in.w) - in.h));
    for (int i = 0; i < steps; i++) {
        if ((y = line_y(window, in, i)) >= 0)
            draw_step(window->dialog.app, canvas, (VdRect){in.x, y, in.w, 1},
                      g_ptr_array_index(job->steps, (guint)i), label_w,
                      job->state == VD_JOB_INTERRUPTED);
    }
    if ((y = line_y(window, in, steps + 1)) >= 0)
        draw_total(window->dialog.app, canvas, (VdRect){in.x, y, in.w, 1}, job);
    if (words) {
        vd_canvas_clip(canvas, &in);
        draw_words(window, canvas, in, steps + 2, words, role);
        vd_canvas_clip(canvas, &window->dialog.rect);
    }
}

static void window_draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect)
{
    Window *window = (Window *)dialog;
    const VdJob *job = vd_job_find(dialog->app, window->id);
    g_autofree char *clock = job ? clock_text(dialog->app, job) : NULL;
    g_autofree char *what = job ? vd_job_shown_title(job) : NULL;
    g_autofree char *title =
        job ? g_strdup_printf("%s · %s · %s", what, job->id, clock) : g_strdup(window->id);
    VdRect in = vd_canvas_box(canvas, rect, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, title);
    if (in.w > 20) {
        in.x++;
        in.w -= 2;
    }
    dialog->animated = job && !vd_job_state_ended(job->state);
    if (job)
        draw_content(window, canvas, in, job);
    else
        vd_canvas_text(canvas, in.x, in.y, in.w, VD_ROLE_DIM, _("Waiting for the job to start…"));
}

/* ---- keys ---- */

/* job.cancel or job.resume. */
static void run_on(Window *window, const VdJob *job, const char *id)
{
    VdApp *app = window->dialog.app;
    const VdVerb *verb = vd_deck_verb(id);
    g_autoptr(VdTargets) targets = vd_targets_new(VD_TARGET_JOB);
    if (!verb || vd_job_state_ended(job->state)) {
        vd_app_say(app, FALSE, _("This job has ended."));
        return;
    }
    g_autofree char *title = vd_job_shown_title(job);
    vd_targets_add(targets, NULL, job->id, title);
    vd_app_run(app, verb, targets, NULL);
}

static void on_retry(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     const char *const *secrets, const char *text, gpointer data)
{
    Window *window = data;
    VdApp *app = window->dialog.app;
    (void)deck;
    vd_app_expected(app);
    window->asked = FALSE;
    if (!window->dialog.closed && !verb) {
        vd_app_say(app, TRUE, "%s", text);
    } else if (!window->dialog.closed && vd_app_may(app, verb)) {
        g_autoptr(VdTargets) targets = vd_targets_new(verb->target);
        if (target->host || target->id)
            vd_targets_add(targets, target->host, target->id,
                           target->id ? target->id : target->host);
        VdDialog *form = vd_form_new(app, verb, targets, args);
        vd_form_lacks(form, secrets);
        vd_app_push(app, form);
    }
    vd_app_dirty(app);
    vd_dialog_unref(&window->dialog);
}

/* The form again, with all that was given but the secrets, which are not kept. */
static void retry(Window *window, const VdJob *job)
{
    if (window->asked || (job->state != VD_JOB_FAILED && job->state != VD_JOB_CANCELLED))
        return;
    window->asked = TRUE;
    vd_app_expect(window->dialog.app);
    vd_dialog_ref(&window->dialog);
    vd_deck_retry(vd_app_deck(window->dialog.app), job->id, on_retry, window);
}

static gboolean scroll_by(Window *window, const VdEvent *event)
{
    gboolean key = event->kind == VD_EVENT_KEY;
    if (event->kind == VD_EVENT_WHEEL_UP || (key && event->key == VD_KEY_UP))
        window->scroll--;
    else if (event->kind == VD_EVENT_WHEEL_DOWN || (key && event->key == VD_KEY_DOWN))
        window->scroll++;
    else
        return FALSE;
    return TRUE;
}

static VdDialogResult window_event(VdDialog *dialog, const VdEvent *event)
{
    Window *window = (Window *)dialog;
    const VdJob *job = vd_job_find(dialog->app, window->id);
    if (scroll_by(window, event))
        return VD_DIALOG_HANDLED;
    if (event->kind != VD_EVENT_KEY || event->pasted || !job)
        return VD_DIALOG_IGNORED;
    switch (event->key) {
    case 'c':
        run_on(window, job, "job.cancel");
        return VD_DIALOG_HANDLED;
    case 'l':
        vd_app_push(dialog->app, vd_job_log_new(dialog->app, window->id));
        return VD_DIALOG_HANDLED;
    case 'r':
        if (job->state == VD_JOB_INTERRUPTED)
            run_on(window, job, "job.resume");
        else
            retry(window, job);
        return VD_DIALOG_HANDLED;
    case VD_KEY_ENTER:
        return VD_DIALOG_CLOSE;
    default:
        return VD_DIALOG_IGNORED;
    }
}

static gboolean window_changed(VdDialog *dialog, guint changed)
{
    (void)dialog;
    return (changed & VD_CHANGED_JOBS) != 0;
}

static gboolean window_tick(VdDialog *dialog)
{
    return dialog->animated;
}

static char *window_hint(VdDialog *dialog)
{
    const VdJob *job = vd_job_find(dialog->app, ((Window *)dialog)->id);
    if (job && (job->state == VD_JOB_FAILED || job->state == VD_JOB_CANCELLED))
        return g_strdup(_("Esc closes this · r tries again · l log"));
    if (job && vd_job_state_ended(job->state))
        return g_strdup(_("Esc closes this · l log"));
    if (job && job->state == VD_JOB_INTERRUPTED)
        return g_strdup(_("Esc hides this · r goes on with it · c cancels and cleans up · l log"));
    return g_strdup(_("Esc hides this, the job goes on · c cancels and cleans up · l log"));
}

static void window_free(VdDialog *dialog)
{
    Window *window = (Window *)dialog;
    g_free(window->id);
    g_free(window);
}

static const VdDialogClass window_class = {
    .name = "job",
    .measure = window_measure,
    .draw = window_draw,
    .event = window_event,
    .changed = window_changed,
    .tick = window_tick,
    .free = window_free,
    .hint = window_hint,
};

VdDialog *vd_job_window_new(VdApp *app, const char *job)
{
    Window *window = g_new0(Window, 1);
    vd_dialog_init(&window->dialog, &window_class);
    window->dialog.app = app;
    window->id = g_strdup(job);
    return &window->dialog;
}
