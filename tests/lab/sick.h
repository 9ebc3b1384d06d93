/* For the tests with sick hosts: libvirt daemons that are frozen, killed and started again, links
 * that fall ill (proxy.c), and the console on a terminal beside them. A thing that cannot be had
 * fails the test. All child processes end with the test, however that ends. One thread. */
#pragma once

#include <glib.h>
#include <sys/types.h>

#include "tests/screens/pty.h"

/* ---- daemons ---- */

/* A libvirtd of its own, with libvirt's test driver: by an ordinary user, in a folder of its own.
 */
typedef struct {
    char *folder, *socket;
    char *id; /* the UUID of its host */
    pid_t pid;
} SickDaemon;

/* Starts it; sick_daemon_ready() waits until it answers, so that several start side by side. */
SickDaemon *sick_daemon_new(void);
void sick_daemon_ready(SickDaemon *daemon);
void sick_daemon_signal(SickDaemon *daemon, int number);
/* Ends it by SIGKILL; start: the same again. */
void sick_daemon_kill(SickDaemon *daemon);
void sick_daemon_start(SickDaemon *daemon);
void sick_daemon_free(SickDaemon *daemon);

/* ---- links ---- */

typedef struct _SickLink SickLink;

typedef struct {
    guint open, accepted, calls, most, samples, longest, damaged; /* longest: ms between samples */
    guint64 up, down;                                             /* bytes */
} SickCount;

/* at: a path, or tcp:PORT. */
SickLink *sick_link_new(const char *at, const char *target);
/* One of the proxy's commands. */
void sick_link_tell(SickLink *link, const char *command, ...) G_GNUC_PRINTF(2, 3);
SickCount sick_link_count(SickLink *link);
void sick_link_free(SickLink *link);

/* ---- a host with real machines ---- */

/* `lab up`, in a folder of its own; the caller frees by sick_lab_down(). */
char *sick_lab_up(void);
void sick_lab_down(char *lab);
/* Runs a shell's line in the lab as root and waits for it; TRUE if it ended with 0. */
gboolean sick_lab_sh(const char *lab, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same, for what it prints; the caller frees. */
char *sick_lab_read(const char *lab, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ---- the console ---- */

typedef struct {
    const char *name, *uri;
} SickHost;

typedef struct {
    VdPty *pty;
    char *folder;
    double worst, slowest; /* ms: what sick_console_key() took at most, and 99 of 100 at most */
    GArray *times;         /* double: ms */
} SickConsole;

/* hosts ends with a NULL name. cast: a recording, or NULL. */
SickConsole *sick_console_new(const SickHost *hosts, int rows, int cols, const char *cast);
/* Leaves it by q, and fails the test if it takes more than a second (times VMDECK_TEST_SLACK) or
 * ends with a status other than 0. */
void sick_console_quit(SickConsole *console);
/* For a time of seconds: reads what it writes. */
void sick_console_watch(SickConsole *console, double seconds);
/* The row that begins with this name, blanks and figures as they are; NULL: there is none. The
 * caller frees. */
char *sick_console_row(SickConsole *console, const char *name);
/* Until that row has the text; *ret_seconds (may be NULL): how long it took. Fails the test with
 * the screen when the seconds are over. */
void sick_console_expect(SickConsole *console, const char *name, const char *text, double seconds,
                         double *ret_seconds);
/* The row has the text, now; or has it not. */
gboolean sick_console_shows(SickConsole *console, const char *name, const char *text);
/* Moves the cursor to that row. */
void sick_console_go(SickConsole *console, const char *name);
/* Moves the cursor by a key and waits for the changed screen; keeps the times. */
void sick_console_key(SickConsole *console, const char *key);
/* Fails the test with the screen. */
void sick_console_fail(SickConsole *console, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* What its log has. The caller frees. */
char *sick_console_log(SickConsole *console);

/* A line for whoever reads the test's output: measured figures. */
void sick_note(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* 1; more where much waits for each processor, or as VMDECK_TEST_SLACK has it. */
double sick_slack(void);
