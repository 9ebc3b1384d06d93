/* Spreading machines over hosts. Memory decides, as it is what runs out first; the pool has to have
 * the room that the disks may grow to. */
#include "config.h"

#include "src/deploy/spread.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/virt/provision.h"

static double share_after(const VdRoom *room, guint64 memory)
{
    return room->memory > 0 ? (double)(room->memory_used + memory) / (double)room->memory : 2;
}

static int least_used(const VdRoom *rooms, guint n, guint64 memory, guint64 disk, gboolean fits)
{
    int best = -1;

    for (guint i = 0; i < n; i++) {
        const VdRoom *room = &rooms[i];

        if (room->memory == 0 ||
            (fits && (room->memory_used + memory > room->memory || room->disk_free < disk)))
            continue;
        if (best < 0 || share_after(room, memory) < share_after(&rooms[best], memory))
            best = (int)i;
    }
    return best;
}

int vd_spread_choose(VdRoom *rooms, guint n, guint64 memory, guint64 disk, gboolean overcommit)
{
    int best = least_used(rooms, n, memory, disk, TRUE);

    if (best < 0 && overcommit)
        best = least_used(rooms, n, memory, disk, FALSE);
    if (best < 0)
        return -1;
    rooms[best].memory_used += memory;
    rooms[best].disk_free -= MIN(disk, rooms[best].disk_free);
    return best;
}

static gboolean look_at(const VdDeployHost *host, const char *pool_name, VdRoom *room,
                        GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(host->uri, NULL, NULL, error);
    g_autoptr(GError) why = NULL;
    VdPool pool = {0};

    if (!conn || !vd_conn_memory(conn, &room->memory, &room->memory_used, error))
        return FALSE;
    if (!vd_conn_pool_look(conn, pool_name, &pool, &why) &&
        !(vd_error_code(why) == VD_ERR_NOT_FOUND && g_str_equal(pool_name, "default"))) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    /* One that is not there yet or not active tells its room when the job starts it. */
    room->disk_free = pool.active ? pool.available : G_MAXUINT64;
    vd_pool_clear(&pool);
    return TRUE;
}

static gboolean look_at_all(const VdDeployHost *hosts, guint n, gboolean needs_all,
                            const char *pool, VdRoom *rooms, GError **error)
{
    guint left = n;

    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) why = NULL;

        if (look_at(&hosts[i], pool, &rooms[i], &why))
            continue;
        if (needs_all || --left == 0)
            return vd_fail(error, vd_error_code(why), vd_error_detail(why), "%s: %s", hosts[i].id,
                           why->message);
        vd_log(VD_LOG_WARNING, NULL, "%s is left out: %s", hosts[i].id, why->message);
        rooms[i] = (VdRoom){0};
    }
    return TRUE;
}

guint *vd_spread(const VdDeployHost *hosts, guint n, gboolean needs_all, guint count,
                 const char *pool, guint64 memory, guint64 disk, gboolean overcommit,
                 GError **error)
{
    g_autofree VdRoom *rooms = g_new0(VdRoom, n);
    g_autofree guint *places = g_new0(guint, count);

    if (!look_at_all(hosts, n, needs_all, pool, rooms, error))
        return NULL;
    for (guint i = 0; i < count; i++) {
        int place = vd_spread_choose(rooms, n, memory, disk, overcommit);
        g_autofree char *memory_text = vd_format_size(memory);
        g_autofree char *disk_text = vd_format_size(disk);

        if (place < 0) {
            vd_error_set(error, VD_ERR_NO_SPACE, NULL,
                         _("There is room for %u of %u machines on these hosts, each with %s of "
                           "memory and a disk of %s; make fewer or smaller ones, or give "
                           "--overcommit."),
                         i, count, memory_text, disk_text);
            return NULL;
        }
        places[i] = (guint)place;
    }
    return g_steal_pointer(&places);
}
