/* The folder and the environment that a program under test lives in. */
#pragma once

#include <glib.h>

#include "tests/screens/pty.h"

typedef struct _VdSandbox VdSandbox;

/* folder: an existing one that is kept, or NULL for a temporary one. The caller frees. */
VdSandbox *vd_sandbox_new(const char *folder, GError **error);
/* Removes a temporary folder and all in it. */
void vd_sandbox_free(VdSandbox *sandbox);
const char *vd_sandbox_folder(const VdSandbox *sandbox);
/* NAME=VALUE words for the program; nothing of the caller's but PATH, the sanitizers' options and
 * VMDECK_GUEST, unless keep_env. The caller frees with g_strfreev(). */
char **vd_sandbox_environment(const VdSandbox *sandbox, const VdPtyOptions *options);
