/* Titles and addresses, for the rows on the screen alone: a title once and after each event, an
 * address soon after a start and then now and then. Both are round trips of their own and change
 * rarely, so only a few go along with each sample. */
#include "config.h"

#include <string.h>

#include "src/base/text.h"
#include "src/virt/engine.h"

#define MOST_AT_ONCE 4
/* What takes longer is asked singly, and then not again for so many times what it took. */
#define LONG_USEC     (G_USEC_PER_SEC / 4)
#define REST_TIMES    3
#define SOON_USEC     (5 * G_USEC_PER_SEC)
#define SOON_TIMES    24
#define LATER_USEC    (60 * G_USEC_PER_SEC)
#define TITLE_CHARS   256
#define ADDRESS_CHARS 64

typedef struct {
    char *uuid;
    VdDetail detail;
} Item;

typedef struct {
    VdKeeper *keeper; /* loop thread only */
    char *uri;
    GArray *items; /* Item; their answers are written by the lane */
    gint64 took;   /* written by the lane */
} DetailTask;

static void item_clear(gpointer data)
{
    Item *item = data;
    g_free(item->uuid);
    g_free(item->detail.ret_title);
    g_free(item->detail.ret_address);
}

static void task_free(gpointer data)
{
    DetailTask *task = data;
    g_free(task->uri);
    g_array_unref(task->items);
    g_free(task);
}

static void run(VdLaneSlot *slot, gpointer data)
{
    DetailTask *task = data;
    g_autoptr(GError) error = NULL;
    if (!vd_slot_connect_later(slot, task->uri, &error))
        return; /* the next sample reports it */
    gint64 begun = g_get_monotonic_time();
    for (guint i = 0; i < task->items->len; i++) {
        Item *item = &g_array_index(task->items, Item, i);
        slot->backend->detail(slot->conn, item->uuid, &item->detail);
    }
    task->took = g_get_monotonic_time() - begun;
}

/* Replaces a clean string; TRUE if it differs. */
static gboolean put(GRefString **place, const char *raw, gsize max)
{
    g_autofree char *clean = raw && *raw ? vd_text_clean(raw, max, FALSE) : NULL;
    if (g_strcmp0(*place, clean) == 0)
        return FALSE;
    g_clear_pointer(place, g_ref_string_release);
    *place = clean ? g_ref_string_new(clean) : NULL;
    return TRUE;
}

static void apply(VdKeeper *keeper, const Item *item)
{
    VdCell *cell = vd_keeper_cell(keeper, item->uuid);
    if (!cell)
        return;
    g_autoptr(VdVm) vm = vd_vm_copy(cell->vm);
    gboolean changed = FALSE;
    if (item->detail.title)
        changed |= put(&vm->title, item->detail.ret_title, TITLE_CHARS);
    if (item->detail.address && vd_vm_active(vm))
        changed |= put(&vm->address, item->detail.ret_address, ADDRESS_CHARS);
    if (!changed)
        return;
    vd_cell_take(keeper, cell, g_steal_pointer(&vm));
    vd_keeper_touch(keeper);
}

static void done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    (void)lane;
    DetailTask *task = data;
    if (end != VD_TASK_ANSWERED)
        return;
    for (guint i = 0; i < task->items->len; i++)
        apply(task->keeper, &g_array_index(task->items, Item, i));
    task->keeper->details_took = task->took / task->items->len;
    if (task->keeper->details_took > LONG_USEC)
        task->keeper->details_after = g_get_monotonic_time() + task->took * REST_TIMES;
}

static gboolean wants_address(const VdCell *cell, gint64 now)
{
    const VdSampled *sampled = &cell->sampled;
    if (!vd_vm_active(cell->vm))
        return FALSE;
    gboolean soon = !cell->vm->address && sampled->asked < SOON_TIMES;
    return sampled->detail_at == 0 || now - sampled->detail_at > (soon ? SOON_USEC : LATER_USEC);
}

void vd_details_push(VdKeeper *keeper, VdLane *lane, GHashTable *wanted)
{
    gint64 now = g_get_monotonic_time();
    guint most = keeper->details_took > LONG_USEC ? 1 : MOST_AT_ONCE;
    if (now < keeper->details_after)
        return;
    GArray *items = g_array_new(FALSE, TRUE, sizeof(Item));
    g_array_set_clear_func(items, item_clear);
    GHashTableIter iter;
    gpointer uuid;
    g_hash_table_iter_init(&iter, wanted);
    while (items->len < most && g_hash_table_iter_next(&iter, &uuid, NULL)) {
        VdCell *cell = vd_keeper_cell(keeper, uuid);
        if (!cell || cell->vm->stuck_since || vd_cell_condemned(cell))
            continue;
        Item item = {
            .detail = {.title = !cell->sampled.titled, .address = wants_address(cell, now)}};
        if (!item.detail.title && !item.detail.address)
            continue;
        cell->sampled.titled = TRUE;
        if (item.detail.address) {
            cell->sampled.detail_at = now;
            cell->sampled.asked++;
        }
        item.uuid = g_strdup(uuid);
        g_array_append_val(items, item);
    }
    if (items->len == 0) {
        g_array_unref(items);
        return;
    }
    const VdVirtOptions *options = &keeper->virt->options;
    DetailTask *task = g_new0(DetailTask, 1);
    task->keeper = keeper;
    task->uri = g_strdup(keeper->uri);
    task->items = items;
    VdTaskKind kind = {run, done, task_free, (guint)options->call_soft_ms,
                       (guint)options->call_hard_ms};
    vd_lane_push(lane, &kind, task);
}
