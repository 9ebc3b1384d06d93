/* Making a running machine's disks whole: QEMU copies what they still read from their bases into
 * them (a block pull), while the guest goes on; then they stand on nothing. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"

#define POLL_USEC (250 * 1000)

/* The targets ("vda") of the disks that stand on another file. */
static char **disks_on_bases(virDomainPtr domain, GError **error)
{
    char *text = virDomainGetXMLDesc(domain, 0);
    g_autoptr(xmlDoc) doc = vd_xml_parse(text ? text : "", "domain", NULL);

    free(text);
    if (!doc) {
        vd_virt_fail(error, _("The machine's definition cannot be read"));
        return NULL;
    }
    return vd_xpath_all(doc, "/domain/devices/disk[backingStore/source]/target/@dev");
}

/* Ends the job; what was copied so far stays, and the disk is good. */
static void abort_pull(virDomainPtr domain, const char *disk)
{
    if (virDomainBlockJobAbort(domain, disk, 0) < 0)
        virResetLastError();
}

/* What was copied stays in the disk, which stands on its base for the rest. */
static gboolean lost(virDomainPtr domain, const char *disk, GError **error)
{
    g_autoptr(GError) why = NULL;
    int state = 0, reason = 0;

    vd_virt_fail(&why, _("The copying of the disk %s cannot be followed"), disk);
    if (virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_SHUTOFF)
        return vd_fail(error, VD_ERR_FAILED, vd_error_detail(why),
                       reason == VIR_DOMAIN_SHUTOFF_CRASHED
                           ? _("The machine crashed while its disk %s was being made whole; the "
                               "disk is as good as before. Start it, and try again.")
                           : _("The machine ended while its disk %s was being made whole; the "
                               "disk is as good as before. Start it, and try again."),
                       disk);
    virResetLastError();
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

static gboolean follow(virDomainPtr domain, const char *disk, VdUploadProgress progress,
                       gpointer data, GCancellable *cancel, GError **error)
{
    for (;;) {
        virDomainBlockJobInfo info = {0};
        int there = virDomainGetBlockJobInfo(domain, disk, &info, 0);

        if (there < 0)
            return lost(domain, disk, error);
        if (there == 0)
            return TRUE;
        /* An end of 1 says that it is not known yet. */
        if (progress && info.end > 1)
            progress(info.cur, info.end, data);
        if (g_cancellable_is_cancelled(cancel)) {
            abort_pull(domain, disk);
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        }
        g_usleep(POLL_USEC);
    }
}

/* A job that somebody else has begun is followed as well. */
static gboolean pull(virDomainPtr domain, const char *disk, VdUploadProgress progress,
                     gpointer data, GCancellable *cancel, GError **error)
{
    virDomainBlockJobInfo info = {0};
    gboolean running = virDomainGetBlockJobInfo(domain, disk, &info, 0) == 1;

    if (!running && virDomainBlockPull(domain, disk, 0, 0) < 0)
        return vd_virt_fail(error, _("The disk %s cannot be made whole"), disk);
    return follow(domain, disk, progress, data, cancel, error);
}

gboolean vd_conn_vm_pull(VdConn *conn, const char *uuid, VdUploadProgress progress, gpointer data,
                         GCancellable *cancel, guint *ret_disks, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);
    g_auto(GStrv) disks = NULL;
    g_auto(GStrv) left = NULL;

    *ret_disks = 0;
    if (!domain)
        return vd_virt_fail(error, _("The machine is gone"));
    if (virDomainIsActive(domain) != 1)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("Disks are made whole while their machine runs; start it first."));
    disks = disks_on_bases(domain, error);
    for (gsize i = 0; disks && disks[i]; i++) {
        if (!pull(domain, disks[i], progress, data, cancel, error))
            return FALSE;
    }
    if (!disks)
        return FALSE;
    *ret_disks = g_strv_length(disks);
    /* A job that failed ends as silently as one that is done. */
    left = disks_on_bases(domain, error);
    if (left && left[0])
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("The disk %s still stands on another file; is its storage pool full?"),
                       left[0]);
    return left != NULL;
}
