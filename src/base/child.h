/* A short-lived child: an argv array, a deadline, and what it said. Waits: never on the UI thread.
 */
#pragma once

#include <gio/gio.h>

typedef struct {
    int status;        /* its exit status; -1: ended by a signal */
    int signal;        /* the signal, or 0 */
    gboolean late;     /* ended by us at the deadline, or as it was cancelled */
    gboolean flooded;  /* ended by us as it wrote more than 16 MiB: out and error are empty */
    char *out, *error; /* what it wrote (valid UTF-8), never NULL once run */
} VdChild;

void vd_child_clear(VdChild *child);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdChild, vd_child_clear)

/* Runs argv[0] (looked up in PATH) with LC_ALL=C, no core file, and input (may be NULL) on its
 * standard input; kills it deadline_ms after its start. TRUE when it ran, however it ended: look at
 * ret. FALSE with VD_ERR_NOT_FOUND when there is no such program, or VD_ERR_FAILED. Any thread. */
gboolean vd_child_run(const char *const *argv, const char *input, int deadline_ms, VdChild *ret,
                      GError **error);
/* The same without input; kills it as well when cancel (may be NULL) is triggered. */
gboolean vd_child_run_until(const char *const *argv, int deadline_ms, GCancellable *cancel,
                            VdChild *ret, GError **error);
/* The line of its standard error that says why, for a sentence: the last one that calls itself an
 * error, else the last one; cleaned, without the program's name. "" if it said nothing. The caller
 * frees. */
char *vd_child_words(const VdChild *child);
