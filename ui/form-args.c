/* The form of any verb with arguments, straight from its table; and the door that picks the form.
 */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "ui/form.h"
#include "ui/forms.h"

static const VdFormButton buttons[] = {
    {N_("Go on"), VD_KEY_F(2), vd_form_submit},
    {N_("As command"), VD_KEY_F(3), vd_form_show_command},
    {N_("Cancel"), VD_KEY_ESC, vd_form_cancel},
};

/* More names than a title has room for are a number; the question that follows names them. */
enum { NAMES_MOST = 3 };

static char *title_of(const VdVerb *verb, const VdTargets *targets)
{
    guint n = vd_targets_count(targets);
    if (n == 0)
        return g_strdup(_(verb->label));
    if (n > NAMES_MOST && verb->target == VD_TARGET_VM) /* TRANSLATORS: "Delete: 15 machines" */
        return g_strdup_printf(ngettext("%s: %u machine", "%s: %u machines", n), _(verb->label), n);
    g_autofree char *names = vd_targets_names(targets);
    return g_strdup_printf("%s: %s", _(verb->label), names);
}

VdForm *vd_form_args_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                         const VdArgs *args)
{
    g_autofree char *title = title_of(verb, targets);
    VdForm *form = vd_form_make(app, verb, targets, title, buttons, G_N_ELEMENTS(buttons));
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        if (spec->type == VD_ARG_CHOICE && spec->many)
            vd_form_add_ticks(form, spec, args);
        else
            vd_form_add(form, spec, FALSE, args);
    return form;
}

VdDialog *vd_form_new(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args)
{
    VdForm *form = NULL;
    if (strcmp(verb->id, "deploy") == 0)
        form = vd_form_deploy_new(app, verb, targets, args);
    else if (vd_form_is_host(verb))
        form = vd_form_host_new(app, verb, targets, args);
    else
        form = vd_form_args_new(app, verb, targets, args);
    for (guint i = 0; i < form->fields->len; i++) {
        VdField *field = g_ptr_array_index(form->fields, i);
        if (vd_field_has_list(field))
            vd_form_ask_choices(form, field);
    }
    return &form->dialog;
}
