/* The command line: every verb of the table. */
#pragma once

#include "src/deck/deck.h"

/* Runs `vmdeck WORDS…`; argv[0] is the program. Returns the exit status. Without a verb the console
 * is wanted: then *ret_console gets TRUE and the options are left in *ret_options for the caller
 * (strings owned by argv, the
 * list deck.uris to be freed). */
typedef struct {
    VdDeckOptions deck;
    gboolean ascii, no_mouse;
    const char *theme;
    int idle_fd;
    gint64 clock;
} VdCliConsole;
int vd_cli_main(int argc, char **argv, gboolean *ret_console, VdCliConsole *ret_options);
