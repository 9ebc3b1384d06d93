/* Opening a connection of libvirt: whether somebody listens, the person's word where the host wants
 * it, and why it failed. On a lane. */
#pragma once

#include <libvirt/libvirt.h>

#include "src/virt/asker.h"
#include "src/virt/backend.h"

/* asker NULL: nobody can be asked, so a host that asks has refused. Fills ret->hopeless and
 * ret->asked. NULL with VD_ERR_UNREACHABLE or VD_ERR_DENIED. */
virConnectPtr vd_lv_connect(const char *uri, VdAsker *asker, VdOpened *ret, GError **error);
