/* Lines out of a serial console's bytes: escape sequences and control characters are taken out, so
 * that what a guest prints can be searched, logged and drawn. Inside the virt room; one owner. */
#pragma once

#include <glib.h>

typedef struct _VdLines VdLines;

/* Gets one clean line without its end, at most 1024 characters; FALSE: wants no more. */
typedef gboolean (*VdLinesFn)(const char *line, gpointer data);

VdLines *vd_lines_new(void);
void vd_lines_free(VdLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdLines, vd_lines_free)
/* Takes bytes and calls line for each line that is complete. An endless line is handed on in parts
 * of 4096 bytes. FALSE as soon as line returns FALSE. */
gboolean vd_lines_feed(VdLines *lines, const char *bytes, gsize length, VdLinesFn line,
                       gpointer data);
/* Hands on what has come since the last line's end (a prompt such as "login: "), if anything. */
gboolean vd_lines_flush(VdLines *lines, VdLinesFn line, gpointer data);
