/* A rate is the difference of two readings by the monotonic time between them, both taken next to
 * the call itself, so that neither a late answer nor a clock that is set makes nonsense. A first
 * reading, one too close to the last, and a counter that went back (another run of the machine, a
 * device replaced) give none. */
#include "config.h"

#include "src/virt/rates.h"

/* Two readings that are closer say more about scheduling than about the machine. */
#define LEAST_USEC 100000

void vd_measure_reset(VdMeasure *measure)
{
    *measure = (VdMeasure){0};
}

static double rate(guint64 before, guint64 after, gint64 usec)
{
    if (after < before)
        return VD_NONE;
    return (double)(after - before) * 1e6 / (double)usec;
}

/* Whether a rate can be made; the reading becomes the base of the next one in any case, unless it
 * came too soon. */
static gboolean far_enough(gint64 before, gint64 after, gboolean *ret_first)
{
    *ret_first = before == 0 || after < before;
    return *ret_first || after - before >= LEAST_USEC;
}

static void add_cpu(VdMeasure *measure, const VdCounters *counters, VdFigures *figures)
{
    gboolean first;
    measure->mem_total = (double)counters->mem_total;
    figures->mem_total = measure->mem_total;
    if (!far_enough(measure->cpu_taken, counters->cpu_taken, &first))
        return;
    double busy = first ? VD_NONE
                        : rate(measure->cpu_time, counters->cpu_time,
                               counters->cpu_taken - measure->cpu_taken);
    if (busy < 0 || counters->vcpus <= 0)
        figures->cpu = VD_NONE;
    else /* nanoseconds a second of so many processors, as percent */
        figures->cpu = CLAMP(busy / 1e7 / counters->vcpus, 0.0, 100.0);
    if (first || counters->cpu_time != measure->cpu_time)
        measure->cpu_moved = counters->cpu_taken;
    measure->cpu_taken = counters->cpu_taken;
    measure->cpu_time = counters->cpu_time;
}

static void add_net(VdMeasure *measure, const VdCounters *counters, VdFigures *figures)
{
    gboolean first;
    if (!far_enough(measure->net_taken, counters->taken, &first))
        return;
    gint64 usec = counters->taken - measure->net_taken;
    figures->net_rx = first ? VD_NONE : rate(measure->rx, counters->rx, usec);
    figures->net_tx = first ? VD_NONE : rate(measure->tx, counters->tx, usec);
    measure->net_taken = counters->taken;
    measure->rx = counters->rx;
    measure->tx = counters->tx;
}

static void add_block(VdMeasure *measure, const VdCounters *counters, VdFigures *figures)
{
    gboolean first;
    if (!far_enough(measure->block_taken, counters->taken, &first))
        return;
    gint64 usec = counters->taken - measure->block_taken;
    figures->disk_read = first ? VD_NONE : rate(measure->disk_read, counters->disk_read, usec);
    figures->disk_write = first ? VD_NONE : rate(measure->disk_write, counters->disk_write, usec);
    measure->block_taken = counters->taken;
    measure->disk_read = counters->disk_read;
    measure->disk_write = counters->disk_write;
}

/* What the guest's balloon driver tells comes first; the resident size is what the host can see
 * without it. */
static void add_mem(VdMeasure *measure, const VdCounters *counters, VdFigures *figures)
{
    double total = counters->mem_total > 0 ? (double)counters->mem_total : measure->mem_total;
    figures->mem_used = VD_NONE;
    if (counters->available != G_MAXUINT64 && counters->usable != G_MAXUINT64 &&
        counters->available >= counters->usable && counters->available > 0)
        figures->mem_used = (double)(counters->available - counters->usable);
    else if (counters->unused != G_MAXUINT64 && counters->unused > 0 &&
             (double)counters->unused <= total)
        figures->mem_used = total - (double)counters->unused;
    else if (counters->rss != G_MAXUINT64)
        figures->mem_used = (double)counters->rss;
    if (total > 0) {
        figures->mem_total = total;
        figures->mem_used = MIN(figures->mem_used, total);
    }
    measure->mem_taken = counters->taken;
}

void vd_measure_add(VdMeasure *measure, const VdCounters *counters, VdFigures *figures)
{
    if (counters->has & VD_HAS_CPU)
        add_cpu(measure, counters, figures);
    if (counters->has & VD_HAS_NET)
        add_net(measure, counters, figures);
    if (counters->has & VD_HAS_BLOCK)
        add_block(measure, counters, figures);
    if (counters->has & VD_HAS_MEM)
        add_mem(measure, counters, figures);
    if (counters->has)
        figures->taken = MAX(figures->taken, counters->taken);
}

void vd_measure_expire(const VdMeasure *measure, gint64 now, gint64 usec, VdFigures *figures)
{
    if (now - measure->cpu_taken > usec)
        figures->cpu = VD_NONE;
    if (now - measure->net_taken > usec)
        figures->net_rx = figures->net_tx = VD_NONE;
    if (now - measure->block_taken > usec)
        figures->disk_read = figures->disk_write = VD_NONE;
    if (now - measure->mem_taken > usec)
        figures->mem_used = VD_NONE;
}

void vd_node_measure_add(VdNodeMeasure *measure, const VdNodeCounters *counters, VdFigures *figures)
{
    figures->mem_used = counters->has_mem ? (double)counters->mem_used : VD_NONE;
    figures->mem_total = counters->has_mem ? (double)counters->mem_total : VD_NONE;
    figures->taken = counters->taken;
    if (!counters->has_cpu) {
        figures->cpu = VD_NONE;
        return;
    }
    gboolean first;
    if (!far_enough(measure->taken, counters->taken, &first))
        return;
    figures->cpu = VD_NONE;
    if (!first && counters->total > measure->total && counters->busy >= measure->busy)
        figures->cpu = CLAMP((double)(counters->busy - measure->busy) * 100.0 /
                                 (double)(counters->total - measure->total),
                             0.0, 100.0);
    measure->taken = counters->taken;
    measure->busy = counters->busy;
    measure->total = counters->total;
}
