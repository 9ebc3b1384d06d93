/* A gate that few pass at a time, in the order of their rank and of their coming. One who stays
 * long no longer counts, so that those who hang in there keep nobody waiting. */
#pragma once

#include <pthread.h>

#include <glib.h>

typedef struct _VdGate VdGate;

/* Who goes first of those that wait. */
typedef enum {
    VD_GATE_PERSON,  /* somebody waits for it */
    VD_GATE_LIST,    /* a host's rows depend on it */
    VD_GATE_FIGURES, /* what follows the rows */
    VD_GATE_DOUBT,   /* it failed the last time */
} VdGateRank;

/* One who passes again and again, as a lane does. Its fields are the gate's. */
typedef struct {
    pthread_cond_t changed;
    gboolean cancelled;
    VdGateRank rank;
    gint64 entered; /* monotonic */
} VdPass;

/* at_once 0: everybody passes at once. Who is inside for longer than hold_ms does not count. */
VdGate *vd_gate_new(guint at_once, guint hold_ms);
void vd_gate_free(VdGate *gate); /* nobody waits, nobody is inside */

void vd_pass_init(VdPass *pass);
void vd_pass_clear(VdPass *pass);

/* Any thread that may wait: waits for its turn; calls waits(data), if it must, once before it does.
 * FALSE: it was cancelled, and is not inside. */
gboolean vd_gate_enter(VdGate *gate, VdPass *pass, VdGateRank rank, void (*waits)(gpointer data),
                       gpointer data);
void vd_gate_leave(VdGate *gate, VdPass *pass);
/* Any thread, never waits for a turn: the one that waits goes away, and none comes in with this
 * pass any more. */
void vd_gate_cancel(VdGate *gate, VdPass *pass);
