/* The form of a deployment for the tests of dialogs, on the console of fake-app.h. */
#pragma once

#include "ui/form.h"

extern const VdVerb vd_fake_deploy;

/* A host that is up. The caller owns it. */
VdHost *vd_fake_host_up(const char *id);
/* A new console with a host and the form of vd_fake_deploy on it, whose choices have come. */
VdForm *vd_fake_form(int width, int height, gboolean ascii);
