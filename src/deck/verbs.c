/* The table of verbs. Everything that names, offers, checks, documents or runs an operation reads
 * it: a new operation is one row in the part for its kind of object (verbs-*.c), one function in
 * its room and one test. */
#include "config.h"

#include <string.h>

#include "src/deck/verb-rows.h"

const VdVerb *const *vd_deck_verbs(guint *n)
{
    static const VdVerbRow *const parts[] = {vd_verb_rows_vm, vd_verb_rows_host, vd_verb_rows_image,
                                             vd_verb_rows_script, vd_verb_rows_job};
    static GPtrArray *all; /* VdVerb, of the rows */
    static gsize once;
    if (g_once_init_enter(&once)) {
        all = g_ptr_array_new();
        for (guint p = 0; p < G_N_ELEMENTS(parts); p++)
            for (const VdVerbRow *row = parts[p]; row->verb.id; row++)
                g_ptr_array_add(all, (gpointer)&row->verb);
        g_once_init_leave(&once, 1);
    }
    *n = all->len;
    return (const VdVerb *const *)all->pdata;
}

const VdVerb *vd_deck_verb(const char *id)
{
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++)
        if (g_strcmp0(verbs[i]->id, id) == 0 || g_strcmp0(verbs[i]->command, id) == 0)
            return verbs[i];
    return NULL;
}

const VdVerbRow *vd_verb_row(const VdVerb *verb)
{
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++)
        if (verb == verbs[i])
            return (const VdVerbRow *)verb; /* its first member */
    return NULL;
}

gboolean vd_verb_applies(const VdVerb *verb, const VdVm *vm)
{
    guint now = VD_WHEN_RUNNING;
    if (vm->state == VD_VM_PAUSED || vm->state == VD_VM_SUSPENDED)
        now = VD_WHEN_PAUSED;
    else if (!vd_vm_active(vm))
        now = vm->managed_save ? VD_WHEN_SAVED : VD_WHEN_OFF;
    return (verb->when & now) != 0;
}
