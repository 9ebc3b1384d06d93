/* Pools and volumes for job runners. Overlays are made by the host's own libvirt, which then knows
 * them; the format of a base is always named, so that a guest that writes a qcow2 header into a raw
 * disk gains nothing (CVE-2010-3851). */
#include "config.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/virt/call.h"
#include "src/virt/provision-private.h"

void vd_pool_clear(VdPool *pool)
{
    g_clear_pointer(&pool->name, g_free);
    g_clear_pointer(&pool->kind, g_free);
    g_clear_pointer(&pool->path, g_free);
    pool->available = 0;
}

static char *pool_names(VdConn *conn)
{
    virStoragePoolPtr *pools = NULL;
    int n = virConnectListAllStoragePools(conn->conn, &pools, 0);
    n = vd_virt_listed(n, pools);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; i < n; i++) {
        g_ptr_array_add(names, g_strdup(virStoragePoolGetName(pools[i])));
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    if (n < 0)
        virResetLastError();
    g_ptr_array_add(names, NULL);
    return names->len > 1 ? g_strjoinv(", ", (char **)names->pdata) : g_strdup(_("none"));
}

/* The usual place of a host's disks: what libvirt's packages and virt-manager use. */
static char *usual_folder(VdConn *conn)
{
    if (conn->session)
        return g_build_filename(g_get_user_data_dir(), "libvirt", "images", NULL);
    return g_strdup("/var/lib/libvirt/images");
}

static virStoragePoolPtr make_default_pool(VdConn *conn, GError **error)
{
    g_autofree char *folder = usual_folder(conn);
    g_autoptr(xmlDoc) doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNodePtr root = xmlNewNode(NULL, (const xmlChar *)"pool");
    g_autofree char *xml = NULL;
    virStoragePoolPtr pool;

    xmlDocSetRootElement(doc, root);
    vd_xml_set(root, "type", "dir");
    vd_xml_add(root, "name", "default");
    vd_xml_add(vd_xml_add(root, "target", NULL), "path", folder);
    xml = vd_xml_write(doc);
    pool = virStoragePoolDefineXML(conn->conn, xml, 0);
    if (!pool) {
        vd_virt_fail(error, _("The storage pool default could not be made in %s"), folder);
        return NULL;
    }
    if (virStoragePoolSetAutostart(pool, 1) < 0)
        virResetLastError();
    vd_log(VD_LOG_INFO, conn->request, "storage pool default made in %s", folder);
    return pool;
}

/* The kind of a pool, and its folder if it is one. */
static void describe_kind(virStoragePoolPtr pool, VdPool *ret)
{
    static const char *const folders[] = {"dir", "fs", "netfs", NULL};
    char *xml = virStoragePoolGetXMLDesc(pool, 0);
    g_autoptr(xmlDoc) doc = vd_xml_parse(xml ? xml : "", "pool", NULL);

    if (!xml)
        virResetLastError();
    free(xml);
    ret->kind = doc ? vd_xpath_text(doc, "/pool/@type") : NULL;
    if (ret->kind && g_strv_contains(folders, ret->kind))
        ret->path = vd_xpath_text(doc, "/pool/target/path");
}

gboolean vd_pool_has_files(virStoragePoolPtr pool)
{
    VdPool found = {0};
    gboolean files;

    describe_kind(pool, &found);
    files = !found.kind || found.path;
    vd_pool_clear(&found);
    return files;
}

static gboolean start_pool(virStoragePoolPtr pool, const char *name, GError **error)
{
    VdPool found = {0};

    if (virStoragePoolIsActive(pool) == 1)
        return TRUE;
    /* Building a folder pool makes its folder; one that is there already is as good. Devices are
     * not for us to write a table or a volume group on. */
    describe_kind(pool, &found);
    if (found.path && virStoragePoolBuild(pool, 0) < 0)
        virResetLastError();
    vd_pool_clear(&found);
    if (virStoragePoolCreate(pool, 0) < 0) {
        g_autoptr(GError) why = NULL;

        vd_virt_fail(&why, _("The storage pool %s could not be started"), name);
        if (virStoragePoolIsActive(pool) == 1) /* by somebody else meanwhile */
            return TRUE;
        virResetLastError();
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    return TRUE;
}

static virStoragePoolPtr find_pool(VdConn *conn, const char *name, gboolean make, GError **error)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(conn->conn, name);
    g_autofree char *others = NULL;

    if (pool)
        return pool;
    if (virGetLastErrorCode() != VIR_ERR_NO_STORAGE_POOL) {
        vd_virt_fail(error, _("The storage pool %s could not be looked up"), name);
        return NULL;
    }
    virResetLastError();
    if (make && g_str_equal(name, "default"))
        return make_default_pool(conn, error);
    others = pool_names(conn);
    vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                 _("This host has no storage pool “%s”; it has: %s."), name, others);
    return NULL;
}

static gboolean describe_pool(VdConn *conn, virStoragePoolPtr pool, const char *name, VdPool *ret,
                              GError **error)
{
    virStoragePoolInfo info;

    if (virStoragePoolGetInfo(pool, &info) < 0)
        return vd_virt_fail(error, _("The storage pool %s does not tell its room"), name);
    describe_kind(pool, ret);
    ret->name = g_strdup(name);
    ret->active = info.state == VIR_STORAGE_POOL_RUNNING;
    ret->available = ret->active ? vd_virt_room(conn->conn, ret->path, info.available) : 0;
    /* Without a manager, a ceph cluster does not know how large it is. */
    if (ret->active && info.capacity == 0 && g_strcmp0(ret->kind, "rbd") == 0)
        ret->available = G_MAXUINT64;
    return TRUE;
}

gboolean vd_conn_pool_ensure(VdConn *conn, const char *name, VdPool *ret, GError **error)
{
    const char *wanted = name ? name : "default";
    g_autoptr(virStoragePool) pool = find_pool(conn, wanted, TRUE, error);

    *ret = (VdPool){0};
    if (!pool || !start_pool(pool, wanted, error))
        return FALSE;
    if (virStoragePoolRefresh(pool, 0) < 0 && virStoragePoolIsActive(pool) != 1)
        return vd_virt_fail(error, _("The storage pool %s does not answer"), wanted);
    virResetLastError();
    return describe_pool(conn, pool, wanted, ret, error);
}

gboolean vd_conn_pool_look(VdConn *conn, const char *name, VdPool *ret, GError **error)
{
    const char *wanted = name ? name : "default";
    g_autoptr(virStoragePool) pool = find_pool(conn, wanted, FALSE, error);

    *ret = (VdPool){0};
    return pool && describe_pool(conn, pool, wanted, ret, error);
}

char *vd_conn_pool_of_files(VdConn *conn, GError **error)
{
    virStoragePoolPtr *pools = NULL;
    int n = virConnectListAllStoragePools(conn->conn, &pools, 0);
    gboolean taken = FALSE; /* the name "default", by something else */
    char *found = NULL;

    n = vd_virt_listed(n, pools);
    for (int i = 0; i < n; i++) {
        const char *name = virStoragePoolGetName(pools[i]);
        gboolean usual = g_str_equal(name, "default");

        if (vd_pool_has_files(pools[i]) &&
            (usual || (!found && virStoragePoolIsActive(pools[i]) == 1))) {
            g_free(found);
            found = g_strdup(name);
        }
        taken = taken || usual;
        if (usual && g_strcmp0(found, name) == 0)
            break;
    }
    for (int i = 0; i < n; i++)
        virStoragePoolFree(pools[i]);
    free(pools);
    virResetLastError();
    if (found || (n >= 0 && !taken))
        return found ? found : g_strdup("default");
    vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                 _("This host has no storage pool that is a folder; what a machine starts from "
                   "beside its disk needs one: make one with “virsh pool-define-as files dir "
                   "--target FOLDER” and start it."));
    return NULL;
}

static gboolean create_volume(VdConn *conn, const char *pool_name, const char *volume,
                              const char *xml, char **ret_path, GError **error)
{
    g_autoptr(virStoragePool) pool = find_pool(conn, pool_name, FALSE, error);
    g_autoptr(virStorageVol) vol = NULL;
    char *path;

    *ret_path = NULL;
    if (!pool)
        return FALSE;
    vol = virStorageVolCreateXML(pool, xml, 0);
    if (!vol)
        return vd_virt_fail(error, _("The disk %s could not be made in the storage pool %s"),
                            volume, pool_name);
    path = virStorageVolGetPath(vol);
    if (!path)
        return vd_virt_fail(error, _("The disk %s has no path"), volume);
    *ret_path = g_strdup(path);
    free(path);
    return TRUE;
}

gboolean vd_conn_volume_overlay(VdConn *conn, const char *pool, const char *volume,
                                const char *base, const char *base_format, guint64 size,
                                char **ret_path, GError **error)
{
    g_autofree char *xml = vd_volume_xml(volume, size, base, base_format);

    return create_volume(conn, pool, volume, xml, ret_path, error);
}

gboolean vd_conn_volume_create(VdConn *conn, const char *pool, const char *volume, guint64 size,
                               char **ret_path, GError **error)
{
    g_autofree char *xml = vd_volume_xml(volume, size, NULL, NULL);

    return create_volume(conn, pool, volume, xml, ret_path, error);
}

gboolean vd_conn_volume_create_raw(VdConn *conn, const char *pool, const char *volume, guint64 size,
                                   char **ret_path, GError **error)
{
    g_autoptr(virStoragePool) found = virStoragePoolLookupByName(conn->conn, pool);
    gboolean files = !found || vd_pool_has_files(found);
    g_autofree char *xml = vd_volume_raw_xml(volume, size, files, FALSE);

    return create_volume(conn, pool, volume, xml, ret_path, error);
}

gboolean vd_conn_volume_used(VdConn *conn, const char *pool_name, const char *volume,
                             guint64 *ret_bytes, GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    g_autoptr(virStorageVol) vol = pool ? virStorageVolLookupByName(pool, volume) : NULL;
    virStorageVolInfo info;

    if (!vol || virStorageVolGetInfo(vol, &info) < 0)
        return vd_virt_fail(error, _("The disk %s could not be looked up"), volume);
    *ret_bytes = info.allocation;
    return TRUE;
}

gboolean vd_conn_volume_exists(VdConn *conn, const char *pool_name, const char *volume)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    g_autoptr(virStorageVol) vol = pool ? virStorageVolLookupByName(pool, volume) : NULL;

    if (!vol)
        virResetLastError();
    return vol != NULL;
}

static gboolean is_base(const char *name)
{
    const char *digest = name + strlen(VD_BASE_PREFIX);

    return g_str_has_prefix(name, VD_BASE_PREFIX) && strspn(digest, "0123456789abcdef") == 64 &&
           digest[64] == '.';
}

gboolean vd_conn_volume_delete(VdConn *conn, const char *pool_name, const char *volume,
                               GError **error)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn->conn, pool_name);
    g_autoptr(virStorageVol) vol = NULL;

    if (!pool && virGetLastErrorCode() == VIR_ERR_NO_STORAGE_POOL)
        return TRUE;
    if (!pool)
        return vd_virt_fail(error, _("The storage pool %s could not be looked up"), pool_name);
    vol = virStorageVolLookupByName(pool, volume);
    if (!vol) {
        /* It may have been made by a daemon that died before it could note it down. */
        if (virStoragePoolRefresh(pool, 0) < 0)
            virResetLastError();
        vol = virStorageVolLookupByName(pool, volume);
    }
    if (!vol && virGetLastErrorCode() == VIR_ERR_NO_STORAGE_VOL)
        return TRUE;
    if (!vol)
        return vd_virt_fail(error, _("The disk %s could not be looked up"), volume);
    if ((vd_rbd_holds(pool) ? vd_rbd_delete(vol, is_base(volume)) : virStorageVolDelete(vol, 0)) <
            0 &&
        virGetLastErrorCode() != VIR_ERR_NO_STORAGE_VOL)
        return vd_virt_fail(error, _("The disk %s could not be removed"), volume);
    return TRUE;
}

static void base_free(gpointer data)
{
    VdBase *base = data;

    g_free(base->pool);
    g_free(base->name);
    g_free(base->path);
    g_free(base);
}

static void add_bases(GPtrArray *bases, virStoragePoolPtr pool)
{
    virStorageVolPtr *volumes = NULL;
    int n = virStoragePoolIsActive(pool) == 1 ? virStoragePoolListAllVolumes(pool, &volumes, 0) : 0;
    gboolean rbd = n > 0 && vd_rbd_holds(pool);

    n = vd_virt_listed(n, volumes);
    for (int i = 0; i < n; i++) {
        const char *name = virStorageVolGetName(volumes[i]);
        virStorageVolInfo info = {0};
        char *path = NULL;

        if (name && is_base(name) && virStorageVolGetInfo(volumes[i], &info) == 0 &&
            (path = virStorageVolGetPath(volumes[i])) != NULL) {
            VdBase *base = g_new0(VdBase, 1);

            base->pool = g_strdup(virStoragePoolGetName(pool));
            base->name = g_strdup(name);
            base->path = g_strdup(path);
            base->bytes = info.allocation;
            base->rbd = rbd;
            g_ptr_array_add(bases, base);
        }
        free(path);
        virStorageVolFree(volumes[i]);
    }
    free(volumes);
}

GPtrArray *vd_conn_bases(VdConn *conn, GError **error)
{
    g_autoptr(GPtrArray) bases = g_ptr_array_new_with_free_func(base_free);
    virStoragePoolPtr *pools = NULL;
    int n = virConnectListAllStoragePools(conn->conn, &pools, 0);

    n = vd_virt_listed(n, pools);
    if (n < 0) {
        vd_virt_fail(error, _("The storage pools could not be listed"));
        return NULL;
    }
    for (int i = 0; i < n; i++) {
        add_bases(bases, pools[i]);
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    virResetLastError();
    return g_steal_pointer(&bases);
}

/* The names of a pool's volumes that have path as their base. */
static void add_volume_users(GStrvBuilder *users, virStoragePoolPtr pool, const char *path)
{
    virStorageVolPtr *volumes = NULL;
    int n;

    if (virStoragePoolIsActive(pool) != 1 || virStoragePoolRefresh(pool, 0) < 0)
        return;
    n = virStoragePoolListAllVolumes(pool, &volumes, 0);
    n = vd_virt_listed(n, volumes);
    for (int i = 0; i < n; i++) {
        char *xml = virStorageVolGetXMLDesc(volumes[i], 0);
        g_autoptr(xmlDoc) doc = vd_xml_parse(xml ? xml : "", "volume", NULL);

        if (doc && vd_xpath_has(doc, "/volume/backingStore/path", path))
            g_strv_builder_add(users, virStorageVolGetName(volumes[i]));
        free(xml);
        virStorageVolFree(volumes[i]);
    }
    free(volumes);
}

/* The names of the machines that have path where xpath says. */
static void add_machine_users(GStrvBuilder *users, VdConn *conn, const char *xpath,
                              const char *path)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(conn->conn, &domains, 0);
    n = vd_virt_listed(n, domains);

    for (int i = 0; i < n; i++) {
        char *xml = virDomainGetXMLDesc(domains[i], 0);
        g_autoptr(xmlDoc) doc = vd_xml_parse(xml ? xml : "", "domain", NULL);

        if (doc && vd_xpath_has(doc, xpath, path))
            g_strv_builder_add(users, virDomainGetName(domains[i]));
        free(xml);
        virDomainFree(domains[i]);
    }
    free(domains);
}

char **vd_conn_file_users(VdConn *conn, const char *path, GError **error)
{
    g_autoptr(GStrvBuilder) users = g_strv_builder_new();
    virStoragePoolPtr *pools = NULL;
    int n = virConnectListAllStoragePools(conn->conn, &pools, 0);
    char **all;

    n = vd_virt_listed(n, pools);
    if (n < 0) {
        vd_virt_fail(error, _("The storage pools could not be listed"));
        return NULL;
    }
    for (int i = 0; i < n; i++) {
        add_volume_users(users, pools[i], path);
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    add_machine_users(users, conn,
                      "/domain/devices/disk/source/@file | "
                      "/domain/devices/disk/source[@protocol='rbd']/@name | " VD_METADATA_BASE,
                      path);
    all = g_strv_builder_end(users);
    if (!*all) { /* one that runs tells of what its disk stands on, in a pool or not */
        g_strfreev(all);
        add_machine_users(users, conn, "/domain/devices/disk//source/@file", path);
        all = g_strv_builder_end(users);
    }
    virResetLastError();
    return all;
}
