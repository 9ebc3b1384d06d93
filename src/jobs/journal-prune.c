/* What is kept: the jobs of 90 days, at most 1,000 that have ended; requests of 90 days. A job with
 * something left to undo stays until that is undone. A few rows each time the journal is opened,
 * found by index, so that opening stays cheap. */
#include "config.h"

#include "src/base/files.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/jobs/job-lock.h"
#include "src/jobs/journal-impl.h"

#define KEEP_USEC (90 * 24 * G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)
#define KEEP_JOBS 1000
#define AT_ONCE   50

static GPtrArray *old_jobs(VdDb *db, gint64 before)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement =
        vd_db_query(db, NULL,
                    "SELECT id FROM job WHERE ended > 0 AND (ended < ?1 OR ended <"
                    " (SELECT ended FROM job WHERE ended > 0 ORDER BY ended DESC"
                    " LIMIT 1 OFFSET ?2)) AND NOT EXISTS"
                    " (SELECT 1 FROM undo WHERE undo.job = job.id) ORDER BY ended LIMIT ?3",
                    "iii", before, (gint64)KEEP_JOBS - 1, (gint64)AT_ONCE);
    while (statement && vd_db_row(db, statement, NULL) > 0)
        g_ptr_array_add(ids, vd_db_text(statement, 0));
    return g_steal_pointer(&ids);
}

static void remove_job(VdDb *db, const char *id)
{
    /* A name that is no id is no folder of ours. */
    if (vd_request_id_valid(id)) {
        g_autofree char *folder = vd_path_job(id);
        if (vd_job_lock_held(id) || !vd_remove_tree(folder, NULL))
            return;
    }
    vd_db_exec(db, NULL, "DELETE FROM job WHERE id = ?", "s", id);
}

void vd_journal_prune(VdJournal *journal)
{
    gint64 before = g_get_real_time() - KEEP_USEC;
    g_autoptr(GPtrArray) ids = old_jobs(&journal->db, before);
    for (guint i = 0; i < ids->len; i++)
        remove_job(&journal->db, g_ptr_array_index(ids, i));
    gint64 oldest = 0;
    if (vd_db_int(&journal->db, &oldest, 0, NULL, "SELECT min(begun) FROM request") && oldest > 0 &&
        oldest < before)
        vd_db_exec(&journal->db, NULL,
                   "DELETE FROM request WHERE id IN (SELECT id FROM request WHERE begun < ?"
                   " AND id NOT IN (SELECT id FROM job) ORDER BY begun LIMIT 500)",
                   "i", before);
}
