/* Many machines in one request. The job of the request makes one job for each machine, all of them
 * before the first begins, so that all names and addresses are taken or none; then it starts them,
 * some at a time, and waits. Each is a job like any other: it has its own runner, steps, log and
 * id, and is cancelled or resumed for itself. Those that wait are held by their locks. Working on a
 * machine ends, for counting, where its first boot begins: that costs this program nothing. */
#include "config.h"

#include "src/deploy/many.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/deploy/spec.h"
#include "src/deploy/store.h"

#define LOOK_USEC (G_USEC_PER_SEC / 4)
#define NAMED     8

typedef struct {
    char *id, *host, *plan; /* plan: the spec of its job */
    char *name;
    int lock; /* of a job that waits; -1: none */
    VdJobState state;
    double fraction;
    gboolean there;  /* its job has been made */
    gboolean busy;   /* at work, and not only waiting for its first boot */
    gboolean asked;  /* to stop */
    gboolean begun;  /* by this runner or one before it */
    gboolean resume; /* it was interrupted: to go on with */
    gboolean again;  /* that was tried */
} Machine;

typedef struct {
    VdRun *run;
    VdJournal *journal;
    GPtrArray *machines; /* Machine */
    guint parallel;
} Many;

static void machine_free(gpointer data)
{
    Machine *machine = data;

    g_free(machine->id);
    g_free(machine->host);
    g_free(machine->plan);
    g_free(machine->name);
    if (machine->lock >= 0)
        close(machine->lock);
    g_free(machine);
}

/* ---- asking for it ---- */

static char *make_spec(const VdMany *many)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(builder);
    vd_json_int(builder, "parallel", many->parallel);
    json_builder_set_member_name(builder, "machines");
    json_builder_begin_array(builder);
    for (guint i = 0; i < many->plans->len; i++) {
        g_autofree char *plan = vd_plan_to_json(g_ptr_array_index(many->plans, i));

        json_builder_begin_object(builder);
        vd_json_text(builder, "id", many->ids[i]);
        vd_json_text(builder, "host", many->hosts[i]);
        vd_json_text(builder, "plan", plan);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_to_string(root, FALSE);
}

static VdJob *job_of(const VdPlan *plan, const char *id, const char *host, const char *author)
{
    VdJob *job = vd_deploy_job_new(id, "deploy", author, plan->name);

    job->host = g_strdup(host);
    job->title = g_strdup_printf("deploy %s", plan->name);
    vd_deploy_add_steps(job, plan);
    return job;
}

static gboolean is_free(VdJournal *journal, const VdJob *job, const VdPlan *plan, GError **error)
{
    return vd_deploy_name_free(journal, job, error) &&
           (!plan->address || vd_deploy_address_free(journal, job, plan, error));
}

gboolean vd_many_start(VdJournal *journal, const char *request, const char *author,
                       const VdMany *many, GError **error)
{
    g_autoptr(VdJob) parent = vd_deploy_job_new(request, "deploy.many", author, many->label);
    g_autofree char *spec = make_spec(many);
    int lock = vd_store_lock(error);
    gboolean ok = lock >= 0;

    for (guint i = 0; ok && i < many->plans->len; i++) {
        const VdPlan *plan = g_ptr_array_index(many->plans, i);
        g_autoptr(VdJob) job = job_of(plan, many->ids[i], many->hosts[i], author);

        ok = is_free(journal, job, plan, error);
    }
    if (lock >= 0)
        close(lock);
    parent->title = g_strdup_printf("deploy %s", many->label);
    /* The runner looks again, under the same lock. */
    return ok && vd_jobs_start(journal, vd_deploy_kind("deploy.many"), parent, spec, many->secrets,
                               error);
}

/* ---- reserving ---- */

static gboolean read_machines(Many *many, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(vd_run_spec(many->run), NULL);
    JsonObject *object = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonArray *list = object && json_object_has_member(object, "machines")
                          ? json_object_get_array_member(object, "machines")
                          : NULL;

    many->parallel =
        object
            ? (guint)CLAMP(json_object_get_int_member_with_default(object, "parallel", VD_PARALLEL),
                           1, 1000)
            : 1;
    for (guint i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *one = json_array_get_object_element(list, i);
        Machine *machine = g_new0(Machine, 1);
        g_autoptr(VdPlan) plan = NULL;

        machine->lock = -1;
        g_ptr_array_add(many->machines, machine);
        machine->id = g_strdup(json_object_get_string_member_with_default(one, "id", ""));
        machine->host = g_strdup(json_object_get_string_member_with_default(one, "host", NULL));
        machine->plan = g_strdup(json_object_get_string_member_with_default(one, "plan", ""));
        plan = vd_plan_from_json(machine->plan, error);
        if (!plan)
            return FALSE;
        machine->name = g_strdup(plan->name);
    }
    return many->machines->len > 0 ||
           vd_fail(error, VD_ERR_DAMAGED, NULL, _("The plan of this job cannot be read."));
}

/* What an earlier runner of this job has left of one. */
static void find_again(Many *many, Machine *machine)
{
    g_autoptr(VdJob) job = vd_journal_job(many->journal, machine->id, NULL);

    if (!job)
        return;
    machine->there = TRUE;
    machine->begun = job->started != 0 || vd_job_state_ended(job->state);
    if (!machine->begun)
        machine->lock = vd_jobs_hold_again(many->journal, machine->id);
    machine->resume = machine->begun && job->state == VD_JOB_INTERRUPTED && !job->error;
}

static gboolean make_job(Many *many, Machine *machine, const char *secrets, GError **error)
{
    g_autoptr(VdPlan) plan = vd_plan_from_json(machine->plan, error);
    g_autoptr(VdJob) job =
        plan ? job_of(plan, machine->id, machine->host, vd_run_author(many->run)) : NULL;

    machine->there = job && vd_jobs_hold(many->journal, vd_deploy_kind("deploy"), job,
                                         machine->plan, secrets, &machine->lock, error);
    if (machine->there)
        vd_run_log(many->run, "%s is %s", machine->name, machine->id);
    return machine->there;
}

static gboolean all_free(Many *many, GError **error)
{
    for (guint i = 0; i < many->machines->len; i++) {
        Machine *machine = g_ptr_array_index(many->machines, i);
        g_autoptr(VdPlan) plan = machine->there ? NULL : vd_plan_from_json(machine->plan, error);
        g_autoptr(VdJob) job = plan ? job_of(plan, machine->id, machine->host, NULL) : NULL;

        if (!machine->there && (!job || !is_free(many->journal, job, plan, error)))
            return FALSE;
    }
    return TRUE;
}

static void drop_held(Many *many, const char *why)
{
    for (guint i = 0; i < many->machines->len; i++) {
        Machine *machine = g_ptr_array_index(many->machines, i);

        if (machine->lock >= 0)
            vd_jobs_drop_held(many->journal, machine->id, machine->lock, why);
        machine->lock = -1;
    }
}

static gboolean all_there(const Many *many)
{
    for (guint i = 0; i < many->machines->len; i++)
        if (!((const Machine *)g_ptr_array_index(many->machines, i))->there)
            return FALSE;
    return TRUE;
}

/* All of them or none. */
static gboolean make_jobs(Many *many, const char *secrets, GError **error)
{
    g_autoptr(GError) why = NULL;
    int lock = all_there(many) ? -1 : vd_store_lock(error);
    gboolean ok;

    if (lock < 0)
        return all_there(many);
    ok = all_free(many, &why);
    for (guint i = 0; ok && i < many->machines->len; i++) {
        Machine *machine = g_ptr_array_index(many->machines, i);

        ok = machine->there || make_job(many, machine, secrets, &why);
    }
    close(lock);
    if (ok)
        return TRUE;
    drop_held(many, vd_error_written(why));
    g_propagate_error(error, g_steal_pointer(&why));
    return FALSE;
}

static gboolean reserve(Many *many, GError **error)
{
    g_autofree char *file = g_build_filename(vd_run_folder(many->run), "secrets", NULL);
    char *secrets;
    gboolean ok;

    for (guint i = 0; i < many->machines->len; i++)
        find_again(many, g_ptr_array_index(many->machines, i));
    secrets = vd_run_secrets(many->run, NULL);
    ok = make_jobs(many, secrets, error);
    vd_secret_free(secrets);
    if (ok)
        vd_secret_unlink(file); /* each job has its own */
    vd_run_text_n(many->run, "%u name", "%u names", many->machines->len, many->machines->len);
    return ok;
}

/* ---- making ---- */

static gboolean works_still(const VdJob *job)
{
    const VdStep *boot = vd_job_step(job, "boot");

    return !vd_job_state_ended(job->state) && job->state != VD_JOB_INTERRUPTED &&
           (!boot || boot->state == VD_STEP_WAITING);
}

static void look_at(Many *many, Machine *machine)
{
    g_autoptr(VdJob) job = vd_journal_job(many->journal, machine->id, NULL);

    if (!job)
        return;
    machine->state = job->state;
    machine->fraction =
        vd_job_state_ended(job->state) ? 1 : vd_job_fraction(job, g_get_real_time());
    machine->busy = machine->begun && works_still(job);
    /* Once by itself; what kills its runner twice is for people to look at. */
    if (machine->begun && job->state == VD_JOB_INTERRUPTED && !job->error && !machine->again)
        machine->resume = TRUE;
    if (machine->lock >= 0 && job->state == VD_JOB_CANCELLING) {
        vd_jobs_drop_held(many->journal, machine->id, machine->lock, NULL);
        machine->lock = -1;
        machine->state = VD_JOB_CANCELLED;
    }
}

typedef struct {
    guint busy, waiting, ready, failed, open;
} Counts;

static gboolean is_waiting(const Machine *machine)
{
    return machine->lock >= 0 || machine->resume;
}

static Counts look_at_all(Many *many)
{
    Counts counts = {0};
    double sum = 0;

    for (guint i = 0; i < many->machines->len; i++) {
        Machine *machine = g_ptr_array_index(many->machines, i);
        gboolean over = vd_job_state_ended(machine->state);

        if (!over)
            look_at(many, machine);
        over = vd_job_state_ended(machine->state) ||
               (machine->state == VD_JOB_INTERRUPTED && !is_waiting(machine));
        sum += over ? 1 : machine->fraction;
        counts.open += !over;
        counts.waiting += !over && is_waiting(machine);
        counts.busy += !over && !is_waiting(machine) && machine->busy;
        counts.ready += machine->state == VD_JOB_DONE;
        counts.failed += over && machine->state != VD_JOB_DONE;
    }
    vd_run_text(many->run, _("%u ready, %u under way, %u waiting, %u failed"), counts.ready,
                counts.open - counts.waiting, counts.waiting, counts.failed);
    vd_run_progress(many->run, sum / many->machines->len);
    return counts;
}

static void begin_one(Many *many, Machine *machine)
{
    g_autoptr(GError) why = NULL;
    gboolean ok;

    if (machine->lock >= 0)
        ok = vd_jobs_begin_held(many->journal, machine->id, machine->lock, &why);
    else
        ok = vd_jobs_resume(many->journal, vd_deploy_kinds, machine->id, &why);
    machine->again = machine->lock < 0;
    machine->lock = -1;
    machine->resume = FALSE;
    machine->begun = TRUE;
    machine->busy = TRUE;
    if (!ok)
        vd_run_log(many->run, "%s (%s): %s", machine->name, machine->id, why->message);
}

/* One at a time, in their order: another look tells whether there is room for the next. */
static gboolean begin_next(Many *many)
{
    for (guint i = 0; i < many->machines->len; i++) {
        Machine *machine = g_ptr_array_index(many->machines, i);

        if (!is_waiting(machine) || vd_job_state_ended(machine->state))
            continue;
        begin_one(many, machine);
        return TRUE;
    }
    return FALSE;
}

static void stop_all(Many *many)
{
    drop_held(many, NULL);
    for (guint i = 0; i < many->machines->len; i++) {
        Machine *machine = g_ptr_array_index(many->machines, i);
        g_autoptr(GError) why = NULL;

        machine->resume = FALSE;
        if (machine->asked || vd_job_state_ended(machine->state))
            continue;
        machine->asked = TRUE;
        if (!vd_jobs_cancel(many->journal, machine->id, &why))
            vd_run_log(many->run, "%s (%s): %s", machine->name, machine->id, why->message);
    }
}

/* "web-03, web-07", in any language: those that were not made. The caller frees. */
static char *name_failed(const Many *many)
{
    g_autoptr(GString) names = g_string_new(NULL);
    g_autofree char *more = NULL;
    guint found = 0;

    for (guint i = 0; i < many->machines->len; i++) {
        const Machine *machine = g_ptr_array_index(many->machines, i);

        if (machine->state == VD_JOB_DONE || ++found > NAMED)
            continue;
        g_string_append_printf(names, "%s%s (%s)", names->len > 0 ? ", " : "", machine->name,
                               machine->id);
    }
    if (found > NAMED)
        more = vd_said(N_(" and %u more"), found - NAMED);
    g_string_append(names, more ? more : "");
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static gboolean tend(Many *many, GError **error)
{
    GCancellable *cancel = vd_run_cancellable(many->run);
    g_autofree char *failed = NULL, *names = NULL;
    Counts counts;

    for (;;) {
        if (g_cancellable_is_cancelled(cancel))
            stop_all(many);
        counts = look_at_all(many);
        if (counts.open == 0)
            break;
        if (counts.busy >= many->parallel || g_cancellable_is_cancelled(cancel) ||
            !begin_next(many))
            g_usleep(LOOK_USEC);
    }
    vd_run_keep(many->run); /* nothing is under way any more */
    if (g_cancellable_is_cancelled(cancel))
        return vd_fail(error, VD_ERR_CANCELLED, NULL, _("Cancelled."));
    if (counts.failed == 0)
        return TRUE;
    failed = name_failed(many);
    names = vd_said_show(failed);
    vd_fail_n(error, VD_ERR_FAILED, "%u of %u machines was not made: %s.",
              "%u of %u machines were not made: %s.", counts.failed, counts.failed,
              many->machines->len, names);
    if (error)
        vd_error_write(*error, vd_said_quote(g_strdup(vd_error_written(*error)), names, failed));
    return FALSE;
}

static gboolean step_reserve(VdRun *run, GError **error)
{
    g_autofree char *path = vd_path_journal();
    g_autoptr(VdJournal) journal = vd_journal_open(path, error);
    Many many = {.run = run, .journal = journal};
    gboolean ok;

    if (!journal)
        return FALSE;
    many.machines = g_ptr_array_new_with_free_func(machine_free);
    ok = read_machines(&many, error) && vd_run_undo_at_end(run, "machines", "", error) &&
         reserve(&many, error);
    if (ok) {
        vd_run_next_step(run, "machines");
        ok = tend(&many, error);
    }
    g_ptr_array_unref(many.machines);
    return ok;
}

/* Its runner was killed, and it is not to go on: nor are those of its machines that are not ready.
 * They are asked to stop, and end by themselves. */
static gboolean undo_machines(VdRun *run, const char *argument, GError **error)
{
    g_autofree char *path = vd_path_journal();
    g_autoptr(VdJournal) journal = vd_journal_open(path, error);
    g_autoptr(GPtrArray) jobs =
        journal ? vd_journal_children(journal, vd_run_id(run), error) : NULL;

    (void)argument;
    for (guint i = 0; jobs && i < jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(jobs, i);
        g_autoptr(GError) why = NULL;

        if (!vd_job_state_ended(job->state) && !vd_jobs_cancel(journal, job->id, &why))
            vd_run_log(run, "%s (%s): %s", job->target, job->id, why->message);
    }
    return jobs != NULL;
}

const VdUndoSpec vd_many_undos[] = {
    {N_("machines"), N_("machines that were not ready taken back"), undo_machines, FALSE},
    {NULL, NULL, NULL, FALSE},
};

const VdStepSpec vd_many_steps[] = {
    {"reserve", N_("reserve names"), 1, step_reserve},
    {"machines", N_("make the machines"), 60, NULL},
    {NULL, NULL, 0, NULL},
};

const VdAgain vd_many_again[] = {{"machines", "reserve", NULL}, {NULL, NULL, NULL}};
