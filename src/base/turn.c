/* A thread that sleeps most of the time and wakes for a key waits behind everybody who computes,
 * each until its slice is over (some milliseconds of the kernel's clock). A slice of its own that
 * is shorter lets it go before those whose is longer (Linux 6.12 and later; not more of the
 * processor, but sooner). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/turn.h"

enum { SLICE_NS = 100000, NICE = 5 };

/* The first version of the kernel's structure, which every kernel takes; the C library has none. */
typedef struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
} Scheduling;

enum { RESET_ON_FORK = 1 };

void vd_turn_first(void)
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
