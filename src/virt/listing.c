/* When a host's machines are listed, and which of them are looked at: by time, and by the hints of
 * events, which run together. What is listed and how it is merged is inventory.c's. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/virt/engine.h"

/* A look is followed by a rest of so many times what it took. */
#define REST_TIMES 20

static void refresh(gpointer data)
{
    vd_keeper_list(data);
}

/* A listing that costs little comes often, so that what has no event (autostart, say) shows soon.
 */
static void plan_refresh(VdKeeper *keeper, gint64 took)
{
    const VdTuning *tuning = keeper->virt->tuning;
    gint64 ms = CLAMP(took / 10, tuning->refresh_min_ms, tuning->refresh_max_ms);
    if (!keeper->events)
        ms = tuning->refresh_min_ms;
    vd_timer_set(&keeper->refresh, keeper->virt->yard->clock, (guint)ms, refresh, keeper);
}

/* A storm of events must not keep the host, or us, at looking: what the last look took is followed
 * by a rest of many times that. */
static void rest(VdKeeper *keeper, gint64 took)
{
    gint64 most = (gint64)keeper->virt->tuning->rest_max_ms * 1000;
    keeper->rest_until = g_get_monotonic_time() + MIN(took * REST_TIMES, most);
}

void vd_keeper_listed(VdKeeper *keeper, gint64 took, gboolean complete)
{
    keeper->lists++;
    if (keeper->lists == 1)
        vd_keeper_arrived(keeper);
    for (guint i = 0; keeper->settling > 0 && i < keeper->order->len; i++)
        vd_cell_settle(keeper, g_ptr_array_index(keeper->order, i));
    if (!complete)
        keeper->list_wanted = TRUE;
    if (keeper->stormy)
        rest(keeper, took);
    keeper->stormy = FALSE;
    if (keeper->virt->options.events)
        plan_refresh(keeper, took);
    vd_keeper_pump(keeper);
}

void vd_keeper_looked(VdKeeper *keeper, gint64 took, GPtrArray *uuids)
{
    rest(keeper, took);
    for (guint i = 0; i < uuids->len; i++) {
        VdCell *cell = vd_keeper_cell(keeper, g_ptr_array_index(uuids, i));
        if (!cell)
            continue;
        vd_cell_settle(keeper, cell);
        cell->sampled.titled = FALSE; /* it may have changed as well */
    }
    vd_keeper_pump(keeper);
}

static void never_told(gpointer data)
{
    VdKeeper *keeper = data;
    vd_keeper_down(keeper, g_steal_pointer(&keeper->broke), FALSE);
}

/* A connection that breaks wakes its calls and says why, in whichever order: a person reads that
 * the host stopped answering, not which call was the one that failed of it. */
void vd_keeper_list_failed(VdKeeper *keeper, GError *error)
{
    vd_log_error(NULL, keeper->face->id, error);
    if (vd_error_code(error) == VD_ERR_UNREACHABLE && keeper->events && keeper->tap) {
        keeper->broke = error;
        vd_timer_set(&keeper->farewell, keeper->virt->yard->clock,
                     keeper->virt->tuning->farewell_ms, never_told, keeper);
        return;
    }
    vd_keeper_down(keeper, error, vd_error_code(error) == VD_ERR_DENIED);
}

static void merged(gpointer data)
{
    vd_keeper_pump(data);
}

/* Whether hints have to wait; then this is called again. */
static gboolean resting(VdKeeper *keeper)
{
    gint64 left = keeper->rest_until - g_get_monotonic_time();
    if (left <= 0)
        return FALSE;
    if (!keeper->merge)
        vd_timer_set(&keeper->merge, keeper->virt->yard->clock, (guint)(left / 1000 + 1), merged,
                     keeper);
    return TRUE;
}

/* Where events come from many hosts at once, each waits longer for company: a look costs the loop
 * the same for one machine as for ten. Still well below the half second in which a change shows. */
enum { LOOKS_WINDOW_MS = 250, LOOKS_FEW = 4, MERGES_MOST = 8 };

static void count_window(VdVirt *virt)
{
    gint64 now = g_get_monotonic_time();
    gint64 age = (now - virt->looks_since) / G_TIME_SPAN_MILLISECOND;
    if (age < LOOKS_WINDOW_MS)
        return;
    virt->looks_before = age < 2 * LOOKS_WINDOW_MS ? virt->looks : 0;
    virt->looks = 0;
    virt->looks_since = now;
}

static guint merge_time(VdVirt *virt)
{
    count_window(virt);
    guint crowd = MAX(virt->looks, virt->looks_before) / LOOKS_FEW;
    return virt->tuning->merge_ms * MIN(1 + crowd, (guint)MERGES_MOST);
}

/* A machine that hangs is being forced off: whoever lists all of them waits until that is over, and
 * the host looks slow for it. So the others are looked at by name meanwhile; but not for ever. */
static gboolean one_in_the_way(VdKeeper *keeper)
{
    gint64 hold = (gint64)keeper->virt->tuning->hold_ms * 1000;
    for (guint i = 0; i < keeper->order->len; i++) {
        const VdCell *cell = g_ptr_array_index(keeper->order, i);
        gint64 left = cell->requested + hold - g_get_monotonic_time();
        if (!vd_cell_condemned(cell) || left <= 0)
            continue;
        vd_timer_set(&keeper->refresh, keeper->virt->yard->clock, (guint)(left / 1000 + 1), refresh,
                     keeper);
        return TRUE;
    }
    return FALSE;
}

/* The hints of machines that a look may touch go over. */
static GHashTable *take_hints(VdKeeper *keeper)
{
    GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter iter;
    gpointer uuid;
    g_hash_table_iter_init(&iter, keeper->hints);
    while (g_hash_table_iter_next(&iter, &uuid, NULL)) {
        const VdCell *cell = vd_keeper_cell(keeper, uuid);
        if (cell && vd_cell_condemned(cell))
            continue;
        g_hash_table_iter_steal(&iter);
        g_hash_table_add(taken, uuid);
    }
    return taken;
}

static void look(VdKeeper *keeper)
{
    g_autoptr(GHashTable) uuids = take_hints(keeper);
    if (g_hash_table_size(uuids) == 0)
        return;
    count_window(keeper->virt);
    keeper->virt->looks++;
    vd_keeper_push_look(keeper, uuids);
}

void vd_keeper_pump(VdKeeper *keeper)
{
    if (keeper->lists == 0 || keeper->broke || !keeper->monitor || !vd_lane_idle(keeper->monitor))
        return;
    guint hints = g_hash_table_size(keeper->hints);
    guint few = 8 + keeper->order->len / 64; /* where a full listing becomes the cheaper one */
    if (!keeper->list_wanted && (hints == 0 || resting(keeper)))
        return;
    if ((keeper->list_wanted || hints > few) && !one_in_the_way(keeper)) {
        keeper->stormy = !keeper->list_wanted;
        keeper->list_wanted = FALSE;
        g_hash_table_remove_all(keeper->hints);
        vd_timer_clear(&keeper->merge);
        vd_keeper_push_list(keeper);
    } else if (hints > 0 && !keeper->merge && !resting(keeper)) {
        look(keeper);
    }
}

void vd_keeper_hint(VdKeeper *keeper, const char *uuid)
{
    if (keeper->lists == 0)
        return; /* the first listing will tell */
    if (!g_hash_table_contains(keeper->hints, uuid))
        g_hash_table_add(keeper->hints, g_strdup(uuid));
    if (!keeper->merge)
        vd_timer_set(&keeper->merge, keeper->virt->yard->clock,
                     vd_on_beat(merge_time(keeper->virt)), merged, keeper);
}

void vd_keeper_list(VdKeeper *keeper)
{
    keeper->list_wanted = TRUE;
    vd_keeper_pump(keeper);
}
