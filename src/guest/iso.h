/* A small ISO 9660 medium with Rock Ridge and Joliet names, written by libisofs from texts in
 * memory. Any thread. */
#pragma once

#include <glib.h>

/* One file of a medium. */
typedef struct {
    char *name; /* no path */
    char *text; /* may hold secrets: overwritten when it is freed */
} VdSeedFile;
void vd_seed_file_free(gpointer file);

/* Writes files (VdSeedFile) to a new file path of mode 0600 and syncs it. The label is lower case
 * letters. Fails with disk-full or failed; a half-written file is left to the caller. */
gboolean vd_iso_write(const char *path, const char *label, const GPtrArray *files,
                      guint64 *ret_bytes, GError **error);
