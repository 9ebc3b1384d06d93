/* Errors: a GError carries one sentence for people; the library's own words stay apart as its
 * detail, for the log, `job show` and `trace`. */
#pragma once

#include <glib.h>

/* What went wrong, by what a caller does about it. The command line maps these to its exit
 * status (see vd_error_exit_status()). */
typedef enum {
    VD_ERR_FAILED,      /* anything else: exit 1 */
    VD_ERR_INVALID,     /* an argument or a file is wrong: exit 2 when it came from the user */
    VD_ERR_NOT_FOUND,   /* no such machine, image, job … */
    VD_ERR_EXISTS,      /* the name is in use */
    VD_ERR_NO_SPACE,    /* no room on a pool, image directory or the journal's disk */
    VD_ERR_UNREACHABLE, /* the host does not answer or refuses: exit 3 */
    VD_ERR_DENIED,      /* rights: exit 4 */
    VD_ERR_UNKNOWN,     /* outcome unknown: a call that changes something was abandoned: exit 5 */
    VD_ERR_TIMEOUT,     /* a deadline passed, nothing was changed */
    VD_ERR_CANCELLED,   /* by request */
    VD_ERR_UNSUPPORTED, /* this host or this libvirt cannot do it */
    VD_ERR_DAMAGED,     /* a file of ours is broken */
    VD_ERR_BUSY,        /* somebody else holds it: try again */
    VD_ERR_USAGE,       /* the command line's words are off: exit 2 */
} VdErrorCode;

#define VD_ERROR (vd_error_quark())
GQuark vd_error_quark(void);

/* Sets *error to the sentence made from format and the library's words detail (may be NULL).
 * Any thread. A NULL error is ignored. */
void vd_error_set(GError **error, VdErrorCode code, const char *detail, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Like vd_error_set(), and returns FALSE, so that a function can end with it. */
gboolean vd_fail(GError **error, VdErrorCode code, const char *detail, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* The same without a detail, of two formats of which ngettext(3) takes one by n, and which are
 * untranslated. */
gboolean vd_fail_n(GError **error, VdErrorCode code, const char *one, const char *many, gulong n,
                   ...) G_GNUC_PRINTF(4, 6);

/* The sentence that was set holds the message of why as an argument: whoever reads it in another
 * language reads that in it as well (said.h). Nothing, where there is no error or no such argument.
 */
void vd_error_quote(GError **error, const GError *why);

/* The library's words of an error, or NULL. Owned by the error. Works for any GError. */
const char *vd_error_detail(const GError *error);

/* The sentence as it is written down for readers of other languages (said.h); the message itself
 * for an error of another domain, or one that was not made by the functions above. Owned by the
 * error. */
const char *vd_error_written(const GError *error);
/* Sets that for a sentence that was put together of several. written is taken over. */
void vd_error_write(GError *error, char *written);

/* The code, VD_ERR_FAILED for errors of another domain. */
VdErrorCode vd_error_code(const GError *error);

/* The exit status of the command line for this error: 1 to 5 as in vmdeck(1). */
int vd_error_exit_status(const GError *error);
