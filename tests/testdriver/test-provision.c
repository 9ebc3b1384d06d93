/* Provisioning for runners on libvirt's test driver, and the documents that it writes: whatever a
 * name or title holds stays inside its element. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <poll.h>

#include "src/base/error.h"
#include "src/base/patience.h"
#include "src/virt/lines.h"
#include "src/virt/provision-private.h"
#include "src/virt/uri.h"

#define URI  "test:///default"
#define UUID "2ab5a1d2-3c44-4d55-8e66-77f8a9b0c1d2"
#define GIB  (G_GUINT64_CONSTANT(1) << 30)

static VdVmPlan some_plan(void)
{
    return (VdVmPlan){
        .name = "db-07",
        .uuid = UUID,
        .title = "A <b>&\"title\"</b>",
        .disk = "/default-pool/db & co.qcow2",
        .disk_format = "qcow2",
        .network_kind = "network",
        .network = "default",
        .mac = "52:54:00:12:34:56",
        .vcpus = 3,
        .memory = 2 * GIB,
        .arch = "x86_64",
        .request = "r-7K2M9Q",
        .image = "debian-12",
        .author = "anna",
        .system = "http://debian.org/debian/12",
    };
}

static xmlDocPtr plan_doc(const VdVmPlan *plan, const VdVmTarget *target)
{
    g_autofree char *xml = vd_vm_plan_xml(plan, target);
    xmlDocPtr doc = vd_xml_parse(xml, "domain", NULL);

    assert_non_null(doc);
    return doc;
}

static void holds(xmlDocPtr doc, const char *xpath, const char *text)
{
    g_autofree char *found = vd_xpath_text(doc, xpath);

    if (g_strcmp0(found, text) != 0)
        fail_msg("%s is “%s”, not “%s”", xpath, found ? found : "missing", text ? text : "missing");
}

static void test_machine_document(void **state)
{
    VdVmPlan plan = some_plan();
    VdVmTarget target = {.type = "qemu", .arch = "x86_64", .machine = "q35", .cpu = "maximum"};
    g_autoptr(xmlDoc) doc = plan_doc(&plan, &target);

    (void)state;
    holds(doc, "/domain/@type", "qemu");
    holds(doc, "/domain/title", "A <b>&\"title\"</b>");
    holds(doc, "/domain/uuid", UUID);
    holds(doc, "/domain/memory", "2097152");
    holds(doc, "/domain/vcpu", "3");
    holds(doc, "/domain/os/type/@machine", "q35");
    holds(doc, "/domain/cpu/@mode", "maximum");
    holds(doc, "/domain/devices/controller[1]/@model", "pcie-root");
    holds(doc, "/domain/devices/controller[@index='14']/@model", "pcie-root-port");
    holds(doc, "/domain/devices/disk/source/@file", "/default-pool/db & co.qcow2");
    holds(doc, "/domain/devices/disk/driver/@type", "qcow2");
    holds(doc, "/domain/devices/interface/mac/@address", "52:54:00:12:34:56");
    holds(doc, "/domain/devices/console/target/@type", "serial");
    holds(doc, "/domain/devices/video/model/@type", "vga");
    holds(doc, "/domain/devices/channel/target/@name", "org.qemu.guest_agent.0");
    holds(doc, "/domain/metadata/*[local-name()='machine']/*[local-name()='request']", "r-7K2M9Q");
    holds(doc, "/domain/metadata/*[local-name()='machine']/*[local-name()='author']", "anna");
    holds(doc, "/domain/metadata/*[namespace-uri()='urn:vmdeck:machine:1']/*[3]", "anna");
    holds(doc,
          "/domain/metadata/*[namespace-uri()='http://libosinfo.org/xmlns/libvirt/domain/1.0' and "
          "local-name()='libosinfo']/*[local-name()='os']/@id",
          "http://debian.org/debian/12");
}

static void test_machine_on_a_device(void **state)
{
    VdVmPlan plan = some_plan();
    VdVmTarget target = {.type = "qemu", .arch = "x86_64", .machine = "q35"};
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *volume = NULL, *file = NULL;

    (void)state;
    plan.disk = "/dev/vg/db-07.raw";
    plan.disk_format = "raw";
    doc = plan_doc(&plan, &target);
    volume = vd_volume_raw_xml("db-07.raw", GIB, FALSE, FALSE);
    file = vd_volume_raw_xml("db-07.raw", GIB, TRUE, FALSE);
    assert_null(strstr(volume, "allocation"));
    assert_non_null(strstr(file, "<allocation unit=\"bytes\">0<"));
    holds(doc, "/domain/devices/disk/@type", "block");
    holds(doc, "/domain/devices/disk/source/@dev", "/dev/vg/db-07.raw");
    holds(doc, "/domain/devices/disk/driver/@type", "raw");
}

static void test_machine_with_kvm_or_its_own_network(void **state)
{
    VdVmPlan plan = some_plan();
    VdVmTarget kvm = {.type = "kvm", .arch = "x86_64", .machine = "q35", .cpu = "host-passthrough"};
    VdVmTarget arm = {.type = "qemu", .arch = "aarch64", .machine = "virt"};
    g_autoptr(xmlDoc) on_kvm = plan_doc(&plan, &kvm);
    g_autoptr(xmlDoc) on_arm = NULL;

    (void)state;
    holds(on_kvm, "/domain/@type", "kvm");
    holds(on_kvm, "/domain/cpu/@mode", "host-passthrough");
    holds(on_kvm, "/domain/cpu/feature/@name", NULL);
    plan.network_kind = "user";
    plan.title = NULL;
    on_arm = plan_doc(&plan, &arm);
    holds(on_arm, "/domain/os/@firmware", "efi");
    holds(on_arm, "/domain/features/apic", NULL);
    holds(on_arm, "/domain/devices/interface/source/@network", NULL);
    holds(on_arm, "/domain/title", NULL);
    holds(on_arm, "/domain/devices/interface/@type", "user");
}

/* A disk in ceph has the monitors and the user of its pool, and never the key. */
static void test_rbd_document(void **state)
{
    VdVmPlan plan = some_plan();
    VdVmTarget target = {.type = "qemu", .arch = "x86_64", .machine = "q35"};
    g_autoptr(xmlDoc) doc = NULL;
    VdRbd rbd = {0}, none = {0};

    (void)state;
    assert_true(vd_rbd_read(
        "<pool type='rbd' xmlns:rbd='http://libvirt.org/schemas/storagepool/rbd/1.0'>"
        "<name>p</name><source><name>vms</name><host name='a' port='6789'/><host name='b &amp; c'/>"
        "<auth type='ceph' username='libvirt'><secret usage='client.libvirt'/></auth></source>"
        "<rbd:config_opts><rbd:option name='o' value='v'/></rbd:config_opts></pool>",
        &rbd));
    assert_string_equal(rbd.pool, "vms");
    assert_string_equal(rbd.values[0], "v");
    assert_false(vd_rbd_read("<pool type='dir'><source><name>vms</name></source></pool>", &none));
    vd_rbd_clear(&none);
    rbd.key = g_strdup("c2VjcmV0");
    plan.rbd = &rbd;
    plan.disk = "vms/db & co.raw";
    plan.disk_format = "raw";
    plan.base = "vms/vmdeck-base";
    doc = plan_doc(&plan, &target);
    holds(doc, "/domain/devices/disk/@type", "network");
    holds(doc, "/domain/devices/disk/source/@protocol", "rbd");
    holds(doc, "/domain/devices/disk/source/@name", "vms/db & co.raw");
    holds(doc, "/domain/devices/disk/source/host[1]/@port", "6789");
    holds(doc, "/domain/devices/disk/source/host[2]/@name", "b & c");
    holds(doc, "/domain/devices/disk/source/host[2]/@port", NULL);
    holds(doc, "/domain/devices/disk/source/auth/@username", "libvirt");
    holds(doc, "/domain/devices/disk/source/auth/secret/@usage", "client.libvirt");
    holds(doc, VD_METADATA_BASE, "vms/vmdeck-base");
    assert_false(vd_xpath_has(doc, "//@* | //*", "c2VjcmV0"));
    vd_rbd_clear(&rbd);
}

static void test_installer_document(void **state)
{
    VdVmPlan plan = some_plan();
    VdVmTarget target = {.type = "qemu", .arch = "x86_64", .machine = "q35"};
    g_autofree char *text = NULL, *again = NULL, *after = NULL;
    g_autoptr(xmlDoc) doc = NULL;
    g_autoptr(xmlDoc) second = NULL;
    g_autoptr(xmlDoc) last = NULL;

    (void)state;
    plan.kernel = "/default-pool/k";
    plan.initrd = "/default-pool/i & j";
    plan.kernel_line = "auto=true x=<y>";
    plan.cdrom = "/iso/a.iso";
    text = vd_vm_plan_xml(&plan, &target);
    doc = vd_xml_parse(text, "domain", NULL);
    holds(doc, "/domain/os/kernel", "/default-pool/k");
    holds(doc, "/domain/os/initrd", "/default-pool/i & j");
    holds(doc, "/domain/os/cmdline", "auto=true x=<y>");
    holds(doc, "/domain/on_reboot", "destroy");
    holds(doc, "/domain/devices/disk[@device='cdrom']/source/@file", "/iso/a.iso");
    again = vd_vm_from_disk_xml(text, TRUE);
    second = vd_xml_parse(again, "domain", NULL);
    holds(second, "/domain/os/kernel", NULL);
    holds(second, "/domain/on_reboot", "destroy");
    holds(second, "/domain/devices/disk[@device='cdrom']/source/@file", "/iso/a.iso");
    after = vd_vm_from_disk_xml(text, FALSE);
    last = vd_xml_parse(after, "domain", NULL);
    holds(last, "/domain/os/kernel", NULL);
    holds(last, "/domain/os/initrd", NULL);
    holds(last, "/domain/os/cmdline", NULL);
    holds(last, "/domain/os/boot/@dev", "hd");
    holds(last, "/domain/on_reboot", "restart");
    holds(last, "/domain/devices/disk[@device='cdrom']", NULL);
    holds(last, "/domain/devices/disk/source/@file", "/default-pool/db & co.qcow2");
    holds(last, "/domain/title", "A <b>&\"title\"</b>");
    assert_null(vd_vm_from_disk_xml("<volume/>", FALSE));
}

static void test_volume_documents(void **state)
{
    g_autofree char *overlay = vd_volume_xml("a<b>.qcow2", 5 * GIB, "/images/x & y.raw", "raw");
    g_autofree char *empty = vd_volume_xml("a.qcow2", 5 * GIB, NULL, NULL);
    g_autoptr(xmlDoc) one = vd_xml_parse(overlay, "volume", NULL);
    g_autoptr(xmlDoc) two = vd_xml_parse(empty, "volume", NULL);

    (void)state;
    holds(one, "/volume/name", "a<b>.qcow2");
    holds(one, "/volume/capacity", "5368709120");
    holds(one, "/volume/target/format/@type", "qcow2");
    holds(one, "/volume/target/compat", "1.1");
    holds(one, "/volume/backingStore/path", "/images/x & y.raw");
    holds(one, "/volume/backingStore/format/@type", "raw");
    holds(two, "/volume/backingStore", NULL);
}

static VdConn *open_test(void)
{
    g_autoptr(GError) error = NULL;
    VdConn *conn = vd_conn_open(URI, "r-7K2M9Q", NULL, &error);

    if (!conn)
        fail_msg("%s", error->message);
    return conn;
}

static void test_machines_come_and_go(void **state)
{
    g_autoptr(VdConn) conn = open_test();
    VdVmPlan plan = some_plan();
    g_autofree char *uuid = NULL, *again = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(vd_conn_is_local(conn));
    assert_false(vd_conn_vm_exists(conn, "db-07"));
    if (!vd_conn_vm_define(conn, &plan, &uuid, &error))
        fail_msg("%s | %s", error->message, vd_error_detail(error));
    assert_string_equal(uuid, UUID);
    assert_true(vd_conn_vm_exists(conn, "db-07"));
    assert_false(vd_conn_vm_running(conn, UUID));
    /* The name is taken now, and the machine that has it stays as it is. */
    plan.uuid = "3ab5a1d2-3c44-4d55-8e66-77f8a9b0c1d3";
    assert_false(vd_conn_vm_define(conn, &plan, &again, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_EXISTS);
    assert_non_null(strstr(error->message, "db-07"));
    assert_true(vd_conn_vm_start(conn, UUID, NULL));
    assert_true(vd_conn_vm_running(conn, UUID));
    assert_true(vd_conn_vm_autostart(conn, UUID, NULL));
    assert_true(vd_conn_vm_remove(conn, UUID, NULL));
    assert_false(vd_conn_vm_exists(conn, "db-07"));
    assert_true(vd_conn_vm_remove(conn, UUID, NULL));
    assert_true(vd_conn_vm_exists(conn, "test"));
}

static void address_is(VdConn *conn, const char *network, const char *address, const char *words)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = vd_conn_address_check(conn, network, address, &error);

    if (ok == (words != NULL) || (words && !strstr(error->message, words)))
        fail_msg("%s: %s", address, error ? error->message : "taken for good");
}

static void test_addresses(void **state)
{
    g_autoptr(VdConn) conn = vd_conn_open(URI, NULL, NULL, NULL);
    VdVmPlan plan = some_plan();
    g_autofree char *uuid = NULL;

    (void)state;
    assert_non_null(conn);
    assert_true(vd_conn_is_alive(conn));
    address_is(conn, "default", "192.168.122.7/24", NULL);
    address_is(conn, NULL, "192.168.122.7", NULL);
    address_is(conn, "default", "192.168.122.1/24", "the host's own address");
    address_is(conn, "default", "10.0.0.5/24",
               "outside the network default, which is 192.168.122.0/24");
    address_is(conn, "default", "192.168.122.7/16", "give 192.168.122.7/24");
    address_is(conn, "default", "fd00::5/64",
               "outside the network default, which is 192.168.122.0/24");
    address_is(conn, "user", "10.0.0.5/24", NULL);
    plan.address = "192.168.122.7/24";
    assert_true(vd_conn_vm_define(conn, &plan, &uuid, NULL));
    address_is(conn, "default", "192.168.122.7/24", "db-07 has it");
    address_is(conn, "default", "192.168.122.8/24", NULL);
    assert_true(vd_conn_vm_remove(conn, uuid, NULL));
    address_is(conn, "default", "192.168.122.7/24", NULL);
}

static void define_network(VdConn *conn, const char *name, const char *ip)
{
    g_autofree char *xml =
        g_strdup_printf("<network><name>%s</name><bridge name='v%s'/>%s</network>", name, name, ip);
    g_autoptr(virNetwork) network = virNetworkDefineXML(conn->conn, xml);

    assert_non_null(network);
}

/* Where DHCP gives all that there are, a machine may have any that is free. */
static void test_addresses_of_dhcp(void **state)
{
    g_autoptr(VdConn) conn = open_test();

    (void)state;
    define_network(conn, "part",
                   "<ip address='10.1.0.1' prefix='16'><dhcp><range start='10.1.4.0' "
                   "end='10.1.4.255'/><range start='10.1.5.7' end='10.1.5.9'/></dhcp></ip>"
                   "<ip family='ipv6' address='fd00:1::1' prefix='64'><dhcp><range "
                   "start='fd00:1::100' end='fd00:1::1ff'/></dhcp></ip>");
    address_is(conn, "part", "10.1.3.255/16", NULL);
    address_is(conn, "part", "10.1.4.0/16", "by DHCP (10.1.4.0 to 10.1.4.255)");
    address_is(conn, "part", "10.1.5.9/16", "by DHCP (10.1.5.7 to 10.1.5.9)");
    address_is(conn, "part", "10.1.5.10/16", NULL);
    address_is(conn, "part", "fd00:1::fe/64", NULL);
    address_is(conn, "part", "fd00:1::1ab/64", "by DHCP");
    address_is(conn, "part", "fd00:1::fe/48", "give fd00:1::fe/64");
    address_is(conn, "default", "192.168.122.254/24", NULL);
}

static void test_volumes_come_and_go(void **state)
{
    g_autoptr(VdConn) conn = open_test();
    g_autofree char *path = NULL, *none = NULL;
    g_auto(GStrv) users = NULL;
    g_autoptr(GError) error = NULL;
    VdPool pool = {0};

    (void)state;
    assert_true(vd_conn_pool_ensure(conn, "default-pool", &pool, NULL));
    assert_true(pool.active);
    assert_true(pool.available > GIB);
    assert_string_equal(pool.path, "/default-pool");
    vd_pool_clear(&pool);
    assert_true(vd_conn_volume_create(conn, "default-pool", "a.qcow2", GIB, &path, NULL));
    assert_string_equal(path, "/default-pool/a.qcow2");
    assert_true(vd_conn_volume_exists(conn, "default-pool", "a.qcow2"));
    assert_false(vd_conn_volume_create(conn, "default-pool", "a.qcow2", GIB, &none, &error));
    assert_true(vd_conn_volume_delete(conn, "default-pool", "a.qcow2", NULL));
    assert_false(vd_conn_volume_exists(conn, "default-pool", "a.qcow2"));
    assert_true(vd_conn_volume_delete(conn, "default-pool", "a.qcow2", NULL));
    assert_true(vd_conn_volume_delete(conn, "no-pool", "a.qcow2", NULL));
    users = vd_conn_file_users(conn, "/images/x.qcow2", NULL);
    assert_non_null(users);
    assert_null(users[0]);
}

/* What cannot be fetched is told with what to do. */
static void test_layers(void **state)
{
    g_autoptr(VdConn) conn = open_test();
    g_autoptr(GPtrArray) layers = NULL, none = NULL;
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    const VdLayer *layer;

    (void)state;
    assert_true(vd_conn_volume_create(conn, "default-pool", "a.qcow2", GIB, &path, NULL));
    layers = vd_conn_layers(conn, path, "qcow2", NULL);
    assert_non_null(layers);
    assert_int_equal(layers->len, 1);
    layer = g_ptr_array_index(layers, 0);
    assert_string_equal(layer->pool, "default-pool");
    assert_string_equal(layer->name, "a.qcow2");
    assert_true(vd_conn_layer_same(conn, layer));
    none = vd_conn_layers(conn, "/srv/loose/b.raw", "raw", &error);
    assert_null(none);
    assert_int_equal(vd_error_code(error), VD_ERR_UNSUPPORTED);
    assert_non_null(strstr(error->message, "pool-create-as NAME dir --target /srv/loose)"));
    g_clear_error(&error);
    none = vd_conn_layers(conn, path, "vmdk", &error);
    assert_null(none);
    assert_non_null(strstr(error->message, "is vmdk, and only qcow2 and raw"));
}

static void test_file_in_use(void **state)
{
    g_autoptr(VdConn) conn = open_test();
    VdVmPlan plan = some_plan();
    g_autofree char *uuid = NULL, *other = NULL;
    g_auto(GStrv) users = NULL;

    (void)state;
    assert_true(vd_conn_vm_define(conn, &plan, &uuid, NULL));
    plan.name = "db-08";
    plan.uuid = NULL;
    assert_true(vd_conn_vm_define(conn, &plan, &other, NULL));
    users = vd_conn_file_users(conn, plan.disk, NULL);
    assert_int_equal(g_strv_length(users), 2);
    assert_true(g_strv_contains((const char *const *)users, "db-07"));
    assert_true(g_strv_contains((const char *const *)users, "db-08"));
    assert_true(vd_conn_vm_remove(conn, UUID, NULL));
}

static void test_what_is_not_there(void **state)
{
    g_autoptr(VdConn) conn = open_test();
    g_autoptr(GError) error = NULL;
    g_autofree char *kind = NULL;
    VdPool pool = {0};

    (void)state;
    assert_false(vd_conn_pool_look(conn, "fast", &pool, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    assert_non_null(strstr(error->message, "no storage pool “fast”; it has: default-pool"));
    g_clear_error(&error);
    assert_false(vd_conn_network_ensure(conn, "lan", &kind, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    assert_non_null(strstr(error->message, "no network “lan”; it has: default"));
    g_clear_error(&error);
    assert_true(vd_conn_network_ensure(conn, NULL, &kind, NULL));
    assert_string_equal(kind, "network");
    g_clear_pointer(&kind, g_free);
    assert_true(vd_conn_network_ensure(conn, "user", &kind, NULL));
    assert_string_equal(kind, "user");
    assert_false(vd_conn_vm_start(conn, UUID, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
    assert_true(vd_conn_runs_machines(conn, FALSE, NULL));
    assert_false(vd_conn_runs_machines(conn, TRUE, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNSUPPORTED);
    assert_non_null(strstr(error->message, "test driver"));
    g_clear_error(&error);
    assert_null(vd_conn_open("qemu+unix:///system?socket=/nonexistent", NULL, NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNREACHABLE);
}

/* A host whose socket takes connections, and of which we say what it answers. */
typedef struct {
    int fd;
    char *folder, *path, *uri;
} Mute;

static void mute_open(Mute *mute)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    mute->folder = g_dir_make_tmp("mute-XXXXXX", NULL);
    mute->path = g_build_filename(mute->folder, "s", NULL);
    mute->uri = g_strdup_printf("qemu+unix:///system?socket=%s", mute->path);
    mute->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_strlcpy(address.sun_path, mute->path, sizeof address.sun_path);
    assert_true(mute->fd >= 0);
    assert_int_equal(bind(mute->fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(mute->fd, 8), 0);
}

static void mute_close(Mute *mute)
{
    close(mute->fd);
    unlink(mute->path);
    rmdir(mute->folder);
    g_free(mute->uri);
    g_free(mute->path);
    g_free(mute->folder);
}

/* Somebody knocks at the mute socket. */
static gboolean knocks(int fd, int timeout_ms)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, timeout_ms) == 1;
}

typedef struct {
    int fd;
    GCancellable *cancel;
} Impatient;

static gpointer cancel_at_knock(gpointer data)
{
    const Impatient *person = data;
    (void)knocks(person->fd, 60000);
    g_cancellable_cancel(person->cancel);
    return NULL;
}

/* Neither the time that was given nor the word of a person is waited out. */
static void test_mute_host(void **state)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    GThread *thread;
    Mute mute;

    (void)state;
    mute_open(&mute);
    vd_patience_set(1);
    assert_null(vd_conn_open(mute.uri, NULL, cancel, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNREACHABLE);
    assert_non_null(strstr(error->message, "no answer within 1 second"));
    g_clear_error(&error);
    vd_patience_set(3600);
    while (knocks(mute.fd, 0)) /* those that were given up */
        close(accept(mute.fd, NULL, NULL));
    Impatient person = {mute.fd, cancel};
    thread = g_thread_new("cancel", cancel_at_knock, &person);
    assert_null(vd_conn_open(mute.uri, NULL, cancel, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_CANCELLED);
    g_clear_error(&error);
    g_thread_join(thread);
    assert_null(vd_conn_open(mute.uri, NULL, cancel, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_CANCELLED);
    vd_patience_set(0);
    mute_close(&mute);
}

static gpointer hang_up(gpointer data)
{
    int fd = GPOINTER_TO_INT(data), one;
    char asked[4096];

    /* Who only looks whether anybody is there gets a byte. */
    for (int n = 0; (one = accept(fd, NULL, NULL)) >= 0; n++) {
        gssize got = read(one, asked, sizeof asked);
        if (n == 0 && got > 0 && write(one, "x", 1) == 1)
            got = read(one, asked, sizeof asked);
        close(one);
    }
    return NULL;
}

/* A daemon that goes away in the middle of a call: not in libvirt's words. */
static void test_hung_up(void **state)
{
    g_autoptr(GError) error = NULL;
    GThread *thread;
    Mute mute;

    (void)state;
    mute_open(&mute);
    thread = g_thread_new("hang up", hang_up, GINT_TO_POINTER(mute.fd));
    assert_null(vd_conn_open(mute.uri, NULL, NULL, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNREACHABLE);
    if (!g_str_has_suffix(error->message, ": the connection broke"))
        fail_msg("“%s” (%s)", error->message, vd_error_detail(error));
    shutdown(mute.fd, SHUT_RDWR);
    g_thread_join(thread);
    mute_close(&mute);
}

static void test_which_hosts_are_here(void **state)
{
    (void)state;
    assert_true(vd_uri_is_here("qemu:///system"));
    assert_true(vd_uri_is_here("qemu:///session"));
    assert_true(vd_uri_is_here("qemu+unix:///system?socket=/run/x"));
    assert_false(vd_uri_is_here("qemu+unix:///system?socket=/srv/forwarded/libvirt-sock"));
    assert_true(vd_uri_is_here("test:///a+b"));
    assert_false(vd_uri_is_here("qemu+ssh://kvm2/system"));
    assert_false(vd_uri_is_here("qemu+tcp:///system"));
    assert_false(vd_uri_is_here("qemu://kvm2/system"));
}

/* ---- lines of a console ---- */

static gboolean gather(const char *line, gpointer data)
{
    g_string_append_printf(data, "[%s]", line);
    return !g_str_equal(line, "stop");
}

/* What bytes give, fed in pieces of this many. */
static void lines_are(const char *bytes, gsize piece, const char *expected)
{
    g_autoptr(VdLines) lines = vd_lines_new();
    g_autoptr(GString) text = g_string_new(NULL);
    gsize length = strlen(bytes);

    for (gsize at = 0; at < length; at += piece)
        vd_lines_feed(lines, bytes + at, MIN(piece, length - at), gather, text);
    vd_lines_flush(lines, gather, text);
    assert_string_equal(text->str, expected);
}

static void test_lines(void **state)
{
    (void)state;
    for (gsize piece = 1; piece < 40; piece++) {
        lines_are("one\r\ntwo\n\nlogin: ", piece, "[one][two][][login: ]");
        lines_are("\x1b[0;32mok\x1b[0m \x1b(Bdone\n", piece, "[ok done]");
        lines_are("Starting \x1b[0;1;39msystemd-udev-trig…[0m - Coldplug\n", piece,
                  "[Starting systemd-udev-trig… - Coldplug]");
        lines_are("\x1b]0;title\x07"
                  "a\x1b]8;;x\x1b\\b\n",
                  piece, "[ab]");
        lines_are("a\x1b[31\nb\n", piece, "[a][b]");
        lines_are("\x1bPq#0~\x1b\\x\ttab\n", piece, "[x tab]");
    }
}

static void test_lines_are_bounded(void **state)
{
    g_autoptr(VdLines) lines = vd_lines_new();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *flood = g_strnfill(100000, 'x');

    (void)state;
    assert_true(vd_lines_feed(lines, flood, 100000, gather, text));
    assert_true(text->len > 1000);
    g_string_truncate(text, 0);
    assert_false(vd_lines_feed(lines, "\nstop\nmore\n", 11, gather, text));
    assert_null(strstr(text->str, "more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine_document),
        cmocka_unit_test(test_machine_on_a_device),
        cmocka_unit_test(test_machine_with_kvm_or_its_own_network),
        cmocka_unit_test(test_rbd_document),
        cmocka_unit_test(test_installer_document),
        cmocka_unit_test(test_volume_documents),
        cmocka_unit_test(test_machines_come_and_go),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_addresses_of_dhcp),
        cmocka_unit_test(test_volumes_come_and_go),
        cmocka_unit_test(test_layers),
        cmocka_unit_test(test_file_in_use),
        cmocka_unit_test(test_what_is_not_there),
        cmocka_unit_test(test_mute_host),
        cmocka_unit_test(test_hung_up),
        cmocka_unit_test(test_which_hosts_are_here),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
