/* RBD pools: ceph's own block devices. libvirt makes, clones, grows and removes them, and has no
 * stream into them; so bytes get there by QEMU's driver for ceph, with what is told here. A base
 * that is being filled is longer than it will be, and is cut to its size when all of it is there:
 * so whoever sees the size sees whether it is whole. */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"

/* A process that was killed is believed to be using a volume for so long: ceph's
 * osd_client_watch_timeout, and some to spare. */
#define WATCHED_USEC (45 * G_USEC_PER_SEC)
#define RETRY_USEC   (G_USEC_PER_SEC / 2)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virSecret, virSecretFree)

void vd_rbd_clear(VdRbd *rbd)
{
    g_clear_pointer(&rbd->pool, g_free);
    g_clear_pointer(&rbd->hosts, g_strfreev);
    g_clear_pointer(&rbd->ports, g_strfreev);
    g_clear_pointer(&rbd->user, g_free);
    g_clear_pointer(&rbd->secret_uuid, g_free);
    g_clear_pointer(&rbd->secret_usage, g_free);
    g_clear_pointer(&rbd->names, g_strfreev);
    g_clear_pointer(&rbd->values, g_strfreev);
    g_clear_pointer(&rbd->key, vd_secret_free);
}

/* ---- what the definition of a pool says ---- */

static char *attribute(const xmlNode *node, const char *name)
{
    char *value = vd_xml_attr(node, name);

    return value ? value : g_strdup("");
}

/* Two attributes of all elements of that name, side by side. */
static void read_pairs(const xmlNode *parent, const char *element, const char *one,
                       const char *other, char ***ret_one, char ***ret_other)
{
    g_autoptr(GStrvBuilder) ones = g_strv_builder_new();
    g_autoptr(GStrvBuilder) others = g_strv_builder_new();

    for (const xmlNode *node = parent ? parent->children : NULL; node; node = node->next) {
        g_autofree char *first = NULL, *second = NULL;

        if (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, (const xmlChar *)element))
            continue;
        first = attribute(node, one);
        second = attribute(node, other);
        g_strv_builder_add(ones, first);
        g_strv_builder_add(others, second);
    }
    *ret_one = g_strv_builder_end(ones);
    *ret_other = g_strv_builder_end(others);
}

gboolean vd_rbd_read(const char *xml, VdRbd *ret)
{
    g_autoptr(xmlDoc) doc = vd_xml_parse(xml, "pool", NULL);
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    const xmlNode *source = root ? vd_xml_child(root, "source") : NULL;
    const xmlNode *auth = source ? vd_xml_child(source, "auth") : NULL;
    const xmlNode *secret = auth ? vd_xml_child(auth, "secret") : NULL;
    g_autofree char *type = root ? vd_xml_attr(root, "type") : NULL;

    *ret = (VdRbd){0};
    if (g_strcmp0(type, "rbd") != 0 || !source)
        return FALSE;
    ret->pool = vd_xml_child_text(source, "name");
    read_pairs(source, "host", "name", "port", &ret->hosts, &ret->ports);
    read_pairs(vd_xml_child(root, "config_opts"), "option", "name", "value", &ret->names,
               &ret->values);
    ret->user = auth ? vd_xml_attr(auth, "username") : NULL;
    ret->secret_uuid = secret ? vd_xml_attr(secret, "uuid") : NULL;
    ret->secret_usage = secret ? vd_xml_attr(secret, "usage") : NULL;
    return ret->pool != NULL;
}

/* The key of its user, which libvirt keeps. */
static gboolean read_key(VdConn *conn, const char *pool, VdRbd *rbd, GError **error)
{
    g_autoptr(virSecret) secret = NULL;
    unsigned char *value = NULL;
    size_t length = 0;

    if (!rbd->user)
        return TRUE;
    if (rbd->secret_uuid)
        secret = virSecretLookupByUUIDString(conn->conn, rbd->secret_uuid);
    else if (rbd->secret_usage)
        secret = virSecretLookupByUsage(conn->conn, VIR_SECRET_USAGE_TYPE_CEPH, rbd->secret_usage);
    value = secret ? virSecretGetValue(secret, &length, 0) : NULL;
    if (!value && virGetLastErrorCode() == VIR_ERR_INVALID_SECRET)
        return vd_virt_fail(error,
                            _("The secret of the storage pool %s does not show its key, which is "
                              "needed to send an image; define it with private='no'"),
                            pool);
    if (!value)
        return vd_virt_fail(error, _("The key of the storage pool %s cannot be had"), pool);
    rbd->key = g_base64_encode(value, length);
    explicit_bzero(value, length);
    free(value);
    return TRUE;
}

gboolean vd_conn_rbd_look(VdConn *conn, const char *name, gboolean key, VdRbd *ret, GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, name);
    char *xml = pool ? virStoragePoolGetXMLDesc(pool, 0) : NULL;
    gboolean ok = xml && vd_rbd_read(xml, ret);

    if (!ok)
        *ret = (VdRbd){0};
    if (!xml)
        return vd_virt_fail(error, _("The storage pool %s could not be looked up"), name);
    free(xml);
    if (!ok)
        return vd_fail(error, VD_ERR_FAILED, NULL,
                       _("The storage pool %s is none of RBD any more."), name);
    return !key || read_key(conn, name, ret, error);
}

/* ---- volumes ---- */

static virStorageVolPtr look_up(VdConn *conn, const char *pool_name, const char *name)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    virStorageVolPtr volume = pool ? virStorageVolLookupByName(pool, name) : NULL;

    virResetLastError();
    return volume;
}

static gboolean has_size(virStorageVolPtr volume, guint64 size)
{
    virStorageVolInfo info;

    if (virStorageVolGetInfo(volume, &info) == 0)
        return info.capacity == size;
    virResetLastError();
    return FALSE;
}

gboolean vd_conn_rbd_is_whole(VdConn *conn, const char *pool, const char *name, guint64 size)
{
    g_autoptr(virStorageVol) volume = look_up(conn, pool, name);

    return volume && has_size(volume, size);
}

gboolean vd_conn_rbd_base_find(VdConn *conn, const char *pool_name, const char *sha256,
                               guint64 size, char **ret_name, GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    g_autofree char *prefix = g_strdup_printf(VD_BASE_PREFIX "%s.", sha256);
    virStorageVolPtr *volumes = NULL;
    int n = pool ? virStoragePoolListAllVolumes(pool, &volumes, 0) : -1;

    *ret_name = NULL;
    n = vd_virt_listed(n, volumes);
    if (n < 0)
        return vd_virt_fail(error, _("The storage pool %s could not be looked up"), pool_name);
    for (int i = 0; i < n; i++) {
        const char *name = virStorageVolGetName(volumes[i]);

        if (!*ret_name && name && g_str_has_prefix(name, prefix) && has_size(volumes[i], size))
            *ret_name = g_strdup(name);
        virStorageVolFree(volumes[i]);
    }
    free(volumes);
    return TRUE;
}

gboolean vd_conn_rbd_clone(VdConn *conn, const char *pool_name, const char *name, const char *base,
                           guint64 size, char **ret_path, GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    g_autoptr(virStorageVol) from = pool ? virStorageVolLookupByName(pool, base) : NULL;
    g_autoptr(virStorageVol) volume = NULL;
    virStorageVolInfo info;
    g_autofree char *xml = NULL;
    char *path;

    *ret_path = NULL;
    if (!from || virStorageVolGetInfo(from, &info) < 0)
        return vd_virt_fail(error, _("The disk %s could not be looked up"), base);
    xml = vd_volume_raw_xml(name, info.capacity, FALSE, FALSE);
    volume = virStorageVolCreateXMLFrom(pool, xml, from, 0);
    if (!volume)
        return vd_virt_fail(error, _("The disk %s could not be made in the storage pool %s"), name,
                            pool_name);
    if (size > info.capacity && virStorageVolResize(volume, size, 0) < 0)
        return vd_virt_fail(error, _("The disk %s could not be made larger"), name);
    path = virStorageVolGetPath(volume);
    if (!path)
        return vd_virt_fail(error, _("The disk %s has no path"), name);
    *ret_path = g_strdup(path);
    free(path);
    return TRUE;
}

gboolean vd_rbd_holds(virStoragePoolPtr pool)
{
    char *xml = virStoragePoolGetXMLDesc(pool, 0);
    VdRbd rbd = {0};
    gboolean ok = xml && vd_rbd_read(xml, &rbd);

    if (!xml)
        virResetLastError();
    free(xml);
    vd_rbd_clear(&rbd);
    return ok;
}

int vd_rbd_delete(virStorageVolPtr volume, gboolean base)
{
    gint64 deadline = g_get_monotonic_time() + WATCHED_USEC;
    unsigned int flags = base ? VIR_STORAGE_VOL_DELETE_WITH_SNAPSHOTS : 0;

    while (virStorageVolDelete(volume, flags) < 0) {
        if (virGetLastErrorCode() == VIR_ERR_NO_STORAGE_VOL || g_get_monotonic_time() > deadline)
            return -1;
        g_usleep(RETRY_USEC);
    }
    return 0;
}

gboolean vd_conn_rbd_base_delete(VdConn *conn, const char *pool, const char *name, GError **error)
{
    g_autoptr(virStorageVol) volume = look_up(conn, pool, name);

    if (!volume || virStorageVolDelete(volume, VIR_STORAGE_VOL_DELETE_WITH_SNAPSHOTS) == 0)
        return TRUE;
    return vd_virt_fail(error,
                        _("%s in %s cannot be removed: most likely disks stand on it, of machines "
                          "of this host or another one; delete those first"),
                        name, pool);
}
