/* `image add`: check, copy, inspect, record. The copy is judged again after it was made, since the
 * file that was looked at first belongs to somebody else and may have changed; what is recorded is
 * true of our copy. An image without an operating system is kept and marked: it can be deployed
 * without growing or customising. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/deploy/copy.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/diskfile.h"
#include "src/deploy/guest.h"
#include "src/deploy/image-bring.h"
#include "src/deploy/image-steps.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"
#include "src/deploy/systems.h"
#include "src/deploy/words.h"

const VdArgSpec vd_image_add_args[] = {
    {.name = "file",
     .label = N_("File"),
     .help = N_("The disk of an installed system: qcow2 or raw."),
     .type = VD_ARG_FILE,
     .required = TRUE,
     .positional = TRUE},
    {.name = "name",
     .label = N_("Name"),
     .help = N_("What the image is called; the file's name if left out."),
     .type = VD_ARG_NAME},
    VD_WORD_NOTES,
    VD_WORD_TAGS,
    {.name = NULL},
};

/* A name from a file's: "/srv/Debian 12.qcow2" becomes "Debian-12". */
static char *name_from_file(const char *path)
{
    static const char *const endings[] = {".qcow2", ".raw", ".img", ".qcow", ".disk", NULL};
    g_autofree char *name = g_path_get_basename(path);

    for (int i = 0; endings[i]; i++) {
        if (g_str_has_suffix(name, endings[i])) {
            name[strlen(name) - strlen(endings[i])] = '\0';
            break;
        }
    }
    for (char *c = name; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr("_-.+", *c))
            *c = '-';
    }
    while (*name == '-' || *name == '.')
        memmove(name, name + 1, strlen(name));
    if (strlen(name) > 64)
        name[64] = '\0';
    return *name ? g_steal_pointer(&name) : g_strdup("image");
}

gboolean vd_image_check_room(const char *what, guint64 bytes, GError **error)
{
    g_autofree char *folder = vd_path_images();
    guint64 room = vd_free_bytes(folder);
    g_autofree char *needs = vd_format_size(bytes);
    g_autofree char *there = vd_format_size(room);

    if (bytes < room)
        return TRUE;
    return vd_fail(error, VD_ERR_NO_SPACE, NULL,
                   _("%s takes %s, and there are %s free in the image folder %s."), what, needs,
                   there, folder);
}

gboolean vd_image_check_name(const char *name, GError **error)
{
    if (!vd_check_vm_name(name, error))
        return FALSE;
    if (vd_store_has(name))
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("There is an image %s already; choose another name with --name, or remove "
                         "that one first."),
                       name);
    return TRUE;
}

static char *make_spec(const char *file, const char *name, const char *notes, const char *tags)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(builder);
    vd_json_text(builder, "file", file);
    vd_json_text(builder, "name", name);
    vd_json_text(builder, "notes", notes);
    vd_json_text(builder, "tags", tags);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

gboolean vd_image_add_submit(VdJournal *journal, const char *request, const char *author,
                             const VdArgs *args, GError **error)
{
    g_autoptr(VdArgs) checked = vd_args_copy(args);
    g_autofree char *file = NULL, *name = NULL, *notes = NULL, *tags = NULL, *spec = NULL;
    g_autoptr(VdJob) job = NULL;
    VdDiskFile look;

    if (!vd_args_check(checked, vd_image_add_args, error))
        return FALSE;
    file = g_canonicalize_filename(vd_args_get(checked, "file"), NULL);
    name = vd_args_get(checked, "name") ? g_strdup(vd_args_get(checked, "name"))
                                        : name_from_file(file);
    notes = vd_text_clean(vd_args_get(checked, "notes"), 200, FALSE);
    if (!vd_image_check_name(name, error) || !vd_diskfile_look_path(file, &look, error) ||
        !vd_store_prepare(error) || !vd_image_check_room(file, look.allocated, error) ||
        !vd_guest_there(error))
        return FALSE;
    job = vd_deploy_job_new(request, "image.add", author, name);
    job->title = g_strdup_printf("add image %s", name);
    tags = vd_image_tags(checked);
    spec = make_spec(file, name, *notes ? notes : NULL, tags);
    return vd_deploy_start_named(journal, job, spec, TRUE, error);
}

char *vd_image_tags(const VdArgs *args)
{
    g_auto(GStrv) words = vd_args_all(args, "tag");
    g_autofree char *all = g_strjoinv(" ", words);
    g_autofree char *clean = vd_text_clean(all, 200, FALSE);

    return *g_strstrip(clean) ? g_steal_pointer(&clean) : NULL;
}

gboolean vd_image_no_room(const char *image, const char *folder, GError *why, GError **error)
{
    g_autoptr(GError) full = why;

    if (vd_error_code(why) != VD_ERR_NO_SPACE) {
        g_propagate_error(error, g_steal_pointer(&full));
        return FALSE;
    }
    return vd_fail(error, VD_ERR_NO_SPACE,
                   vd_error_detail(full) ? vd_error_detail(full) : full->message,
                   _("There is no room left for the image %s in %s."), image, folder);
}

gboolean vd_image_no_room_here(VdRun *run, GError *why, GError **error)
{
    g_autofree char *name = vd_spec_text(run, "name");
    g_autofree char *folder = vd_path_images();

    return vd_image_no_room(name ? name : "?", folder, why, error);
}

/* ---- the steps ---- */

/* What qemu-img thinks of it: the format and size, and for qcow2 that nothing is missing. */
gboolean vd_image_ask_qemu(VdRun *run, const char *path, const char *shown, const VdDiskFile *file,
                           GError **error)
{
    const char *const info[] = {"info", "--output=json", "-f", file->format, "--", path, NULL};
    const char *const check[] = {"check", "--output=json", "-f", file->format, "--", path, NULL};
    g_autofree char *said = NULL, *found = NULL;
    g_autoptr(GError) why = NULL;

    if (!vd_spec_qemu_img(run, info, &said, &why)) {
        if (vd_error_code(why) == VD_ERR_CANCELLED)
            g_propagate_error(error, g_steal_pointer(&why));
        else
            vd_error_set(error, VD_ERR_INVALID, why->message, _("qemu-img cannot read %s."), shown);
        return FALSE;
    }
    if (!vd_diskfile_judge_info(said, file, shown, error))
        return FALSE;
    if (!g_str_equal(file->format, "qcow2"))
        return TRUE;
    /* Status 3 is leaked clusters: a waste, no damage; so the report decides, not the status. */
    if (!vd_spec_qemu_img(run, check, &found, &why) && vd_error_code(why) == VD_ERR_CANCELLED) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    return vd_diskfile_judge_check(found, shown, error);
}

static gboolean step_check(VdRun *run, GError **error)
{
    g_autofree char *file = vd_spec_text(run, "file");
    g_autofree char *name = vd_spec_text(run, "name");
    g_autofree char *size = NULL;
    VdDiskFile look;

    if (!vd_image_check_name(name, error) || !vd_diskfile_look_path(file, &look, error) ||
        !vd_image_check_room(file, look.allocated, error) ||
        !vd_image_ask_qemu(run, file, file, &look, error))
        return FALSE;
    size = vd_format_size(look.virtual_size);
    vd_run_text(run, _("%s, %s"), look.format, size);
    return TRUE;
}

static void on_copied(double fraction, gpointer data)
{
    vd_run_progress(data, fraction);
}

static gboolean copy_open(VdRun *run, int from, const char *file, const char *temporary,
                          GError **error)
{
    int to = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    VdCopy copy = {0};
    g_autofree char *bytes = NULL, *size = NULL;
    gboolean ok;

    if (to < 0)
        return vd_fail(error, errno == EACCES || errno == EROFS ? VD_ERR_DENIED : VD_ERR_FAILED,
                       NULL, "%s: %s.", temporary, g_strerror(errno));
    ok = vd_copy_file(from, file, to, temporary, on_copied, run, vd_run_cancellable(run), &copy,
                      error);
    if (ok && fchmod(to, 0444) < 0)
        ok = vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", temporary, g_strerror(errno));
    close(to);
    if (ok) {
        vd_file_sync_folder(temporary);
        bytes = g_strdup_printf("%" G_GUINT64_FORMAT, copy.bytes);
        size = vd_format_size(copy.bytes);
        vd_run_set(run, "sha256", copy.sha256);
        vd_run_set(run, "bytes", bytes);
        vd_run_log(run, "sha256 %s", copy.sha256);
        vd_run_text(run, copy.reflink ? _("%s, blocks shared with the file") : _("%s copied"),
                    size);
    }
    vd_copy_clear(&copy);
    return ok;
}

static gboolean step_copy(VdRun *run, GError **error)
{
    g_autofree char *file = vd_spec_text(run, "file");
    g_autofree char *hidden = g_strdup_printf(".add-%s.part", vd_run_id(run));
    g_autofree char *folder = vd_path_images();
    g_autofree char *temporary = g_build_filename(folder, hidden, NULL);
    g_autofree char *size = NULL;
    g_autoptr(GError) why = NULL;
    VdDiskFile look;
    int from;
    gboolean ok;

    from = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (from < 0)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s cannot be opened: %s."), file,
                       g_strerror(errno));
    ok = vd_diskfile_look(from, file, &look, &why) && vd_run_undo(run, "file", temporary, &why) &&
         copy_open(run, from, file, temporary, &why);
    close(from);
    if (!ok)
        return vd_image_no_room_here(run, g_steal_pointer(&why), error);
    if (!vd_diskfile_look_as(temporary, file, &look, error) ||
        !vd_image_ask_qemu(run, temporary, file, &look, error))
        return FALSE;
    size = g_strdup_printf("%" G_GUINT64_FORMAT, look.virtual_size);
    vd_run_set(run, "file", temporary);
    vd_run_set(run, "format", look.format);
    vd_run_set(run, "virtual_size", size);
    return TRUE;
}

/* An image of the same bytes that was inspected before, or NULL. */
/* What an older vmdeck did not look for is looked for now. */
static VdImage *known_image(VdRun *run)
{
    g_auto(GStrv) names = vd_store_names(NULL);

    for (gsize i = 0; names && names[i]; i++) {
        g_autoptr(VdImage) image = vd_store_load(names[i], NULL);

        if (image && image->layout && g_strcmp0(image->sha256, vd_run_get(run, "sha256")) == 0 &&
            g_strcmp0(image->format, vd_run_get(run, "format")) == 0 &&
            vd_image_logins_known(image))
            return g_steal_pointer(&image);
    }
    return NULL;
}

static void on_inspect_step(VdRun *run, const char *step, const char *text, gpointer data)
{
    (void)data;
    if (text)
        vd_run_said(run, text);
    vd_run_log(run, "%s begins", step);
}

static JsonNode *inspect_request(VdRun *run)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    vd_json_text(builder, "action", "inspect");
    vd_json_text(builder, "request", vd_run_id(run));
    vd_json_text(builder, "disk", vd_run_get(run, "file"));
    vd_json_text(builder, "format", vd_run_get(run, "format"));
    vd_json_bool(builder, "tcg", vd_guest_tcg());
    json_builder_end_object(builder);
    return json_builder_get_root(builder);
}

static void tell_system(VdRun *run, const VdImage *image)
{
    g_autofree char *root = vd_image_root_said(image);
    g_autofree char *said = vd_said("%s, %s", image->os, image->root ? image->root : "?");

    said = vd_said_quote(g_steal_pointer(&said), image->root, root);
    vd_run_said(run, said);
}

gboolean vd_image_step_inspect(VdRun *run, GError **error)
{
    g_autoptr(VdImage) known = known_image(run);
    g_autoptr(JsonNode) result = NULL;
    g_autoptr(VdImage) image = NULL;
    g_autofree char *layout = NULL;

    if (known) {
        vd_run_set(run, "layout", known->layout);
        vd_run_text(run, _("the same bytes as %s, known already"), known->name);
        return TRUE;
    }
    result = vd_guest_run(run, inspect_request(run), on_inspect_step, NULL, NULL, error);
    if (!result)
        return FALSE;
    layout = json_to_string(result, FALSE);
    image = vd_image_new();
    if (!vd_image_read_layout(image, layout, vd_run_get(run, "file"), error))
        return FALSE;
    vd_run_set(run, "layout", layout);
    if (image->os)
        tell_system(run, image);
    else
        vd_run_text(run, _("%s It can be deployed as it is only."), image->why_not);
    return TRUE;
}

/* An image that the new one takes the place of keeps its bytes under another name. */
static gboolean give_way(VdRun *run, const VdImage *image, GError **error)
{
    const char *away = vd_run_get(run, "give-way");
    g_autofree char *both = NULL;

    if (!away || !vd_store_has(image->name))
        return TRUE;
    both = g_strdup_printf("%s %s", away, image->name);
    return vd_run_undo(run, "renamed", both, error) && vd_store_rename(image->name, away, error);
}

static gboolean record_locked(VdRun *run, const VdImage *image, GError **error)
{
    if (!give_way(run, image, error) || !vd_image_check_name(image->name, error))
        return FALSE;
    /* The same bytes again: they are there, ours go with the undo entry of the copy. */
    if (!g_file_test(image->path, G_FILE_TEST_EXISTS) &&
        rename(vd_run_get(run, "file"), image->path) < 0)
        return vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", image->path, g_strerror(errno));
    if (unlink(vd_run_get(run, "file")) < 0 && errno != ENOENT)
        vd_run_log(run, "%s: %s", vd_run_get(run, "file"), g_strerror(errno));
    return vd_run_undo(run, "image", image->name, error) &&
           vd_store_save(image, vd_run_id(run), error);
}

/* What an earlier step found, else what was given. The caller frees. */
static char *said(VdRun *run, const char *name)
{
    const char *found = vd_run_get(run, name);

    return found ? g_strdup(found) : vd_spec_text(run, name);
}

gboolean vd_image_step_record(VdRun *run, GError **error)
{
    g_autoptr(VdSystems) systems = vd_systems_new(vd_run_cancellable(run));
    g_autoptr(VdImage) image = vd_image_new();
    g_autofree char *folder = vd_path_images();
    GError *why = NULL;
    int lock;
    gboolean ok;

    image->name = said(run, "name");
    image->notes = said(run, "notes");
    image->tags = said(run, "tags");
    image->source = g_strdup(vd_run_get(run, "source"));
    image->offer = g_strdup(vd_run_get(run, "offer"));
    image->revision = g_strdup(vd_run_get(run, "revision"));
    image->sha256 = g_strdup(vd_run_get(run, "sha256"));
    image->format = g_strdup(vd_run_get(run, "format"));
    image->virtual_size = g_ascii_strtoull(vd_run_get(run, "virtual_size"), NULL, 10);
    image->file_size = g_ascii_strtoull(vd_run_get(run, "bytes"), NULL, 10);
    image->added = g_get_real_time() / G_USEC_PER_SEC;
    image->path = vd_store_disk_path(image->sha256, image->format);
    if (!vd_image_read_layout(image, vd_run_get(run, "layout"), image->path, error))
        return FALSE;
    image->layout = g_strdup(vd_run_get(run, "layout"));
    vd_systems_name_image(systems, image);
    if (g_cancellable_is_cancelled(vd_run_cancellable(run)))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    if (!vd_run_undo(run, "disk", image->path, error))
        return FALSE;
    lock = vd_store_lock(error);
    if (lock < 0)
        return FALSE;
    ok = record_locked(run, image, &why);
    close(lock);
    return ok || vd_image_no_room(image->name, folder, why, error);
}

/* ---- taking it back ---- */

static gboolean undo_file(VdRun *run, const char *argument, GError **error)
{
    (void)run;
    if (unlink(argument) < 0 && errno != ENOENT)
        return vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", argument, g_strerror(errno));
    return TRUE;
}

/* argument: where it went, and the name that it gave up. */
static gboolean undo_renamed(VdRun *run, const char *argument, GError **error)
{
    g_auto(GStrv) names = g_strsplit(argument, " ", 2);
    int lock;
    gboolean ok = TRUE;

    (void)run;
    if (g_strv_length(names) != 2)
        return TRUE;
    lock = vd_store_lock(error);
    if (lock < 0)
        return FALSE;
    if (vd_store_has(names[0]) && !vd_store_has(names[1]))
        ok = vd_store_rename(names[0], names[1], error);
    close(lock);
    return ok;
}

/* The name, if it is still ours: somebody may have removed it and added another. */
static gboolean undo_image(VdRun *run, const char *argument, GError **error)
{
    int lock = vd_store_lock(error);
    g_autofree char *request = NULL;
    gboolean ok = TRUE;

    if (lock < 0)
        return FALSE;
    request = vd_store_request(argument);
    if (g_strcmp0(request, vd_run_id(run)) == 0)
        ok = vd_store_drop(argument, error);
    close(lock);
    return ok;
}

/* Out of the store: removed, or laid back where the step that goes on expects it. */
static gboolean take_out(VdRun *run, const char *path, GError **error)
{
    const char *file = vd_run_resumed(run) ? vd_run_get(run, "file") : NULL;
    gboolean back = file && !g_file_test(file, G_FILE_TEST_EXISTS);

    if ((back ? rename(path, file) : unlink(path)) < 0 && errno != ENOENT)
        return vd_fail(error, VD_ERR_FAILED, NULL, "%s: %s.", path, g_strerror(errno));
    return TRUE;
}

/* The disk, unless an image has it. */
static gboolean undo_disk(VdRun *run, const char *argument, GError **error)
{
    g_autofree char *file = g_path_get_basename(argument);
    g_auto(GStrv) parts = g_strsplit(file, ".", 2);
    int lock;
    gboolean ok = TRUE;

    if (g_strv_length(parts) != 2)
        return TRUE;
    lock = vd_store_lock(error);
    if (lock < 0)
        return FALSE;
    if (!vd_store_disk_shared(parts[0], parts[1], NULL))
        ok = take_out(run, argument, error);
    close(lock);
    return ok;
}

const VdStepSpec vd_image_add_steps[] = {
    {"check", N_("check the file"), 1, step_check},
    {"copy", N_("copy"), 5, step_copy},
    {"inspect", N_("look inside"), 30, vd_image_step_inspect},
    {"record", N_("record"), 1, vd_image_step_record},
    {NULL, NULL, 0, NULL},
};

const VdUndoSpec vd_image_add_undos[] = {
    {N_("file"), N_("file %s removed"), undo_file, FALSE},
    {N_("published"), N_("file %s removed"), vd_image_undo_published, FALSE},
    {N_("folder"), N_("no empty folder %s left"), vd_image_undo_folder, FALSE},
    {N_("disk"), N_("disk %s removed"), undo_disk, FALSE},
    {N_("image"), N_("image %s removed"), undo_image, FALSE},
    {N_("renamed"), N_("%s named as before"), undo_renamed, FALSE},
    {N_("backup"), N_("the copy of %s ended"), vd_image_undo_backup, TRUE},
    {N_("there"), N_("disk %s removed"), vd_image_undo_there, FALSE},
    {NULL, NULL, NULL, FALSE},
};
