/* Starting runners, and asking them to stop. The starter takes the job's lock and hands it over
 * with the descriptor, so that from the first row in the journal to the last there is no moment in
 * which somebody else could take the job for interrupted; and of several who want to roll it back,
 * the one who gets the lock does. GLib forks twice and reaps the one between; setsid() cuts the
 * runner off from the terminal, whose hang-up therefore does not reach it. */
#include "config.h"

#include "src/jobs/job-start.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
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
#include "src/jobs/runner.h"

#define READY_MS      30000
#define CANCEL_USEC   (10 * G_USEC_PER_SEC)
#define CANCEL_WAIT   20000
#define LOG_CHUNK     (64 * 1024)
#define STEP_SEC_MOST 86400

/* ---- the process ---- */

/* Between fork and exec: only async-signal-safe calls. */
static void child_setup(gpointer data)
{
    sigset_t none;
    (void)data;
    setsid();
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static gboolean spawn(const char *id, VdRunMode mode, int lock, int ready, GError **error)
{
    g_autofree char *folder = vd_path_job(id);
    g_autofree char *log = g_build_filename(folder, "log", NULL);
    g_autofree char *self = vd_path_self();
    g_autoptr(GError) local = NULL;
    const char *program = access(self, X_OK) == 0 ? self : "/proc/self/exe";
    const char *const argv[] = {program, "vmdeck", "job-run", id, vd_run_mode_flag(mode), NULL};
    const int from[] = {lock, ready}, to[] = {VD_RUN_LOCK_FD, VD_RUN_READY_FD};
    g_auto(GStrv) environment = g_get_environ();
    environment = g_environ_setenv(environment, "VMDECK_REQUEST", id, TRUE);
    environment = g_environ_setenv(environment, VD_RUN_FDS, VD_RUN_FDS_BOTH, TRUE);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
    if (out < 0)
        return vd_fail(error, errno == ENOSPC ? VD_ERR_NO_SPACE : VD_ERR_DENIED, NULL,
                       _("The log %s cannot be written: %s."), log, g_strerror(errno));
    gboolean ok = g_spawn_async_with_pipes_and_fds(
        "/", argv, (const char *const *)environment, G_SPAWN_FILE_AND_ARGV_ZERO, child_setup, NULL,
        -1, out, out, from, to, G_N_ELEMENTS(from), NULL, NULL, NULL, NULL, &local);
    close(out);
    return ok ||
           vd_fail(error, VD_ERR_FAILED, local->message, _("The job %s cannot be started."), id);
}

/* The runner's one line, or how it failed to come. */
static gboolean wait_ready(const char *id, int ready, GError **error)
{
    char line[1024];
    gsize used = 0;
    gint64 deadline = g_get_monotonic_time() + READY_MS * (gint64)1000;
    for (;;) {
        struct pollfd fd = {ready, POLLIN, 0};
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        if (left <= 0)
            return vd_fail(error, VD_ERR_UNKNOWN, NULL,
                           _("The runner of the job %s does not answer: look at it again with "
                             "'vmdeck job show %s'."),
                           id, id);
        if (poll(&fd, 1, (int)left) <= 0)
            continue;
        ssize_t n = read(ready, line + used, sizeof line - 1 - used);
        if (n < 0 && errno == EINTR)
            continue;
        used += n > 0 ? (gsize)n : 0;
        if (n <= 0 || used == sizeof line - 1 || line[used - 1] == '\n')
            break;
    }
    line[used] = '\0';
    g_strchomp(line);
    if (strcmp(line, "ok") == 0)
        return TRUE;
    char *words = NULL;
    long code = strtol(line, &words, 10);
    if (used == 0 || *words != ' ' || code > VD_ERR_USAGE || code < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("The runner of the job %s ended before it began; see its log."), id);
    g_autofree char *shown = vd_said_show(words + 1);
    vd_error_set(error, (VdErrorCode)code, NULL, "%s", shown);
    if (error)
        vd_error_write(*error, g_strdup(words + 1));
    return FALSE;
}

/* Starts a runner that takes over the lock, and waits until it has begun. Closes lock. */
static gboolean start_runner(const char *id, VdRunMode mode, int lock, GError **error)
{
    int pipe_fds[2];
    g_autoptr(GError) local = NULL;
    if (!g_unix_open_pipe(pipe_fds, FD_CLOEXEC, &local)) {
        close(lock);
        return vd_fail(error, VD_ERR_FAILED, local->message, _("The job %s cannot be started."),
                       id);
    }
    gboolean ok = spawn(id, mode, lock, pipe_fds[1], error);
    close(pipe_fds[1]);
    ok = ok && wait_ready(id, pipe_fds[0], error);
    close(pipe_fds[0]);
    close(lock);
    return ok;
}

/* ---- starting ---- */

/* The expected seconds are those that the last jobs of the kind really took here; the table's are
 * for the first one. */
static void fill_steps(VdJournal *journal, VdJob *job, const VdJobKind *kind, const char *spec)
{
    gboolean all = job->steps->len == 0;
    for (const VdStepSpec *step = kind->steps; all && step->id; step++)
        vd_job_add_step(job, step->id, step->label, step->weight);
    for (guint i = 0; i < job->steps->len; i++) {
        VdStep *step = g_ptr_array_index(job->steps, i);
        double took = vd_journal_step_seconds(journal, kind->verb, step->id, spec);
        if (step->state == VD_STEP_SKIPPED)
            step->weight = 1;
        else if (took >= 0)
            step->weight = (int)CLAMP(took + 0.5, 1, STEP_SEC_MOST);
    }
}

/* Folder, lock, secrets and row; the lock's descriptor or -1. */
static int prepare(VdJournal *journal, const VdJob *job, const char *spec, const char *secrets,
                   GError **error)
{
    g_autofree char *folder = vd_path_job(job->id);
    g_autofree char *path = g_build_filename(folder, "secrets", NULL);
    if (!vd_mkdirs(folder, 0700, error))
        return -1;
    int lock = vd_job_lock_take(job->id, 0, error);
    if (lock < 0)
        return -1;
    if ((!secrets || vd_file_replace(path, secrets, -1, 0600, error)) &&
        vd_journal_job_create(journal, job, spec, error))
        return lock;
    vd_secret_unlink(path);
    close(lock);
    return -1;
}

/* The job's lock, or -1: somebody works on it, or its folder cannot be made. */
static int take_lock(const char *id, GError **error)
{
    g_autofree char *folder = vd_path_job(id);
    return vd_mkdirs(folder, 0700, error) ? vd_job_lock_take(id, 0, error) : -1;
}

gboolean vd_jobs_hold(VdJournal *journal, const VdJobKind *kind, VdJob *job, const char *spec,
                      const char *secrets, int *ret_lock, GError **error)
{
    if (!vd_request_id_valid(job->id))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is no job: expected r-XXXXXX."), job->id);
    if (!job->verb)
        job->verb = g_strdup(kind->verb);
    job->state = VD_JOB_QUEUED;
    fill_steps(journal, job, kind, spec);
    *ret_lock = prepare(journal, job, spec, secrets, error);
    return *ret_lock >= 0;
}

int vd_jobs_hold_again(VdJournal *journal, const char *id)
{
    int lock = take_lock(id, NULL);
    g_autoptr(VdJob) job = lock >= 0 ? vd_journal_job(journal, id, NULL) : NULL;
    if (job && job->started == 0 && !vd_job_state_ended(job->state))
        return lock;
    if (lock >= 0)
        close(lock);
    return -1;
}

static void end_unbegun(VdJournal *journal, const char *id, const char *why, const char *detail)
{
    g_autofree char *folder = vd_path_job(id);
    g_autofree char *path = g_build_filename(folder, "secrets", NULL);
    vd_secret_unlink(path);
    vd_journal_job_finish(journal, id, why ? VD_JOB_FAILED : VD_JOB_CANCELLED, why, detail, NULL,
                          NULL);
}

void vd_jobs_drop_held(VdJournal *journal, const char *id, int lock, const char *why)
{
    end_unbegun(journal, id, why, NULL);
    close(lock);
}

gboolean vd_jobs_begin_held(VdJournal *journal, const char *id, int lock, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (start_runner(id, VD_RUN_NEW, lock, &local))
        return TRUE;
    /* Not if it may still come. */
    if (vd_error_code(local) != VD_ERR_UNKNOWN)
        end_unbegun(journal, id, vd_error_written(local), vd_error_detail(local));
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean vd_jobs_start(VdJournal *journal, const VdJobKind *kind, VdJob *job, const char *spec,
                       const char *secrets, GError **error)
{
    int lock = -1;
    return vd_jobs_hold(journal, kind, job, spec, secrets, &lock, error) &&
           vd_jobs_begin_held(journal, job->id, lock, error);
}

/* ---- stopping ---- */

/* With the lock in hand nobody else works on it: TRUE if there is something to roll back. */
static gboolean needs_rollback(VdJournal *journal, const char *id, GError **error)
{
    g_autoptr(VdJob) job = vd_journal_job(journal, id, error);
    if (!job)
        return FALSE;
    if (!vd_job_state_ended(job->state))
        return TRUE;
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, id, error);
    if (!undo)
        return FALSE;
    return undo->len > 0 || vd_fail(error, VD_ERR_INVALID, NULL,
                                    _("The job %s has ended (%s): there is nothing to cancel."), id,
                                    _(vd_job_state_word(job->state)));
}

/* Somebody who asks for it cancels an interrupted job; the sweep finds it failed. */
static gboolean roll_back(VdJournal *journal, const char *id, int lock, gboolean asked,
                          GError **error)
{
    if (!needs_rollback(journal, id, error)) {
        close(lock);
        return FALSE;
    }
    if (asked)
        vd_journal_job_state(journal, id, VD_JOB_CANCELLING, NULL, NULL, NULL, NULL);
    return start_runner(id, VD_RUN_ROLLBACK, lock, error);
}

typedef enum { CANCEL_ASKED, CANCEL_FAILED, CANCEL_AGAIN } CancelTry;

static CancelTry try_cancel(VdJournal *journal, const char *id, GError **error)
{
    g_autofree char *folder = vd_path_job(id);
    if (!vd_mkdirs(folder, 0700, error))
        return CANCEL_FAILED;
    int lock = vd_job_lock_take(id, 0, NULL);
    if (lock >= 0)
        return roll_back(journal, id, lock, TRUE, error) ? CANCEL_ASKED : CANCEL_FAILED;
    int runner = vd_job_lock_runner(id);
    if (runner < 0)
        return CANCEL_AGAIN;
    int sent = pidfd_send_signal(runner, SIGTERM, NULL, 0);
    int why = errno;
    close(runner);
    if (sent == 0)
        return CANCEL_ASKED;
    if (why == ESRCH)
        return CANCEL_AGAIN;
    vd_error_set(error, VD_ERR_DENIED, g_strerror(why), _("The job %s is another user's."), id);
    return CANCEL_FAILED;
}

static gboolean is_ended(VdJournal *journal, const char *id)
{
    g_autoptr(VdJob) job = vd_journal_job(journal, id, NULL);
    return job && vd_job_state_ended(job->state);
}

gboolean vd_jobs_cancel(VdJournal *journal, const char *id, GError **error)
{
    g_autoptr(VdJob) job = vd_journal_job(journal, id, error);
    if (!job)
        return FALSE;
    if (!vd_request_id_valid(id))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is no job: expected r-XXXXXX."), id);
    gint64 deadline = g_get_monotonic_time() + CANCEL_USEC;
    /* The job that holds it sees the word, and ends it without beginning it. */
    gboolean held = job->parent && job->state == VD_JOB_QUEUED;
    if (held && !vd_journal_job_state(journal, id, VD_JOB_CANCELLING, NULL, NULL, NULL, error))
        return FALSE;
    do {
        CancelTry outcome = try_cancel(journal, id, error);
        if (outcome != CANCEL_AGAIN)
            return outcome == CANCEL_ASKED;
        if (held && is_ended(journal, id))
            return TRUE;
        /* It is being started, or just ends. */
        g_usleep(CANCEL_WAIT);
    } while (g_get_monotonic_time() < deadline);
    return vd_fail(error, VD_ERR_BUSY, NULL, _("The job %s is just being started: try again."), id);
}

/* ---- what was interrupted ---- */

/* With the lock in hand, so that the state is the one that was written: whether its kind can go on
 * and nobody has begun to undo it. */
static gboolean can_go_on(VdJournal *journal, const VdJobKind *kinds, const char *id,
                          GError **error)
{
    g_autoptr(VdJob) job = vd_journal_job(journal, id, error);
    const VdJobKind *kind = job ? vd_job_kind_find(kinds, job->verb) : NULL;
    if (!job)
        return FALSE;
    if (vd_job_state_ended(job->state))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The job %s has ended (%s): there is nothing to go on with."), id,
                       _(vd_job_state_word(job->state)));
    if (!kind || !kind->again)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("A job like %s cannot go on; it can only be cancelled."), id);
    if (job->error || job->state == VD_JOB_CANCELLING)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("What the job %s made is being undone: it cannot go on any more."), id);
    return TRUE;
}

int vd_jobs_sweep(VdJournal *journal, const VdJobKind *kinds)
{
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 0, NULL);
    int n = 0;
    for (guint i = 0; jobs && i < jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(jobs, i);
        g_autoptr(GError) error = NULL;
        if (job->state != VD_JOB_INTERRUPTED || !vd_request_id_valid(job->id))
            continue;
        int lock = take_lock(job->id, NULL);
        if (lock < 0)
            continue;
        if (can_go_on(journal, kinds, job->id, NULL))
            close(lock);
        else if (roll_back(journal, job->id, lock, FALSE, &error))
            n++;
        else if (error)
            vd_log_error(job->id, "rolling back an interrupted job", error);
    }
    return n;
}

gboolean vd_jobs_resume(VdJournal *journal, const VdJobKind *kinds, const char *id, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(VdJob) job = vd_journal_job(journal, id, error);
    if (!job)
        return FALSE;
    if (!vd_request_id_valid(id))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is no job: expected r-XXXXXX."), id);
    int lock = take_lock(id, &local);
    if (lock < 0 && vd_error_code(local) == VD_ERR_BUSY)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("The job %s runs: nothing has stopped it."),
                       id);
    if (lock < 0) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (can_go_on(journal, kinds, id, error))
        return start_runner(id, VD_RUN_RESUME, lock, error);
    close(lock);
    return FALSE;
}

/* ---- the log ---- */

char *vd_jobs_log(const char *id, gint64 *offset, GError **error)
{
    if (!vd_request_id_valid(id)) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("%s is no job: expected r-XXXXXX."), id);
        return NULL;
    }
    g_autofree char *folder = vd_path_job(id);
    g_autofree char *path = g_build_filename(folder, "log", NULL);
    g_autofree char *bytes = g_malloc0(LOG_CHUNK + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    ssize_t n = fd < 0 ? -1 : pread(fd, bytes, LOG_CHUNK, MAX(*offset, 0));
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0) {
        vd_error_set(error, why == ENOENT ? VD_ERR_NOT_FOUND : VD_ERR_FAILED, NULL,
                     _("There is no log of the job %s: %s."), id, g_strerror(why));
        return NULL;
    }
    /* Whole lines, so that no character is cut, unless a line is longer than all that. */
    const char *end = n > 0 ? memrchr(bytes, '\n', (size_t)n) : NULL;
    gsize length = end ? (gsize)(end - bytes) + 1 : (gsize)n;
    for (gsize i = 0; i < length; i++)
        if (bytes[i] == '\0')
            bytes[i] = ' ';
    bytes[length] = '\0';
    *offset = MAX(*offset, 0) + (gint64)length;
    return vd_text_clean(bytes, LOG_CHUNK, TRUE);
}
