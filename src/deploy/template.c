/* Templates are read line by line. The syntax of the macros is VMmanager's, ($NAME), so that its
 * templates need few changes; conditions stand at the head of a line, for an answer file is a list
 * of lines in all formats that there are. */
#include "config.h"

#include <string.h>

#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/text.h"
#include "src/deploy/install.h"
#include "src/deploy/system.h"
#include "src/deploy/template.h"

#define HEAD "#%"

static const char *const known_macros[] = {
    "ADDRESS",          "DISK",      "DISK_NAME", "DNS",      "DNS_COMMAS", "DNS_WORDS",
    "FIRSTBOOT_BASE64", "GATEWAY",   "HOSTNAME",  "MAC",      "NETMASK",    "PREFIX",
    "REQUEST",          "ROOT_HASH", "SSH_KEY",   "TIMEZONE", "TREE",       "TREE_DIR",
    "TREE_HOST",        "USER",      "USER_HASH", NULL,
};

static const struct {
    const char *word, *file;
} kinds[] = {
    [VD_ANSWER_PRESEED] = {"preseed", "preseed.cfg"},
    [VD_ANSWER_KICKSTART] = {"kickstart", "ks.cfg"},
    [VD_ANSWER_AUTOINSTALL] = {"autoinstall", "user-data"},
    [VD_ANSWER_FILE] = {"file", NULL},
};

const char *vd_answer_kind_word(VdAnswerKind kind)
{
    return kinds[kind].word;
}

void vd_template_free(VdTemplate *template)
{
    if (!template)
        return;
    g_free(template->name);
    g_free(template->title);
    g_free(template->path);
    g_free(template->file);
    g_free(template->kernel);
    g_free(template->initrd);
    g_free(template->append);
    g_free(template->os);
    if (template->systems)
        g_ptr_array_unref(template->systems);
    g_free(template->text);
    g_free(template);
}

/* ---- the head ---- */

/* A path that stays below where it is put. */
static gboolean is_inside(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    if (!*path || *path == '/')
        return FALSE;
    for (gsize i = 0; parts[i]; i++) {
        if (!*parts[i] || g_str_equal(parts[i], ".") || g_str_equal(parts[i], ".."))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_path(char **slot, const char *value, GError **error)
{
    if (!is_inside(value))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("“%s” is no path within a tree."), value);
    g_free(*slot);
    *slot = g_strdup(value);
    return TRUE;
}

static gboolean read_kind(VdTemplate *template, const char *value, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!g_str_equal(kinds[i].word, value))
            continue;
        template->kind = i;
        if (!template->file)
            template->file = g_strdup(kinds[i].file);
        return TRUE;
    }
    return vd_fail(error, VD_ERR_INVALID, NULL,
                   _("There is no kind “%s”; there are preseed, kickstart, autoinstall and file."),
                   value);
}

static gboolean read_ends(VdTemplate *template, const char *value, GError **error)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(value, 10, 1, 10, &number, NULL))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("“%s” is no number from 1 to 10."), value);
    template->ends = (guint)number;
    return TRUE;
}

/* "debian12 http://debian.org/debian/12 Debian 12" */
static gboolean read_system(VdTemplate *template, const char *value, GError **error)
{
    g_autofree char *clean = vd_text_clean(value, 1000, FALSE);
    g_auto(GStrv) words = g_strsplit(clean, " ", 3);
    VdSystem *system;

    if (g_strv_length(words) != 3 || !*words[0] || !*words[1] || !*g_strstrip(words[2]))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("“%s” is no system: a short id, libosinfo's id and a name are needed."),
                       clean);
    if (!template->systems)
        template->systems = g_ptr_array_new_with_free_func((GDestroyNotify)vd_system_free);
    system = vd_system_new();
    system->short_id = g_strdup(words[0]);
    system->id = g_strdup(words[1]);
    system->name = g_strdup(words[2]);
    g_ptr_array_add(template->systems, system);
    return TRUE;
}

/* "x86_64 http://…", of the system of the line before */
static gboolean read_tree(VdTemplate *template, const char *value, GError **error)
{
    const char *gap = strchr(value, ' ');
    char *url;

    if (!template->systems)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("A tree belongs to a system: its line stands after the system's."));
    if (!gap)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("“%s” is no architecture with a tree."),
                       value);
    url = vd_install_tree_url(gap + strspn(gap, " "), error);
    if (url)
        vd_system_add_tree(g_ptr_array_index(template->systems, template->systems->len - 1),
                           g_strndup(value, (gsize)(gap - value)), url);
    return url != NULL;
}

static gboolean read_key(VdTemplate *template, const char *key, const char *value, GError **error)
{
    if (g_str_equal(key, "kind"))
        return read_kind(template, value, error);
    if (g_str_equal(key, "kernel"))
        return read_path(&template->kernel, value, error);
    if (g_str_equal(key, "initrd"))
        return read_path(&template->initrd, value, error);
    if (g_str_equal(key, "file"))
        return read_path(&template->file, value, error);
    if (g_str_equal(key, "ends"))
        return read_ends(template, value, error);
    if (g_str_equal(key, "system"))
        return read_system(template, value, error);
    if (g_str_equal(key, "tree"))
        return read_tree(template, value, error);
    if (g_str_equal(key, "memory"))
        return vd_parse_size(value, &template->memory, error);
    if (g_str_equal(key, "disk"))
        return vd_parse_size(value, &template->disk, error);
    char **slot = g_str_equal(key, "title")    ? &template->title
                  : g_str_equal(key, "append") ? &template->append
                  : g_str_equal(key, "os")     ? &template->os
                                               : NULL;
    if (!slot)
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("There is no key “%s”; there are title, kind, kernel, initrd, append, "
                         "file, ends, memory, disk, os, system and tree."),
                       key);
    g_free(*slot);
    *slot = vd_text_clean(value, 1000, FALSE);
    return TRUE;
}

/* One line of the head, its mark taken away. */
static gboolean read_head_line(VdTemplate *template, const char *line, GError **error)
{
    const char *colon = strchr(line, ':');
    g_autofree char *key = NULL, *value = NULL;

    if (!colon)
        return vd_fail(error, VD_ERR_INVALID, NULL, _("A line of the head is “%s key: value”."),
                       HEAD);
    key = g_strstrip(g_strndup(line, (gsize)(colon - line)));
    value = g_strstrip(g_strdup(colon + 1));
    return read_key(template, key, value, error);
}

static void at_line(const VdTemplate *template, guint line, GError *why, GError **error)
{
    vd_error_set(error, VD_ERR_INVALID, NULL, _("Template %s, line %u: %s"), template->name, line,
                 why->message);
    g_error_free(why);
}

static gboolean has_what_it_needs(const VdTemplate *template, GError **error)
{
    const char *missing = !template->kernel   ? "kernel"
                          : !template->initrd ? "initrd"
                          : !template->file   ? "kind"
                                              : NULL;

    if (!missing)
        return TRUE;
    return vd_fail(error, VD_ERR_INVALID, NULL, _("Template %s: its head has no line “%s %s: …”."),
                   template->name, HEAD, missing);
}

/* ---- macros ---- */

struct _VdMacros {
    GHashTable *values; /* name (static) → GPtrArray of secrets */
};

static void values_free(gpointer data)
{
    g_ptr_array_unref(data);
}

static void secret_free(gpointer data)
{
    vd_secret_free(data);
}

VdMacros *vd_macros_new(void)
{
    VdMacros *macros = g_new0(VdMacros, 1);

    macros->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, values_free);
    return macros;
}

void vd_macros_free(VdMacros *macros)
{
    if (!macros)
        return;
    g_hash_table_unref(macros->values);
    g_free(macros);
}

void vd_macros_add(VdMacros *macros, const char *name, const char *value)
{
    guint i = 0;
    GPtrArray *values;

    while (known_macros[i] && !g_str_equal(known_macros[i], name))
        i++;
    g_return_if_fail(known_macros[i]);
    if (!value || !*value)
        return;
    values = g_hash_table_lookup(macros->values, name);
    if (!values) {
        values = g_ptr_array_new_with_free_func(secret_free);
        g_hash_table_insert(macros->values, (gpointer)known_macros[i], values);
    }
    g_ptr_array_add(values, g_strdup(value));
}

/* The next macro of a text: where it begins, and its name with its mark ("?NAME"). The caller
 * frees; NULL: none. */
static char *next_macro(const char *text, const char **ret_begin, const char **ret_end)
{
    const char *begin = text;

    while ((begin = strstr(begin, "($"))) {
        gsize mark = begin[2] == '?' || begin[2] == '!' ? 1 : 0;
        gsize length = strspn(begin + 2 + mark, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        if (length > 0 && begin[2 + mark + length] == ')') {
            *ret_begin = begin;
            *ret_end = begin + 2 + mark + length + 1;
            return g_strndup(begin + 2, mark + length);
        }
        begin += 2;
    }
    return NULL;
}

/* Shells know "$(…)" and "(…)", never "($NAME)" with a known name, so only known ones and those
 * that look like a slip are macros: all others are refused. */
static gboolean check_macros(const char *line, GError **error)
{
    const char *begin, *end = line, *head = line;
    char *name;

    while ((name = next_macro(end, &begin, &end))) {
        gboolean condition = *name == '?' || *name == '!';
        gboolean in_front = begin == head;
        g_autofree char *owned = name;
        g_autofree char *all = NULL;

        if (condition && in_front)
            head = end;
        if (g_strv_contains(known_macros, name + condition)) {
            if (!condition || in_front)
                continue;
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("The condition ($%s) must stand at the head of its line."), name);
        }
        all = g_strjoinv(", ", (char **)known_macros);
        return vd_fail(error, VD_ERR_INVALID, NULL, _("There is no macro ($%s); there are: %s."),
                       name + condition, all);
    }
    return TRUE;
}

/* ---- reading a template ---- */

static gboolean read_lines(VdTemplate *template, char **lines, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GError *why = NULL;
    gboolean head = TRUE;

    for (guint i = 0; lines[i]; i++) {
        gboolean ok;

        head = head && g_str_has_prefix(lines[i], HEAD);
        if (head) {
            template->head_lines = i + 1;
            ok = read_head_line(template, lines[i] + strlen(HEAD), &why);
        } else {
            ok = check_macros(lines[i], &why);
            g_string_append(text, lines[i]);
            if (lines[i + 1])
                g_string_append_c(text, '\n');
        }
        if (!ok) {
            at_line(template, i + 1, why, error);
            return FALSE;
        }
    }
    template->text = g_string_free(g_steal_pointer(&text), FALSE);
    return TRUE;
}

VdTemplate *vd_template_parse(const char *name, const char *text, GError **error)
{
    g_autoptr(VdTemplate) template = g_new0(VdTemplate, 1);
    /* Editors of Windows leave a byte order mark and line ends of their own. */
    const char *begin = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text;
    g_auto(GStrv) unix_lines = g_strsplit(begin, "\r\n", -1);
    g_autofree char *joined = g_strjoinv("\n", unix_lines);
    g_auto(GStrv) lines = g_strsplit(joined, "\n", -1);
    GError *why = NULL;

    template->name = g_strdup(name);
    template->ends = 1;
    if (!g_utf8_validate(text, -1, NULL)) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("Template %s is no UTF-8 text."), name);
        return NULL;
    }
    if (!read_lines(template, lines, error) || !has_what_it_needs(template, error))
        return NULL;
    if (template->append && !check_macros(template->append, &why)) {
        vd_error_set(error, VD_ERR_INVALID, NULL, _("Template %s, append: %s"), name, why->message);
        g_error_free(why);
        return NULL;
    }
    return g_steal_pointer(&template);
}

/* ---- filling in ---- */

/* What no format of answer files and no shell within one takes for more than a word. */
static gboolean is_plain(const char *value)
{
    return strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                         " ._:/@+=,-$~") == strlen(value);
}

/* Fits in double quotes of YAML, which are those of JSON. Control characters are refused before. */
static void append_quoted(GString *out, const char *value)
{
    for (const char *c = value; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *c);
    }
}

static gboolean append_value(const VdTemplate *template, GString *out, const char *name,
                             const char *value, GError **error)
{
    gboolean yaml = template && template->kind == VD_ANSWER_AUTOINSTALL;

    for (const char *c = value; *c; c++) {
        if ((guchar)*c < 0x20 || *c == 0x7f)
            return vd_fail(error, VD_ERR_INVALID, NULL,
                           _("The value of ($%s) has a control character."), name);
    }
    if (yaml) {
        append_quoted(out, value);
        return TRUE;
    }
    if (!is_plain(value))
        return vd_fail(error, VD_ERR_INVALID, NULL,
                       _("The value of ($%s) has a character that cannot stand in this answer "
                         "file: only letters, digits, spaces and ._:/@+=,-$~ can."),
                       name);
    g_string_append(out, value);
    return TRUE;
}

static GPtrArray *values_of(const VdMacros *macros, const char *name)
{
    return g_hash_table_lookup(macros->values, name);
}

/* The line with the index-th value of each macro that has many. template NULL: the kernel's line.
 */
static gboolean fill_line(const VdTemplate *template, const VdMacros *macros, const char *line,
                          guint index, GString *out, GError **error)
{
    const char *begin, *end = line, *from = line;
    char *name;

    while ((name = next_macro(end, &begin, &end))) {
        g_autofree char *owned = name;
        const GPtrArray *values = values_of(macros, name);
        guint n = values ? values->len : 0;

        g_string_append_len(out, from, begin - from);
        from = end;
        if (n > 0 &&
            !append_value(template, out, name, g_ptr_array_index(values, MIN(index, n - 1)), error))
            return FALSE;
    }
    g_string_append(out, from);
    return TRUE;
}

/* How often a line stands in the answer: once, or as often as its macro of many values has some. A
 * macro without a value leaves a gap in its line, unless it is one of those. */
static guint times_of(const VdMacros *macros, const char *line)
{
    static const char *const many[] = {"SSH_KEY", "DNS", NULL};
    const char *begin, *end = line;
    char *name;
    guint times = 1;

    while ((name = next_macro(end, &begin, &end))) {
        g_autofree char *owned = name;
        const GPtrArray *values = values_of(macros, name);

        if (g_strv_contains(many, name))
            times = values ? values->len : 0;
    }
    return times;
}

/* Whether the line's condition holds; *line is moved behind it. Conditions may follow each other.
 */
static gboolean condition_holds(const VdMacros *macros, const char **line)
{
    const char *begin, *end;
    char *name;

    while ((name = next_macro(*line, &begin, &end))) {
        g_autofree char *owned = name;
        gboolean has;

        if (begin != *line || (*name != '?' && *name != '!'))
            return TRUE;
        has = values_of(macros, name + 1) != NULL;
        if (has != (*name == '?'))
            return FALSE;
        *line = end;
    }
    return TRUE;
}

char *vd_template_answer(const VdTemplate *template, const VdMacros *macros, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(template->text, "\n", -1);
    GString *out = g_string_sized_new(strlen(template->text) + 4096);
    GError *why = NULL;

    for (guint i = 0; lines[i]; i++) {
        const char *line = lines[i];
        gboolean last = lines[i + 1] == NULL;
        guint times = condition_holds(macros, &line) ? times_of(macros, line) : 0;

        for (guint t = 0; t < times; t++) {
            if (!fill_line(template, macros, line, t, out, &why)) {
                at_line(template, template->head_lines + i + 1, why, error);
                vd_secret_free(g_string_free(out, FALSE));
                return NULL;
            }
            if (!last)
                g_string_append_c(out, '\n');
        }
    }
    return g_string_free(out, FALSE);
}

char *vd_template_kernel_line(const VdTemplate *template, const VdMacros *macros, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (template->append && !fill_line(NULL, macros, template->append, 0, out, error))
        return NULL;
    return g_string_free(g_steal_pointer(&out), FALSE);
}
