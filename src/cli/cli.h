/* The command line: every verb of the table. */
#pragma once

#include "src/deck/deck.h"

typedef struct {
    VdDeckOptions deck;
    gboolean ascii, no_mouse;
    const char *theme;
    int idle_fd;
    gint64 clock;
} VdCliConsole;
/* Runs `vmdeck WORDS…`; argv[0] is the program. Returns the exit status. Without a verb the console
 * is wanted: then *ret_console gets TRUE and the options are left in *options for the caller
 * (strings owned by argv, the list deck.uris to be freed). The caller sets options->deck.check. */
int vd_cli_main(int argc, char **argv, gboolean *ret_console, VdCliConsole *options);
