/* Changes to the list of hosts in a configuration file, in place: comments, order, includes and
 * formatting stay. What libconfig then reads is compared with what it read before, and only if
 * exactly the wanted change is the difference is the file written. May wait on a disk. */
#pragma once

#include "src/base/conf.h"

/* One change: name NULL adds host, host NULL removes the one of that name, both replace its name
 * and URI (host->uri NULL: libvirt's default, the setting goes). host->file is not read. */
typedef struct {
    const char *name;
    const VdConfHost *host;
} VdConfChange;

/* The text with the change, or NULL with a sentence: no such host, no configuration, or a form that
 * cannot be edited safely. The caller frees. */
char *vd_conf_edit_text(const char *text, const VdConfChange *change, GError **error);
/* Makes n changes to file in one write. A file that is not there is made for additions; one whose
 * hosts stand in a file it includes has that one changed instead. Mode, owner and a symbolic link
 * to the file stay. A file that was changed meanwhile or cannot be parsed is left alone. */
gboolean vd_conf_edit_file(const char *file, const VdConfChange *changes, guint n, GError **error);
