/* Each event is made as an object, printed to one line and written by one write() under a lock: the
 * reader never sees half an event between two others, and a reader that went away ends the run
 * (EPIPE) instead of letting it work for nobody. */
#include "config.h"

#include "src/guest/out.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/base/said.h"
#include "src/base/text.h"
#include "src/guest/fail.h"

enum { TEXT_MAX = 500, SAID_MAX = 4000, DETAIL_MAX = 4000 };

struct _VdOut {
    int fd; /* -- immutable */
    GMutex lock;
    const char *step; /* -- under lock from here; static string, NULL between steps */
    char *text;
    gint64 since;
    gint64 last_progress;
    gboolean muted;
};

VdOut *vd_out_new(int fd)
{
    VdOut *out = g_new0(VdOut, 1);
    out->fd = fd;
    g_mutex_init(&out->lock);
    return out;
}

void vd_out_free(VdOut *out)
{
    if (!out)
        return;
    g_mutex_clear(&out->lock);
    g_free(out->text);
    g_free(out);
}

void vd_out_mute(VdOut *out)
{
    g_mutex_lock(&out->lock);
    out->muted = TRUE;
    g_mutex_unlock(&out->lock);
}

char *vd_out_line(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

/* Takes object. Needs the lock. */
static void send_locked(VdOut *out, JsonObject *object)
{
    g_autoptr(JsonObject) mine = object;
    if (out->muted)
        return;
    g_autofree char *line = vd_out_line(mine);
    g_autofree char *whole = g_strconcat(line, "\n", NULL);
    gsize left = strlen(whole);
    for (const char *at = whole; left > 0;) {
        ssize_t n = write(out->fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            out->muted = TRUE;
            return;
        }
        at += n;
        left -= (gsize)n;
    }
}

static JsonObject *event(const char *name)
{
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "event", name);
    return object;
}

static void set_clean(JsonObject *object, const char *key, const char *text, gsize max)
{
    g_autofree char *clean = vd_text_clean(text, max, FALSE);
    json_object_set_string_member(object, key, clean);
}

/* The same sentence for readers of any language (base/said.h), if it is written so. */
static void set_said(JsonObject *object, const char *written)
{
    if (written && strchr(written, VD_SAID_BEGIN) && strlen(written) <= SAID_MAX)
        json_object_set_string_member(object, "said", written);
}

static void step_event(VdOut *out, const char *state, const char *text)
{
    g_autofree char *shown = vd_said_show(text);
    JsonObject *object = event("step");
    json_object_set_string_member(object, "step", out->step);
    json_object_set_string_member(object, "state", state);
    set_clean(object, "text", shown, TEXT_MAX);
    set_said(object, text);
    if (g_str_equal(state, "done"))
        json_object_set_int_member(object, "ms", (g_get_monotonic_time() - out->since) / 1000);
    send_locked(out, object);
}

static void done_locked(VdOut *out, const char *text)
{
    if (!out->step)
        return;
    step_event(out, "done", text ? text : out->text);
    out->step = NULL;
}

void vd_out_step(VdOut *out, const char *step, const char *text)
{
    g_mutex_lock(&out->lock);
    done_locked(out, NULL);
    out->step = step;
    g_free(out->text);
    out->text = g_strdup(text ? text : "");
    out->since = g_get_monotonic_time();
    out->last_progress = 0;
    step_event(out, "start", out->text);
    g_mutex_unlock(&out->lock);
}

void vd_out_step_done(VdOut *out, const char *text)
{
    g_mutex_lock(&out->lock);
    done_locked(out, text);
    g_mutex_unlock(&out->lock);
}

void vd_out_progress(VdOut *out, guint64 position, guint64 total)
{
    /* Ten a second are plenty for a bar; the last one always counts. */
    enum { INTERVAL_USEC = 100 * 1000 };
    g_mutex_lock(&out->lock);
    gint64 now = g_get_monotonic_time();
    gboolean due = now - out->last_progress >= INTERVAL_USEC || position == total;
    if (out->step && due) {
        out->last_progress = now;
        JsonObject *object = event("progress");
        json_object_set_string_member(object, "step", out->step);
        json_object_set_int_member(object, "position", (gint64)MIN(position, G_MAXINT64));
        json_object_set_int_member(object, "total", (gint64)MIN(total, G_MAXINT64));
        json_object_set_boolean_member(object, "pulse", total == 0);
        send_locked(out, object);
    }
    g_mutex_unlock(&out->lock);
}

void vd_out_log(VdOut *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    JsonObject *object = event("log");
    set_clean(object, "text", text, TEXT_MAX);
    g_mutex_lock(&out->lock);
    send_locked(out, object);
    g_mutex_unlock(&out->lock);
}

void vd_out_error(VdOut *out, const GError *error)
{
    JsonObject *object = event("error");
    json_object_set_string_member(object, "code", vd_guest_fail_code(error));
    set_clean(object, "message", error->message, TEXT_MAX);
    set_said(object, vd_guest_fail_written(error));
    const char *detail = vd_guest_fail_detail(error);
    if (detail)
        set_clean(object, "detail", detail, DETAIL_MAX);
    else
        json_object_set_null_member(object, "detail");
    g_mutex_lock(&out->lock);
    send_locked(out, object);
    g_mutex_unlock(&out->lock);
}

void vd_out_result(VdOut *out, JsonObject *object)
{
    json_object_set_string_member(object, "event", "result");
    g_mutex_lock(&out->lock);
    done_locked(out, NULL);
    send_locked(out, object);
    g_mutex_unlock(&out->lock);
}
