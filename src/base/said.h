/* Sentences that are written down to be read by others, perhaps in another language: a job's runner
 * keeps the untranslated format with its arguments, and who shows it puts them together in the
 * language of who looks. What is written down so is opaque text without line feeds; what was
 * written otherwise (by an older vmdeck, by a guest) is shown as it is, or translated if it is a
 * sentence of ours as a whole. Pure; any thread. */
#pragma once

#include <stdarg.h>

#include <glib.h>

/* What every such sentence begins with, and nothing that was cleaned has. */
#define VD_SAID_BEGIN '\002'

/* format: an untranslated one of printf, as gettext(3) gives back in the locale C. Its arguments
 * are cleaned, each at most 1000 characters long. The caller frees. */
char *vd_said(const char *format, ...) G_GNUC_PRINTF(1, 2);
char *vd_said_va(const char *format, va_list args) G_GNUC_PRINTF(1, 0);
/* The same of two formats, of which ngettext(3) takes one by n. */
char *vd_said_n_va(const char *one, const char *many, gulong n, va_list args) G_GNUC_PRINTF(2, 0);

char *vd_said_n(const char *one, const char *many, gulong n, ...) G_GNUC_PRINTF(2, 4);

/* Where one argument of said is that text, it becomes what is written of it: the reason that a
 * sentence ends with, say. said is taken over, and the caller frees what comes back; text or
 * written may be NULL. */
char *vd_said_quote(char *said, const char *text, const char *written);

/* The same of a format that is data: with one %s for the argument (NULL is ""), or none. */
char *vd_said_one(const char *format, const char *argument);

/* In the language of this process; it may have sentences between other text, which comes as it is,
 * while they are clean (vd_text_clean()). The caller frees. NULL gives NULL. */
char *vd_said_show(const char *written);
