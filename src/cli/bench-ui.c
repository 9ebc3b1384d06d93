/* Plays keys to a console of its own and prints how long each took to change the screen. The
 * console is this very program on a terminal (pty) that nobody looks at, so that what is measured
 * is all of it: reading the key, drawing, curses, the write. A script is lines:
 *
 *   # …             a comment
 *   size COLS ROWS  of the terminal; first, if at all
 *   pause MS        lets time go by
 *   keys KEYS [N]   types KEYS one by one, N times: text as it is, others by name in brackets,
 * <Down> <PgDn> <F6> <Enter> <Esc> <C-l> <lt>; each is waited for
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/histogram.h"
#include "src/base/i18n.h"
#include "src/cli/private.h"

/* A key that has changed nothing for so long changes nothing. */
#define ANSWER_MS 1000
#define START_MS  3000
#define QUIET_MS  30
#define GRACE_MS  5
#define LEAVE_MS  2000

static const char usual_script[] = "pause 2000\n"
                                   "keys <Down> 40\n"
                                   "keys <Up> 40\n"
                                   "keys <PgDn><PgDn><PgUp><PgUp> 10\n"
                                   "keys G\n"
                                   "keys g\n"
                                   "keys <F6><F6><F6> 2\n"
                                   "keys t 2\n"
                                   "keys /a1<BS><BS><Esc> 5\n"
                                   "keys ?<Esc> 5\n"
                                   "keys :<Esc> 5\n";

static const struct {
    const char *name, *bytes; /* as xterm sends them */
} names[] = {
    {"Up", "\033OA"},    {"Down", "\033OB"},    {"Right", "\033OC"}, {"Left", "\033OD"},
    {"Home", "\033OH"},  {"End", "\033OF"},     {"PgUp", "\033[5~"}, {"PgDn", "\033[6~"},
    {"Ins", "\033[2~"},  {"Del", "\033[3~"},    {"F1", "\033OP"},    {"F2", "\033OQ"},
    {"F3", "\033OR"},    {"F4", "\033OS"},      {"F5", "\033[15~"},  {"F6", "\033[17~"},
    {"F7", "\033[18~"},  {"F8", "\033[19~"},    {"F9", "\033[20~"},  {"F10", "\033[21~"},
    {"F11", "\033[23~"}, {"F12", "\033[24~"},   {"Enter", "\r"},     {"Esc", "\033"},
    {"Tab", "\t"},       {"BackTab", "\033[Z"}, {"Space", " "},      {"BS", "\177"},
    {"lt", "<"},
};

typedef struct {
    int master;
    int rest; /* the console writes a line there whenever it has done all there is to do */
    pid_t pid;
    guint64 bytes;
    guint unanswered;
    VdHistogram times;
} Bench;

/* The bytes of the next key of *keys, which moves on; NULL: no key is called so. The caller frees.
 */
static char *next_key(const char **keys)
{
    const char *at = *keys, *end = *at == '<' ? strchr(at, '>') : NULL;
    if (!end) {
        *keys = g_utf8_next_char(at);
        return g_strndup(at, (gsize)(*keys - at));
    }
    g_autofree char *name = g_strndup(at + 1, (gsize)(end - at - 1));
    *keys = end + 1;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i].name, name) == 0)
            return g_strdup(names[i].bytes);
    if (g_str_has_prefix(name, "C-") && strlen(name) == 3)
        return g_strdup_printf("%c", name[2] & 0x1f);
    return NULL;
}

/* Reads what the console draws, until it has been silent for quiet_ms or the time is over; FALSE:
 * it drew nothing. */
static gboolean drain(Bench *bench, int first_ms, int quiet_ms, gint64 *ret_first)
{
    char buffer[16384];
    gboolean any = FALSE;
    gint64 until = g_get_monotonic_time() + (gint64)first_ms * 1000;
    for (;;) {
        struct pollfd ready = {.fd = bench->master, .events = POLLIN};
        int left = (int)((until - g_get_monotonic_time()) / 1000);
        if (poll(&ready, 1, any ? MIN(quiet_ms, MAX(left, 0)) : MAX(left, 0)) <= 0)
            return any;
        ssize_t n = read(bench->master, buffer, sizeof buffer);
        if (n <= 0)
            return any;
        bench->bytes += (guint64)n;
        if (memmem(buffer, (gsize)n, "\033[5n", 4)) /* a terminal answers that it is well */
            (void)!write(bench->master, "\033[0n", 4);
        if (!any && ret_first)
            *ret_first = g_get_monotonic_time();
        any = TRUE;
    }
}

/* The console rested since the last time. */
static gboolean rested(Bench *bench)
{
    char lines[4096];
    return read(bench->rest, lines, sizeof lines) > 0;
}

/* FALSE: it is done with the key, and drew nothing. What is drawn each second is no answer. */
static gboolean await_answer(Bench *bench, gint64 *ret_first)
{
    gint64 until = g_get_monotonic_time() + ANSWER_MS * 1000;
    for (;;) {
        struct pollfd ready[] = {{.fd = bench->master, .events = POLLIN},
                                 {.fd = bench->rest, .events = POLLIN}};
        gint64 left = (until - g_get_monotonic_time()) / 1000;
        if (left <= 0 || poll(ready, G_N_ELEMENTS(ready), (int)left) <= 0)
            return FALSE;
        if (!ready[0].revents && rested(bench) && poll(ready, 1, GRACE_MS) <= 0)
            return FALSE;
        if (ready[0].revents)
            return drain(bench, ANSWER_MS, QUIET_MS, ret_first);
    }
}

static void play_key(Bench *bench, const char *bytes)
{
    gint64 first = 0;
    (void)drain(bench, QUIET_MS, QUIET_MS, NULL); /* what comes by itself is no answer */
    (void)rested(bench);
    gint64 begun = g_get_monotonic_time();
    (void)!write(bench->master, bytes, strlen(bytes));
    if (await_answer(bench, &first))
        vd_histogram_add(&bench->times, first - begun);
    else
        bench->unanswered++;
}

static gboolean play_keys(Bench *bench, const char *keys, int times, GError **error)
{
    for (int i = 0; i < times; i++)
        for (const char *at = keys; *at;) {
            const char *from = at;
            g_autofree char *bytes = next_key(&at);
            if (!bytes)
                return vd_fail(error, VD_ERR_USAGE, NULL, _("no key is called %.*s"),
                               (int)(at - from), from);
            play_key(bench, bytes);
        }
    return TRUE;
}

static gboolean play_line(Bench *bench, char *const *words, GError **error)
{
    guint n = g_strv_length((char **)(gpointer)words);
    int number = n > 2 ? atoi(words[2]) : 1;
    if (n == 0 || words[0][0] == '#' || (n == 3 && strcmp(words[0], "size") == 0))
        return TRUE;
    if (n == 2 && strcmp(words[0], "pause") == 0) {
        gint64 end = g_get_monotonic_time() + (gint64)atoi(words[1]) * 1000;
        while (g_get_monotonic_time() < end)
            (void)drain(bench, (int)((end - g_get_monotonic_time()) / 1000) + 1, QUIET_MS, NULL);
        return TRUE;
    }
    if ((n == 2 || n == 3) && strcmp(words[0], "keys") == 0 && number > 0)
        return play_keys(bench, words[1], number, error);
    return vd_fail(error, VD_ERR_USAGE, NULL,
                   _("expected “size COLS ROWS”, “pause MS” or “keys KEYS [N]”"));
}

static char **words_of(const char *line)
{
    GPtrArray *words = g_ptr_array_new();
    g_auto(GStrv) all = g_strsplit_set(line, " \t\r", -1);
    for (guint i = 0; all[i]; i++)
        if (*all[i])
            g_ptr_array_add(words, g_strdup(all[i]));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

static gboolean play(Bench *bench, char **lines, GError **error)
{
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = words_of(lines[i]);
        if (!play_line(bench, words, error)) {
            g_prefix_error(error, _("line %u: "), i + 1);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean says_nothing(const char *line)
{
    line += strspn(line, " \t\r");
    return *line == '#' || !*line;
}

static gboolean start(Bench *bench, char **lines, char **options, GError **error)
{
    struct winsize size = {.ws_col = 120, .ws_row = 40};
    while (*lines && says_nothing(*lines))
        lines++;
    g_auto(GStrv) first = words_of(*lines ? *lines : "");
    if (g_strv_length(first) == 3 && strcmp(first[0], "size") == 0) {
        size.ws_col = (unsigned short)CLAMP(atoi(first[1]), 20, 1000);
        size.ws_row = (unsigned short)CLAMP(atoi(first[2]), 5, 1000);
    }
    int rest[2];
    if (pipe2(rest, O_CLOEXEC | O_NONBLOCK) < 0)
        return vd_fail(error, VD_ERR_FAILED, g_strerror(errno), _("There is no pipe to be had."));
    bench->rest = rest[0];
    g_autofree char *word = g_strdup_printf("--test-idle-fd=%d", rest[1]);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_ptr_array_add(argv, (gpointer) "vmdeck");
    g_ptr_array_add(argv, word);
    for (; *options; options++)
        g_ptr_array_add(argv, *options);
    g_ptr_array_add(argv, NULL);
    bench->pid = forkpty(&bench->master, NULL, NULL, &size);
    if (bench->pid != 0)
        (void)close(rest[1]);
    if (bench->pid < 0)
        return vd_fail(error, VD_ERR_FAILED, g_strerror(errno),
                       _("There is no terminal to be had."));
    if (bench->pid == 0) {
        (void)setenv("TERM", "xterm-256color", 1);
        (void)fcntl(rest[1], F_SETFD, 0);
        (void)execv("/proc/self/exe", (char **)argv->pdata);
        _exit(127);
    }
    if (drain(bench, START_MS, QUIET_MS, NULL))
        return TRUE;
    return vd_fail(error, VD_ERR_FAILED, NULL, _("The console drew nothing."));
}

static void end(Bench *bench)
{
    int status = 0;
    gint64 until = g_get_monotonic_time() + LEAVE_MS * 1000;
    (void)kill(bench->pid, SIGTERM);
    while (waitpid(bench->pid, &status, WNOHANG) == 0) {
        if (g_get_monotonic_time() > until)
            (void)kill(bench->pid, SIGKILL);
        (void)drain(bench, 10, 5, NULL);
    }
    (void)close(bench->master);
    (void)close(bench->rest);
}

static void report(const Bench *bench)
{
    const VdHistogram *times = &bench->times;
    vd_out(_("keys that changed the screen  %u\nkeys that changed nothing     %u\n"),
           (guint)times->n, bench->unanswered);
    vd_out(_("half of them within           %.1f ms\n"), (double)vd_histogram_at(times, 50) / 1000);
    vd_out(_("90 of 100                     %.1f ms\n"), (double)vd_histogram_at(times, 90) / 1000);
    vd_out(_("99 of 100                     %.1f ms\n"), (double)vd_histogram_at(times, 99) / 1000);
    vd_out(_("the worst                     %.1f ms\n"), (double)times->worst / 1000);
    vd_out(_("bytes to the terminal         %u\n"), (guint)bench->bytes);
}

int vd_bench_ui(int argc, char **argv)
{
    Bench bench = {.master = -1, .rest = -1};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    if (argc > 0 && strcmp(argv[0], "--help") == 0) {
        vd_out(
            "vmdeck bench-ui [SCRIPT] [OPTIONS]\n%s\n\n%s\n",
            _("Play keys to a console and print how fast it is."),
            _("A script is lines: “size COLS ROWS” first, if at all, “pause MS”, and “keys KEYS "
              "[N]”, "
              "which types them N times, text as it is and others as <Down>, <F6>, <Enter>, <C-l>; "
              "“#” begins a comment. The options are the console's."));
        return 0;
    }
    gboolean own = argc > 0 && argv[0][0] != '-';
    if (own && !g_file_get_contents(argv[0], &text, NULL, &error)) {
        vd_err("vmdeck: %s\n", error->message);
        return 2;
    }
    if (own && !g_utf8_validate(text, -1, NULL)) {
        vd_err(_("vmdeck: %s is not in UTF-8.\n"), argv[0]);
        return 2;
    }
    g_auto(GStrv) lines = g_strsplit(own ? text : usual_script, "\n", -1);
    gboolean fine = start(&bench, lines, argv + (own ? 1 : 0), &error);
    fine = fine && play(&bench, lines, &error);
    if (bench.pid > 0)
        end(&bench);
    if (!fine) {
        vd_err("vmdeck: %s\n", error->message);
        return vd_error_code(error) == VD_ERR_USAGE ? 2 : 1;
    }
    report(&bench);
    return 0;
}
