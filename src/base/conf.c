/* The configuration. libconfig parses; here each setting is taken if it has the expected form, and
 * is otherwise noted as a problem, so that one mistake costs one setting. On a syntax error
 * libconfig keeps what stands before it, and that counts. */
#include "config.h"

#include <libconfig.h>
#include <string.h>
#include <unistd.h>

#include "src/base/conf.h"
#include "src/base/conf-scan.h"
#include "src/base/conf-text.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"

#define LARGEST_FILE (1 << 20)

typedef struct {
    VdConf *conf;
    const char *file;
    const VdConfText *text; /* with what it includes, once it is read */
    gboolean torn;          /* a mistake in the syntax, or something it includes is missing */
    GHashTable *lines;      /* "hosts kvm1" → GINT_TO_POINTER(its line of the whole text) */
} Reader;

typedef void (*SettingReader)(Reader *reader, config_setting_t *setting);

static void conf_host_free(VdConfHost *host)
{
    g_free(host->name);
    g_free(host->uri);
    g_free(host->file);
    g_free(host);
}

static void conf_problem_free(VdConfProblem *problem)
{
    g_free(problem->file);
    g_free(problem->message);
    g_free(problem);
}

static void add_problem(VdConf *conf, const char *file, int line, const char *message)
{
    VdConfProblem *made = g_new0(VdConfProblem, 1);
    made->file = vd_text_clean(file, 1024, FALSE);
    made->line = line;
    made->message = vd_text_clean(message, 512, FALSE);
    g_ptr_array_add(conf->problems, made);
}

/* Where a line of the whole text stands. Borrowed. */
static const char *place_of(const Reader *reader, int line, int *ret_line)
{
    const char *file = reader->text ? vd_conf_text_file(reader->text, line, ret_line) : NULL;
    if (!file)
        *ret_line = 0;
    return file ? file : reader->file;
}

/* line: of the whole text; 0: of none. */
static void problem(Reader *reader, int line, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void problem(Reader *reader, int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *raw = g_strdup_vprintf(format, args);
    va_end(args);
    int own = 0;
    const char *file = place_of(reader, line, &own);
    add_problem(reader->conf, file, own, raw);
}

/* Of the whole text. */
static int line_of(const config_setting_t *setting)
{
    return (int)config_setting_source_line(setting);
}

static void want(Reader *reader, const config_setting_t *setting, const char *expected)
{
    problem(reader, line_of(setting), _("%s: expected %s"), config_setting_name(setting), expected);
}

/* Remembers where a setting stands, for who finds later that it makes no sense. */
static void place(Reader *reader, const config_setting_t *setting, const char *name)
{
    int line = 0;
    g_autofree char *clean = vd_text_clean(place_of(reader, line_of(setting), &line), 1024, FALSE);
    g_hash_table_replace(reader->conf->places, g_strdup(name),
                         g_strdup_printf("%s:%d", clean, line));
}

static gboolean is_text(const config_setting_t *setting)
{
    return config_setting_type(setting) == CONFIG_TYPE_STRING;
}

static gboolean is_list(const config_setting_t *setting)
{
    return config_setting_is_list(setting) || config_setting_is_array(setting);
}

static void read_flag(Reader *reader, config_setting_t *setting, gboolean *target)
{
    if (config_setting_type(setting) == CONFIG_TYPE_BOOL)
        *target = config_setting_get_bool(setting) ? TRUE : FALSE;
    else
        want(reader, setting, _("true or false"));
}

static void read_mouse(Reader *reader, config_setting_t *setting)
{
    read_flag(reader, setting, &reader->conf->mouse);
}

static void read_ascii(Reader *reader, config_setting_t *setting)
{
    read_flag(reader, setting, &reader->conf->ascii);
}

static void read_flat(Reader *reader, config_setting_t *setting)
{
    read_flag(reader, setting, &reader->conf->flat);
}

static void read_int(Reader *reader, config_setting_t *setting, int min, int max, int *target)
{
    int value = config_setting_get_int(setting);
    if (config_setting_type(setting) == CONFIG_TYPE_INT && value >= min && value <= max)
        *target = value;
    else
        problem(reader, line_of(setting), _("%s: expected %d to %d milliseconds"),
                config_setting_name(setting), min, max);
}

static void read_interval(Reader *reader, config_setting_t *setting)
{
    read_int(reader, setting, 250, 60000, &reader->conf->interval_ms);
}

static void read_escape(Reader *reader, config_setting_t *setting)
{
    read_int(reader, setting, 5, 1000, &reader->conf->escape_ms);
}

static void read_parallel(Reader *reader, config_setting_t *setting)
{
    int value = config_setting_get_int(setting);
    if (config_setting_type(setting) == CONFIG_TYPE_INT && value >= 1 && value <= 64)
        reader->conf->parallel = value;
    else
        want(reader, setting, _("a number from 1 to 64"));
}

static void read_theme(Reader *reader, config_setting_t *setting)
{
    if (!is_text(setting)) {
        want(reader, setting, _("the name of a theme in quotes"));
        return;
    }
    place(reader, setting, "theme");
    g_free(reader->conf->theme);
    reader->conf->theme = g_strdup(config_setting_get_string(setting));
}

const VdConfHost *vd_conf_host(const VdConf *conf, const char *name)
{
    for (guint i = 0; i < conf->hosts->len; i++) {
        const VdConfHost *host = g_ptr_array_index(conf->hosts, i);
        if (strcmp(host->name, name) == 0)
            return host;
    }
    return NULL;
}

/* Tells of the settings that a host or a source does not have; how many there are. */
static guint check_members(Reader *reader, const config_setting_t *item, const char *of,
                           const char *const *known, const char *expected)
{
    guint unknown = 0;
    for (int i = 0; config_setting_is_group(item) && i < config_setting_length(item); i++) {
        const config_setting_t *member = config_setting_get_elem(item, (unsigned)i);
        if (g_strv_contains(known, config_setting_name(member)))
            continue;
        unknown++;
        problem(reader, line_of(member), _("%s: %s: no such setting here; expected %s"), of,
                config_setting_name(member), expected);
    }
    return unknown;
}

/* Two of one name in a file are a mistake; in two files the later one is meant to win. */
static void check_twice(Reader *reader, const config_setting_t *item, const char *of,
                        const char *name)
{
    g_autofree char *key = g_strconcat(of, " ", name, NULL);
    int former = GPOINTER_TO_INT(g_hash_table_lookup(reader->lines, key));
    (void)place_of(reader, former, &former);
    if (former > 0)
        problem(reader, line_of(item),
                _("%s: there is a “%s” already, in line %d; expected another name, and this one "
                  "counts"),
                of, name, former);
    g_hash_table_replace(reader->lines, g_steal_pointer(&key), GINT_TO_POINTER(line_of(item)));
}

/* A uri that is no text, is called otherwise or is missing must not silently become libvirt's
 * default: that is another host, unless it is called local. */
static gboolean host_is_fine(const config_setting_t *item, guint unknown, gboolean torn)
{
    const config_setting_t *name = config_setting_get_member(item, "name");
    const config_setting_t *uri = config_setting_get_member(item, "uri");
    /* libvirt would take an empty one for the usual host. */
    if (!name || !is_text(name) || (uri && (!is_text(uri) || !*config_setting_get_string(uri))))
        return FALSE;
    return uri || (!torn && unknown == 0 && strcmp(config_setting_get_string(name), "local") == 0);
}

static void read_host(Reader *reader, const config_setting_t *item)
{
    static const char *const known[] = {"name", "uri", NULL};
    const char *name = NULL, *uri = NULL;
    guint unknown = check_members(reader, item, "hosts", known, "name, uri");
    if (config_setting_is_group(item) && host_is_fine(item, unknown, reader->torn)) {
        (void)config_setting_lookup_string(item, "name", &name);
        (void)config_setting_lookup_string(item, "uri", &uri);
    }
    g_autofree char *clean = vd_text_clean(name, 64, FALSE);
    if (!*clean) {
        problem(reader, line_of(item), _("hosts: expected a host with a name and a uri in quotes"));
        return;
    }
    check_twice(reader, item, "hosts", clean);
    guint at = reader->conf->hosts->len;
    const VdConfHost *former = vd_conf_host(reader->conf, clean);
    if (former && g_ptr_array_find(reader->conf->hosts, former, &at))
        g_ptr_array_remove_index(reader->conf->hosts, at);
    VdConfHost *host = g_new0(VdConfHost, 1);
    host->name = g_steal_pointer(&clean);
    host->uri = g_strdup(uri);
    int line = 0;
    host->file = g_strdup(place_of(reader, line_of(item), &line));
    g_ptr_array_insert(reader->conf->hosts, (gint)at, host);
}

static void read_hosts(Reader *reader, config_setting_t *setting)
{
    if (!config_setting_is_list(setting)) {
        want(reader, setting,
             _("a list such as ( { name = \"kvm1\"; uri = \"qemu:///system\"; } )"));
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++)
        read_host(reader, config_setting_get_elem(setting, (unsigned)i));
}

static void add_words(GPtrArray *words, const char *text)
{
    g_auto(GStrv) parts = g_strsplit_set(text, " \t\n", 64);
    for (char **part = parts; *part; part++)
        if (**part)
            g_ptr_array_add(words, vd_text_clean(*part, 64, FALSE));
}

static char **read_words(Reader *reader, config_setting_t *setting)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    if (is_text(setting))
        add_words(words, config_setting_get_string(setting));
    for (int i = 0; is_list(setting) && i < config_setting_length(setting); i++) {
        config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        if (is_text(item))
            add_words(words, config_setting_get_string(item));
        else
            want(reader, setting, _("words in quotes"));
    }
    if (!is_text(setting) && !is_list(setting))
        want(reader, setting, _("a word or a list of words in quotes"));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

static void read_columns(Reader *reader, config_setting_t *setting)
{
    char **words = read_words(reader, setting);
    if (!words[0]) {
        g_strfreev(words);
        return;
    }
    place(reader, setting, "columns");
    g_strfreev(reader->conf->columns);
    reader->conf->columns = words;
}

/* A verb's id has a dot in it ("vm.start"), which is no name for libconfig: `vm_start` stands for
 * it. */
static void read_keys(Reader *reader, config_setting_t *setting)
{
    if (!config_setting_is_group(setting)) {
        want(reader, setting, _("a group such as { vm_start = \"s\"; }"));
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        g_autofree char *name = g_strdelimit(g_strdup(config_setting_name(item)), "_", '.');
        g_autofree char *own = g_strconcat("keys.", name, NULL);
        place(reader, item, own);
        char **words = read_words(reader, item);
        if (is_text(item) || is_list(item)) /* after a mistake the keys stay */
            g_hash_table_replace(reader->conf->keys, g_steal_pointer(&name), words);
        else
            g_strfreev(words);
    }
}

static void read_roles(Reader *reader, config_setting_t *setting)
{
    if (!config_setting_is_group(setting)) {
        want(reader, setting, _("a group such as { alice = \"operate\"; }"));
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        config_setting_t *item = config_setting_get_elem(setting, (unsigned)i);
        const char *role = is_text(item) ? config_setting_get_string(item) : "";
        if (strcmp(role, "view") != 0 && strcmp(role, "operate") != 0 &&
            strcmp(role, "admin") != 0) {
            want(reader, item, _("\"view\", \"operate\" or \"admin\""));
            /* A mistake must not give more than was meant. */
            role = "view";
        }
        g_hash_table_replace(reader->conf->roles, g_strdup(config_setting_name(item)),
                             g_strdup(role));
    }
}

static void add_source(VdConf *conf, VdConfSource *source)
{
    guint at = conf->sources->len;
    for (guint i = 0; i < conf->sources->len; i++) {
        const VdConfSource *other = g_ptr_array_index(conf->sources, i);
        if (strcmp(other->name, source->name) == 0)
            at = i;
    }
    if (at < conf->sources->len)
        g_ptr_array_remove_index(conf->sources, at);
    g_ptr_array_insert(conf->sources, (gint)at, source);
}

static void read_source(Reader *reader, const config_setting_t *item)
{
    static const char *const names[] = {"name",    "kind",     "url", "fingerprint",
                                        "keyring", "unsigned", NULL};
    enum { TEXTS = 5 };
    const char *values[TEXTS] = {NULL}, *why = NULL;
    int plain = FALSE;
    (void)check_members(reader, item, "sources", names,
                        "name, kind, url, fingerprint, keyring, unsigned");
    if (config_setting_is_group(item)) {
        for (guint i = 0; i < TEXTS; i++)
            (void)config_setting_lookup_string(item, names[i], &values[i]);
        const config_setting_t *flag = config_setting_get_member(item, "unsigned");
        if (flag && config_setting_type(flag) != CONFIG_TYPE_BOOL)
            want(reader, flag, _("true or false"));
        else if (flag)
            plain = config_setting_get_bool(flag);
    }
    /* After a mistake in the syntax the fingerprint may be what is missing. */
    VdConfSource *source = reader->torn ? NULL
                                        : vd_conf_source_new(values[0], values[1], values[2],
                                                             values[3], values[4], plain, &why);
    if (source) {
        check_twice(reader, item, "sources", source->name);
        add_source(reader->conf, source);
    } else
        problem(reader, line_of(item), _("sources: expected %s"),
                why ? why : _("a catalogue with a name, a kind and a url in quotes"));
}

static void read_sources(Reader *reader, config_setting_t *setting)
{
    if (!config_setting_is_list(setting)) {
        want(reader, setting,
             _("a list such as ( { name = \"ours\"; kind = \"virt-builder\"; url = "
               "\"https://images.example.org/index\"; } )"));
        return;
    }
    for (int i = 0; i < config_setting_length(setting); i++)
        read_source(reader, config_setting_get_elem(setting, (unsigned)i));
}

static const struct {
    const char *name;
    SettingReader read;
} settings[] = {
    {"hosts", read_hosts},      {"theme", read_theme},       {"mouse", read_mouse},
    {"ascii", read_ascii},      {"flat", read_flat},         {"interval_ms", read_interval},
    {"escape_ms", read_escape}, {"parallel", read_parallel}, {"keys", read_keys},
    {"columns", read_columns},  {"roles", read_roles},       {"sources", read_sources},
};

static void read_setting(Reader *reader, config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (g_strcmp0(settings[i].name, name) == 0) {
            settings[i].read(reader, setting);
            return;
        }
    }
    problem(reader, line_of(setting),
            _("%s: no such setting; expected hosts, theme, mouse, ascii, flat, interval_ms, "
              "escape_ms, parallel, keys, columns, roles or sources"),
            name);
}

/* Why libconfig stopped, and where. */
static void tell_stop(Reader *reader, const config_t *parser)
{
    const char *why = config_error_text(parser);
    if (why && strstr(why, "duplicate"))
        problem(reader, config_error_line(parser),
                _("expected a setting that does not stand there already; the first one counts, "
                  "and what stands behind this line does not"));
    else
        problem(reader, config_error_line(parser),
                _("expected a setting such as theme = \"light\"; (%s)"), why ? why : "?");
}

/* The text with the commas that were forgotten between the hosts of a list, each of them told;
 * NULL: that is not what is wrong. The caller frees. */
static char *with_commas(Reader *reader)
{
    const char *text = reader->text->text;
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(gsize));
    if (vd_conf_missing_commas(text, places) == 0)
        return NULL;
    GString *mended = g_string_new(text);
    for (guint i = 0; i < places->len; i++) {
        gsize at = g_array_index(places, gsize, i);
        int line = 1;
        for (gsize c = 0; c < at; c++)
            line += text[c] == '\n';
        g_string_insert_c(mended, (gssize)(at + i), ',');
        problem(reader, line, _("expected a comma behind the }; it is read as if one stood there"));
    }
    return g_string_free(mended, FALSE);
}

static void tell_include(const char *file, int line, const char *sentence, gpointer data)
{
    Reader *reader = data;
    add_problem(reader->conf, file, line, sentence);
}

/* FALSE: not to its end. */
static gboolean parse(Reader *reader, config_t *parser)
{
    if (config_read_string(parser, reader->text->text) == CONFIG_TRUE)
        return TRUE;
    g_autofree char *mended = with_commas(reader);
    if (mended && config_read_string(parser, mended) == CONFIG_TRUE)
        return TRUE;
    tell_stop(reader, parser);
    return FALSE;
}

/* FALSE: not to its end. */
static gboolean read_file(VdConf *conf, const char *file, gboolean needed)
{
    g_autoptr(GHashTable) lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Reader reader = {.conf = conf, .file = file, .lines = lines};
    if (!g_file_test(file, G_FILE_TEST_EXISTS)) {
        if (needed)
            problem(&reader, 0, _("the file is not there"));
        return TRUE;
    }
    /* libconfig would read a folder or a device for ever. */
    if (!g_file_test(file, G_FILE_TEST_IS_REGULAR)) {
        problem(&reader, 0, _("expected a regular file"));
        return FALSE;
    }
    g_auto(VdConfText) text = {0};
    gboolean whole = FALSE;
    if (!vd_conf_text_read(file, &text, &whole, tell_include, &reader)) {
        problem(&reader, 0, _("the file cannot be read"));
        return FALSE;
    }
    reader.text = &text;
    config_t parser;
    config_init(&parser);
    reader.torn = !parse(&reader, &parser) || !whole;
    config_setting_t *root = config_root_setting(&parser);
    for (int i = 0; root && i < config_setting_length(root); i++)
        read_setting(&reader, config_setting_get_elem(root, (unsigned)i));
    config_destroy(&parser);
    return !reader.torn;
}

/* Of one that was not read to its end: what cannot be looked at may have them. A file that is
 * included may as well. */
static gboolean may_have_roles(const char *file)
{
    g_autofree char *text = vd_file_read(file, LARGEST_FILE, NULL, NULL);
    return !text || strstr(text, "roles") || strstr(text, "@include");
}

static void strv_free(gpointer words)
{
    g_strfreev(words);
}

char *vd_conf_own_file(void)
{
    return g_build_filename(g_get_user_config_dir(), "vmdeck", "vmdeck.conf", NULL);
}

VdConf *vd_conf_load(const char *file)
{
    VdConf *conf = g_new0(VdConf, 1);
    conf->hosts = g_ptr_array_new_with_free_func((GDestroyNotify)conf_host_free);
    conf->sources = g_ptr_array_new_with_free_func((GDestroyNotify)vd_conf_source_free);
    conf->problems = g_ptr_array_new_with_free_func((GDestroyNotify)conf_problem_free);
    conf->theme = g_strdup("default");
    conf->mouse = TRUE;
    conf->interval_ms = 1000;
    conf->escape_ms = 25;
    conf->parallel = 4;
    conf->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, strv_free);
    conf->roles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    conf->places = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (file) {
        read_file(conf, file, TRUE);
        return conf;
    }
    g_autofree char *own = vd_conf_own_file();
    const char *common = g_getenv("VMDECK_SYSTEM_CONFIG");
    if (!common)
        common = "/etc/vmdeck/vmdeck.conf";
    gboolean whole = read_file(conf, common, FALSE);
    conf->roles_lost = !whole && may_have_roles(common);
    if (conf->roles_lost) {
        Reader reader = {.conf = conf, .file = common};
        problem(
            &reader, 0,
            _("roles may stand behind the mistake: until it is mended, whoever has none yet may "
              "only look"));
    }
    /* Rights are for the administrator of the host to give, not for each user's own file. */
    g_autoptr(GHashTable) roles = g_steal_pointer(&conf->roles);
    conf->roles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    read_file(conf, own, FALSE);
    g_hash_table_unref(conf->roles);
    conf->roles = g_steal_pointer(&roles);
    return conf;
}

void vd_conf_free(VdConf *conf)
{
    if (!conf)
        return;
    g_ptr_array_unref(conf->hosts);
    g_ptr_array_unref(conf->sources);
    g_ptr_array_unref(conf->problems);
    g_free(conf->theme);
    g_hash_table_unref(conf->keys);
    g_strfreev(conf->columns);
    g_hash_table_unref(conf->roles);
    g_hash_table_unref(conf->places);
    g_free(conf);
}

char *vd_conf_problem_text(const VdConfProblem *trouble)
{
    if (trouble->line == 0)
        return g_strdup_printf("%s: %s", trouble->file, trouble->message);
    return g_strdup_printf("%s:%d: %s", trouble->file, trouble->line, trouble->message);
}

char *vd_conf_mistake(const VdConf *conf, const char *setting, const char *message)
{
    const char *where = conf ? g_hash_table_lookup(conf->places, setting) : NULL;
    return where ? g_strdup_printf("%s: %s", where, message) : g_strdup(message);
}
