/* Undoing: the entries in the journal, newest first, whoever wrote them: this process or one that
 * was killed. An entry that fails is kept and the older ones are still tried, so that as little as
 * possible is left, unless they stand below it; `job cancel` tries what is left again. */
#include "config.h"

#include "src/jobs/run.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/said.h"

static GPtrArray *entries(VdRun *run)
{
    g_autoptr(GError) error = NULL;
    pthread_mutex_lock(&run->journal_lock);
    GPtrArray *list = vd_journal_undo_list(run->journal, run->id, &error);
    pthread_mutex_unlock(&run->journal_lock);
    if (list && (list->len > 0 || run->undos->len == 0))
        return list;
    /* The journal cannot be read or was set aside: what this process did, it still knows. */
    if (error)
        vd_run_log(run, "%s", error->message);
    if (list)
        g_ptr_array_unref(list);
    list = g_ptr_array_new_with_free_func((GDestroyNotify)vd_undo_free);
    for (guint i = run->undos->len; i > 0; i--) {
        const VdUndo *undo = g_ptr_array_index(run->undos, i - 1);
        VdUndo *copy = g_new0(VdUndo, 1);
        copy->step = g_strdup(undo->step);
        copy->kind = g_strdup(undo->kind);
        copy->argument = g_strdup(undo->argument);
        g_ptr_array_add(list, copy);
    }
    return list;
}

static const VdUndoSpec *spec_of(const VdRun *run, const char *kind)
{
    for (const VdUndoSpec *spec = run->kind ? run->kind->undos : NULL; spec && spec->kind; spec++)
        if (g_strcmp0(spec->kind, kind) == 0)
            return spec;
    return NULL;
}

/* text: taken over. */
static void say(GString *where, char *text)
{
    g_string_append_printf(where, "%s%s", where->len > 0 ? "; " : "", text);
    g_free(text);
}

static void forget(VdRun *run, const VdUndo *undo)
{
    g_autoptr(GError) error = NULL;
    if (undo->id == 0)
        return;
    pthread_mutex_lock(&run->journal_lock);
    /* If it cannot be struck out, it is undone once more some day, which is no harm: undo functions
     * take what is missing for fine. */
    if (!vd_journal_undo_done(run->journal, run->id, undo->id, &error))
        vd_run_log(run, "%s", error->message);
    pthread_mutex_unlock(&run->journal_lock);
}

void vd_run_keep(VdRun *run)
{
    g_autoptr(GPtrArray) list = entries(run);
    for (guint i = 0; i < list->len; i++)
        forget(run, g_ptr_array_index(list, i));
    pthread_mutex_lock(&run->lock);
    g_ptr_array_set_size(run->undos, 0);
    pthread_mutex_unlock(&run->lock);
}

static void watch(VdRun *run, const char *kind, gboolean failed)
{
    pthread_mutex_lock(&run->lock);
    if (failed && !run->mute_since && run->wait_for == run->undo_started)
        run->mute_since = run->undo_started;
    run->undo_started = kind ? g_get_monotonic_time() : 0;
    run->undo_kind = kind;
    pthread_mutex_unlock(&run->lock);
}

/* "volume /pool/db-07.qcow2 (no answer)", in any language. The caller frees. */
static char *name_left(const VdUndo *undo, const GError *error)
{
    const char *argument = undo->argument ? undo->argument : "";
    g_autofree char *kind = vd_said_one(undo->kind, NULL);
    char *said = error ? vd_said("%s %s (%s)", undo->kind, argument, error->message)
                       : vd_said("%s %s", undo->kind, argument);
    said = vd_said_quote(said, undo->kind, kind);
    return error ? vd_said_quote(said, error->message, vd_error_written(error)) : said;
}

static gboolean undo_one(VdRun *run, const VdUndo *undo, GString *undone, GString *failed)
{
    g_autoptr(GError) error = NULL;
    const char *argument = undo->argument ? undo->argument : "";
    const VdUndoSpec *spec = spec_of(run, undo->kind);
    if (!spec) {
        vd_run_log(run, "nothing is known of how to undo %s %s", undo->kind, argument);
        say(failed, vd_said_one(undo->kind, NULL));
        return FALSE;
    }
    vd_run_log(run, "undoing %s %s", undo->kind, argument);
    watch(run, undo->kind, FALSE);
    gboolean ok = spec->func(run, undo->argument, &error);
    watch(run, NULL, !ok);
    if (ok) {
        say(undone, vd_said_one(spec->text, argument)); /* "disk %s removed" */
        forget(run, undo);
        return TRUE;
    }
    const char *detail = vd_error_detail(error);
    vd_run_log(run, "%s %s is not undone: %s%s%s", undo->kind, argument,
               error ? error->message : "?", detail ? " | " : "", detail ? detail : "");
    say(failed, name_left(undo, error));
    return FALSE;
}

static gboolean is_on_top(const VdRun *run, const VdUndo *undo)
{
    const VdUndoSpec *spec = spec_of(run, undo->kind);
    return spec && spec->on_top;
}

static void keep_below(VdRun *run, const VdUndo *undo, GString *failed)
{
    vd_run_log(run, "%s %s is kept, as what stands on it is not undone", undo->kind,
               undo->argument ? undo->argument : "");
    say(failed, name_left(undo, NULL));
}

/* A step is undone when the oldest of its entries is. */
static gboolean step_goes_on(const GPtrArray *list, guint at)
{
    const VdUndo *undo = g_ptr_array_index(list, at);
    for (guint i = at + 1; i < list->len; i++) {
        const VdUndo *older = g_ptr_array_index(list, i);
        if (g_strcmp0(older->step, undo->step) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean step_was_done(VdRun *run, const char *step_id)
{
    pthread_mutex_lock(&run->lock);
    const VdStep *step = vd_job_step(run->job, step_id);
    gboolean done = step && (step->state == VD_STEP_DONE || step->state == VD_STEP_RUNNING);
    pthread_mutex_unlock(&run->lock);
    return done;
}

static gboolean pick_all(VdRun *run, const char *step, gconstpointer data)
{
    (void)run;
    (void)step;
    (void)data;
    return TRUE;
}

gboolean vd_run_undo_all(VdRun *run, GString *undone, GString *failed)
{
    return vd_run_undo_some(run, pick_all, NULL, undone, failed);
}

gboolean vd_run_undo_some(VdRun *run, VdRunPick pick, gconstpointer data, GString *undone,
                          GString *failed)
{
    g_autoptr(GPtrArray) list = entries(run);
    g_autoptr(GHashTable) left = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean kept = FALSE;
    for (guint i = 0; i < list->len; i++) {
        const VdUndo *undo = g_ptr_array_index(list, i);
        if (!pick(run, undo->step, data))
            continue;
        gboolean ok = !kept && undo_one(run, undo, undone, failed);
        if (kept)
            keep_below(run, undo, failed);
        kept = kept || (!ok && is_on_top(run, undo));
        if (!undo->step)
            continue;
        if (!ok)
            g_hash_table_add(left, undo->step);
        else if (!step_goes_on(list, i) && !g_hash_table_contains(left, undo->step) &&
                 step_was_done(run, undo->step))
            vd_run_step_mark(run, undo->step, VD_STEP_UNDONE);
    }
    return failed->len == 0;
}
