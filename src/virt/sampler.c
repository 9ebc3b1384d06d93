/* Figures at two speeds, on two lanes. Every interval the statistics lane reads what costs nothing:
 * state and network of all machines that run, processor time of those shown and of some others in
 * turn, the host's own. Every other one the dear lane reads memory and disks: of the machines
 * shown, and of a few others in turn, in shards (sampler-turns.c). A host that takes long to answer
 * is asked more rarely (pace.c), and says so in its snapshots.
 *
 * A QEMU that does not answer holds its shard up. Then the lane is abandoned, and another asks the
 * same shard once more: the call that hangs still holds that machine's job, so that libvirt leaves
 * it out this time. What is left out is the culprit; it is quarantined, shown as stuck, and tried
 * again alone, ever more rarely, and at once when the call that hung comes back.
 *
 * A host that answers nothing at all is another matter: no machine is to blame, and no further lane
 * is risked, before the monitor lane or the cheap figures have heard of it again. */
#include "config.h"

#include "src/base/log.h"
#include "src/virt/sampler-private.h"

/* What was read longer ago than this is not shown as now. */
#define EXPIRE_USEC (60 * G_USEC_PER_SEC)
/* The dear figures come every so many intervals. */
#define DEAR_EVERY 2
/* What the list is newly sorted by is not waited for: two samples, which make a rate, come so soon
 * after one another. */
#define HURRIED_MS     250
#define QUARANTINE_MAX 60000
/* A call for dear figures takes so long, if that can be had by asking fewer machines at a time: a
 * thin link must not come near the deadline at which a machine is suspected. */
#define SHARD_LEAST    2
#define SHARD_SHORT_MS 500
#define SHARD_LONG_MS  1200

/* ---- the machines ---- */

/* A copy of the machine to be changed; put back with vd_cell_take(). */
static VdVm *edit(VdCell *cell)
{
    return vd_vm_copy(cell->vm);
}

static void apply(VdSampler *sampler, const VdCounters *counters)
{
    VdKeeper *keeper = sampler->keeper;
    VdCell *cell = vd_keeper_cell(keeper, counters->uuid);
    if (!cell) {
        vd_keeper_hint(keeper, counters->uuid); /* an event was lost */
        return;
    }
    if (counters->has & VD_HAS_STATE && counters->state != cell->vm->state)
        vd_keeper_hint(keeper, counters->uuid);
    if (!vd_vm_active(cell->vm))
        return;
    VdVm *vm = edit(cell);
    vd_measure_add(&cell->sampled.measure, counters, &vm->now);
    vd_measure_expire(&cell->sampled.measure, counters->taken, EXPIRE_USEC, &vm->now);
    if (counters->has & VD_HAS_CPU && counters->vcpus > 0) {
        vm->vcpus = counters->vcpus;
        vm->max_mem = counters->max_mem;
    }
    vd_cell_take(keeper, cell, vm);
}

static void apply_all(VdSampler *sampler, const GArray *counters)
{
    for (guint i = 0; i < counters->len; i++)
        apply(sampler, &g_array_index(counters, VdCounters, i));
}

static double sum(double a, double b)
{
    return b < 0 ? a : a < 0 ? b : a + b;
}

/* The host's network and disks are what its machines do. */
static void sum_up(VdSampler *sampler, VdFigures *figures)
{
    const GPtrArray *order = sampler->keeper->order;
    figures->net_rx = figures->net_tx = figures->disk_read = figures->disk_write = VD_NONE;
    for (guint i = 0; i < order->len; i++) {
        const VdVm *vm = ((const VdCell *)g_ptr_array_index(order, i))->vm;
        figures->net_rx = sum(figures->net_rx, vm->now.net_rx);
        figures->net_tx = sum(figures->net_tx, vm->now.net_tx);
        figures->disk_read = sum(figures->disk_read, vm->now.disk_read);
        figures->disk_write = sum(figures->disk_write, vm->now.disk_write);
    }
}

/* ---- lanes ---- */

static void dear_next(VdSampler *sampler);

static void on_slow(VdLane *lane, gboolean slow, gpointer owner)
{
    VdSampler *sampler = owner;
    (void)slow;
    if (lane == sampler->stats)
        vd_keeper_slow(sampler->keeper);
}

static void on_stuck(VdLane *lane, gpointer owner)
{
    VdSampler *sampler = owner;
    if (lane == sampler->stats) {
        sampler->stats = NULL;
        g_ptr_array_add(sampler->stuck_stats, lane);
        vd_keeper_slow(sampler->keeper);
        return;
    }
    sampler->dear = NULL;
    g_ptr_array_add(sampler->stuck_dear, lane);
    dear_next(sampler);
}

/* Whatever held the lane up has let go: those in quarantine are tried again. */
static void on_returned(VdLane *lane, gpointer owner)
{
    VdSampler *sampler = owner;
    const GPtrArray *order = sampler->keeper->order;
    g_ptr_array_remove(sampler->stuck_stats, lane);
    g_ptr_array_remove(sampler->stuck_dear, lane);
    vd_lane_close(lane);
    for (guint i = 0; i < order->len; i++) {
        VdCell *cell = g_ptr_array_index(order, i);
        cell->sampled.retry_at = 0;
        cell->sampled.tries = 0;
    }
}

static const VdLaneHooks hooks = {on_slow, on_stuck, on_returned, NULL};

static VdLane *lane_open(VdSampler *sampler, const char *name)
{
    VdKeeper *keeper = sampler->keeper;
    VdYard *yard = keeper->virt->yard;
    VdBackendConn *conn = keeper->shared ? yard->backend->ref(keeper->shared) : NULL;
    VdLane *lane = vd_lane_new(yard, name, conn, &hooks, sampler);
    if (lane)
        vd_lane_measure(lane, &keeper->times);
    return lane;
}

void vd_sampler_each_lane(const VdSampler *sampler,
                          void (*visit)(const VdLane *lane, gpointer data), gpointer data)
{
    if (sampler->stats)
        visit(sampler->stats, data);
    if (sampler->dear)
        visit(sampler->dear, data);
    for (guint i = 0; i < sampler->stuck_stats->len; i++)
        visit(g_ptr_array_index(sampler->stuck_stats, i), data);
    for (guint i = 0; i < sampler->stuck_dear->len; i++)
        visit(g_ptr_array_index(sampler->stuck_dear, i), data);
}

gboolean vd_sampler_slow(const VdSampler *sampler)
{
    if (!sampler->stats)
        return sampler->stuck_stats->len > 0;
    return vd_lane_slow(sampler->stats) && !vd_keeper_excuses(sampler->keeper, sampler->stats);
}

/* ---- doubts about the host ---- */

/* Has the monitor lane make sure of it. */
static void doubt(VdSampler *sampler)
{
    sampler->doubted = g_get_monotonic_time();
    vd_keeper_list(sampler->keeper);
}

static gboolean in_doubt(const VdSampler *sampler)
{
    return sampler->keeper->face->seen <= sampler->doubted;
}

/* ---- cheap ---- */

typedef struct {
    VdSampler *sampler; /* loop thread only */
    char *uri;
    VdCheapSample sample;
    /* written by the lane */
    gint64 took;
    GError *error;
} CheapTask;

static void cheap_free(gpointer data)
{
    CheapTask *task = data;
    g_free(task->uri);
    g_clear_pointer(&task->sample.info, g_hash_table_unref);
    g_clear_pointer(&task->sample.only, g_ptr_array_unref);
    g_array_unref(task->sample.counters);
    g_clear_error(&task->error);
    g_free(task);
}

static void cheap_run(VdLaneSlot *slot, gpointer data)
{
    CheapTask *task = data;
    if (!vd_slot_connect_later(slot, task->uri, &task->error))
        return;
    gint64 begun = g_get_monotonic_time();
    (void)slot->backend->cheap(slot->conn, &slot->cache, &task->sample, &task->error);
    task->took = g_get_monotonic_time() - begun;
}

/* What the sample says of its own cost, and of what comes with it. */
static void learn_cheap(VdSampler *sampler, const VdCheapSample *sample)
{
    gboolean net = sample->counters->len == 0;
    if (sample->infos > 0)
        sampler->info_usec = (double)sample->infos_took / sample->infos;
    for (guint i = 0; i < sample->counters->len && !net; i++)
        net = (g_array_index(sample->counters, VdCounters, i).has & VD_HAS_NET) != 0;
    sampler->net_dear = !net;
}

/* The host's snapshots tell how old its figures may be, if that is more than usual. */
static void show_pace(VdSampler *sampler)
{
    gboolean stretched =
        vd_pace_stretched(&sampler->pace) || vd_pace_stretched(&sampler->dear_pace);
    sampler->keeper->face->interval_ms = stretched ? vd_sampler_interval(sampler) : 0;
}

static void cheap_done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    (void)lane;
    CheapTask *task = data;
    VdSampler *sampler = task->sampler;
    VdHost *face = sampler->keeper->face;
    if (end != VD_TASK_ANSWERED)
        return;
    if (task->error) {
        vd_log_error(NULL, face->id, task->error);
        doubt(sampler); /* the monitor decides whether the host is lost */
        return;
    }
    learn_cheap(sampler, &task->sample);
    apply_all(sampler, task->sample.counters);
    vd_living_look(sampler);
    face->seen = g_get_monotonic_time();
    vd_node_measure_add(&sampler->node, &task->sample.node, &face->now);
    sum_up(sampler, &face->now);
    vd_pace_took(&sampler->pace, task->took);
    show_pace(sampler);
    vd_keeper_touch(sampler->keeper);
    vd_details_push(sampler->keeper, sampler->stats, sampler->wanted);
}

static void cheap_push(VdSampler *sampler)
{
    VdKeeper *keeper = sampler->keeper;
    const VdVirtOptions *options = &keeper->virt->options;
    if (in_doubt(sampler)) {
        sampler->hurried = 0;
        return;
    }
    if (!sampler->stats && sampler->stuck_stats->len < keeper->virt->tuning->max_stuck)
        sampler->stats = lane_open(sampler, "vd-stats");
    if (!sampler->stats || !vd_lane_idle(sampler->stats))
        return; /* a former one still runs: this one is left out */
    sampler->hurried -= sampler->hurried > 0;
    CheapTask *task = g_new0(CheapTask, 1);
    task->sampler = sampler;
    task->uri = g_strdup(keeper->uri);
    task->sample.only = vd_living_others(sampler);
    task->sample.info = vd_turns_info(sampler);
    task->sample.counters = g_array_new(FALSE, FALSE, sizeof(VdCounters));
    VdTaskKind kind = {cheap_run, cheap_done, cheap_free, (guint)options->call_soft_ms,
                       (guint)options->call_hard_ms};
    vd_lane_push(sampler->stats, &kind, task);
}

/* ---- dear ---- */

typedef struct {
    VdSampler *sampler; /* loop thread only */
    char *uri;
    gboolean probe; /* its machines held another lane up */
    VdDearSample sample;
    guint connect_ms, hard_ms;
    /* written by the lane */
    gint64 took;
    GError *error;
} DearTask;

static void dear_free(gpointer data)
{
    DearTask *task = data;
    g_free(task->uri);
    g_ptr_array_unref(task->sample.uuids);
    g_array_unref(task->sample.counters);
    g_clear_error(&task->error);
    g_free(task);
}

static void dear_run(VdLaneSlot *slot, gpointer data)
{
    DearTask *task = data;
    gint64 begun = g_get_monotonic_time();
    g_atomic_int_set(slot->patience, (gint)task->connect_ms); /* opening takes its own time */
    if (!vd_slot_connect_later(slot, task->uri, &task->error))
        return;
    gint64 opened = (g_get_monotonic_time() - begun - slot->waited) / 1000;
    g_atomic_int_set(slot->patience, (gint)(opened + task->hard_ms));
    (void)slot->backend->dear(slot->conn, &slot->cache, &task->sample, &task->error);
    task->took = g_get_monotonic_time() - begun;
}

void vd_sampler_quarantine(VdSampler *sampler, const char *uuid)
{
    VdKeeper *keeper = sampler->keeper;
    VdCell *cell = vd_keeper_cell(keeper, uuid);
    if (!cell || !vd_vm_active(cell->vm))
        return;
    guint wait = keeper->virt->tuning->quarantine_ms << MIN(cell->sampled.tries, 10u);
    cell->sampled.tries++;
    cell->sampled.retry_at =
        g_get_monotonic_time() + (gint64)MIN(wait, (guint)QUARANTINE_MAX) * 1000;
    if (cell->vm->stuck_since)
        return;
    VdVm *vm = edit(cell);
    vm->stuck_since = sampler->suspected;
    vm->now.mem_used = vm->now.disk_read = vm->now.disk_write = VD_NONE;
    vd_cell_take(keeper, cell, vm);
    vd_log(VD_LOG_WARNING, NULL, "machine %s on %s does not answer its monitor", uuid,
           keeper->face->id);
    vd_keeper_touch(keeper);
}

void vd_sampler_recover(VdSampler *sampler, const char *uuid)
{
    VdCell *cell = vd_keeper_cell(sampler->keeper, uuid);
    if (!cell || !cell->vm->stuck_since)
        return;
    VdVm *vm = edit(cell);
    vm->stuck_since = 0;
    vd_cell_take(sampler->keeper, cell, vm);
    cell->sampled.tries = 0;
    vd_keeper_touch(sampler->keeper);
}

static gboolean answered_for(const GArray *counters, const char *uuid)
{
    for (guint i = 0; i < counters->len; i++) {
        const VdCounters *one = &g_array_index(counters, VdCounters, i);
        if (g_str_equal(one->uuid, uuid))
            return (one->has & (VD_HAS_MEM | VD_HAS_BLOCK)) != 0;
    }
    return FALSE;
}

static void judge(VdSampler *sampler, const DearTask *task)
{
    for (guint i = 0; i < task->sample.uuids->len; i++) {
        const char *uuid = g_ptr_array_index(task->sample.uuids, i);
        if (answered_for(task->sample.counters, uuid))
            vd_sampler_recover(sampler, uuid);
        else
            vd_sampler_quarantine(sampler, uuid);
    }
}

static void dear_abandoned(VdSampler *sampler, DearTask *task, gint64 begun)
{
    gint asking = g_atomic_int_get(&task->sample.asking);
    const GPtrArray *uuids = task->sample.uuids;
    /* It was heard of lately, or it is mute itself: an answer may have come just after this began.
     */
    gint64 lately = begun + (gint64)task->hard_ms * 1000 / 2;
    gboolean mute = sampler->keeper->face->seen <= lately;
    sampler->suspected = begun;
    if (mute) {
        doubt(sampler);
        g_clear_pointer(&sampler->suspects, vd_shard_free);
        sampler->suspects = vd_shard_copy(task->sample.uuids);
    } else if (asking >= 0 && asking < (gint)uuids->len)
        vd_sampler_quarantine(sampler, g_ptr_array_index(uuids, asking));
    else if (uuids->len == 1)
        vd_sampler_quarantine(sampler, g_ptr_array_index(uuids, 0));
    else {
        g_clear_pointer(&sampler->suspects, vd_shard_free);
        sampler->suspects = vd_shard_copy(task->sample.uuids);
    }
}

static void adapt_shard(VdSampler *sampler, const DearTask *task)
{
    guint most = sampler->keeper->virt->tuning->shard;
    if (task->took > SHARD_LONG_MS * 1000)
        sampler->shard = MAX(task->sample.uuids->len / 2, (guint)SHARD_LEAST);
    else if (task->took < SHARD_SHORT_MS * 1000 && sampler->shard < most)
        sampler->shard = MIN(sampler->shard * 2, most);
}

static void dear_done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    DearTask *task = data;
    VdSampler *sampler = task->sampler;
    if (end == VD_TASK_ABANDONED)
        dear_abandoned(sampler, task, vd_lane_begun(lane));
    if (end != VD_TASK_ANSWERED)
        return; /* the next lane goes on */
    if (task->error) {
        vd_log_error(NULL, sampler->keeper->face->id, task->error);
        doubt(sampler);
        g_queue_clear_full(&sampler->shards, (GDestroyNotify)vd_shard_free);
        return;
    }
    apply_all(sampler, task->sample.counters);
    if (task->probe)
        judge(sampler, task);
    sampler->dear_took += task->took;
    adapt_shard(sampler, task);
    if (g_queue_is_empty(&sampler->shards)) /* once a pass, not once a shard */
        vd_keeper_touch(sampler->keeper);
    dear_next(sampler);
}

/* Takes the shard. */
static void dear_push(VdSampler *sampler, VdShard *shard, gboolean probe)
{
    VdKeeper *keeper = sampler->keeper;
    const VdTuning *tuning = keeper->virt->tuning;
    DearTask *task = g_new0(DearTask, 1);
    task->sampler = sampler;
    task->uri = g_strdup(keeper->uri);
    task->probe = probe;
    task->connect_ms = (guint)keeper->virt->options.connect_hard_ms;
    task->hard_ms = tuning->dear_hard_ms;
    task->sample.uuids = g_ptr_array_ref(shard->uuids);
    task->sample.groups = probe ? VD_GROUPS_DEAR : shard->groups;
    task->sample.counters = g_array_new(FALSE, FALSE, sizeof(VdCounters));
    task->sample.asking = -1;
    VdTaskKind kind = {dear_run, dear_done, dear_free, tuning->dear_soft_ms, tuning->dear_hard_ms};
    vd_lane_push(sampler->dear, &kind, task);
    vd_shard_free(shard);
}

static VdShard *next_suspects(VdSampler *sampler)
{
    VdShard *shard = vd_living_spared(sampler, g_steal_pointer(&sampler->suspects));
    if (shard && vd_living_known_alone(sampler))
        return vd_living_shard(sampler, shard, TRUE);
    return shard;
}

static VdShard *next_shard(VdSampler *sampler)
{
    VdShard *shard = NULL;
    while (!shard && !g_queue_is_empty(&sampler->shards)) {
        shard = vd_living_spared(sampler, g_queue_pop_head(&sampler->shards));
        if (shard && vd_living_known_alone(sampler))
            shard = vd_living_shard(sampler, shard, FALSE);
    }
    return shard;
}

static void dear_next(VdSampler *sampler)
{
    if (in_doubt(sampler))
        return; /* the next plan goes on */
    if (!sampler->dear && sampler->stuck_dear->len < DEAR_STUCK + DEAR_MORE)
        sampler->dear = lane_open(sampler, "vd-dear");
    if (!sampler->dear || !vd_lane_idle(sampler->dear))
        return;
    VdShard *suspects = next_suspects(sampler);
    if (suspects) {
        dear_push(sampler, suspects, TRUE);
        return;
    }
    VdShard *shard = next_shard(sampler);
    if (!shard)
        return;
    const char *first = g_ptr_array_index(shard->uuids, 0);
    const VdCell *cell = vd_keeper_cell(sampler->keeper, first);
    gboolean retried = cell && cell->vm->stuck_since && shard->uuids->len == 1;
    if (retried)
        sampler->suspected = cell->vm->stuck_since;
    dear_push(sampler, shard, retried || shard->suspect);
}

/* ---- time ---- */

static void dear_pass(VdSampler *sampler)
{
    gint64 now = g_get_monotonic_time();
    if (!g_queue_is_empty(&sampler->shards) || (sampler->dear && !vd_lane_idle(sampler->dear))) {
        dear_next(sampler);
        return;
    }
    if (now < sampler->dear_due)
        return;
    vd_pace_took(&sampler->dear_pace, sampler->dear_took);
    show_pace(sampler);
    /* A little less than it is, since ticks come a little late. */
    sampler->dear_due = now + (gint64)sampler->dear_pace.ms * 900;
    vd_turns_dear(sampler);
    dear_next(sampler);
}

static void tick(gpointer data)
{
    VdSampler *sampler = data;
    const VdVirt *virt = sampler->keeper->virt;
    guint ms = sampler->hurried > 0 ? MIN((guint)HURRIED_MS, sampler->pace.ms) : sampler->pace.ms;
    vd_timer_set(&sampler->tick, virt->yard->clock, ms, tick, sampler);
    cheap_push(sampler);
    sampler->ticks++;
    dear_pass(sampler);
}

/* A host that answers slowly is not asked more for it. */
static void hurry(VdSampler *sampler)
{
    if (!sampler->tick || vd_pace_stretched(&sampler->pace))
        return;
    sampler->hurried = 2;
    vd_timer_set(&sampler->tick, sampler->keeper->virt->yard->clock, 0, tick, sampler);
}

VdSampler *vd_sampler_new(VdKeeper *keeper)
{
    VdSampler *sampler = g_new0(VdSampler, 1);
    sampler->keeper = keeper;
    sampler->wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    sampler->stuck_stats = g_ptr_array_new();
    sampler->stuck_dear = g_ptr_array_new();
    sampler->shard = SHARD_LEAST * 2;
    sampler->shown = keeper->virt->shown;
    sampler->all = keeper->virt->all;
    g_queue_init(&sampler->shards);
    return sampler;
}

void vd_sampler_start(VdSampler *sampler)
{
    guint usual = (guint)sampler->keeper->virt->options.interval_ms;
    vd_pace_init(&sampler->pace, usual);
    vd_pace_init(&sampler->dear_pace, usual * DEAR_EVERY);
    sampler->ticks = sampler->hurried = 0;
    sampler->dear_due = sampler->dear_took = 0;
    sampler->doubted = 0;
    sampler->node = (VdNodeMeasure){0};
    tick(sampler);
}

void vd_sampler_stop(VdSampler *sampler)
{
    const GPtrArray *order = sampler->keeper->order;
    vd_timer_clear(&sampler->tick);
    sampler->keeper->face->interval_ms = 0;
    vd_lane_let_go(&sampler->stats, sampler->stuck_stats);
    vd_lane_let_go(&sampler->dear, sampler->stuck_dear);
    g_queue_clear_full(&sampler->shards, (GDestroyNotify)vd_shard_free);
    g_clear_pointer(&sampler->suspects, vd_shard_free);
    for (guint i = 0; i < order->len; i++) {
        VdCell *cell = g_ptr_array_index(order, i);
        vd_sampler_recover(sampler, cell->vm->uuid); /* nobody knows any more */
        vd_measure_reset(&cell->sampled.measure);
    }
}

void vd_sampler_free(VdSampler *sampler)
{
    if (!sampler)
        return;
    vd_sampler_stop(sampler);
    for (guint i = 0; i < sampler->stuck_stats->len; i++)
        vd_lane_close(g_ptr_array_index(sampler->stuck_stats, i));
    for (guint i = 0; i < sampler->stuck_dear->len; i++)
        vd_lane_close(g_ptr_array_index(sampler->stuck_dear, i));
    g_ptr_array_unref(sampler->stuck_stats);
    g_ptr_array_unref(sampler->stuck_dear);
    g_hash_table_unref(sampler->wanted);
    g_free(sampler);
}

void vd_sampler_want_none(VdSampler *sampler)
{
    g_hash_table_remove_all(sampler->wanted);
}

void vd_sampler_want(VdSampler *sampler, const char *uuid)
{
    g_hash_table_add(sampler->wanted, g_strdup(uuid));
}

void vd_sampler_want_groups(VdSampler *sampler, guint shown, guint all)
{
    guint added = all & ~sampler->all;
    if (added)
        sampler->dear_due = 0; /* what it is sorted by is wanted now */
    sampler->shown = shown;
    sampler->all = all;
    if (added)
        hurry(sampler);
}

guint vd_sampler_interval(const VdSampler *sampler)
{
    return MAX(sampler->pace.ms, sampler->dear_pace.ms / DEAR_EVERY);
}
