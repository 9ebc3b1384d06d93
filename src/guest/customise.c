/* The order: first what can be refused (the timezone), so that little is done in vain; secrets
 * last. SELinux: what is made here gets its type at once; only an image whose files have no labels
 * at all is left to label itself at the first boot. */
#include "config.h"

#include "src/guest/customise.h"

#include <stdlib.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"

enum { PARTS = 6 };

/* Decides how labels are kept, see the head of this file. */
gboolean vd_customise_labels(VdFiles *files, const VdLayout *layout, gboolean *ret_relabel,
                             GError **error)
{
    *ret_relabel = FALSE;
    if (!layout->selinux)
        return TRUE;
    size_t size = 0;
    char *label = guestfs_lgetxattr(files->guest->g, "/etc/passwd", "security.selinux", &size);
    files->label = label && size > 0;
    free(label);
    if (files->label)
        return TRUE;
    *ret_relabel = TRUE;
    vd_out_log(files->guest->out, _("The guest uses SELinux and its files have no labels: it will "
                                    "label them at its first boot, and start twice."));
    return vd_files_put(files, "/.autorelabel", "", 0, 0644, 0, 0, error);
}

gboolean vd_customise_check(VdFiles *files, const VdLayout *layout, GError **error)
{
    if (!layout->customisable)
        return vd_guest_fail(error, VD_GUEST_UNSUPPORTED_OS, NULL, "%s",
                             layout->customise_why ? layout->customise_why
                                                   : _("This guest cannot be customised."));
    if (vd_files_kind(files, "/etc", FALSE) != VD_FILE_FOLDER)
        return vd_guest_fail(error, VD_GUEST_ODD_GUEST, NULL,
                             _("In the guest, “%s” is not what it must be."), "/etc");
    return TRUE;
}

gboolean vd_customise(VdGuest *guest, const VdRequest *request, gboolean *ret_relabel,
                      GError **error)
{
    const VdLayout *layout = request->layout;
    const VdCustomise *what = request->customise;
    VdFiles files = {.guest = guest};
    vd_out_step(guest->out, "customise", what->hostname);
    if (!vd_customise_check(&files, layout, error) ||
        !vd_customise_labels(&files, layout, ret_relabel, error))
        return FALSE;
    if (what->timezone && !vd_customise_timezone(&files, layout, what->timezone, error))
        return FALSE;
    vd_out_progress(guest->out, 1, PARTS);
    if (!vd_customise_identity(&files, layout, error) ||
        !vd_customise_machine_id(&files, layout, error))
        return FALSE;
    vd_out_progress(guest->out, 2, PARTS);
    if (what->hostname && !vd_customise_name(&files, layout, what->hostname, error))
        return FALSE;
    vd_out_progress(guest->out, 3, PARTS);
    if (what->net && !vd_customise_network(&files, layout, what->net, error))
        return FALSE;
    vd_out_progress(guest->out, 4, PARTS);
    if (what->firstboot && !vd_customise_firstboot(&files, layout, what, error))
        return FALSE;
    vd_out_progress(guest->out, 5, PARTS);
    if (!vd_customise_accounts(&files, layout, what, error))
        return FALSE;
    vd_out_progress(guest->out, 6, PARTS);
    if (files.labelled > 0)
        vd_out_log(guest->out,
                   _("SELinux: %u new files got their labels; the guest needs no "
                     "relabelling."),
                   files.labelled);
    vd_out_step_done(guest->out, NULL);
    return TRUE;
}
