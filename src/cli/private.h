/* Inside the command line. */
#pragma once

#include "src/cli/cli.h"

typedef enum { VD_FORMAT_TABLE, VD_FORMAT_JSON, VD_FORMAT_CSV } VdFormat;

typedef struct {
    VdFormat format;
    gboolean yes, help, version, detach;
    GPtrArray *uris; /* const char*, NULL-terminated when used */
    const char *config;
    const char *host; /* --host, the first */
    GPtrArray *hosts; /* const char*: all of them */
    gint64 timeout;   /* --timeout, seconds; 0: the usual */
    VdCliConsole console;
    const VdVerb *verb;
    const char *builtin; /* "completion", "manual": they speak of the table of verbs itself */
    char *group;         /* (owned) "image": the first word of commands, and no more was said */
    GPtrArray *words;    /* const char*: what is neither option nor verb */
    VdArgs *args;
} VdCommand;

/* Standard output and error, in the locale's character set; what it does not have becomes plain. */
void vd_out(const char *format, ...) G_GNUC_PRINTF(1, 2);
void vd_err(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* args.c: the words of the command line. */
/* The verbs that it has: all but the console's own. */
const VdVerb *const *vd_command_verbs(guint *n);
gboolean vd_command_parse(VdCommand *command, int argc, char **argv, GError **error);
void vd_command_clear(VdCommand *command);

/* print.c */
void vd_print_docs(GPtrArray *docs, VdFormat format); /* VdDoc*; several: a JSON array */
/* columns: of the terminal that it is for, tables are made to fit and nothing is in it that a
 * terminal would obey; 0: for a program or a file, whole and exact. The caller frees. */
char *vd_docs_text(GPtrArray *docs, VdFormat format, int columns);
/* How wide the terminal behind a descriptor is; 0: it is none. */
int vd_terminal_columns(int fd);
/* What the locale can show of a text; still in UTF-8, so that its width can be told. The caller
 * frees. */
char *vd_sayable(const char *text);

/* table.c */
void vd_table_doc(GString *out, const VdDoc *doc, int columns);
/* Text whose first line begins at cell `at` and whose others are indented, no line wider than
 * columns (0: one line). */
void vd_append_wrapped(GString *out, const char *text, int at, int indent, int columns);
/* A table that comes in parts: its columns as they were laid out for the first one. Begins as
 * zeroes, or with the widths that parts to come are known to need. */
typedef struct {
    gboolean laid, begun;
    int least[16];
    gboolean used[16], below[16];
    int widths[16];
} VdTableForm;
/* Lays it out once for all that is in the document, more than the first part, say. */
void vd_table_lay(const VdDoc *doc, int columns, VdTableForm *form);
void vd_print_lay(const VdDoc *doc, VdTableForm *form);
/* The document's first section, which has no more columns than that. */
void vd_table_part(GString *out, const VdDoc *doc, int columns, VdTableForm *form);
void vd_print_part(const VdDoc *doc, VdFormat format, VdTableForm *form); /* not JSON */

/* help.c: all from the table of verbs. */
char *vd_help_usage(void);
char *vd_help_verb(const VdVerb *verb);
char *vd_help_group(const char *group);     /* those that begin with this word */
char *vd_help_synopsis(const VdVerb *verb); /* "start VM…": what must be said */
char *vd_help_completion(void);
char *vd_help_manual(void);

/* follow.c: prints a job's steps on standard error until it ends; its last document on standard
 * output. The exit status. */
int vd_follow_job(VdDeck *deck, GMainContext *context, const char *job, VdFormat format);

/* ask.c: asks on the terminal, if there is one, and answers later; restore: puts the terminal back
 * as it was found, before the program leaves. */
void vd_ask_on_terminal(VdQuestion *question);
void vd_ask_restore(void);

/* bench-ui.c: `vmdeck bench-ui [SCRIPT] [OPTIONS of the console]`; argv is what follows. The exit
 * status. */
int vd_bench_ui(int argc, char **argv);

/* run.c: resolves targets, asks, submits and waits. The exit status. */
int vd_command_run(const VdCommand *command);
/* Opens the user's editor on a temporary file with text and waits until it has ended. The path of
 * the file, to be removed with vd_secret_unlink() and freed; NULL with a sentence. */
char *vd_edit_file(const char *text, GError **error);
