/* A question of a host to the person, asked while it is being connected to: a user name, a
 * password, whether its key is the right one. It is made on a lane, which waits for the answer; it
 * is shown and answered on the loop. Counted; what is answered is wiped with it. */
#pragma once

#include <glib.h>

typedef struct {
    char *prompt;    /* clean */
    char *given;     /* what it is if nothing else is said, or NULL */
    gboolean secret; /* not to be shown */
} VdQuestionField;

typedef struct _VdQuestion VdQuestion;

/* host: as it is called here; text: a clean, translated sentence. Without fields it is to be
 * answered by yes or no. */
VdQuestion *vd_question_new(const char *host, const char *text);
VdQuestion *vd_question_ref(VdQuestion *question); /* any thread */
void vd_question_unref(VdQuestion *question);      /* any thread */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VdQuestion, vd_question_unref)
/* Before anyone else has it. prompt is cleaned. */
void vd_question_add(VdQuestion *question, const char *prompt, const char *given, gboolean secret);

const char *vd_question_host(const VdQuestion *question);
const char *vd_question_text(const VdQuestion *question);
guint vd_question_fields(const VdQuestion *question);
const VdQuestionField *vd_question_field(const VdQuestion *question, guint i);

/* The asker's: waits until it is answered; FALSE: it was refused. */
gboolean vd_question_wait(VdQuestion *question);
/* The asker's, after a TRUE: the answer to a field. Borrowed. */
const char *vd_question_answer(const VdQuestion *question, guint i);

/* Any thread: an answer for each field, copied; NULL: refused. Only the first one counts. */
void vd_question_give(VdQuestion *question, const char *const *answers);
/* Any thread: it still waits for an answer. */
gboolean vd_question_open(VdQuestion *question);
