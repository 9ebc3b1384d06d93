/* A file of ours becomes a volume of the host, here or elsewhere, by libvirt's own stream: no other
 * way in is needed there. What is a hole here becomes one there. A base that many disks will stand
 * on goes in parts, each of which is known to be there when its stream has ended, and its first
 * block comes last: a volume of that name whose first block is the file's is whole, whoever looks
 * at it. */
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

/* Read at once and sent as one packet, as large as libvirt's own protocol has them: while the
 * daemon takes one it writes the one before, and what was read is still in the processor's cache
 * when it is sent. How far it is is told after so many. */
#define PACKET    ((gsize)262120)
#define TOLD      (8 * PACKET)
#define HEAD      ((guint64)64 * 1024)
#define PART      ((guint64)16 * 1024 * 1024)
#define PART_MOST ((guint64)256 * 1024 * 1024)
/* How much before the place where an upload goes on is compared with what is there. */
#define TAIL ((guint64)1024 * 1024)
/* A begun upload of somebody else's that has not moved for so long is given up by us. */
#define REST_USEC (10 * G_USEC_PER_SEC)
#define LOOK_USEC (G_USEC_PER_SEC / 2)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStream, virStreamFree)

typedef struct {
    virStreamPtr stream;
    int fd;
    const char *name; /* of the file, for sentences */
    guint64 size, done;
    guint64 end; /* of this stream */
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
        int n = virStreamSend(upload->stream, (const char *)upload->block + sent,
                              MIN(PACKET, length - sent));

        if (n < 0)
            return vd_virt_fail(error, _("The host does not take %s"), upload->name);
        sent += (gsize)n;
    }
    return TRUE;
}

/* The bytes from done up to end. */
static gboolean send_data(Upload *upload, guint64 end, GError **error)
{
    guint64 told = upload->done;

    while (upload->done < end) {
        gsize wanted = (gsize)MIN((guint64)PACKET, end - upload->done);
        ssize_t n = pread(upload->fd, upload->block, wanted, (off_t)upload->done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return vd_fail(error, VD_ERR_FAILED, n < 0 ? g_strerror(errno) : NULL,
                           _("%s cannot be read to its end."), upload->name);
        if (!send_block(upload, (gsize)n, error))
            return FALSE;
        upload->done += (guint64)n;
        if (upload->done - told < TOLD && upload->done < end)
            continue;
        told = upload->done;
        if (!tell(upload, error))
            return FALSE;
    }
    return TRUE;
}

/* The beginning of the next data from done on; the stream's end if there is none. */
static guint64 next_data(const Upload *upload)
{
    off_t at = lseek(upload->fd, (off_t)upload->done, SEEK_DATA);

    if (at >= 0)
        return MIN((guint64)at, upload->end);
    /* A file system that knows no holes has data everywhere. */
    return errno == ENXIO ? upload->end : upload->done;
}

static guint64 next_hole(const Upload *upload)
{
    off_t at = lseek(upload->fd, (off_t)upload->done, SEEK_HOLE);

    return at > (off_t)upload->done ? MIN((guint64)at, upload->end) : upload->end;
}

static gboolean send_all(Upload *upload, GError **error)
{
    while (upload->done < upload->end) {
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

/* The bytes from `from` up to `end` by a stream of their own. */
static gboolean upload_part(VdConn *conn, virStorageVolPtr volume, Upload *upload, guint64 from,
                            guint64 end, GError **error)
{
    g_autoptr(virStream) stream = virStreamNew(conn->conn, 0);

    if (!stream || virStorageVolUpload(volume, stream, from, end - from,
                                       VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM) < 0)
        return vd_virt_fail(error, _("The host does not take %s"), upload->name);
    upload->stream = stream;
    upload->done = from;
    upload->end = end;
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

static gboolean open_file(Upload *upload, GError **error)
{
    struct stat st;

    upload->fd = open(upload->name, O_RDONLY | O_CLOEXEC);
    if (upload->fd < 0 || fstat(upload->fd, &st) < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s cannot be opened: %s."), upload->name,
                       g_strerror(errno));
    upload->size = (guint64)st.st_size;
    upload->block = g_malloc(PACKET);
    return TRUE;
}

static void close_file(Upload *upload)
{
    if (upload->block)
        explicit_bzero(upload->block, PACKET); /* a medium has hashes */
    g_clear_pointer(&upload->block, g_free);
    if (upload->fd >= 0)
        close(upload->fd);
}

static gboolean tell_path(virStorageVolPtr volume, const char *name, char **ret_path,
                          GError **error)
{
    char *path = virStorageVolGetPath(volume);

    if (!path)
        return vd_virt_fail(error, _("The disk %s has no path"), name);
    *ret_path = g_strdup(path);
    free(path);
    return TRUE;
}

static virStorageVolPtr make_volume(VdConn *conn, const char *pool_name, const char *name,
                                    guint64 size, gboolean readable, GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    gboolean files = !pool || vd_pool_has_files(pool);
    g_autofree char *xml = vd_volume_raw_xml(name, size, files, readable);
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
    Upload upload = {.name = file, .progress = progress, .data = data, .cancel = cancel, .fd = -1};
    g_autoptr(virStorageVol) volume = NULL;
    gboolean ok = open_file(&upload, error);

    *ret_path = NULL;
    volume = ok ? make_volume(conn, pool, name, upload.size, FALSE, error) : NULL;
    ok = volume && upload_part(conn, volume, &upload, 0, upload.size, error);
    close_file(&upload);
    return ok && tell_path(volume, name, ret_path, error);
}

/* ---- a base, in parts ---- */

/* Whether length bytes at offset are there as they are in the file. FALSE without an error too. */
static gboolean same_bytes(VdConn *conn, virStorageVolPtr volume, const Upload *upload,
                           guint64 offset, gsize length)
{
    g_autoptr(virStream) stream = virStreamNew(conn->conn, 0);
    g_autofree char *mine = g_malloc(length), *theirs = g_malloc(length);
    gsize got = 0;
    int n = 0;

    if (!stream || virStorageVolDownload(volume, stream, offset, length, 0) < 0) {
        virResetLastError();
        return FALSE;
    }
    while (got < length && (n = virStreamRecv(stream, theirs + got, length - got)) > 0)
        got += (gsize)n;
    if (n < 0 || virStreamFinish(stream) < 0) {
        virStreamAbort(stream);
        virResetLastError();
    }
    return got == length && pread(upload->fd, mine, length, (off_t)offset) == (ssize_t)length &&
           memcmp(mine, theirs, length) == 0;
}

static virStorageVolPtr find_base(VdConn *conn, const char *pool_name, const char *name)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    virStorageVolPtr volume = pool ? virStorageVolLookupByName(pool, name) : NULL;

    /* It may have come another way, or with a daemon that died. */
    if (!volume && pool && virStoragePoolRefresh(pool, 0) == 0)
        volume = virStorageVolLookupByName(pool, name);
    virResetLastError();
    return volume;
}

static gsize head_of(const Upload *upload)
{
    return (gsize)MIN(HEAD, upload->size);
}

static gboolean is_whole(VdConn *conn, virStorageVolPtr volume, const Upload *upload)
{
    virStorageVolInfo info;

    if (virStorageVolGetInfoFlags(volume, &info, VIR_STORAGE_VOL_GET_PHYSICAL) < 0) {
        virResetLastError();
        return FALSE;
    }
    /* With that flag it is the file's length. */
    return info.allocation == upload->size && same_bytes(conn, volume, upload, 0, head_of(upload));
}

/* Its first block says that it is whole: so that must not look like nothing. */
static gboolean check_head(const Upload *upload, GError **error)
{
    gsize length = head_of(upload);
    g_autofree char *head = g_malloc0(length + 1);

    if (pread(upload->fd, head, length, 0) != (ssize_t)length)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s cannot be read to its end."),
                       upload->name);
    for (gsize i = 0; i < length; i++)
        if (head[i] != 0)
            return TRUE;
    return vd_fail(
        error, VD_ERR_UNSUPPORTED, NULL,
        _("%s begins with zeroes, so that nobody could tell whether it has arrived; make "
          "it a qcow2 file."),
        upload->name);
}

gboolean vd_conn_base_find(VdConn *conn, const char *pool, const char *name, const char *file,
                           char **ret_path, GError **error)
{
    Upload upload = {.name = file, .fd = -1};
    g_autoptr(virStorageVol) volume = NULL;
    gboolean ok = open_file(&upload, error) && check_head(&upload, error);

    *ret_path = NULL;
    volume = ok ? find_base(conn, pool, name) : NULL;
    if (volume && is_whole(conn, volume, &upload))
        ok = tell_path(volume, name, ret_path, error);
    close_file(&upload);
    return ok;
}

static guint64 used_bytes(virStorageVolPtr volume)
{
    virStorageVolInfo info;

    if (virStorageVolGetInfo(volume, &info) == 0)
        return info.allocation;
    virResetLastError();
    return 0;
}

/* Another vmdeck may be sending it from elsewhere: not before it rests is it ours. */
static gboolean wait_for_rest(virStorageVolPtr volume, const Upload *upload, GError **error)
{
    guint64 before = used_bytes(volume);
    gint64 since = g_get_monotonic_time();

    while (g_get_monotonic_time() - since < REST_USEC) {
        guint64 now;

        if (g_cancellable_is_cancelled(upload->cancel))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        g_usleep(LOOK_USEC);
        now = used_bytes(volume);
        if (now != before)
            since = g_get_monotonic_time();
        before = now;
    }
    return TRUE;
}

/* Where to go on: at from, if what is before that is there as it should be; else at 0. */
static guint64 place_to_begin(VdConn *conn, virStorageVolPtr volume, const Upload *upload,
                              guint64 from)
{
    guint64 head = head_of(upload);
    guint64 tail = from > head ? MIN(TAIL, from - head) : 0;

    if (tail > 0 && from <= upload->size &&
        same_bytes(conn, volume, upload, from - tail, (gsize)tail))
        return from;
    return 0;
}

/* The volume to send into; *from becomes the place where to begin. A half one that nobody can tell
 * about is begun anew. */
static virStorageVolPtr take_base(VdConn *conn, const VdBaseUpload *base, Upload *upload,
                                  guint64 *from, gboolean *ret_whole, GError **error)
{
    g_autoptr(virStorageVol) volume = find_base(conn, base->pool, base->name);

    *ret_whole = FALSE;
    if (volume && *from > 0)
        *from = place_to_begin(conn, volume, upload, *from);
    else
        *from = 0;
    if (volume && *from > 0)
        return g_steal_pointer(&volume);
    if (volume) {
        if (!wait_for_rest(volume, upload, error))
            return NULL;
        *ret_whole = is_whole(conn, volume, upload);
        if (*ret_whole)
            return g_steal_pointer(&volume);
        if (!vd_conn_volume_delete(conn, base->pool, base->name, error))
            return NULL;
    }
    return make_volume(conn, base->pool, base->name, upload->size, TRUE, error);
}

static gboolean send_parts(VdConn *conn, virStorageVolPtr volume, Upload *upload,
                           const VdBaseUpload *base, guint64 from, GError **error)
{
    guint64 head = head_of(upload);
    guint64 at = MAX(from, head);

    for (guint64 part = PART; at < upload->size; part = MIN(part * 2, PART_MOST)) {
        guint64 end = MIN(upload->size, at + part);

        if (!upload_part(conn, volume, upload, at, end, error))
            return FALSE;
        at = end;
        if (base->there)
            base->there(at, base->data);
    }
    upload->progress = NULL; /* it would go back */
    return upload_part(conn, volume, upload, 0, head, error);
}

gboolean vd_conn_base_upload(VdConn *conn, const VdBaseUpload *base, char **ret_path,
                             GError **error)
{
    Upload upload = {.name = base->file,
                     .progress = base->progress,
                     .data = base->data,
                     .cancel = base->cancel,
                     .fd = -1};
    g_autoptr(virStorageVol) volume = NULL;
    guint64 from = base->from;
    gboolean whole = FALSE;
    gboolean ok = open_file(&upload, error) && check_head(&upload, error);

    *ret_path = NULL;
    volume = ok ? take_base(conn, base, &upload, &from, &whole, error) : NULL;
    ok = volume && (whole || send_parts(conn, volume, &upload, base, from, error));
    close_file(&upload);
    return ok && tell_path(volume, base->name, ret_path, error);
}
