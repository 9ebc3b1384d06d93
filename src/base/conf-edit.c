/* An edit is made on bytes (conf-scan.c says where) and proved on what libconfig reads: both texts
 * are parsed, and their trees must differ by the change and by nothing else. So a mistake of the
 * scanner costs an error message and never somebody's file. */
#include "config.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/conf-edit.h"
#include "src/base/conf-scan.h"
#include "src/base/error.h"
#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/base/paths.h"
#include "src/base/text.h"

#define MAX_BYTES (1 << 20)

/* ---- the text ---- */

static char *quoted(const char *text)
{
    GString *out = g_string_new("\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(out, '\\');
        if ((unsigned char)*p < 32 || *p == 127)
            g_string_append_printf(out, "\\x%02x", (unsigned char)*p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append_c(out, '"');
    return g_string_free(out, FALSE);
}

/* A host as it is written new. */
static char *written(const VdConfHost *host)
{
    g_autofree char *name = quoted(host->name);
    g_autofree char *uri = host->uri ? quoted(host->uri) : NULL;
    if (!uri)
        return g_strdup_printf("{ name = %s; }", name);
    return g_strdup_printf("{ name = %s; uri = %s; }", name, uri);
}

static void put(GString *text, VdSpan span, const char *with)
{
    g_string_erase(text, (gssize)span.from, (gssize)(span.to - span.from));
    g_string_insert(text, (gssize)span.from, with);
}

static const char *newline_of(const char *text)
{
    return strstr(text, "\r\n") ? "\r\n" : "\n";
}

static gsize line_start(const char *text, gsize at)
{
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return at;
}

/* Behind the blanks at `at`. */
static gsize past_blanks(const char *text, gsize at)
{
    return at + strspn(text + at, " \t\r");
}

/* Takes away what removing left: a line of blanks, blanks before a comment, one of two blanks. */
static void tidy(GString *text, gsize at)
{
    gsize start = line_start(text->str, at), end = past_blanks(text->str, at);
    gboolean blank = past_blanks(text->str, start) >= at;
    if (blank && text->str[end] == '\n')
        g_string_erase(text, (gssize)start, (gssize)(end + 1 - start));
    else if (blank && at > start)
        g_string_erase(text, (gssize)at, (gssize)(end - at));
    else if (at > 0 && text->str[at - 1] == ' ' && text->str[at] == ' ')
        g_string_erase(text, (gssize)at, 1);
}

static void remove_host(GString *text, const VdScannedHosts *hosts, guint i)
{
    const VdScannedHost *host = &g_array_index(hosts->hosts, VdScannedHost, i);
    const VdScannedHost *before = i > 0 ? &g_array_index(hosts->hosts, VdScannedHost, i - 1) : NULL;
    if (host->comma) /* alone: a comment may stand between it and the host */
        g_string_erase(text, (gssize)host->comma, 1);
    put(text, host->all, "");
    tidy(text, host->all.from);
    if (!host->comma && before && before->comma)
        g_string_erase(text, (gssize)before->comma, 1);
}

/* From the last place to the first, so that positions stay right. */
static void change_host(GString *text, const VdScannedHost *scanned, const VdConfHost *host)
{
    g_autofree char *name = quoted(host->name);
    g_autofree char *uri = host->uri ? quoted(host->uri) : NULL;
    gboolean had = scanned->uri != NULL;
    gboolean uri_last = had && scanned->uri_value.from > scanned->name_value.from;
    gboolean new_name = strcmp(scanned->name, host->name) != 0;
    if (new_name && !uri_last && had)
        put(text, scanned->name_value, name);
    if (!had && uri) {
        g_autofree char *more =
            g_strdup_printf("%s uri = %s;", scanned->name_ended ? "" : ";", uri);
        g_string_insert(text, (gssize)scanned->name_end, more);
    } else if (had && !uri) {
        put(text, scanned->uri_whole, "");
        tidy(text, scanned->uri_whole.from);
    } else if (had && strcmp(scanned->uri, uri) != 0) {
        put(text, scanned->uri_value, uri);
    }
    if (new_name && (uri_last || !had))
        put(text, scanned->name_value, name);
}

static void begin_list(GString *text, const char *host)
{
    const char *newline = newline_of(text->str);
    if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append(text, newline);
    g_string_append_printf(text, "hosts = (%s  %s%s);%s", newline, host, newline, newline);
}

/* Behind the last one: on a line of its own if that one has its line, with the same indent, and
 * below the comment that may stand beside it. */
static void add_host(GString *text, const VdScannedHosts *hosts, const char *host)
{
    if (hosts->hosts->len == 0) {
        g_autofree char *only = g_strdup_printf(" %s ", host);
        put(text, (VdSpan){hosts->open + 1, hosts->open + 1}, only);
        return;
    }
    const VdScannedHost *last = &g_array_index(hosts->hosts, VdScannedHost, hosts->hosts->len - 1);
    const char *newline = newline_of(text->str);
    gsize start = line_start(text->str, last->all.from);
    gsize indent = past_blanks(text->str, start) - start;
    gsize end = last->all.to + strcspn(text->str + last->all.to, "\n");
    gboolean own_line = start + indent == last->all.from && hosts->close > end;
    g_autofree char *blanks = own_line ? g_strndup(text->str + start, indent) : g_strdup("");
    const char *comma = last->comma ? "" : ",";
    if (own_line && end > 0 && text->str[end - 1] == '\r')
        end--;
    gsize at = own_line ? MAX(end, last->comma + 1) : MAX(last->all.to, last->comma + 1);
    g_autofree char *line = own_line ? g_strdup_printf("%s%s%s", newline, blanks, host)
                                     : g_strdup_printf(last->comma ? " %s" : ", %s", host);
    g_string_insert(text, (gssize)at, line);
    if (own_line)
        g_string_insert(text, (gssize)last->all.to, comma);
}

/* ---- what libconfig reads ---- */

static gboolean parse(config_t *parser, const char *text, GError **error)
{
    config_init(parser);
    if (config_read_string(parser, text) == CONFIG_TRUE)
        return TRUE;
    const char *why = config_error_text(parser);
    vd_error_set(error, VD_ERR_INVALID, why,
                 _("it is no configuration that can be read (line %d: %s)"),
                 config_error_line(parser), why ? why : "?");
    config_destroy(parser);
    return FALSE;
}

static const config_setting_t *element(const config_setting_t *list, int i)
{
    return config_setting_get_elem((config_setting_t *)list, (unsigned)i);
}

static gboolean same_scalar(const config_setting_t *a, const config_setting_t *b)
{
    switch (config_setting_type(a)) {
    case CONFIG_TYPE_STRING:
        return strcmp(config_setting_get_string(a), config_setting_get_string(b)) == 0;
    case CONFIG_TYPE_FLOAT: {
        double x = config_setting_get_float(a), y = config_setting_get_float(b);
        return memcmp(&x, &y, sizeof x) == 0;
    }
    case CONFIG_TYPE_BOOL:
        return config_setting_get_bool(a) == config_setting_get_bool(b);
    default:
        return config_setting_get_int64(a) == config_setting_get_int64(b);
    }
}

/* libconfig itself recurses over what it reads, so this may as well. */
static gboolean same(const config_setting_t *a, const config_setting_t *b)
{
    if (!a || !b || config_setting_type(a) != config_setting_type(b) ||
        g_strcmp0(config_setting_name(a), config_setting_name(b)) != 0)
        return FALSE;
    if (!config_setting_is_aggregate(a))
        return same_scalar(a, b);
    int n = config_setting_length(a);
    gboolean fine = n == config_setting_length(b);
    for (int i = 0; fine && i < n; i++)
        fine = same(element(a, i), element(b, i));
    return fine;
}

/* The group is this host, and what else the former one (or NULL) had is still there. */
static gboolean is_host(const config_setting_t *now, const config_setting_t *former,
                        const VdConfHost *host)
{
    const char *name = NULL, *uri = NULL;
    int known = host->uri ? 2 : 1, other = 0;
    if (!now || !config_setting_is_group(now))
        return FALSE;
    (void)config_setting_lookup_string(now, "name", &name);
    (void)config_setting_lookup_string(now, "uri", &uri);
    for (int i = 0; former && i < config_setting_length(former); i++) {
        const config_setting_t *member = element(former, i);
        const char *id = config_setting_name(member);
        if (strcmp(id, "name") == 0 || strcmp(id, "uri") == 0)
            continue;
        other++;
        if (!same(member, config_setting_get_member(now, id)))
            return FALSE;
    }
    return g_strcmp0(name, host->name) == 0 && g_strcmp0(uri, host->uri) == 0 &&
           config_setting_length(now) == known + other;
}

/* at: the place of the host that is changed or removed. */
static gboolean list_is(const config_setting_t *was, const config_setting_t *now, int at,
                        const VdConfChange *change)
{
    int n = was ? config_setting_length(was) : 0;
    int expected = n + (change->host ? 1 : 0) - (change->name ? 1 : 0);
    gboolean fine = now && config_setting_is_list(now) && config_setting_length(now) == expected;
    for (int i = 0; fine && i < n; i++) {
        if (change->name && i == at)
            fine = !change->host || is_host(element(now, i), element(was, i), change->host);
        else
            fine = same(element(was, i),
                        element(now, change->name && !change->host && i > at ? i - 1 : i));
    }
    return fine && (change->name || is_host(element(now, n), NULL, change->host));
}

static gboolean proved(const config_t *was, const config_t *now, int at, const VdConfChange *change)
{
    const config_setting_t *a = config_root_setting(was), *b = config_root_setting(now);
    int n = config_setting_length(a);
    gboolean found = FALSE, fine = TRUE;
    for (int i = 0; fine && i < n; i++) {
        gboolean ours = g_strcmp0(config_setting_name(element(a, i)), "hosts") == 0;
        found = found || ours;
        fine = ours ? list_is(element(a, i), element(b, i), at, change)
                    : same(element(a, i), element(b, i));
    }
    if (fine && !found)
        fine = config_setting_length(b) == n + 1 && list_is(NULL, element(b, n), at, change);
    return fine && (!found || config_setting_length(b) == n);
}

/* ---- both ---- */

static int find(const VdScannedHosts *hosts, const char *name)
{
    for (guint i = 0; i < hosts->hosts->len; i++) {
        const VdScannedHost *host = &g_array_index(hosts->hosts, VdScannedHost, i);
        g_autofree char *clean = vd_text_clean(host->name, 64, FALSE);
        if (host->name && (strcmp(host->name, name) == 0 || strcmp(clean, name) == 0))
            return (int)i;
    }
    return -1;
}

static char *edited(const char *text, const VdScannedHosts *hosts, int at,
                    const VdConfChange *change)
{
    GString *now = g_string_new(text);
    g_autofree char *host = change->host ? written(change->host) : NULL;
    if (!change->name && hosts->found)
        add_host(now, hosts, host);
    else if (!change->name)
        begin_list(now, host);
    else if (!change->host)
        remove_host(now, hosts, (guint)at);
    else
        change_host(now, &g_array_index(hosts->hosts, VdScannedHost, at), change->host);
    return g_string_free(now, FALSE);
}

/* Between the two parses. */
static char *edit_scanned(const char *text, const VdScannedHosts *hosts, const config_t *was,
                          const VdConfChange *change, GError **error)
{
    int at = change->name ? find(hosts, change->name) : -1;
    const char *other = change->host ? change->host->name : NULL;
    if (other && g_strcmp0(other, change->name) != 0 && find(hosts, other) >= 0) {
        vd_error_set(error, VD_ERR_EXISTS, NULL, _("there is a host %s already"), other);
        return NULL;
    }
    if (change->name && at < 0) {
        vd_error_set(error, VD_ERR_NOT_FOUND, NULL, _("there is no host %s in it"), change->name);
        return NULL;
    }
    config_t now;
    g_autofree char *next = edited(text, hosts, at, change);
    if (parse(&now, next, NULL)) {
        gboolean fine = !hosts->included && proved(was, &now, at, change);
        config_destroy(&now);
        if (fine)
            return g_steal_pointer(&next);
    }
    vd_error_set(error, VD_ERR_UNSUPPORTED, NULL,
                 _("its list of hosts is written in a way that is better changed by hand"));
    return NULL;
}

char *vd_conf_edit_text(const char *text, const VdConfChange *change, GError **error)
{
    VdScannedHosts hosts;
    config_t was;
    char *next = NULL;
    if (!parse(&was, text, error))
        return NULL;
    if (vd_conf_scan(text, &hosts)) {
        next = edit_scanned(text, &hosts, &was, change, error);
        vd_conf_scan_clear(&hosts);
    } else {
        vd_error_set(error, VD_ERR_UNSUPPORTED, NULL,
                     _("its list of hosts is written in a way that is better changed by hand"));
    }
    config_destroy(&was);
    return next;
}

/* ---- the file ---- */

/* The file that the list of hosts stands in, if it is one that this one includes, else NULL. */
static char *included_file(const char *text)
{
    config_t parser;
    char *file = NULL;
    if (!parse(&parser, text, NULL))
        return NULL;
    const config_setting_t *hosts = config_lookup(&parser, "hosts");
    if (hosts)
        file = g_strdup(config_setting_source_file(hosts));
    config_destroy(&parser);
    return file;
}

static gboolean blame(GError **error, const char *file, const GError *why)
{
    return vd_fail(error, vd_error_code(why), vd_error_detail(why), _("%s was left as it is: %s"),
                   file, why->message);
}

static gboolean make_file(const char *file, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(file);
    return vd_mkdirs(folder, 0755, error) && vd_file_replace(file, "", 0, 0644, error);
}

static gboolean edit_file(const char *file, const VdConfChange *changes, guint n, gboolean follow,
                          GError **error)
{
    /* Through a link, or the link itself would be replaced. */
    g_autofree char *real = realpath(file, NULL);
    g_autoptr(GError) why = NULL;
    gsize length = 0;
    if (!real && errno != ENOENT)
        return vd_fail(error, VD_ERR_DENIED, NULL, "%s: %s", file, g_strerror(errno));
    if (!real && !changes[0].name) {
        if (!make_file(file, error))
            return FALSE;
        real = realpath(file, NULL);
    }
    g_autofree char *text = vd_file_read(real ? real : file, MAX_BYTES, &length, error);
    if (!text)
        return FALSE;
    if (memchr(text, '\0', length))
        return vd_fail(error, VD_ERR_INVALID, NULL, _("%s was left as it is: it is no text"), file);
    g_autofree char *other = follow ? included_file(text) : NULL;
    if (other)
        return edit_file(other, changes, n, FALSE, error);
    g_autofree char *next = g_strdup(text);
    for (guint i = 0; i < n; i++) {
        char *changed = vd_conf_edit_text(next, &changes[i], &why);
        if (!changed)
            return blame(error, file, why);
        g_free(next);
        next = changed;
    }
    return strcmp(next, text) == 0 || vd_file_rewrite(real, text, next, error);
}

gboolean vd_conf_edit_file(const char *file, const VdConfChange *changes, guint n, GError **error)
{
    return edit_file(file, changes, n, TRUE, error);
}
