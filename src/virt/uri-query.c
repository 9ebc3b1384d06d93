/* What stands behind the question mark of an address. libvirt takes no notice of a parameter that
 * it does not know, and a misspelt one looks as if it had been heeded. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/uri.h"

enum {
    OVER_UNIX = 1,
    OVER_SSH = 2,
    OVER_LIBSSH = 4, /* libssh2 as well */
    OVER_TLS = 8,
    OVER_EXT = 16,
    OVER_TCP = 32,
    OVER_ALL = 63,
};

/* As https://libvirt.org/uri.html has them, and no_sanity, which is in the code alone. */
static const struct {
    const char *name;
    guint over;
} parameters[] = {
    {"name", OVER_ALL},
    {"mode", OVER_ALL},
    {"socket", OVER_UNIX | OVER_SSH | OVER_LIBSSH},
    {"command", OVER_SSH | OVER_EXT},
    {"netcat", OVER_SSH | OVER_LIBSSH},
    {"proxy", OVER_SSH | OVER_LIBSSH},
    {"keyfile", OVER_SSH | OVER_LIBSSH},
    {"no_verify", OVER_SSH | OVER_LIBSSH | OVER_TLS},
    {"no_tty", OVER_SSH},
    {"known_hosts", OVER_LIBSSH},
    {"known_hosts_verify", OVER_LIBSSH},
    {"sshauth", OVER_LIBSSH},
    {"pkipath", OVER_TLS},
    {"tls_priority", OVER_TLS},
    {"no_sanity", OVER_TLS},
};

static guint transport_of(const VdUri *uri)
{
    static const struct {
        const char *name;
        guint over;
    } transports[] = {{"unix", OVER_UNIX},      {"ssh", OVER_SSH}, {"libssh", OVER_LIBSSH},
                      {"libssh2", OVER_LIBSSH}, {"tls", OVER_TLS}, {"ext", OVER_EXT},
                      {"tcp", OVER_TCP}};

    if (!uri->transport)
        return uri->server ? OVER_TLS : OVER_UNIX;
    for (guint i = 0; i < G_N_ELEMENTS(transports); i++)
        if (strcmp(uri->transport, transports[i].name) == 0)
            return transports[i].over;
    return OVER_ALL;
}

/* "a, b, c": those there are. The caller frees. */
static char *known(guint over)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++)
        if (parameters[i].over & over)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", parameters[i].name);
    return g_string_free(names, FALSE);
}

static gboolean is_known(const char *name, guint over)
{
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++)
        if ((parameters[i].over & over) && g_ascii_strcasecmp(parameters[i].name, name) == 0)
            return TRUE;
    return FALSE;
}

/* The first in the order of the alphabet, since a table has none. */
static const char *first_unknown(GHashTable *query, guint over)
{
    const char *first = NULL;
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, query);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!is_known(name, over) && (!first || strcmp(name, first) < 0))
            first = name;
    return first;
}

char *vd_uri_ignored(const char *text)
{
    VdUri uri;
    char *said = NULL;

    if (!strstr(text, "://") || !vd_uri_parse(text, &uri))
        return NULL;
    /* Drivers in the client's own process, and those with a protocol of their own, have others. */
    if (uri.query && !uri.foreign && (uri.transport || strcmp(uri.driver, "test") != 0)) {
        guint over = transport_of(&uri);
        const char *name = first_unknown(uri.query, over);
        g_autofree char *clean = name ? vd_text_clean(name, 40, FALSE) : NULL;
        g_autofree char *names = known(over);

        if (name)
            said = g_strdup_printf(_("libvirt ignores “%s” in this address; for its transport it "
                                     "knows: %s."),
                                   clean, names);
    }
    vd_uri_clear(&uri);
    return said;
}
