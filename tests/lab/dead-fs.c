/* dead-fs: a mount that never answers, as one of a file server that is gone.
 *
 *   dead-fs DIRECTORY      mounts there, says "ok", and waits for its standard input to end
 *
 * It takes FUSE's requests from nobody: whoever touches the directory waits in the kernel until
 * this program ends, which breaks the connection off. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char options[100], byte;
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (argc != 2 || fd < 0) {
        fprintf(stderr, "dead-fs: DIRECTORY, and /dev/fuse\n");
        return 2;
    }
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
    if (mount("dead-fs", argv[1], "fuse.dead-fs", MS_NOSUID | MS_NODEV, options) < 0) {
        fprintf(stderr, "dead-fs: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    puts("ok");
    fflush(stdout);
    while (read(0, &byte, 1) > 0) {
    }
    close(fd);
    umount2(argv[1], MNT_DETACH);
    return 0;
}
