/* Operating systems as libosinfo knows them: names, trees, least sizes. Read from vmdeck-osinfo
 * once, when somebody asks. What templates declare themselves is added where libosinfo, which is as
 * old as its database, does not know it. Inside the deploy room. */
#pragma once

#include "src/deploy/deploy.h"
#include "src/deploy/system.h"
#include "src/deploy/template.h"

/* By name ("Debian 12", in any case), short or long id. Borrowed from systems. VD_ERR_NOT_FOUND,
 * or why libosinfo cannot be asked. May wait for about a second, once, and never for more than ten.
 * Any thread. */
const VdSystem *vd_systems_find(VdSystems *systems, const char *word, GError **error);
/* All of them (VdSystem), as they came: libosinfo's, then those that only templates declare.
 * Borrowed. *why (may be NULL) is set where libosinfo has told none. May wait. */
const GPtrArray *vd_systems_all(VdSystems *systems, GError **why);
/* What vmdeck-osinfo prints, read (VdSystem): entries that make no sense are left out, and so are
 * trees that are no http, https or file URL. NULL with VD_ERR_DAMAGED. Free with
 * g_ptr_array_unref(). */
GPtrArray *vd_systems_parse(const char *json, GError **error);
/* The least that one needs on an architecture. */
VdSystemLeast vd_system_least(const VdSystem *system, const char *arch);
/* Where its installer is for a template, as the template looks at it. The caller frees; NULL: not
 * known. */
char *vd_system_tree(const VdSystem *system, const VdTemplate *template, const char *arch);
/* The one of the templates (VdTemplate) for it: whose `os` names its short id, else all versions of
 * it ("debian"), else the one that declares it. NULL: none. Borrowed. */
const VdTemplate *vd_system_template(const VdSystem *system, const GPtrArray *templates);
/* All templates that can be read. Reads files. Free with g_ptr_array_unref(). */
GPtrArray *vd_templates_load(void);
/* Names the system of an inspection (JSON) in an image: its id, and a name if it has none. Does
 * nothing where nobody knows it. May wait. */
void vd_systems_name_image(VdSystems *systems, VdImage *image);
