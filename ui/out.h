/* What curses writes, on its way to the terminal: gathered, counted, and handed over without ever
 * waiting, as far as the terminal takes it. Linux; loop thread only. */
#pragma once

#include <glib.h>
#include <stdio.h>

typedef struct _VdOut VdOut;

/* fd is the terminal. NULL if the system has nothing to gather in: then write to fd itself. */
VdOut *vd_out_new(int fd);
void vd_out_free(VdOut *out);
/* What curses is to write to: the terminal, but between vd_out_begin() and vd_out_end(), when what
 * is written there is gathered. Borrowed. */
FILE *vd_out_stream(const VdOut *out);
void vd_out_begin(VdOut *out);
/* How many bytes were gathered. Hands over what the terminal takes; the rest waits. */
gsize vd_out_end(VdOut *out);
/* More bytes behind those. */
void vd_out_add(VdOut *out, const char *bytes, gsize length);
/* Hands over more of what waits. */
void vd_out_push(VdOut *out);
/* Bytes that wait. */
gsize vd_out_waiting(const VdOut *out);
/* A descriptor that is ready for output when vd_out_push() is worth it. */
int vd_out_poll_fd(const VdOut *out);
/* What waits is never sent. */
void vd_out_drop(VdOut *out);
/* Bytes gathered since it was made. */
guint64 vd_out_bytes(const VdOut *out);
