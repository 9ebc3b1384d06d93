/* A text in the user's own editor: $VISUAL, $EDITOR or vi, on the terminal that we were started
 * from. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/cli/private.h"

static const char *editor(void)
{
    static const char *const names[] = {"VISUAL", "EDITOR"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);
        if (value && *value)
            return value;
    }
    return "vi";
}

/* No shell: the words of the variable are an argument list ("code --wait"). */
static gboolean run_editor(const char *path, GError **error)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) why = NULL;
    gint count = 0, status = 0;
    if (!g_shell_parse_argv(editor(), &count, &words, &why))
        return vd_fail(error, VD_ERR_INVALID, why->message, _("The editor %s cannot be run."),
                       editor());
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    for (char **word = words; *word; word++)
        g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, (gpointer)path);
    g_ptr_array_add(argv, NULL);
    if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL,
                      &status, &why) ||
        !g_spawn_check_wait_status(status, &why))
        return vd_fail(error, VD_ERR_FAILED, why->message,
                       _("The editor %s did not end well; nothing was changed."), words[0]);
    return TRUE;
}

char *vd_edit_file(const char *text, GError **error)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("vmdeck-script-XXXXXX", &path, NULL);
    if (fd < 0) {
        vd_error_set(error, VD_ERR_FAILED, NULL, _("A temporary file could not be made."));
        return NULL;
    }
    (void)close(fd);
    if (vd_file_replace(path, text, -1, 0600, error) && run_editor(path, error))
        return g_steal_pointer(&path);
    vd_secret_unlink(path);
    return NULL;
}
