/* The library of first-boot scripts: what goes in comes out, what would fail in the guest is mended
 * or refused here, and a script for another system is not taken. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <glib.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/deploy.h"

static char *folder;

static int make_place(void **state)
{
    g_autofree char *shipped = NULL, *script = NULL;

    (void)state;
    folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    shipped = g_build_filename(folder, "shipped", NULL);
    script = g_build_filename(shipped, "update", NULL);
    g_setenv("VMDECK_STATE_DIR", folder, TRUE);
    g_setenv("VMDECK_SCRIPT_DIR", shipped, TRUE);
    g_unsetenv("VMDECK_IMAGE_DIR");
    assert_int_equal(g_mkdir_with_parents(shipped, 0700), 0);
    assert_true(g_file_set_contents(script,
                                    "#!/bin/sh\n# vmdeck-for: debian ubuntu\n"
                                    "# vmdeck-notes: updates\x1b[31m all\nexit 0\n",
                                    -1, NULL));
    return 0;
}

static int drop_place(void **state)
{
    (void)state;
    assert_true(vd_remove_tree(folder, NULL));
    g_clear_pointer(&folder, g_free);
    return 0;
}

static char *write_file(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static gboolean add(const char *file, const char *name, const char *system, GError **error)
{
    g_autoptr(VdArgs) args = vd_args_new();

    vd_args_set(args, "file", file);
    if (name)
        vd_args_set(args, "name", name);
    if (system)
        vd_args_set(args, "for", system);
    return vd_script_add(args, error);
}

static VdScript *listed(const char *name)
{
    g_autoptr(GPtrArray) scripts = vd_scripts_list();

    for (guint i = 0; i < scripts->len; i++) {
        VdScript *script = g_ptr_array_index(scripts, i);

        if (g_str_equal(script->name, name))
            return vd_script_ref(script);
    }
    return NULL;
}

static void test_add_and_take(void **state)
{
    g_autofree char *file = write_file("Set up.sh", "#!/bin/sh\r\necho one\r\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(VdScript) script = NULL;
    g_autofree char *text = NULL, *again = NULL;
    guint mended = 99;
    struct stat st;

    (void)state;
    assert_true(add(file, NULL, "Debian", &error));
    script = listed("Set-up");
    assert_non_null(script);
    assert_string_equal(script->systems, "debian");
    assert_int_equal(stat(script->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    text = vd_script_take("Set-up", NULL, &mended, NULL);
    assert_string_equal(text, "#!/bin/sh\n# vmdeck-for: debian\necho one\n");
    assert_int_equal(mended, 0);
    assert_false(add(file, NULL, NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_EXISTS);
    /* A path is a file, whatever the library has. */
    again = vd_script_take(file, NULL, &mended, NULL);
    assert_string_equal(again, "#!/bin/sh\necho one\n");
    assert_int_equal(mended, VD_SCRIPT_CRLF);
}

static void mended_is(const char *text, guint wanted, const char *words)
{
    g_autofree char *file = write_file("from-windows", text);
    guint mended = 99;
    char *read = vd_script_take(file, NULL, &mended, NULL);
    g_autofree char *word = vd_script_mended(file);

    assert_string_equal(read, "#!/bin/sh\necho one\n");
    vd_secret_free(read);
    assert_int_equal(mended, wanted);
    if (!words)
        assert_null(word);
    else if (!word || !strstr(word, words) || !strstr(word, file))
        fail_msg("“%s” does not say “%s”", word ? word : "", words);
}

/* What was taken away is said. */
static void test_what_windows_put_in(void **state)
{
    (void)state;
    mended_is("#!/bin/sh\necho one\n", 0, NULL);
    mended_is("#!/bin/sh\r\necho one\r\n", VD_SCRIPT_CRLF, "CR LF line ends");
    mended_is("\xef\xbb\xbf#!/bin/sh\necho one\n", VD_SCRIPT_BOM, "byte order mark");
    mended_is("\xef\xbb\xbf#!/bin/sh\r\necho one\r\n", VD_SCRIPT_CRLF | VD_SCRIPT_BOM,
              "CR LF line ends and a byte order mark");
    assert_null(vd_script_mended(""));
    assert_null(vd_script_mended("nothing-of-that-name"));
}

static void refused(const char *text, const char *words)
{
    g_autofree char *file = write_file("bad", text);
    g_autoptr(GError) error = NULL;

    assert_false(add(file, "bad", NULL, &error));
    if (!strstr(error->message, words))
        fail_msg("“%s” does not say “%s”", error->message, words);
}

static void test_what_is_no_script(void **state)
{
    g_autoptr(GError) error = NULL;
    guint mended;

    (void)state;
    refused("echo hello\n", "such as #!/bin/sh");
    refused("#!/bin/sh\n\xff\xfe\n", "no text");
    refused("", "such as #!/bin/sh");
    assert_null(vd_script_take("nothing-of-that-name", NULL, &mended, &error));
    assert_non_null(strstr(error->message, "neither a file nor a script"));
    g_clear_error(&error);
    assert_null(vd_script_find("../shipped/update", &error));
    assert_non_null(error);
}

static void test_for_its_systems(void **state)
{
    g_autoptr(VdImage) debian = vd_image_new();
    g_autoptr(VdImage) fedora = vd_image_new();
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    guint mended;

    (void)state;
    debian->name = g_strdup("d");
    debian->distro = g_strdup("debian");
    fedora->name = g_strdup("f");
    fedora->distro = g_strdup("fedora");
    text = vd_script_take("update", debian, &mended, &error);
    assert_non_null(text);
    assert_null(vd_script_take("update", fedora, &mended, &error));
    assert_string_equal(error->message,
                        "The script update is for debian ubuntu, and the image f holds fedora.");
}

static void test_shipped_ones(void **state)
{
    g_autoptr(VdScript) shipped = listed("update");
    g_autoptr(VdScript) own = NULL, again = NULL;
    g_autoptr(VdArgs) args = vd_args_new();
    g_autoptr(GError) error = NULL;
    char *text;

    (void)state;
    assert_non_null(shipped);
    assert_true(shipped->shipped);
    assert_string_equal(shipped->notes, "updates all");
    assert_false(vd_script_remove("update", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_DENIED);
    vd_args_set(args, "notes", "ours now");
    assert_true(vd_script_edit("update", args, NULL));
    own = listed("update");
    assert_non_null(own);
    assert_false(own->shipped);
    assert_string_equal(own->notes, "ours now");
    assert_string_equal(own->systems, "debian ubuntu");
    text = vd_script_text("update", NULL);
    assert_null(strstr(text, "updates"));
    assert_true(g_str_has_suffix(text, "\nexit 0\n"));
    vd_secret_free(text);
    assert_true(vd_script_remove("update", NULL));
    again = listed("update");
    assert_non_null(again);
    assert_true(again->shipped);
}

static void test_edit_from_a_file(void **state)
{
    g_autofree char *file = write_file("one", "#!/bin/sh\necho one\n");
    g_autofree char *other = write_file("two", "#!/bin/sh\necho two\n");
    g_autoptr(VdArgs) none = vd_args_new();
    g_autoptr(VdArgs) args = vd_args_new();
    g_autoptr(GError) error = NULL;
    char *text;

    (void)state;
    assert_true(add(file, "s", NULL, NULL));
    assert_false(vd_script_edit("s", none, &error));
    vd_args_set(args, "from", other);
    assert_true(vd_script_edit("s", args, NULL));
    text = vd_script_text("s", NULL);
    assert_string_equal(text, "#!/bin/sh\necho two\n");
    vd_secret_free(text);
}

int main(void)
{
#define PLACED(test) cmocka_unit_test_setup_teardown(test, make_place, drop_place)
    const struct CMUnitTest tests[] = {
        PLACED(test_add_and_take),      PLACED(test_what_windows_put_in),
        PLACED(test_what_is_no_script), PLACED(test_for_its_systems),
        PLACED(test_shipped_ones),      PLACED(test_edit_from_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
