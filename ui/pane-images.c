/* The images that machines are deployed from: what was found out when each was added. */
#include "config.h"

#include "ui/pane.h"

#include "src/base/i18n.h"
#include "src/base/text.h"

typedef struct {
    VdPane pane;
    VdList list;
} ImagesPane;

static VdImage *selected(ImagesPane *self)
{
    GPtrArray *images = vd_deck_images(vd_app_deck(self->pane.app));
    if (!images || self->list.cursor >= images->len)
        return NULL;
    return g_ptr_array_index(images, self->list.cursor);
}

static void draw_row(VdCanvas *canvas, VdRect rect, const VdImage *image)
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
    vd_canvas_text(canvas, x, rect.y, right - x, role, image->why_not ? image->why_not : os);
}

static void draw_empty(VdCanvas *canvas, VdRect rect)
{
    vd_canvas_wrap(
        canvas, (VdRect){rect.x + 1, rect.y, rect.w - 2, rect.h}, VD_ROLE_DIM,
        _("There are no images yet. “Add an image” in the menu (F9) takes a qcow2 or raw "
          "file; so does “vmdeck image add FILE”."));
}

static void draw(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    ImagesPane *self = (ImagesPane *)pane;
    GPtrArray *images = vd_deck_images(vd_app_deck(pane->app));
    guint count = images ? images->len : 0;
    vd_canvas_rule(canvas, rect.x, rect.y, rect.w, focused ? VD_ROLE_TITLE_FOCUS : VD_ROLE_TITLE,
                   _("images"));
    rect.y++;
    rect.h--;
    if (count == 0) {
        draw_empty(canvas, rect);
        return;
    }
    guint top = vd_list_top(&self->list, count, (guint)MAX(rect.h, 1));
    for (guint i = top; i < count && (int)(i - top) < rect.h; i++) {
        VdRect line = {rect.x, rect.y + (int)(i - top), rect.w, 1};
        draw_row(canvas, line, g_ptr_array_index(images, i));
        if (i == self->list.cursor)
            vd_canvas_tint(canvas, line, VD_ROLE_CURSOR);
    }
}

static gboolean act(VdPane *pane, VdAction action, int count, gboolean counted)
{
    return vd_list_act(&((ImagesPane *)pane)->list, action, count, counted);
}

static void mouse(VdPane *pane, const VdEvent *event)
{
    ImagesPane *self = (ImagesPane *)pane;
    if (event->kind == VD_EVENT_WHEEL_UP || event->kind == VD_EVENT_WHEEL_DOWN) {
        vd_list_scroll(&self->list, event->kind == VD_EVENT_WHEEL_UP ? -3 : 3);
        return;
    }
    guint row = self->list.top + (guint)MAX(0, event->y - pane->rect.y - 1);
    if (row >= self->list.count)
        return;
    self->list.cursor = row;
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
    const VdImage *image = selected((ImagesPane *)pane);
    if (!image || kind != VD_TARGET_IMAGE)
        return NULL;
    VdTargets *one = vd_targets_new(kind);
    vd_targets_add(one, NULL, image->name, image->name);
    return one;
}

static void free_pane(VdPane *pane)
{
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
