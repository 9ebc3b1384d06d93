/* Fetching one file of a catalogue into a disk file: digested as it arrives, unpacked on the way.
 * What has arrived is kept as it came, so that the next try goes on where this one ended. Inside
 * the deploy room; waits for a network. */
#pragma once

#include <gio/gio.h>

typedef struct {
    const char *url;
    const char *digest_kind, *digest; /* of the file as it comes; NULL: none known */
    guint64 size;                     /* of the file as it comes, 0: unknown */
    gboolean size_is_rough;           /* rounded to something */
    guint64 limit;                    /* of what is unpacked: more is refused */
    const char *part;                 /* where what has arrived is kept; its folder exists */
    const char *aside;                /* where what is refused is kept */
    int out;                          /* open for reading and writing, empty */
    const char *out_name;
    void (*tell)(guint64 done, guint64 total, gpointer user);
    gpointer user;
    GCancellable *cancel;
    guint pause_ms; /* between two tries; 0: the usual */
} VdFetch;

typedef struct {
    char *sha256;    /* of the unpacked file, hex; the caller frees */
    guint64 bytes;   /* its length */
    guint64 loaded;  /* bytes that came over the network this time */
    guint64 resumed; /* bytes that were there from before */
} VdFetched;

/* FALSE: VD_ERR_DAMAGED (wrong digest, cannot be unpacked: what arrived is at `aside`),
 * VD_ERR_UNREACHABLE (after some tries; what arrived is kept at `part`), VD_ERR_CANCELLED (kept as
 * well), VD_ERR_BUSY (somebody else is loading it), VD_ERR_NO_SPACE … */
gboolean vd_fetch(const VdFetch *fetch, VdFetched *ret, GError **error);
