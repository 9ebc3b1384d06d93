/* libisofs gives the image as a stream of blocks; its thread fills a ring that is drained here. */
#include "config.h"

#include "src/guest/iso.h"

#include <errno.h>
#include <fcntl.h>
#define LIBISOFS_WITHOUT_LIBBURN /* the stream's type comes with libisofs then */
#include <inttypes.h>
#include <libisofs/libisofs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/guest/fail.h"

/* The stream gives whole reads only: a larger one would lose the end. */
enum { CHUNK = 2048 };

void vd_seed_file_free(gpointer data)
{
    VdSeedFile *file = data;
    if (!file)
        return;
    g_free(file->name);
    vd_secret_free(file->text);
    g_free(file);
}

static gboolean iso_fail(int code, GError **error)
{
    return vd_guest_fail(error, VD_GUEST_FAILED, iso_error_to_msg(code),
                         _("The seed medium could not be made."));
}

static int add_file(IsoImage *image, const VdSeedFile *file)
{
    gsize length = strlen(file->text);
    IsoStream *stream = NULL;
    IsoFile *node = NULL;
    unsigned char *copy = malloc(length + 1); /* libisofs frees it with free() */
    if (!copy)
        return ISO_OUT_OF_MEM;
    memcpy(copy, file->text, length + 1);
    int code = iso_memory_stream_new(copy, length, &stream);
    if (code < 0) {
        free(copy);
        return code;
    }
    code = iso_image_add_new_file(image, iso_image_get_root(image), file->name, stream, &node);
    if (code >= 0)
        iso_node_set_permissions(ISO_NODE(node), 0400);
    else
        iso_stream_unref(stream);
    return code;
}

static int add_files(IsoImage *image, const GPtrArray *files)
{
    int code = 1;
    for (guint i = 0; code >= 0 && i < files->len; i++)
        code = add_file(image, g_ptr_array_index(files, i));
    return code;
}

static int set_options(IsoWriteOpts *options)
{
    int code = iso_write_opts_set_iso_level(options, 2);
    if (code >= 0)
        code = iso_write_opts_set_rockridge(options, 1);
    if (code >= 0)
        code = iso_write_opts_set_joliet(options, 1);
    /* The label in lower case, as everybody looks for it. */
    if (code >= 0)
        code = iso_write_opts_set_relaxed_vol_atts(options, 1);
    return code;
}

/* The image's stream, or NULL. */
static struct burn_source *make_source(IsoImage *image, const char *label, const GPtrArray *files,
                                       GError **error)
{
    IsoWriteOpts *options = NULL;
    struct burn_source *source = NULL;
    iso_image_set_volume_id(image, label);
    int code = add_files(image, files);
    if (code >= 0)
        code = iso_write_opts_new(&options, 0);
    if (code >= 0)
        code = set_options(options);
    if (code >= 0)
        code = iso_image_create_burn_source(image, options, &source);
    if (options)
        iso_write_opts_free(options);
    if (code >= 0 && source)
        return source;
    iso_fail(code, error);
    return NULL;
}

static gboolean write_all(int fd, const unsigned char *chunk, gsize length, GError **error)
{
    while (length > 0) {
        ssize_t n = write(fd, chunk, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return vd_guest_fail(error, errno == ENOSPC ? VD_GUEST_DISK_FULL : VD_GUEST_FAILED,
                                 g_strerror(errno), _("The seed medium could not be written."));
        chunk += n;
        length -= (gsize)n;
    }
    return TRUE;
}

/* Before version 1 of the stream its calls were others; libisofs has given that for long. */
static gboolean drain(struct burn_source *source, int fd, guint64 *ret_bytes, GError **error)
{
    g_autofree unsigned char *chunk = g_malloc(CHUNK);
    int n;
    *ret_bytes = 0;
    while ((n = source->version >= 1 ? source->read_xt(source, chunk, CHUNK)
                                     : source->read(source, chunk, CHUNK)) > 0) {
        if (!write_all(fd, chunk, (gsize)n, error))
            return FALSE;
        *ret_bytes += (guint64)n;
    }
    explicit_bzero(chunk, CHUNK);
    if (n < 0)
        return vd_guest_fail(error, VD_GUEST_FAILED, NULL, _("The seed medium could not be made."));
    return fsync(fd) == 0 || vd_guest_fail(error, VD_GUEST_DISK_FULL, g_strerror(errno),
                                           _("The seed medium could not be written."));
}

static gboolean write_image(IsoImage *image, int fd, const char *label, const GPtrArray *files,
                            guint64 *ret_bytes, GError **error)
{
    struct burn_source *source = make_source(image, label, files, error);
    if (!source)
        return FALSE;
    gboolean ok = drain(source, fd, ret_bytes, error);
    if (!ok && source->version >= 1 && source->cancel)
        source->cancel(source);
    source->free_data(source);
    free(source);
    return ok;
}

gboolean vd_iso_write(const char *path, const char *label, const GPtrArray *files,
                      guint64 *ret_bytes, GError **error)
{
    IsoImage *image = NULL;
    int code = iso_init();
    if (code < 0)
        return iso_fail(code, error);
    /* Nothing of it on standard error; what matters comes back as a code. */
    char never[] = "NEVER", nothing[] = ""; /* it takes no constants */
    iso_set_msgs_severities(never, never, nothing);
    code = iso_image_new(label, &image);
    if (code < 0)
        return iso_fail(code, error);
    gboolean ok = FALSE;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        vd_guest_fail(error, errno == ENOSPC ? VD_GUEST_DISK_FULL : VD_GUEST_FAILED,
                      g_strerror(errno), _("The seed medium could not be written."));
    else
        ok = write_image(image, fd, label, files, ret_bytes, error);
    if (fd >= 0)
        close(fd);
    iso_image_unref(image);
    iso_finish();
    return ok;
}
