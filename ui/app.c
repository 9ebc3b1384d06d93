/* The console's state and what dialogs and panes may ask of it. Nothing here waits or draws:
 * changes mark the frame as dirty, and the loop draws it. */
#include "config.h"

#include "ui/console.h"

#include <stdarg.h>

#include "src/base/i18n.h"
#include "ui/credentials.h"

static void notice_free(gpointer data)
{
    VdNotice *notice = data;
    g_free(notice->text);
    g_free(notice);
}

VdApp *vd_console_new(VdDeck *deck, GMainContext *context, const VdUiOptions *options,
                      VdTheme *theme, VdKeymap *keymap)
{
    VdApp *app = g_new0(VdApp, 1);
    app->deck = deck;
    app->context = context;
    app->options = options;
    app->theme = theme;
    app->keymap = keymap;
    app->notices = g_ptr_array_new_with_free_func(notice_free);
    app->dialogs = g_ptr_array_new();
    app->paces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    vd_edit_init(&app->filter, "", FALSE);
    app->panes[VD_PANE_FLEET] = vd_pane_fleet_new(app);
    app->panes[VD_PANE_LIVE] = vd_pane_live_new(app);
    app->panes[VD_PANE_JOBS] = vd_pane_jobs_new(app);
    app->panes[VD_PANE_IMAGES] = vd_pane_images_new(app);
    app->panes[VD_PANE_LOG] = vd_pane_log_new(app);
    return app;
}

void vd_console_free(VdApp *app)
{
    if (app->asking)
        g_source_destroy(app->asking);
    g_clear_pointer(&app->asking, g_source_unref);
    g_clear_pointer(&app->canvas, vd_canvas_free); /* first: no frame is due any more */
    while (app->dialogs->len > 0)
        vd_app_close(app, vd_console_top(app));
    g_ptr_array_unref(app->dialogs);
    for (guint i = 0; i < VD_PANE_COUNT; i++)
        app->panes[i]->class->free(app->panes[i]);
    g_ptr_array_unref(app->notices);
    g_hash_table_unref(app->paces);
    vd_edit_clear(&app->filter);
    g_free(app->message);
    g_free(app->summary);
    g_free(app);
}

VdTree *vd_console_tree(VdApp *app)
{
    return vd_pane_fleet_tree(app->panes[VD_PANE_FLEET]);
}

GPtrArray *vd_console_notices(VdApp *app)
{
    return app->notices;
}

void vd_console_add_notice(VdApp *app, const char *text)
{
    VdNotice *notice = g_new0(VdNotice, 1);
    notice->time = g_get_real_time();
    notice->bad = TRUE;
    notice->text = g_strdup(text);
    g_ptr_array_add(app->notices, notice);
    vd_app_say(app, TRUE, "%s", text);
}

VdPane *vd_console_focus(VdApp *app)
{
    static const VdPaneId panes[VD_VIEW_COUNT] = {VD_PANE_FLEET, VD_PANE_JOBS, VD_PANE_IMAGES,
                                                  VD_PANE_LOG};
    return app->panes[app->view == VD_VIEW_MACHINES ? app->focus : panes[app->view]];
}

VdDialog *vd_console_top(VdApp *app)
{
    if (app->dialogs->len == 0)
        return NULL;
    return g_ptr_array_index(app->dialogs, app->dialogs->len - 1);
}

/* Those that came since the last time; what went well does not hide what went wrong with another
 * one and was not read yet. */
static void show_notices(VdApp *app)
{
    GPtrArray *notices = vd_deck_notices(app->deck);
    guint first = notices->len;
    while (first > 0 &&
           ((const VdNotice *)g_ptr_array_index(notices, first - 1))->time != app->noticed)
        first--;
    for (guint i = first; i < notices->len; i++) {
        const VdNotice *notice = g_ptr_array_index(notices, i);
        app->noticed = notice->time;
        if (notice->bad || !app->message || !app->message_bad)
            vd_app_say(app, notice->bad, "%s", notice->text);
    }
}

void vd_app_heard(VdApp *app)
{
    GPtrArray *notices = vd_deck_notices(app->deck);
    if (notices->len > 0)
        app->noticed = ((const VdNotice *)g_ptr_array_index(notices, notices->len - 1))->time;
}

/* ---- what hosts ask ---- */

/* Somebody who types would answer without having read. */
#define HANDS_REST_MS 700

static void show_question(VdApp *app);

static gboolean hands_rest(gpointer data)
{
    VdApp *app = data;
    g_clear_pointer(&app->asking, g_source_unref);
    show_question(app);
    return G_SOURCE_REMOVE;
}

static void show_question(VdApp *app)
{
    GPtrArray *questions = vd_deck_questions(app->deck);
    const VdDialog *top = vd_console_top(app);
    gint64 rest = (g_get_monotonic_time() - app->key_time) / 1000;
    if (questions->len == 0 || app->asking ||
        (top && g_strcmp0(top->class->name, "credentials") == 0))
        return;
    if (rest >= HANDS_REST_MS || !app->key_time) {
        for (guint i = 0; i < questions->len; i++)
            if (vd_question_open(g_ptr_array_index(questions, i))) {
                vd_app_push(app, vd_credentials_new(g_ptr_array_index(questions, i)));
                return;
            }
        return;
    }
    app->asking = g_timeout_source_new((guint)(HANDS_REST_MS - rest));
    g_source_set_callback(app->asking, hands_rest, app, NULL);
    g_source_attach(app->asking, app->context);
}

void vd_console_changed(VdApp *app, guint changed)
{
    gboolean dirty = FALSE;
    for (guint i = 0; i < VD_PANE_COUNT; i++) {
        VdPane *pane = app->panes[i];
        if (pane->class->changed && pane->class->changed(pane, changed))
            dirty = TRUE;
    }
    for (guint i = 0; i < app->dialogs->len; i++) {
        VdDialog *dialog = g_ptr_array_index(app->dialogs, i);
        if (dialog->class->changed && dialog->class->changed(dialog, changed))
            dirty = TRUE;
    }
    if (changed & (VD_CHANGED_FLEET | VD_CHANGED_JOBS))
        g_clear_pointer(&app->summary, g_free);
    if (changed & VD_CHANGED_QUESTION)
        show_question(app);
    if (changed & VD_CHANGED_NOTICE)
        show_notices(app);
    if (dirty)
        vd_app_dirty(app);
    vd_console_stir(app);
}

void vd_app_push(VdApp *app, VdDialog *dialog)
{
    dialog->app = app;
    g_ptr_array_add(app->dialogs, dialog);
    vd_app_dirty(app);
}

void vd_app_close(VdApp *app, VdDialog *dialog)
{
    if (!g_ptr_array_remove(app->dialogs, dialog))
        return;
    dialog->closed = TRUE;
    vd_dialog_unref(dialog);
    vd_app_dirty(app);
}

VdDeck *vd_app_deck(VdApp *app)
{
    return app->deck;
}

gboolean vd_app_ascii(VdApp *app)
{
    return app->canvas && vd_canvas_ascii(app->canvas);
}

void vd_app_say(VdApp *app, gboolean bad, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_free(app->message);
    app->message = g_strdup_vprintf(format, list);
    va_end(list);
    app->message_bad = bad;
    app->message_time = g_get_monotonic_time();
    vd_app_dirty(app);
}

void vd_app_expect(VdApp *app)
{
    app->expected++;
}

void vd_app_expected(VdApp *app)
{
    g_return_if_fail(app->expected > 0);
    app->expected--;
    vd_console_stir(app);
}

VdTargets *vd_app_targets(VdApp *app, VdTargetKind kind)
{
    VdPane *pane = vd_console_focus(app);
    gboolean fleet = kind == VD_TARGET_VM || kind == VD_TARGET_HOST;
    /* The live panel shows what the tree has under its cursor. */
    if (fleet && app->view == VD_VIEW_MACHINES && app->focus != VD_PANE_JOBS)
        pane = app->panes[VD_PANE_FLEET];
    VdTargets *targets = pane->class->targets ? pane->class->targets(pane, kind) : NULL;
    return targets ? targets : vd_targets_new(kind);
}

gboolean vd_app_do(VdApp *app, const char *name)
{
    const VdCommand *command = vd_keymap_find(app->keymap, name);
    return command && vd_console_do(app, command);
}

void vd_app_key(VdApp *app, guint32 key)
{
    VdEvent event = {.kind = VD_EVENT_KEY, .key = key};
    vd_console_event(app, &event);
}

gint64 vd_app_clock(VdApp *app)
{
    return app->options->clock ? app->options->clock * G_USEC_PER_SEC : g_get_real_time();
}

gint64 vd_app_span(VdApp *app, gint64 from, gint64 to)
{
    return app->options->clock ? 0 : to - from;
}

guint vd_app_phase(VdApp *app)
{
    return app->options->clock ? 0 : app->phase;
}

VdPace *vd_app_pace(VdApp *app, const char *job)
{
    VdPace *pace = g_hash_table_lookup(app->paces, job);
    if (pace)
        return pace;
    pace = g_new0(VdPace, 1);
    g_hash_table_insert(app->paces, g_strdup(job), pace);
    return pace;
}
