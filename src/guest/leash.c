/* Signal handlers may do next to nothing, so they only write a byte to a pipe; a thread of its own
 * waits on the pipe, on the reader of our events and on the deadline. Handlers, unlike blocked
 * signals, are not inherited by QEMU, which has to hear SIGTERM itself.
 * The members of the group are found in /proc: libguestfs tells QEMU's process id only under the
 * lock that a running call holds. */
#include "config.h"

#include "src/guest/leash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/traces.h"

enum { STATUS_TERMINATED = 128 + SIGTERM, ROUNDS_MAX = 100, FOLDERS_MAX = 16 };

/* -- written once before the thread and the handlers exist */
static int wake_pipe[2] = {-1, -1};
/* Monotonic microseconds, 0: none. -- atomic */
static gint64 deadline;
/* What mkdtemp() made, by the main thread alone. -- n_made atomic, what is below it not changed */
static char *made_folders[FOLDERS_MAX];
static gint n_made;
/* Where the names are noted first. -- written once before the thread exists */
static int made_traces = -1;
/* All is being ended. -- atomic */
static gint ending;

typedef struct {
    VdOut *out;
    int out_fd;
    char *folder, *cache;
} Leash;

static void on_signal(int number)
{
    int saved = errno;
    char byte = (char)number;
    (void)!write(wake_pipe[1], &byte, 1);
    errno = saved;
}

/* The process group and state in a line of /proc/PID/stat, whose second field may hold anything up
 * to the last parenthesis (proc(5)). */
static gboolean read_stat(const char *pid, pid_t *ret_group, char *ret_state)
{
    g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
    g_autofree char *line = NULL;
    if (!g_file_get_contents(path, &line, NULL, NULL))
        return FALSE;
    const char *end = strrchr(line, ')');
    int group = 0;
    if (!end || sscanf(end + 1, " %c %*d %d", ret_state, &group) != 2)
        return FALSE;
    *ret_group = group;
    return TRUE;
}

/* libguestfs makes the folder of its sockets in /tmp, for root whatever it is told, and no call
 * tells its name (1.48, lib/tmpdirs.c). So it makes it by this function, which stands before the C
 * library's for all that is loaded, and remembers the names. */
char *mkdtemp(char *template)
{
    char *made = vd_traces_mkdtemp(made_traces, template);
    guint at = made ? (guint)g_atomic_int_get(&n_made) : FOLDERS_MAX;
    if (at >= FOLDERS_MAX)
        return made;
    made_folders[at] = g_strdup(made);
    g_atomic_int_set(&n_made, (gint)at + 1);
    return made;
}

static void remove_made(void)
{
    for (gint i = 0; i < g_atomic_int_get(&n_made); i++)
        vd_remove_tree(made_folders[i], NULL);
}

/* Sends SIGKILL to all of the group but us. How many lived. */
static guint kill_others(void)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    guint killed = 0;
    const char *name;
    while (proc && (name = g_dir_read_name(proc))) {
        pid_t pid = (pid_t)strtol(name, NULL, 10);
        pid_t group = 0;
        char state = 'Z';
        if (pid <= 1 || pid == getpid() || !read_stat(name, &group, &state))
            continue;
        if (group != getpgrp() || state == 'Z' || state == 'X')
            continue;
        if (kill(pid, SIGKILL) == 0)
            killed++;
    }
    return killed;
}

/* The main thread cannot be stopped alone and may start another child between the last look and our
 * end: a process outside the group waits for that end and then kills what came of it. */
static void leave_a_reaper(void)
{
    const struct timespec moment = {.tv_nsec = 1000 * 1000};
    pid_t us = getpid(), group = getpgrp();
    if (fork() != 0)
        return;
    setpgid(0, 0);
    while (getppid() == us)
        nanosleep(&moment, NULL);
    kill(-group, SIGKILL);
    _exit(0);
}

static void G_GNUC_NORETURN end_all(Leash *leash)
{
    g_atomic_int_set(&ending, 1);
    vd_out_mute(leash->out);
    /* Until nobody is left: a child may be just starting another one. */
    for (int i = 0; i < ROUNDS_MAX && kill_others() > 0; i++)
        g_usleep(2000);
    leave_a_reaper();
    remove_made();
    if (leash->folder)
        vd_remove_tree(leash->folder, NULL);
    if (leash->cache)
        vd_traces_sweep_cache(leash->cache);
    _exit(STATUS_TERMINATED);
}

void vd_leash_leave(void)
{
    while (g_atomic_int_get(&ending))
        (void)pause();
}

static int wait_ms(void)
{
    gint64 until = __atomic_load_n(&deadline, __ATOMIC_SEQ_CST);
    if (until == 0)
        return -1;
    gint64 left = (until - g_get_monotonic_time()) / 1000;
    return (int)CLAMP(left, 0, G_MAXINT);
}

static gpointer watch(gpointer data)
{
    Leash *leash = data;
    for (;;) {
        struct pollfd fds[2] = {{.fd = wake_pipe[0], .events = POLLIN},
                                {.fd = leash->out_fd, .events = 0}};
        int n = poll(fds, 2, wait_ms());
        if (n < 0 && errno != EINTR)
            end_all(leash);
        char byte = 0;
        if (n > 0 && (fds[0].revents & POLLIN) && read(wake_pipe[0], &byte, 1) == 1 && byte != 0)
            end_all(leash);
        if (n > 0 && (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)))
            end_all(leash);
        if (wait_ms() == 0) {
            vd_leash_call_off();
            kill_others();
        }
    }
    return NULL;
}

void vd_leash_deadline(guint seconds)
{
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    __atomic_store_n(&deadline, until, __ATOMIC_SEQ_CST);
    (void)!write(wake_pipe[1], "", 1); /* a NUL: look at the deadline again */
}

void vd_leash_call_off(void)
{
    __atomic_store_n(&deadline, 0, __ATOMIC_SEQ_CST);
}

/* Our starter may want us killed when it dies (PR_SET_PDEATHSIG): told by a signal that we hear, we
 * can take away what we have made. */
static void hear_of_death(void)
{
    int number = 0;
    if (prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGKILL)
        prctl(PR_SET_PDEATHSIG, SIGTERM);
}

void vd_leash_start(VdOut *out, int out_fd, const VdLeashTraces *traces)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    /* Fails only for a session's leader, which leads its group anyway. */
    (void)setpgid(0, 0);
    if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        g_error("pipe: %s", g_strerror(errno));
    Leash *leash = g_new0(Leash, 1);
    leash->out = out;
    leash->out_fd = out_fd;
    leash->folder = g_strdup(traces->folder);
    leash->cache = g_strdup(traces->cache);
    made_traces = traces->fd;
    g_thread_unref(g_thread_new("leash", watch, leash));
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* the thread sees it */
    hear_of_death();
}
