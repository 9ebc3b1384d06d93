/* Figures at two speeds, on two lanes. Every interval the statistics lane reads what costs nothing:
 * state and network of all machines that run, processor time of those shown and of some others in
 * turn, the host's own. Every other one the dear lane reads memory and disks: of the machines
 * shown, and of a few others in turn, in shards.
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
#include "src/virt/engine.h"

/* Processor times asked in one interval: each is a round trip, on a connection to a daemon. */
#define INFO_MOST    128
#define IDLE_PERCENT 3.0
/* What was read longer ago than this is not shown as now. */
#define EXPIRE_USEC (60 * G_USEC_PER_SEC)
/* The dear figures come every so many intervals. */
#define DEAR_EVERY     2
#define TURN_LEAST     8
#define TURN_MOST      256
#define QUARANTINE_MAX 60000
/* A call for dear figures takes so long, if that can be had by asking fewer machines at a time: a
 * thin link must not come near the deadline at which a machine is suspected. */
#define SHARD_LEAST    2
#define SHARD_SHORT_MS 500
#define SHARD_LONG_MS  1200
/* Lanes that hang on machines of one host: each holds a worker of its daemon, which has twenty. */
#define DEAR_STUCK 6

struct _VdSampler {
    VdKeeper *keeper;
    GHashTable *wanted; /* set of uuids */
    GSource *tick;
    guint ticks;
    VdLane *stats, *dear;
    GPtrArray *stuck_stats, *stuck_dear; /* VdLane*: abandoned, their calls have not come back */
    GQueue shards;                       /* GPtrArray* of uuids that wait for the dear lane */
    GPtrArray *suspects;                 /* the shard that held the last lane up, or NULL */
    gint64 doubted; /* the host itself may be lost; until it is heard of later than this, nothing is
                     * opened nor asked; 0: no doubt */
    gint64 suspected;           /* when that call began */
    guint info_turn, dear_turn; /* whose turn it is: a place in the order */
    guint turn;                 /* how many others are read at a time */
    guint shard;                /* how many machines are asked in one call */
    gint64 dear_took;           /* the last pass, so far */
    VdNodeMeasure node;
};

/* ---- the machines ---- */

static gboolean wanted(const VdSampler *sampler, const VdVm *vm)
{
    return g_hash_table_contains(sampler->wanted, vm->uuid);
}

/* Those among the next `most` machines in turn, from *turn on, that run and are not stuck. */
static void take_turn(VdSampler *sampler, guint *turn, guint most, GPtrArray *uuids)
{
    const GPtrArray *order = sampler->keeper->order;
    for (guint i = 0; i < order->len && most > 0; i++) {
        *turn = *turn + 1 < order->len ? *turn + 1 : 0;
        const VdVm *vm = ((const VdCell *)g_ptr_array_index(order, *turn))->vm;
        if (!vd_vm_active(vm) || vm->stuck_since || wanted(sampler, vm))
            continue;
        g_ptr_array_add(uuids, g_strdup(vm->uuid));
        most--;
    }
}

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

static const VdLaneHooks hooks = {on_slow, on_stuck, on_returned};

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
    return sampler->stats ? vd_lane_slow(sampler->stats) : sampler->stuck_stats->len > 0;
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
    GError *error; /* written by the lane */
} CheapTask;

static void cheap_free(gpointer data)
{
    CheapTask *task = data;
    g_free(task->uri);
    g_clear_pointer(&task->sample.info, g_hash_table_unref);
    g_array_unref(task->sample.counters);
    g_clear_error(&task->error);
    g_free(task);
}

static void cheap_run(VdLaneSlot *slot, gpointer data)
{
    CheapTask *task = data;
    if (vd_slot_connect_later(slot, task->uri, &task->error))
        (void)slot->backend->cheap(slot->conn, &task->sample, &task->error);
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
    apply_all(sampler, task->sample.counters);
    face->seen = g_get_monotonic_time();
    vd_node_measure_add(&sampler->node, &task->sample.node, &face->now);
    sum_up(sampler, &face->now);
    vd_keeper_touch(sampler->keeper);
    vd_details_push(sampler->keeper, sampler->stats, sampler->wanted);
}

/* A machine that does next to nothing is asked every other time: a look at its processor time is a
 * round trip, and most machines of most hosts idle. */
static gboolean left_out(const VdSampler *sampler, const VdVm *vm, guint place)
{
    return vm->now.cpu >= 0 && vm->now.cpu < IDLE_PERCENT && (sampler->ticks + place) % 2 == 0;
}

/* Whose processor time is asked this time; NULL: everybody's. */
static GHashTable *info_wanted(VdSampler *sampler)
{
    const VdKeeper *keeper = sampler->keeper;
    guint active = 0;
    if (keeper->in_process) /* in this process a call costs next to nothing */
        return NULL;
    for (guint i = 0; i < keeper->order->len; i++)
        active += vd_vm_active(((const VdCell *)g_ptr_array_index(keeper->order, i))->vm);
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < keeper->order->len; i++) {
        const VdVm *vm = ((const VdCell *)g_ptr_array_index(keeper->order, i))->vm;
        if ((active <= INFO_MOST || wanted(sampler, vm)) && !left_out(sampler, vm, i))
            g_hash_table_add(set, g_strdup(vm->uuid));
    }
    if (active <= INFO_MOST)
        return set;
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    take_turn(sampler, &sampler->info_turn, INFO_MOST, others);
    for (guint i = 0; i < others->len; i++)
        g_hash_table_add(set, g_ptr_array_index(others, i));
    return set;
}

static void cheap_push(VdSampler *sampler)
{
    VdKeeper *keeper = sampler->keeper;
    const VdVirtOptions *options = &keeper->virt->options;
    if (in_doubt(sampler))
        return;
    if (!sampler->stats && sampler->stuck_stats->len < keeper->virt->tuning->max_stuck)
        sampler->stats = lane_open(sampler, "vd-stats");
    if (!sampler->stats || !vd_lane_idle(sampler->stats))
        return; /* a former one still runs: this one is left out */
    CheapTask *task = g_new0(CheapTask, 1);
    task->sampler = sampler;
    task->uri = g_strdup(keeper->uri);
    task->sample.info = info_wanted(sampler);
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
    gint64 opened = (g_get_monotonic_time() - begun) / 1000;
    g_atomic_int_set(slot->patience, (gint)(opened + task->hard_ms));
    (void)slot->backend->dear(slot->conn, &slot->cache, &task->sample, &task->error);
    task->took = g_get_monotonic_time() - begun;
}

static void quarantine(VdSampler *sampler, const char *uuid)
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

static void recover(VdSampler *sampler, const char *uuid)
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
            recover(sampler, uuid);
        else
            quarantine(sampler, uuid);
    }
}

static void dear_abandoned(VdSampler *sampler, DearTask *task, gint64 begun)
{
    gint asking = g_atomic_int_get(&task->sample.asking);
    const GPtrArray *uuids = task->sample.uuids;
    gboolean mute = sampler->keeper->face->seen <= begun;
    sampler->suspected = begun;
    if (mute) {
        doubt(sampler);
        g_clear_pointer(&sampler->suspects, g_ptr_array_unref);
        sampler->suspects = g_ptr_array_ref(task->sample.uuids);
    } else if (asking >= 0 && asking < (gint)uuids->len)
        quarantine(sampler, g_ptr_array_index(uuids, asking));
    else if (uuids->len == 1)
        quarantine(sampler, g_ptr_array_index(uuids, 0));
    else {
        g_clear_pointer(&sampler->suspects, g_ptr_array_unref);
        sampler->suspects = g_ptr_array_ref(task->sample.uuids);
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
        g_queue_clear_full(&sampler->shards, (GDestroyNotify)g_ptr_array_unref);
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

/* Takes the reference to uuids. */
static void dear_push(VdSampler *sampler, GPtrArray *uuids, gboolean probe)
{
    VdKeeper *keeper = sampler->keeper;
    const VdTuning *tuning = keeper->virt->tuning;
    DearTask *task = g_new0(DearTask, 1);
    task->sampler = sampler;
    task->uri = g_strdup(keeper->uri);
    task->probe = probe;
    task->connect_ms = (guint)keeper->virt->options.connect_hard_ms;
    task->hard_ms = tuning->dear_hard_ms;
    task->sample.uuids = uuids;
    task->sample.counters = g_array_new(FALSE, FALSE, sizeof(VdCounters));
    task->sample.asking = -1;
    VdTaskKind kind = {dear_run, dear_done, dear_free, tuning->dear_soft_ms, tuning->dear_hard_ms};
    vd_lane_push(sampler->dear, &kind, task);
}

static void dear_next(VdSampler *sampler)
{
    if (in_doubt(sampler))
        return; /* the next plan goes on */
    if (!sampler->dear && sampler->stuck_dear->len < DEAR_STUCK)
        sampler->dear = lane_open(sampler, "vd-dear");
    if (!sampler->dear || !vd_lane_idle(sampler->dear))
        return;
    if (sampler->suspects) {
        dear_push(sampler, g_steal_pointer(&sampler->suspects), TRUE);
        return;
    }
    GPtrArray *shard = g_queue_pop_head(&sampler->shards);
    if (!shard)
        return;
    const char *first = g_ptr_array_index(shard, 0);
    const VdCell *cell = vd_keeper_cell(sampler->keeper, first);
    gboolean retried = cell && cell->vm->stuck_since && shard->len == 1;
    if (retried)
        sampler->suspected = cell->vm->stuck_since;
    dear_push(sampler, shard, retried);
}

static void add_to_shards(VdSampler *sampler, const char *uuid, gboolean alone)
{
    GPtrArray *last = g_queue_peek_tail(&sampler->shards);
    if (!last || alone || last->len >= sampler->shard) {
        last = g_ptr_array_new_with_free_func(g_free);
        g_queue_push_tail(&sampler->shards, last);
    }
    g_ptr_array_add(last, g_strdup(uuid));
}

/* How many machines that nobody looks at are read along with the others follows from what the last
 * pass cost: between a twentieth and a fifth of the time there is. */
static void adapt_turn(VdSampler *sampler, gint64 usec)
{
    if (sampler->dear_took < usec / 20)
        sampler->turn = MIN(sampler->turn * 2, (guint)TURN_MOST);
    else if (sampler->dear_took > usec / 5)
        sampler->turn = MAX(sampler->turn / 2, (guint)TURN_LEAST);
    sampler->dear_took = 0;
}

static void dear_plan(VdSampler *sampler)
{
    VdKeeper *keeper = sampler->keeper;
    gint64 now = g_get_monotonic_time();
    if (!g_queue_is_empty(&sampler->shards) || (sampler->dear && !vd_lane_idle(sampler->dear))) {
        dear_next(sampler);
        return;
    }
    adapt_turn(sampler, (gint64)keeper->virt->options.interval_ms * 2000);
    for (guint i = 0; i < keeper->order->len; i++) {
        const VdCell *cell = g_ptr_array_index(keeper->order, i);
        if (vd_vm_active(cell->vm) && !cell->vm->stuck_since && wanted(sampler, cell->vm))
            add_to_shards(sampler, cell->vm->uuid, FALSE);
    }
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    take_turn(sampler, &sampler->dear_turn, sampler->turn, others);
    for (guint i = 0; i < others->len; i++)
        add_to_shards(sampler, g_ptr_array_index(others, i), FALSE);
    for (guint i = 0; i < keeper->order->len; i++) {
        const VdCell *cell = g_ptr_array_index(keeper->order, i);
        if (cell->vm->stuck_since && cell->sampled.retry_at <= now)
            add_to_shards(sampler, cell->vm->uuid, TRUE);
    }
    dear_next(sampler);
}

/* ---- time ---- */

static gboolean tick(gpointer data)
{
    VdSampler *sampler = data;
    const VdVirt *virt = sampler->keeper->virt;
    vd_timer_set(&sampler->tick, virt->context, (guint)virt->options.interval_ms, tick, sampler);
    cheap_push(sampler);
    if (sampler->ticks++ % DEAR_EVERY == 0)
        dear_plan(sampler);
    return G_SOURCE_REMOVE;
}

VdSampler *vd_sampler_new(VdKeeper *keeper)
{
    VdSampler *sampler = g_new0(VdSampler, 1);
    sampler->keeper = keeper;
    sampler->wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    sampler->stuck_stats = g_ptr_array_new();
    sampler->stuck_dear = g_ptr_array_new();
    sampler->turn = TURN_LEAST;
    sampler->shard = SHARD_LEAST * 2;
    g_queue_init(&sampler->shards);
    return sampler;
}

void vd_sampler_start(VdSampler *sampler)
{
    sampler->ticks = 0;
    sampler->doubted = 0;
    sampler->node = (VdNodeMeasure){0};
    tick(sampler);
}

void vd_sampler_stop(VdSampler *sampler)
{
    const GPtrArray *order = sampler->keeper->order;
    vd_timer_clear(&sampler->tick);
    vd_lane_let_go(&sampler->stats, sampler->stuck_stats);
    vd_lane_let_go(&sampler->dear, sampler->stuck_dear);
    g_queue_clear_full(&sampler->shards, (GDestroyNotify)g_ptr_array_unref);
    g_clear_pointer(&sampler->suspects, g_ptr_array_unref);
    for (guint i = 0; i < order->len; i++) {
        VdCell *cell = g_ptr_array_index(order, i);
        recover(sampler, cell->vm->uuid); /* nobody knows any more */
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

guint vd_sampler_interval(const VdSampler *sampler)
{
    return (guint)sampler->keeper->virt->options.interval_ms;
}
