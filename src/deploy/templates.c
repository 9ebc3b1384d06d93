/* The templates on disk: those that are shipped, and the administrator's own, which hide shipped
 * ones of the same name. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/deploy.h"
#include "src/deploy/template.h"

#define TEMPLATE_BYTES (256 * 1024)

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **vd_template_names(void)
{
    g_auto(GStrv) dirs = vd_path_template_dirs();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name;

    for (gsize i = 0; dirs[i]; i++) {
        g_autoptr(GDir) dir = g_dir_open(dirs[i], 0, NULL);
        const char *entry;

        while (dir && (entry = g_dir_read_name(dir))) {
            if (vd_check_vm_name(entry, NULL) && !g_str_has_suffix(entry, ".mk"))
                g_hash_table_add(seen, g_strdup(entry));
        }
    }
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}

VdTemplate *vd_template_find(const char *name, GError **error)
{
    g_auto(GStrv) dirs = vd_path_template_dirs();
    g_auto(GStrv) names = NULL;
    g_autofree char *all = NULL;

    for (gsize i = 0; vd_check_vm_name(name, NULL) && dirs[i]; i++) {
        g_autofree char *path = g_build_filename(dirs[i], name, NULL);
        g_autofree char *text = NULL;
        VdTemplate *template;

        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        text = vd_file_read(path, TEMPLATE_BYTES, NULL, error);
        template = text ? vd_template_parse(name, text, error) : NULL;
        if (template)
            template->path = g_steal_pointer(&path);
        return template;
    }
    names = vd_template_names();
    all = g_strjoinv(", ", names);
    vd_error_set(error, VD_ERR_NOT_FOUND, NULL, _("There is no template %s; there are: %s."), name,
                 *all ? all : _("none"));
    return NULL;
}

/* ---- for people ---- */

static char *own_path(const char *name)
{
    g_autofree char *state = vd_path_state();

    return g_build_filename(state, "templates", name, NULL);
}

static char *shipped_path(const char *name)
{
    g_auto(GStrv) dirs = vd_path_template_dirs();
    g_autofree char *own = own_path(name);

    for (gsize i = 0; dirs[i]; i++) {
        g_autofree char *path = g_build_filename(dirs[i], name, NULL);

        if (!g_str_equal(path, own) && g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return g_steal_pointer(&path);
    }
    return NULL;
}

static gboolean is_shipped(const char *name)
{
    g_autofree char *path = shipped_path(name);

    return path != NULL;
}

static gboolean is_own(const char *name)
{
    g_autofree char *path = own_path(name);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

void vd_templates_each(VdTemplateFn each, gpointer data)
{
    g_auto(GStrv) names = vd_template_names();

    for (gsize i = 0; names[i]; i++) {
        g_autoptr(GError) why = NULL;
        g_autoptr(VdTemplate) template = vd_template_find(names[i], &why);
        VdTemplateFacts facts = {
            .name = names[i], .own = is_own(names[i]), .mistake = why ? why->message : NULL};

        facts.hides = facts.own && is_shipped(names[i]);

        if (template) {
            facts.title = template->title;
            facts.kind = vd_answer_kind_word(template->kind);
            facts.memory = template->memory;
            facts.disk = template->disk;
        }
        each(&facts, data);
    }
}

char *vd_template_source(const char *name, GError **error)
{
    g_autofree char *path = vd_check_vm_name(name, NULL) ? own_path(name) : NULL;
    g_autoptr(VdTemplate) template = NULL;

    /* One of ours that has a mistake is to be mended. */
    if (path && g_file_test(path, G_FILE_TEST_EXISTS))
        return vd_file_read(path, TEMPLATE_BYTES, NULL, error);
    template = vd_template_find(name, error);
    return template ? vd_file_read(template->path, TEMPLATE_BYTES, NULL, error) : NULL;
}

gboolean vd_template_add(const char *file, const char *name, gboolean replace, char **ret_word,
                         GError **error)
{
    g_autofree char *base = g_path_get_basename(file);
    const char *called = name && *name ? name : base;
    g_autofree char *path = own_path(called);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *text = NULL;
    g_autoptr(VdTemplate) template = NULL;

    if (!vd_check_vm_name(called, error))
        return FALSE;
    if (!replace && is_own(called))
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("There is a template %s of yours already; give --replace, or another "
                         "name by --name."),
                       called);
    text = vd_file_read(file, TEMPLATE_BYTES, NULL, error);
    template = text ? vd_template_parse(called, text, error) : NULL;
    if (!template || !vd_mkdirs(folder, 0755, error) ||
        !vd_file_replace(path, text, -1, 0644, error))
        return FALSE;
    if (is_shipped(called))
        *ret_word = g_strdup_printf(_("It stands in the place of vmdeck's own template %s from now "
                                      "on, until you remove it."),
                                    called);
    return TRUE;
}

gboolean vd_template_edit(const char *name, const char *from, char **ret_word, GError **error)
{
    gboolean own = vd_check_vm_name(name, NULL) && is_own(name);

    if (!from || !*from)
        return vd_fail(error, VD_ERR_USAGE, NULL,
                       _("Nothing was changed: give the new text by "
                         "--from."));
    /* One of ours may have a mistake: that is why it is changed. */
    if (!own && !is_shipped(name))
        return vd_template_find(name, error) != NULL;
    if (!vd_template_add(from, name, TRUE, ret_word, error))
        return FALSE;
    if (own)
        g_clear_pointer(ret_word, g_free);
    return TRUE;
}

gboolean vd_template_remove(const char *name, char **ret_word, GError **error)
{
    g_autofree char *path = vd_check_vm_name(name, NULL) ? own_path(name) : NULL;
    g_autoptr(VdTemplate) shipped = NULL;

    if (path && unlink(path) == 0) {
        if (is_shipped(name))
            *ret_word = g_strdup_printf(_("vmdeck's own template %s is used again."), name);
        return TRUE;
    }
    shipped = vd_template_find(name, error);
    if (!shipped)
        return FALSE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("The template %s is one of vmdeck's own; only yours can be removed."), name);
}
