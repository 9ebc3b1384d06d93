/* The text files that a System V init goes by. Pure; any thread. */
#pragma once

#include <glib.h>

/* A boot in parallel (startpar, as Debian has it) goes by the lists that insserv makes,
 * /etc/init.d/.depend.boot and .depend.start, and starts no script that is not in them, whatever
 * links there are. The text of one with the script name added: after those of `after` that are in
 * it (NULL: after all), before those of `before` (NULL: none). A name that is in it changes
 * nothing. The lists end with NULL. The caller frees. */
char *vd_sysv_depend(const char *text, const char *name, const char *const *after,
                     const char *const *before);

/* The number for a link of /etc/rcS.d between the file systems and the network; links are the paths
 * of those that are there. 1 to 99. */
int vd_sysv_number(const GPtrArray *links);

/* inittab(5) with the program getty on the first serial line, in busybox' form or init's; NULL: it
 * has one there. The caller frees. */
char *vd_sysv_inittab(const char *text, const char *getty, gboolean busybox);
