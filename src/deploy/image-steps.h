/* What all ways to a new image share: however its disk came, it is judged, inspected and recorded
 * in one way. The steps speak by the run's values: "file" (the disk, under a temporary name in the
 * image folder, with an undo entry "file"), "format", "virtual_size", "sha256" and "bytes" must be
 * set; "name", "notes" and "tags" may be, else the spec's count; "source", "offer" and "revision"
 * if it was fetched; "give-way": the name that an image of this name is to take. Inside the deploy
 * room. */
#pragma once

#include "src/deploy/diskfile.h"
#include "src/jobs/runner.h"
#include "src/model/args.h"

/* Whether an image can be called so, and none is. */
gboolean vd_image_check_name(const char *name, GError **error);
/* Whether a copy that takes so many bytes fits into the image folder; what: of what. */
gboolean vd_image_check_room(const char *what, guint64 bytes, GError **error);
/* Whether qemu-img agrees with what was seen of a file, and finds it whole. shown: its name in
 * sentences. */
gboolean vd_image_ask_qemu(VdRun *run, const char *path, const char *shown, const VdDiskFile *file,
                           GError **error);
/* argument: a file in a folder that is published. It stays if the index there lists it by now. */
gboolean vd_image_undo_published(VdRun *run, const char *argument, GError **error);
/* argument: a folder that was made; one with something in it stays. */
gboolean vd_image_undo_folder(VdRun *run, const char *argument, GError **error);
/* Takes why; one that is about a full disk names the image and the folder, for our own file in it
 * is gone by the time it is read. FALSE. */
gboolean vd_image_no_room(const char *image, const char *folder, GError *why, GError **error);
/* The same for the image that this job makes, and the folder of all of them. */
gboolean vd_image_no_room_here(VdRun *run, GError *why, GError **error);
/* Sets "layout". */
gboolean vd_image_step_inspect(VdRun *run, GError **error);
gboolean vd_image_step_record(VdRun *run, GError **error);
/* "<images>/.WHAT-JOB.part"; the caller frees. */
char *vd_image_hidden_path(VdRun *run, const char *what);
/* A disk, whatever it stands on, into the new qcow2 file `to` by qemu-img. */
typedef void (*VdImageTell)(VdRun *run, double fraction);
typedef struct {
    const char *format, *from, *to;
    gboolean compress;
    VdImageTell tell;
} VdImageConvert;
gboolean vd_image_convert(VdRun *run, const VdImageConvert *wanted, GError **error);
/* The words given as --tag, with blanks between; NULL: none. The caller frees. */
char *vd_image_tags(const VdArgs *args);
