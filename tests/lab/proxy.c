/* proxy: a link between the console and a real libvirt daemon, which falls ill on command.
 *
 *   proxy LISTEN TARGET      LISTEN: a path, or tcp:PORT on the loopback; TARGET: the daemon's
 * socket
 *
 * Commands come as lines on standard input; each is answered by one line on standard output.
 *
 *   pass               forward everything, as at the start      mute      forward nothing, take
 * nothing drop               close what is open, take what comes      die       close that and the
 * listener listen             the opposite of die                      full      fill the
 * listener's backlog delay MS           each way                                 rate BITS a
 * second, each way; 0: any fuzz SEED PERMILLE so many of the daemon's messages are damaged; 0: none
 *   reset              begin to count anew                      count     what has been counted
 *
 * It knows as much of libvirt's protocol as it takes to count (docs/kbase/internals/rpc.rst in
 * libvirt's source): a length, then program, version, procedure, type, serial, status. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PROGRAM_REMOTE 0x20008086u
#define PROC_ALL_STATS 344u
#define STATS_STATE    1u
#define TYPE_CALL      0u
#define TYPE_REPLY     1u
#define HEADER         28u
#define MOST           (33u << 20)
#define PIECE          512u       /* of a thin link */
#define HELD           (1u << 20) /* bytes on their way in one direction, at most */

typedef struct {
    gint64 due;
    GBytes *bytes;
    gsize sent;
} Piece;

typedef struct {
    int from, to;
    gboolean from_daemon, ended;
    GByteArray *partial; /* of a message */
    GQueue pieces;
    gsize held;
    gint64 clear_at; /* when a thin link has carried all so far */
} Flow;

typedef struct {
    Flow up, down;
    guint in_flight;
    GHashTable *samples; /* serials of calls for the figures of all machines */
} Pair;

typedef struct {
    const char *listen_at, *target;
    int listener;
    gboolean mute, full;
    gint64 delay; /* us */
    guint64 rate; /* bits a second */
    GRand *dice;
    guint permille;
    GPtrArray *pairs, *fillers;
    /* counted */
    guint accepted, calls, most, samples, damaged;
    gint64 last_sample, longest;
    guint64 bytes_up, bytes_down;
} Proxy;

static guint32 word(const guint8 *bytes, guint index)
{
    guint32 value;
    memcpy(&value, bytes + index * 4, 4);
    return ntohl(value);
}

/* ---- sockets ---- */

static int socket_at(const char *name, gboolean listening)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr *address = (const struct sockaddr *)&un;
    socklen_t size = sizeof un;
    gboolean tcp = g_str_has_prefix(name, "tcp:");
    if (tcp) {
        in.sin_port = htons((uint16_t)atoi(name + 4));
        address = (const struct sockaddr *)&in;
        size = sizeof in;
    }
    g_strlcpy(un.sun_path, name, sizeof un.sun_path);
    int fd = socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (!listening) {
        if (connect(fd, address, size) == 0)
            return fd;
        close(fd);
        return -1;
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!tcp)
        unlink(name);
    if (bind(fd, address, size) < 0 || listen(fd, 8) < 0) {
        fprintf(stderr, "proxy: %s: %s\n", name, strerror(errno));
        exit(1);
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void piece_free(gpointer data)
{
    Piece *piece = data;
    g_bytes_unref(piece->bytes);
    g_free(piece);
}

static void flow_begin(Flow *flow, int from, int to, gboolean from_daemon)
{
    *flow = (Flow){.from = from, .to = to, .from_daemon = from_daemon};
    flow->partial = g_byte_array_new();
    g_queue_init(&flow->pieces);
}

static void pair_free(gpointer data)
{
    Pair *pair = data;
    close(pair->up.from);
    close(pair->up.to);
    g_byte_array_unref(pair->up.partial);
    g_byte_array_unref(pair->down.partial);
    g_queue_clear_full(&pair->up.pieces, piece_free);
    g_queue_clear_full(&pair->down.pieces, piece_free);
    g_hash_table_unref(pair->samples);
    g_free(pair);
}

static void accept_one(Proxy *proxy)
{
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return;
    proxy->accepted++;
    int daemon = socket_at(proxy->target, FALSE);
    if (daemon < 0) {
        close(client);
        return;
    }
    fcntl(daemon, F_SETFL, O_NONBLOCK);
    Pair *pair = g_new0(Pair, 1);
    flow_begin(&pair->up, client, daemon, FALSE);
    flow_begin(&pair->down, daemon, client, TRUE);
    pair->samples = g_hash_table_new(NULL, NULL);
    g_ptr_array_add(proxy->pairs, pair);
}

/* ---- messages ---- */

/* The call that asks for the cheap figures, of all machines or of those in a list of names, UUIDs
 * and ids: it wants their state, which no other does. */
static gboolean asks_sample(const guint8 *message, guint length)
{
    if (length < HEADER + 12 || word(message, 1) != PROGRAM_REMOTE ||
        word(message, 3) != PROC_ALL_STATS)
        return FALSE;
    guint words = length / 4, at = 8;
    for (guint left = word(message, 7); left > 0 && at < words; left--)
        at += 1 + (MIN(word(message, at), length) + 3) / 4 + 4 + 1;
    return at < words && (word(message, at) & STATS_STATE);
}

static void count_sample(Proxy *proxy)
{
    gint64 now = g_get_monotonic_time();
    if (proxy->last_sample)
        proxy->longest = MAX(proxy->longest, now - proxy->last_sample);
    proxy->last_sample = now;
    proxy->samples++;
}

static void count_message(Proxy *proxy, Pair *pair, const Flow *flow, const guint8 *message,
                          guint length)
{
    if (length < HEADER || word(message, 1) != PROGRAM_REMOTE)
        return;
    guint type = word(message, 4);
    gpointer serial = GUINT_TO_POINTER(word(message, 5));
    if (!flow->from_daemon && type == TYPE_CALL) {
        proxy->calls++;
        pair->in_flight++;
        proxy->most = MAX(proxy->most, pair->in_flight);
        if (asks_sample(message, length))
            g_hash_table_add(pair->samples, serial);
    } else if (flow->from_daemon && type == TYPE_REPLY && pair->in_flight > 0) {
        pair->in_flight--;
        if (g_hash_table_remove(pair->samples, serial))
            count_sample(proxy);
    }
}

static void send_bytes(const Proxy *proxy, Flow *flow, const guint8 *bytes, gsize length)
{
    gint64 now = g_get_monotonic_time();
    while (length > 0) {
        gsize some = proxy->rate ? MIN(length, PIECE) : length;
        Piece *piece = g_new0(Piece, 1);
        flow->clear_at = MAX(flow->clear_at, now);
        if (proxy->rate)
            flow->clear_at += (gint64)(some * 8 * G_USEC_PER_SEC / proxy->rate);
        piece->due = flow->clear_at + proxy->delay;
        piece->bytes = g_bytes_new(bytes, some);
        g_queue_push_tail(&flow->pieces, piece);
        flow->held += some;
        bytes += some;
        length -= some;
    }
}

/* A damaged message: bits turned over, cut, sent twice, another number in its head, noise in place
 * of what it says, or a length that is not its own. */
static void send_damaged(Proxy *proxy, Flow *flow, const guint8 *message, guint length)
{
    GRand *dice = proxy->dice;
    g_autofree guint8 *copy = g_memdup2(message, length);
    guint32 wild = htonl(g_rand_int(dice));
    proxy->damaged++;
    switch (g_rand_int_range(dice, 0, 7)) {
    case 0: /* bits */
        for (gint i = g_rand_int_range(dice, 1, 9); i > 0; i--)
            copy[g_rand_int_range(dice, 4, (gint)length)] ^=
                (guint8)(1 << g_rand_int_range(dice, 0, 8));
        break;
    case 1: /* cut: what follows is taken for the rest of it */
        length = (guint)g_rand_int_range(dice, 1, (gint)length);
        break;
    case 2:
        send_bytes(proxy, flow, message, length);
        break;
    case 3: /* program, version, procedure, type, serial or status */
        memcpy(copy + 4 * g_rand_int_range(dice, 1, 7), &wild, 4);
        break;
    case 4:
        for (guint i = HEADER; i < length; i++)
            copy[i] = (guint8)g_rand_int_range(dice, 0, 256);
        break;
    case 5: /* a count or a length inside: the worst that a decoder can be told */
        if (length >= HEADER + 8) {
            wild = htonl(g_rand_boolean(dice) ? 0xffffffffu
                                              : g_rand_int(dice) >> g_rand_int_range(dice, 0, 32));
            memcpy(copy + 4 * g_rand_int_range(dice, 7, (gint)(length / 4)), &wild, 4);
        }
        break;
    default:
        wild = htonl(g_rand_int(dice) >> g_rand_int_range(dice, 0, 32));
        memcpy(copy, &wild, 4);
    }
    send_bytes(proxy, flow, copy, length);
}

static void take_message(Proxy *proxy, Pair *pair, Flow *flow, const guint8 *message, guint length)
{
    count_message(proxy, pair, flow, message, length);
    if (flow->from_daemon && proxy->permille > 0 && length >= HEADER &&
        (guint)g_rand_int_range(proxy->dice, 0, 1000) < proxy->permille)
        send_damaged(proxy, flow, message, length);
    else
        send_bytes(proxy, flow, message, length);
}

static void take_messages(Proxy *proxy, Pair *pair, Flow *flow)
{
    guint begin = 0;
    const GByteArray *all = flow->partial;
    while (all->len - begin >= 4) {
        guint length = word(all->data + begin, 0);
        if (length < 4 || length > MOST) { /* no libvirt talks like that: as it is */
            send_bytes(proxy, flow, all->data + begin, all->len - begin);
            begin = all->len;
            break;
        }
        if (all->len - begin < length)
            break;
        take_message(proxy, pair, flow, all->data + begin, length);
        begin += length;
    }
    if (begin > 0)
        g_byte_array_remove_range(flow->partial, 0, begin);
}

static void flow_read(Proxy *proxy, Pair *pair, Flow *flow)
{
    guint8 buffer[65536];
    ssize_t n = read(flow->from, buffer, sizeof buffer);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        flow->ended = TRUE;
        return;
    }
    *(flow->from_daemon ? &proxy->bytes_down : &proxy->bytes_up) += (guint64)n;
    g_byte_array_append(flow->partial, buffer, (guint)n);
    take_messages(proxy, pair, flow);
}

static void flow_write(Flow *flow)
{
    Piece *piece;
    while ((piece = g_queue_peek_head(&flow->pieces)) && piece->due <= g_get_monotonic_time()) {
        gsize size;
        const guint8 *bytes = g_bytes_get_data(piece->bytes, &size);
        ssize_t n = send(flow->to, bytes + piece->sent, size - piece->sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            flow->ended = TRUE;
        if (n <= 0)
            return;
        piece->sent += (gsize)n;
        flow->held -= (gsize)n;
        if (piece->sent < size)
            return;
        piece_free(g_queue_pop_head(&flow->pieces));
    }
}

/* ---- commands ---- */

/* More than the backlog takes: the next one who comes waits in connect(). */
static void fill(Proxy *proxy)
{
    proxy->full = TRUE;
    for (guint i = 0; i < 32; i++) {
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        g_strlcpy(un.sun_path, proxy->listen_at, sizeof un.sun_path);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&un, sizeof un) < 0) {
            close(fd);
            return;
        }
        g_ptr_array_add(proxy->fillers, GINT_TO_POINTER(fd));
    }
}

static void spill(Proxy *proxy)
{
    proxy->full = FALSE;
    for (guint i = 0; i < proxy->fillers->len; i++)
        close(GPOINTER_TO_INT(g_ptr_array_index(proxy->fillers, i)));
    g_ptr_array_set_size(proxy->fillers, 0);
}

static void die(Proxy *proxy)
{
    g_ptr_array_set_size(proxy->pairs, 0);
    if (proxy->listener >= 0)
        close(proxy->listener);
    proxy->listener = -1;
}

static void reset(Proxy *proxy)
{
    proxy->accepted = proxy->calls = proxy->most = proxy->samples = proxy->damaged = 0;
    proxy->last_sample = proxy->longest = 0;
    proxy->bytes_up = proxy->bytes_down = 0;
}

static gboolean obey_plain(Proxy *proxy, const char *line)
{
    if (g_str_equal(line, "pass")) {
        proxy->mute = FALSE;
        spill(proxy);
    } else if (g_str_equal(line, "mute"))
        proxy->mute = TRUE;
    else if (g_str_equal(line, "drop"))
        g_ptr_array_set_size(proxy->pairs, 0);
    else if (g_str_equal(line, "die"))
        die(proxy);
    else if (g_str_equal(line, "listen"))
        proxy->listener = proxy->listener < 0 ? socket_at(proxy->listen_at, TRUE) : proxy->listener;
    else if (g_str_equal(line, "full"))
        fill(proxy);
    else if (g_str_equal(line, "reset"))
        reset(proxy);
    else
        return FALSE;
    return TRUE;
}

static void obey(Proxy *proxy, const char *line)
{
    guint64 value = 0;
    guint seed = 0, permille = 0;
    if (g_str_equal(line, "count")) {
        printf("open=%u accepted=%u calls=%u most=%u samples=%u longest=%" G_GINT64_FORMAT
               " damaged=%u up=%" G_GUINT64_FORMAT " down=%" G_GUINT64_FORMAT "\n",
               proxy->pairs->len, proxy->accepted, proxy->calls, proxy->most, proxy->samples,
               proxy->longest / 1000, proxy->damaged, proxy->bytes_up, proxy->bytes_down);
        return;
    }
    if (sscanf(line, "delay %" G_GUINT64_FORMAT, &value) == 1)
        proxy->delay = (gint64)value * 1000;
    else if (sscanf(line, "rate %" G_GUINT64_FORMAT, &value) == 1)
        proxy->rate = value;
    else if (sscanf(line, "fuzz %u %u", &seed, &permille) == 2) {
        g_rand_set_seed(proxy->dice, seed);
        proxy->permille = permille;
    } else if (!obey_plain(proxy, line)) {
        printf("what?\n");
        return;
    }
    printf("ok\n");
}

/* FALSE: whoever commands is gone. */
static gboolean take_commands(Proxy *proxy, GString *pending)
{
    char buffer[256], *end;
    ssize_t n = read(0, buffer, sizeof buffer);
    if (n <= 0)
        return FALSE;
    g_string_append_len(pending, buffer, n);
    while ((end = strchr(pending->str, '\n'))) {
        *end = '\0';
        obey(proxy, pending->str);
        g_string_erase(pending, 0, end - pending->str + 1);
    }
    fflush(stdout);
    return TRUE;
}

/* ---- turning ---- */

static void want(GArray *fds, int fd, short events)
{
    struct pollfd one = {.fd = events ? fd : -1, .events = events};
    g_array_append_val(fds, one);
}

/* Milliseconds until the next piece is due; -1: none is. Asks for POLLOUT where one is late. */
static void want_flow(const Proxy *proxy, const Flow *flow, GArray *fds, int *timeout)
{
    const Piece *piece = g_queue_peek_head((GQueue *)&flow->pieces);
    gboolean late = FALSE;
    if (piece && !proxy->mute) {
        gint64 left = piece->due - g_get_monotonic_time();
        late = left <= 0;
        int ms = (int)((MAX(left, 0) + 999) / 1000);
        if (!late && (*timeout < 0 || ms < *timeout))
            *timeout = ms;
    }
    want(fds, flow->from, proxy->mute || flow->ended || flow->held >= HELD ? 0 : POLLIN);
    want(fds, flow->to, late ? POLLOUT : 0);
}

static void turn_pair(Proxy *proxy, Pair *pair, const struct pollfd *fds)
{
    if (fds[0].revents)
        flow_read(proxy, pair, &pair->up);
    if (fds[2].revents)
        flow_read(proxy, pair, &pair->down);
    flow_write(&pair->up);
    flow_write(&pair->down);
}

static gboolean over(const Flow *flow)
{
    return flow->ended && g_queue_is_empty((GQueue *)&flow->pieces);
}

static gboolean turn(Proxy *proxy, GString *pending)
{
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
    int timeout = -1;
    want(fds, 0, POLLIN);
    want(fds, proxy->listener, proxy->listener < 0 || proxy->full ? 0 : POLLIN);
    for (guint i = 0; i < proxy->pairs->len; i++) {
        Pair *pair = g_ptr_array_index(proxy->pairs, i);
        want_flow(proxy, &pair->up, fds, &timeout);
        want_flow(proxy, &pair->down, fds, &timeout);
    }
    const struct pollfd *polled = (const struct pollfd *)(void *)fds->data;
    if (poll((struct pollfd *)(void *)fds->data, fds->len, timeout) < 0 && errno != EINTR)
        return FALSE;
    for (guint i = proxy->pairs->len; !proxy->mute && i-- > 0;) {
        Pair *pair = g_ptr_array_index(proxy->pairs, i);
        turn_pair(proxy, pair, polled + 2 + (gsize)i * 4);
        if (over(&pair->up) || over(&pair->down))
            g_ptr_array_remove_index(proxy->pairs, i);
    }
    if (polled[1].revents)
        accept_one(proxy);
    return !polled[0].revents || take_commands(proxy, pending);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: proxy LISTEN TARGET\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    Proxy proxy = {.listen_at = argv[1], .target = argv[2]};
    g_autoptr(GString) pending = g_string_new(NULL);
    proxy.dice = g_rand_new_with_seed(1);
    proxy.pairs = g_ptr_array_new_with_free_func(pair_free);
    proxy.fillers = g_ptr_array_new();
    proxy.listener = socket_at(proxy.listen_at, TRUE);
    printf("ok\n");
    fflush(stdout);
    while (turn(&proxy, pending)) {
    }
    spill(&proxy);
    die(&proxy);
    g_ptr_array_unref(proxy.pairs);
    g_ptr_array_unref(proxy.fillers);
    g_rand_free(proxy.dice);
    return 0;
}
