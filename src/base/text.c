/* Foreign text is made safe here once, where it enters, so that no screen and no table has to think
 * of it: names, errors and console lines may hold anything a guest's owner could type. */
#include "config.h"

#include <string.h>
#include <wchar.h>

#include "src/base/text.h"

#define REPLACEMENT   0xfffd
#define SEQUENCE_MOST 32

/* Characters that draw nothing or turn the direction of what follows: a name must not be able to
 * look like another one. */
gboolean vd_text_is_unsafe(gunichar c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0xfeff)
        return TRUE;
    if ((c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
        (c >= 0x2060 && c <= 0x206f))
        return TRUE;
    if ((c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff) || c == 0x61c || c == 0x180e)
        return TRUE;
    GUnicodeType type = g_unichar_type(c);
    return type == G_UNICODE_SURROGATE || type == G_UNICODE_UNASSIGNED ||
           type == G_UNICODE_PRIVATE_USE;
}

/* How many bytes after an escape character belong to a control sequence (ECMA-48 5.4: parameters,
 * intermediates, a final byte); 0 if none begins there. */
static gsize sequence_length(const char *text, gsize left)
{
    gsize at = 1;
    if (left < 2 || *text != '[')
        return 0;
    while (at < left && at < SEQUENCE_MOST && text[at] >= 0x20 && text[at] <= 0x3f)
        at++;
    return at < left && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : 0;
}

/* What stands where something was taken away. 0: nothing. */
static char *clean(const char *foreign, gsize max_chars, gboolean keep_lines, gunichar instead)
{
    if (!foreign)
        return g_strdup("");
    if (max_chars == 0)
        max_chars = 4096;
    GString *out = g_string_new(NULL);
    /* Enough for all that can be kept, so that a text without an end costs no more. */
    gsize left = strnlen(foreign, MIN(max_chars, G_MAXSSIZE / 8) * 6 + 6);
    guint marks = 0; /* combining characters piled on one cell */
    for (gsize n = 0; left > 0 && n < max_chars;) {
        gunichar c = g_utf8_get_char_validated(foreign, (gssize)left);
        gsize length = 1;
        if (c == (gunichar)-1 || c == (gunichar)-2)
            c = REPLACEMENT;
        else
            length = (gsize)(g_utf8_next_char(foreign) - foreign);
        foreign += length;
        left -= length;
        if (c == 0x1b && !instead) {
            length = sequence_length(foreign, left);
            foreign += length;
            left -= length;
            continue;
        }
        if ((c == '\n' || c == '\t') && !instead)
            c = keep_lines ? c : ' ';
        else if (vd_text_is_unsafe(c))
            c = instead;
        else if (instead && c != ' ' && g_unichar_isspace(c) && !g_unichar_iswide(c))
            c = instead;
        if (!c)
            continue;
        marks = g_unichar_iszerowidth(c) ? marks + 1 : 0;
        if (marks > 4)
            continue;
        g_string_append_unichar(out, c);
        n++;
    }
    return g_string_free(out, FALSE);
}

char *vd_text_clean(const char *foreign, gsize max_chars, gboolean keep_lines)
{
    return clean(foreign, max_chars, keep_lines, 0);
}

/* Blanks and ends of lines as one blank each. */
static char *one_line(const char *text)
{
    g_autofree char *clean = vd_text_clean(text, 0, FALSE);
    g_auto(GStrv) parts = g_strsplit(clean, " ", -1);
    GString *out = g_string_new(NULL);
    for (char **part = parts; *part; part++)
        if (**part)
            g_string_append_printf(out, "%s%s", out->len ? " " : "", *part);
    return g_string_free(out, FALSE);
}

char *vd_text_more(const char *sentence, const char *words)
{
    g_autofree char *said = one_line(sentence), *more = one_line(words);
    const char *colon = strstr(more, ": ");
    if (!*more || strstr(said, more) || (colon && colon[2] && strstr(said, colon + 2)))
        return NULL;
    return vd_text_clean(words, 0, TRUE);
}

char *vd_text_mask_password(const char *address)
{
    const char *start = address ? strstr(address, "://") : NULL;
    if (!start)
        return g_strdup(address ? address : "");
    start += strlen("://");
    gsize length = strcspn(start, "/?#");
    const char *at = g_strrstr_len(start, (gssize)length, "@");
    const char *colon = at ? memchr(start, ':', (gsize)(at - start)) : NULL;
    if (!colon)
        return g_strdup(address);
    g_autofree char *before = g_strndup(address, (gsize)(colon + 1 - address));
    return g_strconcat(before, "…", at, NULL);
}

char *vd_text_clean_name(const char *foreign, gsize max_chars)
{
    g_autofree char *name = clean(foreign, max_chars, FALSE, REPLACEMENT);
    gsize length = strlen(name);
    gsize spaces = 0;
    while (spaces < length && name[length - 1 - spaces] == ' ')
        spaces++;
    if (length == 0 || spaces == 0)
        return length ? g_steal_pointer(&name) : g_strdup("?");
    GString *shown = g_string_new_len(name, (gssize)(length - spaces));
    while (spaces-- > 0) /* at the end nobody sees them */
        g_string_append_unichar(shown, REPLACEMENT);
    return g_string_free(shown, FALSE);
}

static int char_width(gunichar c)
{
    if (c == 0 || g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

int vd_text_width(const char *text)
{
    int width = 0;
    for (; text && *text; text = g_utf8_next_char(text))
        width += char_width(g_utf8_get_char(text));
    return width;
}

gsize vd_text_fit(const char *text, int width, int *ret_width)
{
    int used = 0;
    const char *at = text;
    while (at && *at) {
        int w = char_width(g_utf8_get_char(at));
        if (used + w > width)
            break;
        used += w;
        at = g_utf8_next_char(at);
    }
    if (ret_width)
        *ret_width = used;
    return (gsize)(at - text);
}
