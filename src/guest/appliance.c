/* supermin builds the appliance from packages of this system that are listed in the files
 * supermin.d/packages*, one a line (supermin(1)); distributions put xfsprogs into a file and a
 * package of its own. A fixed appliance tells nothing of what is in it. */
#include "config.h"

#include "src/guest/appliance.h"

#include <string.h>

#include "src/base/files.h"
#include "src/base/i18n.h"

enum { LIST_MAX = 256 * 1024 };

static gboolean lists(const char *path, const char *package)
{
    g_autofree char *text = vd_file_read(path, LIST_MAX, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    for (guint i = 0; lines[i]; i++)
        if (g_str_equal(g_strstrip(lines[i]), package))
            return TRUE;
    return FALSE;
}

static gboolean folder_lists(const char *folder, const char *package)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (strstr(name, "packages") && lists(path, package))
            return TRUE;
    }
    return FALSE;
}

/* Whether the appliance is surely made without this package. */
static gboolean lacks(VdGuest *guest, const char *package)
{
    const char *found = guestfs_get_path(guest->g);
    g_auto(GStrv) folders = g_strsplit(found ? found : "", ":", -1);
    for (guint i = 0; folders[i]; i++) {
        g_autofree char *supermin = g_build_filename(folders[i], "supermin.d", NULL);
        if (g_file_test(supermin, G_FILE_TEST_IS_DIR))
            return !folder_lists(supermin, package);
    }
    return FALSE;
}

gboolean vd_appliance_check(VdGuest *guest, const VdGrowSpec *grow, GError **error)
{
    if (!grow->fs || !g_str_equal(grow->fs, "xfs") || !lacks(guest, "xfsprogs"))
        return TRUE;
    return vd_guest_fail(error, VD_GUEST_NO_XFS_TOOLS, NULL,
                         _("The image has an XFS root, and libguestfs' appliance has no tools "
                           "for it: install the package libguestfs-xfs."));
}
