/* See system.h: making and freeing. */
#include "config.h"

#include "src/deploy/system.h"

static void tree_free(gpointer data)
{
    VdSystemTree *tree = data;

    g_free(tree->arch);
    g_free(tree->url);
    g_free(tree->kernel);
    g_free(tree->initrd);
    g_free(tree);
}

static void least_clear(gpointer data)
{
    g_free(((VdSystemLeast *)data)->arch);
}

VdSystem *vd_system_new(void)
{
    VdSystem *system = g_new0(VdSystem, 1);

    system->trees = g_ptr_array_new_with_free_func(tree_free);
    system->least = g_array_new(FALSE, TRUE, sizeof(VdSystemLeast));
    g_array_set_clear_func(system->least, least_clear);
    return system;
}

void vd_system_free(VdSystem *system)
{
    if (!system)
        return;
    g_free(system->id);
    g_free(system->short_id);
    g_free(system->name);
    g_free(system->ended);
    g_ptr_array_unref(system->trees);
    g_array_unref(system->least);
    g_free(system);
}

VdSystemTree *vd_system_add_tree(VdSystem *system, char *arch, char *url)
{
    VdSystemTree *tree = g_new0(VdSystemTree, 1);

    tree->arch = arch;
    tree->url = url;
    g_ptr_array_add(system->trees, tree);
    return tree;
}
