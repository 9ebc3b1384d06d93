/* storm: what an event costs. Ten thousand machines on a scripted backend, one of which changes
 * every millisecond; behind the engine stands what the console has: the fleet, the history, the
 * sorted rows, brought up to date ten times a second. Prints the per cent of one processor that the
 * loop's thread took, and microseconds for each event.
 *
 *   storm HOSTS SECONDS [name|cpu|state] */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "src/deck/history.h"
#include "tests/engine/fake-backend.h"
#include "tests/engine/loop.h"
#include "ui/tree.h"

enum { MACHINES = 10000, FRAME_MS = 100 };

typedef struct {
    Fake *fake;
    guint hosts;
    gint stop; /* atomic */
    guint64 events;
    VdFleet *fleet;
    VdHistory *history;
    VdTree *tree;
    gboolean stale;
} Storm;

static char *uri_of(guint host)
{
    return g_strdup_printf("qemu://h%u/system", host);
}

static gpointer host_ref(gconstpointer host, gpointer data)
{
    (void)data;
    return vd_host_ref((VdHost *)(gpointer)host);
}

/* As the deck does. */
static void host_changed(VdHost *host, gpointer data)
{
    Storm *storm = data;
    VdFleet *next = vd_fleet_new();
    g_ptr_array_unref(next->hosts);
    next->hosts = g_ptr_array_copy(storm->fleet->hosts, host_ref, NULL);
    guint at = 0;
    while (at < next->hosts->len &&
           strcmp(((VdHost *)g_ptr_array_index(next->hosts, at))->id, host->id) != 0)
        at++;
    VdHost *before = at < next->hosts->len ? g_ptr_array_index(next->hosts, at) : NULL;
    vd_history_feed(storm->history, before, host);
    if (before) {
        g_ptr_array_index(next->hosts, at) = vd_host_ref(host);
        vd_host_unref(before);
    } else {
        g_ptr_array_add(next->hosts, vd_host_ref(host));
    }
    vd_fleet_unref(storm->fleet);
    storm->fleet = next;
    storm->stale = TRUE;
}

static gboolean frame(gpointer data)
{
    Storm *storm = data;
    if (storm->stale)
        vd_tree_set_fleet(storm->tree, storm->fleet);
    storm->stale = FALSE;
    return G_SOURCE_CONTINUE;
}

static gpointer make_events(gpointer data)
{
    Storm *storm = data;
    guint each = MACHINES / storm->hosts;
    gint64 next = g_get_monotonic_time();
    for (guint64 i = 0; !g_atomic_int_get(&storm->stop); i++) {
        guint pick = (guint)(i * 7919 % MACHINES);
        g_autofree char *uri = uri_of(pick / each);
        fake_set_state(storm->fake, uri, pick % each,
                       i / MACHINES % 2 ? VD_VM_RUNNING : VD_VM_PAUSED);
        fake_event(storm->fake, uri, pick % each);
        storm->events++;
        next += 1000;
        gint64 left = next - g_get_monotonic_time();
        if (left > 0)
            g_usleep((gulong)left);
    }
    return NULL;
}

static gint64 thread_usec(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static void turn_for(GMainContext *context, double seconds)
{
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
    GSource *timer = g_timeout_source_new(20);
    g_source_set_callback(timer, (GSourceFunc)(void (*)(void))g_get_monotonic_time, NULL, NULL);
    g_source_attach(timer, context);
    while (g_get_monotonic_time() < end)
        (void)g_main_context_iteration(context, TRUE);
    g_source_destroy(timer);
    g_source_unref(timer);
}

static gboolean all_listed(const Storm *storm)
{
    guint vms = 0;
    for (guint i = 0; i < storm->fleet->hosts->len; i++)
        vms += ((const VdHost *)g_ptr_array_index(storm->fleet->hosts, i))->vms->len;
    return vms == MACHINES;
}

static VdSort sort_of(const char *name)
{
    return strcmp(name, "cpu") == 0     ? VD_SORT_CPU
           : strcmp(name, "state") == 0 ? VD_SORT_STATE
                                        : VD_SORT_NAME;
}

int main(int argc, char **argv)
{
    if (argc < 3 || atoi(argv[1]) < 1 || atoi(argv[2]) < 1) {
        fprintf(stderr, "usage: storm HOSTS SECONDS [name|cpu|state]\n");
        return 2;
    }
    Storm storm = {.fake = fake_new(),
                   .hosts = (guint)atoi(argv[1]),
                   .fleet = vd_fleet_new(),
                   .history = vd_history_new(),
                   .tree = vd_tree_new()};
    int seconds = atoi(argv[2]);
    GMainContext *context = g_main_context_new();
    static const VdVirtOptions options = {.events = TRUE};
    VdVirt *virt = vd_virt_new_on(context, &options, fake_backend(storm.fake), &vd_tuning_usual,
                                  host_changed, &storm);
    vd_tree_set_sort(storm.tree, sort_of(argc > 3 ? argv[3] : "name"), FALSE);
    for (guint i = 0; i < storm.hosts; i++) {
        g_autofree char *uri = uri_of(i);
        g_autofree char *id = g_strdup_printf("h%u", i);
        fake_add_many(storm.fake, uri, MACHINES / storm.hosts);
        vd_virt_add_host(virt, id, uri);
    }
    while (!all_listed(&storm))
        (void)g_main_context_iteration(context, TRUE);
    GSource *frames = g_timeout_source_new(FRAME_MS);
    g_source_set_callback(frames, frame, &storm, NULL);
    g_source_attach(frames, context);
    turn_for(context, 1);
    GThread *thread = g_thread_new("events", make_events, &storm);
    turn_for(context, 1);
    gint64 began = g_get_monotonic_time(), busy = thread_usec();
    guint64 events = storm.events;
    turn_for(context, seconds);
    busy = thread_usec() - busy;
    double elapsed = (double)(g_get_monotonic_time() - began);
    events = storm.events - events;
    g_atomic_int_set(&storm.stop, 1);
    g_thread_join(thread);
    printf("%.2f %.1f %.0f\n", 100.0 * (double)busy / elapsed,
           (double)busy / (double)MAX(events, 1), (double)events * 1e6 / elapsed);
    g_source_destroy(frames);
    g_source_unref(frames);
    vd_virt_free(virt);
    vd_tree_free(storm.tree);
    vd_history_free(storm.history);
    vd_fleet_unref(storm.fleet);
    fake_free(storm.fake);
    g_main_context_unref(context);
    return 0;
}
