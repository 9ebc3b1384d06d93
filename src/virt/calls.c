/* Operations. They wait in one queue per host and run on action lanes: one usually; a second when
 * the first is past its soft deadline, so that a stuck guest can be forced off while a call on it
 * hangs. A call that changes something and is abandoned, or whose connection breaks under it, ends
 * as "outcome unknown"; one that had not begun has changed nothing, and must not begin any more. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/virt/engine.h"
#include "src/virt/ops.h"

#define MAX_ACTION_LANES 2

enum { CALL_WAITING, CALL_BEGUN, CALL_GIVEN_UP };

typedef struct {
    /* loop thread only */
    VdKeeper *keeper; /* NULL: no such host */
    VdVirt *virt;
    gboolean changes;
    const char *pending;
    gint64 asked; /* monotonic */
    VdVirtDone done;
    gpointer data;
    /* immutable */
    char *uri, *uuid, *request, *host;
    VdVirtFunc func;
    VdArgs *args;
    gint progress; /* atomic: CALL_… */
    /* written by the lane */
    VdDoc *doc;
    GError *error;
} Call;

static void call_free(gpointer data)
{
    Call *call = data;
    g_free(call->uri);
    g_free(call->uuid);
    g_free(call->request);
    g_free(call->host);
    vd_args_free(call->args);
    vd_doc_unref(call->doc);
    g_clear_error(&call->error);
    g_free(call);
}

/* ---- on the lane ---- */

static void run(VdLaneSlot *slot, gpointer data)
{
    Call *call = data;
    if (!vd_slot_connect(slot, call->uri, &call->error))
        return;
    if (!g_atomic_int_compare_and_exchange(&call->progress, CALL_WAITING, CALL_BEGUN))
        return;
    VdRun what = {call->uuid, call->func, call->args, call->request, slot->patience};
    if (slot->backend->run(slot->conn, &what, &call->doc, &call->error))
        return;
    if (!call->changes || slot->backend->alive(slot->conn))
        return;
    g_autoptr(GError) broken = g_steal_pointer(&call->error);
    const char *detail = vd_error_detail(broken);
    vd_error_set(&call->error, VD_ERR_UNKNOWN, detail ? detail : broken->message,
                 _("The connection to %s broke before it answered: whether it was done is "
                   "unknown."),
                 call->host);
}

/* ---- on the loop ---- */

static void show_pending(VdKeeper *keeper, VdCell *cell, const char *pending)
{
    if (cell->vm->pending == pending)
        return;
    VdVm *vm = vd_vm_copy(cell->vm);
    vm->pending = pending;
    vd_cell_take(keeper, cell, vm);
    vd_keeper_touch(keeper);
}

void vd_cell_settle(VdKeeper *keeper, VdCell *cell)
{
    if (!cell->settling)
        return;
    cell->settling = FALSE;
    keeper->settling--;
    if (cell->requests == 0)
        show_pending(keeper, cell, NULL);
}

static gboolean forces_off(const Call *call)
{
    return call->func == vd_op_vm_poweroff;
}

static void row_begins(Call *call)
{
    VdCell *cell = call->uuid ? vd_keeper_cell(call->keeper, call->uuid) : NULL;
    if (!cell || !call->pending)
        return;
    if (cell->requests++ == 0 || forces_off(call))
        cell->requested = g_get_monotonic_time();
    if (forces_off(call))
        cell->forced++;
    show_pending(call->keeper, cell, call->pending);
}

/* The row keeps its word until the machine has been looked at, lest its former state shows again
 * for a moment. */
static void row_ends(Call *call)
{
    VdKeeper *keeper = call->keeper;
    VdCell *cell = call->uuid ? vd_keeper_cell(keeper, call->uuid) : NULL;
    if (call->uuid && call->changes && vd_keeper_up(keeper))
        vd_keeper_hint(keeper, call->uuid);
    if (!cell || !call->pending || cell->requests == 0)
        return;
    if (forces_off(call) && cell->forced > 0)
        cell->forced--;
    if (--cell->requests > 0)
        return;
    vd_keeper_slow(keeper); /* who waits for it is no longer excused */
    if (!cell->settling)
        keeper->settling++;
    cell->settling = TRUE;
    if (!vd_keeper_up(keeper) || !call->changes)
        vd_cell_settle(keeper, cell);
}

static void finish(Call *call, const GError *error)
{
    if (call->keeper)
        row_ends(call);
    if (error)
        vd_log_error(call->request, call->host, error);
    else if (call->changes)
        vd_log(VD_LOG_INFO, call->request,
               "done on host %s, machine %s, in %" G_GINT64_FORMAT " ms", call->host,
               call->uuid ? call->uuid : "none", (g_get_monotonic_time() - call->asked) / 1000);
    if (call->done)
        call->done(error ? NULL : call->doc, error, call->data);
}

static void deliver(gpointer data)
{
    Call *call = data;
    call->keeper = vd_virt_keeper(call->virt, call->host); /* it may be gone by now */
    finish(call, call->error);
}

/* Ends a call that no lane has, in a later turn of the loop: takes both. */
static void fail_later(Call *call, GError *error)
{
    call->error = error;
    vd_mailbox_post(call->virt->yard->box, deliver, call, call_free);
}

static void abandoned(Call *call)
{
    g_autoptr(GError) error = NULL;
    gboolean never =
        g_atomic_int_compare_and_exchange(&call->progress, CALL_WAITING, CALL_GIVEN_UP);
    if (never)
        vd_error_set(&error, VD_ERR_UNREACHABLE, NULL,
                     _("%s does not answer; nothing was changed."), call->host);
    else if (call->changes)
        vd_error_set(&error, VD_ERR_UNKNOWN, NULL,
                     _("%s did not answer in time: whether it was done is unknown."), call->host);
    else
        vd_error_set(&error, VD_ERR_TIMEOUT, NULL, _("%s did not answer in time."), call->host);
    finish(call, error);
}

static void done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    Call *call = data;
    VdKeeper *keeper = call->keeper;
    if (end != VD_TASK_ANSWERED) {
        abandoned(call);
        return;
    }
    if (!vd_keeper_up(keeper) && keeper->face->state != VD_HOST_CONNECTING) {
        g_ptr_array_remove(keeper->actions, lane);
        vd_lane_close(lane);
    }
    finish(call, call->error);
    vd_keeper_run_calls(keeper);
}

static void on_slow(VdLane *lane, gboolean slow, gpointer owner)
{
    (void)lane;
    if (slow)
        vd_keeper_run_calls(owner); /* another lane, if something waits */
}

static void on_stuck(VdLane *lane, gpointer owner)
{
    VdKeeper *keeper = owner;
    g_ptr_array_remove(keeper->actions, lane);
    g_ptr_array_add(keeper->stuck_actions, lane);
    vd_keeper_run_calls(keeper);
}

static void on_returned(VdLane *lane, gpointer owner)
{
    VdKeeper *keeper = owner;
    g_ptr_array_remove(keeper->stuck_actions, lane);
    vd_lane_close(lane);
    vd_keeper_list(keeper); /* what became of it */
    vd_keeper_run_calls(keeper);
}

static const VdLaneHooks hooks = {on_slow, on_stuck, on_returned, NULL};

/* An action lane that can take a call now, or NULL. */
static VdLane *free_lane(VdKeeper *keeper)
{
    for (guint i = 0; i < keeper->actions->len; i++) {
        VdLane *lane = g_ptr_array_index(keeper->actions, i);
        if (vd_lane_idle(lane))
            return lane;
        if (!vd_lane_slow(lane))
            return NULL; /* it will soon */
    }
    if (keeper->actions->len >= MAX_ACTION_LANES ||
        keeper->stuck_actions->len >= keeper->virt->tuning->max_stuck)
        return NULL;
    VdYard *yard = keeper->virt->yard;
    VdBackendConn *conn = keeper->shared ? yard->backend->ref(keeper->shared) : NULL;
    VdLane *lane = vd_lane_new(yard, "vd-action", conn, &hooks, keeper);
    if (!lane)
        return NULL;
    vd_lane_measure(lane, &keeper->times);
    g_ptr_array_add(keeper->actions, lane);
    return lane;
}

void vd_keeper_run_calls(VdKeeper *keeper)
{
    VdTaskKind kind = {run, done, call_free, (guint)keeper->virt->action_soft_ms,
                       (guint)keeper->virt->options.call_hard_ms};
    while (vd_keeper_up(keeper) && !g_queue_is_empty(&keeper->calls)) {
        VdLane *lane = free_lane(keeper);
        if (!lane)
            break;
        vd_lane_push(lane, &kind, g_queue_pop_head(&keeper->calls));
    }
    if (keeper->actions->len > 0 || keeper->stuck_actions->len < keeper->virt->tuning->max_stuck)
        return;
    Call *call; /* nobody is left to take them */
    while ((call = g_queue_pop_head(&keeper->calls))) {
        GError *error = NULL;
        vd_error_set(&error, VD_ERR_BUSY, NULL,
                     _("%u requests on %s hang without an answer; it takes no more."),
                     keeper->stuck_actions->len, call->host);
        fail_later(call, error);
    }
}

static GError *reason(const VdKeeper *keeper)
{
    GError *error = NULL;
    const VdHost *face = keeper->face;
    VdErrorCode code = keeper->why && vd_error_code(keeper->why) == VD_ERR_DENIED
                           ? VD_ERR_DENIED
                           : VD_ERR_UNREACHABLE;
    vd_error_set(&error, code, face->detail, "%s",
                 face->error ? face->error : _("The host is not connected."));
    return error;
}

void vd_keeper_fail_calls(VdKeeper *keeper)
{
    Call *call;
    while ((call = g_queue_pop_head(&keeper->calls)))
        fail_later(call, reason(keeper));
    for (guint i = keeper->actions->len; i-- > 0;) {
        VdLane *lane = g_ptr_array_index(keeper->actions, i);
        if (!vd_lane_idle(lane))
            continue; /* its call may yet be answered */
        g_ptr_array_remove_index(keeper->actions, i);
        vd_lane_close(lane);
    }
    for (guint i = 0; keeper->settling > 0 && i < keeper->order->len; i++)
        vd_cell_settle(keeper, g_ptr_array_index(keeper->order, i));
}

void vd_keeper_give_up_calls(VdKeeper *keeper)
{
    while (keeper->actions->len > 0) {
        VdLane *lane = g_ptr_array_index(keeper->actions, 0);
        vd_lane_give_up(lane); /* moves it to the stuck ones */
    }
}

void vd_keeper_close_calls(VdKeeper *keeper)
{
    g_queue_clear_full(&keeper->calls, call_free);
    for (guint i = 0; i < keeper->actions->len; i++)
        vd_lane_close(g_ptr_array_index(keeper->actions, i));
    for (guint i = 0; i < keeper->stuck_actions->len; i++)
        vd_lane_close(g_ptr_array_index(keeper->stuck_actions, i));
}

void vd_virt_call(VdVirt *virt, const char *host, const char *uuid, VdVirtFunc func,
                  const VdArgs *args, const char *request, gboolean changes, const char *pending,
                  VdVirtDone ended, gpointer data)
{
    Call *call = g_new0(Call, 1);
    VdKeeper *keeper = vd_virt_keeper(virt, host);
    call->virt = virt;
    call->keeper = keeper;
    call->host = g_strdup(host);
    call->uri = g_strdup(keeper ? keeper->uri : NULL);
    call->uuid = g_strdup(uuid);
    call->request = g_strdup(request);
    call->func = func;
    call->args = args ? vd_args_copy(args) : vd_args_new();
    call->changes = changes;
    call->asked = g_get_monotonic_time();
    call->pending = pending;
    call->done = ended;
    call->data = data;
    if (!keeper) {
        GError *error = NULL;
        vd_error_set(&error, VD_ERR_NOT_FOUND, NULL, _("There is no host called %s."), host);
        fail_later(call, error);
        return;
    }
    if (changes)
        vd_log(VD_LOG_INFO, request, "asked of host %s, machine %s", host, uuid ? uuid : "none");
    row_begins(call);
    if (keeper->face->state == VD_HOST_DOWN || keeper->face->state == VD_HOST_OFF) {
        fail_later(call, reason(keeper));
        return;
    }
    g_queue_push_tail(&keeper->calls, call);
    vd_keeper_run_calls(keeper);
}
