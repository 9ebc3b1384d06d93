/* A scanner for libconfig's language (libconfig's manual, "Configuration File Grammar"): strings
 * with escapes, which stand side by side when they are long, three kinds of comments, and
 * @include, which may stand wherever a line begins. Only positions are wanted, so values are
 * skipped by counting brackets, and nothing recurses. */
#include "config.h"

#include <string.h>

#include "src/base/conf-scan.h"

typedef enum { END, STRING, WORD, MARK, INCLUDE, WRONG } Kind;

typedef struct {
    Kind kind;
    VdSpan span;
    char mark; /* MARK */
} Token;

typedef struct {
    const char *text;
    gsize at;
    gsize behind; /* the end of the last token taken */
    Token token;  /* the one that comes next */
} Scanner;

/* ---- tokens ---- */

static gsize line_end(const char *text, gsize at)
{
    return at + strcspn(text + at, "\n");
}

/* Behind blanks and comments; an open comment reaches to the end of the text. */
static gsize skip_blank(const char *text, gsize at)
{
    for (;;) {
        const char *p = text + at;
        if (*p && strchr(" \t\r\n\f\v", *p)) {
            at++;
        } else if (*p == '#' || (p[0] == '/' && p[1] == '/')) {
            at = line_end(text, at);
        } else if (p[0] == '/' && p[1] == '*') {
            const char *end = strstr(p + 2, "*/");
            at = end ? (gsize)(end - text) + 2 : at + strlen(p);
        } else {
            return at;
        }
    }
}

/* Behind the closing quote; 0: there is none. */
static gsize string_end(const char *text, gsize at)
{
    for (at++; text[at]; at++) {
        if (text[at] == '\\' && text[at + 1])
            at++;
        else if (text[at] == '"')
            return at + 1;
    }
    return 0;
}

static gboolean is_word(char c)
{
    return g_ascii_isalnum(c) || (c && strchr("_-+*.", c));
}

static void scan_token(Scanner *scanner)
{
    Token *token = &scanner->token;
    const char *text = scanner->text;
    gsize from = skip_blank(text, scanner->at), to = from;
    token->mark = text[from];
    if (!text[from]) {
        token->kind = END;
    } else if (text[from] == '"') {
        token->kind = STRING;
        to = string_end(text, from);
    } else if (g_str_has_prefix(text + from, "@include")) {
        gsize quote = skip_blank(text, from + strlen("@include"));
        token->kind = INCLUDE;
        to = text[quote] == '"' ? string_end(text, quote) : 0;
    } else if (is_word(text[from])) {
        token->kind = WORD;
        while (is_word(text[to]))
            to++;
    } else if (strchr("=:;,(){}[]", text[from])) {
        token->kind = MARK;
        to = from + 1;
    } else {
        to = 0;
    }
    if (to == 0 && token->kind != END)
        token->kind = WRONG;
    token->span = (VdSpan){from, to};
    scanner->at = to;
}

static void take(Scanner *scanner)
{
    scanner->behind = scanner->token.span.to;
    scan_token(scanner);
}

static gboolean is_mark(const Scanner *scanner, const char *marks)
{
    return scanner->token.kind == MARK && strchr(marks, scanner->token.mark) != NULL;
}

static gboolean take_mark(Scanner *scanner, const char *marks)
{
    if (!is_mark(scanner, marks))
        return FALSE;
    take(scanner);
    return TRUE;
}

/* ---- values ---- */

/* Brackets of all kinds are counted as one: libconfig has seen that they match. */
static gboolean skip_value(Scanner *scanner)
{
    guint depth = 0;
    if (scanner->token.kind == STRING) {
        while (scanner->token.kind == STRING)
            take(scanner);
        return TRUE;
    }
    do {
        if (scanner->token.kind == END || scanner->token.kind == WRONG)
            return FALSE;
        if (is_mark(scanner, "({["))
            depth++;
        else if (is_mark(scanner, ")}]") && depth-- == 0)
            return FALSE;
        take(scanner);
    } while (depth > 0);
    return TRUE;
}

static int hex(const char *p)
{
    int high = g_ascii_xdigit_value(p[0]), low = high < 0 ? -1 : g_ascii_xdigit_value(p[1]);
    return low < 0 ? -1 : high * 16 + low;
}

/* One string without its quotes, as libconfig understands its escapes. */
static void decode(GString *out, const char *p, const char *end)
{
    static const char names[] = "nrtfabv\\\"", means[] = "\n\r\t\f\a\b\v\\\"";
    for (; p < end; p++) {
        const char *name = *p == '\\' && p + 1 < end ? strchr(names, p[1]) : NULL;
        if (name) {
            g_string_append_c(out, means[name - names]);
            p++;
        } else if (*p == '\\' && end - p > 3 && p[1] == 'x' && hex(p + 2) > 0) {
            g_string_append_c(out, (char)hex(p + 2));
            p += 3;
        } else {
            g_string_append_c(out, *p);
        }
    }
}

static char *take_strings(Scanner *scanner, VdSpan *ret)
{
    GString *out = g_string_new(NULL);
    ret->from = scanner->token.span.from;
    while (scanner->token.kind == STRING) {
        VdSpan span = scanner->token.span;
        decode(out, scanner->text + span.from + 1, scanner->text + span.to - 1);
        take(scanner);
    }
    ret->to = scanner->behind;
    return g_string_free(out, FALSE);
}

/* ---- the list ---- */

static gboolean word_is(const Scanner *scanner, VdSpan span, const char *word)
{
    return span.to - span.from == strlen(word) &&
           strncmp(scanner->text + span.from, word, strlen(word)) == 0;
}

/* A setting within a host. */
static gboolean scan_member(Scanner *scanner, VdScannedHost *host)
{
    VdSpan name = scanner->token.span, value = {0, 0};
    g_autofree char *text = NULL;
    if (scanner->token.kind != WORD)
        return FALSE;
    take(scanner);
    if (!take_mark(scanner, "=:"))
        return FALSE;
    if (scanner->token.kind == STRING)
        text = take_strings(scanner, &value);
    else if (!skip_value(scanner))
        return FALSE;
    gboolean ended = take_mark(scanner, ";,");
    if (text && word_is(scanner, name, "name") && !host->name) {
        host->name = g_steal_pointer(&text);
        host->name_value = value;
        host->name_end = scanner->behind;
        host->name_ended = ended;
    } else if (text && word_is(scanner, name, "uri") && !host->uri) {
        host->uri = g_steal_pointer(&text);
        host->uri_value = value;
        host->uri_whole = (VdSpan){name.from, scanner->behind};
    }
    return TRUE;
}

static gboolean scan_host(Scanner *scanner, VdScannedHosts *hosts)
{
    VdScannedHost host = {.all = scanner->token.span};
    gboolean fine = TRUE;
    if (is_mark(scanner, "{")) {
        take(scanner);
        while (fine && !is_mark(scanner, "}")) {
            hosts->included = hosts->included || scanner->token.kind == INCLUDE;
            if (scanner->token.kind == INCLUDE)
                take(scanner);
            else
                fine = scan_member(scanner, &host);
        }
        take(scanner);
    } else {
        fine = skip_value(scanner);
    }
    host.all.to = scanner->behind;
    if (fine && is_mark(scanner, ",")) {
        host.comma = scanner->token.span.from;
        take(scanner);
    }
    g_array_append_val(hosts->hosts, host); /* with what is to be freed, whole or not */
    return fine;
}

static gboolean scan_list(Scanner *scanner, VdScannedHosts *hosts)
{
    hosts->found = TRUE;
    hosts->open = scanner->token.span.from;
    take(scanner);
    while (!is_mark(scanner, ")")) {
        if (scanner->token.kind == INCLUDE) {
            hosts->included = TRUE;
            take(scanner);
            (void)take_mark(scanner, ",");
        } else if (!scan_host(scanner, hosts)) {
            return FALSE;
        }
    }
    hosts->close = scanner->token.span.from;
    take(scanner);
    return TRUE;
}

/* A setting of the file itself. */
static gboolean scan_setting(Scanner *scanner, VdScannedHosts *hosts)
{
    VdSpan name = scanner->token.span;
    if (scanner->token.kind == INCLUDE) {
        take(scanner);
        return TRUE;
    }
    if (scanner->token.kind != WORD)
        return FALSE;
    take(scanner);
    if (!take_mark(scanner, "=:"))
        return FALSE;
    gboolean ours = word_is(scanner, name, "hosts") && is_mark(scanner, "(") && !hosts->found;
    if (!(ours ? scan_list(scanner, hosts) : skip_value(scanner)))
        return FALSE;
    (void)take_mark(scanner, ";,");
    return TRUE;
}

static void scanned_host_clear(gpointer data)
{
    VdScannedHost *host = data;
    g_free(host->name);
    g_free(host->uri);
}

gboolean vd_conf_scan(const char *text, VdScannedHosts *ret)
{
    Scanner scanner = {.text = text};
    /* What some editors write before the first letter. */
    if (g_str_has_prefix(text, "\xef\xbb\xbf"))
        return FALSE;
    *ret = (VdScannedHosts){.hosts = g_array_new(FALSE, FALSE, sizeof(VdScannedHost))};
    g_array_set_clear_func(ret->hosts, scanned_host_clear);
    scan_token(&scanner);
    while (scanner.token.kind != END) {
        if (!scan_setting(&scanner, ret)) {
            vd_conf_scan_clear(ret);
            return FALSE;
        }
    }
    return TRUE;
}

void vd_conf_scan_clear(VdScannedHosts *hosts)
{
    g_clear_pointer(&hosts->hosts, g_array_unref);
}

/* Nothing else of libconfig's language has an opening brace right behind a closing one. */
guint vd_conf_missing_commas(const char *text, GArray *places)
{
    Scanner scanner = {.text = text};
    guint found = 0;
    for (scan_token(&scanner); scanner.token.kind != END && scanner.token.kind != WRONG;) {
        gboolean closed = is_mark(&scanner, "}");
        take(&scanner);
        if (closed && is_mark(&scanner, "{")) {
            g_array_append_val(places, scanner.behind);
            found++;
        }
    }
    return found;
}

static void include_clear(gpointer data)
{
    g_free(((VdConfInclude *)data)->name);
}

/* libconfig knows the word where a line begins, behind blanks perhaps, and nowhere else: moves *at
 * to the begin of the line. */
static gboolean begins_line(const char *text, gsize *at)
{
    while (*at > 0 && (text[*at - 1] == ' ' || text[*at - 1] == '\t'))
        --*at;
    return *at == 0 || text[*at - 1] == '\n';
}

GArray *vd_conf_scan_includes(const char *text)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(VdConfInclude));
    Scanner scanner = {.text = text};
    g_array_set_clear_func(found, include_clear);
    for (scan_token(&scanner); scanner.token.kind != END && scanner.token.kind != WRONG;
         take(&scanner)) {
        VdSpan span = scanner.token.span;
        if (scanner.token.kind != INCLUDE || !begins_line(text, &span.from))
            continue;
        const char *quote = strchr(text + span.from, '"') + 1;
        GString *name = g_string_new(NULL);
        decode(name, quote, text + span.to - 1);
        VdConfInclude include = {span, g_string_free(name, FALSE)};
        g_array_append_val(found, include);
    }
    return found;
}
