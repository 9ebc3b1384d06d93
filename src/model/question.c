#include "config.h"

#include <pthread.h>
#include <string.h>

#include "src/base/files.h"
#include "src/base/text.h"
#include "src/model/question.h"

struct _VdQuestion {
    gatomicrefcount refs;
    /* immutable */
    char *host, *text;
    GPtrArray *fields; /* VdQuestionField */
    /* under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    gboolean closed;
    char **answers; /* NULL: refused */
};

static void field_free(gpointer data)
{
    VdQuestionField *field = data;
    g_free(field->prompt);
    g_free(field->given);
    g_free(field);
}

VdQuestion *vd_question_new(const char *host, const char *text)
{
    VdQuestion *question = g_new0(VdQuestion, 1);
    g_atomic_ref_count_init(&question->refs);
    question->host = g_strdup(host);
    question->text = g_strdup(text);
    question->fields = g_ptr_array_new_with_free_func(field_free);
    pthread_mutex_init(&question->lock, NULL);
    pthread_cond_init(&question->changed, NULL);
    return question;
}

VdQuestion *vd_question_ref(VdQuestion *question)
{
    g_atomic_ref_count_inc(&question->refs);
    return question;
}

void vd_question_unref(VdQuestion *question)
{
    if (!question || !g_atomic_ref_count_dec(&question->refs))
        return;
    for (guint i = 0; question->answers && i < question->fields->len; i++)
        vd_secret_free(question->answers[i]);
    g_free(question->answers);
    g_ptr_array_unref(question->fields);
    pthread_mutex_destroy(&question->lock);
    pthread_cond_destroy(&question->changed);
    g_free(question->host);
    g_free(question->text);
    g_free(question);
}

void vd_question_add(VdQuestion *question, const char *prompt, const char *given, gboolean secret)
{
    VdQuestionField *field = g_new0(VdQuestionField, 1);
    field->prompt = vd_text_clean(prompt, 200, FALSE);
    field->given = given ? vd_text_clean(given, 200, FALSE) : NULL;
    field->secret = secret;
    g_ptr_array_add(question->fields, field);
}

const char *vd_question_host(const VdQuestion *question)
{
    return question->host;
}

const char *vd_question_text(const VdQuestion *question)
{
    return question->text;
}

guint vd_question_fields(const VdQuestion *question)
{
    return question->fields->len;
}

const VdQuestionField *vd_question_field(const VdQuestion *question, guint i)
{
    return g_ptr_array_index(question->fields, i);
}

gboolean vd_question_wait(VdQuestion *question)
{
    pthread_mutex_lock(&question->lock);
    while (!question->closed)
        pthread_cond_wait(&question->changed, &question->lock);
    gboolean answered = question->answers != NULL;
    pthread_mutex_unlock(&question->lock);
    return answered;
}

const char *vd_question_answer(const VdQuestion *question, guint i)
{
    return question->answers[i];
}

void vd_question_give(VdQuestion *question, const char *const *answers)
{
    pthread_mutex_lock(&question->lock);
    if (!question->closed && answers) {
        question->answers = g_new0(char *, question->fields->len + 1);
        for (guint i = 0; i < question->fields->len; i++)
            question->answers[i] = g_strdup(answers[i] ? answers[i] : "");
    }
    question->closed = TRUE;
    pthread_cond_broadcast(&question->changed);
    pthread_mutex_unlock(&question->lock);
}

gboolean vd_question_open(VdQuestion *question)
{
    pthread_mutex_lock(&question->lock);
    gboolean open = !question->closed;
    pthread_mutex_unlock(&question->lock);
    return open;
}
