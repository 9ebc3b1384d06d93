/* The files that bring one network interface up, per network system of the guest; the interface is
 * found by its MAC address, because its name is the guest's own affair. Pure; any thread. */
#pragma once

#include <glib.h>

#include "src/guest/layout.h"
#include "src/guest/request.h"

typedef struct {
    char *path;    /* absolute, in the guest */
    char *text;    /* the content, or what a link leads to */
    int mode;      /* 0: a symbolic link */
    gboolean soft; /* leave it alone where path is a link already */
} VdNewFile;

typedef struct {
    GPtrArray *files; /* VdNewFile, all of root */
    GPtrArray *aside; /* char*: patterns of files to be set aside first */
    char *suffix;     /* what they get at the end of their names */
} VdNetFiles;

/* What to write for this guest. Never NULL; without files where the guest has no network system
 * that is known. uuid: for NetworkManager's connection. */
VdNetFiles *vd_netfiles_new(const VdLayout *layout, const VdNetSpec *net, const char *uuid);
void vd_netfiles_free(VdNetFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdNetFiles, vd_netfiles_free)
