/* The SELinux types of the files that customising makes. The appliance has no setfiles and
 * labelling a whole guest anew costs it a slow first boot and a restart; the few files made here
 * are known, so they get their type directly. */
#pragma once

#include <glib.h>

/* The context for a path, "system_u:object_r:etc_t:s0", by the reference policy's file contexts
 * (policycoreutils' matchpathcon(8) on Fedora 38 and RHEL 9). The caller frees. Pure. */
char *vd_selinux_context(const char *path);
