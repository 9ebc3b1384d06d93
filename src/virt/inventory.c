/* What machines a host has. A task on the monitor lane lists them (or looks at the few that
 * changed) and makes VdVms of what is new there, sorted; the loop thread merges that into the
 * host's cells. A machine in which nothing changed keeps its VdVm, so that merging costs by what
 * changed. */
#include "config.h"

#include <string.h>

#include "src/virt/engine.h"

/* A first listing spends this long on asking each new machine for its processors and memory, the
 * next ones, which follow at once, more: the names and states are on the screen before. Of a local
 * QEMU it is enough for some ten machines (130 us each). */
#define FIRST_INFO_USEC 2000
#define INFO_USEC       2000000

/* Where the last eight digits of a UUID begin: the ones that differ in those that are counted up,
 * too. */
#define UUID_TAIL 28

typedef struct {
    VdKeeper *keeper; /* loop thread only */
    VdHost *known;    /* of a full listing: ref; the machines to compare with */
    GPtrArray *uuids; /* char*: those to look at; NULL: all */
    gint64 info_usec; /* 0: no bound */
    /* written by the lane */
    GHashTable *by_uuid; /* uuid → the machine as it is known, a reference */
    gint64 info_until;
    gint64 took;
    gboolean complete; /* every machine was informed */
    GPtrArray *vms;    /* VdVm*, sorted */
    GPtrArray *gone;   /* char* */
    GError *error;
} InventoryTask;

static void task_free(gpointer data)
{
    InventoryTask *task = data;
    g_clear_pointer(&task->known, vd_host_unref);
    g_clear_pointer(&task->uuids, g_ptr_array_unref);
    g_clear_pointer(&task->by_uuid, g_hash_table_unref);
    g_clear_pointer(&task->vms, g_ptr_array_unref);
    g_clear_pointer(&task->gone, g_ptr_array_unref);
    g_clear_error(&task->error);
    g_free(task);
}

static InventoryTask *task_new(VdKeeper *keeper)
{
    InventoryTask *task = g_new0(InventoryTask, 1);
    task->keeper = keeper;
    task->by_uuid =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)vd_vm_unref);
    task->vms = g_ptr_array_new_with_free_func((GDestroyNotify)vd_vm_unref);
    task->gone = g_ptr_array_new_with_free_func(g_free);
    task->complete = TRUE;
    return task;
}

/* ---- on the lane ---- */

static void know(InventoryTask *task, VdVm *vm)
{
    g_hash_table_insert(task->by_uuid, vm->uuid, vd_vm_ref(vm));
}

static void index_known(InventoryTask *task)
{
    for (guint i = 0; task->known && i < task->known->vms->len; i++)
        know(task, vd_host_vm(task->known, i));
}

static gboolean needs_info(const char *uuid, gpointer data)
{
    InventoryTask *task = data;
    const VdVm *vm = g_hash_table_lookup(task->by_uuid, uuid);
    if (vm && vm->vcpus > 0)
        return FALSE;
    if (task->info_until == 0 || g_get_monotonic_time() < task->info_until)
        return TRUE;
    task->complete = FALSE;
    return FALSE;
}

static gboolean same(const VdVm *vm, const VdVm *other)
{
    return vm->id == other->id && vm->state == other->state && vm->reason == other->reason &&
           vm->persistent == other->persistent && vm->autostart == other->autostart &&
           vm->managed_save == other->managed_save && vm->vcpus == other->vcpus &&
           vm->max_mem == other->max_mem && strcmp(vm->raw_name, other->raw_name) == 0 &&
           strcmp(vm->name, other->name) == 0;
}

static VdVm *vm_of_row(const VdRow *row, VdVm *old)
{
    g_autoptr(VdVm) vm = NULL;
    if (old && strcmp(old->raw_name, row->raw_name) == 0)
        vm = vd_vm_copy(old);
    else
        vm = vd_vm_new(row->uuid, row->raw_name);
    vm->id = row->id;
    vm->state = row->state;
    vm->reason = row->reason;
    vm->persistent = row->persistent;
    vm->autostart = row->autostart;
    vm->managed_save = row->managed_save;
    vm->vcpus = row->informed ? row->vcpus : old ? old->vcpus : 0;
    vm->max_mem = row->informed ? row->max_mem : old ? old->max_mem : 0;
    return old && same(vm, old) ? vd_vm_ref(old) : g_steal_pointer(&vm);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return vd_vm_compare(*(VdVm *const *)a, *(VdVm *const *)b);
}

/* Two names of a host never look alike: where what is shown of them is the same (the differences
 * lie in what cannot be drawn, or beyond what is kept), the last digits of the UUID follow. */
static VdVm *told_apart(const VdVm *vm)
{
    VdVm *other = vd_vm_copy(vm);
    g_autofree char *name = g_strdup_printf("%s #%s", vm->name, vm->uuid + UUID_TAIL);
    g_ref_string_release(other->name);
    other->name = g_ref_string_new(name);
    return other;
}

/* vms are sorted, so equal names are neighbours. TRUE: there were some. */
static gboolean tell_apart(GPtrArray *vms)
{
    g_autoptr(GPtrArray) alike = g_ptr_array_new();
    for (guint i = 0; i < vms->len; i++) {
        const VdVm *vm = g_ptr_array_index(vms, i);
        const VdVm *before = i > 0 ? g_ptr_array_index(vms, i - 1) : NULL;
        const VdVm *after = i + 1 < vms->len ? g_ptr_array_index(vms, i + 1) : NULL;
        if ((before && strcmp(before->name, vm->name) == 0) ||
            (after && strcmp(after->name, vm->name) == 0))
            g_ptr_array_add(alike, GUINT_TO_POINTER(i));
    }
    for (guint n = 0; n < alike->len; n++) {
        guint i = GPOINTER_TO_UINT(g_ptr_array_index(alike, n));
        VdVm *vm = g_ptr_array_index(vms, i);
        g_ptr_array_index(vms, i) = told_apart(vm);
        vd_vm_unref(vm);
    }
    if (alike->len > 0)
        g_ptr_array_sort(vms, by_name);
    return alike->len > 0;
}

static void take_rows(InventoryTask *task, const GArray *rows)
{
    for (guint i = 0; i < rows->len; i++) {
        const VdRow *row = &g_array_index(rows, VdRow, i);
        if (row->gone)
            g_ptr_array_add(task->gone, g_strdup(row->uuid));
        else
            g_ptr_array_add(task->vms,
                            vm_of_row(row, g_hash_table_lookup(task->by_uuid, row->uuid)));
    }
    g_ptr_array_sort(task->vms, by_name);
    /* A second time for who is really called like what the first one made. */
    if (tell_apart(task->vms))
        (void)tell_apart(task->vms);
}

static void run(VdLaneSlot *slot, gpointer data)
{
    InventoryTask *task = data;
    g_autoptr(GArray) rows = vd_rows_new();
    gint64 begun = g_get_monotonic_time();
    task->info_until = task->info_usec > 0 ? begun + task->info_usec : 0;
    index_known(task);
    gboolean ok = task->uuids
                      ? slot->backend->look(slot->conn, task->uuids, rows, &task->error)
                      : slot->backend->list(slot->conn, needs_info, task, rows, &task->error);
    if (ok)
        take_rows(task, rows);
    task->took = g_get_monotonic_time() - begun;
}

/* ---- on the loop ---- */

VdCell *vd_keeper_cell(const VdKeeper *keeper, const char *uuid)
{
    return g_hash_table_lookup(keeper->cells, uuid);
}

gboolean vd_cell_condemned(const VdCell *cell)
{
    return cell->forced > 0 || (cell->requests > 0 && cell->vm->stuck_since != 0);
}

/* All that begins later leaves the machine out. */
gboolean vd_keeper_excuses(const VdKeeper *keeper, const VdLane *lane)
{
    for (guint i = 0; i < keeper->order->len; i++) {
        const VdCell *cell = g_ptr_array_index(keeper->order, i);
        if (vd_cell_condemned(cell) && vd_lane_begun(lane) < cell->requested)
            return TRUE;
    }
    return FALSE;
}

void vd_cell_free(gpointer data)
{
    VdCell *cell = data;
    vd_vm_unref(cell->vm);
    g_free(cell);
}

/* Chunks up to this place have a mark each. */
static void size_marks(VdKeeper *keeper, guint places)
{
    guint had = keeper->changed->len;
    guint chunks = (places + VD_ROSTER_CHUNK - 1) / VD_ROSTER_CHUNK;
    if (had >= chunks)
        return;
    g_byte_array_set_size(keeper->changed, chunks);
    memset(keeper->changed->data + had, 0, chunks - had);
}

void vd_cell_take(VdKeeper *keeper, VdCell *cell, VdVm *vm)
{
    vd_vm_unref(cell->vm);
    cell->vm = vm;
    size_marks(keeper, cell->place + 1);
    keeper->changed->data[cell->place / VD_ROSTER_CHUNK] = 1;
}

static VdVm *vm_at(guint i, gpointer data)
{
    const VdKeeper *keeper = data;
    return ((const VdCell *)g_ptr_array_index(keeper->order, i))->vm;
}

VdRoster *vd_keeper_roster(VdKeeper *keeper)
{
    guint len = keeper->order->len;
    size_marks(keeper, len);
    VdRoster *next =
        vd_roster_next(keeper->published ? keeper->published->vms : NULL, len,
                       keeper->reordered ? NULL : keeper->changed->data, vm_at, keeper);
    if (keeper->changed->len > 0)
        memset(keeper->changed->data, 0, keeper->changed->len);
    keeper->reordered = FALSE;
    return next;
}

/* The cell stands there now. */
static void put_at(VdKeeper *keeper, VdCell *cell, guint place)
{
    keeper->reordered = keeper->reordered || cell->place != place;
    cell->place = place;
}

/* What belongs to the inventory comes from the listing, all else (figures, pending) from the cell,
 * which may have moved on since the lane began. */
static gboolean merge_vm(VdKeeper *keeper, VdCell *cell, VdVm *listed)
{
    VdVm *old = cell->vm;
    if (old == listed || same(old, listed))
        return FALSE;
    VdVm *vm = vd_vm_copy(listed);
    vm->pending = old->pending;
    vm->stuck_since = old->stuck_since;
    vm->now = old->now;
    if (old->title != vm->title) {
        g_clear_pointer(&vm->title, g_ref_string_release);
        vm->title = old->title ? g_ref_string_acquire(old->title) : NULL;
    }
    if (old->address != vm->address) {
        g_clear_pointer(&vm->address, g_ref_string_release);
        vm->address = old->address ? g_ref_string_acquire(old->address) : NULL;
    }
    if (!vd_vm_active(vm)) {
        vm->now = vd_figures_none;
        vm->stuck_since = 0;
        g_clear_pointer(&vm->address, g_ref_string_release);
    }
    if (vm->id != old->id)
        cell->sampled = (VdSampled){0}; /* another run: its counters begin anew */
    vd_cell_take(keeper, cell, vm);
    return TRUE;
}

static VdCell *merge_one(VdKeeper *keeper, VdVm *listed, gboolean *changed)
{
    VdCell *cell = vd_keeper_cell(keeper, listed->uuid);
    if (cell) {
        *changed |= merge_vm(keeper, cell, listed);
        return cell;
    }
    cell = g_new0(VdCell, 1);
    cell->vm = vd_vm_ref(listed);
    cell->place = keeper->order->len;
    keeper->reordered = TRUE;
    g_hash_table_insert(keeper->cells, g_strdup(listed->uuid), cell);
    *changed = TRUE;
    return cell;
}

static void drop_unlisted(VdKeeper *keeper)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, keeper->cells);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        VdCell *cell = value;
        if (cell->listing == keeper->listing)
            continue;
        vd_cell_settle(keeper, cell);
        g_hash_table_iter_remove(&iter);
    }
    keeper->reordered = TRUE;
}

static void merge_list(VdKeeper *keeper, InventoryTask *task)
{
    gboolean changed = !keeper->face->listed;
    keeper->listing++;
    g_ptr_array_set_size(keeper->order, 0);
    for (guint i = 0; i < task->vms->len; i++) {
        VdCell *cell = merge_one(keeper, g_ptr_array_index(task->vms, i), &changed);
        put_at(keeper, cell, i);
        cell->listing = keeper->listing;
        g_ptr_array_add(keeper->order, cell);
    }
    if (g_hash_table_size(keeper->cells) != keeper->order->len)
        drop_unlisted(keeper);
    changed |= keeper->face->sized != task->complete;
    keeper->face->listed = TRUE;
    keeper->face->sized = task->complete;
    if (changed || keeper->reordered)
        vd_keeper_touch(keeper);
}

/* Where a machine of that name stands, or would stand. */
static guint place_of(const VdKeeper *keeper, const VdVm *vm)
{
    guint low = 0, high = keeper->order->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const VdCell *cell = g_ptr_array_index(keeper->order, middle);
        if (vd_vm_compare(cell->vm, vm) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whether another machine of that name stands where it would stand. */
static gboolean name_is_taken(const VdKeeper *keeper, const VdVm *vm)
{
    guint at = place_of(keeper, vm);
    for (guint i = at > 0 ? at - 1 : 0; i <= at && i < keeper->order->len; i++)
        if (strcmp(((const VdCell *)g_ptr_array_index(keeper->order, i))->vm->name, vm->name) == 0)
            return TRUE;
    return FALSE;
}

static void merge_look(VdKeeper *keeper, InventoryTask *task)
{
    gboolean changed = FALSE;
    for (guint i = 0; i < task->vms->len; i++) {
        VdVm *vm = g_ptr_array_index(task->vms, i);
        VdCell *cell = vd_keeper_cell(keeper, vm->uuid);
        if (cell && strcmp(cell->vm->name, vm->name) != 0) {
            g_ptr_array_remove(keeper->order, cell); /* renamed: it moves */
            keeper->reordered = TRUE;
        } else if (cell) {
            changed |= merge_vm(keeper, cell, vm);
            continue;
        }
        g_autoptr(VdVm) shown = name_is_taken(keeper, vm) ? told_apart(vm) : vd_vm_ref(vm);
        cell = merge_one(keeper, shown, &changed);
        g_ptr_array_insert(keeper->order, (gint)place_of(keeper, shown), cell);
    }
    for (guint i = 0; i < task->gone->len; i++) {
        VdCell *cell = vd_keeper_cell(keeper, g_ptr_array_index(task->gone, i));
        if (!cell)
            continue;
        g_ptr_array_remove(keeper->order, cell);
        vd_cell_settle(keeper, cell);
        g_hash_table_remove(keeper->cells, g_ptr_array_index(task->gone, i));
        keeper->reordered = TRUE;
    }
    for (guint i = 0; keeper->reordered && i < keeper->order->len; i++)
        put_at(keeper, g_ptr_array_index(keeper->order, i), i);
    changed |= keeper->reordered;
    if (changed)
        vd_keeper_touch(keeper);
}

static void done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    (void)lane;
    InventoryTask *task = data;
    VdKeeper *keeper = task->keeper;
    if (end != VD_TASK_ANSWERED)
        return; /* the lane's end is dealt with as a whole */
    if (task->error) {
        vd_keeper_list_failed(keeper, g_steal_pointer(&task->error));
        return;
    }
    keeper->face->seen = g_get_monotonic_time();
    if (task->uuids) {
        merge_look(keeper, task);
        vd_keeper_looked(keeper, task->took, task->uuids);
        return;
    }
    merge_list(keeper, task);
    vd_keeper_listed(keeper, task->took, task->complete);
}

static void push(VdKeeper *keeper, InventoryTask *task)
{
    const VdVirtOptions *options = &keeper->virt->options;
    VdTaskKind kind = {run, done, task_free, (guint)options->call_soft_ms,
                       (guint)options->call_hard_ms};
    vd_lane_push(keeper->monitor, &kind, task);
}

void vd_keeper_push_list(VdKeeper *keeper)
{
    InventoryTask *task = task_new(keeper);
    task->known = keeper->published ? vd_host_ref(keeper->published) : NULL;
    if (keeper->virt->options.events)
        task->info_usec = keeper->lists == 0 ? FIRST_INFO_USEC : INFO_USEC;
    push(keeper, task);
}

void vd_keeper_push_look(VdKeeper *keeper, GHashTable *uuids)
{
    InventoryTask *task = task_new(keeper);
    GHashTableIter iter;
    gpointer uuid;
    task->uuids = g_ptr_array_new_with_free_func(g_free);
    g_hash_table_iter_init(&iter, uuids);
    while (g_hash_table_iter_next(&iter, &uuid, NULL)) {
        const VdCell *cell = vd_keeper_cell(keeper, uuid);
        if (cell)
            know(task, cell->vm);
        g_ptr_array_add(task->uuids, g_strdup(uuid));
    }
    push(keeper, task);
}
