/* An image that a catalogue offers: what its index says of it, foreign words cleaned. Immutable. */
#pragma once

#include <glib.h>

typedef struct {
    gatomicrefcount refs;
    char *name;        /* "debian-12": what it is fetched by, unique within its source */
    char *source;      /* the catalogue's name in the configuration */
    char *title;       /* "Debian 12 (Bookworm)", or NULL */
    char *arch;        /* "x86_64", or NULL */
    char *url;         /* of the file */
    char *format;      /* "qcow2" | "raw", or NULL: not said */
    char *digest_kind; /* "sha512" | "sha256", or NULL: none given */
    char *digest;      /* of the file as it is downloaded, hex, or NULL */
    char *revision;    /* as the source counts: "7", "20240612" */
    char *notes;       /* or NULL */
    char *tags;        /* words with blanks between, or NULL */
    guint64 virtual_size, file_size; /* bytes; 0: not said */
    gboolean is_signed;              /* the index was signed by the key that is pinned */
    gboolean here;                   /* this very revision is among the images */
    gboolean newer;                  /* an older one is among the images */
} VdOffer;

VdOffer *vd_offer_new(void);
VdOffer *vd_offer_ref(VdOffer *offer);
void vd_offer_unref(VdOffer *offer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdOffer, vd_offer_unref)
