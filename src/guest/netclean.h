/* What of a machine's network is cleaned away when it becomes an image. Pure; any thread. */
#pragma once

#include <glib.h>

/* interfaces(5) with each interface asking for its address: the options of a static one go, all
 * else stays. The caller frees. */
char *vd_ifupdown_to_dhcp(const char *text);
/* Whether a resolv.conf(5) has name servers and nothing else, as one of ours has. */
gboolean vd_resolv_is_ours(const char *text);
/* Every Ethernet interface asks for its address: for netplan, for systemd-networkd. */
extern const char vd_netplan_dhcp[], vd_networkd_dhcp[];
