/* A host's own details, storage pools and networks, as documents. What a driver does not know is
 * left out; only a host that does not answer at all is an error. */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/virt/call.h"
#include "src/virt/memory.h"
#include "src/virt/ops-util.h"
#include "src/virt/ops.h"
#include "src/virt/xml.h"

/* ---- the host ---- */

enum {
    HOST_NAME,
    HOST_URI,
    HOST_TYPE,
    HOST_LIBVIRT,
    HOST_HYPERVISOR,
    HOST_CPU_MODEL,
    HOST_CPUS,
    HOST_SOCKETS,
    HOST_CORES,
    HOST_THREADS,
    HOST_MEMORY,
    HOST_MEMORY_FREE,
    HOST_NUMA,
    HOST_RUNNING,
    HOST_OFF,
    HOST_POOLS,
    HOST_NETWORKS,
    HOST_COLUMNS
};

static const VdColumn host_columns[HOST_COLUMNS] = {
    [HOST_NAME] = {"hostname", N_("Host name"), VD_COL_TEXT},
    [HOST_URI] = {"uri", N_("URI"), VD_COL_TEXT},
    [HOST_TYPE] = {"type", N_("Driver"), VD_COL_TEXT},
    [HOST_LIBVIRT] = {"libvirt", N_("libvirt"), VD_COL_TEXT},
    [HOST_HYPERVISOR] = {"hypervisor", N_("Hypervisor"), VD_COL_TEXT},
    [HOST_CPU_MODEL] = {"cpu_model", N_("CPU model"), VD_COL_TEXT},
    [HOST_CPUS] = {"cpus", N_("CPUs"), VD_COL_COUNT},
    [HOST_SOCKETS] = {"sockets", N_("Sockets"), VD_COL_COUNT},
    [HOST_CORES] = {"cores", N_("Cores per socket"), VD_COL_COUNT},
    [HOST_THREADS] = {"threads", N_("Threads per core"), VD_COL_COUNT},
    [HOST_MEMORY] = {"memory", N_("Memory"), VD_COL_SIZE},
    [HOST_MEMORY_FREE] = {"memory_free", N_("Free memory"), VD_COL_SIZE},
    [HOST_NUMA] = {"numa_cells", N_("NUMA cells"), VD_COL_COUNT},
    [HOST_RUNNING] = {"running", N_("Machines on"), VD_COL_COUNT},
    [HOST_OFF] = {"off", N_("Machines off"), VD_COL_COUNT},
    [HOST_POOLS] = {"pools", N_("Active pools"), VD_COL_COUNT},
    [HOST_NETWORKS] = {"networks", N_("Active networks"), VD_COL_COUNT},
};

/* libvirt encodes 9.0.1 as 9000001 (virGetVersion()). */
static void row_version(char **row, guint column, unsigned long version)
{
    g_autofree char *text = NULL;

    if (version == 0)
        return;
    text = g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
    vd_row_text(row, column, text);
}

static void row_count(char **row, guint column, int count)
{
    if (count >= 0)
        vd_row_int(row, column, count);
}

static void fill_node(virConnectPtr conn, char **row)
{
    gint number = 0;
    VdNodeMemory memory;
    virNodeInfo info;

    if (vd_node_memory(conn, &number, &memory))
        vd_row_size(row, HOST_MEMORY, memory.total);
    if (memory.used)
        vd_row_size(row, HOST_MEMORY_FREE, memory.spare);
    if (virNodeGetInfo(conn, &info) < 0)
        return;
    info.model[sizeof info.model - 1] = '\0';
    vd_row_text(row, HOST_CPU_MODEL, info.model);
    vd_row_int(row, HOST_CPUS, info.cpus);
    vd_row_int(row, HOST_SOCKETS, info.sockets);
    vd_row_int(row, HOST_CORES, info.cores);
    vd_row_int(row, HOST_THREADS, info.threads);
    vd_row_int(row, HOST_NUMA, info.nodes);
}

static void fill_counts(virConnectPtr conn, char **row)
{
    row_count(row, HOST_RUNNING, virConnectNumOfDomains(conn));
    row_count(row, HOST_OFF, virConnectNumOfDefinedDomains(conn));
    row_count(row, HOST_POOLS, virConnectNumOfStoragePools(conn));
    row_count(row, HOST_NETWORKS, virConnectNumOfNetworks(conn));
}

static const VdColumn numa_columns[] = {
    {"cell", N_("Cell"), VD_COL_COUNT},
    {"cpus", N_("CPUs"), VD_COL_COUNT},
    {"memory", N_("Memory"), VD_COL_SIZE},
    {"memory_free", N_("Free memory"), VD_COL_SIZE},
};

static void add_cell(virConnectPtr conn, const xmlNode *cell, VdSection *section)
{
    guint64 id = vd_xml_attr_number(cell, "id", G_MAXINT);
    guint64 cpus = vd_xml_attr_number(vd_xml_child(cell, "cpus"), "num", 0);
    guint64 memory = vd_xml_bytes(vd_xml_child(cell, "memory"));
    unsigned long long free_memory;
    char **row;

    if (id >= G_MAXINT)
        return;
    row = vd_section_row(section);
    vd_row_int(row, 0, (gint64)id);
    vd_row_int(row, 1, (gint64)cpus);
    if (memory > 0)
        vd_row_size(row, 2, memory);
    if (virNodeGetCellsFreeMemory(conn, &free_memory, (int)id, 1) == 1)
        vd_row_size(row, 3, free_memory);
}

/* <capabilities><host><topology><cells> of libvirt's formatcaps.html. */
static void add_numa(virConnectPtr conn, VdDoc *doc)
{
    g_autofree char *xml = virConnectGetCapabilities(conn);
    g_autoptr(xmlDoc) caps = xml == NULL ? NULL : vd_xml_parse(xml, "capabilities", NULL);
    const xmlNode *cells, *cell;
    VdSection *section;
    guint left = 256;

    if (caps == NULL)
        return;
    cells = vd_xml_child(vd_xml_child(xmlDocGetRootElement(caps), "host"), "topology");
    cell = vd_xml_child(vd_xml_child(cells, "cells"), "cell");
    if (cell == NULL)
        return;
    section = vd_doc_section(doc, VD_SECTION_TABLE, "numa", N_("NUMA cells"), numa_columns,
                             G_N_ELEMENTS(numa_columns));
    for (; cell != NULL && left > 0; cell = vd_xml_next(cell), left--)
        add_cell(conn, cell, section);
}

gboolean vd_op_host_show(VdVirtCall *call, GError **error)
{
    g_autofree char *hostname = virConnectGetHostname(call->conn);
    g_autofree char *uri = virConnectGetURI(call->conn);
    unsigned long libvirt = 0, hypervisor = 0;
    g_autoptr(VdDoc) doc = NULL;
    VdSection *section;
    char **row;

    if (virConnectGetLibVersion(call->conn, &libvirt) < 0)
        return vd_virt_fail(error, _("The host does not answer"));
    (void)virConnectGetVersion(call->conn, &hypervisor);
    doc = vd_doc_new();
    section =
        vd_doc_section(doc, VD_SECTION_FIELDS, "host", N_("Host"), host_columns, HOST_COLUMNS);
    row = vd_section_row(section);
    vd_row_text(row, HOST_NAME, hostname);
    vd_row_text(row, HOST_URI, uri);
    vd_row_text(row, HOST_TYPE, virConnectGetType(call->conn));
    row_version(row, HOST_LIBVIRT, libvirt);
    row_version(row, HOST_HYPERVISOR, hypervisor);
    fill_node(call->conn, row);
    fill_counts(call->conn, row);
    add_numa(call->conn, doc);
    vd_call_answer(call, g_steal_pointer(&doc));
    return TRUE;
}

/* ---- pools ---- */

enum {
    POOL_NAME,
    POOL_STATE,
    POOL_TYPE,
    POOL_AUTOSTART,
    POOL_CAPACITY,
    POOL_ALLOCATION,
    POOL_AVAILABLE,
    POOL_PATH,
    POOL_COLUMNS
};

static const VdColumn pool_columns[POOL_COLUMNS] = {
    [POOL_NAME] = {"name", N_("Name"), VD_COL_TEXT},
    [POOL_STATE] = {"state", N_("State"), VD_COL_TEXT},
    [POOL_TYPE] = {"type", N_("Type"), VD_COL_TEXT},
    [POOL_AUTOSTART] = {"autostart", N_("Autostart"), VD_COL_BOOL},
    [POOL_CAPACITY] = {"capacity", N_("Capacity"), VD_COL_SIZE},
    [POOL_ALLOCATION] = {"allocation", N_("Allocated"), VD_COL_SIZE},
    [POOL_AVAILABLE] = {"available", N_("Available"), VD_COL_SIZE},
    [POOL_PATH] = {"path", N_("Path"), VD_COL_TEXT},
};

/* The words of enum virStoragePoolState, as virsh has them: stable for programs. */
static const char *pool_state(int state)
{
    static const char *const words[] = {
        [VIR_STORAGE_POOL_INACTIVE] = N_("inactive"),
        [VIR_STORAGE_POOL_BUILDING] = N_("building"),
        [VIR_STORAGE_POOL_RUNNING] = N_("active"),
        [VIR_STORAGE_POOL_DEGRADED] = N_("degraded"),
        [VIR_STORAGE_POOL_INACCESSIBLE] = N_("inaccessible"),
    };

    return state >= 0 && state < (int)G_N_ELEMENTS(words) ? words[state] : NULL;
}

static void add_pool(virStoragePoolPtr pool, VdSection *section)
{
    g_autofree char *xml = virStoragePoolGetXMLDesc(pool, 0);
    g_autoptr(xmlDoc) doc = xml == NULL ? NULL : vd_xml_parse(xml, "pool", NULL);
    const xmlNode *root = doc == NULL ? NULL : xmlDocGetRootElement(doc);
    g_autofree char *type = vd_xml_attr(root, "type");
    g_autofree char *path = vd_xml_child_text(vd_xml_child(root, "target"), "path");
    char **row = vd_section_row(section);
    virStoragePoolInfo info;
    int autostart;

    vd_row_name(row, POOL_NAME, virStoragePoolGetName(pool));
    vd_row_text(row, POOL_TYPE, type);
    vd_row_path(row, POOL_PATH, path);
    if (virStoragePoolGetAutostart(pool, &autostart) == 0)
        vd_row_bool(row, POOL_AUTOSTART, autostart);
    if (virStoragePoolGetInfo(pool, &info) < 0)
        return;
    vd_row_text(row, POOL_STATE, pool_state(info.state));
    if (info.state != VIR_STORAGE_POOL_RUNNING && info.state != VIR_STORAGE_POOL_DEGRADED)
        return; /* libvirt gives zeroes, which are no figures */
    vd_row_size(row, POOL_CAPACITY, info.capacity);
    vd_row_size(row, POOL_ALLOCATION, info.allocation);
    vd_row_size(row, POOL_AVAILABLE,
                vd_virt_room(virStoragePoolGetConnect(pool), path, info.available));
}

gboolean vd_op_host_pools(VdVirtCall *call, GError **error)
{
    virStoragePoolPtr *pools = NULL;
    int count = virConnectListAllStoragePools(call->conn, &pools, 0);
    count = vd_virt_listed(count, pools);
    VdDoc *doc;
    VdSection *section;

    if (count < 0)
        return vd_virt_fail(error, _("The storage pools cannot be listed"));
    doc = vd_doc_new();
    section = vd_doc_section(doc, VD_SECTION_TABLE, "pools", N_("Storage pools"), pool_columns,
                             POOL_COLUMNS);
    for (int i = 0; i < count; i++) {
        add_pool(pools[i], section);
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    vd_call_answer(call, doc);
    return TRUE;
}

/* ---- networks ---- */

enum {
    NET_NAME,
    NET_STATE,
    NET_AUTOSTART,
    NET_MODE,
    NET_BRIDGE,
    NET_SUBNET,
    NET_DHCP,
    NET_COLUMNS
};

static const VdColumn network_columns[NET_COLUMNS] = {
    [NET_NAME] = {"name", N_("Name"), VD_COL_TEXT},
    [NET_STATE] = {"state", N_("State"), VD_COL_TEXT},
    [NET_AUTOSTART] = {"autostart", N_("Autostart"), VD_COL_BOOL},
    [NET_MODE] = {"mode", N_("Mode"), VD_COL_TEXT},
    [NET_BRIDGE] = {"bridge", N_("Bridge"), VD_COL_TEXT},
    [NET_SUBNET] = {"subnet", N_("Subnet"), VD_COL_TEXT},
    [NET_DHCP] = {"dhcp", N_("DHCP"), VD_COL_BOOL},
};

/* "255.255.255.0" → 24; -1 if it is none. */
static int prefix_of_netmask(const char *netmask)
{
    struct in_addr address;

    if (netmask == NULL || inet_pton(AF_INET, netmask, &address) != 1)
        return -1;
    return __builtin_popcount(address.s_addr);
}

/* "192.0.2.1/24" of an <ip> element. The caller frees. */
static char *subnet_of(const xmlNode *ip)
{
    g_autofree char *address = vd_xml_attr(ip, "address");
    g_autofree char *netmask = vd_xml_attr(ip, "netmask");
    guint64 prefix = vd_xml_attr_number(ip, "prefix", G_MAXUINT8);
    int masked = prefix_of_netmask(netmask);

    if (address == NULL)
        return NULL;
    if (prefix <= 128)
        return g_strdup_printf("%s/%u", address, (guint)prefix);
    return masked < 0 ? g_steal_pointer(&address) : g_strdup_printf("%s/%d", address, masked);
}

static void fill_network(const xmlNode *root, char **row)
{
    const xmlNode *forward = vd_xml_child(root, "forward");
    g_autofree char *mode = vd_xml_attr(forward, "mode");
    g_autofree char *bridge = vd_xml_child_attr(root, "bridge", "name");
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) list = NULL;
    g_autofree char *subnets = NULL;
    gboolean dhcp = FALSE;
    guint left = 64;

    for (const xmlNode *ip = vd_xml_child(root, "ip"); ip != NULL && left > 0;
         ip = vd_xml_next(ip), left--) {
        g_autofree char *subnet = subnet_of(ip);

        if (subnet != NULL)
            g_strv_builder_add(builder, subnet);
        dhcp = dhcp || vd_xml_child(ip, "dhcp") != NULL;
    }
    list = g_strv_builder_end(builder);
    subnets = g_strjoinv(", ", list);
    /* formatnetwork.html: without <forward> it is isolated; the mode is nat if it is not given. */
    if (forward == NULL)
        vd_row_text(row, NET_MODE, "isolated");
    else
        vd_row_text(row, NET_MODE, mode != NULL ? mode : "nat");
    vd_row_text(row, NET_BRIDGE, bridge);
    vd_row_text(row, NET_SUBNET, *subnets != '\0' ? subnets : NULL);
    vd_row_bool(row, NET_DHCP, dhcp);
}

static void add_network(virNetworkPtr network, VdSection *section)
{
    g_autofree char *xml = virNetworkGetXMLDesc(network, 0);
    g_autoptr(xmlDoc) doc = xml == NULL ? NULL : vd_xml_parse(xml, "network", NULL);
    char **row = vd_section_row(section);
    int active = virNetworkIsActive(network), autostart;

    vd_row_name(row, NET_NAME, virNetworkGetName(network));
    if (active >= 0)
        vd_row_text(row, NET_STATE, active ? N_("active") : N_("inactive"));
    if (virNetworkGetAutostart(network, &autostart) == 0)
        vd_row_bool(row, NET_AUTOSTART, autostart);
    if (doc != NULL)
        fill_network(xmlDocGetRootElement(doc), row);
}

gboolean vd_op_host_networks(VdVirtCall *call, GError **error)
{
    virNetworkPtr *networks = NULL;
    int count = virConnectListAllNetworks(call->conn, &networks, 0);
    count = vd_virt_listed(count, networks);
    VdDoc *doc;
    VdSection *section;

    if (count < 0)
        return vd_virt_fail(error, _("The networks cannot be listed"));
    doc = vd_doc_new();
    section = vd_doc_section(doc, VD_SECTION_TABLE, "networks", N_("Networks"), network_columns,
                             NET_COLUMNS);
    for (int i = 0; i < count; i++) {
        add_network(networks[i], section);
        virNetworkFree(networks[i]);
    }
    free(networks);
    vd_call_answer(call, doc);
    return TRUE;
}
