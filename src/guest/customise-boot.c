/* What is brought up at boot: the network, a getty on the serial line, the first-boot program. */
#include "config.h"

#include "src/guest/customise.h"

#include "src/base/i18n.h"
#include "src/guest/firstboot.h"
#include "src/guest/netfiles.h"

enum { ASIDE_MAX = 50 };

static gboolean write_new(VdFiles *files, const VdNewFile *file, GError **error)
{
    VdFileKind kind = file->soft ? vd_files_kind(files, file->path, FALSE) : VD_FILE_MISSING;
    if (kind == VD_FILE_LINK)
        return TRUE;
    if (file->mode == 0)
        return vd_files_link(files, file->text, file->path, error);
    return vd_files_put(files, file->path, file->text, -1, file->mode, 0, 0, error);
}

gboolean vd_customise_network(VdFiles *files, const VdLayout *layout, const VdNetSpec *net,
                              GError **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autoptr(VdNetFiles) plan = vd_netfiles_new(layout, net, uuid);
    if (plan->files->len == 0)
        vd_out_log(files->guest->out, _("The guest's network system is not known: its network "
                                        "stays as it is."));
    for (guint i = 0; i < plan->aside->len; i++) {
        g_autoptr(GPtrArray) paths =
            vd_files_glob(files, g_ptr_array_index(plan->aside, i), ASIDE_MAX);
        for (guint k = 0; k < paths->len; k++)
            if (!vd_files_set_aside(files, g_ptr_array_index(paths, k), plan->suffix, error))
                return FALSE;
    }
    for (guint i = 0; i < plan->files->len; i++)
        if (!write_new(files, g_ptr_array_index(plan->files, i), error))
            return FALSE;
    return TRUE;
}

static gboolean put(VdFiles *files, const char *path, const char *text, int mode, GError **error)
{
    return vd_files_put(files, path, text, -1, mode, 0, 0, error);
}

static gboolean install_systemd(VdFiles *files, GError **error)
{
#define WANTS "/etc/systemd/system/multi-user.target.wants/"
    static const char getty[] = "/etc/systemd/system/getty.target.wants/"
                                "serial-getty@ttyS0.service";
    /* On a slow machine udev may take longer over its devices than systemd waits for one (90 s),
     * and the getty that is bound to the line would not be started. As systemd-fstab-generator does
     * it for x-systemd.device-timeout. */
    static const char patience[] = "[Unit]\nJobRunningTimeoutSec=15min\n";
    return put(files, "/etc/systemd/system/vmdeck-firstboot.service", vd_firstboot_unit(), 0644,
               error) &&
           vd_files_link(files, "/etc/systemd/system/vmdeck-firstboot.service",
                         WANTS "vmdeck-firstboot.service", error) &&
           put(files, "/etc/systemd/system/vmdeck-ssh-keys.service", vd_firstboot_keys_unit(), 0644,
               error) &&
           vd_files_link(files, "/etc/systemd/system/vmdeck-ssh-keys.service",
                         WANTS "vmdeck-ssh-keys.service", error) &&
           vd_files_link(files, "/lib/systemd/system/serial-getty@.service", getty, error) &&
           put(files, "/etc/systemd/system/dev-ttyS0.device.d/vmdeck.conf", patience, 0644, error);
#undef WANTS
}

gboolean vd_customise_units(VdFiles *files, const VdLayout *layout, GError **error)
{
    if (layout->init == VD_INIT_SYSTEMD)
        return install_systemd(files, error);
    return layout->init == VD_INIT_OPENRC ? vd_customise_openrc(files, layout, error)
                                          : vd_customise_sysv(files, error);
}

gboolean vd_customise_firstboot(VdFiles *files, const VdLayout *layout,
                                const VdCustomise *customise, GError **error)
{
    g_autofree char *program = vd_firstboot_program(customise->marker);
    if (!vd_files_folder(files, VD_FIRSTBOOT_FOLDER, 0700, 0, 0, error) ||
        !put(files, VD_FIRSTBOOT_FOLDER "/state", "new\n", 0600, error) ||
        !put(files, VD_FIRSTBOOT_PROGRAM, program, 0755, error))
        return FALSE;
    if (customise->script) {
        g_autofree char *script = vd_firstboot_script(customise->script);
        if (!put(files, VD_FIRSTBOOT_SCRIPT, script, 0700, error))
            return FALSE;
    }
    return vd_customise_units(files, layout, error);
}
