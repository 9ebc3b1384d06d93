/* What dialogs and panes may ask of the console around them. Loop thread only. */
#pragma once

#include "src/deck/deck.h"
#include "ui/dialog.h"
#include "ui/targets.h"

/* Puts a dialog on top. Takes the caller's reference. */
void vd_app_push(VdApp *app, VdDialog *dialog);
/* Takes it off the stack wherever it stands; nothing if it is closed already. */
void vd_app_close(VdApp *app, VdDialog *dialog);
VdDeck *vd_app_deck(VdApp *app);
gboolean vd_app_ascii(VdApp *app);
/* Something drawn changed: a frame will follow. Cheap, may be called any number of times. */
void vd_app_dirty(VdApp *app);
/* The message line; bad: as an error. A sentence, already translated. */
void vd_app_say(VdApp *app, gboolean bad, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* An answer is awaited / came: the program is not idle in between (for tests that wait for idle).
 */
void vd_app_expect(VdApp *app);
void vd_app_expected(VdApp *app);

/* Runs a verb from the start: opens the form if a required argument is missing (or if the verb has
 * any to offer), asks if it is dangerous, submits one request for each target. targets may be NULL
 * for VD_TARGET_NONE; both are copied. */
void vd_app_run(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args);
/* Whether the person has the right to it; if not, says so: before a form is filled or a question
 * answered in vain. */
gboolean vd_app_may(VdApp *app, const VdVerb *verb);
/* The same with the form already answered: asks if dangerous, then submits. */
void vd_app_submit(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args);
/* What verb would act upon: the marks, else the cursor. The caller frees; may be empty. */
VdTargets *vd_app_targets(VdApp *app, VdTargetKind kind);
/* Runs an action or a verb by its name ("vm.start", "quit"); FALSE if there is none. */
gboolean vd_app_do(VdApp *app, const char *name);

/* As if the key had been pressed. */
void vd_app_key(VdApp *app, guint32 key);

/* Wall clock in microseconds for what is drawn; stands still under --test-clock. */
gint64 vd_app_clock(VdApp *app);
/* The time between two instants of one clock, for what is drawn: 0 under --test-clock. */
gint64 vd_app_span(VdApp *app, gint64 from, gint64 to);
/* Grows ten times a second while something is animated, 0 under --test-clock: for bars that pulse.
 */
guint vd_app_phase(VdApp *app);
/* What was shown so far of the remaining time of this job. Borrowed; lives as long as the console.
 */
VdPace *vd_app_pace(VdApp *app, const char *job);
