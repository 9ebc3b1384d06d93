/* Answer files for installers: templates that people can read and edit, and their macros. One file
 * is one template: lines `#% key: value` at its head say what it is for, the rest is the answer
 * file, in which ($NAME) stands for a value. Inside the deploy room. Pure but for reading the
 * files.
 *
 * A line that begins with ($?NAME) is kept only if NAME has a value, one with ($!NAME) only if it
 * has none; a line with a macro of many values is repeated for each. */
#pragma once

#include <glib.h>

typedef enum {
    VD_ANSWER_PRESEED,     /* debian-installer: /preseed.cfg in the initrd */
    VD_ANSWER_KICKSTART,   /* anaconda: /ks.cfg in the initrd */
    VD_ANSWER_AUTOINSTALL, /* subiquity: user-data on a cidata medium */
    VD_ANSWER_FILE,        /* any installer that finds `file` in its initrd */
} VdAnswerKind;

typedef struct {
    char *name;  /* "debian" */
    char *title; /* "Debian 11 and later" */
    char *path;  /* the file it was read from, or NULL */
    VdAnswerKind kind;
    char *file;            /* the answer file's name in the initrd, without a slash at its head */
    char *kernel, *initrd; /* relative to the tree */
    char *append;          /* words for the kernel, may hold macros */
    char *os;              /* libosinfo's short ids, or NULL */
    GPtrArray *systems;    /* VdSystem that it declares itself, or NULL; see system.h */
    guint ends;            /* how often the machine ends or restarts until it is installed */
    guint64 memory, disk;  /* least, bytes; 0: not told */
    char *text;            /* the answer file with its macros */
    guint head_lines;      /* lines of the head, for messages */
} VdTemplate;

void vd_template_free(VdTemplate *template);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdTemplate, vd_template_free)

/* Reads one. VD_ERR_INVALID with a sentence that names the line: an unknown key, a missing one, a
 * macro that does not exist. The caller frees. */
VdTemplate *vd_template_parse(const char *name, const char *text, GError **error);
/* The template of that name: the administrator's own (<state>/templates), else a shipped one.
 * VD_ERR_NOT_FOUND names those that there are. */
VdTemplate *vd_template_find(const char *name, GError **error);

/* The word of a kind, as in `kind:`. Static. */
const char *vd_answer_kind_word(VdAnswerKind kind);

/* Values of macros. Any may be a secret: overwritten when freed. */
typedef struct _VdMacros VdMacros;
VdMacros *vd_macros_new(void);
void vd_macros_free(VdMacros *macros);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdMacros, vd_macros_free)
/* One value more; NULL and "" add none. The name must be one of the known ones. */
void vd_macros_add(VdMacros *macros, const char *name, const char *value);

/* The answer file. Each value is made fit for this kind of file, or refused with a sentence, so
 * that none can become a line or a command of its own. Free with vd_secret_free(). */
char *vd_template_answer(const VdTemplate *template, const VdMacros *macros, GError **error);
/* The kernel's words, macros filled in. The caller frees. */
char *vd_template_kernel_line(const VdTemplate *template, const VdMacros *macros, GError **error);
