/* Keys and clicks from curses. Esc with a digit at once is a function key (serial lines and
 * terminals that send Alt so); what is pasted is marked, so that it never commands. Two clicks on
 * one cell within 400 ms are a double click; curses' own detection would delay the first. */
#include "config.h"

#include "ui/term.h"

#include <errno.h>
#include <wchar.h>

#include <ncurses.h>

#include "ui/link.h"
#include "ui/term-private.h"

/* It takes back, like Esc: who presses it must lose nothing. */
enum { CTRL_C = 3, CTRL_Z = 26 };

enum { KEY_PASTE_BEGIN = KEY_MAX + 1, KEY_PASTE_END, KEY_LINE_ANSWER };

static struct {
    gboolean pasting;
    gint64 clicked; /* monotonic time of the last click */
    int x, y;
} in;

void vd_keys_in_start(gboolean mouse)
{
    in.pasting = FALSE;
    (void)define_key("\033[200~", KEY_PASTE_BEGIN);
    (void)define_key("\033[201~", KEY_PASTE_END);
    (void)define_key(VD_LINK_ANSWER, KEY_LINE_ANSWER);
    if (!mouse)
        return;
    (void)mouseinterval(0);
    (void)mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
}

static guint32 special(wint_t code)
{
    static const struct {
        wint_t curses;
        guint32 key;
    } keys[] = {
        {KEY_UP, VD_KEY_UP},        {KEY_DOWN, VD_KEY_DOWN},
        {KEY_LEFT, VD_KEY_LEFT},    {KEY_RIGHT, VD_KEY_RIGHT},
        {KEY_HOME, VD_KEY_HOME},    {KEY_FIND, VD_KEY_HOME},
        {KEY_END, VD_KEY_END},      {KEY_SELECT, VD_KEY_END},
        {KEY_PPAGE, VD_KEY_PGUP},   {KEY_NPAGE, VD_KEY_PGDN},
        {KEY_IC, VD_KEY_INSERT},    {KEY_DC, VD_KEY_DELETE},
        {KEY_ENTER, VD_KEY_ENTER},  {KEY_BACKSPACE, VD_KEY_BACKSPACE},
        {KEY_BTAB, VD_KEY_BACKTAB}, {KEY_A1, VD_KEY_HOME},
        {KEY_C1, VD_KEY_END},       {KEY_A3, VD_KEY_PGUP},
        {KEY_C3, VD_KEY_PGDN},      {KEY_SUSPEND, CTRL_Z}, /* the Linux console's kspd */
    };
    if (code > KEY_F(0) && code <= KEY_F(24))
        return VD_KEY_F(code - KEY_F0);
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        if (keys[i].curses == code)
            return keys[i].key;
    return VD_KEY_NONE;
}

static guint32 plain(wint_t c)
{
    switch (c) {
    case '\r':
    case '\n':
        return VD_KEY_ENTER;
    case '\t':
        return VD_KEY_TAB;
    case 0x7f:
    case '\b':
        return VD_KEY_BACKSPACE;
    default:
        return (guint32)c;
    }
}

/* The rest of a control sequence (ECMA-48, 5.4) that the terminal's description does not know. Its
 * letters are no keys: the end of a foreign mouse report is the m that saves a machine. FALSE:
 * nothing follows, so that somebody typed the bracket. */
static gboolean swallow_sequence(void)
{
    for (int i = 0; i < 64; i++) {
        wint_t c = 0;
        if (get_wch(&c) != OK)
            return i > 0;
        if (c < 0x20 || c >= 0x40)
            return TRUE;
    }
    return TRUE;
}

/* What follows Esc at once, without waiting: "Esc 5" is F5, "Esc 0" F10. */
static guint32 after_escape(void)
{
    wint_t c = 0;
    int got = get_wch(&c);
    if (got == OK && c >= '0' && c <= '9')
        return c == '0' ? VD_KEY_F(10) : VD_KEY_F(c - '0');
    if (got == OK && c == '[' && swallow_sequence())
        return VD_KEY_NONE;
    if (got == OK)
        (void)unget_wch((wchar_t)c);
    else if (got == KEY_CODE_YES)
        (void)ungetch((int)c);
    return VD_KEY_ESC;
}

static gboolean read_mouse(VdEvent *event)
{
    MEVENT mouse;
    if (getmouse(&mouse) != OK)
        return FALSE;
    *event = (VdEvent){.kind = VD_EVENT_CLICK, .x = mouse.x, .y = mouse.y};
    if (mouse.bstate & BUTTON4_PRESSED) {
        event->kind = VD_EVENT_WHEEL_UP;
        return TRUE;
    }
    if (mouse.bstate & BUTTON5_PRESSED) {
        event->kind = VD_EVENT_WHEEL_DOWN;
        return TRUE;
    }
    if (!(mouse.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)))
        return FALSE;
    gint64 now = g_get_monotonic_time();
    if (mouse.x == in.x && mouse.y == in.y && now - in.clicked < 400 * G_TIME_SPAN_MILLISECOND) {
        event->kind = VD_EVENT_DOUBLE;
        now = 0;
    }
    in.clicked = now;
    in.x = mouse.x;
    in.y = mouse.y;
    return TRUE;
}

static gboolean read_code(wint_t code, VdEvent *event)
{
    if (code == KEY_MOUSE)
        return read_mouse(event);
    if (code == KEY_PASTE_BEGIN || code == KEY_PASTE_END) {
        in.pasting = code == KEY_PASTE_BEGIN;
        return FALSE;
    }
    if (code == KEY_LINE_ANSWER) {
        vd_term_answered();
        return FALSE;
    }
    event->key = special(code);
    return event->key != VD_KEY_NONE;
}

gboolean vd_term_read(VdEvent *event, gboolean *ret_gone)
{
    *ret_gone = FALSE;
    for (;;) {
        wint_t code = 0;
        *event = (VdEvent){.kind = VD_EVENT_KEY, .pasted = in.pasting};
        errno = 0;
        int got = get_wch(&code);
        if (got == ERR) {
            *ret_gone = errno == EIO;
            return FALSE;
        }
        if (got == KEY_CODE_YES) {
            if (read_code(code, event))
                return TRUE;
            continue;
        }
        event->interrupt = code == CTRL_C;
        event->key = code == 27 ? after_escape() : code == CTRL_C ? VD_KEY_ESC : plain(code);
        if (event->key != 0)
            return TRUE;
    }
}
