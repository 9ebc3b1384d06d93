/* The words of the command line, read by the table of verbs: `--name value` for its arguments,
 * `--name-file FILE` for its secrets, and the rest as targets and positional arguments. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/cli/private.h"

/* The value of an option: behind its `=`, or the next word. */
static const char *take_value(const char *inline_value, int argc, char **argv, int *at,
                              GError **error)
{
    if (inline_value)
        return inline_value;
    if (*at + 1 < argc)
        return argv[++*at];
    vd_error_set(error, VD_ERR_USAGE, NULL, _("%s needs a value"), argv[*at]);
    return NULL;
}

static gboolean set_format(VdCommand *command, const char *word, GError **error)
{
    if (strcmp(word, "table") == 0)
        command->format = VD_FORMAT_TABLE;
    else if (strcmp(word, "json") == 0)
        command->format = VD_FORMAT_JSON;
    else if (strcmp(word, "csv") == 0)
        command->format = VD_FORMAT_CSV;
    else
        return vd_fail(error, VD_ERR_USAGE, NULL, _("--format: expected table, json or csv"));
    return TRUE;
}

static gboolean set_number(const char *name, const char *word, gint64 *target, GError **error)
{
    if (g_ascii_string_to_signed(word, 10, 0, G_MAXINT64, target, NULL))
        return TRUE;
    return vd_fail(error, VD_ERR_USAGE, NULL, _("--%s: expected a number"), name);
}

static gboolean set_timeout(VdCommand *command, gint64 seconds, GError **error)
{
    enum { MOST = 3600 };
    command->timeout = seconds;
    return (seconds >= 1 && seconds <= MOST) ||
           vd_fail(error, VD_ERR_USAGE, NULL, _("--timeout: expected 1 to %d seconds"), MOST);
}

static gboolean is_switch(VdCommand *command, const char *name)
{
    gboolean *target = NULL;
    if (strcmp(name, "yes") == 0 || strcmp(name, "y") == 0)
        target = &command->yes;
    else if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0)
        target = &command->help;
    else if (strcmp(name, "version") == 0)
        target = &command->version;
    else if (strcmp(name, "detach") == 0)
        target = &command->detach;
    else if (strcmp(name, "ascii") == 0)
        target = &command->console.ascii;
    else if (strcmp(name, "no-mouse") == 0)
        target = &command->console.no_mouse;
    if (target)
        *target = TRUE;
    return target != NULL;
}

static gboolean is_common(const char *name)
{
    static const char *const names[] = {"c",     "connect", "config",       "format",     "host",
                                        "theme", "timeout", "test-idle-fd", "test-clock", NULL};
    return g_strv_contains(names, name);
}

static gboolean set_common(VdCommand *command, const char *name, const char *value, GError **error)
{
    gint64 number = 0;
    if (strcmp(name, "c") == 0 || strcmp(name, "connect") == 0) {
        g_ptr_array_add(command->uris, (gpointer)value);
    } else if (strcmp(name, "config") == 0) {
        command->config = value;
    } else if (strcmp(name, "host") == 0) {
        command->host = command->host ? command->host : value;
        g_ptr_array_add(command->hosts, (gpointer)value);
    } else if (strcmp(name, "theme") == 0)
        command->console.theme = value;
    else if (strcmp(name, "format") == 0)
        return set_format(command, value, error);
    else if (!set_number(name, value, &number, error))
        return FALSE;
    else if (strcmp(name, "timeout") == 0)
        return set_timeout(command, number, error);
    else if (strcmp(name, "test-clock") == 0)
        command->console.clock = number;
    else
        command->console.idle_fd = (int)number;
    return TRUE;
}

static const VdArgSpec *find_spec(const VdVerb *verb, const char *name, gboolean *ret_file)
{
    for (const VdArgSpec *spec = verb ? verb->args : NULL; spec && spec->name; spec++) {
        if (strcmp(spec->name, name) == 0 && spec->type != VD_ARG_SECRET)
            return spec;
        g_autofree char *file = g_strconcat(spec->name, "-file", NULL);
        if (strcmp(file, name) == 0 && spec->type == VD_ARG_SECRET) {
            *ret_file = TRUE;
            return spec;
        }
    }
    return NULL;
}

static gboolean set_argument(VdCommand *command, const VdArgSpec *spec, gboolean secret,
                             const char *value, GError **error)
{
    if (secret) {
        g_autoptr(GError) why = NULL;
        char *text = vd_secret_read(value, &why);
        if (!text)
            return vd_fail(error, VD_ERR_USAGE, vd_error_detail(why),
                           _("--%s-file: %s; expected a file with the password in its first line, "
                             "or - for standard input"),
                           spec->name, why->message);
        vd_args_set_secret(command->args, spec->name, text);
        vd_secret_free(text);
        if (vd_file_open_to_others(value))
            vd_err(_("vmdeck: others can read %s, and with it the password: chmod 600 it\n"),
                   value);
    } else if (spec->many)
        vd_args_add(command->args, spec->name, value);
    else
        vd_args_set(command->args, spec->name, value);
    return TRUE;
}

static gboolean parse_option(VdCommand *command, int argc, char **argv, int *at, GError **error)
{
    const char *word = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
    const char *equals = argv[*at][1] == '-' ? strchr(word, '=') : NULL;
    g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
    gboolean secret = FALSE;
    const VdArgSpec *spec = find_spec(command->verb, name, &secret);
    if (spec && spec->type == VD_ARG_FLAG) {
        vd_args_set(command->args, spec->name, equals ? equals + 1 : "true");
        return TRUE;
    }
    if (!spec && !equals && is_switch(command, name))
        return TRUE;
    if (!spec && !is_common(name))
        return vd_fail(error, VD_ERR_USAGE, NULL,
                       command->verb ? _("There is no option %s here; see vmdeck %s --help")
                                     : _("There is no option %s; see vmdeck --help%.0s"),
                       argv[*at], command->verb ? command->verb->command : "");
    const char *value = take_value(equals ? equals + 1 : NULL, argc, argv, at, error);
    if (!value)
        return FALSE;
    return spec ? set_argument(command, spec, secret, value, error)
                : set_common(command, name, value, error);
}

const VdVerb *const *vd_command_verbs(guint *n)
{
    static gsize once;
    static GPtrArray *some;
    if (g_once_init_enter(&once)) {
        guint all = 0;
        const VdVerb *const *verbs = vd_deck_verbs(&all);
        some = g_ptr_array_new();
        for (guint i = 0; i < all; i++)
            if (!verbs[i]->console)
                g_ptr_array_add(some, (gpointer)verbs[i]);
        g_once_init_leave(&once, 1);
    }
    *n = some->len;
    return (const VdVerb *const *)some->pdata;
}

/* A command is one word or two ("image add"). Before the verb is known, a word either begins or
 * completes it. */
static gboolean take_word(VdCommand *command, const char *word, char **first, GError **error)
{
    static const char *const builtins[] = {"completion", "manual", NULL};
    if (command->verb || command->builtin) {
        g_ptr_array_add(command->words, (gpointer)word);
        return TRUE;
    }
    if (!*first && g_strv_contains(builtins, word)) {
        command->builtin = word;
        return TRUE;
    }
    if (!*first && !command->help && strcmp(word, "help") == 0) {
        command->help = TRUE;
        return TRUE;
    }
    g_autofree char *both = *first ? g_strconcat(*first, " ", word, NULL) : g_strdup(word);
    guint n = 0;
    const VdVerb *const *verbs = vd_command_verbs(&n);
    for (guint i = 0; i < n && !command->verb; i++)
        command->verb = strcmp(verbs[i]->command, both) == 0 ? verbs[i] : NULL;
    if (command->verb)
        return TRUE;
    g_autofree char *prefix = g_strconcat(both, " ", NULL);
    for (guint i = 0; i < n; i++) {
        if (g_str_has_prefix(verbs[i]->command, prefix)) {
            g_free(*first);
            *first = g_steal_pointer(&both);
            return TRUE;
        }
    }
    return vd_fail(error, VD_ERR_USAGE, NULL, _("There is no command %s; see vmdeck --help"), both);
}

gboolean vd_command_parse(VdCommand *command, int argc, char **argv, GError **error)
{
    gboolean options = TRUE;
    g_autofree char *first = NULL;
    for (int at = 1; at < argc; at++) {
        if (options && strcmp(argv[at], "--") == 0)
            options = FALSE;
        else if (options && argv[at][0] == '-' && argv[at][1] != '\0') {
            if (!parse_option(command, argc, argv, &at, error))
                return FALSE;
        } else if (!take_word(command, argv[at], &first, error))
            return FALSE;
    }
    if (first && !command->verb && !command->help)
        return vd_fail(error, VD_ERR_USAGE, NULL,
                       _("%s needs another word; vmdeck help %s lists them"), first, first);
    if (!command->verb)
        command->group = g_steal_pointer(&first);
    return TRUE;
}

void vd_command_clear(VdCommand *command)
{
    g_clear_pointer(&command->uris, g_ptr_array_unref);
    g_clear_pointer(&command->words, g_ptr_array_unref);
    g_clear_pointer(&command->hosts, g_ptr_array_unref);
    g_clear_pointer(&command->args, vd_args_free);
    g_clear_pointer(&command->group, g_free);
}
