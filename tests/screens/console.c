/* The configuration gives the host a name, so that neither the machine's nor the URI's is on the
 * screen; what is left of this machine (the person, the time since something happened) is masked.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/screens/console.h"
#include "tests/screens/fleet.h"

static char *fleet_make(VdFleetKind kind, const char *folder)
{
    switch (kind) {
    case VD_FLEET_LARGE:
        return vd_fleet_large(folder, "fleet", 1000);
    case VD_FLEET_HOSTILE:
        return vd_fleet_hostile(folder, "fleet");
    case VD_FLEET_EMPTY:
        return vd_fleet_empty(folder, "fleet");
    case VD_FLEET_DOWN:
        return g_strdup_printf("test://%s/missing.xml", folder);
    default:
        return vd_fleet_small(folder, "fleet");
    }
}

static char *config_make(const VdConsoleOptions *options, const char *folder)
{
    g_autofree char *uri = fleet_make(options->fleet, folder);
    g_autofree char *path = g_build_filename(folder, "vmdeck.conf", NULL);
    /* The driver's counters run with the clock: one sample is taken, and no rate comes of it. */
    g_autofree char *text = g_strdup_printf("hosts = ( { name = \"kvm1\"; uri = \"%s\"; } );\n"
                                            "interval_ms = 60000;\n%s\n",
                                            uri, options->conf ? options->conf : "");
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return g_steal_pointer(&path);
}

const char *vd_console_program(void)
{
    const char *given = g_getenv("VMDECK");
    return given ? given : TEST_BUILD_DIR "/vmdeck";
}

static void fail_with_screen(VdConsole *console, const char *what, const char *text)
{
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    g_autofree char *screen = vd_grid_text(grid);
    (void)fprintf(stderr, "%s%s\n%s", what, text, screen); /* fail_msg() would cut it off */
    fail_msg("%s%s", what, text);
}

VdConsole *vd_console_start(const VdConsoleOptions *options)
{
    VdConsole *console = g_new0(VdConsole, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    /* Always a path of the same length: it is part of what some dialogs show. */
    console->folder = g_mkdtemp(g_strdup("/tmp/vmdeck-fleet-XXXXXX"));
    assert_non_null(console->folder);
    g_autofree char *config = config_make(options, console->folder);
    if (options->shell)
        g_strv_builder_add_many(words, "/bin/bash", "-c", options->shell, "bash", NULL);
    g_strv_builder_add_many(words, vd_console_program(), "--test-clock=1700000000", NULL);
    if (!options->no_config)
        g_strv_builder_add_many(words, "--config", config, NULL);
    for (const char *const *word = options->words; word && *word; word++)
        g_strv_builder_add(words, *word);
    g_auto(GStrv) argv = g_strv_builder_end(words);
    VdPtyOptions pty = {.argv = (const char *const *)argv,
                        .rows = options->rows,
                        .cols = options->cols,
                        .term = options->term,
                        .lang = options->lang,
                        .env = options->env,
                        .folder = options->folder,
                        .idle = TRUE};
    console->pty = vd_pty_start(&pty, &error);
    if (!console->pty)
        fail_msg("%s", error->message);
    if (!vd_pty_settle(console->pty))
        fail_with_screen(console, "it never came to rest", "");
    return console;
}

void vd_console_leave(VdConsole *console)
{
    int status = -1;
    vd_pty_signal(console->pty, SIGTERM);
    if (!vd_pty_wait_exit(console->pty, &status))
        fail_with_screen(console, "it did not end", "");
    if (status != 0) {
        g_autofree char *text = g_strdup_printf("%d", status);
        fail_with_screen(console, "exit status ", text);
    }
    g_autofree char *fleet = g_build_filename(console->folder, "fleet.xml", NULL);
    g_autofree char *config = g_build_filename(console->folder, "vmdeck.conf", NULL);
    vd_pty_free(console->pty);
    remove(fleet);
    remove(config);
    remove(console->folder);
    g_free(console->folder);
    g_free(console);
}

void vd_console_type(VdConsole *console, const char *keys)
{
    vd_pty_send(console->pty, keys);
    if (!vd_pty_settle(console->pty))
        fail_with_screen(console, "it never came to rest after ", keys);
}

void vd_console_expect(VdConsole *console, const char *text)
{
    if (!vd_pty_wait_text(console->pty, text))
        fail_with_screen(console, "not on the screen: ", text);
}

void vd_console_expect_gone(VdConsole *console, const char *text)
{
    if (!vd_pty_wait_gone(console->pty, text))
        fail_with_screen(console, "still on the screen: ", text);
}

/* The person and the blanks before it: names differ in length. */
static void mask(VdGrid *grid)
{
    g_autofree char *person = g_regex_escape_string(g_get_user_name(), -1);
    g_autofree char *regex = g_strdup_printf(" +%s +[0-9][0-9]:[0-9][0-9] *$", person);
    vd_grid_mask(grid, regex);
    vd_grid_erase(grid, "16 \\S+ [·-] .*$"); /* the host's own name, after its CPUs */
    vd_grid_mask(grid, "test://.*$");        /* the fleet's folder, and the rule after it */
    vd_grid_mask(grid, "(an overlay|a full copy) at [^│|]*"); /* how long it takes here */
    vd_grid_mask(grid, "(?<=^[│|] )boot[^│|]*");              /* its second line */
    vd_grid_mask(grid, "r-[0-9A-HJKMNP-TV-Z]{6}");
}

static gboolean is_golden(VdGrid *grid, gpointer data)
{
    g_autofree char *report = NULL;
    mask(grid);
    return vd_grid_check(grid, TEST_GOLDEN_DIR, data, &report);
}

typedef struct {
    char *last; /* the screen as it was */
    gint64 since;
} Stillness;

/* Nothing has changed for half a second: only for writing golden screens, which must not catch one
 * that is half drawn. Comparing needs no such guess: it goes on until both are the same. */
static gboolean is_still(VdGrid *grid, gpointer data)
{
    Stillness *stillness = data;
    g_autofree char *now = vd_grid_golden(grid);
    if (g_strcmp0(now, stillness->last) != 0) {
        g_free(stillness->last);
        stillness->last = g_steal_pointer(&now);
        stillness->since = g_get_monotonic_time();
        return FALSE;
    }
    return g_get_monotonic_time() - stillness->since > G_USEC_PER_SEC / 2;
}

void vd_console_golden(VdConsole *console, const char *name)
{
    g_autofree char *report = NULL;
    if (g_strcmp0(g_getenv("GENERATE"), "1") == 0) {
        Stillness stillness = {0};
        vd_pty_wait(console->pty, is_still, &stillness);
        g_free(stillness.last);
    }
    if (vd_pty_wait(console->pty, is_golden, (gpointer)name))
        return;
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    mask(grid);
    if (vd_grid_check(grid, TEST_GOLDEN_DIR, name, &report))
        return;
    (void)fputs(report, stderr);
    fail_msg("the screen is not %s", name);
}
