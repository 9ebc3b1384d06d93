/* Password hashes for guests. Inside the deploy room. */
#pragma once

#include <glib.h>

/* The crypt(5) prefix of the best method that this distribution (libguestfs' name) of this major
 * version understands: "$y$" (yescrypt) or "$6$" (SHA-512). Static. */
const char *vd_hash_prefix(const char *distro, int major);
/* The hash of a password with a fresh salt. Free with vd_secret_free(). */
char *vd_hash_password(const char *password, const char *prefix, GError **error);
