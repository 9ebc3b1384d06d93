/* Documents as tables for people. On a terminal a table is made to fit: what is wide gives way
 * first, and is continued in the lines below, so that nothing is lost and the columns stay where
 * they are. Where words would have to be broken, sentences, and then the last columns, stand below
 * their row instead. For a file or a pipe it is as wide as it is. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/cli/private.h"

#define GAP 2
/* A column gives way down to its longest word, should that be no longer than this, */
#define WORD_MOST 30
/* and if that is not enough, down to this; a narrower terminal wraps the lines itself. */
#define LEAST 10
/* What stands below its row is indented so far; so many columns at least stay in it. */
#define BELOW 4
#define STAY  3
/* Where nothing has to fit, a column is wider than this only if most of its words are. */
#define USUAL 64

static gboolean is_number(VdColType type)
{
    return type != VD_COL_TEXT && type != VD_COL_BOOL && type != VD_COL_TIME;
}

static void append_padded(GString *out, const char *text, int width, gboolean right)
{
    int missing = MAX(width - vd_text_width(text), 0);
    if (right)
        g_string_append_printf(out, "%*s%s", missing, "", text);
    else
        g_string_append_printf(out, "%s%*s", text, missing, "");
}

static void end_line(GString *out)
{
    while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

/* A value in one line. */
static char *cell(const VdColumn *column, const char *raw)
{
    g_autofree char *text = vd_cell_format(column, raw);
    g_autofree char *clean = vd_text_clean(text, 0, FALSE);
    return vd_sayable(clean);
}

/* Takes the next line of at most width cells off *rest: to a blank if there is one, else, with
 * anywhere, as much as fits, else the whole word. The caller frees. */
static char *take_line(const char **rest, int width, gboolean anywhere)
{
    gsize fits = vd_text_fit(*rest, width, NULL);
    const char *end = *rest + fits, *next = end;
    if (*end != '\0' && *end != ' ') {
        const char *blank = g_strrstr_len(*rest, (gssize)fits, " ");
        if (blank && blank > *rest)
            end = next = blank;
        else if (!anywhere)
            end = next = *rest + strcspn(*rest, " ");
        else if (fits == 0) /* a wide character in a narrow place */
            end = next = g_utf8_next_char(*rest);
    }
    char *line = g_strndup(*rest, (gsize)(end - *rest));
    *rest = next + strspn(next, " ");
    return line;
}

void vd_append_wrapped(GString *out, const char *text, int at, int indent, int columns)
{
    const char *rest = text;
    if (columns <= 0) {
        g_string_append(out, text);
        return;
    }
    for (gboolean first = TRUE; first || *rest; first = FALSE) {
        g_autofree char *line =
            take_line(&rest, MAX(columns - (first ? at : indent), LEAST), FALSE);
        if (!first)
            g_string_append_printf(out, "\n%*s", indent, "");
        g_string_append(out, line);
    }
}

/* ---- rows ---- */

typedef struct {
    const VdSection *section;
    gboolean *used;  /* stands in the row */
    gboolean *below; /* stands below it */
    int *widths;
    int *words; /* the longest of each column */
} Table;

static int longest_word(const char *text)
{
    int longest = 0;
    for (const char *at = text; *at;) {
        gsize length = strcspn(at, " ");
        g_autofree char *word = g_strndup(at, length);
        longest = MAX(longest, vd_text_width(word));
        at += length + strspn(at + length, " ");
    }
    return longest;
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

/* Notes the widest value. Returns the width of the usual ones, if those beyond it are words that
 * few rows have; else that of all. */
static int measure(Table *table, guint column)
{
    const VdSection *section = table->section;
    int usual = vd_text_width(_(section->columns[column].label));
    guint beyond = 0;
    table->widths[column] = usual;
    table->words[column] = table->widths[column];
    for (guint r = 0; r < section->rows->len; r++) {
        g_autofree char *text = cell(&section->columns[column],
                                     vd_row_shown(g_ptr_array_index(section->rows, r), column));
        int width = vd_text_width(text), word = longest_word(text);
        beyond += width > USUAL && word == width;
        usual = MAX(usual, width > USUAL && word == width ? 0 : width);
        table->widths[column] = MAX(table->widths[column], width);
        table->words[column] = MAX(table->words[column], word);
    }
    return beyond * 2 < section->rows->len ? usual : table->widths[column];
}

static int whole_width(const Table *table)
{
    int width = -GAP;
    for (guint c = 0; c < table->section->n_columns; c++)
        width += table->used[c] ? table->widths[c] + GAP : 0;
    return width;
}

/* The widest column of texts gives way, cell by cell. FALSE: none can. */
static gboolean narrow(Table *table, gboolean in_words)
{
    int widest = -1;
    for (guint c = 0; c < table->section->n_columns; c++) {
        int least = vd_text_width(_(table->section->columns[c].label));
        least = MAX(least, in_words ? MIN(table->words[c], WORD_MOST) : LEAST);
        if (table->used[c] && table->section->columns[c].type == VD_COL_TEXT &&
            table->widths[c] > least && (widest < 0 || table->widths[c] > table->widths[widest]))
            widest = (int)c;
    }
    if (widest >= 0)
        table->widths[widest]--;
    return widest >= 0;
}

static gboolean fits_in_words(Table *table, int columns)
{
    while (whole_width(table) > columns && narrow(table, TRUE))
        continue;
    return whole_width(table) <= columns;
}

/* Takes the last sentence out of the row; where there is none, with any, the last column. */
static gboolean put_below(Table *table, gboolean any)
{
    guint left = 0;
    int last = -1;
    for (guint c = 0; c < table->section->n_columns; c++) {
        gboolean sentence = table->section->columns[c].type == VD_COL_TEXT &&
                            table->widths[c] > WORD_MOST && table->words[c] < table->widths[c];
        left += table->used[c];
        if (table->used[c] && c > 0 && (any || sentence))
            last = (int)c;
    }
    if (last < 0 || (any && left <= STAY))
        return FALSE;
    table->used[last] = FALSE;
    table->below[last] = TRUE;
    return TRUE;
}

/* A UUID is of no use in pieces, and whoever wants it has other ways to it. */
static void fit(Table *table, int columns)
{
    guint n = table->section->n_columns;
    g_autofree int *whole = g_memdup2(table->widths, n * sizeof *whole);
    for (guint c = 0; c < n && whole_width(table) > columns; c++)
        if (strcmp(table->section->columns[c].id, "uuid") == 0)
            table->used[c] = FALSE;
    while (!fits_in_words(table, columns)) {
        memcpy(table->widths, whole, n * sizeof *whole);
        if (!put_below(table, FALSE) && !put_below(table, TRUE))
            break;
    }
    while (whole_width(table) > columns && (narrow(table, TRUE) || narrow(table, FALSE)))
        continue;
}

static void append_below(GString *out, const Table *table, char **row, int columns)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint c = 0; c < table->section->n_columns; c++) {
        if (!table->below[c] || !row[c])
            continue;
        g_autofree char *value = cell(&table->section->columns[c], vd_row_shown(row, c));
        g_string_append_printf(text, "%s%s: %s", text->len > 0 ? "  " : "",
                               _(table->section->columns[c].label), value);
    }
    if (text->len == 0)
        return;
    g_string_append_printf(out, "%*s", BELOW, "");
    vd_append_wrapped(out, text->str, BELOW, BELOW, columns);
    g_string_append_c(out, '\n');
}

/* One row; row NULL: the headings. columns: in as many lines as its longest cell needs; 0: a cell
 * that is wider than its column sticks out. */
static void append_row(GString *out, const Table *table, char **row, int columns)
{
    const VdSection *section = table->section;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree const char **rests = g_new0(const char *, section->n_columns);
    gboolean more = TRUE;
    guint last = 0;
    for (guint c = 0; c < section->n_columns; c++) {
        const VdColumn *column = &section->columns[c];
        g_ptr_array_add(texts,
                        row ? cell(column, vd_row_shown(row, c)) : g_strdup(_(column->label)));
        rests[c] = g_ptr_array_index(texts, c);
        last = table->used[c] ? c : last;
    }
    if (row && !row[last]) /* a dash at the end is only in the way */
        rests[last] = "";
    while (more) {
        more = FALSE;
        for (guint c = 0, shown = 0; c < section->n_columns; c++) {
            if (!table->used[c])
                continue;
            g_autofree char *line =
                take_line(&rests[c], columns > 0 ? table->widths[c] : G_MAXINT, TRUE);
            g_string_append(out, shown++ > 0 ? "  " : "");
            append_padded(out, line, table->widths[c], is_number(section->columns[c].type));
            more = more || *rests[c];
        }
        end_line(out);
    }
    if (row)
        append_below(out, table, row, columns);
}

static void append_rows(GString *out, const VdSection *section, int columns)
{
    g_autofree gboolean *used = g_new0(gboolean, section->n_columns);
    g_autofree int *widths = g_new0(int, section->n_columns);
    g_autofree int *words = g_new0(int, section->n_columns);
    g_autofree gboolean *below = g_new0(gboolean, section->n_columns);
    Table table = {section, used, below, widths, words};
    for (guint c = 0; c < section->n_columns; c++) {
        used[c] = column_used(section, c);
        int usual = measure(&table, c);
        widths[c] = columns > 0 ? widths[c] : usual; /* one that is wider sticks out */
    }
    if (columns > 0)
        fit(&table, columns);
    append_row(out, &table, NULL, columns);
    for (guint r = 0; r < section->rows->len; r++)
        append_row(out, &table, g_ptr_array_index(section->rows, r), columns);
}

/* ---- fields and texts ---- */

/* Words that are longer than the line, paths above all, stay whole: they are there to be copied. */
static void append_fields(GString *out, const VdSection *section, int columns)
{
    char **row = section->rows->len > 0 ? g_ptr_array_index(section->rows, 0) : NULL;
    int width = 0;
    for (guint c = 0; c < section->n_columns; c++)
        width = MAX(width, vd_text_width(_(section->columns[c].label)));
    int room = columns > 0 ? MAX(columns - width - GAP, LEAST) : G_MAXINT;
    for (guint c = 0; row && c < section->n_columns; c++) {
        if (!row[c])
            continue;
        g_autofree char *text = cell(&section->columns[c], vd_row_shown(row, c));
        const char *rest = text, *label = _(section->columns[c].label);
        do {
            g_autofree char *line = take_line(&rest, room, FALSE);
            append_padded(out, label, width, FALSE);
            g_string_append_printf(out, "  %s", line);
            end_line(out);
            label = "";
        } while (*rest);
    }
}

/* Its bytes are what they are (XML that is read by virsh again, say), unless a terminal gets them.
 * A log holds what guests say, and goes through tools that pass it on to terminals. */
static void append_text(GString *out, const VdSection *section, int columns)
{
    char **row = section->rows->len > 0 ? g_ptr_array_index(section->rows, 0) : NULL;
    gboolean clean = columns > 0 || strcmp(section->id, "log") == 0;
    const char *text = !row ? NULL : clean ? row[0] : vd_row_exact(row, 0);
    g_string_append(out, text ? text : "");
    if (out->len > 0 && out->str[out->len - 1] != '\n')
        g_string_append_c(out, '\n');
}

void vd_table_lay(const VdDoc *doc, int columns, VdTableForm *form)
{
    const VdSection *section = g_ptr_array_index(doc->sections, 0);
    int words[G_N_ELEMENTS(form->widths)] = {0};
    Table table = {section, form->used, form->below, form->widths, words};
    if (form->laid)
        return;
    form->laid = TRUE;
    for (guint c = 0; c < section->n_columns; c++) {
        form->used[c] = TRUE; /* what the parts to come have to say is not known */
        (void)measure(&table, c);
        table.widths[c] = MAX(table.widths[c], form->least[c]);
        words[c] = MAX(words[c], form->least[c]);
    }
    if (columns > 0)
        fit(&table, columns);
}

void vd_table_part(GString *out, const VdDoc *doc, int columns, VdTableForm *form)
{
    const VdSection *section = g_ptr_array_index(doc->sections, 0);
    int words[G_N_ELEMENTS(form->widths)] = {0};
    Table table = {section, form->used, form->below, form->widths, words};
    vd_table_lay(doc, columns, form);
    if (!form->begun)
        append_row(out, &table, NULL, columns);
    for (guint r = 0; r < section->rows->len; r++)
        append_row(out, &table, g_ptr_array_index(section->rows, r), columns);
}

void vd_table_doc(GString *out, const VdDoc *doc, int columns)
{
    for (guint s = 0; s < doc->sections->len; s++) {
        const VdSection *section = g_ptr_array_index(doc->sections, s);
        if (section->kind == VD_SECTION_TEXT) {
            append_text(out, section, columns);
            continue;
        }
        if (doc->sections->len > 1 && section->rows->len == 0)
            continue;
        if (s > 0)
            g_string_append_printf(out, "\n%s\n", _(section->title));
        if (section->kind == VD_SECTION_FIELDS)
            append_fields(out, section, columns);
        else
            append_rows(out, section, columns);
    }
}
