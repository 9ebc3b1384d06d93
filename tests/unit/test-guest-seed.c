/* The seed medium: what cloud-init and our own agent read, with values made to break out of it, and
 * the ISO 9660 file itself. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/guest/agent.h"
#include "src/guest/iso.h"
#include "src/guest/request.h"
#include "src/guest/seed.h"

#define NASTY "a@b $(touch /x) `id` \\\"': #"

static const char layout[] =
    "{\"os\":{\"type\":\"linux\",\"distro\":\"debian\",\"major\":12},"
    "\"root\":\"/dev/sda2\",\"mounts\":[{\"mountpoint\":\"/\",\"device\":\"/dev/sda2\"}],"
    "\"grow\":{\"possible\":true,\"text\":\"partition 2, ext4\",\"table\":\"gpt\",\"partition\":2,"
    "\"start\":18432,\"extended\":0,\"last\":true,\"fs\":\"ext4\",\"device\":\"/dev/deck/root\","
    "\"vg\":\"deck\",\"lv\":\"root\"},\"customise\":{\"possible\":true},\"network\":\"networkd\","
    "\"init\":\"systemd\",\"selinux\":false,\"cloud_init\":false,\"disk_bytes\":419430400}";

static VdRequest *make(const char *reader, const char *layout_json, const char *network)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf(
        "{\"action\":\"seed\",\"request\":\"r-7K2M9Q\",\"reader\":\"%s\",\"medium\":\"/m\","
        "\"grow\":true,\"size\":21474836480,\"layout\":%s,\"customise\":{"
        "\"root_password_hash\":\"$y$j9T$abcdefgh$0123456789\",\"root_keys\":[],"
        "\"users\":[{\"name\":\"ada\",\"password_hash\":null,\"sudo\":true,"
        "\"keys\":[\"ssh-ed25519 AAA a@b $(touch /x) `id` \\\\\\\"': #\"]}],"
        "\"hostname\":\"web.example.org\",\"timezone\":\"Europe/Vienna\",\"network\":%s,"
        "\"firstboot\":{\"script\":\"#!/bin/sh\\necho \\\"hi\\\"\\n\",\"marker\":\"MARK-1\"}}}",
        reader, layout_json, network);
    VdRequest *request = vd_request_parse(text, -1, &error);

    if (!request)
        fail_msg("%s", error->message);
    return request;
}

#define STATIC                                                                                     \
    "{\"mode\":\"static\",\"address\":\"10.0.0.5/24\",\"gateway\":\"10.0.0.1\","                   \
    "\"dns\":[\"10.0.0.2\"],\"mac\":\"52:54:00:AB:CD:EF\"}"
#define DHCP "{\"mode\":\"dhcp\",\"mac\":\"52:54:00:AB:CD:EF\"}"

static const char *text_of(const GPtrArray *files, const char *name)
{
    for (guint i = 0; i < files->len; i++) {
        const VdSeedFile *file = g_ptr_array_index(files, i);
        if (g_str_equal(file->name, name))
            return file->text;
    }
    return NULL;
}

static void has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("“%s” is not in:\n%s", part, text ? text : "(no such file)");
}

static void cloud_init_gets_its_files(void **state)
{
    (void)state;
    g_autoptr(VdRequest) request = make("cloud-init", layout, STATIC);
    g_autoptr(GPtrArray) files = vd_seed_files(request);
    const char *user = text_of(files, "user-data");
    assert_true(g_str_has_prefix(user, "#cloud-config\n"));
    has(text_of(files, "meta-data"), "instance-id: \"vmdeck-r-7K2M9Q\"\n");
    has(user, "    hashed_passwd: \"$y$j9T$abcdefgh$0123456789\"\n");
    has(user, "hostname: \"web.example.org\"\n");
    has(user, "127.0.1.1\\\\tweb.example.org web\\\\n");
    has(user, "fqdn: \"web.example.org\"\n");
    has(user, "timezone: \"Europe/Vienna\"\n");
    has(user, "  - name: \"ada\"\n");
    has(user, "    sudo: \"ALL=(ALL:ALL) NOPASSWD:ALL\"\n");
    has(user, "nameserver 10.0.0.2");
    has(user, "growpart:\n  mode: auto\n");
    has(user, "locale: \"false\"\n"); /* a string, by its schema */
    has(user, "final_message: \"vmdeck-firstboot: MARK-1 final\"\n");
    has(text_of(files, "network-config"), "      macaddress: \"52:54:00:ab:cd:ef\"\n");
    has(text_of(files, "network-config"), "      - \"10.0.0.5/24\"\n");
    has(text_of(files, "network-config"), "    gateway4: \"10.0.0.1\"\n");
    assert_null(text_of(files, "vmdeck-seed"));
}

static void values_stay_values(void **state)
{
    (void)state;
    g_autoptr(VdRequest) request = make("agent", layout, DHCP);
    g_autoptr(GPtrArray) files = vd_seed_files(request);
    has(text_of(files, "user-data"),
        "      - \"ssh-ed25519 AAA a@b $(touch /x) `id` \\\\\\\"': #\"\n");
    has(text_of(files, "user-data"), "#!/bin/sh\\necho \\\"hi\\\"\\n");
    has(text_of(files, "vmdeck-seed"), "user_key=ssh-ed25519 AAA " NASTY "\n");
}

static void freebsd_gets_words_of_its_own(void **state)
{
    (void)state;
    g_autoptr(VdRequest) request = make("nuageinit", "null", STATIC);
    g_autoptr(GPtrArray) files = vd_seed_files(request);
    const char *user = text_of(files, "user-data"), *network = text_of(files, "network-config");
    g_autofree char *script = g_base64_encode((const guchar *)"#!/bin/sh\necho \"hi\"\n", 20);
    assert_true(g_str_has_prefix(user, "#cloud-config\n"));
    has(user, "fqdn: \"web.example.org\"\n");
    has(user, "timezone: \"Europe/Vienna\"\n");
    has(user, "users:\n  - name: \"root\"\n  - name: \"ada\"\n    shell: \"/bin/sh\"\n");
    has(user, "    groups: \"wheel\"\n    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n");
    has(user, "    - name: \"root\"\n      password: \"$y$j9T$abcdefgh$0123456789\"\n");
    has(user, "    encoding: \"b64\"\n");
    has(user, script);
    has(user, "runcmd:\n  - \"mkdir -p /var/lib/vmdeck/firstboot\"\n");
    assert_null(strstr(user, "hashed_passwd"));
    assert_null(strstr(user, "bootcmd"));
    has(text_of(files, "meta-data"), "local-hostname: \"web.example.org\"\n");
    has(network, "      macaddress: \"52:54:00:ab:cd:ef\"\n");
    has(network, "    gateway4: \"10.0.0.1\"\n");
    assert_null(strstr(network, "set-name"));
    /* Its first releases look for the network here and nowhere else. */
    has(user, "network:\n  version: 2\n  ethernets:\n    eth0:\n      match:\n"
              "        macaddress: \"52:54:00:ab:cd:ef\"\n      addresses:\n"
              "        - \"10.0.0.5/24\"\n      gateway4: \"10.0.0.1\"\n");
}

/* The first releases' reader of YAML gives up at an escape, and nothing at all is done then. */
static void freebsd_reads_no_escapes(void **state)
{
    (void)state;
    g_autoptr(VdRequest) request = make("nuageinit", "null", "null");
    g_autoptr(GPtrArray) plain = vd_seed_files(request);
    has(text_of(plain, "user-data"), "      - \"ssh-ed25519 AAA a@b $(touch /x) `id` ");
    assert_null(strstr(text_of(plain, "user-data"), "network:"));
    VdUserSpec *ada = g_ptr_array_index(request->customise->users, 0);
    g_ptr_array_set_size(ada->keys, 0);
    g_ptr_array_add(ada->keys, g_strdup("ssh-rsa AAAAB3 the \"old\" \\ key"));
    g_ptr_array_add(ada->keys, g_strdup("from=\"10.0.0.1\" ssh-rsa AAAAB3 ada's \"key\""));
    g_ptr_array_add(ada->keys, g_strdup("ssh-rsa AAAAB3 ada's \"key\""));
    g_ptr_array_add(ada->keys, g_strdup("ssh-rsa AAAAB3 ada's"));
    g_autoptr(GPtrArray) files = vd_seed_files(request);
    has(text_of(files, "user-data"), "      - 'ssh-rsa AAAAB3 the \"old\" \\ key'\n"
                                     "      - 'from=\"10.0.0.1\" ssh-rsa AAAAB3'\n"
                                     "      - \"ssh-rsa AAAAB3\"\n"
                                     "      - \"ssh-rsa AAAAB3 ada's\"\n");
}

static void our_agent_gets_its_own(void **state)
{
    (void)state;
    g_autoptr(VdRequest) request = make("agent", layout, STATIC);
    g_autoptr(GPtrArray) files = vd_seed_files(request);
    const char *seed = text_of(files, "vmdeck-seed");
    has(seed, "instance=vmdeck-r-7K2M9Q\nmarker=MARK-1\n");
    has(seed, "root_hash=$y$j9T$abcdefgh$0123456789\n");
    has(seed, "grow=1\nvg=deck\nlv=root\n");
    has(seed, "user=ada\nuser_sudo=1\n");
    has(seed, "file=0644 file-0 /etc/systemd/network/05-vmdeck.network\n");
    assert_true(g_str_has_suffix(seed, "end=1\n"));
    has(text_of(files, "file-0"), "Address=10.0.0.5/24\n");
    has(text_of(files, "program"), "marker='MARK-1'\n");
    has(text_of(files, "script"), "echo \"hi\"\n");
    has(vd_agent_unit(), "ExecStart=" VD_AGENT_PROGRAM "\n");
    assert_true(g_str_has_prefix(vd_agent_program(), "#!/bin/sh\n"));
}

static void what_is_no_seed_is_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "{\"action\":\"seed\",\"request\":\"r-1\",\"reader\":\"windows\",\"medium\":\"/m\","
        "\"customise\":{}}",
        "{\"action\":\"seed\",\"request\":\"r-1\",\"reader\":\"cloud-init\",\"medium\":\"m\","
        "\"customise\":{}}",
        "{\"action\":\"seed\",\"request\":\"r-1\",\"reader\":\"cloud-init\",\"medium\":\"/m\"}",
        "{\"action\":\"seed\",\"request\":\"r-1\",\"reader\":\"agent\",\"medium\":\"/m\","
        "\"customise\":{}}",
        "{\"action\":\"seed\",\"request\":\"r-1\",\"reader\":\"cloud-init\",\"medium\":\"/m\","
        "\"disk\":\"/d\",\"format\":\"qcow2\",\"customise\":{}}",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(VdRequest) request = vd_request_parse(texts[i], -1, &error);
        if (request || !error)
            fail_msg("taken: %s", texts[i]);
    }
}

/* The label stands in the volume descriptor, sector 16, byte 40: the agent looks for it there. */
static void a_medium_holds_its_files(void **state)
{
    (void)state;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "vmdeck-test-seed.iso", NULL);
    g_autoptr(VdRequest) request = make("agent", layout, STATIC);
    g_autoptr(GPtrArray) files = vd_seed_files(request);
    g_autofree char *image = NULL;
    gsize length = 0;
    guint64 bytes = 0;
    struct stat st;
    g_unlink(path);
    assert_true(vd_iso_write(path, "cidata", files, &bytes, NULL));
    assert_true(g_file_get_contents(path, &image, &length, NULL));
    assert_int_equal(length, bytes);
    assert_int_equal(length % 2048, 0);
    assert_memory_equal(image + 32769, "CD001", 5);
    assert_memory_equal(image + 32808, "cidata ", 7);
    for (guint i = 0; i < files->len; i++) {
        const VdSeedFile *file = g_ptr_array_index(files, i);
        assert_non_null(memmem(image, length, file->text, strlen(file->text)));
        assert_non_null(memmem(image, length, file->name, strlen(file->name)));
    }
    assert_int_equal(g_stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* Never over a file that is there. */
    assert_false(vd_iso_write(path, "cidata", files, &bytes, NULL));
    g_unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cloud_init_gets_its_files),
        cmocka_unit_test(values_stay_values),
        cmocka_unit_test(freebsd_reads_no_escapes),
        cmocka_unit_test(freebsd_gets_words_of_its_own),
        cmocka_unit_test(our_agent_gets_its_own),
        cmocka_unit_test(what_is_no_seed_is_refused),
        cmocka_unit_test(a_medium_holds_its_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
