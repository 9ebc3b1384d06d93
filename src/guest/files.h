/* The guest's files, by libguestfs, which resolves every path inside the guest's own root: a link
 * made to lead out of it leads nowhere. Paths are absolute ones of the guest. All calls on the main
 * thread, with the guest mounted. */
#pragma once

#include "src/guest/launch.h"

typedef struct {
    VdGuest *guest; /* borrowed */
    gboolean label; /* give new files the SELinux type they should have */
    guint labelled; /* how many got one */
} VdFiles;

typedef enum {
    VD_FILE_MISSING,
    VD_FILE_REGULAR,
    VD_FILE_FOLDER,
    VD_FILE_LINK,
    VD_FILE_OTHER
} VdFileKind;

/* What is at path; a link counts as one unless follow. */
VdFileKind vd_files_kind(VdFiles *files, const char *path, gboolean follow);

/* Reads a regular file of at most max bytes as text: *ret_text is NULL if there is none. A NUL
 * inside or anything that is not a regular file is odd-guest. The caller frees. */
gboolean vd_files_read(VdFiles *files, const char *path, gsize max, char **ret_text,
                       GError **error);

/* Overwrites a file that exists in place, so that owner, mode, label and links to it stay. */
gboolean vd_files_update(VdFiles *files, const char *path, const char *text, GError **error);

/* Writes a file: what was there is replaced, a link itself and not what it leads to. length -1:
 * strlen. Folders that are missing are made, root's and 0755. */
gboolean vd_files_put(VdFiles *files, const char *path, const char *data, gssize length, int mode,
                      guint32 uid, guint32 gid, GError **error);

/* Makes a folder with owner and mode; one that exists gets them. A link or file in its place is
 * odd-guest. */
gboolean vd_files_folder(VdFiles *files, const char *path, int mode, guint32 uid, guint32 gid,
                         GError **error);

/* A symbolic link at path to target, in place of what was there (no folder). */
gboolean vd_files_link(VdFiles *files, const char *target, const char *path, GError **error);

/* Removes a file or link; missing is fine. */
gboolean vd_files_remove(VdFiles *files, const char *path, GError **error);
/* The same for all that match a shell pattern, at most 100. */
gboolean vd_files_remove_matching(VdFiles *files, const char *pattern, GError **error);

/* Paths that match a shell pattern, at most max; empty on failure. The caller unrefs. */
GPtrArray *vd_files_glob(VdFiles *files, const char *pattern, guint max);

/* Renames a file to its name plus suffix. */
gboolean vd_files_set_aside(VdFiles *files, const char *path, const char *suffix, GError **error);
