/* What the tests of the runner share. Conditions are waited for with a deadline. */
#include "config.h"

#include "tests/engine/runner-help.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/log.h"
#include "src/base/paths.h"

char *run_work_path(const char *name)
{
    g_autofree char *folder = g_path_get_dirname(jobs_path());
    return g_build_filename(folder, "work", name, NULL);
}

gboolean run_exists(const char *name)
{
    g_autofree char *path = run_work_path(name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

char *run_contents(const char *name)
{
    g_autofree char *path = run_work_path(name);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

void run_touch(const char *name)
{
    g_autofree char *path = run_work_path(name);
    assert_true(g_file_set_contents(path, "x", 1, NULL));
}

int run_setup(void **state)
{
    if (jobs_setup(state) != 0)
        return -1;
    g_autofree char *work = run_work_path("");
    g_autofree char *log = vd_path_log();
    return vd_mkdirs(work, 0700, NULL) && vd_log_open(log, NULL) ? 0 : -1;
}

const VdJobKind *run_kind_of(const char *verb)
{
    const VdJobKind *kind = runner_kinds;
    while (g_strcmp0(kind->verb, verb) != 0)
        kind++;
    return kind;
}

gboolean run_start(VdJournal *journal, const char *verb, GError **error)
{
    g_autofree char *work = run_work_path("");
    g_autofree char *spec = g_strdup_printf("{\"work\": \"%s\"}", work);
    g_autoptr(VdJob) job = vd_job_new(ID);
    job->title = g_strdup_printf("%s db-07", verb);
    job->target = g_strdup("db-07");
    job->author = g_strdup("anna");
    job->host = g_strdup("qemu+ssh://far/system");
    return vd_jobs_start(journal, run_kind_of(verb), job, spec, "{\"p\": \"" RUNNER_SECRET "\"}",
                         error);
}

VdJournal *run_started(const char *verb)
{
    GError *error = NULL;
    VdJournal *journal = jobs_open();
    jobs_ok(run_start(journal, verb, &error), error);
    return journal;
}

VdJob *run_job_now(VdJournal *journal)
{
    GError *error = NULL;
    VdJob *job = vd_journal_job(journal, ID, &error);
    jobs_ok(job != NULL, error);
    return job;
}

gboolean run_has_state(VdJournal *journal, VdJobState state)
{
    g_autoptr(VdJob) job = run_job_now(journal);
    if (job->state != state && vd_job_state_ended(job->state) && vd_job_state_ended(state))
        fail_msg("the job has ended as %s: %s", vd_job_state_word(job->state), job->error);
    return job->state == state;
}

VdStepState run_step_state(const VdJob *job, const char *id)
{
    const VdStep *step = vd_job_step(job, id);
    assert_non_null(step);
    return step->state;
}

/* Its last state is written and its process is gone. */
/* Its starter may have been alone to lock the job. */
static gboolean gone(pid_t pid)
{
    if (pid <= 1)
        return TRUE;
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid), *stat = NULL;
    if (!g_file_get_contents(path, &stat, NULL, NULL))
        return TRUE;
    /* A runner belongs to init, which on some machines looks once a second for who has ended. */
    const char *name_end = strrchr(stat, ')');
    return name_end && (g_str_has_prefix(name_end, ") Z") || g_str_has_prefix(name_end, ") X"));
}

/* What a sanitizer found in the runner is in the job's log: nobody sees its exit status. */
static void no_findings(void)
{
    gint64 offset = 0;
    g_autofree char *log = vd_jobs_log(ID, &offset, NULL);
    if (log && (strstr(log, "Sanitizer") || strstr(log, "runtime error:")))
        fail_msg("%s", log);
}

VdJob *run_ended(VdJournal *journal, VdJobState state)
{
    WAIT_FOR(run_has_state(journal, state));
    WAIT_FOR(!vd_job_lock_held(ID));
    WAIT_FOR(gone(run_pid()));
    no_findings();
    return run_job_now(journal);
}

void run_cancel(VdJournal *journal)
{
    GError *error = NULL;
    jobs_ok(vd_jobs_cancel(journal, ID, &error), error);
}

void run_kill(int signal)
{
    int runner = vd_job_lock_runner(ID);
    assert_true(runner >= 0);
    assert_int_equal(pidfd_send_signal(runner, signal, NULL, 0), 0);
    close(runner);
}

guint run_count(const char *prefix)
{
    g_autofree char *folder = vd_path_job(ID);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint n = 0;
    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir))
        n += g_str_has_prefix(name, prefix) ? 1 : 0;
    return n;
}

void run_nothing_left(VdJournal *journal)
{
    g_autofree char *folder = vd_path_job(ID);
    g_autofree char *secrets = g_build_filename(folder, "secrets", NULL);
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, ID, NULL);
    assert_int_equal(undo->len, 0);
    assert_false(run_exists("one"));
    assert_false(run_exists("two"));
    assert_false(run_exists("three"));
    assert_false(g_file_test(secrets, G_FILE_TEST_EXISTS));
    assert_int_equal(run_count("made-"), 0);
    assert_int_equal(run_count("traces."), 0);
}

gboolean run_in_gate(VdJournal *journal)
{
    g_autoptr(VdJob) job = run_job_now(journal);
    return run_step_state(job, "wait") == VD_STEP_RUNNING && vd_job_fraction(job, 0) > 0.5;
}

gboolean run_two_lines(char **pids)
{
    g_free(*pids);
    *pids = run_contents("pids");
    return strchr(*pids, '\n') != strrchr(*pids, '\n');
}

int run_other_main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "job-run") == 0)
        return vd_runner_main(runner_kinds, argv[2], argv[3]);
    if (argc > 1)
        return runner_child_main(argc, argv);
    g_setenv("VMDECK_JOB_GRACE_MS", RUNNER_GRACE_MS, TRUE);
    return -1;
}

pid_t run_pid(void)
{
    g_autofree char *folder = vd_path_job(ID);
    g_autofree char *lock = g_build_filename(folder, "lock", NULL);
    g_autofree char *text = vd_file_read(lock, 64, NULL, NULL);
    assert_non_null(text);
    return (pid_t)atoi(text);
}
