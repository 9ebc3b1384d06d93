/* Job runners for real: each job below is a process of its own, started, watched, cancelled and
 * hung up on as users and terminals do it.
 * About 12 s on two processors. */
#include "config.h"

#include "tests/engine/runner-help.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/paths.h"

/* ---- done, failed, cancelled ---- */

static void test_done(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("quick");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_DONE);
    assert_null(job->error);
    assert_string_equal(job->note, "a note");
    assert_string_equal(job->verb, "quick");
    assert_true(job->created > 0 && job->started >= job->created && job->ended >= job->started);
    assert_int_equal(run_step_state(job, "one"), VD_STEP_DONE);
    assert_int_equal(run_step_state(job, "covered"), VD_STEP_DONE);
    assert_int_equal(run_step_state(job, "unused"), VD_STEP_SKIPPED);
    assert_int_equal(run_step_state(job, "last"), VD_STEP_DONE);
    assert_null(strchr(vd_job_step(job, "covered")->text, '\033'));
    assert_true(run_exists("one"));
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, ID, NULL);
    assert_int_equal(undo->len, 0);
    /* What the child said: the length of its input, its request, a long line cut at 64 KiB. */
    g_autofree char *result = run_contents("result");
    g_autofree char *first =
        g_strdup_printf("[%zu " ID "][y", strlen("{\"p\": \"" RUNNER_SECRET "\"}"));
    assert_true(g_str_has_prefix(result, first));
    assert_true(g_str_has_suffix(result, "y][last]"));
    assert_int_equal(strlen(result), strlen(first) - 1 + 64 * 1024 + strlen("][last]"));
}

/* What a program says at its end is the detail; that a disk is full it says by words alone. */
static void test_child_words(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("full");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_string_equal(job->error, "full");
    assert_string_equal(job->detail,
                        "copy: error while writing at byte 7: No space left on device");
}

static void test_failed(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("fails");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_string_equal(job->error, "There is no room in the pool default.");
    assert_string_equal(job->detail, "errno 28");
    assert_int_equal(job->why, VD_ERR_FAILED);
    assert_non_null(strstr(job->undone, "two removed; file "));
    assert_int_equal(run_step_state(job, "acts"), VD_STEP_UNDONE);
    assert_int_equal(run_step_state(job, "fail"), VD_STEP_FAILED);
    g_autofree char *order = run_contents("order");
    assert_string_equal(order, "two\none\n");
    run_nothing_left(journal);
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

/* What a step has said is to stay is there after it failed. */
static void test_kept(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("keeps");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_int_equal(job->why, VD_ERR_UNREACHABLE);
    g_autoptr(GError) error = NULL;
    assert_int_equal(run_step_state(job, "acts"), VD_STEP_DONE);
    assert_int_equal(run_step_state(job, "fail"), VD_STEP_FAILED);
    assert_true(run_exists("one"));
    assert_true(run_exists("two"));
    assert_false(run_exists("order"));
    assert_false(vd_jobs_cancel(journal, ID, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
}

/* What a step said last comes to the journal before its end, not after it. */
static void test_last_words(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("talks");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    const VdStep *step = vd_job_step(job, "talk");
    assert_int_equal(step->state, VD_STEP_FAILED);
    assert_true(step->ended >= step->started);
    assert_string_equal(step->text, "192.0.2.7");
}

/* A job whose end nobody heard is neither done nor failed, and what it made stays; if it did not
 * say so, it has failed and is undone. */
static void test_unknown(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("wonders");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_UNKNOWN);
    assert_string_equal(job->error, "Nobody heard how it ended.");
    assert_true(run_exists("one") && run_exists("two"));
    assert_false(run_exists("order"));
    g_autoptr(VdJob) again = vd_journal_job(journal, ID, NULL);
    assert_string_equal(vd_job_state_word(again->state), "unknown");
    assert_true(again->ended > 0);
}

static void test_unknown_and_not_kept(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("lost");
    vd_job_unref(run_ended(journal, VD_JOB_FAILED));
    assert_false(run_exists("one"));
}

static void test_cancel(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    /* It leaves the processors to who waits at a screen. */
    assert_true(getpriority(PRIO_PROCESS, (id_t)run_pid()) >= 5);
    run_cancel(journal);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_CANCELLED);
    assert_null(job->error);
    assert_true(vd_job_fraction(job, 0) > 0.54); /* as far as it had come */
    assert_int_equal(run_step_state(job, "acts"), VD_STEP_UNDONE);
    assert_int_equal(run_step_state(job, "wait"), VD_STEP_UNDONE);
    g_autofree char *order = run_contents("order");
    assert_string_equal(order, "three\ntwo\none\n");
    run_nothing_left(journal);
    g_autoptr(GError) error = NULL;
    assert_false(vd_jobs_cancel(journal, ID, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
}

static void test_child_ignores(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("child");
    WAIT_FOR(run_exists("pids"));
    g_autofree char *pids = NULL;
    WAIT_FOR(run_two_lines(&pids));
    run_cancel(journal);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_CANCELLED);
    assert_int_equal(run_step_state(job, "child"), VD_STEP_UNDONE);
    g_auto(GStrv) lines = g_strsplit(pids, "\n", -1);
    for (int i = 0; i < 2; i++)
        WAIT_FOR(kill(atoi(lines[i]), 0) != 0 && errno == ESRCH);
    run_nothing_left(journal);
}

/* It says which host it waits for, how long, and the way out. */
static gboolean says_that_it_waits(VdJournal *journal)
{
    g_autoptr(VdJob) job = run_job_now(journal);
    return job->note && strstr(job->note, "far") && strstr(job->note, " at most") &&
           strstr(job->note, "vmdeck job cancel " ID);
}

static void test_hang(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = run_started("hang");
    WAIT_FOR(run_exists("hangs"));
    run_touch("mute"); /* so that it can be looked at, however fast */
    run_cancel(journal);
    WAIT_FOR(says_that_it_waits(journal));
    g_autofree char *mute = run_work_path("mute");
    unlink(mute);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_CANCELLED);
    assert_int_equal(run_step_state(job, "hang"), VD_STEP_UNDONE);
    run_nothing_left(journal);
}

/* The job is cancelled, and its second file cannot be undone: so many entries are left. */
static VdJob *undone_but_the_second(VdJournal *journal, guint left)
{
    WAIT_FOR(run_in_gate(journal));
    run_cancel(journal);
    VdJob *job = run_ended(journal, VD_JOB_FAILED);
    assert_true(run_exists("two"));
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, ID, NULL);
    assert_int_equal(undo->len, left);
    return job;
}

/* The way out is to cancel again. */
static void goes_when_cancelled_again(VdJournal *journal)
{
    g_autofree char *block = run_work_path("block");
    unlink(block);
    run_cancel(journal);
    WAIT_FOR(!vd_job_lock_held(ID));
    g_autoptr(VdJob) after = run_ended(journal, VD_JOB_CANCELLED);
    assert_null(after->error);
    run_nothing_left(journal);
}

static void test_undo_fails(void **state)
{
    (void)state;
    run_touch("block");
    g_autoptr(VdJournal) journal = run_started("gate");
    g_autoptr(VdJob) job = undone_but_the_second(journal, 1);
    assert_non_null(strstr(job->error, "not all of it could be undone"));
    assert_non_null(strstr(job->error, "vmdeck job cancel " ID));
    assert_non_null(strstr(job->undone, "NOT undone: file "));
    assert_non_null(strstr(job->undone, "The host does not answer."));
    assert_false(run_exists("one"));
    goes_when_cancelled_again(journal);
}

/* What stands on something that is not undone: that is kept, until all of it goes. */
static void test_undo_keeps_below(void **state)
{
    (void)state;
    run_touch("block");
    g_autoptr(VdJournal) journal = run_started("stands");
    g_autoptr(VdJob) job = undone_but_the_second(journal, 2);
    assert_non_null(strstr(job->undone, "three removed; NOT undone: file "));
    assert_false(run_exists("three"));
    assert_true(run_exists("one"));
    goes_when_cancelled_again(journal);
}

/* The host goes mute while the job is undone: the job says so, its bar does not rise, and who asks
 * again is no harm. */
static void test_undo_waits(void **state)
{
    (void)state;
    run_touch("mute");
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    run_cancel(journal);
    WAIT_FOR(says_that_it_waits(journal));
    g_autoptr(VdJob) job = run_job_now(journal);
    assert_int_equal(job->state, VD_JOB_CANCELLING);
    double now = vd_job_fraction(job, g_get_real_time());
    run_cancel(journal);
    assert_true(vd_job_fraction(job, g_get_real_time() + (gint64)60 * DEADLINE) <= now);
    g_autofree char *mute = run_work_path("mute");
    unlink(mute);
    g_autoptr(VdJob) after = run_ended(journal, VD_JOB_CANCELLED);
    assert_null(after->note);
    run_nothing_left(journal);
}

/* Undoing that got no answer ends as failed; once it is made good, nothing of that is left. */
static void test_undo_gives_up(void **state)
{
    (void)state;
    g_setenv("VMDECK_JOB_UNDO_MS", "300", TRUE);
    run_touch("mute");
    g_autoptr(VdJournal) journal = run_started("gate");
    g_unsetenv("VMDECK_JOB_UNDO_MS");
    WAIT_FOR(run_in_gate(journal));
    run_cancel(journal);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_non_null(strstr(job->error, "does not answer"));
    assert_null(job->note);
    g_autofree char *mute = run_work_path("mute");
    unlink(mute);
    run_cancel(journal);
    WAIT_FOR(!vd_job_lock_held(ID));
    g_autoptr(VdJob) after = run_ended(journal, VD_JOB_CANCELLED);
    assert_null(after->error);
    assert_int_equal(run_step_state(after, "acts"), VD_STEP_UNDONE);
    assert_int_equal(run_step_state(after, "wait"), VD_STEP_UNDONE);
    run_nothing_left(journal);
}

/* How often the job's log says that it waits, since it came to undo `two`. */
static guint times_told(void)
{
    g_autofree char *folder = vd_path_job(ID), *path = g_build_filename(folder, "log", NULL);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    guint times = 0;
    for (const char *at = strstr(text, "/two"); at && (at = strstr(at, "waits for")); at++)
        times++;
    return times;
}

/* The time that was told is that of all that gets no answer, one after the other. */
static void test_undo_waits_twice(void **state)
{
    (void)state;
    /* Nothing but what is mute takes half a second. */
    g_setenv("VMDECK_JOB_GRACE_MS", "500", TRUE);
    g_setenv("VMDECK_JOB_UNDO_MS", "1500", TRUE);
    run_touch("mute-two");
    run_touch("mute-one");
    run_touch("block");
    g_autoptr(VdJournal) journal = run_started("gate");
    g_unsetenv("VMDECK_JOB_UNDO_MS");
    g_setenv("VMDECK_JOB_GRACE_MS", RUNNER_GRACE_MS, TRUE);
    WAIT_FOR(run_in_gate(journal));
    run_cancel(journal);
    WAIT_FOR(times_told() > 0);
    g_autofree char *mute = run_work_path("mute-two");
    unlink(mute);
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_non_null(strstr(job->undone, "vmdeck job cancel " ID));
    assert_int_equal(times_told(), 1);
}

/* What another runner writes anew of a job is as the first one has written it: with formats, for
 * readers of any language. */
static void stays_translatable(VdJournal *journal)
{
    g_autoptr(VdJob) job = vd_journal_job_written(journal, ID, NULL);
    assert_non_null(job);
    assert_string_equal(job->error, "\002There is no room in the pool %s.\037default\003");
    assert_non_null(strstr(job->undone, "\002file %s removed\037"));
}

/* A job that had failed for a reason of its own keeps it, whatever becomes of its undoing. */
static void test_failed_and_hung(void **state)
{
    (void)state;
    g_setenv("VMDECK_JOB_UNDO_MS", "300", TRUE);
    run_touch("mute");
    g_autoptr(VdJournal) journal = run_started("fails");
    g_unsetenv("VMDECK_JOB_UNDO_MS");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_string_equal(job->error, "There is no room in the pool default.");
    assert_non_null(strstr(job->undone, "vmdeck job cancel " ID));
    g_autofree char *mute = run_work_path("mute");
    unlink(mute);
    run_cancel(journal);
    WAIT_FOR(!vd_job_lock_held(ID));
    g_autoptr(VdJob) after = run_ended(journal, VD_JOB_FAILED);
    assert_string_equal(after->error, "There is no room in the pool default.");
    assert_int_equal(run_step_state(after, "fail"), VD_STEP_FAILED);
    stays_translatable(journal);
    run_nothing_left(journal);
}

/* A host that hung while it was undone, as the runner has written it: what is left goes then. */
static void test_undo_hung(void **state)
{
    (void)state;
    GError *error = NULL;
    run_touch("block");
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    run_cancel(journal);
    vd_job_unref(run_ended(journal, VD_JOB_FAILED));
    jobs_ok(vd_journal_job_state(journal, ID, VD_JOB_FAILED,
                                 "The job could not be undone: the host does not answer.", NULL,
                                 "NOT undone: file", &error),
            error);
    g_autofree char *block = run_work_path("block");
    unlink(block);
    run_cancel(journal);
    WAIT_FOR(!vd_job_lock_held(ID));
    g_autoptr(VdJob) after = run_ended(journal, VD_JOB_CANCELLED);
    assert_null(after->error);
    assert_null(strstr(after->undone, "NOT undone"));
    run_nothing_left(journal);
}

/* One that failed by itself stays so, and says how what is left can go. */
static void test_failed_and_undo_fails(void **state)
{
    (void)state;
    run_touch("block");
    g_autoptr(VdJournal) journal = run_started("fails");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_FAILED);
    assert_string_equal(job->error, "There is no room in the pool default.");
    assert_non_null(strstr(job->undone, "vmdeck job cancel " ID));
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
    if (!journal || !run_start(journal, "gate", NULL))
        return 91;
    run_touch("started");
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
    WAIT_FOR(run_exists("started"));
    g_autoptr(VdJournal) journal = jobs_open();
    WAIT_FOR(run_in_gate(journal));
    /* The line drops: the kernel hangs up the session of who started it. */
    close(terminal);
    assert_int_equal(jobs_wait(pid), -1);
    run_kill(SIGHUP);
    /* Another process sees it going on. */
    assert_int_equal(jobs_wait(jobs_fork(watcher, NULL)), 0);
    run_touch("go");
    g_autoptr(VdJob) job = run_ended(journal, VD_JOB_DONE);
    assert_int_equal(run_step_state(job, "wait"), VD_STEP_DONE);
    assert_true(run_exists("three"));
}

static int starter_only(gpointer data)
{
    (void)data;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), NULL);
    if (!journal || !run_start(journal, "gate", NULL))
        return 91;
    kill(getpid(), SIGKILL);
    return 92;
}

static void test_starter_killed(void **state)
{
    (void)state;
    assert_int_equal(jobs_wait(jobs_fork(starter_only, NULL)), -1);
    g_autoptr(VdJournal) journal = jobs_open();
    WAIT_FOR(run_in_gate(journal));
    g_autoptr(VdJob) job = run_job_now(journal);
    assert_int_equal(job->state, VD_JOB_RUNNING);
    run_touch("go");
    vd_job_unref(run_ended(journal, VD_JOB_DONE));
}

static char *descriptor(pid_t pid, int fd)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", (int)pid, fd);
    return g_file_read_link(path, NULL);
}

static void test_detached(void **state)
{
    (void)state;
    /* Left open across exec by somebody careless. */
    int careless = open("/dev/zero", O_RDONLY);
    g_autoptr(VdJournal) journal = run_started("gate");
    WAIT_FOR(run_in_gate(journal));
    pid_t pid = run_pid();
    assert_int_equal(getsid(pid), pid);
    g_autofree char *input = descriptor(pid, 0);
    g_autofree char *output = descriptor(pid, 1);
    g_autofree char *errors = descriptor(pid, 2);
    assert_string_equal(input, "/dev/null");
    assert_true(g_str_has_suffix(output, ID "/log"));
    assert_string_equal(output, errors);
    for (int fd = 3; fd < 64; fd++) {
        g_autofree char *target = descriptor(pid, fd);
        assert_true(!target || strcmp(target, "/dev/zero") != 0);
    }
    close(careless);
    g_autofree char *status = g_strdup_printf("/proc/%d/cwd", (int)pid);
    g_autofree char *where = g_file_read_link(status, NULL);
    assert_string_equal(where, "/");
    run_touch("go");
    vd_job_unref(run_ended(journal, VD_JOB_DONE));
}

int main(int argc, char **argv)
{
    int other = run_other_main(argc, argv);
    if (other >= 0)
        return other;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_done, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_failed, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_kept, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_last_words, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_unknown, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_unknown_and_not_kept, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cancel, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_child_ignores, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_child_words, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_hang, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_waits, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_gives_up, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_waits_twice, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_failed_and_hung, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_fails, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_keeps_below, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo_hung, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_failed_and_undo_fails, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_hangup, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_starter_killed, run_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_detached, run_setup, jobs_teardown),
    };
    return cmocka_run_group_tests_name("runner", tests, NULL, NULL);
}
