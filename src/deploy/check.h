/* Checks of what people give for a deployment: each gives its sentence. Inside the deploy room. */
#pragma once

#include <glib.h>

/* A user name as shadow's useradd takes it: a lower-case letter or `_`, then up to 31 of those,
 * digits and `-`; not root. */
gboolean vd_check_user_name(const char *name, GError **error);
/* Public SSH keys: value is one key or the path of a file of keys, one a line; comments and empty
 * lines are left out. Each is checked for form (RFC 4253, section 6.6: the blob begins with the
 * name of its kind). Free with g_strfreev(); NULL with a sentence, which for a private key says
 * what to give instead. */
char **vd_read_ssh_keys(const char *value, GError **error);
/* A first-boot script: at most 256 KiB of text that begins with `#!`. What editors of Windows put
 * in is taken away, *ret_mended (VdScriptMended) says what. Free with vd_secret_free(): it may hold
 * secrets. */
char *vd_read_script(const char *path, guint *ret_mended, GError **error);
/* A static address ("192.0.2.7/24") with its gateway (may be NULL) and name servers (may be NULL):
 * a host's address of its network, and the gateway another one of the same network. */
gboolean vd_check_static(const char *address, const char *gateway, char *const *dns,
                         GError **error);
/* Each of them by itself. The gateway of an address that is wrong passes: the address has the word.
 */
gboolean vd_check_address(const char *address, GError **error);
gboolean vd_check_gateway(const char *address, const char *gateway, GError **error);
gboolean vd_check_dns(char *const *dns, GError **error);
/* The n-th address after one with a prefix length ("192.0.2.7/24"); VD_ERR_INVALID if that is
 * outside of its network. The caller frees. */
char *vd_address_count(const char *address, guint n, GError **error);
/* Whether the zone is among those that the image has; NULL: nobody looked, so it passes. */
gboolean vd_check_zone_there(const char *zone, char *const *zones, const char *image,
                             GError **error);
