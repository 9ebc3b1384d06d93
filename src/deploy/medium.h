/* Installation media that people name. Inside the deploy room. */
#pragma once

#include <glib.h>

/* Whether path is a regular file that begins as ISO 9660 (ECMA-119) or UDF (ECMA-167) does. One
 * that is not must not get near a machine: libvirt gives what it attaches to the user that QEMU
 * runs as, whatever it is. *ret_real (may be NULL) is its path without symbolic links, and what was
 * looked at; the caller frees. FALSE with a sentence. Waits for the disk only. */
gboolean vd_medium_look(const char *path, char **ret_real, GError **error);
