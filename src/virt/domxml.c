/* A machine's hardware out of its domain XML.
 *
 * One small reader for each kind of element, called by a table; each takes what it knows and
 * leaves the rest out, so that an element of a newer libvirt, of another driver or of a hostile
 * daemon costs a field and nothing else. */
#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/virt/domxml.h"
#include "src/virt/xml.h"

/* ---- freeing ---- */

static void disk_free(gpointer data)
{
    VdDomDisk *disk = data;

    g_free(disk->type);
    g_free(disk->device);
    g_free(disk->target);
    g_free(disk->bus);
    g_free(disk->source);
    g_free(disk->pool);
    g_free(disk->volume);
    g_free(disk->format);
    g_free(disk->serial);
    g_strfreev(disk->backing);
    g_free(disk->rbd);
    g_strfreev(disk->monitors);
    g_free(disk);
}

static void nic_free(gpointer data)
{
    VdDomNic *nic = data;

    g_free(nic->kind);
    g_free(nic->source);
    g_free(nic->target);
    g_free(nic->alias);
    g_free(nic->mac);
    g_free(nic->model);
    g_free(nic->link);
    g_free(nic);
}

static void graphics_free(gpointer data)
{
    VdDomGraphics *graphics = data;

    g_free(graphics->type);
    g_free(graphics->listen);
    g_free(graphics);
}

static void char_free(gpointer data)
{
    VdDomChar *chr = data;

    g_free(chr->kind);
    g_free(chr->type);
    g_free(chr->target);
    g_free(chr->source);
    g_free(chr->log);
    g_free(chr);
}

static void fs_free(gpointer data)
{
    VdDomFs *fs = data;

    g_free(fs->type);
    g_free(fs->source);
    g_free(fs->target);
    g_free(fs);
}

static void device_free(gpointer data)
{
    VdDomDevice *device = data;

    g_free(device->kind);
    g_free(device->text);
    g_free(device);
}

void vd_domxml_free(VdDomXml *dom)
{
    if (dom == NULL)
        return;
    g_free(dom->type);
    g_free(dom->name);
    g_free(dom->uuid);
    g_free(dom->title);
    g_free(dom->description);
    g_free(dom->os_type);
    g_free(dom->arch);
    g_free(dom->machine);
    g_free(dom->firmware);
    g_free(dom->kernel);
    g_free(dom->cpu);
    g_free(dom->boot);
    g_free(dom->request);
    g_free(dom->image);
    g_free(dom->author);
    g_free(dom->given);
    g_ptr_array_unref(dom->disks);
    g_ptr_array_unref(dom->nics);
    g_ptr_array_unref(dom->graphics);
    g_ptr_array_unref(dom->chars);
    g_ptr_array_unref(dom->filesystems);
    g_ptr_array_unref(dom->hostdevs);
    g_ptr_array_unref(dom->others);
    g_free(dom);
}

/* ---- disks ---- */

/* The host path of a source element, NULL if it is none. The caller frees. */
static char *source_path(const xmlNode *source)
{
    static const char *const names[] = {"file", "dev", "dir", "path"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = vd_xml_attr(source, names[i]);

        if (path != NULL)
            return path;
    }
    return NULL;
}

/* "rbd:pool/image", "nbd:host:10809/export": enough to know it by. The caller frees. */
static char *network_source(const xmlNode *source)
{
    g_autofree char *protocol = vd_xml_attr(source, "protocol");
    g_autofree char *name = vd_xml_attr(source, "name");
    g_autofree char *host = vd_xml_child_attr(source, "host", "name");

    if (protocol == NULL)
        return NULL;
    return g_strdup_printf("%s:%s%s%s", protocol, host != NULL ? host : "",
                           host != NULL && name != NULL ? "/" : "", name != NULL ? name : "");
}

static char **backing_chain(const xmlNode *disk)
{
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    const xmlNode *layer = vd_xml_child(disk, "backingStore");

    /* As deep as the parser lets elements nest. */
    for (; layer != NULL; layer = vd_xml_child(layer, "backingStore")) {
        g_autofree char *path = source_path(vd_xml_child(layer, "source"));

        if (path != NULL)
            g_strv_builder_add(paths, path);
    }
    return g_strv_builder_end(paths);
}

static void read_rbd(VdDomDisk *disk, const xmlNode *source)
{
    g_autofree char *protocol = vd_xml_attr(source, "protocol");
    g_autoptr(GStrvBuilder) monitors = g_strv_builder_new();

    if (g_strcmp0(protocol, "rbd") != 0)
        return;
    for (const xmlNode *host = vd_xml_child(source, "host"); host != NULL;
         host = vd_xml_next(host)) {
        g_autofree char *name = vd_xml_attr(host, "name");

        if (vd_xml_is(host, "host") && name != NULL)
            g_strv_builder_add(monitors, name);
    }
    disk->rbd = vd_xml_attr(source, "name");
    disk->monitors = g_strv_builder_end(monitors);
}

static void read_disk(VdDomXml *dom, const xmlNode *node)
{
    const xmlNode *source = vd_xml_child(node, "source");
    const xmlNode *target = vd_xml_child(node, "target");
    VdDomDisk *disk = g_new0(VdDomDisk, 1);

    disk->type = vd_xml_attr(node, "type");
    disk->device = vd_xml_attr(node, "device");
    if (disk->device == NULL)
        disk->device = g_strdup("disk");
    disk->target = vd_xml_attr(target, "dev");
    disk->bus = vd_xml_attr(target, "bus");
    disk->format = vd_xml_child_attr(node, "driver", "type");
    disk->serial = vd_xml_child_text(node, "serial");
    disk->readonly = vd_xml_child(node, "readonly") != NULL;
    disk->shareable = vd_xml_child(node, "shareable") != NULL;
    disk->boot = vd_xml_attr_number(vd_xml_child(node, "boot"), "order", 0);
    disk->backing = backing_chain(node);
    disk->pool = vd_xml_attr(source, "pool");
    disk->volume = vd_xml_attr(source, "volume");
    disk->source = source_path(source);
    disk->is_path = disk->source != NULL;
    read_rbd(disk, source);
    if (disk->source == NULL)
        disk->source = network_source(source);
    if (disk->source == NULL && disk->pool != NULL && disk->volume != NULL)
        disk->source = g_strdup_printf("%s/%s", disk->pool, disk->volume);
    g_ptr_array_add(dom->disks, disk);
}

/* ---- the other devices ---- */

static void read_nic(VdDomXml *dom, const xmlNode *node)
{
    static const char *const names[] = {"network", "bridge", "dev", "path", "name", "address"};
    const xmlNode *source = vd_xml_child(node, "source");
    VdDomNic *nic = g_new0(VdDomNic, 1);

    nic->kind = vd_xml_attr(node, "type");
    for (guint i = 0; i < G_N_ELEMENTS(names) && nic->source == NULL; i++)
        nic->source = vd_xml_attr(source, names[i]);
    nic->target = vd_xml_child_attr(node, "target", "dev");
    nic->alias = vd_xml_child_attr(node, "alias", "name");
    nic->mac = vd_xml_child_attr(node, "mac", "address");
    nic->model = vd_xml_child_attr(node, "model", "type");
    nic->link = vd_xml_child_attr(node, "link", "state");
    nic->boot = vd_xml_attr_number(vd_xml_child(node, "boot"), "order", 0);
    g_ptr_array_add(dom->nics, nic);
}

static void read_graphics(VdDomXml *dom, const xmlNode *node)
{
    VdDomGraphics *graphics = g_new0(VdDomGraphics, 1);
    guint64 port = vd_xml_attr_number(node, "port", 0);

    graphics->type = vd_xml_attr(node, "type");
    graphics->port = port > 0 && port <= G_MAXUINT16 ? (gint64)port : -1;
    graphics->listen = vd_xml_attr(node, "listen");
    if (graphics->listen == NULL)
        graphics->listen = vd_xml_attr(node, "socket");
    if (graphics->listen == NULL)
        graphics->listen = vd_xml_child_attr(node, "listen", "address");
    if (graphics->listen == NULL)
        graphics->listen = vd_xml_child_attr(node, "listen", "socket");
    g_ptr_array_add(dom->graphics, graphics);
}

static void read_char(VdDomXml *dom, const xmlNode *node)
{
    const xmlNode *target = vd_xml_child(node, "target");
    VdDomChar *chr = g_new0(VdDomChar, 1);

    chr->kind = g_strdup((const char *)node->name);
    chr->type = vd_xml_attr(node, "type");
    chr->target = vd_xml_attr(target, "name");
    if (chr->target == NULL)
        chr->target = vd_xml_attr(target, "port");
    chr->source = vd_xml_child_attr(node, "source", "path");
    if (chr->source == NULL)
        chr->source = vd_xml_attr(node, "tty");
    chr->log = vd_xml_child_attr(node, "log", "file");
    g_ptr_array_add(dom->chars, chr);
}

static void read_fs(VdDomXml *dom, const xmlNode *node)
{
    const xmlNode *source = vd_xml_child(node, "source");
    VdDomFs *fs = g_new0(VdDomFs, 1);

    fs->type = vd_xml_attr(node, "type");
    fs->source = source_path(source);
    if (fs->source == NULL)
        fs->source = vd_xml_attr(source, "name");
    fs->target = vd_xml_child_attr(node, "target", "dir");
    fs->readonly = vd_xml_child(node, "readonly") != NULL;
    g_ptr_array_add(dom->filesystems, fs);
}

/* "0000:03:00.0" of a PCI address element. The caller frees. */
static char *pci_text(const xmlNode *address)
{
    g_autofree char *domain = vd_xml_attr(address, "domain");
    g_autofree char *bus = vd_xml_attr(address, "bus");
    g_autofree char *slot = vd_xml_attr(address, "slot");
    g_autofree char *function = vd_xml_attr(address, "function");

    if (bus == NULL || slot == NULL)
        return NULL;
    return g_strdup_printf(
        "%04x:%02x:%02x.%x", domain == NULL ? 0 : (guint)g_ascii_strtoull(domain, NULL, 0),
        (guint)g_ascii_strtoull(bus, NULL, 0), (guint)g_ascii_strtoull(slot, NULL, 0),
        function == NULL ? 0 : (guint)g_ascii_strtoull(function, NULL, 0));
}

/* What a host device is known by: "0000:03:00.0", "0x046d:0xc52b", an mdev's UUID, a path. */
static char *hostdev_text(const xmlNode *node)
{
    const xmlNode *source = vd_xml_child(node, "source");
    const xmlNode *address = vd_xml_child(source, "address");
    g_autofree char *vendor = vd_xml_child_attr(source, "vendor", "id");
    g_autofree char *product = vd_xml_child_attr(source, "product", "id");
    char *text;

    if (vendor != NULL && product != NULL)
        return g_strdup_printf("%s:%s", vendor, product);
    text = vd_xml_attr(address, "uuid");
    if (text == NULL)
        text = pci_text(address);
    if (text == NULL)
        text = vd_xml_child_text(source, "block");
    if (text == NULL)
        text = vd_xml_child_text(source, "interface");
    if (text == NULL)
        text = vd_xml_child_attr(source, "adapter", "name");
    return text;
}

static void read_hostdev(VdDomXml *dom, const xmlNode *node)
{
    VdDomDevice *device = g_new0(VdDomDevice, 1);

    device->kind = vd_xml_attr(node, "type");
    device->text = hostdev_text(node);
    g_ptr_array_add(dom->hostdevs, device);
}

static void read_other(VdDomXml *dom, const xmlNode *node)
{
    VdDomDevice *device = g_new0(VdDomDevice, 1);

    device->kind = g_strdup((const char *)node->name);
    device->text = vd_xml_attr(node, "model");
    if (device->text == NULL)
        device->text = vd_xml_child_attr(node, "model", "type");
    if (device->text == NULL)
        device->text = vd_xml_attr(node, "type");
    g_ptr_array_add(dom->others, device);
}

typedef struct {
    const char *element;
    void (*read)(VdDomXml *dom, const xmlNode *node);
} DeviceReader;

static const DeviceReader readers[] = {
    {"disk", read_disk},        {"interface", read_nic},  {"graphics", read_graphics},
    {"serial", read_char},      {"parallel", read_char},  {"console", read_char},
    {"channel", read_char},     {"filesystem", read_fs},  {"hostdev", read_hostdev},
    {"video", read_other},      {"tpm", read_other},      {"rng", read_other},
    {"watchdog", read_other},   {"sound", read_other},    {"memballoon", read_other},
    {"controller", read_other}, {"vsock", read_other},    {"iommu", read_other},
    {"panic", read_other},      {"redirdev", read_other}, {"smartcard", read_other},
    {"memory", read_other},     {"shmem", read_other},
};

static void read_devices(VdDomXml *dom, const xmlNode *devices)
{
    guint left = VD_XML_MAX_ITEMS;

    if (devices == NULL)
        return;
    for (const xmlNode *node = devices->children; node != NULL && left > 0; node = node->next) {
        for (guint i = 0; i < G_N_ELEMENTS(readers); i++) {
            if (!vd_xml_is(node, readers[i].element))
                continue;
            readers[i].read(dom, node);
            left--;
        }
    }
}

/* ---- what is not a device ---- */

static char *firmware(const xmlNode *os)
{
    g_autofree char *name = vd_xml_attr(os, "firmware");
    g_autofree char *loader = vd_xml_child_attr(os, "loader", "type");
    g_autofree char *type = vd_xml_child_text(os, "type");

    if ((name != NULL && strcmp(name, "efi") == 0) ||
        (loader != NULL && strcmp(loader, "pflash") == 0))
        return g_strdup("UEFI");
    return type != NULL && strcmp(type, "hvm") == 0 ? g_strdup("BIOS") : NULL;
}

typedef struct {
    guint64 order;
    const char *name;
} BootDevice;

static gint compare_boot(gconstpointer a, gconstpointer b)
{
    const BootDevice *left = a, *right = b;

    return left->order < right->order ? -1 : left->order > right->order;
}

static void add_boot(GArray *devices, guint64 order, const char *name)
{
    BootDevice device = {order, name};

    if (order > 0 && name != NULL)
        g_array_append_val(devices, device);
}

/* Devices with an order of their own, else the classes of <os>. */
static char *boot_order(const VdDomXml *dom, const xmlNode *os)
{
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(BootDevice));
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < dom->disks->len; i++) {
        const VdDomDisk *disk = dom->disks->pdata[i];

        add_boot(devices, disk->boot, disk->target);
    }
    for (guint i = 0; i < dom->nics->len; i++) {
        const VdDomNic *nic = dom->nics->pdata[i];

        add_boot(devices, nic->boot, nic->alias != NULL ? nic->alias : nic->mac);
    }
    g_array_sort(devices, compare_boot);
    for (guint i = 0; i < devices->len; i++)
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                               g_array_index(devices, BootDevice, i).name);
    if (text->len == 0) {
        for (const xmlNode *boot = vd_xml_child(os, "boot"); boot && text->len < VD_XML_MAX_VALUE;
             boot = vd_xml_next(boot)) {
            g_autofree char *name = vd_xml_attr(boot, "dev");

            if (name != NULL)
                g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", name);
        }
    }
    return g_string_free(text, text->len == 0);
}

static void read_os(VdDomXml *dom, const xmlNode *os)
{
    const xmlNode *type = vd_xml_child(os, "type");

    dom->os_type = vd_xml_text(type);
    dom->arch = vd_xml_attr(type, "arch");
    dom->machine = vd_xml_attr(type, "machine");
    dom->firmware = firmware(os);
    dom->kernel = vd_xml_child_text(os, "kernel");
    if (dom->kernel == NULL)
        dom->kernel = vd_xml_child_text(os, "init"); /* a container's first process */
    dom->boot = boot_order(dom, os);
}

static void read_numbers(VdDomXml *dom, const xmlNode *root)
{
    const xmlNode *vcpu = vd_xml_child(root, "vcpu");
    g_autofree char *max = vd_xml_text(vcpu);
    const xmlNode *cpu = vd_xml_child(root, "cpu");

    if (max != NULL)
        g_ascii_string_to_unsigned(max, 10, 0, G_MAXUINT16, &dom->vcpus_max, NULL);
    dom->vcpus = vd_xml_attr_number(vcpu, "current", dom->vcpus_max);
    dom->memory_max = vd_xml_bytes(vd_xml_child(root, "memory"));
    dom->memory = vd_xml_bytes(vd_xml_child(root, "currentMemory"));
    if (dom->memory == 0)
        dom->memory = dom->memory_max;
    dom->cpu = vd_xml_child_text(cpu, "model");
    if (dom->cpu == NULL)
        dom->cpu = vd_xml_attr(cpu, "mode");
}

/* Whoever may define machines may write there what they like. */
static char *address_of(const xmlNode *machine)
{
    g_autofree char *text = vd_xml_child_text(machine, "address");
    g_autoptr(GInetAddress) address = text ? g_inet_address_new_from_string(text) : NULL;
    return address ? g_inet_address_to_string(address) : NULL;
}

char *vd_machine_given(const char *xml, char **ret_network)
{
    g_autoptr(xmlDoc) doc = xml ? vd_xml_parse(xml, "machine", NULL) : NULL;
    const xmlNode *machine = doc ? xmlDocGetRootElement(doc) : NULL;
    if (ret_network)
        *ret_network = machine ? vd_xml_child_attr(machine, "address", "network") : NULL;
    return machine ? address_of(machine) : NULL;
}

static void read_metadata(VdDomXml *dom, const xmlNode *metadata)
{
    guint left = VD_XML_MAX_ITEMS;

    if (metadata == NULL)
        return;
    for (const xmlNode *node = metadata->children; node != NULL && left > 0; node = node->next) {
        left--;
        if (node->type != XML_ELEMENT_NODE || node->ns == NULL || node->ns->href == NULL ||
            strcmp((const char *)node->ns->href, VD_METADATA_NS) != 0)
            continue;
        dom->request = vd_xml_child_text(node, "request");
        dom->image = vd_xml_child_text(node, "image");
        dom->author = vd_xml_child_text(node, "author");
        dom->given = address_of(node);
        return;
    }
}

VdDomXml *vd_domxml_parse(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = vd_xml_parse(xml, "domain", error);
    const xmlNode *root;
    VdDomXml *dom;

    if (doc == NULL)
        return NULL;
    root = xmlDocGetRootElement(doc);
    dom = g_new0(VdDomXml, 1);
    dom->disks = g_ptr_array_new_with_free_func(disk_free);
    dom->nics = g_ptr_array_new_with_free_func(nic_free);
    dom->graphics = g_ptr_array_new_with_free_func(graphics_free);
    dom->chars = g_ptr_array_new_with_free_func(char_free);
    dom->filesystems = g_ptr_array_new_with_free_func(fs_free);
    dom->hostdevs = g_ptr_array_new_with_free_func(device_free);
    dom->others = g_ptr_array_new_with_free_func(device_free);
    dom->type = vd_xml_attr(root, "type");
    dom->name = vd_xml_child_text(root, "name");
    dom->uuid = vd_xml_child_text(root, "uuid");
    dom->title = vd_xml_child_text(root, "title");
    dom->description = vd_xml_child_text(root, "description");
    read_numbers(dom, root);
    read_devices(dom, vd_xml_child(root, "devices"));
    read_os(dom, vd_xml_child(root, "os"));
    read_metadata(dom, vd_xml_child(root, "metadata"));
    return dom;
}
