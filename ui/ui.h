/* The door of the ncurses client. */
#pragma once

#include "src/deck/deck.h"

typedef struct {
    gboolean ascii;    /* --ascii */
    const char *theme; /* --theme, or NULL: the configuration's */
    gboolean no_mouse; /* --no-mouse */
    int idle_fd;  /* --test-idle-fd=N: a frame number and a newline is written whenever the program
                     is idle; -1: none */
    gint64 clock; /* --test-clock=SECONDS: the header's wall clock stands still, ages and durations
                     are drawn as 0; 0: real */
} VdUiOptions;

/* To be called before any thread is started: where only 7-bit characters will be shown (--ascii, a
 * locale or a terminal without UTF-8), the program speaks untranslated English, for the letters of
 * other languages would all become `?`. */
void vd_ui_prepare(const VdUiOptions *options);
/* The mistakes in what the configuration says of theme, keys and columns: a sentence (char *) each,
 * with file, line and what was expected, is added to problems. For VdDeckOptions.check. */
void vd_ui_check(const VdConf *conf, GPtrArray *problems);
/* Runs the console on this thread until it is left: the exit status. The deck must have been made
 * with the thread's context. */
int vd_ui_run(VdDeck *deck, GMainContext *context, const VdUiOptions *options);
