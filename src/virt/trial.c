/* Whether an address is right: one lane of its own connects, asks once and lets go. It has the
 * deadlines of a connection; past the hard one the lane is left behind like any other. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/engine.h"
#include "src/virt/ssh.h"
#include "src/virt/uri.h"

/* Nobody was asked. */
#define NO_TIME_USEC 100

/* What the room keeps of it. */
typedef struct {
    VdLane *lane;
    VdAsker *asker;
} Attempt;

typedef struct {
    /* loop thread only */
    VdVirt *virt;
    VdVirtDone done;
    gpointer data;
    Attempt *attempt;             /* the room's */
    gint64 pushed, asking, asked; /* monotonic: since when, a question since when, all of them */
    /* immutable */
    VdAsker *asker;
    char *uri;
    /* written by the lane */
    VdHost *facts;
    guint machines, running;
    gint64 took;
    GError *error;
} Trial;

static void trial_free(gpointer data)
{
    Trial *trial = data;
    g_free(trial->uri);
    vd_asker_unref(trial->asker);
    vd_host_unref(trial->facts);
    g_clear_error(&trial->error);
    g_free(trial);
}

/* ---- on the lane ---- */

static gboolean needs_none(const char *uuid, gpointer data)
{
    (void)uuid;
    (void)data;
    return FALSE;
}

static void count(Trial *trial, const GArray *rows)
{
    trial->machines = rows->len;
    for (guint i = 0; i < rows->len; i++) {
        VdVmState state = g_array_index(rows, VdRow, i).state;
        trial->running += state != VD_VM_OFF && state != VD_VM_CRASHED;
    }
}

static void trial_run(VdLaneSlot *slot, gpointer data)
{
    Trial *trial = data;
    const VdBackend *backend = slot->backend;
    gint64 begun = g_get_monotonic_time();
    VdOpened opened = {0};
    gboolean fine =
        vd_slot_open(slot, VD_GATE_PERSON, trial->uri, trial->asker, &opened, &trial->error) &&
        backend->facts(slot->conn, VD_FACT_NAMES, trial->facts, &trial->error);
    trial->took = g_get_monotonic_time() - begun;
    if (!fine)
        return;
    g_autoptr(GArray) rows = vd_rows_new();
    if (backend->list(slot->conn, needs_none, NULL, rows, &trial->error))
        count(trial, rows);
}

/* ---- on the loop ---- */

static const VdColumn columns[] = {
    {"uri", N_("URI"), VD_COL_TEXT},
    {"hostname", N_("Host name"), VD_COL_TEXT},
    {"type", N_("Driver"), VD_COL_TEXT},
    {"libvirt", N_("libvirt"), VD_COL_TEXT},
    {"hypervisor", N_("Hypervisor"), VD_COL_TEXT},
    {"cpus", N_("CPUs"), VD_COL_COUNT},
    {"memory", N_("Memory"), VD_COL_SIZE},
    {"machines", N_("Machines"), VD_COL_COUNT},
    {"running", N_("Running"), VD_COL_COUNT},
    {"answered_in", N_("Answered in"), VD_COL_LATENCY},
    {"note", N_("Note"), VD_COL_TEXT},
};

static void row_version(char **row, guint column, guint64 version)
{
    if (version == 0)
        return;
    g_autofree char *text =
        g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT,
                        version / 1000000, version / 1000 % 1000, version % 1000);
    vd_row_text(row, column, text);
}

/* Without what people thought about. */
static gint64 net_time(const Trial *trial, gint64 took)
{
    return MAX(took - trial->asked, 0);
}

/* The same mistake, how long it took to come out, and what may be behind it. */
static GError *timed(const Trial *trial)
{
    GError *error = NULL;
    g_autofree char *took = vd_format_latency(net_time(trial, trial->took));
    g_autofree char *ignored = vd_uri_ignored(trial->uri);
    const char *message = trial->error->message;
    gboolean ends = *message && strchr(".!?", message[strlen(message) - 1]);
    g_autofree char *sentence = g_strconcat(message, ends ? "" : ".", NULL);
    /* TRANSLATORS: a sentence on what failed, then a time: "It took 0.4 ms." */
    g_autofree char *timed = trial->took < NO_TIME_USEC
                                 ? g_strdup(sentence)
                                 : g_strdup_printf(_("%s It took %s."), sentence, took);
    vd_error_set(&error, vd_error_code(trial->error), vd_error_detail(trial->error), "%s%s%s",
                 timed, ignored ? " " : "", ignored ? ignored : "");
    return error;
}

static VdDoc *report(const Trial *trial)
{
    const VdHost *facts = trial->facts;
    VdDoc *doc = vd_doc_new();
    VdSection *section =
        vd_doc_section(doc, VD_SECTION_FIELDS, "host", N_("Host"), columns, G_N_ELEMENTS(columns));
    char **row = vd_section_row(section);
    vd_row_text(row, 0, trial->uri);
    vd_row_text(row, 1, facts->hostname);
    vd_row_text(row, 2, facts->type);
    row_version(row, 3, facts->lib_version);
    row_version(row, 4, facts->hv_version);
    if (facts->cpus > 0)
        vd_row_int(row, 5, facts->cpus);
    if (facts->memory > 0)
        vd_row_size(row, 6, facts->memory);
    vd_row_int(row, 7, trial->machines);
    vd_row_int(row, 8, trial->running);
    vd_row_int(row, 9, net_time(trial, trial->took));
    g_autofree char *ignored = vd_uri_ignored(trial->uri);
    vd_row_text(row, 10, ignored);
    return doc;
}

static void trial_done(VdLane *lane, VdTaskEnd end, gpointer data)
{
    Trial *trial = data;
    (void)lane;
    g_autoptr(GError) why = NULL;
    if (end != VD_TASK_ANSWERED) {
        g_autofree char *took =
            vd_format_latency(net_time(trial, g_get_monotonic_time() - trial->pushed));
        vd_ssh_abort(trial->uri);
        vd_error_set(&why, VD_ERR_UNREACHABLE, NULL, _("%s does not answer within %s."), trial->uri,
                     took);
        trial->done(NULL, why, trial->data);
        return; /* the lane reports itself as stuck */
    }
    g_autoptr(VdDoc) doc = trial->error ? NULL : report(trial);
    why = trial->error ? timed(trial) : NULL;
    g_ptr_array_remove(trial->virt->trials, trial->attempt);
    trial->done(doc, why, trial->data);
}

static void on_asked(VdQuestion *question, gboolean begun, gpointer owner)
{
    Trial *trial = owner;
    gint64 now = g_get_monotonic_time();
    if (!begun && trial->asking)
        trial->asked += now - trial->asking;
    trial->asking = begun ? now : 0;
    vd_virt_ask(trial->virt, trial->attempt->lane, question, begun);
}

static void on_slow(VdLane *lane, gboolean slow, gpointer owner)
{
    (void)lane;
    (void)slow;
    (void)owner;
}

static void on_stuck(VdLane *lane, gpointer owner)
{
    const VdVirt *virt = owner;
    for (guint i = virt->trials->len; i-- > 0;)
        if (((Attempt *)g_ptr_array_index(virt->trials, i))->lane == lane)
            g_ptr_array_remove_index(virt->trials, i);
}

static void on_returned(VdLane *lane, gpointer owner)
{
    (void)lane;
    (void)owner;
}

static const VdLaneHooks hooks = {on_slow, on_stuck, on_returned, NULL};

/* Wrong before anybody was asked: told in the next turn, as all answers are. */
static void refused(gpointer data)
{
    Trial *trial = data;
    trial->done(NULL, trial->error, trial->data);
}

static void refuse(Trial *trial)
{
    vd_mailbox_post(trial->virt->yard->box, refused, trial, trial_free);
}

void vd_attempt_free(gpointer data)
{
    Attempt *attempt = data;
    vd_asker_close(attempt->asker);
    vd_asker_unref(attempt->asker);
    vd_lane_close(attempt->lane);
    g_free(attempt);
}

void vd_virt_test(VdVirt *virt, const char *uri, VdVirtDone done, gpointer data)
{
    Trial *trial = g_new0(Trial, 1);
    *trial = (Trial){.virt = virt, .done = done, .data = data, .uri = vd_uri_effective(uri)};
    trial->facts = vd_host_new("test", "");
    if (!vd_uri_check(trial->uri, &trial->error)) {
        refuse(trial);
        return;
    }
    VdLane *lane = vd_lane_new(virt->yard, "vd-test", NULL, &hooks, virt);
    if (!lane) {
        vd_error_set(&trial->error, VD_ERR_FAILED, NULL, _("The system has no thread left for %s."),
                     trial->uri);
        refuse(trial);
        return;
    }
    trial->attempt = g_new0(Attempt, 1);
    trial->attempt->lane = lane;
    trial->attempt->asker = vd_asker_new(virt->yard->box, trial->uri, on_asked, trial);
    trial->asker = vd_asker_ref(trial->attempt->asker);
    g_ptr_array_add(virt->trials, trial->attempt);
    VdTaskKind kind = {trial_run, trial_done, trial_free, (guint)virt->options.connect_soft_ms,
                       (guint)virt->options.connect_hard_ms};
    trial->pushed = g_get_monotonic_time();
    vd_lane_push(lane, &kind, trial);
}
