/* Forms and the job window in the real program, with a store and a journal made beforehand.
 * About 10 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include <stdio.h>
#include <string.h>

#include "tests/screens/console.h"
#include "tests/screens/fixture.h"

#define JOB "r-7K2M9Q"

static VdConsole *console_with(VdFixture *fixture, int cols, int rows, const char *const *words,
                               const char *const *env)
{
    VdConsole *console = vd_console_start(&(VdConsoleOptions){
        .folder = fixture->folder, .cols = cols, .rows = rows, .words = words, .env = env});
    if (rows > 5)
        vd_console_expect(console, "db-01");
    return console;
}

static void test_form_is_drawn(void **state)
{
    (void)state;
    static const char *const ascii[] = {"--ascii", NULL}, *const no_color[] = {"NO_COLOR=1", NULL},
                             *const russian[] = {"LANGUAGE=ru", NULL};
    const struct {
        const char *name;
        int cols, rows;
        const char *const *words, *const *env;
    } looks[] = {
        {"form-160x45", 160, 45, NULL, NULL},
        {"form-80x24", 80, 24, NULL, NULL},
        {"form-40x10", 40, 10, NULL, NULL},
        {"form-20x5", 20, 5, NULL, NULL},
        {"form-1x1", 1, 1, NULL, NULL},
        {"form-ascii", 80, 24, ascii, NULL},
        {"form-no-color", 80, 24, NULL, no_color},
        {"form-russian", 80, 24, NULL, russian},
    };
    VdFixture *fixture = vd_fixture_new();
    vd_fixture_image(fixture, "debian-12", TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(looks); i++) {
        VdConsole *console =
            console_with(fixture, looks[i].cols, looks[i].rows, looks[i].words, looks[i].env);
        vd_console_type(console, "<F2>");
        vd_console_golden(console, looks[i].name);
        vd_console_leave(console);
    }
    vd_fixture_free(fixture);
}

/* Fields are checked by the real deck against the real (test) host as they are left. */
static void test_form_checks(void **state)
{
    (void)state;
    VdFixture *fixture = vd_fixture_new();
    vd_fixture_image(fixture, "debian-12", TRUE);
    VdConsole *console = console_with(fixture, 80, 24, NULL, NULL);
    vd_console_type(console, "<F2>db-01<Tab>");
    vd_console_expect(console, "A machine named db-01 is there already");
    vd_console_type(console, "<BackTab><C-u>db-07<Tab>");
    vd_console_expect_gone(console, "there already");
    vd_console_type(console, "<Tab>deb");
    vd_console_expect(console, "debian-12"); /* the list, by type-ahead */
    vd_console_golden(console, "form-list");
    vd_console_type(console, "<Tab>");
    vd_console_expect(console, "Debian GNU/Linux 12 (bookworm)");
    vd_console_type(console, "1G<Tab>"); /* smaller than the image */
    vd_console_expect(console, "Disk: ");
    vd_console_golden(console, "form-bad-disk");
    vd_console_type(console, "<BackTab><C-u>20G<Tab>");
    vd_console_expect_gone(console, "smaller");
    vd_console_type(console, "<F3>");
    vd_console_expect(console, "--image debian-12");
    vd_console_golden(console, "form-command");
    vd_console_type(console, "<Esc><Esc>");
    vd_console_expect(console, "Press Esc once more");
    vd_console_type(console, "<Esc>");
    vd_console_expect_gone(console, "Deploy a machine");
    vd_console_leave(console);
    vd_fixture_free(fixture);
}

static void test_form_secret(void **state)
{
    (void)state;
    VdFixture *fixture = vd_fixture_new();
    VdConsole *console = console_with(fixture, 80, 24, NULL, NULL);
    vd_console_type(console, "<F2>");
    for (int i = 0; i < 40; i++) {
        g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
        if (vd_grid_find(grid, "The password of root", NULL, NULL))
            break;
        vd_console_type(console, "<Tab>");
    }
    vd_console_expect(console, "The password of root");
    vd_console_type(console, "t0psecret");
    vd_console_expect(console, "•••••••••");
    vd_console_type(console, "<F3>"); /* nor in the command line */
    vd_console_expect(console, "--password-file");
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    assert_false(vd_grid_find(grid, "t0psecret", NULL, NULL));
    vd_console_leave(console);
    vd_fixture_free(fixture);
}

/* All that are marked and suit, quoted only where a shell wants it; and a dash is no option. */
static void test_form_as_command(void **state)
{
    (void)state;
    VdConsole *marked = vd_console_start(&(VdConsoleOptions){.cols = 160});
    vd_console_expect(marked, "old-build");
    vd_console_type(marked, "*:delete<Enter>");
    vd_console_expect(marked, "As command");
    vd_console_type(marked, "<F3>");
    vd_console_expect(marked, " delete batch-7 old-build");
    vd_console_expect_gone(marked, "-c '");
    vd_console_type(marked, "<Esc><Esc>");
    vd_console_leave(marked);
    VdConsole *dash = vd_console_start(&(VdConsoleOptions){.fleet = VD_FLEET_HOSTILE, .cols = 160});
    vd_console_expect(dash, "-rf");
    vd_console_type(dash, "/-rf<Enter>G:rename<Enter>");
    vd_console_expect(dash, "As command");
    vd_console_type(dash, "<C-u>ndash<F3>");
    vd_console_expect(dash, " rename -- -rf ndash");
    vd_console_type(dash, "<Esc><Esc><Esc>");
    vd_console_leave(dash);
}

static void test_form_lame_image(void **state)
{
    (void)state;
    VdFixture *fixture = vd_fixture_new();
    vd_fixture_image(fixture, "blob", FALSE);
    VdConsole *console = console_with(fixture, 80, 24, NULL, NULL);
    vd_console_type(console, "<F2>x<Tab><Tab>blob");
    vd_console_expect(console, "F6 goes on without");
    vd_console_golden(console, "form-lame-image");
    vd_console_type(console, "<F6>");
    vd_console_expect(console, "[x]");
    vd_console_leave(console);
    vd_fixture_free(fixture);
}

static void test_generic_form(void **state)
{
    (void)state;
    VdFixture *fixture = vd_fixture_new();
    VdConsole *console = console_with(fixture, 80, 24, NULL, NULL);
    vd_console_type(console, "/old-build<Enter>G:rename<Enter>");
    vd_console_expect(console, "New name");
    vd_console_golden(console, "form-rename");
    vd_console_type(console, "a/b<F2>"); /* no name for a machine */
    vd_console_expect(console, "✗");
    vd_console_type(console, "<C-u>new-build<F2>");
    vd_console_expect_gone(console, "New name");
    vd_console_type(console, "/<C-u>new-build<Enter>");
    vd_console_expect(console, "   new-build");
    vd_console_leave(console);
    vd_fixture_free(fixture);
}

/* Its runner is gone: the list says what can be done, here and on the command line. */
static void test_job_interrupted(void **state)
{
    (void)state;
    VdFixture *fixture = vd_fixture_new();
    vd_fixture_job(fixture, JOB, "db-07");
    close(fixture->lock);
    fixture->lock = -1;
    VdConsole *console = console_with(fixture, 80, 24, NULL, NULL);
    vd_console_expect(console, "interrupted: R goes on with it, F8 takes it");
    vd_console_type(console, "2");
    vd_console_type(console, "<Enter>");
    vd_console_expect(console, "It can go on, or be taken back.");
    vd_console_leave(console);
    g_autofree char *out = NULL;
    g_autoptr(GError) error = NULL;
    const char *const argv[] = {vd_console_program(), "jobs", NULL};
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &out, NULL, NULL, &error));
    assert_non_null(strstr(out, "vmdeck job resume " JOB));
    assert_non_null(strstr(out, "vmdeck job cancel " JOB));
    vd_fixture_free(fixture);
}

static void test_job_window(void **state)
{
    (void)state;
    VdFixture *fixture = vd_fixture_new();
    vd_fixture_job(fixture, JOB, "db-07");
    VdConsole *console = console_with(fixture, 80, 24, NULL, NULL);
    vd_console_expect(console, "deploy db-07");
    vd_console_golden(console, "job-pane");
    vd_pty_resize(console->pty, 45, 160); /* narrow and high: a bar all the same, below the title */
    vd_console_golden(console, "job-pane-160x45");
    vd_pty_resize(console->pty, 24, 80);
    vd_console_golden(console, "job-pane");
    vd_console_type(console, "2"); /* which may be the start of a count: it is waited for */
    vd_console_type(console, "<Enter>");
    vd_console_expect(console, "Total");
    vd_console_golden(console, "job-window"); /* greyed words stand on the dialog's ground */
    vd_fixture_progress(fixture, JOB, 0.75, "and on"); /* another process writes: it is seen */
    vd_console_expect(console, "75%");
    vd_console_type(console, "l");
    vd_console_expect(console, "growing /dev/sda1");
    vd_console_golden(console, "job-log");
    vd_console_type(console, "<Esc><Esc>");
    vd_console_expect_gone(console, "follows the end");
    vd_console_type(console, "L"); /* from the list as well it is one that follows */
    vd_console_expect(console, "follows the end");
    vd_console_type(console, "<Esc><Enter>");
    vd_console_expect(console, "Total");
    vd_console_type(console, "c");
    vd_console_expect(console, "What it made is removed");
    vd_console_golden(console, "job-cancel");
    vd_console_type(console, "<Enter>"); /* No */
    vd_fixture_fail(fixture, JOB);
    vd_console_expect(console, "The file system is damaged.");
    vd_console_golden(console, "job-failed");
    vd_console_leave(console);
    vd_fixture_free(fixture);
}

static void test_job_window_small_and_plain(void **state)
{
    (void)state;
    static const char *const ascii[] = {"--ascii", NULL};
    static const int sizes[][2] = {{80, 24}, {40, 10}, {20, 5}, {1, 1}};
    VdFixture *fixture = vd_fixture_new();
    vd_fixture_job(fixture, JOB, "db-07");
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        VdConsole *console = console_with(fixture, sizes[i][0], sizes[i][1], ascii, NULL);
        vd_console_type(console, "2"); /* which may be the start of a count: it is waited for */
        vd_console_type(console, "<Enter>");
        g_autofree char *name = g_strdup_printf("job-window-ascii-%dx%d", sizes[i][0], sizes[i][1]);
        vd_console_golden(console, name);
        vd_console_leave(console);
    }
    vd_fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_is_drawn),
        cmocka_unit_test(test_form_checks),
        cmocka_unit_test(test_form_secret),
        cmocka_unit_test(test_form_as_command),
        cmocka_unit_test(test_form_lame_image),
        cmocka_unit_test(test_generic_form),
        cmocka_unit_test(test_job_interrupted),
        cmocka_unit_test(test_job_window),
        cmocka_unit_test(test_job_window_small_and_plain),
    };
    return cmocka_run_group_tests_name("dialogs", tests, NULL, NULL);
}
