/* The KVM probe and the child it is made of, on scripts in place of QEMU: what each ending means,
 * and when the kept answer no longer holds. A plain file stands for /dev/kvm.
 * About 7 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/kvm.h"

typedef struct {
    char *folder, *device, *qemu, *count;
} Place;

static int make_place(void **state)
{
    Place *place = g_new0(Place, 1);

    place->folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    place->device = g_build_filename(place->folder, "kvm", NULL);
    place->qemu = g_build_filename(place->folder, "qemu", NULL);
    place->count = g_build_filename(place->folder, "count", NULL);
    g_setenv("VMDECK_STATE_DIR", place->folder, TRUE);
    assert_true(g_file_set_contents(place->device, "", 0, NULL));
    *state = place;
    return 0;
}

static int drop_place(void **state)
{
    Place *place = *state;

    assert_true(vd_remove_tree(place->folder, NULL));
    g_free(place->folder);
    g_free(place->device);
    g_free(place->qemu);
    g_free(place->count);
    g_free(place);
    return 0;
}

/* A QEMU that counts its runs and then does what the line says. */
static void qemu_does(const Place *place, const char *line)
{
    g_autofree char *script =
        g_strdup_printf("#!/bin/sh\necho run >>'%s'\n%s\n", place->count, line);

    assert_true(g_file_set_contents(place->qemu, script, -1, NULL));
    assert_int_equal(g_chmod(place->qemu, 0755), 0);
}

static guint runs(const Place *place)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(place->count, &text, NULL, NULL))
        return 0;
    lines = g_strsplit(text, "\n", -1);
    return g_strv_length(lines) - 1;
}

static const char *success(void)
{
    struct utsname name;

    assert_int_equal(uname(&name), 0);
    return strcmp(name.machine, "x86_64") == 0 ? "exit 33" : "exit 0";
}

static void test_works_and_is_kept(void **state)
{
    const Place *place = *state;
    g_autofree char *why = NULL;

    qemu_does(place, success());
    assert_true(vd_kvm_usable_with(place->device, place->qemu, &why));
    assert_null(why);
    assert_int_equal(runs(place), 1);
    assert_true(vd_kvm_usable_with(place->device, place->qemu, &why));
    assert_int_equal(runs(place), 1);
}

static void test_dies(void **state)
{
    const Place *place = *state;
    g_autofree char *why = NULL, *again = NULL;

    qemu_does(place,
              "echo 'qemu: error: failed to set MSR 0x10a' >&2; echo 'q: core' >&2; kill -ABRT $$");
    assert_false(vd_kvm_usable_with(place->device, place->qemu, &why));
    assert_non_null(strstr(why, "(failed to set MSR 0x10a)"));
    assert_false(vd_kvm_usable_with(place->device, place->qemu, &again));
    assert_string_equal(why, again);
    assert_int_equal(runs(place), 1);
}

/* The status of a QEMU that ended in another way than by the guest's code. */
static void test_other_status(void **state)
{
    const Place *place = *state;

    qemu_does(place, "exit 1");
    assert_false(vd_kvm_usable_with(place->device, place->qemu, NULL));
}

static void test_late(void **state)
{
    const Place *place = *state;
    g_autofree char *why = NULL, *cache = g_build_filename(place->folder, "kvm-probe", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    gint64 start = g_get_monotonic_time();

    qemu_does(place, "exec sleep 60");
    assert_false(vd_kvm_usable_with(place->device, place->qemu, &why));
    assert_true(g_get_monotonic_time() - start < 30 * G_TIME_SPAN_SECOND);
    assert_non_null(strstr(why, "did not run"));
    /* Kept, but only for ten minutes: as if those had passed, and KVM works now. */
    assert_false(vd_kvm_usable_with(place->device, place->qemu, NULL));
    assert_int_equal(runs(place), 1);
    assert_true(g_key_file_load_from_file(file, cache, G_KEY_FILE_NONE, NULL));
    g_key_file_set_int64(file, "kvm", "taken", g_get_real_time() / G_USEC_PER_SEC - 601);
    assert_true(g_key_file_save_to_file(file, cache, NULL));
    assert_false(vd_kvm_usable_with(place->device, place->qemu, NULL));
    assert_int_equal(runs(place), 2);
}

static void test_new_binary(void **state)
{
    const Place *place = *state;

    qemu_does(place, "exit 1");
    assert_false(vd_kvm_usable_with(place->device, place->qemu, NULL));
    qemu_does(place, success());
    assert_true(vd_kvm_usable_with(place->device, place->qemu, NULL));
    assert_int_equal(runs(place), 2);
}

static void test_damaged_cache(void **state)
{
    const Place *place = *state;
    g_autofree char *cache = g_build_filename(place->folder, "kvm-probe", NULL);

    assert_true(g_file_set_contents(cache, "[kvm]\nkey=\nresult=77\n\xff", -1, NULL));
    qemu_does(place, success());
    assert_true(vd_kvm_usable_with(place->device, place->qemu, NULL));
    assert_int_equal(runs(place), 1);
}

static void test_no_device(void **state)
{
    const Place *place = *state;
    g_autofree char *why = NULL, *none = NULL;

    qemu_does(place, success());
    assert_int_equal(g_unlink(place->device), 0);
    assert_false(vd_kvm_usable_with(place->device, place->qemu, &why));
    assert_non_null(strstr(why, "There is no KVM"));
    assert_int_equal(runs(place), 0);
    assert_true(g_file_set_contents(place->device, "", 0, NULL));
    assert_false(vd_kvm_usable_with(place->device, NULL, &none));
    assert_non_null(strstr(none, "QEMU is not installed"));
}

static void test_child(void **state)
{
    static const char *const echo[] = {"cat", NULL};
    static const char *const deaf[] = {"sh", "-c", "exec 0<&-; exit 7", NULL};
    static const char *const none[] = {"/nonexistent/program", NULL};
    static const char *const flood[] = {"cat", "/dev/zero", NULL};
    static const char *const slow[] = {"sleep", "1000", NULL};
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    static const char *const much[] = {"head", "-c", "9000000", "/dev/zero", NULL};
    g_autoptr(GError) error = NULL;
    g_auto(VdChild) child = {0};

    (void)state;
    assert_true(vd_child_run(echo, "one\n\xff two", 20000, &child, NULL));
    assert_int_equal(child.status, 0);
    assert_string_equal(child.out, "one\n\xef\xbf\xbd two");
    assert_string_equal(child.error, "");
    vd_child_clear(&child);
    assert_true(vd_child_run(deaf, "never read", 20000, &child, NULL));
    assert_int_equal(child.status, 7);
    vd_child_clear(&child);
    assert_true(vd_child_run(much, NULL, 60000, &child, NULL));
    assert_int_equal(child.status, 0);
    assert_false(child.flooded);
    vd_child_clear(&child);
    /* Without an end: ended long before its deadline, and nothing of it is kept. */
    assert_true(vd_child_run(flood, NULL, 600000, &child, NULL));
    assert_true(child.flooded);
    assert_false(child.late);
    assert_int_equal(child.status, -1);
    assert_string_equal(child.out, "");
    vd_child_clear(&child);
    assert_true(vd_child_run_until(slow, 100, cancel, &child, NULL));
    assert_true(child.late);
    vd_child_clear(&child);
    g_cancellable_cancel(cancel);
    assert_true(vd_child_run_until(slow, 900000, cancel, &child, NULL));
    assert_true(child.late);
    vd_child_clear(&child);
    assert_false(vd_child_run(none, NULL, 20000, &child, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, make_place, drop_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_works_and_is_kept), CASE(test_dies),
        CASE(test_other_status),      CASE(test_late),
        CASE(test_new_binary),        CASE(test_damaged_cache),
        CASE(test_no_device),         CASE(test_child),
    };

    return cmocka_run_group_tests_name("kvm", tests, NULL, NULL);
}
