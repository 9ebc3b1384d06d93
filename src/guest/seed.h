/* The files of a seed medium. Pure; any thread. */
#pragma once

#include "src/guest/request.h"

/* VdSeedFile (iso.h) for a seed request: what cloud-init and nuageinit read, and for an image with
 * our agent what that reads as well. Secrets are overwritten when the array is freed. */
GPtrArray *vd_seed_files(const VdRequest *request);
