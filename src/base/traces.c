/* One file for each process, "traces.PID", of one line for each thing: 'd' and a folder, 'c' and a
 * cache. A name that was noted and never made does no harm: what is removed must be a folder of
 * ours. */
#include "config.h"

#include "src/base/traces.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/files.h"

#define NOTES    "traces."
#define HALF     "appliance.d." /* and eight letters: supermin's string_random8 */
#define UNKNOWN  "XXXXXX"
#define LETTERS  "abcdefghijklmnopqrstuvwxyz0123456789"
#define MAX_READ (64 * 1024)
#define TRIES    100

static char *notes_path(const char *folder, pid_t pid)
{
    g_autofree char *name = g_strdup_printf(NOTES "%ld", (long)pid);

    return g_build_filename(folder, name, NULL);
}

int vd_traces_open(const char *folder)
{
    g_autofree char *path = notes_path(folder, getpid());

    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static void note(int fd, char kind, const char *path)
{
    g_autofree char *line = g_strdup_printf("%c%s\n", kind, path);

    if (fd >= 0 && !strchr(path, '\n'))
        (void)vd_write_all(fd, line, strlen(line)); /* a full disk: it is made all the same */
}

char *vd_traces_mkdtemp(int fd, char *template)
{
    gsize length = strlen(template);
    char *unknown = template + length - strlen(UNKNOWN);

    if (length < strlen(UNKNOWN) || strcmp(unknown, UNKNOWN) != 0) {
        errno = EINVAL;
        return NULL;
    }
    for (int i = 0; i < TRIES; i++) {
        for (gsize at = 0; at < strlen(UNKNOWN); at++)
            unknown[at] = LETTERS[g_random_int_range(0, sizeof LETTERS - 1)];
        note(fd, 'd', template);
        if (mkdir(template, 0700) == 0)
            return template;
        if (errno != EEXIST)
            return NULL;
    }
    return NULL;
}

void vd_traces_note_cache(int fd, const char *cache)
{
    note(fd, 'c', cache);
}

/* ---- removing ---- */

static gboolean is_half(const char *name)
{
    const char *rest = g_str_has_prefix(name, HALF) ? name + strlen(HALF) : "";

    return strlen(rest) == 8 && strspn(rest, LETTERS) == 8;
}

static GPtrArray *halves(const char *cache)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(cache, 0, NULL);

    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        if (is_half(name))
            g_ptr_array_add(found, g_build_filename(cache, name, NULL));
    }
    return found;
}

/* Of this user and writable by nobody else: what libguestfs wants of its cache. */
static gboolean is_ours_alone(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* supermin holds the lock as long as it builds (its --lock), so what is there while we hold it is
 * nobody's. -1: somebody builds. */
static int take_lock(const char *cache)
{
    g_autofree char *path = g_build_filename(cache, "lock", NULL);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0 && fcntl(fd, F_SETLK, &whole) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

void vd_traces_sweep_cache(const char *cache)
{
    g_autoptr(GPtrArray) before = is_ours_alone(cache) ? halves(cache) : NULL;
    g_autoptr(GPtrArray) left = NULL;
    int lock = before && before->len > 0 ? take_lock(cache) : -1;

    if (lock < 0)
        return;
    left = halves(cache);
    for (guint i = 0; i < left->len; i++)
        vd_remove_tree(g_ptr_array_index(left, i), NULL);
    close(lock);
}

static void remove_noted(const char *line)
{
    struct stat st;

    if (!g_path_is_absolute(*line ? line + 1 : line))
        return;
    if (*line == 'c')
        vd_traces_sweep_cache(line + 1);
    else if (*line == 'd' && lstat(line + 1, &st) == 0 && S_ISDIR(st.st_mode) &&
             st.st_uid == geteuid())
        vd_remove_tree(line + 1, NULL);
}

static void remove_notes(const char *path)
{
    g_autofree char *text = vd_file_read(path, MAX_READ, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (guint i = 0; lines[i] && lines[i + 1]; i++) /* the last one has not been written whole */
        remove_noted(lines[i]);
    (void)unlink(path);
}

void vd_traces_remove(const char *folder, pid_t pid)
{
    g_autofree char *one = pid > 0 ? notes_path(folder, pid) : NULL;
    g_autoptr(GDir) dir = one ? NULL : g_dir_open(folder, 0, NULL);

    if (one)
        remove_notes(one);
    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_str_has_prefix(name, NOTES))
            remove_notes(path);
    }
}
