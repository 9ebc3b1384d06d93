/* The journal: one SQLite database (WAL) of requests, jobs, steps, progress, undo and audit, shared
 * by all our processes. Each VdJournal belongs to one thread at a time; every call may wait on the
 * disk (busy timeout 2 s): never on the UI thread. A damaged database is set aside
 * (journal.db.damaged-DATE), a new one begun, and vd_journal_notice() says so; one that is locked,
 * read-only or on a full disk gives VD_ERR_BUSY, _DENIED or _NO_SPACE. */
#pragma once

#include <glib.h>

#include "src/model/job.h"

typedef struct _VdJournal VdJournal;

VdJournal *vd_journal_open(const char *path, GError **error);
void vd_journal_close(VdJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdJournal, vd_journal_close)
const char *
vd_journal_notice(const VdJournal *journal); /* a sentence about what was set aside, or NULL */

/* Requests: every verb that changes something. outcome: "done", "failed", "unknown", "cancelled",
 * "denied". */
typedef struct {
    const char *id, *verb, *author, *host, *target, *uuid; /* host, target, uuid may be NULL */
    const char *args;                                      /* JSON without secrets */
} VdJournalRequest;
gboolean vd_journal_begin(VdJournal *journal, const VdJournalRequest *request, GError **error);
gboolean vd_journal_end(VdJournal *journal, const char *id, const char *outcome,
                        const char *message, const char *detail, GError **error);
/* A line of the request's story, from any process. */
gboolean vd_journal_event(VdJournal *journal, const char *request, const char *level,
                          const char *text, GError **error);

/* Jobs. */
gboolean vd_journal_job_create(VdJournal *journal, const VdJob *job, const char *spec,
                               GError **error);
/* Newest first; ended ones only the last `ended`. Jobs marked running whose lock is free come as
 * VD_JOB_INTERRUPTED. */
GPtrArray *vd_journal_jobs(VdJournal *journal, guint ended, GError **error);
VdJob *vd_journal_job(VdJournal *journal, const char *id, GError **error);
char *vd_journal_job_spec(VdJournal *journal, const char *id, GError **error);
gboolean vd_journal_job_state(VdJournal *journal, const char *id, VdJobState state,
                              const char *error_text, const char *detail, const char *undone,
                              GError **error);
gboolean vd_journal_job_note(VdJournal *journal, const char *id, const char *note, GError **error);
gboolean vd_journal_step(VdJournal *journal, const char *id, const VdStep *step, GError **error);
/* Undo entries, newest first when read: written before the act, removed when undone. kind and
 * argument are the step's own words. */
gboolean vd_journal_undo_push(VdJournal *journal, const char *id, const char *kind,
                              const char *argument, GError **error);
GPtrArray *vd_journal_undo_list(VdJournal *journal, const char *id, GError **error); /* VdUndo */
gboolean vd_journal_undo_done(VdJournal *journal, const char *id, gint64 undo, GError **error);
typedef struct {
    gint64 id;
    char *kind, *argument;
} VdUndo;
void vd_undo_free(VdUndo *undo);

/* Changes when any process wrote (PRAGMA data_version): cheap, for polling. */
gint64 vd_journal_version(VdJournal *journal);
/* All that is known of a request, in order of time: lines of (time µs, source, text). */
typedef struct {
    gint64 time;
    char *source, *level, *text;
} VdStoryLine;
void vd_story_line_free(VdStoryLine *line);
GPtrArray *vd_journal_story(VdJournal *journal, const char *request, GError **error);
