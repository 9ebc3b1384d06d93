/* A first-boot script of the library. Immutable. */
#pragma once

#include <glib.h>

typedef struct {
    gatomicrefcount refs;
    char *name;
    char *path;
    char *notes;      /* what it does: one line, or NULL */
    char *systems;    /* distributions it is for, with blanks between; NULL: any */
    gboolean shipped; /* comes with the program: cannot be removed, but one of ours may take its
                         place */
} VdScript;

VdScript *vd_script_new(void);
VdScript *vd_script_ref(VdScript *script);
void vd_script_unref(VdScript *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdScript, vd_script_unref)
