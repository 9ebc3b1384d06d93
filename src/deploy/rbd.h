/* Bytes into volumes of RBD, where libvirt has no stream: by qemu-img and its driver for ceph, with
 * what the definition of the host's pool says. The key goes to it through its standard input and is
 * never on a disk or among its words. Inside the deploy room. */
#pragma once

#include "src/deploy/plan.h"
#include "src/jobs/runner.h"
#include "src/virt/provision.h"

/* The words that tell qemu-img of a volume: a name that begins with "json:". conf: a file as
 * vd_rbd_conf() has it. offset and size (bytes): a window, or size 0 for all of it. The caller
 * frees. */
char *vd_rbd_name(const VdRbd *rbd, const char *conf, const char *volume, guint64 offset,
                  guint64 size);
/* The same of a file of ours. */
char *vd_rbd_file_name(const char *path, const char *format, guint64 offset, guint64 size);
/* An overlay whose base is a volume, whatever its own header says. */
char *vd_rbd_overlay_name(const VdRbd *rbd, const char *conf, const char *volume, const char *path);
/* The configuration for ceph's library: how long it tries, and what the pool's definition sets.
 * The caller frees. */
char *vd_rbd_conf(const VdRbd *rbd);
/* What went wrong, from the last words of qemu-img, untranslated; NULL: it got through to ceph. */
const char *vd_rbd_reason(const char *words);

/* The volume that the image becomes once in its pool: found, or made and filled; its name is left
 * as "base". While nobody else on this machine does the same. */
gboolean vd_rbd_base(VdRun *run, const VdPlan *plan, const VdImage *image, VdConn *conn,
                     GError **error);
/* The same undone: what is only begun goes. */
gboolean vd_rbd_undo_base(VdRun *run, const VdPlan *plan, const char *name, GError **error);
/* The disk: a clone of the base, or a copy of the image if it is to be whole. */
gboolean vd_rbd_disk(VdRun *run, const VdPlan *plan, const VdImage *image, GError **error);
/* The disk that was set up here: its differences into a clone, or all of it if it is to be whole.
 */
gboolean vd_rbd_send(VdRun *run, const VdPlan *plan, const char *near, GError **error);
/* Whether qemu-img here can write into the pool: asked before anything is made. */
gboolean vd_rbd_check(VdRun *run, const VdPlan *plan, VdConn *conn, GError **error);
