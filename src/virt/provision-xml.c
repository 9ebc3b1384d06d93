/* The documents that provisioning hands to libvirt, built as trees so that no name, title or path
 * can break out of its element. Everything here is pure: the tests look at the result. */
#include "config.h"

#include <string.h>

#include "src/virt/provision-private.h"

#define METADATA_PREFIX "vmdeck"

/* What other tools know the system by. */
#define LIBOSINFO_NS     "http://libosinfo.org/xmlns/libvirt/domain/1.0"
#define LIBOSINFO_PREFIX "libosinfo"

/* What libvirt's own devices take of them, and some to spare. */
#define HOTPLUG_SLOTS 14

#define BAD_CAST_(text) ((const xmlChar *)(text))

xmlNodePtr vd_xml_add(xmlNodePtr parent, const char *name, const char *text)
{
    /* xmlNewTextChild escapes its text, xmlNewChild does not. */
    return xmlNewTextChild(parent, NULL, BAD_CAST_(name), text ? BAD_CAST_(text) : NULL);
}

void vd_xml_set(xmlNodePtr node, const char *name, const char *value)
{
    xmlNewProp(node, BAD_CAST_(name), BAD_CAST_(value));
}

char *vd_xml_write(xmlDocPtr doc)
{
    xmlChar *text = NULL;
    char *copy;

    xmlDocDumpFormatMemory(doc, &text, NULL, 1);
    copy = g_strdup(text ? (const char *)text : "");
    xmlFree(text);
    return copy;
}

static xmlXPathObjectPtr evaluate(xmlDocPtr doc, const char *xpath)
{
    g_autoptr(xmlXPathContext) context = xmlXPathNewContext(doc);

    return context ? xmlXPathEvalExpression(BAD_CAST_(xpath), context) : NULL;
}

char *vd_xpath_text(xmlDocPtr doc, const char *xpath)
{
    g_autoptr(xmlXPathObject) found = evaluate(doc, xpath);
    xmlChar *content;
    char *copy;

    if (!found || !found->nodesetval || found->nodesetval->nodeNr < 1)
        return NULL;
    content = xmlNodeGetContent(found->nodesetval->nodeTab[0]);
    copy = g_strdup((const char *)content);
    xmlFree(content);
    return copy;
}

char **vd_xpath_all(xmlDocPtr doc, const char *xpath)
{
    g_autoptr(xmlXPathObject) found = evaluate(doc, xpath);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; i++) {
        xmlChar *content = xmlNodeGetContent(found->nodesetval->nodeTab[i]);

        g_strv_builder_add(builder, (const char *)content);
        xmlFree(content);
    }
    return g_strv_builder_end(builder);
}

char *vd_xpath_xml(xmlDocPtr doc, const char *xpath)
{
    g_autoptr(xmlXPathObject) found = evaluate(doc, xpath);
    xmlBufferPtr buffer;
    char *copy = NULL;

    if (!found || !found->nodesetval || found->nodesetval->nodeNr < 1)
        return NULL;
    buffer = xmlBufferCreate();
    if (buffer && xmlNodeDump(buffer, doc, found->nodesetval->nodeTab[0], 0, 0) > 0)
        copy = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return copy;
}

gboolean vd_xpath_has(xmlDocPtr doc, const char *xpath, const char *text)
{
    g_autoptr(xmlXPathObject) found = evaluate(doc, xpath);

    for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; i++) {
        xmlChar *content = xmlNodeGetContent(found->nodesetval->nodeTab[i]);
        gboolean same = xmlStrEqual(content, BAD_CAST_(text));

        xmlFree(content);
        if (same)
            return TRUE;
    }
    return FALSE;
}

static xmlDocPtr new_doc(const char *root, xmlNodePtr *ret_root)
{
    xmlDocPtr doc = xmlNewDoc(BAD_CAST_("1.0"));

    *ret_root = xmlNewNode(NULL, BAD_CAST_(root));
    xmlDocSetRootElement(doc, *ret_root);
    return doc;
}

char *vd_volume_xml(const char *name, guint64 size, const char *base, const char *base_format)
{
    xmlNodePtr root, node, format;
    g_autoptr(xmlDoc) doc = new_doc("volume", &root);
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);

    vd_xml_add(root, "name", name);
    node = vd_xml_add(root, "capacity", bytes);
    vd_xml_set(node, "unit", "bytes");
    node = vd_xml_add(root, "target", NULL);
    format = vd_xml_add(node, "format", NULL);
    vd_xml_set(format, "type", "qcow2");
    vd_xml_add(node, "compat", "1.1");
    if (base) {
        node = vd_xml_add(root, "backingStore", NULL);
        vd_xml_add(node, "path", base);
        format = vd_xml_add(node, "format", NULL);
        vd_xml_set(format, "type", base_format);
    }
    return vd_xml_write(doc);
}

char *vd_volume_raw_xml(const char *name, guint64 size, gboolean sparse, gboolean readable)
{
    xmlNodePtr root, target;
    g_autoptr(xmlDoc) doc = new_doc("volume", &root);
    g_autofree char *bytes = g_strdup_printf("%" G_GUINT64_FORMAT, size);

    vd_xml_add(root, "name", name);
    vd_xml_set(vd_xml_add(root, "capacity", bytes), "unit", "bytes");
    /* Of a volume group libvirt would make a snapshot of nothing. */
    if (sparse)
        vd_xml_set(vd_xml_add(root, "allocation", "0"), "unit", "bytes");
    target = vd_xml_add(root, "target", NULL);
    vd_xml_set(vd_xml_add(target, "format", NULL), "type", "raw");
    if (readable)
        vd_xml_add(vd_xml_add(target, "permissions", NULL), "mode", "0644");
    return vd_xml_write(doc);
}

static void add_system(xmlNodePtr metadata, const char *id)
{
    xmlNodePtr node = xmlNewChild(metadata, NULL, BAD_CAST_("libosinfo"), NULL);
    xmlNsPtr ns = xmlNewNs(node, BAD_CAST_(LIBOSINFO_NS), BAD_CAST_(LIBOSINFO_PREFIX));

    xmlSetNs(node, ns);
    vd_xml_set(xmlNewChild(node, ns, BAD_CAST_("os"), NULL), "id", id);
}

static void add_metadata(xmlNodePtr root, const VdVmPlan *plan)
{
    xmlNodePtr metadata = vd_xml_add(root, "metadata", NULL);
    xmlNodePtr machine = xmlNewChild(metadata, NULL, BAD_CAST_("machine"), NULL);
    xmlNsPtr ns = xmlNewNs(machine, BAD_CAST_(VD_METADATA_NS), BAD_CAST_(METADATA_PREFIX));
    const struct {
        const char *name, *value;
    } words[] = {{"request", plan->request},
                 {"image", plan->image},
                 {"author", plan->author},
                 {"base", plan->base}};

    xmlSetNs(machine, ns);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words[i].value)
            xmlNewTextChild(machine, ns, BAD_CAST_(words[i].name), BAD_CAST_(words[i].value));
    }
    if (plan->system)
        add_system(metadata, plan->system);
    /* To be shown, as no lease tells of it; and, on a network of the host's, so that nobody else is
     * given it: vd_conn_address_check() looks here. */
    if (plan->address) {
        g_autofree char *bare = g_strndup(plan->address, strcspn(plan->address, "/"));
        xmlNodePtr address = xmlNewTextChild(machine, ns, BAD_CAST_("address"), BAD_CAST_(bare));

        if (g_strcmp0(plan->network_kind, "network") == 0)
            vd_xml_set(address, "network", plan->network);
    }
}

static gboolean is_x86(const char *arch)
{
    return g_str_equal(arch, "x86_64") || g_str_equal(arch, "i686");
}

/* libvirt chooses the files. Of firmware with keys in it, it would prefer the one that starts only
 * what a vendor has signed. */
static void add_efi(xmlNodePtr os)
{
    static const char *const off[] = {"secure-boot", "enrolled-keys"};
    xmlNodePtr firmware, feature;

    vd_xml_set(os, "firmware", "efi");
    firmware = vd_xml_add(os, "firmware", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(off); i++) {
        feature = vd_xml_add(firmware, "feature", NULL);
        vd_xml_set(feature, "enabled", "no");
        vd_xml_set(feature, "name", off[i]);
    }
}

static void add_platform(xmlNodePtr root, const VdVmPlan *plan, const VdVmTarget *target)
{
    gboolean x86 = is_x86(target->arch);
    xmlNodePtr os = vd_xml_add(root, "os", NULL);
    xmlNodePtr type, features, clock, cpu, feature;

    type = vd_xml_add(os, "type", "hvm");
    vd_xml_set(type, "arch", target->arch);
    if (target->machine)
        vd_xml_set(type, "machine", target->machine);
    /* Machines of the `virt` kind have no BIOS to start with. */
    if (target->machine && g_str_equal(target->machine, "virt"))
        vd_xml_set(os, "firmware", "efi");
    else if (plan->efi && target->machine)
        add_efi(os);
    if (plan->kernel) {
        vd_xml_add(os, "kernel", plan->kernel);
        vd_xml_add(os, "initrd", plan->initrd);
        vd_xml_add(os, "cmdline", plan->kernel_line);
    }
    vd_xml_set(vd_xml_add(os, "boot", NULL), "dev", "hd");
    features = vd_xml_add(root, "features", NULL);
    vd_xml_add(features, "acpi", NULL);
    if (x86)
        vd_xml_add(features, "apic", NULL);
    if (target->cpu) {
        cpu = vd_xml_add(root, "cpu", NULL);
        vd_xml_set(cpu, "mode", target->cpu);
        /* Page tables of five levels cost every emulated memory access and gain nothing here. */
        if (x86 && g_str_equal(target->cpu, "maximum")) {
            feature = vd_xml_add(cpu, "feature", NULL);
            vd_xml_set(feature, "policy", "disable");
            vd_xml_set(feature, "name", "la57");
        }
    }
    clock = vd_xml_add(root, "clock", NULL);
    vd_xml_set(clock, "offset", "utc");
    vd_xml_add(root, "on_poweroff", "destroy");
    /* The end of an installer is counted. */
    vd_xml_add(root, "on_reboot", plan->kernel ? "destroy" : "restart");
    vd_xml_add(root, "on_crash", "destroy");
}

gboolean vd_volume_is_device(const char *path)
{
    return g_str_has_prefix(path, "/dev/");
}

/* The user's key stays with libvirt. */
static void add_rbd_source(xmlNodePtr disk, const VdRbd *rbd, const char *name)
{
    xmlNodePtr source = vd_xml_add(disk, "source", NULL);
    xmlNodePtr node;

    vd_xml_set(source, "protocol", "rbd");
    vd_xml_set(source, "name", name);
    for (gsize i = 0; rbd->hosts && rbd->hosts[i]; i++) {
        node = vd_xml_add(source, "host", NULL);
        vd_xml_set(node, "name", rbd->hosts[i]);
        if (*rbd->ports[i])
            vd_xml_set(node, "port", rbd->ports[i]);
    }
    if (!rbd->user)
        return;
    node = vd_xml_add(source, "auth", NULL);
    vd_xml_set(node, "username", rbd->user);
    node = vd_xml_add(node, "secret", NULL);
    vd_xml_set(node, "type", "ceph");
    if (rbd->secret_uuid)
        vd_xml_set(node, "uuid", rbd->secret_uuid);
    else if (rbd->secret_usage)
        vd_xml_set(node, "usage", rbd->secret_usage);
}

static void add_disk(xmlNodePtr devices, const VdVmPlan *plan)
{
    gboolean device = vd_volume_is_device(plan->disk);
    xmlNodePtr disk = vd_xml_add(devices, "disk", NULL);
    xmlNodePtr node;

    vd_xml_set(disk, "type", plan->rbd ? "network" : device ? "block" : "file");
    vd_xml_set(disk, "device", "disk");
    node = vd_xml_add(disk, "driver", NULL);
    vd_xml_set(node, "name", "qemu");
    vd_xml_set(node, "type", plan->disk_format);
    vd_xml_set(node, "discard", "unmap");
    if (plan->rbd)
        add_rbd_source(disk, plan->rbd, plan->disk);
    else
        vd_xml_set(vd_xml_add(disk, "source", NULL), device ? "dev" : "file", plan->disk);
    node = vd_xml_add(disk, "target", NULL);
    vd_xml_set(node, "dev", "vda");
    vd_xml_set(node, "bus", "virtio");
}

/* A file that the guest can only read. */
static xmlNodePtr add_medium(xmlNodePtr devices, const char *device, const char *file,
                             const char *dev, const char *bus)
{
    xmlNodePtr disk = vd_xml_add(devices, "disk", NULL);
    xmlNodePtr node;

    vd_xml_set(disk, "type", "file");
    vd_xml_set(disk, "device", device);
    node = vd_xml_add(disk, "driver", NULL);
    vd_xml_set(node, "name", "qemu");
    vd_xml_set(node, "type", "raw");
    vd_xml_set(vd_xml_add(disk, "source", NULL), "file", file);
    node = vd_xml_add(disk, "target", NULL);
    vd_xml_set(node, "dev", dev);
    vd_xml_set(node, "bus", bus);
    vd_xml_add(disk, "readonly", NULL);
    return disk;
}

/* The seed is a disk rather than a CD-ROM: every guest whose root is a virtio disk sees it, kernels
 * made for clouds know no SATA; and it can be unplugged without a trace. */
static void add_media(xmlNodePtr devices, const VdVmPlan *plan)
{
    if (plan->seed)
        vd_xml_add(add_medium(devices, "disk", plan->seed, "vdb", "virtio"), "serial",
                   VD_SEED_SERIAL);
    if (plan->cdrom)
        add_medium(devices, "cdrom", plan->cdrom, "sda", "sata");
}

static void add_interface(xmlNodePtr devices, const VdVmPlan *plan)
{
    xmlNodePtr interface;

    if (!plan->network_kind)
        return;
    interface = vd_xml_add(devices, "interface", NULL);
    vd_xml_set(interface, "type", plan->network_kind);
    if (plan->mac)
        vd_xml_set(vd_xml_add(interface, "mac", NULL), "address", plan->mac);
    if (g_str_equal(plan->network_kind, "network"))
        vd_xml_set(vd_xml_add(interface, "source", NULL), "network", plan->network);
    vd_xml_set(vd_xml_add(interface, "model", NULL), "type", "virtio");
}

static void add_console(xmlNodePtr devices)
{
    xmlNodePtr node = vd_xml_add(devices, "serial", NULL);

    vd_xml_set(node, "type", "pty");
    vd_xml_set(vd_xml_add(node, "target", NULL), "port", "0");
    node = vd_xml_add(devices, "console", NULL);
    vd_xml_set(node, "type", "pty");
    node = vd_xml_add(node, "target", NULL);
    vd_xml_set(node, "type", "serial");
    vd_xml_set(node, "port", "0");
}

/* Empty slots of a q35 machine, so that disks and network cards can be plugged in while it runs.
 * The root must be named first, or libvirt takes the first slot for it. */
static void add_slots(xmlNodePtr devices)
{
    for (int i = 0; i <= HOTPLUG_SLOTS; i++) {
        xmlNodePtr port = vd_xml_add(devices, "controller", NULL);
        g_autofree char *index = g_strdup_printf("%d", i);

        vd_xml_set(port, "type", "pci");
        vd_xml_set(port, "index", index);
        vd_xml_set(port, "model", i == 0 ? "pcie-root" : "pcie-root-port");
    }
}

static void add_helpers(xmlNodePtr devices)
{
    xmlNodePtr node = vd_xml_add(devices, "channel", NULL);

    vd_xml_set(node, "type", "unix");
    node = vd_xml_add(node, "target", NULL);
    vd_xml_set(node, "type", "virtio");
    vd_xml_set(node, "name", "org.qemu.guest_agent.0");
    /* GRUB waits for ever without a screen. */
    vd_xml_set(vd_xml_add(vd_xml_add(devices, "video", NULL), "model", NULL), "type", "vga");
    node = vd_xml_add(devices, "memballoon", NULL);
    vd_xml_set(node, "model", "virtio");
    vd_xml_set(vd_xml_add(node, "stats", NULL), "period", "5");
    node = vd_xml_add(devices, "rng", NULL);
    vd_xml_set(node, "model", "virtio");
    node = vd_xml_add(node, "backend", "/dev/urandom");
    vd_xml_set(node, "model", "random");
}

char *vd_vm_plan_xml(const VdVmPlan *plan, const VdVmTarget *target)
{
    xmlNodePtr root, devices, memory;
    g_autoptr(xmlDoc) doc = new_doc("domain", &root);
    g_autofree char *kib = g_strdup_printf("%" G_GUINT64_FORMAT, (plan->memory + 1023) / 1024);
    g_autofree char *vcpus = g_strdup_printf("%u", plan->vcpus);

    vd_xml_set(root, "type", target->type);
    vd_xml_add(root, "name", plan->name);
    if (plan->uuid)
        vd_xml_add(root, "uuid", plan->uuid);
    if (plan->title && *plan->title)
        vd_xml_add(root, "title", plan->title);
    add_metadata(root, plan);
    memory = vd_xml_add(root, "memory", kib);
    vd_xml_set(memory, "unit", "KiB");
    vd_xml_add(root, "vcpu", vcpus);
    add_platform(root, plan, target);
    devices = vd_xml_add(root, "devices", NULL);
    add_disk(devices, plan);
    add_media(devices, plan);
    if (target->machine && g_str_equal(target->machine, "q35"))
        add_slots(devices);
    add_interface(devices, plan);
    add_console(devices);
    if (!g_str_equal(target->type, "test"))
        add_helpers(devices);
    return vd_xml_write(doc);
}

/* Takes all that an XPath expression finds out of its document. */
static void remove_all(xmlDocPtr doc, const char *xpath)
{
    g_autoptr(xmlXPathObject) found = evaluate(doc, xpath);

    for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; i++) {
        xmlUnlinkNode(found->nodesetval->nodeTab[i]);
        xmlFreeNode(found->nodesetval->nodeTab[i]);
        found->nodesetval->nodeTab[i] = NULL;
    }
}

static void set_text(xmlDocPtr doc, const char *xpath, const char *text)
{
    g_autoptr(xmlXPathObject) found = evaluate(doc, xpath);

    for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; i++)
        xmlNodeSetContent(found->nodesetval->nodeTab[i], BAD_CAST_(text));
}

char *vd_vm_from_disk_xml(const char *xml, gboolean again)
{
    g_autoptr(xmlDoc) doc = vd_xml_parse(xml, "domain", NULL);

    if (!doc)
        return NULL;
    remove_all(doc, "/domain/os/kernel | /domain/os/initrd | /domain/os/cmdline");
    if (!again)
        remove_all(doc, "/domain/devices/disk[@device='cdrom']");
    set_text(doc, "/domain/on_reboot", again ? "destroy" : "restart");
    return vd_xml_write(doc);
}
