/* Figures by libvirt. The cheap call takes no job and enters no monitor (libvirt 9.0.0,
 * qemu_driver.c: the STATE and INTERFACE groups, virDomainGetInfo); the dear one asks BALLOON and
 * BLOCK with NOWAIT, so that a machine with a job is left out rather than waited for. Drivers whose
 * bulk call holds nothing (test, LXC) are asked machine by machine; which one is being asked is
 * told, so that a hanging one is known. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/call.h"
#include "src/virt/domxml.h"
#include "src/virt/lv.h"
#include "src/virt/memory.h"

/* The device names of a machine are read anew this often. */
#define DEVICES_USEC (60 * G_USEC_PER_SEC)
/* Processor times are a round trip each: on a slow link some of them wait for the next sample. */
#define INFO_USEC (G_USEC_PER_SEC / 2)

typedef struct {
    GPtrArray *disks, *nics; /* char*: targets */
    gint64 taken;
} Devices;

struct _VdBackendCache {
    GHashTable *domains; /* uuid → virDomainPtr */
    GHashTable *devices; /* uuid → Devices */
};

static void domain_free(gpointer domain)
{
    virDomainFree(domain);
}

static void devices_free(gpointer data)
{
    Devices *devices = data;
    g_ptr_array_unref(devices->disks);
    g_ptr_array_unref(devices->nics);
    g_free(devices);
}

static VdBackendCache *cache_of(VdBackendCache **cache)
{
    if (*cache)
        return *cache;
    *cache = g_new0(VdBackendCache, 1);
    (*cache)->domains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, domain_free);
    (*cache)->devices = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, devices_free);
    return *cache;
}

void vd_lv_cache_free(VdBackendCache *cache)
{
    g_hash_table_unref(cache->domains);
    g_hash_table_unref(cache->devices);
    g_free(cache);
}

/* Borrowed from the cache, NULL if it is not there. */
static virDomainPtr cached_domain(VdBackendConn *conn, VdBackendCache *cache, const char *uuid)
{
    virDomainPtr domain = g_hash_table_lookup(cache->domains, uuid);
    if (domain)
        return domain;
    domain = vd_lv_lookup(conn, uuid);
    if (domain)
        g_hash_table_insert(cache->domains, g_strdup(uuid), domain);
    return domain;
}

/* Makes known those that are not, by one round trip instead of one for each. */
static void cache_all(VdBackendConn *conn, VdBackendCache *cache, const GPtrArray *uuids)
{
    virDomainPtr *domains = NULL;
    guint unknown = 0;
    for (guint i = 0; i < uuids->len; i++)
        unknown += !g_hash_table_contains(cache->domains, g_ptr_array_index(uuids, i));
    if (unknown < 2)
        return;
    int n = virConnectListAllDomains(conn->conn, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    n = vd_virt_listed(n, domains);
    for (int i = 0; i < n; i++) {
        char uuid[37];
        vd_lv_uuid(domains[i], uuid);
        g_hash_table_replace(cache->domains, g_strdup(uuid), domains[i]);
    }
    free(domains);
}

static void forget(VdBackendCache *cache, const char *uuid)
{
    g_hash_table_remove(cache->domains, uuid);
    g_hash_table_remove(cache->devices, uuid);
}

/* ---- typed parameters ---- */

static gboolean number(const virTypedParameter *param, guint64 *ret)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_ULLONG:
        *ret = param->value.ul;
        return TRUE;
    case VIR_TYPED_PARAM_LLONG:
        *ret = param->value.l > 0 ? (guint64)param->value.l : 0;
        return TRUE;
    case VIR_TYPED_PARAM_UINT:
        *ret = param->value.ui;
        return TRUE;
    case VIR_TYPED_PARAM_INT:
        *ret = param->value.i > 0 ? (guint64)param->value.i : 0;
        return TRUE;
    default:
        return FALSE;
    }
}

static void read_balloon(const char *key, guint64 kib, VdCounters *counters)
{
    guint64 bytes = kib * 1024;
    if (strcmp(key, "current") == 0) {
        counters->mem_total = bytes;
        return;
    }
    guint64 *place = strcmp(key, "rss") == 0         ? &counters->rss
                     : strcmp(key, "unused") == 0    ? &counters->unused
                     : strcmp(key, "available") == 0 ? &counters->available
                     : strcmp(key, "usable") == 0    ? &counters->usable
                                                     : NULL;
    if (!place)
        return;
    *place = bytes;
    counters->has |= VD_HAS_MEM;
}

static void read_param(const virTypedParameter *param, VdCounters *counters)
{
    guint64 value;
    const char *field = param->field;
    if (!number(param, &value))
        return;
    if (strcmp(field, "state.state") == 0) {
        counters->state = vd_lv_state((int)value);
        counters->has |= VD_HAS_STATE;
    } else if (strcmp(field, "state.reason") == 0) {
        counters->reason = (int)value;
    } else if (g_str_has_prefix(field, "net.")) {
        if (g_str_has_suffix(field, ".rx.bytes"))
            counters->rx += value;
        else if (g_str_has_suffix(field, ".tx.bytes"))
            counters->tx += value;
        counters->has |= VD_HAS_NET;
    } else if (g_str_has_prefix(field, "block.")) {
        if (g_str_has_suffix(field, ".rd.bytes"))
            counters->disk_read += value;
        else if (g_str_has_suffix(field, ".wr.bytes"))
            counters->disk_write += value;
        else
            return; /* names and sizes come without a monitor as well */
        counters->has |= VD_HAS_BLOCK;
    } else if (g_str_has_prefix(field, "balloon.")) {
        read_balloon(field + strlen("balloon."), value, counters);
    }
}

static void counters_begin(VdCounters *counters, virDomainPtr domain)
{
    *counters = (VdCounters){0};
    counters->rss = counters->unused = counters->available = counters->usable = G_MAXUINT64;
    counters->taken = g_get_monotonic_time();
    vd_lv_uuid(domain, counters->uuid);
}

static void read_record(virDomainStatsRecordPtr record, gint64 taken, VdCounters *counters)
{
    counters_begin(counters, record->dom);
    counters->taken = taken;
    for (int i = 0; i < record->nparams; i++)
        read_param(&record->params[i], counters);
}

static void read_info(const VdBackendConn *conn, virDomainPtr domain, VdCounters *counters)
{
    virDomainInfo info;
    gint64 begun = g_get_monotonic_time();
    if (virDomainGetInfo(domain, &info) < 0)
        return;
    counters->cpu_taken = begun + (g_get_monotonic_time() - begun) / 2;
    counters->has |= VD_HAS_CPU;
    counters->cpu_time = info.cpuTime;
    counters->vcpus = info.nrVirtCpu;
    counters->max_mem = (guint64)info.maxMem * 1024;
    counters->mem_total = (guint64)(conn->containers ? info.maxMem : info.memory) * 1024;
    if (!(counters->has & VD_HAS_STATE)) {
        counters->state = vd_lv_state(info.state);
        counters->has |= VD_HAS_STATE;
    }
}

/* ---- the host itself ---- */

/* libvirt wants exactly as many parameters as it has; the number is asked once. */
static int known_number(gint *place, int (*ask)(virConnectPtr conn, int *n), virConnectPtr conn)
{
    int n = g_atomic_int_get(place);
    if (n != 0)
        return n;
    n = 0;
    if (ask(conn, &n) < 0 || n <= 0 || n > 64)
        n = -1;
    g_atomic_int_set(place, n);
    return n;
}

static int ask_cpu_number(virConnectPtr conn, int *n)
{
    return virNodeGetCPUStats(conn, VIR_NODE_CPU_STATS_ALL_CPUS, NULL, n, 0);
}

static void read_node_cpu(VdBackendConn *conn, VdNodeCounters *node)
{
    virNodeCPUStats stats[64];
    int n = known_number(&conn->node_cpu, ask_cpu_number, conn->conn);
    if (n < 0 || virNodeGetCPUStats(conn->conn, VIR_NODE_CPU_STATS_ALL_CPUS, stats, &n, 0) < 0)
        return;
    for (int i = 0; i < n; i++) {
        gboolean idle = strcmp(stats[i].field, VIR_NODE_CPU_STATS_IDLE) == 0 ||
                        strcmp(stats[i].field, VIR_NODE_CPU_STATS_IOWAIT) == 0;
        if (strcmp(stats[i].field, VIR_NODE_CPU_STATS_UTILIZATION) == 0)
            continue;
        node->total += stats[i].value;
        node->busy += idle ? 0 : stats[i].value;
        node->has_cpu = TRUE;
    }
}

static void read_node_memory(VdBackendConn *conn, VdNodeCounters *node)
{
    VdNodeMemory memory;
    if (!vd_node_memory(conn->conn, &conn->node_memory, &memory) || !memory.used)
        return;
    node->has_mem = TRUE;
    node->mem_total = memory.total;
    node->mem_used = memory.total - memory.spare;
}

/* ---- the cheap sample ---- */

static gboolean wants_info(const VdCheapSample *sample, const char *uuid)
{
    return !sample->info || g_hash_table_contains(sample->info, uuid);
}

static void timed_info(const VdBackendConn *conn, virDomainPtr domain, VdCounters *counters,
                       VdCheapSample *sample)
{
    gint64 begun = g_get_monotonic_time();
    read_info(conn, domain, counters);
    sample->infos++;
    sample->infos_took += g_get_monotonic_time() - begun;
}

/* The processor times that are wanted, in turn from where the last sample ran out of time. */
static void read_infos(VdBackendConn *conn, VdCheapSample *sample, virDomainStatsRecordPtr *records,
                       guint first, guint n)
{
    gint64 until = g_get_monotonic_time() + INFO_USEC;
    guint begin = n > 0 ? (guint)g_atomic_int_get(&conn->info_turn) % n : 0;
    for (guint i = 0; i < n; i++) {
        guint at = (begin + i) % n;
        VdCounters *counters = &g_array_index(sample->counters, VdCounters, first + at);
        if (!wants_info(sample, counters->uuid))
            continue;
        if (g_get_monotonic_time() > until) {
            g_atomic_int_set(&conn->info_turn, (gint)at);
            return;
        }
        timed_info(conn, records[at]->dom, counters, sample);
    }
}

/* Handles of these, as many as the time goes for that are not known yet: each is a round trip. They
 * are borrowed from the cache, NULL at the end. */
static GPtrArray *handles(VdBackendConn *conn, VdBackendCache *cache, const GPtrArray *uuids)
{
    gint64 until = g_get_monotonic_time() + INFO_USEC;
    GPtrArray *domains = g_ptr_array_new();
    for (guint i = 0; i < uuids->len; i++) {
        const char *uuid = g_ptr_array_index(uuids, i);
        gboolean known = g_hash_table_contains(cache->domains, uuid);
        virDomainPtr domain =
            known || g_get_monotonic_time() < until ? cached_domain(conn, cache, uuid) : NULL;
        if (domain)
            g_ptr_array_add(domains, domain);
    }
    g_ptr_array_add(domains, NULL);
    return domains;
}

/* libvirt locks each machine that is asked, and no other. */
static int cheap_records(VdBackendConn *conn, VdBackendCache *cache, const VdCheapSample *sample,
                         virDomainStatsRecordPtr **ret)
{
    unsigned int groups = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE;
    if (!sample->only)
        return virConnectGetAllDomainStats(conn->conn, groups, ret,
                                           VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE);
    g_autoptr(GPtrArray) domains = handles(conn, cache, sample->only);
    if (domains->len == 1)
        return 0;
    return virDomainListGetStats((virDomainPtr *)domains->pdata, groups, ret, 0);
}

static gboolean cheap_bulk(VdBackendConn *conn, VdBackendCache *cache, VdCheapSample *sample)
{
    virDomainStatsRecordPtr *records = NULL;
    int n = cheap_records(conn, cache, sample, &records);
    gint64 taken = g_get_monotonic_time();
    if (n < 0)
        return FALSE;
    guint first = sample->counters->len;
    for (int i = 0; i < n; i++) {
        VdCounters counters;
        read_record(records[i], taken, &counters);
        g_array_append_val(sample->counters, counters);
    }
    read_infos(conn, sample, records, first, (guint)n);
    virDomainStatsRecordListFree(records);
    return TRUE;
}

static gboolean cheap_single(VdBackendConn *conn, VdCheapSample *sample)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(conn->conn, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    n = vd_virt_listed(n, domains);
    if (n < 0)
        return FALSE;
    for (int i = 0; i < n; i++) {
        VdCounters counters;
        counters_begin(&counters, domains[i]);
        if (wants_info(sample, counters.uuid))
            timed_info(conn, domains[i], &counters, sample);
        g_array_append_val(sample->counters, counters);
    }
    vd_lv_domains_free(domains, n);
    return TRUE;
}

gboolean vd_lv_cheap(VdBackendConn *conn, VdBackendCache **cache, VdCheapSample *sample,
                     GError **error)
{
    gboolean ok = FALSE;
    if (!g_atomic_int_get(&conn->no_bulk)) {
        ok = cheap_bulk(conn, cache_of(cache), sample);
        if (!ok && virGetLastErrorCode() == VIR_ERR_NO_SUPPORT)
            g_atomic_int_set(&conn->no_bulk, 1);
    }
    if (!ok && g_atomic_int_get(&conn->no_bulk))
        ok = cheap_single(conn, sample);
    if (!ok)
        return vd_virt_fail(error, _("Cannot read the figures of the machines"));
    sample->node.taken = g_get_monotonic_time();
    read_node_cpu(conn, &sample->node);
    read_node_memory(conn, &sample->node);
    return TRUE;
}

/* ---- the dear sample ---- */

static gboolean dear_bulk(VdBackendConn *conn, VdBackendCache *cache, VdDearSample *sample)
{
    g_autoptr(GPtrArray) domains = g_ptr_array_new(); /* borrowed from the cache */
    virDomainStatsRecordPtr *records = NULL;
    cache_all(conn, cache, sample->uuids);
    for (guint i = 0; i < sample->uuids->len; i++) {
        virDomainPtr domain = cached_domain(conn, cache, g_ptr_array_index(sample->uuids, i));
        if (domain)
            g_ptr_array_add(domains, domain);
    }
    if (domains->len == 0)
        return TRUE;
    g_ptr_array_add(domains, NULL);
    unsigned int groups = (sample->groups & VD_GROUP_MEM ? VIR_DOMAIN_STATS_BALLOON : 0) |
                          (sample->groups & VD_GROUP_DISK ? VIR_DOMAIN_STATS_BLOCK : 0);
    if (groups == 0) /* the network: these drivers tell it with the cheap figures */
        return TRUE;
    int n = virDomainListGetStats((virDomainPtr *)domains->pdata, groups, &records,
                                  VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
    gint64 taken = g_get_monotonic_time();
    if (n < 0)
        return FALSE;
    for (int i = 0; i < n; i++) {
        VdCounters counters;
        read_record(records[i], taken, &counters);
        g_array_append_val(sample->counters, counters);
    }
    virDomainStatsRecordListFree(records);
    return TRUE;
}

static const Devices *devices_of(VdBackendCache *cache, const char *uuid, virDomainPtr domain)
{
    Devices *devices = g_hash_table_lookup(cache->devices, uuid);
    if (devices && g_get_monotonic_time() - devices->taken < DEVICES_USEC)
        return devices;
    char *xml = virDomainGetXMLDesc(domain, 0);
    g_autoptr(VdDomXml) parsed = xml ? vd_domxml_parse(xml, NULL) : NULL;
    free(xml);
    devices = g_new0(Devices, 1);
    devices->disks = g_ptr_array_new_with_free_func(g_free);
    devices->nics = g_ptr_array_new_with_free_func(g_free);
    devices->taken = g_get_monotonic_time();
    for (guint i = 0; parsed && i < parsed->disks->len; i++) {
        const VdDomDisk *disk = g_ptr_array_index(parsed->disks, i);
        if (disk->target)
            g_ptr_array_add(devices->disks, g_strdup(disk->target));
    }
    for (guint i = 0; parsed && i < parsed->nics->len; i++) {
        const VdDomNic *nic = g_ptr_array_index(parsed->nics, i);
        if (nic->target)
            g_ptr_array_add(devices->nics, g_strdup(nic->target));
    }
    g_hash_table_insert(cache->devices, g_strdup(uuid), devices);
    return devices;
}

static void read_memory(virDomainPtr domain, VdCounters *counters)
{
    virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
    int n = virDomainMemoryStats(domain, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);
    static const char *const keys[VIR_DOMAIN_MEMORY_STAT_NR] = {
        [VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON] = "current",
        [VIR_DOMAIN_MEMORY_STAT_RSS] = "rss",
        [VIR_DOMAIN_MEMORY_STAT_UNUSED] = "unused",
        [VIR_DOMAIN_MEMORY_STAT_AVAILABLE] = "available",
        [VIR_DOMAIN_MEMORY_STAT_USABLE] = "usable",
    };
    for (int i = 0; i < n; i++) {
        int tag = stats[i].tag;
        if (tag >= 0 && tag < VIR_DOMAIN_MEMORY_STAT_NR && keys[tag])
            read_balloon(keys[tag], stats[i].val, counters);
    }
}

static void read_devices(virDomainPtr domain, const Devices *devices, guint groups,
                         VdCounters *counters)
{
    for (guint i = 0; (groups & VD_GROUP_DISK) && i < devices->disks->len; i++) {
        virDomainBlockStatsStruct block;
        if (virDomainBlockStats(domain, g_ptr_array_index(devices->disks, i), &block,
                                sizeof block) < 0)
            continue;
        counters->disk_read += block.rd_bytes > 0 ? (guint64)block.rd_bytes : 0;
        counters->disk_write += block.wr_bytes > 0 ? (guint64)block.wr_bytes : 0;
        counters->has |= VD_HAS_BLOCK;
    }
    for (guint i = 0; (groups & VD_GROUP_NET) && i < devices->nics->len; i++) {
        virDomainInterfaceStatsStruct nic;
        if (virDomainInterfaceStats(domain, g_ptr_array_index(devices->nics, i), &nic, sizeof nic) <
            0)
            continue;
        counters->rx += nic.rx_bytes > 0 ? (guint64)nic.rx_bytes : 0;
        counters->tx += nic.tx_bytes > 0 ? (guint64)nic.tx_bytes : 0;
        counters->has |= VD_HAS_NET;
    }
}

static void dear_single(VdBackendConn *conn, VdBackendCache *cache, VdDearSample *sample)
{
    for (guint i = 0; i < sample->uuids->len; i++) {
        const char *uuid = g_ptr_array_index(sample->uuids, i);
        g_atomic_int_set(&sample->asking, (gint)i);
        virDomainPtr domain = cached_domain(conn, cache, uuid);
        if (!domain)
            continue;
        VdCounters counters;
        counters_begin(&counters, domain);
        if (sample->groups & VD_GROUP_MEM)
            read_memory(domain, &counters);
        if (sample->groups & (VD_GROUP_DISK | VD_GROUP_NET))
            read_devices(domain, devices_of(cache, uuid, domain), sample->groups, &counters);
        if (counters.has)
            g_array_append_val(sample->counters, counters);
        else
            forget(cache, uuid); /* off or gone */
    }
}

gboolean vd_lv_dear(VdBackendConn *conn, VdBackendCache **cache, VdDearSample *sample,
                    GError **error)
{
    VdBackendCache *kept = cache_of(cache);
    if (!g_atomic_int_get(&conn->one_by_one)) {
        if (dear_bulk(conn, kept, sample))
            return TRUE;
        if (virGetLastErrorCode() != VIR_ERR_NO_SUPPORT)
            return vd_virt_fail(error, _("Cannot read the figures of the machines"));
        g_atomic_int_set(&conn->one_by_one, 1);
    }
    dear_single(conn, kept, sample);
    return TRUE;
}

/* ---- details of what is on the screen ---- */

/* A machine with a static address has no lease; one that we made says which it was given. */
static char *given_address(virDomainPtr domain)
{
    char *xml = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, VD_METADATA_NS, 0);
    char *address = vd_machine_given(xml, NULL);
    if (!xml)
        virResetLastError();
    free(xml);
    return address;
}

static char *first_address(virDomainPtr domain)
{
    virDomainInterfacePtr *nics = NULL;
    char *address = NULL;
    int n = virDomainInterfaceAddresses(domain, &nics, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, 0);
    for (int i = 0; i < n; i++) {
        if (!address && nics[i]->naddrs > 0)
            address = g_strdup(nics[i]->addrs[0].addr);
        virDomainInterfaceFree(nics[i]);
    }
    free(nics);
    return address ? address : given_address(domain);
}

void vd_lv_detail(VdBackendConn *conn, const char *uuid, VdDetail *detail)
{
    virDomainPtr domain = vd_lv_lookup(conn, uuid);
    if (!domain)
        return;
    if (detail->title) {
        char *title = virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_TITLE, NULL, 0);
        detail->ret_title = g_strdup(title);
        free(title);
    }
    /* The test driver (libvirt 9.0.0) invents addresses, and crashes over a network without any. */
    if (detail->address && !conn->is_private)
        detail->ret_address = first_address(domain);
    virDomainFree(domain);
}
