/* Themes: the files that are shipped, broken ones, poor terminals. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "ui/theme.h"

static char *theme_folder(void)
{
    const char *source = g_getenv("srcdir");
    return g_build_filename(source ? source : SOURCE_DIR, "themes", NULL);
}

static VdTheme *load_text(const char *text, GPtrArray *problems)
{
    g_autofree char *folder = g_dir_make_tmp("vmdeck-theme-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "own.conf", NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    VdTheme *theme = vd_theme_load_file(path, problems);
    (void)g_unlink(path);
    (void)g_rmdir(folder);
    return theme;
}

static void shipped_themes_are_whole(void **state)
{
    static const char *const names[] = {"default", "light", "mono", "high-contrast"};
    (void)state;
    g_autofree char *folder = theme_folder();
    char *dirs[] = {folder, NULL};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *file = g_strdup_printf("%s/%s.conf", folder, names[i]);
        assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
        g_autoptr(VdTheme) theme = vd_theme_load(names[i], dirs, NULL, problems);
        if (problems->len)
            fail_msg("%s", (char *)g_ptr_array_index(problems, 0));
        g_autofree char *text = NULL;
        assert_true(g_file_get_contents(file, &text, NULL, NULL));
        for (int role = 0; role < VD_ROLE_COUNT; role++) {
            g_autofree char *line = g_strdup_printf("\n  %s = {", vd_role_name((VdRole)role));
            if (!strstr(text, line))
                fail_msg("%s says nothing of %s", names[i], vd_role_name((VdRole)role));
        }
    }
}

static void the_default_file_is_what_is_built_in(void **state)
{
    static const int depths[] = {256, 16, 8, 1};
    (void)state;
    g_autofree char *folder = theme_folder();
    char *dirs[] = {folder, NULL};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VdTheme) file = vd_theme_load("default", dirs, NULL, problems);
    g_autoptr(VdTheme) built_in = vd_theme_load_file(NULL, problems);
    for (int role = 0; role < VD_ROLE_COUNT; role++)
        for (guint d = 0; d < G_N_ELEMENTS(depths); d++) {
            VdLook a = vd_theme_look(file, (VdRole)role, depths[d]);
            VdLook b = vd_theme_look(built_in, (VdRole)role, depths[d]);
            if (a.fg != b.fg || a.bg != b.bg || a.attrs != b.attrs)
                fail_msg("%s differs at %d colours", vd_role_name((VdRole)role), depths[d]);
        }
}

static void mistakes_are_told_and_the_rest_counts(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VdTheme) theme =
        load_text("roles = {\n"
                  "  cursor = { fg = \"red\"; bg = 300; };\n"
                  "  nonsense = { fg = 1; };\n"
                  "  header = { fg = 2; attrs = \"bold blink\"; size = 4; };\n"
                  "  title = 5;\n"
                  "  key = { fg = 3; attrs = \"underline\"; };\n"
                  "};\n"
                  "rolls = { };\n",
                  problems);
    static const char *const expected[] = {"own.conf:8: rolls: no such setting",
                                           "own.conf:2: cursor.bg = 300: expected a colour",
                                           "own.conf:3: there is no role “nonsense”",
                                           "own.conf:4: header.attrs = bold blink: expected words",
                                           "own.conf:4: header.size = 4: expected fg",
                                           "own.conf:5: title: expected a group"};
    assert_int_equal(problems->len, G_N_ELEMENTS(expected));
    for (guint i = 0; i < problems->len; i++)
        assert_non_null(strstr(g_ptr_array_index(problems, i), expected[i]));
    assert_int_equal(vd_theme_look(theme, VD_ROLE_CURSOR, 256).fg, 1);
    assert_int_equal(vd_theme_look(theme, VD_ROLE_HEADER, 256).fg, 2);
    assert_int_equal(vd_theme_look(theme, VD_ROLE_KEY, 256).attrs, VD_ATTR_UNDERLINE);
}

static void a_broken_file_leaves_the_built_in_look(void **state)
{
    (void)state;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(VdTheme) theme = load_text("roles = {\n  cursor = { fg = \n", problems);
    g_autoptr(VdTheme) empty = load_text("", problems);
    g_autoptr(VdTheme) missing = vd_theme_load("no-such", NULL, NULL, problems);
    g_autoptr(VdTheme) outside = vd_theme_load("../etc/passwd", NULL, NULL, problems);
    assert_int_equal(problems->len, 4);
    assert_non_null(strstr(g_ptr_array_index(problems, 0), "/own.conf:"));
    assert_non_null(strstr(g_ptr_array_index(problems, 2), "--theme: there is no theme “no-such”"));
    /* A person's own theme goes by the name of one that is installed: it is named once. */
    g_autofree char *folder = theme_folder();
    char *twice[] = {folder, folder, NULL};
    g_autoptr(VdTheme) named = vd_theme_load("no-such", twice, NULL, problems);
    const char *told = g_ptr_array_index(problems, 4);
    assert_non_null(strstr(told, "default, high-contrast, light, mono;"));
    g_autoptr(VdTheme) built_in = vd_theme_load_file(NULL, problems);
    VdLook a = vd_theme_look(theme, VD_ROLE_CURSOR, 256);
    VdLook b = vd_theme_look(built_in, VD_ROLE_CURSOR, 256);
    assert_true(a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs);
}

static void poor_terminals_get_the_nearest(void **state)
{
    (void)state;
    assert_int_equal(vd_theme_nearest(196, 8), 1);  /* red */
    assert_int_equal(vd_theme_nearest(46, 16), 10); /* bright green */
    assert_int_equal(vd_theme_nearest(232, 8), 0);  /* nearly black */
    assert_int_equal(vd_theme_nearest(-1, 8), -1);
    g_autofree char *folder = theme_folder();
    char *dirs[] = {folder, NULL};
    static const char *const names[] = {"default", "light", "mono", "high-contrast"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(VdTheme) theme = vd_theme_load(names[i], dirs, NULL, problems);
        for (int role = 0; role < VD_ROLE_COUNT; role++) {
            VdLook eight = vd_theme_look(theme, (VdRole)role, 8);
            assert_true(eight.fg < 8 && eight.bg < 8);
            assert_true(eight.fg != eight.bg || eight.fg < 0); /* text can be read */
            VdLook none = vd_theme_look(theme, (VdRole)role, 1);
            assert_true(none.fg == -1 && none.bg == -1);
        }
    }
    g_autoptr(VdTheme) theme = vd_theme_load_file(NULL, NULL);
    assert_int_not_equal(vd_theme_look(theme, VD_ROLE_CURSOR, 1).attrs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shipped_themes_are_whole),
        cmocka_unit_test(the_default_file_is_what_is_built_in),
        cmocka_unit_test(mistakes_are_told_and_the_rest_counts),
        cmocka_unit_test(a_broken_file_leaves_the_built_in_look),
        cmocka_unit_test(poor_terminals_get_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
