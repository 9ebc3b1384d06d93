/* Nothing of the guest is run, so what insserv would work out from the scripts' headers is written
 * here; a later insserv in the guest comes to the same. */
#include "config.h"

#include "src/guest/sysv.h"

#include <string.h>

#define TARGETS "TARGETS ="

static gboolean is_word(const char *words, const char *word)
{
    g_auto(GStrv) all = g_strsplit(words, " ", -1);
    return g_strv_contains((const char *const *)all, word);
}

static const char *targets_of(char **lines)
{
    for (; *lines; lines++)
        if (g_str_has_prefix(*lines, TARGETS))
            return *lines + strlen(TARGETS);
    return NULL;
}

/* The line of a script that has to wait for name. */
static char *line_of(char **lines, const char *script)
{
    g_autofree char *start = g_strconcat(script, ":", NULL);
    for (; *lines; lines++)
        if (g_str_has_prefix(*lines, start))
            return *lines;
    return NULL;
}

/* "NAME: WORD WORD", those of words that are targets. */
static void add_waiting(GString *made, const char *name, const char *const *words,
                        const char *targets)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (; *words; words++)
        if (**words && is_word(targets, *words))
            g_string_append_printf(line, " %s", *words);
    if (line->len > 0)
        g_string_append_printf(made, "%s:%s\n", name, line->str);
}

char *vd_sysv_depend(const char *text, const char *name, const char *const *after,
                     const char *const *before)
{
    static const char *const nobody[] = {NULL};
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *targets = targets_of(lines);
    if (!targets || is_word(targets, name))
        return g_strdup(text);
    before = before ? before : nobody;
    g_auto(GStrv) all = g_strsplit(targets, " ", -1);
    GString *made = g_string_new(NULL);
    for (char **line = lines; *line; line++) {
        g_autofree char *script = g_strndup(*line, strcspn(*line, ":"));
        gboolean waits = (*line)[strlen(script)] && g_strv_contains(before, script);
        if (!**line)
            continue;
        gboolean more = waits || *line + strlen(TARGETS) == targets;
        g_string_append_printf(made, "%s%s%s\n", *line, more ? " " : "", more ? name : "");
    }
    for (const char *const *script = before; *script; script++)
        if (is_word(targets, *script) && !line_of(lines, *script))
            g_string_append_printf(made, "%s: %s\n", *script, name);
    add_waiting(made, name, after ? after : (const char *const *)all, targets);
    return g_string_free(made, FALSE);
}

int vd_sysv_number(const GPtrArray *links)
{
    int mounted = 0, network = 0;
    for (guint i = 0; i < links->len; i++) {
        const char *path = g_ptr_array_index(links, i), *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        if (*name != 'S' || !g_ascii_isdigit(name[1]) || !g_ascii_isdigit(name[2]))
            continue;
        int number = g_ascii_digit_value(name[1]) * 10 + g_ascii_digit_value(name[2]);
        if (g_str_has_prefix(name + 3, "mountall"))
            mounted = MAX(mounted, number);
        else if (g_str_has_prefix(name + 3, "network") && (network == 0 || number < network))
            network = number;
    }
    if (network > 0)
        return CLAMP(network - 1, 1, 99);
    return mounted > 0 ? MIN(mounted + 1, 99) : 12;
}

char *vd_sysv_inittab(const char *text, const char *getty, gboolean busybox)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line != '#' && strstr(*line, "ttyS0"))
            return NULL;
    const char *end = *text && !g_str_has_suffix(text, "\n") ? "\n" : "";
    /* busybox takes the name of the line from where others have an id. */
    return g_strdup_printf("%s%s%s%s -L ttyS0 115200 vt100\n", text, end,
                           busybox ? "ttyS0::respawn:" : "vmd0:2345:respawn:", getty);
}
