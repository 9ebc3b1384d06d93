/* Going on after a runner was killed: at each point of each step that the journal knows, the job
 * comes to its end, or is taken back without a trace.
 * About 8 s on two processors. */
#include "config.h"

#include "tests/engine/runner-help.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/paths.h"

static void resume(VdJournal *journal)
{
    GError *error = NULL;
    jobs_ok(vd_jobs_resume(journal, runner_kinds, ID, &error), error);
}

static void refused(VdJournal *journal, const char *words)
{
    GError *error = NULL;
    assert_false(vd_jobs_resume(journal, runner_kinds, ID, &error));
    if (!strstr(error->message, words))
        fail_msg("%s", error->message);
    g_clear_error(&error);
}

static gboolean has(const char *name)
{
    g_autofree char *folder = vd_path_job(ID);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* A job of the kind "goes-on" whose runner dies at a point. */
static VdJournal *dead_at(const char *point)
{
    g_setenv("VMDECK_JOB_DIE_AT", point, TRUE);
    VdJournal *journal = jobs_open();
    /* It may die before its starter has read that it began. */
    g_autoptr(GError) error = NULL;
    if (!run_start(journal, "goes-on", &error))
        assert_int_equal(vd_error_code(error), VD_ERR_FAILED);
    g_unsetenv("VMDECK_JOB_DIE_AT");
    WAIT_FOR(run_has_state(journal, VD_JOB_INTERRUPTED));
    assert_int_equal(vd_jobs_sweep(journal, runner_kinds), 0);
    return journal;
}

static const char *const points[] = {"make:begin", "make:undo",     "make:end",    "change:begin",
                                     "change:end", "covered:begin", "covered:end", "last:begin",
                                     "last:undo",  "last:end",      NULL};

static void test_resume_everywhere(void **state)
{
    for (int i = 0; points[i]; i++) {
        g_autoptr(VdJournal) journal = dead_at(points[i]);
        resume(journal);
        g_autoptr(VdJob) job = run_ended(journal, VD_JOB_DONE);
        g_autofree char *made = run_contents("one");
        /* Each step ran once to its end on what the one before it had made, whatever was before. */
        if (strcmp(made, "made changed covered last") != 0)
            fail_msg("%s: %s", points[i], made);
        assert_int_equal(run_step_state(job, "covered"), VD_STEP_DONE);
        assert_false(has("secrets"));
        assert_false(has("values"));
        refused(journal, "has ended");
        vd_journal_close(g_steal_pointer(&journal));
        jobs_teardown(state);
        run_setup(state);
    }
}

static void test_cancel_everywhere(void **state)
{
    for (int i = 0; points[i]; i++) {
        g_autoptr(VdJournal) journal = dead_at(points[i]);
        run_cancel(journal);
        vd_job_unref(run_ended(journal, VD_JOB_CANCELLED));
        run_nothing_left(journal);
        vd_journal_close(g_steal_pointer(&journal));
        jobs_teardown(state);
        run_setup(state);
    }
}

static void test_killed_twice(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = dead_at("change:end");
    g_setenv("VMDECK_JOB_DIE_AT", "last:undo", TRUE);
    g_autoptr(GError) error = NULL;
    if (!vd_jobs_resume(journal, runner_kinds, ID, &error))
        assert_int_equal(vd_error_code(error), VD_ERR_FAILED);
    g_unsetenv("VMDECK_JOB_DIE_AT");
    WAIT_FOR(run_has_state(journal, VD_JOB_INTERRUPTED));
    resume(journal);
    vd_job_unref(run_ended(journal, VD_JOB_DONE));
    g_autofree char *made = run_contents("one");
    assert_string_equal(made, "made changed covered last");
}

/* What steps leave to each other could not be kept: all begin anew. */
static void test_values_lost(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = dead_at("last:begin");
    g_autofree char *folder = vd_path_job(ID);
    g_autofree char *values = g_build_filename(folder, "values", NULL);
    struct stat st;
    assert_int_equal(stat(values, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(unlink(values), 0);
    resume(journal);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    /* The secrets went with the step that had read them. */
    assert_non_null(strstr(job->error, "no secrets"));
    run_nothing_left(journal);
}

static void test_undo_fails(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = dead_at("last:undo");
    run_touch("block");
    resume(journal);
    vd_job_unref(run_ended(journal, VD_JOB_FAILED));
    g_autofree char *block = run_work_path("block");
    assert_int_equal(unlink(block), 0);
    run_cancel(journal);
    vd_job_unref(run_ended(journal, VD_JOB_FAILED));
    run_nothing_left(journal);
}

/* It is cancelled while what the interrupted step had made is taken away, which takes its time. */
static void test_cancelled_while_it_begins(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = dead_at("last:undo");
    run_touch("mute");
    resume(journal);
    run_cancel(journal);
    WAIT_FOR(run_has_state(journal, VD_JOB_CANCELLING));
    g_autofree char *mute = run_work_path("mute");
    assert_int_equal(unlink(mute), 0);
    vd_job_unref(run_ended(journal, VD_JOB_CANCELLED));
    run_nothing_left(journal);
}

static void test_refusals(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    refused(journal, "runs");
    run_kill(SIGKILL);
    WAIT_FOR(run_has_state(journal, VD_JOB_INTERRUPTED));
    refused(journal, "only be cancelled");
    run_cancel(journal);
    vd_job_unref(run_ended(journal, VD_JOB_CANCELLED));
    refused(journal, "has ended");
    GError *error = NULL;
    assert_false(vd_jobs_resume(journal, runner_kinds, "r-000000", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
}

/* Once it is being undone there is no way back, and nobody has to ask for the rest. */
static void test_undoing_goes_on(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = dead_at("last:undo");
    GError *error = NULL;
    jobs_ok(vd_journal_job_state(journal, ID, VD_JOB_CANCELLING, NULL, NULL, NULL, &error), error);
    refused(journal, "being undone");
    assert_int_equal(vd_jobs_sweep(journal, runner_kinds), 1);
    vd_job_unref(run_ended(journal, VD_JOB_CANCELLED));
    run_nothing_left(journal);
}

int main(int argc, char **argv)
{
    int other = run_other_main(argc, argv);
    if (other >= 0)
        return other;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_resume_everywhere, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cancelled_while_it_begins, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cancel_everywhere, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_killed_twice, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_values_lost, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_fails, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undoing_goes_on, run_setup, jobs_teardown),
    };
    return cmocka_run_group_tests_name("runner: going on", tests, NULL, NULL);
}
