/* The disk of a machine elsewhere comes here by libvirt's own stream, as the volume that its host
 * knows it as. A disk may stand on others: each of those files is a layer, and comes as it lies
 * there, its holes as holes. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"

/* As large as libvirt's own protocol has them; how far it is is told after so many. */
#define PACKET ((gsize)262120)
#define TOLD   (8 * PACKET)
/* No chain is that long but one that goes round. */
#define LAYERS 32

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

/* ---- looking ---- */

static void layer_free(gpointer data)
{
    VdLayer *layer = data;

    g_free(layer->pool);
    g_free(layer->name);
    g_free(layer->path);
    g_free(layer->format);
    g_free(layer->changed);
    g_free(layer);
}

/* Pools that do not know it yet are read anew. */
static void refresh_pools(VdConn *conn)
{
    virStoragePoolPtr *pools = NULL;
    int n =
        virConnectListAllStoragePools(conn->conn, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);

    n = vd_virt_listed(n, pools);
    for (int i = 0; i < n; i++) {
        if (virStoragePoolRefresh(pools[i], 0) < 0)
            virResetLastError();
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    virResetLastError();
}

static virStorageVolPtr find_volume(VdConn *conn, const char *path, GError **error)
{
    virStorageVolPtr volume = virStorageVolLookupByPath(conn->conn, path);
    g_autofree char *folder = NULL;

    if (!volume) {
        refresh_pools(conn);
        volume = virStorageVolLookupByPath(conn->conn, path);
    }
    if (volume)
        return volume;
    if (virGetLastErrorCode() != VIR_ERR_NO_STORAGE_VOL) {
        vd_virt_fail(error, _("The disk %s could not be looked up"), path);
        return NULL;
    }
    virResetLastError();
    folder = g_path_get_dirname(path);
    vd_error_set(error, VD_ERR_UNSUPPORTED, NULL,
                 _("The host has %s in no storage pool, and only from there can it be fetched: "
                   "make a pool of its folder there (virsh pool-create-as NAME dir --target %s), "
                   "or make the image on that host."),
                 path, folder);
    return NULL;
}

/* The layer that this volume is; *ret_base what it stands on, or NULL, and its format. */
static VdLayer *describe(virStorageVolPtr volume, const char *path, const char *format,
                         char **ret_base, char **ret_base_format, GError **error)
{
    char *xml = virStorageVolGetXMLDesc(volume, 0);
    g_autoptr(xmlDoc) doc = vd_xml_parse(xml ? xml : "", "volume", NULL);
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByVolume(volume);
    virStorageVolInfo used = {0}, length = {0};
    VdLayer *layer;

    free(xml);
    if (!doc || !pool || virStorageVolGetInfo(volume, &used) < 0) {
        vd_virt_fail(error, _("The disk %s could not be looked up"), path);
        return NULL;
    }
    /* With that flag the allocation is the file's length. */
    if (virStorageVolGetInfoFlags(volume, &length, VIR_STORAGE_VOL_GET_PHYSICAL) < 0)
        virResetLastError();
    layer = g_new0(VdLayer, 1);
    layer->pool = g_strdup(virStoragePoolGetName(pool));
    layer->name = g_strdup(virStorageVolGetName(volume));
    layer->path = g_strdup(path);
    layer->format = g_strdup(format);
    layer->length = MAX(length.allocation, used.allocation);
    layer->used = used.allocation;
    layer->changed = vd_xpath_text(doc, "/volume/target/timestamps/mtime");
    /* The bytes of a raw disk are its guest's: what looks like a base there is none. */
    if (g_str_equal(format, "qcow2")) {
        *ret_base = vd_xpath_text(doc, "/volume/backingStore/path");
        *ret_base_format = vd_xpath_text(doc, "/volume/backingStore/format/@type");
    }
    return layer;
}

static gboolean check_format(const char *path, const char *format, GError **error)
{
    return g_strcmp0(format, "qcow2") == 0 || g_strcmp0(format, "raw") == 0 ||
           vd_fail(error, VD_ERR_UNSUPPORTED, NULL,
                   _("%s is %s, and only qcow2 and raw disks become images."), path,
                   format ? format : "?");
}

GPtrArray *vd_conn_layers(VdConn *conn, const char *path, const char *format, GError **error)
{
    g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(layer_free);
    g_autofree char *at = g_strdup(path), *as = g_strdup(format);

    while (at) {
        g_autofree char *base = NULL, *base_format = NULL;
        g_autoptr(virStorageVol) volume = NULL;
        VdLayer *layer = NULL;

        if (!check_format(at, as, error))
            return NULL;
        volume = find_volume(conn, at, error);
        if (volume)
            layer = describe(volume, at, as, &base, &base_format, error);
        if (!layer)
            return NULL;
        g_ptr_array_add(layers, layer);
        if (base && layers->len >= LAYERS) {
            vd_error_set(error, VD_ERR_UNSUPPORTED, NULL,
                         _("The disk %s stands on too many others: make it whole first (vmdeck "
                           "whole)."),
                         path);
            return NULL;
        }
        g_free(at);
        g_free(as);
        at = g_steal_pointer(&base);
        as = g_steal_pointer(&base_format);
    }
    return g_steal_pointer(&layers);
}

gboolean vd_conn_layer_same(VdConn *conn, const VdLayer *layer)
{
    g_autoptr(virStorageVol) volume = virStorageVolLookupByPath(conn->conn, layer->path);
    char *xml = volume ? virStorageVolGetXMLDesc(volume, 0) : NULL;
    g_autoptr(xmlDoc) doc = vd_xml_parse(xml ? xml : "", "volume", NULL);
    g_autofree char *changed = doc ? vd_xpath_text(doc, "/volume/target/timestamps/mtime") : NULL;

    free(xml);
    virResetLastError();
    return doc && g_strcmp0(changed, layer->changed) == 0;
}

/* ---- fetching ---- */

typedef struct {
    virStreamPtr stream;
    int fd;
    const char *what, *file; /* for sentences */
    guint64 done, told;
    const VdLayerFetch *fetch;
    char *packet;
} Download;

static gboolean tell(Download *down, GError **error)
{
    const VdLayerFetch *fetch = down->fetch;

    if (g_cancellable_is_cancelled(fetch->cancel))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    down->told = down->done;
    if (fetch->progress)
        fetch->progress(down->done, fetch->layer->length, fetch->data);
    return TRUE;
}

static gboolean is_zero(const char *bytes, gsize length)
{
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static gboolean write_all(Download *down, gsize length, GError **error)
{
    gsize written = 0;

    if (is_zero(down->packet, length))
        written = length;
    while (written < length) {
        ssize_t n = pwrite(down->fd, down->packet + written, length - written,
                           (off_t)(down->done + written));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return vd_fail(error,
                           errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? VD_ERR_NO_SPACE
                                                                                : VD_ERR_FAILED,
                           g_strerror(errno), "%s: %s.", down->file, g_strerror(errno));
        written += (gsize)n;
    }
    down->done += length;
    return TRUE;
}

/* Until the stream's end. */
static gboolean receive(Download *down, GError **error)
{
    for (;;) {
        long long hole = 0;
        int n =
            virStreamRecvFlags(down->stream, down->packet, PACKET, VIR_STREAM_RECV_STOP_AT_HOLE);

        if (n == -3 && virStreamRecvHole(down->stream, &hole, 0) == 0 && hole > 0) {
            down->done += (guint64)hole;
            continue;
        }
        if (n < 0)
            return vd_virt_fail(error, _("The host does not hand out %s"), down->what);
        if (n == 0)
            return tell(down, error);
        if (!write_all(down, (gsize)n, error) ||
            (down->done - down->told >= TOLD && !tell(down, error)))
            return FALSE;
    }
}

static gboolean download(virStorageVolPtr volume, Download *down, GError **error)
{
    if (virStorageVolDownload(volume, down->stream, down->done, 0,
                              VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM) < 0)
        return vd_virt_fail(error, _("The host does not hand out %s"), down->what);
    if (!receive(down, error)) {
        if (virStreamAbort(down->stream) < 0)
            virResetLastError();
        return FALSE;
    }
    /* Here what went wrong at the other end is told. */
    if (virStreamFinish(down->stream) < 0)
        return vd_virt_fail(error, _("The host does not hand out %s"), down->what);
    return ftruncate(down->fd, (off_t)down->done) == 0 ||
           vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", down->file, g_strerror(errno));
}

gboolean vd_conn_layer_fetch(VdConn *conn, const VdLayerFetch *fetch, GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, fetch->layer->pool);
    g_autoptr(virStorageVol) volume =
        pool ? virStorageVolLookupByName(pool, fetch->layer->name) : NULL;
    g_autoptr(virStream) stream = volume ? virStreamNew(conn->conn, 0) : NULL;
    g_autofree char *packet = g_malloc(PACKET);
    Download down = {.stream = stream,
                     .what = fetch->layer->path,
                     .file = fetch->file,
                     .done = fetch->from,
                     .told = fetch->from,
                     .fetch = fetch,
                     .packet = packet};
    gboolean ok;

    if (!stream)
        return vd_virt_fail(error, _("The disk %s could not be looked up"), fetch->layer->path);
    down.fd = open(fetch->file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (down.fd < 0 || ftruncate(down.fd, (off_t)fetch->from) < 0) {
        vd_error_set(error, VD_ERR_FAILED, NULL, "%s: %s.", fetch->file, g_strerror(errno));
        if (down.fd >= 0)
            close(down.fd);
        return FALSE;
    }
    ok = download(volume, &down, error);
    close(down.fd);
    return ok;
}
