/* Stuck guests on a real host: one QEMU among others stops answering, is found out, quarantined,
 * comes back, is forced off; a storage pool stands on a mount that is dead; the same host is
 * reached over a slow link. The link to the host counts what the console asks.
 * About 130 s on two processors, most of it waiting. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gio/gio.h>
#include <string.h>

#include "tests/lab/sick.h"

#define GUESTS 12
#define ILL    "guest-05"

typedef struct {
    char *lab, *at;
    SickLink *link;
    SickConsole *console;
    GSubprocess *mount; /* the dead one */
} Ward;

static void guest_start(const char *lab, guint number)
{
    assert_true(sick_lab_sh(
        lab,
        "cd /var/lib/libvirt/images && truncate -s 1M g%u.raw && cat >g%u.xml <<END\n"
        "<domain type='qemu'><name>guest-%02u</name><memory unit='MiB'>16</memory>"
        "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
        "<devices><disk type='file'><driver name='qemu' type='raw'/>"
        "<source file='/var/lib/libvirt/images/g%u.raw'/><target dev='vda' bus='virtio'/></disk>"
        "</devices></domain>\nEND\nvirsh -q define g%u.xml && virsh -q start guest-%02u",
        number, number, number, number, number, number));
}

static void signal_guest(const Ward *ward, const char *guest, const char *name)
{
    assert_true(sick_lab_sh(ward->lab, "kill -%s $(cat /run/libvirt/qemu/%s.pid)", name, guest));
}

static int ward_open(void **state)
{
    Ward *ward = g_new0(Ward, 1);
    *state = ward;
    ward->lab = sick_lab_up();
    for (guint i = 1; i <= GUESTS; i++)
        guest_start(ward->lab, i);
    ward->at = g_build_filename(ward->lab, "link", NULL);
    g_autofree char *socket = g_build_filename(ward->lab, "run/libvirt/libvirt-sock", NULL);
    ward->link = sick_link_new(ward->at, socket);
    g_autofree char *uri = g_strdup_printf("qemu+unix:///system?socket=%s", ward->at);
    SickHost hosts[] = {{"real", uri}, {NULL, NULL}};
    ward->console = sick_console_new(hosts, 30, 160, NULL);
    return 0;
}

static int ward_close(void **state)
{
    Ward *ward = *state;
    if (ward->mount)
        g_subprocess_force_exit(ward->mount);
    sick_link_free(ward->link);
    sick_lab_down(ward->lab);
    g_free(ward->at);
    g_free(ward);
    return 0;
}

/* Memory by the guest's monitor: it is there, or shown as unknown. */
static gboolean has_memory(SickConsole *console, const char *guest)
{
    g_autofree char *row = sick_console_row(console, guest);
    return row && g_regex_match_simple("[0-9.]+[KMG]?/[0-9.]+[KMG]", row, 0, 0);
}

static void await_memory(Ward *ward, const char *guest, double seconds)
{
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * sick_slack() * 1e6);
    while (!has_memory(ward->console, guest)) {
        if (g_get_monotonic_time() > end)
            sick_console_fail(ward->console, "%s has no memory figure", guest);
        sick_console_watch(ward->console, 0.1);
    }
}

static void each_is_well(Ward *ward, const char *but)
{
    for (guint i = 1; i <= GUESTS; i++) {
        g_autofree char *guest = g_strdup_printf("guest-%02u", i);
        if (but && g_str_equal(but, guest))
            continue;
        if (!sick_console_shows(ward->console, guest, "running"))
            sick_console_fail(ward->console, "%s is not shown as running", guest);
        if (!has_memory(ward->console, guest))
            sick_console_fail(ward->console, "%s has no memory figure", guest);
    }
}

static void test_all_well(void **state)
{
    Ward *ward = *state;
    sick_console_expect(ward->console, "real", " up ", 30, NULL);
    for (guint i = 1; i <= GUESTS; i++) {
        g_autofree char *guest = g_strdup_printf("guest-%02u", i);
        await_memory(ward, guest, 20);
    }
}

static void test_stuck_is_found(void **state)
{
    Ward *ward = *state;
    double took = 0;
    sick_link_tell(ward->link, "reset");
    signal_guest(ward, ILL, "STOP");
    sick_console_expect(ward->console, ILL, "stuck", 5, &took);
    sick_note("a frozen QEMU is shown as stuck after %.1f s", took);
    each_is_well(ward, ILL);
    assert_false(has_memory(ward->console, ILL));
    assert_true(sick_console_shows(ward->console, "real", " up "));
}

/* At full rate, and none of them is taken for stuck. */
static void test_others_go_on(void **state)
{
    Ward *ward = *state;
    gint64 begun = g_get_monotonic_time();
    sick_link_tell(ward->link, "reset");
    while (g_get_monotonic_time() - begun < 15 * G_USEC_PER_SEC) {
        sick_console_watch(ward->console, 0.25);
        each_is_well(ward, ILL);
    }
    SickCount count = sick_link_count(ward->link);
    sick_note("beside it the host was read %u times in 15 s, at most %u ms apart", count.samples,
              count.longest);
    sick_note("at most %u calls in flight on one connection", count.most);
    assert_true(count.samples >= 15 / 1.2 / sick_slack());
    assert_true(count.longest < 3000 * sick_slack());
    assert_in_range(count.most, 1, 3);
    assert_true(sick_console_shows(ward->console, ILL, "stuck"));
}

/* Only what needs its monitor hangs: its definition is shown while it does. */
static void test_its_details(void **state)
{
    Ward *ward = *state;
    sick_console_go(ward->console, ILL);
    vd_pty_send(ward->console->pty, "<F3>");
    assert_true(vd_pty_wait_text(ward->console->pty, "Machine type"));
    vd_pty_send(ward->console->pty, "<Esc>");
    sick_console_expect(ward->console, ILL, "stuck", 10, NULL);
}

static void test_it_comes_back(void **state)
{
    Ward *ward = *state;
    double took = 0;
    signal_guest(ward, ILL, "CONT");
    sick_console_expect(ward->console, ILL, "running", 10, &took);
    sick_note("it is shown as well %.1f s after it goes on", took);
    await_memory(ward, ILL, 10);
}

static void test_forced_off(void **state)
{
    Ward *ward = *state;
    double took = 0;
    signal_guest(ward, ILL, "STOP");
    sick_console_expect(ward->console, ILL, "stuck", 6, NULL);
    sick_console_go(ward->console, ILL);
    vd_pty_send(ward->console->pty, "P");
    assert_true(vd_pty_wait_text(ward->console->pty, "Power off " ILL "?"));
    sick_link_tell(ward->link, "reset");
    vd_pty_send(ward->console->pty, "<Tab><Enter>");
    sick_console_expect(ward->console, ILL, "off", 40, &took);
    SickCount count = sick_link_count(ward->link);
    sick_note(
        "forced off while stuck: off after %.1f s; its neighbours were read %u times, at most "
        "%u ms apart",
        took, count.samples, count.longest);
    assert_true(count.samples >= took / 1.5 / sick_slack());
    assert_true(count.longest < 3000 * sick_slack());
    g_autofree char *now = sick_lab_read(ward->lab, "virsh -q domstate " ILL);
    assert_non_null(strstr(now, "shut off"));
    each_is_well(ward, ILL);
}

/* Eight at once, each found behind the other; more than lanes are spent on, so that the last are
 * told by their processor time. The rest is read on. */
static void test_eight_at_once(void **state)
{
    Ward *ward = *state;
    double took = 0, last = 0;
    static const char *const ill[] = {"guest-02", "guest-03", "guest-04", "guest-07",
                                      "guest-08", "guest-09", "guest-10", "guest-11"};
    static const char *const well[] = {"guest-01", "guest-06", "guest-12"};
    for (guint i = 0; i < G_N_ELEMENTS(ill); i++)
        signal_guest(ward, ill[i], "STOP");
    for (guint i = 0; i < G_N_ELEMENTS(ill); i++) {
        sick_console_expect(ward->console, ill[i], "stuck", 60, &last);
        took += last;
    }
    sick_note("%zu frozen at once: all are shown as stuck after %.1f s", G_N_ELEMENTS(ill), took);
    for (guint i = 0; i < G_N_ELEMENTS(well); i++)
        sick_console_expect(ward->console, well[i], "running", 15, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(ill); i++)
        signal_guest(ward, ill[i], "CONT");
    for (guint i = 0; i < G_N_ELEMENTS(ill); i++) {
        sick_console_expect(ward->console, ill[i], "running", 30, NULL);
        await_memory(ward, ill[i], 20);
    }
    each_is_well(ward, ILL);
}

/* The daemon's storage hangs; the rest of it does not, and the console not at all. */
static void test_pool_on_a_dead_mount(void **state)
{
    Ward *ward = *state;
    g_autofree char *ready = NULL;
    assert_true(sick_lab_sh(ward->lab, "mkdir -p /run/dead && virsh -q pool-define-as dead dir "
                                       "--target /run/dead && virsh -q pool-start dead"));
    ward->mount = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE,
                                   NULL, SICK_SOURCE_DIR "/tests/lab/lab", "exec", ward->lab, "--",
                                   SICK_BUILD_DIR "/tests/lab/dead-fs", "/run/dead", NULL);
    g_autoptr(GDataInputStream) out =
        g_data_input_stream_new(g_subprocess_get_stdout_pipe(ward->mount));
    ready = g_data_input_stream_read_line(out, NULL, NULL, NULL);
    assert_string_equal(ready, "ok");
    g_autoptr(GSubprocess) refresh =
        g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                         NULL, SICK_SOURCE_DIR "/tests/lab/lab", "exec", ward->lab, "--", "virsh",
                         "pool-refresh", "dead", NULL);
    sick_link_tell(ward->link, "reset");
    vd_pty_send(ward->console->pty, "<F2>"); /* the form of a deployment asks for pools */
    assert_true(vd_pty_wait_text(ward->console->pty, "Deploy"));
    sick_console_watch(ward->console, 8);
    vd_pty_send(ward->console->pty, "<Esc>");
    sick_console_watch(ward->console, 1);
    each_is_well(ward, ILL);
    for (guint i = 0; i < 10; i++) {
        sick_console_key(ward->console, i % 2 ? "<Up>" : "<Down>");
        sick_console_watch(ward->console, 0.1);
    }
    SickCount count = sick_link_count(ward->link);
    sick_note("beside a dead mount the host was read %u times in 10 s, at most %u ms apart",
              count.samples, count.longest);
    assert_true(count.samples >= 7);
    assert_true(count.longest < 3000 * sick_slack());
    assert_true(sick_console_shows(ward->console, "real", " up "));
    g_subprocess_force_exit(ward->mount);
    g_subprocess_force_exit(refresh);
}

/* 300 ms each way: everything is slow, is asked more rarely, and nothing is wrong. */
static void test_slow_link(void **state)
{
    Ward *ward = *state;
    gint64 begun = g_get_monotonic_time();
    sick_link_tell(ward->link, "delay 300");
    sick_link_tell(ward->link, "reset");
    assert_true(sick_lab_sh(ward->lab, "virsh -q start " ILL));
    sick_console_expect(ward->console, ILL, "running", 15, NULL);
    await_memory(ward, ILL, 30);
    sick_console_watch(ward->console, 15);
    for (guint i = 1; i <= GUESTS; i++) {
        g_autofree char *guest = g_strdup_printf("guest-%02u", i);
        if (sick_console_shows(ward->console, guest, "stuck"))
            sick_console_fail(ward->console, "%s is taken for stuck", guest);
    }
    each_is_well(ward, NULL);
    double seconds = (double)(g_get_monotonic_time() - begun) / 1e6;
    SickCount count = sick_link_count(ward->link);
    sick_note("over 600 ms there and back: %u samples in %.0f s, %u calls", count.samples, seconds,
              count.calls);
    assert_true(count.samples >= seconds / 15 / sick_slack());
    assert_true(sick_console_shows(ward->console, "real", " up "));
}

/* 64 kbit/s for everything the console asks of the host: it takes a part of that. */
static void test_thin_link(void **state)
{
    Ward *ward = *state;
    sick_link_tell(ward->link, "delay 0");
    sick_link_tell(ward->link, "rate 64000");
    sick_console_watch(ward->console, 15);
    sick_link_tell(ward->link, "reset");
    gint64 begun = g_get_monotonic_time();
    sick_console_watch(ward->console, 25);
    double seconds = (double)(g_get_monotonic_time() - begun) / 1e6;
    SickCount count = sick_link_count(ward->link);
    sick_note("over 64 kbit/s: %u samples in %.0f s, %.0f bytes/s up and %.0f down", count.samples,
              seconds, (double)count.up / seconds, (double)count.down / seconds);
    each_is_well(ward, NULL);
    assert_true(count.samples >= seconds / 15 / sick_slack());
    assert_true((double)(count.up + count.down) / seconds < 4096);
    assert_true(sick_console_shows(ward->console, "real", " up "));
}

static void test_quitting(void **state)
{
    Ward *ward = *state;
    sick_console_quit(ward->console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_well),      cmocka_unit_test(test_stuck_is_found),
        cmocka_unit_test(test_others_go_on),  cmocka_unit_test(test_its_details),
        cmocka_unit_test(test_it_comes_back), cmocka_unit_test(test_forced_off),
        cmocka_unit_test(test_eight_at_once), cmocka_unit_test(test_pool_on_a_dead_mount),
        cmocka_unit_test(test_slow_link),     cmocka_unit_test(test_thin_link),
        cmocka_unit_test(test_quitting),
    };
    g_setenv("VMDECK_TEST_DEADLINE", "120", FALSE);
    return cmocka_run_group_tests_name("sick-guests", tests, ward_open, ward_close);
}
