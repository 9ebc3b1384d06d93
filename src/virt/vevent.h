/* libvirt's event loop. */
#pragma once

#include <glib.h>

/* Starts the one thread that initialises libvirt, registers its default event loop (on GLib's
 * default context) and turns that, once in a process; silences libvirt's printing of errors. Must
 * come before the first connection. Any thread; waits until libvirt is initialised. The thread
 * lives as long as the process. */
void vd_vevent_start(void);

/* Runs body on a new detached thread with every signal blocked, so that signals reach the loop
 * thread alone. name: at most 15 bytes. FALSE if the system gives no thread. */
gboolean vd_thread_start(const char *name, void *(*body)(void *data), void *data);
