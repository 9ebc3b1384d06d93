/* A thread that sleeps most of the time and wakes for a key waits behind everybody who computes,
 * each until its slice is over (some milliseconds of the kernel's clock), and as a member of a
 * group that shares among many threads it may wait a tenth of a second. Where it may, it goes
 * before all of them (sched(7), SCHED_RR); else it has a slice of its own that is shorter, and goes
 * before those whose is longer (Linux 6.12 and later; not more of the processor, but sooner). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/turn.h"

enum { SLICE_NS = 100000, GREEDY_USEC = 1000000, NICE = 5 };

/* The first version of the kernel's structure, which every kernel takes; the C library has none. */
typedef struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
} Scheduling;

enum { RESET_ON_FORK = 1 };

static void shorter_slice(void)
{
    Scheduling now = {.size = sizeof now};
    if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) != 0 || now.policy != SCHED_OTHER)
        return;
    now.size = sizeof now;
    now.flags = RESET_ON_FORK;
    now.runtime = SLICE_NS;
    now.deadline = now.period = 0;
    (void)syscall(SYS_sched_setattr, 0, &now, 0);
}

/* It computed for so long without a pause that something is wrong with it, and others' turn comes.
 * Other threads of the program take no signals. */
static void was_greedy(int number)
{
    const struct sched_param none = {0};
    int saved = errno;
    (void)number;
    (void)sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &none);
    shorter_slice();
    errno = saved;
}

static int before_all(void)
{
    const struct sched_param least = {.sched_priority = 1};
    const struct sigaction watch = {.sa_handler = was_greedy, .sa_flags = SA_RESTART};
    struct rlimit limit;
    if (getrlimit(RLIMIT_RTTIME, &limit) != 0 || sigaction(SIGXCPU, &watch, NULL) != 0)
        return -1;
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > GREEDY_USEC)
        limit.rlim_cur = GREEDY_USEC;
    if (setrlimit(RLIMIT_RTTIME, &limit) != 0)
        return -1;
    return sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &least);
}

void vd_turn_first(void)
{
    /* Who chose otherwise when the program was started is not overruled. */
    if (sched_getscheduler(0) != SCHED_OTHER || getpriority(PRIO_PROCESS, 0) > 0)
        return;
    if (before_all() != 0)
        shorter_slice();
}

/* Where sessions share the processors among themselves (autogroup, sched(7)), niceness counts
 * within one alone, and the session has another of its own: with this one it gets half of what
 * others do. */
static void session_last(void)
{
    int fd = getsid(0) == getpid() ? open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    (void)!write(fd, "3", 1);
    (void)close(fd);
}

void vd_turn_last(void)
{
    enum { IOPRIO_WHO_PROCESS = 1, BEST_EFFORT_LAST = 2 << 13 | 7 };
    if (getpriority(PRIO_PROCESS, 0) < NICE)
        (void)setpriority(PRIO_PROCESS, 0, NICE);
    (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, BEST_EFFORT_LAST);
    session_last();
}
