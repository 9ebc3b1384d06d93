/* The form of a host: a name, an address, and a button that tries the address before it is kept. A
 * trial may take as long as a connection may; the form goes on meanwhile. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "ui/form.h"

typedef struct {
    VdForm *form;
    char *uri; /* that was tried */
} Trial;

/* The value of a column of a document's one row, formatted; NULL: not known. The caller frees. */
static char *told(const VdSection *section, const char *id)
{
    char **row = g_ptr_array_index(section->rows, 0);
    for (guint i = 0; i < section->n_columns; i++)
        if (strcmp(section->columns[i].id, id) == 0 && row[i])
            return vd_value_format(section->columns[i].type, row[i]);
    return NULL;
}

static void add_part(GPtrArray *parts, const VdSection *section, const char *id, const char *format)
{
    g_autofree char *value = told(section, id);
    if (!value)
        return;
    g_auto(GStrv) around = g_strsplit(format, "%s", 2);
    g_ptr_array_add(parts, g_strjoinv(value, around));
}

/* A mistake there is mended in the address, unless people are in another field meanwhile. */
static void go_to_address(VdForm *form)
{
    guint at = 0;
    if (!vd_form_focused(form) && g_ptr_array_find(form->fields, vd_form_field(form, "uri"), &at))
        vd_form_focus(form, at);
}

/* One line of what was found. The caller frees. */
static char *findings(const VdDoc *doc)
{
    const VdSection *section = doc->sections->len ? g_ptr_array_index(doc->sections, 0) : NULL;
    if (!section || section->rows->len == 0)
        return g_strdup(_("It answers."));
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    add_part(parts, section, "hostname", "%s");
    add_part(parts, section, "type", "%s");
    add_part(parts, section, "libvirt", "libvirt %s");
    add_part(parts, section, "cpus", _("%s CPUs"));
    add_part(parts, section, "memory", "%s");
    /* TRANSLATORS: how many machines there are on a host: "Machines: 12" */
    add_part(parts, section, "machines", _("machines: %s"));
    g_ptr_array_add(parts, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)parts->pdata);
    g_autofree char *took = told(section, "answered_in");
    /* TRANSLATORS: a time, then what a host is: "It answers in 0.2s: kvm1, QEMU, 8 CPUs" */
    g_autofree char *found = g_strdup_printf(_("It answers in %s: %s"), took ? took : "?", list);
    g_autofree char *note = told(section, "note");
    return note ? g_strdup_printf("%s. %s", found, note) : g_steal_pointer(&found);
}

static void trial_done(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    Trial *trial = data;
    VdForm *form = trial->form;
    (void)deck;
    /* Another address stands there now: what was found is not of that one. */
    gboolean same = g_strcmp0(vd_form_value(form, "uri"), trial->uri) == 0;
    if (!form->dialog.closed && same) {
        g_autofree char *text = outcome->doc ? findings(outcome->doc) : NULL;
        vd_form_say(form, outcome->error != NULL, outcome->error ? outcome->error->message : text);
        if (outcome->error)
            go_to_address(form);
    }
    vd_app_expected(form->dialog.app);
    vd_app_dirty(form->dialog.app);
    vd_dialog_unref(&form->dialog);
    g_free(trial->uri);
    g_free(trial);
}

static void try_it(VdForm *form)
{
    VdApp *app = form->dialog.app;
    const char *uri = vd_form_value(form, "uri");
    if (!uri) {
        go_to_address(form);
        vd_form_say(form, TRUE, _("There is no address to try yet."));
        return;
    }
    g_autoptr(VdArgs) args = vd_args_new();
    vd_args_set(args, "uri", uri);
    Trial *trial = g_new0(Trial, 1);
    trial->form = (VdForm *)vd_dialog_ref(&form->dialog);
    trial->uri = g_strdup(uri);
    g_autofree char *text = g_strdup_printf(_("Trying %s …"), uri);
    vd_form_say(form, FALSE, text);
    vd_app_expect(app);
    VdTarget none = {.kind = VD_TARGET_NONE};
    vd_deck_submit(vd_app_deck(app), vd_deck_verb("host.test"), &none, args, trial_done, trial);
}

static const VdFormButton keeping[] = {
    {N_("Save"), VD_KEY_F(2), vd_form_submit},
    {N_("Test"), VD_KEY_F(4), try_it},
    {N_("As command"), VD_KEY_F(3), vd_form_show_command},
    {N_("Cancel"), VD_KEY_ESC, vd_form_cancel},
};

static const VdFormButton trying[] = {
    {N_("Test"), VD_KEY_F(2), try_it},
    {N_("As command"), VD_KEY_F(3), vd_form_show_command},
    {N_("Close"), VD_KEY_ESC, vd_form_cancel},
};

gboolean vd_form_is_host(const VdVerb *verb)
{
    static const char *const verbs[] = {"host.add", "host.edit", "host.test", NULL};
    return g_strv_contains(verbs, verb->id);
}

VdForm *vd_form_host_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                         const VdArgs *args)
{
    gboolean keeps = strcmp(verb->id, "host.test") != 0;
    VdForm *form = vd_form_make(app, verb, targets, _(verb->label), keeps ? keeping : trying,
                                keeps ? G_N_ELEMENTS(keeping) : G_N_ELEMENTS(trying));
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        vd_form_add(form, spec, FALSE, args);
    return form;
}
