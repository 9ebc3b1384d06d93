/* A sentence is written as STX, the format, and US with an argument for each conversion, ETX. Of
 * two formats the first, RS, the second, RS, the number. Arguments are text already, so that the
 * format, translated or not, is never one of printf again: its conversions are only counted. An
 * argument may be such sentences itself, which only vd_said_quote() makes: what is given as an
 * argument loses all control characters. */
#include "config.h"

#include "src/base/said.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"

#define BEGIN       VD_SAID_BEGIN
#define END         '\003'
#define NUMBER      "\036"
#define ARGUMENT    "\037"
#define ARG_CHARS   1000
#define ARGS_MAX    32
#define DEEPEST     4           /* of sentences in sentences */
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

char *vd_said_n(const char *one, const char *many, gulong n, ...)
{
    va_list args;
    va_start(args, n);
    char *said = vd_said_n_va(one, many, n, args);
    va_end(args);
    return said;
}

/* ---- sentences in sentences ---- */

/* Behind the argument that is exactly `text`, or NULL. */
static char *find_argument(const char *said, const char *text)
{
    gsize length = strlen(text);
    for (const char *at = strchr(said, *ARGUMENT); at; at = strchr(at + 1, *ARGUMENT))
        if (strncmp(at + 1, text, length) == 0 &&
            (at[1 + length] == *ARGUMENT || at[1 + length] == END))
            return (char *)at + 1 + length;
    return NULL;
}

char *vd_said_quote(char *said, const char *text, const char *written)
{
    g_autoptr(GString) clean = g_string_new(NULL);
    add_clean(clean, text ? text : "");
    const char *end = find_argument(said, clean->str);
    if (clean->len == 0 || !end || !written)
        return said;
    g_autofree char *head = g_strndup(said, (gsize)(end - said) - clean->len);
    char *whole = g_strconcat(head, written, end, NULL);
    g_free(said);
    return whole;
}

/* ---- reading ---- */

static void show(GString *out, const char *written, guint depth);

/* The END of what begins there, with all that is in it, or NULL. */
static const char *end_of(const char *begin)
{
    guint depth = 0;
    for (const char *at = begin; *at; at++) {
        depth += *at == BEGIN;
        depth -= *at == END;
        if (depth == 0)
            return at;
    }
    return NULL;
}

/* The format and the arguments, which may be sentences; too many are the last one's. */
static char **split_fields(const char *said)
{
    g_autoptr(GStrvBuilder) fields = g_strv_builder_new();
    const char *from = said;
    guint depth = 0, n = 1;
    for (const char *at = said; *at; at++) {
        depth += *at == BEGIN;
        depth -= *at == END && depth > 0;
        if (*at != *ARGUMENT || depth > 0 || n == ARGS_MAX)
            continue;
        g_autofree char *field = g_strndup(from, (gsize)(at - from));
        g_strv_builder_add(fields, field);
        from = at + 1;
        n++;
    }
    g_strv_builder_add(fields, from);
    return g_strv_builder_end(fields);
}

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

static void fill(GString *out, const char *format, char **args, guint depth)
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
        if (strchr(arg, BEGIN) && depth < DEEPEST)
            show(out, arg, depth + 1);
        else
            g_string_append(out, sentence(arg));
    }
    g_string_append(out, from);
}

/* One sentence without its BEGIN and END. */
static void show_one(GString *out, const char *said, guint depth)
{
    g_auto(GStrv) fields = split_fields(said);
    g_auto(GStrv) parts = g_strsplit(fields[0] ? fields[0] : "", NUMBER, 4);
    guint n = g_strv_length(fields);
    if (n == 0)
        return;
    const char *format = translated(fields[0], parts);
    if (fits(format, n - 1))
        fill(out, format, fields + 1, depth);
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

static void show(GString *out, const char *written, guint depth)
{
    for (const char *at = written; *at;) {
        const char *begin = strchr(at, BEGIN), *end = begin ? end_of(begin) : NULL;
        g_autofree char *plain = end ? g_strndup(at, (gsize)(begin - at)) : g_strdup(at);
        g_autofree char *said = end ? g_strndup(begin + 1, (gsize)(end - begin - 1)) : NULL;
        show_plain(out, plain);
        if (!end)
            break;
        g_autoptr(GString) one = g_string_new(NULL);
        show_one(one, said, depth);
        g_autofree char *clean = vd_text_clean(one->str, SHOWN_CHARS, TRUE);
        g_string_append(out, clean);
        at = end + 1;
    }
}

char *vd_said_show(const char *written)
{
    if (!written)
        return NULL;
    GString *out = g_string_new(NULL);
    show(out, written, 0);
    return g_string_free(out, FALSE);
}
