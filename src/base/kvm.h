/* Whether KVM really works on this machine. May wait for up to VD_KVM_DEADLINE_MS: never on the UI
 * thread. */
#pragma once

#include <glib.h>

/* A boot sector runs within 0.2 s of QEMU's start on a working KVM, and on TCG as well. A KVM that
 * is itself emulated takes 5 s, and is of no use. */
#define VD_KVM_DEADLINE_MS 3000

/* TRUE if a guest's code really runs on KVM: opens /dev/kvm and lets QEMU run a boot sector that
 * ends it. *why, if not NULL, gets a sentence with the way out if it does not, NULL if it does; the
 * caller frees it.
 *
 * The answer of QEMU is kept in <state>/kvm-probe and holds as long as the boot (its id), QEMU's
 * binary (path, time, size) and /dev/kvm (time of its last change) are the same; a guest that did
 * not run in time, which a busy machine may cause too, is tried again after ten minutes. Any
 * thread; several processes at once each probe for themselves. */
gboolean vd_kvm_usable(char **why);

/* The same with another device and another QEMU (NULL: there is none): for tests. All others look
 * at the device that the environment variable VMDECK_KVM_DEVICE names, if it does. */
gboolean vd_kvm_usable_with(const char *device, const char *qemu, char **why);

/* Whether others than root may open /dev/kvm: libvirt then takes it for usable on behalf of its
 * QEMU's user, whatever it does. Does not wait. */
gboolean vd_kvm_open_to_others(void);

/* Whether this user may open /dev/kvm. Does not wait. */
gboolean vd_kvm_opens(void);

/* The group as whose member this user could open /dev/kvm; NULL: it can, or none helps. The caller
 * frees. */
char *vd_kvm_group_wanted(void);

/* The QEMU for this machine's own architecture: "/usr/bin/qemu-system-x86_64", or NULL. The caller
 * frees. */
char *vd_kvm_qemu(void);
