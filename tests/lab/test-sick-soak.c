/* Faults that come and go, by a seed, beside a console that is used: nothing of it may grow.
 * Memory, threads and descriptors are read from /proc when all is well after a warm-up with each
 * kind of fault, and again at the end.
 *
 * VMDECK_SOAK_SECONDS: how long (600); VMDECK_SOAK_SEED (1).
 * About 620 s on two processors, most of it waiting. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/sick.h"

#define HOSTS 4
/* A fault lasts so many seconds. */
#define SHORTEST 2
#define LONGEST  12
/* What memory may grow by: the allocator's arenas, a few more of the log's lines. */
#define MORE_KIB 4096

enum { MUTE, DROP, DELAY, THIN, LIE, DIE, FREEZE, KILL, FAULTS };

typedef struct {
    SickDaemon *daemon;
    SickLink *link;
    char name[8];
    int fault; /* -1: well */
    gint64 until;
} Patient;

typedef struct {
    Patient patients[HOSTS];
    SickConsole *console;
    GRand *dice;
    guint faults[FAULTS];
} Ward;

typedef struct {
    guint64 rss, threads, files;
} Use;

static guint64 number_from(const char *variable, guint64 otherwise)
{
    const char *text = g_getenv(variable);
    return text ? g_ascii_strtoull(text, NULL, 10) : otherwise;
}

static int ward_open(void **state)
{
    Ward *ward = g_new0(Ward, 1);
    SickHost hosts[HOSTS + 1] = {0};
    *state = ward;
    ward->dice = g_rand_new_with_seed((guint32)number_from("VMDECK_SOAK_SEED", 1));
    for (guint i = 0; i < HOSTS; i++)
        ward->patients[i].daemon = sick_daemon_new();
    for (guint i = 0; i < HOSTS; i++) {
        Patient *patient = &ward->patients[i];
        sick_daemon_ready(patient->daemon);
        g_autofree char *at = g_build_filename(patient->daemon->folder, "link", NULL);
        patient->link = sick_link_new(at, patient->daemon->socket);
        patient->fault = -1;
        g_snprintf(patient->name, sizeof patient->name, "host-%u", i);
        hosts[i].name = patient->name;
        hosts[i].uri = g_strdup_printf("test+unix:///default?socket=%s", at);
    }
    ward->console = sick_console_new(hosts, 30, 120, NULL);
    for (guint i = 0; i < HOSTS; i++)
        g_free((gpointer)hosts[i].uri);
    return 0;
}

static int ward_close(void **state)
{
    Ward *ward = *state;
    for (guint i = 0; i < HOSTS; i++) {
        sick_link_free(ward->patients[i].link);
        sick_daemon_free(ward->patients[i].daemon);
    }
    g_rand_free(ward->dice);
    g_free(ward);
    return 0;
}

/* ---- faults ---- */

static void fall_ill(Ward *ward, Patient *patient, int fault)
{
    static const char *const commands[FAULTS] = {[MUTE] = "mute",
                                                 [DROP] = "drop",
                                                 [DELAY] = "delay 300",
                                                 [THIN] = "rate 64000",
                                                 [DIE] = "die"};
    patient->fault = fault;
    patient->until =
        g_get_monotonic_time() + g_rand_int_range(ward->dice, SHORTEST, LONGEST) * G_USEC_PER_SEC;
    ward->faults[fault]++;
    if (fault == FREEZE)
        sick_daemon_signal(patient->daemon, SIGSTOP);
    else if (fault == KILL)
        sick_daemon_kill(patient->daemon);
    else if (fault == LIE)
        sick_link_tell(patient->link, "fuzz %u 100", g_rand_int(ward->dice));
    else
        sick_link_tell(patient->link, "%s", commands[fault]);
}

static void heal(Patient *patient)
{
    static const char *const commands[FAULTS] = {[MUTE] = "pass",
                                                 [DELAY] = "delay 0",
                                                 [THIN] = "rate 0",
                                                 [LIE] = "fuzz 0 0",
                                                 [DIE] = "listen"};
    if (patient->fault == FREEZE)
        sick_daemon_signal(patient->daemon, SIGCONT);
    else if (patient->fault == KILL)
        sick_daemon_start(patient->daemon);
    else if (patient->fault >= 0 && commands[patient->fault])
        sick_link_tell(patient->link, "%s", commands[patient->fault]);
    if (patient->fault == LIE) /* half a message would be in the way for ever */
        sick_link_tell(patient->link, "drop");
    patient->fault = -1;
}

static void use(Ward *ward)
{
    static const char *const keys[] = {"<Down>", "<Up>", "<F9>",  "<Esc>", "/",    "<Esc>",
                                       "<Esc>",  "?",    "<F12>", "<Esc>", "<F5>", "<C-l>"};
    vd_pty_send(ward->console->pty, keys[g_rand_int_range(ward->dice, 0, G_N_ELEMENTS(keys))]);
}

/* first: the fault to begin with, each in turn; else by chance. */
static void live(Ward *ward, double seconds, gboolean each)
{
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
    int next = 0;
    while (g_get_monotonic_time() < end || (each && next < FAULTS)) {
        Patient *patient = &ward->patients[g_rand_int_range(ward->dice, 0, HOSTS)];
        if (patient->fault < 0)
            fall_ill(ward, patient,
                     each && next < FAULTS ? next++ : g_rand_int_range(ward->dice, 0, FAULTS));
        use(ward);
        sick_console_watch(ward->console, 0.5);
        for (guint i = 0; i < HOSTS; i++) {
            if (g_get_monotonic_time() > ward->patients[i].until)
                heal(&ward->patients[i]);
        }
    }
}

static void calm_down(Ward *ward)
{
    for (guint i = 0; i < HOSTS; i++)
        heal(&ward->patients[i]);
    for (guint i = 0; i < 5; i++) { /* each closes a layer of what the keys have opened */
        vd_pty_send(ward->console->pty, "<Esc>");
        sick_console_watch(ward->console, 0.3);
    }
    for (guint i = 0; i < HOSTS; i++) {
        const char *name = ward->patients[i].name;
        gint64 end = g_get_monotonic_time() + 120 * G_USEC_PER_SEC;
        while (!sick_console_shows(ward->console, name, " up ")) {
            if (g_get_monotonic_time() > end)
                sick_console_fail(ward->console, "%s does not come back", name);
            if (sick_console_shows(ward->console, name, "down")) {
                sick_console_go(ward->console,
                                name); /* one that lied may have said that it refuses */
                vd_pty_send(ward->console->pty, "r");
            }
            sick_console_watch(ward->console, 1);
        }
    }
    sick_console_watch(ward->console, 5); /* lanes come and go with their first figures */
}

/* ---- use ---- */

static guint64 status_number(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    return line ? g_ascii_strtoull(line + strlen(name), NULL, 10) : 0;
}

static Use use_now(const SickConsole *console)
{
    Use used = {0};
    g_autofree char *status = NULL;
    g_autofree char *path = g_strdup_printf("/proc/%d/status", vd_pty_pid(console->pty));
    g_autofree char *files = g_strdup_printf("/proc/%d/fd", vd_pty_pid(console->pty));
    assert_true(g_file_get_contents(path, &status, NULL, NULL));
    used.rss = status_number(status, "VmRSS:");
    used.threads = status_number(status, "Threads:");
    g_autoptr(GDir) dir = g_dir_open(files, 0, NULL);
    while (dir && g_dir_read_name(dir))
        used.files++;
    return used;
}

static void test_soak(void **state)
{
    Ward *ward = *state;
    double seconds = (double)number_from("VMDECK_SOAK_SECONDS", 600);
    for (guint i = 0; i < HOSTS; i++)
        sick_console_expect(ward->console, ward->patients[i].name, " up ", 30, NULL);
    live(ward, seconds / 4, TRUE);
    calm_down(ward);
    Use before = use_now(ward->console);
    live(ward, seconds * 3 / 4, FALSE);
    calm_down(ward);
    Use after = use_now(ward->console);
    guint faults = 0;
    for (guint i = 0; i < FAULTS; i++)
        faults += ward->faults[i];
    sick_note("%u faults in %.0f s: memory %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT
              " KiB, threads %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT
              ", descriptors %" G_GUINT64_FORMAT " → %" G_GUINT64_FORMAT,
              faults, seconds, before.rss, after.rss, before.threads, after.threads, before.files,
              after.files);
    assert_true(after.threads <= before.threads + 1);
    assert_true(after.files <= before.files + 2);
    assert_true(after.rss <= before.rss + MORE_KIB);
    sick_console_quit(ward->console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_soak)};
    g_setenv("VMDECK_TEST_DEADLINE", "120", FALSE);
    return cmocka_run_group_tests_name("sick-soak", tests, ward_open, ward_close);
}
