/* One transfer, one handle. */
#include "config.h"

#include "src/deploy/transfer.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/stat.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"

#define REDIRECTS       5L
#define CONNECT_SECONDS 20L
#define SILENCE_SECONDS 60L
#define BUFFER_BYTES    (512L * 1024)

typedef struct {
    const VdTransfer *transfer;
    CURL *curl;
    guint64 done;
    gboolean stopped, too_long;
} Work;

static size_t on_data(char *data, size_t size, size_t n, void *user)
{
    Work *work = user;
    gsize length = size * n;

    work->done += length;
    if (work->done > work->transfer->most) {
        work->too_long = TRUE;
        return 0;
    }
    if (work->transfer->sink((const guint8 *)data, length, work->transfer->user))
        return length;
    work->stopped = TRUE;
    return 0;
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up)
{
    Work *work = user;
    const VdTransfer *transfer = work->transfer;

    (void)now;
    (void)up_total;
    (void)up;
    if (transfer->tell)
        transfer->tell(work->done, total > 0 ? transfer->from + (guint64)total : 0, transfer->user);
    return transfer->cancel && g_cancellable_is_cancelled(transfer->cancel) ? 1 : 0;
}

static void set_up(Work *work, char *words)
{
    const VdTransfer *transfer = work->transfer;
    gboolean secure = g_ascii_strncasecmp(transfer->url, "https:", 6) == 0;
    CURL *curl = work->curl;

    words[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, transfer->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENCE_SECONDS);
    curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, work);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, work);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    /* What announces more is not begun. Without it a length that is more than libcurl can count is
     * no length to it, and whatever comes is the whole. */
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)MIN(transfer->most, (guint64)G_MAXINT64));
    if (transfer->from > 0)
        curl_easy_setopt(curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)transfer->from);
}

/* Whether the peer, having been asked for the rest, refuses just that. */
static gboolean wants_restart(const Work *work, CURLcode code)
{
    long status = 0;

    if (work->transfer->from == 0)
        return FALSE;
    curl_easy_getinfo(work->curl, CURLINFO_RESPONSE_CODE, &status);
    return code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME || status == 416;
}

static VdTransferEnd fail(const Work *work, CURLcode code, const char *words, GError **error)
{
    const char *url = work->transfer->url;
    const char *why = *words ? words : curl_easy_strerror(code);
    g_autofree char *clean = vd_text_clean(why, 200, FALSE);
    long status = 0;

    curl_easy_getinfo(work->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        vd_error_set(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    else if (work->too_long || code == CURLE_FILESIZE_EXCEEDED)
        vd_error_set(error, VD_ERR_INVALID, NULL,
                     _("%s is longer than the %llu bytes it may have."), url,
                     (unsigned long long)work->transfer->most);
    else if (code == CURLE_HTTP_RETURNED_ERROR && status >= 400 && status < 500)
        vd_error_set(error, VD_ERR_NOT_FOUND, clean, _("%s is not there (status %ld)."), url,
                     status);
    else if (code == CURLE_FILE_COULDNT_READ_FILE)
        vd_error_set(error, VD_ERR_NOT_FOUND, clean, _("%s cannot be read."), url);
    else if (code == CURLE_TOO_MANY_REDIRECTS || code == CURLE_UNSUPPORTED_PROTOCOL)
        vd_error_set(error, VD_ERR_INVALID, clean, _("%s leads on and on, or somewhere else: %s."),
                     url, clean);
    else if (code == CURLE_PARTIAL_FILE)
        vd_error_set(error, VD_ERR_UNREACHABLE, clean, _("The download of %s ended early."), url);
    else
        vd_error_set(error, VD_ERR_UNREACHABLE, clean, _("%s cannot be downloaded: %s."), url,
                     clean);
    return VD_TRANSFER_FAILED;
}

static void init_once(void)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&once, 1);
    }
}

/* What is opened and never comes to an end, or never begins, hangs in a call that no cancel
 * reaches. */
static gboolean check_local(const char *url, GError **error)
{
    g_autofree char *path =
        g_ascii_strncasecmp(url, "file:", 5) == 0 ? g_filename_from_uri(url, NULL, NULL) : NULL;
    struct stat st;

    if (!path || stat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
        return TRUE; /* libcurl tells what is wrong */
    return vd_fail(error, VD_ERR_INVALID, NULL, _("%s is not a regular file."), path);
}

VdTransferEnd vd_transfer(const VdTransfer *transfer, GError **error)
{
    char words[CURL_ERROR_SIZE];
    Work work = {.transfer = transfer, .done = transfer->from};
    VdTransferEnd end = VD_TRANSFER_DONE;
    CURLcode code;

    if (!check_local(transfer->url, error))
        return VD_TRANSFER_FAILED;
    init_once();
    work.curl = curl_easy_init();
    if (!work.curl) {
        vd_error_set(error, VD_ERR_FAILED, NULL, _("libcurl could not be set up."));
        return VD_TRANSFER_FAILED;
    }
    set_up(&work, words);
    code = curl_easy_perform(work.curl);
    if (code != CURLE_OK && work.stopped)
        end = VD_TRANSFER_STOPPED;
    else if (code != CURLE_OK && wants_restart(&work, code))
        end = VD_TRANSFER_RESTART;
    else if (code != CURLE_OK)
        end = fail(&work, code, words, error);
    curl_easy_cleanup(work.curl);
    return end;
}

static gboolean gather(const guint8 *data, gsize length, gpointer user)
{
    g_byte_array_append(user, data, (guint)length);
    return TRUE;
}

char *vd_transfer_text(const char *url, gsize max, GCancellable *cancel, gsize *ret_length,
                       GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const VdTransfer transfer = {
        .url = url, .most = max, .sink = gather, .user = bytes, .cancel = cancel};

    if (vd_transfer(&transfer, error) != VD_TRANSFER_DONE)
        return NULL;
    *ret_length = bytes->len;
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
}
