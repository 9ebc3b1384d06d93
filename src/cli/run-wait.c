/* Waiting for hosts. Those that answer are not held up by one that does not: after a moment a list
 * is begun with them, and one that is mute is given up after a while, which is said. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/cli/run.h"

/* So long all wait for each other, so that a list is usually in the order of the hosts. */
#define TOGETHER_USEC (2 * G_USEC_PER_SEC)
#define LOOK_MS       100

gboolean vd_run_lists_fleet(const VdVerb *verb)
{
    return strcmp(verb->id, "host.list") == 0 || strcmp(verb->id, "vm.list") == 0;
}

/* ---- who has answered ---- */

static gboolean has_settled(VdRun *run, const char *id)
{
    const VdHost *host = vd_fleet_host(vd_deck_fleet(run->deck), id);
    return host && (host->listed || host->state == VD_HOST_DOWN || host->state == VD_HOST_OFF);
}

static gboolean is_waited_for(const VdRun *run, const char *id)
{
    const char *only = run->command->host;
    if (!only && strcmp(run->command->verb->id, "vm.list") == 0)
        only = vd_args_get(run->command->args, "on-host");
    return !only || strcmp(only, id) == 0;
}

/* "kvm1, kvm2": who is waited for; NULL: nobody. The caller frees. */
static char *unsettled(VdRun *run)
{
    g_auto(GStrv) hosts = vd_deck_hosts(run->deck);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (char **host = hosts; *host; host++)
        if (is_waited_for(run, *host) && !has_settled(run, *host))
            g_ptr_array_add(names, *host);
    g_ptr_array_add(names, NULL);
    return names->len > 1 ? g_strjoinv(", ", (char **)names->pdata) : NULL;
}

/* ---- a list in parts ---- */

static guint host_column(const VdRun *run)
{
    return strcmp(run->command->verb->id, "vm.list") == 0 ? 1 : 0;
}

/* Takes the rows of hosts out that are printed already, or are not to be yet; the others are now.
 */
static void keep_untold(VdRun *run, VdDoc *doc, gboolean settled_only)
{
    VdSection *section = g_ptr_array_index(doc->sections, 0);
    guint column = host_column(run);
    g_autoptr(GHashTable) now = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint r = section->rows->len; r-- > 0;) {
        const char *host = ((char **)g_ptr_array_index(section->rows, r))[column];
        if (g_hash_table_contains(run->told, host) || (settled_only && !has_settled(run, host)))
            g_ptr_array_remove_index(section->rows, r);
        else
            g_hash_table_add(now, g_strdup(host));
    }
    GHashTableIter iter;
    gpointer host;
    g_hash_table_iter_init(&iter, now);
    while (g_hash_table_iter_next(&iter, &host, NULL))
        g_hash_table_add(run->told, g_strdup(host));
}

/* For the rows that come later as well: of their hosts the names are known. */
static void lay_out(VdRun *run, const VdDoc *doc)
{
    g_auto(GStrv) hosts = vd_deck_hosts(run->deck);
    int *least = &run->form.least[host_column(run)];
    for (char **host = hosts; *host; host++)
        if (is_waited_for(run, *host))
            *least = MAX(*least, vd_text_width(*host));
    vd_print_lay(doc, &run->form);
}

static void part_told(VdDeck *deck, const VdOutcome *outcome, gpointer data)
{
    (void)deck;
    VdRun *run = data;
    run->waiting--;
    if (!outcome->doc)
        return; /* it will be told at the end */
    lay_out(run, outcome->doc);
    keep_untold(run, outcome->doc, TRUE);
    vd_print_part(outcome->doc, run->command->format, &run->form);
}

static gboolean any_is_up(VdRun *run)
{
    const VdFleet *fleet = vd_deck_fleet(run->deck);
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        if (host->listed && host->state != VD_HOST_DOWN)
            return TRUE;
    }
    return FALSE;
}

/* JSON is one document, so it is whole at the end. */
static void begin_list(VdRun *run)
{
    const VdCommand *command = run->command;
    VdTarget nothing = {VD_TARGET_NONE, NULL, NULL};
    if (!vd_run_lists_fleet(command->verb) || command->format == VD_FORMAT_JSON || !any_is_up(run))
        return;
    run->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    run->waiting = 1;
    vd_deck_submit(run->deck, command->verb, &nothing, command->args, part_told, run);
    while (run->waiting > 0)
        g_main_context_iteration(run->context, TRUE);
}

void vd_run_print_rest(VdRun *run, VdDoc *doc)
{
    keep_untold(run, doc, FALSE);
    vd_print_part(doc, run->command->format, &run->form);
}

/* ---- waiting ---- */

static gboolean look(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE; /* the loop has turned */
}

static void tell_waiting(VdRun *run)
{
    g_autofree char *names = unsettled(run);
    begin_list(run);
    if (names && isatty(STDERR_FILENO))
        vd_err(_("vmdeck: waiting for %s; --timeout SECONDS says how long\n"), names);
}

void vd_run_wait_settled(VdRun *run)
{
    gint64 begun = g_get_monotonic_time(), limit = run->command->timeout * G_USEC_PER_SEC;
    gboolean told = FALSE;
    GSource *tick = g_timeout_source_new(LOOK_MS);
    g_source_set_callback(tick, look, NULL, NULL);
    g_source_attach(tick, run->context);
    for (;;) {
        g_autofree char *names = unsettled(run);
        gint64 now = g_get_monotonic_time();
        if (!names || (limit > 0 && now - begun >= limit))
            break;
        if (vd_deck_questions(run->deck)->len > 0)
            begun = now; /* a person takes the time that a person takes */
        if (!told && now - begun >= TOGETHER_USEC) {
            told = TRUE;
            tell_waiting(run);
        }
        g_main_context_iteration(run->context, TRUE);
    }
    g_source_destroy(tick);
    g_source_unref(tick);
}

/* ---- what is said of the others ---- */

/* NULL: it was not given up. The caller frees. */
static char *lateness(VdRun *run, const char *id)
{
    if (!is_waited_for(run, id) || has_settled(run, id))
        return NULL;
    return g_strdup_printf(ngettext("no answer within %d second", "no answer within %d seconds",
                                    (gulong)run->command->timeout),
                           (int)run->command->timeout);
}

static void complain(VdRun *run, const VdHost *host, gboolean only)
{
    g_autofree char *late = lateness(run, host->id);
    const char *why = late ? late : host->error ? host->error : _("no answer");
    if (only && !late)
        vd_err("vmdeck: %s\n", why);
    else
        vd_err(_("vmdeck: host %s: %s\n"), host->id, why);
    g_autofree char *more = late ? NULL : vd_text_more(why, host->detail);
    g_autofree char *words = more ? vd_text_clean(more, 1024, FALSE) : NULL;
    if (words)
        vd_err("        (%s)\n", words);
}

void vd_run_tell_late(VdRun *run, VdDoc *doc)
{
    VdSection *section = g_ptr_array_index(doc->sections, 0);
    guint why = section->n_columns - 1;
    if (strcmp(run->command->verb->id, "host.list") != 0)
        return;
    g_return_if_fail(strcmp(section->columns[why].id, "error") == 0);
    for (guint r = 0; r < section->rows->len; r++) {
        char **row = g_ptr_array_index(section->rows, r);
        g_autofree char *late = lateness(run, row[0]);
        if (late && !row[why])
            vd_row_text(row, why, late);
    }
}

guint vd_run_count_down(VdRun *run, gboolean aloud)
{
    guint down = 0;
    run->down = VD_ERR_DENIED; /* as long as none is down for another reason */
    const VdFleet *fleet = vd_deck_fleet(run->deck);
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const VdHost *host = g_ptr_array_index(fleet->hosts, i);
        if ((host->listed && host->state != VD_HOST_DOWN) || !is_waited_for(run, host->id))
            continue;
        down++;
        if (!host->denied)
            run->down = VD_ERR_UNREACHABLE;
        if (aloud)
            complain(run, host, fleet->hosts->len == 1);
    }
    return down;
}
