/* From words to a plan, to JSON and back, to the guest helper's request; and what a first boot says
 * on the console. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/error.h"
#include "src/base/text.h"
#include "src/deploy/boot.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/deploy.h"
#include "src/deploy/plan.h"
#include "src/deploy/rbd.h"

#define GIB    (G_GUINT64_CONSTANT(1) << 30)
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KEY                                                                                        \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEjMpdyKlhHKHBsGrGuntcoK+Wr2qUqvydljAYtTjMl anna@desk"

static VdImage *make_image(gboolean able)
{
    VdImage *image = vd_image_new();

    image->name = g_strdup("debian-12");
    image->sha256 = g_strdup(DIGEST);
    image->format = g_strdup("qcow2");
    image->path = g_strdup("/images/" DIGEST ".qcow2");
    image->virtual_size = 2 * GIB;
    image->file_size = GIB;
    image->growable = able;
    if (able) {
        image->os = g_strdup("Debian GNU/Linux 12");
        image->layout = g_strdup("{\"customise\":{\"possible\":true},"
                                 "\"timezones\":[\"UTC\",\"Europe/Berlin\"]}");
    } else {
        image->why_not = g_strdup("No system was found.");
    }
    return image;
}

/* Words in pairs, ending with NULL, on top of the defaults. */
static VdArgs *make_args(const char *const *words)
{
    VdArgs *args = vd_args_new();

    vd_args_set(args, "name", "db-07");
    vd_args_set(args, "image", "debian-12");
    for (gsize i = 0; words && words[i]; i += 2)
        vd_args_add(args, words[i], words[i + 1]);
    assert_true(vd_args_check(args, vd_deploy_args, NULL));
    return args;
}

static VdPlan *make_plan(const char *const *words, gboolean able, GError **error)
{
    g_autoptr(VdImage) image = make_image(able);
    g_autoptr(VdArgs) args = make_args(words);

    return vd_plan_new(args, image, "qemu:///system", "r-7K2M9Q", error);
}

/* These words give no plan but a sentence that holds the other words. */
static void refused(const char *const *words, gboolean able, const char *sentence)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdPlan) plan = make_plan(words, able, &error);

    if (plan)
        fail_msg("taken, though: %s", sentence);
    if (!strstr(error->message, sentence))
        fail_msg("“%s” does not say “%s”", error->message, sentence);
}
#define REFUSED(able, sentence, ...)                                                               \
    refused((const char *const[]){__VA_ARGS__, NULL}, able, sentence)

static void test_defaults(void **state)
{
    g_autoptr(VdPlan) plan = make_plan(NULL, TRUE, NULL);

    (void)state;
    assert_non_null(plan);
    assert_string_equal(plan->hostname, "db-07");
    assert_int_equal(plan->disk, 10 * GIB);
    assert_int_equal(plan->cpus, 2);
    assert_int_equal(plan->memory, 2 * GIB);
    assert_string_equal(plan->pool, "default");
    assert_string_equal(plan->network, "default");
    assert_true(plan->grow && plan->customise && plan->start);
    assert_false(plan->whole || plan->autostart || plan->password || plan->locked);
    assert_int_equal(plan->wait_minutes, 15);
    assert_string_equal(plan->volume, "db-07-7k2m9q.qcow2");
    assert_true(g_uuid_string_is_valid(plan->uuid));
    assert_true(g_str_has_prefix(plan->mac, "52:54:00:"));
    assert_int_equal(strlen(plan->mac), 17);
}

static gboolean shut_out(const char *logins, const char *const *words)
{
    g_autoptr(VdImage) image = make_image(TRUE);
    g_autoptr(VdArgs) args = make_args(words);

    g_free(image->layout);
    image->layout = g_strdup_printf("{\"os\":{}%s}", logins);
    return vd_plan_shuts_out(args, image);
}

/* A machine that nobody can log in to is made, but not without a word. */
static void test_nobody_logs_in(void **state)
{
    const char *none = ",\"logins\":{\"root\":false,\"keys\":false,\"user\":false}";
    const char *root = ",\"logins\":{\"root\":true,\"keys\":false,\"user\":false}";
    const char *const locked[] = {"locked", "true", NULL};
    const char *const user[] = {"user", "anna", NULL};
    const char *const key[] = {"user", "anna", "ssh-key", KEY, NULL};
    const char *const password[] = {"password", "x", NULL};
    const char *const script[] = {"firstboot", "lamp", NULL};

    (void)state;
    assert_true(shut_out(none, NULL));
    assert_true(shut_out(none, user));
    assert_true(shut_out(root, locked));
    assert_false(shut_out(root, NULL));
    assert_false(shut_out(none, key));
    assert_false(shut_out(none, password));
    assert_false(shut_out(none, script));
    assert_false(shut_out("", locked)); /* inspected before anybody looked */
}

static gboolean may_shut_out(const char *layout, const char *const *words)
{
    g_autoptr(VdImage) image = make_image(TRUE);
    g_autoptr(VdArgs) args = make_args(words);

    g_free(image->layout);
    image->layout = g_strdup(layout);
    return vd_plan_may_shut_out(args, image);
}

/* Of an image that was inspected by a vmdeck which did not look, it is not known. */
static void test_logins_unknown(void **state)
{
    const char *const user[] = {"user", "anna", NULL};
    const char *const password[] = {"password", "x", NULL};

    (void)state;
    assert_true(may_shut_out("{\"os\":{}}", NULL));
    assert_true(may_shut_out("{\"os\":{}}", user));
    assert_false(may_shut_out("{\"os\":{}}", password));
    assert_false(may_shut_out("{\"os\":{},\"logins\":{\"root\":true}}", NULL));
    assert_false(may_shut_out("{\"os\":null}", NULL)); /* there is nobody */
}

/* The accounts that daemons have are not made somebody's. */
static void test_system_user(void **state)
{
    const char *const mail[] = {"user", "mail", "ssh-key", KEY, NULL};
    const char *const anna[] = {"user", "anna", "ssh-key", KEY, NULL};
    g_autoptr(VdImage) image = make_image(TRUE);
    g_autoptr(VdArgs) bad = make_args(mail);
    g_autoptr(VdArgs) good = make_args(anna);
    g_autoptr(GError) error = NULL;

    (void)state;
    g_free(image->layout);
    image->layout = g_strdup("{\"customise\":{\"possible\":true},\"users\":[\"root\"],"
                             "\"system_users\":[\"daemon\",\"mail\",7]}");
    assert_null(vd_plan_new(bad, image, "qemu:///system", "r-7K2M9Q", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    assert_non_null(strstr(error->message, "mail is an account of the system's own in the image "
                                           "debian-12"));
    assert_non_null(strstr(error->message, "choose another name"));
    g_autoptr(VdPlan) plan = vd_plan_new(good, image, "qemu:///system", "r-7K2M9Q", NULL);
    assert_non_null(plan);
}

/* The image's own reader decides unless told; a plan of the seed engine names its medium. */
static VdPlan *plan_for_reader(const char *seed, const char *const *words, GError **error)
{
    g_autoptr(VdImage) image = make_image(TRUE);
    g_autoptr(VdArgs) args = make_args(words);

    g_free(image->layout);
    image->layout =
        g_strdup_printf("{\"os\":{},\"customise\":{\"possible\":true},\"seed\":%s}", seed);
    return vd_plan_new(args, image, "qemu:///system", "r-7K2M9Q", error);
}

static void test_engines(void **state)
{
    const char *cloud = "{\"reader\":\"cloud-init\",\"grows\":true}";
    const char *toolless = "{\"reader\":\"agent\",\"grows\":false}";
    const char *const offline[] = {"engine", "offline", NULL};
    const char *const seed[] = {"engine", "seed", NULL};
    const char *const raw[] = {"no-customise", "true", NULL};
    const char *const both[] = {"engine", "seed", "no-customise", "true", NULL};
    g_autoptr(VdPlan) usual = plan_for_reader(cloud, NULL, NULL);
    g_autoptr(VdPlan) told = plan_for_reader(cloud, offline, NULL);
    g_autoptr(VdPlan) as_it_is = plan_for_reader(cloud, raw, NULL);
    g_autoptr(VdPlan) helped = plan_for_reader(toolless, NULL, NULL);
    g_autoptr(VdPlan) none = plan_for_reader("null", NULL, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_string_equal(usual->reader, "cloud-init");
    assert_string_equal(usual->medium, "db-07-7k2m9q-seed.iso");
    assert_false(usual->table);
    assert_null(told->reader);
    assert_null(told->medium);
    assert_null(as_it_is->reader);
    assert_true(helped->table);
    assert_null(none->reader);
    assert_null(plan_for_reader("null", seed, &error));
    assert_non_null(strstr(error->message, "vmdeck image prepare debian-12"));
    g_clear_error(&error);
    assert_null(plan_for_reader(cloud, both, &error));
    assert_non_null(strstr(error->message, "--no-customise"));
}

/* Its file systems are not read by the appliance: the name says what it is and what it has. */
static void test_freebsd(void **state)
{
    static const char *const names[] = {"FreeBSD-15.0-BASIC-CLOUDINIT-ufs", "freebsd-15"};
    static const char *const seed[] = {"engine", "seed", NULL};

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(VdImage) image = make_image(FALSE);
        g_autoptr(VdArgs) args = make_args(i == 0 ? NULL : seed);
        g_autoptr(GError) error = NULL;

        g_free(image->name);
        image->name = g_strdup(names[i]);
        g_autoptr(VdPlan) plan = vd_plan_new(args, image, "qemu:///system", "r-7K2M9Q", &error);
        if (!plan)
            fail_msg("%s: %s", names[i], error->message);
        assert_string_equal(plan->reader, "nuageinit");
        assert_false(plan->table);
    }
    g_autoptr(VdImage) image = make_image(FALSE);
    g_autoptr(VdArgs) args = make_args(NULL);
    g_autoptr(GError) error = NULL;
    g_free(image->name);
    image->name = g_strdup("freebsd-15");
    assert_null(vd_plan_new(args, image, "qemu:///system", "r-7K2M9Q", &error));
    assert_non_null(strstr(error->message, "cannot be"));
}

static void test_identities_differ(void **state)
{
    g_autoptr(VdPlan) one = make_plan(NULL, TRUE, NULL);
    g_autoptr(VdPlan) two = make_plan(NULL, TRUE, NULL);

    (void)state;
    assert_string_not_equal(one->uuid, two->uuid);
    assert_string_not_equal(one->mac, two->mac);
}

static void test_disk_sizes(void **state)
{
    g_autoptr(VdPlan) same = make_plan((const char *const[]){"disk", "2G", NULL}, TRUE, NULL);
    g_autoptr(VdPlan) odd =
        make_plan((const char *const[]){"disk", "2147483649", NULL}, TRUE, NULL);
    g_autoptr(VdPlan) stiff =
        make_plan((const char *const[]){"no-customise", "true", NULL}, FALSE, NULL);

    (void)state;
    assert_false(same->grow);
    assert_non_null(strstr(same->why_no_grow, "as large as the image"));
    assert_int_equal(odd->disk, 2 * GIB + 1024 * 1024);
    /* An image that cannot grow gets a disk of its own size. */
    assert_int_equal(stiff->disk, 2 * GIB);
    REFUSED(TRUE, "smaller than the image debian-12, which needs 2 GiB", "disk", "1G");
}

static void test_images_that_cannot(void **state)
{
    g_autoptr(VdPlan) agreed = make_plan(
        (const char *const[]){"disk", "5G", "no-grow", "true", "no-customise", "true", NULL}, FALSE,
        NULL);

    (void)state;
    assert_non_null(agreed);
    assert_false(agreed->grow || agreed->customise);
    REFUSED(FALSE, "--no-grow --no-customise", "disk", "5G");
    REFUSED(FALSE, "No system was found.", "disk", "5G");
    REFUSED(FALSE, "give --no-grow.", "disk", "5G", "no-customise", "true");
    REFUSED(FALSE, "give --no-customise.", "cpus", "1");
    REFUSED(FALSE, "give --no-customise.", "disk", "5G", "no-grow", "true");
}

static void test_words_that_do_not_go_together(void **state)
{
    (void)state;
    REFUSED(TRUE, "--hostname cannot be done", "no-customise", "true", "hostname", "a");
    REFUSED(TRUE, "--password-file cannot be done", "no-customise", "true", "password", "a");
    REFUSED(TRUE, "both have a password and be locked", "password", "x", "locked", "true");
    REFUSED(TRUE, "give --user", "user-password", "x");
    REFUSED(TRUE, "Nobody could log in", "locked", "true", "user", "anna");
    REFUSED(TRUE, "--address", "gateway", "192.0.2.1");
    REFUSED(TRUE, "has no timezone “Mars/Olympus”", "timezone", "Mars/Olympus");
    REFUSED(TRUE, "no public SSH key", "ssh-key", "ssh-rsa AAAA x");
    REFUSED(TRUE, "lower-case letters", "user", "Anna");
}

static void test_room(void **state)
{
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(vd_plan_check_room("default", 20 * GIB, 20 * GIB, FALSE, GIB, FALSE, NULL));
    assert_false(vd_plan_check_room("default", 12 * GIB, 20 * GIB, FALSE, GIB, FALSE, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NO_SPACE);
    assert_non_null(strstr(error->message, "There are 12 GiB free on default"));
    assert_non_null(strstr(error->message, "20 GiB"));
    assert_non_null(strstr(error->message, "--overcommit"));
    assert_true(vd_plan_check_room("default", 12 * GIB, 20 * GIB, FALSE, GIB, TRUE, NULL));
    assert_false(vd_plan_check_room("default", GIB, 20 * GIB, TRUE, 2 * GIB, TRUE, NULL));
    assert_false(vd_plan_check_room("default", 1024, 20 * GIB, FALSE, GIB, TRUE, NULL));
}

static void test_hostnames_from_names(void **state)
{
    static const char *const pairs[][2] = {
        {"db-07", "db-07"}, {"a_b+c", "a-b-c"},    {"web.example", "web.example"},
        {"x-", "x"},        {"x..y", "localhost"}, {"_", "localhost"},
    };

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *host = vd_plan_hostname(pairs[i][0]);

        assert_string_equal(host, pairs[i][1]);
        assert_true(vd_check_hostname(host, NULL));
    }
}

/* A raw disk is always a copy, and the only one for a pool of devices. */
static void test_raw_disk(void **state)
{
    const char *const words[] = {"disk-format", "raw", NULL};
    g_autoptr(VdPlan) plan = make_plan(words, TRUE, NULL);
    g_autofree char *json = vd_plan_to_json(plan);
    g_autoptr(VdPlan) back = vd_plan_from_json(json, NULL);
    g_autoptr(GError) qcow2 = NULL, scsi = NULL;

    (void)state;
    assert_true(back->raw && back->whole);
    assert_string_equal(vd_plan_format(back), "raw");
    assert_string_equal(back->volume, "db-07-7k2m9q.raw");
    assert_true(vd_plan_check_pool("p", "dir", FALSE, NULL));
    assert_true(vd_plan_check_pool("p", NULL, FALSE, NULL));
    assert_true(vd_plan_check_pool("p", "logical", TRUE, NULL));
    assert_false(vd_plan_check_pool("p", "logical", FALSE, &qcow2));
    assert_non_null(strstr(qcow2->message, "--disk-format raw"));
    assert_false(vd_plan_check_pool("p", "scsi", TRUE, &scsi));
    assert_non_null(strstr(scsi->message, "RBD"));
    REFUSED(TRUE, "--whole-later", "disk-format", "raw", "whole-later", "true");
}

/* In RBD a disk is raw and a clone; what libvirt cannot put there goes to another pool. */
static void test_rbd(void **state)
{
    const char *const seed[] = {"engine", "seed", NULL}, *const whole[] = {"whole", "true", NULL},
                      *const later[] = {"whole-later", "true", NULL},
                      *const qcow2[] = {"disk-format", "qcow2", NULL};
    g_autoptr(VdPlan) plan = make_plan(seed, TRUE, NULL);
    g_autoptr(VdPlan) offline = make_plan(NULL, TRUE, NULL);
    g_autoptr(VdPlan) copy = make_plan(whole, TRUE, NULL);
    g_autoptr(VdPlan) grown = make_plan(later, TRUE, NULL);
    g_autoptr(VdPlan) other = make_plan(qcow2, TRUE, NULL);
    g_autoptr(GError) refused = NULL, format = NULL;
    g_autofree char *json = NULL;
    g_autoptr(VdPlan) back = NULL;

    (void)state;
    assert_true(vd_plan_check_pool("p", "rbd", FALSE, NULL));
    assert_true(vd_plan_suit_pool(plan, "p", "rbd", NULL));
    assert_true(plan->rbd && !plan->whole && !plan->near);
    assert_string_equal(plan->volume, "db-07-7k2m9q.raw");
    assert_string_equal(vd_plan_format(plan), "raw");
    json = vd_plan_to_json(plan);
    back = vd_plan_from_json(json, NULL);
    assert_true(back->rbd);
    /* What the appliance changes is a file here first, also on this host. */
    assert_true(vd_plan_suit_pool(offline, "p", "rbd", NULL));
    assert_true(offline->near && !offline->whole);
    assert_true(vd_plan_suit_pool(copy, "p", "rbd", NULL));
    assert_true(copy->near && copy->whole);
    assert_false(vd_plan_suit_pool(grown, "p", "rbd", &refused));
    assert_non_null(strstr(refused->message, "rbd flatten"));
    assert_false(vd_plan_suit_pool(other, "p", "rbd", &format));
    assert_non_null(strstr(format->message, "--disk-format"));
}

/* What qemu-img is told, and what its words mean. */
static void test_rbd_words(void **state)
{
    VdRbd rbd = {0};
    gboolean read =
        vd_rbd_read("<pool type='rbd'><source><name>vms</name><host name='mon-a'/>"
                    "<host name='2001:db8::7' port='3300'/><auth username='libvirt'/></source>"
                    "<config_opts><option name='ms_mode' value='secure'/>"
                    "<option name='evil&#10;key' value='1'/></config_opts></pool>",
                    &rbd);
    char *key = rbd.key = g_strdup("c2VjcmV0");
    g_autofree char *name = vd_rbd_name(&rbd, "/c", "a\"b,c", 32, 64);
    g_autofree char *conf = vd_rbd_conf(&rbd);
    g_autoptr(JsonNode) node = json_from_string(name + strlen("json:"), NULL);
    JsonObject *file = json_object_get_object_member(json_node_get_object(node), "file");

    (void)state;
    assert_true(read);
    assert_null(strstr(name, key));
    assert_null(strstr(conf, key));
    assert_string_equal(json_object_get_string_member(file, "image"), "a\"b,c");
    assert_string_equal(json_object_get_string_member(file, "key-secret"), "key");
    assert_int_equal(json_object_get_int_member(json_node_get_object(node), "offset"), 32);
    assert_non_null(strstr(name, "{\"host\":\"mon-a\",\"port\":\"6789\"}"));
    assert_non_null(strstr(name, "{\"host\":\"2001:db8::7\",\"port\":\"3300\"}"));
    assert_non_null(strstr(conf, "\nms_mode = secure\n"));
    assert_null(strstr(conf, "evil"));
    assert_null(vd_rbd_reason("error reading header from x: No such file or directory"));
    assert_non_null(strstr(vd_rbd_reason("Unknown driver 'rbd'"), "qemu-block-extra"));
    assert_non_null(strstr(vd_rbd_reason("error connecting: Connection timed out"), "reached"));
    assert_non_null(strstr(vd_rbd_reason("error connecting: Invalid argument"), "key"));
    assert_non_null(vd_rbd_reason("what else"));
    vd_rbd_clear(&rbd);
}

static void test_json_there_and_back(void **state)
{
    const char *const words[] = {
        "title", "A <b> & \"c\"", "address", "192.0.2.7/24", "gateway", "192.0.2.1",
        "dns",   "9.9.9.9",       "dns",     "1.1.1.1",      "ssh-key", KEY,
        "user",  "anna",          "whole",   "true",         "wait",    "0",
        NULL};
    g_autoptr(VdPlan) plan = make_plan(words, TRUE, NULL);
    g_autofree char *json = plan ? vd_plan_to_json(plan) : NULL;
    g_autoptr(VdPlan) back = vd_plan_from_json(json, NULL);
    g_autofree char *again = back ? vd_plan_to_json(back) : NULL;

    (void)state;
    assert_non_null(back);
    assert_string_equal(json, again);
    assert_string_equal(back->title, "A <b> & \"c\"");
    assert_int_equal(back->disk, plan->disk);
    assert_string_equal(back->dns[1], "1.1.1.1");
    assert_string_equal(back->keys[0], KEY);
    assert_int_equal(back->wait_minutes, 0);
    assert_null(vd_plan_from_json("{}", NULL));
    assert_null(vd_plan_from_json("no", NULL));
}

/* The spec is in the journal, which anybody with rights to it may read for years. */
static void test_no_secret_in_the_spec(void **state)
{
    g_autoptr(VdImage) image = make_image(TRUE);
    g_autoptr(VdArgs) args = make_args(NULL);
    g_autoptr(VdPlan) plan = NULL;
    g_autofree char *json = NULL, *words = NULL;

    (void)state;
    vd_args_set_secret(args, "password", "Pa55-word");
    vd_args_set(args, "user", "anna");
    vd_args_set_secret(args, "user-password", "0ther-word");
    plan = vd_plan_new(args, image, NULL, "r-7K2M9Q", NULL);
    json = vd_plan_to_json(plan);
    words = vd_args_to_json(args);
    assert_true(plan->password && plan->user_password);
    assert_null(strstr(json, "Pa55-word"));
    assert_null(strstr(json, "0ther-word"));
    assert_null(strstr(words, "Pa55-word"));
}

static JsonObject *member(JsonObject *object, const char *name)
{
    assert_true(json_object_has_member(object, name));
    return json_object_get_object_member(object, name);
}

static void test_the_helpers_request(void **state)
{
    const char *const words[] = {"ssh-key", KEY, "user", "anna", "timezone", "UTC", NULL};
    g_autoptr(VdPlan) plan = make_plan(words, TRUE, NULL);
    g_autoptr(JsonNode) hidden = json_from_string(
        "{\"root\":\"$y$root\",\"user\":\"$y$user\",\"script\":\"#!/bin/sh\\n\"}", NULL);
    g_autoptr(JsonNode) node =
        vd_plan_prepare_request(plan, "r-7K2M9Q", "/pool/db-07.qcow2", "{\"root\":\"/dev/sda1\"}",
                                TRUE, json_node_get_object(hidden), "r-7K2M9Q");
    JsonObject *request = json_node_get_object(node);
    JsonObject *customise = member(request, "customise");
    JsonObject *user =
        json_array_get_object_element(json_object_get_array_member(customise, "users"), 0);

    (void)state;
    assert_string_equal(json_object_get_string_member(request, "action"), "prepare");
    assert_string_equal(json_object_get_string_member(request, "format"), "qcow2");
    assert_int_equal(json_object_get_int_member(request, "size"), plan->disk);
    assert_true(json_object_get_boolean_member(request, "grow"));
    assert_string_equal(json_object_get_string_member(member(request, "layout"), "root"),
                        "/dev/sda1");
    assert_string_equal(json_object_get_string_member(customise, "root_password_hash"), "$y$root");
    assert_string_equal(json_object_get_string_member(user, "name"), "anna");
    assert_string_equal(json_object_get_string_member(user, "password_hash"), "$y$user");
    assert_false(json_object_has_member(customise, "root_keys"));
    assert_string_equal(json_object_get_string_member(member(customise, "network"), "mode"),
                        "dhcp");
    assert_string_equal(json_object_get_string_member(member(customise, "network"), "mac"),
                        plan->mac);
    assert_string_equal(json_object_get_string_member(member(customise, "firstboot"), "marker"),
                        "r-7K2M9Q");
}

static void test_first_boot_words(void **state)
{
    VdBoot boot = {0};
    const char *marker = "r-7K2M9Q";

    (void)state;
#define LINE(text) vd_boot_line(&boot, marker, text)
    assert_int_equal(LINE("[    1.0] Linux version 6.1"), VD_BOOT_OTHER);
    assert_int_equal(LINE("[ 9.1] x vmdeck-firstboot: r-7K2M9Q start"), VD_BOOT_START);
    assert_int_equal(LINE("vmdeck-firstboot: r-000000 done 0"), VD_BOOT_OTHER);
    assert_int_equal(LINE("vmdeck-firstboot: r-7K2M9Q step address 192.0.2.7"), VD_BOOT_ADDRESS);
    assert_string_equal(boot.address, "192.0.2.7");
    assert_int_equal(LINE("vmdeck-firstboot: r-7K2M9Q step address x; rm"), VD_BOOT_OTHER);
    assert_string_equal(boot.address, "192.0.2.7");
    assert_int_equal(LINE("vmdeck-firstboot: r-7K2M9Q step script"), VD_BOOT_SCRIPT);
    assert_int_equal(LINE("vmdeck-firstboot: r-7K2M9Q out vmdeck-firstboot: r-7K2M9Q done 0"),
                     VD_BOOT_OUT);
    assert_false(boot.done);
    assert_int_equal(LINE("vmdeck-firstboot: r-7K2M9Q done x"), VD_BOOT_OTHER);
    assert_int_equal(LINE("login: vmdeck-firstboot: r-7K2M9Q done 3"), VD_BOOT_DONE);
    assert_int_equal(boot.status, 3);
    vd_boot_clear(&boot);
    boot = (VdBoot){0};
    assert_int_equal(LINE("vmdeck-firstboot: r-7K2M9Q step setup"), VD_BOOT_SETUP);
    assert_int_equal(LINE("vmdeck-firstboot: r-7K2M9Q warn it cannot"), VD_BOOT_WARN);
    assert_string_equal(boot.out, "it cannot");
    assert_false(boot.done);
    assert_int_equal(LINE("[ 99.0] cloud-init[7]: vmdeck-firstboot: r-7K2M9Q final"), VD_BOOT_DONE);
    assert_int_equal(boot.status, 0);
    assert_true(boot.final);
    vd_boot_clear(&boot);
    boot = (VdBoot){0};
    marker = NULL;
    assert_int_equal(LINE("Debian GNU/Linux 12 db-07 ttyS0"), VD_BOOT_OTHER);
    assert_int_equal(LINE("db-07 login: "), VD_BOOT_DONE);
    assert_true(vd_boot_is_kernel("[    1.234567] random: crng init done"));
    assert_true(vd_boot_is_kernel("[12345.678901] x"));
    assert_false(vd_boot_is_kernel("[  OK  ] Started sshd."));
    assert_false(vd_boot_is_kernel("[1.2"));
    assert_false(vd_boot_is_kernel("[1] 2"));
#undef LINE
}

static VdPlan *plan_for(const char *uri, const char *const *words, GError **error)
{
    g_autoptr(VdImage) image = make_image(TRUE);
    g_autoptr(VdArgs) args = make_args(words);

    return vd_plan_new(args, image, uri, "r-7K2M9Q", error);
}

static gboolean has_step(const VdPlan *plan, const char *id)
{
    g_autoptr(VdJob) job = vd_deploy_job_new("r-7K2M9Q", "deploy", "me", plan->name);

    vd_deploy_add_steps(job, plan);
    for (guint i = 0; i < job->steps->len; i++)
        if (g_str_equal(((const VdStep *)g_ptr_array_index(job->steps, i))->id, id))
            return TRUE;
    return FALSE;
}

/* A machine that is not to be started has no first boot that time is expected for. */
static void test_no_time_for_no_boot(void **state)
{
    static const char *const words[] = {"no-start", "true", NULL};
    g_autoptr(VdPlan) plan = plan_for("qemu:///system", words, NULL);
    g_autoptr(VdJob) job = vd_deploy_job_new("r-7K2M9Q", "deploy", "me", plan->name);

    (void)state;
    vd_deploy_add_steps(job, plan);
    assert_int_equal(vd_job_step(job, "boot")->state, VD_STEP_SKIPPED);
    assert_int_equal(vd_job_step(job, "define")->state, VD_STEP_WAITING);
    assert_null(vd_job_current(job));
}

/* What is set up here for a host elsewhere has to have room here. */
static void test_room_for_what_is_sent(void **state)
{
    static const char *const whole[] = {"whole", "true", NULL};
    g_autoptr(VdPlan) here = plan_for("qemu:///system", whole, NULL);
    g_autoptr(VdPlan) there = plan_for("qemu+ssh://kvm2/system", whole, NULL);
    g_autoptr(VdPlan) overlay = plan_for("qemu+ssh://kvm2/system", NULL, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(vd_plan_check_near(here, GIB, 0, "/jobs", NULL));
    assert_true(vd_plan_check_near(there, GIB, GIB, "/jobs", NULL));
    assert_true(vd_plan_check_near(overlay, GIB, GIB / 2, "/jobs", NULL));
    assert_false(vd_plan_check_near(overlay, GIB, 1024, "/jobs", NULL));
    assert_false(vd_plan_check_near(there, GIB, GIB - 1, "/jobs", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NO_SPACE);
    assert_non_null(strstr(error->message, "free in /jobs"));
}

/* Elsewhere the image is a volume called by its digest, and the appliance's work is done here. */
static void test_elsewhere(void **state)
{
    static const char *const as_is[] = {"no-customise", "true", "no-grow", "true", NULL};
    static const char *const whole[] = {"whole", "true", NULL};
    static const char *const raw[] = {"disk-format",  "raw",  "no-grow", "true",
                                      "no-customise", "true", NULL};
    g_autoptr(VdPlan) here = plan_for("qemu:///system", NULL, NULL);
    g_autoptr(VdPlan) there = plan_for("qemu+ssh://kvm2/system", NULL, NULL);
    g_autoptr(VdPlan) untouched = plan_for("qemu+ssh://kvm2/system", as_is, NULL);
    g_autoptr(VdPlan) copy = plan_for("qemu+ssh://kvm2/system", whole, NULL);
    g_autoptr(VdPlan) device = plan_for("qemu+tcp://kvm2/system", raw, NULL);
    g_autofree char *name = vd_plan_base_name(there);
    g_autofree char *json = vd_plan_to_json(there);
    g_autoptr(VdPlan) again = vd_plan_from_json(json, NULL);

    (void)state;
    assert_false(here->elsewhere || here->near);
    assert_true(there->elsewhere && there->near && again->elsewhere && again->near);
    assert_true(untouched->elsewhere && !untouched->near);
    assert_true(g_str_has_prefix(name, "vmdeck-") && strstr(name, there->sha256));
    assert_true(copy->elsewhere && copy->near && copy->whole && !copy->raw);
    assert_true(device->near && device->raw && g_str_has_suffix(device->volume, ".raw"));
    assert_false(has_step(copy, "upload"));
    assert_true(has_step(copy, "send") && has_step(there, "upload") && has_step(there, "send"));
}

/* Where nobody asked for a format a pool of devices has it its way, before there is a job. */
static void test_pool_decides(void **state)
{
    static const char *const qcow2[] = {"disk-format", "qcow2", NULL};
    static const char *const later[] = {"whole-later", "true", NULL};
    g_autoptr(VdPlan) open = make_plan(NULL, TRUE, NULL);
    g_autoptr(VdPlan) folder = make_plan(NULL, TRUE, NULL);
    g_autoptr(VdPlan) asked = make_plan(qcow2, TRUE, NULL);
    g_autoptr(VdPlan) overlay = make_plan(later, TRUE, NULL);
    g_autoptr(VdPlan) there = plan_for("qemu+ssh://kvm2/system", NULL, NULL);
    g_autoptr(GError) format = NULL, whole = NULL;

    (void)state;
    assert_true(vd_plan_suit_pool(open, "p", "logical", NULL));
    assert_true(open->raw && open->whole && !open->near);
    assert_string_equal(open->volume, "db-07-7k2m9q.raw");
    assert_true(vd_plan_suit_pool(folder, "p", "dir", NULL));
    assert_false(folder->raw || folder->whole);
    assert_string_equal(folder->volume, "db-07-7k2m9q.qcow2");
    assert_false(vd_plan_suit_pool(asked, "p", "logical", &format));
    assert_non_null(strstr(format->message, "--disk-format raw"));
    assert_false(vd_plan_suit_pool(overlay, "p", "logical", &whole));
    assert_non_null(strstr(whole->message, "leave --whole-later out"));
    assert_true(vd_plan_suit_pool(there, "p", "logical", NULL));
    assert_true(there->near && there->whole && !has_step(there, "upload"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_pool_decides),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_engines),
        cmocka_unit_test(test_nobody_logs_in),
        cmocka_unit_test(test_logins_unknown),
        cmocka_unit_test(test_system_user),
        cmocka_unit_test(test_freebsd),
        cmocka_unit_test(test_identities_differ),
        cmocka_unit_test(test_disk_sizes),
        cmocka_unit_test(test_no_time_for_no_boot),
        cmocka_unit_test(test_room_for_what_is_sent),
        cmocka_unit_test(test_images_that_cannot),
        cmocka_unit_test(test_words_that_do_not_go_together),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_hostnames_from_names),
        cmocka_unit_test(test_raw_disk),
        cmocka_unit_test(test_rbd),
        cmocka_unit_test(test_rbd_words),
        cmocka_unit_test(test_json_there_and_back),
        cmocka_unit_test(test_no_secret_in_the_spec),
        cmocka_unit_test(test_the_helpers_request),
        cmocka_unit_test(test_first_boot_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
