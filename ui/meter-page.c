/* The latency meter as a page: the program's own times, the line to the terminal, and each host's
 * calls. Made anew every second from what is counted anyway. */
#include "config.h"

#include "ui/meter-page.h"

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "ui/console.h"
#include "ui/page.h"
#include "ui/term.h"

typedef struct {
    VdApp *app;        /* (borrowed) */
    GHashTable *calls; /* host → calls at the last look, as a pointer */
    gint64 looked;     /* monotonic */
    guint64 bytes;     /* then */
} MeterPage;

/* A cell of a table: text and blanks up to width. */
static void cell(GString *out, int width, const char *text)
{
    int used = vd_text_width(text);
    g_string_append(out, text);
    g_string_append_printf(out, "%*s", MAX(1, width - used), "");
}

/* count: how many times it was measured. */
static void time_cell(GString *out, int width, gint64 usec, guint64 count)
{
    g_autofree char *text = count > 0 ? vd_format_latency(usec) : g_strdup("–");
    cell(out, width, text);
}

enum { NAME = 18, FIGURE = 10 };

static void heading(GString *out, const char *first)
{
    cell(out, NAME, first);
    cell(out, FIGURE, _("count"));
    cell(out, FIGURE, _("half"));
    /* TRANSLATORS: 99 of 100 took no longer */
    cell(out, FIGURE, _("99 in 100"));
    cell(out, FIGURE, _("worst"));
}

static void histogram_line(GString *out, const char *name, const VdHistogram *times)
{
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, times->n);
    cell(out, NAME, name);
    cell(out, FIGURE, count);
    time_cell(out, FIGURE, vd_histogram_at(times, 50), times->n);
    time_cell(out, FIGURE, vd_histogram_at(times, 99), times->n);
    time_cell(out, FIGURE, times->worst, times->n);
    g_string_append_c(out, '\n');
}

static void line_lines(GString *out, MeterPage *self, double seconds)
{
    VdTermLine line;
    vd_term_line(&line);
    g_autofree char *total = vd_format_size(line.bytes);
    g_autofree char *interval = vd_format_latency(line.interval);
    cell(out, NAME, _("To the terminal"));
    g_string_append(out, total);
    if (seconds > 0)
        g_string_append_printf(out, _(" · %.1f KiB/s now"),
                               (double)(line.bytes - self->bytes) / 1024 / seconds);
    /* TRANSLATORS: frames for new figures: " · a frame every 100 ms at most" */
    g_string_append_printf(out, _(" · a frame every %s at most"), interval);
    self->bytes = line.bytes;
    g_string_append_c(out, '\n');
    if (line.latency == 0)
        return;
    g_autofree char *latency = vd_format_latency(line.latency);
    cell(out, NAME, _("Its line"));
    /* TRANSLATORS: the line to the terminal */
    g_string_append_printf(out, _("answers after %s"), latency);
    if (line.rate > 0)
        g_string_append_printf(out, _(" · takes %.1f KiB/s or more"), line.rate / 1024);
    g_string_append_c(out, '\n');
}

static void doing_text(GString *out, const VdHostMeter *host, gint64 now)
{
    if (!host->doing)
        return;
    g_autofree char *since = vd_format_latency(now - host->since);
    g_string_append_printf(out, "%s %s", _(host->doing), since);
    if (host->hard_ms > 0) {
        g_autofree char *soft = vd_format_latency((gint64)host->soft_ms * 1000);
        g_autofree char *hard = vd_format_latency((gint64)host->hard_ms * 1000);
        /* TRANSLATORS: the two deadlines of a call: "of 3.0s, 30s" */
        g_string_append_printf(out, _(" of %s, %s"), soft, hard);
    }
}

static void host_line(GString *out, MeterPage *self, const VdHostMeter *host, double seconds)
{
    gpointer before = NULL;
    gboolean known = g_hash_table_lookup_extended(self->calls, host->host, NULL, &before);
    guint64 calls = known ? host->calls - GPOINTER_TO_SIZE(before) : 0;
    g_autofree char *rate =
        known && seconds > 0 ? g_strdup_printf("%.1f", (double)calls / seconds) : g_strdup("–");
    g_autofree char *lanes = host->stuck
                                 ? g_strdup_printf(_("%u, %u hang"), host->lanes, host->stuck)
                                 : g_strdup_printf("%u", host->lanes);
    g_autofree char *every =
        host->interval_ms ? vd_format_latency((gint64)host->interval_ms * 1000) : g_strdup("–");
    cell(out, NAME, host->host);
    cell(out, FIGURE, rate);
    time_cell(out, FIGURE, host->median, host->calls);
    time_cell(out, FIGURE, host->high, host->calls);
    time_cell(out, FIGURE, host->worst, host->calls);
    cell(out, FIGURE, every);
    cell(out, FIGURE + 2, lanes);
    doing_text(out, host, g_get_monotonic_time());
    g_string_append_c(out, '\n');
    g_hash_table_insert(self->calls, g_strdup(host->host), GSIZE_TO_POINTER((gsize)host->calls));
}

static void hosts_table(GString *out, MeterPage *self, const VdMeterReading *reading,
                        double seconds)
{
    static const char *const titles[] = {N_("calls/s"), N_("half"),  N_("99 in 100"),
                                         N_("worst"),   N_("every"), N_("threads")};
    cell(out, NAME, _("HOST"));
    for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
        cell(out, i + 1 < G_N_ELEMENTS(titles) ? FIGURE : FIGURE + 2, _(titles[i]));
    g_string_append(out, _("now"));
    g_string_append_c(out, '\n');
    for (guint i = 0; i < reading->hosts->len; i++)
        host_line(out, self, &g_array_index(reading->hosts, VdHostMeter, i), seconds);
}

static char *make(gpointer data)
{
    MeterPage *self = data;
    const VdMeter *meter = &self->app->meter;
    gint64 now = g_get_monotonic_time();
    double seconds = self->looked ? (double)(now - self->looked) / G_USEC_PER_SEC : 0;
    GString *out = g_string_new(NULL);
    VdMeterReading reading;
    vd_deck_read_meter(vd_app_deck(self->app), &reading);
    heading(out, "");
    g_string_append_c(out, '\n');
    histogram_line(out, _("Key to frame"), &meter->keys);
    histogram_line(out, _("Loop's turns"), &meter->turns);
    histogram_line(out, _("Frames"), &meter->frames);
    line_lines(out, self, seconds);
    cell(out, NAME, _("Threads to hosts"));
    g_string_append_printf(out, ngettext("%u at work", "%u at work", reading.lanes), reading.lanes);
    if (reading.abandoned)
        g_string_append_printf(
            out, ngettext(" · %u left behind", " · %u left behind", reading.abandoned),
            reading.abandoned);
    g_string_append(out, "\n\n");
    hosts_table(out, self, &reading, seconds);
    g_array_unref(reading.hosts);
    self->looked = now;
    return g_string_free(out, FALSE);
}

static void free_page(gpointer data)
{
    MeterPage *self = data;
    g_hash_table_unref(self->calls);
    g_free(self);
}

VdDialog *vd_meter_page_new(VdApp *app)
{
    MeterPage *self = g_new0(MeterPage, 1);
    self->app = app;
    self->calls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return vd_page_new_live(_("Latency"), make, self, free_page);
}
