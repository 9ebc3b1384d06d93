/* The console beside hosts that are frozen, killed, mute, silent from the start and full, each with
 * a real libvirtd of its own. One console for all, as people have it; the cases follow each other.
 *
 * Rows of the table of experiments behind the model (doc/never-blocks.md): A and B (keepalive finds
 * a frozen transport), D and I (a close that hangs delays nobody), E (an open that hangs is given
 * up), G (never a sixth call in flight), H (a killed one is noticed at once), J (and the keepalive
 * of the others goes on meanwhile), K and O (leaving, Esc), M (libvirt's own words stay off the
 * screen), Q (the others' figures go on).
 * About 30 s on two processors, most of it waiting. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "tests/lab/sick.h"

enum { WELL, LINKED, FROZEN, KILLED, MUTE, SILENT, FULL, HOSTS };

static const char *const names[] = {"well", "linked", "frozen", "killed", "mute", "silent", "full"};

typedef struct {
    SickDaemon *daemons[HOSTS];
    SickLink *links[HOSTS]; /* NULL: reached without */
    SickConsole *console;
    gint64 ill_since;
} Ward;

static int ward_open(void **state)
{
    Ward *ward = g_new0(Ward, 1);
    SickHost hosts[HOSTS + 1] = {0};
    *state = ward;
    for (guint i = 0; i < HOSTS; i++)
        ward->daemons[i] = sick_daemon_new();
    for (guint i = 0; i < HOSTS; i++) {
        sick_daemon_ready(ward->daemons[i]);
        g_autofree char *at = g_strdup_printf("%s/link", ward->daemons[i]->folder);
        const char *socket = ward->daemons[i]->socket;
        if (i == LINKED || i >= MUTE) {
            ward->links[i] = sick_link_new(at, socket);
            socket = at;
        }
        hosts[i].name = names[i];
        hosts[i].uri = g_strdup_printf("test+unix:///default?socket=%s", socket);
    }
    sick_link_tell(ward->links[SILENT], "mute");
    sick_link_tell(ward->links[FULL], "full");
    ward->console = sick_console_new(hosts, 30, 160, NULL);
    for (guint i = 0; i < HOSTS; i++)
        g_free((gpointer)hosts[i].uri);
    return 0;
}

static int ward_close(void **state)
{
    Ward *ward = *state;
    for (guint i = 0; i < HOSTS; i++) {
        sick_link_free(ward->links[i]);
        sick_daemon_free(ward->daemons[i]);
    }
    g_free(ward);
    return 0;
}

/* ---- the cases ---- */

static void test_dead_ones_delay_nobody(void **state)
{
    Ward *ward = *state;
    for (guint i = WELL; i <= MUTE; i++)
        sick_console_expect(ward->console, names[i], " up ", 15, NULL);
    sick_console_expect(ward->console, "silent", "no answer yet", 10, NULL);
}

static void fall_ill(Ward *ward)
{
    ward->ill_since = g_get_monotonic_time();
    sick_daemon_signal(ward->daemons[FROZEN], SIGSTOP);
    sick_link_tell(ward->links[MUTE], "mute");
    sick_daemon_kill(ward->daemons[KILLED]);
    sick_link_tell(ward->links[LINKED], "reset");
}

static void test_killed_is_noticed_at_once(void **state)
{
    Ward *ward = *state;
    double took = 0;
    fall_ill(ward);
    sick_console_expect(ward->console, "killed", "down", 3, &took);
    sick_note("a killed daemon is shown after %.1f s", took);
    sick_daemon_start(ward->daemons[KILLED]);
    sick_console_expect(ward->console, "killed", " up ", 30, &took);
    sick_note("started again it is back after %.1f s", took);
}

/* Cursor keys for as long as two hosts are dying. */
static void test_keys_are_answered(void **state)
{
    Ward *ward = *state;
    sick_console_go(ward->console, "well");
    while (!sick_console_shows(ward->console, "frozen", "down") ||
           !sick_console_shows(ward->console, "mute", "down")) {
        if (g_get_monotonic_time() - ward->ill_since > (gint64)(30e6 * sick_slack()))
            sick_console_fail(ward->console, "the frozen ones are not found out");
        sick_console_key(ward->console, "<Down>");
        sick_console_watch(ward->console, 0.1);
        sick_console_key(ward->console, "<Up>");
        sick_console_watch(ward->console, 0.1);
    }
    double found = (double)(g_get_monotonic_time() - ward->ill_since) / 1e6;
    sick_note("a frozen daemon and a mute link are found out in %.1f s", found);
    sick_note("%u keys meanwhile, the slowest answered in %.1f ms", ward->console->times->len,
              ward->console->worst);
    assert_true(ward->console->worst < 250 * sick_slack());
    sick_console_expect(ward->console, "frozen", "stopped answering", 1, NULL);
}

/* Their machine did not die with them. */
static void test_rows_stay(void **state)
{
    Ward *ward = *state;
    g_autoptr(VdGrid) grid = vd_pty_grid(ward->console->pty);
    g_autofree char *text = vd_grid_text(grid);
    assert_null(strstr(text, "stuck"));
    sick_console_expect(ward->console, "frozen", "seen", 1, NULL);
}

static void test_open_is_given_up(void **state)
{
    Ward *ward = *state;
    sick_console_expect(ward->console, "silent", "down", 30, NULL);
    sick_console_expect(ward->console, "silent", "does not answer", 1, NULL);
}

static void test_others_go_on(void **state)
{
    Ward *ward = *state;
    double seconds = (double)(g_get_monotonic_time() - ward->ill_since) / 1e6;
    SickCount count = sick_link_count(ward->links[LINKED]);
    sick_note("the healthy host was read %u times in %.1f s, at most %u ms apart", count.samples,
              seconds, count.longest);
    sick_note("at most %u calls in flight on one connection", count.most);
    assert_true(count.samples >= (guint)(seconds / 1.2 / sick_slack()) - 1);
    assert_true(count.longest < 3000 * sick_slack());
    assert_in_range(count.most, 1, 3);
    assert_true(sick_console_shows(ward->console, "well", " up "));
    assert_true(sick_console_shows(ward->console, "linked", " up "));
}

static void test_libvirt_does_not_write_on_the_screen(void **state)
{
    Ward *ward = *state;
    g_autoptr(VdGrid) grid = vd_pty_grid(ward->console->pty);
    g_autofree char *text = vd_grid_text(grid);
    g_autofree char *log = sick_console_log(ward->console);
    assert_null(strstr(text, "virKeepAlive"));
    assert_null(strstr(text, "libvirt version"));
    if (!strstr(log, "keepalive"))
        sick_console_fail(ward->console, "the log does not tell of the keepalive");
}

static void test_escape_is_quick(void **state)
{
    Ward *ward = *state;
    vd_pty_send(ward->console->pty, "?");
    assert_true(vd_pty_wait_text(ward->console->pty, "─ Keys ─"));
    gint64 begun = g_get_monotonic_time();
    vd_pty_send(ward->console->pty, "<Esc>");
    assert_true(vd_pty_wait_gone(ward->console->pty, "─ Keys ─"));
    double took = (double)(g_get_monotonic_time() - begun) / 1000;
    sick_note("Esc took %.0f ms", took);
    assert_true(took < 300 * sick_slack());
}

/* All of them, without being told. */
static void test_they_come_back(void **state)
{
    Ward *ward = *state;
    double took = 0;
    sick_daemon_signal(ward->daemons[FROZEN], SIGCONT);
    sick_link_tell(ward->links[MUTE], "pass");
    sick_link_tell(ward->links[SILENT], "pass");
    sick_link_tell(ward->links[FULL], "pass");
    for (guint i = FROZEN; i < HOSTS; i++)
        sick_console_expect(ward->console, names[i], " up ", 70, &took);
}

/* With lanes that hang in a call, in opening and in closing. */
static void test_quitting_is_quick(void **state)
{
    Ward *ward = *state;
    sick_link_tell(ward->links[MUTE], "mute");
    sick_link_tell(ward->links[SILENT], "mute");
    sick_daemon_signal(ward->daemons[FROZEN], SIGSTOP);
    sick_link_tell(ward->links[SILENT], "drop");
    sick_console_expect(ward->console, "silent", "down", 10, NULL);
    sick_console_go(ward->console, "mute");
    vd_pty_send(ward->console->pty, ":Disconnect<Enter>");
    sick_console_expect(ward->console, "mute", "disconnected", 10, NULL);
    sick_console_expect(ward->console, "frozen", "slow", 15, NULL);
    sick_console_quit(ward->console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dead_ones_delay_nobody),
        cmocka_unit_test(test_killed_is_noticed_at_once),
        cmocka_unit_test(test_keys_are_answered),
        cmocka_unit_test(test_rows_stay),
        cmocka_unit_test(test_open_is_given_up),
        cmocka_unit_test(test_others_go_on),
        cmocka_unit_test(test_libvirt_does_not_write_on_the_screen),
        cmocka_unit_test(test_escape_is_quick),
        cmocka_unit_test(test_they_come_back),
        cmocka_unit_test(test_quitting_is_quick),
    };
    g_setenv("VMDECK_TEST_DEADLINE", "120", FALSE);
    return cmocka_run_group_tests_name("sick-hosts", tests, ward_open, ward_close);
}
