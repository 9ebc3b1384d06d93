/* Starting and stopping machines.
 *
 * Each operation looks at the state first, so that what cannot be done is refused in words that
 * name the machine and the way out; the act itself is one call. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/ops-util.h"
#include "src/virt/ops.h"

/* Memory that goes to a slow disk and back. */
#define SAVE_BYTES_PER_SECOND (G_GUINT64_CONSTANT(16) << 20)
#define START_SECONDS         120
/* libvirt itself gives QEMU 40 s between asking it to end and giving up. */
#define POWEROFF_SECONDS 90

/* Saving and restoring take as long as the memory is large. */
static guint memory_seconds(VdVirtCall *call)
{
    guint64 bytes = (guint64)virDomainGetMaxMemory(call->domain) * 1024;

    return (guint)MIN(bytes / SAVE_BYTES_PER_SECOND, G_TIME_SPAN_DAY / G_USEC_PER_SEC);
}

/* Starts it, from its managed save if there is one, as libvirt does. */
static gboolean create(VdVirtCall *call, const char *name, GError **error)
{
    guint seconds = START_SECONDS;

    if (virDomainHasManagedSaveImage(call->domain, 0) == 1)
        seconds += memory_seconds(call);
    vd_call_expect(call, seconds);
    if (virDomainCreate(call->domain) == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be started"), name);
}

/* Refuses a machine that is on. */
static gboolean need_off(VdVirtCall *call, const char *name, GError **error)
{
    int state;

    if (!vd_op_state(call, &state, NULL, error))
        return FALSE;
    if (state == VIR_DOMAIN_PAUSED)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s is paused: resume it instead."), name);
    if (state == VIR_DOMAIN_PMSUSPENDED)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s sleeps: resume it instead."), name);
    if (vd_op_state_active(state))
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s is already running."), name);
    return TRUE;
}

/* The guest itself has to act: it can neither while it is paused nor while it sleeps. */
static gboolean need_awake(VdVirtCall *call, const char *name, GError **error)
{
    int state;

    if (!vd_op_need_active(call, &state, error))
        return FALSE;
    if (state == VIR_DOMAIN_PAUSED)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("%s is paused: resume it first, or power it off."), name);
    if (state == VIR_DOMAIN_PMSUSPENDED)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("%s sleeps: resume it first, or power it off."), name);
    return TRUE;
}

gboolean vd_op_vm_start(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);

    return need_off(call, name, error) && create(call, name, error);
}

/* The guest acts when it likes, or not at all: till then nothing is done. */
static gboolean answer_asked(VdVirtCall *call)
{
    int state;

    /* TRANSLATORS: of a shutdown or a reboot: "Shut down web-01: the guest was asked" */
    if (vd_op_state(call, &state, NULL, NULL) && vd_op_state_active(state))
        vd_call_answer(call, vd_doc_new_outcome("asked", N_("the guest was asked")));
    return TRUE;
}

gboolean vd_op_vm_shutdown(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);

    if (!need_awake(call, name, error))
        return FALSE;
    if (virDomainShutdownFlags(call->domain, VIR_DOMAIN_SHUTDOWN_DEFAULT) == 0)
        return answer_asked(call);
    /* Some drivers have the older call alone. */
    if (vd_op_not_known() && virDomainShutdown(call->domain) == 0)
        return answer_asked(call);
    return vd_virt_fail(error, _("%s could not be asked to shut down"), name);
}

gboolean vd_op_vm_poweroff(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int state;

    if (!vd_op_need_active(call, &state, error))
        return FALSE;
    vd_call_expect(call, POWEROFF_SECONDS);
    if (virDomainDestroy(call->domain) == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be powered off"), name);
}

gboolean vd_op_vm_reboot(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);

    if (!need_awake(call, name, error))
        return FALSE;
    if (virDomainReboot(call->domain, VIR_DOMAIN_REBOOT_DEFAULT) == 0)
        return answer_asked(call);
    return vd_virt_fail(error, _("%s could not be asked to reboot"), name);
}

gboolean vd_op_vm_reset(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int state;

    if (!vd_op_need_active(call, &state, error))
        return FALSE;
    if (virDomainReset(call->domain, 0) == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be reset"), name);
}

gboolean vd_op_vm_suspend(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int state;

    if (!vd_op_need_active(call, &state, error))
        return FALSE;
    if (state == VIR_DOMAIN_PAUSED)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s is already paused."), name);
    if (virDomainSuspend(call->domain) == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be paused"), name);
}

gboolean vd_op_vm_resume(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int state, result;

    if (!vd_op_need_active(call, &state, error))
        return FALSE;
    if (state != VIR_DOMAIN_PAUSED && state != VIR_DOMAIN_PMSUSPENDED)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s is not paused."), name);
    /* One that put itself to sleep is woken, not continued. */
    if (state == VIR_DOMAIN_PMSUSPENDED)
        result = virDomainPMWakeup(call->domain, 0);
    else
        result = virDomainResume(call->domain);
    if (result == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be resumed"), name);
}

gboolean vd_op_vm_save(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int state;

    if (!vd_op_need_active(call, &state, error) || !vd_op_need_persistent(call, error))
        return FALSE;
    vd_call_expect(call, START_SECONDS + memory_seconds(call));
    if (virDomainManagedSave(call->domain, 0) == 0)
        return TRUE;
    return vd_virt_fail(error, _("%s could not be saved"), name);
}

gboolean vd_op_vm_restore(VdVirtCall *call, GError **error)
{
    g_autofree char *name = vd_op_name(call);
    int saved;

    if (!need_off(call, name, error))
        return FALSE;
    saved = virDomainHasManagedSaveImage(call->domain, 0);
    if (saved < 0)
        return vd_virt_fail(error, _("The saved state of %s cannot be read"), name);
    if (saved == 0)
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("%s has no saved state: start it instead."),
                       name);
    return create(call, name, error);
}
