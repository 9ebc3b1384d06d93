/* What comes from the terminal, without curses: keys, clicks and their names. A key is a Unicode
 * character or one of the numbers below. Pure; loop thread only. */
#pragma once

#include <glib.h>

/* Above Unicode's last character. */
enum {
    VD_KEY_NONE = 0,
    VD_KEY_UP = 0x110001,
    VD_KEY_DOWN,
    VD_KEY_LEFT,
    VD_KEY_RIGHT,
    VD_KEY_HOME,
    VD_KEY_END,
    VD_KEY_PGUP,
    VD_KEY_PGDN,
    VD_KEY_INSERT,
    VD_KEY_DELETE,
    VD_KEY_BACKSPACE,
    VD_KEY_ENTER,
    VD_KEY_TAB,
    VD_KEY_BACKTAB, /* Shift-Tab */
    VD_KEY_ESC,
    VD_KEY_F0 = 0x110100, /* VD_KEY_F0 + n is Fn, n from 1 to 24 */
};
#define VD_KEY_F(n)    ((guint32)(VD_KEY_F0 + (n)))
#define VD_KEY_CTRL(c) ((guint32)((c)&0x1f)) /* VD_KEY_CTRL('L'); never A, B, Q, S */

typedef enum {
    VD_EVENT_KEY,
    VD_EVENT_CLICK,
    VD_EVENT_DOUBLE, /* the second click of two; the first came as VD_EVENT_CLICK */
    VD_EVENT_WHEEL_UP,
    VD_EVENT_WHEEL_DOWN,
} VdEventKind;

typedef struct {
    VdEventKind kind;
    guint32 key;        /* of VD_EVENT_KEY */
    int x, y;           /* of the others: the cell on the screen */
    gboolean interrupt; /* it was Ctrl-C, which is Esc otherwise */
    gboolean pasted;    /* a key that was not pressed but pasted: it types, it never commands */
} VdEvent;

/* "F5", "Ctrl-R", "Space", "Esc", "Enter", "Tab", "Shift-Tab", "Del", "Ins", "Home", "PgUp", "Up",
 * "s", "ä". VD_KEY_NONE if there is no such key or it may not be bound (Ctrl-A, Ctrl-B, Ctrl-Q,
 * Ctrl-S). Letters keep their case, names do not matter. */
guint32 vd_key_parse(const char *name);
/* The name as above. The caller frees. */
char *vd_key_name(guint32 key);
/* Whether the key is a character that can be typed into a field. */
gboolean vd_key_printable(guint32 key);
/* Whether the point lies in the rectangle x, y, w, h. */
gboolean vd_event_inside(const VdEvent *event, int x, int y, int w, int h);
