/* What a job says while it is being undone and something does not answer: people who cancelled it
 * would else look at a bar that stands still for minutes. The main thread writes it, for the worker
 * is the one that waits. */
#include "config.h"

#include "src/jobs/run.h"

#include "src/base/text.h"

/* What takes longer is told. */
#define TELL_MS    3000
#define HOST_CHARS 80
#define WAIT_WORDS "being undone: "

const char *vd_run_shown_note(const VdRun *run)
{
    gboolean undone = run->phase == VD_RUN_UNDO || (run->phase == VD_RUN_STEPS && run->cancelled);
    return undone ? run->wait : run->job->note;
}

typedef struct {
    gint64 since, until; /* monotonic; since 0: it does not wait */
    gboolean step;
} Wait;

/* Under `lock`. */
static Wait wait_now(const VdRun *run)
{
    gint64 grace = (gint64)run->grace_ms * 1000;
    Wait wait = {0};
    if (run->phase == VD_RUN_STEPS && run->cancelled) {
        wait = (Wait){run->cancelled, run->cancelled + grace * VD_RUN_HANG_GRACES, TRUE};
    } else if (run->phase == VD_RUN_UNDO && run->undo_started) {
        wait.since = run->undo_started;
        wait.until = run->undo_started + (gint64)run->undo_ms * 1000 + grace;
    }
    if (g_get_monotonic_time() - wait.since < MIN(TELL_MS * (gint64)1000, grace))
        wait.since = 0;
    return wait;
}

/* The caller frees. */
static char *clock_at(gint64 monotonic)
{
    gint64 left = MAX(0, monotonic - g_get_monotonic_time());
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) then = g_date_time_add(now, left);
    return g_date_time_format(then, "%H:%M:%S");
}

/* The caller frees. A step that does not end is left at that time, and what it made is undone; of
 * an undo function all that is left then waits for people. */
static char *words(const VdRun *run, const Wait *wait)
{
    g_autofree char *until = clock_at(wait->until);
    g_autofree char *host = run->job->host ? vd_text_clean_name(run->job->host, HOST_CHARS)
                                           : g_strdup(wait->step ? "the step" : "what it made");
    return g_strdup_printf(WAIT_WORDS "waits for %s, which does not answer, till %s at most; %s "
                                      "vmdeck job cancel %s",
                           host, until,
                           wait->step ? "then undoes what it can; what is left:"
                                      : "what is left then is undone by",
                           run->id);
}

/* Under `lock`. words: taken over. */
static void tell(VdRun *run, char *text, gint64 since)
{
    g_free(run->wait);
    run->wait = text;
    run->wait_for = since;
    run->note_dirty = TRUE;
}

void vd_run_look_wait(VdRun *run)
{
    g_autofree char *said = NULL;
    pthread_mutex_lock(&run->lock);
    Wait wait = wait_now(run);
    gboolean news = wait.since != run->wait_for && (wait.since || run->wait);
    /* Between two that do not answer, the older words stand. */
    if (news && !wait.since && run->phase == VD_RUN_UNDO && !run->undo_started)
        news = FALSE;
    if (news) {
        said = wait.since ? words(run, &wait) : NULL;
        tell(run, g_strdup(said), wait.since);
    }
    pthread_mutex_unlock(&run->lock);
    if (said)
        vd_run_log(run, "%s", said);
    if (news)
        vd_run_write(run);
}

void vd_run_end_wait(VdRun *run)
{
    pthread_mutex_lock(&run->lock);
    tell(run, NULL, 0);
    pthread_mutex_unlock(&run->lock);
}

void vd_run_take_wait(VdRun *run)
{
    if (!run->job->note || !g_str_has_prefix(run->job->note, WAIT_WORDS))
        return;
    run->wait = g_steal_pointer(&run->job->note);
    run->wait_for = -1;
    run->note_dirty = TRUE;
}
