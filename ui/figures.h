/* Live figures as short texts for columns that never jump. `–` stands for what nobody could ask.
 * Each fills a buffer of VD_FIGURE_SIZE bytes and returns it. Pure. */
#pragma once

#include "src/model/fleet.h"
#include "ui/canvas.h"

#define VD_FIGURE_SIZE 32

/* Bytes or bytes a second in at most four cells: "0", "310K", "1.2M", "39G" (powers of 1024). */
const char *vd_figure_bytes(char *buffer, double bytes);
/* "42", "100": percent in at most three cells. */
const char *vd_figure_percent(char *buffer, double percent);
/* "1.2/2.0G": what is used of a total, in the total's unit; "2.0G" if only the total is known. At
 * most nine cells. */
const char *vd_figure_share(char *buffer, double used, double total);
/* "1.1M/280K": two rates, at most nine cells, the slash always in the same place. */
const char *vd_figure_pair(char *buffer, double left, double right);
/* "14:02", with seconds "14:02:31", of a time in microseconds since 1970, in the local zone. Unlike
 * GDateTime it does not look for the zone's file each time. */
const char *vd_figure_time(char *buffer, gint64 time, gboolean seconds);
/* The role a machine's or host's state is drawn in. */
VdRole vd_vm_role(const VdVm *vm);
VdRole vd_host_role(const VdHost *host);
