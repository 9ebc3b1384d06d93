/* libvirt behind the engine's table of calls: connections, events and operations. Listings are in
 * backend-list.c, figures in backend-stats.c. */
#include "config.h"

#include <libvirt/virterror.h>
#include <malloc.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/call.h"
#include "src/virt/connect.h"
#include "src/virt/lv.h"

/* A dead peer is seen in interval × (count + 1) = 20 s. */
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT   3

VdVmState vd_lv_state(int state)
{
    static const VdVmState states[] = {
        [VIR_DOMAIN_NOSTATE] = VD_VM_NOSTATE,   [VIR_DOMAIN_RUNNING] = VD_VM_RUNNING,
        [VIR_DOMAIN_BLOCKED] = VD_VM_BLOCKED,   [VIR_DOMAIN_PAUSED] = VD_VM_PAUSED,
        [VIR_DOMAIN_SHUTDOWN] = VD_VM_SHUTDOWN, [VIR_DOMAIN_SHUTOFF] = VD_VM_OFF,
        [VIR_DOMAIN_CRASHED] = VD_VM_CRASHED,   [VIR_DOMAIN_PMSUSPENDED] = VD_VM_SUSPENDED,
    };
    if (state < 0 || state >= (int)G_N_ELEMENTS(states))
        return VD_VM_NOSTATE;
    return states[state];
}

virDomainPtr vd_lv_lookup(VdBackendConn *conn, const char *uuid)
{
    return virDomainLookupByUUIDString(conn->conn, uuid);
}

void vd_lv_uuid(virDomainPtr domain, char uuid[37])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[VIR_UUID_BUFLEN] = {0};
    char *to = uuid;
    /* By hand: libvirt prints it by printf(), which is felt with ten thousand machines a second. */
    (void)virDomainGetUUID(domain, raw);
    for (int i = 0; i < VIR_UUID_BUFLEN; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        *to++ = digits[raw[i] >> 4];
        *to++ = digits[raw[i] & 15];
    }
    *to = '\0';
}

void vd_lv_domains_free(virDomainPtr *domains, int n)
{
    for (int i = 0; domains && i < n; i++)
        virDomainFree(domains[i]);
    free(domains);
}

/* The test driver keeps its machines in the connection itself; there is no daemon behind it. */
static gboolean is_private(virConnectPtr conn, const char *uri)
{
    const char *type = virConnectGetType(conn);
    return type && g_ascii_strcasecmp(type, "TEST") == 0 && g_str_has_prefix(uri, "test:");
}

static gboolean has_containers(virConnectPtr conn)
{
    const char *type = virConnectGetType(conn);
    return type && g_ascii_strcasecmp(type, "LXC") == 0;
}

static VdBackendConn *lv_open(const VdBackend *backend, const char *uri, VdAsker *asker,
                              VdOpened *ret, GError **error)
{
    (void)backend;
    virConnectPtr conn = vd_lv_connect(uri, asker, ret, error);
    if (!conn)
        return NULL;
    (void)virConnectSetKeepAlive(conn, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    VdBackendConn *self = g_new0(VdBackendConn, 1);
    self->refs = 1;
    self->conn = conn;
    self->is_private = ret->is_private = is_private(conn, uri);
    self->containers = has_containers(conn);
    g_atomic_int_set(&self->one_by_one, ret->is_private);
    if (ret->is_private) /* the tree of its file, as large as all its machines, was freed just now
                          */
        (void)malloc_trim(0);
    return self;
}

static VdBackendConn *lv_ref(VdBackendConn *conn)
{
    g_atomic_int_inc(&conn->refs);
    return conn;
}

static gboolean lv_alive(VdBackendConn *conn)
{
    return virConnectIsAlive(conn->conn) == 1;
}

/* ---- events: on libvirt's event thread; copy and post ---- */

static void hint(virDomainPtr domain, void *tap)
{
    char uuid[37];
    vd_lv_uuid(domain, uuid);
    vd_tap_hint(tap, uuid);
}

static void on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *tap)
{
    (void)conn;
    (void)event;
    (void)detail;
    hint(domain, tap);
}

static void on_plain(virConnectPtr conn, virDomainPtr domain, void *tap)
{
    (void)conn;
    hint(domain, tap);
}

static void on_metadata(virConnectPtr conn, virDomainPtr domain, int type, const char *space,
                        void *tap)
{
    (void)conn;
    (void)type;
    (void)space;
    hint(domain, tap);
}

static void on_device(virConnectPtr conn, virDomainPtr domain, const char *alias, void *tap)
{
    (void)conn;
    (void)alias;
    hint(domain, tap);
}

static void on_close(virConnectPtr conn, int reason, void *tap)
{
    (void)conn;
    static const VdTapClosed reasons[] = {
        [VIR_CONNECT_CLOSE_REASON_ERROR] = VD_CLOSED_ERROR,
        [VIR_CONNECT_CLOSE_REASON_EOF] = VD_CLOSED_EOF,
        [VIR_CONNECT_CLOSE_REASON_KEEPALIVE] = VD_CLOSED_KEEPALIVE,
        [VIR_CONNECT_CLOSE_REASON_CLIENT] = VD_CLOSED_CLIENT,
    };
    gboolean known = reason >= 0 && reason < (int)G_N_ELEMENTS(reasons);
    vd_tap_gone(tap, known ? reasons[reason] : VD_CLOSED_ERROR);
}

static void drop_tap(void *tap)
{
    vd_tap_unref(tap);
}

static gboolean lv_watch(VdBackendConn *conn, VdTap *tap)
{
    static const struct {
        int id;
        virConnectDomainEventGenericCallback callback;
    } wanted[] = {
        {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
        {VIR_DOMAIN_EVENT_ID_REBOOT, VIR_DOMAIN_EVENT_CALLBACK(on_plain)},
        {VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_metadata)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
        {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device)},
    };
    /* A driver that never calls it (test) would not free its data either, so we keep that. */
    conn->tap = vd_tap_ref(tap);
    conn->closing = virConnectRegisterCloseCallback(conn->conn, on_close, tap, NULL) == 0;
    conn->events = g_array_new(FALSE, FALSE, sizeof(int));
    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        int id = virConnectDomainEventRegisterAny(conn->conn, NULL, wanted[i].id,
                                                  wanted[i].callback, vd_tap_ref(tap), drop_tap);
        if (id < 0)
            vd_tap_unref(tap);
        else
            g_array_append_val(conn->events, id);
        if (id < 0 && i == 0)
            return FALSE; /* without the lifecycle the others are of no use */
    }
    return TRUE;
}

static void lv_unwatch(VdBackendConn *conn)
{
    if (conn->closing)
        (void)virConnectUnregisterCloseCallback(conn->conn, on_close);
    conn->closing = FALSE;
    for (guint i = 0; conn->events && i < conn->events->len; i++)
        (void)virConnectDomainEventDeregisterAny(conn->conn, g_array_index(conn->events, int, i));
    g_clear_pointer(&conn->events, g_array_unref);
}

static void lv_unref(VdBackendConn *conn)
{
    if (!g_atomic_int_dec_and_test(&conn->refs))
        return;
    lv_unwatch(conn);
    (void)virConnectClose(conn->conn);
    vd_tap_unref(conn->tap);
    g_free(conn);
}

static gboolean lv_run(VdBackendConn *conn, const VdRun *run, VdDoc **ret_doc, GError **error)
{
    VdVirtCall call = {
        .conn = conn->conn, .args = run->args, .request = run->request, .patience = run->patience};
    if (run->uuid) {
        call.domain = vd_lv_lookup(conn, run->uuid);
        if (!call.domain)
            return vd_virt_fail(error, _("Cannot find the machine"));
    }
    gboolean ok = run->func(&call, error);
    if (call.domain)
        virDomainFree(call.domain);
    if (ok)
        *ret_doc = call.answer;
    else
        vd_doc_unref(call.answer);
    return ok;
}

const VdBackend vd_backend_libvirt = {
    .open = lv_open,
    .ref = lv_ref,
    .unref = lv_unref,
    .alive = lv_alive,
    .watch = lv_watch,
    .unwatch = lv_unwatch,
    .facts = vd_lv_facts,
    .list = vd_lv_list,
    .look = vd_lv_look,
    .cheap = vd_lv_cheap,
    .dear = vd_lv_dear,
    .detail = vd_lv_detail,
    .cache_free = vd_lv_cache_free,
    .run = lv_run,
};
