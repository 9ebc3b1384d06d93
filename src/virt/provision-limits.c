/* Whether a machine of some size can run on a host at all, asked before anything is made: QEMU says
 * so only when it starts, and in its own words. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/memory.h"
#include "src/virt/provision-private.h"

/* What every machine may have, whatever the host: the usual size. */
#define USUAL_CPUS 2

/* The processors of a host that are there to be used; 0: it does not tell. */
static guint host_cpus(VdConn *conn)
{
    virNodeInfo info;

    if (virNodeGetInfo(conn->conn, &info) == 0)
        return info.cpus;
    virResetLastError();
    return 0;
}

/* The most that the kind of machine takes; 0: unknown. */
static guint machine_cpus(VdConn *conn, const char *arch, gboolean kvm)
{
    VdVmTarget target;
    char *text;
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *most = NULL;
    g_autofree char *own = arch ? g_strdup(arch) : vd_conn_arch(conn);

    if (!vd_conn_find_target(conn, own, kvm, &target, NULL))
        return 0;
    text = virConnectGetDomainCapabilities(conn->conn, NULL, own, target.machine, target.type, 0);
    if (!text)
        virResetLastError();
    doc = text ? vd_xml_parse(text, "domainCapabilities", NULL) : NULL;
    free(text);
    most = doc ? vd_xpath_text(doc, "/domainCapabilities/vcpu/@max") : NULL;
    return most ? (guint)MIN(g_ascii_strtoull(most, NULL, 10), G_MAXUINT) : 0;
}

gboolean vd_conn_cpus_check(VdConn *conn, guint cpus, const char *arch, gboolean kvm,
                            gboolean overcommit, GError **error)
{
    guint there = host_cpus(conn), most = cpus > USUAL_CPUS ? machine_cpus(conn, arch, kvm) : 0;

    if (most > 0 && cpus > most)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("This host's QEMU gives a machine at most %u CPUs; choose fewer."), most);
    if (overcommit || there == 0 || cpus <= MAX(there, USUAL_CPUS))
        return TRUE;
    return vd_fail_n(error, VD_ERR_INVALID,
                     "The host has %u CPU; choose no more, or allow it to be overcommitted "
                     "(--overcommit).",
                     "The host has %u CPUs; choose no more, or allow it to be overcommitted "
                     "(--overcommit).",
                     there, there);
}

gboolean vd_conn_memory_check(VdConn *conn, guint64 memory, GError **error)
{
    gint number = 0;
    VdNodeMemory node;
    g_autofree char *all = NULL;

    if (!vd_node_memory(conn->conn, &number, &node)) {
        virResetLastError();
        return TRUE;
    }
    if (memory <= node.total)
        return TRUE;
    all = vd_format_size(node.total);
    return vd_fail(error, VD_ERR_INVALID, NULL, _("The host has %s of memory in all; choose less."),
                   all);
}
