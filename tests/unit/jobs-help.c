/* Each test has a fresh folder, so that none meets another's journal. */
#include "config.h"

#include "tests/unit/jobs-help.h"

#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"

#define CHILD_MS 60000

static char *folder, *path;

int jobs_setup(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("vmdeck-jobs-XXXXXX", NULL);
    path = g_build_filename(folder, "journal.db", NULL);
    g_setenv("VMDECK_STATE_DIR", folder, TRUE);
    return folder ? 0 : -1;
}

int jobs_teardown(void **state)
{
    (void)state;
    gboolean ok = vd_remove_tree(folder, NULL);
    g_clear_pointer(&folder, g_free);
    g_clear_pointer(&path, g_free);
    return ok ? 0 : -1;
}

const char *jobs_path(void)
{
    return path;
}

void jobs_ok(gboolean ok, GError *error)
{
    if (!ok)
        fail_msg("%s (%s)", error ? error->message : "no error set",
                 error && vd_error_detail(error) ? vd_error_detail(error) : "-");
    if (error)
        fail_msg("an error beside success: %s", error->message);
}

VdJournal *jobs_open(void)
{
    GError *error = NULL;
    VdJournal *journal = vd_journal_open(path, &error);
    jobs_ok(journal != NULL, error);
    return journal;
}

void jobs_open_fails(int code)
{
    g_autoptr(GError) error = NULL;
    VdJournal *journal = vd_journal_open(path, &error);
    assert_null(journal);
    assert_non_null(error);
    assert_int_equal(vd_error_code(error), code);
    if (!strstr(error->message, path))
        fail_msg("the sentence does not name the file: %s", error->message);
}

VdJob *jobs_sample(const char *id)
{
    VdJob *job = vd_job_new(id);
    job->verb = g_strdup("deploy");
    job->title = g_strdup("deploy db-07");
    job->target = g_strdup("db-07");
    job->host = g_strdup("local");
    job->author = g_strdup("anna");
    vd_job_add_step(job, "disk", "make the disk", 2);
    vd_job_add_step(job, "grow", "grow the disk", 20);
    return job;
}

pid_t jobs_fork(JobsChild func, gpointer data)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(func(data));
    assert_true(pid > 0);
    return pid;
}

int jobs_wait(pid_t pid)
{
    int status = 0, fd = pidfd_open(pid, 0);
    struct pollfd ends = {fd, POLLIN, 0};
    assert_true(fd >= 0);
    int answers = poll(&ends, 1, CHILD_MS);
    close(fd);
    if (answers != 1) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        fail_msg("the child process did not end");
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void jobs_sql(const char *sql)
{
    sqlite3 *handle = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(handle);
}

int jobs_files(const char *prefix)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    int n = 0;
    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir))
        n += g_str_has_prefix(name, prefix) && !g_str_has_suffix(name, "-wal") &&
             !g_str_has_suffix(name, "-shm");
    return n;
}
