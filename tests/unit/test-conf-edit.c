/* Hosts written into the configuration: the expected text is given whole, so that a comment, a
 * blank or a line end that goes missing fails. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/conf-edit.h"
#include "src/base/error.h"
#include "src/base/files.h"

static void edits(const char *text, const char *name, const char *new_name, const char *uri,
                  const char *expected)
{
    VdConfHost host = {.name = (char *)new_name, .uri = (char *)uri};
    VdConfChange change = {name, new_name ? &host : NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *next = vd_conf_edit_text(text, &change, &error);
    if (!next)
        fail_msg("%s\n%s", error->message, text);
    assert_string_equal(next, expected);
}

static void refuses(const char *text, const char *name, const char *new_name, const char *uri,
                    VdErrorCode code)
{
    VdConfHost host = {.name = (char *)new_name, .uri = (char *)uri};
    VdConfChange change = {name, new_name ? &host : NULL};
    g_autoptr(GError) error = NULL;
    g_autofree char *next = vd_conf_edit_text(text, &change, &error);
    if (next)
        fail_msg("it was edited:\n%s", next);
    assert_int_equal(vd_error_code(error), code);
}

#define USUAL                                                                                      \
    "# ours { } ( ) \"\n"                                                                          \
    "theme = \"light\";\n"                                                                         \
    "hosts = (\n"                                                                                  \
    "  # the old one, { name = \"no\"; }\n"                                                        \
    "  { name = \"kvm1\"; uri = \"qemu:///system\"; }, // main\n"                                  \
    "  { name = \"kvm2\"; /* } */ uri = \"qemu+ssh://kvm2/system\"; }  # second )\n"               \
    ");\n"                                                                                         \
    "keys = { vm_start = \"s\"; }; # last\n"

static void test_add(void **state)
{
    (void)state;
    edits("", NULL, "kvm1", "qemu:///system",
          "hosts = (\n  { name = \"kvm1\"; uri = \"qemu:///system\"; }\n);\n");
    edits("", NULL, "here", NULL, "hosts = (\n  { name = \"here\"; }\n);\n");
    edits("mouse = false; /* no end */", NULL, "a", "b:///",
          "mouse = false; /* no end */\nhosts = (\n  { name = \"a\"; uri = \"b:///\"; }\n);\n");
    edits("mouse = false;\r\n", NULL, "a", "b",
          "mouse = false;\r\nhosts = (\r\n  { name = \"a\"; uri = \"b\"; }\r\n);\r\n");
    edits("hosts = ();", NULL, "a", "b", "hosts = ( { name = \"a\"; uri = \"b\"; } );");
    edits("hosts : ( {name=\"a\"} )\n", NULL, "b", "c",
          "hosts : ( {name=\"a\"}, { name = \"b\"; uri = \"c\"; } )\n");
    edits("hosts = (\r\n\t{ name = \"a\"; } # one\r\n);\r\n", NULL, "b", NULL,
          "hosts = (\r\n\t{ name = \"a\"; }, # one\r\n\t{ name = \"b\"; }\r\n);\r\n");
    edits(USUAL, NULL, "kvm3", "lxc:///",
          "# ours { } ( ) \"\n"
          "theme = \"light\";\n"
          "hosts = (\n"
          "  # the old one, { name = \"no\"; }\n"
          "  { name = \"kvm1\"; uri = \"qemu:///system\"; }, // main\n"
          "  { name = \"kvm2\"; /* } */ uri = \"qemu+ssh://kvm2/system\"; },  # second )\n"
          "  { name = \"kvm3\"; uri = \"lxc:///\"; }\n"
          ");\n"
          "keys = { vm_start = \"s\"; }; # last\n");
    refuses(USUAL, NULL, "kvm1", "x", VD_ERR_EXISTS);
}

static void test_change(void **state)
{
    (void)state;
    edits(USUAL, "kvm2", "kvm2", "qemu+tcp://10.0.0.2/system",
          "# ours { } ( ) \"\n"
          "theme = \"light\";\n"
          "hosts = (\n"
          "  # the old one, { name = \"no\"; }\n"
          "  { name = \"kvm1\"; uri = \"qemu:///system\"; }, // main\n"
          "  { name = \"kvm2\"; /* } */ uri = \"qemu+tcp://10.0.0.2/system\"; }  # second )\n"
          ");\n"
          "keys = { vm_start = \"s\"; }; # last\n");
    edits("hosts=({uri=\"u\",name=\"a\"});", "a", "b", "v", "hosts=({uri=\"v\",name=\"b\"});");
    edits("hosts=({name=\"a\";uri=\"u\"});", "a", "b", "v", "hosts=({name=\"b\";uri=\"v\"});");
    edits("hosts=({name=\"a\"});", "a", "b", "v", "hosts=({name=\"b\"; uri = \"v\";});");
    edits("hosts=({name=\"a\"; });", "a", "a", "v", "hosts=({name=\"a\"; uri = \"v\"; });");
    edits("hosts=( { name = \"a\"; uri = \"v\"; } );", "a", "a", NULL,
          "hosts=( { name = \"a\"; } );");
    edits("hosts=({name=\"a\";uri=\"u\"});", "a", "a", "u", "hosts=({name=\"a\";uri=\"u\"});");
    edits("hosts=({name=\"a\" # half\n \"b\"; uri=\"u\" \"v\";});", "ab", "c", "w",
          "hosts=({name=\"c\"; uri=\"w\";});");
    refuses(USUAL, "kvm2", "kvm1", "x", VD_ERR_EXISTS);
    refuses(USUAL, "kvm9", "kvm9", "x", VD_ERR_NOT_FOUND);
    refuses("", "kvm9", "kvm9", "x", VD_ERR_NOT_FOUND);
}

static void test_remove(void **state)
{
    (void)state;
    edits(USUAL, "kvm1", NULL, NULL,
          "# ours { } ( ) \"\n"
          "theme = \"light\";\n"
          "hosts = (\n"
          "  # the old one, { name = \"no\"; }\n"
          "  // main\n"
          "  { name = \"kvm2\"; /* } */ uri = \"qemu+ssh://kvm2/system\"; }  # second )\n"
          ");\n"
          "keys = { vm_start = \"s\"; }; # last\n");
    edits("hosts = (\n  { name = \"a\"; },\n  { name = \"b\"; },\n  { name = \"c\"; }\n);\n", "b",
          NULL, NULL, "hosts = (\n  { name = \"a\"; },\n  { name = \"c\"; }\n);\n");
    edits("hosts = (\n  { name = \"a\"; },\n  {\n    name = \"c\";\n  }\n);\n", "c", NULL, NULL,
          "hosts = (\n  { name = \"a\"; }\n);\n");
    edits("hosts = ( { name = \"a\"; }, { name = \"b\"; } )", "a", NULL, NULL,
          "hosts = ( { name = \"b\"; } )");
    edits("hosts = ({name=\"a\"})", "a", NULL, NULL, "hosts = ()");
    edits("hosts = (\r\n  { name = \"a\"; },\r\n  { name = \"b\"; }\r\n);\r\n", "a", NULL, NULL,
          "hosts = (\r\n  { name = \"b\"; }\r\n);\r\n");
}

/* Words that look like what is looked for, in every place where they mean nothing. */
static void test_decoys(void **state)
{
    (void)state;
    const char *text = "/* hosts = ( { name = \"a\"; } ) */\n"
                       "theme = \"hosts = ( { name = \\\"a\\\"; } );\";\n"
                       "keys = { hosts = ( { name = \"a\"; }, ( { name = \"a\"; } ) ); };\n"
                       "// hosts = (\n"
                       "hosts = ( { name = \"\\\"} a\\\\\"; uri = \"x\"; }, { name = \"a\"; } );";
    edits(text, "a", "b", "y",
          "/* hosts = ( { name = \"a\"; } ) */\n"
          "theme = \"hosts = ( { name = \\\"a\\\"; } );\";\n"
          "keys = { hosts = ( { name = \"a\"; }, ( { name = \"a\"; } ) ); };\n"
          "// hosts = (\n"
          "hosts = ( { name = \"\\\"} a\\\\\"; uri = \"x\"; }, { name = \"b\"; uri = \"y\"; } );");
    edits("hosts = ( { name = \"\\\"} a\\\\\"; } );", "\"} a\\", "n\"\\\t", "\n\001",
          "hosts = ( { name = \"n\\\"\\\\\\x09\"; uri = \"\\x0a\\x01\"; } );");
    /* What else stands in a host, or in place of one, is not ours to lose. */
    edits("hosts = ( \"odd\", { name = \"a\"; tags = [ \"}\", \")\" ]; uri = \"x\"; } );", "a", "a",
          "y", "hosts = ( \"odd\", { name = \"a\"; tags = [ \"}\", \")\" ]; uri = \"y\"; } );");
}

static void test_refused(void **state)
{
    (void)state;
    refuses("hosts = ( { name = \"a\";", NULL, "b", "c", VD_ERR_INVALID);
    refuses("hosts = ( { name = \"a\"; } ); }", "a", NULL, NULL, VD_ERR_INVALID);
    refuses("hosts = { name = \"a\"; };", NULL, "b", "c", VD_ERR_UNSUPPORTED);
    refuses("hosts = [ \"a\" ];", NULL, "b", "c", VD_ERR_UNSUPPORTED);
    refuses("x = \"unfinished", NULL, "b", "c", VD_ERR_INVALID);
    refuses("/* unfinished", "a", NULL, NULL, VD_ERR_NOT_FOUND);
}

/* However a good text is cut or broken: an edit is refused, or it is the edit that was wanted; the
 * proof within is what this leans on, and that nothing is read past the end. */
static void test_broken(void **state)
{
    (void)state;
    VdConfHost host = {.name = (char *)"kvm1", .uri = (char *)"new"};
    VdConfChange change = {"kvm1", &host};
    guint edited = 0;
    for (gsize i = 0; i < strlen(USUAL); i++) {
        for (const char *p = "\"{}();,#\\\n@/"; *p; p++) {
            g_autofree char *text = g_strdup(USUAL);
            text[i] = *p;
            g_autofree char *next = vd_conf_edit_text(text, &change, NULL);
            edited += next != NULL;
            g_autofree char *cut = g_strndup(USUAL, i);
            g_autofree char *less = vd_conf_edit_text(cut, &change, NULL);
        }
    }
    assert_true(edited > 100);
}

/* ---- files ---- */

static char *folder, *path;

static int setup(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("vmdeck-conf-XXXXXX", NULL);
    path = g_build_filename(folder, "vmdeck.conf", NULL);
    return folder ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gboolean ok = vd_remove_tree(folder, NULL);
    g_clear_pointer(&folder, g_free);
    g_clear_pointer(&path, g_free);
    return ok ? 0 : -1;
}

static void holds(const char *file, const char *expected)
{
    g_autofree char *text = vd_file_read(file, 100000, NULL, NULL);
    assert_non_null(text);
    assert_string_equal(text, expected);
}

static gboolean add(const char *file, const char *name, GError **error)
{
    VdConfHost host = {.name = (char *)name, .uri = (char *)"u"};
    VdConfChange change = {NULL, &host};
    return vd_conf_edit_file(file, &change, 1, error);
}

static void test_new_file(void **state)
{
    (void)state;
    g_autofree char *deep = g_build_filename(folder, "a", "b", "vmdeck.conf", NULL);
    assert_true(add(deep, "x", NULL));
    holds(deep, "hosts = (\n  { name = \"x\"; uri = \"u\"; }\n);\n");
    VdConfChange change = {"x", NULL};
    g_autoptr(GError) error = NULL;
    assert_false(vd_conf_edit_file(path, &change, 1, &error));
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void test_mode_and_link(void **state)
{
    (void)state;
    g_autofree char *link = g_build_filename(folder, "link.conf", NULL);
    struct stat st;
    assert_true(g_file_set_contents(path, "mouse = true;\n", -1, NULL));
    assert_int_equal(chmod(path, 0640), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(path, 1234, 1235), 0);
    assert_int_equal(symlink("vmdeck.conf", link), 0);
    assert_true(add(link, "x", NULL));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    if (geteuid() == 0)
        assert_true(st.st_uid == 1234 && st.st_gid == 1235);
    holds(path, "mouse = true;\nhosts = (\n  { name = \"x\"; uri = \"u\"; }\n);\n");
}

/* The host is changed in the file in which it stands. */
static void test_include(void **state)
{
    (void)state;
    g_autofree char *other = g_build_filename(folder, "more.conf", NULL);
    g_autofree char *text = g_strdup_printf("@include \"%s\"\nmouse = true;\n", other);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_true(g_file_set_contents(other, "hosts = ( { name = \"local\"; } );\n", -1, NULL));
    g_autoptr(VdConf) conf = vd_conf_load(path);
    assert_int_equal(conf->problems->len, 0);
    assert_string_equal(vd_conf_host(conf, "local")->file, other);
    assert_true(add(path, "x", NULL));
    holds(path, text);
    holds(other, "hosts = ( { name = \"local\"; }, { name = \"x\"; uri = \"u\"; } );\n");
    /* The elements of the list from elsewhere: nothing is written. */
    g_autofree char *part = g_build_filename(folder, "part", NULL);
    g_autofree char *list = g_strdup_printf("hosts = (\n@include \"%s\"\n);\n", part);
    assert_true(g_file_set_contents(path, list, -1, NULL));
    assert_true(g_file_set_contents(part, "{ name = \"a\"; }", -1, NULL));
    g_autoptr(GError) error = NULL;
    assert_false(add(path, "x", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNSUPPORTED);
    assert_non_null(strstr(error->message, path));
    holds(path, list);
    holds(part, "{ name = \"a\"; }");
}

static void test_left_alone(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL, changed = NULL;
    assert_true(g_file_set_contents(path, "hosts = ( oops\n", -1, NULL));
    assert_false(add(path, "x", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    assert_non_null(strstr(error->message, path));
    holds(path, "hosts = ( oops\n");
    assert_false(vd_file_rewrite(path, "hosts = ( oop", "new", &changed));
    assert_int_equal(vd_error_code(changed), VD_ERR_BUSY);
    holds(path, "hosts = ( oops\n");
    assert_true(vd_file_rewrite(path, "hosts = ( oops\n", "new", NULL));
    holds(path, "new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_change),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_decoys),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_broken),
        cmocka_unit_test_setup_teardown(test_new_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mode_and_link, setup, teardown),
        cmocka_unit_test_setup_teardown(test_include, setup, teardown),
        cmocka_unit_test_setup_teardown(test_left_alone, setup, teardown),
    };
    return cmocka_run_group_tests_name("conf-edit", tests, NULL, NULL);
}
