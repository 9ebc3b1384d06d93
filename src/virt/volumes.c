/* Which volumes go with a machine, and which must stay.
 *
 * A volume is removed only when everything speaks for it: it is a writable disk of this machine
 * alone, in a storage pool, and nothing stands on it. So all machines' disks (running and defined,
 * with their backing chains) and all volumes' backing files are compared with the candidates; if
 * they cannot be read, there is no plan. Pools of files are refreshed first, because libvirt does
 * not know of an overlay that was made beside it. Paths are compared after resolving links where
 * the files are ours. */
#include "config.h"

#include <string.h>

#include <libvirt/virterror.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/call.h"
#include "src/virt/domxml.h"
#include "src/virt/provision.h"
#include "src/virt/volumes.h"
#include "src/virt/xml.h"

typedef struct {
    virConnectPtr conn;
    gboolean local;         /* the host's files are ours to look at */
    const char *uuid;       /* of the machine itself */
    GHashTable *candidates; /* canonical path → VdMachineVolume (borrowed) */
} Search;

static void volume_free(gpointer data)
{
    VdMachineVolume *volume = data;

    g_free(volume->target);
    g_free(volume->path);
    g_free(volume->pool);
    g_free(volume->name);
    g_free(volume->why);
    if (volume->vol != NULL)
        virStorageVolFree(volume->vol);
    g_free(volume);
}

/* ---- the machine's own disks ---- */

static gboolean is_local(virConnectPtr conn)
{
    g_autofree char *text = virConnectGetURI(conn);
    g_autoptr(GUri) uri = text == NULL ? NULL : g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    const char *host = uri == NULL ? NULL : g_uri_get_host(uri);

    return uri != NULL && (host == NULL || *host == '\0');
}

/* One spelling for each file; "pool/image" of ceph has but one. The caller frees. */
static char *canonical(const Search *search, const char *path)
{
    if (*path != '/')
        return g_strdup(path);

    char *real = search->local ? realpath(path, NULL) : NULL;

    return real != NULL ? real : g_canonicalize_filename(path, "/");
}

/* Why a disk stays, by its definition alone; NULL if nothing there speaks against it. */
static const char *why_by_definition(const VdDomDisk *disk)
{
    if (strcmp(disk->device, "cdrom") == 0)
        return _("a CD-ROM");
    if (strcmp(disk->device, "floppy") == 0)
        return _("a floppy");
    if (strcmp(disk->device, "disk") != 0)
        return _("a device of the host");
    if (disk->readonly && g_strcmp0(disk->serial, VD_SEED_SERIAL) != 0)
        return _("read-only");
    if (disk->shareable)
        return _("shared with other machines");
    if (!disk->is_path && disk->volume == NULL && disk->rbd == NULL)
        return _("not a file of the host");
    return NULL;
}

static virStorageVolPtr lookup_in_pool(virConnectPtr conn, const char *pool_name, const char *name)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(conn, pool_name);

    return pool == NULL ? NULL : virStorageVolLookupByName(pool, name);
}

/* The pool has the same name in ceph, and one of the monitors. */
static gboolean is_of_rbd_pool(const VdDomDisk *disk, virStoragePoolPtr pool)
{
    g_autofree char *xml = virStoragePoolGetXMLDesc(pool, 0);
    VdRbd rbd = {0};
    gboolean same = FALSE;

    if (xml != NULL && vd_rbd_read(xml, &rbd) && g_str_has_prefix(disk->rbd, rbd.pool) &&
        disk->rbd[strlen(rbd.pool)] == '/') {
        for (guint i = 0; disk->monitors[i] != NULL; i++)
            same = same || g_strv_contains((const char *const *)rbd.hosts, disk->monitors[i]);
    }
    vd_rbd_clear(&rbd);
    return same;
}

static virStorageVolPtr lookup_rbd(virConnectPtr conn, const VdDomDisk *disk)
{
    virStoragePoolPtr *pools = NULL;
    virStorageVolPtr found = NULL;
    int count = virConnectListAllStoragePools(
        conn, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE | VIR_CONNECT_LIST_STORAGE_POOLS_RBD);

    count = vd_virt_listed(count, pools);
    for (int i = 0; i < count; i++) {
        if (found == NULL && is_of_rbd_pool(disk, pools[i]))
            found = virStorageVolLookupByName(pools[i], strchr(disk->rbd, '/') + 1);
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    virResetLastError();
    return found;
}

static virStorageVolPtr lookup_volume(virConnectPtr conn, const VdDomDisk *disk)
{
    if (disk->rbd != NULL)
        return lookup_rbd(conn, disk);
    if (disk->is_path)
        return virStorageVolLookupByPath(conn, disk->source);
    if (disk->pool == NULL || disk->volume == NULL)
        return NULL;
    return lookup_in_pool(conn, disk->pool, disk->volume);
}

/* Fills in what the pool knows of it. */
static void read_volume(VdMachineVolume *volume)
{
    g_autoptr(virStoragePool) pool = virStoragePoolLookupByVolume(volume->vol);
    virStorageVolInfo info;
    char *path = virStorageVolGetPath(volume->vol);

    if (path != NULL) {
        g_free(volume->path);
        volume->path = path;
    }
    volume->name = g_strdup(virStorageVolGetName(volume->vol));
    if (pool != NULL)
        volume->pool = g_strdup(virStoragePoolGetName(pool));
    if (virStorageVolGetInfo(volume->vol, &info) == 0) {
        volume->capacity = info.capacity;
        volume->allocation = info.allocation;
    }
}

static void add_disk(GPtrArray *volumes, Search *search, const VdDomDisk *disk)
{
    VdMachineVolume *volume = g_new0(VdMachineVolume, 1);
    char *key;

    volume->target = g_strdup(disk->target);
    volume->path = g_strdup(disk->source);
    volume->why = g_strdup(why_by_definition(disk));
    g_ptr_array_add(volumes, volume);
    volume->vol = lookup_volume(search->conn, disk);
    if (volume->vol != NULL)
        read_volume(volume);
    else if (volume->why == NULL)
        volume->why = g_strdup(_("in no storage pool"));
    if (volume->why != NULL)
        return;
    key = canonical(search, volume->path);
    if (g_hash_table_contains(search->candidates, key)) {
        volume->why = g_strdup(_("the same as another disk of this machine"));
        g_free(key);
        return;
    }
    g_hash_table_insert(search->candidates, key, volume);
}

/* A container's folders, or those that a machine shares with its host. */
static void add_filesystem(GPtrArray *volumes, const VdDomFs *fs)
{
    VdMachineVolume *volume = g_new0(VdMachineVolume, 1);

    volume->target = g_strdup(fs->target);
    volume->path = g_strdup(fs->source);
    volume->why = g_strdup(_("a folder of the host"));
    g_ptr_array_add(volumes, volume);
}

/* ---- what speaks against removing ---- */

/* The candidate of that path which nothing speaks against yet, or NULL. Borrowed. */
static VdMachineVolume *candidate(const Search *search, const char *path)
{
    g_autofree char *key = NULL;
    VdMachineVolume *volume;

    if (path == NULL)
        return NULL;
    key = canonical(search, path);
    volume = g_hash_table_lookup(search->candidates, key);
    return volume != NULL && volume->why == NULL ? volume : NULL;
}

static void keep_disk_of(const Search *search, const VdDomDisk *disk, const char *name)
{
    g_autofree char *path = g_strdup(disk->is_path ? disk->source : disk->rbd);
    VdMachineVolume *volume;

    if (path == NULL && disk->volume != NULL) {
        g_autoptr(virStorageVol) vol = lookup_volume(search->conn, disk);

        path = vol == NULL ? NULL : virStorageVolGetPath(vol);
    }
    volume = candidate(search, path);
    if (volume != NULL)
        volume->why = g_strdup_printf(_("used by %s"), name);
    for (guint layer = 0; disk->backing[layer] != NULL; layer++) {
        volume = candidate(search, disk->backing[layer]);
        if (volume != NULL)
            volume->why = g_strdup_printf(_("under a disk of %s"), name);
    }
}

/* One machine's definition, running or stored. One that has just gone uses nothing. */
static gboolean keep_disks_of(const Search *search, virDomainPtr domain, unsigned int flags,
                              GError **error)
{
    g_autofree char *name = vd_text_clean(virDomainGetName(domain), 80, FALSE);
    g_autofree char *xml = virDomainGetXMLDesc(domain, flags);
    g_autoptr(VdDomXml) dom = NULL;

    if (xml == NULL && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
        return TRUE;
    if (xml == NULL)
        return vd_virt_fail(error, _("The disks of %s cannot be read"), name);
    dom = vd_domxml_parse(xml, error);
    for (guint i = 0; dom != NULL && i < dom->disks->len; i++)
        keep_disk_of(search, dom->disks->pdata[i], name);
    return dom != NULL;
}

static gboolean keep_used_by(const Search *search, virDomainPtr domain, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (virDomainGetUUIDString(domain, uuid) == 0 && strcmp(uuid, search->uuid) == 0)
        return TRUE;
    if (!keep_disks_of(search, domain, 0, error))
        return FALSE;
    if (virDomainIsActive(domain) == 1 && virDomainIsPersistent(domain) == 1)
        return keep_disks_of(search, domain, VIR_DOMAIN_XML_INACTIVE, error);
    return TRUE;
}

static gboolean keep_used_by_others(const Search *search, GError **error)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(search->conn, &domains, 0);
    count = vd_virt_listed(count, domains);
    gboolean ok = TRUE;

    if (count < 0)
        return vd_virt_fail(error, _("The other machines' disks cannot be read"));
    for (int i = 0; i < count; i++) {
        ok = ok && keep_used_by(search, domains[i], error);
        virDomainFree(domains[i]);
    }
    free(domains);
    return ok;
}

static gboolean keep_under_volume(const Search *search, virStorageVolPtr vol, GError **error)
{
    g_autofree char *name = vd_text_clean(virStorageVolGetName(vol), 80, FALSE);
    g_autofree char *xml = virStorageVolGetXMLDesc(vol, 0);
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *backing = NULL;
    VdMachineVolume *volume;

    if (xml == NULL && virGetLastErrorCode() == VIR_ERR_NO_STORAGE_VOL)
        return TRUE;
    if (xml == NULL)
        return vd_virt_fail(error, _("The volume %s cannot be read"), name);
    doc = vd_xml_parse(xml, "volume", error);
    if (doc == NULL)
        return FALSE;
    backing = vd_xml_child_text(vd_xml_child(xmlDocGetRootElement(doc), "backingStore"), "path");
    volume = candidate(search, backing);
    if (volume != NULL)
        volume->why = g_strdup_printf(_("the volume %s stands on it"), name);
    return TRUE;
}

/* libvirt learns of files that others made in a pool when the pool is refreshed: cheap for folders,
 * not so for network storage. A refusal (a volume is being built) leaves what is known. */
static void refresh_if_files(virStoragePoolPtr pool)
{
    g_autofree char *xml = virStoragePoolGetXMLDesc(pool, 0);
    g_autoptr(xmlDoc) doc = xml == NULL ? NULL : vd_xml_parse(xml, "pool", NULL);
    g_autofree char *type = doc == NULL ? NULL : vd_xml_attr(xmlDocGetRootElement(doc), "type");

    if (type != NULL &&
        (strcmp(type, "dir") == 0 || strcmp(type, "fs") == 0 || strcmp(type, "netfs") == 0))
        (void)virStoragePoolRefresh(pool, 0);
}

static gboolean keep_under_volumes_of(const Search *search, virStoragePoolPtr pool, GError **error)
{
    virStorageVolPtr *vols = NULL;
    int count = virStoragePoolListAllVolumes(pool, &vols, 0);
    count = vd_virt_listed(count, vols);
    gboolean ok = TRUE;

    if (count < 0)
        return vd_virt_fail(error, _("The volumes of the pool cannot be read"));
    for (int i = 0; i < count; i++) {
        ok = ok && keep_under_volume(search, vols[i], error);
        virStorageVolFree(vols[i]);
    }
    free(vols);
    return ok;
}

typedef gboolean (*PoolFunc)(const Search *search, virStoragePoolPtr pool, GError **error);

static gboolean refresh_pool(const Search *search, virStoragePoolPtr pool, GError **error)
{
    (void)search;
    (void)error;
    refresh_if_files(pool);
    return TRUE;
}

static gboolean each_active_pool(const Search *search, PoolFunc func, GError **error)
{
    virStoragePoolPtr *pools = NULL;
    int count =
        virConnectListAllStoragePools(search->conn, &pools, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE);
    count = vd_virt_listed(count, pools);
    gboolean ok = TRUE;

    if (count < 0 && vd_op_not_known())
        return TRUE; /* a host without storage: all volumes are in no pool */
    if (count < 0)
        return vd_virt_fail(error, _("The host's storage pools cannot be read"));
    for (int i = 0; i < count; i++) {
        ok = ok && func(search, pools[i], error);
        virStoragePoolFree(pools[i]);
    }
    free(pools);
    return ok;
}

/* ---- the plan ---- */

GPtrArray *vd_volumes_plan(VdVirtCall *call, GError **error)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";
    g_autofree char *xml = vd_op_xml(call, VIR_DOMAIN_XML_INACTIVE, error);
    g_autoptr(VdDomXml) dom = xml == NULL ? NULL : vd_domxml_parse(xml, error);
    g_autoptr(GPtrArray) volumes = g_ptr_array_new_with_free_func(volume_free);
    g_autoptr(GHashTable) candidates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Search search = {call->conn, is_local(call->conn), uuid, candidates};

    if (dom == NULL || !each_active_pool(&search, refresh_pool, error))
        return NULL;
    virDomainGetUUIDString(call->domain, uuid);
    for (guint i = 0; i < dom->disks->len; i++) {
        const VdDomDisk *disk = dom->disks->pdata[i];

        if (disk->source != NULL)
            add_disk(volumes, &search, disk);
    }
    for (guint i = 0; i < dom->filesystems->len; i++) {
        const VdDomFs *fs = dom->filesystems->pdata[i];

        if (fs->source != NULL)
            add_filesystem(volumes, fs);
    }
    if (g_hash_table_size(candidates) == 0)
        return g_steal_pointer(&volumes);
    if (!keep_used_by_others(&search, error) ||
        !each_active_pool(&search, keep_under_volumes_of, error))
        return NULL;
    return g_steal_pointer(&volumes);
}

enum { COL_TARGET, COL_PATH, COL_POOL, COL_SIZE, COL_ALLOCATED, COL_REMOVE, COL_REASON };

static const VdColumn plan_columns[] = {
    {"target", N_("Disk"), VD_COL_TEXT},         {"path", N_("Path"), VD_COL_TEXT},
    {"pool", N_("Pool"), VD_COL_TEXT},           {"size", N_("Size"), VD_COL_SIZE},
    {"allocated", N_("Allocated"), VD_COL_SIZE}, {"remove", N_("Removed with it"), VD_COL_BOOL},
    {"reason", N_("Kept because"), VD_COL_TEXT},
};

static const VdColumn done_columns[] = {
    {"target", N_("Disk"), VD_COL_TEXT},         {"path", N_("Path"), VD_COL_TEXT},
    {"pool", N_("Pool"), VD_COL_TEXT},           {"size", N_("Size"), VD_COL_SIZE},
    {"allocated", N_("Allocated"), VD_COL_SIZE}, {"removed", N_("Removed"), VD_COL_BOOL},
    {"reason", N_("Kept because"), VD_COL_TEXT},
};

G_STATIC_ASSERT(G_N_ELEMENTS(plan_columns) == G_N_ELEMENTS(done_columns));

VdDoc *vd_volumes_doc(const GPtrArray *volumes, gboolean done)
{
    VdDoc *doc = vd_doc_new();
    VdSection *section =
        vd_doc_section(doc, VD_SECTION_TABLE, "volumes", N_("Volumes"),
                       done ? done_columns : plan_columns, G_N_ELEMENTS(plan_columns));

    for (guint i = 0; i < volumes->len; i++) {
        const VdMachineVolume *volume = volumes->pdata[i];
        char **row = vd_section_row(section);

        vd_row_text(row, COL_TARGET, volume->target);
        vd_row_path(row, COL_PATH, volume->path);
        vd_row_name(row, COL_POOL, volume->pool);
        if (volume->vol != NULL) {
            vd_row_size(row, COL_SIZE, volume->capacity);
            vd_row_size(row, COL_ALLOCATED, volume->allocation);
        }
        vd_row_bool(row, COL_REMOVE, volume->why == NULL);
        vd_row_text(row, COL_REASON, volume->why);
    }
    return doc;
}
