/* The engine on libvirt's own test driver: events, figures and calls. Full listings are an hour
 * apart here, so that what shows came by an event. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <libvirt/libvirt.h>

#include "src/base/error.h"
#include "src/virt/call.h"
#include "src/virt/ops.h"
#include "tests/testdriver/node.h"

static const VdTuning by_events = {.backoff_ms = 10,
                                   .merge_ms = 50,
                                   .refresh_min_ms = 3600000,
                                   .refresh_max_ms = 3600000,
                                   .max_stuck = 3,
                                   .dear_soft_ms = 10000,
                                   .dear_hard_ms = 20000,
                                   .shard = 16,
                                   .quarantine_ms = 2000};
static const VdVirtOptions no_figures = {.events = TRUE};

/* Another client in this process: the driver's default host is shared. */
typedef struct {
    Client *client;
    virConnectPtr conn;
    virDomainPtr domain;
} Pair;

static void open_pair(Pair *pair)
{
    pair->client = client_new(&no_figures, NULL, &by_events);
    vd_virt_add_host(pair->client->virt, "lab", "test:///default");
    assert_true(client_wait(pair->client, is_up, "lab", 60));
    pair->conn = virConnectOpen("test:///default");
    assert_non_null(pair->conn);
    pair->domain = virDomainLookupByName(pair->conn, "test");
    assert_non_null(pair->domain);
}

static void close_pair(Pair *pair)
{
    virDomainFree(pair->domain);
    virConnectClose(pair->conn);
    client_free(pair->client);
}

static void on_timer(int timer, void *turned)
{
    (void)timer;
    g_atomic_int_set((gint *)turned, 1);
}

static gboolean has_turned(Client *client, gconstpointer turned)
{
    (void)client;
    return g_atomic_int_get((const gint *)turned) != 0;
}

/* Without a thread that turns libvirt's event loop, keepalive finds no peer that is frozen (row C
 * of the experiments behind doc/never-blocks.md): it turns once a host has been opened. */
static void test_event_loop_turns(void **state)
{
    (void)state;
    static gint turned;
    Pair pair;
    open_pair(&pair);
    int timer = virEventAddTimeout(10, on_timer, &turned, NULL);
    assert_true(timer >= 0);
    assert_true(client_wait(pair.client, has_turned, &turned, 60));
    assert_int_equal(virEventRemoveTimeout(timer), 0);
    close_pair(&pair);
}

typedef struct {
    const char *name;
    VdVmState state;
} InState;

static gboolean in_state(Client *client, gconstpointer data)
{
    const InState *wanted = data;
    const VdVm *vm = client_vm(client, "lab", wanted->name);
    return vm && vm->state == wanted->state;
}

static gboolean is_there(Client *client, gconstpointer name)
{
    return client_vm(client, "lab", name) != NULL;
}

static gboolean is_gone(Client *client, gconstpointer name)
{
    return client_vm(client, "lab", name) == NULL;
}

static void test_events(void **state)
{
    (void)state;
    Pair pair;
    open_pair(&pair);
    assert_int_equal(virDomainSuspend(pair.domain), 0);
    InState paused = {"test", VD_VM_PAUSED}, running = {"test", VD_VM_RUNNING};
    assert_true(client_wait(pair.client, in_state, &paused, 10));
    assert_int_equal(virDomainResume(pair.domain), 0);
    assert_true(client_wait(pair.client, in_state, &running, 10));
    close_pair(&pair);
}

static void test_defined_and_undefined(void **state)
{
    (void)state;
    Pair pair;
    open_pair(&pair);
    virDomainPtr extra = virDomainDefineXML(
        pair.conn, "<domain type='test'><name>a &lt;new&gt; one</name><memory>65536</memory>"
                   "<vcpu>3</vcpu><os><type>hvm</type></os></domain>");
    assert_non_null(extra);
    assert_true(client_wait(pair.client, is_there, "a <new> one", 10));
    const VdHost *host = client_host(pair.client, "lab");
    assert_int_equal(vd_host_vm(host, 0)->vcpus, 3); /* sorted in: "a" */
    assert_int_equal(virDomainUndefine(extra), 0);
    assert_true(client_wait(pair.client, is_gone, "a <new> one", 10));
    virDomainFree(extra);
    close_pair(&pair);
}

static void test_renamed(void **state)
{
    (void)state;
    Pair pair;
    open_pair(&pair);
    virDomainPtr extra =
        virDomainDefineXML(pair.conn, "<domain type='test'><name>zz</name><memory>65536</memory>"
                                      "<os><type>hvm</type></os></domain>");
    assert_non_null(extra);
    assert_true(client_wait(pair.client, is_there, "zz", 10));
    assert_int_equal(virDomainRename(extra, "aa", 0), 0);
    assert_true(client_wait(pair.client, is_there, "aa", 10));
    assert_null(client_vm(pair.client, "lab", "zz"));
    const VdHost *host = client_host(pair.client, "lab");
    assert_string_equal(vd_host_vm(host, 0)->name, "aa");
    assert_int_equal(virDomainUndefine(extra), 0);
    assert_true(client_wait(pair.client, is_gone, "aa", 10));
    virDomainFree(extra);
    close_pair(&pair);
}

static gboolean is_shown(Client *client, gconstpointer prefix)
{
    const VdHost *host = client_host(client, "lab");
    for (guint i = 0; host && i < host->vms->len; i++)
        if (g_str_has_prefix(vd_host_vm(host, i)->name, prefix))
            return TRUE;
    return FALSE;
}

/* What comes by an event is told apart from what was there. */
static void test_lookalike_defined(void **state)
{
    (void)state;
    static const char xml[] = "<domain type='test'><name>zz%s</name><memory>65536</memory>"
                              "<os><type>hvm</type></os></domain>";
    static const char *const hidden[] = {"\u200b", "\u200d"};
    static const char *const shown[] = {"zz\ufffd", "zz\ufffd #"};
    virDomainPtr extra[2];
    Pair pair;
    open_pair(&pair);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *text = g_strdup_printf(xml, hidden[i]);
        extra[i] = virDomainDefineXML(pair.conn, text);
        assert_non_null(extra[i]);
        assert_true(client_wait(pair.client, is_shown, shown[i], 10));
    }
    for (guint i = 0; i < 2; i++) {
        assert_int_equal(virDomainUndefine(extra[i]), 0);
        virDomainFree(extra[i]);
    }
    close_pair(&pair);
}

/* ---- figures ---- */

static gboolean all_measured(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "lab", name);
    return vm && vm->now.taken > 0 && vm->now.cpu >= 0 && vm->now.mem_used >= 0 &&
           vm->now.mem_total > 0 && vm->now.disk_read >= 0 && vm->now.disk_write >= 0 &&
           vm->now.net_rx >= 0 && vm->now.net_tx >= 0;
}

static gboolean host_measured(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    return host && host->now.taken > 0 && host->now.net_rx >= 0 && host->now.disk_read >= 0;
}

static void test_figures(void **state)
{
    (void)state;
    Node node;
    node_open(&node, &node_console, &by_events, NULL, 4);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    VdWantRow rows[4];
    const VdHost *host = client_host(node.client, "lab");
    for (guint i = 0; i < 4; i++)
        rows[i] = (VdWantRow){"lab", vd_host_vm(host, i)->uuid};
    vd_virt_want(node.client->virt, rows, 4);
    assert_true(client_wait(node.client, all_measured, "vm0", 30));
    assert_true(client_wait(node.client, all_measured, "vm2", 30));
    assert_true(client_wait(node.client, host_measured, "lab", 30));
    const VdVm *off = client_vm(node.client, "lab", "vm1");
    assert_true(off->now.cpu < 0 && off->now.mem_used < 0 && off->now.net_rx < 0);
    node_close(&node);
}

/* Whoever is not shown is read as well, in turn. */
static void test_figures_in_turn(void **state)
{
    (void)state;
    Node node;
    node_open(&node, &node_console, &by_events, NULL, 60);
    assert_true(client_wait(node.client, all_measured, "vm0", 60));
    assert_true(client_wait(node.client, all_measured, "vm58", 60));
    node_close(&node);
}

/* ---- calls ---- */

static gboolean is_pending(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "lab", name);
    return vm && vm->pending;
}

static gboolean not_pending(Client *client, gconstpointer name)
{
    return !is_pending(client, name);
}

static void test_call(void **state)
{
    (void)state;
    Node node;
    guint one = 1;
    node_open(&node, &no_figures, &by_events, NULL, 4);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    client_call(node.client, "lab", client_vm(node.client, "lab", "vm1")->uuid, vd_op_vm_start,
                TRUE, "starting…");
    assert_true(client_wait(node.client, is_pending, "vm1", 10));
    assert_true(client_wait(node.client, has_ended, &one, 10));
    assert_null(node.client->error);
    assert_true(client_wait(node.client, not_pending, "vm1", 10));
    assert_int_equal(client_vm(node.client, "lab", "vm1")->state, VD_VM_RUNNING);
    node_close(&node);
}

static void test_question(void **state)
{
    (void)state;
    Node node;
    guint one = 1;
    node_open(&node, &node_once, &by_events, NULL, 2);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    client_call(node.client, "lab", client_vm(node.client, "lab", "vm0")->uuid, vd_op_vm_xml, FALSE,
                NULL);
    assert_true(client_wait(node.client, has_ended, &one, 10));
    assert_null(node.client->error);
    assert_non_null(node.client->doc);
    node_close(&node);
}

static void test_call_of_nobody(void **state)
{
    (void)state;
    Node node;
    guint one = 1, two = 2;
    node_open(&node, &node_once, &by_events, NULL, 2);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    client_call(node.client, "lab", "00000000-0000-4000-8000-00000000ffff", vd_op_vm_start, TRUE,
                NULL);
    assert_true(client_wait(node.client, has_ended, &one, 10));
    assert_int_equal(vd_error_code(node.client->error), VD_ERR_NOT_FOUND);
    client_call(node.client, "nowhere", NULL, vd_op_host_show, FALSE, NULL);
    assert_true(client_wait(node.client, has_ended, &two, 10));
    assert_int_equal(vd_error_code(node.client->error), VD_ERR_NOT_FOUND);
    node_close(&node);
}

/* ---- addresses that lead nowhere ---- */

static void refused(const char *uri, const char *word)
{
    guint one = 1;
    Client *client = client_new(&no_figures, NULL, &by_events);
    vd_virt_add_host(client->virt, "lab", uri);
    assert_true(client_wait(client, is_down, "lab", 30));
    const VdHost *host = client_host(client, "lab");
    assert_non_null(host->error);
    assert_non_null(strstr(host->error, word));
    assert_int_equal(host->next_try, 0);
    client_call(client, "lab", NULL, vd_op_host_show, FALSE, NULL);
    assert_true(client_wait(client, has_ended, &one, 10));
    assert_int_equal(vd_error_exit_status(client->error), 3);
    client_free(client);
}

static void test_unknown_uri(void **state)
{
    (void)state;
    refused("bar:///x", "bar:///x");
    refused("qemu+carrier-pigeon:///system", "carrier-pigeon");
    refused("test:///", "test:///");
    refused("nonsense", "nonsense");
}

static gboolean planned(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    return host && host->state == VD_HOST_DOWN && host->next_try > 0;
}

static void test_missing_socket(void **state)
{
    (void)state;
    Client *client = client_new(&no_figures, NULL, &by_events);
    vd_virt_add_host(client->virt, "lab", "qemu+unix:///system?socket=/nonexistent/socket");
    assert_true(client_wait(client, planned, "lab", 30));
    assert_non_null(strstr(client_host(client, "lab")->error, "qemu+unix:///system"));
    assert_non_null(client_host(client, "lab")->detail);
    client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_loop_turns),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_defined_and_undefined),
        cmocka_unit_test(test_renamed),
        cmocka_unit_test(test_lookalike_defined),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_figures_in_turn),
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_call_of_nobody),
        cmocka_unit_test(test_unknown_uri),
        cmocka_unit_test(test_missing_socket),
    };
    return cmocka_run_group_tests_name("virt-live", tests, NULL, lanes_end);
}
