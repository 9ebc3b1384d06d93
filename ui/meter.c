/* A source that is asked first before the loop sleeps and first after it woke. When it did not
 * sleep at all, a key that is read now may have come any time in the turn before: that counts. */
#include "config.h"

#include "ui/meter.h"

/* A sleep shorter than this was none. */
#define NAP_USEC 50

typedef struct {
    GSource source;
    VdMeter *meter;
} MeterSource;

static gboolean sleeps(GSource *source, gint *timeout)
{
    VdMeter *meter = ((MeterSource *)source)->meter;
    gint64 now = g_get_monotonic_time();
    if (meter->woke)
        vd_histogram_add(&meter->turns, now - meter->woke);
    meter->slept = now;
    *timeout = -1;
    return FALSE;
}

static gboolean wakes(GSource *source)
{
    VdMeter *meter = ((MeterSource *)source)->meter;
    gint64 now = g_get_monotonic_time();
    if (!meter->since)
        meter->since = now;
    meter->origin = now - meter->slept < NAP_USEC && meter->woke ? meter->woke : now;
    meter->woke = now;
    return FALSE;
}

static gboolean nothing(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)source;
    (void)callback;
    (void)data;
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs functions = {.prepare = sleeps, .check = wakes, .dispatch = nothing};

GSource *vd_meter_watch(VdMeter *meter, GMainContext *context)
{
    GSource *source = g_source_new(&functions, sizeof(MeterSource));
    ((MeterSource *)source)->meter = meter;
    g_source_set_static_name(source, "meter");
    g_source_set_priority(source, G_PRIORITY_HIGH - 100);
    g_source_attach(source, context);
    return source;
}

void vd_meter_key(VdMeter *meter)
{
    if (!meter->key_at)
        meter->key_at = meter->origin ? meter->origin : g_get_monotonic_time();
}

void vd_meter_no_frame(VdMeter *meter)
{
    meter->key_at = 0;
}

void vd_meter_frame(VdMeter *meter, gint64 begun)
{
    gint64 now = g_get_monotonic_time();
    vd_histogram_add(&meter->frames, now - begun);
    if (meter->key_at)
        vd_histogram_add(&meter->keys, now - meter->key_at);
    meter->key_at = 0;
}
