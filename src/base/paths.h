/* Where our files are: one answer for each, by who runs us. Root has the system's places, others
 * the XDG ones; VMDECK_STATE_DIR and VMDECK_IMAGE_DIR override (the tests and the lab use them).
 * Strings are owned by the caller. Any thread. */
#pragma once

#include <glib.h>

/* /var/lib/vmdeck or $XDG_STATE_HOME/vmdeck: journal, job folders. */
char *vd_path_state(void);
/* The images: <state>/images unless overridden. */
char *vd_path_images(void);
/* The journal: <state>/journal.db */
char *vd_path_journal(void);
/* The folder of one job: <state>/jobs/ID, mode 0700: spec, log, secrets, lock. */
char *vd_path_job(const char *job_id);
/* The log: <state>/vmdeck.log */
char *vd_path_log(void);
/* This very program, to start runners with (/proc/self/exe), and the guest helper: beside it in a
 * build tree, else in PKGLIBEXECDIR; VMDECK_GUEST overrides. */
char *vd_path_self(void);
char *vd_path_guest(void);
/* What prints libosinfo's database, found in the same way (VMDECK_OSINFO); NULL: it is not there.
 */
char *vd_path_osinfo(void);
/* What libvirt runs in place of ssh, found in the same way (VMDECK_SSH); NULL: it is not there. */
char *vd_path_ssh(void);
/* themes: built-in search list is VMDECK_THEME_DIR, $XDG_CONFIG_HOME/vmdeck/themes,
 * PKGDATADIR/themes and the source tree's; returns a NULL-terminated array. */
char **vd_path_theme_dirs(void);
/* First-boot scripts: our own beside the images, and the folders of those that are shipped
 * (VMDECK_SCRIPT_DIR, PKGDATADIR/scripts and the source tree's). */
char *vd_path_scripts(void);
char **vd_path_script_dirs(void);
/* Templates of answer files, in the same way: VMDECK_TEMPLATE_DIR, <state>/templates, a source
 * tree's, PKGDATADIR/templates. */
char **vd_path_template_dirs(void);
/* The locale directory: VMDECK_LOCALE_DIR, else LOCALEDIR. */
char *vd_path_locale(void);
/* mkdir -p with a mode; the sentence in error names the folder. */
gboolean vd_mkdirs(const char *path, int mode, GError **error);
