/* What can still be read of a damaged journal and matters: the jobs that have not ended, or have
 * something left to undo, with their steps and undo entries. A job whose runner was killed would
 * otherwise leave its volumes behind for ever. Row by row, so that a broken page costs what stands
 * on it and after it; the indices are not used, for they may be what is broken. */
#include "config.h"

#include "src/jobs/journal-impl.h"

#define WANTED "(+job.ended = 0 OR +job.id IN (SELECT +job FROM undo))"
#define OPEN   "+job.ended = 0"

typedef struct {
    const char *select, *insert;
    const char *otherwise; /* should the first one meet the damage */
} Part;

/* Parents before children. */
static const Part parts[] = {
    {"SELECT request.id, request.verb, request.author, request.host, request.target, request.uuid,"
     " request.args, request.begun FROM job JOIN request ON request.id = job.id WHERE " WANTED,
     "INSERT OR IGNORE INTO request (id, verb, author, host, target, uuid, args, begun)"
     " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
     "SELECT id, verb, author, host, target, NULL, NULL, created FROM job WHERE " OPEN},
    {"SELECT id, verb, title, target, host, author, state, created, started, ended, error, detail,"
     " undone, note, spec FROM job WHERE " WANTED,
     "INSERT OR IGNORE INTO job (id, verb, title, target, host, author, state, created, started,"
     " ended, error, detail, undone, note, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
     " ?)",
     "SELECT id, verb, title, target, host, author, state, created, started, ended, error, detail,"
     " undone, note, NULL FROM job WHERE " OPEN},
    {"SELECT job, place, id, label, text, state, fraction, weight, started, ended FROM step",
     "INSERT OR IGNORE INTO step (job, place, id, label, text, state, fraction, weight, started,"
     " ended) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE ?1 IN (SELECT id FROM job)",
     NULL},
    {"SELECT id, job, time, step, kind, argument FROM undo NOT INDEXED",
     "INSERT OR IGNORE INTO undo (id, job, time, step, kind, argument)"
     " SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?2 IN (SELECT id FROM job)",
     NULL},
};

/* Stops at the first row that cannot be read; FALSE then. */
static gboolean copy_rows(sqlite3 *from, sqlite3 *to, const char *select, const char *insert)
{
    sqlite3_stmt *source = NULL, *sink = NULL;
    int rc = sqlite3_prepare_v2(from, select, -1, &source, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(to, insert, -1, &sink, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(source)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(source); i++)
            sqlite3_bind_value(sink, i + 1, sqlite3_column_value(source, i));
        /* A row that does not fit the tables is not worth the others. */
        sqlite3_step(sink);
        rc = sqlite3_reset(sink) == SQLITE_FULL ? SQLITE_FULL : SQLITE_OK;
    }
    sqlite3_finalize(source);
    sqlite3_finalize(sink);
    return rc == SQLITE_DONE;
}

int vd_journal_salvage(VdDb *db, const char *damaged)
{
    sqlite3 *from = NULL;
    gint64 n = 0;
    if (sqlite3_open_v2(damaged, &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        vd_db_begin(db, NULL)) {
        /* Texts of any length that a broken page claims are not believed. */
        sqlite3_limit(from, SQLITE_LIMIT_LENGTH, 1 << 20);
        for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
            if (!copy_rows(from, db->handle, parts[i].select, parts[i].insert) &&
                parts[i].otherwise)
                copy_rows(from, db->handle, parts[i].otherwise, parts[i].insert);
        if (!vd_db_finish(db, TRUE, NULL) ||
            !vd_db_int(db, &n, 0, NULL, "SELECT count(*) FROM job"))
            n = 0;
    }
    sqlite3_close(from);
    return (int)n;
}
