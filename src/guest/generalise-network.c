/* A machine's own address must not be in what others are made from. Only what cloud-init or we have
 * written is touched: what we had set aside comes back, and where nothing would be left each
 * interface asks for its address. cloud-init writes its files anew where it is given a network, and
 * does not even run where it is given nothing. */
#include "config.h"

#include "src/guest/generalise-network.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/guest/fail.h"
#include "src/guest/netclean.h"

enum { MATCHES_MOST = 100, TEXT_MOST = 64 * 1024 };

#define ASIDE      ".before-vmdeck"
#define INTERFACES "/etc/network/interfaces"
#define NETPLAN    "/etc/netplan/"
#define NETWORKD   "/etc/systemd/network/"
#define MANAGER    "/etc/NetworkManager/system-connections/"
#define REDHAT     "/etc/sysconfig/network-scripts/"

static gboolean failed(VdFiles *files, GError **error, const char *path)
{
    return vd_guest_call_failed(files->guest, error, VD_GUEST_FAILED,
                                _("The guest's “%s” could not be read or written."), path);
}

static gboolean is_file(VdFiles *files, const char *path)
{
    return vd_files_kind(files, path, FALSE) == VD_FILE_REGULAR;
}

static gboolean has_any(VdFiles *files, const char *pattern)
{
    g_autoptr(GPtrArray) paths = vd_files_glob(files, pattern, 1);
    return paths->len > 0;
}

/* *changed counts. */
static gboolean drop(VdFiles *files, const char *pattern, guint *changed, GError **error)
{
    g_autoptr(GPtrArray) paths = vd_files_glob(files, pattern, MATCHES_MOST);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        if (guestfs_rm_f(files->guest->g, path) != 0)
            return failed(files, error, path);
        ++*changed;
    }
    return TRUE;
}

/* What we had set aside gets its name again, over what we wrote in its place. */
static gboolean bring_back(VdFiles *files, const char *pattern, const char *suffix, guint *changed,
                           GError **error)
{
    g_autofree char *aside = g_strconcat(pattern, suffix, NULL);
    g_autoptr(GPtrArray) paths = vd_files_glob(files, aside, MATCHES_MOST);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        g_autofree char *name = g_strndup(path, strlen(path) - strlen(suffix));
        if (guestfs_mv(files->guest->g, path, name) != 0)
            return failed(files, error, path);
        ++*changed;
    }
    return TRUE;
}

static gboolean clean_ours(VdFiles *files, guint *changed, GError **error)
{
    static const char *const gone[] = {NETPLAN "50-vmdeck.yaml", NETWORKD "05-vmdeck.network",
                                       MANAGER "vmdeck.nmconnection"};
    static const char *const aside[] = {NETPLAN "*.yaml", NETWORKD "*.network", INTERFACES,
                                        INTERFACES ".d/*"};
    for (guint i = 0; i < G_N_ELEMENTS(gone); i++)
        if (!drop(files, gone[i], changed, error))
            return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(aside); i++)
        if (!bring_back(files, aside[i], ASIDE, changed, error))
            return FALSE;
    /* Others have files that end so as well. */
    if (is_file(files, REDHAT "ifcfg-vmdeck0"))
        return drop(files, REDHAT "ifcfg-vmdeck0", changed, error) &&
               bring_back(files, REDHAT "ifcfg-e*", ".bak", changed, error);
    return TRUE;
}

/* Interfaces keep their names: machines that are made from this one have the same. */
static gboolean ask_in(VdFiles *files, const char *path, guint *changed, GError **error)
{
    g_autofree char *text = NULL;
    if (!is_file(files, path))
        return TRUE;
    if (!vd_files_read(files, path, TEXT_MOST, &text, error))
        return FALSE;
    g_autofree char *asking = vd_ifupdown_to_dhcp(text ? text : "");
    if (!text || strcmp(asking, text) == 0)
        return TRUE;
    ++*changed;
    return vd_files_update(files, path, asking, error);
}

static gboolean clean_ifcfg(VdFiles *files, guint *changed, GError **error)
{
    g_autoptr(GPtrArray) paths = vd_files_glob(files, REDHAT "ifcfg-*", MATCHES_MOST);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        g_autofree char *text = NULL;
        if (!is_file(files, path))
            continue;
        if (!vd_files_read(files, path, TEXT_MOST, &text, error))
            return FALSE;
        if (text && strstr(text, "reated by cloud-init") && !drop(files, path, changed, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean clean_cloud(VdFiles *files, guint *changed, GError **error)
{
    return drop(files, NETPLAN "50-cloud-init.yaml", changed, error) &&
           drop(files, NETWORKD "10-cloud-init-*.network", changed, error) &&
           drop(files, MANAGER "cloud-init-*.nmconnection", changed, error) &&
           ask_in(files, INTERFACES ".d/50-cloud-init", changed, error) &&
           ask_in(files, INTERFACES ".d/50-cloud-init.cfg", changed, error) &&
           clean_ifcfg(files, changed, error);
}

/* NetworkManager asks for an address where it is told nothing, and so do Red Hat's systems. */
static gboolean ask_at_least(VdFiles *files, const VdLayout *layout, GError **error)
{
    if (layout->network == VD_NET_NETPLAN && !has_any(files, NETPLAN "*.yaml"))
        return vd_files_put(files, NETPLAN "50-vmdeck.yaml", vd_netplan_dhcp, -1, 0600, 0, 0,
                            error);
    if (layout->network == VD_NET_NETWORKD && !has_any(files, NETWORKD "*.network"))
        return vd_files_put(files, NETWORKD "05-vmdeck.network", vd_networkd_dhcp, -1, 0644, 0, 0,
                            error);
    return TRUE;
}

static gboolean clean_resolv(VdFiles *files, guint *changed, GError **error)
{
    g_autofree char *text = NULL;
    if (!is_file(files, "/etc/resolv.conf"))
        return TRUE;
    if (!vd_files_read(files, "/etc/resolv.conf", TEXT_MOST, &text, error))
        return FALSE;
    return !text || !vd_resolv_is_ours(text) || drop(files, "/etc/resolv.conf", changed, error);
}

gboolean vd_generalise_network(VdFiles *files, const VdLayout *layout, guint *ret_changed,
                               GError **error)
{
    *ret_changed = 0;
    if (!clean_ours(files, ret_changed, error) || !clean_cloud(files, ret_changed, error))
        return FALSE;
    if (*ret_changed == 0)
        return TRUE;
    return ask_at_least(files, layout, error) && clean_resolv(files, ret_changed, error);
}
