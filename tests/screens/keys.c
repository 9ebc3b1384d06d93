/* What a key sends is asked of terminfo, the same source that the program under test reads, so that
 * each TERM gets the sequences it would get from a real terminal. */
#include "config.h"

#include "tests/screens/keys.h"

#include <curses.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

typedef struct {
    const char *name;
    const char *capability; /* terminfo's name, NULL: bytes alone */
    const char *bytes;      /* what xterm sends */
} KeyName;

static const KeyName key_names[] = {
    {"Up", "kcuu1", "\033OA"},
    {"Down", "kcud1", "\033OB"},
    {"Right", "kcuf1", "\033OC"},
    {"Left", "kcub1", "\033OD"},
    {"Home", "khome", "\033OH"},
    {"End", "kend", "\033OF"},
    {"PgUp", "kpp", "\033[5~"},
    {"PgDn", "knp", "\033[6~"},
    {"Ins", "kich1", "\033[2~"},
    {"Del", "kdch1", "\033[3~"},
    {"BackTab", "kcbt", "\033[Z"},
    {"F1", "kf1", "\033OP"},
    {"F2", "kf2", "\033OQ"},
    {"F3", "kf3", "\033OR"},
    {"F4", "kf4", "\033OS"},
    {"F5", "kf5", "\033[15~"},
    {"F6", "kf6", "\033[17~"},
    {"F7", "kf7", "\033[18~"},
    {"F8", "kf8", "\033[19~"},
    {"F9", "kf9", "\033[20~"},
    {"F10", "kf10", "\033[21~"},
    {"F11", "kf11", "\033[23~"},
    {"F12", "kf12", "\033[24~"},
    {"BS", "kbs", "\177"},
    {"Enter", NULL, "\r"},
    {"Esc", NULL, "\033"},
    {"Tab", NULL, "\t"},
    {"Space", NULL, " "},
    {"lt", NULL, "<"},
};

/* terminfo keeps one current terminal for the process: it is loaded anew when the name changes. */
static void terminal_load(const char *term)
{
    static char *loaded;
    int status = 0;
    if (loaded && g_str_equal(loaded, term))
        return;
    g_free(loaded);
    loaded = g_strdup(term);
    if (cur_term)
        del_curterm(cur_term);
    if (setupterm(term, STDOUT_FILENO, &status) != OK)
        setupterm("xterm-256color", STDOUT_FILENO, &status);
}

static void key_append(GString *out, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(key_names); i++) {
        const KeyName *key = &key_names[i];
        if (!g_str_equal(key->name, name))
            continue;
        g_autofree char *capability = g_strdup(key->capability);
        const char *bytes = capability ? tigetstr(capability) : NULL;
        g_string_append(out, bytes && bytes != (const char *)-1 ? bytes : key->bytes);
        return;
    }
    if (g_str_has_prefix(name, "C-") && strlen(name) == 3)
        g_string_append_c(out, (char)(name[2] & 0x1f));
    else if (g_str_has_prefix(name, "A-") && strlen(name) == 3)
        g_string_append_printf(out, "\033%c", name[2]);
    else
        g_error("no key is called <%s>", name);
}

GString *vd_keys_encode(const char *term, const char *keys)
{
    GString *out = g_string_new(NULL);
    terminal_load(term);
    while (*keys) {
        const char *end = *keys == '<' ? strchr(keys, '>') : NULL;
        if (!end) {
            g_string_append_c(out, *keys++);
            continue;
        }
        g_autofree char *name = g_strndup(keys + 1, (gsize)(end - keys - 1));
        key_append(out, name);
        keys = end + 1;
    }
    return out;
}
