/* One call of libguestfs that starts no program in the appliance takes a few milliseconds, one that
 * does fifty and more; so only the former are used here, and a hundred of them cost less than one
 * tar. */
#include "config.h"

#include "src/guest/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"
#include "src/guest/selinux.h"

enum { GLOB_MAX = 100 };

static gboolean odd(GError **error, const char *path, const char *detail)
{
    return vd_guest_fail(error, VD_GUEST_ODD_GUEST, detail,
                         _("In the guest, “%s” is not what it must be."), path);
}

static gboolean failed(VdFiles *files, GError **error, const char *path)
{
    return vd_guest_call_failed(files->guest, error, VD_GUEST_FAILED,
                                _("The guest's “%s” could not be read or written."), path);
}

static VdFileKind kind_of(const struct guestfs_statns *stat)
{
    switch (stat->st_mode & S_IFMT) {
    case S_IFREG:
        return VD_FILE_REGULAR;
    case S_IFDIR:
        return VD_FILE_FOLDER;
    case S_IFLNK:
        return VD_FILE_LINK;
    default:
        return VD_FILE_OTHER;
    }
}

VdFileKind vd_files_kind(VdFiles *files, const char *path, gboolean follow)
{
    struct guestfs_statns *stat =
        follow ? guestfs_statns(files->guest->g, path) : guestfs_lstatns(files->guest->g, path);
    if (!stat)
        return VD_FILE_MISSING;
    VdFileKind kind = kind_of(stat);
    guestfs_free_statns(stat);
    return kind;
}

/* guestfs_read_file() goes through a file on the host and takes a quarter of a second. */
static GString *read_all(VdFiles *files, const char *path, gsize max, GError **error)
{
    enum { PIECE = 256 * 1024 };
    g_autoptr(GString) text = g_string_new(NULL);
    size_t size = 1;
    while (size > 0 && text->len <= max) {
        char *data = guestfs_pread(files->guest->g, path, PIECE, (int64_t)text->len, &size);
        if (!data) {
            failed(files, error, path);
            return NULL;
        }
        g_string_append_len(text, data, (gssize)size);
        explicit_bzero(data, size);
        free(data);
    }
    return g_steal_pointer(&text);
}

gboolean vd_files_read(VdFiles *files, const char *path, gsize max, char **ret_text, GError **error)
{
    *ret_text = NULL;
    struct guestfs_statns *stat = guestfs_statns(files->guest->g, path);
    if (!stat) {
        int why = guestfs_last_errno(files->guest->g);
        return why == ENOENT || why == ENOTDIR || why == ELOOP ? TRUE : failed(files, error, path);
    }
    gboolean right =
        kind_of(stat) == VD_FILE_REGULAR && stat->st_size >= 0 && (guint64)stat->st_size <= max;
    guestfs_free_statns(stat);
    if (!right)
        return odd(error, path, "not a regular file, or too large");
    g_autoptr(GString) text = read_all(files, path, max, error);
    if (!text)
        return FALSE;
    right = text->len <= max && !memchr(text->str, 0, text->len);
    if (right)
        *ret_text = g_strndup(text->str, text->len);
    explicit_bzero(text->str, text->len);
    return right ? TRUE : odd(error, path, "a NUL byte inside, or too large");
}

gboolean vd_files_update(VdFiles *files, const char *path, const char *text, GError **error)
{
    if (guestfs_write(files->guest->g, path, text, strlen(text)) != 0)
        return failed(files, error, path);
    return TRUE;
}

static gboolean set_label(VdFiles *files, const char *path, GError **error)
{
    if (!files->label)
        return TRUE;
    g_autofree char *context = vd_selinux_context(path);
    /* The kernel's own tools store the terminating NUL as well (setfilecon(3)). */
    if (guestfs_lsetxattr(files->guest->g, "security.selinux", context, (int)strlen(context) + 1,
                          path) != 0)
        return failed(files, error, path);
    files->labelled++;
    return TRUE;
}

static gboolean own(VdFiles *files, const char *path, int mode, guint32 uid, guint32 gid,
                    GError **error)
{
    if (guestfs_chown(files->guest->g, (int)uid, (int)gid, path) != 0 ||
        guestfs_chmod(files->guest->g, mode, path) != 0)
        return failed(files, error, path);
    return set_label(files, path, error);
}

/* The folders that lead to path. Those that exist may be links (/lib to usr/lib). */
static gboolean make_parents(VdFiles *files, const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    if (g_str_equal(parent, "/"))
        return TRUE;
    VdFileKind kind = vd_files_kind(files, parent, TRUE);
    if (kind == VD_FILE_FOLDER)
        return TRUE;
    if (kind != VD_FILE_MISSING || vd_files_kind(files, parent, FALSE) != VD_FILE_MISSING)
        return odd(error, parent, "not a folder");
    if (!make_parents(files, parent, error))
        return FALSE;
    if (guestfs_mkdir_mode(files->guest->g, parent, 0755) != 0)
        return failed(files, error, parent);
    return own(files, parent, 0755, 0, 0, error);
}

/* Makes path free for something new. */
static gboolean make_way(VdFiles *files, const char *path, GError **error)
{
    VdFileKind kind = vd_files_kind(files, path, FALSE);
    if (kind == VD_FILE_MISSING)
        return make_parents(files, path, error);
    if (kind == VD_FILE_FOLDER)
        return odd(error, path, "a folder where a file should be");
    return vd_files_remove(files, path, error);
}

gboolean vd_files_put(VdFiles *files, const char *path, const char *data, gssize length, int mode,
                      guint32 uid, guint32 gid, GError **error)
{
    if (!make_way(files, path, error))
        return FALSE;
    /* Private from the start, and only then with content. */
    gsize size = length < 0 ? strlen(data) : (gsize)length;
    if (guestfs_write(files->guest->g, path, "", 0) != 0 ||
        guestfs_chmod(files->guest->g, 0600, path) != 0 ||
        guestfs_write(files->guest->g, path, data, size) != 0)
        return failed(files, error, path);
    return own(files, path, mode, uid, gid, error);
}

gboolean vd_files_folder(VdFiles *files, const char *path, int mode, guint32 uid, guint32 gid,
                         GError **error)
{
    VdFileKind kind = vd_files_kind(files, path, FALSE);
    if (kind != VD_FILE_MISSING && kind != VD_FILE_FOLDER)
        return odd(error, path, "not a folder");
    if (kind == VD_FILE_MISSING) {
        if (!make_parents(files, path, error))
            return FALSE;
        if (guestfs_mkdir_mode(files->guest->g, path, 0700) != 0)
            return failed(files, error, path);
    }
    return own(files, path, mode, uid, gid, error);
}

gboolean vd_files_link(VdFiles *files, const char *target, const char *path, GError **error)
{
    if (!make_way(files, path, error))
        return FALSE;
    if (guestfs_ln_s(files->guest->g, target, path) != 0)
        return failed(files, error, path);
    return set_label(files, path, error);
}

gboolean vd_files_remove(VdFiles *files, const char *path, GError **error)
{
    if (guestfs_rm_f(files->guest->g, path) != 0)
        return failed(files, error, path);
    return TRUE;
}

GPtrArray *vd_files_glob(VdFiles *files, const char *pattern, guint max)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    struct guestfs_glob_expand_opts_argv options = {
        .bitmask = GUESTFS_GLOB_EXPAND_OPTS_DIRECTORYSLASH_BITMASK,
        .directoryslash = 0,
    };
    char **found = guestfs_glob_expand_opts_argv(files->guest->g, pattern, &options);
    for (char **path = found; path && *path; path++) {
        if (paths->len < max)
            g_ptr_array_add(paths, g_strdup(*path));
        free(*path);
    }
    free(found);
    return paths;
}

gboolean vd_files_remove_matching(VdFiles *files, const char *pattern, GError **error)
{
    g_autoptr(GPtrArray) paths = vd_files_glob(files, pattern, GLOB_MAX);
    for (guint i = 0; i < paths->len; i++)
        if (vd_files_kind(files, g_ptr_array_index(paths, i), FALSE) != VD_FILE_FOLDER &&
            !vd_files_remove(files, g_ptr_array_index(paths, i), error))
            return FALSE;
    return TRUE;
}

gboolean vd_files_set_aside(VdFiles *files, const char *path, const char *suffix, GError **error)
{
    g_autofree char *aside = g_strconcat(path, suffix, NULL);
    if (guestfs_rename(files->guest->g, path, aside) != 0)
        return failed(files, error, path);
    return TRUE;
}
