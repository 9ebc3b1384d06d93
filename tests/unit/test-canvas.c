/* The canvas, the line editor and the names of keys: no terminal is needed. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ui/canvas.h"
#include "ui/edit.h"
#include "ui/keys.h"

static void assert_line(const VdCanvas *canvas, int y, const char *expected)
{
    g_autofree char *line = vd_canvas_line(canvas, y);
    assert_string_equal(line, expected);
}

static void text_is_cut_by_cells(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(10, 5, FALSE);
    assert_int_equal(vd_canvas_text(canvas, 0, 0, 5, VD_ROLE_NORMAL, "abcde"), 5);
    assert_int_equal(vd_canvas_text(canvas, 0, 1, 5, VD_ROLE_NORMAL, "abcdef"), 5);
    /* Three wide characters in five cells: two would leave no room for the mark of the cut. */
    assert_int_equal(vd_canvas_text(canvas, 0, 2, 5, VD_ROLE_NORMAL, "漢字漢"), 5);
    assert_int_equal(vd_canvas_text(canvas, 0, 3, 4, VD_ROLE_NORMAL, "漢字漢"), 3);
    vd_canvas_text_right(canvas, 0, 4, 10, VD_ROLE_NORMAL, "1.5G");
    assert_line(canvas, 0, "abcde");
    assert_line(canvas, 1, "abcd…");
    assert_line(canvas, 2, "漢字…");
    assert_line(canvas, 3, "漢…");
    assert_line(canvas, 4, "      1.5G");
}

static void wide_characters_never_lose_a_half(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(6, 4, FALSE);
    vd_canvas_text(canvas, 0, 0, 6, VD_ROLE_NORMAL, "漢字漢");
    vd_canvas_put(canvas, 1, 0, VD_ROLE_NORMAL, 'x');
    assert_line(canvas, 0, " x字漢");
    vd_canvas_put(canvas, 4, 0, VD_ROLE_NORMAL, 'y');
    assert_line(canvas, 0, " x字y");
    vd_canvas_put(canvas, 5, 1, VD_ROLE_NORMAL, 0x6f22); /* half of it would be outside */
    assert_line(canvas, 1, "");
    vd_canvas_clip(canvas, &(VdRect){0, 2, 3, 1});
    vd_canvas_text(canvas, 0, 2, 6, VD_ROLE_NORMAL, "a漢字");
    vd_canvas_text(canvas, 0, 3, 6, VD_ROLE_NORMAL, "outside");
    assert_line(canvas, 2, "a漢");
    assert_line(canvas, 3, "");
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 6; x++)
            if (vd_canvas_cell(canvas, x, y)->width == 2)
                assert_int_equal(vd_canvas_cell(canvas, x + 1, y)->width, 0);
}

static void combining_characters_join_their_base(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(8, 2, FALSE);
    assert_int_equal(vd_canvas_text(canvas, 0, 0, 8, VD_ROLE_NORMAL, "e\u0301a\u0308\u0304x"), 3);
    assert_line(canvas, 0, "e\u0301a\u0308\u0304x");
    assert_int_equal(vd_canvas_cell(canvas, 2, 0)->chars[0], 'x');
    /* More than a cell holds are dropped, and one without a base goes nowhere. */
    vd_canvas_text(canvas, 0, 1, 8, VD_ROLE_NORMAL, "\u0301b\u0301\u0302\u0303\u0304\u0305");
    assert_line(canvas, 1, "b\u0301\u0302\u0303");
}

static void control_characters_are_not_drawn(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(12, 1, FALSE);
    vd_canvas_text(canvas, 0, 0, 12, VD_ROLE_NORMAL,
                   "a\033[31mb\xc2\x9b"
                   "c\x7f");
    assert_line(canvas, 0, "a?[31mb?c?");
}

static void ascii_stands_for_every_symbol(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(20, 6, TRUE);
    vd_canvas_text(canvas, 0, 0, 6, VD_ROLE_NORMAL, "starting");
    vd_canvas_text(canvas, 0, 1, 20, VD_ROLE_NORMAL, "– ✓ ▸ ä漢e\u0301");
    vd_canvas_box(canvas, (VdRect){0, 2, 6, 3}, VD_ROLE_DIALOG_FRAME, VD_ROLE_DIALOG, NULL);
    vd_canvas_spark(canvas, 0, 5, 6, VD_ROLE_SPARK, (float[]){-1, 0, 25, 50, 75, 100}, 6, 100);
    assert_line(canvas, 0, "start~");
    assert_line(canvas, 1, "- + > ???e");
    assert_line(canvas, 2, "+----+");
    assert_line(canvas, 3, "|    |");
    assert_line(canvas, 4, "+----+");
    assert_line(canvas, 5, " _.-=#");
}

static void sparklines_have_eight_levels(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(10, 3, FALSE);
    float all[] = {0, 13, 26, 38, 51, 63, 76, 100};
    vd_canvas_spark(canvas, 0, 0, 10, VD_ROLE_SPARK, all, 8, 100);
    assert_line(canvas, 0, "  ▁▂▃▄▅▆▇█");
    vd_canvas_spark(canvas, 0, 1, 2, VD_ROLE_SPARK, all, 8, 100); /* the newest */
    assert_line(canvas, 1, "▇█");
    vd_canvas_spark(canvas, 0, 2, 4, VD_ROLE_SPARK, (float[]){0, 0, 2, 4}, 4, 0); /* own scale */
    assert_line(canvas, 2, "▁▁▅█");
}

static void bars_know_their_ends(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(12, 6, FALSE);
    vd_canvas_bar(canvas, 0, 0, 12, 0.0, 0);
    vd_canvas_bar(canvas, 0, 1, 12, 0.44, 0);
    vd_canvas_bar(canvas, 0, 2, 12, 1.7, 0);
    vd_canvas_bar(canvas, 0, 3, 12, -1, 3);
    vd_canvas_gauge(canvas, 0, 4, 10, 0.6);
    vd_canvas_bar(canvas, 0, 5, 2, 0.5, 0);
    assert_line(canvas, 0, "[>.........]");
    assert_line(canvas, 1, "[####>.....]");
    assert_line(canvas, 2, "[##########]");
    assert_line(canvas, 3, "[...>......]");
    assert_line(canvas, 4, "██████░░░░");
    assert_line(canvas, 5, "");
}

static void paragraphs_break_between_words(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(10, 6, FALSE);
    int lines = vd_canvas_wrap(canvas, (VdRect){0, 0, 10, 6}, VD_ROLE_NORMAL,
                               "the disk is\nsmaller incomprehensibly");
    assert_int_equal(lines, 5);
    assert_line(canvas, 0, "the disk");
    assert_line(canvas, 1, "is");
    assert_line(canvas, 2, "smaller");
    assert_line(canvas, 3, "incomprehe");
    assert_line(canvas, 4, "nsibly");
    assert_int_equal(vd_canvas_wrap(NULL, (VdRect){0, 0, 1, 1}, VD_ROLE_NORMAL, "漢字"), 2);
}

static void every_size_is_drawn_without_harm(void **state)
{
    (void)state;
    for (int w = -1; w < 6; w++)
        for (int h = -1; h < 6; h++) {
            g_autoptr(VdCanvas) canvas = vd_canvas_new(w, h, w & 1);
            VdRect in = vd_canvas_box(canvas, (VdRect){0, 0, w, h}, VD_ROLE_DIALOG_FRAME,
                                      VD_ROLE_DIALOG, "title");
            vd_canvas_wrap(canvas, in, VD_ROLE_DIALOG, "漢 text e\u0301");
            vd_canvas_text_from(canvas, -2, 0, w, VD_ROLE_DIALOG, "漢漢", 1);
            vd_canvas_tint(canvas, (VdRect){-3, -3, 99, 99}, VD_ROLE_CURSOR);
            assert_null(vd_canvas_cell(canvas, MAX(1, w), 0));
        }
}

static void keys_have_names(void **state)
{
    (void)state;
    static const char *const names[] = {"F5",   "F12", "Ctrl-R", "Space", "Esc", "Enter",
                                        "Tab",  "Del", "s",      "S",     "ä",   "Shift-Tab",
                                        "PgDn", "Up",  "!",      "*",     "<"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = vd_key_name(vd_key_parse(names[i]));
        assert_string_equal(name, names[i]);
    }
    assert_int_equal(vd_key_parse("^R"), VD_KEY_CTRL('R'));
    assert_int_equal(vd_key_parse("delete"), VD_KEY_DELETE);
    static const char *const none[] = {"Ctrl-A", "Ctrl-b",   "Ctrl-S", "^Q",  "F25",
                                       "F0",     "nonsense", "",       "\x80"};
    for (guint i = 0; i < G_N_ELEMENTS(none); i++)
        assert_int_equal(vd_key_parse(none[i]), VD_KEY_NONE);
}

static void a_line_is_edited_by_characters(void **state)
{
    (void)state;
    VdEdit edit;
    vd_edit_init(&edit, "ae\u0301漢", FALSE);
    vd_edit_key(&edit, VD_KEY_BACKSPACE);
    assert_string_equal(vd_edit_text(&edit), "ae\u0301");
    vd_edit_key(&edit, VD_KEY_LEFT);
    vd_edit_key(&edit, 'x');
    assert_string_equal(vd_edit_text(&edit), "axe\u0301");
    vd_edit_key(&edit, VD_KEY_DELETE);
    assert_string_equal(vd_edit_text(&edit), "ax");
    vd_edit_set(&edit, "one two  three ");
    vd_edit_key(&edit, VD_KEY_CTRL('W'));
    assert_string_equal(vd_edit_text(&edit), "one two  ");
    vd_edit_key(&edit, VD_KEY_HOME);
    vd_edit_key(&edit, VD_KEY_BACKSPACE);
    vd_edit_key(&edit, VD_KEY_CTRL('K'));
    assert_string_equal(vd_edit_text(&edit), "");
    assert_false(vd_edit_key(&edit, VD_KEY_F(3)));
    edit.max_bytes = 3;
    for (int i = 0; i < 9; i++)
        vd_edit_key(&edit, 0x6f22);
    assert_string_equal(vd_edit_text(&edit), "漢");
    vd_edit_clear(&edit);
}

static void a_long_line_scrolls_and_a_secret_stays_hidden(void **state)
{
    (void)state;
    g_autoptr(VdCanvas) canvas = vd_canvas_new(8, 2, FALSE);
    VdEdit edit;
    vd_edit_init(&edit, "0123456789", FALSE);
    vd_edit_draw(&edit, canvas, 0, 0, 8, VD_ROLE_FIELD, TRUE);
    assert_line(canvas, 0, "3456789");
    int x = -1, y = -1;
    assert_true(vd_canvas_cursor(canvas, &x, &y));
    assert_int_equal(x, 7);
    vd_edit_key(&edit, VD_KEY_HOME);
    vd_edit_draw(&edit, canvas, 0, 0, 8, VD_ROLE_FIELD, TRUE);
    assert_line(canvas, 0, "01234567");
    vd_edit_draw(&edit, canvas, 0, 0, 8, VD_ROLE_FIELD, FALSE);
    assert_line(canvas, 0, "0123456…");
    vd_edit_clear(&edit);
    vd_edit_init(&edit, "pä$", TRUE);
    vd_edit_draw(&edit, canvas, 0, 1, 8, VD_ROLE_FIELD, TRUE);
    assert_line(canvas, 1, "•••");
    vd_edit_clear(&edit);
}

/* Long names mostly differ in their ends; no character is halved. */
static void names_keep_their_ends(void **state)
{
    (void)state;
    static const struct {
        const char *name, *drawn;
    } cases[] = {
        {"web-01", "web-01|"},
        {"customer-01", "customer-01|"},
        {"customer-web-01", "custome…b-01|"},
        {"web\ufffd #00000003", "web\ufffd #0…0003|"},
        {"\u4eee\u60f3\u30de\u30b7\u30f3\u30de\u30b7", "\u4eee\u60f3\u30de…\u30de\u30b7|"},
        {"customer-web-0e\u0301", "custome…b-0e\u0301|"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdCanvas) canvas = vd_canvas_new(20, 1, FALSE);
        vd_canvas_name(canvas, 0, 0, 12, VD_ROLE_NORMAL, cases[i].name);
        g_autofree char *line = vd_canvas_line(canvas, 0);
        g_autofree char *ended = g_strconcat(line, "|", NULL);
        assert_string_equal(ended, cases[i].drawn);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_keep_their_ends),
        cmocka_unit_test(text_is_cut_by_cells),
        cmocka_unit_test(wide_characters_never_lose_a_half),
        cmocka_unit_test(combining_characters_join_their_base),
        cmocka_unit_test(control_characters_are_not_drawn),
        cmocka_unit_test(ascii_stands_for_every_symbol),
        cmocka_unit_test(sparklines_have_eight_levels),
        cmocka_unit_test(bars_know_their_ends),
        cmocka_unit_test(paragraphs_break_between_words),
        cmocka_unit_test(every_size_is_drawn_without_harm),
        cmocka_unit_test(keys_have_names),
        cmocka_unit_test(a_line_is_edited_by_characters),
        cmocka_unit_test(a_long_line_scrolls_and_a_secret_stays_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
