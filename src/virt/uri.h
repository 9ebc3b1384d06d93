/* Connection URIs before libvirt sees them. Pure; any thread. */
#pragma once

#include <glib.h>

/* The URI to open: NULL or "" is LIBVIRT_DEFAULT_URI or else the system's QEMU for root, the
 * session's for others; over ssh `no_tty=1` is added unless the URI has a word on it, so that ssh
 * never asks on our screen. The caller frees. */
char *vd_uri_effective(const char *uri);
/* Whether libvirt has a driver and a transport of that name (libvirt's doc/uri.html, 9.0). A word
 * without "://" is an alias of libvirt's client configuration and passes. FALSE with a sentence
 * (VD_ERR_UNREACHABLE) in error. */
gboolean vd_uri_check(const char *uri, GError **error);
