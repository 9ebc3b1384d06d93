/* A wrong name is found out here, at once: libvirt itself would hand an unknown driver to the local
 * daemon, whose absence then is all that it complains of. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/uri.h"

static const char *const drivers[] = {
    "qemu",         "lxc",      "test",      "xen",          "vbox",      "bhyve", "ch",
    "esx",          "gsx",      "vpx",       "hyperv",       "openvz",    "vz",    "phyp",
    "vmwareplayer", "vmwarews", "jailhouse", "vmwarefusion", "parallels", NULL};
static const char *const transports[] = {"unix", "ssh",    "tcp",     "tls",
                                         "ext",  "libssh", "libssh2", NULL};

static gboolean over_ssh(const char *uri)
{
    const char *colon = strchr(uri, ':');
    return colon && colon - uri > 4 && strncmp(colon - 4, "+ssh", 4) == 0;
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

char *vd_uri_effective(const char *uri)
{
    const char *usual = g_getenv("LIBVIRT_DEFAULT_URI");
    if (!uri || !*uri)
        uri = usual && *usual ? usual : geteuid() == 0 ? "qemu:///system" : "qemu:///session";
    if (!over_ssh(uri) || has_parameter(uri, "no_tty"))
        return g_strdup(uri);
    return g_strdup_printf("%s%sno_tty=1", uri, strchr(uri, '?') ? "&" : "?");
}

gboolean vd_uri_check(const char *uri, GError **error)
{
    const char *end = strstr(uri, "://");
    g_autofree char *clean = vd_text_clean(uri, 256, FALSE);
    if (!end)
        return TRUE;
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
