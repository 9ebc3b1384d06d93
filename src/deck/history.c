/* A ring for each machine that has had a figure. A bucket holds the mean of its samples; where none
 * was taken it holds VD_NONE, so that a gap stays a gap. A figure of a bar of eight steps needs few
 * digits: buckets hold the upper half of a float, which is right to half a percent. */
#include "config.h"

#include <string.h>

#include "src/deck/history.h"

#define BUCKET_USEC (5 * G_USEC_PER_SEC)

typedef struct {
    gint64 bucket; /* number of the newest, by monotonic time */
    gint64 taken;  /* of the last sample fed */
    guint16 count[VD_SERIES_COUNT];
    float mean[VD_SERIES_COUNT];                        /* of the newest bucket, so far */
    guint16 value[VD_SERIES_COUNT][VD_HISTORY_BUCKETS]; /* packed; at slot(bucket) */
} Ring;

static guint16 pack(float value)
{
    guint32 bits;
    memcpy(&bits, &value, sizeof bits);
    return (guint16)((bits + 0x8000) >> 16);
}

static float unpack(guint16 packed)
{
    guint32 bits = (guint32)packed << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Of a bucket's number, which is negative before the first ten minutes of the system. */
static gsize slot(gint64 bucket)
{
    return (gsize)(((bucket % VD_HISTORY_BUCKETS) + VD_HISTORY_BUCKETS) % VD_HISTORY_BUCKETS);
}

struct _VdHistory {
    GHashTable *rings; /* "host\nuuid" → Ring */
    gint64 swept;
};

VdHistory *vd_history_new(void)
{
    VdHistory *history = g_new0(VdHistory, 1);
    history->rings = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return history;
}

void vd_history_free(VdHistory *history)
{
    if (!history)
        return;
    g_hash_table_unref(history->rings);
    g_free(history);
}

static void ring_forward(Ring *ring, gint64 bucket)
{
    gint64 steps = MIN(bucket - ring->bucket, VD_HISTORY_BUCKETS);
    for (gint64 i = 0; i < steps; i++)
        for (int s = 0; s < VD_SERIES_COUNT; s++)
            ring->value[s][slot(bucket - i)] = pack((float)VD_NONE);
    if (steps > 0)
        memset(ring->count, 0, sizeof ring->count);
    ring->bucket = MAX(ring->bucket, bucket);
}

static Ring *find_ring(VdHistory *history, const char *host, const char *uuid)
{
    char key[160];
    g_snprintf(key, sizeof key, "%s\n%s", host, uuid ? uuid : "");
    Ring *ring = g_hash_table_lookup(history->rings, key);
    if (ring)
        return ring;
    ring = g_new0(Ring, 1);
    ring->bucket = -VD_HISTORY_BUCKETS;
    ring_forward(ring, 0);
    g_hash_table_insert(history->rings, g_strdup(key), ring);
    return ring;
}

static void feed_one(VdHistory *history, const char *host, const char *uuid, const VdFigures *now)
{
    double figures[VD_SERIES_COUNT] = {
        [VD_SERIES_CPU] = now->cpu,
        [VD_SERIES_MEM] = now->mem_used >= 0 && now->mem_total > 0
                              ? 100.0 * now->mem_used / now->mem_total
                              : VD_NONE,
        [VD_SERIES_DISK_READ] = now->disk_read,
        [VD_SERIES_DISK_WRITE] = now->disk_write,
        [VD_SERIES_NET_RX] = now->net_rx,
        [VD_SERIES_NET_TX] = now->net_tx,
    };
    if (now->taken == 0)
        return;
    Ring *ring = find_ring(history, host, uuid);
    if (now->taken <= ring->taken)
        return;
    ring->taken = now->taken;
    ring_forward(ring, now->taken / BUCKET_USEC);
    for (int s = 0; s < VD_SERIES_COUNT; s++) {
        if (figures[s] < 0)
            continue;
        guint n = ring->count[s]++;
        float mean = n == 0 ? 0 : ring->mean[s];
        ring->mean[s] = mean + ((float)figures[s] - mean) / (float)(n + 1);
        ring->value[s][slot(ring->bucket)] = pack(ring->mean[s]);
    }
}

typedef struct {
    VdHistory *history;
    const VdHost *host;
} Feed;

static void feed_changed(guint i, VdVm *before, VdVm *now, gpointer data)
{
    const Feed *feed = data;
    (void)i;
    (void)before;
    if (now->now.taken != 0)
        feed_one(feed->history, feed->host->id, now->uuid, &now->now);
}

static gboolean ring_is_old(gpointer key, gpointer ring, gpointer now)
{
    (void)key;
    return ((Ring *)ring)->bucket + 2 * VD_HISTORY_BUCKETS < *(gint64 *)now / BUCKET_USEC;
}

void vd_history_feed(VdHistory *history, const VdHost *before, const VdHost *now)
{
    feed_one(history, now->id, NULL, &now->now);
    Feed feed = {history, now};
    gboolean same = before && vd_roster_diff(before->vms, now->vms, feed_changed, &feed);
    for (guint i = 0; !same && i < now->vms->len; i++)
        feed_changed(i, NULL, vd_host_vm(now, i), &feed);
    gint64 time = g_get_monotonic_time();
    if (time - history->swept < 60 * G_USEC_PER_SEC)
        return;
    history->swept = time;
    g_hash_table_foreach_remove(history->rings, ring_is_old, &time);
}

guint vd_history_read(VdHistory *history, const char *host, const char *uuid, VdSeries series,
                      float *out, guint n)
{
    char key[160];
    g_snprintf(key, sizeof key, "%s\n%s", host, uuid ? uuid : "");
    const Ring *ring = g_hash_table_lookup(history->rings, key);
    gint64 newest = g_get_monotonic_time() / BUCKET_USEC;
    /* The bucket of this moment may not have its first sample yet: then the last full one is the
     * newest. */
    if (ring && ring->bucket == newest - 1)
        newest--;
    guint found = 0;
    for (guint i = 0; i < n; i++) {
        gint64 bucket = newest - (gint64)(n - 1 - i);
        out[i] = (float)VD_NONE;
        if (!ring || bucket < 0 || bucket > ring->bucket ||
            bucket <= ring->bucket - VD_HISTORY_BUCKETS)
            continue;
        out[i] = unpack(ring->value[series][slot(bucket)]);
        found += out[i] >= 0;
    }
    return found;
}
