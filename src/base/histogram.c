/* A bucket's number is the position of the highest bit and the three bits below it. */
#include "config.h"

#include "src/base/histogram.h"

enum { SUB_BITS = 3, SUBS = 1 << SUB_BITS };

static guint bucket_of(gint64 usec)
{
    guint64 value = usec > 0 ? (guint64)usec : 0;
    if (value < SUBS)
        return (guint)value;
    guint high = (guint)g_bit_storage((gulong)value) - 1;
    guint sub = (guint)(value >> (high - SUB_BITS)) & (SUBS - 1);
    return MIN((high - SUB_BITS + 1) * SUBS + sub, (guint)VD_HISTOGRAM_BUCKETS - 1);
}

/* The largest time that belongs into it. */
static gint64 end_of(guint bucket)
{
    if (bucket < SUBS)
        return bucket;
    guint shift = bucket / SUBS - 1;
    gint64 sub = bucket % SUBS;
    return ((SUBS + sub + 1) << shift) - 1;
}

void vd_histogram_add(VdHistogram *histogram, gint64 usec)
{
    histogram->n++;
    histogram->worst = MAX(histogram->worst, usec);
    histogram->counts[bucket_of(usec)]++;
}

gint64 vd_histogram_at(const VdHistogram *histogram, double percent)
{
    double wanted = (double)histogram->n * percent / 100;
    guint64 seen = 0;
    for (guint i = 0; i < VD_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen > 0 && (double)seen >= wanted)
            return MIN(end_of(i), histogram->worst);
    }
    return histogram->worst;
}
