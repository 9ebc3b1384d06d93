/* Small helpers around a job's JSON spec and its steps. Inside the deploy room. */
#pragma once

#include <json-glib/json-glib.h>

#include "src/jobs/runner.h"

/* A string of the run's spec, or NULL. The caller frees. */
char *vd_spec_text(VdRun *run, const char *member);
/* What a child printed, gathered: a VdRunLine whose data is a GString. */
void vd_spec_gather(VdRun *run, const char *line, gpointer data);
/* `qemu-img` with these words as a child; its standard output in *ret_output, which may be NULL. */
gboolean vd_spec_qemu_img(VdRun *run, const char *const *words, char **ret_output, GError **error);
/* Whether a line of `qemu-img -p` tells how far it is; *ret 0 to 1. */
gboolean vd_spec_qemu_fraction(const char *line, double *ret);
/* The step's text while bytes go over a network since then (monotonic), of which `first` were there
 * before: "3 MiB of 9 MiB, 1 MiB a second". */
void vd_spec_tell_rate(VdRun *run, gint64 since, guint64 first, guint64 done, guint64 all);
/* One member more for an object that is being built; a NULL value adds none. */
void vd_json_text(JsonBuilder *builder, const char *member, const char *value);
void vd_json_int(JsonBuilder *builder, const char *member, gint64 value);
void vd_json_bool(JsonBuilder *builder, const char *member, gboolean value);
