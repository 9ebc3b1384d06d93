/* Opening a connection within a time. libvirt's own attempt has no deadline and cannot be taken
 * back, so it is made on a thread that is left behind with a host that does not answer: it lets go
 * of the connection should there be one after all. */
#include "config.h"

#include <pthread.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/patience.h"
#include "src/base/text.h"
#include "src/virt/connect.h"
#include "src/virt/provision-private.h"
#include "src/virt/ssh.h"

#define OPEN_MS 20000

typedef struct {
    gint refs; /* atomic: who waits, and the thread */
    char *uri;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under lock */
    gboolean ended, left;
    virConnectPtr conn;
    GError *error;
} Attempt;

static void attempt_unref(Attempt *attempt)
{
    if (!g_atomic_int_dec_and_test(&attempt->refs))
        return;
    pthread_mutex_destroy(&attempt->lock);
    pthread_cond_destroy(&attempt->changed);
    g_clear_error(&attempt->error);
    g_free(attempt->uri);
    g_free(attempt);
}

static void *attempt_open(void *data)
{
    Attempt *attempt = data;
    VdOpened opened = {0};
    GError *error = NULL;
    virConnectPtr conn = vd_lv_connect(attempt->uri, NULL, &opened, &error);

    pthread_mutex_lock(&attempt->lock);
    attempt->ended = TRUE;
    attempt->error = error;
    if (!attempt->left)
        attempt->conn = g_steal_pointer(&conn);
    pthread_cond_signal(&attempt->changed);
    pthread_mutex_unlock(&attempt->lock);
    if (conn)
        virConnectClose(conn);
    attempt_unref(attempt);
    return NULL;
}

static Attempt *attempt_new(const char *uri)
{
    Attempt *attempt = g_new0(Attempt, 1);
    pthread_condattr_t monotonic;

    attempt->refs = 2;
    attempt->uri = g_strdup(uri);
    pthread_mutex_init(&attempt->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&attempt->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return attempt;
}

static gboolean attempt_start(Attempt *attempt, GError **error)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, attempt_open, attempt);

    if (failed == 0)
        return pthread_detach(thread) == 0;
    attempt_unref(attempt); /* the thread's */
    return vd_fail(error, VD_ERR_FAILED, g_strerror(failed), _("No thread can be started."));
}

static void on_cancelled(GCancellable *cancel, gpointer data)
{
    Attempt *attempt = data;

    (void)cancel;
    pthread_mutex_lock(&attempt->lock);
    attempt->left = TRUE;
    pthread_cond_signal(&attempt->changed);
    pthread_mutex_unlock(&attempt->lock);
}

/* TRUE: it has ended. Else it is left. */
static gboolean attempt_wait(Attempt *attempt, int timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    struct timespec until = {end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000};
    int late = 0;

    pthread_mutex_lock(&attempt->lock);
    while (!attempt->ended && !attempt->left && late == 0)
        late = pthread_cond_timedwait(&attempt->changed, &attempt->lock, &until);
    /* Who was told to leave while it came to its end has closed what it opened. */
    gboolean ours = attempt->ended && (attempt->conn || attempt->error);
    attempt->left = !ours;
    pthread_mutex_unlock(&attempt->lock);
    return ours;
}

static virConnectPtr attempt_result(Attempt *attempt, GCancellable *cancel, int timeout_ms,
                                    GError **error)
{
    g_autofree char *clean = NULL;
    int seconds = (timeout_ms + 999) / 1000;

    if (attempt_wait(attempt, timeout_ms)) {
        if (!attempt->conn)
            g_propagate_error(error, g_steal_pointer(&attempt->error));
        return attempt->conn;
    }
    vd_ssh_abort(attempt->uri);
    clean = vd_text_clean(attempt->uri, 256, FALSE);
    if (cancel && g_cancellable_is_cancelled(cancel))
        vd_error_set(error, VD_ERR_CANCELLED, NULL, _("Connecting to %s was cancelled."), clean);
    else
        vd_fail_n(error, VD_ERR_UNREACHABLE, "Cannot connect to %s: no answer within %d second",
                  "Cannot connect to %s: no answer within %d seconds", (gulong)seconds, clean,
                  seconds);
    return NULL;
}

virConnectPtr vd_lv_connect_within(const char *uri, GCancellable *cancel, GError **error)
{
    Attempt *attempt = attempt_new(uri);
    virConnectPtr conn = NULL;
    gulong watch;

    if (attempt_start(attempt, error)) {
        /* Calls back at once if it is cancelled already. */
        watch = cancel ? g_cancellable_connect(cancel, G_CALLBACK(on_cancelled), attempt, NULL) : 0;
        conn = attempt_result(attempt, cancel, vd_patience_ms(OPEN_MS), error);
        if (watch != 0)
            g_cancellable_disconnect(cancel, watch);
    }
    attempt_unref(attempt);
    return conn;
}
