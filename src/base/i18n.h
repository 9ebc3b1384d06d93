/* gettext's short names. Logs and the journal are not translated. */
#pragma once

#include <libintl.h>

#define _(text)  gettext(text)
#define N_(text) (text)
