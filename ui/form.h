/* A form: fields made from the words that a verb takes, each checked as it is left, with a row of
 * buttons. Only for the files ui/form*.c; the door is ui/forms.h. Loop thread only. */
#pragma once

#include "ui/app.h"
#include "ui/edit.h"

typedef struct _VdForm VdForm;

typedef enum {
    VD_FIELD_PLAIN, /* not checked yet */
    VD_FIELD_CHECKING,
    VD_FIELD_GOOD,
    VD_FIELD_BAD,
} VdFieldState;

typedef struct {
    const VdArgSpec *spec; /* static, or owned by a tick */
    const VdArgSpec *of;   /* a tick: the argument that gets its name as a value, else NULL */
    gboolean own;          /* the form's, no argument of the verb */
    const char *empty;     /* N_(): what it means to leave it empty, or NULL. Static */
    const char *needed;    /* N_(): what to say when it is empty and must not be, or NULL. Static */
    gboolean again;        /* a password that was given once, to be typed again */
    const char *help;      /* N_(): what it is for, instead of the spec's; or NULL. Static */
    const char *yes, *no;  /* N_(): a flag drawn as two choices, or NULL. Static */
    VdEdit edit;
    gboolean on;    /* VD_ARG_FLAG */
    gboolean off;   /* makes no sense now: greyed, skipped, not submitted */
    gboolean dirty; /* changed since it was checked */
    VdFieldState state;
    guint serial;        /* of the last check: an older answer is dropped */
    char *message;       /* hint or reason, or NULL */
    const char *way_out; /* N_(): what to do about the reason, or NULL. Static */
    GPtrArray *choices;  /* char *; NULL: not asked yet */
    gboolean unclear;    /* left before its choices came: completed when they do */
    gboolean asked;      /* choices are on their way */
    char *followed;      /* what was put in because of another field, or NULL */
    gboolean only;       /* where there is one choice it is taken */
    gboolean whole; /* entered and not touched: what is typed replaces a usual value or a choice */
    VdRect label, place; /* where they were drawn; w 0: not */
} VdField;

typedef struct {
    const char *label; /* N_() */
    guint32 key;       /* anywhere in the form; VD_KEY_NONE: none */
    void (*press)(VdForm *form);
} VdFormButton;

/* The drop-down list of the field with the focus. */
typedef struct {
    gboolean open;
    gboolean typed;   /* filter by what is in the field */
    GPtrArray *shown; /* char *, borrowed from the field's choices */
    guint at, first;
    VdRect rect;
} VdFormList;

struct _VdForm {
    VdDialog dialog; /* must be first */
    const VdVerb *verb;
    VdTargets *targets;
    char *title;
    gboolean two_columns; /* where there is room */
    GPtrArray *fields;    /* VdField */
    guint focus;          /* a field; fields->len + n: a button */
    const VdFormButton *buttons;
    guint n_buttons;
    VdRect button_rects[4];
    VdFormList list;
    guint waiting;       /* checks not answered yet */
    gboolean submitting; /* waits for them, then submits */
    gboolean sent;       /* submitted: waits for the outcome */
    gboolean typed;      /* there is something to lose */
    gboolean leaving;    /* Esc was pressed once */
    const VdField *left; /* the one that had the focus last, or NULL */
    const VdField *told; /* the one whose hint came last, or NULL */
    gboolean entered;    /* the last key was the Enter that left it for a button */
    char *note;          /* form-wide words, or NULL */
    gboolean note_bad;
    char *summary; /* one line on what will happen, or NULL */
    gboolean summary_bad;
    guint summary_serial;
    int scroll; /* first row shown */
    /* After a value changed; after a check was answered. May be NULL. */
    void (*changed)(VdForm *form, VdField *field);
    void (*judged)(VdForm *form, VdField *field);
};

/* ---- ui/form.c: making, values, checks, submitting ---- */

/* An empty form; the buttons are static. The title is copied. */
VdForm *vd_form_make(VdApp *app, const VdVerb *verb, const VdTargets *targets, const char *title,
                     const VdFormButton *buttons, guint n_buttons);
/* Adds a field with the spec's default, or with the value of args (may be NULL). Owned by the
 * form. */
VdField *vd_form_add(VdForm *form, const VdArgSpec *spec, gboolean own, const VdArgs *args);
/* Adds a tick for each choice of an argument that takes several. */
void vd_form_add_ticks(VdForm *form, const VdArgSpec *spec, const VdArgs *args);
/* By the spec's name, or NULL. */
VdField *vd_form_field(VdForm *form, const char *name);
/* It is empty and must not be: not the user's password without a user, nor root's who is locked. */
gboolean vd_form_misses(VdForm *form, const VdField *field);
/* The text of a field, NULL if it is empty or off. Borrowed. */
const char *vd_form_value(VdForm *form, const char *name);
/* What was filled in. The caller frees, which wipes the secrets. */
VdArgs *vd_form_args(VdForm *form);
/* The target that is asked about and submitted to: the first one, or NULL. Borrowed. */
const VdTarget *vd_form_target(VdForm *form);
/* Puts a text into a field as if it had been typed. */
void vd_form_set(VdForm *form, VdField *field, const char *text);
/* To be called after a field's value changed. */
void vd_form_field_changed(VdForm *form, VdField *field);
/* Asks for the choices of a field, once. */
void vd_form_ask_choices(VdForm *form, VdField *field);
/* Choices must be asked anew: what they depend on changed. */
void vd_form_forget_choices(VdForm *form, VdField *field);
/* Checks a field if it changed; the answer comes later. */
void vd_form_check(VdForm *form, VdField *field);
/* Checks anew all that has been checked, because what it depends on changed; the summary follows.
 */
void vd_form_check_again(VdForm *form);
/* Says whether a field makes sense now; what was found wrong with it before counts no more. */
void vd_form_set_off(VdForm *form, VdField *field, gboolean off);
/* Form-wide words; NULL: none. */
void vd_form_say(VdForm *form, gboolean bad, const char *text);
/* Buttons' work: check everything, then submit; show the command line; close. */
void vd_form_submit(VdForm *form);
void vd_form_show_command(VdForm *form);
void vd_form_cancel(VdForm *form);
/* The field with the focus, or NULL. */
VdField *vd_form_focused(VdForm *form);
/* Moves the focus, which checks the field that is left. */
void vd_form_focus(VdForm *form, guint focus);
gboolean vd_field_has_list(const VdField *field);

/* ---- ui/form-list.c: the drop-down list ---- */
void vd_form_list_open(VdForm *form, gboolean typed);
void vd_form_list_close(VdForm *form);
/* Made anew from the choices and what is typed. */
void vd_form_list_fill(VdForm *form);
void vd_form_list_draw(VdForm *form, VdCanvas *canvas, VdRect rect);
/* TRUE if the event was the list's. */
gboolean vd_form_list_event(VdForm *form, const VdEvent *event);
/* Completes what was typed into a field if it fits one of its choices alone. */
void vd_form_list_complete(VdForm *form, VdField *field);
/* Puts the line under the list's cursor into the field and closes the list. */
void vd_form_list_take(VdForm *form);

/* ---- ui/form-draw.c, ui/form-events.c: of the dialog's class ---- */
void vd_form_measure(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h);
void vd_form_draw(VdDialog *dialog, VdCanvas *canvas, VdRect rect);
VdDialogResult vd_form_event(VdDialog *dialog, const VdEvent *event);
char *vd_form_hint(VdDialog *dialog);

/* ---- the shapes ---- */
VdForm *vd_form_deploy_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                           const VdArgs *args);
VdForm *vd_form_args_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                         const VdArgs *args);
/* Of host.add, host.edit and host.test. */
gboolean vd_form_is_host(const VdVerb *verb);
VdForm *vd_form_host_new(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                         const VdArgs *args);
/* A box that shows a command line, broken so that it can be pasted. */
VdDialog *vd_form_command_new(const char *command);
