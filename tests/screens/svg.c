/* Runs of cells with the same look become one <text> with its length in pixels pinned, so that the
 * picture keeps its columns whatever font the viewer has; bars and blocks are drawn as rectangles,
 * since fonts leave gaps between them. */
#include "config.h"

#include "tests/screens/svg.h"

#include <string.h>

enum { CELL_W = 9, CELL_H = 19, MARGIN = 12, FONT_SIZE = 15 };

static const guint palette[16] = {0x1c1f26, 0xe06c75, 0x98c379, 0xe5c07b, 0x61afef, 0xc678dd,
                                  0x56b6c2, 0xc8ccd4, 0x5c6370, 0xff7a85, 0xb5e890, 0xffd68a,
                                  0x7cc4ff, 0xdd93f0, 0x6fd3df, 0xffffff};
static const guint default_fg = 0xc8ccd4, default_bg = 0x1c1f26;

/* xterm's palette: 16 colours, a cube of 6×6×6, 24 greys. */
static guint colour_rgb(int colour, guint otherwise)
{
    static const guint steps[6] = {0, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
    if (colour < 0)
        return otherwise;
    if (colour & VD_GLYPH_RGB)
        return (guint)colour & 0xffffffu;
    if (colour < 16)
        return palette[colour];
    if (colour >= 232) {
        guint grey = 8u + 10u * (guint)(colour - 232);
        return grey << 16 | grey << 8 | grey;
    }
    guint cube = (guint)colour - 16;
    return steps[cube / 36 % 6] << 16 | steps[cube / 6 % 6] << 8 | steps[cube % 6];
}

static guint cell_ink(const VdGlyph *cell)
{
    int fg = cell->fg;
    if (fg >= 0 && fg < 8 && cell->attrs & VD_GLYPH_BOLD)
        fg += 8;
    return cell->attrs & VD_GLYPH_REVERSE ? colour_rgb(cell->bg, default_bg)
                                          : colour_rgb(fg, default_fg);
}

static guint cell_paper(const VdGlyph *cell)
{
    return cell->attrs & VD_GLYPH_REVERSE ? colour_rgb(cell->fg, default_fg)
                                          : colour_rgb(cell->bg, default_bg);
}

/* ▁ to █ (U+2581 to U+2588) in eighths of a cell's height, 0 for all else. */
static int block_eighths(const VdGlyph *cell)
{
    gunichar c = g_utf8_get_char(cell->text);
    return c >= 0x2581 && c <= 0x2588 ? (int)(c - 0x2580) : 0;
}

static void draw_rect(GString *out, double x, double y, double w, double h, guint colour)
{
    char text[3][G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text[0], sizeof(text[0]), "%g", y);
    g_ascii_formatd(text[1], sizeof(text[1]), "%g", w);
    g_ascii_formatd(text[2], sizeof(text[2]), "%g", h);
    g_string_append_printf(out,
                           "<rect x=\"%d\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"#%06x\"/>\n",
                           (int)x, text[0], text[1], text[2], colour);
}

static gboolean same_look(const VdGlyph *a, const VdGlyph *b)
{
    return cell_ink(a) == cell_ink(b) && cell_paper(a) == cell_paper(b) && a->attrs == b->attrs;
}

static void draw_paper(GString *out, const VdGrid *grid, int row)
{
    for (int col = 0, next = 0; col < grid->cols; col = next) {
        guint paper = cell_paper(vd_grid_glyph(grid, row, col));
        for (next = col + 1; next < grid->cols; next++) {
            if (cell_paper(vd_grid_glyph(grid, row, next)) != paper)
                break;
        }
        if (paper != default_bg)
            draw_rect(out, MARGIN + col * CELL_W, MARGIN + row * CELL_H, (next - col) * CELL_W,
                      CELL_H, paper);
    }
}

static void draw_blocks(GString *out, const VdGrid *grid, int row)
{
    for (int col = 0; col < grid->cols; col++) {
        const VdGlyph *cell = vd_grid_glyph(grid, row, col);
        double height = CELL_H * block_eighths(cell) / 8.0;
        if (height > 0)
            draw_rect(out, MARGIN + col * CELL_W, MARGIN + (row + 1) * CELL_H - height, CELL_W,
                      height, cell_ink(cell));
    }
}

static void draw_run(GString *out, const VdGrid *grid, int row, int from, int to)
{
    const VdGlyph *look = vd_grid_glyph(grid, row, from);
    GString *text = g_string_new(NULL);
    for (int col = from; col < to; col++) {
        const VdGlyph *cell = vd_grid_glyph(grid, row, col);
        g_string_append(text, block_eighths(cell) ? " " : cell->text);
    }
    g_autofree char *stripped = g_strstrip(g_strdup(text->str));
    g_autofree char *escaped = g_markup_escape_text(text->str, -1);
    if (*stripped)
        g_string_append_printf(
            out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06x\"%s%s>%s</text>\n",
            MARGIN + from * CELL_W, MARGIN + row * CELL_H + 14, (to - from) * CELL_W,
            cell_ink(look), look->attrs & VD_GLYPH_BOLD ? " font-weight=\"bold\"" : "",
            look->attrs & VD_GLYPH_UNDERLINE ? " text-decoration=\"underline\"" : "", escaped);
    g_string_free(text, TRUE);
}

/* A run ends where the look changes and where a long gap begins. */
static void draw_text(GString *out, const VdGrid *grid, int row)
{
    for (int col = 0, next = 0; col < grid->cols; col = next) {
        const VdGlyph *cell = vd_grid_glyph(grid, row, col);
        gboolean blank = g_str_equal(cell->text, " ");
        for (next = col + 1; next < grid->cols; next++) {
            const VdGlyph *other = vd_grid_glyph(grid, row, next);
            if (!same_look(cell, other) || (blank && !g_str_equal(other->text, " ")))
                break;
        }
        if (!blank)
            draw_run(out, grid, row, col, next);
    }
}

char *vd_svg_draw(const VdGrid *grid)
{
    int width = grid->cols * CELL_W + 2 * MARGIN, height = grid->rows * CELL_H + 2 * MARGIN;
    GString *out = g_string_new(NULL);
    g_string_append_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\">\n"
        "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#%06x\"/>\n"
        "<g font-family=\"'DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace\" "
        "font-size=\"%d\" xml:space=\"preserve\" shape-rendering=\"crispEdges\">\n",
        width, height, width, height, default_bg, FONT_SIZE);
    for (int row = 0; row < grid->rows; row++) {
        draw_paper(out, grid, row);
        draw_blocks(out, grid, row);
        draw_text(out, grid, row);
    }
    if (grid->cursor_row >= 0)
        g_string_append_printf(out,
                               "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"2\" "
                               "fill=\"#%06x\"/>\n",
                               MARGIN + grid->cursor_col * CELL_W,
                               MARGIN + (grid->cursor_row + 1) * CELL_H - 3, CELL_W, default_fg);
    g_string_append(out, "</g>\n</svg>\n");
    return g_string_free(out, FALSE);
}
