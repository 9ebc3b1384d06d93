/* A machine's hardware out of its domain XML: inside the virt room only. Pure: no libvirt, any
 * thread. The format is libvirt's formatdomain.html; what is not known is left out (NULL, 0).
 *
 * Strings are as the XML has them (valid UTF-8, at most VD_XML_MAX_VALUE bytes): paths must stay
 * exact. Clean them before they are shown (vd_row_text() does). */
#pragma once

#include <glib.h>

/* The element in <metadata> that says which deployment made a machine. Its children are request,
 * image, author and the static address. */
#define VD_METADATA_NS "urn:vmdeck:machine:1"
/* The volume that the disk was cloned from, where nothing else tells. */
#define VD_METADATA_BASE                                                                           \
    "/domain/metadata/*[local-name()='machine' and namespace-uri()='" VD_METADATA_NS               \
    "']/*[local-name()='base']"

typedef struct {
    char *type;          /* "file", "block", "network", "volume", … */
    char *device;        /* "disk", "cdrom", "floppy", "lun" */
    char *target, *bus;  /* "vda", "virtio" */
    char *source;        /* path, or a description of a network source; NULL: no medium */
    char *pool, *volume; /* type "volume" */
    char *format;        /* "qcow2" */
    char *serial;
    char **backing;   /* paths under it, the nearest first; never NULL */
    gboolean is_path; /* source is a path on the host */
    char *rbd;        /* "pool/image" in ceph, or NULL */
    char **monitors;  /* of that: names of hosts */
    gboolean readonly, shareable;
    guint64 boot; /* order, 0: none */
} VdDomDisk;

typedef struct {
    char *kind;           /* "network", "bridge", "direct", "user", … */
    char *source;         /* the network's, bridge's or device's name */
    char *target, *alias; /* "vnet0", "net0" */
    char *mac, *model;
    char *link; /* "up", "down" or NULL */
    guint64 boot;
} VdDomNic;

typedef struct {
    char *type;   /* "vnc", "spice" */
    char *listen; /* address or socket */
    gint64 port;  /* -1: none yet */
} VdDomGraphics;

typedef struct {
    char *kind;   /* "serial", "console", "channel", "parallel" */
    char *type;   /* "pty", "unix", … */
    char *target; /* its name or port in the guest */
    char *source; /* path on the host */
    char *log;    /* path of its log, or NULL */
} VdDomChar;

typedef struct {
    char *type, *source, *target;
    gboolean readonly;
} VdDomFs;

typedef struct {
    char *kind; /* "pci", "usb", "video", "tpm", … */
    char *text; /* its address or model */
} VdDomDevice;

typedef struct {
    char *type; /* the hypervisor: "kvm", "qemu", "lxc", "test" */
    char *name, *uuid, *title, *description;
    char *os_type, *arch, *machine; /* "hvm", "x86_64", "pc-q35-7.2" */
    char *firmware;                 /* "BIOS", "UEFI", or NULL where there is none */
    char *kernel;                   /* booted directly, or NULL */
    char *cpu;                      /* "host-passthrough", "EPYC" … */
    char *boot;                     /* "hd, network" or "vda, net0" */
    guint64 vcpus, vcpus_max;
    guint64 memory, memory_max;     /* bytes; memory: the balloon's aim */
    char *request, *image, *author; /* of our metadata */
    char *given;                    /* the static address of our metadata */
    GPtrArray *disks;               /* VdDomDisk */
    GPtrArray *nics;                /* VdDomNic */
    GPtrArray *graphics;            /* VdDomGraphics */
    GPtrArray *chars;               /* VdDomChar */
    GPtrArray *filesystems;         /* VdDomFs */
    GPtrArray *hostdevs;            /* VdDomDevice: the host's own devices, passed through */
    GPtrArray *others;              /* VdDomDevice: video, tpm, rng … */
} VdDomXml;

/* NULL with VD_ERR_DAMAGED when it cannot be read. The caller frees. */
VdDomXml *vd_domxml_parse(const char *xml, GError **error);
void vd_domxml_free(VdDomXml *dom);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdDomXml, vd_domxml_free)

/* The static address that a deployment set, out of our element in a machine's metadata;
 * *ret_network (may be NULL) is the libvirt network that it is an address of, or NULL. NULL: none,
 * or no address. Any thread. The caller frees both. */
char *vd_machine_given(const char *xml, char **ret_network);
