/* The inside of a VdJournal, for the journal's own files. */
#pragma once

#include <sys/types.h>

#include "src/jobs/db.h"
#include "src/jobs/journal.h"

struct _VdJournal {
    VdDb db;
    char *path;
    char *notice;
    dev_t device; /* of the file that is open: another process may have set it aside */
    ino_t inode;
    gint64 version; /* the last that could be told */
    guint opened;   /* how often: a part of the version */
    gboolean close_fast;
    gint64 again; /* it could only be opened to read: when to try better (monotonic µs); else 0 */
};

/* To be called first by every function of the door: opens the journal anew if it was found damaged
 * or another process has set it aside. */
gboolean vd_journal_ready(VdJournal *journal, GError **error);

/* Removes rows and folders of jobs and requests that ended long ago, a few at a time. Failures are
 * no matter: the next one who opens the journal tries again. */
void vd_journal_prune(VdJournal *journal);

/* Takes over from a journal that was set aside the jobs that are not over, as far as they can be
 * read; their number. The damaged file is only read. */
int vd_journal_salvage(VdDb *db, const char *damaged);
