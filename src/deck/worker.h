/* A thread of the deck for what may wait on a disk or a process: journal, images, forms. Tasks run
 * one after the other, their ends are told on the loop. Freeing does not wait for a task that
 * hangs: its end is then dropped. */
#pragma once

#include <glib.h>

#include "src/jobs/journal.h"

typedef struct _VdWorker VdWorker;

/* context: where ends are told. The thread starts with the first task. */
VdWorker *vd_worker_new(GMainContext *context, const char *name);
/* Loop thread. Waits up to grace_ms for the tasks that were begun, never longer; FALSE: one hangs,
 * and keeps what it was given. */
gboolean vd_worker_free(VdWorker *worker, guint grace_ms);

/* On the worker's thread. */
typedef void (*VdWork)(VdWorker *worker, gpointer task);
/* On the loop; not called when the worker was freed meanwhile. */
typedef void (*VdWorked)(gpointer task);
/* task is freed with free_task after worked, or instead of it. Loop thread. */
void vd_worker_run(VdWorker *worker, VdWork work, VdWorked worked, gpointer task,
                   GDestroyNotify free_task);
/* Tasks not yet ended. Loop thread. */
guint vd_worker_busy(const VdWorker *worker);
/* Is told on the loop what a journal says of itself when it is opened: that a damaged one was set
 * aside. Loop thread, before the first task. */
typedef void (*VdWorkerNotice)(const char *text, gpointer data);
void vd_worker_on_notice(VdWorker *worker, VdWorkerNotice notice, gpointer data);
/* The thread's own journal, opened at first use and tried again when it could not be; NULL with the
 * reason. On the worker's thread. */
VdJournal *vd_worker_journal(VdWorker *worker, GError **error);
