/* The libvirt backend's own: shared by its files alone. */
#pragma once

#include <libvirt/libvirt.h>

#include "src/virt/backend.h"

struct _VdBackendConn {
    gint refs; /* atomic */
    /* immutable */
    virConnectPtr conn;
    gboolean is_private; /* see VdOpened */
    gboolean containers; /* LXC: what it calls a machine's memory is what is in use of it */
    /* the watching lane's alone */
    GArray *events;   /* int: callback ids */
    gboolean closing; /* a close callback is registered */
    VdTap *tap;       /* what it writes to, one reference; NULL: not watched */
    /* atomic: found out while working */
    gint no_bulk;               /* the driver has no bulk statistics at all */
    gint one_by_one;            /* its bulk statistics hold the state alone */
    gint info_turn;             /* whose processor time is asked first */
    gint node_cpu, node_memory; /* how many figures of the host there are; 0: not asked, -1: none */
};

/* A domain's state in our words; unknown numbers are VD_VM_NOSTATE. */
VdVmState vd_lv_state(int state);
/* Looks a machine up by UUID on this connection. NULL and the library's error if it is not there.
 * Free with virDomainFree(). */
virDomainPtr vd_lv_lookup(VdBackendConn *conn, const char *uuid);
/* The UUID of a domain, lower case. */
void vd_lv_uuid(virDomainPtr domain, char uuid[37]);
void vd_lv_domains_free(virDomainPtr *domains, int n);

/* backend-list.c */
gboolean vd_lv_list(VdBackendConn *conn, VdNeedsInfo needs, gpointer data, GArray *rows,
                    GError **error);
gboolean vd_lv_look(VdBackendConn *conn, GPtrArray *uuids, GArray *rows, GError **error);
gboolean vd_lv_facts(VdBackendConn *conn, guint what, VdHost *host, GError **error);

/* backend-stats.c */
gboolean vd_lv_cheap(VdBackendConn *conn, VdBackendCache **cache, VdCheapSample *sample,
                     GError **error);
gboolean vd_lv_dear(VdBackendConn *conn, VdBackendCache **cache, VdDearSample *sample,
                    GError **error);
void vd_lv_detail(VdBackendConn *conn, const char *uuid, VdDetail *detail);
void vd_lv_cache_free(VdBackendCache *cache);
