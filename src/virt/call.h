/* What an operation sees: inside the virt room only. On the lane's thread. */
#pragma once

#include <libvirt/libvirt.h>

#include "src/virt/virt.h"

struct _VdVirtCall {
    virConnectPtr conn;  /* borrowed; the lane's */
    virDomainPtr domain; /* borrowed; NULL for a host's operation */
    const VdArgs *args;  /* never NULL */
    const char *request; /* may be NULL */
    VdDoc *answer;       /* owned; set by vd_call_answer() */
    gint *patience; /* atomic, the lane's; by vd_call_expect(); NULL in a call without a lane */
};

/* Takes ownership of doc. */
void vd_call_answer(VdVirtCall *call, VdDoc *doc);

/* This operation may rightly take this long (a managed save of a large machine, say): its hard
 * deadline is moved. Before the call into libvirt that takes long. */
void vd_call_expect(VdVirtCall *call, guint seconds);

/* Turns libvirt's last error on this thread into *error: the sentence "what: …" in people's words
 * with the right code (no such domain: NOT_FOUND, access denied: DENIED, …), libvirt's words as
 * detail; returns FALSE. format says what was tried, without a full stop: _("Cannot start %s"). */
gboolean vd_virt_fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The bytes that machines may still fill where libvirt told of so many free ones: it counts the
 * blocks that are kept for root as well (statvfs' f_bfree), and a machine's QEMU is not root. path:
 * the pool's folder, or NULL. Asked of the file system itself where the host is this machine; of
 * another host what it told must do. */
guint64 vd_virt_room(virConnectPtr conn, const char *path, guint64 told);

/* How many there are in what one of libvirt's virXListAllY() gave, which returned n: the list ends
 * with NULL, and a daemon that lies may give another n than the list has. n < 0 stays as it is
 * where there is no list, which the caller has begun with NULL. */
#define vd_virt_listed(n, items) vd_virt_listed_(n, (const void *const *)(const void *)(items))
int vd_virt_listed_(int n, const void *const *items);
