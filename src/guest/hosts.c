/* Only lines of loopback addresses are touched: an old name in the line of another machine is that
 * machine's business. */
#include "config.h"

#include "src/guest/hosts.h"

#include <string.h>

static gboolean is_loopback(const char *line)
{
    return g_str_has_prefix(line, "127.") || g_str_has_prefix(line, "::1 ") ||
           g_str_has_prefix(line, "::1\t");
}

static const char *const common_names[] = {"localhost",
                                           "localhost.localdomain",
                                           "localhost4",
                                           "localhost6",
                                           "ip6-localhost",
                                           "ip6-loopback",
                                           "localhost4.localdomain4",
                                           "localhost6.localdomain6",
                                           NULL};

/* TRUE if word is the old name, its short form, or its long one ("web", "web.example.org"). */
static gboolean is_old(const char *word, const char *old)
{
    if (!old || !*old || g_strv_contains(common_names, word))
        return FALSE;
    gsize length = strcspn(old, ".");
    return strncmp(word, old, length) == 0 && (word[length] == '\0' || word[length] == '.') &&
           length > 0;
}

/* "web.example.org web" or "web" */
static char *both_forms(const char *name)
{
    const char *dot = strchr(name, '.');
    if (!dot)
        return g_strdup(name);
    g_autofree char *shortened = g_strndup(name, (gsize)(dot - name));
    return g_strdup_printf("%s %s", name, shortened);
}

/* The line with old replaced; *ret_has: it has the new name now. */
static char *rename_line(const char *line, const char *old, const char *forms, const char *name,
                         gboolean *ret_has)
{
    const char *comment = strchr(line, '#');
    g_autofree char *body = comment ? g_strndup(line, (gsize)(comment - line)) : g_strdup(line);
    g_auto(GStrv) words = g_strsplit_set(g_strstrip(body), " \t", -1);
    GString *made = g_string_new(words[0]);
    gboolean changed = FALSE;
    *ret_has = FALSE;
    for (guint i = 1; words[0] && words[i]; i++) {
        if (!*words[i])
            continue;
        gboolean hit = is_old(words[i], old);
        if (hit && changed)
            continue;
        g_string_append_printf(made, "%c%s", made->len == strlen(words[0]) ? '\t' : ' ',
                               hit ? forms : words[i]);
        changed |= hit;
        *ret_has |= hit || g_str_equal(words[i], name);
    }
    if (changed && comment)
        g_string_append_printf(made, " %s", comment);
    if (changed)
        return g_string_free(made, FALSE);
    g_string_free(made, TRUE);
    return g_strdup(line);
}

char *vd_hosts_rename(const char *text, const char *old, const char *name, gboolean own_line)
{
    g_autofree char *forms = both_forms(name);
    gboolean known = FALSE;
    GString *made = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text && *text ? text : "127.0.0.1\tlocalhost\n", "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        gboolean has = FALSE;
        if (!lines[i + 1] && !*lines[i])
            break;
        g_autofree char *line = is_loopback(lines[i])
                                    ? rename_line(lines[i], old, forms, name, &has)
                                    : g_strdup(lines[i]);
        known |= has;
        g_string_append_printf(made, "%s\n", line);
    }
    if (!known && own_line)
        g_string_append_printf(made, "127.0.1.1\t%s\n", forms);
    return g_string_free(made, FALSE);
}

/* The line without the old name; NULL: nothing but it was there. */
static char *line_without(const char *line, const char *old)
{
    gsize body = strcspn(line, "#");
    g_autofree char *names = g_strstrip(g_strndup(line, body));
    g_auto(GStrv) words = g_strsplit_set(names, " \t", -1);
    g_autoptr(GString) made = g_string_new(words[0]);
    gboolean changed = FALSE;
    guint left = 0;
    for (guint i = 1; words[0] && words[i]; i++) {
        if (!*words[i])
            continue;
        if (is_old(words[i], old)) {
            changed = TRUE;
            continue;
        }
        g_string_append_printf(made, "%c%s", left++ == 0 ? '\t' : ' ', words[i]);
    }
    if (!changed)
        return g_strdup(line);
    if (left == 0)
        return NULL;
    return g_strdup_printf("%s%s%s", made->str, line[body] ? " " : "", line + body);
}

char *vd_hosts_without(const char *text, const char *old)
{
    GString *made = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (!lines[i + 1] && !*lines[i])
            break;
        g_autofree char *line =
            is_loopback(lines[i]) ? line_without(lines[i], old) : g_strdup(lines[i]);
        if (line)
            g_string_append_printf(made, "%s\n", line);
    }
    return g_string_free(made, FALSE);
}

char *vd_hosts_set_key(const char *text, const char *key, const char *value)
{
    gsize length = strlen(key);
    gboolean done = FALSE;
    GString *made = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (!lines[i + 1] && !*lines[i])
            break;
        gboolean hit = strncmp(lines[i], key, length) == 0 && lines[i][length] == '=';
        if (hit && done)
            continue;
        if (hit)
            g_string_append_printf(made, "%s=%s\n", key, value);
        else
            g_string_append_printf(made, "%s\n", lines[i]);
        done |= hit;
    }
    if (!done)
        g_string_append_printf(made, "%s=%s\n", key, value);
    return g_string_free(made, FALSE);
}
