/* Passwords are hashed here, on submission, so that no file and no other process ever has them in
 * clear. The method follows what each distribution's own crypt understands: yescrypt came with
 * libxcrypt 4.4 and became the default in Debian 11, Ubuntu 22.04 and Fedora 35 (their release
 * notes); musl, and so Alpine, has none. */
#include "config.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/hash.h"

const char *vd_hash_prefix(const char *distro, int major)
{
    static const struct {
        const char *distro;
        int since;
    } yescrypt[] = {
        {"debian", 11}, {"ubuntu", 22}, {"fedora", 35}, {"linuxmint", 21}, {"archlinux", 0},
    };

    for (gsize i = 0; distro && i < G_N_ELEMENTS(yescrypt); i++) {
        if (g_str_equal(distro, yescrypt[i].distro) && major >= yescrypt[i].since)
            return "$y$";
    }
    return "$6$";
}

char *vd_hash_password(const char *password, const char *prefix, GError **error)
{
    struct crypt_data *data;
    char *salt, *hash = NULL;
    const char *made;

    if (!vd_check_password(password, error))
        return NULL;
    salt = crypt_gensalt_ra(prefix, 0, NULL, 0);
    if (!salt) {
        vd_error_set(error, VD_ERR_FAILED, NULL,
                     _("This machine's libcrypt cannot make a password hash of the kind %s."),
                     prefix);
        return NULL;
    }
    data = g_new0(struct crypt_data, 1);
    made = crypt_r(password, salt, data);
    if (made && made[0] == '$')
        hash = g_strdup(made);
    else
        vd_error_set(error, VD_ERR_FAILED, NULL, _("The password could not be hashed."));
    explicit_bzero(data, sizeof(*data));
    g_free(data);
    explicit_bzero(salt, strlen(salt));
    free(salt);
    return hash;
}
