/* The operations on machines and hosts, against libvirt's test driver. What an operation did is
 * asked of libvirt itself, never of the operation. Each case has a host of its own: opening the
 * fixture's file makes a fresh one. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <libvirt/virterror.h>

#include "src/base/error.h"
#include "src/virt/call.h"
#include "src/virt/ops.h"

typedef struct {
    virConnectPtr conn;
    VdArgs *args;
    VdDoc *doc;    /* of the last operation */
    GError *error; /* of the last operation */
} Host;

static void silent(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static int open_host(void **state)
{
    const char *source = g_getenv("VMDECK_SOURCE");
    g_autofree char *folder = g_canonicalize_filename(source != NULL ? source : SOURCE_DIR, NULL);
    g_autofree char *uri = g_strdup_printf("test://%s/tests/testdriver/fixture.xml", folder);
    Host *host = g_new0(Host, 1);

    virSetErrorFunc(NULL, silent);
    host->conn = virConnectOpen(uri);
    host->args = vd_args_new();
    *state = host;
    return host->conn == NULL ? -1 : 0;
}

static void forget(Host *host)
{
    g_clear_error(&host->error);
    g_clear_pointer(&host->doc, vd_doc_unref);
}

static int close_host(void **state)
{
    Host *host = *state;

    forget(host);
    vd_args_free(host->args);
    virConnectClose(host->conn);
    g_free(host);
    return 0;
}

/* Runs an operation as a lane would. name NULL: on the host. */
static gboolean run(Host *host, const char *name, VdVirtFunc func)
{
    VdVirtCall call = {.conn = host->conn, .args = host->args, .request = "r-TEST00"};
    gboolean ok;

    forget(host);
    if (name != NULL) {
        call.domain = virDomainLookupByName(host->conn, name);
        assert_non_null(call.domain);
    }
    ok = func(&call, &host->error);
    host->doc = call.answer;
    if (call.domain != NULL)
        virDomainFree(call.domain);
    assert_int_equal(ok, host->error == NULL);
    return ok;
}

static void must(Host *host, const char *name, VdVirtFunc func)
{
    if (!run(host, name, func))
        fail_msg("%s: %s (%s)", name != NULL ? name : "host", host->error->message,
                 vd_error_detail(host->error));
}

static void refused(Host *host, const char *name, VdVirtFunc func, VdErrorCode code,
                    const char *words)
{
    assert_false(run(host, name, func));
    assert_int_equal(vd_error_code(host->error), code);
    if (strstr(host->error->message, words) == NULL)
        fail_msg("'%s' does not say '%s'", host->error->message, words);
    if (name != NULL)
        assert_non_null(strstr(host->error->message, name));
}

static int state_of(Host *host, const char *name)
{
    virDomainPtr domain = virDomainLookupByName(host->conn, name);
    int state = -1, reason;

    assert_non_null(domain);
    assert_int_equal(virDomainGetState(domain, &state, &reason, 0), 0);
    virDomainFree(domain);
    return state;
}

static gboolean exists(Host *host, const char *name)
{
    virDomainPtr domain = virDomainLookupByName(host->conn, name);

    if (domain == NULL)
        return FALSE;
    virDomainFree(domain);
    return TRUE;
}

static gboolean volume_exists(Host *host, const char *path)
{
    virStorageVolPtr vol = virStorageVolLookupByPath(host->conn, path);

    if (vol == NULL)
        return FALSE;
    virStorageVolFree(vol);
    return TRUE;
}

static const VdSection *section(Host *host, const char *id)
{
    assert_non_null(host->doc);
    for (guint i = 0; i < host->doc->sections->len; i++) {
        const VdSection *found = host->doc->sections->pdata[i];

        if (strcmp(found->id, id) == 0)
            return found;
    }
    fail_msg("no section %s", id);
    return NULL;
}

/* The value of a column in the row whose column key is key (NULL: the first row). */
static const char *value(Host *host, const char *id, const char *key, const char *column)
{
    const VdSection *found = section(host, id);
    guint number = G_MAXUINT;

    for (guint i = 0; i < found->n_columns; i++) {
        if (strcmp(found->columns[i].id, column) == 0)
            number = i;
    }
    assert_true(number < found->n_columns);
    for (guint i = 0; i < found->rows->len; i++) {
        char **row = found->rows->pdata[i];

        if (key == NULL || g_strcmp0(row[0], key) == 0)
            return row[number];
    }
    fail_msg("no row %s in %s", key, id);
    return NULL;
}

static void is(Host *host, const char *id, const char *key, const char *column, const char *wanted)
{
    const char *found = value(host, id, key, column);

    if (g_strcmp0(found, wanted) != 0)
        fail_msg("%s %s: '%s' where '%s' was expected", id, column, found, wanted);
}

/* ---- power ---- */

static void test_start_and_poweroff(void **state)
{
    Host *host = *state;

    refused(host, "db-01", vd_op_vm_start, VD_ERR_FAILED, "already running");
    must(host, "db-01", vd_op_vm_poweroff);
    assert_int_equal(state_of(host, "db-01"), VIR_DOMAIN_SHUTOFF);
    refused(host, "db-01", vd_op_vm_poweroff, VD_ERR_FAILED, "not running");
    assert_string_equal(host->error->message, "db-01 is not running.");
    must(host, "db-01", vd_op_vm_start);
    assert_int_equal(state_of(host, "db-01"), VIR_DOMAIN_RUNNING);
    assert_int_equal(state_of(host, "web-01"), VIR_DOMAIN_RUNNING);
}

static void test_shutdown(void **state)
{
    Host *host = *state;
    const char *said = NULL;

    must(host, "db-01", vd_op_vm_suspend);
    refused(host, "db-01", vd_op_vm_shutdown, VD_ERR_FAILED, "resume it first");
    assert_int_equal(state_of(host, "db-01"), VIR_DOMAIN_PAUSED);
    must(host, "db-01", vd_op_vm_resume);
    must(host, "web-01", vd_op_vm_reboot);
    assert_string_equal(vd_doc_outcome(host->doc, &said), "asked");
    must(host, "db-01", vd_op_vm_shutdown);
    assert_null(vd_doc_outcome(host->doc, &said)); /* this driver's guests obey at once */
    assert_int_equal(state_of(host, "db-01"), VIR_DOMAIN_SHUTOFF);
    refused(host, "db-01", vd_op_vm_shutdown, VD_ERR_FAILED, "not running");
    refused(host, "db-01", vd_op_vm_reboot, VD_ERR_FAILED, "not running");
    refused(host, "db-01", vd_op_vm_reset, VD_ERR_FAILED, "not running");
    refused(host, "db-01", vd_op_vm_suspend, VD_ERR_FAILED, "not running");
    refused(host, "db-01", vd_op_vm_resume, VD_ERR_FAILED, "not running");
    refused(host, "db-01", vd_op_vm_save, VD_ERR_FAILED, "not running");
}

static void test_pause(void **state)
{
    Host *host = *state;

    refused(host, "web-01", vd_op_vm_resume, VD_ERR_FAILED, "not paused");
    must(host, "web-01", vd_op_vm_suspend);
    assert_int_equal(state_of(host, "web-01"), VIR_DOMAIN_PAUSED);
    refused(host, "web-01", vd_op_vm_suspend, VD_ERR_FAILED, "already paused");
    refused(host, "web-01", vd_op_vm_start, VD_ERR_FAILED, "resume it instead");
    refused(host, "web-01", vd_op_vm_reboot, VD_ERR_FAILED, "paused");
    must(host, "web-01", vd_op_vm_resume);
    assert_int_equal(state_of(host, "web-01"), VIR_DOMAIN_RUNNING);
}

/* The test driver can hold a machine that put itself to sleep, but cannot wake it. */
static void test_asleep(void **state)
{
    Host *host = *state;

    assert_int_equal(state_of(host, "asleep"), VIR_DOMAIN_PMSUSPENDED);
    refused(host, "asleep", vd_op_vm_start, VD_ERR_FAILED, "sleeps");
    refused(host, "asleep", vd_op_vm_shutdown, VD_ERR_FAILED, "sleeps");
    refused(host, "asleep", vd_op_vm_resume, VD_ERR_UNSUPPORTED, "cannot do it");
    must(host, "asleep", vd_op_vm_poweroff);
    assert_int_equal(state_of(host, "asleep"), VIR_DOMAIN_SHUTOFF);
}

/* The test driver follows <on_reboot>, by which the request is seen to arrive. */
static void test_reboot(void **state)
{
    Host *host = *state;

    must(host, "web-01", vd_op_vm_reboot);
    assert_int_equal(state_of(host, "web-01"), VIR_DOMAIN_RUNNING);
    must(host, "db-01", vd_op_vm_reboot);
    assert_int_equal(state_of(host, "db-01"), VIR_DOMAIN_SHUTOFF);
}

static gboolean saved(Host *host, const char *name)
{
    virDomainPtr domain = virDomainLookupByName(host->conn, name);
    int has = virDomainHasManagedSaveImage(domain, 0);

    virDomainFree(domain);
    return has == 1;
}

static void test_save_and_restore(void **state)
{
    Host *host = *state;

    refused(host, "web-01", vd_op_vm_restore, VD_ERR_FAILED, "already running");
    must(host, "web-01", vd_op_vm_save);
    assert_int_equal(state_of(host, "web-01"), VIR_DOMAIN_SHUTOFF);
    assert_true(saved(host, "web-01"));
    must(host, "web-01", vd_op_vm_show);
    is(host, "general", NULL, "managed_save", "true");
    must(host, "web-01", vd_op_vm_restore);
    assert_int_equal(state_of(host, "web-01"), VIR_DOMAIN_RUNNING);
    assert_false(saved(host, "web-01"));
    must(host, "web-01", vd_op_vm_poweroff);
    refused(host, "web-01", vd_op_vm_restore, VD_ERR_NOT_FOUND, "no saved state");
    assert_int_equal(state_of(host, "web-01"), VIR_DOMAIN_SHUTOFF);
}

/* ---- definition ---- */

static int autostart(Host *host, const char *name)
{
    virDomainPtr domain = virDomainLookupByName(host->conn, name);
    int on = -1;

    assert_int_equal(virDomainGetAutostart(domain, &on), 0);
    virDomainFree(domain);
    return on;
}

static void test_autostart(void **state)
{
    Host *host = *state;

    vd_args_set(host->args, "state", "on");
    must(host, "db-01", vd_op_vm_autostart);
    assert_int_equal(autostart(host, "db-01"), 1);
    must(host, "db-01", vd_op_vm_autostart);
    assert_int_equal(autostart(host, "db-01"), 1);
    vd_args_set(host->args, "state", "off");
    must(host, "db-01", vd_op_vm_autostart);
    assert_int_equal(autostart(host, "db-01"), 0);
    vd_args_set(host->args, "state", "toggle");
    must(host, "db-01", vd_op_vm_autostart);
    assert_int_equal(autostart(host, "db-01"), 1);
    vd_args_set(host->args, "state", "perhaps");
    assert_false(run(host, "db-01", vd_op_vm_autostart));
    assert_int_equal(vd_error_code(host->error), VD_ERR_INVALID);
    assert_int_equal(autostart(host, "db-01"), 1);
    assert_int_equal(autostart(host, "web-01"), 0);
}

static void test_transient(void **state)
{
    Host *host = *state;
    virDomainPtr domain = virDomainCreateXML(
        host->conn,
        "<domain type='test'><name>guest</name><memory>8192</memory><os><type>hvm</type></os>"
        "</domain>",
        0);

    assert_non_null(domain);
    virDomainFree(domain);
    vd_args_set(host->args, "state", "on");
    refused(host, "guest", vd_op_vm_autostart, VD_ERR_UNSUPPORTED, "transient");
    refused(host, "guest", vd_op_vm_save, VD_ERR_UNSUPPORTED, "transient");
    must(host, "guest", vd_op_vm_show);
    is(host, "general", NULL, "persistent", "false");
    must(host, "guest", vd_op_vm_poweroff);
    assert_false(exists(host, "guest"));
}

static void test_rename(void **state)
{
    Host *host = *state;

    vd_args_set(host->args, "new-name", "db-02");
    refused(host, "db-01", vd_op_vm_rename, VD_ERR_FAILED, "power it off first");
    assert_true(exists(host, "db-01"));
    must(host, "db-01", vd_op_vm_poweroff);
    vd_args_set(host->args, "new-name", "web-01");
    assert_false(run(host, "db-01", vd_op_vm_rename));
    assert_int_equal(vd_error_code(host->error), VD_ERR_EXISTS);
    assert_non_null(strstr(host->error->message, "web-01 is in use"));
    vd_args_set(host->args, "new-name", "../escape");
    assert_false(run(host, "db-01", vd_op_vm_rename));
    assert_int_equal(vd_error_code(host->error), VD_ERR_INVALID);
    vd_args_set(host->args, "new-name", "db-01");
    refused(host, "db-01", vd_op_vm_rename, VD_ERR_INVALID, "already");
    vd_args_set(host->args, "new-name", NULL);
    refused(host, "db-01", vd_op_vm_rename, VD_ERR_INVALID, "missing");
    assert_true(exists(host, "db-01"));
    vd_args_set(host->args, "new-name", "db-02");
    must(host, "db-01", vd_op_vm_rename);
    assert_false(exists(host, "db-01"));
    assert_true(exists(host, "db-02"));
}

/* ---- delete ---- */

static void test_delete_keeps_volumes(void **state)
{
    Host *host = *state;

    refused(host, "db-01", vd_op_vm_delete, VD_ERR_FAILED, "power it off first");
    assert_true(exists(host, "db-01"));
    must(host, "db-01", vd_op_vm_save);
    must(host, "db-01", vd_op_vm_delete);
    assert_false(exists(host, "db-01"));
    assert_true(exists(host, "web-01"));
    assert_true(volume_exists(host, "/pool/own.qcow2"));
    assert_true(volume_exists(host, "/pool/second.qcow2"));
}

static void test_delete_with_snapshot(void **state)
{
    Host *host = *state;
    virDomainPtr domain = virDomainLookupByName(host->conn, "web-01");
    virDomainSnapshotPtr snapshot = virDomainSnapshotCreateXML(
        domain, "<domainsnapshot><name>before</name></domainsnapshot>", 0);

    assert_non_null(snapshot);
    virDomainSnapshotFree(snapshot);
    virDomainFree(domain);
    must(host, "web-01", vd_op_vm_show);
    is(host, "general", NULL, "snapshots", "1");
    must(host, "web-01", vd_op_vm_poweroff);
    must(host, "web-01", vd_op_vm_delete);
    assert_false(exists(host, "web-01"));
}

static void assert_kept(Host *host, const char *target, const char *why)
{
    const char *reason = value(host, "volumes", target, "reason");

    if (reason == NULL || strstr(reason, why) == NULL)
        fail_msg("%s: '%s' does not say '%s'", target, reason, why);
}

static void test_volumes(void **state)
{
    Host *host = *state;

    must(host, "db-01", vd_op_vm_volumes);
    assert_int_equal(section(host, "volumes")->rows->len, 10);
    is(host, "volumes", "vda", "path", "/pool/own.qcow2");
    is(host, "volumes", "vda", "pool", "default");
    is(host, "volumes", "vda", "size", "5368709120");
    is(host, "volumes", "vda", "allocated", "1048576");
    is(host, "volumes", "vda", "remove", "true");
    assert_null(value(host, "volumes", "vda", "reason"));
    is(host, "volumes", "vdb", "path", "/pool/second.qcow2");
    is(host, "volumes", "vdb", "remove", "true");
    assert_kept(host, "vdc", "overlay.qcow2 stands on it");
    is(host, "volumes", "vdc", "remove", "false");
    assert_kept(host, "vdd", "used by web-01");
    assert_kept(host, "vde", "under a disk of web-01");
    assert_kept(host, "vdf", "read-only");
    assert_kept(host, "vdg", "shared");
    assert_kept(host, "vdh", "in no storage pool");
    assert_kept(host, "hdc", "CD-ROM");
    assert_kept(host, "share", "a folder of the host");
    assert_true(volume_exists(host, "/pool/own.qcow2"));
}

static void test_delete_with_volumes(void **state)
{
    static const char *const kept[] = {"base.qcow2",  "overlay.qcow2",  "common.qcow2",
                                       "chain.qcow2", "readonly.qcow2", "cluster.raw",
                                       "install.iso"};
    Host *host = *state;

    vd_args_set(host->args, "volumes", "true");
    refused(host, "db-01", vd_op_vm_delete, VD_ERR_FAILED, "power it off first");
    assert_true(volume_exists(host, "/pool/own.qcow2"));
    must(host, "db-01", vd_op_vm_poweroff);
    must(host, "db-01", vd_op_vm_delete);
    assert_false(exists(host, "db-01"));
    assert_false(volume_exists(host, "/pool/own.qcow2"));
    assert_false(volume_exists(host, "/pool/second.qcow2"));
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autofree char *path = g_strdup_printf("/pool/%s", kept[i]);

        assert_true(volume_exists(host, path));
    }
    is(host, "volumes", "vda", "removed", "true");
    is(host, "volumes", "vdd", "removed", "false");
    assert_kept(host, "vdd", "used by web-01");
}

/* ---- questions ---- */

static void test_show(void **state)
{
    Host *host = *state;

    must(host, "web-01", vd_op_vm_poweroff);
    must(host, "web-01", vd_op_vm_start);
    must(host, "web-01", vd_op_vm_show);
    is(host, "general", NULL, "name", "web-01");
    is(host, "general", NULL, "uuid", "33333333-0000-4000-8000-000000000001");
    is(host, "general", NULL, "title", "front of the house");
    is(host, "general", NULL, "state", "running");
    is(host, "general", NULL, "reason", "booted");
    is(host, "general", NULL, "vcpus", "1");
    is(host, "general", NULL, "vcpus_max", "4");
    is(host, "general", NULL, "memory", "1073741824");
    is(host, "general", NULL, "memory_max", "2147483648");
    is(host, "general", NULL, "boot", "network, hd");
    is(host, "general", NULL, "firmware", "BIOS");
    assert_null(value(host, "general", NULL, "image"));
    is(host, "disks", "vda", "source", "/pool/common.qcow2");
    is(host, "disks", "vda", "format", "qcow2");
    is(host, "disks", "vda", "capacity", "1073741824");
    is(host, "disks", "vdb", "backing", "/pool/chain.qcow2");
    is(host, "interfaces", NULL, "mac", "52:54:00:00:00:01");
    is(host, "interfaces", NULL, "source", "default");
    assert_true(g_str_has_prefix(value(host, "interfaces", NULL, "address"), "192.168.122."));
    is(host, "graphics", NULL, "port", "5901");
    is(host, "consoles", NULL, "kind", "serial");
}

static void test_show_deployed(void **state)
{
    Host *host = *state;

    must(host, "db-01", vd_op_vm_poweroff);
    must(host, "db-01", vd_op_vm_show);
    is(host, "general", NULL, "state", "off");
    is(host, "general", NULL, "reason", "powered off");
    assert_null(value(host, "general", NULL, "id"));
    is(host, "general", NULL, "firmware", "UEFI");
    is(host, "general", NULL, "image", "debian-12");
    is(host, "general", NULL, "author", "root");
    is(host, "general", NULL, "request", "r-7K2M9Q");
    is(host, "general", NULL, "boot", "52:54:00:00:00:02, vda");
    is(host, "disks", "vdf", "readonly", "true");
}

static void test_xml(void **state)
{
    Host *host = *state;
    virDomainPtr domain = virDomainLookupByName(host->conn, "web-01");
    char *xml = virDomainGetXMLDesc(domain, 0);

    must(host, "web-01", vd_op_vm_xml);
    is(host, "xml", NULL, "text", xml);
    free(xml);
    virDomainFree(domain);
}

static void test_host(void **state)
{
    Host *host = *state;

    must(host, NULL, vd_op_host_show);
    is(host, "host", NULL, "type", "TEST");
    is(host, "host", NULL, "cpus", "8");
    is(host, "host", NULL, "memory", "17179869184");
    is(host, "host", NULL, "running", "3");
    is(host, "host", NULL, "off", "0");
    is(host, "host", NULL, "pools", "1");
    is(host, "host", NULL, "networks", "2");
    assert_non_null(value(host, "host", NULL, "libvirt"));
    must(host, "db-01", vd_op_vm_poweroff);
    must(host, NULL, vd_op_host_show);
    is(host, "host", NULL, "off", "1");
}

static void test_pools(void **state)
{
    Host *host = *state;
    virStoragePoolPtr pool = virStoragePoolLookupByName(host->conn, "default");

    must(host, NULL, vd_op_host_pools);
    is(host, "pools", "default", "state", "active");
    is(host, "pools", "default", "path", "/pool");
    is(host, "pools", "default", "capacity", "107374182400");
    assert_int_equal(virStoragePoolDestroy(pool), 0);
    virStoragePoolFree(pool);
    must(host, NULL, vd_op_host_pools);
    is(host, "pools", "default", "state", "inactive");
    assert_null(value(host, "pools", "default", "available"));
    /* What is kept for root, or is not there at all, is no room for a machine: /proc has none,
     * though the driver has told of 100 GiB. */
    pool = virStoragePoolCreateXML(host->conn,
                                   "<pool type='dir'><name>full</name><target><path>/proc</path>"
                                   "</target></pool>",
                                   0);
    assert_non_null(pool);
    must(host, NULL, vd_op_host_pools);
    is(host, "pools", "full", "available", "0");
    assert_int_equal(virStoragePoolDestroy(pool), 0);
    virStoragePoolFree(pool);
}

static void test_networks(void **state)
{
    Host *host = *state;

    must(host, NULL, vd_op_host_networks);
    assert_int_equal(section(host, "networks")->rows->len, 2);
    is(host, "networks", "default", "mode", "nat");
    is(host, "networks", "default", "bridge", "virbr0");
    is(host, "networks", "default", "subnet", "192.168.122.1/24");
    is(host, "networks", "default", "dhcp", "true");
    is(host, "networks", "lonely", "mode", "isolated");
    is(host, "networks", "lonely", "subnet", "2001:db8::1/64");
    is(host, "networks", "lonely", "state", "active");
}

/* A machine that went away between the look and the act: libvirt's words are kept as detail. */
static void test_gone(void **state)
{
    Host *host = *state;
    virDomainPtr domain = virDomainLookupByName(host->conn, "db-01");
    VdVirtCall call = {.conn = host->conn, .domain = domain, .args = host->args};

    assert_int_equal(virDomainDestroy(domain), 0);
    assert_int_equal(virDomainUndefine(domain), 0);
    assert_false(vd_op_vm_start(&call, &host->error));
    assert_int_equal(vd_error_code(host->error), VD_ERR_NOT_FOUND);
    assert_non_null(vd_error_detail(host->error));
    /* In words of ours, with the library's apart. */
    assert_true(g_str_has_suffix(host->error->message, ": it is not there any more"));
    assert_non_null(strstr(host->error->message, "db-01"));
    virDomainFree(domain);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, open_host, close_host)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_start_and_poweroff),
        CASE(test_shutdown),
        CASE(test_pause),
        CASE(test_asleep),
        CASE(test_reboot),
        CASE(test_save_and_restore),
        CASE(test_autostart),
        CASE(test_transient),
        CASE(test_rename),
        CASE(test_delete_keeps_volumes),
        CASE(test_delete_with_snapshot),
        CASE(test_volumes),
        CASE(test_delete_with_volumes),
        CASE(test_show),
        CASE(test_show_deployed),
        CASE(test_xml),
        CASE(test_host),
        CASE(test_pools),
        CASE(test_networks),
        CASE(test_gone),
    };

    return cmocka_run_group_tests_name("operations", tests, NULL, NULL);
}
