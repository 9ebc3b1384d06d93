/* shot: drives a program on a terminal by a script of keys and makes pictures of its screen.
 *
 *   shot [--size 80x24] [--term NAME] [--lang NAME] [--env NAME=VALUE]… [--own-env] [--idle]
 *        [--cast FILE] --script FILE -- PROGRAM [WORDS…]
 *
 * The script has one command a line ("#" begins a comment):
 *   keys <F2>db-07<Tab>   types          wait TEXT    until the screen shows it
 *   gone TEXT             until not      settle       until the program is idle
 *   size 120x40           resizes        click ROW COL
 *   svg FILE              a picture      text FILE    plain text; "-" is standard output
 *   deadline SECONDS      for waits that follow       hangup | signal N | exit */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/screens/pty.h"
#include "tests/screens/svg.h"

static gboolean size_read(const char *text, int *cols, int *rows)
{
    return sscanf(text, "%4dx%4d", cols, rows) == 2 && *cols > 0 && *rows > 0;
}

static gboolean picture_write(VdPty *pty, const char *path, gboolean svg)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdGrid) grid = vd_pty_grid(pty);
    g_autofree char *picture = svg ? vd_svg_draw(grid) : vd_grid_text(grid);
    if (g_str_equal(path, "-"))
        return fputs(picture, stdout) >= 0;
    if (g_file_set_contents(path, picture, -1, &error))
        return TRUE;
    fprintf(stderr, "shot: %s\n", error->message);
    return FALSE;
}

static gboolean command_resize(VdPty *pty, const char *word)
{
    int cols = 0, rows = 0;
    if (!size_read(word, &cols, &rows))
        return FALSE;
    vd_pty_resize(pty, rows, cols);
    return TRUE;
}

static gboolean command_click(VdPty *pty, const char *word)
{
    int row = 0, col = 0;
    if (sscanf(word, "%4d %4d", &row, &col) != 2)
        return FALSE;
    return vd_pty_click(pty, row, col);
}

/* The commands that only do; those that wait are in command_wait(). */
static gboolean command_do(VdPty *pty, const char *name, const char *word)
{
    if (g_str_equal(name, "keys"))
        vd_pty_send(pty, word);
    else if (g_str_equal(name, "hangup"))
        vd_pty_hangup(pty);
    else if (g_str_equal(name, "signal"))
        vd_pty_signal(pty, atoi(word));
    else if (g_str_equal(name, "deadline"))
        return g_setenv("VMDECK_TEST_DEADLINE", word, TRUE);
    else if (g_str_equal(name, "size"))
        return command_resize(pty, word);
    else if (g_str_equal(name, "click"))
        return command_click(pty, word);
    else if (g_str_equal(name, "svg") || g_str_equal(name, "text"))
        return picture_write(pty, word, *name == 's');
    else
        return FALSE;
    return TRUE;
}

static gboolean command_run(VdPty *pty, const char *name, const char *word)
{
    if (g_str_equal(name, "wait"))
        return vd_pty_wait_text(pty, word);
    if (g_str_equal(name, "gone"))
        return vd_pty_wait_gone(pty, word);
    if (g_str_equal(name, "settle"))
        return vd_pty_settle(pty);
    if (g_str_equal(name, "exit"))
        return vd_pty_wait_exit(pty, NULL);
    return command_do(pty, name, word);
}

static int script_run(VdPty *pty, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *script = NULL;
    if (!g_file_get_contents(path, &script, NULL, &error)) {
        fprintf(stderr, "shot: %s\n", error->message);
        return 2;
    }
    g_auto(GStrv) lines = g_strsplit(script, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_strstrip(lines[i]);
        if (!*lines[i] || *lines[i] == '#')
            continue;
        g_auto(GStrv) halves = g_strsplit(lines[i], " ", 2);
        if (command_run(pty, halves[0], halves[1] ? halves[1] : ""))
            continue;
        g_autoptr(VdGrid) grid = vd_pty_grid(pty);
        g_autofree char *text = vd_grid_text(grid);
        fprintf(stderr, "shot: %s:%u: %s\n%s", path, i + 1, lines[i], text);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    g_autofree char *size = NULL, *script = NULL, *term = NULL, *lang = NULL, *cast = NULL;
    g_auto(GStrv) env = NULL;
    g_auto(GStrv) words = NULL;
    gboolean own_env = FALSE, idle = FALSE;
    const GOptionEntry entries[] = {
        {"size", 0, 0, G_OPTION_ARG_STRING, &size, "columns and rows", "80x24"},
        {"term", 0, 0, G_OPTION_ARG_STRING, &term, "kind of terminal", "NAME"},
        {"lang", 0, 0, G_OPTION_ARG_STRING, &lang, "locale", "NAME"},
        {"env", 0, 0, G_OPTION_ARG_STRING_ARRAY, &env, "a variable for the program", "NAME=VALUE"},
        {"own-env", 0, 0, G_OPTION_ARG_NONE, &own_env, "keep this environment and HOME", NULL},
        {"idle", 0, 0, G_OPTION_ARG_NONE, &idle, "the program has --test-idle-fd", NULL},
        {"cast", 0, 0, G_OPTION_ARG_FILENAME, &cast, "record for asciinema", "FILE"},
        {"script", 0, 0, G_OPTION_ARG_FILENAME, &script, "what to do", "FILE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("-- PROGRAM [WORDS]");
    g_autoptr(GError) error = NULL;
    VdPtyOptions options = {.rows = 24, .cols = 80};
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || !words || !script ||
        (size && !size_read(size, &options.cols, &options.rows))) {
        fprintf(stderr, "shot: %s\n", error ? error->message : "--script FILE -- PROGRAM");
        return 2;
    }
    options.argv = (const char *const *)words;
    options.env = (const char *const *)env;
    options.term = term;
    options.lang = lang;
    options.idle = idle;
    options.keep_env = own_env;
    options.cast = cast;
    g_autoptr(VdPty) pty = vd_pty_start(&options, &error);
    if (!pty) {
        fprintf(stderr, "shot: %s\n", error->message);
        return 1;
    }
    return script_run(pty, script);
}
