/* Braces as shells have them, of which people know what they mean; here they are read by us, since
 * a form has no shell, and so that one mistake gives one sentence. */
#include "config.h"

#include "src/model/names.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"

#define DIGITS_MOST 9

gboolean vd_names_has_pattern(const char *text)
{
    return strpbrk(text, "{}") != NULL;
}

static gboolean is_number(const char *text)
{
    gsize length = strlen(text);

    return length > 0 && length <= DIGITS_MOST && strspn(text, "0123456789") == length;
}

/* "01..20" */
static GPtrArray *count(const char *group, const char *dots, guint most, GError **error)
{
    g_autofree char *from = g_strndup(group, (gsize)(dots - group));
    const char *to = dots + 2;
    gboolean padded = is_number(from) && is_number(to) &&
                      ((from[0] == '0' && from[1]) || (to[0] == '0' && to[1]));
    int width = padded ? (int)MAX(strlen(from), strlen(to)) : 1;
    GPtrArray *words;
    gint64 first, last, step;

    if (!is_number(from) || !is_number(to)) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("{%s}: expected two numbers, as in {01..20}."),
                     group);
        return NULL;
    }
    first = g_ascii_strtoll(from, NULL, 10);
    last = g_ascii_strtoll(to, NULL, 10);
    if (ABS(last - first) >= (gint64)most) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("{%s} are more than %u names."), group, most);
        return NULL;
    }
    words = g_ptr_array_new_with_free_func(g_free);
    step = first <= last ? 1 : -1;
    for (gint64 i = first; i != last + step; i += step)
        g_ptr_array_add(words, g_strdup_printf("%0*d", width, (int)i));
    return words;
}

/* The words that what is between two braces stands for. */
static GPtrArray *read_group(const char *group, guint most, GError **error)
{
    const char *dots = strstr(group, "..");
    g_auto(GStrv) parts = NULL;
    GPtrArray *words;

    if (dots)
        return count(group, dots, most, error);
    parts = g_strsplit(group, ",", -1);
    if (g_strv_length(parts) < 2) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("{%s}: expected a count such as {01..20} or a choice such as {a,b}."),
                     group);
        return NULL;
    }
    words = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; parts[i]; i++)
        g_ptr_array_add(words, g_strdup(parts[i]));
    return words;
}

/* Each name so far with each word behind it. */
static GPtrArray *combine(GPtrArray *names, const GPtrArray *words, guint most, const char *pattern,
                          GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

    if ((guint64)names->len * words->len > most) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("%s are more than %u names."), pattern, most);
        return NULL;
    }
    for (guint i = 0; i < names->len; i++)
        for (guint j = 0; j < words->len; j++)
            g_ptr_array_add(
                all, g_strconcat(g_ptr_array_index(names, i), g_ptr_array_index(words, j), NULL));
    return g_steal_pointer(&all);
}

static GPtrArray *one_word(char *word)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(words, word);
    return words;
}

/* The next piece of the pattern, plain or in braces; *at moves behind it. */
static GPtrArray *next_words(const char **at, guint most, const char *pattern, GError **error)
{
    const char *start = *at;
    gsize length = strcspn(start, "{}");
    const char *end;
    g_autofree char *group = NULL;

    if (length > 0) {
        *at = start + length;
        return one_word(g_strndup(start, length));
    }
    end = *start == '{' ? start + 1 + strcspn(start + 1, "{}") : NULL;
    if (!end || *end != '}') {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s: its braces do not go in pairs; expected such as web-{01..20}."),
                     pattern);
        return NULL;
    }
    group = g_strndup(start + 1, (gsize)(end - start - 1));
    *at = end + 1;
    return read_group(group, most, error);
}

char **vd_names_expand(const char *pattern, guint most, GError **error)
{
    g_autoptr(GPtrArray) names = one_word(g_strdup(""));
    const char *at = pattern;

    while (*at) {
        g_autoptr(GPtrArray) words = next_words(&at, most, pattern, error);
        GPtrArray *longer = words ? combine(names, words, most, pattern, error) : NULL;

        if (!longer)
            return NULL;
        g_ptr_array_unref(names);
        names = longer;
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
