/* Other descriptions of interfaces are set aside rather than edited: they speak of the machine the
 * image was made on, and two that match one interface fight for it.
 * Formats: netplan-yaml, systemd.network(5), interfaces(5) of ifupdown (patterns by MAC address
 * since 0.8.19, Debian 9), nm-settings-keyfile(5), initscripts' sysconfig.txt, wicked's ifcfg(5).
 */
#include "config.h"

#include "src/guest/netfiles.h"

#include <string.h>

static void new_file_free(gpointer data)
{
    VdNewFile *file = data;
    g_free(file->path);
    g_free(file->text);
    g_free(file);
}

void vd_netfiles_free(VdNetFiles *files)
{
    if (!files)
        return;
    g_ptr_array_unref(files->files);
    g_ptr_array_unref(files->aside);
    g_free(files->suffix);
    g_free(files);
}

/* Takes text. */
static VdNewFile *add(VdNetFiles *files, const char *path, GString *text, int mode)
{
    VdNewFile *file = g_new0(VdNewFile, 1);
    file->path = g_strdup(path);
    file->text = g_string_free(text, FALSE);
    file->mode = mode;
    g_ptr_array_add(files->files, file);
    return file;
}

static void add_link(VdNetFiles *files, const char *path, const char *target)
{
    add(files, path, g_string_new(target), 0);
}

static void set_aside(VdNetFiles *files, const char *pattern)
{
    g_ptr_array_add(files->aside, g_strdup(pattern));
}

/* "a, b" of the name servers, each between two quote strings. */
static char *servers(const VdNetSpec *net, const char *quote, const char *between)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < net->dns->len; i++)
        g_string_append_printf(text, "%s%s%s%s", i ? between : "", quote,
                               (const char *)g_ptr_array_index(net->dns, i), quote);
    return g_string_free(text, FALSE);
}

/* For network systems that leave name servers to this file. */
static void add_resolv_conf(VdNetFiles *files, const VdNetSpec *net)
{
    if (net->dhcp || net->dns->len == 0)
        return;
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < net->dns->len; i++)
        g_string_append_printf(text, "nameserver %s\n",
                               (const char *)g_ptr_array_index(net->dns, i));
    add(files, "/etc/resolv.conf", text, 0644)->soft = TRUE;
}

static void netplan(VdNetFiles *files, const VdNetSpec *net)
{
    set_aside(files, "/etc/netplan/*.yaml");
    GString *text = g_string_new("network:\n  version: 2\n  ethernets:\n    vmdeck0:\n");
    g_string_append_printf(text, "      match:\n        macaddress: \"%s\"\n", net->mac);
    if (net->dhcp)
        g_string_append(text, "      dhcp4: true\n");
    else
        g_string_append_printf(text, "      addresses: [\"%s/%d\"]\n", net->address, net->prefix);
    if (net->gateway)
        g_string_append_printf(text, "      routes:\n        - to: \"%s\"\n          via: \"%s\"\n",
                               net->ipv6 ? "::/0" : "0.0.0.0/0", net->gateway);
    if (net->dns->len > 0) {
        g_autofree char *list = servers(net, "\"", ", ");
        g_string_append_printf(text, "      nameservers:\n        addresses: [%s]\n", list);
    }
    add(files, "/etc/netplan/50-vmdeck.yaml", text, 0600);
    /* systemd-networkd tells name servers to systemd-resolved alone, which need not be there. */
    add_resolv_conf(files, net);
}

static void networkd(VdNetFiles *files, const VdNetSpec *net)
{
    static const char wants[] = "/etc/systemd/system/multi-user.target.wants/"
                                "systemd-networkd.service";
    static const char online[] = "/etc/systemd/system/network-online.target.wants/"
                                 "systemd-networkd-wait-online.service";
    set_aside(files, "/etc/systemd/network/*.network");
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "[Match]\nMACAddress=%s\n\n[Network]\n", net->mac);
    if (net->dhcp)
        g_string_append(text, "DHCP=yes\n");
    else
        g_string_append_printf(text, "Address=%s/%d\n", net->address, net->prefix);
    if (net->gateway)
        g_string_append_printf(text, "Gateway=%s\n", net->gateway);
    for (guint i = 0; i < net->dns->len; i++)
        g_string_append_printf(text, "DNS=%s\n", (const char *)g_ptr_array_index(net->dns, i));
    add(files, "/etc/systemd/network/05-vmdeck.network", text, 0644);
    add_link(files, wants, "/lib/systemd/system/systemd-networkd.service");
    add_link(files, online, "/lib/systemd/system/systemd-networkd-wait-online.service");
    add_resolv_conf(files, net);
}

/* Debian 9 and Ubuntu 18.04 brought the patterns. */
static gboolean has_patterns(const VdLayout *layout)
{
    if (g_str_equal(layout->distro, "debian"))
        return layout->major == 0 || layout->major >= 9;
    if (g_str_equal(layout->distro, "ubuntu"))
        return layout->major >= 18;
    return FALSE;
}

/* A rule that names the interface, for systems whose files speak of names only. */
static void add_name_rule(VdNetFiles *files, const VdNetSpec *net, const char *name)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text,
                           "SUBSYSTEM==\"net\", ACTION==\"add\", DRIVERS==\"?*\", "
                           "ATTR{address}==\"%s\", NAME=\"%s\"\n",
                           net->mac, name);
    add(files, "/etc/udev/rules.d/70-persistent-net.rules", text, 0644);
}

static void ifupdown(VdNetFiles *files, const VdLayout *layout, const VdNetSpec *net)
{
    gboolean patterns = has_patterns(layout);
    const char *name = patterns ? "vmdeck0" : "eth0";
    set_aside(files, "/etc/network/interfaces");
    set_aside(files, "/etc/network/interfaces.d/*");
    GString *text = g_string_new("auto lo\niface lo inet loopback\n\n");
    if (patterns)
        g_string_append_printf(text, "auto mac/%s=vmdeck0\n", net->mac);
    else
        g_string_append(text, "auto eth0\n");
    g_string_append_printf(text, "iface %s %s %s\n", name, net->ipv6 ? "inet6" : "inet",
                           net->dhcp ? "dhcp" : "static");
    if (!net->dhcp)
        g_string_append_printf(text, "    address %s/%d\n", net->address, net->prefix);
    if (net->gateway)
        g_string_append_printf(text, "    gateway %s\n", net->gateway);
    if (!net->dhcp && net->dns->len > 0) {
        g_autofree char *list = servers(net, "", " ");
        g_string_append_printf(text, "    dns-nameservers %s\n", list);
    }
    if (patterns)
        g_string_append(text, "\nsource-directory /etc/network/interfaces.d\n");
    add(files, "/etc/network/interfaces", text, 0644);
    add_resolv_conf(files, net);
    /* `ifup -a` looks once, at what is there; ifupdown-pre.service waits for the devices only where
     * a name is configured. */
    if (patterns && layout->init == VD_INIT_SYSTEMD)
        add(files, "/etc/systemd/system/networking.service.d/vmdeck.conf",
            g_string_new("[Unit]\nWants=systemd-udev-settle.service\n"
                         "After=systemd-udev-settle.service\n"),
            0644);
    if (!patterns && !vd_layout_is_family(layout, "alpine"))
        add_name_rule(files, net, name);
}

static void networkmanager(VdNetFiles *files, const VdNetSpec *net, const char *uuid)
{
    GString *text = g_string_new(NULL);
    g_string_append_printf(text,
                           "[connection]\nid=vmdeck\nuuid=%s\ntype=ethernet\nautoconnect=true\n"
                           "autoconnect-priority=100\n\n[ethernet]\nmac-address=%s\n",
                           uuid, net->mac);
    g_autofree char *list = servers(net, "", ";");
    const char *ours = net->ipv6 ? "ipv6" : "ipv4", *other = net->ipv6 ? "ipv4" : "ipv6";
    g_string_append_printf(text, "\n[%s]\nmethod=%s\n", ours, net->dhcp ? "auto" : "manual");
    if (!net->dhcp)
        g_string_append_printf(text, "address1=%s/%d%s%s\n", net->address, net->prefix,
                               net->gateway ? "," : "", net->gateway ? net->gateway : "");
    if (*list)
        g_string_append_printf(text, "dns=%s;\n", list);
    g_string_append_printf(text, "\n[%s]\nmethod=%s\n", other,
                           net->dhcp || !net->ipv6 ? "auto" : "disabled");
    add(files, "/etc/NetworkManager/system-connections/vmdeck.nmconnection", text, 0600);
}

static void ifcfg_redhat(VdNetFiles *files, const VdLayout *layout, const VdNetSpec *net)
{
    /* initscripts and NetworkManager both pass over names that end so. */
    files->suffix = g_strdup(".bak");
    set_aside(files, "/etc/sysconfig/network-scripts/ifcfg-e*");
    GString *text = g_string_new("NAME=vmdeck0\nTYPE=Ethernet\nONBOOT=yes\nNM_CONTROLLED=yes\n");
    if (layout->major > 0 && layout->major < 7)
        g_string_append(text, "DEVICE=eth0\n");
    g_autofree char *mac = g_ascii_strup(net->mac, -1);
    g_string_append_printf(text, "HWADDR=%s\nBOOTPROTO=%s\n", mac, net->dhcp ? "dhcp" : "none");
    if (!net->dhcp && net->ipv6)
        g_string_append_printf(text, "IPV6INIT=yes\nIPV6_AUTOCONF=no\nIPV6ADDR=%s/%d\n",
                               net->address, net->prefix);
    else if (!net->dhcp)
        g_string_append_printf(text, "IPADDR=%s\nPREFIX=%d\n", net->address, net->prefix);
    if (net->gateway)
        g_string_append_printf(text, "%s=%s\n", net->ipv6 ? "IPV6_DEFAULTGW" : "GATEWAY",
                               net->gateway);
    for (guint i = 0; i < net->dns->len; i++)
        g_string_append_printf(text, "DNS%u=%s\n", i + 1,
                               (const char *)g_ptr_array_index(net->dns, i));
    add(files, "/etc/sysconfig/network-scripts/ifcfg-vmdeck0", text, 0644);
}

static void ifcfg_suse(VdNetFiles *files, const VdNetSpec *net)
{
    files->suffix = g_strdup(".bak");
    set_aside(files, "/etc/sysconfig/network/ifcfg-e*");
    set_aside(files, "/etc/sysconfig/network/ifroute-e*");
    GString *text = g_string_new("STARTMODE='auto'\n");
    g_string_append_printf(text, "BOOTPROTO='%s'\n", net->dhcp ? "dhcp" : "static");
    if (!net->dhcp)
        g_string_append_printf(text, "IPADDR='%s/%d'\n", net->address, net->prefix);
    add(files, "/etc/sysconfig/network/ifcfg-eth0", text, 0644);
    if (net->gateway) {
        GString *route = g_string_new(NULL);
        g_string_append_printf(route, "default %s - eth0\n", net->gateway);
        add(files, "/etc/sysconfig/network/ifroute-eth0", route, 0644);
    }
    add_name_rule(files, net, "eth0");
    add_resolv_conf(files, net);
}

VdNetFiles *vd_netfiles_new(const VdLayout *layout, const VdNetSpec *net, const char *uuid)
{
    VdNetFiles *files = g_new0(VdNetFiles, 1);
    files->files = g_ptr_array_new_with_free_func(new_file_free);
    files->aside = g_ptr_array_new_with_free_func(g_free);
    switch (layout->network) {
    case VD_NET_NETPLAN:
        netplan(files, net);
        break;
    case VD_NET_NETWORKD:
        networkd(files, net);
        break;
    case VD_NET_IFUPDOWN:
        ifupdown(files, layout, net);
        break;
    case VD_NET_NETWORKMANAGER:
        networkmanager(files, net, uuid);
        break;
    case VD_NET_IFCFG:
        if (vd_layout_is_family(layout, "suse"))
            ifcfg_suse(files, net);
        else
            ifcfg_redhat(files, layout, net);
        break;
    case VD_NET_NONE:
        break;
    }
    if (!files->suffix)
        files->suffix = g_strdup(".before-vmdeck");
    return files;
}
