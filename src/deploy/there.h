/* What only its host knows of a machine that is to be made. Inside the deploy room. */
#pragma once

#include "src/deploy/plan.h"
#include "src/model/image.h"
#include "src/virt/provision.h"

/* Whether the machine of this plan can be made there: the host can run it, its name and address are
 * free, and there are pool, room, network and firmware for it. Nothing is made or started: a pool
 * that is not there yet tells its room when the job makes it. image NULL: it is installed. May
 * wait. */
gboolean vd_check_there(VdConn *conn, const VdPlan *plan, const VdImage *image, GError **error);
/* The same of a plan that nobody has begun: what it leaves open becomes as the host has it. */
gboolean vd_suit_there(VdConn *conn, VdPlan *plan, const VdImage *image, GError **error);
/* With a connection of its own. */
gboolean vd_suit_host(VdPlan *plan, const VdImage *image, GError **error);
