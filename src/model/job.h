/* A job and its steps, as the journal has them. Immutable snapshots; times are wall clock
 * microseconds (g_get_real_time()), since other processes wrote them. */
#pragma once

#include <glib.h>

#include "src/base/error.h"

typedef enum {
    VD_JOB_QUEUED,
    VD_JOB_RUNNING,
    VD_JOB_CANCELLING, /* asked to stop; undoing */
    VD_JOB_DONE,
    VD_JOB_FAILED,      /* undone */
    VD_JOB_CANCELLED,   /* undone */
    VD_JOB_INTERRUPTED, /* its runner is gone; not yet undone */
    VD_JOB_UNKNOWN,     /* ended, and nobody can tell how: what it made stays */
} VdJobState;

const char *vd_job_state_word(VdJobState state);
gboolean vd_job_state_ended(VdJobState state);

typedef enum {
    VD_STEP_WAITING,
    VD_STEP_RUNNING,
    VD_STEP_DONE,
    VD_STEP_SKIPPED,
    VD_STEP_FAILED,
    VD_STEP_UNDONE
} VdStepState;

const char *vd_step_state_word(VdStepState state);

typedef struct {
    char *id;    /* "disk", "grow" … */
    char *label; /* untranslated msgid of the step's name: draw with _() */
    char *text;  /* what it does or did: "overlay on debian-12 at 20 GiB" */
    VdStepState state;
    double fraction;       /* 0 to 1; -1: pulse, nobody knows */
    int weight;            /* share of the total, in expected seconds */
    gint64 started, ended; /* 0: not yet */
} VdStep;

typedef struct {
    gatomicrefcount refs;
    char *id;     /* the request's id: "r-7K2M9Q" */
    char *verb;   /* "deploy", "image.add" */
    char *title;  /* "deploy db-07" */
    char *target; /* name of the machine or image */
    char *host;   /* host id, or NULL */
    char *author; /* login name */
    char *parent; /* the job that has started it and waits for it, or NULL */
    VdJobState state;
    gint64 created, started, ended;
    char *error;      /* one sentence, or NULL */
    char *detail;     /* the library's words, or NULL */
    VdErrorCode why;  /* of one that failed: VD_ERR_UNREACHABLE, VD_ERR_DENIED, or VD_ERR_FAILED */
    char *undone;     /* what was undone, or NULL */
    char *note;       /* a visible note: "no KVM: emulated, slow", or NULL */
    GPtrArray *steps; /* VdStep */
} VdJob;

/* Its title in the language of this process: titles are written in English. The caller frees. */
char *vd_job_shown_title(const VdJob *job);
/* A step in few words for people: its name in their language, or its id, which is English. Owned by
 * the step, or static. */
const char *vd_step_word(const VdStep *step);

VdJob *vd_job_new(const char *id);
VdJob *vd_job_ref(VdJob *job);
void vd_job_unref(VdJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdJob, vd_job_unref)
VdStep *vd_job_add_step(VdJob *job, const char *id, const char *label,
                        int weight); /* owned by the job */
VdStep *vd_job_step(const VdJob *job, const char *step_id);
/* It failed or was cancelled, and what it made is being undone. */
gboolean vd_job_undoing(const VdJob *job);
/* 0 to 1 over all steps by their weights, at real time now: of a step that tells no progress the
 * time counts that has passed, unless the job is being undone or its runner is gone. What is undone
 * takes nothing away: it is how far the job had come. */
double vd_job_fraction(const VdJob *job, gint64 now);
/* How far a step that runs is, 0 to 1: by its progress, else by its time at real time now. */
double vd_job_step_share(const VdJob *job, const VdStep *step, gint64 now);
/* Expected microseconds left at real time now, -1 if nobody can tell. */
gint64 vd_job_remaining(const VdJob *job, gint64 now);

/* What one reader has been shown of a job's remaining time; begins as zeros. */
typedef struct {
    gint64 at, left; /* at 0: nothing yet */
    gint64 doubted;  /* since when the estimate is much larger than what was shown */
} VdPace;
/* The remaining time to show for this estimate (vd_job_remaining()) at real time now: it goes down
 * with the clock and follows the estimate slowly, stands still rather than grows, and where the
 * estimate leaps up there is none for a while, before the new one. -1: show nothing. */
gint64 vd_pace_left(VdPace *pace, gint64 estimate, gint64 now);
/* "8s", "1m25s": whole seconds, five of them above a minute; NULL below 0. The caller frees. */
char *vd_left_text(gint64 left);

/* The step that runs, else the last that ended and was not skipped, or NULL. */
const VdStep *vd_job_current(const VdJob *job);
