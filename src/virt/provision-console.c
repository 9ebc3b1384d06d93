/* Following a machine's serial console: a non-blocking stream whose bytes libvirt's event loop puts
 * into a bounded buffer, and the runner's thread that takes them out with a deadline. Nothing is
 * typed but one Enter, if wanted. A guest's reboot does not end the stream, since QEMU keeps its
 * end; the machine's end does. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/virt/call.h"
#include "src/virt/lines.h"
#include "src/virt/provision-private.h"

/* A guest that prints faster than we read loses its oldest output, not our memory. */
#define BUFFER_BYTES (1024 * 1024)
/* A line without an end that rests this long is a prompt. */
#define QUIET_USEC (1 * G_USEC_PER_SEC)

typedef struct {
    gatomicrefcount refs;
    GMutex lock;
    GCond changed;
    GByteArray *bytes;
    gboolean ended;
} Follow;

static void follow_unref(gpointer data)
{
    Follow *follow = data;

    if (!g_atomic_ref_count_dec(&follow->refs))
        return;
    g_byte_array_unref(follow->bytes);
    g_mutex_clear(&follow->lock);
    g_cond_clear(&follow->changed);
    g_free(follow);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Follow, follow_unref)

static Follow *follow_new(void)
{
    Follow *follow = g_new0(Follow, 1);

    g_atomic_ref_count_init(&follow->refs);
    g_mutex_init(&follow->lock);
    g_cond_init(&follow->changed);
    follow->bytes = g_byte_array_new();
    return follow;
}

/* On libvirt's event loop: moves what is there into the buffer. */
static void on_stream(virStreamPtr stream, int events, void *data)
{
    Follow *follow = data;
    char chunk[4096];
    int n = 0;

    g_mutex_lock(&follow->lock);
    while ((n = virStreamRecv(stream, chunk, sizeof(chunk))) > 0) {
        g_byte_array_append(follow->bytes, (const guint8 *)chunk, (guint)n);
        if (follow->bytes->len > BUFFER_BYTES)
            g_byte_array_remove_range(follow->bytes, 0, follow->bytes->len - BUFFER_BYTES);
    }
    if (n != -2 || (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))) {
        follow->ended = TRUE;
        virStreamEventRemoveCallback(stream);
    }
    if (n == -1)
        virResetLastError();
    g_cond_signal(&follow->changed);
    g_mutex_unlock(&follow->lock);
}

static void on_cancel(GCancellable *cancel, gpointer data)
{
    Follow *follow = data;

    (void)cancel;
    g_mutex_lock(&follow->lock);
    g_cond_signal(&follow->changed);
    g_mutex_unlock(&follow->lock);
}

/* Waits for bytes, the end, a cancel or the time `until`; takes the bytes. */
static GBytes *take(Follow *follow, GCancellable *cancel, gint64 until, gboolean *ret_ended)
{
    GBytes *taken;

    g_mutex_lock(&follow->lock);
    while (follow->bytes->len == 0 && !follow->ended && !g_cancellable_is_cancelled(cancel)) {
        if (!g_cond_wait_until(&follow->changed, &follow->lock, until))
            break;
    }
    taken = g_bytes_new(follow->bytes->data, follow->bytes->len);
    g_byte_array_set_size(follow->bytes, 0);
    *ret_ended = follow->ended;
    g_mutex_unlock(&follow->lock);
    return taken;
}

static gboolean follow_until(VdConn *conn, Follow *follow, int seconds, VdConsoleLine line,
                             gpointer data, GCancellable *cancel, GError **error)
{
    g_autoptr(VdLines) lines = vd_lines_new();
    gint64 deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    gboolean ended = FALSE;

    while (!ended) {
        gint64 now = g_get_monotonic_time();
        g_autoptr(GBytes) bytes = NULL;
        gsize length = 0;
        const char *start;

        if (g_cancellable_is_cancelled(cancel))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        /* A stream is not told when its daemon dies. */
        if (!vd_conn_is_alive(conn))
            return vd_fail(
                error, VD_ERR_UNREACHABLE, NULL,
                _("The connection to the host was lost while the machine's serial console "
                  "was followed."));
        if (now >= deadline)
            return vd_fail(error, VD_ERR_TIMEOUT, NULL,
                           _("The machine's serial console did not say in %d seconds what was "
                             "waited for."),
                           seconds);
        bytes = take(follow, cancel, MIN(deadline, now + QUIET_USEC), &ended);
        start = g_bytes_get_data(bytes, &length);
        if (length > 0 ? !vd_lines_feed(lines, start, length, line, data)
                       : !vd_lines_flush(lines, line, data))
            return TRUE;
    }
    if (!vd_lines_flush(lines, line, data))
        return TRUE;
    return vd_fail(error, VD_ERR_FAILED, NULL,
                   _("The machine's serial console was closed: the machine ended, or somebody "
                     "else took the console."));
}

static virStreamPtr open_console(VdConn *conn, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(conn->conn, uuid);
    virStreamPtr stream;

    if (!domain) {
        vd_virt_fail(error, _("The machine is gone"));
        return NULL;
    }
    stream = virStreamNew(conn->conn, VIR_STREAM_NONBLOCK);
    if (stream && virDomainOpenConsole(domain, NULL, stream, 0) == 0)
        return stream;
    if (virGetLastErrorCode() == VIR_ERR_OPERATION_FAILED)
        vd_error_set(error, VD_ERR_BUSY, virGetLastErrorMessage(),
                     _("Somebody else is on the machine's serial console, so it cannot be "
                       "followed."));
    else
        vd_virt_fail(error, _("The machine's serial console could not be opened"));
    if (stream)
        virStreamFree(stream);
    return NULL;
}

static gboolean follow_console(VdConn *conn, const char *uuid, gboolean wake, int seconds,
                               VdConsoleLine line, gpointer data, GCancellable *cancel,
                               GError **error)
{
    virStreamPtr stream = open_console(conn, uuid, error);
    g_autoptr(Follow) follow = NULL;
    gulong handler = 0;
    gboolean ok = FALSE;

    if (!stream)
        return FALSE;
    follow = follow_new();
    g_atomic_ref_count_inc(&follow->refs);
    if (virStreamEventAddCallback(
            stream, VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP,
            on_stream, follow, follow_unref) < 0) {
        vd_virt_fail(error, _("The machine's serial console could not be followed"));
        follow_unref(follow);
    } else {
        if (cancel)
            handler = g_cancellable_connect(cancel, G_CALLBACK(on_cancel), follow, NULL);
        if (wake && virStreamSend(stream, "\r", 1) < 0)
            virResetLastError();
        ok = follow_until(conn, follow, seconds, line, data, cancel, error);
        if (cancel)
            g_cancellable_disconnect(cancel, handler);
        if (virStreamEventRemoveCallback(stream) < 0)
            virResetLastError();
    }
    if (virStreamAbort(stream) < 0)
        virResetLastError();
    virStreamFree(stream);
    return ok;
}

gboolean vd_conn_vm_follow(VdConn *conn, const char *uuid, int seconds, VdConsoleLine line,
                           gpointer data, GCancellable *cancel, GError **error)
{
    return follow_console(conn, uuid, FALSE, seconds, line, data, cancel, error);
}

gboolean vd_conn_vm_follow_woken(VdConn *conn, const char *uuid, int seconds, VdConsoleLine line,
                                 gpointer data, GCancellable *cancel, GError **error)
{
    return follow_console(conn, uuid, TRUE, seconds, line, data, cancel, error);
}
