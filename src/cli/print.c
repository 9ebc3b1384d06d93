/* Documents on standard output: tables for people, JSON and CSV for programs. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/cli/private.h"

/* ---- the stream ---- */

/* What the locale can show of a text; still in UTF-8, so that its width can be told. */
static char *sayable(const char *text)
{
    const char *charset = NULL;
    if (g_get_charset(&charset))
        return g_strdup(text);
    /* A locale without our dashes and dots. */
    g_autoptr(GString) plain = g_string_new(text);
    g_string_replace(plain, "–", "-", 0);
    g_string_replace(plain, "…", "...", 0);
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
    g_autofree char *plain = sayable(text);
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

/* ---- tables ---- */

static gboolean is_number(VdColType type)
{
    return type != VD_COL_TEXT && type != VD_COL_BOOL && type != VD_COL_TIME;
}

static void pad(GString *out, const char *text, int width, gboolean right, gboolean last)
{
    int missing = MAX(width - vd_text_width(text), 0);
    if (right)
        g_string_append_printf(out, "%*s%s", missing, "", text);
    else
        g_string_append_printf(out, "%s%*s", text, last ? 0 : missing, "");
}

/* A value in one line. */
static char *cell(const VdColumn *column, const char *raw)
{
    g_autofree char *text = NULL;
    if (column->type == VD_COL_TEXT && raw && g_strcmp0(column->id, "state") == 0)
        text = g_strdup(*raw ? _(raw) : "");
    else
        text = vd_value_format(column->type, raw);
    g_autofree char *clean = vd_text_clean(text, 0, FALSE);
    return sayable(clean);
}

/* A column that says nothing in any row is left out, so that "why" costs no room when all is well.
 */
static gboolean column_used(const VdSection *section, guint column)
{
    for (guint r = 0; r < section->rows->len; r++)
        if (((char **)g_ptr_array_index(section->rows, r))[column])
            return TRUE;
    return section->rows->len == 0;
}

/* A sentence in one row must not push the other rows' next column off the screen: it is not padded
 * for, and sticks out. */
#define WIDEST_PAD 40

static void table_rows(GString *out, const VdSection *section)
{
    g_autofree int *widths = g_new0(int, section->n_columns);
    guint last = 0;
    for (guint c = 0; c < section->n_columns; c++) {
        if (!column_used(section, c))
            continue;
        last = c;
        widths[c] = vd_text_width(_(section->columns[c].label));
        for (guint r = 0; r < section->rows->len; r++) {
            g_autofree char *text =
                cell(&section->columns[c], ((char **)g_ptr_array_index(section->rows, r))[c]);
            widths[c] = MAX(widths[c], MIN(vd_text_width(text), WIDEST_PAD));
        }
    }
    for (guint r = 0; r <= section->rows->len; r++) {
        char **row = r > 0 ? g_ptr_array_index(section->rows, r - 1) : NULL;
        gboolean begun = FALSE;
        for (guint c = 0; c < section->n_columns; c++) {
            if (widths[c] == 0)
                continue;
            const VdColumn *column = &section->columns[c];
            g_autofree char *text = row ? cell(column, row[c]) : g_strdup(_(column->label));
            if (c == last && row && !row[c])
                break;
            g_string_append(out, begun ? "  " : "");
            pad(out, text, widths[c], is_number(column->type), c == last);
            begun = TRUE;
        }
        while (out->len > 0 && out->str[out->len - 1] == ' ')
            g_string_truncate(out, out->len - 1);
        g_string_append_c(out, '\n');
    }
}

static void table_fields(GString *out, const VdSection *section)
{
    char **row = section->rows->len > 0 ? g_ptr_array_index(section->rows, 0) : NULL;
    int width = 0;
    for (guint c = 0; c < section->n_columns; c++)
        width = MAX(width, vd_text_width(_(section->columns[c].label)));
    for (guint c = 0; row && c < section->n_columns; c++) {
        if (!row[c])
            continue;
        g_autofree char *text = cell(&section->columns[c], row[c]);
        pad(out, _(section->columns[c].label), width, FALSE, FALSE);
        g_string_append_printf(out, "  %s\n", text);
    }
}

static void table_doc(GString *out, const VdDoc *doc)
{
    for (guint s = 0; s < doc->sections->len; s++) {
        const VdSection *section = g_ptr_array_index(doc->sections, s);
        if (section->kind == VD_SECTION_TEXT) {
            char **row = section->rows->len > 0 ? g_ptr_array_index(section->rows, 0) : NULL;
            g_string_append(out, row && row[0] ? row[0] : "");
            if (out->len > 0 && out->str[out->len - 1] != '\n')
                g_string_append_c(out, '\n');
            continue;
        }
        if (doc->sections->len > 1 && section->rows->len == 0)
            continue;
        if (s > 0)
            g_string_append_printf(out, "\n%s\n", _(section->title));
        if (section->kind == VD_SECTION_FIELDS)
            table_fields(out, section);
        else
            table_rows(out, section);
    }
}

/* ---- CSV, by RFC 4180 ---- */

static void csv_value(GString *out, const char *value)
{
    if (!value)
        return;
    if (!strpbrk(value, ",\"\r\n")) {
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

static void csv_doc(GString *out, const VdDoc *doc)
{
    for (guint s = 0; s < doc->sections->len; s++) {
        const VdSection *section = g_ptr_array_index(doc->sections, s);
        if (out->len > 0)
            g_string_append(out, "\r\n");
        for (guint c = 0; c < section->n_columns; c++)
            g_string_append_printf(out, "%s%s", c > 0 ? "," : "", section->columns[c].id);
        g_string_append(out, "\r\n");
        for (guint r = 0; r < section->rows->len; r++) {
            char **row = g_ptr_array_index(section->rows, r);
            for (guint c = 0; c < section->n_columns; c++) {
                g_string_append(out, c > 0 ? "," : "");
                csv_value(out, row[c]);
            }
            g_string_append(out, "\r\n");
        }
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
    case VD_COL_DURATION:
    case VD_COL_TIME:
        json_node_set_int(node, g_ascii_strtoll(raw, NULL, 10));
        break;
    case VD_COL_RATE:
    case VD_COL_PERCENT:
        json_node_set_double(node, g_ascii_strtod(raw, NULL));
        break;
    case VD_COL_BOOL:
        json_node_set_boolean(node, strcmp(raw, "true") == 0);
        break;
    default:
        json_node_set_string(node, raw);
    }
    return node;
}

static JsonNode *json_row(const VdSection *section, char **row)
{
    if (section->kind == VD_SECTION_TEXT)
        return json_value(&section->columns[0], row[0]);
    JsonObject *object = json_object_new();
    for (guint c = 0; c < section->n_columns; c++)
        json_object_set_member(object, section->columns[c].id,
                               json_value(&section->columns[c], row[c]));
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
    return g_strconcat(text, "\n", NULL);
}

char *vd_docs_text(GPtrArray *docs, VdFormat format)
{
    if (format == VD_FORMAT_JSON)
        return json_docs(docs);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < docs->len; i++) {
        if (format == VD_FORMAT_CSV)
            csv_doc(out, g_ptr_array_index(docs, i));
        else {
            if (i > 0)
                g_string_append_c(out, '\n');
            table_doc(out, g_ptr_array_index(docs, i));
        }
    }
    return g_string_free(out, FALSE);
}

void vd_print_docs(GPtrArray *docs, VdFormat format)
{
    g_autofree char *text = vd_docs_text(docs, format);
    /* JSON is UTF-8 whatever the locale says. */
    if (format == VD_FORMAT_JSON)
        fputs(text, stdout);
    else
        put(stdout, text);
}
