/* The dialog of what a host asks before it lets one in. Loop thread only. */
#pragma once

#include "ui/app.h"

/* Takes a reference to the question. Hand it to vd_app_push(). Closing it refuses. */
VdDialog *vd_credentials_new(VdQuestion *question);
