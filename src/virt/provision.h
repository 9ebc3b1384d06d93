/* libvirt for job runners: synchronous, on any thread of a process that has no screen. Every call
 * may wait; the runner's cancel ends the process group if need be. Strings returned are owned by
 * the caller. */
#pragma once

#include <gio/gio.h>

typedef struct _VdConn VdConn;

/* request goes into the log lines and the connection's identity. A host that does not answer is
 * given up after 20 s, or what src/base/patience.h knows (VD_ERR_UNREACHABLE), and at once when
 * cancel (may be NULL) is triggered (VD_ERR_CANCELLED). */
VdConn *vd_conn_open(const char *uri, const char *request, GCancellable *cancel, GError **error);
void vd_conn_close(VdConn *conn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdConn, vd_conn_close)

/* Whether KVM really works here, not only whether the device exists; why gets a sentence if not. */
gboolean vd_conn_kvm_usable(VdConn *conn, char **why);
gboolean vd_conn_is_local(VdConn *conn); /* its files are ours */
/* Whether it is a QEMU host; libvirt's test driver, which has neither files nor guests, is one only
 * if they need not be real. VD_ERR_UNSUPPORTED with what it is instead. */
gboolean vd_conn_runs_machines(VdConn *conn, gboolean real, GError **error);
/* FALSE once the daemon has closed the connection. */
gboolean vd_conn_is_alive(VdConn *conn);
/* The URI that it really has, whatever it was opened with. Borrowed. */
const char *vd_conn_uri(VdConn *conn);

typedef struct {
    char *name, *kind; /* kind: libvirt's type, "dir", "logical" … */
    char *path;        /* the folder, if its volumes are files */
    gboolean active;
    guint64 available; /* bytes; 0 if it is not active, G_MAXUINT64 if nobody tells */
} VdPool;
void vd_pool_clear(VdPool *pool);

/* Finds the pool (name NULL: "default"); makes, starts and autostarts "default" in the usual place
 * if the host has none. */
gboolean vd_conn_pool_ensure(VdConn *conn, const char *name, VdPool *ret, GError **error);
/* The same without making or starting anything: VD_ERR_NOT_FOUND if it is not there. */
gboolean vd_conn_pool_look(VdConn *conn, const char *name, VdPool *ret, GError **error);
/* The pool for files of a host whose disks go to devices: "default", or another active one that is
 * a folder; "default" too if there is no pool of that name yet. The caller frees; NULL with
 * VD_ERR_NOT_FOUND. */
char *vd_conn_pool_of_files(VdConn *conn, GError **error);
/* Starts the network (name NULL: "default") if it is not; *ret_kind "network", or "user" (QEMU's
 * own network) if the name is "user" or the session has no networks. */
gboolean vd_conn_network_ensure(VdConn *conn, const char *name, char **ret_kind, GError **error);
/* The same without starting anything. */
gboolean vd_conn_network_look(VdConn *conn, const char *name, char **ret_kind, GError **error);
/* The host's memory, and what its running machines may take of it (or what is taken by anybody, if
 * that is more); bytes. */
gboolean vd_conn_memory(VdConn *conn, guint64 *ret_all, guint64 *ret_used, GError **error);
gboolean vd_conn_vm_exists(VdConn *conn, const char *name);
/* Whether a machine may have this static address ("192.0.2.7", or with a prefix length) on a
 * network: VD_ERR_INVALID if it is outside of it, has another length of prefix, is the host's own
 * or one that DHCP may give to another machine although there are others, VD_ERR_EXISTS if it is
 * known to be somebody's (by a lease, or by the metadata of a machine). A bridge of the host's own
 * and QEMU's own network take any. */
gboolean vd_conn_address_check(VdConn *conn, const char *network, const char *address,
                               GError **error);

/* A qcow2 overlay of size bytes on base (format named), in the pool; *ret_path is the new file. */
gboolean vd_conn_volume_overlay(VdConn *conn, const char *pool, const char *volume,
                                const char *base, const char *base_format, guint64 size,
                                char **ret_path, GError **error);
/* An empty raw volume: a file that is all hole, or a device. */
gboolean vd_conn_volume_create_raw(VdConn *conn, const char *pool, const char *volume, guint64 size,
                                   char **ret_path, GError **error);
/* Whether the path of a volume is that of a block device of its host. */
gboolean vd_volume_is_device(const char *path);
/* An empty qcow2 volume, for a full copy. */
gboolean vd_conn_volume_create(VdConn *conn, const char *pool, const char *volume, guint64 size,
                               char **ret_path, GError **error);
/* done and all in bytes. On the uploading thread. */
typedef void (*VdUploadProgress)(guint64 done, guint64 all, gpointer data);
/* A volume with the content of a local file, byte for byte and as sparse; *ret_path is its path on
 * the host. VD_ERR_CANCELLED; a volume that is only begun is left to the caller. */
gboolean vd_conn_volume_upload(VdConn *conn, const char *pool, const char *name, const char *file,
                               VdUploadProgress progress, gpointer data, GCancellable *cancel,
                               char **ret_path, GError **error);
/* A file that the disks of many machines will stand on. */
typedef struct {
    const char *pool, *name, *file;
    guint64 from; /* bytes of it that an earlier upload is known to have left there */
    VdUploadProgress progress;
    void (*there)(guint64 bytes, gpointer data); /* so many are there for sure; may be NULL */
    gpointer data;
    GCancellable *cancel;
} VdBaseUpload;
/* Whether the volume is there with all that the file has: *ret_path, else NULL. FALSE if the file
 * cannot be read or cannot be a base. */
gboolean vd_conn_base_find(VdConn *conn, const char *pool, const char *name, const char *file,
                           char **ret_path, GError **error);
/* Makes the volume, or goes on with it. It counts as whole (for vd_conn_base_find()) when its last
 * part, which is its beginning, is there; what a failed upload leaves can be gone on with. */
gboolean vd_conn_base_upload(VdConn *conn, const VdBaseUpload *base, char **ret_path,
                             GError **error);
#define VD_BASE_PREFIX "vmdeck-"
typedef struct {
    char *pool, *name, *path;
    guint64 bytes; /* that it takes up */
    gboolean rbd;
} VdBase;
/* The volumes of all active pools that are named as those bases are: VD_BASE_PREFIX, 64 hex digits,
 * a dot and a format. VdBase; NULL if the host cannot be asked. */
GPtrArray *vd_conn_bases(VdConn *conn, GError **error);
/* The bytes that a volume takes up now. */
gboolean vd_conn_volume_used(VdConn *conn, const char *pool, const char *volume, guint64 *ret_bytes,
                             GError **error);
gboolean vd_conn_volume_exists(VdConn *conn, const char *pool, const char *volume);
/* Missing is fine. */
gboolean vd_conn_volume_delete(VdConn *conn, const char *pool, const char *volume, GError **error);
/* Who uses a file as a disk or as a disk's base on this host: the names of volumes (pools are read
 * anew) and of machines; empty if nobody. NULL if the host could not be asked. Free with
 * g_strfreev(). */
char **vd_conn_file_users(VdConn *conn, const char *path, GError **error);

/* How an RBD pool of a host is reached, by its machines and by QEMU's driver for ceph from here. */
typedef struct {
    char *pool;                       /* what it is called in ceph */
    char **hosts, **ports;            /* of the monitors, side by side; port "": the usual one */
    char *user;                       /* NULL: nobody has to say who he is */
    char *secret_uuid, *secret_usage; /* of his key, which libvirt keeps: one of them, or NULL */
    char **names, **values;           /* options of ceph that its definition sets, side by side */
    char *key;                        /* base64, if asked for; a secret */
} VdRbd;
void vd_rbd_clear(VdRbd *rbd);
/* Reads the definition of a pool; pure. FALSE: none of RBD. Clear ret in any case. */
gboolean vd_rbd_read(const char *xml, VdRbd *ret);
/* The same of a pool of the host; with key, the key as well. Clear ret in any case. */
gboolean vd_conn_rbd_look(VdConn *conn, const char *pool, gboolean key, VdRbd *ret, GError **error);
/* A base in an RBD pool is called VD_BASE_PREFIX, the image's digest, and what its job likes. It is
 * made as a volume of VD_RBD_HALF more than its size (bytes), and whole once it has been cut to
 * that. *ret_name: one of this digest that is whole, or NULL. The caller frees. */
#define VD_RBD_HALF ((guint64)4 * 1024 * 1024)
gboolean vd_conn_rbd_base_find(VdConn *conn, const char *pool, const char *sha256, guint64 size,
                               char **ret_name, GError **error);
gboolean vd_conn_rbd_is_whole(VdConn *conn, const char *pool, const char *name, guint64 size);
/* Removes a base that no disk stands on; VD_ERR_FAILED with what to do if one does. */
gboolean vd_conn_rbd_base_delete(VdConn *conn, const char *pool, const char *name, GError **error);
/* A volume that shares what it has with a base of the same pool, enlarged to size bytes. */
gboolean vd_conn_rbd_clone(VdConn *conn, const char *pool, const char *volume, const char *base,
                           guint64 size, char **ret_path, GError **error);

/* The architecture of the host's processors; "x86_64" if it does not tell. The caller frees. */
char *vd_conn_arch(VdConn *conn);
/* Whether this host has UEFI firmware for machines of this architecture (NULL: its own).
 * VD_ERR_UNSUPPORTED with what to install if not. */
gboolean vd_conn_efi_check(VdConn *conn, const char *arch, GError **error);

/* Whether the host can run a machine of so many CPUs: no more than it has, unless overcommit, and
 * in no case more than QEMU gives one (arch NULL: the host's own). A host that does not tell takes
 * any. VD_ERR_INVALID with the limit if not. */
gboolean vd_conn_cpus_check(VdConn *conn, guint cpus, const char *arch, gboolean kvm,
                            gboolean overcommit, GError **error);
/* The same of memory (bytes): what the host has in all. */
gboolean vd_conn_memory_check(VdConn *conn, guint64 memory, GError **error);

/* The serial number of the disk that is a seed medium. */
#define VD_SEED_SERIAL "vmdeck-seed"

typedef struct {
    const char *name, *uuid; /* uuid NULL: libvirt's choice */
    const char *title;       /* or NULL */
    const char *disk, *disk_format;
    const VdRbd *rbd;                   /* where the disk "pool/image" is; NULL: a path */
    const char *base;                   /* what it was cloned from there, or NULL */
    const char *seed;                   /* the file of a seed medium, or NULL */
    const char *network_kind, *network; /* "network"/"user" and its name */
    const char *mac;
    guint vcpus;
    guint64 memory; /* bytes */
    gboolean kvm;
    const char *arch;
    gboolean efi;                         /* needs UEFI firmware; without Secure Boot */
    const char *request, *image, *author; /* into the domain's metadata, namespace of ours */
    const char *system;                   /* libosinfo's id, into the metadata as well; or NULL */
    const char *address;                  /* static, reserved by the metadata; or NULL */
    /* An installer to start instead of the disk, until vd_conn_vm_from_disk(); NULL: none */
    const char *kernel, *initrd, *kernel_line;
    const char *cdrom; /* a medium that goes along with the installer, or NULL */
} VdVmPlan;

/* Defines it (never overwrites a name in use); *ret_uuid. */
gboolean vd_conn_vm_define(VdConn *conn, const VdVmPlan *plan, char **ret_uuid, GError **error);
gboolean vd_conn_vm_start(VdConn *conn, const char *uuid, GError **error);
/* Has it start with its host. */
gboolean vd_conn_vm_autostart(VdConn *conn, const char *uuid, GError **error);
/* Ends and undefines it (managed save, nvram and snapshots' metadata too). Missing is fine. */
gboolean vd_conn_vm_remove(VdConn *conn, const char *uuid, GError **error);
gboolean vd_conn_vm_running(VdConn *conn, const char *uuid);
typedef enum {
    VD_REST_ENDED,   /* it has shut down by itself; or why it is off is not known; or it is gone */
    VD_REST_NONE,    /* or is suspended; or that could not be learned just now */
    VD_REST_SAVED,   /* its memory lies on the host's disk, and starting it goes on */
    VD_REST_CUT_OFF, /* somebody powered it off from outside */
    VD_REST_CRASHED,
} VdVmRest;
/* Whether it runs, and if not, how it came to its rest. */
VdVmRest vd_conn_vm_rest(VdConn *conn, const char *uuid);
/* Makes the disks of a running machine that stand on other files whole; *ret_disks says how many
 * that were. done and all are of the disk at hand. VD_ERR_CANCELLED leaves the disks as good as
 * before. */
gboolean vd_conn_vm_pull(VdConn *conn, const char *uuid, VdUploadProgress progress, gpointer data,
                         GCancellable *cancel, guint *ret_disks, GError **error);
/* Takes the seed medium out of the machine, for good and while it runs; it is gone from it when
 * this returns TRUE. A machine without one is fine. VD_ERR_TIMEOUT: the guest did not let go of it
 * in 20 s; it goes with the machine's next stop. */
gboolean vd_conn_vm_drop_seed(VdConn *conn, const char *uuid, GError **error);
/* A machine that was defined with an installer starts from its disk from now on, and restarts when
 * its guest does; with `again` it still ends instead, so that another end can be counted. The
 * machine must be off. */
gboolean vd_conn_vm_from_disk(VdConn *conn, const char *uuid, gboolean again, GError **error);

/* The disk that a machine starts from. */
typedef struct {
    char *name;       /* the machine's */
    char *target;     /* "vda" */
    char *path;       /* a file or device of the host */
    char *format;     /* "qcow2", "raw" … */
    guint64 capacity; /* bytes; 0: unknown */
    guint others;     /* how many other disks it has */
    gboolean running;
} VdVmDisk;
void vd_vm_disk_clear(VdVmDisk *disk);
/* Refuses a machine whose memory is saved: its disk is in the middle of things. Clear ret in any
 * case. */
gboolean vd_conn_vm_disk(VdConn *conn, const char *uuid, VdVmDisk *ret, GError **error);
typedef void (*VdBackupTell)(double fraction, gpointer data);
/* Copies the disk of a running machine, as it is at one moment, to the qcow2 file `to` of its host
 * by QEMU's backup job; the machine goes on as it was. The file is new (its owner may be QEMU's
 * user) or, with `made`, an empty one that is there. *ret_quiet: its agent held the file systems
 * still. Waits; a cancel ends the job. VD_ERR_NO_SPACE: the disk that `to` is on is full. */
gboolean vd_conn_vm_backup(VdConn *conn, const char *uuid, const VdVmDisk *disk, const char *to,
                           gboolean made, gboolean *ret_quiet, VdBackupTell tell, gpointer data,
                           GCancellable *cancel, GError **error);
/* Ends a backup job that may still run. Nothing to end is fine. */
gboolean vd_conn_vm_backup_abort(VdConn *conn, const char *uuid, GError **error);

/* A file or device of a host that a disk consists of: itself, or what it stands on. */
typedef struct {
    char *pool, *name, *path;
    char *format;         /* "qcow2" | "raw" */
    guint64 length, used; /* bytes, and how many of them take up room */
    char *changed;        /* when it was written to last, as the host tells it, or NULL */
} VdLayer;
/* The layers of a disk, itself first (VdLayer). VD_ERR_UNSUPPORTED where one is in no storage pool
 * of its host, or of another format. Free with g_ptr_array_unref(). */
GPtrArray *vd_conn_layers(VdConn *conn, const char *path, const char *format, GError **error);
/* Whether nobody has written to it since. */
gboolean vd_conn_layer_same(VdConn *conn, const VdLayer *layer);
typedef struct {
    const VdLayer *layer;
    const char *file; /* of ours; what it has beyond `from` is dropped */
    guint64 from;     /* so many bytes of the layer are there already; 0: the file may be missing */
    VdUploadProgress progress;
    gpointer data;
    GCancellable *cancel;
} VdLayerFetch;
/* The layer's bytes into a local file, as sparse. VD_ERR_CANCELLED, VD_ERR_NO_SPACE; a file that is
 * only begun is left to the caller. */
gboolean vd_conn_layer_fetch(VdConn *conn, const VdLayerFetch *fetch, GError **error);

/* Calls line for each line (cleaned, at most 1024 characters; a prompt counts as a line once it has
 * rested for a second) of its serial console until line returns FALSE: TRUE. FALSE if the machine
 * ends, the deadline (seconds) passes (VD_ERR_TIMEOUT), the cancellable is triggered
 * (VD_ERR_CANCELLED) or somebody else is on the console (VD_ERR_BUSY). line is called on the
 * caller's thread. */
typedef gboolean (*VdConsoleLine)(const char *line, gpointer data);
gboolean vd_conn_vm_follow(VdConn *conn, const char *uuid, int seconds, VdConsoleLine line,
                           gpointer data, GCancellable *cancel, GError **error);
/* The same, after pressing Enter once: a getty that has been waiting asks for a login again. */
gboolean vd_conn_vm_follow_woken(VdConn *conn, const char *uuid, int seconds, VdConsoleLine line,
                                 gpointer data, GCancellable *cancel, GError **error);
/* Its first address by lease or agent, or NULL. */
char *vd_conn_vm_address(VdConn *conn, const char *uuid);
