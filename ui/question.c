/* Between a dangerous verb and its requests stands a question that names what it goes to; where
 * volumes would go as well, each machine is asked for them first, and they are named too. */
#include "config.h"

#include "ui/console.h"

#include <string.h>

#include "src/base/i18n.h"
#include "ui/ask.h"

typedef struct {
    const VdVerb *verb;
    VdTargets *targets;
    VdArgs *args;
    GString *deleted, *kept; /* what deleting with volumes would do to them; or NULL */
    guint awaited;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    vd_targets_free(question->targets);
    vd_args_free(question->args);
    if (question->deleted)
        g_string_free(question->deleted, TRUE);
    if (question->kept)
        g_string_free(question->kept, TRUE);
    g_free(question);
}

static void question_answered(VdApp *app, gboolean yes, gpointer data)
{
    Question *question = data;
    if (yes)
        vd_console_submit(app, question->verb, question->targets, question->args);
}

/* What goes with it, then what stays and why. NULL: nothing was asked. The caller frees. */
static char *volumes_text(const Question *question)
{
    if (!question->deleted)
        return NULL;
    GString *text = g_string_new(NULL);
    if (question->deleted->len)
        g_string_append_printf(text, "%s\n%s", _("These volumes are deleted with it:"),
                               question->deleted->str);
    else
        g_string_append(text, _("No volume is deleted with it."));
    if (question->kept->len)
        g_string_append_printf(text, "\n%s\n%s", _("These are kept:"), question->kept->str);
    return g_string_free(text, FALSE);
}

static void put_question(VdApp *app, Question *question)
{
    /* A verb without a target names its argument. */
    const char *named = question->args ? vd_args_get(question->args, "name") : NULL;
    g_autofree char *names = question->verb->target == VD_TARGET_NONE && named
                                 ? g_strdup(named)
                                 : vd_targets_names(question->targets);
    g_autofree char *volumes = volumes_text(question);
    const char *without = question->targets->without;
    g_autofree char *detail = without && volumes ? g_strconcat(without, "\n", volumes, NULL)
                                                 : g_strdup(without ? without : volumes);
    const char *ask = question->verb->question ? _(question->verb->question) : "%s?";
    GString *text = g_string_new(ask);
    g_string_replace(text, "%s", names, 1);
    vd_app_push(app, vd_ask_new(text->str, detail, vd_targets_count(question->targets),
                                question_answered, question, question_free));
    g_string_free(text, TRUE);
}

static const char *cell(const VdSection *section, char *const *row, const char *column)
{
    for (guint i = 0; i < section->n_columns; i++)
        if (strcmp(section->columns[i].id, column) == 0)
            return row[i];
    return NULL;
}

/* The answer of vm.volumes (see vd_op_vm_volumes): one row for each disk. */
static void read_volumes(Question *question, const VdDoc *doc)
{
    for (guint s = 0; s < doc->sections->len; s++) {
        const VdSection *section = g_ptr_array_index(doc->sections, s);
        for (guint r = 0; r < section->rows->len; r++) {
            char *const *row = g_ptr_array_index(section->rows, r);
            const char *path = cell(section, row, "path");
            const char *why = cell(section, row, "reason");
            g_autofree char *size = vd_value_format(VD_COL_SIZE, cell(section, row, "size"));
            if (g_strcmp0(cell(section, row, "remove"), "true") == 0)
                g_string_append_printf(question->deleted, "%s  %s\n", path ? path : "–", size);
            else if (path)
                g_string_append_printf(question->kept, "%s: %s\n", path, why ? why : "–");
        }
    }
}

typedef struct {
    VdApp *app;
    Question *question;
} Volumes;

static void volumes_known(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    Volumes *volumes = data;
    VdApp *app = volumes->app;
    Question *question = volumes->question;
    (void)deck;
    g_free(volumes);
    if (outcome->error)
        g_string_append_printf(question->kept, "%s\n", outcome->error->message);
    else if (outcome->doc)
        read_volumes(question, outcome->doc);
    if (--question->awaited == 0)
        put_question(app, question);
    vd_app_expected(app);
}

/* Deleting with volumes names them: each machine is asked first. */
static void ask_volumes(VdApp *app, Question *question)
{
    const VdVerb *verb = vd_deck_verb("vm.volumes");
    guint n = verb ? vd_targets_count(question->targets) : 0;
    question->deleted = g_string_new(NULL);
    question->kept = g_string_new(NULL);
    question->awaited = n;
    if (n == 0)
        put_question(app, question);
    for (guint i = 0; i < n; i++) {
        Volumes *volumes = g_new0(Volumes, 1);
        volumes->app = app;
        volumes->question = question;
        vd_app_expect(app);
        vd_deck_submit(app->deck, verb, &vd_targets_at(question->targets, i)->target, NULL,
                       volumes_known, volumes);
    }
}

void vd_app_submit(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args)
{
    if (!verb->danger) {
        vd_console_submit(app, verb, targets, args);
        return;
    }
    Question *question = g_new0(Question, 1);
    question->verb = verb;
    question->targets = targets ? vd_targets_copy(targets) : vd_targets_new(verb->target);
    question->args = args ? vd_args_copy(args) : NULL;
    if (strcmp(verb->id, "vm.delete") == 0 && args && vd_args_flag(args, "volumes"))
        ask_volumes(app, question);
    else
        put_question(app, question);
}
