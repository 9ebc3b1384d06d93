/* Groups of this system's users. Each may wait (for a directory service); any thread. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* FALSE: there is none of that name, or nobody could tell. */
gboolean vd_group_id(const char *name, gid_t *ret);
/* NULL: there is none, or nobody could tell. The caller frees. */
char *vd_group_name(gid_t id);
