/* Name, timezone, and what must differ between two machines of one image. */
#include "config.h"

#include "src/guest/customise.h"

#include <string.h>
#include <sys/random.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"
#include "src/guest/hosts.h"

enum { SMALL_MAX = 1024 * 1024, SEED_SIZE = 512 };

gboolean vd_customise_name(VdFiles *files, const VdLayout *layout, const char *hostname,
                           GError **error)
{
    g_autofree char *old = NULL, *hosts = NULL, *network = NULL;
    if (!vd_files_read(files, "/etc/hostname", SMALL_MAX, &old, error) ||
        !vd_files_read(files, "/etc/hosts", SMALL_MAX, &hosts, error))
        return FALSE;
    g_autofree char *line = g_strconcat(hostname, "\n", NULL);
    const char *was = old && *g_strstrip(old) ? old : layout->hostname;
    gboolean own_line = vd_layout_is_family(layout, "debian");
    g_autofree char *renamed = vd_hosts_rename(hosts, was, hostname, own_line);
    if (!vd_files_put(files, "/etc/hostname", line, -1, 0644, 0, 0, error) ||
        !vd_files_put(files, "/etc/hosts", renamed, -1, 0644, 0, 0, error))
        return FALSE;
    if (vd_files_kind(files, "/etc/HOSTNAME", FALSE) == VD_FILE_REGULAR &&
        !vd_files_update(files, "/etc/HOSTNAME", line, error))
        return FALSE;
    /* Before systemd, Red Hat kept it here. */
    if (layout->init != VD_INIT_SYSV || !vd_layout_is_family(layout, "redhat"))
        return TRUE;
    if (!vd_files_read(files, "/etc/sysconfig/network", SMALL_MAX, &network, error))
        return FALSE;
    g_autofree char *keyed = vd_hosts_set_key(network, "HOSTNAME", hostname);
    return vd_files_put(files, "/etc/sysconfig/network", keyed, -1, 0644, 0, 0, error);
}

gboolean vd_customise_timezone(VdFiles *files, const VdLayout *layout, const char *zone,
                               GError **error)
{
    g_autofree char *file = g_strconcat("/usr/share/zoneinfo/", zone, NULL);
    if (vd_files_kind(files, file, TRUE) != VD_FILE_REGULAR) {
        /* Without any zone file everything is UTC already. */
        if (g_str_equal(zone, "UTC") || g_str_equal(zone, "Etc/UTC"))
            return vd_files_remove(files, "/etc/localtime", error);
        return vd_guest_fail(error, VD_GUEST_BAD_TIMEZONE, NULL,
                             _("The image has no timezone “%s”."), zone);
    }
    /* Relative, as systemd's own tools make it. */
    g_autofree char *target = g_strconcat("..", file, NULL);
    if (!vd_files_link(files, target, "/etc/localtime", error))
        return FALSE;
    g_autofree char *line = g_strconcat(zone, "\n", NULL);
    if ((vd_layout_is_family(layout, "debian") ||
         vd_files_kind(files, "/etc/timezone", FALSE) != VD_FILE_MISSING) &&
        !vd_files_put(files, "/etc/timezone", line, -1, 0644, 0, 0, error))
        return FALSE;
    if (layout->init != VD_INIT_SYSV ||
        vd_files_kind(files, "/etc/sysconfig/clock", FALSE) != VD_FILE_REGULAR)
        return TRUE;
    g_autofree char *clock = NULL;
    if (!vd_files_read(files, "/etc/sysconfig/clock", SMALL_MAX, &clock, error))
        return FALSE;
    g_autofree char *quoted = g_strdup_printf("\"%s\"", zone);
    g_autofree char *keyed = vd_hosts_set_key(clock, "ZONE", quoted);
    return vd_files_update(files, "/etc/sysconfig/clock", keyed, error);
}

/* An empty machine-id is filled at boot; one that is missing would start systemd-firstboot's
 * questions (machine-id(5)). */
static gboolean empty_machine_id(VdFiles *files, const VdLayout *layout, GError **error)
{
    gboolean there = vd_files_kind(files, "/etc/machine-id", FALSE) != VD_FILE_MISSING;
    if ((there || layout->init == VD_INIT_SYSTEMD) &&
        !vd_files_put(files, "/etc/machine-id", "", 0, 0444, 0, 0, error))
        return FALSE;
    /* A file here would be preferred to the new one; a link to /etc/machine-id stays. */
    if (vd_files_kind(files, "/var/lib/dbus/machine-id", FALSE) == VD_FILE_REGULAR)
        return vd_files_remove(files, "/var/lib/dbus/machine-id", error);
    return TRUE;
}

gboolean vd_customise_machine_id(VdFiles *files, const VdLayout *layout, GError **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_auto(GStrv) parts = g_strsplit(uuid, "-", -1);
    g_autofree char *joined = g_strjoinv("", parts);
    g_autofree char *line = g_strconcat(joined, "\n", NULL);
    if (layout->init == VD_INIT_SYSTEMD ||
        vd_files_kind(files, "/etc/machine-id", FALSE) != VD_FILE_REGULAR)
        return TRUE;
    return vd_files_put(files, "/etc/machine-id", line, -1, 0444, 0, 0, error);
}

static gboolean write_seed(VdFiles *files, const VdLayout *layout, GError **error)
{
    static const char *const older[] = {"/var/lib/urandom/random-seed", "/var/lib/random-seed",
                                        NULL};
    char seed[SEED_SIZE];
    if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return TRUE;
    if (layout->init == VD_INIT_SYSTEMD)
        return vd_files_put(files, "/var/lib/systemd/random-seed", seed, SEED_SIZE, 0600, 0, 0,
                            error);
    for (guint i = 0; older[i]; i++)
        if (vd_files_kind(files, older[i], FALSE) == VD_FILE_REGULAR)
            return vd_files_put(files, older[i], seed, SEED_SIZE, 0600, 0, 0, error);
    return TRUE;
}

gboolean vd_customise_identity(VdFiles *files, const VdLayout *layout, GError **error)
{
    static const char *const gone[] = {
        "/etc/ssh/ssh_host_*",
        "/etc/udev/rules.d/70-persistent-net.rules",
        "/etc/lvm/devices/system.devices",
        "/var/lib/dhcp/*.leases",
        "/var/lib/dhclient/*.lease*",
        "/var/lib/NetworkManager/*.lease",
        "/var/lib/systemd/credential.secret",
    };
    if (!empty_machine_id(files, layout, error) || !write_seed(files, layout, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(gone); i++)
        if (!vd_files_remove_matching(files, gone[i], error))
            return FALSE;
    if (!layout->cloud_init)
        return TRUE;
    vd_out_log(files->guest->out, _("The image's cloud-init is switched off: everything is set "
                                    "here."));
    return vd_files_put(files, "/etc/cloud/cloud-init.disabled", "", 0, 0644, 0, 0, error);
}
