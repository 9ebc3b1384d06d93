/* Unpacking a stream as it comes: xz, zstd, gzip, or nothing at all, told by its first bytes.
 * Memory is bounded whatever the stream says. Inside the deploy room. */
#pragma once

#include <glib.h>

typedef struct _VdUnpack VdUnpack;

/* Gets what was unpacked; FALSE with an error ends it. */
typedef gboolean (*VdUnpackSink)(const guint8 *data, gsize length, gpointer user, GError **error);

VdUnpack *vd_unpack_new(VdUnpackSink sink, gpointer user);
void vd_unpack_free(VdUnpack *unpack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdUnpack, vd_unpack_free)
/* The next bytes. FALSE with VD_ERR_DAMAGED if they are no such stream. */
gboolean vd_unpack_feed(VdUnpack *unpack, const guint8 *data, gsize length, GError **error);
/* No more comes: FALSE with VD_ERR_DAMAGED if the stream is cut short. */
gboolean vd_unpack_end(VdUnpack *unpack, GError **error);
