/* Machines with one disk and one network card each; number n has 1 + n % 4 processors and 64 MiB
 * more for each of them. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "tests/testdriver/node.h"

/* Nothing is given up here: opening a large file takes its time on a busy machine. */
const VdVirtOptions node_console = {.interval_ms = 250,
                                    .sample = TRUE,
                                    .events = TRUE,
                                    .connect_hard_ms = 3600000,
                                    .call_hard_ms = 3600000};
const VdVirtOptions node_once = {.connect_hard_ms = 3600000, .call_hard_ms = 3600000};

static void add_machine(GString *xml, const char *name, guint number, guint state)
{
    g_autofree char *escaped = g_markup_escape_text(name, -1);
    g_string_append_printf(
        xml,
        "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
        "<name>%s</name><uuid>00000000-0000-4000-8000-%012x</uuid>"
        "<memory unit='MiB'>%u</memory><vcpu>%u</vcpu><os><type>hvm</type></os>"
        "<devices><disk type='file' device='disk'><source file='/x/%u.img'/><target dev='vda'/>"
        "</disk><interface type='network'><source network='default'/><target dev='testnet%u'/>"
        "</interface><memballoon "
        "model='virtio'/></devices><test:runstate>%u</test:runstate></domain>",
        escaped, number, 64 + number % 4 * 64, 1 + number % 4, number, number, state);
}

/* names, NULL-terminated; or count machines called vm0 …, every second one running. */
static char *write_node(const char *dir, const char *const *names, guint count)
{
    g_autoptr(GString) xml = g_string_new("<node><network><name>default</name></network>");
    for (guint i = 0; names ? names[i] != NULL : i < count; i++) {
        g_autofree char *usual = g_strdup_printf("vm%u", i);
        add_machine(xml, names ? names[i] : usual, i, i % 2 == 0 ? 1 : 5);
    }
    g_string_append(xml, "</node>");
    g_autofree char *path = g_build_filename(dir, "node.xml", NULL);
    assert_true(g_file_set_contents(path, xml->str, (gssize)xml->len, NULL));
    return g_strdup_printf("test://%s", path);
}

void node_open(Node *node, const VdVirtOptions *options, const VdTuning *tuning,
               const char *const *names, guint count)
{
    node->dir = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    assert_non_null(node->dir);
    node->uri = write_node(node->dir, names, count);
    node->client = client_new(options, NULL, tuning);
    vd_virt_add_host(node->client->virt, "lab", node->uri);
}

void node_close(Node *node)
{
    assert_true(client_free(node->client) < CLIENT_QUIT_MS);
    g_autofree char *path = g_build_filename(node->dir, "node.xml", NULL);
    unlink(path);
    rmdir(node->dir);
    g_free(node->dir);
    g_free(node->uri);
}
