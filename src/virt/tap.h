/* Where events of one connection run together: written by libvirt's event thread, read by the loop
 * thread. Events are hints: which machine changed, not how. */
#pragma once

#include <glib.h>

#include "src/virt/mailbox.h"

typedef struct _VdTap VdTap;

typedef enum {
    VD_CLOSED_NOT,
    VD_CLOSED_ERROR,
    VD_CLOSED_EOF,
    VD_CLOSED_KEEPALIVE,
    VD_CLOSED_CLIENT,
} VdTapClosed;

/* Both on the loop thread. uuids: a set of char*, borrowed. */
typedef void (*VdTapHints)(GHashTable *uuids, gpointer owner);
typedef void (*VdTapGone)(VdTapClosed why, gpointer owner);

/* One reference; owner must live until vd_tap_close(). */
VdTap *vd_tap_new(VdMailbox *box, VdTapHints hints, VdTapGone gone, gpointer owner);
VdTap *vd_tap_ref(VdTap *tap); /* any thread */
void vd_tap_unref(VdTap *tap); /* any thread */
/* Loop thread: nothing is reported any more. Does not drop the reference. */
void vd_tap_close(VdTap *tap);
/* Any thread, never waits: the machine changed. Hints that wait run together. */
void vd_tap_hint(VdTap *tap, const char *uuid);
/* Any thread, never waits: the connection is gone. */
void vd_tap_gone(VdTap *tap, VdTapClosed why);
