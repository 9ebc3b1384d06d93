/* The live figures of what is under the cursor, with up to the last ten minutes of each, over the
 * panel's whole width; where it is high, the histories are drawn over several rows. */
#include "config.h"

#include "ui/pane.h"

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/console.h"
#include "ui/figures.h"
#include "ui/grid.h"

typedef struct {
    VdPane pane;
} LivePane;

typedef struct {
    VdApp *app;
    const VdTreeRow *row;
    const VdFigures *now;
    VdCanvas *canvas;
    guint span; /* buckets that are drawn, the same for all series */
} Live;

enum { GRAPH_MOST = 512, A_MINUTE = VD_HISTORY_BUCKETS / 10 };

/* How much of the ten minutes is drawn: as little as holds what is known, so that the first samples
 * are as easy to read as the last. In buckets. */
static guint span_of(const float *all)
{
    static const guint spans[] = {A_MINUTE, 2 * A_MINUTE, 5 * A_MINUTE};
    guint oldest = 0;
    while (oldest < VD_HISTORY_BUCKETS && all[oldest] < 0)
        oldest++;
    for (guint i = 0; i < G_N_ELEMENTS(spans); i++)
        if (VD_HISTORY_BUCKETS - oldest <= spans[i])
            return spans[i];
    return VD_HISTORY_BUCKETS;
}

/* The newest `span` buckets in n cells: averaged where cells are fewer, wider where they are more.
 */
static void spread(const float *all, guint span, float *out, guint n)
{
    for (guint i = 0; i < n; i++) {
        guint from = i * span / n, to = MAX(from + 1, (i + 1) * span / n), of = 0;
        float sum = 0;
        for (guint k = from; k < to; k++) {
            float value = all[VD_HISTORY_BUCKETS - span + k];
            sum += value >= 0 ? value : 0;
            of += value >= 0;
        }
        out[i] = of ? sum / (float)of : (float)VD_NONE;
    }
}

/* All that is kept of a series. FALSE: nothing. */
static gboolean history(const Live *live, VdSeries series, float all[VD_HISTORY_BUCKETS])
{
    return vd_deck_history(vd_app_deck(live->app), live->row->host->id,
                           live->row->vm ? live->row->vm->uuid : NULL, series, all,
                           VD_HISTORY_BUCKETS) > 0;
}

static void graph(const Live *live, VdRect rect, VdSeries series, double max)
{
    float all[VD_HISTORY_BUCKETS], values[GRAPH_MOST];
    guint n = (guint)CLAMP(rect.w, 0, GRAPH_MOST);
    if (rect.w < 4 || rect.h < 1 || !history(live, series, all))
        return;
    spread(all, live->span, values, n);
    vd_canvas_graph(live->canvas, rect, VD_ROLE_SPARK, values, n, max);
}

/* "peak 1.2M" at the end of a line: what the full height of a graph stands for. */
static void peak(const Live *live, VdRect rect, VdSeries series, double now)
{
    float all[VD_HISTORY_BUCKETS], most = (float)MAX(now, 0); /* a bucket is an average */
    char text[VD_FIGURE_SIZE];
    if (!history(live, series, all))
        return;
    for (guint i = VD_HISTORY_BUCKETS - live->span; i < VD_HISTORY_BUCKETS; i++)
        most = MAX(most, all[i]);
    /* TRANSLATORS: the largest value of a graph: "peak 1.2M" */
    g_autofree char *words = g_strdup_printf(_("peak %s"), vd_figure_bytes(text, (double)most));
    vd_canvas_text_right(live->canvas, rect.x, rect.y, rect.w, VD_ROLE_DIM, words);
}

/* "cpu   12%" with its history after it, or below it if high is more than one row. */
static void series(const Live *live, VdRect rect, const char *label, const char *value,
                   VdSeries which, double max, double now)
{
    int used = vd_canvas_text(live->canvas, rect.x, rect.y, rect.w, VD_ROLE_LABEL, label) + 1;
    int taken =
        vd_canvas_text(live->canvas, rect.x + used, rect.y, rect.w - used, VD_ROLE_NORMAL, value);
    if (rect.h > 1) {
        if (max <= 0)
            peak(live, (VdRect){rect.x + used + taken + 1, rect.y, rect.w - used - taken - 1, 1},
                 which, now);
        graph(live, (VdRect){rect.x, rect.y + 1, rect.w, rect.h - 1}, which, max);
        return;
    }
    used = MAX(used + taken + 1, 12);
    graph(live, (VdRect){rect.x + used, rect.y, rect.w - used, 1}, which, max);
}

static void cpu(const Live *live, VdRect rect)
{
    char text[VD_FIGURE_SIZE], value[VD_FIGURE_SIZE + 2];
    vd_figure_percent(text, live->now->cpu);
    g_snprintf(value, sizeof value, "%4s%%", text);
    series(live, rect, _("cpu"), live->now->cpu < 0 ? "   –" : value, VD_SERIES_CPU, 100,
           live->now->cpu);
}

static void memory(const Live *live, VdRect rect)
{
    double used = live->now->mem_used, total = vd_grid_memory(live->row);
    int x = rect.x + vd_canvas_text(live->canvas, rect.x, rect.y, rect.w, VD_ROLE_LABEL, _("mem"));
    g_autofree char *of = total > 0 ? vd_format_size((guint64)total) : g_strdup("–");
    char text[VD_FIGURE_SIZE];
    x += 1 + vd_canvas_printf(live->canvas, x + 1, rect.y, rect.x + rect.w - x - 1, VD_ROLE_NORMAL,
                              /* TRANSLATORS: memory used of the total: "1.2G of 2.0 GiB" */
                              _("%s of %s"), vd_figure_bytes(text, used), of);
    int left = rect.x + rect.w - x - 1;
    if (used >= 0 && total > 0 && left >= 10) {
        int gauge = MIN(left - 5, 24);
        vd_canvas_gauge(live->canvas, x + 1, rect.y, gauge, used / total);
        vd_canvas_printf(live->canvas, x + gauge + 2, rect.y, 4, VD_ROLE_NORMAL, "%.0f%%",
                         used * 100 / total);
    }
    graph(live, (VdRect){rect.x, rect.y + 1, rect.w, rect.h - 1}, VD_SERIES_MEM, 100);
}

/* Two rates on one line, with the history of the larger. */
static void pair(const Live *live, VdRect rect, const char *label, const char *first,
                 const char *second, const double values[2], VdSeries which)
{
    char a[VD_FIGURE_SIZE], b[VD_FIGURE_SIZE];
    g_autofree char *text = g_strdup_printf("%s %s %s %s", first, vd_figure_bytes(a, values[0]),
                                            second, vd_figure_bytes(b, values[1]));
    series(live, rect, label, text, values[1] > values[0] ? (VdSeries)(which + 1) : which, 0,
           MAX(values[0], values[1]));
}

static void disks(const Live *live, VdRect rect)
{
    const double values[] = {live->now->disk_read, live->now->disk_write};
    pair(live, rect, _("disk"), _("r"), _("w"), values, VD_SERIES_DISK_READ);
}

static void network(const Live *live, VdRect rect)
{
    const double values[] = {live->now->net_rx, live->now->net_tx};
    pair(live, rect, _("net"), _("rx"), _("tx"), values, VD_SERIES_NET_RX);
}

static void rate(const Live *live, VdRect rect, const char *label, double value, VdSeries which)
{
    char text[VD_FIGURE_SIZE];
    series(live, rect, label, vd_figure_bytes(text, value), which, 0, value);
}

static void disk_read(const Live *live, VdRect rect)
{
    rate(live, rect, _("disk read"), live->now->disk_read, VD_SERIES_DISK_READ);
}

static void disk_write(const Live *live, VdRect rect)
{
    rate(live, rect, _("disk write"), live->now->disk_write, VD_SERIES_DISK_WRITE);
}

static void net_rx(const Live *live, VdRect rect)
{
    rate(live, rect, _("net received"), live->now->net_rx, VD_SERIES_NET_RX);
}

static void net_tx(const Live *live, VdRect rect)
{
    rate(live, rect, _("net sent"), live->now->net_tx, VD_SERIES_NET_TX);
}

/* Of all series, the one that reaches back the furthest decides. 0: there is none. */
static guint common_span(const Live *live)
{
    float all[VD_HISTORY_BUCKETS];
    guint span = 0;
    for (guint i = 0; i < VD_SERIES_COUNT; i++)
        if (history(live, (VdSeries)i, all))
            span = MAX(span, span_of(all));
    return span;
}

/* "last 2 min" for the end of the title's rule; NULL where it has no place. */
static char *span_words(const Live *live, VdRect rect)
{
    if (!live->span || rect.w < 40 || vd_app_span(live->app, 0, 1) == 0)
        return NULL;
    /* TRANSLATORS: what a graph covers: "last 2 min" */
    g_autofree char *last = g_strdup_printf(_("last %u min"), live->span / A_MINUTE);
    return g_strdup_printf(" %s ", last);
}

/* The title ends before those words, with a piece of the rule between. */
static void draw_rule(const Live *live, VdRect rect, VdRole role, const char *title)
{
    g_autofree char *words = live->row ? span_words(live, rect) : NULL;
    int width = words ? vd_text_width(words) : 0;
    vd_canvas_rule(live->canvas, rect.x, rect.y, rect.w, role, NULL);
    vd_canvas_rule(live->canvas, rect.x, rect.y, rect.w - (words ? width + 3 : 0), role, title);
    vd_canvas_text(live->canvas, rect.x + rect.w - width - 2, rect.y, width, VD_ROLE_TITLE, words);
}

static char *title_of(const VdTreeRow *row)
{
    if (!row)
        return NULL;
    if (row->vm)
        return g_strdup_printf("%s · %s", row->vm->name, row->host->id);
    return g_strdup_printf("%s · %s", row->host->id, row->host->uri);
}

/* What is known of a machine besides its figures: one line. */
static void facts(const Live *live, VdRect rect)
{
    const VdVm *vm = live->row->vm;
    const VdHost *host = live->row->host;
    GString *text = g_string_new(NULL);
    if (vm) {
        if (!vd_host_state_answers(host->state)) /* all below is as it was then */
            g_string_append_printf(text, "%s · ", _(vd_host_state_word(host->state)));
        g_string_append_printf(text, "%s · ", _(vd_vm_word(vm)));
        g_string_append_printf(text, ngettext("%d CPU", "%d CPUs", (gulong)MAX(vm->vcpus, 0)),
                               vm->vcpus);
        if (vm->address)
            g_string_append_printf(text, " · %s", vm->address);
        if (vm->autostart)
            g_string_append_printf(text, " · %s", _("autostart"));
        if (vm->title)
            g_string_append_printf(text, " · %s", vm->title);
    } else {
        g_string_append_printf(text, "%s · ", _(vd_host_state_word(host->state)));
        g_string_append_printf(text, ngettext("%u machine", "%u machines", host->vms->len),
                               host->vms->len);
        if (host->cpus > 0) {
            g_string_append(text, " · ");
            g_string_append_printf(text, ngettext("%d CPU", "%d CPUs", (gulong)host->cpus),
                                   host->cpus);
        }
        if (host->hostname)
            g_string_append_printf(text, " · %s", host->hostname);
    }
    vd_canvas_text(live->canvas, rect.x, rect.y, rect.w, VD_ROLE_DIM, text->str);
    g_string_free(text, TRUE);
}

static void draw_low(const Live *live, VdRect rect)
{
    int half = (rect.w - 2) / 2;
    VdRect left = {rect.x, rect.y, half, 1};
    VdRect right = {rect.x + half + 2, rect.y, rect.w - half - 2, 1};
    cpu(live, left);
    memory(live, right);
    left.y++;
    right.y++;
    if (rect.h < 2)
        return;
    disks(live, left);
    network(live, right);
    if (rect.h >= 3)
        facts(live, (VdRect){rect.x, rect.y + rect.h - 1, rect.w, 1});
}

typedef void (*Part)(const Live *live, VdRect rect);

/* Histories one above the other, each with as many rows as there are; disk and network take two
 * where there is room to tell them apart. */
static void draw_high(const Live *live, VdRect rect)
{
    static const Part few[] = {cpu, memory, disks, network};
    static const Part many[] = {cpu, memory, disk_read, disk_write, net_rx, net_tx};
    gboolean room = rect.h - 1 >= 2 * (int)G_N_ELEMENTS(many);
    const Part *parts = room ? many : few;
    int n = (int)(room ? G_N_ELEMENTS(many) : G_N_ELEMENTS(few));
    int each = CLAMP((rect.h - 1) / n, 1, 6);
    facts(live, (VdRect){rect.x, rect.y, rect.w, 1});
    for (int i = 0; i < n; i++)
        parts[i](live, (VdRect){rect.x, rect.y + 1 + i * each, rect.w, each});
}

static void draw(VdPane *pane, VdCanvas *canvas, VdRect rect, gboolean focused)
{
    const VdTreeRow *row = vd_tree_selected(vd_console_tree(pane->app));
    g_autofree char *title = title_of(row);
    Live live = {.app = pane->app, .row = row, .canvas = canvas};
    if (row) {
        live.now = row->vm ? &row->vm->now : &row->host->now;
        live.span = rect.h < 2 ? 0 : common_span(&live);
    }
    draw_rule(&live, rect, focused ? VD_ROLE_TITLE_FOCUS : VD_ROLE_TITLE, title);
    if (!row || rect.h < 2)
        return;
    rect = (VdRect){rect.x + 1, rect.y + 1, rect.w - 2, rect.h - 1};
    gboolean bad =
        !row->vm && (row->host->state == VD_HOST_DOWN || row->host->state == VD_HOST_OFF);
    if (bad) {
        const char *why = row->host->error ? row->host->error : _("The host does not answer.");
        int lines = vd_canvas_wrap(canvas, rect, VD_ROLE_STATE_BAD, why);
        rect.y += lines;
        rect.h -= lines;
        g_autofree char *more = vd_text_more(why, row->host->detail);
        vd_canvas_wrap(canvas, rect, VD_ROLE_DIM, more);
        return;
    }
    if (rect.w >= 50 && rect.h < 9)
        draw_low(&live, rect);
    else if (rect.h >= 5)
        draw_high(&live, rect);
    else
        draw_low(&live, rect);
    if (!vd_host_state_answers(row->host->state))
        vd_canvas_tint(canvas, rect, VD_ROLE_DIM);
}

static void free_pane(VdPane *pane)
{
    g_free(pane);
}

static const VdPaneClass live_class = {.draw = draw, .free = free_pane};

VdPane *vd_pane_live_new(VdApp *app)
{
    LivePane *self = g_new0(LivePane, 1);
    self->pane = (VdPane){.class = &live_class, .app = app};
    return &self->pane;
}
