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
#include "ui/term-private.h"

static struct {
    SCREEN *screen; /* NULL: not taken */
    gboolean ascii, paste, fresh;
    int saved_stderr;
    struct termios before; /* the modes as they were */
    attr_t attrs[VD_ROLE_COUNT];
    VdCell *shown; /* what is on the screen */
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

static void make_looks(const VdTheme *theme)
{
    const char *no_color = getenv("NO_COLOR");
    int colors = 0;
    gboolean own = FALSE; /* the terminal's own colours may be used */
    if (has_colors() && !(no_color && *no_color) && start_color() == OK &&
        COLOR_PAIRS > VD_ROLE_COUNT) {
        own = use_default_colors() == OK;
        colors = COLORS;
    }
    for (int role = 0; role < VD_ROLE_COUNT; role++) {
        VdLook look = vd_theme_look(theme, (VdRole)role, colors);
        term.attrs[role] = curses_attrs(look.attrs);
        if (colors < 8)
            continue;
        if (!own) {
            look.fg = look.fg < 0 ? COLOR_WHITE : look.fg;
            look.bg = look.bg < 0 ? COLOR_BLACK : look.bg;
        }
        init_pair((short)(role + 1), look.fg, look.bg);
        term.attrs[role] |= (attr_t)COLOR_PAIR(role + 1);
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

/* Ctrl-Z and Ctrl-\ are to be keys: stopping is done by vd_term_suspend(), in the loop. Flow
 * control stays with the terminal. */
static void take_keys(void)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &mode) != 0)
        return;
    mode.c_cc[VSUSP] = _POSIX_VDISABLE;
    mode.c_cc[VQUIT] = _POSIX_VDISABLE;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &mode);
    def_prog_mode();
}

static void paste_mode(gboolean on)
{
    if (!term.paste)
        return;
    (void)!write(STDOUT_FILENO, on ? "\033[?2004h" : "\033[?2004l", 8);
}

gboolean vd_term_start(const VdTermOptions *options, GError **error)
{
    const char *name = getenv("TERM");
    if (!usable(name, error))
        return FALSE;
    (void)tcgetattr(STDIN_FILENO, &term.before);
    set_escdelay(options->escape_ms);
    term.screen = newterm(name, stdout, stdin);
    if (!term.screen)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The terminal “%s” could not be set up: use the command line, “vmdeck "
                         "list”."),
                       name);
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
    redirect_stderr();
    paste_mode(TRUE);
    getmaxyx(stdscr, term.height, term.width);
    vd_term_repaint();
    return TRUE;
}

gboolean vd_term_writable(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1;
}

void vd_term_abandon(void)
{
    if (term.screen)
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
}

void vd_term_stop(void)
{
    if (!term.screen)
        return;
    if (vd_term_writable()) {
        paste_mode(FALSE);
        (void)curs_set(1);
        (void)endwin();
    } else { /* its modes at least, which need no output; curses would wait for it to drain */
        vd_term_abandon();
    }
    delscreen(term.screen);
    term.screen = NULL;
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
    attr_t attrs = term.attrs[cell->role];
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

void vd_term_draw(const VdCanvas *canvas)
{
    if (!term.screen)
        return;
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

void vd_term_suspend(void)
{
    if (!term.screen)
        return;
    paste_mode(FALSE);
    (void)curs_set(1);
    (void)endwin();
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
