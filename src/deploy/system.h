/* An operating system that can be installed: its names, where its installers are, the least that it
 * needs. As libosinfo or a template tells it. Inside the deploy room. */
#pragma once

#include <glib.h>

typedef struct {
    char *arch; /* "x86_64", "all" */
    char *url;
    char *kernel, *initrd; /* below the URL, or NULL: not told */
} VdSystemTree;

typedef struct {
    char *arch;
    guint64 memory, disk; /* bytes; 0: not told */
} VdSystemLeast;

typedef struct {
    char *id;         /* "http://debian.org/debian/12" */
    char *short_id;   /* "debian12" */
    char *name;       /* "Debian 12" */
    char *ended;      /* the last day that its makers cared for it, "2028-06-30"; or NULL */
    GPtrArray *trees; /* VdSystemTree */
    GArray *least;    /* VdSystemLeast */
} VdSystem;

/* An empty one. */
VdSystem *vd_system_new(void);
void vd_system_free(VdSystem *system);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdSystem, vd_system_free)
/* One tree more; takes its texts over. Borrowed. */
VdSystemTree *vd_system_add_tree(VdSystem *system, char *arch, char *url);
