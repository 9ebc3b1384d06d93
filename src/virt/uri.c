/* A wrong address is found out here, at once: libvirt itself would hand an unknown driver to the
 * local daemon, whose absence then is all that it complains of. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/virt/uri.h"

static const char *const drivers[] = {
    "qemu",         "lxc",      "test",      "xen",          "vbox",      "bhyve", "ch",
    "esx",          "gsx",      "vpx",       "hyperv",       "openvz",    "vz",    "phyp",
    "vmwareplayer", "vmwarews", "jailhouse", "vmwarefusion", "parallels", NULL};
static const char *const transports[] = {"unix", "ssh",    "tcp",     "tls",
                                         "ext",  "libssh", "libssh2", NULL};
#define CLIENT_CONF_MAX (256 * 1024)
/* Those that speak a protocol of their own to a server rather than libvirt's. */
static const char *const foreign[] = {"esx", "gsx", "vpx", "hyperv", "phyp", NULL};

/* ---- its parts ---- */

gboolean vd_uri_parse(const char *uri, VdUri *ret)
{
    g_autoptr(GUri) parsed =
        g_uri_parse(uri, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_QUERY, NULL);
    *ret = (VdUri){0};
    if (!parsed)
        return FALSE;
    ret->driver = g_ascii_strdown(g_uri_get_scheme(parsed), -1);
    char *plus = strchr(ret->driver, '+');
    if (plus) {
        *plus = '\0';
        ret->transport = g_strdup(plus + 1);
    }
    const char *server = g_uri_get_host(parsed);
    ret->server = server && *server ? g_strdup(server) : NULL;
    ret->user = g_strdup(g_uri_get_user(parsed));
    ret->has_password = g_uri_get_password(parsed) != NULL;
    ret->port = g_uri_get_port(parsed);
    ret->path = g_strdup(g_uri_get_path(parsed));
    const char *query = g_uri_get_query(parsed);
    ret->query = query ? g_uri_parse_params(query, -1, "&;", G_URI_PARAMS_NONE, NULL) : NULL;
    ret->foreign = g_strv_contains(foreign, ret->driver);
    return TRUE;
}

void vd_uri_clear(VdUri *uri)
{
    g_free(uri->driver);
    g_free(uri->transport);
    g_free(uri->server);
    g_free(uri->user);
    g_free(uri->path);
    g_clear_pointer(&uri->query, g_hash_table_unref);
}

const char *vd_uri_option(const VdUri *uri, const char *name)
{
    return uri->query ? g_hash_table_lookup(uri->query, name) : NULL;
}

/* ---- what is opened ---- */

static gboolean over_ssh(const char *uri)
{
    const char *colon = strchr(uri, ':');
    return colon && colon - uri > 4 && strncmp(colon - 4, "+ssh", 4) == 0;
}

gboolean vd_uri_over_ssh(const char *uri)
{
    VdUri parts;
    if (!vd_uri_parse(uri, &parts))
        return over_ssh(uri);
    const char *transport = parts.transport ? parts.transport : "";
    gboolean ssh = strcmp(transport, "ssh") == 0 || g_str_has_prefix(transport, "libssh");
    vd_uri_clear(&parts);
    return ssh;
}

static gboolean has_parameter(const char *uri, const char *name)
{
    const char *query = strchr(uri, '?');
    gsize length = strlen(name);
    while (query) {
        query++;
        if (strncmp(query, name, length) == 0 && query[length] == '=')
            return TRUE;
        query = strpbrk(query, "&;");
    }
    return FALSE;
}

static char *with_parameter(const char *uri, const char *name, const char *value)
{
    if (!over_ssh(uri) || has_parameter(uri, name))
        return g_strdup(uri);
    g_autofree char *quoted = g_uri_escape_string(value, "/", FALSE);
    return g_strdup_printf("%s%s%s=%s", uri, strchr(uri, '?') ? "&" : "?", name, quoted);
}

char *vd_uri_effective(const char *uri)
{
    const char *usual = g_getenv("LIBVIRT_DEFAULT_URI");
    if (!uri || !*uri)
        uri = usual && *usual ? usual : geteuid() == 0 ? "qemu:///system" : "qemu:///session";
    return g_strdup(uri);
}

char *vd_uri_to_open(const char *uri)
{
    g_autofree char *ssh = vd_path_ssh();
    g_autofree char *mute = with_parameter(uri, "no_tty", "1");
    return ssh ? with_parameter(mute, "command", ssh) : g_strdup(mute);
}

/* ---- mistakes ---- */

static gboolean wrong(GError **error, const char *uri, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* "“qemu+ssh:///system” does not say which host: …" */
static gboolean wrong(GError **error, const char *uri, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *why = g_strdup_vprintf(format, args);
    va_end(args);
    return vd_fail(error, VD_ERR_UNREACHABLE, NULL, "“%s” %s", uri, why);
}

/* Of the drivers that only have these two. */
static gboolean path_is_known(const VdUri *uri)
{
    static const char *const two[] = {"qemu", "vbox", NULL};
    return !g_strv_contains(two, uri->driver) || strcmp(uri->path, "/system") == 0 ||
           strcmp(uri->path, "/session") == 0 || strcmp(uri->path, "/embed") == 0;
}

static gboolean check_parts(const VdUri *uri, const char *clean, GError **error)
{
    const char *transport = uri->transport ? uri->transport : "";
    gboolean by_socket = strcmp(transport, "unix") == 0;
    gboolean by_command = strcmp(transport, "ext") == 0;
    if (uri->has_password)
        return wrong(error, clean,
                     _("has a password in it, which would be read by everybody: leave it out, and "
                       "it is asked for"));
    if (uri->foreign)
        return TRUE;
    if (by_socket && uri->server)
        return wrong(error, clean,
                     _("names a host, but a socket of the transport unix is on this one: leave "
                       "one of the two out"));
    if (*transport && !by_socket && !by_command && !uri->server)
        return wrong(error, clean, _("does not say which host: expected %s+%s://HOST%s"),
                     uri->driver, transport, *uri->path ? uri->path : "/system");
    if (!path_is_known(uri))
        return wrong(error, clean, _("must end with /system or /session"));
    return TRUE;
}

static gboolean check_words(const char *uri, const char *end, const char *clean, GError **error)
{
    g_autofree char *scheme = g_ascii_strdown(uri, end - uri);
    char *plus = strchr(scheme, '+');
    if (plus)
        *plus++ = '\0';
    if (!g_strv_contains(drivers, scheme))
        return vd_fail(error, VD_ERR_UNREACHABLE, NULL,
                       _("libvirt does not know “%s”: an address begins with qemu://, lxc:// or "
                         "another driver's name."),
                       clean);
    if (plus && !g_strv_contains(transports, plus))
        return vd_fail(error, VD_ERR_UNREACHABLE, NULL,
                       _("libvirt does not know the transport of “%s”: it is one of unix, ssh, "
                         "tcp, tls, libssh, libssh2 and ext."),
                       clean);
    return TRUE;
}

/* Without "://" it may be an alias of libvirt's client configuration, but no alias is like this. */
static gboolean check_alias(const char *uri, const char *clean, GError **error)
{
    if (!strpbrk(uri, ":/?@ "))
        return TRUE;
    return wrong(error, clean, _("is no address: expected qemu+ssh://HOST/system or the like"));
}

gboolean vd_uri_check(const char *uri, GError **error)
{
    const char *end = strstr(uri, "://");
    g_autofree char *masked = vd_text_mask_password(uri);
    g_autofree char *clean = vd_text_clean(masked, 256, FALSE);
    VdUri parts;
    if (!end)
        return check_alias(uri, clean, error);
    if (!check_words(uri, end, clean, error))
        return FALSE;
    for (const char *p = uri; *p; p++)
        if (g_ascii_isspace(*p) || g_ascii_iscntrl(*p))
            return wrong(error, clean, _("has a blank in it; in an address it is %%20"));
    /* Paths of the test driver are files, with whatever is in their names. */
    if (!vd_uri_parse(uri, &parts))
        return g_str_has_prefix(uri, "test:") ||
               wrong(error, clean,
                     _("cannot be read: expected qemu+ssh://USER@HOST:PORT/system, with a port up "
                       "to 65535"));
    gboolean fine = check_parts(&parts, clean, error);
    vd_uri_clear(&parts);
    return fine;
}

/* uri_aliases = [ "hail=qemu+ssh://root@hail/system", … ] */
static gboolean file_has_alias(const char *folder, const char *word)
{
    g_autofree char *path = g_build_filename(folder, "libvirt", "libvirt.conf", NULL);
    g_autofree char *text = vd_file_read(path, CLIENT_CONF_MAX, NULL, NULL);
    g_autofree char *start = g_strconcat(word, "=", NULL);
    g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

    for (char **line = lines; line && *line; line++) {
        (*line)[strcspn(*line, "#")] = '\0';
        for (char *quote = strpbrk(*line, "\"'"); quote; quote = strpbrk(quote + 1, "\"'"))
            if (g_str_has_prefix(quote + 1, start))
                return TRUE;
    }
    return FALSE;
}

gboolean vd_uri_check_new(const char *uri, GError **error)
{
    g_autofree char *clean = vd_text_clean(uri, 256, FALSE);

    if (!vd_uri_check(uri, error))
        return FALSE;
    if (!*uri || strstr(uri, "://") || file_has_alias(g_get_user_config_dir(), uri) ||
        file_has_alias("/etc", uri))
        return TRUE;
    return wrong(error, clean, _("is no address: expected qemu+ssh://HOST/system or the like"));
}

/* Where a daemon of this machine has its sockets. */
static gboolean is_usual_socket(const char *path)
{
    const char *runtime = g_getenv("XDG_RUNTIME_DIR");

    return g_str_has_prefix(path, "/run/") || g_str_has_prefix(path, "/var/run/") ||
           (runtime && *runtime && g_str_has_prefix(path, runtime));
}

gboolean vd_uri_is_here(const char *text)
{
    VdUri uri = {0};
    const char *socket = NULL;
    gboolean here = TRUE;

    if (!strstr(text, "://"))
        return TRUE;
    if (!vd_uri_parse(text, &uri))
        return FALSE;
    if (uri.transport && strcmp(uri.transport, "unix") == 0)
        socket = vd_uri_option(&uri, "socket");
    else if (uri.transport && strcmp(uri.transport, "ext") != 0)
        here = FALSE;
    here = here && (!uri.server || !*uri.server) && (!socket || is_usual_socket(socket));
    vd_uri_clear(&uri);
    return here;
}
