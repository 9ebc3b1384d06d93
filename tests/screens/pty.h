/* A program on a terminal of its own: a pty whose output libvterm reads. No test sleeps: they wait
 * for a text, for the program's own word that it is idle, or for its end, each with a deadline.
 * One thread. */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "tests/screens/grid.h"

typedef struct _VdPty VdPty;

typedef struct {
    const char *const *argv; /* argv[0] with a path; NULL-terminated */
    int rows, cols;          /* 0: 24, 80 */
    const char *term;        /* NULL: xterm-256color */
    const char *lang;        /* NULL: C.UTF-8 */
    const char *const *env;  /* further NAME=VALUE, NULL-terminated, or NULL */
    gboolean idle;           /* adds --test-idle-fd=N: vd_pty_settle() then waits for it */
    gboolean keep_env;       /* the caller's environment and HOME, for pictures of real hosts */
    const char *folder; /* HOME and state of an earlier one, kept at the end; NULL: a new one */
    int rate;           /* bytes a second that the line takes from the program; 0: all at once */
    const char *cast;   /* records in asciinema's format to this file, or NULL */
} VdPtyOptions;

/* Starts it in an environment of its own: HOME, XDG and VMDECK_* folders in a temporary one,
 * TZ=UTC. The caller frees. */
VdPty *vd_pty_start(const VdPtyOptions *options, GError **error);
/* Hangs up, ends the program if it still runs, and removes its folder. */
void vd_pty_free(VdPty *pty);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdPty, vd_pty_free)

/* Types keys: text as it is, keys by name in brackets, taken from terminfo: <F2> <Enter> <Esc>
 * <Tab> <BackTab> <Up> <Down> <Left> <Right> <Home> <End> <PgUp> <PgDn> <Ins> <Del> <BS> <C-r>
 * <A-x> <Space> <lt>. An unknown name is a programmer's error. */
void vd_pty_send(VdPty *pty, const char *keys);
/* One click with the first button; FALSE if the program has not asked for the mouse, so that the
 * terminal tells it nothing. */
gboolean vd_pty_click(VdPty *pty, int row, int col);
void vd_pty_resize(VdPty *pty, int rows, int cols);
void vd_pty_signal(VdPty *pty, int number);
/* Closes our end, as a line that drops does. Its screen is kept. */
void vd_pty_hangup(VdPty *pty);

/* Each of these waits at most the deadline (30 s; VMDECK_TEST_DEADLINE in seconds overrides) and
 * returns FALSE then, or when the program ended before. */
/* Until the program has read all keys and said that it is idle. */
gboolean vd_pty_settle(VdPty *pty);
gboolean vd_pty_wait_text(VdPty *pty, const char *text);
gboolean vd_pty_wait_gone(VdPty *pty, const char *text);
/* Until predicate is TRUE for the screen, and the program idle. */
typedef gboolean (*VdPtyPredicate)(VdGrid *grid, gpointer data);
gboolean vd_pty_wait(VdPty *pty, VdPtyPredicate predicate, gpointer data);
/* Until it ends; *ret_status gets the exit status, 128 + the signal's number if one ended it. */
gboolean vd_pty_wait_exit(VdPty *pty, int *ret_status);

/* The screen now. The caller frees. */
VdGrid *vd_pty_grid(VdPty *pty);
/* The folder with home/, config/, state/ … Borrowed. */
const char *vd_pty_folder(const VdPty *pty);
pid_t vd_pty_pid(const VdPty *pty);
/* Bytes written by the program so far. */
guint64 vd_pty_bytes(const VdPty *pty);
/* Microseconds that one wait may take. */
gint64 vd_pty_deadline(void);
