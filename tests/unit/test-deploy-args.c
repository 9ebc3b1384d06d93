/* What people give for a deployment: every bad input gets its sentence, every good one passes. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <crypt.h>
#include <glib/gstdio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/check.h"
#include "src/deploy/deploy.h"
#include "src/deploy/hash.h"
#include "src/deploy/spread.h"
#include "src/model/names.h"

#define ED25519                                                                                    \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEjMpdyKlhHKHBsGrGuntcoK+Wr2qUqvydljAYtTjMl anna@desk"
#define ECDSA                                                                                      \
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBM3WWBEF7MYQDS1sbGG9" \
    "z3/TNKv/Cfwui8iwkJCmj4doe1i/giia+xboJJqDHjoeJcqMakeV6bxVSqdHhGuUA4Q="

static char *folder;

static int make_place(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    return folder ? 0 : -1;
}

static int drop_place(void **state)
{
    (void)state;
    assert_true(vd_remove_tree(folder, NULL));
    g_clear_pointer(&folder, g_free);
    return 0;
}

static char *write_file(const char *name, const char *text, gssize length)
{
    char *path = g_build_filename(folder, name, NULL);

    assert_true(g_file_set_contents(path, text, length, NULL));
    return path;
}

/* The sentence, which must hold these words. */
static void says(const GError *error, const char *words)
{
    if (!error || !strstr(error->message, words))
        fail_msg("“%s” does not say “%s”", error ? error->message : "nothing", words);
}

static void test_keys_themselves(void **state)
{
    g_auto(GStrv) one = vd_read_ssh_keys(ED25519, NULL);
    g_auto(GStrv) two = vd_read_ssh_keys("  " ED25519 "\n# mine\n\n" ECDSA "\n", NULL);

    (void)state;
    assert_non_null(one);
    assert_int_equal(g_strv_length(one), 1);
    assert_string_equal(one[0], ED25519);
    assert_non_null(two);
    assert_int_equal(g_strv_length(two), 2);
    assert_string_equal(two[1], ECDSA);
}

static void test_key_files(void **state)
{
    g_autofree char *path = write_file("keys.pub", ED25519 "\r\n" ECDSA, -1);
    g_autofree char *empty = write_file("empty", "# none\n", -1);
    g_autofree char *private = write_file(
        "id", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", -1);
    g_auto(GStrv) keys = vd_read_ssh_keys(path, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_non_null(keys);
    assert_string_equal(keys[0], ED25519);
    assert_null(vd_read_ssh_keys(empty, &error));
    says(error, "no SSH key");
    g_clear_error(&error);
    assert_null(vd_read_ssh_keys(private, &error));
    says(error, "private key");
    says(error, ".pub");
    g_clear_error(&error);
    assert_null(vd_read_ssh_keys("/nonexistent/key.pub", &error));
    says(error, "/nonexistent/key.pub");
}

static void test_bad_keys(void **state)
{
    static const char *const bad[] = {
        "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAABAQC3WkLl", /* says RSA inside */
        "ssh-ed25519 not*base64 x", "ssh-rsa AAAA x", "ssh-ed25519 ",
        "ssh-unknown AAAAC3NzaC1lZDI1NTE5AAAAIEEjMpdyKlhHKHBsGrGuntcoK+Wr2qUqvydljAYtTjMl"};
    g_autoptr(GError) error = NULL;

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_null(vd_read_ssh_keys(bad[i], &error));
        says(error, "no public SSH key");
        g_clear_error(&error);
    }
    assert_null(vd_read_ssh_keys("ssh-dss AAAAB3NzaC1kc3MAAACBAA== x", &error));
    says(error, "DSA");
}

/* A comment may come from anywhere, and goes into a file and onto screens. */
static void test_key_comments_are_cleaned(void **state)
{
    g_auto(GStrv) keys = vd_read_ssh_keys(ED25519 "\x1b[31m\x07", NULL);

    (void)state;
    assert_non_null(keys);
    assert_null(strchr(keys[0], '\x1b'));
    assert_null(strchr(keys[0], '\x07'));
}

static void test_scripts(void **state)
{
    g_autofree char *good = write_file("good", "#!/bin/sh\necho ü\n", -1);
    g_autofree char *dos = write_file("dos", "#!/bin/sh\r\necho\r\n", -1);
    g_autofree char *bare = write_file("bare", "echo\n", -1);
    g_autofree char *binary = write_file("binary", "#!/bin/sh\n\0x", 12);
    g_autofree char *long_text = g_strnfill(300 * 1024, 'x');
    g_autofree char *large = write_file("large", long_text, -1);
    g_autoptr(GError) error = NULL;
    guint mended = 99;
    g_autofree char *text = vd_read_script(good, &mended, NULL);
    g_autofree char *unix_text = NULL;

    (void)state;
    assert_string_equal(text, "#!/bin/sh\necho ü\n");
    assert_int_equal(mended, 0);
    unix_text = vd_read_script(dos, &mended, NULL);
    assert_string_equal(unix_text, "#!/bin/sh\necho\n");
    assert_int_equal(mended, VD_SCRIPT_CRLF);
    assert_null(vd_read_script(bare, &mended, &error));
    says(error, "#!/bin/sh");
    g_clear_error(&error);
    assert_null(vd_read_script(binary, &mended, &error));
    says(error, "no script");
    g_clear_error(&error);
    assert_null(vd_read_script(large, &mended, &error));
    says(error, "256 KiB");
    g_clear_error(&error);
    assert_null(vd_read_script("/nonexistent", &mended, &error));
    says(error, "cannot be read");
}

static void test_users(void **state)
{
    static const char *const good[] = {"anna", "_svc", "a", "web-1",
                                       "abcdefghijklmnopqrstuvwxyz012345"};
    static const char *const bad[] = {"",
                                      "Anna",
                                      "1a",
                                      "a b",
                                      "-a",
                                      "a:b",
                                      "root",
                                      "ü",
                                      "a/b",
                                      "a\nb",
                                      "abcdefghijklmnopqrstuvwxyz0123456"};

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        assert_true(vd_check_user_name(good[i], NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        assert_false(vd_check_user_name(bad[i], &error));
        assert_non_null(error);
    }
}

static void test_good_addresses(void **state)
{
    char dns_4[] = "9.9.9.9", dns_6[] = "2620:fe::fe";
    char *dns[] = {dns_4, dns_6, NULL};

    (void)state;
    assert_true(vd_check_static(NULL, NULL, NULL, NULL));
    assert_true(vd_check_static("192.0.2.7/24", "192.0.2.1", dns, NULL));
    assert_true(vd_check_static("192.0.2.7/24", NULL, NULL, NULL));
    assert_true(vd_check_static("192.0.2.0/31", "192.0.2.1", NULL, NULL));
    assert_true(vd_check_static("2001:db8::7/64", "2001:db8::1", NULL, NULL));
    assert_true(vd_check_static("2001:db8::7/64", "fe80::1", NULL, NULL));
    assert_true(vd_check_static("2001:db8::ffff:ffff:ffff:ffff/64", NULL, NULL, NULL));
    assert_true(vd_check_static("2001:db8::/127", NULL, NULL, NULL));
    assert_true(vd_check_static("10.1.2.3/9", "10.127.255.254", NULL, NULL));
}

static void test_bad_addresses(void **state)
{
    static const struct {
        const char *address, *gateway, *words;
    } bad[] = {
        {"192.0.2.7", NULL, "no address with a prefix length"},
        {"192.0.2.7/33", NULL, "no address with a prefix length"},
        {"192.0.2.7/0", NULL, "no address with a prefix length"},
        {"192.0.2.700/24", NULL, "no address with a prefix length"},
        {"192.0.2.0/24", NULL, "the network itself"},
        {"192.0.2.255/24", NULL, "broadcast"},
        {"127.0.0.1/8", NULL, "no address for a machine"},
        {"224.0.0.5/24", NULL, "no address for a machine"},
        {"255.255.255.255/32", NULL, "no address for a machine"},
        {"0.0.0.7/24", NULL, "no address for a machine"},
        {"::/64", NULL, "no address for a machine"},
        {"::1/128", NULL, "no address for a machine"},
        {"ff02::1/64", NULL, "no address for a machine"},
        {"::ffff:192.0.2.7/120", NULL, "no address for a machine"},
        {"fe80::1/64", NULL, "a link-local address"},
        {"169.254.1.1/16", NULL, "a link-local address"},
        {"2001:db8::/64", NULL, "the network itself"},
        {"192.0.2.7/24", "192.0.3.1", "not in the network"},
        {"192.0.2.7/24", "192.0.2.7", "own address"},
        {"192.0.2.7/24", "2001:db8::1", "not in the network"},
        {"192.0.2.7/24", "router", "no IP address"},
        {"10.1.2.3/9", "10.128.0.1", "not in the network"},
        {NULL, "192.0.2.1", "--address"},
    };
    char name[] = "dns.example";
    char *dns[] = {name, NULL};
    g_autoptr(GError) error = NULL;

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        assert_false(vd_check_static(bad[i].address, bad[i].gateway, NULL, &error));
        says(error, bad[i].words);
        g_clear_error(&error);
    }
    assert_false(vd_check_static("192.0.2.7/24", NULL, dns, &error));
    says(error, "no IP address");
}

static void test_timezones(void **state)
{
    char utc[] = "UTC", berlin[] = "Europe/Berlin";
    char *zones[] = {utc, berlin, NULL}, *none[] = {NULL};
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(vd_check_zone_there("Europe/Berlin", zones, "debian-12", NULL));
    assert_true(vd_check_zone_there("Mars/Olympus", NULL, "debian-12", NULL));
    assert_false(vd_check_zone_there("Europe/Berlin", none, "debian-12", &error));
    says(error, "tzdata");
    g_clear_error(&error);
    assert_false(vd_check_zone_there("Mars/Olympus", zones, "debian-12", &error));
    says(error, "debian-12");
    says(error, "Mars/Olympus");
}

static void test_hash_methods(void **state)
{
    (void)state;
    assert_string_equal(vd_hash_prefix("debian", 12), "$y$");
    assert_string_equal(vd_hash_prefix("debian", 10), "$6$");
    assert_string_equal(vd_hash_prefix("ubuntu", 22), "$y$");
    assert_string_equal(vd_hash_prefix("fedora", 34), "$6$");
    assert_string_equal(vd_hash_prefix("rhel", 9), "$6$");
    assert_string_equal(vd_hash_prefix("alpine", 3), "$6$");
    assert_string_equal(vd_hash_prefix(NULL, 0), "$6$");
}

/* Every byte but newline and NUL, and the hash opens with the password and no other. */
static void test_hashes_fit(void **state)
{
    static const char *const prefixes[] = {"$y$", "$6$"};
    static const char password[] = "\x01\t\x1b\x7f\xff\xc3\xbc '\"\\$`:;#%";

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autofree char *hash = vd_hash_password(password, prefixes[i], NULL);
        g_autofree char *twice = vd_hash_password(password, prefixes[i], NULL);
        g_autofree struct crypt_data *data = g_new0(struct crypt_data, 1);

        assert_non_null(hash);
        assert_true(g_str_has_prefix(hash, prefixes[i]));
        assert_string_not_equal(hash, twice);
        assert_null(strstr(hash, password));
        assert_string_equal(crypt_r(password, hash, data), hash);
        assert_string_not_equal(crypt_r("other", hash, data), hash);
    }
    assert_null(vd_hash_password("two\nlines", "$6$", NULL));
    assert_null(vd_hash_password("", "$6$", NULL));
}

static void counts(const char *first, guint n, const char *wanted)
{
    g_autofree char *got = vd_address_count(first, n, NULL);

    assert_string_equal(got ? got : "none", wanted);
}

static void test_addresses_count_up(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    counts("192.0.2.7/24", 0, "192.0.2.7/24");
    counts("192.0.2.7/24", 19, "192.0.2.26/24");
    counts("10.0.0.250/16", 10, "10.0.1.4/16");
    counts("2001:db8::fffe/64", 3, "2001:db8::1:1/64");
    assert_null(vd_address_count("192.0.2.250/24", 6, &error));
    says(error, "not addresses enough");
    g_clear_error(&error);
    assert_null(vd_address_count("255.255.255.255/8", 1, NULL));
    assert_null(vd_address_count("x/8", 1, NULL));
}

/* The names of a pattern, with commas. */
static void names(const char *pattern, const char *wanted)
{
    g_auto(GStrv) all = vd_names_expand(pattern, VD_NAMES_MOST, NULL);
    g_autofree char *got = all ? g_strjoinv(",", all) : g_strdup("none");

    assert_string_equal(got, wanted);
}

static void test_patterns_of_names(void **state)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) most = vd_names_expand("web-{1..200}", VD_NAMES_MOST, NULL);

    (void)state;
    names("web", "web");
    names("web-{08..11}", "web-08,web-09,web-10,web-11");
    names("web-{8..11}", "web-8,web-9,web-10,web-11");
    names("n{2..0}", "n2,n1,n0");
    names("{a,b}-{1..2}.x", "a-1.x,a-2.x,b-1.x,b-2.x");
    names("x{,y}", "x,xy");
    assert_int_equal(g_strv_length(most), 200);
    for (gsize i = 0; i < 9; i++) {
        static const char *const bad[] = {"web-{", "}",      "{1..2", "{{1..2}}",        "{}",
                                          "{a}",   "{1..b}", "{..}",  "{1..99999999999}"};

        names(bad[i], "none");
    }
    assert_null(vd_names_expand("{1..20}-{1..20}", VD_NAMES_MOST, &error));
    says(error, "more than 200 names");
}

static void test_least_used_first(void **state)
{
    VdRoom rooms[] = {{100, 50, 1000}, {100, 20, 1000}, {0, 0, 0}, {1000, 900, 30}};
    static const int wanted[] = {1, 1, 1, 0, 1, 0};

    (void)state;
    /* 20, 30, 40 of 100, then 50: the first of equals; the large one has no disk for it. */
    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++)
        assert_int_equal(vd_spread_choose(rooms, 4, 10, 50, FALSE), wanted[i]);
    assert_int_equal(rooms[0].memory_used, 70);
    assert_int_equal(rooms[1].disk_free, 800);
    assert_int_equal(vd_spread_choose(rooms, 4, 41, 50, FALSE), -1);
    assert_int_equal(vd_spread_choose(rooms, 4, 41, 50, TRUE), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_count_up),
        cmocka_unit_test(test_patterns_of_names),
        cmocka_unit_test(test_least_used_first),
        cmocka_unit_test(test_keys_themselves),
        cmocka_unit_test(test_key_files),
        cmocka_unit_test(test_bad_keys),
        cmocka_unit_test(test_key_comments_are_cleaned),
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_users),
        cmocka_unit_test(test_good_addresses),
        cmocka_unit_test(test_bad_addresses),
        cmocka_unit_test(test_timezones),
        cmocka_unit_test(test_hash_methods),
        cmocka_unit_test(test_hashes_fit),
    };

    return cmocka_run_group_tests(tests, make_place, drop_place);
}
