/* The machines of one host's snapshot, in order, in chunks that snapshots share: a snapshot in
 * which one machine of ten thousand is another costs one chunk, and what changed between two
 * snapshots is found by comparing chunks. Immutable once published, counted with atomic counts; a
 * new one belongs to its maker until then. */
#pragma once

#include <glib.h>

typedef struct _VdVm VdVm;

/* Machines in a chunk; all chunks but the last are full. */
#define VD_ROSTER_CHUNK 64

typedef struct {
    gatomicrefcount refs;
    guint len;
    guint active, stuck; /* how many run; how many do not answer */
    GPtrArray *chunks;   /* the roster's own */
} VdRoster;

VdRoster *vd_roster_new(void);
VdRoster *vd_roster_ref(VdRoster *roster); /* any thread */
void vd_roster_unref(VdRoster *roster);    /* any thread */
/* At the end of one that is not published: takes the reference to the machine, which should not
 * change its state any more. */
void vd_roster_add(VdRoster *roster, VdVm *vm);
/* Borrowed; i must be below len. */
VdVm *vd_roster_at(const VdRoster *roster, guint i);
/* Where the machine stands; -1: nowhere. One pass over small numbers, a few microseconds for ten
 * thousand machines. */
int vd_roster_find(const VdRoster *roster, const char *uuid);

/* The i-th machine of the next snapshot, borrowed. */
typedef VdVm *(*VdRosterSource)(guint i, gpointer data);
/* The snapshot after `before` (NULL: the first) with len machines. Chunks that changed[] (one for
 * each chunk of the new one, NULL: all) does not name are taken from before unseen; the others are
 * read from the source, and shared all the same if they hold what they held. */
VdRoster *vd_roster_next(const VdRoster *before, guint len, const guint8 *changed,
                         VdRosterSource source, gpointer data);

typedef void (*VdRosterChanged)(guint i, VdVm *before, VdVm *now, gpointer data);
/* Calls changed for each place whose machine has another value. FALSE, and no call, if other
 * machines stand there, or in another order: then nothing can be said place by place. */
gboolean vd_roster_diff(const VdRoster *before, const VdRoster *now, VdRosterChanged changed,
                        gpointer data);
