/* The cells themselves and text in them. Every write goes through set_cell(), which clips and mends
 * the neighbours: a wide character that loses a half becomes a blank, so that no row ever holds
 * half a character. In ASCII the fallback is chosen here as well, in one place, so that drawing
 * code names the symbol it means and nothing else. */
#include "config.h"

#include "ui/canvas.h"

#include <stdarg.h>
#include <string.h>

#include "src/base/text.h"

struct _VdCanvas {
    int width, height;
    gboolean ascii, console;
    VdRect clip;
    VdRole ground;
    int cursor_x, cursor_y;
    VdCell *cells;
};

/* Symbols this program draws, and what stands for them where only ASCII can be shown. */
static const struct {
    gunichar symbol;
    char ascii;
} ascii_symbols[] = {
    {0x2013, '-'}, {0x2014, '-'},  {0x2026, '~'},  {0x00b7, '-'}, {0x2022, '*'}, {0x2713, '+'},
    {0x2717, 'x'}, {0x25b8, '>'},  {0x25be, 'v'},  {0x25b4, '^'}, {0x2192, '>'}, {0x2190, '<'},
    {0x2191, '^'}, {0x2193, 'v'},  {0x2500, '-'},  {0x2502, '|'}, {0x250c, '+'}, {0x2510, '+'},
    {0x2514, '+'}, {0x2518, '+'},  {0x251c, '+'},  {0x2524, '+'}, {0x2581, '_'}, {0x2582, '_'},
    {0x2583, '.'}, {0x2584, '-'},  {0x2585, '-'},  {0x2586, '='}, {0x2587, '='}, {0x2588, '#'},
    {0x2591, '.'}, {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'}, {0x00ab, '"'},
    {0x00bb, '"'}, {0x00a0, ' '},  {0x00d7, 'x'},
};

static gunichar ascii_for(gunichar c)
{
    if (c < 0x80)
        return c;
    for (guint i = 0; i < G_N_ELEMENTS(ascii_symbols); i++)
        if (ascii_symbols[i].symbol == c)
            return (gunichar)ascii_symbols[i].ascii;
    return '?';
}

/* Not in the console's fonts: eighths of blocks but the half, ticks, small triangles. */
static gboolean rare(gunichar c)
{
    return (c >= 0x2581 && c <= 0x2587 && c != 0x2584) || (c >= 0x25b4 && c <= 0x25be) ||
           c == 0x2713 || c == 0x2717;
}

static int char_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

VdCanvas *vd_canvas_new(int width, int height, gboolean ascii)
{
    VdCanvas *canvas = g_new0(VdCanvas, 1);
    canvas->ascii = ascii;
    vd_canvas_resize(canvas, width, height);
    return canvas;
}

void vd_canvas_free(VdCanvas *canvas)
{
    if (!canvas)
        return;
    g_free(canvas->cells);
    g_free(canvas);
}

void vd_canvas_resize(VdCanvas *canvas, int width, int height)
{
    canvas->width = CLAMP(width, 1, 4096);
    canvas->height = CLAMP(height, 1, 4096);
    g_free(canvas->cells);
    canvas->cells = g_new0(VdCell, (gsize)canvas->width * (gsize)canvas->height);
    vd_canvas_clear(canvas);
}

int vd_canvas_width(const VdCanvas *canvas)
{
    return canvas->width;
}

int vd_canvas_height(const VdCanvas *canvas)
{
    return canvas->height;
}

void vd_canvas_set_console(VdCanvas *canvas, gboolean console)
{
    canvas->console = console;
}

gboolean vd_canvas_plain_levels(const VdCanvas *canvas)
{
    return canvas->ascii || canvas->console;
}

gboolean vd_canvas_ascii(const VdCanvas *canvas)
{
    return canvas->ascii;
}

static VdCell *cell_at(const VdCanvas *canvas, int x, int y)
{
    return &canvas->cells[(gsize)y * (gsize)canvas->width + (gsize)x];
}

static void blank(const VdCanvas *canvas, VdCell *cell, VdRole role)
{
    *cell = (VdCell){
        .chars = {' '}, .width = 1, .role = (guint8)role, .ground = (guint8)canvas->ground};
}

void vd_canvas_clear(VdCanvas *canvas)
{
    gsize n = (gsize)canvas->width * (gsize)canvas->height;
    vd_canvas_set_ground(canvas, VD_ROLE_NORMAL);
    for (gsize i = 0; i < n; i++)
        blank(canvas, &canvas->cells[i], VD_ROLE_NORMAL);
    vd_canvas_clip(canvas, NULL);
    canvas->cursor_x = canvas->cursor_y = -1;
}

const VdCell *vd_canvas_cell(const VdCanvas *canvas, int x, int y)
{
    if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
        return NULL;
    return cell_at(canvas, x, y);
}

void vd_canvas_clip(VdCanvas *canvas, const VdRect *rect)
{
    VdRect whole = {0, 0, canvas->width, canvas->height};
    if (!rect) {
        canvas->clip = whole;
        return;
    }
    int right = MIN(rect->x + rect->w, whole.w);
    int bottom = MIN(rect->y + rect->h, whole.h);
    canvas->clip.x = CLAMP(rect->x, 0, whole.w);
    canvas->clip.y = CLAMP(rect->y, 0, whole.h);
    canvas->clip.w = MAX(0, right - canvas->clip.x);
    canvas->clip.h = MAX(0, bottom - canvas->clip.y);
}

static gboolean inside(const VdCanvas *canvas, int x, int y)
{
    const VdRect *clip = &canvas->clip;
    return x >= clip->x && y >= clip->y && x < clip->x + clip->w && y < clip->y + clip->h;
}

/* What is about to be overwritten at x may be half of a wide character: blank the other half. */
static void part(VdCanvas *canvas, int x, int y)
{
    VdCell *cell = cell_at(canvas, x, y);
    if (cell->width == 0 && x > 0)
        blank(canvas, cell_at(canvas, x - 1, y), cell_at(canvas, x - 1, y)->role);
    if (cell->width == 2 && x + 1 < canvas->width)
        blank(canvas, cell_at(canvas, x + 1, y), cell_at(canvas, x + 1, y)->role);
}

static void set_cell(VdCanvas *canvas, int x, int y, VdRole role, gunichar c, int width)
{
    if (!inside(canvas, x, y))
        return;
    if (width == 2 && !inside(canvas, x + 1, y)) {
        c = ' ';
        width = 1;
    }
    part(canvas, x, y);
    VdCell *cell = cell_at(canvas, x, y);
    blank(canvas, cell, role);
    cell->chars[0] = c;
    cell->width = (guint8)width;
    if (width != 2)
        return;
    part(canvas, x + 1, y);
    VdCell *right = cell_at(canvas, x + 1, y);
    *right = (VdCell){.width = 0, .role = (guint8)role, .ground = (guint8)canvas->ground};
}

/* A combining character joins the cell to the left of x. */
static void combine(VdCanvas *canvas, int x, int y, gunichar c)
{
    if (canvas->ascii)
        return;
    x--;
    if (inside(canvas, x, y) && cell_at(canvas, x, y)->width == 0)
        x--;
    if (!inside(canvas, x, y))
        return;
    VdCell *cell = cell_at(canvas, x, y);
    for (int i = 1; i < VD_CELL_CHARS; i++)
        if (!cell->chars[i]) {
            cell->chars[i] = c;
            return;
        }
}

int vd_canvas_put(VdCanvas *canvas, int x, int y, VdRole role, gunichar c)
{
    int width = char_width(c);
    if (width == 0) {
        combine(canvas, x, y, c);
        return 0;
    }
    if (c < ' ' || (c >= 0x7f && c < 0xa0))
        c = '?';
    if (!canvas->ascii) {
        if (canvas->console && rare(c))
            c = ascii_for(c);
        set_cell(canvas, x, y, role, c, width);
        return width;
    }
    c = ascii_for(c);
    for (int i = 0; i < width; i++)
        set_cell(canvas, x + i, y, role, c, 1);
    return width;
}

static int put_run(VdCanvas *canvas, int x, int y, VdRole role, const char *text, gsize bytes)
{
    int used = 0;
    for (const char *at = text; at < text + bytes; at = g_utf8_next_char(at))
        used += vd_canvas_put(canvas, x + used, y, role, g_utf8_get_char(at));
    return used;
}

int vd_canvas_text(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *text)
{
    if (!text || width <= 0)
        return 0;
    gsize bytes = vd_text_fit(text, width, NULL);
    if (!text[bytes])
        return put_run(canvas, x, y, role, text, bytes);
    bytes = vd_text_fit(text, width - 1, NULL);
    int used = put_run(canvas, x, y, role, text, bytes);
    return used + vd_canvas_put(canvas, x + used, y, role, 0x2026);
}

void vd_canvas_text_right(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *text)
{
    if (!text || width <= 0)
        return;
    int need = MIN(vd_text_width(text), width);
    vd_canvas_text(canvas, x + width - need, y, need, role, text);
}

void vd_canvas_name(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *name)
{
    enum { TAIL = 4, LEAST = 10 };
    int cells = vd_text_width(name);
    if (cells <= width || width < LEAST) {
        vd_canvas_text(canvas, x, y, width, role, name);
        return;
    }
    /* Where the tail begins: whole characters, at most TAIL cells of them. */
    const char *tail = name + vd_text_fit(name, cells - TAIL, NULL);
    while (vd_text_width(tail) > TAIL || g_unichar_iszerowidth(g_utf8_get_char(tail)))
        tail = g_utf8_next_char(tail);
    gsize bytes = vd_text_fit(name, width - 1 - vd_text_width(tail), NULL);
    int used = put_run(canvas, x, y, role, name, bytes);
    used += vd_canvas_put(canvas, x + used, y, role, 0x2026);
    put_run(canvas, x + used, y, role, tail, strlen(tail));
}

int vd_canvas_printf(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *format,
                     ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    return vd_canvas_text(canvas, x, y, width, role, text);
}

int vd_canvas_text_from(VdCanvas *canvas, int x, int y, int width, VdRole role, const char *text,
                        int skip)
{
    if (!text || width <= 0)
        return 0;
    int skipped = 0;
    text += vd_text_fit(text, skip, &skipped);
    int used = 0;
    if (skipped < skip && *text) { /* the edge goes through a wide character */
        used = vd_canvas_put(canvas, x, y, role, ' ');
        text = g_utf8_next_char(text);
    }
    gsize bytes = vd_text_fit(text, width - used, NULL);
    return used + put_run(canvas, x + used, y, role, text, bytes);
}

/* How many bytes of text make the next line of at most width cells; *ret_next is where the line
 * after it begins. */
static gsize line_break(const char *text, int width, const char **ret_next)
{
    const char *newline = strchr(text, '\n');
    gsize fit = vd_text_fit(text, width, NULL);
    if (newline && (gsize)(newline - text) <= fit) {
        *ret_next = newline + 1;
        return (gsize)(newline - text);
    }
    if (!text[fit]) {
        *ret_next = text + fit;
        return fit;
    }
    gsize end = fit;
    while (end > 0 && text[end] != ' ')
        end--;
    if (end == 0) { /* one long word: cut it, and always move on */
        end = fit ? fit : (gsize)(g_utf8_next_char(text) - text);
        *ret_next = text + end;
        return end;
    }
    *ret_next = text + end + 1;
    return end;
}

/* That the text goes on behind the last line there is room for. */
static void put_more(VdCanvas *canvas, VdRect rect, VdRole role, const char *line, gsize bytes)
{
    g_autofree char *shown = g_strndup(line, bytes);
    int x = MAX(0, MIN(vd_text_width(shown), rect.w - 1));
    vd_canvas_text(canvas, rect.x + x, rect.y + rect.h - 1, 1, role, "…");
}

int vd_canvas_wrap(VdCanvas *canvas, VdRect rect, VdRole role, const char *text)
{
    int lines = 0;
    int width = MAX(1, rect.w);
    while (text && *text) {
        const char *next = NULL;
        gsize bytes = line_break(text, width, &next);
        if (canvas && lines < rect.h)
            put_run(canvas, rect.x, rect.y + lines, role, text, bytes);
        if (canvas && lines == rect.h - 1 && next && *next)
            put_more(canvas, rect, role, text, bytes);
        text = next;
        lines++;
    }
    return lines;
}

void vd_canvas_set_ground(VdCanvas *canvas, VdRole ground)
{
    canvas->ground = ground;
}

void vd_canvas_fill(VdCanvas *canvas, VdRect rect, VdRole role)
{
    for (int y = rect.y; y < rect.y + rect.h; y++)
        for (int x = rect.x; x < rect.x + rect.w; x++)
            set_cell(canvas, x, y, role, ' ', 1);
}

void vd_canvas_tint(VdCanvas *canvas, VdRect rect, VdRole role)
{
    for (int y = rect.y; y < rect.y + rect.h; y++)
        for (int x = rect.x; x < rect.x + rect.w; x++)
            if (inside(canvas, x, y))
                cell_at(canvas, x, y)->role = (guint8)role;
}

void vd_canvas_set_cursor(VdCanvas *canvas, int x, int y)
{
    gboolean shown = inside(canvas, x, y);
    canvas->cursor_x = shown ? x : -1;
    canvas->cursor_y = shown ? y : -1;
}

gboolean vd_canvas_cursor(const VdCanvas *canvas, int *ret_x, int *ret_y)
{
    if (canvas->cursor_x < 0)
        return FALSE;
    *ret_x = canvas->cursor_x;
    *ret_y = canvas->cursor_y;
    return TRUE;
}

char *vd_canvas_line(const VdCanvas *canvas, int y)
{
    GString *line = g_string_new(NULL);
    for (int x = 0; x < canvas->width && y >= 0 && y < canvas->height; x++)
        for (int i = 0; i < VD_CELL_CHARS && cell_at(canvas, x, y)->chars[i]; i++)
            g_string_append_unichar(line, cell_at(canvas, x, y)->chars[i]);
    return g_strchomp(g_string_free(line, FALSE));
}
