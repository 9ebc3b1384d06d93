/* From the bytes of a download to a disk file: unpacked on one thread, digested and written, with
 * holes for zeroes, on another, while the next ones arrive. Inside the deploy room. */
#pragma once

#include <glib.h>

typedef struct _VdFlow VdFlow;

/* Into the empty file fd (borrowed; name for the sentences), at most `limit` bytes. */
VdFlow *vd_flow_new(int fd, const char *name, guint64 limit);
/* Waits while too much is under way. FALSE: it has failed; vd_flow_end() tells why. */
gboolean vd_flow_push(VdFlow *flow, const guint8 *data, gsize length);
/* All has been pushed: waits until it is written and synced. *ret_sha256 (of what was written; the
 * caller frees) and its length. Frees the flow. */
gboolean vd_flow_end(VdFlow *flow, char **ret_sha256, guint64 *ret_bytes, GError **error);
/* Drops what is under way and frees the flow. NULL is fine. */
void vd_flow_drop(VdFlow *flow);
