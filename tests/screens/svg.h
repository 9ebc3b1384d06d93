/* A screen as a picture. */
#pragma once

#include "tests/screens/grid.h"

/* The grid as an SVG document with a monospace font, the sixteen colours of the theme and a plain
 * frame. The caller frees. */
char *vd_svg_draw(const VdGrid *grid);
