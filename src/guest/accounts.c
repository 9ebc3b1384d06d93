/* Augeas would do this as well, but takes longer to start in the appliance than all other edits
 * take together, and rewrites files it does not fully understand. */
#include "config.h"

#include "src/guest/accounts.h"

#include <string.h>

enum { PW_NAME, PW_HASH, PW_UID, PW_GID, PW_GECOS, PW_HOME, PW_SHELL };
enum { SP_NAME, SP_HASH, SP_DAY };
enum { GR_NAME, GR_HASH, GR_GID, GR_MEMBERS };
enum { UID_MAX = 60000, UID_OLD_MIN = 500, UID_MIN = 1000 };

struct _VdColon {
    GPtrArray *lines; /* char*, without newlines */
};

VdColon *vd_colon_parse(const char *text)
{
    VdColon *file = g_new0(VdColon, 1);
    file->lines = g_ptr_array_new_with_free_func(g_free);
    while (*text) {
        const char *end = strchrnul(text, '\n');
        g_ptr_array_add(file->lines, g_strndup(text, (gsize)(end - text)));
        text = *end ? end + 1 : end;
    }
    return file;
}

void vd_colon_free(VdColon *file)
{
    if (!file)
        return;
    /* Shadow lines hold hashes. */
    for (guint i = 0; i < file->lines->len; i++) {
        char *line = g_ptr_array_index(file->lines, i);
        explicit_bzero(line, strlen(line));
    }
    g_ptr_array_unref(file->lines);
    g_free(file);
}

char *vd_colon_text(const VdColon *file)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < file->lines->len; i++) {
        g_string_append(text, g_ptr_array_index(file->lines, i));
        g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

int vd_colon_find(const VdColon *file, const char *name)
{
    gsize length = strlen(name);
    for (guint i = 0; i < file->lines->len; i++) {
        const char *line = g_ptr_array_index(file->lines, i);
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return (int)i;
    }
    return -1;
}

int vd_colon_lines(const VdColon *file)
{
    return (int)file->lines->len;
}

char *vd_colon_get(const VdColon *file, int line, guint field)
{
    const char *at = g_ptr_array_index(file->lines, line);
    for (guint i = 0; i < field && at; i++) {
        at = strchr(at, ':');
        at = at ? at + 1 : NULL;
    }
    return at ? g_strndup(at, strcspn(at, ":")) : g_strdup("");
}

void vd_colon_set(VdColon *file, int line, guint field, const char *value)
{
    g_return_if_fail(!strpbrk(value, ":\n"));
    char **place = (char **)&g_ptr_array_index(file->lines, line);
    GString *made = g_string_new(NULL);
    const char *at = *place;
    for (guint i = 0; at || i <= field; i++) {
        gsize length = at ? strcspn(at, ":") : 0;
        if (i > 0)
            g_string_append_c(made, ':');
        if (i == field)
            g_string_append(made, value);
        else if (at)
            g_string_append_len(made, at, (gssize)length);
        at = at && at[length] ? at + length + 1 : NULL;
    }
    explicit_bzero(*place, strlen(*place));
    g_free(*place);
    *place = g_string_free(made, FALSE);
}

void vd_colon_append(VdColon *file, const char *line)
{
    g_ptr_array_add(file->lines, g_strdup(line));
}

void vd_account_clear(VdAccount *account)
{
    g_clear_pointer(&account->home, g_free);
}

static gboolean get_id(const VdColon *file, int line, guint field, guint32 *ret_id)
{
    g_autofree char *text = vd_colon_get(file, line, field);
    guint64 value = 0;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32 - 1, &value, NULL))
        return FALSE;
    *ret_id = (guint32)value;
    return TRUE;
}

gboolean vd_accounts_find(const VdAccounts *accounts, const char *name, VdAccount *ret_account)
{
    int line = vd_colon_find(accounts->passwd, name);
    VdAccount found = {0};
    if (line < 0 || !get_id(accounts->passwd, line, PW_UID, &found.uid) ||
        !get_id(accounts->passwd, line, PW_GID, &found.gid))
        return FALSE;
    found.home = vd_colon_get(accounts->passwd, line, PW_HOME);
    if (*found.home != '/') {
        vd_account_clear(&found);
        return FALSE;
    }
    *ret_account = found;
    return TRUE;
}

void vd_accounts_set_hash(VdAccounts *accounts, const char *name, const char *hash, gint64 day)
{
    int line = vd_colon_find(accounts->passwd, name);
    if (line < 0)
        return;
    if (!accounts->shadow) {
        vd_colon_set(accounts->passwd, line, PW_HASH, hash);
        return;
    }
    vd_colon_set(accounts->passwd, line, PW_HASH, "x");
    line = vd_colon_find(accounts->shadow, name);
    if (line < 0) {
        g_autofree char *made = g_strdup_printf("%s:!::0:99999:7:::", name);
        vd_colon_append(accounts->shadow, made);
        line = vd_colon_find(accounts->shadow, name);
    }
    g_autofree char *when = g_strdup_printf("%" G_GINT64_FORMAT, day);
    vd_colon_set(accounts->shadow, line, SP_HASH, hash);
    vd_colon_set(accounts->shadow, line, SP_DAY, when);
}

/* The first number from min up that no line has in this field. */
static guint32 free_id(const VdColon *file, guint field, guint32 min)
{
    g_autoptr(GHashTable) used = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < file->lines->len; i++) {
        guint32 id = 0;
        if (get_id(file, (int)i, field, &id))
            g_hash_table_add(used, GUINT_TO_POINTER(id));
    }
    while (min < UID_MAX && g_hash_table_contains(used, GUINT_TO_POINTER(min)))
        min++;
    return min;
}

gboolean vd_accounts_add_user(VdAccounts *accounts, const char *name, const char *shell,
                              guint32 min, gint64 day)
{
    guint32 uid = free_id(accounts->passwd, PW_UID, min);
    guint32 gid = free_id(accounts->group, GR_GID, uid);
    if (uid >= UID_MAX || gid >= UID_MAX || vd_colon_find(accounts->passwd, name) >= 0)
        return FALSE;
    int line = vd_colon_find(accounts->group, name);
    if (line >= 0 && !get_id(accounts->group, line, GR_GID, &gid))
        return FALSE;
    if (line < 0) {
        g_autofree char *group = g_strdup_printf("%s:x:%u:", name, gid);
        vd_colon_append(accounts->group, group);
        g_autofree char *gshadow = g_strdup_printf("%s:!::", name);
        if (accounts->gshadow && vd_colon_find(accounts->gshadow, name) < 0)
            vd_colon_append(accounts->gshadow, gshadow);
    }
    g_autofree char *passwd =
        g_strdup_printf("%s:x:%u:%u::/home/%s:%s", name, uid, gid, name, shell);
    vd_colon_append(accounts->passwd, passwd);
    vd_accounts_set_hash(accounts, name, "!", day);
    return TRUE;
}

/* Adds name to the comma-separated members of a line unless it is there. */
static void add_member(VdColon *file, int line, guint field, const char *name)
{
    g_autofree char *members = vd_colon_get(file, line, field);
    g_auto(GStrv) list = g_strsplit(members, ",", -1);
    if (g_strv_contains((const char *const *)list, name))
        return;
    g_autofree char *more = *members ? g_strdup_printf("%s,%s", members, name) : g_strdup(name);
    vd_colon_set(file, line, field, more);
}

gboolean vd_accounts_join(VdAccounts *accounts, const char *group, const char *name)
{
    int line = vd_colon_find(accounts->group, group);
    if (line < 0)
        return FALSE;
    add_member(accounts->group, line, GR_MEMBERS, name);
    /* gshadow(5): name, password, administrators, members */
    line = accounts->gshadow ? vd_colon_find(accounts->gshadow, group) : -1;
    if (line >= 0)
        add_member(accounts->gshadow, line, GR_MEMBERS, name);
    return TRUE;
}

GPtrArray *vd_accounts_people(const VdColon *passwd, gboolean old_ids, guint max)
{
    GPtrArray *people = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < passwd->lines->len && people->len < max; i++) {
        guint32 uid = 0;
        if (!get_id(passwd, (int)i, PW_UID, &uid))
            continue;
        if (uid != 0 && (uid < (old_ids ? UID_OLD_MIN : UID_MIN) || uid >= UID_MAX))
            continue;
        g_autofree char *name = vd_colon_get(passwd, (int)i, PW_NAME);
        if (g_utf8_validate(name, -1, NULL) && *name)
            g_ptr_array_add(people, g_steal_pointer(&name));
    }
    return people;
}

gboolean vd_accounts_is_of_system(const VdColon *passwd, int line)
{
    guint32 uid = 0;
    g_autofree char *shell = vd_colon_get(passwd, line, PW_SHELL);
    if (!get_id(passwd, line, PW_UID, &uid) || uid == 0)
        return FALSE;
    return uid < UID_OLD_MIN || uid >= UID_MAX || g_str_has_suffix(shell, "/nologin") ||
           g_str_has_suffix(shell, "/false");
}
