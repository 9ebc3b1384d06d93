/* Job runners for real: each job below is a process of its own, started, watched, cancelled, hung
 * up on and killed as users and machines do it. Conditions are waited for with a deadline. */
#include "config.h"

#include "tests/unit/jobs-help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/jobs/job-lock.h"
#include "src/jobs/runner.h"
#include "tests/engine/runner-kinds.h"

#define ID       "r-7K2M9Q"
#define DEADLINE (60 * G_USEC_PER_SEC)
#define PAUSE    5000

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

static char *work_path(const char *name)
{
    g_autofree char *folder = g_path_get_dirname(jobs_path());
    return g_build_filename(folder, "work", name, NULL);
}

static gboolean exists(const char *name)
{
    g_autofree char *path = work_path(name);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static char *contents(const char *name)
{
    g_autofree char *path = work_path(name);
    char *text = NULL;
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static void touch(const char *name)
{
    g_autofree char *path = work_path(name);
    assert_true(g_file_set_contents(path, "x", 1, NULL));
}

static int setup(void **state)
{
    if (jobs_setup(state) != 0)
        return -1;
    g_autofree char *work = work_path("");
    g_autofree char *log = vd_path_log();
    return vd_mkdirs(work, 0700, NULL) && vd_log_open(log, NULL) ? 0 : -1;
}

static const VdJobKind *kind_of(const char *verb)
{
    const VdJobKind *kind = runner_kinds;
    while (g_strcmp0(kind->verb, verb) != 0)
        kind++;
    return kind;
}

static gboolean start(VdJournal *journal, const char *verb, GError **error)
{
    g_autofree char *work = work_path("");
    g_autofree char *spec = g_strdup_printf("{\"work\": \"%s\"}", work);
    g_autoptr(VdJob) job = vd_job_new(ID);
    job->title = g_strdup_printf("%s db-07", verb);
    job->target = g_strdup("db-07");
    job->author = g_strdup("anna");
    return vd_jobs_start(journal, kind_of(verb), job, spec, "{\"p\": \"" RUNNER_SECRET "\"}",
                         error);
}

static VdJournal *started(const char *verb)
{
    GError *error = NULL;
    VdJournal *journal = jobs_open();
    jobs_ok(start(journal, verb, &error), error);
    return journal;
}

static VdJob *job_now(VdJournal *journal)
{
    VdJob *job = vd_journal_job(journal, ID, NULL);
    assert_non_null(job);
    return job;
}

static gboolean has_state(VdJournal *journal, VdJobState state)
{
    g_autoptr(VdJob) job = job_now(journal);
    if (job->state != state && vd_job_state_ended(job->state) && vd_job_state_ended(state))
        fail_msg("the job has ended as %s: %s", vd_job_state_word(job->state), job->error);
    return job->state == state;
}

static VdStepState step_state(const VdJob *job, const char *id)
{
    const VdStep *step = vd_job_step(job, id);
    assert_non_null(step);
    return step->state;
}

/* Its last state is written and its process is gone. */
static VdJob *ended(VdJournal *journal, VdJobState state)
{
    WAIT_FOR(has_state(journal, state));
    WAIT_FOR(!vd_job_lock_held(ID));
    return job_now(journal);
}

static void cancel(VdJournal *journal)
{
    GError *error = NULL;
    jobs_ok(vd_jobs_cancel(journal, ID, &error), error);
}

static void kill_runner(int signal)
{
    int runner = vd_job_lock_runner(ID);
    assert_true(runner >= 0);
    assert_int_equal(pidfd_send_signal(runner, signal, NULL, 0), 0);
    close(runner);
}

static void nothing_left(VdJournal *journal)
{
    g_autofree char *folder = vd_path_job(ID);
    g_autofree char *secrets = g_build_filename(folder, "secrets", NULL);
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, ID, NULL);
    assert_int_equal(undo->len, 0);
    assert_false(exists("one"));
    assert_false(exists("two"));
    assert_false(exists("three"));
    assert_false(g_file_test(secrets, G_FILE_TEST_EXISTS));
}

/* ---- done, failed, cancelled ---- */

static void test_done(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("quick");
    g_autoptr(VdJob) job = ended(journal, VD_JOB_DONE);
    assert_null(job->error);
    assert_string_equal(job->note, "a note");
    assert_string_equal(job->verb, "quick");
    assert_true(job->created > 0 && job->started >= job->created && job->ended >= job->started);
    assert_int_equal(step_state(job, "one"), VD_STEP_DONE);
    assert_int_equal(step_state(job, "covered"), VD_STEP_DONE);
    assert_int_equal(step_state(job, "unused"), VD_STEP_SKIPPED);
    assert_int_equal(step_state(job, "last"), VD_STEP_DONE);
    assert_null(strchr(vd_job_step(job, "covered")->text, '\033'));
    assert_true(exists("one"));
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, ID, NULL);
    assert_int_equal(undo->len, 0);
    /* What the child said: the length of its input, its request, a long line cut at 64 KiB. */
    g_autofree char *result = contents("result");
    g_autofree char *first =
        g_strdup_printf("[%zu " ID "][y", strlen("{\"p\": \"" RUNNER_SECRET "\"}"));
    assert_true(g_str_has_prefix(result, first));
    assert_true(g_str_has_suffix(result, "y][last]"));
    assert_int_equal(strlen(result), strlen(first) - 1 + 64 * 1024 + strlen("][last]"));
}

static void test_failed(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("fails");
    g_autoptr(VdJob) job = ended(journal, VD_JOB_FAILED);
    assert_string_equal(job->error, "There is no room in the pool default.");
    assert_string_equal(job->detail, "errno 28");
    assert_non_null(strstr(job->undone, "two removed; file "));
    assert_int_equal(step_state(job, "acts"), VD_STEP_UNDONE);
    assert_int_equal(step_state(job, "fail"), VD_STEP_FAILED);
    g_autofree char *order = contents("order");
    assert_string_equal(order, "two\none\n");
    nothing_left(journal);
    g_autoptr(GPtrArray) story = vd_journal_story(journal, ID, NULL);
    assert_non_null(story);
    const char *last = "";
    for (guint i = 0; i < story->len; i++) {
        const VdStoryLine *line = g_ptr_array_index(story, i);
        if (strcmp(line->source, "request") == 0)
            last = line->text;
    }
    assert_string_equal(last, "failed: There is no room in the pool default. | errno 28");
}

static gboolean in_gate(VdJournal *journal)
{
    g_autoptr(VdJob) job = job_now(journal);
    return step_state(job, "wait") == VD_STEP_RUNNING && vd_job_fraction(job) > 0.5;
}

static void test_cancel(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("gate");
    WAIT_FOR(in_gate(journal));
    cancel(journal);
    g_autoptr(VdJob) job = ended(journal, VD_JOB_CANCELLED);
    assert_null(job->error);
    assert_int_equal(step_state(job, "acts"), VD_STEP_UNDONE);
    assert_int_equal(step_state(job, "wait"), VD_STEP_UNDONE);
    g_autofree char *order = contents("order");
    assert_string_equal(order, "three\ntwo\none\n");
    nothing_left(journal);
    g_autoptr(GError) error = NULL;
    assert_false(vd_jobs_cancel(journal, ID, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
}

static gboolean two_lines(char **pids)
{
    g_free(*pids);
    *pids = contents("pids");
    return strchr(*pids, '\n') != strrchr(*pids, '\n');
}

static void test_child_ignores(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("child");
    WAIT_FOR(exists("pids"));
    g_autofree char *pids = NULL;
    WAIT_FOR(two_lines(&pids));
    cancel(journal);
    g_autoptr(VdJob) job = ended(journal, VD_JOB_CANCELLED);
    assert_int_equal(step_state(job, "child"), VD_STEP_UNDONE);
    g_auto(GStrv) lines = g_strsplit(pids, "\n", -1);
    for (int i = 0; i < 2; i++)
        WAIT_FOR(kill(atoi(lines[i]), 0) != 0 && errno == ESRCH);
    nothing_left(journal);
}

static void test_hang(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("hang");
    WAIT_FOR(exists("hangs"));
    cancel(journal);
    g_autoptr(VdJob) job = ended(journal, VD_JOB_CANCELLED);
    assert_int_equal(step_state(job, "hang"), VD_STEP_UNDONE);
    nothing_left(journal);
}

static void test_undo_fails(void **state)
{
    (void)state;
    touch("block");
    g_autoptr(VdJournal) journal = started("gate");
    WAIT_FOR(in_gate(journal));
    cancel(journal);
    g_autoptr(VdJob) job = ended(journal, VD_JOB_FAILED);
    assert_non_null(strstr(job->error, "not all of it could be undone"));
    assert_non_null(strstr(job->undone, "NOT undone: file "));
    assert_non_null(strstr(job->undone, "The host does not answer."));
    assert_true(exists("two"));
    assert_false(exists("one"));
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, ID, NULL);
    assert_int_equal(undo->len, 1);
    /* The way out is to cancel again. */
    g_autofree char *block = work_path("block");
    unlink(block);
    cancel(journal);
    WAIT_FOR(!vd_job_lock_held(ID));
    g_autoptr(VdJob) after = ended(journal, VD_JOB_CANCELLED);
    assert_null(after->error);
    nothing_left(journal);
}

/* ---- it goes on without us ---- */

static int starter(gpointer data)
{
    int *terminal = data;
    g_autofree char *name = g_strdup(ptsname(*terminal));
    setsid();
    int fd = open(name, O_RDWR);
    close(*terminal);
    if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0)
        return 90;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), NULL);
    if (!journal || !start(journal, "gate", NULL))
        return 91;
    touch("started");
    for (;;)
        pause();
}

static int watcher(gpointer data)
{
    (void)data;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), NULL);
    if (!journal)
        return 90;
    double first = -1;
    gint64 deadline = g_get_monotonic_time() + DEADLINE;
    while (g_get_monotonic_time() < deadline) {
        g_autoptr(VdJob) job = vd_journal_job(journal, ID, NULL);
        const VdStep *step = job ? vd_job_step(job, "wait") : NULL;
        if (step && step->state == VD_STEP_RUNNING && step->fraction >= 0.5) {
            if (first >= 0 && step->fraction != first)
                return 0;
            first = step->fraction;
        }
        g_usleep(PAUSE);
    }
    return 91;
}

static void test_hangup(void **state)
{
    (void)state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    pid_t pid = jobs_fork(starter, &terminal);
    WAIT_FOR(exists("started"));
    g_autoptr(VdJournal) journal = jobs_open();
    WAIT_FOR(in_gate(journal));
    /* The line drops: the kernel hangs up the session of who started it. */
    close(terminal);
    assert_int_equal(jobs_wait(pid), -1);
    kill_runner(SIGHUP);
    /* Another process sees it going on. */
    assert_int_equal(jobs_wait(jobs_fork(watcher, NULL)), 0);
    touch("go");
    g_autoptr(VdJob) job = ended(journal, VD_JOB_DONE);
    assert_int_equal(step_state(job, "wait"), VD_STEP_DONE);
    assert_true(exists("three"));
}

static int starter_only(gpointer data)
{
    (void)data;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), NULL);
    if (!journal || !start(journal, "gate", NULL))
        return 91;
    kill(getpid(), SIGKILL);
    return 92;
}

static void test_starter_killed(void **state)
{
    (void)state;
    assert_int_equal(jobs_wait(jobs_fork(starter_only, NULL)), -1);
    g_autoptr(VdJournal) journal = jobs_open();
    WAIT_FOR(in_gate(journal));
    g_autoptr(VdJob) job = job_now(journal);
    assert_int_equal(job->state, VD_JOB_RUNNING);
    touch("go");
    vd_job_unref(ended(journal, VD_JOB_DONE));
}

/* ---- a killed runner ---- */

static int sweep(gpointer data)
{
    (void)data;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), NULL);
    return journal ? vd_jobs_sweep(journal) : 90;
}

static void test_runner_killed(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("child");
    g_autofree char *pids = NULL;
    WAIT_FOR(two_lines(&pids));
    assert_int_equal(vd_jobs_sweep(journal), 0);
    kill_runner(SIGKILL);
    WAIT_FOR(has_state(journal, VD_JOB_INTERRUPTED));
    assert_true(exists("one"));
    /* Several consoles find it at the same time: one of them starts one runner. */
    pid_t sweepers[3];
    int sum = 0;
    for (int i = 0; i < 3; i++)
        sweepers[i] = jobs_fork(sweep, NULL);
    for (int i = 0; i < 3; i++)
        sum += jobs_wait(sweepers[i]);
    assert_int_equal(sum, 1);
    g_autoptr(VdJob) job = ended(journal, VD_JOB_FAILED);
    assert_non_null(strstr(job->error, "killed"));
    assert_non_null(strstr(job->undone, "removed"));
    assert_int_equal(step_state(job, "child"), VD_STEP_FAILED);
    nothing_left(journal);
    /* Nor a process: the grandchild did not know that its grandfather died. */
    g_auto(GStrv) lines = g_strsplit(pids, "\n", -1);
    for (int i = 0; i < 2; i++)
        WAIT_FOR(kill(atoi(lines[i]), 0) != 0 && errno == ESRCH);
    assert_int_equal(vd_jobs_sweep(journal), 0);
}

static void test_cancel_interrupted(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("gate");
    WAIT_FOR(in_gate(journal));
    kill_runner(SIGKILL);
    WAIT_FOR(has_state(journal, VD_JOB_INTERRUPTED));
    cancel(journal);
    g_autoptr(VdJob) job = ended(journal, VD_JOB_CANCELLED);
    assert_int_equal(step_state(job, "acts"), VD_STEP_UNDONE);
    g_autofree char *order = contents("order");
    assert_string_equal(order, "three\ntwo\none\n");
    nothing_left(journal);
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
    assert_true(has_state(journal, VD_JOB_INTERRUPTED));
    assert_int_equal(vd_jobs_sweep(journal), 1);
    vd_job_unref(ended(journal, VD_JOB_FAILED));
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
    g_autoptr(VdJournal) journal = started("gate");
    WAIT_FOR(in_gate(journal));
    g_autofree char *wal = g_strconcat(jobs_path(), "-wal", NULL);
    assert_int_equal(unlink(jobs_path()), 0);
    assert_int_equal(unlink(wal), 0);
    assert_true(g_file_set_contents(jobs_path(), "rubbish rubbish", -1, NULL));
    vd_journal_close(g_steal_pointer(&journal));
    journal = jobs_open();
    assert_non_null(vd_journal_notice(journal));
    /* The runner notices, and the new journal knows the job and what to undo. */
    WAIT_FOR(runs_in_new(journal));
    cancel(journal);
    vd_job_unref(ended(journal, VD_JOB_CANCELLED));
    nothing_left(journal);
}

static void test_journal_locked(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("gate");
    WAIT_FOR(in_gate(journal));
    sqlite3 *holder = NULL;
    assert_int_equal(sqlite3_open(jobs_path(), &holder), SQLITE_OK);
    sqlite3_busy_timeout(holder, 10000);
    assert_int_equal(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    touch("go");
    /* The last write of the runner has given up once: it says so in the log. */
    WAIT_FOR(log_says("not in the journal yet"));
    assert_true(vd_job_lock_held(ID));
    sqlite3_exec(holder, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(holder);
    g_autoptr(VdJob) job = ended(journal, VD_JOB_DONE);
    assert_int_equal(step_state(job, "wait"), VD_STEP_DONE);
}

/* ---- starting ---- */

static void test_refusals(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    const VdJobKind stranger = {"juggle", runner_kinds[0].steps, runner_kinds[0].undos};
    g_autoptr(VdJob) job = vd_job_new(ID);
    assert_false(vd_jobs_start(journal, &stranger, job, "{}", "{}", &error));
    assert_non_null(strstr(error->message, "juggle"));
    g_clear_error(&error);
    g_autoptr(VdJob) failed = ended(journal, VD_JOB_FAILED);
    assert_non_null(strstr(failed->error, "juggle"));
    nothing_left(journal);
    assert_false(start(journal, "quick", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_EXISTS);
    g_clear_error(&error);
    g_autoptr(VdJob) odd = vd_job_new("../../tmp/x");
    assert_false(vd_jobs_start(journal, kind_of("quick"), odd, "{}", NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    g_clear_error(&error);
}

static void test_log(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("quick");
    vd_job_unref(ended(journal, VD_JOB_DONE));
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

static void test_secrets(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = started("gate");
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *state_folder = vd_path_state();
    g_autofree char *folder = vd_path_job(ID);
    g_autofree char *secrets = g_build_filename(folder, "secrets", NULL);
    WAIT_FOR(in_gate(journal));
    struct stat st;
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(secrets, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* While it runs, only there: not in the journal, a log, its arguments or its environment. */
    assert_int_equal(count_holders(state_folder, names), 1);
    g_autofree char *lock = g_build_filename(folder, "lock", NULL);
    g_autofree char *pid = vd_file_read(lock, 64, NULL, NULL);
    g_strchomp(pid);
    const char *const parts[] = {"cmdline", "environ"};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *path = g_build_filename("/proc", pid, parts[i], NULL);
        assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
        assert_false(holds(path));
    }
    touch("go");
    vd_job_unref(ended(journal, VD_JOB_DONE));
    if (count_holders(state_folder, names) != 0)
        fail_msg("the secret is in%s", names->str);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "job-run") == 0)
        return vd_runner_main(runner_kinds, argv[2], argc > 3);
    if (argc > 1)
        return runner_child_main(argc, argv);
    g_setenv("VMDECK_JOB_GRACE_MS", "150", TRUE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_done, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_failed, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_child_ignores, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_hang, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_fails, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_hangup, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_starter_killed, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_runner_killed, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cancel_interrupted, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_never_begun, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_journal_set_aside, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_journal_locked, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_log, setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_secrets, setup, jobs_teardown),
    };
    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
