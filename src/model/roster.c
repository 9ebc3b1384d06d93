/* Chunks are counted by themselves, since several rosters hold them. Each keeps a hash of its
 * machines' UUIDs beside the pointers, so that looking one up touches no machine but that one. */
#include "config.h"

#include "src/model/roster.h"

#include <string.h>

#include "src/model/fleet.h"

typedef struct {
    gatomicrefcount refs;
    guint n;
    guint active, stuck;
    VdVm *vms[VD_ROSTER_CHUNK];    /* references */
    guint hashes[VD_ROSTER_CHUNK]; /* of their UUIDs */
} Chunk;

static Chunk *chunk_ref(Chunk *chunk)
{
    g_atomic_ref_count_inc(&chunk->refs);
    return chunk;
}

static void chunk_unref(gpointer data)
{
    Chunk *chunk = data;
    if (!g_atomic_ref_count_dec(&chunk->refs))
        return;
    for (guint i = 0; i < chunk->n; i++)
        vd_vm_unref(chunk->vms[i]);
    g_free(chunk);
}

static Chunk *chunk_new(void)
{
    Chunk *chunk = g_new(Chunk, 1);
    g_atomic_ref_count_init(&chunk->refs);
    chunk->n = chunk->active = chunk->stuck = 0;
    return chunk;
}

/* Takes the reference. */
static void chunk_add(Chunk *chunk, VdVm *vm, guint hash)
{
    chunk->active += vd_vm_active(vm);
    chunk->stuck += vm->stuck_since != 0;
    chunk->hashes[chunk->n] = hash;
    chunk->vms[chunk->n++] = vm;
}

static Chunk *chunk_of(const VdRoster *roster, guint at)
{
    return g_ptr_array_index(roster->chunks, at);
}

static void append(VdRoster *roster, Chunk *chunk)
{
    g_ptr_array_add(roster->chunks, chunk);
    roster->len += chunk->n;
    roster->active += chunk->active;
    roster->stuck += chunk->stuck;
}

static VdRoster *sized(guint chunks)
{
    VdRoster *roster = g_new0(VdRoster, 1);
    g_atomic_ref_count_init(&roster->refs);
    roster->chunks = g_ptr_array_new_full(chunks, chunk_unref);
    return roster;
}

VdRoster *vd_roster_new(void)
{
    return sized(0);
}

VdRoster *vd_roster_ref(VdRoster *roster)
{
    g_atomic_ref_count_inc(&roster->refs);
    return roster;
}

void vd_roster_unref(VdRoster *roster)
{
    if (!roster || !g_atomic_ref_count_dec(&roster->refs))
        return;
    g_ptr_array_unref(roster->chunks);
    g_free(roster);
}

void vd_roster_add(VdRoster *roster, VdVm *vm)
{
    if (roster->len % VD_ROSTER_CHUNK == 0)
        g_ptr_array_add(roster->chunks, chunk_new());
    chunk_add(chunk_of(roster, roster->len / VD_ROSTER_CHUNK), vm, g_str_hash(vm->uuid));
    roster->len++;
    roster->active += vd_vm_active(vm);
    roster->stuck += vm->stuck_since != 0;
}

VdVm *vd_roster_at(const VdRoster *roster, guint i)
{
    return chunk_of(roster, i / VD_ROSTER_CHUNK)->vms[i % VD_ROSTER_CHUNK];
}

int vd_roster_find(const VdRoster *roster, const char *uuid)
{
    guint hash = g_str_hash(uuid);
    for (guint c = 0; c < roster->chunks->len; c++) {
        const Chunk *chunk = chunk_of(roster, c);
        for (guint i = 0; i < chunk->n; i++)
            if (chunk->hashes[i] == hash && strcmp(chunk->vms[i]->uuid, uuid) == 0)
                return (int)(c * VD_ROSTER_CHUNK + i);
    }
    return -1;
}

/* ---- from one snapshot to the next ---- */

/* The hash of a machine that mostly stood at this place before. */
static guint hash_at(const Chunk *old, guint i, const VdVm *vm)
{
    gboolean same =
        old && i < old->n && (old->vms[i] == vm || strcmp(old->vms[i]->uuid, vm->uuid) == 0);
    return same ? old->hashes[i] : g_str_hash(vm->uuid);
}

static gboolean holds(const Chunk *old, guint n, VdVm *const *vms)
{
    return old && old->n == n && memcmp(old->vms, vms, n * sizeof *vms) == 0;
}

static Chunk *next_chunk(Chunk *old, guint first, guint n, VdRosterSource source, gpointer data)
{
    VdVm *vms[VD_ROSTER_CHUNK];
    for (guint i = 0; i < n; i++)
        vms[i] = source(first + i, data);
    if (holds(old, n, vms))
        return chunk_ref(old);
    Chunk *chunk = chunk_new();
    for (guint i = 0; i < n; i++)
        chunk_add(chunk, vd_vm_ref(vms[i]), hash_at(old, i, vms[i]));
    return chunk;
}

VdRoster *vd_roster_next(const VdRoster *before, guint len, const guint8 *changed,
                         VdRosterSource source, gpointer data)
{
    guint chunks = (len + VD_ROSTER_CHUNK - 1) / VD_ROSTER_CHUNK;
    VdRoster *next = sized(chunks);
    for (guint c = 0; c < chunks; c++) {
        guint first = c * VD_ROSTER_CHUNK;
        guint n = MIN((guint)VD_ROSTER_CHUNK, len - first);
        Chunk *old = before && c < before->chunks->len ? chunk_of(before, c) : NULL;
        gboolean same = old && old->n == n && changed && !changed[c];
        append(next, same ? chunk_ref(old) : next_chunk(old, first, n, source, data));
    }
    return next;
}

/* ---- what changed ---- */

static gboolean same_machines(const Chunk *before, const Chunk *now)
{
    if (before->n != now->n || memcmp(before->hashes, now->hashes, now->n * sizeof(guint)) != 0)
        return FALSE;
    for (guint i = 0; i < now->n; i++)
        if (before->vms[i] != now->vms[i] && strcmp(before->vms[i]->uuid, now->vms[i]->uuid) != 0)
            return FALSE;
    return TRUE;
}

static void diff_chunk(const Chunk *before, const Chunk *now, guint first, VdRosterChanged changed,
                       gpointer data)
{
    for (guint i = 0; i < now->n; i++)
        if (before->vms[i] != now->vms[i])
            changed(first + i, before->vms[i], now->vms[i], data);
}

gboolean vd_roster_diff(const VdRoster *before, const VdRoster *now, VdRosterChanged changed,
                        gpointer data)
{
    if (before == now)
        return TRUE;
    if (before->len != now->len)
        return FALSE;
    for (guint c = 0; c < now->chunks->len; c++)
        if (chunk_of(before, c) != chunk_of(now, c) &&
            !same_machines(chunk_of(before, c), chunk_of(now, c)))
            return FALSE;
    for (guint c = 0; c < now->chunks->len; c++)
        if (chunk_of(before, c) != chunk_of(now, c))
            diff_chunk(chunk_of(before, c), chunk_of(now, c), c * VD_ROSTER_CHUNK, changed, data);
    return TRUE;
}
