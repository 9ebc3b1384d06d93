/* The runner process. A worker thread runs the steps, and the undo entries if need be; the main
 * thread has a loop of its own (the default context is libvirt's) for signals, progress and
 * deadlines. A step that does not stop when asked, because a library call in it hangs, cannot be
 * ended as a thread: the process then executes itself anew as its own roll-back, which ends all
 * threads and keeps the lock on the job. */
#include "config.h"

#include "src/jobs/run.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/jobs/job-lock.h"
#include "src/jobs/job-start.h"

#define GRACE_MS  5000
#define UNDO_MS   180000
#define WATCH_MS  1000
#define END_TRIES 3600
#define END_PAUSE G_USEC_PER_SEC
#define INTERRUPTED_TEXT                                                                           \
    N_("The runner of the job was killed or the machine was restarted in the middle of it.")

#define NOT_UNDONE_TEXT  N_("The job was cancelled, but not all of it could be undone.")
#define UNDO_HANGS_TEXT  N_("The job could not be undone: the host does not answer.")
#define STEP_UNDONE_TEXT N_("What the interrupted step had made could not be undone.")

/* ---- the end ---- */

typedef struct {
    VdJobState state;
    const char *error, *detail, *undone;
    VdErrorCode code;
} End;

static gboolean end_entry(VdRun *run, gconstpointer data, GError **error)
{
    const End *end = data;
    return vd_journal_job_finish(run->journal, run->id, end->state, end->error, end->detail,
                                 end->undone, error);
}

/* A job whose last state is not written looks interrupted and would be rolled back, done as it is:
 * so a journal that is busy or full is waited for, with the lock held. */
static void write_end(VdRun *run, const End *end)
{
    for (int i = 0; i < END_TRIES; i++) {
        g_autoptr(GError) error = NULL;
        gboolean steps = vd_run_write(run);
        if (vd_run_enter(run, end_entry, end, &error)) {
            if (!steps)
                vd_run_write(run);
            break;
        }
        if (i == 0)
            vd_run_log(run, "the end of the job is not in the journal yet: %s", error->message);
        if (vd_error_code(error) != VD_ERR_BUSY && vd_error_code(error) != VD_ERR_NO_SPACE &&
            vd_error_code(error) != VD_ERR_DENIED)
            break;
        g_usleep(END_PAUSE);
    }
    g_autofree char *why = vd_said_show(end->error);
    vd_run_log(run, "job %s%s%s", vd_job_state_word(end->state), why && *why ? ": " : "",
               why ? why : "");
}

static void wipe_secrets(const VdRun *run)
{
    g_autofree char *path = g_build_filename(run->folder, "secrets", NULL);
    vd_secret_unlink(path);
}

/* ---- the worker ---- */

static gboolean cancel_asked(VdRun *run)
{
    pthread_mutex_lock(&run->lock);
    gboolean asked = run->cancel_asked;
    pthread_mutex_unlock(&run->lock);
    return asked;
}

static gboolean run_step(VdRun *run, const VdStepSpec *spec, GError **error)
{
    pthread_mutex_lock(&run->lock);
    VdStep *step = vd_job_step(run->job, spec->id);
    gboolean waits = step && step->state == VD_STEP_WAITING;
    pthread_mutex_unlock(&run->lock);
    /* The job does without it, or an earlier step covered or skipped it. */
    if (!waits)
        return TRUE;
    if (!spec->func) {
        vd_run_skip_step(run, spec->id, NULL);
        return TRUE;
    }
    vd_run_step_begin(run, step);
    pthread_mutex_lock(&run->lock);
    run->secrets_read = FALSE;
    pthread_mutex_unlock(&run->lock);
    gboolean ok = spec->func(run, error);
    if (ok && !cancel_asked(run)) {
        vd_run_step_end(run, VD_STEP_DONE);
        if (run->secrets_read)
            wipe_secrets(run);
    }
    if (!ok && !cancel_asked(run))
        vd_run_step_end(run, VD_STEP_FAILED);
    return ok;
}

/* FALSE: failed (error) or cancelled. After it nothing can be cancelled any more. */
static gboolean run_steps(VdRun *run, GError **error)
{
    gboolean ok = TRUE;
    for (const VdStepSpec *spec = run->kind->steps; ok && spec->id; spec++)
        ok = !cancel_asked(run) && run_step(run, spec, error);
    pthread_mutex_lock(&run->lock);
    if (run->cancel_asked)
        ok = FALSE;
    run->phase = ok ? VD_RUN_END : VD_RUN_UNDO;
    pthread_mutex_unlock(&run->lock);
    return ok;
}

static gboolean state_entry(VdRun *run, gconstpointer data, GError **error)
{
    const End *end = data;
    return vd_journal_job_blame(run->journal, run->id, end->code, error) &&
           vd_journal_job_state(run->journal, run->id, end->state, end->error, end->detail,
                                end->undone, error);
}

/* "… Try again: vmdeck job cancel r-7K2M9Q." The caller frees. */
static char *to_try_again(const VdRun *run, const char *text)
{
    return vd_said(N_("%s Try again: vmdeck job cancel %s."), text, run->id);
}

/* Says only that it could not be undone: once it is, nothing of that is true any more. */
static gboolean is_of_undoing(const char *written)
{
    g_autofree char *why = vd_said_show(written);
    return why &&
           (g_str_has_prefix(why, NOT_UNDONE_TEXT) || g_str_has_prefix(why, UNDO_HANGS_TEXT) ||
            g_str_has_prefix(why, STEP_UNDONE_TEXT));
}

/* What was undone, and what is left. The caller frees. */
static char *what_is_left(const VdRun *run, const GString *undone, const GString *failed)
{
    char *said =
        vd_said(N_("NOT undone: %s; try again: vmdeck job cancel %s"), failed->str, run->id);
    g_autofree char *left = vd_said_quote(said, failed->str, failed->str);
    return g_strconcat(undone->str, undone->len > 0 ? "; " : "", left, NULL);
}

/* The note is that of the work again. */
static void enter_end(VdRun *run)
{
    pthread_mutex_lock(&run->lock);
    run->phase = VD_RUN_END;
    pthread_mutex_unlock(&run->lock);
    vd_run_end_wait(run);
}

/* A job that failed says why before it is undone: whoever has to go on with the undoing, should
 * this runner die as well, takes a job with an error for failed and one without for cancelled. */
static void undo_and_end(VdRun *run, const char *why, const char *detail, VdErrorCode code)
{
    End now = {why ? VD_JOB_RUNNING : VD_JOB_CANCELLING, why, detail, NULL, code};
    g_autoptr(GString) undone = g_string_new(NULL);
    g_autoptr(GString) failed = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    if (!vd_job_state_ended(run->job->state) && !vd_run_enter(run, state_entry, &now, &error))
        vd_run_log(run, "%s", error->message);
    pthread_mutex_lock(&run->lock);
    run->phase = VD_RUN_UNDO; /* one that was going on may have come to no step */
    run->why = g_strdup(why);
    run->why_detail = g_strdup(detail);
    pthread_mutex_unlock(&run->lock);
    gboolean clean = vd_run_undo_all(run, undone, failed);
    if (!why && run->mode != VD_RUN_ROLLBACK)
        vd_run_step_end(run, VD_STEP_UNDONE);
    enter_end(run);
    g_autofree char *left = clean ? NULL : what_is_left(run, undone, failed);
    g_autofree char *not_undone = to_try_again(run, NOT_UNDONE_TEXT);
    /* "" takes away what stood there when an earlier roll-back failed. */
    End end = {why || !clean ? VD_JOB_FAILED : VD_JOB_CANCELLED, why ? why : "", detail, NULL, 0};
    if (!why && !clean)
        end.error = not_undone;
    if (left || undone->len > 0)
        end.undone = left ? left : undone->str;
    write_end(run, &end);
    run->status = 1;
}

/* A step that cannot tell how it ended has kept what there is; nothing was undone. FALSE: it is
 * another failure, or there is something to undo. */
static gboolean end_unknown(VdRun *run, const GError *error)
{
    const End end = {VD_JOB_UNKNOWN, vd_error_written(error), vd_error_detail(error), NULL, 0};
    if (vd_error_code(error) != VD_ERR_UNKNOWN)
        return FALSE;
    pthread_mutex_lock(&run->journal_lock);
    g_autoptr(GPtrArray) left = vd_journal_undo_list(run->journal, run->id, NULL);
    pthread_mutex_unlock(&run->journal_lock);
    if (!left || left->len > 0)
        return FALSE;
    enter_end(run);
    write_end(run, &end);
    run->status = vd_error_exit_status(error);
    return TRUE;
}

/* No step has failed of a job that was cancelled: it was the undoing that did. */
static void clear_failures(VdRun *run)
{
    for (guint i = 0; i < run->job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(run->job->steps, i);
        if (step->state == VD_STEP_FAILED)
            vd_run_step_mark(run, step->id, VD_STEP_UNDONE);
    }
}

static void roll_back(VdRun *run)
{
    vd_run_kill_leftovers(run->id, run->folder);
    pthread_mutex_lock(&run->lock);
    run->phase = VD_RUN_UNDO;
    g_autofree char *why = g_strdup(run->job->error);
    g_autofree char *detail = g_strdup(run->job->detail);
    g_autofree char *broken = NULL;
    if (is_of_undoing(why))
        g_clear_pointer(&why, g_free);
    else if (!why && run->job->state != VD_JOB_CANCELLING && run->job->state != VD_JOB_CANCELLED)
        why = g_strdup(INTERRUPTED_TEXT);
    for (guint i = 0; i < run->job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(run->job->steps, i);
        if (step->state == VD_STEP_RUNNING)
            broken = g_strdup(step->id);
    }
    pthread_mutex_unlock(&run->lock);
    if (broken)
        vd_run_step_mark(run, broken, why ? VD_STEP_FAILED : VD_STEP_UNDONE);
    if (!why)
        clear_failures(run);
    undo_and_end(run, why, detail, VD_ERR_FAILED);
}

static gboolean quit(gpointer data)
{
    g_main_loop_quit(data);
    return G_SOURCE_REMOVE;
}

static gpointer work(gpointer data)
{
    VdRun *run = data;
    g_autoptr(GError) error = NULL;
    if (run->mode == VD_RUN_ROLLBACK) {
        roll_back(run);
    } else if ((run->mode != VD_RUN_RESUME || vd_run_resume(run, &error)) &&
               run_steps(run, &error)) {
        const End done = {VD_JOB_DONE, NULL, NULL, NULL, 0};
        write_end(run, &done);
    } else if (cancel_asked(run)) {
        undo_and_end(run, NULL, NULL, VD_ERR_FAILED);
    } else {
        const char *why = error ? vd_error_written(error) : N_("The step failed without a word.");
        vd_log_error(run->id, "step", error);
        if (!end_unknown(run, error))
            undo_and_end(run, why, vd_error_detail(error), vd_error_code(error));
    }
    wipe_secrets(run);
    vd_run_values_drop(run);
    g_main_context_invoke(run->context, quit, run->loop);
    return NULL;
}

/* ---- the main thread ---- */

static void add_source(VdRun *run, GSource *source, GSourceFunc func)
{
    g_source_set_callback(source, func, run, NULL);
    g_source_attach(source, run->context);
    g_source_unref(source);
}

static gboolean kill_hard(gpointer data)
{
    VdRun *run = data;
    pthread_mutex_lock(&run->lock);
    gboolean steps = run->phase == VD_RUN_STEPS;
    pthread_mutex_unlock(&run->lock);
    if (steps)
        vd_run_kill_children(run, SIGKILL);
    return steps ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

/* The step hangs: end all threads by becoming our own roll-back. */
static gboolean become_rollback(gpointer data)
{
    VdRun *run = data;
    pthread_mutex_lock(&run->lock);
    gboolean steps = run->phase == VD_RUN_STEPS;
    pthread_mutex_unlock(&run->lock);
    if (!steps)
        return G_SOURCE_REMOVE;
    vd_run_log(run, "the step does not stop: the runner begins anew to undo");
    vd_run_kill_children(run, SIGKILL);
    const char *const argv[] = {"vmdeck", "job-run", run->id, vd_run_mode_flag(VD_RUN_ROLLBACK),
                                NULL};
    g_setenv(VD_RUN_FDS, VD_RUN_FDS_LOCK, TRUE);
    if (dup2(run->lock_fd, VD_RUN_LOCK_FD) >= 0 && fcntl(VD_RUN_LOCK_FD, F_SETFD, 0) == 0)
        execv("/proc/self/exe", (char **)argv);
    /* Interrupted, then: the next who looks rolls it back. */
    _exit(1);
}

static gboolean on_cancel(gpointer data)
{
    VdRun *run = data;
    g_autoptr(GError) error = NULL;
    pthread_mutex_lock(&run->lock);
    gboolean begins = run->phase == VD_RUN_STEPS && !run->cancel_asked;
    if (begins) {
        run->cancel_asked = TRUE;
        if (run->current)
            vd_run_hold_progress(run, run->current);
        run->cancelled = g_get_monotonic_time();
        run->note_dirty = TRUE;
    }
    pthread_mutex_unlock(&run->lock);
    vd_run_log(run, begins ? "asked to stop" : "asked to stop, which it does already or too late");
    if (!begins)
        return G_SOURCE_CONTINUE;
    g_cancellable_cancel(run->cancel);
    vd_run_kill_children(run, SIGTERM);
    add_source(run, g_timeout_source_new((guint)run->grace_ms), kill_hard);
    add_source(run, g_timeout_source_new((guint)run->grace_ms * VD_RUN_HANG_GRACES),
               become_rollback);
    const End now = {VD_JOB_CANCELLING, NULL, NULL, NULL, 0};
    (void)vd_run_write(run); /* how far it had come, before others see that it stops */
    if (!vd_run_enter(run, state_entry, &now, &error))
        vd_run_log(run, "%s", error->message);
    return G_SOURCE_CONTINUE;
}

/* An undo function that hangs holds everything up: the job ends as failed, the entry is kept. What
 * it had failed for by itself is still the reason. */
static void give_up_undo(VdRun *run, const char *kind)
{
    g_autofree char *what = vd_said_one(kind, NULL);
    char *said =
        vd_said(N_("NOT undone: %s (no answer in %d s), nor what was before it; try again: vmdeck "
                   "job cancel %s"),
                kind, run->undo_ms / 1000, run->id);
    g_autofree char *left = vd_said_quote(said, kind, what);
    g_autofree char *hangs = to_try_again(run, UNDO_HANGS_TEXT);
    const End end = {VD_JOB_FAILED, run->why ? run->why : hangs, run->why_detail, left, 0};
    vd_run_end_wait(run);
    wipe_secrets(run);
    write_end(run, &end);
    _exit(1);
}

static gboolean watch_undo(gpointer data)
{
    VdRun *run = data;
    vd_run_look_wait(run);
    pthread_mutex_lock(&run->lock);
    gint64 left = run->undo_started ? vd_run_undo_until(run) - g_get_monotonic_time() : G_MAXINT64;
    const char *kind = run->undo_kind;
    pthread_mutex_unlock(&run->lock);
    if (left < (gint64)run->grace_ms * 1000)
        vd_run_kill_children(run, SIGKILL);
    if (left <= 0)
        give_up_undo(run, kind);
    return G_SOURCE_CONTINUE;
}

/* ---- setting up ---- */

/* The lock that the starter handed over, or our own. */
static int own_lock(const char *id, GError **error)
{
    gboolean handed = g_getenv(VD_RUN_FDS) && vd_job_lock_is(id, VD_RUN_LOCK_FD);
    g_autofree char *folder = vd_path_job(id);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL, _("There is no job %s."), id);
        return -1;
    }
    int fd = handed ? VD_RUN_LOCK_FD : vd_job_lock_take(id, 0, error);
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

/* The starter's pipe, -1 if there is none. */
static int own_ready(void)
{
    struct stat st;
    gboolean handed = g_strcmp0(g_getenv(VD_RUN_FDS), VD_RUN_FDS_BOTH) == 0;
    g_unsetenv(VD_RUN_FDS);
    if (!handed || fstat(VD_RUN_READY_FD, &st) != 0 || !S_ISFIFO(st.st_mode))
        return -1;
    fcntl(VD_RUN_READY_FD, F_SETFD, FD_CLOEXEC);
    return VD_RUN_READY_FD;
}

const VdJobKind *vd_job_kind_find(const VdJobKind *kinds, const char *verb)
{
    for (const VdJobKind *kind = kinds; kind->verb; kind++)
        if (g_strcmp0(kind->verb, verb) == 0)
            return kind;
    return NULL;
}

/* With the lock in our hands the state is the one that is written. */
static gboolean may_begin(VdRun *run, GError **error)
{
    VdJobState state = run->job->state;
    if (run->mode == VD_RUN_NEW)
        return state == VD_JOB_QUEUED ||
               vd_fail(error, VD_ERR_INVALID, NULL, _("The job %s was begun already: it is %s."),
                       run->id, vd_job_state_word(state));
    if (run->mode == VD_RUN_RESUME) {
        if (!run->kind->again)
            return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                           _("A job like %s cannot go on; it can only be cancelled."), run->id);
        return (state <= VD_JOB_RUNNING && !run->job->error) ||
               vd_fail(error, VD_ERR_INVALID, NULL, _("The job %s cannot go on: it is %s."),
                       run->id, vd_job_state_word(state));
    }
    if (vd_job_state_ended(state)) {
        g_autoptr(GPtrArray) undo = vd_journal_undo_list(run->journal, run->id, error);
        return undo &&
               (undo->len > 0 || vd_fail(error, VD_ERR_INVALID, NULL,
                                         _("The job %s has nothing left to undo."), run->id));
    }
    return TRUE;
}

static gboolean load(VdRun *run, const VdJobKind *kinds, GError **error)
{
    g_autofree char *path = vd_path_journal();
    run->journal = vd_journal_open(path, error);
    run->job = run->journal ? vd_journal_job_written(run->journal, run->id, error) : NULL;
    run->spec = run->job ? vd_journal_job_spec(run->journal, run->id, error) : NULL;
    if (!run->spec)
        return FALSE;
    run->author = g_strdup(run->job->author);
    run->kind = vd_job_kind_find(kinds, run->job->verb);
    if (!run->kind)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("This vmdeck has no jobs of the kind %s."), run->job->verb);
    return may_begin(run, error);
}

static gboolean begin(VdRun *run, GError **error)
{
    gboolean rollback = run->mode == VD_RUN_ROLLBACK;
    const End now = {rollback ? run->job->state : VD_JOB_RUNNING, NULL, NULL, NULL, 0};
    vd_run_take_wait(run);
    if (!vd_job_lock_write_pid(run->lock_fd))
        return vd_fail(error, VD_ERR_NO_SPACE, g_strerror(errno),
                       _("The lock of the job %s cannot be written."), run->id);
    if (rollback)
        return TRUE;
    if (!state_entry(run, &now, error))
        return FALSE;
    run->job->state = VD_JOB_RUNNING;
    run->job->started = g_get_real_time();
    return TRUE;
}

/* Milliseconds that tests may choose. */
static int patience_of(const char *variable, int usual)
{
    const char *text = g_getenv(variable);
    return text ? CLAMP(atoi(text), 10, 600000) : usual;
}

static void run_init(VdRun *run, const char *id, VdRunMode mode)
{
    run->id = g_strdup(id);
    run->folder = vd_path_job(id);
    run->mode = mode;
    run->lock_fd = -1;
    run->grace_ms = patience_of("VMDECK_JOB_GRACE_MS", GRACE_MS);
    run->undo_ms = patience_of("VMDECK_JOB_UNDO_MS", UNDO_MS);
    run->context = g_main_context_new();
    run->loop = g_main_loop_new(run->context, FALSE);
    run->cancel = g_cancellable_new();
    run->calm = g_cancellable_new();
    pthread_mutex_init(&run->write_lock, NULL);
    pthread_mutex_init(&run->journal_lock, NULL);
    pthread_mutex_init(&run->lock, NULL);
    run->dirty = g_hash_table_new(NULL, NULL);
    run->undos = g_ptr_array_new_with_free_func((GDestroyNotify)vd_undo_free);
    run->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    run->children = g_array_new(FALSE, FALSE, sizeof(pid_t));
    run->values_dirty = TRUE; /* that there are none is worth knowing too */
    run->status = 0;
    g_setenv("VMDECK_REQUEST", id, TRUE);
}

static void run_clear(VdRun *run)
{
    if (run->flush) {
        g_source_destroy(run->flush);
        g_source_unref(run->flush);
    }
    vd_journal_close(run->journal);
    vd_job_unref(run->job);
    g_main_loop_unref(run->loop);
    g_main_context_unref(run->context);
    g_object_unref(run->cancel);
    g_object_unref(run->calm);
    g_hash_table_unref(run->dirty);
    g_ptr_array_unref(run->undos);
    g_hash_table_unref(run->values);
    g_array_unref(run->children);
    pthread_mutex_destroy(&run->write_lock);
    pthread_mutex_destroy(&run->journal_lock);
    pthread_mutex_destroy(&run->lock);
    g_free(run->id);
    g_free(run->spec);
    g_free(run->folder);
    g_free(run->author);
    g_free(run->why);
    g_free(run->why_detail);
    g_free(run->wait);
    /* Last: who sees the lock free sees the last state as well. */
    if (run->lock_fd >= 0)
        close(run->lock_fd);
}

/* One line for the starter: "ok", or the code and the sentence as it is written (base/said.h). */
static void tell(int ready, const GError *error)
{
    g_autofree char *line =
        error ? g_strdup_printf("%d %s\n", (int)vd_error_code(error), vd_error_written(error))
              : g_strdup("ok\n");
    if (ready >= 0) {
        ssize_t written = write(ready, line, strlen(line));
        (void)written; /* the starter may be gone */
        close(ready);
    }
    if (error)
        g_printerr("%s\n", error->message);
}

static int run_job(VdRun *run)
{
    add_source(run, g_timeout_source_new(MIN(WATCH_MS, (guint)run->grace_ms)), watch_undo);
    GThread *worker = g_thread_new("steps", work, run);
    g_main_loop_run(run->loop);
    g_thread_join(worker);
    return run->status;
}

static const char *const mode_flags[] = {NULL, "--rollback", "--resume"};

const char *vd_run_mode_flag(VdRunMode mode)
{
    return mode_flags[mode];
}

int vd_runner_main(const VdJobKind *kinds, const char *id, const char *flag)
{
    static const char *const words[] = {"begun", "undoing", "going on"};
    g_autoptr(GError) error = NULL;
    VdRun run = {0};
    VdRunMode mode = VD_RUN_RESUME;
    int status = 1;
    while (mode > VD_RUN_NEW && g_strcmp0(flag, mode_flags[mode]) != 0)
        mode--;
    if (!vd_request_id_valid(id)) {
        g_printerr(_("%s is no job: expected r-XXXXXX.\n"), id);
        return 2;
    }
    vd_run_process_setup();
    run_init(&run, id, mode);
    run.lock_fd = own_lock(id, &error);
    int ready = own_ready();
    add_source(&run, g_unix_signal_source_new(SIGTERM), on_cancel);
    add_source(&run, g_unix_signal_source_new(SIGINT), on_cancel);
    gboolean begun = run.lock_fd >= 0 && load(&run, kinds, &error) && begin(&run, &error);
    tell(ready, begun ? NULL : error);
    if (begun) {
        vd_run_log(&run, "%s: %s", run.job->title, words[mode]);
        status = run_job(&run);
    }
    run_clear(&run);
    return status;
}
