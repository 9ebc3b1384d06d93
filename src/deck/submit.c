/* The one way in. A request goes: arguments, rights, journal, then a lane or a worker, then its
 * outcome to the journal, the asker and the notices. Each stage ends on the loop, so a request
 * needs no lock. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/text.h"
#include "src/deck/private.h"
#include "src/deck/retry.h"

typedef struct {
    VdDeck *deck;
    const VdVerbRow *row;
    char *id;
    char *host, *target; /* target: uuid, name or id */
    char *name;          /* of the machine, for people */
    char *uri;
    char **host_ids, **host_uris;
    VdArgs *args;
    VdDeckDone done;
    gpointer data;
    GSource *start; /* (owned) until it has begun */
    /* outcome; written by one thread at a time: loop, worker, loop */
    VdDoc *doc;
    GError *error;
    GError *journal_error;
    char *word;
    VdConf *renewed;
    char *renamed;
} Request;

static void request_free(gpointer data)
{
    Request *request = data;
    if (request->start) {
        g_source_destroy(request->start);
        g_source_unref(request->start);
    }
    g_free(request->id);
    g_free(request->host);
    g_free(request->target);
    g_free(request->name);
    g_free(request->uri);
    g_strfreev(request->host_ids);
    g_strfreev(request->host_uris);
    vd_args_free(request->args);
    vd_doc_unref(request->doc);
    g_clear_error(&request->error);
    g_clear_error(&request->journal_error);
    vd_conf_free(request->renewed);
    g_free(request->renamed);
    g_free(request->word);
    g_free(request);
}

static gboolean changes(const Request *request)
{
    return request->row->verb.kind != VD_VERB_QUERY;
}

/* ---- the end ---- */

typedef struct {
    char *id, *outcome, *message, *detail;
} Ending;

static void ending_free(gpointer data)
{
    Ending *ending = data;
    g_free(ending->id);
    g_free(ending->outcome);
    g_free(ending->message);
    g_free(ending->detail);
    g_free(ending);
}

static void write_ending(VdWorker *worker, gpointer data)
{
    const Ending *ending = data;
    g_autoptr(GError) error = NULL;
    VdJournal *journal = vd_worker_journal(worker, &error);
    if (!journal || !vd_journal_end(journal, ending->id, ending->outcome, ending->message,
                                    ending->detail, &error))
        vd_log_error(ending->id, "the journal did not take the outcome", error);
}

static const char *outcome_word(const GError *error)
{
    if (!error)
        return "done";
    switch (vd_error_code(error)) {
    case VD_ERR_UNKNOWN:
        return "unknown";
    case VD_ERR_CANCELLED:
        return "cancelled";
    case VD_ERR_DENIED:
        return "denied";
    default:
        return "failed";
    }
}

static void journal_ending(const Request *request)
{
    Ending *ending = g_new0(Ending, 1);
    ending->id = g_strdup(request->id);
    ending->outcome = g_strdup(outcome_word(request->error));
    ending->message = request->error ? g_strdup(request->error->message) : NULL;
    ending->detail = g_strdup(vd_error_detail(request->error));
    vd_worker_run(request->deck->journal, write_ending, NULL, ending, ending_free);
}

static void notice_ending(const Request *request)
{
    const char *what = request->name ? request->name : request->host;
    const char *label = _(request->row->verb.label), *said = NULL;
    g_autofree char *text = NULL;
    (void)vd_doc_outcome(request->doc, &said);
    if (request->error)
        text = what ? g_strdup_printf(_("%s %s: %s"), label, what, request->error->message)
                    : g_strdup_printf(_("%s: %s"), label, request->error->message);
    else if (request->row->verb.kind == VD_VERB_JOB)
        text = g_strdup_printf(_("%s: begun as %s"), label, request->id);
    else if (said && what)
        text = g_strdup_printf(_("%s %s: %s"), label, what, _(said));
    else
        text = what ? g_strdup_printf(_("%s %s: done"), label, what)
                    : g_strdup_printf(_("%s: done"), label);
    vd_deck_notice(request->deck, request->error != NULL, request->id, text,
                   vd_error_detail(request->error));
    if (request->word && !request->error)
        vd_deck_notice(request->deck, FALSE, request->id, request->word, NULL);
}

/* journalled: its beginning is in the journal. Frees the request. */
static void request_end(Request *request, gboolean journalled)
{
    VdDeck *deck = request->deck;
    if (request->error)
        vd_log_error(request->id, request->row->verb.id, request->error);
    else if (changes(request))
        vd_log(VD_LOG_INFO, request->id, "%s: done", request->row->verb.id);
    if (journalled)
        journal_ending(request);
    if (changes(request))
        notice_ending(request);
    g_hash_table_remove(deck->requests, request->id);
    VdOutcome outcome = {request->id, &request->row->verb, request->doc, request->error,
                         request->word};
    if (request->done)
        request->done(deck, &outcome, request->data);
    if (changes(request) && (request->row->verb.target == VD_TARGET_IMAGE ||
                             g_str_has_prefix(request->row->verb.id, "script.")))
        vd_deck_images_read(deck);
    if (request->row->verb.kind == VD_VERB_JOB || request->row->verb.target == VD_TARGET_JOB)
        vd_deck_watch_now(deck);
    request_free(request);
}

/* ---- running ---- */

static void virt_done(VdDoc *doc, const GError *error, gpointer data)
{
    Request *request = data;
    request->doc = doc ? vd_doc_ref(doc) : NULL;
    request->error = error ? g_error_copy(error) : NULL;
    request_end(request, changes(request));
}

static void local_work(VdWorker *worker, gpointer data)
{
    Request *request = data;
    VdLocalCall call = {.conf = request->deck->conf,
                        .systems = request->deck->systems,
                        .request = request->id,
                        .person = request->deck->person,
                        .config_file = request->deck->config_file,
                        .implicit = request->deck->implicit,
                        .host = request->host,
                        .uri = request->uri,
                        .host_ids = request->host_ids,
                        .host_uris = request->host_uris,
                        .id = request->target,
                        .name = request->name,
                        .args = request->args};
    g_autoptr(GError) journal_error = NULL;
    call.journal = vd_worker_journal(worker, &journal_error);
    call.journal_error = journal_error;
    if (!request->row->local(&call, &request->error) && !request->error)
        vd_error_set(&request->error, VD_ERR_FAILED, NULL, _("It failed without a reason"));
    request->doc = call.doc;
    request->word = call.word;
    request->renewed = call.renewed;
    request->renamed = g_strdup(call.renamed);
}

static void local_done(gpointer data)
{
    Request *request = data;
    if (request->renewed)
        vd_deck_hosts_renewed(request->deck, request->host, request->renamed,
                              g_steal_pointer(&request->renewed));
    request_end(request, changes(request));
}

/* The worker cannot look at the deck's own. */
static void copy_hosts(Request *request)
{
    guint n = request->deck->names->len;
    request->host_ids = g_new0(char *, n + 1);
    request->host_uris = g_new0(char *, n + 1);
    for (guint i = 0; i < n; i++) {
        gboolean found = FALSE;
        const char *id = g_ptr_array_index(request->deck->names, i);
        const char *uri = vd_deck_uri(request->deck, id, &found);
        request->host_ids[i] = g_strdup(id);
        request->host_uris[i] = g_strdup(uri ? uri : "");
    }
}

static void request_run(Request *request)
{
    VdDeck *deck = request->deck;
    const VdVerbRow *row = request->row;
    if (row->fleet) {
        request->doc = row->fleet(deck->fleet, request->args);
        request_end(request, FALSE);
    } else if (row->deck) {
        row->deck(deck, request->host, request->args, virt_done, request);
    } else if (row->virt) {
        vd_virt_call(deck->virt, request->host,
                     row->verb.target == VD_TARGET_VM ? request->target : NULL, row->virt,
                     request->args, request->id, changes(request), row->verb.pending, virt_done,
                     request);
    } else {
        copy_hosts(request);
        vd_worker_run(deck->work, local_work, local_done, request, NULL);
    }
}

/* ---- the beginning ---- */

static void journal_begin(VdWorker *worker, gpointer data)
{
    Request *request = data;
    VdJournal *journal = vd_worker_journal(worker, &request->journal_error);
    if (!journal)
        return;
    if (request->row->verb.kind == VD_VERB_JOB)
        vd_retry_keep_paths(request->args, request->row->verb.args);
    g_autofree char *args = vd_args_to_json(request->args);
    gboolean is_vm = request->row->verb.target == VD_TARGET_VM;
    const char *named = vd_args_get(request->args, "name");
    VdJournalRequest entry = {.id = request->id,
                              .verb = request->row->verb.id,
                              .author = request->deck->person,
                              .host = request->host,
                              .target = request->name     ? request->name
                                        : request->target ? request->target
                                                          : named,
                              .uuid = is_vm ? request->target : NULL,
                              .args = args};
    (void)vd_journal_begin(journal, &entry, &request->journal_error);
}

/* A machine can still be stopped when the journal's disk is full: that is when it must be. A job
 * cannot be made without it. */
static void journal_begun(gpointer data)
{
    Request *request = data;
    VdDeck *deck = request->deck;
    if (request->journal_error) {
        g_autofree char *text =
            g_strdup_printf(_("This request is not recorded: %s"), request->journal_error->message);
        vd_deck_notice(deck, TRUE, NULL, text, vd_error_detail(request->journal_error));
        if (request->row->verb.kind == VD_VERB_JOB) {
            request->error = g_steal_pointer(&request->journal_error);
            request_end(request, FALSE);
            return;
        }
    }
    request_run(request);
}

static gboolean find_target(Request *request, const VdTarget *target, GError **error)
{
    VdTargetKind kind = request->row->verb.target;
    if (kind == VD_TARGET_NONE)
        return TRUE;
    if (!target || target->kind != kind)
        return vd_fail(error, VD_ERR_USAGE, NULL, _("It needs something to act on"));
    request->host = g_strdup(target->host);
    request->target = g_strdup(target->id);
    if (kind != VD_TARGET_HOST && kind != VD_TARGET_VM) {
        request->name = g_strdup(target->id);
        return TRUE;
    }
    gboolean found = FALSE;
    request->uri = g_strdup(vd_deck_uri(request->deck, target->host, &found));
    if (!found)
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no host %s"),
                       target->host ? target->host : "");
    const VdVm *vm = vd_fleet_vm(request->deck->fleet, target->host, target->id);
    if (vm)
        request->name = g_strdup(vm->name);
    return TRUE;
}

gboolean vd_deck_may(VdDeck *deck, const VdVerb *verb, GError **error)
{
    VdRole role = vd_verb_row(verb)->role;
    if (deck->role >= role)
        return TRUE;
    return vd_fail(
        error, VD_ERR_DENIED, NULL,
        _("%s may not do this: it needs the role %s; ask the administrator of this host"),
        deck->person, vd_role_word(role));
}

static gboolean request_start(gpointer data)
{
    Request *request = data;
    g_clear_pointer(&request->start, g_source_unref);
    if (request->error || !vd_args_check(request->args, request->row->verb.args, &request->error) ||
        !vd_deck_may(request->deck, &request->row->verb, &request->error))
        request_end(request, FALSE);
    else if (changes(request))
        vd_worker_run(request->deck->journal, journal_begin, journal_begun, request, NULL);
    else
        request_run(request);
    return G_SOURCE_REMOVE;
}

const char *vd_deck_submit(VdDeck *deck, const VdVerb *verb, const VdTarget *target,
                           const VdArgs *args, VdDeckDone done, gpointer data)
{
    Request *request = g_new0(Request, 1);
    request->deck = deck;
    request->row = vd_verb_row(verb);
    request->args = vd_args_copy(args);
    request->done = done;
    request->data = data;
    request->id = vd_request_id_new();
    g_hash_table_insert(deck->requests, request->id, request);
    (void)find_target(request, target, &request->error);
    request->start = g_idle_source_new();
    g_source_set_priority(request->start, G_PRIORITY_DEFAULT);
    g_source_set_callback(request->start, request_start, request, NULL);
    g_source_attach(request->start, deck->context);
    return request->id;
}

void vd_deck_requests_free(VdDeck *deck)
{
    GHashTableIter iter;
    gpointer request;
    g_hash_table_iter_init(&iter, deck->requests);
    while (g_hash_table_iter_next(&iter, NULL, &request))
        request_free(request);
    g_hash_table_remove_all(deck->requests);
}
