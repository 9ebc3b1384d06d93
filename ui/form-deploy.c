/* The form "Deploy a machine". It is made from the words of the verb like any other, in an order
 * that puts what belongs together side by side; the host and the way of addressing are fields of
 * its own. Words of the verb that this file does not know follow at the end, so that a new one
 * needs nothing here. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "ui/form.h"

enum { BUTTONS = 4 };

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
    "name",     "host",   "image",    "disk",     "cpus",    "memory",    "pool",
    "network",  "static", "address",  "gateway",  "dns",     "user",      "user-password",
    "password", "locked", "hostname", "timezone", "ssh-key", "firstboot",
};

/* What an empty field means. */
static const struct {
    const char *name, *empty;
} empties[] = {
    {"disk", N_("as needed")},       {"hostname", N_("as the name")},
    {"gateway", N_("none")},         {"dns", N_("none")},
    {"password", N_("the image's")}, {"user", N_("none")},
    {"user-password", N_("none")},   {"ssh-key", N_("none")},
    {"title", N_("none")},           {"timezone", N_("the image's")},
    {"firstboot", N_("none")},       {"parallel", N_("usual")},
};

/* What belongs to a static address, and what only a customised image can have. */
static const char *const by_hand[] = {"address", "gateway", "dns"};
static const char *const customised[] = {"static",    "user",     "user-password", "password",
                                         "locked",    "hostname", "timezone",      "ssh-key",
                                         "firstboot", "engine"};

/* What is judged with the others in sight: a mark of one is of no worth once another has changed.
 */
static const char *const together[][6] = {
    {"network", "address", "gateway", "dns"},
    {"pool", "disk", "whole", "disk-format", "overcommit"},
    {"cpus", "memory", "overcommit"},
    {"user", "password", "locked", "user-password"},
};

static void doubt_others(VdForm *form, const VdField *field)
{
    for (guint i = 0; i < G_N_ELEMENTS(together); i++) {
        const char *const *names = together[i];
        gboolean among = FALSE;
        for (guint n = 0; n < G_N_ELEMENTS(together[i]) && names[n]; n++)
            among = among || strcmp(names[n], field->spec->name) == 0;
        for (guint n = 0; among && n < G_N_ELEMENTS(together[i]) && names[n]; n++) {
            VdField *other = vd_form_field(form, names[n]);
            if (other)
                other->dirty = TRUE;
        }
    }
}

static gboolean is_on(VdForm *form, const char *name)
{
    const VdField *field = vd_form_field(form, name);
    return field && field->on && !field->off;
}

static void set_off(VdForm *form, const char *name, gboolean off)
{
    VdField *field = vd_form_field(form, name);
    if (field)
        vd_form_set_off(form, field, off);
}

/* Greys what makes no sense with the flags as they are. */
static void update_off(VdForm *form)
{
    gboolean as_is = is_on(form, "no-customise");
    for (guint i = 0; i < G_N_ELEMENTS(customised); i++)
        set_off(form, customised[i], as_is);
    for (guint i = 0; i < G_N_ELEMENTS(by_hand); i++)
        set_off(form, by_hand[i], as_is || !is_on(form, "static"));
    set_off(form, "password", as_is || is_on(form, "locked"));
    set_off(form, "user-password", as_is || !vd_form_value(form, "user"));
}

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

/* The chosen image, or NULL. Borrowed until the deck's next change. */
static const VdImage *image_chosen(VdForm *form)
{
    const GPtrArray *images = vd_deck_images(vd_app_deck(form->dialog.app));
    const char *name = vd_form_value(form, "image");
    for (guint i = 0; name && images && i < images->len; i++) {
        const VdImage *image = g_ptr_array_index(images, i);
        if (strcmp(image->name, name) == 0)
            return image;
    }
    return NULL;
}

/* Whether there is something that the chosen image cannot have, whatever is asked for. */
static gboolean image_is_lame(VdForm *form)
{
    const VdImage *image = image_chosen(form);
    return image && image->why_not && vd_form_field(form, "no-grow");
}

/* The button to go on without what a refused image cannot have. */
static void offer_without(VdForm *form)
{
    VdField *field = vd_form_field(form, "image");
    gboolean offer = field && field->state == VD_FIELD_BAD && image_is_lame(form);
    form->n_buttons = offer ? BUTTONS : BUTTONS - 1;
    form->focus = MIN(form->focus, form->fields->len + form->n_buttons - 1);
    if (field)
        field->way_out = offer ? N_("F6 goes on without growing or customising it.") : NULL;
}

static void image_changed(VdForm *form, VdField *field)
{
    for (guint i = 0; i < form->fields->len; i++) /* the size, the zones, the flags depend on it */
        ((VdField *)g_ptr_array_index(form->fields, i))->dirty = TRUE;
    if (image_is_lame(form)) /* not only when it is left: all else depends on the answer */
        vd_form_check(form, field);
}

static void go_without(VdForm *form)
{
    const VdImage *image = image_chosen(form);
    VdField *grow = vd_form_field(form, "no-grow");
    VdField *customise = vd_form_field(form, "no-customise");
    if (grow && image && !image->growable && !grow->on) {
        grow->on = TRUE;
        vd_form_field_changed(form, grow);
    }
    if (customise && !customise->on) {
        customise->on = TRUE;
        vd_form_field_changed(form, customise);
    }
}

/* What an image may have depends on these, and on it whether the image passes. */
static gboolean decides_image(const VdField *field)
{
    static const char *const words[] = {"image", "no-grow", "no-customise", "engine", NULL};
    return g_strv_contains(words, field->spec->name);
}

static void deploy_changed(VdForm *form, VdField *field)
{
    if (strcmp(field->spec->name, "host") == 0)
        host_changed(form, field);
    else if (strcmp(field->spec->name, "image") == 0)
        image_changed(form, field);
    doubt_others(form, field);
    update_off(form);
    if (decides_image(field) && strcmp(field->spec->name, "image") != 0)
        vd_form_check_again(form);
    offer_without(form);
}

static void deploy_judged(VdForm *form, VdField *field)
{
    if (strcmp(field->spec->name, "image") == 0)
        offer_without(form);
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
        if (vd_host_state_answers(candidate->state))
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
    VdField *address = vd_form_field(form, "address");
    address->needed = N_("It takes an address here, such as 192.0.2.7/24; or choose DHCP.");
    address->help = N_("The address with the length of its prefix, such as 192.0.2.7/24.");
}

/* Who has one image need not choose. */
static void prepare_image(VdForm *form)
{
    VdField *field = vd_form_field(form, "image");
    if (!field || *vd_edit_text(&field->edit))
        return;
    field->only = TRUE;
    vd_form_ask_choices(form, field);
}

static const VdFormButton buttons[BUTTONS] = {
    {N_("Deploy"), VD_KEY_F(2), vd_form_submit},
    {N_("As command"), VD_KEY_F(3), vd_form_show_command},
    {N_("Cancel"), VD_KEY_ESC, vd_form_cancel},
    {N_("Go on without"), VD_KEY_F(6), go_without}, /* only for images that need it */
};

VdForm *vd_form_deploy_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                           const VdArgs *args)
{
    VdForm *form = vd_form_make(app, verb, targets, _("Deploy a machine"), buttons, BUTTONS - 1);
    form->two_columns = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(order); i++)
        add_field(form, order[i], args);
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        add_field(form, spec->name, args);
    prepare_host(form);
    prepare_addressing(form, args);
    prepare_image(form);
    update_off(form);
    form->changed = deploy_changed;
    form->judged = deploy_judged;
    return form;
}
