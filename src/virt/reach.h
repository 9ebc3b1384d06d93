/* Whether somebody listens at an address, before libvirt is let loose on it: its own attempt has no
 * deadline and cannot be taken back. */
#pragma once

#include <glib.h>

/* Looks the name up and connects, each within timeout_ms, and lets go again; with stay_ms, the
 * connection must last that long: libvirt's client (9.0.0) leaks a descriptor and itself when the
 * other end closes while it is being opened, as a forwarded port without a daemon behind it does.
 * TRUE as well where that says nothing: over ssh (its own configuration decides where a name
 * leads), by a driver's own protocol, or without a named socket. On a lane. FALSE with a sentence
 * (VD_ERR_UNREACHABLE). */
gboolean vd_reach(const char *uri, int timeout_ms, int stay_ms, GError **error);
