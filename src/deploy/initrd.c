/* The newc format is a header of 110 hexadecimal digits, a name and the bytes, each padded to four:
 * less than any library for it would weigh in a program that runs everywhere. */
#include "config.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/deploy/initrd.h"

#define CHUNK 65536

static void pad(GByteArray *out)
{
    static const guint8 zeroes[4];

    g_byte_array_append(out, zeroes, (4 - out->len % 4) % 4);
}

/* inode: the kernel takes equal numbers of files with several links for one file, so each has its
 * own. */
static void add_entry(GByteArray *out, guint inode, const char *name, guint mode, const char *data,
                      gsize length)
{
    char header[111];
    gsize name_size = strlen(name) + 1;

    g_snprintf(header, sizeof header, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
               inode, mode, 0, 0, S_ISDIR(mode) ? 2 : 1, 0, (guint)length, 0, 0, 0, 0,
               (guint)name_size, 0);
    g_byte_array_append(out, (const guint8 *)header, 110);
    g_byte_array_append(out, (const guint8 *)name, (guint)name_size);
    pad(out);
    if (length > 0)
        g_byte_array_append(out, (const guint8 *)data, (guint)length);
    pad(out);
}

/* The folders that lead to a path. */
static void add_folders(GByteArray *out, guint *inode, const char *path)
{
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        g_autofree char *folder = g_strndup(path, (gsize)(slash - path));

        add_entry(out, ++*inode, folder, S_IFDIR | 0755, NULL, 0);
    }
}

static void wipe(GByteArray *bytes)
{
    explicit_bzero(bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

static GByteArray *compress(const GByteArray *plain, GError **error)
{
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree guint8 *chunk = g_malloc(CHUNK);
    GConverterResult result = G_CONVERTER_CONVERTED;
    gsize done = 0;

    while (result != G_CONVERTER_FINISHED) {
        gsize read = 0, written = 0;
        g_autoptr(GError) why = NULL;

        result = g_converter_convert(G_CONVERTER(zlib), plain->data + done, plain->len - done,
                                     chunk, CHUNK, G_CONVERTER_INPUT_AT_END, &read, &written, &why);
        if (result == G_CONVERTER_ERROR) {
            vd_error_set(error, VD_ERR_FAILED, why->message, _("The initrd could not be made."));
            return NULL;
        }
        done += read;
        g_byte_array_append(out, chunk, (guint)written);
    }
    explicit_bzero(chunk, CHUNK);
    return g_steal_pointer(&out);
}

GByteArray *vd_initrd_archive(const VdInitrdFile *files, guint n_files, GError **error)
{
    GByteArray *plain = g_byte_array_new();
    GByteArray *out;
    guint inode = 0;

    for (guint i = 0; i < n_files; i++) {
        add_folders(plain, &inode, files[i].path);
        add_entry(plain, ++inode, files[i].path, S_IFREG | files[i].mode, files[i].text,
                  files[i].length);
    }
    add_entry(plain, 0, "TRAILER!!!", 0, NULL, 0);
    out = compress(plain, error);
    wipe(plain);
    return out;
}
