/* What is asked before a command runs: of the deck, whether what it goes to is there and what would
 * go with it; of the person, whether it is meant; and a script in the person's editor. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/cli/run.h"

/* ---- asking ---- */

typedef struct {
    GPtrArray *docs;
    guint waiting;
} Volumes;

typedef struct {
    guint waiting;
    GError *error; /* the first */
} Lookup;

static void volumes_told(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    (void)deck;
    Volumes *volumes = data;
    volumes->waiting--;
    if (outcome->error)
        vd_run_complain(NULL, outcome->error);
    if (outcome->doc)
        g_ptr_array_add(volumes->docs, vd_doc_ref(outcome->doc));
}

/* What would go with the machines and what would stay, before the question. */
static void name_volumes(VdRun *run)
{
    const VdVerb *verb = vd_deck_verb("vm.volumes");
    g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_doc_unref);
    Volumes volumes = {docs, run->targets->len};
    for (guint i = 0; i < run->targets->len; i++) {
        const VdRunTarget *target = g_ptr_array_index(run->targets, i);
        VdTarget which = {verb->target, target->host, target->id};
        vd_deck_submit(run->deck, verb, &which, NULL, volumes_told, &volumes);
    }
    while (volumes.waiting > 0)
        g_main_context_iteration(run->context, TRUE);
    g_autofree char *text = vd_docs_text(docs, VD_FORMAT_TABLE, vd_terminal_columns(STDERR_FILENO));
    vd_err("%s\n", text);
}

static void looked_up(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    (void)deck;
    Lookup *lookup = data;
    VdErrorCode code = vd_error_code(outcome->error);
    lookup->waiting--;
    if (!lookup->error && outcome->error &&
        (code == VD_ERR_NOT_FOUND || code == VD_ERR_INVALID || code == VD_ERR_USAGE))
        lookup->error = g_error_copy(outcome->error);
}

/* Nobody is asked about what is not there. Machines and hosts have been found already; any other
 * reason is for the act itself to meet. */
static gboolean are_there(VdRun *run, GError **error)
{
    static const char *const shown[] = {[VD_TARGET_IMAGE] = "image.show",
                                        [VD_TARGET_SCRIPT] = "script.show",
                                        [VD_TARGET_JOB] = "job.show"};
    const VdVerb *verb = run->command->verb, *show = NULL;
    Lookup lookup = {run->targets->len, NULL};
    if (verb->target < G_N_ELEMENTS(shown) && shown[verb->target])
        show = vd_deck_verb(shown[verb->target]);
    else if (strcmp(verb->id, "template.remove") == 0)
        show = vd_deck_verb("template.show");
    if (!show)
        return TRUE;
    for (guint i = 0; i < run->targets->len; i++) {
        const VdRunTarget *target = g_ptr_array_index(run->targets, i);
        VdTarget which = {show->target, target->host, target->id};
        vd_deck_submit(run->deck, show, &which, run->command->args, looked_up, &lookup);
    }
    while (lookup.waiting > 0)
        g_main_context_iteration(run->context, TRUE);
    if (lookup.error)
        g_propagate_error(error, lookup.error);
    return !lookup.error;
}

/* What would be refused is refused before anybody is asked about it. */
static gboolean suits(VdRun *run, GError **error)
{
    const VdVerb *verb = run->command->verb;
    for (guint i = 0; verb->target == VD_TARGET_VM && i < run->targets->len; i++) {
        const VdRunTarget *target = g_ptr_array_index(run->targets, i);
        const VdVm *vm = vd_fleet_vm(vd_deck_fleet(run->deck), target->host, target->id);
        if (!vm || vd_verb_applies(verb, vm))
            continue;
        if (strcmp(verb->id, "vm.delete") == 0)
            return vd_fail(error, VD_ERR_FAILED, NULL,
                           _("%s is running: power it off first, then delete it."), target->name);
        return vd_fail(error, VD_ERR_FAILED, NULL, _("%s does not suit %s: it is %s."),
                       _(verb->label), target->name, _(vd_vm_state_word(vm->state)));
    }
    return TRUE;
}

gboolean vd_run_confirmed(VdRun *run, GError **error)
{
    const VdVerb *verb = run->command->verb;
    if (!verb->danger)
        return TRUE;
    if (!are_there(run, error))
        return FALSE;
    if (run->command->yes)
        return TRUE;
    if (!vd_deck_may(run->deck, verb, error) || !suits(run, error))
        return FALSE;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < run->targets->len && i < 10; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               ((VdRunTarget *)g_ptr_array_index(run->targets, i))->name);
    if (verb->target == VD_TARGET_NONE && vd_args_get(run->command->args, "name"))
        g_string_assign(names, vd_args_get(run->command->args, "name"));
    if (run->targets->len > 10)
        g_string_append_printf(names, _(" and %u more"), run->targets->len - 10);
    g_autofree char *question = NULL;
    g_auto(GStrv) parts = g_strsplit(_(verb->question), "%s", 2);
    question = g_strjoinv(names->str, parts);
    if (strcmp(verb->id, "vm.delete") == 0 && vd_args_flag(run->command->args, "volumes"))
        name_volumes(run);
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return vd_fail(error, VD_ERR_USAGE, NULL, _("%s Say --yes to do it without being asked."),
                       question);
    vd_err("%s %s ", question, _("[y/N]"));
    char answer[16] = "";
    if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y'))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Nothing was done."));
    return TRUE;
}

/* ---- a script or a template in the editor ---- */

static void text_told(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    (void)deck;
    Volumes *answer = data;
    answer->waiting--;
    if (outcome->error)
        vd_run_complain(NULL, outcome->error);
    if (outcome->doc)
        g_ptr_array_add(answer->docs, vd_doc_ref(outcome->doc));
}

/* Asks for the text of what is to be changed; answered when answer->waiting is 0. */
static void ask_text(VdRun *run, gboolean script, Volumes *answer)
{
    g_autoptr(VdArgs) args = vd_args_new();
    if (script) {
        const VdRunTarget *target = g_ptr_array_index(run->targets, 0);
        VdTarget which = {VD_TARGET_SCRIPT, NULL, target->id};
        vd_deck_submit(run->deck, vd_deck_verb("script.show"), &which, NULL, text_told, answer);
        return;
    }
    vd_args_set(args, "name", vd_args_get(run->command->args, "name"));
    vd_deck_submit(run->deck, vd_deck_verb("template.show"), NULL, args, text_told, answer);
}

gboolean vd_run_edit_text(VdRun *run, char **ret_path, GError **error)
{
    static const char *const given[] = {"from", "for", "notes"};
    for (guint i = 0; i < G_N_ELEMENTS(given); i++)
        if (vd_args_get(run->command->args, given[i]))
            return TRUE;
    gboolean script = strcmp(run->command->verb->id, "script.edit") == 0;
    if ((!script && strcmp(run->command->verb->id, "template.edit") != 0) ||
        !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return TRUE;
    if (!vd_deck_may(run->deck, run->command->verb, error))
        return FALSE;
    g_autoptr(GPtrArray) docs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_doc_unref);
    Volumes answer = {docs, 1};
    ask_text(run, script, &answer);
    while (answer.waiting > 0)
        g_main_context_iteration(run->context, TRUE);
    if (docs->len == 0)
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Nothing was done."));
    const VdDoc *doc = g_ptr_array_index(docs, 0);
    const VdSection *section = g_ptr_array_index(doc->sections, 0);
    *ret_path = vd_edit_file(((char **)g_ptr_array_index(section->rows, 0))[0], error);
    if (*ret_path)
        vd_args_set(run->command->args, "from", *ret_path);
    return *ret_path != NULL;
}
