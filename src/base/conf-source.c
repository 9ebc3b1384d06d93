/* What makes a catalogue's source one that can be trusted: a pinned signature, a way that vouches
 * for itself, or somebody's explicit word. */
#include "config.h"

#include <string.h>

#include "src/base/conf.h"
#include "src/base/i18n.h"

static gboolean is_name(const char *name)
{
    gsize length = name ? strlen(name) : 0;
    return length > 0 && length <= 64 && *name != '.' && *name != '-' &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") ==
               length;
}

static gboolean is_kind(const char *kind)
{
    static const char *const kinds[] = {"virt-builder", "simplestreams", "vmmanager", NULL};
    return kind && g_strv_contains(kinds, kind);
}

static gboolean begins(const char *url, const char *scheme)
{
    return url && g_ascii_strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* Of 40 (SHA-1) or 64 (SHA-256) digits; or NULL. A short key id can be forged. */
static char *clean_fingerprint(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *c = text; *c; c++)
        if (*c != ' ' && *c != ':')
            g_string_append_c(out, g_ascii_toupper(*c));
    gboolean fine =
        (out->len == 40 || out->len == 64) && strspn(out->str, "0123456789ABCDEF") == out->len;
    return g_string_free(out, !fine);
}

static const char *check(const char *name, const char *kind, const char *url,
                         const char *fingerprint, const char *keyring, gboolean unsigned_ok)
{
    if (!is_name(name))
        return _("a name of letters, digits, - _ and . in quotes");
    if (!is_kind(kind))
        return _("the kind \"virt-builder\", \"simplestreams\" or \"vmmanager\"");
    if (!begins(url, "http://") && !begins(url, "https://") && !begins(url, "file:///"))
        return _("a url that begins with https://, http:// or file:///");
    if (fingerprint && (!keyring || !g_path_is_absolute(keyring)))
        return _("with a fingerprint also a keyring: the path of the file with that key");
    if (!fingerprint && !unsigned_ok && begins(url, "http://"))
        return _("a fingerprint and a keyring, or https: what comes by http can be changed on the "
                 "way (unsigned = true; takes that into account)");
    return NULL;
}

VdConfSource *vd_conf_source_new(const char *name, const char *kind, const char *url,
                                 const char *fingerprint, const char *keyring, gboolean unsigned_ok,
                                 const char **ret_why)
{
    g_autofree char *clean = fingerprint ? clean_fingerprint(fingerprint) : NULL;
    *ret_why = check(name, kind, url, fingerprint, keyring, unsigned_ok);
    if (!*ret_why && fingerprint && !clean)
        *ret_why = _("the whole fingerprint of the key, 40 or 64 digits, as gpg --fingerprint "
                     "shows it");
    if (*ret_why)
        return NULL;
    VdConfSource *source = g_new0(VdConfSource, 1);
    source->name = g_strdup(name);
    source->kind = g_strdup(kind);
    source->url = g_strdup(url);
    source->fingerprint = g_steal_pointer(&clean);
    source->keyring = source->fingerprint ? g_strdup(keyring) : NULL;
    return source;
}

void vd_conf_source_free(VdConfSource *source)
{
    if (!source)
        return;
    g_free(source->name);
    g_free(source->kind);
    g_free(source->url);
    g_free(source->fingerprint);
    g_free(source->keyring);
    g_free(source);
}
