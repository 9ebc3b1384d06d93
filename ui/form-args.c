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

VdForm *vd_form_args_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                         const VdArgs *args)
{
    g_autofree char *names = vd_targets_count(targets) ? vd_targets_names(targets) : NULL;
    g_autofree char *title =
        names ? g_strdup_printf("%s: %s", _(verb->label), names) : g_strdup(_(verb->label));
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
