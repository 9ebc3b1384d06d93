/* How long things took: counts in buckets that widen with the time, so that adding costs
 * nanoseconds and percentiles are right to an eighth however many times there were. One thread. */
#pragma once

#include <glib.h>

/* Eight buckets for each doubling, from a microsecond to about two minutes. */
#define VD_HISTOGRAM_BUCKETS 216

typedef struct {
    guint64 n;
    gint64 worst; /* microseconds */
    guint32 counts[VD_HISTOGRAM_BUCKETS];
} VdHistogram;

void vd_histogram_add(VdHistogram *histogram, gint64 usec);
/* The time in microseconds that so many per cent of all did not pass (at most an eighth too much,
 * and never more than the worst); 0 without any. */
gint64 vd_histogram_at(const VdHistogram *histogram, double percent);
