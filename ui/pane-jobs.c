/* Jobs: those at work first, then the last that ended. The small pane shows a bar and a time for
 * each; the view of its own adds who asked for it and when. */
#include "config.h"

#include "ui/pane.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/console.h"
#include "ui/figures.h"
#include "ui/forms.h"
#include "ui/job-window.h"

typedef struct {
    VdPane pane;
    VdList list;
    GPtrArray *jobs; /* VdJob* (ref), in the order of drawing */
    guint doubled;   /* the first so many have two rows each */
    int title_w;     /* of a title in one row, the widest of those there */
    int text_w;      /* of what is said beside it */
    int time_w;      /* of the times */
} JobsPane;

/* Below this many cells a job's title, step and bar do not fit in one row. */
enum { NARROW = 76 };

static VdRole state_role(VdJobState state)
{
    switch (state) {
    case VD_JOB_QUEUED:
    case VD_JOB_RUNNING:
        return VD_ROLE_STATE_BUSY;
    case VD_JOB_CANCELLING:
    case VD_JOB_CANCELLED:
    case VD_JOB_UNKNOWN:
        return VD_ROLE_STATE_WARN;
    case VD_JOB_DONE:
        return VD_ROLE_STATE_GOOD;
    case VD_JOB_FAILED:
    case VD_JOB_INTERRUPTED:
    default:
        return VD_ROLE_STATE_BAD;
    }
}

static gboolean at_work(const VdJob *job)
{
    return !vd_job_state_ended(job->state) && job->state != VD_JOB_INTERRUPTED;
}

/* Those at work, those that wait for people, those that ended. */
static int rank(const VdJob *job)
{
    return at_work(job) ? 0 : job->state == VD_JOB_INTERRUPTED ? 1 : 2;
}

static VdJob *selected(JobsPane *self)
{
    if (self->list.cursor >= self->jobs->len)
        return NULL;
    return g_ptr_array_index(self->jobs, self->list.cursor);
}

static void put_cursor_on(JobsPane *self, const char *id)
{
    for (guint i = 0; i < self->jobs->len; i++)
        if (strcmp(((const VdJob *)g_ptr_array_index(self->jobs, i))->id, id) == 0)
            self->list.cursor = i;
}

/* The cursor stays on its job, wherever that goes; where nobody looks, the top stays the top. */
static void collect(JobsPane *self, gboolean focused)
{
    GPtrArray *all = vd_deck_jobs(vd_app_deck(self->pane.app));
    const VdJob *under = focused || self->list.cursor > 0 ? selected(self) : NULL;
    g_autofree char *id = under ? g_strdup(under->id) : NULL;
    g_ptr_array_set_size(self->jobs, 0);
    for (int wanted = 0; wanted < 3; wanted++)
        for (guint i = 0; all && i < all->len; i++) {
            VdJob *job = g_ptr_array_index(all, i);
            if (rank(job) == wanted)
                g_ptr_array_add(self->jobs, vd_job_ref(job));
        }
    if (id)
        put_cursor_on(self, id);
}

static guint step_number(const VdJob *job)
{
    const VdStep *current = vd_job_current(job);
    for (guint i = 0; i < job->steps->len; i++)
        if (g_ptr_array_index(job->steps, i) == current)
            return i + 1;
    return 0;
}

/* The first key of a verb, "" if it has none. The caller frees. */
static char *key_of(VdApp *app, const char *verb)
{
    const VdCommand *command = vd_keymap_find(app->keymap, verb);
    return command ? vd_keymap_keys(app->keymap, command, 1) : g_strdup("");
}

/* Its process is gone: the keys that go on with it or take it back. The caller frees. */
static char *way_out(VdApp *app, const VdJob *job)
{
    const char *word = _(vd_job_state_word(job->state));
    g_autofree char *resume = key_of(app, "job.resume");
    g_autofree char *cancel = key_of(app, "job.cancel");
    /* One that can only be taken back is taken back by itself. */
    if (job->error || !*resume || !*cancel)
        return g_strdup(word);
    /* TRANSLATORS: a job's state, and the keys for its two ways on */
    return g_strdup_printf(_("%s: %s goes on with it, %s takes it back"), word, resume, cancel);
}

/* "3/6 grow the disk", or how it ended. The caller frees. */
static char *what(VdApp *app, const VdJob *job)
{
    if (vd_job_state_ended(job->state))
        return job->error ? g_strdup_printf("%s: %s", _(vd_job_state_word(job->state)), job->error)
                          : g_strdup(_(vd_job_state_word(job->state)));
    if (job->state == VD_JOB_INTERRUPTED)
        return way_out(app, job);
    const VdStep *step = vd_job_current(job);
    if (vd_job_undoing(job) && job->note)
        return g_strdup(job->note);
    if (!step || job->state == VD_JOB_CANCELLING)
        return g_strdup(_(vd_job_state_word(job->state)));
    return g_strdup_printf("%u/%u %s", step_number(job), job->steps->len, _(step->label));
}

/* "8s left" of one that runs, else how long it took or takes. The caller frees. */
static char *timing(VdApp *app, const VdJob *job)
{
    gint64 now = vd_app_clock(app);
    if (job->state == VD_JOB_INTERRUPTED)
        return g_strdup(""); /* nobody knows when it was */
    g_autofree char *left = at_work(job) ? vd_job_left_text(app, job) : NULL;
    if (left)
        /* TRANSLATORS: time left: "8s left" */
        return g_strdup_printf(_("%s left"), left);
    gint64 to = job->ended ? job->ended : now;
    return vd_format_duration((guint64)MAX(0, vd_app_span(app, job->started, to)));
}

/* In the view of its own: when it was asked for, its id and, where there is room, by whom. Returns
 * the cells taken. */
static int draw_origin(VdApp *app, VdCanvas *canvas, int x, int y, gboolean room, const VdJob *job)
{
    char time[VD_FIGURE_SIZE];
    gint64 created = vd_app_span(app, 0, job->created) ? job->created : vd_app_clock(app);
    vd_canvas_text(canvas, x, y, 5, VD_ROLE_DIM, vd_figure_time(time, created, FALSE));
    vd_canvas_text(canvas, x + 6, y, 8, VD_ROLE_DIM, job->id);
    if (!room)
        return 15;
    vd_canvas_text(canvas, x + 15, y, 8, VD_ROLE_DIM, job->author);
    return 24;
}

/* The bar and the per cent, ending at right. Returns the cells taken. */
static int draw_bar(VdApp *app, VdCanvas *canvas, int right, int y, int width, const VdJob *job)
{
    double done = vd_job_done(app, job);
    vd_canvas_printf(canvas, right - 4, y, 4, VD_ROLE_NORMAL, "%3.0f%%", done * 100);
    vd_canvas_bar(canvas, right - 5 - width, y, width, done, vd_app_phase(app));
    return width + 6;
}

/* The least and the most cells of a time: words for it are longer in some languages. */
enum { TIME_LEAST = 10, TIME_MOST = 18 };

/* What the titles of rows like that need, what is said beside them, and the times. */
static void measure(JobsPane *self)
{
    self->title_w = self->text_w = self->time_w = 0;
    for (guint i = 0; i < self->jobs->len; i++) {
        g_autofree char *time = timing(self->pane.app, g_ptr_array_index(self->jobs, i));
        self->time_w = MAX(self->time_w, vd_text_width(time));
    }
    self->time_w = CLAMP(self->time_w, TIME_LEAST, TIME_MOST);
    for (guint i = self->doubled; i < self->jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(self->jobs, i);
        g_autofree char *text = what(self->pane.app, job);
        g_autofree char *title = vd_job_shown_title(job);
        self->title_w = MAX(self->title_w, vd_text_width(title));
        self->text_w = MAX(self->text_w, vd_text_width(text));
    }
}

/* A third of the row; more, up to its half, where titles need it, and all that what is said beside
 * them leaves. */
static int title_width(const JobsPane *self, int room)
{
    int most = MAX(room / 2, room - self->text_w - 1);
    return CLAMP(MAX(MIN(self->title_w, most), MIN(room / 3, 30)), 10, MAX(10, room));
}

/* What it waits for while it is undone says more than a bar that stands still. */
static gboolean needs_words(const VdJob *job)
{
    return vd_job_undoing(job) && job->note;
}

/* line has two rows where the pane is too narrow for title, step and bar in one. */
static void draw_row(JobsPane *self, VdCanvas *canvas, VdRect line, const VdJob *job)
{
    VdApp *app = self->pane.app;
    int x = line.x + 1, y = line.y, right = line.x + line.w;
    if (app->view == VD_VIEW_JOBS && line.w >= 76)
        x += draw_origin(app, canvas, x, y, line.w >= 100, job);
    g_autofree char *time = timing(app, job);
    g_autofree char *text = what(app, job);
    int time_width = *time ? self->time_w : 0;
    g_autofree char *words = vd_job_shown_title(job);
    int title = title_width(self, right - x - self->time_w - 1);
    if (line.h > 1) {
        title = right - x - time_width - 1;
        int bar = MIN(40, MAX(8, (right - x) / 2 - 5));
        int taken = needs_words(job) ? 0 : draw_bar(app, canvas, right, y + 1, bar, job);
        vd_canvas_text(canvas, x + 2, y + 1, right - x - 2 - taken, state_role(job->state), text);
    }
    vd_canvas_text(canvas, x, y, MIN(title, right - x), VD_ROLE_NORMAL, words);
    vd_canvas_text_right(canvas, right - time_width, y, time_width, VD_ROLE_DIM, time);
    if (line.h > 1)
        return;
    x += title + 1;
    right -= time_width + 1;
    if (at_work(job) && !needs_words(job) && right - x >= 30)
        right -= draw_bar(app, canvas, right, y, MIN(40, (right - x) / 2 - 5), job);
    vd_canvas_text(canvas, x, y, right - x, state_role(job->state), text);
}

/* Jobs at work come first; each has two rows if all of them find room so. */
static guint double_rows(const JobsPane *self, VdRect rect)
{
    guint working = 0;
    while (working < self->jobs->len && at_work(g_ptr_array_index(self->jobs, working)))
        working++;
    gboolean narrow = rect.w < NARROW && self->pane.app->view != VD_VIEW_JOBS;
    return narrow && working * 2 <= (guint)MAX(rect.h, 0) ? working : 0;
}

static void draw_rows(JobsPane *self, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    self->doubled = double_rows(self, rect);
    guint height = (guint)MAX(rect.h, 1) - self->doubled;
    guint top = vd_list_top(&self->list, self->jobs->len, MAX(height, 1));
    int y = rect.y;
    measure(self);
    for (guint i = top; i < self->jobs->len && y < rect.y + rect.h; i++) {
        VdRect line = {rect.x, y, rect.w, i < self->doubled ? 2 : 1};
        draw_row(self, canvas, line, g_ptr_array_index(self->jobs, i));
        if (focused && i == self->list.cursor)
            vd_canvas_tint(canvas, line, VD_ROLE_CURSOR);
        y += line.h;
    }
}

static void draw(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    JobsPane *self = (JobsPane *)pane;
    collect(self, focused);
    vd_canvas_rule(canvas, rect.x, rect.y, rect.w, focused ? VD_ROLE_TITLE_FOCUS : VD_ROLE_TITLE,
                   _("jobs"));
    rect.y++;
    rect.h--;
    if (self->jobs->len == 0 && rect.h > 0)
        vd_canvas_text(canvas, rect.x + 1, rect.y, rect.w - 2, VD_ROLE_DIM,
                       _("No jobs yet: deployments and other long work show here."));
    else if (rect.h > 0)
        draw_rows(self, canvas, rect, focused);
}

static gboolean act(VdPane *pane, VdAction action, int count, gboolean counted)
{
    JobsPane *self = (JobsPane *)pane;
    if (vd_list_act(&self->list, action, count, counted))
        return TRUE;
    const VdJob *job = selected(self);
    if (action != VD_DO_OPEN || !job)
        return FALSE;
    vd_app_push(pane->app, vd_job_window_new(pane->app, job->id));
    return TRUE;
}

static void mouse(VdPane *pane, const VdEvent *event)
{
    JobsPane *self = (JobsPane *)pane;
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        vd_list_scroll(&self->list, event->kind == VD_EVENT_WHEEL_UP ? -1 : 1);
        return;
    }
    guint row = self->list.top;
    for (int y = event->y - pane->rect.y - 1; y >= (row < self->doubled ? 2 : 1); row++)
        y -= row < self->doubled ? 2 : 1;
    if (row >= self->jobs->len)
        return;
    self->list.cursor = row;
    if (event->kind == VD_EVENT_DOUBLE)
        vd_app_key(pane->app, VD_KEY_ENTER);
}

static gboolean changed(VdPane *pane, guint changes)
{
    (void)pane;
    return (changes & VD_CHANGED_JOBS) != 0;
}

static VdTargets *targets(VdPane *pane, VdTargetKind kind)
{
    const VdJob *job = selected((JobsPane *)pane);
    if (!job || (kind != VD_TARGET_JOB && kind != VD_TARGET_REQUEST))
        return NULL;
    VdTargets *one = vd_targets_new(kind);
    g_autofree char *title = vd_job_shown_title(job);
    vd_targets_add(one, NULL, job->id, title);
    return one;
}

static void free_pane(VdPane *pane)
{
    g_ptr_array_unref(((JobsPane *)pane)->jobs);
    g_free(pane);
}

static const VdPaneClass jobs_class = {.draw = draw,
                                       .act = act,
                                       .mouse = mouse,
                                       .changed = changed,
                                       .targets = targets,
                                       .free = free_pane};

VdPane *vd_pane_jobs_new(VdApp *app)
{
    JobsPane *self = g_new0(JobsPane, 1);
    self->pane = (VdPane){.class = &jobs_class, .app = app};
    self->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_job_unref);
    return &self->pane;
}
