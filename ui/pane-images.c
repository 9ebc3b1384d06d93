/* What machines are made from, in one list of three parts: the images that are here, what the
 * catalogues offer, and the scripts of the first boot. */
#include "config.h"

#include "ui/pane.h"

#include "src/base/i18n.h"
#include "src/base/text.h"

typedef enum { ROW_NONE, ROW_HEAD, ROW_IMAGE, ROW_OFFER, ROW_SCRIPT } RowKind;

typedef struct {
    VdPane pane;
    VdList list;
    int above; /* lines before the list */
    RowKind kind;
    char *name; /* what is under the cursor, with its kind; NULL: nothing */
} ImagesPane;

/* The parts as they are now; each but the first has a line of its own as its head. */
typedef struct {
    const GPtrArray *images, *offers, *scripts;
} Parts;

static Parts parts_of(VdApp *app)
{
    VdDeck *deck = vd_app_deck(app);
    return (Parts){vd_deck_images(deck), vd_deck_offers(deck), vd_deck_scripts(deck)};
}

static guint count_of(const GPtrArray *part)
{
    return part ? part->len : 0;
}

static guint rows_of(const GPtrArray *part)
{
    return count_of(part) ? count_of(part) + 1 : 0;
}

static guint count_rows(const Parts *parts)
{
    return count_of(parts->images) + rows_of(parts->offers) + rows_of(parts->scripts);
}

/* What stands in a row; *ret_what: the image, offer or script, or the head's words. Borrowed. */
static RowKind row_at(const Parts *parts, guint row, gconstpointer *ret_what)
{
    *ret_what = NULL;
    if (row < count_of(parts->images)) {
        *ret_what = g_ptr_array_index(parts->images, row);
        return ROW_IMAGE;
    }
    row -= count_of(parts->images);
    const GPtrArray *part = row < rows_of(parts->offers) ? parts->offers : parts->scripts;
    gboolean offers = part == parts->offers && rows_of(parts->offers) > 0;
    if (!offers)
        row -= rows_of(parts->offers);
    if (row >= rows_of(part))
        return ROW_NONE;
    if (row == 0) {
        *ret_what = offers ? _("offered by the catalogues") : _("first-boot scripts");
        return ROW_HEAD;
    }
    *ret_what = g_ptr_array_index(part, row - 1);
    return offers ? ROW_OFFER : ROW_SCRIPT;
}

static const char *name_of(RowKind row, gconstpointer what)
{
    switch (row) {
    case ROW_IMAGE:
        return ((const VdImage *)what)->name;
    case ROW_OFFER:
        return ((const VdOffer *)what)->name;
    case ROW_SCRIPT:
        return ((const VdScript *)what)->name;
    default:
        return NULL;
    }
}

static gboolean is_under(const ImagesPane *self, const Parts *parts, guint row)
{
    gconstpointer what = NULL;
    RowKind kind = row_at(parts, row, &what);
    return kind == self->kind && g_strcmp0(name_of(kind, what), self->name) == 0;
}

/* The cursor goes along with what it is on, when other things come or go. */
static void follow(ImagesPane *self, const Parts *parts)
{
    guint count = count_rows(parts);
    if (!self->name || is_under(self, parts, self->list.cursor))
        return;
    for (guint i = 0; i < count; i++)
        if (is_under(self, parts, i))
            self->list.cursor = i;
}

static void remember(ImagesPane *self, const Parts *parts)
{
    gconstpointer what = NULL;
    self->kind = row_at(parts, self->list.cursor, &what);
    g_free(self->name);
    self->name = g_strdup(name_of(self->kind, what));
}

static void draw_image(VdCanvas *canvas, VdRect rect, const VdImage *image)
{
    int name = MAX(12, MIN(32, rect.w / 3));
    int x = rect.x + 1, right = rect.x + rect.w;
    vd_canvas_text(canvas, x, rect.y, name, VD_ROLE_NORMAL, image->name);
    x += name + 1;
    g_autofree char *size = vd_format_size(image->virtual_size);
    vd_canvas_text_right(canvas, x, rect.y, 9, VD_ROLE_NORMAL, size);
    x += 11;
    vd_canvas_text(canvas, x, rect.y, 6, VD_ROLE_DIM, image->format);
    x += 7;
    const char *os = image->os ? image->os : _("no operating system found");
    VdRole role = image->os && image->growable ? VD_ROLE_NORMAL : VD_ROLE_STATE_WARN;
    g_autofree char *newer =
        image->newer ? g_strdup_printf(_("revision %s is there · %s"), image->newer, os) : NULL;
    if (newer)
        role = VD_ROLE_STATE_BUSY;
    vd_canvas_text(canvas, x, rect.y, right - x, role,
                   image->why_not ? image->why_not
                   : newer        ? newer
                                  : os);
}

static void draw_offer(VdCanvas *canvas, VdRect rect, const VdOffer *offer)
{
    int name = MAX(12, MIN(32, rect.w / 3));
    int x = rect.x + 1, right = rect.x + rect.w;
    VdRole role = offer->here ? VD_ROLE_DIM : offer->newer ? VD_ROLE_STATE_BUSY : VD_ROLE_NORMAL;
    vd_canvas_text(canvas, x, rect.y, name, role, offer->name);
    x += name + 1;
    g_autofree char *size = offer->file_size ? vd_format_size(offer->file_size) : NULL;
    vd_canvas_text_right(canvas, x, rect.y, 9, role, size ? size : "–");
    x += 11;
    const char *state = offer->here ? _("here") : offer->newer ? _("newer") : "";
    vd_canvas_text(canvas, x, rect.y, 6, role, state);
    x += 7;
    g_autofree char *text = g_strdup_printf("%s · %s %s", offer->title ? offer->title : offer->name,
                                            offer->source, offer->revision);
    vd_canvas_text(canvas, x, rect.y, right - x, role, text);
}

static void draw_script(VdCanvas *canvas, VdRect rect, const VdScript *script)
{
    int name = MAX(12, MIN(32, rect.w / 3));
    int x = rect.x + 1, right = rect.x + rect.w;
    vd_canvas_text(canvas, x, rect.y, name, VD_ROLE_NORMAL, script->name);
    x += name + 1;
    vd_canvas_text(canvas, x, rect.y, right - x, script->notes ? VD_ROLE_NORMAL : VD_ROLE_DIM,
                   script->notes && *script->notes ? _(script->notes) : script->path);
}

static void draw_any(VdCanvas *canvas, VdRect line, const Parts *parts, guint row)
{
    gconstpointer what = NULL;
    switch (row_at(parts, row, &what)) {
    case ROW_IMAGE:
        draw_image(canvas, line, what);
        break;
    case ROW_OFFER:
        draw_offer(canvas, line, what);
        break;
    case ROW_SCRIPT:
        draw_script(canvas, line, what);
        break;
    case ROW_HEAD:
        vd_canvas_rule(canvas, line.x, line.y, line.w, VD_ROLE_TITLE, what);
        break;
    default:
        break;
    }
}

/* The cursor never rests on a head. */
static void step_off_heads(ImagesPane *self, const Parts *parts, int by)
{
    gconstpointer what = NULL;
    if (row_at(parts, self->list.cursor, &what) != ROW_HEAD)
        return;
    if (by < 0 && self->list.cursor > 0)
        self->list.cursor--;
    else
        self->list.cursor++;
}

static void draw_empty(VdCanvas *canvas, VdRect rect)
{
    vd_canvas_wrap(
        canvas, (VdRect){rect.x + 1, rect.y, rect.w - 2, rect.h}, VD_ROLE_DIM,
        _("There are no images yet. “Add an image” in the menu (F9) takes a qcow2 or raw "
          "file; so does “vmdeck image add FILE”. “f” fetches one that a catalogue offers."));
}

static void draw(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    ImagesPane *self = (ImagesPane *)pane;
    const Parts parts = parts_of(pane->app);
    guint count = count_rows(&parts);
    vd_canvas_rule(canvas, rect.x, rect.y, rect.w, focused ? VD_ROLE_TITLE_FOCUS : VD_ROLE_TITLE,
                   _("images"));
    int skip = count_of(parts.images) == 0 ? 4 : 1;
    if (skip > 1)
        draw_empty(canvas, (VdRect){rect.x, rect.y + 1, rect.w, MIN(rect.h - 1, 3)});
    rect.y += skip;
    rect.h = MAX(rect.h - skip, 0);
    self->above = skip;
    if (focused)
        follow(self, &parts);
    guint top = vd_list_top(&self->list, count, (guint)MAX(rect.h, 1));
    step_off_heads(self, &parts, 1);
    remember(self, &parts);
    for (guint i = top; i < count && (int)(i - top) < rect.h; i++) {
        VdRect line = {rect.x, rect.y + (int)(i - top), rect.w, 1};
        draw_any(canvas, line, &parts, i);
        if (i == self->list.cursor)
            vd_canvas_tint(canvas, line, VD_ROLE_CURSOR);
    }
}

static gboolean act(VdPane *pane, VdAction action, int count, gboolean counted)
{
    ImagesPane *self = (ImagesPane *)pane;
    const Parts parts = parts_of(pane->app);
    follow(self, &parts);
    guint before = self->list.cursor;
    gboolean done = vd_list_act(&self->list, action, count, counted);
    step_off_heads(self, &parts, self->list.cursor < before ? -1 : 1);
    remember(self, &parts);
    return done;
}

static void mouse(VdPane *pane, const VdEvent *event)
{
    ImagesPane *self = (ImagesPane *)pane;
    const Parts parts = parts_of(pane->app);
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        vd_list_scroll(&self->list, event->kind == VD_EVENT_WHEEL_UP ? -3 : 3);
        step_off_heads(self, &parts, event->kind == VD_EVENT_WHEEL_UP ? -1 : 1);
        remember(self, &parts);
        return;
    }
    int y = event->y - pane->rect.y - self->above;
    guint row = self->list.top + (guint)MAX(0, y);
    if (y < 0 || row >= self->list.count)
        return;
    self->list.cursor = row;
    step_off_heads(self, &parts, 1);
    remember(self, &parts);
    if (event->kind == VD_EVENT_DOUBLE)
        vd_app_key(pane->app, VD_KEY_ENTER);
}

static gboolean changed(VdPane *pane, guint changes)
{
    (void)pane;
    return (changes & VD_CHANGED_IMAGES) != 0;
}

static VdTargets *targets(VdPane *pane, VdTargetKind kind)
{
    static const VdTargetKind kinds[] = {[ROW_IMAGE] = VD_TARGET_IMAGE,
                                         [ROW_OFFER] = VD_TARGET_OFFER,
                                         [ROW_SCRIPT] = VD_TARGET_SCRIPT};
    ImagesPane *self = (ImagesPane *)pane;
    const Parts parts = parts_of(pane->app);
    gconstpointer what = NULL;
    follow(self, &parts);
    if (self->name && !is_under(self, &parts, self->list.cursor))
        return NULL; /* it is gone, and nobody saw yet what stands there now */
    RowKind row = row_at(&parts, self->list.cursor, &what);
    if (row < ROW_IMAGE || kinds[row] != kind)
        return NULL;
    const char *name = name_of(row, what);
    VdTargets *one = vd_targets_new(kind);
    vd_targets_add(one, NULL, name, name);
    return one;
}

static void free_pane(VdPane *pane)
{
    g_free(((ImagesPane *)pane)->name);
    g_free(pane);
}

static const VdPaneClass images_class = {.draw = draw,
                                         .act = act,
                                         .mouse = mouse,
                                         .changed = changed,
                                         .targets = targets,
                                         .free = free_pane};

VdPane *vd_pane_images_new(VdApp *app)
{
    ImagesPane *self = g_new0(ImagesPane, 1);
    self->pane = (VdPane){.class = &images_class, .app = app};
    return &self->pane;
}
