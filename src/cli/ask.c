/* What a host asks, on the terminal: by a thread of its own, so that the other hosts go on
 * meanwhile. Without a terminal it is refused, which the host then says. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/cli/private.h"

#define MAX_FIELDS 8
#define CTRL_C     3

/* One at a time, however many hosts ask: there is one terminal. It is given back as it was found
 * even if the program leaves while somebody is asked. */
static GMutex terminal;
static struct termios usual;
static gint hidden = -1; /* atomic: the terminal whose echo is off */

void vd_ask_restore(void)
{
    int fd = g_atomic_int_get(&hidden);
    if (fd >= 0)
        (void)tcsetattr(fd, TCSANOW, &usual);
}

/* The line without its end; NULL: there is no more. Free with vd_secret_free(). */
static char *read_line(int fd)
{
    char line[512];
    gsize n = 0;
    while (n + 1 < sizeof line) {
        ssize_t got = read(fd, line + n, 1);
        if (got <= 0)
            return NULL;
        if (line[n] == CTRL_C)
            return NULL;
        if (line[n] == '\n')
            break;
        n++;
    }
    line[n] = '\0';
    char *text = g_strdup(line);
    explicit_bzero(line, sizeof line);
    return text;
}

static char *ask_field(int fd, const VdQuestionField *field)
{
    g_autofree char *line = field->given && *field->given
                                ? g_strdup_printf("%s [%s]: ", field->prompt, field->given)
                                : g_strdup_printf("%s: ", field->prompt);
    gboolean quiet = field->secret && tcgetattr(fd, &usual) == 0;
    if (quiet) {
        struct termios silent = usual;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
        silent.c_cc[VEOL] = CTRL_C; /* a refusal, and not the end with the echo off */
        g_atomic_int_set(&hidden, fd);
        (void)tcsetattr(fd, TCSAFLUSH, &silent);
    }
    /* Last: what is typed at once would be shown, and then flushed. */
    vd_err("%s", line);
    char *text = read_line(fd);
    if (quiet) {
        vd_ask_restore();
        g_atomic_int_set(&hidden, -1);
        vd_err("\n");
    }
    if (text && !*text && field->given) {
        g_free(text);
        return g_strdup(field->given);
    }
    return text;
}

static void ask(VdQuestion *question, int fd)
{
    char *answers[MAX_FIELDS + 1] = {NULL};
    guint n = MIN(vd_question_fields(question), (guint)MAX_FIELDS);
    gboolean given = TRUE;
    vd_err("%s\n", vd_question_text(question));
    if (n == 0) {
        vd_err("%s ", _("[y/N]"));
        g_autofree char *word = read_line(fd);
        given = word && (*word == 'y' || *word == 'Y');
    }
    for (guint i = 0; i < n && given; i++) {
        answers[i] = ask_field(fd, vd_question_field(question, i));
        given = answers[i] != NULL;
    }
    vd_question_give(question, given ? (const char *const *)answers : NULL);
    for (guint i = 0; i < n; i++)
        vd_secret_free(answers[i]);
}

static gpointer ask_thread(gpointer data)
{
    g_autoptr(VdQuestion) question = data;
    g_mutex_lock(&terminal);
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && vd_question_open(question))
        ask(question, fd);
    else
        vd_question_give(question, NULL);
    if (fd >= 0)
        (void)close(fd);
    g_mutex_unlock(&terminal);
    return NULL;
}

void vd_ask_on_terminal(VdQuestion *question)
{
    GThread *thread = g_thread_try_new("ask", ask_thread, vd_question_ref(question), NULL);
    if (thread) {
        g_thread_unref(thread);
        return;
    }
    vd_question_give(question, NULL);
    vd_question_unref(question);
}
