/* The canvas on a terminal, through curses. What was shown last is kept, so that a frame costs what
 * changed; curses then finds the cheapest way to say it. Each role is a colour pair and a set of
 * attributes, made once from the theme for as many colours as the terminal has. */
#include "config.h"

#include "ui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <ncurses.h>
#include <term.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "ui/link.h"
#include "ui/out.h"
#include "ui/term-private.h"

/* Leaving waits no longer than this for what is on its way. */
#define LEAVE_MS 100

static struct {
    SCREEN *screen; /* NULL: not taken */
    gboolean ascii, mouse, paste, fresh;
    gboolean colors_own; /* the terminal's own colours may be used */
    short pairs;         /* how many of pair are made */
    struct {
        short fg, bg;
    } pair[2 * VD_ROLE_COUNT];
    int saved_stderr;
    struct termios before;                                    /* the modes as they were */
    attr_t attrs[VD_ROLE_COUNT], dialog_attrs[VD_ROLE_COUNT]; /* the second on a dialog's ground */
    VdCell *shown;                                            /* what is on the screen */
    VdOut *out; /* NULL: curses writes to the terminal itself */
    VdLink link;
    char farewell[128]; /* gives the terminal back, for who has no time for curses; or empty */
    int width, height;
} term = {.saved_stderr = -1};

static gboolean utf8_locale(void)
{
    const char *codeset = nl_langinfo(CODESET);
    return g_ascii_strcasecmp(codeset, "UTF-8") == 0 || g_ascii_strcasecmp(codeset, "UTF8") == 0;
}

/* Terminals older than UTF-8, whatever the locale says. */
static gboolean old_terminal(const char *name)
{
    static const char *const old[] = {"vt52", "vt100", "vt102", "vt220", "vt320", "ansi", "sun"};
    for (guint i = 0; i < G_N_ELEMENTS(old); i++)
        if (g_str_has_prefix(name, old[i]))
            return TRUE;
    return FALSE;
}

gboolean vd_term_needs_ascii(void)
{
    const char *name = getenv("TERM");
    return !utf8_locale() || (name && old_terminal(name));
}

static gboolean usable(const char *name, GError **error)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The console needs a terminal for input and output; without one, use the "
                         "command line: “vmdeck list”, “vmdeck --help”."));
    if (!name || !*name)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("TERM is not set, so the console does not know this terminal: set it "
                         "(TERM=xterm), or use the command line: “vmdeck list”."));
    int status = 0;
    gboolean known = strcmp(name, "dumb") != 0 && setupterm(name, STDOUT_FILENO, &status) == OK;
    gboolean good = known && cursor_address && clear_screen;
    if (known)
        (void)del_curterm(cur_term); /* newterm() reads its own */
    if (good)
        return TRUE;
    return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                   _("No screen can be drawn on a terminal of the type “%s”: set TERM to what it "
                     "is (TERM=vt100 suits most), or use the command line: “vmdeck list”."),
                   name);
}

static attr_t curses_attrs(guint attrs)
{
    return (attrs & VD_ATTR_BOLD ? A_BOLD : 0) | (attrs & VD_ATTR_DIM ? A_DIM : 0) |
           (attrs & VD_ATTR_UNDERLINE ? A_UNDERLINE : 0) |
           (attrs & VD_ATTR_REVERSE ? A_REVERSE : 0);
}

/* Terminals have few pairs: the same colours are one. 0 is the terminal's own, also when there is
 * no pair left. */
static short pair_of(short fg, short bg)
{
    if (!term.colors_own) {
        fg = fg < 0 ? COLOR_WHITE : fg;
        bg = bg < 0 ? COLOR_BLACK : bg;
    }
    for (short i = 0; i < term.pairs; i++)
        if (term.pair[i].fg == fg && term.pair[i].bg == bg)
            return (short)(i + 1);
    if (term.pairs >= (short)G_N_ELEMENTS(term.pair) || term.pairs + 1 >= COLOR_PAIRS)
        return 0;
    term.pair[term.pairs].fg = fg;
    term.pair[term.pairs].bg = bg;
    init_pair(++term.pairs, fg, bg);
    return term.pairs;
}

static attr_t look_attrs(VdLook look, gboolean colors)
{
    return curses_attrs(look.attrs) | (colors ? (attr_t)COLOR_PAIR(pair_of(look.fg, look.bg)) : 0);
}

static void make_looks(const VdTheme *theme)
{
    const char *no_color = getenv("NO_COLOR");
    int colors = 0;
    term.colors_own = FALSE;
    term.pairs = 0;
    if (has_colors() && !(no_color && *no_color) && start_color() == OK &&
        COLOR_PAIRS > VD_ROLE_COUNT) {
        term.colors_own = use_default_colors() == OK;
        colors = COLORS;
    }
    short ground = vd_theme_look(theme, VD_ROLE_DIALOG, colors).bg;
    for (int role = 0; role < VD_ROLE_COUNT; role++) {
        VdLook look = vd_theme_look(theme, (VdRole)role, colors);
        term.attrs[role] = look_attrs(look, colors >= 8);
        if (look.bg < 0)
            look.bg = ground;
        if (look.fg == look.bg && look.fg >= 0) /* would hide the text */
            look.fg = vd_theme_look(theme, VD_ROLE_DIALOG, colors).fg;
        term.dialog_attrs[role] = look_attrs(look, colors >= 8);
    }
}

static void redirect_stderr(void)
{
    (void)fflush(stderr);
    int to = vd_log_fd();
    int null = to < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : -1;
    term.saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    (void)dup2(to < 0 ? null : to, STDERR_FILENO);
    if (null >= 0)
        (void)close(null);
}

static void restore_stderr(void)
{
    if (term.saved_stderr < 0)
        return;
    (void)fflush(stderr);
    (void)dup2(term.saved_stderr, STDERR_FILENO);
    (void)close(term.saved_stderr);
    term.saved_stderr = -1;
}

/* Ctrl-C, Ctrl-Z and Ctrl-\ are to be keys: stopping is done by vd_term_suspend(), in the loop. So
 * are Ctrl-S and Ctrl-Q, but on the terminals that say by them when their buffers are full. */
static void take_keys(void)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &mode) != 0)
        return;
    const char *name = getenv("TERM");
    if (name && !old_terminal(name))
        mode.c_iflag &= ~(tcflag_t)IXON;
    mode.c_cc[VINTR] = _POSIX_VDISABLE;
    mode.c_cc[VSUSP] = _POSIX_VDISABLE;
    mode.c_cc[VQUIT] = _POSIX_VDISABLE;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    def_prog_mode();
}

static void paste_mode(gboolean on)
{
    if (!term.paste)
        return;
    const char *bytes = on ? "\033[?2004h" : "\033[?2004l";
    if (term.out)
        vd_out_add(term.out, bytes, 8);
    else
        (void)!write(STDOUT_FILENO, bytes, 8);
}

static void ask_line(void)
{
    if (term.out)
        vd_out_add(term.out, VD_LINK_QUESTION, strlen(VD_LINK_QUESTION));
}

/* A terminal that knows no questions would show them. */
static gboolean knows_questions(const char *name)
{
    return key_mouse != NULL || g_str_has_prefix(name, "linux");
}

static void start_link(const char *name)
{
    term.link = (VdLink){0};
    if (!term.out || !knows_questions(name))
        term.link.lost = G_MAXUINT / 2;
    else if (vd_link_sent(&term.link, 0, TRUE, g_get_monotonic_time()))
        ask_line();
}

void vd_term_answered(void)
{
    if (vd_link_answered(&term.link, g_get_monotonic_time()))
        ask_line();
}

/* A capability without the pauses that old terminals want. */
static void say(GString *text, const char *capability)
{
    while (capability && *capability) {
        const char *end = g_str_has_prefix(capability, "$<") ? strchr(capability, '>') : NULL;
        if (end)
            capability = end + 1;
        else
            g_string_append_c(text, *capability++);
    }
}

/* Where there is no other screen to go back to, what comes next stands below ours. */
#define NEXT_LINE "\r\n"

static void make_farewell(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (term.mouse && key_mouse)
        say(text, "\033[?1006;1000l");
    if (term.paste)
        say(text, "\033[?2004l");
    say(text, exit_attribute_mode);
    say(text, orig_pair);
    say(text, keypad_local);
    say(text, cursor_normal);
    say(text, exit_ca_mode ? exit_ca_mode : tparm(cursor_address, term.height - 1, 0));
    if (!exit_ca_mode)
        g_string_append(text, NEXT_LINE);
    if (text->len < sizeof term.farewell)
        (void)g_strlcpy(term.farewell, text->str, sizeof term.farewell);
}

gboolean vd_term_start(const VdTermOptions *options, GError **error)
{
    const char *name = getenv("TERM");
    if (!usable(name, error))
        return FALSE;
    (void)tcgetattr(STDIN_FILENO, &term.before);
    set_escdelay(options->escape_ms);
    term.out = vd_out_new(STDOUT_FILENO);
    term.screen = newterm(name, term.out ? vd_out_stream(term.out) : stdout, stdin);
    if (!term.screen) {
        g_clear_pointer(&term.out, vd_out_free);
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The terminal “%s” could not be set up: use the command line, “vmdeck "
                         "list”."),
                       name);
    }
    term.ascii = options->ascii || vd_term_needs_ascii();
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    take_keys();
    (void)intrflush(stdscr, FALSE);
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)idlok(stdscr, FALSE);
    (void)leaveok(stdscr, FALSE);
    (void)curs_set(0);
    make_looks(options->theme);
    term.paste = key_mouse != NULL; /* a terminal of our century */
    vd_keys_in_start(options->mouse);
    term.mouse = options->mouse;
    getmaxyx(stdscr, term.height, term.width);
    make_farewell();
    redirect_stderr();
    paste_mode(TRUE);
    start_link(name);
    vd_term_repaint();
    return TRUE;
}

static gboolean ready(int fd, short events, int ms)
{
    struct pollfd polled = {.fd = fd, .events = events};
    return poll(&polled, 1, ms) == 1;
}

int vd_term_poll_fd(void)
{
    return term.out ? vd_out_poll_fd(term.out) : STDOUT_FILENO;
}

void vd_term_push(void)
{
    if (term.out)
        vd_out_push(term.out);
}

static gboolean writable(int ms)
{
    return ready(vd_term_poll_fd(), POLLOUT, ms) && (!term.out || vd_out_waiting(term.out) == 0);
}

gint64 vd_term_wait(gboolean key, gint64 last)
{
    if (!writable(0))
        return -1;
    return MAX(0, vd_link_wait(&term.link, key, last, g_get_monotonic_time()));
}

void vd_term_line(VdTermLine *ret_line)
{
    gint64 interval = vd_link_interval(&term.link);
    *ret_line = (VdTermLine){.bytes = term.out ? vd_out_bytes(term.out) : 0,
                             .rate = term.link.rate,
                             .latency = term.link.latency,
                             .interval = interval,
                             .thin = vd_link_thin(&term.link)};
}

/* The rest of the last frame goes out, and the answer to a question comes in, which the shell would
 * take for something typed; neither is waited for long. */
static void settle_line(void)
{
    gint64 until = g_get_monotonic_time() + LEAVE_MS * G_TIME_SPAN_MILLISECOND;
    while (term.out && vd_out_waiting(term.out) > 0 && g_get_monotonic_time() < until) {
        (void)ready(vd_out_poll_fd(term.out), POLLOUT, 10);
        vd_out_push(term.out);
    }
    if (!term.link.answers || term.link.asked_at == 0)
        return;
    int left = (int)((until - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND);
    if (ready(STDIN_FILENO, POLLIN, MAX(0, left)))
        (void)tcflush(STDIN_FILENO, TCIFLUSH);
}

/* Curses leaves the cursor in the last row, which the shell's prompt would be written over. */
static void leave_screen(void)
{
    paste_mode(FALSE);
    (void)curs_set(1);
    (void)endwin();
    if (!exit_ca_mode)
        (void)!write(STDOUT_FILENO, NEXT_LINE, strlen(NEXT_LINE));
}

void vd_term_abandon(void)
{
    if (!term.screen)
        return;
    if (term.out && ready(vd_out_poll_fd(term.out), POLLOUT, 0))
        (void)!write(vd_out_poll_fd(term.out), term.farewell, strlen(term.farewell));
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
}

void vd_term_stop(void)
{
    if (!term.screen)
        return;
    settle_line();
    if (writable(0)) {
        leave_screen();
        term.farewell[0] = '\0';
    } else { /* its modes at least, which need no output; curses would wait for it to drain */
        vd_term_abandon();
    }
    delscreen(term.screen);
    term.screen = NULL;
    g_clear_pointer(&term.out, vd_out_free);
    g_clear_pointer(&term.shown, g_free);
    restore_stderr();
}

gboolean vd_term_ascii(void)
{
    return term.ascii;
}

gboolean vd_term_console(void)
{
    const char *name = getenv("TERM");
    return name && (strcmp(name, "linux") == 0 || g_str_has_prefix(name, "linux-"));
}

void vd_term_size(int *ret_width, int *ret_height)
{
    *ret_width = term.width;
    *ret_height = term.height;
}

gboolean vd_term_resized(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return FALSE;
    if (size.ws_col == term.width && size.ws_row == term.height)
        return FALSE;
    (void)resizeterm(size.ws_row, size.ws_col);
    getmaxyx(stdscr, term.height, term.width);
    make_farewell();
    vd_term_repaint();
    return TRUE;
}

void vd_term_repaint(void)
{
    g_free(term.shown);
    term.shown = g_new0(VdCell, (gsize)term.width * (gsize)term.height);
    term.fresh = TRUE;
}

/* Curses believes the C library about widths; where that differs from ours the cell would push the
 * others aside, so `?` stands there instead. */
static void put_cell(int x, int y, const VdCell *cell)
{
    wchar_t text[VD_CELL_CHARS + 1] = {0};
    for (int i = 0; i < VD_CELL_CHARS; i++)
        text[i] = (wchar_t)cell->chars[i];
    cchar_t out;
    attr_t attrs =
        cell->ground == VD_ROLE_DIALOG ? term.dialog_attrs[cell->role] : term.attrs[cell->role];
    if (wcwidth(text[0]) != cell->width) {
        text[0] = L'?';
        text[1] = L'\0';
        if (cell->width == 2 && x + 1 < term.width) {
            (void)setcchar(&out, text, attrs & ~A_COLOR, (short)PAIR_NUMBER(attrs), NULL);
            (void)mvadd_wch(y, x + 1, &out);
        }
    }
    (void)setcchar(&out, text, attrs & ~A_COLOR, (short)PAIR_NUMBER(attrs), NULL);
    (void)mvadd_wch(y, x, &out);
}

static void put_canvas(const VdCanvas *canvas)
{
    if (term.fresh)
        (void)clearok(curscr, TRUE);
    term.fresh = FALSE;
    int width = MIN(term.width, vd_canvas_width(canvas));
    int height = MIN(term.height, vd_canvas_height(canvas));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const VdCell *cell = vd_canvas_cell(canvas, x, y);
            VdCell *shown = &term.shown[(gsize)y * (gsize)term.width + (gsize)x];
            if (memcmp(cell, shown, sizeof *cell) == 0)
                continue;
            *shown = *cell;
            if (cell->width > 0)
                put_cell(x, y, cell);
        }
    int x = 0, y = 0;
    gboolean cursor = vd_canvas_cursor(canvas, &x, &y);
    (void)curs_set(cursor ? 1 : 0);
    (void)move(cursor ? y : height - 1, cursor ? x : 0);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
}

void vd_term_draw(const VdCanvas *canvas, gboolean key)
{
    if (!term.screen)
        return;
    if (!term.out) {
        put_canvas(canvas);
        return;
    }
    vd_out_begin(term.out);
    put_canvas(canvas);
    gsize bytes = vd_out_end(term.out);
    if (vd_link_sent(&term.link, bytes, key, g_get_monotonic_time()))
        ask_line();
}

void vd_term_suspend(void)
{
    if (!term.screen)
        return;
    settle_line();
    leave_screen();
    restore_stderr();
    /* The rest of the process group first (a script that started us), then this thread, so that the
     * signal is taken before pthread_kill() returns. */
    struct sigaction ignore = {.sa_handler = SIG_IGN}, stop = {.sa_handler = SIG_DFL}, old;
    (void)sigaction(SIGTSTP, &ignore, &old);
    (void)kill(0, SIGTSTP);
    (void)sigaction(SIGTSTP, &stop, NULL);
    (void)pthread_kill(pthread_self(), SIGTSTP);
    (void)sigaction(SIGTSTP, &old, NULL);
    redirect_stderr();
    (void)reset_prog_mode();
    (void)refresh();
    paste_mode(TRUE);
    (void)vd_term_resized();
    vd_term_repaint();
}
