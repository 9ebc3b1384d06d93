/* The journal: one SQLite database (WAL) of requests, jobs, steps, progress, undo and audit, shared
 * by all our processes. Each VdJournal belongs to one thread at a time; every call may wait on the
 * disk (busy timeout 2 s): never on the UI thread. A damaged database is set aside
 * (journal.db.damaged-DATE), a new one begun with the jobs that were not over as far as they can be
 * read, and vd_journal_notice() says so. One that is locked gives VD_ERR_BUSY. One that may not be
 * written (its disk is mounted to read, say) is opened all the same, so that it can be read: what
 * writes then fails with VD_ERR_DENIED or _NO_SPACE, and is tried anew some seconds later. */
#pragma once

#include <glib.h>

#include "src/model/job.h"

typedef struct _VdJournal VdJournal;

VdJournal *vd_journal_open(const char *path, GError **error);
void vd_journal_close(VdJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdJournal, vd_journal_close)
/* Closing it will not wait for the disk: nothing is moved from the WAL into the file then, which
 * others do when they close theirs, and SQLite when the WAL has grown. */
void vd_journal_close_fast(VdJournal *journal);
/* A sentence about what was set aside, or NULL. Owned by the journal; it may also come later, when
 * damage shows in a call (which then fails with VD_ERR_DAMAGED; the next one has the new file). */
const char *vd_journal_notice(const VdJournal *journal);
/* Writes, for real, what changes nothing. FALSE with the reason why nothing can be written. */
gboolean vd_journal_try(VdJournal *journal, GError **error);
/* Whether it was opened to write. */
gboolean vd_journal_writable(const VdJournal *journal);

/* Requests: every verb that changes something. outcome: "done", "failed", "unknown", "cancelled",
 * "denied". */
typedef struct {
    const char *id, *verb, *author, *host, *target, *uuid; /* host, target, uuid may be NULL */
    const char *args;                                      /* JSON without secrets */
} VdJournalRequest;
/* VD_ERR_EXISTS if the id is in use. On the disk when it returns. */
gboolean vd_journal_begin(VdJournal *journal, const VdJournalRequest *request, GError **error);
/* A request as it was begun; all but the verb may be NULL. VD_ERR_NOT_FOUND. The strings
 * are the caller's: vd_journal_asked_clear(). */
typedef struct {
    char *verb, *host, *target, *uuid, *args;
} VdJournalAsked;
gboolean vd_journal_asked(VdJournal *journal, const char *id, VdJournalAsked *ret, GError **error);
void vd_journal_asked_clear(VdJournalAsked *asked);
/* Writes the outcome. That of a request with a job is left to the job's runner: TRUE, and nothing
 * is written. */
gboolean vd_journal_end(VdJournal *journal, const char *id, const char *outcome,
                        const char *message, const char *detail, GError **error);
/* A line of the request's story, from any process. level as in the log: "info", "warning",
 * "error". VD_ERR_NOT_FOUND if the request was not begun. */
gboolean vd_journal_event(VdJournal *journal, const char *request, const char *level,
                          const char *text, GError **error);

/* Jobs. */

/* The row of a job that is queued, with its steps; begins the request as well if nobody has. spec
 * is JSON without secrets. */
gboolean vd_journal_job_create(VdJournal *journal, const VdJob *job, const char *spec,
                               GError **error);
/* Newest first; ended ones only the last `ended`. Jobs that have not ended and whose lock is free
 * come as VD_JOB_INTERRUPTED; a lock that is let go changes no version: look again now and then
 * while a job runs. VdJob; the caller unrefs. */
GPtrArray *vd_journal_jobs(VdJournal *journal, guint ended, GError **error);
/* The jobs that a job has started and waits for, in their order. The caller unrefs. */
GPtrArray *vd_journal_children(VdJournal *journal, const char *id, GError **error);
/* One job, or NULL: VD_ERR_NOT_FOUND. The caller unrefs. */
VdJob *vd_journal_job(VdJournal *journal, const char *id, GError **error);
/* The same with its texts as they are written, for who writes them again (base/said.h). */
VdJob *vd_journal_job_written(VdJournal *journal, const char *id, GError **error);
/* What it was created with; the caller frees. */
char *vd_journal_job_spec(VdJournal *journal, const char *id, GError **error);
/* A new state, and its time. Texts that are NULL leave what stands, an
 * empty error_text takes it away. An ended state stays unless
 * the new one is an ended one too. */
gboolean vd_journal_job_state(VdJournal *journal, const char *id, VdJobState state,
                              const char *error_text, const char *detail, const char *undone,
                              GError **error);
/* The last act of a job: the state with its texts, the outcome of its request, the end of a step
 * that still runs and, if it is done, that of its undo entries, in one piece. */
gboolean vd_journal_job_finish(VdJournal *journal, const char *id, VdJobState state,
                               const char *error_text, const char *detail, const char *undone,
                               GError **error);
/* Why it is going to fail, where callers tell that apart: VD_ERR_UNREACHABLE or VD_ERR_DENIED,
 * which becomes the outcome of its request. Other codes change nothing. */
gboolean vd_journal_job_blame(VdJournal *journal, const char *id, VdErrorCode code, GError **error);
gboolean vd_journal_job_note(VdJournal *journal, const char *id, const char *note, GError **error);
/* The step as it is now. On the disk when it returns if the step begins; else not forced there:
 * what a power failure takes back was only progress. */
gboolean vd_journal_step(VdJournal *journal, const char *id, const VdStep *step, GError **error);
/* How many seconds this step took in the last few jobs of this verb that were done, on average: of
 * those with the same image as spec (JSON; may be NULL) if there were any; -1 if there was none. */
double vd_journal_step_seconds(VdJournal *journal, const char *verb, const char *step,
                               const char *spec);
/* Undo entries, newest first when read: written before the act (on the disk when it returns),
 * removed when undone. kind and argument are the step's own words. */
gboolean vd_journal_undo_push(VdJournal *journal, const char *id, const char *kind,
                              const char *argument, GError **error);
/* The same for what belongs to no step: it is undone with the whole job only. */
gboolean vd_journal_undo_push_at_end(VdJournal *journal, const char *id, const char *kind,
                                     const char *argument, GError **error);
/* VdUndo; the caller unrefs. */
GPtrArray *vd_journal_undo_list(VdJournal *journal, const char *id, GError **error);
gboolean vd_journal_undo_done(VdJournal *journal, const char *id, gint64 undo, GError **error);
typedef struct {
    gint64 id;
    char *step; /* that ran when it was pushed, or NULL */
    char *kind, *argument;
} VdUndo;
void vd_undo_free(VdUndo *undo);

/* Changes when any process wrote (PRAGMA data_version, and our own changes): cheap, for polling. */
gint64 vd_journal_version(VdJournal *journal);
/* All that is known of a request, in order of time: lines of (time µs, source, level, text).
 * Sources: "request", "event", "job", "step", "undo", "log" (vmdeck.log; of its last 32 MiB). Texts
 * are one line, cleaned, and in the language of this process but for those of the log.
 * VD_ERR_NOT_FOUND if nothing is known. */
typedef struct {
    gint64 time;
    char *source, *level, *text;
} VdStoryLine;
void vd_story_line_free(VdStoryLine *line);
GPtrArray *vd_journal_story(VdJournal *journal, const char *request, GError **error);
