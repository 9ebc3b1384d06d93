/* Who is asked for what. The machines on the screen always, for what is shown of them; every
 * machine for what the list is sorted or filtered by, as far as the time of an interval goes; of
 * the others a few in turn, so that there is something to show when they come into view. */
#include "config.h"

#include "src/virt/sampler-private.h"

/* Processor times asked in one interval: each is a round trip, on a connection to a daemon. */
#define INFO_MOST 128
/* In this process a call costs little, but not nothing. */
#define INFO_MOST_HERE 1024
#define IDLE_PERCENT   3.0
/* Of an interval, for processor times that the list is sorted by */
#define INFO_SHARE 2
#define TURN_LEAST 8
#define TURN_MOST  256

void vd_shard_free(VdShard *shard)
{
    if (!shard)
        return;
    g_ptr_array_unref(shard->uuids);
    g_free(shard);
}

VdShard *vd_shard_copy(GPtrArray *uuids)
{
    VdShard *shard = g_new0(VdShard, 1);
    shard->uuids = g_ptr_array_ref(uuids);
    return shard;
}

static const VdVm *vm_at(const VdSampler *sampler, guint i)
{
    return ((const VdCell *)g_ptr_array_index(sampler->keeper->order, i))->vm;
}

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

/* ---- processor times ---- */

/* A machine that does next to nothing is asked every other time: a look at its processor time is a
 * round trip, and most machines of most hosts idle. */
static gboolean left_out(const VdSampler *sampler, const VdVm *vm, guint place)
{
    return vm->now.cpu >= 0 && vm->now.cpu < IDLE_PERCENT && (sampler->ticks + place) % 2 == 0;
}

/* How many processor times may be asked at once. */
static guint info_most(const VdSampler *sampler)
{
    guint most = sampler->keeper->in_process ? INFO_MOST_HERE : INFO_MOST;
    if (!(sampler->all & VD_GROUP_CPU))
        return most;
    if (sampler->info_usec <= 0)
        return G_MAXUINT; /* this time will tell */
    double usec = (double)sampler->pace.usual_ms * 1000 / INFO_SHARE;
    return MAX(most, (guint)MIN(usec / sampler->info_usec, 1e6));
}

static void add_info(GHashTable *set, const VdVm *vm)
{
    g_hash_table_add(set, g_strdup(vm->uuid));
}

/* Those shown, those that are busy, and the others in turn. */
static void choose_info(VdSampler *sampler, guint most, GHashTable *set)
{
    for (guint i = 0; i < sampler->keeper->order->len; i++) {
        const VdVm *vm = vm_at(sampler, i);
        gboolean busy = vm->now.cpu >= IDLE_PERCENT && g_hash_table_size(set) < most / 2;
        if (vd_vm_active(vm) && (wanted(sampler, vm) || busy))
            add_info(set, vm);
    }
    g_autoptr(GPtrArray) others = g_ptr_array_new();
    take_turn(sampler, &sampler->info_turn, most - MIN(most / 2, g_hash_table_size(set)), others);
    for (guint i = 0; i < others->len; i++)
        g_hash_table_add(set, g_ptr_array_index(others, i));
}

GHashTable *vd_turns_info(VdSampler *sampler)
{
    guint len = sampler->keeper->order->len, active = 0;
    guint most = info_most(sampler);
    gboolean sorted = (sampler->all & VD_GROUP_CPU) != 0;
    for (guint i = 0; i < len; i++)
        active += vd_vm_active(vm_at(sampler, i));
    if (active <= most && (sorted || sampler->keeper->in_process))
        return NULL;
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (active > most) {
        choose_info(sampler, most, set);
        return set;
    }
    for (guint i = 0; i < len; i++)
        if (!left_out(sampler, vm_at(sampler, i), i))
            add_info(set, vm_at(sampler, i));
    return set;
}

/* ---- memory and disks ---- */

static void add_to_shards(VdSampler *sampler, const char *uuid, guint groups, gboolean alone)
{
    VdShard *last = g_queue_peek_tail(&sampler->shards);
    if (!last || alone || last->groups != groups || last->uuids->len >= sampler->shard) {
        last = g_new0(VdShard, 1);
        last->uuids = g_ptr_array_new_with_free_func(g_free);
        last->groups = groups;
        g_queue_push_tail(&sampler->shards, last);
    }
    g_ptr_array_add(last->uuids, g_strdup(uuid));
}

/* How many machines that nobody looks at are read along with the others follows from what the last
 * pass cost: between a twentieth and a fifth of the time there is. */
static void adapt_turn(VdSampler *sampler, gint64 usec)
{
    if (sampler->turn == 0)
        sampler->turn = TURN_LEAST;
    else if (sampler->dear_took < usec / 20)
        sampler->turn = MIN(sampler->turn * 2, (guint)TURN_MOST);
    else if (sampler->dear_took > usec / 5)
        sampler->turn = MAX(sampler->turn / 2, (guint)TURN_LEAST);
    sampler->dear_took = 0;
}

/* Machines that run and answer: those shown, or the others. */
static void add_all(VdSampler *sampler, gboolean shown, guint groups)
{
    for (guint i = 0; i < sampler->keeper->order->len; i++) {
        const VdVm *vm = vm_at(sampler, i);
        if (vd_vm_active(vm) && !vm->stuck_since && wanted(sampler, vm) == shown)
            add_to_shards(sampler, vm->uuid, groups, FALSE);
    }
}

static void add_others_in_turn(VdSampler *sampler, guint groups)
{
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);
    take_turn(sampler, &sampler->dear_turn, sampler->turn, others);
    for (guint i = 0; i < others->len; i++)
        add_to_shards(sampler, g_ptr_array_index(others, i), groups, FALSE);
}

void vd_turns_dear(VdSampler *sampler)
{
    guint dear = VD_GROUP_MEM | VD_GROUP_DISK | (sampler->net_dear ? VD_GROUP_NET : 0);
    guint shown = sampler->shown & dear, all = sampler->all & dear;
    const VdKeeper *keeper = sampler->keeper;
    gint64 now = g_get_monotonic_time();
    adapt_turn(sampler, (gint64)keeper->virt->options.interval_ms * 2000);
    if (shown | all)
        add_all(sampler, TRUE, shown | all);
    if (all)
        add_all(sampler, FALSE, all);
    else if (shown)
        add_others_in_turn(sampler, shown);
    for (guint i = 0; i < keeper->order->len; i++) {
        const VdCell *cell = g_ptr_array_index(keeper->order, i);
        gboolean risky = cell->sampled.by_silence && vd_living_known_alone(sampler);
        if (cell->vm->stuck_since && cell->sampled.retry_at <= now && !risky &&
            !vd_cell_condemned(cell))
            add_to_shards(sampler, cell->vm->uuid, VD_GROUPS_DEAR, TRUE);
    }
}
