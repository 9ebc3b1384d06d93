/* Which of several hosts makes which machine: the one that is used least, counted with what is
 * promised already. Inside the deploy room. */
#pragma once

#include <glib.h>

typedef struct {
    const char *id, *uri;
} VdDeployHost;

/* The room of a host; all bytes. */
typedef struct {
    guint64 memory;      /* all of it */
    guint64 memory_used; /* by machines, and promised */
    guint64 disk_free;   /* of the pool, less what is promised */
} VdRoom;

/* The place in rooms of the host for one more machine, which is promised to it; -1: none has room.
 * overcommit: the least used one then. Pure. */
int vd_spread_choose(VdRoom *rooms, guint n, guint64 memory, guint64 disk, gboolean overcommit);
/* Asks the hosts; the place of one for each of count machines. needs_all: a host that does not
 * answer is an error, else it is left out. The caller frees; NULL with a sentence. May wait. */
guint *vd_spread(const VdDeployHost *hosts, guint n, gboolean needs_all, guint count,
                 const char *pool, guint64 memory, guint64 disk, gboolean overcommit,
                 GError **error);
