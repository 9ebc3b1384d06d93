/* The steps of a deployment, shared by the files that do them. Inside the deploy room. */
#pragma once

#include "src/deploy/plan.h"
#include "src/jobs/runner.h"
#include "src/virt/provision.h"

/* The plan of a run and a connection to its host: opened anew by each step, so that one that takes
 * minutes holds none. A host whose daemon is just being restarted is waited for, half a minute.
 * NULL with a sentence. */
VdPlan *vd_step_plan(VdRun *run, GError **error);
VdConn *vd_step_conn(VdRun *run, const VdPlan *plan, GError **error);
/* Starts the machine, over a daemon that is restarted meanwhile; *conn may be another one then.
 * One that runs already, since a runner that was killed has started it or the daemon did not live
 * to say so, is started. */
gboolean vd_step_run(VdRun *run, const VdPlan *plan, VdConn **conn, GError **error);

/* What was written to a disk, and its name in its folder, are there to stay when this returns TRUE.
 */
gboolean vd_step_sync(const char *path, GError **error);
/* The same of a file or device that the host's libvirt has made or filled, which does not see to
 * that itself: a host may lose its power the moment after. TRUE as well where it is not ours to do,
 * elsewhere and on libvirt's test driver. */
gboolean vd_step_settle(const VdPlan *plan, const char *path, GError **error);
/* Makes a device read as zero from a byte on: what is there is somebody else's, or was. share: how
 * much of the step's progress is behind it. */
gboolean vd_step_clear(VdRun *run, const char *path, guint64 from, double share, GError **error);
/* What was asked for, in words that are written down (base/said.h): "root's password, hostname
 * web-07, DHCP". The caller frees. */
char *vd_step_describe(const VdPlan *plan);
/* The hashes and the script of the plan, or NULL if it has none. FALSE if they are gone. */
gboolean vd_step_secrets(VdRun *run, const VdPlan *plan, JsonNode **ret, GError **error);

/* Name, pool, network, address, firmware; leaves the network's kind and whether there is KVM to the
 * next steps. image NULL: none, the disk begins empty. */
gboolean vd_step_check_host(VdRun *run, const VdPlan *plan, VdConn *conn, const VdImage *image,
                            GError **error);
gboolean vd_step_check(VdRun *run, GError **error);
gboolean vd_step_upload(VdRun *run, GError **error); /* the image, to a host elsewhere */
gboolean vd_step_disk(VdRun *run, GError **error);
gboolean vd_step_guest(VdRun *run, GError **error);  /* grow and customise */
gboolean vd_step_medium(VdRun *run, GError **error); /* the seed engine's */
gboolean vd_step_send(VdRun *run, GError **error);   /* the disk, to a host elsewhere */
gboolean vd_step_define(VdRun *run, GError **error);
gboolean vd_step_start(VdRun *run, GError **error);
gboolean vd_step_boot(VdRun *run, GError **error);
gboolean vd_step_whole(VdRun *run, GError **error); /* begins a job of its own */
/* argument: the name of the volume that the image becomes. */
gboolean vd_step_undo_upload(VdRun *run, const char *argument, GError **error);
