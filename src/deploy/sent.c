/* Images that were sent to hosts: told by the hosts themselves, since others may have sent them. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/store.h"
#include "src/virt/provision.h"

#define USERS_SHOWN 5

/* The names of our images that have these bytes, with commas, or NULL. The caller frees. */
static char *names_of(const GPtrArray *images, const char *volume)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; images && i < images->len; i++) {
        const VdImage *image = g_ptr_array_index(images, i);

        if (strncmp(volume + strlen(VD_BASE_PREFIX), image->sha256, 64) == 0)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", image->name);
    }
    return names->len > 0 ? g_strdup(names->str) : NULL;
}

char *vd_users_text(char *const *users)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint n = g_strv_length((char **)users);

    for (guint i = 0; i < MIN(n, USERS_SHOWN); i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "", users[i]);
    if (n > USERS_SHOWN)
        g_string_append_printf(text, _(" and %u more"), n - USERS_SHOWN);
    return n > 0 ? g_strdup(text->str) : NULL;
}

gboolean vd_sent_each(const char *uri, VdSentFn each, gpointer data, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(uri, NULL, NULL, error);
    g_autoptr(GPtrArray) bases = conn ? vd_conn_bases(conn, error) : NULL;
    g_autoptr(GPtrArray) images = bases ? vd_images_list(NULL, NULL) : NULL;

    for (guint i = 0; bases && i < bases->len; i++) {
        const VdBase *base = g_ptr_array_index(bases, i);
        g_autofree char *names = names_of(images, base->name);
        g_auto(GStrv) users = vd_conn_file_users(conn, base->path, error);
        g_autofree char *user = users ? vd_users_text(users) : NULL;

        if (!users)
            return FALSE;
        each(&(VdSent){base->pool, base->name, names, user, base->bytes}, data);
    }
    return bases != NULL;
}

/* Whether it is meant by an image's name, or by the volume's own. */
static gboolean is_meant(const VdBase *base, const VdImage *image, const char *what)
{
    return image ? strncmp(base->name + strlen(VD_BASE_PREFIX), image->sha256, 64) == 0
                 : strcmp(base->name, what) == 0;
}

static gboolean recall(VdConn *conn, const VdBase *base, GError **error)
{
    g_auto(GStrv) users = vd_conn_file_users(conn, base->path, error);
    g_autofree char *user = users ? vd_users_text(users) : NULL;

    if (!users)
        return FALSE;
    if (user && users[1])
        return vd_fail(error, VD_ERR_BUSY, NULL,
                       _("%s in %s cannot be removed while there stand on it: %s. Delete those "
                         "first."),
                       base->name, base->pool, user);
    if (user)
        return vd_fail(error, VD_ERR_BUSY, NULL,
                       _("%s in %s cannot be removed: %s stands on it; delete that first."),
                       base->name, base->pool, user);
    return (base->rbd ? vd_conn_rbd_base_delete : vd_conn_volume_delete)(conn, base->pool,
                                                                         base->name, error);
}

gboolean vd_sent_recall(const char *uri, const char *what, GError **error)
{
    g_autoptr(VdConn) conn = vd_conn_open(uri, NULL, NULL, error);
    g_autoptr(GPtrArray) bases = conn ? vd_conn_bases(conn, error) : NULL;
    g_autoptr(VdImage) image =
        g_str_has_prefix(what, VD_BASE_PREFIX) ? NULL : vd_image_find(what, NULL);
    guint found = 0;

    if (!bases)
        return FALSE;
    for (guint i = 0; i < bases->len; i++) {
        const VdBase *base = g_ptr_array_index(bases, i);

        if (!is_meant(base, image, what))
            continue;
        found++;
        if (!recall(conn, base, error))
            return FALSE;
    }
    return found > 0 || vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                                _("The image %s was not sent there; `vmdeck image sent` shows what "
                                  "was."),
                                what);
}
