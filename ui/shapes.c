/* What is more than text on a canvas: rules, frames, bars, histories. All of it is made of
 * characters of one cell, put by vd_canvas_put(), which knows the clip and the ASCII fallback. */
#include "config.h"

#include "ui/canvas.h"

#include <math.h>

enum { HLINE = 0x2500, VLINE = 0x2502, FULL = 0x2588, SHADE = 0x2591, LOWEST = 0x2581 };

void vd_canvas_rule(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *title)
{
    for (int i = 0; i < width; i++)
        vd_canvas_put(canvas, x + i, y, role, HLINE);
    if (!title || width < 6)
        return;
    int used = vd_canvas_text(canvas, x + 3, y, width - 5, role, title);
    vd_canvas_put(canvas, x + 2, y, role, ' ');
    vd_canvas_put(canvas, x + 3 + used, y, role, ' ');
}

void vd_canvas_vline(VdCanvas *canvas, int x, int y, int height, VdRole role)
{
    for (int i = 0; i < height; i++)
        vd_canvas_put(canvas, x, y + i, role, VLINE);
}

VdRect vd_canvas_box(VdCanvas *canvas, VdRect rect, VdRole frame, VdRole inner, const char *title)
{
    int right = rect.x + rect.w - 1;
    int bottom = rect.y + rect.h - 1;
    VdRect in = {rect.x + 1, rect.y + 1, MAX(0, rect.w - 2), MAX(0, rect.h - 2)};
    if (rect.w < 3 || rect.h < 3) { /* no room for a frame: all of it is the inside */
        vd_canvas_fill(canvas, rect, inner);
        return rect;
    }
    vd_canvas_fill(canvas, in, inner);
    vd_canvas_rule(canvas, rect.x, rect.y, rect.w, frame, title);
    vd_canvas_rule(canvas, rect.x, bottom, rect.w, frame, NULL);
    vd_canvas_vline(canvas, rect.x, rect.y + 1, rect.h - 2, frame);
    vd_canvas_vline(canvas, right, rect.y + 1, rect.h - 2, frame);
    vd_canvas_put(canvas, rect.x, rect.y, frame, 0x250c);
    vd_canvas_put(canvas, right, rect.y, frame, 0x2510);
    vd_canvas_put(canvas, rect.x, bottom, frame, 0x2514);
    vd_canvas_put(canvas, right, bottom, frame, 0x2518);
    return in;
}

void vd_canvas_bar(VdCanvas *canvas, int x, int y, int width, double fraction, guint phase)
{
    int inside = width - 2;
    if (inside < 1)
        return;
    vd_canvas_put(canvas, x, y, VD_ROLE_BAR_REST, '[');
    vd_canvas_put(canvas, x + width - 1, y, VD_ROLE_BAR_REST, ']');
    gboolean known = fraction >= 0;
    int full = known ? (int)floor(MIN(fraction, 1.0) * inside) : (int)(phase % (guint)inside);
    for (int i = 0; i < inside; i++) {
        gboolean head = i == full;
        gboolean done = known && i < full;
        vd_canvas_put(canvas, x + 1 + i, y, done || head ? VD_ROLE_BAR : VD_ROLE_BAR_REST,
                      done   ? '#'
                      : head ? '>'
                             : '.');
    }
}

void vd_canvas_gauge(VdCanvas *canvas, int x, int y, int width, double fraction)
{
    int full = (int)lround(CLAMP(fraction, 0.0, 1.0) * MAX(0, width));
    for (int i = 0; i < width; i++)
        vd_canvas_put(canvas, x + i, y, i < full ? VD_ROLE_BAR : VD_ROLE_BAR_REST,
                      i < full ? FULL : SHADE);
}

/* One cell of a column that is `share` (0 to 1) full; a value that is there at all shows. */
static gunichar level(double share, gboolean ascii)
{
    static const char steps[] = "_.-=#";
    share = CLAMP(share, 0.0, 1.0);
    if (ascii)
        return (gunichar)steps[MIN(4, (int)floor(share * 5))];
    return (gunichar)(LOWEST + MIN(7, (int)floor(share * 8)));
}

void vd_canvas_graph(VdCanvas *canvas, VdRect rect, VdRole role, const float *values, guint n,
                     double max)
{
    if (rect.w <= 0 || rect.h <= 0)
        return;
    guint shown = MIN(n, (guint)rect.w);
    const float *first = values + (n - shown);
    if (max <= 0)
        for (guint i = 0; i < shown; i++)
            max = MAX(max, (double)first[i]);
    int pad = rect.w - (int)shown;
    gboolean ascii = vd_canvas_plain_levels(canvas);
    for (int i = 0; i < rect.w; i++) {
        gboolean known = i >= pad && first[i - pad] >= 0;
        double rows = known && max > 0 ? (double)first[i - pad] / max * rect.h : 0;
        for (int r = 0; r < rect.h; r++) { /* from the bottom */
            gboolean drawn = known && (r == 0 || rows > r);
            vd_canvas_put(canvas, rect.x + i, rect.y + rect.h - 1 - r, role,
                          drawn ? level(rows - r, ascii) : ' ');
        }
    }
}

void vd_canvas_spark(VdCanvas *canvas, int x, int y, int width, VdRole role, const float *values,
                     guint n, double max)
{
    vd_canvas_graph(canvas, (VdRect){x, y, width, 1}, role, values, n, max);
}
