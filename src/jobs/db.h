/* SQLite for this room alone: one connection, its prepared statements, and SQLite's many ways to
 * fail mapped to our few. Not a door: nobody outside src/jobs includes it. */
#pragma once

#include <glib.h>
#include <sqlite3.h>

typedef struct {
    sqlite3 *handle;
    char *path;
    GHashTable *statements; /* SQL text, by address of the literal → sqlite3_stmt */
    gboolean damaged;       /* a statement met a broken page */
    gint64 busy_since;      /* monotonic: when it began to wait for a lock */
} VdDb;

typedef enum {
    VD_DB_WRITE, /* a file that may only be read is VD_ERR_DENIED */
    VD_DB_READ,  /* beside those that write: needs the -shm that they have left */
    VD_DB_STILL, /* of a disk that nobody writes to: the file alone, without its -wal and locks */
} VdDbManner;

/* Opens an existing file. The busy timeout is 2 s. Ownership: vd_db_close(). */
gboolean vd_db_open(VdDb *db, const char *path, VdDbManner manner, GError **error);
/* Fine on one that never was open. */
void vd_db_close(VdDb *db);

/* The sentence and code for the last failure of the connection, whose result code was rc. Returns
 * FALSE. Codes as in sqlite.org/rescode.html. */
gboolean vd_db_fail(VdDb *db, int rc, GError **error);

/* Runs one statement to its end. sql must be a literal: it is prepared once and kept. types has a
 * letter for each `?`: s (const char *, NULL is NULL), i (gint64), d (double). Bytes of s that are
 * no UTF-8 are replaced. */
gboolean vd_db_exec(VdDb *db, GError **error, const char *sql, const char *types, ...);
/* The same, and VD_ERR_NOT_FOUND without words of its own (the caller has them) if no row was
 * changed: *ret_none says so. */
gboolean vd_db_change(VdDb *db, gboolean *ret_none, GError **error, const char *sql,
                      const char *types, ...);
/* Begins a query; rows come by vd_db_row(). NULL with the error set. Owned by db; only one query
 * with the same literal may be open at a time. */
sqlite3_stmt *vd_db_query(VdDb *db, GError **error, const char *sql, const char *types, ...);
/* 1: there is a row; 0: the end; -1: error. After 0 and -1 the statement is ready for its next use;
 * to leave a query early, vd_db_leave(). */
int vd_db_row(VdDb *db, sqlite3_stmt *statement, GError **error);
void vd_db_leave(sqlite3_stmt *statement);
/* A copy of a text column, NULL for NULL; the caller frees. */
char *vd_db_text(sqlite3_stmt *statement, int column);
/* The first column of a query's first row as an integer; otherwise if there is none. */
gboolean vd_db_int(VdDb *db, gint64 *ret, gint64 otherwise, GError **error, const char *sql);

/* A transaction that writes (IMMEDIATE, so that it cannot fail half-way for a newer snapshot). */
gboolean vd_db_begin(VdDb *db, GError **error);
/* Commits if ok, else rolls back; TRUE only if ok and committed. */
gboolean vd_db_finish(VdDb *db, gboolean ok, GError **error);
