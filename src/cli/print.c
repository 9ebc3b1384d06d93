/* Documents on standard output: JSON and CSV for programs; tables for people are in table.c. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/cli/private.h"

/* ---- the stream ---- */

/* What the locale can show of a text; still in UTF-8, so that its width can be told. */
char *vd_sayable(const char *text)
{
    const char *charset = NULL;
    if (g_get_charset(&charset))
        return g_strdup(text);
    static const struct {
        const char *ours, *plain;
    } signs[] = {{"–", "-"},  {"—", "-"},  {"…", "..."}, {"“", "\""}, {"”", "\""},
                 {"«", "\""}, {"»", "\""}, {"‘", "'"},   {"’", "'"},  {"·", "-"}};
    g_autoptr(GString) plain = g_string_new(text);
    for (gsize i = 0; i < G_N_ELEMENTS(signs); i++)
        g_string_replace(plain, signs[i].ours, signs[i].plain, 0);
    g_autofree char *local =
        g_convert_with_fallback(plain->str, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
    char *back = local ? g_convert(local, -1, "UTF-8", charset, NULL, NULL, NULL) : NULL;
    return back ? back : g_strdup(plain->str);
}

static void put(FILE *stream, const char *text)
{
    const char *charset = NULL;
    if (g_get_charset(&charset)) {
        fputs(text, stream);
        return;
    }
    g_autofree char *plain = vd_sayable(text);
    g_autofree char *local = g_convert(plain, -1, charset, "UTF-8", NULL, NULL, NULL);
    fputs(local ? local : plain, stream);
}

void vd_out(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    put(stdout, text);
}

void vd_err(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    put(stderr, text);
}

/* ---- CSV ---- */

/* By RFC 4180; a blank at an end is quoted as well, for readers that would take it away. */
static void csv_value(GString *out, const char *value)
{
    if (!value)
        return;
    gsize length = strlen(value);
    if (!strpbrk(value, ",\"\r\n\t") && *value != ' ' &&
        (length == 0 || value[length - 1] != ' ')) {
        g_string_append(out, value);
        return;
    }
    g_string_append_c(out, '"');
    for (; *value; value++) {
        if (*value == '"')
            g_string_append_c(out, '"');
        g_string_append_c(out, *value);
    }
    g_string_append_c(out, '"');
}

static void csv_head(GString *out, const VdSection *section)
{
    for (guint c = 0; c < section->n_columns; c++)
        g_string_append_printf(out, "%s%s", c > 0 ? "," : "", section->columns[c].id);
    g_string_append(out, "\r\n");
}

/* The explicit embeddings, overrides and isolates, by which a text reads as another one. */
static gboolean turns_order(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* For programs. Control characters (of names, of what guests say) go on to terminals by many tools,
 * and CSV has no way to write them by their numbers. The caller frees. */
static char *csv_exact(const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    GString *out = g_string_sized_new(strlen(valid) + 1);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gboolean obeyed = (c < ' ' && !strchr("\t\r\n", (int)c)) || (c >= 0x7f && c < 0xa0);
        g_string_append_unichar(out, obeyed || turns_order(c) ? 0xfffd : c);
    }
    return g_string_free(out, FALSE);
}

/* What programs get of a value: times are all in seconds. The caller frees. */
static char *machine_value(const VdColumn *column, const char *raw)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (!raw || (column->type != VD_COL_DURATION && column->type != VD_COL_LATENCY))
        return g_strdup(raw);
    double seconds = (double)g_ascii_strtoll(raw, NULL, 10) / G_USEC_PER_SEC;
    return g_strdup(g_ascii_formatd(text, sizeof text, "%.3f", seconds));
}

/* exact: for programs; a terminal must not get what it would obey, or what draws nothing. */
static void csv_rows(GString *out, const VdSection *section, gboolean exact)
{
    for (guint r = 0; r < section->rows->len; r++) {
        char **row = g_ptr_array_index(section->rows, r);
        for (guint c = 0; c < section->n_columns; c++) {
            g_string_append(out, c > 0 ? "," : "");
            g_autofree char *raw =
                machine_value(&section->columns[c], exact ? vd_row_exact(row, c) : row[c]);
            g_autofree char *value = exact && raw ? csv_exact(raw) : g_strdup(raw);
            csv_value(out, value);
        }
        g_string_append(out, "\r\n");
    }
}

static void csv_doc(GString *out, const VdDoc *doc, gboolean exact)
{
    for (guint s = 0; s < doc->sections->len; s++) {
        const VdSection *section = g_ptr_array_index(doc->sections, s);
        if (out->len > 0)
            g_string_append(out, "\r\n");
        csv_head(out, section);
        csv_rows(out, section, exact);
    }
}

/* ---- JSON ---- */

static JsonNode *json_value(const VdColumn *column, const char *raw)
{
    JsonNode *node = json_node_new(raw ? JSON_NODE_VALUE : JSON_NODE_NULL);
    if (!raw)
        return node;
    switch (column->type) {
    case VD_COL_COUNT:
    case VD_COL_SIZE:
    case VD_COL_TIME:
        json_node_set_int(node, g_ascii_strtoll(raw, NULL, 10));
        break;
    case VD_COL_RATE:
    case VD_COL_PERCENT:
    case VD_COL_DURATION:
    case VD_COL_LATENCY: {
        g_autofree char *value = machine_value(column, raw);
        json_node_set_double(node, g_ascii_strtod(value, NULL));
        break;
    }
    case VD_COL_BOOL:
        json_node_set_boolean(node, strcmp(raw, "true") == 0);
        break;
    default: {
        g_autofree char *valid = g_utf8_make_valid(raw, -1);
        json_node_set_string(node, valid);
    }
    }
    return node;
}

/* What is no UTF-8 can be no text of JSON: its bytes stand beside it. */
static void json_bytes(JsonObject *object, const VdColumn *column, const char *raw)
{
    if (!raw || g_utf8_validate(raw, -1, NULL))
        return;
    g_autofree char *name = g_strconcat(column->id, "_base64", NULL);
    g_autofree char *bytes = g_base64_encode((const guchar *)raw, strlen(raw));
    json_object_set_string_member(object, name, bytes);
}

static JsonNode *json_row(const VdSection *section, char **row)
{
    if (section->kind == VD_SECTION_TEXT)
        return json_value(&section->columns[0], vd_row_exact(row, 0));
    JsonObject *object = json_object_new();
    for (guint c = 0; c < section->n_columns; c++) {
        const VdColumn *column = &section->columns[c];
        json_object_set_member(object, column->id, json_value(column, vd_row_exact(row, c)));
        json_bytes(object, column, vd_row_exact(row, c));
    }
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

static JsonNode *json_doc(const VdDoc *doc)
{
    JsonObject *object = json_object_new();
    for (guint s = 0; s < doc->sections->len; s++) {
        const VdSection *section = g_ptr_array_index(doc->sections, s);
        if (section->kind != VD_SECTION_TABLE) {
            JsonNode *only = section->rows->len > 0
                                 ? json_row(section, g_ptr_array_index(section->rows, 0))
                                 : json_node_new(JSON_NODE_NULL);
            json_object_set_member(object, section->id, only);
            continue;
        }
        JsonArray *array = json_array_new();
        for (guint r = 0; r < section->rows->len; r++)
            json_array_add_element(array, json_row(section, g_ptr_array_index(section->rows, r)));
        json_object_set_array_member(object, section->id, array);
    }
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    return node;
}

/* JSON may hold any character but the first 32 as it is; here those that a terminal would obey, or
 * that draw nothing, are written by their numbers, which means the same. */
static void append_safe(GString *out, gunichar c)
{
    if (c == '\n' || !vd_text_is_unsafe(c))
        g_string_append_unichar(out, c);
    else if (c < 0x10000)
        g_string_append_printf(out, "\\u%04x", c);
    else
        g_string_append_printf(out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                               0xdc00 + ((c - 0x10000) & 0x3ff));
}

/* 1.6399999999999999 is 1.64, which no reader takes for another number. Returns what was taken. */
static gsize append_number(GString *out, const char *at)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    gsize length = strspn(at, "-+.0123456789eE");
    g_autofree char *number = g_strndup(at, length);
    if (strchr(number, '.'))
        g_ascii_formatd(text, sizeof text, "%.15g", g_ascii_strtod(number, NULL));
    gboolean whole = strchr(number, '.') && !strpbrk(text, ".e");
    g_string_append_printf(out, "%s%s", strchr(number, '.') ? text : number, whole ? ".0" : "");
    return length;
}

/* The generator's text, with texts and numbers made as they are to be. */
static char *tidy_json(const char *json)
{
    GString *out = g_string_sized_new(strlen(json) + 1);
    gboolean text = FALSE;
    for (const char *at = json; *at;) {
        if (!text && (g_ascii_isdigit(*at) || *at == '-')) {
            at += append_number(out, at);
            continue;
        }
        if (*at == '\\') /* and what it makes a letter of, a quote above all */
            g_string_append_c(out, *at++);
        else if (*at == '"')
            text = !text;
        append_safe(out, g_utf8_get_char(at));
        at = g_utf8_next_char(at);
    }
    return g_string_free(out, FALSE);
}

static char *json_docs(GPtrArray *docs)
{
    g_autoptr(JsonNode) root = NULL;
    if (docs->len == 1) {
        root = json_doc(g_ptr_array_index(docs, 0));
    } else {
        JsonArray *array = json_array_new();
        for (guint i = 0; i < docs->len; i++)
            json_array_add_element(array, json_doc(g_ptr_array_index(docs, i)));
        root = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(root, array);
    }
    g_autofree char *text = json_to_string(root, TRUE);
    g_autofree char *tidy = tidy_json(text);
    return g_strconcat(tidy, "\n", NULL);
}

char *vd_docs_text(GPtrArray *docs, VdFormat format, int columns)
{
    if (format == VD_FORMAT_JSON)
        return json_docs(docs);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < docs->len; i++) {
        if (format == VD_FORMAT_CSV)
            csv_doc(out, g_ptr_array_index(docs, i), columns == 0);
        else {
            if (i > 0)
                g_string_append_c(out, '\n');
            vd_table_doc(out, g_ptr_array_index(docs, i), columns);
        }
    }
    return g_string_free(out, FALSE);
}

int vd_terminal_columns(int fd)
{
    struct winsize size = {0};
    gint64 columns = 0;
    if (!isatty(fd))
        return 0;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    const char *told = g_getenv("COLUMNS");
    return told && g_ascii_string_to_signed(told, 10, 1, 10000, &columns, NULL) ? (int)columns : 80;
}

/* For programs, JSON is UTF-8 and CSV what it was, whatever the locale says. */
static void put_data(const char *text, VdFormat format, int columns)
{
    if (format == VD_FORMAT_JSON || (format == VD_FORMAT_CSV && columns == 0))
        fputs(text, stdout);
    else
        put(stdout, text);
}

void vd_print_docs(GPtrArray *docs, VdFormat format)
{
    int columns = vd_terminal_columns(STDOUT_FILENO);
    g_autofree char *text = vd_docs_text(docs, format, columns);
    put_data(text, format, columns);
}

void vd_print_lay(const VdDoc *doc, VdTableForm *form)
{
    vd_table_lay(doc, vd_terminal_columns(STDOUT_FILENO), form);
}

void vd_print_part(const VdDoc *doc, VdFormat format, VdTableForm *form)
{
    int columns = vd_terminal_columns(STDOUT_FILENO);
    const VdSection *section = g_ptr_array_index(doc->sections, 0);
    g_autoptr(GString) out = g_string_new(NULL);
    if (format == VD_FORMAT_TABLE) {
        vd_table_part(out, doc, columns, form);
    } else {
        if (!form->begun)
            csv_head(out, section);
        csv_rows(out, section, columns == 0);
    }
    form->begun = TRUE;
    put_data(out->str, format, columns);
    fflush(stdout);
}
