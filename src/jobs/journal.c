/* Opening the journal, and its requests. A console, a dozen runners and the command line have the
 * file open at the same time, so opening it has to hold together without a word between them: the
 * usual case takes no lock at all, and whoever finds the file missing, empty or damaged takes
 * journal.db.lock, looks again, and alone makes it or sets it aside.
 *
 * synchronous is FULL: with WAL, NORMAL keeps the file whole when the power fails but may lose the
 * last commits, and an undo entry that is lost is a volume that nobody removes. Progress alone is
 * written with NORMAL (see vd_journal_step()). */
#include "config.h"

#include "src/jobs/journal-impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/jobs/job-lock.h"
#include "src/jobs/journal-schema.h"

#define LOCK_WAIT_MS 2000
/* A disk that was mounted to read may be mounted to write meanwhile. */
#define AGAIN_USEC (5 * G_USEC_PER_SEC)
/* A checkpoint leaves the WAL at its size; a burst of entries need not keep that for ever. */
#define WAL_LIMIT "PRAGMA journal_size_limit = 1048576"

/* SQLite would make it readable by all. Only a file that does not exist is opened here: closing
 * any descriptor of the file drops the locks SQLite holds on it in this process. */
static gboolean make_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        close(fd);
        return TRUE;
    }
    if (errno == EEXIST)
        return TRUE;
    VdErrorCode code = errno == EACCES || errno == EROFS || errno == EPERM ? VD_ERR_DENIED
                       : errno == ENOSPC || errno == EDQUOT                ? VD_ERR_NO_SPACE
                                                                           : VD_ERR_FAILED;
    return vd_fail(error, code, NULL, _("The journal %s cannot be made: %s."), path,
                   g_strerror(errno));
}

/* Why there is none, with the way out: what is missing is a place that can be written to. */
static gboolean no_place(const char *path, GError *why, GError **error)
{
    VdErrorCode code = vd_error_code(why);
    if ((code != VD_ERR_DENIED && code != VD_ERR_NO_SPACE && code != VD_ERR_FAILED) ||
        g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_propagate_error(error, why);
        return FALSE;
    }
    vd_error_set(error, code, why->message,
                 _("There is no journal %s and it cannot be made: see that you may write to its "
                   "folder, or name another one by VMDECK_STATE_DIR."),
                 path);
    g_error_free(why);
    return FALSE;
}

/* A -wal that is removed by name when its last user closes it might be that of the new file, once
 * the old one was set aside: keep it. */
static void keep_wal(VdDb *db)
{
    int on = 1;
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
}

static void fast_close(VdDb *db, gboolean fast)
{
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, fast, NULL);
}

static gboolean settings(VdDb *db, GError **error)
{
    sqlite3_stmt *statement = vd_db_query(db, error, "PRAGMA journal_mode = WAL", "");
    if (!statement || vd_db_row(db, statement, error) != 1)
        return FALSE;
    vd_db_leave(statement);
    return vd_db_exec(db, error, "PRAGMA synchronous = FULL", "") &&
           vd_db_exec(db, error, "PRAGMA foreign_keys = ON", "") &&
           vd_db_exec(db, error, WAL_LIMIT, "");
}

static gboolean remember_file(VdJournal *journal, GError **error)
{
    struct stat now;
    if (stat(journal->path, &now) != 0)
        return vd_fail(error, VD_ERR_BUSY, NULL, _("The journal %s was moved: try again."),
                       journal->path);
    /* Made by hand or by another program: it tells who did what. */
    if (now.st_mode & 077)
        chmod(journal->path, 0600);
    journal->device = now.st_dev;
    journal->inode = now.st_ino;
    journal->opened++;
    return TRUE;
}

/* create: the lock is held, so an empty file may be given its tables. *ret_empty: it would need
 * them. */
static gboolean open_db(VdJournal *journal, gboolean create, gboolean *ret_empty, GError **error)
{
    VdDb *db = &journal->db;
    *ret_empty = FALSE;
    if (!vd_db_open(db, journal->path, VD_DB_WRITE, error))
        return FALSE;
    keep_wal(db);
    fast_close(db, journal->close_fast);
    VdSchemaState state = vd_schema_check(db, error);
    if (state == VD_SCHEMA_ERROR)
        return FALSE;
    if (state == VD_SCHEMA_EMPTY && !create) {
        *ret_empty = TRUE;
        return vd_fail(error, VD_ERR_BUSY, NULL, _("The journal %s is being made."), db->path);
    }
    return settings(db, error) && (state == VD_SCHEMA_OURS || vd_schema_create(db, error)) &&
           remember_file(journal, error);
}

/* It cannot be written, so it is only read: beside who writes, or as a file that stays as it is.
 * FALSE: nor that. */
static gboolean open_to_read(VdJournal *journal)
{
    static const VdDbManner manners[] = {VD_DB_READ, VD_DB_STILL};
    for (guint i = 0; i < G_N_ELEMENTS(manners); i++) {
        if (vd_db_open(&journal->db, journal->path, manners[i], NULL) &&
            vd_schema_check(&journal->db, NULL) == VD_SCHEMA_OURS && remember_file(journal, NULL)) {
            journal->again = g_get_monotonic_time() + AGAIN_USEC;
            return TRUE;
        }
        vd_db_close(&journal->db);
    }
    return FALSE;
}

static gboolean may_still_be_read(const GError *error)
{
    VdErrorCode code = vd_error_code(error);
    return code == VD_ERR_DENIED || code == VD_ERR_NO_SPACE || code == VD_ERR_FAILED;
}

static gboolean move_aside(const char *path, const char *suffix, const char *to, GError **error)
{
    g_autofree char *from = g_strconcat(path, suffix, NULL);
    g_autofree char *target = g_strconcat(to, suffix, NULL);
    if (rename(from, target) == 0 || errno == ENOENT)
        return TRUE;
    return vd_fail(error, errno == EACCES || errno == EROFS ? VD_ERR_DENIED : VD_ERR_FAILED, NULL,
                   _("The damaged journal %s cannot be set aside: %s."), from, g_strerror(errno));
}

/* *ret_to: its new name; the caller frees. */
static gboolean set_aside(VdJournal *journal, char **ret_to, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *date = g_date_time_format(now, "%Y%m%d-%H%M%S");
    g_autofree char *to = g_strdup_printf("%s.damaged-%s", journal->path, date);
    for (int i = 2; g_file_test(to, G_FILE_TEST_EXISTS); i++) {
        g_free(to);
        to = g_strdup_printf("%s.damaged-%s-%d", journal->path, date, i);
    }
    /* The WAL goes first: beside a new file it would be taken for the new one's. */
    if (!move_aside(journal->path, "-wal", to, error) ||
        !move_aside(journal->path, "-shm", to, error) || !move_aside(journal->path, "", to, error))
        return FALSE;
    *ret_to = g_steal_pointer(&to);
    return TRUE;
}

static void begin_anew(VdJournal *journal, const char *damaged)
{
    int jobs = vd_journal_salvage(&journal->db, damaged);
    g_free(journal->notice);
    journal->notice =
        jobs > 0 ? g_strdup_printf(ngettext("The journal was damaged: it was kept as %s and a new "
                                            "one was begun, with %d job that was not over.",
                                            "The journal was damaged: it was kept as %s and a new "
                                            "one was begun, with %d jobs that were not over.",
                                            (gulong)jobs),
                                   damaged, jobs)
                 : g_strdup_printf(_("The journal was damaged: it was kept as %s and a new one was "
                                     "begun."),
                                   damaged);
    vd_log(VD_LOG_WARNING, NULL, "journal damaged, kept as %s; %d jobs taken over", damaged, jobs);
}

/* With the lock held: nobody else makes it or sets it aside meanwhile. */
static gboolean open_locked(VdJournal *journal, GError **error)
{
    gboolean empty;
    g_autoptr(GError) local = NULL;
    if (!make_file(journal->path, error))
        return FALSE;
    if (open_db(journal, TRUE, &empty, &local))
        return TRUE;
    vd_db_close(&journal->db);
    if (vd_error_code(local) != VD_ERR_DAMAGED) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    g_autofree char *to = NULL;
    if (!set_aside(journal, &to, error) || !make_file(journal->path, error))
        return FALSE;
    if (open_db(journal, TRUE, &empty, error)) {
        begin_anew(journal, to);
        return TRUE;
    }
    vd_db_close(&journal->db);
    return FALSE;
}

static gboolean open_any(VdJournal *journal, GError **error)
{
    gboolean empty = FALSE;
    GError *why = NULL;
    journal->again = 0;
    if (g_file_test(journal->path, G_FILE_TEST_EXISTS)) {
        g_autoptr(GError) local = NULL;
        if (open_db(journal, FALSE, &empty, &local))
            return TRUE;
        vd_db_close(&journal->db);
        if (!empty && may_still_be_read(local) && open_to_read(journal))
            return TRUE;
        if (!empty && vd_error_code(local) != VD_ERR_DAMAGED) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
    }
    g_autofree char *folder = g_path_get_dirname(journal->path);
    g_autofree char *lock = g_strconcat(journal->path, ".lock", NULL);
    int fd = vd_mkdirs(folder, 0711, &why) ? vd_lock_take(lock, LOCK_WAIT_MS, &why) : -1;
    if (fd < 0)
        return no_place(journal->path, why, error);
    gboolean ok = open_locked(journal, error);
    close(fd);
    return ok;
}

VdJournal *vd_journal_open(const char *path, GError **error)
{
    g_autoptr(VdJournal) journal = g_new0(VdJournal, 1);
    journal->path = g_strdup(path);
    if (!open_any(journal, error))
        return NULL;
    if (vd_journal_writable(journal))
        vd_journal_prune(journal);
    return g_steal_pointer(&journal);
}

void vd_journal_close(VdJournal *journal)
{
    if (!journal)
        return;
    vd_db_close(&journal->db);
    g_free(journal->path);
    g_free(journal->notice);
    g_free(journal);
}

void vd_journal_close_fast(VdJournal *journal)
{
    journal->close_fast = TRUE;
    fast_close(&journal->db, TRUE);
}

const char *vd_journal_notice(const VdJournal *journal)
{
    return journal->notice;
}

gboolean vd_journal_writable(const VdJournal *journal)
{
    return journal->again == 0;
}

static gboolean is_current(const VdJournal *journal)
{
    struct stat now;
    if (!vd_journal_writable(journal) && g_get_monotonic_time() >= journal->again)
        return FALSE;
    return journal->db.handle && !journal->db.damaged && stat(journal->path, &now) == 0 &&
           now.st_dev == journal->device && now.st_ino == journal->inode;
}

gboolean vd_journal_ready(VdJournal *journal, GError **error)
{
    if (is_current(journal))
        return TRUE;
    vd_db_close(&journal->db);
    return open_any(journal, error);
}

gint64 vd_journal_version(VdJournal *journal)
{
    gint64 data = 0;
    if (!vd_journal_ready(journal, NULL) ||
        !vd_db_int(&journal->db, &data, 0, NULL, "PRAGMA data_version"))
        return journal->version;
    /* data_version counts what others wrote, total_changes what we did. */
    gint64 mine = sqlite3_total_changes64(journal->db.handle);
    journal->version = ((gint64)(journal->opened & 0x7f) << 56) |
                       ((data & G_GINT64_CONSTANT(0xfffffff)) << 28) |
                       (mine & G_GINT64_CONSTANT(0xfffffff));
    return journal->version;
}

gboolean vd_journal_try(VdJournal *journal, GError **error)
{
    return vd_journal_ready(journal, error) && vd_schema_touch(&journal->db, error);
}

/* ---- requests ---- */

gboolean vd_journal_begin(VdJournal *journal, const VdJournalRequest *request, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (!vd_journal_ready(journal, error))
        return FALSE;
    if (vd_db_exec(&journal->db, &local,
                   "INSERT INTO request (id, verb, author, host, target, uuid, args, begun)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   "sssssssi", request->id, request->verb, request->author, request->host,
                   request->target, request->uuid, request->args, g_get_real_time()))
        return TRUE;
    if (vd_error_code(local) == VD_ERR_EXISTS)
        return vd_fail(error, VD_ERR_EXISTS, vd_error_detail(local),
                       _("There is a request %s already."), request->id);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean vd_journal_asked(VdJournal *journal, const char *id, VdJournalAsked *ret, GError **error)
{
    *ret = (VdJournalAsked){0};
    if (!vd_journal_ready(journal, error))
        return FALSE;
    VdDb *db = &journal->db;
    sqlite3_stmt *statement = vd_db_query(
        db, error, "SELECT verb, host, target, uuid, args FROM request WHERE id = ?", "s", id);
    int more = statement ? vd_db_row(db, statement, error) : -1;
    if (more == 0)
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL, _("There is no request %s."), id);
    if (more <= 0)
        return FALSE;
    ret->verb = vd_db_text(statement, 0);
    ret->host = vd_db_text(statement, 1);
    ret->target = vd_db_text(statement, 2);
    ret->uuid = vd_db_text(statement, 3);
    ret->args = vd_db_text(statement, 4);
    vd_db_leave(statement);
    return TRUE;
}

void vd_journal_asked_clear(VdJournalAsked *asked)
{
    g_free(asked->verb);
    g_free(asked->host);
    g_free(asked->target);
    g_free(asked->uuid);
    g_free(asked->args);
    *asked = (VdJournalAsked){0};
}

/* Whether a runner writes this request's outcome. */
static gboolean is_job(VdDb *db, const char *id)
{
    sqlite3_stmt *statement = vd_db_query(db, NULL, "SELECT 1 FROM job WHERE id = ?", "s", id);
    gboolean found = statement && vd_db_row(db, statement, NULL) > 0;
    if (found)
        vd_db_leave(statement);
    return found;
}

gboolean vd_journal_end(VdJournal *journal, const char *id, const char *outcome,
                        const char *message, const char *detail, GError **error)
{
    gboolean none = FALSE;
    if (!vd_journal_ready(journal, error))
        return FALSE;
    if (vd_db_change(&journal->db, &none, error,
                     "UPDATE request SET ended = ?, outcome = ?, message = ?, detail = ?"
                     " WHERE id = ? AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = request.id)",
                     "issss", g_get_real_time(), outcome, message, detail, id))
        return TRUE;
    if (!none)
        return FALSE;
    return is_job(&journal->db, id) ||
           vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no request %s."), id);
}

gboolean vd_journal_event(VdJournal *journal, const char *request, const char *level,
                          const char *text, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (!vd_journal_ready(journal, error))
        return FALSE;
    if (vd_db_exec(&journal->db, &local,
                   "INSERT INTO event (request, time, level, text) VALUES (?, ?, ?, ?)", "siss",
                   request, g_get_real_time(), level, text))
        return TRUE;
    if (vd_error_code(local) == VD_ERR_NOT_FOUND)
        return vd_fail(error, VD_ERR_NOT_FOUND, vd_error_detail(local),
                       _("There is no request %s."), request);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}
