/* libguestfs finds the operating system; the rest (network system, init, users) is looked up in the
 * mounted guest by the presence of files, never by running anything of it. Strings of the guest are
 * cleaned before they go anywhere. */
#include "config.h"

#include "src/guest/inspect.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/guest/accounts.h"
#include "src/guest/agent.h"
#include "src/guest/fail.h"
#include "src/guest/files.h"
#include "src/guest/grow.h"
#include "src/guest/inspect-grow.h"
#include "src/guest/request.h"
#include "src/guest/take.h"

enum {
    PASSWD_MAX = 4 * 1024 * 1024,
    PEOPLE_MAX = 200,
    SYSTEM_MAX = 500,
    ZONES_MAX = 2000,
    PHASES = 4,
    CLOUD_CFG_MAX = 256 * 1024
};
enum { PATH_LONGEST = 256, MOUNTS_MOST = 63 }; /* as vd_layout_from_json() takes them */

static void free_strings(char **strings)
{
    for (char **one = strings; one && *one; one++)
        free(*one);
    free(strings);
}

/* Takes a string of the library (NULL, or "unknown": nothing known) and gives a clean one. */
static char *take_clean(char *foreign)
{
    char *clean = vd_text_clean(foreign, 200, FALSE);
    free(foreign);
    if (g_str_equal(clean, "unknown"))
        *clean = '\0';
    return clean;
}

/* The JSON of a disk on which nothing can be done, and why. */
static JsonObject *nothing(VdGuestCode code, const char *message)
{
    JsonObject *result = json_object_new();
    json_object_set_null_member(result, "os");
    JsonObject *reason = json_object_new();
    json_object_set_string_member(reason, "code", vd_guest_code_name(code));
    json_object_set_string_member(reason, "message", message);
    json_object_set_object_member(result, "reason", reason);
    return result;
}

/* Takes a list of devices of the library. */
static gboolean any_encrypted(VdGuest *guest, char **devices)
{
    gboolean encrypted = FALSE;
    for (char **one = devices; one && *one && !encrypted; one++) {
        char *type = guestfs_vfs_type(guest->g, *one);
        encrypted = type && (g_str_equal(type, "crypto_LUKS") || g_str_equal(type, "BitLocker"));
        free(type);
    }
    free_strings(devices);
    return encrypted;
}

/* guestfs_list_filesystems() passes over what is encrypted. */
static gboolean has_encrypted(VdGuest *guest)
{
    return any_encrypted(guest, guestfs_list_partitions(guest->g)) ||
           any_encrypted(guest, guestfs_list_devices(guest->g)) ||
           any_encrypted(guest, guestfs_lvs(guest->g));
}

/* A name that two volume groups have, or NULL: LVM then activates neither. The caller frees. */
static char *twin_groups(VdGuest *guest)
{
    char **names = guestfs_vgs(guest->g);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    char *twin = NULL;
    for (guint i = 0; names && names[i] && !twin; i++)
        if (!g_hash_table_add(seen, names[i]))
            twin = vd_text_clean(names[i], 100, FALSE);
    free_strings(names);
    return twin;
}

static JsonObject *no_os(VdGuest *guest, const GError *table_error)
{
    g_autofree char *twin = twin_groups(guest);
    if (g_error_matches(table_error, VD_GUEST_ERROR, VD_GUEST_TRUNCATED))
        return nothing(VD_GUEST_TRUNCATED, table_error->message);
    if (has_encrypted(guest))
        return nothing(VD_GUEST_ENCRYPTED,
                       _("The image is encrypted, so nothing in it can be grown or customised."));
    if (twin) {
        g_autofree char *message = g_strdup_printf(
            _("The image has two volume groups named %s, so what is in them cannot be "
              "told apart: rename one of them (vgrename takes its UUID)."),
            twin);
        return nothing(VD_GUEST_UNSUPPORTED_LAYOUT, message);
    }
    return nothing(VD_GUEST_NO_OS, _("No operating system was found in the image."));
}

/* The root to work on: the first Linux, else the first. Owned by roots. */
static const char *choose_root(VdGuest *guest, char **roots)
{
    const char *chosen = roots[0];
    for (char **root = roots; *root; root++) {
        char *type = guestfs_inspect_get_type(guest->g, *root);
        gboolean is_linux = type && g_str_equal(type, "linux");
        free(type);
        if (is_linux) {
            chosen = *root;
            break;
        }
    }
    if (roots[1])
        vd_out_log(guest->out,
                   _("The image holds several operating systems; taking the one on "
                     "%s."),
                   chosen);
    return chosen;
}

/* What the guest's fstab says goes where the root is mounted; only names that a layout may hold. */
static void read_mounts(VdGuest *guest, VdLayout *layout, const char *root_device)
{
    char **mounts = guestfs_inspect_get_mountpoints(guest->g, root_device);
    gboolean root = FALSE;
    for (char **one = mounts; one && one[0] && one[1]; one += 2) { /* mount point, device, … */
        gboolean fit = *one[0] == '/' && strlen(one[0]) <= PATH_LONGEST &&
                       !vd_has_control(one[0]) && g_utf8_validate(one[0], -1, NULL) &&
                       vd_layout_device_ok(one[1]) && layout->mounts->len < MOUNTS_MOST;
        if (fit)
            vd_layout_add_mount(layout, one[0], one[1]);
        root |= fit && g_str_equal(one[0], "/");
    }
    free_strings(mounts);
    if (!root)
        vd_layout_add_mount(layout, "/", layout->root);
    vd_layout_sort_mounts(layout);
}

static void read_os(VdGuest *guest, VdLayout *layout, const char *root)
{
    guestfs_h *g = guest->g;
    layout->root = vd_layout_device(root);
    layout->type = take_clean(guestfs_inspect_get_type(g, root));
    layout->distro = take_clean(guestfs_inspect_get_distro(g, root));
    layout->product = take_clean(guestfs_inspect_get_product_name(g, root));
    layout->arch = take_clean(guestfs_inspect_get_arch(g, root));
    layout->hostname = take_clean(guestfs_inspect_get_hostname(g, root));
    layout->osinfo = take_clean(guestfs_inspect_get_osinfo(g, root));
    layout->major = MAX(guestfs_inspect_get_major_version(g, root), 0);
    layout->minor = MAX(guestfs_inspect_get_minor_version(g, root), 0);
    read_mounts(guest, layout, root);
}

static gboolean any_exists(VdFiles *files, const char *const *paths)
{
    for (guint i = 0; paths[i]; i++)
        if (vd_files_kind(files, paths[i], TRUE) != VD_FILE_MISSING)
            return TRUE;
    return FALSE;
}

/* Images often hold several network systems of which one is switched on. */
static VdNetKind find_enabled(VdFiles *files)
{
#define WANTS "/etc/systemd/system/multi-user.target.wants/"
    static const char *const networkd = WANTS "systemd-networkd.service";
    static const char *const networking = WANTS "networking.service";
    static const char *const manager = WANTS "NetworkManager.service";
#undef WANTS
    if (vd_files_kind(files, networkd, FALSE) != VD_FILE_MISSING)
        return VD_NET_NETWORKD;
    if (vd_files_kind(files, networking, FALSE) != VD_FILE_MISSING)
        return VD_NET_IFUPDOWN;
    if (vd_files_kind(files, manager, FALSE) != VD_FILE_MISSING)
        return VD_NET_NETWORKMANAGER;
    return VD_NET_NONE;
}

static VdNetKind find_installed(VdFiles *files, gboolean systemd)
{
    static const char *const ifup[] = {"/sbin/ifup", "/usr/sbin/ifup", NULL};
    static const char *const manager[] = {"/usr/sbin/NetworkManager", "/usr/bin/NetworkManager",
                                          NULL};
    static const char *const networkd[] = {"/lib/systemd/systemd-networkd",
                                           "/usr/lib/systemd/systemd-networkd", NULL};
    static const char *const scripts[] = {"/etc/sysconfig/network-scripts",
                                          "/etc/sysconfig/network/config", NULL};
    static const char *const interfaces[] = {"/etc/network", NULL};
    if (any_exists(files, ifup) && any_exists(files, interfaces))
        return VD_NET_IFUPDOWN;
    if (any_exists(files, manager))
        return VD_NET_NETWORKMANAGER;
    if (any_exists(files, scripts))
        return VD_NET_IFCFG;
    return systemd && any_exists(files, networkd) ? VD_NET_NETWORKD : VD_NET_NONE;
}

static VdNetKind find_network(VdFiles *files, const VdLayout *layout)
{
    static const char *const netplan[] = {"/usr/sbin/netplan", "/sbin/netplan", NULL};
    gboolean systemd = layout->init == VD_INIT_SYSTEMD;
    if (systemd && any_exists(files, netplan))
        return VD_NET_NETPLAN;
    /* NetworkManager's key files are the only way from RHEL 9 on, and work since RHEL 8. */
    if (vd_layout_is_family(layout, "redhat") && layout->major > 0 && layout->major < 8)
        return VD_NET_IFCFG;
    /* Without systemd nothing that it would start is started. */
    if (!systemd)
        return find_installed(files, FALSE);
    VdNetKind enabled = find_enabled(files);
    return enabled != VD_NET_NONE ? enabled : find_installed(files, TRUE);
}

/* A systemd may be installed, for its parts, beside another init that is a program of its own. */
static gboolean is_other_init(VdFiles *files)
{
    return vd_files_kind(files, "/sbin/init", FALSE) == VD_FILE_REGULAR &&
           vd_files_kind(files, "/etc/inittab", TRUE) == VD_FILE_REGULAR;
}

static VdInitKind find_init(VdFiles *files)
{
    static const char *const systemd[] = {"/lib/systemd/systemd", "/usr/lib/systemd/systemd", NULL};
    static const char *const openrc[] = {"/sbin/openrc-run", "/usr/sbin/openrc-run", NULL};
    if (any_exists(files, systemd) && !is_other_init(files))
        return VD_INIT_SYSTEMD;
    return any_exists(files, openrc) ? VD_INIT_OPENRC : VD_INIT_SYSV;
}

/* A cloud-init that is told to look elsewhere reads no medium: the last datasource_list counts. */
static gboolean takes_nocloud(VdFiles *files)
{
    g_autoptr(GPtrArray) paths = vd_files_glob(files, "/etc/cloud/cloud.cfg.d/*.cfg", 100);
    gboolean takes = TRUE;
    g_ptr_array_insert(paths, 0, g_strdup("/etc/cloud/cloud.cfg"));
    for (guint i = 0; i < paths->len; i++) {
        g_autofree char *text = NULL;
        if (!vd_files_read(files, g_ptr_array_index(paths, i), CLOUD_CFG_MAX, &text, NULL) || !text)
            continue;
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (guint k = 0; lines[k]; k++)
            if (g_str_has_prefix(lines[k], "datasource_list:") && strchr(lines[k], ']'))
                takes = strstr(lines[k], "NoCloud") != NULL;
    }
    return takes;
}

/* Who reads a seed medium, and can it make the root's partition larger? Our agent stands in for a
 * cloud-init that was left aside. */
static void find_reader(VdFiles *files, VdLayout *layout)
{
    static const char *const agent[] = {VD_AGENT_PROGRAM, NULL};
    static const char *const growers[] = {"/usr/bin/growpart", "/usr/sbin/growpart", NULL};
    static const char *const off[] = {"/etc/cloud/cloud-init.disabled", NULL};
    if (any_exists(files, agent)) {
        layout->reader = VD_READER_AGENT;
        return;
    }
    /* cloud-init knows nothing of logical volumes. */
    if (!layout->cloud_init || layout->grow.vg || any_exists(files, off) || !takes_nocloud(files))
        return;
    layout->reader = VD_READER_CLOUD_INIT;
    layout->reader_grows = any_exists(files, growers);
}

static void look_inside(VdGuest *guest, VdLayout *layout)
{
    static const char *const policy[] = {"/etc/selinux/config", NULL};
    static const char *const loader[] = {"/usr/sbin/load_policy", "/sbin/load_policy", NULL};
    static const char *const cloud[] = {"/usr/bin/cloud-init", "/usr/local/bin/cloud-init", NULL};
    VdFiles files = {.guest = guest};
    layout->init = find_init(&files);
    layout->network = find_network(&files, layout);
    layout->selinux = any_exists(&files, policy) && any_exists(&files, loader);
    layout->cloud_init = any_exists(&files, cloud);
    find_reader(&files, layout);
    layout->customisable = vd_files_kind(&files, "/etc", FALSE) == VD_FILE_FOLDER &&
                           vd_files_kind(&files, "/etc/passwd", TRUE) == VD_FILE_REGULAR;
    if (!layout->customisable)
        layout->customise_why = g_strdup(_("The guest has no /etc/passwd."));
}

/* "!", "*" and what begins so match no password; passwd(5) says where the hashes are. */
static gboolean opens(const VdColon *hashes, const char *name)
{
    int line = hashes ? vd_colon_find(hashes, name) : -1;
    g_autofree char *hash = line >= 0 ? vd_colon_get(hashes, line, 1) : NULL;
    return hash && *hash != '!' && *hash != '*';
}

/* Who can log in to the image as it is: root, anybody else. */
static void add_logins(VdFiles *files, const VdColon *passwd, const GPtrArray *people,
                       JsonObject *result)
{
    g_autofree char *text = NULL;
    gboolean read = vd_files_read(files, "/etc/shadow", PASSWD_MAX, &text, NULL);
    g_autoptr(VdColon) shadow = read && text ? vd_colon_parse(text) : NULL;
    const VdColon *hashes = shadow ? shadow : passwd;
    gboolean user = FALSE;
    for (guint i = 0; i < people->len; i++) {
        const char *name = g_ptr_array_index(people, i);
        user = user || (!g_str_equal(name, "root") && opens(hashes, name));
    }
    static const char *const keys[] = {"/root/.ssh/authorized_keys", NULL};
    JsonObject *logins = json_object_new();
    json_object_set_boolean_member(logins, "root", opens(hashes, "root"));
    json_object_set_boolean_member(logins, "keys", any_exists(files, keys));
    json_object_set_boolean_member(logins, "user", user);
    json_object_set_object_member(result, "logins", logins);
}

static void add_people(VdGuest *guest, const VdLayout *layout, JsonObject *result)
{
    VdFiles files = {.guest = guest};
    g_autofree char *text = NULL;
    JsonArray *users = json_array_new(), *system = json_array_new();
    if (vd_files_read(&files, "/etc/passwd", PASSWD_MAX, &text, NULL) && text) {
        g_autoptr(VdColon) passwd = vd_colon_parse(text);
        gboolean old_ids =
            vd_layout_is_family(layout, "redhat") && layout->major > 0 && layout->major < 7;
        g_autoptr(GPtrArray) people = vd_accounts_people(passwd, old_ids, PEOPLE_MAX);
        for (guint i = 0; i < people->len; i++) {
            g_autofree char *clean = vd_text_clean(g_ptr_array_index(people, i), 64, FALSE);
            json_array_add_string_element(users, clean);
        }
        for (int i = 0; i < vd_colon_lines(passwd) && i < SYSTEM_MAX; i++) {
            g_autofree char *name = vd_colon_get(passwd, i, 0);
            g_autofree char *clean = vd_text_clean(name, 64, FALSE);
            if (vd_accounts_is_of_system(passwd, i))
                json_array_add_string_element(system, clean);
        }
        add_logins(&files, passwd, people, result);
    }
    json_object_set_array_member(result, "system_users", system);
    static const char *const sudo[] = {"/usr/bin/sudo", "/usr/local/bin/sudo", NULL};
    json_object_set_boolean_member(result, "sudo", any_exists(&files, sudo));
    json_object_set_array_member(result, "users", users);
}

/* The files below the zone folder, as find(1) would list them; folders are those that are the
 * beginning of the next name. "posix/" and "right/" repeat the others. */
static void add_zones(VdGuest *guest, JsonObject *result)
{
    JsonArray *zones = json_array_new();
    char **names = guestfs_find(guest->g, "/usr/share/zoneinfo");
    for (guint i = 0; names && names[i] && json_array_get_length(zones) < ZONES_MAX; i++) {
        gsize length = strlen(names[i]);
        const char *name = names[i] + strspn(names[i], "/");
        gboolean folder = names[i + 1] && strncmp(names[i + 1], names[i], length) == 0 &&
                          names[i + 1][length] == '/';
        if (folder || !g_ascii_isupper(*name) || !vd_zone_name_ok(name))
            continue;
        json_array_add_string_element(zones, name);
    }
    free_strings(names);
    json_object_set_array_member(result, "timezones", zones);
}

static JsonObject *describe(VdGuest *guest, VdLayout *layout, const VdParts *parts,
                            const GError *table_error, GError **error)
{
    vd_inspect_grow(guest, layout, parts, table_error ? table_error->message : NULL);
    vd_out_progress(guest->out, 2, PHASES);
    if (!vd_grow_mount(guest, layout, TRUE, error))
        return NULL;
    look_inside(guest, layout);
    JsonObject *result = json_object_new();
    vd_layout_to_json(layout, result);
    add_people(guest, layout, result);
    vd_out_progress(guest->out, 3, PHASES);
    add_zones(guest, result);
    return result;
}

static JsonObject *inspect(VdGuest *guest, VdDisk *disk, const VdParts *parts,
                           const GError *table_error, GError **error)
{
    guint64 bytes = vd_disk_bytes(disk);
    char **roots = guestfs_inspect_os(guest->g);
    if (!roots) {
        vd_guest_call_failed(guest, error, VD_GUEST_FAILED, _("The image cannot be inspected."));
        return NULL;
    }
    vd_out_progress(guest->out, 1, PHASES);
    if (!roots[0]) {
        free_strings(roots);
        return no_os(guest, table_error);
    }
    g_autoptr(VdLayout) layout = vd_layout_new();
    layout->disk_bytes = bytes;
    read_os(guest, layout, choose_root(guest, roots));
    free_strings(roots);
    if (!g_str_equal(layout->type, "linux")) {
        g_autofree char *message =
            g_strdup_printf(_("The image holds %s, and only Linux can be grown and customised."),
                            *layout->product ? layout->product : layout->type);
        return nothing(VD_GUEST_UNSUPPORTED_OS, message);
    }
    JsonObject *result = describe(guest, layout, parts, table_error, error);
    if (result)
        vd_out_step_done(guest->out, layout->grow.text);
    return result;
}

JsonObject *vd_inspect(VdGuest *guest, VdDisk *disk, GError **error)
{
    guint64 sectors = vd_disk_bytes(disk) / VD_SECTOR;
    g_autoptr(GError) table_error = NULL;
    vd_out_step(guest->out, "inspect", NULL);
    g_autoptr(VdParts) parts = vd_parts_read(vd_disk_read, disk, sectors, &table_error);
    JsonObject *result = inspect(guest, disk, parts, table_error, error);
    /* How it starts matters for a disk in which nothing else is found, too. */
    if (result)
        json_object_set_string_member(result, "firmware",
                                      parts && parts->efi_only ? "efi" : "bios");
    return result;
}
