/* The journal as it should be: what is written is read back, by other processes too, and what has
 * ended long ago goes. */
#include "config.h"

#include "tests/unit/jobs-help.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/jobs/job-lock.h"

#define ID "r-7K2M9Q"

static void test_round_trip(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(VdJob) job = jobs_sample(ID);
    jobs_ok(vd_journal_job_create(journal, job, "{\"disk\": 1}", &error), error);
    VdStep *step = vd_job_step(job, "disk");
    step->state = VD_STEP_RUNNING;
    step->fraction = 0.25;
    step->started = 17;
    step->text = g_strdup("overlay on debian-12");
    jobs_ok(vd_journal_step(journal, ID, step, &error), error);
    jobs_ok(vd_journal_job_note(journal, ID, "no KVM: emulated, slow", &error), error);
    jobs_ok(vd_journal_job_state(journal, ID, VD_JOB_RUNNING, NULL, NULL, NULL, &error), error);

    int lock = -1;
    g_autofree char *folder = vd_path_job(ID);
    jobs_ok(vd_mkdirs(folder, 0700, &error), error);
    lock = vd_job_lock_take(ID, 0, &error);
    jobs_ok(lock >= 0, error);
    g_autoptr(VdJob) back = vd_journal_job(journal, ID, &error);
    jobs_ok(back != NULL, error);
    close(lock);
    assert_string_equal(back->verb, "deploy");
    assert_string_equal(back->title, "deploy db-07");
    assert_string_equal(back->target, "db-07");
    assert_string_equal(back->host, "local");
    assert_string_equal(back->author, "anna");
    assert_string_equal(back->note, "no KVM: emulated, slow");
    assert_int_equal(back->state, VD_JOB_RUNNING);
    assert_true(back->started >= back->created && back->created > 0);
    assert_int_equal(back->ended, 0);
    assert_null(back->error);
    assert_int_equal(back->steps->len, 2);
    const VdStep *first = g_ptr_array_index(back->steps, 0);
    assert_string_equal(first->id, "disk");
    assert_string_equal(first->label, "make the disk");
    assert_string_equal(first->text, "overlay on debian-12");
    assert_int_equal(first->state, VD_STEP_RUNNING);
    assert_true(first->fraction > 0.24 && first->fraction < 0.26);
    assert_int_equal(first->started, 17);
    assert_int_equal(first->weight, 2);
    g_autofree char *spec = vd_journal_job_spec(journal, ID, &error);
    jobs_ok(spec != NULL, error);
    assert_string_equal(spec, "{\"disk\": 1}");
}

static void test_undo(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(VdJob) job = jobs_sample(ID);
    jobs_ok(vd_journal_job_create(journal, job, NULL, &error), error);
    VdStep *step = vd_job_step(job, "grow");
    step->state = VD_STEP_RUNNING;
    jobs_ok(vd_journal_step(journal, ID, step, &error), error);
    jobs_ok(vd_journal_undo_push(journal, ID, "volume", "a", &error), error);
    jobs_ok(vd_journal_undo_push(journal, ID, "domain", "b", &error), error);
    g_autoptr(GPtrArray) list = vd_journal_undo_list(journal, ID, &error);
    jobs_ok(list != NULL, error);
    assert_int_equal(list->len, 2);
    const VdUndo *newest = g_ptr_array_index(list, 0);
    assert_string_equal(newest->kind, "domain");
    assert_string_equal(newest->argument, "b");
    assert_string_equal(newest->step, "grow");
    jobs_ok(vd_journal_undo_done(journal, ID, newest->id, &error), error);
    g_autoptr(GPtrArray) left = vd_journal_undo_list(journal, ID, &error);
    assert_int_equal(left->len, 1);
    jobs_ok(vd_journal_job_finish(journal, ID, VD_JOB_DONE, NULL, NULL, NULL, &error), error);
    g_autoptr(GPtrArray) none = vd_journal_undo_list(journal, ID, &error);
    assert_int_equal(none->len, 0);
    assert_false(vd_journal_undo_push(journal, "r-000000", "volume", "a", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
}

static void test_ended_stays(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(VdJob) job = jobs_sample(ID);
    jobs_ok(vd_journal_job_create(journal, job, NULL, &error), error);
    jobs_ok(
        vd_journal_job_finish(journal, ID, VD_JOB_FAILED, "No room.", "errno 28", "disk", &error),
        error);
    assert_false(vd_journal_job_state(journal, ID, VD_JOB_RUNNING, NULL, NULL, NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
    g_autoptr(VdJob) back = vd_journal_job(journal, ID, &error);
    assert_int_equal(back->state, VD_JOB_FAILED);
    assert_string_equal(back->error, "No room.");
    assert_string_equal(back->detail, "errno 28");
    assert_string_equal(back->undone, "disk");
    assert_true(back->ended > 0);
    assert_false(vd_journal_job_create(journal, job, NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_EXISTS);
    g_clear_error(&error);
}

/* Whatever its runner did not come to write: nothing runs in a job that has ended. */
static void check_open_step(VdJournal *journal, const char *id, VdJobState end, VdStepState wanted)
{
    GError *error = NULL;
    g_autoptr(VdJob) job = jobs_sample(id);
    jobs_ok(vd_journal_job_create(journal, job, NULL, &error), error);
    VdStep *step = vd_job_step(job, "grow");
    step->state = VD_STEP_RUNNING;
    step->started = G_USEC_PER_SEC;
    step->ended = 0;
    jobs_ok(vd_journal_step(journal, id, step, &error), error);
    jobs_ok(vd_journal_job_finish(journal, id, end, NULL, NULL, NULL, &error), error);
    g_autoptr(VdJob) back = vd_journal_job(journal, id, &error);
    jobs_ok(back != NULL, error);
    assert_int_equal(vd_job_step(back, "grow")->state, wanted);
    assert_int_equal(vd_job_step(back, "grow")->ended, back->ended);
}

static void test_no_step_runs_on(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = jobs_open();
    check_open_step(journal, "r-2B2B2B", VD_JOB_FAILED, VD_STEP_FAILED);
    check_open_step(journal, "r-3B3B3B", VD_JOB_UNKNOWN, VD_STEP_FAILED);
    check_open_step(journal, "r-4B4B4B", VD_JOB_CANCELLED, VD_STEP_UNDONE);
    check_open_step(journal, "r-5B5B5B", VD_JOB_DONE, VD_STEP_DONE);
}

/* A step of a job that took so long and came to an end, or did not. */
static void took_of(VdJournal *journal, const char *id, int seconds, VdJobState end,
                    const char *spec)
{
    GError *error = NULL;
    g_autoptr(VdJob) job = jobs_sample(id);
    jobs_ok(vd_journal_job_create(journal, job, spec, &error), error);
    VdStep *step = vd_job_step(job, "grow");
    step->state = VD_STEP_DONE;
    step->started = G_USEC_PER_SEC;
    step->ended = step->started + seconds * G_USEC_PER_SEC;
    jobs_ok(vd_journal_step(journal, id, step, &error), error);
    jobs_ok(vd_journal_job_finish(journal, id, end, NULL, NULL, NULL, &error), error);
}

static void took(VdJournal *journal, const char *id, int seconds, VdJobState end)
{
    took_of(journal, id, seconds, end, NULL);
}

/* What an image took before tells more than what others did. */
static void test_step_seconds_of_an_image(void **state)
{
    static const char small[] = "{\"image\":\"small\"}", big[] = "{\"image\":\"big\",\"a\":1}";
    (void)state;
    g_autoptr(VdJournal) journal = jobs_open();
    took_of(journal, "r-000001", 10, VD_JOB_DONE, small);
    assert_int_equal((int)vd_journal_step_seconds(journal, "deploy", "grow", big), 10);
    took_of(journal, "r-000002", 90, VD_JOB_DONE, big);
    took_of(journal, "r-000003", 20, VD_JOB_DONE, "no JSON");
    assert_int_equal((int)vd_journal_step_seconds(journal, "deploy", "grow", big), 90);
    assert_int_equal((int)vd_journal_step_seconds(journal, "deploy", "grow", small), 10);
    assert_int_equal((int)vd_journal_step_seconds(journal, "deploy", "grow", "{\"image\":\"x\"}"),
                     40);
    assert_int_equal((int)vd_journal_step_seconds(journal, "deploy", "grow", "{}"), 40);
    assert_int_equal((int)vd_journal_step_seconds(journal, "deploy", "grow", "{"), 40);
}

static void test_step_seconds(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = jobs_open();
    assert_true(vd_journal_step_seconds(journal, "deploy", "grow", NULL) < 0);
    took(journal, "r-000001", 900, VD_JOB_FAILED);
    assert_true(vd_journal_step_seconds(journal, "deploy", "grow", NULL) < 0);
    took(journal, "r-000002", 10, VD_JOB_DONE);
    took(journal, "r-000003", 20, VD_JOB_DONE);
    assert_int_equal((int)vd_journal_step_seconds(journal, "deploy", "grow", NULL), 15);
    assert_true(vd_journal_step_seconds(journal, "image.add", "grow", NULL) < 0);
    assert_true(vd_journal_step_seconds(journal, "deploy", "disk", NULL) < 0);
}

static void test_requests(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    VdJournalRequest request = {.id = ID, .verb = "vm.start", .author = "anna"};
    jobs_ok(vd_journal_begin(journal, &request, &error), error);
    assert_false(vd_journal_begin(journal, &request, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_EXISTS);
    g_clear_error(&error);
    jobs_ok(vd_journal_event(journal, ID, "info", "asked the host", &error), error);
    jobs_ok(vd_journal_end(journal, ID, "done", NULL, NULL, &error), error);
    assert_false(vd_journal_event(journal, "r-000000", "info", "x", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
    assert_false(vd_journal_end(journal, "r-000000", "done", NULL, NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
    assert_null(vd_journal_job(journal, ID, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
}

/* Whoever started a job may say that it began well long after its runner wrote that it failed. */
static void test_outcome_of_job(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(VdJob) job = jobs_sample(ID);
    jobs_ok(vd_journal_job_create(journal, job, NULL, &error), error);
    jobs_ok(vd_journal_end(journal, ID, "done", NULL, NULL, &error), error);
    jobs_ok(vd_journal_job_finish(journal, ID, VD_JOB_FAILED, "No room.", NULL, NULL, &error),
            error);
    jobs_ok(vd_journal_end(journal, ID, "done", NULL, NULL, &error), error);
    g_autoptr(GPtrArray) story = vd_journal_story(journal, ID, &error);
    jobs_ok(story != NULL, error);
    int ends = 0;
    for (guint i = 0; i < story->len; i++) {
        const VdStoryLine *line = g_ptr_array_index(story, i);
        if (strcmp(line->source, "request") == 0 && !strstr(line->text, "asked by")) {
            assert_string_equal(line->text, "failed: No room.");
            ends++;
        }
    }
    assert_int_equal(ends, 1);
}

static void check_string(VdJournal *journal, const char *id, const char *odd)
{
    GError *error = NULL;
    g_autoptr(VdJob) job = jobs_sample(id);
    g_free(job->title);
    job->title = g_strdup(odd);
    jobs_ok(vd_journal_job_create(journal, job, odd, &error), error);
    jobs_ok(vd_journal_undo_push(journal, id, "volume", odd, &error), error);
    jobs_ok(vd_journal_job_finish(journal, id, VD_JOB_FAILED, odd, odd, odd, &error), error);
    g_autofree char *valid = g_utf8_make_valid(odd, -1);
    g_autoptr(VdJob) back = vd_journal_job(journal, id, &error);
    jobs_ok(back != NULL, error);
    assert_string_equal(back->title, valid);
    /* No words are no error. */
    if (*odd)
        assert_string_equal(back->error, valid);
    else
        assert_null(back->error);
    assert_string_equal(back->undone, valid);
    g_autoptr(GPtrArray) list = vd_journal_undo_list(journal, id, &error);
    assert_string_equal(((const VdUndo *)g_ptr_array_index(list, 0))->argument, valid);
}

static void test_odd_strings(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = jobs_open();
    g_autofree char *wide = g_strnfill(200, 'x');
    g_autofree char *long_text = g_strnfill(300000, '%');
    const char *const odd[] = {"",
                               " ",
                               "a b 'c' \"d\" <&>",
                               "'); DROP TABLE job; --",
                               "\033]0;title\007\033[2J\r\n\t",
                               "\xff\xfe\x80 broken",
                               "\xe6\xbc\xa2\xe5\xad\x97 e\xcc\x81 \xe2\x80\xae",
                               wide,
                               "%s%n%d",
                               long_text};
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autofree char *id = g_strdup_printf("r-%06u", i);
        check_string(journal, id, odd[i]);
    }
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 100, NULL);
    assert_int_equal(jobs->len, G_N_ELEMENTS(odd));
}

static void test_modes(void **state)
{
    (void)state;
    mode_t mask = umask(0);
    g_autoptr(VdJournal) journal = jobs_open();
    umask(mask);
    VdJournalRequest request = {.id = ID, .verb = "vm.start", .author = "anna"};
    jobs_ok(vd_journal_begin(journal, &request, NULL), NULL);
    const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        struct stat st;
        g_autofree char *name = g_strconcat(jobs_path(), suffixes[i], NULL);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void test_folder_made(void **state)
{
    (void)state;
    g_autofree char *below = g_strconcat(jobs_path(), "-folder/a/journal.db", NULL);
    g_autofree char *folder = g_path_get_dirname(below);
    GError *error = NULL;
    g_autoptr(VdJournal) journal = vd_journal_open(below, &error);
    jobs_ok(journal != NULL, error);
    struct stat st;
    assert_int_equal(stat(folder, &st), 0);
    /* Passed through by the QEMUs, whose images lie below it; not listed. */
    assert_int_equal(st.st_mode & 0777, 0711);
}

/* ---- several processes ---- */

#define WRITERS 4
#define ENTRIES 60

#define PATIENCE (60 * G_USEC_PER_SEC)

/* A writer whose turn does not come in two seconds, because the disk is slow, is told to try again:
 * nothing was written then. */
static gboolean told_to_wait(gint64 since, GError **error)
{
    if (!g_error_matches(*error, VD_ERROR, VD_ERR_BUSY) ||
        g_get_monotonic_time() - since > PATIENCE)
        return FALSE;
    g_clear_error(error);
    return TRUE;
}

#define WRITTEN(call)                                                                              \
    do {                                                                                           \
        gint64 since_ = g_get_monotonic_time();                                                    \
        while (!(call))                                                                            \
            if (!told_to_wait(since_, error))                                                      \
                return 1;                                                                          \
    } while (0)

static int write_all(const char *id, GError **error)
{
    g_autoptr(VdJournal) journal = NULL;
    g_autoptr(VdJob) job = jobs_sample(id);
    WRITTEN(journal = vd_journal_open(jobs_path(), error));
    if (vd_journal_notice(journal))
        g_printerr("%s\n", vd_journal_notice(journal));
    WRITTEN(vd_journal_job_create(journal, job, NULL, error));
    VdStep *step = vd_job_step(job, "disk");
    for (int i = 0; i < ENTRIES; i++) {
        step->fraction = i / (double)ENTRIES;
        WRITTEN(vd_journal_event(journal, id, "info", "line", error));
        WRITTEN(vd_journal_step(journal, id, step, error));
        WRITTEN(vd_journal_undo_push(journal, id, "volume", "v", error));
    }
    return 0;
}

static int write_much(gpointer data)
{
    g_autofree char *id = g_strdup_printf("r-00000%d", GPOINTER_TO_INT(data));
    g_autoptr(GError) error = NULL;
    int status = write_all(id, &error);
    if (error)
        g_printerr("%s (%s)\n", error->message, vd_error_detail(error));
    return status;
}

static void test_processes(void **state)
{
    (void)state;
    /* All of them begin without a file: one makes it, the others wait for it. */
    pid_t pids[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        pids[i] = jobs_fork(write_much, GINT_TO_POINTER(i));
    int sum = 0;
    for (int i = 0; i < WRITERS; i++)
        sum += jobs_wait(pids[i]);
    assert_int_equal(sum, 0);
    assert_int_equal(jobs_files("journal.db.damaged"), 0);
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 100, NULL);
    assert_int_equal(jobs->len, WRITERS);
    for (int i = 0; i < WRITERS; i++) {
        g_autofree char *id = g_strdup_printf("r-00000%d", i);
        g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, id, NULL);
        assert_int_equal(undo->len, ENTRIES);
        g_autoptr(GPtrArray) story = vd_journal_story(journal, id, NULL);
        assert_true(story->len >= 2 * ENTRIES);
    }
}

static int write_one(gpointer data)
{
    (void)data;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), NULL);
    VdJournalRequest request = {.id = "r-BBBBBB", .verb = "vm.start", .author = "bob"};
    return journal && vd_journal_begin(journal, &request, NULL) ? 0 : 1;
}

static void test_version(void **state)
{
    (void)state;
    g_autoptr(VdJournal) journal = jobs_open();
    gint64 first = vd_journal_version(journal);
    assert_true(vd_journal_version(journal) == first);
    assert_int_equal(jobs_wait(jobs_fork(write_one, NULL)), 0);
    gint64 second = vd_journal_version(journal);
    assert_true(second != first);
    assert_true(vd_journal_version(journal) == second);
    VdJournalRequest request = {.id = ID, .verb = "vm.start", .author = "anna"};
    assert_true(vd_journal_begin(journal, &request, NULL));
    assert_true(vd_journal_version(journal) != second);
}

static void test_interrupted(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(VdJob) job = jobs_sample(ID);
    g_autofree char *folder = vd_path_job(ID);
    jobs_ok(vd_mkdirs(folder, 0700, &error), error);
    int lock = vd_job_lock_take(ID, 0, &error);
    jobs_ok(lock >= 0, error);
    assert_int_equal(vd_job_lock_take(ID, 0, &error), -1);
    assert_int_equal(vd_error_code(error), VD_ERR_BUSY);
    g_clear_error(&error);
    jobs_ok(vd_journal_job_create(journal, job, NULL, &error), error);
    g_autoptr(VdJob) queued = vd_journal_job(journal, ID, &error);
    assert_int_equal(queued->state, VD_JOB_QUEUED);
    jobs_ok(vd_journal_job_state(journal, ID, VD_JOB_RUNNING, NULL, NULL, NULL, &error), error);
    g_autoptr(VdJob) running = vd_journal_job(journal, ID, &error);
    assert_int_equal(running->state, VD_JOB_RUNNING);
    close(lock);
    g_autoptr(VdJob) lost = vd_journal_job(journal, ID, &error);
    assert_int_equal(lost->state, VD_JOB_INTERRUPTED);
    g_autoptr(GPtrArray) all = vd_journal_jobs(journal, 0, &error);
    assert_int_equal(all->len, 1);
    assert_int_equal(((const VdJob *)g_ptr_array_index(all, 0))->state, VD_JOB_INTERRUPTED);
}

/* ---- the story ---- */

static const VdStoryLine *find_line(const GPtrArray *story, const char *part)
{
    for (guint i = 0; i < story->len; i++) {
        const VdStoryLine *line = g_ptr_array_index(story, i);
        if (strstr(line->text, part))
            return line;
    }
    return NULL;
}

static void test_story(void **state)
{
    (void)state;
    GError *error = NULL;
    g_autoptr(VdJournal) journal = jobs_open();
    g_autofree char *log = vd_path_log();
    jobs_ok(
        g_file_set_contents(log, "no json\n{\"request\": \"" ID "\"}\n[\"" ID "\"]\n", -1, NULL),
        NULL);
    jobs_ok(vd_log_open(log, &error), error);
    VdJournalRequest request = {.id = ID,
                                .verb = "deploy",
                                .author = "anna",
                                .target = "db\033[2J-07",
                                .args = "{\"image\": \"debian-12\"}"};
    jobs_ok(vd_journal_begin(journal, &request, &error), error);
    g_autoptr(VdJob) job = jobs_sample(ID);
    jobs_ok(vd_journal_job_create(journal, job, NULL, &error), error);
    vd_log(VD_LOG_INFO, ID, "a line of ours");
    vd_log(VD_LOG_INFO, "r-BBBBBB", "a line of another about " ID);
    jobs_ok(vd_journal_event(journal, ID, "warning", "slow host", &error), error);
    jobs_ok(vd_journal_job_finish(journal, ID, VD_JOB_FAILED, "No room.", NULL, NULL, &error),
            error);
    g_autoptr(GPtrArray) story = vd_journal_story(journal, ID, &error);
    jobs_ok(story != NULL, error);
    gint64 last = 0;
    for (guint i = 0; i < story->len; i++) {
        const VdStoryLine *line = g_ptr_array_index(story, i);
        assert_true(line->time >= last);
        assert_null(strchr(line->text, '\033'));
        last = line->time;
    }
    const VdStoryLine *ours = find_line(story, "a line of ours");
    const VdStoryLine *slow = find_line(story, "slow host");
    assert_true(ours && g_str_equal(ours->source, "log"));
    assert_true(slow && g_str_equal(slow->level, "warning"));
    assert_non_null(find_line(story, "deploy asked by anna"));
    assert_non_null(find_line(story, "failed: No room."));
    assert_null(find_line(story, "of another"));
    assert_null(vd_journal_story(journal, "r-ZZZZZZ", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
    assert_null(vd_journal_story(journal, "../../etc", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    g_clear_error(&error);
}

/* ---- what is kept ---- */

static void test_retention(void **state)
{
    (void)state;
    vd_journal_close(jobs_open());
    /* 1,040 jobs that ended this year, 5 of long ago of which one has something left to undo. */
    jobs_sql("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1044)"
             "INSERT INTO request (id, verb, author, begun) SELECT printf('r-%06d', i), 'deploy',"
             " 'anna', iif(i < 5, 1000, unixepoch() * 1000000) FROM n");
    jobs_sql("INSERT INTO job (id, verb, title, target, author, state, created, ended)"
             " SELECT id, verb, 't', 'x', author, 'done', begun, begun + CAST(substr(id, 3) AS"
             " INTEGER) FROM request");
    jobs_sql("INSERT INTO undo (job, time, kind) VALUES ('r-000002', 1, 'volume')");
    g_autofree char *old = vd_path_job("r-000003");
    g_autofree char *newest = vd_path_job("r-001044");
    jobs_ok(vd_mkdirs(old, 0700, NULL) && vd_mkdirs(newest, 0700, NULL), NULL);
    for (int i = 0; i < 3; i++)
        vd_journal_close(jobs_open());
    g_autoptr(VdJournal) journal = jobs_open();
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 5000, NULL);
    assert_int_equal(jobs->len, 1001);
    g_autoptr(VdJob) kept = vd_journal_job(journal, "r-000002", NULL);
    assert_non_null(kept);
    assert_null(vd_journal_job(journal, "r-000003", NULL));
    assert_false(g_file_test(old, G_FILE_TEST_EXISTS));
    assert_true(g_file_test(newest, G_FILE_TEST_IS_DIR));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_undo, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_ended_stays, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_no_step_runs_on, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_step_seconds_of_an_image, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_step_seconds, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_requests, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_outcome_of_job, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_odd_strings, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_modes, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_folder_made, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_processes, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_version, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_interrupted, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_story, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_retention, jobs_setup, jobs_teardown),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
