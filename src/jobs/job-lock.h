/* Locks that die with their holder: open file description locks (fcntl(2), F_OFD_SETLK). They
 * belong to the opened file, not to the process: a descriptor handed to a child carries the lock
 * with it, so a job's lock goes from the starter to its runner without a gap. Room-private. */
#pragma once

#include <glib.h>

/* Opens path (made 0600 if missing, closed on exec) and locks it, waiting up to wait_ms. The
 * descriptor, which the caller closes, or -1: VD_ERR_BUSY if somebody else keeps it. */
int vd_lock_take(const char *path, int wait_ms, GError **error);
/* Whether somebody holds it; a file that is missing is held by nobody. */
gboolean vd_lock_held(const char *path);

/* The lock of a job: <job folder>/lock; the runner writes its process number into it. */
int vd_job_lock_take(const char *job_id, int wait_ms, GError **error);
gboolean vd_job_lock_held(const char *job_id);
/* Whether descriptor fd is this job's lock file and we hold its lock (or can take it now). */
gboolean vd_job_lock_is(const char *job_id, int fd);
gboolean vd_job_lock_write_pid(int fd);
/* A pidfd of the runner that holds the lock, or -1 with errno; ESRCH: nobody does (yet). The
 * number cannot belong to another process: the lock is looked at again after the pidfd is open. */
int vd_job_lock_runner(const char *job_id);
