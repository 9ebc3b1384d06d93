/* Hosts and machines. Drawing asks only for the rows on the screen, and tells the deck which ones
 * those are, so that dear figures are sampled for them alone. */
#include "config.h"

#include "ui/pane.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/console.h"
#include "ui/grid.h"

/* So long a host may take to connect before its row says that it has not answered. */
#define MUTE_USEC (3 * G_TIME_SPAN_SECOND)

typedef struct {
    VdPane pane;
    VdTree *rows;
    VdGridLayout grid;
    guint height;   /* rows shown last */
    gboolean stale; /* the deck has another fleet */
    guint64 want_hash;
    gboolean told;    /* the groups below */
    guint shown, all; /* VD_GROUP_* */
} FleetPane;

VdTree *vd_pane_fleet_tree(VdPane *pane)
{
    return ((FleetPane *)pane)->rows;
}

/* The live panel shows all there is of the machine under the cursor. */
static void tell_groups(FleetPane *self)
{
    gboolean live = self->pane.app->layout.panes[VD_PANE_LIVE].w > 0;
    guint shown = live ? VD_GROUPS_ALL : vd_grid_groups(&self->grid);
    guint all = vd_tree_groups(self->rows);
    if (self->told && shown == self->shown && all == self->all)
        return;
    self->told = TRUE;
    self->shown = shown;
    self->all = all;
    vd_deck_want_groups(vd_app_deck(self->pane.app), shown, all);
}

/* Told again only when other rows are shown. */
static void tell_wanted(FleetPane *self, guint top, guint n)
{
    g_autoptr(GArray) want = g_array_new(FALSE, FALSE, sizeof(VdDeckRow));
    guint64 hash = n;
    for (guint i = top; i < top + n; i++) {
        const VdTreeRow *row = vd_tree_at(self->rows, i);
        if (!row->vm)
            continue;
        VdDeckRow one = {row->host->id, row->vm->uuid};
        hash = hash * 1099511628211u + g_str_hash(one.uuid) + g_str_hash(one.host);
        g_array_append_val(want, one);
    }
    if (hash == self->want_hash)
        return;
    self->want_hash = hash;
    vd_deck_want(vd_app_deck(self->pane.app), (const VdDeckRow *)(void *)want->data, want->len);
}

/* Whole seconds: an age that shows tenths would never stand still. The caller frees. */
static char *age_text(gint64 span)
{
    gint64 seconds = MAX(0, span) / G_USEC_PER_SEC;
    if (seconds < 60)
        return g_strdup_printf(_("%ds"), (int)seconds);
    return vd_format_duration((guint64)seconds * G_USEC_PER_SEC);
}

static char *duration_since(VdApp *app, gint64 since)
{
    return age_text(vd_app_span(app, since, g_get_monotonic_time()));
}

/* In a row there is room for the reason, not for the address and the row's own name as well.
 * Borrowed from the host. */
static const char *reason(const VdHost *host)
{
    g_autofree char *address = g_strdup_printf(_("Cannot connect to %s: %s"), host->uri, "");
    g_autofree char *name = g_strdup_printf("%s ", host->id);
    const char *text = host->error;
    if (g_str_has_prefix(text, address))
        text += strlen(address);
    return g_str_has_prefix(text, name) ? text + strlen(name) : text;
}

/* Whether it has been asked for a while and has said nothing. */
static gboolean is_mute(VdApp *app, const VdHost *host)
{
    return host->state == VD_HOST_CONNECTING && host->since &&
           vd_app_span(app, host->since, g_get_monotonic_time()) >= MUTE_USEC;
}

/* What stands in place of a host's figures while it has none: why. NULL: it has figures. */
static const char *host_note(VdApp *app, const VdHost *host)
{
    if (host->same_as && host->state == VD_HOST_UP)
        return ""; /* the outlook says whose machines they are */
    if (host->state == VD_HOST_UP || host->state == VD_HOST_SLOW)
        return NULL;
    if (host->state == VD_HOST_OFF)
        return ""; /* its state says so */
    if (host->error)
        return reason(host);
    if (host->state != VD_HOST_CONNECTING)
        return _("does not answer");
    return is_mute(app, host) ? _("no answer yet") : "";
}

/* alone: nothing stands before the parts. The caller frees. */
static char *parts_end(GString *text, gboolean alone)
{
    if (alone && g_str_has_prefix(text->str, " · "))
        g_string_erase(text, 0, (gssize)strlen(" · "));
    return g_string_free(text, FALSE);
}

/* How old its rows are, when it is tried again, and the key that does so now. The caller frees. */
static char *host_outlook(VdApp *app, const VdHost *host)
{
    GString *text = g_string_new(NULL);
    if (host->same_as && host->state == VD_HOST_UP)
        /* TRANSLATORS: another name of the same host: "same as kvm1" */
        g_string_append_printf(text, _("same as %s"), host->same_as);
    if (is_mute(app, host)) {
        g_autofree char *age = duration_since(app, host->since);
        g_string_append_printf(text, " · %s", age);
    }
    gboolean tried = host->state == VD_HOST_CONNECTING;
    if (!tried && host->state != VD_HOST_DOWN && host->state != VD_HOST_OFF)
        return g_string_free(text, FALSE);
    if (host->seen) {
        g_autofree char *age = duration_since(app, host->seen);
        g_string_append(text, " · ");
        /* TRANSLATORS: how old the rows of a host that is down are: "seen 2m ago" */
        g_string_append_printf(text, _("seen %s ago"), age);
    }
    if (tried)
        return parts_end(text, !host->error && !is_mute(app, host));
    gint64 left = host->next_try ? vd_app_span(app, g_get_monotonic_time(), host->next_try) : 0;
    if (left > 0) {
        g_autofree char *wait = age_text(left);
        g_string_append(text, " · ");
        g_string_append_printf(text, _("retry in %s"), wait);
    }
    g_autofree char *key =
        vd_keymap_keys(app->keymap, vd_keymap_find(app->keymap, "host.retry"), 1);
    if (*key) {
        g_string_append(text, " · ");
        /* TRANSLATORS: a key and what it does: "r retries now" */
        g_string_append_printf(
            text, host->state == VD_HOST_OFF ? _("%s connects it") : _("%s retries now"), key);
    }
    return parts_end(text, host->state == VD_HOST_OFF);
}

static char *row_age(VdApp *app, const VdTreeRow *row)
{
    if (row->vm)
        return row->vm->stuck_since ? duration_since(app, row->vm->stuck_since) : NULL;
    gboolean lasts = row->host->state == VD_HOST_DOWN || row->host->state == VD_HOST_SLOW;
    return lasts && row->host->since ? duration_since(app, row->host->since) : NULL;
}

static void draw_row(FleetPane *self, VdCanvas *canvas, VdRect rect, guint i, gboolean focused)
{
    VdApp *app = self->pane.app;
    const VdTreeRow *row = vd_tree_at(self->rows, i);
    float cpu[VD_HISTORY_BUCKETS];
    guint known = vd_deck_history(vd_app_deck(app), row->host->id, row->vm ? row->vm->uuid : NULL,
                                  VD_SERIES_CPU, cpu, VD_HISTORY_BUCKETS);
    g_autofree char *age = row_age(app, row);
    g_autofree char *outlook = row->vm ? NULL : host_outlook(app, row->host);
    VdGridRow drawn = {.row = row,
                       .marked = vd_tree_marked(self->rows, row),
                       .folded = !row->vm && vd_tree_folded(self->rows, row->host->id),
                       .flat = vd_tree_flat(self->rows),
                       .cpu = known ? cpu : NULL,
                       .age = age,
                       .note = row->vm ? NULL : host_note(self->pane.app, row->host),
                       .after = outlook};
    vd_grid_draw_row(&self->grid, canvas, rect.x, rect.y, &drawn);
    gboolean old = row->vm && !vd_host_state_answers(row->host->state);
    if (old)
        vd_canvas_tint(canvas, rect, VD_ROLE_DIM);
    if (i == vd_tree_cursor(self->rows))
        vd_canvas_tint(canvas, rect, focused ? VD_ROLE_CURSOR : VD_ROLE_CURSOR_IDLE);
}

/* Words where rows would be, once it is certain that there are none. */
static void draw_empty(FleetPane *self, VdCanvas *canvas, VdRect rect)
{
    VdDeck *deck = vd_app_deck(self->pane.app);
    VdFleet *fleet = vd_deck_fleet(deck);
    const char *text = NULL;
    if (*vd_tree_filter(self->rows))
        text = _("Nothing fits the filter; Esc clears it.");
    else if (!fleet || !vd_deck_settled(deck))
        text = _("Connecting…");
    else if (fleet->hosts->len == 0)
        text = _("There are no hosts: name some in vmdeck.conf, or with -c URI.");
    else if (vd_tree_flat(self->rows))
        text = _("There are no machines.");
    rect.x++;
    rect.w--;
    vd_canvas_wrap(canvas, rect, VD_ROLE_DIM, text);
}

/* No host has a machine: nothing is filtered, everything has been listed. */
static gboolean nothing_here_yet(const FleetPane *self)
{
    VdDeck *deck = vd_app_deck(self->pane.app);
    const VdFleet *fleet = vd_deck_fleet(deck);
    gboolean up = FALSE;
    for (guint i = 0; fleet && i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        if (host->vms->len > 0)
            return FALSE;
        up |= host->state == VD_HOST_UP && host->listed;
    }
    return up && !*vd_tree_filter(self->rows);
}

/* Who comes for the first time sees what to do next, with the keys as they are bound. */
static void draw_welcome(FleetPane *self, VdCanvas *canvas, VdRect rect)
{
    static const struct {
        const char *command, *text;
    } lines[] = {
        {"image.add", N_("adds an image to deploy from")},
        {"deploy", N_("deploys a machine from an image")},
        {"doctor", N_("checks what this host still needs")},
        {"menu", N_("opens the menu of everything that can be done")},
        {"help", N_("lists the keys")},
    };
    VdApp *app = self->pane.app;
    gboolean images = vd_deck_images(vd_app_deck(app))->len > 0;
    vd_canvas_text(canvas, rect.x, rect.y++, rect.w, VD_ROLE_NORMAL,
                   images ? _("There are no machines yet. To make one:")
                          : _("There are no machines yet, and no images to make them from:"));
    rect.y++;
    for (guint i = images ? 1 : 0; i < G_N_ELEMENTS(lines); i++) {
        const VdCommand *command = vd_keymap_find(app->keymap, lines[i].command);
        g_autofree char *key = command ? vd_keymap_keys(app->keymap, command, 1) : g_strdup("");
        if (!*key)
            continue;
        vd_canvas_text(canvas, rect.x + 2, rect.y, 7, VD_ROLE_KEY, key);
        vd_canvas_text(canvas, rect.x + 9, rect.y++, rect.w - 9, VD_ROLE_DIM, _(lines[i].text));
    }
}

static void draw(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    FleetPane *self = (FleetPane *)pane;
    const VdConf *conf = vd_deck_conf(vd_app_deck(pane->app));
    gboolean flat = vd_tree_flat(self->rows);
    VdFleet *fleet = vd_deck_fleet(vd_app_deck(pane->app));
    vd_grid_layout(&self->grid, rect.w, conf->columns, flat && fleet && fleet->hosts->len > 1);
    self->grid.flat = flat;
    if (rect.h >= 3) {
        vd_grid_draw_head(&self->grid, canvas, rect.x, rect.y, vd_tree_sort(self->rows),
                          vd_tree_inverted(self->rows));
        rect.y++;
        rect.h--;
    }
    guint count = vd_tree_count(self->rows);
    self->height = (guint)MAX(1, rect.h);
    guint top = vd_tree_top(self->rows, self->height);
    guint n = MIN(self->height, count - MIN(top, count));
    for (guint i = 0; i < n; i++)
        draw_row(self, canvas, (VdRect){rect.x, rect.y + (int)i, rect.w, 1}, top + i, focused);
    tell_wanted(self, top, n);
    tell_groups(self);
    if (nothing_here_yet(self))
        draw_welcome(self, canvas,
                     (VdRect){rect.x + 1, rect.y + (int)count + 1, rect.w - 1, rect.h});
    else if (count == 0)
        draw_empty(self, canvas, rect);
}

static void fold(FleetPane *self, gboolean folded)
{
    const VdTreeRow *row = vd_tree_selected(self->rows);
    if (!row || vd_tree_flat(self->rows))
        return;
    if (row->vm && folded) { /* from a machine to its host */
        while (vd_tree_cursor(self->rows) > 0 && vd_tree_selected(self->rows)->vm)
            vd_tree_move(self->rows, -1);
        return;
    }
    if (!row->vm && vd_tree_folded(self->rows, row->host->id) != folded)
        vd_tree_toggle_fold(self->rows, row->host->id);
}

static void mark(FleetPane *self, int count)
{
    for (int i = 0; i < count && vd_tree_selected(self->rows); i++) {
        vd_tree_toggle_mark(self->rows, vd_tree_selected(self->rows));
        if (vd_tree_cursor(self->rows) + 1 >= vd_tree_count(self->rows))
            return;
        vd_tree_move(self->rows, 1);
    }
}

static void sort_by(FleetPane *self, int by)
{
    int n = vd_tree_flat(self->rows) ? VD_SORT_COUNT : VD_SORT_HOST;
    int sort = ((int)vd_tree_sort(self->rows) + by + n) % n;
    vd_tree_set_sort(self->rows, (VdSort)sort, FALSE);
}

static gboolean move(FleetPane *self, VdAction action, int count, gboolean counted)
{
    int page = (int)MAX(1, self->height);
    guint last = vd_tree_count(self->rows);
    switch (action) {
    case VD_DO_UP:
        vd_tree_move(self->rows, -count);
        return TRUE;
    case VD_DO_DOWN:
        vd_tree_move(self->rows, count);
        return TRUE;
    case VD_DO_PAGE_UP:
        vd_tree_move(self->rows, -page * count);
        return TRUE;
    case VD_DO_PAGE_DOWN:
        vd_tree_move(self->rows, page * count);
        return TRUE;
    case VD_DO_TOP:
        vd_tree_set_cursor(self->rows, counted ? (guint)count - 1 : 0);
        return TRUE;
    case VD_DO_BOTTOM:
        vd_tree_set_cursor(self->rows, counted ? (guint)count - 1 : last);
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean open_row(FleetPane *self)
{
    const VdTreeRow *row = vd_tree_selected(self->rows);
    if (!row || row->vm)
        return FALSE;
    vd_tree_toggle_fold(self->rows, row->host->id);
    return TRUE;
}

static gboolean act(VdPane *pane, VdAction action, int count, gboolean counted)
{
    FleetPane *self = (FleetPane *)pane;
    if (move(self, action, count, counted))
        return TRUE;
    switch (action) {
    case VD_DO_LEFT:
    case VD_DO_RIGHT:
        fold(self, action == VD_DO_LEFT);
        return TRUE;
    case VD_DO_OPEN:
        return open_row(self);
    case VD_DO_MARK:
        mark(self, count);
        return TRUE;
    case VD_DO_MARK_INVERT:
        vd_tree_invert_marks(self->rows);
        return TRUE;
    case VD_DO_MARK_NONE:
        vd_tree_clear_marks(self->rows);
        return TRUE;
    case VD_DO_SORT_NEXT:
    case VD_DO_SORT_PREVIOUS:
        sort_by(self, action == VD_DO_SORT_NEXT ? 1 : -1);
        return TRUE;
    case VD_DO_SORT_INVERT:
        vd_tree_set_sort(self->rows, vd_tree_sort(self->rows), !vd_tree_inverted(self->rows));
        return TRUE;
    case VD_DO_FLAT:
        vd_tree_set_flat(self->rows, !vd_tree_flat(self->rows));
        return TRUE;
    default:
        return FALSE;
    }
}

static void click(FleetPane *self, const VdEvent *event)
{
    VdRect rect = self->pane.rect;
    gboolean head = rect.h >= 3;
    if (head && event->y == rect.y) {
        VdSort sort = vd_grid_sort_at(&self->grid, event->x - rect.x);
        gboolean again = sort == vd_tree_sort(self->rows);
        if (sort != VD_SORT_COUNT)
            vd_tree_set_sort(self->rows, sort, again && !vd_tree_inverted(self->rows));
        return;
    }
    guint row = vd_tree_top(self->rows, self->height) + (guint)(event->y - rect.y - (head ? 1 : 0));
    if (row >= vd_tree_count(self->rows))
        return;
    vd_tree_set_cursor(self->rows, row);
    if (event->kind == VD_EVENT_DOUBLE)
        vd_app_key(self->pane.app, VD_KEY_ENTER);
}

static void mouse(VdPane *pane, const VdEvent *event)
{
    FleetPane *self = (FleetPane *)pane;
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN)
        vd_tree_scroll(self->rows, event->kind == VD_EVENT_WHEEL_UP ? -3 : 3, self->height);
    else
        click(self, event);
}

static gboolean changed(VdPane *pane, guint what)
{
    FleetPane *self = (FleetPane *)pane;
    if (!(what & VD_CHANGED_FLEET))
        return FALSE;
    self->stale = TRUE;
    return TRUE;
}

void vd_pane_fleet_sync(VdPane *pane)
{
    FleetPane *self = (FleetPane *)pane;
    if (self->stale)
        vd_tree_set_fleet(self->rows, vd_deck_fleet(vd_app_deck(pane->app)));
    self->stale = FALSE;
}

static VdTargets *targets(VdPane *pane, VdTargetKind kind)
{
    return vd_tree_targets(((FleetPane *)pane)->rows, kind);
}

static void free_pane(VdPane *pane)
{
    vd_tree_free(((FleetPane *)pane)->rows);
    g_free(pane);
}

static const VdPaneClass fleet_class = {.draw = draw,
                                        .act = act,
                                        .mouse = mouse,
                                        .changed = changed,
                                        .targets = targets,
                                        .free = free_pane};

VdPane *vd_pane_fleet_new(VdApp *app)
{
    FleetPane *self = g_new0(FleetPane, 1);
    self->pane = (VdPane){.class = &fleet_class, .app = app};
    self->rows = vd_tree_new();
    vd_tree_set_flat(self->rows, vd_deck_conf(vd_app_deck(app))->flat);
    vd_tree_set_fleet(self->rows, vd_deck_fleet(vd_app_deck(app)));
    return &self->pane;
}
