/* Answers about the library of first-boot scripts. */
#include "config.h"

#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/deck/row.h"
#include "src/deploy/deploy.h"

static const VdColumn script_columns[] = {
    {"name", N_("Script"), VD_COL_TEXT},
    {"notes", N_("What"), VD_COL_TEXT},
    {"systems", N_("For"), VD_COL_TEXT},
    {"shipped", N_("Shipped"), VD_COL_BOOL},
};

/* Notes of the scripts that vmdeck comes with. */
static const char *const notes[] G_GNUC_UNUSED = {
    N_("Docker from the distribution, started at boot"),
    N_("Apache, MariaDB and PHP, started at boot"),
    N_("security updates come by themselves, each night; a restart that they need at 03:30"),
    N_("brings all packages up to date"),
};

gboolean vd_local_script_list(VdLocalCall *call, GError **error)
{
    (void)error;
    g_autoptr(GPtrArray) scripts = vd_scripts_list();
    call->doc = vd_doc_new();
    VdSection *section = vd_doc_section(call->doc, VD_SECTION_TABLE, "scripts", N_("Scripts"),
                                        script_columns, G_N_ELEMENTS(script_columns));
    for (guint i = 0; i < scripts->len; i++) {
        const VdScript *script = g_ptr_array_index(scripts, i);
        char **row = vd_section_row(section);
        vd_row_text(row, 0, script->name);
        vd_row_english(row, 1, script->notes);
        vd_row_text(row, 2, script->systems);
        vd_row_bool(row, 3, script->shipped);
    }
    return TRUE;
}

gboolean vd_local_script_show(VdLocalCall *call, GError **error)
{
    char *text = vd_script_text(call->id, error);
    if (!text)
        return FALSE;
    call->doc = vd_doc_new_text("script", N_("Script"), text);
    vd_secret_free(text);
    return TRUE;
}

gboolean vd_local_script_add(VdLocalCall *call, GError **error)
{
    if (!vd_script_add(call->args, error))
        return FALSE;
    call->word = vd_script_mended(vd_args_get(call->args, "file"));
    return TRUE;
}

gboolean vd_local_script_edit(VdLocalCall *call, GError **error)
{
    if (!vd_script_edit(call->id, call->args, error))
        return FALSE;
    call->word = vd_script_mended(vd_args_get(call->args, "from"));
    return TRUE;
}

gboolean vd_local_script_remove(VdLocalCall *call, GError **error)
{
    return vd_script_remove(call->id, error);
}
