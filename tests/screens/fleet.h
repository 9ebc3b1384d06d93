/* Fleets for libvirt's test driver: node files for `-c test:///FILE`. */
#pragma once

#include <glib.h>

/* The URI of a new file FOLDER/NAME.xml; aborts if it cannot be written. The caller frees. */
/* A host with a handful of machines in every state, a network and a pool. */
char *vd_fleet_small(const char *folder, const char *name);
/* A host without machines. */
char *vd_fleet_empty(const char *folder, const char *name);
/* n running and idle machines, vm-0001 … */
char *vd_fleet_large(const char *folder, const char *name, guint n);
/* Machines whose names are escape sequences, wide, combining, quoted, spaced, 200 characters long,
 * or turn the direction of the text. */
char *vd_fleet_hostile(const char *folder, const char *name);
