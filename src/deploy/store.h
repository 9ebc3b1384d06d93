/* The image store on disk: <images>/NAME.json for each image, and the disks themselves, each named
 * by its digest (SHA256.qcow2 or .raw), read-only, shared by the images that have the same bytes.
 * Inside the deploy room. Everything may wait on a disk. */
#pragma once

#include "src/model/image.h"

/* Makes the folder if it is not there; what is in it must be readable by the user QEMU runs as. */
gboolean vd_store_prepare(GError **error);
/* Keeps other processes from adding, removing and standing a disk on an image meanwhile. The
 * descriptor, to be closed; -1 on error. Waits for up to 30 s. */
int vd_store_lock(GError **error);
/* The path of a disk by its digest and format. The caller frees. */
char *vd_store_disk_path(const char *sha256, const char *format);
/* Whether an image of that name is there. */
gboolean vd_store_has(const char *name);
/* Whether any image has this disk, except the one named (may be NULL). */
gboolean vd_store_disk_shared(const char *sha256, const char *format, const char *except);
VdImage *vd_store_load(const char *name, GError **error);
/* Writes NAME.json; request goes in as well. */
gboolean vd_store_save(const VdImage *image, const char *request, GError **error);
/* The request that added an image, or NULL. The caller frees. */
char *vd_store_request(const char *name);
gboolean vd_store_drop(const char *name, GError **error);
/* Another name for an image; fails if that is taken. */
gboolean vd_store_rename(const char *name, const char *other, GError **error);
/* Names of all side files, sorted; the images may be broken. The caller frees with
 * g_strfreev(). */
char **vd_store_names(GError **error);

/* Which hosts have had disks on an image: noted before the disk is made, asked before the image is
 * removed. Hosts are libvirt URIs. */
gboolean vd_store_note_host(const VdImage *image, const char *uri, GError **error);
char **vd_store_hosts(const VdImage *image);
void vd_store_drop_hosts(const VdImage *image);

/* Fills in what an inspection (JSON, the guest helper's result) says: system, root, growable,
 * why_not. FALSE with a sentence if it says that the disk is cut short; file names the disk then.
 */
gboolean vd_image_read_layout(VdImage *image, const char *layout, const char *file, GError **error);
/* What the inspection said of an image: whether its files can be changed, and why not (a sentence
 * or NULL; the caller frees). */
gboolean vd_image_customisable(const VdImage *image, char **ret_why);
/* What reads a seed medium in it ("cloud-init", "nuageinit", "agent"), or NULL; the caller frees.
 * *ret_grows: it grows its partition by itself. *ret_unknown: nobody knows what is in it. */
char *vd_image_reader(const VdImage *image, gboolean *ret_grows, gboolean *ret_unknown);
/* Whether it is FreeBSD, as its files say, or its name if the appliance cannot read them. */
gboolean vd_image_is_freebsd(const VdImage *image);
/* Whether somebody can log in to it as it is, root perhaps locked; TRUE if nobody looked. */
gboolean vd_image_has_login(const VdImage *image, gboolean locked);
/* Whether the inspection looked who can log in: an older vmdeck did not. TRUE as well where there
 * is no system to look at. */
gboolean vd_image_logins_known(const VdImage *image);
/* Whether it has an account of this name that is the system's own, as mail and daemon are; FALSE if
 * nobody looked. */
gboolean vd_image_is_system_user(const VdImage *image, const char *name);
/* Whether it has sudo; TRUE if nobody looked. */
gboolean vd_image_has_sudo(const VdImage *image);
/* The timezones it has, maybe none; NULL if nobody looked. Free with g_strfreev(). */
char **vd_image_timezones(const VdImage *image);
/* The file system of its root: "xfs", or NULL if unknown. The caller frees. */
char *vd_image_root_fs(const VdImage *image);
/* Whether only UEFI firmware can start it. */
gboolean vd_image_needs_efi(const VdImage *image);
/* The major version of its distribution, 0 if unknown. */
int vd_image_major(const VdImage *image);
