/* The backend is always "direct": it never goes through the libvirt that is being managed. A handle
 * that failed to launch cannot be launched again, so falling back from KVM to TCG makes a new one.
 */
#include "config.h"

#include "src/guest/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"
#include "src/guest/leash.h"

/* A launch by a KVM that works takes a few seconds; by one that does not it may never end. */
enum { KVM_DEADLINE_SECONDS = 90, LINE_BYTES = 4000 };

/* libguestfs tells of a launch's progress in three jumps at its end, so what the appliance prints
 * is taken for it: how far a launch is by then was measured without KVM, with libguestfs 1.48. */
static void on_console(VdGuest *guest, const char *text, size_t length)
{
    static const struct {
        const char *words;
        guint percent;
    } milestones[] = {{"supermin: mounting", 30},
                      {"Starting /init", 45},
                      {"udevd version", 55},
                      {"mdadm:", 90},
                      {"guestfsd", 95}};
    if (g_strstr_len(text, (gssize)MIN(length, 4096), "I/O error"))
        guest->io_error = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(milestones); i++) {
        if (guest->launched >= milestones[i].percent ||
            !g_strstr_len(text, (gssize)MIN(length, 4096), milestones[i].words))
            continue;
        guest->launched = milestones[i].percent;
        vd_out_progress(guest->out, guest->launched, 100);
    }
}

/* Whether a file is there is asked of the appliance, which then prints an error of its own; where
 * one matters the call tells it. A log full of them only misleads who reads it. */
static gboolean is_answer(const char *line)
{
    return g_str_has_prefix(line, "guestfsd: error: ") &&
           g_str_has_suffix(line, ": No such file or directory");
}

/* What the appliance prints comes in pieces that end anywhere. */
static void tell_console(VdGuest *guest, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\n' && guest->line->len < LINE_BYTES) {
            if (text[i] != '\r')
                g_string_append_c(guest->line, text[i]);
            continue;
        }
        if (guest->launched < 100 || !is_answer(guest->line->str))
            fprintf(stderr, "%s\n", guest->line->str);
        g_string_truncate(guest->line, 0);
        if (text[i] != '\n') /* of a line that is too long for one */
            g_string_append_c(guest->line, text[i]);
    }
}

static void on_event(guestfs_h *g, void *opaque, uint64_t event, int handle, int flags,
                     const char *buffer, size_t length, const uint64_t *array, size_t array_length)
{
    VdGuest *guest = opaque;
    (void)g;
    (void)handle;
    (void)flags;
    if (event == GUESTFS_EVENT_PROGRESS) {
        if (array_length >= 4 && guest->launched == 100)
            vd_out_progress(guest->out, array[2], array[3]);
    } else if (event == GUESTFS_EVENT_WARNING && length > 0) {
        vd_out_log(guest->out, "%.*s", (int)MIN(length, 400), buffer);
    } else if (event == GUESTFS_EVENT_APPLIANCE) {
        on_console(guest, buffer, length);
        tell_console(guest, buffer, length);
    } else if (length > 0) {
        fprintf(stderr, "%.*s\n", (int)MIN(length, G_MAXINT), buffer);
    }
}

static guestfs_h *handle_new(VdGuest *guest)
{
    guestfs_h *g = guestfs_create();
    if (!g)
        return NULL;
    guestfs_set_error_handler(g, NULL, NULL);
    guestfs_set_event_callback(g, on_event,
                               GUESTFS_EVENT_PROGRESS | GUESTFS_EVENT_APPLIANCE |
                                   GUESTFS_EVENT_LIBRARY | GUESTFS_EVENT_WARNING |
                                   GUESTFS_EVENT_TRACE,
                               0, guest);
    if (guestfs_set_backend(g, "direct") != 0 || guestfs_set_tmpdir(g, guest->tmpdir) != 0) {
        guestfs_close(g);
        return NULL;
    }
    /* QEMU's default is to stop the machine when the host's disk is full, which no call survives:
     * the appliance shall have an error instead. */
    if (guestfs_config(g, "-global", "scsi-hd.werror=report") != 0) {
        guestfs_close(g);
        return NULL;
    }
    guestfs_set_autosync(g, 1);
    guestfs_set_network(g, 0);
    return g;
}

VdGuest *vd_guest_new(VdOut *out, const char *tmpdir, GError **error)
{
    g_autoptr(VdGuest) guest = g_new0(VdGuest, 1);
    guest->out = out;
    guest->tmpdir = g_strdup(tmpdir);
    guest->line = g_string_new(NULL);
    guest->g = handle_new(guest);
    if (!guest->g) {
        vd_guest_fail(error, VD_GUEST_APPLIANCE_FAILED, NULL, _("libguestfs could not be set up."));
        return NULL;
    }
    return g_steal_pointer(&guest);
}

void vd_guest_free(VdGuest *guest)
{
    if (!guest)
        return;
    if (guest->g)
        guestfs_close(guest->g);
    if (guest->line->len > 0)
        fprintf(stderr, "%s\n", guest->line->str);
    g_string_free(guest->line, TRUE);
    g_free(guest->tmpdir);
    g_free(guest);
}

const char *vd_guest_words(VdGuest *guest)
{
    const char *words = guestfs_last_error(guest->g);
    return words ? words : "";
}

/* Whether the host's file system of the disk has no room for what QEMU writes at a time. */
static gboolean host_is_full(const VdGuest *guest)
{
    enum { ROOM_MIN = 1024 * 1024 };
    struct statvfs info;
    return guest->disk && statvfs(guest->disk, &info) == 0 &&
           (guint64)info.f_bavail * info.f_frsize < ROOM_MIN;
}

gboolean vd_guest_call_failed(VdGuest *guest, GError **error, VdGuestCode code, const char *format,
                              ...)
{
    g_autofree char *words = g_strdup(vd_guest_words(guest));
    if (guestfs_last_errno(guest->g) == ENOSPC || strstr(words, "No space left on device") ||
        (code != VD_GUEST_APPLIANCE_FAILED && host_is_full(guest)))
        return vd_guest_fail(error, VD_GUEST_DISK_FULL, words,
                             _("There is no room left in the guest's file system or on this "
                               "host's disk."));
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    return vd_guest_fail(error, code, words, "%s", message);
}

gboolean vd_guest_feature(VdGuest *guest, const char *group)
{
    char name[32];
    g_strlcpy(name, group, sizeof name);
    char *const groups[] = {name, NULL};
    return guestfs_feature_available(guest->g, groups) == 1;
}

static gboolean env_forces_tcg(guestfs_h *g)
{
    char **settings = guestfs_get_backend_settings(g);
    gboolean forced = settings && g_strv_contains((const char *const *)settings, "force_tcg");
    for (char **one = settings; one && *one; one++)
        free(*one);
    free(settings);
    return forced;
}

static gboolean add_disk(VdGuest *guest, const VdRequest *request, GError **error)
{
    /* A probe launches for real, and an appliance needs one disk at least. */
    if (!request->disk && guestfs_add_drive_scratch(guest->g, 1024 * 1024, -1) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_APPLIANCE_FAILED,
                                    _("A scratch disk could not be made."));
    if (!request->disk)
        return TRUE;
    gboolean readonly = request->action == VD_ACTION_INSPECT;
    struct guestfs_add_drive_opts_argv options = {
        .bitmask = GUESTFS_ADD_DRIVE_OPTS_READONLY_BITMASK | GUESTFS_ADD_DRIVE_OPTS_FORMAT_BITMASK |
                   GUESTFS_ADD_DRIVE_OPTS_CACHEMODE_BITMASK |
                   GUESTFS_ADD_DRIVE_OPTS_DISCARD_BITMASK,
        .readonly = readonly,
        .format = request->format,
        .cachemode = "unsafe", /* vd_guest_close() syncs once instead */
        .discard = readonly ? "disable" : "besteffort",
    };
    if (guestfs_add_drive_opts_argv(guest->g, request->disk, &options) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_NO_DISK,
                                    _("The disk “%s” cannot be opened."), request->disk);
    return TRUE;
}

static gboolean launch_once(VdGuest *guest, const VdRequest *request, gboolean tcg, GError **error)
{
    guest->tcg = tcg;
    if (tcg && guestfs_set_backend_setting(guest->g, "force_tcg", "1") != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_APPLIANCE_FAILED,
                                    _("libguestfs could not be set up."));
    guestfs_set_identifier(guest->g, request->id);
    if (!add_disk(guest, request, error))
        return FALSE;
    gint64 begin = g_get_monotonic_time();
    guest->launched = 0;
    if (!tcg)
        vd_leash_deadline(KVM_DEADLINE_SECONDS);
    int failed = guestfs_launch(guest->g);
    vd_leash_call_off();
    guest->launched = 100;
    guest->launch_ms = (g_get_monotonic_time() - begin) / 1000;
    if (failed)
        return vd_guest_call_failed(guest, error, VD_GUEST_APPLIANCE_FAILED,
                                    _("libguestfs' appliance did not launch."));
    return TRUE;
}

/* TRUE if it ran by KVM. FALSE without an error: try TCG; a handle fit for it is in its place. */
static gboolean launch_by_kvm(VdGuest *guest, const VdRequest *request, GError **error)
{
    g_autoptr(GError) why = NULL;
    if (launch_once(guest, request, FALSE, &why))
        return TRUE;
    if (!g_error_matches(why, VD_GUEST_ERROR, VD_GUEST_APPLIANCE_FAILED)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    vd_out_log(guest->out, _("The appliance did not launch by KVM; trying again by TCG, slowly."));
    guestfs_close(guest->g);
    guest->g = handle_new(guest);
    if (!guest->g)
        vd_guest_fail(error, VD_GUEST_APPLIANCE_FAILED, NULL, _("libguestfs could not be set up."));
    return FALSE;
}

gboolean vd_guest_launch(VdGuest *guest, const VdRequest *request, GError **error)
{
    gboolean tcg = request->tcg || env_forces_tcg(guest->g);
    guest->disk = request->disk;
    vd_out_step(guest->out, "appliance", tcg ? _("without KVM, slowly") : "");
    if (!tcg && access("/dev/kvm", R_OK | W_OK) != 0) {
        vd_out_log(guest->out,
                   _("KVM is not available (/dev/kvm: %s): the appliance runs by TCG, slowly."),
                   g_strerror(errno));
        tcg = TRUE;
    }
    g_autoptr(GError) why = NULL;
    gboolean launched = !tcg && launch_by_kvm(guest, request, &why);
    if (why) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!launched && !launch_once(guest, request, TRUE, error))
        return FALSE;
    vd_out_step_done(guest->out, NULL);
    return TRUE;
}

static gboolean sync_disk(const char *disk, GError **error)
{
    int fd = open(disk, O_RDONLY | O_CLOEXEC);
    gboolean synced = fd >= 0 && fsync(fd) == 0;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    if (synced)
        return TRUE;
    return vd_guest_fail(error, saved == ENOSPC ? VD_GUEST_DISK_FULL : VD_GUEST_FAILED,
                         g_strerror(saved), _("The disk “%s” could not be written to the end."),
                         disk);
}

gboolean vd_guest_close(VdGuest *guest, const char *disk, GError **error)
{
    vd_out_step(guest->out, "close", NULL);
    if (guestfs_umount_all(guest->g) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The guest's file systems could not be unmounted."));
    if (guestfs_shutdown(guest->g) != 0)
        return vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                                    _("The disk could not be written to the end."));
    if (disk && guest->io_error)
        return vd_guest_fail(error, host_is_full(guest) ? VD_GUEST_DISK_FULL : VD_GUEST_FAILED,
                             "I/O error in the appliance",
                             _("Not everything could be written to the disk; is there room for it "
                               "on this host?"));
    if (disk && !sync_disk(disk, error))
        return FALSE;
    vd_out_step_done(guest->out, NULL);
    return TRUE;
}
