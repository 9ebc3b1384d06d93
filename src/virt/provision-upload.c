/* A file of ours becomes a volume of the host, here or elsewhere, by libvirt's own stream: no other
 * way in is needed there. Blocks of a MiB go to libvirt, which cuts them as its protocol wants;
 * what is a hole here becomes one there. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/virterror.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"

#define BLOCK (1024 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

typedef struct {
    virStreamPtr stream;
    int fd;
    const char *name; /* of the file, for sentences */
    guint64 size, done;
    VdUploadProgress progress;
    gpointer data;
    GCancellable *cancel;
    guint8 *block;
} Upload;

static gboolean tell(Upload *upload, GError **error)
{
    if (g_cancellable_is_cancelled(upload->cancel))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    if (upload->progress && upload->size > 0)
        upload->progress(upload->done, upload->size, upload->data);
    return TRUE;
}

static gboolean send_block(Upload *upload, gsize length, GError **error)
{
    gsize sent = 0;

    while (sent < length) {
        int n = virStreamSend(upload->stream, (const char *)upload->block + sent, length - sent);

        if (n < 0)
            return vd_virt_fail(error, _("The host does not take %s"), upload->name);
        sent += (gsize)n;
    }
    return TRUE;
}

/* The bytes from done up to end. */
static gboolean send_data(Upload *upload, guint64 end, GError **error)
{
    while (upload->done < end) {
        gsize wanted = (gsize)MIN((guint64)BLOCK, end - upload->done);
        ssize_t n = pread(upload->fd, upload->block, wanted, (off_t)upload->done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return vd_fail(error, VD_ERR_FAILED, n < 0 ? g_strerror(errno) : NULL,
                           _("%s cannot be read to its end."), upload->name);
        if (!send_block(upload, (gsize)n, error))
            return FALSE;
        upload->done += (guint64)n;
        if (!tell(upload, error))
            return FALSE;
    }
    return TRUE;
}

/* The beginning of the next data from done on; the file's end if there is none. */
static guint64 next_data(const Upload *upload)
{
    off_t at = lseek(upload->fd, (off_t)upload->done, SEEK_DATA);

    if (at >= 0)
        return MIN((guint64)at, upload->size);
    /* A file system that knows no holes has data everywhere. */
    return errno == ENXIO ? upload->size : upload->done;
}

static guint64 next_hole(const Upload *upload)
{
    off_t at = lseek(upload->fd, (off_t)upload->done, SEEK_HOLE);

    return at > (off_t)upload->done ? MIN((guint64)at, upload->size) : upload->size;
}

static gboolean send_all(Upload *upload, GError **error)
{
    while (upload->done < upload->size) {
        guint64 data = next_data(upload);

        if (data > upload->done) {
            if (virStreamSendHole(upload->stream, (long long)(data - upload->done), 0) < 0)
                return vd_virt_fail(error, _("The host does not take %s"), upload->name);
            upload->done = data;
            if (!tell(upload, error))
                return FALSE;
        }
        if (!send_data(upload, next_hole(upload), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean upload_to(VdConn *conn, virStorageVolPtr volume, Upload *upload, GError **error)
{
    g_autoptr(virStream) stream = virStreamNew(conn->conn, 0);

    if (!stream || virStorageVolUpload(volume, stream, 0, upload->size,
                                       VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM) < 0)
        return vd_virt_fail(error, _("The host does not take %s"), upload->name);
    upload->stream = stream;
    if (!send_all(upload, error)) {
        if (virStreamAbort(stream) < 0)
            virResetLastError();
        return FALSE;
    }
    /* Here what went wrong at the other end is told. */
    if (virStreamFinish(stream) < 0)
        return vd_virt_fail(error, _("The host does not take %s"), upload->name);
    return TRUE;
}

static virStorageVolPtr make_volume(VdConn *conn, const char *pool_name, const char *name,
                                    guint64 size, GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    g_autofree char *xml = vd_volume_raw_xml(name, size);
    virStorageVolPtr volume = pool ? virStorageVolCreateXML(pool, xml, 0) : NULL;

    if (!volume)
        vd_virt_fail(error, _("The disk %s could not be made in the storage pool %s"), name,
                     pool_name);
    return volume;
}

gboolean vd_conn_volume_upload(VdConn *conn, const char *pool, const char *name, const char *file,
                               VdUploadProgress progress, gpointer data, GCancellable *cancel,
                               char **ret_path, GError **error)
{
    Upload upload = {.name = file, .progress = progress, .data = data, .cancel = cancel};
    g_autoptr(virStorageVol) volume = NULL;
    struct stat st;
    gboolean ok = FALSE;
    char *path;

    *ret_path = NULL;
    upload.fd = open(file, O_RDONLY | O_CLOEXEC);
    if (upload.fd < 0 || fstat(upload.fd, &st) < 0) {
        vd_error_set(error, VD_ERR_FAILED, NULL, _("%s cannot be opened: %s."), file,
                     g_strerror(errno));
    } else {
        upload.size = (guint64)st.st_size;
        volume = make_volume(conn, pool, name, upload.size, error);
        upload.block = g_malloc(BLOCK);
        ok = volume && upload_to(conn, volume, &upload, error);
        explicit_bzero(upload.block, BLOCK); /* a medium has hashes */
        g_free(upload.block);
    }
    if (upload.fd >= 0)
        close(upload.fd);
    if (!ok)
        return FALSE;
    path = virStorageVolGetPath(volume);
    if (!path)
        return vd_virt_fail(error, _("The disk %s has no path"), name);
    *ret_path = g_strdup(path);
    free(path);
    return TRUE;
}
