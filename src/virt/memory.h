/* A host's memory: one answer for the list of hosts, its live figures and its page. */
#pragma once

#include <libvirt/libvirt.h>

#include <glib.h>

typedef struct {
    guint64 total; /* bytes; 0: not known */
    guint64 spare; /* bytes that are free or given up when asked for: buffers and cache */
    gboolean used; /* spare is known */
} VdNodeMemory;

/* Asks the host's kernel (virNodeGetMemoryStats), where the driver has that; else what libvirt
 * found when it started (virNodeGetInfo), with the total alone. number: how many figures there are,
 * kept between calls on one connection (atomic; 0: not asked yet). FALSE: nothing is known. On a
 * lane.
 */
gboolean vd_node_memory(virConnectPtr conn, gint *number, VdNodeMemory *ret_memory);
