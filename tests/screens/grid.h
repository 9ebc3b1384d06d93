/* What a terminal shows at one moment: cells with text and attributes, taken from libvterm; how
 * they are written as a golden screen and compared with one. One thread. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <vterm.h>

enum {
    VD_GLYPH_BOLD = 1,
    VD_GLYPH_UNDERLINE = 2,
    VD_GLYPH_REVERSE = 4,
    VD_GLYPH_ITALIC = 8,
    VD_GLYPH_BLINK = 16
};

/* A colour: -1 the terminal's own, 0 to 255 from the palette, VD_GLYPH_RGB | 0xRRGGBB. */
#define VD_GLYPH_RGB 0x1000000

typedef struct {
    char text[32]; /* UTF-8 with combining characters; "" in the second half of a wide one */
    int width;     /* 1 or 2; 0: the second half */
    int fg, bg;
    unsigned attrs;
} VdGlyph;

typedef struct {
    int rows, cols;
    int cursor_row, cursor_col; /* -1: hidden */
    VdGlyph *cells;             /* rows * cols */
} VdGrid;

/* Reads the whole screen. The caller frees. */
VdGrid *vd_grid_new(VTermScreen *screen, int rows, int cols);
void vd_grid_free(VdGrid *grid);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdGrid, vd_grid_free)

/* The cell, or NULL outside. Borrowed. */
VdGlyph *vd_grid_glyph(const VdGrid *grid, int row, int col);
/* One row as UTF-8 without the blanks at its end. The caller frees. */
char *vd_grid_row(const VdGrid *grid, int row);
/* All rows, each ended by a newline. The caller frees. */
char *vd_grid_text(const VdGrid *grid);
/* Whether text stands in one row; its place in cells. The ret_ ones may be NULL. */
gboolean vd_grid_find(const VdGrid *grid, const char *text, int *ret_row, int *ret_col);
/* Draws X over all that the regular expression matches in a row, cell for cell: request ids, free
 * space and other things that no two runs share. An error in the expression is a programmer's. */
void vd_grid_mask(VdGrid *grid, const char *regex);
/* Makes plain blanks of what it matches and all that follows in the row: for what differs in
 * length. */
void vd_grid_erase(VdGrid *grid, const char *regex);

/* The golden form: a line with size and cursor, the text, a map with a letter for each set of
 * attributes ('.': plain), and what the letters stand for. The caller frees. */
char *vd_grid_golden(const VdGrid *grid);
/* Compares with the golden file FOLDER/NAME.txt. With GENERATE=1 in the environment it is written
 * instead, and the answer is TRUE. FALSE: *ret_report (the caller frees) shows both screens. */
gboolean vd_grid_check(const VdGrid *grid, const char *folder, const char *name, char **ret_report);
