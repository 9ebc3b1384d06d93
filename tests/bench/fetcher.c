/* The two ends of a download for the bench: `fetcher serve FOLDER` prints its URL and serves until
 * its standard input ends; `fetcher fetch URL SHA512 SIZE FILE` does what a job's download does and
 * prints the SHA-256 of what it unpacked. */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/deploy/fetch.h"
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

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve(argv[2]);
    if (argc == 6 && strcmp(argv[1], "fetch") == 0)
        return fetch(argv + 2);
    fprintf(stderr, "usage: fetcher serve FOLDER | fetcher fetch URL SHA512 SIZE FILE\n");
    return 2;
}
