/* The configuration with the mistakes that people make: each is told with file, line and what was
 * expected, and the rest counts. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/conf.h"
#include "src/base/files.h"

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

static VdConf *load(const char *text)
{
    assert_true(g_file_set_contents(path, text, -1, NULL));
    return vd_conf_load(path);
}

/* Who reads theme, columns and keys later can say where they stand. */
static void places_are_kept(void **state)
{
    (void)state;
    g_autoptr(VdConf) conf =
        load("theme = \"neon\";\nkeys = {\n  vm_start = \"s\";\n};\ncolumns = \"ip\";\n");
    static const struct {
        const char *setting;
        int line;
    } cases[] = {{"theme", 1}, {"keys.vm.start", 3}, {"columns", 5}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = vd_conf_mistake(conf, cases[i].setting, "no");
        g_autofree char *wanted = g_strdup_printf("%s:%d: no", path, cases[i].line);
        assert_string_equal(text, wanted);
    }
    g_autofree char *bare = vd_conf_mistake(conf, "keys.quit", "no");
    assert_string_equal(bare, "no");
}

/* The first problem is on this line, with these words. */
static void first_problem(const VdConf *conf, int line, const char *words)
{
    assert_true(conf->problems->len > 0);
    const VdConfProblem *problem = g_ptr_array_index(conf->problems, 0);
    g_autofree char *text = vd_conf_problem_text(problem);
    if (problem->line != line || !strstr(text, words) || !g_str_has_prefix(text, path))
        fail_msg("%s (expected line %d, %s)", text, line, words);
}

static void one_problem(const VdConf *conf, int line, const char *words)
{
    first_problem(conf, line, words);
    assert_int_equal(conf->problems->len, 1);
}

static void test_usual(void **state)
{
    (void)state;
    g_autoptr(VdConf) conf = load("hosts = ( { name = \"kvm1\"; uri = \"qemu:///system\"; },\n"
                                  "          { name = \"local\"; } );\n"
                                  "theme = \"light\"; mouse = false; ascii = true; flat = true;\n"
                                  "interval_ms = 2000; escape_ms = 50;\n"
                                  "keys = { vm_start = \"s  F5 \"; vm_stop = [\"x\", \"y\"]; };\n"
                                  "columns = [\"name\", \"cpu\"];\n"
                                  "roles = { alice = \"operate\"; };\n");
    assert_int_equal(conf->problems->len, 0);
    assert_int_equal(conf->hosts->len, 2);
    const VdConfHost *first = g_ptr_array_index(conf->hosts, 0);
    const VdConfHost *second = g_ptr_array_index(conf->hosts, 1);
    assert_string_equal(first->name, "kvm1");
    assert_string_equal(first->uri, "qemu:///system");
    assert_null(second->uri);
    assert_string_equal(conf->theme, "light");
    assert_false(conf->mouse);
    assert_true(conf->ascii && conf->flat);
    assert_int_equal(conf->interval_ms, 2000);
    assert_int_equal(conf->escape_ms, 50);
    char **keys = g_hash_table_lookup(conf->keys, "vm.start");
    assert_non_null(keys);
    assert_string_equal(keys[0], "s");
    assert_string_equal(keys[1], "F5");
    assert_null(keys[2]);
    assert_int_equal(g_strv_length(g_hash_table_lookup(conf->keys, "vm.stop")), 2);
    assert_int_equal(g_strv_length(conf->columns), 2);
    assert_string_equal(g_hash_table_lookup(conf->roles, "alice"), "operate");
}

static void test_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } cases[] = {
        {"interval_ms = 20;", "interval_ms: expected 250 to 60000"},
        {"interval_ms = -1;", "interval_ms: expected"},
        {"interval_ms = 99999999999999;", "interval_ms: expected"},
        {"interval_ms = 500.5;", "interval_ms: expected"},
        {"interval_ms = \"500\";", "interval_ms: expected"},
        {"escape_ms = 0;", "escape_ms: expected 5 to 1000"},
        {"mouse = \"no\";", "mouse: expected true or false"},
        {"mouse = 0;", "mouse: expected true or false"},
        {"theme = 5;", "theme: expected the name"},
        {"theme = { };", "theme: expected the name"},
        {"hosts = \"kvm1\";", "hosts: expected a list"},
        {"hosts = ( \"kvm1\" );", "hosts: expected a host"},
        {"hosts = ( { } );", "hosts: expected a host"},
        {"hosts = ( { uri = \"qemu:///system\"; } );", "hosts: expected a host"},
        {"hosts = ( { name = \"\"; } );", "hosts: expected a host"},
        {"hosts = ( { name = \"\\x1b\\x07\"; } );", "hosts: expected a host"},
        {"hosts = ( { name = 5; } );", "hosts: expected a host"},
        {"hosts = ( { name = \"a\"; uri = 5; } );", "hosts: expected a host"},
        {"hosts = ( { name = \"a\"; uri = \"\"; } );", "hosts: expected a host"},
        {"hosts = ( { name = \"prod\"; } );", "hosts: expected a host"},
        {"hosts = ( { name = \"a\"; url = \"qemu+ssh://b/system\"; } );", NULL},
        {"keys = 5;", "keys: expected a group"},
        {"keys = { vm_start = 5; };", "vm_start: expected a word"},
        {"keys = { vm_start = [ 1, 2 ]; };", NULL},
        {"columns = 3;", "columns: expected a word"},
        {"roles = ( );", "roles: expected a group"},
        {"sources = { };", "sources: expected a list"},
        {"sources = ( { name = \"a\"; } );", "sources: expected the kind"},
        {"sources = ( { name = \"a\"; kind = \"virt-builder\"; url = \"http://x/i\"; } );",
         "sources: expected a fingerprint"},
        {"roles = { bob = \"root\"; };", "bob: expected \"view\""},
        {"colour = \"red\";", "colour: no such setting"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("# a comment\n\nascii = true;\n%s\nflat = true;\n", cases[i].line);
        g_autoptr(VdConf) conf = load(text);
        if (cases[i].words)
            one_problem(conf, 4, cases[i].words);
        assert_true(conf->problems->len > 0);
        /* What stands before and behind it counts; what is wrong keeps its default. */
        assert_true(conf->ascii && conf->flat);
        assert_int_equal(conf->interval_ms, 1000);
        assert_string_equal(conf->theme, "default");
        assert_true(conf->mouse);
        assert_int_equal(conf->hosts->len, 0);
    }
}

/* Mistakes that cost nothing but themselves. */
static void test_more_than_there_is(void **state)
{
    (void)state;
    g_autoptr(VdConf) wrong = load("hosts = (\n  { name = \"a\"; url = \"test:///x\"; } );\n");
    first_problem(wrong, 2, "hosts: url: no such setting here; expected name, uri");
    assert_int_equal(wrong->hosts->len, 0);
    g_autoptr(VdConf) more =
        load("hosts = ( { name = \"a\"; uri = \"test:///x\";\n port = 5; } );\n");
    one_problem(more, 2, "hosts: port: no such setting here");
    assert_int_equal(more->hosts->len, 1);
    g_autoptr(VdConf) twice = load("hosts = ( { name = \"a\"; uri = \"test:///x\"; },\n"
                                   "  { name = \"a\"; uri = \"test:///y\"; } );\n");
    one_problem(twice, 2, "hosts: there is a “a” already, in line 1");
    assert_int_equal(twice->hosts->len, 1);
    assert_string_equal(((VdConfHost *)g_ptr_array_index(twice->hosts, 0))->uri, "test:///y");
    g_autoptr(VdConf) source =
        load("sources = ( { name = \"a\"; kind = \"virt-builder\"; url = \"https://x/i\";\n"
             " finger = \"x\"; }, { name = \"a\"; kind = \"virt-builder\";\n"
             " url = \"https://x/j\"; unsigned = \"yes\"; } );\n");
    assert_int_equal(source->problems->len, 3);
    first_problem(source, 2, "sources: finger: no such setting here");
    assert_int_equal(source->sources->len, 1);
    g_autoptr(VdConf) again = load("theme = \"light\";\ntheme = \"mono\";\nflat = true;\n");
    one_problem(again, 2, "expected a setting that does not stand there already");
    assert_string_equal(again->theme, "light");
}

static void test_syntax(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int line;
    } cases[] = {
        {"theme = \"light\";\nmouse = ;\nflat = true;\n", 2},
        {"theme = \"light\";\n= 5;\n", 2},
        {"theme = \"light\";\ntheme = \"dark\";\n", 2},
        {"theme = \"light\";\nhosts = ( {\n", 3},
        {"theme = \"light\";\n\033[2J\xff\xfe\n", 2},
        {"theme = \"light\";\n<xml/>\n", 2},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdConf) conf = load(cases[i].text);
        /* What is cut in two may be wrong as well. */
        first_problem(conf, cases[i].line, "expected a setting");
        const VdConfProblem *problem = g_ptr_array_index(conf->problems, 0);
        assert_null(strchr(problem->message, '\033'));
        assert_string_equal(conf->theme, "light");
    }
}

/* A host whose address was cut off is not the one that libvirt takes for want of an address. */
static void test_host_cut_off(void **state)
{
    (void)state;
    g_autoptr(VdConf) torn = load("hosts = ( { name = \"a\"; uri = \"test:///default\"; },\n"
                                  "  { name = \"prod2\" uri \"qemu+ssh://prod2/system\"; } );\n");
    first_problem(torn, 2, "expected a setting");
    assert_int_equal(torn->hosts->len, 1);
    g_autoptr(VdConf) whole = load("hosts = ( { name = \"local\"; } );\n");
    assert_int_equal(whole->problems->len, 0);
    assert_int_equal(whole->hosts->len, 1);
}

static void test_no_file(void **state)
{
    (void)state;
    g_autoptr(VdConf) missing = vd_conf_load(path);
    one_problem(missing, 0, "not there");
    assert_int_equal(missing->interval_ms, 1000);
    g_autoptr(VdConf) empty = load("");
    assert_int_equal(empty->problems->len, 0);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    g_autoptr(VdConf) is_folder = vd_conf_load(path);
    one_problem(is_folder, 0, "regular file");
}

static void test_any_bytes(void **state)
{
    (void)state;
    GRand *rand = g_rand_new_with_seed(11);
    static const char letters[] = "abhostnuri ={}()[];,\"\\@#/*\n\033\xff 0159.";
    for (int round = 0; round < 500; round++) {
        char text[129] = "";
        for (int i = 0; i < 128; i++)
            text[i] = letters[g_rand_int_range(rand, 0, sizeof letters - 1)];
        g_autoptr(VdConf) conf = load(text);
        for (guint i = 0; i < conf->problems->len; i++) {
            g_autofree char *words = vd_conf_problem_text(g_ptr_array_index(conf->problems, i));
            assert_true(g_utf8_validate(words, -1, NULL));
            assert_null(strpbrk(words, "\033\n"));
        }
    }
    g_rand_free(rand);
    /* Deep nesting, and a file that includes itself. */
    g_autofree char *deep = g_strnfill(200000, '(');
    g_autofree char *text = g_strconcat("hosts = ", deep, NULL);
    g_autoptr(VdConf) nested = load(text);
    assert_true(nested->problems->len > 0);
    g_autofree char *include = g_strdup_printf("@include \"%s\"\n", path);
    g_autoptr(VdConf) circle = load(include);
    g_autofree char *told = g_strdup_printf("@include “%s”: files include each other", path);
    first_problem(circle, 1, told);
    /* Named without its folder, as one writes it beside the file. */
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *beside = g_strdup_printf("@include \"%s\"\n", base);
    g_autoptr(VdConf) again = load(beside);
    g_autofree char *words = vd_conf_problem_text(g_ptr_array_index(again->problems, 0));
    g_autofree char *place = g_strconcat(path, ":1: @include “", NULL);
    assert_true(g_str_has_prefix(words, place));
    g_autoptr(VdConf) missing = load("flat = true;\n@include \"/nowhere/at all.conf\"\n");
    first_problem(missing, 2, "@include “/nowhere/at all.conf”: the file cannot be read");
}

static void test_included(void **state)
{
    (void)state;
    g_autofree char *other = g_build_filename(folder, "other.conf", NULL);
    assert_true(g_file_set_contents(other, "flat = true;\nmouse = 7;\n", -1, NULL));
    g_autofree char *text = g_strdup_printf("theme = \"light\";\n@include \"%s\"\n", other);
    g_autoptr(VdConf) conf = load(text);
    assert_true(conf->flat);
    assert_int_equal(conf->problems->len, 1);
    g_autofree char *words = vd_conf_problem_text(g_ptr_array_index(conf->problems, 0));
    g_autofree char *expected = g_strdup_printf("%s:2: mouse: expected true or false", other);
    assert_string_equal(words, expected);
}

static void write_beside(const char *name, const char *text)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    g_autofree char *below = g_path_get_dirname(file);
    assert_int_equal(g_mkdir_with_parents(below, 0700), 0);
    assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void says(const VdConf *conf, guint i, const char *file, const char *rest)
{
    g_autofree char *words = vd_conf_problem_text(g_ptr_array_index(conf->problems, i));
    g_autofree char *expected = g_strdup_printf("%s/%s%s", folder, file, rest);
    assert_string_equal(words, expected);
}

/* What is included is looked for beside the file that names it, wherever the program was started;
 * each mistake has its own file and line. */
static void test_included_beside(void **state)
{
    (void)state;
    write_beside("more/inner.conf", "  flat = true;\ncolumns = 5;"); /* no newline at its end */
    write_beside("more/outer.conf", "mouse = 7;\n# @include \"no.conf\"\n@include \"inner.conf\"\n"
                                    "ascii = 8;\n");
    write_beside("hosts.conf", "{ name = \"b\"; uri = \"test:///b\"; }\n");
    g_autoptr(VdConf) conf = load("theme = \"light\";\n@include \"more/outer.conf\"\n"
                                  "hosts = ( { name = \"a\"; uri = \"test:///a\"; },\n"
                                  "  @include \"hosts.conf\"\n);\nescape_ms = 1;\n"
                                  "/*\n@include \"no.conf\"\n*/ interval_ms = 2;\n");
    assert_int_equal(conf->problems->len, 5);
    says(conf, 0, "more/outer.conf", ":1: mouse: expected true or false");
    says(conf, 1, "more/inner.conf", ":2: columns: expected a word or a list of words in quotes");
    says(conf, 2, "more/outer.conf", ":4: ascii: expected true or false");
    says(conf, 3, "vmdeck.conf", ":6: escape_ms: expected 5 to 1000 milliseconds");
    says(conf, 4, "vmdeck.conf", ":9: interval_ms: expected 250 to 60000 milliseconds");
    assert_true(conf->flat);
    assert_int_equal(conf->hosts->len, 2);
    const VdConfHost *b = vd_conf_host(conf, "b");
    g_autofree char *home = g_build_filename(folder, "hosts.conf", NULL);
    assert_string_equal(b->file, home);
    /* A mistake in the syntax of what is included, and the one that is not there. */
    write_beside("hosts.conf", "{ name = = }\n");
    g_autoptr(VdConf) torn = load("flat = true;\n@include \"gone.conf\"\n"
                                  "hosts = (\n@include \"hosts.conf\"\n);\n");
    assert_int_equal(torn->problems->len, 3); /* and a host without a name */
    says(torn, 0, "vmdeck.conf",
         ":2: @include “gone.conf”: the file cannot be read; expected a file beside this one, or a "
         "whole path");
    says(torn, 1, "hosts.conf", ":1: expected a setting such as theme = \"light\"; (syntax error)");
    assert_true(torn->flat);
}

static void test_two_files(void **state)
{
    (void)state;
    g_autofree char *own = g_build_filename(folder, "vmdeck", "vmdeck.conf", NULL);
    g_autofree char *below = g_path_get_dirname(own);
    g_setenv("VMDECK_SYSTEM_CONFIG", path, TRUE);
    /* The first who asks GLib for the folder is this test. */
    g_setenv("XDG_CONFIG_HOME", folder, TRUE);
    assert_int_equal(mkdir(below, 0700), 0);
    assert_true(g_file_set_contents(path,
                                    "theme = \"light\"; interval_ms = 3000;\n"
                                    "hosts = ( { name = \"a\"; uri = \"test:///a\"; },"
                                    " { name = \"b\"; uri = \"test:///b\"; } );\n"
                                    "roles = { alice = \"view\"; };\n",
                                    -1, NULL));
    assert_true(g_file_set_contents(own,
                                    "theme = \"mono\"; mouse = 9;\n"
                                    "hosts = ( { name = \"a\"; uri = \"test:///mine\"; } );\n"
                                    "roles = { alice = \"admin\"; };\n",
                                    -1, NULL));
    g_autoptr(VdConf) conf = vd_conf_load(NULL);
    assert_string_equal(conf->theme, "mono");
    assert_int_equal(conf->interval_ms, 3000);
    assert_int_equal(conf->hosts->len, 2);
    assert_string_equal(((const VdConfHost *)g_ptr_array_index(conf->hosts, 0))->uri,
                        "test:///mine");
    /* Nobody gives himself rights. */
    assert_string_equal(g_hash_table_lookup(conf->roles, "alice"), "view");
    assert_int_equal(conf->problems->len, 1);
    const VdConfProblem *problem = g_ptr_array_index(conf->problems, 0);
    assert_string_equal(problem->file, own);
    assert_int_equal(problem->line, 1);
    g_unsetenv("VMDECK_SYSTEM_CONFIG");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_usual, setup, teardown),
        cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_there_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_syntax, setup, teardown),
        cmocka_unit_test_setup_teardown(test_host_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_included, setup, teardown),
        cmocka_unit_test_setup_teardown(test_included_beside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_two_files, setup, teardown),
    };
    return cmocka_run_group_tests_name("configuration", tests, NULL, NULL);
}
