/* One host's life on the loop thread: connecting, up, slow, down, off. The monitor lane opens the
 * connection, takes events and lists; each report of it decides the next step, here or, of what it
 * has listed, in listing.c.
 * A lane that is closed or abandoned reports nothing more, so an answer of a former connection can
 * never be taken for one of this: the lane is the host's generation. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/virt/engine.h"
#include "src/virt/ssh.h"
#include "src/virt/uri.h"

#define BEAT_MS 20

/* Threads that may hang on a host however often its retry is asked for by hand; and while an
 * attempt is still under way. */
#define MOST_HANGING 8
#define FEW_HANGING  3

/* ---- publishing ---- */

static void publish(gpointer data)
{
    VdKeeper *keeper = data;
    VdHost *host = vd_host_copy(keeper->face);
    vd_roster_unref(host->vms);
    host->vms = vd_keeper_roster(keeper);
    vd_host_unref(keeper->published);
    keeper->published = host;
    keeper->virt->changed(host, keeper->virt->data);
}

guint vd_on_beat(guint ms)
{
    gint64 due = g_get_monotonic_time() / 1000 + ms;
    return (guint)(ms + BEAT_MS - due % BEAT_MS);
}

void vd_keeper_touch(VdKeeper *keeper)
{
    /* The first lists are awaited; later ones may wait for the others' a moment. */
    guint ms = keeper->virt->options.events && keeper->lists > 1 ? vd_on_beat(0) : 0;
    if (!keeper->publish)
        vd_timer_set(&keeper->publish, keeper->virt->yard->clock, ms, publish, keeper);
}

static void set_state(VdKeeper *keeper, VdHostState state)
{
    if (keeper->face->state == state)
        return;
    keeper->face->state = state;
    keeper->face->since = g_get_monotonic_time();
    vd_keeper_touch(keeper);
}

static void set_why(VdKeeper *keeper, GError *why)
{
    VdHost *face = keeper->face;
    const char *detail = vd_error_detail(why);
    g_clear_error(&keeper->why);
    g_clear_pointer(&face->error, g_ref_string_release);
    g_clear_pointer(&face->detail, g_ref_string_release);
    keeper->why = why;
    face->denied = why && vd_error_code(why) == VD_ERR_DENIED;
    if (why)
        face->error = g_ref_string_new(why->message);
    if (detail)
        face->detail = g_ref_string_new(detail);
}

gboolean vd_keeper_up(const VdKeeper *keeper)
{
    VdHostState state = keeper->face->state;
    return keeper->lists > 0 && (state == VD_HOST_UP || state == VD_HOST_SLOW);
}

void vd_keeper_slow(VdKeeper *keeper)
{
    VdHostState state = keeper->face->state;
    gboolean slow = (keeper->monitor && vd_lane_slow(keeper->monitor) &&
                     !vd_keeper_excuses(keeper, keeper->monitor)) ||
                    (keeper->sampler && vd_sampler_slow(keeper->sampler));
    if (state == VD_HOST_DOWN || state == VD_HOST_OFF)
        return;
    /* One that has not answered at all is not slow; its screen says for how long. */
    set_state(keeper, keeper->lists == 0 ? VD_HOST_CONNECTING : slow ? VD_HOST_SLOW : VD_HOST_UP);
}

/* ---- the monitor lane's life ---- */

static void on_slow(VdLane *lane, gboolean slow, gpointer owner)
{
    (void)lane;
    (void)slow;
    vd_keeper_slow(owner);
}

static void on_stuck(VdLane *lane, gpointer owner)
{
    VdKeeper *keeper = owner;
    GError *why = NULL;
    g_ptr_array_add(keeper->stuck, lane);
    keeper->monitor = NULL;
    gboolean bound = keeper->stuck->len >= keeper->virt->tuning->max_stuck;
    vd_error_set(&why, VD_ERR_UNREACHABLE, NULL, _("%s does not answer."), keeper->face->id);
    vd_ssh_abort(keeper->uri);
    vd_log(VD_LOG_WARNING, NULL, "host %s: a call was abandoned, %u hang", keeper->face->id,
           keeper->stuck->len);
    vd_keeper_down(keeper, why, bound);
}

static void retry(gpointer data)
{
    vd_keeper_connect(data);
}

/* A call came back after its lane had been given up: the host answers again. */
static void on_returned(VdLane *lane, gpointer owner)
{
    VdKeeper *keeper = owner;
    gboolean left = g_ptr_array_remove(keeper->left, lane);
    g_ptr_array_remove(keeper->stuck, lane);
    vd_lane_close(lane);
    vd_keeper_touch(keeper);
    if ((left && !keeper->full) || keeper->face->state != VD_HOST_DOWN || keeper->monitor)
        return;
    keeper->hopeless = FALSE;
    keeper->face->next_try =
        g_get_monotonic_time() + (gint64)keeper->virt->tuning->backoff_ms * 1000;
    vd_timer_set(&keeper->retry, keeper->virt->yard->clock, keeper->virt->tuning->backoff_ms, retry,
                 keeper);
}

/* Who waits for others is not mute. A host that was lost has another thing to tell. */
static void on_waits(VdLane *lane, gboolean begun, gpointer owner)
{
    (void)lane;
    VdKeeper *keeper = owner;
    GError *why = NULL;
    if (keeper->face->state != VD_HOST_CONNECTING)
        return;
    if (begun)
        vd_error_set(&why, VD_ERR_BUSY, NULL, _("%s waits for its turn with ssh"),
                     keeper->face->id);
    set_why(keeper, why);
    vd_keeper_touch(keeper);
}

static const VdLaneHooks hooks = {on_slow, on_stuck, on_returned, on_waits};

/* ---- connecting ---- */

typedef struct {
    VdKeeper *keeper; /* loop thread only */
    char *uri;
    VdTap *tap;     /* NULL: no events */
    VdAsker *asker; /* one reference */
    /* written by the lane */
    const VdBackend *backend;
    VdOpened opened;
    VdBackendConn *shared;
    gboolean events;
    GError *error;
} OpenTask;

static void open_free(gpointer data)
{
    OpenTask *task = data;
    g_free(task->uri);
    vd_tap_unref(task->tap);
    vd_asker_unref(task->asker);
    if (task->shared)
        task->backend->unref(task->shared);
    g_clear_error(&task->error);
    g_free(task);
}

static void open_run(VdLaneSlot *slot, gpointer data)
{
    OpenTask *task = data;
    task->backend = slot->backend;
    VdGateRank rank = task->opened.doubtful ? VD_GATE_DOUBT : VD_GATE_LIST;
    if (!vd_slot_open(slot, rank, task->uri, task->asker, &task->opened, &task->error))
        return;
    if (task->opened.is_private || task->opened.asked)
        task->shared = slot->backend->ref(slot->conn);
    if (task->tap)
        task->events = slot->backend->watch(slot->conn, task->tap);
}

static void push_facts(VdKeeper *keeper);

static void open_done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    (void)lane;
    OpenTask *task = data;
    VdKeeper *keeper = task->keeper;
    if (end != VD_TASK_ANSWERED)
        return;
    if (task->error) {
        vd_keeper_down(keeper, g_steal_pointer(&task->error), task->opened.hopeless);
        return;
    }
    keeper->shared = g_steal_pointer(&task->shared);
    keeper->in_process = task->opened.is_private;
    keeper->events = task->events;
    /* The screen wants the machines first; who asks once wants everything at once. */
    if (!keeper->virt->options.events)
        push_facts(keeper);
    vd_keeper_push_list(keeper);
    if (keeper->virt->options.events)
        push_facts(keeper);
}

static void on_hints(GHashTable *uuids, gpointer owner)
{
    GHashTableIter iter;
    gpointer uuid;
    g_hash_table_iter_init(&iter, uuids);
    while (g_hash_table_iter_next(&iter, &uuid, NULL))
        vd_keeper_hint(owner, uuid);
}

static void on_gone(VdTapClosed reason, gpointer owner)
{
    VdKeeper *keeper = owner;
    GError *why = NULL;
    const char *id = keeper->face->id;
    switch (reason) {
    case VD_CLOSED_KEEPALIVE:
        vd_error_set(&why, VD_ERR_UNREACHABLE, "keepalive", _("%s stopped answering."), id);
        break;
    case VD_CLOSED_EOF:
        vd_error_set(&why, VD_ERR_UNREACHABLE, "end of file", _("%s closed the connection."), id);
        break;
    default:
        vd_error_set(&why, VD_ERR_UNREACHABLE, NULL, _("The connection to %s broke."), id);
    }
    vd_log_error(NULL, id, why);
    vd_keeper_down(keeper, why, FALSE);
}

static void close_lanes(VdKeeper *keeper)
{
    vd_timer_clear(&keeper->retry);
    vd_timer_clear(&keeper->merge);
    vd_timer_clear(&keeper->refresh);
    vd_timer_clear(&keeper->farewell);
    g_clear_error(&keeper->broke);
    g_hash_table_remove_all(keeper->hints);
    keeper->list_wanted = FALSE;
    keeper->lists = 0;
    keeper->rest_until = 0;
    keeper->stormy = FALSE;
    if (keeper->tap)
        vd_tap_close(keeper->tap);
    g_clear_pointer(&keeper->tap, vd_tap_unref);
    vd_asker_close(keeper->asker);
    g_clear_pointer(&keeper->asker, vd_asker_unref);
    /* Before the lanes go: the monitor's thread has a reference too, so that it closes, not we. */
    if (keeper->shared)
        keeper->virt->yard->backend->unref(g_steal_pointer(&keeper->shared));
    vd_lane_let_go(&keeper->monitor, keeper->left);
    if (keeper->sampler)
        vd_sampler_stop(keeper->sampler);
}

void vd_keeper_down(VdKeeper *keeper, GError *why, gboolean hopeless)
{
    static const guint waits[] = {1, 2, 5, 15, 60};
    close_lanes(keeper);
    set_why(keeper, why);
    keeper->hopeless = hopeless;
    keeper->face->next_try = 0;
    if (!hopeless && keeper->virt->options.events) {
        guint step = MIN(keeper->attempt, (guint)G_N_ELEMENTS(waits) - 1);
        guint ms = waits[step] * keeper->virt->tuning->backoff_ms;
        keeper->face->next_try = g_get_monotonic_time() + (gint64)ms * 1000;
        vd_timer_set(&keeper->retry, keeper->virt->yard->clock, ms, retry, keeper);
    }
    keeper->attempt++;
    keeper->lost = TRUE;
    set_state(keeper, VD_HOST_DOWN);
    vd_keeper_touch(keeper);
    vd_keeper_fail_calls(keeper);
}

/* Who waits for a person is not slow. */
static void on_asked(VdQuestion *question, gboolean begun, gpointer owner)
{
    VdKeeper *keeper = owner;
    GError *why = NULL;
    if (begun)
        vd_error_set(&why, VD_ERR_DENIED, NULL, _("%s asks a question"), keeper->face->id);
    set_why(keeper, why);
    vd_keeper_touch(keeper);
    vd_virt_ask(keeper->virt, keeper->monitor, question, begun);
}

gboolean vd_keeper_tries_in_vain(const VdKeeper *keeper)
{
    if (!keeper->monitor)
        return TRUE;
    return vd_lane_slow(keeper->monitor) && keeper->stuck->len + keeper->left->len < FEW_HANGING;
}

void vd_keeper_connect(VdKeeper *keeper)
{
    VdVirt *virt = keeper->virt;
    GError *why = NULL;
    close_lanes(keeper);
    keeper->hopeless = FALSE;
    keeper->face->next_try = 0;
    if (!vd_uri_check(keeper->uri, &why)) {
        vd_keeper_down(keeper, why, TRUE);
        return;
    }
    guint hanging = keeper->stuck->len + keeper->left->len;
    keeper->full = hanging >= MOST_HANGING;
    if (keeper->full) {
        vd_error_set(&why, VD_ERR_UNREACHABLE, NULL,
                     _("%s does not answer; %u attempts hang, and no more are made."),
                     keeper->face->id, hanging);
        vd_keeper_down(keeper, why, TRUE);
        return;
    }
    keeper->monitor = vd_lane_new(virt->yard, "vd-monitor", NULL, &hooks, keeper);
    if (!keeper->monitor) {
        vd_error_set(&why, VD_ERR_FAILED, NULL, _("The system has no thread left for %s."),
                     keeper->face->id);
        vd_keeper_down(keeper, why, FALSE);
        return;
    }
    vd_lane_measure(keeper->monitor, &keeper->times);
    if (!keeper->lost)
        set_state(keeper, VD_HOST_CONNECTING);
    vd_keeper_touch(keeper);
    if (virt->options.events)
        keeper->tap = vd_tap_new(virt->yard->box, on_hints, on_gone, keeper);
    OpenTask *task = g_new0(OpenTask, 1);
    task->keeper = keeper;
    task->uri = g_strdup(keeper->uri);
    task->opened.doubtful = keeper->attempt > 0;
    task->tap = keeper->tap ? vd_tap_ref(keeper->tap) : NULL;
    keeper->asker = vd_asker_new(virt->yard->box, keeper->face->id, on_asked, keeper);
    task->asker = vd_asker_ref(keeper->asker);
    VdTaskKind kind = {open_run, open_done, open_free, (guint)virt->options.connect_soft_ms,
                       (guint)virt->options.connect_hard_ms};
    vd_lane_push(keeper->monitor, &kind, task);
}

void vd_keeper_connect_anew(VdKeeper *keeper)
{
    keeper->lost = FALSE;
    set_why(keeper, NULL);
    vd_keeper_connect(keeper);
}

void vd_keeper_arrived(VdKeeper *keeper)
{
    keeper->attempt = 0;
    keeper->lost = FALSE;
    set_why(keeper, NULL);
    set_state(keeper, VD_HOST_UP);
    vd_keeper_touch(keeper);
    if (keeper->sampler)
        vd_sampler_start(keeper->sampler);
    vd_keeper_run_calls(keeper);
}

void vd_keeper_disconnect(VdKeeper *keeper)
{
    GError *why = NULL;
    close_lanes(keeper);
    vd_error_set(&why, VD_ERR_UNREACHABLE, NULL, _("%s is disconnected."), keeper->face->id);
    set_why(keeper, why);
    keeper->face->next_try = 0;
    keeper->attempt = 0;
    keeper->lost = FALSE;
    set_state(keeper, VD_HOST_OFF);
    vd_keeper_touch(keeper);
    vd_keeper_fail_calls(keeper);
}

/* ---- facts: what the host says of itself, once a connection ---- */

typedef struct {
    VdKeeper *keeper; /* loop thread only */
    guint what;
    VdHost *facts; /* written by the lane */
    GError *error;
} FactsTask;

static void facts_free(gpointer data)
{
    FactsTask *task = data;
    vd_host_unref(task->facts);
    g_clear_error(&task->error);
    g_free(task);
}

static void facts_run(VdLaneSlot *slot, gpointer data)
{
    FactsTask *task = data;
    (void)slot->backend->facts(slot->conn, task->what, task->facts, &task->error);
}

static void facts_done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    (void)lane;
    FactsTask *task = data;
    VdHost *face = task->keeper->face, *facts = task->facts;
    if (end != VD_TASK_ANSWERED)
        return;
    if (task->error) { /* a broken connection is noticed by the listing */
        vd_keeper_pump(task->keeper);
        return;
    }
    GRefString *hostname = face->hostname, *type = face->type;
    face->hostname = g_steal_pointer(&facts->hostname);
    face->type = g_steal_pointer(&facts->type);
    facts->hostname = hostname; /* goes with the facts */
    facts->type = type;
    GRefString *identity = face->identity;
    face->identity = g_steal_pointer(&facts->identity);
    facts->identity = identity;
    face->cpus = facts->cpus;
    face->memory = facts->memory;
    face->lib_version = facts->lib_version;
    face->hv_version = facts->hv_version;
    face->seen = g_get_monotonic_time();
    vd_keeper_touch(task->keeper);
    vd_keeper_pump(task->keeper);
}

static void push_facts(VdKeeper *keeper)
{
    const VdVirtOptions *options = &keeper->virt->options;
    FactsTask *task = g_new0(FactsTask, 1);
    task->keeper = keeper;
    task->what = options->events ? VD_FACT_NAMES : 0;
    if (keeper->virt->keepers->len > 1) /* one alone is no other's twin */
        task->what |= VD_FACT_IDENTITY;
    task->facts = vd_host_new("facts", "");
    VdTaskKind kind = {facts_run, facts_done, facts_free, (guint)options->call_soft_ms,
                       (guint)options->call_hard_ms};
    vd_lane_push(keeper->monitor, &kind, task);
}

/* ---- life ---- */

VdKeeper *vd_keeper_new(VdVirt *virt, const char *id, const char *uri)
{
    VdKeeper *keeper = g_new0(VdKeeper, 1);
    keeper->virt = virt;
    keeper->uri = vd_uri_effective(uri);
    keeper->face = vd_host_new(id, keeper->uri);
    keeper->face->since = g_get_monotonic_time();
    keeper->stuck = g_ptr_array_new();
    keeper->left = g_ptr_array_new();
    keeper->hints = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    keeper->cells = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, vd_cell_free);
    keeper->order = g_ptr_array_new();
    keeper->changed = g_byte_array_new();
    keeper->actions = g_ptr_array_new();
    keeper->stuck_actions = g_ptr_array_new();
    g_queue_init(&keeper->calls);
    if (virt->options.sample)
        keeper->sampler = vd_sampler_new(keeper);
    vd_keeper_touch(keeper);
    return keeper;
}

void vd_keeper_free(VdKeeper *keeper)
{
    close_lanes(keeper);
    vd_keeper_close_calls(keeper);
    vd_timer_clear(&keeper->publish);
    for (guint i = 0; i < keeper->stuck->len; i++)
        vd_lane_close(g_ptr_array_index(keeper->stuck, i));
    for (guint i = 0; i < keeper->left->len; i++)
        vd_lane_close(g_ptr_array_index(keeper->left, i));
    g_ptr_array_unref(keeper->stuck);
    g_ptr_array_unref(keeper->left);
    g_ptr_array_unref(keeper->actions);
    g_ptr_array_unref(keeper->stuck_actions);
    vd_sampler_free(keeper->sampler);
    g_hash_table_unref(keeper->hints);
    g_ptr_array_unref(keeper->order);
    g_byte_array_unref(keeper->changed);
    g_hash_table_unref(keeper->cells);
    g_clear_error(&keeper->why);
    vd_host_unref(keeper->face);
    vd_host_unref(keeper->published);
    g_free(keeper->uri);
    g_free(keeper);
}
