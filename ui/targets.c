/* Names of things kept apart from the snapshots they came from: a dialog may stay open while the
 * fleet changes under it. */
#include "config.h"

#include "ui/targets.h"

#include "src/base/i18n.h"

static void item_free(gpointer data)
{
    VdTargetItem *item = data;
    g_free((char *)item->target.host);
    g_free((char *)item->target.id);
    g_free(item->name);
    g_free(item);
}

VdTargets *vd_targets_new(VdTargetKind kind)
{
    VdTargets *targets = g_new0(VdTargets, 1);
    targets->kind = kind;
    targets->items = g_ptr_array_new_with_free_func(item_free);
    return targets;
}

VdTargets *vd_targets_copy(const VdTargets *targets)
{
    if (!targets)
        return NULL;
    VdTargets *copy = vd_targets_new(targets->kind);
    for (guint i = 0; i < targets->items->len; i++) {
        const VdTargetItem *item = vd_targets_at(targets, i);
        vd_targets_add(copy, item->target.host, item->target.id, item->name);
    }
    return copy;
}

void vd_targets_free(VdTargets *targets)
{
    if (!targets)
        return;
    g_ptr_array_unref(targets->items);
    g_free(targets);
}

void vd_targets_add(VdTargets *targets, const char *host, const char *id, const char *name)
{
    VdTargetItem *item = g_new0(VdTargetItem, 1);
    item->target = (VdTarget){targets->kind, g_strdup(host), g_strdup(id)};
    item->name = g_strdup(name ? name : "");
    g_ptr_array_add(targets->items, item);
}

guint vd_targets_count(const VdTargets *targets)
{
    return targets ? targets->items->len : 0;
}

const VdTargetItem *vd_targets_at(const VdTargets *targets, guint i)
{
    return g_ptr_array_index(targets->items, i);
}

char *vd_targets_names(const VdTargets *targets)
{
    guint n = vd_targets_count(targets);
    if (n == 0)
        return g_strdup("");
    const char *first = vd_targets_at(targets, 0)->name;
    if (n == 1)
        return g_strdup(first);
    const char *second = vd_targets_at(targets, 1)->name;
    if (n == 2) /* TRANSLATORS: two names: "web-01 and web-02" */
        return g_strdup_printf(_("%s and %s"), first, second);
    /* TRANSLATORS: two names and how many others: "web-01, web-02 and 5 more" */
    return g_strdup_printf(ngettext("%s, %s and %u more", "%s, %s and %u more", n - 2), first,
                           second, n - 2);
}
