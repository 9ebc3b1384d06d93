/* Each format's own library, in its streaming form. xz by several threads where the stream was made
 * of blocks, which is what xz and virt-builder's images are by now. */
#include "config.h"

#include "src/deploy/unpack.h"

#include <gio/gio.h>
#include <lzma.h>
#include <string.h>
#include <zstd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"

#define OUT_BYTES   (1024 * 1024)
#define MAGIC_BYTES 6
#define XZ_SOFT     (G_GUINT64_CONSTANT(512) << 20) /* beyond: fewer threads */
#define XZ_HARD     (G_GUINT64_CONSTANT(1) << 30)   /* beyond: refused */
#define XZ_THREADS  8
#define ZSTD_WINDOW 27 /* 128 MiB, what zstd itself takes unless told */

typedef enum { KIND_UNKNOWN, KIND_PLAIN, KIND_XZ, KIND_ZSTD, KIND_GZIP } Kind;

struct _VdUnpack {
    Kind kind;
    guint8 magic[MAGIC_BYTES];
    gsize n_magic;
    guint8 *out;
    VdUnpackSink sink;
    gpointer user;
    gboolean whole; /* at the end of a frame or member */
    lzma_stream xz;
    ZSTD_DStream *zstd;
    GConverter *gzip;
};

VdUnpack *vd_unpack_new(VdUnpackSink sink, gpointer user)
{
    VdUnpack *unpack = g_new0(VdUnpack, 1);

    unpack->out = g_malloc(OUT_BYTES);
    unpack->sink = sink;
    unpack->user = user;
    return unpack;
}

void vd_unpack_free(VdUnpack *unpack)
{
    if (!unpack)
        return;
    if (unpack->kind == KIND_XZ)
        lzma_end(&unpack->xz);
    ZSTD_freeDStream(unpack->zstd);
    g_clear_object(&unpack->gzip);
    g_free(unpack->out);
    g_free(unpack);
}

static gboolean damaged(GError **error, const char *detail)
{
    return vd_fail(error, VD_ERR_DAMAGED, detail, _("It cannot be unpacked: it is damaged."));
}

static gboolean cut(GError **error)
{
    return vd_fail(error, VD_ERR_DAMAGED, NULL, _("It cannot be unpacked: it is cut short."));
}

/* ---- xz ---- */

static gboolean begin_xz(VdUnpack *unpack, GError **error)
{
    const lzma_stream fresh = LZMA_STREAM_INIT;
    lzma_mt options = {.flags = LZMA_CONCATENATED,
                       .threads = CLAMP(g_get_num_processors(), 1, XZ_THREADS),
                       .timeout = 0,
                       .memlimit_threading = XZ_SOFT,
                       .memlimit_stop = XZ_HARD};

    unpack->xz = fresh;
    if (lzma_stream_decoder_mt(&unpack->xz, &options) != LZMA_OK)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("liblzma could not be set up."));
    return TRUE;
}

static gboolean feed_xz(VdUnpack *unpack, const guint8 *data, gsize length, lzma_action action,
                        GError **error)
{
    lzma_stream *xz = &unpack->xz;
    lzma_ret ret;

    xz->next_in = data;
    xz->avail_in = length;
    do {
        xz->next_out = unpack->out;
        xz->avail_out = OUT_BYTES;
        ret = lzma_code(xz, action);
        if (ret == LZMA_MEMLIMIT_ERROR)
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("Unpacking it would take more than 1 GiB of memory."));
        /* Nothing came in and nothing went out: all there was has been used. */
        if (ret == LZMA_BUF_ERROR && action == LZMA_FINISH)
            return cut(error);
        if (ret != LZMA_OK && ret != LZMA_STREAM_END && ret != LZMA_BUF_ERROR)
            return damaged(error, "xz");
        if (xz->avail_out < OUT_BYTES &&
            !unpack->sink(unpack->out, OUT_BYTES - xz->avail_out, unpack->user, error))
            return FALSE;
    } while (ret == LZMA_OK && (xz->avail_in > 0 || xz->avail_out == 0 || action == LZMA_FINISH));
    unpack->whole = ret == LZMA_STREAM_END;
    return TRUE;
}

/* ---- zstd ---- */

static gboolean begin_zstd(VdUnpack *unpack, GError **error)
{
    unpack->zstd = ZSTD_createDStream();
    if (!unpack->zstd || ZSTD_isError(ZSTD_initDStream(unpack->zstd)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW)))
        return vd_fail(error, VD_ERR_FAILED, NULL, _("libzstd could not be set up."));
    return TRUE;
}

static gboolean feed_zstd(VdUnpack *unpack, const guint8 *data, gsize length, GError **error)
{
    ZSTD_inBuffer in = {data, length, 0};
    gboolean full = TRUE;

    while (in.pos < in.size || full) {
        ZSTD_outBuffer out = {unpack->out, OUT_BYTES, 0};
        size_t ret = ZSTD_decompressStream(unpack->zstd, &out, &in);

        if (ZSTD_isError(ret))
            return damaged(error, ZSTD_getErrorName(ret));
        unpack->whole = ret == 0;
        full = out.pos == out.size;
        if (out.pos > 0 && !unpack->sink(unpack->out, out.pos, unpack->user, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- gzip ---- */

static gboolean feed_gzip(VdUnpack *unpack, const guint8 *data, gsize length, GError **error)
{
    gsize used = 0;

    while (used < length) {
        gsize in = 0, out = 0;
        g_autoptr(GError) why = NULL;
        GConverterResult ret;

        if (unpack->whole) /* another member */
            g_converter_reset(unpack->gzip);
        unpack->whole = FALSE;
        ret = g_converter_convert(unpack->gzip, data + used, length - used, unpack->out, OUT_BYTES,
                                  G_CONVERTER_NO_FLAGS, &in, &out, &why);
        if (ret == G_CONVERTER_ERROR && g_error_matches(why, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
            return TRUE;
        if (ret == G_CONVERTER_ERROR)
            return damaged(error, why->message);
        used += in;
        unpack->whole = ret == G_CONVERTER_FINISHED;
        if (out > 0 && !unpack->sink(unpack->out, out, unpack->user, error))
            return FALSE;
        if (in == 0 && out == 0 && !unpack->whole)
            return damaged(error, "gzip stands still");
    }
    return TRUE;
}

/* ---- which ---- */

static gboolean begin(VdUnpack *unpack, GError **error)
{
    static const guint8 xz[] = {0xfd, '7', 'z', 'X', 'Z', 0}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const guint8 gzip[] = {0x1f, 0x8b, 8};
    gsize n = unpack->n_magic;

    unpack->kind = KIND_PLAIN;
    if (n >= sizeof(xz) && memcmp(unpack->magic, xz, sizeof(xz)) == 0)
        unpack->kind = KIND_XZ;
    else if (n >= sizeof(zstd) && memcmp(unpack->magic, zstd, sizeof(zstd)) == 0)
        unpack->kind = KIND_ZSTD;
    else if (n >= sizeof(gzip) && memcmp(unpack->magic, gzip, sizeof(gzip)) == 0)
        unpack->kind = KIND_GZIP;
    if (unpack->kind == KIND_XZ)
        return begin_xz(unpack, error);
    if (unpack->kind == KIND_ZSTD)
        return begin_zstd(unpack, error);
    if (unpack->kind == KIND_GZIP)
        unpack->gzip = G_CONVERTER(g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP));
    return TRUE;
}

static gboolean feed_known(VdUnpack *unpack, const guint8 *data, gsize length, GError **error)
{
    if (length == 0)
        return TRUE;
    switch (unpack->kind) {
    case KIND_XZ:
        return feed_xz(unpack, data, length, LZMA_RUN, error);
    case KIND_ZSTD:
        return feed_zstd(unpack, data, length, error);
    case KIND_GZIP:
        return feed_gzip(unpack, data, length, error);
    default:
        return unpack->sink(data, length, unpack->user, error);
    }
}

gboolean vd_unpack_feed(VdUnpack *unpack, const guint8 *data, gsize length, GError **error)
{
    gsize n = MIN(length, MAGIC_BYTES - unpack->n_magic);

    if (unpack->kind != KIND_UNKNOWN)
        return feed_known(unpack, data, length, error);
    memcpy(unpack->magic + unpack->n_magic, data, n);
    unpack->n_magic += n;
    if (unpack->n_magic < MAGIC_BYTES)
        return TRUE;
    return begin(unpack, error) && feed_known(unpack, unpack->magic, MAGIC_BYTES, error) &&
           feed_known(unpack, data + n, length - n, error);
}

gboolean vd_unpack_end(VdUnpack *unpack, GError **error)
{
    if (unpack->kind == KIND_UNKNOWN &&
        (!begin(unpack, error) || !feed_known(unpack, unpack->magic, unpack->n_magic, error)))
        return FALSE;
    if (unpack->kind == KIND_PLAIN)
        return TRUE;
    if (unpack->kind == KIND_XZ)
        return feed_xz(unpack, NULL, 0, LZMA_FINISH, error);
    return unpack->whole || cut(error);
}
