/* One thread, one connection after the other, HTTP/1.1 without keeping connections: enough for what
 * libcurl asks. */
#include "config.h"

#include "tests/unit/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct _Web {
    int socket;
    char *folder, *url;
    pthread_t thread;
    pthread_mutex_t lock;
    WebManners manners;
    guint cuts, requests, parts;
};

static gboolean send_all(int fd, const char *data, gsize length)
{
    while (length > 0) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        data += n;
        length -= (gsize)n;
    }
    return TRUE;
}

static void send_head(int fd, const char *status, const char *more, guint64 length)
{
    g_autofree char *head =
        g_strdup_printf("HTTP/1.1 %s\r\nContent-Length: %" G_GUINT64_FORMAT
                        "\r\nConnection: close\r\nAccept-Ranges: bytes\r\n%s\r\n",
                        status, length, more);

    send_all(fd, head, strlen(head));
}

static char *read_request(int fd)
{
    GString *text = g_string_new(NULL);
    char piece[2048];
    ssize_t n = 1;

    while (n > 0 && !strstr(text->str, "\r\n\r\n") && text->len < 65536) {
        n = recv(fd, piece, sizeof(piece), 0);
        if (n > 0)
            g_string_append_len(text, piece, n);
    }
    return g_string_free(text, FALSE);
}

static void send_endless(int fd, guint64 length)
{
    char piece[65536];

    memset(piece, 'x', sizeof(piece));
    send_head(fd, "200 OK", "", length);
    while (length > 0 && send_all(fd, piece, MIN(length, sizeof(piece))))
        length -= MIN(length, sizeof(piece));
}

/* How much of length may be sent before the connection is to end. */
static guint64 allowed(Web *web, guint64 length)
{
    pthread_mutex_lock(&web->lock);
    if (web->manners.cut_after && web->cuts < web->manners.cuts &&
        length > web->manners.cut_after) {
        web->cuts++;
        length = web->manners.cut_after;
    }
    pthread_mutex_unlock(&web->lock);
    return length;
}

static void send_file(Web *web, int fd, int file, guint64 from, gboolean part)
{
    struct stat st;
    char piece[65536];
    guint64 length, left, claims;
    g_autofree char *range = NULL;

    if (fstat(file, &st) != 0)
        return;
    if (from > (guint64)st.st_size || (part && from == (guint64)st.st_size)) {
        send_head(fd, "416 Range Not Satisfiable", "", 0);
        return;
    }
    length = (guint64)st.st_size - from;
    range = g_strdup_printf("Content-Range: bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
                            "/%" G_GUINT64_FORMAT "\r\n",
                            from, (guint64)st.st_size - 1, (guint64)st.st_size);
    pthread_mutex_lock(&web->lock);
    claims = web->manners.claims;
    pthread_mutex_unlock(&web->lock);
    send_head(fd, part ? "206 Partial Content" : "200 OK", part ? range : "",
              claims ? claims : length);
    left = allowed(web, length);
    while (left > 0) {
        ssize_t n = pread(file, piece, MIN(left, sizeof(piece)), (off_t)from);

        if (n <= 0 || !send_all(fd, piece, (gsize)n))
            return;
        from += (guint64)n;
        left -= (guint64)n;
    }
}

static void answer(Web *web, int fd)
{
    g_autofree char *text = read_request(fd);
    g_autofree char *path = g_strdup(""), *file_path = NULL;
    const char *range = strstr(text, "Range: bytes=");
    guint64 from = range ? g_ascii_strtoull(range + strlen("Range: bytes="), NULL, 10) : 0;
    WebManners manners;
    int file;

    pthread_mutex_lock(&web->lock);
    manners = web->manners;
    web->requests++;
    web->parts += range != NULL;
    pthread_mutex_unlock(&web->lock);
    if (g_str_has_prefix(text, "GET /")) {
        g_free(path);
        path = g_strndup(text + 4, strcspn(text + 4, " "));
    }
    if (manners.loops || strstr(path, "..")) {
        g_autofree char *where = g_strdup_printf("Location: %s%s\r\n", web->url, path);

        send_head(fd, "302 Found", where, 0);
        return;
    }
    if (manners.endless) {
        send_endless(fd, manners.endless);
        return;
    }
    file_path = g_build_filename(web->folder, path, NULL);
    file = open(file_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        send_head(fd, "404 Not Found", "", 0);
        return;
    }
    if (manners.no_ranges)
        range = NULL;
    send_file(web, fd, file, range ? from : 0, range != NULL);
    close(file);
}

static void *serve(void *data)
{
    Web *web = data;

    for (;;) {
        int fd = accept4(web->socket, NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0 && errno == EINTR)
            continue;
        if (fd < 0)
            return NULL;
        answer(web, fd);
        shutdown(fd, SHUT_RDWR);
        close(fd);
    }
}

Web *web_new(const char *folder)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    Web *web = g_new0(Web, 1);

    web->folder = g_strdup(folder);
    pthread_mutex_init(&web->lock, NULL);
    web->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (web->socket < 0 || bind(web->socket, (struct sockaddr *)&address, length) != 0 ||
        listen(web->socket, 8) != 0 ||
        getsockname(web->socket, (struct sockaddr *)&address, &length) != 0 ||
        pthread_create(&web->thread, NULL, serve, web) != 0)
        g_error("no web server: %s", g_strerror(errno));
    web->url = g_strdup_printf("http://127.0.0.1:%u", ntohs(address.sin_port));
    return web;
}

void web_free(Web *web)
{
    shutdown(web->socket, SHUT_RDWR);
    pthread_join(web->thread, NULL);
    close(web->socket);
    pthread_mutex_destroy(&web->lock);
    g_free(web->folder);
    g_free(web->url);
    g_free(web);
}

const char *web_url(const Web *web)
{
    return web->url;
}

void web_manners(Web *web, const WebManners *manners)
{
    pthread_mutex_lock(&web->lock);
    web->manners = *manners;
    web->cuts = web->requests = web->parts = 0;
    pthread_mutex_unlock(&web->lock);
}

guint web_requests(Web *web, guint *ret_parts)
{
    guint n;

    pthread_mutex_lock(&web->lock);
    n = web->requests;
    if (ret_parts)
        *ret_parts = web->parts;
    pthread_mutex_unlock(&web->lock);
    return n;
}
