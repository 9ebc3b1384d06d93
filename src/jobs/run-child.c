/* Children of a step: each leads a process group of its own, so that one signal reaches all that it
 * starts (QEMU of an appliance, say), and is killed by the kernel if the runner dies. The group is
 * noted in the job's folder as well: whoever rolls back a killed runner's job ends what is left of
 * it before touching the disks. The calling thread serves the pipes and waits. */
#include "config.h"

#include "src/jobs/run.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/base/traces.h"

#define LINE_BYTES    (64 * 1024)
#define LEFTOVER_USEC (10 * G_USEC_PER_SEC)
#define LEFTOVER_WAIT 20000
#define ENVIRON_BYTES (256 * 1024)
#define WORDS_BYTES   4096
#define WORDS_CHARS   500

typedef struct {
    VdRun *run;
    VdRunLine line;
    gpointer data;
    pid_t pid;
    int in, out, exited; /* pipes and a pidfd; -1: closed */
    const char *input;   /* what is left to write */
    gsize input_left;
    gint64 log_from; /* where the job's log ended when it began */
    char *buffer;    /* the line so far */
    gsize used;
} Child;

/* Between fork and exec: only async-signal-safe calls. data is the runner's own process number. */
static void child_setup(gpointer data)
{
    sigset_t none;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != *(const pid_t *)data)
        _exit(127);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void remember(Child *child)
{
    g_autofree char *path = g_build_filename(child->run->folder, "children", NULL);
    char text[24];
    int length = g_snprintf(text, sizeof text, "%ld\n", (long)child->pid);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        ssize_t written = write(fd, text, (size_t)length);
        (void)written; /* the kernel's PDEATHSIG still stands */
        close(fd);
    }
    pthread_mutex_lock(&child->run->lock);
    g_array_append_val(child->run->children, child->pid);
    pthread_mutex_unlock(&child->run->lock);
}

static void forget(Child *child)
{
    GArray *children = child->run->children;
    pthread_mutex_lock(&child->run->lock);
    for (guint i = 0; i < children->len; i++)
        if (g_array_index(children, pid_t, i) == child->pid) {
            g_array_remove_index_fast(children, i);
            break;
        }
    pthread_mutex_unlock(&child->run->lock);
}

void vd_run_kill_children(VdRun *run, int signal)
{
    pthread_mutex_lock(&run->lock);
    for (guint i = 0; i < run->children->len; i++)
        kill(-g_array_index(run->children, pid_t, i), signal);
    pthread_mutex_unlock(&run->lock);
}

static gboolean start(Child *child, const char *const *argv, GError **error)
{
    g_autoptr(GError) local = NULL;
    pid_t self = getpid();
    if (!g_spawn_async_with_pipes(
            NULL, (char **)argv, NULL,
            G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH | G_SPAWN_CLOEXEC_PIPES, child_setup,
            &self, &child->pid, child->input ? &child->in : NULL, &child->out, NULL, &local))
        return vd_fail(error, VD_ERR_FAILED, local->message, _("The program %s cannot be run."),
                       argv[0]);
    child->exited = pidfd_open(child->pid, 0);
    g_unix_set_fd_nonblocking(child->out, TRUE, NULL);
    if (child->in >= 0)
        g_unix_set_fd_nonblocking(child->in, TRUE, NULL);
    remember(child);
    /* A cancel that came before it was known has not reached it. */
    if (g_cancellable_is_cancelled(vd_run_cancellable(child->run)))
        kill(-child->pid, SIGTERM);
    return TRUE;
}

/* ---- what it said last ---- */

static int open_log(const VdRun *run)
{
    g_autofree char *path = g_build_filename(run->folder, "log", NULL);

    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
}

static gint64 log_end(const VdRun *run)
{
    int fd = open_log(run);
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

    if (fd >= 0)
        close(fd);
    return MAX((gint64)end, 0);
}

/* The last line that came to the job's log since the child began, which is where its standard error
 * goes; NULL: it said nothing. The caller frees. */
static char *last_words(const Child *child)
{
    char bytes[WORDS_BYTES + 1];
    int fd = open_log(child->run);
    off_t end = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    off_t from = MAX((off_t)child->log_from, end - WORDS_BYTES);
    ssize_t n = fd >= 0 && end > from ? pread(fd, bytes, WORDS_BYTES, from) : 0;
    char *line;

    if (fd >= 0)
        close(fd);
    while (n > 0 && (bytes[n - 1] == '\n' || bytes[n - 1] == '\0'))
        n--;
    if (n <= 0)
        return NULL;
    bytes[n] = '\0';
    line = memrchr(bytes, '\n', (size_t)n);
    return vd_text_clean(line ? line + 1 : bytes, WORDS_CHARS, FALSE);
}

/* A program tells that a disk is full by words alone. */
static gboolean say_full(const char *words)
{
    static const int full[] = {ENOSPC, EDQUOT, EFBIG};
    static const char *const english[] = {"No space left on device", "Disk quota exceeded",
                                          "File too large"};

    for (guint i = 0; words && i < G_N_ELEMENTS(full); i++) {
        if (strstr(words, english[i]) || strstr(words, g_strerror(full[i])))
            return TRUE;
    }
    return FALSE;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void feed(Child *child)
{
    ssize_t n = write(child->in, child->input, child->input_left);
    if (n > 0) {
        child->input += n;
        child->input_left -= (gsize)n;
    }
    /* It may stop reading whenever it likes (EPIPE). */
    if (child->input_left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&child->in);
}

static void end_line(Child *child)
{
    child->buffer[child->used] = '\0';
    if (child->line)
        child->line(child->run, child->buffer, child->data);
    child->used = 0;
}

static void take(Child *child, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        /* What is too long is cut. A bare CR ends a line too: that is how qemu-img -p tells its
         * progress. */
        if (bytes[i] == '\n' || bytes[i] == '\r')
            end_line(child);
        else if (child->used < LINE_BYTES)
            child->buffer[child->used++] = bytes[i];
    }
}

/* Reads what is there; FALSE at the end. */
static gboolean drain(Child *child)
{
    char bytes[8192];
    ssize_t n = read(child->out, bytes, sizeof bytes);
    if (n > 0)
        take(child, bytes, (gsize)n);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return n > 0;
    close_fd(&child->out);
    return FALSE;
}

/* Until it has ended. A grandchild may keep standard output open for ever: that does not count. */
static void serve(Child *child)
{
    for (gboolean ended = FALSE; !ended;) {
        struct pollfd fds[] = {
            {child->out, POLLIN, 0}, {child->exited, POLLIN, 0}, {child->in, POLLOUT, 0}};
        if (poll(fds, G_N_ELEMENTS(fds), child->exited < 0 && child->out < 0 ? 0 : -1) < 0)
            continue;
        if (fds[2].revents)
            feed(child);
        if (fds[0].revents)
            drain(child);
        ended = fds[1].revents || (child->exited < 0 && child->out < 0);
    }
    while (child->out >= 0 && drain(child))
        ;
    if (child->used > 0)
        end_line(child);
}

static gboolean reap(Child *child, const char *name, GError **error)
{
    g_autofree char *words = NULL;
    int status = 0;
    /* Not yet reaped, so its number is still ours: end what it left behind in its group. */
    siginfo_t info;
    waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT);
    kill(-child->pid, SIGKILL);
    forget(child);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    vd_traces_remove(child->run->folder, child->pid);
    if (g_cancellable_is_cancelled(vd_run_cancellable(child->run)))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    if (status == 0)
        return TRUE;
    words = last_words(child);
    if (WIFSIGNALED(status))
        return vd_fail(error, VD_ERR_FAILED, words, _("The program %s was killed by signal %d."),
                       name, WTERMSIG(status));
    return vd_fail(error, say_full(words) ? VD_ERR_NO_SPACE : VD_ERR_FAILED, words,
                   _("The program %s ended with status %d; the job's log has its words."), name,
                   WEXITSTATUS(status));
}

gboolean vd_run_child(VdRun *run, const char *const *argv, const char *input, VdRunLine line,
                      gpointer data, GError **error)
{
    Child child = {.run = run,
                   .line = line,
                   .data = data,
                   .in = -1,
                   .out = -1,
                   .exited = -1,
                   .input = input,
                   .input_left = input ? strlen(input) : 0,
                   .log_from = log_end(run)};
    if (g_cancellable_is_cancelled(vd_run_cancellable(run)))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    if (!start(&child, argv, error))
        return FALSE;
    child.buffer = g_malloc(LINE_BYTES + 1);
    if (child.in >= 0 && child.input_left == 0)
        close_fd(&child.in);
    serve(&child);
    g_autofree char *name = g_path_get_basename(argv[0]);
    gboolean ok = reap(&child, name, error);
    close_fd(&child.in);
    close_fd(&child.out);
    close_fd(&child.exited);
    g_free(child.buffer);
    return ok;
}

/* ---- leftovers of a killed runner ---- */

/* The process group of a process that still runs, or 0. */
static long group_of(const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
    g_autofree char *stat = NULL;
    if (!g_file_get_contents(path, &stat, NULL, NULL))
        return 0;
    /* "pid (any name) state ppid pgrp …", proc(5). */
    const char *after = strrchr(stat, ')');
    if (!after || after[1] != ' ' || after[2] == 'Z' || after[2] == '\0')
        return 0;
    char *next = NULL;
    strtol(after + 3, &next, 10);
    return strtol(next, NULL, 10);
}

static gboolean belongs_to(const char *pid, const char *id)
{
    g_autofree char *path = g_build_filename("/proc", pid, "environ", NULL);
    g_autofree char *wanted = g_strdup_printf("VMDECK_REQUEST=%s", id);
    g_autofree char *environ_text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &environ_text, &length, NULL))
        return FALSE;
    for (gsize at = 0; at < MIN(length, ENVIRON_BYTES); at += strlen(environ_text + at) + 1)
        if (strcmp(environ_text + at, wanted) == 0)
            return TRUE;
    return FALSE;
}

/* Kills the members of group; the number that was still there. */
static int kill_members(long group, const char *id)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    int n = 0;
    for (const char *name = proc ? g_dir_read_name(proc) : NULL; name;
         name = g_dir_read_name(proc)) {
        if (!g_ascii_isdigit(name[0]) || group_of(name) != group || !belongs_to(name, id))
            continue;
        kill((pid_t)strtol(name, NULL, 10), SIGKILL);
        n++;
    }
    return n;
}

void vd_run_kill_leftovers(const char *id, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "children", NULL);
    g_autofree char *text = vd_file_read(path, 1024 * 1024, NULL, NULL);
    g_auto(GStrv) groups = g_strsplit(text ? text : "", "\n", -1);
    gint64 deadline = g_get_monotonic_time() + LEFTOVER_USEC;
    for (int i = 0; groups[i]; i++) {
        long group = strtol(groups[i], NULL, 10);
        while (group > 1 && kill_members(group, id) > 0 && g_get_monotonic_time() < deadline)
            g_usleep(LEFTOVER_WAIT);
    }
    unlink(path);
    vd_traces_remove(folder, 0);
}
