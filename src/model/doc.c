/* Documents: what a question is answered with. Values are kept as text in a form for machines;
 * people's form is made when drawn. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/model/doc.h"
#include "src/model/fleet.h"

static void section_free(VdSection *section)
{
    g_ptr_array_unref(section->rows);
    g_free(section);
}

VdDoc *vd_doc_new(void)
{
    VdDoc *doc = g_new0(VdDoc, 1);
    g_atomic_ref_count_init(&doc->refs);
    doc->sections = g_ptr_array_new_with_free_func((GDestroyNotify)section_free);
    return doc;
}

VdDoc *vd_doc_ref(VdDoc *doc)
{
    g_atomic_ref_count_inc(&doc->refs);
    return doc;
}

void vd_doc_unref(VdDoc *doc)
{
    if (!doc || !g_atomic_ref_count_dec(&doc->refs))
        return;
    g_ptr_array_unref(doc->sections);
    g_free(doc);
}

/* Rows hold a NULL where nobody could ask, so they end with this mark of ours rather than at the
 * first NULL. Behind it stands for each value what it was before it was cleaned, if that is another
 * text: for programs; and then what people read in its place, if that is another one. */
static char row_end;

static guint row_length(char **row)
{
    guint n = 0;
    while (row[n] != &row_end)
        n++;
    return n;
}

static void row_free(gpointer data)
{
    char **row = data;
    guint n = row_length(row);
    for (guint i = 0; i < n; i++) {
        g_free(row[i]);
        g_free(row[n + 1 + i]);
        g_free(row[2 * n + 1 + i]);
    }
    g_free(row);
}

VdSection *vd_doc_section(VdDoc *doc, VdSectionKind kind, const char *id, const char *title,
                          const VdColumn *columns, guint n_columns)
{
    VdSection *section = g_new0(VdSection, 1);
    section->id = id;
    section->title = title;
    section->kind = kind;
    section->columns = columns;
    section->n_columns = n_columns;
    section->rows = g_ptr_array_new_with_free_func(row_free);
    g_ptr_array_add(doc->sections, section);
    return section;
}

char **vd_section_row(VdSection *section)
{
    char **row = g_new0(char *, 3 * section->n_columns + 1);
    row[section->n_columns] = &row_end;
    g_ptr_array_add(section->rows, row);
    return row;
}

static void row_take(char **row, guint column, char *value)
{
    guint n = row_length(row);
    g_free(row[column]);
    row[column] = value;
    g_clear_pointer(&row[n + 1 + column], g_free);
    g_clear_pointer(&row[2 * n + 1 + column], g_free);
}

/* The cleaned text, and what it was made from. */
static void row_clean(char **row, guint column, char *clean, const char *value)
{
    row_take(row, column, clean);
    if (strcmp(clean, value) != 0)
        row[row_length(row) + 1 + column] = g_strdup(value);
}

void vd_row_text(char **row, guint column, const char *value)
{
    if (value)
        row_clean(row, column, vd_text_clean(value, 1 << 20, TRUE), value);
    else
        row_take(row, column, NULL);
}

void vd_row_name(char **row, guint column, const char *name)
{
    if (name)
        row_clean(row, column, vd_text_clean_name(name, 256), name);
    else
        row_take(row, column, NULL);
}

void vd_row_path(char **row, guint column, const char *path)
{
    if (path && *path)
        row_clean(row, column, vd_text_clean_name(path, 4096), path);
    else
        row_take(row, column, NULL);
}

void vd_row_word(char **row, guint column, const char *word, const char *shown)
{
    vd_row_text(row, column, word);
    if (word && shown)
        row[2 * row_length(row) + 1 + column] = vd_text_clean(shown, 1 << 20, TRUE);
}

void vd_row_english(char **row, guint column, const char *words)
{
    vd_row_word(row, column, words, words && *words ? _(words) : NULL);
}

const char *vd_row_shown(char **row, guint column)
{
    const char *shown = row[2 * row_length(row) + 1 + column];
    return shown ? shown : row[column];
}

const char *vd_row_exact(char **row, guint column)
{
    const char *exact = row[row_length(row) + 1 + column];
    return exact ? exact : row[column];
}

void vd_row_int(char **row, guint column, gint64 value)
{
    row_take(row, column, g_strdup_printf("%" G_GINT64_FORMAT, value));
}

void vd_row_size(char **row, guint column, guint64 value)
{
    row_take(row, column, g_strdup_printf("%" G_GUINT64_FORMAT, value));
}

void vd_row_double(char **row, guint column, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (value < 0)
        row_take(row, column, NULL);
    else
        row_take(row, column, g_strdup(g_ascii_formatd(text, sizeof text, "%.2f", value)));
}

void vd_row_bool(char **row, guint column, gboolean value)
{
    row_take(row, column, g_strdup(value ? "true" : "false"));
}

static const VdColumn text_column = {"text", N_("Text"), VD_COL_TEXT};

VdDoc *vd_doc_new_outcome(const char *result, const char *said)
{
    static const VdColumn columns[] = {{"result", N_("Result"), VD_COL_TEXT},
                                       {"said", N_("Outcome"), VD_COL_TEXT}};
    VdDoc *doc = vd_doc_new();
    char **row = vd_section_row(
        vd_doc_section(doc, VD_SECTION_FIELDS, "outcome", N_("Outcome"), columns, 2));
    vd_row_text(row, 0, result);
    vd_row_text(row, 1, said);
    return doc;
}

const char *vd_doc_outcome(const VdDoc *doc, const char **ret_said)
{
    const VdSection *section =
        doc && doc->sections->len == 1 ? g_ptr_array_index(doc->sections, 0) : NULL;
    *ret_said = NULL;
    if (!section || strcmp(section->id, "outcome") != 0)
        return NULL;
    char **row = g_ptr_array_index(section->rows, 0);
    *ret_said = row[1];
    return row[0];
}

VdDoc *vd_doc_new_text(const char *id, const char *title, const char *text)
{
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TEXT, id, title, &text_column, 1);
    char **row = vd_section_row(section);
    row_clean(row, 0, vd_text_clean(text, 8 << 20, TRUE), text);
    return doc;
}

static char *format_time(const char *raw)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(g_ascii_strtoll(raw, NULL, 10));
    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("–");
}

char *vd_value_format(VdColType type, const char *raw)
{
    if (!raw)
        return g_strdup("–");
    switch (type) {
    case VD_COL_SIZE:
        return vd_format_size(g_ascii_strtoull(raw, NULL, 10));
    case VD_COL_RATE: {
        g_autofree char *bytes = vd_format_bytes((guint64)MAX(0.0, g_ascii_strtod(raw, NULL)));
        return g_strdup_printf("%s/s", bytes);
    }
    case VD_COL_PERCENT: {
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        return g_strdup_printf(
            "%s %%", g_ascii_formatd(text, sizeof text, "%.0f", g_ascii_strtod(raw, NULL)));
    }
    case VD_COL_DURATION:
        return vd_format_duration(g_ascii_strtoll(raw, NULL, 10));
    case VD_COL_LATENCY:
        return vd_format_latency(g_ascii_strtoll(raw, NULL, 10));
    case VD_COL_TIME:
        return format_time(raw);
    case VD_COL_BOOL:
        return g_strdup(strcmp(raw, "true") == 0 ? _("yes") : _("no"));
    default:
        return g_strdup(raw);
    }
}

const char *vd_col_unit(VdColType type)
{
    static const char *const units[] = {
        [VD_COL_COUNT] = "a number",          [VD_COL_SIZE] = "bytes",
        [VD_COL_RATE] = "bytes per second",   [VD_COL_PERCENT] = "percent",
        [VD_COL_DURATION] = "seconds",        [VD_COL_LATENCY] = "seconds",
        [VD_COL_TIME] = "seconds since 1970", [VD_COL_BOOL] = "true or false",
    };
    return type < G_N_ELEMENTS(units) ? units[type] : NULL;
}

char *vd_cell_format(const VdColumn *column, const char *raw)
{
    if (column->type == VD_COL_TEXT && raw && *raw && strcmp(column->id, "state") == 0)
        return g_strdup(_(raw));
    return vd_value_format(column->type, raw);
}
