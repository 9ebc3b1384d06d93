/* Whoever is at the head of the queue waits for room or for the one inside who came first to have
 * stayed too long; all others wait to become the head. Each has a condition of its own, since
 * hundreds may wait. */
#include "config.h"

#include "src/virt/gate.h"

struct _VdGate {
    guint at_once;  /* immutable */
    gint64 hold_us; /* immutable */
    pthread_mutex_t lock;
    /* under lock */
    GQueue waiting; /* VdPass*, by rank */
    GQueue inside;  /* VdPass*, by the time they came in; those that count */
};

VdGate *vd_gate_new(guint at_once, guint hold_ms)
{
    VdGate *gate = g_new0(VdGate, 1);
    gate->at_once = at_once;
    gate->hold_us = (gint64)hold_ms * 1000;
    pthread_mutex_init(&gate->lock, NULL);
    g_queue_init(&gate->waiting);
    g_queue_init(&gate->inside);
    return gate;
}

void vd_gate_free(VdGate *gate)
{
    g_queue_clear(&gate->waiting);
    g_queue_clear(&gate->inside);
    pthread_mutex_destroy(&gate->lock);
    g_free(gate);
}

void vd_pass_init(VdPass *pass)
{
    pthread_condattr_t monotonic;
    *pass = (VdPass){.cancelled = FALSE};
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&pass->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void vd_pass_clear(VdPass *pass)
{
    pthread_cond_destroy(&pass->changed);
}

/* ---- under the lock ---- */

/* Behind those of its own rank. */
static void queue_up(VdGate *gate, VdPass *pass)
{
    GList *at = gate->waiting.head;
    while (at && ((const VdPass *)at->data)->rank <= pass->rank)
        at = at->next;
    g_queue_insert_before(&gate->waiting, at, pass);
}

static void wake_next(VdGate *gate)
{
    VdPass *next = g_queue_peek_head(&gate->waiting);
    if (next)
        pthread_cond_signal(&next->changed);
}

static gboolean has_room(VdGate *gate)
{
    gint64 long_ago = g_get_monotonic_time() - gate->hold_us;
    const VdPass *first;
    while ((first = g_queue_peek_head(&gate->inside)) && first->entered <= long_ago)
        g_queue_pop_head(&gate->inside);
    return gate->inside.length < gate->at_once;
}

static void wait_turn(VdGate *gate, VdPass *pass)
{
    if (g_queue_peek_head(&gate->waiting) != pass) {
        pthread_cond_wait(&pass->changed, &gate->lock);
        return;
    }
    gint64 until = ((const VdPass *)g_queue_peek_head(&gate->inside))->entered + gate->hold_us;
    struct timespec then = {until / G_USEC_PER_SEC, until % G_USEC_PER_SEC * 1000};
    (void)pthread_cond_timedwait(&pass->changed, &gate->lock, &then);
}

/* ---- the door ---- */

gboolean vd_gate_enter(VdGate *gate, VdPass *pass, VdGateRank rank, void (*waits)(gpointer data),
                       gpointer data)
{
    gboolean told = FALSE;
    if (gate->at_once == 0)
        return TRUE;
    pthread_mutex_lock(&gate->lock);
    pass->rank = rank;
    queue_up(gate, pass);
    while (!pass->cancelled && !(g_queue_peek_head(&gate->waiting) == pass && has_room(gate))) {
        if (told) {
            wait_turn(gate, pass);
            continue;
        }
        told = TRUE;
        pthread_mutex_unlock(&gate->lock);
        waits(data);
        pthread_mutex_lock(&gate->lock);
    }
    gboolean in = !pass->cancelled;
    g_queue_remove(&gate->waiting, pass);
    if (in) {
        pass->entered = g_get_monotonic_time();
        g_queue_push_tail(&gate->inside, pass);
    }
    wake_next(gate);
    pthread_mutex_unlock(&gate->lock);
    return in;
}

void vd_gate_leave(VdGate *gate, VdPass *pass)
{
    pthread_mutex_lock(&gate->lock);
    g_queue_remove(&gate->inside, pass);
    wake_next(gate);
    pthread_mutex_unlock(&gate->lock);
}

void vd_gate_cancel(VdGate *gate, VdPass *pass)
{
    pthread_mutex_lock(&gate->lock);
    pass->cancelled = TRUE;
    pthread_cond_signal(&pass->changed);
    pthread_mutex_unlock(&gate->lock);
}
