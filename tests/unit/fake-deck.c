/* See fake-deck.h. The verbs are a few rows of the kinds there are; their words are the real ones,
 * so that the tests read like the program. */
#include "config.h"

#include "src/base/error.h"
#include "tests/unit/fake-deck.h"

#include <string.h>

typedef struct {
    const VdVerb *verb;
    char *id;
    VdDeckDone done;
    gpointer data;
} Pending;

struct _VdDeck {
    VdConf conf;
    VdFleet *fleet;
    GPtrArray *jobs, *images, *problems, *notices, *requests, *questions;
    GQueue pending;
    guint wanted, wanted_of_all;
    gboolean looks_only;
};

static const VdArgSpec rename_args[] = {
    {.name = "new-name", .label = "New name", .type = VD_ARG_NAME, .required = TRUE},
    {.name = NULL},
};
static const VdArgSpec delete_args[] = {
    {.name = "volumes", .label = "Its volumes too", .type = VD_ARG_FLAG},
    {.name = NULL},
};

#define VM(id_, command_, label_)                                                                  \
    .id = id_, .command = command_, .menu = "Machine", .label = label_, .help = label_ " it.",     \
    .target = VD_TARGET_VM

static const VdVerb verbs[] = {
    {VM("vm.show", "show", "Details"), .many = TRUE, .kind = VD_VERB_QUERY, .when = VD_WHEN_ANY,
     .keys = "Enter F3"},
    {VM("vm.volumes", "volumes", "Volumes"), .many = TRUE, .kind = VD_VERB_QUERY,
     .when = VD_WHEN_ANY},
    {VM("vm.start", "start", "Start"), .many = TRUE, .kind = VD_VERB_QUICK,
     .when = VD_WHEN_OFF | VD_WHEN_SAVED, .keys = "s"},
    {VM("vm.poweroff", "poweroff", "Power off"), .many = TRUE, .kind = VD_VERB_QUICK,
     .when = VD_WHEN_RUNNING | VD_WHEN_PAUSED, .danger = TRUE, .question = "Power off %s?",
     .keys = "P"},
    {VM("vm.resume", "resume", "Resume"), .many = TRUE, .kind = VD_VERB_QUICK,
     .when = VD_WHEN_PAUSED, .keys = "r"},
    {VM("vm.rename", "rename", "Rename"), .kind = VD_VERB_QUICK, .when = VD_WHEN_OFF, .keys = "n",
     .args = rename_args},
    {VM("vm.delete", "delete", "Delete"), .many = TRUE, .kind = VD_VERB_QUICK, .when = VD_WHEN_OFF,
     .danger = TRUE, .question = "Delete %s?", .keys = "F8 D", .args = delete_args},
    {.id = "host.show",
     .command = "host show",
     .menu = "Host",
     .label = "Host details",
     .help = "Show it.",
     .target = VD_TARGET_HOST,
     .kind = VD_VERB_QUERY},
    {.id = "host.pools",
     .command = "pools",
     .menu = "Host",
     .label = "Storage pools",
     .help = "List them.",
     .target = VD_TARGET_HOST,
     .kind = VD_VERB_QUERY},
    {.id = "host.retry",
     .command = "host connect",
     .menu = "Host",
     .label = "Connect now",
     .help = "Try it.",
     .target = VD_TARGET_HOST,
     .kind = VD_VERB_QUERY},
    {.id = "host.disconnect",
     .command = "host disconnect",
     .menu = "Host",
     .label = "Disconnect",
     .help = "Let it go.",
     .target = VD_TARGET_HOST,
     .kind = VD_VERB_QUERY,
     .console = TRUE,
     .own_row = TRUE},
    {.id = "image.show",
     .command = "image show",
     .label = "Image details",
     .help = "Show what is known of an image.",
     .keys = "F3",
     .menu = "Image",
     .target = VD_TARGET_IMAGE,
     .kind = VD_VERB_QUERY},
    {.id = "job.show",
     .command = "job show",
     .menu = "Job",
     .label = "Job details",
     .help = "Show it.",
     .target = VD_TARGET_JOB,
     .kind = VD_VERB_QUERY},
    {.id = "job.cancel",
     .command = "job cancel",
     .menu = "Job",
     .label = "Cancel a job",
     .help = "Cancel it.",
     .target = VD_TARGET_JOB,
     .many = TRUE,
     .kind = VD_VERB_QUICK,
     .danger = TRUE,
     .question = "Cancel %s?"},
};

const VdVerb *const *vd_deck_verbs(guint *n)
{
    static const VdVerb *all[G_N_ELEMENTS(verbs)];
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
        all[i] = &verbs[i];
    *n = G_N_ELEMENTS(verbs);
    return all;
}

const VdVerb *vd_deck_verb(const char *id)
{
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (strcmp(verbs[i].id, id) == 0 || strcmp(verbs[i].command, id) == 0)
            return &verbs[i];
    return NULL;
}

gboolean vd_verb_applies(const VdVerb *verb, const VdVm *vm)
{
    guint now = vm->state == VD_VM_PAUSED ? VD_WHEN_PAUSED
                : vd_vm_active(vm)        ? VD_WHEN_RUNNING
                                          : VD_WHEN_OFF;
    return (verb->when & now) != 0;
}

static void notice_free(gpointer data)
{
    VdNotice *notice = data;
    g_free(notice->text);
    g_free(notice);
}

static VdHost *make_host(const char *id, guint n)
{
    VdHost *host = vd_host_new(id, "fake:///");
    host->state = VD_HOST_UP;
    host->listed = host->sized = TRUE;
    for (guint i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("%s-%u", id, i);
        g_autofree char *uuid = g_strdup_printf("%08x-0000-4000-8000-%012x", g_str_hash(id), i + 1);
        VdVm *vm = vd_vm_new(uuid, name);
        vm->state = i % 3 == 2 ? VD_VM_OFF : i % 5 == 4 ? VD_VM_PAUSED : VD_VM_RUNNING;
        if (vd_vm_active(vm)) {
            vm->now.cpu = (i * 7) % 100;
            vm->now.mem_used = (i + 1) * 1048576.0;
            vm->now.mem_total = 1073741824.0;
        }
        vd_roster_add(host->vms, vm);
    }
    return host;
}

static void pending_free(gpointer data)
{
    Pending *pending = data;
    g_free(pending->id);
    g_free(pending);
}

VdDeck *fake_deck_new(guint n)
{
    VdDeck *deck = g_new0(VdDeck, 1);
    deck->fleet = vd_fleet_new();
    g_ptr_array_add(deck->fleet->hosts, make_host("alpha", n));
    g_ptr_array_add(deck->fleet->hosts, make_host("beta", n));
    deck->jobs = g_ptr_array_new_with_free_func((GDestroyNotify)vd_job_unref);
    deck->images = g_ptr_array_new_with_free_func((GDestroyNotify)vd_image_unref);
    deck->problems = g_ptr_array_new();
    deck->notices = g_ptr_array_new_with_free_func(notice_free);
    deck->questions = g_ptr_array_new();
    deck->requests = g_ptr_array_new_with_free_func(g_free);
    return deck;
}

void vd_deck_free(VdDeck *deck)
{
    vd_fleet_unref(deck->fleet);
    g_ptr_array_unref(deck->jobs);
    g_ptr_array_unref(deck->images);
    g_ptr_array_unref(deck->problems);
    g_ptr_array_unref(deck->notices);
    g_ptr_array_unref(deck->questions);
    g_ptr_array_unref(deck->requests);
    g_queue_clear_full(&deck->pending, pending_free);
    g_free(deck);
}

void fake_deck_publish(VdDeck *deck, VdFleet *fleet)
{
    vd_fleet_unref(deck->fleet);
    deck->fleet = fleet;
}

GPtrArray *fake_deck_requests(VdDeck *deck)
{
    return deck->requests;
}

void fake_deck_forget(VdDeck *deck)
{
    g_ptr_array_set_size(deck->requests, 0);
}

guint fake_deck_unanswered(VdDeck *deck)
{
    return g_queue_get_length(&deck->pending);
}

guint fake_deck_wanted(VdDeck *deck)
{
    return deck->wanted;
}

void fake_deck_set_images(VdDeck *deck, const char *names)
{
    g_auto(GStrv) all = g_strsplit(names, " ", -1);
    g_ptr_array_set_size(deck->images, 0);
    for (guint i = 0; all[i]; i++) {
        VdImage *image = vd_image_new();
        image->name = g_strdup(all[i]);
        g_ptr_array_add(deck->images, image);
    }
}

void fake_deck_add_job(VdDeck *deck, VdJob *job)
{
    g_ptr_array_add(deck->jobs, job);
}

void fake_deck_only_looks(VdDeck *deck)
{
    deck->looks_only = TRUE;
}

gboolean vd_deck_may(VdDeck *deck, const VdVerb *verb, GError **error)
{
    if (!deck->looks_only || verb->kind == VD_VERB_QUERY)
        return TRUE;
    return vd_fail(error, VD_ERR_DENIED, NULL, "ann may not do this");
}

const char *vd_deck_submit(VdDeck *deck, const VdVerb *verb, const VdTarget *target,
                           const VdArgs *args, VdDeckDone done, gpointer data)
{
    Pending *pending = g_new0(Pending, 1);
    g_autofree char *json = args ? vd_args_to_json(args) : NULL;
    *pending = (Pending){verb, g_strdup_printf("r-%06u", deck->requests->len), done, data};
    g_ptr_array_add(deck->requests,
                    g_strdup_printf("%s %s/%s%s%s", verb->id, target->host ? target->host : "",
                                    target->id ? target->id : "", json ? " " : "",
                                    json ? json : ""));
    g_queue_push_tail(&deck->pending, pending);
    return pending->id;
}

void fake_deck_answer(VdDeck *deck, VdDoc *doc, const GError *error)
{
    Pending *pending = g_queue_pop_head(&deck->pending);
    VdOutcome outcome = {pending->id, pending->verb, doc, error, NULL};
    if (pending->done)
        pending->done(deck, &outcome, pending->data);
    pending_free(pending);
}

void vd_deck_listen(VdDeck *deck, VdDeckListener listener, gpointer data)
{
    (void)deck;
    (void)listener;
    (void)data;
}

const VdConf *vd_deck_conf(VdDeck *deck)
{
    return &deck->conf;
}

VdFleet *vd_deck_fleet(VdDeck *deck)
{
    return deck->fleet;
}

GPtrArray *vd_deck_jobs(VdDeck *deck)
{
    return deck->jobs;
}

GPtrArray *vd_deck_offers(VdDeck *deck)
{
    (void)deck;
    return NULL;
}

GPtrArray *vd_deck_scripts(VdDeck *deck)
{
    (void)deck;
    return NULL;
}

GPtrArray *vd_deck_images(VdDeck *deck)
{
    return deck->images;
}

const char *vd_deck_person(VdDeck *deck)
{
    (void)deck;
    return "tester";
}

GPtrArray *vd_deck_problems(VdDeck *deck)
{
    return deck->problems; /* none */
}

void fake_deck_tell(VdDeck *deck, gboolean bad, const char *text)
{
    VdNotice *notice = g_new0(VdNotice, 1);
    notice->time = deck->notices->len + 1;
    notice->bad = bad;
    notice->text = g_strdup(text);
    g_ptr_array_add(deck->notices, notice);
}

GPtrArray *vd_deck_notices(VdDeck *deck)
{
    return deck->notices;
}

void vd_deck_want(VdDeck *deck, const VdDeckRow *rows, guint n_rows)
{
    (void)rows;
    deck->wanted = n_rows;
}

void vd_deck_want_groups(VdDeck *deck, guint shown, guint all)
{
    (void)shown;
    deck->wanted_of_all = all;
}

guint fake_deck_wanted_of_all(VdDeck *deck)
{
    return deck->wanted_of_all;
}

void vd_deck_read_meter(VdDeck *deck, VdMeterReading *ret)
{
    (void)deck;
    *ret = (VdMeterReading){.lanes = 4, .hosts = g_array_new(FALSE, FALSE, sizeof(VdHostMeter))};
}

guint vd_deck_history(VdDeck *deck, const char *host, const char *uuid, VdSeries series, float *out,
                      guint n)
{
    (void)deck;
    (void)host;
    (void)uuid;
    for (guint i = 0; i < n; i++)
        out[i] = (float)((i * 3 + (guint)series) % 100);
    return n;
}

GPtrArray *vd_deck_questions(VdDeck *deck)
{
    return deck->questions;
}

VdArgs *vd_deck_values(VdDeck *deck, const VdVerb *verb, const VdTarget *target)
{
    (void)deck;
    (void)verb;
    (void)target;
    return vd_args_new();
}

void vd_deck_refresh(VdDeck *deck)
{
    g_ptr_array_add(deck->requests, g_strdup("refresh"));
}

gboolean vd_deck_settled(VdDeck *deck)
{
    (void)deck;
    return TRUE;
}

gboolean vd_deck_sized(VdDeck *deck)
{
    return vd_deck_settled(deck);
}

/* ---- forms: every field is right, nothing is offered ---- */

void vd_deck_check(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                   const char *field, VdDeckChecked done, gpointer data)
{
    (void)verb;
    (void)target;
    (void)args;
    (void)field;
    done(deck, TRUE, NULL, data);
}

void vd_deck_choices(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     const char *field, VdDeckChoices done, gpointer data)
{
    static const char *const none[] = {NULL};
    (void)verb;
    (void)target;
    (void)args;
    (void)field;
    done(deck, none, data);
}

void vd_deck_follow(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                    const char *field, VdDeckFollowed done, gpointer data)
{
    (void)verb;
    (void)target;
    (void)args;
    (void)field;
    done(deck, NULL, data);
}

char *vd_deck_as_command(VdDeck *deck, const VdVerb *verb, const VdTarget *targets, guint n,
                         const VdArgs *args)
{
    (void)deck;
    (void)targets;
    (void)n;
    (void)args;
    return g_strdup_printf("vmdeck %s", verb->command);
}

void vd_deck_summary(VdDeck *deck, const VdVerb *verb, const VdTarget *target, const VdArgs *args,
                     VdDeckChecked done, gpointer data)
{
    (void)verb;
    (void)target;
    (void)args;
    done(deck, TRUE, NULL, data);
}

void vd_deck_job_log(VdDeck *deck, const char *job, gint64 offset, VdDeckLog done, gpointer data)
{
    (void)job;
    done(deck, "", offset, data);
}

void vd_deck_retry(VdDeck *deck, const char *job, VdDeckRetry done, gpointer data)
{
    (void)job;
    done(deck, NULL, NULL, NULL, NULL, "It is not known any more.", data);
}
