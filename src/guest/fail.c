/* An extended GError, so that the library's words travel with the sentence and never inside it. */
#include "config.h"

#include "src/base/said.h"
#include "src/guest/fail.h"

typedef struct {
    char *detail, *written;
} VdGuestErrorPrivate;

static void vd_guest_error_private_init(VdGuestErrorPrivate *priv)
{
    if (priv) /* GLib's macro passes what it looked up */
        *priv = (VdGuestErrorPrivate){0};
}

static void vd_guest_error_private_copy(const VdGuestErrorPrivate *from, VdGuestErrorPrivate *to)
{
    if (!from || !to)
        return;
    to->detail = g_strdup(from->detail);
    to->written = g_strdup(from->written);
}

static void vd_guest_error_private_clear(VdGuestErrorPrivate *priv)
{
    if (!priv)
        return;
    g_clear_pointer(&priv->detail, g_free);
    g_clear_pointer(&priv->written, g_free);
}

G_DEFINE_EXTENDED_ERROR(VdGuestError, vd_guest_error)

gboolean vd_guest_fail(GError **error, VdGuestCode code, const char *detail, const char *format,
                       ...)
{
    if (!error)
        return FALSE;
    va_list args;
    va_start(args, format);
    GError *made = g_error_new_valist(VD_GUEST_ERROR, (gint)code, format, args);
    va_end(args);
    VdGuestErrorPrivate *priv = vd_guest_error_get_private(made);
    if (priv) {
        va_start(args, format);
        priv->written = vd_said_va(format, args);
        va_end(args);
        priv->detail = g_strdup(detail);
    }
    g_propagate_error(error, made);
    return FALSE;
}

const char *vd_guest_fail_written(const GError *error)
{
    if (!error || error->domain != VD_GUEST_ERROR)
        return NULL;
    VdGuestErrorPrivate *priv = vd_guest_error_get_private(error);
    return priv ? priv->written : NULL;
}

const char *vd_guest_fail_detail(const GError *error)
{
    if (!error || error->domain != VD_GUEST_ERROR)
        return NULL;
    VdGuestErrorPrivate *priv = vd_guest_error_get_private(error);
    return priv ? priv->detail : NULL;
}

const char *vd_guest_code_name(VdGuestCode code)
{
    static const char *const names[] = {
        [VD_GUEST_BAD_REQUEST] = "bad-request",
        [VD_GUEST_BAD_LAYOUT] = "bad-layout",
        [VD_GUEST_NO_DISK] = "no-disk",
        [VD_GUEST_TRUNCATED] = "truncated",
        [VD_GUEST_NO_OS] = "no-os",
        [VD_GUEST_ENCRYPTED] = "encrypted",
        [VD_GUEST_UNSUPPORTED_OS] = "unsupported-os",
        [VD_GUEST_UNSUPPORTED_LAYOUT] = "unsupported-layout",
        [VD_GUEST_NO_ROOM] = "no-room",
        [VD_GUEST_NO_XFS_TOOLS] = "no-xfs-tools",
        [VD_GUEST_BAD_TIMEZONE] = "bad-timezone",
        [VD_GUEST_ODD_GUEST] = "odd-guest",
        [VD_GUEST_DISK_FULL] = "disk-full",
        [VD_GUEST_APPLIANCE_FAILED] = "appliance-failed",
        [VD_GUEST_FAILED] = "failed",
    };
    return (guint)code < G_N_ELEMENTS(names) ? names[code] : "failed";
}

const char *vd_guest_fail_code(const GError *error)
{
    if (!error || error->domain != VD_GUEST_ERROR)
        return "failed";
    return vd_guest_code_name((VdGuestCode)error->code);
}
