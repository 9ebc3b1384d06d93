/* One table describes the columns: width, what goes first when there is no room, how a cell is
 * drawn. At 80 cells all of them fit; below, the least needed goes until the name has room; above,
 * another table says what the room is good for. */
#include "config.h"

#include "ui/grid.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/figures.h"

enum { NAME_LEAST = 15, MARK = 1, INDENT = 2, SHARE_WIDTH = 9, PERCENT_WIDTH = 4 };

static const struct {
    const char *id, *title;
    int width;
    int need; /* the smallest goes first */
    gboolean right;
} columns[VD_GRID_COUNT] = {
    [VD_GRID_NAME] = {"name", N_("HOST/NAME"), NAME_LEAST, 99, FALSE},
    [VD_GRID_STATE] = {"state", N_("STATE"), 9, 50, FALSE},
    [VD_GRID_CPU] = {"cpu", N_("CPU%"), 8, 40, FALSE},
    [VD_GRID_MEM] = {"mem", N_("MEM"), 9, 30, TRUE},
    [VD_GRID_DISK] = {"disk", N_("DISK r/w"), 9, 5, TRUE},
    [VD_GRID_NET] = {"net", N_("NET r/w"), 9, 10, TRUE},
    [VD_GRID_IP] = {"ip", N_("IP"), 15, 20, FALSE},
    [VD_GRID_HOST] = {"host", N_("HOST"), 10, 45, FALSE},
};

gboolean vd_grid_parse(const char *name, VdGridColumn *ret_column)
{
    for (guint i = 0; i < VD_GRID_COUNT; i++)
        if (g_ascii_strcasecmp(columns[i].id, name) == 0) {
            *ret_column = (VdGridColumn)i;
            return TRUE;
        }
    return FALSE;
}

static guint choose(VdGridColumn *chosen, char *const *wanted, gboolean flat)
{
    guint n = 1;
    gboolean taken[VD_GRID_COUNT] = {[VD_GRID_NAME] = TRUE};
    chosen[0] = VD_GRID_NAME;
    for (guint i = 0; wanted && wanted[i]; i++) {
        VdGridColumn column;
        if (!vd_grid_parse(wanted[i], &column) || taken[column])
            continue;
        taken[column] = TRUE;
        chosen[n++] = column;
    }
    if (flat && !taken[VD_GRID_HOST])
        chosen[n++] = VD_GRID_HOST;
    for (guint i = 1; !wanted && i < VD_GRID_HOST; i++)
        chosen[n++] = (VdGridColumn)i;
    return n;
}

static int total_width(const VdGridColumn *chosen, guint n)
{
    int total = (int)n - 1;
    for (guint i = 0; i < n; i++)
        total += columns[chosen[i]].width;
    return total;
}

static guint drop_one(VdGridColumn *chosen, guint n)
{
    guint least = 0;
    for (guint i = 1; i < n; i++)
        if (columns[chosen[i]].need < columns[chosen[least]].need)
            least = i;
    memmove(chosen + least, chosen + least + 1, (n - least - 1) * sizeof *chosen);
    return n - 1;
}

/* What grows, one after the other, each up to a width: longer names, the share of the memory in
 * per cent, a history of a minute, whole names, addresses of IPv6, a longer history, and air. */
static const struct {
    VdGridColumn column;
    int most;
} growth[] = {
    {VD_GRID_NAME, 24}, {VD_GRID_MEM, SHARE_WIDTH + 1 + PERCENT_WIDTH},
    {VD_GRID_CPU, 16},  {VD_GRID_NAME, 34},
    {VD_GRID_HOST, 16}, {VD_GRID_IP, 26},
    {VD_GRID_CPU, 28},  {VD_GRID_DISK, 11},
    {VD_GRID_NET, 11},  {VD_GRID_NAME, 48},
    {VD_GRID_HOST, 24}, {VD_GRID_CPU, 64},
    {VD_GRID_IP, 39},   {VD_GRID_NAME, 64},
};

static void grow(VdGridLayout *layout, int spare)
{
    for (guint g = 0; g < G_N_ELEMENTS(growth); g++)
        for (guint i = 0; i < layout->n; i++) {
            if (layout->column[i] != growth[g].column)
                continue;
            int more = CLAMP(growth[g].most - layout->width[i], 0, spare);
            layout->width[i] += more;
            spare -= more;
        }
}

void vd_grid_layout(VdGridLayout *layout, int width, char *const *wanted, gboolean flat)
{
    guint n = choose(layout->column, wanted, flat);
    while (n > 1 && total_width(layout->column, n) > width)
        n = drop_one(layout->column, n);
    layout->n = n;
    for (guint i = 0; i < n; i++)
        layout->width[i] = columns[layout->column[i]].width;
    if (n == 1)
        layout->width[0] = width;
    else
        grow(layout, MAX(0, width - total_width(layout->column, n)));
    for (guint i = 0, x = 0; i < n; x += (guint)layout->width[i++] + 1)
        layout->x[i] = (int)x;
}

static VdSort column_sort(VdGridColumn column)
{
    static const VdSort sorts[] = {VD_SORT_NAME, VD_SORT_STATE, VD_SORT_CPU,     VD_SORT_MEM,
                                   VD_SORT_DISK, VD_SORT_NET,   VD_SORT_ADDRESS, VD_SORT_HOST};
    return sorts[column];
}

void vd_grid_draw_head(const VdGridLayout *layout, VdCanvas *canvas, int x, int y, VdSort sort,
                       gboolean inverted)
{
    for (guint i = 0; i < layout->n; i++) {
        VdGridColumn column = layout->column[i];
        gboolean sorted = column_sort(column) == sort;
        /* Names go up from A, figures down from the largest: the arrow tells which way. */
        gboolean words = column == VD_GRID_NAME || column == VD_GRID_IP || column == VD_GRID_HOST;
        gboolean up = words != inverted;
        const char *words_of =
            column == VD_GRID_NAME && layout->flat ? _("NAME") : _(columns[column].title);
        g_autofree char *title = g_strconcat(words_of, sorted ? (up ? "▴" : "▾") : NULL, NULL);
        int at = x + layout->x[i] + (column == VD_GRID_NAME ? MIN(MARK, layout->width[i]) : 0);
        int width = layout->width[i] - (at - x - layout->x[i]);
        if (columns[column].right)
            vd_canvas_text_right(canvas, at, y, width, VD_ROLE_COLUMN, title);
        else
            vd_canvas_text(canvas, at, y, width, VD_ROLE_COLUMN, title);
    }
}

guint vd_grid_groups(const VdGridLayout *layout)
{
    static const guint groups[VD_GRID_COUNT] = {[VD_GRID_CPU] = VD_GROUP_CPU,
                                                [VD_GRID_MEM] = VD_GROUP_MEM,
                                                [VD_GRID_DISK] = VD_GROUP_DISK,
                                                [VD_GRID_NET] = VD_GROUP_NET};
    guint all = 0;
    for (guint i = 0; i < layout->n; i++)
        all |= groups[layout->column[i]];
    return all;
}

VdSort vd_grid_sort_at(const VdGridLayout *layout, int x)
{
    for (guint i = 0; i < layout->n; i++)
        if (x >= layout->x[i] && x <= layout->x[i] + layout->width[i])
            return column_sort(layout->column[i]);
    return VD_SORT_COUNT;
}

static void draw_name(VdCanvas *canvas, int x, int y, int width, const VdGridRow *row)
{
    const VdVm *vm = row->row->vm;
    if (row->marked)
        vd_canvas_put(canvas, x, y, VD_ROLE_MARKED, '*');
    x += MARK;
    width -= MARK;
    if (!vm) {
        vd_canvas_put(canvas, x, y, VD_ROLE_HOST, row->folded ? '+' : '-');
        vd_canvas_text(canvas, x + INDENT, y, width - INDENT, VD_ROLE_HOST, row->row->host->id);
        return;
    }
    int indent = row->flat ? 0 : INDENT;
    VdRole role = row->marked ? VD_ROLE_MARKED : VD_ROLE_NORMAL;
    vd_canvas_name(canvas, x + indent, y, width - indent, role, vm->name);
}

/* Returns the cells taken. */
static int draw_state(VdCanvas *canvas, int x, int y, int width, const VdGridRow *row)
{
    const VdVm *vm = row->row->vm;
    const VdHost *host = row->row->host;
    const char *word = vm ? vd_vm_word(vm) : vd_host_state_word(host->state);
    VdRole role = vm ? vd_vm_role(vm) : vd_host_role(host);
    if (row->age)
        return vd_canvas_printf(canvas, x, y, width, role, "%s %s", _(word), row->age);
    return vd_canvas_text(canvas, x, y, width, role, _(word));
}

static void draw_cpu(VdCanvas *canvas, int x, int y, int width, const VdGridRow *row)
{
    const VdFigures *now = row->row->vm ? &row->row->vm->now : &row->row->host->now;
    char text[VD_FIGURE_SIZE];
    vd_canvas_text_right(canvas, x, y, 3, VD_ROLE_NORMAL, vd_figure_percent(text, now->cpu));
    if (row->cpu)
        vd_canvas_spark(canvas, x + 4, y, width - 4, VD_ROLE_SPARK, row->cpu, VD_HISTORY_BUCKETS,
                        100);
}

double vd_grid_memory(const VdTreeRow *row)
{
    const VdFigures *now = row->vm ? &row->vm->now : &row->host->now;
    guint64 memory = row->vm ? row->vm->max_mem : row->host->memory;
    if (now->mem_total > 0)
        return now->mem_total;
    return memory ? (double)memory : VD_NONE;
}

static void draw_figures(VdCanvas *canvas, int x, int y, int width, VdGridColumn column,
                         const VdGridRow *row)
{
    const VdVm *vm = row->row->vm;
    const VdFigures *now = vm ? &vm->now : &row->row->host->now;
    char text[VD_FIGURE_SIZE] = "";
    double total = vd_grid_memory(row->row);
    if (column == VD_GRID_DISK)
        vd_figure_pair(text, now->disk_read, now->disk_write);
    else if (column == VD_GRID_NET)
        vd_figure_pair(text, now->net_rx, now->net_tx);
    else
        vd_figure_share(text, now->mem_used, total);
    vd_canvas_text_right(canvas, x, y, width, VD_ROLE_NORMAL, text);
    if (column == VD_GRID_MEM && width > SHARE_WIDTH + PERCENT_WIDTH && now->mem_used >= 0 &&
        total > 0)
        vd_canvas_printf(canvas, x, y, PERCENT_WIDTH, VD_ROLE_NORMAL, "%3.0f%%",
                         MIN(now->mem_used / total, 1) * 100);
}

static void draw_cell(VdCanvas *canvas, int x, int y, int width, VdGridColumn column,
                      const VdGridRow *row)
{
    switch (column) {
    case VD_GRID_NAME:
        draw_name(canvas, x, y, width, row);
        break;
    case VD_GRID_STATE:
        (void)draw_state(canvas, x, y, width, row);
        break;
    case VD_GRID_CPU:
        draw_cpu(canvas, x, y, width, row);
        break;
    case VD_GRID_IP:
        vd_canvas_text(canvas, x, y, width, VD_ROLE_NORMAL,
                       row->row->vm ? row->row->vm->address : NULL);
        break;
    case VD_GRID_HOST:
        vd_canvas_text(canvas, x, y, width, VD_ROLE_NORMAL, row->row->host->id);
        break;
    case VD_GRID_MEM:
    case VD_GRID_DISK:
    case VD_GRID_NET:
    case VD_GRID_COUNT:
    default:
        draw_figures(canvas, x, y, width, column, row);
        break;
    }
}

/* A machine that is off has no figures to miss: its row stays empty but for its size. */
static gboolean shows(VdGridColumn column, const VdVm *vm)
{
    if (!vm || vd_vm_active(vm) || column == VD_GRID_NAME || column == VD_GRID_STATE ||
        column == VD_GRID_HOST)
        return TRUE;
    return column == VD_GRID_MEM;
}

enum { NOTE_LEAST = 12 };

static void draw_note(VdCanvas *canvas, int x, int y, int width, const VdGridRow *row)
{
    int after = row->after ? vd_text_width(row->after) : 0;
    int whole = vd_text_width(row->note);
    int note = MIN(whole, MAX(0, width - after));
    if (note < MIN(whole, NOTE_LEAST)) /* the reason matters more than when it is tried again */
        note = MIN(whole, width);
    vd_canvas_text(canvas, x, y, note, VD_ROLE_NORMAL, row->note);
    vd_canvas_text(canvas, x + note, y, width - note, VD_ROLE_DIM, row->after);
}

/* A state that no figures follow has as many cells as its words take. */
void vd_grid_draw_row(const VdGridLayout *layout, VdCanvas *canvas, int x, int y,
                      const VdGridRow *row)
{
    int right = x + layout->x[layout->n - 1] + layout->width[layout->n - 1], free_from = x;
    for (guint i = 0; i < layout->n; i++) {
        VdGridColumn column = layout->column[i];
        int at = x + layout->x[i];
        if (row->note && column == VD_GRID_STATE) {
            free_from = at + draw_state(canvas, at, y, right - at, row) + 1;
            continue;
        }
        if (row->note && column != VD_GRID_NAME) {
            at = MAX(at, free_from);
            draw_note(canvas, at, y, right - at, row);
            return;
        }
        if (shows(column, row->row->vm))
            draw_cell(canvas, at, y, layout->width[i], column, row);
    }
}
