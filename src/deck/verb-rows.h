/* What the parts of the table of verbs share. */
#pragma once

#include "src/base/i18n.h"
#include "src/deck/row.h"

#define MENU_VM     N_("Machine")
#define MENU_HOST   N_("Host")
#define MENU_IMAGE  N_("Image")
#define MENU_SCRIPT N_("Script")
#define MENU_JOB    N_("Job")

#define END                                                                                        \
    {                                                                                              \
        .name = NULL                                                                               \
    }
#define END_ROW                                                                                    \
    {                                                                                              \
        .verb = {.id = NULL }                                                                      \
    }

/* The parts, in the order of menus and help; each ends with END_ROW. */
extern const VdVerbRow vd_verb_rows_vm[];
extern const VdVerbRow vd_verb_rows_host[];
extern const VdVerbRow vd_verb_rows_image[];
extern const VdVerbRow vd_verb_rows_script[];
extern const VdVerbRow vd_verb_rows_job[];
