/* Machines for job runners: define by a document of our own, start, find its address, take it away
 * without a trace. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"

#define DROP_USEC      (20 * G_USEC_PER_SEC)
#define DROP_POLL_USEC (100 * 1000)

/* Whether the host has this machine kind; *ret_cpu_maximum says if the emulated CPU can have all
 * its features (distributions built for x86-64-v2 do not run on QEMU's plain one). */
static gboolean has_machine(VdConn *conn, const char *arch, const char *machine, const char *type,
                            gboolean *ret_cpu_maximum)
{
    char *text = virConnectGetDomainCapabilities(conn->conn, NULL, arch, machine, type, 0);
    g_autoptr(xmlDoc) doc = vd_xml_parse(text ? text : "", "domainCapabilities", NULL);

    free(text);
    if (!doc) {
        virResetLastError();
        return FALSE;
    }
    *ret_cpu_maximum =
        vd_xpath_has(doc, "/domainCapabilities/cpu/mode[@name='maximum']/@supported", "yes");
    return TRUE;
}

static gboolean is_arm(const char *arch)
{
    return g_str_equal(arch, "aarch64");
}

char *vd_conn_arch(VdConn *conn)
{
    char *text = virConnectGetCapabilities(conn->conn);
    g_autoptr(xmlDoc) doc = vd_xml_parse(text ? text : "", "capabilities", NULL);
    char *arch = doc ? vd_xpath_text(doc, "/capabilities/host/cpu/arch") : NULL;

    free(text);
    return arch ? arch : g_strdup("x86_64");
}

/* The kinds of machines in the order of our liking. */
static const char *const machines[] = {"q35", "virt", "pc", NULL};

static gboolean offers_efi(VdConn *conn, const char *arch)
{
    for (int i = 0; machines[i]; i++) {
        char *text = virConnectGetDomainCapabilities(conn->conn, NULL, arch, machines[i], NULL, 0);
        g_autoptr(xmlDoc) doc = text ? vd_xml_parse(text, "domainCapabilities", NULL) : NULL;

        free(text);
        if (doc)
            return vd_xpath_has(doc, "/domainCapabilities/os/enum[@name='firmware']/value", "efi");
    }
    virResetLastError();
    return FALSE;
}

gboolean vd_conn_efi_check(VdConn *conn, const char *arch, GError **error)
{
    g_autofree char *own = arch ? g_strdup(arch) : vd_conn_arch(conn);

    if (g_str_equal(conn->driver, "TEST") || offers_efi(conn, own))
        return TRUE;
    return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                   _("The image starts with UEFI firmware only, and this host has none for "
                     "machines: install %s there (Fedora: %s)."),
                   is_arm(own) ? "qemu-efi-aarch64" : "ovmf",
                   is_arm(own) ? "edk2-aarch64" : "edk2-ovmf");
}

gboolean vd_conn_runs_machines(VdConn *conn, gboolean real, GError **error)
{
    gboolean plays = g_str_equal(conn->driver, "TEST");

    if (g_str_equal(conn->driver, "QEMU") || (plays && !real))
        return TRUE;
    if (plays)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("This host is libvirt's test driver, which only plays machines: none can "
                         "be set up or started there; choose a QEMU host."));
    return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                   _("Machines can be deployed on QEMU hosts only; this one is %s."), conn->driver);
}

gboolean vd_conn_find_target(VdConn *conn, const char *arch, gboolean kvm, VdVmTarget *target,
                             GError **error)
{
    gboolean maximum = FALSE;

    *target = (VdVmTarget){.arch = arch, .type = kvm ? "kvm" : "qemu"};
    if (g_str_equal(conn->driver, "TEST")) {
        target->type = "test";
        return TRUE;
    }
    if (!vd_conn_runs_machines(conn, FALSE, error))
        return FALSE;
    for (int i = 0; machines[i] && !target->machine; i++) {
        if (has_machine(conn, arch, machines[i], target->type, &maximum))
            target->machine = machines[i];
    }
    if (!target->machine)
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                       _("This host's QEMU cannot run machines of the architecture %s."), arch);
    target->cpu = kvm ? "host-passthrough" : maximum ? "maximum" : NULL;
    return TRUE;
}

gboolean vd_conn_vm_define(VdConn *conn, const VdVmPlan *plan, char **ret_uuid, GError **error)
{
    g_autoptr(virDomain) domain = NULL;
    g_autofree char *arch = plan->arch ? g_strdup(plan->arch) : vd_conn_arch(conn);
    g_autofree char *xml = NULL;
    char uuid[VIR_UUID_STRING_BUFLEN];
    VdVmTarget target;

    *ret_uuid = NULL;
    if (vd_conn_vm_exists(conn, plan->name))
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("A machine named %s is there already; choose another name."), plan->name);
    if (!vd_conn_find_target(conn, arch, plan->kvm, &target, error))
        return FALSE;
    xml = vd_vm_plan_xml(plan, &target);
    /* A name that was taken meanwhile is refused by libvirt itself, as our UUID is another one. */
    domain = virDomainDefineXMLFlags(conn->conn, xml, VIR_DOMAIN_DEFINE_VALIDATE);
    if (!domain)
        return vd_virt_fail(error, _("The machine %s could not be defined"), plan->name);
    if (virDomainGetUUIDString(domain, uuid) < 0)
        return vd_virt_fail(error, _("The machine %s has no UUID"), plan->name);
    vd_log(VD_LOG_INFO, conn->request, "defined %s (%s, %s)", uuid, target.type,
           target.machine ? target.machine : "default machine");
    *ret_uuid = g_strdup(uuid);
    return TRUE;
}

gboolean vd_conn_vm_start(VdConn *conn, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);

    if (!domain)
        return vd_virt_fail(error, _("The machine is gone"));
    if (virDomainCreate(domain) < 0)
        return vd_virt_fail(error, _("The machine could not be started"));
    return TRUE;
}

gboolean vd_conn_vm_from_disk(VdConn *conn, const char *uuid, gboolean again, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);
    g_autoptr(virDomain) defined = NULL;
    g_autofree char *xml = NULL;
    char *text;

    if (!domain)
        return vd_virt_fail(error, _("The machine is gone"));
    text = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE);
    xml = vd_vm_from_disk_xml(text ? text : "", again);
    free(text);
    defined = xml ? virDomainDefineXML(conn->conn, xml) : NULL;
    if (!defined)
        return vd_virt_fail(error, _("The machine could not be set to start from its disk"));
    return TRUE;
}

gboolean vd_conn_vm_autostart(VdConn *conn, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);

    if (!domain || virDomainSetAutostart(domain, 1) < 0)
        return vd_virt_fail(error, _("The machine could not be set to start with its host"));
    return TRUE;
}

gboolean vd_conn_vm_running(VdConn *conn, const char *uuid)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);

    if (!domain)
        virResetLastError();
    return domain && virDomainIsActive(domain) == 1;
}

VdVmRest vd_conn_vm_rest(VdConn *conn, const char *uuid)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);
    int state = VIR_DOMAIN_NOSTATE, reason = 0;

    if (!domain || virDomainGetState(domain, &state, &reason, 0) < 0) {
        gboolean gone = virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;

        virResetLastError();
        return gone ? VD_REST_ENDED : VD_REST_NONE;
    }
    if (state != VIR_DOMAIN_SHUTOFF && state != VIR_DOMAIN_CRASHED)
        return VD_REST_NONE;
    if (virDomainHasManagedSaveImage(domain, 0) == 1)
        return VD_REST_SAVED;
    if (state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_DESTROYED)
        return VD_REST_CUT_OFF;
    return state == VIR_DOMAIN_CRASHED || reason == VIR_DOMAIN_SHUTOFF_CRASHED ? VD_REST_CRASHED
                                                                               : VD_REST_ENDED;
}

/* The disk element of the machine's seed medium, or NULL if it has none (any more). */
static char *seed_xml(virDomainPtr domain, unsigned int flags)
{
    char *text = virDomainGetXMLDesc(domain, flags);
    g_autoptr(xmlDoc) doc = vd_xml_parse(text ? text : "", "domain", NULL);
    char *xml = doc ? vd_xpath_xml(doc, "/domain/devices/disk[serial='" VD_SEED_SERIAL "']") : NULL;

    free(text);
    return xml;
}

static gboolean detach_seed(virDomainPtr domain, unsigned int describe, unsigned int affect,
                            GError **error)
{
    g_autofree char *xml = seed_xml(domain, describe);

    if (!xml || virDomainDetachDeviceFlags(domain, xml, affect) == 0)
        return TRUE;
    return vd_virt_fail(error, _("The seed medium could not be taken out"));
}

gboolean vd_conn_vm_drop_seed(VdConn *conn, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);
    gint64 deadline = g_get_monotonic_time() + DROP_USEC;

    if (!domain)
        return vd_virt_fail(error, _("The machine is gone"));
    if (!detach_seed(domain, VIR_DOMAIN_XML_INACTIVE, VIR_DOMAIN_AFFECT_CONFIG, error))
        return FALSE;
    if (virDomainIsActive(domain) != 1)
        return TRUE;
    if (!detach_seed(domain, 0, VIR_DOMAIN_AFFECT_LIVE, error))
        return FALSE;
    /* The guest has to let go of it first. */
    for (;;) {
        g_autofree char *still = seed_xml(domain, 0);

        if (!still || virDomainIsActive(domain) != 1)
            return TRUE;
        if (g_get_monotonic_time() > deadline)
            return vd_fail(error, VD_ERR_TIMEOUT, NULL,
                           _("The guest does not let go of its seed medium."));
        g_usleep(DROP_POLL_USEC);
    }
}

gboolean vd_conn_vm_remove(VdConn *conn, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);

    if (!domain) {
        if (virGetLastErrorCode() != VIR_ERR_NO_DOMAIN)
            return vd_virt_fail(error, _("The machine could not be looked up"));
        virResetLastError();
        return TRUE;
    }
    if (virDomainIsActive(domain) == 1 && virDomainDestroy(domain) < 0 &&
        virDomainIsActive(domain) == 1)
        return vd_virt_fail(error, _("The machine could not be ended"));
    if (virDomainUndefineFlags(
            domain, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
                        VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM) == 0)
        return TRUE;
    /* Drivers that know fewer of these say so; and somebody else may have been faster. */
    if (virDomainUndefine(domain) == 0 || virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) {
        virResetLastError();
        return TRUE;
    }
    return vd_virt_fail(error, _("The machine could not be removed"));
}

/* An address that others can reach: no loopback, no link-local one. */
static gboolean is_useful(const virDomainIPAddress *address)
{
    return address->addr && !g_str_has_prefix(address->addr, "127.") &&
           !g_str_equal(address->addr, "::1") && !g_str_has_prefix(address->addr, "169.254.") &&
           g_ascii_strncasecmp(address->addr, "fe80:", 5) != 0;
}

/* The first IPv4 address of a source, else its first IPv6 one, else NULL. */
static char *address_of(virDomainPtr domain, unsigned int source)
{
    virDomainInterfacePtr *interfaces = NULL;
    int n = virDomainInterfaceAddresses(domain, &interfaces, source, 0);
    g_autofree char *v6 = NULL;
    char *v4 = NULL;

    for (int i = 0; i < n; i++) {
        for (guint j = 0; j < interfaces[i]->naddrs; j++) {
            const virDomainIPAddress *address = &interfaces[i]->addrs[j];

            if (!is_useful(address))
                continue;
            if (address->type == VIR_IP_ADDR_TYPE_IPV4 && !v4)
                v4 = g_strdup(address->addr);
            else if (address->type == VIR_IP_ADDR_TYPE_IPV6 && !v6)
                v6 = g_strdup(address->addr);
        }
        virDomainInterfaceFree(interfaces[i]);
    }
    free(interfaces);
    if (n < 0)
        virResetLastError();
    return v4 ? v4 : g_steal_pointer(&v6);
}

char *vd_conn_vm_address(VdConn *conn, const char *uuid)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);
    char *address;

    if (!domain || virDomainIsActive(domain) != 1) {
        virResetLastError();
        return NULL;
    }
    address = address_of(domain, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE);
    if (address)
        return address;
    /* Without this an agent that hangs would hold us for ever. */
    if (virDomainAgentSetResponseTimeout(domain, 3, 0) < 0) {
        virResetLastError();
        return NULL;
    }
    return address_of(domain, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT);
}
