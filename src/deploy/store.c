/* The image store. A side file is written last and by rename, so an image is either there as a
 * whole or not at all; a disk without a side file is a left-over that nobody sees and the job's
 * undo removes. Side files are ours, and still read with care: a name or a digest that is none is
 * refused before it becomes a part of a path. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"

#define SIDE_FILE_BYTES (4 * 1024 * 1024)
#define SIDE_FILE_MODE  0644
#define LOCK_USEC       (30 * G_USEC_PER_SEC)

static char *in_store(const char *name, const char *suffix)
{
    g_autofree char *folder = vd_path_images();
    g_autofree char *file = g_strconcat(name, suffix, NULL);

    return g_build_filename(folder, file, NULL);
}

gboolean vd_store_prepare(GError **error)
{
    g_autofree char *folder = vd_path_images();

    return vd_mkdirs(folder, 0755, error);
}

int vd_store_lock(GError **error)
{
    g_autofree char *path = in_store(".lock", "");
    gint64 deadline;
    int fd;

    if (!vd_store_prepare(error))
        return -1;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        vd_error_set(error, errno == EACCES || errno == EROFS ? VD_ERR_DENIED : VD_ERR_FAILED,
                     g_strerror(errno), _("The image store cannot be locked: %s: %s."), path,
                     g_strerror(errno));
        return -1;
    }
    /* Not for ever: whoever removes an image may be asking a host that hangs. */
    deadline = g_get_monotonic_time() + LOCK_USEC;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (g_get_monotonic_time() < deadline) {
            g_usleep(50 * 1000);
            continue;
        }
        vd_error_set(error, VD_ERR_BUSY, NULL,
                     _("Somebody else is working on the image store; try again."));
        close(fd);
        return -1;
    }
    return fd;
}

char *vd_store_disk_path(const char *sha256, const char *format)
{
    g_autofree char *suffix = g_strconcat(".", format, NULL);

    return in_store(sha256, suffix);
}

gboolean vd_store_has(const char *name)
{
    g_autofree char *path = in_store(name, ".json");

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean is_digest(const char *text)
{
    return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static char *copy_member(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return NULL;
    return g_strdup(json_node_get_string(node));
}

static guint64 size_member(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);
    gint64 value = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_int(node) : 0;

    return value > 0 ? (guint64)value : 0;
}

static char *engine_of(const VdImage *image)
{
    gboolean grows = FALSE, unknown = FALSE;
    char *reader = vd_image_reader(image, &grows, &unknown);

    if (reader)
        return reader;
    return vd_image_customisable(image, NULL) ? g_strdup("offline") : NULL;
}

static gboolean fill(VdImage *image, JsonObject *object)
{
    JsonNode *growable = json_object_get_member(object, "growable");
    JsonNode *layout = json_object_get_member(object, "layout");

    image->sha256 = copy_member(object, "sha256");
    image->format = copy_member(object, "format");
    image->virtual_size = size_member(object, "virtual_size");
    image->file_size = size_member(object, "file_size");
    image->added = (gint64)size_member(object, "added");
    image->os = copy_member(object, "os");
    image->system = copy_member(object, "system");
    image->distro = copy_member(object, "distro");
    image->arch = copy_member(object, "arch");
    image->root = copy_member(object, "root");
    image->growable =
        growable && JSON_NODE_HOLDS_VALUE(growable) && json_node_get_boolean(growable);
    image->why_not = copy_member(object, "why_not");
    image->notes = copy_member(object, "notes");
    image->tags = copy_member(object, "tags");
    image->source = copy_member(object, "source");
    image->offer = copy_member(object, "offer");
    image->revision = copy_member(object, "revision");
    image->layout = layout ? json_to_string(layout, FALSE) : NULL;
    image->engine = engine_of(image);
    if (!is_digest(image->sha256) || !image->format || image->virtual_size == 0)
        return FALSE;
    if (!g_str_equal(image->format, "qcow2") && !g_str_equal(image->format, "raw"))
        return FALSE;
    image->path = vd_store_disk_path(image->sha256, image->format);
    return TRUE;
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "debian-12, fedora-40": the first of what there is; NULL: nothing. The caller frees. */
static char *some_names(void)
{
    enum { ENOUGH = 8 };
    g_autofree char *folder = vd_path_images();
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *file = NULL; dir && (file = g_dir_read_name(dir));) {
        g_autofree char *name = NULL;
        if (g_str_has_suffix(file, ".json"))
            name = g_strndup(file, strlen(file) - strlen(".json"));
        if (name && vd_check_vm_name(name, NULL))
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    if (names->len == 0)
        return NULL;
    g_ptr_array_sort(names, by_text);
    if (names->len > ENOUGH) {
        g_ptr_array_set_size(names, ENOUGH);
        g_ptr_array_add(names, g_strdup("…"));
    }
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

static void no_such_image(const char *name, GError **error)
{
    g_autofree char *others = some_names();
    if (others)
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL, _("There is no image “%s”; there are: %s."),
                     name, others);
    else
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL,
                     _("There is no image “%s”, nor any other: add one with “vmdeck image add "
                       "FILE”."),
                     name);
}

static JsonObject *read_side_file(const char *name, JsonParser *parser, GError **error)
{
    g_autofree char *path = in_store(name, ".json");
    g_autoptr(GError) why = NULL;
    g_autofree char *text = NULL;
    JsonNode *root = NULL;
    gsize length = 0;

    if (!vd_check_vm_name(name, error))
        return NULL;
    if (!vd_store_has(name)) {
        no_such_image(name, error);
        return NULL;
    }
    text = vd_file_read(path, SIDE_FILE_BYTES, &length, error);
    if (!text)
        return NULL;
    if (json_parser_load_from_data(parser, text, (gssize)length, &why))
        root = json_parser_get_root(parser); /* NULL: nothing at all */
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        vd_error_set(error, VD_ERR_DAMAGED, why ? why->message : NULL,
                     _("The image %s is damaged: %s cannot be read. Remove it and add it again."),
                     name, path);
        return NULL;
    }
    return json_node_get_object(root);
}

VdImage *vd_store_load(const char *name, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *object = read_side_file(name, parser, error);
    g_autoptr(VdImage) image = NULL;

    if (!object)
        return NULL;
    image = vd_image_new();
    image->name = g_strdup(name);
    if (!fill(image, object)) {
        vd_error_set(error, VD_ERR_DAMAGED, NULL,
                     _("The image %s is damaged: its file of facts lacks a digest, a format or a "
                       "size. Remove it and add it again."),
                     name);
        return NULL;
    }
    return g_steal_pointer(&image);
}

char *vd_store_request(const char *name)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *object = read_side_file(name, parser, NULL);

    return object ? copy_member(object, "request") : NULL;
}

gboolean vd_store_save(const VdImage *image, const char *request, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;
    g_autofree char *path = in_store(image->name, ".json");
    JsonNode *layout = image->layout ? json_from_string(image->layout, NULL) : NULL;

    json_builder_begin_object(builder);
    vd_json_int(builder, "version", 1);
    vd_json_text(builder, "request", request);
    vd_json_text(builder, "sha256", image->sha256);
    vd_json_text(builder, "format", image->format);
    vd_json_int(builder, "virtual_size", (gint64)image->virtual_size);
    vd_json_int(builder, "file_size", (gint64)image->file_size);
    vd_json_int(builder, "added", image->added);
    vd_json_text(builder, "os", image->os);
    vd_json_text(builder, "system", image->system);
    vd_json_text(builder, "distro", image->distro);
    vd_json_text(builder, "arch", image->arch);
    vd_json_text(builder, "root", image->root);
    vd_json_bool(builder, "growable", image->growable);
    vd_json_text(builder, "why_not", image->why_not);
    vd_json_text(builder, "notes", image->notes);
    vd_json_text(builder, "tags", image->tags);
    vd_json_text(builder, "source", image->source);
    vd_json_text(builder, "offer", image->offer);
    vd_json_text(builder, "revision", image->revision);
    if (layout) {
        json_builder_set_member_name(builder, "layout");
        json_builder_add_value(builder, layout);
    }
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, TRUE);
    return vd_file_replace(path, text, -1, SIDE_FILE_MODE, error);
}

gboolean vd_store_drop(const char *name, GError **error)
{
    g_autofree char *path = in_store(name, ".json");

    if (unlink(path) < 0 && errno != ENOENT)
        return vd_fail(error, errno == EACCES ? VD_ERR_DENIED : VD_ERR_FAILED, g_strerror(errno),
                       _("%s cannot be removed: %s."), path, g_strerror(errno));
    return TRUE;
}

gboolean vd_store_rename(const char *name, const char *other, GError **error)
{
    g_autofree char *from = in_store(name, ".json");
    g_autofree char *to = in_store(other, ".json");

    if (!vd_check_vm_name(other, error))
        return FALSE;
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
        return vd_fail(error, errno == EEXIST ? VD_ERR_EXISTS : VD_ERR_FAILED, g_strerror(errno),
                       _("The image %s cannot be renamed to %s: %s."), name, other,
                       g_strerror(errno));
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

char **vd_store_names(GError **error)
{
    g_autofree char *folder = vd_path_images();
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) why = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &why);
    const char *file;

    if (!dir && !g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        vd_error_set(error, VD_ERR_FAILED, why->message, _("The image folder %s cannot be read."),
                     folder);
        return NULL;
    }
    while (dir && (file = g_dir_read_name(dir))) {
        g_autofree char *name = g_strndup(file, strlen(file) > 5 ? strlen(file) - 5 : 0);

        if (g_str_has_suffix(file, ".json") && vd_check_vm_name(name, NULL))
            g_ptr_array_add(names, g_steal_pointer(&name));
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

gboolean vd_store_disk_shared(const char *sha256, const char *format, const char *except)
{
    g_auto(GStrv) names = vd_store_names(NULL);

    for (gsize i = 0; names && names[i]; i++) {
        g_autoptr(VdImage) image = NULL;

        if (g_strcmp0(names[i], except) == 0)
            continue;
        image = vd_store_load(names[i], NULL);
        if (image && g_str_equal(image->sha256, sha256) && g_str_equal(image->format, format))
            return TRUE;
    }
    return FALSE;
}

gboolean vd_store_note_host(const VdImage *image, const char *uri, GError **error)
{
    g_autofree char *path = in_store(image->sha256, ".hosts");
    g_auto(GStrv) hosts = vd_store_hosts(image);
    g_autoptr(GString) text = g_string_new(NULL);

    /* An empty line would be no host, and the image would go from under its disks. */
    if (!uri || !*uri || strchr(uri, '\n'))
        return vd_fail(error, VD_ERR_FAILED, NULL, _("The host has no URI to be remembered by."));
    if (g_strv_contains((const char *const *)hosts, uri))
        return TRUE;
    for (gsize i = 0; hosts[i]; i++)
        g_string_append_printf(text, "%s\n", hosts[i]);
    g_string_append_printf(text, "%s\n", uri);
    return vd_file_replace(path, text->str, -1, SIDE_FILE_MODE, error);
}

char **vd_store_hosts(const VdImage *image)
{
    g_autofree char *path = in_store(image->sha256, ".hosts");
    g_autofree char *text = vd_file_read(path, 65536, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autoptr(GStrvBuilder) hosts = g_strv_builder_new();

    for (gsize i = 0; lines[i]; i++) {
        if (*lines[i])
            g_strv_builder_add(hosts, lines[i]);
    }
    return g_strv_builder_end(hosts);
}

void vd_store_drop_hosts(const VdImage *image)
{
    g_autofree char *path = in_store(image->sha256, ".hosts");

    if (unlink(path) < 0 && errno != ENOENT)
        vd_log(VD_LOG_WARNING, NULL, "%s: %s", path, g_strerror(errno));
}
