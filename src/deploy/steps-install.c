/* The steps of an installation. The installer's kernel and its initrd, with the answers appended,
 * become volumes of the host and are started directly; the machine ends instead of restarting, so
 * that its ends can be counted; after the last one it starts from its disk, and what was needed for
 * installing is taken away. What the installer prints on the serial console is its progress. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/guest.h"
#include "src/deploy/heard.h"
#include "src/deploy/initrd.h"
#include "src/deploy/install.h"
#include "src/deploy/medium.h"
#include "src/deploy/steps.h"
#include "src/deploy/transfer.h"

#define MOST_BYTES (G_GUINT64_CONSTANT(1) << 30) /* of a kernel, or an initrd */
#define SILENT_S   300
#define POLL_USEC  (2 * G_USEC_PER_SEC)

/* ---- check ---- */

static gboolean step_check(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn =
        plan ? vd_conn_open(plan->uri, vd_run_id(run), vd_run_cancellable(run), error) : NULL;

    if (!conn || !vd_step_check_host(run, plan, conn, NULL, error))
        return FALSE;
    vd_run_text(run, _("name, room on %s, network %s"), plan->pool, plan->network);
    return TRUE;
}

/* ---- fetch: kernel and initrd, with the answers in it ---- */

typedef struct {
    VdRun *run;
    int fd;
    int error_number;
    double from, share; /* of the step's progress */
} Fetch;

static gboolean on_bytes(const guint8 *data, gsize length, gpointer user)
{
    Fetch *fetch = user;

    if (vd_write_all(fetch->fd, data, length))
        return TRUE;
    fetch->error_number = errno;
    return FALSE;
}

static void on_fetched(guint64 done, guint64 total, gpointer user)
{
    Fetch *fetch = user;

    if (total > 0)
        vd_run_progress(fetch->run,
                        fetch->from + fetch->share * MIN(1.0, (double)done / (double)total));
}

static gboolean cannot_write(const char *path, int number, GError **error)
{
    return vd_fail(error, number == ENOSPC ? VD_ERR_NO_SPACE : VD_ERR_FAILED, NULL,
                   _("%s cannot be written: %s."), path, g_strerror(number));
}

static gboolean fetch_part(Fetch *fetch, const VdPlan *plan, const char *part, const char *path,
                           GError **error)
{
    g_autofree char *url = g_strdup_printf("%s/%s", plan->tree, part);
    VdTransfer transfer = {.url = url,
                           .most = MOST_BYTES,
                           .sink = on_bytes,
                           .tell = on_fetched,
                           .user = fetch,
                           .cancel = vd_run_cancellable(fetch->run)};
    VdTransferEnd end;

    fetch->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fetch->fd < 0)
        return cannot_write(path, errno, error);
    vd_run_text(fetch->run, "%s", url);
    vd_run_log(fetch->run, "fetching %s", url);
    end = vd_transfer(&transfer, error);
    if (close(fetch->fd) < 0 && fetch->error_number == 0)
        fetch->error_number = errno;
    if (fetch->error_number != 0)
        return cannot_write(path, fetch->error_number, error);
    return end == VD_TRANSFER_DONE;
}

/* The answer file of the job's secrets. Free with vd_secret_free(). */
static char *read_answer(VdRun *run, GError **error)
{
    char *text = vd_run_secrets(run, error);
    g_autoptr(JsonNode) node = text ? json_from_string(text, NULL) : NULL;
    const char *answer =
        node && JSON_NODE_HOLDS_OBJECT(node)
            ? json_object_get_string_member_with_default(json_node_get_object(node), "answer", NULL)
            : NULL;

    vd_secret_free(text);
    if (!answer && error && !*error)
        vd_error_set(error, VD_ERR_DAMAGED, NULL,
                     _("The answers for the installer are gone; cancel the job and begin anew."));
    return g_strdup(answer);
}

static gboolean append_answer(const VdPlan *plan, const char *path, const char *answer,
                              GError **error)
{
    VdInitrdFile file = {plan->answer_file, answer, strlen(answer), 0600};
    GByteArray *archive = vd_initrd_archive(&file, 1, error);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    gboolean ok =
        archive && fd >= 0 && vd_write_all(fd, archive->data, archive->len) && fsync(fd) == 0;

    if (archive && !ok)
        cannot_write(path, errno, error);
    if (fd >= 0)
        close(fd);
    if (archive) {
        explicit_bzero(archive->data, archive->len);
        g_byte_array_unref(archive);
    }
    return ok;
}

/* A file of the job's folder becomes a volume that only this job uses. */
static gboolean hand_over_told(VdRun *run, const VdPlan *plan, VdConn *conn, const char *what,
                               const char *file, VdUploadProgress progress, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s-%s", plan->volume, what);
    g_autofree char *path = NULL;

    if (!vd_run_undo(run, "volume", name, error) ||
        !vd_conn_volume_delete(conn, vd_plan_files_pool(plan), name, error) ||
        !vd_conn_volume_upload(conn, vd_plan_files_pool(plan), name, file, progress, run,
                               vd_run_cancellable(run), &path, error) ||
        !vd_step_settle(plan, path, error))
        return FALSE;
    vd_run_set(run, what, path);
    return TRUE;
}

static gboolean hand_over(VdRun *run, const VdPlan *plan, VdConn *conn, const char *what,
                          const char *file, GError **error)
{
    return hand_over_told(run, plan, conn, what, file, NULL, error);
}

/* A medium is the largest part of it. */
static void on_medium_sent(guint64 done, guint64 all, gpointer data)
{
    vd_run_progress(data, 0.9 + 0.1 * (double)done / (double)all);
}

/* A host elsewhere does not see our files. */
static gboolean hand_over_cdrom(VdRun *run, const VdPlan *plan, VdConn *conn, GError **error)
{
    if (!plan->cdrom || !plan->elsewhere)
        return TRUE;
    if (!vd_medium_look(plan->cdrom, NULL, error))
        return FALSE;
    vd_run_text(run, "%s", plan->cdrom);
    vd_run_log(run, "sending %s", plan->cdrom);
    return hand_over_told(run, plan, conn, "cdrom", plan->cdrom, on_medium_sent, error);
}

/* For installers that look for their answers on a medium. */
static gboolean hand_over_medium(VdRun *run, const VdPlan *plan, VdConn *conn, const char *answer,
                                 GError **error)
{
    g_autofree char *file = g_build_filename(vd_run_folder(run), "answers.iso", NULL);
    g_autoptr(JsonNode) result = NULL;
    gboolean ok;

    vd_secret_unlink(file); /* of a run that was cut short */
    result = vd_guest_run(run, vd_plan_answer_request(plan, vd_run_id(run), file, answer), NULL,
                          NULL, NULL, error);
    ok = result && hand_over(run, plan, conn, "medium", file, error);
    vd_secret_unlink(file);
    return ok;
}

static gboolean place_answer(VdRun *run, const VdPlan *plan, VdConn *conn, const char *initrd,
                             GError **error)
{
    char *answer = read_answer(run, error);
    gboolean ok = answer && (plan->answer_medium ? hand_over_medium(run, plan, conn, answer, error)
                                                 : append_answer(plan, initrd, answer, error));

    vd_secret_free(answer);
    return ok;
}

static gboolean fetch_both(VdRun *run, const VdPlan *plan, const char *kernel, const char *initrd,
                           GError **error)
{
    Fetch fetch = {.run = run, .share = 0.2};
    g_autoptr(VdConn) conn = NULL;

    if (!fetch_part(&fetch, plan, plan->kernel, kernel, error))
        return FALSE;
    fetch.from = 0.2;
    fetch.share = 0.7;
    if (!fetch_part(&fetch, plan, plan->initrd, initrd, error))
        return FALSE;
    conn = vd_step_conn(run, plan, error);
    return conn && place_answer(run, plan, conn, initrd, error) &&
           hand_over(run, plan, conn, "kernel", kernel, error) &&
           hand_over(run, plan, conn, "initrd", initrd, error) &&
           hand_over_cdrom(run, plan, conn, error);
}

static gboolean step_fetch(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autofree char *kernel = g_build_filename(vd_run_folder(run), "kernel", NULL);
    g_autofree char *initrd = g_build_filename(vd_run_folder(run), "initrd", NULL);
    gboolean ok = plan && fetch_both(run, plan, kernel, initrd, error);

    (void)unlink(kernel);
    (void)unlink(initrd);
    if (ok)
        vd_run_text(run, _("kernel, initrd, answers of the template %s"), plan->template);
    return ok;
}

/* ---- disk and define ---- */

static void on_hole_sent(guint64 done, guint64 all, gpointer data)
{
    vd_run_progress(data, (double)done / (double)all);
}

/* Elsewhere a file that is all hole is sent, which the host's libvirt writes as zeroes. */
static gboolean send_hole(VdRun *run, const VdPlan *plan, VdConn *conn, char **ret_path,
                          GError **error)
{
    g_autofree char *hole = g_build_filename(vd_run_folder(run), "empty", NULL);
    int fd = open(hole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    gboolean made = fd >= 0 && ftruncate(fd, (off_t)plan->disk) == 0;
    gboolean ok = made || cannot_write(hole, errno, error);

    if (fd >= 0)
        close(fd);
    ok = ok && vd_conn_volume_upload(conn, plan->pool, plan->volume, hole, on_hole_sent, run,
                                     vd_run_cancellable(run), ret_path, error);
    (void)unlink(hole);
    return ok;
}

/* An installer shall not find what somebody else had there: tables, volume groups, data. */
static gboolean make_device(VdRun *run, const VdPlan *plan, VdConn *conn, char **ret_path,
                            GError **error)
{
    if (plan->elsewhere && !plan->rbd)
        return send_hole(run, plan, conn, ret_path, error);
    return vd_conn_volume_create_raw(conn, plan->pool, plan->volume, plan->disk, ret_path, error) &&
           (!vd_volume_is_device(*ret_path) || vd_step_clear(run, *ret_path, 0, 0, error));
}

static gboolean step_disk(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = plan ? vd_step_conn(run, plan, error) : NULL;
    g_autofree char *path = NULL, *size = NULL, *bytes = NULL;
    guint64 used = 0;

    if (!conn || !vd_run_undo(run, "volume", plan->volume, error) ||
        !(plan->raw || plan->rbd
              ? make_device(run, plan, conn, &path, error)
              : vd_conn_volume_create(conn, plan->pool, plan->volume, plan->disk, &path, error)) ||
        !vd_conn_volume_used(conn, plan->pool, plan->volume, &used, error))
        return FALSE;
    size = vd_format_size(plan->disk);
    bytes = g_strdup_printf("%" G_GUINT64_FORMAT, used);
    vd_run_set(run, "disk", path);
    /* A device takes the same room whether anything was written to it or not. */
    if (!plan->raw && !plan->rbd)
        vd_run_set(run, "empty", bytes);
    vd_run_text(run, _("empty, %s"), size);
    return TRUE;
}

/* ---- install ---- */

/* AS_BEFORE: what a runner that was killed has left there; it may still be right. */
typedef enum { NO_NOTE, SILENT, ASKS, AS_BEFORE } Note;

typedef struct {
    VdRun *run;
    const VdPlan *plan;
    VdHeard *sayings; /* of the thread that follows the console */
    /* The installer tells the parts of its work from the beginning: until it does, it has done none
     * of it, however long it takes to start. */
    gboolean by_parts;
    /* the thread that notices silence */
    GMutex lock;
    GCond wake;
    /* under lock */
    gboolean over;
    gint64 heard; /* monotonic time of the last line that was no mere repetition */
    Note note;    /* whether a note says that it waits for somebody */
} Watch;

/* Under the lock. */
static void set_note(Watch *watch, Note note)
{
    const char *before = vd_run_get(watch->run, "note");
    const char *why = note == ASKS
                          ? _("the installer asks something: look at the machine's serial console")
                          : _("the installer has been silent for minutes: look at the machine's "
                              "serial console");
    g_autofree char *both = before ? g_strdup_printf("%s; %s", before, why) : g_strdup(why);

    /* Who has asked may be silent. */
    if (watch->note == note || (watch->note == ASKS && note == SILENT))
        return;
    watch->note = note;
    vd_run_note(watch->run, note != NO_NOTE ? both : before ? before : "");
}

/* The console is followed in one go, since what is printed between two goes would be lost; so it
 * takes another thread to hear that nothing is said. */
static gpointer notice_silence(gpointer data)
{
    Watch *watch = data;

    g_mutex_lock(&watch->lock);
    while (!watch->over) {
        gint64 due = watch->heard + SILENT_S * G_USEC_PER_SEC;

        if (g_get_monotonic_time() >= due)
            set_note(watch, SILENT);
        g_cond_wait_until(&watch->wake, &watch->lock, MAX(due, g_get_monotonic_time() + POLL_USEC));
    }
    g_mutex_unlock(&watch->lock);
    return NULL;
}

static gboolean on_line(const char *line, gpointer data)
{
    Watch *watch = data;
    gint64 now = g_get_monotonic_time();
    const char *text;
    double part;
    VdHeardKind kind = vd_heard_line(watch->sayings, line, now, &text, &part);

    g_mutex_lock(&watch->lock);
    if (kind != VD_HEARD_NOTHING)
        watch->heard = now;
    if (kind == VD_HEARD_ASKS)
        set_note(watch, ASKS);
    else if (kind == VD_HEARD_NEWS || (kind == VD_HEARD_LIFE && watch->note == SILENT))
        set_note(watch, NO_NOTE);
    g_mutex_unlock(&watch->lock);
    vd_run_log(watch->run, "console: %s", line);
    if (text && kind != VD_HEARD_ASKS) /* of which the note tells */
        vd_run_text(watch->run, "%.*s", (int)vd_text_fit(text, 100, NULL), text);
    if (part >= 0 || (text && !watch->by_parts))
        vd_run_progress(watch->run, part);
    return TRUE;
}

/* A machine that is off has ended by itself, or the installation has. */
static gboolean ended_by_itself(VdVmRest rest, GError **error)
{
    if (rest == VD_REST_CUT_OFF)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("Somebody powered the machine off before the installer had ended."));
    if (rest == VD_REST_CRASHED)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("The machine crashed before the installer had ended; its log on the host "
                         "says why."));
    return TRUE;
}

/* The host's daemon was restarted: machines do not notice. */
static gboolean connect_again(Watch *watch, VdConn **conn, GError **error)
{
    VdConn *fresh = vd_step_conn(watch->run, watch->plan, error);

    if (!fresh)
        return FALSE;
    vd_run_log(watch->run, "the host's daemon was restarted; the installer goes on");
    vd_conn_close(*conn);
    *conn = fresh;
    return TRUE;
}

/* Until the machine ends. Somebody else may be on its console meanwhile, or have its state saved,
 * as hosts do that go down: it is waited for until it is started again. */
static gboolean wait_for_end(Watch *watch, VdConn **conn, gint64 deadline, GError **error)
{
    GCancellable *cancel = vd_run_cancellable(watch->run);

    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time()) / G_USEC_PER_SEC;
        VdVmRest rest = vd_conn_vm_rest(*conn, watch->plan->uuid);

        if (g_cancellable_is_cancelled(cancel))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        if (left <= 0)
            return vd_fail(error, VD_ERR_TIMEOUT, NULL,
                           _("The installer has not ended in %d minutes; give it more by --wait."),
                           watch->plan->install_minutes);
        if (!vd_conn_is_alive(*conn)) {
            if (!connect_again(watch, conn, error))
                return FALSE;
        } else if (rest != VD_REST_NONE && rest != VD_REST_SAVED) {
            return ended_by_itself(rest, error);
        } else if ((rest == VD_REST_SAVED || !vd_conn_vm_follow(*conn, watch->plan->uuid, (int)left,
                                                                on_line, watch, cancel, NULL)) &&
                   !g_cancellable_is_cancelled(cancel)) {
            g_usleep(POLL_USEC);
        }
    }
}

static gboolean has_written(VdRun *run, const VdPlan *plan, VdConn *conn, GError **error)
{
    const char *empty = vd_run_get(run, "empty");
    guint64 used = 0;

    if (!vd_conn_volume_used(conn, plan->pool, plan->volume, &used, error))
        return FALSE;
    if (!empty || used > g_ascii_strtoull(empty, NULL, 10))
        return TRUE;
    return vd_fail(error, VD_ERR_FAILED, NULL,
                   _("The installer ended without having written to the disk; what it said is in "
                     "the job's log."));
}

/* One whose runner was killed may run already, or go on when it is started. */
static gboolean set_going(Watch *watch, VdConn *conn, GError **error)
{
    VdVmRest rest =
        vd_run_resumed(watch->run) ? vd_conn_vm_rest(conn, watch->plan->uuid) : VD_REST_ENDED;

    if (rest == VD_REST_NONE)
        vd_run_log(watch->run, "the installer has gone on meanwhile, and is followed again");
    else if (rest == VD_REST_SAVED)
        vd_run_log(watch->run, "the machine was saved, and its installer goes on");
    return rest == VD_REST_NONE || vd_conn_vm_start(conn, watch->plan->uuid, error);
}

static gboolean install(Watch *watch, VdConn **conn, GError **error)
{
    const VdPlan *plan = watch->plan;
    gint64 deadline = g_get_monotonic_time() + (gint64)plan->install_minutes * 60 * G_USEC_PER_SEC;

    for (int ends = 0; ends < plan->ends; ends++) {
        /* From the second time on from the disk that the installer has begun to fill. */
        if ((ends > 0 && !vd_conn_vm_from_disk(*conn, plan->uuid, TRUE, error)) ||
            !set_going(watch, *conn, error) || !wait_for_end(watch, conn, deadline, error))
            return FALSE;
        vd_run_log(watch->run, "the machine ended, %d of %d", ends + 1, plan->ends);
        if (ends == 0 && !has_written(watch->run, plan, *conn, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean watched(Watch *watch, VdConn **conn, GError **error)
{
    GThread *thread;
    gboolean ok;

    g_mutex_init(&watch->lock);
    g_cond_init(&watch->wake);
    thread = g_thread_new("silence", notice_silence, watch);
    ok = install(watch, conn, error);
    g_mutex_lock(&watch->lock);
    watch->over = TRUE;
    if (ok)
        set_note(watch, NO_NOTE);
    g_cond_signal(&watch->wake);
    g_mutex_unlock(&watch->lock);
    g_thread_join(thread);
    g_mutex_clear(&watch->lock);
    g_cond_clear(&watch->wake);
    return ok;
}

static gboolean step_install(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = plan ? vd_step_conn(run, plan, error) : NULL;
    g_autoptr(VdHeard) sayings = vd_heard_new();
    Watch watch = {.run = run, .plan = plan, .sayings = sayings, .heard = g_get_monotonic_time()};

    if (!conn)
        return FALSE;
    if (vd_run_resumed(run))
        watch.note = AS_BEFORE;
    watch.by_parts = g_strcmp0(plan->answer_file, "preseed.cfg") == 0;
    vd_run_progress(run, watch.by_parts ? 0 : -1);
    vd_run_text(run, _("the installer starts"));
    if (!watched(&watch, &conn, error))
        return FALSE;
    vd_run_text_n(run, "the installer ended %d time", "the installer ended %d times",
                  (gulong)plan->ends, plan->ends);
    return TRUE;
}

/* ---- from the disk ---- */

static gboolean step_ready(VdRun *run, GError **error)
{
    static const char *const parts[] = {"kernel", "initrd", "medium", "cdrom"};
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = plan ? vd_step_conn(run, plan, error) : NULL;

    if (!conn)
        return FALSE;
    if (!(vd_run_resumed(run) && vd_conn_vm_running(conn, plan->uuid)) &&
        (!vd_conn_vm_from_disk(conn, plan->uuid, FALSE, error) ||
         !vd_conn_vm_drop_seed(conn, plan->uuid, error) || !vd_step_run(run, plan, &conn, error)))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *name = g_strdup_printf("%s-%s", plan->volume, parts[i]);

        /* The answers are in one of them; a missing one is fine. */
        if (!vd_conn_volume_delete(conn, vd_plan_files_pool(plan), name, error))
            return FALSE;
    }
    return TRUE;
}

const VdStepSpec vd_install_steps[] = {
    {"check", N_("check"), 1, step_check},
    {"fetch", N_("fetch"), 10, step_fetch},
    {"disk", N_("disk"), 1, step_disk},
    {"define", N_("define"), 1, vd_step_define},
    {"install", N_("install"), 900, step_install},
    {"start", N_("start"), 1, step_ready},
    {"boot", N_("first boot"), 45, vd_step_boot},
    {NULL, NULL, 0, NULL},
};

/* How many ends of several an installer has had nobody has counted meanwhile. */
static gboolean installer_goes_on(VdRun *run)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, NULL);
    g_autoptr(VdConn) conn = plan && plan->ends == 1 ? vd_conn_open(plan->uri, vd_run_id(run),
                                                                    vd_run_cancellable(run), NULL)
                                                     : NULL;
    VdVmRest rest = conn ? vd_conn_vm_rest(conn, plan->uuid) : VD_REST_ENDED;

    return rest == VD_REST_NONE || rest == VD_REST_SAVED;
}

/* An installer whose host went down is begun anew, on an empty disk; one that runs is followed. */
const VdAgain vd_install_again[] = {
    {"install", "disk", installer_goes_on},
    {"boot", "start", NULL},
    {NULL, NULL, NULL},
};
