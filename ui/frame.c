/* One frame: header, panes, foot, dialogs, all on the canvas. A frame costs what is shown, not what
 * the fleet holds; the header's counts are made when the fleet changes. */
#include "config.h"

#include "ui/console.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/figures.h"
#include "ui/term.h"

/* Figures that come more rarely than this are told of. */
enum { FELT_MS = 1800 };

/* ---- header ---- */

typedef struct {
    guint hosts, down, off, vms, up, stuck, jobs;
    guint interval_ms; /* the rarest figures of a host, 0: as usual */
} Counts;

static void count_fleet(VdApp *app, Counts *counts)
{
    VdFleet *fleet = vd_deck_fleet(app->deck);
    for (guint h = 0; fleet && h < fleet->hosts->len; h++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, h);
        counts->hosts++;
        counts->down += host->state == VD_HOST_DOWN;
        counts->vms += host->vms->len;
        counts->off += host->state == VD_HOST_OFF;
        if (vd_host_state_answers(host->state)) { /* else nobody sees how they are now */
            counts->up += host->vms->active;
            counts->stuck += host->vms->stuck;
        }
        counts->interval_ms = MAX(counts->interval_ms, host->interval_ms);
    }
    GPtrArray *jobs = vd_deck_jobs(app->deck);
    for (guint i = 0; jobs && i < jobs->len; i++)
        counts->jobs += !vd_job_state_ended(((const VdJob *)g_ptr_array_index(jobs, i))->state);
}

static const char *summary(VdApp *app)
{
    if (app->summary)
        return app->summary;
    Counts n = {0};
    count_fleet(app, &n);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, ngettext("%u host", "%u hosts", n.hosts), n.hosts);
    if (n.down) {
        g_string_append_c(text, ' ');
        g_string_append_printf(text, ngettext("%u down", "%u down", n.down), n.down);
    }
    if (n.off) {
        g_string_append_c(text, ' ');
        g_string_append_printf(text, ngettext("%u disconnected", "%u disconnected", n.off), n.off);
    }
    g_string_append(text, " · ");
    g_string_append_printf(text, ngettext("%u VM", "%u VMs", n.vms), n.vms);
    g_string_append_c(text, ' ');
    /* TRANSLATORS: how many machines run: "214 VMs 198 up" */
    g_string_append_printf(text, ngettext("%u up", "%u up", n.up), n.up);
    if (n.stuck) {
        g_string_append_c(text, ' ');
        g_string_append_printf(text, ngettext("%u stuck", "%u stuck", n.stuck), n.stuck);
    }
    if (n.jobs) {
        g_string_append(text, " · ");
        g_string_append_printf(text, ngettext("%u job", "%u jobs", n.jobs), n.jobs);
    }
    if (n.interval_ms >= FELT_MS) {
        guint seconds = (n.interval_ms + 500) / 1000;
        g_string_append(text, " · ");
        /* TRANSLATORS: a host answers slowly, so that it is asked for figures so rarely */
        g_string_append_printf(text, ngettext("figures every %us", "figures every %us", seconds),
                               seconds);
    }
    app->summary = g_string_free(text, FALSE);
    return app->summary;
}

/* Marks and filter: what makes the list other than the fleet. The caller frees. */
static char *condition(VdApp *app)
{
    VdTree *rows = vd_console_tree(app);
    GString *text = g_string_new(NULL);
    guint marks = vd_tree_marks(rows);
    if (marks)
        g_string_append_printf(text, ngettext(" · %u marked", " · %u marked", marks), marks);
    if (*vd_tree_filter(rows))
        g_string_append_printf(text, " · /%s (%u)", vd_tree_filter(rows), vd_tree_matched(rows));
    VdTermLine line;
    vd_term_line(&line);
    if (line.thin) {
        /* TRANSLATORS: the line to this terminal is slow, so that new figures are drawn so rarely
         */
        g_string_append_printf(text, _(" · thin line, drawn every %.1fs"),
                               (double)line.interval / G_USEC_PER_SEC);
    }
    return g_string_free(text, FALSE);
}

static void draw_header(VdApp *app, VdRect rect)
{
    vd_canvas_fill(app->canvas, rect, VD_ROLE_HEADER);
    char clock[VD_FIGURE_SIZE];
    vd_figure_time(clock, vd_app_clock(app), FALSE);
    g_autofree char *right = g_strdup_printf("%s  %s ", vd_deck_person(app->deck), clock);
    int right_width = vd_text_width(right);
    int x = rect.x + 1, end = rect.x + rect.w;
    if (rect.w >= 60) {
        vd_canvas_text_right(app->canvas, end - right_width, rect.y, right_width, VD_ROLE_HEADER,
                             right);
        end -= right_width + 1;
        x += vd_canvas_text(app->canvas, x, rect.y, end - x, VD_ROLE_HEADER, "vmdeck") + 2;
    }
    x += vd_canvas_text(app->canvas, x, rect.y, end - x, VD_ROLE_HEADER, summary(app));
    g_autofree char *more = condition(app);
    vd_canvas_text(app->canvas, x, rect.y, end - x, VD_ROLE_HEADER, more);
}

/* ---- foot ---- */

/* What a key would do here; NULL: nothing. */
static const VdCommand *command_of(VdApp *app, guint32 key)
{
    const VdCommand *command = NULL;
    for (guint n = 0; (command = vd_keymap_lookup(app->keymap, key, n)); n++)
        if (vd_console_answers(app, command, key) && vd_console_can(app, command))
            return command;
    return NULL;
}

enum { FOOT_KEYS = 10 };

typedef struct {
    guint32 key;
    const VdCommand *command; /* NULL: not shown */
    int x, width;
} FootKey;

/* The function keys that do something here, from left to right; where there is not room for all,
 * the least important are left out. */
static void lay_foot(VdApp *app, VdRect rect, FootKey keys[FOOT_KEYS])
{
    static const guint least_first[FOOT_KEYS] = {7, 4, 5, 6, 3, 8, 2, 9, 10, 1};
    int total = 0;
    for (guint i = 0; i < FOOT_KEYS; i++) {
        guint32 key = VD_KEY_F(i + 1);
        const VdCommand *command = command_of(app, key);
        int width = command ? (i < 9 ? 3 : 4) + vd_text_width(_(command->label)) : 0;
        keys[i] = (FootKey){key, command, 0, width};
        total += width;
    }
    for (guint i = 0; i < FOOT_KEYS && total > rect.w + 1; i++) {
        FootKey *key = &keys[least_first[i] - 1];
        total -= key->width;
        key->command = NULL;
        key->width = 0;
    }
    int x = rect.x;
    for (guint i = 0; i < FOOT_KEYS; i++) {
        keys[i].x = x;
        x += keys[i].width;
    }
}

static void draw_keys(VdApp *app, VdRect rect)
{
    FootKey keys[FOOT_KEYS];
    lay_foot(app, rect, keys);
    for (guint i = 0; i < FOOT_KEYS; i++) {
        if (!keys[i].command)
            continue;
        g_autofree char *name = vd_key_name(keys[i].key);
        int used = vd_canvas_text(app->canvas, keys[i].x, rect.y, 3, VD_ROLE_KEY, name);
        vd_canvas_text(app->canvas, keys[i].x + used, rect.y, keys[i].width - used - 1,
                       VD_ROLE_KEY_LABEL, _(keys[i].command->label));
    }
}

guint32 vd_console_foot_key(VdApp *app, int x)
{
    FootKey keys[FOOT_KEYS];
    lay_foot(app, app->layout.foot, keys);
    for (guint i = 0; i < FOOT_KEYS; i++)
        if (keys[i].command && x >= keys[i].x && x < keys[i].x + keys[i].width)
            return keys[i].key;
    return VD_KEY_NONE;
}

static void draw_filter(VdApp *app, VdRect rect)
{
    const char *problem = vd_tree_filter_problem(vd_console_tree(app));
    int width = MIN(rect.w - 1, 48);
    if (problem) /* which has the room that is not needed */
        width = MIN(width, vd_text_width(vd_edit_text(&app->filter)) + 2);
    vd_canvas_put(app->canvas, rect.x, rect.y, VD_ROLE_KEY, '/');
    vd_edit_draw(&app->filter, app->canvas, rect.x + 1, rect.y, width, VD_ROLE_FIELD_FOCUS, TRUE);
    if (problem)
        vd_canvas_text(app->canvas, rect.x + width + 2, rect.y, rect.w - width - 2,
                       VD_ROLE_NOTICE_BAD, problem);
    else if (rect.w > 60)
        vd_canvas_text(app->canvas, rect.x + 51, rect.y, rect.w - 51, VD_ROLE_DIM,
                       _("Enter keeps it · Esc clears"));
}

/* In as many lines as it needs, over what is above; only where half the screen is too little it is
 * cut off, and the log has all of it. */
static void draw_message(VdApp *app, VdRect rect)
{
    VdRole role = app->message_bad ? VD_ROLE_NOTICE_BAD : VD_ROLE_NOTICE;
    VdRect inside = {rect.x + 1, rect.y, MAX(1, rect.w - 2), 1};
    int needed = vd_canvas_wrap(NULL, inside, role, app->message);
    inside.h = CLAMP(needed, 1, MAX(1, vd_canvas_height(app->canvas) / 2));
    inside.y -= inside.h - 1;
    vd_canvas_fill(app->canvas, (VdRect){rect.x, inside.y, rect.w, inside.h}, role);
    vd_canvas_wrap(app->canvas, inside, role, app->message);
    if (needed > inside.h)
        vd_canvas_put(app->canvas, rect.x + rect.w - 1, rect.y, role, 0x2026);
}

static void draw_foot(VdApp *app, VdRect rect)
{
    VdDialog *top = vd_console_top(app);
    if (top) {
        g_autofree char *hint = top->class->hint ? top->class->hint(top) : NULL;
        vd_canvas_text(app->canvas, rect.x + 1, rect.y, rect.w - 1, VD_ROLE_DIM,
                       hint ? hint : _("Esc closes this"));
    } else if (app->filtering) {
        draw_filter(app, rect);
    } else if (app->count) {
        vd_canvas_printf(app->canvas, rect.x + 1, rect.y, rect.w - 1, VD_ROLE_KEY, "%u",
                         app->count);
    } else if (app->message) {
        draw_message(app, rect);
    } else {
        draw_keys(app, rect);
    }
}

/* ---- all of it ---- */

static void draw_panes(VdApp *app)
{
    for (guint i = 0; i < VD_PANE_COUNT; i++) {
        VdPane *pane = app->panes[i];
        pane->rect = app->layout.panes[i];
        if (pane->rect.w <= 0 || pane->rect.h <= 0)
            continue;
        vd_canvas_clip(app->canvas, &pane->rect);
        pane->class->draw(pane, app->canvas, pane->rect, pane == vd_console_focus(app));
    }
    vd_canvas_clip(app->canvas, NULL);
}

static void draw_dialog(VdApp *app, VdDialog *dialog, int width, int height)
{
    int w = width, h = height;
    int max_h = height > 3 ? height - 1 : height; /* the foot keeps its line for hints */
    if (dialog->class->measure)
        dialog->class->measure(dialog, width, max_h, &w, &h);
    w = CLAMP(w, 1, width);
    h = CLAMP(h, 1, max_h);
    dialog->rect = (VdRect){(width - w) / 2, (max_h - h) / 2, w, h};
    vd_canvas_clip(app->canvas, &dialog->rect);
    vd_canvas_set_cursor(app->canvas, -1, -1);
    vd_canvas_set_ground(app->canvas, VD_ROLE_DIALOG);
    dialog->class->draw(dialog, app->canvas, dialog->rect);
    dialog->laid_out = TRUE;
    vd_canvas_set_ground(app->canvas, VD_ROLE_NORMAL);
    vd_canvas_clip(app->canvas, NULL);
}

void vd_console_lay_out(VdApp *app)
{
    VdCanvas *canvas = app->canvas;
    int width = vd_canvas_width(canvas), height = vd_canvas_height(canvas);
    vd_pane_fleet_sync(app->panes[VD_PANE_FLEET]);
    vd_canvas_clear(canvas);
    vd_layout(&app->layout, width, height, app->view, app->focus, app->zoomed);
    if (app->layout.header.w > 0)
        draw_header(app, app->layout.header);
    draw_panes(app);
    if (app->layout.divider_x >= 0)
        vd_canvas_vline(canvas, app->layout.divider_x, 1, height - 2, VD_ROLE_TITLE);
    if (app->layout.foot.w > 0)
        draw_foot(app, app->layout.foot);
    for (guint i = 0; i < app->dialogs->len; i++)
        draw_dialog(app, g_ptr_array_index(app->dialogs, i), width, height);
    app->unseen = FALSE;
}

void vd_console_draw(VdApp *app)
{
    vd_console_lay_out(app);
    for (guint i = 0; i < app->dialogs->len; i++)
        ((VdDialog *)g_ptr_array_index(app->dialogs, i))->shown = TRUE;
}
