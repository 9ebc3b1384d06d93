/* Comparing is total (name, UUID and host decide at last), so that the order of equal figures never
 * depends on how it came about. */
#include "config.h"

#include "ui/order.h"

#include <string.h>

double vd_order_number(const VdVm *vm, VdSort sort)
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

static gboolean same_number(double a, double b)
{
    return !(a < b) && !(a > b);
}

gboolean vd_order_differs(const VdVm *before, const VdVm *now, VdSort sort)
{
    if (!same_number(vd_order_number(before, sort), vd_order_number(now, sort)))
        return TRUE;
    if (sort == VD_SORT_ADDRESS && g_strcmp0(before->address, now->address) != 0)
        return TRUE;
    return before->name != now->name && strcmp(before->name, now->name) != 0;
}

/* ---- comparing ---- */

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
    int order = vd_compare_natural(left, right);
    return inverted ? -order : order;
}

static int compare_numbers(const VdEntry *a, const VdEntry *b, gboolean inverted)
{
    if ((a->number < 0) != (b->number < 0)) /* not known: last, inverted or not */
        return a->number < 0 ? 1 : -1;
    if (a->number < 0 || same_number(a->number, b->number))
        return 0;
    int order = a->number > b->number ? -1 : 1;
    return inverted ? -order : order;
}

static int compare(const VdEntry *a, const VdEntry *b, const VdOrder *by)
{
    int order = 0;
    switch (by->sort) {
    case VD_SORT_NAME:
        order = compare_names(&a->row, &b->row);
        return by->inverted ? -order : order;
    case VD_SORT_ADDRESS:
        order = compare_addresses(&a->row, &b->row, by->inverted);
        break;
    case VD_SORT_HOST:
        order = strcmp(a->row.host->id, b->row.host->id);
        order = by->inverted ? -order : order;
        break;
    default:
        order = compare_numbers(a, b, by->inverted);
    }
    return order ? order : compare_names(&a->row, &b->row);
}

static int by_order(gconstpointer left, gconstpointer right, gpointer order)
{
    return compare(*(const VdEntry *const *)left, *(const VdEntry *const *)right, order);
}

void vd_order_sort(GPtrArray *entries, const VdOrder *order)
{
    VdOrder by = *order;
    g_ptr_array_sort_with_data(entries, by_order, &by);
}

/* ---- by what changed ---- */

/* Leaves those that have not moved, in their order; how many. */
static guint compact(GPtrArray *entries)
{
    guint kept = 0;
    for (guint i = 0; i < entries->len; i++) {
        VdEntry *entry = g_ptr_array_index(entries, i);
        if (!entry->moved)
            g_ptr_array_index(entries, kept++) = entry;
    }
    return kept;
}

/* From the end, so that nothing is overwritten before it has been moved. */
static void merge(GPtrArray *entries, guint kept, const GPtrArray *more, const VdOrder *order)
{
    guint left = kept, right = more->len, to = kept + more->len;
    g_ptr_array_set_size(entries, (gint)to);
    while (right > 0) {
        VdEntry *last = g_ptr_array_index(more, right - 1);
        VdEntry *other = left > 0 ? g_ptr_array_index(entries, left - 1) : NULL;
        if (other && compare(other, last, order) > 0) {
            g_ptr_array_index(entries, --to) = other;
            left--;
        } else {
            g_ptr_array_index(entries, --to) = last;
            right--;
        }
    }
}

void vd_order_repair(GPtrArray *entries, GPtrArray *moved, const VdOrder *order)
{
    guint kept = compact(entries), fitting = 0;
    for (guint i = 0; i < moved->len; i++) {
        VdEntry *entry = g_ptr_array_index(moved, i);
        entry->moved = FALSE;
        if (entry->fits)
            g_ptr_array_index(moved, fitting++) = entry;
    }
    g_ptr_array_set_size(moved, (gint)fitting);
    vd_order_sort(moved, order);
    merge(entries, kept, moved, order);
}
