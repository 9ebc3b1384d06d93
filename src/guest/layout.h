/* What inspection found in an image, as it is kept with the image and handed back for each
 * deployment. The copy that comes back is foreign input: bounds are checked when it is read, its
 * truth against the disk later (grow.h). Pure; any thread. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

typedef enum { VD_TABLE_NONE, VD_TABLE_GPT, VD_TABLE_MBR } VdTableKind;

typedef enum {
    VD_NET_NONE,
    VD_NET_NETPLAN,
    VD_NET_NETWORKD,
    VD_NET_IFUPDOWN,
    VD_NET_NETWORKMANAGER,
    VD_NET_IFCFG,
} VdNetKind;

/* What in the guest reads a seed medium at the first boot. */
typedef enum {
    VD_READER_NONE,
    VD_READER_CLOUD_INIT,
    VD_READER_NUAGEINIT,
    VD_READER_AGENT, /* ours, see agent.h */
} VdReaderKind;

typedef enum { VD_INIT_SYSV, VD_INIT_SYSTEMD, VD_INIT_OPENRC } VdInitKind;

typedef struct {
    char *mountpoint; /* absolute */
    char *device;     /* as guestfs_mount() takes it: /dev/sda2, /dev/vg/root, btrfsvol:… */
} VdMount;

/* How the root is made larger. */
typedef struct {
    gboolean possible;
    char *why;  /* why not: one sentence, or NULL */
    char *text; /* "partition 2, ext4" */
    VdTableKind table;
    guint partition; /* 0: none, the whole disk */
    guint64 start;   /* of the partition, in sectors of 512 bytes */
    guint extended;  /* the extended partition that holds it, 0: it is a primary one */
    gboolean last;   /* nothing lies behind it */
    char *fs;        /* "ext4" */
    char *device;    /* the file system's */
    char *vg, *lv;   /* /dev/VG/LV is the device; both NULL without LVM */
} VdGrowSpec;

typedef struct {
    char *type, *distro, *product, *arch, *hostname, *osinfo; /* "" if unknown */
    int major, minor;
    char *root;
    GPtrArray *mounts; /* VdMount, shortest mount point first */
    VdGrowSpec grow;
    gboolean customisable;
    char *customise_why; /* why not, or NULL */
    VdNetKind network;
    VdInitKind init;
    gboolean selinux, cloud_init;
    VdReaderKind reader;
    gboolean reader_grows; /* and makes the root larger as well */
    guint64 disk_bytes;
} VdLayout;

VdLayout *vd_layout_new(void);
void vd_layout_free(VdLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdLayout, vd_layout_free)

/* Adds a mount point; strings are copied. */
void vd_layout_add_mount(VdLayout *layout, const char *mountpoint, const char *device);
/* Shortest mount point first, the order to mount in. */
void vd_layout_sort_mounts(VdLayout *layout);

/* Reads a layout out of the object that inspect returned. NULL and bad-layout (or no-os) if it is
 * not one. */
VdLayout *vd_layout_from_json(JsonObject *object, GError **error);
/* Puts its members into object. */
void vd_layout_to_json(const VdLayout *layout, JsonObject *object);

/* The protocol's word for a kind. Static. */
const char *vd_net_kind_name(VdNetKind kind);
const char *vd_reader_name(VdReaderKind kind);
/* The kind of a word, VD_READER_NONE for none. */
VdReaderKind vd_reader_of(const char *word);
/* What reads a seed medium, as a member "seed" of object. */
void vd_layout_seed_to_json(VdReaderKind reader, gboolean grows, JsonObject *object);
/* TRUE if the name is one that guestfs takes as a device of a guest: "/dev/…" of safe characters,
 * with or without "btrfsvol:". */
gboolean vd_layout_device_ok(const char *device);
/* TRUE for the library's name of a btrfs subvolume. */
gboolean vd_layout_is_subvolume(const char *device);
/* A device's name as every appliance knows it: the guest's one disk is sda. The library translates
 * names so, whichever disk the kernel found first, but not in its answers about subvolumes: where
 * the appliance's own disk was found first they say "btrfsvol:/dev/sdb2/@", which the next
 * appliance, with the other order, does not have (libguestfs 1.48). The caller frees. */
char *vd_layout_device(const char *device);
/* TRUE if distro is this one or descends from it: "debian" (Ubuntu too), "redhat", "suse",
 * "alpine". */
gboolean vd_layout_is_family(const VdLayout *layout, const char *family);
