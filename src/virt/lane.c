/* The loop thread keeps the queue and hands over one task at a time, so that deadlines, abandonment
 * and the order of events are decided on one thread, without a lock. What the two threads share is
 * one slot under a lock for the task handed over; answers come back by the mailbox.
 *
 * An answer that comes after its lane was abandoned is dropped: its task has ended already. */
#include "config.h"

#include <pthread.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/lane.h"
#include "src/virt/uri.h"
#include "src/virt/vevent.h"

typedef struct {
    gint refs;     /* atomic: the loop's and, while it runs, the thread's */
    gint patience; /* atomic */
    VdTaskKind kind;
    gpointer data;
    gboolean ended; /* loop thread only */
} Task;

struct _VdLane {
    gint refs; /* atomic: the loop's, the thread's and those of answers on their way */
    /* immutable */
    VdYard *yard;
    const VdLaneHooks *hooks;
    const char *name;
    /* loop thread only */
    VdHistogram *times;     /* (borrowed) or NULL */
    guint soft_ms, hard_ms; /* of the last call */
    gpointer owner;         /* NULL: closed */
    GQueue waiting;         /* Task* */
    Task *current;
    gint64 begun;
    VdTimer *timer;
    gboolean slow, abandoned;
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    Task *handed;
    gboolean quit, left;
    VdPass pass; /* the gate's */
    /* the lane's thread only */
    VdLaneSlot slot;
    Task *running; /* (borrowed) */
};

typedef struct {
    VdLane *lane;
    Task *task;
} Answer;

VdYard *vd_yard_new(GMainContext *context, const VdBackend *backend, guint ssh_at_once,
                    guint ssh_hold_ms)
{
    VdYard *yard = g_new0(VdYard, 1);
    yard->refs = 1;
    yard->box = vd_mailbox_new(context);
    yard->clock = vd_clock_new(context);
    yard->backend = backend;
    yard->gate = vd_gate_new(ssh_at_once, ssh_hold_ms);
    return yard;
}

VdYard *vd_yard_ref(VdYard *yard)
{
    g_atomic_int_inc(&yard->refs);
    return yard;
}

void vd_yard_unref(VdYard *yard)
{
    if (!yard || !g_atomic_int_dec_and_test(&yard->refs))
        return;
    vd_mailbox_unref(yard->box);
    vd_gate_free(yard->gate);
    vd_clock_free(yard->clock);
    g_free(yard);
}

static Task *task_ref(Task *task)
{
    g_atomic_int_inc(&task->refs);
    return task;
}

static void task_unref(Task *task)
{
    if (!g_atomic_int_dec_and_test(&task->refs))
        return;
    if (task->kind.release)
        task->kind.release(task->data);
    g_free(task);
}

static void lane_unref(VdLane *lane)
{
    if (!g_atomic_int_dec_and_test(&lane->refs))
        return;
    pthread_mutex_destroy(&lane->lock);
    pthread_cond_destroy(&lane->changed);
    vd_pass_clear(&lane->pass);
    vd_yard_unref(lane->yard);
    g_free(lane);
}

static VdLane *lane_ref(VdLane *lane)
{
    g_atomic_int_inc(&lane->refs);
    return lane;
}

static void next(VdLane *lane);

static void end(VdLane *lane, VdTaskEnd how)
{
    Task *task = g_steal_pointer(&lane->current);
    vd_timer_clear(&lane->timer);
    if (how == VD_TASK_ANSWERED) {
        if (lane->times)
            vd_histogram_add(lane->times, g_get_monotonic_time() - lane->begun);
        lane->begun = 0;
    }
    task->ended = TRUE;
    task->kind.done(lane, how, task->data);
    task_unref(task);
}

static void answered(gpointer data)
{
    Answer *answer = data;
    VdLane *lane = answer->lane;
    if (answer->task->ended) { /* too late */
        if (lane->owner && lane->abandoned)
            lane->hooks->returned(lane, lane->owner);
        return;
    }
    gboolean slow = lane->slow;
    lane->slow = FALSE;
    end(lane, VD_TASK_ANSWERED);
    if (slow && lane->owner)
        lane->hooks->slow(lane, FALSE, lane->owner);
    if (lane->owner && !lane->current)
        next(lane);
}

static void answer_free(gpointer data)
{
    Answer *answer = data;
    task_unref(answer->task);
    lane_unref(answer->lane);
    g_free(answer);
}

/* Asks the thread to end after its call; left: it is counted as left behind until then. */
static void quit_thread(VdLane *lane, gboolean left)
{
    pthread_mutex_lock(&lane->lock);
    lane->quit = TRUE;
    lane->left = lane->left || left;
    pthread_cond_signal(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
    vd_gate_cancel(lane->yard->gate, &lane->pass);
}

/* Ends the call without a word to whoever asked for it. */
static void forget_current(VdLane *lane)
{
    Task *task = g_steal_pointer(&lane->current);
    vd_timer_clear(&lane->timer);
    if (!task)
        return;
    task->ended = TRUE;
    task_unref(task);
}

static void drop_waiting(VdLane *lane)
{
    Task *task;
    while ((task = g_queue_pop_head(&lane->waiting))) {
        task->ended = TRUE;
        if (lane->owner)
            task->kind.done(lane, VD_TASK_DROPPED, task->data);
        task_unref(task);
    }
}

static void leave_behind(VdLane *lane)
{
    lane->abandoned = TRUE;
    g_atomic_int_inc(&lane->yard->abandoned);
    quit_thread(lane, TRUE);
}

void vd_lane_give_up(VdLane *lane)
{
    lane_ref(lane);
    leave_behind(lane);
    if (lane->current)
        end(lane, VD_TASK_ABANDONED);
    drop_waiting(lane);
    if (lane->owner)
        lane->hooks->stuck(lane, lane->owner);
    lane_unref(lane);
}

void vd_lane_let_go(VdLane **lane, GPtrArray *hanging)
{
    VdLane *self = g_steal_pointer(lane);
    if (!self || !self->current) {
        vd_lane_close(self);
        return;
    }
    g_ptr_array_add(hanging, self);
    leave_behind(self);
    forget_current(self);
    drop_waiting(self);
}

static void past_hard(gpointer data)
{
    VdLane *lane = data;
    guint patience = (guint)g_atomic_int_get(&lane->current->patience);
    guint allowed = MAX(patience, lane->current->kind.hard_ms);
    gint64 spent = (g_get_monotonic_time() - lane->begun) / 1000;
    if (spent < (gint64)allowed) {
        vd_timer_set(&lane->timer, lane->yard->clock, allowed - (guint)spent, past_hard, lane);
        return;
    }
    vd_lane_give_up(lane);
}

static void past_soft(gpointer data)
{
    VdLane *lane = data;
    const VdTaskKind *kind = &lane->current->kind;
    if (kind->hard_ms > 0)
        vd_timer_set(&lane->timer, lane->yard->clock,
                     kind->hard_ms > kind->soft_ms ? kind->hard_ms - kind->soft_ms : 0, past_hard,
                     lane);
    lane->slow = TRUE;
    lane->hooks->slow(lane, TRUE, lane->owner);
}

/* The call's deadlines, from now on. */
static void arm(VdLane *lane)
{
    const VdTaskKind *kind = &lane->current->kind;
    lane->begun = g_get_monotonic_time();
    if (kind->soft_ms > 0)
        vd_timer_set(&lane->timer, lane->yard->clock, kind->soft_ms, past_soft, lane);
    else if (kind->hard_ms > 0)
        vd_timer_set(&lane->timer, lane->yard->clock, kind->hard_ms, past_hard, lane);
}

void vd_lane_hold(VdLane *lane)
{
    if (!lane->current)
        return;
    vd_timer_clear(&lane->timer);
    if (!lane->slow)
        return;
    lane->slow = FALSE;
    lane->hooks->slow(lane, FALSE, lane->owner);
}

void vd_lane_go_on(VdLane *lane)
{
    if (lane->current)
        arm(lane);
}

static void next(VdLane *lane)
{
    Task *task = g_queue_pop_head(&lane->waiting);
    if (!task)
        return;
    lane->current = task;
    lane->soft_ms = task->kind.soft_ms;
    lane->hard_ms = task->kind.hard_ms;
    arm(lane);
    pthread_mutex_lock(&lane->lock);
    lane->handed = task_ref(task);
    pthread_cond_signal(&lane->changed);
    pthread_mutex_unlock(&lane->lock);
}

static void post_answer(VdLane *lane, Task *task)
{
    Answer *answer = g_new(Answer, 1);
    *answer = (Answer){lane_ref(lane), task};
    vd_mailbox_post(lane->yard->box, answered, answer, answer_free);
}

/* ---- connecting ---- */

static void waits(gpointer data)
{
    const Answer *answer = data;
    VdLane *lane = answer->lane;
    if (answer->task->ended)
        return;
    vd_lane_hold(lane);
    if (lane->owner && lane->hooks->waits)
        lane->hooks->waits(lane, TRUE, lane->owner);
}

static void waits_no_more(gpointer data)
{
    const Answer *answer = data;
    VdLane *lane = answer->lane;
    if (answer->task->ended)
        return;
    vd_lane_go_on(lane);
    if (lane->owner && lane->hooks->waits)
        lane->hooks->waits(lane, FALSE, lane->owner);
}

/* Tells the loop of the task that runs. */
static void post_word(VdLane *lane, void (*word)(gpointer data))
{
    Answer *answer = g_new(Answer, 1);
    *answer = (Answer){lane_ref(lane), task_ref(lane->running)};
    vd_mailbox_post(lane->yard->box, word, answer, answer_free);
}

typedef struct {
    VdLane *lane;
    gboolean told;
} Turn;

static void on_waits(gpointer data)
{
    Turn *turn = data;
    turn->told = TRUE;
    post_word(turn->lane, waits);
}

gboolean vd_slot_open(VdLaneSlot *slot, VdGateRank rank, const char *uri, VdAsker *asker,
                      VdOpened *opened, GError **error)
{
    VdLane *lane = slot->lane;
    VdGate *gate = vd_uri_over_ssh(uri) ? lane->yard->gate : NULL;
    Turn turn = {lane, FALSE};
    gint64 came = g_get_monotonic_time();
    if (gate && !vd_gate_enter(gate, &lane->pass, rank, on_waits, &turn))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("It was not begun."));
    slot->waited += g_get_monotonic_time() - came;
    if (turn.told)
        post_word(lane, waits_no_more);
    slot->conn = slot->backend->open(slot->backend, uri, asker, opened, error);
    if (gate)
        vd_gate_leave(gate, &lane->pass);
    return slot->conn != NULL;
}

static gboolean connect_as(VdLaneSlot *slot, VdGateRank rank, const char *uri, GError **error)
{
    const VdBackend *backend = slot->backend;
    VdOpened opened = {0};
    if (slot->conn && backend->alive(slot->conn))
        return TRUE;
    if (slot->cache) /* it refers to the connection */
        backend->cache_free(g_steal_pointer(&slot->cache));
    if (slot->conn)
        backend->unref(g_steal_pointer(&slot->conn));
    return vd_slot_open(slot, rank, uri, NULL, &opened, error);
}

gboolean vd_slot_connect(VdLaneSlot *slot, const char *uri, GError **error)
{
    return connect_as(slot, VD_GATE_PERSON, uri, error);
}

gboolean vd_slot_connect_later(VdLaneSlot *slot, const char *uri, GError **error)
{
    const VdBackend *backend = slot->backend;
    if (!slot->conn || backend->alive(slot->conn))
        return connect_as(slot, VD_GATE_FIGURES, uri, error);
    if (slot->cache)
        backend->cache_free(g_steal_pointer(&slot->cache));
    backend->unref(g_steal_pointer(&slot->conn));
    return vd_fail(error, VD_ERR_UNREACHABLE, NULL, _("The connection broke."));
}

/* ---- the thread ---- */

static Task *take(VdLane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (!lane->handed && !lane->quit)
        pthread_cond_wait(&lane->changed, &lane->lock);
    Task *task = lane->quit ? NULL : g_steal_pointer(&lane->handed);
    pthread_mutex_unlock(&lane->lock);
    return task;
}

/* Closes what the lane holds; even that may wait for ever. */
static void leave(VdLane *lane)
{
    const VdBackend *backend = lane->slot.backend;
    pthread_mutex_lock(&lane->lock);
    Task *never_begun = g_steal_pointer(&lane->handed);
    pthread_mutex_unlock(&lane->lock);
    if (never_begun) /* as one that came back: nothing hangs on its account */
        post_answer(lane, never_begun);
    if (lane->slot.cache)
        backend->cache_free(lane->slot.cache);
    if (lane->slot.conn)
        backend->unref(lane->slot.conn);
    pthread_mutex_lock(&lane->lock);
    gboolean left = lane->left;
    pthread_mutex_unlock(&lane->lock);
    if (left)
        g_atomic_int_add(&lane->yard->abandoned, -1);
    g_atomic_int_add(&lane->yard->lanes, -1);
    lane_unref(lane);
}

static void *body(void *data)
{
    VdLane *lane = data;
    Task *task;
    while ((task = take(lane))) {
        g_atomic_int_inc(&lane->yard->calls);
        lane->slot.patience = &task->patience;
        lane->slot.waited = 0;
        lane->running = task;
        task->kind.run(&lane->slot, task->data);
        post_answer(lane, task);
    }
    leave(lane);
    return NULL;
}

VdLane *vd_lane_new(VdYard *yard, const char *name, VdBackendConn *conn, const VdLaneHooks *hooks,
                    gpointer owner)
{
    VdLane *lane = g_new0(VdLane, 1);
    lane->refs = 2;
    lane->yard = vd_yard_ref(yard);
    lane->hooks = hooks;
    lane->name = name;
    lane->owner = owner;
    g_queue_init(&lane->waiting);
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->changed, NULL);
    vd_pass_init(&lane->pass);
    lane->slot.lane = lane;
    lane->slot.backend = yard->backend;
    lane->slot.conn = conn;
    g_atomic_int_inc(&yard->lanes);
    if (vd_thread_start(name, body, lane))
        return lane;
    leave(lane);
    lane_unref(lane);
    return NULL;
}

void vd_lane_close(VdLane *lane)
{
    if (!lane)
        return;
    lane->owner = NULL;
    lane->times = NULL;
    forget_current(lane);
    drop_waiting(lane);
    quit_thread(lane, FALSE);
    lane_unref(lane);
}

void vd_lane_push(VdLane *lane, const VdTaskKind *kind, gpointer data)
{
    Task *task = g_new0(Task, 1);
    task->refs = 1;
    task->kind = *kind;
    task->data = data;
    g_queue_push_tail(&lane->waiting, task);
    if (!lane->current)
        next(lane);
}

gboolean vd_lane_idle(const VdLane *lane)
{
    return !lane->current && lane->waiting.length == 0;
}

gboolean vd_lane_slow(const VdLane *lane)
{
    return lane->slow;
}

gboolean vd_lane_abandoned(const VdLane *lane)
{
    return lane->abandoned;
}

gint64 vd_lane_begun(const VdLane *lane)
{
    return lane->begun;
}

void vd_lane_measure(VdLane *lane, VdHistogram *times)
{
    lane->times = times;
}

void vd_lane_state(const VdLane *lane, VdLaneState *ret_state)
{
    *ret_state =
        (VdLaneState){lane->name, lane->begun, lane->soft_ms, lane->hard_ms, lane->abandoned};
}
