/* Hints gather in a set under a lock; the first of them posts one letter, and whatever comes before
 * that is opened travels with it. So a thousand events cost one delivery. */
#include "config.h"

#include <pthread.h>

#include "src/virt/tap.h"

struct _VdTap {
    gint refs; /* atomic */
    /* immutable */
    VdMailbox *box;
    VdTapHints hints;
    VdTapGone gone;
    /* loop thread only; NULL: closed */
    gpointer owner;
    /* under lock */
    pthread_mutex_t lock;
    GHashTable *uuids;
    gboolean posted;
    VdTapClosed why;
};

VdTap *vd_tap_new(VdMailbox *box, VdTapHints hints, VdTapGone gone, gpointer owner)
{
    VdTap *tap = g_new0(VdTap, 1);
    tap->refs = 1;
    tap->box = vd_mailbox_ref(box);
    tap->hints = hints;
    tap->gone = gone;
    tap->owner = owner;
    pthread_mutex_init(&tap->lock, NULL);
    tap->uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return tap;
}

VdTap *vd_tap_ref(VdTap *tap)
{
    g_atomic_int_inc(&tap->refs);
    return tap;
}

void vd_tap_unref(VdTap *tap)
{
    if (!tap || !g_atomic_int_dec_and_test(&tap->refs))
        return;
    vd_mailbox_unref(tap->box);
    pthread_mutex_destroy(&tap->lock);
    g_hash_table_unref(tap->uuids);
    g_free(tap);
}

void vd_tap_close(VdTap *tap)
{
    tap->owner = NULL;
}

static void deliver(gpointer data)
{
    VdTap *tap = data;
    g_autoptr(GHashTable) uuids = NULL;
    pthread_mutex_lock(&tap->lock);
    uuids = tap->uuids;
    tap->uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    tap->posted = FALSE;
    VdTapClosed why = tap->why;
    pthread_mutex_unlock(&tap->lock);
    if (tap->owner && g_hash_table_size(uuids) > 0)
        tap->hints(uuids, tap->owner);
    if (tap->owner && why != VD_CLOSED_NOT)
        tap->gone(why, tap->owner);
}

/* A hint may wait a moment: then those of all hosts travel together. */
static void post_once(VdTap *tap, gboolean posted)
{
    if (!posted)
        vd_mailbox_post_soon(tap->box, deliver, vd_tap_ref(tap), (GDestroyNotify)vd_tap_unref);
}

void vd_tap_hint(VdTap *tap, const char *uuid)
{
    pthread_mutex_lock(&tap->lock);
    if (!g_hash_table_contains(tap->uuids, uuid))
        g_hash_table_add(tap->uuids, g_strdup(uuid));
    gboolean posted = tap->posted;
    tap->posted = TRUE;
    pthread_mutex_unlock(&tap->lock);
    post_once(tap, posted);
}

void vd_tap_gone(VdTap *tap, VdTapClosed why)
{
    pthread_mutex_lock(&tap->lock);
    tap->why = why;
    gboolean posted = tap->posted;
    tap->posted = TRUE;
    pthread_mutex_unlock(&tap->lock);
    post_once(tap, posted);
}
