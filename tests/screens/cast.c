/* Events are written as they come, with the time since the start. JSON takes whole characters
 * only, so the bytes of a cut one wait for the next write. */
#include "config.h"

#include "tests/screens/cast.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

struct _VdCast {
    FILE *file;
    gint64 began;
    GString *rest; /* the bytes of a cut character */
};

static void cast_event(VdCast *cast, const char *kind, const char *text)
{
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), text);
    g_autofree char *json = json_to_string(node, FALSE);
    double seconds = (double)(g_get_monotonic_time() - cast->began) / G_USEC_PER_SEC;
    char stamp[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(stamp, sizeof(stamp), "%.6f", seconds);
    fprintf(cast->file, "[%s, \"%s\", %s]\n", stamp, kind, json);
    fflush(cast->file);
}

VdCast *vd_cast_new(const char *path, int rows, int cols, const char *term, GError **error)
{
    FILE *file = fopen(path, "we");
    if (!file) {
        int code = errno;
        g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(code), "%s: %s", path,
                    g_strerror(code));
        return NULL;
    }
    VdCast *cast = g_new0(VdCast, 1);
    cast->file = file;
    cast->began = g_get_monotonic_time();
    cast->rest = g_string_new(NULL);
    fprintf(file, "{\"version\": 2, \"width\": %d, \"height\": %d, \"env\": {\"TERM\": \"%s\"}}\n",
            cols, rows, term);
    return cast;
}

void vd_cast_free(VdCast *cast)
{
    if (!cast)
        return;
    fclose(cast->file);
    g_string_free(cast->rest, TRUE);
    g_free(cast);
}

void vd_cast_output(VdCast *cast, const char *bytes, gsize length)
{
    const char *end = NULL;
    if (!cast)
        return;
    g_string_append_len(cast->rest, bytes, (gssize)length);
    g_utf8_validate(cast->rest->str, (gssize)cast->rest->len, &end);
    gsize whole = (gsize)(end - cast->rest->str);
    if (cast->rest->len - whole >= 4) /* no character is that long: it is no UTF-8 */
        whole = cast->rest->len;
    if (!whole)
        return;
    g_autofree char *raw = g_strndup(cast->rest->str, whole);
    g_autofree char *text = g_utf8_make_valid(raw, -1);
    cast_event(cast, "o", text);
    g_string_erase(cast->rest, 0, (gssize)whole);
}

void vd_cast_resize(VdCast *cast, int rows, int cols)
{
    if (!cast)
        return;
    g_autofree char *size = g_strdup_printf("%dx%d", cols, rows);
    cast_event(cast, "r", size);
}
