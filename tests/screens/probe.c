/* A small program for the tests of the harness: it draws a known screen, shows the last key it got,
 * and keeps the promise of --test-idle-fd. "q" ends it with status 7. */
#include "config.h"

#include <glib.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

typedef struct {
    GMainLoop *loop;
    int idle_fd, frame, status;
    char last[64];
} Probe;

static void probe_draw(Probe *probe)
{
    struct winsize size = {0};
    ioctl(0, TIOCGWINSZ, &size);
    printf("\033[?1000h\033[?1006h\033[?25l\033[H\033[2J\033[1;31mred\033[0m plain \033[7mreverse"
           "\033[0m\r\n\u6a5f wide e\u0301\r\nsize %dx%d key %s\r\n"
           "%s %s r-AB12CD\r\n",
           size.ws_col, size.ws_row, probe->last, g_getenv("TERM"), g_getenv("TZ"));
    fflush(stdout);
    if (probe->idle_fd >= 0)
        dprintf(probe->idle_fd, "%d\n", ++probe->frame);
}

static gboolean on_resize(gpointer data)
{
    probe_draw(data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_key(int fd, GIOCondition condition, gpointer data)
{
    Probe *probe = data;
    char bytes[64] = "";
    ssize_t n = read(fd, bytes, sizeof(bytes) - 1);
    (void)condition;
    if (n <= 0 || bytes[0] == 'q') {
        probe->status = n <= 0 ? 1 : 7;
        g_main_loop_quit(probe->loop);
        return G_SOURCE_REMOVE;
    }
    g_autofree char *shown = g_strescape(bytes, NULL);
    g_strlcpy(probe->last, shown, sizeof(probe->last));
    probe_draw(probe);
    return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv)
{
    Probe probe = {.loop = g_main_loop_new(NULL, FALSE), .idle_fd = -1};
    struct termios mode;
    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "--test-idle-fd="))
            probe.idle_fd = atoi(strchr(argv[i], '=') + 1);
    }
    if (tcgetattr(0, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(0, TCSANOW, &mode);
    }
    g_unix_fd_add(0, G_IO_IN | G_IO_HUP, on_key, &probe);
    g_unix_signal_add(SIGWINCH, on_resize, &probe);
    probe_draw(&probe);
    g_main_loop_run(probe.loop);
    g_main_loop_unref(probe.loop);
    return probe.status;
}
