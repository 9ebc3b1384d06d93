/* Jobs and their steps as values. The weights of steps are expected seconds, so that a bar over all
 * of them moves evenly. */
#include "config.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/model/image.h"
#include "src/model/job.h"

const char *vd_job_state_word(VdJobState state)
{
    static const char *const words[] = {N_("queued"),      N_("running"), N_("cancelling"),
                                        N_("done"),        N_("failed"),  N_("cancelled"),
                                        N_("interrupted"), N_("unknown")};
    return (guint)state < G_N_ELEMENTS(words) ? words[state] : N_("unknown");
}

gboolean vd_job_state_ended(VdJobState state)
{
    return state == VD_JOB_DONE || state == VD_JOB_FAILED || state == VD_JOB_CANCELLED ||
           state == VD_JOB_UNKNOWN;
}

const char *vd_step_state_word(VdStepState state)
{
    static const char *const words[] = {N_("waiting"), N_("running"), N_("done"),
                                        N_("skipped"), N_("failed"),  N_("undone")};
    return (guint)state < G_N_ELEMENTS(words) ? words[state] : N_("unknown");
}

/* Titles of jobs; what stands behind one is its argument. */
static const char *const titles[] = {
    N_("deploy %s"),       N_("install %s"),    N_("add image %s"),
    N_("fetch image %s"),  N_("make image %s"), N_("prepare image %s"),
    N_("export image %s"), N_("publish to %s"), N_("whole %s"),
};

char *vd_job_shown_title(const VdJob *job)
{
    const char *title = job->title ? job->title : "";
    if (strcmp(title, "refresh catalogues") == 0)
        return g_strdup(_("refresh catalogues"));
    for (guint i = 0; i < G_N_ELEMENTS(titles); i++) {
        gsize words = strlen(titles[i]) - 2;
        g_auto(GStrv) around = NULL;
        if (strncmp(title, titles[i], words) != 0)
            continue;
        around = g_strsplit(_(titles[i]), "%s", 2); /* the title is data, no format */
        return g_strconcat(around[0], title + words, around[1], NULL);
    }
    return g_strdup(title);
}

const char *vd_step_word(const VdStep *step)
{
    if (!step->label || !*step->label)
        return step->id;
    const char *name = _(step->label);
    return strcmp(name, step->label) != 0 ? name : step->id;
}

static void step_free(VdStep *step)
{
    g_free(step->id);
    g_free(step->label);
    g_free(step->text);
    g_free(step);
}

VdJob *vd_job_new(const char *id)
{
    VdJob *job = g_new0(VdJob, 1);
    g_atomic_ref_count_init(&job->refs);
    job->id = g_strdup(id);
    job->steps = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    return job;
}

VdJob *vd_job_ref(VdJob *job)
{
    g_atomic_ref_count_inc(&job->refs);
    return job;
}

void vd_job_unref(VdJob *job)
{
    if (!job || !g_atomic_ref_count_dec(&job->refs))
        return;
    g_free(job->id);
    g_free(job->verb);
    g_free(job->title);
    g_free(job->target);
    g_free(job->host);
    g_free(job->author);
    g_free(job->parent);
    g_free(job->error);
    g_free(job->detail);
    g_free(job->undone);
    g_free(job->note);
    g_ptr_array_unref(job->steps);
    g_free(job);
}

VdStep *vd_job_add_step(VdJob *job, const char *id, const char *label, int weight)
{
    VdStep *step = g_new0(VdStep, 1);
    step->id = g_strdup(id);
    step->label = g_strdup(label);
    step->weight = MAX(weight, 1);
    g_ptr_array_add(job->steps, step);
    return step;
}

VdStep *vd_job_step(const VdJob *job, const char *step_id)
{
    for (guint i = 0; i < job->steps->len; i++) {
        VdStep *step = g_ptr_array_index(job->steps, i);
        if (strcmp(step->id, step_id) == 0)
            return step;
    }
    return NULL;
}

static double seconds(gint64 usec)
{
    return (double)MAX(usec, 0) / G_USEC_PER_SEC;
}

/* How this machine's seconds compare with the expected ones, by the steps that have ended. Short
 * ones, or a small part of a long job, prove little: some seconds as expected are added. */
static double speed_of(const VdJob *job)
{
    double all = 0;
    for (guint i = 0; i < job->steps->len; i++)
        all += ((const VdStep *)g_ptr_array_index(job->steps, i))->weight;
    double expected = MAX(5, all / 10), took = expected;
    for (guint i = 0; i < job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(job->steps, i);
        if (step->state != VD_STEP_DONE || !step->started || !step->ended)
            continue;
        expected += step->weight;
        took += seconds(step->ended - step->started);
    }
    return CLAMP(took / expected, 0.2, 10.0);
}

/* Of a step that tells no progress: as much as of its expected time has passed, and ever less of
 * the rest when that is over, so that it still moves and never says that it is done. */
static double share_by_time(const VdStep *step, double speed, gint64 now)
{
    double expected = MAX(step->weight * speed, 1.0);
    double x = step->started ? seconds(now - step->started) / expected : 0;
    return x < 0.9 ? x : 0.9 + 0.09 * (x - 0.9) / (x - 0.4);
}

/* Of one that failed or was undone: how far it had come, so that a bar does not go back. */
static double step_share(const VdStep *step)
{
    switch (step->state) {
    case VD_STEP_DONE:
    case VD_STEP_SKIPPED:
        return 1.0;
    case VD_STEP_RUNNING:
    case VD_STEP_FAILED:
    case VD_STEP_UNDONE:
        return CLAMP(step->fraction, 0.0, 1.0);
    default:
        return 0.0;
    }
}

gboolean vd_job_undoing(const VdJob *job)
{
    return job->state == VD_JOB_CANCELLING || (job->state == VD_JOB_RUNNING && job->error);
}

double vd_job_step_share(const VdJob *job, const VdStep *step, gint64 now)
{
    return step->fraction < 0 ? share_by_time(step, speed_of(job), now) : step_share(step);
}

double vd_job_fraction(const VdJob *job, gint64 now)
{
    if (job->state == VD_JOB_DONE)
        return 1.0;
    double done = 0, all = 0, speed = speed_of(job);
    for (guint i = 0; i < job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(job->steps, i);
        gboolean silent = step->state == VD_STEP_RUNNING && step->fraction < 0 &&
                          job->state != VD_JOB_INTERRUPTED && !vd_job_undoing(job);
        done += step->weight * (silent ? share_by_time(step, speed, now) : step_share(step));
        all += step->weight;
    }
    return all > 0 ? done / all : 0;
}

/* Seconds left of a step that runs: by the plan at first, then more and more by its own progress.
 * Below 0: it takes longer than planned and tells no progress. */
static double left_of_running(const VdStep *step, double speed, gint64 now)
{
    double spent = step->started ? seconds(now - step->started) : 0;
    double by_plan = step->weight * speed - spent;
    double share = step_share(step);
    if (share < 0.05)
        return by_plan;
    double trust = MIN(1.0, share * 2);
    return MAX(by_plan, 0.0) * (1 - trust) + spent * (1 - share) / share * trust;
}

gint64 vd_job_remaining(const VdJob *job, gint64 now)
{
    if (job->state != VD_JOB_RUNNING || job->started == 0 || job->error)
        return -1;
    double left = 0, speed = speed_of(job);
    for (guint i = 0; i < job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(job->steps, i);
        double more = step->state == VD_STEP_WAITING   ? step->weight * speed
                      : step->state == VD_STEP_RUNNING ? left_of_running(step, speed, now)
                                                       : 0;
        if (more < 0)
            return -1;
        left += more;
    }
    return (gint64)(left * G_USEC_PER_SEC);
}

/* An estimate that has become that much larger is not shown for so long. */
enum { SILENCE_USEC = 4 * G_USEC_PER_SEC, LEAP_USEC = 15 * G_USEC_PER_SEC };

gint64 vd_pace_left(VdPace *pace, gint64 estimate, gint64 now)
{
    double passed = (double)MAX(0, now - pace->at), nearer = MIN(1.0, passed / SILENCE_USEC);
    if (estimate < 0) {
        *pace = (VdPace){0};
        return -1;
    }
    gboolean leaps = pace->at && estimate > 2 * pace->left + LEAP_USEC;
    pace->doubted = leaps ? (pace->doubted ? pace->doubted : now) : 0;
    if (pace->at == 0 || (leaps && now - pace->doubted >= SILENCE_USEC)) {
        *pace = (VdPace){.at = now, .left = estimate};
        return estimate;
    }
    if (leaps)
        return -1;
    double counted = (double)pace->left - passed; /* what a clock would show */
    double next = counted + ((double)estimate - counted) * nearer;
    /* It may stand still, but people do not want to see it grow. */
    pace->left = (gint64)CLAMP(next, 0.0, MAX((double)pace->left + passed / 8, 0.0));
    pace->at = now;
    return pace->left;
}

char *vd_left_text(gint64 left)
{
    if (left < 0)
        return NULL;
    gint64 whole = (left + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
    if (whole < 60)
        return g_strdup_printf(_("%ds"), (int)MAX(whole, 1));
    if (whole < 600)
        whole = (whole + 4) / 5 * 5;
    return vd_format_duration(whole * G_USEC_PER_SEC);
}

const VdStep *vd_job_current(const VdJob *job)
{
    const VdStep *last = NULL;
    for (guint i = 0; i < job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(job->steps, i);
        if (step->state == VD_STEP_RUNNING)
            return step;
        if (step->state != VD_STEP_WAITING && step->state != VD_STEP_SKIPPED)
            last = step;
    }
    return last;
}

char *vd_image_root_said(const VdImage *image)
{
    static const char disk[] = "the whole disk, ";
    const char *root = image->root ? image->root : "";
    char *behind = NULL;
    if (g_str_has_prefix(root, disk))
        return vd_said(N_("the whole disk, %s%s"), "", root + strlen(disk));
    if (g_str_has_prefix(root, "partition ")) {
        guint64 number = g_ascii_strtoull(root + strlen("partition "), &behind, 10);
        if (number < G_MAXINT && g_str_has_prefix(behind, ", "))
            return vd_said(N_("partition %u, %s%s"), (guint)number, "", behind + 2);
    }
    return g_strdup(image->root);
}

VdImage *vd_image_new(void)
{
    VdImage *image = g_new0(VdImage, 1);
    g_atomic_ref_count_init(&image->refs);
    return image;
}

VdImage *vd_image_ref(VdImage *image)
{
    g_atomic_ref_count_inc(&image->refs);
    return image;
}

void vd_image_unref(VdImage *image)
{
    if (!image || !g_atomic_ref_count_dec(&image->refs))
        return;
    g_free(image->name);
    g_free(image->path);
    g_free(image->format);
    g_free(image->sha256);
    g_free(image->os);
    g_free(image->system);
    g_free(image->distro);
    g_free(image->arch);
    g_free(image->root);
    g_free(image->why_not);
    g_free(image->engine);
    g_free(image->layout);
    g_free(image->notes);
    g_free(image->tags);
    g_free(image->source);
    g_free(image->offer);
    g_free(image->revision);
    g_free(image->newer);
    g_free(image);
}
