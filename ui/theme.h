/* How each role looks. A theme is a file themes/NAME.conf for libconfig; what it does not say, or
 * says wrongly, is taken from the theme that is built in, so that the console always has a look.
 * Read before the screen is up; immutable after. */
#pragma once

#include "src/base/conf.h"
#include "ui/canvas.h"

enum {
    VD_ATTR_BOLD = 1,
    VD_ATTR_DIM = 2,
    VD_ATTR_UNDERLINE = 4,
    VD_ATTR_REVERSE = 8,
};

typedef struct {
    short fg, bg; /* -1: the terminal's own; else a colour below the number of colours asked for */
    guint attrs;  /* VD_ATTR_* */
} VdLook;

typedef struct _VdTheme VdTheme;

/* Reads NAME.conf from the first of dirs (NULL-terminated) that has it. Every mistake adds a
 * sentence "/…/light.conf:12: expected …" to problems (char *, owned by the array). Never NULL: at
 * worst the built-in look. conf: the configuration that asks for it, to say where; NULL:
 * --theme does. May wait on a disk. */
VdTheme *vd_theme_load(const char *name, char **dirs, const VdConf *conf, GPtrArray *problems);
/* Reads one file; path NULL: only the built-in look. */
VdTheme *vd_theme_load_file(const char *path, GPtrArray *problems);
void vd_theme_free(VdTheme *theme);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdTheme, vd_theme_free)
/* The look on a terminal of so many colours: 256 and more, 16, 8, less: attributes alone. */
VdLook vd_theme_look(const VdTheme *theme, VdRole role, int colors);
/* "state_bad": the role's name in theme files. */
const char *vd_role_name(VdRole role);
/* The nearest of the first `colors` (8 or 16) for one of the 256, by xterm's palette. */
short vd_theme_nearest(short color, int colors);
