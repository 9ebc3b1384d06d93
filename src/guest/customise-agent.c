/* Preparing an image: what has to be there before its first boot so that the agent, which runs
 * then, needs no second one. Units are enabled now, since systemd has read them all when the agent
 * runs; so are those that the guest's network system needs. */
#include "config.h"

#include "src/guest/agent.h"
#include "src/guest/customise.h"
#include "src/guest/fail.h"
#include "src/guest/firstboot.h"
#include "src/guest/netfiles.h"

#include "src/base/i18n.h"

enum { PARTS = 4 };

/* Units and links to units of the network system; which address they are for makes no odds. */
static gboolean enable_network(VdFiles *files, const VdLayout *layout, GError **error)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    VdNetSpec net = {.dhcp = TRUE, .mac = (char *)"52:54:00:00:00:00", .dns = none};
    g_autofree char *uuid = g_uuid_string_random();
    g_autoptr(VdNetFiles) plan = vd_netfiles_new(layout, &net, uuid);
    for (guint i = 0; i < plan->files->len; i++) {
        const VdNewFile *file = g_ptr_array_index(plan->files, i);
        if (!g_str_has_prefix(file->path, "/etc/systemd/system/"))
            continue;
        if (file->mode == 0
                ? !vd_files_link(files, file->text, file->path, error)
                : !vd_files_put(files, file->path, file->text, -1, file->mode, 0, 0, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean start_agent(VdFiles *files, const VdLayout *layout, GError **error)
{
    static const char unit[] = "/etc/systemd/system/vmdeck-agent.service";
    if (layout->init == VD_INIT_SYSTEMD)
        return vd_files_put(files, unit, vd_agent_unit(), -1, 0644, 0, 0, error) &&
               vd_files_link(files, unit,
                             "/etc/systemd/system/sysinit.target.wants/vmdeck-agent.service",
                             error);
    return layout->init == VD_INIT_OPENRC ? vd_customise_openrc_agent(files, error)
                                          : vd_customise_sysv_agent(files, error);
}

static gboolean has_tool(VdFiles *files, const VdLayout *layout)
{
    static const char *const tools[] = {"/sbin/sfdisk",      "/usr/sbin/sfdisk", "/sbin/parted",
                                        "/usr/bin/growpart", "/usr/sbin/parted", NULL};
    gboolean found = layout->grow.partition == 0;
    for (int i = 0; tools[i] && !found; i++)
        found = vd_files_kind(files, tools[i], TRUE) == VD_FILE_REGULAR;
    return found;
}

gboolean vd_customise_agent(VdGuest *guest, const VdLayout *layout, gboolean *ret_tool,
                            GError **error)
{
    VdFiles files = {.guest = guest};
    gboolean relabel = FALSE;
    vd_out_step(guest->out, "customise", NULL);
    if (!vd_customise_check(&files, layout, error) ||
        !vd_customise_labels(&files, layout, &relabel, error) ||
        !vd_customise_identity(&files, layout, error))
        return FALSE;
    /* Written anew by each machine; the same for all would be worse than none. */
    if (!vd_files_remove(&files, "/var/lib/systemd/random-seed", error))
        return FALSE;
    vd_out_progress(guest->out, 1, PARTS);
    if (!vd_files_folder(&files, VD_FIRSTBOOT_FOLDER, 0700, 0, 0, error) ||
        !vd_files_put(&files, VD_AGENT_PROGRAM, vd_agent_program(), -1, 0755, 0, 0, error) ||
        !start_agent(&files, layout, error))
        return FALSE;
    vd_out_progress(guest->out, 2, PARTS);
    if (!vd_customise_units(&files, layout, error))
        return FALSE;
    vd_out_progress(guest->out, 3, PARTS);
    if (!enable_network(&files, layout, error))
        return FALSE;
    *ret_tool = has_tool(&files, layout);
    vd_out_step_done(guest->out, NULL);
    return TRUE;
}
