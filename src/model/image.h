/* An OS image of the store: what was found out once, when it was added. Immutable. */
#pragma once

#include <glib.h>

typedef struct {
    gatomicrefcount refs;
    char *name;   /* "debian-12": a machine-name-like word, unique in the store */
    char *path;   /* the disk, read-only, named by its digest */
    char *format; /* "qcow2" | "raw" */
    char *sha256; /* of the file, hex */
    guint64 virtual_size, file_size;
    gint64 added; /* seconds since 1970 */
    char *os;     /* "Debian GNU/Linux 12 (bookworm)", NULL: not found */
    char *system; /* libosinfo's id: "http://debian.org/debian/12", or NULL */
    char *distro; /* "debian", or NULL */
    char *arch;   /* "x86_64", or NULL */
    char *root;   /* "partition 2, ext4", or NULL */
    gboolean growable;
    char *why_not; /* why it cannot grow or be customised: one sentence, or NULL */
    char *engine;  /* what sets a machine of it up: "cloud-init", "nuageinit", "agent" (a seed
                      medium), "offline" (an appliance), NULL: nothing can */
    char *layout;  /* JSON of the inspection, opaque here */
    char *notes;
    char *tags;     /* words with blanks between, or NULL */
    char *source;   /* the catalogue it was fetched from, or NULL */
    char *offer;    /* what it is called there */
    char *revision; /* which it was */
    char *newer;    /* the revision that the catalogue has now, if that is a newer one; or NULL */
} VdImage;

/* Where its root is, as it is written down for readers of any language (base/said.h), or NULL. The
 * caller frees. */
char *vd_image_root_said(const VdImage *image);

VdImage *vd_image_new(void);
VdImage *vd_image_ref(VdImage *image);
void vd_image_unref(VdImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdImage, vd_image_unref)
