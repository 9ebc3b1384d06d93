/* A sentence is written as STX, the format, and US with an argument for each conversion, ETX. Of
 * two formats the first, RS, the second, RS, the number. Arguments are text already, so that the
 * format, translated or not, is never one of printf again: its conversions are only counted. */
#include "config.h"

#include "src/base/said.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"

#define BEGIN       '\002'
#define END         '\003'
#define NUMBER      "\036"
#define ARGUMENT    "\037"
#define ARG_CHARS   1000
#define SHOWN_CHARS (64 * 1024) /* of one sentence */

/* ---- conversions ---- */

typedef struct {
    const char *from, *to; /* to is behind it */
    guint place;           /* of %2$s: 2; else 0 */
    int longs;             /* of %ld: 1 */
    gboolean star;         /* %.*s */
    char kind;             /* 's'; '%'; 0: none is left */
} Conversion;

static Conversion next_conversion(const char *text)
{
    Conversion found = {.from = strchr(text, '%')};
    if (!found.from)
        return found;
    const char *at = found.from + 1;
    gsize digits = strspn(at, "0123456789");
    if (digits > 0 && at[digits] == '$') {
        found.place = (guint)g_ascii_strtoull(at, NULL, 10);
        at += digits + 1;
    }
    for (; *at && strchr("-+ #0123456789.*'", *at); at++)
        found.star = found.star || *at == '*';
    for (; *at && strchr("hlqjzt", *at); at++)
        found.longs += *at != 'h';
    found.kind = *at;
    found.to = *at ? at + 1 : at;
    return found;
}

static void add_clean(GString *out, const char *text)
{
    g_autofree char *clean = vd_text_clean(text, ARG_CHARS, FALSE);
    g_string_append(out, clean);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* One argument as its conversion would print it; takes it from the list. */
static void add_argument(GString *out, const Conversion *conversion, va_list *args)
{
    g_autofree char *spec = g_strndup(conversion->from, (gsize)(conversion->to - conversion->from));
    g_autofree char *text = NULL;
    int width = conversion->star ? va_arg(*args, int) : 0;
    gboolean is_long = conversion->longs > 0; /* long, long long, size_t: 64 bits wherever we run */
    if (conversion->kind == 's' && conversion->star)
        text = g_strdup_printf(spec, width, va_arg(*args, const char *));
    else if (conversion->kind == 's')
        text = g_strdup_printf(spec, va_arg(*args, const char *));
    else if (strchr("fgeFGE", conversion->kind))
        text = g_strdup_printf(spec, va_arg(*args, double));
    else if (is_long && sizeof(long) == sizeof(gint64))
        text = g_strdup_printf(spec, va_arg(*args, long));
    else if (is_long && conversion->longs > 1)
        text = g_strdup_printf(spec, va_arg(*args, gint64));
    else if (is_long)
        text = g_strdup_printf(spec, va_arg(*args, long));
    else
        text = g_strdup_printf(spec, va_arg(*args, int));
    add_clean(out, text);
}
#pragma GCC diagnostic pop

/* ---- writing ---- */

static void add_arguments(GString *out, const char *format, va_list args)
{
    va_list own;
    va_copy(own, args);
    for (Conversion at = next_conversion(format); at.kind; at = next_conversion(at.to)) {
        if (at.kind == '%')
            continue;
        g_string_append(out, ARGUMENT);
        add_argument(out, &at, &own);
    }
    va_end(own);
    g_string_append_c(out, END);
}

char *vd_said_va(const char *format, va_list args)
{
    GString *out = g_string_new(NULL);
    g_string_append_c(out, BEGIN);
    g_string_append(out, format);
    add_arguments(out, format, args);
    return g_string_free(out, FALSE);
}

char *vd_said(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *said = vd_said_va(format, args);
    va_end(args);
    return said;
}

char *vd_said_n_va(const char *one, const char *many, gulong n, va_list args)
{
    GString *out = g_string_new(NULL);
    g_string_append_c(out, BEGIN);
    g_string_append_printf(out, "%s" NUMBER "%s" NUMBER "%lu", one, many, n);
    add_arguments(out, many, args);
    return g_string_free(out, FALSE);
}

char *vd_said_one(const char *format, const char *argument)
{
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "%c%s" ARGUMENT, BEGIN, format);
    add_clean(out, argument ? argument : "");
    g_string_append_c(out, END);
    return g_string_free(out, FALSE);
}

/* ---- reading ---- */

/* A sentence of ours in this language. A single word may be somebody's name for something. */
static const char *sentence(const char *text)
{
    return strchr(text, ' ') ? _(text) : text;
}

/* The format in this language. Borrowed from `format` or gettext. */
static const char *translated(const char *format, char **parts)
{
    if (g_strv_length(parts) == 3)
        return ngettext(parts[0], parts[1], (gulong)g_ascii_strtoull(parts[2], NULL, 10));
    return *format ? _(format) : format;
}

/* Whether all that the format converts is there. */
static gboolean fits(const char *format, guint n)
{
    guint seen = 0;
    for (Conversion at = next_conversion(format); at.kind; at = next_conversion(at.to)) {
        if (at.kind == '%')
            continue;
        seen++;
        if ((at.place ? at.place : seen) > n)
            return FALSE;
    }
    return TRUE;
}

static void fill(GString *out, const char *format, char **args)
{
    const char *from = format;
    guint seen = 0;
    for (Conversion at = next_conversion(format); at.kind; at = next_conversion(at.to)) {
        g_string_append_len(out, from, at.from - from);
        from = at.to;
        if (at.kind == '%') {
            g_string_append_c(out, '%');
            continue;
        }
        seen++;
        const char *arg = args[(at.place ? at.place : seen) - 1];
        g_string_append(out, sentence(arg));
    }
    g_string_append(out, from);
}

/* One sentence without its BEGIN and END. */
static void show_one(GString *out, const char *said)
{
    g_auto(GStrv) fields = g_strsplit(said, ARGUMENT, 32);
    g_auto(GStrv) parts = g_strsplit(fields[0] ? fields[0] : "", NUMBER, 4);
    guint n = g_strv_length(fields);
    if (n == 0)
        return;
    const char *format = translated(fields[0], parts);
    if (fits(format, n - 1))
        fill(out, format, fields + 1);
    else /* written by somebody else */
        for (guint i = 0; i < n; i++)
            g_string_append_printf(out, "%s%s", i ? " " : "", fields[i]);
}

/* Several that were put in a row, or one. */
static void show_plain(GString *out, const char *text)
{
    if (sentence(text) != text) {
        g_string_append(out, sentence(text));
        return;
    }
    g_auto(GStrv) parts = g_strsplit(text, "; ", -1);
    for (guint i = 0; parts[i]; i++)
        g_string_append_printf(out, "%s%s", i ? "; " : "", sentence(parts[i]));
}

char *vd_said_show(const char *written)
{
    if (!written)
        return NULL;
    GString *out = g_string_new(NULL);
    for (const char *at = written; *at;) {
        const char *begin = strchr(at, BEGIN), *end = begin ? strchr(begin, END) : NULL;
        g_autofree char *plain = end ? g_strndup(at, (gsize)(begin - at)) : g_strdup(at);
        g_autofree char *said = end ? g_strndup(begin + 1, (gsize)(end - begin - 1)) : NULL;
        show_plain(out, plain);
        if (!end)
            break;
        g_autoptr(GString) one = g_string_new(NULL);
        show_one(one, said);
        g_autofree char *clean = vd_text_clean(one->str, SHOWN_CHARS, TRUE);
        g_string_append(out, clean);
        at = end + 1;
    }
    return g_string_free(out, FALSE);
}
