/* The calls that the engine makes, as a table: libvirt's in life (backend-libvirt.c), scripted ones
 * in the tests of the engine. Every function but ref runs on a lane's thread and may wait for ever;
 * the engine's deadlines, not the backend, deal with that. Errors are in VD_ERROR. */
#pragma once

#include <glib.h>

#include "src/model/fleet.h"
#include "src/virt/asker.h"
#include "src/virt/tap.h"
#include "src/virt/virt.h"

typedef struct _VdBackend VdBackend;
typedef struct _VdBackendConn VdBackendConn;   /* counted; usable by several threads at once */
typedef struct _VdBackendCache VdBackendCache; /* what one lane remembers; that lane's alone */

/* One machine of a listing. */
typedef struct {
    char uuid[37];
    char *raw_name; /* owned */
    int id;
    VdVmState state;
    int reason;
    gboolean gone; /* vd_backend look: there is no such machine */
    gboolean persistent, autostart, managed_save;
    gboolean informed; /* vcpus and max_mem were asked */
    int vcpus;
    guint64 max_mem; /* bytes */
} VdRow;

/* An array of VdRow that frees its names. */
GArray *vd_rows_new(void);

/* What VdCounters holds. */
enum {
    VD_HAS_STATE = 1,
    VD_HAS_CPU = 2, /* and vcpus, max_mem, mem_total */
    VD_HAS_NET = 4,
    VD_HAS_MEM = 8, /* any of rss, unused, available, usable */
    VD_HAS_BLOCK = 16
};

/* Raw readings of one machine. Counters grow; the engine makes rates of two readings. */
typedef struct {
    char uuid[37];
    guint has;
    gint64 taken, cpu_taken; /* monotonic microseconds */
    VdVmState state;
    int reason;
    guint64 cpu_time; /* nanoseconds of all its CPUs */
    int vcpus;
    guint64 max_mem, mem_total;             /* bytes; the limit, and what the balloon leaves */
    guint64 rss, unused, available, usable; /* bytes; G_MAXUINT64: not told */
    guint64 disk_read, disk_write, rx, tx;  /* bytes */
} VdCounters;

typedef struct {
    gboolean has_cpu, has_mem;
    gint64 taken;
    guint64 busy, total; /* nanoseconds of all its CPUs */
    guint64 mem_used, mem_total;
} VdNodeCounters;

/* The cheap figures: state and network of all that run, processor time of some, the host's own. */
typedef struct {
    GPtrArray *only;     /* uuids: these alone are touched; NULL: all that run */
    GHashTable *info;    /* set of uuids whose processor time is asked; NULL: all that run */
    GArray *counters;    /* out: VdCounters */
    VdNodeCounters node; /* out */
    guint infos;         /* out: processor times that were asked, and what all of them took */
    gint64 infos_took;   /* out: microseconds */
} VdCheapSample;

/* The dear figures of a few machines: memory by the guest's word, block devices, and, where the
 * driver has no bulk call, the network. */
typedef struct {
    GPtrArray *uuids; /* char*, immutable */
    guint groups;     /* VD_GROUP_MEM, VD_GROUP_DISK, VD_GROUP_NET: what is asked */
    GArray *counters; /* out: VdCounters */
    gint asking;      /* atomic: the index that is asked alone now, -1: all in one call */
} VdDearSample;

typedef struct {
    gboolean title, address;       /* what is asked */
    char *ret_title, *ret_address; /* owned, raw; NULL: none */
} VdDetail;

/* One operation, see VdVirtFunc. */
typedef struct {
    const char *uuid; /* NULL: the host */
    VdVirtFunc func;
    const VdArgs *args;
    const char *request;
    gint *patience; /* see VdLaneSlot */
} VdRun;

typedef gboolean (*VdNeedsInfo)(const char *uuid, gpointer data);

typedef struct {
    gboolean doubtful;   /* in: the last attempt failed, so it is worth a look whether the other end
                          * keeps a connection at all */
    gboolean is_private; /* it has a state of its own that no second connection would see (the test
                          * driver's), so that lanes must share it */
    gboolean asked;      /* the person was asked for it, and is not to be asked again for each lane:
                          * they share it as well */
    gboolean hopeless;   /* it failed, and will fail as long as the URI and the rights are these */
} VdOpened;

enum {
    VD_FACT_NAMES = 1,    /* hostname and versions: a daemon may ask a name server or start an
                           * emulator for them */
    VD_FACT_IDENTITY = 2, /* its capabilities have it, which are long */
};

struct _VdBackend {
    gpointer self; /* the tests' script */
    /* asker: NULL: nobody can be asked. Errors: VD_ERR_UNREACHABLE or VD_ERR_DENIED. *ret is set in
     * any case. */
    VdBackendConn *(*open)(const VdBackend *backend, const char *uri, VdAsker *asker, VdOpened *ret,
                           GError **error);
    VdBackendConn *(*ref)(VdBackendConn *conn); /* any thread */
    void (*unref)(VdBackendConn *conn);         /* closes the last one */
    gboolean (*alive)(VdBackendConn *conn);
    /* Events and the end of the connection go to the tap, until unwatch. FALSE: the driver has no
     * events. */
    gboolean (*watch)(VdBackendConn *conn, VdTap *tap);
    void (*unwatch)(VdBackendConn *conn);
    /* Fills type, cpus and memory of a host that nobody else sees yet, and what else is asked
     * (VD_FACT_*). */
    gboolean (*facts)(VdBackendConn *conn, guint what, VdHost *host, GError **error);
    /* All machines; needs says whose processors and memory are to be asked as well. */
    gboolean (*list)(VdBackendConn *conn, VdNeedsInfo needs, gpointer data, GArray *rows,
                     GError **error);
    /* A few machines, everything. */
    gboolean (*look)(VdBackendConn *conn, GPtrArray *uuids, GArray *rows, GError **error);
    gboolean (*cheap)(VdBackendConn *conn, VdBackendCache **cache, VdCheapSample *sample,
                      GError **error);
    gboolean (*dear)(VdBackendConn *conn, VdBackendCache **cache, VdDearSample *sample,
                     GError **error);
    void (*detail)(VdBackendConn *conn, const char *uuid, VdDetail *detail);
    void (*cache_free)(VdBackendCache *cache);
    /* *ret_doc is owned by the caller. */
    gboolean (*run)(VdBackendConn *conn, const VdRun *run, VdDoc **ret_doc, GError **error);
};

/* libvirt. */
extern const VdBackend vd_backend_libvirt;
