/* Names of keys, both ways. The names are the ones printed on keyboards and in mc and htop; they
 * are written in configurations, so they are not translated. */
#include "config.h"

#include "ui/keys.h"

#include <string.h>

static const struct {
    guint32 key;
    const char *name; /* the first one of a key is the one shown */
} names[] = {
    {VD_KEY_UP, "Up"},
    {VD_KEY_DOWN, "Down"},
    {VD_KEY_LEFT, "Left"},
    {VD_KEY_RIGHT, "Right"},
    {VD_KEY_HOME, "Home"},
    {VD_KEY_END, "End"},
    {VD_KEY_PGUP, "PgUp"},
    {VD_KEY_PGUP, "PageUp"},
    {VD_KEY_PGDN, "PgDn"},
    {VD_KEY_PGDN, "PageDown"},
    {VD_KEY_INSERT, "Ins"},
    {VD_KEY_INSERT, "Insert"},
    {VD_KEY_DELETE, "Del"},
    {VD_KEY_DELETE, "Delete"},
    {VD_KEY_BACKSPACE, "Backspace"},
    {VD_KEY_ENTER, "Enter"},
    {VD_KEY_ENTER, "Return"},
    {VD_KEY_TAB, "Tab"},
    {VD_KEY_BACKTAB, "Shift-Tab"},
    {VD_KEY_ESC, "Esc"},
    {VD_KEY_ESC, "Escape"},
    {' ', "Space"},
};

/* Taken by screen, tmux and flow control on serial lines: a user would not get them through. */
static gboolean forbidden(guint32 key)
{
    return key == VD_KEY_CTRL('A') || key == VD_KEY_CTRL('B') || key == VD_KEY_CTRL('Q') ||
           key == VD_KEY_CTRL('S');
}

static guint32 parse_function(const char *name)
{
    if (g_ascii_toupper(name[0]) != 'F' || !g_ascii_isdigit(name[1]))
        return VD_KEY_NONE;
    char *end = NULL;
    guint64 n = g_ascii_strtoull(name + 1, &end, 10);
    return *end == '\0' && n >= 1 && n <= 24 ? VD_KEY_F(n) : VD_KEY_NONE;
}

static guint32 parse_control(const char *name)
{
    const char *rest = NULL;
    if (g_ascii_strncasecmp(name, "Ctrl-", 5) == 0)
        rest = name + 5;
    else if (name[0] == '^' && name[1])
        rest = name + 1;
    if (!rest || rest[0] == '\0' || rest[1] != '\0' || !g_ascii_isalpha(rest[0]))
        return VD_KEY_NONE;
    guint32 key = VD_KEY_CTRL(g_ascii_toupper(rest[0]));
    return forbidden(key) ? VD_KEY_NONE : key;
}

guint32 vd_key_parse(const char *name)
{
    if (!name || !*name || !g_utf8_validate(name, -1, NULL))
        return VD_KEY_NONE;
    if (*g_utf8_next_char(name) == '\0') {
        guint32 c = g_utf8_get_char(name);
        return vd_key_printable(c) ? c : VD_KEY_NONE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(names[i].name, name) == 0)
            return names[i].key;
    guint32 key = parse_function(name);
    return key ? key : parse_control(name);
}

char *vd_key_name(guint32 key)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].key == key)
            return g_strdup(names[i].name);
    if (key > VD_KEY_F0 && key <= VD_KEY_F(24))
        return g_strdup_printf("F%u", key - VD_KEY_F0);
    if (key > 0 && key < ' ')
        return g_strdup_printf("Ctrl-%c", (char)(key + 0x40));
    if (!vd_key_printable(key))
        return g_strdup("?");
    char text[7] = "";
    g_unichar_to_utf8(key, text);
    return g_strdup(text);
}

gboolean vd_key_printable(guint32 key)
{
    return key >= ' ' && key <= 0x10ffff && g_unichar_validate(key) && g_unichar_isprint(key);
}

gboolean vd_event_inside(const VdEvent *event, int x, int y, int w, int h)
{
    return event->x >= x && event->x < x + w && event->y >= y && event->y < y + h;
}
