/* Curses waits in write() when a terminal takes no more. So its descriptor is a copy of the
 * terminal's, in whose place a file in memory stands while a frame is put out; what came together
 * there goes to the terminal by a description of its own that does not block. Where the terminal
 * cannot be opened again (after su), small pieces go to the first one, each only when it has room.
 */
#include "config.h"

#include "ui/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIECE = 256 };

struct _VdOut {
    int terminal; /* a copy of the caller's */
    int own;      /* the same terminal, not blocking; -1: it cannot be had */
    int curses;   /* what curses writes to; the stream's */
    FILE *stream;
    int memory;
    GByteArray *waiting;
    guint64 bytes;
};

static int copy_fd(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

VdOut *vd_out_new(int fd)
{
    char path[40];
    VdOut *out = g_new0(VdOut, 1);
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    out->terminal = copy_fd(fd);
    out->curses = copy_fd(fd);
    out->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    out->memory = memfd_create("frame", MFD_CLOEXEC);
    out->waiting = g_byte_array_new();
    out->stream = out->curses >= 0 ? fdopen(out->curses, "w") : NULL;
    if (out->terminal >= 0 && out->stream && out->memory >= 0)
        return out;
    vd_out_free(out);
    return NULL;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

void vd_out_free(VdOut *out)
{
    if (!out)
        return;
    close_fd(out->terminal);
    close_fd(out->own);
    if (out->stream)
        (void)fclose(out->stream);
    else
        close_fd(out->curses);
    close_fd(out->memory);
    g_byte_array_unref(out->waiting);
    g_free(out);
}

FILE *vd_out_stream(const VdOut *out)
{
    return out->stream;
}

void vd_out_begin(VdOut *out)
{
    (void)ftruncate(out->memory, 0);
    (void)lseek(out->memory, 0, SEEK_SET);
    (void)dup3(out->memory, out->curses, O_CLOEXEC);
}

gsize vd_out_end(VdOut *out)
{
    off_t length = lseek(out->memory, 0, SEEK_CUR);
    guint had = out->waiting->len;
    (void)dup3(out->terminal, out->curses, O_CLOEXEC);
    if (length <= 0)
        return 0;
    g_byte_array_set_size(out->waiting, had + (guint)length);
    ssize_t got = pread(out->memory, out->waiting->data + had, (gsize)length, 0);
    g_byte_array_set_size(out->waiting, had + (guint)MAX(got, 0));
    out->bytes += (guint64)MAX(got, 0);
    vd_out_push(out);
    return (gsize)MAX(got, 0);
}

void vd_out_add(VdOut *out, const char *bytes, gsize length)
{
    g_byte_array_append(out->waiting, (const guint8 *)bytes, (guint)length);
    out->bytes += length;
    vd_out_push(out);
}

static gboolean has_room(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT);
}

void vd_out_push(VdOut *out)
{
    while (out->waiting->len > 0) {
        gsize length = out->waiting->len;
        if (out->own < 0) {
            if (!has_room(out->terminal))
                return;
            length = MIN(length, (gsize)PIECE);
        }
        ssize_t wrote = write(out->own >= 0 ? out->own : out->terminal, out->waiting->data, length);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            if (errno != EAGAIN) /* it is gone: nobody will read this */
                vd_out_drop(out);
            return;
        }
        g_byte_array_remove_range(out->waiting, 0, (guint)wrote);
    }
}

gsize vd_out_waiting(const VdOut *out)
{
    return out->waiting->len;
}

int vd_out_poll_fd(const VdOut *out)
{
    return out->own >= 0 ? out->own : out->terminal;
}

void vd_out_drop(VdOut *out)
{
    g_byte_array_set_size(out->waiting, 0);
}

guint64 vd_out_bytes(const VdOut *out)
{
    return out->bytes;
}
