/* The engine on libvirt's own test driver: connecting and listing.
 * About 8 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "src/virt/call.h"
#include "src/virt/ops.h"
#include "tests/testdriver/node.h"

static void test_list(void **state)
{
    (void)state;
    Node node;
    node_open(&node, &node_once, NULL, NULL, 25);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    const VdHost *host = client_host(node.client, "lab");
    assert_true(host->listed);
    assert_int_equal(host->vms->len, 25);
    assert_string_equal(host->type, "TEST");
    assert_true(host->cpus > 0 && host->memory > 0);
    for (guint i = 0; i < 25; i++) { /* natural order: vm2 before vm10 */
        const VdVm *vm = vd_host_vm(host, i);
        g_autofree char *name = g_strdup_printf("vm%u", i);
        assert_string_equal(vm->name, name);
        assert_int_equal(vm->state, i % 2 == 0 ? VD_VM_RUNNING : VD_VM_OFF);
        assert_true(i % 2 == 0 ? vm->id > 0 : vm->id == -1);
        assert_int_equal(vm->vcpus, 1 + i % 4);
        assert_int_equal(vm->max_mem, (guint64)(64 + i % 4 * 64) << 20);
        assert_true(vm->persistent);
        assert_false(vm->autostart);
    }
    node_close(&node);
}

static void test_odd_names(void **state)
{
    (void)state;
    g_autofree char *longest = g_strnfill(200, 'n');
    const char *const names[] = {"two words",
                                 "it's \"quoted\"",
                                 "<b>&amp;",
                                 "\xe2\x80\xae"
                                 "bidi",
                                 "\xe6\xbc\xa2\xe5\xad\x97",
                                 "e\xcc\x81t\xc3\xa9",
                                 "$(reboot);`x`",
                                 "-rf",
                                 longest,
                                 NULL};
    Node node;
    node_open(&node, &node_once, NULL, names, 0);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    assert_int_equal(client_host(node.client, "lab")->vms->len, G_N_ELEMENTS(names) - 1);
    for (guint i = 0; names[i]; i++) {
        const VdVm *vm = client_vm(node.client, "lab", names[i]);
        assert_non_null(vm);
        assert_true(g_utf8_validate(vm->name, -1, NULL));
        assert_null(strstr(vm->name, "\xe2\x80\xae"));
    }
    node_close(&node);
}

/* Names that differ in what cannot be drawn must not be taken for one another. */
static void test_names_that_look_alike(void **state)
{
    (void)state;
    const char *const names[] = {"web", "web\u200b", "web\u200d", "web\u2060", "web ", NULL};
    Node node;
    node_open(&node, &node_once, NULL, names, 0);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    const VdHost *host = client_host(node.client, "lab");
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < host->vms->len; i++) {
        const VdVm *vm = vd_host_vm(host, i);
        for (const char *c = vm->name; *c; c = g_utf8_next_char(c))
            assert_false(g_unichar_iszerowidth(g_utf8_get_char(c)));
        assert_true(g_hash_table_add(shown, vm->name));
    }
    assert_int_equal(g_hash_table_size(shown), 5);
    assert_true(g_hash_table_contains(shown, "web"));
    assert_true(g_hash_table_contains(shown, "web\ufffd #00000001"));
    node_close(&node);
}

static gboolean knows_itself(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    return host && host->hostname && host->cpus > 0 && host->lib_version >= 9000000;
}

static void test_many(void **state)
{
    (void)state;
    Node node;
    node_open(&node, &node_console, NULL, NULL, 1000);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    assert_int_equal(client_host(node.client, "lab")->vms->len, 1000);
    assert_true(client_wait(node.client, knows_itself, "lab", 60));
    node_close(&node);
}

static gboolean is_paused(Client *client, gconstpointer name)
{
    const VdVm *vm = client_vm(client, "lab", name);
    return vm && vm->state == VD_VM_PAUSED;
}

static gboolean has_vms(Client *client, gconstpointer count)
{
    const VdHost *host = client_host(client, "lab");
    return host && host->vms->len == *(const guint *)count;
}

/* libvirt's test driver reads its file in quadratic time, which a sanitizer makes forty times as
 * much. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VERY_MANY 2000
#else
#define VERY_MANY 10000
#endif

static void test_very_many(void **state)
{
    (void)state;
    Node node;
    guint count = VERY_MANY;
    node_open(&node, &node_console, NULL, NULL, count);
    assert_true(client_wait(node.client, has_vms, &count, 240));
    node_close(&node);
}

static gboolean is_sized(Client *client, gconstpointer id)
{
    const VdHost *host = client_host(client, id);
    return host && host->sized;
}

/* What did not change keeps its value: who redraws by pointers redraws what changed. */
static void test_unchanged_are_the_same(void **state)
{
    (void)state;
    Node node;
    VdVirtOptions options = {.events = TRUE};
    node_open(&node, &options, NULL, NULL, 50);
    assert_true(client_wait(node.client, is_up, "lab", 60));
    assert_true(client_wait(node.client, is_sized, "lab", 60));
    g_autoptr(VdHost) before = vd_host_ref(client_host(node.client, "lab"));
    const char *victim = vd_host_vm(before, 6)->uuid;
    client_call(node.client, "lab", victim, vd_op_vm_suspend, TRUE, NULL);
    assert_true(client_wait(node.client, is_paused, "vm6", 30));
    const VdHost *after = client_host(node.client, "lab");
    for (guint i = 0; i < 50; i++) {
        gboolean same = vd_host_vm(before, i) == vd_host_vm(after, i);
        assert_int_equal(same, i != 6);
    }
    node_close(&node);
}

/* What a daemon says of a list's length is not believed, so that all of it is freed. */
static void test_length_of_a_liar(void **state)
{
    (void)state;
    const char *two[] = {"one", "other", NULL}, **none = NULL;
    assert_int_equal(vd_virt_listed(2, two), 2);
    assert_int_equal(vd_virt_listed(1000, two), 2);
    assert_int_equal(vd_virt_listed(0, two), 2);
    assert_int_equal(vd_virt_listed(-1, two), 2);
    assert_int_equal(vd_virt_listed(-1, none), -1);
    assert_int_equal(vd_virt_listed(3, none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_length_of_a_liar),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_names_that_look_alike),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_very_many),
        cmocka_unit_test(test_unchanged_are_the_same),
    };
    return cmocka_run_group_tests_name("virt-list", tests, NULL, lanes_end);
}
