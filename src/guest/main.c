/* vmdeck-guest: reads one request, does it with one appliance, tells how it goes. It is a program
 * of its own because most of libguestfs' calls can be ended only by killing the process they run
 * in. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/base/traces.h"
#include "src/guest/appliance.h"
#include "src/guest/customise.h"
#include "src/guest/fail.h"
#include "src/guest/generalise.h"
#include "src/guest/grow.h"
#include "src/guest/inspect.h"
#include "src/guest/iso.h"
#include "src/guest/launch.h"
#include "src/guest/leash.h"
#include "src/guest/request.h"
#include "src/guest/seed.h"

enum { REQUEST_MAX = 1024 * 1024 };

/* The events' descriptor: the first one, kept apart, so that nothing a library prints gets there.
 */
static int take_stdout(void)
{
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return -1;
    return fd;
}

/* Standard input to its end; NULL if it is too long or cannot be read. Free with
 * vd_secret_free(). */
static char *read_request(GError **error)
{
    char *text = g_malloc(REQUEST_MAX + 1);
    gsize length = 0;
    ssize_t n = 1;
    while (length <= REQUEST_MAX && n != 0) {
        n = read(STDIN_FILENO, text + length, REQUEST_MAX + 1 - length);
        if (n < 0 && errno != EINTR)
            break;
        length += n > 0 ? (gsize)n : 0;
    }
    if (n == 0 && length <= REQUEST_MAX && !memchr(text, 0, length)) {
        text[length] = '\0';
        return text;
    }
    explicit_bzero(text, REQUEST_MAX + 1);
    g_free(text);
    vd_guest_fail(error, VD_GUEST_BAD_REQUEST, NULL,
                  _("The request cannot be read, or is too long."));
    return NULL;
}

static VdRequest *take_request(GError **error)
{
    char *text = read_request(error);
    if (!text)
        return NULL;
    VdRequest *request = vd_request_parse(text, -1, error);
    vd_secret_free(text);
    return request;
}

static void add_launch(const VdGuest *guest, JsonObject *result)
{
    json_object_set_boolean_member(result, "tcg", guest->tcg);
    json_object_set_int_member(result, "launch_ms", guest->launch_ms);
}

static JsonObject *do_probe(VdGuest *guest, const VdRequest *request, GError **error)
{
    static const char *const groups[] = {"xfs", "btrfs", "lvm2", "gdisk", "selinuxrelabel"};
    if (!vd_guest_launch(guest, request, error))
        return NULL;
    g_autoptr(JsonObject) result = json_object_new();
    JsonObject *features = json_object_new();
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++)
        json_object_set_boolean_member(features, groups[i], vd_guest_feature(guest, groups[i]));
    json_object_set_object_member(result, "features", features);
    struct guestfs_version *version = guestfs_version(guest->g);
    if (version) {
        g_autofree char *text = g_strdup_printf("%" PRIi64 ".%" PRIi64 ".%" PRIi64, version->major,
                                                version->minor, version->release);
        json_object_set_string_member(result, "version", text);
        guestfs_free_version(version);
    }
    add_launch(guest, result);
    return vd_guest_close(guest, NULL, error) ? g_steal_pointer(&result) : NULL;
}

static JsonObject *do_inspect(VdGuest *guest, const VdRequest *request, GError **error)
{
    g_autoptr(VdDisk) disk = vd_disk_open(request->disk, request->format, error);
    if (!disk || !vd_guest_launch(guest, request, error))
        return NULL;
    g_autoptr(JsonObject) result = vd_inspect(guest, disk, error);
    if (!result)
        return NULL;
    add_launch(guest, result);
    return vd_guest_close(guest, NULL, error) ? g_steal_pointer(&result) : NULL;
}

/* What is done to the disk before the launch; what cannot be grown is refused here, in no time. */
static gboolean grow_table(const VdRequest *request, gboolean *ret_grown, GError **error)
{
    g_autoptr(VdDisk) disk = vd_disk_open(request->disk, request->format, error);
    if (!disk)
        return FALSE;
    if (vd_disk_bytes(disk) != request->size) {
        g_autofree char *is = g_strdup_printf("%" PRIu64, vd_disk_bytes(disk));
        g_autofree char *wanted = g_strdup_printf("%" PRIu64, request->size);
        return vd_guest_fail(error, VD_GUEST_NO_DISK, NULL,
                             _("The disk “%s” has %s bytes, and %s were expected."), request->disk,
                             is, wanted);
    }
    return vd_grow_table(disk, request->layout, ret_grown, error);
}

/* The guest with its root mounted, grown if that was asked for. */
static gboolean open_guest(VdGuest *guest, const VdRequest *request, gboolean *ret_grown,
                           guint64 *ret_bytes, GError **error)
{
    if (!request->grow)
        return vd_guest_launch(guest, request, error) &&
               vd_grow_mount(guest, request->layout, FALSE, error);
    return grow_table(request, ret_grown, error) && vd_guest_launch(guest, request, error) &&
           vd_grow_volume(guest, request, *ret_grown, error) &&
           vd_grow_mount(guest, request->layout, FALSE, error) &&
           vd_grow_filesystem(guest, request, *ret_grown, ret_bytes, error);
}

static JsonObject *do_prepare(VdGuest *guest, const VdRequest *request, GError **error)
{
    gboolean grown = FALSE, relabel = FALSE;
    guint64 root_bytes = 0;
    if (!open_guest(guest, request, &grown, &root_bytes, error))
        return NULL;
    if (request->customise && !vd_customise(guest, request, &relabel, error))
        return NULL;
    gboolean tool = FALSE;
    if (request->agent && !vd_customise_agent(guest, request->layout, &tool, error))
        return NULL;
    if (!vd_guest_close(guest, request->disk, error))
        return NULL;
    JsonObject *result = json_object_new();
    json_object_set_boolean_member(result, "grown", grown);
    json_object_set_int_member(result, "root_bytes", (gint64)root_bytes);
    json_object_set_boolean_member(result, "customised", request->customise != NULL);
    json_object_set_boolean_member(result, "relabel", relabel);
    if (request->agent)
        vd_layout_seed_to_json(VD_READER_AGENT, tool, result);
    add_launch(guest, result);
    return result;
}

static JsonObject *do_check(VdGuest *guest, const VdRequest *request, GError **error)
{
    if (!vd_appliance_check(guest, &request->layout->grow, error))
        return NULL;
    return json_object_new();
}

static JsonObject *do_generalise(VdGuest *guest, const VdRequest *request, GError **error)
{
    g_autoptr(VdDisk) disk = vd_disk_open(request->disk, request->format, error);
    if (!disk || !vd_guest_launch(guest, request, error))
        return NULL;
    g_autoptr(JsonObject) result = vd_generalise(guest, request, disk, error);
    if (!result)
        return NULL;
    add_launch(guest, result);
    return vd_guest_close(guest, request->disk, error) ? g_steal_pointer(&result) : NULL;
}

/* No appliance: a medium, and if need be a partition table. */
static JsonObject *do_seed(VdOut *out, const VdRequest *request, GError **error)
{
    gboolean grown = FALSE;
    guint64 bytes = 0;
    vd_out_step(out, "seed", vd_reader_name(request->reader));
    if (request->grow && request->disk && !grow_table(request, &grown, error))
        return NULL;
    g_autoptr(GPtrArray) files = vd_seed_files(request);
    if (!vd_iso_write(request->medium, "cidata", files, &bytes, error))
        return NULL;
    vd_out_step_done(out, NULL);
    JsonObject *result = json_object_new();
    json_object_set_int_member(result, "bytes", (gint64)bytes);
    json_object_set_boolean_member(result, "grown", grown);
    return result;
}

static JsonObject *run(VdOut *out, const VdRequest *request, const char *tmpdir, GError **error)
{
    if (request->action == VD_ACTION_SEED)
        return do_seed(out, request, error);
    g_autoptr(VdGuest) guest = vd_guest_new(out, tmpdir, error);
    if (!guest)
        return NULL;
    switch (request->action) {
    case VD_ACTION_INSPECT:
        return do_inspect(guest, request, error);
    case VD_ACTION_PREPARE:
        return do_prepare(guest, request, error);
    case VD_ACTION_GENERALISE:
        return do_generalise(guest, request, error);
    case VD_ACTION_PROBE:
        return do_probe(guest, request, error);
    case VD_ACTION_CHECK:
        return do_check(guest, request, error);
    case VD_ACTION_SEED:
        break;
    }
    return NULL;
}

/* Where what we make is noted: the folder of the job whose child we are (src/jobs), or nowhere. */
static int open_traces(void)
{
    const char *id = g_getenv("VMDECK_REQUEST");
    g_autofree char *folder = id && vd_request_id_valid(id) ? vd_path_job(id) : NULL;
    return folder ? vd_traces_open(folder) : -1;
}

/* Where libguestfs' cache stays, as it chooses it itself: guestfs(3), LIBGUESTFS_CACHEDIR. The
 * caller frees. */
static char *keep_cache(void)
{
    const char *chosen = g_getenv("LIBGUESTFS_CACHEDIR");
    const char *temporary = g_getenv("TMPDIR");
    g_autofree char *folder = g_canonicalize_filename(chosen      ? chosen
                                                      : temporary ? temporary
                                                                  : "/var/tmp",
                                                      NULL);
    g_autofree char *name = g_strdup_printf(".guestfs-%ju", (uintmax_t)geteuid());
    g_setenv("LIBGUESTFS_CACHEDIR", folder, TRUE);
    return g_build_filename(folder, name, NULL);
}

/* Children (supermin, QEMU) have their temporary files in our folder, too: it is what goes. The
 * caller frees; NULL with errno set. */
static char *enter_folder(const VdLeashTraces *traces)
{
    g_autofree char *parent = g_canonicalize_filename(g_get_tmp_dir(), NULL);
    g_autofree char *folder = g_build_filename(parent, "vmdeck-guest-XXXXXX", NULL);
    if (!vd_traces_mkdtemp(traces->fd, folder))
        return NULL;
    g_setenv("TMPDIR", folder, TRUE);
    return g_steal_pointer(&folder);
}

static JsonObject *serve(VdOut *out, int fd, GError **error)
{
    g_autoptr(VdRequest) request = take_request(error);
    if (!request)
        return NULL;
    g_autofree char *cache = request->action != VD_ACTION_SEED ? keep_cache() : NULL;
    VdLeashTraces traces = {.cache = cache, .fd = open_traces()};
    if (cache)
        vd_traces_note_cache(traces.fd, cache);
    g_autofree char *tmpdir = enter_folder(&traces);
    if (!tmpdir) {
        vd_guest_fail(error, VD_GUEST_DISK_FULL, g_strerror(errno),
                      _("A temporary folder could not be made."));
        return NULL;
    }
    traces.folder = tmpdir;
    vd_leash_start(out, fd, &traces);
    JsonObject *result = NULL;
    if (chdir(tmpdir) == 0) /* see disk.h */
        result = run(out, request, tmpdir, error);
    else
        vd_guest_fail(error, VD_GUEST_FAILED, g_strerror(errno),
                      _("A temporary folder could not be made."));
    (void)!chdir("/");
    vd_remove_tree(tmpdir, NULL);
    if (cache)
        vd_traces_sweep_cache(cache);
    return result;
}

int main(void)
{
    setlocale(LC_ALL, "");
    bindtextdomain(PACKAGE, LOCALEDIR);
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    textdomain(PACKAGE);
    int fd = take_stdout();
    if (fd < 0)
        return 1;
    VdOut *out = vd_out_new(fd); /* the leash's thread may use it to the very end */
    g_autoptr(GError) error = NULL;
    JsonObject *result = serve(out, fd, &error);
    vd_leash_leave();
    if (!result) {
        vd_out_error(out, error);
        return 1;
    }
    vd_out_result(out, result);
    return 0;
}
