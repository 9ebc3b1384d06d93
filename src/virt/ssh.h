/* The last means of ending a connection over ssh. */
#pragma once

#include <glib.h>

/* Loop thread, never waits: ends the ssh processes of this process that lead to the server of this
 * URI, so that the calls that hang on them come back. Nothing for other transports. */
void vd_ssh_abort(const char *uri);
