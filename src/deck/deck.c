/* The deck's life and its way out: the fleet put together from the hosts' snapshots, notices, and
 * one call of the listener for each turn of the loop in which something changed. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/paths.h"
#include "src/base/text.h"
#include "src/deck/private.h"

#define NOTICES_KEPT 200

/* ---- telling ---- */

static gboolean tell(gpointer data)
{
    VdDeck *deck = data;
    guint changed = deck->changed;
    deck->changed = 0;
    g_clear_pointer(&deck->tell, g_source_unref);
    if (deck->listener)
        deck->listener(deck, changed, deck->listener_data);
    return G_SOURCE_REMOVE;
}

void vd_deck_changed(VdDeck *deck, guint what)
{
    deck->changed |= what;
    if (deck->tell || !deck->listener)
        return;
    deck->tell = g_idle_source_new();
    g_source_set_priority(deck->tell, G_PRIORITY_DEFAULT);
    g_source_set_callback(deck->tell, tell, deck, NULL);
    g_source_attach(deck->tell, deck->context);
}

void vd_deck_listen(VdDeck *deck, VdDeckListener listener, gpointer data)
{
    deck->listener = listener;
    deck->listener_data = data;
    if (deck->changed)
        vd_deck_changed(deck, 0);
}

static void notice_free(VdNotice *notice)
{
    g_free(notice->request);
    g_free(notice->text);
    g_free(notice->detail);
    g_free(notice);
}

void vd_deck_notice(VdDeck *deck, gboolean bad, const char *request, const char *text,
                    const char *detail)
{
    VdNotice *notice = g_new0(VdNotice, 1);
    notice->time = g_get_real_time();
    notice->bad = bad;
    notice->request = g_strdup(request);
    notice->text = vd_text_clean(text, 1024, FALSE);
    notice->detail = detail ? vd_text_clean(detail, 2048, FALSE) : NULL;
    if (deck->notices->len >= NOTICES_KEPT)
        g_ptr_array_remove_index(deck->notices, 0);
    g_ptr_array_add(deck->notices, notice);
    vd_deck_changed(deck, VD_CHANGED_NOTICE);
}

/* ---- the fleet ---- */

static void notice_of_host(VdDeck *deck, const VdHost *before, const VdHost *now)
{
    if (!before || before->state == now->state)
        return;
    if (now->state == VD_HOST_DOWN) {
        g_autofree char *text =
            g_strdup_printf(_("%s is away: %s"), now->id, now->error ? now->error : _("no answer"));
        vd_deck_notice(deck, TRUE, NULL, text, now->detail);
    } else if (now->state == VD_HOST_UP && before->state == VD_HOST_DOWN) {
        g_autofree char *text = g_strdup_printf(_("%s is back"), now->id);
        vd_deck_notice(deck, FALSE, NULL, text, NULL);
    }
}

static gpointer host_ref(gconstpointer host, gpointer data)
{
    (void)data;
    return vd_host_ref((VdHost *)host);
}

VdFleet *vd_deck_next_fleet(VdDeck *deck)
{
    VdFleet *next = vd_fleet_new();
    g_ptr_array_unref(next->hosts);
    next->hosts = g_ptr_array_copy(deck->fleet->hosts, host_ref, NULL);
    next->version = deck->fleet->version + 1;
    return next;
}

void vd_deck_take_fleet(VdDeck *deck, VdFleet *fleet)
{
    vd_fleet_unref(deck->fleet);
    deck->fleet = fleet;
    vd_deck_changed(deck, VD_CHANGED_FLEET);
}

static void host_changed(VdHost *face, gpointer data)
{
    VdDeck *deck = data;
    VdFleet *next = vd_deck_next_fleet(deck);
    g_autoptr(VdHost) host = vd_deck_show_host(deck, next, face);
    guint at = 0;
    VdHost *before = vd_fleet_host(next, host->id);
    if (before)
        (void)g_ptr_array_find(next->hosts, before, &at);
    if (deck->live) {
        notice_of_host(deck, before, host);
        vd_history_feed(deck->history, before, host);
    }
    if (before) {
        g_ptr_array_index(next->hosts, at) = vd_host_ref(host);
        vd_host_unref(before);
    } else {
        g_ptr_array_insert(next->hosts, vd_deck_place(deck, next, host->id), vd_host_ref(host));
    }
    vd_fleet_unref(deck->fleet);
    deck->fleet = next;
    vd_deck_changed(deck, VD_CHANGED_FLEET);
}

GPtrArray *vd_deck_problems(VdDeck *deck)
{
    return deck->problems;
}

VdFleet *vd_deck_fleet(VdDeck *deck)
{
    return deck->fleet;
}

gboolean vd_deck_settled(VdDeck *deck)
{
    for (guint i = 0; i < deck->fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(deck->fleet->hosts, i);
        if (host->state != VD_HOST_DOWN && host->state != VD_HOST_OFF && !host->listed)
            return FALSE;
    }
    return deck->fleet->hosts->len == g_hash_table_size(deck->uris);
}

gboolean vd_deck_sized(VdDeck *deck)
{
    for (guint i = 0; i < deck->fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(deck->fleet->hosts, i);
        if (host->state != VD_HOST_DOWN && host->state != VD_HOST_OFF && !host->sized)
            return FALSE;
    }
    return vd_deck_settled(deck);
}

/* ---- figures ---- */

void vd_deck_want(VdDeck *deck, const VdDeckRow *rows, guint n_rows)
{
    G_STATIC_ASSERT(sizeof(VdDeckRow) == sizeof(VdWantRow));
    vd_virt_want(deck->virt, (const VdWantRow *)rows, n_rows);
}

void vd_deck_want_groups(VdDeck *deck, guint shown, guint all)
{
    vd_virt_want_groups(deck->virt, shown, all);
}

void vd_deck_read_meter(VdDeck *deck, VdMeterReading *ret)
{
    vd_virt_read_meter(deck->virt, ret);
}

guint vd_deck_history(VdDeck *deck, const char *host, const char *uuid, VdSeries series, float *out,
                      guint n)
{
    return vd_history_read(deck->history, host, uuid, series, out, n);
}

void vd_deck_refresh(VdDeck *deck)
{
    GHashTableIter iter;
    gpointer host;
    g_hash_table_iter_init(&iter, deck->uris);
    while (g_hash_table_iter_next(&iter, &host, NULL))
        vd_virt_refresh(deck->virt, host);
    vd_deck_images_read(deck);
    vd_deck_watch_now(deck);
}

/* ---- life ---- */

static void find_problems(VdDeck *deck, const VdDeckOptions *options)
{
    deck->problems = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < deck->conf->problems->len; i++)
        g_ptr_array_add(deck->problems,
                        vd_conf_problem_text(g_ptr_array_index(deck->conf->problems, i)));
    if (options->check)
        options->check(deck->conf, deck->problems);
    for (guint i = 0; i < deck->problems->len; i++)
        vd_deck_notice(deck, TRUE, NULL, g_ptr_array_index(deck->problems, i), NULL);
}

static void open_log(VdDeck *deck)
{
    g_autofree char *state = vd_path_state();
    g_autofree char *path = vd_path_log();
    g_autoptr(GError) error = NULL;
    if (vd_mkdirs(state, 0711, &error) && vd_log_open(path, &error))
        return;
    if (deck->live)
        vd_deck_notice(deck, TRUE, NULL, error->message, NULL);
}

static void asked(VdQuestion *question, gboolean open, gpointer data)
{
    VdDeck *deck = data;
    if (open)
        g_ptr_array_add(deck->questions, vd_question_ref(question));
    else
        g_ptr_array_remove(deck->questions, question);
    vd_deck_changed(deck, VD_CHANGED_QUESTION);
}

static void journal_notice(const char *text, gpointer data)
{
    vd_deck_notice(data, TRUE, NULL, text, NULL);
}

VdDeck *vd_deck_new(GMainContext *context, const VdDeckOptions *options)
{
    VdDeck *deck = g_new0(VdDeck, 1);
    deck->context = g_main_context_ref(context);
    deck->live = options->live;
    deck->config_file = g_strdup(options->config_file);
    deck->conf = vd_conf_load(options->config_file);
    deck->former_confs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_conf_free);
    deck->person = vd_access_person();
    deck->role = vd_access_role(deck->conf, deck->person);
    deck->fleet = vd_fleet_new();
    deck->faces =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)vd_host_unref);
    deck->history = vd_history_new();
    deck->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_job_unref);
    deck->images = g_ptr_array_new_with_free_func((GDestroyNotify)vd_image_unref);
    deck->scripts = g_ptr_array_new_with_free_func((GDestroyNotify)vd_script_unref);
    deck->offers = g_ptr_array_new_with_free_func((GDestroyNotify)vd_offer_unref);
    deck->notices = g_ptr_array_new_with_free_func((GDestroyNotify)notice_free);
    deck->questions = g_ptr_array_new_with_free_func((GDestroyNotify)vd_question_unref);
    deck->uris = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    deck->names = g_ptr_array_new_with_free_func(g_free);
    deck->requests = g_hash_table_new(g_str_hash, g_str_equal);
    deck->offered = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    deck->journal = vd_worker_new(context, "journal");
    deck->work = vd_worker_new(context, "work");
    deck->forms = vd_worker_new(context, "forms");
    deck->lookups = vd_worker_new(context, "lookups");
    deck->systems = vd_systems_new(NULL);
    vd_worker_on_notice(deck->journal, journal_notice, deck);
    vd_worker_on_notice(deck->work, journal_notice, deck);
    find_problems(deck, options);
    open_log(deck);
    VdVirtOptions virt = {.ask = asked,
                          .interval_ms = deck->conf->interval_ms,
                          .sample = options->live,
                          .connect_hard_ms = options->timeout_ms,
                          .events = options->live};
    deck->virt = vd_virt_new(context, &virt, host_changed, deck);
    deck->connect = options->connect;
    vd_deck_add_hosts(deck, options->uris);
    if (deck->live) {
        vd_deck_watch_start(deck);
        vd_deck_images_read(deck);
    }
    return deck;
}

static void clear_source(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

void vd_deck_free(VdDeck *deck)
{
    if (!deck)
        return;
    deck->listener = NULL;
    clear_source(&deck->tell);
    clear_source(&deck->watch);
    vd_virt_free(deck->virt);
    /* What was begun is written down if the disk lets us; leaving never takes longer than this. */
    gboolean idle = vd_worker_free(deck->journal, 150);
    idle = vd_worker_free(deck->work, 20) && idle;
    idle = vd_worker_free(deck->forms, 0) && idle;
    idle = vd_worker_free(deck->lookups, 0) && idle;
    if (!idle)
        return; /* a task that hangs still reads the deck: the process ends now anyway */
    vd_deck_requests_free(deck);
    vd_systems_unref(deck->systems);
    vd_fleet_unref(deck->fleet);
    g_hash_table_unref(deck->faces);
    vd_history_free(deck->history);
    g_ptr_array_unref(deck->jobs);
    g_ptr_array_unref(deck->images);
    g_ptr_array_unref(deck->offers);
    g_ptr_array_unref(deck->scripts);
    g_ptr_array_unref(deck->notices);
    g_ptr_array_unref(deck->questions);
    g_ptr_array_unref(deck->problems);
    g_free(deck->unreadable);
    g_hash_table_unref(deck->uris);
    g_ptr_array_unref(deck->names);
    g_hash_table_unref(deck->requests);
    g_hash_table_unref(deck->offered);
    vd_conf_free(deck->conf);
    g_ptr_array_unref(deck->former_confs);
    g_free(deck->config_file);
    g_free(deck->person);
    g_main_context_unref(deck->context);
    g_free(deck);
}

const VdConf *vd_deck_conf(VdDeck *deck)
{
    return deck->conf;
}

GPtrArray *vd_deck_jobs(VdDeck *deck)
{
    return deck->jobs;
}

GPtrArray *vd_deck_images(VdDeck *deck)
{
    return deck->images;
}

GPtrArray *vd_deck_scripts(VdDeck *deck)
{
    return deck->scripts;
}

GPtrArray *vd_deck_offers(VdDeck *deck)
{
    return deck->offers;
}

GPtrArray *vd_deck_notices(VdDeck *deck)
{
    return deck->notices;
}

GPtrArray *vd_deck_questions(VdDeck *deck)
{
    return deck->questions;
}

const char *vd_deck_person(VdDeck *deck)
{
    return deck->person;
}

void vd_deck_watch_jobs(VdDeck *deck)
{
    vd_deck_watch_start(deck);
}

gboolean vd_deck_flushed(VdDeck *deck)
{
    return vd_worker_busy(deck->journal) == 0;
}
