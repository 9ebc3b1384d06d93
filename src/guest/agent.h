/* Our own first-boot agent for images without cloud-init: a shell program that `image prepare` puts
 * in, the units that start it, and the file that it reads. Pure; any thread. */
#pragma once

#include <glib.h>

#include "src/guest/request.h"

#define VD_AGENT_PROGRAM "/usr/local/sbin/vmdeck-agent"
/* Which instance it has set up is in a file `instance` there. */
#define VD_AGENT_FOLDER "/var/lib/vmdeck/agent"

/* The program, and what starts it: systemd, System V with an LSB header, OpenRC. Static. */
const char *vd_agent_program(void);
const char *vd_agent_unit(void);
const char *vd_agent_sysv(void);
const char *vd_agent_openrc(void);

/* Adds what the agent reads to files (VdSeedFile): vmdeck-seed, the first-boot program and script,
 * and the files of the guest's network system. The request has a layout. */
void vd_agent_seed(const VdRequest *request, GPtrArray *files);
