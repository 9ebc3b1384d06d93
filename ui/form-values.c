/* Between a verb's arguments and the fields of its form: fields that begin with what was given, and
 * what was typed as a request's arguments. */
#include "config.h"

#include "src/base/i18n.h"
#include "ui/form.h"

static char *first_text(const VdArgSpec *spec, const VdArgs *args)
{
    g_auto(GStrv) values = args ? vd_args_all(args, spec->name) : NULL;
    if (values && *values)
        return g_strjoinv(", ", values);
    return g_strdup(spec->value);
}

VdField *vd_form_add(VdForm *form, const VdArgSpec *spec, gboolean own, const VdArgs *args)
{
    g_autofree char *text = first_text(spec, args);
    VdField *field = g_new0(VdField, 1);
    field->spec = spec;
    field->own = own;
    field->dirty = TRUE;
    field->on = args ? vd_args_flag(args, spec->name) : FALSE;
    vd_edit_init(&field->edit, spec->type == VD_ARG_FLAG ? "" : text, spec->type == VD_ARG_SECRET);
    g_ptr_array_add(form->fields, field);
    return field;
}

void vd_form_add_ticks(VdForm *form, const VdArgSpec *spec, const VdArgs *args)
{
    g_auto(GStrv) given = args ? vd_args_all(args, spec->name) : NULL;
    for (int i = 0; spec->choices[i]; i++) {
        VdArgSpec *tick = g_new0(VdArgSpec, 1);
        tick->name = spec->choices[i];
        tick->label = g_strdup_printf("%s: %s", _(spec->label), spec->choices[i]);
        tick->help = spec->help;
        tick->type = VD_ARG_FLAG;
        VdField *field = vd_form_add(form, tick, FALSE, NULL);
        field->of = spec;
        field->on = given && g_strv_contains((const char *const *)given, tick->name);
    }
}

static void put_many(VdArgs *args, const VdField *field)
{
    /* Braces have commas of their own. */
    const char *between = field->spec->type == VD_ARG_NAMES ? " " : ",";
    g_auto(GStrv) values = g_strsplit(vd_edit_text(&field->edit), between, 256);
    for (char **value = values; *value; value++) {
        g_strstrip(*value);
        if (**value)
            vd_args_add(args, field->spec->name, *value);
    }
}

static void put_value(VdArgs *args, const VdField *field)
{
    const char *text = vd_edit_text(&field->edit);
    if (field->of) {
        if (field->on)
            vd_args_add(args, field->of->name, field->spec->name);
    } else if (field->spec->type == VD_ARG_FLAG) {
        if (field->on)
            vd_args_set(args, field->spec->name, "true");
    } else if (!*text) {
        return;
    } else if (field->spec->type == VD_ARG_SECRET) {
        vd_args_set_secret(args, field->spec->name, text);
    } else if (field->spec->many) {
        put_many(args, field);
    } else {
        vd_args_set(args, field->spec->name, text);
    }
}

VdArgs *vd_form_args(VdForm *form)
{
    VdArgs *args = vd_args_new();
    for (guint i = 0; i < form->fields->len; i++) {
        const VdField *field = g_ptr_array_index(form->fields, i);
        if (!field->own && !field->off)
            put_value(args, field);
    }
    return args;
}
