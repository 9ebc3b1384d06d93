/* An answer to a question: sections of fields or of rows. A verb that asks (vm.show, image.list,
 * doctor …) returns one; the command line prints it as table, JSON or CSV, the screens as a page.
 * Values are kept raw (bytes as an integer, times as seconds since 1970) and are formatted by the
 * column's type. Built by one owner, then immutable and shared. */
#pragma once

#include <glib.h>

typedef enum {
    VD_COL_TEXT,
    VD_COL_COUNT,    /* integer */
    VD_COL_SIZE,     /* bytes */
    VD_COL_RATE,     /* bytes per second */
    VD_COL_PERCENT,  /* double */
    VD_COL_DURATION, /* microseconds */
    VD_COL_LATENCY,  /* microseconds, of an answer that is expected at once */
    VD_COL_TIME,     /* seconds since 1970 */
    VD_COL_BOOL,     /* "true" / "false" */
} VdColType;

typedef struct {
    const char *id;    /* JSON key and CSV header: snake_case. Static string */
    const char *label; /* N_() heading. Static string */
    VdColType type;
} VdColumn;

typedef enum {
    VD_SECTION_FIELDS, /* one row: shown as label and value */
    VD_SECTION_TABLE,  /* rows */
    VD_SECTION_TEXT,   /* one raw text (XML, a log): column 0 of row 0 */
} VdSectionKind;

typedef struct {
    const char *id;    /* JSON key. Static string */
    const char *title; /* N_(). Static string */
    VdSectionKind kind;
    const VdColumn *columns; /* static array */
    guint n_columns;
    GPtrArray *rows; /* char ** of n_columns values, NULL: nobody could ask */
} VdSection;

typedef struct {
    gatomicrefcount refs;
    GPtrArray *sections; /* VdSection */
} VdDoc;

VdDoc *vd_doc_new(void);
VdDoc *vd_doc_ref(VdDoc *doc);
void vd_doc_unref(VdDoc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdDoc, vd_doc_unref)
/* Adds an empty section; columns must be static. Owned by the doc. */
VdSection *vd_doc_section(VdDoc *doc, VdSectionKind kind, const char *id, const char *title,
                          const VdColumn *columns, guint n_columns);
/* Adds a row of NULL values; set them with vd_row_*(). Owned by the section. */
char **vd_section_row(VdSection *section);
/* A text for people is cleaned of control characters, its lines are kept; a name is cleaned as
 * vd_text_clean_name() does. What it was before can still be had. */
void vd_row_text(char **row, guint column, const char *value);
void vd_row_name(char **row, guint column, const char *name);
/* The same, as long as a path may be. */
void vd_row_path(char **row, guint column, const char *path);
/* A word of ours for programs, and what people read in its place. */
void vd_row_word(char **row, guint column, const char *word, const char *shown);
/* Words of ours, which people read in their language: a gettext message, or anything else. */
void vd_row_english(char **row, guint column, const char *words);
/* A value for people, before vd_cell_format(). Borrowed. */
const char *vd_row_shown(char **row, guint column);
/* A value as it was given, for programs; it may hold anything, and need not be UTF-8. Borrowed. */
const char *vd_row_exact(char **row, guint column);
void vd_row_int(char **row, guint column, gint64 value);
void vd_row_size(char **row, guint column, guint64 value);
void vd_row_double(char **row, guint column, double value); /* VD_NONE: NULL */
void vd_row_bool(char **row, guint column, gboolean value);
/* A one-section text document (XML, log); text is cleaned but keeps its lines. */
VdDoc *vd_doc_new_text(const char *id, const char *title, const char *text);
/* What a change came to, where "done" does not say it: a word for programs ("on"), and one for
 * people (N_("now on")), both static. */
VdDoc *vd_doc_new_outcome(const char *result, const char *said);
/* The two of such a document; NULL: it is none. Borrowed. */
const char *vd_doc_outcome(const VdDoc *doc, const char **ret_said);
/* A value for people: "1.5 GiB", "yes", "–" for NULL. The caller frees. */
char *vd_value_format(VdColType type, const char *raw);
/* The same of a cell: states, which are words of ours, in the person's language. The caller frees.
 */
char *vd_cell_format(const VdColumn *column, const char *raw);
/* What a program finds there, in English: "bytes", "seconds since 1970"; NULL: a text. Static. */
const char *vd_col_unit(VdColType type);
