/* Whatever stands over the main view: a question, a form, a page, a menu. Dialogs are data on a
 * stack in the one loop, never a loop of their own: the topmost gets the events, all are drawn,
 * from the lowest up. A dialog is a struct that begins with a VdDialog. Loop thread only. */
#pragma once

#include "ui/canvas.h"
#include "ui/keys.h"

typedef struct _VdApp VdApp;
typedef struct _VdDialog VdDialog;

typedef enum {
    VD_DIALOG_IGNORED, /* Esc then closes it, everything else is dropped */
    VD_DIALOG_HANDLED, /* drawn anew */
    VD_DIALOG_CLOSE,   /* taken off the stack and released */
} VdDialogResult;

typedef struct {
    const char *name; /* for the log and for tests */
    /* The size it would like, frame included; the app cuts it to max_w by max_h and centres it. */
    void (*measure)(VdDialog *dialog, int max_w, int max_h, int *ret_w, int *ret_h);
    /* Draws frame and inside; rect may be as small as 1 by 1. Clipped to rect. dialog->rect is the
     * same. */
    void (*draw)(VdDialog *dialog, VdCanvas *canvas, VdRect rect);
    VdDialogResult (*event)(VdDialog *dialog, const VdEvent *event);
    /* The deck published something: VD_CHANGED_* bits. May be NULL. TRUE: draw anew. */
    gboolean (*changed)(VdDialog *dialog, guint changed);
    /* About once a second, or ten times if animated is set: clocks, bars that pulse. May be NULL.
     * TRUE: draw anew. */
    gboolean (*tick)(VdDialog *dialog);
    /* Frees what it owns and the struct itself; wipes secrets. */
    void (*free)(VdDialog *dialog);
    /* Keys of its own, shown in the last line in place of the function keys: "Esc hides · c
     * cancels". May be NULL. The caller frees. */
    char *(*hint)(VdDialog *dialog);
} VdDialogClass;

struct _VdDialog {
    const VdDialogClass *class;
    VdApp *app;        /* borrowed; set by vd_app_push() */
    guint refs;        /* 1 for the stack, 1 for each answer awaited */
    gboolean closed;   /* off the stack: an answer that comes now has nobody to tell */
    gboolean animated; /* wants tick ten times a second */
    VdRect rect;       /* where it was drawn last */
    gboolean laid_out; /* it was drawn, so that it knows its size and its rows */
    gboolean shown;    /* in a frame: what is typed from now on is typed by who sees it */
};

/* Fills in the base of a new dialog, with one reference, to be handed to vd_app_push(). */
void vd_dialog_init(VdDialog *dialog, const VdDialogClass *class);
/* Taken for every answer that is awaited, so that closing meanwhile harms nobody: check `closed` in
 * the callback, then unref. NULL is fine. */
VdDialog *vd_dialog_ref(VdDialog *dialog);
void vd_dialog_unref(VdDialog *dialog);
