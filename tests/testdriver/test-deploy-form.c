/* The fields of the form for a deployment against a host of libvirt's test driver: what is chosen
 * passes, whichever field is left, and what is wrong gets its sentence. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <glib/gstdio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/deploy.h"
#include "src/model/args.h"

#define HOST "test:///default"

static void passes(const VdArgs *args, const char *field, const char *words)
{
    g_autofree char *hint = NULL;
    g_autoptr(GError) error = NULL;

    if (!vd_deploy_check_field(HOST, args, field, &hint, &error))
        fail_msg("%s: %s", field, error->message);
    if (!hint || !strstr(hint, words))
        fail_msg("%s: “%s” does not say “%s”", field, hint ? hint : "nothing", words);
}

static void fails(const VdArgs *args, const char *field, const char *words)
{
    g_autofree char *hint = NULL;
    g_autoptr(GError) error = NULL;

    assert_false(vd_deploy_check_field(HOST, args, field, &hint, &error));
    if (!strstr(error->message, words))
        fail_msg("%s: “%s” does not say “%s”", field, error->message, words);
}

/* All four decide about the room, and only one of them is a size. */
static void test_room_of_the_disk(void **state)
{
    g_autoptr(VdArgs) args = vd_args_new();

    (void)state;
    vd_args_set(args, "pool", "default-pool");
    passes(args, "pool", "free on default-pool");
    passes(args, "disk", "free on default-pool");
    vd_args_set(args, "disk", "20G");
    passes(args, "disk", "free on default-pool");
    vd_args_set(args, "whole", "true");
    passes(args, "whole", "free on default-pool");
    vd_args_set(args, "overcommit", "true");
    passes(args, "overcommit", "free on default-pool");
}

static void test_wrong_disks(void **state)
{
    g_autoptr(VdArgs) args = vd_args_new();

    (void)state;
    vd_args_set(args, "pool", "default-pool");
    vd_args_set(args, "disk", "20 apples");
    fails(args, "disk", "expected a size");
    vd_args_set(args, "disk", "20");
    fails(args, "disk", "“20” has no unit");
    vd_args_set(args, "disk", "2P");
    fails(args, "disk", "default-pool");
    fails(args, "pool", "default-pool");
    vd_args_set(args, "overcommit", "true");
    passes(args, "disk", "free on default-pool");
    vd_args_set(args, "pool", "nowhere");
    fails(args, "pool", "nowhere");
}

static void is_right(const VdArgs *args, const char *field)
{
    g_autofree char *hint = NULL;
    g_autoptr(GError) error = NULL;

    if (!vd_deploy_check_field(HOST, args, field, &hint, &error))
        fail_msg("%s: %s", field, error->message);
}

/* The host of the test driver has 16 processors and 3 GiB. */
static void test_more_than_the_host_has(void **state)
{
    g_autoptr(VdArgs) args = vd_args_new();

    (void)state;
    vd_args_set(args, "cpus", "16");
    is_right(args, "cpus");
    vd_args_set(args, "cpus", "17");
    fails(args, "cpus", "The host has 16 CPUs");
    vd_args_set(args, "overcommit", "true");
    is_right(args, "cpus");
    vd_args_set(args, "memory", "3G");
    is_right(args, "memory");
    vd_args_set(args, "memory", "3100M");
    fails(args, "memory", "The host has 3 GiB of memory in all");
}

/* Each is told at its own field, whatever the others are. */
static void test_static_address(void **state)
{
    g_autoptr(VdArgs) args = vd_args_new();

    (void)state;
    vd_args_set(args, "gateway", "192.168.122.1");
    fails(args, "gateway", "go with a static address");
    vd_args_set(args, "address", "192.168.122.7/24");
    is_right(args, "gateway");
    vd_args_set(args, "gateway", "10.0.0.1");
    is_right(args, "address");
    fails(args, "gateway", "not in the network of 192.168.122.7/24");
    vd_args_set(args, "dns", "nowhere");
    is_right(args, "address");
    fails(args, "dns", "nowhere is no IP address");
    vd_args_set(args, "address", "192.168.122.7");
    is_right(args, "gateway");
    fails(args, "address", "expected an address such as 192.0.2.7/24");
    vd_args_set(args, "address", "192.168.122.7/16");
    fails(args, "address", "give 192.168.122.7/24");
    vd_args_set(args, "address", "192.168.122.1/24");
    fails(args, "address", "the host's own address");
    vd_args_set(args, "address", "192.168.122.0/24");
    fails(args, "address", "the network itself");
    vd_args_set(args, "address", "192.168.122.255/24");
    fails(args, "address", "broadcast");
}

static void put(const char *folder, const char *name, int mode, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_int_equal(g_chmod(path, mode), 0);
}

/* What only the appliance could do is asked for as the image is chosen. */
static void test_root_without_tools(void **state)
{
    static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    g_autofree char *folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_autofree char *helper = g_build_filename(folder, "helper", NULL);
    g_autofree char *disk = g_strconcat(digest, ".raw", NULL);
    g_autofree char *record = g_strdup_printf(
        "{\"sha256\":\"%s\",\"format\":\"raw\",\"virtual_size\":512,\"file_size\":3,"
        "\"added\":1,\"growable\":true,\"layout\":{\"os\":{\"type\":\"linux\"},"
        "\"grow\":{\"possible\":true,\"fs\":\"xfs\"},\"customise\":{\"possible\":true}}}",
        digest);
    g_autoptr(VdArgs) args = vd_args_new();

    (void)state;
    put(folder, disk, 0600, "xfs");
    put(folder, "root.json", 0600, record);
    put(folder, "helper", 0700,
        "#!/bin/sh\ncat >/dev/null\necho '{\"event\":\"error\",\"code\":\"no-xfs-tools\","
        "\"message\":\"Install libguestfs-xfs.\"}'\nexit 1\n");
    g_setenv("VMDECK_IMAGE_DIR", folder, TRUE);
    g_setenv("VMDECK_GUEST", helper, TRUE);
    vd_args_set(args, "image", "root");
    vd_args_set(args, "disk", "1G");
    fails(args, "image", "Install libguestfs-xfs.");
    vd_args_set(args, "no-grow", "true"); /* its files can be set up all the same */
    is_right(args, "image");
    g_setenv("VMDECK_GUEST", "/nonexistent", TRUE);
    fails(args, "image", "The guest helper /nonexistent is missing");
    vd_args_set(args, "no-customise", "true");
    is_right(args, "image");
    g_unsetenv("VMDECK_GUEST");
    g_unsetenv("VMDECK_IMAGE_DIR");
    assert_true(vd_remove_tree(folder, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room_of_the_disk),       cmocka_unit_test(test_wrong_disks),
        cmocka_unit_test(test_more_than_the_host_has), cmocka_unit_test(test_static_address),
        cmocka_unit_test(test_root_without_tools),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
