/* Jobs, steps and undo entries in the journal. A job is read back as an immutable VdJob; whether
 * its runner lives is not written anywhere but in its lock, so it is looked up each time. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/jobs/job-lock.h"
#include "src/jobs/journal-impl.h"

static const char *const job_words[] = {"queued", "running",   "cancelling",  "done",
                                        "failed", "cancelled", "interrupted", "unknown"};
static const char *const step_words[] = {"waiting", "running", "done",
                                         "skipped", "failed",  "undone"};

static int word_index(const char *const *words, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (g_strcmp0(words[i], word) == 0)
            return i;
    return -1;
}

static gboolean no_job(const char *id, GError **error)
{
    return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no job %s."), id);
}

/* ---- writing ---- */

static gboolean insert_step(VdDb *db, const char *job, int place, const VdStep *step,
                            GError **error)
{
    return vd_db_exec(db, error,
                      "INSERT INTO step (job, place, id, label, text, state, fraction, weight,"
                      " started, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      "sissssdiii", job, (gint64)place, step->id, step->label, step->text,
                      step_words[step->state], step->fraction, (gint64)step->weight, step->started,
                      step->ended);
}

static gboolean insert_job(VdDb *db, const VdJob *job, const char *spec, GError **error)
{
    gint64 created = job->created ? job->created : g_get_real_time();
    const char *target = job->target ? job->target : "";
    const char *author = job->author ? job->author : g_get_user_name();
    if (!vd_db_exec(db, error,
                    "INSERT OR IGNORE INTO request (id, verb, author, host, target, begun)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    "sssssi", job->id, job->verb, author, job->host, target, created) ||
        !vd_db_exec(db, error,
                    "INSERT INTO job (id, verb, title, target, host, author, state, created,"
                    " started, note, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    "sssssssiiss", job->id, job->verb, job->title ? job->title : job->verb, target,
                    job->host, author, job_words[job->state], created, job->started, job->note,
                    spec))
        return FALSE;
    for (guint i = 0; i < job->steps->len; i++)
        if (!insert_step(db, job->id, (int)i, g_ptr_array_index(job->steps, i), error))
            return FALSE;
    return TRUE;
}

gboolean vd_journal_job_create(VdJournal *journal, const VdJob *job, const char *spec,
                               GError **error)
{
    g_autoptr(GError) local = NULL;
    if (!vd_journal_ready(journal, error) || !vd_db_begin(&journal->db, error))
        return FALSE;
    gboolean ok = insert_job(&journal->db, job, spec, &local);
    if (vd_db_finish(&journal->db, ok, ok ? error : NULL))
        return TRUE;
    if (vd_error_code(local) == VD_ERR_EXISTS)
        return vd_fail(error, VD_ERR_EXISTS, vd_error_detail(local),
                       _("There is a job %s already."), job->id);
    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

static gboolean change_state(VdDb *db, const char *id, VdJobState state, const char *error_text,
                             const char *detail, const char *undone, GError **error)
{
    gboolean none = FALSE;
    gint64 now = g_get_real_time();
    gint64 started = state == VD_JOB_RUNNING ? now : 0;
    gint64 ended = vd_job_state_ended(state) ? now : 0;
    if (vd_db_change(
            db, &none, error,
            "UPDATE job SET state = ?2, started = iif(started = 0, ?3, started),"
            " ended = ?4, error = nullif(ifnull(?5, error), ''), detail = ifnull(?6, detail),"
            " undone = ifnull(?7, undone)"
            " WHERE id = ?1 AND (ended = 0 OR ?4 > 0)",
            "ssiisss", id, job_words[state], started, ended, error_text, detail, undone))
        return TRUE;
    return none ? no_job(id, error) : FALSE;
}

gboolean vd_journal_job_state(VdJournal *journal, const char *id, VdJobState state,
                              const char *error_text, const char *detail, const char *undone,
                              GError **error)
{
    return vd_journal_ready(journal, error) &&
           change_state(&journal->db, id, state, error_text, detail, undone, error);
}

/* Outcomes of requests that say more than "failed". */
static const struct {
    VdErrorCode code;
    const char *word;
} blames[] = {
    {VD_ERR_UNREACHABLE, "unreachable"},
    {VD_ERR_DENIED, "denied"},
};

gboolean vd_journal_job_blame(VdJournal *journal, const char *id, VdErrorCode code, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(blames); i++)
        if (blames[i].code == code)
            return vd_journal_ready(journal, error) &&
                   vd_db_exec(&journal->db, error, "UPDATE request SET outcome = ? WHERE id = ?",
                              "ss", blames[i].word, id);
    return TRUE;
}

static VdErrorCode blame_code(const char *outcome)
{
    for (guint i = 0; i < G_N_ELEMENTS(blames); i++)
        if (g_strcmp0(blames[i].word, outcome) == 0)
            return blames[i].code;
    return VD_ERR_FAILED;
}

/* A step that nobody came to end: its runner hung, or could not write for a while. */
static gboolean finish_steps(VdDb *db, const char *id, VdJobState state, GError **error)
{
    VdStepState how = state == VD_JOB_DONE        ? VD_STEP_DONE
                      : state == VD_JOB_CANCELLED ? VD_STEP_UNDONE
                                                  : VD_STEP_FAILED;
    return vd_db_exec(db, error,
                      "UPDATE step SET state = ?1, ended = (SELECT ended FROM job WHERE id = ?2)"
                      " WHERE job = ?2 AND state = 'running'",
                      "ss", step_words[how], id);
}

static gboolean finish(VdDb *db, const char *id, VdJobState state, const char *error_text,
                       const char *detail, const char *undone, GError **error)
{
    if (!change_state(db, id, state, error_text, detail, undone, error) ||
        !finish_steps(db, id, state, error) ||
        !vd_db_exec(db, error,
                    "UPDATE request SET ended = ?1, message = nullif(?3, ''), detail = ?4,"
                    " outcome = iif(?2 = 'failed', ifnull(outcome, ?2), ?2) WHERE id = ?5",
                    "issss", g_get_real_time(), job_words[state], error_text, detail, id))
        return FALSE;
    return state != VD_JOB_DONE || vd_db_exec(db, error, "DELETE FROM undo WHERE job = ?", "s", id);
}

gboolean vd_journal_job_finish(VdJournal *journal, const char *id, VdJobState state,
                               const char *error_text, const char *detail, const char *undone,
                               GError **error)
{
    if (!vd_journal_ready(journal, error) || !vd_db_begin(&journal->db, error))
        return FALSE;
    gboolean ok = finish(&journal->db, id, state, error_text, detail, undone, error);
    return vd_db_finish(&journal->db, ok, ok ? error : NULL);
}

gboolean vd_journal_job_note(VdJournal *journal, const char *id, const char *note, GError **error)
{
    gboolean none = FALSE;
    if (!vd_journal_ready(journal, error))
        return FALSE;
    if (vd_db_change(&journal->db, &none, error, "UPDATE job SET note = nullif(?, '') WHERE id = ?",
                     "ss", note, id))
        return TRUE;
    return none ? no_job(id, error) : FALSE;
}

gboolean vd_journal_step(VdJournal *journal, const char *id, const VdStep *step, GError **error)
{
    gboolean none = FALSE;
    /* A step is on the disk before it begins; its progress need not be. */
    gboolean begins = step->state == VD_STEP_RUNNING && step->fraction == 0;
    if (!vd_journal_ready(journal, error) ||
        (!begins && !vd_db_exec(&journal->db, error, "PRAGMA synchronous = NORMAL", "")))
        return FALSE;
    gboolean ok = vd_db_change(&journal->db, &none, error,
                               "UPDATE step SET text = ?, state = ?, fraction = ?, started = ?,"
                               " ended = ? WHERE job = ? AND id = ?",
                               "ssdiiss", step->text, step_words[step->state], step->fraction,
                               step->started, step->ended, id, step->id);
    if (!begins)
        vd_db_exec(&journal->db, NULL, "PRAGMA synchronous = FULL", "");
    return none ? no_job(id, error) : ok;
}

/* Of jobs whose spec names the same image as spec, if spec is not NULL. */
static double step_seconds(VdJournal *journal, const char *verb, const char *step, const char *spec)
{
    if (!vd_journal_ready(journal, NULL))
        return -1;
    VdDb *db = &journal->db;
    sqlite3_stmt *statement = vd_db_query(
        db, NULL,
        "SELECT avg(spent) FROM (SELECT step.ended - step.started AS spent FROM job"
        " JOIN step ON step.job = job.id WHERE job.verb = ? AND step.id = ? AND job.state = 'done'"
        " AND step.state = 'done' AND step.ended > step.started AND (?3 IS NULL"
        " OR CASE WHEN json_valid(?3) AND json_valid(job.spec)"
        " THEN json_extract(job.spec, '$.image') = json_extract(?3, '$.image') ELSE 0 END)"
        " ORDER BY job.created DESC LIMIT 5)",
        "sss", verb, step, spec);
    if (!statement || vd_db_row(db, statement, NULL) != 1)
        return -1;
    double seconds = sqlite3_column_type(statement, 0) == SQLITE_NULL
                         ? -1
                         : sqlite3_column_double(statement, 0) / G_USEC_PER_SEC;
    vd_db_leave(statement);
    return seconds;
}

double vd_journal_step_seconds(VdJournal *journal, const char *verb, const char *step,
                               const char *spec)
{
    double same = spec ? step_seconds(journal, verb, step, spec) : -1;
    return same >= 0 ? same : step_seconds(journal, verb, step, NULL);
}

/* ---- undo ---- */

static gboolean undo_push(VdJournal *journal, const char *id, gboolean of_step, const char *kind,
                          const char *argument, GError **error)
{
    g_autoptr(GError) local = NULL;
    if (!vd_journal_ready(journal, error))
        return FALSE;
    if (vd_db_exec(&journal->db, &local,
                   "INSERT INTO undo (job, time, step, kind, argument) VALUES (?1, ?2,"
                   " (SELECT id FROM step WHERE job = ?1 AND state = 'running' AND ?5"
                   " ORDER BY place DESC LIMIT 1), ?3, ?4)",
                   "sissi", id, g_get_real_time(), kind, argument, (gint64)of_step))
        return TRUE;
    if (vd_error_code(local) == VD_ERR_NOT_FOUND)
        return no_job(id, error);
    g_propagate_error(error, g_steal_pointer(&local));
    return FALSE;
}

gboolean vd_journal_undo_push(VdJournal *journal, const char *id, const char *kind,
                              const char *argument, GError **error)
{
    return undo_push(journal, id, TRUE, kind, argument, error);
}

gboolean vd_journal_undo_push_at_end(VdJournal *journal, const char *id, const char *kind,
                                     const char *argument, GError **error)
{
    return undo_push(journal, id, FALSE, kind, argument, error);
}

void vd_undo_free(VdUndo *undo)
{
    if (!undo)
        return;
    g_free(undo->step);
    g_free(undo->kind);
    g_free(undo->argument);
    g_free(undo);
}

GPtrArray *vd_journal_undo_list(VdJournal *journal, const char *id, GError **error)
{
    if (!vd_journal_ready(journal, error))
        return NULL;
    VdDb *db = &journal->db;
    sqlite3_stmt *statement = vd_db_query(
        db, error, "SELECT id, step, kind, argument FROM undo WHERE job = ? ORDER BY id DESC", "s",
        id);
    if (!statement)
        return NULL;
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)vd_undo_free);
    int more;
    while ((more = vd_db_row(db, statement, error)) > 0) {
        VdUndo *undo = g_new0(VdUndo, 1);
        undo->id = sqlite3_column_int64(statement, 0);
        undo->step = vd_db_text(statement, 1);
        undo->kind = vd_db_text(statement, 2);
        undo->argument = vd_db_text(statement, 3);
        g_ptr_array_add(list, undo);
    }
    return more == 0 ? g_steal_pointer(&list) : NULL;
}

gboolean vd_journal_undo_done(VdJournal *journal, const char *id, gint64 undo, GError **error)
{
    return vd_journal_ready(journal, error) &&
           vd_db_exec(&journal->db, error, "DELETE FROM undo WHERE job = ? AND id = ?", "si", id,
                      undo);
}

/* ---- reading ---- */

static void take(char **where, char *text)
{
    g_free(*where);
    *where = text;
}

/* What a runner wrote for readers of any language; raw: for one that goes on with it. */
static void take_said(char **where, sqlite3_stmt *statement, int column, gboolean raw)
{
    g_autofree char *written = vd_db_text(statement, column);
    take(where, raw ? g_steal_pointer(&written) : vd_said_show(written));
}

/* A job that another one waits for names it in its spec. */
#define JOB_PARENT  "iif(json_valid(spec), json_extract(spec, '$.parent'), NULL)"
#define JOB_OUTCOME " (SELECT outcome FROM request WHERE request.id = job.id)"
#define JOB_COLUMNS                                                                                \
    "SELECT id, verb, title, target, host, author, state, created, started, ended, error, detail," \
    " undone, note, " JOB_PARENT "," JOB_OUTCOME " FROM job "

static VdJob *read_job(sqlite3_stmt *statement, gboolean raw)
{
    g_autofree char *id = vd_db_text(statement, 0);
    g_autofree char *word = vd_db_text(statement, 6);
    VdJob *job = vd_job_new(id);
    take(&job->verb, vd_db_text(statement, 1));
    take(&job->title, vd_db_text(statement, 2));
    take(&job->target, vd_db_text(statement, 3));
    take(&job->host, vd_db_text(statement, 4));
    take(&job->author, vd_db_text(statement, 5));
    int state = word_index(job_words, G_N_ELEMENTS(job_words), word);
    job->state = state < 0 ? VD_JOB_FAILED : (VdJobState)state;
    job->created = sqlite3_column_int64(statement, 7);
    job->started = sqlite3_column_int64(statement, 8);
    job->ended = sqlite3_column_int64(statement, 9);
    take_said(&job->error, statement, 10, raw);
    take(&job->detail, vd_db_text(statement, 11));
    take_said(&job->undone, statement, 12, raw);
    take_said(&job->note, statement, 13, raw);
    take(&job->parent, vd_db_text(statement, 14));
    g_autofree char *outcome = vd_db_text(statement, 15);
    job->why = blame_code(outcome);
    return job;
}

static gboolean read_steps(VdDb *db, VdJob *job, gboolean raw, GError **error)
{
    sqlite3_stmt *statement =
        vd_db_query(db, error,
                    "SELECT id, label, weight, text, state, fraction, started, ended"
                    " FROM step WHERE job = ? ORDER BY place",
                    "s", job->id);
    if (!statement)
        return FALSE;
    int more;
    while ((more = vd_db_row(db, statement, error)) > 0) {
        g_autofree char *id = vd_db_text(statement, 0);
        g_autofree char *label = vd_db_text(statement, 1);
        g_autofree char *word = vd_db_text(statement, 4);
        VdStep *step = vd_job_add_step(job, id, label, sqlite3_column_int(statement, 2));
        take_said(&step->text, statement, 3, raw);
        int state = word_index(step_words, G_N_ELEMENTS(step_words), word);
        step->state = state < 0 ? VD_STEP_FAILED : (VdStepState)state;
        step->fraction = sqlite3_column_double(statement, 5);
        step->started = sqlite3_column_int64(statement, 6);
        step->ended = sqlite3_column_int64(statement, 7);
    }
    return more == 0;
}

/* The rows of statement in one snapshot with their steps; NULL: error. */
static GPtrArray *read_jobs(VdDb *db, sqlite3_stmt *statement, gboolean raw, GError **error)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_job_unref);
    int more;
    while ((more = vd_db_row(db, statement, error)) > 0)
        g_ptr_array_add(jobs, read_job(statement, raw));
    if (more < 0)
        return NULL;
    for (guint i = 0; i < jobs->len; i++)
        if (!read_steps(db, g_ptr_array_index(jobs, i), raw, error))
            return NULL;
    return g_steal_pointer(&jobs);
}

/* A job that has not ended and whose lock is free has lost its runner; but the runner may just
 * have ended, between our reading and our look at the lock: then the next reading tells. */
static gboolean lost_runner(const VdJob *job)
{
    return !vd_job_state_ended(job->state) &&
           (!vd_request_id_valid(job->id) || !vd_job_lock_held(job->id));
}

static gboolean any_lost(const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++)
        if (lost_runner(g_ptr_array_index(jobs, i)))
            return TRUE;
    return FALSE;
}

typedef GPtrArray *(*ReadFunc)(VdDb *db, guint ended, const char *id, GError **error);

static GPtrArray *read_snapshot(VdDb *db, ReadFunc read, guint ended, const char *id,
                                GError **error)
{
    if (!vd_db_exec(db, error, "BEGIN", ""))
        return NULL;
    GPtrArray *jobs = read(db, ended, id, error);
    vd_db_exec(db, NULL, "COMMIT", "");
    return jobs;
}

static GPtrArray *read_with_locks(VdJournal *journal, ReadFunc read, guint ended, const char *id,
                                  GError **error)
{
    if (!vd_journal_ready(journal, error))
        return NULL;
    g_autoptr(GPtrArray) jobs = read_snapshot(&journal->db, read, ended, id, error);
    if (!jobs || !any_lost(jobs))
        return g_steal_pointer(&jobs);
    /* Who seems lost is looked at again: the lock goes after the last state was written, so what
     * has not ended now and has no lock will not change any more. */
    g_autoptr(GHashTable) lost = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(jobs, i);
        if (lost_runner(job))
            g_hash_table_add(lost, g_strdup(job->id));
    }
    g_autoptr(GPtrArray) again = read_snapshot(&journal->db, read, ended, id, error);
    for (guint i = 0; again && i < again->len; i++) {
        VdJob *job = g_ptr_array_index(again, i);
        if (!vd_job_state_ended(job->state) && g_hash_table_contains(lost, job->id))
            job->state = VD_JOB_INTERRUPTED;
    }
    return g_steal_pointer(&again);
}

static GPtrArray *read_recent(VdDb *db, guint ended, const char *id, GError **error)
{
    (void)id;
    sqlite3_stmt *statement =
        vd_db_query(db, error,
                    JOB_COLUMNS "WHERE ended = 0 OR id IN (SELECT id FROM job WHERE ended > 0"
                                " ORDER BY ended DESC LIMIT ?) ORDER BY created DESC, id DESC",
                    "i", (gint64)ended);
    return statement ? read_jobs(db, statement, FALSE, error) : NULL;
}

static GPtrArray *read_one(VdDb *db, guint ended, const char *id, GError **error)
{
    (void)ended;
    sqlite3_stmt *statement = vd_db_query(db, error, JOB_COLUMNS "WHERE id = ?", "s", id);
    return statement ? read_jobs(db, statement, FALSE, error) : NULL;
}

static GPtrArray *read_one_raw(VdDb *db, guint ended, const char *id, GError **error)
{
    (void)ended;
    sqlite3_stmt *statement = vd_db_query(db, error, JOB_COLUMNS "WHERE id = ?", "s", id);
    return statement ? read_jobs(db, statement, TRUE, error) : NULL;
}

static GPtrArray *read_children(VdDb *db, guint ended, const char *id, GError **error)
{
    (void)ended;
    sqlite3_stmt *statement = vd_db_query(
        db, error, JOB_COLUMNS "WHERE " JOB_PARENT " = ? ORDER BY created, target", "s", id);
    return statement ? read_jobs(db, statement, FALSE, error) : NULL;
}

GPtrArray *vd_journal_children(VdJournal *journal, const char *id, GError **error)
{
    return read_with_locks(journal, read_children, 0, id, error);
}

GPtrArray *vd_journal_jobs(VdJournal *journal, guint ended, GError **error)
{
    return read_with_locks(journal, read_recent, ended, NULL, error);
}

static VdJob *only_job(VdJournal *journal, ReadFunc read, const char *id, GError **error)
{
    g_autoptr(GPtrArray) jobs = read_with_locks(journal, read, 0, id, error);
    if (!jobs)
        return NULL;
    if (jobs->len > 0)
        return vd_job_ref(g_ptr_array_index(jobs, 0));
    no_job(id, error);
    return NULL;
}

VdJob *vd_journal_job(VdJournal *journal, const char *id, GError **error)
{
    return only_job(journal, read_one, id, error);
}

VdJob *vd_journal_job_written(VdJournal *journal, const char *id, GError **error)
{
    return only_job(journal, read_one_raw, id, error);
}

char *vd_journal_job_spec(VdJournal *journal, const char *id, GError **error)
{
    if (!vd_journal_ready(journal, error))
        return NULL;
    VdDb *db = &journal->db;
    sqlite3_stmt *statement =
        vd_db_query(db, error, "SELECT ifnull(spec, '') FROM job WHERE id = ?", "s", id);
    int more = statement ? vd_db_row(db, statement, error) : -1;
    if (more == 0)
        no_job(id, error);
    if (more <= 0)
        return NULL;
    char *spec = vd_db_text(statement, 0);
    vd_db_leave(statement);
    return spec;
}
