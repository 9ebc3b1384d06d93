#include "config.h"

#include "src/guest/netclean.h"

#include <string.h>

const char vd_netplan_dhcp[] = "network:\n  version: 2\n  ethernets:\n    vmdeck0:\n"
                               "      match:\n        name: \"e*\"\n      dhcp4: true\n";
const char vd_networkd_dhcp[] = "[Match]\nName=e*\n\n[Network]\nDHCP=yes\n";

/* The options of the methods `static` and `manual` that speak of one address. */
static gboolean is_of_address(const char *word)
{
    static const char *const words[] = {"address",
                                        "netmask",
                                        "broadcast",
                                        "gateway",
                                        "network",
                                        "pointopoint",
                                        "metric",
                                        "dns-nameservers",
                                        "dns-nameserver",
                                        "dns-search",
                                        "scope",
                                        "accept_ra",
                                        "preferred-lifetime",
                                        NULL};
    return g_strv_contains(words, word);
}

/* "iface NAME FAMILY METHOD", in its line; NULL: it is none with an address of its own. */
static char *asking(const char *line)
{
    g_auto(GStrv) all = g_strsplit_set(line, " \t", -1);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (char **word = all; *word; word++)
        if (**word)
            g_ptr_array_add(words, *word);
    if (words->len != 4 || strcmp(words->pdata[0], "iface") != 0 ||
        strcmp(words->pdata[3], "static") != 0)
        return NULL;
    return g_strdup_printf("iface %s %s %s", (char *)words->pdata[1], (char *)words->pdata[2],
                           strcmp(words->pdata[2], "inet6") == 0 ? "auto" : "dhcp");
}

char *vd_ifupdown_to_dhcp(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *made = g_string_new(NULL);
    gboolean within = FALSE;
    for (char **line = lines; *line; line++) {
        g_autofree char *clean = g_strstrip(g_strdup(*line));
        g_autofree char *first = g_strndup(clean, strcspn(clean, " \t"));
        g_autofree char *instead = asking(clean);
        static const char *const begins[] = {
            "auto", "iface", "mapping", "source", "rename", "source-directory", NULL};
        if (g_strv_contains(begins, first) || g_str_has_prefix(first, "allow-"))
            within = instead != NULL;
        else if (within && is_of_address(first))
            continue;
        g_string_append_printf(made, "%s%s", instead ? instead : *line, line[1] ? "\n" : "");
    }
    return g_string_free(made, FALSE);
}

gboolean vd_resolv_is_ours(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (**line && !g_str_has_prefix(*line, "nameserver "))
            return FALSE;
    return TRUE;
}
