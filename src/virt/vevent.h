/* libvirt's event loop. */
#pragma once

#include <glib.h>

/* Registers libvirt's default event loop (on GLib's default context), silences libvirt's printing
 * of errors and starts the one thread that turns the loop, once in a process; must come before the
 * first connection. Any thread; never waits. The thread lives as long as the process. */
void vd_vevent_start(void);

/* Runs body on a new detached thread with every signal blocked, so that signals reach the loop
 * thread alone. name: at most 15 bytes. FALSE if the system gives no thread. */
gboolean vd_thread_start(const char *name, void *(*body)(void *data), void *data);
