/* One run of the guest helper: a JSON object goes in, JSON lines come out. The helper ends with
 * status 1 after an error event, so the child's own failure is only told to people when there was
 * no such event (it was killed, or is not installed). */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/kvm.h"
#include "src/base/paths.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/deploy/guest.h"
#include "src/deploy/plan.h"
#include "src/deploy/store.h"

enum { SAID_MAX = 4000, ASK_MS = 30000 };

typedef struct {
    VdGuestStep step;
    gpointer data;
    JsonNode *result;
    char *code, *message, *said, *detail;
} Guest;

gboolean vd_guest_tcg(void)
{
    return !vd_kvm_usable(NULL);
}

static char *text_of(JsonObject *event, const char *member)
{
    JsonNode *node = json_object_get_member(event, member);

    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return vd_text_clean(json_node_get_string(node), 2000, FALSE);
}

/* A sentence for readers of any language, or the text. The caller frees; may be NULL. */
static char *said_of(JsonObject *event, const char *otherwise)
{
    const char *said = json_object_get_string_member_with_default(event, "said", NULL);

    return said && strlen(said) <= SAID_MAX ? g_strdup(said) : text_of(event, otherwise);
}

static void on_step(VdRun *run, Guest *guest, JsonObject *event)
{
    g_autofree char *step = text_of(event, "step");
    g_autofree char *state = text_of(event, "state");
    g_autofree char *text = text_of(event, "text");
    gint64 ms = json_object_get_int_member_with_default(event, "ms", -1);

    if (g_strcmp0(state, "done") == 0) {
        vd_run_log(run, "%s: %s (%" G_GINT64_FORMAT " ms)", step ? step : "?", text ? text : "done",
                   ms);
        return;
    }
    if (step && guest->step) {
        g_autofree char *said = said_of(event, "text");

        guest->step(run, step, said, guest->data);
    }
}

static void on_progress(VdRun *run, JsonObject *event)
{
    gint64 position = json_object_get_int_member_with_default(event, "position", 0);
    gint64 total = json_object_get_int_member_with_default(event, "total", 0);
    gboolean pulse = json_object_get_boolean_member_with_default(event, "pulse", FALSE);

    if (pulse || total <= 0)
        vd_run_progress(run, -1);
    else
        vd_run_progress(run, CLAMP((double)position / (double)total, 0, 1));
}

/* What it ends with: its result, or why there is none. The first counts. */
static void on_end(Guest *guest, const char *kind, JsonNode *node)
{
    JsonObject *event = json_node_get_object(node);

    if (g_str_equal(kind, "result") && !guest->result)
        guest->result = json_node_copy(node);
    if (!g_str_equal(kind, "error") || guest->message)
        return;
    guest->code = text_of(event, "code");
    guest->message = text_of(event, "message");
    guest->said = said_of(event, "message");
    guest->detail = text_of(event, "detail");
}

/* The event of a line with its kind, or NULL. The caller frees both. */
static JsonNode *read_event(const char *line, char **ret_kind)
{
    JsonNode *node = json_from_string(line, NULL);

    *ret_kind =
        node && JSON_NODE_HOLDS_OBJECT(node) ? text_of(json_node_get_object(node), "event") : NULL;
    if (!*ret_kind)
        g_clear_pointer(&node, json_node_unref);
    return node;
}

static void on_line(VdRun *run, const char *line, gpointer data)
{
    Guest *guest = data;
    g_autofree char *kind = NULL;
    g_autoptr(JsonNode) node = read_event(line, &kind);
    JsonObject *event = node ? json_node_get_object(node) : NULL;

    if (!event)
        return;
    if (g_str_equal(kind, "step"))
        on_step(run, guest, event);
    else if (g_str_equal(kind, "progress"))
        on_progress(run, event);
    else if (g_str_equal(kind, "log")) {
        g_autofree char *text = text_of(event, "text");

        vd_run_log(run, "%s", text ? text : "");
    } else
        on_end(guest, kind, node);
}

static VdErrorCode code_of(const char *word)
{
    static const struct {
        const char *word;
        VdErrorCode code;
    } codes[] = {
        {"disk-full", VD_ERR_NO_SPACE},
        {"no-room", VD_ERR_NO_SPACE},
        {"truncated", VD_ERR_INVALID},
        {"bad-timezone", VD_ERR_INVALID},
        {"bad-layout", VD_ERR_DAMAGED},
        {"no-os", VD_ERR_UNSUPPORTED},
        {"encrypted", VD_ERR_UNSUPPORTED},
        {"unsupported-os", VD_ERR_UNSUPPORTED},
        {"unsupported-layout", VD_ERR_UNSUPPORTED},
        {"no-xfs-tools", VD_ERR_UNSUPPORTED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (g_strcmp0(word, codes[i].word) == 0)
            return codes[i].code;
    }
    return VD_ERR_FAILED;
}

/* What is told when it did not work: the helper's words, else what became of the child. */
static void tell(const Guest *guest, const GError *child, GError **error)
{
    g_autofree char *shown = vd_said_show(guest->said);

    if (vd_error_code(child) == VD_ERR_CANCELLED || !guest->message) {
        if (child)
            g_propagate_error(error, g_error_copy(child));
        else
            vd_error_set(error, VD_ERR_FAILED, NULL,
                         _("The guest helper ended without a result; see the job's log."));
        return;
    }
    vd_error_set(error, code_of(guest->code), guest->detail, "%s", shown ? shown : guest->message);
    if (error)
        vd_error_write(*error, g_strdup(guest->said));
}

static void guest_clear(Guest *guest)
{
    g_free(guest->code);
    g_free(guest->message);
    g_free(guest->said);
    g_free(guest->detail);
}

JsonNode *vd_guest_run(VdRun *run, JsonNode *request, VdGuestStep step, gpointer data,
                       char **ret_code, GError **error)
{
    g_autoptr(GError) child = NULL;
    g_autofree char *helper = vd_path_guest();
    const char *const argv[] = {helper, NULL};
    char *input = json_to_string(request, FALSE);
    Guest guest = {.step = step, .data = data};
    gboolean ok = vd_run_child(run, argv, input, on_line, &guest, &child);

    vd_secret_free(input);
    json_node_unref(request);
    if (ret_code)
        *ret_code = ok ? NULL : g_strdup(guest.code);
    if (!ok || !guest.result) {
        tell(&guest, child, error);
        g_clear_pointer(&guest.result, json_node_unref);
    }
    guest_clear(&guest);
    return guest.result;
}

/* ---- without a job ---- */

gboolean vd_guest_there(GError **error)
{
    g_autofree char *helper = vd_path_guest();

    return access(helper, X_OK) == 0 ||
           vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                   _("The guest helper %s is missing, so images can be neither inspected nor "
                     "customised."),
                   helper);
}

/* One request that launches nothing. request is taken over. */
static gboolean ask(JsonNode *request, GError **error)
{
    g_autofree char *helper = vd_path_guest(), *input = json_to_string(request, FALSE);
    const char *const argv[] = {helper, NULL};
    g_auto(VdChild) child = {0};
    g_auto(GStrv) lines = NULL;
    Guest guest = {0};
    gboolean ok = vd_child_run(argv, input, ASK_MS, &child, error);

    json_node_unref(request);
    if (!ok)
        return FALSE;
    lines = g_strsplit(child.out, "\n", 4096);
    for (char **line = lines; *line; line++) {
        g_autofree char *kind = NULL;
        g_autoptr(JsonNode) node = **line == '{' ? read_event(*line, &kind) : NULL;

        if (node)
            on_end(&guest, kind, node);
    }
    ok = child.status == 0 && guest.result;
    /* Only what it says counts: the job asks again. */
    if (!ok && guest.message)
        tell(&guest, NULL, error);
    else
        ok = TRUE;
    g_clear_pointer(&guest.result, json_node_unref);
    guest_clear(&guest);
    return ok;
}

gboolean vd_guest_can(const VdImage *image, gboolean grow, gboolean customise, GError **error)
{
    g_autofree char *fs = grow ? vd_image_root_fs(image) : NULL;
    g_autofree char *id = NULL;

    if (!grow && !customise)
        return TRUE;
    if (!vd_guest_there(error))
        return FALSE;
    if (g_strcmp0(fs, "xfs") != 0)
        return TRUE;
    id = vd_request_id_new();
    return ask(vd_plan_check_request(id, image->layout), error);
}
