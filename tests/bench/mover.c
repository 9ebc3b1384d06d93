/* What jobs do with large files, for the bench, each as a program of its own.
 *   mover serve FOLDER                   prints its URL and serves until its standard input ends
 *   mover fetch URL SHA512 SIZE FILE     a download; prints the SHA-256 of what it unpacked
 *   mover copy FROM TO                   the copy that a deployment makes of an image
 *   mover upload URI POOL VOLUME FILE    a file becomes a volume of a host */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/deploy/copy.h"
#include "src/deploy/fetch.h"
#include "src/virt/provision.h"
#include "tests/unit/web.h"

static int serve(const char *folder)
{
    Web *web = web_new(folder);

    printf("%s\n", web_url(web));
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    web_free(web);
    return 0;
}

static int fetch(char **words)
{
    g_autofree char *part = g_strconcat(words[3], ".part", NULL);
    g_autofree char *aside = g_strconcat(words[3], ".aside", NULL);
    g_autoptr(GError) error = NULL;
    int out = open(words[3], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const VdFetch what = {.url = words[0],
                          .digest_kind = "sha512",
                          .digest = words[1],
                          .size = g_ascii_strtoull(words[2], NULL, 10),
                          .limit = G_GUINT64_CONSTANT(1) << 40,
                          .part = part,
                          .aside = aside,
                          .out = out,
                          .out_name = words[3]};
    VdFetched fetched;

    if (out < 0 || !vd_fetch(&what, &fetched, &error)) {
        fprintf(stderr, "%s\n", error ? error->message : "the file cannot be written");
        return 1;
    }
    printf("%s\n", fetched.sha256);
    g_free(fetched.sha256);
    close(out);
    return 0;
}

static int tell(gboolean ok, const GError *error)
{
    if (!ok)
        fprintf(stderr, "%s\n", error ? error->message : "the files cannot be opened");
    return ok ? 0 : 1;
}

static int copy(char **words)
{
    g_autoptr(GError) error = NULL;
    int from = open(words[0], O_RDONLY | O_CLOEXEC);
    int to = open(words[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    VdCopy copied = {0};
    gboolean ok = from >= 0 && to >= 0 &&
                  vd_copy_sparse(from, words[0], to, words[1], NULL, NULL, NULL, &copied, &error);

    vd_copy_clear(&copied);
    return tell(ok, error);
}

static int upload(char **words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(VdConn) conn = vd_conn_open(words[0], NULL, NULL, &error);
    g_autofree char *path = NULL;

    return tell(conn && vd_conn_volume_upload(conn, words[1], words[2], words[3], NULL, NULL, NULL,
                                              &path, &error),
                error);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (argc == 6 && strcmp(argv[1], "fetch") == 0)
        return fetch(argv + 2);
    if (argc == 4 && strcmp(argv[1], "copy") == 0)
        return copy(argv + 2);
    if (argc == 6 && strcmp(argv[1], "upload") == 0)
        return upload(argv + 2);
    fprintf(stderr, "usage: mover serve FOLDER | fetch URL SHA512 SIZE FILE | copy FROM TO | "
                    "upload URI POOL VOLUME FILE\n");
    return 2;
}
