/* Flattening is done anew for each snapshot and each change of what is asked: one pass over all
 * machines with the filter, one sort by keys that are computed once. Ten thousand machines take a
 * few milliseconds (see test-tree), so there is no cleverness with increments. */
#include "config.h"

#include "ui/tree.h"

#include <string.h>

#include "ui/filter.h"

struct _VdTree {
    VdFleet *fleet; /* (ref) or NULL */
    GArray *rows;   /* VdTreeRow */
    guint matched;
    char *filter_text;
    VdFilter *filter;
    gboolean flat, inverted;
    VdSort sort;
    GHashTable *folded; /* host id → itself */
    GHashTable *marks;  /* "host\nuuid" → itself */
    guint cursor, top;
    char *cursor_key; /* the row's identity, or NULL */
};

typedef struct {
    VdTreeRow row;
    double number; /* the larger the earlier */
} Keyed;

static char *row_key(const VdTreeRow *row)
{
    return g_strconcat(row->host->id, "\n", row->vm ? row->vm->uuid : "", NULL);
}

VdTree *vd_tree_new(void)
{
    VdTree *rows = g_new0(VdTree, 1);
    rows->rows = g_array_new(FALSE, FALSE, sizeof(VdTreeRow));
    rows->filter_text = g_strdup("");
    rows->filter = vd_filter_new("");
    rows->folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    rows->marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return rows;
}

void vd_tree_free(VdTree *rows)
{
    if (!rows)
        return;
    g_clear_pointer(&rows->fleet, vd_fleet_unref);
    g_array_unref(rows->rows);
    g_free(rows->filter_text);
    vd_filter_free(rows->filter);
    g_hash_table_unref(rows->folded);
    g_hash_table_unref(rows->marks);
    g_free(rows->cursor_key);
    g_free(rows);
}

/* ---- sorting ---- */

static double sort_number(const VdVm *vm, VdSort sort)
{
    const VdFigures *now = &vm->now;
    switch (sort) {
    case VD_SORT_CPU:
        return now->cpu;
    case VD_SORT_MEM:
        return now->mem_used;
    case VD_SORT_DISK:
        return MAX(now->disk_read, 0.0) + MAX(now->disk_write, 0.0) - (now->disk_read < 0);
    case VD_SORT_NET:
        return MAX(now->net_rx, 0.0) + MAX(now->net_tx, 0.0) - (now->net_rx < 0);
    case VD_SORT_STATE:
        return vm->stuck_since ? 3 : vm->pending ? 2 : vd_vm_active(vm) ? 1 : 0;
    case VD_SORT_NAME:
    case VD_SORT_ADDRESS:
    case VD_SORT_HOST:
    case VD_SORT_COUNT:
    default:
        return 0;
    }
}

static int compare_names(const VdTreeRow *a, const VdTreeRow *b)
{
    int order = vd_vm_compare(a->vm, b->vm);
    return order ? order : strcmp(a->host->id, b->host->id);
}

static int compare_addresses(const VdTreeRow *a, const VdTreeRow *b, gboolean inverted)
{
    const char *left = a->vm->address, *right = b->vm->address;
    if (!left || !right)
        return (left == NULL) - (right == NULL);
    g_autofree char *left_key = g_utf8_collate_key_for_filename(left, -1);
    g_autofree char *right_key = g_utf8_collate_key_for_filename(right, -1);
    int order = strcmp(left_key, right_key);
    return inverted ? -order : order;
}

static int compare_rows(gconstpointer left, gconstpointer right, gpointer data)
{
    const VdTree *rows = data;
    const Keyed *a = left, *b = right;
    if (rows->sort == VD_SORT_NAME) {
        int order = compare_names(&a->row, &b->row);
        return rows->inverted ? -order : order;
    }
    if (rows->sort == VD_SORT_ADDRESS) {
        int order = compare_addresses(&a->row, &b->row, rows->inverted);
        return order ? order : compare_names(&a->row, &b->row);
    }
    if (rows->sort == VD_SORT_HOST) {
        int order = strcmp(a->row.host->id, b->row.host->id);
        return order ? (rows->inverted ? -order : order) : compare_names(&a->row, &b->row);
    }
    if ((a->number < 0) != (b->number < 0)) /* not known: last, inverted or not */
        return a->number < 0 ? 1 : -1;
    if (a->number > b->number || a->number < b->number) {
        int order = a->number > b->number ? -1 : 1;
        return rows->inverted ? -order : order;
    }
    return compare_names(&a->row, &b->row);
}

/* Snapshots come sorted by name, so the tree's usual order costs nothing. */
static void sort_keyed(VdTree *rows, GArray *keyed)
{
    gboolean sorted = rows->sort == VD_SORT_NAME && !rows->inverted &&
                      (!rows->flat || rows->fleet->hosts->len == 1);
    if (!sorted)
        g_array_sort_with_data(keyed, compare_rows, rows);
}

/* ---- flattening ---- */

static void collect(VdTree *rows, VdHost *host, GArray *keyed)
{
    for (guint i = 0; i < host->vms->len; i++) {
        VdVm *vm = g_ptr_array_index(host->vms, i);
        if (!vd_filter_fits(rows->filter, host, vm))
            continue;
        Keyed one = {{host, vm}, sort_number(vm, rows->sort)};
        g_array_append_val(keyed, one);
    }
}

static void append_keyed(VdTree *rows, const GArray *keyed)
{
    for (guint i = 0; i < keyed->len; i++)
        g_array_append_val(rows->rows, g_array_index(keyed, Keyed, i).row);
}

static void flatten_tree(VdTree *rows, GArray *keyed)
{
    gboolean filtered = !vd_filter_empty(rows->filter);
    for (guint h = 0; h < rows->fleet->hosts->len; h++) {
        VdHost *host = g_ptr_array_index(rows->fleet->hosts, h);
        g_array_set_size(keyed, 0);
        collect(rows, host, keyed);
        rows->matched += keyed->len;
        if (filtered && keyed->len == 0)
            continue;
        VdTreeRow own = {host, NULL};
        g_array_append_val(rows->rows, own);
        if (!filtered && vd_tree_folded(rows, host->id))
            continue;
        sort_keyed(rows, keyed);
        append_keyed(rows, keyed);
    }
}

static void flatten_flat(VdTree *rows, GArray *keyed)
{
    for (guint h = 0; h < rows->fleet->hosts->len; h++)
        collect(rows, g_ptr_array_index(rows->fleet->hosts, h), keyed);
    rows->matched = keyed->len;
    sort_keyed(rows, keyed);
    append_keyed(rows, keyed);
}

static void remember_cursor(VdTree *rows)
{
    g_free(rows->cursor_key);
    rows->cursor_key = NULL;
    if (rows->cursor < rows->rows->len)
        rows->cursor_key = row_key(vd_tree_at(rows, rows->cursor));
}

/* The cursor goes where its machine went; a machine that is gone leaves it at its place. */
static void restore_cursor(VdTree *rows)
{
    const char *uuid = rows->cursor_key ? strchr(rows->cursor_key, '\n') : NULL;
    gsize host = uuid ? (gsize)(uuid - rows->cursor_key) : 0;
    for (guint i = 0; uuid && i < rows->rows->len; i++) {
        const VdTreeRow *row = vd_tree_at(rows, i);
        if (strcmp(row->vm ? row->vm->uuid : "", uuid + 1) == 0 &&
            strncmp(row->host->id, rows->cursor_key, host) == 0 && row->host->id[host] == '\0') {
            rows->top = (guint)MAX(0, (gint64)rows->top + (gint64)i - (gint64)rows->cursor);
            rows->cursor = i;
            return;
        }
    }
    if (rows->cursor >= rows->rows->len)
        rows->cursor = rows->rows->len ? rows->rows->len - 1 : 0;
    if (rows->rows->len)
        remember_cursor(rows);
}

static void flatten(VdTree *rows)
{
    g_array_set_size(rows->rows, 0);
    rows->matched = 0;
    if (!rows->fleet)
        return;
    g_autoptr(GArray) keyed = g_array_new(FALSE, FALSE, sizeof(Keyed));
    if (rows->flat)
        flatten_flat(rows, keyed);
    else
        flatten_tree(rows, keyed);
    restore_cursor(rows);
}

typedef struct {
    const VdFleet *fleet;
    GHashTable *seen; /* marks whose machines are there */
} Gone;

static gboolean mark_is_gone(gpointer key, gpointer value, gpointer data)
{
    const Gone *gone = data;
    (void)value;
    if (g_hash_table_contains(gone->seen, key))
        return FALSE;
    g_autofree char *host_id = g_strndup(key, strcspn(key, "\n"));
    const VdHost *host = vd_fleet_host(gone->fleet, host_id);
    return !host || host->listed;
}

/* One pass over the machines: looking each mark up would cost their product. */
static void drop_gone_marks(VdTree *rows)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint h = 0; h < rows->fleet->hosts->len; h++) {
        VdHost *host = g_ptr_array_index(rows->fleet->hosts, h);
        for (guint i = 0; i < host->vms->len; i++) {
            VdTreeRow row = {host, g_ptr_array_index(host->vms, i)};
            g_autofree char *key = row_key(&row);
            if (g_hash_table_contains(rows->marks, key))
                g_hash_table_add(seen, g_steal_pointer(&key));
        }
    }
    Gone gone = {rows->fleet, seen};
    g_hash_table_foreach_remove(rows->marks, mark_is_gone, &gone);
}

void vd_tree_set_fleet(VdTree *rows, VdFleet *fleet)
{
    VdFleet *old = rows->fleet;
    rows->fleet = fleet ? vd_fleet_ref(fleet) : NULL;
    flatten(rows);
    if (fleet && g_hash_table_size(rows->marks))
        drop_gone_marks(rows);
    vd_fleet_unref(old);
}

void vd_tree_set_filter(VdTree *rows, const char *text)
{
    if (g_strcmp0(rows->filter_text, text) == 0)
        return;
    g_free(rows->filter_text);
    rows->filter_text = g_strdup(text ? text : "");
    vd_filter_free(rows->filter);
    rows->filter = vd_filter_new(text);
    flatten(rows);
    const VdTreeRow *row = vd_tree_selected(rows);
    if (row && !row->vm && !vd_filter_empty(rows->filter))
        vd_tree_move(rows, 1); /* machines are looked for, not hosts */
}

const char *vd_tree_filter(const VdTree *rows)
{
    return rows->filter_text;
}

void vd_tree_set_flat(VdTree *rows, gboolean flat)
{
    rows->flat = flat;
    flatten(rows);
}

gboolean vd_tree_flat(const VdTree *rows)
{
    return rows->flat;
}

void vd_tree_set_sort(VdTree *rows, VdSort sort, gboolean inverted)
{
    rows->sort = sort;
    rows->inverted = inverted;
    flatten(rows);
}

VdSort vd_tree_sort(const VdTree *rows)
{
    return rows->sort;
}

gboolean vd_tree_inverted(const VdTree *rows)
{
    return rows->inverted;
}

void vd_tree_toggle_fold(VdTree *rows, const char *host)
{
    if (!g_hash_table_remove(rows->folded, host))
        g_hash_table_add(rows->folded, g_strdup(host));
    flatten(rows);
}

gboolean vd_tree_folded(const VdTree *rows, const char *host)
{
    return g_hash_table_contains(rows->folded, host);
}

/* ---- rows and cursor ---- */

guint vd_tree_count(const VdTree *rows)
{
    return rows->rows->len;
}

const VdTreeRow *vd_tree_at(const VdTree *rows, guint i)
{
    return &g_array_index(rows->rows, VdTreeRow, i);
}

guint vd_tree_matched(const VdTree *rows)
{
    return rows->matched;
}

guint vd_tree_cursor(const VdTree *rows)
{
    return rows->cursor;
}

void vd_tree_set_cursor(VdTree *rows, guint i)
{
    rows->cursor = rows->rows->len ? MIN(i, rows->rows->len - 1) : 0;
    remember_cursor(rows);
}

void vd_tree_move(VdTree *rows, int by)
{
    gint64 to = (gint64)rows->cursor + by;
    vd_tree_set_cursor(rows, (guint)CLAMP(to, 0, (gint64)G_MAXINT));
}

const VdTreeRow *vd_tree_selected(const VdTree *rows)
{
    return rows->cursor < rows->rows->len ? vd_tree_at(rows, rows->cursor) : NULL;
}

guint vd_tree_top(VdTree *rows, guint height)
{
    guint count = rows->rows->len;
    height = MAX(height, 1);
    if (rows->cursor < rows->top)
        rows->top = rows->cursor;
    if (rows->cursor >= rows->top + height)
        rows->top = rows->cursor - height + 1;
    if (rows->top + height > count)
        rows->top = count > height ? count - height : 0;
    return rows->top;
}

void vd_tree_scroll(VdTree *rows, int by, guint height)
{
    guint count = rows->rows->len;
    guint last = count > height ? count - height : 0;
    rows->top = (guint)CLAMP((gint64)rows->top + by, 0, (gint64)last);
    if (rows->cursor < rows->top)
        vd_tree_set_cursor(rows, rows->top);
    if (rows->cursor >= rows->top + MAX(height, 1))
        vd_tree_set_cursor(rows, rows->top + MAX(height, 1) - 1);
}

/* ---- marks ---- */

gboolean vd_tree_marked(const VdTree *rows, const VdTreeRow *row)
{
    if (!row->vm || g_hash_table_size(rows->marks) == 0)
        return FALSE;
    g_autofree char *key = row_key(row);
    return g_hash_table_contains(rows->marks, key);
}

static void set_mark(VdTree *rows, const VdTreeRow *row, gboolean on)
{
    g_autofree char *key = row_key(row);
    if (on)
        g_hash_table_add(rows->marks, g_steal_pointer(&key));
    else
        g_hash_table_remove(rows->marks, key);
}

static void toggle_host(VdTree *rows, VdHost *host)
{
    gboolean all = TRUE;
    for (int pass = 0; pass < 2; pass++)
        for (guint i = 0; i < host->vms->len; i++) {
            VdTreeRow row = {host, g_ptr_array_index(host->vms, i)};
            if (!vd_filter_fits(rows->filter, host, row.vm))
                continue;
            if (pass == 0)
                all = all && vd_tree_marked(rows, &row);
            else
                set_mark(rows, &row, !all);
        }
}

void vd_tree_toggle_mark(VdTree *rows, const VdTreeRow *row)
{
    if (row->vm)
        set_mark(rows, row, !vd_tree_marked(rows, row));
    else
        toggle_host(rows, row->host);
}

void vd_tree_invert_marks(VdTree *rows)
{
    for (guint i = 0; i < rows->rows->len; i++)
        if (vd_tree_at(rows, i)->vm)
            vd_tree_toggle_mark(rows, vd_tree_at(rows, i));
}

void vd_tree_clear_marks(VdTree *rows)
{
    g_hash_table_remove_all(rows->marks);
}

guint vd_tree_marks(const VdTree *rows)
{
    return g_hash_table_size(rows->marks);
}

VdTargets *vd_tree_targets(const VdTree *rows, VdTargetKind kind)
{
    VdTargets *targets = vd_targets_new(kind);
    const VdTreeRow *row = vd_tree_selected(rows);
    if (kind == VD_TARGET_HOST && row)
        vd_targets_add(targets, row->host->id, NULL, row->host->id);
    if (kind != VD_TARGET_VM || !rows->fleet)
        return targets;
    for (guint h = 0; vd_tree_marks(rows) && h < rows->fleet->hosts->len; h++) {
        VdHost *host = g_ptr_array_index(rows->fleet->hosts, h);
        for (guint i = 0; i < host->vms->len; i++) {
            VdTreeRow one = {host, g_ptr_array_index(host->vms, i)};
            if (vd_tree_marked(rows, &one))
                vd_targets_add(targets, host->id, one.vm->uuid, one.vm->name);
        }
    }
    if (!vd_tree_marks(rows) && row && row->vm)
        vd_targets_add(targets, row->host->id, row->vm->uuid, row->vm->name);
    return targets;
}
