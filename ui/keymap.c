/* Two lists made one: the table of actions below and the deck's table of verbs. A binding is a key
 * and a command; verbs come before actions of the same key, so that a key that pages through a list
 * may still be a verb's on its rows: whoever dispatches takes the first that suits what is under
 * the cursor. */
#include "config.h"

#include "ui/keymap.h"

#include <string.h>

#include "src/base/i18n.h"

#define MOVE N_("Move")
#define FIND N_("Find and sort")
#define LOOK N_("View")
#define PROG N_("Program")

static const struct {
    const char *id, *menu, *label, *help, *keys;
} actions[VD_DO_COUNT] = {
    [VD_DO_UP] = {"up", MOVE, N_("Up"), N_("One row up."), "k Up"},
    [VD_DO_DOWN] = {"down", MOVE, N_("Down"), N_("One row down; 5j moves five."), "j Down"},
    [VD_DO_LEFT] = {"left", MOVE, N_("Fold"), N_("Fold the host, or go to it."), "h Left"},
    [VD_DO_RIGHT] = {"right", MOVE, N_("Unfold"), N_("Unfold the host."), "l Right"},
    [VD_DO_PAGE_UP] = {"page-up", MOVE, N_("Page up"), N_("One page up."), "PgUp Ctrl-U"},
    [VD_DO_PAGE_DOWN] = {"page-down", MOVE, N_("Page down"), N_("One page down."), "PgDn Ctrl-D"},
    [VD_DO_TOP] = {"top", MOVE, N_("First"), N_("To the first row; 5g to the fifth."), "g Home"},
    [VD_DO_BOTTOM] = {"bottom", MOVE, N_("Last"), N_("To the last row."), "G End"},
    [VD_DO_OPEN] = {"open", MOVE, N_("Open"),
                    N_("Open what is under the cursor: details, a job's steps, a host's fold."),
                    "Enter"},
    [VD_DO_MARK] = {"mark", FIND, N_("Mark"),
                    N_("Mark the machine; what is done next goes to all that are marked."),
                    "Space Ins"},
    [VD_DO_MARK_INVERT] = {"mark-invert", FIND, N_("Invert marks"),
                           N_("Mark what is not marked, and the other way round."), "*"},
    [VD_DO_MARK_NONE] = {"mark-none", FIND, N_("Clear marks"), N_("Take all marks away."), "U"},
    [VD_DO_FILTER] = {"filter", FIND, N_("Filter"),
                      N_("Show only what fits: words, !word, state:off, host:kvm2, cpu>50."), "/"},
    [VD_DO_SORT_NEXT] = {"sort-next", FIND, N_("Sort"), N_("Sort by the next column."), "F6 >"},
    [VD_DO_SORT_PREVIOUS] = {"sort-previous", FIND, N_("Sort back"),
                             N_("Sort by the column before."), "<"},
    [VD_DO_SORT_INVERT] = {"sort-invert", FIND, N_("Invert order"), N_("Sort the other way."), "I"},
    [VD_DO_FLAT] = {"flat", LOOK, N_("Tree or flat"),
                    N_("Machines under their hosts, or all in one list."), "t"},
    [VD_DO_FOCUS_NEXT] = {"focus-next", LOOK, N_("Next pane"), N_("The keys go to the next pane."),
                          "Tab"},
    [VD_DO_FOCUS_PREVIOUS] = {"focus-previous", LOOK, N_("Pane before"),
                              N_("The keys go to the pane before."), "Shift-Tab"},
    [VD_DO_ZOOM_IN] = {"zoom-in", LOOK, N_("Zoom"), N_("Give the pane more room."), "+"},
    [VD_DO_ZOOM_OUT] = {"zoom-out", LOOK, N_("Zoom out"), N_("Give the others their room back."),
                        "_"},
    [VD_DO_VIEW_NEXT] = {"view-next", LOOK, N_("Next view"), N_("Go to the next view."), "]"},
    [VD_DO_VIEW_PREVIOUS] = {"view-previous", LOOK, N_("View before"), N_("Go to the view before."),
                             "["},
    [VD_DO_VIEW_MACHINES] = {"view-machines", LOOK, N_("Machines"), N_("Hosts and machines."), "1"},
    [VD_DO_VIEW_JOBS] = {"view-jobs", LOOK, N_("Jobs"), N_("All jobs, running and ended."), "2"},
    [VD_DO_VIEW_IMAGES] = {"view-images", LOOK, N_("Images"),
                           N_("The images that machines are deployed from."), "3"},
    [VD_DO_VIEW_LOG] = {"view-log", LOOK, N_("Log"), N_("What was done and what went wrong."), "6"},
    [VD_DO_REFRESH] = {"refresh", PROG, N_("Refresh"), N_("List everything anew."), "F5 Ctrl-R"},
    [VD_DO_REPAINT] = {"repaint", PROG, N_("Repaint"), N_("Draw the screen anew."), "Ctrl-L"},
    [VD_DO_PALETTE] = {"palette", PROG, N_("Command"), N_("Find a command by its name."), ":"},
    [VD_DO_MENU] = {"menu", PROG, N_("Menu"), N_("Open the menu."), "F9"},
    [VD_DO_HELP] = {"help", PROG, N_("Help"), N_("Show what the keys do."), "? F1"},
    [VD_DO_METER] = {"meter", PROG, N_("Latency"),
                     N_("How long keys, frames and calls to hosts take."), "F12"},
    [VD_DO_SUSPEND] = {"suspend", PROG, N_("To the shell"),
                       N_("Stop this program; “fg” brings it back."), "Ctrl-Z"},
    [VD_DO_QUIT] = {"quit", PROG, N_("Quit"), N_("Leave the console; jobs go on."), "q F10"},
};

/* Keys for verbs that the table leaves without: those of images and jobs answer in their own views,
 * those of hosts on their rows; the digits open what a host tells as a page. */
static const struct {
    const char *verb, *keys;
} more_keys[] = {
    {"host.show", "F3"},     {"host.pools", "4"},
    {"host.networks", "5"},  {"doctor", "7"},
    {"host.retry", "r"},     {"host.disconnect", "X"},
    {"host.add", "N"},       {"host.edit", "e"},
    {"host.remove", "D"},    {"image.show", "Enter F3"},
    {"image.add", "A"},      {"image.remove", "F8 D"},
    {"image.fetch", "f"},    {"script.show", "Enter F3"},
    {"script.edit", "e"},    {"script.remove", "F8 D"},
    {"job.show", "F3"},      {"job.log", "L"},
    {"job.cancel", "F8 C"},  {"job.resume", "R"},
    {"request.trace", "F3"},
};

typedef struct {
    guint32 key;
    const VdCommand *command;
    gboolean own; /* by the configuration */
} Binding;

struct _VdKeymap {
    GArray *commands; /* VdCommand; never grows after it was made */
    GArray *bindings; /* Binding, verbs first */
};

static gboolean same_verb(const VdVerb *verb, const char *name)
{
    return strcmp(verb->id, name) == 0 || g_strcmp0(verb->command, name) == 0;
}

const VdCommand *vd_keymap_find(const VdKeymap *keymap, const char *id)
{
    for (guint i = 0; i < keymap->commands->len; i++) {
        const VdCommand *command = vd_keymap_at(keymap, i);
        if (command->verb ? same_verb(command->verb, id) : strcmp(command->id, id) == 0)
            return command;
    }
    return NULL;
}

static void collect_commands(VdKeymap *keymap)
{
    for (guint i = 0; i < VD_DO_COUNT; i++) {
        VdCommand command = {actions[i].id,   actions[i].menu, actions[i].label,
                             actions[i].help, (VdAction)i,     NULL};
        g_array_append_val(keymap->commands, command);
    }
    guint n = 0;
    const VdVerb *const *verbs = vd_deck_verbs(&n);
    for (guint i = 0; i < n; i++) {
        if (!verbs[i]->menu)
            continue;
        VdCommand command = {verbs[i]->id,   verbs[i]->menu, verbs[i]->label,
                             verbs[i]->help, VD_DO_COUNT,    verbs[i]};
        g_array_append_val(keymap->commands, command);
    }
}

static const char *default_keys(const VdCommand *command)
{
    if (!command->verb)
        return actions[command->action].keys;
    if (command->verb->keys)
        return command->verb->keys;
    for (guint i = 0; i < G_N_ELEMENTS(more_keys); i++)
        if (strcmp(more_keys[i].verb, command->verb->id) == 0)
            return more_keys[i].keys;
    return NULL;
}

static void add_problem(GPtrArray *problems, const VdConf *conf, const char *name, char *text)
{
    g_autofree char *setting = g_strconcat("keys.", name, NULL);
    if (problems)
        g_ptr_array_add(problems, vd_conf_mistake(conf, setting, text));
    g_free(text);
}

static const Binding *binding_of(const VdKeymap *keymap, guint32 key, const VdCommand *command)
{
    for (guint i = 0; i < keymap->bindings->len; i++) {
        const Binding *binding = &g_array_index(keymap->bindings, Binding, i);
        if (binding->key == key && binding->command == command)
            return binding;
    }
    return NULL;
}

/* Esc closes what is open, whatever is bound. */
static guint32 parse_bindable(const char *name)
{
    guint32 key = vd_key_parse(name);
    return key == VD_KEY_ESC ? VD_KEY_NONE : key;
}

/* How many of them are keys. conf, setting: where they stand; NULL: our own. */
static guint bind_all(VdKeymap *keymap, const VdCommand *command, char *const *names,
                      const VdConf *conf, const char *setting, GPtrArray *problems)
{
    guint had = keymap->bindings->len;
    for (guint i = 0; names && names[i]; i++) {
        Binding binding = {parse_bindable(names[i]), command, setting != NULL};
        if (binding.key != VD_KEY_NONE && !binding_of(keymap, binding.key, command))
            g_array_append_val(keymap->bindings, binding);
        else if (binding.key == VD_KEY_NONE && *names[i] && setting)
            add_problem(problems, conf, setting,
                        g_strdup_printf(_("keys: %s: “%s” is no key that can be bound; expected a "
                                          "character, F1 to F24, Ctrl-X, Enter, Space, Del … and "
                                          "never Esc, Ctrl-A, Ctrl-B, Ctrl-Q, Ctrl-S"),
                                        command->id, names[i]));
    }
    return keymap->bindings->len - had;
}

/* The name by which the configuration has keys for a command: its id, or the word of the command
 * line. */
static const char *setting_of(const VdCommand *command, const VdConf *conf)
{
    const char *word = command->verb ? command->verb->command : NULL;
    gboolean by_word = word && conf && !g_hash_table_contains(conf->keys, command->id) &&
                       g_hash_table_contains(conf->keys, word);
    return by_word ? word : command->id;
}

static void bind_command(VdKeymap *keymap, const VdCommand *command, const VdConf *conf,
                         GPtrArray *problems)
{
    const char *name = setting_of(command, conf);
    char **own = conf ? g_hash_table_lookup(conf->keys, name) : NULL;
    /* Only an empty list takes all keys away; after a mistake there must still be one to quit. */
    if (own && (bind_all(keymap, command, own, conf, name, problems) > 0 || !own[0]))
        return;
    const char *keys = default_keys(command);
    g_auto(GStrv) names = g_strsplit(keys ? keys : "", " ", -1);
    bind_all(keymap, command, names, NULL, NULL, NULL);
}

/* The id that begins most like name: a slip of the finger is rarely in the first letters. */
static const char *nearest_id(const VdKeymap *keymap, const char *name)
{
    const char *best = "quit";
    gsize most = 2;
    for (guint i = 0; i < keymap->commands->len; i++) {
        const char *id = vd_keymap_at(keymap, i)->id;
        gsize same = 0;
        while (id[same] && id[same] == name[same])
            same++;
        if (same <= most)
            continue;
        most = same;
        best = id;
    }
    return best;
}

static void check_names(const VdKeymap *keymap, const VdConf *conf, GPtrArray *problems)
{
    GHashTableIter iter;
    gpointer name = NULL;
    g_hash_table_iter_init(&iter, conf->keys);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!vd_keymap_find(keymap, name))
            add_problem(problems, conf, name,
                        g_strdup_printf(_("keys: there is no action or verb “%s”; expected one "
                                          "such as %s"),
                                        (char *)name, nearest_id(keymap, name)));
}

static gboolean is_default(const Binding *binding)
{
    const char *keys = default_keys(binding->command);
    g_auto(GStrv) names = g_strsplit(keys ? keys : "", " ", -1);
    for (guint i = 0; names[i]; i++)
        if (vd_key_parse(names[i]) == binding->key)
            return TRUE;
    return FALSE;
}

/* Whether two commands get into each other's way on one key. Verbs of different things share keys,
 * and so do those that have the key by default: Enter opens a row and shows an image. */
static gboolean clash(const Binding *one, const Binding *other)
{
    const VdVerb *first = one->command->verb, *second = other->command->verb;
    if (one->key != other->key || one->command == other->command ||
        (is_default(one) && is_default(other)))
        return FALSE;
    return !first || !second || first->target == second->target ||
           first->target == VD_TARGET_NONE || second->target == VD_TARGET_NONE;
}

/* What gets into the way of the binding: a default key, or what the configuration binds before it.
 * NULL: nothing does. */
static const Binding *taken_by(const VdKeymap *keymap, guint at)
{
    const Binding *binding = &g_array_index(keymap->bindings, Binding, at);
    for (guint i = 0; i < keymap->bindings->len; i++) {
        const Binding *other = &g_array_index(keymap->bindings, Binding, i);
        if ((!other->own || i < at) && clash(binding, other))
            return other;
    }
    return NULL;
}

/* The keys that a command has by default come back when none of those is left that the
 * configuration gives it. */
static void restore(VdKeymap *keymap, const VdCommand *command, guint at)
{
    for (guint i = 0; i < keymap->bindings->len; i++)
        if (g_array_index(keymap->bindings, Binding, i).command == command)
            return;
    const char *keys = default_keys(command);
    g_auto(GStrv) names = g_strsplit(keys ? keys : "", " ", -1);
    for (guint i = 0; names[i]; i++) {
        Binding binding = {vd_key_parse(names[i]), command, FALSE};
        if (binding.key != VD_KEY_NONE)
            g_array_insert_val(keymap->bindings, at++, binding);
    }
}

/* A key that another command has counts for that one, unless the configuration gives the other one
 * other keys: who binds a danger to a key that moves must be told, not surprised. Each round takes
 * one binding of the configuration away, so that it ends. */
static void settle(VdKeymap *keymap, const VdConf *conf, GPtrArray *problems)
{
    for (guint i = 0; i < keymap->bindings->len; i++) {
        const Binding binding = g_array_index(keymap->bindings, Binding, i);
        const Binding *other = binding.own ? taken_by(keymap, i) : NULL;
        if (!other)
            continue;
        g_autofree char *key = vd_key_name(binding.key);
        /* TRANSLATORS: a command's id, a key, another command's label and id: "keys: vm.poweroff:
         * “j” is Down already; …" */
        add_problem(problems, conf, setting_of(binding.command, conf),
                    g_strdup_printf(_("keys: %s: “%s” is “%s” already; expected another key, or "
                                      "another one for %s"),
                                    binding.command->id, key, _(other->command->label),
                                    other->command->id));
        g_array_remove_index(keymap->bindings, i);
        restore(keymap, binding.command, i);
        i = (guint)-1; /* what came back may be in the way of another one */
    }
}

VdKeymap *vd_keymap_new(const VdConf *conf, GPtrArray *problems)
{
    VdKeymap *keymap = g_new0(VdKeymap, 1);
    keymap->commands = g_array_new(FALSE, FALSE, sizeof(VdCommand));
    keymap->bindings = g_array_new(FALSE, FALSE, sizeof(Binding));
    collect_commands(keymap);
    for (int verbs = 1; verbs >= 0; verbs--)
        for (guint i = 0; i < keymap->commands->len; i++)
            if ((vd_keymap_at(keymap, i)->verb != NULL) == (verbs == 1))
                bind_command(keymap, vd_keymap_at(keymap, i), conf, problems);
    if (conf)
        settle(keymap, conf, problems);
    if (conf)
        check_names(keymap, conf, problems);
    return keymap;
}

void vd_keymap_free(VdKeymap *keymap)
{
    if (!keymap)
        return;
    g_array_unref(keymap->commands);
    g_array_unref(keymap->bindings);
    g_free(keymap);
}

guint vd_keymap_count(const VdKeymap *keymap)
{
    return keymap->commands->len;
}

const VdCommand *vd_keymap_at(const VdKeymap *keymap, guint i)
{
    return &g_array_index(keymap->commands, VdCommand, i);
}

const VdCommand *vd_keymap_lookup(const VdKeymap *keymap, guint32 key, guint n)
{
    for (guint i = 0; i < keymap->bindings->len; i++) {
        const Binding *binding = &g_array_index(keymap->bindings, Binding, i);
        if (binding->key == key && n-- == 0)
            return binding->command;
    }
    return NULL;
}

char *vd_keymap_keys(const VdKeymap *keymap, const VdCommand *command, guint max)
{
    GString *text = g_string_new(NULL);
    guint found = 0;
    for (guint i = 0; i < keymap->bindings->len && (!max || found < max); i++) {
        const Binding *binding = &g_array_index(keymap->bindings, Binding, i);
        if (binding->command != command)
            continue;
        g_autofree char *name = vd_key_name(binding->key);
        g_string_append_printf(text, "%s%s", found++ ? ", " : "", name);
    }
    return g_string_free(text, FALSE);
}
