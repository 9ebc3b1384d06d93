/* Running a command: the deck is made, targets are found by name, dangerous ones are asked for,
 * requests are submitted together and waited for. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/patience.h"
#include "src/base/text.h"
#include "src/cli/run.h"

/* libosinfo's database takes one second, usually. */
#define SYSTEMS_MS 2000

static void target_free(VdRunTarget *target)
{
    g_free(target->host);
    g_free(target->id);
    g_free(target->name);
    g_free(target->exact);
    g_free(target->request);
    g_free(target->outcome);
    g_free(target->result);
    g_free(target->error);
    g_free(target);
}

/* As a word of its own: a machine may be called "a". */
static gboolean tells_of(const char *text, const char *what)
{
    gsize length = strlen(what);
    for (const char *at = strstr(text, what); at && length > 0; at = strstr(at + 1, what))
        if ((at == text || !g_ascii_isalnum(at[-1])) && !g_ascii_isalnum(at[length]))
            return TRUE;
    return FALSE;
}

void vd_run_complain(const char *what, const GError *error)
{
    g_autofree char *text = vd_text_clean(error->message, 1024, FALSE);
    g_autofree char *more = vd_text_more(text, vd_error_detail(error));
    g_autofree char *words = more ? vd_text_clean(more, 1024, FALSE) : NULL;
    if (what && !tells_of(text, what)) /* most sentences name it themselves */
        vd_err("vmdeck: %s: %s\n", what, text);
    else
        vd_err("vmdeck: %s\n", text);
    if (words)
        vd_err("        (%s)\n", words);
}

static VdRunTarget *add_target(VdRun *run, const char *host, const char *id, const char *name)
{
    /* Named twice is meant once. */
    for (guint i = 0; i < run->targets->len; i++) {
        VdRunTarget *other = g_ptr_array_index(run->targets, i);
        if (id && g_strcmp0(other->host, host) == 0 && g_strcmp0(other->id, id) == 0)
            return other;
    }
    VdRunTarget *target = g_new0(VdRunTarget, 1);
    target->run = run;
    target->host = g_strdup(host);
    target->id = g_strdup(id);
    target->name = g_strdup(name ? name : id);
    g_ptr_array_add(run->targets, target);
    return target;
}

/* ---- hosts ---- */

static gboolean know_host(VdRun *run, const char *wanted, GError **error)
{
    g_auto(GStrv) hosts = vd_deck_hosts(run->deck);
    if (!wanted || g_strv_contains((const char *const *)hosts, wanted))
        return TRUE;
    g_autofree char *all = g_strjoinv(", ", hosts);
    return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no host “%s”; there are: %s"), wanted,
                   all);
}

/* Several hosts are to be spread over; other verbs go to one. */
static gboolean take_hosts(VdRun *run, GError **error)
{
    const VdCommand *command = run->command;
    gboolean spreads = FALSE;
    for (const VdArgSpec *spec = command->verb->args; spec && spec->name; spec++)
        spreads = spreads || (spec->many && spec->type == VD_ARG_HOST);
    if (command->hosts->len < 2)
        return TRUE;
    if (!spreads)
        return vd_fail(error, VD_ERR_USAGE, NULL, _("--host is given more than once"));
    for (guint i = 0; i < command->hosts->len; i++) {
        if (!know_host(run, g_ptr_array_index(command->hosts, i), error))
            return FALSE;
        vd_args_add(command->args, "on", g_ptr_array_index(command->hosts, i));
    }
    return TRUE;
}

static gboolean find_host(VdRun *run, const char *wanted, GError **error)
{
    g_auto(GStrv) hosts = vd_deck_hosts(run->deck);
    if (!know_host(run, wanted, error))
        return FALSE;
    gboolean spread =
        vd_args_flag(run->command->args, "spread") || vd_args_get(run->command->args, "on");
    if (!wanted && g_strv_length(hosts) > 1 && !spread)
        return vd_fail(error, VD_ERR_USAGE, NULL, _("There are several hosts: say --host NAME"));
    add_target(run, wanted ? wanted : hosts[0], NULL, wanted ? wanted : hosts[0]);
    return TRUE;
}

/* ---- machines ---- */

static gboolean is_named(const VdHost *host, const VdVm *vm, const char *word, const char *only)
{
    if (only && strcmp(host->id, only) != 0)
        return FALSE;
    if (strcmp(vm->raw_name, word) == 0 || strcmp(vm->name, word) == 0 ||
        g_ascii_strcasecmp(vm->uuid, word) == 0)
        return TRUE;
    gsize length = strlen(host->id);
    return strncmp(word, host->id, length) == 0 && word[length] == '/' &&
           strcmp(vm->raw_name, word + length + 1) == 0;
}

/* "web-1, web-2": machines whose names begin as word does or hold it; NULL: none. The caller frees.
 */
static char *similar_vms(VdRun *run, const char *word)
{
    enum { ENOUGH = 5, LONG = 64 };
    const VdFleet *fleet = vd_deck_fleet(run->deck);
    g_autoptr(GString) names = g_string_new(NULL);
    guint found = 0;
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        for (guint v = 0; v < host->vms->len && found < ENOUGH; v++) {
            const char *name = vd_host_vm(host, v)->name;
            if (!*word || strlen(name) > LONG ||
                (g_ascii_strncasecmp(name, word, 2) != 0 && !strstr(name, word)))
                continue;
            g_string_append_printf(names, "%s%s", found++ ? ", " : "", name);
        }
    }
    return found ? g_strdup(names->str) : NULL;
}

static gboolean find_vm(VdRun *run, const char *word, guint down, GError **error)
{
    const VdFleet *fleet = vd_deck_fleet(run->deck);
    guint found = 0;
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        for (guint v = 0; v < host->vms->len; v++) {
            const VdVm *vm = vd_host_vm(host, v);
            if (!is_named(host, vm, word, run->command->host) || found++ > 0)
                continue;
            VdRunTarget *target = add_target(run, host->id, vm->uuid, vm->name);
            g_free(target->exact);
            target->exact = g_strdup(vm->raw_name);
        }
    }
    if (found > 1)
        return vd_fail(error, VD_ERR_USAGE, NULL,
                       _("There are %u machines named “%s”: say HOST/NAME or the UUID"), found,
                       word);
    if (found == 0 && down > 0)
        return vd_fail(error, run->down, NULL,
                       _("There is no machine “%s” on the hosts that answer"), word);
    g_autofree char *similar = found == 0 ? similar_vms(run, word) : NULL;
    if (similar)
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                       _("There is no machine “%s”; did you mean %s? vmdeck list shows all"), word,
                       similar);
    if (found == 0)
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                       _("There is no machine “%s”; vmdeck list shows all"), word);
    return TRUE;
}

static gboolean find_vms(VdRun *run, GError **error)
{
    vd_run_wait_settled(run);
    guint down = vd_run_count_down(run, TRUE);
    for (guint i = 0; i < run->command->words->len; i++)
        if (!find_vm(run, g_ptr_array_index(run->command->words, i), down, error))
            return FALSE;
    return TRUE;
}

/* ---- the words that are left ---- */

static gboolean is_open(const VdRun *run, const VdArgSpec *spec)
{
    return spec->positional && !vd_args_get(run->command->args, spec->name);
}

/* What may be left out takes what is left, for verbs without targets: one word, or all of them. */
static void take_optional(VdRun *run, guint wanted)
{
    const VdVerb *verb = run->command->verb;
    GPtrArray *words = run->command->words;
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        if (verb->target != VD_TARGET_NONE || spec->required || !is_open(run, spec))
            continue;
        while (words->len > wanted) {
            vd_args_add(run->command->args, spec->name, g_ptr_array_index(words, wanted));
            g_ptr_array_remove_index(words, wanted);
            if (!spec->many)
                break;
        }
    }
}

/* `deploy [HOST] NAME…`: the first of several words is a host if there is one of that name. */
static gboolean take_many(VdRun *run, const VdArgSpec *spec)
{
    GPtrArray *words = run->command->words;
    g_auto(GStrv) hosts = vd_deck_hosts(run->deck);
    guint first = run->command->verb->target == VD_TARGET_HOST && !run->command->host &&
                  words->len > 1 &&
                  g_strv_contains((const char *const *)hosts, g_ptr_array_index(words, 0));
    for (guint i = first; i < words->len; i++)
        vd_args_add(run->command->args, spec->name, g_ptr_array_index(words, i));
    g_ptr_array_set_size(words, (gint)first);
    return TRUE;
}

/* Positional arguments come after the targets ("rename VM NEW"); a verb without targets has them
 * first. */
static gboolean take_positionals(VdRun *run, GError **error)
{
    const VdVerb *verb = run->command->verb;
    GPtrArray *words = run->command->words;
    guint wanted = 0;
    gboolean lacking = FALSE;
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        wanted += spec->required && is_open(run, spec);
        lacking = lacking || (spec->required && !spec->positional &&
                              !vd_args_get(run->command->args, spec->name));
    }
    gboolean needs_target = verb->target != VD_TARGET_NONE && verb->target != VD_TARGET_HOST;
    guint least = wanted + (needs_target ? 1 : 0);
    if (words->len < least || lacking) {
        g_autofree char *synopsis = vd_help_synopsis(verb);
        return vd_fail(error, VD_ERR_USAGE, NULL, _("Something is missing; expected vmdeck %s"),
                       synopsis);
    }
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        if (spec->required && spec->many && is_open(run, spec))
            return take_many(run, spec);
    take_optional(run, wanted);
    guint targets = verb->target == VD_TARGET_NONE ? 0 : verb->many ? G_MAXUINT : 1;
    guint from = MIN(targets, words->len - wanted), at = from;
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        if (spec->required && is_open(run, spec))
            vd_args_set(run->command->args, spec->name, g_ptr_array_index(words, at++));
    if (wanted > 0)
        g_ptr_array_remove_range(words, from, wanted);
    if (words->len > targets)
        return vd_fail(error, VD_ERR_USAGE, NULL, _("%s is too much here; see vmdeck %s --help"),
                       (const char *)g_ptr_array_index(words, targets), verb->command);
    return TRUE;
}

static gboolean find_targets(VdRun *run, GError **error)
{
    GPtrArray *words = run->command->words;
    switch (run->command->verb->target) {
    case VD_TARGET_NONE:
        add_target(run, NULL, NULL, NULL);
        return TRUE;
    case VD_TARGET_HOST:
        return find_host(run, words->len > 0 ? g_ptr_array_index(words, 0) : run->command->host,
                         error);
    case VD_TARGET_VM:
        return find_vms(run, error);
    default:
        for (guint i = 0; i < words->len; i++)
            add_target(run, NULL, g_ptr_array_index(words, i), NULL);
        return TRUE;
    }
}

/* ---- outcomes ---- */

/* It needs no name: there is no other. */
static gboolean is_only_host(const VdRun *run)
{
    g_auto(GStrv) hosts = vd_deck_hosts(run->deck);
    return run->command->verb->target == VD_TARGET_HOST && g_strv_length(hosts) == 1;
}

static void outcome_told(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    (void)deck;
    VdRunTarget *target = data;
    VdRun *run = target->run;
    gboolean query = run->command->verb->kind == VD_VERB_QUERY;
    run->waiting--;
    target->request = g_strdup(outcome->request);
    target->outcome = g_strdup(!outcome->error                                   ? "done"
                               : vd_error_code(outcome->error) == VD_ERR_UNKNOWN ? "unknown"
                                                                                 : "failed");
    const char *said = NULL;
    target->result = g_strdup(vd_doc_outcome(outcome->doc, &said));
    if (outcome->doc && !said && (query || run->command->verb->kind == VD_VERB_QUICK))
        g_ptr_array_add(run->docs, vd_doc_ref(outcome->doc));
    if (outcome->error) {
        target->error = g_strdup(outcome->error->message);
        vd_run_complain(is_only_host(run) ? NULL : target->name, outcome->error);
        if (run->status == 0)
            run->status = vd_error_exit_status(outcome->error);
    } else if (run->command->verb->kind == VD_VERB_JOB) {
        run->job = g_strdup(outcome->request);
        if (outcome->word)
            vd_err("vmdeck: %s\n", outcome->word);
    } else if (!query && run->command->format == VD_FORMAT_TABLE) {
        const char *named = target->name ? target->name : vd_args_get(run->command->args, "name");
        vd_err("%s%s%s%s%s (%s)\n", _(run->command->verb->label), named ? ": " : "",
               named ? named : "", said ? ": " : "", said ? _(said) : "", outcome->request);
        if (outcome->word)
            vd_err("%s\n", outcome->word);
    }
}

static const VdColumn outcome_columns[] = {
    {"request", N_("Request"), VD_COL_TEXT}, {"target", N_("What"), VD_COL_TEXT},
    {"host", N_("Host"), VD_COL_TEXT},       {"outcome", N_("Outcome"), VD_COL_TEXT},
    {"error", N_("Why"), VD_COL_TEXT},       {"result", N_("Result"), VD_COL_TEXT},
};

static VdDoc *outcomes_doc(VdRun *run)
{
    VdDoc *doc = vd_doc_new();
    VdSection *section = vd_doc_section(doc, VD_SECTION_TABLE, "requests", N_("Requests"),
                                        outcome_columns, G_N_ELEMENTS(outcome_columns));
    for (guint i = 0; i < run->targets->len; i++) {
        const VdRunTarget *target = g_ptr_array_index(run->targets, i);
        char **row = vd_section_row(section);
        vd_row_text(row, 0, target->request);
        vd_row_name(row, 1, target->exact ? target->exact : target->name);
        vd_row_text(row, 2, target->host);
        vd_row_text(row, 3, target->outcome);
        vd_row_text(row, 4, target->error);
        vd_row_text(row, 5, target->result);
    }
    return doc;
}

/* doctor answers even when something is bad: that is its exit status. */
static int status_of_docs(const VdRun *run)
{
    if (strcmp(run->command->verb->id, "doctor") != 0 || run->docs->len == 0)
        return 0;
    const VdDoc *doc = g_ptr_array_index(run->docs, 0);
    for (guint s = 0; s < doc->sections->len; s++) {
        const VdSection *section = g_ptr_array_index(doc->sections, s);
        for (guint r = 0; r < section->rows->len; r++)
            for (guint c = 0; c < section->n_columns; c++)
                if (strcmp(section->columns[c].id, "state") == 0 &&
                    g_strcmp0(((char **)g_ptr_array_index(section->rows, r))[c], "bad") == 0)
                    return 1;
    }
    return 0;
}

static void print_outcome(VdRun *run)
{
    const VdCommand *command = run->command;
    gboolean query = command->verb->kind == VD_VERB_QUERY;
    if (!query && command->format != VD_FORMAT_TABLE) {
        g_ptr_array_set_size(run->docs, 0);
        g_ptr_array_add(run->docs, outcomes_doc(run));
    }
    if (vd_run_lists_fleet(command->verb) && run->docs->len > 0)
        vd_run_tell_late(run, g_ptr_array_index(run->docs, 0));
    if (run->form.begun && run->docs->len > 0)
        vd_run_print_rest(run, g_ptr_array_index(run->docs, 0));
    else if (run->docs->len > 0)
        vd_print_docs(run->docs, command->format);
}

static gboolean asks_systems(const VdCommand *command)
{
    for (const VdArgSpec *spec = command->verb->args; spec && spec->name; spec++)
        if (spec->type == VD_ARG_SYSTEM && vd_args_get(command->args, spec->name))
            return TRUE;
    return strcmp(command->verb->id, "os.list") == 0;
}

static gboolean tell_systems(gpointer data)
{
    (void)data;
    vd_err(_("vmdeck: waiting for libosinfo, which knows the systems by name\n"));
    return G_SOURCE_REMOVE;
}

/* A person is told what takes so long. */
static GSource *watch_systems(VdRun *run)
{
    GSource *source = g_timeout_source_new(SYSTEMS_MS);
    g_source_set_callback(source, tell_systems, NULL, NULL);
    if (isatty(STDERR_FILENO) && asks_systems(run->command))
        g_source_attach(source, run->context);
    return source;
}

static void submit_all(VdRun *run)
{
    const VdVerb *verb = run->command->verb;
    GSource *watch = watch_systems(run);
    run->waiting = run->targets->len;
    for (guint i = 0; i < run->targets->len; i++) {
        VdRunTarget *target = g_ptr_array_index(run->targets, i);
        VdTarget which = {verb->target, target->host, target->id};
        vd_deck_submit(run->deck, verb, &which, run->command->args, outcome_told, target);
    }
    while (run->waiting > 0)
        g_main_context_iteration(run->context, TRUE);
    g_source_destroy(watch);
    g_source_unref(watch);
}

/* A list of machines lacks those of a host that is down, which is said; a list of hosts tells of it
 * by itself. */
static int status_of_hosts(VdRun *run)
{
    if (vd_run_count_down(run, strcmp(run->command->verb->id, "vm.list") == 0) == 0)
        return 0;
    return run->down == VD_ERR_DENIED ? 4 : 3;
}

/* What was asked to go on. Several are not followed: each would hide the others. */
static gboolean follow_target(VdRun *run)
{
    const VdCommand *command = run->command;
    gboolean follows = command->verb->follows && run->status == 0;
    gboolean one = run->targets->len == 1 && !command->detach;
    for (guint i = 0; follows && i < run->targets->len; i++) {
        const VdRunTarget *target = g_ptr_array_index(run->targets, i);
        if (one)
            run->status = vd_follow_job(run->deck, run->context, target->id, command->format);
        else
            vd_err(_("The job goes on; vmdeck job follow %s shows it again.\n"), target->id);
    }
    return follows && one;
}

static void run_verb(VdRun *run)
{
    const VdCommand *command = run->command;
    g_autoptr(GError) error = NULL;
    g_autofree char *edited = NULL;
    if (command->host && strcmp(command->verb->id, "vm.list") == 0)
        vd_args_set(command->args, "on-host", command->host);
    if (!know_host(run, command->host, &error) ||
        !know_host(run, vd_args_get(command->args, "on-host"), &error) ||
        !take_hosts(run, &error) || !take_positionals(run, &error) || !find_targets(run, &error) ||
        !vd_run_confirmed(run, &error) || !vd_run_edit_text(run, &edited, &error)) {
        vd_run_complain(NULL, error);
        run->status = vd_error_exit_status(error);
        return;
    }
    if (strcmp(command->verb->id, "job.follow") == 0) {
        run->status =
            vd_follow_job(run->deck, run->context,
                          ((VdRunTarget *)g_ptr_array_index(run->targets, 0))->id, command->format);
        return;
    }
    if (vd_run_lists_fleet(command->verb)) {
        vd_run_wait_settled(run);
        run->status = status_of_hosts(run);
    }
    submit_all(run);
    /* What was refused for a slip is not to be written twice. */
    if (edited && run->status != 0)
        vd_err(_("What you wrote is in %s.\n"), edited);
    else if (edited)
        vd_secret_unlink(edited);
    if (run->job && !command->detach) {
        vd_err("%s: %s\n", _(command->verb->label), run->job);
        run->status = vd_follow_job(run->deck, run->context, run->job, command->format);
        return;
    }
    if (follow_target(run))
        return;
    if (run->job && command->format == VD_FORMAT_TABLE)
        vd_out("%s\n", run->job);
    print_outcome(run);
    if (run->status == 0)
        run->status = status_of_docs(run);
}

/* What is said of no request (that has its own outcome): mistakes in the configuration, a journal
 * that was set aside, a request that could not be recorded. Returns how many there are now. */
static guint complain_notices(VdRun *run, guint from)
{
    GPtrArray *notices = vd_deck_notices(run->deck);
    for (guint i = from; i < notices->len; i++) {
        const VdNotice *notice = g_ptr_array_index(notices, i);
        if (notice->bad && !notice->request)
            vd_err("vmdeck: %s\n", notice->text);
    }
    return notices->len;
}

/* Each question once: those that are being asked are remembered by the table. */
static void deck_changed(VdDeck *deck, guint changed, gpointer data)
{
    GHashTable *asked = data;
    GPtrArray *questions = vd_deck_questions(deck);
    if (!(changed & VD_CHANGED_QUESTION))
        return;
    for (guint i = 0; i < questions->len; i++) {
        VdQuestion *question = g_ptr_array_index(questions, i);
        if (!g_hash_table_contains(asked, question)) {
            g_hash_table_add(asked, vd_question_ref(question));
            vd_ask_on_terminal(question);
        }
    }
}

int vd_command_run(const VdCommand *command)
{
    VdRun run = {.command = command};
    VdTargetKind target = command->verb->target;
    static const char *const unconnected[] = {
        "deploy", "doctor", "host.edit", "host.remove", "image.sent", "image.recall", NULL};
    gboolean local = g_strv_contains(unconnected, command->verb->id);
    VdDeckOptions options = command->console.deck;
    options.live = FALSE;
    /* Where all hosts are waited for, it is here that they are given up, before the engine does. */
    options.timeout_ms = (int)command->timeout * 1000;
    if (command->timeout > 0)
        vd_patience_set((int)command->timeout);
    if (options.timeout_ms > 0 && (vd_run_lists_fleet(command->verb) || target == VD_TARGET_VM))
        options.timeout_ms = options.timeout_ms * 2 + 60000;
    options.connect = vd_run_lists_fleet(command->verb) || target == VD_TARGET_VM ||
                      (target == VD_TARGET_HOST && !local);
    run.context = g_main_context_new();
    g_main_context_push_thread_default(run.context);
    run.deck = vd_deck_new(run.context, &options);
    run.targets = g_ptr_array_new_with_free_func((GDestroyNotify)target_free);
    run.docs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_doc_unref);
    g_autoptr(GHashTable) asked =
        g_hash_table_new_full(NULL, NULL, (GDestroyNotify)vd_question_unref, NULL);
    vd_deck_listen(run.deck, deck_changed, asked);
    guint told = complain_notices(&run, 0);
    run_verb(&run);
    while (!vd_deck_flushed(run.deck))
        g_main_context_iteration(run.context, TRUE);
    complain_notices(&run, told);
    g_ptr_array_unref(run.docs);
    g_ptr_array_unref(run.targets);
    g_clear_pointer(&run.told, g_hash_table_unref);
    g_free(run.job);
    vd_ask_restore();
    vd_deck_free(run.deck);
    g_main_context_pop_thread_default(run.context);
    g_main_context_unref(run.context);
    return run.status;
}
