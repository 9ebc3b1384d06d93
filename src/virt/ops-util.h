/* Shared by the operations (ops-*.c) alone. On the lane's thread. */
#pragma once

#include <libvirt/libvirt.h>

#include "src/virt/call.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStoragePool, virStoragePoolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virStorageVol, virStorageVolFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)

/* libvirt's strings come from malloc(), as GLib's do (GLib 2.46 and later). */

/* The machine's name, safe to put into a sentence. The caller frees. */
char *vd_op_name(const VdVirtCall *call);
/* Its state and libvirt's reason, which may be NULL. FALSE with an error: it cannot be asked. */
gboolean vd_op_state(VdVirtCall *call, int *ret_state, int *ret_reason, GError **error);
/* Runs in some way: every state but off and crashed. */
gboolean vd_op_state_active(int state);
/* Fails with "NAME is not running" unless it is active. */
gboolean vd_op_need_active(VdVirtCall *call, int *ret_state, GError **error);
/* Fails unless the machine has a definition that outlives its run. */
gboolean vd_op_need_persistent(VdVirtCall *call, GError **error);
/* Its XML as parsed later with the VIR_DOMAIN_XML_* flags; NULL with an error. The caller frees. */
char *vd_op_xml(VdVirtCall *call, unsigned int flags, GError **error);
/* The last error on this thread says that the driver does not know the call or its flags. */
gboolean vd_op_not_known(void);
