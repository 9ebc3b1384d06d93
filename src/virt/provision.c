/* libvirt for job runners: one connection, used by one thread, each call waiting for its answer.
 * Opening has a deadline, and a dead connection ends its calls; beyond that nothing here guards
 * against a host that hangs: a runner is a process of its own and is killed by its user, which is
 * the only sure way out of such a call. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/kvm.h"
#include "src/base/log.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"
#include "src/virt/uri.h"

VdConn *vd_conn_open(const char *uri, const char *request, GCancellable *cancel, GError **error)
{
    g_autofree char *target = vd_uri_effective(uri);
    VdConn *conn;
    virConnectPtr vir;
    char *real;
    const char *driver;

    if (!vd_uri_check(target, error))
        return NULL;
    vir = vd_lv_connect_within(target, cancel, error);
    if (!vir)
        return NULL;
    conn = g_new0(VdConn, 1);
    conn->conn = vir;
    real = virConnectGetURI(vir);
    conn->uri = g_strdup(real ? real : target);
    free(real);
    driver = virConnectGetType(vir);
    conn->driver = g_ascii_strup(driver ? driver : "", -1);
    conn->request = g_strdup(request);
    conn->local = conn->uri && vd_uri_is_here(conn->uri);
    conn->session = conn->uri && g_str_has_suffix(conn->uri, "/session");
    /* A dead connection ends its calls after 25 s; a driver without a daemon has no need for it. */
    if (virConnectSetKeepAlive(vir, 5, 5) < 0)
        virResetLastError();
    vd_log(VD_LOG_DEBUG, request, "connected to %s (%s)", conn->uri, conn->driver);
    return conn;
}

void vd_conn_close(VdConn *conn)
{
    if (!conn)
        return;
    virConnectClose(conn->conn);
    g_free(conn->uri);
    g_free(conn->driver);
    g_free(conn->request);
    g_free(conn);
}

gboolean vd_conn_is_local(VdConn *conn)
{
    return conn->local;
}

gboolean vd_conn_is_alive(VdConn *conn)
{
    gboolean alive = virConnectIsAlive(conn->conn) == 1;

    if (!alive)
        virResetLastError();
    return alive;
}

const char *vd_conn_uri(VdConn *conn)
{
    return conn->uri;
}

gboolean vd_conn_kvm_usable(VdConn *conn, char **why)
{
    char *caps;

    if (why)
        *why = NULL;
    /* libvirt only looks whether the device is there; on this machine it can be tried. */
    if (conn->local && !vd_kvm_usable(why))
        return FALSE;
    caps = virConnectGetDomainCapabilities(conn->conn, NULL, NULL, NULL, "kvm", 0);
    if (caps) {
        free(caps);
        return TRUE;
    }
    virResetLastError();
    if (why)
        *why = g_strdup(_("This host's libvirt offers no KVM."));
    return FALSE;
}

/* Bytes that running machines may take. */
static guint64 memory_of_machines(VdConn *conn)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(conn->conn, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    guint64 sum = 0;

    n = vd_virt_listed(n, domains);
    for (int i = 0; i < n; i++) {
        virDomainInfo info;

        if (virDomainGetInfo(domains[i], &info) == 0)
            sum += (guint64)info.maxMem * 1024;
        virDomainFree(domains[i]);
    }
    free(domains);
    virResetLastError();
    return sum;
}

/* Bytes that nobody uses, the cache counted as free; 0: the host does not tell. */
static guint64 memory_left(VdConn *conn)
{
    virNodeMemoryStats stats[16];
    int n = G_N_ELEMENTS(stats);
    guint64 left = 0;

    if (virNodeGetMemoryStats(conn->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n, 0) < 0 ||
        n > (int)G_N_ELEMENTS(stats) ||
        virNodeGetMemoryStats(conn->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n, 0) < 0) {
        virResetLastError();
        return 0;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_FREE) == 0 ||
            strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_BUFFERS) == 0 ||
            strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_CACHED) == 0)
            left += stats[i].value * 1024;
    }
    return left;
}

gboolean vd_conn_memory(VdConn *conn, guint64 *ret_all, guint64 *ret_used, GError **error)
{
    virNodeInfo info;
    guint64 left;

    if (virNodeGetInfo(conn->conn, &info) < 0)
        return vd_virt_fail(error, _("The host does not tell its memory"));
    *ret_all = (guint64)info.memory * 1024;
    *ret_used = memory_of_machines(conn);
    left = memory_left(conn);
    if (left > 0 && left < *ret_all)
        *ret_used = MAX(*ret_used, *ret_all - left);
    return TRUE;
}

gboolean vd_conn_vm_exists(VdConn *conn, const char *name)
{
    g_autoptr(virDomain) domain = virDomainLookupByName(conn->conn, name);

    if (!domain)
        virResetLastError();
    return domain != NULL;
}

/* The names of a kind of thing, for a sentence: "a, b". The caller frees. */
static char *join_names(GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    return names->len > 1 ? g_strjoinv(", ", (char **)names->pdata) : g_strdup(_("none"));
}

static char *network_names(VdConn *conn, guint *ret_count)
{
    virNetworkPtr *networks = NULL;
    int n = virConnectListAllNetworks(conn->conn, &networks, 0);
    n = vd_virt_listed(n, networks);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < n; i++) {
        g_ptr_array_add(names, g_strdup(virNetworkGetName(networks[i])));
        virNetworkFree(networks[i]);
    }
    free(networks);
    if (n < 0)
        virResetLastError();
    *ret_count = names->len;
    return join_names(names);
}

/* Finds the network: *ret_network, or NULL for QEMU's own, which needs no rights and no start. */
static gboolean find_network(VdConn *conn, const char *name, virNetworkPtr *ret_network,
                             GError **error)
{
    g_autofree char *others = NULL;
    guint count = 0;

    *ret_network = NULL;
    if (g_str_equal(name, "user"))
        return TRUE;
    *ret_network = virNetworkLookupByName(conn->conn, name);
    if (*ret_network)
        return TRUE;
    if (virGetLastErrorCode() != VIR_ERR_NO_NETWORK && virGetLastErrorCode() != VIR_ERR_NO_SUPPORT)
        return vd_virt_fail(error, _("The network %s could not be looked up"), name);
    virResetLastError();
    others = network_names(conn, &count);
    /* An ordinary user may make no networks. */
    if (conn->session && g_str_equal(name, "default") && count == 0)
        return TRUE;
    return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("This host has no network “%s”; it has: %s."),
                   name, others);
}

gboolean vd_conn_network_look(VdConn *conn, const char *name, char **ret_kind, GError **error)
{
    g_autoptr(virNetwork) network = NULL;

    *ret_kind = NULL;
    if (!find_network(conn, name ? name : "default", &network, error))
        return FALSE;
    *ret_kind = g_strdup(network ? "network" : "user");
    return TRUE;
}

gboolean vd_conn_network_ensure(VdConn *conn, const char *name, char **ret_kind, GError **error)
{
    const char *wanted = name ? name : "default";
    g_autoptr(virNetwork) network = NULL;

    *ret_kind = NULL;
    if (!find_network(conn, wanted, &network, error))
        return FALSE;
    if (network && virNetworkIsActive(network) != 1) {
        if (virNetworkCreate(network) < 0 && virNetworkIsActive(network) != 1)
            return vd_virt_fail(error, _("The network %s could not be started"), wanted);
        vd_log(VD_LOG_INFO, conn->request, "network %s started", wanted);
    }
    *ret_kind = g_strdup(network ? "network" : "user");
    return TRUE;
}
