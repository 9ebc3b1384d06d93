/* The journal when things go wrong: broken pages, foreign files, no rights, no room, somebody who
 * does not let go.
 * About 10 s on two processors. */
#include "config.h"

#include "tests/unit/jobs-help.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"

#define ID   "r-7K2M9Q"
#define PAGE 4096

static gboolean begin(VdJournal *journal, const char *id, GError **error)
{
    VdJournalRequest request = {.id = id, .verb = "vm.start", .author = "anna"};
    return vd_journal_begin(journal, &request, error);
}

/* A journal of some thirty pages: roots, inner pages, leaves, overflow pages, all in one file. */
static void fill(void)
{
    g_autoptr(VdJournal) journal = jobs_open();
    g_autofree char *spec = g_strnfill(20000, 's');
    for (int i = 0; i < 12; i++) {
        g_autofree char *id = g_strdup_printf("r-00000%X", i);
        g_autoptr(VdJob) job = jobs_sample(id);
        jobs_ok(vd_journal_job_create(journal, job, i == 0 ? spec : "{}", NULL), NULL);
        for (int k = 0; k < 20; k++)
            jobs_ok(vd_journal_event(journal, id, "info", "some words about what was done", NULL),
                    NULL);
        jobs_ok(vd_journal_undo_push(journal, id, "volume", "disk.qcow2", NULL), NULL);
    }
    vd_journal_close(g_steal_pointer(&journal));
    jobs_sql("PRAGMA wal_checkpoint(TRUNCATE)");
}

static void put_file(const char *data, gsize length)
{
    g_autofree char *wal = g_strconcat(jobs_path(), "-wal", NULL);
    g_autofree char *shm = g_strconcat(jobs_path(), "-shm", NULL);
    unlink(wal);
    unlink(shm);
    assert_true(g_file_set_contents(jobs_path(), data, (gssize)length, NULL));
}

/* How many of the twelve jobs came over with their steps and their undo entry. */
static int taken_over(VdJournal *journal)
{
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 100, NULL);
    int whole = 0;
    assert_non_null(jobs);
    for (guint i = 0; i < jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(jobs, i);
        g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, job->id, NULL);
        assert_non_null(undo);
        whole += job->steps->len == 2 && undo->len == 1;
    }
    return whole;
}

/* The file is kept as it was found, and the new journal works; the jobs taken over. */
static int expect_set_aside(const char *data, gsize length, int before)
{
    g_autoptr(VdJournal) journal = jobs_open();
    const char *notice = vd_journal_notice(journal);
    assert_non_null(notice);
    char *kept = strstr(notice, jobs_path());
    assert_non_null(kept);
    g_autofree char *path = g_strndup(kept, strcspn(kept, " "));
    assert_true(strstr(path, "journal.db.damaged-") != NULL);
    gsize size = 0;
    g_autofree char *now = vd_file_read(path, 1 << 22, &size, NULL);
    assert_non_null(now);
    assert_int_equal(size, length);
    assert_memory_equal(now, data, length);
    assert_int_equal(jobs_files("journal.db.damaged"), before + 1);
    jobs_ok(begin(journal, ID, NULL), NULL);
    unlink(path);
    return taken_over(journal);
}

static void test_every_page(void **state)
{
    (void)state;
    fill();
    gsize length = 0;
    g_autofree char *good = vd_file_read(jobs_path(), 1 << 22, &length, NULL);
    assert_non_null(good);
    assert_true(length > 15 * PAGE);
    int whole = 0;
    for (gsize page = 0; page < length / PAGE; page++) {
        g_autofree char *bad = g_memdup2(good, length);
        memset(bad + page * PAGE, 0xa5, PAGE);
        put_file(bad, length);
        whole += expect_set_aside(bad, length, 0) == 12;
    }
    /* A broken page costs what stands on it, and most hold no job. */
    assert_true(whole > (int)(length / PAGE) / 2);
    put_file(good, length);
    g_autoptr(VdJournal) journal = jobs_open();
    assert_null(vd_journal_notice(journal));
}

static void test_cut_and_foreign(void **state)
{
    (void)state;
    fill();
    gsize length = 0;
    g_autofree char *good = vd_file_read(jobs_path(), 1 << 22, &length, NULL);
    const gsize lengths[] = {2, 15, 100, 511, PAGE, 5 * PAGE, length - PAGE};
    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        put_file(good, lengths[i]);
        expect_set_aside(good, lengths[i], 0);
    }
    const char *text = "This is a letter and no database at all, but quite long enough to be one.";
    put_file(text, strlen(text));
    expect_set_aside(text, strlen(text), 0);
    /* An empty file is what a crash right after its making leaves. */
    put_file("", 0);
    g_autoptr(VdJournal) journal = jobs_open();
    assert_null(vd_journal_notice(journal));
}

static void test_set_aside_under_others(void **state)
{
    (void)state;
    fill();
    g_autoptr(VdJournal) first = jobs_open();
    gint64 version = vd_journal_version(first);
    gsize length = 0;
    g_autofree char *bad = vd_file_read(jobs_path(), 1 << 22, &length, NULL);
    memset(bad + PAGE, 0xa5, length - PAGE);
    FILE *file = fopen(jobs_path(), "r+");
    assert_non_null(file);
    assert_int_equal(fwrite(bad, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    /* One finds it; the one who had the old file open goes on in the new one. */
    g_autoptr(VdJournal) second = jobs_open();
    assert_non_null(vd_journal_notice(second));
    assert_true(vd_journal_version(first) != version);
    jobs_ok(begin(first, ID, NULL), NULL);
    assert_false(begin(second, ID, NULL));
    vd_journal_close(g_steal_pointer(&first));
    jobs_ok(begin(second, "r-BBBBBB", NULL), NULL);
    vd_journal_close(g_steal_pointer(&second));
    g_autoptr(VdJournal) third = jobs_open();
    assert_null(vd_journal_notice(third));
    assert_false(begin(third, "r-BBBBBB", NULL));
    assert_int_equal(jobs_files("journal.db.damaged"), 1);
}

static int open_damaged(gpointer data)
{
    (void)data;
    gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), &error);
        if (journal)
            return vd_journal_notice(journal) ? 1 : 0;
        /* Who makes the new one may hold it for longer than it is waited for, on a slow disk. */
        if (vd_error_code(error) != VD_ERR_BUSY || g_get_monotonic_time() >= until)
            return 10 + (int)vd_error_code(error);
    }
}

static void test_one_sets_aside(void **state)
{
    (void)state;
    put_file("garbage garbage garbage", 23);
    pid_t pids[4];
    int found = 0;
    for (int i = 0; i < 4; i++)
        pids[i] = jobs_fork(open_damaged, NULL);
    for (int i = 0; i < 4; i++) {
        int answer = jobs_wait(pids[i]);
        assert_in_range(answer, 0, 1);
        found += answer;
    }
    assert_int_equal(found, 1);
    assert_int_equal(jobs_files("journal.db.damaged"), 1);
}

static void test_versions(void **state)
{
    (void)state;
    fill();
    jobs_sql("PRAGMA user_version = 2");
    jobs_open_fails(VD_ERR_UNSUPPORTED);
    assert_int_equal(jobs_files("journal.db.damaged"), 0);
    jobs_sql("PRAGMA user_version = 1");
    vd_journal_close(jobs_open());
    jobs_sql("DROP TABLE event");
    g_autoptr(VdJournal) journal = jobs_open();
    assert_non_null(vd_journal_notice(journal));
}

static void test_other_program(void **state)
{
    (void)state;
    jobs_sql("CREATE TABLE songs (name TEXT)");
    jobs_open_fails(VD_ERR_INVALID);
    jobs_sql("SELECT * FROM songs");
}

/* ---- rights ---- */

static int as_nobody(gpointer data)
{
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 98;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdJournal) journal = vd_journal_open(data, &error);
    if (journal)
        return 99;
    return strstr(error->message, data) ? vd_error_code(error) : 97;
}

/* What may not be written can still be read: all of the twelve jobs. */
static int read_as_nobody(gpointer data)
{
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 98;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdJournal) journal = vd_journal_open(data, &error);
    g_autoptr(GPtrArray) jobs = journal ? vd_journal_jobs(journal, 100, &error) : NULL;
    if (!jobs || jobs->len != 12 || vd_journal_writable(journal))
        return 99;
    if (begin(journal, ID, &error) || vd_journal_try(journal, NULL))
        return 96;
    return strstr(error->message, data) ? vd_error_code(error) : 97;
}

static void test_read_only(void **state)
{
    (void)state;
    fill();
    g_autofree char *folder = g_path_get_dirname(jobs_path());
    g_autofree char *wal = g_strconcat(jobs_path(), "-wal", NULL);
    g_autofree char *shm = g_strconcat(jobs_path(), "-shm", NULL);
    chmod(wal, 0444);
    chmod(shm, 0444);
    assert_int_equal(chmod(jobs_path(), 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(jobs_wait(jobs_fork(read_as_nobody, (gpointer)jobs_path())), VD_ERR_DENIED);
    /* What a copy on a medium has: the file alone. */
    assert_int_equal(chmod(folder, 0700), 0);
    unlink(wal);
    unlink(shm);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(jobs_wait(jobs_fork(read_as_nobody, (gpointer)jobs_path())), VD_ERR_DENIED);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(chmod(jobs_path(), 0600), 0);
    g_autoptr(VdJournal) journal = jobs_open();
    assert_true(vd_journal_writable(journal));
    jobs_ok(vd_journal_try(journal, NULL), NULL);
}

static void test_denied(void **state)
{
    (void)state;
    fill();
    g_autofree char *folder = g_path_get_dirname(jobs_path());
    g_autofree char *missing = g_build_filename(folder, "other.db", NULL);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(jobs_wait(jobs_fork(as_nobody, missing)), VD_ERR_DENIED);
    assert_int_equal(chmod(jobs_path(), 0), 0);
    assert_int_equal(jobs_wait(jobs_fork(as_nobody, (gpointer)jobs_path())), VD_ERR_DENIED);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(chmod(jobs_path(), 0600), 0);
    assert_int_equal(jobs_files("journal.db.damaged"), 0);
}

static void test_is_folder(void **state)
{
    (void)state;
    assert_int_equal(mkdir(jobs_path(), 0700), 0);
    jobs_open_fails(VD_ERR_FAILED);
}

/* ---- room ---- */

static int until_full(gpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), &error);
    if (!journal)
        return 90;
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit tight = {300000, RLIM_INFINITY}, wide = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &tight) != 0)
        return 91;
    g_autofree char *text = g_strnfill(8000, 't');
    int n = 0;
    while (n < 1000 && vd_journal_event(journal, "r-000000", "info", text, &error))
        n++;
    if (n == 1000 || vd_error_code(error) != VD_ERR_NO_SPACE)
        return 92;
    g_clear_error(&error);
    if (vd_journal_undo_push(journal, "r-000000", "volume", text, &error))
        return 93;
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 100, NULL);
    if (!jobs || jobs->len != 12)
        return 94;
    /* Room again: it goes on without being opened anew. */
    if (setrlimit(RLIMIT_FSIZE, &wide) != 0 ||
        !vd_journal_undo_push(journal, "r-000000", "domain", text, NULL))
        return 95;
    return 0;
}

static void test_full(void **state)
{
    (void)state;
    fill();
    assert_int_equal(jobs_wait(jobs_fork(until_full, NULL)), 0);
    g_autoptr(VdJournal) journal = jobs_open();
    assert_null(vd_journal_notice(journal));
    g_autoptr(GPtrArray) undo = vd_journal_undo_list(journal, "r-000000", NULL);
    assert_int_equal(undo->len, 2);
}

/* ---- locks ---- */

static sqlite3 *hold(const char *sql)
{
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(jobs_path(), &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    return handle;
}

static int expect_busy(gpointer data)
{
    g_autoptr(GError) error = NULL;
    gint64 started = g_get_monotonic_time();
    g_autoptr(VdJournal) journal = vd_journal_open(jobs_path(), &error);
    gboolean open = GPOINTER_TO_INT(data);
    if (!!journal != open)
        return 90;
    if (open && begin(journal, ID, &error))
        return 91;
    /* What is there can still be read while somebody writes. */
    if (open && !vd_journal_undo_list(journal, "r-000000", NULL))
        return 92;
    if (g_get_monotonic_time() - started < 1500000)
        return 93;
    return vd_error_code(error);
}

static void test_locked(void **state)
{
    (void)state;
    fill();
    sqlite3 *writer = hold("BEGIN IMMEDIATE");
    assert_int_equal(jobs_wait(jobs_fork(expect_busy, GINT_TO_POINTER(TRUE))), VD_ERR_BUSY);
    sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(writer);
    sqlite3 *owner = hold("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    assert_int_equal(jobs_wait(jobs_fork(expect_busy, GINT_TO_POINTER(FALSE))), VD_ERR_BUSY);
    sqlite3_close(owner);
    g_autoptr(VdJournal) journal = jobs_open();
    jobs_ok(begin(journal, ID, NULL), NULL);
    assert_int_equal(jobs_files("journal.db.damaged"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_page, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_cut_and_foreign, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_set_aside_under_others, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_one_sets_aside, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_versions, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_other_program, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_read_only, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_denied, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_is_folder, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_full, jobs_setup, jobs_teardown),
        cmocka_unit_test_setup_teardown(test_locked, jobs_setup, jobs_teardown),
    };
    return cmocka_run_group_tests_name("journal: damage", tests, NULL, NULL);
}
