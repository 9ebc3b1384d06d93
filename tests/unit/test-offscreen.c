/* Curses without a terminal: what it makes of wide, combining and plain characters is what the
 * canvas counts on (row P of the experiments behind doc/never-blocks.md). */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <glib.h>
#include <ncurses.h>

#include "ui/canvas.h"

static SCREEN *screen_new(FILE **out, FILE **in)
{
    *out = fopen("/dev/null", "w");
    *in = fopen("/dev/null", "r");
    assert_non_null(*out);
    assert_non_null(*in);
    SCREEN *screen = newterm("xterm-256color", *out, *in);
    assert_non_null(screen);
    (void)resizeterm(10, 40);
    return screen;
}

static void widths_agree(void **state)
{
    static const char *const texts[] = {"plain",  "漢字", "e\xcc\x81t\xc3\xa9",
                                        "Привет", "a漢b", "▇█"};
    FILE *out, *in;
    (void)state;
    assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
    (void)unsetenv("TERM");
    SCREEN *screen = screen_new(&out, &in);
    g_autoptr(VdCanvas) canvas = vd_canvas_new(40, 10, FALSE);
    for (int i = 0; i < (int)G_N_ELEMENTS(texts); i++) {
        assert_int_equal(mvaddstr(i, 0, texts[i]), OK);
        assert_int_equal(vd_canvas_text(canvas, 0, i, 40, VD_ROLE_NORMAL, texts[i]),
                         getcurx(stdscr));
    }
    assert_int_equal(refresh(), OK);
    endwin();
    delscreen(screen);
    (void)fclose(out);
    (void)fclose(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(widths_agree)};
    return cmocka_run_group_tests_name("offscreen", tests, NULL, NULL);
}
