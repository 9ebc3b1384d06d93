/* `image prepare`: an image without cloud-init gets our first-boot agent by one launch of the
 * appliance, and is from then on deployed by a seed medium like one that has. It becomes an image
 * of its own: disks may stand on the bytes of the old one. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/guest.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"

const VdArgSpec vd_image_prepare_args[] = {
    {.name = "name",
     .label = N_("Name"),
     .help = N_("What the prepared image is called; the old name and -prepared if left out."),
     .type = VD_ARG_NAME},
    {.name = NULL},
};

/* ---- submitting ---- */

/* Whether there is anything to prepare. */
static gboolean check_image(const VdImage *image, GError **error)
{
    gboolean grows = FALSE, unknown = FALSE;
    g_autofree char *reader = vd_image_reader(image, &grows, &unknown);
    g_autofree char *why = NULL;

    if (reader)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The image %s needs no preparing: it sets itself up by %s already."),
                       image->name, reader);
    if (!vd_image_customisable(image, &why))
        return vd_fail(error, VD_ERR_UNSUPPORTED, NULL, _("The image %s cannot be prepared: %s"),
                       image->name, why);
    return vd_image_check_file(image, error) && vd_guest_there(error);
}

static char *make_spec(const VdImage *image, const char *name)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(builder);
    vd_json_text(builder, "image", image->name);
    vd_json_text(builder, "old_sha256", image->sha256);
    vd_json_text(builder, "name", name);
    vd_json_text(builder, "notes", image->notes);
    vd_json_text(builder, "tags", image->tags);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

gboolean vd_image_prepare_submit(VdJournal *journal, const char *request, const char *author,
                                 const char *image_name, const VdArgs *args, GError **error)
{
    g_autoptr(VdImage) image = vd_image_find(image_name, error);
    g_autofree char *usual = g_strconcat(image_name, "-prepared", NULL);
    const char *name = vd_args_get(args, "name");
    g_autoptr(VdJob) job = NULL;
    g_autofree char *spec = NULL;

    if (!image || !check_image(image, error))
        return FALSE;
    if (!name || !*name)
        name = usual;
    if (!vd_image_check_name(name, error) ||
        !vd_image_check_room(image->name, vd_image_allocated(image), error))
        return FALSE;
    job = vd_deploy_job_new(request, "image.prepare", author, name);
    job->title = g_strdup_printf("prepare image %s", image->name);
    spec = make_spec(image, name);
    return vd_deploy_start_named(journal, job, spec, TRUE, error);
}

/* ---- the steps ---- */

static void on_progress(double fraction, gpointer data)
{
    vd_run_progress(data, fraction);
}

static gboolean copy_disk(VdRun *run, const VdImage *image, const char *temporary, GError **error)
{
    g_autofree char *old = vd_spec_text(run, "old_sha256");
    int from = open(image->path, O_RDONLY | O_CLOEXEC);
    int to = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    VdCopy copy = {0};
    gboolean ok = FALSE;

    if (from < 0 || to < 0)
        vd_error_set(error, VD_ERR_FAILED, NULL, "%s: %s.", from < 0 ? image->path : temporary,
                     g_strerror(errno));
    else
        ok = vd_copy_file(from, image->path, to, temporary, on_progress, run,
                          vd_run_cancellable(run), &copy, error);
    if (ok && g_strcmp0(copy.sha256, old) != 0)
        ok = vd_fail(error, VD_ERR_DAMAGED, NULL,
                     _("The disk of the image %s is not what it was when it was added; remove the "
                       "image and add it again."),
                     image->name);
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    vd_copy_clear(&copy);
    if (ok)
        vd_file_sync_folder(temporary);
    return ok;
}

static gboolean step_copy(VdRun *run, GError **error)
{
    g_autofree char *name = vd_spec_text(run, "image");
    g_autoptr(VdImage) image = vd_image_find(name, error);
    g_autofree char *hidden = g_strdup_printf(".prepare-%s.part", vd_run_id(run));
    g_autofree char *folder = vd_path_images();
    g_autofree char *temporary = g_build_filename(folder, hidden, NULL);
    g_autofree char *size = NULL;
    GError *why = NULL;

    if (!image || !check_image(image, error) || !vd_run_undo(run, "file", temporary, error))
        return FALSE;
    if (!copy_disk(run, image, temporary, &why))
        return vd_image_no_room_here(run, why, error);
    size = g_strdup_printf("%" G_GUINT64_FORMAT, image->virtual_size);
    vd_run_set(run, "file", temporary);
    vd_run_set(run, "format", image->format);
    vd_run_set(run, "virtual_size", size);
    vd_run_set(run, "layout", image->layout);
    return TRUE;
}

static JsonNode *make_request(VdRun *run)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    vd_json_text(builder, "action", "prepare");
    vd_json_text(builder, "request", vd_run_id(run));
    vd_json_text(builder, "disk", vd_run_get(run, "file"));
    vd_json_text(builder, "format", vd_run_get(run, "format"));
    vd_json_bool(builder, "tcg", vd_guest_tcg());
    vd_json_bool(builder, "agent", TRUE);
    json_builder_set_member_name(builder, "layout");
    json_builder_add_value(builder, json_from_string(vd_run_get(run, "layout"), NULL));
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

/* What the image was known to be, and that it now has our agent. */
static void note_reader(VdRun *run, JsonNode *result)
{
    g_autoptr(JsonNode) layout = json_from_string(vd_run_get(run, "layout"), NULL);
    JsonNode *seed = json_object_get_member(json_node_get_object(result), "seed");
    g_autofree char *text = NULL;

    if (seed)
        json_object_set_member(json_node_get_object(layout), "seed", json_node_copy(seed));
    text = json_to_string(layout, FALSE);
    vd_run_set(run, "layout", text);
}

static void on_step(VdRun *run, const char *step, const char *text, gpointer data)
{
    (void)data;
    vd_run_log(run, "%s begins", step);
    if (text)
        vd_run_said(run, text);
    vd_run_progress(run, g_str_equal(step, "appliance") ? 0 : -1);
}

static gboolean digest(VdRun *run, GError **error)
{
    const char *file = vd_run_get(run, "file");
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    g_autofree char *bytes = NULL;
    VdCopy copy = {0};
    gboolean ok;

    if (fd < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", file, g_strerror(errno));
    ok = vd_digest_file(fd, file, on_progress, run, vd_run_cancellable(run), &copy, error);
    if (ok && (fsync(fd) < 0 || fchmod(fd, 0444) < 0))
        ok = vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", file, g_strerror(errno));
    close(fd);
    if (ok) {
        bytes = g_strdup_printf("%" G_GUINT64_FORMAT, copy.bytes);
        vd_run_set(run, "sha256", copy.sha256);
        vd_run_set(run, "bytes", bytes);
        vd_run_log(run, "sha256 %s", copy.sha256);
    }
    vd_copy_clear(&copy);
    return ok;
}

static gboolean step_agent(VdRun *run, GError **error)
{
    g_autoptr(JsonNode) result = vd_guest_run(run, make_request(run), on_step, NULL, NULL, error);

    if (!result)
        return FALSE;
    note_reader(run, result);
    vd_run_text(run, _("first-boot agent put in"));
    return digest(run, error);
}

const VdStepSpec vd_image_prepare_steps[] = {
    {"copy", N_("copy"), 5, step_copy},
    {"agent", N_("put the agent in"), 25, step_agent},
    {"record", N_("record"), 1, vd_image_step_record},
    {NULL, NULL, 0, NULL},
};
