/* The main view and what is reached from it, on the real program: every size, several terminals,
 * locales and themes, a thousand machines, names that try to break the screen.
 * About 12 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/screens/console.h"

/* Starts with these options, waits for the text, compares, leaves. */
static void check_first_screen(const VdConsoleOptions *options, const char *text, const char *name)
{
    VdConsole *console = vd_console_start(options);
    if (text)
        vd_console_expect(console, text);
    vd_console_golden(console, name);
    vd_console_leave(console);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int cols, rows;
        const char *text;
    } sizes[] = {{160, 45, "web-10"}, {120, 30, "web-10"}, {80, 24, "web-10"},
                 {40, 10, "db-01"},   {20, 5, NULL},       {1, 1, NULL}};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *name = g_strdup_printf("main-%dx%d", sizes[i].cols, sizes[i].rows);
        check_first_screen(&(VdConsoleOptions){.cols = sizes[i].cols, .rows = sizes[i].rows},
                           sizes[i].text, name);
    }
}

/* Whatever the way there, the screen of a size is the same. */
static void test_resized_while_running(void **state)
{
    (void)state;
    static const int sizes[][2] = {{120, 30}, {1, 1}, {40, 10}, {2, 3}, {160, 45}, {20, 5}};
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.cols = 80, .rows = 24});
    vd_console_expect(console, "web-10");
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        vd_pty_resize(console->pty, sizes[i][1], sizes[i][0]);
        assert_true(vd_pty_settle(console->pty));
    }
    vd_pty_resize(console->pty, 24, 80);
    vd_console_golden(console, "main-80x24");
    vd_console_leave(console);
}

/* The signals that a thread of that process blocks, as a mask. */
static guint64 blocked(pid_t pid, const char *thread)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%s/status", pid, thread), *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return G_MAXUINT64; /* it has ended */
    const char *line = strstr(text, "SigBlk:");
    assert_non_null(line);
    return g_ascii_strtoull(line + strlen("SigBlk:"), NULL, 16);
}

/* Signals are for the thread that draws (row N of the experiments behind doc/never-blocks.md): a
 * lane that took SIGWINCH in the middle of a call would end it. */
static void test_threads_take_no_signals(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.cols = 80, .rows = 24});
    vd_console_expect(console, "web-10");
    pid_t pid = vd_pty_pid(console->pty);
    g_autofree char *path = g_strdup_printf("/proc/%d/task", pid);
    g_autofree char *first = g_strdup_printf("%d", pid);
    g_autoptr(GDir) threads = g_dir_open(path, 0, NULL);
    const guint64 mask = 1ull << (SIGWINCH - 1) | 1ull << (SIGTERM - 1) | 1ull << (SIGINT - 1);
    guint lanes = 0;
    for (const char *name; threads && (name = g_dir_read_name(threads));) {
        g_autofree char *about = g_strdup_printf("%s/%s/comm", path, name), *comm = NULL;
        if (!g_file_get_contents(about, &comm, NULL, NULL) || !g_str_has_prefix(comm, "vd-"))
            continue;
        assert_true((blocked(pid, name) & mask) == mask);
        lanes++;
    }
    assert_true(lanes >= 2);
    assert_int_equal(blocked(pid, first) & mask, 0);
    vd_console_leave(console);
}

static void test_terminals(void **state)
{
    (void)state;
    static const char *const terms[] = {"linux", "vt100", "screen-256color"};
    for (guint i = 0; i < G_N_ELEMENTS(terms); i++) {
        g_autofree char *name = g_strdup_printf("main-%s", terms[i]);
        check_first_screen(&(VdConsoleOptions){.term = terms[i]}, "web-10", name);
    }
}

static void test_looks(void **state)
{
    (void)state;
    static const char *const ascii[] = {"--ascii", NULL};
    static const char *const light[] = {"--theme", "light", NULL};
    static const char *const contrast[] = {"--theme", "high-contrast", NULL};
    static const char *const no_color[] = {"NO_COLOR=1", NULL};
    check_first_screen(&(VdConsoleOptions){.words = ascii}, "web-10", "main-ascii");
    check_first_screen(&(VdConsoleOptions){.lang = "C"}, "web-10", "main-lang-c");
    check_first_screen(&(VdConsoleOptions){.env = no_color}, "web-10", "main-no-color");
    check_first_screen(&(VdConsoleOptions){.words = light}, "web-10", "main-light");
    check_first_screen(&(VdConsoleOptions){.words = contrast}, "web-10", "main-high-contrast");
}

static gboolean is_plain(VdGrid *grid, gpointer data)
{
    (void)data;
    for (int i = 0; i < grid->rows * grid->cols; i++)
        if (grid->cells[i].fg >= 0 || grid->cells[i].bg >= 0)
            return FALSE;
    return TRUE;
}

static gboolean is_7bit(VdGrid *grid, gpointer data)
{
    (void)data;
    g_autofree char *text = vd_grid_text(grid);
    return g_str_is_ascii(text);
}

static void test_no_color_and_ascii_are_just_that(void **state)
{
    (void)state;
    static const char *const no_color[] = {"NO_COLOR=1", NULL};
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.env = no_color, .lang = "C"});
    static const char *const keys[] = {"?", "<Esc>", "<F9>", "<Esc>", ":", "<Esc>", "<Enter>"};
    vd_console_expect(console, "web-10");
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        vd_console_type(console, keys[i]);
        assert_true(vd_pty_wait(console->pty, is_plain, NULL));
        assert_true(vd_pty_wait(console->pty, is_7bit, NULL));
    }
    vd_console_leave(console);
}

static void test_russian(void **state)
{
    (void)state;
    static const char *const russian[] = {"LANGUAGE=ru", NULL};
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.env = russian});
    vd_console_expect(console, "web-10");
    vd_console_golden(console, "russian-main");
    vd_console_type(console, "?");
    vd_console_golden(console, "russian-help");
    vd_console_type(console, "<Esc><F9>");
    vd_console_golden(console, "russian-menu");
    vd_console_type(console, "<Esc>/db-01<Enter>G<Enter>");
    vd_console_expect(console, "Общее");
    vd_console_golden(console, "russian-details");
    vd_console_leave(console);
}

/* A locale that is not installed is told of, and takes nothing of the terminal's characters away.
 */
static void test_missing_locale(void **state)
{
    (void)state;
    static const char *const missing[] = {"LANG=xx_YY.utf8", NULL};
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.env = missing});
    vd_console_expect(console, "The locale xx_YY.utf8 is not installed");
    vd_console_expect(console, "host · ");
    vd_console_type(console, "6");
    vd_console_expect(console, "The locale xx_YY.utf8 is not installed");
    vd_console_leave(console);
}

static void test_unusable_terminal(void **state)
{
    (void)state;
    const char *const argv[] = {vd_console_program(), "-c", "test:///default", NULL};
    static const char *const terms[] = {"dumb", "no-such-terminal"};
    for (guint i = 0; i < G_N_ELEMENTS(terms); i++) {
        VdPtyOptions options = {.argv = argv, .term = terms[i]};
        g_autoptr(GError) error = NULL;
        g_autoptr(VdPty) pty = vd_pty_start(&options, &error);
        int status = 0;
        assert_non_null(pty);
        assert_true(vd_pty_wait_exit(pty, &status));
        assert_int_not_equal(status, 0);
        assert_in_range(status, 1, 127); /* it said so and left; it did not crash */
        g_autoptr(VdGrid) grid = vd_pty_grid(pty);
        g_autofree char *text = vd_grid_text(grid);
        if (!strstr(text, terms[i]))
            fail_msg("the terminal %s is not named:\n%s", terms[i], text);
    }
}

static void test_pages(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_console_type(console, "?");
    vd_console_golden(console, "help");
    vd_console_type(console, "<Esc><F9>");
    vd_console_golden(console, "menu");
    vd_console_type(console, "<Right><Right><Left>");
    vd_console_golden(console, "menu-next-group");
    vd_console_type(console, "<Esc>:rest");
    vd_console_golden(console, "palette");
    vd_console_type(console, "<Esc>/web");
    vd_console_expect_gone(console, "batch-7");
    vd_console_type(console, "<Enter>");
    vd_console_golden(console, "filter");
    vd_console_type(console, "<Esc>t");
    vd_console_expect(console, "batch-7");
    vd_console_golden(console, "flat");
    vd_console_type(console, "2");
    vd_console_golden(console, "view-jobs");
    vd_console_type(console, "3");
    vd_console_golden(console, "view-images");
    vd_console_leave(console);
}

static void test_details(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_console_type(console, "/db-01<Enter>G<Enter>");
    vd_console_expect(console, "General");
    vd_console_golden(console, "details");
    vd_console_type(console, "G");
    vd_console_expect(console, "vda");
    vd_console_type(console, "<Esc>x");
    vd_console_expect(console, "<name>db-01</name>");
    vd_console_golden(console, "xml");
    vd_console_leave(console);
}

static void test_marks_and_question(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_console_type(console, "/web-0<Enter>g*");
    vd_console_type(console, ":power off<Enter>");
    vd_console_expect(console, "web-01");
    vd_console_golden(console, "question");
    vd_console_type(console, "<Enter>"); /* No is the default */
    vd_console_expect_gone(console, "loses");
    vd_console_golden(console, "marks");
    vd_console_leave(console);
}

/* What is done is seen: the row says so without a key. */
static void test_action_shows(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_console_type(console, "/old-build<Enter>G");
    vd_console_type(console, ":start<Enter>");
    vd_console_expect(console, "running");
    vd_console_leave(console);
}

static void test_mouse(void **state)
{
    (void)state;
    int row = 0, col = 0;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    assert_true(vd_grid_find(grid, "web-02", &row, &col));
    assert_true(vd_pty_click(console->pty, row, col));
    assert_true(vd_pty_settle(console->pty));
    vd_console_golden(console, "mouse");
    assert_true(vd_grid_find(grid, "Menu", &row, &col));
    assert_true(vd_pty_click(console->pty, row, col));
    vd_console_golden(console, "menu-by-mouse");
    vd_console_leave(console);
}

static void test_no_mouse(void **state)
{
    (void)state;
    static const char *const words[] = {"--no-mouse", NULL};
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.words = words});
    vd_console_expect(console, "web-10");
    assert_false(vd_pty_click(console->pty, 5, 5)); /* the terminal was not asked for clicks */
    vd_console_golden(console, "main-80x24");
    vd_console_leave(console);
}

static void test_thousand(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.fleet = VD_FLEET_LARGE});
    vd_console_expect(console, "1000 VMs");
    vd_console_golden(console, "thousand");
    vd_console_type(console, "G");
    vd_console_expect(console, "vm-1000");
    vd_console_golden(console, "thousand-end");
    vd_console_type(console, "/vm-0777");
    vd_console_expect(console, "vm-0777");
    vd_console_expect_gone(console, "vm-1000");
    vd_console_leave(console);
}

/* No byte of a name may act on the terminal: it is checked on what the terminal shows. */
static gboolean is_harmless(VdGrid *grid, gpointer data)
{
    (void)data;
    for (int i = 0; i < grid->rows * grid->cols; i++) {
        for (const char *p = grid->cells[i].text; *p; p = g_utf8_next_char(p)) {
            gunichar c = g_utf8_get_char(p);
            gboolean format = g_unichar_type(c) == G_UNICODE_FORMAT;
            if (c < 0x20 || (c >= 0x7f && c < 0xa0) || format)
                return FALSE;
        }
        if (grid->cells[i].attrs & VD_GLYPH_BLINK) /* what one of the names asks for */
            return FALSE;
    }
    return TRUE;
}

static void test_hostile_names(void **state)
{
    (void)state;
    static const int sizes[][2] = {{160, 45}, {80, 24}, {40, 10}, {20, 5}, {3, 3}};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        VdConsole *console = vd_console_start(&(VdConsoleOptions){
            .fleet = VD_FLEET_HOSTILE, .cols = sizes[i][0], .rows = sizes[i][1]});
        g_autofree char *name = g_strdup_printf("hostile-%dx%d", sizes[i][0], sizes[i][1]);
        vd_console_golden(console, name);
        assert_true(vd_pty_wait(console->pty, is_harmless, NULL));
        for (int n = 0; n < 18; n++) { /* each of them in the live panel, too */
            vd_console_type(console, "j");
            assert_true(vd_pty_wait(console->pty, is_harmless, NULL));
        }
        vd_console_leave(console);
    }
}

/* A list that could not be read is not an empty one. */
static void test_unreadable_journal(void **state)
{
    (void)state;
    g_autofree char *folder = g_dir_make_tmp("vmdeck-state-XXXXXX", NULL);
    g_autofree char *journal = g_build_filename(folder, "journal.db", NULL);
    g_autofree char *where = g_strconcat("VMDECK_STATE_DIR=", folder, NULL);
    const char *const env[] = {where, NULL};
    assert_int_equal(mkdir(journal, 0700), 0); /* root reads anything else */
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.env = env});
    vd_console_expect(console, "web-10"); /* the machines are there all the same */
    vd_console_expect(console, "The journal");
    vd_console_type(console, "6");
    vd_console_expect(console, "The journal");
    vd_console_leave(console);
    static const char *const left[] = {"journal.db", "journal.db.lock", "vmdeck.log"};
    for (guint i = 0; i < G_N_ELEMENTS(left); i++) {
        g_autofree char *path = g_build_filename(folder, left[i], NULL);
        remove(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

/* Who starts it for the first time is told what to do next. */
static void test_first_run(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.fleet = VD_FLEET_EMPTY});
    vd_console_expect(console, "no images to make them from");
    vd_console_golden(console, "first-run");
    vd_console_type(console, "A");
    vd_console_expect(console, "Add an image");
    vd_console_type(console, "<Esc>/web");
    vd_console_expect_gone(console, "no images to make them from");
    vd_console_leave(console);
}

static void test_host_down(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.fleet = VD_FLEET_DOWN});
    vd_console_expect(console, "down");
    vd_console_expect(console, "kvm1");
    vd_console_type(console, "?");
    vd_console_expect(console, "Unfold"); /* it answers keys all the same */
    vd_console_leave(console);
}

/* All of it at once: each mistake with its line, on the first screen, until a key closes it. */
static void test_broken_configuration(void **state)
{
    (void)state;
    static const char *const told[] = {"vmdeck.conf:3", "vmdeck.conf:5: there is no",
                                       "vmdeck.conf:6: keys", "vmdeck.conf:7: columns"};
    VdConsole *console = vd_console_start(
        &(VdConsoleOptions){.rows = 40,
                            .conf = "escape_ms = \"often\";\nflat = true;\n"
                                    "theme = \"neon\";\nkeys = { quit = \"Ctrl-S\"; };\n"
                                    "columns = [ \"state\", \"wisdom\", \"ip\" ];\n"});
    for (guint i = 0; i < G_N_ELEMENTS(told); i++)
        vd_console_expect(console, told[i]);
    vd_console_type(console, "<Enter>");
    vd_console_expect_gone(console, "neon");
    vd_console_expect(console, "web-10"); /* the rest counts */
    vd_console_expect_gone(console, "CPU%");
    vd_console_expect_gone(console, "- kvm1"); /* flat */
    vd_console_type(console, "6");
    for (guint i = 0; i < G_N_ELEMENTS(told); i++)
        vd_console_expect(console, told[i]);
    vd_console_leave(console);
}

static void test_hangup_and_signals(void **state)
{
    (void)state;
    int status = -1;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_pty_send(console->pty, "q");
    assert_true(vd_pty_wait_exit(console->pty, &status));
    assert_int_equal(status, 0);
    vd_console_leave(console);

    VdConsole *hung = vd_console_start(&(VdConsoleOptions){0});
    vd_pty_hangup(hung->pty);
    assert_true(vd_pty_wait_exit(hung->pty, &status));
    assert_int_equal(status, 0);
    vd_console_leave(hung);
}

/* A word means in the palette what it means on the command line: the machine, not this program. */
static void test_palette_suspends_the_machine(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_console_type(console, "/web-01<Enter><End>:suspend<Enter>");
    vd_console_expect(console, "Suspend web-01: done");
    vd_console_leave(console);
}

/* The program's own times, made anew while they are looked at. */
static void test_latency_meter(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_console_type(console, "<Down><Down><F12>");
    vd_console_expect(console, "Key to frame");
    vd_console_expect(console, "calls/s");
    vd_console_expect(console, "kvm1 ");
    vd_console_expect(console, "KiB/s now"); /* the second look */
    vd_console_type(console, "<Esc>");
    vd_console_expect_gone(console, "Key to frame");
    vd_console_type(console, ":latency<Enter>");
    vd_console_expect(console, "Loop's turns");
    vd_console_type(console, "<Esc>");
    vd_console_leave(console);
}

/* What was never measured is not a time of nothing. */
static void test_latency_unknown(void **state)
{
    (void)state;
    static const char *const words[] = {"-c", "qemuu:///system", NULL};
    VdConsole *console = vd_console_start(&(VdConsoleOptions){.words = words});
    vd_console_expect(console, "down");
    vd_console_type(console, "<F12>");
    vd_console_expect(console, "–         –         –");
    vd_console_type(console, "<Esc>");
    vd_console_leave(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_resized_while_running),
        cmocka_unit_test(test_threads_take_no_signals),
        cmocka_unit_test(test_terminals),
        cmocka_unit_test(test_looks),
        cmocka_unit_test(test_no_color_and_ascii_are_just_that),
        cmocka_unit_test(test_russian),
        cmocka_unit_test(test_missing_locale),
        cmocka_unit_test(test_unusable_terminal),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_details),
        cmocka_unit_test(test_marks_and_question),
        cmocka_unit_test(test_action_shows),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_no_mouse),
        cmocka_unit_test(test_thousand),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_unreadable_journal),
        cmocka_unit_test(test_first_run),
        cmocka_unit_test(test_host_down),
        cmocka_unit_test(test_broken_configuration),
        cmocka_unit_test(test_hangup_and_signals),
        cmocka_unit_test(test_palette_suspends_the_machine),
        cmocka_unit_test(test_latency_meter),
        cmocka_unit_test(test_latency_unknown),
    };
    return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
