/* What can go wrong in the guest helper: a stable code for the caller, one sentence for people, and
 * the library's own words apart. An error domain of its own, because its codes are part of the
 * protocol (doc/guest-protocol.md). Everything here may be called on any thread. */
#pragma once

#include <glib.h>

typedef enum {
    VD_GUEST_BAD_REQUEST,
    VD_GUEST_BAD_LAYOUT,
    VD_GUEST_NO_DISK,
    VD_GUEST_TRUNCATED,
    VD_GUEST_NO_OS,
    VD_GUEST_ENCRYPTED,
    VD_GUEST_UNSUPPORTED_OS,
    VD_GUEST_UNSUPPORTED_LAYOUT,
    VD_GUEST_NO_ROOM,
    VD_GUEST_NO_XFS_TOOLS,
    VD_GUEST_BAD_TIMEZONE,
    VD_GUEST_ODD_GUEST,
    VD_GUEST_DISK_FULL,
    VD_GUEST_APPLIANCE_FAILED,
    VD_GUEST_FAILED,
} VdGuestCode;

#define VD_GUEST_ERROR (vd_guest_error_quark())
GQuark vd_guest_error_quark(void);

/* Sets *error (unless error is NULL) to the sentence made from format and the library's words
 * detail, which may be NULL and is copied. Returns FALSE, so that a function can end with it. */
gboolean vd_guest_fail(GError **error, VdGuestCode code, const char *detail, const char *format,
                       ...) G_GNUC_PRINTF(4, 5);

/* The sentence for readers of any language (base/said.h), or NULL. Owned by the error. */
const char *vd_guest_fail_written(const GError *error);
/* The library's words of an error of this domain, or NULL. Owned by the error. */
const char *vd_guest_fail_detail(const GError *error);

/* The word the protocol has for a code ("no-room"). Static. */
const char *vd_guest_code_name(VdGuestCode code);

/* The same for an error; "failed" for one of another domain. Static. */
const char *vd_guest_fail_code(const GError *error);
