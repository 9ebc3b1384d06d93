/* Names of keys to the bytes that a terminal sends for them. */
#pragma once

#include <glib.h>

/* "text<F2><C-r>" → bytes, by the terminfo entry of term (xterm's where it has none). Aborts on a
 * name nobody knows. The caller frees. */
GString *vd_keys_encode(const char *term, const char *keys);
