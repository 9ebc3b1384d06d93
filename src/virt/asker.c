#include "config.h"

#include "src/virt/asker.h"

struct _VdAsker {
    gatomicrefcount refs;
    /* immutable */
    VdMailbox *box;
    char *host;
    VdAskerFn asked;
    /* loop thread only */
    gpointer owner;   /* NULL: closed */
    VdQuestion *open; /* or NULL */
};

typedef struct {
    VdAsker *asker;
    VdQuestion *question;
} Letter;

VdAsker *vd_asker_new(VdMailbox *box, const char *host, VdAskerFn asked, gpointer owner)
{
    VdAsker *asker = g_new0(VdAsker, 1);
    g_atomic_ref_count_init(&asker->refs);
    asker->box = vd_mailbox_ref(box);
    asker->host = g_strdup(host);
    asker->asked = asked;
    asker->owner = owner;
    return asker;
}

VdAsker *vd_asker_ref(VdAsker *asker)
{
    g_atomic_ref_count_inc(&asker->refs);
    return asker;
}

void vd_asker_unref(VdAsker *asker)
{
    if (!asker || !g_atomic_ref_count_dec(&asker->refs))
        return;
    vd_mailbox_unref(asker->box);
    vd_question_unref(asker->open);
    g_free(asker->host);
    g_free(asker);
}

static void end_open(VdAsker *asker)
{
    g_autoptr(VdQuestion) question = g_steal_pointer(&asker->open);
    if (!question)
        return;
    vd_question_give(question, NULL);
    if (asker->owner)
        asker->asked(question, FALSE, asker->owner);
}

void vd_asker_close(VdAsker *asker)
{
    if (!asker)
        return;
    end_open(asker);
    asker->owner = NULL;
}

const char *vd_asker_host(const VdAsker *asker)
{
    return asker->host;
}

/* ---- letters, read on the loop ---- */

static void asked(gpointer data)
{
    Letter *letter = data;
    VdAsker *asker = letter->asker;
    if (!asker->owner)
        return; /* refused when the letter is freed */
    end_open(asker);
    asker->open = vd_question_ref(letter->question);
    asker->asked(asker->open, TRUE, asker->owner);
}

/* Also when nobody reads it any more: then it is refused. */
static void asked_free(gpointer data)
{
    Letter *letter = data;
    if (letter->asker->open != letter->question)
        vd_question_give(letter->question, NULL);
    vd_asker_unref(letter->asker);
    vd_question_unref(letter->question);
    g_free(letter);
}

static void answered(gpointer data)
{
    Letter *letter = data;
    if (letter->asker->open == letter->question)
        end_open(letter->asker);
}

static void answered_free(gpointer data)
{
    Letter *letter = data;
    vd_asker_unref(letter->asker);
    vd_question_unref(letter->question);
    g_free(letter);
}

/* ---- on the lane ---- */

static Letter *letter_new(VdAsker *asker, VdQuestion *question)
{
    Letter *letter = g_new0(Letter, 1);
    letter->asker = vd_asker_ref(asker);
    letter->question = vd_question_ref(question);
    return letter;
}

gboolean vd_asker_ask(VdAsker *asker, VdQuestion *question)
{
    vd_mailbox_post(asker->box, asked, letter_new(asker, question), asked_free);
    gboolean ok = vd_question_wait(question);
    vd_mailbox_post(asker->box, answered, letter_new(asker, question), answered_free);
    return ok;
}
