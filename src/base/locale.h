/* The locale that the environment asks for, and what becomes of one that this system lacks. */
#pragma once

#include <glib.h>

/* Takes the environment's locale. Where it is not installed, setlocale(3) would leave all in the
 * plain "C", whose terminal knows ASCII alone: the categories that are there are taken, and where
 * the missing one is called UTF-8, its characters are those of C.UTF-8. Before threads are made. */
void vd_locale_start(void);

/* The name that the environment has for a locale which is not installed; NULL: there is none. Any
 * thread. Borrowed from the environment. */
const char *vd_locale_missing(void);
