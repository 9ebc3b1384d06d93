/* Jobs: those at work first, then the last that ended. The small pane shows a bar and a time for
 * each; the view of its own adds who asked for it and when. */
#include "config.h"

#include "ui/pane.h"

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/console.h"
#include "ui/figures.h"
#include "ui/forms.h"

typedef struct {
    VdPane pane;
    VdList list;
    GPtrArray *jobs; /* VdJob* (ref), in the order of drawing */
} JobsPane;

static VdRole state_role(VdJobState state)
{
    switch (state) {
    case VD_JOB_QUEUED:
    case VD_JOB_RUNNING:
        return VD_ROLE_STATE_BUSY;
    case VD_JOB_CANCELLING:
    case VD_JOB_CANCELLED:
        return VD_ROLE_STATE_WARN;
    case VD_JOB_DONE:
        return VD_ROLE_STATE_GOOD;
    case VD_JOB_FAILED:
    case VD_JOB_INTERRUPTED:
    default:
        return VD_ROLE_STATE_BAD;
    }
}

static void collect(JobsPane *self)
{
    GPtrArray *all = vd_deck_jobs(vd_app_deck(self->pane.app));
    g_ptr_array_set_size(self->jobs, 0);
    for (int ended = 0; ended < 2; ended++)
        for (guint i = 0; all && i < all->len; i++) {
            VdJob *job = g_ptr_array_index(all, i);
            if (vd_job_state_ended(job->state) == (ended == 1))
                g_ptr_array_add(self->jobs, vd_job_ref(job));
        }
}

static guint step_number(const VdJob *job)
{
    const VdStep *current = vd_job_current(job);
    for (guint i = 0; i < job->steps->len; i++)
        if (g_ptr_array_index(job->steps, i) == current)
            return i + 1;
    return 0;
}

/* "3/6 grow the disk", or how it ended. The caller frees. */
static char *what(const VdJob *job)
{
    if (vd_job_state_ended(job->state))
        return job->error ? g_strdup_printf("%s: %s", _(vd_job_state_word(job->state)), job->error)
                          : g_strdup(_(vd_job_state_word(job->state)));
    const VdStep *step = vd_job_current(job);
    if (!step || job->state == VD_JOB_CANCELLING)
        return g_strdup(_(vd_job_state_word(job->state)));
    return g_strdup_printf("%u/%u %s", step_number(job), job->steps->len, _(step->label));
}

/* "8s left" of one that runs, else how long it took or takes. The caller frees. */
static char *timing(VdApp *app, const VdJob *job)
{
    gint64 now = vd_app_clock(app);
    gint64 left = vd_app_span(app, 0, vd_job_remaining(job, now));
    if (!vd_job_state_ended(job->state) && left > 0) {
        g_autofree char *text = vd_format_duration((guint64)left);
        /* TRANSLATORS: time left: "8s left" */
        return g_strdup_printf(_("%s left"), text);
    }
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

static void draw_row(JobsPane *self, VdCanvas *canvas, VdRect rect, const VdJob *job)
{
    gboolean ended = vd_job_state_ended(job->state);
    int time_width = 10, x = rect.x + 1, right = rect.x + rect.w;
    if (self->pane.app->view == VD_VIEW_JOBS && rect.w >= 76)
        x += draw_origin(self->pane.app, canvas, x, rect.y, rect.w >= 100, job);
    int title = CLAMP((right - x) / 3, 10, 30);
    vd_canvas_text(canvas, x, rect.y, MIN(title, right - x), VD_ROLE_NORMAL, job->title);
    x += title + 1;
    g_autofree char *time = timing(self->pane.app, job);
    vd_canvas_text_right(canvas, right - time_width, rect.y, time_width, VD_ROLE_DIM, time);
    right -= time_width + 1;
    if (!ended && right - x >= 30) {
        double done = vd_job_fraction(job);
        int bar = MIN(40, (right - x) / 2 - 5);
        vd_canvas_printf(canvas, right - 4, rect.y, 4, VD_ROLE_NORMAL, "%3.0f%%", done * 100);
        vd_canvas_bar(canvas, right - 5 - bar, rect.y, bar, done, vd_app_phase(self->pane.app));
        right -= bar + 6;
    }
    g_autofree char *text = what(job);
    vd_canvas_text(canvas, x, rect.y, right - x, state_role(job->state), text);
}

static void draw(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    JobsPane *self = (JobsPane *)pane;
    collect(self);
    vd_canvas_rule(canvas, rect.x, rect.y, rect.w, focused ? VD_ROLE_TITLE_FOCUS : VD_ROLE_TITLE,
                   _("jobs"));
    rect.y++;
    rect.h--;
    if (self->jobs->len == 0 && rect.h > 0) {
        vd_canvas_text(canvas, rect.x + 1, rect.y, rect.w - 2, VD_ROLE_DIM,
                       _("No jobs yet: deployments and other long work show here."));
        return;
    }
    guint top = vd_list_top(&self->list, self->jobs->len, (guint)MAX(rect.h, 1));
    for (guint i = top; i < self->jobs->len && (int)(i - top) < rect.h; i++) {
        VdRect line = {rect.x, rect.y + (int)(i - top), rect.w, 1};
        draw_row(self, canvas, line, g_ptr_array_index(self->jobs, i));
        if (focused && i == self->list.cursor)
            vd_canvas_tint(canvas, line, VD_ROLE_CURSOR);
    }
}

static VdJob *selected(JobsPane *self)
{
    if (self->list.cursor >= self->jobs->len)
        return NULL;
    return g_ptr_array_index(self->jobs, self->list.cursor);
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
    guint row = self->list.top + (guint)MAX(0, event->y - pane->rect.y - 1);
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
    vd_targets_add(one, NULL, job->id, job->title);
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
