/* The library of first-boot scripts: files in a folder beside the images, named by their names,
 * readable by their owner alone, since a script may hold secrets; and those that come with the
 * program. What is to be known of a script stands in it, in comments, so that a plain copy of the
 * folder is a copy of the library:
 *     # vmdeck-for: debian ubuntu
 *     # vmdeck-notes: updates all packages */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/check.h"
#include "src/deploy/deploy.h"
#include "src/deploy/store.h"
#include "src/deploy/words.h"

#define HEAD_LINES 30
#define FOR        "# vmdeck-for:"
#define NOTES      "# vmdeck-notes:"

const VdArgSpec vd_script_add_args[] = {
    {.name = "file",
     .label = N_("File"),
     .help = N_("The script: text that begins with #! and what runs it."),
     .type = VD_ARG_FILE,
     .required = TRUE,
     .positional = TRUE},
    {.name = "name",
     .label = N_("Name"),
     .help = N_("What the script is called; the file's name if left out."),
     .type = VD_ARG_NAME},
    {.name = "for",
     .label = N_("For"),
     .help = N_("The distributions that it is for, such as debian; any if left out."),
     .type = VD_ARG_TEXT,
     .many = TRUE},
    VD_WORD_NOTES,
    {.name = NULL},
};

const VdArgSpec vd_script_edit_args[] = {
    {.name = "from",
     .label = N_("From the file"),
     .help = N_("The new text; on a terminal your editor opens if left out."),
     .type = VD_ARG_FILE},
    {.name = "for",
     .label = N_("For"),
     .help = N_("The distributions that it is for, such as debian; as before if left out."),
     .type = VD_ARG_TEXT,
     .many = TRUE},
    {.name = "notes",
     .label = N_("Notes"),
     .help = N_("A line for those who choose it later; as before if left out."),
     .type = VD_ARG_TEXT},
    {.name = NULL},
};

static char *own_path(const char *name)
{
    g_autofree char *folder = vd_path_scripts();

    return g_build_filename(folder, name, NULL);
}

/* The shipped script of a name, or NULL. */
static char *shipped_path(const char *name)
{
    g_auto(GStrv) folders = vd_path_script_dirs();

    for (char **folder = folders; *folder; folder++) {
        g_autofree char *path = g_build_filename(*folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* ---- what stands in a script ---- */

static char *remark(const char *text, const char *key)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", HEAD_LINES + 1);

    for (guint i = 0; lines[i] && i < HEAD_LINES; i++) {
        g_autofree char *clean = NULL;

        if (!g_str_has_prefix(lines[i], key))
            continue;
        clean = vd_text_clean(g_strstrip(lines[i] + strlen(key)), 200, FALSE);
        return *clean ? g_steal_pointer(&clean) : NULL;
    }
    return NULL;
}

/* The text with this remark in place of an older one, behind the first line; value "": without. */
static char *with_remark(const char *text, const char *key, const char *value)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) out = g_string_new(lines[0]);

    if (*value)
        g_string_append_printf(out, "\n%s %s", key, value);
    for (guint i = 1; lines[0] && lines[i]; i++) {
        if (i >= HEAD_LINES || !g_str_has_prefix(lines[i], key))
            g_string_append_printf(out, "\n%s", lines[i]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static VdScript *read_script(const char *name, const char *path, gboolean shipped)
{
    guint mended = 0;
    char *text = vd_read_script(path, &mended, NULL);
    VdScript *script;

    if (!text)
        return NULL;
    script = vd_script_new();
    script->name = g_strdup(name);
    script->path = g_strdup(path);
    script->shipped = shipped;
    script->systems = remark(text, FOR);
    script->notes = remark(text, NOTES);
    vd_secret_free(text);
    return script;
}

/* ---- list and find ---- */

static void add_folder(GPtrArray *scripts, const char *folder, gboolean shipped)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        gboolean known = FALSE;
        VdScript *script;

        for (guint i = 0; i < scripts->len; i++)
            known |= g_str_equal(((VdScript *)g_ptr_array_index(scripts, i))->name, name);
        if (known || !vd_check_vm_name(name, NULL))
            continue;
        script = read_script(name, path, shipped);
        if (script)
            g_ptr_array_add(scripts, script);
    }
}

static int compare(gconstpointer a, gconstpointer b)
{
    return strcmp((*(VdScript *const *)a)->name, (*(VdScript *const *)b)->name);
}

GPtrArray *vd_scripts_list(void)
{
    GPtrArray *scripts = g_ptr_array_new_with_free_func((GDestroyNotify)vd_script_unref);
    g_autofree char *own = vd_path_scripts();
    g_auto(GStrv) shipped = vd_path_script_dirs();

    add_folder(scripts, own, FALSE);
    for (char **folder = shipped; *folder; folder++)
        add_folder(scripts, *folder, TRUE);
    g_ptr_array_sort(scripts, compare);
    return scripts;
}

VdScript *vd_script_find(const char *name, GError **error)
{
    g_autofree char *own = NULL, *shipped = NULL;
    VdScript *script = NULL;

    if (!vd_check_vm_name(name, error))
        return NULL;
    own = own_path(name);
    shipped = shipped_path(name);
    if (g_file_test(own, G_FILE_TEST_EXISTS))
        script = read_script(name, own, FALSE);
    else if (shipped)
        script = read_script(name, shipped, TRUE);
    if (!script)
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                     _("There is no script %s in the library; `vmdeck script list` shows what "
                       "there is."),
                     name);
    return script;
}

char *vd_script_text(const char *name, GError **error)
{
    g_autoptr(VdScript) script = vd_script_find(name, error);
    guint mended = 0;

    return script ? vd_read_script(script->path, &mended, error) : NULL;
}

static gboolean suits(const VdScript *script, const VdImage *image)
{
    g_auto(GStrv) systems = NULL;

    if (!script->systems || !image || !image->distro)
        return TRUE;
    systems = g_strsplit_set(script->systems, " ,", -1);
    return g_strv_contains((const char *const *)systems, image->distro) ||
           g_strv_contains((const char *const *)systems, "linux");
}

char *vd_script_take(const char *value, const VdImage *image, guint *ret_mended, GError **error)
{
    g_autoptr(VdScript) script = NULL;

    /* A path has a slash; and a file here goes before a name there, as it always did. */
    if (strchr(value, '/') || g_file_test(value, G_FILE_TEST_EXISTS))
        return vd_read_script(value, ret_mended, error);
    script = vd_script_find(value, NULL);
    if (!script) {
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                     _("%s is neither a file nor a script of the library; `vmdeck script list` "
                       "shows what there is."),
                     value);
        return NULL;
    }
    if (!suits(script, image)) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("The script %s is for %s, and the image %s holds %s."), value,
                     script->systems, image->name, image->os ? image->os : image->distro);
        return NULL;
    }
    return vd_read_script(script->path, ret_mended, error);
}

char *vd_script_mended(const char *value)
{
    guint mended = 0;
    char *text = value && *value ? vd_script_take(value, NULL, &mended, NULL) : NULL;

    vd_secret_free(text);
    switch (mended) {
    case VD_SCRIPT_CRLF:
        return g_strdup_printf(_("%s had CR LF line ends; they were made LF."), value);
    case VD_SCRIPT_BOM:
        return g_strdup_printf(_("%s began with a byte order mark; it was taken away."), value);
    case VD_SCRIPT_CRLF | VD_SCRIPT_BOM:
        return g_strdup_printf(_("%s had CR LF line ends and a byte order mark; they were made LF, "
                                 "and it was taken away."),
                               value);
    default:
        return NULL;
    }
}

/* ---- changing ---- */

static gboolean write_script(const char *name, const char *text, GError **error)
{
    g_autofree char *folder = vd_path_scripts();
    g_autofree char *path = own_path(name);

    return vd_store_prepare(error) && vd_mkdirs(folder, 0755, error) &&
           vd_file_replace(path, text, -1, 0600, error);
}

/* The text with the remarks that were given. Takes text over; free with vd_secret_free(). */
static char *remarked(char *text, const VdArgs *args)
{
    g_auto(GStrv) systems = vd_args_all(args, "for");
    const char *notes = vd_args_get(args, "notes");

    if (notes) {
        g_autofree char *clean = vd_text_clean(notes, 200, FALSE);
        char *next = with_remark(text, NOTES, clean);

        vd_secret_free(text);
        text = next;
    }
    if (systems[0]) {
        g_autofree char *joined = g_strjoinv(" ", systems);
        g_autofree char *lower = g_ascii_strdown(joined, -1);
        g_autofree char *clean = vd_text_clean(lower, 200, FALSE);
        char *next = with_remark(text, FOR, clean);

        vd_secret_free(text);
        text = next;
    }
    return text;
}

/* "/srv/Set up.sh" → "Set-up". */
static char *name_from_file(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    char *dot = strrchr(base, '.');

    if (dot && dot != base)
        *dot = '\0';
    for (char *c = base; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("_-.+", *c))
            *c = '-';
    }
    return g_steal_pointer(&base);
}

gboolean vd_script_add(const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autofree char *name = NULL, *path = NULL;
    guint mended = 0;
    gboolean ok;
    const char *file;
    char *text;

    if (!vd_args_check(checked, vd_script_add_args, error))
        return FALSE;
    file = vd_args_get(checked, "file");
    name = vd_args_get(checked, "name") ? g_strdup(vd_args_get(checked, "name"))
                                        : name_from_file(file);
    if (!vd_check_vm_name(name, error))
        return FALSE;
    path = own_path(name);
    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("There is a script %s already; choose another name with --name, or change "
                         "it with `vmdeck script edit`."),
                       name);
    text = vd_read_script(file, &mended, error);
    if (!text)
        return FALSE;
    text = remarked(text, checked);
    ok = write_script(name, text, error);
    vd_secret_free(text);
    return ok;
}

gboolean vd_script_edit(const char *name, const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    guint mended = 0;
    gboolean ok;
    const char *from;
    char *text;

    if (!vd_args_check(checked, vd_script_edit_args, error))
        return FALSE;
    from = vd_args_get(checked, "from");
    if (!from && !vd_args_get(checked, "for") && !vd_args_get(checked, "notes"))
        return vd_fail(error, VD_ERR_USAGE, NULL,
                       _("Nothing was changed: give --from, --for or --notes."));
    /* One that was shipped becomes one of ours. */
    text = vd_script_text(name, error);
    if (text && from) {
        vd_secret_free(text);
        text = vd_read_script(from, &mended, error);
    }
    if (!text)
        return FALSE;
    text = remarked(text, checked);
    ok = write_script(name, text, error);
    vd_secret_free(text);
    return ok;
}

gboolean vd_script_remove(const char *name, GError **error)
{
    g_autoptr(VdScript) script = vd_script_find(name, error);

    if (!script)
        return FALSE;
    if (script->shipped)
        return vd_fail(error, VD_ERR_DENIED, NULL,
                       _("The script %s comes with vmdeck: it can be changed, not removed."), name);
    if (unlink(script->path) < 0 && errno != ENOENT)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s cannot be removed: %s."), script->path,
                       g_strerror(errno));
    return TRUE;
}
