/* The texts that go into a guest: network files per distribution, SELinux contexts, and the
 * first-boot program, which is really run by this host's sh, in a folder of its own. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>

#include "src/base/files.h"
#include "src/guest/firstboot.h"
#include "src/guest/netclean.h"
#include "src/guest/netfiles.h"
#include "src/guest/selinux.h"

static const char mac[] = "52:54:00:12:34:56";

typedef struct {
    VdLayout *layout;
    VdNetSpec net;
    VdNetFiles *files;
    char *folder;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->layout = vd_layout_new();
    fixture->layout->init = VD_INIT_SYSTEMD;
    fixture->net.mac = (char *)mac;
    fixture->net.dns = g_ptr_array_new();
    fixture->folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    *state = fixture;
    return fixture->folder ? 0 : -1;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    vd_layout_free(fixture->layout);
    vd_netfiles_free(fixture->files);
    g_ptr_array_unref(fixture->net.dns);
    vd_remove_tree(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

static void use_static(Fixture *fixture)
{
    fixture->net.address = (char *)"10.0.0.5";
    fixture->net.prefix = 24;
    fixture->net.gateway = (char *)"10.0.0.1";
    g_ptr_array_add(fixture->net.dns, (char *)"10.0.0.2");
    g_ptr_array_add(fixture->net.dns, (char *)"2001:db8::53");
}

static void make(Fixture *fixture, VdNetKind kind, const char *distro, int major)
{
    fixture->layout->network = kind;
    g_free(fixture->layout->distro);
    fixture->layout->distro = g_strdup(distro);
    fixture->layout->major = major;
    vd_netfiles_free(fixture->files);
    fixture->files = vd_netfiles_new(fixture->layout, &fixture->net, "1-2-3");
}

static const VdNewFile *find(const Fixture *fixture, const char *path)
{
    for (guint i = 0; i < fixture->files->files->len; i++) {
        const VdNewFile *file = g_ptr_array_index(fixture->files->files, i);
        if (g_str_equal(file->path, path))
            return file;
    }
    return NULL;
}

/* The same, for one that must be there. */
static const VdNewFile *need(const Fixture *fixture, const char *path)
{
    static const VdNewFile none = {.path = (char *)"", .text = (char *)""};
    const VdNewFile *file = find(fixture, path);
    if (file)
        return file;
    fail_msg("%s is missing", path);
    return &none;
}

static void assert_file(const Fixture *fixture, const char *path, int mode, const char *text)
{
    const VdNewFile *file = need(fixture, path);
    assert_string_equal(file->text, text);
    assert_int_equal(file->mode, mode);
}

static void netplan(void **state)
{
    Fixture *fixture = *state;
    fixture->net.dhcp = TRUE;
    make(fixture, VD_NET_NETPLAN, "ubuntu", 22);
    assert_file(fixture, "/etc/netplan/50-vmdeck.yaml", 0600,
                "network:\n  version: 2\n  ethernets:\n    vmdeck0:\n      match:\n"
                "        macaddress: \"52:54:00:12:34:56\"\n      dhcp4: true\n");
    assert_null(find(fixture, "/etc/resolv.conf"));
    fixture->net.dhcp = FALSE;
    use_static(fixture);
    make(fixture, VD_NET_NETPLAN, "ubuntu", 22);
    assert_true(need(fixture, "/etc/resolv.conf")->soft);
    assert_file(fixture, "/etc/netplan/50-vmdeck.yaml", 0600,
                "network:\n  version: 2\n  ethernets:\n    vmdeck0:\n      match:\n"
                "        macaddress: \"52:54:00:12:34:56\"\n      addresses: [\"10.0.0.5/24\"]\n"
                "      routes:\n        - to: \"0.0.0.0/0\"\n          via: \"10.0.0.1\"\n"
                "      nameservers:\n        addresses: [\"10.0.0.2\", \"2001:db8::53\"]\n");
    assert_string_equal(g_ptr_array_index(fixture->files->aside, 0), "/etc/netplan/*.yaml");
}

static void networkd(void **state)
{
    Fixture *fixture = *state;
    use_static(fixture);
    make(fixture, VD_NET_NETWORKD, "debian", 12);
    assert_file(fixture, "/etc/systemd/network/05-vmdeck.network", 0644,
                "[Match]\nMACAddress=52:54:00:12:34:56\n\n[Network]\nAddress=10.0.0.5/24\n"
                "Gateway=10.0.0.1\nDNS=10.0.0.2\nDNS=2001:db8::53\n");
    assert_file(fixture, "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service", 0,
                "/lib/systemd/system/systemd-networkd.service");
    assert_true(need(fixture, "/etc/resolv.conf")->soft);
    fixture->net.dhcp = TRUE;
    fixture->net.gateway = NULL;
    g_ptr_array_set_size(fixture->net.dns, 0);
    make(fixture, VD_NET_NETWORKD, "debian", 12);
    assert_file(fixture, "/etc/systemd/network/05-vmdeck.network", 0644,
                "[Match]\nMACAddress=52:54:00:12:34:56\n\n[Network]\nDHCP=yes\n");
    assert_null(find(fixture, "/etc/resolv.conf"));
}

static void ifupdown_by_address(void **state)
{
    Fixture *fixture = *state;
    use_static(fixture);
    make(fixture, VD_NET_IFUPDOWN, "debian", 12);
    assert_file(fixture, "/etc/network/interfaces", 0644,
                "auto lo\niface lo inet loopback\n\nauto mac/52:54:00:12:34:56=vmdeck0\n"
                "iface vmdeck0 inet static\n    address 10.0.0.5/24\n    gateway 10.0.0.1\n"
                "    dns-nameservers 10.0.0.2 2001:db8::53\n\n"
                "source-directory /etc/network/interfaces.d\n");
    assert_non_null(find(fixture, "/etc/systemd/system/networking.service.d/vmdeck.conf"));
    assert_null(find(fixture, "/etc/udev/rules.d/70-persistent-net.rules"));
}

static void ifupdown_by_name(void **state)
{
    Fixture *fixture = *state;
    fixture->net.dhcp = TRUE;
    fixture->layout->init = VD_INIT_SYSV;
    make(fixture, VD_NET_IFUPDOWN, "debian", 7);
    assert_file(fixture, "/etc/network/interfaces", 0644,
                "auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n");
    assert_non_null(find(fixture, "/etc/udev/rules.d/70-persistent-net.rules"));
    make(fixture, VD_NET_IFUPDOWN, "alpinelinux", 3);
    assert_null(find(fixture, "/etc/udev/rules.d/70-persistent-net.rules"));
}

static void networkmanager(void **state)
{
    static const char path[] = "/etc/NetworkManager/system-connections/vmdeck.nmconnection";
    Fixture *fixture = *state;
    use_static(fixture);
    make(fixture, VD_NET_NETWORKMANAGER, "fedora", 39);
    assert_file(fixture, path, 0600,
                "[connection]\nid=vmdeck\nuuid=1-2-3\ntype=ethernet\nautoconnect=true\n"
                "autoconnect-priority=100\n\n[ethernet]\nmac-address=52:54:00:12:34:56\n\n"
                "[ipv4]\nmethod=manual\naddress1=10.0.0.5/24,10.0.0.1\n"
                "dns=10.0.0.2;2001:db8::53;\n\n[ipv6]\nmethod=auto\n");
}

static void ifcfg(void **state)
{
    Fixture *fixture = *state;
    use_static(fixture);
    make(fixture, VD_NET_IFCFG, "centos", 7);
    assert_file(fixture, "/etc/sysconfig/network-scripts/ifcfg-vmdeck0", 0644,
                "NAME=vmdeck0\nTYPE=Ethernet\nONBOOT=yes\nNM_CONTROLLED=yes\n"
                "HWADDR=52:54:00:12:34:56\nBOOTPROTO=none\nIPADDR=10.0.0.5\nPREFIX=24\n"
                "GATEWAY=10.0.0.1\nDNS1=10.0.0.2\nDNS2=2001:db8::53\n");
    assert_string_equal(fixture->files->suffix, ".bak");
    make(fixture, VD_NET_IFCFG, "opensuse", 15);
    assert_file(fixture, "/etc/sysconfig/network/ifcfg-eth0", 0644,
                "STARTMODE='auto'\nBOOTPROTO='static'\nIPADDR='10.0.0.5/24'\n");
    assert_file(fixture, "/etc/sysconfig/network/ifroute-eth0", 0644, "default 10.0.0.1 - eth0\n");
}

static void ipv6_is_told_apart(void **state)
{
    Fixture *fixture = *state;
    fixture->net.ipv6 = TRUE;
    fixture->net.address = (char *)"2001:db8::7";
    fixture->net.prefix = 64;
    fixture->net.gateway = (char *)"2001:db8::1";
    make(fixture, VD_NET_NETPLAN, "ubuntu", 22);
    const VdNewFile *file = need(fixture, "/etc/netplan/50-vmdeck.yaml");
    assert_non_null(strstr(file->text, "to: \"::/0\""));
    make(fixture, VD_NET_IFUPDOWN, "debian", 12);
    file = need(fixture, "/etc/network/interfaces");
    assert_non_null(strstr(file->text, "iface vmdeck0 inet6 static\n"));
}

static void an_unknown_system_gets_nothing(void **state)
{
    Fixture *fixture = *state;
    make(fixture, VD_NET_NONE, "", 0);
    assert_int_equal(fixture->files->files->len, 0);
}

static void assert_context(const char *path, const char *type)
{
    g_autofree char *context = vd_selinux_context(path);
    g_autofree char *expected = g_strdup_printf("system_u:object_r:%s:s0", type);
    assert_string_equal(context, expected);
}

static void contexts_by_path(void **state)
{
    (void)state;
    assert_context("/etc/shadow", "shadow_t");
    assert_context("/etc/shadow-", "etc_t");
    assert_context("/etc/sudoers.d/90-vmdeck-ada", "etc_t");
    assert_context("/home/ada", "user_home_dir_t");
    assert_context("/home/ada/.profile", "user_home_t");
    assert_context("/home/ada/.ssh", "ssh_home_t");
    assert_context("/root/.ssh/authorized_keys", "ssh_home_t");
    assert_context(VD_FIRSTBOOT_PROGRAM, "bin_t");
    assert_context(VD_FIRSTBOOT_SCRIPT, "var_lib_t");
    assert_context("/etc/systemd/system/vmdeck-firstboot.service", "systemd_unit_file_t");
    assert_context("/else", "default_t");
}

static void scripts_get_an_interpreter(void **state)
{
    (void)state;
    g_autofree char *bare = vd_firstboot_script("echo hello");
    assert_string_equal(bare, "#!/bin/sh\necho hello\n");
    g_autofree char *named = vd_firstboot_script("#!/usr/bin/python3\r\nprint(1)\r\n");
    assert_string_equal(named, "#!/usr/bin/python3\nprint(1)\n");
}

/* ---- the program itself ---- */

/* text with every from replaced by to; frees text. */
static char *replace(char *text, const char *from, const char *to)
{
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    g_free(text);
    return g_strjoinv(to, parts);
}

static char *path_in(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->folder, name, NULL);
}

/* Runs the program with its paths moved into the folder; what it logged. The caller frees. */
static char *run_program(const Fixture *fixture, const char *script)
{
    g_autofree char *state = path_in(fixture, "state"), *log = path_in(fixture, "log");
    g_autofree char *to = path_in(fixture, "script"), *program = path_in(fixture, "program");
    char *text = vd_firstboot_program("MARK-1");
    text = replace(text, VD_FIRSTBOOT_LOG, log);
    text = replace(text, VD_FIRSTBOOT_SCRIPT, to);
    text = replace(text, VD_FIRSTBOOT_FOLDER, fixture->folder);
    text = replace(text, "/etc/", "/nonexistent/");
    text = replace(text, "/dev/tty", "/nonexistent/tty");
    text = replace(text, "/dev/hvc0", "/nonexistent/hvc0");
    text = replace(text, "/dev/console", "/nonexistent/console");
    text = replace(text, "sleep 6", ":");
    assert_true(g_file_set_contents(program, text, -1, NULL));
    g_free(text);
    if (script) {
        g_autofree char *whole = vd_firstboot_script(script);
        assert_true(g_file_set_contents(to, whole, -1, NULL));
        assert_int_equal(g_chmod(to, 0700), 0);
    }
    const char *const argv[] = {"sh", program, NULL};
    int status = -1;
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                             &status, NULL));
    assert_int_equal(status, 0);
    char *logged = NULL;
    assert_true(g_file_get_contents(log, &logged, NULL, NULL));
    return logged;
}

static void assert_has(const char *text, const char *line)
{
    g_autofree char *whole = g_strdup_printf("vmdeck-firstboot: MARK-1 %s\n", line);
    if (!strstr(text, whole))
        fail_msg("“%s” is not in:\n%s", line, text);
}

static void the_program_runs_a_script(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *log = run_program(fixture, "echo one; echo ' two\\n ' >&2; printf three\n"
                                                "exit 42");
    assert_true(g_str_has_prefix(log, "vmdeck-firstboot: MARK-1 start\n"));
    assert_has(log, "step script");
    assert_has(log, "out one");
    assert_has(log, "out three");
    assert_has(log, "done 42");
    assert_true(g_str_has_suffix(log, "done 42\n"));
    g_autofree char *script = path_in(fixture, "script");
    assert_false(g_file_test(script, G_FILE_TEST_EXISTS));
}

static void the_program_runs_once(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *first = run_program(fixture, NULL);
    assert_has(first, "done 0");
    assert_null(strstr(first, "step script"));
    g_autofree char *second = run_program(fixture, "exit 1");
    assert_string_equal(first, second);
}

static void an_interrupted_script_is_told(void **state)
{
    Fixture *fixture = *state;
    g_autofree char *path = path_in(fixture, "state");
    assert_true(g_file_set_contents(path, "started\n", -1, NULL));
    g_autofree char *log = run_program(fixture, "echo again");
    assert_has(log, "step interrupted");
    assert_has(log, "done 143");
    assert_null(strstr(log, "again"));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* ---- what an image does not keep of a network ---- */

static void asks(const char *text, const char *wanted)
{
    g_autofree char *made = vd_ifupdown_to_dhcp(text);
    assert_string_equal(made, wanted);
}

static void interfaces_ask_for_their_addresses(void **state)
{
    (void)state;
    /* As cloud-init writes it. */
    asks("# This file is generated by cloud-init\nauto lo\niface lo inet loopback\n\n"
         "auto ens3\niface ens3 inet static\n    address 192.0.2.20/24\n"
         "    dns-nameservers 192.0.2.1\n    gateway 192.0.2.1\n    mtu 1400\n\n"
         "# control-alias ens3\niface ens3 inet6 static\n\taddress 2001:db8::7/64\n",
         "# This file is generated by cloud-init\nauto lo\niface lo inet loopback\n\n"
         "auto ens3\niface ens3 inet dhcp\n    mtu 1400\n\n"
         "# control-alias ens3\niface ens3 inet6 auto\n");
    asks("auto eth0\niface eth0 inet dhcp\n  metric 7\nallow-hotplug eth1\n",
         "auto eth0\niface eth0 inet dhcp\n  metric 7\nallow-hotplug eth1\n");
    asks("iface a inet static\naddress 1.2.3.4/8\nauto b\niface b inet manual\naddress x",
         "iface a inet dhcp\nauto b\niface b inet manual\naddress x");
    asks("", "");
}

static void only_name_servers_are_ours(void **state)
{
    (void)state;
    assert_true(vd_resolv_is_ours("nameserver 192.0.2.1\nnameserver 2001:db8::1\n"));
    assert_false(vd_resolv_is_ours("# by somebody\nnameserver 192.0.2.1\n"));
    assert_false(vd_resolv_is_ours("search example.org\nnameserver 192.0.2.1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interfaces_ask_for_their_addresses),
        cmocka_unit_test(only_name_servers_are_ours),
        CASE(netplan),
        CASE(networkd),
        CASE(ifupdown_by_address),
        CASE(ifupdown_by_name),
        CASE(networkmanager),
        CASE(ifcfg),
        CASE(ipv6_is_told_apart),
        CASE(an_unknown_system_gets_nothing),
        CASE(contexts_by_path),
        CASE(scripts_get_an_interpreter),
        CASE(the_program_runs_a_script),
        CASE(the_program_runs_once),
        CASE(an_interrupted_script_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
