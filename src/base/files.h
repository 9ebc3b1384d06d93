/* Files that must not be lost, and secrets. May wait on a disk: never on the UI thread. */
#pragma once

#include <glib.h>

/* Writes length bytes (-1: strlen) to path by a temporary file in the same folder, fsync and
 * rename, with this mode; the folder is synced as well. */
gboolean vd_file_replace(const char *path, const char *data, gssize length, int mode,
                         GError **error);
/* Replaces what a file holds in the same way, if it still holds `former`; its mode and owner stay.
 * Otherwise VD_ERR_BUSY, and nothing was written. */
gboolean vd_file_rewrite(const char *path, const char *former, const char *data, GError **error);
/* Writes all of it, however many calls that takes; FALSE with errno set otherwise. */
gboolean vd_write_all(int fd, const void *data, gsize length);
/* Has the folder that path is in remember its name for it, whatever becomes of the host. */
void vd_file_sync_folder(const char *path);
/* Reads a whole regular file of at most max bytes. The caller frees; a NUL is appended. */
char *vd_file_read(const char *path, gsize max, gsize *ret_length, GError **error);
/* The first line of a secret file without its newline; refuses NUL inside, empty, over 512 bytes;
 * path "-" is standard input. On a terminal it is asked for, typed without an echo. Free with
 * vd_secret_free(). */
char *vd_secret_read(const char *path, GError **error);
/* Whether it is a regular file that its group or everybody may read. */
gboolean vd_file_open_to_others(const char *path);
/* Overwrites the string and frees it. NULL is fine. */
void vd_secret_free(char *secret);
/* Overwrites a file's content, syncs and unlinks it. Missing is fine. */
void vd_secret_unlink(const char *path);
/* Removes a folder of ours and all in it, without following links. */
gboolean vd_remove_tree(const char *path, GError **error);
