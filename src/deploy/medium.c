/* Both kinds keep their descriptors in sectors of 2048 bytes from the 16th on (ECMA-119, 8.1;
 * ECMA-167, part 2, 9.1): a byte of its kind, then five that name the standard. */
#include "config.h"

#include "src/deploy/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"

#define SECTOR    2048
#define FIRST     16
#define LOOKED_AT 16 /* descriptors */
#define NAME      5

/* The name in the n-th descriptor is one of these. */
static gboolean is_named(int fd, int n, const char *const *names)
{
    char name[NAME + 1] = "";

    if (pread(fd, name, NAME, (off_t)(FIRST + n) * SECTOR + 1) != NAME)
        return FALSE;
    return g_strv_contains(names, name);
}

static gboolean is_medium(int fd)
{
    static const char *const iso[] = {"CD001", NULL}, *const begin[] = {"BEA01", NULL},
                             *const udf[] = {"NSR02", "NSR03", NULL};

    if (is_named(fd, 0, iso))
        return TRUE;
    for (int n = 1; n < LOOKED_AT && is_named(fd, 0, begin); n++) {
        if (is_named(fd, n, udf))
            return TRUE;
    }
    return FALSE;
}

static gboolean judge(int fd, const char *path, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is not a regular file; give the medium as an ISO file (ISO 9660 or "
                         "UDF)."),
                       path);
    if (!is_medium(fd))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("%s is no installation medium; give an ISO file (ISO 9660 or UDF)."),
                       path);
    return TRUE;
}

gboolean vd_medium_look(const char *path, char **ret_real, GError **error)
{
    char *real = realpath(path, NULL);
    /* O_NONBLOCK: a FIFO must not hold us. */
    int fd = real ? open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW) : -1;
    int number = errno;
    gboolean ok;

    if (fd < 0) {
        free(real);
        if (number == ENOENT || number == ENOTDIR)
            return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no file %s"), path);
        return vd_fail(error, number == EACCES ? VD_ERR_DENIED : VD_ERR_INVALID, NULL,
                       _("%s cannot be opened: %s."), path, g_strerror(number));
    }
    ok = judge(fd, path, error);
    close(fd);
    if (ok && ret_real)
        *ret_real = g_strdup(real);
    free(real);
    return ok;
}
