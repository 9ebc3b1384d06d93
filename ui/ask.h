/* Questions. The answer No is where the cursor stands; more than ten objects want their number
 * typed in. Loop thread only. Hand the dialogs to vd_app_push(). */
#pragma once

#include "ui/app.h"

/* Called once with the answer; not at all if the console ends first. */
typedef void (*VdAnswered)(VdApp *app, gboolean yes, gpointer data);

/* Asks text; count is how many objects it is about. detail (may be NULL) is drawn below. free_data
 * is called after answered, or when the dialog goes. */
VdDialog *vd_ask_new(const char *text, const char *detail, guint count, VdAnswered answered,
                     gpointer data, GDestroyNotify free_data);
