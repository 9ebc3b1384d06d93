/* A lane: one thread with one connection, which runs one task after the other. The loop thread
 * hands tasks out, watches their deadlines and may abandon the lane: then the thread frees itself
 * when its call returns, if ever. */
#pragma once

#include <glib.h>

#include "src/base/histogram.h"
#include "src/virt/backend.h"
#include "src/virt/clock.h"
#include "src/virt/gate.h"
#include "src/virt/mailbox.h"

/* What all lanes of a client share; counted, since abandoned lanes outlive the client. */
typedef struct {
    gint refs;                /* atomic */
    gint lanes, abandoned;    /* atomic: threads alive; those of them that were left behind */
    gint calls;               /* atomic: tasks run */
    VdMailbox *box;           /* immutable */
    VdClock *clock;           /* loop thread only */
    const VdBackend *backend; /* immutable */
    VdGate *gate;             /* immutable; of those that open a connection over ssh */
} VdYard;

/* So many open a connection over ssh at once, see gate.h; 0: no bound. */
VdYard *vd_yard_new(GMainContext *context, const VdBackend *backend, guint ssh_at_once,
                    guint ssh_hold_ms);
VdYard *vd_yard_ref(VdYard *yard); /* any thread */
void vd_yard_unref(VdYard *yard);  /* any thread */

typedef struct _VdLane VdLane;

/* What a task finds on the lane's thread. The connection is the lane's own, NULL until a task opens
 * it; the cache is the backend's, freed by it with the connection. */
typedef struct {
    VdLane *lane;
    const VdBackend *backend;
    VdBackendConn *conn; /* one reference */
    VdBackendCache *cache;
    gint *patience; /* atomic, ms: a task may raise it to have its hard deadline moved */
    gint64 waited;  /* microseconds that the task has waited for its turn to open a connection */
} VdLaneSlot;

/* Lane's thread: opens the lane's first connection, see VdBackend. Over ssh few do so at once: a
 * hundred ssh programs that start together keep each other, and a server they lead through, from
 * answering. The task's deadlines stand still while it waits for its turn. */
gboolean vd_slot_open(VdLaneSlot *slot, VdGateRank rank, const char *uri, VdAsker *asker,
                      VdOpened *opened, GError **error);
/* Lane's thread: opens the connection, or a new one in place of one that broke. */
gboolean vd_slot_connect(VdLaneSlot *slot, const char *uri, GError **error);
/* The same for what nobody waits for: a connection that broke is an error once, and opened anew the
 * next time, so that the loop can make sure of the host before a lane risks an open() that hangs.
 */
gboolean vd_slot_connect_later(VdLaneSlot *slot, const char *uri, GError **error);

typedef enum {
    VD_TASK_ANSWERED,
    VD_TASK_ABANDONED, /* its hard deadline passed: its outcome is unknown */
    VD_TASK_DROPPED,   /* it never began: its lane was abandoned */
} VdTaskEnd;

/* run: on the lane's thread. done: on the loop thread, once; after VD_TASK_ABANDONED the data is
 * still in use by the lane, and done may read only what run does not write. release: any thread,
 * when both are through. Deadlines in ms, 0: none. */
typedef struct {
    void (*run)(VdLaneSlot *slot, gpointer data);
    void (*done)(VdLane *lane, VdTaskEnd end, gpointer data);
    GDestroyNotify release;
    guint soft_ms, hard_ms;
} VdTaskKind;

/* All on the loop thread. waits may be NULL: its task waits for its turn to open a connection, or
 * goes on. */
typedef struct {
    void (*slow)(VdLane *lane, gboolean slow, gpointer owner); /* past the soft deadline, or back */
    void (*stuck)(VdLane *lane, gpointer owner);    /* abandoned; the owner still holds the lane */
    void (*returned)(VdLane *lane, gpointer owner); /* the call of an abandoned lane came back */
    void (*waits)(VdLane *lane, gboolean begun, gpointer owner);
} VdLaneHooks;

/* Starts the thread. name must be static. conn (may be NULL) becomes the lane's: takes the
 * reference. NULL if there is no thread to be had. The lane belongs to the loop thread until
 * vd_lane_close(). */
VdLane *vd_lane_new(VdYard *yard, const char *name, VdBackendConn *conn, const VdLaneHooks *hooks,
                    gpointer owner);
/* Lets go of it: the thread ends after the call in flight, if that returns; nothing more is
 * reported. Tasks that wait are released. Never waits. NULL is fine. */
void vd_lane_close(VdLane *lane);
/* As if its hard deadline had passed: ends its call, if any, as abandoned, and reports it stuck. */
void vd_lane_give_up(VdLane *lane);
/* Lets go of it as vd_lane_close() does, but keeps count of a call that runs: the lane goes into
 * hanging, and `returned` tells when the call comes back. *lane is NULL then, and may be before. */
void vd_lane_let_go(VdLane **lane, GPtrArray *hanging);
/* Its call waits for a person: its deadlines stand still until vd_lane_go_on(), from which they run
 * anew. Nothing if no call runs. */
void vd_lane_hold(VdLane *lane);
void vd_lane_go_on(VdLane *lane);
/* Queues a task. kind is copied. */
void vd_lane_push(VdLane *lane, const VdTaskKind *kind, gpointer data);
gboolean vd_lane_idle(const VdLane *lane);      /* nothing runs and nothing waits */
gboolean vd_lane_slow(const VdLane *lane);      /* its call is past the soft deadline */
gboolean vd_lane_abandoned(const VdLane *lane); /* its call is past the hard deadline */
/* Monotonic time when its call, or the one it was abandoned for, began; 0: none runs. */
gint64 vd_lane_begun(const VdLane *lane);

/* Counts how long its calls take from now on. times must outlive it until vd_lane_close(). */
void vd_lane_measure(VdLane *lane, VdHistogram *times);

typedef struct {
    const char *name; /* as it was given */
    gint64 begun;     /* of the call that runs or hangs; 0: none */
    guint soft_ms, hard_ms;
    gboolean abandoned;
} VdLaneState;
void vd_lane_state(const VdLane *lane, VdLaneState *ret_state);
