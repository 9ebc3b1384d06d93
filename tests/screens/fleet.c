/* The node file of the test driver (libvirt: docs/drvtest.rst): domains run unless test:runstate
 * says otherwise (virDomainState: 1 running, 3 paused, 5 off, 6 crashed). Names are escaped here,
 * so that any that XML can hold at all reaches the driver. */
#include "config.h"

#include "tests/screens/fleet.h"

enum { RUNNING = 1, PAUSED = 3, OFF = 5, CRASHED = 6 };

static GString *node_begin(void)
{
    GString *xml = g_string_new("<?xml version='1.0' encoding='UTF-8'?>\n<node>\n");
    g_string_append(xml, "<cpu><mhz>2800</mhz><model>x86_64</model><active>16</active>"
                         "<nodes>1</nodes><sockets>2</sockets><cores>8</cores>"
                         "<threads>1</threads></cpu>\n<memory>67108864</memory>\n");
    g_string_append(xml, "<network><name>default</name><bridge name='virbr0'/><forward/>"
                         "<ip address='192.168.122.1' netmask='255.255.255.0'/></network>\n"
                         "<pool type='dir'><name>default</name><target>"
                         "<path>/default-pool</path></target></pool>\n");
    return xml;
}

static void node_domain(GString *xml, guint number, const char *name, int state, guint gib,
                        guint cpus)
{
    g_autofree char *escaped = g_markup_escape_text(name, -1);
    g_string_append_printf(
        xml,
        "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
        "<name>%s</name><uuid>5a3b0000-0000-4000-8000-%012x</uuid>"
        "<memory unit='GiB'>%u</memory><vcpu>%u</vcpu>"
        "<os><type arch='x86_64'>hvm</type></os>"
        "<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
        "<source file='/default-pool/%u.qcow2'/><target dev='vda'/></disk>"
        "<interface type='network'><source network='default'/>"
        "<mac address='52:54:00:00:%02x:%02x'/><target dev='net%u'/></interface></devices>"
        "<test:runstate>%d</test:runstate></domain>\n",
        escaped, number, gib, cpus, number, number >> 8 & 0xff, number & 0xff, number, state);
}

static char *node_write(GString *xml, const char *folder, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_strdup_printf("%s/%s.xml", folder, name);
    g_string_append(xml, "</node>\n");
    if (!g_file_set_contents(path, xml->str, (gssize)xml->len, &error))
        g_error("%s", error->message);
    g_string_free(xml, TRUE);
    return g_strdup_printf("test://%s", path);
}

char *vd_fleet_small(const char *folder, const char *name)
{
    GString *xml = node_begin();
    node_domain(xml, 1, "db-01", RUNNING, 4, 2);
    node_domain(xml, 2, "web-01", RUNNING, 2, 1);
    node_domain(xml, 3, "web-02", RUNNING, 2, 1);
    node_domain(xml, 4, "web-10", PAUSED, 2, 1);
    node_domain(xml, 5, "batch-7", CRASHED, 8, 4);
    node_domain(xml, 6, "old-build", OFF, 8, 4);
    return node_write(xml, folder, name);
}

char *vd_fleet_empty(const char *folder, const char *name)
{
    return node_write(node_begin(), folder, name);
}

char *vd_fleet_large(const char *folder, const char *name, guint n)
{
    GString *xml = node_begin();
    for (guint i = 1; i <= n; i++) {
        g_autofree char *vm = g_strdup_printf("vm-%04u", i);
        node_domain(xml, i, vm, i % 10 ? RUNNING : OFF, 1 + i % 4, 1 + i % 2);
    }
    return node_write(xml, folder, name);
}

char *vd_fleet_hostile(const char *folder, const char *name)
{
    GString *xml = node_begin();
    g_autofree char *many = g_strnfill(200, 'n');
    GString *fence = g_string_new("wide-");
    for (int i = 0; i < 60; i++)
        g_string_append(fence, "\u6a5f");
    const char *const names[] = {
        "esc\xc2\x9b"
        "31;5mred\xc2\x9b"
        "0m", /* CSI of C1: XML cannot hold ESC itself */
        "osc\xc2\x9d"
        "0;title\xc2\x9c-end",
        "tab\there",
        "a space & <tags> \"quotes\" 'too'",
        "$(reboot); `id` | rm -rf *",
        "\u4eee\u60f3\u30de\u30b7\u30f3",
        "e\u0301\u0302\u0303\u0304-combining",
        "zero\u200bwidth\u200djoined",
        "rtl-\u202egnp.exe",
        "\u05e9\u05e8\u05ea-\u062e\u0627\u062f\u0645",
        "emoji-\U0001f427\U0001f469\u200d\U0001f4bb",
        "%s%n%x",
        "-rf",
        "--help",
        many,
        fence->str,
    };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        node_domain(xml, i + 1, names[i], i % 3 ? RUNNING : OFF, 1, 1);
    g_string_free(fence, TRUE);
    return node_write(xml, folder, name);
}
