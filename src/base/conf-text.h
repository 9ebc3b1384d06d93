/* The text of a configuration with what it includes in place: libconfig 1.5 looks for what is
 * included in the working directory, or knows no whole paths. Here a name is looked for beside the
 * file that names it, and each line knows where it came from. */
#pragma once

#include <glib.h>

typedef struct {
    char *text;
    GPtrArray *files; /* char *, in the order they were read; the first is the file itself */
    GArray *lines;    /* of text: VdConfLine */
} VdConfText;

typedef struct {
    guint file; /* of files */
    int line;   /* from 1 */
} VdConfLine;

/* A mistake: the line of a file, and a sentence. */
typedef void (*VdConfTold)(const char *file, int line, const char *sentence, gpointer data);

/* FALSE, with NULL in ret->text: the file itself cannot be read. *ret_whole: all that is included
 * was found; what was not is told, and left out. May wait on a disk. To be cleared in any case. */
gboolean vd_conf_text_read(const char *file, VdConfText *ret, gboolean *ret_whole, VdConfTold told,
                           gpointer data);
void vd_conf_text_clear(VdConfText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdConfText, vd_conf_text_clear)
/* Where a line of the text (from 1) came from; *ret_line is 0 if there is no such line. Borrowed.
 */
const char *vd_conf_text_file(const VdConfText *text, int line, int *ret_line);
