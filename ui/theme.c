/* Themes. The built-in look is a table, written in the words of the files, and read by the same
 * code; themes/default.conf says the same (a test compares them). A colour is given once, of 256;
 * poorer terminals get the nearest one unless the theme says better by fg16 and bg16, and those
 * without colours get the attributes of `mono`. */
#include "config.h"

#include "ui/theme.h"

#include <libconfig.h>
#include <string.h>

#include "src/base/i18n.h"
#include "src/base/text.h"

typedef struct {
    short fg, bg;     /* of 256, -1: default */
    short fg16, bg16; /* -2: the nearest */
    guint attrs, mono;
} Entry;

struct _VdTheme {
    Entry entries[VD_ROLE_COUNT];
};

static const struct {
    const char *name, *fg, *bg, *attrs, *mono, *fg16, *bg16;
} built_in[VD_ROLE_COUNT] = {
    [VD_ROLE_NORMAL] = {"normal", "default", "default", "", ""},
    [VD_ROLE_HEADER] = {"header", "bright-white", "24", "bold", "reverse bold", "white", "blue"},
    [VD_ROLE_TITLE] = {"title", "73", "default", "", "", "cyan", "default"},
    [VD_ROLE_TITLE_FOCUS] = {"title_focus", "80", "default", "bold", "bold", "cyan", "default"},
    [VD_ROLE_COLUMN] = {"column", "110", "default", "bold", "bold underline", "cyan", "default"},
    [VD_ROLE_CURSOR] = {"cursor", "bright-white", "25", "bold", "reverse", "black", "cyan"},
    [VD_ROLE_CURSOR_IDLE] = {"cursor_idle", "default", "238", "", "underline", "black", "white"},
    [VD_ROLE_MARKED] = {"marked", "222", "default", "bold", "bold", "yellow", "default"},
    [VD_ROLE_HOST] = {"host", "default", "default", "bold", "bold"},
    [VD_ROLE_STATE_GOOD] = {"state_good", "114", "default", "", "", "green", "default"},
    [VD_ROLE_STATE_BUSY] = {"state_busy", "80", "default", "", "bold", "cyan", "default"},
    [VD_ROLE_STATE_WARN] = {"state_warn", "222", "default", "", "bold", "yellow", "default"},
    [VD_ROLE_STATE_BAD] = {"state_bad", "210", "default", "bold", "bold", "red", "default"},
    [VD_ROLE_STATE_OFF] = {"state_off", "246", "default", "", "", "default", "default"},
    [VD_ROLE_DIM] = {"dim", "244", "default", "", "dim", "default", "default"},
    [VD_ROLE_LABEL] = {"label", "110", "default", "", "", "cyan", "default"},
    [VD_ROLE_SPARK] = {"spark", "73", "default", "", "", "cyan", "default"},
    [VD_ROLE_BAR] = {"bar", "114", "default", "", "bold", "green", "default"},
    [VD_ROLE_BAR_REST] = {"bar_rest", "242", "default", "", "", "default", "default"},
    [VD_ROLE_KEY] = {"key", "default", "default", "bold", "bold"},
    [VD_ROLE_KEY_LABEL] = {"key_label", "bright-white", "24", "", "reverse", "black", "cyan"},
    [VD_ROLE_NOTICE] = {"notice", "default", "default", "", ""},
    [VD_ROLE_NOTICE_BAD] = {"notice_bad", "210", "default", "bold", "bold", "red", "default"},
    [VD_ROLE_DIALOG] = {"dialog", "default", "236", "", "", "white", "blue"},
    [VD_ROLE_DIALOG_FRAME] = {"dialog_frame", "80", "236", "", "", "cyan", "blue"},
    [VD_ROLE_FIELD] = {"field", "default", "239", "", "underline", "black", "cyan"},
    [VD_ROLE_FIELD_FOCUS] = {"field_focus", "bright-white", "25", "", "reverse", "black", "white"},
    [VD_ROLE_FIELD_BAD] = {"field_bad", "bright-white", "88", "", "reverse bold"},
    [VD_ROLE_HINT] = {"hint", "248", "236", "", "", "white", "blue"},
    [VD_ROLE_BUTTON] = {"button", "default", "239", "", "", "black", "cyan"},
    [VD_ROLE_BUTTON_FOCUS] = {"button_focus", "bright-white", "25", "bold", "reverse", "black",
                              "white"},
    [VD_ROLE_SELECTED] = {"selected", "bright-white", "25", "", "reverse", "black", "cyan"},
    [VD_ROLE_MATCH] = {"match", "black", "222", "", "reverse", "black", "yellow"},
};

static const char *const color_names[] = {
    "black",        "red",           "green",       "yellow",         "blue",
    "magenta",      "cyan",          "white",       "gray",           "bright-red",
    "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white",
};

static const char *const attr_names[] = {"bold", "dim", "underline", "reverse"};

const char *vd_role_name(VdRole role)
{
    return built_in[role].name;
}

static gboolean parse_color(const char *word, short *ret_color)
{
    if (strcmp(word, "default") == 0) {
        *ret_color = -1;
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(color_names); i++)
        if (strcmp(color_names[i], word) == 0) {
            *ret_color = (short)i;
            return TRUE;
        }
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(word, 10, 0, 255, &number, NULL))
        return FALSE;
    *ret_color = (short)number;
    return TRUE;
}

static gboolean parse_attrs(const char *words, guint *ret_attrs)
{
    guint attrs = 0;
    g_auto(GStrv) parts = g_strsplit_set(words, " ,", -1);
    for (guint i = 0; parts[i]; i++) {
        guint known = 0;
        for (guint a = 0; a < G_N_ELEMENTS(attr_names); a++)
            if (strcmp(attr_names[a], parts[i]) == 0)
                known = 1u << a;
        if (!known && *parts[i])
            return FALSE;
        attrs |= known;
    }
    *ret_attrs = attrs;
    return TRUE;
}

static void fill_built_in(VdTheme *theme)
{
    for (guint i = 0; i < VD_ROLE_COUNT; i++) {
        Entry *entry = &theme->entries[i];
        *entry = (Entry){.fg = -1, .bg = -1, .fg16 = -2, .bg16 = -2};
        (void)parse_color(built_in[i].fg, &entry->fg);
        (void)parse_color(built_in[i].bg, &entry->bg);
        if (built_in[i].fg16) {
            (void)parse_color(built_in[i].fg16, &entry->fg16);
            (void)parse_color(built_in[i].bg16, &entry->bg16);
        }
        (void)parse_attrs(built_in[i].attrs, &entry->attrs);
        (void)parse_attrs(built_in[i].mono, &entry->mono);
    }
}

static void problem(GPtrArray *problems, const char *path, int line, const char *text)
{
    g_autofree char *file = vd_text_clean(path, 1024, FALSE);
    if (line > 0)
        g_ptr_array_add(problems, g_strdup_printf("%s:%d: %s", file, line, text));
    else
        g_ptr_array_add(problems, g_strdup_printf("%s: %s", file, text));
}

/* where: what it is about, in words of the file: "cursor.fg = 300". */
static void problem_at(GPtrArray *problems, const char *path, int line, const char *where,
                       const char *text)
{
    g_autofree char *clean = vd_text_clean(where, 80, FALSE);
    g_autofree char *both = g_strdup_printf("%s: %s", clean, text);
    problem(problems, path, line, both);
}

static char *setting_text(const config_setting_t *setting)
{
    if (config_setting_type(setting) == CONFIG_TYPE_INT)
        return g_strdup_printf("%d", config_setting_get_int(setting));
    return g_strdup(config_setting_get_string(setting));
}

static void read_value(Entry *entry, const char *role, const config_setting_t *setting,
                       const char *path, GPtrArray *problems)
{
    struct {
        const char *name;
        short *color;
        guint *attrs;
    } known[] = {{"fg", &entry->fg, NULL},       {"bg", &entry->bg, NULL},
                 {"fg16", &entry->fg16, NULL},   {"bg16", &entry->bg16, NULL},
                 {"attrs", NULL, &entry->attrs}, {"mono", NULL, &entry->mono}};
    int line = (int)config_setting_source_line(setting);
    g_autofree char *text = setting_text(setting);
    g_autofree char *where = g_strdup_printf("%s.%s%s%s", role, config_setting_name(setting),
                                             text ? " = " : "", text ? text : "");
    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_strcmp0(config_setting_name(setting), known[i].name) != 0)
            continue;
        if (known[i].color && (!text || !parse_color(text, known[i].color)))
            problem_at(problems, path, line, where,
                       _("expected a colour: a name such as \"bright-red\", 0 to 255, or "
                         "\"default\""));
        if (known[i].attrs && (!text || !parse_attrs(text, known[i].attrs)))
            problem_at(problems, path, line, where,
                       _("expected words of \"bold dim underline reverse\""));
        return;
    }
    problem_at(problems, path, line, where, _("expected fg, bg, fg16, bg16, attrs or mono"));
}

static void read_role(VdTheme *theme, const config_setting_t *role, const char *path,
                      GPtrArray *problems)
{
    int line = (int)config_setting_source_line(role);
    if (!config_setting_is_group(role)) {
        problem_at(problems, path, line, config_setting_name(role),
                   _("expected a group such as { fg = \"red\"; }"));
        return;
    }
    for (guint i = 0; i < VD_ROLE_COUNT; i++) {
        if (g_strcmp0(built_in[i].name, config_setting_name(role)) != 0)
            continue;
        for (int v = 0; v < config_setting_length(role); v++)
            read_value(&theme->entries[i], built_in[i].name,
                       config_setting_get_elem(role, (unsigned)v), path, problems);
        return;
    }
    g_autofree char *text =
        g_strdup_printf(_("there is no role “%s”; see themes/default.conf for all of them"),
                        config_setting_name(role));
    problem(problems, path, line, text);
}

static void tell_unknown(config_t *config, const char *path, GPtrArray *problems)
{
    const config_setting_t *root = config_root_setting(config);
    for (int i = 0; i < config_setting_length(root); i++) {
        const config_setting_t *setting = config_setting_get_elem(root, (unsigned)i);
        if (strcmp(config_setting_name(setting), "roles") == 0)
            continue;
        g_autofree char *text = g_strdup_printf(_("%s: no such setting of a theme; expected roles"),
                                                config_setting_name(setting));
        problem(problems, path, (int)config_setting_source_line(setting), text);
    }
}

static void read_config(VdTheme *theme, config_t *config, const char *path, GPtrArray *problems)
{
    if (!config_read_file(config, path)) {
        problem(problems, path, config_error_line(config),
                config_error_type(config) == CONFIG_ERR_PARSE
                    ? _("not readable as a theme from here on: expected `name = value;`")
                    : _("the theme cannot be read"));
        return;
    }
    tell_unknown(config, path, problems);
    const config_setting_t *roles = config_lookup(config, "roles");
    if (!roles || !config_setting_is_group(roles)) {
        problem(problems, path, 0, _("expected a group `roles = { … };`"));
        return;
    }
    for (int i = 0; i < config_setting_length(roles); i++)
        read_role(theme, config_setting_get_elem(roles, (unsigned)i), path, problems);
}

VdTheme *vd_theme_load_file(const char *path, GPtrArray *problems)
{
    VdTheme *theme = g_new0(VdTheme, 1);
    fill_built_in(theme);
    if (!path)
        return theme;
    config_t config;
    config_init(&config);
    read_config(theme, &config, path, problems);
    config_destroy(&config);
    return theme;
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "default, light, mono": the files of dirs. The caller frees. */
static char *theme_names(char **dirs)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; dirs && dirs[i]; i++) {
        g_autoptr(GDir) dir = g_dir_open(dirs[i], 0, NULL);
        for (const char *file = NULL; dir && (file = g_dir_read_name(dir));) {
            if (!g_str_has_suffix(file, ".conf"))
                continue;
            g_autofree char *raw = g_strndup(file, strlen(file) - strlen(".conf"));
            char *name = vd_text_clean(raw, 64, FALSE);
            if (g_hash_table_contains(seen, name)) {
                g_free(name);
                continue;
            }
            g_hash_table_add(seen, name);
            g_ptr_array_add(names, name);
        }
    }
    if (!g_hash_table_contains(seen, "default"))
        g_ptr_array_add(names, g_strdup("default"));
    g_ptr_array_sort(names, by_text);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(", ", (char **)names->pdata);
}

VdTheme *vd_theme_load(const char *name, char **dirs, const VdConf *conf, GPtrArray *problems)
{
    g_autofree char *file = g_strconcat(name, ".conf", NULL);
    for (guint i = 0; !strchr(name, '/') && dirs && dirs[i]; i++) {
        g_autofree char *path = g_build_filename(dirs[i], file, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return vd_theme_load_file(path, problems);
    }
    if (strcmp(name, "default") != 0) {
        g_autofree char *clean = vd_text_clean(name, 64, FALSE);
        g_autofree char *known = theme_names(dirs);
        g_autofree char *text = g_strdup_printf(
            _("there is no theme “%s”; expected one of %s; the default is shown"), clean, known);
        g_autofree char *option = g_strconcat("--theme: ", text, NULL);
        g_ptr_array_add(problems, vd_conf_mistake(conf, "theme", conf ? text : option));
    }
    return vd_theme_load_file(NULL, problems);
}

void vd_theme_free(VdTheme *theme)
{
    g_free(theme);
}

/* xterm's palette: 16 system colours, a cube of 6×6×6, 24 greys. */
static void rgb(short color, int out[3])
{
    static const int cube[] = {0, 95, 135, 175, 215, 255};
    if (color < 16) {
        int high = color == 7 ? 229 : color >= 8 ? 255 : 205;
        for (int i = 0; i < 3; i++)
            out[i] = color == 8 ? 127 : (color & (1 << i)) ? high : 0;
        return;
    }
    if (color >= 232) {
        out[0] = out[1] = out[2] = 8 + 10 * (color - 232);
        return;
    }
    int index = color - 16;
    out[0] = cube[index / 36];
    out[1] = cube[index / 6 % 6];
    out[2] = cube[index % 6];
}

short vd_theme_nearest(short color, int colors)
{
    if (color < colors)
        return color;
    int want[3], have[3];
    rgb(color, want);
    short best = 0;
    int best_distance = G_MAXINT;
    for (short i = 0; i < colors; i++) {
        rgb(i, have);
        int distance = 0;
        for (int c = 0; c < 3; c++)
            distance += (want[c] - have[c]) * (want[c] - have[c]);
        if (distance < best_distance) {
            best = i;
            best_distance = distance;
        }
    }
    return best;
}

VdLook vd_theme_look(const VdTheme *theme, VdRole role, int colors)
{
    const Entry *entry = &theme->entries[role];
    VdLook look = {entry->fg, entry->bg, entry->attrs};
    if (colors >= 256)
        return look;
    if (colors < 8)
        return (VdLook){-1, -1, entry->mono};
    int few = colors >= 16 ? 16 : 8;
    look.fg = vd_theme_nearest(entry->fg16 != -2 ? entry->fg16 : entry->fg, few);
    look.bg = vd_theme_nearest(entry->bg16 != -2 ? entry->bg16 : entry->bg, few);
    /* Two colours that fall together would hide the text. */
    if (look.fg == look.bg && look.fg >= 0)
        look.fg = look.bg == 0 ? 7 : 0;
    return look;
}
