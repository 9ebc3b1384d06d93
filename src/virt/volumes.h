/* Which volumes go with a machine: shared by the operations that show and delete. On the lane's
 * thread. */
#pragma once

#include "src/virt/ops-util.h"

/* How long a plan, and removing by it, may rightly take: one question for each machine and each
 * volume of the host, over a slow line. */
#define VD_VOLUMES_SECONDS 300

typedef struct {
    char *target;         /* "vda" */
    char *path;           /* on the host, or what the source is called */
    char *pool, *name;    /* NULL: in no pool */
    guint64 capacity;     /* bytes, of the volume; 0: not known */
    guint64 allocation;   /* bytes */
    virStorageVolPtr vol; /* (owned) */
    char *why;            /* why it stays: a translated phrase; NULL: it may be removed */
} VdMachineVolume;

/* The volumes of a machine's disks that hold a medium, in the order of its definition, each with
 * the reason why it must stay, if there is one: it is no disk, is read-only, shared, in no storage
 * pool, used by another machine, or another volume stands on it. NULL with an error. The caller
 * frees it with g_ptr_array_unref(). */
GPtrArray *vd_volumes_plan(VdVirtCall *call, GError **error);
/* The table of a plan. done: whether the removable ones have been removed already. The caller
 * unrefs. */
VdDoc *vd_volumes_doc(const GPtrArray *volumes, gboolean done);
