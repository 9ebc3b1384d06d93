/* What the tests of the runner share: a folder to work in, jobs of tests/engine/runner-kinds.h, and
 * how to wait for what they do. */
#pragma once

#include "tests/unit/jobs-help.h"

#include "src/jobs/job-lock.h"
#include "src/jobs/runner.h"
#include "tests/engine/runner-kinds.h"

#define ID       "r-7K2M9Q"
#define DEADLINE (60 * G_USEC_PER_SEC)
#define PAUSE    5000
/* What a runner of these tests has, in milliseconds. */
#define RUNNER_GRACE_MS "150"

/* Waits until condition is true, fails the test if it is not in a minute. */
#define WAIT_FOR(condition)                                                                        \
    do {                                                                                           \
        gint64 deadline_ = g_get_monotonic_time() + DEADLINE;                                      \
        while (!(condition)) {                                                                     \
            if (g_get_monotonic_time() > deadline_)                                                \
                fail_msg("line %d: waited in vain for %s", __LINE__, #condition);                  \
            g_usleep(PAUSE);                                                                       \
        }                                                                                          \
    } while (0)

/* cmocka: the state folder with the folder `work` in it. */
int run_setup(void **state);
/* A file of the work folder; the caller frees. */
char *run_work_path(const char *name);
gboolean run_exists(const char *name);
/* "" if it is not there; the caller frees. */
char *run_contents(const char *name);
void run_touch(const char *name);
/* Two lines are in the file `pids`; *pids is replaced by its text. */
gboolean run_two_lines(char **pids);

const VdJobKind *run_kind_of(const char *verb);
/* Starts job ID of this kind with RUNNER_SECRET in its secrets. */
gboolean run_start(VdJournal *journal, const char *verb, GError **error);
/* The same in a new journal; fails the test if it does not begin. */
VdJournal *run_started(const char *verb);
VdJob *run_job_now(VdJournal *journal);
/* Fails the test if the job has ended in another way. */
gboolean run_has_state(VdJournal *journal, VdJobState state);
VdStepState run_step_state(const VdJob *job, const char *id);
/* The gate's step has shown progress. */
gboolean run_in_gate(VdJournal *journal);
/* Waits until its last state is written and its process is gone. */
VdJob *run_ended(VdJournal *journal, VdJobState state);
void run_cancel(VdJournal *journal);
pid_t run_pid(void);
void run_kill(int signal);
/* How many names in the job's folder begin so. */
guint run_count(const char *prefix);
/* No file, no undo entry, no secrets, no traces of children. */
void run_nothing_left(VdJournal *journal);
/* The program as its own runner and as a child of a step: its answer, or -1 if it is neither. */
int run_other_main(int argc, char **argv);
