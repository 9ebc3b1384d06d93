/* Two queues of bounded length and two threads. Whoever fails breaks both queues, so that nobody
 * waits for ever. Locks of the C library, not GLib's: the thread sanitizer knows them. */
#include "config.h"

#include "src/deploy/flow.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/unpack.h"

#define GATHER_BYTES (256 * 1024) /* into the unpacker: small pieces cost switches */
#define QUEUE_MOST   16
#define BLOCK_BYTES  (64 * 1024)        /* zeroes of that size become holes */
#define SYNC_BYTES   (32 * 1024 * 1024) /* the disk is kept busy from early on */

typedef struct {
    pthread_cond_t change;
    GQueue items; /* GBytes */
    gboolean closed;
} Queue;

struct _VdFlow {
    int fd;
    char *name;
    guint64 limit;
    pthread_mutex_t lock;
    Queue packed, unpacked; /* under lock */
    gboolean broken;        /* under lock */
    GError *error;          /* under lock: the first one */
    GByteArray *gathered;   /* the pusher's */
    pthread_t unpacker, writer;
    /* the writer's */
    GChecksum *checksum;
    guint64 offset, synced;
};

/* ---- queues ---- */

static void break_off(VdFlow *flow, GError *error)
{
    pthread_mutex_lock(&flow->lock);
    if (error && !flow->error)
        flow->error = g_steal_pointer(&error);
    flow->broken = TRUE;
    pthread_cond_broadcast(&flow->packed.change);
    pthread_cond_broadcast(&flow->unpacked.change);
    pthread_mutex_unlock(&flow->lock);
    g_clear_error(&error);
}

/* Takes bytes over. */
static gboolean put(VdFlow *flow, Queue *queue, GBytes *bytes)
{
    gboolean ok;

    pthread_mutex_lock(&flow->lock);
    while (!flow->broken && g_queue_get_length(&queue->items) >= QUEUE_MOST)
        pthread_cond_wait(&queue->change, &flow->lock);
    ok = !flow->broken;
    if (ok)
        g_queue_push_tail(&queue->items, g_steal_pointer(&bytes));
    pthread_cond_broadcast(&queue->change);
    pthread_mutex_unlock(&flow->lock);
    g_clear_pointer(&bytes, g_bytes_unref);
    return ok;
}

static void close_queue(VdFlow *flow, Queue *queue)
{
    pthread_mutex_lock(&flow->lock);
    queue->closed = TRUE;
    pthread_cond_broadcast(&queue->change);
    pthread_mutex_unlock(&flow->lock);
}

/* NULL: nothing comes any more. */
static GBytes *take(VdFlow *flow, Queue *queue)
{
    GBytes *bytes;

    pthread_mutex_lock(&flow->lock);
    while (!flow->broken && !queue->closed && g_queue_is_empty(&queue->items))
        pthread_cond_wait(&queue->change, &flow->lock);
    bytes = flow->broken ? NULL : g_queue_pop_head(&queue->items);
    pthread_cond_broadcast(&queue->change);
    pthread_mutex_unlock(&flow->lock);
    return bytes;
}

/* ---- the threads ---- */

static gboolean pass_on(const guint8 *data, gsize length, gpointer user, GError **error)
{
    VdFlow *flow = user;

    /* Broken by the writer, whose error counts. */
    return put(flow, &flow->unpacked, g_bytes_new(data, length)) ||
           vd_fail(error, VD_ERR_FAILED, NULL, "broken off");
}

static void *unpack(void *data)
{
    VdFlow *flow = data;
    g_autoptr(VdUnpack) unpacker = vd_unpack_new(pass_on, flow);
    GError *error = NULL;
    GBytes *bytes;
    gboolean ok = TRUE, broken;

    while (ok && (bytes = take(flow, &flow->packed))) {
        gsize length = 0;
        const guint8 *piece = g_bytes_get_data(bytes, &length);

        ok = vd_unpack_feed(unpacker, piece, length, &error);
        g_bytes_unref(bytes);
    }
    pthread_mutex_lock(&flow->lock);
    broken = flow->broken;
    pthread_mutex_unlock(&flow->lock);
    if (ok && !broken)
        ok = vd_unpack_end(unpacker, &error);
    if (!ok)
        break_off(flow, g_steal_pointer(&error));
    close_queue(flow, &flow->unpacked);
    return NULL;
}

static gboolean is_zero(const guint8 *data, gsize length)
{
    return length > 0 && data[0] == 0 && memcmp(data, data + 1, length - 1) == 0;
}

static gboolean fail_write(VdFlow *flow, GError **error)
{
    VdErrorCode code =
        errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? VD_ERR_NO_SPACE : VD_ERR_FAILED;

    return vd_fail(error, code, NULL, "%s: %s.", flow->name, g_strerror(errno));
}

static gboolean write_block(VdFlow *flow, const guint8 *data, gsize length, GError **error)
{
    guint64 at = flow->offset;

    flow->offset += length;
    if (is_zero(data, length))
        return TRUE;
    while (length > 0) {
        ssize_t n = pwrite(flow->fd, data, length, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_write(flow, error);
        data += n;
        at += (guint64)n;
        length -= (gsize)n;
    }
    return TRUE;
}

static gboolean write_piece(VdFlow *flow, const guint8 *data, gsize length, GError **error)
{
    g_autofree char *most = NULL;

    if (length > flow->limit || flow->offset > flow->limit - length) {
        most = vd_format_size(flow->limit);
        return vd_fail(error, VD_ERR_INVALID, NULL, _("It unpacks to more than %s."), most);
    }
    g_checksum_update(flow->checksum, data, (gssize)length);
    while (length > 0) {
        /* Blocks at even places, so that holes fit those of the file system. */
        gsize n = MIN(length, BLOCK_BYTES - (gsize)(flow->offset % BLOCK_BYTES));

        if (!write_block(flow, data, n, error))
            return FALSE;
        data += n;
        length -= n;
    }
    if (flow->offset - flow->synced >= SYNC_BYTES) {
        (void)sync_file_range(flow->fd, (off64_t)flow->synced,
                              (off64_t)(flow->offset - flow->synced), SYNC_FILE_RANGE_WRITE);
        flow->synced = flow->offset;
    }
    return TRUE;
}

static void *write_all(void *data)
{
    VdFlow *flow = data;
    GError *error = NULL;
    GBytes *bytes;
    gboolean ok = TRUE;

    while (ok && (bytes = take(flow, &flow->unpacked))) {
        gsize length = 0;
        const guint8 *piece = g_bytes_get_data(bytes, &length);

        ok = write_piece(flow, piece, length, &error);
        g_bytes_unref(bytes);
    }
    if (!ok)
        break_off(flow, g_steal_pointer(&error));
    return NULL;
}

/* ---- the pusher ---- */

static void queue_init(Queue *queue)
{
    pthread_cond_init(&queue->change, NULL);
    g_queue_init(&queue->items);
}

static void queue_clear(Queue *queue)
{
    g_queue_clear_full(&queue->items, (GDestroyNotify)g_bytes_unref);
    pthread_cond_destroy(&queue->change);
}

VdFlow *vd_flow_new(int fd, const char *name, guint64 limit)
{
    VdFlow *flow = g_new0(VdFlow, 1);

    flow->fd = fd;
    flow->name = g_strdup(name);
    flow->limit = limit;
    flow->gathered = g_byte_array_new();
    flow->checksum = g_checksum_new(G_CHECKSUM_SHA256);
    pthread_mutex_init(&flow->lock, NULL);
    queue_init(&flow->packed);
    queue_init(&flow->unpacked);
    if (pthread_create(&flow->unpacker, NULL, unpack, flow) != 0 ||
        pthread_create(&flow->writer, NULL, write_all, flow) != 0)
        g_error("no thread could be made");
    return flow;
}

static gboolean send_gathered(VdFlow *flow)
{
    GBytes *bytes = g_byte_array_free_to_bytes(flow->gathered);

    flow->gathered = g_byte_array_new();
    return put(flow, &flow->packed, bytes);
}

gboolean vd_flow_push(VdFlow *flow, const guint8 *data, gsize length)
{
    g_byte_array_append(flow->gathered, data, (guint)length);
    return flow->gathered->len < GATHER_BYTES || send_gathered(flow);
}

static void flow_free(VdFlow *flow)
{
    queue_clear(&flow->packed);
    queue_clear(&flow->unpacked);
    pthread_mutex_destroy(&flow->lock);
    g_byte_array_unref(flow->gathered);
    g_checksum_free(flow->checksum);
    g_clear_error(&flow->error);
    g_free(flow->name);
    g_free(flow);
}

static void join(VdFlow *flow)
{
    pthread_join(flow->unpacker, NULL);
    pthread_join(flow->writer, NULL);
}

gboolean vd_flow_end(VdFlow *flow, char **ret_sha256, guint64 *ret_bytes, GError **error)
{
    gboolean ok = flow->gathered->len == 0 || send_gathered(flow);

    close_queue(flow, &flow->packed);
    join(flow);
    if (flow->error || !ok || flow->broken) {
        if (flow->error)
            g_propagate_error(error, g_steal_pointer(&flow->error));
        else
            vd_error_set(error, VD_ERR_FAILED, NULL, _("It could not be unpacked."));
        ok = FALSE;
    } else if (ftruncate(flow->fd, (off_t)flow->offset) < 0 || fsync(flow->fd) < 0)
        ok = fail_write(flow, error);
    if (ok) {
        *ret_sha256 = g_strdup(g_checksum_get_string(flow->checksum));
        *ret_bytes = flow->offset;
    }
    flow_free(flow);
    return ok;
}

void vd_flow_drop(VdFlow *flow)
{
    if (!flow)
        return;
    break_off(flow, NULL);
    join(flow);
    flow_free(flow);
}
