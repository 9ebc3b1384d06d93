/* Domain XML as it is, and as an enemy would write it. Under the sanitizers a read past an end or a
 * leak fails the run; here the results and the bounds are checked. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "src/base/error.h"
#include "src/virt/domxml.h"
#include "src/virt/xml.h"

static VdDomXml *parse(const char *xml)
{
    g_autoptr(GError) error = NULL;
    VdDomXml *dom = vd_domxml_parse(xml, &error);

    if (dom == NULL)
        fail_msg("not parsed: %s", error->message);
    return dom;
}

static void refused(const char *xml)
{
    g_autoptr(GError) error = NULL;

    assert_null(vd_domxml_parse(xml, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_DAMAGED);
}

static const char whole[] =
    "<domain type='kvm' id='7'>"
    " <name>db &lt;1&gt; &amp; \xe6\x97\xa5\xe6\x9c\xac</name>"
    " <uuid>c7a5fdbd-cdaf-9455-926a-d65c16db1809</uuid><title>front</title>"
    " <description>line one\nline two</description>"
    " <metadata><other xmlns='urn:x'><request>no</request></other>"
    "  <m:machine xmlns:m='" VD_METADATA_NS "'><m:request>r-7K2M9Q</m:request>"
    "  <m:image>debian-12</m:image><m:author>ann</m:author>"
    "  <m:address network='default'>192.0.2.7</m:address></m:machine></metadata>"
    " <memory unit='GiB'>4</memory><currentMemory unit='MB'>2000</currentMemory>"
    " <vcpu placement='static' current='2'>8</vcpu>"
    " <cpu mode='custom'><model fallback='forbid'>EPYC</model></cpu>"
    " <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>"
    "  <loader readonly='yes' type='pflash'>/usr/share/OVMF.fd</loader><boot dev='hd'/></os>"
    " <devices>"
    "  <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
    "   <source file='/pool/a b&apos;.qcow2'/><backingStore type='file'><source file='/base/1'/>"
    "   <backingStore type='file'><source file='/base/2'/><backingStore/></backingStore>"
    "   </backingStore><target dev='vda' bus='virtio'/><serial>S1</serial><boot order='2'/></disk>"
    "  <disk type='block' device='lun'><source dev='/dev/sdb'/><target dev='sda' bus='scsi'/>"
    "   <shareable/></disk>"
    "  <disk type='network' device='disk'><source protocol='rbd' name='pool/image'>"
    "   <host name='ceph1'/></source><target dev='vdb'/></disk>"
    "  <disk type='volume' device='disk'><source pool='p' volume='v'/><target dev='vdc'/></disk>"
    "  <disk type='file' device='cdrom'><target dev='hda' bus='ide'/><readonly/></disk>"
    "  <interface type='network'><mac address='52:54:00:AB:00:01'/>"
    "   <source network='default' bridge='virbr0'/><target dev='vnet3'/><model type='virtio'/>"
    "   <link state='down'/><alias name='net0'/><boot order='1'/></interface>"
    "  <interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
    "  <interface type='user'/>"
    "  <graphics type='vnc' port='-1' autoport='yes'><listen type='address' address='::1'/>"
    "  </graphics><graphics type='spice' port='5900' listen='127.0.0.1'/>"
    "  <serial type='pty'><source path='/dev/pts/3'/><target port='0'/>"
    "   <log file='/var/log/x'/></serial>"
    "  <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    "  <filesystem type='mount'><source dir='/srv'/><target dir='share'/><readonly/></filesystem>"
    "  <hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x03'"
    "   slot='0x1f' function='0x2'/></source></hostdev>"
    "  <hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/>"
    "   <product id='0xc52b'/></source></hostdev>"
    "  <hostdev mode='subsystem' type='mdev'><source><address uuid='c2177883'/></source></hostdev>"
    "  <video><model type='vga'/></video><rng model='virtio'/><unheard of='it'/>"
    " </devices></domain>";

static void test_whole(void **state)
{
    g_autoptr(VdDomXml) dom = parse(whole);

    (void)state;
    assert_string_equal(dom->type, "kvm");
    assert_string_equal(dom->name, "db <1> & \xe6\x97\xa5\xe6\x9c\xac");
    assert_string_equal(dom->uuid, "c7a5fdbd-cdaf-9455-926a-d65c16db1809");
    assert_string_equal(dom->title, "front");
    assert_string_equal(dom->description, "line one\nline two");
    assert_string_equal(dom->os_type, "hvm");
    assert_string_equal(dom->arch, "x86_64");
    assert_string_equal(dom->machine, "pc-q35-7.2");
    assert_string_equal(dom->firmware, "UEFI");
    assert_string_equal(dom->cpu, "EPYC");
    assert_string_equal(dom->boot, "net0, vda");
    assert_int_equal(dom->vcpus, 2);
    assert_int_equal(dom->vcpus_max, 8);
    assert_true(dom->memory_max == G_GUINT64_CONSTANT(4) << 30);
    assert_true(dom->memory == 2000000000);
    assert_string_equal(dom->request, "r-7K2M9Q");
    assert_string_equal(dom->given, "192.0.2.7");
    assert_string_equal(dom->image, "debian-12");
    assert_string_equal(dom->author, "ann");
}

static void test_disks(void **state)
{
    g_autoptr(VdDomXml) dom = parse(whole);
    const VdDomDisk *disk;

    (void)state;
    assert_int_equal(dom->disks->len, 5);
    disk = dom->disks->pdata[0];
    assert_string_equal(disk->source, "/pool/a b'.qcow2");
    assert_true(disk->is_path);
    assert_string_equal(disk->format, "qcow2");
    assert_string_equal(disk->serial, "S1");
    assert_int_equal(g_strv_length(disk->backing), 2);
    assert_string_equal(disk->backing[0], "/base/1");
    assert_string_equal(disk->backing[1], "/base/2");
    disk = dom->disks->pdata[1];
    assert_string_equal(disk->device, "lun");
    assert_string_equal(disk->source, "/dev/sdb");
    assert_true(disk->shareable && !disk->readonly);
    disk = dom->disks->pdata[2];
    assert_string_equal(disk->source, "rbd:ceph1/pool/image");
    assert_string_equal(disk->rbd, "pool/image");
    assert_string_equal(disk->monitors[0], "ceph1");
    assert_false(disk->is_path);
    disk = dom->disks->pdata[3];
    assert_string_equal(disk->pool, "p");
    assert_string_equal(disk->volume, "v");
    assert_false(disk->is_path);
    disk = dom->disks->pdata[4];
    assert_null(disk->source);
    assert_true(disk->readonly);
}

static void test_devices(void **state)
{
    g_autoptr(VdDomXml) dom = parse(whole);
    const VdDomNic *nic = dom->nics->pdata[0];
    const VdDomGraphics *graphics = dom->graphics->pdata[0];
    const VdDomChar *chr = dom->chars->pdata[0];
    const VdDomFs *fs = dom->filesystems->pdata[0];
    const VdDomDevice *device = dom->hostdevs->pdata[0];

    (void)state;
    assert_int_equal(dom->nics->len, 3);
    assert_string_equal(nic->source, "default");
    assert_string_equal(nic->target, "vnet3");
    assert_string_equal(nic->link, "down");
    assert_string_equal(((VdDomNic *)dom->nics->pdata[1])->source, "eth0");
    assert_null(((VdDomNic *)dom->nics->pdata[2])->source);
    assert_int_equal(dom->graphics->len, 2);
    assert_int_equal(graphics->port, -1);
    assert_string_equal(graphics->listen, "::1");
    assert_string_equal(chr->source, "/dev/pts/3");
    assert_string_equal(chr->log, "/var/log/x");
    chr = dom->chars->pdata[1];
    assert_string_equal(chr->target, "org.qemu.guest_agent.0");
    assert_string_equal(fs->source, "/srv");
    assert_true(fs->readonly);
    assert_string_equal(device->text, "0000:03:1f.2");
    assert_string_equal(((VdDomDevice *)dom->hostdevs->pdata[1])->text, "0x046d:0xc52b");
    assert_string_equal(((VdDomDevice *)dom->hostdevs->pdata[2])->text, "c2177883");
    assert_int_equal(dom->others->len, 2);
}

static void test_container(void **state)
{
    g_autoptr(VdDomXml) dom =
        parse("<domain type='lxc'><name>c1</name><os><type arch='x86_64'>exe</type>"
              "<init>/sbin/init</init></os><devices><emulator>/usr/lib/libvirt_lxc</emulator>"
              "<filesystem type='mount'><source dir='/srv/c1'/><target dir='/'/></filesystem>"
              "<console type='pty' tty='/dev/pts/4'/></devices></domain>");

    (void)state;
    assert_string_equal(dom->os_type, "exe");
    assert_null(dom->firmware);
    assert_string_equal(dom->kernel, "/sbin/init");
    assert_string_equal(((VdDomFs *)dom->filesystems->pdata[0])->target, "/");
    assert_string_equal(((VdDomChar *)dom->chars->pdata[0])->source, "/dev/pts/4");
}

static void test_missing_pieces(void **state)
{
    static const char *const pieces[] = {
        "<domain/>",
        "<domain type=''><name/><uuid>  </uuid><memory/><vcpu/><os/><devices/></domain>",
        "<domain><devices><disk/><interface/><graphics/><serial/><channel/><filesystem/>"
        "<hostdev/><video/><rng/><console/></devices></domain>",
        "<domain><devices><disk><source/><target/><driver/><backingStore/></disk>"
        "<interface><source/><target/><mac/></interface><hostdev><source><address/></source>"
        "</hostdev><graphics><listen/></graphics></devices><metadata/></domain>",
        "<domain><metadata>text<!-- c --><?pi?><x/></metadata>text</domain>",
        "<domain xmlns='urn:default'><name>n</name></domain>",
    };

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(VdDomXml) dom = parse(pieces[i]);

        assert_null(dom->uuid);
        assert_null(dom->boot);
        assert_int_equal(dom->memory, 0);
        assert_int_equal(dom->vcpus, 0);
        for (guint j = 0; j < dom->disks->len; j++) {
            const VdDomDisk *disk = dom->disks->pdata[j];

            assert_null(disk->source);
            assert_string_equal(disk->device, "disk");
            assert_non_null(disk->backing);
        }
    }
}

/* Every beginning of a whole document is refused, none is read half. */
static void test_truncated(void **state)
{
    (void)state;
    for (gsize length = 0; length < sizeof whole - 1; length++) {
        g_autofree char *part = g_strndup(whole, length);

        refused(part);
    }
}

/* Any one byte replaced: it may be read or not, but what is read is bounded and valid. */
static void test_flipped(void **state)
{
    static const char bytes[] = {'<', '>', '&', '\'', '/', ' ', '\x01', '\x80', '\xff', '0'};

    (void)state;
    for (gsize at = 0; at < sizeof whole - 1; at++) {
        g_autofree char *copy = g_strdup(whole);
        VdDomXml *dom;

        copy[at] = bytes[at % sizeof bytes];
        dom = vd_domxml_parse(copy, NULL);
        if (dom == NULL)
            continue;
        assert_true(dom->name == NULL || g_utf8_validate(dom->name, -1, NULL));
        assert_true(dom->disks->len <= 6);
        vd_domxml_free(dom);
    }
}

static void test_not_a_domain(void **state)
{
    (void)state;
    refused("");
    refused(" ");
    refused("no XML at all");
    refused("<network><name>default</name></network>");
    refused("<domain>");
    refused("<domain></domain><domain></domain>");
    refused("<a:domain/>");
    refused("\xff\xfe<\0d\0o\0m\0a\0i\0n\0/\0>\0");
}

static void test_document_types(void **state)
{
    GString *laughs = g_string_new("<!DOCTYPE domain [<!ENTITY l0 'ha'>");

    (void)state;
    for (int i = 1; i < 12; i++)
        g_string_append_printf(
            laughs, "<!ENTITY l%d '&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;&l%d;'>", i, i - 1,
            i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    g_string_append(laughs, "]><domain type='&l11;'><name>&l11;</name></domain>");
    refused(laughs->str);
    g_string_free(laughs, TRUE);
    refused("<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
            "<domain><name>&x;</name></domain>");
    refused("<!DOCTYPE domain SYSTEM 'http://192.0.2.1/domain.dtd'><domain/>");
    refused("<!DOCTYPE domain [<!ATTLIST domain type CDATA 'kvm'>]><domain/>");
    refused("<?xml version='1.0'?><!DOCTYPE domain><domain/>");
}

static char *with_long_name(gsize length, const char *before, const char *after)
{
    GString *xml = g_string_new(before);
    gsize start = xml->len;

    g_string_set_size(xml, start + length);
    memset(xml->str + start, 'a', length);
    g_string_append(xml, after);
    return g_string_free(xml, FALSE);
}

static void test_long_values(void **state)
{
    g_autofree char *attribute = with_long_name(10 << 20, "<domain type='", "'/>");
    g_autofree char *text = with_long_name(10 << 20, "<domain><name>", "</name></domain>");
    g_autofree char *large = with_long_name(3 << 20, "<domain type='", "'><name>n</name></domain>");
    g_autofree char *exact = with_long_name(VD_XML_MAX_VALUE, "<domain><name>", "</name></domain>");
    g_autofree char *over =
        with_long_name(VD_XML_MAX_VALUE + 1, "<domain><name>", "</name></domain>");
    g_autoptr(VdDomXml) cut = NULL, fits = NULL, left_out = NULL;

    (void)state;
    refused(attribute);
    refused(text);
    cut = parse(large);
    assert_null(cut->type);
    assert_string_equal(cut->name, "n");
    fits = parse(exact);
    assert_int_equal(strlen(fits->name), VD_XML_MAX_VALUE);
    left_out = parse(over);
    assert_null(left_out->name);
}

static void test_deep_and_wide(void **state)
{
    g_autoptr(GString) deep = g_string_new("<domain><devices><disk>");
    g_autoptr(GString) wide = g_string_new("<domain><devices>");
    g_autoptr(VdDomXml) dom = NULL;

    (void)state;
    for (int i = 0; i < 100000; i++)
        g_string_append(deep, "<backingStore>");
    refused(deep->str);
    for (int i = 0; i < 100000; i++)
        g_string_append(wide, "<disk/><video/>");
    g_string_append(wide, "</devices></domain>");
    dom = parse(wide->str);
    assert_int_equal(dom->disks->len + dom->others->len, VD_XML_MAX_ITEMS);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *xml;
        guint64 bytes;
    } cases[] = {
        {"<memory>1024</memory>", 1048576},
        {"<memory unit='b'>7</memory>", 7},
        {"<memory unit='bytes'>7</memory>", 7},
        {"<memory unit='KB'>1</memory>", 1000},
        {"<memory unit='k'>1</memory>", 1024},
        {"<memory unit='TiB'>2</memory>", G_GUINT64_CONSTANT(2) << 40},
        {"<memory unit='EiB'>9999</memory>", 0},
        {"<memory unit='furlong'>1</memory>", 0},
        {"<memory unit='KiBs'>1</memory>", 0},
        {"<memory>-1</memory>", 0},
        {"<memory>0x10</memory>", 0},
        {"<memory>99999999999999999999999</memory>", 0},
        {"<memory>9223372036854775807</memory>", 0},
        {"<memory>1 2</memory>", 0},
    };

    (void)state;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *xml = g_strdup_printf("<domain>%s</domain>", cases[i].xml);
        g_autoptr(VdDomXml) dom = parse(xml);

        if (dom->memory_max != cases[i].bytes)
            fail_msg("%s: %" G_GUINT64_FORMAT, cases[i].xml, dom->memory_max);
    }
}

static void test_given(void **state)
{
    (void)state;
    static const struct {
        const char *inside, *address, *network;
    } cases[] = {{"<address network='lan'>192.0.2.7</address>", "192.0.2.7", "lan"},
                 {"<address>fd00::5</address>", "fd00::5", NULL},
                 {"<address>\xc2\x9b 31m</address>", NULL, NULL},
                 {"<address/>", NULL, NULL},
                 {"", NULL, NULL}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *xml =
            g_strdup_printf("<machine xmlns='" VD_METADATA_NS "'>%s</machine>", cases[i].inside);
        g_autofree char *network = NULL;
        g_autofree char *address = vd_machine_given(xml, &network);
        assert_int_equal(g_strcmp0(address, cases[i].address), 0);
        assert_int_equal(g_strcmp0(network, cases[i].network), 0);
    }
    assert_null(vd_machine_given(NULL, NULL));
    assert_null(vd_machine_given("<other/>", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given),        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_disks),        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_container),    cmocka_unit_test(test_missing_pieces),
        cmocka_unit_test(test_truncated),    cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_not_a_domain), cmocka_unit_test(test_document_types),
        cmocka_unit_test(test_long_values),  cmocka_unit_test(test_deep_and_wide),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests_name("domxml", tests, NULL, NULL);
}
