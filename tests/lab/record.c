/* record FILE: a recording, in asciinema's format, of the console in use while hosts and a guest
 * beside it are sick: a real host of six QEMUs, one of which freezes and is forced off; a daemon
 * that is stopped; a link that goes mute; one that is slow from the start. Run as root;
 * doc/never-blocks.md tells of it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>

#include "tests/lab/sick.h"

#define GUESTS 6

static const char *file;

static void guest_start(const char *lab, guint number)
{
    assert_true(
        sick_lab_sh(lab,
                    "cat >/run/g.xml <<END\n<domain type='qemu'><name>guest-%02u</name>"
                    "<memory unit='MiB'>16</memory><os><type arch='x86_64' machine='pc'>hvm</type>"
                    "</os><devices/></domain>\nEND\nvirsh -q define /run/g.xml && "
                    "virsh -q start guest-%02u",
                    number, number));
}

/* At the pace of somebody who looks. */
static void type(SickConsole *console, const char *keys, double seconds)
{
    vd_pty_send(console->pty, keys);
    sick_console_watch(console, seconds);
}

static void walk(SickConsole *console, guint rows)
{
    for (guint i = 0; i < rows; i++)
        type(console, i < rows / 2 ? "<Down>" : "<Up>", 0.25);
}

static void play(SickConsole *console, const char *lab, SickDaemon *daemon, SickLink *mute)
{
    sick_console_expect(console, "kvm-1", " up ", 30, NULL);
    sick_console_expect(console, "kvm-2", " up ", 30, NULL);
    sick_console_expect(console, "kvm-3", " up ", 30, NULL);
    sick_console_watch(console, 5);
    assert_true(sick_lab_sh(lab, "kill -STOP $(cat /run/libvirt/qemu/guest-03.pid)"));
    sick_daemon_signal(daemon, SIGSTOP);
    sick_link_tell(mute, "mute");
    walk(console, 8);
    sick_console_expect(console, "guest-03", "stuck", 8, NULL);
    walk(console, 8);
    sick_console_go(console, "guest-03");
    type(console, "P", 2);
    type(console, "<Tab>", 1);
    type(console, "<Enter>", 2);
    type(console, "/guest", 3);
    type(console, "<Esc>", 1);
    sick_console_expect(console, "guest-03", "off", 40, NULL);
    sick_console_expect(console, "kvm-2", "down", 40, NULL);
    sick_console_expect(console, "kvm-3", "down", 40, NULL);
    sick_console_go(console, "kvm-2");
    sick_console_watch(console, 3);
    type(console, "<F12>", 5);
    type(console, "<Esc>", 1);
    sick_daemon_signal(daemon, SIGCONT);
    sick_link_tell(mute, "pass");
    sick_console_expect(console, "kvm-2", " up ", 70, NULL);
    sick_console_expect(console, "kvm-3", " up ", 70, NULL);
    sick_console_watch(console, 3);
}

static void recording(void **state)
{
    (void)state;
    char *lab = sick_lab_up();
    for (guint i = 1; i <= GUESTS; i++)
        guest_start(lab, i);
    SickDaemon *stopped = sick_daemon_new(), *beyond = sick_daemon_new();
    sick_daemon_ready(stopped);
    sick_daemon_ready(beyond);
    g_autofree char *at = g_build_filename(beyond->folder, "link", NULL);
    SickLink *link = sick_link_new(at, beyond->socket);
    g_autofree char *real =
        g_strdup_printf("qemu+unix:///system?socket=%s/run/libvirt/libvirt-sock", lab);
    g_autofree char *second = g_strdup_printf("test+unix:///default?socket=%s", stopped->socket);
    g_autofree char *third = g_strdup_printf("test+unix:///default?socket=%s", at);
    SickHost hosts[] = {{"kvm-1", real}, {"kvm-2", second}, {"kvm-3", third}, {NULL, NULL}};
    SickConsole *console = sick_console_new(hosts, 24, 100, file);
    play(console, lab, stopped, link);
    sick_console_quit(console);
    sick_link_free(link);
    sick_daemon_free(stopped);
    sick_daemon_free(beyond);
    sick_lab_down(lab);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(recording)};
    if (argc != 2) {
        (void)fprintf(stderr, "usage: record FILE\n");
        return 2;
    }
    file = argv[1];
    g_setenv("VMDECK_TEST_DEADLINE", "120", FALSE);
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
