/* The thread holds a reference, so that a worker left behind with a hanging task frees itself when
 * that returns. */
#include "config.h"

#include <pthread.h>
#include <signal.h>

#include "src/base/paths.h"
#include "src/deck/worker.h"

typedef struct {
    VdWork work;
    VdWorked worked;
    gpointer task;
    GDestroyNotify free_task;
    VdWorker *worker;
} Item;

struct _VdWorker {
    gatomicrefcount refs;
    /* -- immutable -- */
    GMainContext *context;
    char *name;
    GAsyncQueue *queue;
    /* -- loop thread -- */
    gboolean closed;
    guint busy;
    VdWorkerNotice notice;
    gpointer notice_data;
    GThread *thread;
    /* -- under lock -- */
    GMutex lock;
    GCond idle;
    guint running;
    gboolean gone; /* the thread does nothing more */
    /* -- worker thread -- */
    VdJournal *journal;
};

static void worker_unref(VdWorker *worker)
{
    if (!g_atomic_ref_count_dec(&worker->refs))
        return;
    vd_journal_close(worker->journal);
    g_async_queue_unref(worker->queue);
    g_main_context_unref(worker->context);
    g_mutex_clear(&worker->lock);
    g_cond_clear(&worker->idle);
    g_free(worker->name);
    g_free(worker);
}

VdWorker *vd_worker_new(GMainContext *context, const char *name)
{
    VdWorker *worker = g_new0(VdWorker, 1);
    g_atomic_ref_count_init(&worker->refs);
    worker->context = g_main_context_ref(context);
    worker->name = g_strdup(name);
    worker->queue = g_async_queue_new();
    g_mutex_init(&worker->lock);
    g_cond_init(&worker->idle);
    return worker;
}

static void item_free(gpointer data)
{
    Item *item = data;
    if (item->free_task)
        item->free_task(item->task);
    worker_unref(item->worker);
    g_free(item);
}

static gboolean item_ended(gpointer data)
{
    Item *item = data;
    item->worker->busy--;
    if (!item->worker->closed && item->worked)
        item->worked(item->task);
    return G_SOURCE_REMOVE;
}

static void post_end(Item *item)
{
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, item_ended, item, item_free);
    g_source_attach(source, item->worker->context);
    g_source_unref(source);
}

static gpointer worker_thread(gpointer data)
{
    VdWorker *worker = data;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (;;) {
        Item *item = g_async_queue_pop(worker->queue);
        if (!item->work) {
            item_free(item);
            break;
        }
        item->work(worker, item->task);
        g_mutex_lock(&worker->lock);
        if (--worker->running == 0)
            g_cond_broadcast(&worker->idle);
        g_mutex_unlock(&worker->lock);
        post_end(item);
    }
    /* Here, not with the last reference: a journal belongs to the thread that uses it. */
    g_clear_pointer(&worker->journal, vd_journal_close);
    g_mutex_lock(&worker->lock);
    worker->gone = TRUE;
    g_cond_broadcast(&worker->idle);
    g_mutex_unlock(&worker->lock);
    worker_unref(worker);
    return NULL;
}

static void push(VdWorker *worker, Item *item)
{
    g_atomic_ref_count_inc(&worker->refs);
    item->worker = worker;
    if (!worker->thread) {
        g_atomic_ref_count_inc(&worker->refs);
        worker->thread = g_thread_new(worker->name, worker_thread, worker);
    }
    g_async_queue_push(worker->queue, item);
}

void vd_worker_run(VdWorker *worker, VdWork work, VdWorked worked, gpointer task,
                   GDestroyNotify free_task)
{
    Item *item = g_new0(Item, 1);
    item->work = work;
    item->worked = worked;
    item->task = task;
    item->free_task = free_task;
    worker->busy++;
    g_mutex_lock(&worker->lock);
    worker->running++;
    g_mutex_unlock(&worker->lock);
    push(worker, item);
}

guint vd_worker_busy(const VdWorker *worker)
{
    return worker->busy;
}

static gboolean wait_idle(VdWorker *worker, gint64 until)
{
    g_mutex_lock(&worker->lock);
    while (worker->running > 0 && g_cond_wait_until(&worker->idle, &worker->lock, until))
        continue;
    gboolean idle = worker->running == 0;
    g_mutex_unlock(&worker->lock);
    return idle;
}

static gboolean wait_gone(VdWorker *worker, gint64 until)
{
    g_mutex_lock(&worker->lock);
    while (!worker->gone && g_cond_wait_until(&worker->idle, &worker->lock, until))
        continue;
    gboolean gone = worker->gone;
    g_mutex_unlock(&worker->lock);
    return gone;
}

gboolean vd_worker_free(VdWorker *worker, guint grace_ms)
{
    gboolean idle = TRUE;
    worker->closed = TRUE;
    if (worker->thread) {
        gint64 until = g_get_monotonic_time() + (gint64)grace_ms * 1000;
        idle = wait_idle(worker, until);
        push(worker, g_new0(Item, 1));
        /* Even to close what it holds may take the thread long: it needs nobody for that. */
        if (idle && wait_gone(worker, until))
            g_thread_join(worker->thread);
        else
            g_thread_unref(worker->thread);
        worker->thread = NULL;
    }
    worker_unref(worker);
    return idle;
}

void vd_worker_on_notice(VdWorker *worker, VdWorkerNotice notice, gpointer data)
{
    worker->notice = notice;
    worker->notice_data = data;
}

static gboolean tell_notice(gpointer data)
{
    const Item *item = data;
    if (!item->worker->closed && item->worker->notice)
        item->worker->notice(item->task, item->worker->notice_data);
    return G_SOURCE_REMOVE;
}

/* On the worker's thread. The loop meets it before the end of the task that opened the journal. */
static void post_notice(VdWorker *worker, const char *text)
{
    Item *item = g_new0(Item, 1);
    item->worker = worker;
    item->task = g_strdup(text);
    item->free_task = g_free;
    g_atomic_ref_count_inc(&worker->refs);
    GSource *source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, tell_notice, item, item_free);
    g_source_attach(source, worker->context);
    g_source_unref(source);
}

VdJournal *vd_worker_journal(VdWorker *worker, GError **error)
{
    if (!worker->journal) {
        g_autofree char *path = vd_path_journal();
        worker->journal = vd_journal_open(path, error);
        if (worker->journal)
            vd_journal_close_fast(worker->journal);
        if (worker->journal && vd_journal_notice(worker->journal))
            post_notice(worker, vd_journal_notice(worker->journal));
    }
    return worker->journal;
}
