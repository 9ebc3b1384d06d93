/* Downloads from a web server on loopback, well and ill behaved: what arrives is what was sent, a
 * cut line is gone on with, what is wrong is refused and kept aside, nothing is without a bound. */
#include "config.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <gio/gio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/fetch.h"
#include "src/deploy/transfer.h"
#include "tests/unit/web.h"

#define MIB (1024 * 1024)

typedef struct {
    char *folder, *served, *part, *aside, *out;
    Web *web;
    char *plain, *digest; /* the disk that is served, and its SHA-256 */
} Place;

static void run(const char *const *argv)
{
    g_autoptr(GSubprocess) child = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);

    assert_non_null(child);
    assert_true(g_subprocess_wait_check(child, NULL, NULL));
}

static char *digest_of(const char *path, GChecksumType kind)
{
    g_autofree char *data = NULL;
    gsize length = 0;

    assert_true(g_file_get_contents(path, &data, &length, NULL));
    return g_compute_checksum_for_data(kind, (const guchar *)data, length);
}

/* 3 MiB: noise, a hole, words. */
static void make_disk(const char *path)
{
    g_autofree guint8 *data = g_malloc0(3 * MIB);
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (int i = 0; i < MIB; i++)
        data[i] = (guint8)g_rand_int(random);
    for (int i = 2 * MIB; i < 3 * MIB; i++)
        data[i] = (guint8) "words and words, "[i % 17];
    assert_true(g_file_set_contents(path, (const char *)data, 3 * MIB, NULL));
}

/* Packed once for all tests, each of which gets a copy that it may spoil. */
static char *packed;

static int pack(void **state)
{
    g_autofree char *disk = NULL;

    (void)state;
    packed = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    disk = g_build_filename(packed, "disk", NULL);
    make_disk(disk);
    run((const char *const[]){"xz", "-k", "-1", "--block-size=524288", disk, NULL});
    run((const char *const[]){"zstd", "-q", "-k", disk, NULL});
    run((const char *const[]){"gzip", "-k", "-1", disk, NULL});
    return 0;
}

static int unpack(void **state)
{
    (void)state;
    assert_true(vd_remove_tree(packed, NULL));
    g_free(packed);
    return 0;
}

static int set_up(void **state)
{
    Place *place = g_new0(Place, 1);

    place->folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    place->served = g_build_filename(place->folder, "served", NULL);
    place->part = g_build_filename(place->folder, "part", NULL);
    place->aside = g_build_filename(place->folder, "aside", NULL);
    place->out = g_build_filename(place->folder, "out", NULL);
    run((const char *const[]){"cp", "-r", packed, place->served, NULL});
    place->plain = g_build_filename(place->served, "disk", NULL);
    place->digest = digest_of(place->plain, G_CHECKSUM_SHA256);
    place->web = web_new(place->served);
    g_setenv("VMDECK_STATE_DIR", place->folder, TRUE);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    Place *place = *state;

    web_free(place->web);
    assert_true(vd_remove_tree(place->folder, NULL));
    g_free(place->folder);
    g_free(place->served);
    g_free(place->part);
    g_free(place->aside);
    g_free(place->out);
    g_free(place->plain);
    g_free(place->digest);
    g_free(place);
    return 0;
}

static char *url_of(const Place *place, const char *file)
{
    return g_strdup_printf("%s/%s", web_url(place->web), file);
}

static guint64 size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (guint64)st.st_size : 0;
}

/* Fetches served/file with what is right for it unless `wrong` says otherwise. */
static gboolean fetch(Place *place, const char *file, const VdFetch *wrong, VdFetched *ret,
                      GError **error)
{
    g_autofree char *url = url_of(place, file);
    g_autofree char *path = g_build_filename(place->served, file, NULL);
    g_autofree char *digest = digest_of(path, G_CHECKSUM_SHA512);
    int out = open(place->out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    VdFetch what = {.url = wrong && wrong->url ? wrong->url : url,
                    .digest_kind = "sha512",
                    .digest = wrong && wrong->digest ? wrong->digest : digest,
                    .size = wrong && wrong->size ? wrong->size : size_of(path),
                    .limit = wrong && wrong->limit ? wrong->limit : 8 * MIB,
                    .part = place->part,
                    .aside = place->aside,
                    .out = out,
                    .out_name = "out",
                    .cancel = wrong ? wrong->cancel : NULL,
                    .pause_ms = 1};
    gboolean ok;

    assert_true(out >= 0);
    ok = vd_fetch(&what, ret, error);
    close(out);
    return ok;
}

static void test_all_kinds(void **state)
{
    static const char *const files[] = {"disk", "disk.xz", "disk.zst", "disk.gz"};
    Place *place = *state;

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *digest = NULL;
        VdFetched fetched;

        if (!fetch(place, files[i], NULL, &fetched, &error))
            fail_msg("%s: %s", files[i], error->message);
        digest = digest_of(place->out, G_CHECKSUM_SHA256);
        assert_string_equal(fetched.sha256, place->digest);
        assert_string_equal(digest, place->digest);
        assert_int_equal(fetched.bytes, 3 * MIB);
        assert_false(g_file_test(place->part, G_FILE_TEST_EXISTS));
        g_free(fetched.sha256);
    }
}

/* A line that is cut twice costs nothing that had arrived. */
static void test_cut_lines(void **state)
{
    Place *place = *state;
    g_autofree char *path = g_build_filename(place->served, "disk.xz", NULL);
    g_autoptr(GError) error = NULL;
    VdFetched fetched;
    guint parts = 0;

    web_manners(place->web, &(WebManners){.cut_after = 400000, .cuts = 2});
    if (!fetch(place, "disk.xz", NULL, &fetched, &error))
        fail_msg("%s", error->message);
    assert_string_equal(fetched.sha256, place->digest);
    assert_int_equal(web_requests(place->web, &parts), 3);
    assert_int_equal(parts, 2);
    assert_int_equal(fetched.loaded, size_of(path));
    g_free(fetched.sha256);
}

/* The next job goes on where the last one gave up. */
static void test_resume(void **state)
{
    Place *place = *state;
    g_autofree char *path = g_build_filename(place->served, "disk.xz", NULL);
    g_autoptr(GError) error = NULL;
    VdFetched fetched;

    web_manners(place->web, &(WebManners){.cut_after = 150000, .cuts = 100});
    assert_false(fetch(place, "disk.xz", NULL, &fetched, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNREACHABLE);
    assert_non_null(strstr(error->message, "ended early"));
    assert_int_equal(size_of(place->part), 5 * 150000);
    g_clear_error(&error);
    web_manners(place->web, &(WebManners){0});
    if (!fetch(place, "disk.xz", NULL, &fetched, &error))
        fail_msg("%s", error->message);
    assert_string_equal(fetched.sha256, place->digest);
    assert_int_equal(fetched.resumed, 5 * 150000);
    assert_int_equal(fetched.loaded, size_of(path) - 5 * 150000);
    g_free(fetched.sha256);
}

/* What was kept may be of another file, or of a server that knows no parts: begin anew. */
static void test_resume_in_vain(void **state)
{
    Place *place = *state;
    g_autofree char *junk = g_strnfill(100000, 'j');

    for (int parts = 0; parts < 2; parts++) {
        g_autoptr(GError) error = NULL;
        VdFetched fetched;

        assert_true(g_file_set_contents(place->part, junk, 100000, NULL));
        web_manners(place->web, &(WebManners){.no_ranges = parts == 0});
        if (!fetch(place, "disk.xz", NULL, &fetched, &error))
            fail_msg("%s", error->message);
        assert_string_equal(fetched.sha256, place->digest);
        g_free(fetched.sha256);
    }
}

static void refused(Place *place, const char *file, const VdFetch *wrong, VdErrorCode code,
                    const char *words)
{
    g_autoptr(GError) error = NULL;
    VdFetched fetched;

    if (fetch(place, file, wrong, &fetched, &error))
        fail_msg("%s was taken, though: %s", file, words);
    if (!strstr(error->message, words))
        fail_msg("“%s” does not say “%s”", error->message, words);
    assert_int_equal(vd_error_code(error), code);
}

static void test_wrong_digest(void **state)
{
    Place *place = *state;
    g_autofree char *digest = g_strnfill(128, 'a');

    refused(place, "disk.xz", &(VdFetch){.digest = digest}, VD_ERR_DAMAGED, "its digest is not");
    assert_false(g_file_test(place->part, G_FILE_TEST_EXISTS));
    assert_true(size_of(place->aside) > MIB);
}

/* Nothing of it is kept where nothing has come. */
static void test_not_there(void **state)
{
    Place *place = *state;
    static const char half[] = "half of something";
    g_autofree char *url = url_of(place, "nowhere.xz");
    const VdFetch nowhere = {.url = url};

    refused(place, "disk.xz", &nowhere, VD_ERR_NOT_FOUND, "nowhere.xz");
    assert_false(g_file_test(place->part, G_FILE_TEST_EXISTS));
    assert_true(g_file_set_contents(place->part, half, -1, NULL));
    refused(place, "disk.xz", &nowhere, VD_ERR_NOT_FOUND, "nowhere.xz");
    assert_int_equal(size_of(place->part), strlen(half));
}

/* The catalogue knew the whole file; a shorter one is not taken for it. */
static void test_truncated(void **state)
{
    Place *place = *state;
    g_autofree char *path = g_build_filename(place->served, "disk.xz", NULL);
    guint64 size = size_of(path);

    refused(place, "disk.xz", &(VdFetch){.size = size + 1000}, VD_ERR_UNREACHABLE, "ended early");
    assert_int_equal(truncate(path, (off_t)size / 2), 0);
    unlink(place->part);
    refused(place, "disk.xz", NULL, VD_ERR_DAMAGED, "cut short");
    refused(place, "disk.xz", &(VdFetch){.size = 1000}, VD_ERR_INVALID, "longer than");
}

static void test_damaged(void **state)
{
    Place *place = *state;
    static const char *const files[] = {"disk.xz", "disk.zst", "disk.gz"};

    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(place->served, files[i], NULL);
        int fd = open(path, O_RDWR | O_CLOEXEC);

        assert_int_equal(pwrite(fd, "damage, damage, damage", 22, 700000), 22);
        close(fd);
        refused(place, files[i], NULL, VD_ERR_DAMAGED, "is refused");
        assert_int_equal(unlink(place->aside), 0);
    }
}

/* A bomb: a few bytes that unpack to more than there may be. */
static void test_bomb(void **state)
{
    refused(*state, "disk.xz", &(VdFetch){.limit = MIB}, VD_ERR_DAMAGED, "unpacks to more than");
}

static void test_cancel(void **state)
{
    g_autoptr(GCancellable) cancel = g_cancellable_new();

    g_cancellable_cancel(cancel);
    refused(*state, "disk.xz", &(VdFetch){.cancel = cancel}, VD_ERR_CANCELLED, "Cancelled");
}

static void test_text_is_bounded(void **state)
{
    Place *place = *state;
    g_autofree char *url = url_of(place, "index");
    g_autoptr(GError) error = NULL;
    gsize length = 0;

    web_manners(place->web, &(WebManners){.endless = G_GUINT64_CONSTANT(1) << 30});
    assert_null(vd_transfer_text(url, VD_INDEX_BYTES, NULL, &length, &error));
    assert_non_null(strstr(error->message, "longer than"));
    g_clear_error(&error);
    web_manners(place->web, &(WebManners){.loops = TRUE});
    assert_null(vd_transfer_text(url, VD_INDEX_BYTES, NULL, &length, &error));
    assert_non_null(strstr(error->message, "leads on and on"));
    g_clear_error(&error);
    web_manners(place->web, &(WebManners){0});
    assert_null(vd_transfer_text(url, VD_INDEX_BYTES, NULL, &length, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
    assert_null(vd_transfer_text("gopher://127.0.0.1/", 100, NULL, &length, &error));
    g_clear_error(&error);
    assert_null(vd_transfer_text("http://127.0.0.1:1/", 100, NULL, &length, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNREACHABLE);
}

/* What is announced counts, also where it is more than libcurl can count. */
static void test_announced(void **state)
{
    Place *place = *state;
    static const guint64 lies[] = {1000, VD_INDEX_BYTES + 1, G_GUINT64_CONSTANT(10) << 60};
    g_autofree char *path = g_build_filename(place->served, "short", NULL);
    g_autofree char *url = url_of(place, "short");

    assert_true(g_file_set_contents(path, "[a]\nname=b\n", -1, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autoptr(GError) error = NULL;
        gsize length = 0;
        g_autofree char *text = NULL;

        web_manners(place->web, &(WebManners){.claims = lies[i]});
        text = vd_transfer_text(url, VD_INDEX_BYTES, NULL, &length, &error);
        assert_null(text);
        assert_non_null(strstr(error->message, i == 0 ? "ended early" : "longer than"));
    }
}

/* ---- a source as a whole, signed ---- */

typedef struct {
    char *home, *keyring, *fingerprint;
} Key;

/* The first fingerprint of gpg's listing. */
static char *first_fingerprint(const char *home)
{
    const char *const argv[] = {"gpg",           "--homedir",   home, "--batch",
                                "--with-colons", "--list-keys", NULL};
    g_autoptr(GSubprocess) child = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
    g_autofree char *out = NULL;
    g_auto(GStrv) parts = NULL;

    assert_non_null(child);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, &out, NULL, NULL));
    parts = g_strsplit(out, "fpr:::::::::", 2);
    assert_int_equal(g_strv_length(parts), 2);
    return g_strndup(parts[1], 40);
}

/* A key of its own in a home of its own, its public half in a file. */
static void key_make(Key *key, const char *folder, const char *name)
{
    key->home = g_build_filename(folder, name, NULL);
    key->keyring = g_strconcat(key->home, ".asc", NULL);
    assert_int_equal(g_mkdir_with_parents(key->home, 0700), 0);
    run((const char *const[]){"gpg", "--homedir", key->home, "--batch", "--passphrase", "",
                              "--quick-gen-key", name, "ed25519", "sign", "never", NULL});
    run((const char *const[]){"gpg", "--homedir", key->home, "--batch", "--armor", "--output",
                              key->keyring, "--export", NULL});
    key->fingerprint = first_fingerprint(key->home);
}

static void key_clear(Key *key)
{
    run((const char *const[]){"gpgconf", "--homedir", key->home, "--kill", "all", NULL});
    g_free(key->home);
    g_free(key->keyring);
    g_free(key->fingerprint);
}

static void sign(const Key *key, const char *from, const char *to)
{
    run((const char *const[]){"gpg", "--homedir", key->home, "--batch", "--yes", "--clearsign",
                              "--output", to, from, NULL});
}

static void write_index(Place *place, const Key *key, const char *revision)
{
    g_autofree char *index = g_build_filename(place->served, "index", NULL);
    g_autofree char *signed_index = g_build_filename(place->served, "index.asc", NULL);
    g_autofree char *file = g_build_filename(place->served, "disk.xz", NULL);
    g_autofree char *digest = digest_of(file, G_CHECKSUM_SHA512);
    g_autofree char *text =
        g_strdup_printf("[test]\nname=Test\narch=x86_64\nfile=disk.xz\nrevision=%s\nsize=%d\n"
                        "checksum[sha512]=%s\nnotes=- dash\n",
                        revision, 3 * MIB, digest);

    assert_true(g_file_set_contents(index, text, -1, NULL));
    sign(key, index, signed_index);
}

static void source_refused(const VdConfSource *source, const char *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdCatalogue) catalogue = vd_catalogue_refresh(source, FALSE, NULL, &error);

    if (catalogue)
        fail_msg("it was taken, though: %s", words);
    if (!strstr(error->message, words))
        fail_msg("“%s” does not say “%s”", error->message, words);
}

static void spoil(Place *place, const char *from, const char *to)
{
    g_autofree char *path = g_build_filename(place->served, "index.asc", NULL);
    g_autofree char *text = NULL, *spoilt = NULL;
    g_auto(GStrv) parts = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    parts = g_strsplit(text, from, 2);
    assert_int_equal(g_strv_length(parts), 2);
    spoilt = g_strjoinv(to, parts);
    assert_true(g_file_set_contents(path, spoilt, -1, NULL));
}

static void test_signed_source(void **state)
{
    Place *place = *state;
    g_autofree char *url = url_of(place, "index.asc");
    g_autoptr(VdCatalogue) catalogue = NULL, kept = NULL;
    g_autoptr(GError) error = NULL;
    Key key, other;
    const char *why = NULL;
    g_autoptr(VdConfSource) source = NULL, mistaken = NULL;

    key_make(&key, place->folder, "publisher");
    key_make(&other, place->folder, "somebody");
    source =
        vd_conf_source_new("ours", "virt-builder", url, key.fingerprint, key.keyring, FALSE, &why);
    assert_non_null(source);
    write_index(place, &key, "5");
    catalogue = vd_catalogue_refresh(source, FALSE, NULL, &error);
    if (!catalogue)
        fail_msg("%s", error->message);
    assert_int_equal(catalogue->offers->len, 1);
    assert_string_equal(catalogue->signer, key.fingerprint);
    /* The words of a stranger before and behind the signed text are not read. */
    spoil(place, "-----BEGIN PGP SIGNED", "[evil]\nfile=e\n\n-----BEGIN PGP SIGNED");
    g_clear_pointer(&catalogue, vd_catalogue_free);
    catalogue = vd_catalogue_refresh(source, FALSE, NULL, NULL);
    assert_non_null(catalogue);
    assert_int_equal(catalogue->offers->len, 1);
    assert_string_equal(((VdOffer *)g_ptr_array_index(catalogue->offers, 0))->name, "test");
    write_index(place, &key, "5");
    spoil(place, "revision=5", "revision=6");
    source_refused(source, "does not fit");
    write_index(place, &other, "6");
    source_refused(source, "not in the keyring");
    mistaken = vd_conf_source_new("ours", "virt-builder", url, key.fingerprint, other.keyring,
                                  FALSE, &why);
    source_refused(mistaken, "another key");
    write_index(place, &key, "4");
    source_refused(source, "goes back");
    /* Nothing of all this has touched what was known. */
    kept = vd_catalogue_load("ours", NULL);
    assert_non_null(kept);
    assert_string_equal(((VdOffer *)g_ptr_array_index(kept->offers, 0))->revision, "5");
    g_clear_pointer(&catalogue, vd_catalogue_free);
    catalogue = vd_catalogue_refresh(source, TRUE, NULL, &error);
    assert_non_null(catalogue);
    key_clear(&key);
    key_clear(&other);
}

static void test_files_are_sources(void **state)
{
    Place *place = *state;
    g_autofree char *url = g_strdup_printf("file://%s/index", place->served);
    g_autofree char *path = g_build_filename(place->served, "index", NULL);
    const char *why = NULL;
    g_autoptr(VdConfSource) source =
        vd_conf_source_new("near", "virt-builder", url, NULL, NULL, FALSE, &why);
    g_autoptr(VdCatalogue) catalogue = NULL;

    assert_true(g_file_set_contents(path, "[a]\nfile=disk.xz\n", -1, NULL));
    catalogue = vd_catalogue_refresh(source, FALSE, NULL, NULL);
    assert_non_null(catalogue);
    assert_int_equal(catalogue->n_left_out, 1);
}

/* It would never begin, and nobody could cancel that. */
static void test_fifo(void **state)
{
    Place *place = *state;
    g_autofree char *path = g_build_filename(place->served, "fifo", NULL);
    g_autofree char *url = g_filename_to_uri(path, NULL, NULL);
    g_autoptr(GError) error = NULL;
    gsize length = 0;

    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(vd_transfer_text(url, VD_INDEX_BYTES, NULL, &length, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_INVALID);
    assert_non_null(strstr(error->message, "not a regular file"));
}

int main(void)
{
#define PLACED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PLACED(test_all_kinds),      PLACED(test_cut_lines),         PLACED(test_resume),
        PLACED(test_resume_in_vain), PLACED(test_wrong_digest),      PLACED(test_truncated),
        PLACED(test_not_there),      PLACED(test_damaged),           PLACED(test_bomb),
        PLACED(test_cancel),         PLACED(test_text_is_bounded),   PLACED(test_announced),
        PLACED(test_signed_source),  PLACED(test_files_are_sources), PLACED(test_fifo),
    };

    return cmocka_run_group_tests(tests, pack, unpack);
}
