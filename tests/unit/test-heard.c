/* What installers say on a serial console, told apart: what is news, what asks, how far all of it
 * is. The lines are those of debian-installer (Debian 12), anaconda and subiquity. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "src/deploy/heard.h"

#define MINUTE (60 * G_USEC_PER_SEC)

typedef struct {
    VdHeard *heard;
    gint64 now;
} Ear;

static void hears(Ear *ear, gint64 after, const char *line, VdHeardKind wanted)
{
    VdHeardKind kind;

    ear->now += after;
    kind = vd_heard_line(ear->heard, line, ear->now, NULL, NULL);
    if (kind != wanted)
        fail_msg("“%s” is %d, not %d", line, (int)kind, (int)wanted);
}

/* Minutes in which only the clock of its screen goes on are minutes of silence. */
static void test_heard_clock(void **state)
{
    g_autoptr(VdHeard) heard = vd_heard_new();
    Ear ear = {heard, MINUTE};

    (void)state;
    hears(&ear, 0, "Choose a mirror of the Debian archive", VD_HEARD_NEWS);
    for (int i = 40; i < 46; i++) {
        g_autofree char *bar = g_strdup_printf(
            "[ (1*installer)  2 shell  3 shell  4- log           ][ Nov 26 11:%d ]", i);

        hears(&ear, MINUTE, bar, VD_HEARD_NOTHING);
    }
    hears(&ear, MINUTE, "6", VD_HEARD_NOTHING);
    hears(&ear, MINUTE, "50", VD_HEARD_NOTHING);
    hears(&ear, MINUTE, "11:47:02", VD_HEARD_NOTHING);
    hears(&ear, MINUTE, "Choose a mirror of the Debian archive", VD_HEARD_NOTHING);
    hears(&ear, 0, "", VD_HEARD_NOTHING);
    hears(&ear, 0, "waiting for the network since 11:40", VD_HEARD_NEWS);
    hears(&ear, MINUTE, "waiting for the network since 11:41", VD_HEARD_NOTHING);
    hears(&ear, MINUTE, "[  301.123456] eth0: no carrier", VD_HEARD_NEWS);
    hears(&ear, MINUTE, "[  361.654321] eth0: no carrier", VD_HEARD_NOTHING);
}

/* What stands around a question is drawn with it, and a redraw asks again. */
static void test_heard_questions(void **state)
{
    static const char *const screen[] = {
        "[!!] Choose a mirror of the Debian archive", "Bad archive mirror",
        "Please check the specified mirror or try a different one."};
    g_autoptr(VdHeard) heard = vd_heard_new();
    Ear ear = {heard, MINUTE};
    const char *text = NULL;

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(screen); i++)
        hears(&ear, 1000, screen[i], VD_HEARD_NEWS);
    hears(&ear, 1000, "[Press enter to continue] ", VD_HEARD_ASKS);
    hears(&ear, 1000, "<Tab> moves; <Space> selects; <Enter> activates buttons", VD_HEARD_LIFE);
    hears(&ear, MINUTE, "[ (1*installer) 2 shell 3 shell 4- log ][ Nov 26 11:45 ]",
          VD_HEARD_NOTHING);
    for (guint i = 0; i < G_N_ELEMENTS(screen); i++)
        hears(&ear, 1000, screen[i], VD_HEARD_NOTHING);
    hears(&ear, 1000, "[Press enter to continue] [ (1*installer) 2 shell ][ Nov 26 11:46 ]",
          VD_HEARD_ASKS);
    hears(&ear, MINUTE, "Choosing a mirror", VD_HEARD_NEWS);
    hears(&ear, MINUTE, "    <Go Back>                    <Continue>    ", VD_HEARD_ASKS);
    hears(&ear, MINUTE, "Prompt: '?' for help, default=1> ", VD_HEARD_ASKS);
    hears(&ear, MINUTE, "... 14%", VD_HEARD_NEWS);
    hears(
        &ear, MINUTE,
        "Configure the package manager-----------------------------The installer failed to access "
        "the mirror. This may be a problem with your network, or with the mirror. You can choose "
        "to "
        "retry the download, select a different mirror, or ignore the problem and continue without "
        "all the packages from this mirror.Downloading a file failed:  1: Retry [*],  2: Change "
        "mirror,      3: Ignore,    Prompt: '?' for help, default=1> ",
        VD_HEARD_ASKS);
    hears(&ear, MINUTE, "Continue with autoinstall? (yes|no)", VD_HEARD_ASKS);
    hears(&ear, MINUTE, "Installing the base system", VD_HEARD_NEWS);
    vd_heard_line(heard, "Retrieving it [ (1*installer)  2 shell ][ Nov 26 11:46 ]", 0, &text,
                  NULL);
    assert_string_equal(text, "Retrieving it");
    vd_heard_line(heard, "[ (1*installer)  2 shell ][ Nov 26 11:46 ]", 0, &text, NULL);
    assert_null(text);
}

/* The same words with another part done are news, and so are a bar's digits that come often. */
static void test_heard_progress(void **state)
{
    g_autoptr(VdHeard) heard = vd_heard_new();
    Ear ear = {heard, MINUTE};
    double part = 0;

    (void)state;
    hears(&ear, 0, "... 10%", VD_HEARD_NEWS);
    hears(&ear, MINUTE, "... 20%", VD_HEARD_NEWS);
    hears(&ear, MINUTE, "... 20%", VD_HEARD_NOTHING);
    hears(&ear, MINUTE, "... 10%", VD_HEARD_NEWS);
    hears(&ear, MINUTE, "Unpacking libc6 ... 37%", VD_HEARD_NEWS);
    hears(&ear, MINUTE, "8", VD_HEARD_NOTHING);
    hears(&ear, 10 * G_USEC_PER_SEC, "9", VD_HEARD_LIFE);
    vd_heard_line(heard, "Unpacking 7% of libc6 ... 42%", ear.now, NULL, &part);
    assert_true(part > 0.41 && part < 0.43);
    vd_heard_line(heard, "Unpacking libc6", ear.now, NULL, &part);
    assert_true(part < 0);
}

/* How far all of it is after a line, in per cent, or -1. */
static int part_after(VdHeard *heard, const char *line)
{
    double part = 0;

    vd_heard_line(heard, line, 0, NULL, &part);
    return part < 0 ? -1 : (int)(part * 100 + 0.5);
}

/* Each part of debian-installer's work has a bar that goes to 100%: the job's goes on from part to
 * part, and never back. */
static void test_heard_stages(void **state)
{
    static const struct {
        const char *line;
        int part;
    } rows[] = {
        {"[    0.410589] x86: Booting SMP configuration:", -1},
        {"mount: mounting /dev/fd0 on /media failed: No such file or directory", -1},
        {"Detecting network hardware  ", 1},
        {"... 2%", 1},
        {"... 95%", 2},
        {"Detecting link on enp1s0; please wait...  ... 0%", 2},
        {"Waiting for link-local address...  ... 16%... 25%... 33%... 100%", 2},
        {"Configuring the network with DHCP  ", 2},
        {"... 12%... 100%", 3},
        {"Checking the Debian archive mirror  ... 25%... 50%... 75%... 100%", 4},
        {"Loading additional components  ", 4},
        {"... 50%", 6},
        {"Starting up the partitioner  ", 9},
        {"Installing the base system  ", 12},
        {"... 50%", 31},
        {"6", 31},
        {"... 100%", 50},
        {"Configuring apt  ... 0%", 50},
        {"  9: Select and install software", 50},
        {"Select and install software  ... 1%", 54},
        {"... 1%... 10%", 58},
        {"Installing GRUB boot loader  ... 16%", 91},
        {"Loading additional components  ", 91},
        {"Finishing the installation  ... 95%", 99},
        {"The system is going down NOW!", 99},
    };
    g_autoptr(VdHeard) heard = vd_heard_new();

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        int part = part_after(heard, rows[i].line);

        if (part != rows[i].part)
            fail_msg("%d%% after “%s”, not %d%%", part, rows[i].line, rows[i].part);
    }
}

/* "... 20%" after a question and its answer: the part goes on that was asked about. */
static void test_heard_part_goes_on(void **state)
{
    g_autoptr(VdHeard) heard = vd_heard_new();
    const char *text = NULL;

    (void)state;
    vd_heard_line(heard, "... 20%", 0, &text, NULL);
    assert_null(text);
    vd_heard_line(heard, "Configuring apt  ... 7%", 0, &text, NULL);
    assert_string_equal(text, "Configuring apt  ... 7%");
    vd_heard_line(heard, "Prompt: '?' for help, default=1> ", 0, &text, NULL);
    vd_heard_line(heard, "... 20%", 0, &text, NULL);
    assert_string_equal(text, "Configuring apt");
    vd_heard_line(heard, "8", 0, &text, NULL);
    assert_null(text);
}

static void test_heard_others(void **state)
{
    g_autoptr(VdHeard) anaconda = vd_heard_new();
    g_autoptr(VdHeard) subiquity = vd_heard_new();
    g_autoptr(VdHeard) none = vd_heard_new();

    (void)state;
    assert_int_equal(part_after(anaconda, "Starting installer, one moment..."), -1);
    assert_int_equal(part_after(anaconda, "Configuring storage"), 6);
    assert_int_equal(part_after(anaconda, "Installing glibc.x86_64 (100/400)"), 36);
    assert_int_equal(part_after(anaconda, "Installing zsh.x86_64 (400/400)"), 85);
    assert_int_equal(part_after(anaconda, "Installing zsh.x86_64 (1/0)"), 85);
    assert_int_equal(part_after(anaconda, "Performing post-installation setup tasks"), 88);
    assert_int_equal(part_after(subiquity,
                                "subiquity/Install/install/curtin_install/run_curtin_step: "
                                "executing curtin install extract step"),
                     15);
    assert_int_equal(part_after(subiquity, "final system configuration"), 70);
    /* An installer of whose parts nothing is known says itself how far it is. */
    assert_int_equal(part_after(none, "Copying ... 60%"), 60);
    assert_int_equal(part_after(none, "Copying it"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heard_clock),        cmocka_unit_test(test_heard_questions),
        cmocka_unit_test(test_heard_progress),     cmocka_unit_test(test_heard_stages),
        cmocka_unit_test(test_heard_part_goes_on), cmocka_unit_test(test_heard_others),
    };

    return cmocka_run_group_tests_name("heard", tests, NULL, NULL);
}
