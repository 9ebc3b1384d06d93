/* Operations on machines and hosts, one function each, for the table of verbs. Each runs on an
 * action lane (VdVirtFunc). */
#pragma once

#include "src/virt/virt.h"

gboolean vd_op_vm_start(VdVirtCall *call, GError **error);
gboolean vd_op_vm_shutdown(VdVirtCall *call, GError **error);
gboolean vd_op_vm_poweroff(VdVirtCall *call, GError **error);
gboolean vd_op_vm_reboot(VdVirtCall *call, GError **error);
gboolean vd_op_vm_reset(VdVirtCall *call, GError **error);
gboolean vd_op_vm_suspend(VdVirtCall *call, GError **error);
gboolean vd_op_vm_resume(VdVirtCall *call, GError **error);
gboolean vd_op_vm_save(VdVirtCall *call, GError **error);      /* managed save */
gboolean vd_op_vm_restore(VdVirtCall *call, GError **error);   /* start from the managed save */
gboolean vd_op_vm_autostart(VdVirtCall *call, GError **error); /* arg "state": on | off */
gboolean vd_op_vm_rename(VdVirtCall *call, GError **error);    /* arg "new-name" */
gboolean vd_op_vm_delete(VdVirtCall *call, GError **error);    /* flag "volumes" */
/* Questions: answer with a document. */
gboolean vd_op_vm_show(VdVirtCall *call, GError **error); /* parsed hardware */
gboolean vd_op_vm_xml(VdVirtCall *call, GError **error);
gboolean
vd_op_vm_volumes(VdVirtCall *call,
                 GError **error); /* what delete --volumes would remove: path, pool, size */
gboolean vd_op_host_show(VdVirtCall *call, GError **error);
gboolean vd_op_host_pools(VdVirtCall *call,
                          GError **error); /* name, state, capacity, available, path */
gboolean vd_op_host_networks(VdVirtCall *call,
                             GError **error); /* name, state, mode, bridge, subnet */
