/* The fleet as the screens show it: hosts and their machines. Immutable once published, and
 * reference-counted with atomic counts, so that a snapshot made on a lane may be read on the loop
 * thread and freed anywhere. To change one, copy it (vd_vm_copy(), vd_host_copy()), change the copy
 * before anyone else sees it, and publish that. All strings are clean (vd_text_clean()) but uuid
 * and uri; `raw_name` is libvirt's own bytes. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "src/model/roster.h"

typedef enum {
    VD_VM_NOSTATE,
    VD_VM_RUNNING,
    VD_VM_BLOCKED,
    VD_VM_PAUSED,
    VD_VM_SHUTDOWN, /* shutting down */
    VD_VM_OFF,
    VD_VM_CRASHED,
    VD_VM_SUSPENDED, /* by guest power management */
} VdVmState;

/* "running", "paused", "off", "saved" …: untranslated words of the field, the ones the filter
 * knows. */
const char *vd_vm_state_word(VdVmState state);

/* What VdFigure holds when nobody could ask: drawn as –, null in JSON. */
#define VD_NONE (-1.0)

/* The live figures of one machine (or host). Rates are per second. VD_NONE where it could not be
 * asked. */
typedef struct {
    gint64 taken;                 /* g_get_monotonic_time() of the sample, 0: never */
    double cpu;                   /* percent of all the machine's (host's) CPUs, 0 to 100 */
    double mem_used;              /* bytes; balloon minus unused if the guest says, else rss */
    double mem_total;             /* bytes */
    double disk_read, disk_write; /* bytes/s */
    double net_rx, net_tx;        /* bytes/s */
} VdFigures;

extern const VdFigures vd_figures_none;

/* Groups of figures, as they are asked for. */
enum {
    VD_GROUP_CPU = 1,
    VD_GROUP_MEM = 2,
    VD_GROUP_DISK = 4,
    VD_GROUP_NET = 8,
    VD_GROUPS_DEAR = VD_GROUP_MEM | VD_GROUP_DISK | VD_GROUP_NET, /* at most */
    VD_GROUPS_ALL = 15
};

struct _VdVm {
    gatomicrefcount refs;
    char uuid[37];        /* lower case, NUL-terminated */
    GRefString *name;     /* clean */
    GRefString *raw_name; /* libvirt's bytes */
    GRefString *title;    /* clean or NULL */
    int id;               /* libvirt's, -1 when off */
    VdVmState state;
    int reason; /* libvirt's reason code */
    gboolean persistent, autostart, managed_save;
    int vcpus;
    guint64 max_mem;     /* bytes */
    gint64 stuck_since;  /* monotonic; 0: answers. Its QEMU missed a deadline */
    const char *pending; /* N_("starting…"), while a request runs, else NULL. Static string */
    GRefString *address; /* first IP if known, else NULL */
    VdFigures now;
};

VdVm *vd_vm_new(const char *uuid, const char *raw_name);
VdVm *vd_vm_copy(const VdVm *vm); /* one reference, may be changed until published */
VdVm *vd_vm_ref(VdVm *vm);
void vd_vm_unref(VdVm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdVm, vd_vm_unref)
/* Runs in some way (not off, not crashed). */
gboolean vd_vm_active(const VdVm *vm);
/* The word shown: pending if any, "stuck", "saved" (off with a managed save), else the state's.
 * Untranslated. */
const char *vd_vm_word(const VdVm *vm);

typedef enum {
    VD_HOST_CONNECTING,
    VD_HOST_UP,
    VD_HOST_SLOW, /* a call is past its soft deadline */
    VD_HOST_DOWN,
    VD_HOST_OFF, /* disconnected by request */
} VdHostState;

const char *vd_host_state_word(VdHostState state);
/* It is up, or slow: its machines are as they are shown. Else they are what was seen last. */
gboolean vd_host_state_answers(VdHostState state);

typedef struct {
    gatomicrefcount refs;
    GRefString *id; /* configured name, unique, clean: "kvm1" */
    GRefString *uri;
    GRefString *hostname; /* what it calls itself, or NULL */
    GRefString *type;     /* "QEMU", "TEST", "LXC", or NULL */
    GRefString *identity; /* what no other host has, whatever it is called, or NULL: not known */
    GRefString *same_as;  /* the id of another host that is this one and shows its machines, or
                           * NULL */
    VdHostState state;
    gint64 since;       /* monotonic time of the last change of state */
    GRefString *error;  /* why it is down: one sentence, or NULL */
    GRefString *detail; /* libvirt's words, or NULL */
    gboolean denied;    /* it is down because we may not */
    gint64 next_try;    /* monotonic, 0: none planned */
    gint64 seen;        /* monotonic time of the last answer: the age of its rows, 0: never */
    gboolean listed;    /* its machines have been listed at least once */
    gboolean sized;     /* and each was asked for its processors and memory */
    guint interval_ms;  /* its figures come so rarely, because it answers slowly; 0: as usual */
    int cpus;
    guint64 memory;                  /* bytes */
    guint64 lib_version, hv_version; /* as libvirt encodes them: major*1000000+minor*1000+release */
    VdFigures now;
    VdRoster *vms; /* sorted by name (vd_vm_compare); never NULL */
} VdHost;

VdHost *vd_host_new(const char *id, const char *uri);
/* Copies all but shares the machines: whoever wants others gives the copy a roster of its own. */
VdHost *vd_host_copy(const VdHost *host);
VdHost *vd_host_ref(VdHost *host);
void vd_host_unref(VdHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdHost, vd_host_unref)
/* Natural order: numbers in the text by their value, "vm2" before "vm10". */
int vd_compare_natural(const char *a, const char *b);
/* Natural order by name, then UUID. For g_ptr_array_sort of VdVm*. */
int vd_vm_compare(const VdVm *a, const VdVm *b);
/* The i-th machine, borrowed; i below host->vms->len. */
VdVm *vd_host_vm(const VdHost *host, guint i);
/* NULL if it is not there. Borrowed from the host. */
VdVm *vd_host_find(const VdHost *host, const char *uuid);

typedef struct {
    gatomicrefcount refs;
    guint64 version;  /* grows with each publication */
    GPtrArray *hosts; /* VdHost*, in the order of the configuration */
} VdFleet;

VdFleet *vd_fleet_new(void);
VdFleet *vd_fleet_ref(VdFleet *fleet);
void vd_fleet_unref(VdFleet *fleet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdFleet, vd_fleet_unref)
/* Borrowed, or NULL. */
VdHost *vd_fleet_host(const VdFleet *fleet, const char *host_id);
VdVm *vd_fleet_vm(const VdFleet *fleet, const char *host_id, const char *uuid);
