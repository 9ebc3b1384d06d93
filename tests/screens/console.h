/* The real program on a terminal with a fleet of libvirt's test driver, for the tests of screens.
 */
#pragma once

#include "tests/screens/pty.h"

typedef enum {
    VD_FLEET_SMALL,
    VD_FLEET_LARGE,
    VD_FLEET_HOSTILE,
    VD_FLEET_DOWN,
    VD_FLEET_EMPTY
} VdFleetKind;

typedef struct {
    VdFleetKind fleet;
    int rows, cols;           /* 0: 24, 80 */
    const char *term, *lang;  /* NULL: xterm-256color, C.UTF-8 */
    const char *const *words; /* more words for the command line, or NULL */
    const char *const *env;   /* more variables, or NULL */
    const char *conf;         /* more lines for the configuration, or NULL */
    const char *folder;       /* a sandbox made before, which is kept; NULL: a new one */
    gboolean no_config;       /* no --config: the words say all */
    const char *shell;        /* a script for bash that runs it as "$@"; NULL: it runs by itself */
} VdConsoleOptions;

typedef struct {
    VdPty *pty;
    char *folder; /* fleet and configuration */
} VdConsole;

/* The program under test: $VMDECK, else the build tree's. */
const char *vd_console_program(void);
/* Starts it and waits until it is idle for the first time, except at 1 by 1. Fails the test if that
 * does not come. */
VdConsole *vd_console_start(const VdConsoleOptions *options);
/* Leaves it by its key, and fails the test unless its exit status is 0: a crash or a sanitizer's
 * report at the end is a failure. */
void vd_console_leave(VdConsole *console);
/* Types keys, then waits until the program is idle. */
void vd_console_type(VdConsole *console, const char *keys);
/* The test fails with a picture of the screen unless the text comes / goes. */
void vd_console_expect(VdConsole *console, const char *text);
void vd_console_expect_gone(VdConsole *console, const char *text);
/* The screen becomes the golden one; the test fails with both if it does not. GENERATE=1 writes. */
void vd_console_golden(VdConsole *console, const char *name);
