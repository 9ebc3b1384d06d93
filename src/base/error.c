/* An extended GError: GLib keeps the private part with the error through copies and propagation, so
 * the library's words travel with the sentence but never inside it. */
#include "config.h"

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/said.h"

typedef struct {
    char *detail, *written;
} VdErrorPrivate;

static void vd_error_private_init(VdErrorPrivate *priv)
{
    if (priv) /* GLib's macro passes what it looked up */
        *priv = (VdErrorPrivate){0};
}

static void vd_error_private_copy(const VdErrorPrivate *from, VdErrorPrivate *to)
{
    if (!from || !to)
        return;
    to->detail = g_strdup(from->detail);
    to->written = g_strdup(from->written);
}

static void vd_error_private_clear(VdErrorPrivate *priv)
{
    if (!priv)
        return;
    g_clear_pointer(&priv->detail, g_free);
    g_clear_pointer(&priv->written, g_free);
}

G_DEFINE_EXTENDED_ERROR(VdError, vd_error)

static void set_va(GError **error, VdErrorCode code, const char *detail, const char *format,
                   va_list args) G_GNUC_PRINTF(4, 0);

static void set_va(GError **error, VdErrorCode code, const char *detail, const char *format,
                   va_list args)
{
    if (!error)
        return;
    va_list again;
    va_copy(again, args);
    GError *made = g_error_new_valist(VD_ERROR, (gint)code, format, args);
    VdErrorPrivate *priv = vd_error_get_private(made);
    if (priv) {
        priv->detail = g_strdup(detail);
        priv->written = vd_said_va(format, again);
    }
    va_end(again);
    g_propagate_error(error, made);
}

void vd_error_set(GError **error, VdErrorCode code, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(error, code, detail, format, args);
    va_end(args);
}

gboolean vd_fail(GError **error, VdErrorCode code, const char *detail, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_va(error, code, detail, format, args);
    va_end(args);
    return FALSE;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
gboolean vd_fail_n(GError **error, VdErrorCode code, const char *one, const char *many, gulong n,
                   ...)
{
    va_list args;
    if (!error)
        return FALSE;
    va_start(args, n);
    set_va(error, code, NULL, ngettext(one, many, n), args);
    va_end(args);
    va_start(args, n);
    vd_error_write(*error, vd_said_n_va(one, many, n, args));
    va_end(args);
    return FALSE;
}
#pragma GCC diagnostic pop

void vd_error_quote(GError **error, const GError *why)
{
    VdErrorPrivate *priv =
        error && *error && (*error)->domain == VD_ERROR ? vd_error_get_private(*error) : NULL;
    if (priv && priv->written && why)
        priv->written = vd_said_quote(priv->written, why->message, vd_error_written(why));
}

const char *vd_error_detail(const GError *error)
{
    if (!error || error->domain != VD_ERROR)
        return NULL;
    const VdErrorPrivate *priv = vd_error_get_private(error);
    return priv ? priv->detail : NULL;
}

const char *vd_error_written(const GError *error)
{
    const VdErrorPrivate *priv =
        error && error->domain == VD_ERROR ? vd_error_get_private(error) : NULL;
    if (priv && priv->written)
        return priv->written;
    return error ? error->message : NULL;
}

void vd_error_write(GError *error, char *written)
{
    VdErrorPrivate *priv = error && error->domain == VD_ERROR ? vd_error_get_private(error) : NULL;
    if (priv) {
        g_free(priv->written);
        priv->written = written;
    } else {
        g_free(written);
    }
}

VdErrorCode vd_error_code(const GError *error)
{
    if (!error || error->domain != VD_ERROR)
        return VD_ERR_FAILED;
    return (VdErrorCode)error->code;
}

int vd_error_exit_status(const GError *error)
{
    if (!error)
        return 0;
    switch (vd_error_code(error)) {
    case VD_ERR_USAGE:
    case VD_ERR_INVALID:
        return 2;
    case VD_ERR_UNREACHABLE:
        return 3;
    case VD_ERR_DENIED:
        return 4;
    case VD_ERR_UNKNOWN:
        return 5;
    default:
        return 1;
    }
}
