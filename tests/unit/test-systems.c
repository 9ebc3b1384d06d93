/* Systems that are called by their names: what libosinfo says of them, what shipped templates
 * declare, and what an installation of one comes to. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/deploy.h"
#include "src/deploy/install.h"
#include "src/deploy/systems.h"
#include "src/deploy/template.h"

#define KNOWN                                                                                      \
    "{\"systems\":["                                                                               \
    "{\"id\":\"http://debian.org/debian/12\",\"short\":\"debian12\",\"name\":\"Debian 12\","       \
    "\"ended\":\"2028-06-30\",\"trees\":["                                                         \
    "{\"arch\":\"aarch64\",\"url\":\"http://d.example/arm64\",\"kernel\":\"deep/arm64/linux\"},"   \
    "{\"arch\":\"x86_64\",\"url\":\"http://d.example/amd64/\",\"kernel\":\"deep/amd64/linux\"}],"  \
    "\"least\":[{\"arch\":\"all\",\"memory\":3221225472},{\"arch\":\"x86_64\",\"disk\":"           \
    "5368709120},"                                                                                 \
    "{\"arch\":\"s390x\",\"disk\":99999999999}]},"                                                 \
    "{\"id\":\"http://fedoraproject.org/fedora/40\",\"short\":\"fedora40\",\"name\":\"Fedora "     \
    "40\","                                                                                        \
    "\"trees\":[{\"arch\":\"x86_64\",\"url\":\"http://f.example/os//\"}]},"                        \
    "{\"id\":\"http://fedoraproject.org/coreos/stable\",\"short\":\"fedora-coreos-stable\","       \
    "\"name\":\"Fedora CoreOS\"},"                                                                 \
    "{\"id\":\"http://ubuntu.com/ubuntu/24.04\",\"short\":\"ubuntu24.04\","                        \
    "\"name\":\"Ubuntu 24.04\\u001b[31m\"},"                                                       \
    "{\"name\":\"nothing else\"},{\"id\":7,\"short\":[],\"name\":{}},3,null,"                      \
    "{\"id\":\"x\",\"short\":\"x\",\"name\":\"X\",\"trees\":{},\"least\":[4,{\"memory\":\"much\"}" \
    "]}]}"

/* A helper that does what the lines of a shell say, and notes in a file how often it ran. */
static char *helper_that(const char *lines)
{
    g_autofree char *folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "helper", NULL);
    g_autofree char *text = g_strdup_printf("#!/bin/sh\necho run >>'%s/runs'\n%s\n", folder, lines);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(g_chmod(path, 0755), 0);
    g_setenv("VMDECK_OSINFO", path, TRUE);
    return g_steal_pointer(&folder);
}

static char *fake_helper(void)
{
    return helper_that("cat <<'E'\n" KNOWN "\nE");
}

static gpointer ask(gpointer data)
{
    return (gpointer)vd_systems_find(data, "debian12", NULL);
}

static void test_systems_are_read_once(void **state)
{
    g_autofree char *folder = fake_helper();
    g_autofree char *runs = g_build_filename(folder, "runs", NULL);
    g_autofree char *text = NULL;
    g_autoptr(VdSystems) systems = vd_systems_new(NULL);
    g_autoptr(GError) error = NULL;
    GThread *threads[4];
    const VdSystem *first;
    const GPtrArray *known;

    (void)state;
    for (guint i = 0; i < 4; i++)
        threads[i] = g_thread_new("ask", ask, systems);
    first = vd_systems_find(systems, "Debian 12", NULL);
    assert_non_null(first);
    for (guint i = 0; i < 4; i++)
        assert_ptr_equal(g_thread_join(threads[i]), first);
    assert_ptr_equal(vd_systems_find(systems, "http://debian.org/debian/12", NULL), first);
    assert_ptr_equal(vd_systems_find(systems, "DEBIAN12", NULL), first);
    assert_null(vd_systems_find(systems, "debian", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    /* What makes no sense is left out. */
    known = vd_systems_all(systems, NULL);
    assert_string_equal(((VdSystem *)g_ptr_array_index(known, 4))->id, "x");
    for (guint i = 5; i < known->len; i++)
        assert_null(strstr(((VdSystem *)g_ptr_array_index(known, i))->name, "nothing"));
    assert_null(strchr(vd_systems_find(systems, "ubuntu24.04", NULL)->name, '\x1b'));
    assert_true(g_file_get_contents(runs, &text, NULL, NULL));
    assert_string_equal(text, "run\n");
    assert_true(vd_remove_tree(folder, NULL));
}

static void test_no_libosinfo(void **state)
{
    g_autoptr(VdSystems) systems = vd_systems_new(NULL);
    g_autoptr(VdArgs) args = vd_args_new();
    g_autoptr(GError) error = NULL, again = NULL, damaged = NULL;
    g_autoptr(VdImage) image = vd_image_new();

    (void)state;
    g_setenv("VMDECK_OSINFO", "/nonexistent", TRUE);
    vd_args_set(args, "os", "debian11");
    assert_false(vd_install_fill(systems, "test:///default", TRUE, args, NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNSUPPORTED);
    assert_true(vd_systems_all(systems, &again)->len > 0);
    assert_string_equal(again->message, error->message);
    image->layout = g_strdup("{\"os\":{\"osinfo\":\"debian11\"}}");
    vd_systems_name_image(systems, image);
    assert_null(image->system);
    assert_null(vd_systems_parse("[]", &damaged));
    assert_int_equal(vd_error_code(damaged), VD_ERR_DAMAGED);
}

/* A helper that hangs is not waited for once nobody wants to know any more. */
static void test_hung_libosinfo(void **state)
{
    g_autofree char *folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_autofree char *helper = g_build_filename(folder, "helper", NULL);
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(VdSystems) systems = vd_systems_new(cancel);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(g_file_set_contents(helper, "#!/bin/sh\nexec sleep 1000\n", -1, NULL));
    assert_int_equal(chmod(helper, 0755), 0);
    g_setenv("VMDECK_OSINFO", helper, TRUE);
    g_cancellable_cancel(cancel);
    assert_null(vd_systems_find(systems, "nothing", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_CANCELLED);
    /* What templates declare is known all the same. */
    assert_non_null(vd_systems_find(systems, "debian12", NULL));
    assert_true(vd_remove_tree(folder, NULL));
}

static void filled(VdSystems *systems, const char *os, VdArgs *args)
{
    GError *error = NULL;

    vd_args_set(args, "os", os);
    if (!vd_install_fill(systems, "test:///default", TRUE, args, NULL, &error))
        fail_msg("%s", error->message);
}

static void is_arg(const VdArgs *args, const char *name, const char *value)
{
    const char *found = vd_args_get(args, name);

    if (g_strcmp0(found, value) != 0)
        fail_msg("%s is “%s”, not “%s”", name, found ? found : "not there", value);
}

static void test_what_a_system_comes_to(void **state)
{
    g_autofree char *folder = fake_helper();
    g_autoptr(VdSystems) systems = vd_systems_new(NULL);
    g_autoptr(VdArgs) debian = vd_args_new();
    g_autoptr(VdArgs) given = vd_args_new();
    g_autoptr(VdTemplate) fedora = vd_template_find("fedora", NULL);
    g_autoptr(VdTemplate) preseed = vd_template_find("debian", NULL);
    const VdSystem *system = vd_systems_find(systems, "debian12", NULL);
    VdSystemLeast least = vd_system_least(system, "x86_64");
    g_autofree char *tree = vd_system_tree(system, preseed, "x86_64");
    g_autofree char *other =
        vd_system_tree(vd_systems_find(systems, "fedora40", NULL), fedora, "x86_64");

    (void)state;
    /* From where the kernel is, as the template looks for `linux` alone. */
    assert_string_equal(tree, "http://d.example/amd64/deep/amd64");
    assert_string_equal(other, "http://f.example/os");
    assert_null(vd_system_tree(system, fedora, "x86_64"));
    assert_null(vd_system_tree(system, preseed, "riscv64"));
    assert_int_equal(least.memory, G_GINT64_CONSTANT(3) << 30);
    assert_int_equal(least.disk, G_GINT64_CONSTANT(5) << 30);
    vd_args_set(debian, "tree", "/media/dvd");
    filled(systems, "debian12", debian);
    is_arg(debian, "template", "debian");
    is_arg(debian, "tree", "/media/dvd");
    is_arg(debian, "memory", "3G"); /* more than the usual */
    is_arg(debian, "disk", "10G");  /* the usual is more */
    vd_args_set(given, "template", "fedora");
    vd_args_set(given, "memory", "4G");
    vd_args_set(given, "tree", "http://x.example/y");
    filled(systems, "Debian 12", given);
    is_arg(given, "template", "fedora");
    is_arg(given, "memory", "4G");
    assert_true(vd_remove_tree(folder, NULL));
}

static void test_what_no_template_is_for(void **state)
{
    static const struct {
        const char *os, *words;
    } rows[] = {{"fedora-coreos-stable", "No template is for Fedora CoreOS"},
                {"x", "No template is for X"},
                {"ubuntu24.04", "where the installer of Ubuntu"},
                {"windows", "knows no system “windows”"}};
    g_autofree char *folder = fake_helper();
    g_autoptr(VdSystems) systems = vd_systems_new(NULL);

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(VdArgs) args = vd_args_new();
        g_autoptr(GError) error = NULL;

        vd_args_set(args, "os", rows[i].os);
        assert_false(vd_install_fill(systems, NULL, TRUE, args, NULL, &error));
        if (!strstr(error->message, rows[i].words))
            fail_msg("“%s” does not say “%s”", error->message, rows[i].words);
    }
    assert_true(vd_remove_tree(folder, NULL));
}

/* What shipped templates declare is known whatever libosinfo knows: nothing, or an old database's.
 */
static void test_declared(void **state)
{
    static const char *const helpers[] = {
        "echo '{\"systems\":[]}'",
        "exit 3",
        "echo nonsense",
        "cat /dev/zero",
        "head -c 1000000 /dev/zero | tr '\\0' '['",
        "yes '{\"systems\":[]}'",
        "kill -9 $$",
    };

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(helpers); i++) {
        g_autofree char *folder = helper_that(helpers[i]);
        g_autoptr(VdSystems) systems = vd_systems_new(NULL);
        g_autoptr(VdArgs) args = vd_args_new();
        g_autoptr(VdImage) image = vd_image_new();
        g_autoptr(GPtrArray) templates = vd_templates_load();
        g_autoptr(GError) why = NULL, none = NULL;

        vd_args_set(args, "tree",
                    "http://d.example/debian12"); /* which mirror is one's own to say */
        filled(systems, "Debian 12", args);
        is_arg(args, "template", "debian");
        is_arg(args, "tree", "http://d.example/debian12");
        image->layout = g_strdup("{\"os\":{\"osinfo\":\"debian12\"}}");
        vd_systems_name_image(systems, image);
        assert_string_equal(image->system, "http://debian.org/debian/12");
        assert_null(vd_systems_find(systems, "windows", &none));
        assert_string_equal(
            vd_system_template(vd_systems_find(systems, "rocky10", NULL), templates)->name,
            "fedora");
        (void)vd_systems_all(systems, &why);
        assert_int_equal(why != NULL, i > 0);
        assert_true(vd_remove_tree(folder, NULL));
    }
}

/* What libosinfo says of one counts, and odd trees of its are none. */
static void test_known_and_declared(void **state)
{
    static const char *const trees[] = {
        "ftp://d.example/x",     "nfs:d.example:/x",   "/etc",
        "javascript:x",          "http:///x",          "http://d.example/a b",
        "https://d.example/%zz", "gopher://d.example/"};
    const guint n = G_N_ELEMENTS(trees);
    g_autoptr(GString) json = g_string_new("{\"systems\":[{\"id\":\"http://debian.org/debian/12\","
                                           "\"short\":\"debian12\",\"name\":\"Mine\",\"trees\":[");
    g_autoptr(GPtrArray) all = NULL;
    g_autofree char *lines = NULL;
    const GPtrArray *odd;

    (void)state;
    for (guint i = 0; i < n; i++)
        g_string_append_printf(json, "{\"arch\":\"all\",\"url\":\"%s\"},", trees[i]);
    g_string_append(json, "{\"arch\":\"all\",\"url\":\"http://d.example/y/\"}]}]}");
    all = vd_systems_parse(json->str, NULL);
    assert_int_equal(all->len, 1);
    odd = ((VdSystem *)g_ptr_array_index(all, 0))->trees;
    for (guint i = 0; i + 1 < odd->len; i++)
        fail_msg("“%s” is a tree", ((VdSystemTree *)g_ptr_array_index(odd, i))->url);
    assert_int_equal(odd->len, 1);
    lines = g_strdup_printf("cat <<'E'\n%s\nE", json->str);
    g_autofree char *folder = helper_that(lines);
    g_autoptr(VdSystems) systems = vd_systems_new(NULL);
    g_autoptr(VdArgs) args = vd_args_new();
    assert_null(vd_systems_find(systems, "Debian 12", NULL));
    assert_string_equal(vd_systems_find(systems, "debian12", NULL)->name, "Mine");
    filled(systems, "mine", args);
    is_arg(args, "tree", "http://d.example/y");
    assert_true(vd_remove_tree(folder, NULL));
}

static void test_images_get_names(void **state)
{
    static const struct {
        const char *layout, *os, *system;
    } rows[] = {
        {"{\"os\":{\"osinfo\":\"debian12\",\"product\":\"\"}}", "Debian 12",
         "http://debian.org/debian/12"},
        {"{\"os\":{\"osinfo\":\"debian12\",\"product\":\"Debian GNU/Linux 12\"}}", "before",
         "http://debian.org/debian/12"},
        {"{\"os\":{\"osinfo\":\"unknown\"}}", "before", NULL},
        {"{\"os\":{\"osinfo\":7}}", "before", NULL},
        {"{\"os\":{}}", "before", NULL},
        {"[]", "before", NULL},
    };
    g_autofree char *folder = fake_helper();
    g_autoptr(VdSystems) systems = vd_systems_new(NULL);

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(VdImage) image = vd_image_new();

        image->layout = g_strdup(rows[i].layout);
        image->os = g_strdup("before");
        vd_systems_name_image(systems, image);
        assert_string_equal(image->os, rows[i].os);
        assert_int_equal(g_strcmp0(image->system, rows[i].system), 0);
    }
    assert_true(vd_remove_tree(folder, NULL));
}

int main(void)
{
    g_autofree char *shipped =
        g_build_filename(g_getenv("VMDECK_SOURCE"), "src", "deploy", "templates", NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_systems_are_read_once),
        cmocka_unit_test(test_no_libosinfo),
        cmocka_unit_test(test_hung_libosinfo),
        cmocka_unit_test(test_what_a_system_comes_to),
        cmocka_unit_test(test_what_no_template_is_for),
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_known_and_declared),
        cmocka_unit_test(test_images_get_names),
    };

    g_setenv("VMDECK_TEMPLATE_DIR", shipped, TRUE);
    return cmocka_run_group_tests_name("systems", tests, NULL, NULL);
}
