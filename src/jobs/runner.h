/* Job runners: `vmdeck job-run ID`, a detached process for each long operation. A runner holds a
 * lock on its job (fcntl OFD lock on <job folder>/lock) while it lives. */
#pragma once

#include <gio/gio.h>

#include "src/jobs/journal.h"

/* What a step function sees. Steps run on a thread of the runner; its main thread listens for
 * SIGTERM (cancel), and kills children. */
typedef struct _VdRun VdRun;

/* All functions on a VdRun may be called on any thread of the runner; strings returned are owned by
 * the run unless said otherwise. */
const char *vd_run_id(const VdRun *run);     /* the request's id */
const char *vd_run_spec(const VdRun *run);   /* JSON given at creation */
const char *vd_run_folder(const VdRun *run); /* job folder, mode 0700 */
const char *vd_run_author(const VdRun *run);
const char *vd_run_host(const VdRun *run); /* of its job; may be NULL */
/* Triggered when the job is to stop; while undo functions run it is one that never is. Borrowed. */
GCancellable *vd_run_cancellable(VdRun *run);
/* The step's text and progress; the format is kept with its arguments, for readers of any language
 * (base/said.h), so it has to be one of ours, as _() gives it back in a runner; throttled to four
 * writes a second. fraction -1: pulse. Any thread.
 */
void vd_run_text(VdRun *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same of two formats, by ngettext's rules. */
void vd_run_text_n(VdRun *run, const char *one, const char *many, gulong n, ...)
    G_GNUC_PRINTF(3, 5);
/* The same of sentences that are written down already (base/said.h). */
void vd_run_said(VdRun *run, const char *written);
void vd_run_progress(VdRun *run, double fraction);
/* A note that stays visible with the job: "no KVM: emulated, slow"; "": none any more. One sentence
 * of ours, or several with "; " between them. */
void vd_run_note(VdRun *run, const char *text);
/* The same of two formats, by ngettext's rules. */
void vd_run_note_n(VdRun *run, const char *one, const char *many, gulong n, ...)
    G_GNUC_PRINTF(3, 5);
/* To the job's log (<folder>/log) and the log. */
void vd_run_log(VdRun *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Journals what has to be undone BEFORE doing it. If it fails, the step must not act and must fail
 * too. The argument is no secret, and is all that the undo function gets: it may run in another
 * process. */
gboolean vd_run_undo(VdRun *run, const char *kind, const char *argument, GError **error);
/* The same for what a step that begins anew goes on with: it is undone with the whole job only. */
gboolean vd_run_undo_at_end(VdRun *run, const char *kind, const char *argument, GError **error);
/* What was made so far stays, whatever becomes of the rest: nothing of it is undone any more, also
 * if this step fails. */
void vd_run_keep(VdRun *run);
/* Begins another step than the one the runner began (a step function that covers several, such as
 * one appliance launch for grow and customise); ends the current one as done. */
void vd_run_next_step(VdRun *run, const char *step_id);
/* Marks a step that has not run as not needed; why (may be NULL) is shown as its text. */
void vd_run_skip_step(VdRun *run, const char *step_id, const char *why);
/* State that one step leaves to the next ones, by name; strings are copied, NULL removes. It is
 * kept in the job's folder at the end of each step, for a runner that goes on after this one was
 * killed: no secrets. What vd_run_get() returns is good until that name is set again. */
void vd_run_set(VdRun *run, const char *name, const char *value);
const char *vd_run_get(const VdRun *run, const char *name);
/* A child in a process group of its own, killed on cancel (SIGTERM, after 5 s SIGKILL; the whole
 * group once the child has ended); stdin gets input (not in argv; NULL: /dev/null), each line of
 * its stdout (ended by LF or CR), cut at 64 KiB, not cleaned, goes to line (may be NULL) on the
 * calling thread, which waits. Its standard error goes to the job's log. FALSE if it could not run,
 * ended with another status than 0 (VD_ERR_FAILED, or VD_ERR_NO_SPACE if that is what it said; the
 * last line of its standard error is the detail), or was cancelled (VD_ERR_CANCELLED). */
typedef void (*VdRunLine)(VdRun *run, const char *line, gpointer data);
gboolean vd_run_child(VdRun *run, const char *const *argv, const char *input, VdRunLine line,
                      gpointer data, GError **error);

/* For tests: ends or holds this process if the environment variable VMDECK_JOB_DIE_AT or
 * VMDECK_JOB_PAUSE_AT says STEP:POINT and that step runs (run.h). */
void vd_run_point(VdRun *run, const char *point);
/* Whether an earlier runner of this job was killed and this one goes on in its place. What the
 * step at hand had done is undone, but it may have been seen by others. */
gboolean vd_run_resumed(const VdRun *run);

typedef gboolean (*VdStepFunc)(VdRun *run, GError **error);
/* Undoes one entry. What is missing already is fine: an entry may be undone twice. It may run in
 * another process than the step that pushed it. More than 3 minutes count as hanging. */
typedef gboolean (*VdUndoFunc)(VdRun *run, const char *argument, GError **error);

typedef struct {
    const char *id;    /* "grow" */
    const char *label; /* N_("grow the disk") */
    int weight;        /* expected seconds */
    /* NULL: covered by an earlier step's vd_run_next_step(); skipped if that did not come */
    VdStepFunc func;
} VdStepSpec;

typedef struct {
    const char *kind; /* "volume" */
    const char *text; /* N_("disk %s removed"); one %s: the argument */
    VdUndoFunc func;
    /* What is older stands below it, a machine's disk, say: while it is not undone, that is kept.
     */
    gboolean on_top;
} VdUndoSpec;

/* Where to begin anew when the runner was killed in a step: what that step and those after it have
 * made is undone first. For steps that change what an earlier one made: that one. */
typedef struct {
    const char *step, *from;
    /* NULL, or whether what the step had set going goes on without a runner (an installer in a
     * machine): then the step alone begins anew, and is to take that up. In the runner's thread. */
    gboolean (*goes_on)(VdRun *run);
} VdAgain;

/* A kind of job: what its verb runs. Registered at start-up by vd_runner_main's caller in a table
 * ending with a NULL verb. */
typedef struct {
    const char *verb;        /* "deploy" */
    const VdStepSpec *steps; /* ends with a NULL id */
    const VdUndoSpec *undos; /* ends with a NULL kind */
    /* How it goes on after its runner was killed; ends with a NULL step; steps that it leaves out
     * begin anew themselves. NULL: such a job is only undone. */
    const VdAgain *again;
} VdJobKind;

/* Makes the job (row, folder, secrets file 0600 if secrets is not NULL) and starts its runner,
 * detached; returns when it has begun, or with the reason why not. The job's id is the request's;
 * without steps it gets those of its kind, with steps only those are run. The runner writes the
 * outcome of the request. May wait: not on the UI thread. VD_ERR_UNKNOWN: no answer in 30 s. */
gboolean vd_jobs_start(VdJournal *journal, const VdJobKind *kind, VdJob *job, const char *spec,
                       const char *secrets, GError **error);
/* The same in two: a job that another one will start waits queued, and does not look interrupted
 * while that one holds its lock (*ret_lock). Its spec names that job as "parent". */
gboolean vd_jobs_hold(VdJournal *journal, const VdJobKind *kind, VdJob *job, const char *spec,
                      const char *secrets, int *ret_lock, GError **error);
/* The lock of a held job whose holder was killed, or -1: it has been begun, or somebody has it. */
int vd_jobs_hold_again(VdJournal *journal, const char *id);
/* Starts its runner; closes lock. May wait. */
gboolean vd_jobs_begin_held(VdJournal *journal, const char *id, int lock, GError **error);
/* Ends it, cancelled or, with a reason, failed, before it was begun; closes lock. */
void vd_jobs_drop_held(VdJournal *journal, const char *id, int lock, const char *why);
/* The secrets of a run (JSON). They are wiped from the disk at the end of the step that has read
 * them: till then, another runner may have to. Free with vd_secret_free(). NULL without an error if
 * there are none (any more). */
char *vd_run_secrets(VdRun *run, GError **error);
/* Asks a job to stop and undo: SIGTERM to its runner; an interrupted one is rolled back by a new
 * runner, and so is one that has ended with something not undone. Returns when it has been asked,
 * not when it is done. VD_ERR_INVALID if there is nothing to cancel. May wait. */
gboolean vd_jobs_cancel(VdJournal *journal, const char *id, GError **error);
/* Starts a roll-back runner for each interrupted job that can only be undone: because of its kind,
 * or because it was being undone already. The number of them. Those that can go on are left to
 * people. Several may sweep at the same time: the job's lock sees to it that one runner is started.
 * May wait. */
int vd_jobs_sweep(VdJournal *journal, const VdJobKind *kinds);
/* Goes on with an interrupted job. Returns when a new runner has begun, or with the reason why not:
 * VD_ERR_INVALID if it runs, has ended or is being undone, VD_ERR_UNSUPPORTED if its kind cannot.
 * May wait. */
gboolean vd_jobs_resume(VdJournal *journal, const VdJobKind *kinds, const char *id, GError **error);
/* The kind of a job by its verb, or NULL. */
const VdJobKind *vd_job_kind_find(const VdJobKind *kinds, const char *verb);

typedef enum { VD_RUN_NEW, VD_RUN_ROLLBACK, VD_RUN_RESUME } VdRunMode;

/* The main function of `vmdeck job-run ID [--rollback|--resume]`: the exit status. kinds ends with
 * a NULL verb; flag is the last argument, or NULL. */
int vd_runner_main(const VdJobKind *kinds, const char *id, const char *flag);
const char *vd_run_mode_flag(VdRunMode mode);
/* Reads the job's log from *offset, at most 64 KiB of whole lines, and moves *offset on; "" when
 * there is no more yet. Text cleaned. The caller frees. */
char *vd_jobs_log(const char *id, gint64 *offset, GError **error);
