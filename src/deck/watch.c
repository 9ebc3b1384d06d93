/* Watching what other processes do: jobs, by the journal's data version twice a second, and ten
 * times while a job goes on, so that its end is not waited for; and images and scripts, when a job
 * ended or something else was journalled. A job whose runner is gone is offered to people, who may
 * go on with it or take it back; one that can only be taken back is handed to a roll-back runner,
 * by whoever sees it first.
 */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/deck/private.h"
#include "src/deploy/deploy.h"

#define WATCH_MS      500
#define WATCH_BUSY_MS 100
#define JOBS_KEPT     50
/* A runner that died writes nothing: while jobs run, they are read anew every so many looks. */
#define LOOKS_MOST 20

typedef struct {
    VdDeck *deck;
    gint64 version;
    gboolean force;
    GPtrArray *jobs; /* out, NULL: nothing new */
    GError *error;   /* out: why the journal could not be read, or is not to be written */
} Look;

static void look_free(gpointer data)
{
    Look *look = data;
    g_clear_pointer(&look->jobs, g_ptr_array_unref);
    g_clear_error(&look->error);
    g_free(look);
}

static gboolean any_interrupted(const GPtrArray *jobs)
{
    for (guint i = 0; i < jobs->len; i++)
        if (((const VdJob *)g_ptr_array_index(jobs, i))->state == VD_JOB_INTERRUPTED)
            return TRUE;
    return FALSE;
}

static void look_work(VdWorker *worker, gpointer data)
{
    Look *look = data;
    VdJournal *journal = vd_worker_journal(worker, &look->error);
    if (!journal)
        return;
    if (!vd_journal_writable(journal)) /* at once, not when something is to be done */
        (void)vd_journal_try(journal, &look->error);
    gint64 version = vd_journal_version(journal);
    if (version == look->version && !look->force)
        return;
    look->jobs = vd_journal_jobs(journal, JOBS_KEPT, look->error ? NULL : &look->error);
    look->version = look->jobs ? version : -1; /* what failed is tried again */
    if (look->jobs && vd_journal_writable(journal) && any_interrupted(look->jobs) &&
        vd_jobs_sweep(journal, vd_deploy_kinds) > 0)
        vd_log(VD_LOG_WARNING, NULL, "interrupted jobs are rolled back");
}

static guint count_active(const GPtrArray *jobs)
{
    guint active = 0;
    for (guint i = 0; i < jobs->len; i++)
        active += !vd_job_state_ended(((const VdJob *)g_ptr_array_index(jobs, i))->state);
    return active;
}

/* Once for each job that this deck finds interrupted. */
static void offer_interrupted(VdDeck *deck)
{
    for (guint i = 0; i < deck->jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(deck->jobs, i);
        const VdJobKind *kind = vd_job_kind_find(vd_deploy_kinds, job->verb);
        if (job->state != VD_JOB_INTERRUPTED || !kind || !kind->again || job->error ||
            !g_hash_table_add(deck->offered, g_strdup(job->id)))
            continue;
        g_autofree char *title = vd_job_shown_title(job);
        g_autofree char *text =
            g_strdup_printf(_("The job %s (%s) was interrupted: resume it, or cancel it and what "
                              "it made is removed."),
                            title, job->id);
        vd_deck_notice(deck, TRUE, job->id, text, NULL);
    }
}

/* An empty list must not be taken for no jobs: once for each reason why it cannot be read. */
static void tell_unreadable(VdDeck *deck, const GError *error)
{
    const char *why = error ? error->message : NULL;
    if (why && g_strcmp0(why, deck->unreadable) != 0)
        vd_deck_notice(deck, TRUE, NULL, why, vd_error_detail(error));
    g_free(deck->unreadable);
    deck->unreadable = g_strdup(why);
}

static void look_done(gpointer data)
{
    Look *look = data;
    VdDeck *deck = look->deck;
    deck->watching = FALSE;
    deck->jobs_version = look->version;
    tell_unreadable(deck, look->error);
    if (!look->jobs)
        return;
    guint before = count_active(deck->jobs);
    g_ptr_array_unref(deck->jobs);
    deck->jobs = g_steal_pointer(&look->jobs);
    offer_interrupted(deck);
    vd_deck_changed(deck, VD_CHANGED_JOBS);
    /* Somebody else may have removed an image or added a script: that is journalled as well. While
     * jobs go on, what they write says nothing of the kind, and their end will be seen. */
    guint active = count_active(deck->jobs);
    if (active < before || active == 0)
        vd_deck_images_read(deck);
}

static void look_now(VdDeck *deck, gboolean force)
{
    if (deck->watching)
        return;
    deck->watching = TRUE;
    Look *look = g_new0(Look, 1);
    look->deck = deck;
    look->version = deck->jobs_version;
    look->force = force;
    vd_worker_run(deck->journal, look_work, look_done, look, look_free);
}

static gboolean watch(gpointer data);

static void watch_next(VdDeck *deck, guint ms)
{
    g_clear_pointer(&deck->watch, g_source_unref);
    deck->watch = g_timeout_source_new(ms);
    g_source_set_callback(deck->watch, watch, deck, NULL);
    g_source_attach(deck->watch, deck->context);
}

static gboolean watch(gpointer data)
{
    VdDeck *deck = data;
    gboolean busy = count_active(deck->jobs) > 0;
    deck->looks = (deck->looks + 1) % LOOKS_MOST;
    look_now(deck, deck->looks == 0 && busy);
    watch_next(deck, busy ? WATCH_BUSY_MS : WATCH_MS);
    return G_SOURCE_REMOVE;
}

void vd_deck_watch_start(VdDeck *deck)
{
    if (deck->watch)
        return;
    deck->jobs_version = -1;
    watch_next(deck, WATCH_MS);
    look_now(deck, TRUE);
}

void vd_deck_watch_now(VdDeck *deck)
{
    if (deck->watch)
        look_now(deck, TRUE);
}

typedef struct {
    VdDeck *deck;
    GPtrArray *images, *offers, *scripts;
} Reading;

static void reading_free(gpointer data)
{
    Reading *reading = data;
    g_clear_pointer(&reading->images, g_ptr_array_unref);
    g_clear_pointer(&reading->offers, g_ptr_array_unref);
    g_clear_pointer(&reading->scripts, g_ptr_array_unref);
    g_free(reading);
}

static void images_work(VdWorker *worker, gpointer data)
{
    (void)worker;
    g_autoptr(GError) error = NULL;
    Reading *reading = data;
    reading->images = vd_images_list(reading->deck->conf->sources, &error);
    reading->offers = vd_offers_list(reading->deck->conf->sources, NULL);
    reading->scripts = vd_scripts_list();
}

static void images_done(gpointer data)
{
    Reading *reading = data;
    if (!reading->images)
        return;
    g_ptr_array_unref(reading->deck->images);
    reading->deck->images = g_steal_pointer(&reading->images);
    if (reading->offers) {
        g_ptr_array_unref(reading->deck->offers);
        reading->deck->offers = g_steal_pointer(&reading->offers);
    }
    g_ptr_array_unref(reading->deck->scripts);
    reading->deck->scripts = g_steal_pointer(&reading->scripts);
    vd_deck_changed(reading->deck, VD_CHANGED_IMAGES);
}

void vd_deck_images_read(VdDeck *deck)
{
    if (!deck->live)
        return;
    Reading *reading = g_new0(Reading, 1);
    reading->deck = deck;
    vd_worker_run(deck->forms, images_work, images_done, reading, reading_free);
}
