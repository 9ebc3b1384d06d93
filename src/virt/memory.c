#include "config.h"

#include "src/virt/memory.h"

#include <string.h>

enum { FIGURES_MOST = 64 };

/* libvirt wants exactly as many parameters as it has; the number is asked once. */
static int known_number(gint *number, virConnectPtr conn)
{
    int n = g_atomic_int_get(number);
    if (n != 0)
        return n;
    if (virNodeGetMemoryStats(conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n, 0) < 0 || n <= 0 ||
        n > FIGURES_MOST)
        n = -1;
    g_atomic_int_set(number, n);
    return n;
}

static void add(const virNodeMemoryStats *figure, VdNodeMemory *memory)
{
    if (strcmp(figure->field, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
        memory->total = figure->value * 1024;
    else if (strcmp(figure->field, VIR_NODE_MEMORY_STATS_FREE) == 0 ||
             strcmp(figure->field, VIR_NODE_MEMORY_STATS_BUFFERS) == 0 ||
             strcmp(figure->field, VIR_NODE_MEMORY_STATS_CACHED) == 0)
        memory->spare += figure->value * 1024;
}

gboolean vd_node_memory(virConnectPtr conn, gint *number, VdNodeMemory *ret_memory)
{
    virNodeMemoryStats stats[FIGURES_MOST];
    virNodeInfo info;
    int n = known_number(number, conn);
    *ret_memory = (VdNodeMemory){0};
    if (n > 0 && virNodeGetMemoryStats(conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n, 0) == 0)
        for (int i = 0; i < n; i++)
            add(&stats[i], ret_memory);
    ret_memory->used = ret_memory->total > 0;
    ret_memory->spare = MIN(ret_memory->spare, ret_memory->total);
    if (!ret_memory->used && virNodeGetInfo(conn, &info) == 0)
        ret_memory->total = (guint64)info.memory * 1024;
    return ret_memory->total > 0;
}
