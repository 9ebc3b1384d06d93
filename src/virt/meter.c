/* The latency meter's view of the engine: per host the times of its calls and the one that has run
 * longest. Everything is at hand on the loop thread; nothing is asked. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/virt/engine.h"

static const char *word_of(const char *lane)
{
    static const struct {
        const char *lane, *word;
    } words[] = {
        {"vd-monitor", N_("listing")},
        {"vd-stats", N_("figures")},
        {"vd-dear", N_("memory and disks")},
        {"vd-action", N_("request")},
    };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i].lane, lane) == 0)
            return words[i].word;
    return lane;
}

static void read_lane(const VdLane *lane, gpointer data)
{
    VdHostMeter *meter = data;
    VdLaneState state;
    vd_lane_state(lane, &state);
    meter->lanes++;
    meter->stuck += state.abandoned;
    if (!state.begun || (meter->doing && meter->since <= state.begun))
        return;
    meter->doing = word_of(state.name);
    meter->since = state.begun;
    meter->soft_ms = state.soft_ms;
    meter->hard_ms = state.hard_ms;
}

static void read_lanes(const GPtrArray *lanes, VdHostMeter *meter)
{
    for (guint i = 0; i < lanes->len; i++)
        read_lane(g_ptr_array_index(lanes, i), meter);
}

static void read_keeper(const VdKeeper *keeper, VdHostMeter *meter)
{
    *meter =
        (VdHostMeter){.host = g_strdup(keeper->face->id),
                      .calls = keeper->times.n,
                      .median = vd_histogram_at(&keeper->times, 50),
                      .high = vd_histogram_at(&keeper->times, 99),
                      .worst = keeper->times.worst,
                      .interval_ms = keeper->sampler ? vd_sampler_interval(keeper->sampler) : 0};
    if (keeper->monitor)
        read_lane(keeper->monitor, meter);
    read_lanes(keeper->stuck, meter);
    read_lanes(keeper->actions, meter);
    read_lanes(keeper->stuck_actions, meter);
    if (keeper->sampler)
        vd_sampler_each_lane(keeper->sampler, read_lane, meter);
}

static void clear(gpointer data)
{
    g_free(((VdHostMeter *)data)->host);
}

void vd_virt_meter(VdVirt *virt, VdVirtMeter *ret)
{
    ret->lanes = (guint)g_atomic_int_get(&virt->yard->lanes);
    ret->abandoned = (guint)g_atomic_int_get(&virt->yard->abandoned);
    ret->calls = (guint64)g_atomic_int_get(&virt->yard->calls);
}

void vd_virt_read_meter(VdVirt *virt, VdMeterReading *ret)
{
    VdVirtMeter total;
    vd_virt_meter(virt, &total);
    *ret = (VdMeterReading){total.lanes, total.abandoned, total.calls,
                            g_array_new(FALSE, FALSE, sizeof(VdHostMeter))};
    g_array_set_clear_func(ret->hosts, clear);
    g_array_set_size(ret->hosts, virt->keepers->len);
    for (guint i = 0; i < virt->keepers->len; i++)
        read_keeper(g_ptr_array_index(virt->keepers, i),
                    &g_array_index(ret->hosts, VdHostMeter, i));
}
