/* Closures handed to the loop thread, in order: the one way from a lane or from libvirt's event
 * thread to the loop. */
#pragma once

#include <glib.h>

typedef struct _VdMailbox VdMailbox;

/* Delivers on the thread that runs context. One reference. */
VdMailbox *vd_mailbox_new(GMainContext *context);
VdMailbox *vd_mailbox_ref(VdMailbox *box); /* any thread */
void vd_mailbox_unref(VdMailbox *box);     /* any thread */
/* Loop thread: what waits and what is posted from now on is freed unseen. */
void vd_mailbox_close(VdMailbox *box);
/* Any thread, never waits: deliver(data) runs on the loop thread, then release(data). A closed box
 * calls release(data) alone. */
void vd_mailbox_post(VdMailbox *box, void (*deliver)(gpointer data), gpointer data,
                     GDestroyNotify release);
/* So long one turn of the loop goes on delivering; what is left comes in the next ones, after what
 * has a higher priority, as keys do. At least one letter a turn. */
#define VD_MAILBOX_TURN_MS 4
/* The same for what may wait a moment (VD_MAILBOX_SOON_MS): letters that are posted meanwhile
 * travel with it, so that however many come, the loop is woken for them some fifty times a second.
 */
#define VD_MAILBOX_SOON_MS 20
void vd_mailbox_post_soon(VdMailbox *box, void (*deliver)(gpointer data), gpointer data,
                          GDestroyNotify release);
