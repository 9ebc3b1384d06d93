/* The grid is a copy: a screen that goes on changing cannot change what is being compared. The
 * golden form keeps text and attributes apart, so that a reviewer reads the picture as it is, and a
 * change of theme touches the legend alone. */
#include "config.h"

#include "tests/screens/grid.h"

#include <string.h>

static int glyph_colour(const VTermColor *colour, gboolean background)
{
    if (background ? VTERM_COLOR_IS_DEFAULT_BG(colour) : VTERM_COLOR_IS_DEFAULT_FG(colour))
        return -1;
    if (VTERM_COLOR_IS_INDEXED(colour))
        return colour->indexed.idx;
    return VD_GLYPH_RGB | colour->rgb.red << 16 | colour->rgb.green << 8 | colour->rgb.blue;
}

static void cell_read(VdGlyph *cell, const VTermScreenCell *from)
{
    gsize used = 0;
    cell->width = from->width > 0 ? from->width : 1;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && from->chars[i]; i++) {
        if (from->chars[i] == (uint32_t)-1) { /* libvterm's mark of a second half */
            cell->width = 0;
            break;
        }
        if (used + 6 < sizeof(cell->text))
            used += (gsize)g_unichar_to_utf8(from->chars[i], cell->text + used);
    }
    cell->text[used] = '\0';
    if (!used && cell->width)
        memcpy(cell->text, " ", 2);
    cell->fg = glyph_colour(&from->fg, FALSE);
    cell->bg = glyph_colour(&from->bg, TRUE);
    cell->attrs = (from->attrs.bold ? VD_GLYPH_BOLD : 0u) |
                  (from->attrs.underline ? VD_GLYPH_UNDERLINE : 0u) |
                  (from->attrs.reverse ? VD_GLYPH_REVERSE : 0u) |
                  (from->attrs.italic ? VD_GLYPH_ITALIC : 0u) |
                  (from->attrs.blink ? VD_GLYPH_BLINK : 0u);
}

VdGrid *vd_grid_new(VTermScreen *screen, int rows, int cols)
{
    VdGrid *grid = g_new0(VdGrid, 1);
    grid->rows = rows;
    grid->cols = cols;
    grid->cursor_row = grid->cursor_col = -1;
    grid->cells = g_new0(VdGlyph, (gsize)rows * (gsize)cols);
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++) {
            VTermScreenCell from;
            memset(&from, 0, sizeof(from));
            vterm_screen_get_cell(screen, (VTermPos){.row = row, .col = col}, &from);
            cell_read(&grid->cells[row * cols + col], &from);
        }
    }
    return grid;
}

void vd_grid_free(VdGrid *grid)
{
    if (!grid)
        return;
    g_free(grid->cells);
    g_free(grid);
}

VdGlyph *vd_grid_glyph(const VdGrid *grid, int row, int col)
{
    if (row < 0 || col < 0 || row >= grid->rows || col >= grid->cols)
        return NULL;
    return &grid->cells[row * grid->cols + col];
}

/* offsets, if given, gets for each byte of the text the column it belongs to. */
static char *row_text(const VdGrid *grid, int row, GArray *offsets)
{
    GString *text = g_string_new(NULL);
    for (int col = 0; col < grid->cols; col++) {
        const VdGlyph *cell = &grid->cells[row * grid->cols + col];
        g_string_append(text, cell->text);
        for (gsize i = 0; offsets && i < strlen(cell->text); i++)
            g_array_append_val(offsets, col);
    }
    while (text->len && text->str[text->len - 1] == ' ')
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

char *vd_grid_row(const VdGrid *grid, int row)
{
    return row_text(grid, row, NULL);
}

char *vd_grid_text(const VdGrid *grid)
{
    GString *text = g_string_new(NULL);
    for (int row = 0; row < grid->rows; row++) {
        g_autofree char *line = vd_grid_row(grid, row);
        g_string_append(text, line);
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

gboolean vd_grid_find(const VdGrid *grid, const char *text, int *ret_row, int *ret_col)
{
    for (int row = 0; row < grid->rows; row++) {
        g_autoptr(GArray) offsets = g_array_new(FALSE, FALSE, sizeof(int));
        g_autofree char *line = row_text(grid, row, offsets);
        const char *at = strstr(line, text);
        if (!at)
            continue;
        if (ret_row)
            *ret_row = row;
        if (ret_col)
            *ret_col = offsets->len ? g_array_index(offsets, int, at - line) : 0;
        return TRUE;
    }
    return FALSE;
}

typedef void (*RowMatch)(VdGrid *grid, int row, int from, int to);

/* Calls match with the columns of each match in each row. */
static void each_match(VdGrid *grid, const char *regex, RowMatch match)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GRegex) compiled = g_regex_new(regex, G_REGEX_OPTIMIZE, 0, &error);
    if (!compiled)
        g_error("%s: %s", regex, error->message);
    for (int row = 0; row < grid->rows; row++) {
        g_autoptr(GArray) offsets = g_array_new(FALSE, FALSE, sizeof(int));
        g_autofree char *line = row_text(grid, row, offsets);
        g_autoptr(GMatchInfo) info = NULL;
        for (g_regex_match(compiled, line, 0, &info); g_match_info_matches(info);
             g_match_info_next(info, NULL)) {
            int from = 0, to = 0;
            g_match_info_fetch_pos(info, 0, &from, &to);
            if (to > from)
                match(grid, row, g_array_index(offsets, int, from),
                      g_array_index(offsets, int, to - 1));
        }
    }
}

static void mask_columns(VdGrid *grid, int row, int from, int to)
{
    for (int col = from; col <= to; col++) {
        VdGlyph *glyph = &grid->cells[row * grid->cols + col];
        if (glyph->width)
            memcpy(glyph->text, "X", 2);
    }
}

static void erase_columns(VdGrid *grid, int row, int from, int to)
{
    (void)to;
    for (int col = from; col < grid->cols; col++)
        grid->cells[row * grid->cols + col] = (VdGlyph){" ", 1, -1, -1, 0};
}

void vd_grid_mask(VdGrid *grid, const char *regex)
{
    each_match(grid, regex, mask_columns);
}

void vd_grid_erase(VdGrid *grid, const char *regex)
{
    each_match(grid, regex, erase_columns);
}

static void colour_describe(GString *out, const char *what, int colour)
{
    if (colour < 0)
        return;
    if (colour & VD_GLYPH_RGB)
        g_string_append_printf(out, " %s #%06x", what, (unsigned)colour & 0xffffffu);
    else
        g_string_append_printf(out, " %s %d", what, colour);
}

/* "fg 7 bg 4 bold", or "" for a plain cell. */
static char *attrs_describe(const VdGlyph *cell)
{
    static const char *const words[] = {"bold", "underline", "reverse", "italic", "blink"};
    GString *out = g_string_new(NULL);
    colour_describe(out, "fg", cell->fg);
    colour_describe(out, "bg", cell->bg);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        if (cell->attrs & 1u << i)
            g_string_append_printf(out, " %s", words[i]);
    }
    return g_string_free(out, FALSE);
}

/* The letter of a set of attributes; a new one if it was not seen before. */
static char attrs_letter(GPtrArray *legend, const VdGlyph *cell)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    g_autofree char *words = attrs_describe(cell);
    guint at = 0;
    if (!*words)
        return '.';
    if (!g_ptr_array_find_with_equal_func(legend, words, g_str_equal, &at)) {
        at = legend->len;
        g_ptr_array_add(legend, g_steal_pointer(&words));
    }
    return at < sizeof(letters) - 1 ? letters[at] : '?';
}

char *vd_grid_golden(const VdGrid *grid)
{
    g_autoptr(GPtrArray) legend = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = vd_grid_text(grid);
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "size %dx%d", grid->cols, grid->rows);
    if (grid->cursor_row >= 0)
        g_string_append_printf(out, " cursor %d,%d", grid->cursor_col, grid->cursor_row);
    g_string_append_printf(out, "\n%s---- attributes\n", text);
    for (int row = 0; row < grid->rows; row++) {
        GString *line = g_string_new(NULL);
        for (int col = 0; col < grid->cols; col++)
            g_string_append_c(line, attrs_letter(legend, &grid->cells[row * grid->cols + col]));
        while (line->len && line->str[line->len - 1] == '.')
            g_string_truncate(line, line->len - 1);
        g_string_append_printf(out, "%s\n", line->str);
        g_string_free(line, TRUE);
    }
    g_string_append(out, "---- legend\n");
    for (guint i = 0; i < legend->len; i++) {
        g_string_append_printf(
            out, "%c%s\n",
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789?"[MIN(i, 62u)],
            (char *)g_ptr_array_index(legend, i));
    }
    return g_string_free(out, FALSE);
}

/* Both screens, and the first line in which they differ. */
static char *golden_report(const char *path, const char *expected, const char *found)
{
    g_auto(GStrv) want = g_strsplit(expected, "\n", -1);
    g_auto(GStrv) got = g_strsplit(found, "\n", -1);
    guint line = 0;
    while (want[line] && got[line] && g_str_equal(want[line], got[line]))
        line++;
    return g_strdup_printf("%s differs from line %u on:\n- %s\n+ %s\n"
                           "======== expected\n%s======== found\n%s========\n",
                           path, line + 1, want[line] ? want[line] : "(end)",
                           got[line] ? got[line] : "(end)", expected, found);
}

gboolean vd_grid_check(const VdGrid *grid, const char *folder, const char *name, char **ret_report)
{
    g_autofree char *path = g_strdup_printf("%s/%s.txt", folder, name);
    g_autofree char *found = vd_grid_golden(grid);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;
    if (g_strcmp0(g_getenv("GENERATE"), "1") == 0) {
        if (g_file_set_contents(path, found, -1, &error))
            return TRUE;
        *ret_report = g_strdup(error->message);
        return FALSE;
    }
    if (!g_file_get_contents(path, &expected, NULL, &error)) {
        *ret_report = g_strdup_printf("%s\nGENERATE=1 writes it:\n%s", error->message, found);
        return FALSE;
    }
    if (g_str_equal(expected, found))
        return TRUE;
    *ret_report = golden_report(path, expected, found);
    return FALSE;
}
