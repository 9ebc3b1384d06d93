/* What was done and what went wrong, newest first: the deck's notices and the console's own. */
#include "config.h"

#include "ui/pane.h"

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/console.h"
#include "ui/figures.h"
#include "ui/page.h"

typedef struct {
    VdPane pane;
    VdList list;
} LogPane;

static guint count_of(VdApp *app)
{
    return vd_deck_notices(vd_app_deck(app))->len + vd_console_notices(app)->len;
}

/* Newest first; the console's own, from its start, come last. */
static const VdNotice *notice_at(VdApp *app, guint i)
{
    GPtrArray *deck = vd_deck_notices(vd_app_deck(app));
    if (i < deck->len)
        return g_ptr_array_index(deck, deck->len - 1 - i);
    return g_ptr_array_index(vd_console_notices(app), i - deck->len);
}

static const char *time_text(char *buffer, VdApp *app, const VdNotice *notice)
{
    gint64 shown = vd_app_span(app, 0, notice->time) ? notice->time : vd_app_clock(app);
    return vd_figure_time(buffer, shown, TRUE);
}

static void draw_row(VdApp *app, VdCanvas *canvas, VdRect rect, const VdNotice *notice)
{
    char time[VD_FIGURE_SIZE];
    time_text(time, app, notice);
    int x = rect.x + 1;
    x += vd_canvas_text(canvas, x, rect.y, 9, VD_ROLE_DIM, time) + 1;
    if (rect.w >= 60) {
        vd_canvas_text(canvas, x, rect.y, 9, VD_ROLE_DIM, notice->request);
        x += 10;
    }
    vd_canvas_text(canvas, x, rect.y, rect.x + rect.w - x,
                   notice->bad ? VD_ROLE_NOTICE_BAD : VD_ROLE_NOTICE, notice->text);
}

static void draw(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    LogPane *self = (LogPane *)pane;
    guint count = count_of(pane->app);
    vd_canvas_rule(canvas, rect.x, rect.y, rect.w, focused ? VD_ROLE_TITLE_FOCUS : VD_ROLE_TITLE,
                   _("log"));
    rect.y++;
    rect.h--;
    if (count == 0)
        vd_canvas_text(canvas, rect.x + 1, rect.y, rect.w - 2, VD_ROLE_DIM, _("Nothing yet."));
    guint top = vd_list_top(&self->list, count, (guint)MAX(rect.h, 1));
    for (guint i = top; i < count && (int)(i - top) < rect.h; i++) {
        VdRect line = {rect.x, rect.y + (int)(i - top), rect.w, 1};
        draw_row(pane->app, canvas, line, notice_at(pane->app, i));
        if (i == self->list.cursor)
            vd_canvas_tint(canvas, line, VD_ROLE_CURSOR);
    }
}

static gboolean open_notice(LogPane *self)
{
    VdApp *app = self->pane.app;
    if (self->list.cursor >= count_of(app))
        return FALSE;
    const VdNotice *notice = notice_at(app, self->list.cursor);
    char time[VD_FIGURE_SIZE];
    time_text(time, app, notice);
    g_autofree char *more = vd_text_more(notice->text, notice->detail);
    g_autofree char *text =
        g_strdup_printf("%s  %s\n\n%s\n%s%s", time, notice->request ? notice->request : "",
                        notice->text, more ? "\n" : "", more ? more : "");
    vd_app_push(app, vd_page_new_text(_("Notice"), text, TRUE));
    return TRUE;
}

static gboolean act(VdPane *pane, VdAction action, int count, gboolean counted)
{
    LogPane *self = (LogPane *)pane;
    if (vd_list_act(&self->list, action, count, counted))
        return TRUE;
    return action == VD_DO_OPEN && open_notice(self);
}

static void mouse(VdPane *pane, const VdEvent *event)
{
    LogPane *self = (LogPane *)pane;
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        vd_list_scroll(&self->list, event->kind == VD_EVENT_WHEEL_UP ? -3 : 3);
        return;
    }
    self->list.cursor = self->list.top + (guint)MAX(0, event->y - pane->rect.y - 1);
    if (event->kind == VD_EVENT_DOUBLE)
        open_notice(self);
}

static gboolean changed(VdPane *pane, guint changes)
{
    (void)pane;
    return (changes & VD_CHANGED_NOTICE) != 0;
}

static VdTargets *targets(VdPane *pane, VdTargetKind kind)
{
    LogPane *self = (LogPane *)pane;
    if (kind != VD_TARGET_REQUEST || self->list.cursor >= count_of(pane->app))
        return NULL;
    const VdNotice *notice = notice_at(pane->app, self->list.cursor);
    VdTargets *one = vd_targets_new(kind);
    if (notice->request)
        vd_targets_add(one, NULL, notice->request, notice->request);
    return one;
}

static void free_pane(VdPane *pane)
{
    g_free(pane);
}

static const VdPaneClass log_class = {.draw = draw,
                                      .act = act,
                                      .mouse = mouse,
                                      .changed = changed,
                                      .targets = targets,
                                      .free = free_pane};

VdPane *vd_pane_log_new(VdApp *app)
{
    LogPane *self = g_new0(LogPane, 1);
    self->pane = (VdPane){.class = &log_class, .app = app};
    return &self->pane;
}
