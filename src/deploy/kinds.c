/* The kinds of jobs of this room, and what they have in common: a name is reserved by the job that
 * has it, from the moment its row is written until it ends. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/deploy/deploy-private.h"
#include "src/deploy/install.h"
#include "src/deploy/many.h"

/* Jobs on images: a copy that an appliance has begun to change is made anew; all else begins where
 * it was: a download goes on after what is there, a disk that is being made whole is followed. */
static const VdAgain vd_image_again[] = {
    {"agent", "copy", NULL},
    {"generalise", "copy", NULL},
    {"shrink", "copy", NULL},
    {NULL, NULL, NULL},
};

const VdJobKind vd_deploy_kinds[] = {
    {"deploy", vd_deploy_steps, vd_deploy_undos, vd_deploy_again},
    {"deploy.many", vd_many_steps, vd_many_undos, vd_many_again},
    {"install", vd_install_steps, vd_deploy_undos, vd_install_again},
    {"image.add", vd_image_add_steps, vd_image_add_undos, vd_image_again},
    {"image.prepare", vd_image_prepare_steps, vd_image_add_undos, vd_image_again},
    {"vm.whole", vd_whole_steps, vd_whole_undos, vd_image_again},
    {"image.fetch", vd_image_fetch_steps, vd_image_add_undos, vd_image_again},
    {"image.refresh", vd_image_refresh_steps, vd_image_no_undos, vd_image_again},
    {"image.make", vd_image_make_steps, vd_image_add_undos, vd_image_again},
    {"image.publish", vd_image_publish_steps, vd_image_add_undos, vd_image_again},
    {"image.export", vd_image_export_steps, vd_image_add_undos, vd_image_again},
    {NULL, NULL, NULL, NULL},
};

const VdJobKind *vd_deploy_kind(const char *verb)
{
    const VdJobKind *kind = vd_deploy_kinds;

    while (kind->verb && !g_str_equal(kind->verb, verb))
        kind++;
    return kind;
}

VdJob *vd_deploy_job_new(const char *request, const char *verb, const char *author,
                         const char *target)
{
    VdJob *job = vd_job_new(request);

    job->verb = g_strdup(verb);
    job->author = g_strdup(author);
    job->target = g_strdup(target);
    return job;
}

typedef enum { NAMES_OWN, NAMES_MACHINES, NAMES_IMAGES } Names;

/* Whose names a verb's target is one of; NAMES_OWN: of that verb alone. */
static Names names_of(const char *verb)
{
    static const struct {
        const char *verb;
        Names names;
    } table[] = {{"deploy", NAMES_MACHINES},   {"install", NAMES_MACHINES},
                 {"image.add", NAMES_IMAGES},  {"image.fetch", NAMES_IMAGES},
                 {"image.make", NAMES_IMAGES}, {"image.prepare", NAMES_IMAGES}};

    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        if (g_strcmp0(table[i].verb, verb) == 0)
            return table[i].names;
    }
    return NAMES_OWN;
}

static gboolean same_names(const char *verb, const char *other)
{
    Names names = names_of(verb);

    return names == NAMES_OWN ? g_strcmp0(verb, other) == 0 : names == names_of(other);
}

/* Machines are a host's; images are this one's, from whichever host their disk comes. */
static gboolean same_target(const VdJob *job, const VdJob *other)
{
    return g_strcmp0(other->target, job->target) == 0 &&
           (names_of(job->verb) == NAMES_IMAGES || g_strcmp0(other->host, job->host) == 0);
}

gboolean vd_deploy_name_free(VdJournal *journal, const VdJob *job, GError **error)
{
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 0, error);

    if (!jobs)
        return FALSE;
    for (guint i = 0; i < jobs->len; i++) {
        const VdJob *other = g_ptr_array_index(jobs, i);

        if (vd_job_state_ended(other->state) || !same_names(job->verb, other->verb) ||
            !same_target(job, other) || g_strcmp0(other->id, job->id) == 0)
            continue;
        if (other->state == VD_JOB_INTERRUPTED) {
            if (vd_jobs_sweep(journal, vd_deploy_kinds) > 0)
                return vd_fail(error, VD_ERR_BUSY, NULL,
                               _("The job %s for %s was interrupted and is being taken back; try "
                                 "again in a moment."),
                               other->id, job->target);
            return vd_fail(error, VD_ERR_EXISTS, NULL,
                           _("The job %s for %s was interrupted: go on with it (vmdeck job resume "
                             "%s) or take it back (vmdeck job cancel %s) first."),
                           other->id, job->target, other->id, other->id);
        }
        return vd_fail(error, VD_ERR_EXISTS, NULL,
                       _("The job %s is working on %s already; wait for it, cancel it, or choose "
                         "another name."),
                       other->id, job->target);
    }
    return TRUE;
}

/* The address of a job's plan without its prefix length, if it is on the same network; the caller
 * frees. NULL: none. */
static char *address_there(VdJournal *journal, const VdJob *other, const VdPlan *plan)
{
    g_autofree char *spec = vd_journal_job_spec(journal, other->id, NULL);
    g_autoptr(VdPlan) theirs = spec ? vd_plan_from_json(spec, NULL) : NULL;

    if (!theirs || !theirs->address || g_strcmp0(theirs->uri, plan->uri) != 0 ||
        g_strcmp0(theirs->network, plan->network) != 0)
        return NULL;
    return g_strndup(theirs->address, strcspn(theirs->address, "/"));
}

static gboolean same_address(const char *a, const char *b)
{
    g_autoptr(GInetAddress) first = g_inet_address_new_from_string(a);
    g_autoptr(GInetAddress) second = g_inet_address_new_from_string(b);

    return first && second && g_inet_address_equal(first, second);
}

gboolean vd_deploy_address_free(VdJournal *journal, const VdJob *job, const VdPlan *plan,
                                GError **error)
{
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(journal, 0, error);
    g_autofree char *mine = g_strndup(plan->address, strcspn(plan->address, "/"));

    if (!jobs)
        return FALSE;
    for (guint i = 0; i < jobs->len; i++) {
        const VdJob *other = g_ptr_array_index(jobs, i);
        g_autofree char *theirs = NULL;

        if (vd_job_state_ended(other->state) || !same_names(job->verb, other->verb) ||
            g_strcmp0(other->id, job->id) == 0)
            continue;
        theirs = address_there(journal, other, plan);
        if (theirs && same_address(theirs, mine))
            return vd_fail(error, VD_ERR_EXISTS, NULL,
                           _("The job %s gives the address %s to %s; give another one."), other->id,
                           mine, other->target);
    }
    return TRUE;
}
