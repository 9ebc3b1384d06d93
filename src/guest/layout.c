/* The words of the kinds are tables beside the enums, so that reading and writing cannot differ. */
#include "config.h"

#include "src/guest/layout.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/guest/take.h"

enum { WORD_MAX = 256, MOUNTS_MAX = 64, PARTITION_MAX = 128 };

static const char *const table_names[] = {"none", "gpt", "dos", NULL};
static const char *const net_names[] = {"none",           "netplan", "networkd", "ifupdown",
                                        "networkmanager", "ifcfg",   NULL};
static const char *const init_names[] = {"sysv", "systemd", "openrc", NULL};

static const char *const reader_names[] = {"none", "cloud-init", "nuageinit", "agent", NULL};

/* How the library names a subvolume, guestfs(3) "guestfs_list_filesystems". */
static const char subvolume[] = "btrfsvol:";

gboolean vd_layout_is_subvolume(const char *device)
{
    return g_str_has_prefix(device, subvolume);
}

static void mount_free(gpointer data)
{
    VdMount *mount = data;
    g_free(mount->mountpoint);
    g_free(mount->device);
    g_free(mount);
}

VdLayout *vd_layout_new(void)
{
    VdLayout *layout = g_new0(VdLayout, 1);
    layout->mounts = g_ptr_array_new_with_free_func(mount_free);
    return layout;
}

void vd_layout_free(VdLayout *layout)
{
    if (!layout)
        return;
    char *const strings[] = {layout->type,    layout->distro,       layout->product,
                             layout->arch,    layout->hostname,     layout->osinfo,
                             layout->root,    layout->grow.why,     layout->grow.text,
                             layout->grow.fs, layout->grow.device,  layout->grow.vg,
                             layout->grow.lv, layout->customise_why};
    for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
    g_ptr_array_unref(layout->mounts);
    g_free(layout);
}

void vd_layout_add_mount(VdLayout *layout, const char *mountpoint, const char *device)
{
    VdMount *mount = g_new0(VdMount, 1);
    mount->mountpoint = g_strdup(mountpoint);
    mount->device = vd_layout_device(device);
    g_ptr_array_add(layout->mounts, mount);
}

static gint by_length(gconstpointer a, gconstpointer b)
{
    const VdMount *first = *(const VdMount *const *)a, *second = *(const VdMount *const *)b;
    gsize one = strlen(first->mountpoint), two = strlen(second->mountpoint);
    if (one != two)
        return one < two ? -1 : 1;
    return strcmp(first->mountpoint, second->mountpoint);
}

void vd_layout_sort_mounts(VdLayout *layout)
{
    g_ptr_array_sort(layout->mounts, by_length);
}

const char *vd_net_kind_name(VdNetKind kind)
{
    return net_names[kind];
}

const char *vd_reader_name(VdReaderKind kind)
{
    return reader_names[kind];
}

VdReaderKind vd_reader_of(const char *word)
{
    for (int i = 0; word && reader_names[i]; i++)
        if (g_str_equal(reader_names[i], word))
            return (VdReaderKind)i;
    return VD_READER_NONE;
}

char *vd_layout_device(const char *device)
{
    static const char disk[] = "/dev/sd";
    char *copy = g_strdup(device);
    char *name = copy + (g_str_has_prefix(copy, subvolume) ? strlen(subvolume) : 0);
    if (!g_str_has_prefix(name, disk) || !g_ascii_islower(name[strlen(disk)]))
        return copy;
    /* A disk or a partition of it; a volume group may be called sdb-group. */
    const char *rest = name + strlen(disk) + 1;
    rest += strspn(rest, "0123456789");
    if (*rest == '\0' || (name != copy && *rest == '/'))
        name[strlen(disk)] = 'a';
    return copy;
}

gboolean vd_layout_device_ok(const char *device)
{
    if (!device)
        return FALSE;
    if (g_str_has_prefix(device, subvolume))
        device += strlen(subvolume);
    if (!g_str_has_prefix(device, "/dev/") || strlen(device) > WORD_MAX || strstr(device, ".."))
        return FALSE;
    static const char safe[] = "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-.+@:#=";
    return device[strlen("/dev/")] && device[strspn(device, safe)] == '\0';
}

gboolean vd_layout_is_family(const VdLayout *layout, const char *family)
{
    static const struct {
        const char *family;
        const char *const distros[12];
    } families[] = {
        {"debian", {"debian", "ubuntu", "linuxmint", "kalilinux", NULL}},
        {"redhat",
         {"redhat-based", "rhel", "centos", "fedora", "almalinux", "rocky", "scientificlinux",
          "oraclelinux", "openEuler", NULL}},
        {"suse", {"opensuse", "sles", "suse-based", NULL}},
        {"alpine", {"alpinelinux", NULL}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(families); i++)
        if (g_str_equal(families[i].family, family))
            return g_strv_contains(families[i].distros, layout->distro);
    return FALSE;
}

static int take_kind(VdTake *take, const char *key, const char *const *names)
{
    g_autofree char *word = vd_take_word(take, key, WORD_MAX);
    for (int i = 0; word && names[i]; i++)
        if (g_str_equal(names[i], word))
            return i;
    vd_take_mistake(take, key, _("one of the known kinds"));
    return 0;
}

static char *take_device(VdTake *take, const char *key)
{
    g_autofree char *device = vd_take_word(take, key, WORD_MAX + 16);
    if (!vd_layout_device_ok(device)) {
        vd_take_mistake(take, key, _("a device of the guest"));
        return NULL;
    }
    return vd_layout_device(device);
}

/* A string that may be missing, as "" then. */
static char *take_text(VdTake *take, const char *key)
{
    char *text = vd_take_string(take, key, 1024);
    return text ? text : g_strdup("");
}

static void take_os(VdTake *outer, VdLayout *layout)
{
    VdTake take = *outer;
    take.object = vd_take_object(outer, "os");
    layout->type = take_text(&take, "type");
    layout->distro = take_text(&take, "distro");
    layout->product = take_text(&take, "product");
    layout->arch = take_text(&take, "arch");
    layout->hostname = take_text(&take, "hostname");
    layout->osinfo = take_text(&take, "osinfo");
    layout->major = (int)vd_take_int(&take, "major", 0, G_MAXINT);
    layout->minor = (int)vd_take_int(&take, "minor", 0, G_MAXINT);
    outer->failed |= take.failed;
}

static void take_mounts(VdTake *take, VdLayout *layout)
{
    JsonArray *array = vd_take_array(take, "mounts", MOUNTS_MAX);
    gboolean root = FALSE;
    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        VdTake inner = *take;
        inner.object = vd_take_element(take, array, i, "mounts");
        inner.failed = take->failed;
        g_autofree char *mountpoint = vd_take_word(&inner, "mountpoint", WORD_MAX);
        g_autofree char *device = take_device(&inner, "device");
        take->failed |= inner.failed;
        if (take->failed)
            return;
        if (*mountpoint != '/') {
            vd_take_mistake(take, "mountpoint", _("an absolute path"));
            return;
        }
        root |= g_str_equal(mountpoint, "/");
        vd_layout_add_mount(layout, mountpoint, device);
    }
    if (!root)
        vd_take_mistake(take, "mounts", _("a list with the root"));
    vd_layout_sort_mounts(layout);
}

/* Images that were inspected before there was one have none. */
static void take_seed(VdTake *outer, VdLayout *layout)
{
    VdTake take = *outer;
    take.object = vd_take_object(outer, "seed");
    take.failed = outer->failed;
    if (!take.object)
        return;
    g_autofree char *reader = vd_take_string(&take, "reader", WORD_MAX);
    layout->reader = vd_reader_of(reader);
    layout->reader_grows = vd_take_bool(&take, "grows");
    outer->failed |= take.failed;
}

static void take_grow_lvm(VdTake *take, VdGrowSpec *grow)
{
    grow->vg = vd_take_string(take, "vg", WORD_MAX);
    grow->lv = vd_take_string(take, "lv", WORD_MAX);
    if (!grow->vg != !grow->lv)
        vd_take_mistake(take, "lv", _("given together with vg"));
}

static void take_grow(VdTake *outer, VdGrowSpec *grow)
{
    VdTake take = *outer;
    take.object = vd_take_object(outer, "grow");
    take.failed = outer->failed;
    if (!take.object)
        vd_take_mistake(&take, "grow", _("an object"));
    grow->possible = vd_take_bool(&take, "possible");
    grow->why = vd_take_string(&take, "why", 1024);
    grow->text = take_text(&take, "text");
    if (grow->possible) {
        grow->table = (VdTableKind)take_kind(&take, "table", table_names);
        grow->partition = (guint)vd_take_int(&take, "partition", 0, PARTITION_MAX);
        grow->start = (guint64)vd_take_int(&take, "start", 0, G_MAXINT64 / 512);
        grow->extended = (guint)vd_take_int(&take, "extended", 0, 4);
        grow->last = vd_take_bool(&take, "last");
        grow->fs = vd_take_word(&take, "fs", 32);
        grow->device = take_device(&take, "device");
        take_grow_lvm(&take, grow);
        if (!take.failed && (grow->table == VD_TABLE_NONE) != (grow->partition == 0))
            vd_take_mistake(&take, "partition", _("one that goes with the table"));
    }
    outer->failed |= take.failed;
}

VdLayout *vd_layout_from_json(JsonObject *object, GError **error)
{
    JsonNode *os = object ? json_object_get_member(object, "os") : NULL;
    if (os && JSON_NODE_HOLDS_NULL(os)) {
        vd_guest_fail(error, VD_GUEST_NO_OS, NULL,
                      _("No operating system was found in the image, so nothing in it can be "
                        "grown or customised."));
        return NULL;
    }
    g_autoptr(VdLayout) layout = vd_layout_new();
    VdTake take = {.object = object, .code = VD_GUEST_BAD_LAYOUT, .error = error};
    if (!os)
        vd_take_mistake(&take, "os", _("an object"));
    take_os(&take, layout);
    layout->root = take_device(&take, "root");
    take_mounts(&take, layout);
    take_grow(&take, &layout->grow);
    VdTake customise = take;
    customise.object = vd_take_object(&take, "customise");
    layout->customisable = vd_take_bool(&customise, "possible");
    layout->customise_why = vd_take_string(&customise, "why", 1024);
    take.failed |= customise.failed;
    layout->network = (VdNetKind)take_kind(&take, "network", net_names);
    layout->init = (VdInitKind)take_kind(&take, "init", init_names);
    layout->selinux = vd_take_bool(&take, "selinux");
    layout->cloud_init = vd_take_bool(&take, "cloud_init");
    take_seed(&take, layout);
    layout->disk_bytes = (guint64)vd_take_int(&take, "disk_bytes", 0, G_MAXINT64);
    return take.failed ? NULL : g_steal_pointer(&layout);
}

static void set_text(JsonObject *object, const char *key, const char *text)
{
    if (text)
        json_object_set_string_member(object, key, text);
    else
        json_object_set_null_member(object, key);
}

void vd_layout_seed_to_json(VdReaderKind reader, gboolean grows, JsonObject *object)
{
    JsonObject *seed = json_object_new();
    set_text(seed, "reader", reader == VD_READER_NONE ? NULL : vd_reader_name(reader));
    json_object_set_boolean_member(seed, "grows", grows);
    json_object_set_object_member(object, "seed", seed);
}

static JsonObject *grow_to_json(const VdGrowSpec *grow)
{
    JsonObject *object = json_object_new();
    json_object_set_boolean_member(object, "possible", grow->possible);
    set_text(object, "why", grow->why);
    set_text(object, "text", grow->text);
    if (!grow->possible)
        return object;
    set_text(object, "table", table_names[grow->table]);
    json_object_set_int_member(object, "partition", grow->partition);
    json_object_set_int_member(object, "start", (gint64)grow->start);
    json_object_set_int_member(object, "extended", grow->extended);
    json_object_set_boolean_member(object, "last", grow->last);
    set_text(object, "fs", grow->fs);
    set_text(object, "device", grow->device);
    set_text(object, "vg", grow->vg);
    set_text(object, "lv", grow->lv);
    return object;
}

static JsonObject *os_to_json(const VdLayout *layout)
{
    JsonObject *object = json_object_new();
    set_text(object, "type", layout->type);
    set_text(object, "distro", layout->distro);
    set_text(object, "product", layout->product);
    set_text(object, "arch", layout->arch);
    set_text(object, "hostname", layout->hostname);
    set_text(object, "osinfo", layout->osinfo);
    json_object_set_int_member(object, "major", layout->major);
    json_object_set_int_member(object, "minor", layout->minor);
    return object;
}

void vd_layout_to_json(const VdLayout *layout, JsonObject *object)
{
    json_object_set_object_member(object, "os", os_to_json(layout));
    set_text(object, "root", layout->root);
    set_text(object, "text", layout->grow.text);
    JsonArray *mounts = json_array_new();
    for (guint i = 0; i < layout->mounts->len; i++) {
        const VdMount *mount = g_ptr_array_index(layout->mounts, i);
        JsonObject *one = json_object_new();
        set_text(one, "mountpoint", mount->mountpoint);
        set_text(one, "device", mount->device);
        json_array_add_object_element(mounts, one);
    }
    json_object_set_array_member(object, "mounts", mounts);
    json_object_set_object_member(object, "grow", grow_to_json(&layout->grow));
    JsonObject *customise = json_object_new();
    json_object_set_boolean_member(customise, "possible", layout->customisable);
    set_text(customise, "why", layout->customise_why);
    json_object_set_object_member(object, "customise", customise);
    set_text(object, "network", net_names[layout->network]);
    set_text(object, "init", init_names[layout->init]);
    json_object_set_boolean_member(object, "selinux", layout->selinux);
    json_object_set_boolean_member(object, "cloud_init", layout->cloud_init);
    vd_layout_seed_to_json(layout->reader, layout->reader_grows, object);
    json_object_set_int_member(object, "disk_bytes", (gint64)layout->disk_bytes);
}
