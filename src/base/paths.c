/* Where our files are. An override by environment always wins, so that tests, the lab and a second
 * installation never touch the real ones. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"

static char *from_env(const char *name)
{
    const char *value = g_getenv(name);
    return value && *value ? g_strdup(value) : NULL;
}

char *vd_path_state(void)
{
    char *path = from_env("VMDECK_STATE_DIR");
    if (path)
        return path;
    if (geteuid() == 0)
        return g_build_filename("/var/lib/vmdeck", NULL);
    return g_build_filename(g_get_user_state_dir(), "vmdeck", NULL);
}

static char *below_state(const char *name)
{
    g_autofree char *state = vd_path_state();
    return g_build_filename(state, name, NULL);
}

char *vd_path_images(void)
{
    char *path = from_env("VMDECK_IMAGE_DIR");
    return path ? path : below_state("images");
}

char *vd_path_journal(void)
{
    return below_state("journal.db");
}

char *vd_path_job(const char *job_id)
{
    g_autofree char *jobs = below_state("jobs");
    return g_build_filename(jobs, job_id, NULL);
}

char *vd_path_log(void)
{
    return below_state("vmdeck.log");
}

char *vd_path_self(void)
{
    g_autofree char *path = g_file_read_link("/proc/self/exe", NULL);
    return path ? g_steal_pointer(&path) : g_strdup("vmdeck");
}

/* A program of ours: by its variable, beside this one, or where it was installed. */
static char *helper(const char *variable, const char *name)
{
    char *path = from_env(variable);
    if (path)
        return path;
    g_autofree char *self = vd_path_self();
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *beside = g_build_filename(folder, name, NULL);
    if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
        return g_steal_pointer(&beside);
    return g_build_filename(PKGLIBEXECDIR, name, NULL);
}

char *vd_path_guest(void)
{
    return helper("VMDECK_GUEST", "vmdeck-guest");
}

/* One that need not be there. */
static char *optional(const char *variable, const char *name)
{
    g_autofree char *path = helper(variable, name);
    return g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) ? g_steal_pointer(&path) : NULL;
}

char *vd_path_osinfo(void)
{
    return optional("VMDECK_OSINFO", "vmdeck-osinfo");
}

char *vd_path_ssh(void)
{
    return optional("VMDECK_SSH", "vmdeck-ssh");
}

char **vd_path_theme_dirs(void)
{
    g_autofree char *self = vd_path_self();
    g_autofree char *folder = g_path_get_dirname(self);
    g_autoptr(GPtrArray) dirs = g_ptr_array_new_with_free_func(g_free);
    char *own = from_env("VMDECK_THEME_DIR");
    if (own)
        g_ptr_array_add(dirs, own);
    g_ptr_array_add(dirs, g_build_filename(g_get_user_config_dir(), "vmdeck", "themes", NULL));
    g_ptr_array_add(dirs, g_build_filename(PKGDATADIR, "themes", NULL));
    /* A build tree beside or below its sources. */
    g_ptr_array_add(dirs, g_build_filename(folder, "..", "themes", NULL));
    g_ptr_array_add(dirs, g_build_filename(folder, "themes", NULL));
    g_ptr_array_add(dirs, NULL);
    return (char **)g_ptr_array_steal(dirs, NULL);
}

char *vd_path_scripts(void)
{
    g_autofree char *images = vd_path_images();
    return g_build_filename(images, "scripts", NULL);
}

char **vd_path_script_dirs(void)
{
    g_autofree char *self = vd_path_self();
    g_autofree char *folder = g_path_get_dirname(self);
    g_autoptr(GPtrArray) dirs = g_ptr_array_new_with_free_func(g_free);
    char *own = from_env("VMDECK_SCRIPT_DIR");
    if (own)
        g_ptr_array_add(dirs, own);
    g_ptr_array_add(dirs, g_build_filename(PKGDATADIR, "scripts", NULL));
    /* A build tree below its sources. */
    g_ptr_array_add(dirs, g_build_filename(folder, "..", "doc", "scripts", NULL));
    g_ptr_array_add(dirs, NULL);
    return (char **)g_ptr_array_steal(dirs, NULL);
}

char **vd_path_template_dirs(void)
{
    g_autofree char *self = vd_path_self();
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *state = vd_path_state();
    g_autoptr(GPtrArray) dirs = g_ptr_array_new_with_free_func(g_free);
    char *own = from_env("VMDECK_TEMPLATE_DIR");
    if (own)
        g_ptr_array_add(dirs, own);
    g_ptr_array_add(dirs, g_build_filename(state, "templates", NULL));
    /* A build tree below its sources. */
    g_ptr_array_add(dirs, g_build_filename(folder, "..", "src", "deploy", "templates", NULL));
    g_ptr_array_add(dirs, g_build_filename(PKGDATADIR, "templates", NULL));
    g_ptr_array_add(dirs, NULL);
    return (char **)g_ptr_array_steal(dirs, NULL);
}

char *vd_path_locale(void)
{
    char *path = from_env("VMDECK_LOCALE_DIR");
    if (path)
        return path;
    g_autofree char *self = vd_path_self();
    g_autofree char *folder = g_path_get_dirname(self);
    g_autofree char *beside = g_build_filename(folder, "locale", NULL);
    if (g_file_test(beside, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&beside);
    return g_strdup(LOCALEDIR);
}

gboolean vd_mkdirs(const char *path, int mode, GError **error)
{
    if (g_mkdir_with_parents(path, mode) == 0)
        return TRUE;
    int why = errno;
    VdErrorCode code = why == ENOSPC                   ? VD_ERR_NO_SPACE
                       : why == EACCES || why == EROFS ? VD_ERR_DENIED
                                                       : VD_ERR_FAILED;
    return vd_fail(error, code, NULL, _("The folder %s cannot be made: %s"), path, g_strerror(why));
}
