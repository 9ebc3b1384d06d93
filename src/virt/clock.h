/* The engine's timers, all of them behind one source of the loop: of a hundred hosts, each of which
 * waits for several things, one source each would be walked at every turn. All on the loop thread.
 */
#pragma once

#include <glib.h>

typedef struct _VdClock VdClock;
typedef struct _VdTimer VdTimer;

/* Its timers fire on the thread that runs context. */
VdClock *vd_clock_new(GMainContext *context);
/* None fires from now on; those that are set are to be cleared before vd_clock_free(). */
void vd_clock_close(VdClock *clock);
void vd_clock_free(VdClock *clock); /* any thread, once nobody has a timer of it */

/* func(data) runs once after ms; *slot, which outlives that or is cleared, is NULL again before. A
 * timer that is in the slot is replaced. One that is set by a func does not fire in the same turn,
 * and a turn ends after VD_MAILBOX_TURN_MS, as it does for answers. */
void vd_timer_set(VdTimer **slot, VdClock *clock, guint ms, void (*func)(gpointer data),
                  gpointer data);
void vd_timer_clear(VdTimer **slot); /* an empty one is fine */
