/* Connection URIs before libvirt sees them. Pure but for vd_uri_to_open(), which looks where our
 * ssh is, and vd_uri_check_new(), which reads files; any thread. */
#pragma once

#include <glib.h>

/* The URI of a host: NULL or "" is LIBVIRT_DEFAULT_URI or else the system's QEMU for root, the
 * session's for others. As people know it: it stands in what they are told. The caller frees. */
char *vd_uri_effective(const char *uri);
/* What libvirt is given for it: over ssh with `no_tty=1`, so that ssh never asks on our screen, and
 * with our own command, which adds time-outs to ssh (unless the URI has a word on it). The caller
 * frees. */
char *vd_uri_to_open(const char *uri);
/* Whether it leads to an sshd, by the ssh program or by a library. */
gboolean vd_uri_over_ssh(const char *uri);
/* Whether it is an address as libvirt has them (its doc/uri.html, 9.0): driver, transport, host,
 * path. A word without "://" is an alias of libvirt's client configuration and passes. FALSE with a
 * sentence that says what is wrong (VD_ERR_UNREACHABLE) in error. */
gboolean vd_uri_check(const char *uri, GError **error);
/* The same before it is written down: a word without "://" passes only if libvirt's client
 * configuration (libvirt.conf, the user's or the system's) has an alias of that name. */
gboolean vd_uri_check_new(const char *uri, GError **error);

/* A sentence about its first parameter that libvirt's client does not know for its transport, and
 * ignores without a word; NULL: there is none. Pure. The caller frees. */
char *vd_uri_ignored(const char *uri);

/* Whether it means this machine: "qemu:///system" and "qemu+unix:///…" do, "qemu+ssh://kvm2/system"
 * does not, nor does a socket that stands where no daemon of this machine puts it: it may come from
 * anywhere. Pure. */
gboolean vd_uri_is_here(const char *uri);

typedef struct {
    char *driver;      /* "qemu", lower case */
    char *transport;   /* "ssh", or NULL */
    char *server;      /* without the brackets of IPv6; NULL: this machine */
    char *user;        /* or NULL */
    char *path;        /* "/system" */
    int port;          /* -1: the usual one */
    GHashTable *query; /* or NULL */
    gboolean has_password;
    gboolean foreign; /* its driver does not speak libvirt's protocol */
} VdUri;

/* FALSE: it cannot be parsed (*ret is empty then). */
gboolean vd_uri_parse(const char *uri, VdUri *ret);
void vd_uri_clear(VdUri *uri);
/* The value of a parameter, or NULL. Borrowed. */
const char *vd_uri_option(const VdUri *uri, const char *name);
