/* The deck's workers: order, ends on the loop, and leaving while a task hangs. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "src/deck/worker.h"

static GMutex gate_lock;
static GCond gate_cond;
static gboolean gate_open;
static int freed, ended;
static gint disk_hangs; /* atomic */

static void pass_gate(void)
{
    gint64 until = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
    g_mutex_lock(&gate_lock);
    while (!gate_open && g_cond_wait_until(&gate_cond, &gate_lock, until))
        continue;
    g_mutex_unlock(&gate_lock);
}

static void set_gate(gboolean open)
{
    g_mutex_lock(&gate_lock);
    gate_open = open;
    g_cond_broadcast(&gate_cond);
    g_mutex_unlock(&gate_lock);
}

/* In place of libc's, for SQLite as well: a disk that takes its time. */
int fdatasync(int fd)
{
    (void)fd;
    if (g_atomic_int_get(&disk_hangs))
        pass_gate();
    return 0;
}

int fsync(int fd)
{
    return fdatasync(fd);
}

static void append(VdWorker *worker, gpointer task)
{
    (void)worker;
    g_string_append_c(((GString **)task)[0], *(char *)((gpointer *)task)[1]);
}

static void count_end(gpointer task)
{
    (void)task;
    ended++;
}

static void tasks_keep_their_order(void **state)
{
    (void)state;
    g_autoptr(GMainContext) context = g_main_context_new();
    VdWorker *worker = vd_worker_new(context, "test");
    g_autoptr(GString) out = g_string_new(NULL);
    char letters[] = "abcdef";
    gpointer tasks[6][2];
    ended = 0;
    for (int i = 0; i < 6; i++) {
        tasks[i][0] = out;
        tasks[i][1] = &letters[i];
        vd_worker_run(worker, append, count_end, tasks[i], NULL);
    }
    assert_int_equal(vd_worker_busy(worker), 6);
    while (ended < 6)
        g_main_context_iteration(context, TRUE);
    assert_string_equal(out->str, "abcdef");
    assert_int_equal(vd_worker_busy(worker), 0);
    assert_true(vd_worker_free(worker, 1000));
}

static void wait_gate(VdWorker *worker, gpointer task)
{
    (void)worker;
    (void)task;
    pass_gate();
}

static void count_free(gpointer task)
{
    (void)task;
    g_atomic_int_inc(&freed);
}

static void leaving_does_not_wait(void **state)
{
    (void)state;
    g_autoptr(GMainContext) context = g_main_context_new();
    VdWorker *worker = vd_worker_new(context, "test");
    ended = 0;
    set_gate(FALSE);
    vd_worker_run(worker, wait_gate, count_end, &ended, count_free);
    gint64 before = g_get_monotonic_time();
    assert_false(vd_worker_free(worker, 20));
    assert_true(g_get_monotonic_time() - before < 5 * G_USEC_PER_SEC);
    set_gate(TRUE);
    /* Its end is posted, and dropped: nobody is told, and the task is freed. */
    while (g_atomic_int_get(&freed) == 0)
        g_main_context_iteration(context, TRUE);
    assert_int_equal(ended, 0);
}

static void write_journal(VdWorker *worker, gpointer task)
{
    static const VdJournalRequest request = {.id = "one", .verb = "start", .author = "test"};
    VdJournal *journal = vd_worker_journal(worker, NULL);
    *(gboolean *)task = journal && vd_journal_begin(journal, &request, NULL);
}

/* Closing a journal may sync it, which a busy disk lets one wait for: seconds. */
static void leaving_does_not_wait_for_the_disk(void **state)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    VdWorker *worker = vd_worker_new(context, "test");
    gboolean written = FALSE;
    g_autofree char *folder = g_dir_make_tmp("vmdeck-worker-XXXXXX", NULL);
    (void)state;
    g_setenv("VMDECK_STATE_DIR", folder, TRUE);
    ended = 0;
    vd_worker_run(worker, write_journal, count_end, &written, NULL);
    while (ended == 0)
        g_main_context_iteration(context, TRUE);
    assert_true(written);
    set_gate(FALSE);
    g_atomic_int_set(&disk_hangs, 1);
    gint64 before = g_get_monotonic_time();
    assert_true(vd_worker_free(worker, 20)); /* no task hangs */
    assert_true(g_get_monotonic_time() - before < 5 * G_USEC_PER_SEC);
    set_gate(TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_keep_their_order),
        cmocka_unit_test(leaving_does_not_wait),
        cmocka_unit_test(leaving_does_not_wait_for_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
