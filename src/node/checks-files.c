/* The doctor's look at our own places: the state and image directories and the journal. Space is
 * asked of the nearest folder that exists, since the first run makes the rest. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/node/checks.h"

#define STATE_MIN_BYTES (G_GUINT64_CONSTANT(64) << 20)
/* A small OS image. */
#define IMAGE_MIN_BYTES (G_GUINT64_CONSTANT(1) << 30)

/* The path itself or the nearest folder above it that exists. The caller frees. */
static char *nearest(const char *path)
{
    char *found = g_canonicalize_filename(path, NULL);

    while (access(found, F_OK) < 0 && strcmp(found, "/") != 0) {
        char *above = g_path_get_dirname(found);

        g_free(found);
        found = above;
    }
    return found;
}

/* A file there that is gone when it is closed, whatever ends us. -1: errno says why not. */
static int nameless_file(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    /* Not every file system has such; an old kernel takes it for the folder itself. */
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        g_autofree char *name = g_build_filename(folder, ".vmdeck-doctor-XXXXXX", NULL);

        fd = g_mkstemp_full(name, O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0)
            (void)unlink(name);
    }
    return fd;
}

/* Writes a little into it, for real: rights alone do not tell of a disk that is full or failing.
 * errno says why not. */
static gboolean takes_a_file(const char *folder)
{
    g_autofree char *text = g_strnfill(4096, '\n');
    int fd = nameless_file(folder), number;
    gboolean fine;

    if (fd < 0)
        return FALSE;
    errno = ENOSPC; /* what a short write means */
    fine = write(fd, text, 4096) == 4096 && fsync(fd) == 0;
    number = errno;
    (void)close(fd);
    errno = number;
    return fine;
}

/* Writable by us, and a folder. errno says why not. */
static gboolean is_writable_folder(const char *path)
{
    struct stat info;

    if (stat(path, &info) < 0)
        return FALSE;
    if (!S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        return FALSE;
    }
    return access(path, W_OK | X_OK) == 0;
}

/* folder: what of the path is there. */
static void say_not_writable(VdCheckup *checkup, const char *name, const char *path,
                             const char *folder, int number)
{
    g_autofree char *quoted = g_shell_quote(folder), *in_way = vd_text_clean(quoted, 0, FALSE);
    char *advice;

    if (number == ENOSPC || number == EDQUOT)
        advice = g_strdup(_("Make room on that disk."));
    else if (number == EROFS)
        advice = g_strdup_printf(_("See how it is mounted: findmnt -T %s"), path);
    else if (number == ENOTDIR)
        advice = g_strdup_printf(_("A file is in the way; move it elsewhere: mv %s %s.old"), in_way,
                                 in_way);
    else
        advice = g_strdup_printf(_("Make it yours: sudo install -d -o $USER %s"), path);
    vd_checkup_take(checkup, name, VD_CHECK_BAD,
                    g_strdup_printf(_("%s cannot be written: %s."), path, g_strerror(number)),
                    advice);
}

static void check_folder(VdCheckup *checkup, const char *name, const char *path, guint64 minimum)
{
    g_autofree char *folder = nearest(path), *clean = vd_text_clean(path, 0, FALSE);
    g_autofree char *size = NULL;
    struct statvfs space;
    guint64 bytes;

    /* Above it, what is not ours, nothing is tried. */
    if (!is_writable_folder(folder) || (strcmp(folder, path) == 0 && !takes_a_file(folder))) {
        say_not_writable(checkup, name, clean, folder, errno);
        return;
    }
    if (statvfs(folder, &space) < 0) {
        vd_checkup_take(checkup, name, VD_CHECK_BAD,
                        g_strdup_printf(_("The space on %s cannot be read."), clean), NULL);
        return;
    }
    bytes = (guint64)space.f_bavail * space.f_frsize;
    size = vd_format_size(bytes);
    vd_checkup_take(checkup, name, bytes < minimum ? VD_CHECK_BAD : VD_CHECK_OK,
                    g_strdup_printf(_("%s can be written and has %s free."), clean, size),
                    bytes < minimum ? g_strdup(_("Make room on that disk.")) : NULL);
}

void vd_check_state(VdCheckup *checkup)
{
    g_autofree char *path = vd_path_state();

    check_folder(checkup, _("state directory"), path, STATE_MIN_BYTES);
}

/* The first folder on the way to path that others may not pass, NULL if they may. The caller frees.
 */
static char *closed_to_others(const char *path)
{
    g_autofree char *folder = nearest(path);
    char *closed = NULL;

    while (strcmp(folder, "/") != 0) {
        char *above = g_path_get_dirname(folder);
        struct stat info;

        if (stat(folder, &info) == 0 && S_ISDIR(info.st_mode) && (info.st_mode & S_IXOTH) == 0) {
            g_free(closed);
            closed = g_strdup(folder);
        }
        g_free(folder);
        folder = above;
    }
    return closed;
}

void vd_check_images(VdCheckup *checkup)
{
    g_autofree char *path = vd_path_images();
    g_autofree char *closed = NULL;

    check_folder(checkup, _("image directory"), path, IMAGE_MIN_BYTES);
    /* The system's QEMU runs as a user of its own and reads the images below the overlays. */
    if (geteuid() != 0)
        return;
    closed = closed_to_others(path);
    if (closed != NULL)
        vd_checkup_take(
            checkup, _("image directory"), VD_CHECK_BAD,
            g_strdup_printf(_("QEMU's own user cannot reach the images through %s."), closed),
            g_strdup_printf(_("Type: chmod o+x %s"), closed));
}

/* Who knows the journal has tried to write to it, and tells why that failed. */
static void say_journal(VdCheckup *checkup, const char *name, const char *path)
{
    char *advice;

    if (vd_error_code(checkup->journal) == VD_ERR_NO_SPACE)
        advice = g_strdup(_("Make room on that disk."));
    else if (access(path, F_OK) == 0)
        advice = g_strdup_printf(_("See whose it is and how its disk is mounted: ls -l %s; findmnt "
                                   "-T %s"),
                                 path, path);
    else
        advice = g_strdup(_("See the state directory above."));
    vd_checkup_take(checkup, name, VD_CHECK_BAD, g_strdup(checkup->journal->message), advice);
}

/* The file is not opened here: closing a descriptor of it would drop the locks that SQLite holds on
 * it in this process (fcntl(2)). */
static void check_journal_file(VdCheckup *checkup, const char *name, const char *path)
{
    if (access(path, R_OK | W_OK) < 0)
        vd_checkup_take(
            checkup, name, VD_CHECK_BAD,
            g_strdup_printf(_("The journal %s cannot be written: %s."), path, g_strerror(errno)),
            g_strdup_printf(_("See whose it is: ls -l %s"), path));
    else
        vd_checkup_take(checkup, name, VD_CHECK_OK,
                        g_strdup_printf(_("The journal %s can be written."), path), NULL);
}

void vd_check_journal(VdCheckup *checkup)
{
    g_autofree char *path = vd_path_journal();
    g_autofree char *folder = nearest(path);
    const char *name = _("journal");

    if (checkup->journal != NULL)
        say_journal(checkup, name, path);
    else if (access(path, F_OK) == 0)
        check_journal_file(checkup, name, path);
    else if (is_writable_folder(folder))
        vd_checkup_say(checkup, name, VD_CHECK_OK, _("The journal will be made at first use."),
                       NULL);
    else
        vd_checkup_take(checkup, name, VD_CHECK_BAD,
                        g_strdup_printf(_("The journal %s cannot be made."), path),
                        g_strdup(_("See the state directory above.")));
}
