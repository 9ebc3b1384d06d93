/* The words for what can be cleaned away (generalise.c does it). Pure. */
#pragma once

#include <glib.h>

gboolean vd_generalise_known(const char *word);
