/* Whether somebody listens at an address, before libvirt is let loose on it: its own attempt has no
 * deadline and cannot be taken back. */
#pragma once

#include <glib.h>

/* Looks the name up and connects, each within timeout_ms, and lets go again. The connection must
 * last: libvirt's client (9.0.0) leaks a descriptor and itself when the other end closes just as it
 * is being opened, as a forwarded port without a daemon behind it does. Where libvirt's protocol is
 * spoken in clear (tcp, unix) a question of it is asked, and any answer will do, or none within
 * knock_ms; elsewhere it is looked at for stay_ms. 0: not.
 * TRUE as well where that says nothing: over ssh (its own configuration decides where a name
 * leads), by a driver's own protocol, or without a named socket. On a lane. FALSE with a sentence
 * (VD_ERR_UNREACHABLE). */
gboolean vd_reach(const char *uri, int timeout_ms, int knock_ms, int stay_ms, GError **error);
