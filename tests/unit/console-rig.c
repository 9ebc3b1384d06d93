/* A console on a fake deck, with a canvas and no terminal. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/console-rig.h"
#include "tests/unit/fake-deck.h"
#include "ui/console.h"

void start(Fixture *f, guint n, int width, int height)
{
    f->deck = fake_deck_new(n);
    f->options = (VdUiOptions){.idle_fd = -1, .clock = 1700000000};
    f->theme = vd_theme_load_file(NULL, NULL);
    f->keymap = vd_keymap_new(NULL, NULL);
    f->context = g_main_context_new();
    f->app = vd_console_new(f->deck, f->context, &f->options, f->theme, f->keymap);
    f->app->canvas = vd_canvas_new(width, height, FALSE);
    f->app->loop = g_main_loop_new(f->context, FALSE);
    vd_console_draw(f->app);
}

void stop(Fixture *f)
{
    while (fake_deck_unanswered(f->deck))
        fake_deck_answer(f->deck, NULL, NULL);
    g_clear_pointer(&f->app->frame_source, g_source_unref);
    g_clear_pointer(&f->app->count_timer, g_source_unref);
    g_main_loop_unref(f->app->loop);
    vd_console_free(f->app);
    vd_keymap_free(f->keymap);
    vd_theme_free(f->theme);
    vd_deck_free(f->deck);
    g_main_context_unref(f->context);
}

static void type(Fixture *f, const char *keys, gboolean draws)
{
    g_auto(GStrv) all = g_strsplit(keys, " ", -1);
    for (guint i = 0; all[i]; i++) {
        guint32 key = vd_key_parse(all[i]);
        assert_int_not_equal(key, VD_KEY_NONE);
        vd_app_key(f->app, key);
        if (draws)
            vd_console_draw(f->app);
    }
}

void press(Fixture *f, const char *keys)
{
    type(f, keys, TRUE);
}

void burst(Fixture *f, const char *keys)
{
    type(f, keys, FALSE);
    vd_console_draw(f->app);
}

gboolean shows(Fixture *f, const char *text)
{
    vd_console_draw(f->app);
    for (int y = 0; y < vd_canvas_height(f->app->canvas); y++) {
        g_autofree char *line = vd_canvas_line(f->app->canvas, y);
        if (strstr(line, text))
            return TRUE;
    }
    return FALSE;
}

void assert_asked(Fixture *f, guint n)
{
    if (fake_deck_requests(f->deck)->len != n)
        fail_msg("%u requests, expected %u", fake_deck_requests(f->deck)->len, n);
}

const char *asked(Fixture *f, guint i)
{
    return g_ptr_array_index(fake_deck_requests(f->deck), i);
}
