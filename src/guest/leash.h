/* The end of this process, whenever it comes, is the end of all it started: the appliance's QEMU,
 * supermin, libguestfs' recovery process. Most calls of libguestfs cannot be cancelled, so the
 * whole group is killed instead. */
#pragma once

#include <glib.h>

#include "src/guest/out.h"

/* What the process makes in folders that are not its own. */
typedef struct {
    const char *folder; /* its temporary one */
    const char *cache;  /* libguestfs' (base/traces.h), or NULL: no appliance is built */
    int fd;             /* vd_traces_open()'s, stays open as long as the process lives */
} VdLeashTraces;

/* Makes this process the leader of its process group (if it is not) and starts the thread that
 * watches. On SIGTERM, SIGINT or SIGHUP, or when the reader of out_fd or the starter that wants
 * this process dead with it is gone, it silences out, kills the others of the group, removes what
 * was made and ends the process with status 143. Call once, before any child is started. out must
 * live as long as the process; the names are copied. */
void vd_leash_start(VdOut *out, int out_fd, const VdLeashTraces *traces);

/* Kills the children (the group but for us) if vd_leash_call_off() does not come within so many
 * seconds: a launch that hangs then fails. Any thread. */
void vd_leash_deadline(guint seconds);
void vd_leash_call_off(void);

/* To be called by the main thread before the process ends: what it did may have failed because all
 * is being ended, and then the thread that does so ends the process, when all is removed. */
void vd_leash_leave(void);
