/* Going on after a runner was killed. The journal says which step it was in; that step begins anew,
 * or the one before it that made what it was changing. What they had made is undone first, so that
 * a step never meets its own half-done work. What steps leave to each other is a file in the job's
 * folder, written before the end of a step is: a journal that says that a step is done is right. If
 * that file is missing (the disk was full), all steps begin anew. */
#include "config.h"

#include "src/jobs/run.h"

#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"

#define VALUES_MAX (16 * 1024 * 1024)
#define PAUSE_USEC (G_USEC_PER_SEC / 20)

gboolean vd_run_resumed(const VdRun *run)
{
    return run->mode == VD_RUN_RESUME;
}

static gboolean is_wanted(const char *variable, const char *step, const char *point)
{
    const char *wanted = g_getenv(variable);
    const char *colon = wanted ? strchr(wanted, ':') : NULL;
    return colon && step && strcmp(colon + 1, point) == 0 &&
           strlen(step) == (gsize)(colon - wanted) &&
           strncmp(step, wanted, (gsize)(colon - wanted)) == 0;
}

/* Once: what is reached again and again goes on. */
static void pause_here(VdRun *run)
{
    g_autofree char *path = g_build_filename(run->folder, "paused", NULL);
    if (run->paused || !g_file_set_contents(path, "", 0, NULL))
        return;
    run->paused = TRUE;
    while (g_file_test(path, G_FILE_TEST_EXISTS) &&
           !g_cancellable_is_cancelled(vd_run_cancellable(run)))
        g_usleep(PAUSE_USEC);
    unlink(path);
}

void vd_run_point_at(VdRun *run, const char *step, const char *point)
{
    if (is_wanted("VMDECK_JOB_DIE_AT", step, point))
        kill(getpid(), SIGKILL);
    if (is_wanted("VMDECK_JOB_PAUSE_AT", step, point))
        pause_here(run);
}

void vd_run_point(VdRun *run, const char *point)
{
    pthread_mutex_lock(&run->lock);
    g_autofree char *step = run->current ? g_strdup(run->current->id) : NULL;
    pthread_mutex_unlock(&run->lock);
    vd_run_point_at(run, step, point);
}

/* ---- values ---- */

static char *values_path(const VdRun *run)
{
    return g_build_filename(run->folder, "values", NULL);
}

/* Under `lock`. The caller frees. */
static char *values_text(VdRun *run)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();
    GHashTableIter iter;
    gpointer name, value;
    json_node_take_object(node, object);
    g_hash_table_iter_init(&iter, run->values);
    while (g_hash_table_iter_next(&iter, &name, &value))
        json_object_set_string_member(object, name, value);
    return json_to_string(node, FALSE);
}

void vd_run_values_save(VdRun *run)
{
    g_autofree char *path = values_path(run);
    g_autoptr(GError) error = NULL;
    pthread_mutex_lock(&run->lock);
    gboolean wanted = run->kind->again && run->values_dirty;
    g_autofree char *text = wanted ? values_text(run) : NULL;
    run->values_dirty = FALSE;
    pthread_mutex_unlock(&run->lock);
    if (!wanted || vd_file_replace(path, text, -1, 0600, &error))
        return;
    vd_run_log(run, "%s", error->message);
    unlink(path);
}

void vd_run_values_drop(const VdRun *run)
{
    g_autofree char *path = values_path(run);
    unlink(path);
}

static gboolean values_load(VdRun *run)
{
    g_autofree char *path = values_path(run);
    g_autofree char *text = vd_file_read(path, VALUES_MAX, NULL, NULL);
    g_autoptr(JsonNode) node = text ? json_from_string(text, NULL) : NULL;
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    if (!node || !JSON_NODE_HOLDS_OBJECT(node))
        return FALSE;
    json_object_iter_init(&iter, json_node_get_object(node));
    while (json_object_iter_next(&iter, &name, &value))
        if (JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_STRING)
            vd_run_set(run, name, json_node_get_string(value));
    return TRUE;
}

/* ---- where to begin ---- */

static int place_of(const VdStepSpec *steps, const char *id)
{
    for (int i = 0; steps[i].id; i++)
        if (g_strcmp0(steps[i].id, id) == 0)
            return i;
    return -1;
}

static const char *again_from(VdRun *run, const char *id)
{
    for (const VdAgain *again = run->kind->again; again->step; again++)
        if (g_strcmp0(again->step, id) == 0)
            return again->goes_on && again->goes_on(run) ? id : again->from;
    return id;
}

/* The first step that is not over, whether it had begun; the number of steps if there is none. */
static int first_open(VdRun *run, gboolean *ret_begun)
{
    const VdStepSpec *steps = run->kind->steps;
    int at = 0;
    *ret_begun = FALSE;
    for (; steps[at].id; at++) {
        const VdStep *step = vd_job_step(run->job, steps[at].id);
        if (!step || step->state == VD_STEP_DONE || step->state == VD_STEP_SKIPPED)
            continue;
        *ret_begun = step->state != VD_STEP_WAITING;
        break;
    }
    return at;
}

static int begin_place(VdRun *run)
{
    const VdStepSpec *steps = run->kind->steps;
    gboolean begun;
    int at = first_open(run, &begun);
    if (at > 0 && !values_load(run))
        return 0;
    if (begun) {
        int from = place_of(steps, again_from(run, steps[at].id));
        at = from >= 0 ? MIN(from, at) : at;
    }
    /* A step that another one covers begins with that one. */
    while (at > 0 && steps[at].id && !steps[at].func)
        at--;
    return at;
}

static gboolean pick(VdRun *run, const char *step, gconstpointer data)
{
    return step && place_of(run->kind->steps, step) >= *(const int *)data;
}

static void wait_again(VdRun *run, int from)
{
    for (const VdStepSpec *spec = run->kind->steps + from; spec->id; spec++) {
        VdStep *step = vd_job_step(run->job, spec->id);
        if (!step)
            continue;
        step->state = VD_STEP_WAITING;
        step->fraction = 0;
        step->started = step->ended = 0;
        g_clear_pointer(&step->text, g_free);
        g_hash_table_add(run->dirty, step);
    }
}

gboolean vd_run_resume(VdRun *run, GError **error)
{
    g_autoptr(GString) undone = g_string_new(NULL);
    g_autoptr(GString) failed = g_string_new(NULL);
    vd_run_kill_leftovers(run->id, run->folder);
    int from = begin_place(run);
    if (!vd_run_undo_some(run, pick, &from, undone, failed))
        return vd_fail(error, VD_ERR_FAILED, failed->str,
                       _("What the interrupted step had made could not be undone."));
    pthread_mutex_lock(&run->lock);
    wait_again(run, from);
    pthread_mutex_unlock(&run->lock);
    vd_run_write(run);
    if (run->kind->steps[from].id)
        vd_run_log(run, "going on with the step %s", run->kind->steps[from].id);
    return TRUE;
}
