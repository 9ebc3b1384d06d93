/* Each host has an entry for each of its machines, in the order of the snapshot; lists of pointers
 * to entries say what fits the filter and in which order, and the rows are put together from those.
 * A new snapshot changes entries in place, and lists only where a machine's place may be another;
 * only where machines came or went is all of it made anew, by one pass and one sort. */
#include "config.h"

#include "ui/tree.h"

#include <string.h>

#include "ui/filter.h"
#include "ui/order.h"

/* Machines that stand together. */
typedef struct {
    GPtrArray *shown; /* VdEntry* that fit the filter, in order */
    GPtrArray *moved; /* VdEntry* to be put in order anew */
} Section;

typedef struct {
    VdEntry own;      /* the host's row */
    VdEntry *entries; /* of its machines, as the snapshot has them */
    guint n;
    Section section; /* in the tree */
} Group;

struct _VdTree {
    VdFleet *fleet;    /* (ref) or NULL */
    GPtrArray *groups; /* Group*, one for each host of the fleet */
    Section all;       /* when flat */
    GPtrArray *rows;   /* VdEntry* */
    guint matched;
    char *filter_text;
    VdFilter *filter;
    gboolean flat;
    VdOrder order;
    GHashTable *folded; /* host id → itself */
    GHashTable *marks;  /* "host\nuuid" → itself */
    guint cursor, top;
    VdEntry *at;      /* the row under the cursor, or NULL */
    char *cursor_key; /* its identity while there is no such entry, or NULL */
};

static char *row_key(const VdTreeRow *row)
{
    return g_strconcat(row->host->id, "\n", row->vm ? row->vm->uuid : "", NULL);
}

static void section_init(Section *section)
{
    section->shown = g_ptr_array_new();
    section->moved = g_ptr_array_new();
}

static void section_clear(Section *section)
{
    g_ptr_array_unref(section->shown);
    g_ptr_array_unref(section->moved);
}

static void group_free(gpointer data)
{
    Group *group = data;
    section_clear(&group->section);
    g_free(group->entries);
    g_free(group);
}

VdTree *vd_tree_new(void)
{
    VdTree *rows = g_new0(VdTree, 1);
    rows->groups = g_ptr_array_new_with_free_func(group_free);
    rows->rows = g_ptr_array_new();
    section_init(&rows->all);
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
    g_ptr_array_unref(rows->groups);
    g_ptr_array_unref(rows->rows);
    section_clear(&rows->all);
    g_clear_pointer(&rows->fleet, vd_fleet_unref);
    g_free(rows->filter_text);
    vd_filter_free(rows->filter);
    g_hash_table_unref(rows->folded);
    g_hash_table_unref(rows->marks);
    g_free(rows->cursor_key);
    g_free(rows);
}

/* ---- from sections to rows ---- */

static gboolean is_cursor(const VdTree *rows, const VdEntry *entry)
{
    if (rows->at || !rows->cursor_key)
        return entry == rows->at;
    const VdTreeRow *row = &entry->row;
    const char *uuid = strchr(rows->cursor_key, '\n');
    gsize host = (gsize)(uuid - rows->cursor_key);
    return strcmp(row->vm ? row->vm->uuid : "", uuid + 1) == 0 &&
           strncmp(row->host->id, rows->cursor_key, host) == 0 && row->host->id[host] == '\0';
}

static void remember_cursor(VdTree *rows)
{
    g_clear_pointer(&rows->cursor_key, g_free);
    rows->at = rows->cursor < rows->rows->len ? g_ptr_array_index(rows->rows, rows->cursor) : NULL;
}

/* The cursor goes where its machine went; a machine that is gone leaves it at its place. */
static void restore_cursor(VdTree *rows)
{
    for (guint i = 0; i < rows->rows->len; i++) {
        if (!is_cursor(rows, g_ptr_array_index(rows->rows, i)))
            continue;
        rows->top = (guint)MAX(0, (gint64)rows->top + (gint64)i - (gint64)rows->cursor);
        rows->cursor = i;
        remember_cursor(rows);
        return;
    }
    if (rows->cursor >= rows->rows->len)
        rows->cursor = rows->rows->len ? rows->rows->len - 1 : 0;
    if (rows->rows->len)
        remember_cursor(rows);
}

/* It has no machine by which it would be found. */
static gboolean is_looked_for(const VdTree *rows, const Group *group)
{
    const VdHost *host = group->own.row.host;
    return host->vms->len == 0 && vd_filter_fits_host(rows->filter, host);
}

static void lay_rows(VdTree *rows)
{
    gboolean filtered = !vd_filter_empty(rows->filter);
    g_ptr_array_set_size(rows->rows, 0);
    rows->matched = 0;
    if (rows->flat) {
        rows->matched = rows->all.shown->len;
        g_ptr_array_extend(rows->rows, rows->all.shown, NULL, NULL);
    }
    for (guint h = 0; !rows->flat && h < rows->groups->len; h++) {
        Group *group = g_ptr_array_index(rows->groups, h);
        rows->matched += group->section.shown->len;
        if (filtered && group->section.shown->len == 0 && !is_looked_for(rows, group))
            continue;
        g_ptr_array_add(rows->rows, &group->own);
        if (filtered || !vd_tree_folded(rows, group->own.row.host->id))
            g_ptr_array_extend(rows->rows, group->section.shown, NULL, NULL);
    }
    restore_cursor(rows);
}

/* ---- all of it anew ---- */

static Section *section_of(VdTree *rows, Group *group)
{
    return rows->flat ? &rows->all : &group->section;
}

static void judge(const VdTree *rows, VdEntry *entry)
{
    entry->fits = vd_filter_fits(rows->filter, entry->row.host, entry->row.vm);
    entry->number = vd_order_number(entry->row.vm, rows->order.sort);
}

/* Snapshots come sorted by name, so the tree's usual order costs nothing. */
static void sort_section(VdTree *rows, Section *section)
{
    gboolean sorted = rows->order.sort == VD_SORT_NAME && !rows->order.inverted &&
                      (!rows->flat || rows->groups->len == 1);
    if (!sorted)
        vd_order_sort(section->shown, &rows->order);
}

static void arrange(VdTree *rows)
{
    g_ptr_array_set_size(rows->all.shown, 0);
    for (guint h = 0; h < rows->groups->len; h++) {
        Group *group = g_ptr_array_index(rows->groups, h);
        Section *section = section_of(rows, group);
        g_ptr_array_set_size(group->section.shown, 0);
        for (guint i = 0; i < group->n; i++) {
            judge(rows, &group->entries[i]);
            if (group->entries[i].fits)
                g_ptr_array_add(section->shown, &group->entries[i]);
        }
        if (!rows->flat)
            sort_section(rows, section);
    }
    if (rows->flat)
        sort_section(rows, &rows->all);
    lay_rows(rows);
}

static Group *group_new(VdHost *host)
{
    Group *group = g_new0(Group, 1);
    group->own.row.host = host;
    group->n = host->vms->len;
    group->entries = g_new0(VdEntry, group->n);
    for (guint i = 0; i < group->n; i++)
        group->entries[i].row = (VdTreeRow){host, vd_host_vm(host, i)};
    section_init(&group->section);
    return group;
}

static void make_groups(VdTree *rows, VdFleet *fleet)
{
    if (rows->at) { /* its entry goes, its name stays */
        g_free(rows->cursor_key);
        rows->cursor_key = row_key(&rows->at->row);
        rows->at = NULL;
    }
    g_ptr_array_set_size(rows->groups, 0);
    for (guint h = 0; fleet && h < fleet->hosts->len; h++)
        g_ptr_array_add(rows->groups, group_new(g_ptr_array_index(fleet->hosts, h)));
    arrange(rows);
}

/* ---- by what changed ---- */

typedef struct {
    VdTree *rows;
    Group *group;
} Change;

static void vm_changed(guint i, VdVm *before, VdVm *now, gpointer data)
{
    Change *change = data;
    VdTree *rows = change->rows;
    VdEntry *entry = &change->group->entries[i];
    gboolean fitted = entry->fits;
    entry->row.vm = now;
    judge(rows, entry);
    if (entry->moved ||
        (fitted == entry->fits && !(fitted && vd_order_differs(before, now, rows->order.sort))))
        return;
    entry->moved = TRUE;
    g_ptr_array_add(section_of(rows, change->group)->moved, entry);
}

/* FALSE: other machines are there, and all is to be made anew. */
static gboolean follow_host(VdTree *rows, Group *group, VdHost *before, VdHost *now)
{
    Change change = {rows, group};
    if (before == now)
        return TRUE;
    if (strcmp(before->id, now->id) != 0 || before->listed != now->listed ||
        !vd_roster_diff(before->vms, now->vms, vm_changed, &change))
        return FALSE;
    group->own.row.host = now;
    for (guint i = 0; i < group->n; i++)
        group->entries[i].row.host = now;
    return TRUE;
}

static gboolean repair(VdTree *rows, Section *section)
{
    if (section->moved->len == 0)
        return FALSE;
    vd_order_repair(section->shown, section->moved, &rows->order);
    g_ptr_array_set_size(section->moved, 0);
    return TRUE;
}

static gboolean follow(VdTree *rows, const VdFleet *before, const VdFleet *now)
{
    if (!before || !now || before->hosts->len != now->hosts->len)
        return FALSE;
    for (guint h = 0; h < now->hosts->len; h++)
        if (!follow_host(rows, g_ptr_array_index(rows->groups, h),
                         g_ptr_array_index(before->hosts, h), g_ptr_array_index(now->hosts, h)))
            return FALSE;
    gboolean moved = repair(rows, &rows->all);
    for (guint h = 0; h < rows->groups->len; h++)
        moved |= repair(rows, &((Group *)g_ptr_array_index(rows->groups, h))->section);
    if (moved)
        lay_rows(rows);
    return TRUE;
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
            VdTreeRow row = {host, vd_host_vm(host, i)};
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
    if (!follow(rows, old, fleet)) {
        g_ptr_array_set_size(rows->all.moved, 0);
        make_groups(rows, fleet);
        if (fleet && g_hash_table_size(rows->marks))
            drop_gone_marks(rows);
    }
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
    arrange(rows);
    const VdTreeRow *row = vd_tree_selected(rows);
    if (row && !row->vm && !vd_filter_empty(rows->filter))
        vd_tree_move(rows, 1); /* machines are looked for, not hosts */
}

const char *vd_tree_filter_problem(const VdTree *rows)
{
    return vd_filter_problem(rows->filter);
}

const char *vd_tree_filter(const VdTree *rows)
{
    return rows->filter_text;
}

void vd_tree_set_flat(VdTree *rows, gboolean flat)
{
    rows->flat = flat;
    arrange(rows);
}

gboolean vd_tree_flat(const VdTree *rows)
{
    return rows->flat;
}

void vd_tree_set_sort(VdTree *rows, VdSort sort, gboolean inverted)
{
    rows->order = (VdOrder){sort, inverted};
    arrange(rows);
}

VdSort vd_tree_sort(const VdTree *rows)
{
    return rows->order.sort;
}

gboolean vd_tree_inverted(const VdTree *rows)
{
    return rows->order.inverted;
}

void vd_tree_toggle_fold(VdTree *rows, const char *host)
{
    if (!g_hash_table_remove(rows->folded, host))
        g_hash_table_add(rows->folded, g_strdup(host));
    lay_rows(rows);
}

gboolean vd_tree_folded(const VdTree *rows, const char *host)
{
    return g_hash_table_contains(rows->folded, host);
}

/* ---- rows and cursor ---- */

guint vd_tree_groups(const VdTree *rows)
{
    static const guint groups[VD_SORT_COUNT] = {[VD_SORT_CPU] = VD_GROUP_CPU,
                                                [VD_SORT_MEM] = VD_GROUP_MEM,
                                                [VD_SORT_DISK] = VD_GROUP_DISK,
                                                [VD_SORT_NET] = VD_GROUP_NET};
    return groups[rows->order.sort] | vd_filter_groups(rows->filter);
}

guint vd_tree_count(const VdTree *rows)
{
    return rows->rows->len;
}

const VdTreeRow *vd_tree_at(const VdTree *rows, guint i)
{
    return &((const VdEntry *)g_ptr_array_index(rows->rows, i))->row;
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
            VdTreeRow row = {host, vd_host_vm(host, i)};
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
            VdTreeRow one = {host, vd_host_vm(host, i)};
            if (vd_tree_marked(rows, &one))
                vd_targets_add(targets, host->id, one.vm->uuid, one.vm->name);
        }
    }
    if (!vd_tree_marks(rows) && row && row->vm)
        vd_targets_add(targets, row->host->id, row->vm->uuid, row->vm->name);
    return targets;
}
