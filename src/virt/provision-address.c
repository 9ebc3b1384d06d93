/* Whether a machine may have a static address on a network of this host: inside the network, not
 * the host's own, given to nobody else. Who has an address is known from the network's leases and
 * from what we wrote into the metadata of the machines that we made; an address that a person typed
 * inside a guest is known to nobody. */
#include "config.h"

#include <gio/gio.h>
#include <libvirt/virterror.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/call.h"
#include "src/virt/domxml.h"
#include "src/virt/provision-private.h"

/* ---- the network ---- */

/* The subnet of one <ip> element and the host's address in it; NULL: none of that family. */
static GInetAddressMask *subnet_of(xmlNodePtr ip, GInetAddress **ret_host)
{
    g_autofree char *text = vd_xml_attr(ip, "address");
    g_autofree char *prefix = vd_xml_attr(ip, "prefix");
    g_autofree char *netmask = vd_xml_attr(ip, "netmask");
    g_autoptr(GInetAddress) mask = netmask ? g_inet_address_new_from_string(netmask) : NULL;
    guint length = prefix ? (guint)g_ascii_strtoull(prefix, NULL, 10) : 0;
    gsize bytes = 0;
    g_autofree guint8 *net = NULL;
    g_autoptr(GInetAddress) base = NULL;

    *ret_host = text ? g_inet_address_new_from_string(text) : NULL;
    if (!*ret_host)
        return NULL;
    for (gsize i = 0; mask && i < g_inet_address_get_native_size(mask); i++)
        length += (guint)__builtin_popcount(g_inet_address_to_bytes(mask)[i]);
    /* libvirt's own default: a host route */
    if (length == 0)
        length = (guint)g_inet_address_get_native_size(*ret_host) * 8;
    bytes = g_inet_address_get_native_size(*ret_host);
    if (length > bytes * 8)
        return NULL;
    net = g_memdup2(g_inet_address_to_bytes(*ret_host), bytes);
    for (gsize bit = length; bit < bytes * 8; bit++)
        net[bit / 8] = (guint8)(net[bit / 8] & ~(0x80u >> (bit % 8)));
    base = g_inet_address_new_from_bytes(net, g_inet_address_get_family(*ret_host));
    return g_inet_address_mask_new(base, length, NULL);
}

/* ---- what DHCP gives ---- */

static int compare(GInetAddress *a, GInetAddress *b)
{
    return memcmp(g_inet_address_to_bytes(a), g_inet_address_to_bytes(b),
                  g_inet_address_get_native_size(a));
}

/* The last 32 bits, which is all that an IPv4 address has. */
static guint32 number_of(GInetAddress *address)
{
    const guint8 *end =
        g_inet_address_to_bytes(address) + g_inet_address_get_native_size(address) - 4;

    return (guint32)end[0] << 24 | (guint32)end[1] << 16 | (guint32)end[2] << 8 | end[3];
}

typedef struct {
    char *inside;  /* the range that holds the address, for people; NULL: none */
    guint64 given; /* addresses in all ranges; of IPv4 */
} Ranges;

static void look_at_range(xmlNodePtr range, GInetAddress *address, Ranges *ranges)
{
    g_autofree char *start = vd_xml_attr(range, "start");
    g_autofree char *end = vd_xml_attr(range, "end");
    g_autoptr(GInetAddress) first = start ? g_inet_address_new_from_string(start) : NULL;
    g_autoptr(GInetAddress) last = end ? g_inet_address_new_from_string(end) : NULL;
    GSocketFamily family = g_inet_address_get_family(address);

    if (!first || !last || g_inet_address_get_family(first) != family ||
        g_inet_address_get_family(last) != family || compare(first, last) > 0)
        return;
    ranges->given += (guint64)number_of(last) - number_of(first) + 1;
    if (!ranges->inside && compare(first, address) <= 0 && compare(address, last) <= 0)
        ranges->inside = g_strdup_printf(_("%s to %s"), start, end);
}

/* An address that DHCP may give to another machine is no place for one that keeps it; but where it
 * gives all that there are, as libvirt's own default network does, there is no other choice. */
static gboolean outside_dhcp(xmlNodePtr ip, GInetAddressMask *subnet, const char *network,
                             GInetAddress *address, GError **error)
{
    Ranges ranges = {0};
    g_autofree char *text = g_inet_address_to_string(address);
    gboolean v4 = g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4;
    guint length = g_inet_address_mask_get_length(subnet);
    /* Without the network's own, the host's and the one for all. */
    guint64 all = v4 && length < 31 ? (G_GUINT64_CONSTANT(1) << (32 - length)) - 3 : G_MAXUINT64;

    for (xmlNodePtr dhcp = vd_xml_child(ip, "dhcp"); dhcp; dhcp = vd_xml_next(dhcp)) {
        for (xmlNodePtr range = vd_xml_child(dhcp, "range"); range; range = vd_xml_next(range))
            look_at_range(range, address, &ranges);
    }
    g_autofree char *inside = ranges.inside;
    if (!inside || ranges.given >= all)
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("%s is among the addresses that the network %s gives by DHCP (%s); give one "
                     "outside of them."),
                   text, network, inside);
}

/* ---- whether it fits ---- */

/* length: of the prefix that was given with it; 0: none. */
static gboolean fits_subnet(GInetAddressMask *subnet, guint length, const char *network,
                            GInetAddress *address, GError **error)
{
    guint right = g_inet_address_mask_get_length(subnet);
    g_autofree char *text = g_inet_address_to_string(address);
    g_autofree char *words = g_inet_address_mask_to_string(subnet);

    if (length == 0 || length == right)
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("The network %s is %s, so the length of the prefix is %u, not %u: give "
                     "%s/%u."),
                   network, words, right, length, text, right);
}

/* Where a network has addresses of one kind alone, libvirt lets nothing of the other through
 * (formatnetwork.html, "ipv6"). words: what it has. */
static gboolean other_kind(xmlDocPtr doc, const char *network, const char *text, const char *words,
                           GError **error)
{
    g_autofree char *both = vd_xml_attr(xmlDocGetRootElement(doc), "ipv6");

    if (!*words || g_strcmp0(both, "yes") == 0)
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("%s is outside the network %s, which is %s; give an address of it, or another "
                     "network."),
                   text, network, words);
}

/* A bridge of the host's own has no <ip>: what is behind it is not known, and all fits. */
static gboolean fits_network(xmlDocPtr doc, const char *network, GInetAddress *address,
                             guint length, GError **error)
{
    g_autofree char *text = g_inet_address_to_string(address);
    g_autoptr(GString) subnets = g_string_new(NULL);
    g_autoptr(GString) others = g_string_new(NULL);

    for (xmlNodePtr ip = vd_xml_child(xmlDocGetRootElement(doc), "ip"); ip; ip = vd_xml_next(ip)) {
        g_autoptr(GInetAddress) host = NULL;
        g_autoptr(GInetAddressMask) subnet = NULL;
        g_autofree char *words = NULL;

        subnet = subnet_of(ip, &host);
        if (!subnet)
            continue;
        words = g_inet_address_mask_to_string(subnet);
        if (g_inet_address_get_family(host) != g_inet_address_get_family(address)) {
            g_string_append_printf(others, "%s%s", others->len > 0 ? ", " : "", words);
            continue;
        }
        if (g_inet_address_equal(host, address))
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("%s is the host's own address on the network %s."), text, network);
        if (g_inet_address_mask_matches(subnet, address))
            return fits_subnet(subnet, length, network, address, error) &&
                   outside_dhcp(ip, subnet, network, address, error);
        g_string_append_printf(subnets, "%s%s", subnets->len > 0 ? ", " : "", words);
    }
    if (subnets->len == 0)
        return other_kind(doc, network, text, others->str, error);
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("%s is outside the network %s, which is %s; give an address of it, or another "
                     "network."),
                   text, network, subnets->str);
}

/* ---- who has it ---- */

static gboolean same_address(const char *text, GInetAddress *address)
{
    g_autoptr(GInetAddress) other = text ? g_inet_address_new_from_string(text) : NULL;

    return other && g_inet_address_equal(other, address);
}

/* Whoever leased it, for people; NULL: nobody. The caller frees. */
static char *leased_to(virNetworkPtr network, GInetAddress *address)
{
    virNetworkDHCPLeasePtr *leases = NULL;
    int n = virNetworkGetDHCPLeases(network, NULL, &leases, 0);
    n = vd_virt_listed(n, leases);
    char *who = NULL;

    for (int i = 0; i < n; i++) {
        if (!who && same_address(leases[i]->ipaddr, address))
            who = vd_text_clean(leases[i]->hostname ? leases[i]->hostname : leases[i]->mac, 64,
                                FALSE);
        virNetworkDHCPLeaseFree(leases[i]);
    }
    free(leases);
    if (n < 0)
        virResetLastError();
    return who;
}

/* Whether our metadata in a machine's document give it this address. */
static gboolean was_given(virDomainPtr domain, const char *network, GInetAddress *address)
{
    g_autofree char *xml =
        virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, VD_METADATA_NS, 0);
    g_autofree char *where = NULL;
    g_autofree char *text = vd_machine_given(xml, &where);

    if (!xml)
        virResetLastError();
    return g_strcmp0(where, network) == 0 && same_address(text, address);
}

static char *machine_with(VdConn *conn, const char *network, GInetAddress *address)
{
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(conn->conn, &domains, 0);
    n = vd_virt_listed(n, domains);
    char *who = NULL;

    for (int i = 0; i < n; i++) {
        if (!who && was_given(domains[i], network, address))
            who = vd_text_clean(virDomainGetName(domains[i]), 64, FALSE);
        virDomainFree(domains[i]);
    }
    free(domains);
    if (n < 0)
        virResetLastError();
    return who;
}

gboolean vd_conn_address_check(VdConn *conn, const char *network, const char *address,
                               GError **error)
{
    g_autofree char *bare = g_strndup(address, strcspn(address, "/"));
    g_autoptr(GInetAddress) wanted = g_inet_address_new_from_string(bare);
    const char *name = network ? network : "default";
    const char *slash = strchr(address, '/');
    guint length = slash ? (guint)g_ascii_strtoull(slash + 1, NULL, 10) : 0;
    g_autoptr(virNetwork) net = virNetworkLookupByName(conn->conn, name);
    g_autofree char *xml = net ? virNetworkGetXMLDesc(net, 0) : NULL;
    g_autoptr(xmlDoc) doc = xml ? vd_xml_parse(xml, "network", NULL) : NULL;
    g_autofree char *who = NULL;

    /* QEMU's own network is private to each machine; one that is missing has its own sentence. */
    if (!net || !wanted) {
        virResetLastError();
        return TRUE;
    }
    if (doc && !fits_network(doc, name, wanted, length, error))
        return FALSE;
    who = machine_with(conn, name, wanted);
    if (!who)
        who = leased_to(net, wanted);
    if (!who)
        return TRUE;
    return vd_fail(error, VD_ERR_EXISTS, NULL,
                   _("The address %s is taken on the network %s: %s has it; give another one."),
                   bare, name, who);
}
