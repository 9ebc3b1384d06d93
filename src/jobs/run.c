/* What a step function may do. Progress is kept in memory first and written by the main thread at
 * most four times a second; a journal that is busy or on a full disk for a while costs nothing but
 * the freshness of what others see. Undo entries are the exception: an act that could not be
 * journalled must not happen. */
#include "config.h"

#include "src/jobs/run.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/log.h"
#include "src/base/said.h"
#include "src/base/text.h"

#define WRITE_USEC  (G_USEC_PER_SEC / 4)
#define RETRY_USEC  G_USEC_PER_SEC
#define TEXT_CHARS  300
#define SECRETS_MAX (64 * 1024)
#define WRITE_TRIES 3
#define UNDO_USEC   (60 * G_USEC_PER_SEC)

const char *vd_run_id(const VdRun *run)
{
    return run->id;
}

const char *vd_run_spec(const VdRun *run)
{
    return run->spec;
}

const char *vd_run_folder(const VdRun *run)
{
    return run->folder;
}

const char *vd_run_author(const VdRun *run)
{
    return run->author;
}

const char *vd_run_host(const VdRun *run)
{
    return run->job->host; /* set before the worker begins, and never changed */
}

GCancellable *vd_run_cancellable(VdRun *run)
{
    pthread_mutex_lock(&run->lock);
    GCancellable *cancel = run->phase == VD_RUN_STEPS ? run->cancel : run->calm;
    pthread_mutex_unlock(&run->lock);
    return cancel;
}

/* ---- writing ---- */

/* The journal was set aside as damaged while we ran: it knows nothing of this job. */
static gboolean enter_anew(VdRun *run, GError **error)
{
    pthread_mutex_lock(&run->lock);
    gboolean ok = vd_journal_job_create(run->journal, run->job, run->spec, error);
    for (guint i = 0; ok && i < run->undos->len; i++) {
        const VdUndo *undo = g_ptr_array_index(run->undos, i);
        ok = vd_journal_undo_push(run->journal, run->id, undo->kind, undo->argument, error);
    }
    pthread_mutex_unlock(&run->lock);
    return ok;
}

gboolean vd_run_enter(VdRun *run, VdRunEntry entry, gconstpointer data, GError **error)
{
    g_autoptr(GError) local = NULL;
    pthread_mutex_lock(&run->journal_lock);
    gboolean ok = FALSE;
    for (int i = 0; i < WRITE_TRIES && !ok; i++) {
        g_clear_error(&local);
        ok = entry(run, data, &local);
        if (ok || (vd_error_code(local) != VD_ERR_DAMAGED &&
                   (vd_error_code(local) != VD_ERR_NOT_FOUND || !enter_anew(run, NULL))))
            break;
    }
    pthread_mutex_unlock(&run->journal_lock);
    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    return ok;
}

static gboolean step_entry(VdRun *run, gconstpointer data, GError **error)
{
    return vd_journal_step(run->journal, run->id, data, error);
}

static gboolean note_entry(VdRun *run, gconstpointer data, GError **error)
{
    return vd_journal_job_note(run->journal, run->id, data, error);
}

static void free_step_copy(gpointer data)
{
    VdStep *step = data;
    g_free(step->id);
    g_free(step->text);
    g_free(step);
}

static VdStep *copy_step(const VdStep *step)
{
    VdStep *copy = g_memdup2(step, sizeof *step);
    copy->id = g_strdup(step->id);
    copy->text = g_strdup(step->text);
    copy->label = NULL;
    return copy;
}

/* The dirty steps as copies, and none is dirty any more. */
static GPtrArray *take_dirty(VdRun *run, char **note)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(free_step_copy);
    GHashTableIter iter;
    gpointer step;
    pthread_mutex_lock(&run->lock);
    g_hash_table_iter_init(&iter, run->dirty);
    while (g_hash_table_iter_next(&iter, &step, NULL))
        g_ptr_array_add(steps, copy_step(step));
    g_hash_table_remove_all(run->dirty);
    const char *shown = vd_run_shown_note(run);
    *note = run->note_dirty ? g_strdup(shown ? shown : "") : NULL;
    run->note_dirty = FALSE;
    run->last_write = g_get_monotonic_time();
    pthread_mutex_unlock(&run->lock);
    return steps;
}

/* Under `write_lock`. */
static gboolean write_dirty(VdRun *run)
{
    g_autofree char *note = NULL;
    gboolean ok = TRUE;
    g_autoptr(GPtrArray) steps = take_dirty(run, &note);
    for (guint i = 0; i < steps->len; i++) {
        const VdStep *step = g_ptr_array_index(steps, i);
        if (vd_run_enter(run, step_entry, step, NULL))
            continue;
        ok = FALSE;
        pthread_mutex_lock(&run->lock);
        g_hash_table_add(run->dirty, vd_job_step(run->job, step->id));
        pthread_mutex_unlock(&run->lock);
    }
    if (note && !vd_run_enter(run, note_entry, note, NULL)) {
        ok = FALSE;
        pthread_mutex_lock(&run->lock);
        run->note_dirty = TRUE;
        pthread_mutex_unlock(&run->lock);
    }
    return ok;
}

gboolean vd_run_write(VdRun *run)
{
    pthread_mutex_lock(&run->write_lock);
    gboolean ok = write_dirty(run);
    pthread_mutex_unlock(&run->write_lock);
    return ok;
}

static gboolean flush(gpointer data);

/* Under `lock`. */
static void write_later(VdRun *run, gint64 usec)
{
    if (run->flush)
        return;
    run->flush = g_timeout_source_new((guint)(MAX(usec, 0) / 1000));
    g_source_set_callback(run->flush, flush, run, NULL);
    g_source_attach(run->flush, run->context);
}

static gboolean flush(gpointer data)
{
    VdRun *run = data;
    pthread_mutex_lock(&run->lock);
    g_clear_pointer(&run->flush, g_source_unref);
    pthread_mutex_unlock(&run->lock);
    if (!vd_run_write(run)) {
        pthread_mutex_lock(&run->lock);
        write_later(run, RETRY_USEC);
        pthread_mutex_unlock(&run->lock);
    }
    return G_SOURCE_REMOVE;
}

/* Under `lock`. */
static void touched(VdRun *run, VdStep *step)
{
    if (step)
        g_hash_table_add(run->dirty, step);
    write_later(run, run->last_write + WRITE_USEC - g_get_monotonic_time());
}

/* ---- steps ---- */

static void begin_locked(VdRun *run, VdStep *step)
{
    step->state = VD_STEP_RUNNING;
    step->fraction = 0;
    step->started = g_get_real_time();
    run->current = step;
    g_hash_table_add(run->dirty, step);
}

void vd_run_hold_progress(VdRun *run, VdStep *step)
{
    step->fraction = vd_job_step_share(run->job, step, g_get_real_time());
    touched(run, step);
}

static void end_locked(VdRun *run, VdStepState state)
{
    VdStep *step = run->current;
    run->current = NULL;
    if (!step || step->state != VD_STEP_RUNNING)
        return;
    if (state != VD_STEP_DONE)
        vd_run_hold_progress(run, step);
    step->state = state;
    step->ended = g_get_real_time();
    if (state == VD_STEP_DONE)
        step->fraction = 1;
    g_hash_table_add(run->dirty, step);
}

/* What a step's beginning and end have in common: others see it at once. */
static void write_now(VdRun *run)
{
    if (vd_run_write(run))
        return;
    pthread_mutex_lock(&run->lock);
    write_later(run, RETRY_USEC);
    pthread_mutex_unlock(&run->lock);
}

void vd_run_step_begin(VdRun *run, VdStep *step)
{
    pthread_mutex_lock(&run->lock);
    begin_locked(run, step);
    pthread_mutex_unlock(&run->lock);
    write_now(run);
    vd_run_log(run, "%s: begun", step->id);
    vd_run_point_at(run, step->id, "begin");
}

void vd_run_step_end(VdRun *run, VdStepState state)
{
    pthread_mutex_lock(&run->lock);
    g_autofree char *id = run->current ? g_strdup(run->current->id) : NULL;
    pthread_mutex_unlock(&run->lock);
    vd_run_point_at(run, id, "end");
    if (state == VD_STEP_DONE)
        vd_run_values_save(run);
    pthread_mutex_lock(&run->lock);
    end_locked(run, state);
    pthread_mutex_unlock(&run->lock);
    write_now(run);
    if (id)
        vd_run_log(run, "%s: %s", id, vd_step_state_word(state));
}

void vd_run_step_mark(VdRun *run, const char *step_id, VdStepState state)
{
    pthread_mutex_lock(&run->lock);
    VdStep *step = vd_job_step(run->job, step_id);
    if (step) {
        step->state = state;
        if (step->started && !step->ended)
            step->ended = g_get_real_time();
        touched(run, step);
    }
    pthread_mutex_unlock(&run->lock);
}

void vd_run_next_step(VdRun *run, const char *step_id)
{
    pthread_mutex_lock(&run->lock);
    VdStep *step = vd_job_step(run->job, step_id);
    g_autofree char *before = run->current ? g_strdup(run->current->id) : NULL;
    gboolean moves = step && step != run->current && step->state == VD_STEP_WAITING;
    pthread_mutex_unlock(&run->lock);
    if (!moves)
        return;
    vd_run_point_at(run, before, "end");
    vd_run_values_save(run);
    pthread_mutex_lock(&run->lock);
    end_locked(run, VD_STEP_DONE);
    begin_locked(run, step);
    pthread_mutex_unlock(&run->lock);
    write_now(run);
    if (before)
        vd_run_log(run, "%s: done", before);
    vd_run_log(run, "%s: begun", step_id);
    vd_run_point_at(run, step_id, "begin");
}

void vd_run_skip_step(VdRun *run, const char *step_id, const char *why)
{
    pthread_mutex_lock(&run->lock);
    VdStep *step = vd_job_step(run->job, step_id);
    if (step) {
        step->state = VD_STEP_SKIPPED;
        if (why) {
            g_free(step->text);
            step->text = vd_text_clean(why, TEXT_CHARS, FALSE);
        }
        step->ended = g_get_real_time();
        if (!step->started)
            step->started = step->ended;
        touched(run, step);
    }
    pthread_mutex_unlock(&run->lock);
    vd_run_log(run, "%s: skipped%s%s", step_id, why ? ": " : "", why ? why : "");
}

/* text: taken over. */
static void set_text(VdRun *run, char *text)
{
    pthread_mutex_lock(&run->lock);
    /* What a step did stays readable while it is undone. */
    if (run->current && run->phase == VD_RUN_STEPS && !run->cancelled) {
        g_free(run->current->text);
        run->current->text = g_steal_pointer(&text);
        touched(run, run->current);
    }
    pthread_mutex_unlock(&run->lock);
    g_free(text);
}

void vd_run_text(VdRun *run, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    set_text(run, vd_said_va(format, list));
    va_end(list);
}

void vd_run_text_n(VdRun *run, const char *one, const char *many, gulong n, ...)
{
    va_list list;
    va_start(list, n);
    set_text(run, vd_said_n_va(one, many, n, list));
    va_end(list);
}

void vd_run_said(VdRun *run, const char *written)
{
    set_text(run, g_strdup(written));
}

void vd_run_progress(VdRun *run, double fraction)
{
    double bounded = isnan(fraction) || fraction < 0 ? -1 : MIN(fraction, 1);
    pthread_mutex_lock(&run->lock);
    if (run->current && run->phase == VD_RUN_STEPS && !run->cancelled &&
        run->current->fraction != bounded) {
        run->current->fraction = bounded;
        touched(run, run->current);
    }
    pthread_mutex_unlock(&run->lock);
}

/* written: taken over; NULL: none. */
static void set_note(VdRun *run, char *written)
{
    g_autofree char *shown = vd_said_show(written);
    pthread_mutex_lock(&run->lock);
    g_free(run->job->note);
    run->job->note = written;
    run->note_dirty = TRUE;
    touched(run, NULL);
    pthread_mutex_unlock(&run->lock);
    vd_run_log(run, shown ? "note: %s" : "the note is no longer so%s", shown ? shown : "");
}

void vd_run_note(VdRun *run, const char *text)
{
    set_note(run, *text ? vd_text_clean(text, TEXT_CHARS, FALSE) : NULL);
}

void vd_run_note_n(VdRun *run, const char *one, const char *many, gulong n, ...)
{
    va_list list;
    va_start(list, n);
    set_note(run, vd_said_n_va(one, many, n, list));
    va_end(list);
}

void vd_run_log(VdRun *run, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *raw = g_strdup_vprintf(format, list);
    va_end(list);
    g_autofree char *text = vd_text_clean(raw, 0, FALSE);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%H:%M:%S");
    g_autofree char *line = g_strconcat(time, " ", text, "\n", NULL);
    /* Standard error is the job's log; one write a line, for children write there too. */
    ssize_t written = write(STDERR_FILENO, line, strlen(line));
    (void)written; /* a full disk must not stop the work */
    vd_log(VD_LOG_INFO, run->id, "%s", text);
}

/* ---- undo, values, secrets ---- */

static gboolean undo_entry(VdRun *run, gconstpointer data, GError **error)
{
    const VdUndo *undo = data;
    return undo->step
               ? vd_journal_undo_push(run->journal, run->id, undo->kind, undo->argument, error)
               : vd_journal_undo_push_at_end(run->journal, run->id, undo->kind, undo->argument,
                                             error);
}

/* A journal that others hold for a while, or whose disk is slow, is waited for: the work so far is
 * worth more. */
static gboolean enter_undo(VdRun *run, const VdUndo *undo, GError **error)
{
    gint64 until = g_get_monotonic_time() + UNDO_USEC;
    for (gboolean told = FALSE;; told = TRUE) {
        g_autoptr(GError) local = NULL;
        if (vd_run_enter(run, undo_entry, undo, &local))
            return TRUE;
        if (vd_error_code(local) != VD_ERR_BUSY || g_get_monotonic_time() >= until ||
            g_cancellable_is_cancelled(vd_run_cancellable(run))) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!told)
            vd_run_log(run, "what is to be undone is not in the journal yet: %s", local->message);
    }
}

/* step: takes it over. */
static gboolean push_undo(VdRun *run, char *step, const char *kind, const char *argument,
                          GError **error)
{
    VdUndo *undo = g_new0(VdUndo, 1);
    undo->kind = g_strdup(kind);
    undo->argument = g_strdup(argument);
    undo->step = step;
    if (!enter_undo(run, undo, error)) {
        vd_undo_free(undo);
        return FALSE;
    }
    pthread_mutex_lock(&run->lock);
    g_ptr_array_add(run->undos, undo);
    pthread_mutex_unlock(&run->lock);
    return TRUE;
}

/* The caller frees. */
static char *current_step(VdRun *run)
{
    pthread_mutex_lock(&run->lock);
    char *step = run->current ? g_strdup(run->current->id) : NULL;
    pthread_mutex_unlock(&run->lock);
    return step;
}

gboolean vd_run_undo(VdRun *run, const char *kind, const char *argument, GError **error)
{
    g_autofree char *step = current_step(run);
    if (!push_undo(run, g_strdup(step), kind, argument, error))
        return FALSE;
    vd_run_point_at(run, step, "undo");
    vd_run_point_at(run, step, kind);
    return TRUE;
}

gboolean vd_run_undo_at_end(VdRun *run, const char *kind, const char *argument, GError **error)
{
    g_autofree char *step = current_step(run);
    if (!push_undo(run, NULL, kind, argument, error))
        return FALSE;
    vd_run_point_at(run, step, "undo");
    return TRUE;
}

void vd_run_set(VdRun *run, const char *name, const char *value)
{
    pthread_mutex_lock(&run->lock);
    if (value)
        g_hash_table_insert(run->values, g_strdup(name), g_strdup(value));
    else
        g_hash_table_remove(run->values, name);
    run->values_dirty = TRUE;
    pthread_mutex_unlock(&run->lock);
}

const char *vd_run_get(const VdRun *run, const char *name)
{
    VdRun *self = (VdRun *)run;
    pthread_mutex_lock(&self->lock);
    const char *value = g_hash_table_lookup(self->values, name);
    pthread_mutex_unlock(&self->lock);
    return value;
}

char *vd_run_secrets(VdRun *run, GError **error)
{
    g_autofree char *path = g_build_filename(run->folder, "secrets", NULL);
    g_autoptr(GError) local = NULL;
    char *secrets = vd_file_read(path, SECRETS_MAX, NULL, &local);
    pthread_mutex_lock(&run->lock);
    run->secrets_read = TRUE;
    pthread_mutex_unlock(&run->lock);
    if (!secrets && vd_error_code(local) != VD_ERR_NOT_FOUND)
        g_propagate_error(error, g_steal_pointer(&local));
    return secrets;
}
