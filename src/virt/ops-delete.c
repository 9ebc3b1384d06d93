/* Deleting a machine, and on request the volumes that are its alone.
 *
 * The plan is made before anything is touched; the definition goes first, so that a refusal there
 * costs no data; a volume that cannot be removed after that is named in the error. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/ops-util.h"
#include "src/virt/ops.h"
#include "src/virt/volumes.h"

/* With all that hangs on the definition; drivers that do not know a flag refuse the call, so the
 * newer flags are left away step by step. What such a driver does not know, it does not have. */
static const unsigned int undefine_flags[] = {
    VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
        VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM |
        VIR_DOMAIN_UNDEFINE_TPM,
    VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
        VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM,
    VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
        VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA,
    VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA,
    0,
};

static gboolean undefine(VdVirtCall *call, const char *name, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(undefine_flags); i++) {
        if (virDomainUndefineFlags(call->domain, undefine_flags[i]) == 0)
            return TRUE;
        if (!vd_op_not_known())
            break;
    }
    if (vd_op_not_known() && virDomainUndefine(call->domain) == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be deleted"), name);
}

/* Removes what the plan lets go. The first refusal is told; the others are still removed. */
static gboolean remove_volumes(const GPtrArray *volumes, const char *name, GError **error)
{
    gboolean ok = TRUE;

    for (guint i = 0; i < volumes->len; i++) {
        const VdMachineVolume *volume = volumes->pdata[i];
        g_autofree char *path = NULL;

        if (volume->why != NULL || virStorageVolDelete(volume->vol, 0) == 0)
            continue;
        path = vd_text_clean(volume->path, 0, FALSE);
        if (ok)
            vd_virt_fail(error, _("%s is deleted, but its disk %s could not be removed"), name,
                         path);
        ok = FALSE;
    }
    return ok;
}

gboolean vd_op_vm_delete(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    g_autoptr(GPtrArray) volumes = NULL;
    int state;

    if (!vd_op_state(call, &state, NULL, error))
        return FALSE;
    if (vd_op_state_active(state))
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("%s is running: power it off first, then delete it."), name);
    if (vd_args_flag(call->args, "volumes")) {
        vd_call_expect(call, VD_VOLUMES_SECONDS);
        volumes = vd_volumes_plan(call, error);
        if (volumes == NULL)
            return FALSE;
    }
    if (!undefine(call, name, error))
        return FALSE;
    if (volumes == NULL)
        return TRUE;
    if (!remove_volumes(volumes, name, error))
        return FALSE;
    vd_call_answer(call, vd_volumes_doc(volumes, TRUE));
    return TRUE;
}

gboolean vd_op_vm_volumes(VdVirtCall *call, GError **error)
{
    g_autoptr(GPtrArray) volumes = NULL;

    vd_call_expect(call, VD_VOLUMES_SECONDS);
    volumes = vd_volumes_plan(call, error);
    if (volumes == NULL)
        return FALSE;
    vd_call_answer(call, vd_volumes_doc(volumes, FALSE));
    return TRUE;
}
