/* measure: figures of the console on a terminal, for tests/bench/run. One measurement a call; its
 * result is one line of numbers on standard output.
 *
 *   measure first RUNS TEXT -- PROGRAM…    from the start until TEXT is shown, median, milliseconds
 *   measure keys COUNT TEXT -- PROGRAM…    from a key to the moved cursor, microseconds: the
 * median, the 99th percentile, the worst measure idle SECONDS TEXT -- PROGRAM…  per cent of one
 * processor, bytes a second to the terminal, resident KiB, and per cent of one processor that the
 *                                          process VMDECK_BENCH_DAEMON took, if it is set
 *   measure thin SECONDS TEXT -- PROGRAM…  on a line of 64 kbit/s: bytes a second; the median and
 * the worst of keys, microseconds measure quit RUNS TEXT -- PROGRAM…     from the key that quits to
 * the end, worst, milliseconds measure sort RUNS TEXT -- PROGRAM…     from the key that sorts by
 * processors until every running machine has a figure to be sorted by, worst, milliseconds measure
 * fleet FILE COUNT               writes a fleet for the test driver, prints its URI
 *
 * TEXT is what the screen shows once the list is complete. The console gets the environment of the
 * caller, so that it is also measured on real hosts. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/turn.h"
#include "tests/screens/fleet.h"
#include "tests/screens/pty.h"

/* Rows and columns of the terminal that is measured: a usual window. */
#define ROWS 40
#define COLS 120
/* The machines' names stand here in the list; the cursor's row is drawn differently. */
#define NAME_COL 4
/* What is drawn and asked for right after the start is no steady state. */
#define WARM_UP_SECONDS 5
/* Two frames: by then what a key has caused is on the terminal. */
#define FRAME_SECONDS 0.035

#define THIN_RATE 8000 /* 64 kbit/s */
#define THIN_KEYS 30

typedef struct {
    const char *text;
    const char *const *argv;
    int rate; /* of the line, bytes a second; 0: no bound */
} Subject;

static VdPty *subject_start(const Subject *subject)
{
    g_autoptr(GError) error = NULL;
    VdPtyOptions options = {
        .argv = subject->argv, .rows = ROWS, .cols = COLS, .keep_env = TRUE, .rate = subject->rate};
    VdPty *pty = vd_pty_start(&options, &error);
    if (!pty)
        fprintf(stderr, "measure: %s\n", error->message);
    return pty;
}

static void show_screen(VdPty *pty)
{
    g_autoptr(VdGrid) grid = vd_pty_grid(pty);
    g_autofree char *screen = vd_grid_text(grid);
    fprintf(stderr, "%s", screen);
}

/* Starts the console and waits for its list. The caller frees. */
static VdPty *subject_listed(const Subject *subject)
{
    VdPty *pty = subject_start(subject);
    if (pty && vd_pty_wait_text(pty, subject->text))
        return pty;
    if (pty) {
        fprintf(stderr, "measure: '%s' never came; the screen:\n", subject->text);
        show_screen(pty);
    }
    vd_pty_free(pty);
    return NULL;
}

static int by_size(gconstpointer a, gconstpointer b)
{
    gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;
    return (left > right) - (left < right);
}

static gint64 percentile(GArray *sorted, int percent)
{
    guint place = (sorted->len - 1) * (guint)percent / 100;
    return g_array_index(sorted, gint64, place);
}

static int measure_first(const Subject *subject, int runs)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (int i = 0; i < runs; i++) {
        gint64 start = g_get_monotonic_time();
        g_autoptr(VdPty) pty = subject_listed(subject);
        if (!pty)
            return 1;
        gint64 time = g_get_monotonic_time() - start;
        g_array_append_val(times, time);
    }
    g_array_sort(times, by_size);
    printf("%.1f\n", (double)percentile(times, 50) / 1000);
    return 0;
}

static gboolean time_is_over(VdGrid *grid, gpointer data)
{
    (void)grid;
    return g_get_monotonic_time() >= *(gint64 *)data;
}

/* Reads the terminal for so long, as a terminal does. */
static void watch(VdPty *pty, double seconds)
{
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
    vd_pty_wait(pty, time_is_over, &end);
}

/* How the names' column is drawn, row by row: it changes only when the cursor moves or the list
 * scrolls, whatever the figures beside it do meanwhile. */
static guint cursor_look(VdGrid *grid)
{
    guint look = 5381;
    for (int row = 1; row < grid->rows; row++) {
        const VdGlyph *glyph = vd_grid_glyph(grid, row, NAME_COL);
        look = look * 33 + (guint)glyph->fg;
        look = look * 33 + (guint)glyph->bg;
        look = look * 33 + glyph->attrs;
    }
    return look;
}

static gboolean looks_otherwise(VdGrid *grid, gpointer data)
{
    return cursor_look(grid) != *(guint *)data;
}

/* Microseconds from a key to the moved cursor; -1: it was not answered. */
static gint64 time_key(VdPty *pty, const char *key)
{
    g_autoptr(VdGrid) before = vd_pty_grid(pty);
    guint look = cursor_look(before);
    gint64 start = g_get_monotonic_time();
    vd_pty_send(pty, key);
    return vd_pty_wait(pty, looks_otherwise, &look) ? g_get_monotonic_time() - start : -1;
}

static int measure_keys(const Subject *subject, int count)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(VdPty) pty = subject_listed(subject);
    if (!pty)
        return 1;
    for (int i = 0; i < count; i++) {
        /* All of the frame before, or its rest would be taken for the answer to this key. */
        watch(pty, FRAME_SECONDS);
        /* Down nine rows and up again, so that the list does not scroll. */
        gint64 time = time_key(pty, i / 9 % 2 ? "<Up>" : "<Down>");
        if (time < 0) {
            fprintf(stderr, "measure: key %d was not answered; the screen:\n", i);
            show_screen(pty);
            return 1;
        }
        g_array_append_val(times, time);
    }
    g_array_sort(times, by_size);
    printf("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n",
           percentile(times, 50), percentile(times, 99), percentile(times, 100));
    return 0;
}

/* Clock ticks of a process in user and kernel mode: fields 14 and 15 of proc(5)'s stat. */
static guint64 ticks_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *stat = NULL;
    if (!g_file_get_contents(path, &stat, NULL, NULL))
        return 0;
    const char *rest = strrchr(stat, ')');
    if (!rest)
        return 0;
    g_auto(GStrv) fields = g_strsplit(rest + 2, " ", -1);
    if (g_strv_length(fields) < 13)
        return 0;
    return g_ascii_strtoull(fields[11], NULL, 10) + g_ascii_strtoull(fields[12], NULL, 10);
}

/* Of the daemon that the caller names; 0: none. */
static guint64 daemon_ticks(void)
{
    const char *pid = g_getenv("VMDECK_BENCH_DAEMON");
    return pid ? ticks_of((pid_t)atoi(pid)) : 0;
}

static guint64 resident_kib(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);
    g_autofree char *status = NULL;
    if (!g_file_get_contents(path, &status, NULL, NULL))
        return 0;
    const char *line = strstr(status, "VmRSS:");
    return line ? g_ascii_strtoull(line + strlen("VmRSS:"), NULL, 10) : 0;
}

static int measure_idle(const Subject *subject, int seconds)
{
    g_autoptr(VdPty) pty = subject_listed(subject);
    if (!pty)
        return 1;
    watch(pty, WARM_UP_SECONDS);
    guint64 ticks = ticks_of(vd_pty_pid(pty)), bytes = vd_pty_bytes(pty);
    guint64 daemon = daemon_ticks();
    gint64 start = g_get_monotonic_time();
    watch(pty, seconds);
    double elapsed = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    double busy = (double)(ticks_of(vd_pty_pid(pty)) - ticks) / (double)sysconf(_SC_CLK_TCK);
    printf("%.2f %.0f %" G_GUINT64_FORMAT, 100 * busy / elapsed,
           (double)(vd_pty_bytes(pty) - bytes) / elapsed, resident_kib(vd_pty_pid(pty)));
    if (daemon > 0) {
        double served = (double)(daemon_ticks() - daemon) / (double)sysconf(_SC_CLK_TCK);
        printf(" %.2f", 100 * served / elapsed);
    }
    printf("\n");
    return 0;
}

static int measure_thin(Subject subject, int seconds)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    subject.rate = THIN_RATE;
    g_autoptr(VdPty) pty = subject_listed(&subject);
    if (!pty)
        return 1;
    watch(pty, WARM_UP_SECONDS);
    guint64 bytes = vd_pty_bytes(pty);
    watch(pty, seconds);
    double rate = (double)(vd_pty_bytes(pty) - bytes) / seconds;
    for (int i = 0; i < THIN_KEYS; i++) {
        gint64 time = time_key(pty, i / 9 % 2 ? "<Up>" : "<Down>");
        if (time < 0)
            return 1;
        g_array_append_val(times, time);
        watch(pty, 0.3);
    }
    g_array_sort(times, by_size);
    printf("%.0f %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", rate, percentile(times, 50),
           percentile(times, 100));
    return 0;
}

static int measure_quit(const Subject *subject, int runs)
{
    double worst = 0;
    for (int i = 0; i < runs; i++) {
        g_autoptr(VdPty) pty = subject_listed(subject);
        int status = 0;
        if (!pty)
            return 1;
        watch(pty, 2);
        gint64 start = g_get_monotonic_time();
        vd_pty_send(pty, "q");
        if (!vd_pty_wait_exit(pty, &status) || status != 0)
            return 1;
        worst = MAX(worst, (double)(g_get_monotonic_time() - start) / 1000);
    }
    printf("%.1f\n", worst);
    return 0;
}

/* Where the processors' column stands; -1: it is not what the list is sorted by. */
static int sorted_column(VdGrid *grid)
{
    int row = 0, col = 0;
    if (!vd_grid_find(grid, "CPU%", &row, &col))
        return -1;
    const VdGlyph *mark = vd_grid_glyph(grid, row, col + (int)strlen("CPU%"));
    return *mark->text && *mark->text != ' ' ? col : -1;
}

/* Whatever has no figure stands last, so that all have one once the last row has. */
static gboolean last_has_figure(VdGrid *grid, gpointer data)
{
    int col = sorted_column(grid);
    (void)data;
    for (int i = 0; col >= 0 && i < (int)strlen("CPU%"); i++)
        if (g_ascii_isdigit(*vd_grid_glyph(grid, grid->rows - 2, col + i)->text))
            return TRUE;
    return FALSE;
}

/* Key by key, until the list is sorted by processors; when the last one was pressed, 0: it never
 * is.
 */
static gint64 sort_by_cpu(VdPty *pty)
{
    for (int i = 0; i < 8; i++) {
        gint64 start = g_get_monotonic_time();
        vd_pty_send(pty, "<F6>");
        watch(pty, 0.3);
        g_autoptr(VdGrid) grid = vd_pty_grid(pty);
        if (sorted_column(grid) >= 0)
            return start;
    }
    return 0;
}

static int measure_sort(const Subject *subject, int runs)
{
    double worst = 0;
    for (int i = 0; i < runs; i++) {
        g_autoptr(VdPty) pty = subject_listed(subject);
        if (!pty)
            return 1;
        watch(pty, WARM_UP_SECONDS);
        vd_pty_send(pty, "/state:run<Enter>");
        watch(pty, 1);
        vd_pty_send(pty, "<End>");
        watch(pty, 1);
        gint64 start = sort_by_cpu(pty);
        vd_pty_send(pty, "<End>");
        if (start == 0 || !vd_pty_wait(pty, last_has_figure, NULL)) {
            fprintf(stderr, "measure: not sorted by processors; the screen:\n");
            show_screen(pty);
            return 1;
        }
        worst = MAX(worst, (double)(g_get_monotonic_time() - start) / 1000);
    }
    printf("%.1f\n", worst);
    return 0;
}

static int write_fleet(const char *path, int count)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *name = g_strdup(base);
    if (g_str_has_suffix(name, ".xml"))
        name[strlen(name) - strlen(".xml")] = '\0';
    g_autofree char *uri = vd_fleet_large(folder, name, (guint)count);
    printf("%s\n", uri);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "fleet") == 0)
        return write_fleet(argv[2], atoi(argv[3]));
    if (argc < 6 || strcmp(argv[4], "--") != 0) {
        fprintf(stderr, "usage: measure first|keys|idle|thin|quit|sort NUMBER TEXT -- PROGRAM…\n"
                        "       measure fleet FILE COUNT\n");
        return 2;
    }
    int number = atoi(argv[2]);
    Subject subject = {.text = argv[3], .argv = (const char *const *)argv + 5};
    /* What this terminal waits for the processor is no time of the console's. Not where it waits
     * for the console's end: who goes before all and frees a process of many threads may keep the
     * one from its turn that frees the rest of it, for most of a second. */
    if (strcmp(argv[1], "keys") == 0 || strcmp(argv[1], "thin") == 0)
        vd_turn_first();
    /* A measurement of some seconds is longer than a test's patience. */
    g_setenv("VMDECK_TEST_DEADLINE", "60", TRUE);
    if (number > 0 && strcmp(argv[1], "first") == 0)
        return measure_first(&subject, number);
    if (number > 0 && strcmp(argv[1], "keys") == 0)
        return measure_keys(&subject, number);
    if (number > 0 && strcmp(argv[1], "idle") == 0)
        return measure_idle(&subject, number);
    if (number > 0 && strcmp(argv[1], "thin") == 0)
        return measure_thin(subject, number);
    if (number > 0 && strcmp(argv[1], "sort") == 0)
        return measure_sort(&subject, number);
    if (number > 0 && strcmp(argv[1], "quit") == 0)
        return measure_quit(&subject, number);
    fprintf(stderr, "measure: no such measurement\n");
    return 2;
}
