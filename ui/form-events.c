/* Keys and clicks in a form. Every printable character belongs to the field with the focus, so that
 * commands are on Tab, Enter, Esc, the arrows and function keys alone. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/form.h"

/* The next field that takes the focus, or a button; stops at both ends. */
static void focus_step(VdForm *form, int by)
{
    int last = (int)(form->fields->len + form->n_buttons) - 1;
    int at = (int)form->focus;
    for (;;) {
        at += by;
        if (at < 0 || at > last)
            return;
        const VdField *field =
            at < (int)form->fields->len ? g_ptr_array_index(form->fields, (guint)at) : NULL;
        if (!field || !field->off)
            break;
    }
    vd_form_focus(form, (guint)at);
}

/* Tab goes round. */
static void focus_tab(VdForm *form, int by)
{
    guint before = form->focus, last = form->fields->len + form->n_buttons - 1;
    focus_step(form, by);
    if (form->focus != before)
        return;
    vd_form_focus(form, by > 0 ? 0 : last);
    const VdField *field = vd_form_focused(form);
    if (field && field->off)
        focus_step(form, 1);
}

/* A field that can only be one of its list: what is typed is looked up there. */
static gboolean is_closed(const VdField *field)
{
    return vd_field_has_list(field) && field->spec->type != VD_ARG_FILE &&
           field->spec->type != VD_ARG_SCRIPT && !field->spec->many;
}

/* "deb" and Tab are enough where one choice matches, even if the choices are still on their way. */
static void take_if_clear(VdForm *form)
{
    VdField *field = vd_form_focused(form);
    gboolean typed = field && form->list.open && form->list.typed && is_closed(field) &&
                     *vd_edit_text(&field->edit);
    if (typed && form->list.shown && form->list.shown->len == 1)
        vd_form_list_take(form);
    else if (typed && field->asked)
        field->unclear = TRUE;
    vd_form_list_close(form);
}

static void cycle(VdForm *form, VdField *field, int by)
{
    guint at = 0;
    if (!field->choices || field->choices->len == 0)
        return;
    int n = (int)field->choices->len;
    int now = g_ptr_array_find_with_equal_func(field->choices, vd_edit_text(&field->edit),
                                               g_str_equal, &at)
                  ? (int)at
                  : -1;
    int next = now < 0 ? (by > 0 ? 0 : n - 1) : (now + by + n) % n;
    vd_form_set(form, field, g_ptr_array_index(field->choices, (guint)next));
}

static gboolean flag_key(VdForm *form, VdField *field, guint32 key)
{
    gboolean sideways = key == VD_KEY_LEFT || key == VD_KEY_RIGHT;
    if (field->yes && sideways)
        field->on = key == VD_KEY_RIGHT;
    else if (key == ' ' || sideways)
        field->on = !field->on;
    else
        return FALSE;
    vd_form_field_changed(form, field);
    return TRUE;
}

/* Whether a text is the usual one, or what followed from another field, or one of those that a list
 * offers; before they have come any may be. */
static gboolean is_choice(const VdField *field, const char *text)
{
    if (!text || !*text || g_strcmp0(text, field->spec->value) == 0 ||
        g_strcmp0(text, field->followed) == 0)
        return text && *text;
    return is_closed(field) && (!field->choices || g_ptr_array_find_with_equal_func(
                                                       field->choices, text, g_str_equal, NULL));
}

static gboolean edit_key(VdForm *form, VdField *field, guint32 key)
{
    g_autofree char *before = field->edit.hidden ? NULL : g_strdup(vd_edit_text(&field->edit));
    if (field->whole && vd_key_printable(key) && is_choice(field, before))
        vd_edit_set(&field->edit, "");
    field->whole = FALSE;
    if (!vd_edit_key(&field->edit, key))
        return FALSE;
    if (before && strcmp(before, vd_edit_text(&field->edit)) == 0)
        return TRUE; /* the cursor moved */
    vd_form_field_changed(form, field);
    if (is_closed(field))
        vd_form_list_open(form, TRUE);
    return TRUE;
}

static gboolean field_key(VdForm *form, VdField *field, guint32 key)
{
    if (field->spec->type == VD_ARG_FLAG)
        return flag_key(form, field, key);
    if (field->spec->type == VD_ARG_CHOICE && (key == VD_KEY_LEFT || key == VD_KEY_RIGHT)) {
        cycle(form, field, key == VD_KEY_RIGHT ? 1 : -1);
        return TRUE;
    }
    if (vd_field_has_list(field) && (key == VD_KEY_ENTER || key == VD_KEY_F(4))) {
        vd_form_list_open(form, FALSE);
        return TRUE;
    }
    return edit_key(form, field, key);
}

static gboolean button_key(VdForm *form, guint32 key)
{
    const VdFormButton *button = &form->buttons[form->focus - form->fields->len];
    if (key == VD_KEY_LEFT || key == VD_KEY_RIGHT) {
        focus_step(form, key == VD_KEY_RIGHT ? 1 : -1);
        return TRUE;
    }
    if (key != VD_KEY_ENTER && key != ' ')
        return FALSE;
    button->press(form);
    return TRUE;
}

static gboolean move_key(VdForm *form, guint32 key)
{
    switch (key) {
    case VD_KEY_TAB:
        take_if_clear(form);
        focus_tab(form, 1);
        return TRUE;
    case VD_KEY_BACKTAB:
        take_if_clear(form);
        focus_tab(form, -1);
        return TRUE;
    case VD_KEY_DOWN:
    case VD_KEY_ENTER:
        form->entered = key == VD_KEY_ENTER && form->focus < form->fields->len;
        focus_step(form, 1);
        return TRUE;
    case VD_KEY_UP:
        focus_step(form, -1);
        return TRUE;
    default:
        return FALSE;
    }
}

static VdDialogResult escape(VdForm *form)
{
    if (form->sent || !form->typed || form->leaving)
        return VD_DIALOG_CLOSE;
    vd_form_say(form, FALSE, _("Press Esc once more to drop what was typed."));
    form->leaving = TRUE;
    return VD_DIALOG_HANDLED;
}

static VdDialogResult key_event(VdForm *form, guint32 key)
{
    VdField *field = vd_form_focused(form);
    form->entered = FALSE;
    if (form->sent && key != VD_KEY_ESC) /* the request is under way: only the outcome changes it */
        return VD_DIALOG_HANDLED;
    for (guint i = 0; i < form->n_buttons; i++) {
        if (form->buttons[i].key == key && key != VD_KEY_ESC) {
            take_if_clear(form);
            form->buttons[i].press(form);
            return VD_DIALOG_HANDLED;
        }
    }
    if (key == VD_KEY_ESC)
        return escape(form);
    if (field && field_key(form, field, key))
        return VD_DIALOG_HANDLED;
    if (!field && button_key(form, key))
        return VD_DIALOG_HANDLED;
    return move_key(form, key) ? VD_DIALOG_HANDLED : VD_DIALOG_IGNORED;
}

static gboolean rect_has(const VdEvent *event, VdRect r)
{
    return r.w > 0 && vd_event_inside(event, r.x, r.y, r.w, r.h);
}

static void click_field(VdForm *form, guint at)
{
    VdField *field = g_ptr_array_index(form->fields, at);
    gboolean again = form->focus == at;
    vd_form_focus(form, at);
    if (field->spec->type == VD_ARG_FLAG) {
        field->on = !field->on;
        vd_form_field_changed(form, field);
    } else if (vd_field_has_list(field) && (again || is_closed(field))) {
        vd_form_list_open(form, FALSE);
    }
}

static void click(VdForm *form, const VdEvent *event)
{
    for (guint i = 0; i < form->n_buttons; i++) {
        if (rect_has(event, form->button_rects[i])) {
            vd_form_focus(form, form->fields->len + i);
            form->buttons[i].press(form);
            return;
        }
    }
    for (guint i = 0; i < form->fields->len; i++) {
        const VdField *field = g_ptr_array_index(form->fields, i);
        if (!field->off && (rect_has(event, field->place) || rect_has(event, field->label))) {
            click_field(form, i);
            return;
        }
    }
}

/* What is pasted types into the field and does nothing else: no line feed in it submits. */
static void paste(VdForm *form, guint32 key)
{
    VdField *field = vd_form_focused(form);
    if (!form->sent && field && field->spec->type != VD_ARG_FLAG && vd_key_printable(key))
        edit_key(form, field, key);
}

VdDialogResult vd_form_event(VdDialog *dialog, const VdEvent *event)
{
    VdForm *form = (VdForm *)dialog;
    if (event->kind == VD_EVENT_KEY && event->pasted) {
        paste(form, event->key);
        return VD_DIALOG_HANDLED;
    }
    if (form->list.open && vd_form_list_event(form, event))
        return VD_DIALOG_HANDLED;
    switch (event->kind) {
    case VD_EVENT_KEY:
        return key_event(form, event->key);
    case VD_EVENT_CLICK:
        if (!form->sent)
            click(form, event);
        return VD_DIALOG_HANDLED;
    case VD_EVENT_WHEEL_UP:
    case VD_EVENT_WHEEL_DOWN:
        focus_step(form, event->kind == VD_EVENT_WHEEL_UP ? -1 : 1);
        return VD_DIALOG_HANDLED;
    default:
        return VD_DIALOG_HANDLED;
    }
}

char *vd_form_hint(VdDialog *dialog)
{
    const VdForm *form = (const VdForm *)dialog;
    const VdField *field = vd_form_focused((VdForm *)dialog);
    if (form->list.open)
        return g_strdup(_("Enter takes it · Esc closes the list"));
    if (field && vd_field_has_list(field))
        return g_strdup(_("Tab next · Enter list · Esc cancel"));
    if (field && field->spec->type == VD_ARG_FLAG)
        return g_strdup(_("Tab next · Space changes it · Esc cancel"));
    return g_strdup(_("Tab next · Esc cancel"));
}
