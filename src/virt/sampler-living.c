/* Who may be asked at all. A machine that is being forced off: if it hangs, libvirt holds its lock
 * for up to ten seconds, and whoever asks for all machines waits for it (libvirt 9.0.0); so the
 * others are asked by name. And a host with more machines that hang than lanes may be spent on:
 * then only those are asked whose processor time goes on, which tells that they live without asking
 * their monitor; one that runs and whose time stands still is shown as stuck. */
#include "config.h"

#include "src/virt/sampler-private.h"

/* Of intervals: so long after its processor time went on a machine counts as alive; so long without
 * it is stuck. An idle guest may take next to nothing for some seconds. */
#define ALIVE_INTERVALS 4
#define STILL_INTERVALS 10

/* Of a paused machine no processor time tells anything: it is asked alone, so that one that hangs
 * is known at once, and only as long as that leaves a lane for those that live. */
static gboolean may_ask_paused(const VdSampler *sampler, const VdCell *cell)
{
    return cell->vm->state == VD_VM_PAUSED && !cell->vm->stuck_since &&
           sampler->stuck_dear->len < DEAR_STUCK + DEAR_MORE - 1;
}

static void ask_alone(VdSampler *sampler, const VdCell *cell, guint groups, gboolean suspect)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(one, g_strdup(cell->vm->uuid));
    VdShard *shard = vd_shard_copy(one);
    shard->groups = groups;
    shard->suspect = suspect;
    g_queue_push_tail(&sampler->shards, shard);
}

gboolean vd_living_known_alone(const VdSampler *sampler)
{
    return sampler->stuck_dear->len >= DEAR_STUCK;
}

static gint64 intervals(const VdSampler *sampler, guint count)
{
    return (gint64)sampler->pace.ms * count * 1000;
}

static gboolean lives(const VdSampler *sampler, const VdCell *cell)
{
    gint64 moved = cell->sampled.measure.cpu_moved;
    return moved > 0 && g_get_monotonic_time() - moved < intervals(sampler, ALIVE_INTERVALS);
}

static void take_for_stuck(VdSampler *sampler, VdCell *cell, gint64 since)
{
    sampler->suspected = since;
    vd_sampler_quarantine(sampler, cell->vm->uuid);
    cell->sampled.by_silence = TRUE;
}

/* Another shard of these machines, or NULL if there are none; takes the former one. */
static VdShard *shard_of(VdShard *former, GPtrArray *uuids)
{
    VdShard *shard = uuids->len > 0 ? vd_shard_copy(uuids) : NULL;
    if (shard) {
        shard->groups = former->groups;
        shard->suspect = former->suspect;
    }
    vd_shard_free(former);
    return shard;
}

VdShard *vd_living_spared(VdSampler *sampler, VdShard *shard)
{
    if (!shard)
        return NULL;
    g_autoptr(GPtrArray) spared = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < shard->uuids->len; i++) {
        const char *uuid = g_ptr_array_index(shard->uuids, i);
        const VdCell *cell = vd_keeper_cell(sampler->keeper, uuid);
        if (!cell || !vd_cell_condemned(cell))
            g_ptr_array_add(spared, g_strdup(uuid));
    }
    return spared->len == shard->uuids->len ? shard : shard_of(shard, spared);
}

VdShard *vd_living_shard(VdSampler *sampler, VdShard *shard, gboolean suspects)
{
    g_autoptr(GPtrArray) living = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < shard->uuids->len; i++) {
        VdCell *cell = vd_keeper_cell(sampler->keeper, g_ptr_array_index(shard->uuids, i));
        if (!cell)
            continue;
        gboolean paused = may_ask_paused(sampler, cell);
        if (lives(sampler, cell) || (paused && shard->uuids->len == 1))
            g_ptr_array_add(living, g_strdup(cell->vm->uuid));
        else if (paused)
            ask_alone(sampler, cell, shard->groups, suspects || shard->suspect);
        else if (suspects && cell->vm->state == VD_VM_RUNNING && !cell->vm->stuck_since)
            take_for_stuck(sampler, cell, sampler->suspected);
    }
    return shard_of(shard, living);
}

void vd_living_look(VdSampler *sampler)
{
    const GPtrArray *order = sampler->keeper->order;
    gboolean alone = vd_living_known_alone(sampler);
    for (guint i = 0; i < order->len; i++) {
        VdCell *cell = g_ptr_array_index(order, i);
        const VdMeasure *measure = &cell->sampled.measure;
        if (cell->sampled.by_silence) {
            if (cell->vm->stuck_since && lives(sampler, cell))
                vd_sampler_recover(sampler, cell->vm->uuid);
            cell->sampled.by_silence = cell->vm->stuck_since != 0;
        } else if (alone && cell->vm->state == VD_VM_RUNNING && !cell->vm->stuck_since &&
                   measure->cpu_moved > 0 &&
                   measure->cpu_taken - measure->cpu_moved > intervals(sampler, STILL_INTERVALS)) {
            take_for_stuck(sampler, cell, measure->cpu_moved);
        }
    }
}

GPtrArray *vd_living_others(const VdSampler *sampler)
{
    const GPtrArray *order = sampler->keeper->order;
    gboolean any = FALSE;
    for (guint i = 0; i < order->len && !any; i++)
        any = vd_cell_condemned(g_ptr_array_index(order, i));
    if (!any)
        return NULL;
    GPtrArray *others = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < order->len; i++) {
        const VdCell *cell = g_ptr_array_index(order, i);
        if (vd_vm_active(cell->vm) && !vd_cell_condemned(cell))
            g_ptr_array_add(others, g_strdup(cell->vm->uuid));
    }
    return others;
}
