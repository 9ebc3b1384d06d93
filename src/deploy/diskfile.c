/* The first judgement of an image, made from its bytes alone. qemu-img is asked only afterwards and
 * with the format named: left to guess, it opens whatever other files the image points to
 * (CVE-2024-4467). Fields of qcow2: QEMU's docs/interop/qcow2.txt, "Header". Partition tables: the
 * UEFI specification 2.10, chapter 5. Superblocks: Linux' fs/ext4/ext4.h and
 * fs/xfs/libxfs/xfs_format.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/diskfile.h"

#define HEAD_BYTES (128 * 1024)
#define SECTOR     512

enum {
    QCOW2_DIRTY = 1 << 0,
    QCOW2_CORRUPT = 1 << 1,
    QCOW2_DATA_FILE = 1 << 2,
};

typedef struct {
    const guint8 *data;
    gsize length;
    const char *name;
    guint64 file_size;
} Head;

static guint64 big(const Head *head, gsize offset, int bytes)
{
    guint64 value = 0;

    for (int i = 0; i < bytes; i++)
        value = value << 8 | (offset + (gsize)i < head->length ? head->data[offset + (gsize)i] : 0);
    return value;
}

static guint64 little(const Head *head, gsize offset, int bytes)
{
    guint64 value = 0;

    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | (offset + (gsize)i < head->length ? head->data[offset + (gsize)i] : 0);
    return value;
}

static gboolean has(const Head *head, gsize offset, const char *magic, gsize length)
{
    return offset + length <= head->length && memcmp(head->data + offset, magic, length) == 0;
}
#define HAS(head, offset, magic) has(head, offset, magic, sizeof(magic) - 1)

static gboolean truncated(const Head *head, GError **error)
{
    g_autofree char *size = vd_format_size(head->file_size);

    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("%s is cut short: it has %s, and its own tables say that there must be more. "
                     "Copy or download it again."),
                   head->name, size);
}

/* What makes one qcow2 file of it, to be typed as it is where its name is a path. The caller frees.
 */
static char *convert_command(const Head *head)
{
    g_autofree char *file = *head->name == '/' ? g_shell_quote(head->name) : g_strdup("FILE");

    return g_strdup_printf("qemu-img convert -O qcow2 -- %s whole.qcow2", file);
}

/* What the header calls it: whoever joins the two should know whose bytes come in. The caller
 * frees.
 */
static char *base_name(const Head *head)
{
    guint64 offset = big(head, 8, 8), length = big(head, 16, 4);
    g_autofree char *name = NULL;

    if (length == 0 || offset > head->length || length > head->length - offset)
        return g_strdup(_("a backing file"));
    name = g_strndup((const char *)head->data + offset, (gsize)length);
    return vd_text_clean(name, 200, FALSE);
}

static gboolean refuse_base(const Head *head, GError **error)
{
    g_autofree char *command = convert_command(head), *base = base_name(head);

    if (*head->name != '/')
        return vd_fail(
            error, VD_ERR_INVALID, NULL,
            _("%s stands on another file (%s), which does not come with it: whoever made "
              "it must join the two."),
            head->name, base);
    return vd_fail(
        error, VD_ERR_INVALID, NULL,
        _("%s stands on another file (%s); if that one is to go along, join the two first "
          "(%s)."),
        head->name, base, command);
}

static gboolean check_qcow2_features(const Head *head, guint64 version, GError **error)
{
    guint64 incompatible = version >= 3 ? big(head, 72, 8) : 0;
    g_autofree char *command = convert_command(head);

    if (big(head, 32, 4) != 0)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is encrypted; decrypt it first: qemu-img convert."), head->name);
    if (big(head, 8, 8) != 0)
        return refuse_base(head, error);
    if (incompatible & QCOW2_DATA_FILE)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s keeps its data in another file; join the two first (%s)."), head->name,
                       command);
    if (incompatible & (QCOW2_CORRUPT | QCOW2_DIRTY))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is marked as damaged or was not closed; repair a copy of it first: "
                         "qemu-img check -r all."),
                       head->name);
    return TRUE;
}

static gboolean look_qcow2(const Head *head, VdDiskFile *ret, GError **error)
{
    guint64 version = big(head, 4, 4);
    guint64 l1_offset = big(head, 40, 8), l1_entries = big(head, 36, 4);
    g_autofree char *command = convert_command(head);

    if (version != 2 && version != 3)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is qcow of version %llu; only qcow2 and raw images can be deployed. "
                         "Convert it first (%s)."),
                       head->name, (unsigned long long)version, command);
    if (head->length < (version == 2 ? 72U : 104U))
        return truncated(head, error);
    if (!check_qcow2_features(head, version, error))
        return FALSE;
    if (l1_offset > head->file_size || l1_entries * 8 > head->file_size - l1_offset)
        return truncated(head, error);
    ret->format = "qcow2";
    ret->virtual_size = big(head, 24, 8);
    if (ret->virtual_size == 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is an empty disk of size 0."),
                       head->name);
    return TRUE;
}

/* Things that are not raw disks, and what to do with them. */
static const struct {
    gsize offset, length;
    const char *magic, *what;
} others[] = {
    {0, 4, "KDMV", "vmdk"},    {0, 4, "COWD", "vmdk"},     {0, 21, "# Disk DescriptorFile", "vmdk"},
    {0, 8, "conectix", "vhd"}, {0, 8, "vhdxfile", "vhdx"}, {64, 4, "\x7f\x10\xda\xbe", "vdi"},
    {0, 4, "QED", "qed"}, /* with its NUL */
};
static const struct {
    gsize length;
    const char *magic, *tool;
} packed[] = {
    {2, "\x1f\x8b", "gunzip"},         {6, "\xfd\x37zXZ", "unxz"}, /* with its NUL */
    {4, "\x28\xb5\x2f\xfd", "unzstd"}, {3, "BZh", "bunzip2"},
    {4, "PK\x03\x04", "unzip"},        {4, "\x04\x22\x4d\x18", "unlz4"},
};

static gboolean refuse_known(const Head *head, GError **error)
{
    g_autofree char *command = convert_command(head);

    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        if (has(head, others[i].offset, others[i].magic, others[i].length))
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("%s is a disk of the format %s; only qcow2 and raw images can be "
                             "deployed. Convert it first (%s)."),
                           head->name, others[i].what, command);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(packed); i++) {
        if (has(head, 0, packed[i].magic, packed[i].length))
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("%s is compressed; unpack it first with %s."), head->name,
                           packed[i].tool);
    }
    if (HAS(head, 0, "LUKS\xba\xbe"))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is encrypted (LUKS); decrypt it first."),
                       head->name);
    if (HAS(head, 32769, "CD001"))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is an installation medium (ISO 9660), not the disk of an installed "
                         "system."),
                       head->name);
    return TRUE;
}

/* Where the last of a MBR's partitions ends, in bytes; 0: no partitions. The entry that protects a
 * GPT says nothing. */
static guint64 mbr_end(const Head *head)
{
    guint64 end = 0;

    for (gsize entry = 446; entry < 446 + 64; entry += 16) {
        guint64 last = (little(head, entry + 8, 4) + little(head, entry + 12, 4)) * SECTOR;

        if (little(head, entry + 4, 1) != 0 && little(head, entry + 4, 1) != 0xee)
            end = MAX(end, last);
    }
    return end;
}

/* Where a GPT says that its second copy ends, in bytes; 0: no GPT. */
static guint64 gpt_end(const Head *head)
{
    for (gsize sector = 512; sector <= 4096; sector *= 8) {
        guint64 other = little(head, sector + 32, 8);

        if (HAS(head, sector, "EFI PART"))
            return other < G_MAXUINT64 / 8192 ? (other + 1) * sector : G_MAXUINT64;
    }
    return 0;
}

/* The size that a bare file system says it has, in bytes; 0: none that we know. */
static guint64 filesystem_end(const Head *head)
{
    if (HAS(head, 1024 + 56, "\x53\xef")) {
        guint64 blocks = little(head, 1024 + 4, 4);

        if (little(head, 1024 + 96, 4) & 0x80) /* INCOMPAT_64BIT */
            blocks |= little(head, 1024 + 336, 4) << 32;
        return blocks << MIN(10 + little(head, 1024 + 24, 4), 16);
    }
    if (HAS(head, 0, "XFSB"))
        return big(head, 8, 8) * big(head, 4, 4);
    if (HAS(head, 65536 + 64, "_BHRfS_M"))
        return little(head, 65536 + 112, 8);
    return 0;
}

static gboolean look_raw(const Head *head, VdDiskFile *ret, GError **error)
{
    gboolean partitioned = HAS(head, 510, "\x55\xaa");
    gboolean volumes = HAS(head, 512, "LABELONE") || HAS(head, 0, "LABELONE");
    guint64 end = MAX(gpt_end(head), filesystem_end(head));

    if (!refuse_known(head, error))
        return FALSE;
    if (partitioned)
        end = MAX(end, mbr_end(head));
    if (end == 0 && !partitioned && !volumes)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is no disk image: it is not qcow2, and it has neither a partition "
                         "table nor a file system."),
                       head->name);
    if (end > head->file_size)
        return truncated(head, error);
    ret->format = "raw";
    /* QEMU sees whole sectors. */
    ret->virtual_size = (head->file_size + SECTOR - 1) / SECTOR * SECTOR;
    return TRUE;
}

static gboolean read_head(int fd, const char *name, guint8 *data, gsize *ret_length, GError **error)
{
    gsize length = 0;

    while (length < HEAD_BYTES) {
        ssize_t n = pread(fd, data + length, HEAD_BYTES - length, (off_t)length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vd_fail(error, VD_ERR_FAILED, NULL, _("%s cannot be read: %s."), name,
                           g_strerror(errno));
        if (n == 0)
            break;
        length += (gsize)n;
    }
    *ret_length = length;
    return TRUE;
}

gboolean vd_diskfile_look(int fd, const char *name, VdDiskFile *ret, GError **error)
{
    g_autofree guint8 *data = g_malloc0(HEAD_BYTES);
    Head head = {.data = data, .name = name};
    struct stat st;

    *ret = (VdDiskFile){0};
    if (fstat(fd, &st) < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s cannot be read: %s."), name,
                       g_strerror(errno));
    if (!S_ISREG(st.st_mode))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is not a regular file."), name);
    if (st.st_size == 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is empty."), name);
    if (!read_head(fd, name, data, &head.length, error))
        return FALSE;
    head.file_size = (guint64)st.st_size;
    ret->file_size = head.file_size;
    ret->allocated = MIN((guint64)st.st_blocks * 512, head.file_size);
    if (HAS(&head, 0, "QFI\xfb"))
        return look_qcow2(&head, ret, error);
    return look_raw(&head, ret, error);
}

gboolean vd_diskfile_look_as(const char *path, const char *name, VdDiskFile *ret, GError **error)
{
    /* O_NONBLOCK: a FIFO must not hold us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    gboolean ok;

    if (fd < 0)
        return vd_fail(error, errno == EACCES ? VD_ERR_DENIED : VD_ERR_INVALID, NULL,
                       _("%s cannot be opened: %s."), path, g_strerror(errno));
    ok = vd_diskfile_look(fd, name, ret, error);
    close(fd);
    return ok;
}

gboolean vd_diskfile_look_path(const char *path, VdDiskFile *ret, GError **error)
{
    return vd_diskfile_look_as(path, path, ret, error);
}

/* The header's "backing file offset" and "backing file size". */
static gboolean wipe_base(int fd)
{
    static const guint8 none[12];
    char magic[4] = "";

    return pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
           memcmp(magic, "QFI\xfb", sizeof magic) == 0 &&
           pwrite(fd, none, sizeof none, 8) == (ssize_t)sizeof none;
}

gboolean vd_diskfile_untie(const char *path, const char *name, GError **error)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    VdDiskFile look;
    gboolean ok;

    if (fd < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s cannot be opened: %s."), path,
                       g_strerror(errno));
    ok = wipe_base(fd) ? vd_diskfile_look(fd, name, &look, error)
                       : vd_fail(error, VD_ERR_INVALID, NULL, _("%s is no qcow2 file."), name);
    close(fd);
    return ok;
}

char **vd_qemu_img_argv(const char *const *words)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();

    g_strv_builder_add_many(argv, "prlimit", "--as=2147483648", "--core=0", "--", "qemu-img", NULL);
    for (gsize i = 0; words[i]; i++)
        g_strv_builder_add(argv, words[i]);
    return g_strv_builder_end(argv);
}

static JsonObject *parse_object(const char *json, JsonParser *parser)
{
    JsonNode *root;

    if (!json_parser_load_from_data(parser, json, -1, NULL))
        return NULL;
    root = json_parser_get_root(parser); /* NULL: nothing at all */
    return root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

gboolean vd_diskfile_judge_info(const char *json, const VdDiskFile *file, const char *name,
                                GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *info = parse_object(json, parser);
    gint64 size = info ? json_object_get_int_member_with_default(info, "virtual-size", -1) : -1;

    if (!info)
        return vd_fail(error, VD_ERR_FAILED, json, _("qemu-img said nothing about %s."), name);
    if (g_strcmp0(json_object_get_string_member_with_default(info, "format", ""), file->format) ||
        size < 0 || (guint64)size != file->virtual_size)
        return vd_fail(error, VD_ERR_INVALID, json,
                       _("%s is no sound %s image: qemu-img reads its head otherwise."), name,
                       file->format);
    if (json_object_has_member(info, "backing-filename") ||
        json_object_get_boolean_member_with_default(info, "encrypted", FALSE))
        return vd_fail(error, VD_ERR_INVALID, json, _("%s is encrypted or stands on another file."),
                       name);
    return TRUE;
}

gboolean vd_diskfile_judge_check(const char *json, const char *name, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *check = parse_object(json, parser);
    gint64 broken;

    if (!check)
        return vd_fail(error, VD_ERR_INVALID, json,
                       _("%s could not be checked: it is damaged beyond reading."), name);
    broken = json_object_get_int_member_with_default(check, "corruptions", 0) +
             json_object_get_int_member_with_default(check, "check-errors", 0);
    if (broken > 0)
        return vd_fail(error, VD_ERR_INVALID, json,
                       _("%s is damaged or cut short: qemu-img finds %lld errors in it. Copy or "
                         "download it again."),
                       name, (long long)broken);
    return TRUE;
}
