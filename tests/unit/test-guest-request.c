/* The guest helper's protocol: requests that are right, those that are not, and events. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "src/guest/fail.h"
#include "src/guest/out.h"
#include "src/guest/request.h"
#include "src/guest/take.h"

static const char layout[] =
    "{\"event\":\"result\",\"os\":{\"type\":\"linux\",\"distro\":\"debian\",\"major\":12},"
    "\"root\":\"/dev/sda2\",\"mounts\":[{\"mountpoint\":\"/boot/efi\",\"device\":\"/dev/sda1\"},"
    "{\"mountpoint\":\"/\",\"device\":\"/dev/sda2\"}],\"grow\":{\"possible\":true,\"why\":null,"
    "\"text\":\"partition 2, ext4\",\"table\":\"gpt\",\"partition\":2,\"start\":18432,"
    "\"extended\":0,\"last\":true,\"fs\":\"ext4\",\"device\":\"/dev/sda2\",\"vg\":null,"
    "\"lv\":null},\"customise\":{\"possible\":true,\"why\":null},\"network\":\"ifupdown\","
    "\"init\":\"systemd\",\"selinux\":false,\"cloud_init\":true,\"disk_bytes\":419430400,"
    "\"users\":[\"root\"],\"timezones\":[\"Europe/Vienna\"]}";
static const char customise[] =
    "{\"root_password_hash\":\"$y$j9T$abcdefgh$0123456789\",\"root_keys\":[\"ssh-ed25519 AAA "
    "a@b\"],"
    "\"users\":[{\"name\":\"ada\",\"password_hash\":null,\"keys\":[],\"sudo\":true}],"
    "\"hostname\":\"web.example.org\",\"timezone\":\"Europe/Vienna\","
    "\"network\":{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"gateway\":\"10.0.0.1\","
    "\"dns\":[\"10.0.0.2\"],\"mac\":\"52:54:00:AB:CD:EF\"},"
    "\"firstboot\":{\"script\":\"echo hi\",\"marker\":\"MARK-1\"}}";

/* A prepare request with this layout and customise part. The caller frees. */
static char *prepare(const char *what, const char *how)
{
    return g_strdup_printf("{\"action\":\"prepare\",\"request\":\"r-7K2M9Q\",\"disk\":\"/d\","
                           "\"format\":\"qcow2\",\"grow\":true,\"size\":21474836480,"
                           "\"layout\":%s,\"customise\":%s}",
                           what, how);
}

static void assert_refused(const char *text, VdGuestCode code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdRequest) request = vd_request_parse(text, -1, &error);
    if (request)
        fail_msg("taken: %s", text);
    if (!g_error_matches(error, VD_GUEST_ERROR, (int)code))
        fail_msg("%s, for %s", error->message, text);
}

static void a_whole_request_is_taken(void **state)
{
    (void)state;
    g_autofree char *text = prepare(layout, customise);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdRequest) request = vd_request_parse(text, -1, &error);
    if (!request)
        fail_msg("%s", error->message);
    assert_int_equal(request->action, VD_ACTION_PREPARE);
    assert_true(request->size == 21474836480);
    const VdCustomise *what = request->customise;
    assert_string_equal(what->root_hash, "$y$j9T$abcdefgh$0123456789");
    assert_string_equal(what->hostname, "web.example.org");
    assert_string_equal(what->net->address, "10.0.0.5");
    assert_int_equal(what->net->prefix, 24);
    assert_string_equal(what->net->mac, "52:54:00:ab:cd:ef");
    assert_string_equal(what->script, "echo hi");
    const VdUserSpec *user = g_ptr_array_index(what->users, 0);
    assert_string_equal(user->name, "ada");
    assert_null(user->hash);
    assert_true(user->sudo);
    /* Mounted in this order: the root first. */
    const VdMount *first = g_ptr_array_index(request->layout->mounts, 0);
    assert_string_equal(first->mountpoint, "/");
    assert_true(request->layout->grow.start == 18432);
}

static void a_layout_comes_back_as_it_was(void **state)
{
    (void)state;
    g_autoptr(JsonObject) object = vd_take_parse(layout, -1, VD_GUEST_BAD_LAYOUT, NULL);
    g_autoptr(VdLayout) first = vd_layout_from_json(object, NULL);
    assert_non_null(first);
    g_autoptr(JsonObject) again = json_object_new();
    vd_layout_to_json(first, again);
    g_autofree char *one = vd_out_line(again);
    g_autoptr(VdLayout) second = vd_layout_from_json(again, NULL);
    assert_non_null(second);
    g_autoptr(JsonObject) third = json_object_new();
    vd_layout_to_json(second, third);
    g_autofree char *two = vd_out_line(third);
    assert_string_equal(one, two);
    assert_non_null(strstr(one, "\"start\":18432"));
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        "no",
        "[]",
        "null",
        "{}",
        "{\"action\":\"eat\",\"request\":\"r-1\"}",
        "{\"action\":\"probe\"}",
        "{\"action\":\"probe\",\"request\":\"../x\"}",
        "{\"action\":\"probe\",\"request\":\"r-1\",\"tcg\":\"yes\"}",
        "{\"action\":\"inspect\",\"request\":\"r-1\",\"disk\":\"relative\",\"format\":\"raw\"}",
        "{\"action\":\"inspect\",\"request\":\"r-1\",\"disk\":\"/d\"}",
        "{\"action\":\"inspect\",\"request\":\"r-1\",\"disk\":\"/d\",\"format\":\"vmdk\"}",
        "{\"action\":\"inspect\",\"request\":\"r-1\",\"disk\":\"/d\\n\",\"format\":\"raw\"}",
        "{\"action\":\"prepare\",\"request\":\"r-1\",\"disk\":\"/d\",\"format\":\"raw\"}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_refused(texts[i], VD_GUEST_BAD_REQUEST);
}

static void odd_customising_is_refused(void **state)
{
    (void)state;
    const char *const parts[] = {
        "{\"root_password_hash\":\"secret\"}",
        "{\"root_password_hash\":\"$6$salt$ha:sh0123456\"}",
        "{\"root_password_hash\":\"$6$salt$hash\\n012345\"}",
        "{\"root_password_hash\":5}",
        "{\"root_keys\":[\"ssh-rsa A\\nssh-rsa B\"]}",
        "{\"root_keys\":\"ssh-rsa A\"}",
        "{\"users\":[{\"name\":\"root\"}]}",
        "{\"users\":[{\"name\":\"a:b\"}]}",
        "{\"users\":[{\"name\":\"../x\"}]}",
        "{\"users\":[{\"name\":\"Ann\"}]}",
        "{\"users\":[{\"keys\":[]}]}",
        "{\"users\":[{\"name\":\"a\"},{\"name\":\"a\"}]}",
        "{\"users\":[7]}",
        "{\"hostname\":\"-web\"}",
        "{\"hostname\":\"we b\"}",
        "{\"timezone\":\"../../etc/passwd\"}",
        "{\"timezone\":\"/etc\"}",
        "{\"timezone\":\"Europe//Vienna\"}",
        "{\"network\":{\"mode\":\"dhcp\"}}",
        "{\"network\":{\"mode\":\"magic\",\"mac\":\"52:54:00:00:00:01\"}}",
        "{\"network\":{\"mode\":\"dhcp\",\"mac\":\"52-54-00-00-00-01\"}}",
        "{\"network\":{\"mode\":\"static\",\"mac\":\"52:54:00:00:00:01\"}}",
        "{\"network\":{\"mode\":\"static\",\"mac\":\"52:54:00:00:00:01\",\"address\":\"10.0.0.5\"}"
        "}",
        "{\"network\":{\"mode\":\"static\",\"mac\":\"52:54:00:00:00:01\","
        "\"address\":\"10.0.0.5/33\"}}",
        "{\"network\":{\"mode\":\"static\",\"mac\":\"52:54:00:00:00:01\","
        "\"address\":\"10.0.0.5/24\",\"gateway\":\"fe80::1\"}}",
        "{\"network\":{\"mode\":\"static\",\"mac\":\"52:54:00:00:00:01\","
        "\"address\":\"10.0.0.5/24\",\"dns\":[\"dns.example\"]}}",
        "{\"firstboot\":{\"script\":\"x\"}}",
        "{\"firstboot\":{\"marker\":\"it's\"}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *text = prepare(layout, parts[i]);
        assert_refused(text, VD_GUEST_BAD_REQUEST);
    }
}

/* Layouts that were stored with what the library said while its own disk was /dev/sda. */
static void a_layout_names_the_disk_as_any_appliance_does(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"/dev/sdb2", "/dev/sda2"},
        {"btrfsvol:/dev/sdb2/@", "btrfsvol:/dev/sda2/@"},
        {"btrfsvol:/dev/sdb/sdb", "btrfsvol:/dev/sda/sdb"},
        {"btrfsvol:/dev/vg/sdb/@", "btrfsvol:/dev/vg/sdb/@"},
        {"/dev/sdb-group/root", "/dev/sdb-group/root"},
        {"/dev/vg/sdb", "/dev/vg/sdb"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *member = g_strdup_printf("\"root\":\"%s\"", names[i][0]);
        g_auto(GStrv) parts = g_strsplit(layout, "\"root\":\"/dev/sda2\"", 2);
        g_autofree char *text = g_strjoinv(member, parts);
        g_autoptr(JsonObject) object = vd_take_parse(text, -1, VD_GUEST_BAD_LAYOUT, NULL);
        g_autoptr(VdLayout) one = vd_layout_from_json(object, NULL);
        assert_non_null(one);
        assert_string_equal(one->root, names[i][1]);
    }
}

/* The layout with one member put in place of another one's text. */
static void assert_layout_refused(const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(layout, from, 2);
    assert_int_equal(g_strv_length(parts), 2);
    g_autofree char *changed = g_strjoinv(to, parts);
    g_autofree char *text = prepare(changed, customise);
    assert_refused(text, VD_GUEST_BAD_LAYOUT);
}

static void odd_layouts_are_refused(void **state)
{
    (void)state;
    assert_layout_refused("\"root\":\"/dev/sda2\"", "\"root\":\"/etc/passwd\"");
    assert_layout_refused("\"root\":\"/dev/sda2\"", "\"root\":\"/dev/../etc\"");
    assert_layout_refused("\"mountpoint\":\"/\"", "\"mountpoint\":\"/usr\"");
    assert_layout_refused("\"mountpoint\":\"/boot/efi\"", "\"mountpoint\":\"boot\"");
    assert_layout_refused("\"table\":\"gpt\"", "\"table\":\"bsd\"");
    assert_layout_refused("\"table\":\"gpt\"", "\"table\":\"none\"");
    assert_layout_refused("\"partition\":2", "\"partition\":-1");
    assert_layout_refused("\"partition\":2", "\"partition\":1000");
    assert_layout_refused("\"start\":18432", "\"start\":9223372036854775807");
    assert_layout_refused("\"start\":18432", "\"start\":\"18432\"");
    assert_layout_refused("\"lv\":null", "\"lv\":\"root\"");
    assert_layout_refused("\"grow\":{", "\"grown\":{");
    assert_layout_refused("\"init\":\"systemd\"", "\"init\":\"upstart\"");
    assert_layout_refused("\"os\":{", "\"so\":{");
}

static void no_system_is_told_apart(void **state)
{
    (void)state;
    g_autofree char *text = prepare("{\"os\":null,\"reason\":{}}", customise);
    assert_refused(text, VD_GUEST_NO_OS);
}

static void names_and_hashes(void **state)
{
    (void)state;
    assert_true(vd_hash_ok("$6$rounds=5000$salt$hash"));
    assert_true(vd_hash_ok("$2b$12$abcdefghijklmnopqrstuv"));
    assert_false(vd_hash_ok("$6$"));
    assert_false(vd_hash_ok("$ecret$ as can be"));
    assert_false(vd_hash_ok("abcdefghijklmnop"));
    assert_true(vd_user_name_ok("_www-data1"));
    assert_false(vd_user_name_ok(""));
    assert_false(vd_user_name_ok("1a"));
    assert_false(vd_user_name_ok("abcdefghijklmnopqrstuvwxyzabcdefg"));
    assert_true(vd_zone_name_ok("America/Argentina/Buenos_Aires"));
    assert_true(vd_zone_name_ok("Etc/GMT+5"));
    assert_false(vd_zone_name_ok("Europe/"));
    assert_false(vd_zone_name_ok(""));
    assert_true(vd_layout_device_ok("btrfsvol:/dev/sda2/@"));
    assert_false(vd_layout_device_ok("/dev/"));
    assert_false(vd_layout_device_ok("/dev/sda2;x"));
}

/* ---- events ---- */

typedef struct {
    VdOut *out;
    int read_end, write_end;
} Pipe;

static int open_pipe(void **state)
{
    int fds[2];
    if (pipe(fds) != 0)
        return -1;
    Pipe *made = g_new0(Pipe, 1);
    made->read_end = fds[0];
    made->write_end = fds[1];
    made->out = vd_out_new(fds[1]);
    *state = made;
    return 0;
}

static int close_pipe(void **state)
{
    Pipe *made = *state;
    vd_out_free(made->out);
    close(made->read_end);
    if (made->write_end >= 0)
        close(made->write_end);
    g_free(made);
    return 0;
}

/* All that was written, as lines. The caller frees. */
static char **written(Pipe *made)
{
    char buffer[16 * 1024];
    close(made->write_end);
    made->write_end = -1;
    ssize_t n = read(made->read_end, buffer, sizeof buffer - 1);
    assert_true(n >= 0);
    buffer[n] = '\0';
    assert_true(n == 0 || buffer[n - 1] == '\n');
    return g_strsplit(buffer, "\n", -1);
}

static void assert_event(const char *line, const char *key, const char *value)
{
    g_autoptr(JsonObject) object = vd_take_parse(line, -1, VD_GUEST_FAILED, NULL);
    assert_non_null(object);
    assert_string_equal(json_object_get_string_member(object, key), value);
}

static void steps_end_when_others_begin(void **state)
{
    Pipe *made = *state;
    vd_out_step(made->out, "appliance", NULL);
    vd_out_step(made->out, "grow", "partition 2");
    vd_out_step_done(made->out, NULL);
    vd_out_step_done(made->out, NULL);
    g_auto(GStrv) lines = written(made);
    assert_int_equal(g_strv_length(lines), 5);
    assert_event(lines[1], "step", "appliance");
    assert_event(lines[1], "state", "done");
    assert_event(lines[3], "text", "partition 2");
    assert_non_null(strstr(lines[3], "\"ms\":"));
}

static void foreign_words_are_stripped(void **state)
{
    Pipe *made = *state;
    vd_out_log(made->out, "%s", "a\033[2J\nb\xff");
    g_autoptr(GError) error = NULL;
    vd_guest_fail(&error, VD_GUEST_NO_ROOM, "words\033]0;x\a", "no room");
    vd_out_error(made->out, error);
    g_auto(GStrv) lines = written(made);
    assert_int_equal(g_strv_length(lines), 3);
    assert_event(lines[0], "text", "a b\xef\xbf\xbd");
    assert_event(lines[1], "code", "no-room");
    assert_event(lines[1], "message", "no room");
    assert_event(lines[1], "detail", "words]0;x");
}

static void a_muted_one_is_silent(void **state)
{
    Pipe *made = *state;
    vd_out_mute(made->out);
    vd_out_log(made->out, "nobody hears");
    g_auto(GStrv) lines = written(made);
    assert_int_equal(g_strv_length(lines), 0);
}

#define EVENT(function) cmocka_unit_test_setup_teardown(function, open_pipe, close_pipe)

static void test_generalise(void **state)
{
    static const char good[] = "{\"action\":\"generalise\",\"request\":\"r-7K2M9Q\","
                               "\"disk\":\"/d\",\"format\":\"qcow2\","
                               "\"clean\":[\"logs\",\"machine-id\"]}";
    static const char bad[] = "{\"action\":\"generalise\",\"request\":\"r-7K2M9Q\","
                              "\"disk\":\"/d\",\"format\":\"qcow2\",\"clean\":[\"/etc\"]}";
    g_autoptr(VdRequest) request = vd_request_parse(good, -1, NULL);
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_non_null(request);
    assert_int_equal(request->action, VD_ACTION_GENERALISE);
    assert_int_equal(request->clean->len, 2);
    assert_null(vd_request_parse(bad, -1, &error));
    assert_non_null(error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generalise),
        cmocka_unit_test(a_whole_request_is_taken),
        cmocka_unit_test(a_layout_comes_back_as_it_was),
        cmocka_unit_test(a_layout_names_the_disk_as_any_appliance_does),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(odd_customising_is_refused),
        cmocka_unit_test(odd_layouts_are_refused),
        cmocka_unit_test(no_system_is_told_apart),
        cmocka_unit_test(names_and_hashes),
        EVENT(steps_end_when_others_begin),
        EVENT(foreign_words_are_stripped),
        EVENT(a_muted_one_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
