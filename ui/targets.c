/* Names of things kept apart from the snapshots they came from: a dialog may stay open while the
 * fleet changes under it. */
#include "config.h"

#include "ui/targets.h"

#include "src/base/i18n.h"

/* So many are named; for more, their number has to be typed in any case. */
enum { NAMES_MOST = 10 };

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
    copy->without = g_strdup(targets->without);
    return copy;
}

void vd_targets_free(VdTargets *targets)
{
    if (!targets)
        return;
    g_ptr_array_unref(targets->items);
    g_free(targets->without);
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

/* Whether the machines stand on several hosts, so that a name alone does not say which is meant. */
static gboolean on_several_hosts(const VdTargets *targets)
{
    const char *first = vd_targets_at(targets, 0)->target.host;
    for (guint i = 1; i < vd_targets_count(targets); i++)
        if (g_strcmp0(vd_targets_at(targets, i)->target.host, first) != 0)
            return targets->kind == VD_TARGET_VM;
    return FALSE;
}

char *vd_targets_names(const VdTargets *targets)
{
    guint n = vd_targets_count(targets);
    guint shown = MIN(n, (guint)NAMES_MOST);
    if (n == 0)
        return g_strdup("");
    gboolean with_host = on_several_hosts(targets);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < shown; i++) {
        const VdTargetItem *item = vd_targets_at(targets, i);
        g_ptr_array_add(names, with_host ? g_strdup_printf("%s (%s)", item->name, item->target.host)
                                         : g_strdup(item->name));
    }
    if (n == 2) /* TRANSLATORS: two names: "web-01 and web-02" */
        return g_strdup_printf(_("%s and %s"), (char *)names->pdata[0], (char *)names->pdata[1]);
    char *last = n > shown ? g_ptr_array_steal_index(names, names->len - 1) : NULL;
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    g_autofree char *owned = last;
    if (!last)
        return g_steal_pointer(&list);
    /* TRANSLATORS: names and how many others: "web-01, web-02 and 5 more" */
    return g_strdup_printf(ngettext("%s, %s and %u more", "%s, %s and %u more", n - shown), list,
                           last, n - shown);
}
