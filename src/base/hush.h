/* A terminal on which a secret is typed: a prompt, and no echo. */
#pragma once

#include <glib.h>

/* Writes the prompt on standard error and switches the echo of this terminal off; what was typed
 * before is dropped. A signal that ends the program or stops it finds the echo on; when it goes on,
 * the echo is off again and the prompt there anew. One at a time in a process, by a thread that
 * waits. FALSE: it is no terminal, and nothing was written. The prompt must stay until the end. */
gboolean vd_hush_begin(int fd, const char *prompt);
/* The echo is on again, and a new line begun. */
void vd_hush_end(void);
