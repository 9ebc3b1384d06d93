/* The harness holds both ends of the pty: the master to type and to read, the slave to ask the
 * kernel how many typed bytes the program has not read yet. Idle means: nothing is left unread, and
 * the program has written a line to --test-idle-fd since; a line that may be older than the reading
 * counts once the program sleeps. What is asserted in the end is always
 * what stands on the screen; idleness only says when it is worth looking. */
#include "config.h"

#include "tests/screens/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/screens/cast.h"
#include "tests/screens/keys.h"
#include "tests/screens/mend.h"
#include "tests/screens/sandbox.h"

struct _VdPty {
    VTerm *vt;
    VTermScreen *screen;
    int rows, cols;
    gboolean cursor_shown, mouse_wanted;
    int master, slave; /* -1: hung up */
    int idle_fd;       /* -1: the program has none */
    int pid_fd;
    pid_t pid;
    gboolean ended;
    int status;
    int rate; /* bytes a second, 0: no bound */
    gint64 paid_at;
    double credit;   /* bytes that may be read now */
    gboolean unread; /* keys were typed that it has not read */
    gboolean told;   /* it said that it is idle, but perhaps before it read them */
    gboolean quiet;  /* it said so after */
    guint64 bytes;
    char *term;
    VdMend mend;
    GString *mended;  /* its output */
    GString *answers; /* of the terminal, on their way to the program */
    VdSandbox *sandbox;
    VdCast *cast;
};

gint64 vd_pty_deadline(void)
{
    const char *seconds = g_getenv("VMDECK_TEST_DEADLINE");
    return (seconds ? g_ascii_strtoll(seconds, NULL, 10) : 30) * G_USEC_PER_SEC;
}

/* ---- the terminal ---- */

static int on_property(VTermProp prop, VTermValue *value, void *user)
{
    VdPty *pty = user;
    if (prop == VTERM_PROP_CURSORVISIBLE)
        pty->cursor_shown = value->boolean != 0;
    if (prop == VTERM_PROP_MOUSE)
        pty->mouse_wanted = value->number != VTERM_PROP_MOUSE_NONE;
    return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.settermprop = on_property};

/* Answers of the terminal (mouse, attributes asked for) go where keys go. libvterm makes one of
 * several pieces: they are gathered, so that a sequence arrives whole. */
static void on_answer(const char *bytes, size_t length, void *user)
{
    VdPty *pty = user;
    g_string_append_len(pty->answers, bytes, (gssize)length);
}

static void answers_send(VdPty *pty)
{
    if (pty->answers->len && pty->master >= 0 &&
        write(pty->master, pty->answers->str, pty->answers->len) < 0)
        g_warning("answer lost: %s", g_strerror(errno));
    g_string_truncate(pty->answers, 0);
}

static void terminal_start(VdPty *pty, const char *lang)
{
    pty->vt = vterm_new(pty->rows, pty->cols);
    vterm_set_utf8(pty->vt, lang && !g_str_equal(lang, "C") && !g_str_equal(lang, "POSIX"));
    vterm_output_set_callback(pty->vt, on_answer, pty);
    pty->screen = vterm_obtain_screen(pty->vt);
    pty->cursor_shown = TRUE;
    vterm_screen_set_callbacks(pty->screen, &screen_callbacks, pty);
    vterm_screen_enable_altscreen(pty->screen, 1);
    vterm_screen_reset(pty->screen, 1);
}

/* ---- the program ---- */

/* Between fork and exec: async-signal-safe calls only. */
static void child_run(char **argv, char **env, int slave, int idle_fd)
{
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    dup2(slave, 0);
    dup2(slave, 1);
    dup2(slave, 2);
    if (idle_fd >= 0)
        fcntl(idle_fd, F_SETFD, 0);
    close_range(3, idle_fd > 3 ? (unsigned)idle_fd - 1 : ~0u, 0);
    if (idle_fd > 3)
        close_range((unsigned)idle_fd + 1, ~0u, 0);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    execve(argv[0], argv, env);
    _exit(127);
}

static gboolean program_start(VdPty *pty, const VdPtyOptions *options, GError **error)
{
    struct winsize size = {.ws_row = (unsigned short)pty->rows,
                           .ws_col = (unsigned short)pty->cols};
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) env = vd_sandbox_environment(pty->sandbox, options);
    int pipe_fds[2] = {-1, -1};
    if (openpty(&pty->master, &pty->slave, NULL, NULL, &size) < 0 ||
        (options->idle && pipe2(pipe_fds, O_CLOEXEC) < 0)) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no pty: %s", g_strerror(errno));
        return FALSE;
    }
    for (const char *const *word = options->argv; *word; word++)
        g_strv_builder_add(words, *word);
    if (options->idle) {
        g_autofree char *word = g_strdup_printf("--test-idle-fd=%d", pipe_fds[1]);
        g_strv_builder_add(words, word);
    }
    g_auto(GStrv) argv = g_strv_builder_end(words);
    pty->idle_fd = pipe_fds[0];
    fcntl(pty->master, F_SETFD, FD_CLOEXEC);
    fcntl(pty->slave, F_SETFD, FD_CLOEXEC);
    pty->pid = fork();
    if (pty->pid == 0)
        child_run(argv, env, pty->slave, pipe_fds[1]);
    if (pipe_fds[1] >= 0)
        close(pipe_fds[1]);
    if (pty->pid < 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "fork: %s", g_strerror(errno));
        return FALSE;
    }
    pty->pid_fd = (int)syscall(SYS_pidfd_open, pty->pid, 0);
    fcntl(pty->master, F_SETFL, O_NONBLOCK);
    if (pty->idle_fd >= 0)
        fcntl(pty->idle_fd, F_SETFL, O_NONBLOCK);
    return TRUE;
}

VdPty *vd_pty_start(const VdPtyOptions *options, GError **error)
{
    g_autoptr(VdPty) pty = g_new0(VdPty, 1);
    pty->rows = options->rows ? options->rows : 24;
    pty->cols = options->cols ? options->cols : 80;
    pty->master = pty->slave = pty->idle_fd = pty->pid_fd = -1;
    pty->term = g_strdup(options->term ? options->term : "xterm-256color");
    pty->answers = g_string_new(NULL);
    pty->mended = g_string_new(NULL);
    vd_mend_init(&pty->mend);
    pty->rate = options->rate;
    pty->paid_at = g_get_monotonic_time();
    pty->sandbox = vd_sandbox_new(options->folder, error);
    if (!pty->sandbox)
        return NULL;
    if (options->cast) {
        pty->cast = vd_cast_new(options->cast, pty->rows, pty->cols, pty->term, error);
        if (!pty->cast)
            return NULL;
    }
    terminal_start(pty, options->lang ? options->lang : "C.UTF-8");
    if (!program_start(pty, options, error))
        return NULL;
    return g_steal_pointer(&pty);
}

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void vd_pty_hangup(VdPty *pty)
{
    fd_close(&pty->slave);
    fd_close(&pty->master);
}

/* ---- reading ---- */

/* How many bytes a slow line would have brought by now. */
static gsize line_room(VdPty *pty)
{
    gint64 now = g_get_monotonic_time();
    if (pty->rate == 0)
        return G_MAXSIZE;
    double more = (double)(now - pty->paid_at) * pty->rate / 1e6;
    pty->paid_at = now;
    pty->credit = MIN(pty->credit + more, (double)pty->rate / 50); /* no more than 20 ms of it */
    return pty->credit < 1 ? 0 : (gsize)pty->credit;
}

static void take_output(VdPty *pty)
{
    char buffer[16384];
    for (;;) {
        gsize room = MIN(sizeof(buffer), line_room(pty));
        ssize_t n = pty->master < 0 || room == 0 ? -1 : read(pty->master, buffer, room);
        if (n <= 0)
            return;
        pty->credit -= (double)n;
        pty->bytes += (guint64)n;
        g_string_truncate(pty->mended, 0);
        vd_mend(&pty->mend, buffer, (gsize)n, pty->mended);
        vterm_input_write(pty->vt, pty->mended->str, pty->mended->len);
        answers_send(pty);
        vd_cast_output(pty->cast, buffer, (gsize)n);
    }
}

/* Whether the program's first thread waits for something (proc(5): the state follows the name). */
static gboolean asleep(const VdPty *pty)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/stat", pty->pid, pty->pid);
    g_autofree char *stat = NULL;
    if (!g_file_get_contents(path, &stat, NULL, NULL))
        return FALSE;
    const char *name_end = strrchr(stat, ')');
    return name_end && name_end[1] == ' ' && name_end[2] == 'S';
}

static void take_idle(VdPty *pty)
{
    char buffer[1024];
    int unread = 0;
    gboolean told = FALSE;
    if (pty->idle_fd < 0)
        return;
    for (ssize_t n; (n = read(pty->idle_fd, buffer, sizeof(buffer))) > 0;)
        told = told || memchr(buffer, '\n', (size_t)n);
    if (pty->unread) {
        pty->told = pty->told || told;
        if (pty->slave < 0 || ioctl(pty->slave, FIONREAD, &unread) < 0 || unread == 0)
            pty->unread = FALSE;
        return;
    }
    pty->quiet = pty->quiet || told || (pty->told && asleep(pty));
}

/* From now on only what the program says later counts. */
static void expect_idle(VdPty *pty, gboolean keys)
{
    take_idle(pty);
    pty->quiet = pty->told = FALSE;
    pty->unread = keys;
}

static void take_end(VdPty *pty)
{
    int status = 0;
    if (pty->ended || waitpid(pty->pid, &status, WNOHANG) != pty->pid)
        return;
    pty->ended = TRUE;
    pty->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* One turn: waits for something to happen, at most until the time given. */
static void pump(VdPty *pty, gint64 until)
{
    gint64 left = (until - g_get_monotonic_time()) / 1000;
    /* Neither unread keys nor sleep can be waited for: they are looked at again soon. */
    int wait = (int)CLAMP(left, 0, pty->unread || (pty->told && !pty->quiet) ? 5 : 1000);
    gboolean slow = pty->rate > 0; /* what waits there is not waited for, but looked at soon */
    if (slow)
        wait = MIN(wait, 4);
    struct pollfd fds[] = {{.fd = slow ? -1 : pty->master, .events = POLLIN},
                           {.fd = pty->idle_fd, .events = POLLIN},
                           {.fd = pty->ended ? -1 : pty->pid_fd, .events = POLLIN}};
    poll(fds, G_N_ELEMENTS(fds), wait);
    take_end(pty); /* first: what it wrote before its end is then still read below */
    take_idle(pty);
    take_output(pty);
    if (fds[1].revents & POLLHUP && !(fds[1].revents & POLLIN))
        fd_close(&pty->idle_fd);
}

void vd_pty_free(VdPty *pty)
{
    if (!pty)
        return;
    vd_pty_hangup(pty);
    gint64 until = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    while (pty->pid > 0 && !pty->ended && g_get_monotonic_time() < until)
        pump(pty, until);
    if (pty->pid > 0 && !pty->ended) {
        kill(pty->pid, SIGKILL);
        waitpid(pty->pid, NULL, 0);
    }
    fd_close(&pty->idle_fd);
    fd_close(&pty->pid_fd);
    if (pty->vt)
        vterm_free(pty->vt);
    g_string_free(pty->answers, TRUE);
    g_string_free(pty->mended, TRUE);
    vd_mend_clear(&pty->mend);
    vd_cast_free(pty->cast);
    vd_sandbox_free(pty->sandbox);
    g_free(pty->term);
    g_free(pty);
}

/* ---- typing ---- */

static void type_bytes(VdPty *pty, const char *bytes, gsize length)
{
    gint64 until = g_get_monotonic_time() + vd_pty_deadline();
    expect_idle(pty, TRUE);
    while (length && pty->master >= 0 && !pty->ended && g_get_monotonic_time() < until) {
        ssize_t n = write(pty->master, bytes, length);
        if (n > 0) {
            bytes += n;
            length -= (gsize)n;
        } else {
            pump(pty, until);
        }
    }
}

void vd_pty_send(VdPty *pty, const char *keys)
{
    /* A key that follows Esc at once would be taken for its Alt twin. */
    for (const char *esc; (esc = strstr(keys, "<Esc>")) && esc[5]; keys = esc + 5) {
        g_autofree char *part = g_strndup(keys, (gsize)(esc - keys) + 5);
        GString *bytes = vd_keys_encode(pty->term, part);
        type_bytes(pty, bytes->str, bytes->len);
        g_string_free(bytes, TRUE);
        vd_pty_settle(pty);
    }
    GString *bytes = vd_keys_encode(pty->term, keys);
    type_bytes(pty, bytes->str, bytes->len);
    g_string_free(bytes, TRUE);
}

gboolean vd_pty_click(VdPty *pty, int row, int col)
{
    take_output(pty);
    if (!pty->mouse_wanted)
        return FALSE;
    expect_idle(pty, TRUE);
    vterm_mouse_move(pty->vt, row, col, VTERM_MOD_NONE);
    vterm_mouse_button(pty->vt, 1, true, VTERM_MOD_NONE);
    vterm_mouse_button(pty->vt, 1, false, VTERM_MOD_NONE);
    answers_send(pty);
    return TRUE;
}

void vd_pty_resize(VdPty *pty, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    take_output(pty);
    expect_idle(pty, FALSE);
    pty->rows = rows;
    pty->cols = cols;
    vterm_set_size(pty->vt, rows, cols);
    vd_cast_resize(pty->cast, rows, cols);
    ioctl(pty->master, TIOCSWINSZ, &size);
}

void vd_pty_signal(VdPty *pty, int number)
{
    if (!pty->ended)
        kill(pty->pid, number);
}

/* ---- waiting ---- */

gboolean vd_pty_settle(VdPty *pty)
{
    gint64 until = g_get_monotonic_time() + vd_pty_deadline();
    if (pty->idle_fd < 0)
        return FALSE;
    take_idle(pty);
    while (!pty->ended && !(pty->quiet && !pty->unread) && g_get_monotonic_time() < until)
        pump(pty, until);
    take_output(pty);
    return pty->quiet && !pty->ended;
}

gboolean vd_pty_wait(VdPty *pty, VdPtyPredicate predicate, gpointer data)
{
    gint64 until = g_get_monotonic_time() + vd_pty_deadline();
    for (;;) {
        g_autoptr(VdGrid) grid = vd_pty_grid(pty);
        if ((pty->idle_fd < 0 || pty->quiet) && predicate(grid, data))
            return TRUE;
        if (pty->ended || g_get_monotonic_time() >= until)
            return FALSE;
        pump(pty, until);
    }
}

static gboolean has_text(VdGrid *grid, gpointer data)
{
    return vd_grid_find(grid, data, NULL, NULL);
}

static gboolean lacks_text(VdGrid *grid, gpointer data)
{
    return !vd_grid_find(grid, data, NULL, NULL);
}

gboolean vd_pty_wait_text(VdPty *pty, const char *text)
{
    return vd_pty_wait(pty, has_text, (gpointer)text);
}

gboolean vd_pty_wait_gone(VdPty *pty, const char *text)
{
    return vd_pty_wait(pty, lacks_text, (gpointer)text);
}

gboolean vd_pty_wait_exit(VdPty *pty, int *ret_status)
{
    gint64 until = g_get_monotonic_time() + vd_pty_deadline();
    while (!pty->ended && g_get_monotonic_time() < until)
        pump(pty, until);
    take_output(pty);
    if (pty->ended && ret_status)
        *ret_status = pty->status;
    return pty->ended;
}

/* ---- looking ---- */

VdGrid *vd_pty_grid(VdPty *pty)
{
    VTermPos cursor = {0, 0};
    take_output(pty);
    VdGrid *grid = vd_grid_new(pty->screen, pty->rows, pty->cols);
    vterm_state_get_cursorpos(vterm_obtain_state(pty->vt), &cursor);
    if (pty->cursor_shown) {
        grid->cursor_row = cursor.row;
        grid->cursor_col = cursor.col;
    }
    return grid;
}

const char *vd_pty_folder(const VdPty *pty)
{
    return vd_sandbox_folder(pty->sandbox);
}

pid_t vd_pty_pid(const VdPty *pty)
{
    return pty->pid;
}

guint64 vd_pty_bytes(const VdPty *pty)
{
    return pty->bytes;
}
