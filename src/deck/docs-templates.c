/* Answers about the templates of answer files, and the systems they are for, as documents. */
#include "config.h"

#include "src/base/i18n.h"
#include "src/deck/row.h"
#include "src/deploy/deploy.h"

static const VdColumn template_columns[] = {
    {"name", N_("Template"), VD_COL_TEXT},   {"title", N_("For"), VD_COL_TEXT},
    {"kind", N_("Kind"), VD_COL_TEXT},       {"memory", N_("Memory from"), VD_COL_SIZE},
    {"disk", N_("Disk from"), VD_COL_SIZE},  {"own", N_("Own"), VD_COL_BOOL},
    {"mistake", N_("Mistake"), VD_COL_TEXT}, {"hides", N_("Instead of"), VD_COL_TEXT},
};

/* Titles of the templates that vmdeck has itself. */
static const char *const titles[] G_GNUC_UNUSED = {
    N_("Debian 11 and later"),
    N_("Ubuntu Server 20.04 and later"),
};

static void add_row(const VdTemplateFacts *facts, gpointer data)
{
    char **row = vd_section_row(data);
    vd_row_text(row, 0, facts->name);
    vd_row_english(row, 1, facts->title);
    vd_row_text(row, 2, facts->kind);
    if (facts->memory)
        vd_row_size(row, 3, facts->memory);
    if (facts->disk)
        vd_row_size(row, 4, facts->disk);
    vd_row_bool(row, 5, facts->own);
    vd_row_text(row, 6, facts->mistake);
    if (facts->hides)
        vd_row_text(row, 7, _("vmdeck's own"));
}

gboolean vd_local_template_list(VdLocalCall *call, GError **error)
{
    (void)error;
    call->doc = vd_doc_new();
    vd_templates_each(add_row,
                      vd_doc_section(call->doc, VD_SECTION_TABLE, "templates", N_("Templates"),
                                     template_columns, G_N_ELEMENTS(template_columns)));
    return TRUE;
}

gboolean vd_local_template_show(VdLocalCall *call, GError **error)
{
    g_autofree char *text = vd_template_source(vd_args_get(call->args, "name"), error);
    if (!text)
        return FALSE;
    call->doc = vd_doc_new_text("template", N_("Template"), text);
    return TRUE;
}

gboolean vd_local_template_add(VdLocalCall *call, GError **error)
{
    return vd_template_add(vd_args_get(call->args, "file"), vd_args_get(call->args, "name"),
                           vd_args_flag(call->args, "replace"), &call->word, error);
}

gboolean vd_local_template_edit(VdLocalCall *call, GError **error)
{
    return vd_template_edit(vd_args_get(call->args, "name"), vd_args_get(call->args, "from"),
                            &call->word, error);
}

gboolean vd_local_template_remove(VdLocalCall *call, GError **error)
{
    return vd_template_remove(vd_args_get(call->args, "name"), &call->word, error);
}

/* ---- the systems ---- */

static const VdColumn system_columns[] = {
    {"id", N_("System"), VD_COL_TEXT},          {"name", N_("Name"), VD_COL_TEXT},
    {"template", N_("Template"), VD_COL_TEXT},  {"tree", N_("Tree known"), VD_COL_BOOL},
    {"memory", N_("Memory from"), VD_COL_SIZE}, {"disk", N_("Disk from"), VD_COL_SIZE},
};

static const VdColumn incomplete_columns[] = {{"why", N_("Why"), VD_COL_TEXT}};

typedef struct {
    VdSection *section;
    gboolean all;
} Systems;

static void add_system(const VdSystemFacts *facts, gpointer data)
{
    const Systems *systems = data;
    if (!systems->all && (!facts->template || facts->ended))
        return;
    char **row = vd_section_row(systems->section);
    vd_row_text(row, 0, facts->short_id);
    vd_row_text(row, 1, facts->name);
    vd_row_text(row, 2, facts->template);
    vd_row_bool(row, 3, facts->tree);
    if (facts->memory)
        vd_row_size(row, 4, facts->memory);
    if (facts->disk)
        vd_row_size(row, 5, facts->disk);
}

gboolean vd_local_os_list(VdLocalCall *call, GError **error)
{
    call->doc = vd_doc_new();
    Systems systems = {vd_doc_section(call->doc, VD_SECTION_TABLE, "systems", N_("Systems"),
                                      system_columns, G_N_ELEMENTS(system_columns)),
                       vd_args_flag(call->args, "all")};
    g_autoptr(GError) why = NULL;
    (void)error;
    vd_systems_each(call->systems, NULL, TRUE, add_system, &systems, &why);
    if (why)
        vd_row_text(vd_section_row(vd_doc_section(call->doc, VD_SECTION_FIELDS, "incomplete",
                                                  N_("Incomplete"), incomplete_columns,
                                                  G_N_ELEMENTS(incomplete_columns))),
                    0, why->message);
    return TRUE;
}
