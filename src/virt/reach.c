/* A name is looked up by a thread of its own, which is left behind if no name server answers: the
 * resolver has no deadline that holds. All addresses of the name are tried at once, and the first
 * that answers will do. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/virt/reach.h"
#include "src/virt/uri.h"
#include "src/virt/vevent.h"

#define FULL_PAUSE 50000 /* microseconds */
/* libvirt's protocol, which stays as it is for old clients' sake: what a connection must be told to
 * authenticate itself. It is the one question that every daemon answers to everybody. */
#define REMOTE_PROGRAM   0x20008086
#define REMOTE_VERSION   1
#define REMOTE_AUTH_LIST 66
#define MAX_ADDRESSES    8

/* ---- names ---- */

typedef struct {
    gint refs; /* atomic: who asks, and the thread */
    char *name, port[8];
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gboolean ended;
    int status;
    struct addrinfo *found;
} Lookup;

static void lookup_unref(Lookup *lookup)
{
    if (!g_atomic_int_dec_and_test(&lookup->refs))
        return;
    if (lookup->found)
        freeaddrinfo(lookup->found);
    pthread_mutex_destroy(&lookup->lock);
    pthread_cond_destroy(&lookup->changed);
    g_free(lookup->name);
    g_free(lookup);
}

static void *look_up(void *data)
{
    Lookup *lookup = data;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    int status = getaddrinfo(lookup->name, lookup->port, &hints, &found);
    pthread_mutex_lock(&lookup->lock);
    lookup->ended = TRUE;
    lookup->status = status;
    lookup->found = found;
    pthread_cond_signal(&lookup->changed);
    pthread_mutex_unlock(&lookup->lock);
    lookup_unref(lookup);
    return NULL;
}

static Lookup *lookup_new(const char *name, int port)
{
    pthread_condattr_t monotonic;
    Lookup *lookup = g_new0(Lookup, 1);
    lookup->refs = 2;
    lookup->name = g_strdup(name);
    g_snprintf(lookup->port, sizeof lookup->port, "%d", port);
    pthread_mutex_init(&lookup->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&lookup->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return lookup;
}

/* FALSE: no answer within the time. */
static gboolean lookup_wait(Lookup *lookup, int timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    struct timespec until = {end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000};
    pthread_mutex_lock(&lookup->lock);
    int late = 0;
    while (!lookup->ended && late == 0)
        late = pthread_cond_timedwait(&lookup->changed, &lookup->lock, &until);
    gboolean ended = lookup->ended;
    pthread_mutex_unlock(&lookup->lock);
    return ended;
}

static gboolean unknown_name(const char *name, gboolean answered, int status, GError **error)
{
    const char *detail = answered ? gai_strerror(status) : NULL;
    if (!answered || status == EAI_AGAIN)
        return vd_fail(error, VD_ERR_UNREACHABLE, detail,
                       _("The name %s cannot be looked up: no name server answers."), name);
    return vd_fail(error, VD_ERR_UNREACHABLE, detail, _("Nobody knows the name %s."), name);
}

/* ---- sockets ---- */

/* How long a connection must last. */
typedef struct {
    int ms;         /* 0: it need not */
    gboolean knock; /* libvirt's protocol in clear: something is asked meanwhile */
} Stay;

typedef struct {
    struct pollfd polled[MAX_ADDRESSES];
    nfds_t n;
    int why; /* errno of the last one that failed */
} Tries;

static void try_address(Tries *tries, const struct sockaddr *address, socklen_t length)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        tries->why = errno;
        return;
    }
    tries->polled[tries->n++] = (struct pollfd){.fd = fd, .events = POLLOUT};
    if (connect(fd, address, length) == 0 || errno == EINPROGRESS)
        return;
    tries->why = errno;
    (void)close(fd);
    tries->n--;
}

/* TRUE: one of them is connected. Those that failed are closed. */
static gboolean sort_out(Tries *tries)
{
    for (nfds_t i = 0; i < tries->n;) {
        int why = 0;
        socklen_t length = sizeof why;
        if (!tries->polled[i].revents) {
            i++;
            continue;
        }
        if (getsockopt(tries->polled[i].fd, SOL_SOCKET, SO_ERROR, &why, &length) == 0 && why == 0)
            return TRUE;
        tries->why = why;
        (void)close(tries->polled[i].fd);
        tries->polled[i] = tries->polled[--tries->n];
    }
    return FALSE;
}

static void knock(int fd)
{
    const guint32 words[] = {28, REMOTE_PROGRAM, REMOTE_VERSION, REMOTE_AUTH_LIST, 0, 0, 0};
    guint32 message[G_N_ELEMENTS(words)];
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        message[i] = g_htonl(words[i]);
    (void)send(fd, message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The other end closes what it has just taken. One that says something, or nothing for that long,
 * keeps it. */
static gboolean closed_at_once(const Tries *tries, const Stay *stay)
{
    for (nfds_t i = 0; i < tries->n; i++) {
        struct pollfd polled = {.fd = tries->polled[i].fd, .events = POLLIN | POLLRDHUP};
        char byte;
        if (!tries->polled[i].revents)
            continue;
        if (stay->knock)
            knock(polled.fd);
        if (poll(&polled, 1, stay->ms) <= 0)
            continue;
        if (recv(polled.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
            return TRUE;
    }
    return FALSE;
}

/* 0: connected, or why not. Closes all. */
static int wait_for(Tries *tries, int timeout_ms, const Stay *stay)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    gboolean connected = FALSE;
    while (tries->n > 0 && !connected) {
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        int n = left > 0 ? poll(tries->polled, tries->n, (int)left) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            tries->why = ETIMEDOUT;
            break;
        }
        connected = sort_out(tries);
    }
    if (connected && stay->ms > 0 && closed_at_once(tries, stay)) {
        connected = FALSE;
        tries->why = ECONNRESET;
    }
    for (nfds_t i = 0; i < tries->n; i++)
        (void)close(tries->polled[i].fd);
    return connected ? 0 : tries->why ? tries->why : ECONNREFUSED;
}

static gboolean complain(const char *where, int why, GError **error)
{
    const char *detail = g_strerror(why);
    if (why == ECONNREFUSED)
        return vd_fail(error, VD_ERR_UNREACHABLE, detail,
                       _("%s: the connection is refused; is the daemon up?"), where);
    if (why == ETIMEDOUT)
        return vd_fail(error, VD_ERR_UNREACHABLE, detail, _("%s does not answer."), where);
    if (why == ECONNRESET)
        return vd_fail(error, VD_ERR_UNREACHABLE, detail,
                       _("%s: the connection is closed at once; is the daemon up?"), where);
    if (why == ENOENT)
        return vd_fail(error, VD_ERR_UNREACHABLE, detail,
                       _("%s: no libvirt daemon listens there; is it installed and started?"),
                       where);
    if (why == EACCES || why == EPERM)
        return vd_fail(error, VD_ERR_DENIED, detail,
                       _("%s: this user may not; is the user in the group libvirt?"), where);
    return vd_fail(error, VD_ERR_UNREACHABLE, detail, _("%s cannot be reached: %s"), where, detail);
}

static gboolean reach_server(const char *name, int port, int timeout_ms, const Stay *stay,
                             GError **error)
{
    Tries tries = {.n = 0};
    g_autofree char *clean = vd_text_clean(name, 100, FALSE);
    g_autofree char *where = g_strdup_printf(strchr(clean, ':') ? "[%s]:%d" : "%s:%d", clean, port);
    Lookup *lookup = lookup_new(name, port);
    if (!vd_thread_start("vd-lookup", look_up, lookup)) {
        lookup_unref(lookup);
        lookup_unref(lookup);
        return TRUE; /* libvirt may have better luck */
    }
    gboolean answered = lookup_wait(lookup, timeout_ms);
    gboolean known = answered && lookup->status == 0;
    for (struct addrinfo *a = known ? lookup->found : NULL; a && tries.n < MAX_ADDRESSES;
         a = a->ai_next)
        try_address(&tries, a->ai_addr, a->ai_addrlen);
    int status = answered ? lookup->status : 0;
    lookup_unref(lookup);
    if (!known)
        return unknown_name(clean, answered, status, error);
    int why = wait_for(&tries, timeout_ms, stay);
    return why == 0 || complain(where, why, error);
}

static gboolean reach_socket(const char *path, int timeout_ms, const Stay *stay, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    Tries tries = {.n = 0};
    g_autofree char *clean = vd_text_clean(path, 200, FALSE);
    if (strlen(path) >= sizeof address.sun_path)
        return vd_fail(error, VD_ERR_UNREACHABLE, NULL,
                       _("%s is too long for the path of a socket."), clean);
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    try_address(&tries, (const struct sockaddr *)&address, sizeof address);
    /* Its queue is full, which no event tells the end of: a daemon that many ask at once empties it
     * soon, one that hangs never does. */
    while (tries.n == 0 && tries.why == EAGAIN && g_get_monotonic_time() < end) {
        g_usleep(FULL_PAUSE);
        try_address(&tries, (const struct sockaddr *)&address, sizeof address);
    }
    if (tries.n == 0 && tries.why == EAGAIN)
        tries.why = ETIMEDOUT;
    int why = tries.n ? wait_for(&tries, timeout_ms, stay) : tries.why;
    return why == 0 || complain(clean, why, error);
}

/* ---- which of them ---- */

static int usual_port(const VdUri *uri)
{
    if (!uri->transport || strcmp(uri->transport, "tls") == 0)
        return 16514;
    if (strcmp(uri->transport, "tcp") == 0)
        return 16509;
    if (g_str_has_prefix(uri->transport, "libssh"))
        return 22;
    return 0;
}

gboolean vd_reach(const char *uri, int timeout_ms, int knock_ms, int stay_ms, GError **error)
{
    VdUri parts;
    if (!vd_uri_parse(uri, &parts))
        return TRUE;
    const char *socket = vd_uri_option(&parts, "socket");
    int port = usual_port(&parts);
    gboolean fine = TRUE;
    gboolean clear = g_strcmp0(parts.transport, "tcp") == 0;
    Stay stay = {clear ? knock_ms : stay_ms, clear};
    if (parts.foreign)
        fine = TRUE;
    else if (parts.server && port)
        fine = reach_server(parts.server, parts.port > 0 ? parts.port : port, timeout_ms, &stay,
                            error);
    else if (g_strcmp0(parts.transport, "unix") == 0 && socket)
        fine = reach_socket(socket, timeout_ms, &(Stay){knock_ms, TRUE}, error);
    vd_uri_clear(&parts);
    return fine;
}
