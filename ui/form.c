/* The form's data: fields, their values, the questions put to the deck about them. An answer that
 * comes late knows its field by place and serial, so that a newer question or a closed form drops
 * it. A form stays open until the deck has taken the request: what was typed is not lost when it
 * is refused. */
#include "config.h"

#include "ui/form.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/forms.h"

/* One question to the deck; holds the form alive until it is answered. */
typedef struct {
    VdForm *form;
    guint field, serial;
} Asked;

static Asked *asked_new(VdForm *form, guint field, guint serial)
{
    Asked *asked = g_new0(Asked, 1);
    asked->form = (VdForm *)vd_dialog_ref(&form->dialog);
    asked->field = field;
    asked->serial = serial;
    vd_app_expect(form->dialog.app);
    return asked;
}

static void asked_free(Asked *asked)
{
    VdForm *form = asked->form;
    vd_app_expected(form->dialog.app);
    vd_app_dirty(form->dialog.app);
    vd_dialog_unref(&form->dialog);
    g_free(asked);
}

/* ---- making ---- */

static void field_free(gpointer data)
{
    VdField *field = data;
    vd_edit_clear(&field->edit);
    g_free(field->message);
    g_free(field->followed);
    g_clear_pointer(&field->choices, g_ptr_array_unref);
    if (field->of) {
        g_free((char *)field->spec->label);
        g_free((VdArgSpec *)field->spec);
    }
    g_free(field);
}

static void form_free(VdDialog *dialog)
{
    VdForm *form = (VdForm *)dialog;
    vd_targets_free(form->targets);
    g_ptr_array_unref(form->fields);
    g_clear_pointer(&form->list.shown, g_ptr_array_unref);
    g_free(form->title);
    g_free(form->note);
    g_free(form->summary);
    g_free(form);
}

static gboolean takes_image(const VdField *field)
{
    return field->spec->type == VD_ARG_IMAGE || field->spec->type == VD_ARG_SCRIPT;
}

/* One was added, or has gone, while the form was open: its list is asked for anew, at once if it is
 * on the screen. */
static gboolean form_told(VdDialog *dialog, guint changed)
{
    VdForm *form = (VdForm *)dialog;
    for (guint i = 0; (changed & VD_CHANGED_IMAGES) && i < form->fields->len; i++) {
        VdField *field = g_ptr_array_index(form->fields, i);
        if (!takes_image(field) || !field->choices)
            continue;
        vd_form_forget_choices(form, field);
        if (vd_form_focused(form) == field)
            vd_form_ask_choices(form, field);
    }
    return FALSE;
}

static const VdDialogClass form_class = {
    .name = "form",
    .measure = vd_form_measure,
    .draw = vd_form_draw,
    .event = vd_form_event,
    .changed = form_told,
    .free = form_free,
    .hint = vd_form_hint,
};

VdForm *vd_form_make(VdApp *app, const VdVerb *verb, const VdTargets *targets, const char *title,
                     const VdFormButton *buttons, guint n_buttons)
{
    VdForm *form = g_new0(VdForm, 1);
    vd_dialog_init(&form->dialog, &form_class);
    form->dialog.app = app;
    form->verb = verb;
    form->targets = vd_targets_copy(targets);
    form->title = g_strdup(title);
    form->fields = g_ptr_array_new_with_free_func(field_free);
    form->buttons = buttons;
    form->n_buttons = n_buttons;
    return form;
}

/* ---- values ---- */

VdField *vd_form_field(VdForm *form, const char *name)
{
    for (guint i = 0; i < form->fields->len; i++) {
        VdField *field = g_ptr_array_index(form->fields, i);
        if (strcmp(field->spec->name, name) == 0)
            return field;
    }
    return NULL;
}

const char *vd_form_value(VdForm *form, const char *name)
{
    const VdField *field = vd_form_field(form, name);
    if (!field || field->off || !*vd_edit_text(&field->edit))
        return NULL;
    return vd_edit_text(&field->edit);
}

const VdTarget *vd_form_target(VdForm *form)
{
    return vd_targets_count(form->targets) ? &vd_targets_at(form->targets, 0)->target : NULL;
}

void vd_form_set(VdForm *form, VdField *field, const char *text)
{
    vd_edit_set(&field->edit, text);
    vd_form_field_changed(form, field);
}

void vd_form_field_changed(VdForm *form, VdField *field)
{
    field->dirty = TRUE;
    field->state = VD_FIELD_PLAIN;
    g_clear_pointer(&field->message, g_free);
    form->typed = TRUE;
    form->leaving = FALSE;
    for (guint i = 0; i < form->fields->len; i++) { /* perhaps this puts another one right */
        VdField *other = g_ptr_array_index(form->fields, i);
        other->dirty = other->dirty || other->state == VD_FIELD_BAD;
    }
    vd_form_say(form, FALSE, NULL);
    if (form->changed)
        form->changed(form, field);
    vd_app_dirty(form->dialog.app);
}

void vd_form_say(VdForm *form, gboolean bad, const char *text)
{
    g_free(form->note);
    form->note = vd_text_clean(text, 1000, FALSE);
    form->note_bad = bad;
}

void vd_form_lacks(VdDialog *dialog, const char *const *secrets)
{
    VdForm *form = (VdForm *)dialog;
    gboolean any = FALSE;
    for (; *secrets; secrets++) {
        VdField *field = vd_form_field(form, *secrets);
        if (!field || field->off)
            continue;
        field->empty = N_("type it again");
        field->again = TRUE;
        field->needed = N_("it was given and is not kept: type it again");
        any = TRUE;
    }
    if (any)
        vd_form_say(form, FALSE, _("Passwords are not kept: type them again."));
}

/* ---- choices ---- */

gboolean vd_field_has_list(const VdField *field)
{
    switch (field->spec->type) {
    case VD_ARG_CHOICE:
    case VD_ARG_IMAGE:
    case VD_ARG_TEMPLATE:
    case VD_ARG_SYSTEM:
    case VD_ARG_HOST:
    case VD_ARG_POOL:
    case VD_ARG_NETWORK:
    case VD_ARG_TIMEZONE:
        return TRUE;
    default: /* others may have suggestions, such as one's keys: known once they have come */
        return field->choices && field->choices->len > 0;
    }
}

/* The only choice, unless something was typed there meanwhile. */
static void take_only(VdForm *form, VdField *field)
{
    gboolean typed = form->typed;
    if (!field->only || field->choices->len != 1 || *vd_edit_text(&field->edit) || field->unclear)
        return;
    field->only = FALSE;
    vd_form_set(form, field, g_ptr_array_index(field->choices, 0));
    form->typed = typed; /* nothing of it is lost by leaving */
    vd_form_check(form, field);
}

static void on_choices(VdDeck *deck, const char *const *choices, gpointer data)
{
    Asked *asked = data;
    VdForm *form = asked->form;
    (void)deck;
    if (!form->dialog.closed) {
        VdField *field = g_ptr_array_index(form->fields, asked->field);
        field->asked = FALSE;
        g_clear_pointer(&field->choices, g_ptr_array_unref);
        field->choices = g_ptr_array_new_with_free_func(g_free);
        for (const char *const *choice = choices; choice && *choice; choice++)
            g_ptr_array_add(field->choices, g_strdup(*choice));
        take_only(form, field);
        if (form->list.open && vd_form_focused(form) == field)
            vd_form_list_fill(form);
        if (field->unclear && vd_form_focused(form) != field)
            vd_form_list_complete(form, field);
        field->unclear = FALSE;
    }
    asked_free(asked);
}

void vd_form_ask_choices(VdForm *form, VdField *field)
{
    guint at = 0;
    if (field->choices || field->asked || !g_ptr_array_find(form->fields, field, &at))
        return;
    g_autoptr(VdArgs) args = vd_form_args(form);
    field->asked = TRUE;
    vd_deck_choices(vd_app_deck(form->dialog.app), form->verb, vd_form_target(form), args,
                    field->spec->name, on_choices, asked_new(form, at, 0));
}

void vd_form_forget_choices(VdForm *form, VdField *field)
{
    (void)form;
    g_clear_pointer(&field->choices, g_ptr_array_unref);
}

/* ---- checks ---- */

static void on_summary(VdDeck *deck, gboolean ok, const char *text, gpointer data)
{
    Asked *asked = data;
    VdForm *form = asked->form;
    (void)deck;
    if (!form->dialog.closed && asked->serial == form->summary_serial) {
        g_free(form->summary);
        form->summary = text ? vd_text_clean(text, 500, FALSE) : NULL;
        form->summary_bad = !ok;
    }
    asked_free(asked);
}

static void ask_summary(VdForm *form)
{
    g_autoptr(VdArgs) args = vd_form_args(form);
    vd_deck_summary(vd_app_deck(form->dialog.app), form->verb, vd_form_target(form), args,
                    on_summary, asked_new(form, 0, ++form->summary_serial));
}

static void submit_now(VdForm *form);

static VdField *first_bad(VdForm *form, guint *ret_at)
{
    for (guint i = 0; i < form->fields->len; i++) {
        VdField *field = g_ptr_array_index(form->fields, i);
        if (field->state == VD_FIELD_BAD && !field->off) {
            *ret_at = i;
            return field;
        }
    }
    return NULL;
}

static void field_answered(VdField *field, gboolean ok, const char *text)
{
    g_free(field->message);
    field->message = text ? vd_text_clean(text, 500, FALSE) : NULL;
    field->state = ok ? VD_FIELD_GOOD : VD_FIELD_BAD;
}

/* All questions are answered: go on with what was waiting for them. */
static void checks_done(VdForm *form)
{
    guint at = 0;
    if (!form->submitting) {
        ask_summary(form);
        return;
    }
    form->submitting = FALSE;
    if (first_bad(form, &at))
        form->focus = at;
    else
        submit_now(form);
}

/* ---- what follows from a field ---- */

/* Nobody has typed into it: it is empty, as it was, or as we left it. */
static gboolean is_untouched(const VdField *field)
{
    const char *text = vd_edit_text(&field->edit);
    return !*text || g_strcmp0(text, field->spec->value) == 0 ||
           g_strcmp0(text, field->followed) == 0;
}

static void follow(VdForm *form, VdField *field, const char *value)
{
    if (!is_untouched(field) || (!value && !field->followed))
        return;
    vd_edit_set(&field->edit, value ? value : field->spec->value ? field->spec->value : "");
    g_free(field->followed);
    field->followed = g_strdup(value);
    field->dirty = TRUE;
    if (field->state != VD_FIELD_PLAIN)
        vd_form_check(form, field);
}

static void on_followed(VdDeck *deck, const VdArgs *values, gpointer data)
{
    Asked *asked = data;
    VdForm *form = asked->form;
    (void)deck;
    if (!form->dialog.closed) {
        const VdField *from = g_ptr_array_index(form->fields, asked->field);
        for (guint i = 0; asked->serial == from->serial && i < form->fields->len; i++) {
            VdField *field = g_ptr_array_index(form->fields, i);
            if (field != from && !field->own && field->spec->type != VD_ARG_FLAG)
                follow(form, field, values ? vd_args_get(values, field->spec->name) : NULL);
        }
        if (--form->waiting == 0)
            checks_done(form);
    }
    asked_free(asked);
}

static void ask_follow(VdForm *form, guint at)
{
    const VdField *field = g_ptr_array_index(form->fields, at);
    g_autoptr(VdArgs) args = vd_form_args(form);
    if (field->spec->type != VD_ARG_SYSTEM)
        return;
    form->waiting++;
    vd_deck_follow(vd_app_deck(form->dialog.app), form->verb, vd_form_target(form), args,
                   field->spec->name, on_followed, asked_new(form, at, field->serial));
}

static void on_checked(VdDeck *deck, gboolean ok, const char *text, gpointer data)
{
    Asked *asked = data;
    VdForm *form = asked->form;
    (void)deck;
    if (!form->dialog.closed) {
        VdField *field = g_ptr_array_index(form->fields, asked->field);
        gboolean fresh = asked->serial == field->serial && field->state == VD_FIELD_CHECKING;
        if (fresh)
            field_answered(field, ok, text);
        if (fresh && ok && text && field == form->left)
            form->told = field;
        /* Who typed a wrong value and Enter goes on typing in its field. */
        if (fresh && !ok && field == form->left && form->entered && !form->submitting &&
            form->focus >= form->fields->len)
            form->focus = asked->field;
        if (fresh && form->judged)
            form->judged(form, field);
        if (fresh && ok)
            ask_follow(form, asked->field);
        if (--form->waiting == 0)
            checks_done(form);
    }
    asked_free(asked);
}

/* A choice of the form's own, such as the host, must be one of those offered. */
/* Why nothing can be begun there: to ask a host that is away would hold up every other question.
 * NULL: it is there, or nobody knows it. The caller frees. */
static char *host_away(VdForm *form, const char *id)
{
    const VdHost *host = vd_fleet_host(vd_deck_fleet(vd_app_deck(form->dialog.app)), id);
    if (!host || vd_host_state_answers(host->state))
        return NULL;
    return host->error ? g_strdup(host->error) : g_strdup_printf(_("%s does not answer."), id);
}

static void check_own(VdForm *form, VdField *field)
{
    const char *text = vd_edit_text(&field->edit);
    g_autofree char *away = field->spec->type == VD_ARG_HOST ? host_away(form, text) : NULL;
    if (away) {
        field_answered(field, FALSE, away);
        return;
    }
    if (!*text || !field->choices || field->spec->type == VD_ARG_FLAG ||
        g_ptr_array_find_with_equal_func(field->choices, text, g_str_equal, NULL)) {
        field_answered(field, TRUE, NULL);
        return;
    }
    g_autofree char *reason = g_strdup_printf(_("There is no %s here."), text);
    field_answered(field, FALSE, reason);
}

/* A password that was given then, and is not wanted any more by what else is in the form. */
static gboolean is_waived(VdForm *form, const VdField *field)
{
    const VdField *locked = vd_form_field(form, "locked"), *user = vd_form_field(form, "user");
    if (!field->again)
        return FALSE;
    if (strcmp(field->spec->name, "password") == 0)
        return locked && locked->on;
    return strcmp(field->spec->name, "user-password") == 0 && user && !*vd_edit_text(&user->edit);
}

gboolean vd_form_misses(VdForm *form, const VdField *field)
{
    return field->needed && !field->off && !*vd_edit_text(&field->edit) && !is_waived(form, field);
}

void vd_form_check(VdForm *form, VdField *field)
{
    guint at = 0;
    if (!field->dirty || field->off || !g_ptr_array_find(form->fields, field, &at))
        return;
    field->dirty = FALSE;
    if (vd_form_misses(form, field)) {
        field_answered(field, FALSE, _(field->needed));
        return;
    }
    if (field->own) {
        check_own(form, field);
        return;
    }
    g_autoptr(VdArgs) args = vd_form_args(form);
    field->state = VD_FIELD_CHECKING;
    form->waiting++;
    vd_deck_check(vd_app_deck(form->dialog.app), form->verb, vd_form_target(form), args,
                  field->spec->name, on_checked, asked_new(form, at, ++field->serial));
}

void vd_form_check_again(VdForm *form)
{
    for (guint i = 0; i < form->fields->len; i++) {
        VdField *field = g_ptr_array_index(form->fields, i);
        field->dirty = TRUE;
        if (field->state != VD_FIELD_PLAIN)
            vd_form_check(form, field);
    }
    ask_summary(form);
}

void vd_form_set_off(VdForm *form, VdField *field, gboolean off)
{
    if (field->off == off)
        return;
    field->off = off;
    field->dirty = TRUE;
    field->state = VD_FIELD_PLAIN;
    g_clear_pointer(&field->message, g_free);
    if (form->told == field)
        form->told = NULL;
}

/* ---- submitting ---- */

static void on_outcome(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    Asked *asked = data;
    VdForm *form = asked->form;
    (void)deck;
    if (!form->dialog.closed) {
        form->sent = FALSE;
        if (outcome->error) {
            g_autofree char *text =
                g_strdup_printf(_("%s (request %s)"), outcome->error->message, outcome->request);
            vd_form_say(form, TRUE, text);
        } else {
            VdApp *app = form->dialog.app;
            if (form->verb->kind == VD_VERB_JOB)
                vd_app_push(app, vd_job_window_new(app, outcome->request));
            vd_app_close(app, &form->dialog);
        }
    }
    asked_free(asked);
}

static void submit_now(VdForm *form)
{
    VdApp *app = form->dialog.app;
    g_autoptr(VdArgs) args = vd_form_args(form);
    if (form->verb->danger || vd_targets_count(form->targets) > 1) {
        vd_app_submit(app, form->verb, form->targets, args);
        vd_app_close(app, &form->dialog);
        return;
    }
    form->sent = TRUE;
    vd_deck_submit(vd_app_deck(app), form->verb, vd_form_target(form), args, on_outcome,
                   asked_new(form, 0, 0));
}

void vd_form_submit(VdForm *form)
{
    guint at = 0;
    if (form->submitting || form->sent)
        return;
    for (guint i = 0; i < form->fields->len; i++)
        vd_form_check(form, g_ptr_array_index(form->fields, i));
    if (form->waiting)
        form->submitting = TRUE;
    else if (first_bad(form, &at))
        form->focus = at;
    else
        submit_now(form);
}

void vd_form_show_command(VdForm *form)
{
    VdApp *app = form->dialog.app;
    g_autoptr(VdArgs) args = vd_form_args(form);
    for (guint i = 0; i < form->fields->len; i++) {
        const VdField *field = g_ptr_array_index(form->fields, i);
        if (field->again && vd_form_misses(form, field)) /* shown as FILE, whatever it is */
            vd_args_set_secret(args, field->spec->name, "?");
    }
    guint n = vd_targets_count(form->targets);
    g_autofree VdTarget *targets = g_new0(VdTarget, n + 1);
    for (guint i = 0; i < n; i++)
        targets[i] = vd_targets_at(form->targets, i)->target;
    g_autofree char *line = vd_deck_as_command(vd_app_deck(app), form->verb, targets, n, args);
    vd_app_push(app, vd_form_command_new(line));
}

void vd_form_cancel(VdForm *form)
{
    vd_app_close(form->dialog.app, &form->dialog);
}

/* ---- focus ---- */

VdField *vd_form_focused(VdForm *form)
{
    return form->focus < form->fields->len ? g_ptr_array_index(form->fields, form->focus) : NULL;
}

void vd_form_focus(VdForm *form, guint focus)
{
    VdField *left = vd_form_focused(form);
    if (focus == form->focus)
        return;
    vd_form_list_close(form);
    form->focus = focus;
    form->left = left;
    if (form->told != left) /* a hint of a field that was left long ago */
        form->told = NULL;
    if (left)
        vd_form_check(form, left);
    for (guint i = 0; i < form->fields->len; i++) {
        VdField *other = g_ptr_array_index(form->fields, i);
        if (other->state == VD_FIELD_BAD || other->state == VD_FIELD_GOOD)
            vd_form_check(form, other); /* if what it depends on has changed */
    }
    VdField *field = vd_form_focused(form);
    if (field)
        field->whole = TRUE;
    if (field && (vd_field_has_list(field) || field->spec->type == VD_ARG_FILE ||
                  (field->spec->many && field->spec->type == VD_ARG_TEXT)))
        vd_form_ask_choices(form, field);
}
