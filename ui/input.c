/* Events find their way: to the topmost dialog, else to the filter while it is typed, else through
 * the keymap to an action or a verb. Esc peels one layer at a time. */
#include "config.h"

#include "ui/console.h"

#include "src/base/i18n.h"

static void dialog_event(VdApp *app, VdDialog *dialog, const VdEvent *event)
{
    vd_dialog_ref(dialog);
    VdDialogResult result = dialog->class->event(dialog, event);
    gboolean escape = event->kind == VD_EVENT_KEY && event->key == VD_KEY_ESC;
    if (result == VD_DIALOG_CLOSE || (result == VD_DIALOG_IGNORED && escape))
        vd_app_close(app, dialog);
    if (result != VD_DIALOG_IGNORED)
        vd_app_dirty(app);
    vd_dialog_unref(dialog);
}

static void set_filter(VdApp *app, const char *text)
{
    vd_edit_set(&app->filter, text);
    vd_tree_set_filter(vd_console_tree(app), text);
}

/* TRUE: the key was the filter's. */
static gboolean filter_key(VdApp *app, guint32 key)
{
    VdTree *rows = vd_console_tree(app);
    switch (key) {
    case VD_KEY_ENTER:
        app->filtering = FALSE;
        if (vd_tree_filter_problem(rows))
            vd_app_say(app, TRUE, "%s", vd_tree_filter_problem(rows));
        return TRUE;
    case VD_KEY_ESC:
        app->filtering = FALSE;
        set_filter(app, "");
        return TRUE;
    case VD_KEY_UP:
    case VD_KEY_DOWN:
        vd_tree_move(rows, key == VD_KEY_UP ? -1 : 1);
        return TRUE;
    default:
        break;
    }
    if (!vd_edit_key(&app->filter, key))
        return FALSE;
    vd_tree_set_filter(rows, vd_edit_text(&app->filter));
    return TRUE;
}

static void stop_count(VdApp *app)
{
    app->count = 0;
    if (!app->count_timer)
        return;
    g_source_destroy(app->count_timer);
    g_clear_pointer(&app->count_timer, g_source_unref);
}

/* A digit may begin a count (5j) or name a view (2): if nothing follows within half a second, it
 * was a view. */
enum { COUNT_MS = 500 };

static gboolean count_timeout(gpointer data)
{
    VdApp *app = data;
    vd_console_count_ended(app);
    return G_SOURCE_REMOVE;
}

static void digit(VdApp *app, guint value)
{
    guint count = MIN(app->count * 10 + value, 99999);
    stop_count(app);
    app->count = count;
    app->count_timer = g_timeout_source_new(COUNT_MS);
    g_source_set_callback(app->count_timer, count_timeout, app, NULL);
    g_source_attach(app->count_timer, app->context);
}

void vd_console_count_ended(VdApp *app)
{
    guint count = app->count;
    stop_count(app);
    /* Of several that were typed quickly the last one counts. */
    g_autofree char *name = g_strdup_printf("%u", count % 10);
    guint32 key = vd_key_parse(name);
    const VdCommand *command = key ? vd_keymap_lookup(app->keymap, key, 0) : NULL;
    if (command)
        vd_console_do(app, command);
    vd_app_dirty(app);
}

/* One layer, from the lightest on. FALSE: there was nothing left to close. */
static gboolean peel(VdApp *app)
{
    VdTree *rows = vd_console_tree(app);
    if (app->count)
        stop_count(app);
    else if (app->message)
        g_clear_pointer(&app->message, g_free);
    else if (vd_tree_marks(rows))
        vd_tree_clear_marks(rows);
    else if (*vd_tree_filter(rows))
        set_filter(app, "");
    else if (app->zoomed)
        app->zoomed = FALSE;
    else if (app->view != VD_VIEW_MACHINES)
        app->view = VD_VIEW_MACHINES;
    else
        return FALSE;
    return TRUE;
}

/* Whether a number before the key says how far: else it was the name of a view, typed quickly. */
static gboolean takes_count(VdApp *app, guint32 key)
{
    const VdCommand *command = vd_keymap_lookup(app->keymap, key, 0);
    if (!command || command->verb)
        return FALSE;
    switch (command->action) {
    case VD_DO_UP:
    case VD_DO_DOWN:
    case VD_DO_PAGE_UP:
    case VD_DO_PAGE_DOWN:
    case VD_DO_TOP:
    case VD_DO_BOTTOM:
        return TRUE;
    default:
        return FALSE;
    }
}

static void command_key(VdApp *app, guint32 key)
{
    const VdCommand *command = NULL;
    const VdCommand *last = NULL;
    if (app->count && !takes_count(app, key))
        vd_console_count_ended(app);
    for (guint n = 0; (command = vd_keymap_lookup(app->keymap, key, n)); n++) {
        if (!vd_console_answers(app, command, key))
            continue;
        last = command;
        if (vd_console_do(app, command))
            break;
    }
    if (!command && last)
        vd_app_say(app, FALSE, _("%s has nothing to work on here."), _(last->label));
    stop_count(app);
}

/* Nothing is left to take back: who pressed Ctrl-C wants to leave. */
static void tell_quit(VdApp *app)
{
    const VdCommand *quit = vd_keymap_find(app->keymap, "quit");
    g_autofree char *keys = quit ? vd_keymap_keys(app->keymap, quit, 0) : g_strdup("");
    vd_app_say(app, FALSE, _("%s: leaves the console; jobs go on."), *keys ? keys : ":quit");
}

static void main_key(VdApp *app, guint32 key, gboolean interrupt)
{
    gint64 now = g_get_monotonic_time();
    gboolean after_escape = app->escaped && now - app->escaped < G_USEC_PER_SEC;
    app->escaped = 0;
    if (key == VD_KEY_ESC) {
        gboolean peeled = peel(app);
        app->escaped = peeled || interrupt ? 0 : now;
        if (!peeled && interrupt)
            tell_quit(app);
        return;
    }
    g_clear_pointer(&app->message, g_free);
    if (after_escape && key >= '0' && key <= '9') {
        command_key(app, key == '0' ? VD_KEY_F(10) : VD_KEY_F(key - '0'));
        return;
    }
    if ((key >= '1' && key <= '9') || (key == '0' && app->count)) {
        digit(app, key - '0');
        return;
    }
    command_key(app, key);
}

static void mouse_event(VdApp *app, const VdEvent *event)
{
    VdRect foot = app->layout.foot;
    gboolean wheel = event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN;
    if (!wheel && vd_event_inside(event, foot.x, foot.y, foot.w, foot.h)) {
        gboolean keys = !app->message && !app->filtering && !app->count;
        g_clear_pointer(&app->message, g_free);
        if (keys && event->kind == VD_EVENT_CLICK)
            command_key(app, vd_console_foot_key(app, event->x));
        return;
    }
    for (guint i = 0; i < VD_PANE_COUNT; i++) {
        VdPane *pane = app->panes[i];
        if (!vd_event_inside(event, pane->rect.x, pane->rect.y, pane->rect.w, pane->rect.h))
            continue;
        if (app->view == VD_VIEW_MACHINES && !wheel)
            app->focus = (VdPaneId)i;
        if (pane->class->mouse)
            pane->class->mouse(pane, event);
        return;
    }
}

/* Repainting and stopping work wherever the keys go otherwise. */
static gboolean always(VdApp *app, const VdEvent *event)
{
    if (event->kind != VD_EVENT_KEY || event->pasted || event->key >= ' ')
        return FALSE;
    const VdCommand *command = vd_keymap_lookup(app->keymap, event->key, 0);
    if (!command || (command->action != VD_DO_REPAINT && command->action != VD_DO_SUSPEND))
        return FALSE;
    return vd_console_do(app, command);
}

/* Keys that come at once, from a slow line or a quick hand, mean what they would mean one by one: a
 * list that just opened or changed has to know its rows before one moves in it. Text needs none of
 * that, and may be long. */
static void catch_up(VdApp *app, const VdDialog *top, const VdEvent *event)
{
    gboolean text = event->kind == VD_EVENT_KEY && event->key >= ' ' && event->key < VD_KEY_UP;
    if (!app->unseen || !app->canvas || event->pasted)
        return;
    if (!text || (top && !top->laid_out))
        vd_console_lay_out(app);
}

void vd_console_event(VdApp *app, const VdEvent *event)
{
    VdDialog *top = vd_console_top(app);
    vd_console_stir(app);
    catch_up(app, top, event);
    app->unseen = TRUE;
    if (event->kind == VD_EVENT_KEY)
        app->key_time = g_get_monotonic_time();
    if (always(app, event))
        return;
    if (top) {
        dialog_event(app, top, event);
        return;
    }
    vd_app_dirty(app);
    if (event->kind != VD_EVENT_KEY)
        mouse_event(app, event);
    else if (app->filtering && filter_key(app, event->key))
        return;
    else if (!event->pasted)
        main_key(app, event->key, event->interrupt);
}
