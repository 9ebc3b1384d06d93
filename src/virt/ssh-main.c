/* vmdeck-ssh: what libvirt runs in place of ssh. It adds what keeps ssh off the screen and lets it
 * give up by itself: a host that does not answer, or stops answering, ends the connection instead
 * of holding it for ever. What stands earlier on ssh's command line wins, and all of this stands
 * first. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const options[] = {
    "ssh",
    "-oBatchMode=yes",
    "-oConnectTimeout=10",
    "-oServerAliveInterval=5",
    "-oServerAliveCountMax=3",
    /* A connection that others may share would not end with ours. */
    "-oControlMaster=no",
};

/* libvirt (9.0.0) leaks itself and a descriptor when the other end closes just as it is being
 * opened. A real ssh takes longer than that to give up; without one this must. */
enum { LINGER_MS = 100 };

enum { OPTIONS = sizeof options / sizeof *options };

int main(int argc, char **argv)
{
    const char **all = calloc((size_t)argc + OPTIONS, sizeof *all);
    size_t n = 0;
    if (!all)
        return 127;
    for (; n < OPTIONS; n++)
        all[n] = options[n];
    for (int i = 1; i < argc; i++)
        all[n++] = argv[i];
    execvp("ssh", (char *const *)all);
    fprintf(stderr, "ssh: %s\n", strerror(errno));
    free(all);
    (void)fflush(stderr);
    (void)poll(NULL, 0, LINGER_MS);
    return 127;
}
