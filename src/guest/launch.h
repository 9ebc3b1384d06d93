/* One appliance: made, launched, and closed in the order that keeps what was written. All calls on
 * the main thread. */
#pragma once

#include <guestfs.h>

#include "src/guest/fail.h"
#include "src/guest/out.h"
#include "src/guest/request.h"

typedef struct {
    guestfs_h *g;
    VdOut *out; /* borrowed */
    char *tmpdir;
    const char *disk; /* borrowed from the request; NULL before a launch and for a probe */
    gboolean tcg;
    gint64 launch_ms;
    gboolean io_error; /* the appliance's kernel told of one */
    guint launched;    /* how far the launch is, in percent; 100: it is over */
    GString *line;     /* what the appliance printed of a line that has not ended */
} VdGuest;

/* A handle for the request, not launched. tmpdir: a folder of this process's own, for what
 * libguestfs keeps in files. */
VdGuest *vd_guest_new(VdOut *out, const char *tmpdir, GError **error);
void vd_guest_free(VdGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdGuest, vd_guest_free)

/* Launches with the request's disk (none for a probe), read-only for inspect; by KVM unless the
 * request, the environment or this host speak against it, else by TCG. The step "appliance". Fails
 * with no-disk or appliance-failed. */
gboolean vd_guest_launch(VdGuest *guest, const VdRequest *request, GError **error);

/* Unmounts all, shuts the appliance down, and syncs the disk (NULL: it was read-only): only then is
 * it known that everything was written. The step "close". Fails with disk-full or failed. */
gboolean vd_guest_close(VdGuest *guest, const char *disk, GError **error);

/* The library's words of the last call on this handle that failed. Valid until the next call. */
const char *vd_guest_words(VdGuest *guest);

/* Sets an error after a call failed: disk-full if that is why, else code, with the library's words
 * as detail. Returns FALSE. */
gboolean vd_guest_call_failed(VdGuest *guest, GError **error, VdGuestCode code, const char *format,
                              ...) G_GNUC_PRINTF(4, 5);

/* TRUE if the appliance has this group of features ("xfs"), see guestfs-availability. */
gboolean vd_guest_feature(VdGuest *guest, const char *group);
