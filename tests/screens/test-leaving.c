/* What the person's own line finds when the console is left, stopped and gone on with, on terminals
 * with a screen of its own to give back and on those without. */
#include "config.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/screens/console.h"

/* "linux" and "vt100" have one screen, which the prompt goes on with. */
static const char *const plain[] = {"linux", "vt100"};

/* The screen after all has ended must have the text alone in its last row, and the bar of keys as
 * it was so many rows above. */
static void check_below(VdConsole *console, const char *text, int rows)
{
    int status = -1, bar = -1;
    assert_true(vd_pty_wait_exit(console->pty, &status));
    assert_int_equal(status, 0);
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    g_autofree char *screen = vd_grid_text(grid);
    g_autofree char *line = vd_grid_row(grid, grid->rows - 1);
    if (!vd_grid_find(grid, "F9Menu", &bar, NULL) || strcmp(line, text) != 0 ||
        bar != grid->rows - 1 - rows) {
        (void)fprintf(stderr, "%s", screen);
        fail_msg("“%s” is not alone below the keys", text);
    }
    vd_console_leave(console);
}

static void test_prompt_is_below_the_keys(void **state)
{
    (void)state;
    static const char *const ways[] = {"<F10>", "q", ""};
    for (guint t = 0; t < G_N_ELEMENTS(plain); t++)
        for (guint i = 0; i < G_N_ELEMENTS(ways); i++) {
            VdConsole *console = vd_console_start(&(VdConsoleOptions){
                .term = plain[t], .shell = "trap : TERM; \"$@\"; printf prompt"});
            vd_console_expect(console, "web-10");
            if (*ways[i])
                vd_pty_send(console->pty, ways[i]);
            else
                assert_int_equal(kill(-vd_pty_pid(console->pty), SIGTERM), 0);
            check_below(console, "prompt", 1);
        }
}

/* Ctrl-Z, and then either the shell's own words or going on and leaving. */
static void test_stopped_is_below_the_keys(void **state)
{
    (void)state;
    for (guint t = 0; t < G_N_ELEMENTS(plain); t++) {
        VdConsole *stopped = vd_console_start(&(VdConsoleOptions){
            .term = plain[t], .shell = "set -m; \"$@\"; printf prompt; kill -9 %1"});
        vd_console_expect(stopped, "web-10");
        vd_pty_send(stopped->pty, "<C-z>");
        check_below(stopped, "prompt", 3); /* two are bash's */
        ;

        VdConsole *resumed = vd_console_start(&(VdConsoleOptions){
            .term = plain[t], .shell = "set -m; \"$@\"; echo one; fg >/dev/null; printf two"});
        vd_console_expect(resumed, "web-10");
        vd_console_type(resumed, "<C-z>");
        vd_console_expect(resumed, "web-10");
        vd_console_expect_gone(resumed, "one");
        vd_pty_send(resumed->pty, "q");
        check_below(resumed, "two", 1);
    }
}

/* A terminal with a second screen shows what was there before. */
static void test_other_screen_is_given_back(void **state)
{
    (void)state;
    int status = -1;
    VdConsole *console =
        vd_console_start(&(VdConsoleOptions){.shell = "echo before; \"$@\"; printf after"});
    vd_console_expect(console, "web-10");
    vd_pty_send(console->pty, "q");
    assert_true(vd_pty_wait_exit(console->pty, &status));
    g_autoptr(VdGrid) grid = vd_pty_grid(console->pty);
    g_autofree char *first = vd_grid_row(grid, 0), *second = vd_grid_row(grid, 1);
    assert_string_equal(first, "before");
    assert_string_equal(second, "after");
    assert_false(vd_grid_find(grid, "F9Menu", NULL, NULL));
    vd_console_leave(console);
}

/* Ctrl-S is a key without effect, but on terminals that say by it that their buffer is full: there
 * a frame waits, and whoever wants the program to leave does not. */
static void test_stopped_terminal(void **state)
{
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    (void)state;
    VdConsole *modern = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(modern, "web-10");
    vd_console_type(modern, "<C-s>?");
    vd_console_expect(modern, "Find and sort");
    vd_console_leave(modern);
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
        int status = -1;
        VdConsole *console = vd_console_start(&(VdConsoleOptions){.term = "vt100"});
        vd_console_expect(console, "web-10");
        vd_pty_send(console->pty, "<C-s>GgGt");
        vd_pty_signal(console->pty, signals[i]);
        assert_true(vd_pty_wait_exit(console->pty, &status));
        assert_int_equal(status, 0);
        vd_console_leave(console);
    }
}

/* Ctrl-C takes back as Esc does, loses nothing, and tells whoever wants to leave how. */
static void test_interrupt_key(void **state)
{
    (void)state;
    VdConsole *console = vd_console_start(&(VdConsoleOptions){0});
    vd_console_expect(console, "web-10");
    vd_console_type(console, "?");
    vd_console_expect(console, "Find and sort");
    vd_console_type(console, "<C-c>");
    vd_console_expect_gone(console, "Find and sort");
    vd_console_type(console, "/old<C-c>");
    vd_console_expect(console, "web-10");
    vd_console_type(console, "<C-c>");
    vd_console_expect(console, "leaves the console");
    vd_console_leave(console);
}

/* The program asked for a password by a shell, which says afterwards whether the echo is on. */
static VdPty *ask_password(const char *before)
{
    g_autofree char *script =
        g_strdup_printf("%s\"$@\"; echo \"status $?\"; stty -a | grep -qw -e -echo && echo silent; "
                        "echo over; read -r line",
                        before);
    const char *argv[] = {
        "/bin/bash", "-c",      script,    "bash",    vd_console_program(), "-c", "test:///default",
        "deploy",    "new-one", "--image", "nowhere", "--password-file",    "-",  NULL};
    g_autoptr(GError) error = NULL;
    VdPty *pty = vd_pty_start(&(VdPtyOptions){.argv = argv, .rows = 24, .cols = 120}, &error);
    if (!pty)
        fail_msg("%s", error->message);
    assert_true(vd_pty_wait_text(pty, "Password:"));
    return pty;
}

static void expect_on(VdPty *pty, const char *text)
{
    if (vd_pty_wait_text(pty, text))
        return;
    g_autoptr(VdGrid) grid = vd_pty_grid(pty);
    g_autofree char *screen = vd_grid_text(grid);
    (void)fprintf(stderr, "%s", screen);
    fail_msg("“%s” did not come", text);
}

/* Nothing of the password was to be seen, and the shell's next line is. */
static void check_asked(VdPty *pty, const char *text)
{
    expect_on(pty, "over");
    expect_on(pty, text);
    vd_pty_send(pty, "visible");
    expect_on(pty, "visible");
    g_autoptr(VdGrid) grid = vd_pty_grid(pty);
    assert_false(vd_grid_find(grid, "Zq9", NULL, NULL));
    assert_false(vd_grid_find(grid, "silent", NULL, NULL));
    vd_pty_free(pty);
}

/* --password-file - on a terminal: one line, and nobody reads along. */
static void test_password_is_asked_for(void **state)
{
    (void)state;
    VdPty *given = ask_password("");
    vd_pty_send(given, "Zq9!hunter<Enter>");
    check_asked(given, "There is no image");
    VdPty *empty = ask_password("");
    vd_pty_send(empty, "<Enter>");
    check_asked(empty, "expected a password of 1 to 512 bytes");
    VdPty *left = ask_password("trap : INT; ");
    vd_pty_send(left, "Zq9<C-c>");
    check_asked(left, "status 130");
    VdPty *ended = ask_password("trap : TERM; ");
    assert_int_equal(kill(-vd_pty_pid(ended), SIGTERM), 0);
    check_asked(ended, "status 143");
    VdPty *stopped = ask_password("set -m; \"$@\"; stty -a | grep -qw -e -echo || echo stopped; "
                                  "read -r; printf '\\033[H\\033[2J'; fg; : ");
    vd_pty_send(stopped, "Zq9<C-z>");
    expect_on(stopped, "stopped");
    vd_pty_send(stopped, "<Enter>");
    assert_true(vd_pty_wait_gone(stopped, "stopped"));
    expect_on(stopped, "Password:");
    vd_pty_send(stopped, "Zq9!hunter<Enter>");
    check_asked(stopped, "There is no image");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prompt_is_below_the_keys),
        cmocka_unit_test(test_stopped_is_below_the_keys),
        cmocka_unit_test(test_other_screen_is_given_back),
        cmocka_unit_test(test_stopped_terminal),
        cmocka_unit_test(test_interrupt_key),
        cmocka_unit_test(test_password_is_asked_for),
    };
    return cmocka_run_group_tests_name("leaving", tests, NULL, NULL);
}
