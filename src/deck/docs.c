/* Answers of the deck itself, as documents: hosts and machines from the fleet; jobs, their story
 * and images from the journal and the store. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/i18n.h"
#include "src/base/said.h"
#include "src/base/text.h"
#include "src/deck/row.h"
#include "src/deploy/deploy.h"
#include "src/node/doctor.h"

#define SECTION(doc, kind, id, title, columns)                                                     \
    vd_doc_section((doc), (kind), (id), (title), (columns), G_N_ELEMENTS(columns))

/* ---- the fleet ---- */

static const VdColumn host_columns[] = {
    {"name", N_("Host"), VD_COL_TEXT},        {"state", N_("State"), VD_COL_TEXT},
    {"running", N_("Running"), VD_COL_COUNT}, {"machines", N_("Machines"), VD_COL_COUNT},
    {"cpus", N_("CPUs"), VD_COL_COUNT},       {"memory", N_("Memory"), VD_COL_SIZE},
    {"uri", N_("URI"), VD_COL_TEXT},          {"error", N_("Why"), VD_COL_TEXT},
};

VdDoc *vd_fleet_doc_hosts(const VdFleet *fleet, const VdArgs *args)
{
    (void)args;
    VdDoc *doc = vd_doc_new();
    VdSection *section = SECTION(doc, VD_SECTION_TABLE, "hosts", N_("Hosts"), host_columns);
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        char **row = vd_section_row(section);
        vd_row_text(row, 0, host->id);
        vd_row_text(row, 1, vd_host_state_word(host->state));
        if (host->listed) {
            vd_row_int(row, 2, host->vms->active);
            vd_row_int(row, 3, host->vms->len);
        }
        if (host->cpus > 0)
            vd_row_int(row, 4, host->cpus);
        if (host->memory > 0)
            vd_row_size(row, 5, host->memory);
        vd_row_text(row, 6, host->uri);
        g_autofree char *same =
            host->same_as ? g_strdup_printf(_("same as %s"), host->same_as) : NULL;
        vd_row_text(row, 7, same ? same : host->error);
    }
    return doc;
}

static const VdColumn vm_columns[] = {
    {"name", N_("Name"), VD_COL_TEXT},
    {"host", N_("Host"), VD_COL_TEXT},
    {"state", N_("State"), VD_COL_TEXT},
    {"vcpus", N_("CPUs"), VD_COL_COUNT},
    {"memory", N_("Memory"), VD_COL_SIZE},
    {"autostart", N_("Autostart"), VD_COL_BOOL},
    {"persistent", N_("Permanent"), VD_COL_BOOL},
    {"uuid", N_("UUID"), VD_COL_TEXT},
};

static gboolean state_wanted(const VdVm *vm, const char *state)
{
    if (!state || strcmp(state, "any") == 0)
        return TRUE;
    if (strcmp(state, "paused") == 0)
        return vm->state == VD_VM_PAUSED;
    if (strcmp(state, "off") == 0)
        return !vd_vm_active(vm);
    return vd_vm_active(vm) && vm->state != VD_VM_PAUSED;
}

VdDoc *vd_fleet_doc_vms(const VdFleet *fleet, const VdArgs *args)
{
    const char *state = vd_args_get(args, "state"), *only = vd_args_get(args, "on-host");
    VdDoc *doc = vd_doc_new();
    VdSection *section = SECTION(doc, VD_SECTION_TABLE, "machines", N_("Machines"), vm_columns);
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        for (guint v = 0; v < host->vms->len && (!only || strcmp(only, host->id) == 0); v++) {
            const VdVm *vm = vd_host_vm(host, v);
            if (!state_wanted(vm, state))
                continue;
            char **row = vd_section_row(section);
            vd_row_name(row, 0, vm->raw_name);
            vd_row_text(row, 1, host->id);
            vd_row_text(row, 2, vd_vm_word(vm));
            if (vm->vcpus > 0)
                vd_row_int(row, 3, vm->vcpus);
            if (vm->max_mem > 0)
                vd_row_size(row, 4, vm->max_mem);
            vd_row_bool(row, 5, vm->autostart);
            vd_row_bool(row, 6, vm->persistent);
            vd_row_text(row, 7, vm->uuid);
        }
    }
    return doc;
}

/* ---- jobs ---- */

static gboolean need_journal(VdLocalCall *call, GError **error)
{
    if (call->journal)
        return TRUE;
    if (error && call->journal_error)
        g_propagate_error(error, g_error_copy(call->journal_error));
    return FALSE;
}

static const VdColumn job_columns[] = {
    {"id", N_("Job"), VD_COL_TEXT},
    {"title", N_("What"), VD_COL_TEXT},
    {"state", N_("State"), VD_COL_TEXT},
    {"step", N_("Step"), VD_COL_TEXT},
    {"percent", N_("Done"), VD_COL_PERCENT},
    {"author", N_("Author"), VD_COL_TEXT},
    {"host", N_("Host"), VD_COL_TEXT},
    {"created", N_("Begun"), VD_COL_TIME},
    {"duration", N_("Time"), VD_COL_DURATION},
    {"error", N_("Why"), VD_COL_TEXT},
    {"undone", N_("Taken back"), VD_COL_TEXT},
    {"note", N_("Note"), VD_COL_TEXT},
};

static void step_cell(char **row, guint column, const VdStep *step)
{
    vd_row_word(row, column, step ? step->id : NULL, step ? vd_step_word(step) : NULL);
}

static void job_row(VdSection *section, const VdJob *job)
{
    g_autofree char *title = vd_job_shown_title(job);
    const VdStep *step = vd_job_current(job);
    gint64 end = job->ended ? job->ended : g_get_real_time();
    char **row = vd_section_row(section);
    vd_row_text(row, 0, job->id);
    vd_row_word(row, 1, job->title, title);
    vd_row_text(row, 2, vd_job_state_word(job->state));
    step_cell(row, 3, step);
    vd_row_double(row, 4, 100.0 * vd_job_fraction(job, g_get_real_time()));
    vd_row_text(row, 5, job->author);
    vd_row_text(row, 6, job->host);
    vd_row_int(row, 7, job->created / G_USEC_PER_SEC);
    if (job->started)
        vd_row_int(row, 8, end - job->started);
    vd_row_text(row, 9, job->error);
    vd_row_text(row, 10, job->undone);
    if (job->state == VD_JOB_INTERRUPTED &&
        !job->error) { /* nothing goes on before people say so */
        g_autofree char *ways =
            g_strdup_printf(_("go on: vmdeck job resume %s · take it back: vmdeck job cancel %s"),
                            job->id, job->id);
        vd_row_text(row, 11, ways);
    } else {
        vd_row_text(row, 11, job->note);
    }
}

gboolean vd_local_job_list(VdLocalCall *call, GError **error)
{
    if (!need_journal(call, error))
        return FALSE;
    g_autoptr(GPtrArray) jobs = vd_journal_jobs(call->journal, 20, error);
    if (!jobs)
        return FALSE;
    call->doc = vd_doc_new();
    VdSection *section = SECTION(call->doc, VD_SECTION_TABLE, "jobs", N_("Jobs"), job_columns);
    for (guint i = 0; i < jobs->len; i++)
        job_row(section, g_ptr_array_index(jobs, i));
    return TRUE;
}

static const VdColumn step_columns[] = {
    {"id", N_("Step"), VD_COL_TEXT},         {"state", N_("State"), VD_COL_TEXT},
    {"percent", N_("Done"), VD_COL_PERCENT}, {"duration", N_("Time"), VD_COL_DURATION},
    {"text", N_("What"), VD_COL_TEXT},
};

static const VdColumn child_columns[] = {
    {"id", N_("Job"), VD_COL_TEXT},          {"target", N_("Machine"), VD_COL_TEXT},
    {"host", N_("Host"), VD_COL_TEXT},       {"state", N_("State"), VD_COL_TEXT},
    {"percent", N_("Done"), VD_COL_PERCENT}, {"duration", N_("Time"), VD_COL_DURATION},
    {"text", N_("What"), VD_COL_TEXT},
};

/* The jobs of its machines, if it has made several. */
static gboolean show_children(VdLocalCall *call, GError **error)
{
    g_autoptr(GPtrArray) jobs = vd_journal_children(call->journal, call->id, error);
    if (!jobs)
        return FALSE;
    if (jobs->len == 0)
        return TRUE;
    VdSection *section =
        SECTION(call->doc, VD_SECTION_TABLE, "machines", N_("Machines"), child_columns);
    for (guint i = 0; i < jobs->len; i++) {
        const VdJob *job = g_ptr_array_index(jobs, i);
        const VdStep *step = vd_job_current(job);
        char **row = vd_section_row(section);
        vd_row_text(row, 0, job->id);
        vd_row_text(row, 1, job->target);
        vd_row_text(row, 2, job->host);
        vd_row_text(row, 3, vd_job_state_word(job->state));
        vd_row_double(row, 4, 100.0 * vd_job_fraction(job, g_get_real_time()));
        if (job->started)
            vd_row_int(row, 5, (job->ended ? job->ended : g_get_real_time()) - job->started);
        vd_row_text(row, 6, job->error ? job->error : step ? step->text : NULL);
    }
    return TRUE;
}

gboolean vd_local_job_show(VdLocalCall *call, GError **error)
{
    if (!need_journal(call, error))
        return FALSE;
    g_autoptr(VdJob) job = vd_journal_job(call->journal, call->id, error);
    if (!job)
        return FALSE;
    call->doc = vd_doc_new();
    job_row(SECTION(call->doc, VD_SECTION_FIELDS, "job", N_("Job"), job_columns), job);
    VdSection *section = SECTION(call->doc, VD_SECTION_TABLE, "steps", N_("Steps"), step_columns);
    for (guint i = 0; i < job->steps->len; i++) {
        const VdStep *step = g_ptr_array_index(job->steps, i);
        gint64 end = step->ended ? step->ended : g_get_real_time();
        char **row = vd_section_row(section);
        step_cell(row, 0, step);
        vd_row_text(row, 1, vd_step_state_word(step->state));
        if (step->state == VD_STEP_DONE)
            vd_row_double(row, 2, 100.0);
        else if (step->state == VD_STEP_RUNNING && step->fraction >= 0)
            vd_row_double(row, 2, 100.0 * step->fraction);
        if (step->started)
            vd_row_int(row, 3, end - step->started);
        vd_row_text(row, 4, step->text);
    }
    return show_children(call, error);
}

gboolean vd_local_job_cancel(VdLocalCall *call, GError **error)
{
    if (!need_journal(call, error))
        return FALSE;
    g_autoptr(VdJob) job = vd_journal_job(call->journal, call->id, error);
    if (!job || !vd_jobs_cancel(call->journal, call->id, error))
        return FALSE;
    /* Its runner does it, after we have gone. */
    call->word = !job->started && !vd_job_state_ended(job->state)
                     ? g_strdup(_("It had not begun, and will not."))
                     : g_strdup_printf(_("It was asked to stop, and what it made is being undone; "
                                         "vmdeck job follow %s shows how that ends."),
                                       call->id);
    return TRUE;
}

gboolean vd_local_job_resume(VdLocalCall *call, GError **error)
{
    return need_journal(call, error) &&
           vd_jobs_resume(call->journal, vd_deploy_kinds, call->id, error);
}

/* Of a log that is longer than this the end is shown. */
#define LOG_MOST ((gsize)4 * 1024 * 1024)

/* Takes whole lines from the beginning; returns how many bytes. */
static gsize drop_beginning(GString *text)
{
    const char *line = strchr(text->str + text->len - LOG_MOST, '\n');
    gsize bytes = line ? (gsize)(line + 1 - text->str) : text->len - LOG_MOST;
    g_string_erase(text, 0, (gssize)bytes);
    return bytes;
}

gboolean vd_local_job_log(VdLocalCall *call, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gint64 offset = 0;
    gsize dropped = 0;
    for (;;) {
        g_autofree char *part = vd_jobs_log(call->id, &offset, error);
        if (!part)
            return FALSE;
        if (!*part)
            break;
        g_string_append(text, part);
        if (text->len > 2 * LOG_MOST)
            dropped += drop_beginning(text);
    }
    if (text->len > LOG_MOST)
        dropped += drop_beginning(text);
    g_autofree char *size = vd_format_size(dropped);
    g_autofree char *note = g_strdup_printf(_("(%s before this are left out)\n"), size);
    if (dropped > 0)
        g_string_prepend(text, note);
    call->doc = vd_doc_new_text("log", N_("Log"), text->str);
    return TRUE;
}

/* Of the lines of a story: sources and levels. */
static const char *const story_words[] G_GNUC_UNUSED = {
    N_("request"), N_("event"), N_("job"),     N_("step"),  N_("undo"),
    N_("log"),     N_("info"),  N_("warning"), N_("error"),
};

static const VdColumn story_columns[] = {
    {"time", N_("Time"), VD_COL_TEXT},
    {"source", N_("Source"), VD_COL_TEXT},
    {"level", N_("Level"), VD_COL_TEXT},
    {"text", N_("What"), VD_COL_TEXT},
};

gboolean vd_local_trace(VdLocalCall *call, GError **error)
{
    if (!need_journal(call, error))
        return FALSE;
    g_autoptr(GPtrArray) story = vd_journal_story(call->journal, call->id, error);
    if (!story)
        return FALSE;
    if (story->len == 0)
        return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no request %s in the journal"),
                       call->id);
    call->doc = vd_doc_new();
    VdSection *section = SECTION(call->doc, VD_SECTION_TABLE, "story", N_("Story"), story_columns);
    for (guint i = 0; i < story->len; i++) {
        const VdStoryLine *line = g_ptr_array_index(story, i);
        g_autoptr(GDateTime) day = g_date_time_new_from_unix_local(line->time / G_USEC_PER_SEC);
        g_autofree char *base = day ? g_date_time_format(day, "%Y-%m-%d %H:%M:%S") : NULL;
        g_autofree char *time =
            g_strdup_printf("%s.%03d", base ? base : "?", (int)(line->time / 1000 % 1000));
        char **row = vd_section_row(section);
        vd_row_text(row, 0, time);
        vd_row_english(row, 1, line->source);
        vd_row_english(row, 2, line->level);
        vd_row_text(row, 3, line->text);
    }
    return TRUE;
}

/* ---- images ---- */

static const VdColumn image_columns[] = {
    {"name", N_("Image"), VD_COL_TEXT},        {"os", N_("System"), VD_COL_TEXT},
    {"virtual_size", N_("Disk"), VD_COL_SIZE}, {"file_size", N_("File"), VD_COL_SIZE},
    {"format", N_("Format"), VD_COL_TEXT},     {"grows", N_("Grows"), VD_COL_BOOL},
    {"added", N_("Added"), VD_COL_TIME},       {"newer", N_("Newer"), VD_COL_TEXT},
    {"engine", N_("Engine"), VD_COL_TEXT},
};

gboolean vd_local_image_list(VdLocalCall *call, GError **error)
{
    g_autoptr(GPtrArray) images = vd_images_list(call->conf->sources, error);
    if (!images)
        return FALSE;
    call->doc = vd_doc_new();
    VdSection *section =
        SECTION(call->doc, VD_SECTION_TABLE, "images", N_("Images"), image_columns);
    for (guint i = 0; i < images->len; i++) {
        const VdImage *image = g_ptr_array_index(images, i);
        char **row = vd_section_row(section);
        vd_row_text(row, 0, image->name);
        vd_row_text(row, 1, image->os);
        vd_row_size(row, 2, image->virtual_size);
        vd_row_size(row, 3, image->file_size);
        vd_row_text(row, 4, image->format);
        vd_row_bool(row, 5, image->growable);
        vd_row_int(row, 6, image->added);
        vd_row_text(row, 7, image->newer);
        vd_row_text(row, 8, image->engine);
    }
    return TRUE;
}

static const VdColumn image_fields[] = {
    {"name", N_("Image"), VD_COL_TEXT},          {"os", N_("System"), VD_COL_TEXT},
    {"distro", N_("Distribution"), VD_COL_TEXT}, {"arch", N_("Architecture"), VD_COL_TEXT},
    {"root", N_("Root"), VD_COL_TEXT},           {"grows", N_("Grows"), VD_COL_BOOL},
    {"why_not", N_("Why not"), VD_COL_TEXT},     {"virtual_size", N_("Disk"), VD_COL_SIZE},
    {"file_size", N_("File"), VD_COL_SIZE},      {"format", N_("Format"), VD_COL_TEXT},
    {"sha256", N_("SHA-256"), VD_COL_TEXT},      {"path", N_("Path"), VD_COL_TEXT},
    {"added", N_("Added"), VD_COL_TIME},         {"notes", N_("Notes"), VD_COL_TEXT},
    {"tags", N_("Tags"), VD_COL_TEXT},           {"source", N_("Source"), VD_COL_TEXT},
    {"offer", N_("Called there"), VD_COL_TEXT},  {"revision", N_("Revision"), VD_COL_TEXT},
    {"engine", N_("Engine"), VD_COL_TEXT},
};

static void root_cell(char **row, guint column, const VdImage *image)
{
    g_autofree char *said = vd_image_root_said(image);
    g_autofree char *shown = vd_said_show(said);
    vd_row_word(row, column, image->root, shown);
}

gboolean vd_local_image_show(VdLocalCall *call, GError **error)
{
    g_autoptr(VdImage) image = vd_image_find(call->id, error);
    if (!image)
        return FALSE;
    call->doc = vd_doc_new();
    char **row =
        vd_section_row(SECTION(call->doc, VD_SECTION_FIELDS, "image", N_("Image"), image_fields));
    vd_row_text(row, 0, image->name);
    vd_row_text(row, 1, image->os);
    vd_row_text(row, 2, image->distro);
    vd_row_text(row, 3, image->arch);
    root_cell(row, 4, image);
    vd_row_bool(row, 5, image->growable);
    vd_row_text(row, 6, image->why_not);
    vd_row_size(row, 7, image->virtual_size);
    vd_row_size(row, 8, image->file_size);
    vd_row_text(row, 9, image->format);
    vd_row_text(row, 10, image->sha256);
    vd_row_path(row, 11, image->path);
    vd_row_int(row, 12, image->added);
    vd_row_text(row, 13, image->notes);
    vd_row_text(row, 14, image->tags);
    vd_row_text(row, 15, image->source);
    vd_row_text(row, 16, image->offer);
    vd_row_text(row, 17, image->revision);
    vd_row_text(row, 18, image->engine);
    return TRUE;
}

static const VdColumn begun_columns[] = {
    {"job", N_("Job"), VD_COL_TEXT},
};

gboolean vd_local_answer_job(VdLocalCall *call)
{
    call->doc = vd_doc_new();
    char **row =
        vd_section_row(SECTION(call->doc, VD_SECTION_FIELDS, "begun", N_("Begun"), begun_columns));
    vd_row_text(row, 0, call->request);
    return TRUE;
}

gboolean vd_local_image_add(VdLocalCall *call, GError **error)
{
    return need_journal(call, error) &&
           vd_image_add_submit(call->journal, call->request, call->person, call->args, error) &&
           vd_local_answer_job(call);
}

gboolean vd_local_image_prepare(VdLocalCall *call, GError **error)
{
    return need_journal(call, error) &&
           vd_image_prepare_submit(call->journal, call->request, call->person, call->id, call->args,
                                   error) &&
           vd_local_answer_job(call);
}

gboolean vd_local_image_remove(VdLocalCall *call, GError **error)
{
    return vd_image_remove(call->id, error);
}

gboolean vd_local_vm_whole(VdLocalCall *call, GError **error)
{
    return need_journal(call, error) &&
           vd_whole_submit(call->journal, call->request, call->person, call->host, call->uri,
                           call->id, call->name ? call->name : call->id, error) &&
           vd_local_answer_job(call);
}

/* FALSE: there is no such host. */
static gboolean add_host(const VdLocalCall *call, GArray *hosts, const char *id, GError **error)
{
    for (gsize i = 0; call->host_ids[i]; i++) {
        const char *uri = call->host_uris[i];
        VdDeployHost host = {call->host_ids[i], *uri ? uri : NULL};
        if (strcmp(host.id, id) != 0)
            continue;
        g_array_append_val(hosts, host);
        return TRUE;
    }
    return vd_fail(error, VD_ERR_NOT_FOUND, NULL, _("There is no host %s"), id);
}

/* Those that are named to spread over, else all if it is to be spread, else the one chosen. */
static GArray *deploy_hosts(const VdLocalCall *call, GError **error)
{
    g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(VdDeployHost));
    g_auto(GStrv) named = vd_args_all(call->args, "on");
    gboolean all = vd_args_flag(call->args, "spread") && !*named;
    for (char **id = all ? call->host_ids : named; *id; id++)
        if (**id && !add_host(call, hosts, *id, error))
            return NULL;
    if (hosts->len == 0) {
        VdDeployHost host = {call->host, call->uri};
        g_array_append_val(hosts, host);
    }
    return g_steal_pointer(&hosts);
}

/* Two sentences, either of which may be NULL, as one text. Takes them over. */
static char *both(char *one, char *two)
{
    if (!one || !two)
        return one ? one : two;
    char *text = g_strdup_printf("%s %s", one, two);
    g_free(one);
    g_free(two);
    return text;
}

gboolean vd_local_deploy(VdLocalCall *call, GError **error)
{
    g_autoptr(VdArgs) args = vd_args_copy(call->args);
    g_autoptr(GArray) hosts = deploy_hosts(call, error);
    g_autofree char *usual = g_strdup_printf("%d", call->conf->parallel);
    if (!hosts || !need_journal(call, error))
        return FALSE;
    const char *parallel = vd_args_get(args, "parallel");
    if (!parallel || !*parallel)
        vd_args_set(args, "parallel", usual);
    gboolean named = vd_args_get(args, "on") && *vd_args_get(args, "on");
    if (!vd_deploy_submit(call->journal, call->request, call->person,
                          (const VdDeployHost *)hosts->data, hosts->len, named, args, error))
        return FALSE;
    call->word = both(vd_deploy_warning(args), vd_script_mended(vd_args_get(args, "firstboot")));
    return vd_local_answer_job(call);
}

gboolean vd_local_install(VdLocalCall *call, GError **error)
{
    if (!need_journal(call, error) ||
        !vd_install_submit(call->journal, call->request, call->person, call->host, call->uri,
                           call->systems, call->args, error))
        return FALSE;
    call->word = vd_script_mended(vd_args_get(call->args, "firstboot"));
    return vd_local_answer_job(call);
}

gboolean vd_local_doctor(VdLocalCall *call, GError **error)
{
    (void)error;
    int bad = 0;
    g_autoptr(GError) tried = NULL;
    const GError *journal = call->journal_error;
    if (call->journal && !vd_journal_try(call->journal, &tried))
        journal = tried;
    call->doc = vd_doctor_run(call->uri, vd_args_flag(call->args, "deep"), journal, &bad);
    return TRUE;
}
