/* The first boot, followed to its end. Running is not ready: the machine's own first-boot unit says
 * on the serial console when it is done (doc/guest-protocol.md). A machine that was not customised
 * has no such unit; it is ready when it has an address or asks for a login. Not hearing of the end
 * is no failure of the machine: it stays, with a note. So it is when the daemon was restarted, or
 * the runner killed, while the machine was talking: then a login prompt has to do. From the moment
 * that it runs it is somebody's: however its first boot ends, machine and disk stay, unless it is
 * cancelled. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/boot.h"
#include "src/deploy/deploy.h"
#include "src/deploy/steps.h"

#define POLL_USEC    (2 * G_USEC_PER_SEC)
#define OUTPUT_LINES 500
/* How long a machine that asks for a login may keep silent about its first boot, when what it said
 * before was not heard. */
#define SILENT_SEC 60
#define BUSY_TRIES 10
/* How often the console is asked for again when somebody else has it, and for how long in all: who
 * sits there sees the end, we do not. */
#define TAKEN_RETRY_USEC (5 * G_USEC_PER_SEC)
#define TAKEN_USEC       (3 * 60 * G_USEC_PER_SEC)
#define TEXT_CHARS       100

typedef struct {
    VdRun *run;
    const VdPlan *plan;
    const char *marker; /* NULL: watch for a login prompt */
    gboolean cloud;     /* cloud-init is at work, and has the last word */
    VdBoot boot;
    guint lines;       /* of the script's output */
    gboolean unsure;   /* something may have been said that nobody heard */
    gboolean heard;    /* the first boot's own words since then */
    gboolean spoke;    /* the first boot's own words at any time */
    gboolean prompted; /* it asks for a login, and that is to do */
    gboolean deaf;     /* somebody else had the console to the end */
    /* the thread that looks for an address */
    GCancellable *stop; /* ends the following of the console */
    GMutex lock;
    GCond wake;
    gboolean over;
    char *address; /* under lock */
} Watch;

/* A script may talk without end; the machine keeps all of it in its own log. */
static void log_output(Watch *watch)
{
    if (++watch->lines <= OUTPUT_LINES)
        vd_run_log(watch->run, "first boot: %s", watch->boot.out);
    else if (watch->lines == OUTPUT_LINES + 1)
        vd_run_log(watch->run, "first boot: more, see /var/log/vmdeck-firstboot.log there");
}

static void add_note(VdRun *run, const char *text)
{
    const char *before = vd_run_get(run, "note");
    g_autofree char *both = before ? g_strdup_printf("%s; %s", before, text) : g_strdup(text);

    vd_run_note(run, both);
}

/* What was added is no longer so. */
static void take_note_back(VdRun *run)
{
    const char *before = vd_run_get(run, "note");

    vd_run_note(run, before ? before : "");
}

/* What a machine says while it boots shows that it is at it; the first-boot unit has better words.
 */
static void tell_line(Watch *watch, const char *line)
{
    g_autofree char *text = NULL;

    if (watch->spoke || !*line || vd_boot_is_kernel(line))
        return;
    text = g_strstrip(vd_text_clean(line, TEXT_CHARS, FALSE)); /* systemd sets its lines in */
    vd_run_text(watch->run, _("booting: %s"), text);
}

static gboolean on_line(const char *line, gpointer data)
{
    Watch *watch = data;
    VdBootWord word = vd_boot_line(&watch->boot, watch->marker, line);

    if (word == VD_BOOT_OTHER && watch->unsure && !watch->heard && !watch->prompted)
        watch->prompted = vd_boot_is_prompt(line);
    if (word == VD_BOOT_OTHER) {
        tell_line(watch, line);
        return !(watch->prompted && !watch->heard);
    }
    watch->heard = watch->spoke = TRUE;
    if (word == VD_BOOT_OUT)
        log_output(watch);
    if (word == VD_BOOT_START)
        vd_run_text(watch->run, _("its network is up"));
    if (word == VD_BOOT_ADDRESS)
        vd_run_text(watch->run, _("it has the address %s"), watch->boot.address);
    if (word == VD_BOOT_SETUP)
        vd_run_text(watch->run, _("it sets itself up"));
    if (word == VD_BOOT_WARN) {
        vd_run_log(watch->run, "first boot: %s", watch->boot.out);
        add_note(watch->run, watch->boot.out);
    }
    if (word == VD_BOOT_SCRIPT)
        vd_run_text(watch->run, _("running the first-boot script"));
    if (word != VD_BOOT_DONE)
        return TRUE;
    /* The script is run by cloud-init, which still has a few things to do then. */
    if (!watch->cloud || watch->boot.final)
        return FALSE;
    vd_run_text(watch->run, _("cloud-init finishes"));
    return TRUE;
}

/* Looks for an address until it is told to stop; on a thread and a connection of its own, since the
 * console may be silent for minutes. */
static gpointer look_for_address(gpointer data)
{
    Watch *watch = data;
    g_autoptr(VdConn) conn = NULL;
    gboolean over;

    g_mutex_lock(&watch->lock);
    while (!watch->over && !watch->address) {
        char *found = NULL;

        g_mutex_unlock(&watch->lock);
        if (conn && !vd_conn_is_alive(conn))
            g_clear_pointer(&conn, vd_conn_close);
        if (!conn)
            conn = vd_conn_open(watch->plan->uri, vd_run_id(watch->run),
                                vd_run_cancellable(watch->run), NULL);
        if (conn)
            found = vd_conn_vm_address(conn, watch->plan->uuid);
        g_mutex_lock(&watch->lock);
        watch->address = found;
        if (!found)
            g_cond_wait_until(&watch->wake, &watch->lock, g_get_monotonic_time() + POLL_USEC);
    }
    if (watch->address)
        g_cond_broadcast(&watch->wake);
    over = watch->over || !watch->address;
    g_mutex_unlock(&watch->lock);
    /* Not under the lock: it calls who waits for it. */
    if (!over)
        g_cancellable_cancel(watch->stop);
    return NULL;
}

static void on_cancel(GCancellable *cancel, gpointer data)
{
    (void)cancel;
    g_cancellable_cancel(data);
}

/* Waits without a console, since somebody else has it, until there is an address, the machine ends
 * or the time is over. TRUE: there is an address. */
static gboolean wait_for_address(Watch *watch, VdConn *conn, gint64 deadline)
{
    gboolean found;

    /* `stop` is triggered by a cancel, and by the thread that finds an address. */
    while (g_get_monotonic_time() < deadline && !g_cancellable_is_cancelled(watch->stop) &&
           vd_conn_vm_running(conn, watch->plan->uuid)) {
        g_mutex_lock(&watch->lock);
        if (!watch->address)
            g_cond_wait_until(&watch->wake, &watch->lock, g_get_monotonic_time() + POLL_USEC);
        g_mutex_unlock(&watch->lock);
    }
    g_mutex_lock(&watch->lock);
    found = watch->address != NULL;
    g_mutex_unlock(&watch->lock);
    return found;
}

/* Whether following ended because the console is somebody else's, now or from the beginning. */
static gboolean console_is_taken(const Watch *watch, VdConn *conn, const GError *why)
{
    VdErrorCode code = vd_error_code(why);

    return code == VD_ERR_BUSY ||
           (code == VD_ERR_FAILED && vd_conn_vm_running(conn, watch->plan->uuid));
}

static void note_unfollowed(Watch *watch, const char *why)
{
    g_autofree char *text =
        g_strdup_printf(_("its first boot was not followed to the end: %s"), why);

    add_note(watch->run, text);
}

/* The machine runs, and nobody here can tell what became of its first boot. */
static gboolean give_up(Watch *watch, VdConn *conn, GError **error)
{
    g_autofree char *asked =
        watch->boot.address ? NULL : vd_conn_vm_address(conn, watch->plan->uuid);
    const char *address = watch->boot.address ? watch->boot.address : asked;

    vd_run_keep(watch->run);
    return vd_fail(error, VD_ERR_UNKNOWN, NULL,
                   _("Somebody else reads the serial console of %s (a console window, or `virsh "
                     "console`), so the end of its first boot was not heard. It runs (%s) and "
                     "stays; look at that console, or log in and read "
                     "/var/log/vmdeck-firstboot.log there."),
                   watch->plan->name, address ? address : _("no address known"));
}

/* It ended, by its own script, by somebody or by a crash. TRUE: with its first boot done. */
static gboolean judge_end(Watch *watch, VdConn *conn, const GError *why, GError **error)
{
    const VdPlan *plan = watch->plan;

    if (watch->boot.done)
        return TRUE;
    vd_run_keep(watch->run);
    if (!vd_conn_vm_exists(conn, plan->name))
        return vd_fail(error, VD_ERR_FAILED, vd_error_detail(why),
                       _("The machine %s was removed before its first boot was done; what is left "
                         "of it stays."),
                       plan->name);
    if (plan->medium)
        add_note(watch->run, _("its seed medium stays in it"));
    return vd_fail(error, VD_ERR_FAILED, vd_error_detail(why),
                   _("The machine %s ended before its first boot was done: it was powered off, or "
                     "crashed. It stays with its disk; start it and look at its serial console, "
                     "or delete it."),
                   plan->name);
}

/* What became of following; TRUE: its first boot is done, or nobody can tell. */
static gboolean judge(Watch *watch, VdConn *conn, const GError *why, GError **error)
{
    VdErrorCode code = vd_error_code(why);

    if (g_cancellable_is_cancelled(vd_run_cancellable(watch->run)))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    if (!why || (code == VD_ERR_CANCELLED && watch->address))
        return TRUE;
    if (!vd_conn_vm_running(conn, watch->plan->uuid) && vd_conn_is_alive(conn))
        return judge_end(watch, conn, why, error);
    if (watch->deaf && !watch->boot.done)
        return give_up(watch, conn, error);
    /* The script is done; that its cloud-init never said so is no matter. */
    if (!watch->boot.done)
        note_unfollowed(watch, why->message);
    return TRUE;
}

/* A prompt ends it where words may have been missed; if the first boot still speaks it is heard to
 * its end. */
static gboolean follow_unsure(Watch *watch, VdConn *conn, int seconds, GError **error)
{
    g_autoptr(GError) why = NULL;
    const char *uuid = watch->plan->uuid;

    if (!vd_conn_vm_follow_woken(conn, uuid, seconds, on_line, watch, watch->stop, error))
        return FALSE;
    if (!watch->prompted || !watch->marker)
        return TRUE;
    watch->prompted = FALSE;
    watch->unsure = FALSE;
    if (vd_conn_vm_follow(conn, uuid, SILENT_SEC, on_line, watch, watch->stop, &why))
        return TRUE;
    if (vd_error_code(why) != VD_ERR_TIMEOUT) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (watch->heard)
        return vd_conn_vm_follow(conn, uuid, seconds, on_line, watch, watch->stop, error);
    note_unfollowed(watch, _("nobody listened for a while; it asks for a login now"));
    return TRUE;
}

/* A daemon that has just come up finds its machines again one after the other: their consoles may
 * be late. */
static gboolean follow_again(Watch *watch, VdConn *conn, int seconds, GError **error)
{
    for (int i = 1;; i++) {
        g_autoptr(GError) why = NULL;

        if (follow_unsure(watch, conn, seconds, &why))
            return TRUE;
        if (vd_error_code(why) != VD_ERR_BUSY || i == BUSY_TRIES ||
            g_cancellable_is_cancelled(watch->stop)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        g_usleep(G_USEC_PER_SEC);
    }
}

/* Follows the console, over a daemon that is restarted meanwhile; *conn may be another one then. */
static gboolean follow_console(Watch *watch, VdConn **conn, int seconds, GError **error)
{
    for (;;) {
        const char *uuid = watch->plan->uuid;
        g_autoptr(GError) why = NULL;
        VdConn *fresh;

        if (watch->unsure
                ? follow_again(watch, *conn, seconds, &why)
                : vd_conn_vm_follow(*conn, uuid, seconds, on_line, watch, watch->stop, &why))
            return TRUE;
        fresh = g_cancellable_is_cancelled(watch->stop) || vd_conn_vm_running(*conn, uuid) ||
                        vd_conn_is_alive(*conn)
                    ? NULL
                    : vd_step_conn(watch->run, watch->plan, NULL);
        if (!fresh) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        vd_run_log(watch->run, "the host's daemon was restarted; following the console again");
        vd_conn_close(*conn);
        *conn = fresh;
        watch->unsure = TRUE;
        watch->heard = watch->prompted = FALSE;
    }
}

/* The same beside others: the console is asked for again and again while somebody else has it. With
 * a marker the address alone does not end it: the script is still to run. */
static gboolean follow_shared(Watch *watch, VdConn **conn, GThread **thread, GError **error)
{
    gint64 deadline =
        g_get_monotonic_time() + (gint64)watch->plan->wait_minutes * 60 * G_USEC_PER_SEC;
    gint64 taken = 0;
    gboolean noted = FALSE;

    for (;;) {
        gint64 now = g_get_monotonic_time();
        int seconds = (int)MAX(1, (deadline - now) / G_USEC_PER_SEC);
        g_autoptr(GError) why = NULL;

        if (follow_console(watch, conn, seconds, &why)) {
            if (noted)
                take_note_back(watch->run);
            return TRUE;
        }
        if (!console_is_taken(watch, *conn, why)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
        /* It was ours till now if it was not busy from the beginning. */
        if (!taken || vd_error_code(why) != VD_ERR_BUSY)
            taken = g_get_monotonic_time();
        watch->unsure = TRUE;
        watch->heard = watch->prompted = FALSE;
        vd_run_said(watch->run, vd_error_written(why));
        if (!noted)
            add_note(watch->run,
                     _("somebody else reads its serial console, so its first boot is not heard"));
        noted = TRUE;
        if (!watch->marker && !*thread)
            *thread = g_thread_new("address", look_for_address, watch);
        now = g_get_monotonic_time();
        if (wait_for_address(watch, *conn, MIN(deadline, now + TAKEN_RETRY_USEC)) && !watch->marker)
            return TRUE;
        watch->deaf = g_get_monotonic_time() >= MIN(deadline, taken + TAKEN_USEC);
        if (watch->deaf || g_cancellable_is_cancelled(watch->stop)) {
            g_propagate_error(error, g_steal_pointer(&why));
            return FALSE;
        }
    }
}

static gboolean follow(Watch *watch, VdConn **conn, GError **error)
{
    g_autoptr(GError) why = NULL;
    GThread *thread = NULL;
    gulong handler;

    handler = g_cancellable_connect(vd_run_cancellable(watch->run), G_CALLBACK(on_cancel),
                                    watch->stop, NULL);
    if (!watch->marker)
        thread = g_thread_new("address", look_for_address, watch);
    (void)follow_shared(watch, conn, &thread, &why);
    g_mutex_lock(&watch->lock);
    watch->over = TRUE;
    g_cond_broadcast(&watch->wake);
    g_mutex_unlock(&watch->lock);
    if (thread)
        g_thread_join(thread);
    g_cancellable_disconnect(vd_run_cancellable(watch->run), handler);
    return judge(watch, *conn, why, error);
}

/* The first boot is done: nobody reads the medium any more, and it has hashes. */
static void drop_medium(Watch *watch, VdConn *conn)
{
    g_autoptr(GError) why = NULL;

    if (!watch->plan->medium || !watch->boot.done)
        return;
    if (!vd_conn_vm_drop_seed(conn, watch->plan->uuid, &why)) {
        vd_run_log(watch->run, "seed medium: %s", why->message);
        add_note(watch->run, _("the seed medium goes when the machine is next stopped"));
        if (vd_error_code(why) != VD_ERR_TIMEOUT)
            return;
    }
    g_clear_error(&why);
    if (!vd_conn_volume_delete(conn, vd_plan_files_pool(watch->plan), watch->plan->medium, &why))
        vd_run_log(watch->run, "seed medium: %s", why->message);
}

/* A machine whose script failed may be mended: it stays, while the job has failed. */
static gboolean script_failed(Watch *watch, const char *address, gboolean off, GError **error)
{
    vd_run_keep(watch->run);
    if (off)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("The first-boot script of %s ended with status %d, and the machine was "
                         "powered off. It stays; the job's log and "
                         "/var/log/vmdeck-firstboot.log there have the script's words."),
                       watch->plan->name, watch->boot.status);
    return vd_fail(
        error, VD_ERR_FAILED, NULL,
        _("The machine %s is up (%s), and its first-boot script ended with status %d. It "
          "stays; the job's log and /var/log/vmdeck-firstboot.log there have the "
          "script's words."),
        watch->plan->name, address, watch->boot.status);
}

/* The step's last words: its address; and what became of the script. */
static gboolean tell(Watch *watch, VdConn *conn, GError **error)
{
    gboolean off = !vd_conn_vm_running(conn, watch->plan->uuid) && vd_conn_is_alive(conn);
    g_autofree char *asked = NULL;
    const char *address = watch->boot.address ? watch->boot.address : watch->address;

    if (!address)
        address = asked = vd_conn_vm_address(conn, watch->plan->uuid);
    if (!address)
        address = _("no address known");
    vd_run_text(watch->run, "%s", address);
    if (watch->boot.done && watch->boot.status != 0)
        return script_failed(watch, address, off, error);
    if (off)
        add_note(watch->run, _("it was powered off at the end of its first boot"));
    return TRUE;
}

/* Nothing in it is known to come up, nor to ask for an address or a login. */
static gboolean has_no_system(const VdPlan *plan)
{
    g_autoptr(VdImage) image = plan->image ? vd_image_find(plan->image, NULL) : NULL;

    return image && !image->os;
}

/* It was started, and its host does not answer any more. */
static VdConn *reach(VdRun *run, const VdPlan *plan, GError **error)
{
    g_autoptr(GError) why = NULL;
    VdConn *conn = vd_step_conn(run, plan, &why);

    if (conn)
        return conn;
    if (g_cancellable_is_cancelled(vd_run_cancellable(run))) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
    vd_run_keep(run);
    vd_error_set(error, VD_ERR_UNKNOWN, vd_error_detail(why),
                 _("The machine %s was started and stays, but its host cannot be asked what became "
                   "of its first boot: %s"),
                 plan->name, why->message);
    vd_error_quote(error, why);
    return NULL;
}

gboolean vd_step_boot(VdRun *run, GError **error)
{
    g_autoptr(VdPlan) plan = vd_step_plan(run, error);
    g_autoptr(VdConn) conn = NULL;
    Watch watch = {.run = run, .plan = plan};
    gboolean ok;

    if (!plan)
        return FALSE;
    if (!plan->start || plan->wait_minutes == 0) {
        vd_run_skip_step(run, "boot", _("not waited for"));
        if (plan->medium)
            add_note(run, _("its seed medium stays in it, as nobody waits for its first boot"));
        return TRUE;
    }
    if (!plan->customise && has_no_system(plan)) {
        vd_run_skip_step(run, "boot",
                         _("no operating system was found in the image, so nobody can tell"));
        return TRUE;
    }
    conn = reach(run, plan, error);
    if (!conn)
        return FALSE;
    watch.marker = plan->customise || plan->reports ? vd_run_id(run) : NULL;
    watch.cloud = g_strcmp0(plan->reader, "cloud-init") == 0;
    watch.stop = g_cancellable_new();
    g_mutex_init(&watch.lock);
    g_cond_init(&watch.wake);
    vd_run_progress(run, -1);
    vd_run_text(run, _("booting"));
    watch.unsure = vd_run_resumed(run) || vd_run_get(run, "restarted");
    ok = follow(&watch, &conn, error);
    if (ok)
        drop_medium(&watch, conn);
    if (ok)
        ok = tell(&watch, conn, error);
    vd_boot_clear(&watch.boot);
    g_free(watch.address);
    g_object_unref(watch.stop);
    g_mutex_clear(&watch.lock);
    g_cond_clear(&watch.wake);
    return ok;
}
