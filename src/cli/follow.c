/* Following a job: its steps as they begin and end on standard error (one line rewritten in place
 * on a terminal), its last document on standard output. A job that makes several machines has a
 * line for each of them as it ends, and on a terminal one for each that is being made, above its
 * own. Ctrl-C leaves the job alone. */
#include "config.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/cli/private.h"

#define BAR_CELLS  24
#define NAME_CELLS 24
/* of the words of a state, of a step, and of a time */
#define STATE_CELLS 11
#define WHAT_CELLS  12
#define TIME_CELLS  6
/* What a line of a machine needs, so that none is broken. */
#define LINE_CELLS 72

typedef struct {
    VdDeck *deck;
    const char *id;
    gboolean terminal, interrupted;
    guint lines;      /* that stand there to be written anew */
    GHashTable *told; /* step id, or job id of a machine → GINT_TO_POINTER(state + 1) */
    VdJob *job;       /* (owned) the newest snapshot, or NULL */
    char *note;       /* (owned) the note that was told, or NULL */
    guint looks;
    gboolean undoing; /* that was told */
    VdPace pace;
} Follow;

static char *bar(double fraction)
{
    char cells[BAR_CELLS + 1];
    int full = (int)(CLAMP(fraction, 0.0, 1.0) * BAR_CELLS);
    memset(cells, '.', BAR_CELLS);
    memset(cells, '#', (gsize)full);
    if (full < BAR_CELLS)
        cells[full] = '>';
    cells[BAR_CELLS] = '\0';
    return g_strdup_printf("[%s]", cells);
}

/* "done        grow           3.1s  what it did": in cells, whatever the language. */
static void tell(Follow *follow, const char *state, const char *what, const char *time,
                 const char *text)
{
    int least = WHAT_CELLS;
    for (guint s = 0; follow->job && s < follow->job->steps->len; s++)
        least = MAX(least, vd_text_width(vd_step_word(g_ptr_array_index(follow->job->steps, s))));
    vd_err("%s%*s %s%*s %*s  %s\n", state, MAX(0, STATE_CELLS - vd_text_width(state)), "", what,
           MAX(0, MIN(least, NAME_CELLS) - vd_text_width(what)), "", TIME_CELLS, time, text);
}

static void close_line(Follow *follow)
{
    if (follow->lines > 0)
        vd_err("\r\033[K");
    for (; follow->lines > 1; follow->lines--)
        vd_err("\033[A\033[K");
    follow->lines = 0;
}

static void tell_step(Follow *follow, const VdStep *step)
{
    gpointer now = GINT_TO_POINTER((int)step->state + 1);
    if (step->state == VD_STEP_WAITING || g_hash_table_lookup(follow->told, step->id) == now)
        return;
    if (step->state == VD_STEP_RUNNING && follow->terminal)
        return;
    g_hash_table_insert(follow->told, g_strdup(step->id), now);
    close_line(follow);
    g_autofree char *time =
        vd_format_duration((step->ended ? step->ended : g_get_real_time()) - step->started);
    g_autofree char *text = vd_text_clean(step->text, 200, FALSE);
    tell(follow, _(vd_step_state_word(step->state)), vd_step_word(step),
         step->state == VD_STEP_RUNNING || !step->started ? "" : time, text);
}

static void tell_note(Follow *follow, const VdJob *job)
{
    if (g_strcmp0(job->note, follow->note) == 0)
        return;
    g_free(follow->note);
    follow->note = g_strdup(job->note);
    if (!job->note)
        return;
    close_line(follow);
    g_autofree char *text = vd_text_clean(job->note, 400, FALSE);
    tell(follow, _("note"), "", "", text);
}

static void tell_undoing(Follow *follow, const VdJob *job)
{
    if (follow->undoing || !vd_job_undoing(job))
        return;
    follow->undoing = TRUE;
    close_line(follow);
    g_autofree char *text = vd_text_clean(job->error, 200, FALSE);
    tell(follow, _(vd_job_state_word(job->error ? VD_JOB_FAILED : job->state)), "", "",
         *text ? text : _("what it made is being removed"));
}

/* How many lines of machines fit. */
static guint machine_lines(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < LINE_CELLS)
        return 0;
    return size.ws_row > 2 ? size.ws_row - 2U : 0;
}

static gboolean is_over(const VdJob *job)
{
    return vd_job_state_ended(job->state) || job->state == VD_JOB_INTERRUPTED;
}

/* A machine of many, once it is over. */
static void tell_machine(Follow *follow, const VdJob *job)
{
    const VdStep *step = vd_job_current(job);
    gpointer now = GINT_TO_POINTER((int)job->state + 1);
    if (!is_over(job) || g_hash_table_lookup(follow->told, job->id) == now)
        return;
    g_hash_table_insert(follow->told, g_strdup(job->id), now);
    close_line(follow);
    g_autofree char *time = vd_format_duration(job->ended - job->started);
    g_autofree char *text = vd_text_clean(job->error ? job->error
                                          : step     ? step->text
                                                     : "",
                                          200, FALSE);
    tell(follow, _(vd_job_state_word(job->state)), job->target,
         job->started && job->ended ? time : "", text);
}

static void tell_machines(Follow *follow, GPtrArray *jobs)
{
    guint room = follow->terminal ? machine_lines() : 0;
    /* Newest first there. */
    for (guint i = jobs->len; i > 0; i--) {
        const VdJob *job = g_ptr_array_index(jobs, i - 1);
        if (g_strcmp0(job->parent, follow->id) == 0)
            tell_machine(follow, job);
    }
    close_line(follow);
    for (guint i = jobs->len; i > 0 && room > 0; i--) {
        const VdJob *job = g_ptr_array_index(jobs, i - 1);
        const VdStep *step = vd_job_current(job);
        if (g_strcmp0(job->parent, follow->id) != 0 || is_over(job) || !step)
            continue;
        g_autofree char *cells = bar(vd_job_fraction(job, g_get_real_time()));
        g_autofree char *name = vd_text_clean_name(job->target, NAME_CELLS);
        vd_err("%s %3.0f%% %-*s  %s\n", cells, 100.0 * vd_job_fraction(job, g_get_real_time()),
               NAME_CELLS, name, vd_step_word(step));
        follow->lines++;
        room--;
    }
}

static void tell_line(Follow *follow, const VdJob *job)
{
    const VdStep *step = vd_job_current(job);
    if (!follow->terminal || !step || vd_job_state_ended(job->state))
        return;
    gint64 now = g_get_real_time();
    double done = vd_job_fraction(job, now);
    g_autofree char *cells = bar(done);
    g_autofree char *left =
        vd_left_text(vd_pace_left(&follow->pace, vd_job_remaining(job, now), now));
    g_autofree char *rest = left ? g_strdup_printf(_("%s left"), left) : g_strdup("");
    vd_err("\r\033[K%s %3.0f%% %s  %s", cells, 100.0 * done, vd_step_word(step), rest);
    follow->lines++;
}

static VdJob *find_job(GPtrArray *jobs, const char *id)
{
    for (guint i = 0; i < jobs->len; i++) {
        VdJob *job = g_ptr_array_index(jobs, i);
        if (strcmp(job->id, id) == 0)
            return job;
    }
    return NULL;
}

static void jobs_changed(VdDeck *deck, guint changed, gpointer data)
{
    Follow *follow = data;
    if (!(changed & VD_CHANGED_JOBS))
        return;
    GPtrArray *jobs = vd_deck_jobs(deck);
    follow->looks++;
    VdJob *job = find_job(jobs, follow->id);
    if (job) {
        g_clear_pointer(&follow->job, vd_job_unref);
        follow->job = vd_job_ref(job);
        for (guint s = 0; s < job->steps->len; s++)
            tell_step(follow, g_ptr_array_index(job->steps, s));
        tell_undoing(follow, job);
        tell_note(follow, job);
        tell_machines(follow, jobs);
        tell_line(follow, job);
    }
    /* One that has only just been asked for may come with the second look. */
    if (!follow->job && follow->looks == 1)
        vd_deck_watch_now(deck);
}

static gboolean on_interrupt(gpointer data)
{
    ((Follow *)data)->interrupted = TRUE;
    return G_SOURCE_CONTINUE;
}

static void shown(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    (void)deck;
    GPtrArray *docs = data;
    if (outcome->doc)
        g_ptr_array_add(docs, vd_doc_ref(outcome->doc));
    else
        vd_err("vmdeck: %s\n", outcome->error->message);
    g_ptr_array_add(docs, NULL); /* the answer is there */
}

static void print_end(Follow *follow, GMainContext *context, VdFormat format)
{
    g_autoptr(GPtrArray) docs = g_ptr_array_new();
    VdTarget target = {VD_TARGET_JOB, NULL, follow->id};
    vd_deck_submit(follow->deck, vd_deck_verb("job.show"), &target, NULL, shown, docs);
    while (docs->len == 0)
        g_main_context_iteration(context, TRUE);
    g_ptr_array_set_size(docs, (gint)docs->len - 1);
    g_ptr_array_set_free_func(docs, (GDestroyNotify)vd_doc_unref);
    if (docs->len > 0)
        vd_print_docs(docs, format);
}

/* As of an error of that kind. */
static int job_status(const VdJob *job)
{
    g_autoptr(GError) error = NULL;
    if (job->state == VD_JOB_DONE)
        return 0;
    vd_error_set(&error, job->state == VD_JOB_UNKNOWN ? VD_ERR_UNKNOWN : job->why, NULL, "%s",
                 job->error ? job->error : "");
    return vd_error_exit_status(error);
}

static int ending(Follow *follow, GMainContext *context, VdFormat format)
{
    close_line(follow);
    if (follow->interrupted) {
        vd_err(_("The job goes on; vmdeck job follow %s shows it again.\n"), follow->id);
        return 0;
    }
    if (follow->job && follow->job->state == VD_JOB_INTERRUPTED) {
        vd_err(_("vmdeck: the job was interrupted: go on with it (vmdeck job resume %s) or take it "
                 "back (vmdeck job cancel %s).\n"),
               follow->id, follow->id);
        return 1;
    }
    if (!follow->job) {
        vd_err(_("vmdeck: there is no job %s among the last ones; vmdeck job show tells more\n"),
               follow->id);
        return 1;
    }
    print_end(follow, context, format);
    if (follow->job->error)
        vd_err("vmdeck: %s\n", follow->job->error);
    if (follow->job->undone)
        vd_err("vmdeck: %s\n", follow->job->undone);
    return job_status(follow->job);
}

/* It has ended, or it waits for people. A job that was being undone already goes on by itself. */
static gboolean nobody_works(const VdJob *job)
{
    return vd_job_state_ended(job->state) || (job->state == VD_JOB_INTERRUPTED && !job->error);
}

int vd_follow_job(VdDeck *deck, GMainContext *context, const char *job, VdFormat format)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Follow follow = {.deck = deck, .id = job, .terminal = isatty(STDERR_FILENO), .told = told};
    GSource *interrupt = g_unix_signal_source_new(SIGINT);
    g_source_set_callback(interrupt, on_interrupt, &follow, NULL);
    g_source_attach(interrupt, context);
    vd_deck_listen(deck, jobs_changed, &follow);
    vd_deck_watch_jobs(deck);
    while (!follow.interrupted && !(follow.job && nobody_works(follow.job)) &&
           !(follow.looks > 1 && !follow.job))
        g_main_context_iteration(context, TRUE);
    vd_deck_listen(deck, NULL, NULL);
    g_source_destroy(interrupt);
    g_source_unref(interrupt);
    int status = ending(&follow, context, format);
    g_clear_pointer(&follow.job, vd_job_unref);
    g_free(follow.note);
    return status;
}
