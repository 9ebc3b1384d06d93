/* Listings with as few round trips as there can be: the state of all machines in one bulk call, and
 * the flags (transient, autostart, managed save) as three filtered lists, which are mostly short.
 * Only machines that nobody has seen before cost a call each, for their processors and memory. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/call.h"
#include "src/virt/lv.h"
#include "src/virt/xml.h"
#include "src/virt/memory.h"

static void row_clear(gpointer data)
{
    g_free(((VdRow *)data)->raw_name);
}

GArray *vd_rows_new(void)
{
    GArray *rows = g_array_new(FALSE, TRUE, sizeof(VdRow));
    g_array_set_clear_func(rows, row_clear);
    return rows;
}

static void row_begin(VdRow *row, virDomainPtr domain)
{
    const char *name = virDomainGetName(domain);
    unsigned int id = virDomainGetID(domain);
    vd_lv_uuid(domain, row->uuid);
    row->raw_name = g_strdup(name ? name : "?");
    row->id = id > G_MAXINT ? -1 : (int)id;
    row->persistent = TRUE;
}

static gboolean row_inform(VdRow *row, virDomainPtr domain)
{
    virDomainInfo info;
    if (virDomainGetInfo(domain, &info) < 0)
        return FALSE;
    row->informed = TRUE;
    row->vcpus = info.nrVirtCpu;
    row->max_mem = (guint64)info.maxMem * 1024;
    row->state = vd_lv_state(info.state);
    return TRUE;
}

static void row_state_of(VdRow *row, virDomainStatsRecordPtr record)
{
    for (int i = 0; i < record->nparams; i++) {
        const virTypedParameter *param = &record->params[i];
        if (param->type != VIR_TYPED_PARAM_INT)
            continue;
        if (strcmp(param->field, "state.state") == 0)
            row->state = vd_lv_state(param->value.i);
        else if (strcmp(param->field, "state.reason") == 0)
            row->reason = param->value.i;
    }
}

static gboolean list_bulk(VdBackendConn *conn, VdNeedsInfo needs, gpointer data, GArray *rows)
{
    virDomainStatsRecordPtr *records = NULL;
    int n = virConnectGetAllDomainStats(conn->conn, VIR_DOMAIN_STATS_STATE, &records, 0);
    if (n < 0)
        return FALSE;
    for (int i = 0; i < n; i++) {
        VdRow row = {0};
        row_begin(&row, records[i]->dom);
        row_state_of(&row, records[i]);
        VdVmState state = row.state;
        if (needs(row.uuid, data) && row_inform(&row, records[i]->dom))
            row.state = state; /* of one moment for all */
        g_array_append_val(rows, row);
    }
    virDomainStatsRecordListFree(records);
    return TRUE;
}

static gboolean list_single(VdBackendConn *conn, VdNeedsInfo needs, gpointer data, GArray *rows)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(conn->conn, &domains, 0);
    n = vd_virt_listed(n, domains);
    if (n < 0)
        return FALSE;
    for (int i = 0; i < n; i++) {
        VdRow row = {0};
        int state = VIR_DOMAIN_NOSTATE;
        row_begin(&row, domains[i]);
        if (needs(row.uuid, data))
            (void)row_inform(&row, domains[i]);
        if (virDomainGetState(domains[i], &state, &row.reason, 0) == 0)
            row.state = vd_lv_state(state);
        g_array_append_val(rows, row);
    }
    vd_lv_domains_free(domains, n);
    return TRUE;
}

typedef enum { MARK_TRANSIENT, MARK_AUTOSTART, MARK_SAVED } Mark;

static void mark_row(VdRow *row, Mark mark)
{
    switch (mark) {
    case MARK_TRANSIENT:
        row->persistent = FALSE;
        break;
    case MARK_AUTOSTART:
        row->autostart = TRUE;
        break;
    case MARK_SAVED:
        row->managed_save = TRUE;
        break;
    }
}

/* Drivers without the filter refuse it: then nothing is marked. */
static void mark_rows(VdBackendConn *conn, unsigned int flags, Mark mark, GArray *rows,
                      GHashTable *by_uuid)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(conn->conn, &domains, flags);
    n = vd_virt_listed(n, domains);
    for (int i = 0; i < n; i++) {
        char uuid[37];
        vd_lv_uuid(domains[i], uuid);
        gpointer index;
        if (g_hash_table_lookup_extended(by_uuid, uuid, NULL, &index))
            mark_row(&g_array_index(rows, VdRow, GPOINTER_TO_UINT(index)), mark);
    }
    if (n >= 0)
        vd_lv_domains_free(domains, n);
}

gboolean vd_lv_list(VdBackendConn *conn, VdNeedsInfo needs, gpointer data, GArray *rows,
                    GError **error)
{
    gboolean listed = FALSE;
    if (!g_atomic_int_get(&conn->no_bulk)) {
        listed = list_bulk(conn, needs, data, rows);
        if (!listed && virGetLastErrorCode() == VIR_ERR_NO_SUPPORT)
            g_atomic_int_set(&conn->no_bulk, 1);
    }
    if (!listed && g_atomic_int_get(&conn->no_bulk))
        listed = list_single(conn, needs, data, rows);
    if (!listed)
        return vd_virt_fail(error, _("Cannot list the machines"));

    g_autoptr(GHashTable) by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < rows->len; i++)
        g_hash_table_insert(by_uuid, g_array_index(rows, VdRow, i).uuid, GUINT_TO_POINTER(i));
    mark_rows(conn, VIR_CONNECT_LIST_DOMAINS_TRANSIENT, MARK_TRANSIENT, rows, by_uuid);
    mark_rows(conn, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, MARK_AUTOSTART, rows, by_uuid);
    mark_rows(conn, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, MARK_SAVED, rows, by_uuid);
    return TRUE;
}

static gboolean look_one(VdBackendConn *conn, const char *uuid, VdRow *row, GError **error)
{
    virDomainPtr domain = vd_lv_lookup(conn, uuid);
    if (!domain) {
        g_strlcpy(row->uuid, uuid, sizeof row->uuid);
        row->gone = TRUE;
        if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
            return TRUE;
        return vd_virt_fail(error, _("Cannot look a machine up"));
    }
    int state = VIR_DOMAIN_NOSTATE, autostart = 0;
    row_begin(row, domain);
    (void)row_inform(row, domain);
    if (virDomainGetState(domain, &state, &row->reason, 0) == 0)
        row->state = vd_lv_state(state);
    else if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        row->gone = TRUE; /* it went while we looked */
    row->persistent = virDomainIsPersistent(domain) != 0;
    row->autostart = virDomainGetAutostart(domain, &autostart) == 0 && autostart;
    row->managed_save = virDomainHasManagedSaveImage(domain, 0) == 1;
    virDomainFree(domain);
    return TRUE;
}

gboolean vd_lv_look(VdBackendConn *conn, GPtrArray *uuids, GArray *rows, GError **error)
{
    for (guint i = 0; i < uuids->len; i++) {
        VdRow row = {0};
        gboolean ok = look_one(conn, g_ptr_array_index(uuids, i), &row, error);
        g_array_append_val(rows, row);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

/* Only a daemon with root's rights can change whose a file is, and says so (DAC): for root,
 * "/session" leads to the system's daemon as well. */
static gboolean is_privileged(const xmlNode *host)
{
    for (const xmlNode *node = host->children; node; node = node->next) {
        g_autofree char *model = xmlStrcmp(node->name, (const xmlChar *)"secmodel") == 0
                                     ? vd_xml_child_text(node, "model")
                                     : NULL;
        if (g_strcmp0(model, "dac") == 0)
            return TRUE;
    }
    return FALSE;
}

/* Its UUID alone would not do: several drivers of one machine have the same, and so have machines
 * whose maker gave them all one. Users' sessions are each one's own, and whose it is cannot be
 * told.
 */
static GRefString *identity_of(virConnectPtr conn, const char *type, const char *hostname)
{
    char *real = virConnectGetURI(conn);
    gboolean session = !real || strstr(real, "/session");
    char *text = virConnectGetCapabilities(conn);
    g_autoptr(xmlDoc) doc = text ? vd_xml_parse(text, "capabilities", NULL) : NULL;
    const xmlNode *host = doc ? vd_xml_child(xmlDocGetRootElement(doc), "host") : NULL;
    gboolean known = host && (!session || is_privileged(host));
    g_autofree char *uuid = known ? vd_xml_child_text(host, "uuid") : NULL;
    g_autofree char *all = g_strdup_printf("%s %s %s", uuid, type ? type : "", hostname);
    free(real);
    free(text);
    return uuid && hostname ? g_ref_string_new(all) : NULL;
}

gboolean vd_lv_facts(VdBackendConn *conn, guint what, VdHost *host, GError **error)
{
    virNodeInfo node;
    VdNodeMemory memory;
    unsigned long lib = 0, hypervisor = 0;
    if (virNodeGetInfo(conn->conn, &node) < 0) {
        if (virConnectIsAlive(conn->conn) != 1)
            return vd_virt_fail(error, _("Cannot ask the host about itself"));
    } else {
        host->cpus = (int)node.cpus;
    }
    if (vd_node_memory(conn->conn, &conn->node_memory, &memory))
        host->memory = memory.total;
    const char *type = virConnectGetType(conn->conn);
    host->type = type ? g_ref_string_new(type) : NULL;
    if (!what)
        return TRUE;
    char *name = virConnectGetHostname(conn->conn);
    g_autofree char *clean = name ? vd_text_clean(name, 255, FALSE) : NULL;
    free(name);
    host->hostname = clean ? g_ref_string_new(clean) : NULL;
    if (what & VD_FACT_IDENTITY)
        host->identity = identity_of(conn->conn, type, clean);
    if (!(what & VD_FACT_NAMES))
        return TRUE;
    if (virConnectGetLibVersion(conn->conn, &lib) == 0)
        host->lib_version = lib;
    if (virConnectGetVersion(conn->conn, &hypervisor) == 0)
        host->hv_version = hypervisor;
    return TRUE;
}
