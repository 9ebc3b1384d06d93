/* A queue under a lock and one source on the loop's context. Many posts wake the loop once, and one
 * turn of the loop delivers no more than what waited when it began, and begins no delivery once
 * some milliseconds have passed: a storm of answers, or of a hundred hosts at once, cannot keep the
 * keyboard waiting. pthread's lock rather than GLib's, so that ThreadSanitizer sees
 * the hand-over. */
#include "config.h"

#include <pthread.h>

#include "src/virt/mailbox.h"

typedef struct {
    void (*deliver)(gpointer data);
    gpointer data;
    GDestroyNotify release;
} Letter;

typedef struct {
    GSource source;
    VdMailbox *box; /* borrowed: the box destroys its source before it goes */
} BoxSource;

struct _VdMailbox {
    gint refs; /* atomic */
    /* immutable */
    GMainContext *context;
    /* loop thread only */
    GSource *source;
    /* under lock */
    pthread_mutex_t lock;
    GQueue letters; /* Letter* */
    GQueue soon;    /* Letter*; they join the others when it is due */
    gint64 due;     /* monotonic; 0: none of these wait */
    gboolean closed;
};

/* Whether letters wait; what is due joins them. *ret_timeout: ms until the next is due, -1: none.
 */
static gboolean box_ready(VdMailbox *box, gint *ret_timeout)
{
    *ret_timeout = -1;
    pthread_mutex_lock(&box->lock);
    gint64 left = box->due ? box->due - g_get_monotonic_time() : 0;
    if (box->due && left > 0) {
        *ret_timeout = (gint)(left / 1000 + 1);
    } else if (box->due) {
        Letter *letter;
        while ((letter = g_queue_pop_head(&box->soon)))
            g_queue_push_tail(&box->letters, letter);
        box->due = 0;
    }
    gboolean ready = !g_queue_is_empty(&box->letters);
    pthread_mutex_unlock(&box->lock);
    return ready;
}

static gboolean source_prepare(GSource *source, gint *timeout)
{
    return box_ready(((BoxSource *)source)->box, timeout);
}

static gboolean source_check(GSource *source)
{
    gint timeout;
    return box_ready(((BoxSource *)source)->box, &timeout);
}

static Letter *take(VdMailbox *box)
{
    pthread_mutex_lock(&box->lock);
    Letter *letter = g_queue_pop_head(&box->letters);
    pthread_mutex_unlock(&box->lock);
    return letter;
}

static void drop(Letter *letter)
{
    if (letter->release)
        letter->release(letter->data);
    g_free(letter);
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void)callback;
    (void)data;
    VdMailbox *box = vd_mailbox_ref(((BoxSource *)source)->box);
    pthread_mutex_lock(&box->lock);
    guint waiting = g_queue_get_length(&box->letters);
    pthread_mutex_unlock(&box->lock);
    gint64 until = g_get_monotonic_time() + VD_MAILBOX_TURN_MS * G_TIME_SPAN_MILLISECOND;
    do {
        Letter *letter = waiting-- > 0 ? take(box) : NULL;
        if (!letter)
            break; /* or closed by a delivery */
        letter->deliver(letter->data);
        drop(letter);
    } while (g_get_monotonic_time() < until);
    vd_mailbox_unref(box);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
    .prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};

VdMailbox *vd_mailbox_new(GMainContext *context)
{
    VdMailbox *box = g_new0(VdMailbox, 1);
    box->refs = 1;
    box->context = g_main_context_ref(context);
    pthread_mutex_init(&box->lock, NULL);
    g_queue_init(&box->letters);
    g_queue_init(&box->soon);
    box->source = g_source_new(&source_funcs, sizeof(BoxSource));
    ((BoxSource *)box->source)->box = box;
    g_source_set_static_name(box->source, "virt mailbox");
    g_source_attach(box->source, context);
    return box;
}

VdMailbox *vd_mailbox_ref(VdMailbox *box)
{
    g_atomic_int_inc(&box->refs);
    return box;
}

void vd_mailbox_unref(VdMailbox *box)
{
    if (!box || !g_atomic_int_dec_and_test(&box->refs))
        return;
    g_main_context_unref(box->context);
    pthread_mutex_destroy(&box->lock);
    g_free(box);
}

void vd_mailbox_close(VdMailbox *box)
{
    if (box->source) {
        g_source_destroy(box->source);
        g_clear_pointer(&box->source, g_source_unref);
    }
    pthread_mutex_lock(&box->lock);
    box->closed = TRUE;
    Letter *letter;
    while ((letter = g_queue_pop_head(&box->soon)))
        g_queue_push_tail(&box->letters, letter);
    pthread_mutex_unlock(&box->lock);
    while ((letter = take(box)))
        drop(letter);
}

static void post(VdMailbox *box, const Letter *text, gboolean soon)
{
    Letter *letter = g_new(Letter, 1);
    *letter = *text;
    pthread_mutex_lock(&box->lock);
    gboolean closed = box->closed;
    /* The loop is woken to learn when it is due, and by that time for all that came meanwhile. */
    gboolean wake = !soon || box->due == 0;
    if (!closed)
        g_queue_push_tail(soon ? &box->soon : &box->letters, letter);
    if (!closed && soon && box->due == 0)
        box->due = g_get_monotonic_time() + VD_MAILBOX_SOON_MS * G_TIME_SPAN_MILLISECOND;
    pthread_mutex_unlock(&box->lock);
    if (closed)
        drop(letter);
    else if (wake)
        g_main_context_wakeup(box->context);
}

void vd_mailbox_post(VdMailbox *box, void (*deliver)(gpointer data), gpointer data,
                     GDestroyNotify release)
{
    post(box, &(Letter){deliver, data, release}, FALSE);
}

void vd_mailbox_post_soon(VdMailbox *box, void (*deliver)(gpointer data), gpointer data,
                          GDestroyNotify release)
{
    post(box, &(Letter){deliver, data, release}, TRUE);
}
