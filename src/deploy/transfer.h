/* Downloads by libcurl: http, https and file URLs, a bounded number of redirects, never from https
 * to http, cancellable, and never waiting for a silent peer for longer than a minute. Inside the
 * deploy room; waits for a network. */
#pragma once

#include <gio/gio.h>

/* Gets each piece as it arrives; FALSE ends the transfer. */
typedef gboolean (*VdTransferSink)(const guint8 *data, gsize length, gpointer user);
/* done and total in bytes, of the whole file; total 0: unknown. About every second at least. */
typedef void (*VdTransferTell)(guint64 done, guint64 total, gpointer user);

typedef struct {
    const char *url;
    guint64 from; /* begins at this byte */
    guint64 most; /* bytes of the whole file: more are refused with VD_ERR_INVALID */
    VdTransferSink sink;
    VdTransferTell tell; /* may be NULL */
    gpointer user;
    GCancellable *cancel; /* may be NULL */
} VdTransfer;

typedef enum {
    VD_TRANSFER_DONE,
    VD_TRANSFER_FAILED,  /* error is set; VD_ERR_UNREACHABLE: it may work later */
    VD_TRANSFER_STOPPED, /* sink returned FALSE; no error is set */
    VD_TRANSFER_RESTART, /* the server cannot begin at `from`; no error is set */
} VdTransferEnd;

VdTransferEnd vd_transfer(const VdTransfer *transfer, GError **error);
/* A text of at most max bytes; a NUL is appended. The caller frees. */
char *vd_transfer_text(const char *url, gsize max, GCancellable *cancel, gsize *ret_length,
                       GError **error);
