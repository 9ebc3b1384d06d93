/* The events on standard output (doc/guest-protocol.md): JSON lines, each written whole. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

typedef struct _VdOut VdOut; /* one owner; events may be sent from any thread */

/* Events go to fd, which stays the caller's. */
VdOut *vd_out_new(int fd);
void vd_out_free(VdOut *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdOut, vd_out_free)

/* From now on nothing more is written: the process is about to end. */
void vd_out_mute(VdOut *out);

/* A step begins; text (NULL: none) says on what. The step that runs is over. step is a static
 * string: "appliance", "grow", "customise", "inspect" or "close". */
void vd_out_step(VdOut *out, const char *step, const char *text);
/* The running step is done; text (NULL: as it began) says how it ended. No step running: nothing
 * happens. */
void vd_out_step_done(VdOut *out, const char *text);
/* How far the running step is; total 0: nobody knows, it is a pulse. */
void vd_out_progress(VdOut *out, guint64 position, guint64 total);
/* A line for the job's log; foreign words are stripped. */
void vd_out_log(VdOut *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The last event of a failed run. */
void vd_out_error(VdOut *out, const GError *error);
/* The last event of a run; takes object, which gets "event": "result". */
void vd_out_result(VdOut *out, JsonObject *object);

/* One event as a line of JSON without its newline, with all control characters escaped; the caller
 * frees. Pure. */
char *vd_out_line(JsonObject *object);
