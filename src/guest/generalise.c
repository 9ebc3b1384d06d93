/* The things that differ between machines, each under a word of its own: whoever makes an image
 * chooses by these. Files are removed by their names; a log keeps its file, since some daemons do
 * not make one anew. */
#include "config.h"

#include "src/guest/generalise.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/guest/agent.h"
#include "src/guest/fail.h"
#include "src/guest/files.h"
#include "src/guest/firstboot.h"
#include "src/guest/generalise-network.h"
#include "src/guest/grow.h"
#include "src/guest/hosts.h"
#include "src/guest/inspect.h"

enum { MATCHES_MOST = 2000, LOGS_MOST = 20000, TEXT_MOST = 64 * 1024 };

typedef struct {
    VdGuest *guest;
    VdFiles files;
    const VdLayout *layout;
    guint removed;
} Clean;

static gboolean failed(Clean *clean, GError **error, const char *path)
{
    return vd_guest_call_failed(clean->guest, error, VD_GUEST_FAILED,
                                _("The guest's “%s” could not be read or written."), path);
}

/* All that match a pattern of the shell, folders with what is in them. */
static gboolean drop(Clean *clean, const char *pattern, GError **error)
{
    g_autoptr(GPtrArray) paths = vd_files_glob(&clean->files, pattern, MATCHES_MOST);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        gboolean folder = vd_files_kind(&clean->files, path, FALSE) == VD_FILE_FOLDER;
        if ((folder ? guestfs_rm_rf(clean->guest->g, path) : guestfs_rm_f(clean->guest->g, path)) !=
            0)
            return failed(clean, error, path);
        clean->removed++;
    }
    return TRUE;
}

static gboolean drop_all(Clean *clean, const char *const *patterns, GError **error)
{
    for (; *patterns; patterns++)
        if (!drop(clean, *patterns, error))
            return FALSE;
    return TRUE;
}

/* In root's home and everybody's. */
static gboolean drop_in_homes(Clean *clean, const char *const *names, GError **error)
{
    static const char *const homes[] = {"/root", "/home/*"};
    for (; *names; names++)
        for (guint i = 0; i < G_N_ELEMENTS(homes); i++) {
            g_autofree char *pattern = g_strconcat(homes[i], "/", *names, NULL);
            if (!drop(clean, pattern, error))
                return FALSE;
        }
    return TRUE;
}

/* machine-id(5): empty is filled at boot; missing would start systemd-firstboot's questions. */
static gboolean clean_machine_id(Clean *clean, GError **error)
{
    static const char *const gone[] = {"/var/lib/dbus/machine-id", NULL};
    gboolean there = vd_files_kind(&clean->files, "/etc/machine-id", FALSE) != VD_FILE_MISSING;
    if ((there || clean->layout->init == VD_INIT_SYSTEMD) &&
        !vd_files_put(&clean->files, "/etc/machine-id", "", 0, 0444, 0, 0, error))
        return FALSE;
    return drop_all(clean, gone, error);
}

static gboolean clean_host_keys(Clean *clean, GError **error)
{
    static const char *const gone[] = {"/etc/ssh/ssh_host_*", NULL};
    return drop_all(clean, gone, error);
}

static gboolean is_rotated(const char *path)
{
    const char *dot = strrchr(path, '.');
    return strstr(path, "/journal/") ||
           (dot && (g_ascii_isdigit(dot[1]) || strcmp(dot, ".gz") == 0 || strcmp(dot, ".xz") == 0 ||
                    strcmp(dot, ".old") == 0));
}

static gboolean clean_logs(Clean *clean, GError **error)
{
    char **names = guestfs_find(clean->guest->g, "/var/log");
    gboolean ok = TRUE;
    for (guint i = 0; names && names[i]; i++) {
        g_autofree char *path = g_strconcat("/var/log/", names[i], NULL);
        if (ok && i < LOGS_MOST && vd_files_kind(&clean->files, path, FALSE) == VD_FILE_REGULAR) {
            int bad = is_rotated(path) ? guestfs_rm_f(clean->guest->g, path)
                                       : guestfs_truncate(clean->guest->g, path);
            ok = bad == 0 || failed(clean, error, path);
            clean->removed++;
        }
        free(names[i]);
    }
    free(names);
    return ok;
}

static gboolean clean_leases(Clean *clean, GError **error)
{
    static const char *const gone[] = {"/var/lib/dhcp/*",
                                       "/var/lib/dhclient/*",
                                       "/var/lib/dhcpcd/*",
                                       "/var/lib/NetworkManager/*lease*",
                                       "/var/lib/NetworkManager/secret_key",
                                       "/var/lib/NetworkManager/timestamps",
                                       NULL};
    return drop_all(clean, gone, error);
}

static gboolean clean_history(Clean *clean, GError **error)
{
    static const char *const names[] = {".bash_history",
                                        ".sh_history",
                                        ".zsh_history",
                                        ".ash_history",
                                        ".python_history",
                                        ".lesshst",
                                        ".viminfo",
                                        ".mysql_history",
                                        ".psql_history",
                                        ".sqlite_history",
                                        NULL};
    return drop_in_homes(clean, names, error);
}

static gboolean clean_user_keys(Clean *clean, GError **error)
{
    static const char *const names[] = {".ssh/authorized_keys*", ".ssh/id_*", ".ssh/known_hosts*",
                                        NULL};
    return drop_in_homes(clean, names, error);
}

static gboolean clean_seed(Clean *clean, GError **error)
{
    static const char *const gone[] = {
        "/var/lib/systemd/random-seed", "/var/lib/systemd/credential.secret",
        "/var/lib/random-seed",         "/var/lib/urandom/random-seed",
        "/var/lib/misc/random-seed",    NULL};
    return drop_all(clean, gone, error);
}

static gboolean clean_net_names(Clean *clean, GError **error)
{
    static const char *const gone[] = {"/etc/udev/rules.d/70-persistent-net.rules",
                                       "/etc/lvm/devices/system.devices", NULL};
    return drop_all(clean, gone, error);
}

static gboolean clean_network(Clean *clean, GError **error)
{
    guint changed = 0;
    gboolean ok = vd_generalise_network(&clean->files, clean->layout, &changed, error);
    clean->removed += changed;
    return ok;
}

/* The text of a file that is there, else NULL; FALSE: an error. */
static gboolean read_text(Clean *clean, const char *path, char **ret_text, GError **error)
{
    return vd_files_kind(&clean->files, path, FALSE) != VD_FILE_REGULAR ||
           vd_files_read(&clean->files, path, TEXT_MOST, ret_text, error);
}

/* FALSE: an error. */
static gboolean change(Clean *clean, const char *path, const char *was, const char *text,
                       GError **error)
{
    if (strcmp(was, text) == 0)
        return TRUE;
    clean->removed++;
    return vd_files_update(&clean->files, path, text, error);
}

/* systemd takes this name for none at all, and asks for one where a network gives one. */
static gboolean clean_hostname(Clean *clean, GError **error)
{
    static const char *const files[] = {"/etc/hostname", "/etc/HOSTNAME"};
    g_autofree char *old = g_strdup(clean->layout->hostname), *hosts = NULL, *keys = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = NULL;
        if (!read_text(clean, files[i], &text, error) ||
            (text && !change(clean, files[i], text, "localhost\n", error)))
            return FALSE;
        g_strstrip(text ? text : (text = g_strdup("")));
        if (*text) {
            g_free(old);
            old = g_strdup(text);
        }
    }
    if (!read_text(clean, "/etc/sysconfig/network", &keys, error) ||
        !read_text(clean, "/etc/hosts", &hosts, error))
        return FALSE;
    g_autofree char *less = hosts && old ? vd_hosts_without(hosts, old) : NULL;
    g_autofree char *keyed =
        keys && strstr(keys, "HOSTNAME=") ? vd_hosts_set_key(keys, "HOSTNAME", "localhost") : NULL;
    return (!less || change(clean, "/etc/hosts", hosts, less, error)) &&
           (!keyed || change(clean, "/etc/sysconfig/network", keys, keyed, error));
}

static gboolean clean_tmp(Clean *clean, GError **error)
{
    static const char *const gone[] = {"/tmp/*",          "/tmp/.[!.]*",  "/var/tmp/*",
                                       "/var/tmp/.[!.]*", "/var/crash/*", NULL};
    return drop_all(clean, gone, error);
}

static gboolean clean_packages(Clean *clean, GError **error)
{
    static const char *const gone[] = {"/var/cache/apt/archives/*.deb",
                                       "/var/cache/apt/*.bin",
                                       "/var/cache/dnf/*",
                                       "/var/cache/yum/*",
                                       "/var/cache/zypp/packages/*",
                                       "/var/cache/pacman/pkg/*",
                                       "/var/cache/apk/*",
                                       NULL};
    return drop_all(clean, gone, error);
}

/* So that cloud-init runs again; and what an earlier deployment of ours left of its first boot. */
static gboolean clean_first_boot(Clean *clean, GError **error)
{
    static const char *const gone[] = {"/var/lib/cloud/instance*",
                                       "/var/lib/cloud/data/*",
                                       "/var/lib/cloud/sem/*",
                                       "/etc/cloud/cloud-init.disabled",
                                       VD_AGENT_FOLDER "/instance",
                                       VD_FIRSTBOOT_FOLDER "/state",
                                       VD_FIRSTBOOT_SCRIPT,
                                       VD_FIRSTBOOT_LOG,
                                       NULL};
    return drop_all(clean, gone, error);
}

static const struct {
    const char *word;
    gboolean (*func)(Clean *clean, GError **error);
} things[] = {
    {"machine-id", clean_machine_id},
    {"host-keys", clean_host_keys},
    {"logs", clean_logs},
    {"leases", clean_leases},
    {"history", clean_history},
    {"user-keys", clean_user_keys},
    {"random-seed", clean_seed},
    {"net-names", clean_net_names},
    {"network", clean_network},
    {"hostname", clean_hostname},
    {"tmp", clean_tmp},
    {"package-cache", clean_packages},
    {"first-boot", clean_first_boot},
};

static gboolean is_wanted(const VdRequest *request, const char *word)
{
    for (guint i = 0; i < request->clean->len; i++)
        if (strcmp(g_ptr_array_index(request->clean, i), word) == 0)
            return TRUE;
    return FALSE;
}

static gboolean clean_all(VdGuest *guest, const VdRequest *request, const VdLayout *layout,
                          JsonArray *cleaned, GError **error)
{
    Clean clean = {.guest = guest, .files = {.guest = guest}, .layout = layout};
    vd_out_step(guest->out, "generalise", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(things); i++) {
        if (!is_wanted(request, things[i].word))
            continue;
        if (!things[i].func(&clean, error))
            return FALSE;
        json_array_add_string_element(cleaned, things[i].word);
        vd_out_progress(guest->out, i + 1, G_N_ELEMENTS(things));
    }
    vd_out_step_done(guest->out, NULL);
    vd_out_log(guest->out, "generalise: %u files removed or emptied", clean.removed);
    return TRUE;
}

/* What is free in the file systems becomes free in the disk's file. A file system that cannot do it
 * costs room, nothing else. */
static void trim_all(VdGuest *guest, const VdLayout *layout)
{
    vd_out_step(guest->out, "shrink", NULL);
    for (guint i = 0; i < layout->mounts->len; i++) {
        const VdMount *mount = g_ptr_array_index(layout->mounts, i);
        struct guestfs_fstrim_argv options = {.bitmask = 0};
        if (guestfs_fstrim_argv(guest->g, mount->mountpoint, &options) != 0)
            vd_out_log(guest->out, _("%s was not trimmed: %s"), mount->mountpoint,
                       vd_guest_words(guest));
        vd_out_progress(guest->out, i + 1, layout->mounts->len);
    }
    vd_out_step_done(guest->out, NULL);
}

JsonObject *vd_generalise(VdGuest *guest, const VdRequest *request, VdDisk *disk, GError **error)
{
    g_autoptr(JsonObject) found = vd_inspect(guest, disk, error);
    if (!found)
        return NULL;
    if (json_object_get_null_member(found, "os"))
        return g_steal_pointer(&found);
    g_autoptr(VdLayout) layout = vd_layout_from_json(found, error);
    if (!layout)
        return NULL;
    if (guestfs_umount_all(guest->g) != 0) {
        vd_guest_call_failed(guest, error, VD_GUEST_FAILED,
                             _("The guest's file systems could not be unmounted."));
        return NULL;
    }
    JsonArray *cleaned = json_array_new();
    json_object_set_array_member(found, "cleaned", cleaned);
    if (!vd_grow_mount(guest, layout, FALSE, error) ||
        !clean_all(guest, request, layout, cleaned, error))
        return NULL;
    trim_all(guest, layout);
    return g_steal_pointer(&found);
}
