/* A console without a terminal for the tests of dialogs: a stack, a canvas, and a deck whose
 * answers the test writes. It defines the functions of ui/app.h and those of src/deck/deck.h that
 * dialogs call, so nothing else of either is linked. One at a time. */
#pragma once

#include "ui/app.h"

typedef struct {
    VdCanvas *canvas;
    GPtrArray *stack; /* VdDialog */
    GPtrArray *jobs, *images;
    VdFleet *fleet;
    gboolean slow; /* answers are given by vd_fake_answer() alone, not after each key */
    int awaited;   /* vd_app_expect() less vd_app_expected() */
    /* What the deck answers. */
    const char *bad_field, *bad_text; /* this field is refused with this sentence */
    const char *summary;
    const char *const *choices; /* of every field */
    const VdArgs *follows;      /* what follows from a system, or NULL. Borrowed */
    const char *log;
    const VdArgs *retry; /* what a job was asked for; NULL: nobody knows */
    const VdVerb *retry_verb;
    const char *refusal; /* the outcome of a request: an error, or NULL: taken */
    /* What was asked for. */
    guint submitted, checked;
    const VdVerb *last_verb;
    VdArgs *last_args;
    char *last_host, *last_target;
} VdFake;

/* The same app for the dialogs. */
VdApp *vd_fake_new(int width, int height, gboolean ascii);
VdFake *vd_fake(void);
void vd_fake_free(void);
/* Gives all answers that are due. */
void vd_fake_answer(void);
/* The topmost dialog, or NULL. */
VdDialog *vd_fake_top(void);
/* Types keys into the topmost: text, and names in brackets as vd_key_parse() knows them. Answers
 * are given after each. */
void vd_fake_type(const char *keys);
/* The same as if it had been pasted. */
void vd_fake_paste(const char *text);
void vd_fake_click(int x, int y);
/* Draws all and gives the lines of the screen. The caller frees. */
char *vd_fake_screen(void);
/* The same with a map of roles below. The caller frees. */
char *vd_fake_roles(void);
/* Fails the test unless the screen has the text, has it not, or is of ASCII alone. */
void vd_fake_shows(const char *text);
void vd_fake_shows_not(const char *text);
void vd_fake_7bit(void);
/* Widths and heights, from a whole screen down to one cell. */
extern const int vd_fake_sizes[][2];
extern const guint vd_fake_sizes_count;
