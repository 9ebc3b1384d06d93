/* What the operations ask before they act. A machine may change between the question and the act;
 * libvirt then refuses, and vd_virt_fail() tells so. The questions are for a clear sentence.
 *
 * Every call of libvirt forgets the last error, even one that only reads a name from the handle:
 * names are taken before the call that may fail. */
#include "config.h"

#include <libvirt/virterror.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/ops-util.h"

#define NAME_CHARS 80

char *vd_op_name(const VdVirtCall *call)
{
    return vd_text_clean(virDomainGetName(call->domain), NAME_CHARS, FALSE);
}

gboolean vd_op_state(VdVirtCall *call, int *ret_state, int *ret_reason, GError **error)
{
    g_autofree char *name = vd_op_name(call);

    if (virDomainGetState(call->domain, ret_state, ret_reason, 0) == 0)
        return TRUE;
    return vd_virt_fail(error, _("The state of %s cannot be read"), name);
}

gboolean vd_op_state_active(int state)
{
    return state != VIR_DOMAIN_SHUTOFF && state != VIR_DOMAIN_CRASHED;
}

gboolean vd_op_need_active(VdVirtCall *call, int *ret_state, GError **error)
{
    g_autofree char *name = NULL;

    if (!vd_op_state(call, ret_state, NULL, error))
        return FALSE;
    if (vd_op_state_active(*ret_state))
        return TRUE;
    name = vd_op_name(call);
    return vd_fail(error, VD_ERR_FAILED, NULL, _("%s is not running."), name);
}

gboolean vd_op_need_persistent(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int persistent = virDomainIsPersistent(call->domain);

    if (persistent < 0)
        return vd_virt_fail(error, _("The definition of %s cannot be read"), name);
    if (persistent == 0)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("%s is transient: it has no definition that outlives its run."), name);
    return TRUE;
}

char *vd_op_xml(VdVirtCall *call, unsigned int flags, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    char *xml = virDomainGetXMLDesc(call->domain, flags);

    if (xml != NULL)
        return xml;
    vd_virt_fail(error, _("The definition of %s cannot be read"), name);
    return NULL;
}

gboolean vd_op_not_known(void)
{
    switch (virGetLastErrorCode()) {
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_INVALID_ARG: /* a flag that the driver does not have */
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_OPERATION_UNSUPPORTED:
        return TRUE;
    default:
        return FALSE;
    }
}
