/* The latency meter's page. Hand it to vd_app_push(). Loop thread only. */
#pragma once

#include "ui/app.h"

VdDialog *vd_meter_page_new(VdApp *app);
