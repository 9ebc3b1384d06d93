/* The state of the console, shared by the files that make it up: app.c (what dialogs may ask),
 * input.c (events), dispatch.c and question.c (verbs), frame.c (drawing), loop.c (sources). Loop
 * thread only. */
#pragma once

#include "ui/app.h"
#include "ui/edit.h"
#include "ui/keymap.h"
#include "ui/layout.h"
#include "ui/meter.h"
#include "ui/pane.h"
#include "ui/theme.h"
#include "ui/ui.h"

struct _VdApp {
    /* given */
    VdDeck *deck;          /* (borrowed) */
    GMainContext *context; /* (borrowed) */
    const VdUiOptions *options;
    VdTheme *theme;
    VdKeymap *keymap;
    GPtrArray *notices; /* VdNotice: mistakes in theme and keys */

    /* what is shown */
    VdCanvas *canvas;
    VdPane *panes[VD_PANE_COUNT];
    VdLayout layout;
    VdView view;
    VdPaneId focus; /* in the view of machines */
    gboolean zoomed;
    GPtrArray *dialogs; /* VdDialog, the topmost last */
    char *message;      /* or NULL */
    gboolean message_bad;
    gint64 message_time; /* monotonic */
    gint64 noticed;      /* the time of the deck's last notice that was looked at */
    GHashTable *paces;   /* job id → VdPace: the remaining times that are shown */
    char *summary;       /* of the fleet, for the header; made anew when it changes */

    /* what is typed */
    gboolean filtering; /* keys go to the filter */
    VdEdit filter;
    guint count;          /* 5j: 5; 0: none */
    GSource *count_timer; /* until a lone digit switches the view */
    gint64 escaped;       /* monotonic time of an Esc that had nothing to close */

    /* the loop */
    GMainLoop *loop;
    GSource *asking; /* a question waits until the hands rest */
    gint64 key_time; /* monotonic time of the last key */
    GSource *frame_source, *idle_source, *animation;
    gboolean dirty;
    gboolean key_waits; /* the next frame answers a key */
    gboolean unseen;    /* something was typed since all was laid out */
    gboolean listed;    /* a frame has shown what all hosts have, or that they are away */
    VdMeter meter;
    gint64 frame_time; /* monotonic time of the last frame */
    guint64 frames;
    guint phase;
    guint expected; /* answers awaited */
    int status;     /* exit status */
};

/* ---- app.c ---- */

VdApp *vd_console_new(VdDeck *deck, GMainContext *context, const VdUiOptions *options,
                      VdTheme *theme, VdKeymap *keymap);
void vd_console_free(VdApp *app);
/* The rows of hosts and machines. Borrowed. */
VdTree *vd_console_tree(VdApp *app);
/* The console's own notices (VdNotice), oldest first. Borrowed. */
GPtrArray *vd_console_notices(VdApp *app);
void vd_console_add_notice(VdApp *app, const char *text);
/* The pane with the keys. */
VdPane *vd_console_focus(VdApp *app);
/* Of the deck: hands the change on to panes and dialogs. */
void vd_console_changed(VdApp *app, guint changed);
/* The topmost dialog, or NULL. */
VdDialog *vd_console_top(VdApp *app);

/* What the deck has told up to now is not shown by itself any more. */
void vd_app_heard(VdApp *app);

/* ---- input.c ---- */

void vd_console_event(VdApp *app, const VdEvent *event);
/* A lone digit was typed a while ago: it switches the view. */
void vd_console_count_ended(VdApp *app);

/* ---- dispatch.c ---- */

/* One request for each target; what comes of it is shown. */
void vd_console_submit(VdApp *app, const VdVerb *verb, const VdTargets *targets,
                       const VdArgs *args);
/* Runs a command of the keymap; FALSE: it does not suit what is under the cursor. */
gboolean vd_console_do(VdApp *app, const VdCommand *command);
/* Whether a key means this command in the view at hand: a function key shows the details of what is
 * listed there, not of a host that is not seen. */
gboolean vd_console_answers(VdApp *app, const VdCommand *command, guint32 key);
/* Whether it suits what is under the cursor now. */
gboolean vd_console_can(VdApp *app, const VdCommand *command);

/* ---- frame.c ---- */

/* Draws everything on app->canvas, to be shown. */
void vd_console_draw(VdApp *app);
/* The same for the program itself: lists and pages learn what they hold, and dialogs that nobody
 * has seen yet stay unseen. */
void vd_console_lay_out(VdApp *app);
/* The key that the foot shows at this cell, VD_KEY_NONE: none. */
guint32 vd_console_foot_key(VdApp *app, int x);

/* ---- loop.c ---- */

/* The program did something: when it comes to rest, whoever tests it is told. */
void vd_console_stir(VdApp *app);
/* Ends the loop. */
void vd_console_quit(VdApp *app, int status);
