/* What is brought up at boot where init is no systemd: links of the runlevels and the lists of a
 * boot in parallel, OpenRC's links, inittab's line for the serial console. */
#include "config.h"

#include "src/guest/customise.h"

#include "src/guest/agent.h"
#include "src/guest/firstboot.h"
#include "src/guest/sysv.h"

enum { TEXT_MOST = 256 * 1024, LINKS_MOST = 200 };

static gboolean put(VdFiles *files, const char *path, const char *text, int mode, GError **error)
{
    return vd_files_put(files, path, text, -1, mode, 0, 0, error);
}

/* Red Hat's real folders; elsewhere they are in /etc itself. */
static const char *base_of(VdFiles *files)
{
    gboolean redhat = vd_files_kind(files, "/etc/rc.d/init.d", TRUE) == VD_FILE_FOLDER;
    return redhat ? "/etc/rc.d" : "/etc";
}

/* path: one of the two lists; a guest without it starts all links in their order. */
static gboolean add_depend(VdFiles *files, const char *path, const char *name,
                           const char *const *after, const char *const *before, GError **error)
{
    g_autofree char *text = NULL;
    if (vd_files_kind(files, path, FALSE) != VD_FILE_REGULAR)
        return TRUE;
    if (!vd_files_read(files, path, TEXT_MOST, &text, error))
        return FALSE;
    g_autofree char *made = text && *text ? vd_sysv_depend(text, name, after, before) : NULL;
    return !made || vd_files_update(files, path, made, error);
}

static gboolean add_getty(VdFiles *files, gboolean busybox, GError **error)
{
    static const char *const programs[] = {"/sbin/getty", "/sbin/agetty"};
    g_autofree char *text = NULL;
    if (vd_files_kind(files, "/etc/inittab", FALSE) != VD_FILE_REGULAR)
        return TRUE;
    if (!vd_files_read(files, "/etc/inittab", TEXT_MOST, &text, error))
        return FALSE;
    for (guint i = 0; text && i < G_N_ELEMENTS(programs); i++) {
        if (vd_files_kind(files, programs[i], FALSE) == VD_FILE_MISSING)
            continue;
        g_autofree char *made = vd_sysv_inittab(text, programs[i], busybox);
        return !made || vd_files_update(files, "/etc/inittab", made, error);
    }
    return TRUE;
}

static gboolean add_links(VdFiles *files, const char *base, GError **error)
{
    for (int level = 2; level <= 5; level++) {
        g_autofree char *last = g_strdup_printf("%s/rc%d.d/S99vmdeck-firstboot", base, level);
        g_autofree char *early = g_strdup_printf("%s/rc%d.d/S01vmdeck-ssh-keys", base, level);
        if (!vd_files_link(files, "../init.d/vmdeck-firstboot", last, error) ||
            !vd_files_link(files, "../init.d/vmdeck-ssh-keys", early, error))
            return FALSE;
    }
    return TRUE;
}

gboolean vd_customise_sysv(VdFiles *files, GError **error)
{
    static const char *const nobody[] = {NULL}, *const doors[] = {"ssh", "sshd", NULL};
    static const char start[] = "/etc/init.d/.depend.start";
    const char *base = base_of(files);
    g_autofree char *first = g_strconcat(base, "/init.d/vmdeck-firstboot", NULL);
    g_autofree char *keys = g_strconcat(base, "/init.d/vmdeck-ssh-keys", NULL);
    return put(files, first, vd_firstboot_sysv(), 0755, error) &&
           put(files, keys, vd_firstboot_keys_sysv(), 0755, error) &&
           add_links(files, base, error) &&
           add_depend(files, start, "vmdeck-ssh-keys", nobody, doors, error) &&
           add_depend(files, start, "vmdeck-firstboot", NULL, NULL, error) &&
           add_getty(files, FALSE, error);
}

gboolean vd_customise_openrc(VdFiles *files, const VdLayout *layout, GError **error)
{
    return put(files, "/etc/init.d/vmdeck-firstboot", vd_firstboot_openrc(), 0755, error) &&
           vd_files_link(files, "/etc/init.d/vmdeck-firstboot",
                         "/etc/runlevels/default/vmdeck-firstboot", error) &&
           add_getty(files, vd_layout_is_family(layout, "alpine"), error);
}

/* Where there is no rcS.d, as with Red Hat, the runlevels' own links come first. */
gboolean vd_customise_sysv_agent(VdFiles *files, GError **error)
{
    static const char *const after[] = {
        "hostname.sh", "udev",        "mountdevsubfs.sh",      "checkroot.sh",
        "checkfs.sh",  "mountall.sh", "mountall-bootclean.sh", "checkroot-bootclean.sh",
        "hwclock.sh",  NULL};
    static const char *const before[] = {"networking", "network", "network-manager", NULL};
    const char *base = base_of(files);
    g_autofree char *path = g_strconcat(base, "/init.d/vmdeck-agent", NULL);
    if (!put(files, path, vd_agent_sysv(), 0755, error))
        return FALSE;
    if (vd_files_kind(files, "/etc/rcS.d", TRUE) == VD_FILE_FOLDER) {
        g_autoptr(GPtrArray) links = vd_files_glob(files, "/etc/rcS.d/S*", LINKS_MOST);
        g_autofree char *link =
            g_strdup_printf("/etc/rcS.d/S%02dvmdeck-agent", vd_sysv_number(links));
        return vd_files_link(files, "../init.d/vmdeck-agent", link, error) &&
               add_depend(files, "/etc/init.d/.depend.boot", "vmdeck-agent", after, before, error);
    }
    for (int level = 2; level <= 5; level++) {
        g_autofree char *link = g_strdup_printf("%s/rc%d.d/S02vmdeck-agent", base, level);
        if (!vd_files_link(files, "../init.d/vmdeck-agent", link, error))
            return FALSE;
    }
    return TRUE;
}

gboolean vd_customise_openrc_agent(VdFiles *files, GError **error)
{
    return put(files, "/etc/init.d/vmdeck-agent", vd_agent_openrc(), 0755, error) &&
           vd_files_link(files, "/etc/init.d/vmdeck-agent", "/etc/runlevels/boot/vmdeck-agent",
                         error);
}
