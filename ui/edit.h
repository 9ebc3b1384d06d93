/* One line that is typed into: forms, filter, palette, prompts. Moves by characters, never by
 * bytes; scrolls sideways when the text is longer than its place. A hidden one (a password) shows
 * bullets, and is wiped. Pure; loop thread only. */
#pragma once

#include "ui/canvas.h"
#include "ui/keys.h"

typedef struct {
    GString *text;   /* valid UTF-8 */
    gsize at;        /* the cursor, in bytes, on a character */
    gsize max_bytes; /* 0: 4096 */
    gboolean hidden;
    int first; /* first cell shown */
} VdEdit;

void vd_edit_init(VdEdit *edit, const char *text, gboolean hidden);
/* Frees the text; a hidden one is overwritten first. */
void vd_edit_clear(VdEdit *edit);
void vd_edit_set(VdEdit *edit, const char *text); /* the cursor goes to the end */
const char *vd_edit_text(const VdEdit *edit);     /* borrowed until the next change */
/* Characters, Backspace, Del, arrows, Home, End, Ctrl-U (clear), Ctrl-W (word), Ctrl-K (to the
 * end). TRUE if the key was its own. */
gboolean vd_edit_key(VdEdit *edit, guint32 key);
/* Draws into width cells of role; focused: shows the terminal's cursor there. */
void vd_edit_draw(VdEdit *edit, VdCanvas *canvas, int x, int y, int width, VdRole role,
                  gboolean focused);
