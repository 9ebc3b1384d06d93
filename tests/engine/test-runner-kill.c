/* Job runners in trouble: killed, with a journal that is set aside or locked, refused at the start;
 * and what becomes of their secrets.
 * About 15 s on two processors. */
#include "config.h"

#include "tests/engine/runner-help.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/paths.h"

/* ---- a killed runner ---- */

static int sweep(gpointer data)
{
    (void)data;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), NULL);
    return journal ? vd_jobs_sweep(journal, runner_kinds) : 90;
}

static void test_runner_killed(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("child");
    g_autofree char *pids = NULL;
    WAIT_FOR(run_two_lines(&pids));
    assert_int_equal(vd_jobs_sweep(journal, runner_kinds), 0);
    run_kill(SIGKILL);
    WAIT_FOR(run_has_state(journal, VD_JOB_INTERRUPTED));
    assert_true(run_exists("one"));
    assert_int_equal(run_count("made-"), 1); /* by the child, which was killed as well */
    /* Several consoles find it at the same time: one of them starts one runner. */
    pid_t sweepers[3];
    int sum = 0;
    for (int i = 0; i < 3; i++)
        sweepers[i] = jobs_fork(sweep, NULL);
    for (int i = 0; i < 3; i++)
        sum += jobs_wait(sweepers[i]);
    assert_int_equal(sum, 1);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_non_null(strstr(job->error, "killed"));
    assert_non_null(strstr(job->undone, "removed"));
    assert_int_equal(run_step_state(job, "child"), VD_STEP_FAILED);
    run_nothing_left(journal);
    /* Nor a process: the grandchild did not know that its grandfather died. */
    g_auto(GStrv) lines = g_strsplit(pids, "\n", -1);
    for (int i = 0; i < 2; i++)
        WAIT_FOR(kill(atoi(lines[i]), 0) != 0 && errno == ESRCH);
    assert_int_equal(vd_jobs_sweep(journal, runner_kinds), 0);
}

static void test_cancel_interrupted(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    run_kill(SIGKILL);
    WAIT_FOR(run_has_state(journal, VD_JOB_INTERRUPTED));
    run_cancel(journal);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_CANCELLED);
    assert_int_equal(run_step_state(job, "acts"), VD_STEP_UNDONE);
    g_autofree char *order = run_contents("order");
    assert_string_equal(order, "three\ntwo\none\n");
    run_nothing_left(journal);
}

static void test_never_begun(void **state)
{
    (void)state;
    /* The starter died after the row was written: the machine lost its power, say. */
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(VdJob) job = vd_job_new(ID);
    job->verb = g_strdup("gate");
    GError *error = NULL;
    jobs_ok(vd_journal_job_create(journal, job, "{\"work\": \"/nowhere\"}", &error), error);
    assert_true(run_has_state(journal, VD_JOB_INTERRUPTED));
    assert_int_equal(vd_jobs_sweep(journal, runner_kinds), 1);
    vd_job_unref(run_ended(journal, VD_JOB_FAILED));
    assert_false(vd_jobs_cancel(journal, "r-000000", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
}

/* ---- a journal in trouble ---- */

static gboolean runs_in_new(VdJournal *journal)
{
    g_autoptr(VdJob) job = vd_journal_job(journal, ID, NULL);
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, ID, NULL);
    return job && job->state == VD_JOB_RUNNING && undo && undo->len == 3;
}

static gboolean log_says(const char *part)
{
    gint64 offset = 0;
    g_autofree char *text = vd_jobs_log(ID, &offset, NULL);
    return text && strstr(text, part);
}

static void test_journal_set_aside(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    g_autofree char *wal = g_strconcat(jobs_path(), "-wal", NULL);
    assert_int_equal(unlink(jobs_path()), 0);
    assert_int_equal(unlink(wal), 0);
    assert_true(g_file_set_contents(jobs_path(), "rubbish rubbish", -1, NULL));
    vd_journal_close(g_steal_pointer(&journal));
    journal = jobs_open();
    assert_non_null(vd_journal_notice(journal));
    /* The runner notices, and the new journal knows the job and what to undo. */
    WAIT_FOR(runs_in_new(journal));
    run_cancel(journal);
    vd_job_unref(run_ended(journal, VD_JOB_CANCELLED));
    run_nothing_left(journal);
}

static sqlite3 *hold_journal(void)
{
    sqlite3 *holder = NULL;
    assert_int_equal(sqlite3_open(jobs_path(), &holder), SQLITE_OK);
    sqlite3_busy_timeout(holder, 10000);
    assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return holder;
}

static void test_journal_locked(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    sqlite3 *holder = hold_journal();
    run_touch("go");
    /* The last write of the runner has given up once: it says so in the log. */
    WAIT_FOR(log_says("not in the journal yet"));
    assert_true(vd_job_lock_held(ID));
    sqlite3_exec(holder, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(holder);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_DONE);
    assert_int_equal(run_step_state(job, "wait"), VD_STEP_DONE);
}

static void test_act_waits(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    run_touch("more");
    sqlite3 *holder = hold_journal();
    run_touch("go");
    WAIT_FOR(log_says("to be undone is not in the journal yet"));
    /* Nothing is done that could not be undone. */
    assert_false(run_exists("four"));
    sqlite3_exec(holder, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(holder);
    vd_job_unref(run_ended(journal, VD_JOB_DONE));
    assert_true(run_exists("four"));
}

/* ---- starting ---- */

static void test_refusals(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    const VdJobKind stranger = {"juggle", runner_kinds[0].steps, runner_kinds[0].undos, NULL};
    g_autoptr(VdJob) job = vd_job_new(ID);
    assert_false(vd_jobs_start(journal, &stranger, job, "{}", "{}", &error));
    assert_non_null(strstr(error->message, "juggle"));
    g_clear_error(&error);
    g_autoptr(VdJob) failed = run_ended(journal, VD_JOB_FAILED);
    assert_non_null(strstr(failed->error, "juggle"));
    run_nothing_left(journal);
    assert_false(run_start(journal, "quick", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_EXISTS);
    g_clear_error(&error);
    g_autoptr(VdJob) odd = vd_job_new("../../tmp/x");
    assert_false(vd_jobs_start(journal, run_kind_of("quick"), odd, "{}", NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    g_clear_error(&error);
}

static void test_log(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("quick");
    vd_job_unref(run_ended(journal, VD_JOB_DONE));
    gint64 offset = 0;
    g_autofree char *text = vd_jobs_log(ID, &offset, NULL);
    assert_non_null(strstr(text, "one: begun\n"));
    assert_non_null(strstr(text, "a word on standard error\n"));
    assert_true(offset > 0);
    g_autofree char *more = vd_jobs_log(ID, &offset, NULL);
    assert_string_equal(more, "");
    g_autoptr(GError) error = NULL;
    assert_null(vd_jobs_log("r-000000", &offset, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
}

/* ---- secrets ---- */

static gboolean holds(const char *path)
{
    gsize length = 0;
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, &length, NULL))
        return FALSE;
    return memmem(text, length, RUNNER_SECRET, strlen(RUNNER_SECRET)) != NULL;
}

static int count_holders(const char *folder, GString *names)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    int n = 0;
    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            n += count_holders(path, names);
        } else if (holds(path)) {
            g_string_append_printf(names, " %s", path);
            n++;
        }
    }
    return n;
}

static int say_holders(gpointer data)
{
    g_autoptr(GString) names = g_string_new(NULL);
    int n = count_holders(data, names);
    if (n > 0)
        g_printerr("the secret is in%s\n", names->str);
    return n;
}

/* In a process of its own: closing a descriptor of the journal drops the locks that SQLite holds on
 * it in this one, and the runner would then cut the WAL under our reading. */
static int holders(void)
{
    g_autofree char *folder = vd_path_state();
    return jobs_wait(jobs_fork(say_holders, folder));
}

static void test_secrets(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("gate");
    g_autofree char *folder = vd_path_job(ID);
    g_autofree char *secrets = g_build_filename(folder, "secrets", NULL);
    WAIT_FOR(run_in_gate(journal));
    struct stat st;
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(secrets, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* While it runs, only there: not in the journal, a log, its arguments or its environment. */
    assert_int_equal(holders(), 1);
    g_autofree char *pid = g_strdup_printf("%d", (int)run_pid());
    const char *const parts[] = {"cmdline", "environ"};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename("/proc", pid, parts[i], NULL);
        assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
        assert_false(holds(path));
    }
    run_touch("go");
    vd_job_unref(run_ended(journal, VD_JOB_DONE));
    assert_int_equal(holders(), 0);
}

int main(int argc, char **argv)
{
    int other = run_other_main(argc, argv);
    if (other >= 0)
        return other;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_runner_killed, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cancel_interrupted, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_never_begun, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_journal_set_aside, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_journal_locked, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_act_waits, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_log, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_secrets, run_setup, jobs_teardown),
    };
    return cmocka_run_group_tests_name("runner: trouble", tests, NULL, NULL);
}
