/* A machine's disk, read while the machine is off or goes on running: by QEMU's own backup job,
 * which copies what the disk held at one moment and leaves the machine as it was. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"

#define POLL_USEC (G_USEC_PER_SEC / 4)

void vd_vm_disk_clear(VdVmDisk *disk)
{
    g_clear_pointer(&disk->target, g_free);
    g_clear_pointer(&disk->path, g_free);
    g_clear_pointer(&disk->format, g_free);
    g_clear_pointer(&disk->name, g_free);
}

static virDomainPtr find(VdConn *conn, const char *uuid, GError **error)
{
    virDomainPtr domain = virDomainLookupByUUIDString(conn->conn, uuid);

    if (!domain)
        vd_virt_fail(error, _("The machine is gone"));
    return domain;
}

static char *volume_path(VdConn *conn, const xmlNode *source)
{
    g_autofree char *pool_name = vd_xml_attr(source, "pool");
    g_autofree char *name = vd_xml_attr(source, "volume");
    g_autoptr(virStoragePool) pool =
        pool_name ? virStoragePoolLookupByName(conn->conn, pool_name) : NULL;
    g_autoptr(virStorageVol) volume = pool && name ? virStorageVolLookupByName(pool, name) : NULL;
    char *path = volume ? virStorageVolGetPath(volume) : NULL;
    char *copy = g_strdup(path);

    free(path);
    if (!copy)
        virResetLastError();
    return copy;
}

static char *source_path(VdConn *conn, const xmlNode *disk)
{
    const xmlNode *source = vd_xml_child(disk, "source");
    char *path = vd_xml_attr(source, "file");

    if (!path)
        path = vd_xml_attr(source, "dev");
    return path ? path : volume_path(conn, source);
}

/* The disk that it starts from: the one with the lowest boot order, else the first. */
static const xmlNode *boot_disk(const xmlNode *devices, guint *ret_others)
{
    const xmlNode *best = NULL;
    guint64 best_order = 0;
    guint n = 0;

    for (const xmlNode *disk = vd_xml_child(devices, "disk"); disk; disk = vd_xml_next(disk)) {
        g_autofree char *device = vd_xml_attr(disk, "device");
        guint64 order = vd_xml_attr_number(vd_xml_child(disk, "boot"), "order", 1000);

        g_autofree char *serial = vd_xml_child_text(disk, "serial");

        if ((device && !g_str_equal(device, "disk")) || g_strcmp0(serial, VD_SEED_SERIAL) == 0)
            continue;
        n++;
        if (!best || order < best_order) {
            best = disk;
            best_order = order;
        }
    }
    *ret_others = n > 0 ? n - 1 : 0;
    return best;
}

static gboolean read_disk(VdConn *conn, virDomainPtr domain, VdVmDisk *ret, GError **error)
{
    char *text = virDomainGetXMLDesc(domain, 0);
    g_autoptr(xmlDoc) doc = vd_xml_parse(text ? text : "", "domain", NULL);
    const xmlNode *disk = NULL;
    virDomainBlockInfo info = {0};

    free(text);
    if (doc)
        disk = boot_disk(vd_xml_child(xmlDocGetRootElement(doc), "devices"), &ret->others);
    if (!disk)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL, _("The machine %s has no disk."),
                       ret->name);
    ret->target = vd_xml_child_attr(disk, "target", "dev");
    ret->format = vd_xml_child_attr(disk, "driver", "type");
    ret->path = source_path(conn, disk);
    if (!ret->format)
        ret->format = g_strdup("raw");
    if (!ret->target || !ret->path)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("The disk of %s is no file or device of its host."), ret->name);
    if (virDomainGetBlockInfo(domain, ret->target, &info, 0) < 0)
        virResetLastError();
    ret->capacity = info.capacity;
    return TRUE;
}

gboolean vd_conn_vm_disk(VdConn *conn, const char *uuid, VdVmDisk *ret, GError **error)
{
    g_autoptr(virDomain) domain = find(conn, uuid, error);

    *ret = (VdVmDisk){0};
    if (!domain)
        return FALSE;
    ret->name = g_strdup(virDomainGetName(domain));
    ret->running = virDomainIsActive(domain) == 1;
    if (!ret->running && virDomainHasManagedSaveImage(domain, 0) == 1)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The memory of %s is saved, and its disk is in the middle of things: "
                         "restore it and shut it down first."),
                       ret->name);
    return read_disk(conn, domain, ret, error);
}

/* ---- the backup job ---- */

static char *backup_xml(const VdVmDisk *disk, const char *to)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr root = xmlNewDocNode(doc, NULL, BAD_CAST "domainbackup", NULL), disks, one;

    xmlDocSetRootElement(doc, root);
    vd_xml_set(root, "mode", "push");
    disks = vd_xml_add(root, "disks", NULL);
    one = vd_xml_add(disks, "disk", NULL);
    vd_xml_set(one, "name", disk->target);
    vd_xml_set(one, "backup", "yes");
    vd_xml_set(one, "type", "file");
    vd_xml_set(vd_xml_add(one, "driver", NULL), "type", "qcow2");
    vd_xml_set(vd_xml_add(one, "target", NULL), "file", to);
    return vd_xml_write(doc);
}

/* The guest's file systems hold still while the job begins, if its agent can do that. */
static gboolean freeze(virDomainPtr domain)
{
    if (virDomainAgentSetResponseTimeout(domain, 5, 0) == 0 &&
        virDomainFSFreeze(domain, NULL, 0, 0) >= 0)
        return TRUE;
    virResetLastError();
    return FALSE;
}

static void thaw(virDomainPtr domain)
{
    if (virDomainFSThaw(domain, NULL, 0, 0) < 0)
        vd_log(VD_LOG_WARNING, NULL, "the guest's file systems could not be thawed");
}

/* How the job ended, by what is kept of it. */
static gboolean judge(virDomainPtr domain, GError **error)
{
    virTypedParameterPtr params = NULL;
    int n = 0, type = VIR_DOMAIN_JOB_NONE;
    const char *words = NULL;
    g_autofree char *copy = NULL;

    if (virDomainGetJobStats(domain, &type, &params, &n, VIR_DOMAIN_JOB_STATS_COMPLETED) < 0)
        return vd_virt_fail(error, _("What became of the copy cannot be told"));
    virTypedParamsGetString(params, n, VIR_DOMAIN_JOB_ERRMSG, &words);
    copy = g_strdup(words);
    virTypedParamsFree(params, n);
    if (type == VIR_DOMAIN_JOB_COMPLETED)
        return TRUE;
    /* QEMU has no code for it, and speaks English. */
    if (copy && strstr(copy, "No space left"))
        return vd_fail(error, VD_ERR_NO_SPACE, copy,
                       _("There is no room for a copy of the running machine's disk."));
    return vd_fail(error, VD_ERR_FAILED, copy, _("The copy of the running machine's disk failed."));
}

static gboolean wait_for_end(virDomainPtr domain, VdBackupTell tell, gpointer data,
                             GCancellable *cancel, GError **error)
{
    for (;;) {
        virDomainJobInfo info = {0};

        if (cancel && g_cancellable_is_cancelled(cancel)) {
            if (virDomainAbortJob(domain) < 0)
                virResetLastError();
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        }
        if (virDomainGetJobInfo(domain, &info) < 0)
            return vd_virt_fail(error, _("The copy of the running machine's disk was lost"));
        if (info.type == VIR_DOMAIN_JOB_NONE)
            return judge(domain, error);
        if (info.fileTotal > 0)
            tell((double)info.fileProcessed / (double)info.fileTotal, data);
        g_usleep(POLL_USEC);
    }
}

static gboolean fail_to_begin(const VdVmDisk *disk, GError **error)
{
    g_autoptr(GError) why = NULL;

    vd_virt_fail(&why, _("The disk of the running machine cannot be copied"));
    if (vd_error_code(why) == VD_ERR_UNSUPPORTED)
        return vd_fail(error, VD_ERR_UNSUPPORTED, vd_error_detail(why),
                       _("This host cannot copy the disk of a machine that runs: shut %s down "
                         "first."),
                       disk->name);
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

gboolean vd_conn_vm_backup(VdConn *conn, const char *uuid, const VdVmDisk *disk, const char *to,
                           gboolean made, gboolean *ret_quiet, VdBackupTell tell, gpointer data,
                           GCancellable *cancel, GError **error)
{
    g_autoptr(virDomain) domain = find(conn, uuid, error);
    g_autofree char *xml = backup_xml(disk, to);
    int begun;

    if (!domain)
        return FALSE;
    *ret_quiet = freeze(domain);
    begun =
        virDomainBackupBegin(domain, xml, NULL, made ? VIR_DOMAIN_BACKUP_BEGIN_REUSE_EXTERNAL : 0);
    if (begun < 0)
        fail_to_begin(disk, error);
    if (*ret_quiet)
        thaw(domain);
    return begun == 0 && wait_for_end(domain, tell, data, cancel, error);
}

gboolean vd_conn_vm_backup_abort(VdConn *conn, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);
    virTypedParameterPtr params = NULL;
    int n = 0, type = VIR_DOMAIN_JOB_NONE, operation = 0;

    (void)error;
    if (domain && virDomainGetJobStats(domain, &type, &params, &n, 0) == 0 &&
        type != VIR_DOMAIN_JOB_NONE) {
        virTypedParamsGetInt(params, n, VIR_DOMAIN_JOB_OPERATION, &operation);
        if (operation == VIR_DOMAIN_JOB_OPERATION_BACKUP && virDomainAbortJob(domain) < 0)
            virResetLastError();
    }
    virTypedParamsFree(params, n);
    virResetLastError();
    return TRUE;
}
