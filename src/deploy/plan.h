/* What one deployment is to do: made from the words given and the image, kept as the job's spec,
 * read again by the runner. Holds no secrets: the hashes and the script, which may hold some, are
 * in the job's secrets file. Inside the deploy room. */
#pragma once

#include <json-glib/json-glib.h>

#include "src/model/args.h"
#include "src/model/image.h"

typedef struct {
    char *name, *title;
    char *uri;
    char *parent;         /* the job of many of which this is one, or NULL */
    char *image, *sha256; /* the image's name and the bytes it had */
    char *image_format;
    guint64 image_size; /* virtual, bytes */
    guint64 disk;       /* bytes */
    gboolean whole, overcommit;
    gboolean raw;         /* the disk's format, instead of qcow2; then it is whole */
    gboolean format_open; /* nobody asked for a format: the pool decides, before there is a job */
    gboolean whole_later; /* an overlay that a job of its own makes whole while the machine runs */
    guint cpus;
    guint64 memory; /* bytes */
    char *pool, *network;
    char *files_pool; /* where files go that pool cannot hold, media and kernels; NULL: it can */
    char *volume, *uuid, *mac; /* chosen by us beforehand, so that undo knows them */
    char *reader;              /* what reads a seed medium in the guest; NULL: the offline engine */
    char *medium;              /* the volume of the medium, chosen beforehand; NULL: none */
    gboolean table;            /* the guest has no tool to grow its partition: done here */
    gboolean elsewhere;        /* its host's files are not ours */
    gboolean near;             /* the disk is set up here, and what it adds to its base goes over */
    gboolean rbd;              /* its pool is one of RBD */
    gboolean grow, customise;
    char *why_no_grow;                        /* a sentence; NULL if it grows */
    gboolean locked, password, user_password; /* the hashes are in the secrets */
    char *user;
    char **keys; /* never NULL */
    char *hostname, *timezone;
    char *address, *gateway; /* NULL: DHCP */
    char **dns;              /* never NULL */
    gboolean script;
    gboolean start, autostart;
    int wait_minutes;
    /* An installation by network; tree NULL: from an image. */
    char *tree, *template;  /* a URL; the template's name, for people */
    char *system;           /* libosinfo's id of what is installed, or NULL */
    char *kernel, *initrd;  /* within the tree */
    char *kernel_line;      /* words for the kernel */
    char *answer_file;      /* what the answers are called in the initrd */
    char *cdrom;            /* a medium that goes along, or NULL */
    gboolean answer_medium; /* the answers are on a cidata medium instead */
    gboolean reports;       /* the installed system has our first-boot unit */
    int ends;               /* of the machine, until it is installed */
    int install_minutes;
} VdPlan;

void vd_plan_free(VdPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdPlan, vd_plan_free)

/* The plan that args (checked, with defaults) and an image make. FALSE with a sentence about what
 * does not go together. Reads key files. */
VdPlan *vd_plan_new(const VdArgs *args, const VdImage *image, const char *uri, const char *request,
                    GError **error);
/* The plan of a machine that is installed on an empty disk: all that does not depend on an image or
 * a template. */
VdPlan *vd_plan_new_empty(const VdArgs *args, const char *uri, const char *request, GError **error);
/* The disk's size that args and the image come to. */
guint64 vd_plan_disk_size(const VdArgs *args, const VdImage *image);
/* Whether the disk is large enough, and the image can do what is wanted or the user agreed to do
 * without it. */
gboolean vd_plan_check_disk(const VdArgs *args, const VdImage *image, GError **error);
gboolean vd_plan_check_able(const VdArgs *args, const VdImage *image, GError **error);
/* What the image cannot have although args want it; *ret_why (to be freed) is a sentence. FALSE:
 * nothing is lacking. */
gboolean vd_plan_lacks(const VdArgs *args, const VdImage *image, gboolean *ret_grow,
                       gboolean *ret_customise, char **ret_why);
/* Whether these args leave a machine that nobody can log in to. A script may see to that itself. */
gboolean vd_plan_shuts_out(const VdArgs *args, const VdImage *image);
/* Whether it is not known if anybody can log in: these args give nobody a way in, and nobody looked
 * who can log in to the image as it is. */
gboolean vd_plan_may_shut_out(const VdArgs *args, const VdImage *image);
/* A user's name, and whether the image can have that user: not if it is an account of its system's
 * own. image may be NULL. */
gboolean vd_plan_check_user(const char *name, const VdImage *image, GError **error);
/* The engine that args and the image come to: *ret_reader is what reads a seed medium in the guest
 * (to be freed), NULL for the offline engine. FALSE
 * with a sentence if the engine that was asked for cannot do it. */
gboolean vd_plan_choose_engine(const VdArgs *args, const VdImage *image, char **ret_reader,
                               GError **error);
/* Whether these args ask for a full copy. */
gboolean vd_plan_wants_copy(const VdArgs *args);
gboolean vd_plan_wants_raw(const VdArgs *args);
/* Whether these args leave the disk's format to the pool. */
gboolean vd_plan_leaves_format(const VdArgs *args);
/* Makes the disk of a plan that nobody has begun a raw one, and so a full copy. */
void vd_plan_take_raw(VdPlan *plan);
/* Puts the disk of a plan that nobody has begun into RBD, where it is raw and a clone. */
void vd_plan_take_rbd(VdPlan *plan);
/* The format of its disk: "qcow2" or "raw". */
const char *vd_plan_format(const VdPlan *plan);
/* A hostname made of a machine's name. The caller frees. */
char *vd_plan_hostname(const char *name);
/* Whether files of the host with this URI (NULL: the usual one) are not ours. */
gboolean vd_plan_is_elsewhere(const char *uri);
/* What the image is called as a volume of a host elsewhere. The caller frees. */
char *vd_plan_base_name(const VdPlan *plan);
/* Whether the volumes of a pool of this kind are devices, which hold raw disks alone. */
gboolean vd_plan_pool_is_devices(const char *kind);
/* Gives the disk the format that a pool of this kind wants, if that was left open; else as below.
 */
gboolean vd_plan_suit_pool(VdPlan *plan, const char *pool, const char *kind, GError **error);
/* The pool that the files go to which a machine needs beside its disk. */
const char *vd_plan_files_pool(const VdPlan *plan);
/* Whether machines can be deployed to a pool of this kind (NULL: unknown, so yes). */
gboolean vd_plan_check_pool(const char *pool, const char *kind, gboolean raw, GError **error);
/* Whether a disk of this plan has room among available bytes of its pool; the sentence has the
 * numbers. file_size: of the image. */
gboolean vd_plan_check_room(const char *pool, guint64 available, guint64 disk, gboolean whole,
                            guint64 file_size, gboolean overcommit, GError **error);

/* Whether the folder (of a job) in which the disk is set up before it goes elsewhere has room for
 * it among available bytes; bytes: what the image takes. TRUE if nothing is made here. */
gboolean vd_plan_check_near(const VdPlan *plan, guint64 bytes, guint64 available,
                            const char *folder, GError **error);

/* JSON there and back. The callers free; NULL with VD_ERR_DAMAGED if it is no plan. */
char *vd_plan_to_json(const VdPlan *plan);
VdPlan *vd_plan_from_json(const char *json, GError **error);

/* The request for the guest helper's `check`: whether the appliance will have the tools. */
JsonNode *vd_plan_check_request(const char *request, const char *layout);
/* The request for the guest helper's `seed`: the medium goes to the file medium; disk is that of
 * the machine if its table is grown here, else NULL. The rest as below. */
JsonNode *vd_plan_seed_request(const VdPlan *plan, const char *request, const char *medium,
                               const char *disk, const char *layout, JsonObject *secrets);
/* The request for a medium with the answers of an installer (its user-data). */
JsonNode *vd_plan_answer_request(const VdPlan *plan, const char *request, const char *medium,
                                 const char *answer);
/* The request for the guest helper's `prepare`. secrets: the object of the secrets file, or NULL.
 * layout is JSON. marker: see doc/guest-protocol.md. */
JsonNode *vd_plan_prepare_request(const VdPlan *plan, const char *request, const char *disk,
                                  const char *layout, gboolean tcg, JsonObject *secrets,
                                  const char *marker);
