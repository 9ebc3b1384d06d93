/* A try is: what is there already goes through digest and unpacker first, then what comes. When the
 * connection ends early the same stream goes on with the next one; when the other side cannot go on
 * in the middle, or what came together from two times does not fit, it begins anew once. */
#include "config.h"

#include "src/deploy/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/copy.h"
#include "src/deploy/flow.h"
#include "src/deploy/transfer.h"

#define TRIES        5
#define PAUSE_MS     1000
#define PIECE        (1024 * 1024)
#define ROUGH_SLACK  (G_GUINT64_CONSTANT(16) << 20)
#define ROOM_TO_KEEP (G_GUINT64_CONSTANT(64) << 20)
#define ROOM_LOOKS   (G_GUINT64_CONSTANT(64) << 20) /* bytes between two looks at the room */

typedef struct {
    const VdFetch *fetch;
    VdFetched *ret;
    int part;
    guint64 have;        /* bytes in the part file */
    guint64 looked_at;   /* have when the room was looked at last */
    GChecksum *checksum; /* NULL: no digest is known */
    VdFlow *flow;
    GError *error; /* why the sink stopped, if not for the flow's sake */
} Work;

static gboolean cancelled(const Work *work)
{
    return work->fetch->cancel && g_cancellable_is_cancelled(work->fetch->cancel);
}

static gboolean fail_file(const char *name, GError **error)
{
    return vd_fail(error, errno == ENOSPC || errno == EDQUOT ? VD_ERR_NO_SPACE : VD_ERR_FAILED,
                   NULL, "%s: %s.", name, g_strerror(errno));
}

/* ---- the way of the bytes ---- */

static gboolean digest_and_push(Work *work, const guint8 *data, gsize length)
{
    if (work->checksum)
        g_checksum_update(work->checksum, data, (gssize)length);
    return vd_flow_push(work->flow, data, length);
}

/* A disk that is nearly full is left alone by us before it stops everything else. */
static gboolean room_is_left(Work *work)
{
    g_autofree char *folder = g_path_get_dirname(work->fetch->part);

    if (work->have - work->looked_at < ROOM_LOOKS)
        return TRUE;
    work->looked_at = work->have;
    return vd_free_bytes(folder) > ROOM_TO_KEEP ||
           vd_fail(&work->error, VD_ERR_NO_SPACE, NULL,
                   _("There is no room left for the download in %s."), folder);
}

static gboolean on_piece(const guint8 *data, gsize length, gpointer user)
{
    Work *work = user;
    gsize done = 0;

    while (done < length) {
        ssize_t n = pwrite(work->part, data + done, length - done, (off_t)(work->have + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_file(work->fetch->part, &work->error);
        done += (gsize)n;
    }
    work->have += length;
    work->ret->loaded += length;
    return room_is_left(work) && digest_and_push(work, data, length);
}

static void on_tell(guint64 done, guint64 total, gpointer user)
{
    const VdFetch *fetch = ((Work *)user)->fetch;

    if (fetch->tell)
        fetch->tell(done, total ? total : fetch->size, fetch->user);
}

/* What was kept goes the same way. */
static gboolean read_part(Work *work, GError **error)
{
    g_autofree guint8 *piece = g_malloc(PIECE);
    guint64 at = 0;

    while (at < work->have) {
        ssize_t n = pread(work->part, piece, PIECE, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fail_file(work->fetch->part, error);
        if (cancelled(work))
            return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
        if (!digest_and_push(work, piece, (gsize)n))
            return TRUE; /* the flow's end tells */
        at += (guint64)n;
    }
    return TRUE;
}

/* ---- tries ---- */

static guint64 most_bytes(const VdFetch *fetch)
{
    if (fetch->size == 0)
        return fetch->limit;
    return fetch->size_is_rough ? fetch->size + fetch->size / 8 + ROUGH_SLACK : fetch->size;
}

static gboolean pause_between(const Work *work, int tries)
{
    guint pause = work->fetch->pause_ms ? work->fetch->pause_ms : PAUSE_MS;
    gint64 until = g_get_monotonic_time() + (gint64)pause * 1000 * tries;

    while (!cancelled(work) && g_get_monotonic_time() < until)
        g_usleep(20 * 1000);
    return !cancelled(work);
}

static gboolean is_complete(const Work *work)
{
    const VdFetch *fetch = work->fetch;

    return fetch->size > 0 && !fetch->size_is_rough && work->have >= fetch->size;
}

static gboolean ended_early(const Work *work, GError **error)
{
    g_autofree char *is = vd_format_size(work->have);
    g_autofree char *wanted = vd_format_size(work->fetch->size);

    return vd_fail(error, VD_ERR_UNREACHABLE, NULL,
                   _("The download of %s ended early, after %s of %s."), work->fetch->url, is,
                   wanted);
}

static VdTransferEnd load_rest(Work *work, GError **error)
{
    const VdTransfer transfer = {.url = work->fetch->url,
                                 .from = work->have,
                                 .most = most_bytes(work->fetch),
                                 .sink = on_piece,
                                 .tell = on_tell,
                                 .user = work,
                                 .cancel = work->fetch->cancel};
    VdTransferEnd end = vd_transfer(&transfer, error);

    if (end == VD_TRANSFER_DONE && work->fetch->size > 0 && !work->fetch->size_is_rough &&
        work->have < work->fetch->size) {
        ended_early(work, error);
        return VD_TRANSFER_FAILED;
    }
    return end;
}

/* Until all is there, or it is said why not. VD_TRANSFER_STOPPED: the flow has failed. */
static VdTransferEnd load(Work *work, GError **error)
{
    VdTransferEnd end = VD_TRANSFER_DONE;

    for (int tries = 1; !is_complete(work); tries++) {
        g_autoptr(GError) why = NULL;

        end = load_rest(work, &why);
        if (end != VD_TRANSFER_FAILED)
            break;
        if (vd_error_code(why) != VD_ERR_UNREACHABLE || tries == TRIES ||
            !pause_between(work, tries)) {
            g_propagate_error(error, g_steal_pointer(&why));
            break;
        }
    }
    if (end == VD_TRANSFER_STOPPED && work->error) {
        g_propagate_error(error, g_steal_pointer(&work->error));
        end = VD_TRANSFER_FAILED;
    }
    return end;
}

/* From the first byte of the part file on. */
static gboolean begin(Work *work, GError **error)
{
    const char *kind = work->fetch->digest_kind;

    g_clear_pointer(&work->checksum, g_checksum_free);
    if (kind)
        work->checksum =
            g_checksum_new(g_str_equal(kind, "sha512") ? G_CHECKSUM_SHA512 : G_CHECKSUM_SHA256);
    if (ftruncate(work->fetch->out, 0) < 0)
        return fail_file(work->fetch->out_name, error);
    work->flow = vd_flow_new(work->fetch->out, work->fetch->out_name, work->fetch->limit);
    return TRUE;
}

static gboolean empty_part(Work *work, GError **error)
{
    work->have = work->looked_at = 0;
    return ftruncate(work->part, 0) == 0 || fail_file(work->fetch->part, error);
}

/* ---- the end ---- */

static gboolean put_aside(const Work *work)
{
    return rename(work->fetch->part, work->fetch->aside) == 0;
}

static gboolean refuse(const Work *work, const char *why, const char *detail, GError **error)
{
    gboolean kept = put_aside(work);

    return vd_fail(error, VD_ERR_DAMAGED, detail,
                   kept ? _("%s is refused: %s What arrived is kept in %s.")
                        : _("%s is refused: %s%.0s"),
                   work->fetch->url, why, work->fetch->aside);
}

static gboolean digest_fits(const Work *work)
{
    return !work->checksum ||
           g_str_equal(g_checksum_get_string(work->checksum), work->fetch->digest);
}

/* All has arrived. *ret_again: what came from two times does not fit together: begin anew. */
static gboolean finish(Work *work, gboolean *ret_again, GError **error)
{
    g_autoptr(GError) why = NULL;
    gboolean unpacked =
        vd_flow_end(g_steal_pointer(&work->flow), &work->ret->sha256, &work->ret->bytes, &why);
    gboolean fits = digest_fits(work);
    gboolean broken =
        !unpacked && (vd_error_code(why) == VD_ERR_DAMAGED || vd_error_code(why) == VD_ERR_INVALID);

    if (unpacked && fits)
        return TRUE;
    g_clear_pointer(&work->ret->sha256, g_free);
    if (work->ret->resumed > 0 && (broken || !fits)) {
        *ret_again = TRUE;
        return FALSE;
    }
    if (!unpacked && !broken) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    if (broken) {
        refuse(work, why->message, vd_error_detail(why), error);
        vd_error_quote(error, why);
        return FALSE;
    }
    return refuse(work, _("its digest is not the one that the catalogue tells."),
                  g_checksum_get_string(work->checksum), error);
}

static gboolean run(Work *work, gboolean *ret_again, GError **error)
{
    VdTransferEnd end;

    *ret_again = FALSE;
    work->ret->resumed = work->have;
    if (!begin(work, error) || !read_part(work, error))
        return FALSE;
    end = load(work, error);
    if (end == VD_TRANSFER_RESTART) {
        work->ret->resumed = 0;
        *ret_again = TRUE;
        return FALSE;
    }
    return end != VD_TRANSFER_FAILED && finish(work, ret_again, error);
}

static gboolean run_all(Work *work, GError **error)
{
    struct stat st;
    gboolean again = FALSE, ok;

    if (fstat(work->part, &st) < 0)
        return fail_file(work->fetch->part, error);
    work->have = (guint64)st.st_size;
    if (work->have > most_bytes(work->fetch) && !empty_part(work, error))
        return FALSE;
    ok = run(work, &again, error);
    vd_flow_drop(g_steal_pointer(&work->flow));
    if (!ok && again)
        ok = empty_part(work, error) && run(work, &again, error);
    vd_flow_drop(g_steal_pointer(&work->flow));
    if (!ok && again)
        return vd_fail(error, VD_ERR_UNREACHABLE, NULL, _("%s cannot be downloaded."),
                       work->fetch->url);
    if (ok)
        unlink(work->fetch->part);
    return ok;
}

/* Nothing has come: there is nothing to go on with. The name may be another file's by now. */
static void drop_empty(const Work *work)
{
    struct stat ours, there;

    if (fstat(work->part, &ours) == 0 && ours.st_size == 0 &&
        lstat(work->fetch->part, &there) == 0 && ours.st_dev == there.st_dev &&
        ours.st_ino == there.st_ino)
        unlink(work->fetch->part);
}

gboolean vd_fetch(const VdFetch *fetch, VdFetched *ret, GError **error)
{
    Work work = {.fetch = fetch, .ret = ret};
    gboolean ok;

    *ret = (VdFetched){0};
    work.part = open(fetch->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (work.part < 0)
        return fail_file(fetch->part, error);
    if (flock(work.part, LOCK_EX | LOCK_NB) < 0) {
        close(work.part);
        return vd_fail(error, VD_ERR_BUSY, NULL,
                       _("Another job is downloading %s already; wait for it."), fetch->url);
    }
    ok = run_all(&work, error);
    if (!ok)
        drop_empty(&work);
    close(work.part);
    g_clear_pointer(&work.checksum, g_checksum_free);
    g_clear_error(&work.error);
    return ok;
}
