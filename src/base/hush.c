/* What the signals must undo has to be where a handler finds it: the terminal's state as it was,
 * and as it is while somebody types. The handlers call nothing that a handler may not. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/hush.h"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static struct termios usual, silent;
static struct sigaction former[G_N_ELEMENTS(ending)], former_stop;
static int terminal = -1;
static const char *question;

static void on_end(int number)
{
    (void)tcsetattr(terminal, TCSANOW, &usual);
    (void)vd_write_all(STDERR_FILENO, "\n", 1);
    (void)signal(number, SIG_DFL);
    (void)raise(number); /* comes when this handler is left */
}

static void on_stop(int number)
{
    int before = errno;
    (void)number;
    (void)tcsetattr(terminal, TCSANOW, &usual);
    (void)raise(SIGSTOP);
    (void)tcsetattr(terminal, TCSAFLUSH, &silent);
    (void)vd_write_all(STDERR_FILENO, question, strlen(question));
    errno = before;
}

/* A signal that is ignored stays ignored. */
static void handle(int number, void (*handler)(int), struct sigaction *ret_former)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    (void)sigfillset(&action.sa_mask);
    (void)sigdelset(&action.sa_mask, SIGTTOU); /* back in the background: it stops again */
    (void)sigaction(number, NULL, ret_former);
    if (ret_former->sa_handler != SIG_IGN)
        (void)sigaction(number, &action, NULL);
}

gboolean vd_hush_begin(int fd, const char *prompt)
{
    if (tcgetattr(fd, &usual) != 0)
        return FALSE;
    silent = usual;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    silent.c_lflag |= ICANON;
    terminal = fd;
    question = prompt;
    for (guint i = 0; i < G_N_ELEMENTS(ending); i++)
        handle(ending[i], on_end, &former[i]);
    handle(SIGTSTP, on_stop, &former_stop);
    (void)tcsetattr(fd, TCSAFLUSH, &silent);
    (void)vd_write_all(STDERR_FILENO, prompt, strlen(prompt));
    return TRUE;
}

void vd_hush_end(void)
{
    (void)tcsetattr(terminal, TCSANOW, &usual);
    for (guint i = 0; i < G_N_ELEMENTS(ending); i++)
        (void)sigaction(ending[i], &former[i], NULL);
    (void)sigaction(SIGTSTP, &former_stop, NULL);
    (void)vd_write_all(STDERR_FILENO, "\n", 1);
}
