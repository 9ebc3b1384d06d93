/* Trying a job again with all that was asked for then, but for the passwords: those were never
 * kept. The journal has the words of the request; one machine of several has those of all of them,
 * and its own name. */
#include "config.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/deck/private.h"
#include "src/deck/retry.h"

/* A job that was itself a second attempt leads to the first one; so many of them at most. */
#define DEPTH_MOST 32

void vd_retry_clear(VdRetry *retry)
{
    g_free(retry->host);
    g_free(retry->id);
    g_free(retry->uri);
    vd_args_free(retry->args);
    g_strfreev(retry->secrets);
    *retry = (VdRetry){0};
}

/* ---- one of several ---- */

/* The caller frees. */
static char *text_member(const char *json, const char *member)
{
    g_autoptr(JsonNode) node = json ? json_from_string(json, NULL) : NULL;
    JsonNode *value = node && JSON_NODE_HOLDS_OBJECT(node)
                          ? json_object_get_member(json_node_get_object(node), member)
                          : NULL;
    return value && JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_STRING
               ? json_node_dup_string(value)
               : NULL;
}

/* A member of its plan. The caller frees. */
static char *of_plan(VdJournal *journal, const char *id, const char *member)
{
    g_autofree char *spec = vd_journal_job_spec(journal, id, NULL);
    return text_member(spec, member);
}

/* Where it was made; several machines have each its own, and the first will do. */
static char *uri_of(VdJournal *journal, const char *id)
{
    g_autoptr(GPtrArray) children = vd_journal_children(journal, id, NULL);
    const VdJob *first = children && children->len ? g_ptr_array_index(children, 0) : NULL;
    return of_plan(journal, first ? first->id : id, "uri");
}

/* The words of all of them become those of this one. */
static void single_out(VdJournal *journal, const VdJob *job, VdRetry *retry)
{
    static const char *const of_all[] = {"spread", "on", "parallel"};
    g_autofree char *address = of_plan(journal, job->id, "address");
    for (guint i = 0; i < G_N_ELEMENTS(of_all); i++)
        vd_args_set(retry->args, of_all[i], NULL);
    vd_args_set(retry->args, "name", job->target);
    vd_args_set(retry->args, "address", address);
    g_free(retry->host);
    retry->host = g_strdup(job->host);
}

/* ---- files ---- */

/* Whether a word is the path of a file, seen from here. What may be something else is one if there
 * is such a file: a key itself, a name of the library. */
static gboolean is_relative_path(const VdArgSpec *spec, const char *value)
{
    if (!*value || g_path_is_absolute(value) || g_str_has_prefix(value, "~/") ||
        strcmp(value, "-") == 0 || strstr(value, "://"))
        return FALSE;
    if (spec->type == VD_ARG_FILE)
        return TRUE;
    return (spec->type == VD_ARG_SCRIPT || strcmp(spec->name, "ssh-key") == 0) &&
           g_file_test(value, G_FILE_TEST_EXISTS);
}

void vd_retry_keep_paths(VdArgs *args, const VdArgSpec *specs)
{
    g_autofree char *here = g_get_current_dir();
    for (const VdArgSpec *spec = specs; spec && spec->name; spec++) {
        g_auto(GStrv) values = vd_args_all(args, spec->name);
        gboolean any = FALSE;
        if (spec->type == VD_ARG_SECRET)
            continue;
        for (char **value = values; *value; value++) {
            if (!is_relative_path(spec, *value))
                continue;
            /* ".." stays: behind a symbolic link it is not what the text says. */
            char *path =
                g_build_filename(here, g_str_has_prefix(*value, "./") ? *value + 2 : *value, NULL);
            g_free(*value);
            *value = path;
            any = TRUE;
        }
        if (any)
            vd_args_set(args, spec->name, NULL);
        for (char **value = values; any && *value; value++)
            vd_args_add(args, spec->name, *value);
    }
}

/* ---- reading ---- */

/* The request that the words are of. */
static gboolean find_request(VdJournal *journal, const char *id, VdJournalAsked *asked,
                             GError **error)
{
    g_autofree char *at = g_strdup(id);
    for (int i = 0; i < DEPTH_MOST; i++) {
        if (!vd_journal_asked(journal, at, asked, error))
            return FALSE;
        if (g_strcmp0(asked->verb, "job.retry") != 0 || !asked->target)
            return TRUE;
        g_free(at);
        at = g_strdup(asked->target);
        vd_journal_asked_clear(asked);
    }
    return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no request %s."), id);
}

static void take(const VdJournalAsked *asked, VdRetry *retry)
{
    VdTargetKind kind = retry->verb->target;
    retry->args = vd_args_from_json(asked->args, &retry->secrets);
    if (kind == VD_TARGET_HOST || kind == VD_TARGET_VM)
        retry->host = g_strdup(asked->host);
    if (kind == VD_TARGET_VM)
        retry->id = g_strdup(asked->uuid);
    else if (kind != VD_TARGET_HOST && kind != VD_TARGET_NONE)
        retry->id = g_strdup(asked->target);
}

static gboolean may_retry(const VdJob *job, GError **error)
{
    if (job->state == VD_JOB_FAILED || job->state == VD_JOB_CANCELLED)
        return TRUE;
    if (job->state == VD_JOB_INTERRUPTED)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The job %s was interrupted: go on with it (vmdeck job resume %s) or take "
                         "it back (vmdeck job cancel %s)."),
                       job->id, job->id, job->id);
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("The job %s is %s: only one that failed or was cancelled can be tried again."),
                   job->id, _(vd_job_state_word(job->state)));
}

gboolean vd_retry_read(VdJournal *journal, const char *id, VdRetry *ret, GError **error)
{
    VdJournalAsked asked = {0};
    *ret = (VdRetry){0};
    g_autoptr(VdJob) job = vd_journal_job(journal, id, error);
    if (!job || !may_retry(job, error) ||
        !find_request(journal, job->parent ? job->parent : id, &asked, error))
        return FALSE;
    ret->verb = asked.args ? vd_deck_verb(asked.verb) : NULL;
    gboolean ok = ret->verb && ret->verb->kind == VD_VERB_JOB;
    if (ok) {
        take(&asked, ret);
        ret->uri = uri_of(journal, id);
        if (job->parent)
            single_out(journal, job, ret);
    }
    vd_journal_asked_clear(&asked);
    return ok || vd_fail(error, VD_ERR_NOT_FOUND, NULL,
                         _("What was asked for by the job %s is not known any more."), id);
}

/* ---- job retry ---- */

/* Those that were given then have to be given now; what is missing is told at once. */
static gboolean add_secrets(VdRetry *retry, const VdArgs *given, GError **error)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    for (char **name = retry->secrets; *name; name++) {
        const char *value = vd_args_get(given, *name);
        if (value)
            vd_args_set_secret(retry->args, *name, value);
        else
            g_string_append_printf(missing, "%s--%s-file FILE", missing->len ? " " : "", *name);
    }
    return !missing->len || vd_fail(error, VD_ERR_USAGE, NULL,
                                    _("Passwords are not kept: give %s again."), missing->str);
}

/* Its host as the deck knows it, else as the job did. */
static gboolean find_host(const VdLocalCall *call, VdLocalCall *again, const VdRetry *retry,
                          GError **error)
{
    if (!retry->host)
        return TRUE;
    again->host = retry->host;
    again->uri = retry->uri;
    for (gsize i = 0; call->host_ids[i]; i++)
        if (strcmp(call->host_ids[i], retry->host) == 0) {
            again->uri = *call->host_uris[i] ? call->host_uris[i] : NULL;
            return TRUE;
        }
    return retry->uri ||
           vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no host %s"), retry->host);
}

static gboolean run_again(VdLocalCall *call, VdRetry *retry, GError **error)
{
    const VdVerbRow *row = vd_verb_row(retry->verb);
    VdLocalCall again = *call;
    if (!row->local || !add_secrets(retry, call->args, error) ||
        !vd_args_check(retry->args, retry->verb->args, error) ||
        !find_host(call, &again, retry, error))
        return FALSE;
    again.id = again.name = retry->id;
    again.args = retry->args;
    gboolean ok = row->local(&again, error);
    call->doc = again.doc;
    call->word = again.word;
    return ok;
}

gboolean vd_local_job_retry(VdLocalCall *call, GError **error)
{
    VdRetry retry = {0};
    if (!call->journal) {
        if (error && call->journal_error)
            g_propagate_error(error, g_error_copy(call->journal_error));
        return FALSE;
    }
    gboolean ok =
        vd_retry_read(call->journal, call->id, &retry, error) && run_again(call, &retry, error);
    vd_retry_clear(&retry);
    return ok;
}

/* ---- for a form ---- */

typedef struct {
    VdDeck *deck;
    char *job;
    VdDeckRetry done;
    gpointer data;
    VdRetry retry;
    GError *error;
} Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    vd_retry_clear(&asked->retry);
    g_clear_error(&asked->error);
    g_free(asked->job);
    g_free(asked);
}

static void read_work(VdWorker *worker, gpointer data)
{
    Asked *asked = data;
    VdJournal *journal = vd_worker_journal(worker, &asked->error);
    if (journal)
        (void)vd_retry_read(journal, asked->job, &asked->retry, &asked->error);
}

static void read_done(gpointer data)
{
    Asked *asked = data;
    const VdRetry *retry = &asked->retry;
    if (asked->error) {
        asked->done(asked->deck, NULL, NULL, NULL, NULL, asked->error->message, asked->data);
        return;
    }
    const VdTarget target = {retry->verb->target, retry->host, retry->id};
    asked->done(asked->deck, retry->verb, &target, retry->args, (const char *const *)retry->secrets,
                NULL, asked->data);
}

void vd_deck_retry(VdDeck *deck, const char *job, VdDeckRetry done, gpointer data)
{
    Asked *asked = g_new0(Asked, 1);
    asked->deck = deck;
    asked->job = g_strdup(job);
    asked->done = done;
    asked->data = data;
    vd_worker_run(deck->journal, read_work, read_done, asked, asked_free);
}
