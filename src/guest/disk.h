/* The bytes of a disk, read and written on the host while no appliance has it open. A qcow2 disk
 * goes through qemu-img and qemu-io (package qemu-utils, which libguestfs itself needs), a raw one
 * is a plain file. Made for a few sectors; main thread. */
#pragma once

#include <glib.h>

typedef struct _VdDisk VdDisk; /* one owner */

/* Opens the disk at an absolute path, "qcow2" or "raw" by format, and finds its size.
 * Temporary files go to the working directory, since qemu-io takes no path with a blank. Fails with
 * no-disk. */
VdDisk *vd_disk_open(const char *path, const char *format, GError **error);
void vd_disk_free(VdDisk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdDisk, vd_disk_free)

/* Its virtual size in bytes. */
guint64 vd_disk_bytes(const VdDisk *disk);

/* Reads length bytes at offset, as VdPartsRead has it; data is the VdDisk. */
gboolean vd_disk_read(gpointer data, guint64 offset, void *buffer, gsize length, GError **error);

/* Writes VdPatch after VdPatch (parts-write.h), all of them or an error. */
gboolean vd_disk_write(VdDisk *disk, const GPtrArray *patches, GError **error);
