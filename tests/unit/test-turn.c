/* Whose turn at the processor comes first, in processes of their own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
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

/* How the calling thread is served. */
typedef struct {
    int policy;
    guint64 slice; /* nanoseconds; 0: this kernel does not tell (before Linux 6.12), or has none */
} Served;

static Served served(void)
{
    struct {
        guint32 size, policy;
        guint64 flags;
        gint32 nice;
        guint32 priority;
        guint64 runtime, deadline, period;
    } now;
    memset(&now, 0, sizeof now);
    Served served = {.policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK};
    if (served.policy == SCHED_OTHER && syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) == 0)
        served.slice = now.runtime;
    return served;
}

static Served usual;

static gboolean is(Served now, int policy, guint64 slice)
{
    return now.policy == policy && now.slice == slice;
}

static gboolean is_usual(void)
{
    return is(served(), usual.policy, usual.slice);
}

static void *read_served(void *data)
{
    *(Served *)data = served();
    return NULL;
}

static gboolean may_go_before_all(void)
{
    const struct sched_param least = {.sched_priority = 1};
    return sched_setscheduler(0, SCHED_RR, &least) == 0;
}

static gboolean is_shorter(void)
{
    return is(served(), SCHED_OTHER, usual.slice > 0 ? 100000 : 0);
}

static gboolean goes_first(void)
{
    pthread_t thread;
    Served of_thread = {0};
    int niceness = getpriority(PRIO_PROCESS, 0);
    gboolean before_all = holds(may_go_before_all);
    usual = served();
    if (usual.policy != SCHED_OTHER || niceness > 0) { /* who runs the tests has chosen that */
        vd_turn_first();
        return is_usual();
    }
    vd_turn_first();
    if (before_all ? served().policy != SCHED_RR : !is_shorter())
        return FALSE;
    if (getpriority(PRIO_PROCESS, 0) != niceness)
        return FALSE;
    if (pthread_create(&thread, NULL, read_served, &of_thread) != 0)
        return FALSE;
    (void)pthread_join(thread, NULL);
    return is(of_thread, usual.policy, usual.slice) && holds(is_usual);
}

/* The thread that answers keys, and no other. */
static void test_first(void **state)
{
    (void)state;
    assert_true(holds(goes_first));
}

/* A person's choice stands. */
static gboolean stays_nice(void)
{
    if (setpriority(PRIO_PROCESS, 0, 19) != 0)
        return FALSE;
    usual = served();
    vd_turn_first();
    return is_usual() && getpriority(PRIO_PROCESS, 0) == 19;
}

/* Whether it went before all or not: in the end it does not, and nothing else happens to it. */
static gboolean is_served_as_others_when_greedy(void)
{
    gint64 until = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    usual = served();
    vd_turn_first();
    while (served().policy == SCHED_RR && g_get_monotonic_time() < until)
        continue;
    return served().policy != SCHED_RR && (usual.policy != SCHED_OTHER || is_shorter());
}

static void test_first_has_bounds(void **state)
{
    (void)state;
    assert_true(holds(stays_nice));
    if (getpriority(PRIO_PROCESS, 0) <= 0)
        assert_true(holds(is_served_as_others_when_greedy));
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_first),
                                       cmocka_unit_test(test_first_has_bounds),
                                       cmocka_unit_test(test_last)};
    return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
