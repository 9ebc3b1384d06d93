/* What runs in the guest at its first boot, and says so on its serial console. The texts of a shell
 * program, of the units that start it and of their System V and OpenRC kin. Pure; any thread. */
#pragma once

#include <glib.h>

#define VD_FIRSTBOOT_PROGRAM "/usr/local/sbin/vmdeck-firstboot"
#define VD_FIRSTBOOT_FOLDER  "/var/lib/vmdeck/firstboot"
#define VD_FIRSTBOOT_SCRIPT  VD_FIRSTBOOT_FOLDER "/script"
#define VD_FIRSTBOOT_LOG     "/var/log/vmdeck-firstboot.log"

/* The program; marker names this deployment in the lines of the console. For sh of any guest. The
 * caller frees. */
char *vd_firstboot_program(const char *marker);
/* The script as it is stored: a person's text that does not name its interpreter gets /bin/sh's
 * first line. The caller frees. */
char *vd_firstboot_script(const char *text);

/* vmdeck-firstboot.service and the one that makes SSH host keys before sshd. Static. */
const char *vd_firstboot_unit(void);
const char *vd_firstboot_keys_unit(void);
/* /etc/init.d scripts with LSB headers, for System V. Static. */
const char *vd_firstboot_sysv(void);
const char *vd_firstboot_keys_sysv(void);
/* /etc/init.d/vmdeck-firstboot for OpenRC. Static. */
const char *vd_firstboot_openrc(void);
