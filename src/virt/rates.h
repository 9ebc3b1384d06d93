/* Figures out of counters. Pure; each measure belongs to one thread. */
#pragma once

#include "src/virt/backend.h"

/* The last readings of one machine; all zero: none yet. */
typedef struct {
    gint64 cpu_taken, net_taken, block_taken, mem_taken; /* monotonic microseconds, 0: never */
    gint64 cpu_moved; /* when cpu_time was last seen to have gone on, or first read */
    guint64 cpu_time, rx, tx, disk_read, disk_write;
    double mem_total;
} VdMeasure;

/* Forgets the readings: the machine runs anew. */
void vd_measure_reset(VdMeasure *measure);
/* Takes a reading into the measure and what follows from it into the figures; what the reading does
 * not hold stays. A counter that went back gives VD_NONE. */
void vd_measure_add(VdMeasure *measure, const VdCounters *counters, VdFigures *figures);
/* What has not been read for usec microseconds becomes VD_NONE. */
void vd_measure_expire(const VdMeasure *measure, gint64 now, gint64 usec, VdFigures *figures);

/* The same for the host's own processors and memory. */
typedef struct {
    gint64 taken;
    guint64 busy, total;
} VdNodeMeasure;
void vd_node_measure_add(VdNodeMeasure *measure, const VdNodeCounters *counters,
                         VdFigures *figures);
