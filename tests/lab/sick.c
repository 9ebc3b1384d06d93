/* Daemons of libvirt's test driver are cheap: a process each, run as an ordinary user with a folder
 * of its own, so that they touch nothing of this machine; as root they run as nobody. Frozen and
 * killed they behave as any other libvirtd. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lab/sick.h"

#define LAB           SICK_SOURCE_DIR "/tests/lab/lab"
#define PROXY         SICK_BUILD_DIR "/tests/lab/proxy"
#define VMDECK        SICK_BUILD_DIR "/vmdeck"
#define READY_SECONDS 60

struct _SickLink {
    GSubprocess *process;
    GDataInputStream *out;
    GOutputStream *in;
};

/* Below this load per processor the promises hold as they are. */
#define LOAD_FINE 4.0

/* What waits for a processor answers later, whatever the console does. */
static double load_slack(void)
{
    double load = 0;
    if (getloadavg(&load, 1) != 1)
        return 1;
    return load / (double)g_get_num_processors() / LOAD_FINE;
}

double sick_slack(void)
{
    const char *slack = g_getenv("VMDECK_TEST_SLACK");
    return MAX(1.0, slack ? g_ascii_strtod(slack, NULL) : load_slack());
}

void sick_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    (void)printf("# %s\n", text);
    (void)fflush(stdout);
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void folder_remove(const char *folder)
{
    nftw(folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* One that another user may reach, with a short name: sockets' names are bounded. */
static char *folder_new(const char *what)
{
    g_autofree char *model = g_strdup_printf("/tmp/vmdeck-%s-XXXXXX", what);
    char *folder = g_mkdtemp(g_steal_pointer(&model));
    assert_non_null(folder);
    assert_int_equal(chmod(folder, 0755), 0);
    return folder;
}

/* ---- daemons ---- */

static void with_parent(gpointer data)
{
    (void)data;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void sick_daemon_start(SickDaemon *daemon)
{
    g_autofree char *config = g_build_filename(daemon->folder, "libvirtd.conf", NULL);
    g_autofree char *pid_file = g_build_filename(daemon->folder, "pid", NULL);
    g_autofree char *home = g_strdup_printf("HOME=%s", daemon->folder);
    g_autofree char *run = g_strdup_printf("XDG_RUNTIME_DIR=%s", daemon->folder);
    g_autofree char *path = g_strdup_printf("PATH=%s:/usr/sbin:/sbin", g_getenv("PATH"));
    const char *as_nobody[] = {
        "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig", "KILL",
        NULL};
    const char *argv[] = {"env",      "-i",   path,         home,     run, "libvirtd",
                          "--config", config, "--pid-file", pid_file, NULL};
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autoptr(GError) error = NULL;
    if (geteuid() == 0)
        g_strv_builder_addv(words, as_nobody);
    g_strv_builder_addv(words, argv);
    g_auto(GStrv) all = g_strv_builder_end(words);
    GPid pid = 0;
    if (!g_spawn_async("/", all, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                           G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                       with_parent, NULL, &pid, &error))
        fail_msg("libvirtd: %s", error->message);
    daemon->pid = pid;
}

SickDaemon *sick_daemon_new(void)
{
    SickDaemon *daemon = g_new0(SickDaemon, 1);
    daemon->folder = folder_new("daemon");
    daemon->socket = g_build_filename(daemon->folder, "libvirt-sock", NULL);
    daemon->id = g_uuid_string_random();
    g_autofree char *config = g_build_filename(daemon->folder, "libvirtd.conf", NULL);
    g_autofree char *text =
        g_strdup_printf("host_uuid = \"%s\"\nunix_sock_dir = \"%s\"\nauth_unix_rw = \"none\"\n"
                        "auth_unix_ro = \"none\"\nlog_outputs = \"3:file:%s/log\"\n",
                        daemon->id, daemon->folder, daemon->folder);
    assert_true(g_file_set_contents(config, text, -1, NULL));
    assert_int_equal(chmod(config, 0644), 0);
    assert_int_equal(chmod(daemon->folder, 0777), 0);
    sick_daemon_start(daemon);
    return daemon;
}

static gboolean takes_connections(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean ok = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return ok;
}

void sick_daemon_ready(SickDaemon *daemon)
{
    gint64 end = g_get_monotonic_time() + READY_SECONDS * G_USEC_PER_SEC;
    while (!takes_connections(daemon->socket)) {
        if (g_get_monotonic_time() > end || waitpid(daemon->pid, NULL, WNOHANG) == daemon->pid)
            fail_msg("libvirtd in %s does not come up", daemon->folder);
        g_usleep(20000);
    }
}

void sick_daemon_signal(SickDaemon *daemon, int number)
{
    assert_int_equal(kill(daemon->pid, number), 0);
}

void sick_daemon_kill(SickDaemon *daemon)
{
    sick_daemon_signal(daemon, SIGKILL);
    waitpid(daemon->pid, NULL, 0);
    daemon->pid = 0;
}

void sick_daemon_free(SickDaemon *daemon)
{
    if (!daemon)
        return;
    if (daemon->pid > 0)
        sick_daemon_kill(daemon);
    folder_remove(daemon->folder);
    g_free(daemon->folder);
    g_free(daemon->socket);
    g_free(daemon->id);
    g_free(daemon);
}

/* ---- links ---- */

static char *answer_read(SickLink *link)
{
    char *line = g_data_input_stream_read_line(link->out, NULL, NULL, NULL);
    if (!line)
        fail_msg("the proxy is gone");
    return line;
}

SickLink *sick_link_new(const char *at, const char *target)
{
    g_autoptr(GError) error = NULL;
    SickLink *link = g_new0(SickLink, 1);
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_subprocess_launcher_set_child_setup(launcher, with_parent, NULL, NULL);
    link->process = g_subprocess_launcher_spawn(launcher, &error, PROXY, at, target, NULL);
    if (!link->process)
        fail_msg("proxy: %s", error->message);
    link->in = g_subprocess_get_stdin_pipe(link->process);
    link->out = g_data_input_stream_new(g_subprocess_get_stdout_pipe(link->process));
    g_autofree char *ready = answer_read(link);
    assert_string_equal(ready, "ok");
    return link;
}

static char *command_answer(SickLink *link, const char *command)
{
    g_autofree char *line = g_strconcat(command, "\n", NULL);
    assert_true(g_output_stream_write_all(link->in, line, strlen(line), NULL, NULL, NULL));
    return answer_read(link);
}

void sick_link_tell(SickLink *link, const char *command, ...)
{
    va_list args;
    va_start(args, command);
    g_autofree char *line = g_strdup_vprintf(command, args);
    va_end(args);
    g_autofree char *answer = command_answer(link, line);
    assert_string_equal(answer, "ok");
}

SickCount sick_link_count(SickLink *link)
{
    SickCount count = {0};
    g_autofree char *answer = command_answer(link, "count");
    int n = sscanf(answer,
                   "open=%u accepted=%u calls=%u most=%u samples=%u longest=%u damaged=%u "
                   "up=%" G_GUINT64_FORMAT " down=%" G_GUINT64_FORMAT,
                   &count.open, &count.accepted, &count.calls, &count.most, &count.samples,
                   &count.longest, &count.damaged, &count.up, &count.down);
    assert_int_equal(n, 9);
    return count;
}

void sick_link_free(SickLink *link)
{
    if (!link)
        return;
    g_subprocess_force_exit(link->process);
    g_subprocess_wait(link->process, NULL, NULL);
    g_object_unref(link->out);
    g_object_unref(link->process);
    g_free(link);
}

/* ---- a host with real machines ---- */

static gboolean run(const char *const *argv, char **ret_output)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
    if (!process)
        fail_msg("%s: %s", argv[0], error->message);
    (void)g_subprocess_communicate_utf8(process, NULL, NULL, &output, &errors, NULL);
    gboolean ok = g_subprocess_get_if_exited(process) && g_subprocess_get_exit_status(process) == 0;
    if (!ok)
        (void)fprintf(stderr, "%s %s …: %s%s\n", argv[0], argv[1], output ? output : "",
                      errors ? errors : "");
    if (ret_output)
        *ret_output = g_steal_pointer(&output);
    return ok;
}

char *sick_lab_up(void)
{
    char *lab = folder_new("sick");
    const char *argv[] = {LAB, "up", lab, NULL};
    if (!run(argv, NULL)) {
        sick_lab_down(lab);
        fail_msg("the lab does not come up");
    }
    return lab;
}

void sick_lab_down(char *lab)
{
    const char *argv[] = {LAB, "down", lab, NULL};
    if (!lab)
        return;
    (void)run(argv, NULL);
    folder_remove(lab);
    g_free(lab);
}

gboolean sick_lab_sh(const char *lab, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    const char *argv[] = {LAB, "exec", lab, "--", "sh", "-c", line, NULL};
    return run(argv, NULL);
}

char *sick_lab_read(const char *lab, const char *format, ...)
{
    va_list args;
    char *output = NULL;
    va_start(args, format);
    g_autofree char *line = g_strdup_vprintf(format, args);
    va_end(args);
    const char *argv[] = {LAB, "exec", lab, "--", "sh", "-c", line, NULL};
    (void)run(argv, &output);
    return output;
}

/* ---- the console ---- */

SickConsole *sick_console_new(const SickHost *hosts, int rows, int cols, const char *cast)
{
    SickConsole *console = g_new0(SickConsole, 1);
    g_autoptr(GError) error = NULL;
    console->folder = folder_new("console");
    console->times = g_array_new(FALSE, FALSE, sizeof(double));
    g_autofree char *config = g_build_filename(console->folder, "vmdeck.conf", NULL);
    g_autoptr(GString) text = g_string_new("hosts = (");
    for (const SickHost *host = hosts; host->name; host++)
        g_string_append_printf(text, "%s { name = \"%s\"; uri = \"%s\"; }",
                               host == hosts ? "" : ",", host->name, host->uri);
    g_string_append(text, " );\n");
    assert_true(g_file_set_contents(config, text->str, -1, NULL));
    const char *given = g_getenv("VMDECK");
    const char *argv[] = {given ? given : VMDECK, "--config", config, NULL};
    VdPtyOptions options = {.argv = argv, .rows = rows, .cols = cols, .cast = cast};
    console->pty = vd_pty_start(&options, &error);
    if (!console->pty)
        fail_msg("%s", error->message);
    return console;
}

void sick_console_fail(SickConsole *console, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *words = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    g_autofree char *screen = vd_grid_text(grid);
    g_autofree char *log = sick_console_log(console);
    (void)fprintf(stderr, "%s\n%s\nits log:\n%s", words, screen, log);
    fail_msg("%s", words);
}

char *sick_console_log(SickConsole *console)
{
    char *text = NULL;
    g_autofree char *path =
        g_build_filename(vd_pty_folder(console->pty), "state", "vmdeck.log", NULL);
    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

void sick_console_quit(SickConsole *console)
{
    int status = -1;
    gint64 begun = g_get_monotonic_time();
    vd_pty_send(console->pty, "q");
    if (!vd_pty_wait_exit(console->pty, &status))
        sick_console_fail(console, "it does not end");
    double took = (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    sick_note("quitting took %.0f ms", took * 1000);
    /* A busy machine alone may take longer than the 0.3 s that are promised. */
    if (took > 1.0 * sick_slack() || status != 0)
        sick_console_fail(console, "quitting took %.3f s, status %d", took, status);
    vd_pty_free(console->pty);
    folder_remove(console->folder);
    g_array_unref(console->times);
    g_free(console->folder);
    g_free(console);
}

static gboolean time_is_over(VdGrid *grid, gpointer data)
{
    (void)grid;
    return g_get_monotonic_time() >= *(gint64 *)data;
}

void sick_console_watch(SickConsole *console, double seconds)
{
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
    (void)vd_pty_wait(console->pty, time_is_over, &end);
}

/* Its place; -1: there is no such row. *ret_text as from sick_console_row(). */
static int row_find(VdGrid *grid, const char *name, char **ret_text)
{
    for (int row = 1; row < grid->rows; row++) {
        g_autofree char *text = vd_grid_row(grid, row);
        char *end = strstr(text, "│");
        if (end)
            *end = '\0';
        const char *begin = text + strspn(text, " -+>*");
        if (!g_str_has_prefix(begin, name) || !strchr(" ", begin[strlen(name)]))
            continue;
        if (ret_text)
            *ret_text = g_strdup(begin);
        return row;
    }
    return -1;
}

char *sick_console_row(SickConsole *console, const char *name)
{
    char *text = NULL;
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    (void)row_find(grid, name, &text);
    return text;
}

typedef struct {
    const char *name, *text;
    gint64 end;
} Expected;

static gboolean shows_or_over(VdGrid *grid, gpointer data)
{
    const Expected *expected = data;
    g_autofree char *text = NULL;
    if (row_find(grid, expected->name, &text) >= 0 && strstr(text, expected->text))
        return TRUE;
    return g_get_monotonic_time() >= expected->end;
}

void sick_console_expect(SickConsole *console, const char *name, const char *text, double seconds,
                         double *ret_seconds)
{
    gint64 begun = g_get_monotonic_time();
    Expected expected = {name, text, begun + (gint64)(seconds * sick_slack() * G_USEC_PER_SEC)};
    (void)vd_pty_wait(console->pty, shows_or_over, &expected);
    if (ret_seconds)
        *ret_seconds = (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    if (!sick_console_shows(console, name, text))
        sick_console_fail(console, "%s is not shown with “%s” within %.0f s", name, text, seconds);
}

gboolean sick_console_shows(SickConsole *console, const char *name, const char *text)
{
    g_autofree char *row = sick_console_row(console, name);
    return row && strstr(row, text);
}

static int cursor_row(VdGrid *grid)
{
    for (int row = 2; row < grid->rows; row++) {
        if (vd_grid_glyph(grid, row, 3)->bg != -1)
            return row;
    }
    return -1;
}

static gboolean cursor_elsewhere(VdGrid *grid, gpointer data)
{
    int row = cursor_row(grid);
    return row >= 0 && row != *(int *)data;
}

static void keep_time(SickConsole *console, double ms)
{
    g_array_append_val(console->times, ms);
    console->worst = MAX(console->worst, ms);
}

void sick_console_key(SickConsole *console, const char *key)
{
    g_autoptr(VdGrid) before = vd_pty_grid(console->pty);
    int row = cursor_row(before);
    gint64 begun = g_get_monotonic_time();
    vd_pty_send(console->pty, key);
    if (!vd_pty_wait(console->pty, cursor_elsewhere, &row))
        sick_console_fail(console, "%s is not answered", key);
    keep_time(console, (double)(g_get_monotonic_time() - begun) / 1000);
}

void sick_console_go(SickConsole *console, const char *name)
{
    for (int i = 0; i < 200; i++) {
        g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
        int wanted = row_find(grid, name, NULL), now = cursor_row(grid);
        if (wanted < 0)
            break;
        if (wanted == now)
            return;
        sick_console_key(console, wanted < now ? "<Up>" : "<Down>");
    }
    sick_console_fail(console, "the cursor does not come to %s", name);
}
