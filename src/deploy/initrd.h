/* Files put into an installer's initrd. The kernel unpacks any number of archives one after the
 * other (Documentation/driver-api/early-userspace/buffer-format.rst of the kernel), so ours is
 * appended to the initrd as it is. Inside the deploy room. */
#pragma once

#include <glib.h>

typedef struct {
    const char *path; /* relative; its folders are made */
    const char *text;
    gsize length;
    guint mode; /* 0600 */
} VdInitrdFile;

/* A gzipped cpio archive (newc) of these files. It may hold secrets: overwrite it before it is
 * freed. Pure. */
GByteArray *vd_initrd_archive(const VdInitrdFile *files, guint n_files, GError **error);
