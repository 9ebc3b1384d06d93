/* The connection to SQLite. Statements are prepared once and found again by the address of their
 * SQL literal, so the text stands beside the function that uses it. Every failure passes
 * vd_db_fail(), the one place that knows SQLite's result codes. */
#include "config.h"

#include "src/jobs/db.h"

#include <errno.h>
#include <stdarg.h>

#include "src/base/error.h"
#include "src/base/i18n.h"

#define BUSY_USEC (2 * G_USEC_PER_SEC)
/* No text of ours is longer; a damaged length field must not make us allocate a gigabyte. */
#define TEXT_MAX (16 * 1024 * 1024)

static gboolean fail_system(VdDb *db, int system, const char *detail, GError **error)
{
    if (system == ENOSPC || system == EDQUOT || system == EFBIG)
        return vd_fail(error, VD_ERR_NO_SPACE, detail,
                       _("There is no room left for the journal %s: free some space."), db->path);
    if (system == EACCES || system == EPERM || system == EROFS)
        return vd_fail(error, VD_ERR_DENIED, detail,
                       _("The journal %s may not be written: check its owner, its permissions and "
                         "how its disk is mounted."),
                       db->path);
    return vd_fail(error, VD_ERR_FAILED, detail, _("The journal %s cannot be used: %s."), db->path,
                   system ? g_strerror(system) : detail);
}

static VdErrorCode constraint_code(int rc)
{
    if (rc == SQLITE_CONSTRAINT_PRIMARYKEY || rc == SQLITE_CONSTRAINT_UNIQUE)
        return VD_ERR_EXISTS;
    return rc == SQLITE_CONSTRAINT_FOREIGNKEY ? VD_ERR_NOT_FOUND : VD_ERR_INVALID;
}

gboolean vd_db_fail(VdDb *db, int rc, GError **error)
{
    /* Where the call did not fail but we do, the connection has "not an error" to say. */
    const char *detail = db->handle && sqlite3_errcode(db->handle) != SQLITE_OK
                             ? sqlite3_errmsg(db->handle)
                             : sqlite3_errstr(rc);
    int system =
        db->handle && sqlite3_system_errno(db->handle) ? sqlite3_system_errno(db->handle) : errno;

    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return vd_fail(error, VD_ERR_BUSY, detail,
                       _("The journal %s is held by another program: try again."), db->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        db->damaged = TRUE;
        return vd_fail(error, VD_ERR_DAMAGED, detail, _("The journal %s is damaged."), db->path);
    case SQLITE_FULL:
        return fail_system(db, ENOSPC, detail, error);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return fail_system(db, EACCES, detail, error);
    case SQLITE_CONSTRAINT:
        return vd_fail(error, constraint_code(rc), detail, _("The journal refuses the entry: %s."),
                       detail);
    case SQLITE_TOOBIG:
        return vd_fail(error, VD_ERR_INVALID, detail, _("The entry is too long for the journal."));
    default:
        return fail_system(db, system, detail, error);
    }
}

/* SQLite's own handler sleeps longer and longer, up to 0.1 s, and starves beside writers who come
 * back at once: short sleeps of uneven length give each its turn. */
static int wait_turn(void *data, int tries)
{
    VdDb *db = data;
    gint64 now = g_get_monotonic_time();
    if (tries == 0)
        db->busy_since = now;
    if (now - db->busy_since >= BUSY_USEC)
        return 0;
    g_usleep((gulong)g_random_int_range(500, 5000));
    return 1;
}

/* What SQLite takes for the name of the file; the caller frees. */
static char *name_for(const char *path, VdDbManner manner)
{
    g_autofree char *whole = g_canonicalize_filename(path, NULL);
    g_autofree char *uri = g_filename_to_uri(whole, NULL, NULL);
    return manner == VD_DB_STILL && uri ? g_strconcat(uri, "?immutable=1", NULL) : g_strdup(path);
}

gboolean vd_db_open(VdDb *db, const char *path, VdDbManner manner, GError **error)
{
    g_autofree char *name = name_for(path, manner);
    int flags = manner == VD_DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    flags |= manner == VD_DB_STILL ? SQLITE_OPEN_URI : 0;
    db->path = g_strdup(path);
    errno = 0;
    int rc = sqlite3_open_v2(name, &db->handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                             NULL);
    if (rc != SQLITE_OK)
        return vd_db_fail(db, rc, error);
    db->statements =
        g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)(void (*)(void))sqlite3_finalize);
    sqlite3_busy_handler(db->handle, wait_turn, db);
    sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, TEXT_MAX);
    if (manner == VD_DB_WRITE && sqlite3_db_readonly(db->handle, "main") == 1)
        return vd_db_fail(db, SQLITE_READONLY, error);
    return TRUE;
}

void vd_db_close(VdDb *db)
{
    g_clear_pointer(&db->statements, g_hash_table_unref);
    if (db->handle)
        sqlite3_close(db->handle);
    db->handle = NULL;
    db->damaged = FALSE;
    g_clear_pointer(&db->path, g_free);
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (!text)
        return sqlite3_bind_null(statement, index);
    char *valid = g_utf8_make_valid(text, -1);
    return sqlite3_bind_text(statement, index, valid, -1, g_free);
}

static int bind_all(sqlite3_stmt *statement, const char *types, va_list list)
{
    int rc = SQLITE_OK;
    for (int i = 0; types[i] && rc == SQLITE_OK; i++) {
        if (types[i] == 's')
            rc = bind_text(statement, i + 1, va_arg(list, const char *));
        else if (types[i] == 'd')
            rc = sqlite3_bind_double(statement, i + 1, va_arg(list, double));
        else
            rc = sqlite3_bind_int64(statement, i + 1, va_arg(list, gint64));
    }
    return rc;
}

static sqlite3_stmt *prepare(VdDb *db, GError **error, const char *sql, const char *types,
                             va_list list)
{
    sqlite3_stmt *statement = g_hash_table_lookup(db->statements, sql);
    if (!statement) {
        errno = 0;
        int rc =
            sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        if (rc != SQLITE_OK) {
            vd_db_fail(db, rc, error);
            return NULL;
        }
        g_hash_table_insert(db->statements, (gpointer)sql, statement);
    }
    int rc = bind_all(statement, types, list);
    if (rc == SQLITE_OK)
        return statement;
    vd_db_fail(db, rc, error);
    vd_db_leave(statement);
    return NULL;
}

void vd_db_leave(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int vd_db_row(VdDb *db, sqlite3_stmt *statement, GError **error)
{
    errno = 0; /* SQLite forgets the system's number for some of its I/O errors */
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        return 1;
    /* The error first: a reset may run statements of its own. */
    if (rc != SQLITE_DONE)
        vd_db_fail(db, rc, error);
    vd_db_leave(statement);
    return rc == SQLITE_DONE ? 0 : -1;
}

sqlite3_stmt *vd_db_query(VdDb *db, GError **error, const char *sql, const char *types, ...)
{
    va_list list;
    va_start(list, types);
    sqlite3_stmt *statement = prepare(db, error, sql, types, list);
    va_end(list);
    return statement;
}

static gboolean run(VdDb *db, sqlite3_stmt *statement, GError **error)
{
    if (!statement)
        return FALSE;
    int more = 0;
    do
        more = vd_db_row(db, statement, error);
    while (more > 0);
    return more == 0;
}

gboolean vd_db_exec(VdDb *db, GError **error, const char *sql, const char *types, ...)
{
    va_list list;
    va_start(list, types);
    sqlite3_stmt *statement = prepare(db, error, sql, types, list);
    va_end(list);
    return run(db, statement, error);
}

gboolean vd_db_change(VdDb *db, gboolean *ret_none, GError **error, const char *sql,
                      const char *types, ...)
{
    va_list list;
    va_start(list, types);
    sqlite3_stmt *statement = prepare(db, error, sql, types, list);
    va_end(list);
    gboolean ok = run(db, statement, error);
    *ret_none = ok && sqlite3_changes(db->handle) == 0;
    return ok && !*ret_none;
}

char *vd_db_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    /* A damaged or foreign file may hold any bytes. */
    return text ? g_utf8_make_valid(text, -1) : NULL;
}

gboolean vd_db_int(VdDb *db, gint64 *ret, gint64 otherwise, GError **error, const char *sql)
{
    sqlite3_stmt *statement = vd_db_query(db, error, sql, "");
    if (!statement)
        return FALSE;
    int more = vd_db_row(db, statement, error);
    *ret = more > 0 ? sqlite3_column_int64(statement, 0) : otherwise;
    if (more > 0)
        vd_db_leave(statement);
    return more >= 0;
}

gboolean vd_db_begin(VdDb *db, GError **error)
{
    return vd_db_exec(db, error, "BEGIN IMMEDIATE", "");
}

gboolean vd_db_finish(VdDb *db, gboolean ok, GError **error)
{
    if (ok && vd_db_exec(db, error, "COMMIT", ""))
        return TRUE;
    /* A full disk may have rolled it back already. */
    if (!sqlite3_get_autocommit(db->handle))
        vd_db_exec(db, NULL, "ROLLBACK", "");
    return FALSE;
}
