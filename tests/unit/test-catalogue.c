/* Indexes as their makers document them, and as nobody should make them: what is offered, what is
 * left out, what is refused; and a thousand damaged ones, of which none may harm. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gio/gio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/publish.h"
#include "src/deploy/signature.h"
#include "src/deploy/store.h"

#define BASE "https://images.example.org/repo"
#define SHA512                                                                                     \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                             \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* As virt-builder(1) shows an index, with its tricks: comments, languages, lines that go on. */
static const char index_text[] = "# made by hand\n"
                                 "[fedora-18]\n"
                                 "name=Fedora® 18\n"
                                 "osinfo=fedora18\n"
                                 "arch=x86_64\n"
                                 "file=fedora-18.xz\n"
                                 "checksum[sha512]=" SHA512 "\n"
                                 "format=raw\n"
                                 "size=6442450944\n"
                                 "compressed_size=148947524\n"
                                 "expand=/dev/sda3\n"
                                 "notes=Fedora 18.\n"
                                 " \n"
                                 " Second paragraph.\n"
                                 "notes[ru]=Федора\n"
                                 "\n"
                                 "[debian-12]\n"
                                 "name=Debian 12\n"
                                 "arch=x86_64\n"
                                 "file=sub/debian-12.qcow2.xz\n"
                                 "revision=7\n"
                                 "checksum=" SHA512 "\n"
                                 "size=1073741824\n"
                                 "\n"
                                 "[secret]\n"
                                 "file=secret.xz\n"
                                 "checksum=" SHA512 "\n"
                                 "size=1\n"
                                 "hidden=true\n";

static const VdOffer *offer_of(const VdCatalogue *catalogue, const char *name)
{
    for (guint i = 0; i < catalogue->offers->len; i++) {
        const VdOffer *offer = g_ptr_array_index(catalogue->offers, i);

        if (g_str_equal(offer->name, name))
            return offer;
    }
    fail_msg("there is no %s", name);
    abort();
}

static void test_index(void **state)
{
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("ours");
    const VdOffer *offer;

    (void)state;
    assert_true(vd_index_parse(catalogue, index_text, strlen(index_text), BASE, NULL));
    assert_int_equal(catalogue->offers->len, 2);
    offer = offer_of(catalogue, "fedora-18");
    assert_string_equal(offer->title, "Fedora® 18");
    assert_string_equal(offer->url, BASE "/fedora-18.xz");
    assert_string_equal(offer->digest, SHA512);
    assert_string_equal(offer->revision, "1");
    assert_string_equal(offer->format, "raw");
    assert_int_equal(offer->virtual_size, 6442450944);
    assert_int_equal(offer->file_size, 148947524);
    assert_non_null(strstr(offer->notes, "Second paragraph"));
    offer = offer_of(catalogue, "debian-12");
    assert_string_equal(offer->url, BASE "/sub/debian-12.qcow2.xz");
    assert_string_equal(offer->revision, "7");
    assert_string_equal(offer->source, "ours");
}

/* One entry that is wrong goes, with its reason; the others stay. */
static void left_out(const char *fields, const char *why)
{
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("theirs");
    g_autofree char *text =
        g_strdup_printf("[bad]\n%s\n[good]\nfile=g.xz\nchecksum=" SHA512 "\nsize=512\n", fields);

    assert_true(vd_index_parse(catalogue, text, strlen(text), BASE, NULL));
    assert_int_equal(catalogue->offers->len, 1);
    assert_non_null(offer_of(catalogue, "good"));
    assert_int_equal(catalogue->n_left_out, 1);
    if (!strstr(g_ptr_array_index(catalogue->left_out, 0), why))
        fail_msg("“%s” does not say “%s”", (const char *)g_ptr_array_index(catalogue->left_out, 0),
                 why);
}

static void test_hostile_entries(void **state)
{
    (void)state;
    left_out("file=../../etc/shadow\nchecksum=" SHA512 "\nsize=512", "not below");
    left_out("file=/etc/shadow\nchecksum=" SHA512 "\nsize=512", "not below");
    left_out("file=a/%2e%2e/b\nchecksum=" SHA512 "\nsize=512", "not below");
    left_out("file=http://evil.example/a.xz\nchecksum=" SHA512 "\nsize=512", "not below");
    left_out("file=a b\nchecksum=" SHA512 "\nsize=512", "not below");
    left_out("checksum=" SHA512 "\nsize=512", "no file");
    left_out("file=a.xz\nsize=512", "digest");
    left_out("file=a.xz\nchecksum=0123\nsize=512", "digest");
    left_out("file=a.xz\nchecksum=" SHA512 "\nsize=11529215046068469760", "size that no disk");
    left_out("file=a.xz\nchecksum=" SHA512 "\nsize=99999999999999999999999", "size that no disk");
    left_out("file=a.xz\nchecksum=" SHA512 "\nsize=-1", "size that no disk");
    left_out("file=a.xz\nchecksum=" SHA512 "\ncompressed_size=0x10", "size that no file");
    left_out("file=a.xz\nchecksum=" SHA512 "\nsize=1\nformat=vmdk", "neither raw nor qcow2");
}

static void refused(gboolean ok, GError *const *where, const char *words)
{
    const GError *error = *where;

    if (ok)
        fail_msg("it was taken, though: %s", words);
    if (!strstr(error->message, words))
        fail_msg("“%s” does not say “%s”", error->message, words);
}

static void test_what_is_no_index(void **state)
{
    static const struct {
        const char *text;
        gsize length;
        const char *words;
    } cases[] = {
        {"<html>\n", 7, "neither a section nor a field"},
        {"[a]\0b]\n", 7, "no text"},
        {"[a\nfile=b\n", 10, "does not end"},
        {"file=b\n", 7, "neither a section nor a field"},
    };
    g_autofree char *line = g_strnfill(100000, 'x');

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("x");
        g_autoptr(GError) error = NULL;

        refused(vd_index_parse(catalogue, cases[i].text, cases[i].length, BASE, &error), &error,
                cases[i].words);
    }
    {
        g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("x");
        g_autoptr(GError) error = NULL;

        refused(vd_index_parse(catalogue, line, strlen(line), BASE, &error), &error, "no text");
    }
}

/* Many entries, and one of many fields: bounded, and in no time. */
static void test_large_index(void **state)
{
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("large");
    g_autoptr(GString) text = g_string_new(NULL);
    gint64 begin = g_get_monotonic_time();

    (void)state;
    for (int i = 0; i < VD_INDEX_OFFERS + 50; i++)
        g_string_append_printf(text, "[a-%d]\nfile=f\nsize=1\nchecksum=" SHA512 "\n", i);
    g_string_append(text, "[wide]\n");
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(text, "f%d=1\n", i);
    assert_true(vd_index_parse(catalogue, text->str, text->len, BASE, NULL));
    assert_int_equal(catalogue->offers->len, VD_INDEX_OFFERS);
    assert_int_equal(catalogue->n_left_out, 51);
    assert_int_equal(catalogue->left_out->len, 20);
    assert_true(g_get_monotonic_time() - begin < 60 * G_USEC_PER_SEC);
}

static const char streams_index[] =
    "{\"format\":\"index:1.0\",\"index\":{"
    "\"com.ubuntu.cloud:released:download\":{\"datatype\":\"image-downloads\","
    "\"path\":\"streams/v1/com.ubuntu.cloud:released:download.sjson\"},"
    "\"other\":{\"datatype\":\"image-ids\",\"path\":\"streams/v1/ids.json\"}}}";

static const char streams_products[] =
    "{\"format\":\"products:1.0\",\"products\":{"
    "\"com.ubuntu.cloud:server:22.04:amd64\":{\"arch\":\"amd64\",\"os\":\"ubuntu\","
    "\"release_title\":\"22.04 LTS\",\"aliases\":\"22.04,jammy\",\"versions\":{"
    "\"20240101\":{\"items\":{\"disk1.img\":{\"ftype\":\"disk1.img\",\"path\":\"old.img\","
    "\"sha256\":\"" SHA256 "\",\"size\":5}}},"
    "\"20240612\":{\"items\":{\"lxd\":{\"ftype\":\"lxd.tar.xz\",\"path\":\"l\"},"
    "\"disk1.img\":{\"ftype\":\"disk1.img\",\"path\":\"server/jammy/20240612/a.img\","
    "\"sha256\":\"" SHA256 "\",\"size\":645000000}}},"
    "\"20250101\":{\"items\":{\"lxd\":{\"ftype\":\"lxd.tar.xz\",\"path\":\"l\"}}}}},"
    "\"debian:bookworm:arm64\":{\"arch\":\"arm64\",\"os\":\"Debian\",\"release\":\"bookworm\","
    "\"versions\":{\"1\":{\"items\":{\"d\":{\"ftype\":\"disk-kvm.img\","
    "\"path\":\"../../../etc/shadow\",\"sha256\":\"" SHA256 "\"}}}}},"
    "\"huge:x:amd64\":{\"versions\":{\"1\":{\"items\":{\"d\":{\"ftype\":\"disk1.img\","
    "\"path\":\"a\",\"sha256\":\"" SHA256 "\",\"size\":11529215046068469760}}}}},"
    "\"odd\":[],\"odder\":{\"versions\":7}}}";

static void test_streams(void **state)
{
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("ubuntu");
    g_auto(GStrv) paths = vd_streams_paths(streams_index, strlen(streams_index), NULL);
    const VdOffer *offer;

    (void)state;
    assert_non_null(paths);
    assert_int_equal(g_strv_length(paths), 1);
    assert_string_equal(paths[0], "streams/v1/com.ubuntu.cloud:released:download.sjson");
    assert_true(
        vd_streams_parse(catalogue, streams_products, strlen(streams_products), BASE, NULL));
    assert_int_equal(catalogue->offers->len, 1);
    offer = offer_of(catalogue, "ubuntu-server-22.04-amd64");
    assert_string_equal(offer->url, BASE "/server/jammy/20240612/a.img");
    assert_string_equal(offer->revision, "20240612");
    assert_string_equal(offer->arch, "x86_64");
    assert_string_equal(offer->title, "ubuntu 22.04 LTS");
    assert_string_equal(offer->digest_kind, "sha256");
    assert_int_equal(offer->file_size, 645000000);
    assert_int_equal(catalogue->n_left_out, 2);
}

static const char vmmanager_text[] =
    "{\"type\":\"os\",\"os\":[{\"name\":\"Ubuntu 22.04\",\"tags\":[\"ubuntu\",\"cloud-init\"],"
    "\"file_name\":\"ubuntu22.xz\",\"image_name\":\"ubuntu22\",\"expand\":\"/dev/sda1\","
    "\"network_device\":\"eth0\",\"archive_size_mib\":\"420\"},"
    "{\"name\":\"Windows 2019\",\"file_name\":\"win.tar.gz\",\"archive_size_mib\":9000},"
    "{\"name\":\"Evil\",\"file_name\":\"../x.xz\"},"
    "{\"name\":\"Huge\",\"file_name\":\"x.xz\",\"archive_size_mib\":1e300}, 7]}";

static void test_vmmanager(void **state)
{
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("isp");
    g_autoptr(VdCatalogue) bare = vd_catalogue_new("isp");
    static const char list[] = "[{\"name\":\"A\",\"file_name\":\"a.xz\"}]";
    const VdOffer *offer;

    (void)state;
    assert_true(vd_vmmanager_parse(catalogue, vmmanager_text, strlen(vmmanager_text), BASE, NULL));
    assert_int_equal(catalogue->offers->len, 1);
    offer = offer_of(catalogue, "Ubuntu-22.04");
    assert_string_equal(offer->title, "Ubuntu 22.04");
    assert_string_equal(offer->tags, "ubuntu cloud-init");
    assert_string_equal(offer->url, BASE "/ubuntu22.xz");
    assert_null(offer->digest);
    assert_int_equal(offer->file_size, 420 * 1024 * 1024);
    assert_int_equal(catalogue->n_left_out, 3);
    assert_true(vd_vmmanager_parse(bare, list, strlen(list), BASE, NULL));
    assert_int_equal(bare->offers->len, 1);
}

static void test_json_bombs(void **state)
{
    g_autofree char *deep = g_strnfill(1000000, '[');
    g_autofree char *wide = g_strnfill(3000000, ',');
    static const char *const others[] = {
        "",
        "{}",
        "[",
        "\"a\"",
        "{\"products\":[]}",
        "{\"index\":7}",
        "null",
        "7",
        "'\"'[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "/*\"*/[[[",
    };

    (void)state;
    assert_false(vd_json_is_tame(deep, 1000000));
    assert_false(vd_json_is_tame(wide, 3000000));
    assert_true(vd_json_is_tame("{\"a/b\":\"[[['#\\\"[\"}", 18));
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("x");
        g_autoptr(GError) error = NULL;

        assert_false(vd_streams_parse(catalogue, others[i], strlen(others[i]), BASE, &error));
        assert_non_null(error);
        assert_null(vd_streams_paths(others[i], strlen(others[i]), NULL));
        assert_false(vd_vmmanager_parse(catalogue, others[i], strlen(others[i]), BASE, NULL));
    }
}

/* Sound indexes with bytes changed, cut out and doubled, always in the same ways. Whatever comes of
 * it, each offer must be one that can be taken seriously. */
static void check_offers(const VdCatalogue *catalogue)
{
    for (guint i = 0; i < catalogue->offers->len; i++) {
        const VdOffer *offer = g_ptr_array_index(catalogue->offers, i);

        assert_true(g_str_has_prefix(offer->url, BASE "/"));
        assert_null(strstr(offer->url, "/.."));
        assert_true(offer->virtual_size <= VD_OFFER_LARGEST);
        assert_true(offer->file_size <= VD_OFFER_LARGEST);
        assert_true(g_utf8_validate(offer->title ? offer->title : "", -1, NULL));
        assert_true(!offer->digest || strlen(offer->digest) >= 64);
    }
}

static void damage(GRand *random, GByteArray *bytes)
{
    static const char bits[] = "[]{}\"=\\/.\n\0\xff:,-0";
    guint changes = (guint)g_rand_int_range(random, 1, 12);

    while (changes-- > 0 && bytes->len > 0) {
        guint at = (guint)g_rand_int_range(random, 0, (gint)bytes->len);
        guint most = (guint)g_rand_int_range(random, 1, 40), n = MIN(most, bytes->len - at);

        switch (g_rand_int_range(random, 0, 4)) {
        case 0:
            bytes->data[at] = (guint8)bits[g_rand_int_range(random, 0, sizeof(bits) - 1)];
            break;
        case 1:
            g_byte_array_remove_range(bytes, at, n);
            break;
        case 2: {
            g_autofree guint8 *copy = g_memdup2(bytes->data + at, n);

            g_byte_array_append(bytes, copy, n);
            break;
        }
        default:
            bytes->data[at] ^= (guint8)(1 << g_rand_int_range(random, 0, 8));
        }
    }
}

static void test_damaged_indexes(void **state)
{
    static const char *const texts[] = {index_text, streams_products, vmmanager_text,
                                        streams_index};
    g_autoptr(GRand) random = g_rand_new_with_seed(4711);

    (void)state;
    for (int i = 0; i < 4000; i++) {
        const char *text = texts[i % 4];
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("fuzz");
        g_auto(GStrv) paths = NULL;
        const char *data;

        g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
        damage(random, bytes);
        g_byte_array_append(bytes, (const guint8 *)"", 1);
        data = (const char *)bytes->data;
        if (i % 4 == 0)
            (void)vd_index_parse(catalogue, data, bytes->len - 1, BASE, NULL);
        else if (i % 4 == 1)
            (void)vd_streams_parse(catalogue, data, bytes->len - 1, BASE, NULL);
        else if (i % 4 == 2)
            (void)vd_vmmanager_parse(catalogue, data, bytes->len - 1, BASE, NULL);
        else
            paths = vd_streams_paths(data, bytes->len - 1, NULL);
        check_offers(catalogue);
    }
}

/* What is published is what is read, and leaves the words of others alone. */
static void test_published_index(void **state)
{
    static const char theirs[] =
        "# by hand\n[other]\nname=Other\nfile=o.xz\nchecksum=" SHA512 "\nsize=512\nodd=kept\n";
    g_autoptr(VdImage) image = vd_image_new();
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_new("ours");
    g_autofree char *entry = NULL, *both = NULL, *again = NULL, *next = NULL, *section = NULL;
    const VdOffer *offer;

    (void)state;
    image->name = g_strdup("bundle");
    image->notes = g_strdup("LAMP\n[evil]\nfile=x");
    image->format = g_strdup("qcow2");
    image->sha256 = g_strdup(SHA256);
    image->virtual_size = 1 << 30;
    image->layout = g_strdup("{\"os\":{\"osinfo\":\"debian12\"},\"grow\":{\"partition\":3,"
                             "\"vg\":\"vg\",\"lv\":\"root\"}}");
    entry = vd_index_entry(image, "bundle-1.qcow2.xz", "1", SHA512, 1234);
    both = vd_index_replace(theirs, "bundle", entry);
    assert_true(g_str_has_prefix(both, theirs));
    next = vd_index_entry(image, "bundle-2.qcow2.xz", "2", SHA512, 1234);
    again = vd_index_replace(both, "bundle", next);
    assert_true(g_str_has_prefix(again, theirs));
    section = vd_index_section(again, "other");
    assert_non_null(strstr(section, "odd=kept"));
    assert_true(vd_index_parse(catalogue, again, strlen(again), BASE, NULL));
    assert_int_equal(catalogue->offers->len, 2);
    offer = offer_of(catalogue, "bundle");
    assert_string_equal(offer->revision, "2");
    assert_string_equal(offer->url, BASE "/bundle-2.qcow2.xz");
    assert_string_equal(offer->title, "LAMP [evil] file=x");
    assert_non_null(strstr(again, "\nexpand=/dev/sda3\nlvexpand=/dev/vg/root\n"));
    assert_non_null(strstr(again, "\nosinfo=debian12\n"));
}

/* ---- what is kept ---- */

static char *folder;

static int make_place(void **state)
{
    (void)state;
    folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    g_setenv("VMDECK_STATE_DIR", folder, TRUE);
    g_unsetenv("VMDECK_IMAGE_DIR");
    return folder ? 0 : -1;
}

static int drop_place(void **state)
{
    (void)state;
    assert_true(vd_remove_tree(folder, NULL));
    g_clear_pointer(&folder, g_free);
    return 0;
}

static VdCatalogue *catalogue_of(const char *revision)
{
    VdCatalogue *catalogue = vd_catalogue_new("ours");
    g_autofree char *text = g_strdup_printf(
        "[debian-12]\nname=Debian 12\nfile=d.xz\nrevision=%s\nsize=512\nchecksum=" SHA512 "\n",
        revision);

    assert_true(vd_index_parse(catalogue, text, strlen(text), BASE, NULL));
    return catalogue;
}

static void test_no_way_back(void **state)
{
    g_autoptr(VdCatalogue) nine = catalogue_of("9");
    g_autoptr(VdCatalogue) ten = catalogue_of("10");
    g_autoptr(VdCatalogue) back = catalogue_of("9");
    g_autoptr(VdCatalogue) without = vd_catalogue_new("ours");
    g_autoptr(VdCatalogue) kept = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(vd_catalogue_follow(ten, nine, NULL));
    assert_true(vd_catalogue_save(ten, NULL));
    kept = vd_catalogue_load("ours", NULL);
    assert_non_null(kept);
    assert_int_equal(kept->offers->len, 1);
    assert_false(vd_catalogue_follow(back, kept, &error));
    assert_non_null(strstr(error->message, "goes back"));
    /* Nor by way of an index without it. */
    assert_true(vd_catalogue_follow(without, kept, NULL));
    g_clear_error(&error);
    assert_false(vd_catalogue_follow(back, without, &error));
}

static void test_newer_is_told(void **state)
{
    g_autoptr(VdCatalogue) ten = catalogue_of("10");
    g_autoptr(GPtrArray) sources =
        g_ptr_array_new_with_free_func((GDestroyNotify)vd_conf_source_free);
    g_autoptr(GPtrArray) offers = NULL, again = NULL;
    g_autoptr(VdImage) image = vd_image_new();
    const char *why = NULL;

    (void)state;
    g_ptr_array_add(
        sources, vd_conf_source_new("ours", "virt-builder", "file:///x", NULL, NULL, FALSE, &why));
    assert_true(vd_catalogue_save(ten, NULL));
    assert_true(vd_store_prepare(NULL));
    image->name = g_strdup("mine");
    image->sha256 = g_strdup(SHA256);
    image->format = g_strdup("raw");
    image->virtual_size = 512;
    image->source = g_strdup("ours");
    image->offer = g_strdup("debian-12");
    image->revision = g_strdup("9");
    assert_true(vd_store_save(image, NULL, NULL));
    offers = vd_catalogue_offers(sources);
    assert_int_equal(offers->len, 1);
    assert_true(((VdOffer *)g_ptr_array_index(offers, 0))->newer);
    g_free(image->name);
    image->name = g_strdup("mine-too");
    g_free(image->revision);
    image->revision = g_strdup("10");
    assert_true(vd_store_save(image, NULL, NULL));
    again = vd_catalogue_offers(sources);
    assert_true(((VdOffer *)g_ptr_array_index(again, 0))->here);
    assert_false(((VdOffer *)g_ptr_array_index(again, 0))->newer);
}

/* ---- signatures ---- */

#define FPR      "F7774FB1AD074A7E8C8767EA91738F73E1B768A0"
#define OTHER    "AAAA4FB1AD074A7E8C8767EA91738F73E1B768A0"
#define VALID(f) "[GNUPG:] VALIDSIG " f " 2024-01-01 1 0 4 0 1 10 00 " f "\n"

static void test_status_lines(void **state)
{
    static const struct {
        const char *status;
        gboolean good;
        const char *words;
    } cases[] = {
        {"[GNUPG:] GOODSIG X Y\n" VALID(FPR), TRUE, NULL},
        {"[GNUPG:] GOODSIG X Y\n" VALID(OTHER), FALSE, "another key"},
        {"[GNUPG:] BADSIG X Y\n" VALID(FPR), FALSE, "does not fit"},
        {"[GNUPG:] EXPKEYSIG X Y\n" VALID(FPR), FALSE, "expired"},
        {"[GNUPG:] REVKEYSIG X Y\n" VALID(FPR), FALSE, "revoked"},
        {"[GNUPG:] ERRSIG X 1 10 01 1 9\n", FALSE, "not in the keyring"},
        {"[GNUPG:] NODATA 1\n", FALSE, "no signature"},
        {"", FALSE, "no good signature"},
        {VALID(FPR), FALSE, "no good signature"},
        {"GOODSIG X\nVALIDSIG " FPR "\n", FALSE, "no good signature"},
    };

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        gboolean good = vd_signature_judge(cases[i].status, FPR, &error);

        if (cases[i].good)
            assert_true(good);
        else
            refused(good, &error, cases[i].words);
    }
}

static void test_armour_is_stripped(void **state)
{
    static const char text[] = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
                               "[a]\n- -dash\n-----BEGIN PGP SIGNATURE-----\nx\n";
    gsize length = 0;
    g_autofree char *inside = vd_signed_strip(text, strlen(text), &length);
    g_autofree char *plain = vd_signed_strip("[a]\n", 4, &length);

    (void)state;
    assert_string_equal(inside, "[a]\n-dash\n");
    assert_string_equal(plain, "[a]\n");
}

static void test_sources_are_checked(void **state)
{
    static const char *const http = "http://a.example/index";
    const char *why = NULL;
    g_autoptr(VdConfSource) good = vd_conf_source_new(
        "a", "virt-builder", http, "F777 4FB1 AD07 4A7E 8C87  67EA 9173 8F73 E1B7 68A0",
        "/etc/vmdeck/a.gpg", FALSE, &why);

    (void)state;
    assert_non_null(good);
    assert_string_equal(good->fingerprint, FPR);
    assert_null(vd_conf_source_new("a", "virt-builder", http, NULL, NULL, FALSE, &why));
    assert_non_null(strstr(why, "changed on the way"));
    assert_null(vd_conf_source_new("a", "virt-builder", http, "E1B768A0", "/k", FALSE, &why));
    assert_non_null(strstr(why, "whole fingerprint"));
    assert_null(vd_conf_source_new("a", "virt-builder", http, FPR, NULL, FALSE, &why));
    assert_null(vd_conf_source_new("../a", "virt-builder", http, NULL, NULL, TRUE, &why));
    assert_null(vd_conf_source_new("a", "rss", http, NULL, NULL, TRUE, &why));
    assert_null(vd_conf_source_new("a", "vmmanager", "ftp://a/b", NULL, NULL, TRUE, &why));
    assert_null(vd_conf_source_new(NULL, NULL, NULL, NULL, NULL, TRUE, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_hostile_entries),
        cmocka_unit_test(test_what_is_no_index),
        cmocka_unit_test(test_large_index),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_vmmanager),
        cmocka_unit_test(test_json_bombs),
        cmocka_unit_test(test_damaged_indexes),
        cmocka_unit_test(test_published_index),
        cmocka_unit_test_setup_teardown(test_no_way_back, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_newer_is_told, make_place, drop_place),
        cmocka_unit_test(test_status_lines),
        cmocka_unit_test(test_armour_is_stripped),
        cmocka_unit_test(test_sources_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
