/* Patterns of names: "web-{01..20}", "db-{a,b}". Pure. */
#pragma once

#include <glib.h>

/* How many machines one request may make. */
#define VD_NAMES_MOST 200

/* Whether a name has a pattern in it. */
gboolean vd_names_has_pattern(const char *text);
/* All names of a pattern in its order; a text without braces is itself. `{01..20}` counts, up or
 * down, and keeps zeroes in front; `{a,b}` chooses; several of them make every combination. Free
 * with g_strfreev(). NULL with a sentence: VD_ERR_INVALID if it is no pattern or gives more than
 * `most` names. The names themselves are not checked. */
char **vd_names_expand(const char *pattern, guint most, GError **error);
