#include "config.h"

#include "src/virt/clock.h"
#include "src/virt/mailbox.h"

struct _VdTimer {
    VdClock *clock; /* (borrowed) */
    GSequenceIter *at;
    gint64 due;    /* monotonic */
    guint64 count; /* of those that were set before it */
    VdTimer **slot;
    void (*func)(gpointer data);
    gpointer data;
};

typedef struct {
    GSource source;
    VdClock *clock; /* borrowed: the clock destroys its source before it goes */
} ClockSource;

struct _VdClock {
    GSequence *timers; /* VdTimer*, the next first */
    guint64 count;     /* of those that ever were set */
    GSource *source;
};

static VdTimer *first(const VdClock *clock)
{
    GSequenceIter *at = g_sequence_get_begin_iter(clock->timers);
    return g_sequence_iter_is_end(at) ? NULL : g_sequence_get(at);
}

static gboolean source_prepare(GSource *source, gint *timeout)
{
    const VdTimer *timer = first(((ClockSource *)source)->clock);
    gint64 left = timer ? timer->due - g_source_get_time(source) : 0;
    *timeout = timer ? (gint)MIN((MAX(left, 0) + 999) / 1000, G_MAXINT) : -1;
    return timer && left <= 0;
}

static gboolean source_check(GSource *source)
{
    const VdTimer *timer = first(((ClockSource *)source)->clock);
    return timer && timer->due <= g_source_get_time(source);
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)callback;
    (void)data;
    VdClock *clock = ((ClockSource *)source)->clock;
    gint64 began = g_get_monotonic_time(), now = began;
    gint64 until = began + VD_MAILBOX_TURN_MS * G_TIME_SPAN_MILLISECOND;
    guint64 count = clock->count;
    do {
        VdTimer *timer = first(clock);
        if (!timer || timer->due > began || timer->count >= count)
            break;
        void (*func)(gpointer) = timer->func;
        gpointer owner = timer->data;
        vd_timer_clear(timer->slot);
        func(owner);
        now = g_get_monotonic_time();
    } while (now < until && !g_source_is_destroyed(source)); /* a func may close the clock */
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
    .prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};

VdClock *vd_clock_new(GMainContext *context)
{
    VdClock *clock = g_new0(VdClock, 1);
    clock->timers = g_sequence_new(g_free);
    clock->source = g_source_new(&source_funcs, sizeof(ClockSource));
    ((ClockSource *)clock->source)->clock = clock;
    g_source_set_static_name(clock->source, "virt clock");
    g_source_attach(clock->source, context);
    return clock;
}

void vd_clock_close(VdClock *clock)
{
    g_source_destroy(clock->source);
}

void vd_clock_free(VdClock *clock)
{
    g_source_destroy(clock->source);
    g_source_unref(clock->source);
    g_sequence_free(clock->timers);
    g_free(clock);
}

static gint by_time(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    const VdTimer *left = a, *right = b;
    return left->due != right->due ? (left->due < right->due ? -1 : 1)
                                   : (left->count < right->count ? -1 : 1);
}

void vd_timer_set(VdTimer **slot, VdClock *clock, guint ms, void (*func)(gpointer data),
                  gpointer data)
{
    vd_timer_clear(slot);
    VdTimer *timer = g_new(VdTimer, 1);
    *timer = (VdTimer){.clock = clock,
                       .due = g_get_monotonic_time() + (gint64)ms * G_TIME_SPAN_MILLISECOND,
                       .count = clock->count++,
                       .slot = slot,
                       .func = func,
                       .data = data};
    timer->at = g_sequence_insert_sorted(clock->timers, timer, by_time, NULL);
    *slot = timer;
}

void vd_timer_clear(VdTimer **slot)
{
    VdTimer *timer = g_steal_pointer(slot);
    if (timer)
        g_sequence_remove(timer->at); /* frees it */
}
