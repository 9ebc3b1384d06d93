/* The harness itself: a screen is read as it was drawn, keys arrive as the terminal sends them,
 * waits end, differences are found. A harness that cannot fail would make every other screen test
 * worthless, so the failures are tried as well. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/screens/fleet.h"
#include "tests/screens/pty.h"
#include "tests/screens/mend.h"
#include "tests/screens/svg.h"

static VdPty *probe_start(int rows, int cols, const char *cast)
{
    static const char *const argv[] = {TEST_BUILD_DIR "/tests/screens/probe", NULL};
    VdPtyOptions options = {.argv = argv, .rows = rows, .cols = cols, .idle = TRUE, .cast = cast};
    g_autoptr(GError) error = NULL;
    VdPty *pty = vd_pty_start(&options, &error);
    assert_null(error);
    assert_true(vd_pty_wait_text(pty, "plain"));
    return pty;
}

static void test_cells(void **state)
{
    (void)state;
    g_autoptr(VdPty) pty = probe_start(5, 40, NULL);
    g_autoptr(VdGrid) grid = vd_pty_grid(pty);
    int row = 0, col = 0;
    assert_int_equal(vd_grid_glyph(grid, 0, 0)->fg, 1);
    assert_true(vd_grid_glyph(grid, 0, 0)->attrs & VD_GLYPH_BOLD);
    assert_true(vd_grid_find(grid, "reverse", &row, &col));
    assert_true(vd_grid_glyph(grid, row, col)->attrs & VD_GLYPH_REVERSE);
    assert_int_equal(vd_grid_glyph(grid, 1, 0)->width, 2);
    assert_int_equal(vd_grid_glyph(grid, 1, 1)->width, 0);
    assert_true(vd_grid_find(grid, "e\u0301", &row, &col));
    assert_int_equal(col, 8);
    assert_int_equal(grid->cursor_row, -1);
    assert_true(vd_grid_find(grid, "xterm-256color UTC", NULL, NULL));
}

static void test_keys(void **state)
{
    (void)state;
    g_autoptr(VdPty) pty = probe_start(5, 60, NULL);
    vd_pty_send(pty, "<Up>");
    assert_true(vd_pty_settle(pty));
    assert_true(vd_pty_wait_text(pty, "key \\033OA"));
    vd_pty_send(pty, "<C-r>");
    assert_true(vd_pty_wait_text(pty, "key \\022"));
    assert_true(vd_pty_click(pty, 2, 3));
    assert_true(vd_pty_wait_text(pty, "[<0;4;3m"));
    vd_pty_resize(pty, 7, 50);
    assert_true(vd_pty_wait_text(pty, "size 50x7"));
}

static void test_end(void **state)
{
    (void)state;
    int status = 0;
    g_autoptr(VdPty) pty = probe_start(5, 40, NULL);
    vd_pty_send(pty, "q");
    assert_true(vd_pty_wait_exit(pty, &status));
    assert_int_equal(status, 7);
    assert_false(vd_pty_wait_text(pty, "what never comes")); /* at once: it has ended */

    g_autoptr(VdPty) hung = probe_start(5, 40, NULL);
    vd_pty_hangup(hung);
    assert_true(vd_pty_wait_exit(hung, &status));
    assert_int_equal(status, 128 + SIGHUP);
}

static void test_sandbox_is_removed(void **state)
{
    (void)state;
    struct stat info;
    VdPty *pty = probe_start(5, 40, NULL);
    g_autofree char *folder = g_strdup(vd_pty_folder(pty));
    assert_int_equal(stat(folder, &info), 0);
    vd_pty_free(pty);
    assert_int_not_equal(stat(folder, &info), 0);
}

/* The same comes out wherever a read cuts it. */
static void test_mended(void **state)
{
    (void)state;
    static const char in[] = "a-\033[4bx\033[1;31m\033\033[2by\033[0mz\033[?1006;1000h";
    for (gsize cut = 0; cut < sizeof(in) - 1; cut++) {
        VdMend mend;
        GString *out = g_string_new(NULL);
        vd_mend_init(&mend);
        vd_mend(&mend, in, cut, out);
        vd_mend(&mend, in + cut, sizeof(in) - 1 - cut, out);
        assert_string_equal(out->str, "a-----x\033[1;31m\033xxy\033[0mz\033[?1006h\033[?1000h");
        g_string_free(out, TRUE);
        vd_mend_clear(&mend);
    }
}

static void test_golden(void **state)
{
    (void)state;
    g_autoptr(VdPty) pty = probe_start(5, 40, NULL);
    g_autoptr(VdGrid) grid = vd_pty_grid(pty);
    g_autofree char *report = NULL;
    vd_grid_mask(grid, "r-[0-9A-Z]{6}");
    assert_true(vd_grid_find(grid, "XXXXXXXX", NULL, NULL));
    if (!vd_grid_check(grid, TEST_GOLDEN_DIR, "probe", &report))
        fail_msg("%s", report);

    /* One other attribute must be a difference, and so must one other letter. */
    if (g_strcmp0(g_getenv("GENERATE"), "1") == 0)
        return;
    vd_grid_glyph(grid, 0, 0)->attrs = 0;
    assert_false(vd_grid_check(grid, TEST_GOLDEN_DIR, "probe", &report));
    assert_non_null(strstr(report, "expected"));
    g_clear_pointer(&report, g_free);
    vd_grid_glyph(grid, 0, 0)->attrs = VD_GLYPH_BOLD;
    vd_grid_glyph(grid, 0, 0)->text[0] = 'R';
    assert_false(vd_grid_check(grid, TEST_GOLDEN_DIR, "probe", &report));
}

static void test_picture_and_cast(void **state)
{
    (void)state;
    g_autofree char *folder = g_dir_make_tmp("vmdeck-cast-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x.cast", NULL);
    g_autofree char *cast = NULL;
    VdPty *pty = probe_start(5, 40, path);
    g_autoptr(VdGrid) grid = vd_pty_grid(pty);
    g_autofree char *svg = vd_svg_draw(grid);
    vd_pty_resize(pty, 6, 41);
    assert_true(vd_pty_wait_text(pty, "size 41x6"));
    vd_pty_free(pty);
    assert_non_null(strstr(svg, ">reverse</text>"));
    assert_true(g_str_has_suffix(svg, "</svg>\n"));
    assert_true(g_file_get_contents(path, &cast, NULL, NULL));
    assert_true(g_str_has_prefix(cast, "{\"version\": 2, \"width\": 40, \"height\": 5"));
    assert_non_null(strstr(cast, "\"o\", \"\\u001b[?1000h"));
    assert_non_null(strstr(cast, "\"r\", \"41x6\""));
    remove(path);
    remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mended),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_sandbox_is_removed),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_picture_and_cast),
    };
    return cmocka_run_group_tests_name("harness", tests, NULL, NULL);
}
