/* A grid of character cells that the panes and dialogs draw on; no curses here. A cell says what it
 * means (its role), the theme says how that looks. Everything is clipped to the canvas and to the
 * current clip, so that no caller needs to be right about sizes. Text is valid UTF-8; control
 * characters become `?`, wide characters take two cells, combining ones join the cell before.
 * Loop thread only. */
#pragma once

#include <glib.h>

/* What a cell means. The names in a theme file are these in lower case: "state_bad". */
typedef enum {
    VD_ROLE_NORMAL,
    VD_ROLE_HEADER,       /* the first line of the screen */
    VD_ROLE_TITLE,        /* rules between panes and their titles */
    VD_ROLE_TITLE_FOCUS,  /* the title of the pane with the keys */
    VD_ROLE_COLUMN,       /* headings of columns */
    VD_ROLE_CURSOR,       /* the row under the cursor */
    VD_ROLE_CURSOR_IDLE,  /* the same in a pane without the keys */
    VD_ROLE_MARKED,       /* a marked row */
    VD_ROLE_HOST,         /* a host's row */
    VD_ROLE_STATE_GOOD,   /* running, up, done */
    VD_ROLE_STATE_BUSY,   /* starting…, connecting, a job at work */
    VD_ROLE_STATE_WARN,   /* paused, slow, cancelled */
    VD_ROLE_STATE_BAD,    /* stuck, down, failed, crashed */
    VD_ROLE_STATE_OFF,    /* off, saved */
    VD_ROLE_DIM,          /* old, or not for now: greyed */
    VD_ROLE_LABEL,        /* "cpu" before a figure */
    VD_ROLE_SPARK,        /* a history */
    VD_ROLE_BAR,          /* the full part of a bar */
    VD_ROLE_BAR_REST,     /* the empty part */
    VD_ROLE_KEY,          /* a key in a hint or in the function-key bar */
    VD_ROLE_KEY_LABEL,    /* what that key does */
    VD_ROLE_NOTICE,       /* the message line */
    VD_ROLE_NOTICE_BAD,   /* an error on it */
    VD_ROLE_DIALOG,       /* text and ground of a dialog */
    VD_ROLE_DIALOG_FRAME, /* its frame and title */
    VD_ROLE_FIELD,        /* what can be typed into */
    VD_ROLE_FIELD_FOCUS,  /* where typing goes */
    VD_ROLE_FIELD_BAD,    /* a field whose check failed */
    VD_ROLE_HINT,         /* words beside or under a field */
    VD_ROLE_BUTTON,
    VD_ROLE_BUTTON_FOCUS,
    VD_ROLE_SELECTED, /* the chosen line of a menu or list in a dialog */
    VD_ROLE_MATCH,    /* what a search found */
    VD_ROLE_COUNT
} VdRole;

typedef struct {
    int x, y, w, h;
} VdRect;

/* Base character and up to this many minus one combining ones; more are dropped. */
#define VD_CELL_CHARS 4

typedef struct {
    gunichar chars[VD_CELL_CHARS]; /* zero-padded; chars[0] 0: the right half of a wide cell */
    guint8 width;                  /* 1 or 2; 0: right half */
    guint8 role;                   /* VdRole */
    guint8 ground; /* VdRole: whose background shows where the role has none of its own */
} VdCell;

typedef struct _VdCanvas VdCanvas;

/* ascii: every symbol is drawn by a 7-bit one (– as -, … as ~, boxes as +-|, sparklines as digits
 * of
 * `_.-=#`), any other foreign character as `?`. Sizes below 1 count as 1. Never NULL. */
VdCanvas *vd_canvas_new(int width, int height, gboolean ascii);
/* For fonts such as the Linux console's, which have lines, full blocks and typographic signs, but
 * neither eighths of a block nor ticks: those alone are drawn as in ASCII. */
void vd_canvas_set_console(VdCanvas *canvas, gboolean console);
/* Whether heights are drawn in fifths, by ASCII. */
gboolean vd_canvas_plain_levels(const VdCanvas *canvas);
void vd_canvas_free(VdCanvas *canvas);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdCanvas, vd_canvas_free)
/* New size; everything is cleared. */
void vd_canvas_resize(VdCanvas *canvas, int width, int height);
int vd_canvas_width(const VdCanvas *canvas);
int vd_canvas_height(const VdCanvas *canvas);
gboolean vd_canvas_ascii(const VdCanvas *canvas);
/* All cells become blanks of VD_ROLE_NORMAL; no clip, no text cursor. */
void vd_canvas_clear(VdCanvas *canvas);
/* The cell, or NULL outside. Borrowed until the next change. */
const VdCell *vd_canvas_cell(const VdCanvas *canvas, int x, int y);

/* From now on nothing outside rect (cut to the canvas) is drawn; NULL: the whole canvas. */
void vd_canvas_clip(VdCanvas *canvas, const VdRect *rect);

/* What is drawn from now on stands on this ground: VD_ROLE_NORMAL, or VD_ROLE_DIALOG for dialogs.
 */
void vd_canvas_set_ground(VdCanvas *canvas, VdRole ground);

/* Blanks of this role. */
void vd_canvas_fill(VdCanvas *canvas, VdRect rect, VdRole role);
/* One character; a combining one joins the cell before x. Returns the cells it takes. */
int vd_canvas_put(VdCanvas *canvas, int x, int y, VdRole role, gunichar c);
/* Gives what is drawn already another role: the row under the cursor. */
void vd_canvas_tint(VdCanvas *canvas, VdRect rect, VdRole role);
/* Draws text into at most width cells; what is cut off is shown by `…` in the last one. Returns the
 * cells taken. text NULL draws nothing. */
int vd_canvas_text(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *text);
/* The same, ending at x + width. */
void vd_canvas_text_right(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *text);
/* A name: what does not fit is cut out before its last characters, by which long names mostly
 * differ.
 */
void vd_canvas_name(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *name);
int vd_canvas_printf(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *format,
                     ...) G_GNUC_PRINTF(6, 7);
/* Draws text without the `…` from its column skip on: for pages that scroll sideways. */
int vd_canvas_text_from(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *text,
                        int skip);
/* Draws text into rect, broken between words; returns the lines it takes (which may be more than
 * rect has). canvas NULL only counts. */
int vd_canvas_wrap(VdCanvas *canvas, VdRect rect, VdRole role, const char *text);
/* A horizontal line with a title in it (NULL: none): "── title ────". */
void vd_canvas_rule(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *title);
void vd_canvas_vline(VdCanvas *canvas, int x, int y, int height, VdRole role);
/* A frame with a title (NULL: none); the inside is filled with inner. Returns the inside. */
VdRect vd_canvas_box(VdCanvas *canvas, VdRect rect, VdRole frame, VdRole inner, const char *title);
/* "[####>.....]" in width cells; fraction 0 to 1, below 0: nobody knows, a mark that moves with
 * phase. */
void vd_canvas_bar(VdCanvas *canvas, int x, int y, int width, double fraction, guint phase);
/* "██████░░░░", for a share of something. */
void vd_canvas_gauge(VdCanvas *canvas, int x, int y, int width, double fraction);
/* One cell for each of the last width values, in eighths of max (in ASCII fifths); below 0 is not
 * known: a blank. max 0 or less: the largest value. */
void vd_canvas_spark(VdCanvas *canvas, int x, int y, int width, VdRole role, const float *values,
                     guint n, double max);
/* The same over several rows, from the bottom up. */
void vd_canvas_graph(VdCanvas *canvas, VdRect rect, VdRole role, const float *values, guint n,
                     double max);

/* Where the terminal's cursor shall stand, for whoever types; x below 0: nowhere. */
void vd_canvas_set_cursor(VdCanvas *canvas, int x, int y);
gboolean vd_canvas_cursor(const VdCanvas *canvas, int *ret_x, int *ret_y);

/* One line as UTF-8 without trailing blanks: for tests. The caller frees. */
char *vd_canvas_line(const VdCanvas *canvas, int y);
