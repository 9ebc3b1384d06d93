/* Copying a disk file with a digest. Inside the deploy room. */
#pragma once

#include <gio/gio.h>

/* fraction 0 to 1. On the copying thread. */
typedef void (*VdCopyProgress)(double fraction, gpointer data);

typedef struct {
    char *sha256;     /* of the bytes that were written; hex */
    guint64 bytes;    /* the file's length */
    gboolean reflink; /* the file systems shares the blocks: nothing was copied */
} VdCopy;
void vd_copy_clear(VdCopy *copy);

/* Copies from's whole content into to (open for reading and writing, empty): shared blocks where
 * the file system can (FICLONE), else in chunks, holes and zeroes left out. Synced to the disk at
 * the end. VD_ERR_NO_SPACE, VD_ERR_CANCELLED. names are for the sentences. */
gboolean vd_copy_file(int from, const char *from_name, int to, const char *to_name,
                      VdCopyProgress progress, gpointer data, GCancellable *cancel, VdCopy *ret,
                      GError **error);
/* The same without a digest, reading only where from has data (SEEK_DATA): ret->sha256 is NULL.
 * What to had before is dropped. */
gboolean vd_copy_sparse(int from, const char *from_name, int to, const char *to_name,
                        VdCopyProgress progress, gpointer data, GCancellable *cancel, VdCopy *ret,
                        GError **error);
/* The digest alone of a file's whole content, in *ret. */
gboolean vd_digest_file(int fd, const char *name, VdCopyProgress progress, gpointer data,
                        GCancellable *cancel, VdCopy *ret, GError **error);
/* Makes a device of this host read as zero from a byte on to its end, whatever somebody had there
 * before; the kernel does that without writing where the device can. Returns when it is on the
 * disk. VD_ERR_CANCELLED. */
gboolean vd_device_clear(const char *path, guint64 from, VdCopyProgress progress, gpointer data,
                         GCancellable *cancel, GError **error);
/* The free bytes of a folder's disk for us; 0 if it cannot be told. */
guint64 vd_free_bytes(const char *folder);
