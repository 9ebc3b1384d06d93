/* Job runners: `vmdeck job-run ID`, a detached process for each long operation. A runner holds a
 * lock on its job (fcntl OFD lock on <job folder>/lock) while it lives. */
#pragma once

#include <gio/gio.h>

#include "src/jobs/journal.h"

/* What a step function sees. Steps run on a thread of the runner; its main thread listens for
 * SIGTERM (cancel), and kills children. */
typedef struct _VdRun VdRun;

const char *vd_run_id(const VdRun *run);     /* the request's id */
const char *vd_run_spec(const VdRun *run);   /* JSON given at creation */
const char *vd_run_folder(const VdRun *run); /* job folder, mode 0700 */
const char *vd_run_author(const VdRun *run);
GCancellable *vd_run_cancellable(VdRun *run);
/* The step's text and progress; throttled to four writes a second. fraction -1: pulse. Any thread.
 */
void vd_run_text(VdRun *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
void vd_run_progress(VdRun *run, double fraction);
void vd_run_note(VdRun *run, const char *text);
/* To the job's log (<folder>/log) and the log. */
void vd_run_log(VdRun *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Journals what has to be undone BEFORE doing it. */
gboolean vd_run_undo(VdRun *run, const char *kind, const char *argument, GError **error);
/* Begins another step than the one the runner began (a step function that covers several, such as
 * one appliance launch for grow and customise); ends the current one as done. */
void vd_run_next_step(VdRun *run, const char *step_id);
void vd_run_skip_step(VdRun *run, const char *step_id, const char *why);
/* State that one step leaves to the next ones, by name; strings are copied. */
void vd_run_set(VdRun *run, const char *name, const char *value);
const char *vd_run_get(const VdRun *run, const char *name);
/* A child in a process group of its own, killed on cancel; stdin gets input (not in argv), each
 * line of its stdout goes to line. Its standard error goes to the job's log. FALSE if it could not
 * run, ended with another status than 0, or was cancelled. */
typedef void (*VdRunLine)(VdRun *run, const char *line, gpointer data);
gboolean vd_run_child(VdRun *run, const char *const *argv, const char *input, VdRunLine line,
                      gpointer data, GError **error);

typedef gboolean (*VdStepFunc)(VdRun *run, GError **error);
typedef gboolean (*VdUndoFunc)(VdRun *run, const char *argument, GError **error);

typedef struct {
    const char *id;    /* "grow" */
    const char *label; /* N_("grow the disk") */
    int weight;        /* expected seconds */
    VdStepFunc func;   /* NULL: covered by an earlier step's vd_run_next_step() */
} VdStepSpec;

typedef struct {
    const char *kind; /* "volume" */
    const char *text; /* N_("disk %s removed") */
    VdUndoFunc func;
} VdUndoSpec;

/* A kind of job: what its verb runs. Registered at start-up by vd_runner_main's caller in a table
 * ending with a NULL verb. */
typedef struct {
    const char *verb;        /* "deploy" */
    const VdStepSpec *steps; /* ends with a NULL id */
    const VdUndoSpec *undos; /* ends with a NULL kind */
} VdJobKind;

/* Makes the job (row, folder, secrets file 0600 if secrets is not NULL) and starts its runner,
 * detached. The job's id is the request's. May wait: not on the UI thread. */
gboolean vd_jobs_start(VdJournal *journal, const VdJobKind *kind, VdJob *job, const char *spec,
                       const char *secrets, GError **error);
/* The secrets of a run (JSON), read once and wiped from the disk. Free with vd_secret_free(). NULL
 * if none. */
char *vd_run_secrets(VdRun *run, GError **error);
/* Asks a job to stop and undo: SIGTERM to its runner; an interrupted one is rolled back by a new
 * runner. */
gboolean vd_jobs_cancel(VdJournal *journal, const char *id, GError **error);
/* Starts a roll-back runner for each interrupted job; the number of them. */
int vd_jobs_sweep(VdJournal *journal);
/* The main function of `vmdeck job-run ID [--rollback]`: the exit status. kinds ends with a NULL
 * verb. */
int vd_runner_main(const VdJobKind *kinds, const char *id, gboolean rollback);
/* Reads the job's log from offset; text cleaned. The caller frees. */
char *vd_jobs_log(const char *id, gint64 *offset, GError **error);
