/* A document as lines: fields as label and value, rows as a table whose columns are as wide as
 * their widest value, text as it is. */
#include "config.h"

#include "ui/page.h"

#include "src/base/i18n.h"
#include "src/base/text.h"

static void append_padded(GString *out, const char *text, int width, gboolean right)
{
    int pad = MAX(0, width - vd_text_width(text));
    if (right)
        g_string_append_printf(out, "%*s%s", pad, "", text);
    else
        g_string_append_printf(out, "%s%*s", text, pad, "");
}

static void fields(GString *out, const VdSection *section)
{
    int width = 0;
    for (guint c = 0; c < section->n_columns; c++)
        width = MAX(width, vd_text_width(_(section->columns[c].label)));
    for (guint r = 0; r < section->rows->len; r++) {
        char **row = g_ptr_array_index(section->rows, r);
        for (guint c = 0; c < section->n_columns; c++) {
            g_autofree char *value = vd_cell_format(&section->columns[c], vd_row_shown(row, c));
            append_padded(out, _(section->columns[c].label), width + 2, FALSE);
            g_string_append_printf(out, "%s\n", value);
        }
    }
}

static gboolean is_number(VdColType type)
{
    return type == VD_COL_COUNT || type == VD_COL_SIZE || type == VD_COL_RATE ||
           type == VD_COL_PERCENT || type == VD_COL_DURATION || type == VD_COL_LATENCY;
}

/* Sentences would push the columns off the page: they stand below their row. */
enum { LONGEST_CELL = 40 };

static void table_row(GString *out, const VdSection *section, char *const *cells, const int *widths)
{
    gsize start = out->len;
    for (guint c = 0; c < section->n_columns; c++) {
        if (widths[c] > LONGEST_CELL)
            continue;
        append_padded(out, cells[c], widths[c], is_number(section->columns[c].type));
        g_string_append(out, "  ");
    }
    while (out->len > start && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static void sentences(GString *out, const VdSection *section, char *const *row, const int *widths)
{
    for (guint c = 0; c < section->n_columns; c++)
        if (widths[c] > LONGEST_CELL && row[c] && *row[c])
            g_string_append_printf(out, "  %s\n", row[c]);
}

static void table(GString *out, const VdSection *section)
{
    guint n = section->n_columns;
    g_autofree int *widths = g_new0(int, n);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    char **head = g_new0(char *, n + 1);
    for (guint c = 0; c < n; c++)
        head[c] = g_strdup(_(section->columns[c].label));
    g_ptr_array_add(lines, head);
    for (guint r = 0; r < section->rows->len; r++) {
        char **row = g_ptr_array_index(section->rows, r);
        char **cells = g_new0(char *, n + 1);
        for (guint c = 0; c < n; c++)
            cells[c] = vd_cell_format(&section->columns[c], vd_row_shown(row, c));
        g_ptr_array_add(lines, cells);
    }
    for (guint l = 0; l < lines->len; l++)
        for (guint c = 0; c < n; c++)
            widths[c] = MAX(widths[c], vd_text_width(((char **)g_ptr_array_index(lines, l))[c]));
    for (guint l = 0; l < lines->len; l++) {
        table_row(out, section, g_ptr_array_index(lines, l), widths);
        if (l > 0)
            sentences(out, section, g_ptr_array_index(section->rows, l - 1), widths);
    }
}

static void append_section(GString *out, const VdSection *section)
{
    if (section->kind == VD_SECTION_FIELDS) {
        fields(out, section);
        return;
    }
    if (section->kind == VD_SECTION_TEXT) {
        char **row = section->rows->len ? g_ptr_array_index(section->rows, 0) : NULL;
        g_string_append_printf(out, "%s\n", row && row[0] ? row[0] : "");
        return;
    }
    if (section->rows->len == 0)
        g_string_append_printf(out, "%s\n", _("none"));
    else
        table(out, section);
}

char *vd_page_doc_text(const VdDoc *doc)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < doc->sections->len; i++) {
        const VdSection *section = g_ptr_array_index(doc->sections, i);
        if (doc->sections->len > 1)
            g_string_append_printf(out, "%s%s\n", i ? "\n" : "", _(section->title));
        append_section(out, section);
    }
    return g_string_free(out, FALSE);
}
