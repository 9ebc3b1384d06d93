/* The door's view of the image store: list, find, remove. An image is removed only when every host
 * that ever put a disk on it says that none is left; a host that cannot be asked keeps it. */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/store.h"
#include "src/virt/provision.h"

static void mark_newer(GPtrArray *images, const GPtrArray *sources)
{
    g_autoptr(GPtrArray) offers = vd_catalogue_offers(sources);

    for (guint i = 0; i < images->len; i++) {
        VdImage *image = g_ptr_array_index(images, i);

        for (guint j = 0; image->source && j < offers->len; j++) {
            const VdOffer *offer = g_ptr_array_index(offers, j);

            if (offer->newer && g_str_equal(image->source, offer->source) &&
                g_strcmp0(image->offer, offer->name) == 0)
                image->newer = g_strdup(offer->revision);
        }
    }
}

GPtrArray *vd_offers_list(const GPtrArray *sources, GError **error)
{
    (void)error;
    return vd_catalogue_offers(sources);
}

gint64 vd_source_read(const VdConfSource *source, guint *ret_offers)
{
    g_autoptr(VdCatalogue) kept = vd_catalogue_load(source->name, NULL);

    *ret_offers = kept ? kept->offers->len : 0;
    return kept ? kept->read : 0;
}

GPtrArray *vd_images_list(const GPtrArray *sources, GError **error)
{
    g_auto(GStrv) names = vd_store_names(error);
    GPtrArray *images;

    if (!names)
        return NULL;
    images = g_ptr_array_new_with_free_func((GDestroyNotify)vd_image_unref);
    for (gsize i = 0; names[i]; i++) {
        g_autoptr(GError) why = NULL;
        VdImage *image = vd_store_load(names[i], &why);

        if (image)
            g_ptr_array_add(images, image);
        else
            vd_log_error(NULL, "an image was left out", why);
    }
    if (sources && sources->len > 0)
        mark_newer(images, sources);
    return images;
}

VdImage *vd_image_find(const char *name, GError **error)
{
    return vd_store_load(name, error);
}

gboolean vd_image_check_file(const VdImage *image, GError **error)
{
    struct stat st;

    if (stat(image->path, &st) < 0 || !S_ISREG(st.st_mode))
        return vd_fail(
            error, VD_ERR_DAMAGED, NULL,
            _("The disk of the image %s is gone: %s. Remove the image and add it again."),
            image->name, image->path);
    if ((guint64)st.st_size != image->file_size)
        return vd_fail(error, VD_ERR_DAMAGED, NULL,
                       _("The disk of the image %s was changed: it is no longer as large as when "
                         "it was added. Remove the image and add it again."),
                       image->name);
    return TRUE;
}

guint64 vd_image_allocated(const VdImage *image)
{
    struct stat st;

    return stat(image->path, &st) == 0 ? (guint64)st.st_blocks * 512 : 0;
}

static gboolean ask_host(const char *uri, const VdImage *image, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(VdConn) conn = vd_conn_open(uri, NULL, NULL, &why);
    g_auto(GStrv) users = conn ? vd_conn_file_users(conn, image->path, &why) : NULL;
    g_autofree char *user = users ? vd_users_text(users) : NULL;

    if (!users)
        return vd_fail(error, VD_ERR_UNREACHABLE, why->message,
                       _("The image %s was used on %s, which does not answer; whether a disk still "
                         "stands on it cannot be told, so it stays."),
                       image->name, uri);
    if (user && users[1])
        return vd_fail(error, VD_ERR_BUSY, NULL,
                       _("Disks or machines stand on the image %s: %s. Delete those first."),
                       image->name, user);
    if (user)
        return vd_fail(error, VD_ERR_BUSY, NULL,
                       _("The disk or machine %s stands on the image %s; delete that first."), user,
                       image->name);
    return TRUE;
}

static gboolean check_unused(const VdImage *image, GError **error)
{
    g_auto(GStrv) hosts = vd_store_hosts(image);

    if (vd_store_disk_shared(image->sha256, image->format, image->name))
        return TRUE;
    for (gsize i = 0; hosts[i]; i++) {
        if (!ask_host(hosts[i], image, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean remove_locked(const char *name, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autoptr(VdImage) image = vd_store_load(name, &why);

    /* A side file that is broken names no disk: only itself can go. */
    if (!image && vd_error_code(why) == VD_ERR_DAMAGED)
        return vd_store_drop(name, error);
    if (!image) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (!check_unused(image, error) || !vd_store_drop(name, error))
        return FALSE;
    if (vd_store_disk_shared(image->sha256, image->format, NULL))
        return TRUE;
    if (unlink(image->path) < 0 && errno != ENOENT)
        return vd_fail(error, VD_ERR_FAILED, g_strerror(errno), _("%s cannot be removed: %s."),
                       image->path, g_strerror(errno));
    vd_store_drop_hosts(image);
    return TRUE;
}

gboolean vd_image_remove(const char *name, GError **error)
{
    int lock = vd_store_lock(error);
    gboolean ok;

    if (lock < 0)
        return FALSE;
    ok = remove_locked(name, error);
    close(lock);
    if (ok)
        vd_log(VD_LOG_INFO, NULL, "image %s removed", name);
    return ok;
}
