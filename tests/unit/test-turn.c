/* Whose turn at the processor comes first, in processes of their own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "src/base/turn.h"

/* Runs it in a child; what it answers TRUE to holds. */
static gboolean holds(gboolean (*what)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(what() ? 0 : 1);
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Nanoseconds of the calling thread's slice; 0: this kernel does not tell (before Linux 6.12). */
static guint64 slice(void)
{
    struct {
        guint32 size, policy;
        guint64 flags;
        gint32 nice;
        guint32 priority;
        guint64 runtime, deadline, period;
    } now;
    memset(&now, 0, sizeof now);
    return syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) == 0 ? now.runtime : 0;
}

static void *read_slice(void *data)
{
    *(guint64 *)data = slice();
    return NULL;
}

static guint64 usual;

static gboolean is_usual(void)
{
    return slice() == usual;
}

static gboolean goes_first(void)
{
    pthread_t thread;
    guint64 of_thread = 0;
    int niceness = getpriority(PRIO_PROCESS, 0);
    usual = slice();
    vd_turn_first();
    if (slice() != (usual > 0 ? 100000 : 0) || getpriority(PRIO_PROCESS, 0) != niceness)
        return FALSE;
    if (pthread_create(&thread, NULL, read_slice, &of_thread) != 0)
        return FALSE;
    (void)pthread_join(thread, NULL);
    return of_thread == usual && holds(is_usual);
}

/* The thread that answers keys, and no other. */
static void test_first(void **state)
{
    (void)state;
    assert_true(holds(goes_first));
}

/* Where the kernel has no sessions for this, or lets only so many change in a second, it may be
 * asked again. */
static gboolean session_is_last(void)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents("/proc/self/autogroup", &text, NULL, NULL) || !*text ||
        access("/proc/self/autogroup", W_OK) != 0) /* as in some containers */
        return TRUE;
    return g_str_has_suffix(g_strchomp(text), "nice 3");
}

static gboolean goes_last(void)
{
    gint64 until = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
    if (setsid() < 0)
        return FALSE;
    vd_turn_last();
    while (!session_is_last() && g_get_monotonic_time() < until) {
        g_usleep(50000);
        vd_turn_last();
    }
    return session_is_last() && getpriority(PRIO_PROCESS, 0) >= 5;
}

/* A job and its session; not the session of who calls it by hand. */
static void test_last(void **state)
{
    (void)state;
    g_autofree char *before = NULL, *after = NULL;
    (void)g_file_get_contents("/proc/self/autogroup", &before, NULL, NULL);
    assert_true(holds(goes_last));
    (void)g_file_get_contents("/proc/self/autogroup", &after, NULL, NULL);
    assert_int_equal(g_strcmp0(before, after), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first), cmocka_unit_test(test_last)};
    return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
