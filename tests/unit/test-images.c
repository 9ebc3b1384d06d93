/* The first judgement of files that are called images, on files made by qemu-img and by hand, and
 * the image store: what is written is what is read, what is broken is said to be. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include <cmocka.h>
#include <gio/gio.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy.h"
#include "src/deploy/diskfile.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/store.h"
#include "src/virt/provision.h"

#define MIB    (1024 * 1024)
#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

/* Runs qemu-img or qemu-io; what it prints is dropped. */
static void run(const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) child =
        g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);

    assert_non_null(child);
    assert_true(g_subprocess_wait_check(child, NULL, &error));
}

static void make(const char *path, const char *options, const char *size)
{
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", "qcow2",
                                "-o",       options,  path, size, NULL};

    run(argv);
}

/* Whether the file is refused with a sentence that holds these words. */
static void refused(const char *path, const char *words)
{
    g_autoptr(GError) error = NULL;
    VdDiskFile look;

    if (vd_diskfile_look_path(path, &look, &error))
        fail_msg("%s was taken, though: %s", path, words);
    if (!strstr(error->message, words))
        fail_msg("“%s” does not say “%s”", error->message, words);
    assert_true(g_str_has_suffix(error->message, "."));
}

static char *write_bytes(const char *name, gsize size, gsize at, const void *bytes, gsize length)
{
    char *path = in_folder(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(pwrite(fd, bytes, length, (off_t)at), (ssize_t)length);
    close(fd);
    return path;
}

static void patch(const char *path, gsize at, const void *bytes, gsize length)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, length, (off_t)at), (ssize_t)length);
    close(fd);
}

/* What came from elsewhere stands on nothing, whatever its header says. */
static void test_untied(void **state)
{
    g_autofree char *base = in_folder("base.qcow2"), *child = in_folder("child.qcow2");
    g_autofree char *outside = in_folder("outside.qcow2"), *raw = in_folder("plain.raw");
    g_autofree char *data = g_strdup_printf("data_file=%s.data,data_file_raw=on", outside);
    const char *const argv[] = {"qemu-img", "create", "-q",    "-f",  "qcow2", "-b",
                                base,       "-F",     "qcow2", child, NULL};
    g_autoptr(GError) error = NULL;
    VdDiskFile look;

    (void)state;
    make(base, "compat=1.1", "1M");
    run(argv);
    refused(child, "stands on another file");
    assert_true(vd_diskfile_untie(child, "vda there", NULL));
    assert_true(vd_diskfile_look_path(child, &look, NULL));
    assert_int_equal(look.virtual_size, MIB);
    make(outside, data, "1M");
    assert_false(vd_diskfile_untie(outside, "vda there", &error));
    assert_non_null(strstr(error->message, "vda there keeps its data in another file"));
    g_clear_error(&error);
    assert_true(g_file_set_contents(raw, "hello, world, this is no qcow2", -1, NULL));
    assert_false(vd_diskfile_untie(raw, "vda there", &error));
    assert_non_null(strstr(error->message, "is no qcow2 file"));
}

static void test_qcow2_is_taken(void **state)
{
    g_autofree char *path = in_folder("good.qcow2");
    g_autofree char *old = in_folder("old.qcow2");
    VdDiskFile look;

    (void)state;
    make(path, "compat=1.1", "64M");
    assert_true(vd_diskfile_look_path(path, &look, NULL));
    assert_string_equal(look.format, "qcow2");
    assert_int_equal(look.virtual_size, 64 * MIB);
    make(old, "compat=0.10", "3M");
    assert_true(vd_diskfile_look_path(old, &look, NULL));
    assert_int_equal(look.virtual_size, 3 * MIB);
}

static void test_qcow2_that_stands_on_others(void **state)
{
    g_autofree char *base = in_folder("base.qcow2");
    g_autofree char *overlay = in_folder("over lay's.qcow2");
    g_autofree char *quoted = g_shell_quote(overlay);
    g_autofree char *apart = in_folder("apart.qcow2");
    g_autofree char *data = in_folder("apart.data");
    g_autofree char *options = g_strdup_printf("data_file=%s", data);
    g_autofree char *whole = in_folder("whole.qcow2");
    g_autofree char *advice = g_strdup_printf(
        "stands on another file (%s); if that one is to go along, join the two first (qemu-img "
        "convert -O qcow2 -- %s whole.qcow2",
        base, quoted);
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    VdDiskFile look;
    const char *const argv[] = {"qemu-img", "create", "-q", "-f",    "qcow2", "-F",
                                "qcow2",    "-b",     base, overlay, NULL};

    (void)state;
    make(base, "compat=1.1", "8M");
    run(argv);
    refused(overlay, advice);
    assert_false(vd_diskfile_look_as(overlay, "http://host/a.qcow2", &look, &error));
    assert_non_null(strstr(error->message, "http://host/a.qcow2 stands on another file"));
    assert_null(strstr(error->message, overlay));
    assert_true(g_shell_parse_argv(strstr(advice, "qemu-img"), NULL, &words, NULL));
    g_free(words[6]);
    words[6] = g_strdup(whole); /* not in the current folder */
    run((const char *const *)words);
    assert_true(vd_diskfile_look_path(whole, &look, NULL));
    make(apart, options, "8M");
    refused(apart, "keeps its data in another file");
}

static void test_qcow2_encrypted_or_damaged(void **state)
{
    g_autofree char *path = in_folder("a.qcow2");
    const guint8 luks[] = {0, 0, 0, 2}, corrupt[] = {0, 0, 0, 0, 0, 0, 0, 2};
    const guint8 far[] = {0x00, 0x00, 0x10, 0, 0, 0, 0, 0}, nothing[8] = {0};

    (void)state;
    make(path, "compat=1.1", "8M");
    patch(path, 32, luks, sizeof(luks));
    refused(path, "encrypted");
    make(path, "compat=1.1", "8M");
    patch(path, 72, corrupt, sizeof(corrupt));
    refused(path, "damaged");
    make(path, "compat=1.1", "8M");
    patch(path, 40, far, sizeof(far));
    refused(path, "cut short");
    make(path, "compat=1.1", "8M");
    patch(path, 24, nothing, sizeof(nothing));
    refused(path, "size 0");
    make(path, "compat=1.1", "8M");
    assert_int_equal(truncate(path, 60), 0);
    refused(path, "cut short");
}

static void test_files_that_are_no_disks(void **state)
{
    static const struct {
        const char *magic;
        gsize length, at;
        const char *words;
    } others[] = {
        {"KDMV", 4, 0, "vmdk"},
        {"conectix", 8, 0, "vhd"},
        {"vhdxfile", 8, 0, "vhdx"},
        {"\x7f\x10\xda\xbe", 4, 64, "vdi"},
        {"QED", 4, 0, "qed"},
        {"\x1f\x8b\x08", 3, 0, "gunzip"},
        {"\xfd"
         "7zXZ",
         6, 0, "unxz"},
        {"\x28\xb5\x2f\xfd", 4, 0, "unzstd"},
        {"BZh9", 4, 0, "bunzip2"},
        {"LUKS\xba\xbe", 6, 0, "encrypted (LUKS)"},
        {"CD001", 5, 32769, "installation medium"},
        {"hello, world", 12, 0, "is no disk image"},
        {"QFI\xfb\0\0\0\1", 8, 0, "qcow of version 1"},
    };

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *path =
            write_bytes("thing", MIB, others[i].at, others[i].magic, others[i].length);

        refused(path, others[i].words);
    }
}

static void test_things_that_are_no_files(void **state)
{
    g_autofree char *empty = write_bytes("empty", 0, 0, "", 0);
    g_autofree char *pipe_path = in_folder("pipe");
    g_autofree char *missing = in_folder("missing");

    (void)state;
    refused(empty, "is empty");
    refused(folder, "is not a regular file");
    refused(missing, "cannot be opened");
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    refused(pipe_path, "is not a regular file");
}

/* A MBR with one partition of `sectors` from sector 2048. */
static char *make_mbr(const char *name, gsize size, guint32 sectors)
{
    guint8 sector[512] = {0};

    sector[446 + 4] = 0x83;
    sector[446 + 9] = 2048 >> 8;
    for (int i = 0; i < 4; i++)
        sector[446 + 12 + i] = (guint8)(sectors >> (8 * i));
    sector[510] = 0x55;
    sector[511] = 0xaa;
    return write_bytes(name, size, 0, sector, sizeof(sector));
}

static void test_raw_disks(void **state)
{
    g_autofree char *whole = make_mbr("whole.raw", 4 * MIB, 2048);
    g_autofree char *shortened = make_mbr("short.raw", 4 * MIB, 20480);
    g_autofree char *odd = make_mbr("odd.raw", 4 * MIB + 7, 2048);
    VdDiskFile look;

    (void)state;
    assert_true(vd_diskfile_look_path(whole, &look, NULL));
    assert_string_equal(look.format, "raw");
    assert_int_equal(look.virtual_size, 4 * MIB);
    refused(shortened, "cut short");
    assert_true(vd_diskfile_look_path(odd, &look, NULL));
    assert_int_equal(look.virtual_size, 4 * MIB + 512);
}

static void test_raw_gpt_and_file_system(void **state)
{
    guint8 header[512] = "EFI PART";
    guint8 super[1024] = {0};
    g_autofree char *gpt = NULL, *ext = NULL, *tail = NULL;
    VdDiskFile look;

    (void)state;
    header[32] = 0xff; /* the second copy in sector 0x1fff: 4 MiB in all */
    header[33] = 0x1f;
    gpt = write_bytes("gpt.raw", 4 * MIB, 512, header, sizeof(header));
    assert_true(vd_diskfile_look_path(gpt, &look, NULL));
    tail = write_bytes("gpt-short.raw", 4 * MIB - 512, 512, header, sizeof(header));
    refused(tail, "cut short");
    super[56] = 0x53;
    super[57] = 0xef;
    super[4] = 16; /* blocks of 1 KiB */
    ext = write_bytes("ext.raw", 16 * 1024, 1024, super, sizeof(super));
    assert_true(vd_diskfile_look_path(ext, &look, NULL));
    assert_int_equal(truncate(ext, 15 * 1024), 0);
    refused(ext, "cut short");
}

/* What qemu-img says of a file, whatever its status. */
static char *check_output(const char *path)
{
    const char *const words[] = {"check", "--output=json", "-f", "qcow2", "--", path, NULL};
    g_auto(GStrv) argv = vd_qemu_img_argv(words);
    g_autoptr(GSubprocess) child =
        g_subprocess_newv((const char *const *)argv,
                          G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
    char *out = NULL;

    assert_non_null(child);
    assert_true(g_subprocess_communicate_utf8(child, NULL, NULL, &out, NULL, NULL));
    return out;
}

static void test_cut_data_is_found(void **state)
{
    g_autofree char *path = in_folder("full.qcow2");
    const char *const fill[] = {"qemu-io", "-f", "qcow2", "-c", "write -P 7 0 6M", path, NULL};
    g_autofree char *sound = NULL, *cut = NULL;
    g_autoptr(GError) error = NULL;

    (void)state;
    make(path, "compat=1.1", "8M");
    run(fill);
    sound = check_output(path);
    assert_true(vd_diskfile_judge_check(sound, path, &error));
    assert_int_equal(truncate(path, 3 * MIB), 0);
    cut = check_output(path);
    assert_false(vd_diskfile_judge_check(cut, path, &error));
    assert_non_null(strstr(error->message, "damaged or cut short"));
}

static void test_info_must_agree(void **state)
{
    VdDiskFile file = {.format = "qcow2", .virtual_size = 1024};
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(
        vd_diskfile_judge_info("{\"format\":\"qcow2\",\"virtual-size\":1024}", &file, "a", NULL));
    assert_false(
        vd_diskfile_judge_info("{\"format\":\"raw\",\"virtual-size\":1024}", &file, "a", &error));
    g_clear_error(&error);
    assert_false(vd_diskfile_judge_info("{\"format\":\"qcow2\",\"virtual-size\":1024,"
                                        "\"backing-filename\":\"/etc/shadow\"}",
                                        &file, "a", &error));
    g_clear_error(&error);
    assert_false(vd_diskfile_judge_info("", &file, "a", &error));
}

static void test_copy_keeps_bytes_and_holes(void **state)
{
    g_autofree char *from = write_bytes("from", 9 * MIB + 5, 5 * MIB, "data", 4);
    g_autofree char *to = in_folder("to");
    g_autofree char *a = NULL, *b = NULL, *digest = NULL;
    gsize a_length = 0, b_length = 0;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    VdCopy copy;
    struct stat st;

    (void)state;
    assert_true(vd_copy_file(in, from, out, to, NULL, NULL, NULL, &copy, NULL));
    assert_int_equal(fstat(out, &st), 0);
    close(in);
    close(out);
    assert_true(g_file_get_contents(from, &a, &a_length, NULL));
    assert_true(g_file_get_contents(to, &b, &b_length, NULL));
    assert_int_equal(a_length, b_length);
    assert_memory_equal(a, b, a_length);
    digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)a, a_length);
    assert_string_equal(copy.sha256, digest);
    assert_true(st.st_blocks * 512 < 3 * MIB);
    vd_copy_clear(&copy);
}

static void test_copy_can_be_cancelled(void **state)
{
    g_autofree char *from = write_bytes("from", 3 * MIB, 0, "x", 1);
    g_autofree char *to = in_folder("to2");
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    VdCopy copy;

    (void)state;
    g_cancellable_cancel(cancel);
    assert_false(vd_copy_file(in, from, out, to, NULL, NULL, cancel, &copy, &error));
    assert_int_equal(vd_error_code(error), VD_ERR_CANCELLED);
    close(in);
    close(out);
}

static VdImage *some_image(const char *name)
{
    VdImage *image = vd_image_new();

    image->name = g_strdup(name);
    image->sha256 = g_strdup(DIGEST);
    image->format = g_strdup("qcow2");
    image->virtual_size = 5 * (guint64)MIB;
    image->file_size = 4;
    image->added = 1700000000;
    image->os = g_strdup("Debian GNU/Linux 12 (bookworm)");
    image->distro = g_strdup("debian");
    image->growable = TRUE;
    image->layout = g_strdup("{\"os\":{\"major\":12},\"timezones\":[\"UTC\",\"Europe/Berlin\"],"
                             "\"customise\":{\"possible\":true}}");
    return image;
}

static void test_store_keeps_what_it_got(void **state)
{
    g_autoptr(VdImage) image = some_image("debian-12");
    g_autoptr(VdImage) again = NULL;
    g_autofree char *request = NULL;
    g_auto(GStrv) zones = NULL;

    (void)state;
    assert_true(vd_store_prepare(NULL));
    assert_true(vd_store_save(image, "r-7K2M9Q", NULL));
    again = vd_image_find("debian-12", NULL);
    assert_non_null(again);
    assert_string_equal(again->os, image->os);
    assert_string_equal(again->sha256, DIGEST);
    assert_int_equal(again->virtual_size, image->virtual_size);
    assert_true(again->growable);
    assert_true(g_str_has_suffix(again->path, "/images/" DIGEST ".qcow2"));
    assert_true(vd_image_customisable(again, NULL));
    assert_int_equal(vd_image_major(again), 12);
    zones = vd_image_timezones(again);
    assert_int_equal(g_strv_length(zones), 2);
    request = vd_store_request("debian-12");
    assert_string_equal(request, "r-7K2M9Q");
}

static void test_store_refuses_what_is_broken(void **state)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *side = g_build_filename(folder, "images", "bad.json", NULL);
    g_autoptr(GPtrArray) images = NULL;
    static const char *const broken[] = {
        "", "[]", "{\"sha256\":\"../../etc/shadow\",\"format\":\"raw\",\"virtual_size\":1}",
        "{\"sha256\":\"" DIGEST "\",\"format\":\"/x\",\"virtual_size\":1}",
        "{\"sha256\":\"" DIGEST "\",\"format\":\"raw\"}"};

    (void)state;
    assert_true(vd_store_prepare(NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        assert_true(g_file_set_contents(side, broken[i], -1, NULL));
        assert_null(vd_image_find("bad", &error));
        assert_int_equal(vd_error_code(error), VD_ERR_DAMAGED);
        g_clear_error(&error);
    }
    images = vd_images_list(NULL, NULL);
    assert_int_equal(images->len, 0);
    assert_true(vd_image_remove("bad", NULL));
    assert_null(vd_image_find("bad", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_NOT_FOUND);
    g_clear_error(&error);
    assert_null(vd_image_find("../bad", &error));
}

static void test_remove_keeps_a_shared_disk(void **state)
{
    g_autoptr(VdImage) one = some_image("one");
    g_autoptr(VdImage) two = some_image("two");
    g_autofree char *disk = NULL;

    (void)state;
    assert_true(vd_store_prepare(NULL));
    disk = vd_store_disk_path(DIGEST, "qcow2");
    assert_true(g_file_set_contents(disk, "disk", -1, NULL));
    assert_true(vd_store_save(one, NULL, NULL));
    assert_true(vd_store_save(two, NULL, NULL));
    assert_true(vd_image_remove("one", NULL));
    assert_true(g_file_test(disk, G_FILE_TEST_EXISTS));
    assert_true(vd_image_remove("two", NULL));
    assert_false(g_file_test(disk, G_FILE_TEST_EXISTS));
}

/* A host that had a disk on the image and does not answer: the image stays. */
static void test_remove_asks_the_hosts(void **state)
{
    g_autoptr(VdImage) image = some_image("used");
    g_autoptr(GError) error = NULL;

    (void)state;
    assert_true(vd_store_prepare(NULL));
    assert_true(vd_store_save(image, NULL, NULL));
    assert_false(vd_store_note_host(image, "", NULL));
    assert_true(vd_store_note_host(image, "qemu+unix:///system?socket=/nonexistent", NULL));
    assert_false(vd_image_remove("used", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_UNREACHABLE);
    assert_true(vd_store_has("used"));
}

/* A machine on libvirt's test driver stands on the image: it stays until the machine is gone. */
static void test_remove_refuses_one_in_use(void **state)
{
    g_autoptr(VdImage) image = some_image("used");
    g_autoptr(VdConn) conn = vd_conn_open("test:///default", NULL, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *disk = NULL, *uuid = NULL;
    VdVmPlan plan = {.name = "db-07",
                     .disk_format = "qcow2",
                     .network_kind = "network",
                     .network = "default",
                     .vcpus = 1,
                     .memory = 64 * MIB};

    (void)state;
    assert_true(vd_store_prepare(NULL));
    assert_non_null(conn);
    disk = vd_store_disk_path(DIGEST, "qcow2");
    assert_true(g_file_set_contents(disk, "disk", -1, NULL));
    assert_true(vd_store_save(image, NULL, NULL));
    assert_true(vd_store_note_host(image, vd_conn_uri(conn), NULL));
    plan.disk = disk;
    assert_true(vd_conn_vm_define(conn, &plan, &uuid, NULL));
    assert_false(vd_image_remove("used", &error));
    assert_int_equal(vd_error_code(error), VD_ERR_BUSY);
    assert_non_null(strstr(error->message, "db-07"));
    assert_true(g_file_test(disk, G_FILE_TEST_EXISTS));
    assert_true(vd_conn_vm_remove(conn, uuid, NULL));
    assert_true(vd_image_remove("used", NULL));
    assert_false(g_file_test(disk, G_FILE_TEST_EXISTS));
}

static void test_inspection_with_a_system(void **state)
{
    static const struct {
        const char *os, *expected;
    } systems[] = {
        {"{\"product\":\"Alpine Linux v3.18\",\"distro\":\"alpine\"}", "Alpine Linux v3.18"},
        {"{\"product\":\"12.15\",\"distro\":\"debian\"}", "Debian 12.15"},
        {"{\"product\":\"\x1b[1mOS\",\"distro\":null}", "OS"},
        {"{}", "unknown system"},
    };

    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(systems); i++) {
        g_autoptr(VdImage) image = vd_image_new();
        g_autofree char *layout = g_strdup_printf(
            "{\"os\":%s,\"text\":\"partition 1, xfs\",\"grow\":{\"possible\":false,\"why\":\"No "
            "room.\"},\"customise\":{\"possible\":true}}",
            systems[i].os);

        assert_true(vd_image_read_layout(image, layout, "file", NULL));
        assert_string_equal(image->os, systems[i].expected);
        assert_string_equal(image->root, "partition 1, xfs");
        assert_false(image->growable);
        assert_string_equal(image->why_not, "No room.");
    }
}

static void test_inspection_without_a_system(void **state)
{
    g_autoptr(VdImage) image = vd_image_new();
    g_autoptr(VdImage) other = vd_image_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *why = NULL;

    (void)state;
    image->name = g_strdup("odd");
    image->layout = g_strdup("{\"os\":null,\"reason\":{\"code\":\"no-os\",\"message\":\"Nothing "
                             "known was found.\"}}");
    assert_true(vd_image_read_layout(image, image->layout, "odd", NULL));
    assert_null(image->os);
    assert_false(image->growable);
    assert_string_equal(image->why_not, "Nothing known was found.");
    assert_false(vd_image_customisable(image, &why));
    assert_string_equal(why, "Nothing known was found.");
    assert_false(vd_image_read_layout(
        other, "{\"os\":null,\"reason\":{\"code\":\"truncated\",\"message\":\"x.\"}}", "odd",
        &error));
    assert_non_null(strstr(error->message, "cut short"));
}

/* A full disk names the image and where it was to go, not a file of ours that is gone by then. */
static void test_no_room(void **state)
{
    GError *full = NULL, *other = NULL;
    g_autoptr(GError) told = NULL, passed = NULL;

    (void)state;
    vd_error_set(&full, VD_ERR_NO_SPACE, NULL, "/x/.add-r.part: No space left on device.");
    vd_error_set(&other, VD_ERR_DENIED, NULL, "No.");
    assert_false(vd_image_no_room("debian-12", "/images", full, &told));
    assert_string_equal(told->message, "There is no room left for the image debian-12 in /images.");
    assert_int_equal(vd_error_code(told), VD_ERR_NO_SPACE);
    assert_false(vd_image_no_room("debian-12", "/images", other, &passed));
    assert_string_equal(passed->message, "No.");
}

static void field_is(const char *verb, const char *field, const char *value, const char *words)
{
    g_autoptr(GError) error = NULL;
    gboolean ok = vd_image_check_field(verb, field, value, &error);

    if (ok != !words || (error && !strstr(error->message, words)))
        fail_msg("%s %s “%s”: %s", verb, field, value, error ? error->message : "passes");
}

/* Each as it is left, before anything is asked for. */
static void test_fields(void **state)
{
    g_autofree char *file = in_folder("a.qcow2"), *below = in_folder("a.qcow2/b");
    g_autofree char *fresh = in_folder("new/er"), *lost = in_folder("none/b.raw");
    g_autofree char *out = in_folder("b.raw");

    (void)state;
    make(file, "compat=1.1", "1M");
    field_is("image.add", "file", file, NULL);
    field_is("image.add", "file", out, "cannot be opened");
    field_is("image.add", "name", "fine", NULL);
    field_is("image.make", "name", "a/b", "");
    field_is("image.publish", "folder", fresh, NULL);
    field_is("image.publish", "folder", below, "Not a directory");
    field_is("image.export", "file", out, NULL);
    field_is("image.export", "file", file, "is there already");
    field_is("image.export", "file", lost, "No such file");
    field_is("image.export", "words", lost, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_untied, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_fields, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_qcow2_is_taken, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_qcow2_that_stands_on_others, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_qcow2_encrypted_or_damaged, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_files_that_are_no_disks, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_things_that_are_no_files, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_raw_disks, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_raw_gpt_and_file_system, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_cut_data_is_found, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_info_must_agree, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_copy_keeps_bytes_and_holes, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_copy_can_be_cancelled, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_store_keeps_what_it_got, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_store_refuses_what_is_broken, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_remove_keeps_a_shared_disk, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_remove_asks_the_hosts, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_remove_refuses_one_in_use, make_place, drop_place),
        cmocka_unit_test_setup_teardown(test_inspection_with_a_system, make_place, drop_place),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test_setup_teardown(test_inspection_without_a_system, make_place, drop_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
