/* What forms ask: whether a field is right, what it may be, what will happen, and the same as a
 * command line. Questions that may wait run on a worker of their own, so that a host that hangs
 * holds up no deployment. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/deck/private.h"
#include "src/deploy/deploy.h"
#include "src/virt/ops.h"

typedef struct {
    VdDeck *deck;
    const VdVerb *verb;
    char *uri, *field;
    VdArgs *args;
    VdDeckChecked checked;
    VdDeckChoices chosen;
    VdDeckLog logged;
    VdDeckFollowed followed;
    gpointer data;
    const VdConf *conf; /* as it was when this was asked; the deck's */
    char *host;
    gboolean away; /* the host is known not to be there: it is not asked */
    gboolean ok;
    char *text;
    char **words;
    gint64 offset;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    g_free(question->uri);
    g_free(question->host);
    g_free(question->field);
    vd_args_free(question->args);
    g_free(question->text);
    g_strfreev(question->words);
    g_free(question);
}

static Question *question_new(VdDeck *deck, const VdVerb *verb, const VdTarget *target,
                              const VdArgs *args, const char *field, gpointer data)
{
    Question *question = g_new0(Question, 1);
    gboolean found = FALSE;
    const VdHost *host = target && target->host ? vd_fleet_host(deck->fleet, target->host) : NULL;
    question->deck = deck;
    question->conf = deck->conf;
    question->host = g_strdup(target ? target->host : NULL);
    question->away = host && !vd_host_state_answers(host->state);
    question->verb = verb;
    question->uri = g_strdup(vd_deck_uri(deck, target ? target->host : NULL, &found));
    question->field = g_strdup(field);
    question->args = vd_args_copy(args);
    question->data = data;
    return question;
}

/* ---- checks ---- */

static const VdArgSpec *spec_of(const VdVerb *verb, const char *field)
{
    for (const VdArgSpec *spec = verb->args; field && spec && spec->name; spec++)
        if (strcmp(spec->name, field) == 0)
            return spec;
    return NULL;
}

static gboolean asks_systems(const Question *question)
{
    const VdArgSpec *spec = question->verb ? spec_of(question->verb, question->field) : NULL;
    return spec && spec->type == VD_ARG_SYSTEM;
}

/* The thread that a question may wait on. */
static VdWorker *worker_for(const Question *question)
{
    return asks_systems(question) ? question->deck->lookups : question->deck->forms;
}

static void check_work(VdWorker *worker, gpointer data)
{
    (void)worker;
    Question *question = data;
    g_autoptr(GError) error = NULL;
    const VdArgSpec *spec = spec_of(question->verb, question->field);
    const char *value = vd_args_get(question->args, question->field);
    question->ok = TRUE;
    if (spec && value && *value && spec->type != VD_ARG_FLAG)
        question->ok = vd_arg_check(spec, value, &error);
    else if (spec && spec->required && (!value || !*value))
        question->ok = vd_fail(&error, VD_ERR_USAGE, NULL, _("this is needed"));
    /* The form's own word on the host is that it is away; what is left waits until it is back. */
    if (question->ok && !question->away && strcmp(question->verb->id, "deploy") == 0)
        question->ok = vd_deploy_check_field(question->uri, question->args, question->field,
                                             &question->text, &error);
    if (question->ok && value && *value && strcmp(question->verb->id, "install") == 0)
        question->ok = vd_install_check_field(question->field, value, &error);
    if (question->ok && value && *value && asks_systems(question))
        question->ok = vd_install_fill(question->deck->systems, question->uri, question->away,
                                       question->args, &question->text, &error);
    if (question->ok && value && *value && g_str_has_prefix(question->verb->id, "image."))
        question->ok = vd_image_check_field(question->verb->id, question->field, value, &error);
    if (question->ok && value && *value && g_str_has_prefix(question->verb->id, "host."))
        question->ok = vd_host_check(question->conf, question->host, question->verb->id,
                                     question->field, value, &error);
    if (!question->ok)
        question->text = g_strdup(error ? error->message : _("this is not right"));
}

static void check_done(gpointer data)
{
    Question *question = data;
    question->checked(question->deck, question->ok, question->text, question->data);
}

void vd_deck_check(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                   const char *field, VdDeckChecked done, gpointer data)
{
    Question *question = question_new(deck, verb, target, args, field, data);
    question->checked = done;
    vd_worker_run(worker_for(question), check_work, check_done, question, question_free);
}

static void follow_work(VdWorker *worker, gpointer data)
{
    (void)worker;
    Question *question = data;
    const char *value = vd_args_get(question->args, question->field);
    g_autoptr(VdArgs) values = vd_args_new();
    if (!asks_systems(question) || !value || !*value)
        return;
    vd_args_set(values, question->field, value);
    /* With a hint, a tree that nobody knows is no mistake: it can still be given. */
    question->ok = vd_install_fill(question->deck->systems, question->uri, question->away, values,
                                   &question->text, NULL);
    vd_args_free(question->args);
    question->args = g_steal_pointer(&values);
}

static void follow_done(gpointer data)
{
    Question *question = data;
    question->followed(question->deck, question->ok ? question->args : NULL, question->data);
}

void vd_deck_follow(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                    const char *field, VdDeckFollowed done, gpointer data)
{
    Question *question = question_new(deck, verb, target, args, field, data);
    question->followed = done;
    vd_worker_run(worker_for(question), follow_work, follow_done, question, question_free);
}

static void summary_work(VdWorker *worker, gpointer data)
{
    (void)worker;
    Question *question = data;
    question->ok = TRUE;
    if (strcmp(question->verb->id, "deploy") == 0)
        question->text = vd_deploy_summary(question->args);
}

void vd_deck_summary(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     VdDeckChecked done, gpointer data)
{
    Question *question = question_new(deck, verb, target, args, "", data);
    question->checked = done;
    vd_worker_run(deck->forms, summary_work, check_done, question, question_free);
}

/* ---- choices ---- */

static char **image_names(void)
{
    g_autoptr(GPtrArray) images = vd_images_list(NULL, NULL);
    GStrvBuilder *names = g_strv_builder_new();
    for (guint i = 0; images && i < images->len; i++)
        g_strv_builder_add(names, ((const VdImage *)g_ptr_array_index(images, i))->name);
    char **all = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return all;
}

static char **script_names(void)
{
    g_autoptr(GPtrArray) scripts = vd_scripts_list();
    GStrvBuilder *names = g_strv_builder_new();
    for (guint i = 0; i < scripts->len; i++)
        g_strv_builder_add(names, ((const VdScript *)g_ptr_array_index(scripts, i))->name);
    char **all = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return all;
}

static gint compare_words(gconstpointer a, gconstpointer b, gpointer data)
{
    (void)data;
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The zones of this system: the image's own are asked when it is deployed. */
static char **zone_names(void)
{
    g_autofree char *text = NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(names, g_strdup("UTC"));
    if (g_file_get_contents("/usr/share/zoneinfo/zone1970.tab", &text, NULL, NULL)) {
        g_auto(GStrv) lines = g_strsplit(text, "\n", 2000);
        for (char **line = lines; *line; line++) {
            g_auto(GStrv) words = g_strsplit(*line, "\t", 4);
            if (**line != '#' && g_strv_length(words) >= 3)
                g_ptr_array_add(names, g_strdup(words[2]));
        }
    }
    g_ptr_array_sort_with_data(names, compare_words, NULL);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static void add_name(const VdSystemFacts *facts, gpointer data)
{
    if (facts->template && !facts->ended)
        g_strv_builder_add(data, facts->name);
}

static char **system_names(VdSystems *systems)
{
    GStrvBuilder *names = g_strv_builder_new();
    vd_systems_each(systems, NULL, TRUE, add_name, names, NULL);
    char **all = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return all;
}

static char **public_keys(void)
{
    g_autofree char *folder = g_build_filename(g_get_home_dir(), ".ssh", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    GStrvBuilder *names = g_strv_builder_new();
    for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (g_str_has_suffix(name, ".pub"))
            g_strv_builder_add(names, path);
    }
    char **all = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return all;
}

static void choices_work(VdWorker *worker, gpointer data)
{
    (void)worker;
    Question *question = data;
    const VdArgSpec *spec = spec_of(question->verb, question->field);
    if (!spec)
        return;
    if (spec->type == VD_ARG_IMAGE)
        question->words = image_names();
    else if (spec->type == VD_ARG_SCRIPT)
        question->words = script_names();
    else if (spec->type == VD_ARG_TEMPLATE)
        question->words = vd_template_names();
    else if (spec->type == VD_ARG_SYSTEM)
        question->words = system_names(question->deck->systems);
    else if (spec->type == VD_ARG_TIMEZONE)
        question->words = zone_names();
    else if ((spec->type == VD_ARG_FILE || spec->type == VD_ARG_TEXT) && strstr(spec->name, "key"))
        question->words = public_keys();
    else if (spec->type == VD_ARG_CHOICE)
        question->words = g_strdupv((char **)spec->choices);
}

static void choices_done(gpointer data)
{
    static const char *const none[] = {NULL};
    Question *question = data;
    question->chosen(question->deck, question->words ? (const char *const *)question->words : none,
                     question->data);
}

static void named_rows(VdDoc *doc, const GError *error, gpointer data)
{
    (void)error;
    Question *question = data;
    const VdSection *section =
        doc && doc->sections->len > 0 ? g_ptr_array_index(doc->sections, 0) : NULL;
    GStrvBuilder *names = g_strv_builder_new();
    for (guint i = 0; section && i < section->rows->len; i++) {
        char **row = g_ptr_array_index(section->rows, i);
        if (row[0])
            g_strv_builder_add(names, row[0]);
    }
    question->words = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    choices_done(question);
    question_free(question);
}

static char **host_names(const VdFleet *fleet)
{
    GStrvBuilder *names = g_strv_builder_new();
    for (guint i = 0; i < fleet->hosts->len; i++)
        g_strv_builder_add(names, ((const VdHost *)g_ptr_array_index(fleet->hosts, i))->id);
    char **all = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return all;
}

static void no_work(VdWorker *worker, gpointer data)
{
    (void)worker;
    (void)data;
}

void vd_deck_choices(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     const char *field, VdDeckChoices done, gpointer data)
{
    Question *question = question_new(deck, verb, target, args, field, data);
    question->chosen = done;
    const VdArgSpec *spec = spec_of(verb, field);
    if ((spec && spec->type == VD_ARG_HOST) || strcmp(field, "host") == 0) {
        question->words = host_names(deck->fleet);
        vd_worker_run(deck->forms, no_work, choices_done, question, question_free);
    } else if (spec && (spec->type == VD_ARG_POOL || spec->type == VD_ARG_NETWORK) && target) {
        vd_virt_call(deck->virt, target->host, NULL,
                     spec->type == VD_ARG_POOL ? vd_op_host_pools : vd_op_host_networks,
                     question->args, NULL, FALSE, NULL, named_rows, question);
    } else {
        vd_worker_run(worker_for(question), choices_work, choices_done, question, question_free);
    }
}

/* ---- as a command ---- */

/* Quoted for a shell where one would take it for something else. */
static void append_word(GString *line, const char *word)
{
    g_autofree char *quoted = g_shell_quote(word);
    gboolean plain = *word && !strpbrk(word, " \t\"'\\$`!*?[]{}()<>|&;#~\n");
    g_string_append_printf(line, " %s", plain ? word : quoted);
}

static void append_option(GString *line, const VdArgSpec *spec, const char *value)
{
    if (spec->type == VD_ARG_FLAG) {
        if (strcmp(value, "false") != 0 && strcmp(value, "no") != 0)
            g_string_append_printf(line, " --%s", spec->name);
    } else if (spec->type == VD_ARG_SECRET)
        g_string_append_printf(line, " --%s-file FILE", spec->name);
    else {
        g_string_append_printf(line, " --%s", spec->name);
        append_word(line, value);
    }
}

/* Every argument that is not the usual: on the command line by its place, or by its name. */
static void append_args(GString *line, const VdVerb *verb, const VdArgs *args, gboolean positional)
{
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        g_auto(GStrv) values = vd_args_all(args, spec->name);
        for (char **value = values; *value && spec->positional == positional; value++) {
            if (g_strcmp0(*value, spec->value) == 0)
                continue;
            if (positional)
                append_word(line, *value);
            else
                append_option(line, spec, *value);
        }
    }
}

static guint bearers(const VdFleet *fleet, const char *raw_name)
{
    guint found = 0;
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        for (guint j = 0; j < host->vms->len; j++) {
            const VdVm *vm = vd_roster_at(host->vms, j);
            found += g_strcmp0(vm->raw_name, raw_name) == 0;
        }
    }
    return found;
}

/* The hosts, each once; TRUE if they are several. */
static gboolean append_hosts(VdDeck *deck, GString *line, const VdTarget *targets, guint n)
{
    g_autoptr(GHashTable) said = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < n; i++) {
        gboolean found = FALSE;
        const char *uri = targets[i].host ? vd_deck_uri(deck, targets[i].host, &found) : NULL;
        if (!uri || !g_hash_table_add(said, (gpointer)uri))
            continue;
        g_string_append(line, " -c");
        append_word(line, uri);
    }
    return g_hash_table_size(said) > 1;
}

char *vd_deck_as_command(VdDeck *deck, const VdVerb *verb, const VdTarget *targets, guint n,
                         const VdArgs *args)
{
    GString *line = g_string_new("vmdeck");
    g_autoptr(GString) words = g_string_new(NULL);
    g_autoptr(GString) options = g_string_new(NULL);
    gboolean several = append_hosts(deck, line, targets, n);
    for (guint i = 0; i < n; i++) {
        const VdTarget *target = &targets[i];
        if (!target->id)
            continue;
        const VdVm *vm = vd_fleet_vm(deck->fleet, target->host, target->id);
        gboolean named = vm && !(several && bearers(deck->fleet, vm->raw_name) > 1);
        append_word(words, named ? vm->raw_name : target->id);
    }
    append_args(words, verb, args, TRUE);
    append_args(options, verb, args, FALSE);
    /* What begins with a dash is an option, unless it comes behind "--". */
    if (strstr(words->str, " -") || strstr(words->str, " '-"))
        g_string_append_printf(line, " %s%s --%s", verb->command, options->str, words->str);
    else
        g_string_append_printf(line, " %s%s%s", verb->command, words->str, options->str);
    return g_string_free(line, FALSE);
}

/* ---- a job's log ---- */

static void log_work(VdWorker *worker, gpointer data)
{
    (void)worker;
    Question *question = data;
    question->text = vd_jobs_log(question->field, &question->offset, NULL);
}

static void log_done(gpointer data)
{
    Question *question = data;
    question->logged(question->deck, question->text ? question->text : "", question->offset,
                     question->data);
}

void vd_deck_job_log(VdDeck *deck, const char *job, gint64 offset, VdDeckLog done, gpointer data)
{
    Question *question = question_new(deck, NULL, NULL, NULL, job, data);
    question->logged = done;
    question->offset = offset;
    vd_worker_run(deck->forms, log_work, log_done, question, question_free);
}
