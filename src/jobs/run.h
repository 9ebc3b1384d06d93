/* The inside of a VdRun, for the runner's own files. Two threads use it: the worker, which runs the
 * steps and then the undo entries, and the main thread, which writes progress, listens for signals
 * and watches deadlines. */
#pragma once

#include <pthread.h>

#include "src/jobs/runner.h"

/* What the runner is at; only the worker moves it on, under `lock`. */
typedef enum {
    VD_RUN_STEPS, /* may be cancelled */
    VD_RUN_UNDO,
    VD_RUN_END, /* the last state is being written: too late to cancel */
} VdRunPhase;

struct _VdRun {
    /* set before the worker begins */
    char *id, *spec, *folder, *author;
    const VdJobKind *kind;
    VdRunMode mode;
    int lock_fd;
    int grace_ms;    /* between SIGTERM and SIGKILL for children */
    int undo_ms;     /* after which an undo function counts as hanging */
    gboolean paused; /* for tests: it was, at a point */
    GMainContext *context;
    GMainLoop *loop;
    GCancellable *cancel; /* of the steps */
    GCancellable *calm;   /* of the undo functions: never triggered */

    /* Locks of the C library, not GLib's: the thread sanitizer knows them.
     * From the copy of what is dirty till it is written, so that nothing older comes after it;
     * taken before the two others */
    pthread_mutex_t write_lock;
    /* The journal belongs to who holds this; taken before `lock` */
    pthread_mutex_t journal_lock;
    VdJournal *journal;

    pthread_mutex_t lock;
    /* under `lock` */
    VdRunPhase phase;
    gboolean cancel_asked;
    VdJob *job;        /* as the journal should have it */
    VdStep *current;   /* of job, or NULL */
    GHashTable *dirty; /* VdStep of job that the journal does not have yet */
    gboolean note_dirty;
    GPtrArray *undos; /* VdUndo pushed in this process, oldest first */
    GHashTable *values;
    GArray *children;      /* pid_t: leaders of process groups */
    GSource *flush;        /* waiting to write progress */
    gint64 last_write;     /* monotonic */
    gboolean values_dirty; /* not in the folder yet */
    gboolean secrets_read; /* by the step that runs */
    gint64 undo_started;   /* monotonic, 0: no undo function runs */
    gint64 mute_since;     /* when the first one began that failed for want of an answer, or 0 */
    const char *undo_kind;
    gint64 cancelled;       /* monotonic: since when the step is waited for, 0: it is not */
    char *why, *why_detail; /* it failed of its own, and is being undone; or NULL */
    /* What is told in place of the note while it is undone and waits, or NULL */
    char *wait;
    gint64 wait_for; /* begin of what that is about */

    int status; /* the runner's exit status, once the worker has ended */
};

/* ---- run.c ---- */

/* Begins and ends steps, in memory and in the journal. A step that was skipped or ended meanwhile
 * stays as it is. */
void vd_run_step_begin(VdRun *run, VdStep *step);
void vd_run_step_end(VdRun *run, VdStepState state);
/* A step that runs is not going to end well: how far it has come by then is what it keeps. Under
 * `lock`. */
void vd_run_hold_progress(VdRun *run, VdStep *step);
/* Any step: its state alone. */
void vd_run_step_mark(VdRun *run, const char *step_id, VdStepState state);
/* Writes what is dirty; FALSE: the journal did not take all, it stays dirty. Any thread. */
gboolean vd_run_write(VdRun *run);

/* A write to the journal, tried again once the job has been entered anew if the journal was set
 * aside while the job ran. */
typedef gboolean (*VdRunEntry)(VdRun *run, gconstpointer data, GError **error);
gboolean vd_run_enter(VdRun *run, VdRunEntry entry, gconstpointer data, GError **error);

/* ---- run-setup.c ---- */

/* Makes this process a runner. Before threads are made. */
void vd_run_process_setup(void);

/* ---- run-wait.c ---- */

/* How long a step may go on after a cancel, in graces. A libguestfs launch is a child and is gone
 * by then; what remains is a libvirt call that does not return. */
#define VD_RUN_HANG_GRACES 6

/* Looks whether the job, being undone, waits for something that does not answer, and says so in
 * place of its note. Main thread, again and again. */
void vd_run_look_wait(VdRun *run);
/* When the undoing is given up if it goes on to wait: monotonic. However many there are to undo,
 * all that get no answer have this time together, so that what was told is true. Under `lock`. */
gint64 vd_run_undo_until(const VdRun *run);
/* Nothing is waited for any more. Any thread. */
void vd_run_end_wait(VdRun *run);
/* What an earlier runner said last stays until there is something new. Before threads. */
void vd_run_take_wait(VdRun *run);
/* The note that is to be seen. Under `lock`; borrowed. */
const char *vd_run_shown_note(const VdRun *run);

/* ---- run-resume.c ---- */

/* Keeps what the steps have left to each other in the job's folder, on the disk when it returns; if
 * that fails there is no such file at all. Any thread. */
void vd_run_values_save(VdRun *run);
/* The job has ended: nobody will go on with it. */
void vd_run_values_drop(const VdRun *run);
/* Makes ready to go on: what the step that was cut short made is undone, the steps from where it
 * begins anew wait again. FALSE with the reason: the job can only be undone. */
gboolean vd_run_resume(VdRun *run, GError **error);
/* For tests: ends this process the hard way at a point of a step ("begin", "undo", the kind of an
 * undo entry, "end") that the environment variable VMDECK_JOB_DIE_AT names as STEP:POINT. At that
 * of VMDECK_JOB_PAUSE_AT it makes the file "paused" in the job's folder, and goes on when that is
 * gone or the job is cancelled. */
void vd_run_point_at(VdRun *run, const char *step, const char *point);

/* ---- run-undo.c ---- */

/* Undoes the entries of the steps that again says TRUE for, newest first. FALSE: failed has what is
 * left, in words. */
typedef gboolean (*VdRunPick)(VdRun *run, const char *step, gconstpointer data);
gboolean vd_run_undo_some(VdRun *run, VdRunPick pick, gconstpointer data, GString *undone,
                          GString *failed);
/* Undoes all entries, newest first; undone gets what was undone, failed what was not, in words.
 * TRUE if nothing is left. */
gboolean vd_run_undo_all(VdRun *run, GString *undone, GString *failed);

/* ---- run-child.c ---- */

/* A signal to all process groups that vd_run_child() has started. Any thread. */
void vd_run_kill_children(VdRun *run, int signal);
/* Ends what a killed runner of this job has left running: members of its children's process groups
 * that carry the job's id in their environment. */
void vd_run_kill_leftovers(const char *id, const char *folder);
