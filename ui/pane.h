/* The parts of the main view. A pane draws in its rectangle and answers actions while it has the
 * focus; it is a struct that begins with a VdPane. Loop thread only. */
#pragma once

#include "ui/app.h"
#include "ui/keymap.h"
#include "ui/tree.h"

typedef enum {
    VD_PANE_FLEET,
    VD_PANE_LIVE,
    VD_PANE_JOBS,
    VD_PANE_IMAGES,
    VD_PANE_LOG,
    VD_PANE_COUNT
} VdPaneId;

typedef struct _VdPane VdPane;

typedef struct {
    /* Draws into rect, to which the canvas is clipped. */
    void (*draw)(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused);
    /* FALSE: not its own. count: how often, at least 1; counted: a count was typed. May be NULL. */
    gboolean (*act)(VdPane *pane, VdAction action, int count, gboolean counted);
    /* A click or the wheel inside its rectangle. May be NULL. */
    void (*mouse)(VdPane *pane, const VdEvent *event);
    /* The deck published something: VD_CHANGED_* bits. May be NULL. TRUE: draw anew. */
    gboolean (*changed)(VdPane *pane, guint changed);
    /* What a verb would act upon. Owned by the caller; NULL or empty: nothing. May be NULL. */
    VdTargets *(*targets)(VdPane *pane, VdTargetKind kind);
    void (*free)(VdPane *pane);
} VdPaneClass;

struct _VdPane {
    const VdPaneClass *class;
    VdApp *app;  /* borrowed */
    VdRect rect; /* where it was drawn last; w 0: it is not shown */
};

/* A cursor in a list of rows that does not know its rows. */
typedef struct {
    guint count, cursor, top, height;
} VdList;

/* Moves by the usual actions (up, down, pages, ends); FALSE: none of them. */
gboolean vd_list_act(VdList *list, VdAction action, int count, gboolean counted);
/* The first row to draw; takes over the number of rows and the height. */
guint vd_list_top(VdList *list, guint count, guint height);
/* The wheel. */
void vd_list_scroll(VdList *list, int by);

/* The panes. Each is freed by its class. */
VdPane *vd_pane_fleet_new(VdApp *app);
VdPane *vd_pane_live_new(VdApp *app);
VdPane *vd_pane_jobs_new(VdApp *app);
VdPane *vd_pane_images_new(VdApp *app);
VdPane *vd_pane_log_new(VdApp *app);
/* The rows behind the pane of hosts and machines. Borrowed. */
VdTree *vd_pane_fleet_tree(VdPane *pane);
/* Takes the deck's fleet over, once for a frame however often it changed: rows stand still between
 * frames, so that a click hits what is seen. */
void vd_pane_fleet_sync(VdPane *pane);
