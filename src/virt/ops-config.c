/* Changing a machine's definition: autostart and name. */
#include "config.h"

#include <string.h>

#include <libvirt/virterror.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/ops-util.h"
#include "src/virt/ops.h"

/* "on", "off", or the other of what it is for "toggle" and for none. */
static gboolean wanted_autostart(VdVirtCall *call, const char *name, int *ret_on, GError **error)
{
    const char *state = vd_args_get(call->args, "state");

    if (state == NULL || strcmp(state, "toggle") == 0) {
        if (virDomainGetAutostart(call->domain, ret_on) < 0)
            return vd_virt_fail(error, _("The autostart of %s cannot be read"), name);
        *ret_on = !*ret_on;
        return TRUE;
    }
    *ret_on = strcmp(state, "on") == 0;
    if (!*ret_on && strcmp(state, "off") != 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("Autostart can be on, off or toggle."));
    return TRUE;
}

gboolean vd_op_vm_autostart(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int on;

    if (!wanted_autostart(call, name, &on, error) || !vd_op_need_persistent(call, error))
        return FALSE;
    if (virDomainSetAutostart(call->domain, on) < 0)
        return vd_virt_fail(error, _("The autostart of %s could not be changed"), name);
    /* TRANSLATORS: of the autostart: "Autostart web-01: now on" */
    vd_call_answer(call, on ? vd_doc_new_outcome("on", N_("now on"))
                            : vd_doc_new_outcome("off", N_("now off")));
    return TRUE;
}

/* Refuses a name that another machine has. libvirt does so as well, in other words. */
static gboolean name_is_free(VdVirtCall *call, const char *wanted, GError **error)
{
    g_autoptr(virDomain) other = virDomainLookupByName(call->conn, wanted);

    if (other != NULL)
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("The name %s is in use by another machine: choose another name."), wanted);
    if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        return TRUE;
    return vd_virt_fail(error, _("It cannot be found out whether the name %s is free"), wanted);
}

gboolean vd_op_vm_rename(VdVirtCall *call, GError **error)
{
    const char *wanted = vd_args_get(call->args, "new-name");
    g_autofree char *name = vd_op_name(call);
    int state;

    if (wanted == NULL)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("The new name for %s is missing."), name);
    if (!vd_check_vm_name(wanted, error))
        return FALSE;
    if (g_strcmp0(wanted, virDomainGetName(call->domain)) == 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s has that name already."), name);
    if (!vd_op_state(call, &state, NULL, error))
        return FALSE;
    if (vd_op_state_active(state))
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("%s is running: power it off first, then rename it."), name);
    if (!name_is_free(call, wanted, error))
        return FALSE;
    if (virDomainRename(call->domain, wanted, 0) == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be renamed to %s"), name, wanted);
}
