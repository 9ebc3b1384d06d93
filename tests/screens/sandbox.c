/* A test must not see the person's files nor leave any behind, and must not depend on what the
 * shell that started it had in its environment. */
#include "config.h"

#include "tests/screens/sandbox.h"

#include <ftw.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct _VdSandbox {
    char *folder;
    gboolean kept;
};

/* Variable and the folder below the sandbox it names. */
static const char *const sandbox_folders[][2] = {
    {"HOME", "home"},
    {"XDG_CONFIG_HOME", "config"},
    {"XDG_STATE_HOME", "xdg-state"},
    {"XDG_CACHE_HOME", "cache"},
    {"XDG_DATA_HOME", "data"},
    {"XDG_RUNTIME_DIR", "run"},
    {"VMDECK_STATE_DIR", "state"},
    {"VMDECK_IMAGE_DIR", "images"},
    {"TMPDIR", "tmp"},
};

static const char *const inherited[] = {"PATH",         "ASAN_OPTIONS", "UBSAN_OPTIONS",
                                        "LSAN_OPTIONS", "TSAN_OPTIONS", "G_SLICE",
                                        "VMDECK_GUEST"};

VdSandbox *vd_sandbox_new(const char *folder, GError **error)
{
    g_autofree char *made = folder ? g_strdup(folder) : g_dir_make_tmp("vmdeck-XXXXXX", error);
    if (!made)
        return NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(sandbox_folders); i++) {
        g_autofree char *path = g_build_filename(made, sandbox_folders[i][1], NULL);
        if (g_mkdir_with_parents(path, 0700) < 0) {
            g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", path, g_strerror(errno));
            return NULL;
        }
    }
    VdSandbox *sandbox = g_new0(VdSandbox, 1);
    sandbox->folder = g_steal_pointer(&made);
    sandbox->kept = folder != NULL;
    return sandbox;
}

static int entry_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void vd_sandbox_free(VdSandbox *sandbox)
{
    if (!sandbox)
        return;
    if (!sandbox->kept && nftw(sandbox->folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS) != 0)
        g_warning("%s: %s", sandbox->folder, g_strerror(errno));
    g_free(sandbox->folder);
    g_free(sandbox);
}

const char *vd_sandbox_folder(const VdSandbox *sandbox)
{
    return sandbox->folder;
}

static char **sandbox_set(char **env, const char *name, const char *value)
{
    return value ? g_environ_setenv(env, name, value, TRUE) : env;
}

char **vd_sandbox_environment(const VdSandbox *sandbox, const VdPtyOptions *options)
{
    char **env = options->keep_env ? g_get_environ() : g_new0(char *, 1);
    for (gsize i = 0; !options->keep_env && i < G_N_ELEMENTS(inherited); i++)
        env = sandbox_set(env, inherited[i], g_getenv(inherited[i]));
    for (gsize i = 0; !options->keep_env && i < G_N_ELEMENTS(sandbox_folders); i++) {
        g_autofree char *path = g_build_filename(sandbox->folder, sandbox_folders[i][1], NULL);
        env = sandbox_set(env, sandbox_folders[i][0], path);
    }
    if (!options->keep_env) {
        env = sandbox_set(env, "TZ", "UTC");
        env = sandbox_set(env, "NCURSES_GPM_TERMS", "none"); /* no mouse server of this machine */
        env = sandbox_set(env, "VMDECK_LOCALE_DIR", TEST_LOCALE_DIR);
        env = sandbox_set(env, "VMDECK_THEME_DIR", TEST_THEME_DIR);
    }
    env = g_environ_unsetenv(env, "LC_ALL");
    env = g_environ_unsetenv(env, "LINES");
    env = g_environ_unsetenv(env, "COLUMNS");
    env = sandbox_set(env, "TERM", options->term ? options->term : "xterm-256color");
    env = sandbox_set(env, "LANG", options->lang ? options->lang : "C.UTF-8");
    for (const char *const *word = options->env; word && *word; word++) {
        g_auto(GStrv) halves = g_strsplit(*word, "=", 2);
        env = sandbox_set(env, halves[0], halves[1] ? halves[1] : "");
    }
    return env;
}
