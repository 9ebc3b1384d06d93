/* `image publish` and `image export`: images leave the house. What is published is a folder with an
 * index as virt-builder reads it, beside the disks compressed by xz; the index is replaced last and
 * by rename, so that whoever reads meanwhile finds a whole one with all its files. Entries of an
 * index that was there already stay as they are. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <lzma.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/child.h"
#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/catalogue.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/publish.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"

/* Each can be unpacked by a thread of its own. */
#define BLOCK_BYTES (G_GUINT64_CONSTANT(16) << 20)
#define PIECE       (1024 * 1024)
#define KEY_MS      30000

const VdArgSpec vd_image_publish_args[] = {
    {.name = "folder",
     .label = N_("Folder"),
     .help = N_("Where the index and the disks go; made if it is not there."),
     .type = VD_ARG_FILE,
     .required = TRUE,
     .positional = TRUE},
    {.name = "image",
     .label = N_("Images"),
     .help = N_("What is published; all images if left out."),
     .type = VD_ARG_IMAGE,
     .many = TRUE},
    {.name = "key",
     .label = N_("Key"),
     .help = N_("The GnuPG key that signs the index: its fingerprint or address."),
     .type = VD_ARG_TEXT},
    {.name = "level",
     .label = N_("Level"),
     .help = N_("How hard xz tries, 0 to 9: higher is smaller and slower."),
     .type = VD_ARG_INT,
     .value = "3",
     .min = 0,
     .max = 9},
    {.name = NULL},
};

const VdArgSpec vd_image_export_args[] = {
    {.name = "file",
     .label = N_("File"),
     .help = N_("The file to write; it must not be there yet."),
     .type = VD_ARG_FILE,
     .required = TRUE,
     .positional = TRUE},
    {.name = NULL},
};

/* ---- the index that is there ---- */

/* The index of a folder as it is now, "" if it has none; NULL: nothing can be added to it. The
 * caller frees. */
static char *read_index(const char *folder, const char *key, GError **error)
{
    g_autofree char *plain = g_build_filename(folder, "index", NULL);
    g_autofree char *armoured = g_build_filename(folder, "index.asc", NULL);
    g_autoptr(VdCatalogue) before = vd_catalogue_new("there");
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;

    if (!key && g_file_test(armoured, G_FILE_TEST_EXISTS)) {
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("The index in %s is signed: give --key, or what is signed would lag "
                       "behind."),
                     folder);
        return NULL;
    }
    if (!g_file_test(plain, G_FILE_TEST_EXISTS))
        return g_strdup("");
    text = vd_file_read(plain, VD_INDEX_BYTES, NULL, error);
    if (!text || vd_index_parse(before, text, strlen(text), "file:///", &why))
        return g_steal_pointer(&text);
    vd_error_set(error, VD_ERR_INVALID, vd_error_detail(why), _("%s is there and is no index: %s."),
                 plain, why->message);
    vd_error_quote(error, why);
    return NULL;
}

/* ---- before there is a job ---- */

gboolean vd_publish_check_folder(const char *folder, gboolean may_make, GError **error)
{
    g_autofree char *at = g_strdup(folder);

    while (may_make && !g_file_test(at, G_FILE_TEST_EXISTS)) {
        char *above = g_path_get_dirname(at);

        g_free(at);
        at = above;
    }
    if (g_file_test(at, G_FILE_TEST_EXISTS) && !g_file_test(at, G_FILE_TEST_IS_DIR))
        errno = ENOTDIR;
    else if (access(at, W_OK | X_OK) == 0)
        return TRUE;
    return vd_fail(error, errno == EACCES || errno == EROFS ? VD_ERR_DENIED : VD_ERR_INVALID, NULL,
                   "%s: %s.", at, g_strerror(errno));
}

gboolean vd_publish_check_key(const char *key, GError **error)
{
    const char *const argv[] = {"gpg", "--batch", "--list-secret-keys", "--", key, NULL};
    g_auto(VdChild) child = {0};
    g_autofree char *words = NULL;

    if (!key)
        return TRUE;
    if (!vd_child_run(argv, NULL, KEY_MS, &child, error))
        return FALSE;
    words = vd_child_words(&child);
    return child.status == 0 ||
           vd_fail(error, VD_ERR_NOT_FOUND, words,
                   _("GnuPG has no secret key “%s” here, which could sign the index; `gpg "
                     "--list-secret-keys` shows those that there are."),
                   key);
}

static gboolean check_publish(const char *folder, const char *key, GError **error)
{
    g_autofree char *index = NULL;

    if (!vd_publish_check_folder(folder, TRUE, error) || !vd_publish_check_key(key, error))
        return FALSE;
    index = read_index(folder, key, error);
    return index != NULL;
}

gboolean vd_export_check_file(const char *file, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(file);

    if (g_file_test(file, G_FILE_TEST_EXISTS))
        return vd_fail(error, VD_ERR_EXISTS, NULL, _("%s is there already."), file);
    return vd_publish_check_folder(folder, FALSE, error);
}

static gboolean check_export(const VdImage *image, const char *file, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(file);
    guint64 bytes = vd_image_allocated(image), room = vd_free_bytes(folder);
    g_autofree char *needs = vd_format_size(bytes), *there = vd_format_size(room);

    if (!vd_export_check_file(file, error) || !vd_image_check_file(image, error))
        return FALSE;
    return bytes < room || vd_fail(error, VD_ERR_NO_SPACE, NULL,
                                   _("The image %s takes %s, and there are %s free in %s."),
                                   image->name, needs, there, folder);
}

/* ---- submitting ---- */

static gboolean all_are_there(char *const *names, GError **error)
{
    for (; *names; names++) {
        g_autoptr(VdImage) image = vd_store_load(*names, error);

        if (!image || !vd_image_check_file(image, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean start(VdJournal *journal, VdJob *job, const char *const *members, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *spec = NULL;

    json_builder_begin_object(builder);
    for (; *members; members += 2)
        vd_json_text(builder, members[0], members[1]);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    spec = json_to_string(root, FALSE);
    return vd_deploy_start_named(journal, job, spec, FALSE, error);
}

gboolean vd_image_publish_submit(VdJournal *journal, const char *request, const char *author,
                                 const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_auto(GStrv) given = NULL, all = NULL;
    g_autofree char *folder = NULL, *names = NULL;
    g_autoptr(VdJob) job = NULL;

    if (!vd_args_check(checked, vd_image_publish_args, error))
        return FALSE;
    given = vd_args_all(checked, "image");
    if (!given[0])
        all = vd_store_names(error);
    if (!given[0] && (!all || !all[0]))
        return all ? vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There are no images to publish."))
                   : FALSE;
    if (!all_are_there(all ? all : given, error))
        return FALSE;
    names = g_strjoinv(" ", all ? all : given);
    folder = g_canonicalize_filename(vd_args_get(checked, "folder"), NULL);
    if (!check_publish(folder, vd_args_get(checked, "key"), error))
        return FALSE;
    job = vd_deploy_job_new(request, "image.publish", author, folder);
    job->title = g_strdup_printf("publish to %s", folder);
    return start(journal, job,
                 (const char *const[]){"folder", folder, "images", names, "level",
                                       vd_args_get(checked, "level"), "key",
                                       vd_args_get(checked, "key"), NULL},
                 error);
}

gboolean vd_image_export_submit(VdJournal *journal, const char *request, const char *author,
                                const char *name, const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autoptr(VdImage) image = vd_store_load(name, error);
    g_autofree char *file = NULL;
    g_autoptr(VdJob) job = NULL;

    if (!image || !vd_args_check(checked, vd_image_export_args, error))
        return FALSE;
    file = g_canonicalize_filename(vd_args_get(checked, "file"), NULL);
    if (!check_export(image, file, error))
        return FALSE;
    job = vd_deploy_job_new(request, "image.export", author, file);
    job->title = g_strdup_printf("export image %s", name);
    return start(journal, job, (const char *const[]){"file", file, "image", name, NULL}, error);
}

/* ---- export ---- */

static void on_copied(double fraction, gpointer data)
{
    vd_run_progress(data, fraction);
}

static gboolean fail_file(const char *path, GError **error)
{
    return vd_fail(error,
                   errno == ENOSPC || errno == EDQUOT  ? VD_ERR_NO_SPACE
                   : errno == EACCES || errno == EROFS ? VD_ERR_DENIED
                                                       : VD_ERR_FAILED,
                   NULL, "%s: %s.", path, g_strerror(errno));
}

static gboolean copy_out(VdRun *run, const VdImage *image, const char *part, GError **error)
{
    int from = open(image->path, O_RDONLY | O_CLOEXEC);
    int to = from < 0 ? -1 : open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    VdCopy copy = {0};
    gboolean ok;

    if (from < 0 || to < 0) {
        ok = fail_file(from < 0 ? image->path : part, error);
    } else {
        ok = vd_copy_file(from, image->path, to, part, on_copied, run, vd_run_cancellable(run),
                          &copy, error);
        if (ok && !g_str_equal(copy.sha256, image->sha256))
            ok = vd_fail(error, VD_ERR_DAMAGED, NULL,
                         _("The image %s is damaged: its bytes are not those that were recorded."),
                         image->name);
        if (ok && fchmod(to, 0644) < 0)
            ok = fail_file(part, error);
        vd_copy_clear(&copy);
    }
    if (to >= 0)
        close(to);
    if (from >= 0)
        close(from);
    return ok;
}

/* A runner that was killed may have given the file its name already. */
static gboolean exported_before(VdRun *run, const VdImage *image, const char *file)
{
    int fd = vd_run_resumed(run) ? open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    VdCopy copy = {0};
    gboolean same;

    if (fd < 0)
        return FALSE;
    same = vd_digest_file(fd, file, on_copied, run, vd_run_cancellable(run), &copy, NULL) &&
           g_str_equal(copy.sha256, image->sha256);
    close(fd);
    vd_copy_clear(&copy);
    return same;
}

static gboolean step_export(VdRun *run, GError **error)
{
    g_autofree char *name = vd_spec_text(run, "image");
    g_autofree char *file = vd_spec_text(run, "file");
    g_autofree char *part = g_strdup_printf("%s.%s.part", file, vd_run_id(run));
    g_autoptr(VdImage) image = vd_store_load(name, error);
    g_autoptr(GError) why = NULL;

    if (!image)
        return FALSE;
    vd_run_text(run, "%s", file);
    if (exported_before(run, image, file))
        return TRUE;
    if (!vd_run_undo(run, "file", part, error))
        return FALSE;
    if (!copy_out(run, image, part, &why)) {
        g_autofree char *folder = g_path_get_dirname(file);

        return vd_image_no_room(name, folder, g_steal_pointer(&why), error);
    }
    if (renameat2(AT_FDCWD, part, AT_FDCWD, file, RENAME_NOREPLACE) < 0)
        return fail_file(file, error);
    vd_file_sync_folder(file);
    return TRUE;
}

/* ---- publish: a disk ---- */

typedef struct {
    VdRun *run;
    int from, to;
    const char *from_name, *to_name;
    lzma_stream xz;
    GChecksum *checksum;
    guint64 size, done, written;
} Pack;

static gboolean write_out(Pack *pack, const guint8 *data, gsize length, GError **error)
{
    g_checksum_update(pack->checksum, data, (gssize)length);
    pack->written += length;
    while (length > 0) {
        ssize_t n = write(pack->to, data, length);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_file(pack->to_name, error);
        data += n;
        length -= (gsize)n;
    }
    return TRUE;
}

static gboolean pack_all(Pack *pack, GError **error)
{
    g_autofree guint8 *in = g_malloc(PIECE), *out = g_malloc(PIECE);
    lzma_action action = LZMA_RUN;
    lzma_ret ret = LZMA_OK;

    while (ret != LZMA_STREAM_END) {
        if (g_cancellable_is_cancelled(vd_run_cancellable(pack->run)))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        if (pack->xz.avail_in == 0 && action == LZMA_RUN) {
            ssize_t n = read(pack->from, in, PIECE);

            if (n < 0)
                return fail_file(pack->from_name, error);
            action = n == 0 ? LZMA_FINISH : LZMA_RUN;
            pack->xz.next_in = in;
            pack->xz.avail_in = (size_t)n;
            pack->done += (guint64)n;
            vd_run_progress(pack->run, pack->size ? (double)pack->done / (double)pack->size : -1);
        }
        pack->xz.next_out = out;
        pack->xz.avail_out = PIECE;
        ret = lzma_code(&pack->xz, action);
        if (ret != LZMA_OK && ret != LZMA_STREAM_END)
            return vd_fail(error, VD_ERR_FAILED, NULL, _("%s could not be compressed."),
                           pack->from_name);
        if (!write_out(pack, out, PIECE - pack->xz.avail_out, error))
            return FALSE;
    }
    return fsync(pack->to) == 0 || fail_file(pack->to_name, error);
}

static gboolean pack_open(Pack *pack, guint level, GError **error)
{
    const lzma_stream fresh = LZMA_STREAM_INIT;
    lzma_mt options = {.threads = CLAMP(g_get_num_processors(), 1, 8),
                       .block_size = BLOCK_BYTES,
                       .preset = level,
                       .check = LZMA_CHECK_CRC64};
    gboolean ok;

    pack->xz = fresh;
    if (lzma_stream_encoder_mt(&pack->xz, &options) != LZMA_OK)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("liblzma could not be set up."));
    ok = pack_all(pack, error);
    lzma_end(&pack->xz);
    return ok;
}

static gboolean pack_file(Pack *pack, guint level, GError **error)
{
    struct stat st;
    gboolean ok;

    pack->from = open(pack->from_name, O_RDONLY | O_CLOEXEC);
    if (pack->from < 0)
        return fail_file(pack->from_name, error);
    pack->to = open(pack->to_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (pack->to < 0) {
        close(pack->from);
        return fail_file(pack->to_name, error);
    }
    pack->size = fstat(pack->from, &st) == 0 ? (guint64)st.st_size : 0;
    pack->checksum = g_checksum_new(G_CHECKSUM_SHA512);
    ok = pack_open(pack, level, error);
    close(pack->from);
    close(pack->to);
    return ok;
}

/* ---- publish: the index ---- */

typedef struct {
    VdRun *run;
    char *folder;
    char *index; /* the text as it is now */
    guint level;
    guint packed, same;
} Publish;

/* The revision that the next one of these bytes has; NULL: it is there already. */
static char *next_revision(const Publish *publish, const VdImage *image)
{
    g_autofree char *section = vd_index_section(publish->index, image->name);
    g_autofree char *remark = g_strconcat(VD_INDEX_REMARK, image->sha256, NULL);
    const char *line = section ? strstr(section, "\nrevision=") : NULL;
    guint64 before = line ? g_ascii_strtoull(line + strlen("\nrevision="), NULL, 10) : 0;

    if (section && strstr(section, remark))
        return NULL;
    if (section && !line)
        before = 1; /* virt-builder's own default */
    return g_strdup_printf("%" G_GUINT64_FORMAT, before + 1);
}

static gboolean publish_one(Publish *publish, const char *name, GError **error)
{
    g_autoptr(VdImage) image = vd_store_load(name, error);
    g_autofree char *revision = image ? next_revision(publish, image) : NULL;
    g_autofree char *file = NULL, *path = NULL, *part = NULL, *entry = NULL, *next = NULL;
    Pack pack = {.run = publish->run};
    g_autoptr(GError) why = NULL;
    gboolean ok;

    if (!image || !revision) {
        publish->same += image != NULL;
        return image != NULL;
    }
    file = g_strdup_printf("%s-%s.%s.xz", image->name, revision, image->format);
    path = g_build_filename(publish->folder, file, NULL);
    part = g_strdup_printf("%s/.%s.%s.part", publish->folder, file, vd_run_id(publish->run));
    vd_run_text(publish->run, _("compressing %s"), name);
    pack.from_name = image->path;
    pack.to_name = part;
    ok = vd_run_undo(publish->run, "file", part, &why) && pack_file(&pack, publish->level, &why) &&
         vd_run_undo(publish->run, "published", path, &why) &&
         (rename(part, path) == 0 || fail_file(path, &why));
    if (!ok)
        vd_image_no_room(name, publish->folder, g_steal_pointer(&why), error);
    if (ok) {
        entry = vd_index_entry(image, file, revision, g_checksum_get_string(pack.checksum),
                               pack.written);
        next = vd_index_replace(publish->index, image->name, entry);
        g_free(publish->index);
        publish->index = g_steal_pointer(&next);
        publish->packed++;
        vd_run_log(publish->run, "%s: revision %s, %" G_GUINT64_FORMAT " bytes", name, revision,
                   pack.written);
    }
    g_clear_pointer(&pack.checksum, g_checksum_free);
    return ok;
}

gboolean vd_image_undo_published(VdRun *run, const char *argument, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(argument);
    g_autofree char *name = g_path_get_basename(argument);
    g_autofree char *path = g_build_filename(folder, "index", NULL);
    g_autofree char *line = g_strdup_printf("\nfile=%s\n", name);
    g_autofree char *index = vd_file_read(path, VD_INDEX_BYTES, NULL, NULL);

    (void)run;
    if (index && strstr(index, line))
        return TRUE;
    return unlink(argument) == 0 || errno == ENOENT || fail_file(argument, error);
}

/* Signed beside, then both in place: the plain index first, which nobody trusts by itself. */
static gboolean write_index(Publish *publish, const char *key, GError **error)
{
    g_autofree char *plain = g_build_filename(publish->folder, "index", NULL);
    g_autofree char *armoured = g_build_filename(publish->folder, "index.asc", NULL);
    g_autofree char *part =
        g_strdup_printf("%s/.index.%s.asc", publish->folder, vd_run_id(publish->run));
    const char *const argv[] = {"gpg",      "--batch", "--yes", "--local-user", key, "--clearsign",
                                "--output", part,      "--",    plain,          NULL};

    if (!vd_file_replace(plain, publish->index, -1, 0644, error))
        return FALSE;
    if (!key)
        return TRUE;
    if (!vd_run_undo(publish->run, "file", part, error))
        return FALSE;
    if (!vd_run_child(publish->run, argv, NULL, NULL, NULL, error))
        return FALSE;
    return (chmod(part, 0644) == 0 && rename(part, armoured) == 0) || fail_file(armoured, error);
}

/* Folders that are made for it go with it, unless something is in them by then. */
static gboolean make_folder(VdRun *run, const char *folder, GError **error)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
    char *at = g_strdup(folder);

    while (!g_file_test(at, G_FILE_TEST_EXISTS)) {
        g_ptr_array_add(missing, at);
        at = g_path_get_dirname(at);
    }
    g_free(at);
    for (guint i = missing->len; i > 0; i--) {
        if (!vd_run_undo_at_end(run, "folder", g_ptr_array_index(missing, i - 1), error))
            return FALSE;
    }
    return vd_mkdirs(folder, 0755, error);
}

gboolean vd_image_undo_folder(VdRun *run, const char *argument, GError **error)
{
    (void)run;
    return rmdir(argument) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST ||
           fail_file(argument, error);
}

static gboolean step_publish(VdRun *run, GError **error)
{
    g_autofree char *names = vd_spec_text(run, "images");
    g_autofree char *level = vd_spec_text(run, "level");
    g_autofree char *key = vd_spec_text(run, "key");
    g_auto(GStrv) images = g_strsplit(names ? names : "", " ", -1);
    Publish publish = {.run = run,
                       .folder = vd_spec_text(run, "folder"),
                       .level = level ? (guint)g_ascii_strtoull(level, NULL, 10) : 3};
    gboolean ok = make_folder(run, publish.folder, error) &&
                  (publish.index = read_index(publish.folder, key, error)) != NULL;

    for (char **name = images; ok && *name; name++)
        ok = publish_one(&publish, *name, error);
    ok = ok && write_index(&publish, key, error);
    if (ok)
        vd_run_text(run, _("%u new or changed, %u as before"), publish.packed, publish.same);
    g_free(publish.index);
    g_free(publish.folder);
    return ok;
}

const VdStepSpec vd_image_publish_steps[] = {
    {"publish", N_("compress and list"), 60, step_publish},
    {NULL, NULL, 0, NULL},
};

const VdStepSpec vd_image_export_steps[] = {
    {"copy", N_("copy"), 5, step_export},
    {NULL, NULL, 0, NULL},
};
