/* Two names for one host, by its address and by its name say, are found out by what the host says
 * of itself. The first of them that answers shows the machines; the others say whose they are and
 * show none, so that nothing is counted or done twice. When the first goes away, the next stands
 * in. */
#include "config.h"

#include <string.h>

#include "src/deck/private.h"

static gboolean answers(const VdHost *host)
{
    return host->listed && vd_host_state_answers(host->state);
}

/* The one whose machines are shown: of the same identity the first that answers, else the first. */
static const VdHost *chief_of(VdDeck *deck, const VdHost *host)
{
    const VdHost *first = NULL;
    for (guint i = 0; i < deck->names->len; i++) {
        const VdHost *other = g_hash_table_lookup(deck->faces, g_ptr_array_index(deck->names, i));
        if (!other || !other->identity || strcmp(other->identity, host->identity) != 0)
            continue;
        if (answers(other))
            return other;
        first = first ? first : other;
    }
    return first ? first : host;
}

/* As it is shown. The caller owns a reference. */
static VdHost *shown(VdDeck *deck, VdHost *face)
{
    const VdHost *chief = face->identity ? chief_of(deck, face) : face;
    if (chief == face)
        return vd_host_ref(face);
    VdHost *twin = vd_host_copy(face);
    vd_roster_unref(twin->vms);
    twin->vms = vd_roster_new();
    twin->same_as = g_ref_string_acquire(chief->id);
    return twin;
}

/* The others of its identity may now be shown in another way. */
static void show_others(VdDeck *deck, VdFleet *next, const VdHost *face, const char *identity)
{
    for (guint i = 0; identity && i < next->hosts->len; i++) {
        VdHost *before = g_ptr_array_index(next->hosts, i);
        VdHost *other = g_hash_table_lookup(deck->faces, before->id);
        if (!other || other == face || g_strcmp0(other->identity, identity) != 0)
            continue;
        g_autoptr(VdHost) now = shown(deck, other);
        if (g_strcmp0(now->same_as, before->same_as) == 0)
            continue;
        g_ptr_array_index(next->hosts, i) = g_steal_pointer(&now);
        vd_host_unref(before);
    }
}

VdHost *vd_deck_show_host(VdDeck *deck, VdFleet *next, VdHost *face)
{
    g_autoptr(VdHost) former = g_hash_table_lookup(deck->faces, face->id);
    if (former)
        vd_host_ref(former);
    g_hash_table_replace(deck->faces, g_strdup(face->id), vd_host_ref(face));
    show_others(deck, next, face, face->identity);
    if (former && g_strcmp0(former->identity, face->identity) != 0)
        show_others(deck, next, face, former->identity);
    return shown(deck, face);
}

void vd_deck_forget_face(VdDeck *deck, VdFleet *next, const char *host)
{
    g_autoptr(VdHost) face = g_hash_table_lookup(deck->faces, host);
    if (!face)
        return;
    vd_host_ref(face);
    g_hash_table_remove(deck->faces, host);
    show_others(deck, next, face, face->identity);
}
