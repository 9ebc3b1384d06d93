/* From a command to requests. An action is done here or by the pane with the focus; a verb is tried
 * on what it suits: of the marked machines those in the right state, else it is said why not. Then
 * come the form, the question, and one request for each target. */
#include "config.h"

#include "ui/console.h"

#include <string.h>

#include "src/base/i18n.h"
#include "src/base/log.h"
#include "ui/choose.h"
#include "ui/forms.h"
#include "ui/job-window.h"
#include "ui/meter-page.h"
#include "ui/page.h"
#include "ui/term.h"

/* ---- requests ---- */

/* One verb for several targets: what became of all of them is one sentence, and the log has the
 * others. */
typedef struct {
    guint all, left, failed;
    guint asked; /* guests, which have not acted yet */
    char *why;   /* of the last that failed, with its name */
} Batch;

typedef struct {
    VdApp *app;
    gboolean follow; /* open the job's window */
    char *title;     /* of the page with the answer */
    char *name;      /* of the target, or NULL */
    Batch *batch;    /* NULL: it is alone; the last one frees it */
} Asked;

static void tell_batch(VdApp *app, const VdVerb *verb, const Batch *batch)
{
    if (batch->failed == 0 && batch->asked > 0)
        vd_app_say(app, FALSE,
                   ngettext("%s: %u guest was asked", "%s: %u guests were asked", batch->asked),
                   _(verb->label), batch->asked);
    else if (batch->failed == 0)
        vd_app_say(app, FALSE, ngettext("%s: %u done", "%s: all %u done", batch->all),
                   _(verb->label), batch->all);
    else
        /* TRANSLATORS: verb, numbers, the machine and why: "Start: 2 of 9 failed; web-01: No room."
         */
        vd_app_say(app, TRUE,
                   ngettext("%s: %u of %u failed; %s", "%s: %u of %u failed; %s", batch->failed),
                   _(verb->label), batch->failed, batch->all, batch->why);
    vd_app_heard(app);
}

static void batch_answered(const Asked *asked, const VdOutcome *outcome)
{
    Batch *batch = asked->batch;
    const char *said = NULL;
    batch->asked += g_strcmp0(vd_doc_outcome(outcome->doc, &said), "asked") == 0;
    if (outcome->error) {
        batch->failed++;
        g_free(batch->why);
        batch->why = g_strdup_printf("%s: %s", asked->name, outcome->error->message);
    }
    if (--batch->left > 0)
        return;
    tell_batch(asked->app, outcome->verb, batch);
    g_free(batch->why);
    g_free(batch);
}

static void answered(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    Asked *asked = data;
    VdApp *app = asked->app;
    (void)deck;
    if (asked->batch)
        batch_answered(asked, outcome);
    else if (outcome->error)
        vd_app_say(app, TRUE, "%s", outcome->error->message);
    else if (outcome->doc && outcome->verb->kind == VD_VERB_QUERY)
        vd_app_push(app, vd_page_new_doc(asked->title, outcome->doc));
    else if (asked->follow)
        vd_app_push(app, vd_job_window_new(app, outcome->request));
    g_free(asked->title);
    g_free(asked->name);
    g_free(asked);
    vd_app_expected(app);
}

static void submit_one(VdApp *app, const VdVerb *verb, const VdTarget *target, const char *name,
                       const VdArgs *args, Batch *batch)
{
    Asked *asked = g_new0(Asked, 1);
    asked->app = app;
    asked->follow = !batch && verb->kind == VD_VERB_JOB;
    asked->name = g_strdup(name);
    asked->batch = batch;
    asked->title =
        name && *name ? g_strdup_printf("%s · %s", _(verb->label), name) : g_strdup(_(verb->label));
    vd_app_expect(app);
    vd_deck_submit(app->deck, verb, target, args, answered, asked);
}

void vd_console_submit(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args)
{
    guint n = vd_targets_count(targets);
    if (verb->target == VD_TARGET_NONE || n == 0) {
        VdTarget none = {.kind = verb->target};
        submit_one(app, verb, &none, NULL, args, NULL);
        return;
    }
    Batch *batch = n > 1 && verb->kind != VD_VERB_QUERY ? g_new0(Batch, 1) : NULL;
    if (batch)
        batch->all = batch->left = n;
    for (guint i = 0; i < n; i++) {
        const VdTargetItem *item = vd_targets_at(targets, i);
        submit_one(app, verb, &item->target, item->name, args, batch);
    }
    if (verb->kind != VD_VERB_QUERY && verb->target == VD_TARGET_VM)
        vd_tree_clear_marks(vd_console_tree(app));
}

/* ---- from a verb to its targets ---- */

static gboolean wants_form(const VdVerb *verb, const VdArgs *args)
{
    gboolean missing = FALSE;
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        missing |= spec->required && !(args && vd_args_get(args, spec->name));
    return missing || verb->form || (verb->danger && verb->args && !args);
}

gboolean vd_app_may(VdApp *app, const VdVerb *verb)
{
    g_autoptr(GError) error = NULL;
    if (vd_deck_may(app->deck, verb, &error))
        return TRUE;
    vd_app_say(app, TRUE, _("%s: %s"), _(verb->label), error->message);
    return FALSE;
}

void vd_app_run(VdApp *app, const VdVerb *verb, const VdTargets *targets, const VdArgs *args)
{
    if (!vd_app_may(app, verb))
        return;
    if (!verb->many && vd_targets_count(targets) > 1) {
        vd_app_say(app, TRUE, _("%s goes to one at a time; %u are marked."), _(verb->label),
                   vd_targets_count(targets));
        return;
    }
    if (wants_form(verb, args))
        vd_app_push(app, vd_form_new(app, verb, targets, args));
    else
        vd_app_submit(app, verb, targets, args);
}

/* The host, if it was disconnected by request: nothing can be asked of its machines. */
static const VdHost *let_go(const VdFleet *fleet, const char *id)
{
    const VdHost *host = vd_fleet_host(fleet, id);
    return host && host->state == VD_HOST_OFF ? host : NULL;
}

static int compare_text(gconstpointer left, gconstpointer right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* How many of the marked ones are left out, and their states with the number of each. The caller
 * frees. */
static char *without(guint left, guint all, GHashTable *words)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer word = NULL, n = NULL;
    g_hash_table_iter_init(&iter, words);
    while (g_hash_table_iter_next(&iter, &word, &n))
        g_ptr_array_add(parts, g_hash_table_size(words) == 1
                                   ? g_strdup(_(word))
                                   : g_strdup_printf("%s %u", _(word), GPOINTER_TO_UINT(n)));
    g_ptr_array_sort(parts, compare_text);
    g_ptr_array_add(parts, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)parts->pdata);
    if (g_str_has_suffix(list, "…")) /* "starting…": the sentence has its own dot */
        list[strlen(list) - strlen("…")] = '\0';
    /* TRANSLATORS: of the marked machines, and the states for which they are left out: "7 of 22 are
     * left out: running 5, paused 2." */
    return g_strdup_printf(
        ngettext("%u of %u is left out: %s.", "%u of %u are left out: %s.", left), left, all, list);
}

/* Of the machines those in a state that suits the verb. */
static VdTargets *suitable(VdApp *app, const VdVerb *verb, const VdTargets *all)
{
    VdTargets *suited = vd_targets_new(all->kind);
    VdFleet *fleet = vd_deck_fleet(app->deck);
    g_autoptr(GHashTable) words = g_hash_table_new(g_str_hash, g_str_equal);
    guint n = vd_targets_count(all), left = 0;
    for (guint i = 0; i < n; i++) {
        const VdTargetItem *item = vd_targets_at(all, i);
        const VdVm *vm = vd_fleet_vm(fleet, item->target.host, item->target.id);
        gboolean off = let_go(fleet, item->target.host) != NULL;
        if (vm && !off && vd_verb_applies(verb, vm)) {
            vd_targets_add(suited, item->target.host, item->target.id, item->name);
            continue;
        }
        const char *word = off || !vm ? vd_host_state_word(VD_HOST_OFF) : vd_vm_word(vm);
        guint so_far = GPOINTER_TO_UINT(g_hash_table_lookup(words, word));
        g_hash_table_insert(words, (gpointer)word, GUINT_TO_POINTER(so_far + 1));
        left++;
    }
    if (left > 0 && left < n)
        suited->without = without(left, n, words);
    return suited;
}

/* What to do first, or instead: a part of a sentence; NULL: it is so already. */
static const char *way_out(const VdVerb *verb, const VdVm *vm)
{
    gboolean starts = strcmp(verb->id, "vm.start") == 0;
    gboolean paused = vm->state == VD_VM_PAUSED || vm->state == VD_VM_SUSPENDED;
    if (!vd_vm_active(vm)) {
        if ((verb->when & VD_WHEN_RUNNING) != 0)
            return vm->managed_save ? _("restore it first") : _("start it first");
        return vm->managed_save ? _("restore it instead") : _("start it instead");
    }
    if (paused && (starts || (verb->when & VD_WHEN_RUNNING) != 0))
        return starts ? _("resume it instead") : _("resume it first");
    if (starts || (verb->when & VD_WHEN_OFF) == 0)
        return NULL;
    return _("shut it down or power it off first");
}

static void say_one_unsuitable(VdApp *app, const VdVerb *verb, const char *name, const VdVm *vm)
{
    const char *out = way_out(verb, vm);
    if (out)
        /* TRANSLATORS: verb, machine, state, way out: "Delete does not suit web-01: it is running;
         * power it off first." */
        vd_app_say(app, TRUE, _("%s does not suit %s: it is %s; %s."), _(verb->label), name,
                   _(vd_vm_word(vm)), out);
    else
        /* TRANSLATORS: verb, machine, state: "Start does not suit web-01: it is running." */
        vd_app_say(app, TRUE, _("%s does not suit %s: it is %s."), _(verb->label), name,
                   _(vd_vm_word(vm)));
}

static void say_let_go(VdApp *app, const VdHost *host)
{
    const VdCommand *retry = vd_keymap_find(app->keymap, "host.retry");
    g_autofree char *key = retry ? vd_keymap_keys(app->keymap, retry, 1) : g_strdup("");
    if (*key)
        vd_app_say(app, TRUE, _("%s is disconnected; %s on its row connects it."), host->id, key);
    else
        vd_app_say(app, TRUE, _("%s is disconnected."), host->id);
}

static void say_unsuitable(VdApp *app, const VdVerb *verb, const VdTargets *all)
{
    const VdTargetItem *item = vd_targets_at(all, 0);
    const VdVm *vm = vd_fleet_vm(vd_deck_fleet(app->deck), item->target.host, item->target.id);
    const VdHost *off = let_go(vd_deck_fleet(app->deck), item->target.host);
    if (vd_targets_count(all) == 1 && off)
        say_let_go(app, off);
    else if (vd_targets_count(all) == 1 && vm)
        say_one_unsuitable(app, verb, item->name, vm);
    else
        vd_app_say(app, TRUE, _("%s suits none of the marked machines as they are now."),
                   _(verb->label));
}

/* Only what goes on can be cancelled, and only what was interrupted resumed. */
static gboolean suits_job(VdApp *app, const VdVerb *verb, const VdTargets *targets)
{
    gboolean cancels = strcmp(verb->id, "job.cancel") == 0;
    if (vd_targets_count(targets) == 0 || (!cancels && strcmp(verb->id, "job.resume") != 0))
        return TRUE;
    const VdJob *job = vd_job_find(app, vd_targets_at(targets, 0)->target.id);
    return !job || (cancels ? !vd_job_state_ended(job->state) : job->state == VD_JOB_INTERRUPTED);
}

static void say_unsuitable_job(VdApp *app, const VdVerb *verb, const VdTargets *targets)
{
    const VdTargetItem *item = vd_targets_at(targets, 0);
    const VdJob *job = vd_job_find(app, item->target.id);
    vd_app_say(app, TRUE, _("%s does not suit %s: it is %s."), _(verb->label), item->name,
               _(vd_job_state_word(job->state)));
}

/* A deployment or a look needs no cursor: any host will do to begin with. */
static VdTargets *any_host(VdApp *app)
{
    VdTargets *targets = vd_targets_new(VD_TARGET_HOST);
    VdFleet *fleet = vd_deck_fleet(app->deck);
    for (guint i = 0; fleet && i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        if (host->state == VD_HOST_UP && vd_targets_count(targets) == 0)
            vd_targets_add(targets, host->id, NULL, host->id);
    }
    return targets;
}

static VdTargets *targets_of(VdApp *app, const VdVerb *verb)
{
    VdTargets *targets = vd_app_targets(app, verb->target);
    gboolean any = verb->kind == VD_VERB_JOB || (verb->kind == VD_VERB_QUERY && !verb->console);
    if (verb->target != VD_TARGET_HOST || vd_targets_count(targets) > 0 || !any)
        return targets;
    vd_targets_free(targets);
    /* In the pane of jobs what the tree has under its cursor is as good. */
    VdPane *fleet = app->panes[VD_PANE_FLEET];
    targets = app->view == VD_VIEW_MACHINES ? fleet->class->targets(fleet, VD_TARGET_HOST) : NULL;
    if (targets && vd_targets_count(targets) > 0)
        return targets;
    vd_targets_free(targets);
    return any_host(app);
}

static gboolean has_arg(const VdVerb *verb, VdArgType type, const char **ret_name)
{
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        if (spec->type == type) {
            *ret_name = spec->name;
            return TRUE;
        }
    return FALSE;
}

/* What stands under the cursor may be an argument: the image to deploy from. */
static VdArgs *args_from_cursor(VdApp *app, const VdVerb *verb)
{
    const char *name = NULL;
    if (verb->form) {
        VdTargetKind kind = verb->target == VD_TARGET_SCRIPT ? VD_TARGET_SCRIPT : VD_TARGET_HOST;
        g_autoptr(VdTargets) there = vd_app_targets(app, kind);
        return vd_deck_values(app->deck, verb,
                              vd_targets_count(there) ? &vd_targets_at(there, 0)->target : NULL);
    }
    if (app->view != VD_VIEW_IMAGES || !has_arg(verb, VD_ARG_IMAGE, &name))
        return NULL;
    g_autoptr(VdTargets) images = vd_app_targets(app, VD_TARGET_IMAGE);
    if (vd_targets_count(images) == 0)
        return NULL;
    VdArgs *args = vd_args_new();
    vd_args_set(args, name, vd_targets_at(images, 0)->target.id);
    return args;
}

/* The machine under the cursor, where the verb goes to hosts on their own rows. */
static const VdTreeRow *astray(VdApp *app, const VdVerb *verb)
{
    const VdTreeRow *row = NULL;
    if (verb->own_row && app->view == VD_VIEW_MACHINES && app->focus != VD_PANE_JOBS)
        row = vd_tree_selected(vd_console_tree(app));
    return row && row->vm ? row : NULL;
}

static gboolean do_verb(VdApp *app, const VdVerb *verb)
{
    const VdTreeRow *stray = astray(app, verb);
    if (stray) {
        vd_app_say(app, TRUE, _("%s goes to a host: put the cursor on the row of %s first."),
                   _(verb->label), stray->host->id);
        return TRUE;
    }
    g_autoptr(VdTargets) targets = targets_of(app, verb);
    g_autoptr(VdArgs) args = args_from_cursor(app, verb);
    if (verb->target != VD_TARGET_NONE && vd_targets_count(targets) == 0)
        return FALSE;
    if (!vd_app_may(app, verb))
        return TRUE;
    if (!suits_job(app, verb, targets)) {
        say_unsuitable_job(app, verb, targets);
        return TRUE;
    }
    if (verb->target == VD_TARGET_VM) {
        VdTargets *suited = suitable(app, verb, targets);
        if (vd_targets_count(suited) == 0) {
            say_unsuitable(app, verb, targets);
            vd_targets_free(suited);
            return TRUE;
        }
        vd_targets_free(targets);
        targets = suited;
    }
    if (targets->without && !verb->danger) /* a dangerous one tells it with its question */
        vd_app_say(app, FALSE, "%s", targets->without);
    /* What grows has a window of its own, which follows it. */
    if (strcmp(verb->id, "job.log") == 0)
        vd_app_push(app, vd_job_log_new(app, vd_targets_at(targets, 0)->target.id));
    else
        vd_app_run(app, verb, targets, args);
    return TRUE;
}

/* ---- actions ---- */

static void cycle_focus(VdApp *app, int by)
{
    static const VdPaneId order[] = {VD_PANE_FLEET, VD_PANE_LIVE, VD_PANE_JOBS};
    int n = (int)G_N_ELEMENTS(order), at = 0;
    if (app->view != VD_VIEW_MACHINES)
        return;
    for (int i = 0; i < n; i++)
        at = order[i] == app->focus ? i : at;
    for (int i = 1; i <= n; i++) {
        VdPaneId next = order[(at + by * i + n * n) % n];
        if (app->zoomed || app->panes[next]->rect.w > 0) {
            app->focus = next;
            return;
        }
    }
}

static void show_view(VdApp *app, int view)
{
    app->view = (VdView)((view + VD_VIEW_COUNT) % VD_VIEW_COUNT);
}

static gboolean look(VdApp *app, VdAction action)
{
    switch (action) {
    case VD_DO_FOCUS_NEXT:
    case VD_DO_FOCUS_PREVIOUS:
        cycle_focus(app, action == VD_DO_FOCUS_NEXT ? 1 : -1);
        return TRUE;
    case VD_DO_ZOOM_IN:
    case VD_DO_ZOOM_OUT:
        app->zoomed = action == VD_DO_ZOOM_IN;
        return TRUE;
    case VD_DO_VIEW_NEXT:
    case VD_DO_VIEW_PREVIOUS:
        show_view(app, (int)app->view + (action == VD_DO_VIEW_NEXT ? 1 : -1));
        return TRUE;
    case VD_DO_VIEW_MACHINES:
    case VD_DO_VIEW_JOBS:
    case VD_DO_VIEW_IMAGES:
    case VD_DO_VIEW_LOG:
        show_view(app, (int)(action - VD_DO_VIEW_MACHINES));
        return TRUE;
    case VD_DO_FILTER:
        app->view = VD_VIEW_MACHINES;
        app->focus = VD_PANE_FLEET;
        app->filtering = TRUE;
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean program(VdApp *app, VdAction action)
{
    switch (action) {
    case VD_DO_REFRESH:
        vd_deck_refresh(app->deck);
        vd_app_say(app, FALSE, _("Listing everything anew."));
        return TRUE;
    case VD_DO_REPAINT:
        vd_term_repaint();
        return TRUE;
    case VD_DO_PALETTE:
        vd_app_push(app, vd_palette_new(app));
        return TRUE;
    case VD_DO_MENU:
        vd_app_push(app, vd_menu_new(app));
        return TRUE;
    case VD_DO_HELP: {
        g_autofree char *text = vd_help_text(app);
        vd_app_push(app, vd_page_new_text(_("Keys"), text, TRUE));
        return TRUE;
    }
    case VD_DO_METER:
        vd_app_push(app, vd_meter_page_new(app));
        return TRUE;
    case VD_DO_SUSPEND:
        vd_term_suspend();
        return TRUE;
    case VD_DO_QUIT:
        vd_console_quit(app, 0);
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean sorts(VdAction action)
{
    return action >= VD_DO_SORT_NEXT && action <= VD_DO_FLAT;
}

static gboolean do_action(VdApp *app, VdAction action)
{
    VdPane *pane = vd_console_focus(app);
    int count = app->count ? (int)app->count : 1;
    if (look(app, action) || program(app, action))
        return TRUE;
    /* The live panel has no rows of its own: moving there moves the machines. */
    if (app->view == VD_VIEW_MACHINES && app->focus == VD_PANE_LIVE)
        pane = app->panes[VD_PANE_FLEET];
    if (pane->class->act && pane->class->act(pane, action, count, app->count > 0))
        return TRUE;
    pane = app->panes[VD_PANE_FLEET];
    return sorts(action) && app->view == VD_VIEW_MACHINES &&
           pane->class->act(pane, action, count, FALSE);
}

gboolean vd_console_do(VdApp *app, const VdCommand *command)
{
    vd_app_dirty(app);
    return command->verb ? do_verb(app, command->verb) : do_action(app, command->action);
}

gboolean vd_console_answers(VdApp *app, const VdCommand *command, guint32 key)
{
    const VdVerb *verb = command->verb;
    gboolean of_row = verb && verb->target == VD_TARGET_HOST && verb->kind == VD_VERB_QUERY &&
                      key >= VD_KEY_F(1) && key <= VD_KEY_F(24);
    return !of_row || (app->view == VD_VIEW_MACHINES && app->focus != VD_PANE_JOBS);
}

gboolean vd_console_can(VdApp *app, const VdCommand *command)
{
    if (!command->verb) /* the machines' list alone has an order to choose */
        return !sorts(command->action) || app->view == VD_VIEW_MACHINES;
    if (!vd_deck_may(app->deck, command->verb, NULL) || astray(app, command->verb))
        return FALSE;
    if (command->verb->target == VD_TARGET_NONE)
        return TRUE;
    /* Asking each of thousands of marked machines at every frame would be felt. */
    if (command->verb->target == VD_TARGET_VM && app->view == VD_VIEW_MACHINES &&
        vd_tree_marks(vd_console_tree(app)))
        return TRUE;
    g_autoptr(VdTargets) targets = targets_of(app, command->verb);
    if (command->verb->target == VD_TARGET_VM) {
        VdTargets *suited = suitable(app, command->verb, targets);
        vd_targets_free(targets);
        targets = suited;
    }
    return vd_targets_count(targets) > 0 && suits_job(app, command->verb, targets);
}
