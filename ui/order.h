/* Machines in the order that is asked for, kept so by what changed: those whose place may be
 * another now are taken out, sorted and merged in again. Pure; loop thread only. */
#pragma once

#include "ui/tree.h"

/* A row as the tree keeps it. Its address is its identity as long as the same machines stand there.
 */
typedef struct {
    VdTreeRow row;
    double number;  /* what figures are sorted by: the larger the earlier, below 0: not known */
    gboolean fits;  /* the filter */
    gboolean moved; /* it has to be put in order anew */
} VdEntry;

typedef struct {
    VdSort sort;
    gboolean inverted;
} VdOrder;

/* What a machine is sorted by, for sorts by figures. */
double vd_order_number(const VdVm *vm, VdSort sort);
/* Whether the place of a machine may be another after it has become `now`. */
gboolean vd_order_differs(const VdVm *before, const VdVm *now, VdSort sort);
/* Sorts all entries (VdEntry*). */
void vd_order_sort(GPtrArray *entries, const VdOrder *order);
/* Puts entries in order that was right but for those in moved, each of which has its mark set:
 * those that fit are merged in at their place, the others left out; the marks are taken away. Sorts
 * moved.
 */
void vd_order_repair(GPtrArray *entries, GPtrArray *moved, const VdOrder *order);
