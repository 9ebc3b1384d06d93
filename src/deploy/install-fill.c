/* What follows from the name of a system: the template, where its installer is, how much it needs.
 */
#include "config.h"

#include <string.h>
#include <sys/utsname.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/install.h"
#include "src/deploy/systems.h"
#include "src/virt/provision.h"

#define MIB (1024 * 1024)

char *vd_install_arch(const char *uri, gboolean away)
{
    g_autoptr(VdConn) conn = away ? NULL : vd_conn_open(uri, NULL, NULL, NULL);
    struct utsname here;

    if (conn)
        return vd_conn_arch(conn);
    return g_strdup(uname(&here) == 0 ? here.machine : "x86_64");
}

static gboolean is_given(const VdArgs *args, const char *name)
{
    const char *value = vd_args_get(args, name);

    return value && *value;
}

/* The usual size of a word, or what the system needs if that is more. */
static void fill_size(VdArgs *args, const char *name, guint64 least)
{
    const VdArgSpec *spec = vd_install_args;
    guint64 size = 0;
    g_autofree char *text = NULL;

    if (is_given(args, name))
        return;
    while (spec->name && !g_str_equal(spec->name, name))
        spec++;
    if (!spec->name || !vd_parse_size(spec->value, &size, NULL))
        return;
    size = (MAX(size, least) + MIB - 1) / MIB;
    if (size % 1024 == 0)
        text = g_strdup_printf("%" G_GUINT64_FORMAT "G", size / 1024);
    else
        text = g_strdup_printf("%" G_GUINT64_FORMAT "M", size);
    vd_args_set(args, name, text);
}

/* "Debian 12: template debian, at least 1 GiB of memory and 10 GiB of disk" */
static char *hint_of(const VdSystem *system, const VdTemplate *template, VdSystemLeast least,
                     gboolean tree)
{
    g_autoptr(GString) text = g_string_new(system->name);
    g_autofree char *memory = vd_format_size(least.memory);
    g_autofree char *disk = vd_format_size(least.disk);

    if (template)
        g_string_append_printf(text, _(", template %s"), template->name);
    if (least.memory && least.disk)
        g_string_append_printf(text, _(", at least %s of memory and %s of disk"), memory, disk);
    if (!tree)
        g_string_append(text, _("; where its installer is has to be given"));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The chosen template, else the system's. NULL: a chosen one that is none, which is told later; or
 * none for this system. */
static const VdTemplate *choose_template(const VdArgs *args, const VdSystem *system,
                                         const GPtrArray *templates)
{
    if (!is_given(args, "template"))
        return vd_system_template(system, templates);
    for (guint i = 0; i < templates->len; i++) {
        const VdTemplate *template = g_ptr_array_index(templates, i);

        if (g_str_equal(template->name, vd_args_get(args, "template")))
            return template;
    }
    return NULL;
}

static gboolean lacks_tree(const VdSystem *system, const VdTemplate *template, const char *arch,
                           GError **error)
{
    if (template->kind == VD_ANSWER_AUTOINSTALL) /* which is on its medium only */
        return vd_fail(
            error, VD_ERR_NOT_FOUND, NULL,
            _("It is not known where the installer of %s for %s is: mount the ISO of its "
              "server, and give the folder by --tree and the ISO by --medium."),
            system->name, arch);
    return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                   _("It is not known where the installer of %s for %s is: give by --tree its URL "
                     "at a mirror, or the folder of its mounted medium."),
                   system->name, arch);
}

/* What it needs with that template, which may be NULL. */
static VdSystemLeast least_with(const VdSystem *system, const VdTemplate *template,
                                const char *arch)
{
    VdSystemLeast least = vd_system_least(system, arch);

    if (template) {
        least.memory = MAX(least.memory, template->memory);
        least.disk = MAX(least.disk, template->disk);
    }
    return least;
}

gboolean vd_install_fill(VdSystems *systems, const char *uri, gboolean away, VdArgs *args,
                         char **ret_hint, GError **error)
{
    g_autoptr(GPtrArray) templates = NULL;
    g_autofree char *arch = NULL, *tree = NULL;
    const VdSystem *system;
    const VdTemplate *template;
    VdSystemLeast least;

    if (!is_given(args, "os"))
        return TRUE;
    system = vd_systems_find(systems, vd_args_get(args, "os"), error);
    if (!system)
        return FALSE;
    templates = vd_templates_load();
    template = choose_template(args, system, templates);
    if (!template && !is_given(args, "template"))
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                       _("No template is for %s; give one by --template, or make one of another "
                         "(`vmdeck template show`)."),
                       system->name);
    arch = vd_install_arch(uri, away);
    least = least_with(system, template, arch);
    if (template && !is_given(args, "template"))
        vd_args_set(args, "template", template->name);
    if (template && !is_given(args, "tree"))
        tree = vd_system_tree(system, template, arch);
    if (tree)
        vd_args_set(args, "tree", tree);
    fill_size(args, "memory", least.memory);
    fill_size(args, "disk", least.disk);
    if (ret_hint)
        *ret_hint = hint_of(system, template, least, is_given(args, "tree"));
    else if (template && !is_given(args, "tree"))
        return lacks_tree(system, template, arch, error);
    return TRUE;
}

/* ---- the list ---- */

static int by_name(gconstpointer a, gconstpointer b)
{
    const VdSystem *one = *(const VdSystem *const *)a, *two = *(const VdSystem *const *)b;
    g_autofree char *first = g_utf8_collate_key_for_filename(one->name, -1);
    g_autofree char *second = g_utf8_collate_key_for_filename(two->name, -1);
    int order = strcmp(first, second);

    return order ? order : strcmp(one->short_id, two->short_id);
}

void vd_systems_each(VdSystems *systems, const char *uri, gboolean away, VdSystemFn each,
                     gpointer data, GError **why)
{
    const GPtrArray *all = vd_systems_all(systems, why);
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    g_autoptr(GPtrArray) templates = NULL;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *today = g_date_time_format(now, "%Y-%m-%d");
    g_autofree char *arch = NULL;

    templates = vd_templates_load();
    arch = vd_install_arch(uri, away);
    for (guint i = 0; i < all->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(all, i));
    g_ptr_array_sort(sorted, by_name);
    for (guint i = 0; i < sorted->len; i++) {
        const VdSystem *system = g_ptr_array_index(sorted, i);
        const VdTemplate *template = vd_system_template(system, templates);
        g_autofree char *tree = template ? vd_system_tree(system, template, arch) : NULL;
        VdSystemLeast least = least_with(system, template, arch);
        VdSystemFacts facts = {.short_id = system->short_id,
                               .name = system->name,
                               .template = template ? template->name : NULL,
                               .tree = tree != NULL,
                               .ended = system->ended && strcmp(system->ended, today) < 0,
                               .memory = least.memory,
                               .disk = least.disk};

        each(&facts, data);
    }
}
