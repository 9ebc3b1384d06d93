/* Usage, help of a verb, bash completion and the manual page: all made from the table of verbs, so
 * that none of them can lag behind. The manual is in English, as manuals in section 1 of the
 * default locale are. */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/cli/private.h"

static const struct {
    const char *words, *help;
} common_options[] = {
    {"-c, --connect URI",
     N_("connect to this host (libvirt URI, or a name from the configuration); repeatable")},
    {"--config FILE", N_("read this configuration instead of the usual ones")},
    {"--host NAME", N_("the host, where there are several")},
    {"--format table|json|csv", N_("how answers are printed")},
    {"--timeout SECONDS", N_("how long a host may take to answer (usually 20)")},
    {"-y, --yes", N_("do dangerous things without being asked")},
    {"--detach", N_("do not follow the job that was begun")},
    {"--theme NAME", N_("console: colours (default, light, mono, high-contrast)")},
    {"--ascii", N_("console: no characters beyond ASCII")},
    {"--no-mouse", N_("console: leave the mouse to the terminal")},
    {"--help", N_("this text, or the help of a command")},
    {"--version", N_("the version")},
};

static const struct {
    int status;
    const char *meaning;
} statuses[] = {
    {0, N_("done")},
    {1, N_("failed")},
    {2, N_("the command line is wrong, or what it says")},
    {3, N_("a host cannot be reached (hosts, list: the others are printed)")},
    {4, N_("not permitted")},
    {5, N_("outcome unknown: the host did not answer in time, and it may have happened")},
};

/* ---- pieces ---- */

static const char *target_word(const VdVerb *verb)
{
    switch (verb->target) {
    case VD_TARGET_VM:
        return verb->many ? "VM…" : "VM";
    case VD_TARGET_HOST:
        return verb->kind == VD_VERB_JOB ? "" : "[HOST]";
    case VD_TARGET_IMAGE:
        return verb->many ? "IMAGE…" : "IMAGE";
    case VD_TARGET_OFFER:
        return "IMAGE";
    case VD_TARGET_SCRIPT:
        return "SCRIPT";
    case VD_TARGET_JOB:
        return verb->many ? "ID…" : "ID";
    case VD_TARGET_REQUEST:
        return "ID";
    default:
        return "";
    }
}

static char *option_words(const VdArgSpec *spec)
{
    static const char *const values[] = {
        [VD_ARG_TEXT] = "TEXT",         [VD_ARG_FLAG] = "",         [VD_ARG_INT] = "N",
        [VD_ARG_SIZE] = "SIZE",         [VD_ARG_CHOICE] = "WORD",   [VD_ARG_NAME] = "NAME",
        [VD_ARG_NAMES] = "NAME",        [VD_ARG_HOSTNAME] = "NAME", [VD_ARG_TIMEZONE] = "ZONE",
        [VD_ARG_FILE] = "FILE",         [VD_ARG_SECRET] = "FILE",   [VD_ARG_IMAGE] = "IMAGE",
        [VD_ARG_HOST] = "HOST",         [VD_ARG_POOL] = "POOL",     [VD_ARG_NETWORK] = "NETWORK",
        [VD_ARG_ADDRESS] = "ADDRESS/N", [VD_ARG_IP] = "ADDRESS",    [VD_ARG_SCRIPT] = "NAME|FILE",
        [VD_ARG_TEMPLATE] = "NAME",     [VD_ARG_SYSTEM] = "SYSTEM",
    };
    if (spec->type == VD_ARG_FLAG)
        return g_strdup_printf("--%s", spec->name);
    return g_strdup_printf("--%s%s %s", spec->name, spec->type == VD_ARG_SECRET ? "-file" : "",
                           values[spec->type]);
}

static void append_positionals(GString *out, const VdVerb *verb)
{
    const char *target = target_word(verb);
    if (*target)
        g_string_append_printf(out, " %s", target);
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        if (!spec->positional)
            continue;
        g_autofree char *upper = g_ascii_strup(spec->name, -1);
        g_string_append_printf(out, spec->required ? " %s%s" : " [%s%s]", upper,
                               spec->many ? "…" : "");
    }
}

static char *synopsis(const VdVerb *verb)
{
    GString *out = g_string_new(verb->command);
    append_positionals(out, verb);
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        g_autofree char *words = option_words(spec);
        if (!spec->positional)
            g_string_append_printf(out, spec->required ? " %s" : " [%s]", words);
    }
    return g_string_free(out, FALSE);
}

char *vd_help_synopsis(const VdVerb *verb)
{
    GString *out = g_string_new(verb->command);
    append_positionals(out, verb);
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        g_autofree char *words = option_words(spec);
        if (spec->required && !spec->positional)
            g_string_append_printf(out, " %s", words);
    }
    return g_string_free(out, FALSE);
}

/* ---- usage ---- */

/* Two columns (printf would count bytes), on a terminal no wider than that. */
static void append_row(GString *out, const char *words, int width, const char *help)
{
    g_string_append_printf(out, "  %s%*s ", words, MAX(width - vd_text_width(words), 0), "");
    vd_append_wrapped(out, help, MAX(width, vd_text_width(words)) + 3, width + 3,
                      vd_terminal_columns(STDOUT_FILENO));
    g_string_append_c(out, '\n');
}

/* Behind "vmdeck ", in as many lines as it needs. */
static void append_synopsis(GString *out, const VdVerb *verb)
{
    g_autofree char *words = synopsis(verb);
    g_string_append(out, "vmdeck ");
    vd_append_wrapped(out, words, 7, 7, vd_terminal_columns(STDOUT_FILENO));
    g_string_append_c(out, '\n');
}

char *vd_help_usage(void)
{
    GString *out = g_string_new(NULL);
    guint n = 0;
    const VdVerb *const *verbs = vd_command_verbs(&n);
    g_string_append(out, _("vmdeck: a terminal console for virtual machines\n\n"
                           "  vmdeck [OPTIONS]              the console\n"
                           "  vmdeck [OPTIONS] COMMAND …    one command\n\nCommands:\n"));
    for (guint i = 0; i < n; i++) {
        g_autoptr(GString) words = g_string_new(verbs[i]->command);
        append_positionals(words, verbs[i]);
        append_row(out, words->str, 25, _(verbs[i]->help));
    }
    append_row(out, "help [COMMAND]", 25, _("Tell what a command does, and its options."));
    append_row(out, "manual", 25, _("Print the manual page, for man -l -."));
    append_row(out, "completion bash", 25, _("Print the completion for bash."));
    append_row(out, "bench-ui [SCRIPT]", 25, _("Play keys to a console and print how fast it is."));
    g_string_append(out, _("\nOptions:\n"));
    for (gsize i = 0; i < G_N_ELEMENTS(common_options); i++)
        append_row(out, common_options[i].words, 25, _(common_options[i].help));
    g_string_append(out, _("\nExit status:\n"));
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++)
        g_string_append_printf(out, "  %d  %s\n", statuses[i].status, _(statuses[i].meaning));
    return g_string_free(out, FALSE);
}

char *vd_help_group(const char *group)
{
    GString *out = g_string_new(NULL);
    g_autofree char *prefix = g_strconcat(group, " ", NULL);
    guint n = 0;
    const VdVerb *const *verbs = vd_command_verbs(&n);
    for (guint i = 0; i < n; i++) {
        if (!g_str_has_prefix(verbs[i]->command, prefix))
            continue;
        g_autofree char *words = vd_help_synopsis(verbs[i]);
        append_row(out, words, 32, _(verbs[i]->help));
    }
    return g_string_free(out, FALSE);
}

char *vd_help_verb(const VdVerb *verb)
{
    GString *out = g_string_new(NULL);
    append_synopsis(out, verb);
    g_string_append_c(out, '\n');
    vd_append_wrapped(out, _(verb->help), 0, 0, vd_terminal_columns(STDOUT_FILENO));
    g_string_append_c(out, '\n');
    if (verb->args && verb->args->name)
        g_string_append_c(out, '\n');
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        g_autofree char *option =
            spec->positional ? g_ascii_strup(spec->name, -1) : option_words(spec);
        g_autoptr(GString) help = g_string_new(spec->help ? _(spec->help) : "");
        if (spec->value)
            g_string_append_printf(help, _(" (usually %s)"), spec->value);
        if (spec->many)
            g_string_append(help, _(" (repeatable)"));
        append_row(out, option, 26, help->str);
    }
    if (verb->danger)
        g_string_append(out, _("\nIt asks first; --yes answers.\n"));
    return g_string_free(out, FALSE);
}

/* ---- bash ---- */

static void completion_case(GString *out, const VdVerb *verb)
{
    g_string_append_printf(out, "    \"%s\")\n      options=\"", verb->command);
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        if (!spec->positional)
            g_string_append_printf(out, "--%s%s ", spec->name,
                                   spec->type == VD_ARG_SECRET ? "-file" : "");
    g_string_append(out, "\"\n      valued=\"");
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++)
        if (!spec->positional && spec->type != VD_ARG_FLAG)
            g_string_append_printf(out, "--%s ", spec->name);
    g_string_append(out, "\"\n      case \"$prev\" in\n");
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        if (spec->positional || spec->type != VD_ARG_CHOICE || !spec->choices)
            continue;
        g_autofree char *words = g_strjoinv(" ", (char **)spec->choices);
        g_string_append_printf(out,
                               "        --%s) mapfile -t COMPREPLY < <(compgen -W '%s' -- "
                               "\"$cur\"); return ;;\n",
                               spec->name, words);
    }
    g_string_append_printf(out, "      esac\n      target=\"%s\" ;;\n",
                           verb->target == VD_TARGET_VM       ? "vm"
                           : verb->target == VD_TARGET_IMAGE  ? "image"
                           : verb->target == VD_TARGET_SCRIPT ? "script"
                           : verb->target == VD_TARGET_JOB || verb->target == VD_TARGET_REQUEST
                               ? "job"
                           : verb->target == VD_TARGET_HOST ? "host"
                                                            : "");
}

/* Names come from `vmdeck … --format csv`, read line by line: never through eval or word splitting.
 */
static const char completion_tail[] =
    "  esac\n"
    "  case \"$prev\" in\n"
    "    --image) target=image ;;\n"
    "    --host|--on-host) target=host ;;\n"
    "    --pool|--network) target=${prev#--} ;;\n"
    "    *) [[ -n $prev && \" $valued \" == *\" $prev \"* ]] && return ;;\n"
    "  esac\n"
    "  if [[ $cur == -* ]]; then\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$options $common\" -- \"$cur\"); return\n"
    "  fi\n"
    "  local line names=()\n"
    "  case \"$target\" in\n"
    "    vm) mapfile -t names < <(vmdeck \"${hosts[@]}\" list --format csv 2>/dev/null) ;;\n"
    "    image) mapfile -t names < <(vmdeck image list --format csv 2>/dev/null) ;;\n"
    "    script) mapfile -t names < <(vmdeck script list --format csv 2>/dev/null) ;;\n"
    "    job) mapfile -t names < <(vmdeck jobs --format csv 2>/dev/null) ;;\n"
    "    pool) mapfile -t names < <(vmdeck \"${hosts[@]}\" pools --format csv 2>/dev/null) ;;\n"
    "    network) mapfile -t names < <(vmdeck \"${hosts[@]}\" networks --format csv 2>/dev/null) "
    ";;\n"
    "    host) mapfile -t names < <(vmdeck \"${hosts[@]}\" hosts --format csv 2>/dev/null) ;;\n"
    "    *) [[ $verb == \"image add\" ]] && { compopt -o filenames; mapfile -t COMPREPLY < "
    "<(compgen -f -- "
    "\"$cur\"); return; } ;;\n"
    "  esac\n"
    "  for line in \"${names[@]:1}\"; do\n"
    "    line=${line%%,*}\n"
    "    line=${line%$'\\r'}\n"
    "    [[ -n $line && $line != \\\"* && $line == \"$cur\"* ]] && COMPREPLY+=(\"$(printf %q "
    "\"$line\")\")\n"
    "  done\n"
    "}\n"
    "complete -F _vmdeck vmdeck\n";

char *vd_help_completion(void)
{
    guint n = 0;
    const VdVerb *const *verbs = vd_command_verbs(&n);
    GString *out = g_string_new("# bash completion for vmdeck, made from its table of verbs\n"
                                "_vmdeck() {\n"
                                "  local cur=${COMP_WORDS[COMP_CWORD]} prev= verb= word options= "
                                "target= valued= hosts=() i\n"
                                "  COMPREPLY=()\n"
                                "  (( COMP_CWORD > 0 )) && prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                                "  local commands=\"");
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < n; i++) {
        g_auto(GStrv) words = g_strsplit(verbs[i]->command, " ", 2);
        if (g_hash_table_add(seen, g_strdup(words[0])))
            g_string_append_printf(out, "%s ", words[0]);
    }
    g_string_append(out, "completion help manual\"\n  local common=\"-c --config --host --format "
                         "--timeout --yes --help "
                         "--detach\"\n"
                         "  for (( i = 1; i < COMP_CWORD; i++ )); do\n"
                         "    word=${COMP_WORDS[i]}\n"
                         "    case \"$word\" in\n"
                         "      -c|--connect) hosts+=(-c \"${COMP_WORDS[i+1]}\"); (( i++ )) ;;\n"
                         "      --config|--host|--format|--theme|--timeout) (( i++ )) ;;\n"
                         "      -*) ;;\n"
                         "      *) verb=\"${verb:+$verb }$word\" ;;\n"
                         "    esac\n"
                         "  done\n"
                         "  case \"$prev\" in\n"
                         "    --*-file|--config|--firstboot|--ssh-key) compopt -o filenames; "
                         "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n"
                         "    --format) mapfile -t COMPREPLY < <(compgen -W 'table json csv' -- "
                         "\"$cur\"); return ;;\n"
                         "    -c|--connect|--theme) return ;;\n"
                         "  esac\n"
                         "  case \"$verb\" in\n"
                         "    \"\") [[ $prev == --host ]] || { mapfile -t COMPREPLY < <(compgen -W "
                         "\"$commands $common\" -- \"$cur\"); return; } ;;\n"
                         "    help) mapfile -t COMPREPLY < <(compgen -W \"$commands\" -- "
                         "\"$cur\"); return ;;\n");
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < n; i++) {
        g_auto(GStrv) words = g_strsplit(verbs[i]->command, " ", 2);
        if (!words[1])
            continue;
        const char *had = g_hash_table_lookup(pairs, words[0]);
        g_hash_table_insert(pairs, g_strdup(words[0]),
                            g_strconcat(had ? had : "", had ? " " : "", words[1], NULL));
    }
    GHashTableIter iter;
    gpointer first, seconds;
    g_hash_table_iter_init(&iter, pairs);
    while (g_hash_table_iter_next(&iter, &first, &seconds))
        if (!vd_deck_verb(first))
            g_string_append_printf(out,
                                   "    \"%s\") mapfile -t COMPREPLY < <(compgen -W \"%s\" -- "
                                   "\"$cur\"); return ;;\n",
                                   (char *)first, (char *)seconds);
    g_string_append(out, "  esac\n"
                         "  # The verb is the first word, or the first two.\n"
                         "  local one=${verb%% *} two; two=$(cut -d' ' -f1,2 <<<\"$verb\")\n"
                         "  case \" $commands \" in *\" $two \"*) ;; esac\n"
                         "  verb=$one\n");
    g_hash_table_iter_init(&iter, pairs);
    while (g_hash_table_iter_next(&iter, &first, NULL))
        g_string_append_printf(out, "  [[ $one == %s ]] && verb=$two\n", (char *)first);
    g_string_append(out, "  case \"$verb\" in\n");
    for (guint i = 0; i < n; i++)
        completion_case(out, verbs[i]);
    g_string_append(out, completion_tail);
    return g_string_free(out, FALSE);
}

/* ---- the manual ---- */

/* Text for roff: a backslash, and a dot or quote that begins a line, mean something there. */
static void roff(GString *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c == '\\')
            g_string_append(out, "\\e");
        else if (*c == '-')
            g_string_append(out, "\\-");
        else if ((*c == '.' || *c == '\'') && c == text)
            g_string_append_printf(out, "\\&%c", *c);
        else
            g_string_append_c(out, *c);
    }
}

static void roff_item(GString *out, const char *head, const char *text)
{
    g_string_append(out, ".TP\n.B ");
    roff(out, head);
    g_string_append_c(out, '\n');
    roff(out, text);
    g_string_append_c(out, '\n');
}

static void manual_verb(GString *out, const VdVerb *verb)
{
    g_autofree char *words = synopsis(verb);
    g_autofree char *help = g_strconcat(verb->help, verb->danger ? " It asks first." : "", NULL);
    roff_item(out, words, help);
    for (const VdArgSpec *spec = verb->args; spec && spec->name; spec++) {
        g_autofree char *option =
            spec->positional ? g_ascii_strup(spec->name, -1) : option_words(spec);
        g_autofree char *usual = spec->value
                                     ? g_strdup_printf("%s Usually %s.", spec->help, spec->value)
                                     : g_strdup(spec->help ? spec->help : "");
        g_string_append(out, ".RS\n");
        roff_item(out, option, usual);
        g_string_append(out, ".RE\n");
    }
}

/* The words that stand for values in synopses and options. */
static const struct {
    const char *word, *meaning;
} value_words[] = {
    {"SIZE",
     "Bytes, or a whole number with K, M, G, T, P or E, which are powers of 1024: 512M, 20G; "
     "20GiB is the same."},
    {"N", "A whole number."},
    {"SECONDS", "A whole number of seconds."},
    {"URI", "libvirt's address of a host: qemu:///system, qemu+ssh://root@kvm2/system, "
            "qemu+libssh://…, qemu+tls://…, lxc:///system, test:///default."},
    {"VM", "A machine: its name, HOST/NAME or its UUID."},
    {"HOST", "A host: its name in the configuration, or what vmdeck hosts shows."},
    {"IMAGE",
     "The name of an image, as vmdeck image list shows it; of image fetch, that of an offer, "
     "as vmdeck image search shows it."},
    {"ID", "A job or a request, such as r-7K2M9Q, as vmdeck jobs shows it."},
    {"NAME",
     "A new name: 1 to 64 letters, digits, _ - . and +, and not - or . first; where it says "
     "NAME… also a pattern of many, such as 'web-{01..20}'. A host name is by RFC 1123."},
    {"POOL, NETWORK", "The name of one of that host, as vmdeck pools and vmdeck networks show it."},
    {"ADDRESS/N", "An IPv4 or IPv6 address and the length of its prefix: 192.0.2.7/24."},
    {"ADDRESS", "An IPv4 or IPv6 address: 192.0.2.1."},
    {"ZONE", "A time zone such as Europe/Berlin or UTC."},
    {"FILE", "The path of a file; of --NAME-file one whose first line is the secret, or - for "
             "standard input."},
    {"WORD", "One of the words that stand in the option's text."},
    {"TEXT", "Any text."},
};

static void manual_values(GString *out)
{
    g_string_append(out, ".SH VALUES\n");
    for (gsize i = 0; i < G_N_ELEMENTS(value_words); i++)
        roff_item(out, value_words[i].word, value_words[i].meaning);
}

static const char manual_tail[] =
    ".SH MEASURING\n"
    "In the console, F12 shows how long keys, frames and calls to hosts take.\n"
    ".PP\n.B vmdeck bench-ui\n[SCRIPT] [OPTIONS]\n.br\n"
    "plays keys to a console of its own, on a terminal that nobody sees, and prints how long each "
    "took to change the screen; the options are the console's, \\-c URI for one. A script is "
    "lines: "
    "“size COLS ROWS” first, if at all; “pause MS”; “keys KEYS [N]” types KEYS one by one, N "
    "times: "
    "text as it is, others by name in brackets, <Down>, <PgDn>, <F6>, <Enter>, <Esc>, <C\\-l>, "
    "<lt>; lines with # are comments. Do not play keys that change machines.\n"
    ".SH FILES\n"
    ".TP\n.I /etc/vmdeck/vmdeck.conf\nthe configuration of this host; roles are read from here "
    "alone\n"
    ".TP\n.I ~/.config/vmdeck/vmdeck.conf\nthe user's own; what it says wins\n"
    ".TP\n.I /var/lib/vmdeck\njournal, images, jobs and log of root; others have theirs in "
    "~/.local/state/vmdeck\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B VMDECK_STATE_DIR\nwhere journal, jobs and log are\n"
    ".TP\n.B VMDECK_IMAGE_DIR\nwhere the images are\n"
    ".TP\n.B NO_COLOR\nif set and not empty, the console uses no colours\n"
    ".TP\n.B VMDECK_DEBUG\nif 1, the log holds more\n"
    ".SH SEE ALSO\n.BR virsh (1),\n.BR libvirtd (8),\n.BR guestfs (3)\n";

static const char manual_output[] =
    ".SH OUTPUT\n"
    "Data goes to standard output, messages to standard error. On a terminal a table is made to "
    "fit "
    "it: what is wide goes on in the lines below, and a UUID that has no room is left out; in a "
    "file "
    "or a pipe it is whole.\n"
    ".PP\n"
    ".B \\-\\-format json\n"
    "prints one document for a command, in UTF\\-8 whatever the locale: an object with an array of "
    "objects for each table, an object for the fields of one thing, a string for a text such as "
    "XML; of a question about several machines an array of them. "
    "What could not be asked is null. Texts are exact; control characters, and those that draw "
    "nothing, are written as \\eu and four digits. JSON has no place for bytes that are no "
    "UTF\\-8: "
    "each stands as U+FFFD, and beside such a value NAME there is NAME_base64 with its bytes.\n"
    ".PP\n"
    ".B \\-\\-format csv\n"
    "prints by RFC 4180: a line of names, lines that end with CR LF, values in quotes where they "
    "hold "
    "a comma, a quote or a line's end. Texts are exact, but control characters and bytes that are "
    "no UTF\\-8 stand as U+FFFD: JSON has "
    "them; on a terminal what draws nothing is left out as well. What could not be asked is empty; "
    "several tables have an "
    "empty line between them. A name may begin with = + \\- or "
    "@, "
    "which a spreadsheet would take for a formula: have it read the columns as text.\n"
    ".PP\n"
    "Words of vmdeck's own, such as states, titles of jobs and the ids of their steps, are English "
    "in both, whatever the locale; in a table they are in the language of who reads it. Sentences, "
    "such as the reason of a failure, are in that language everywhere.\n"
    ".PP\n"
    "Values in both, by the form they have in a table; all times are in seconds (duration and "
    "answered_in used to be microseconds), but those of trace, which are texts in local time:\n";

static void manual_units(GString *out)
{
    static const struct {
        VdColType type;
        const char *form;
    } forms[] = {
        {VD_COL_SIZE, "512 MiB"},   {VD_COL_RATE, "1.5M/s"},   {VD_COL_PERCENT, "40 %"},
        {VD_COL_DURATION, "1m53s"}, {VD_COL_LATENCY, "12 ms"}, {VD_COL_TIME, "2026-01-31 12:00:00"},
        {VD_COL_BOOL, "yes, no"},
    };
    g_string_append(out, manual_output);
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++)
        roff_item(out, forms[i].form, vd_col_unit(forms[i].type));
}

char *vd_help_manual(void)
{
    guint n = 0;
    const VdVerb *const *verbs = vd_command_verbs(&n);
    GString *out = g_string_new(".TH VMDECK 1 \"\" \"vmdeck " PACKAGE_VERSION "\"\n"
                                ".SH NAME\nvmdeck \\- a terminal console for virtual machines\n"
                                ".SH SYNOPSIS\n.B vmdeck\n[OPTIONS] [COMMAND …]\n"
                                ".SH DESCRIPTION\nWithout a command, vmdeck shows hosts, machines "
                                "and live figures of libvirt on the terminal; ? lists its keys.\n"
                                "With one, it does that one thing.\n"
                                "A machine is named by its name, by HOST/NAME or by its UUID.\n"
                                ".SH OPTIONS\n");
    for (gsize i = 0; i < G_N_ELEMENTS(common_options); i++)
        roff_item(out, common_options[i].words, common_options[i].help);
    g_string_append(out, ".SH COMMANDS\n");
    for (guint i = 0; i < n; i++)
        manual_verb(out, verbs[i]);
    manual_values(out);
    manual_units(out);
    g_string_append(out, ".SH EXIT STATUS\n");
    for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *number = g_strdup_printf("%d", statuses[i].status);
        roff_item(out, number, statuses[i].meaning);
    }
    g_string_append(out, manual_tail);
    return g_string_free(out, FALSE);
}
