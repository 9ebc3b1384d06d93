/* The engine on libvirt's own test driver: connecting, listing, events, figures, calls. Each case
 * has a file of machines of its own, since the driver keeps its state in the connection. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include <libvirt/libvirt.h>

#include "src/base/error.h"
#include "src/virt/call.h"
#include "tests/engine/loop.h"

static const VdVirtOptions console = {.interval_ms = 200, .sample = TRUE, .events = TRUE};
static const VdVirtOptions once = {0};

typedef struct {
    char *dir, *uri;
    Client *client;
} Fixture;

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
        "</interface></devices><test:runstate>%u</test:runstate></domain>",
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

static void open_fixture(Fixture *fixture, const VdVirtOptions *options, const char *const *names,
                         guint count)
{
    fixture->dir = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    assert_non_null(fixture->dir);
    fixture->uri = write_node(fixture->dir, names, count);
    fixture->client = client_new(options, NULL, NULL);
    vd_virt_add_host(fixture->client->virt, "lab", fixture->uri);
}

static void close_fixture(Fixture *fixture)
{
    assert_true(client_free(fixture->client) < 1000);
    g_autofree char *path = g_build_filename(fixture->dir, "node.xml", NULL);
    unlink(path);
    rmdir(fixture->dir);
    g_free(fixture->dir);
    g_free(fixture->uri);
}

static void test_list(void **state)
{
    (void)state;
    Fixture fixture;
    open_fixture(&fixture, &once, NULL, 25);
    assert_true(client_wait(fixture.client, is_up, "lab", 60));
    const VdHost *host = client_host(fixture.client, "lab");
    assert_true(host->listed);
    assert_int_equal(host->vms->len, 25);
    assert_string_equal(host->type, "TEST");
    assert_non_null(host->hostname);
    assert_true(host->cpus > 0 && host->memory > 0 && host->lib_version >= 9000000);
    for (guint i = 0; i < 25; i++) { /* natural order: vm2 before vm10 */
        const VdVm *vm = g_ptr_array_index(host->vms, i);
        g_autofree char *name = g_strdup_printf("vm%u", i);
        assert_string_equal(vm->name, name);
        assert_int_equal(vm->state, i % 2 == 0 ? VD_VM_RUNNING : VD_VM_OFF);
        assert_true(i % 2 == 0 ? vm->id > 0 : vm->id == -1);
        assert_int_equal(vm->vcpus, 1 + i % 4);
        assert_int_equal(vm->max_mem, (guint64)(64 + i % 4 * 64) << 20);
        assert_true(vm->persistent);
        assert_false(vm->autostart);
    }
    close_fixture(&fixture);
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
    Fixture fixture;
    open_fixture(&fixture, &once, names, 0);
    assert_true(client_wait(fixture.client, is_up, "lab", 60));
    assert_int_equal(client_host(fixture.client, "lab")->vms->len, G_N_ELEMENTS(names) - 1);
    for (guint i = 0; names[i]; i++) {
        const VdVm *vm = client_vm(fixture.client, "lab", names[i]);
        assert_non_null(vm);
        assert_true(g_utf8_validate(vm->name, -1, NULL));
        assert_null(strstr(vm->name, "\xe2\x80\xae"));
    }
    close_fixture(&fixture);
}

static void test_many(void **state)
{
    (void)state;
    Fixture fixture;
    open_fixture(&fixture, &console, NULL, 1000);
    assert_true(client_wait(fixture.client, is_up, "lab", 60));
    assert_int_equal(client_host(fixture.client, "lab")->vms->len, 1000);
    close_fixture(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_odd_names),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests_name("virt-list", tests, NULL, NULL);
}
