/* How often something is asked: usually every so many milliseconds, more rarely while that takes
 * long, so that whoever answers is never busy with us for more than a share of the time. Pure. */
#pragma once

#include <glib.h>

typedef struct {
    guint usual_ms;
    guint ms;      /* between two questions, now */
    gint64 before; /* microseconds: what the answer before the last took */
} VdPace;

void vd_pace_init(VdPace *pace, guint usual_ms);
/* The last answer took so long. It slows down when two in a row took long (one that waited for
 * something, a machine that was being killed, say, tells nothing of the next), and speeds up again
 * by and by. */
void vd_pace_took(VdPace *pace, gint64 usec);
/* Slower than usual, by so much that it is felt. */
gboolean vd_pace_stretched(const VdPace *pace);
