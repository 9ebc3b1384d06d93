/* What a file that somebody calls an image really is, told from its first bytes. Inside the deploy
 * room. */
#pragma once

#include <glib.h>

typedef struct {
    const char *format;   /* "qcow2" | "raw" */
    guint64 virtual_size; /* bytes */
    guint64 file_size;    /* bytes */
    guint64 allocated;    /* bytes it takes on its disk */
} VdDiskFile;

/* Reads the head of an open regular file; name is for the sentences. FALSE with a sentence if it is
 * no image that can be deployed: another format, an installation medium, compressed, encrypted,
 * standing on another file, damaged, cut short. Never opens another file. */
gboolean vd_diskfile_look(int fd, const char *name, VdDiskFile *ret, GError **error);
/* Opens path (a regular file, or a link to one) for reading and looks. */
gboolean vd_diskfile_look_path(const char *path, VdDiskFile *ret, GError **error);

/* The same of a file of ours, by the name that it has for people: the path or the URL that it is
 * from. */
gboolean vd_diskfile_look_as(const char *path, const char *name, VdDiskFile *ret, GError **error);

/* Has a qcow2 file of ours stand on nothing, whatever its header said, and looks at it as above;
 * name is for the sentences. The file is not opened by anything before. */
gboolean vd_diskfile_untie(const char *path, const char *name, GError **error);

/* `qemu-img` with its memory bounded, since a hostile file decides how much it wants. words follow
 * "qemu-img"; NULL-terminated. Free with g_strfreev(). */
char **vd_qemu_img_argv(const char *const *words);
/* Judges what `qemu-img info --output=json` and `qemu-img check --output=json` said of it: does
 * qemu agree with format and size, and is nothing broken or missing? */
gboolean vd_diskfile_judge_info(const char *json, const VdDiskFile *file, const char *name,
                                GError **error);
gboolean vd_diskfile_judge_check(const char *json, const char *name, GError **error);
