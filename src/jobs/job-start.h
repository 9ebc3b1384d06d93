/* What a starter and its runner have agreed on. Room-private. */
#pragma once

#include <glib.h>

/* In the runner's environment: which of the descriptors below are handed over. */
#define VD_RUN_FDS      "VMDECK_RUN_FDS"
#define VD_RUN_FDS_BOTH "lock,ready"
#define VD_RUN_FDS_LOCK "lock"
/* The job's lock file, locked: the lock goes over to the runner without a gap. */
#define VD_RUN_LOCK_FD 3
/* The write end of a pipe for one line: "ok", or a VdErrorCode and a sentence. */
#define VD_RUN_READY_FD 4
