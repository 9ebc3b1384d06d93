/* The guest's own name in its text files. Pure; any thread. */
#pragma once

#include <glib.h>

/* /etc/hosts (hosts(5)) with the name old (may be NULL or "") replaced by name in the lines of
 * loopback addresses; where none of them has the name then, and own_line is TRUE, a line for
 * 127.0.1.1 is added as Debian does. text may be NULL: no such file. The caller frees. */
char *vd_hosts_rename(const char *text, const char *old, const char *name, gboolean own_line);

/* /etc/hosts without the name old, short or long, in the lines of loopback addresses; a line that
 * has no other name goes. The caller frees. */
char *vd_hosts_without(const char *text, const char *old);

/* A shell-like file of KEY=value with KEY set to value: its first line is replaced, or one is added
 * at the end. text may be NULL. The caller frees. */
char *vd_hosts_set_key(const char *text, const char *key, const char *value);
