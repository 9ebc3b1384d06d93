/* Writing the guest's files for one deployment. Nothing of the guest is ever run. */
#pragma once

#include "src/guest/files.h"
#include "src/guest/launch.h"
#include "src/guest/request.h"

/* Everything the request's customise part asks for, in the mounted guest. The step "customise".
 * *ret_relabel: the guest labels its files anew at its first boot. */
gboolean vd_customise(VdGuest *guest, const VdRequest *request, gboolean *ret_relabel,
                      GError **error);

/* Its parts, each in a file of its own. files, layout and customise are borrowed. */
gboolean vd_customise_accounts(VdFiles *files, const VdLayout *layout, const VdCustomise *customise,
                               GError **error);
gboolean vd_customise_name(VdFiles *files, const VdLayout *layout, const char *hostname,
                           GError **error);
gboolean vd_customise_timezone(VdFiles *files, const VdLayout *layout, const char *zone,
                               GError **error);
/* What must not be the same in two machines of one image: machine-id, host keys, leases … */
gboolean vd_customise_identity(VdFiles *files, const VdLayout *layout, GError **error);
/* An id of its own where nobody fills an empty one at boot: without systemd, if there is a file. */
gboolean vd_customise_machine_id(VdFiles *files, const VdLayout *layout, GError **error);
gboolean vd_customise_network(VdFiles *files, const VdLayout *layout, const VdNetSpec *net,
                              GError **error);
/* Starts the first-boot program, host keys and a getty on the serial line at boot. */
gboolean vd_customise_units(VdFiles *files, const VdLayout *layout, GError **error);
/* What vd_customise_units() does without systemd. */
gboolean vd_customise_sysv(VdFiles *files, GError **error);
gboolean vd_customise_openrc(VdFiles *files, const VdLayout *layout, GError **error);
/* The agent's start, in a prepared image. */
gboolean vd_customise_sysv_agent(VdFiles *files, GError **error);
gboolean vd_customise_openrc_agent(VdFiles *files, GError **error);
gboolean vd_customise_firstboot(VdFiles *files, const VdLayout *layout,
                                const VdCustomise *customise, GError **error);

/* Whether there is a guest that can be customised; how labels of new files are kept. */
gboolean vd_customise_check(VdFiles *files, const VdLayout *layout, GError **error);
gboolean vd_customise_labels(VdFiles *files, const VdLayout *layout, gboolean *ret_relabel,
                             GError **error);
/* Makes an image one that is deployed by a seed medium (agent.h): the agent, its units, nothing
 * that two machines must not share. *ret_tool: the guest can make its partition larger itself. */
gboolean vd_customise_agent(VdGuest *guest, const VdLayout *layout, gboolean *ret_tool,
                            GError **error);
