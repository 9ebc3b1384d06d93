/* Operating systems as libosinfo knows them: names, trees, least sizes. Read from vmdeck-osinfo
 * once, when somebody asks. Inside the deploy room. */
#pragma once

#include "src/deploy/deploy.h"
#include "src/deploy/template.h"

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

/* By name ("Debian 12", in any case), short or long id. Borrowed from systems. VD_ERR_NOT_FOUND,
 * or why nothing is known at all. May wait for about a second, once. Any thread. */
const VdSystem *vd_systems_find(VdSystems *systems, const char *word, GError **error);
/* All of them (VdSystem), as they came. Borrowed; NULL with why nothing is known. May wait. */
const GPtrArray *vd_systems_all(VdSystems *systems, GError **error);
/* What vmdeck-osinfo prints, read (VdSystem): entries that make no sense are left out. NULL with
 * VD_ERR_DAMAGED. Free with g_ptr_array_unref(). */
GPtrArray *vd_systems_parse(const char *json, GError **error);
/* The least that one needs on an architecture. */
VdSystemLeast vd_system_least(const VdSystem *system, const char *arch);
/* Where its installer is for a template, as the template looks at it. The caller frees; NULL: not
 * known. */
char *vd_system_tree(const VdSystem *system, const VdTemplate *template, const char *arch);
/* The one of the templates (VdTemplate) for it: whose `os` names its short id, else all versions of
 * it ("debian"). NULL: none. Borrowed. */
const VdTemplate *vd_system_template(const VdSystem *system, const GPtrArray *templates);
/* All templates that can be read. Reads files. Free with g_ptr_array_unref(). */
GPtrArray *vd_templates_load(void);
/* Names the system of an inspection (JSON) in an image: its id, and a name if it has none. Does
 * nothing where libosinfo is not there, or does not know it. May wait. */
void vd_systems_name_image(VdSystems *systems, VdImage *image);
