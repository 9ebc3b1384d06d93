/* The form "Deploy a machine". It is made from the words of the verb like any other, in an order
 * that puts what belongs together side by side; the host and the way of addressing are fields of
 * its own. Words of the verb that this file does not know follow at the end, so that a new one
 * needs nothing here. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "ui/form.h"

static const VdArgSpec host_spec = {
    .name = "host",
    .label = N_("Host"),
    .help = N_("Where the machine will run."),
    .type = VD_ARG_HOST,
};

static const VdArgSpec static_spec = {
    .name = "static",
    .label = N_("Addressing"),
    .help = N_("Whether the network gives the address, or you do."),
    .type = VD_ARG_FLAG,
};

/* Pairs side by side; what the verb does not have is left out. */
static const char *const order[] = {
    "name",   "host",          "image",   "disk",     "cpus",     "memory",   "network",
    "static", "address",       "gateway", "dns",      "hostname", "password", "lock-root",
    "user",   "user-password", "key",     "timezone", "script",   "pool",
};

/* What an empty field means. */
static const struct {
    const char *name, *empty;
} empties[] = {
    {"disk", N_("as the image")},     {"hostname", N_("as the name")},
    {"gateway", N_("none")},          {"dns", N_("none")},
    {"password", N_("unchanged")},    {"user", N_("none")},
    {"user-password", N_("none")},    {"key", N_("none")},
    {"timezone", N_("as the image")}, {"script", N_("none")},
};

static const char *const by_hand[] = {"address", "gateway", "dns"};

static void host_changed(VdForm *form, const VdField *field)
{
    const char *host = vd_edit_text(&field->edit);
    vd_targets_free(form->targets);
    form->targets = vd_targets_new(VD_TARGET_HOST);
    vd_targets_add(form->targets, host, NULL, host);
    for (guint i = 0; i < form->fields->len; i++) {
        VdField *other = g_ptr_array_index(form->fields, i);
        if (other->spec->type == VD_ARG_POOL || other->spec->type == VD_ARG_NETWORK)
            vd_form_forget_choices(form, other);
        other->dirty = TRUE; /* what was right there may be wrong here */
    }
}

static void addressing_changed(VdForm *form, const VdField *field)
{
    for (guint i = 0; i < G_N_ELEMENTS(by_hand); i++) {
        VdField *other = vd_form_field(form, by_hand[i]);
        if (other)
            other->off = !field->on;
    }
}

static void locked_changed(VdForm *form, const VdField *field)
{
    VdField *password = vd_form_field(form, "password");
    if (password)
        password->off = field->on;
}

/* An image that cannot be grown or customised: why, and that one may go on. */
static void image_changed(VdForm *form, const VdField *field)
{
    const GPtrArray *images = vd_deck_images(vd_app_deck(form->dialog.app));
    for (guint i = 0; images && i < images->len; i++) {
        const VdImage *image = g_ptr_array_index(images, i);
        if (strcmp(image->name, vd_edit_text(&field->edit)) != 0 || !image->why_not)
            continue;
        g_autofree char *text = g_strdup_printf(
            _("%s It can be deployed as it is: leave what it cannot do empty."), image->why_not);
        vd_form_say(form, FALSE, text);
    }
}

static void deploy_changed(VdForm *form, VdField *field)
{
    const char *name = field->spec->name;
    if (strcmp(name, "host") == 0)
        host_changed(form, field);
    else if (strcmp(name, "static") == 0)
        addressing_changed(form, field);
    else if (strcmp(name, "lock-root") == 0)
        locked_changed(form, field);
    else if (strcmp(name, "image") == 0)
        image_changed(form, field);
}

static const VdArgSpec *spec_find(const VdVerb *verb, const char *name)
{
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        if (strcmp(spec->name, name) == 0)
            return spec;
    }
    return NULL;
}

static void add_field(VdForm *form, const char *name, const VdArgs *args)
{
    const VdArgSpec *spec = spec_find(form->verb, name);
    gboolean own = !spec;
    if (!spec && strcmp(name, "host") == 0)
        spec = &host_spec;
    if (!spec && strcmp(name, "static") == 0 && spec_find(form->verb, "address"))
        spec = &static_spec;
    if (!spec || vd_form_field(form, name))
        return;
    VdField *field = vd_form_add(form, spec, own, args);
    for (guint i = 0; i < G_N_ELEMENTS(empties); i++)
        if (strcmp(empties[i].name, name) == 0 && !spec->required)
            field->empty = empties[i].empty;
}

static void prepare_host(VdForm *form)
{
    VdField *field = vd_form_field(form, "host");
    const VdFleet *fleet = vd_deck_fleet(vd_app_deck(form->dialog.app));
    const VdTarget *target = vd_form_target(form);
    const char *host = target ? target->host : NULL;
    for (guint i = 0; !host && i < fleet->hosts->len; i++) {
        const VdHost *candidate = g_ptr_array_index(fleet->hosts, i);
        if (candidate->state == VD_HOST_UP || candidate->state == VD_HOST_SLOW)
            host = candidate->id;
    }
    if (!field || !host)
        return;
    g_autofree char *copy = g_strdup(host);
    vd_edit_set(&field->edit, copy);
    host_changed(form, field);
}

static void prepare_addressing(VdForm *form, const VdArgs *args)
{
    VdField *field = vd_form_field(form, "static");
    if (!field)
        return;
    field->no = N_("DHCP");
    field->yes = N_("static");
    field->on = args && vd_args_get(args, "address");
    addressing_changed(form, field);
}

static const VdFormButton buttons[] = {
    {N_("Deploy"), VD_KEY_F(2), vd_form_submit},
    {N_("As command"), VD_KEY_F(3), vd_form_show_command},
    {N_("Cancel"), VD_KEY_ESC, vd_form_cancel},
};

VdForm *vd_form_deploy_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                           const VdArgs *args)
{
    VdForm *form =
        vd_form_make(app, verb, targets, _("Deploy a machine"), buttons, G_N_ELEMENTS(buttons));
    form->two_columns = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        add_field(form, order[i], args);
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        add_field(form, spec->name, args);
    prepare_host(form);
    prepare_addressing(form, args);
    form->changed = deploy_changed;
    return form;
}
