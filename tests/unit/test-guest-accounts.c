/* The guest's accounts, its hosts file, its keyed files and what System V init goes by: edits of
 * text, without a guest. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "src/guest/accounts.h"
#include "src/guest/hosts.h"
#include "src/guest/sysv.h"

static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
                             "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
                             "ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash\n"
                             "\n"
                             "+::::::\n";
static const char shadow[] = "root:*:19000:0:99999:7:::\nann:$6$old$hash:0:1:2:3:4:5:\n";
static const char group[] = "root:x:0:\nsudo:x:27:ann\nann:x:1000:\nusers:x:1001:\n";
static const char gshadow[] = "root:*::\nsudo:*::ann\n";

typedef struct {
    VdAccounts accounts;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->accounts.passwd = vd_colon_parse(passwd);
    fixture->accounts.shadow = vd_colon_parse(shadow);
    fixture->accounts.group = vd_colon_parse(group);
    fixture->accounts.gshadow = vd_colon_parse(gshadow);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    vd_colon_free(fixture->accounts.passwd);
    vd_colon_free(fixture->accounts.shadow);
    vd_colon_free(fixture->accounts.group);
    vd_colon_free(fixture->accounts.gshadow);
    g_free(fixture);
    return 0;
}

static void assert_text(const VdColon *file, const char *expected)
{
    g_autofree char *text = vd_colon_text(file);
    assert_string_equal(text, expected);
}

static void assert_line_of(const VdColon *file, const char *name, const char *expected)
{
    g_autofree char *text = vd_colon_text(file);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int line = vd_colon_find(file, name);
    assert_int_not_equal(line, -1);
    assert_string_equal(lines[line], expected);
}

static void daemons_are_known(void **state)
{
    static const struct {
        const char *line;
        gboolean system;
    } lines[] = {{"root:x:0:0:root:/root:/bin/bash", FALSE},
                 {"mail:x:8:8:mail:/var/mail:/usr/sbin/nologin", TRUE},
                 {"sync:x:4:65534:sync:/bin:/bin/sync", TRUE},
                 {"postgres:x:114:120::/var/lib/postgresql:/bin/bash", TRUE},
                 {"core:x:500:500:CoreOS Admin:/home/core:/bin/bash", FALSE},
                 {"ann:x:1000:1000::/home/ann:/bin/sh", FALSE},
                 {"off:x:1001:1001::/home/off:/bin/false", TRUE},
                 {"polkitd:x:996:996::/:/sbin/nologin", TRUE},
                 {"nobody:x:65534:65534::/:/bin/sh", TRUE},
                 {"broken:x", FALSE}};
    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(VdColon) file = vd_colon_parse(lines[i].line);
        assert_int_equal(vd_colon_lines(file), 1);
        if (vd_accounts_is_of_system(file, 0) != lines[i].system)
            fail_msg("%s", lines[i].line);
    }
}

static void what_is_not_understood_stays(void **state)
{
    Fixture *fixture = *state;
    assert_text(fixture->accounts.passwd, passwd);
    g_autoptr(VdColon) unended = vd_colon_parse("a:b");
    assert_text(unended, "a:b\n");
    g_autoptr(VdColon) empty = vd_colon_parse("");
    assert_text(empty, "");
}

static void names_are_found_whole(void **state)
{
    Fixture *fixture = *state;
    assert_int_equal(vd_colon_find(fixture->accounts.passwd, "roo"), -1);
    assert_int_equal(vd_colon_find(fixture->accounts.passwd, "oot"), -1);
    assert_int_equal(vd_colon_find(fixture->accounts.passwd, "ann"), 2);
}

static void a_field_is_set_and_no_other(void **state)
{
    (void)state;
    g_autoptr(VdColon) file = vd_colon_parse("a:b:c\nd:e\n");
    vd_colon_set(file, 0, 1, "B");
    vd_colon_set(file, 1, 3, "x");
    vd_colon_set(file, 1, 0, "D");
    assert_text(file, "a:B:c\nD:e::x\n");
    g_autofree char *missing = vd_colon_get(file, 0, 7);
    assert_string_equal(missing, "");
}

static void a_hash_is_set_with_its_day(void **state)
{
    Fixture *fixture = *state;
    vd_accounts_set_hash(&fixture->accounts, "root", "$y$j9T$s$h", 20000);
    assert_line_of(fixture->accounts.shadow, "root", "root:$y$j9T$s$h:20000:0:99999:7:::");
    assert_line_of(fixture->accounts.shadow, "ann", "ann:$6$old$hash:0:1:2:3:4:5:");
    vd_accounts_set_hash(&fixture->accounts, "ann", "!", 20001);
    assert_line_of(fixture->accounts.shadow, "ann", "ann:!:20001:1:2:3:4:5:");
}

static void a_missing_shadow_line_is_made(void **state)
{
    Fixture *fixture = *state;
    vd_accounts_set_hash(&fixture->accounts, "daemon", "$5$s$h", 7);
    assert_line_of(fixture->accounts.shadow, "daemon", "daemon:$5$s$h:7:0:99999:7:::");
}

static void without_shadow_the_hash_is_in_passwd(void **state)
{
    Fixture *fixture = *state;
    g_clear_pointer(&fixture->accounts.shadow, vd_colon_free);
    vd_accounts_set_hash(&fixture->accounts, "root", "$5$s$h", 7);
    assert_line_of(fixture->accounts.passwd, "root", "root:$5$s$h:0:0:root:/root:/bin/bash");
}

static void a_hash_in_passwd_gives_way_to_shadow(void **state)
{
    Fixture *fixture = *state;
    vd_colon_set(fixture->accounts.passwd, 0, 1, "");
    vd_accounts_set_hash(&fixture->accounts, "root", "$5$s$h", 7);
    assert_line_of(fixture->accounts.passwd, "root", "root:x:0:0:root:/root:/bin/bash");
}

static void a_user_gets_free_numbers(void **state)
{
    Fixture *fixture = *state;
    assert_true(vd_accounts_add_user(&fixture->accounts, "bob", "/bin/sh", 1000, 20000));
    /* 1001 is free as a user, but taken as a group. */
    assert_line_of(fixture->accounts.passwd, "bob", "bob:x:1001:1002::/home/bob:/bin/sh");
    assert_line_of(fixture->accounts.group, "bob", "bob:x:1002:");
    assert_line_of(fixture->accounts.gshadow, "bob", "bob:!::");
    assert_line_of(fixture->accounts.shadow, "bob", "bob:!:20000:0:99999:7:::");
    assert_false(vd_accounts_add_user(&fixture->accounts, "bob", "/bin/sh", 1000, 20000));
    VdAccount account = {0};
    assert_true(vd_accounts_find(&fixture->accounts, "bob", &account));
    assert_int_equal(account.uid, 1001);
    assert_int_equal(account.gid, 1002);
    assert_string_equal(account.home, "/home/bob");
    vd_account_clear(&account);
}

static void a_group_of_that_name_is_taken(void **state)
{
    Fixture *fixture = *state;
    assert_true(vd_accounts_add_user(&fixture->accounts, "users", "/bin/sh", 1000, 1));
    assert_line_of(fixture->accounts.passwd, "users", "users:x:1001:1001::/home/users:/bin/sh");
}

static void members_are_added_once(void **state)
{
    Fixture *fixture = *state;
    assert_true(vd_accounts_join(&fixture->accounts, "sudo", "bob"));
    assert_true(vd_accounts_join(&fixture->accounts, "sudo", "bob"));
    assert_true(vd_accounts_join(&fixture->accounts, "sudo", "ann"));
    assert_false(vd_accounts_join(&fixture->accounts, "wheel", "bob"));
    assert_line_of(fixture->accounts.group, "sudo", "sudo:x:27:ann,bob");
    assert_line_of(fixture->accounts.gshadow, "sudo", "sudo:*::ann,bob");
}

static void broken_lines_are_no_accounts(void **state)
{
    (void)state;
    VdAccounts accounts = {.passwd = vd_colon_parse("a:x:no:1::/home/a:\nb:x:1:-1::/home/b:\n"
                                                    "c:x:1\nd:x:5:5::home:\n"
                                                    "e:x:4294967295:1::/e:\n")};
    const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        VdAccount account = {0};
        assert_false(vd_accounts_find(&accounts, names[i], &account));
        assert_null(account.home);
    }
    vd_colon_free(accounts.passwd);
}

static void people_are_those_who_log_in(void **state)
{
    (void)state;
    g_autoptr(VdColon) file =
        vd_colon_parse("root:x:0:0::/root:\nbin:x:1:1::/:\nold:x:500:1::/:\n"
                       "ann:x:1000:1::/:\nnobody:x:65534:1::/:\n\xff:x:1001:1::/:\n");
    g_autoptr(GPtrArray) people = vd_accounts_people(file, FALSE, 10);
    assert_int_equal(people->len, 2);
    assert_string_equal(g_ptr_array_index(people, 1), "ann");
    g_autoptr(GPtrArray) old = vd_accounts_people(file, TRUE, 10);
    assert_int_equal(old->len, 3);
    g_autoptr(GPtrArray) bounded = vd_accounts_people(file, TRUE, 1);
    assert_int_equal(bounded->len, 1);
}

static void assert_hosts(const char *text, const char *old, const char *name, gboolean own,
                         const char *expected)
{
    g_autofree char *made = vd_hosts_rename(text, old, name, own);
    assert_string_equal(made, expected);
}

static void the_own_name_is_replaced(void **state)
{
    (void)state;
    assert_hosts("127.0.0.1 localhost\n127.0.1.1 image\n::1 localhost ip6-localhost\n", "image",
                 "web", TRUE, "127.0.0.1 localhost\n127.0.1.1\tweb\n::1 localhost ip6-localhost\n");
    assert_hosts("127.0.1.1 image.lan image # ours\n10.0.0.9 image\n", "image.lan",
                 "web.example.org", TRUE,
                 "127.0.1.1\tweb.example.org web # ours\n10.0.0.9 image\n");
}

static void a_line_of_its_own_is_added(void **state)
{
    (void)state;
    assert_hosts("127.0.0.1 localhost\n", "image", "web", TRUE,
                 "127.0.0.1 localhost\n127.0.1.1\tweb\n");
    assert_hosts("127.0.0.1 localhost\n", "image", "web", FALSE, "127.0.0.1 localhost\n");
    assert_hosts("127.0.0.1 localhost\n127.0.1.1 web\n", "image", "web", TRUE,
                 "127.0.0.1 localhost\n127.0.1.1 web\n");
    assert_hosts(NULL, NULL, "web", TRUE, "127.0.0.1\tlocalhost\n127.0.1.1\tweb\n");
}

static void localhost_is_nobodys_name(void **state)
{
    (void)state;
    assert_hosts("127.0.0.1 localhost localhost.localdomain\n", "localhost.localdomain", "web",
                 FALSE, "127.0.0.1 localhost localhost.localdomain\n");
    assert_hosts("127.0.0.1 localhost imageserver\n", "image", "web", FALSE,
                 "127.0.0.1 localhost imageserver\n");
}

static void assert_without(const char *text, const char *old, const char *expected)
{
    g_autofree char *made = vd_hosts_without(text, old);
    assert_string_equal(made, expected);
}

static void the_own_name_is_taken_out(void **state)
{
    (void)state;
    assert_without("127.0.0.1 localhost\n127.0.1.1 web.example.org web\n10.0.0.9 web\n",
                   "web.example.org", "127.0.0.1 localhost\n10.0.0.9 web\n");
    assert_without("127.0.0.1 localhost web # ours\n::1 web localhost\n", "web",
                   "127.0.0.1\tlocalhost # ours\n::1\tlocalhost\n");
    assert_without("127.0.0.1 localhost webserver", "web", "127.0.0.1 localhost webserver\n");
    assert_without("127.0.0.1 localhost\n", "localhost", "127.0.0.1 localhost\n");
    assert_without("127.0.1.1 web\n# 127.0.1.1 web\n", "", "127.0.1.1 web\n# 127.0.1.1 web\n");
    assert_without("127.0.1.1 # web\n", "web", "127.0.1.1 # web\n");
}

static void a_key_is_set_once(void **state)
{
    (void)state;
    g_autofree char *set =
        vd_hosts_set_key("A=1\nHOSTNAME=old\nB=2\nHOSTNAME=x\n", "HOSTNAME", "web");
    assert_string_equal(set, "A=1\nHOSTNAME=web\nB=2\n");
    g_autofree char *added = vd_hosts_set_key("HOSTNAMES=1", "HOSTNAME", "web");
    assert_string_equal(added, "HOSTNAMES=1\nHOSTNAME=web\n");
    g_autofree char *made = vd_hosts_set_key(NULL, "HOSTNAME", "web");
    assert_string_equal(made, "HOSTNAME=web\n");
}

/* As insserv of Debian 12 writes it. */
static const char depends[] = "TARGETS = killprocs bootlogs ssh single rc.local\n"
                              "INTERACTIVE =\n"
                              "single: killprocs\n"
                              "rc.local: bootlogs ssh\n";

static void assert_depends(const char *text, const char *name, const char *const *after,
                           const char *const *before, const char *expected)
{
    g_autofree char *made = vd_sysv_depend(text, name, after, before);
    assert_string_equal(made, expected);
}

static void a_parallel_boot_starts_what_is_in_its_list(void **state)
{
    static const char *const doors[] = {"ssh", "sshd", NULL}, *const none[] = {NULL};
    static const char *const last[] = {"rc.local", NULL}, *const first[] = {"bootlogs", "nis",
                                                                            NULL};
    (void)state;
    assert_depends(depends, "ours", NULL, NULL,
                   "TARGETS = killprocs bootlogs ssh single rc.local ours\n"
                   "INTERACTIVE =\nsingle: killprocs\nrc.local: bootlogs ssh\n"
                   "ours: killprocs bootlogs ssh single rc.local\n");
    assert_depends(depends, "ours", none, doors,
                   "TARGETS = killprocs bootlogs ssh single rc.local ours\n"
                   "INTERACTIVE =\nsingle: killprocs\nrc.local: bootlogs ssh\nssh: ours\n");
    assert_depends(depends, "ours", first, last,
                   "TARGETS = killprocs bootlogs ssh single rc.local ours\n"
                   "INTERACTIVE =\nsingle: killprocs\nrc.local: bootlogs ssh ours\n"
                   "ours: bootlogs\n");
    assert_depends(depends, "ssh", NULL, last, depends);
    assert_depends("no list\n", "ours", NULL, NULL, "no list\n");
    assert_depends("", "ours", NULL, NULL, "");
}

static int number_of(const char *names)
{
    g_auto(GStrv) all = g_strsplit(names, " ", -1);
    g_autoptr(GPtrArray) links = g_ptr_array_new();
    for (char **name = all; *name; name++)
        g_ptr_array_add(links, *name);
    return vd_sysv_number(links);
}

static void the_agent_starts_between_disks_and_network(void **state)
{
    (void)state;
    assert_int_equal(number_of("/etc/rcS.d/S07mountall.sh /etc/rcS.d/S08mountall-bootclean.sh "
                               "/etc/rcS.d/S10networking /etc/rcS.d/S13bootmisc.sh"),
                     9);
    assert_int_equal(number_of("/etc/rcS.d/S35mountall.sh /etc/rcS.d/S40networking"), 39);
    assert_int_equal(number_of("/etc/rcS.d/S20mountall.sh"), 21);
    assert_int_equal(number_of("/etc/rcS.d/README /etc/rcS.d/S /etc/rcS.d/S0networking"), 12);
    assert_int_equal(number_of("/etc/rcS.d/S00networking"), 12);
}

static void the_serial_line_gets_one_getty(void **state)
{
    (void)state;
    g_autofree char *made =
        vd_sysv_inittab("#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100", "/sbin/getty", FALSE);
    assert_string_equal(made, "#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n"
                              "vmd0:2345:respawn:/sbin/getty -L ttyS0 115200 vt100\n");
    g_autofree char *busy = vd_sysv_inittab("", "/sbin/getty", TRUE);
    assert_string_equal(busy, "ttyS0::respawn:/sbin/getty -L ttyS0 115200 vt100\n");
    assert_null(vd_sysv_inittab(made, "/sbin/getty", FALSE));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(daemons_are_known),
        CASE(what_is_not_understood_stays),
        CASE(names_are_found_whole),
        CASE(a_field_is_set_and_no_other),
        CASE(a_hash_is_set_with_its_day),
        CASE(a_missing_shadow_line_is_made),
        CASE(without_shadow_the_hash_is_in_passwd),
        CASE(a_hash_in_passwd_gives_way_to_shadow),
        CASE(a_user_gets_free_numbers),
        CASE(a_group_of_that_name_is_taken),
        CASE(members_are_added_once),
        CASE(broken_lines_are_no_accounts),
        CASE(people_are_those_who_log_in),
        CASE(the_own_name_is_replaced),
        CASE(a_line_of_its_own_is_added),
        CASE(localhost_is_nobodys_name),
        CASE(the_own_name_is_taken_out),
        CASE(a_key_is_set_once),
        CASE(a_parallel_boot_starts_what_is_in_its_list),
        CASE(the_agent_starts_between_disks_and_network),
        CASE(the_serial_line_gets_one_getty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
