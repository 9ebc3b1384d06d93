/* What an installer prints on a serial console, told apart: what is new, what asks, and what only
 * shows that a screen is drawn. Reads no clock and waits for nothing; one thread at a time. Inside
 * the deploy room. */
#pragma once

#include <glib.h>

typedef enum {
    VD_HEARD_NOTHING, /* said before, or only a clock went on */
    VD_HEARD_LIFE,    /* something moves; what is asked is still asked */
    VD_HEARD_NEWS,    /* it goes on */
    VD_HEARD_ASKS,    /* it waits for an answer or a key */
} VdHeardKind;

typedef struct _VdHeard VdHeard;

VdHeard *vd_heard_new(void);
void vd_heard_free(VdHeard *heard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdHeard, vd_heard_free)

/* One line as vd_conn_vm_follow() gives it, at `now` (monotonic microseconds). ret_text (may be
 * NULL) gets its words without the bar that a terminal multiplexer draws, or NULL if it has none
 * (of a bar's "... 37%" the part of the work that it goes with); valid until the next call.
 * ret_part (may be NULL) gets how much of all the work is done as a fraction, or -1: by the parts
 * of which debian-installer, anaconda and subiquity tell, of which it never gets less; of others it
 * is the last "44%" of the line. */
VdHeardKind vd_heard_line(VdHeard *heard, const char *line, gint64 now, const char **ret_text,
                          double *ret_part);
