/* A machine's devices as tables: one function for each kind. A kind that the machine does not have
 * has no table. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/virt/hardware.h"
#include "src/virt/ops-util.h"

/* ---- disks ---- */

enum {
    DISK_TARGET,
    DISK_DEVICE,
    DISK_BUS,
    DISK_SOURCE,
    DISK_FORMAT,
    DISK_CAPACITY,
    DISK_ALLOCATION,
    DISK_READONLY,
    DISK_SHAREABLE,
    DISK_BACKING,
    DISK_SERIAL,
    DISK_COLUMNS
};

static const VdColumn disk_columns[DISK_COLUMNS] = {
    [DISK_TARGET] = {"target", N_("Disk"), VD_COL_TEXT},
    [DISK_DEVICE] = {"device", N_("Device"), VD_COL_TEXT},
    [DISK_BUS] = {"bus", N_("Bus"), VD_COL_TEXT},
    [DISK_SOURCE] = {"source", N_("Source"), VD_COL_TEXT},
    [DISK_FORMAT] = {"format", N_("Format"), VD_COL_TEXT},
    [DISK_CAPACITY] = {"capacity", N_("Size"), VD_COL_SIZE},
    [DISK_ALLOCATION] = {"allocation", N_("Allocated"), VD_COL_SIZE},
    [DISK_READONLY] = {"readonly", N_("Read-only"), VD_COL_BOOL},
    [DISK_SHAREABLE] = {"shareable", N_("Shared"), VD_COL_BOOL},
    [DISK_BACKING] = {"backing", N_("Stands on"), VD_COL_TEXT},
    [DISK_SERIAL] = {"serial", N_("Serial"), VD_COL_TEXT},
};

/* By the storage pool, which asks no QEMU; a file in no pool only while the machine is off, when
 * libvirt reads the file itself. */
static void fill_disk_size(VdVirtCall *call, const VdDomDisk *disk, gboolean active, char **row)
{
    g_autoptr(virStorageVol) vol = NULL;
    virStorageVolInfo volume;
    virDomainBlockInfo block;

    if (disk->is_path) {
        vol = virStorageVolLookupByPath(call->conn, disk->source);
    } else if (disk->pool != NULL && disk->volume != NULL) {
        g_autoptr(virStoragePool) pool = virStoragePoolLookupByName(call->conn, disk->pool);

        vol = pool == NULL ? NULL : virStorageVolLookupByName(pool, disk->volume);
    }
    if (vol != NULL && virStorageVolGetInfo(vol, &volume) == 0) {
        vd_row_size(row, DISK_CAPACITY, volume.capacity);
        vd_row_size(row, DISK_ALLOCATION, volume.allocation);
    } else if (!active && disk->is_path && disk->target != NULL &&
               virDomainGetBlockInfo(call->domain, disk->target, &block, 0) == 0) {
        vd_row_size(row, DISK_CAPACITY, block.capacity);
        vd_row_size(row, DISK_ALLOCATION, block.allocation);
    }
}

static void add_disks(VdVirtCall *call, const GPtrArray *disks, VdDoc *doc)
{
    gboolean active = virDomainIsActive(call->domain) != 0;
    VdSection *section;

    if (disks->len == 0)
        return;
    section =
        vd_doc_section(doc, VD_SECTION_TABLE, "disks", N_("Disks"), disk_columns, DISK_COLUMNS);
    for (guint i = 0; i < disks->len; i++) {
        const VdDomDisk *disk = disks->pdata[i];
        g_autofree char *backing = g_strjoinv(", ", disk->backing);
        char **row = vd_section_row(section);

        vd_row_text(row, DISK_TARGET, disk->target);
        vd_row_text(row, DISK_DEVICE, disk->device);
        vd_row_text(row, DISK_BUS, disk->bus);
        vd_row_path(row, DISK_SOURCE, disk->source);
        vd_row_text(row, DISK_FORMAT, disk->format);
        vd_row_bool(row, DISK_READONLY, disk->readonly);
        vd_row_bool(row, DISK_SHAREABLE, disk->shareable);
        vd_row_text(row, DISK_BACKING, *backing != '\0' ? backing : NULL);
        vd_row_text(row, DISK_SERIAL, disk->serial);
        fill_disk_size(call, disk, active, row);
    }
}

/* ---- interfaces ---- */

enum {
    NIC_TARGET,
    NIC_ALIAS,
    NIC_MAC,
    NIC_MODEL,
    NIC_KIND,
    NIC_SOURCE,
    NIC_ADDRESS,
    NIC_LINK,
    NIC_COLUMNS
};

static const VdColumn nic_columns[NIC_COLUMNS] = {
    [NIC_TARGET] = {"target", N_("Interface"), VD_COL_TEXT},
    [NIC_ALIAS] = {"alias", N_("Alias"), VD_COL_TEXT},
    [NIC_MAC] = {"mac", N_("MAC address"), VD_COL_TEXT},
    [NIC_MODEL] = {"model", N_("Model"), VD_COL_TEXT},
    [NIC_KIND] = {"kind", N_("Kind"), VD_COL_TEXT},
    [NIC_SOURCE] = {"source", N_("Source"), VD_COL_TEXT},
    [NIC_ADDRESS] = {"address", N_("Address"), VD_COL_TEXT},
    [NIC_LINK] = {"link", N_("Link"), VD_COL_TEXT},
};

/* MAC in lower case → "192.0.2.7/24, 2001:db8::7/64". */
static GHashTable *lease_addresses(VdVirtCall *call)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    virDomainInterfacePtr *faces = NULL;
    int count = virDomainInterfaceAddresses(call->domain, &faces,
                                            VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, 0);

    for (int i = 0; i < count; i++) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_auto(GStrv) list = NULL;

        for (unsigned int j = 0; faces[i]->hwaddr != NULL && j < faces[i]->naddrs; j++) {
            g_autofree char *text =
                g_strdup_printf("%s/%u", faces[i]->addrs[j].addr, faces[i]->addrs[j].prefix);

            g_strv_builder_add(builder, text);
        }
        list = g_strv_builder_end(builder);
        if (list[0] != NULL)
            g_hash_table_replace(table, g_ascii_strdown(faces[i]->hwaddr, -1),
                                 g_strjoinv(", ", list));
        virDomainInterfaceFree(faces[i]);
    }
    free(faces);
    return table;
}

static void add_nics(VdVirtCall *call, const VdDomXml *dom, VdDoc *doc)
{
    const GPtrArray *nics = dom->nics;
    g_autoptr(GHashTable) addresses = NULL;
    VdSection *section;

    if (nics->len == 0)
        return;
    addresses = lease_addresses(call);
    section = vd_doc_section(doc, VD_SECTION_TABLE, "interfaces", N_("Interfaces"), nic_columns,
                             NIC_COLUMNS);
    for (guint i = 0; i < nics->len; i++) {
        const VdDomNic *nic = nics->pdata[i];
        g_autofree char *mac = nic->mac == NULL ? NULL : g_ascii_strdown(nic->mac, -1);
        char **row = vd_section_row(section);

        vd_row_text(row, NIC_TARGET, nic->target);
        vd_row_text(row, NIC_ALIAS, nic->alias);
        vd_row_text(row, NIC_MAC, mac);
        vd_row_text(row, NIC_MODEL, nic->model);
        vd_row_text(row, NIC_KIND, nic->kind);
        vd_row_text(row, NIC_SOURCE, nic->source);
        if (mac != NULL)
            vd_row_text(row, NIC_ADDRESS, g_hash_table_lookup(addresses, mac));
        /* What a deployment set is the first one's; no lease tells of it. */
        if (i == 0 && row[NIC_ADDRESS] == NULL)
            vd_row_text(row, NIC_ADDRESS, dom->given);
        vd_row_text(row, NIC_LINK, nic->link);
    }
}

/* ---- the rest ---- */

static const VdColumn graphics_columns[] = {
    {"type", N_("Type"), VD_COL_TEXT},
    {"listen", N_("Listens on"), VD_COL_TEXT},
    {"port", N_("Port"), VD_COL_COUNT},
};

static void add_graphics(const GPtrArray *list, VdDoc *doc)
{
    VdSection *section;

    if (list->len == 0)
        return;
    section = vd_doc_section(doc, VD_SECTION_TABLE, "graphics", N_("Graphics"), graphics_columns,
                             G_N_ELEMENTS(graphics_columns));
    for (guint i = 0; i < list->len; i++) {
        const VdDomGraphics *graphics = list->pdata[i];
        char **row = vd_section_row(section);

        vd_row_text(row, 0, graphics->type);
        vd_row_text(row, 1, graphics->listen);
        if (graphics->port > 0)
            vd_row_int(row, 2, graphics->port);
    }
}

static const VdColumn char_columns[] = {
    {"kind", N_("Kind"), VD_COL_TEXT},     {"type", N_("Type"), VD_COL_TEXT},
    {"target", N_("Target"), VD_COL_TEXT}, {"source", N_("Source"), VD_COL_TEXT},
    {"log", N_("Log"), VD_COL_TEXT},
};

static void add_chars(const GPtrArray *list, VdDoc *doc)
{
    VdSection *section;

    if (list->len == 0)
        return;
    section = vd_doc_section(doc, VD_SECTION_TABLE, "consoles", N_("Consoles and channels"),
                             char_columns, G_N_ELEMENTS(char_columns));
    for (guint i = 0; i < list->len; i++) {
        const VdDomChar *chr = list->pdata[i];
        char **row = vd_section_row(section);

        vd_row_text(row, 0, chr->kind);
        vd_row_text(row, 1, chr->type);
        vd_row_text(row, 2, chr->target);
        vd_row_text(row, 3, chr->source);
        vd_row_text(row, 4, chr->log);
    }
}

static const VdColumn fs_columns[] = {
    {"type", N_("Type"), VD_COL_TEXT},
    {"source", N_("Source"), VD_COL_TEXT},
    {"target", N_("Target"), VD_COL_TEXT},
    {"readonly", N_("Read-only"), VD_COL_BOOL},
};

static void add_filesystems(const GPtrArray *list, VdDoc *doc)
{
    VdSection *section;

    if (list->len == 0)
        return;
    section = vd_doc_section(doc, VD_SECTION_TABLE, "filesystems", N_("Filesystems"), fs_columns,
                             G_N_ELEMENTS(fs_columns));
    for (guint i = 0; i < list->len; i++) {
        const VdDomFs *fs = list->pdata[i];
        char **row = vd_section_row(section);

        vd_row_text(row, 0, fs->type);
        vd_row_text(row, 1, fs->source);
        vd_row_text(row, 2, fs->target);
        vd_row_bool(row, 3, fs->readonly);
    }
}

static const VdColumn hostdev_columns[] = {
    {"kind", N_("Kind"), VD_COL_TEXT},
    {"address", N_("Address"), VD_COL_TEXT},
};

static const VdColumn other_columns[] = {
    {"kind", N_("Kind"), VD_COL_TEXT},
    {"model", N_("Model"), VD_COL_TEXT},
};

static void add_devices(const GPtrArray *list, VdDoc *doc, const char *id, const char *title,
                        const VdColumn *columns)
{
    VdSection *section;

    if (list->len == 0)
        return;
    section = vd_doc_section(doc, VD_SECTION_TABLE, id, title, columns, 2);
    for (guint i = 0; i < list->len; i++) {
        const VdDomDevice *device = list->pdata[i];
        char **row = vd_section_row(section);

        vd_row_text(row, 0, device->kind);
        vd_row_text(row, 1, device->text);
    }
}

void vd_hardware_sections(VdVirtCall *call, const VdDomXml *dom, VdDoc *doc)
{
    add_disks(call, dom->disks, doc);
    add_nics(call, dom, doc);
    add_graphics(dom->graphics, doc);
    add_chars(dom->chars, doc);
    add_filesystems(dom->filesystems, doc);
    add_devices(dom->hostdevs, doc, "host_devices", N_("Host devices"), hostdev_columns);
    add_devices(dom->others, doc, "other_devices", N_("Other devices"), other_columns);
}
