/* Partition tables: disks made by sfdisk are read, planned and grown here, and then judged by
 * sfdisk again, which knows nothing of our reader. Broken ones are made by hand.
 * About 8 s on two processors. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "src/base/child.h"
#include "src/base/files.h"
#include "src/guest/fail.h"
#include "src/guest/parts-write.h"
#include "src/guest/parts.h"

enum { SMALL_MIB = 64, LARGE_MIB = 512 };

typedef struct {
    char *folder, *path;
    int fd;
} Fixture;

static int set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    /* sfdisk is where only root's PATH looks. */
    g_autofree char *path = g_strconcat(g_getenv("PATH"), ":/usr/sbin:/sbin", NULL);
    g_setenv("PATH", path, TRUE);
    fixture->folder = g_dir_make_tmp("vmdeck-test-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "disk", NULL);
    fixture->fd = open(fixture->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    *state = fixture;
    return fixture->fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    close(fixture->fd);
    vd_remove_tree(fixture->folder, NULL);
    g_free(fixture->folder);
    g_free(fixture->path);
    g_free(fixture);
    return 0;
}

static guint64 set_size(const Fixture *fixture, guint64 mib)
{
    assert_int_equal(ftruncate(fixture->fd, (off_t)(mib * 1024 * 1024)), 0);
    return mib * 2048;
}

/* What a tool says of the disk; it must end well. The caller frees. */
static char *tool(const Fixture *fixture, const char *name, const char *option, const char *input)
{
    const char *const argv[] = {name, option, fixture->path, NULL};
    g_auto(VdChild) child = {0};
    assert_true(vd_child_run(argv, input, 30000, &child, NULL));
    if (child.status != 0)
        fail_msg("%s %s: %s%s", name, option, child.out, child.error);
    return g_strconcat(child.out, child.error, NULL);
}

static void partition(const Fixture *fixture, const char *script)
{
    set_size(fixture, SMALL_MIB);
    g_autofree char *said = tool(fixture, "sfdisk", "-q", script);
}

static gboolean read_disk(gpointer data, guint64 offset, void *buffer, gsize length, GError **error)
{
    const Fixture *fixture = data;
    if (pread(fixture->fd, buffer, length, (off_t)offset) == (ssize_t)length)
        return TRUE;
    return vd_guest_fail(error, VD_GUEST_NO_DISK, NULL, "no such bytes");
}

static VdParts *read_parts(Fixture *fixture, guint64 mib)
{
    g_autoptr(GError) error = NULL;
    VdParts *parts = vd_parts_read(read_disk, fixture, mib * 2048, &error);
    if (!parts)
        fail_msg("%s", error->message);
    return parts;
}

static void assert_unreadable(Fixture *fixture, guint64 mib, VdGuestCode code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdParts) parts = vd_parts_read(read_disk, fixture, mib * 2048, &error);
    assert_null(parts);
    assert_true(g_error_matches(error, VD_GUEST_ERROR, (int)code));
}

static VdGrowSpec spec_of(const VdParts *parts, guint number)
{
    const VdPart *part = vd_parts_find(parts, number);
    assert_non_null(part);
    VdGrowSpec spec = {.possible = TRUE, .table = parts->kind, .partition = number};
    spec.start = part->start;
    spec.extended = part->logical ? vd_parts_extended(parts)->number : 0;
    return spec;
}

/* The dump without what may change: sizes, the disk's end, the file's name. */
static char *outline(const Fixture *fixture)
{
    g_autofree char *dump = tool(fixture, "sfdisk", "-d", NULL);
    g_auto(GStrv) lines = g_strsplit(dump, "\n", -1);
    g_autoptr(GRegex) size = g_regex_new("size= *[0-9]+", 0, 0, NULL);
    GString *made = g_string_new(NULL);
    for (guint i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "last-lba") || g_str_has_prefix(lines[i], "The backup"))
            continue;
        g_autofree char *line = g_regex_replace_literal(size, lines[i], -1, 0, "size=", 0, NULL);
        g_string_append_printf(made, "%s\n", line);
    }
    return g_string_free(made, FALSE);
}

/* Grows a partition to the larger disk and lets sfdisk judge. */
static void grow_and_judge(Fixture *fixture, guint number)
{
    g_autofree char *before_outline = outline(fixture);
    set_size(fixture, LARGE_MIB);
    g_autoptr(GError) error = NULL;
    g_autoptr(VdParts) before = read_parts(fixture, LARGE_MIB);
    VdGrowSpec spec = spec_of(before, number);
    VdPartsPlan plan = {0};
    if (!vd_parts_plan(before, &spec, &plan, &error))
        fail_msg("%s", error->message);
    assert_true(plan.needed);
    assert_int_equal((plan.end + 1) % 2048, 0);
    assert_true(plan.end + 1 + 2 * 2048 > before->sectors);
    g_autoptr(GPtrArray) patches = vd_parts_patches(read_disk, fixture, before, &plan, &error);
    if (!patches)
        fail_msg("%s", error->message);
    for (guint i = 0; i < patches->len; i++) {
        const VdPatch *patch = g_ptr_array_index(patches, i);
        gsize size = 0;
        const void *bytes = g_bytes_get_data(patch->bytes, &size);
        assert_int_equal(size % VD_SECTOR, 0);
        assert_int_equal(pwrite(fixture->fd, bytes, size, (off_t)patch->offset), size);
    }
    g_autoptr(VdParts) after = read_parts(fixture, LARGE_MIB);
    assert_true(vd_parts_check(before, after, &plan, NULL));
    assert_false(vd_parts_check(before, before, &plan, NULL));
    g_autofree char *verdict = tool(fixture, "sfdisk", "--verify", NULL);
    g_autofree char *lower = g_ascii_strdown(verdict, -1);
    const char *const faults[] = {"invalid", "corrupt", "mismatch", "overlap", "failed", "wrong"};
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
        if (strstr(lower, faults[i]))
            fail_msg("%s", verdict);
    g_autofree char *after_outline = outline(fixture);
    assert_string_equal(before_outline, after_outline);
    VdPartsPlan again = {0};
    assert_true(vd_parts_plan(after, &spec, &again, NULL));
    assert_false(again.needed);
    g_autoptr(GPtrArray) nothing = vd_parts_patches(read_disk, fixture, after, &again, NULL);
    assert_int_equal(nothing->len, 0);
}

static void gpt_grows(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: gpt\nsize=8M,type=uefi,name=esp,attrs=RequiredPartition\n"
                       "type=linux,name=root,attrs=\"LegacyBIOSBootable GUID:59\"\n");
    grow_and_judge(fixture, 2);
}

static void gpt_with_the_root_first_in_number(void **state)
{
    Fixture *fixture = *state;
    /* As Ubuntu's and Debian's cloud images have it: 14 and 15 lie before 1. */
    partition(fixture, "label: gpt\n1 : start=40960,type=linux\n14 : start=2048,size=8192\n"
                       "15 : start=10240,size=20480,type=uefi\n");
    grow_and_judge(fixture, 1);
}

static void gpt_with_many_entries(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: gpt\ntable-length: 256\nsize=8M\ntype=linux\n");
    grow_and_judge(fixture, 2);
}

static void mbr_primary_grows(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: dos\nsize=8M,type=82\ntype=83,bootable\n");
    grow_and_judge(fixture, 2);
}

static void mbr_logical_grows(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: dos\nsize=8M,type=83\ntype=5\nsize=8M,type=82\ntype=83\n");
    grow_and_judge(fixture, 6);
}

static void the_only_logical_one_grows(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: dos\nsize=8M,type=83\ntype=f\ntype=83\n");
    grow_and_judge(fixture, 5);
}

/* As when an image was cut to its used length, or copied to a larger disk. */
static void gpt_without_its_backup_grows(void **state)
{
    Fixture *fixture = *state;
    static const guint8 nothing[33 * VD_SECTOR] = {0};
    partition(fixture, "label: gpt\nsize=8M,type=uefi\ntype=linux,size=40M\n");
    off_t tail = SMALL_MIB * 1024 * 1024 - (off_t)sizeof nothing;
    assert_int_equal(pwrite(fixture->fd, nothing, sizeof nothing, tail), sizeof nothing);
    grow_and_judge(fixture, 2);
}

static void mbr_logical_with_something_behind(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: dos\nsize=8M,type=83\nsize=30M,type=5\nsize=8M,type=82\n"
                       "size=8M,type=83\nsize=20M,type=83\n");
    set_size(fixture, LARGE_MIB);
    g_autoptr(VdParts) parts = read_parts(fixture, LARGE_MIB);
    for (guint i = 0; i < parts->parts->len; i++) {
        const VdPart *part = &g_array_index(parts->parts, VdPart, i);
        if (!part->logical)
            continue;
        VdGrowSpec spec = spec_of(parts, part->number);
        VdPartsPlan plan = {0};
        g_autoptr(GError) error = NULL;
        assert_false(vd_parts_plan(parts, &spec, &plan, &error));
        assert_true(g_error_matches(error, VD_GUEST_ERROR, VD_GUEST_NO_ROOM));
    }
}

static void starts_by_efi_only(Fixture *fixture, const char *script, gboolean only)
{
    partition(fixture, script);
    g_autoptr(VdParts) parts = read_parts(fixture, SMALL_MIB);
    if (parts->efi_only != only)
        fail_msg("%s", script);
}

static void the_firmware_is_told(void **state)
{
    Fixture *fixture = *state;
    starts_by_efi_only(fixture, "label: gpt\nsize=8M,type=uefi\ntype=linux\n", TRUE);
    starts_by_efi_only(fixture, "label: gpt\ntype=linux\n", FALSE);
    starts_by_efi_only(fixture,
                       "label: gpt\nsize=1M,type=21686148-6449-6E6F-744E-656564454649\n"
                       "size=8M,type=uefi\ntype=linux\n",
                       FALSE);
    starts_by_efi_only(
        fixture, "label: gpt\nsize=8M,type=uefi\ntype=linux,attrs=LegacyBIOSBootable\n", FALSE);
    starts_by_efi_only(fixture, "label: dos\nsize=8M,type=ef\ntype=83\n", TRUE);
    starts_by_efi_only(fixture, "label: dos\nsize=8M,type=ef\ntype=83,bootable\n", FALSE);
    starts_by_efi_only(fixture, "label: gpt\nsize=8M,type=uefi\ntype=linux\n", TRUE);
    /* What a boot loader of a BIOS begins with. */
    assert_int_equal(pwrite(fixture->fd, "\xeb\x63\x90", 3, 0), 3);
    g_autoptr(VdParts) parts = read_parts(fixture, SMALL_MIB);
    assert_false(parts->efi_only);
}

static void no_table_is_no_fault(void **state)
{
    Fixture *fixture = *state;
    set_size(fixture, SMALL_MIB);
    g_autoptr(VdParts) parts = read_parts(fixture, SMALL_MIB);
    assert_int_equal(parts->kind, VD_TABLE_NONE);
    VdGrowSpec spec = {.possible = TRUE, .table = VD_TABLE_NONE};
    VdPartsPlan plan = {.needed = TRUE};
    assert_true(vd_parts_plan(parts, &spec, &plan, NULL));
    assert_false(plan.needed);
}

static void a_boot_sector_is_no_table(void **state)
{
    Fixture *fixture = *state;
    set_size(fixture, SMALL_MIB);
    guint8 sector[VD_SECTOR];
    memset(sector, 'x', sizeof sector); /* code where an MBR has its entries */
    sector[510] = 0x55;
    sector[511] = 0xaa;
    assert_int_equal(pwrite(fixture->fd, sector, sizeof sector, 0), sizeof sector);
    g_autoptr(VdParts) parts = read_parts(fixture, SMALL_MIB);
    assert_int_equal(parts->kind, VD_TABLE_NONE);
}

static void a_truncated_disk_is_told(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: gpt\nsize=8M\ntype=linux\n");
    assert_unreadable(fixture, SMALL_MIB / 2, VD_GUEST_TRUNCATED);
    partition(fixture, "label: dos\nsize=8M\ntype=83\n");
    assert_unreadable(fixture, SMALL_MIB / 2, VD_GUEST_TRUNCATED);
}

static gboolean plan_fails(const VdParts *parts, const VdGrowSpec *spec, VdGuestCode code)
{
    VdPartsPlan plan = {0};
    g_autoptr(GError) error = NULL;
    return !vd_parts_plan(parts, spec, &plan, &error) &&
           g_error_matches(error, VD_GUEST_ERROR, (int)code);
}

static void something_behind_is_no_room(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: gpt\nsize=8M\nsize=8M\n");
    g_autoptr(VdParts) parts = read_parts(fixture, SMALL_MIB);
    VdGrowSpec spec = spec_of(parts, 1);
    assert_true(plan_fails(parts, &spec, VD_GUEST_NO_ROOM));
}

static void mbr_ends_at_two_tib(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: dos\ntype=83\n");
    g_autoptr(VdParts) parts = read_parts(fixture, 3 * 1024 * 1024);
    VdGrowSpec spec = spec_of(parts, 1);
    assert_true(plan_fails(parts, &spec, VD_GUEST_NO_ROOM));
}

static void another_disk_is_refused(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: gpt\nsize=8M\ntype=linux\n");
    g_autoptr(VdParts) parts = read_parts(fixture, SMALL_MIB);
    VdGrowSpec right = spec_of(parts, 2), spec = right;
    spec.start++;
    assert_true(plan_fails(parts, &spec, VD_GUEST_BAD_LAYOUT));
    spec = right;
    spec.partition = 9;
    assert_true(plan_fails(parts, &spec, VD_GUEST_BAD_LAYOUT));
    spec = right;
    spec.table = VD_TABLE_MBR;
    assert_true(plan_fails(parts, &spec, VD_GUEST_BAD_LAYOUT));
    spec = right;
    spec.extended = 2;
    assert_true(plan_fails(parts, &spec, VD_GUEST_BAD_LAYOUT));
    spec = right;
    spec.possible = FALSE;
    assert_true(plan_fails(parts, &spec, VD_GUEST_UNSUPPORTED_LAYOUT));
}

static void wrong_checksums_are_not_signed_anew(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: gpt\nsize=8M\ntype=linux\n");
    /* A letter of the second partition's name. */
    assert_int_equal(pwrite(fixture->fd, "Z", 1, 1024 + 128 + 56), 1);
    set_size(fixture, LARGE_MIB);
    g_autoptr(VdParts) parts = read_parts(fixture, LARGE_MIB);
    VdGrowSpec spec = spec_of(parts, 2);
    VdPartsPlan plan = {0};
    g_autoptr(GError) error = NULL;
    assert_true(vd_parts_plan(parts, &spec, &plan, NULL));
    g_autoptr(GPtrArray) patches = vd_parts_patches(read_disk, fixture, parts, &plan, &error);
    assert_null(patches);
    assert_true(g_error_matches(error, VD_GUEST_ERROR, VD_GUEST_UNSUPPORTED_LAYOUT));
}

static void hybrids_are_refused(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: gpt\nsize=8M\ntype=linux\n");
    const guint8 entry[16] = {0, 0, 2, 0, 0x83, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0};
    assert_int_equal(pwrite(fixture->fd, entry, sizeof entry, 446 + 16), sizeof entry);
    assert_unreadable(fixture, SMALL_MIB, VD_GUEST_UNSUPPORTED_LAYOUT);
}

static void a_loop_of_logical_ones_ends(void **state)
{
    Fixture *fixture = *state;
    partition(fixture, "label: dos\nsize=8M,type=83\ntype=5\nsize=8M,type=82\ntype=83\n");
    g_autoptr(VdParts) parts = read_parts(fixture, SMALL_MIB);
    const VdPart *last = vd_parts_find(parts, 6);
    assert_non_null(last);
    /* The last EBR leads back to itself. */
    guint32 self = (guint32)(last->ebr - vd_parts_extended(parts)->start);
    guint8 link[16] = {0, 0, 0, 0, 5};
    guint32 where = GUINT32_TO_LE(self);
    memcpy(link + 8, &where, sizeof where);
    link[12] = 1;
    assert_int_equal(
        pwrite(fixture->fd, link, sizeof link, (off_t)(last->ebr * VD_SECTOR + 446 + 16)),
        sizeof link);
    assert_unreadable(fixture, SMALL_MIB, VD_GUEST_UNSUPPORTED_LAYOUT);
}

/* Whatever bytes are there, the reader ends, within the disk. */
static void any_bytes_are_survived(void **state)
{
    Fixture *fixture = *state;
    const char *const scripts[] = {"label: gpt\nsize=8M\ntype=linux\n",
                                   "label: dos\nsize=8M\ntype=5\nsize=8M\ntype=83\n"};
    g_autoptr(GRand) rand = g_rand_new_with_seed(20);
    for (guint round = 0; round < 4000; round++) {
        if (round % 2000 == 0)
            partition(fixture, scripts[round / 2000]);
        guint8 byte = (guint8)g_rand_int(rand), old = 0;
        off_t at = g_rand_int_range(rand, 440, 1024 + 2 * 128);
        assert_int_equal(pread(fixture->fd, &old, 1, at), 1);
        assert_int_equal(pwrite(fixture->fd, &byte, 1, at), 1);
        g_autoptr(GError) error = NULL;
        g_autoptr(VdParts) parts = vd_parts_read(read_disk, fixture, SMALL_MIB * 2048, &error);
        assert_true((parts == NULL) == (error != NULL));
        for (guint i = 0; parts && i < parts->parts->len; i++) {
            const VdPart *part = &g_array_index(parts->parts, VdPart, i);
            assert_true(part->start <= part->end && part->end < parts->sectors);
        }
        if (round % 8 != 0)
            assert_int_equal(pwrite(fixture->fd, &old, 1, at), 1);
    }
}

static void crc_is_the_known_one(void **state)
{
    (void)state;
    assert_int_equal(vd_crc32((const guint8 *)"123456789", 9), 0xcbf43926);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(gpt_grows),
        CASE(gpt_with_the_root_first_in_number),
        CASE(gpt_with_many_entries),
        CASE(mbr_primary_grows),
        CASE(mbr_logical_grows),
        CASE(the_only_logical_one_grows),
        CASE(gpt_without_its_backup_grows),
        CASE(mbr_logical_with_something_behind),
        CASE(the_firmware_is_told),
        CASE(no_table_is_no_fault),
        CASE(a_boot_sector_is_no_table),
        CASE(a_truncated_disk_is_told),
        CASE(something_behind_is_no_room),
        CASE(mbr_ends_at_two_tib),
        CASE(another_disk_is_refused),
        CASE(wrong_checksums_are_not_signed_anew),
        CASE(hybrids_are_refused),
        CASE(a_loop_of_logical_ones_ends),
        CASE(any_bytes_are_survived),
        CASE(crc_is_the_known_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
