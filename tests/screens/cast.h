/* A recording of a terminal in asciinema's format, version 2
 * (https://docs.asciinema.org/manual/asciicast/v2/): a header, then one JSON array a line. */
#pragma once

#include <glib.h>

typedef struct _VdCast VdCast;

/* Begins the file path. The caller frees, which ends the file. */
VdCast *vd_cast_new(const char *path, int rows, int cols, const char *term, GError **error);
void vd_cast_free(VdCast *cast);
/* What the program wrote; a UTF-8 character may be cut at the end. cast may be NULL. */
void vd_cast_output(VdCast *cast, const char *bytes, gsize length);
/* The terminal's new size. cast may be NULL. */
void vd_cast_resize(VdCast *cast, int rows, int cols);
