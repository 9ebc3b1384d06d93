/* The tables. A request is what somebody asked for; a job is a request that a runner works on, and
 * has its id; steps and undo entries belong to a job and go with it. Times are microseconds of
 * g_get_real_time(); states are words, so that the file can be read with sqlite3(1) as well.
 * The version is PRAGMA user_version; a change of the tables raises it and adds its statements. */
#include "config.h"

#include "src/jobs/journal-schema.h"

#include "src/base/error.h"
#include "src/base/i18n.h"

#define APPLICATION_ID 0x7664656b /* "vdek" */
#define SCHEMA_VERSION 1
/* A version beyond this is no newer program's but a broken byte. */
#define SCHEMA_SANE 1000
#define TABLES      5

static const char schema[] =
    "CREATE TABLE request (id TEXT PRIMARY KEY NOT NULL, verb TEXT NOT NULL, author TEXT NOT NULL,"
    " host TEXT, target TEXT, uuid TEXT, args TEXT, begun INTEGER NOT NULL,"
    " ended INTEGER NOT NULL DEFAULT 0, outcome TEXT, message TEXT, detail TEXT) WITHOUT ROWID;"
    "CREATE INDEX request_begun ON request (begun);"
    "CREATE TABLE event (id INTEGER PRIMARY KEY, request TEXT NOT NULL"
    " REFERENCES request (id) ON DELETE CASCADE, time INTEGER NOT NULL, level TEXT NOT NULL,"
    " text TEXT NOT NULL);"
    "CREATE INDEX event_request ON event (request);"
    "CREATE TABLE job (id TEXT PRIMARY KEY NOT NULL REFERENCES request (id) ON DELETE CASCADE,"
    " verb TEXT NOT NULL, title TEXT NOT NULL, target TEXT NOT NULL, host TEXT,"
    " author TEXT NOT NULL, state TEXT NOT NULL, created INTEGER NOT NULL,"
    " started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0, error TEXT,"
    " detail TEXT, undone TEXT, note TEXT, spec TEXT);"
    "CREATE INDEX job_ended ON job (ended, created);"
    "CREATE TABLE step (job TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,"
    " place INTEGER NOT NULL, id TEXT NOT NULL, label TEXT NOT NULL, text TEXT,"
    " state TEXT NOT NULL, fraction REAL NOT NULL, weight INTEGER NOT NULL,"
    " started INTEGER NOT NULL, ended INTEGER NOT NULL, PRIMARY KEY (job, id)) WITHOUT ROWID;"
    "CREATE TABLE undo (id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL"
    " REFERENCES job (id) ON DELETE CASCADE, time INTEGER NOT NULL, step TEXT,"
    " kind TEXT NOT NULL, argument TEXT);"
    "CREATE INDEX undo_job ON undo (job);"
    "PRAGMA application_id = 1986291051; PRAGMA user_version = 1;";

G_STATIC_ASSERT(APPLICATION_ID == 1986291051);

static gboolean damaged(VdDb *db, const char *detail, GError **error)
{
    db->damaged = TRUE;
    return vd_fail(error, VD_ERR_DAMAGED, detail, _("The journal %s is damaged."), db->path);
}

static gboolean check_pages(VdDb *db, GError **error)
{
    sqlite3_stmt *statement = vd_db_query(db, error, "PRAGMA quick_check(1)", "");
    if (!statement || vd_db_row(db, statement, error) != 1)
        return FALSE;
    g_autofree char *answer = vd_db_text(statement, 0);
    vd_db_leave(statement);
    return g_strcmp0(answer, "ok") == 0 || damaged(db, answer, error);
}

typedef struct {
    gint64 version, application, tables, ours;
} Marks;

static gboolean read_marks(VdDb *db, Marks *marks, GError **error)
{
    return vd_db_int(db, &marks->version, 0, error, "PRAGMA user_version") &&
           vd_db_int(db, &marks->application, 0, error, "PRAGMA application_id") &&
           vd_db_int(db, &marks->tables, 0, error,
                     "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                     " AND name NOT LIKE 'sqlite_%'") &&
           vd_db_int(db, &marks->ours, 0, error,
                     "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
                     " AND name IN ('request', 'event', 'job', 'step', 'undo')");
}

VdSchemaState vd_schema_check(VdDb *db, GError **error)
{
    Marks marks = {0};
    /* In one snapshot: another process may be making the tables right now. */
    if (!vd_db_exec(db, error, "BEGIN", ""))
        return VD_SCHEMA_ERROR;
    gboolean ok = read_marks(db, &marks, error);
    vd_db_exec(db, NULL, "COMMIT", "");
    if (!ok)
        return VD_SCHEMA_ERROR;
    if (marks.tables == 0 && marks.version == 0)
        return VD_SCHEMA_EMPTY;
    if (marks.application == APPLICATION_ID && marks.version > SCHEMA_VERSION &&
        marks.version < SCHEMA_SANE) {
        vd_error_set(error, VD_ERR_UNSUPPORTED, NULL,
                     _("The journal %s was written by a newer vmdeck (its version is %d, this "
                       "program knows %d): use that one."),
                     db->path, (int)marks.version, SCHEMA_VERSION);
        return VD_SCHEMA_ERROR;
    }
    if (marks.application != APPLICATION_ID && marks.ours < TABLES) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s is a database of another program: move it away."), db->path);
        return VD_SCHEMA_ERROR;
    }
    if (marks.application != APPLICATION_ID || marks.version != SCHEMA_VERSION ||
        marks.ours < TABLES) {
        damaged(db, "unknown version or missing tables", error);
        return VD_SCHEMA_ERROR;
    }
    return check_pages(db, error) ? VD_SCHEMA_OURS : VD_SCHEMA_ERROR;
}

gboolean vd_schema_create(VdDb *db, GError **error)
{
    if (!vd_db_begin(db, error))
        return FALSE;
    int rc = sqlite3_exec(db->handle, schema, NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        vd_db_fail(db, rc, error);
    return vd_db_finish(db, rc == SQLITE_OK, error);
}

gboolean vd_schema_touch(VdDb *db, GError **error)
{
    return vd_db_exec(db, error, "PRAGMA user_version = 1", "");
}

G_STATIC_ASSERT(SCHEMA_VERSION == 1);
