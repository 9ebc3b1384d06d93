/* What every operation shares: handing its answer over, and telling people what libvirt said.
 *
 * libvirt keeps the last error for each thread. Its code decides what a caller does about it; its
 * words are kept whole as the detail, and the part that says why, without libvirt's own class of
 * error in front, ends the sentence for people. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include <libvirt/virterror.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/virt/call.h"
#include "src/virt/uri.h"

/* Long enough for a path and a reason; the whole text is in the detail. */
#define REASON_CHARS 400

void vd_call_answer(VdVirtCall *call, VdDoc *doc)
{
    if (call->answer != NULL)
        vd_doc_unref(call->answer);
    call->answer = doc;
}

void vd_call_expect(VdVirtCall *call, guint seconds)
{
    if (call->patience)
        g_atomic_int_set(call->patience, (gint)MIN(seconds, 86400u) * 1000);
}

/* A failed system call: libvirt puts errno into int1. */
static VdErrorCode code_of_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
        return VD_ERR_NO_SPACE;
    case EACCES:
    case EPERM:
        return VD_ERR_DENIED;
    case ECONNREFUSED:
    case ECONNRESET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
    case EPIPE:
        return VD_ERR_UNREACHABLE;
    default:
        return VD_ERR_FAILED;
    }
}

/* The daemon, or the way to it, has gone away in the middle of a call. With more words in it than
 * these, a helper such as ssh says why. */
static gboolean is_broken(const virError *last)
{
    static const char *const ends[] = {
        "End of file while reading data: ", "Cannot recv data: ", "Cannot write data: "};

    if (last->code != VIR_ERR_SYSTEM_ERROR || last->domain != VIR_FROM_RPC)
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (g_str_has_prefix(last->message, ends[i]) &&
            strcmp(last->message + strlen(ends[i]), g_strerror(last->int1)) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A socket that is not there means that nobody listens; a disk that is not there does not. */
static VdErrorCode code_of_system_error(const virError *last)
{
    VdErrorCode code;

    if ((last->domain == VIR_FROM_RPC && last->int1 == ENOENT) || is_broken(last))
        return VD_ERR_UNREACHABLE;
    code = code_of_errno(last->int1);
    if (code == VD_ERR_DENIED && last->domain != VIR_FROM_RPC)
        return VD_ERR_FAILED;
    return code;
}

static VdErrorCode code_of(const virError *last)
{
    switch (last->code) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_NETWORK:
    case VIR_ERR_NO_STORAGE_POOL:
    case VIR_ERR_NO_STORAGE_VOL:
    case VIR_ERR_NO_DOMAIN_SNAPSHOT:
        return VD_ERR_NOT_FOUND;
    case VIR_ERR_DOM_EXIST:
    case VIR_ERR_NETWORK_EXIST:
    case VIR_ERR_STORAGE_VOL_EXIST:
        return VD_ERR_EXISTS;
    case VIR_ERR_AUTH_FAILED:
    case VIR_ERR_AUTH_CANCELLED:
    case VIR_ERR_AUTH_UNAVAILABLE:
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
        return VD_ERR_DENIED;
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_CONFIG_UNSUPPORTED:
        return VD_ERR_UNSUPPORTED;
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_RESOURCE_BUSY:
        return VD_ERR_BUSY;
    case VIR_ERR_AGENT_UNRESPONSIVE:
        return VD_ERR_TIMEOUT;
    case VIR_ERR_OPERATION_ABORTED:
        return VD_ERR_CANCELLED;
    case VIR_ERR_UNKNOWN_HOST:
    case VIR_ERR_NO_CONNECT:
    case VIR_ERR_INVALID_CONN:
    case VIR_ERR_RPC:
    case VIR_ERR_GNUTLS_ERROR:
    case VIR_ERR_SSH:
    case VIR_ERR_LIBSSH:
        return VD_ERR_UNREACHABLE;
    case VIR_ERR_SYSTEM_ERROR:
        return code_of_system_error(last);
    default:
        /* A connection that broke during a call says so as an internal error of the RPC part. */
        if (last->code == VIR_ERR_INTERNAL_ERROR && last->domain == VIR_FROM_RPC)
            return VD_ERR_UNREACHABLE;
        return VD_ERR_FAILED;
    }
}

/* What libvirt says of these is always the same, and in English alone. NULL: only its own words
 * tell what it is. */
static const char *reason_of(const virError *last)
{
    switch (last->code) {
    case VIR_ERR_NO_DOMAIN:
    case VIR_ERR_NO_NETWORK:
    case VIR_ERR_NO_STORAGE_POOL:
    case VIR_ERR_NO_STORAGE_VOL:
        return _("it is not there any more");
    case VIR_ERR_NO_SUPPORT:
    case VIR_ERR_OPERATION_UNSUPPORTED:
        return _("this kind of host cannot do it");
    case VIR_ERR_OPERATION_TIMEOUT:
    case VIR_ERR_RESOURCE_BUSY:
        return _("something else is being done with it; try again in a moment");
    case VIR_ERR_AGENT_UNRESPONSIVE:
        return _("its guest agent does not answer");
    case VIR_ERR_ACCESS_DENIED:
    case VIR_ERR_OPERATION_DENIED:
        return _("this user may not do it");
    case VIR_ERR_INVALID_CONN:
        return _("the connection broke");
    case VIR_ERR_SYSTEM_ERROR:
        if (is_broken(last))
            return _("the connection broke");
        return last->int1 == ENOSPC || last->int1 == EDQUOT ? _("there is no room left on the disk")
                                                            : NULL;
    default:
        return NULL;
    }
}

/* libvirt's message without the class of error in front of it. Borrowed from message. */
static const char *without_class(const char *message)
{
    static const char *const classes[] = {
        "internal error: ",
        "operation failed: ",
        "Requested operation is not valid: ",
        "unsupported configuration: ",
        "Operation not supported: ",
        "argument unsupported: ",
        "Timed out during operation: ",
        "XML error: ",
    };

    for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (g_str_has_prefix(message, classes[i]))
            return message + strlen(classes[i]);
    }
    return message;
}

gboolean vd_virt_fail(GError **error, const char *format, ...)
{
    const virError *last = virGetLastError();
    g_autofree char *what = NULL, *theirs = NULL, *said = NULL, *reason = NULL;
    const char *ours;
    VdErrorCode code;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    va_start(args, format);
    said = vd_said_va(format, args);
    va_end(args);
    if (last == NULL || last->code == VIR_ERR_OK || last->message == NULL)
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s: libvirt gave no reason"), what);

    code = code_of(last);
    ours = reason_of(last);
    if (ours == NULL)
        theirs = vd_text_clean(without_class(last->message), REASON_CHARS, FALSE);
    vd_error_set(error, code, last->message, "%s: %s", what, ours != NULL ? ours : theirs);
    if (error == NULL)
        return FALSE;
    reason = vd_said("%s", ours != NULL ? ours : theirs);
    vd_error_write(*error, g_strconcat(said, ": ", reason, NULL));
    return FALSE;
}

int vd_virt_listed_(int n, const void *const *items)
{
    int count = 0;
    if (n < 0 && !items)
        return n;
    while (items && items[count])
        count++;
    return count;
}

guint64 vd_virt_room(virConnectPtr conn, const char *path, guint64 told)
{
    g_autofree char *uri = path != NULL ? virConnectGetURI(conn) : NULL;
    struct statvfs space;

    /* The folder of a pool of devices says nothing about the pool. */
    if (uri == NULL || !vd_uri_is_here(uri) || g_str_has_prefix(path, "/dev/") ||
        statvfs(path, &space) < 0)
        return told;
    return MIN(told, (guint64)space.f_bavail * space.f_frsize);
}
