/* A console on a fake deck, for tests of what keys do and what is shown. Everything on the test's
 * own thread; a failure ends the test case. */
#pragma once

#include "ui/console.h"

typedef struct {
    VdDeck *deck;
    VdUiOptions options;
    VdTheme *theme;
    VdKeymap *keymap;
    GMainContext *context;
    VdApp *app;
} Fixture;

/* With n machines on each of the fake deck's hosts, drawn once in so many cells. */
void start(Fixture *f, guint n, int width, int height);

/* Answers what is still asked, and frees all of it. */
void stop(Fixture *f);

/* Keys by their names, separated by spaces. */
void press(Fixture *f, const char *keys);

/* The same all at once, as a slow line brings them: nothing is drawn before the last one. */
void burst(Fixture *f, const char *keys);

/* Whether a line of the screen, drawn anew, has this text. */
gboolean shows(Fixture *f, const char *text);

/* So many requests were made. */
void assert_asked(Fixture *f, guint n);

/* The request i: "vm.start alpha/UUID {…}". Borrowed. */
const char *asked(Fixture *f, guint i);
