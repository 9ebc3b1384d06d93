/* What cloud-init (data source NoCloud) and FreeBSD's nuageinit read from a medium labelled cidata.
 * Pure; any thread. */
#pragma once

#include <glib.h>

#include "src/guest/request.h"

/* The texts of meta-data, user-data and network-config. Free user-data with vd_secret_free(), it
 * holds hashes and the script; the others with g_free(). */
char *vd_cloud_meta(const VdRequest *request);
char *vd_cloud_user(const VdRequest *request);
/* The same for nuageinit. */
char *vd_nuage_user(const VdRequest *request);
/* rename: the interface is called eth0 then. */
char *vd_cloud_network(const VdNetSpec *net, gboolean rename);
/* For both dialects: "KEY"VALUE"\n" at the end of text, in double quotes that JSON and YAML share;
 * key is ours. A NULL value adds nothing. */
void vd_cloud_add(GString *text, const char *key, const char *value);
