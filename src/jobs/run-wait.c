/* What a job says while it is being undone and something does not answer: people who cancelled it
 * would else look at a bar that stands still for minutes. The main thread writes it, for the worker
 * is the one that waits. */
#include "config.h"

#include "src/jobs/run.h"

#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"

/* What takes longer is told. */
#define TELL_MS    3000
#define HOST_CHARS 80
#define WAIT_WORDS "being undone: "
/* begins with them */
#define WAIT_FORMAT                                                                                \
    N_("being undone: waits for %s, which does not answer, till %s at most; what is left then is " \
       "undone by vmdeck job cancel %s")

const char *vd_run_shown_note(const VdRun *run)
{
    gboolean undone = run->phase == VD_RUN_UNDO || (run->phase == VD_RUN_STEPS && run->cancelled);
    return undone ? run->wait : run->job->note;
}

typedef struct {
    gint64 since, until; /* monotonic; since 0: it does not wait */
} Wait;

gint64 vd_run_undo_until(const VdRun *run)
{
    gint64 begin = run->mute_since ? run->mute_since : run->undo_started;
    return begin + ((gint64)run->undo_ms + run->grace_ms) * 1000;
}

/* Under `lock`. A step that does not end is left after some graces, and what it made is undone, for
 * which a runner begins anew: the time is that of both. */
static Wait wait_now(const VdRun *run)
{
    gint64 grace = (gint64)run->grace_ms * 1000;
    Wait wait = {0};
    if (run->phase == VD_RUN_STEPS && run->cancelled) {
        wait.since = run->cancelled;
        wait.until =
            run->cancelled + grace * (VD_RUN_HANG_GRACES + 2) + (gint64)run->undo_ms * 1000;
    } else if (run->phase == VD_RUN_UNDO && run->undo_started) {
        wait.since = run->mute_since ? run->mute_since : run->undo_started;
        wait.until = vd_run_undo_until(run);
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

/* Under `lock`. All that is left at that time waits for people. The caller frees. */
static char *words(const VdRun *run, const Wait *wait)
{
    g_autofree char *until = clock_at(wait->until);
    g_autofree char *host = run->job->host ? vd_text_clean_name(run->job->host, HOST_CHARS)
                                           : g_strdup(N_("what it made"));
    return vd_said(WAIT_FORMAT, host, until, run->id);
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
    /* Between two that do not answer, the older words stand. */
    gboolean news = wait.since && wait.since != run->wait_for;
    if (news) {
        said = words(run, &wait);
        tell(run, g_strdup(said), wait.since);
    }
    pthread_mutex_unlock(&run->lock);
    g_autofree char *shown = vd_said_show(said);
    if (shown)
        vd_run_log(run, "%s", shown);
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
    g_autofree char *shown = vd_said_show(run->job->note);
    if (!shown || !g_str_has_prefix(shown, WAIT_WORDS))
        return;
    run->wait = g_steal_pointer(&run->job->note);
    run->wait_for = -1;
    run->note_dirty = TRUE;
}
