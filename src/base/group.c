/* The functions of the C library that answer in memory of their own are not for threads; these are
 * given a buffer, which grows with the group's members. */
#include "config.h"

#include "src/base/group.h"

#include <errno.h>
#include <grp.h>

enum { FIRST_BYTES = 4 * 1024, MOST_BYTES = 4 * 1024 * 1024 };

/* By name, or by id if that is NULL. The strings of *ret are in what comes back, which the caller
 * frees; NULL: not found. */
static char *look_up(const char *name, gid_t id, struct group *ret)
{
    int number = ERANGE;

    for (gsize size = FIRST_BYTES; number == ERANGE && size <= MOST_BYTES; size *= 4) {
        g_autofree char *buffer = g_malloc(size);
        struct group *found = NULL;

        number = name ? getgrnam_r(name, ret, buffer, size, &found)
                      : getgrgid_r(id, ret, buffer, size, &found);
        if (found)
            return g_steal_pointer(&buffer);
    }
    return NULL;
}

gboolean vd_group_id(const char *name, gid_t *ret)
{
    struct group group;
    g_autofree char *buffer = look_up(name, 0, &group);

    if (buffer)
        *ret = group.gr_gid;
    return buffer != NULL;
}

char *vd_group_name(gid_t id)
{
    struct group group;
    g_autofree char *buffer = look_up(NULL, id, &group);

    return buffer ? g_strdup(group.gr_name) : NULL;
}
