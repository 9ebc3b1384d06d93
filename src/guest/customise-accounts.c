/* All four account files are read, edited in memory and written back in place, so that owners,
 * modes and labels stay; then homes and keys. */
#include "config.h"

#include "src/guest/customise.h"

#include <string.h>

#include "src/base/files.h"
#include "src/base/i18n.h"
#include "src/guest/accounts.h"
#include "src/guest/fail.h"

enum { ACCOUNTS_MAX = 4 * 1024 * 1024, KEYS_FILE_MAX = 1024 * 1024, SKEL_MAX = 20 };
enum { SKEL_FILE_MAX = 64 * 1024 };

typedef struct {
    const char *path;
    VdColon **file;
    gboolean needed;
} Part;

static gboolean read_part(VdFiles *files, const Part *part, GError **error)
{
    g_autofree char *text = NULL;
    if (!vd_files_read(files, part->path, ACCOUNTS_MAX, &text, error))
        return FALSE;
    if (!text && part->needed)
        return vd_guest_fail(error, VD_GUEST_ODD_GUEST, NULL, _("The guest has no %s."),
                             part->path);
    *part->file = text ? vd_colon_parse(text) : NULL;
    if (text)
        explicit_bzero(text, strlen(text));
    return TRUE;
}

static gboolean write_part(VdFiles *files, const Part *part, GError **error)
{
    if (!*part->file)
        return TRUE;
    char *text = vd_colon_text(*part->file);
    gboolean written = vd_files_update(files, part->path, text, error);
    vd_secret_free(text);
    return written;
}

static void accounts_clear(VdAccounts *accounts)
{
    vd_colon_free(accounts->passwd);
    vd_colon_free(accounts->shadow);
    vd_colon_free(accounts->group);
    vd_colon_free(accounts->gshadow);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdAccounts, accounts_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VdAccount, vd_account_clear)

/* Adds the keys to those that are there. */
static gboolean add_keys(VdFiles *files, const VdAccount *account, const GPtrArray *keys,
                         GError **error)
{
    if (keys->len == 0)
        return TRUE;
    const char *home = g_str_equal(account->home, "/") ? "" : account->home;
    g_autofree char *folder = g_strconcat(home, "/.ssh", NULL);
    g_autofree char *path = g_strconcat(folder, "/authorized_keys", NULL);
    g_autofree char *old = NULL;
    if (!vd_files_folder(files, folder, 0700, account->uid, account->gid, error) ||
        !vd_files_read(files, path, KEYS_FILE_MAX, &old, error))
        return FALSE;
    GString *text = g_string_new(old);
    if (text->len > 0 && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    for (guint i = 0; i < keys->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)g_ptr_array_index(keys, i));
    g_autofree char *whole = g_string_free(text, FALSE);
    return vd_files_put(files, path, whole, -1, 0600, account->uid, account->gid, error);
}

/* The files of /etc/skel; folders in it are rare and left to the guest. */
static gboolean copy_skel(VdFiles *files, const VdAccount *account, GError **error)
{
    g_autoptr(GPtrArray) paths = vd_files_glob(files, "/etc/skel/.[a-zA-Z]*", SKEL_MAX);
    for (guint i = 0; i < paths->len; i++) {
        const char *path = g_ptr_array_index(paths, i);
        g_autofree char *text = NULL;
        if (vd_files_kind(files, path, FALSE) != VD_FILE_REGULAR ||
            !vd_files_read(files, path, SKEL_FILE_MAX, &text, NULL) || !text)
            continue;
        g_autofree char *name = g_path_get_basename(path);
        g_autofree char *to = g_build_filename(account->home, name, NULL);
        if (!vd_files_put(files, to, text, -1, 0644, account->uid, account->gid, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean make_home(VdFiles *files, const VdAccount *account, GError **error)
{
    if (vd_files_kind(files, account->home, TRUE) == VD_FILE_FOLDER)
        return TRUE;
    return vd_files_folder(files, account->home, 0700, account->uid, account->gid, error) &&
           copy_skel(files, account, error);
}

/* sudo by the guest's own group for it, and a rule of ours that says the same where there is none
 * or the user has no password to give. */
static gboolean allow_sudo(VdFiles *files, VdAccounts *accounts, const VdUserSpec *user,
                           GError **error)
{
    gboolean member = vd_accounts_join(accounts, "sudo", user->name) ||
                      vd_accounts_join(accounts, "wheel", user->name);
    if (member && user->hash)
        return TRUE;
    if (vd_files_kind(files, "/etc/sudoers.d", TRUE) != VD_FILE_FOLDER) {
        vd_out_log(files->guest->out, _("The guest has no sudo: %s will not be able to use it."),
                   user->name);
        return TRUE;
    }
    g_autofree char *path = g_strdup_printf("/etc/sudoers.d/90-vmdeck-%s", user->name);
    g_autofree char *rule =
        g_strdup_printf("%s ALL=(ALL:ALL) %sALL\n", user->name, user->hash ? "" : "NOPASSWD:");
    return vd_files_put(files, path, rule, -1, 0440, 0, 0, error);
}

static gboolean edit_user(VdFiles *files, VdAccounts *accounts, const VdLayout *layout,
                          const VdUserSpec *user, gint64 day, GError **error)
{
    gboolean old_ids =
        vd_layout_is_family(layout, "redhat") && layout->major > 0 && layout->major < 7;
    int line = vd_colon_find(accounts->passwd, user->name);
    if (line >= 0 && vd_accounts_is_of_system(accounts->passwd, line))
        return vd_guest_fail(error, VD_GUEST_ODD_GUEST, NULL,
                             _("The user %s is an account of the guest's system itself, which "
                               "nobody logs in to; choose another name for the user."),
                             user->name);
    if (line < 0) {
        gboolean bash = vd_files_kind(files, "/bin/bash", TRUE) == VD_FILE_REGULAR;
        if (!vd_accounts_add_user(accounts, user->name, bash ? "/bin/bash" : "/bin/sh",
                                  old_ids ? 500 : 1000, day))
            return vd_guest_fail(error, VD_GUEST_ODD_GUEST, NULL,
                                 _("The user %s could not be added to the guest."), user->name);
    }
    if (user->hash)
        vd_accounts_set_hash(accounts, user->name, user->hash, day);
    return user->sudo ? allow_sudo(files, accounts, user, error) : TRUE;
}

static gboolean give_home_and_keys(VdFiles *files, const VdAccounts *accounts, const char *name,
                                   const GPtrArray *keys, GError **error)
{
    g_auto(VdAccount) account = {0};
    if (!vd_accounts_find(accounts, name, &account))
        return vd_guest_fail(error, VD_GUEST_ODD_GUEST, NULL,
                             _("The guest's line for the user %s in /etc/passwd is broken."), name);
    return make_home(files, &account, error) && add_keys(files, &account, keys, error);
}

static gboolean edit_all(VdFiles *files, VdAccounts *accounts, const VdLayout *layout,
                         const VdCustomise *customise, GError **error)
{
    gint64 day = g_get_real_time() / G_USEC_PER_SEC / (24 * 60 * 60);
    if (vd_colon_find(accounts->passwd, "root") < 0)
        return vd_guest_fail(error, VD_GUEST_ODD_GUEST, NULL,
                             _("The guest has no user root in /etc/passwd."));
    if (customise->root_locked)
        vd_accounts_set_hash(accounts, "root", "!", day);
    else if (customise->root_hash)
        vd_accounts_set_hash(accounts, "root", customise->root_hash, day);
    for (guint i = 0; i < customise->users->len; i++)
        if (!edit_user(files, accounts, layout, g_ptr_array_index(customise->users, i), day, error))
            return FALSE;
    return TRUE;
}

gboolean vd_customise_accounts(VdFiles *files, const VdLayout *layout, const VdCustomise *customise,
                               GError **error)
{
    g_auto(VdAccounts) accounts = {0};
    const Part parts[] = {{"/etc/group", &accounts.group, TRUE},
                          {"/etc/gshadow", &accounts.gshadow, FALSE},
                          {"/etc/passwd", &accounts.passwd, TRUE},
                          {"/etc/shadow", &accounts.shadow, FALSE}};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!read_part(files, &parts[i], error))
            return FALSE;
    if (!edit_all(files, &accounts, layout, customise, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!write_part(files, &parts[i], error))
            return FALSE;
    if (customise->root_keys->len > 0 &&
        !give_home_and_keys(files, &accounts, "root", customise->root_keys, error))
        return FALSE;
    for (guint i = 0; i < customise->users->len; i++) {
        const VdUserSpec *user = g_ptr_array_index(customise->users, i);
        if (!give_home_and_keys(files, &accounts, user->name, user->keys, error))
            return FALSE;
    }
    return TRUE;
}
